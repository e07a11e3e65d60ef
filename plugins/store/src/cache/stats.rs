//! Counters that many threads add to.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use bytemuck::{Pod, Zeroable};

/// What a cache did and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
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
    /// The bytes of the latest-at answers that are kept, as if each had copied its row.
    pub bytes_effective: u64,
    /// The bytes that the cache takes.
    pub bytes_actual: u64,
}

impl std::ops::Add for CacheStats {
    type Output = Self;

    /// The sums of two caches.
    fn add(self, other: Self) -> Self {
        let [mut sums, others]: [[u64; COUNTS]; 2] = bytemuck::cast([self, other]);
        for (sum, other) in sums.iter_mut().zip(others) {
            *sum += other;
        }
        bytemuck::cast(sums)
    }
}

/// What one query adds, in the order of [`CacheStats`].
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Tally {
    pub(super) hits: i64,
    pub(super) misses: i64,
    pub(super) range_hits: i64,
    pub(super) range_misses: i64,
    pub(super) invalidations: i64,
    pub(super) bytes_effective: i64,
    pub(super) bytes_actual: i64,
}

const COUNTS: usize = size_of::<CacheStats>() / size_of::<u64>();
const STRIPES: usize = 16;

/// One stripe per cache line, and per thread as long as there are enough, so that threads that count do not slow each
/// other.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe([AtomicI64; COUNTS]);

/// Sums over all threads. A stripe by itself may be negative: what one thread added, another may take away.
#[derive(Debug, Default)]
pub(super) struct Counters {
    stripes: [Stripe; STRIPES],
}

impl Counters {
    #[inline]
    pub(super) fn add(&self, tally: &Tally) {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static STRIPE: usize = THREADS.fetch_add(1, Ordering::Relaxed) % STRIPES;
        }
        let Some(Stripe(counters)) = self.stripes.get(STRIPE.with(|stripe| *stripe)) else {
            return;
        };
        let counts: [i64; COUNTS] = bytemuck::cast(*tally);
        for (counter, count) in counters.iter().zip(counts) {
            if count != 0 {
                counter.fetch_add(count, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn stats(&self) -> CacheStats {
        let mut sums = [0_i64; COUNTS];
        for Stripe(counters) in &self.stripes {
            for (sum, counter) in sums.iter_mut().zip(counters) {
                *sum += counter.load(Ordering::Relaxed);
            }
        }
        // While threads are at it, a sum may be read before all its parts are there.
        bytemuck::cast(sums.map(|sum| u64::try_from(sum).unwrap_or(0)))
    }
}
