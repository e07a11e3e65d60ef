//! Chunks are loaded as far as the memory limit allows.

use std::sync::Arc;

use chronoscope_frame::{MemoryBudget, Recordings, TimeCommand};
use chronoscope_store::{Chunk, ChunkMeta, Timeline};
use chronoscope_types::{Points3D, Scalars, columns_chunk, log_chunk};

use super::{Shelf, app_with, at, lacks, settle, store, time};

#[test]
fn the_memory_limit_is_kept_and_what_does_not_fit_is_marked() {
    let big = |entity: &str, frame: i64| {
        log_chunk(
            entity,
            at(frame),
            &Points3D::new((0..10_000).map(|x| [x as f32, frame as f32, 0.0])),
        )
        .unwrap()
    };
    let size = big("/world/a", 0).num_bytes();
    let shelf = Arc::new(Shelf::of((0..50).map(|frame| big("/world/a", frame * 10))));
    let mut app = app_with(&shelf);
    app.update();
    let known = app.world().resource::<Recordings>().num_bytes();
    let limit = known + 6 * size;
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);
    for frame in (0..500).chain((0..500).rev()) {
        time(&mut app, TimeCommand::SetTime(frame));
        settle(&mut app);
        assert!(
            lacks(&mut app).iter().all(|missing| missing.missing_chunks == 0),
            "at {frame} something is missing"
        );
        let used = app.world().resource::<Recordings>().num_bytes();
        assert!(used <= limit + size, "{used} of {limit} bytes at {frame}");
    }
    // Read ahead and kept while near: far fewer reads than frames.
    assert!(shelf.given().len() < 200, "{} reads", shelf.given().len());

    // More on screen than fits: it comes to rest, and says so.
    let shelf = Arc::new(Shelf::of(
        (0..20).map(|entity| big(&format!("/world/{entity}"), 0)),
    ));
    let mut app = app_with(&shelf);
    app.update();
    let limit = app.world().resource::<Recordings>().num_bytes() + 6 * size;
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);
    settle(&mut app);
    let used = app.world().resource::<Recordings>().num_bytes();
    assert!(used <= limit + size && used >= limit, "{used} of {limit} bytes");
    assert!(
        lacks(&mut app).iter().all(|missing| missing.is_over_limit
            && missing.missing_chunks > 0
            && missing.missing_chunks < 20)
    );
    let reads = shelf.given().len();
    settle(&mut app);
    assert_eq!(
        shelf.given().len(),
        reads,
        "what does not fit is not read again and again"
    );
}

#[test]
fn a_plot_that_does_not_fit_comes_to_rest_too() {
    let big = |frame: i64| {
        let times = (0..2_000).map(|row| frame * 2_000 + row).collect();
        let scalars = Scalars::new((0..2_000).map(f64::from));
        columns_chunk("/plot", [(Timeline::sequence("frame"), times)], &scalars).unwrap()
    };
    let size = big(0).num_bytes();
    let shelf = Arc::new(Shelf::of((0..20).map(big)));
    for room in [0, size / 2, size, 3 * size, 3 * size + size / 2] {
        let mut app = app_with(&shelf);
        app.update();
        let limit = app.world().resource::<Recordings>().num_bytes() + room;
        app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);
        for cursor in [0, 30_000, 39_999] {
            time(&mut app, TimeCommand::SetTime(cursor));
            settle(&mut app);
            // One more chunk than fits, and what the caches take of each.
            let used = app.world().resource::<Recordings>().num_bytes();
            assert!(used <= limit + size + 10_000, "{used} of {limit} bytes");
            assert!(
                lacks(&mut app)
                    .iter()
                    .any(|missing| missing.is_over_limit && missing.missing_chunks > 0),
                "{room}"
            );
            // What lies around the cursor is there rather than the rest, as soon as there is room for
            // anything.
            let timeline = store(&app).timeline_id("frame").unwrap();
            let is_there = |(meta, chunk): (&Arc<ChunkMeta>, Option<&Arc<Chunk>>)| {
                meta.time_range(timeline).contains(cursor) && chunk.is_some()
            };
            assert!(
                cursor == 0 || room < size || store(&app).chunks().any(is_there),
                "{cursor} with {room}"
            );
        }
    }
}

#[test]
fn near_the_limit_room_is_made_for_what_lies_ahead() {
    let big = |frame: i64| {
        log_chunk(
            "/world/a",
            at(frame),
            &Points3D::new((0..10_000).map(|x| [x as f32, frame as f32, 0.0])),
        )
        .unwrap()
    };
    let size = big(0).num_bytes();
    let shelf = Arc::new(Shelf::of((0..400).map(big)));
    let mut app = app_with(&shelf);
    app.update();
    let known = app.world().resource::<Recordings>().num_bytes();
    // Room for 40 frames, while 90 lie within the three seconds that are read ahead.
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(known + 40 * size);
    time(&mut app, TimeCommand::SetTime(0));
    settle(&mut app);
    let mut waited = 0;
    for frame in 1..400 {
        time(&mut app, TimeCommand::SetTime(frame));
        app.update();
        waited += lacks(&mut app)
            .iter()
            .filter(|missing| missing.missing_chunks > 0)
            .count();
        // Time for what is read and for what is collected.
        for _ in 0..3 {
            app.update();
        }
        let used = app.world().resource::<Recordings>().num_bytes();
        assert!(
            used <= known + 41 * size,
            "{} chunks at {frame}",
            (used - known) / size
        );
    }
    assert_eq!(waited, 0, "the frames that had to wait");
    assert!(
        shelf.given().len() <= 400 + 20,
        "{} reads: what was read ahead was not kept",
        shelf.given().len()
    );
}

#[test]
fn a_plot_that_does_not_fit_leaves_room_for_the_other_views() {
    let points_of = |frame: i64| {
        log_chunk(
            "/world/a",
            at(frame),
            &Points3D::new((0..10_000).map(|x| [x as f32, frame as f32, 0.0])),
        )
        .unwrap()
    };
    let series = |part: i64| {
        let times = (0..2_000).map(|row| (part * 2_000 + row) / 100).collect();
        columns_chunk(
            "/plot",
            [(Timeline::sequence("frame"), times)],
            &Scalars::new((0..2_000).map(f64::from)),
        )
        .unwrap()
    };
    let size = points_of(0).num_bytes();
    let shelf = Arc::new(Shelf::of(
        (0..40).map(|at| points_of(at * 10)).chain((0..20).map(series)),
    ));
    let mut app = app_with(&shelf);
    app.update();
    // The data of the plot alone would take more than that. What is drawn counts, too.
    let limit = app.world().resource::<Recordings>().num_bytes() + 14 * series(0).num_bytes();
    app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(limit);
    assert!(4 * size < limit);
    for frame in [0, 205, 399, 3] {
        time(&mut app, TimeCommand::SetTime(frame));
        settle(&mut app);
        let (store, timeline) = (store(&app), store(&app).timeline_id("frame").unwrap());
        let entity = store.entity_id(&"/world/a".into()).unwrap();
        let answer = store.latest_at(
            entity,
            Some(timeline),
            frame,
            store.component_id("Points3D:positions").unwrap(),
        );
        assert!(
            answer.missing.is_empty() && answer.hit.is_some(),
            "the points at {frame} are not there"
        );
        assert!(
            lacks(&mut app).iter().any(|missing| missing.is_over_limit),
            "the plot lacks nothing"
        );
    }
}
