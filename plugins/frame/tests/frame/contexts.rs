//! Where entities stand, and what holds below them.

mod frame_names;
mod inherited;

use bevy_app::App;
use chronoscope_frame::{
    ContextReader, EntityContexts, NoTransform, ReadContext, Recordings, Report, TimeCommand, Transforms,
    ViewAxes, ViewerCommand, ViewerCommands, Work, WorkCounters,
};
use chronoscope_store::{EntityId, Timeline};
use chronoscope_types::{
    AsComponents, Clear, CoordinateFrame, Pinhole, Points3D, Transform3D, ViewCoordinates,
    enums::{TransformRelation, ViewDir},
    log_chunk,
    records::RotationAxisAngle,
};

use crate::{add, new_app, products, show_all, store_id};

fn log(app: &mut App, path: &str, time: Option<i64>, what: &dyn AsComponents) {
    let times = time.map(|time| (Timeline::sequence("frame"), time));
    add(app, &store_id(), log_chunk(path, times, what).unwrap());
}

fn seek(app: &mut App, time: i64) {
    let command = TimeCommand::SetTimelineAndTime("frame".to_owned(), time);
    let mut commands = app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Time(command));
    app.update();
}

fn entity(app: &App, path: &str) -> EntityId {
    let recordings = app.world().resource::<Recordings>();
    let store = recordings.active().unwrap().store();
    store.entity_id(&path.into()).unwrap()
}

/// What holds for an entity.
fn context<T: ReadContext>(app: &App, path: &str) -> Option<T::Value> {
    let world = app.world();
    let recordings = world.resource::<Recordings>();
    let store = recordings.active().unwrap().store();
    let contexts = world.resource::<EntityContexts>();
    ContextReader::new(contexts, world.resource(), store).get::<T>(entity(app, path))
}

/// Where a point of an entity lies in the space of another.
fn point_seen(app: &App, origin: &str, path: &str, point: [f64; 3]) -> Result<[f64; 3], NoTransform> {
    let recordings = app.world().resource::<Recordings>();
    let store = recordings.active().unwrap().store();
    let transforms = app.world().resource::<Transforms>();
    transforms
        .origin_from_entity(store, transforms.origin(store, &origin.into()), entity(app, path))
        .map(|transform| transform.transform_point3(point.into()).to_array())
}

fn place(app: &App, origin: &str, path: &str) -> Result<[i64; 3], NoTransform> {
    point_seen(app, origin, path, [0.0; 3]).map(|point| point.map(|value| value.round() as i64))
}

fn reports(app: &App) -> Vec<String> {
    let transforms = app.world().resource::<Transforms>();
    transforms.reports().into_iter().map(Report::to_string).collect()
}

fn at(x: f32) -> Transform3D {
    Transform3D::from_translation([x, 0.0, 0.0])
}

#[test]
fn a_broken_transform_hides_what_is_below_and_names_the_entity_once() {
    let mut app = new_app();
    let point = Points3D::new([[0.0; 3]]);
    for path in ["/world/arm/hand/a", "/world/arm/hand/b", "/world/table"] {
        log(&mut app, path, None, &point);
    }
    log(&mut app, "/world/arm", Some(0), &at(1.0));
    log(&mut app, "/world/arm/hand", Some(0), &at(10.0));
    log(
        &mut app,
        "/world/arm",
        Some(1),
        &at(2.0).with_quaternion([0.0; 4]),
    );
    log(&mut app, "/world/arm", Some(2), &at(3.0));
    seek(&mut app, 0);
    products(&mut app);
    assert_eq!(place(&app, "/world", "/world/arm/hand/a"), Ok([11, 0, 0]));
    assert!(reports(&app).is_empty());
    seek(&mut app, 1);
    for path in ["/world/arm", "/world/arm/hand/a", "/world/arm/hand/b"] {
        assert_eq!(
            place(&app, "/world", path),
            Err(NoTransform::Unconnected),
            "{path}"
        );
    }
    // Seen from below, all is in its place.
    assert_eq!(place(&app, "/world/arm", "/world/arm/hand/b"), Ok([10, 0, 0]));
    assert_eq!(place(&app, "/world", "/world/table"), Ok([0, 0, 0]));
    assert_eq!(
        reports(&app),
        ["transform: /world/arm: the quaternion has no length"]
    );
    seek(&mut app, 2);
    assert_eq!(place(&app, "/world", "/world/arm/hand/a"), Ok([13, 0, 0]));
    assert!(reports(&app).is_empty());
}

