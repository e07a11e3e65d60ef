//! Rows that come one by one are gathered: whatever they hold, the answers are those of a store that leaves chunks as they come.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, sync::Arc};

use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::Field;
use chronoscope_store::{
    Chunk, ChunkChange, ChunkId, ChunkStore, ComponentColumn, ComponentDescriptor, EntityPath, Hit,
    RangeResult, Recording, RowId, StoreId, StoreSettings, TimeColumn, TimeRange, Timeline,
    arrow::{
        Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray,
        FixedSizeListArray, Float64Array, Int32Array, ListArray, NullArray, StringArray, StringViewArray,
        StructArray, TimestampMicrosecondArray, types::Int32Type,
    },
};
use proptest::{prelude::*, test_runner::RngSeed};

const KINDS: usize = 12;

/// Numbers as an array of some type.
fn plain(kind: usize, numbers: &[u8]) -> ArrayRef {
    let of = |number: &u8| i64::from(*number);
    match kind {
        0 => Arc::new(Float64Array::from_iter_values(
            numbers.iter().map(|n| f64::from(*n)),
        )),
        1 => Arc::new(
            TimestampMicrosecondArray::from_iter_values(numbers.iter().map(of)).with_timezone("+02:00"),
        ),
        2 => Arc::new(numbers.iter().map(|n| Some(n % 3 == 0)).collect::<BooleanArray>()),
        3 => Arc::new(StringArray::from_iter_values(
            numbers.iter().map(|n| "ü".repeat(usize::from(n % 5))),
        )),
        4 => Arc::new(BinaryArray::from_iter_values(
            numbers.iter().map(|n| vec![*n; usize::from(n % 4)]),
        )),
        5 => Arc::new(Decimal128Array::from_iter_values(
            numbers.iter().map(|n| i128::from(*n) << 90),
        )),
        6 => Arc::new(StringViewArray::from_iter_values(
            numbers.iter().map(|n| "a text".repeat(usize::from(n % 5))),
        )),
        7 => Arc::new(
            numbers
                .iter()
                .map(|n| if n % 2 == 0 { "x" } else { "y" })
                .collect::<DictionaryArray<Int32Type>>(),
        ),
        8 => Arc::new(NullArray::new(numbers.len())),
        9 => {
            let bytes = numbers.iter().map(|n| Some([*n; 3]));
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes, 3).unwrap())
        }
        10 => Arc::new(Int32Array::from_iter(
            numbers.iter().map(|n| (n % 4 > 0).then_some(i32::from(*n))),
        )),
        _ => {
            let child: ArrayRef = plain(0, numbers);
            Arc::new(StructArray::from(vec![(
                Arc::new(Field::new("a", child.data_type().clone(), false)),
                child,
            )]))
        }
    }
}

/// How values nest below the list of a row.
#[derive(Clone, Copy, Debug)]
enum Nesting {
    Plain,
    Vectors(i32),
    Lists,
    ListsOfVectors,
}

fn nested(kind: usize, nesting: Nesting, numbers: &[u8]) -> ArrayRef {
    let field = |values: &ArrayRef| Arc::new(Field::new("item", values.data_type().clone(), true));
    let vectors = |size: usize| -> ArrayRef {
        let values = plain(kind, &numbers.repeat(size));
        Arc::new(
            FixedSizeListArray::try_new_with_length(field(&values), size as i32, values, None, numbers.len())
                .unwrap(),
        )
    };
    let lists = |values: ArrayRef| -> ArrayRef {
        // Of each value's own length, and with values that no list uses.
        let offsets = OffsetBuffer::from_lengths(numbers.iter().map(|n| usize::from(n % 2)));
        Arc::new(ListArray::new(field(&values), offsets, values, None))
    };
    match nesting {
        Nesting::Plain => plain(kind, numbers),
        Nesting::Vectors(size) => vectors(size as usize),
        Nesting::Lists => lists(plain(kind, numbers)),
        Nesting::ListsOfVectors => lists(vectors(2)),
    }
}

