//! Where the eye of a 3D view is by what the blueprint says, and what guides it.

use std::time::Duration;

use bevy::time::TimeUpdateStrategy;
use chronoscope_frame::Settled;
use chronoscope_render::{Backdrop, DrawList, GroundGrid, LineInstance};
use chronoscope_store::{Waker, arrow::ArrayRef};
use chronoscope_types::{
    ComponentName, Pinhole, ViewCoordinates,
    blueprint::{Background, LineGrid3D, NearClipPlane, SpatialInformation, VisualBounds2D},
    components::blueprint as blueprint_components,
    enums::{BackgroundKind, Enumeration, Eye3DKind, EyeProjection, ViewDir},
    own::EyeLens3D,
};
use glam::{DAffine3, DVec2, DVec3};

use super::*;
use crate::testing::listed_properties;

impl Viewer {
    fn set_properties(&mut self, properties: impl IntoIterator<Item = (ComponentName, ArrayRef)>) {
        let view = self.view();
        let properties = properties.into_iter();
        let properties = properties
            .map(|(name, array)| (name.descriptor(), array))
            .collect();
        self.command(ViewerCommand::Blueprint(BlueprintCommand::SetProperty(
            view, properties,
        )));
        self.settle();
    }

    /// From the view's space to the eye's.
    fn eye(&mut self) -> DAffine3 {
        match self.lens() {
            Lens::Perspective { eye_from_view, .. } | Lens::Orthographic { eye_from_view, .. } => {
                eye_from_view
            }
            other => panic!("an eye, not {other:?}"),
        }
    }

    /// The properties that the view lists, with their fallbacks.
    fn listed(&mut self) -> Vec<(ComponentName, ArrayRef)> {
        let world = self.app.world_mut();
        let mut views = world.query_filtered::<Entity, With<View>>();
        let view = views.iter(world).next().unwrap();
        listed_properties(self.app.world(), view)
    }

    fn seek(&mut self, time: i64) {
        self.command(ViewerCommand::Time(TimeCommand::SetTimelineAndTime(
            "frame".into(),
            time,
        )));
        self.settle();
    }
}

fn moving(path: &str, time: i64, x: f32) -> Chunk {
    let transform = Transform3D::from_translation([x, 0.0, 0.0]);
    log_chunk(path, [(frame(), time)], &transform).unwrap()
}

fn place([x, y, z]: [f32; 3]) -> ArrayRef {
    components::Position3D::build(vec![[x, y, z]])
}

fn track(path: &str) -> [(ComponentName, ArrayRef); 1] {
    let path = components::EntityPath::build(vec![path.to_owned()]);
    [(EyeControls3D::TRACKING_ENTITY, path)]
}

