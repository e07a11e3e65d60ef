//! Shadows as a setting of a 3D view.

use chronoscope_frame::Recordings;
use chronoscope_render::{AdapterClass, BulkView, Shadows};

use super::*;
use crate::testing::{click_on_text, draw_settings};

impl Viewer {
    /// Draws the settings of the one view, and returns the texts and where they are.
    fn settings(&mut self, events: Vec<Event>) -> Vec<(String, Pos2)> {
        let world = self.app.world_mut();
        let mut views = world.query_filtered::<Entity, With<View>>();
        let view = views.single(world).unwrap();
        let texts = draw_settings(&mut self.app, &self.egui, view, vec2(600.0, 800.0), events);
        self.settle();
        texts
    }

    /// Clicks on what is named so in the settings.
    fn click_setting(&mut self, name: &str) {
        click_on_text(name, |events| self.settings(events));
    }

    /// What the camera of the view is told of shadows.
    fn shadows(&mut self) -> Option<Shadows> {
        let world = self.app.world_mut();
        let mut cameras = world.query::<&BulkView>();
        cameras.single(world).unwrap().shadows
    }

    fn undo_name(&self) -> Option<&'static str> {
        let recordings = self.app.world().resource::<Recordings>();
        recordings.active_blueprint()?.1.undo.undo_name()
    }
}

#[test]
fn shadows_are_asked_for_in_the_settings_and_taken_back_by_name() {
    let mut viewer = Viewer::new([boxes()]);
    assert_eq!(viewer.shadows(), None, "nobody asked for them");
    viewer.click_setting("Shadows");
    let shadows = viewer.shadows().unwrap();
    assert!(shadows.center.length() < 1e-6, "{}", shadows.center);
    assert!(
        (shadows.radius - 3.0_f64.sqrt()).abs() < 1e-3,
        "{}",
        shadows.radius
    );
    assert!(shadows.to_light.z > 0.5, "from above: {}", shadows.to_light);
    assert_eq!(viewer.undo_name(), Some("change light"));
    viewer.command(ViewerCommand::Undo);
    viewer.settle();
    assert_eq!(viewer.shadows(), None);
    viewer.command(ViewerCommand::Redo);
    viewer.settle();
    assert_eq!(viewer.shadows(), Some(shadows));
    viewer.click_setting("Shadows");
    assert_eq!(viewer.shadows(), None, "switched off");
}

#[test]
fn shadows_follow_what_is_shown() {
    let at = |time: i64, x: f32| {
        let boxes = Boxes3D::from_half_sizes([[1.0, 1.0, 1.0]]).with_centers([[x, 0.0, 0.0]]);
        log_chunk("box", [(frame(), time)], &boxes).unwrap()
    };
    let mut viewer = Viewer::new([at(0, 0.0), at(1, 50.0)]);
    viewer.click_setting("Shadows");
    for (time, x) in [(0, 0.0), (1, 50.0)] {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTimelineAndTime(
            "frame".into(),
            time,
        )));
        viewer.settle();
        let center = viewer.shadows().unwrap().center;
        assert!((center.x - x).abs() < 1e-6, "{center} at {time}");
    }
}

#[test]
fn on_a_software_driver_nothing_is_lit_and_there_are_no_shadows() {
    let mut viewer = Viewer::with([boxes()], |app| {
        app.insert_resource(AdapterClass::Software);
    });
    viewer.click_setting("Shadows");
    assert_eq!(viewer.undo_name(), Some("change light"));
    assert_eq!(viewer.shadows(), None);
}