/// A chunk to be: its rows' times and numbers, as a slice of something larger.
#[derive(Clone, Debug)]
struct Rows {
    later: Vec<i64>,
    numbers: Vec<u8>,
    columns: usize,
    with_nulls: bool,
    both_timelines: bool,
    backwards: bool,
}

fn rows() -> impl Strategy<Value = Rows> {
    let count = prop_oneof![6 => Just(1_usize), 1 => 2..9_usize];
    let later = prop_oneof![1 => -20..0_i64, 12 => 0..4_i64];
    count
        .prop_flat_map(move |count| {
            let each = (
                proptest::collection::vec(later.clone(), count),
                proptest::collection::vec(any::<u8>(), 2 * count + 2),
            );
            (
                each,
                prop_oneof![8 => Just(2_usize), 1 => 0..3_usize],
                0..20_u8,
                0..20_u8,
                0..20_u8,
            )
        })
        .prop_map(|((later, numbers), columns, nulls, timelines, backwards)| Rows {
            later,
            numbers,
            columns,
            with_nulls: nulls == 0,
            both_timelines: timelines > 0,
            backwards: backwards == 0,
        })
}

fn build(at: usize, rows: &Rows, time: &mut i64, first_row: u128, kinds: [(usize, Nesting); 2]) -> Chunk {
    let count = rows.later.len();
    let times: Vec<i64> = rows
        .later
        .iter()
        .map(|later| {
            *time += later;
            *time
        })
        .collect();
    let mut ids: Vec<RowId> = (0..count as u128)
        .map(|row| RowId::from_u128(first_row + row))
        .collect();
    if rows.backwards {
        ids.reverse();
    }
    let mut timelines = vec![TimeColumn::new(Timeline::sequence("a"), times.clone())];
    if rows.both_timelines {
        timelines.push(TimeColumn::new(
            Timeline::sequence("b"),
            times.iter().map(|time| time * 2).collect::<Vec<_>>(),
        ));
    }
    let columns = kinds
        .iter()
        .take(rows.columns)
        .enumerate()
        .map(|(column, (kind, nesting))| {
            let values = nested(*kind, *nesting, &rows.numbers);
            let nulls = rows
                .with_nulls
                .then(|| (0..count + 1).map(|row| row % 2 == 0).collect::<NullBuffer>());
            // The first row is cut away.
            let offsets =
                OffsetBuffer::from_lengths((0..=count).map(|row| usize::from(rows.numbers[row] % 3).min(2)));
            let field = Arc::new(Field::new("item", values.data_type().clone(), true));
            let lists = ListArray::new(field, offsets, values, nulls).slice(1, count);
            ComponentColumn::new(ComponentDescriptor::partial(format!("Test:{column}")), lists)
        });
    Chunk::new(
        ChunkId::from_u128(at as u128 + 1),
        EntityPath::parse("/a"),
        ids,
        timelines,
        columns,
    )
    .unwrap()
}

fn found(answer: &RangeResult) -> Vec<(i64, RowId, arrow_data::ArrayData)> {
    answer
        .rows()
        .map(|row| (row.time, row.row_id, row.cell().to_data()))
        .collect()
}

