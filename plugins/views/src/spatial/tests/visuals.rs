//! What visualizers make of archetypes, and who presents it.

use bevy::app::App;
use chronoscope_blueprint::ViewClassId;
use chronoscope_frame::AppVisualizerExt as _;
use chronoscope_render::{ArrowInstance, DEFAULT_RADIUS, PointInstance};
use chronoscope_types::{
    AnnotationContext, Arrows3D, AsComponents, Boxes2D, Boxes3D, CoordinateFrame, InstancePoses3D,
    LineStrips3D, Points3D, Transform3D, TransformAxes3D, log_chunk,
};
use glam::{DAffine3, DVec3};

use super::{Broken, Viewer};
use crate::spatial::{Part, SpatialSources, bounds::Bounds};

#[test]
fn a_part_is_its_clones_and_no_other() {
    let point = PointInstance::new([1.0, 2.0, 3.0].into(), 0.5, 0);
    let part = Part::new(vec![point; 3]);
    let (clone, alike) = (part.clone(), Part::new(vec![point; 3]));
    let [here, there] = [DVec3::ZERO, DVec3::X].map(|at| part.at_pose(DAffine3::from_translation(at)));
    assert!(part.is_clone_of(&clone) && here.is_clone_of(&here.clone()));
    for (one, other) in [(&part, &alike), (&part, &here), (&here, &there)] {
        assert!(!one.is_clone_of(other));
    }
    assert_eq!(
        (part.num_instances(), part.heap_bytes()),
        (3, 3 * size_of::<PointInstance>() as u64)
    );
    assert_eq!(part.content_hash(), alike.content_hash());
    assert_eq!(part.bounds(), Bounds::of_points([point.position]));
    let points = there.instances::<PointInstance>().unwrap();
    assert_eq!(
        points.iter().map(|point| point.position).collect::<Vec<_>>(),
        [point.position; 3]
    );
    assert!(part.instances::<ArrowInstance>().is_none() && part.as_mesh().is_none());
}

/// Solids are as many as the longest of their sizes, places and rotations; rectangles as many as their sizes.
#[test]
fn there_are_as_many_instances_as_the_sdk_means() {
    let centers = [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [4.0, 0.0, 0.0]];
    let boxes = Boxes3D::from_half_sizes([[0.5; 3]])
        .with_centers(centers)
        .with_labels(["a", "b", "c"]);
    let mut viewer = Viewer::new([log_chunk("three", [], &boxes).unwrap()]);
    let bounds = viewer.scene().bounds_of(&"/three".into());
    assert_eq!((bounds.min.x, bounds.max.x), (-0.5, 4.5));
    let instances = |viewer: &mut Viewer| {
        let shown = viewer.scene().shown();
        let parts = shown.flat_map(|(_, shown)| &shown.visual.parts);
        parts.map(Part::num_instances).sum::<usize>()
    };
    assert_eq!(instances(&mut viewer), 6, "the faces and the edges of each");
    assert_eq!(viewer.scene().labels().count(), 3);

    let rectangles = Boxes2D::default()
        .with_half_sizes([[5.0, 5.0]])
        .with_centers([[0.0, 0.0], [20.0, 0.0]]);
    let mut viewer = Viewer::new([log_chunk("one", [], &rectangles).unwrap()]);
    assert_eq!(instances(&mut viewer), 4, "its four sides");
}

/// What is logged with poses stands at each of them, sheared ones too, and nowhere else.
#[test]
fn whatever_is_logged_with_poses_is_repeated() {
    let poses = InstancePoses3D::default()
        .with_translations([[10.0, 0.0, 0.0], [0.0, 20.0, 0.0]])
        .with_scales([[1.0, 1.0, 3.0]]);
    let log = |path: &str, archetype: &dyn AsComponents| log_chunk(path, [], archetype).unwrap();
    let corner = [1.0, 1.0, 1.0];
    let mut viewer = Viewer::new([
        log(
            "/points",
            &Points3D::new([[0.0; 3], corner]).with_labels(["a", "b"]),
        ),
        log("/points", &poses),
        log("/lines", &LineStrips3D::new([vec![[0.0; 3], corner]])),
        log("/lines", &poses),
        log("/arrows", &Arrows3D::default().with_vectors([corner])),
        log("/arrows", &poses),
        log("/boxes", &Boxes3D::from_half_sizes([corner])),
        log("/boxes", &poses),
        log("/once", &Points3D::new([[0.0; 3], corner])),
        log("/once", &InstancePoses3D::default().with_translations([[7.0; 3]])),
    ]);
    let scene = viewer.scene();
    for path in ["/points", "/lines", "/arrows", "/boxes"] {
        let bounds = scene.bounds_of(&path.into());
        assert_eq!(
            (bounds.max.x, bounds.max.y, bounds.max.z),
            (11.0, 21.0, 3.0),
            "{path}"
        );
    }
    assert_eq!(scene.labels().count(), 4, "each label at each pose");
    let of = |path: &str| {
        let shown = scene.shown().find(|(_, shown)| shown.path == path.into());
        shown.unwrap().1
    };
    assert!(
        !of("/points").visual.has_instances,
        "the same instance is there twice"
    );
    assert!(of("/once").visual.has_instances);
    assert_eq!(scene.bounds_of(&"/once".into()).max.x, 8.0);
    let points: Vec<_> = viewer
        .digest()
        .into_iter()
        .filter(|part| part.path == "/points")
        .map(|part| part.uniform.world_from_entity.translation.to_array())
        .collect();
    assert_eq!(points, [[10.0, 0.0, 0.0], [0.0, 20.0, 0.0]]);
}

