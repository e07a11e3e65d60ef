//! One answer that many threads read and few write, without a lock.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};

use crate::{TimeRange, latest_at::Found};

/// An answer under a sequence lock (Boehm, *Can seqlocks get along with programming language memory models?*, 2012).
///
/// The sequence number is odd while a writer is at it. A reader takes the number, the fields and the number again, and
/// believes the fields only if the number is the same and even. All fields are atomics, so a torn read is possible and seen,
/// and never undefined.
#[derive(Debug)]
pub(super) struct CachedEntry {
    sequence: AtomicU64,
    min: AtomicI64,
    max: AtomicI64,
    /// The slot above, the row below.
    place: AtomicU64,
    /// [`NOTHING`] for the answer that there is no row.
    column: AtomicU64,
}

const NOTHING: u64 = u64::MAX;

impl Default for CachedEntry {
    fn default() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            min: AtomicI64::new(i64::MAX),
            max: AtomicI64::new(i64::MIN),
            place: AtomicU64::new(0),
            column: AtomicU64::new(NOTHING),
        }
    }
}

impl CachedEntry {
    /// The answer, if it holds at this time.
    #[inline]
    pub(super) fn get(&self, time: i64) -> Option<(Option<Found>, TimeRange)> {
        let sequence = self.sequence.load(Ordering::Acquire);
        let validity = TimeRange::new(self.min.load(Ordering::Relaxed), self.max.load(Ordering::Relaxed));
        if !validity.contains(time) {
            return None;
        }
        let place = self.place.load(Ordering::Relaxed);
        let column = self.column.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if !sequence.is_multiple_of(2) || self.sequence.load(Ordering::Relaxed) != sequence {
            return None;
        }
        let found = (column != NOTHING).then_some(Found {
            slot: (place >> 32) as u32,
            row: place as u32,
            column: column as u32,
            // An answer that is not provisional holds from its row's time on.
            time: validity.min,
        });
        Some((found, validity))
    }

    /// Writes an answer, unless somedata else is writing.
    pub(super) fn put(&self, found: Option<Found>, validity: TimeRange) {
        let sequence = self.sequence.load(Ordering::Relaxed);
        if !sequence.is_multiple_of(2)
            || self
                .sequence
                .compare_exchange(sequence, sequence + 1, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        fence(Ordering::Release);
        self.min.store(validity.min, Ordering::Relaxed);
        self.max.store(validity.max, Ordering::Relaxed);
        match found {
            None => self.column.store(NOTHING, Ordering::Relaxed),
            Some(found) => {
                self.place.store(
                    (u64::from(found.slot) << 32) | u64::from(found.row),
                    Ordering::Relaxed,
                );
                self.column.store(u64::from(found.column), Ordering::Relaxed);
            }
        }
        self.sequence.store(sequence + 2, Ordering::Release);
    }

    /// The interval of the answer; empty where there is none.
    pub(super) fn validity(&mut self) -> TimeRange {
        TimeRange::new(*self.min.get_mut(), *self.max.get_mut())
    }
}
