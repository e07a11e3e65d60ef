//! Many entities of which each has another row in each frame.

use std::sync::Arc;

use chronoscope_frame::{TimeCommand, ViewerCommand, Visuals, Work};
use chronoscope_render::{BoxEdgesInstance, BoxInstance, InstanceBuffer};
use chronoscope_store::Chunk;
use chronoscope_types::{Boxes3D, columns_chunk, log_chunk};

use super::{Viewer, frame};
use crate::spatial::{Part, visualizers::Boxes3DVisualizer};

/// More than one thread is given at once.
const BOXES: usize = 700;

/// Boxes that move, some of which turn into two on their way.
fn boxes() -> impl Iterator<Item = Chunk> {
    (0..BOXES).flat_map(|at| {
        let path = format!("/boxes/{at}");
        let center = |time: i64| [at as f32, time as f32, 0.0];
        let boxes = Boxes3D::from_centers_and_half_sizes((0..20).map(center), [[0.1; 3]; 20]);
        let one = columns_chunk(path.as_str(), [(frame(), (0..20).collect())], &boxes).unwrap();
        let two = (at % 50 == 0).then(|| {
            let boxes = Boxes3D::from_half_sizes([[0.2; 3], [0.3; 3]]);
            let boxes = boxes.with_centers([center(20), center(21)]);
            log_chunk(path.as_str(), [(frame(), 20)], &boxes).unwrap()
        });
        [one].into_iter().chain(two)
    })
}

fn seek(time: i64) -> ViewerCommand {
    ViewerCommand::Time(TimeCommand::SetTimelineAndTime("frame".to_owned(), time))
}

fn fresh(time: i64) -> Viewer {
    let mut fresh = Viewer::new(boxes());
    fresh.command(seek(time));
    fresh.settle();
    fresh
}

/// Where the visuals lie, and their parts.
fn addresses(viewer: &mut Viewer) -> Vec<(usize, Vec<usize>)> {
    let shown = viewer.scene().shown().map(|(_, shown)| &shown.visual);
    let addresses = shown.map(|visual| {
        let parts = visual.parts.iter().map(Part::address);
        (Arc::as_ptr(visual) as usize, parts.collect())
    });
    addresses.collect()
}

#[test]
fn boxes_that_move_are_made_from_what_was_shown_before() {
    let mut viewer = Viewer::new(boxes());
    let bytes = |viewer: &Viewer| {
        let visuals = viewer.app.world().resource::<Visuals<Boxes3DVisualizer>>();
        (visuals.bytes(), visuals.idle_bytes())
    };
    viewer.command(seek(0));
    viewer.settle();
    let at_rest = bytes(&viewer);
    assert_eq!(at_rest.1, 0);
    let mut before = Vec::new();
    for time in 1..8 {
        let work = viewer.work_of(seek(time));
        assert_eq!(work, [(Work::InstancesWritten, 2 * BOXES as u64)], "at {time}");
        before.push(addresses(&mut viewer));
        if let [.., then, _, now] = before.as_slice() {
            assert_eq!(then, now, "nothing is allocated at {time}");
        }
        assert!(
            bytes(&viewer).1 > 0,
            "what was shown before is kept for the next frame"
        );
    }
    assert_eq!(viewer.digest(), fresh(7).digest());
    // Nothing moves any more.
    viewer.app.update();
    assert_eq!(bytes(&viewer), at_rest);
    assert_eq!(viewer.digest(), fresh(7).digest());
}

#[test]
fn what_many_boxes_show_is_what_a_fresh_viewer_shows() {
    let mut viewer = Viewer::new(boxes());
    // Forth and back, and to where some are two.
    for time in [3, 4, 5, 6, 5, 19, 20, 19, 18, 20, 0, 1] {
        viewer.command(seek(time));
        viewer.app.update();
        assert_eq!(viewer.digest(), fresh(time).digest(), "at {time}");
        let num_boxes = BOXES + if time == 20 { BOXES / 50 } else { 0 };
        let world = viewer.app.world_mut();
        let mut faces = world.query::<&InstanceBuffer<BoxInstance>>();
        let mut edges = world.query::<&InstanceBuffer<BoxEdgesInstance>>();
        let stored: Vec<usize> = faces.iter(world).map(InstanceBuffer::len).collect();
        assert_eq!(stored, [num_boxes], "at {time}");
        let stored: Vec<usize> = edges.iter(world).map(InstanceBuffer::len).collect();
        assert_eq!(stored, [num_boxes], "at {time}");
    }
}
