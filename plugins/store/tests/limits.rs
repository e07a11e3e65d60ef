//! Data that asks for much: what is too much is an error that names the entity, and all else is kept.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use arrow_schema::{DataType, Field};
use chronoscope_store::{
    AbsentChunk, Chunk, ChunkChange, ChunkError, ChunkId, ChunkStore, ComponentColumn, ComponentDescriptor,
    EntityPath, RowId, StoreError, StoreId, TimeColumn, TimeRange, Timeline,
    arrow::{
        Array, ArrayRef, FixedSizeListArray, Float32Array, Int32Array, ListArray, ListViewArray, NullArray,
        types::Int32Type,
    },
};

fn store() -> ChunkStore {
    ChunkStore::new(StoreId::recording("test", "test"))
}

/// A chunk of one row, on so many timelines, with so many components.
fn wide(entity: &str, timelines: usize, components: usize) -> Chunk {
    let times = (0..timelines).map(|at| TimeColumn::new(Timeline::sequence(format!("t{at:05}")), vec![7]));
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]);
    let columns = (0..components)
        .map(|at| ComponentColumn::new(ComponentDescriptor::partial(format!("c{at:05}")), lists.clone()));
    Chunk::new(ChunkId::new(), entity.into(), vec![RowId::new()], times, columns).unwrap()
}

/// A chunk of one row at a time, whose list has these values.
fn chunk_of(time: i64, values: ArrayRef) -> Chunk {
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    let offsets = arrow_buffer::OffsetBuffer::from_lengths([values.len()]);
    let lists = ListArray::new(field, offsets, values, None);
    let times = TimeColumn::new(Timeline::sequence("frame"), vec![time]);
    let column = ComponentColumn::new(ComponentDescriptor::partial("Test:nothing"), lists);
    Chunk::new(ChunkId::new(), "/n".into(), vec![RowId::new()], [times], [column]).unwrap()
}

#[test]
fn a_chunk_of_many_components_loads_whole() {
    let mut store = store();
    store.insert(wide("/x", 10, 4_000)).unwrap();
    let entity = store.entity_id(&"/x".into()).unwrap();
    assert_eq!(store.components_of(entity).count(), 4_000);
    for (timeline, component) in [("t00000", "c00000"), ("t00009", "c03999")] {
        let timeline = store.timeline_id(timeline).unwrap();
        let component = store.component_id(component).unwrap();
        assert!(
            store
                .latest_at(entity, Some(timeline), 7, component)
                .hit
                .is_some()
        );
    }
    // Another one with other components, and their inverse.
    store.insert(wide("/x", 12, 4_100)).unwrap();
    assert_eq!(store.components_of(entity).count(), 4_100);
    assert_eq!(store.store_stats(), store.recount());
    store.drop_entity(entity);
    assert_eq!((store.components_of(entity).count(), store.num_chunks()), (0, 0));
    assert_eq!(store.store_stats(), store.recount());
}

#[test]
fn a_chunk_whose_columns_multiply_is_rejected_by_name() {
    let mut store = store();
    let chunk = wide("/wide", 2_000, 2_000);
    let error = store.insert(chunk.clone()).unwrap_err();
    assert!(matches!(
        error,
        StoreError::TooManyTimelines { timelines: 2_000, .. }
    ));
    assert!(error.to_string().contains("/wide"), "{error}");
    assert!(store.insert_absent(&AbsentChunk::of(&chunk)).is_err());
    let error = store.insert(wide("/wide", 100, 2_000)).unwrap_err();
    assert!(
        matches!(error, StoreError::TooManySeries { timelines: 100, .. }),
        "{error}"
    );
    assert!(store.store_stats().total_bytes() < 10_000, "nothing is kept");
    store.insert(wide("/near", 2, 2)).unwrap();
    assert_eq!(store.num_chunks(), 1);
}

