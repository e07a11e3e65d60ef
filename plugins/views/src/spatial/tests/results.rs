//! Data results that are more than the latest row of an entity by one visualizer.

use chronoscope_blueprint::{Instruction, InstructionId, OverrideTarget};
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
    let view = viewer.view();
    let ranges = VisibleTimeRanges::default().with_ranges([VisibleTimeRange {
        timeline: "frame".to_owned(),
        range: CursorTimeRange {
            start: TimeBoundary::CursorRelative(-9),
            end: TimeBoundary::CursorRelative(0),
        },
    }]);
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::set_property(
        view, &ranges,
    )));
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