#[test]
fn the_eye_follows_what_it_tracks() {
    let mut viewer = Viewer::new([
        log_chunk("car/body", [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap(),
        log_chunk("house", [], &Boxes3D::from_half_sizes([[9.0; 3]])).unwrap(),
        moving("car", 0, 0.0),
        moving("car", 1, 100.0),
    ]);
    viewer.set_properties([
        (EyeControls3D::POSITION, place([0.0, -10.0, 0.0])),
        (EyeControls3D::LOOK_TARGET, place([0.0, 0.0, 0.0])),
    ]);
    let fixed = viewer.eye().inverse().translation;
    viewer.seek(1);
    assert_eq!(viewer.eye().inverse().translation, fixed);
    viewer.set_properties(track("/car"));
    let followed = viewer.eye().inverse().translation;
    assert!(
        followed.distance(DVec3::new(100.0, -10.0, 0.0)) < 1e-9,
        "{followed}"
    );
    viewer.seek(0);
    let followed = viewer.eye().inverse().translation;
    assert!(
        followed.distance(DVec3::new(0.0, -10.0, 0.0)) < 1e-9,
        "{followed}"
    );
}

#[test]
fn the_eye_that_tracks_a_camera_sees_what_the_camera_sees() {
    let camera = Pinhole::from_focal_length_and_resolution([100.0; 2], [64.0, 48.0]);
    let mut viewer = Viewer::new([
        log_chunk("world/house", [], &Boxes3D::from_half_sizes([[9.0; 3]])).unwrap(),
        log_chunk("world/camera", [], &camera).unwrap(),
        moving("world/camera", 0, 0.0),
        moving("world/camera", 1, 20.0),
    ]);
    viewer.seek(1);
    viewer.set_properties(track("/world/camera"));
    let view_from_eye = viewer.eye().inverse();
    assert!(view_from_eye.translation.distance(DVec3::new(20.0, 0.0, 0.0)) < 1e-9);
    // A camera looks along Z, with Y downwards; an eye along negative Z, with Y upwards.
    assert!(view_from_eye.transform_vector3(DVec3::NEG_Z).distance(DVec3::Z) < 1e-9);
    assert!(view_from_eye.transform_vector3(DVec3::Y).distance(DVec3::NEG_Y) < 1e-9);
}

#[test]
fn who_looks_around_stays_where_they_are() {
    let mut viewer = Viewer::new([boxes()]);
    let (from, to) = (Pos2::new(300.0, 200.0), Pos2::new(360.0, 230.0));
    viewer.drag(from, to);
    let stood = viewer.eye().inverse().translation;
    let kind = blueprint_components::Eye3DKind::build(vec![Eye3DKind::FirstPerson]);
    viewer.set_properties([(EyeControls3D::KIND, kind)]);
    let before = viewer.eye();
    viewer.drag(from, to);
    assert!(viewer.eye().inverse().translation.distance(stood) < 1e-9);
    assert_ne!(viewer.eye(), before, "but they look elsewhere");
}

#[test]
fn an_eye_spins_where_somebody_looks() {
    let mut viewer = Viewer::with([boxes()], |app| {
        app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(2)));
    });
    let spin = blueprint_components::AngularSpeed::build(vec![0.5]);
    viewer.set_properties([(EyeControls3D::SPIN_SPEED, spin)]);
    let before = viewer.eye();
    viewer.settle();
    let after = viewer.eye();
    assert_eq!(after, before, "a picture that is taken does not depend on time");
    let mut settled = viewer.app.world_mut().resource_mut::<Settled>();
    settled.set_waker(Waker::new(|| ()));
    viewer.settle();
    assert_ne!(viewer.eye(), before);
    let still = blueprint_components::AngularSpeed::build(vec![0.0]);
    viewer.set_properties([(EyeControls3D::SPIN_SPEED, still)]);
    let before = viewer.eye();
    viewer.settle();
    assert_eq!(viewer.eye(), before);
}

#[test]
fn an_eye_that_begins_to_spin_after_a_long_rest_begins_where_it_is() {
    let mut viewer = Viewer::with([boxes()], |app| {
        app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_secs(1)));
    });
    let mut settled = viewer.app.world_mut().resource_mut::<Settled>();
    settled.set_waker(Waker::new(|| ()));
    let before = viewer.eye();
    let view = viewer.view();
    let spin = blueprint_components::AngularSpeed::build(vec![0.5]);
    let spin = vec![(EyeControls3D::SPIN_SPEED.descriptor(), spin)];
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::SetProperty(
        view, spin,
    )));
    viewer.app.update();
    assert_eq!(viewer.eye(), before);
    viewer.app.update();
    let turned = viewer.eye() * before.inverse();
    let (_, turned, _) = turned.to_scale_rotation_translation();
    let angle = turned.to_axis_angle().1;
    assert!((angle - 0.5).abs() < 1e-3, "{angle}");
}

/// Nothing wakes a window whose tiles are still: the frame in which a tab comes to the front may be long after the one before.
#[test]
fn an_eye_that_spins_rests_while_its_view_is_hidden() {
    let mut viewer = Viewer::with([boxes()], |app| {
        app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_secs(1)));
    });
    let mut settled = viewer.app.world_mut().resource_mut::<Settled>();
    settled.set_waker(Waker::new(|| ()));
    let spin = blueprint_components::AngularSpeed::build(vec![0.5]);
    viewer.set_properties([(EyeControls3D::SPIN_SPEED, spin)]);
    let mut frame_after = |secs, shown| {
        let strategy = TimeUpdateStrategy::ManualDuration(Duration::from_secs(secs));
        let world = viewer.app.world_mut();
        world.insert_resource(strategy);
        for mut tile in world.query::<&mut ViewTile>().iter_mut(world) {
            tile.shown = shown;
        }
        viewer.app.update();
        viewer.eye()
    };
    let hidden = frame_after(1, false);
    assert_eq!(frame_after(1, false), hidden);
    assert_eq!(frame_after(100, true), hidden, "it goes on where it was");
    let turned = frame_after(1, true) * hidden.inverse();
    let (_, turned, _) = turned.to_scale_rotation_translation();
    let angle = turned.to_axis_angle().1;
    assert!((angle - 0.5).abs() < 1e-3, "{angle}");
}

