//! Data results that are more than the latest row of an entity by one visualizer.

use chronoscope_blueprint::{Instruction, InstructionId, OverrideTarget};
use chronoscope_render::{InstanceBuffer, PointInstance};
use chronoscope_types::{
    AsComponents as _, CursorTimeRange, TimeBoundary, VisibleTimeRange, blueprint::VisibleTimeRanges,
};

use super::*;
use crate::spatial::bounds::Bounds;

#[test]
fn the_last_frames_of_a_cloud_are_drawn_together() {
    let at = |frame: i64| {
        let points = Points3D::new([[frame as f32, 0.0, 0.0], [frame as f32, 1.0, 0.0]]);
        log_chunk("cloud", [(Timeline::sequence("frame"), frame)], &points).unwrap()
    };
    let mut viewer = Viewer::new((0..60).map(at));
    last_rows(&mut viewer, 9);
    viewer.settle();
    for frame in [30, 31, 45, 5] {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTimelineAndTime(
            "frame".to_owned(),
            frame,
        )));
        viewer.settle();
        let drawn: usize = viewer.digest().iter().map(|part| part.num_instances).sum();
        assert_eq!(drawn, 2 * (frame + 1).min(10) as usize, "at {frame}");
        let bounds = viewer
            .scene()
            .shown()
            .fold(Bounds::EMPTY, |all, (_, shown)| all.union(shown.visual.bounds));
        assert_eq!(
            (bounds.min.x, bounds.max.x),
            ((frame - 9).max(0) as f64, frame as f64)
        );
    }
    // The places of the parts of a range are on the heap, and counted there.
    let bytes = |viewer: &mut Viewer| viewer.scene().placed_bytes();
    let [counted, of_six] = bytes(&mut viewer);
    assert_eq!(counted, of_six);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(50)));
    viewer.settle();
    let [counted, of_ten] = bytes(&mut viewer);
    assert!(of_ten > of_six && of_six > 0, "{of_ten} {of_six}");
    assert_eq!(counted, of_ten);
    let hide = chronoscope_types::blueprint::EntityBehavior::default().with_visible(false);
    let view = viewer.view();
    let hide = BlueprintCommand::override_entity(view, "/cloud".into(), &hide);
    viewer.command(ViewerCommand::Blueprint(hide));
    viewer.settle();
    assert!(viewer.scene().is_empty());
    assert_eq!(bytes(&mut viewer), [0, 0]);
}

/// The ranges of the last rows of a cloud: so many before the cursor, and the one at it.
pub(super) fn last_rows(viewer: &mut Viewer, rows_before: i64) {
    let view = viewer.view();
    let ranges = VisibleTimeRanges::default().with_ranges([VisibleTimeRange {
        timeline: "frame".to_owned(),
        range: CursorTimeRange {
            start: TimeBoundary::CursorRelative(-rows_before),
            end: TimeBoundary::CursorRelative(0),
        },
    }]);
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::set_property(
        view, &ranges,
    )));
}

#[test]
fn a_range_that_slides_by_a_row_writes_one_row() {
    for is_flat in [false, true] {
        let rows = |frame: i64| {
            let time = [(Timeline::sequence("frame"), frame)];
            let x = frame as f32;
            if is_flat {
                log_chunk("cloud", time, &Points2D::new([[x, 0.0], [x, 1.0]])).unwrap()
            } else {
                log_chunk("cloud", time, &Points3D::new([[x, 0.0, 0.0], [x, 1.0, 0.0]])).unwrap()
            }
        };
        let seek =
            |frame: i64| ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".to_owned(), frame));
        let mut viewer = Viewer::new((0..60).map(rows));
        last_rows(&mut viewer, 9);
        viewer.command(seek(30));
        viewer.settle();
        for frame in [31, 32, 31, 30] {
            let work = viewer.work_of(seek(frame));
            assert_eq!(work, [(Work::InstancesWritten, 2)], "at {frame}");
            let mut fresh = Viewer::new((0..60).map(rows));
            last_rows(&mut fresh, 9);
            fresh.command(seek(frame));
            fresh.settle();
            assert_eq!(viewer.digest(), fresh.digest(), "at {frame}");
            let world = viewer.app.world_mut();
            let mut buffers = world.query::<&InstanceBuffer<PointInstance>>();
            let stored: Vec<usize> = buffers.iter(world).map(InstanceBuffer::visual_count).collect();
            assert_eq!(stored, [10], "no row is stored twice");
        }
    }
}

#[test]
fn another_row_in_two_planes_puts_nothing_in_order_again() {
    let at = |entity: &str, time: i64| {
        let points = Points2D::new([[time as f32, 0.0]]);
        log_chunk(entity, [(Timeline::sequence("frame"), time)], &points).unwrap()
    };
    let mut viewer = Viewer::new((0..20).flat_map(|time| [at("a", time), at("b", time)]));
    let view =
        chronoscope_blueprint::ViewBlueprint::new(ViewId::hashed(["second"]), ViewClassId::SPATIAL_2D, "/");
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::AddView(view, None)));
    viewer.settle();
    let orders = |viewer: &Viewer| -> Vec<usize> {
        let scenes = viewer.app.world().resource::<SpatialScenes>().iter();
        scenes.map(|scene| scene.draw_order().num_rebuilt()).collect()
    };
    let before = orders(&viewer);
    assert_eq!(before.len(), 2);
    for time in 3..9 {
        let work = viewer.work_of(ViewerCommand::Time(TimeCommand::SetTime(time)));
        assert_eq!(work, [(Work::InstancesWritten, 4)]);
    }
    assert_eq!(orders(&viewer), before);
}

#[test]
fn an_entity_with_two_instructions_is_drawn_twice() {
    let points = Points3D::new([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
    let mut viewer = Viewer::new([log_chunk("cloud", [], &points).unwrap()]);
    let view = viewer.view();
    assert_eq!(viewer.digest().len(), 1);
    let instruction = |name: &str| Instruction {
        id: InstructionId::hashed([name]),
        visualizer: "Points3D".into(),
    };
    for (name, color) in [("first", [255, 0, 0, 255]), ("second", [0, 255, 0, 255])] {
        viewer.command(ViewerCommand::Blueprint(BlueprintCommand::SetOverride {
            view,
            entity: "/cloud".into(),
            target: OverrideTarget::Visualizer {
                id: instruction(name).id,
                active: vec![instruction("first"), instruction("second")],
            },
            components: Points3D::default().with_colors([color]).components(),
        }));
    }
    viewer.settle();
    let digest = viewer.digest();
    assert_eq!(digest.len(), 2, "{digest:?}");
    assert_ne!(digest[0].content, digest[1].content);
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::ClearOverrides {
        view,
        entity: "/cloud".into(),
    }));
    viewer.settle();
    assert_eq!(viewer.digest().len(), 1);
}
