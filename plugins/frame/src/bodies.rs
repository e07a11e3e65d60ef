//! The bodies of chunks that are known and not loaded: wished for once the frame knows what it lacks, taken in with the next.
//!
//! Two systems around the rest of the frame. `receive_bodies` takes what the sources of a recording have read, within the
//! budget of [`Ingest`](crate::FrameSystems::Ingest). `request_bodies` runs last, when all queries of the frame are made: it gathers
//! what was missing, tells the sources what to read next, and writes down per view what it still lacks ([`ViewBodies`]), so
//! that what is provisional can be marked as such.
//!
//! What is read: clears and static data, then what is on screen, then what the cursor will come to, in the direction in which
//! it last moved. Reading stops at the memory limit; what is on screen then stays as it is, and is marked.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ChunkId, ChunkMeta, ChunkStore, EntityId, StoreError, TimeRange, TimelineId, WishOptions};
use chronoscope_types::format_bytes;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    ActiveBlueprint, Answers, Cursor, DataResults, DiffLog, Frame, FrameDiagnostics, FrameSystems, LoopMode, MemoryBudget,
    PlayState, RecordingEntry, RecordingKey, Recordings, Report, Settled, TimeControl, TimeControls, View, ViewOverrides,
    ViewTile, Visualizers,
    diagnostics::end_frame,
    ingest::{IngestBudget, Reports, receive_messages},
    memory::{Purge, ViewerCaches},
    settle::settle,
};

/// How much is read before the cursor gets there.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct ReadAhead {
    /// How long the cursor would take to get there, playing.
    pub time: Duration,
    /// The bytes of bodies to wish for at once.
    pub max_bytes: u64,
}

impl Default for ReadAhead {
    fn default() -> Self {
        Self { time: Duration::from_secs(3), max_bytes: 128 << 20 }
    }
}

/// What a view lacks: chunks that are known, would change what it shows, and are not loaded. Until they are, the view is
/// provisional.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewBodies {
    /// The chunks.
    pub missing_chunks: usize,
    /// The bytes that they will take.
    pub missing_bytes: u64,
    /// Whether they stay out, because the memory limit is reached.
    pub is_over_limit: bool,
}

impl ViewBodies {
    /// What is missing and why, in a sentence for the user; `None` where nothing is.
    pub fn explain(&self) -> Option<String> {
        let chunks = if self.missing_chunks == 1 { "1 chunk".to_owned() } else { format!("{} chunks", self.missing_chunks) };
        let bytes = format_bytes(self.missing_bytes);
        match (self.missing_chunks, self.is_over_limit) {
            (0, _) => None,
            (_, false) => Some(format!("Still to be read of what is shown here: {chunks}, {bytes}.")),
            (_, true) => Some(format!("The memory limit leaves no room for {chunks} of what is shown here, {bytes}.")),
        }
    }
}

/// What the user interface asked for beside the views and did not find: what is selected, say.
#[derive(Resource, Debug, Default)]
pub struct AlsoWanted(Mutex<Vec<ChunkId>>);

impl AlsoWanted {
    /// Asks for bodies. To be repeated in each frame in which they are wanted.
    pub fn note(&self, chunks: &[ChunkId]) {
        if !chunks.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(chunks);
        }
    }

    fn take(&mut self) -> Vec<ChunkId> {
        std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Keeps [`ViewBodies`], and the sources of recordings busy.
pub struct BodiesPlugin;

impl Plugin for BodiesPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ReadAhead>().init_resource::<AlsoWanted>().init_resource::<OnScreen>().init_resource::<Wished>();
        app.add_systems(
            Frame,
            (
                receive_bodies.in_set(FrameSystems::Ingest).after(receive_messages),
                request_bodies.after(FrameSystems::Present).before(settle).before(end_frame),
            ),
        );
    }
}

