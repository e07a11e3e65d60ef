#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use chronoscope_store::{ChunkStore, StoreId, StoreSettings, Timeline};
use chronoscope_types::{Scalars, columns_chunk, columns_chunk_with_lengths};

use super::*;
use crate::plot::testing::Random;

fn ask(store: &ChunkStore, range: TimeRange) -> (TimelineId, RangeResult) {
    let entity = store.entity_id(&"/a".into()).unwrap();
    let timeline = store.timeline_id("t").unwrap();
    let component = store.component_id(&Scalars::SCALARS).unwrap();
    (timeline, store.range(entity, timeline, range, component))
}

fn chunk(times: Vec<i64>, lengths: &[usize], values: &[f64]) -> chronoscope_store::Chunk {
    columns_chunk_with_lengths(
        "a",
        [(Timeline::sequence("t"), times)],
        &Scalars::new(values.iter().copied()),
        lengths,
    )
    .unwrap()
}

/// What is drawn of an instance: gaps at the front are none, and several are one.
fn drawn(samples: &Samples, column: usize) -> Vec<(i64, u64)> {
    let mut drawn: Vec<(i64, u64)> = Vec::new();
    let mut after_gap = true;
    for (time, value) in samples.times(column).iter().zip(samples.values(column)) {
        if !(value.is_nan() && after_gap) {
            // Bits, since gaps are not equal to themselves.
            drawn.push((*time, value.to_bits()));
        }
        after_gap = value.is_nan();
    }
    drawn
}

fn assert_same(kept: &Samples, new: &Samples, random: &mut Random) {
    assert_eq!(kept.num_columns(), new.num_columns());
    assert_eq!(kept.num_left_out(), new.num_left_out());
    for column in 0..new.num_columns() {
        assert_eq!(drawn(kept, column), drawn(new, column));
        assert_eq!(kept.times(column).len(), kept.values(column).len());
        assert!(kept.times(column).is_sorted());
        let values = kept.values(column);
        for _ in 0..8 {
            let start = random.below(values.len() + 1);
            let end = start + random.below(values.len() + 1 - start);
            assert_eq!(kept.extent(column, start..end), Extent::of(&values[start..end]));
        }
    }
}

/// Whatever arrives, in whatever order, and wherever the range moves: an update gives what starting anew gives.
#[test]
fn updated_equals_new() {
    let mut random = Random::new(6);
    for round in 0..90 {
        let mut store =
            ChunkStore::with_settings(StoreId::recording("test", "samples"), StoreSettings::default());
        let mut kept = Samples::default();
        let mut clears: Vec<ClearKey> = Vec::new();
        let mut latest = 0;
        for _ in 0..16 {
            let len = 1 + random.below(60);
            let is_late = round % 5 != 0 && random.below(4) == 0;
            let start = if is_late {
                random.below(latest as usize + 1) as i64
            } else {
                latest
            };
            let times: Vec<i64> = (0..len as i64).map(|at| start + at * 3).collect();
            latest = latest.max(start + len as i64 * 3);
            // One value each, two each, or any number.
            let lengths: Vec<usize> = (0..len)
                .map(|_| match round % 3 {
                    0 => 1,
                    1 => 2,
                    _ => random.below(4),
                })
                .collect();
            let values: Vec<f64> = (0..lengths.iter().sum::<usize>())
                .map(|_| {
                    if random.below(9) == 0 {
                        f64::INFINITY
                    } else {
                        random.unit()
                    }
                })
                .collect();
            if random.below(3) > 0 {
                store.insert(chunk(times, &lengths, &values)).unwrap();
            }
            if round % 2 == 0 && random.below(9) == 0 {
                clears.push((random.below(latest as usize + 1) as i64, RowId::new()));
                clears.sort_unstable();
            }
            if store.entity_id(&"/a".into()).is_none() {
                continue;
            }
            let range = match random.below(4) {
                0 => TimeRange::EVERYTHING,
                1 => TimeRange::new(random.below(50) as i64, latest - 20),
                _ => TimeRange::new(
                    latest - 150 - random.below(40) as i64,
                    latest - random.below(40) as i64,
                ),
            };
            let (timeline, answer) = ask(&store, range);
            kept.update(timeline, &answer, clears.clone()).unwrap();
            let mut new = Samples::default();
            new.update(timeline, &answer, clears.clone()).unwrap();
            assert_same(&kept, &new, &mut random);
        }
    }
}

