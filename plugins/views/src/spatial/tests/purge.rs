//! What a purge takes from views that are hidden, and how they come back.

use std::sync::Weak;

use chronoscope_frame::{Cursor, MemoryBudget, Recordings};
use chronoscope_render::PointInstance;

use super::*;

fn cloud() -> Chunk {
    let points = Points3D::new((0..1000).map(|at| [at as f32, 0.0, 0.0]));
    log_chunk("world/cloud", [], &points).unwrap()
}

fn show(viewer: &mut Viewer, shown: bool) {
    let world = viewer.app.world_mut();
    for mut tile in world.query::<&mut ViewTile>().iter_mut(world) {
        tile.shown = shown;
    }
}

/// What the view draws, as long as somebody holds it.
fn instances(viewer: &mut Viewer) -> Weak<[PointInstance]> {
    let mut shown = viewer.scene().shown();
    let instances = shown.find_map(|(_, shown)| shown.visual.parts[0].instances::<PointInstance>());
    std::sync::Arc::downgrade(&instances.unwrap())
}

fn limit(viewer: &mut Viewer, limit_bytes: Option<u64>) {
    viewer.app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = limit_bytes;
}

#[test]
fn what_a_purge_takes_from_a_hidden_view_is_free() {
    let mut viewer = Viewer::new([cloud(), boxes()]);
    let before = viewer.digest();
    let drawn = instances(&mut viewer);
    show(&mut viewer, false);
    viewer.app.update();
    viewer.app.update();
    assert!(drawn.strong_count() > 0, "there is room");

    limit(&mut viewer, Some(1));
    viewer.app.update();
    viewer.app.update();
    assert_eq!(drawn.strong_count(), 0, "neither the scene nor a buffer holds it");
    assert!(viewer.scene().is_empty());

    limit(&mut viewer, None);
    show(&mut viewer, true);
    viewer.settle();
    assert_eq!(viewer.digest(), before, "it is made again");
}

#[test]
fn a_purge_takes_nothing_from_a_view_that_is_shown() {
    let mut viewer = Viewer::new([cloud(), boxes()]);
    let (before, drawn) = (viewer.digest(), instances(&mut viewer));
    limit(&mut viewer, Some(1));
    viewer.app.update();
    assert_eq!(viewer.work(), []);
    assert!(drawn.strong_count() > 0);
    assert_eq!(viewer.digest(), before);
}

#[test]
fn a_view_that_comes_back_writes_nothing_where_nothing_was_purged() {
    let mut viewer = Viewer::new([cloud(), boxes()]);
    show(&mut viewer, false);
    viewer.app.update();
    show(&mut viewer, true);
    assert_eq!(viewer.work(), []);
    assert_eq!(viewer.work(), []);
}

#[test]
fn a_hidden_view_lets_go_of_a_recording_that_is_closed() {
    let mut viewer = Viewer::new([cloud()]);
    let drawn = instances(&mut viewer);
    show(&mut viewer, false);
    viewer.app.update();
    let world = viewer.app.world();
    let key = world.resource::<Cursor>().recording.unwrap();
    let id = world
        .resource::<Recordings>()
        .get(key)
        .unwrap()
        .store()
        .id()
        .clone();
    viewer.command(ViewerCommand::CloseRecording(id));
    for _ in 0..3 {
        viewer.app.update();
    }
    assert_eq!(drawn.strong_count(), 0);
}