#[test]
fn what_cannot_be_a_transform_is_reported_and_never_the_identity() {
    let nan = f32::NAN;
    let no_axis = RotationAxisAngle::new([0.0; 3], 1.0);
    for (what, transform) in [
        ("no length", at(1.0).with_rotation_axis_angle(no_axis)),
        ("no length", at(1.0).with_quaternion([nan, 0.0, 0.0, 1.0])),
        ("not finite", Transform3D::from_translation([nan, 0.0, 0.0])),
        ("scale is zero", at(1.0).with_scale([0.0; 3])),
        ("singular", at(1.0).with_mat3x3([0.0; 9])),
        (
            "cannot be inverted",
            at(1.0)
                .with_scale([1.0, 0.0, 1.0])
                .with_relation(TransformRelation::ChildFromParent),
        ),
    ] {
        let mut app = new_app();
        log(&mut app, "/a/b", None, &Points3D::new([[0.0; 3]]));
        log(&mut app, "/a", None, &transform);
        products(&mut app);
        assert_eq!(place(&app, "/", "/a/b"), Err(NoTransform::Unconnected), "{what}");
        let reports = reports(&app);
        assert!(
            reports.len() == 1 && reports[0].contains(what),
            "{what}: {reports:?}"
        );
    }
    // A flat space can be seen, but nothing can be seen from it.
    let mut app = new_app();
    log(&mut app, "/a", None, &at(1.0).with_scale([1.0, 1.0, 0.0]));
    log(&mut app, "/b", None, &Points3D::new([[0.0; 3]]));
    products(&mut app);
    assert_eq!(place(&app, "/", "/a"), Ok([1, 0, 0]));
    assert_eq!(place(&app, "/a", "/b"), Err(NoTransform::FlatOrigin));
}

