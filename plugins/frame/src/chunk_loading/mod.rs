//! Loading the data of chunks that are known by their metadata: requested once the frame knows what it lacks,
//! taken in with the next.
//!
//! Two systems around the rest of the frame. `receive_chunks` takes what the sources of a recording have
//! read, within a budget, in [`Ingest`](crate::FrameSystems::Ingest). `request_chunks` runs last, when all
//! queries of the frame are made: it gathers what was missing, tells the sources what to read next, and
//! writes down per view what it still lacks ([`MissingChunks`]), so that what is provisional can be marked as
//! such.
//!
//! What is read: clears and static data, then what is on screen, then what the cursor will come to, in the
//! direction in which it last moved. Of the memory limit, ranges on screen (plots, logs) may take a half,
//! what lies around the cursor first, and what lies ahead may take a quarter; the rest is there for what is
//! shown at the cursor. Near the limit, room is made of what lies farthest from the cursor. What does not fit
//! stays out, and the views that lack it say so.

mod ahead;
mod on_screen;
mod plan;
mod receive;
mod requests;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ChunkId, ChunkStore, LatestAt};
use chronoscope_types::format_bytes;
use rustc_hash::FxHashSet;

pub(crate) use ahead::Ahead;
pub(crate) use on_screen::OnScreen;

use self::{
    plan::{Lacks, Look, Needs, Plan, Room},
    receive::{Failures, receive_chunks},
    requests::{SentRequests, Situation},
};
use crate::{
    ActiveBlueprint, ContextId, Cursor, DataResults, Frame, FrameSystems, InContext, MemoryBudget,
    QueryContext, QueryContexts, RecordingEntry, RecordingKey, Recordings, Settled, TimeControl,
    TimeControls, View, ViewTile, ViewerCaches, budget::Purge, ingest::receive_messages, settle::settle,
};

/// How chunks are read: how much before the cursor gets there, and when again.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct ReadAhead {
    /// How long the cursor would take to get there, playing.
    pub time: Duration,
    /// The bytes of chunks to request at once.
    pub max_bytes: u64,
    /// How long a chunk is left alone that could not be read: a share on the network may come back.
    pub retry_after: Duration,
}

impl Default for ReadAhead {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(3),
            max_bytes: 128 << 20,
            retry_after: Duration::from_secs(2),
        }
    }
}

/// What a view lacks: chunks that are known, would change what it shows, and are not loaded. Until they are,
/// the view is provisional.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MissingChunks {
    /// The chunks.
    pub missing_chunks: usize,
    /// The bytes that they will take.
    pub missing_bytes: u64,
    /// Whether they stay out, because the memory limit leaves no room for them.
    pub is_over_limit: bool,
}

impl MissingChunks {
    /// What is missing and why, in a sentence for the user; `None` where nothing is.
    pub fn explain(&self) -> Option<String> {
        let chunks = if self.missing_chunks == 1 {
            "1 chunk".to_owned()
        } else {
            format!("{} chunks", self.missing_chunks)
        };
        let bytes = format_bytes(self.missing_bytes);
        match (self.missing_chunks, self.is_over_limit) {
            (0, _) => None,
            (_, false) => Some(format!(
                "Still to be read of what is shown here: {chunks}, {bytes}."
            )),
            (_, true) => Some(format!(
                "The memory limit leaves no room for {chunks} of what is shown here, {bytes}. Raise it, or show less."
            )),
        }
    }
}

/// What the user interface looks up beside the views: what is selected, say.
#[derive(Resource, Debug, Default)]
pub struct UiChunkRequests(Mutex<Vec<ChunkId>>);

impl UiChunkRequests {
    /// Asks for the chunks that an answer lacks, and that the one it has is kept. To be repeated in each pass
    /// in which the answer is shown.
    pub fn note(&self, answer: &LatestAt) {
        let shown = answer
            .hit
            .iter()
            .map(|hit| hit.chunk().id())
            .chain(answer.missing.iter().copied());
        self.note_chunks(shown);
    }

    /// Asks for chunks, and that they are kept. To be repeated in each frame in which they are wanted.
    pub fn note_chunks(&self, chunks: impl IntoIterator<Item = ChunkId>) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.extend(chunks);
    }

    fn take(&mut self) -> Vec<ChunkId> {
        std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Keeps [`MissingChunks`], and the sources of recordings busy.
pub struct ChunkLoadingPlugin;

impl Plugin for ChunkLoadingPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<ReadAhead>()
            .init_resource::<UiChunkRequests>()
            .init_resource::<OnScreen>()
            .init_resource::<Failures>()
            .init_resource::<SentRequests>();
        app.add_systems(
            Frame,
            (
                receive_chunks
                    .in_set(FrameSystems::Ingest)
                    .after(receive_messages),
                request_chunks.in_set(FrameSystems::End).before(settle),
            ),
        );
    }
}

/// The views, and what of them decides about what to read.
type Shown = (
    Entity,
    &'static View,
    &'static ViewTile,
    &'static QueryContext,
    &'static DataResults,
);

