//! Clears as the Rerun Viewer understands them, and what is different by design.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use chronoscope_store::{
    AbsentChunk, CLEAR_COMPONENT, Chunk, ChunkChange, ChunkStore, ComponentDescriptor, GcBuffers, GcOptions,
    GcOrder, LatestAt, RowId, StoreId, StoreSettings, TimeRange, Timeline,
    arrow::{ArrayRef, BooleanArray, Int32Array},
};

fn store() -> ChunkStore {
    ChunkStore::with_settings(
        StoreId::recording("test", "test"),
        StoreSettings::without_compaction(),
    )
}

fn row(path: &str, time: Option<i64>, component: &str, value: ArrayRef) -> Chunk {
    let times = time.map(|time| (Timeline::sequence("frame"), time));
    let cells = [(ComponentDescriptor::partial(component), value)];
    Chunk::builder(path)
        .with_row(RowId::new(), times, cells)
        .build()
        .unwrap()
}

fn data(path: &str, time: Option<i64>) -> Chunk {
    row(path, time, "Test:x", Arc::new(Int32Array::from(vec![1])))
}

/// A clear of these instances: recursive, flat, or none.
fn clear(path: &str, time: Option<i64>, instances: &[bool]) -> Chunk {
    row(
        path,
        time,
        CLEAR_COMPONENT,
        Arc::new(BooleanArray::from(instances.to_vec())),
    )
}

fn at(store: &ChunkStore, path: &str, time: i64) -> LatestAt {
    let entity = store.entity_id(&path.into()).unwrap();
    let component = store.component_id("Test:x").unwrap();
    store.latest_at(entity, store.timeline_id("frame"), time, component)
}

#[test]
fn a_later_flat_clear_shows_the_children_again() {
    let mut store = store();
    store.insert(data("/a", Some(0))).unwrap();
    store.insert(data("/a/b", Some(0))).unwrap();
    store.insert(clear("/a", Some(10), &[true])).unwrap();
    store.insert(clear("/a", Some(20), &[false])).unwrap();
    let shown = |path: &str, time: i64| at(&store, path, time).hit.is_some();
    assert_eq!(
        [5, 10, 15, 20, 30].map(|time| shown("/a/b", time)),
        [true, false, false, true, true]
    );
    assert_eq!(
        [5, 10, 15, 20, 30].map(|time| shown("/a", time)),
        [true, false, false, false, false]
    );
    assert_eq!(at(&store, "/a/b", 15).validity, TimeRange::new(10, 19));
    assert_eq!(at(&store, "/a/b", 25).validity, TimeRange::new(20, i64::MAX));
}

#[test]
fn a_static_clear_masks_those_with_a_time() {
    let mut store = store();
    store.insert(data("/a/b", Some(0))).unwrap();
    store.insert(clear("/a", Some(10), &[true])).unwrap();
    assert!(at(&store, "/a/b", 15).hit.is_none());
    store.insert(clear("/a", None, &[false])).unwrap();
    assert!(at(&store, "/a/b", 15).hit.is_some());
    store.insert(clear("/a/b", None, &[false])).unwrap();
    assert!(
        at(&store, "/a/b", 15).hit.is_none(),
        "on its own entity a flat one hides"
    );
}

#[test]
fn an_empty_clear_is_a_flat_one() {
    let mut store = store();
    store.insert(data("/a", Some(0))).unwrap();
    store.insert(data("/a/b", Some(0))).unwrap();
    store.insert(clear("/a", Some(10), &[])).unwrap();
    assert!(at(&store, "/a", 9).hit.is_some() && at(&store, "/a", 10).hit.is_none());
    assert!(at(&store, "/a/b", 10).hit.is_some());
}