#[test]
fn a_spatial_visualizer_that_nobody_presents_is_found_at_the_start() {
    let unpresented = |extend: fn(&mut App)| {
        let viewer = Viewer::with([], extend);
        let world = viewer.app.world();
        world
            .resource::<SpatialSources>()
            .unpresented(world.resource(), world.resource())
    };
    assert!(unpresented(|_| {}).is_empty());
    let plain = unpresented(|app| _ = app.add_visualizer::<Broken>(&[ViewClassId::SPATIAL_2D]));
    assert_eq!(plain, ["Broken"]);
    let elsewhere = unpresented(|app| _ = app.add_visualizer::<Broken>(&["Counter"]));
    assert!(elsewhere.is_empty(), "a class without a space presents by itself");
}

/// Arrows start at zero where no origin is given, the last radius holds for the rest, and labels lie at their middles.
#[test]
fn arrows_are_as_the_sdk_means_them() {
    let arrows = Arrows3D::default()
        .with_vectors([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
        .with_origins([[1.0, 0.0, 0.0]])
        .with_radii([0.5])
        .with_labels(["right", "up"]);
    let plain = Arrows3D::default().with_vectors([[0.0, 0.0, 4.0]]);
    let mut viewer = Viewer::new([
        log_chunk("arrows", [], &arrows).unwrap(),
        log_chunk("plain", [], &plain).unwrap(),
    ]);
    let bounds = viewer.scene().bounds_of(&"/arrows".into());
    assert_eq!(bounds.min, glam::DVec3::new(1.0, 0.0, 0.0));
    assert_eq!(bounds.max, glam::DVec3::new(3.0, 2.0, 0.0));
    let labels: Vec<_> = viewer
        .scene()
        .labels()
        .map(|(_, label)| (label.text.to_string(), label.position.to_array()))
        .collect();
    assert_eq!(
        labels,
        [
            ("right".to_owned(), [2.0, 0.0, 0.0]),
            ("up".to_owned(), [1.0, 1.0, 0.0])
        ]
    );
    let radii: Vec<f32> = viewer
        .scene()
        .shown()
        .flat_map(|(_, shown)| &shown.visual.parts)
        .filter_map(Part::instances::<ArrowInstance>)
        .flat_map(|arrows| arrows.iter().map(|arrow| arrow.radius).collect::<Vec<_>>())
        .collect();
    assert_eq!(radii, [0.5, 0.5, DEFAULT_RADIUS]);
}

#[test]
fn the_axes_of_a_frame_stand_where_it_stands() {
    let transform = Transform3D::from_translation([5.0, 0.0, 0.0]);
    let axes = TransformAxes3D::default()
        .with_axis_length(2.0)
        .with_show_frame(true);
    let in_frame = CoordinateFrame::default().with_frame("tool");
    let tool = Transform3D::from_translation([0.0, 7.0, 0.0])
        .with_child_frame("tool")
        .with_parent_frame("tf#/");
    let mut viewer = Viewer::new([
        log_chunk("arm", [], &transform).unwrap(),
        log_chunk("arm", [], &axes).unwrap(),
        log_chunk("tf", [], &tool).unwrap(),
        log_chunk("tool", [], &in_frame).unwrap(),
        log_chunk("tool", [], &axes.clone().with_axis_length(1.0)).unwrap(),
        log_chunk("none", [], &axes.clone().with_axis_length(0.0)).unwrap(),
    ]);
    let bounds = |viewer: &mut Viewer, path: &str| {
        let bounds = viewer.scene().bounds_of(&path.into());
        (bounds.min.to_array(), bounds.max.to_array())
    };
    assert_eq!(bounds(&mut viewer, "/arm"), ([5.0, 0.0, 0.0], [7.0, 2.0, 2.0]));
    assert_eq!(bounds(&mut viewer, "/tool"), ([0.0, 7.0, 0.0], [1.0, 8.0, 1.0]));
    assert_eq!(viewer.digest().len(), 2, "axes without a length are not drawn");
    let texts = viewer.draw(vec![]);
    assert!(texts.contains("tf#/arm") && texts.contains("tool"), "{texts}");
}

#[test]
fn classes_have_names_up_to_the_last_id() {
    let white: [u8; 4] = [255; 4];
    let context = AnnotationContext::from_labels([(0, "first", white), (65_535, "last", white)]);
    let points = Points3D::new([[0.0; 3], [1.0; 3], [2.0; 3]]).with_class_ids([65_535_u16, 0, 1]);
    let mut viewer = Viewer::new([
        log_chunk("/", [], &context).unwrap(),
        log_chunk("/points", [], &points).unwrap(),
    ]);
    let labels = viewer.scene().labels();
    let labels: Vec<(Option<u32>, &str)> = labels.map(|(_, label)| (label.instance, &*label.text)).collect();
    assert_eq!(labels, [(Some(0), "last"), (Some(1), "first")]);
}
