//! Which chunks what is on screen was made from, as far as sources are concerned.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ChunkId, ChunkStore};

use super::{Ahead, ChunkSet, shown_store};
use crate::{RecordingKey, Visualizers};

/// What is on screen of the recordings that have sources and that views look at.
#[derive(Resource, Debug, Default)]
pub(crate) struct OnScreen {
    by_recording: BTreeMap<RecordingKey, RecordingOnScreen>,
}

/// What ranges on screen were made from, and what is kept in memory for them. Latest rows are in
/// [`crate::LatestAtResults`].
#[derive(Debug, Default)]
pub(super) struct RecordingOnScreen {
    /// The version of each visualizer's part in each view.
    parts: Option<Vec<(ViewId, usize, u64)>>,
    version: u64,
    pub(super) used: ChunkSet,
    pub(super) missing: Vec<(ViewId, Vec<ChunkId>)>,
    /// The bytes of all of these together.
    pub(super) bytes: u64,
    /// Of the chunks that ranges use or lack, those that there is room for; `None` where there is for all.
    kept_ranges: Option<ChunkSet>,
    /// The chunks that were requested because something on screen waits for them.
    awaited: ChunkSet,
    ahead: Option<Ahead>,
}

impl OnScreen {
    /// Whether a chunk is one that ranges on screen were read from, or that something on screen waited for
    /// until this frame: evicted, it would be requested again at once.
    pub(crate) fn shows(&self, chunk: ChunkId) -> bool {
        self.by_recording.values().any(|on_screen| on_screen.shows(chunk))
    }

    /// What lies ahead in a recording, where room is scarce.
    pub(crate) fn ahead(&self, recording: RecordingKey) -> Option<&Ahead> {
        self.by_recording.get(&recording)?.ahead.as_ref()
    }

    /// The bytes to be freed for what lies ahead.
    pub(crate) fn room_bytes(&self) -> u64 {
        let ahead = self
            .by_recording
            .values()
            .filter_map(|on_screen| on_screen.ahead.as_ref());
        ahead.map(|ahead| ahead.room_bytes).fold(0, u64::saturating_add)
    }

    pub(super) fn get(&self, recording: RecordingKey) -> Option<&RecordingOnScreen> {
        self.by_recording.get(&recording)
    }

    pub(super) fn get_mut(&mut self, recording: RecordingKey) -> &mut RecordingOnScreen {
        self.by_recording.entry(recording).or_default()
    }

    /// Forgets the recordings that are not kept.
    pub(super) fn retain(&mut self, is_kept: impl Fn(RecordingKey) -> bool) {
        self.by_recording.retain(|recording, _| is_kept(*recording));
    }
}

impl RecordingOnScreen {
    fn shows(&self, chunk: ChunkId) -> bool {
        self.kept_ranges.as_ref().unwrap_or(&self.used).contains(&chunk) || self.awaited.contains(&chunk)
    }

    /// Grows with each change of what ranges use or lack.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn keep(&mut self, kept_ranges: Option<ChunkSet>, awaited: ChunkSet, ahead: Option<Ahead>) {
        (self.kept_ranges, self.awaited, self.ahead) = (kept_ranges, awaited, ahead);
    }

    /// The chunks that a view's ranges lack.
    pub(super) fn missing_in(&self, view: ViewId) -> impl Iterator<Item = ChunkId> {
        self.missing
            .iter()
            .filter(move |(other, _)| *other == view)
            .flat_map(|(_, missing)| missing.iter().copied())
    }

    /// Brings it up to date. Costs what ranges on screen are made from, where that changed, and else a look
    /// at each visualizer.
    pub(super) fn gather(&mut self, world: &World, recording: RecordingKey, shown: &[ViewId]) {
        let visualizers = world.resource::<Visualizers>();
        let parts = || {
            shown.iter().flat_map(|view| {
                visualizers
                    .chunks(world, *view)
                    .map(|(at, chunks)| (*view, at, chunks))
            })
        };
        let now: Vec<_> = parts()
            .map(|(view, at, chunks)| (view, at, chunks.version))
            .collect();
        if self.parts.as_ref() == Some(&now) {
            return;
        }
        self.parts = Some(now);
        self.version += 1;
        self.used.clear();
        self.missing.clear();
        // Many results lack the same chunks.
        let mut missing = ChunkSet::default();
        for view in shown {
            let mut in_view = ChunkSet::default();
            let mut list = Vec::new();
            let parts = visualizers.chunks(world, *view);
            for chunks in parts.flat_map(|(_, chunks)| chunks.iter()) {
                self.used.extend(chunks.used.iter().copied());
                list.extend(chunks.missing.iter().filter(|id| in_view.insert(**id)));
            }
            missing.extend(in_view);
            if !list.is_empty() {
                self.missing.push((*view, list));
            }
        }
        let bytes = |store: &ChunkStore| {
            let all = self.used.union(&missing);
            all.filter_map(|id| store.chunk_meta(*id))
                .map(|meta| meta.num_bytes)
                .fold(0, u64::saturating_add)
        };
        self.bytes = shown_store(world, recording).map_or(0, bytes);
    }
}
