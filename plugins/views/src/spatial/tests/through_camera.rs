//! What is in space, in the 2D view of a camera.

use chronoscope_blueprint::{BlueprintCommand, ContentsFilter, ViewBlueprint, ViewClassId, ViewId};
use chronoscope_frame::{
    Item, TimeCommand, View, ViewerCommand,
    selection::{ClickButton, ClickSource, EntityClicked},
};
use chronoscope_render::Highlight;
use chronoscope_types::{
    Boxes2D, Boxes3D, DepthImage, Pinhole, Points3D, Transform3D, enums::ChannelDatatype, log_chunk,
    records::ImageFormat,
};
use glam::{DVec2, DVec3, UVec2};

use super::{Viewer, frame};
use crate::{
    spatial::{
        SpatialScene, SpatialScenes,
        picking::{Click, Picks},
        pointed::{place_in_plane, ray, with_transforms},
        projection::{Lens, Projected},
    },
    testing::log,
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
    let view = add_view(&mut viewer, "/world/camera/image");
    (viewer, view)
}

/// Adds a 2D view of all, in the plane of an entity.
fn add_view(viewer: &mut Viewer, origin: &str) -> ViewId {
    let mut view = ViewBlueprint::new(ViewId::hashed([origin]), ViewClassId::SPATIAL_2D, origin);
    view.contents = ContentsFilter::parse("+ /world/**");
    let id = view.id;
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(view, None)));
    viewer.settle();
    id
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
    let reports = viewer.reports(view);
    assert!(reports.is_empty(), "{reports:?}");
}

#[test]
fn a_camera_that_is_off_the_middle_sees_with_both_of_its_focal_lengths() {
    let pinhole = Pinhole::default()
        .with_image_from_camera([100.0, 0.0, 0.0, 0.0, 40.0, 0.0, 13.0, 31.0, 1.0])
        .with_resolution([60.0, 40.0]);
    let marks = Boxes2D::from_half_sizes([[4.0; 2]]);
    let points = Points3D::new([[1.0, 0.0, 10.0]]);
    let mut viewer = Viewer::new([
        log_chunk("/world/camera", [], &pinhole).unwrap(),
        log_chunk("/world/camera/marks", [], &marks).unwrap(),
        log_chunk("/world/points", [], &points).unwrap(),
    ]);
    let view = add_view(&mut viewer, "/world/camera");
    let scene = scene(&viewer, view);
    for (place, pixel) in [
        ([0.0, 0.0, 5.0], [13.0, 31.0]),
        ([1.0, 0.0, 10.0], [23.0, 31.0]),
        ([0.0, 1.0, 10.0], [13.0, 35.0]),
    ] {
        let seen = seen(scene, place.into()).unwrap();
        assert!(seen.distance(pixel.into()) < 1e-6, "{place:?}: {seen}");
    }
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
    let view = add_view(&mut viewer, "/world");
    assert!(scene(&viewer, view).through_camera().is_none());
}

/// Points at a pixel of a view, and answers for what is seen through its camera and for what lies in its picture.
fn point_at(viewer: &mut Viewer, view: ViewId, through: Option<(&str, u32)>, own: Option<(&str, u32)>) {
    let picks = viewer.app.world().resource::<Picks>();
    picks.point(egui::Id::new("tile"), view, Some(UVec2::new(300, 200)));
    viewer.app.update();
    answer(viewer, view, through, own);
}

fn answer(
    viewer: &mut Viewer,
    view: ViewId,
    through: Option<(&str, u32)>,
    own: Option<(&str, u32)>,
) -> Vec<EntityClicked> {
    let camera = scene(viewer, view).camera.as_ref().unwrap();
    let (overlay, below) = (camera.overlay().unwrap(), camera.entity());
    let asked = viewer.asked();
    let mut cameras: Vec<_> = asked.iter().map(|(_, request)| request.camera).collect();
    cameras.sort();
    let mut both = [overlay, below];
    both.sort();
    assert_eq!(cameras, both, "each camera of the view is asked once");
    let mut clicks = Vec::new();
    for (request, question) in asked {
        let hit = if question.camera == overlay { through } else { own };
        clicks.extend(viewer.answer(request, hit));
    }
    clicks
}