#[test]
fn of_many_clears_that_are_not_loaded_an_answer_names_one() {
    let mut store = store();
    store.insert(data("/a/b", Some(0))).unwrap();
    let clears: Vec<Chunk> = (1..1_000).map(|time| clear("/a", Some(time), &[true])).collect();
    for clear in &clears {
        store.insert_absent(&AbsentChunk::of(clear)).unwrap();
    }
    let answer = at(&store, "/a/b", 500);
    assert!(answer.hit.is_some(), "it is shown, and provisional");
    assert_eq!(answer.missing.to_vec(), [clears[0].id()]);
    assert_eq!(answer.validity, TimeRange::new(1, i64::MAX));
    assert_eq!(at(&store, "/a/b", 0).validity, TimeRange::new(0, 0));
    assert_eq!(store.store_stats(), store.recount());
    for clear in &clears {
        store.load(clear.clone()).unwrap();
    }
    let answer = at(&store, "/a/b", 500);
    assert!(answer.hit.is_none() && answer.missing.is_empty());
    assert_eq!(answer.validity, TimeRange::new(1, i64::MAX));
    assert_eq!(store.store_stats(), store.recount());
}

#[test]
fn what_a_clear_hides_for_good_is_said_of_no_time_before_it() {
    let mut store = store();
    store.insert(data("/a/b", Some(6))).unwrap();
    store.insert(clear("/a", Some(6), &[true])).unwrap();
    store.insert(clear("/a/b", Some(9), &[false])).unwrap();
    // It would mask the recursive one, so that the row is shown before its own clear.
    let mask = clear("/a", None, &[false]);
    store.insert_absent(&AbsentChunk::of(&mask)).unwrap();
    let answer = at(&store, "/a/b", 9);
    assert!(answer.hit.is_none() && answer.missing.is_empty());
    assert_eq!(answer.validity, TimeRange::new(9, i64::MAX));
    assert_eq!(at(&store, "/a/b", 8).missing.to_vec(), [mask.id()]);
    store.load(mask).unwrap();
    let before = at(&store, "/a/b", 8);
    assert!(before.hit.is_some());
    assert_eq!(before.validity, TimeRange::new(6, 8));
    assert_eq!(at(&store, "/a/b", 9).validity, TimeRange::new(9, i64::MAX));
}

#[test]
fn clears_and_small_static_chunks_are_never_evicted() {
    let map = |values: usize| {
        row(
            "/map",
            None,
            &format!("Test:{values}"),
            Arc::new(Int32Array::from(vec![1; values])),
        )
    };
    let (small, large) = (map(10), map(100_000));
    let chunks = [
        data("/a", Some(0)),
        data("/a", Some(9)),
        clear("/a", Some(5), &[true]),
        small,
        large.clone(),
    ];
    for order in [
        |_: &ChunkStore| GcOrder::OldestRow,
        |store: &ChunkStore| GcOrder::FarthestFrom {
            timeline: store.timeline_id("frame").unwrap(),
            time: 3,
        },
    ] {
        let mut store = ChunkStore::new(StoreId::recording("test", "test"));
        for chunk in &chunks {
            store.insert_absent(&AbsentChunk::of(chunk)).unwrap();
            store.load(chunk.clone()).unwrap();
        }
        let mut buffers = GcBuffers::default();
        let options = GcOptions {
            protect_latest: 0,
            time_budget: Duration::MAX,
            order: order(&store),
            ..GcOptions::default()
        };
        assert!(store.gc(&options, &mut buffers).done);
        let mut evicted: Vec<_> = buffers
            .events
            .iter()
            .map(|event| (event.change, event.meta.id))
            .collect();
        let mut expected = [&chunks[0], &chunks[1], &large].map(|chunk| (ChunkChange::Evicted, chunk.id()));
        if matches!(options.order, GcOrder::FarthestFrom { .. }) {
            assert_eq!(evicted.last(), expected.last(), "what is static goes last");
        }
        evicted.sort_by_key(|(_, id)| *id);
        expected.sort_by_key(|(_, id)| *id);
        assert_eq!(evicted, expected);
        assert_eq!(store.store_stats(), store.recount());
    }
}