/// How many rows were put behind others.
fn check(settings: StoreSettings, kinds: [(usize, Nesting); 2], chunks: &[Rows]) -> usize {
    let id = || StoreId::recording("test", "test");
    let mut gathers = Recording::from_store(ChunkStore::with_settings(id(), settings.clone()));
    let mut plain = ChunkStore::with_settings(id(), StoreSettings::without_compaction());
    let (mut time, mut first_row, mut grown) = (0, 1, 0);
    let mut older: Vec<Option<RangeResult>> = vec![None; 2];
    for (at, rows) in chunks.iter().enumerate() {
        let chunk = build(at, rows, &mut time, first_row, kinds);
        first_row += rows.later.len() as u128;
        let events = gathers.insert(chunk.clone()).unwrap();
        grown += events
            .iter()
            .filter(|event| event.change == ChunkChange::Grown)
            .count();
        plain.insert(chunk.clone()).unwrap();
        assert!(
            gathers.insert(chunk).unwrap().is_empty(),
            "rows that are there are not taken again"
        );
        assert_eq!(gathers.store.num_rows(), plain.num_rows());
        assert_eq!(gathers.store.store_stats(), gathers.store.recount());
        if at % 3 == 0 {
            gathers.apply_pending();
        }
        let entity = plain.entity_id(&"/a".into()).unwrap();
        let timeline = plain.timeline_id("a").unwrap();
        let all = plain.time_range(timeline);
        assert_eq!(gathers.store.time_range(timeline), all);
        for (column, older) in older.iter_mut().enumerate() {
            let Some(component) = plain.component_id(&format!("Test:{column}")) else {
                continue;
            };
            let cursor = time - i64::from(rows.numbers[0] % 16);
            let (ours, expected) = (
                gathers.latest_at(entity, Some(timeline), cursor, component),
                plain.latest_at(entity, Some(timeline), cursor, component),
            );
            assert_eq!(ours.validity, expected.validity);
            assert_eq!(
                ours.hit.as_ref().map(Hit::row_id),
                expected.hit.as_ref().map(Hit::row_id)
            );
            assert_eq!(
                ours.cell().map(|cell| cell.to_data()),
                expected.cell().map(|cell| cell.to_data())
            );
            if at % 4 == 0 {
                let ours = gathers.range(entity, timeline, TimeRange::EVERYTHING, component);
                let expected = plain.range(entity, timeline, TimeRange::EVERYTHING, component);
                assert_eq!(found(&ours), found(&expected));
                if let Some((older, delta)) = older
                    .as_ref()
                    .and_then(|older| Some((older, ours.delta_since(older)?)))
                {
                    let (new, old) = (found(&ours), found(older));
                    let kept = &old[delta.lost_front..old.len() - delta.lost_back];
                    assert_eq!(&new[delta.gained_front..new.len() - delta.gained_back], kept);
                }
                *older = Some(ours);
                let density = |store: &ChunkStore| store.density(entity, Some(component), timeline, all, 7);
                assert_eq!(density(&gathers.store), density(&plain));
            }
            assert_eq!(
                gathers.store.next_time(timeline, cursor),
                plain.next_time(timeline, cursor)
            );
            assert_eq!(
                gathers.store.previous_time(timeline, cursor),
                plain.previous_time(timeline, cursor)
            );
        }
    }
    // Beside its rows, a chunk takes its arrays and the room that those came with, of which a dictionary's builder leaves most.
    let most = settings.max_bytes.saturating_mul(2).saturating_add(64 << 10);
    assert!(
        gathers
            .store
            .chunks()
            .all(|(meta, _)| meta.num_bytes <= most && meta.num_rows as usize <= 2 * settings.max_rows),
        "no chunk is larger than wanted"
    );
    grown
}

fn nesting() -> impl Strategy<Value = Nesting> {
    prop_oneof![
        Just(Nesting::Plain),
        (0..4_i32).prop_map(Nesting::Vectors),
        Just(Nesting::Lists),
        Just(Nesting::ListsOfVectors)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, rng_seed: RngSeed::Fixed(0x5eed), ..ProptestConfig::default() })]

    #[test]
    fn any_rows_are_found_as_they_came(
        chunks in proptest::collection::vec(rows(), 1..120),
        kinds in [(0..KINDS, nesting()), (0..KINDS, nesting())],
        (max_rows, max_bytes) in prop_oneof![Just((4096, 384 * 1024)), Just((6, 384 * 1024)), Just((40, 2_000))],
    ) {
        check(StoreSettings { max_rows, max_bytes, ..StoreSettings::default() }, kinds, &chunks);
    }
}

