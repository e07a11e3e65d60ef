//! The stores that are open: recordings, and the blueprints of their applications.

use std::{collections::BTreeMap, sync::Arc};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::{BlueprintError, UndoState, newest_blueprint_time, reset_blueprint};
use chronoscope_store::{
    Chunk, ChunkSource, ChunkStore, Recording, StoreError, StoreEvent, StoreId, StoreKind, StoreSettings,
};
use chronoscope_types::StoreInfo;

use crate::{DiffEntry, DiffLog, RecordingKey};

/// The name of the step that takes all edits back.
pub(crate) const RESET: &str = "reset blueprint";

/// The name of the step that has heuristics choose in place of the blueprint that was sent.
const AUTOMATIC: &str = "choose views automatically";

/// An open store.
pub struct RecordingEntry {
    key: RecordingKey,
    /// What is known beside its data.
    pub info: StoreInfo,
    /// Where it came from: a file's path, an address. Empty where it was made by the app itself.
    pub source_name: Arc<str>,
    /// The data and its caches.
    pub recording: Recording,
    sources: Vec<Arc<dyn ChunkSource>>,
}

impl RecordingEntry {
    /// The sources of chunks that are known and not loaded; empty where everything is in memory.
    pub fn sources(&self) -> &[Arc<dyn ChunkSource>] {
        &self.sources
    }

    /// Adds a source of chunks; it goes when the store is closed. Nothing happens where it is there already.
    pub fn add_source(&mut self, source: &Arc<dyn ChunkSource>) {
        if !self.sources.iter().any(|known| Arc::ptr_eq(known, source)) {
            self.sources.push(Arc::clone(source));
        }
    }

    /// Says where it comes from, unless that is known.
    pub(crate) fn name_source(&mut self, name: &str) {
        if self.source_name.is_empty() {
            self.source_name = name.into();
        }
    }

    /// Its short name.
    pub fn key(&self) -> RecordingKey {
        self.key
    }

    /// Its full name.
    pub fn id(&self) -> &StoreId {
        self.recording.store.id()
    }

    /// The bytes that its chunks, indices and caches take, and the chunks that its sources have read ahead.
    pub fn num_bytes(&self) -> u64 {
        let queued: u64 = self.sources.iter().map(|source| source.num_bytes()).sum();
        self.recording.store.store_stats().total_bytes() + self.recording.cache.stats().bytes_actual + queued
    }

    /// Its data.
    pub fn store(&self) -> &ChunkStore {
        &self.recording.store
    }
}

/// The blueprints of an application.
pub struct ApplicationBlueprints {
    /// The one that was sent; where there is none, views are chosen by heuristics alone.
    pub default: Option<StoreId>,
    /// The one that is shown and edited. Begins as a copy of the default one.
    pub active: Option<StoreId>,
    /// What can be undone in the active one.
    pub undo: UndoState,
    /// Grows when another store becomes the active one, or the undo cursor moves.
    pub revision: u64,
    /// Where the active one was restored from an earlier run: the fingerprint of the blueprint that had been
    /// sent then, if one.
    pub(crate) restored_over: Option<Option<u64>>,
}

impl Default for ApplicationBlueprints {
    fn default() -> Self {
        Self {
            default: None,
            active: None,
            undo: UndoState::new(-1),
            revision: 0,
            restored_over: None,
        }
    }
}

/// All open stores. One recording is active per application, and one application is in front.
#[derive(Resource, Default)]
pub struct Recordings {
    entries: BTreeMap<RecordingKey, RecordingEntry>,
    by_id: BTreeMap<StoreId, RecordingKey>,
    next_key: u32,
    front: Option<Arc<str>>,
    active: BTreeMap<Arc<str>, RecordingKey>,
    blueprints: BTreeMap<Arc<str>, ApplicationBlueprints>,
}

impl Recordings {
    /// The open stores, in the order in which they were opened.
    pub fn iter(&self) -> impl Iterator<Item = &RecordingEntry> {
        self.entries.values()
    }