#[test]
fn what_is_seen_through_a_camera_is_pointed_at_before_what_lies_in_its_picture() {
    let (mut viewer, view) = viewer();
    viewer.work_of(seek(0));
    viewer.settle();
    let (points, marks) = (("/world/points", 0), ("/world/camera/image/marks", 0));
    let over = |viewer: &Viewer| {
        let picks = viewer.app.world().resource::<Picks>();
        let pick = picks.over(view).flatten();
        pick.map(|pick| (pick.entity.to_string(), pick.instance, pick.position))
    };
    point_at(&mut viewer, view, Some(points), Some(marks));
    // Hits are at (1, 2, 3) in the space of the camera, which shows that at these pixels of its picture.
    let (entity, instance, place) = over(&viewer).unwrap();
    assert_eq!((entity.as_str(), instance), ("/world/points", Some(0)));
    let pixel = DVec3::new(30.0 + 100.0 / 3.0, 20.0 + 80.0 * 2.0 / 3.0, 0.0);
    assert!(place.distance(pixel) < 1e-6, "{place}");

    let click = Click {
        view,
        pixel: UVec2::new(300, 200),
        buttons: vec![ClickButton::Primary],
        toggles: false,
    };
    viewer.app.world().resource::<Picks>().click(click.clone());
    viewer.app.update();
    let clicks = answer(&mut viewer, view, Some(points), None);
    assert_eq!(clicks.len(), 1, "{clicks:?}");
    assert_eq!(clicks[0].source, ClickSource::View);
    viewer.app.world().resource::<Picks>().click(click);
    viewer.app.update();
    let clicks = answer(&mut viewer, view, None, Some(marks));
    assert_eq!(clicks[0].entity, "/world/camera/image/marks".into());
    // What is not shown in the view is not pointed at.
    viewer
        .app
        .world()
        .resource::<Picks>()
        .point(egui::Id::new("tile"), view, None);
    viewer.app.update();
    point_at(
        &mut viewer,
        view,
        Some(("/world/camera/image/odd", 0)),
        Some(marks),
    );
    assert_eq!(over(&viewer), None);
}

/// The distances of another camera are points in space; those of the camera itself lie in its picture, and have nothing drawn over it.
#[test]
fn a_camera_sees_the_distances_of_others_as_points() {
    let depth = || {
        let format = ImageFormat::depth(60, 40, ChannelDatatype::U16);
        let values = (0..60 * 40).map(|at| if at % 2 == 0 { 1_000_u16 } else { 2_000 });
        let bytes: Vec<u8> = values.flat_map(u16::to_le_bytes).collect();
        DepthImage::new(bytes, format)
    };
    let pinhole = || Pinhole::from_focal_length_and_resolution([100.0, 80.0], [60.0, 40.0]);
    let own = [
        log_chunk("/world/camera", [], &pinhole()).unwrap(),
        log_chunk("/world/camera/depth", [], &depth()).unwrap(),
    ];
    let others = [
        log_chunk("/world/other", [], &pinhole()).unwrap(),
        log_chunk(
            "/world/other",
            [],
            &Transform3D::from_translation([2.0, 0.0, 20.0]),
        )
        .unwrap(),
        log_chunk("/world/other/depth", [], &depth()).unwrap(),
    ];
    let mut viewer = Viewer::new(own);
    let view = add_view(&mut viewer, "/world/camera");
    assert_eq!(paths(scene(&viewer, view)), ["/world/camera/depth"]);
    assert!(
        scene(&viewer, view).through_camera().is_none(),
        "nothing is in space"
    );

    for chunk in others {
        log(&mut viewer.app, chunk);
    }
    viewer.settle();
    viewer.finish_decoding();
    viewer.settle();
    let scene = scene(&viewer, view);
    assert_eq!(paths(scene), ["/world/camera/depth"]);
    assert!(scene.shown_quads().iter().all(|quad| quad.cloud.is_none()));
    let before = scene.through_camera().unwrap();
    assert_eq!(paths(before), ["/world/other", "/world/other/depth"]);
    let quads = before.shown_quads();
    let clouds: Vec<DVec3> = quads.iter().filter_map(|quad| Some(quad.cloud?.camera)).collect();
    assert_eq!(clouds, [DVec3::new(2.0, 0.0, 20.0)]);
    // Up to two units before that camera.
    let bounds = before.bounds_of(&"/world/other/depth".into());
    assert!((bounds.max.z - 22.0).abs() < 1e-6, "{bounds:?}");
    let reports = viewer.reports(view);
    assert!(reports.is_empty(), "{reports:?}");
}

