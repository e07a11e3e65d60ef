//! What is done in a view by name and with keys, wherever the pointer is.

use chronoscope_types::blueprint::VisualBounds2D;
use egui::Key;
use glam::{DVec2, DVec3};

use super::*;

impl Viewer {
    fn done(&mut self, action: ViewAction) {
        self.act(action);
        self.draw(vec![]);
        self.settle();
    }

    fn selects(&mut self, entity: &str) {
        self.command(ViewerCommand::Select(vec![Item::Entity(entity.into())]));
        self.settle();
    }

    fn goes_to(&mut self, time: i64) {
        self.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        self.settle();
    }

    /// Where a place is in the tile, in points.
    fn seen(&mut self, place: DVec3) -> DVec2 {
        self.scene().projector().project(place).unwrap().position
    }

    /// What stands in the middle of a plane, and points per unit.
    fn plane(&mut self) -> (DVec2, f64) {
        let Lens::Plane { center, scale } = self.lens() else {
            panic!("a plane")
        };
        (center, scale)
    }

    fn holds(&mut self, key: Key) {
        self.draw(vec![press(key)]);
        let released = Event::Key {
            key,
            physical_key: None,
            pressed: false,
            repeat: false,
            modifiers: Modifiers::NONE,
        };
        self.draw(vec![released]);
        self.draw(vec![]);
        self.settle();
    }
}

#[test]
fn keys_move_the_eye_of_the_view_that_has_them_wherever_the_pointer_is() {
    let mut viewer = Viewer::new([boxes()]);
    let view = viewer.view();
    for key in [Key::W, Key::A, Key::E, Key::J, Key::L, Key::I, Key::K] {
        let before = viewer.lens();
        viewer.holds(key);
        assert_eq!(viewer.lens(), before, "{key:?} is meant for no view");
        view_action::set_key_view(&viewer.egui, Some(view));
        viewer.holds(key);
        assert_ne!(viewer.lens(), before, "{key:?}");
        view_action::set_key_view(&viewer.egui, None);
    }
}

#[test]
fn an_eye_looks_at_what_is_selected_and_at_all_again() {
    let far = Boxes3D::from_half_sizes([[0.1; 3]]).with_centers([[50.0, 0.0, 0.0]]);
    let mut viewer = Viewer::new([boxes(), log_chunk("far", [], &far).unwrap()]);
    let home = viewer.lens();
    viewer.done(ViewAction::Focus);
    assert_eq!(viewer.lens(), home, "nothing is selected");
    viewer.selects("/far");
    viewer.done(ViewAction::Focus);
    let middle = viewer.seen(DVec3::new(50.0, 0.0, 0.0));
    assert!(middle.distance(DVec2::new(300.0, 200.0)) < 1.0, "{middle}");
    viewer.done(ViewAction::ResetLook);
    assert_eq!(viewer.lens(), home);
}

#[test]
fn an_eye_follows_what_is_selected_where_the_pointer_is_elsewhere() {
    let car = |time: i64, x: f32| {
        let place = Transform3D::from_translation([x, 0.0, 0.0]);
        log_chunk("car", [(frame(), time)], &place).unwrap()
    };
    let mut viewer = Viewer::new([
        log_chunk("car", [], &Points3D::new([[0.0; 3]])).unwrap(),
        log_chunk("house", [], &Boxes3D::from_half_sizes([[9.0; 3]])).unwrap(),
        car(0, 0.0),
        car(1, 5.0),
    ]);
    viewer.goes_to(0);
    let at_first = viewer.seen(DVec3::ZERO);
    viewer.selects("/car");
    viewer.done(ViewAction::Follow);
    viewer.goes_to(1);
    let followed = viewer.seen(DVec3::new(5.0, 0.0, 0.0));
    assert!(followed.distance(at_first) < 0.01, "{followed} {at_first}");
    viewer.command(ViewerCommand::Select(Vec::new()));
    viewer.settle();
    viewer.done(ViewAction::Follow);
    let free = viewer.lens();
    viewer.goes_to(0);
    assert_eq!(viewer.lens(), free, "it follows nothing any more");
}

#[test]
fn a_plane_is_moved_zoomed_and_fitted() {
    let ball = Boxes2D::default()
        .with_half_sizes([[0.5, 0.5]])
        .with_centers([[1.0, 1.0]]);
    let mut viewer = Viewer::new([
        log_chunk("camera/image", [], &Image::from_rgb8(6, 4, [0; 72])).unwrap(),
        log_chunk("camera/ball", [], &ball).unwrap(),
    ]);
    let home = (DVec2::new(3.0, 2.0), 100.0);
    assert_eq!(viewer.plane(), home);
    let mut check = |action: ViewAction, center: [f64; 2], scale: f64| {
        viewer.done(action);
        let (now, points) = viewer.plane();
        let is_there = now.distance(DVec2::from_array(center)) < 1e-3;
        assert!(
            is_there && (points / scale - 1.0).abs() < 1e-3,
            "{action:?} {now} {points}"
        );
    };
    // A tenth of 600 x 400 points.
    check(ViewAction::PanRight, [3.6, 2.0], 100.0);
    check(ViewAction::PanDown, [3.6, 2.4], 100.0);
    check(ViewAction::PanLeft, [3.0, 2.4], 100.0);
    check(ViewAction::PanUp, [3.0, 2.0], 100.0);
    check(ViewAction::ZoomIn, [3.0, 2.0], 125.0);
    check(ViewAction::ZoomOut, [3.0, 2.0], 100.0);
    check(ViewAction::ZoomOut, [3.0, 2.0], 80.0);
    check(ViewAction::ResetLook, [3.0, 2.0], 100.0);
    viewer.selects("/camera/ball");
    viewer.done(ViewAction::Focus);
    let (center, scale) = viewer.plane();
    assert!(
        center.distance(DVec2::ONE) < 1e-3 && scale > 300.0,
        "{center} {scale}"
    );
    let view = viewer.view();
    let nothing = components::blueprint::VisualBounds2D::build(Vec::new());
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::SetProperty(
        view,
        vec![(VisualBounds2D::RANGE.descriptor(), nothing)],
    )));
    viewer.settle();
    assert_eq!(viewer.plane(), home, "it was written into the blueprint");
}