fn receive_bodies(
    mut recordings: ResMut<Recordings>,
    mut log: ResMut<DiffLog>,
    mut reports: ResMut<Reports>,
    mut diagnostics: ResMut<FrameDiagnostics>,
    mut wished: ResMut<Wished>,
    budget: Res<IngestBudget>,
) {
    let recordings = recordings.bypass_change_detection();
    for entry in recordings.iter_mut().filter(|entry| !entry.sources().is_empty()) {
        puffin::profile_scope!("receive_bodies");
        for source in entry.sources().to_vec() {
            while diagnostics.elapsed_in_phase() < budget.time && diagnostics.ingested_bytes < budget.bytes {
                let Some(body) = source.try_next() else { break };
                wished.is_answered = true;
                let key = entry.key();
                let (id, error) = match body {
                    Ok(chunk) => {
                        diagnostics.ingested_messages += 1;
                        diagnostics.ingested_bytes += chunk.num_bytes();
                        let id = chunk.id();
                        match entry.recording.load(chunk) {
                            Ok(events) => {
                                log.push_events(key, events);
                                continue;
                            }
                            // It was dropped while it was on its way.
                            Err(StoreError::UnknownChunk(_)) => continue,
                            Err(error) => (id, error.to_string()),
                        }
                    }
                    Err(error) => (error.id(), with_causes(&error)),
                };
                // A chunk that can not be had is taken out, so that nothing waits for it for ever. The report says so.
                let Some(meta) = entry.store().chunk_meta(id) else { continue };
                let entity = entry.store().entity_path(meta.entity).clone();
                reports.push(Report::entity_warning(entry.info.source.clone(), entity, error));
                log.push_events(key, entry.recording.drop_chunks([id]));
            }
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What ranges on screen were made from, as far as sources are concerned. Latest rows are in [`Answers`].
#[derive(Resource, Debug, Default)]
pub(crate) struct OnScreen {
    of: Option<OnScreenKey>,
    /// The chunks that ranges were read from.
    used: FxHashSet<ChunkId>,
    /// The chunks that ranges lack, by view.
    missing: FxHashMap<ViewId, Vec<ChunkId>>,
    /// The chunks that were wished for because something on screen waits for them.
    awaited: Vec<ChunkId>,
    ahead: Option<Ahead>,
}

/// What lies ahead of the cursor, where there is not room for all of it anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// The times that the cursor will come to next, as many as there can be room for.
    pub(crate) ranges: Vec<(TimelineId, TimeRange)>,
    /// The bytes to be freed for them, of what is farther away.
    pub(crate) room_bytes: u64,
}

impl OnScreen {
    /// The chunks that a source could give back and that ranges on screen were read from, or that something on screen waited for
    /// until this frame: evicted, they would be wished for again at once.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = ChunkId> {
        self.used.iter().chain(&self.awaited).copied()
    }

    /// What lies ahead, where room is scarce.
    pub(crate) fn ahead(&self) -> Option<&Ahead> {
        self.ahead.as_ref()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct OnScreenKey {
    recording: RecordingKey,
    generation: u64,
    blueprint: u64,
    shown: Vec<ViewId>,
    /// Where ranges move with the cursor.
    cursor: Option<Cursor>,
}

/// What the sources were last told.
#[derive(Resource, Debug, Default)]
struct Wished {
    recording: Option<RecordingKey>,
    chunks: Vec<ChunkId>,
    cursor: Cursor,
    /// Whether the cursor last moved back.
    backwards: bool,
    /// Whether bodies arrived since: what was wished for may have come, and gone again.
    is_answered: bool,
}

/// What the frame lacks, and what to do about it.
struct Plan {
    recording: RecordingKey,
    views: Vec<(Entity, ViewBodies)>,
    wishes: Vec<ChunkId>,
    /// Those of the wishes that what is on screen waits for.
    awaited: Vec<ChunkId>,
    ahead: Option<Ahead>,
}

/// The views, and what of them decides about what to read.
type Shown = (Entity, &'static View, &'static ViewTile, &'static DataResults, &'static ViewOverrides);

/// Exclusive, since any visualizer may have missed something. Does next to nothing where the recording has no sources.
fn request_bodies(world: &mut World, shown: &mut QueryState<Shown>, marks: &mut QueryState<(Entity, &mut ViewBodies)>) {
    let also_wanted = world.resource_mut::<AlsoWanted>().bypass_change_detection().take();
    let cursor = *world.resource::<Cursor>();
    note_motion(world.resource_mut::<Wished>().bypass_change_detection(), cursor);
    let entry = cursor.recording.and_then(|key| world.resource::<Recordings>().get(key));
    let plan = if entry.is_some_and(|entry| !entry.sources().is_empty()) {
        puffin::profile_scope!("request_bodies");
        gather(world, shown, cursor);
        plan(world, shown, cursor, &also_wanted)
    } else {
        None
    };
    let (recording, views, wishes, awaited, ahead) = match plan {
        Some(plan) => (Some(plan.recording), plan.views, plan.wishes, plan.awaited, plan.ahead),
        None => Default::default(),
    };
    if !awaited.is_empty() {
        world.resource_mut::<Settled>().disturb();
    }
    let mut on_screen = world.resource_mut::<OnScreen>();
    (on_screen.awaited, on_screen.ahead) = (awaited, ahead);
    world.resource_scope(|world, mut wished: Mut<Wished>| wished.tell(world.resource(), recording, wishes));
    for (view, mut mark) in marks.iter_mut(world) {
        let bodies = views.iter().find(|(other, _)| *other == view).map(|(_, bodies)| *bodies);
        mark.set_if_neq(bodies.unwrap_or_default());
    }
}

impl Wished {
    /// Tells the sources what is wanted now, where that is something else than before.
    fn tell(&mut self, recordings: &Recordings, recording: Option<RecordingKey>, wishes: Vec<ChunkId>) {
        let want = |recording: Option<RecordingKey>, chunks: &[ChunkId]| {
            let entry = recording.and_then(|key| recordings.get(key));
            entry.into_iter().flat_map(RecordingEntry::sources).for_each(|source| source.want(chunks));
        };
        if self.recording != recording {
            want(self.recording, &[]);
        } else if self.chunks == wishes && !self.is_answered {
            return;
        }
        self.is_answered = false;
        want(recording, &wishes);
        self.recording = recording;
        self.chunks = wishes;
    }
}

fn note_motion(wished: &mut Wished, cursor: Cursor) {
    let before = std::mem::replace(&mut wished.cursor, cursor);
    if (before.recording, before.timeline) != (cursor.recording, cursor.timeline) {
        wished.backwards = false;
    } else if before.time != cursor.time {
        wished.backwards = cursor.time < before.time;
    }
}

/// Brings [`OnScreen`] up to date. Costs what is on screen, where that may have changed.
fn gather(world: &mut World, shown: &mut QueryState<Shown>, cursor: Cursor) {
    let (Some(recording), Some(generation)) = (cursor.recording, shown_store(world, cursor).map(ChunkStore::generation)) else {
        return;
    };
    let mut views: Vec<ViewId> = Vec::new();
    let mut follows_cursor = false;
    for (_, view, _, _, overrides) in shown.iter(world).filter(|(_, _, tile, ..)| tile.shown) {
        views.push(view.id);
        follows_cursor |= overrides.has_time_ranges();
    }
    let key = OnScreenKey {
        recording,
        generation,
        blueprint: world.resource::<ActiveBlueprint>().generation(),
        shown: views,
        cursor: follows_cursor.then_some(cursor),
    };
    if world.resource::<OnScreen>().of.as_ref() == Some(&key) {
        return;
    }
    world.resource_scope(|world, mut on_screen: Mut<OnScreen>| {
        let OnScreen { of, used, missing, .. } = &mut *on_screen;
        used.clear();
        missing.clear();
        for view in &key.shown {
            world.resource::<Visualizers>().for_each_bodies(world, *view, &mut |_, bodies| {
                used.extend(bodies.used.iter().copied());
                if !bodies.missing.is_empty() {
                    missing.entry(*view).or_default().extend_from_slice(&bodies.missing);
                }
            });
        }
        *of = Some(key);
    });
}

fn shown_store(world: &World, cursor: Cursor) -> Option<&ChunkStore> {
    world.resource::<Recordings>().get(cursor.recording?).map(RecordingEntry::store)
}

/// What to read next. Costs what is missing and what lies ahead.
fn plan(world: &World, shown: &mut QueryState<Shown>, cursor: Cursor, also_wanted: &[ChunkId]) -> Option<Plan> {
    let recording = cursor.recording?;
    if shown_store(world, cursor)?.store_stats().chunks.num_absent_chunks == 0 {
        return Some(Plan { recording, views: Vec::new(), wishes: Vec::new(), awaited: Vec::new(), ahead: None });
    }
    let store = shown_store(world, cursor)?;
    let (answers, on_screen) = (world.resource::<Answers>(), world.resource::<OnScreen>());
    let ahead = *world.resource::<ReadAhead>();

    let limit = world.resource::<MemoryBudget>().limit_bytes.unwrap_or(u64::MAX);
    let used = world.resource::<Recordings>().num_bytes() + world.resource::<ViewerCaches>().bytes;
    let room = limit.saturating_sub(used);

    let mut views = Vec::new();
    for (entity, view, _, results, _) in shown.iter(world).filter(|(_, _, tile, ..)| tile.shown) {
        let latest = answers.provisional().filter(|(entity, _)| results.get(*entity).is_some());
        let ranges = on_screen.missing.get(&view.id).into_iter().flatten().copied();
        let missing: FxHashSet<ChunkId> = latest.flat_map(|(_, answers)| answers.missing()).chain(ranges).collect();
        let bodies = ViewBodies {
            missing_chunks: missing.len(),
            missing_bytes: missing.iter().filter_map(|id| store.chunk_meta(*id)).map(|meta| meta.num_bytes).sum(),
            is_over_limit: !missing.is_empty() && used > limit && !world.resource::<Purge>().is_under_way(),
        };
        views.push((entity, bodies));
    }
    if used > limit {
        return Some(Plan { recording, views, wishes: Vec::new(), awaited: Vec::new(), ahead: None });
    }

    // No more of what is on screen than is wished for at once.
    let max_bytes = ahead.max_bytes.min(room);
    let mut bytes = 0_u64;
    let heuristics = world.resource::<ActiveBlueprint>().awaited().iter().copied();
    let missing: Vec<ChunkId> = heuristics
        .chain(answers.provisional().flat_map(|(_, answers)| answers.missing()))
        .chain(also_wanted.iter().copied())
        .chain(on_screen.missing.values().flatten().copied())
        .take_while(|id| {
            let is_enough = bytes > max_bytes;
            bytes = bytes.saturating_add(store.chunk_meta(*id).map_or(0, |meta| meta.num_bytes));
            !is_enough
        })
        .collect();
    let none = |_: &ChunkMeta| false;
    let mut wishes = WishOptions { on_screen: &missing, timeline: None, time: cursor.time, ahead: 0, is_shown: &none, max_bytes };
    let mut wanted = store.wishes(&wishes);
    let awaited = wanted.clone();

    // What lies ahead only takes room that is left well below the limit: else it would go again with the next purge.
    let urgent: u64 = wanted.iter().filter_map(|id| store.chunk_meta(*id)).map(|meta| meta.num_bytes).sum();
    let room_ahead = (limit - limit / 10).saturating_sub(used.saturating_add(urgent));
    let mut scarce = None;
    if let Some(timeline) = cursor.timeline {
        let control = world.resource::<TimeControls>().get(recording);
        let backwards = world.resource::<Wished>().backwards;
        let mut spans = ahead_of(control, store, timeline, cursor.time, backwards, ahead.time);
        let is_shown = |meta: &ChunkMeta| {
            let looks_at = |component| answers.get(meta.entity).is_some_and(|answers| answers.looks_at(component));
            meta.components.iter().any(|column| looks_at(column.component))
        };
        if room_ahead < ahead.max_bytes {
            // Only as far as half of the memory reaches, so that the other half is there for what is on screen.
            let mut left = limit / 2;
            let mut absent = 0_u64;
            for (time, units) in &mut spans {
                let chunks =
                    answers.entities().flat_map(|entity| chunks_ahead(store, entity, timeline, (*time, *units), &is_shown));
                absent = absent.saturating_add(shorten(units, chunks.collect(), &mut left));
            }
            scarce = Some(Ahead {
                ranges: spans.iter().map(|(time, units)| (timeline, span(*time, *units))).collect(),
                room_bytes: absent.saturating_sub(room_ahead),
            });
        }
        let fits = |meta: &ChunkMeta| meta.num_bytes <= room_ahead && is_shown(meta);
        wishes.timeline = Some(timeline);
        wishes.is_shown = &fits;
        wishes.max_bytes = urgent.saturating_add(room_ahead.min(max_bytes.saturating_sub(urgent)));
        if wishes.max_bytes > urgent {
            for (time, ahead) in spans {
                (wishes.time, wishes.ahead) = (time, ahead);
                wanted.extend(store.wishes(&wishes));
            }
        }
        let mut seen = FxHashSet::default();
        wanted.retain(|id| seen.insert(*id));
    }
    Some(Plan { recording, views, wishes: wanted, awaited, ahead: scarce })
}

/// The times from a cursor on; backwards where `units` is negative.
fn span(time: i64, units: i64) -> TimeRange {
    let end = time.saturating_add(units);
    TimeRange::new(time.min(end), time.max(end))
}

/// A chunk that lies ahead: how far, how large, and whether it is loaded.
type ChunkAhead = (u64, u64, bool);

fn chunks_ahead(
    store: &ChunkStore,
    entity: EntityId,
    timeline: TimelineId,
    (time, units): (i64, i64),
    is_shown: &dyn Fn(&ChunkMeta) -> bool,
) -> Vec<ChunkAhead> {
    let mut chunks = Vec::new();
    store.visit_chunks(entity, timeline, span(time, units), |meta, is_loaded| {
        if is_shown(meta) {
            let range = meta.time_range(timeline);
            let nearest = if units < 0 { range.max.min(time) } else { range.min.max(time) };
            chunks.push((nearest.abs_diff(time), meta.num_bytes, is_loaded));
        }
    });
    chunks
}

/// Shortens a way ahead so that the chunks on it take no more bytes than are left, and says how many of those are not loaded.
fn shorten(units: &mut i64, mut chunks: Vec<ChunkAhead>, left: &mut u64) -> u64 {
    chunks.sort_unstable();
    let mut absent = 0_u64;
    for (distance, bytes, is_loaded) in chunks {
        if bytes > *left {
            let nearer = i64::try_from(distance.saturating_sub(1)).unwrap_or(i64::MAX);
            *units = units.signum() * nearer;
            *left = 0;
            break;
        }
        *left -= bytes;
        absent = absent.saturating_add(if is_loaded { 0 } else { bytes });
    }
    absent
}

/// Where to read ahead: from where, and how far, negative for backwards. Where playing loops, also behind the jump.
fn ahead_of(
    control: &TimeControl,
    store: &ChunkStore,
    timeline: TimelineId,
    time: i64,
    backwards: bool,
    ahead: Duration,
) -> Vec<(i64, i64)> {
    let is_playing = control.play_state() == PlayState::Playing;
    let units = control.units_per_second(store.timeline(timeline).time_type()) * ahead.as_secs_f64();
    // A float beyond i64 saturates.
    let units = (units * if is_playing { control.speed() } else { 1.0 }).ceil().max(1.0) as i64;
    if !is_playing {
        return vec![(time, if backwards { -units } else { units })];
    }
    let bounds = control.play_bounds(store, timeline);
    let beyond = time.saturating_add(units).saturating_sub(bounds.max);
    match control.loop_mode() {
        LoopMode::Off => vec![(time, units)],
        _ if beyond <= 0 => vec![(time, units)],
        _ => {
            let rest = TimeRange::new(time.min(bounds.max), bounds.max).length();
            vec![(time, i64::try_from(rest).unwrap_or(i64::MAX)), (bounds.min, beyond)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_in_words() {
        let bodies = ViewBodies::default();
        assert_eq!(bodies.explain(), None);
        let bodies = ViewBodies { missing_chunks: 1, missing_bytes: 2_048, ..bodies };
        assert!(bodies.explain().is_some_and(|text| text.contains("1 chunk, 2.0 KiB")));
        let bodies = ViewBodies { missing_chunks: 3, is_over_limit: true, ..bodies };
        assert!(bodies.explain().is_some_and(|text| text.contains("3 chunks") && text.contains("memory limit")));
    }

    #[test]
    fn reading_ahead_follows_the_cursor() {
        let mut store = ChunkStore::new(chronoscope_store::StoreId::recording("app", "recording"));
        for frame in [0, 1_000] {
            let times = [(chronoscope_store::Timeline::sequence("frame"), frame)];
            let chunk = chronoscope_types::log_chunk("/a", times, &chronoscope_types::Scalars::new([1.0]));
            assert!(chunk.is_ok_and(|chunk| store.insert(chunk).is_ok()));
        }
        let Some(timeline) = store.timeline_id("frame") else { panic!("it was just logged") };
        let mut control = TimeControl::default();
        let ahead =
            |control: &TimeControl, time, backwards| ahead_of(control, &store, timeline, time, backwards, Duration::from_secs(2));
        assert_eq!(ahead(&control, 500, false), [(500, 60)]);
        assert_eq!(ahead(&control, 500, true), [(500, -60)]);
        // Playing always goes forward, at its speed, and round where it loops.
        control.set_play_state(PlayState::Playing);
        control.set_speed(2.0);
        assert_eq!(ahead(&control, 500, true), [(500, 120)]);
        assert_eq!(ahead(&control, 900, false), [(900, 120)]);
        control.set_loop_mode(LoopMode::All);
        assert_eq!(ahead(&control, 900, false), [(900, 100), (0, 20)]);
        assert_eq!(ahead(&control, 500, false), [(500, 120)]);
    }
}