#[test]
fn plain_rows_are_gathered_whatever_their_types() {
    let one = Rows {
        later: vec![1],
        numbers: vec![1, 7, 3, 4],
        columns: 2,
        with_nulls: false,
        both_timelines: true,
        backwards: false,
    };
    for kind in 0..6 {
        for nesting in [
            Nesting::Plain,
            Nesting::Vectors(3),
            Nesting::Lists,
            Nesting::ListsOfVectors,
        ] {
            let grown = check(
                StoreSettings::default(),
                [(kind, nesting), (0, Nesting::Plain)],
                &vec![one.clone(); 100],
            );
            assert!(grown > 90, "{grown} of 100 rows of {kind} {nesting:?}");
        }
    }
}

#[test]
fn a_chunk_that_comes_back_as_another_is_not_taken_for_the_first() {
    let chunk = |id: u128, row: u128, name: &str, values: ArrayRef| {
        let field = Arc::new(Field::new("item", values.data_type().clone(), true));
        let lists = ListArray::new(field, OffsetBuffer::from_lengths([1]), values, None);
        let times = TimeColumn::new(Timeline::sequence("a"), vec![row as i64]);
        let column = ComponentColumn::new(ComponentDescriptor::partial(name), lists);
        Chunk::new(
            ChunkId::from_u128(id),
            "/a".into(),
            [RowId::from_u128(row)],
            [times],
            [column],
        )
        .unwrap()
    };
    let (x, y): (ArrayRef, ArrayRef) = (
        Arc::new(Float64Array::from(vec![2.0])),
        Arc::new(Int32Array::from(vec![7])),
    );
    for evicted in [false, true] {
        let mut recording = Recording::new(StoreId::recording("test", "test"));
        let id = ChunkId::from_u128(7);
        recording.insert(chunk(7, 1, "Test:x", x.clone())).unwrap();
        if evicted {
            recording.evict(id);
            recording.load(chunk(7, 1, "Test:y", y.clone())).unwrap();
        } else {
            recording.drop_chunks([id]);
            recording.insert(chunk(7, 1, "Test:y", y.clone())).unwrap();
        }
        recording.insert(chunk(8, 2, "Test:x", x.clone())).unwrap();
        let store = &recording.store;
        let (entity, timeline) = (
            store.entity_id(&"/a".into()).unwrap(),
            store.timeline_id("a").unwrap(),
        );
        for (name, expected) in [("Test:x", &x), ("Test:y", &y)] {
            let answer = store.latest_at(entity, Some(timeline), 2, store.component_id(name).unwrap());
            assert_eq!(
                answer.cell().as_ref(),
                Some(expected),
                "{name}, evicted: {evicted}"
            );
        }
    }
}

#[test]
fn an_id_never_stands_for_more_rows_elsewhere() {
    let row = |at: i64| {
        let values: ArrayRef = Arc::new(Int32Array::from(vec![at as i32]));
        let times = [(Timeline::sequence("a"), at)];
        Chunk::builder("/a")
            .with_row(
                RowId::new(),
                times,
                [(ComponentDescriptor::partial("Test:x"), values)],
            )
            .build()
            .unwrap()
    };
    let mut store = ChunkStore::new(StoreId::recording("test", "test"));
    let mut exported: BTreeMap<ChunkId, Vec<RowId>> = BTreeMap::new();
    for at in 0..80 {
        store.insert(row(at)).unwrap();
        let chunks: Vec<Arc<Chunk>> = store.export().collect();
        assert_eq!(
            chunks.iter().map(|chunk| chunk.num_rows()).sum::<usize>(),
            at as usize + 1
        );
        for chunk in chunks {
            let rows = exported
                .entry(chunk.id())
                .or_insert_with(|| chunk.row_ids().to_vec());
            assert_eq!(rows, chunk.row_ids());
        }
    }
}
