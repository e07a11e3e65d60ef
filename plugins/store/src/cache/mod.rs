//! The query cache: answers kept by the interval of cursors for which they hold.
//!
//! One cache serves one store. It is shared by reference: queries take `&self`, from as many threads as there are. Changes
//! of the store gather as events and are applied once per frame, exclusively, by [`QueryCache::apply_pending`]. A query
//! in between, while the store is ahead of the cache, goes past the cache and is still right.
//!
//! # Why parallel readers neither race nor wait
//! Each series keeps its last answers in a small set of *sequence-locked* entries (`entry`): a reader copies an entry and
//! checks that no writer was at it meanwhile. A hit writes nothing that another reader reads, so two readers run at twice
//! the rate of one. A reader that misses computes the answer from the store, which nobody changes, and offers it to the
//! entries; where another one is just writing there, it goes on without. Older answers of a series stand in a list behind a
//! mutex of that series alone, which is only taken on a miss. Of rows that one chunk decides alone, which are most, one answer is kept
//! for all: a hit looks for the row in the chunk's times. Latest-at answers name rows by their place in the store and hold no
//! reference to a chunk. Range answers do; a chunk that goes touches the answers with its rows, so that they keep it alive until
//! [`QueryCache::apply_pending`], and no longer. (Where events were not handed in, until the answers are freed.)

mod entry;
mod place;
mod series;
mod stats;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{
    ChunkChange, ChunkStore, ComponentId, EntityId, LatestAt, LatestAtCursor, LatestAtRef, RangeResult,
    StoreEvent, TimeRange, TimelineId, latest_at::Answer, pages::Pages, profile::profile_scope,
};

use series::SeriesCache;
pub use stats::CacheStats;
use stats::{Counters, Tally};

/// Answers to a store's queries, kept until a change meets them.
#[derive(Debug, Default)]
pub struct QueryCache {
    /// The store that it belongs to, once it saw one.
    instance: u64,
    /// The store's generation that the answers are right for.
    generation: u64,
    /// Grows with each frame, to tell what was not asked for in a long time.
    epoch: u64,
    /// By the series' position in the store.
    series: Pages<OnceLock<Box<SeriesCache>>>,
    /// What a gap in the events made useless, freed a few at a time.
    retired: Vec<OnceLock<Box<SeriesCache>>>,
    purge: PurgeState,
    pending: Pending,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Pending {
    /// The store's generation before the first event that is waiting, and after the last; `None` where there is none.
    generations: Option<(u64, u64)>,
    /// Whether some event in between was not handed in, or there were too many.
    gap: bool,
    /// Per series what changed in which ranges.
    touched: TouchedRanges,
}

type SeriesName = (EntityId, TimelineId, ComponentId);

type TouchedRanges = FxHashMap<SeriesName, SmallVec<[TimeRange; 1]>>;

/// With changes of more series than this it is cheaper to begin anew.
const MAX_TOUCHED: usize = 1 << 16;

/// For so many series there is room from frame to frame. To make room for more takes time, but not memory for ever.
const ROOM_FOR_TOUCHED: usize = 1 << 13;

/// How many ranges of a series are told apart. More become one.
const MAX_RANGES: usize = 8;

/// How many caches that are of no use any more are freed per frame.
const FREED_PER_FRAME: usize = 1024;

impl Pending {
    /// Takes the memory of what was applied for what comes.
    fn reuse(&mut self, mut touched: TouchedRanges) {
        if touched.capacity() <= ROOM_FOR_TOUCHED {
            touched.clear();
            self.touched = touched;
        }
    }

