//! Counters that many threads add to.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What a cache did and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Latest-at queries that were answered from the cache.
    pub hits: u64,
    /// Latest-at queries that were computed.
    pub misses: u64,
    /// Range queries that were answered from the cache.
    pub range_hits: u64,
    /// Range queries that were computed.
    pub range_misses: u64,
    /// Answers that changes of the store dropped.
    pub invalidations: u64,
    /// The bytes of all answers given, as if each had copied its rows.
    pub bytes_effective: u64,
    /// The bytes that the cache takes.
    pub bytes_actual: u64,
}

/// What one query adds.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) range_hits: u64,
    pub(super) range_misses: u64,
}

const STRIPES: usize = 16;

/// One stripe per cache line, and per thread as long as there are enough, so that threads that count do not slow each
/// other.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe {
    hits: AtomicU64,
    misses: AtomicU64,
    range_hits: AtomicU64,
    range_misses: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    stripes: [Stripe; STRIPES],
    invalidations: u64,
}

impl Counters {
    #[inline]
    pub(super) fn add(&self, tally: &Tally) {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static STRIPE: usize = THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES;
        }
        let Some(stripe) = self.stripes.get(STRIPE.with(|stripe| *stripe)) else { return };
        let add = |counter: &AtomicU64, count: u64| {
            if count > 0 {
                counter.fetch_add(count, Ordering::Relaxed);
            }
        };
        add(&stripe.hits, tally.hits);
        add(&stripe.misses, tally.misses);
        add(&stripe.range_hits, tally.range_hits);
        add(&stripe.range_misses, tally.range_misses);
    }

    pub(super) fn add_invalidations(&mut self, count: u64) {
        self.invalidations += count;
    }

    pub(super) fn stats(&self) -> CacheStats {
        let sum = |counter: fn(&Stripe) -> &AtomicU64| -> u64 {
            self.stripes.iter().map(|stripe| counter(stripe).load(Ordering::Relaxed)).sum()
        };
        CacheStats {
            hits: sum(|stripe| &stripe.hits),
            misses: sum(|stripe| &stripe.misses),
            range_hits: sum(|stripe| &stripe.range_hits),
            range_misses: sum(|stripe| &stripe.range_misses),
            invalidations: self.invalidations,
            bytes_effective: 0,
            bytes_actual: 0,
        }
    }
}
