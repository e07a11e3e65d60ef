//! What a plot shows after it was zoomed and is to show everything again.

use chronoscope_frame::ViewerCommand;
use chronoscope_types::blueprint::ScalarAxis;
use egui::{Event, Modifiers, Pos2, vec2};

use super::{Viewer, scalars};

#[test]
fn a_command_frames_all_of_a_plot() {
    let mut viewer = Viewer::new([scalars("plots/sine", 0, 100)]);
    let before = viewer.text("TimeSeries");
    let axis = ScalarAxis::default().with_range([-5.0, 5.0]);
    viewer.set(&axis);
    let place = Pos2::new(300.0, 150.0);
    viewer.draw("TimeSeries", vec![Event::PointerMoved(place)]);
    let wheel = Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, 400.0),
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
    };
    for _ in 0..30 {
        viewer.draw("TimeSeries", vec![wheel.clone()]);
    }
    viewer.draw("TimeSeries", vec![Event::PointerGone]);
    let zoomed = viewer.text("TimeSeries");
    assert_ne!(zoomed, before);
    viewer.command(ViewerCommand::FrameAll(viewer.first_view()));
    assert_eq!(viewer.text("TimeSeries"), before);
    // It is given up once, and not held down.
    viewer.draw("TimeSeries", vec![Event::PointerMoved(place)]);
    for _ in 0..30 {
        viewer.draw("TimeSeries", vec![wheel.clone()]);
    }
    viewer.draw("TimeSeries", vec![Event::PointerGone]);
    assert_ne!(viewer.text("TimeSeries"), before);
}
