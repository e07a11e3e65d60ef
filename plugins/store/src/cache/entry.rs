//! One answer that many threads read and few write, without a lock.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};

use super::place::Place;
use crate::TimeRange;

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
    /// The bits of a [`Place`].
    place: [AtomicU64; 2],
}

impl Default for CachedEntry {
    fn default() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            min: AtomicI64::new(i64::MAX),
            max: AtomicI64::new(i64::MIN),
            place: [const { AtomicU64::new(0) }; 2],
        }
    }
}

impl CachedEntry {
    /// The answer, if it holds at this time.
    #[inline]
    pub(super) fn get(&self, time: i64) -> Option<(Place, TimeRange)> {
        let sequence = self.sequence.load(Ordering::Acquire);
        let validity = TimeRange::new(self.min.load(Ordering::Relaxed), self.max.load(Ordering::Relaxed));
        if !validity.contains(time) {
            return None;
        }
        let bits = self.place.each_ref().map(|bits| bits.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        if !sequence.is_multiple_of(2) || self.sequence.load(Ordering::Relaxed) != sequence {
            return None;
        }
        Some((Place::from_bits(bits), validity))
    }

    /// Writes an answer, unless somebody else is writing.
    pub(super) fn put(&self, place: Place, validity: TimeRange) {
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
        for (word, bits) in self.place.iter().zip(place.to_bits()) {
            word.store(bits, Ordering::Relaxed);
        }
        self.sequence.store(sequence + 2, Ordering::Release);
    }

    /// The interval of the answer; empty where there is none.
    pub(super) fn validity(&mut self) -> TimeRange {
        TimeRange::new(*self.min.get_mut(), *self.max.get_mut())
    }
}
