//! The answers of one series.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::{
    RangeResult, TimeRange,
    cache::{entry::CachedEntry, stats::Tally},
    latest_at::Found,
};

/// How many answers stand ready for readers without a lock: views with cursors of their own do not drive each other out.
const WAYS: usize = 2;

/// How many range answers a series keeps: views with ranges of their own do not drive each other out.
const MAX_RANGES: usize = 4;

/// How many older answers a series keeps, about as many as somedata who scrubs goes back over.
const MAX_OLDER: usize = 64;

/// An answer, packed so that two fit in a line of the processor's cache.
#[derive(Clone, Copy, Debug)]
struct Older {
    validity: TimeRange,
    slot: u32,
    row: u32,
    /// [`NOTHING`] for the answer that there is no row.
    column: u32,
    /// What the row takes, about.
    row_bytes: u32,
}

const NOTHING: u32 = u32::MAX;

impl Older {
    fn new(validity: TimeRange, found: Option<Found>, row_bytes: u32) -> Self {
        let (slot, row, column) =
            found.map_or((0, 0, NOTHING), |found| (found.slot, found.row, found.column));
        Self {
            validity,
            slot,
            row,
            column,
            row_bytes,
        }
    }

    fn found(&self) -> Option<Found> {
        let Self {
            slot, row, column, ..
        } = *self;
        // An answer that is not provisional holds from its row's time on.
        (column != NOTHING).then_some(Found {
            slot,
            row,
            column,
            time: self.validity.min,
        })
    }
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
    /// Ordered by time; intervals are maximal, so they never overlap.
    older: Mutex<VecDeque<Older>>,
    /// The last used one is the last.
    ranges: Mutex<SmallVec<[RangeResult; MAX_RANGES]>>,
}

impl SeriesCache {
    #[inline]
    pub(super) fn get(&self, time: i64, epoch: u64) -> Option<(Option<Found>, TimeRange)> {
        self.touch(epoch);
        if let Some(answer) = self.recent.iter().find_map(|entry| entry.get(time)) {
            return Some(answer);
        }
        let older = self.older.lock();
        // Where the cursor goes on beyond all that was seen, which is most of the time, only the end is looked at.
        if older.back().is_none_or(|last| last.validity.max < time) {
            return None;
        }
        let at = older.partition_point(|older| older.validity.max < time);
        let hit = *older.get(at).filter(|older| older.validity.min <= time)?;
        drop(older);
        let (found, validity) = (hit.found(), hit.validity);
        self.put_recent(found, validity);
        Some((found, validity))
    }

    pub(super) fn put(
        &self,
        time: i64,
        found: Option<Found>,
        validity: TimeRange,
        row_bytes: u32,
        tally: &mut Tally,
    ) {
        self.put_recent(found, validity);
        let mut older = self.older.lock();
        let capacity = older.capacity();
        let is_last = older.back().is_none_or(|last| last.validity.max < validity.min);
        let at = if is_last {
            older.len()
        } else {
            older.partition_point(|older| older.validity.max < validity.min)
        };
        // Another reader may have been faster.
        if older
            .get(at)
            .is_some_and(|other| other.validity.intersects(&validity))
        {
            return;
        }
        older.insert(at, Older::new(validity, found, row_bytes));
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

    fn put_recent(&self, found: Option<Found>, validity: TimeRange) {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store((turn + 1) % WAYS, Ordering::Relaxed);
        if let Some(entry) = self.recent.get(turn) {
            entry.put(found, validity);
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
        if ranges.len() == MAX_RANGES {
            let before = ranges.remove(0);
            tally.bytes_actual -= before.heap_bytes() as i64;
        }
        tally.bytes_actual += answer.heap_bytes() as i64;
        ranges.push(answer.clone());
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
        let actual = size_of::<Self>()
            + older.capacity() * size_of::<Older>()
            + self
                .ranges
                .lock()
                .iter()
                .map(RangeResult::heap_bytes)
                .sum::<usize>();
        (effective, actual as u64)
    }
}
