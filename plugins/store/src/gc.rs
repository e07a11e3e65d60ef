//! Garbage collection: gives memory back, a few milliseconds at a time.
//!
//! A collection marks what may go, in the order in which it should go, and sweeps what is marked. Each call does as much of
//! both as its time allows and the next goes on where it stopped. What changed in between does not matter: a mark is only a
//! proposal, and whether the chunk is protected is asked again when it is swept. Removing a chunk costs O(log n) per column,
//! whatever else the store holds.
//!
//! Static data is collected only where a source can give it back. A chunk that a source can give back (it was made known by
//! [`ChunkStore::insert_absent`]) loses its body and stays known; any other is dropped.

mod clock;
mod mark;

use std::{
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
    time::Duration,
};

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use self::clock::Clock;
use crate::{
    ChangeReason, Chunk, ChunkChange, ChunkId, ChunkMeta, ChunkStore, ComponentId, RowId, StoreEvent,
    TimeRange, TimelineId,
    interval_index::Key,
    remove::MOST_AT_ONCE,
    store::{Origin, Slot},
};

/// The time that a collection takes of a frame: a fifth of a frame at 60 Hz.
pub const DEFAULT_GC_BUDGET: Duration = Duration::from_micros(3500);

/// In which order chunks go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GcOrder {
    /// The chunk with the oldest row first: good for data that streams in.
    #[default]
    OldestRow,
    /// The chunk farthest from a cursor first: good for data that is browsed. Chunks on other timelines go first of all.
    FarthestFrom {
        /// The timeline of the cursor.
        timeline: TimelineId,
        /// The cursor.
        time: i64,
    },
}

/// How many chunks are marked ahead of the sweep: more would only be marks to keep.
const MOST_MARKED: usize = 4096;

/// How many chunks are kept in mind as the farthest from a cursor, at least and at most: when there are as many as at most, the
/// nearer half is forgotten. Where those that are left are not enough, the walk begins again.
const FARTHEST: (usize, usize) = (16 * 1024, 32 * 1024);

/// How many events a step makes at most, mostly: what [`GcBuffers`] have room for from the start.
const LIKELY_EVENTS: usize = 8192;

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

/// SourceChunks that the store gave up. Dropping it frees their memory, which takes about as long as collecting them: it may be
/// sent to another thread for that. (The rows of a chunk that still gathers more are few, and are freed at once.)
#[derive(Debug, Default)]
pub struct Garbage {
    bodies: Vec<Arc<Chunk>>,
}

impl Garbage {
    /// The number of bodies.
    pub fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// Moves the bodies out, and keeps the memory of the list.
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self {
            bodies: self.bodies.drain(..).collect(),
        }
    }
}

/// What a step of a collection writes to, kept from step to step: memory that is new to the process is cleared by the system when it is
/// first touched, and of a huge page that takes about as long as a whole step may take.
#[derive(Debug)]
pub struct GcBuffers {
    /// What changed in the last step. Taken out, or cleared, before the next.
    pub events: Vec<StoreEvent>,
    /// What the store no longer holds since the last step. Likewise.
    pub garbage: Garbage,
    marks: VecDeque<(u32, ChunkId)>,
    farthest: Vec<FarMark>,
}

impl Default for GcBuffers {
    /// Buffers large enough for a step, touched once.
    fn default() -> Self {
        let mut events = Vec::with_capacity(LIKELY_EVENTS);
        let meta = Arc::new(ChunkMeta::nothing());
        let event = |_| StoreEvent {
            generation: 0,
            change: ChunkChange::Dropped,
            reason: ChangeReason::Collected,
            meta: Arc::clone(&meta),
            has_body: false,
            news: None,
        };
        events.extend((0..LIKELY_EVENTS).map(event));
        events.clear();
        let mut bodies = Vec::with_capacity(LIKELY_EVENTS);
        if let Ok(nothing) = Chunk::concat(ChunkId::from_u128(0), &[]) {
            bodies.resize(LIKELY_EVENTS, Arc::new(nothing));
            bodies.clear();
        }
        let mut marks = VecDeque::with_capacity(MOST_MARKED);
        // Not with zeros: memory of zeros is had without touching it.
        marks.resize(MOST_MARKED, (u32::MAX, ChunkId::from_u128(u128::MAX)));
        marks.clear();
        let mut farthest = vec![
            FarMark {
                distance: u64::MAX,
                slot: u32::MAX,
                tag: u32::MAX
            };
            FARTHEST.1
        ];
        farthest.clear();
        Self {
            events,
            garbage: Garbage { bodies },
            marks,
            farthest,
        }
    }
}

/// What one call of a collection did.
#[derive(Debug, Default)]
pub struct GcReport {
    /// The bytes of the bodies that went.
    pub freed_bytes: u64,
    /// The chunks that were dropped with their metadata.
    pub dropped_chunks: usize,
    /// The chunks that lost their body and can be loaded again.
    pub evicted_chunks: usize,
    /// Whether the target is reached, or there is nothing left that may go. Otherwise another call does more.
    pub done: bool,
    /// The time spent on marking.
    pub mark_time: Duration,
    /// The time of the whole call.
    pub total_time: Duration,
}

