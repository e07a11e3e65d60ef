//! The query cache: answers kept by the interval of cursors for which they hold.
//!
//! One cache serves one store. It is shared by reference: queries take `&self`, from as many threads as there are. Changes
//! of the store gather as events and are applied once per frame, exclusively, by [`QueryCache::apply_pending`]. A query
//! in between, while the store is ahead of the cache, goes past the cache and is still right.
//!
//! # Why parallel readers neither race nor wait
//! Each series keeps its last answers in a small set of *sequence-locked* entries (`entry`): a reader copies an entry and
//! checks that no writer was at it meanwhile. A hit writes nothing that another reader reads, so two readers run at twice
//! the rate of one. A reader that misses computes the answer from the store, which nodata changes, and offers it to the
//! entries; where another one is just writing there, it goes on without. Older answers of a series stand in a list behind a
//! mutex of that series alone, which is only taken on a miss. LatestAtResults name rows by their place in the store and hold no
//! reference to a chunk, so the cache keeps no dropped chunk alive.

mod entry;
mod series;
mod stats;

use std::sync::OnceLock;

use smallvec::SmallVec;

use crate::{
    ChunkChange, ChunkStore, ComponentId, EntityId, LatestAt, LatestAtRef, RangeResult, StoreEvent,
    TimeRange, TimelineId, latest_at::Answer,
};

use series::SeriesCache;
pub use stats::CacheStats;
use stats::{Counters, Tally};

/// LatestAtResults of a store's queries, kept until a change meets them.
#[derive(Debug, Default)]
pub struct QueryCache {
    /// The store that it belongs to, once it saw one.
    instance: u64,
    /// The store's generation that the answers are right for.
    generation: u64,
    /// Grows with each frame, to tell what was not asked for in a long time.
    epoch: u64,
    /// By the series' position in the store.
    series: Vec<OnceLock<Box<SeriesCache>>>,
    pending: Pending,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Pending {
    /// The store's generation before the first event that is waiting, and after the last; `None` where there is none.
    generations: Option<(u64, u64)>,
    /// Whether some event in between was not handed in, or there were too many.
    gap: bool,
    /// Per series what changed in which range.
    touched: Vec<(SeriesName, TimeRange)>,
}

type SeriesName = (EntityId, TimelineId, ComponentId);

/// With more changes than this it is cheaper to begin anew.
const MOST_TOUCHED: usize = 1 << 16;

/// How far back a change is looked for that another one joins. Data arrives a few components at a time.
const LOOK_BACK: usize = 8;

impl Pending {
    fn touch(&mut self, series: SeriesName, range: TimeRange) {
        let joins = |other: &TimeRange| {
            range.min <= other.max.saturating_add(1) && other.min <= range.max.saturating_add(1)
        };
        let mut latest = self.touched.iter_mut().rev().take(LOOK_BACK);
        if let Some((_, other)) = latest.find(|(other, touched)| *other == series && joins(touched)) {
            *other = other.union(&range);
        } else if self.touched.len() < MOST_TOUCHED {
            self.touched.push((series, range));
        } else {
            self.gap = true;
        }
    }
}

impl QueryCache {
    /// An empty cache, for any one store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes what changed. Queries go past the cache until [`Self::apply_pending`].
    pub fn on_events(&mut self, events: &[StoreEvent]) {
        let pending = &mut self.pending;
        for event in events {
            // Each event is one step of the generation.
            let (first, last) = *pending
                .generations
                .get_or_insert((event.generation - 1, event.generation - 1));
            pending.gap |= last + 1 != event.generation;
            pending.generations = Some((first, event.generation));
            // A row that goes gives its times to its neighbours, which end or begin one tick beside it.
            let spreads = !matches!(event.change, ChunkChange::Added | ChunkChange::Grown);
            for (at, timeline) in event.meta.timelines.iter().enumerate() {
                for component in &event.meta.components {
                    let Some(&range) = component.ranges.get(at).filter(|range| !range.is_empty()) else {
                        continue;
                    };
                    let range = if spreads {
                        TimeRange::new(range.min.saturating_sub(1), range.max.saturating_add(1))
                    } else {
                        range
                    };
                    pending.touch((event.meta.entity, timeline.timeline, component.component), range);
                }
            }
        }
    }

