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

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkId, ChunkStore, LatestAt};
use chronoscope_types::format_bytes;
use rustc_hash::FxHashSet;

pub(crate) use ahead::Ahead;
pub(crate) use on_screen::OnScreen;

use self::{
    plan::{Needs, Plan, Room},
    receive::{Failures, receive_chunks},
};
use crate::{
    ActiveBlueprint, Cursor, DataResults, Frame, FrameSystems, LatestAtResults, MemoryBudget, RecordingEntry,
    RecordingKey, Recordings, Settled, TimeControl, TimeControls, Transforms, View, ViewTile, ViewerCaches,
    budget::Purge, ingest::receive_messages, settle::settle,
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
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(shown);
    }

    fn take(&mut self) -> Vec<ChunkId> {
        std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Keeps [`MissingChunks`], and the sources of recordings busy.
pub struct ChunkLoadingPlugin;

impl Plugin for ChunkLoadingPlugin {
    fn build(&self, app: &mut App) {
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

/// What the sources were last told, and why.
#[derive(Resource, Debug, Default)]
pub(crate) struct SentRequests {
    recording: Option<RecordingKey>,
    chunks: Vec<ChunkId>,
    /// Whether something on screen waits for some of them.
    is_waiting: bool,
    /// Whether chunks arrived since: what was requested may have come, and gone again.
    is_answered: bool,
    made_for: Option<Situation>,
    cursor: Cursor,
    /// Whether the cursor last moved back.
    backwards: bool,
}

/// Everything that a plan is made from.
#[derive(Clone, Debug, PartialEq)]
struct Situation {
    recording: RecordingKey,
    generation: u64,
    blueprint: u64,
    /// The versions of what latest rows, transforms and ranges on screen lack.
    lacks: [u64; 3],
    cursor: Cursor,
    backwards: bool,
    control: TimeControl,
    read_ahead: ReadAhead,
    room: Room,
    resting: usize,
    ui_requests: Vec<ChunkId>,
}

/// The views, and what of them decides about what to read.
type Shown = (Entity, &'static View, &'static ViewTile, &'static DataResults);

/// Exclusive, since any visualizer may have missed something. Does next to nothing where the recording has no
/// sources, or where nothing changed.
fn request_chunks(
    world: &mut World,
    shown: &mut QueryState<Shown>,
    marks: &mut QueryState<(Entity, &mut MissingChunks)>,
) {
    let ui_requests = world
        .resource_mut::<UiChunkRequests>()
        .bypass_change_detection()
        .take();
    let cursor = *world.resource::<Cursor>();
    world.resource_mut::<SentRequests>().note_motion(cursor);
    let entry = cursor
        .recording
        .and_then(|key| world.resource::<Recordings>().get(key));
    let Some(recording) = entry
        .filter(|entry| !entry.sources().is_empty())
        .map(RecordingEntry::key)
    else {
        if world.resource::<SentRequests>().recording.is_some() {
            follow(world, None, Plan::default());
            set_marks(world, marks, &[]);
        }
        return;
    };
    puffin::profile_scope!("request_chunks");
    let visible: Vec<_> = shown
        .iter(world)
        .filter(|(_, _, tile, _)| tile.shown)
        .map(|(_, view, ..)| view.id)
        .collect();
    world.resource_scope(|world, mut on_screen: Mut<OnScreen>| on_screen.gather(world, recording, &visible));
    let retry_after = world.resource::<ReadAhead>().retry_after;
    world.resource_mut::<Failures>().forget_older_than(retry_after);
    let Some(situation) = situation(world, cursor, ui_requests) else {
        return;
    };
    let is_known = world.resource::<SentRequests>().made_for.as_ref() == Some(&situation);
    if !is_known {
        let plan = plan(world, &situation);
        let lacking = shown.iter(world).filter(|(_, _, tile, _)| tile.shown);
        let lacking: Vec<_> = lacking
            .map(|(entity, view, _, results)| {
                (
                    entity,
                    plan::missing_chunks(world, (recording, situation.room), view, results, &plan.excluded),
                )
            })
            .collect();
        follow(world, Some(recording), plan);
        set_marks(world, marks, &lacking);
        world.resource_mut::<SentRequests>().made_for = Some(situation);
    } else if world.resource::<SentRequests>().is_answered {
        world.resource_scope(|world, mut sent_requests: Mut<SentRequests>| {
            sent_requests.resend(world.resource());
        });
    }
    if world.resource::<SentRequests>().is_waiting {
        // What could not be read is tried again after a while, of which nobody tells.
        let is_told = world.resource::<Failures>().len() == 0 && sources_wake(world, recording);
        let mut settled = world.resource_mut::<Settled>();
        if is_told {
            settled.await_wake();
        } else {
            settled.disturb();
        }
    }
}

/// Whether all sources of a recording wake the viewer once they have read something.
fn sources_wake(world: &World, recording: RecordingKey) -> bool {
    let Some(waker) = world.resource::<Settled>().waker() else {
        return false;
    };
    let entry = world.resource::<Recordings>().get(recording);
    entry.is_some_and(|entry| entry.sources().iter().all(|source| source.set_waker(waker)))
}

fn situation(world: &World, cursor: Cursor, ui_requests: Vec<ChunkId>) -> Option<Situation> {
    let recordings = world.resource::<Recordings>();
    let entry = recordings.get(cursor.recording?)?;
    Some(Situation {
        recording: entry.key(),
        generation: entry.store().generation(),
        blueprint: world.resource::<ActiveBlueprint>().generation(),
        lacks: [
            world.resource::<LatestAtResults>().provisional_version(),
            world.resource::<Transforms>().missing_version(),
            world.resource::<OnScreen>().version(),
        ],
        cursor,
        backwards: world.resource::<SentRequests>().backwards,
        control: world.resource::<TimeControls>().get(entry.key()).clone(),
        read_ahead: *world.resource::<ReadAhead>(),
        room: Room {
            limit: world.resource::<MemoryBudget>().limit_bytes.unwrap_or(u64::MAX),
            held: recordings.num_bytes() + world.resource::<ViewerCaches>().size().bytes,
            is_purging: world.resource::<Purge>().is_under_way(),
        },
        resting: world.resource::<Failures>().len(),
        ui_requests,
    })
}

fn plan(world: &World, situation: &Situation) -> Plan {
    let Some(store) = shown_store(world, situation.recording) else {
        return Plan::default();
    };
    if store.store_stats().chunks.num_absent_chunks == 0 {
        return Plan::default();
    }
    let cursor = situation.cursor;
    let timeline = cursor.timeline;
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
    let failures = world.resource::<Failures>();
    let heuristics: Vec<ChunkId> = world.resource::<ActiveBlueprint>().awaited().collect();
    Needs {
        store,
        latest_at: world.resource(),
        transforms: world.resource(),
        on_screen: world.resource(),
        others: &[heuristics, situation.ui_requests.clone()].concat(),
        cursor,
        spans: spans.unwrap_or_default(),
        is_backing_off: &|id| failures.is_backing_off(id),
        room: situation.room,
        max_bytes: situation.read_ahead.max_bytes,
    }
    .plan()
}

/// Tells the sources what is planned, and the garbage collection what is to be kept for it.
fn follow(world: &mut World, recording: Option<RecordingKey>, plan: Plan) {
    let Plan {
        fetch_requests,
        awaited,
        is_waiting,
        kept_ranges,
        ahead,
        ..
    } = plan;
    world.resource_mut::<OnScreen>().keep(kept_ranges, awaited, ahead);
    world.resource_scope(|world, mut sent_requests: Mut<SentRequests>| {
        sent_requests.is_waiting = is_waiting;
        sent_requests.made_for = None;
        sent_requests.tell(world.resource(), recording, fetch_requests);
    });
}

fn set_marks(
    world: &mut World,
    marks: &mut QueryState<(Entity, &mut MissingChunks)>,
    lacking: &[(Entity, MissingChunks)],
) {
    for (view, mut mark) in marks.iter_mut(world) {
        let missing = lacking
            .iter()
            .find(|(other, _)| *other == view)
            .map(|(_, missing)| *missing);
        mark.set_if_neq(missing.unwrap_or_default());
    }
}

fn shown_store(world: &World, recording: RecordingKey) -> Option<&ChunkStore> {
    world
        .resource::<Recordings>()
        .get(recording)
        .map(RecordingEntry::store)
}

impl SentRequests {
    fn note_motion(&mut self, cursor: Cursor) {
        let before = std::mem::replace(&mut self.cursor, cursor);
        if (before.recording, before.timeline) != (cursor.recording, cursor.timeline) {
            self.backwards = false;
        } else if before.time != cursor.time {
            self.backwards = cursor.time < before.time;
        }
    }

    /// Tells the sources what is wanted now, where that is something else than before.
    fn tell(
        &mut self,
        recordings: &Recordings,
        recording: Option<RecordingKey>,
        fetch_requests: Vec<ChunkId>,
    ) {
        if self.recording != recording {
            let before = self.recording.and_then(|key| recordings.get(key));
            before
                .into_iter()
                .flat_map(RecordingEntry::sources)
                .for_each(|source| source.want(&[]));
        } else if self.chunks == fetch_requests && !self.is_answered {
            return;
        }
        self.recording = recording;
        self.chunks = fetch_requests;
        self.resend(recordings);
    }

    fn resend(&mut self, recordings: &Recordings) {
        self.is_answered = false;
        let Some(entry) = self.recording.and_then(|key| recordings.get(key)) else {
            return;
        };
        if let [source] = entry.sources() {
            source.want(&self.chunks);
            return;
        }
        // Each is told what the ones before it do not have, so that nothing is read twice.
        let mut left = self.chunks.clone();
        for source in entry.sources() {
            let (own, others): (Vec<ChunkId>, Vec<ChunkId>) =
                left.into_iter().partition(|id| source.has(*id));
            source.want(&own);
            left = others;
        }
    }
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
