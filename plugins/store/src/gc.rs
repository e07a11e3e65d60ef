//! Garbage collection: gives memory back, a few milliseconds at a time.
//!
//! A collection marks what may go, in the order in which it should go, and sweeps what is marked. Each call does as much of
//! both as its time allows and the next goes on where it stopped. What changed in between does not matter: a mark is only a
//! proposal, and whether the chunk is protected is asked again when it is swept. Removing a chunk costs O(log n) per column,
//! whatever else the store holds.
//!
//! Static data is collected only where a source can give it back. A chunk that a source can give back (it was made known by
//! [`ChunkStore::insert_absent`]) loses its body and stays known; any other is dropped.

use std::{
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::{
    ChangeReason, Chunk, ChunkChange, ChunkId, ChunkMeta, ChunkStore, ComponentId, EntityId, RowId, StoreEvent, TimeRange,
    TimelineId,
    interval_index::{Entry, Key},
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

/// Bodies that the store gave up. Dropping it frees their memory, which takes about as long as collecting them: it may be
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
        Self { bodies: self.bodies.drain(..).collect() }
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
        let mut farthest = vec![FarMark { distance: u64::MAX, slot: u32::MAX, tag: u32::MAX }; FARTHEST.1];
        farthest.clear();
        Self { events, garbage: Garbage { bodies }, marks, farthest }
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
    pace: Pace,
}

/// How much is done between two looks at the clock. A look costs as much as several entries of an index, so there are many of those
/// in between; where they take long, as when memory that was away has to be fetched first, there are fewer.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// How often it was halved.
    halved: u32,
}

impl Pace {
    const MOST_HALVED: u32 = 6;

    fn most(self, usual: usize) -> usize {
        (usual >> self.halved).max(1)
    }

    /// What lay between two looks took this long, of a whole budget.
    fn note(&mut self, took: Duration, budget: Duration) {
        if took > budget / 32 && !budget.is_zero() {
            self.halved = (self.halved + 2).min(Self::MOST_HALVED);
        } else if took < budget / 128 {
            self.halved = self.halved.saturating_sub(1);
        }
    }
}

/// The clock of a step.
#[derive(Debug)]
struct Clock {
    budget: Duration,
    last: Instant,
    until: Instant,
    pace: Pace,
}

impl Clock {
    /// How much may be done before the next look at the clock, where `usual` is what fits into a small part of a step.
    fn most(&self, usual: usize) -> usize {
        if self.budget.is_zero() { 1 } else { self.pace.most(usual) }
    }

    fn look(&mut self) -> Instant {
        self.last = Instant::now();
        self.last
    }

