//! Chunks that are put together on their way: whatever goes together, and however often it comes, the answers are those of a store
//! that takes each chunk by itself, once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc};

use chronoscope_store::{
    Chunk, ChunkGroup, ChunkId, ChunkStore, ComponentColumn, ComponentDescriptor, EntityPath, RowId, StoreId,
    StoreSettings, TimeColumn, TimeRange, Timeline,
    arrow::{ListArray, cast::AsArray as _, types::Int32Type},
};
use proptest::{prelude::*, test_runner::RngSeed};

const ENTITIES: [&str; 2] = ["/a", "/b"];
const COMPONENTS: [&str; 2] = ["Test:x", "Test:y"];

/// A chunk to be: its entity, its component, the times of its rows.
type Spec = (usize, usize, Vec<i64>);

/// Chunks whose row ids grow from one to the next, and whose values are their row ids.
fn chunks_of(specs: &[Spec]) -> Vec<Arc<Chunk>> {
    let mut next = 1;
    let chunk_of = |(entity, component, times): &Spec| {
        let ids: Vec<i32> = (next..).take(times.len()).collect();
        next += times.len() as i32;
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(ids.iter().map(|id| Some([Some(*id)])));
        let row_ids: Vec<RowId> = ids.iter().map(|id| RowId::from_u128(*id as u128)).collect();
        let chunk = Chunk::new(
            ChunkId::new(),
            ENTITIES[*entity].into(),
            row_ids,
            [TimeColumn::new(Timeline::sequence("frame"), times.clone())],
            [ComponentColumn::new(
                ComponentDescriptor::partial(COMPONENTS[*component]),
                lists,
            )],
        );
        Arc::new(chunk.unwrap())
    };
    specs.iter().map(chunk_of).collect()
}

/// The chunks as they arrive in batches of so many, those of each entity and component together.
fn combined(chunks: &[Arc<Chunk>], batch: usize) -> Vec<Arc<Chunk>> {
    let mut arrived = Vec::new();
    for batch in chunks.chunks(batch) {
        let mut groups: Vec<ChunkGroup> = Vec::new();
        for chunk in batch {
            let mut left = Some(Arc::clone(chunk));
            for group in &mut groups {
                left = left.and_then(|chunk| group.push(chunk).err());
            }
            groups.extend(left.map(ChunkGroup::new));
        }
        arrived.extend(groups.into_iter().flat_map(ChunkGroup::finish));
    }
    arrived
}

/// All rows of a component of an entity: times and values.
fn rows(store: &ChunkStore, entity: &str, component: &str) -> Vec<(i64, i32)> {
    let (Some(entity), Some(component), Some(timeline)) = (
        store.entity_id(&EntityPath::parse(entity)),
        store.component_id(component),
        store.timeline_id("frame"),
    ) else {
        return Vec::new();
    };
    let result = store.range(entity, timeline, TimeRange::EVERYTHING, component);
    result
        .rows()
        .map(|row| {
            let value = row.cell().as_primitive::<Int32Type>().value(0);
            (row.time, value)
        })
        .collect()
}

fn assert_same(store: &ChunkStore, expected: &ChunkStore) {
    assert_eq!(store.num_rows(), expected.num_rows());
    for entity in ENTITIES {
        for component in COMPONENTS {
            assert_eq!(rows(store, entity, component), rows(expected, entity, component));
        }
    }
    assert_eq!(store.store_stats(), store.recount());
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(0x5eed),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn however_chunks_arrive_each_row_is_there_once(
        specs in proptest::collection::vec((0..2_usize, 0..2_usize, proptest::collection::vec(0..20_i64, 1..4)), 1..80),
        deliveries in proptest::collection::vec((1..40_usize, 0..80_usize), 1..4),
        max_rows in prop_oneof![Just(6_usize), Just(4096)],
        compaction: bool,
    ) {
        let settings = StoreSettings { max_rows, compaction, ..StoreSettings::default() };
        let store_of = || ChunkStore::with_settings(StoreId::recording("test", "test"), settings.clone());
        let chunks = chunks_of(&specs);
        let mut expected = store_of();
        let mut store = store_of();
        let mut sent = BTreeSet::new();
        // Each delivery begins at the beginning, as for a viewer that connects anew, and ends somewhere.
        for (batch, end) in deliveries {
            let end = end.min(chunks.len());
            for chunk in &chunks[..end] {
                if sent.insert(chunk.id()) {
                    expected.insert(Arc::clone(chunk)).unwrap();
                }
            }
            for chunk in combined(&chunks[..end], batch) {
                store.insert(chunk).unwrap();
            }
            assert_same(&store, &expected);
        }
    }
}

#[test]
fn what_was_combined_comes_again_by_itself() {
    let specs: Vec<Spec> = (0..100).map(|time| (0, 0, vec![time])).collect();
    let chunks = chunks_of(&specs);
    let mut store = ChunkStore::new(StoreId::recording("test", "test"));
    let arrived = combined(&chunks, 64);
    assert_eq!(arrived.len(), 2);
    assert!(arrived.iter().all(|chunk| chunk.is_combined()));
    for chunk in arrived.into_iter().chain(chunks) {
        store.insert(chunk).unwrap();
    }
    assert_eq!(store.num_rows(), 100);
}

#[test]
fn rows_that_come_in_order_lie_in_chunks_behind_each_other() {
    // As batches of a sender are: of many sizes, some of which fill an append buffer.
    let mut next = 0;
    let spec = |batch: i64| {
        let first = next;
        next += 1 + batch * 7 % 32;
        (0, 0, (first..next).collect())
    };
    let specs: Vec<Spec> = (0..400).map(spec).collect();
    let mut store = ChunkStore::new(StoreId::recording("test", "test"));
    for chunk in chunks_of(&specs) {
        store.insert(chunk).unwrap();
        let loaded = store.chunks().filter_map(|(_, chunk)| chunk);
        let mut ranges: Vec<TimeRange> = loaded.map(|chunk| chunk.timelines()[0].range()).collect();
        ranges.sort_by_key(|range| range.min);
        assert!(
            ranges.windows(2).all(|pair| pair[0].max < pair[1].min),
            "{ranges:?}"
        );
    }
}

#[test]
fn what_is_large_together_is_split() {
    let mut store = ChunkStore::new(StoreId::recording("test", "test"));
    let mut group: Option<ChunkGroup> = None;
    for time in 0..500 {
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1); 1500])]);
        let chunk = Chunk::new(
            ChunkId::new(),
            "/a".into(),
            vec![RowId::new()],
            [TimeColumn::new(Timeline::sequence("frame"), vec![time])],
            [ComponentColumn::new(
                ComponentDescriptor::partial("Test:x"),
                lists,
            )],
        );
        let chunk = Arc::new(chunk.unwrap());
        match &mut group {
            Some(group) => assert!(group.push(chunk).is_ok()),
            None => group = Some(ChunkGroup::new(chunk)),
        }
    }
    let most = 2 * StoreSettings::default().max_bytes;
    for chunk in group.unwrap().finish() {
        assert!(chunk.num_bytes() > most, "it is large");
        store.insert(chunk).unwrap();
    }
    assert!(store.chunks().all(|(meta, _)| meta.num_bytes <= most));
    let rows: u32 = store.chunks().map(|(meta, _)| meta.num_rows).sum();
    assert_eq!(rows, 500);
    assert_eq!(store.store_stats(), store.recount());
}
