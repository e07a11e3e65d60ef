//! The answers of one series.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use crate::{
    ChunkStore, RangeResult, TimeRange,
    cache::{entry::CachedEntry, place::Place, stats::Tally},
    latest_at::Answer,
};
use parking_lot::Mutex;

/// How many answers stand ready for readers without a lock: views with cursors of their own do not drive each other out.
const WAYS: usize = 2;

/// How many range answers a series keeps: views with ranges of their own do not drive each other out.
const MAX_RANGES: usize = 4;

/// How many older answers a series keeps, about as many as somebody who scrubs goes back over.
const MAX_OLDER: usize = 64;

/// An answer that is not provisional.
#[derive(Clone, Copy, Debug)]
struct Older {
    validity: TimeRange,
    place: Place,
    /// What its rows take, about.
    row_bytes: u32,
}

/// The answers of one series, by the intervals for which they hold.
///
/// What a hit reads stands together, at the beginning of a line of the processor's cache.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(super) struct SeriesCache {
    /// The frame in which the series was last asked for.
    last_use: AtomicU64,
    /// The way to be written next.
    turn: AtomicUsize,
    recent: [CachedEntry; WAYS],
    /// Ordered by time, without overlaps.
    older: Mutex<VecDeque<Older>>,
    /// The last used one is the last. Most series are never asked for a range, so they have no room for one.
    ranges: Mutex<Vec<RangeResult>>,
}

impl SeriesCache {
    /// The answer at a time, if it is kept.
    #[inline]
    pub(super) fn get(&self, store: &ChunkStore, time: i64, epoch: u64) -> Option<Answer> {
        self.touch(epoch);
        if let Some((place, validity)) = self.recent.iter().find_map(|entry| entry.get(time)) {
            return place.answer(store, validity, time);
        }
        let answer = self.get_older(store, time)?;
        self.put_recent(&answer);
        Some(answer)
    }

    /// As [`Self::get`], with the run that the answer belongs to.
    pub(super) fn get_run(&self, store: &ChunkStore, time: i64, epoch: u64) -> Option<Answer> {
        self.touch(epoch);
        self.get_older(store, time)
    }

    fn get_older(&self, store: &ChunkStore, time: i64) -> Option<Answer> {
        let older = self.older.lock();
        // Where the cursor goes on beyond all that was seen, which is most of the time, only the end is looked at.
        if older.back().is_none_or(|last| last.validity.max < time) {
            return None;
        }
        let at = older.partition_point(|older| older.validity.max < time);
        let hit = *older.get(at).filter(|older| older.validity.min <= time)?;
        drop(older);
        hit.place.answer(store, hit.validity, time)
    }

    /// Keeps an answer that is not provisional.
    pub(super) fn put(&self, store: &ChunkStore, time: i64, answer: &Answer, tally: &mut Tally) {
        self.put_recent(answer);
        let (place, validity) = Place::of_run(answer);
        let mut older = self.older.lock();
        let capacity = older.capacity();
        let is_last = older.back().is_none_or(|last| last.validity.max < validity.min);
        let (start, end) = if is_last {
            (older.len(), older.len())
        } else {
            (
                older.partition_point(|older| older.validity.max < validity.min),
                older.partition_point(|older| older.validity.min <= validity.max),
            )
        };
        // Another reader may have been faster. Otherwise the rows that meet a run are some of its own.
        let is_inside = |other: &Older| other.validity.contains(time);
        if older.range(start..end).any(is_inside) {
            return;
        }
        for gone in older.drain(start..end) {
            tally.bytes_effective -= i64::from(gone.row_bytes);
        }
        let row_bytes = place.slot().map_or(0, |slot| store.row_bytes(slot));
        let row_bytes = row_bytes.saturating_mul(place.num_rows());
        older.insert(
            start,
            Older {
                validity,
                place,
                row_bytes,
            },
        );
        tally.bytes_effective += i64::from(row_bytes);
        if older.len() > MAX_OLDER {
            // The end that is farther from the cursor goes.
            let first = older.front().map_or(0, |older| older.validity.max.abs_diff(time));
            let last = older.back().map_or(0, |older| older.validity.min.abs_diff(time));
            let gone = if first > last {
                older.pop_front()
            } else {
                older.pop_back()
            };
            tally.bytes_effective -= gone.map_or(0, |gone| i64::from(gone.row_bytes));
        }
        tally.bytes_actual += ((older.capacity() - capacity) * size_of::<Older>()) as i64;
    }

    fn put_recent(&self, answer: &Answer) {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store((turn + 1) % WAYS, Ordering::Relaxed);
        if let Some(entry) = self.recent.get(turn) {
            entry.put(Place::of_row(answer), answer.validity);
        }
    }

    /// Notes that the series was asked for in this frame. Written once per frame, so that readers do not meet here.
    #[inline]
    fn touch(&self, epoch: u64) {
        if self.last_use.load(Ordering::Relaxed) != epoch {
            self.last_use.store(epoch, Ordering::Relaxed);
        }
    }

    pub(super) fn get_range(&self, range: TimeRange, epoch: u64) -> Option<RangeResult> {
        self.touch(epoch);
        let mut ranges = self.ranges.lock();
        let at = ranges.iter().rposition(|answer| answer.range() == range)?;
        ranges.get_mut(at..)?.rotate_left(1);
        ranges.last().cloned()
    }

    pub(super) fn put_range(&self, answer: &RangeResult, tally: &mut Tally) {
        let mut ranges = self.ranges.lock();
        // Another reader may have been faster.
        if ranges.iter().any(|other| other.range() == answer.range()) {
            return;
        }
        let capacity = ranges.capacity();
        if ranges.len() == MAX_RANGES {
            let before = ranges.remove(0);
            tally.bytes_actual -= before.heap_bytes() as i64;
        }
        tally.bytes_actual += answer.heap_bytes() as i64;
        ranges.push(answer.clone());
        tally.bytes_actual += ((ranges.capacity() - capacity) * size_of::<RangeResult>()) as i64;
    }

    /// Drops the answers that meet a range.
    pub(super) fn invalidate(&mut self, range: TimeRange, tally: &mut Tally) {
        for entry in &mut self.recent {
            if entry.validity().intersects(&range) {
                *entry = CachedEntry::default();
            }
        }
        let older = self.older.get_mut();
        let start = older.partition_point(|older| older.validity.max < range.min);
        let end = older.partition_point(|older| older.validity.min <= range.max);
        for gone in older.drain(start..end.max(start)) {
            tally.invalidations += 1;
            tally.bytes_effective -= i64::from(gone.row_bytes);
        }
        self.ranges.get_mut().retain(|answer| {
            let is_gone = answer.range().intersects(&range);
            if is_gone {
                tally.invalidations += 1;
                tally.bytes_actual -= answer.heap_bytes() as i64;
            }
            !is_gone
        });
    }

    /// The frame in which the series was last asked for.
    pub(super) fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }

    /// The bytes of the answers as if each had copied its row, and those that they take.
    pub(super) fn bytes(&self) -> (u64, u64) {
        let older = self.older.lock();
        let effective = older.iter().map(|older| u64::from(older.row_bytes)).sum();
        let ranges = self.ranges.lock();
        let actual = size_of::<Self>()
            + older.capacity() * size_of::<Older>()
            + ranges.capacity() * size_of::<RangeResult>()
            + ranges.iter().map(RangeResult::heap_bytes).sum::<usize>();
        (effective, actual as u64)
    }
}