/// Exclusive, since any visualizer may have missed something. Does next to nothing where no recording that
/// views look at has sources, or where nothing changed.
fn request_chunks(
    world: &mut World,
    shown: &mut QueryState<Shown>,
    marks: &mut QueryState<(Entity, &QueryContext, &mut MissingChunks)>,
) {
    let ui_requests = world
        .resource_mut::<UiChunkRequests>()
        .bypass_change_detection()
        .take();
    let cursor = *world.resource::<Cursor>();
    world.resource_mut::<SentRequests>().note_motion(cursor);
    let looked_at = looked_at(world);
    if looked_at.is_empty() && world.resource::<SentRequests>().is_empty() {
        return;
    }
    puffin::profile_scope!("request_chunks");
    world
        .resource_mut::<OnScreen>()
        .retain(|recording| looked_at.contains(&recording));
    world.resource_scope(|world, mut sent_requests: Mut<SentRequests>| {
        sent_requests.retain(world.resource(), |recording| looked_at.contains(&recording));
    });
    let retry_after = world.resource::<ReadAhead>().retry_after;
    world.resource_mut::<Failures>().begin_frame(retry_after);
    let mut replanned = Vec::new();
    let mut lacking = Vec::new();
    for recording in &looked_at {
        let visible: Vec<_> = shown
            .iter(world)
            .filter(|(_, _, tile, context, _)| tile.shown && context.cursor.recording == Some(*recording))
            .collect();
        let ids: Vec<ViewId> = visible.iter().map(|(_, view, ..)| view.id).collect();
        world.resource_scope(|world, mut on_screen: Mut<OnScreen>| {
            on_screen.get_mut(*recording).gather(world, *recording, &ids);
        });
        let Some(situation) = situation(world, *recording, looked_at.len(), &ui_requests) else {
            continue;
        };
        if world.resource::<SentRequests>().is_made_for(&situation) {
            world.resource_scope(|world, mut sent_requests: Mut<SentRequests>| {
                sent_requests.answer(world.resource(), *recording);
            });
            continue;
        }
        let plan = plan(world, &situation);
        for (entity, view, tile, context, results) in shown.iter(world) {
            if tile.shown && context.cursor.recording == Some(*recording) {
                let lacks = Lacks {
                    recording: *recording,
                    room: situation.room,
                    excluded: &plan.excluded,
                };
                lacking.push((entity, lacks.of_view(world, view, context, results)));
            }
        }
        follow(world, plan, situation);
        replanned.push(*recording);
    }
    for (view, context, mut mark) in marks.iter_mut(world) {
        let recording = context.cursor.recording.filter(|key| looked_at.contains(key));
        if recording.is_none_or(|recording| replanned.contains(&recording)) {
            let missing = lacking.iter().find(|(other, _)| *other == view);
            mark.set_if_neq(missing.map(|(_, missing)| *missing).unwrap_or_default());
        }
    }
    // What could not be read is tried again after a while, of which nobody else tells.
    let waker = world.resource::<Settled>().waker().cloned();
    let is_tried_again = world.resource_mut::<Failures>().wake_when_due(waker.as_ref());
    let waiting = |recording: &&RecordingKey| world.resource::<SentRequests>().is_waiting(**recording);
    let waiting: Vec<RecordingKey> = looked_at.iter().filter(waiting).copied().collect();
    if !waiting.is_empty() {
        let is_told = is_tried_again && waiting.iter().all(|recording| sources_wake(world, *recording));
        let mut settled = world.resource_mut::<Settled>();
        if is_told {
            settled.await_wake();
        } else {
            settled.disturb();
        }
    }
}

/// The recordings that have sources and that views look at: that of the cursor first.
fn looked_at(world: &World) -> Vec<RecordingKey> {
    let recordings = world.resource::<Recordings>();
    let others = world.resource::<QueryContexts>().others.values();
    let cursors = std::iter::once(*world.resource::<Cursor>()).chain(others.map(|products| products.cursor));
    let mut looked_at = Vec::new();
    for key in cursors.filter_map(|cursor| cursor.recording) {
        let has_sources = recordings
            .get(key)
            .is_some_and(|entry| !entry.sources().is_empty());
        if has_sources && !looked_at.contains(&key) {
            looked_at.push(key);
        }
    }
    looked_at
}

/// Whether all sources of a recording wake the viewer once they have read something.
fn sources_wake(world: &World, recording: RecordingKey) -> bool {
    let Some(waker) = world.resource::<Settled>().waker() else {
        return false;
    };
    let entry = world.resource::<Recordings>().get(recording);
    entry.is_some_and(|entry| entry.sources().iter().all(|source| source.set_waker(waker)))
}

/// The contexts that look at a recording, and whether they move with the cursor.
fn contexts_at(world: &World, recording: RecordingKey) -> Vec<(InContext<'_>, bool)> {
    let at_cursor = InContext::of(world, ContextId::CURSOR).map(|products| (products, true));
    let others = world.resource::<QueryContexts>().others.values();
    let others = others.map(|products| (InContext::from(products), products.follows_cursor));
    let all = at_cursor.into_iter().chain(others);
    all.filter(|(products, _)| products.cursor.recording == Some(recording))
        .collect()
}