/// A window that slides reads what enters and nothing else, in both directions and with several values per row.
#[test]
fn a_window_that_slides_reads_only_what_enters() {
    for width in [1, 3] {
        let mut store = ChunkStore::new(StoreId::recording("test", "samples"));
        for part in 0..20_i64 {
            let times: Vec<i64> = (part * 1_000..(part + 1) * 1_000).collect();
            let values: Vec<f64> = times
                .iter()
                .flat_map(|time| (0..width).map(move |at| (*time * (at as i64 + 1)) as f64))
                .collect();
            store.insert(chunk(times, &vec![width; 1_000], &values)).unwrap();
        }
        let mut samples = Samples::default();
        let slide = |samples: &mut Samples, end: i64| {
            let (timeline, answer) = ask(&store, TimeRange::new(end - 4_999, end));
            samples.update(timeline, &answer, Vec::new()).unwrap();
            assert_eq!(samples.times(0).first().copied(), Some((end - 4_999).max(0)));
            assert_eq!(samples.times(0).last().copied(), Some(end.min(19_999)));
            for column in 0..width {
                let whole = samples.extent(column, 0..usize::MAX / 2);
                assert_eq!(
                    whole,
                    Extent::of(samples.values(column)),
                    "column {column} at {end}"
                );
            }
            samples.rows_read()
        };
        assert_eq!(slide(&mut samples, 6_000), 5_000);
        let forwards: Vec<i64> = (6_010..16_000).step_by(10).collect();
        for end in forwards.iter().copied() {
            assert_eq!(slide(&mut samples, end), 10);
        }
        assert_eq!(slide(&mut samples, 15_990), 0, "nothing moved");
        for end in forwards.iter().rev().skip(1).copied() {
            assert_eq!(slide(&mut samples, end), 10);
        }
        assert!(
            samples.heap_bytes() < 4 * 5_000 * (8 + 10 * width),
            "{}",
            samples.heap_bytes()
        );
    }
}

/// Where rows that enter are the first with another number of values, what the range left behind is dropped. As many values may enter.
#[test]
fn extents_hold_where_as_many_uneven_rows_enter_as_left() {
    const CHANGE: i64 = 5_000;
    let mut store = ChunkStore::new(StoreId::recording("test", "samples"));
    let times: Vec<i64> = (0..CHANGE).collect();
    let values: Vec<f64> = times.iter().map(|time| *time as f64).collect();
    store
        .insert(chunk(times, &[1; CHANGE as usize], &values))
        .unwrap();
    let times: Vec<i64> = (CHANGE..CHANGE + 1_000).collect();
    let values: Vec<f64> = times.iter().flat_map(|time| [-*time as f64, 1.0]).collect();
    store.insert(chunk(times, &[2; 1_000], &values)).unwrap();
    let mut random = Random::new(7);
    for (from, to) in [(4_900, 5_900), (4_999, 5_900), (4_999, 5_010)] {
        let mut kept = Samples::default();
        for cursor in [from, to] {
            let (timeline, answer) = ask(&store, TimeRange::new(cursor - 3_999, cursor));
            kept.update(timeline, &answer, Vec::new()).unwrap();
            let mut new = Samples::default();
            new.update(timeline, &answer, Vec::new()).unwrap();
            assert_same(&kept, &new, &mut random);
            for column in 0..new.num_columns() {
                let values = new.values(column);
                assert_eq!(
                    kept.extent(column, 0..values.len()),
                    Extent::of(values),
                    "column {column} from {from} to {to}"
                );
            }
        }
    }
}