#[test]
fn the_grid_lies_and_looks_as_the_blueprint_says() {
    let mut viewer = Viewer::new([boxes()]);
    viewer.set_properties([
        (
            LineGrid3D::PLANE,
            components::Plane3D::build(vec![[1.0, 0.0, 0.0, 2.5]]),
        ),
        (
            LineGrid3D::STROKE_WIDTH,
            components::StrokeWidth::build(vec![3.0]),
        ),
        (
            LineGrid3D::COLOR,
            components::Color::build(vec![chronoscope_types::Rgba(0x11_22_33_44)]),
        ),
    ]);
    let world = viewer.app.world_mut();
    let grid = *world.query::<&GroundGrid>().single(world).unwrap();
    assert_eq!((grid.normal.to_array(), grid.offset), ([1.0, 0.0, 0.0], 2.5));
    assert_eq!((grid.thickness, grid.color), (3.0, [0x11, 0x22, 0x33, 0x44]));
}

#[test]
fn axes_and_a_box_around_everything_come_and_go() {
    let mut viewer = Viewer::new([boxes()]);
    let lists = |viewer: &mut Viewer| {
        let world = viewer.app.world_mut();
        let mut lists = world.query::<&DrawList<LineInstance>>();
        lists.iter(world).count()
    };
    let none = lists(&mut viewer);
    let enabled = |is: bool| blueprint_components::Enabled::build(vec![is]);
    viewer.set_properties([
        (SpatialInformation::SHOW_AXES, enabled(true)),
        (SpatialInformation::SHOW_BOUNDING_BOX, enabled(true)),
    ]);
    assert_eq!(lists(&mut viewer), none + 1, "one list of both");
    viewer.set_properties([
        (SpatialInformation::SHOW_AXES, enabled(false)),
        (SpatialInformation::SHOW_BOUNDING_BOX, enabled(false)),
    ]);
    assert_eq!(lists(&mut viewer), none);
}

#[test]
fn a_key_follows_what_is_pointed_at_and_lets_go() {
    let mut viewer = Viewer::new([
        log_chunk("car", [], &Points3D::new([[0.0; 3]]).with_labels(["car"])).unwrap(),
        log_chunk("house", [], &Boxes3D::from_half_sizes([[9.0; 3]])).unwrap(),
        moving("car", 0, 0.0),
        moving("car", 1, 5.0),
    ]);
    viewer.seek(0);
    let place = viewer.scene().projector().project(DVec3::ZERO).unwrap().position;
    let on_label = Pos2::new(place.x as f32, place.y as f32 + 9.0);
    viewer.draw(vec![Event::PointerMoved(on_label)]);
    viewer.act(ViewAction::Follow);
    let at_first = viewer.eye().inverse().translation;
    viewer.seek(1);
    let followed = viewer.eye().inverse().translation;
    assert!(
        (followed - at_first).distance(DVec3::new(5.0, 0.0, 0.0)) < 1e-6,
        "{followed}"
    );
    viewer.draw(vec![Event::PointerMoved(Pos2::new(2.0, 2.0))]);
    viewer.act(ViewAction::Follow);
    let free = viewer.eye().inverse().translation;
    viewer.seek(0);
    assert_eq!(viewer.eye().inverse().translation, free);
}