fn situation(
    world: &World,
    recording: RecordingKey,
    sharing: usize,
    ui_requests: &[ChunkId],
) -> Option<Situation> {
    let recordings = world.resource::<Recordings>();
    let entry = recordings.get(recording)?;
    let contexts = contexts_at(world, recording);
    let lacks = contexts.iter().flat_map(|(products, _)| {
        [
            products.latest_at.provisional_version(),
            products.transforms.missing_version(),
        ]
    });
    let ranges = world.resource::<OnScreen>().get(recording);
    let ui_requests = ui_requests.iter().copied();
    Some(Situation {
        recording,
        generation: entry.store().generation(),
        blueprint: world.resource::<ActiveBlueprint>().generation(),
        lacks: lacks
            .chain(ranges.map(on_screen::RecordingOnScreen::version))
            .collect(),
        cursors: contexts
            .iter()
            .map(|(products, follows)| (products.cursor, *follows))
            .collect(),
        backwards: world.resource::<SentRequests>().backwards,
        control: active_control(world).clone(),
        read_ahead: *world.resource::<ReadAhead>(),
        room: Room {
            limit: world.resource::<MemoryBudget>().limit_bytes.unwrap_or(u64::MAX),
            held: recordings.num_bytes() + world.resource::<ViewerCaches>().size().bytes,
            is_purging: world.resource::<Purge>().is_under_way(),
            sharing: sharing as u64,
        },
        backing_off: world.resource::<Failures>().num_backing_off(),
        ui_requests: ui_requests
            .filter(|id| entry.store().chunk_meta(*id).is_some())
            .collect(),
    })
}

/// What moves the cursor.
fn active_control(world: &World) -> &TimeControl {
    let times = world.resource::<TimeControls>();
    let recording = world.resource::<Cursor>().recording;
    recording.map_or(&times.initial, |key| times.get(key))
}

fn plan(world: &World, situation: &Situation) -> Plan {
    let recording = situation.recording;
    let on_screen = world.resource::<OnScreen>().get(recording);
    let (Some(store), Some(on_screen)) = (shown_store(world, recording), on_screen) else {
        return Plan::default();
    };
    if store.store_stats().chunks.num_absent_chunks == 0 {
        return Plan::default();
    }
    let contexts = contexts_at(world, recording);
    let looks: Vec<Look<'_>> = contexts
        .into_iter()
        .map(|(products, follows_cursor)| {
            let cursor = products.cursor;
            let timeline = cursor.timeline.filter(|_| follows_cursor);
            let spans = timeline.map(|timeline| {
                let ahead = situation.read_ahead.time;
                ahead::spans(
                    &situation.control,
                    store,
                    timeline,
                    cursor.time,
                    situation.backwards,
                    ahead,
                )
            });
            let spans = spans.unwrap_or_default();
            Look { products, spans }
        })
        .collect();
    let failures = world.resource::<Failures>();
    let mut others = situation.ui_requests.clone();
    if world.resource::<Cursor>().recording == Some(recording) {
        others.splice(0..0, world.resource::<ActiveBlueprint>().awaited());
    }
    Needs {
        store,
        looks: &looks,
        on_screen,
        others: &others,
        is_backing_off: &|id| failures.is_backing_off(id),
        room: situation.room,
        max_bytes: situation.read_ahead.max_bytes,
    }
    .plan()
}

/// Tells the sources what is planned, and the garbage collection what is to be kept for it.
fn follow(world: &mut World, plan: Plan, situation: Situation) {
    let Plan {
        fetch_requests,
        awaited,
        is_waiting,
        kept_ranges,
        ahead,
        ..
    } = plan;
    let mut on_screen = world.resource_mut::<OnScreen>();
    let on_screen = on_screen.get_mut(situation.recording);
    on_screen.keep(kept_ranges, awaited, ahead);
    world.resource_scope(|world, mut sent_requests: Mut<SentRequests>| {
        sent_requests.tell(world.resource(), situation, fetch_requests, is_waiting);
    });
}

fn shown_store(world: &World, recording: RecordingKey) -> Option<&ChunkStore> {
    world
        .resource::<Recordings>()
        .get(recording)
        .map(RecordingEntry::store)
}

/// A set of chunks.
type ChunkSet = FxHashSet<ChunkId>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_in_words() {
        let missing = MissingChunks::default();
        assert_eq!(missing.explain(), None);
        let missing = MissingChunks {
            missing_chunks: 1,
            missing_bytes: 2_048,
            ..missing
        };
        assert!(
            missing
                .explain()
                .is_some_and(|text| text.contains("1 chunk, 2.0 KiB"))
        );
        let missing = MissingChunks {
            missing_chunks: 3,
            is_over_limit: true,
            ..missing
        };
        assert!(
            missing
                .explain()
                .is_some_and(|text| text.contains("3 chunks") && text.contains("memory limit"))
        );
    }
}