/// A row of very many values among rows of one costs what was logged, not rows times instances.
#[test]
fn ragged_rows_cost_what_was_logged() {
    const WIDE: usize = 300_000;
    const ROWS: usize = 3_000;
    let mut store = ChunkStore::new(StoreId::recording("test", "samples"));
    store.insert(chunk(vec![0], &[WIDE], &vec![1.0; WIDE])).unwrap();
    let times: Vec<i64> = (1..ROWS as i64).collect();
    store
        .insert(chunk(times, &[1; ROWS - 1], &[2.0; ROWS - 1]))
        .unwrap();
    store
        .insert(chunk(vec![ROWS as i64], &[WIDE], &vec![1.0; WIDE]))
        .unwrap();
    let (timeline, answer) = ask(&store, TimeRange::EVERYTHING);
    let mut samples = Samples::default();
    samples.update(timeline, &answer, Vec::new()).unwrap();
    assert_eq!(samples.num_columns(), MAX_SERIES);
    assert_eq!(samples.num_left_out(), WIDE - MAX_SERIES);
    assert_eq!(samples.times(0).len(), ROWS + 1);
    assert_eq!(samples.times(1), [0, 1, ROWS as i64]);
    assert!(samples.values(1)[1].is_nan());
    assert!(samples.heap_bytes() < 1 << 20, "{}", samples.heap_bytes());
}

#[test]
fn dense_and_ragged_rows_read_alike() {
    let build = |lengths: &[usize], values: &[f64]| {
        let mut store = ChunkStore::new(StoreId::recording("test", "samples"));
        let times = (0..lengths.len() as i64).collect();
        store.insert(chunk(times, lengths, values)).unwrap();
        let (timeline, answer) = ask(&store, TimeRange::new(1, 3));
        let mut samples = Samples::default();
        samples.update(timeline, &answer, Vec::new()).unwrap();
        samples
    };
    let dense = build(&[1, 1, 1, 1, 1], &[0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(
        (dense.times(0), dense.values(0), dense.num_columns()),
        (&[1, 2, 3][..], &[1.0, 2.0, 3.0][..], 1)
    );
    let ragged = build(&[1, 2, 0, 1, 1], &[0.0, 1.0, 1.5, 3.0, 4.0]);
    assert_eq!(ragged.num_columns(), 2);
    assert_eq!(drawn(&ragged, 0), [(1, 1f64), (2, f64::NAN), (3, 3.0)].map(bits));
    assert_eq!(drawn(&ragged, 1), [(1, 1.5), (2, f64::NAN)].map(bits));
}

fn bits((time, value): (i64, f64)) -> (i64, u64) {
    (time, value.to_bits())
}

#[test]
fn a_clear_is_a_gap() {
    let mut store = ChunkStore::new(StoreId::recording("test", "samples"));
    let times = (Timeline::sequence("t"), vec![0, 1, 5, 6]);
    store
        .insert(columns_chunk("a", [times], &Scalars::new([1.0, 2.0, 3.0, 4.0])).unwrap())
        .unwrap();
    let (timeline, answer) = ask(&store, TimeRange::EVERYTHING);
    let mut samples = Samples::default();
    samples
        .update(timeline, &answer, vec![(2, RowId::new()), (9, RowId::new())])
        .unwrap();
    assert_eq!(samples.times(0), [0, 1, 2, 5, 6]);
    assert!(samples.values(0)[2].is_nan());
    assert_eq!(samples.ended_at(), Some(9), "after the last of them");
    // At the same time as a row, what was logged later wins.
    samples
        .update(timeline, &answer, vec![(5, RowId::from_u128(0))])
        .unwrap();
    assert_eq!(samples.times(0), [0, 1, 5, 5, 6]);
    assert!(samples.values(0)[2].is_nan() && !samples.values(0)[3].is_nan());
    assert_eq!(samples.ended_at(), None);
    samples
        .update(timeline, &answer, vec![(5, RowId::new())])
        .unwrap();
    assert!(!samples.values(0)[2].is_nan() && samples.values(0)[3].is_nan());
}