/// A view that names a frame is seen from there, and one that names none of the recording from its origin.
#[test]
fn a_view_looks_from_the_frame_that_it_names() {
    let link = Transform3D::from_translation([3.0, 0.0, 0.0])
        .with_child_frame("base")
        .with_parent_frame("tf#/");
    let mut viewer = Viewer::new([
        log_chunk("house", [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap(),
        log_chunk("tf", [], &link).unwrap(),
    ]);
    let mut place = |frame: &str| {
        let frame = components::TransformFrameId::build(vec![frame.to_owned()]);
        viewer.set_properties([(SpatialInformation::TARGET_FRAME, frame)]);
        let scene = viewer.scene();
        let (_, house) = scene
            .shown()
            .find(|(_, shown)| shown.path == "/house".into())
            .unwrap();
        let framed = scene.framing.framed().all.center().x;
        (house.view_from_entity.translation.x, framed)
    };
    assert_eq!(place("base"), (-3.0, -3.0));
    assert_eq!(place("tf#/"), (0.0, 0.0));
    assert_eq!(place("nowhere"), (0.0, 0.0));
}

#[test]
fn a_view_of_a_plane_looks_from_the_frame_that_it_names() {
    let link = Transform3D::from_translation([3.0, 0.0, 0.0])
        .with_child_frame("base")
        .with_parent_frame("tf#/");
    let mut viewer = Viewer::new([
        log_chunk("marks", [], &Boxes2D::from_half_sizes([[1.0; 2]])).unwrap(),
        log_chunk("tf", [], &link).unwrap(),
    ]);
    let frame = components::TransformFrameId::build(vec!["base".to_owned()]);
    viewer.set_properties([(SpatialInformation::TARGET_FRAME, frame)]);
    let (_, marks) = viewer.scene().shown().next().unwrap();
    assert_eq!(
        (marks.path.as_str(), marks.view_from_entity.translation.x),
        ("/marks", -3.0)
    );
}

#[test]
fn an_orthographic_eye_zooms_and_pans_with_the_pointer() {
    let mut viewer = Viewer::new([boxes()]);
    let home = viewer.eye();
    let projection = components::own::EyeProjection::build(vec![EyeProjection::Orthographic]);
    viewer.set_properties([(EyeLens3D::PROJECTION, projection)]);
    assert_eq!(viewer.eye(), home, "it stands where it stood");
    let scale_of = |viewer: &mut Viewer| match viewer.lens() {
        Lens::Orthographic { scale, .. } => scale,
        other => panic!("no perspective, not {other:?}"),
    };
    let before = scale_of(&mut viewer);
    // What is under the pointer stays there.
    let pointer = Pos2::new(430.0, 120.0);
    let place = viewer.scene().projector().ray(DVec2::new(430.0, 120.0)).origin;
    viewer.draw(vec![Event::PointerMoved(pointer)]);
    viewer.draw(vec![Event::Zoom(2.0)]);
    assert!((scale_of(&mut viewer) / before - 2.0).abs() < 1e-6);
    let seen = viewer.scene().projector().project(place).unwrap().position;
    assert!(seen.distance(DVec2::new(430.0, 120.0)) < 1e-3, "{seen}");
    assert!(viewer.draw(vec![]).contains('X'), "the axes in the corner");
}

#[test]
fn what_is_nearer_than_the_near_plane_is_not_seen() {
    let mut viewer = Viewer::new([boxes()]);
    viewer.set_properties([
        (EyeControls3D::POSITION, place([0.0, -10.0, 0.0])),
        (EyeControls3D::LOOK_TARGET, place([0.0, 0.0, 0.0])),
    ]);
    let is_seen = |viewer: &mut Viewer, y: f64| {
        viewer
            .scene()
            .projector()
            .project(DVec3::new(0.0, y, 0.0))
            .is_some()
    };
    assert!(is_seen(&mut viewer, -9.0));
    let near = |distance: f32| {
        let near = blueprint_components::NearClipPlane::build(vec![distance]);
        [(NearClipPlane::NEAR_CLIP_PLANE, near)]
    };
    viewer.set_properties(near(4.0));
    assert!(!is_seen(&mut viewer, -6.1) && is_seen(&mut viewer, -5.9));
    for nonsense in [0.0, -1.0, f32::NAN] {
        viewer.set_properties(near(nonsense));
        assert!(is_seen(&mut viewer, -9.0), "{nonsense}");
    }
}

#[test]
fn gradients_are_there_while_the_blueprint_asks_for_them() {
    let mut viewer = Viewer::new([boxes()]);
    let backdrops = |viewer: &mut Viewer| {
        let world = viewer.app.world_mut();
        world
            .query::<&Backdrop>()
            .iter(world)
            .copied()
            .collect::<Vec<_>>()
    };
    assert_eq!(backdrops(&mut viewer), []);
    let kind = |kind: BackgroundKind| {
        let kind = blueprint_components::BackgroundKind::build(vec![kind]);
        [(Background::KIND, kind)]
    };
    viewer.set_properties(kind(BackgroundKind::GradientDark));
    let [dark] = backdrops(&mut viewer)[..] else {
        panic!("one gradient")
    };
    assert_eq!(dark.up.as_dvec3(), DVec3::Z);
    viewer.set_properties(kind(BackgroundKind::GradientBright));
    let [bright] = backdrops(&mut viewer)[..] else {
        panic!("another one, not one more")
    };
    assert!(bright.horizon > dark.horizon && bright.nadir > dark.nadir);
    viewer.set_properties(kind(BackgroundKind::SolidColor));
    assert_eq!(backdrops(&mut viewer), []);
}

#[test]
fn axes_are_those_of_the_blueprint_else_of_what_is_logged() {
    use ViewDir::{Back, Down, Forward, Right, Up};
    let up_of = |viewer: &mut Viewer| viewer.eye().inverse().transform_vector3(DVec3::Y);
    let logged = ViewCoordinates::new([Right, Down, Forward]);
    let mut viewer = Viewer::new([boxes(), log_chunk("/", [], &logged).unwrap()]);
    let up = up_of(&mut viewer);
    assert!(up.dot(DVec3::NEG_Y) > 0.7, "{up}");
    let axes = components::ViewCoordinates::build(vec![[Right, Up, Back].map(Enumeration::code)]);
    viewer.set_properties([(SpatialInformation::AXES, axes)]);
    let up = up_of(&mut viewer);
    assert!(up.dot(DVec3::Y) > 0.7, "{up}");
}

#[test]
fn keys_fly_along_the_eye_and_faster_with_shift() {
    use egui::Key;

    let mut viewer = Viewer::new([boxes()]);
    viewer.draw(vec![Event::PointerMoved(Pos2::new(300.0, 200.0))]);
    let mut fly = |key: Key, modifiers: Modifiers| {
        let event = |pressed| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers,
        };
        let before = viewer.eye().inverse();
        viewer.draw(vec![Event::ModifiersChanged(modifiers), event(true)]);
        viewer.draw(vec![event(false), Event::ModifiersChanged(Modifiers::NONE)]);
        let moved = viewer.eye().inverse().translation - before.translation;
        (before, moved)
    };
    let directions: [(Key, fn(&DAffine3) -> DVec3); 6] = [
        (Key::W, |eye| eye.transform_vector3(DVec3::NEG_Z)),
        (Key::S, |eye| eye.transform_vector3(DVec3::Z)),
        (Key::D, |eye| eye.transform_vector3(DVec3::X)),
        (Key::A, |eye| eye.transform_vector3(DVec3::NEG_X)),
        (Key::E, |_| DVec3::Z),
        (Key::Q, |_| DVec3::NEG_Z),
    ];
    for (key, direction) in directions {
        let (eye, slow) = fly(key, Modifiers::NONE);
        let off = slow.normalize_or_zero().distance(direction(&eye));
        assert!(off < 1e-6, "{key:?}: {slow}");
        let (_, fast) = fly(key, Modifiers::SHIFT);
        let times = fast.length() / slow.length();
        assert!((times - 5.0).abs() < 1e-3, "{key:?}: {times}");
    }
}

#[test]
fn properties_are_listed_with_the_values_that_hold() {
    // X to the right, Y up, Z forward.
    let xyz = [ViewDir::Right, ViewDir::Up, ViewDir::Forward].map(ViewDir::code);
    let mut viewer = Viewer::new([
        boxes(),
        log_chunk("/", [], &ViewCoordinates::default().with_xyz(xyz)).unwrap(),
    ]);
    let eye = viewer.eye().inverse().translation;
    let world = viewer.app.world_mut();
    let grid = *world.query::<&GroundGrid>().single(world).unwrap();
    let listed = viewer.listed();
    let value = |name: ComponentName| {
        let (_, array) = listed.iter().find(|(listed, _)| *listed == name).unwrap();
        array
    };
    let axes = components::ViewCoordinates::read(value(SpatialInformation::AXES)).unwrap();
    assert_eq!(axes.first(), Some(&xyz));
    let position = components::Position3D::read(value(EyeControls3D::POSITION)).unwrap();
    let [x, y, z] = *position.first().unwrap();
    assert!(
        eye.distance(DVec3::new(x.into(), y.into(), z.into())) < 1e-5,
        "{eye}"
    );
    let plane = components::Plane3D::read(value(LineGrid3D::PLANE)).unwrap();
    assert_eq!(plane.first(), Some(&[0.0, 1.0, 0.0, 0.0]));
    let spacing = blueprint_components::GridSpacing::read(value(LineGrid3D::SPACING)).unwrap();
    assert_eq!(spacing.first(), Some(&grid.spacing));
    let named = components::TransformFrameId::read(value(SpatialInformation::TARGET_FRAME)).unwrap();
    assert!(named.first().unwrap().starts_with("tf#/"));
}

#[test]
fn each_property_of_a_2d_view_is_shown_once() {
    let points = Points2D::new([[0.0, 0.0], [30.0, 20.0]]);
    let mut viewer = Viewer::new([log_chunk("points", [], &points).unwrap()]);
    let listed = viewer.listed();
    let names: Vec<ComponentName> = listed.iter().map(|(name, _)| *name).collect();
    assert!(names.contains(&NearClipPlane::NEAR_CLIP_PLANE));
    let (_, bounds) = listed
        .iter()
        .find(|(name, _)| *name == VisualBounds2D::RANGE)
        .unwrap();
    let bounds = blueprint_components::VisualBounds2D::read(bounds).unwrap();
    let x_range = bounds.first().unwrap().x_range;
    assert!(x_range[0] < 0.0 && x_range[1] > 30.0, "{x_range:?}");
}
