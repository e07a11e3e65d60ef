//! Range answers with another column in place of the component's.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chronoscope_store::{
    Chunk, ChunkId, ChunkStore, ComponentColumn, ComponentDescriptor, MappedColumns, RangeResult, RowId,
    StoreId, StoreSettings, TimeColumn, TimeRange, Timeline,
    arrow::{ListArray, cast::AsArray as _, types::Int32Type},
};

/// Rows with one number each, which is the row's time, and beside it a color. A row without a number has
/// none.
fn chunk(times: &[i64], has_number: impl Fn(i64) -> bool) -> Chunk {
    let timeline = (!times.is_empty()).then(|| TimeColumn::new(Timeline::sequence("frame"), times.to_vec()));
    let times = if times.is_empty() { &[7] } else { times };
    let column = |name: &str, rows: Vec<Option<i32>>| {
        let lists = rows.into_iter().map(|row| Some(vec![Some(row?)]));
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(lists);
        ComponentColumn::new(ComponentDescriptor::partial(name), lists)
    };
    let numbers = times.iter().map(|time| has_number(*time).then_some(*time as i32));
    let columns = [
        column("number", numbers.collect()),
        column("color", vec![Some(9); times.len()]),
    ];
    let row_ids: Vec<RowId> = times.iter().map(|_| RowId::new()).collect();
    Chunk::new(ChunkId::new(), "/a".into(), row_ids, timeline, columns).unwrap()
}

/// A store that merges nothing.
fn store(chunks: impl IntoIterator<Item = Chunk>) -> ChunkStore {
    let id = StoreId::recording("test", "mapped");
    let mut store = ChunkStore::with_settings(id, StoreSettings::without_compaction());
    for chunk in chunks {
        store.insert(chunk).unwrap();
    }
    store
}

fn numbers(store: &ChunkStore) -> RangeResult {
    let entity = store.entity_id(&"/a".into()).unwrap();
    let timeline = store.timeline_id("frame").unwrap();
    let component = store.component_id("number").unwrap();
    store.range(entity, timeline, TimeRange::EVERYTHING, component)
}

/// The numbers without the odd ones. Fails for a column with a number of 1000 or more.
fn even(lists: &ListArray) -> Result<ListArray, &'static str> {
    let rows = lists
        .iter()
        .map(|row| Some(row?.as_primitive::<Int32Type>().value(0)));
    let rows: Vec<Option<i32>> = rows.collect();
    if rows.iter().flatten().any(|number| *number >= 1_000) {
        return Err("too much");
    }
    let rows = rows
        .into_iter()
        .map(|row| Some(vec![Some(row.filter(|number| number % 2 == 0)?)]));
    Ok(ListArray::from_iter_primitive::<Int32Type, _, _>(rows))
}

fn values(answer: &RangeResult) -> Vec<(i64, i32)> {
    let value =
        |row: chronoscope_store::RangeRow<'_>| (row.time, row.cell().as_primitive::<Int32Type>().value(0));
    answer.rows().map(value).collect()
}

#[test]
fn rows_that_become_null_are_left_out_in_whatever_order_they_lie() {
    let sorted = chunk(&[1, 2, 3, 4], |_| true);
    let unsorted = chunk(&[9, 6, 8, 7, 5, 10], |time| time != 6);
    // Its rows lie between those of the others, so that they are taken by runs.
    let between = chunk(&[0, 12], |_| true);
    let store = store([sorted, unsorted, between]);
    let mut known = MappedColumns::default();
    let (answer, error) = numbers(&store).map_columns(&mut known, even);
    assert_eq!(error, None);
    let expected = [0, 2, 4, 8, 10, 12].map(|time| (time, time as i32));
    assert_eq!(values(&answer), expected);
    assert_eq!(answer.num_rows(), 6);
    // What else was logged in a row is still there.
    for row in answer.rows() {
        let color = row.chunk.cell("color", row.row).unwrap();
        assert_eq!(color.as_primitive::<Int32Type>().value(0), 9);
    }
    // A part of the range is a part of the answer.
    let part = TimeRange::new(2, 8);
    let entity = store.entity_id(&"/a".into()).unwrap();
    let timeline = store.timeline_id("frame").unwrap();
    let component = store.component_id("number").unwrap();
    let part = store.range(entity, timeline, part, component);
    let (part, _) = part.map_columns(&mut known, even);
    assert_eq!(values(&part), [(2, 2), (4, 4), (8, 8)]);
    let delta = part.delta_since(&answer).unwrap();
    assert_eq!((delta.lost_front, delta.lost_back), (1, 2));
}

#[test]
fn a_chunk_that_cannot_be_mapped_is_left_out_and_the_first_error_is_told() {
    let store = store([
        chunk(&[2, 4], |_| true),
        chunk(&[1_000, 1_002], |_| true),
        chunk(&[2_000], |_| true),
    ]);
    let (answer, error) = numbers(&store).map_columns(&mut MappedColumns::default(), even);
    assert_eq!(values(&answer), [(2, 2), (4, 4)]);
    assert_eq!(error, Some("too much"));
}

#[test]
fn only_new_chunks_are_mapped_and_those_that_are_gone_take_no_memory() {
    let mut store = store([chunk(&[2, 3], |_| true), chunk(&[4], |_| true)]);
    let mut known = MappedColumns::default();
    let mut calls = 0;
    let mut take = |store: &ChunkStore, known: &mut MappedColumns<&'static str>| {
        let (answer, _) = numbers(store).map_columns(known, |lists| {
            calls += 1;
            even(lists)
        });
        (answer.num_rows(), calls)
    };
    assert_eq!(take(&store, &mut known), (2, 2));
    assert_eq!(take(&store, &mut known), (2, 2));
    store.insert(chunk(&[6], |_| true)).unwrap();
    assert_eq!(take(&store, &mut known), (3, 3));
    let bytes = known.heap_bytes();
    let entity = store.entity_id(&"/a".into()).unwrap();
    store.drop_entity(entity);
    store.insert(chunk(&[8], |_| true)).unwrap();
    assert_eq!(take(&store, &mut known), (1, 4));
    assert!(known.heap_bytes() < bytes, "{} < {bytes}", known.heap_bytes());
}

#[test]
fn a_static_row_that_becomes_null_is_no_row() {
    let mut store = store([chunk(&[], |_| true)]);
    let entity = store.entity_id(&"/a".into()).unwrap();
    let component = store.component_id("number").unwrap();
    let answer = |store: &ChunkStore, number: i32| {
        let row = store.latest_at(entity, None, 0, component);
        let all = RangeResult::of_static(row, TimeRange::EVERYTHING);
        let (answer, error) = all.map_columns(&mut MappedColumns::default(), |_| {
            Ok::<_, &str>(ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![
                Some(number),
            ])]))
        });
        assert_eq!(error, None);
        answer
            .static_hit()
            .map(|hit| hit.cell().as_primitive::<Int32Type>().value(0))
    };
    assert_eq!(answer(&store, 3), Some(3));
    let row = store.latest_at(entity, None, 0, component);
    let (odd, _) =
        RangeResult::of_static(row, TimeRange::EVERYTHING).map_columns(&mut MappedColumns::default(), even);
    assert!(odd.static_hit().is_none() && odd.num_rows() == 0);
    store.insert(chunk(&[1], |_| true)).unwrap();
    let (odd, _) = numbers(&store).map_columns(&mut MappedColumns::default(), even);
    assert!(
        odd.static_hit().is_none() && odd.slices().is_empty(),
        "static data wins"
    );
}