#[test]
fn what_is_pointed_at_lights_up_in_what_a_camera_sees() {
    let (mut viewer, view) = viewer();
    viewer.work_of(seek(0));
    viewer.settle();
    let highlights = |viewer: &Viewer| {
        let world = viewer.app.world();
        let digest = scene(viewer, view).digest(world.resource());
        let of_points = digest.into_iter().filter(|part| part.path == "/world/points");
        of_points
            .map(|part| (part.uniform.highlight, part.uniform.hovered_instance))
            .collect::<Vec<_>>()
    };
    assert_eq!(highlights(&viewer), [(Highlight::None, None)]);
    viewer.command(ViewerCommand::Hover(Some(Item::Entity("/world/points".into()))));
    viewer.settle();
    assert_eq!(highlights(&viewer), [(Highlight::Hovered, None)]);
    viewer.command(ViewerCommand::Hover(Some(Item::DataResult {
        view,
        entity: "/world/points".into(),
        instance: Some(1),
    })));
    viewer.settle();
    assert_eq!(highlights(&viewer), [(Highlight::None, Some(1))]);
}

#[test]
fn a_camera_sees_the_frustums_of_others_and_not_its_own() {
    let (mut viewer, view) = viewer();
    let other = Pinhole::from_focal_length_and_resolution([100.0, 80.0], [60.0, 40.0]);
    log(&mut viewer.app, log_chunk("/world/other", [], &other).unwrap());
    let beside = Transform3D::from_translation([2.0, 0.0, 20.0]);
    log(&mut viewer.app, log_chunk("/world/other", [], &beside).unwrap());
    viewer.work_of(seek(0));
    viewer.settle();
    let scene = scene(&viewer, view);
    let before = scene.through_camera().unwrap();
    assert_eq!(paths(before), ["/world/boxes", "/world/other", "/world/points"]);
    let (_, frustum) = before
        .shown()
        .find(|(_, shown)| shown.path == "/world/other".into())
        .unwrap();
    assert_eq!(frustum.view_from_entity.translation, DVec3::new(2.0, 0.0, 20.0));
}

#[test]
fn a_pixel_is_a_ray_in_space_and_a_place_in_space_has_its_pixel() {
    let (mut viewer, plane) = viewer();
    viewer.work_of(seek(1));
    viewer.settle();
    let world = viewer.app.world_mut();
    let mut views = world.query::<&View>();
    let is_space = |view: &&View| {
        let is_outside = !view.blueprint.origin.starts_with(&"/world/camera".into());
        view.class.as_str() == ViewClassId::SPATIAL_3D && is_outside
    };
    let space = views.iter(world).find(is_space).unwrap().id;
    let world = viewer.app.world();
    let scenes = world.resource::<SpatialScenes>();
    let (plane, space) = (scenes.get(plane).unwrap(), scenes.get(space).unwrap());

    let ray = with_transforms(world, space, |transforms, store| {
        ray(transforms, store, [space, plane], DVec2::new(130.0, 20.0))
    });
    let [start, direction] = ray.unwrap();
    assert!(start.distance(DVec3::X) < 1e-9, "{start}");
    let expected = DVec3::new(1.0, 0.0, 1.0).normalize();
    assert!(direction.distance(expected) < 1e-9, "{direction}");

    let pixel = |place| {
        with_transforms(world, plane, |transforms, store| {
            place_in_plane(transforms, store, [plane, space], place)
        })
    };
    let seen = pixel(DVec3::new(2.0, 0.5, 4.0)).unwrap();
    assert!(seen.distance(DVec2::new(55.0, 30.0)) < 1e-9, "{seen}");
    assert_eq!(pixel(DVec3::new(2.0, 0.5, -4.0)), None, "behind the camera");
}
