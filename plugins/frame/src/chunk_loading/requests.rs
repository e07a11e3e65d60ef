//! What the sources of each recording were last told, and why.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use chronoscope_store::ChunkId;

use super::{ReadAhead, plan::Room};
use crate::{Cursor, RecordingEntry, RecordingKey, Recordings, TimeControl};

/// What the sources were last told, by recording.
#[derive(Resource, Debug, Default)]
pub(crate) struct SentRequests {
    by_recording: BTreeMap<RecordingKey, Sent>,
    cursor: Cursor,
    /// Whether the cursor last moved back.
    pub(super) backwards: bool,
}

/// What the sources of a recording were last told, and why.
#[derive(Debug)]
struct Sent {
    chunks: Vec<ChunkId>,
    /// Whether something on screen waits for some of them.
    is_waiting: bool,
    /// Whether chunks arrived since: what was requested may have come, and gone again.
    is_answered: bool,
    made_for: Situation,
}

/// Everything that a plan for a recording is made from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Situation {
    pub(super) recording: RecordingKey,
    pub(super) generation: u64,
    pub(super) blueprint: u64,
    /// The versions of what latest rows and transforms lack, per context, and of what ranges on screen do.
    pub(super) lacks: Vec<u64>,
    /// Where the contexts look, and whether they follow the cursor.
    pub(super) cursors: Vec<(Cursor, bool)>,
    pub(super) backwards: bool,
    pub(super) control: TimeControl,
    pub(super) read_ahead: ReadAhead,
    pub(super) room: Room,
    /// How many chunks could not be read and are left alone for a while.
    pub(super) backing_off: usize,
    pub(super) ui_requests: Vec<ChunkId>,
}

impl SentRequests {
    /// Whether no source was told anything.
    pub(super) fn is_empty(&self) -> bool {
        self.by_recording.is_empty()
    }

    pub(super) fn note_motion(&mut self, cursor: Cursor) {
        let before = std::mem::replace(&mut self.cursor, cursor);
        if (before.recording, before.timeline) != (cursor.recording, cursor.timeline) {
            self.backwards = false;
        } else if before.time != cursor.time {
            self.backwards = cursor.time < before.time;
        }
    }

    /// Notes that chunks of a recording arrived.
    pub(super) fn note_answer(&mut self, recording: RecordingKey) {
        if let Some(sent) = self.by_recording.get_mut(&recording) {
            sent.is_answered = true;
        }
    }

    /// Whether something on screen waits for chunks of a recording.
    pub(super) fn is_waiting(&self, recording: RecordingKey) -> bool {
        let sent = self.by_recording.get(&recording);
        sent.is_some_and(|sent| sent.is_waiting)
    }

    /// Whether the sources were told what is to be done in this situation.
    pub(super) fn is_made_for(&self, situation: &Situation) -> bool {
        let sent = self.by_recording.get(&situation.recording);
        sent.is_some_and(|sent| sent.made_for == *situation)
    }

    /// Tells the sources of recordings that are not kept that nothing is wanted any more.
    pub(super) fn retain(&mut self, recordings: &Recordings, is_kept: impl Fn(RecordingKey) -> bool) {
        self.by_recording.retain(|recording, _| {
            let is_kept = is_kept(*recording);
            let entry = recordings.get(*recording).filter(|_| !is_kept);
            let sources = entry.into_iter().flat_map(RecordingEntry::sources);
            sources.for_each(|source| source.want(&[]));
            is_kept
        });
    }

    /// Tells the sources what is wanted now, where that is something else than before.
    pub(super) fn tell(
        &mut self,
        recordings: &Recordings,
        situation: Situation,
        fetch_requests: Vec<ChunkId>,
        is_waiting: bool,
    ) {
        let recording = situation.recording;
        let before = self.by_recording.remove(&recording);
        let is_told = before.is_some_and(|before| before.chunks == fetch_requests && !before.is_answered);
        let sent = Sent {
            chunks: fetch_requests,
            is_waiting,
            is_answered: false,
            made_for: situation,
        };
        if !is_told {
            sent.send(recordings);
        }
        self.by_recording.insert(recording, sent);
    }

    /// Tells the sources the same again where chunks arrived since.
    pub(super) fn answer(&mut self, recordings: &Recordings, recording: RecordingKey) {
        if let Some(sent) = self.by_recording.get_mut(&recording)
            && std::mem::take(&mut sent.is_answered)
        {
            sent.send(recordings);
        }
    }
}

impl Sent {
    fn send(&self, recordings: &Recordings) {
        let Some(entry) = recordings.get(self.made_for.recording) else {
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