/// A chunk that may go, by how far it was from the cursor: ordered by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FarMark {
    distance: u64,
    slot: u32,
    /// A part of the chunk's id, to tell whether the slot is taken by another one by now.
    tag: u32,
}

fn tag_of(id: ChunkId) -> u32 {
    id.as_u128() as u32
}

/// Where a collection that ran out of time goes on.
#[derive(Debug, Default)]
pub(crate) struct GcState {
    order: GcOrder,
    /// Where the marking of the oldest rows goes on.
    after: Option<(RowId, u32)>,
    /// What to sweep, in this order.
    marked: VecDeque<(u32, ChunkId)>,
    /// Where the walk in search of the farthest goes on.
    walk: Walk,
    /// The farthest that the walk met.
    met: Vec<FarMark>,
    /// What is nearer than this is not among the farthest.
    nearest: u64,
    /// What the walk began with, and goes on with to its end.
    walks: Option<Walks>,
    /// Whether there may be more than the walk met, or kept in mind.
    met_more: bool,
    /// What to sweep, farthest first, once the walk is through.
    farthest: BinaryHeap<FarMark>,
    /// Whether everything was looked at.
    marked_all: bool,
    /// See [`Clock`].
    halved: u32,
}

/// What decides about what a walk meets. Where it changes under way, another walk may meet more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Walks {
    time: i64,
    only_recoverable: bool,
    protect_latest: usize,
    /// The number of series: with another one, those of an entity have other numbers.
    series: usize,
}

/// A place in the indices of all entities.
#[derive(Clone, Copy, Debug, Default)]
struct Walk {
    entity: usize,
    /// 0 for the entity's static data, then two for each of its timelines.
    step: usize,
    /// The entry that was looked at last.
    at: Option<Key>,
}

impl GcState {
    pub(crate) fn heap_bytes(&self) -> usize {
        self.marked.capacity() * size_of::<(u32, ChunkId)>()
            + (self.met.capacity() + self.farthest.capacity()) * size_of::<FarMark>()
    }

    /// Begins anew, and gives back what came from the buffers.
    fn give_back(&mut self, buffers: &mut GcBuffers) {
        let Self {
            mut marked,
            met,
            farthest,
            ..
        } = std::mem::take(self);
        marked.clear();
        if marked.capacity() > 0 {
            buffers.marks = marked;
        }
        let mut met = if met.capacity() > 0 {
            met
        } else {
            farthest.into_vec()
        };
        met.clear();
        if met.capacity() > 0 {
            buffers.farthest = met;
        }
    }
}

impl ChunkStore {
    /// Frees memory for about half of the budget, half of that for marking, and answers what changed. The other half is for what the
    /// system does meanwhile.
    ///
    /// Afterwards every query answers as if the store had never held what was dropped. Call it again, in a later frame, while
    /// the report is not `done`.
    ///
    /// What changed and what was given up is appended to the buffers.
    pub fn gc(&mut self, options: &GcOptions, buffers: &mut GcBuffers) -> GcReport {
        let mut clock = Clock::new(options.time_budget, self.gc.halved);
        let start = clock.last;
        let mut report = GcReport::default();
        let mut state = std::mem::take(&mut self.gc);
        let same_order = match (state.order, options.order) {
            // The cursor moves between frames. What was marked for its old place is a good start.
            (GcOrder::FarthestFrom { timeline: a, .. }, GcOrder::FarthestFrom { timeline: b, .. }) => a == b,
            (a, b) => a == b,
        };
        if !same_order {
            state.give_back(buffers);
        }
        state.order = options.order;
        if state.marked.capacity() == 0 {
            std::mem::swap(&mut state.marked, &mut buffers.marks);
        }
        if state.met.capacity() + state.farthest.capacity() == 0 {
            std::mem::swap(&mut state.met, &mut buffers.farthest);
        }
        loop {
            let begin = clock.last;
            let mark_until = clock
                .until
                .min(begin + (options.time_budget / 4).saturating_sub(report.mark_time));
            self.mark(&mut state, options, mark_until, &mut clock);
            report.mark_time += clock.look() - begin;
            let progress = self.sweep(&mut state, options, &mut clock, &mut report, buffers);
            let nothing_marked = state.marked_all && state.marked.is_empty() && state.farthest.is_empty();
            report.done = report.freed_bytes >= options.target_bytes || nothing_marked && !state.met_more;
            if nothing_marked && state.met_more {
                // The farthest are gone. There are more.
                (state.marked_all, state.met_more) = (false, false);
                state.met = std::mem::take(&mut state.farthest).into_vec();
            }
            // What was marked is swept and there is time left: mark on.
            if report.done || !progress || clock.look() >= clock.until {
                break;
            }
        }
        if report.done {
            // The next collection begins from the start.
            state.give_back(buffers);
        }
        state.halved = clock.halved;
        self.gc = state;
        report.total_time = start.elapsed();
        report
    }

