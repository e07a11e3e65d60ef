//! What is in space, in the 2D view of a camera.

use chronoscope_blueprint::{BlueprintCommand, ContentsFilter, ViewBlueprint, ViewClassId, ViewId};
use chronoscope_frame::{TimeCommand, ViewerCommand, Visualizers};
use chronoscope_types::{Boxes2D, Boxes3D, Pinhole, Points3D, Transform3D, log_chunk};
use glam::{DVec2, DVec3};

use super::{Viewer, frame};
use crate::spatial::{
    SpatialScene, SpatialScenes,
    projection::{Lens, Projected},
};

/// A camera at x = 0, 1 and so on by the frame, that looks along z at what is in space; flat marks in its picture.
fn viewer() -> (Viewer, ViewId) {
    let pinhole = Pinhole::from_focal_length_and_resolution([100.0, 80.0], [60.0, 40.0]);
    let mut chunks = vec![
        log_chunk("/world/camera/image", [], &pinhole).unwrap(),
        log_chunk(
            "/world/camera/image/marks",
            [],
            &Boxes2D::from_half_sizes([[4.0; 2]]),
        )
        .unwrap(),
        log_chunk(
            "/world/points",
            [],
            &Points3D::new([[1.0, 0.0, 10.0], [0.0, 0.0, -3.0]]).with_labels(["front", "back"]),
        )
        .unwrap(),
        log_chunk("/world/boxes", [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap(),
        // Nobody can say where that is.
        log_chunk("/world/camera/image/odd", [], &Points3D::new([[0.0; 3]])).unwrap(),
    ];
    for time in 0..3 {
        let moved = Transform3D::from_translation([time as f32, 0.0, 0.0]);
        chunks.push(log_chunk("/world/camera", [(frame(), time)], &moved).unwrap());
    }
    let mut viewer = Viewer::new(chunks);
    let mut of_camera = ViewBlueprint::new(
        ViewId::hashed(["camera"]),
        ViewClassId::SPATIAL_2D,
        "/world/camera/image",
    );
    of_camera.contents = ContentsFilter::parse("+ /world/**");
    let view = of_camera.id;
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(
        of_camera, None,
    )));
    viewer.settle();
    (viewer, view)
}

fn scene(viewer: &Viewer, view: ViewId) -> &SpatialScene {
    viewer.app.world().resource::<SpatialScenes>().get(view).unwrap()
}

fn paths(scene: &SpatialScene) -> Vec<String> {
    scene.shown().map(|(_, shown)| shown.path.to_string()).collect()
}

fn seek(time: i64) -> ViewerCommand {
    ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".into(), time))
}

/// Where a place of the entity of the points is seen in the picture.
fn seen(scene: &SpatialScene, place: DVec3) -> Option<DVec2> {
    let before = scene.through_camera().unwrap();
    let (_, shown) = before
        .shown()
        .find(|(_, shown)| shown.path.as_str() == "/world/points")?;
    let Projected { position, .. } = before
        .projector()
        .project(shown.view_from_entity.transform_point3(place))?;
    Some(scene.projector().ray(position).origin.truncate())
}

#[test]
fn what_is_in_space_is_seen_where_the_camera_sees_it() {
    let (mut viewer, view) = viewer();
    viewer.work_of(seek(0));
    viewer.settle();
    let scene = scene(&viewer, view);
    assert_eq!(paths(scene), ["/world/camera/image/marks"]);
    assert_eq!(
        paths(scene.through_camera().unwrap()),
        ["/world/boxes", "/world/points"]
    );
    // A unit to the right, ten before the camera: ten pixels beside the middle of its picture.
    let near = |place: Option<DVec2>, expected: [f64; 2]| place.unwrap().distance(expected.into()) < 1e-6;
    assert!(near(seen(scene, DVec3::new(1.0, 0.0, 10.0)), [40.0, 20.0]));
    assert!(near(seen(scene, DVec3::new(0.0, 1.0, 10.0)), [30.0, 28.0]));
    assert_eq!(seen(scene, DVec3::new(0.0, 0.0, -3.0)), None, "behind the camera");
    // The picture of the camera is framed, whatever is in space.
    let Lens::Plane { center, .. } = scene.projector().lens else {
        panic!("a plane");
    };
    assert_eq!(center, DVec2::new(30.0, 20.0));
    let labels: Vec<&str> = scene
        .layers()
        .flat_map(SpatialScene::labels)
        .map(|(_, label)| &*label.text)
        .collect();
    assert_eq!(labels, ["front", "back"]);
    let reports = viewer
        .app
        .world()
        .resource::<Visualizers>()
        .reports(viewer.app.world(), view);
    assert!(reports.is_empty(), "{reports:?}");
}

#[test]
fn a_camera_that_moves_moves_what_it_sees_and_nothing_else() {
    let (mut viewer, view) = viewer();
    let marks = |viewer: &Viewer| {
        let shown = scene(viewer, view).shown();
        shown.map(|(_, shown)| shown.view_from_entity).collect::<Vec<_>>()
    };
    let before = marks(&viewer);
    for time in [2, 1, 0] {
        viewer.work_of(seek(time));
        viewer.settle();
        let place = seen(scene(&viewer, view), DVec3::new(1.0, 0.0, 10.0)).unwrap();
        assert!(
            place.distance(DVec2::new(40.0 - 10.0 * time as f64, 20.0)) < 1e-6,
            "{place}"
        );
    }
    assert_eq!(marks(&viewer), before);
}

#[test]
fn a_view_that_is_in_no_picture_shows_nothing_of_space() {
    let (mut viewer, _) = viewer();
    let mut beside = ViewBlueprint::new(ViewId::hashed(["beside"]), ViewClassId::SPATIAL_2D, "/world");
    beside.contents = ContentsFilter::parse("+ /world/**");
    let view = beside.id;
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(beside, None)));
    viewer.settle();
    assert!(scene(&viewer, view).through_camera().is_none());
}
