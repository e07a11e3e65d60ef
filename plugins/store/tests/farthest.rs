//! Collecting what is farthest from a cursor, in a store of more chunks than are kept in mind at a time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use chronoscope_store::{
    Chunk, ChunkChange, ChunkStore, GcBuffers, GcOptions, GcOrder, MAX_ITEMS_BETWEEN_LOOKS, RowId, StoreId,
    StoreSettings, Timeline,
    arrow::{ArrayRef, Int32Array},
};

const TIMES: i64 = 2_500;
const ENTITIES: i64 = 20;
const CURSOR: i64 = 900;

/// A chunk of one row per time.
fn line(times: std::ops::Range<i64>) -> ChunkStore {
    let mut store = ChunkStore::with_settings(
        StoreId::recording("test", "test"),
        StoreSettings::without_compaction(),
    );
    for time in times {
        let chunk = Chunk::builder("/a").with_row(RowId::new(), [(Timeline::sequence("frame"), time)], []);
        store.insert(chunk.build().unwrap()).unwrap();
    }
    store
}

/// A chunk of one row per entity and time, and per entity one on another timeline alone.
fn store() -> ChunkStore {
    let mut store = ChunkStore::with_settings(
        StoreId::recording("test", "test"),
        StoreSettings::without_compaction(),
    );
    let value: ArrayRef = std::sync::Arc::new(Int32Array::from(vec![1]));
    let mut insert = |entity: i64, times: Vec<(Timeline, i64)>| {
        let component = chronoscope_store::ComponentDescriptor::partial("Test:x");
        let chunk =
            Chunk::builder(format!("/{entity}")).with_row(RowId::new(), times, [(component, value.clone())]);
        store.insert(chunk.build().unwrap()).unwrap();
    };
    let (frame, step) = (Timeline::sequence("frame"), Timeline::sequence("step"));
    for entity in 0..ENTITIES {
        for time in 0..TIMES {
            insert(entity, vec![(frame.clone(), time), (step.clone(), time)]);
        }
        insert(entity, vec![(step.clone(), CURSOR)]);
    }
    store
}

fn collect(budget: Duration, moves: impl Fn(usize) -> i64) -> Vec<Option<i64>> {
    let mut store = store();
    let frame = store.timeline_id("frame").unwrap();
    let total = store.num_bytes();
    let mut left = total * 3 / 4;
    let (mut buffers, mut dropped) = (GcBuffers::default(), Vec::new());
    for step in 0.. {
        let order = GcOrder::FarthestFrom {
            timeline: frame,
            time: moves(step),
        };
        let options = GcOptions {
            target_bytes: left,
            protect_latest: 0,
            time_budget: budget,
            order,
            ..GcOptions::default()
        };
        let report = store.gc(&options, &mut buffers);
        left = left.saturating_sub(report.freed_bytes);
        for event in buffers.events.drain(..) {
            assert_eq!(event.change, ChunkChange::Dropped);
            let range = event.meta.time_range(frame);
            dropped.push((!range.is_empty()).then_some(range.min));
        }
        drop(buffers.garbage.take());
        if report.done {
            break;
        }
        assert!(step < 100_000, "a collection ends");
    }
    assert!(
        store.num_bytes() <= total / 4 && store.num_bytes() > total / 5,
        "{} of {total}",
        store.num_bytes()
    );
    assert_eq!(store.store_stats(), store.recount());
    dropped
}

#[test]
fn the_farthest_go_first() {
    for budget in [Duration::from_secs(3600), Duration::from_millis(2)] {
        let dropped = collect(budget, |_| CURSOR);
        let (others, far) = dropped.split_at(ENTITIES as usize);
        assert!(
            others.iter().all(Option::is_none),
            "what is not on the timeline goes first of all"
        );
        let distances: Vec<u64> = far.iter().map(|time| time.unwrap().abs_diff(CURSOR)).collect();
        assert!(distances.is_sorted_by(|a, b| a >= b), "farthest first");
    }
}