#[test]
fn an_entity_has_a_greatest_number_of_components() {
    let mut store = store();
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]);
    let mut insert = |chunk: usize| {
        let columns = (0..10_000).map(|at| {
            ComponentColumn::new(
                ComponentDescriptor::partial(format!("{chunk}:{at}")),
                lists.clone(),
            )
        });
        let times = TimeColumn::new(Timeline::sequence("frame"), vec![chunk as i64]);
        let chunk = Chunk::new(
            ChunkId::new(),
            "/many".into(),
            vec![RowId::new()],
            [times],
            columns,
        );
        store.insert(chunk.unwrap())
    };
    for chunk in 0..6 {
        insert(chunk).unwrap();
    }
    assert!(insert(0).is_ok(), "those that are there may come again");
    let error = insert(6).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::TooManyComponents {
                components: 70_000,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn values_that_take_no_memory_are_merged_as_long_as_they_can_be_counted() {
    let nothing = |values: usize| -> ArrayRef { Arc::new(NullArray::new(values)) };
    let empty = |values: usize| -> ArrayRef {
        let field = Arc::new(Field::new("item", DataType::Int32, true));
        let none = Arc::new(Int32Array::from(Vec::<i32>::new()));
        Arc::new(FixedSizeListArray::try_new_with_length(field, 0, none, None, values).unwrap())
    };
    for values in [nothing(100_000_000), empty(100_000_000)] {
        let mut store = store();
        for time in 0..64 {
            store.insert(chunk_of(time, values.clone())).unwrap();
        }
        assert_eq!(store.num_rows(), 64);
        let (entity, timeline, component) = (
            store.entity_id(&"/n".into()).unwrap(),
            store.timeline_id("frame").unwrap(),
            store.component_id("Test:nothing").unwrap(),
        );
        let answer = store.latest_at(entity, Some(timeline), 63, component);
        assert_eq!(answer.cell().unwrap().len(), 100_000_000);
        assert_eq!(
            store
                .range(entity, timeline, TimeRange::EVERYTHING, component)
                .num_rows(),
            64
        );
    }
    // Few enough to be merged.
    let mut store = store();
    for time in 0..64 {
        store.insert(chunk_of(time, nothing(10_000_000))).unwrap();
    }
    assert_eq!(store.num_chunks(), 2);
}

#[test]
fn chunks_with_more_values_than_can_be_counted_are_not_concatenated() {
    let chunks: Vec<Chunk> = (0..3)
        .map(|time| chunk_of(time, Arc::new(NullArray::new(1 << 30))))
        .collect();
    let error = Chunk::concat(ChunkId::new(), &chunks.iter().collect::<Vec<_>>()).unwrap_err();
    assert!(
        matches!(error, ChunkError::TooManyValues { .. }) && error.to_string().contains("/n"),
        "{error}"
    );
}

#[test]
fn a_component_of_very_many_types_is_kept_unmerged() {
    let mut store = store();
    for size in 1..200 {
        let values: ArrayRef = Arc::new(
            FixedSizeListArray::try_new(
                Arc::new(Field::new("item", DataType::Int32, true)),
                size,
                Arc::new(Int32Array::from(vec![1; size as usize])),
                None,
            )
            .unwrap(),
        );
        store.insert(chunk_of(i64::from(size), values.clone())).unwrap();
        store.insert(chunk_of(i64::from(size), values)).unwrap();
    }
    assert_eq!(store.num_rows(), 2 * 199);
    assert_eq!(store.store_stats(), store.recount());
}

#[test]
fn a_timeline_that_changes_its_type_keeps_its_data_and_says_so_once() {
    let mut store = store();
    let row = |path: &str, timeline: Timeline, time: i64| {
        let value: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let cells = [(ComponentDescriptor::partial("Test:x"), value)];
        Chunk::builder(path)
            .with_row(RowId::new(), [(timeline, time)], cells)
            .build()
            .unwrap()
    };
    store.insert(row("/a", Timeline::sequence("t"), 1)).unwrap();
    let mut told = 0;
    for time in 2..200 {
        let events = store.insert(row("/a", Timeline::duration("t"), time)).unwrap();
        told += events
            .iter()
            .map(|event| event.retyped_timelines().len())
            .sum::<usize>();
        store.insert(row("/b", Timeline::timestamp("t"), time)).unwrap();
    }
    let timeline = store.timeline_id("t").unwrap();
    assert_eq!((told, store.num_rows()), (1, 1 + 2 * 198));
    assert_eq!(store.timeline(timeline), &Timeline::sequence("t"));
    let (entity, component) = (
        store.entity_id(&"/a".into()).unwrap(),
        store.component_id("Test:x").unwrap(),
    );
    assert_eq!(
        store
            .range(entity, timeline, TimeRange::EVERYTHING, component)
            .num_rows(),
        199
    );
}

#[test]
fn events_alone_keep_a_list_of_entities_and_components() {
    let mut store = store();
    let mut schema: std::collections::BTreeMap<u32, std::collections::BTreeSet<u32>> = Default::default();
    let row = |path: &str, component: &str| {
        let value: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let cells = [(ComponentDescriptor::partial(component), value)];
        Chunk::builder(path)
            .with_row(RowId::new(), [(Timeline::sequence("t"), 1)], cells)
            .build()
            .unwrap()
    };
    let mut events = Vec::new();
    let mut absent = AbsentChunk::of(&row("/c", "y"));
    for (path, component) in [("/a", "x"), ("/a", "y"), ("/b", "x"), ("/a", "x")] {
        events.extend(store.insert(row(path, component)).unwrap());
    }
    // A footer that says something else than the chunk.
    let chunk = row("/c", "z");
    absent.id = chunk.id();
    events.extend(store.insert_absent(&absent).unwrap());
    events.extend(store.load(chunk).unwrap());
    let id = |store: &ChunkStore, path: &str| store.entity_id(&EntityPath::parse(path)).unwrap();
    let version = store.schema_version();
    let of_c = store
        .chunks()
        .find(|(meta, _)| meta.entity == id(&store, "/c"))
        .unwrap()
        .0
        .id;
    events.extend(store.evict(of_c));
    assert_eq!(
        store.schema_version(),
        version,
        "chunks that go and come back change no schema"
    );
    events.extend(store.drop_entity(id(&store, "/b")));
    let y = store.chunks().find(|(meta, _)| {
        meta.entity == id(&store, "/a") && meta.has_component(store.component_id("y").unwrap())
    });
    let y = y.unwrap().0.id;
    events.extend(store.drop_chunks([y]));
    for event in &events {
        let components = schema.entry(event.meta.entity.index() as u32).or_default();
        components.extend(event.new_components().iter().map(|id| id.index() as u32));
        for gone in event.gone_components() {
            assert!(
                components.remove(&(gone.index() as u32)),
                "what is gone was there"
            );
        }
        if event.is_entity_gone() {
            assert!(components.is_empty() && event.change == ChunkChange::Dropped);
            schema.remove(&(event.meta.entity.index() as u32));
        }
    }
    let expected = store.entities().map(|entity| {
        let components = store.components_of(entity).map(|id| id.index() as u32);
        (entity.index() as u32, components.collect())
    });
    assert_eq!(schema, expected.collect());
    assert_eq!(schema.len(), 2);
}

/// A chunk of a row at each of the first times, with the same list in each.
fn chunk_of_each(rows: usize, values: &ArrayRef) -> Chunk {
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    let offsets = arrow_buffer::OffsetBuffer::from_lengths(std::iter::repeat_n(values.len() / rows, rows));
    let lists = ListArray::new(field, offsets, Arc::clone(values), None);
    let times = TimeColumn::new(Timeline::sequence("frame"), (0..rows as i64).collect::<Vec<_>>());
    let column = ComponentColumn::new(ComponentDescriptor::partial("Test:values"), lists);
    let row_ids: Vec<RowId> = (0..rows).map(|_| RowId::new()).collect();
    Chunk::new(ChunkId::new(), "/n".into(), row_ids, [times], [column]).unwrap()
}

#[test]
fn views_that_repeat_their_values_are_not_copied() {
    const VIEWS: usize = 200_000;
    let nulls: ArrayRef = Arc::new(NullArray::new(1 << 16));
    let field = Arc::new(Field::new("item", DataType::Null, true));
    let views = ListViewArray::try_new(
        field,
        vec![0; VIEWS].into(),
        vec![1 << 16; VIEWS].into(),
        nulls,
        None,
    );
    let views: ArrayRef = Arc::new(views.unwrap());
    let mut store = store();
    // It is heavy enough to be split, and others are small enough to be merged.
    store.insert(chunk_of_each(2, &views)).unwrap();
    for _ in 0..70 {
        store.insert(chunk_of_each(1, &views.slice(0, 10))).unwrap();
    }
    assert_eq!(store.num_chunks(), 71);
    assert_eq!(store.store_stats(), store.recount());
}

#[test]
fn a_slice_takes_what_its_rows_take() {
    const ROWS: usize = 1000;
    let numbers: ArrayRef = Arc::new(Float32Array::from(vec![1.0; 3 * 100 * ROWS]));
    let field = Arc::new(Field::new("item", DataType::Float32, false));
    let points: ArrayRef = Arc::new(FixedSizeListArray::new(field, 3, numbers, None));
    let chunk = chunk_of_each(ROWS, &points);
    let slice = chunk.slice(ChunkId::new(), 500..501);
    let point_bytes = 12 * 100;
    assert!(
        (point_bytes..2 * point_bytes).contains(&slice.num_bytes()),
        "{}",
        slice.num_bytes()
    );
}
