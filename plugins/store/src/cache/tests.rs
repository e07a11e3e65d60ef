//! What the cache keeps, how it is purged, and many threads at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use arrow_array::{ArrayRef, Int64Array, cast::AsArray as _, types::Int64Type};

use super::*;
use crate::{
    AbsentChunk, Chunk, ComponentDescriptor, EntityPath, Recording, RowId, StoreId, StoreSettings, Timeline,
    cache::{entry::CachedEntry, place::Place},
};

/// A recording of some entities, with a row per time that holds the time.
fn recording(
    entities: usize,
    times: impl Iterator<Item = i64> + Clone,
    settings: StoreSettings,
) -> Recording {
    let store = ChunkStore::with_settings(StoreId::recording("test", "test"), settings);
    let mut recording = Recording::from_store(store);
    for entity in 0..entities {
        let row = |chunk: crate::ChunkBuilder, time: i64| {
            let value: ArrayRef = Arc::new(Int64Array::from(vec![time]));
            let cells = [(ComponentDescriptor::partial("Test:x"), value)];
            chunk.with_row(RowId::new(), [(Timeline::sequence("frame"), time)], cells)
        };
        let chunk = times.clone().fold(Chunk::builder(format!("/{entity}")), row);
        recording.insert(chunk.build().unwrap()).unwrap();
    }
    recording.apply_pending();
    recording
}

fn ids(recording: &Recording, entity: usize) -> SeriesName {
    let store = &recording.store;
    (
        store.entity_id(&EntityPath::parse(&entity.to_string())).unwrap(),
        store.timeline_id("frame").unwrap(),
        store.component_id("Test:x").unwrap(),
    )
}

fn ask(recording: &Recording, entity: usize, time: i64) {
    let (entity, timeline, component) = ids(recording, entity);
    recording.latest_at(entity, Some(timeline), time, component);
}

#[test]
fn views_with_ranges_of_their_own_do_not_drive_each_other_out() {
    let recording = recording(1, 0..100, StoreSettings::default());
    let (entity, timeline, component) = ids(&recording, 0);
    let ranges = [(0, 9), (5, 50), (20, 99), (0, 99)].map(|(min, max)| TimeRange::new(min, max));
    for round in 0..3 {
        for range in ranges {
            assert_eq!(
                recording.range(entity, timeline, range, component).num_rows() as i64,
                range.max - range.min + 1
            );
        }
        assert_eq!(recording.cache.stats().range_misses, 4, "round {round}");
    }
    let stats = recording.cache.stats();
    assert_eq!(
        (stats.bytes_effective, stats.bytes_actual),
        recording.cache.recount_bytes()
    );
}

#[test]
fn a_purge_in_steps_frees_what_was_not_used_the_longest() {
    let mut recording = recording(100, 0..3, StoreSettings::default());
    (0..100).for_each(|entity| ask(&recording, entity, 1));
    (0..70).for_each(|_| recording.apply_pending());
    (0..10).for_each(|entity| ask(&recording, entity, 1));
    let before = recording.cache.stats().bytes_actual;
    let each = size_of::<SeriesCache>() as u64;
    let (mut freed, mut steps) = (0, 0);
    loop {
        let report = recording.cache.purge_step(80 * each - freed, 16);
        (freed, steps) = (freed + report.freed_bytes, steps + 1);
        assert!(report.freed_bytes <= 16 * (each + 1024));
        if report.done {
            break;
        }
    }
    assert!(freed >= 80 * each && steps > 5);
    assert_eq!(recording.cache.stats().bytes_actual, before - freed);
    // Those that were used last are still there.
    let misses = recording.cache.stats().misses;
    (0..10).for_each(|entity| ask(&recording, entity, 1));
    assert_eq!(recording.cache.stats().misses, misses);
    assert!(!recording.cache.purge_step(u64::MAX, 5).done, "it begins anew");
}

#[test]
fn what_a_gap_made_useless_is_freed_a_few_at_a_time() {
    let mut recording = recording(3_000, 0..1, StoreSettings::default());
    (0..3_000).for_each(|entity| ask(&recording, entity, 1));
    let before = recording.cache.stats().bytes_actual;
    // A change that is not told.
    let (entity, ..) = ids(&recording, 0);
    recording.store.drop_entity(entity);
    let mut left = Vec::new();
    for _ in 0..7 {
        recording.apply_pending();
        let stats = recording.cache.stats();
        assert_eq!(
            (stats.bytes_effective, stats.bytes_actual),
            recording.cache.recount_bytes()
        );
        left.push(recording.cache.retired.len());
    }
    assert_eq!(left, [3_000, 1_976, 952, 0, 0, 0, 0]);
    assert!(recording.cache.stats().bytes_actual < before / 2);
}

