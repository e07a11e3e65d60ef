//! Whether a frame has anything to do beside what is shown.

use bevy_ecs::{prelude::*, system::SystemParam};

use crate::{
    DiffLog, IngestSources, PlayState, Recordings, Settled, TimeControls, ViewerCommands, budget::Purge,
};

/// What [`has_work`] looks at.
#[derive(SystemParam)]
pub struct WorkToDo<'w, 's> {
    settled: Res<'w, Settled>,
    sources: Res<'w, IngestSources>,
    commands: Res<'w, ViewerCommands>,
    log: Res<'w, DiffLog>,
    times: Res<'w, TimeControls>,
    recordings: Res<'w, Recordings>,
    purge: Option<Res<'w, Purge>>,
    /// The end of the diff log when it was looked at last.
    seen: Local<'s, Option<u64>>,
}

/// Run condition: data may arrive, something is to be carried out or purged, the cursor moves, or something changed since the
/// condition was asked last.
///
/// A viewer that is not shown needs [`Ingest`](crate::FrameSystems::Ingest), [`Gc`](crate::FrameSystems::Gc) and
/// [`ApplyCommands`](crate::FrameSystems::ApplyCommands) only where this holds.
pub fn has_work(mut work: WorkToDo) -> bool {
    let end = work.log.next_number();
    let is_known = work.seen.replace(end) == Some(end);
    let active = work.recordings.active();
    let moves = match active.map(|entry| work.times.get(entry.key())) {
        // Where it waits or follows, it moves when data arrives.
        Some(control) if control.play_state() != PlayState::Paused => control.is_moving(),
        Some(_) | None => work.times.is_changed(),
    };
    !is_known
        || moves
        || work.settled.frames() == 0
        || !work.commands.is_empty()
        || work.sources.is_any_open()
        || work.purge.is_some_and(|purge| purge.is_under_way())
}
