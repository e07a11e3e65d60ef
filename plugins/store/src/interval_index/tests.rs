//! The tree against a list, with enough entries for several levels.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::{prelude::*, test_runner::RngSeed};

use super::*;

#[derive(Clone, Debug)]
enum Op {
    /// An interval from here, of this length, loaded or not.
    Insert(i64, i64, bool),
    /// The interval at this place of the list, as far as there are as many, and so many of those that begin after it, each
    /// or every second one.
    Remove(usize, usize, usize),
    /// The interval at this place of the list, if it is loaded, ends this much later and has more rows.
    Grow(usize, i64, u32),
}

fn check(list: &[Entry], index: &IntervalIndex, time: i64) {
    let around = index.around(time);
    let mut covering: Vec<u32> = around.covering.iter().map(|entry| entry.slot).collect();
    covering.sort_unstable();
    let mut expected: Vec<u32> = list
        .iter()
        .filter(|e| e.min <= time && time <= e.max)
        .map(|e| e.slot)
        .collect();
    expected.sort_unstable();
    assert_eq!(covering, expected, "at {time}");
    assert_eq!(
        around.before,
        list.iter().filter(|e| e.max < time).map(|e| e.max).max()
    );
    assert_eq!(
        around.loaded_before,
        list.iter()
            .filter(|e| e.max < time && e.is_loaded())
            .map(|e| e.max)
            .max()
    );
    assert_eq!(
        around.after,
        list.iter().filter(|e| e.min > time).map(|e| e.min).min()
    );
    for limit in [1, 5, usize::MAX] {
        assert_eq!(
            index.count_ending_after(time, limit),
            list.iter().filter(|e| e.max > time).count().min(limit)
        );
    }
    let mut ending = 0;
    index.for_each_ending_at(time, |entry| ending += usize::from(entry.max == time));
    assert_eq!(ending, list.iter().filter(|e| e.max == time).count());
}

fn check_all(list: &[Entry], index: &IntervalIndex) {
    (-2..1010).step_by(17).for_each(|time| check(list, index, time));
    let union = list.iter().fold(TimeRange::EMPTY, |union, e| {
        union.union(&TimeRange::new(e.min, e.max))
    });
    assert_eq!(index.range(), union);
    assert_eq!(index.is_empty(), list.is_empty());
    assert_eq!(index.heap_bytes(), index.walk_heap_bytes());
    let (range, mut seen) = (TimeRange::new(200, 300), Vec::new());
    index.for_each_overlapping(range, |entry| seen.push(entry.key()));
    assert!(seen.is_sorted());
    assert_eq!(
        seen.len(),
        list.iter()
            .filter(|e| e.min <= range.max && e.max >= range.min)
            .count()
    );
    let mut seen: Vec<&Entry> = Vec::new();
    index.visit_by_end(range, |entry| {
        seen.extend(list.iter().find(|other| other.slot == entry.slot));
        true
    });
    assert!(seen.is_sorted_by_key(|entry| std::cmp::Reverse(entry.max.min(range.max))));
    assert_eq!(
        seen.len(),
        list.iter()
            .filter(|e| e.min <= range.max && e.max >= range.min)
            .count()
    );
    let mut in_order: Vec<Key> = list.iter().map(Entry::key).collect();
    in_order.sort_unstable();
    for after in [None, in_order.get(in_order.len() / 3).copied(), Some((500, 0))] {
        let mut seen = Vec::new();
        assert!(index.visit_after(after, |entry| {
            seen.push(entry.key());
            true
        }));
        let begin = after.map_or(0, |after| in_order.partition_point(|key| *key <= after));
        assert_eq!(seen, in_order[begin..]);
        let mut seen = Vec::new();
        assert!(index.visit_before(after, |entry| {
            seen.push(entry.key());
            true
        }));
        let end = after.map_or(in_order.len(), |before| {
            in_order.partition_point(|key| *key < before)
        });
        assert!(seen.iter().rev().eq(&in_order[..end]));
    }
    for by_end in [false, true] {
        let mut visits = 0;
        let visit = |_: &Entry| {
            visits += 1;
            visits < 3
        };
        if by_end {
            index.visit_by_end(range, visit);
        } else {
            index.visit_by_beginning(range, visit);
        }
        assert_eq!(visits, seen.len().min(3), "no more than asked for");
    }
    // Every row counts once, in a bucket or as one to be looked at more closely.
    let (mut buckets, mut spread) = ([0; 16], 0);
    index.count_rows(TimeRange::new(0, 2000), &mut buckets, |entry, _| {
        spread += entry.rows;
    });
    assert_eq!(
        buckets.iter().sum::<u32>() + spread,
        list.iter().map(|entry| entry.rows).sum::<u32>()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, rng_seed: RngSeed::Fixed(0x5eed), ..ProptestConfig::default() })]

    #[test]
    fn a_tree_equals_a_list(
        in_order in any::<bool>(),
        ops in proptest::collection::vec(
            prop_oneof![
                40 => (0..1000_i64, prop_oneof![9 => 0..4_i64, 1 => 0..1000_i64], any::<bool>())
                    .prop_map(|(min, length, loaded)| Op::Insert(min, length, loaded)),
                10 => any::<usize>().prop_map(|place| Op::Remove(place, 1, 1)),
                10 => (any::<usize>(), 0..50_i64, 1..4_u32).prop_map(|(place, later, rows)| Op::Grow(place, later, rows)),
                1 => (any::<usize>(), 1..80_usize, 1..3_usize).prop_map(|(place, count, step)| Op::Remove(place, count, step)),
            ],
            0..3000,
        ),
    ) {
        let (mut list, mut index): (Vec<Entry>, _) = (Vec::new(), IntervalIndex::default());
        for (at, op) in ops.iter().enumerate() {
            match *op {
                Op::Insert(min, length, loaded) => {
                    let min = if in_order { at as i64 / 3 } else { min };
                    let entry = Entry::new(TimeRange::new(min, min + length), at as u32, 1 + at as u32 % 5, (0, 0), loaded);
                    list.push(entry);
                    index.insert(entry);
                }
                Op::Remove(place, count, step) => {
                    let Some(place) = place.checked_rem(list.len()) else { continue };
                    list.sort_by_key(Entry::key);
                    let keys: Vec<Key> = list[place..].iter().step_by(step).take(count).map(Entry::key).collect();
                    list.retain(|entry| !keys.contains(&entry.key()));
                    assert_eq!(index.remove(&keys), keys.len());
                    assert_eq!(index.remove(&keys), 0, "they are gone");
                }
                Op::Grow(place, later, rows) => {
                    let place = place.checked_rem(list.len());
                    let Some(entry) = place.and_then(|place| list.get_mut(place)).filter(|entry| entry.is_loaded()) else { continue };
                    (entry.max, entry.rows) = (entry.max + later, entry.rows + rows);
                    index.grow(entry.key(), entry.max, rows);
                }
            }
            if at % 500 == 0 {
                check_all(&list, &index);
            }
        }
        check_all(&list, &index);
        // Down to nothing, from the front as a collection does.
        list.sort_by_key(Entry::key);
        while !list.is_empty() {
            let keys: Vec<Key> = list.drain(..list.len().min(150)).map(|entry| entry.key()).collect();
            assert_eq!(index.remove(&keys), keys.len());
            check_all(&list, &index);
        }
    }
}
