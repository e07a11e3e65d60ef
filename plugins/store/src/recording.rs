//! A store with its cache.

use std::sync::Arc;

use crate::{
    AbsentChunk, Chunk, ChunkId, ChunkStore, ComponentId, EntityId, GcBuffers, GcOptions, GcReport, LatestAt,
    QueryCache, RangeResult, StoreError, StoreEvent, StoreId, TimeRange, TimelineId,
};

/// A store and the cache of its queries, kept in step.
#[derive(Debug)]
pub struct Recording {
    /// The data. Change it through the methods of [`Recording`], or hand the events to the cache.
    pub store: ChunkStore,
    /// What was asked before.
    pub cache: QueryCache,
}

impl Recording {
    /// An empty recording.
    pub fn new(id: StoreId) -> Self {
        Self::from_store(ChunkStore::new(id))
    }

    /// A recording of what a store holds.
    pub fn from_store(store: ChunkStore) -> Self {
        Self {
            store,
            cache: QueryCache::new(),
        }
    }

    /// The store's id.
    pub fn id(&self) -> &StoreId {
        self.store.id()
    }

    /// Takes a chunk in. See [`ChunkStore::insert`].
    ///
    /// # Errors
    /// As [`ChunkStore::insert`].
    pub fn insert(&mut self, chunk: impl Into<Arc<Chunk>>) -> Result<Vec<StoreEvent>, StoreError> {
        self.forward(|store| store.insert(chunk))
    }

    /// Makes a chunk known that is not loaded. See [`ChunkStore::insert_absent`].
    ///
    /// # Errors
    /// As [`ChunkStore::insert_absent`].
    pub fn insert_absent(&mut self, chunk: &AbsentChunk) -> Result<Vec<StoreEvent>, StoreError> {
        self.forward(|store| store.insert_absent(chunk))
    }

    /// Gives a known chunk its data. See [`ChunkStore::load`].
    ///
    /// # Errors
    /// As [`ChunkStore::load`].
    pub fn load(&mut self, chunk: impl Into<Arc<Chunk>>) -> Result<Vec<StoreEvent>, StoreError> {
        self.forward(|store| store.load(chunk))
    }

    /// Evicts a chunk's data. See [`ChunkStore::evict`].
    pub fn evict(&mut self, id: ChunkId) -> Vec<StoreEvent> {
        self.change(|store| store.evict(id))
    }

    /// Drops chunks. See [`ChunkStore::drop_chunks`].
    pub fn drop_chunks(&mut self, ids: impl IntoIterator<Item = ChunkId>) -> Vec<StoreEvent> {
        self.change(|store| store.drop_chunks(ids))
    }

    /// Drops the data of an entity. See [`ChunkStore::drop_entity`].
    pub fn drop_entity(&mut self, entity: EntityId) -> Vec<StoreEvent> {
        self.change(|store| store.drop_entity(entity))
    }

    /// Frees memory within a budget of time. See [`ChunkStore::gc`].
    pub fn gc(&mut self, options: &GcOptions<'_>, buffers: &mut GcBuffers) -> GcReport {
        let first = buffers.events.len();
        let report = self.store.gc(options, buffers);
        self.cache
            .on_events(buffers.events.get(first..).unwrap_or_default());
        report
    }

    /// Applies what changed to the cache, once per frame before the first query. Until then queries do without the cache.
    pub fn apply_pending(&mut self) {
        self.cache.apply_pending(&self.store);
    }

    /// What a component was at a time, clears applied. See [`QueryCache::latest_at`].
    pub fn latest_at(
        &self,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        component: ComponentId,
    ) -> LatestAt {
        self.cache
            .latest_at(&self.store, entity, timeline, time, component)
    }

    /// All rows of a component in a range of times. See [`QueryCache::range`].
    pub fn range(
        &self,
        entity: EntityId,
        timeline: TimelineId,
        range: TimeRange,
        component: ComponentId,
    ) -> RangeResult {
        self.cache.range(&self.store, entity, timeline, range, component)
    }

    fn forward(
        &mut self,
        change: impl FnOnce(&mut ChunkStore) -> Result<Vec<StoreEvent>, StoreError>,
    ) -> Result<Vec<StoreEvent>, StoreError> {
        let events = change(&mut self.store)?;
        self.cache.on_events(&events);
        Ok(events)
    }

    fn change(&mut self, change: impl FnOnce(&mut ChunkStore) -> Vec<StoreEvent>) -> Vec<StoreEvent> {
        let events = change(&mut self.store);
        self.cache.on_events(&events);
        events
    }
}
