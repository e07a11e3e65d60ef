//! The diff log: what changed, numbered, so that each reader can catch up from where it stopped.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkChange, ChunkStore, StoreEvent};

use crate::RecordingKey;

/// One change.
#[derive(Clone, Debug)]
pub enum DiffEntry {
    /// A store changed.
    Store {
        /// The store.
        recording: RecordingKey,
        /// What changed in it.
        event: StoreEvent,
    },
    /// The cursor of the shown recording moved, or another timeline or recording is shown; or that happened to
    /// a view that looks elsewhere.
    Cursor,
    /// A store was opened, closed or became the shown one, or another blueprint is active.
    Recordings,
}

/// The changes of the last frames, numbered.
///
/// Entries are numbered from zero, and each reader keeps the number that it has consumed. The log is cut at
/// its old end; a reader that finds its number cut away builds anew.
#[derive(Resource, Debug)]
pub struct DiffLog {
    entries: VecDeque<DiffEntry>,
    first: u64,
    capacity: usize,
    /// The bytes of what the entries hold and no store does any more.
    dropped_bytes: usize,
}

impl Default for DiffLog {
    fn default() -> Self {
        Self::with_capacity(65_536)
    }
}

impl DiffLog {
    /// A log that keeps at least the latest `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            capacity,
            dropped_bytes: 0,
        }
    }

    /// Appends a change.
    pub fn push(&mut self, entry: DiffEntry) {
        if self.entries.len() >= self.capacity {
            if let Some(oldest) = self.entries.pop_front() {
                self.dropped_bytes -= dropped_bytes(&oldest);
            }
            self.first += 1;
        }
        self.dropped_bytes += dropped_bytes(&entry);
        self.entries.push_back(entry);
    }

    /// Appends the changes of a store.
    pub fn push_events(&mut self, recording: RecordingKey, events: impl IntoIterator<Item = StoreEvent>) {
        for event in events {
            self.push(DiffEntry::Store { recording, event });
        }
    }

    /// The heap bytes that it takes. Cost: constant.
    pub fn heap_bytes(&self) -> u64 {
        (self.entries.capacity() * size_of::<DiffEntry>() + self.dropped_bytes) as u64
    }

    /// The number that the next entry will have; what a reader that consumed all keeps.
    pub fn next_number(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The entries from `number` on, or `None` where some of them were cut away.
    pub fn since(&self, number: u64) -> Option<impl Iterator<Item = &DiffEntry>> {
        let skip = usize::try_from(number.checked_sub(self.first)?).ok()?;
        Some(self.entries.iter().skip(skip))
    }
}

/// The description of a chunk that was dropped lives on in the log alone.
fn dropped_bytes(entry: &DiffEntry) -> usize {
    match entry {
        DiffEntry::Store { event, .. } if event.change == ChunkChange::Dropped => event.meta.heap_bytes(),
        _ => 0,
    }
}

/// Whether an event changed which components some entity has. `store` is the store as it is now.
pub(crate) fn changes_schema(event: &StoreEvent, store: &ChunkStore) -> bool {
    let lost = || {
        event
            .meta
            .components
            .iter()
            .any(|column| !store.has_component(event.meta.entity, column.component))
    };
    event.is_new_entity()
        || !event.new_components().is_empty()
        || (event.change == ChunkChange::Dropped && (!store.has_data(event.meta.entity) || lost()))
}
