//! The answers of one series.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::{RangeAnswer, TimeRange, cache::entry::CachedEntry, latest_at::Found};

/// How many answers stand ready for readers without a lock: views with cursors of their own do not drive each other out.
const WAYS: usize = 2;

/// How many older answers a series keeps, about as many as somebody who scrubs goes back over.
const MOST_OLDER: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Older {
    validity: TimeRange,
    found: Option<Found>,
}

/// The answers of one series, by the intervals for which they hold.
#[derive(Debug, Default)]
pub(super) struct SeriesCache {
    recent: [CachedEntry; WAYS],
    /// The way to be written next.
    turn: AtomicUsize,
    /// Ordered by time; intervals are maximal, so they never overlap.
    older: Mutex<Vec<Older>>,
    range: Mutex<Option<RangeAnswer>>,
}

impl SeriesCache {
    #[inline]
    pub(super) fn get(&self, time: i64) -> Option<(Option<Found>, TimeRange)> {
        if let Some(answer) = self.recent.iter().find_map(|entry| entry.get(time)) {
            return Some(answer);
        }
        let older = self.older.lock();
        let at = older.partition_point(|older| older.validity.max < time);
        let Older { validity, found } = *older.get(at).filter(|older| older.validity.min <= time)?;
        drop(older);
        self.put_recent(found, validity);
        Some((found, validity))
    }

    pub(super) fn put(&self, time: i64, found: Option<Found>, validity: TimeRange) {
        self.put_recent(found, validity);
        let mut older = self.older.lock();
        let at = older.partition_point(|older| older.validity.max < validity.min);
        if older.get(at).is_some_and(|other| other.validity.intersects(&validity)) {
            return;
        }
        older.insert(at, Older { validity, found });
        if older.len() > MOST_OLDER {
            // The end that is farther from the cursor goes.
            let first = older.first().map_or(0, |older| older.validity.max.abs_diff(time));
            let last = older.last().map_or(0, |older| older.validity.min.abs_diff(time));
            if first > last {
                older.remove(0);
            } else {
                older.pop();
            }
        }
    }

    fn put_recent(&self, found: Option<Found>, validity: TimeRange) {
        let turn = self.turn.load(Ordering::Relaxed);
        self.turn.store((turn + 1) % WAYS, Ordering::Relaxed);
        if let Some(entry) = self.recent.get(turn) {
            entry.put(found, validity);
        }
    }

    pub(super) fn get_range(&self, range: TimeRange) -> Option<RangeAnswer> {
        self.range.lock().as_ref().filter(|answer| answer.range() == range).cloned()
    }

    pub(super) fn put_range(&self, answer: &RangeAnswer) {
        *self.range.lock() = Some(answer.clone());
    }

    /// Drops the answers that meet a range, and says how many.
    pub(super) fn invalidate(&mut self, range: TimeRange) -> u64 {
        for entry in &mut self.recent {
            if entry.validity().intersects(&range) {
                *entry = CachedEntry::default();
            }
        }
        let older = self.older.get_mut();
        let before = older.len();
        let start = older.partition_point(|older| older.validity.max < range.min);
        let end = older.partition_point(|older| older.validity.min <= range.max);
        older.drain(start..end.max(start));
        let dropped = before - older.len();
        let ranges = self.range.get_mut().take_if(|answer| answer.range().intersects(&range));
        (dropped + usize::from(ranges.is_some())) as u64
    }

    /// Drops all answers, and says how many.
    pub(super) fn clear(&mut self) -> u64 {
        self.invalidate(TimeRange::EVERYTHING)
    }

    pub(super) fn last_use(&self) -> u64 {
        0
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + self.older.lock().capacity() * size_of::<Older>()
            + self.range.lock().as_ref().map_or(0, RangeAnswer::heap_bytes)
    }
}
