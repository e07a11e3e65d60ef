//! Chunks are loaded, and kept, for views that look elsewhere than the cursor.

use std::sync::Arc;

use bevy_app::App;
use chronoscope_blueprint::{ContextTime, QueryContextSettings, ViewId};
use chronoscope_frame::{IngestSources, MemoryBudget, Recordings, TimeCommand};
use chronoscope_store::{AbsentChunk, Chunk, ChunkId, ChunkSource};
use chronoscope_types::{LogMessage, Points3D, log_chunk};

use super::{Catalog, Shelf, app_with, at, lacks, points, settle, time};
use crate::query_contexts::{self, add_world_view, in_other, look, other_id};

/// The view of `/world`, beside that of everything.
fn world_view(app: &mut App) -> ViewId {
    settle(app);
    add_world_view(app);
    settle(app);
    ViewId::hashed(["world"])
}

fn lacks_nothing(app: &mut App) -> bool {
    lacks(app).iter().all(|missing| missing.missing_chunks == 0)
}

fn times_given(shelf: &Shelf, chunk: ChunkId) -> usize {
    shelf.given().iter().filter(|given| **given == chunk).count()
}

#[test]
fn the_rows_of_a_view_at_another_time_are_read_and_kept() {
    let big = |frame: i64| -> Chunk {
        let points = (0..10_000).map(|x| [x as f32, frame as f32, 0.0]);
        log_chunk("/world/a", at(frame), &Points3D::new(points)).unwrap()
    };
    let size = big(0).num_bytes();
    let chunks: Vec<Chunk> = (0..50).map(|frame| big(frame * 10)).collect();
    let far = chunks[45].id();
    let shelf = Arc::new(Shelf::of(chunks));
    let mut app = app_with(&shelf);
    let view = world_view(&mut app);
    let limit = app.world().resource::<Recordings>().num_bytes() + 6 * size;
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);
    time(&mut app, TimeCommand::SetTime(0));
    settle(&mut app);
    assert_eq!(times_given(&shelf, far), 0);
    look(&mut app, view, &query_contexts::at(ContextTime::Fixed(455)));
    settle(&mut app);
    assert!(lacks_nothing(&mut app));
    assert_eq!(times_given(&shelf, far), 1);
    for frame in 0..300 {
        time(&mut app, TimeCommand::SetTime(frame));
        settle(&mut app);
        assert!(lacks_nothing(&mut app), "at {frame}");
    }
    assert_eq!(times_given(&shelf, far), 1, "what is on screen is not given back");
    assert!(shelf.given().len() > 25, "the others came and went");
}

#[test]
fn the_sources_of_another_recording_are_asked_while_a_view_looks_there() {
    let here = Arc::new(Shelf::of((0..3).map(|frame| points("/world/a", frame))));
    let there = Arc::new(Shelf::of((0..3).map(|frame| points("/world/b", frame))));
    let mut app = app_with(&here);
    let source: Arc<dyn ChunkSource> = Arc::clone(&there) as _;
    let chunks = there.chunks.values();
    let chunks: Vec<_> = chunks.map(|chunk| AbsentChunk::of(chunk)).collect();
    let message = LogMessage::AbsentChunks {
        store: other_id(),
        chunks: chunks.into(),
        source,
    };
    app.world_mut()
        .resource_mut::<IngestSources>()
        .add(Catalog(vec![message]));
    let view = world_view(&mut app);
    assert!(there.given().is_empty(), "nobody looks there");
    look(&mut app, view, &in_other(ContextTime::Fixed(2)));
    settle(&mut app);
    assert!(lacks_nothing(&mut app));
    assert_eq!(there.given().len(), 1, "a fixed time has nothing ahead");
    look(&mut app, view, &QueryContextSettings::default());
    settle(&mut app);
    let told = there.state.lock().unwrap().told.last().cloned();
    assert_eq!(told, Some(Vec::new()));
}
