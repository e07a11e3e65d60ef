//! What the blueprint says of the axes of plots: linked, relative to the cursor.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{ActiveBlueprint, TimeCommand, ViewerCommand};
use chronoscope_types::{AsComponents, CursorTimeRange, TimeBoundary, blueprint::TimeAxis, enums::LinkAxis};
use egui::{Event, Modifiers, Pos2, vec2};

use super::{Viewer, scalars};

const CLASS: &str = "TimeSeries";

fn set(viewer: &mut Viewer, property: &impl AsComponents) {
    let viewport = viewer.app.world().resource::<ActiveBlueprint>().viewport();
    let views: Vec<ViewId> = viewport.views.keys().copied().collect();
    for view in views {
        let command = BlueprintCommand::SetProperty(view, property.components());
        viewer.command(ViewerCommand::Blueprint(command));
    }
}

/// The labels of the time axis in the tile of a view.
fn time_labels(viewer: &mut Viewer, tile: usize) -> Vec<String> {
    viewer.draw(CLASS, vec![Event::PointerGone]);
    let texts = viewer.draw(CLASS, Vec::new());
    let top = 300.0 * tile as f32;
    texts
        .into_iter()
        .filter(|(_, place)| (top + 281.0..top + 300.0).contains(&place.y))
        .map(|(text, _)| text)
        .collect()
}

fn scroll(viewer: &mut Viewer, modifiers: Modifiers) {
    viewer.draw(CLASS, vec![Event::PointerMoved(Pos2::new(300.0, 150.0))]);
    for _ in 0..20 {
        viewer.draw(
            CLASS,
            vec![Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: vec2(0.0, 60.0),
                phase: egui::TouchPhase::Move,
                modifiers,
            }],
        );
    }
}

#[test]
fn linked_plots_show_the_same_times() {
    let chunks = || [scalars("one/a", 0, 100), scalars("two/b", 50, 300)];
    let mut viewer = Viewer::new(chunks());
    assert_ne!(time_labels(&mut viewer, 0), time_labels(&mut viewer, 1));
    set(
        &mut viewer,
        &TimeAxis::default().with_link(LinkAxis::LinkToGlobal),
    );
    let all = time_labels(&mut viewer, 0);
    assert_eq!(time_labels(&mut viewer, 1), all);
    scroll(&mut viewer, Modifiers::NONE);
    let zoomed = time_labels(&mut viewer, 0);
    assert_ne!(zoomed, all);
    assert_eq!(time_labels(&mut viewer, 1), zoomed);

    // Where nothing is said, each begins with its own, and all follow.
    let mut viewer = Viewer::new(chunks());
    let before = time_labels(&mut viewer, 1);
    scroll(&mut viewer, Modifiers::NONE);
    let zoomed = time_labels(&mut viewer, 0);
    assert_ne!(zoomed, before);
    assert_eq!(time_labels(&mut viewer, 1), zoomed);
    double_click(&mut viewer);
    assert_eq!(time_labels(&mut viewer, 1), before);

    // Others are on their own.
    set(&mut viewer, &TimeAxis::default().with_link(LinkAxis::Independent));
    scroll(&mut viewer, Modifiers::NONE);
    assert_eq!(time_labels(&mut viewer, 1), before);
}

fn double_click(viewer: &mut Viewer) {
    let place = Pos2::new(300.0, 150.0);
    viewer.draw(CLASS, vec![Event::PointerMoved(place)]);
    for pressed in [true, false, true, false] {
        let button = Event::PointerButton {
            pos: place,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        viewer.draw(CLASS, vec![button]);
    }
    viewer.draw(CLASS, vec![Event::PointerGone]);
}

#[test]
fn a_range_relative_to_the_cursor_moves_with_it() {
    let mut viewer = Viewer::new([scalars("one/a", 0, 1_000)]);
    let range = CursorTimeRange {
        start: TimeBoundary::CursorRelative(-10),
        end: TimeBoundary::CursorRelative(0),
    };
    set(&mut viewer, &TimeAxis::default().with_view_range(range));
    for (zoom, time) in [(false, 500), (false, 700), (true, 710), (false, 900)] {
        if zoom {
            // Zooming the values does not hold the times.
            scroll(&mut viewer, Modifiers::COMMAND);
        }
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        let labels = time_labels(&mut viewer, 0);
        let ends = [time - 10, time].map(|time| time.to_string());
        assert!(
            ends.iter().all(|end| labels.contains(end)),
            "{ends:?} in {labels:?}"
        );
    }
}
