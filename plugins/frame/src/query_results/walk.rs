//! What is known of the recordings that views look at, whatever the time: what their entities could be shown by,
//! and when each of them was last written.

use bevy_ecs::prelude::*;
use chronoscope_store::{CLEAR_COMPONENT, ChunkStore, EntityId};
use rustc_hash::FxHashSet;

use super::data_results::Capabilities;
use crate::{DiffEntry, DiffLog, EntityContexts, RecordingKey, Visualizers, diff::changes_schema};

/// One walk per recording that some view looks at.
#[derive(Resource, Default)]
pub(crate) struct Walks {
    pub(super) walks: Vec<Walk>,
    /// Grows with each change of data results; never the same in two views.
    pub(super) version: u64,
}

/// What is known of a recording.
pub(crate) struct Walk {
    recording: RecordingKey,
    /// Whether some view looks at it in this frame.
    is_looked_at: bool,
    log_number: Option<u64>,
    capabilities: Capabilities,
    /// The contexts whose components the capabilities know.
    registrations: u64,
    written: Written,
    /// What happened in this frame.
    pub(super) walked: Walked,
}

/// What happened to a recording since the last frame.
#[derive(Default)]
pub(super) struct Walked {
    /// Whether all may be other than it was.
    pub(super) is_reset: bool,
    /// Entities that are new, or have other components.
    pub(super) schema: FxHashSet<EntityId>,
    /// Entities to which rows came, or from which they went.
    pub(super) touched: FxHashSet<EntityId>,
    /// Whether some view was walked whole.
    pub(super) any_view: bool,
}

/// When rows last came to each entity, or went from it, at whatever time.
#[derive(Default)]
struct Written {
    /// Frames, by the entity's id.
    frames: Vec<u64>,
    /// The frame before which nothing is known.
    since: u64,
}

impl Walks {
    /// Forgets recordings that nobody looks at any more, and begins with new ones.
    pub(super) fn keep(&mut self, looked_at: impl Iterator<Item = RecordingKey>) {
        for walk in &mut self.walks {
            walk.is_looked_at = false;
        }
        for recording in looked_at {
            match self.walks.iter_mut().find(|walk| walk.recording == recording) {
                Some(walk) => walk.is_looked_at = true,
                None => self.walks.push(Walk::new(recording)),
            }
        }
        self.walks.retain(|walk| walk.is_looked_at);
    }

    pub(super) fn of(&self, recording: RecordingKey) -> Option<&Walk> {
        self.walks.iter().find(|walk| walk.recording == recording)
    }

    /// The number of the frame in which rows last came to an entity or went from it, at whatever time.
    pub(crate) fn written(&self, recording: RecordingKey, entity: EntityId) -> u64 {
        self.of(recording).map_or(0, |walk| {
            let frame = walk.written.frames.get(entity.index()).copied();
            frame.unwrap_or(0).max(walk.written.since)
        })
    }
}

impl Walk {
    fn new(recording: RecordingKey) -> Self {
        Self {
            recording,
            is_looked_at: true,
            log_number: None,
            capabilities: Capabilities::default(),
            registrations: 0,
            written: Written::default(),
            walked: Walked::default(),
        }
    }

    pub(super) fn recording(&self) -> RecordingKey {
        self.recording
    }

    pub(super) fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Reads what the log says of the recording since the last frame. Cost: what is new in the log.
    pub(super) fn read_log(&mut self, log: &DiffLog, store: &ChunkStore, registrations: u64, frame: u64) {
        self.walked = Walked::default();
        let entries = self.log_number.and_then(|number| log.since(number));
        self.log_number = Some(log.next_number());
        if entries.is_none() || self.registrations != registrations {
            // The log was cut, or other components are looked up.
            self.registrations = registrations;
            self.walked.is_reset = true;
            self.written = Written {
                frames: Vec::new(),
                since: frame,
            };
        }
        let clear = store.component_id(CLEAR_COMPONENT);
        for entry in entries.into_iter().flatten() {
            let DiffEntry::Store { recording, event } = entry else {
                continue;
            };
            if *recording != self.recording {
                continue;
            }
            let entity = event.meta.entity;
            self.walked.touched.insert(entity);
            // A recursive clear changes what is below it as well, and so does what shows that again.
            if let Some(clear) = clear
                && store.clears_reach_below(entity)
                && event.meta.has_component(clear)
            {
                self.walked.touched.extend(store.tree().descend(entity));
            }
            if changes_schema(event, store) {
                self.walked.schema.insert(entity);
            }
        }
        for entity in &self.walked.touched {
            if self.written.frames.len() <= entity.index() {
                self.written.frames.resize(entity.index() + 1, 0);
            }
            self.written.frames[entity.index()] = frame;
        }
    }

    /// Finds out what new entities could be shown by.
    pub(super) fn learn(&mut self, visualizers: &Visualizers, contexts: &EntityContexts, store: &ChunkStore) {
        if self.walked.is_reset {
            self.capabilities.reset(visualizers, contexts, store);
        } else {
            self.capabilities
                .extend(visualizers, contexts, store, &self.walked.schema);
        }
    }
}