    /// Looks at the clock after as much as [`Self::most`] says.
    fn look_after_work(&mut self) -> Instant {
        let before = self.last;
        let now = self.look();
        self.pace.note(now - before, self.budget);
        now
    }
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
        let Self { mut marked, met, farthest, .. } = std::mem::take(self);
        marked.clear();
        if marked.capacity() > 0 {
            buffers.marks = marked;
        }
        let mut met = if met.capacity() > 0 { met } else { farthest.into_vec() };
        met.clear();
        if met.capacity() > 0 {
            buffers.farthest = met;
        }
    }

    /// Keeps a chunk in mind that may go.
    fn meet(&mut self, mark: FarMark) {
        self.met.push(mark);
        if self.met.len() >= FARTHEST.1 {
            let (_, nearest, _) = self.met.select_nth_unstable_by(FARTHEST.0 - 1, |a, b| b.cmp(a));
            self.nearest = nearest.distance;
            self.met.truncate(FARTHEST.0);
            self.met_more = true;
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
        let start = Instant::now();
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

        // What follows the last look at the clock counts too, and so does what the system and the allocator do on the side: of a
        // whole budget, half is left for that.
        let budget = options.time_budget;
        let mut clock = Clock { budget, last: start, until: start + budget / 2, pace: state.pace };
        loop {
            let begin = clock.last;
            let mark_until = clock.until.min(begin + (budget / 4).saturating_sub(report.mark_time));
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
        state.pace = clock.pace;
        self.gc = state;
        report.total_time = start.elapsed();
        report
    }

    fn mark(&self, state: &mut GcState, options: &GcOptions, until: Instant, clock: &mut Clock) {
        if state.marked_all {
            return;
        }
        match options.order {
            GcOrder::OldestRow => {
                state.marked.reserve(MOST_MARKED.saturating_sub(state.marked.len()));
                let (mut marked_bytes, mut looked_at) = (0_u64, 0);
                let (from, is_first) = state.after.map_or(((RowId::MIN, 0), true), |after| (after, false));
                for (row_id, slot) in self.by_row.after(from, is_first) {
                    if let Some(chunk) = self.slot(slot)
                        && self.may_go(chunk, options)
                    {
                        state.marked.push_back((slot, chunk.meta.id));
                        marked_bytes = marked_bytes.saturating_add(chunk.meta.num_bytes);
                    }
                    state.after = Some((row_id, slot));
                    looked_at += 1;
                    if marked_bytes >= options.target_bytes || state.marked.len() >= MOST_MARKED {
                        return;
                    }
                    if looked_at >= clock.most(16) {
                        looked_at = 0;
                        if clock.look_after_work() >= until {
                            return;
                        }
                    }
                }
                state.marked_all = true;
            }
            GcOrder::FarthestFrom { timeline, time } => {
                let (only_recoverable, protect_latest) = (options.only_recoverable, options.protect_latest);
                let now = Walks { time, only_recoverable, protect_latest, series: self.series.len() };
                let walks = *state.walks.get_or_insert(now);
                if !self.walk(state, options, (timeline, walks.time), until, clock) {
                    return;
                }
                (state.walk, state.walks) = (Walk::default(), None);
                state.met_more |= walks != now;
                state.nearest = 0;
                state.farthest = std::mem::take(&mut state.met).into();
                state.marked_all = true;
            }
        }
    }

    /// Goes through the indices in search of the chunks that are farthest from a cursor. Says whether it got to the end.
    ///
    /// Of each entity the chunks come from both ends towards the cursor, for as long as the next may be far enough. So where all chunks
    /// are on the timeline of the cursor, and loaded, the whole walk costs O(log n) per entity, and what is done with those that are
    /// met. Chunks that are not loaded are passed over one by one, and where some are on other timelines alone, all are looked at.
    fn walk(
        &self,
        state: &mut GcState,
        options: &GcOptions,
        (timeline, time): (TimelineId, i64),
        until: Instant,
        clock: &mut Clock,
    ) -> bool {
        // What was done since the last look at the clock, in entries.
        let mut work = 0;
        let mut is_late = |work: &mut usize| {
            let looks = *work >= clock.most(64);
            *work = if looks { 0 } else { *work };
            looks && clock.look_after_work() >= until
        };
        while let Some(data) = self.entities.get(state.walk.entity) {
            let own = self.series_of(EntityId::from_index(state.walk.entity), timeline, ComponentId::ANY);
            let temporal = data.stats.num_chunks - data.stats.num_static_chunks;
            let all_on_timeline = own.is_some_and(|(_, series)| series.index.len() as u64 == temporal);
            loop {
                work += 1;
                let (mut is_late_now, at) = (false, state.walk.at);
                let (number, side) = (state.walk.step.wrapping_sub(1) / 2, state.walk.step.wrapping_sub(1) % 2);
                if state.walk.step == 0 {
                    for &slot in data.statics.iter().flat_map(|series| &series.slots) {
                        work += self.offer(state, options, slot, u64::MAX);
                    }
                } else if let Some((other, position)) = data.series.all_rows().nth(number) {
                    let index = self.series.get(position as usize).map(|series| &series.index);
                    // Goes on for as long as it returns `true`.
                    let mut meet = |state: &mut GcState, entry: &Entry, distance: Option<u64>| {
                        state.walk.at = Some(entry.key());
                        let distance = distance.filter(|_| entry.is_loaded());
                        work += 1 + distance.map_or(0, |distance| self.offer(state, options, entry.slot, distance));
                        is_late_now = is_late(&mut work);
                        !is_late_now
                    };
                    match (index, side) {
                        (Some(index), 0) if other == timeline => {
                            index.visit_before(at, |entry| {
                                let distance = entry.min.abs_diff(time);
                                entry.min > time && distance >= state.nearest && meet(state, entry, Some(distance))
                            });
                        }
                        (Some(index), 1) if other == timeline => {
                            index.visit_after(at, |entry| {
                                let end = if entry.max < time { entry.max.abs_diff(time) } else { 0 };
                                entry.min <= time && entry.min.abs_diff(time) >= state.nearest && meet(state, entry, Some(end))
                            });
                        }
                        (Some(index), 0) if !all_on_timeline => {
                            index.visit_after(at, |entry| {
                                // Met on the first of its timelines, where it is not on that of the cursor.
                                let timelines = self.slot(entry.slot).map(|chunk| &*chunk.meta.timelines).unwrap_or_default();
                                let is_elsewhere = timelines.iter().all(|column| column.timeline != timeline);
                                let is_first = timelines.first().is_some_and(|column| column.timeline == other);
                                meet(state, entry, (is_elsewhere && is_first).then_some(u64::MAX))
                            });
                        }
                        _ => {}
                    }
                } else {
                    break;
                }
                if is_late_now {
                    return false;
                }
                state.walk.step += 1;
                state.walk.at = None;
            }
            state.walk = Walk { entity: state.walk.entity + 1, ..Walk::default() };
            work += 1;
            if is_late(&mut work) {
                return false;
            }
        }
        true
    }

    /// Keeps a chunk in mind if it is far enough and may go. Answers how much work that was, in entries.
    fn offer(&self, state: &mut GcState, options: &GcOptions, slot: u32, distance: u64) -> usize {
        if distance < state.nearest {
            return 0;
        }
        if let Some(chunk) = self.slot(slot).filter(|chunk| self.may_go(chunk, options)) {
            state.meet(FarMark { distance, slot, tag: tag_of(chunk.meta.id) });
        }
        8
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
                Some((slot, id)) => self.slot(slot).filter(|chunk| chunk.meta.id == id).map(|chunk| (slot, chunk)),
                None => match state.farthest.pop() {
                    Some(mark) => {
                        let chunk = self.slot(mark.slot).filter(|chunk| tag_of(chunk.meta.id) == mark.tag);
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
                    buffers.garbage.bodies.extend(chunk.body.as_ref().map(|body| Arc::clone(body.chunk())));
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

    fn sweep_run(&mut self, run: &mut SmallVec<[u32; MOST_AT_ONCE]>, report: &mut GcReport, buffers: &mut GcBuffers) {
        let GcBuffers { events, garbage, .. } = buffers;
        self.drop_run(run, ChangeReason::Collected, events, |body| garbage.bodies.extend(body.into_chunk()));
        report.dropped_chunks += run.len();
        run.clear();
    }

    /// Whether a chunk has a body that is not protected.
    fn may_go(&self, chunk: &Slot, options: &GcOptions) -> bool {
        let meta = &chunk.meta;
        chunk.body.is_some()
            && (chunk.origin == Origin::Source || !meta.is_static && !options.only_recoverable)
            && !options.protected_chunks.contains(&meta.id)
            && !options.protected_time_ranges.iter().any(|(timeline, range)| meta.time_range(*timeline).intersects(range))
            && (options.protect_latest == 0 || !self.is_among_latest(meta, options.protect_latest))
    }

    /// Whether a chunk holds one of the latest rows of some series. Of chunks, those that end last are kept: if a row is
    /// among the latest `count`, fewer than `count` chunks end after its own.
    fn is_among_latest(&self, meta: &ChunkMeta, count: usize) -> bool {
        meta.timelines.iter().enumerate().any(|(at, timeline)| {
            let series_of = |component| self.series_of(meta.entity, timeline.timeline, component).map(|(_, series)| series);
            meta.components.iter().any(|column| {
                let range = column.ranges.get(at).copied().unwrap_or(TimeRange::EMPTY);
                !range.is_empty()
                    && series_of(column.component).is_some_and(|series| series.index.count_ending_after(range.max, count) < count)
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