    /// Drops what is marked and still may go. Says whether it got to the end of what is marked.
    fn sweep(
        &mut self,
        state: &mut GcState,
        options: &GcOptions,
        clock: &mut Clock,
        report: &mut GcReport,
        buffers: &mut GcBuffers,
    ) -> bool {
        if matches!(options.order, GcOrder::FarthestFrom { .. }) && !state.marked_all {
            // What is farthest is known when everything was seen.
            return false;
        }
        // Chunks that are alike go together. Those of a run that wait count as there when a later one is asked about, which
        // changes no answer: of each series, more than the latest that are kept end after the last of them.
        let mut run: SmallVec<[u32; MOST_AT_ONCE]> = SmallVec::new();
        let (mut unchecked, mut unchecked_bytes) = (0, 0_u64);
        while report.freed_bytes < options.target_bytes {
            let next = match state.marked.pop_front() {
                Some((slot, id)) => self
                    .slot(slot)
                    .filter(|chunk| chunk.meta.id == id)
                    .map(|chunk| (slot, chunk)),
                None => match state.farthest.pop() {
                    Some(mark) => {
                        let chunk = self
                            .slot(mark.slot)
                            .filter(|chunk| tag_of(chunk.meta.id) == mark.tag);
                        let chunk = chunk.filter(|chunk| {
                            let is_far = is_still_far(chunk, mark, options);
                            state.met_more |= !is_far;
                            is_far
                        });
                        chunk.map(|chunk| (mark.slot, chunk))
                    }
                    None => break,
                },
            };
            // Some are marked twice, and some are not what they were when they were marked.
            let next = next.filter(|(slot, chunk)| !run.contains(slot) && self.may_go(chunk, options));
            if let Some((slot, chunk)) = next {
                let num_bytes = chunk.meta.num_bytes;
                report.freed_bytes += num_bytes;
                unchecked_bytes += num_bytes;
                if chunk.origin == Origin::Source {
                    buffers
                        .garbage
                        .bodies
                        .extend(chunk.body.as_ref().map(|body| Arc::clone(body.chunk())));
                    self.evict_slot(slot, ChangeReason::Collected, &mut buffers.events);
                    report.evicted_chunks += 1;
                    unchecked += 8;
                } else {
                    let first = run.first().and_then(|&first| self.slot(first));
                    if first.is_some_and(|first| !Self::are_alike(&first.meta, &chunk.meta)) {
                        self.sweep_run(&mut run, report, buffers);
                    }
                    run.push(slot);
                    unchecked += 1;
                }
            } else {
                unchecked += 1;
            }
            // Alone a chunk takes about a microsecond, and a look at the clock takes a part of that.
            if unchecked >= clock.most(MOST_AT_ONCE) || unchecked_bytes >= 1 << 20 {
                (unchecked, unchecked_bytes) = (0, 0);
                self.sweep_run(&mut run, report, buffers);
                if clock.look_after_work() >= clock.until {
                    return false;
                }
            }
        }
        self.sweep_run(&mut run, report, buffers);
        true
    }

    fn sweep_run(
        &mut self,
        run: &mut SmallVec<[u32; MOST_AT_ONCE]>,
        report: &mut GcReport,
        buffers: &mut GcBuffers,
    ) {
        let GcBuffers { events, garbage, .. } = buffers;
        self.drop_run(run, ChangeReason::Collected, events, |body| {
            garbage.bodies.extend(body.into_chunk())
        });
        report.dropped_chunks += run.len();
        run.clear();
    }

    /// Whether a chunk has a body that is not protected.
    fn may_go(&self, chunk: &Slot, options: &GcOptions) -> bool {
        let meta = &chunk.meta;
        chunk.body.is_some()
            && (chunk.origin == Origin::Source || !meta.is_static && !options.only_recoverable)
            && !options.protected_chunks.contains(&meta.id)
            && !options
                .protected_time_ranges
                .iter()
                .any(|(timeline, range)| meta.time_range(*timeline).intersects(range))
            && (options.protect_latest == 0 || !self.is_among_latest(meta, options.protect_latest))
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

    pub(crate) fn evict_slot(&mut self, slot: u32, reason: ChangeReason, events: &mut Vec<StoreEvent>) {
        if self.body(slot).is_none() {
            return;
        }
        self.generation += 1;
        if let Some(Slot { meta, origin, .. }) = self.unlink(slot) {
            self.link(slot, meta, None, origin);
            self.push_event(ChunkChange::Evicted, reason, slot, true, events);
        }
    }
}

/// Whether a chunk is not much nearer than when it was marked: the cursor moves while a collection goes on.
fn is_still_far(chunk: &Slot, mark: FarMark, options: &GcOptions) -> bool {
    let distance = match options.order {
        GcOrder::OldestRow => u64::MAX,
        GcOrder::FarthestFrom { timeline, time } => distance(&chunk.meta, timeline, time),
    };
    distance >= mark.distance / 2
}

/// How far a chunk lies from a cursor; `u64::MAX` where it is on other timelines.
fn distance(meta: &ChunkMeta, timeline: TimelineId, time: i64) -> u64 {
    meta.time_range(timeline).distance(time).unwrap_or(u64::MAX)
}