    /// The open stores, mutably, in the order in which they were opened.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut RecordingEntry> {
        self.entries.values_mut()
    }

    /// The open recordings (without blueprints), in the order in which they were opened.
    pub fn recordings(&self) -> impl Iterator<Item = &RecordingEntry> {
        self.iter()
            .filter(|entry| entry.id().kind == StoreKind::Recording)
    }

    /// The store with this short name.
    pub fn get(&self, key: RecordingKey) -> Option<&RecordingEntry> {
        self.entries.get(&key)
    }

    /// The store with this short name, mutably.
    pub fn get_mut(&mut self, key: RecordingKey) -> Option<&mut RecordingEntry> {
        self.entries.get_mut(&key)
    }

    /// The store with this id.
    pub fn find(&self, id: &StoreId) -> Option<&RecordingEntry> {
        self.entries.get(self.by_id.get(id)?)
    }

    /// The store with this id; opened, empty, where it is not there. A first recording becomes the active
    /// one.
    pub fn open(&mut self, id: &StoreId) -> &mut RecordingEntry {
        let key = *self.by_id.entry(id.clone()).or_insert_with(|| {
            let key = RecordingKey(self.next_key);
            self.next_key += 1;
            key
        });
        if id.kind == StoreKind::Recording {
            self.active.entry(id.application_id.clone()).or_insert(key);
            self.front.get_or_insert_with(|| id.application_id.clone());
        }
        self.entries.entry(key).or_insert_with(|| RecordingEntry {
            key,
            info: StoreInfo::new(id.clone()),
            source_name: Arc::default(),
            recording: Recording::new(id.clone()),
            sources: Vec::new(),
        })
    }

    /// Changes a store, opened where it is not there yet, and writes the events into the log, so that the
    /// frame follows. What is changed behind the log's back is never seen.
    ///
    /// # Errors
    /// Those of the change.
    pub fn change<E>(
        &mut self,
        log: &mut DiffLog,
        id: &StoreId,
        change: impl FnOnce(&mut Recording) -> Result<Vec<StoreEvent>, E>,
    ) -> Result<(), E> {
        let entry = self.open_and_log(log, id);
        let key = entry.key;
        log.push_events(key, change(&mut entry.recording)?);
        Ok(())
    }

    /// As [`Self::open`]; the log says where it was not there.
    pub(crate) fn open_and_log(&mut self, log: &mut DiffLog, id: &StoreId) -> &mut RecordingEntry {
        if self.find(id).is_none() {
            log.push(DiffEntry::Recordings);
        }
        self.open(id)
    }

    /// Puts a chunk into a store, opened where it is not there yet.
    ///
    /// # Errors
    /// Where the store does not take it.
    pub fn insert(
        &mut self,
        log: &mut DiffLog,
        id: &StoreId,
        chunk: impl Into<Arc<Chunk>>,
    ) -> Result<(), StoreError> {
        self.change(log, id, |recording| recording.insert(chunk))
    }

    /// Closes a store and forgets its data. Another recording of its application, else of another one, takes
    /// its place. With the last recording of an application its blueprints are closed.
    pub fn close(&mut self, id: &StoreId) -> bool {
        let Some(key) = self.by_id.remove(id) else {
            return false;
        };
        self.entries.remove(&key);
        if self.active.get(&id.application_id) == Some(&key) {
            let next = self
                .recordings()
                .filter(|entry| entry.id().application_id == id.application_id)
                .map(RecordingEntry::key)
                .last();
            match next {
                Some(next) => self.active.insert(id.application_id.clone(), next),
                None => self.active.remove(&id.application_id),
            };
            if next.is_none() {
                self.close_blueprints(&id.application_id);
            }
            if next.is_none() && self.front.as_ref() == Some(&id.application_id) {
                self.front = self
                    .recordings()
                    .last()
                    .map(|entry| entry.id().application_id.clone());
            }
        }
        true
    }

    /// Closes the blueprints of an application that has no recording any more.
    fn close_blueprints(&mut self, application: &Arc<str>) {
        self.blueprints.remove(application);
        let ids: Vec<StoreId> = self
            .by_id
            .keys()
            .filter(|id| id.kind == StoreKind::Blueprint && id.application_id == *application)
            .cloned()
            .collect();
        for id in ids {
            self.close(&id);
        }
    }

    /// Brings a recording and its application to the front.
    pub fn activate(&mut self, id: &StoreId) -> bool {
        match self.by_id.get(id) {
            Some(key) if id.kind == StoreKind::Recording => {
                self.active.insert(id.application_id.clone(), *key);
                self.front = Some(id.application_id.clone());
                true
            }
            _ => false,
        }
    }

    /// The recording that is shown.
    pub fn active(&self) -> Option<&RecordingEntry> {
        self.entries.get(self.active.get(self.front.as_ref()?)?)
    }

    /// The application that is shown.
    pub fn active_application(&self) -> Option<&Arc<str>> {
        self.front.as_ref()
    }

    /// The blueprints of an application.
    pub fn blueprints(&self, application: &str) -> Option<&ApplicationBlueprints> {
        self.blueprints.get(application)
    }

    /// The blueprints of an application, mutably; there from the first call.
    pub fn blueprints_mut(&mut self, application: &Arc<str>) -> &mut ApplicationBlueprints {
        self.blueprints.entry(application.clone()).or_default()
    }

    /// The blueprint that is shown, with what can be undone in it.
    pub fn active_blueprint(&self) -> Option<(&RecordingEntry, &ApplicationBlueprints)> {
        let blueprints = self.blueprints.get(self.front.as_ref()?)?;
        Some((self.find(blueprints.active.as_ref()?)?, blueprints))
    }

    /// The blueprint that is shown and what can be undone in it, mutably.
    pub fn active_blueprint_mut(&mut self) -> Option<(&mut RecordingEntry, &mut UndoState)> {
        let blueprints = self.blueprints.get_mut(self.front.as_ref()?)?;
        let key = self.by_id.get(blueprints.active.as_ref()?)?;
        Some((self.entries.get_mut(key)?, &mut blueprints.undo))
    }

    /// Replaces what the active blueprint of an application says by what `source` says, or by nothing, so
    /// that it can be undone. Returns the key and the events; `None` where no blueprint is active.
    ///
    /// # Errors
    /// Where the store does not take the rows.
    pub(crate) fn rewrite_active_blueprint(
        &mut self,
        application: &Arc<str>,
        source: Option<&StoreId>,
    ) -> Result<Option<(RecordingKey, Vec<StoreEvent>)>, BlueprintError> {
        let Some(blueprints) = self.blueprints.get_mut(application) else {
            return Ok(None);
        };
        let key = blueprints
            .active
            .as_ref()
            .and_then(|id| self.by_id.get(id))
            .copied();
        // To choose views automatically though a blueprint was sent is an edit of that one.
        let name = match source {
            None if blueprints.default.is_some() => AUTOMATIC,
            _ => RESET,
        };
        let source = source.and_then(|id| self.by_id.get(id)).copied();
        // Taken out while the other is read.
        let Some((key, mut entry)) = key.and_then(|key| Some((key, self.entries.remove(&key)?))) else {
            return Ok(None);
        };
        let source = source.and_then(|key| self.entries.get(&key));
        let done = reset_blueprint(
            &mut entry.recording,
            &mut blueprints.undo,
            source.map(|entry| &entry.recording),
            name,
        );
        self.entries.insert(key, entry);
        Ok(Some((key, done?)))
    }

    /// Makes a copy of `source` (or an empty store) the active blueprint of an application. The copy shares
    /// the chunks.
    ///
    /// Returns the copy's key and the events of filling it.
    pub fn reset_active_blueprint(
        &mut self,
        application: &Arc<str>,
        source: Option<&StoreId>,
    ) -> (RecordingKey, Vec<StoreEvent>) {
        let chunks: Vec<_> = source
            .and_then(|id| self.find(id))
            .map(|entry| entry.store().export().collect())
            .unwrap_or_default();
        let id = StoreId::blueprint(application.clone(), format!("{application}: active"));
        self.close(&id);
        let entry = self.open(&id);
        // Each sample of a drag takes the place of the row before: merged with others, it would have to be taken out of them again.
        let store = ChunkStore::with_settings(id.clone(), StoreSettings::without_compaction());
        entry.recording = Recording::from_store(store);
        let key = entry.key;
        let mut events = Vec::new();
        for chunk in chunks {
            // What was accepted once is accepted again, under the same rules.
            if let Ok(new) = entry.recording.insert(chunk) {
                events.extend(new);
            }
        }
        let newest = newest_blueprint_time(&entry.recording.store);
        let blueprints = self.blueprints_mut(application);
        blueprints.active = Some(id);
        blueprints.undo = UndoState::new(newest);
        blueprints.restored_over = None;
        blueprints.revision += 1;
        (key, events)
    }

    /// The bytes that all stores and caches hold.
    pub fn num_bytes(&self) -> u64 {
        self.iter().map(RecordingEntry::num_bytes).sum()
    }
}
