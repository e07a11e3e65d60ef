//! Heavy chunks stay as they came until a collection may take some of their rows and not all. Then their pieces have memory of their own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{cell::RefCell, sync::Arc, time::Duration};

use chronoscope_store::{
    ChangeReason, Chunk, ChunkChange, ChunkId, ChunkStore, ComponentDescriptor, GcBuffers, GcOptions,
    GcOrder, GcReport, MAX_ITEMS_BETWEEN_LOOKS, RowId, StoreEvent, StoreId, StoreSettings, TimeRange,
    Timeline,
    arrow::{Array, ArrayRef, Int32Array},
};

const ROWS: usize = 40;
/// The bytes of a row's values.
const ROW_BYTES: usize = 400;
/// Five rows with their ids, times and offsets are less.
const MAX_BYTES: u64 = 2_500;

fn store() -> ChunkStore {
    let settings = StoreSettings {
        max_bytes: MAX_BYTES,
        ..StoreSettings::default()
    };
    ChunkStore::with_settings(StoreId::recording("test", "test"), settings)
}

/// A chunk of a row at each of these times.
fn chunk(times: std::ops::Range<i64>) -> Arc<Chunk> {
    let mut builder = Chunk::builder("/a");
    for time in times {
        let values: ArrayRef = Arc::new(Int32Array::from(vec![time as i32; ROW_BYTES / 4]));
        let cell = (ComponentDescriptor::partial("Test:x"), values);
        builder = builder.with_row(RowId::new(), [(Timeline::sequence("frame"), time)], [cell]);
    }
    Arc::new(builder.build().unwrap())
}

/// Where the allocation is that a chunk's values lie in.
fn address(chunk: &Chunk) -> usize {
    let values = chunk.components()[0].lists().values().to_data();
    values.buffers()[0].data_ptr().as_ptr() as usize
}

/// Each row's time, from all chunks.
fn times(store: &ChunkStore) -> Vec<i64> {
    let mut times: Vec<i64> = store
        .export()
        .flat_map(|chunk| chunk.timelines()[0].times().to_vec())
        .collect();
    times.sort_unstable();
    times
}

/// Collects until that is done. What changed, and the sum of what was freed.
fn collect(store: &mut ChunkStore, mut options: GcOptions<'_>) -> (Vec<StoreEvent>, u64) {
    let (mut events, mut freed) = (Vec::new(), 0);
    for _ in 0..1_000 {
        let mut buffers = GcBuffers::default();
        let report: GcReport = store.gc(&options, &mut buffers);
        assert!(report.max_items_between_looks <= 2 * MAX_ITEMS_BETWEEN_LOOKS);
        assert_eq!(store.store_stats(), store.recount());
        events.extend(buffers.events);
        freed += report.freed_bytes;
        options.target_bytes = options.target_bytes.saturating_sub(report.freed_bytes);
        if report.done {
            return (events, freed);
        }
    }
    panic!("a collection does not end");
}

fn without_protection(target_bytes: u64) -> GcOptions<'static> {
    GcOptions {
        target_bytes,
        protect_latest: 0,
        ..GcOptions::default()
    }
}

#[test]
fn a_heavy_chunk_stays_as_it_came() {
    let mut store = store();
    let chunk = chunk(0..ROWS as i64);
    store.insert(Arc::clone(&chunk)).unwrap();
    assert!(Arc::ptr_eq(store.chunk(chunk.id()).unwrap(), &chunk));
    assert!(store.insert(chunk).unwrap().is_empty(), "it is known by its id");
}

#[test]
fn a_heavier_one_is_split_as_it_comes() {
    let mut store = store();
    let chunk = chunk(0..40 * MAX_BYTES as i64 / ROW_BYTES as i64);
    let events = store.insert(Arc::clone(&chunk)).unwrap();
    assert!(events.len() > 40);
    assert!(
        events
            .iter()
            .all(|event| event.split_from() == Some(chunk.id()) && event.meta.num_bytes < 2 * MAX_BYTES)
    );
    assert!(store.export().all(|piece| address(&piece) != address(&chunk)));
}

#[test]
fn one_that_may_go_as_a_whole_is_not_split() {
    for target in [u64::MAX, 1 << 20] {
        let mut store = store();
        store.insert(chunk(0..ROWS as i64)).unwrap();
        let (events, freed) = collect(&mut store, without_protection(target));
        let [event] = &*events else { panic!("{events:?}") };
        assert_eq!(
            (event.change, event.reason),
            (ChunkChange::Dropped, ChangeReason::Collected)
        );
        assert!(store.num_chunks() == 0 && freed > (ROWS * ROW_BYTES) as u64);
    }
}

