//! What random histories are made of.

use proptest::prelude::*;

use crate::model::{self, ChunkSpec, ENTITIES, RowSpec};

/// Most times lie in here; queries go a little beyond.
pub(crate) const TIMES: std::ops::Range<i64> = -4..12;

/// Some lie at the ends of what there is.
const EXTREMES: [i64; 4] = [-i64::MAX, -i64::MAX + 1, i64::MAX - 1, i64::MAX];

pub(crate) fn time() -> impl Strategy<Value = i64> {
    prop_oneof![24 => TIMES, 1 => proptest::sample::select(EXTREMES.to_vec())]
}

/// All times that are worth a look.
pub(crate) fn cursors() -> impl Iterator<Item = i64> + Clone {
    let around = TIMES.start - 2..TIMES.end + 2;
    around
        .chain([i64::MIN, -i64::MAX / 2, i64::MAX / 2])
        .chain(EXTREMES)
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Insert(ChunkSpec),
    /// Rows that come one by one, mostly in order.
    Stream(ChunkSpec),
    InsertAgain(usize),
    Drop(usize),
    DropEntity(usize),
    Evict(usize),
    Load(usize),
    Gc {
        kib: u64,
        latest: usize,
        protect: Option<(i64, i64)>,
        farthest: Option<i64>,
        at_once: bool,
    },
    Apply,
    Query {
        entity: usize,
        timeline: usize,
        time: i64,
        component: usize,
    },
    Range {
        entity: usize,
        timeline: usize,
        min: i64,
        len: i64,
        component: usize,
    },
}

pub(crate) fn cell() -> impl Strategy<Value = model::Cell> {
    prop_oneof![2 => Just(None), 5 => proptest::collection::vec(0..2_i32, 0..3).prop_map(Some)]
}

pub(crate) fn chunk(with_clears: bool) -> impl Strategy<Value = ChunkSpec> {
    let times = [time(), time(), time()];
    let row = (times, cell(), cell(), cell()).prop_map(move |(times, x, y, clear)| RowSpec {
        row_id: 0,
        times,
        cells: [x, y, if with_clears { clear } else { None }],
    });
    let timelines = prop_oneof![
        4 => Just([true, false, false]),
        3 => Just([true, true, false]),
        1 => Just([true, true, true]),
        1 => Just([false, true, true]),
        1 => Just([false, true, false]),
        1 => Just([false; 3])
    ];
    (
        0..ENTITIES.len(),
        timelines,
        proptest::collection::vec(row, 1..8),
        any::<bool>(),
    )
        .prop_map(|(entity, timelines, mut rows, sorted)| {
            if sorted {
                rows.sort_by_key(|row| row.times);
            }
            ChunkSpec {
                entity,
                timelines,
                rows,
            }
        })
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let query = (0..ENTITIES.len(), 0..3_usize, time(), 0..3_usize);
    let gc = (
        0..3_u64,
        0..3_usize,
        proptest::option::of((TIMES, 0..4_i64)),
        proptest::option::of(time()),
        any::<bool>(),
    );
    let range = (
        0..ENTITIES.len(),
        0..3_usize,
        TIMES.start - 2..TIMES.end,
        0..8_i64,
        0..3_usize,
    );
    prop_oneof![
        6 => chunk(false).prop_map(Op::Insert),
        1 => chunk(true).prop_map(Op::Insert),
        4 => chunk(false).prop_map(Op::Stream),
        2 => any::<usize>().prop_map(Op::InsertAgain),
        2 => any::<usize>().prop_map(Op::Drop),
        1 => (0..ENTITIES.len()).prop_map(Op::DropEntity),
        2 => any::<usize>().prop_map(Op::Evict),
        3 => any::<usize>().prop_map(Op::Load),
        1 => gc.prop_map(|(kib, latest, protect, farthest, at_once)| Op::Gc { kib, latest, protect, farthest, at_once }),
        4 => Just(Op::Apply),
        12 => query.prop_map(|(entity, timeline, time, component)| Op::Query { entity, timeline, time, component }),
        3 => range.prop_map(|(entity, timeline, min, len, component)| Op::Range { entity, timeline, min, len, component }),
    ]
}