#[test]
fn a_cursor_that_moves_is_followed() {
    // From one end to the other while the collection goes on: what is near at last was far when it was marked.
    let dropped = collect(
        Duration::from_micros(500),
        |step| if step < 3 { 0 } else { TIMES - 1 },
    );
    let near = dropped
        .iter()
        .flatten()
        .filter(|time| **time > TIMES - TIMES / 8)
        .count();
    assert!(near < dropped.len() / 20, "{near} of {} were near", dropped.len());
}

#[test]
fn a_cursor_that_jumps_leaves_nothing_out() {
    // In steps as small as can be: the jump comes while the chunks are looked for, or when all of them were found.
    for (times, before, after) in [
        (9_000..9_100, 0, 9_050),
        (0..1_000, 2_000, 0),
        (0..1_000, 500, 700),
    ] {
        for steps in [1, 50, 99, 150, 600] {
            let mut store = line(times.clone());
            let timeline = store.timeline_id("frame").unwrap();
            let mut buffers = GcBuffers::default();
            let mut step = |time, time_budget| {
                let order = GcOrder::FarthestFrom { timeline, time };
                let done = store
                    .gc(
                        &GcOptions {
                            protect_latest: 0,
                            time_budget,
                            order,
                            ..GcOptions::default()
                        },
                        &mut buffers,
                    )
                    .done;
                drop((buffers.events.drain(..), buffers.garbage.take()));
                done
            };
            for _ in 0..steps {
                step(before, Duration::ZERO);
            }
            assert!(
                step(after, Duration::from_secs(3600)),
                "with time enough it is done at once"
            );
            assert_eq!(
                store.num_chunks(),
                0,
                "{times:?}: from {before} to {after} after {steps} steps"
            );
        }
    }
}

#[test]
fn what_can_not_go_stays_however_far() {
    let mut store = line(0..100);
    let timeline = store.timeline_id("frame").unwrap();
    // Over the cursor, over everything, and on no timeline.
    let of_times = |times: &[i64]| {
        let rows = times
            .iter()
            .map(|time| vec![(Timeline::sequence("frame"), *time)]);
        rows.fold(Chunk::builder("/b"), |chunk, row| {
            chunk.with_row(RowId::new(), row, [])
        })
        .build()
        .unwrap()
    };
    let value: ArrayRef = std::sync::Arc::new(Int32Array::from(vec![1]));
    let constant = [(chronoscope_store::ComponentDescriptor::partial("Test:x"), value)];
    store.insert(of_times(&[-500, 500])).unwrap();
    store.insert(of_times(&[20, 60])).unwrap();
    store
        .insert(
            Chunk::builder("/c")
                .with_row(RowId::new(), [], constant)
                .build()
                .unwrap(),
        )
        .unwrap();
    let order = GcOrder::FarthestFrom { timeline, time: 50 };
    let mut options = GcOptions {
        protect_latest: 0,
        order,
        time_budget: Duration::from_secs(3600),
        ..GcOptions::default()
    };
    options.protected_time_ranges = vec![(timeline, chronoscope_store::TimeRange::new(0, 9))];
    let mut buffers = GcBuffers::default();
    assert!(store.gc(&options, &mut buffers).done);
    let last: Vec<_> = buffers
        .events
        .iter()
        .rev()
        .map(|event| event.meta.time_range(timeline))
        .collect();
    assert!(
        last[..2].contains(&chronoscope_store::TimeRange::new(20, 60)),
        "what covers the cursor goes last"
    );
    // Ten rows in the protected range, the chunk that spans it, and what is static.
    assert_eq!(store.num_chunks(), 12);
}

