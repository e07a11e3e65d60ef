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

use std::{ops::Bound, sync::Arc, time::Duration};

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use self::{clock::Clock, farthest::Farthest};
use crate::{
    ChangeReason, Chunk, ChunkId, ChunkMeta, ChunkStore, ComponentId, RowId, StoreEvent, TimeRange,
    TimelineId, remove::MAX_RUN, store::Origin,
};

/// The time that a collection takes of a frame: a fifth of a frame at 60 Hz.
pub const DEFAULT_GC_BUDGET: Duration = Duration::from_micros(3500);

/// Static chunks of at most so many bytes are never evicted.
const SMALL_STATIC_BYTES: u64 = 64 * 1024;

/// In which order chunks go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GcOrder {
    /// The chunk with the oldest row first: good for data that streams in.
    #[default]
    OldestRow,
    /// The chunk farthest from a cursor first: good for data that is browsed. Chunks on other timelines go first of all,
    /// static ones last.
    FarthestFrom {
        /// The timeline of the cursor.
        timeline: TimelineId,
        /// The cursor.
        time: i64,
    },
}

/// What a collection may take, how much, and for how long.
#[derive(Clone, Debug)]
pub struct GcOptions {
    /// How many bytes to free. A collection that takes several calls subtracts what [`GcReport::freed_bytes`] says.
    /// `u64::MAX` takes all that is not protected.
    pub target_bytes: u64,
    /// How long one call may take. Longer frees more at once, shorter keeps frames even.
    pub time_budget: Duration,
    /// Keeps this many of the latest rows of each (entity, timeline, component), and with them their chunks. With 1, what is
    /// shown at the end of a timeline stays.
    pub protect_latest: usize,
    /// Keeps chunks with rows in these ranges.
    pub protected_time_ranges: Vec<(TimelineId, TimeRange)>,
    /// Keeps these chunks, such as those on screen.
    pub protected_chunks: FxHashSet<ChunkId>,
    /// Whether only what a source can give back may go: to make room, and not because there is too much.
    pub only_recoverable: bool,
    /// In which order chunks go.
    pub order: GcOrder,
}

impl Default for GcOptions {
    fn default() -> Self {
        Self {
            target_bytes: u64::MAX,
            time_budget: DEFAULT_GC_BUDGET,
            protect_latest: 1,
            protected_time_ranges: Vec::new(),
            protected_chunks: FxHashSet::default(),
            only_recoverable: false,
            order: GcOrder::default(),
        }
    }
}

/// Chunks that the store no longer holds. Dropping it frees their memory, which takes about as long as collecting them: it
/// may be sent to another thread for that. (Append buffers are small, and are freed at once.)
#[derive(Debug, Default)]
pub struct Garbage {
    chunks: Vec<Arc<Chunk>>,
}

impl Garbage {
    /// The number of chunks.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Moves the chunks out.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// What a step of a collection writes to.
#[derive(Debug, Default)]
pub struct GcBuffers {
    /// What changed. Taken out, or cleared, before the next step.
    pub events: Vec<StoreEvent>,
    /// What the store no longer holds. Likewise.
    pub garbage: Garbage,
}

/// What one call of a collection did.
#[derive(Debug, Default)]
pub struct GcReport {
    /// The bytes of the data that went.
    pub freed_bytes: u64,
    /// The chunks that were dropped with their metadata.
    pub dropped_chunks: usize,
    /// The chunks that were evicted and can be loaded again.
    pub evicted_chunks: usize,
    /// Whether the target is reached, or there is nothing left that may go. Otherwise another call does more.
    pub done: bool,
    /// The greatest number of items that were worked on between two looks at the clock: chunks that were looked at, and index
    /// entries that were asked or removed. At most twice [`MAX_ITEMS_BETWEEN_LOOKS`], and what one more chunk takes.
    pub max_items_between_looks: usize,
    /// The time of the whole call.
    pub total_time: Duration,
}

/// How many items a collection works on before it looks at the clock again: see [`GcReport::max_items_between_looks`].
pub const MAX_ITEMS_BETWEEN_LOOKS: usize = 256;

/// Where a collection that ran out of time goes on.
#[derive(Debug, Default)]
pub(crate) struct GcState {
    /// What it looks for. With something else, it begins anew.
    question: Question,
    /// The oldest rows up to here were looked at.
    after: Option<(RowId, u32)>,
    farthest: Farthest,
}

/// What decides about which chunks are passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Question {
    timeline: Option<TimelineId>,
    only_recoverable: bool,
    protect_latest: usize,
}

impl Question {
    fn of(options: &GcOptions) -> Self {
        Self {
            timeline: match options.order {
                GcOrder::OldestRow => None,
                // The cursor moves between frames, and the chunks at the ends stay those at the ends.
                GcOrder::FarthestFrom { timeline, .. } => Some(timeline),
            },
            only_recoverable: options.only_recoverable,
            protect_latest: options.protect_latest,
        }
    }
}

impl GcState {
    pub(crate) fn heap_bytes(&self) -> usize {
        self.farthest.heap_bytes()
    }
}

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
    pub fn gc(&mut self, options: &GcOptions, buffers: &mut GcBuffers) -> GcReport {
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
    fn next_candidate(&self, state: &mut GcState, options: &GcOptions, clock: &mut Clock) -> Option<u32> {
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
    fn may_go(&self, slot: u32, options: &GcOptions, clock: &mut Clock) -> bool {
        clock.did(1);
        let Some(chunk) = self.slot(slot) else {
            return false;
        };
        let meta = &chunk.meta;
        let may_go = chunk.chunk_data.is_some()
            && (chunk.origin == Origin::Source || !meta.is_static && !options.only_recoverable)
            && !(meta.is_static && meta.num_bytes <= SMALL_STATIC_BYTES)
            && !self.has_clears(meta)
            && !options.protected_chunks.contains(&meta.id)
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