#[test]
fn of_one_that_is_too_much_the_oldest_rows_go_and_their_memory_is_freed() {
    let mut store = store();
    let (whole, behind) = (chunk(0..ROWS as i64), chunk(100..101));
    let address_before = address(&whole);
    let weak = Arc::downgrade(&whole);
    let id = whole.id();
    store.insert(whole).unwrap();
    store.insert(behind).unwrap();
    let before = store.num_bytes();
    let (events, freed) = collect(&mut store, without_protection(4_000));
    assert!((4_000..4_000 + 2 * MAX_BYTES).contains(&freed), "{freed}");
    assert!(
        store.num_bytes() < before,
        "{} bytes of {before}",
        store.num_bytes()
    );
    assert_eq!(weak.strong_count(), 0, "nothing shares its memory");
    let left = times(&store);
    assert!(left.len() > ROWS / 2 && left.len() < ROWS - 5);
    let kept = (0..ROWS as i64).chain([100]).skip(ROWS + 1 - left.len());
    assert!(left.iter().copied().eq(kept), "{left:?}");
    let mut addresses: Vec<usize> = store.export().map(|piece| address(&piece)).collect();
    addresses.sort_unstable();
    assert!(addresses.is_sorted_by(|a, b| a < b) && !addresses.contains(&address_before));
    // To those who follow it is as if its rows moved.
    let (moved, taken): (Vec<_>, Vec<_>) = events
        .iter()
        .partition(|event| event.reason == ChangeReason::Merged);
    assert!(taken.iter().all(|event| event.change == ChunkChange::Dropped));
    let (last, pieces) = moved.split_last().unwrap();
    assert_eq!((last.change, last.meta.id), (ChunkChange::Dropped, id));
    assert!(pieces.iter().all(|event| {
        event.change == ChunkChange::Added && event.split_from() == Some(id) && !event.adds_rows()
    }));
}

#[test]
fn the_rows_that_are_protected_stay_and_all_others_go() {
    let mut protected = without_protection(u64::MAX);
    for cursor in [None, Some(-5), Some(20), Some(100)] {
        for protects_latest in [false, true] {
            let mut store = store();
            store.insert(chunk(0..ROWS as i64)).unwrap();
            let frame = store.timeline_id("frame").unwrap();
            protected.order = cursor.map_or(GcOrder::OldestRow, |time| GcOrder::FarthestFrom {
                timeline: frame,
                time,
            });
            protected.protect_latest = usize::from(protects_latest);
            protected.protected_time_ranges = if protects_latest {
                Vec::new()
            } else {
                vec![(frame, TimeRange::new(7, 8))]
            };
            collect(&mut store, protected.clone());
            let left = times(&store);
            let kept: &[i64] = if protects_latest { &[39] } else { &[7, 8] };
            assert!(kept.iter().all(|time| left.contains(time)), "{left:?}");
            assert!(left.len() <= 10, "{left:?} with the cursor at {cursor:?}");
            // The next collection finds nothing else to split.
            let (events, _) = collect(&mut store, protected.clone());
            assert!(events.is_empty());
        }
    }
}

#[test]
fn a_step_copies_as_much_as_it_has_time_for_and_ends_before_the_pieces_go() {
    let mut store = store();
    store.insert(chunk(0..ROWS as i64)).unwrap();
    let asked = RefCell::new(Vec::<ChunkId>::new());
    let (mut copied, mut steps) = (0, 0);
    let before = store.store_stats().total_bytes();
    loop {
        let mut buffers = GcBuffers::default();
        let options = GcOptions {
            target_bytes: 1,
            time_budget: Duration::ZERO,
            is_protected: &|meta| {
                asked.borrow_mut().push(meta.id);
                false
            },
            ..GcOptions::default()
        };
        let report = store.gc(&options, &mut buffers);
        steps += 1;
        if buffers.events.is_empty() {
            let bytes = store.store_stats().total_bytes() - before;
            assert!(bytes < copied + 3 * MAX_BYTES, "one piece a step");
            assert!(steps < 3 || bytes > copied, "what is copied is counted");
            copied = bytes;
            continue;
        }
        assert!(steps > 8 && !report.done && report.freed_bytes == 0);
        assert!(asked.borrow().is_empty(), "no piece was asked about");
        assert!(
            store.store_stats().total_bytes() < before + 10_000,
            "the copies took its place"
        );
        return;
    }
}

#[test]
fn one_that_goes_while_it_is_copied_is_let_go_of() {
    let mut store = store();
    let whole = chunk(0..ROWS as i64);
    let id = whole.id();
    store.insert(whole).unwrap();
    let options = GcOptions {
        time_budget: Duration::ZERO,
        ..without_protection(1)
    };
    for _ in 0..4 {
        assert!(!store.gc(&options, &mut GcBuffers::default()).done);
    }
    store.drop_chunks([id]);
    store.insert(chunk(50..52)).unwrap();
    let (events, _) = collect(&mut store, options);
    assert_eq!(events.len(), 1);
    assert_eq!(store.num_chunks(), 0);
}