#[test]
fn work_between_two_looks_at_the_clock_is_bounded() {
    // Chunks of many columns and of few, with all that can be protected.
    let mut store = store();
    let value: ArrayRef = std::sync::Arc::new(Int32Array::from(vec![1]));
    for time in 0..200 {
        let cells = (0..40).map(|at| {
            let component = chronoscope_store::ComponentDescriptor::partial(format!("Test:{at}"));
            (component, value.clone())
        });
        let chunk =
            Chunk::builder("/wide").with_row(RowId::new(), [(Timeline::sequence("frame"), time)], cells);
        store.insert(chunk.build().unwrap()).unwrap();
    }
    let frame = store.timeline_id("frame").unwrap();
    for order in [
        GcOrder::FarthestFrom {
            timeline: frame,
            time: 1_000,
        },
        GcOrder::OldestRow,
    ] {
        let (mut buffers, mut steps) = (GcBuffers::default(), 0);
        loop {
            let options = GcOptions {
                target_bytes: store.num_bytes() / 3,
                order,
                ..GcOptions::default()
            };
            let report = store.gc(&options, &mut buffers);
            steps += 1;
            assert!(report.max_items_between_looks > 0);
            assert!(
                report.max_items_between_looks <= 2 * MAX_ITEMS_BETWEEN_LOOKS + 2 * 42,
                "{}",
                report.max_items_between_looks
            );
            if report.done || steps > 100 {
                break;
            }
        }
        assert!(!buffers.events.is_empty());
    }
    assert_eq!(store.store_stats(), store.recount());
}

#[test]
fn memory_is_freed_from_the_first_step_on() {
    let mut store = line(0..5_000);
    let timeline = store.timeline_id("frame").unwrap();
    let mut buffers = GcBuffers::default();
    let options = GcOptions {
        protect_latest: 0,
        time_budget: Duration::ZERO,
        order: GcOrder::FarthestFrom {
            timeline,
            time: 2_000,
        },
        ..GcOptions::default()
    };
    for step in 1..=10 {
        let report = store.gc(&options, &mut buffers);
        assert_eq!((report.dropped_chunks, buffers.events.len()), (1, step));
    }
}

#[test]
fn long_chunks_go_in_the_order_of_their_ends_before_the_cursor() {
    let mut store = line(0..0);
    let frame = Timeline::sequence("frame");
    let spans = [
        (0, 90),
        (1, 20),
        (2, 60),
        (3, 4),
        (50, 55),
        (130, 300),
        (110, 115),
        (95, 105),
    ];
    for (from, to) in spans {
        let rows = [from, to].map(|time| vec![(frame.clone(), time)]);
        let chunk = rows.into_iter().fold(Chunk::builder("/a"), |chunk, row| {
            chunk.with_row(RowId::new(), row, [])
        });
        store.insert(chunk.build().unwrap()).unwrap();
    }
    let timeline = store.timeline_id("frame").unwrap();
    let mut buffers = GcBuffers::default();
    let options = GcOptions {
        protect_latest: 0,
        time_budget: Duration::MAX,
        order: GcOrder::FarthestFrom { timeline, time: 100 },
        ..GcOptions::default()
    };
    assert!(store.gc(&options, &mut buffers).done);
    let ranges = buffers.events.iter().map(|event| event.meta.time_range(timeline));
    let gone: Vec<_> = ranges.map(|range| (range.min, range.max)).collect();
    assert_eq!(
        gone,
        [
            (3, 4),
            (1, 20),
            (50, 55),
            (2, 60),
            (130, 300),
            (0, 90),
            (110, 115),
            (95, 105)
        ]
    );
}

#[test]
fn a_place_that_another_chunk_took_is_no_candidate() {
    let mut store = line(0..3);
    let frame = store.timeline_id("frame").unwrap();
    let mut buffers = GcBuffers::default();
    let options = |time_budget: Duration| GcOptions {
        protect_latest: 0,
        time_budget,
        order: GcOrder::FarthestFrom {
            timeline: frame,
            time: 100,
        },
        ..GcOptions::default()
    };
    assert!(!store.gc(&options(Duration::ZERO), &mut buffers).done);
    let first = store.chunks().next().unwrap().0.id;
    store.drop_chunks([first]);
    let later = Chunk::builder("/a").with_row(RowId::new(), [(Timeline::sequence("frame"), 50)], []);
    store.insert(later.build().unwrap()).unwrap();
    let report = store.gc(&options(Duration::from_secs(3600)), &mut buffers);
    assert!(report.done);
    assert_eq!((store.num_chunks(), report.freed_bytes > 0), (0, true));
    assert_eq!(store.store_stats(), store.recount());
}