#[test]
fn a_range_waits_no_longer_for_a_chunk_that_has_no_row_there() {
    let full = recording(1, 13..16, StoreSettings::default());
    let chunk = full.store.chunks().find_map(|(_, chunk)| chunk.cloned()).unwrap();
    let mut absent = AbsentChunk::of(&chunk);
    // Less is known of it than that it has rows from 13 to 15.
    absent.timelines[0].1 = TimeRange::new(10, 20);
    absent.components[0].ranges.clear();
    let mut recording = Recording::from_store(ChunkStore::new(StoreId::recording("test", "test")));
    recording.insert_absent(&absent).unwrap();
    recording.apply_pending();
    let (entity, timeline, component) = ids(&recording, 0);
    let before = TimeRange::new(10, 11);
    let is_missing = |recording: &Recording| {
        let answer = recording.range(entity, timeline, before, component);
        !answer.missing().is_empty()
    };
    assert!(is_missing(&recording));
    recording.load(chunk).unwrap();
    recording.apply_pending();
    assert!(!is_missing(&recording));
}

#[test]
fn gaps_in_each_frame_leave_no_more_than_one_does() {
    let mut recording = recording(3_000, 0..1, StoreSettings::default());
    for entity in 0..10 {
        (0..3_000).for_each(|entity| ask(&recording, entity, 1));
        let (entity, ..) = ids(&recording, entity);
        recording.store.drop_entity(entity);
        recording.apply_pending();
        assert!(recording.cache.retired.len() <= 3_000);
    }
}

#[test]
fn changes_of_many_series_join_however_they_alternate() {
    let mut pending = Pending::default();
    let series = |at: usize| {
        (
            EntityId::from_index(at),
            TimelineId::from_index(0),
            ComponentId::from_index(0),
        )
    };
    for time in 0..1_000_i64 {
        for at in 0..100 {
            // As on a timeline of nanoseconds, they never touch.
            pending.touch(series(at), TimeRange::point(time * 1_000));
        }
    }
    assert!(pending.touched.len() == 100 && !pending.gap);
    let ranges = pending.touched.values().next().unwrap();
    assert!(ranges.len() <= MAX_RANGES);
    let union = ranges
        .iter()
        .fold(TimeRange::EMPTY, |union, range| union.union(range));
    assert_eq!(union, TimeRange::new(0, 999_000));
}

#[test]
fn a_reader_never_sees_a_torn_entry() {
    let (entry, stop) = (CachedEntry::default(), AtomicBool::new(false));
    // Each field says the same number, so that a mixture is seen.
    let answer = |number: u16| {
        (
            Place::of_number(number),
            TimeRange::new(i64::from(number), i64::MAX),
        )
    };
    thread::scope(|scope| {
        for writer in 0..2_u16 {
            let (entry, stop) = (&entry, &stop);
            scope.spawn(move || {
                let mut number = writer;
                while !stop.load(Ordering::Relaxed) {
                    let (place, validity) = answer(number);
                    entry.put(place, validity);
                    number = (number + 7) % 1_000;
                }
            });
        }
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..200_000 {
                        if let Some((place, validity)) = entry.get(i64::MAX) {
                            assert_eq!((place, validity), answer(validity.min as u16));
                        }
                    }
                })
            })
            .collect();
        let results: Vec<_> = readers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(results.iter().all(Result::is_ok));
    });
}

#[test]
fn threads_that_ask_at_once_get_the_same_rows() {
    // Rows out of order, so that the first reader of each chunk makes the order of its rows.
    let times = (0..400_i64).map(|at| at * 173 % 400);
    let recording = recording(4, times, StoreSettings::without_compaction());
    let series: Vec<SeriesName> = (0..4).map(|entity| ids(&recording, entity)).collect();
    thread::scope(|scope| {
        for reader in 0..4_i64 {
            let (recording, series) = (&recording, &series);
            scope.spawn(move || {
                for at in 0..4_000_i64 {
                    let time = (at * 37 + reader * 101) % 400;
                    let (entity, timeline, component) = series[(at % 4) as usize];
                    let answer = recording.latest_at(entity, Some(timeline), time, component);
                    let cell = answer.cell().unwrap();
                    assert_eq!(cell.as_primitive::<Int64Type>().values()[..], [time]);
                    let range = TimeRange::new(time, time + reader);
                    let rows = recording.range(entity, timeline, range, component).num_rows() as i64;
                    assert_eq!(rows, (400 - time).min(reader + 1));
                }
            });
        }
    });
    let stats = recording.cache.stats();
    assert_eq!(
        (stats.bytes_effective, stats.bytes_actual),
        recording.cache.recount_bytes()
    );
    assert_eq!(recording.store.store_stats(), recording.store.recount());
}
