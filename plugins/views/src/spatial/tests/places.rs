//! What has no place is not shown, and what lies in a picture stands where the picture is.

use std::collections::BTreeMap;

use chronoscope_blueprint::{BlueprintCommand, ContentsFilter, ViewBlueprint, ViewClassId, ViewId};
use chronoscope_frame::{Cursor, Recordings, Report, TimeCommand, View, ViewerCommand, Visualizers};
use chronoscope_render::{BoxEdgesInstance, DrawList, SegmentTransform};
use chronoscope_types::{Boxes3D, CoordinateFrame, Pinhole, Points2D, Transform3D, log_chunk};

use super::{Viewer, frame};
use crate::{
    spatial::{SpatialScenes, scene::Shown},
    testing::log,
};

#[test]
fn a_broken_transform_hides_what_is_below_until_it_is_good_again() {
    let at = |time, transform: Transform3D| log_chunk("/arm", [(frame(), time)], &transform).unwrap();
    let broken = Transform3D::from_translation([1.0; 3]).with_quaternion([0.0; 4]);
    let boxes = |path: &str| log_chunk(path, [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap();
    let mut viewer = Viewer::new([
        boxes("/arm/hand"),
        boxes("/table"),
        at(0, Transform3D::from_translation([1.0, 0.0, 0.0])),
        at(1, broken),
        at(2, Transform3D::from_translation([3.0, 0.0, 0.0])),
    ]);
    let seek = |time| ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".into(), time));
    let shown = |viewer: &mut Viewer| -> Vec<(String, f64)> {
        let scene = viewer.scene();
        let of = |shown: &Shown| shown.view_from_entity.translation.x;
        scene
            .shown()
            .map(|(_, shown)| (shown.path.to_string(), of(shown)))
            .collect()
    };
    let hand = |x| vec![("/arm/hand".to_owned(), x), ("/table".to_owned(), 0.0)];
    for _ in 0..2 {
        viewer.work_of(seek(0));
        assert_eq!(shown(&mut viewer), hand(1.0));
        let bounds = viewer.scene().bounds();
        viewer.work_of(seek(1));
        assert_eq!(shown(&mut viewer), [("/table".to_owned(), 0.0)]);
        let less = viewer.scene().bounds();
        assert_ne!(bounds, less);
        let view = viewer.view();
        let reports = viewer.reports(view);
        let reports: Vec<String> = reports.iter().map(Report::to_string).collect();
        assert_eq!(reports, ["transform: /arm: the quaternion has no length"]);
        viewer.work_of(seek(2));
        assert_eq!(shown(&mut viewer), hand(3.0));
    }
}

#[test]
fn what_no_frame_connects_to_the_view_is_hidden_and_named() {
    let boxes = |path: &str| log_chunk(path, [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap();
    let in_frame =
        |path: &str, name: &str| log_chunk(path, [], &CoordinateFrame::default().with_frame(name)).unwrap();
    let mut viewer = Viewer::new([
        boxes("/robot"),
        boxes("/lost/a"),
        boxes("/lost/b"),
        in_frame("/robot", "base"),
        in_frame("/lost/a", "nowhere"),
        in_frame("/lost/b", "nowhere"),
        log_chunk(
            "/tf",
            [],
            &Transform3D::from_translation([4.0, 0.0, 0.0])
                .with_child_frame("base")
                .with_parent_frame("tf#/"),
        )
        .unwrap(),
    ]);
    let shown: Vec<(String, f64)> = viewer
        .scene()
        .shown()
        .map(|(_, shown)| (shown.path.to_string(), shown.view_from_entity.translation.x))
        .collect();
    assert_eq!(shown, [("/robot".to_owned(), 4.0)]);
    let view = viewer.view();
    let reports = viewer.reports(view);
    let reports: Vec<String> = reports.iter().map(Report::to_string).collect();
    let message = "transform: /lost/a: no transform leads to the origin of the view, from the frame nowhere";
    assert_eq!(reports, [message]);
    // They are worked out once.
    let unplaced = |viewer: &Viewer| {
        let world = viewer.app.world();
        let key = world.resource::<Cursor>().recording.unwrap();
        let store = world.resource::<Recordings>().get(key).unwrap().store();
        let scene = world.resource::<SpatialScenes>().get(view).unwrap();
        let reports = scene.unplaced(world.resource(), store);
        (reports.as_ptr(), reports.len())
    };
    let before = unplaced(&viewer);
    viewer.settle();
    assert_eq!(unplaced(&viewer), before);
    // Once somebody says where the frame is, all is there.
    let found = Transform3D::cleared()
        .with_child_frame("nowhere")
        .with_parent_frame("base");
    log(&mut viewer.app, log_chunk("/tf/nowhere", [], &found).unwrap());
    viewer.settle();
    let places: Vec<f64> = viewer
        .scene()
        .shown()
        .map(|(_, shown)| shown.view_from_entity.translation.x)
        .collect();
    assert_eq!(places, [4.0; 3]);
    assert_eq!(unplaced(&viewer).1, 0);
}

/// What has no place is looked at again where something may lead to it, not at each row of a transform, from wherever one looks.
#[test]
fn what_has_no_place_costs_nothing_while_others_move() {
    const LOST: usize = 40;
    let boxes = |path: &str| log_chunk(path, [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap();
    let in_frame =
        |path: &str, name: &str| log_chunk(path, [], &CoordinateFrame::default().with_frame(name)).unwrap();
    let link = |child: &str, parent: &str, x: i64| {
        Transform3D::from_translation([x as f32, 0.0, 0.0])
            .with_child_frame(child)
            .with_parent_frame(parent)
    };
    let mut chunks = vec![boxes("/robot"), in_frame("/robot", "base")];
    for at in 0..LOST {
        let path = format!("/lost/{at}");
        // Half of them move in a tree that hangs on nothing.
        let frame = if at % 2 == 0 { "nowhere" } else { "adrift" };
        chunks.extend([boxes(&path), in_frame(&path, frame)]);
    }
    for time in 0..10 {
        let row = |path: &str, transform| log_chunk(path, [(frame(), time)], &transform).unwrap();
        chunks.push(row("/tf/base", link("base", "tf#/", time)));
        chunks.push(row("/tf/adrift", link("adrift", "nowhere", time)));
    }
    let mut viewer = Viewer::new(chunks);
    let mut from_robot = ViewBlueprint::new(ViewId::hashed(["robot"]), ViewClassId::SPATIAL_3D, "/robot");
    from_robot.contents = ContentsFilter::parse("+ /**");
    let robot = from_robot.id;
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(
        from_robot, None,
    )));
    viewer.settle();
    let world = viewer.app.world_mut();
    let mut views = world.query::<&View>();
    let world_view = views
        .iter(world)
        .map(|view| view.id)
        .find(|view| *view != robot)
        .unwrap();
    let seek = |time| ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".into(), time));
    // Each view, what it shows, how often it looked, and how many reports it has.
    let state = |viewer: &Viewer, view: ViewId| {
        let world = viewer.app.world();
        let reports = world.resource::<Visualizers>().reports(world, view).len();
        let scene = world.resource::<SpatialScenes>().get(view).unwrap();
        (scene.shown().count(), reports, scene.num_looked_up())
    };
    viewer.work_of(seek(0));
    let mut before = [world_view, robot].map(|view| state(&viewer, view).2);
    for time in 1..9 {
        viewer.work_of(seek(time));
        let now = [world_view, robot].map(|view| state(&viewer, view));
        for ((shown, reports, looked_up), before) in now.iter().zip(&before) {
            assert_eq!((*shown, *reports), (1, 1), "at {time}");
            let cost = [looked_up[0] - before[0], looked_up[1] - before[1]];
            assert_eq!(cost, [1, 0], "the robot alone, at {time}");
        }
        before = now.map(|(.., looked_up)| looked_up);
    }
    // What cuts them off has another reason, though nothing moves.
    let broken = link("nowhere", "tf#/", 0).with_quaternion([0.0; 4]);
    let rows = [(9, broken), (10, link("nowhere", "base", 5))];
    for (time, transform) in rows {
        log(
            &mut viewer.app,
            log_chunk("/tf/nowhere", [(frame(), time)], &transform).unwrap(),
        );
    }
    viewer.settle();
    viewer.work_of(seek(9));
    for view in [world_view, robot] {
        let reports = viewer.reports(view);
        let reports: Vec<String> = reports.iter().map(Report::to_string).collect();
        assert_eq!(reports, ["transform: /tf/nowhere: the quaternion has no length"]);
        assert_eq!(state(&viewer, view).0, 1);
    }
    viewer.work_of(seek(10));
    for view in [world_view, robot] {
        let (shown, reports, _) = state(&viewer, view);
        assert_eq!((shown, reports), (LOST + 1, 0));
    }
    viewer.work_of(seek(8));
    for view in [world_view, robot] {
        let (shown, reports, _) = state(&viewer, view);
        assert_eq!((shown, reports), (1, 1));
    }
}

#[test]
fn what_a_camera_sees_lies_unmoved_in_its_picture() {
    let camera = Pinhole::from_focal_length_and_resolution([100.0; 2], [64.0, 48.0]);
    let mut viewer = Viewer::new([
        log_chunk(
            "/world/camera",
            [],
            &Transform3D::from_translation([7.0, 8.0, 9.0]),
        )
        .unwrap(),
        log_chunk("/world/camera", [], &camera).unwrap(),
        log_chunk("/world/camera/marks", [], &Points2D::new([[10.0, 20.0]])).unwrap(),
    ]);
    let world = viewer.app.world_mut();
    let views: Vec<(String, ViewId)> = world
        .query::<&View>()
        .iter(world)
        .filter(|view| view.class.as_str() == ViewClassId::SPATIAL_2D)
        .map(|view| (view.blueprint.origin.to_string(), view.id))
        .collect();
    let scenes = viewer.app.world().resource::<SpatialScenes>();
    let places: Vec<(&str, f64, f64)> = views
        .iter()
        .flat_map(|(origin, view)| scenes.get(*view).into_iter().map(move |scene| (origin, scene)))
        .flat_map(|(origin, scene)| {
            let place = |shown: &Shown| shown.view_from_entity.translation;
            scene
                .shown()
                .map(move |(_, shown)| (origin.as_str(), place(shown).x, place(shown).y))
        })
        .collect();
    assert_eq!(places, [("/world/camera", 0.0, 0.0)], "{views:?}");
}

/// As in the Rerun Viewer: a view of space that looks from a camera shows the camera, and where its picture is.
#[test]
fn a_view_of_space_in_the_picture_of_a_camera_looks_from_where_the_camera_stands() {
    let pinhole = Pinhole::from_focal_length_and_resolution([100.0; 2], [64.0, 48.0]);
    let still = |path: &str| log_chunk(path, [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap();
    let at = |time, place| {
        let moved = Transform3D::from_translation(place);
        log_chunk("/world/camera", [(frame(), time)], &moved).unwrap()
    };
    let mut viewer = Viewer::new([
        at(0, [7.0, 8.0, 9.0]),
        at(1, [1.0, 0.0, 0.0]),
        log_chunk("/world/camera", [], &pinhole).unwrap(),
        log_chunk("/world/camera/marks", [], &Points2D::new([[10.0, 20.0]])).unwrap(),
        still("/world/camera/inside"),
        still("/world/outside"),
    ]);
    let id = ViewId::hashed(["from camera"]);
    let mut view = ViewBlueprint::new(id, ViewClassId::SPATIAL_3D, "/world/camera");
    view.contents = ContentsFilter::parse("+ /world/**");
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(view, None)));
    for (time, outside) in [
        (0, [-7.0, -8.0, -9.0]),
        (1, [-1.0, 0.0, 0.0]),
        (0, [-7.0, -8.0, -9.0]),
    ] {
        viewer.work_of(ViewerCommand::Time(TimeCommand::SetTimelineAndTime(
            "frame".into(),
            time,
        )));
        viewer.settle();
        let scene = viewer.app.world().resource::<SpatialScenes>().get(id).unwrap();
        let places = scene.shown().map(|(_, shown)| {
            let place = shown.view_from_entity.translation;
            (shown.path.to_string(), place.to_array())
        });
        let places: BTreeMap<String, [f64; 3]> = places.collect();
        assert_eq!(places["/world/camera"], [0.0; 3], "at {time}: {places:?}");
        assert_eq!(places["/world/camera/inside"], [0.0; 3], "at {time}: {places:?}");
        assert_eq!(places["/world/outside"], outside, "at {time}");
        assert!(places["/world/camera/marks"][2] > 0.0, "at {time}: {places:?}");
    }
}

/// What moves with its frame is brought to its new place without a look at how it is drawn: it is there all the same.
#[test]
fn what_moves_with_its_frame_is_drawn_where_it_stands() {
    let boxes = |path: &str| log_chunk(path, [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap();
    let mut chunks = vec![boxes("/still"), boxes("/robot"), boxes("/robot/hand")];
    for time in 0..6 {
        let moved = Transform3D::from_translation([time as f32, 0.0, 0.0]);
        chunks.push(log_chunk("/robot", [(frame(), time)], &moved).unwrap());
    }
    let mut viewer = Viewer::new(chunks);
    for time in [0, 1, 2, 5, 3] {
        viewer.work_of(ViewerCommand::Time(TimeCommand::SetTimelineAndTime(
            "frame".into(),
            time,
        )));
        let shown = viewer.scene().shown();
        let mut expected: Vec<(f64, SegmentTransform)> = shown
            .map(|(_, shown)| {
                let x = shown.view_from_entity.translation.x;
                (x, SegmentTransform::new(&shown.view_from_entity))
            })
            .collect();
        expected.sort_by(|a, b| a.0.total_cmp(&b.0));
        let places: Vec<f64> = expected.iter().map(|(x, _)| *x).collect();
        assert_eq!(places, [0.0, time as f64, time as f64], "at {time}");
        let world = viewer.app.world_mut();
        let mut lists = world.query::<&DrawList<BoxEdgesInstance>>();
        let lists = lists.iter(world);
        let drawn: Vec<SegmentTransform> = lists.flat_map(DrawList::transforms).collect();
        assert_eq!(drawn.len(), 3);
        for (_, transform) in &expected {
            let is_it = |drawn: &&SegmentTransform| *drawn == transform;
            let wanted = expected.iter().filter(|(_, other)| other == transform).count();
            assert_eq!(drawn.iter().filter(is_it).count(), wanted, "at {time}");
        }
    }
}
