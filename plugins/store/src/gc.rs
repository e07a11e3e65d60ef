//! Garbage collection: gives memory back, a few milliseconds at a time.
//!
//! A collection looks for chunks that may go, in the order in which they should go, and takes them out a few at a time: so
//! memory is freed from the first step on. Each call does as much as its time allows, and the next one goes on behind the
//! last chunk that was looked at. What changes in between does not matter, since whether a chunk is protected is asked when
//! its turn comes. Removing a chunk costs O(log n) per column, whatever else the store holds.
//!
//! Farthest from a cursor first means from both ends of its timeline inwards: see `farthest`.
//!
//! A chunk that a source can give back (it was made known by [`ChunkStore::insert_absent`]) is evicted and stays known; any
//! other is dropped. Clears and small static chunks always stay: they are loaded before all else, so that nothing would be
//! gained. Other static chunks are evicted where a source can give them back, and never dropped.

mod clock;
mod farthest;
mod options;
pub(crate) mod state;

use std::{ops::Bound, sync::Arc};

use smallvec::SmallVec;

use self::{
    clock::Clock,
    state::{GcState, Question},
};
pub use self::{
    clock::MAX_ITEMS_BETWEEN_LOOKS,
    options::{DEFAULT_GC_BUDGET, Garbage, GcBuffers, GcOptions, GcOrder, GcReport},
};
use crate::{
    ChangeReason, ChunkMeta, ChunkStore, ComponentId, TimeRange, profile::profile_scope, remove::MAX_RUN,
    store::Origin,
};

/// Static chunks of at most so many bytes are never evicted.
const SMALL_STATIC_BYTES: u64 = 64 * 1024;

/// Chunks that are alike and may go, taken out of the indices together.
#[derive(Default)]
struct Run {
    slots: SmallVec<[u32; MAX_RUN]>,
    /// Their index entries.
    entries: usize,
}

impl ChunkStore {
    /// Frees memory within a time budget. What changed and what the store no longer holds is appended to the buffers.
    ///
    /// Afterwards every query answers as if the store had never held what was dropped. Call it again, in a later frame, while
    /// the report is not `done`.
    pub fn gc(&mut self, options: &GcOptions<'_>, buffers: &mut GcBuffers) -> GcReport {
        profile_scope!("collect_chunks");
        let mut clock = Clock::new(options.time_budget);
        let mut report = GcReport::default();
        let mut state = std::mem::take(&mut self.gc);
        let question = Question::of(options);
        if state.question != question {
            state = GcState {
                question,
                ..GcState::default()
            };
        }
        let mut run = Run::default();
        // Chunks of a run that wait count as there when a later one is asked about, which changes no answer: of each series,
        // more than the latest that are kept end after the last of them.
        while report.freed_bytes < options.target_bytes && clock.has_time() {
            let Some(slot) = self.next_candidate(&mut state, options, &mut clock) else {
                // Out of time, or out of candidates.
                report.done = clock.has_time();
                break;
            };
            let entries = self.num_entries(slot);
            let Some(place) = self.slot(slot) else { continue };
            report.freed_bytes += place.meta.num_bytes;
            if place.origin == Origin::Source {
                let chunk = place.chunk_data.as_ref().map(|data| Arc::clone(data.chunk()));
                buffers.garbage.chunks.extend(chunk);
                // Out of the indices, and in again.
                clock.did(2 * entries);
                self.evict_slot(slot, ChangeReason::Collected, &mut buffers.events);
                report.evicted_chunks += 1;
                continue;
            }
            let first = run.slots.first().and_then(|&first| self.slot(first));
            if first.is_some_and(|first| !Self::are_alike(&first.meta, &place.meta)) {
                self.drop_candidates(&mut run, &mut clock, &mut report, buffers);
            }
            debug_assert!(!run.slots.contains(&slot), "each is a candidate once");
            run.slots.push(slot);
            run.entries += entries;
            if run.slots.len() == MAX_RUN || run.entries >= MAX_ITEMS_BETWEEN_LOOKS {
                self.drop_candidates(&mut run, &mut clock, &mut report, buffers);
            }
        }
        self.drop_candidates(&mut run, &mut clock, &mut report, buffers);
        report.done |= report.freed_bytes >= options.target_bytes;
        // The next collection begins from the start.
        self.gc = if report.done { GcState::default() } else { state };
        report.max_items_between_looks = clock.max_items_between_looks();
        report.total_time = clock.elapsed();
        report
    }