    /// Drops the answers that changes met, and makes room for new series. Call it once per frame, before the first query.
    ///
    /// Where the events of some change were not handed in, everything is dropped.
    pub fn apply_pending(&mut self, store: &ChunkStore) {
        let pending = std::mem::take(&mut self.pending);
        self.epoch += 1;
        if self.instance == store.instance && self.generation == store.generation() {
            return;
        }
        let mut tally = Tally::default();
        self.series.resize_with(store.series.len(), OnceLock::new);
        let complete = self.instance == store.instance
            && !pending.gap
            && pending.generations == Some((self.generation, store.generation()));
        if complete {
            for ((entity, timeline, component), range) in pending.touched {
                let cache = store
                    .series_of(entity, timeline, component)
                    .and_then(|(at, _)| self.series.get_mut(at as usize));
                if let Some(cache) = cache.and_then(OnceLock::get_mut) {
                    cache.invalidate(range, &mut tally);
                }
            }
        } else {
            for cache in self.series.iter_mut().filter_map(OnceLock::get_mut) {
                cache.invalidate(TimeRange::EVERYTHING, &mut tally);
            }
        }
        self.counters.add(&tally);
        self.instance = store.instance;
        self.generation = store.generation();
    }

    /// Whether the answers are right for the store as it is.
    fn is_current(&self, store: &ChunkStore) -> bool {
        self.generation == store.generation() && self.instance == store.instance
    }

    /// What a component was at a time, clears applied. Without a timeline only static data is asked for.
    pub fn latest_at(
        &self,
        store: &ChunkStore,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        component: ComponentId,
    ) -> LatestAt {
        self.latest_at_ref(store, entity, timeline, time, component)
            .into_owned()
    }