#[test]
fn transforms_mean_what_the_sdk_means() {
    let quarter = std::f32::consts::FRAC_PI_2;
    let about_z = RotationAxisAngle::new([0.0, 0.0, 2.0], quarter);
    let half = std::f32::consts::FRAC_1_SQRT_2;
    let scaled = Transform3D::cleared().with_scale([2.0, 3.0, 4.0]);
    let point = [1.0, 2.0, 3.0];
    // Column by column: X goes to Y.
    let matrix = [0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let cases: [(&str, Transform3D, [f64; 3]); 11] = [
        ("nothing", Transform3D::cleared(), [1.0, 2.0, 3.0]),
        ("a translation", at(5.0), [6.0, 2.0, 3.0]),
        (
            "an axis of any length",
            Transform3D::cleared().with_rotation_axis_angle(about_z),
            [-2.0, 1.0, 3.0],
        ),
        (
            "a quaternion",
            Transform3D::cleared().with_quaternion([0.0, 0.0, half, half]),
            [-2.0, 1.0, 3.0],
        ),
        (
            "a quaternion of any length",
            Transform3D::cleared().with_quaternion([0.0, 0.0, 7.0, 7.0]),
            [-2.0, 1.0, 3.0],
        ),
        ("a scale", scaled.clone(), [2.0, 6.0, 12.0]),
        (
            "a matrix",
            Transform3D::cleared().with_mat3x3(matrix),
            [-2.0, 1.0, 3.0],
        ),
        (
            "scale before rotation before translation",
            scaled
                .clone()
                .with_translation([5.0, 0.0, 0.0])
                .with_rotation_axis_angle(about_z),
            [-1.0, 2.0, 12.0],
        ),
        (
            "matrix before scale",
            scaled.with_mat3x3(matrix),
            [-4.0, 3.0, 12.0],
        ),
        (
            "from the child to the parent",
            at(5.0).with_relation(TransformRelation::ParentFromChild),
            [6.0, 2.0, 3.0],
        ),
        (
            "from the parent to the child",
            at(5.0).with_relation(TransformRelation::ChildFromParent),
            [-4.0, 2.0, 3.0],
        ),
    ];
    for (name, transform, expected) in cases {
        let mut app = new_app();
        log(&mut app, "/a", None, &transform);
        products(&mut app);
        let found = point_seen(&app, "/", "/a", point).unwrap();
        let is_near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(is_near, "{name}: {found:?}, not {expected:?}");
    }
}

#[test]
fn each_row_resets_a_transform() {
    let mut app = new_app();
    log(
        &mut app,
        "/a",
        Some(0),
        &Transform3D::default().with_scale([2.0; 3]),
    );
    log(
        &mut app,
        "/a",
        Some(1),
        &Transform3D::default().with_translation([5.0, 0.0, 0.0]),
    );
    products(&mut app);
    seek(&mut app, 0);
    assert_eq!(point_seen(&app, "/", "/a", [1.0; 3]), Ok([2.0; 3]));
    seek(&mut app, 1);
    assert_eq!(point_seen(&app, "/", "/a", [1.0; 3]), Ok([6.0, 1.0, 1.0]));
}

fn between(child: &str, parent: &str, x: f32) -> Transform3D {
    at(x).with_child_frame(child).with_parent_frame(parent)
}

fn in_frame(frame: &str) -> CoordinateFrame {
    CoordinateFrame::default().with_frame(frame)
}

#[test]
fn a_moon_stands_by_named_frames_in_whatever_order_they_come() {
    let logs: [(&str, &dyn AsComponents); 6] = [
        ("/sun", &in_frame("sun_frame")),
        ("/planet", &in_frame("planet_frame")),
        ("/moon", &in_frame("moon_frame")),
        ("/", &in_frame("sun_frame")),
        ("/transforms/planet", &between("planet_frame", "sun_frame", 6.0)),
        ("/transforms/moon", &between("moon_frame", "planet_frame", 3.0)),
    ];
    for first in 0..logs.len() {
        let mut app = new_app();
        for step in 0..logs.len() {
            let (path, what) = logs[(first + step * 5) % logs.len()];
            log(&mut app, path, None, what);
            log(&mut app, path, None, &Points3D::new([[0.0; 3]]));
            show_all(&mut app, None);
            app.update();
        }
        products(&mut app);
        assert_eq!(place(&app, "/", "/moon"), Ok([9, 0, 0]), "{first}");
        assert_eq!(place(&app, "/moon", "/sun"), Ok([-9, 0, 0]), "{first}");
        assert!(reports(&app).is_empty());
        // The frames of paths hang on the root, which no transform leads to.
        assert_eq!(place(&app, "/", "/transforms"), Err(NoTransform::Unconnected));
    }
}

#[test]
fn one_entity_may_say_where_many_frames_stand() {
    let mut app = new_app();
    log(&mut app, "/a", None, &in_frame("a"));
    log(&mut app, "/b", None, &in_frame("b"));
    log(&mut app, "/tf", Some(0), &between("a", "tf#/", 1.0));
    log(&mut app, "/tf", Some(1), &between("b", "a", 10.0));
    log(&mut app, "/tf", Some(2), &between("a", "tf#/", 2.0));
    products(&mut app);
    for (time, a, b) in [(1, 1, Some(11)), (2, 2, Some(12)), (0, 1, None), (2, 2, Some(12))] {
        seek(&mut app, time);
        assert_eq!(place(&app, "/", "/a"), Ok([a, 0, 0]), "{time}");
        assert_eq!(place(&app, "/", "/b").ok().map(|place| place[0]), b, "{time}");
    }
    log(&mut app, "/tf", Some(3), &Clear::new(false));
    log(&mut app, "/tf", Some(4), &between("b", "tf#/", 7.0));
    app.update();
    seek(&mut app, 4);
    assert_eq!(place(&app, "/", "/a"), Err(NoTransform::Unconnected));
    assert_eq!(place(&app, "/", "/b"), Ok([7, 0, 0]));
}

#[test]
fn a_path_without_data_is_in_its_implicit_frame_whether_it_was_named_before_or_not() {
    let mut app = new_app();
    log(&mut app, "/world/a", None, &in_frame("map"));
    log(&mut app, "/world/a", None, &at(1.0));
    log(&mut app, "/tf", None, &between("map", "tf#/", 10.0));
    // The frames of paths that have no data: one is placed, one is the parent of a placed one.
    log(
        &mut app,
        "/tf/deep",
        None,
        &between("tf#/world/a/x/y", "tf#/world/a/x", 100.0),
    );
    log(&mut app, "/seen", None, &in_frame("tf#/world/a/x/y/z"));
    log(&mut app, "/a", None, &in_frame("map"));
    products(&mut app);
    let check = |app: &App| {
        // The entity is in the frame that it names, the implicit frames below it are not.
        assert_eq!(place(app, "/", "/world/a"), Ok([10, 0, 0]));
        assert_eq!(place(app, "/world/a/x", "/a"), Ok([9, 0, 0]));
        assert_eq!(place(app, "/world/a/x", "/seen"), Ok([100, 0, 0]));
        assert_eq!(place(app, "/world/a/x/y/z", "/seen"), Ok([0, 0, 0]));
        assert_eq!(place(app, "/", "/seen"), Ok([101, 0, 0]));
    };
    check(&app);
    for path in ["/world/a/x/y/z/below", "/world/a/x/beside"] {
        log(&mut app, path, None, &Points3D::new([[0.0; 3]]));
        products(&mut app);
        check(&app);
        assert_eq!(
            place(&app, "/world/a", path).map(|place| place[0]),
            Ok(if path.ends_with("below") { 91 } else { -9 })
        );
    }
    // A transform of a path that came between moves what was named below it.
    log(&mut app, "/world/a/x", None, &at(1000.0));
    products(&mut app);
    assert_eq!(place(&app, "/", "/seen"), Ok([1101, 0, 0]));
}

#[test]
fn a_named_path_that_is_not_there_costs_new_entities_nothing() {
    let mut app = new_app();
    log(&mut app, "/a", None, &in_frame("tf#/nowhere"));
    for entity in 0..20 {
        log(&mut app, &format!("/b/{entity}"), None, &at(1.0));
    }
    products(&mut app);
    for entity in 0..3 {
        log(
            &mut app,
            &format!("/c/{entity}"),
            None,
            &Points3D::new([[0.0; 3]]),
        );
        app.update();
        let counters = app.world().resource::<WorkCounters>();
        assert_eq!(counters.get(Work::TransformsComposed), 0);
    }
    log(&mut app, "/nowhere", None, &at(5.0));
    app.update();
    let counters = app.world().resource::<WorkCounters>();
    assert_eq!(counters.get(Work::TransformsComposed), 1);
    assert_eq!(place(&app, "/", "/a"), Ok([5, 0, 0]));
}

#[test]
fn a_new_row_that_places_a_frame_costs_a_row_and_a_moved_cursor_none() {
    let mut app = new_app();
    log(&mut app, "/a", None, &in_frame("f3"));
    for row in 0..500 {
        let frame = format!("f{}", row % 10);
        log(&mut app, "/tf", Some(row), &between(&frame, "tf#/", row as f32));
    }
    products(&mut app);
    let work = |app: &App| {
        let counters = app.world().resource::<WorkCounters>();
        [Work::TransformRowsRead, Work::TransformsComposed].map(|work| counters.get(work))
    };
    seek(&mut app, 460);
    assert_eq!(place(&app, "/", "/a"), Ok([453, 0, 0]));
    seek(&mut app, 470);
    assert_eq!(work(&app), [0, 10]);
    assert_eq!(place(&app, "/", "/a"), Ok([463, 0, 0]));
    seek(&mut app, 471);
    assert_eq!(work(&app), [0, 1]);
    // Behind the cursor, at the cursor, and in between rows that were read.
    for (time, x, composed) in [(1_000, 463, 0), (471, 471, 1), (465, 471, 0)] {
        log(&mut app, "/tf", Some(time), &between("f3", "tf#/", time as f32));
        app.update();
        assert_eq!(work(&app), [1, composed], "{time}");
        assert_eq!(place(&app, "/", "/a"), Ok([x, 0, 0]), "{time}");
    }
    seek(&mut app, 466);
    assert_eq!(place(&app, "/", "/a"), Ok([465, 0, 0]));
    seek(&mut app, 2_000);
    assert_eq!(place(&app, "/", "/a"), Ok([1_000, 0, 0]));
}

#[test]
fn two_names_of_one_path_are_one_frame_whose_latest_row_holds() {
    let mut app = new_app();
    log(&mut app, "/tf", Some(0), &between("tf#/tf", "tf#/", 1.0));
    log(&mut app, "/tf", Some(1), &at(2.0));
    log(&mut app, "/tf", Some(2), &between("tf#tf/", "tf#/", 3.0));
    products(&mut app);
    for (time, x) in [(0, 1), (1, 2), (2, 3), (1, 2)] {
        seek(&mut app, time);
        assert_eq!(place(&app, "/", "/tf"), Ok([x, 0, 0]), "{time}");
    }
}

#[test]
fn a_later_flat_clear_shows_again_what_a_recursive_one_from_above_hid() {
    let mut app = new_app();
    log(&mut app, "/a", None, &in_frame("a"));
    log(&mut app, "/tf/all", Some(0), &between("a", "tf#/", 1.0));
    log(&mut app, "/tf/all", Some(2), &between("b", "tf#/", 1.0));
    log(&mut app, "/tf", Some(1), &Clear::new(true));
    log(&mut app, "/tf", Some(3), &Clear::new(false));
    products(&mut app);
    for (time, is_placed) in [(0, true), (1, false), (2, false), (3, true), (2, false)] {
        seek(&mut app, time);
        assert_eq!(place(&app, "/", "/a").is_ok(), is_placed, "{time}");
    }
}

#[test]
fn frames_in_a_circle_are_reported_and_hidden_until_the_circle_opens() {
    let mut app = new_app();
    for frame in ["a", "b", "c"] {
        log(&mut app, &format!("/{frame}"), None, &in_frame(frame));
    }
    log(&mut app, "/tf/a", Some(0), &between("a", "tf#/", 1.0));
    log(&mut app, "/tf/b", Some(0), &between("b", "a", 1.0));
    log(&mut app, "/tf/c", Some(0), &between("c", "b", 1.0));
    log(&mut app, "/tf/a", Some(1), &between("a", "b", 1.0));
    log(&mut app, "/tf/a", Some(2), &between("a", "tf#/", 5.0));
    products(&mut app);
    for _ in 0..2 {
        seek(&mut app, 0);
        assert_eq!(place(&app, "/", "/c"), Ok([3, 0, 0]));
        assert!(reports(&app).is_empty());
        seek(&mut app, 1);
        for path in ["/a", "/b", "/c"] {
            assert_eq!(place(&app, "/", path), Err(NoTransform::Unconnected), "{path}");
        }
        // What hangs on the circle is still seen from it.
        assert_eq!(place(&app, "/b", "/c"), Ok([1, 0, 0]));
        assert_eq!(
            reports(&app),
            ["transform: /tf/a: the parents of frames form a cycle: a, b"]
        );
        seek(&mut app, 2);
        assert_eq!(place(&app, "/", "/c"), Ok([7, 0, 0]));
        assert!(reports(&app).is_empty());
    }
}

#[test]
fn a_circle_opens_where_its_row_is_gone_and_no_other_names_a_frame() {
    let mut app = new_app();
    log(&mut app, "/a", None, &Points3D::new([[0.0; 3]]));
    log(&mut app, "/a", Some(1), &between("tf#/a", "tf#/a", 1.0));
    products(&mut app);
    for _ in 0..2 {
        seek(&mut app, 1);
        assert_eq!(place(&app, "/", "/a"), Err(NoTransform::Unconnected));
        seek(&mut app, 0);
        assert_eq!(place(&app, "/", "/a"), Ok([0, 0, 0]));
        assert!(reports(&app).is_empty());
    }
}

#[test]
fn a_frame_that_two_entities_place_is_hidden_and_reported() {
    let mut app = new_app();
    log(&mut app, "/a", None, &in_frame("a"));
    log(&mut app, "/tf/one", Some(0), &between("a", "tf#/", 1.0));
    log(&mut app, "/tf/two", Some(1), &between("a", "tf#/", 2.0));
    log(&mut app, "/tf/two", Some(2), &Clear::new(false));
    products(&mut app);
    seek(&mut app, 0);
    assert_eq!(place(&app, "/", "/a"), Ok([1, 0, 0]));
    seek(&mut app, 1);
    assert_eq!(place(&app, "/", "/a"), Err(NoTransform::Unconnected));
    assert_eq!(
        reports(&app),
        ["transform: /tf/one: the frame a is placed by 2 entities: /tf/one, /tf/two"]
    );
    seek(&mut app, 2);
    assert_eq!(place(&app, "/", "/a"), Ok([1, 0, 0]));
}

#[test]
fn a_moved_frame_is_composed_once_with_what_hangs_on_it() {
    let mut app = new_app();
    log(&mut app, "/tf/base", Some(0), &between("base", "tf#/", 1.0));
    log(&mut app, "/tf/base", Some(1), &between("base", "tf#/", 2.0));
    for at in 0..10 {
        log(
            &mut app,
            &format!("/tf/{at}"),
            None,
            &between(&format!("f{at}"), "base", 1.0),
        );
        log(
            &mut app,
            &format!("/other/{at}"),
            None,
            &between(&format!("g{at}"), "tf#/", 1.0),
        );
    }
    log(&mut app, "/a", None, &in_frame("f3"));
    seek(&mut app, 0);
    products(&mut app);
    seek(&mut app, 1);
    let composed = app
        .world()
        .resource::<WorkCounters>()
        .get(Work::TransformsComposed);
    assert_eq!(composed, 11);
    assert_eq!(place(&app, "/", "/a"), Ok([3, 0, 0]));
}

#[test]
fn a_camera_bounds_the_space_of_its_picture() {
    let mut app = new_app();
    let camera = Pinhole::from_focal_length_and_resolution([100.0, 100.0], [640.0, 480.0]);
    log(&mut app, "/world/camera", None, &at(5.0));
    log(&mut app, "/world/camera", Some(1), &camera);
    log(&mut app, "/world/camera/image", None, &Points3D::new([[0.0; 3]]));
    log(&mut app, "/world/point", None, &Points3D::new([[0.0; 3]]));
    products(&mut app);
    seek(&mut app, 0);
    assert_eq!(place(&app, "/world", "/world/camera/image"), Ok([5, 0, 0]));
    seek(&mut app, 1);
    let through = Err(NoTransform::ThroughPinhole);
    assert_eq!(place(&app, "/world", "/world/camera/image"), through);
    assert_eq!(place(&app, "/world/camera", "/world/point"), through);
    assert_eq!(place(&app, "/world/camera", "/world/camera/image"), Ok([0, 0, 0]));
    assert!(reports(&app).is_empty());
    let recordings = app.world().resource::<Recordings>();
    let store = recordings.active().unwrap().store();
    let transforms = app.world().resource::<Transforms>();
    let image = entity(&app, "/world/camera/image");
    assert_eq!(
        transforms.pinhole(store, image).unwrap().resolution,
        Some([640.0, 480.0])
    );
    let outer = transforms.pinhole_placement(store, image).unwrap();
    assert!((outer.tree_from_frame.translation.x - 5.0).abs() < 1e-9);
}

#[test]
fn a_camera_that_moves_by_itself_and_then_with_its_base_is_followed() {
    let mut app = new_app();
    let camera = Pinhole::from_focal_length_and_resolution([100.0, 100.0], [640.0, 480.0]);
    log(&mut app, "/base", Some(0), &at(1.0));
    log(&mut app, "/base/camera", Some(0), &at(1.0));
    log(&mut app, "/base/camera", None, &camera);
    log(&mut app, "/base/camera/image", None, &Points3D::new([[0.0; 3]]));
    log(&mut app, "/base/camera", Some(1), &at(2.0));
    log(&mut app, "/base", Some(2), &at(10.0));
    products(&mut app);
    let seen_at = |app: &mut App, time| {
        seek(app, time);
        let recordings = app.world().resource::<Recordings>();
        let store = recordings.active().unwrap().store();
        let transforms = app.world().resource::<Transforms>();
        let image = entity(app, "/base/camera/image");
        let outer = transforms.pinhole_placement(store, image).unwrap();
        (outer.tree_from_frame.translation.x, transforms.version())
    };
    for _ in 0..2 {
        let (start, before) = seen_at(&mut app, 0);
        let (moved, after) = seen_at(&mut app, 1);
        let (carried, last) = seen_at(&mut app, 2);
        assert_eq!([start, moved, carried], [2.0, 3.0, 12.0]);
        assert!(before < after && after < last, "who follows cameras is told");
    }
}

#[test]
fn view_coordinates_hold_below_and_are_checked() {
    let mut app = new_app();
    let axes = context::<ViewAxes>;
    let broken = ViewCoordinates::new([ViewDir::Up, ViewDir::Down, ViewDir::Left]);
    log(&mut app, "/", None, &ViewCoordinates::right_hand_z_up());
    log(&mut app, "/a/b", None, &broken);
    log(&mut app, "/a/b/c", Some(1), &ViewCoordinates::right_hand_y_up());
    products(&mut app);
    seek(&mut app, 0);
    let z_up = Some([ViewDir::Right, ViewDir::Forward, ViewDir::Up]);
    assert_eq!((axes(&app, "/a"), axes(&app, "/a/b/c")), (z_up, z_up));
    assert_eq!(app.world().resource::<EntityContexts>().reports().len(), 1);
    seek(&mut app, 1);
    let y_up = Some([ViewDir::Right, ViewDir::Up, ViewDir::Back]);
    assert_eq!((axes(&app, "/a/b"), axes(&app, "/a/b/c")), (z_up, y_up));
}