    fn touch(&mut self, series: SeriesName, range: TimeRange) {
        if self.touched.len() >= MAX_TOUCHED && !self.touched.contains_key(&series) {
            self.gap = true;
            return;
        }
        let ranges = self.touched.entry(series).or_default();
        let joins = |other: &&mut TimeRange| {
            range.min <= other.max.saturating_add(1) && other.min <= range.max.saturating_add(1)
        };
        if let Some(other) = ranges.iter_mut().rev().find(joins) {
            *other = other.union(&range);
        } else if ranges.len() < MAX_RANGES {
            ranges.push(range);
        } else {
            let all = ranges.iter().fold(range, |union, range| union.union(range));
            ranges.clear();
            ranges.push(all);
        }
    }
}

/// How many frames ago a series was last used to be freed, in each round of a purge.
const PURGE_AGES: [u64; 5] = [512, 64, 8, 1, 0];

/// Where a purge goes on.
#[derive(Debug, Default)]
struct PurgeState {
    round: usize,
    series: usize,
}

/// What a step of a purge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgeReport {
    /// The bytes that were freed.
    pub freed_bytes: u64,
    /// Whether as many are free as were asked for, or there is nothing left. Otherwise another step does more.
    pub done: bool,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// The row.
    Row,
    /// The row, and the run that it belongs to.
    Run,
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
            // A row that goes gives its times to its neighbors, which end or begin one tick beside it.
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
    /// Where the events of some change were not handed in, everything is dropped, and freed over the next frames.
    /// Cost: O(changed series); then O(all series), a few nanoseconds each.
    pub fn apply_pending(&mut self, store: &ChunkStore) {
        profile_scope!("apply_invalidations");
        let mut pending = std::mem::take(&mut self.pending);
        self.epoch += 1;
        if !self.retired.is_empty() {
            self.free_retired(u64::MAX, FREED_PER_FRAME);
        }
        if self.instance == store.instance && self.generation == store.generation() {
            self.pending.reuse(pending.touched);
            return;
        }
        let mut tally = Tally::default();
        let complete = self.instance == store.instance
            && !pending.gap
            && pending.generations == Some((self.generation, store.generation()));
        if complete {
            self.series.grow_with(store.series.len(), OnceLock::new);
            for ((entity, timeline, component), ranges) in pending.touched.drain() {
                let cache = store
                    .series_of(entity, timeline, component)
                    .and_then(|(at, _)| self.series.get_mut(at as usize));
                if let Some(cache) = cache.and_then(OnceLock::get_mut) {
                    ranges
                        .iter()
                        .for_each(|range| cache.invalidate(*range, &mut tally));
                }
            }
        } else {
            // Where everything changes in each frame, what the last one left would wait for ever.
            self.free_retired(u64::MAX, usize::MAX);
            let series = std::mem::take(&mut self.series).into_iter();
            self.retired.extend(series.filter(|cache| cache.get().is_some()));
            self.series.grow_with(store.series.len(), OnceLock::new);
        }
        self.pending.reuse(pending.touched);
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

    /// As [`Self::latest_at`], borrowed from the store: for answers that are looked at and not kept. Readers that ask for the
    /// same rows do not even contend for the chunk's reference count.
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

    /// What several components of an entity were at a time, in the order asked, each with what it takes to follow a cursor. Components
    /// that the entity has not are there too.
    pub fn latest_at_cursors<'a>(
        &'a self,
        store: &'a ChunkStore,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        components: &'a [ComponentId],
    ) -> impl Iterator<Item = (ComponentId, LatestAtCursor)> + 'a {
        components.iter().map(move |&component| {
            let mut tally = Tally::default();
            let answer = self.answer(store, entity, timeline, time, component, Wanted::Run, &mut tally);
            self.counters.add(&tally);
            let cursor = answer.map_or_else(LatestAtCursor::nothing, |answer| {
                store.resolve_cursor(entity, timeline, time, component, answer)
            });
            (component, cursor)
        })
    }

    /// What several components of an entity were at a time, borrowed from the store: calls `visit` with each that the entity has, and
    /// what it was.
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
            if let Some(answer) =
                self.answer(store, entity, timeline, time, component, Wanted::Row, &mut tally)
            {
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
        match self.answer(store, entity, timeline, time, component, Wanted::Row, tally) {
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
        wanted: Wanted,
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
        let kept = match wanted {
            Wanted::Row => cache.get(store, time, self.epoch),
            Wanted::Run => cache.get_run(store, time, self.epoch),
        };
        if kept.is_some() {
            tally.hits += 1;
            return kept;
        }
        tally.misses += 1;
        let answer = store.find_in(series, time);
        // A provisional answer is worth no place: it is about to change.
        if answer.missing.is_empty() {
            cache.put(store, time, &answer, tally);
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
                    // A provisional one is about to change, also where a chunk turns out to have no row in the range.
                    if answer.missing().is_empty() {
                        cache.put_range(&answer, &mut tally);
                    }
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
        stats.bytes_actual += self.table_bytes();
        stats
    }

    /// What [`Self::stats`] says of bytes, by a walk over everything: (effective, actual). To check the counts by.
    pub fn recount_bytes(&self) -> (u64, u64) {
        let caches = self.series.iter().chain(&self.retired);
        let sums = caches.filter_map(OnceLock::get).map(|cache| cache.bytes());
        sums.fold((0, self.table_bytes()), |sum, bytes| {
            (sum.0 + bytes.0, sum.1 + bytes.1)
        })
    }

    fn table_bytes(&self) -> u64 {
        let retired = self.retired.capacity() * size_of::<OnceLock<Box<SeriesCache>>>();
        (self.series.heap_bytes() + retired) as u64
    }

    /// Drops answers until about `bytes` are free, and says how many were. See [`Self::purge_step`].
    pub fn purge(&mut self, bytes: u64) -> u64 {
        self.purge_step(bytes, usize::MAX).freed_bytes
    }

    /// Drops answers until about `bytes` are free, but looks at no more than `max_series` series. Another step goes on there,
    /// for as long as the report is not `done`.
    ///
    /// Of the series, those go first that were not asked for in some seconds, then those of less, and at last all.
    /// Cost: O(`max_series`).
    pub fn purge_step(&mut self, bytes: u64, max_series: usize) -> PurgeReport {
        profile_scope!("purge_query_cache");
        let (mut freed_bytes, looked_at) = self.free_retired(bytes, max_series);
        let mut left = max_series - looked_at;
        while freed_bytes < bytes {
            let PurgeState { round, series } = self.purge;
            let Some(age) = PURGE_AGES.get(round) else { break };
            let Some(cache) = self.series.get_mut(series) else {
                self.purge = PurgeState {
                    round: round + 1,
                    series: 0,
                };
                continue;
            };
            if left == 0 {
                return PurgeReport {
                    freed_bytes,
                    done: false,
                };
            }
            left -= 1;
            self.purge.series += 1;
            let is_old = |cache: &SeriesCache| self.epoch.saturating_sub(cache.last_use()) >= *age;
            if cache.get().is_some_and(|cache| is_old(cache)) {
                let cache = cache.take();
                freed_bytes += self.free(cache);
            }
        }
        self.purge = PurgeState::default();
        PurgeReport {
            freed_bytes,
            done: true,
        }
    }

    /// Frees some caches that are of no use any more, and says how many bytes and caches these were.
    fn free_retired(&mut self, bytes: u64, max_series: usize) -> (u64, usize) {
        let (mut freed, mut looked_at) = (0, 0);
        while freed < bytes
            && looked_at < max_series
            && let Some(mut cache) = self.retired.pop()
        {
            looked_at += 1;
            freed += self.free(cache.take());
        }
        if self.retired.is_empty() {
            self.retired = Vec::new();
        }
        (freed, looked_at)
    }

    fn free(&self, cache: Option<Box<SeriesCache>>) -> u64 {
        let Some(cache) = cache else { return 0 };
        let (effective, actual) = cache.bytes();
        self.counters.add(&Tally {
            bytes_effective: -(effective as i64),
            bytes_actual: -(actual as i64),
            ..Tally::default()
        });
        actual
    }
}

#[cfg(test)]
mod tests;