    /// As [`Self::latest_at`], borrowed from the store: for who looks at the answer and forgets it. Readers that ask for the
    /// same rows do not even meet at the counter of the chunk's owners.
    pub fn latest_at_ref<'s>(
        &self,
        store: &'s ChunkStore,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        component: ComponentId,
    ) -> LatestAtRef<'s> {
        let mut tally = Tally::default();
        let answer = self.resolved(store, entity, timeline, time, component, &mut tally);
        self.counters.add(&tally);
        answer
    }

    /// What several components of an entity were at a time, in the order asked. Appends to `out`.
    pub fn latest_at_many(
        &self,
        store: &ChunkStore,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        components: &[ComponentId],
        out: &mut impl Extend<LatestAt>,
    ) {
        let mut tally = Tally::default();
        let answers = components.iter().map(|&component| {
            self.resolved(store, entity, timeline, time, component, &mut tally)
                .into_owned()
        });
        out.extend(answers);
        self.counters.add(&tally);
    }

    /// As [`Self::latest_at_many`], borrowed from the store: calls `visit` with each component that the entity has, and what
    /// it was.
    pub fn visit_latest_at<'s>(
        &self,
        store: &'s ChunkStore,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        components: &[ComponentId],
        mut visit: impl FnMut(ComponentId, LatestAtRef<'s>),
    ) {
        let mut tally = Tally::default();
        for &component in components {
            if let Some(answer) = self.answer(store, entity, timeline, time, component, &mut tally) {
                visit(
                    component,
                    store.resolve(entity, timeline, time, component, answer),
                );
            }
        }
        self.counters.add(&tally);
    }

    #[inline]
    fn resolved<'s>(
        &self,
        store: &'s ChunkStore,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        component: ComponentId,
        tally: &mut Tally,
    ) -> LatestAtRef<'s> {
        match self.answer(store, entity, timeline, time, component, tally) {
            Some(answer) => store.resolve(entity, timeline, time, component, answer),
            None => LatestAt {
                hit: None,
                validity: TimeRange::EVERYTHING,
                missing: SmallVec::new(),
            },
        }
    }

    /// The answer before clears. `None` where the entity has no such component: that costs nothing and is not cached.
    fn answer(
        &self,
        store: &ChunkStore,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        component: ComponentId,
        tally: &mut Tally,
    ) -> Option<Answer> {
        if let Some(series) = store.static_series(entity, component) {
            // The store keeps the newest static row at hand: that is as good as a hit.
            tally.hits += 1;
            return Some(store.find_static(series));
        }
        let (at, series) = store.series_of(entity, timeline?, component)?;
        let cache = self.series.get(at as usize).filter(|_| self.is_current(store));
        let Some(cache) = cache else {
            tally.misses += 1;
            return Some(store.find_in(series, time));
        };
        let cache = self.init(cache, tally);
        if let Some((found, validity)) = cache.get(time, self.epoch) {
            tally.hits += 1;
            return Some(Answer {
                found,
                validity,
                missing: SmallVec::new(),
            });
        }
        tally.misses += 1;
        let answer = store.find_in(series, time);
        // A provisional answer is worth no place: it is about to change.
        if answer.missing.is_empty() {
            let row_bytes = answer.found.map_or(0, |found| store.row_bytes(found.slot));
            cache.put(time, answer.found, answer.validity, row_bytes, tally);
        }
        Some(answer)
    }

    /// The answers of a series, which begin to be kept when the first is asked for.
    #[inline]
    fn init<'a>(&self, cache: &'a OnceLock<Box<SeriesCache>>, tally: &mut Tally) -> &'a SeriesCache {
        if let Some(cache) = cache.get() {
            return cache;
        }
        cache.get_or_init(|| {
            tally.bytes_actual += size_of::<SeriesCache>() as i64;
            Box::default()
        })
    }

    /// All rows of a component in a range of times. Clears are not applied.
    ///
    /// The same question again, while no rows of the series came or went, is answered at the cost of a comparison.
    pub fn range(
        &self,
        store: &ChunkStore,
        entity: EntityId,
        timeline: TimelineId,
        range: TimeRange,
        component: ComponentId,
    ) -> RangeResult {
        let mut tally = Tally::default();
        let place = store
            .series_of(entity, timeline, component)
            .filter(|_| !store.has_static(entity, component));
        let cache = place
            .and_then(|(at, _)| self.series.get(at as usize))
            .filter(|_| self.is_current(store));
        let answer = match cache.map(|cache| self.init(cache, &mut tally)) {
            None => {
                tally.range_misses += 1;
                store.range(entity, timeline, range, component)
            }
            Some(cache) => match cache.get_range(range, self.epoch) {
                Some(answer) => {
                    tally.range_hits += 1;
                    answer
                }
                None => {
                    tally.range_misses += 1;
                    let answer = store.range(entity, timeline, range, component);
                    cache.put_range(&answer, &mut tally);
                    answer
                }
            },
        };
        self.counters.add(&tally);
        answer
    }

    /// What the cache did and holds. Costs nothing: all is counted when it changes.
    pub fn stats(&self) -> CacheStats {
        let mut stats = self.counters.stats();
        stats.bytes_actual += (self.series.capacity() * size_of::<OnceLock<Box<SeriesCache>>>()) as u64;
        stats
    }

    /// What [`Self::stats`] says of bytes, by a walk over everything: (effective, actual). To check the counts by.
    pub fn recount_bytes(&self) -> (u64, u64) {
        let table = self.series.capacity() * size_of::<OnceLock<Box<SeriesCache>>>();
        let sums = self
            .series
            .iter()
            .filter_map(OnceLock::get)
            .map(|cache| cache.bytes());
        sums.fold((0, table as u64), |sum, bytes| (sum.0 + bytes.0, sum.1 + bytes.1))
    }

    /// Drops answers until about `bytes` are free, those of the series first that were not asked for the longest, and says
    /// how many bytes were freed.
    pub fn purge(&mut self, bytes: u64) -> u64 {
        let mut by_use: Vec<(u64, usize)> = self
            .series
            .iter()
            .enumerate()
            .filter_map(|(at, cache)| Some((cache.get()?.last_use(), at)))
            .collect();
        by_use.sort_unstable();
        let (mut freed, mut tally) = (0, Tally::default());
        for (_, at) in by_use {
            if freed >= bytes {
                break;
            }
            if let Some(cache) = self.series.get_mut(at).and_then(OnceLock::take) {
                let (effective, actual) = cache.bytes();
                tally.bytes_effective -= effective as i64;
                tally.bytes_actual -= actual as i64;
                freed += actual;
            }
        }
        self.counters.add(&tally);
        freed
    }
}