    /// The next chunk that should go. `None` where there is none, or no more time.
    fn next_candidate(&self, state: &mut GcState, options: &GcOptions<'_>, clock: &mut Clock) -> Option<u32> {
        if let GcOrder::FarthestFrom { timeline, time } = options.order {
            return self.next_farthest(&mut state.farthest, timeline, time, options, clock);
        }
        let from = state.after.map_or(Bound::Unbounded, Bound::Excluded);
        for key in self.by_row.range(from) {
            state.after = Some(key);
            if self.may_go(key.1, options, clock) {
                return Some(key.1);
            }
            if !clock.has_time() {
                return None;
            }
        }
        None
    }

    fn drop_candidates(
        &mut self,
        run: &mut Run,
        clock: &mut Clock,
        report: &mut GcReport,
        buffers: &mut GcBuffers,
    ) {
        let GcBuffers { events, garbage } = buffers;
        let Run { slots, entries } = std::mem::take(run);
        self.drop_run(&slots, ChangeReason::Collected, events, |data| {
            garbage.chunks.extend(data.into_chunk());
        });
        report.dropped_chunks += slots.len();
        clock.did(entries);
    }

    /// The number of index entries of a chunk, and the chunk itself.
    fn num_entries(&self, slot: u32) -> usize {
        self.slot(slot).map_or(1, |place| {
            1 + place.meta.timelines.len() * (1 + place.meta.components.len())
        })
    }

    /// Whether a chunk is loaded and not protected.
    fn may_go(&self, slot: u32, options: &GcOptions<'_>, clock: &mut Clock) -> bool {
        clock.did(1);
        let Some(chunk) = self.slot(slot) else {
            return false;
        };
        let meta = &chunk.meta;
        let may_go = chunk.chunk_data.is_some()
            && (chunk.origin == Origin::Source || !meta.is_static && !options.only_recoverable)
            && !(meta.is_static && meta.num_bytes <= SMALL_STATIC_BYTES)
            && !self.has_clears(meta)
            && !(options.is_protected)(meta)
            && !options
                .protected_time_ranges
                .iter()
                .any(|(timeline, range)| meta.time_range(*timeline).intersects(range));
        if !may_go || options.protect_latest == 0 {
            return may_go;
        }
        clock.did(self.num_entries(slot));
        !self.is_among_latest(meta, options.protect_latest)
    }

    /// Whether a static chunk is worth evicting, and can be.
    pub(crate) fn is_evictable_static(&self, meta: &ChunkMeta, origin: Origin) -> bool {
        meta.is_static && origin == Origin::Source && meta.num_bytes > SMALL_STATIC_BYTES
    }

    /// Whether a chunk holds one of the latest rows of some series. Of chunks, those that end last are kept: if a row is
    /// among the latest `count`, fewer than `count` chunks end after its own.
    fn is_among_latest(&self, meta: &ChunkMeta, count: usize) -> bool {
        meta.timelines.iter().enumerate().any(|(at, timeline)| {
            let series_of = |component| {
                self.series_of(meta.entity, timeline.timeline, component)
                    .map(|(_, series)| series)
            };
            meta.components.iter().any(|column| {
                let range = column.ranges.get(at).copied().unwrap_or(TimeRange::EMPTY);
                !range.is_empty()
                    && series_of(column.component)
                        .is_some_and(|series| series.index.count_ending_after(range.max, count) < count)
            }) || meta.components.iter().all(|column| column.num_valid == 0)
                && series_of(ComponentId::ANY)
                    .is_some_and(|series| series.index.count_ending_after(timeline.range.max, count) < count)
        })
    }
}
