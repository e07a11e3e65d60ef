//! Chunks that are known and not always loaded: made known, loaded, evicted.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{
    AbsentChunk, ChangeReason, Chunk, ChunkChange, ChunkError, ChunkId, ChunkMeta, ChunkStore, RowId,
    StoreError, StoreEvent, TimeRange, Timeline,
    events::News,
    meta::{ComponentMeta, TimelineMeta},
    profile::profile_scope,
    rows::ChunkData,
    store::{Origin, Slot},
};

impl ChunkStore {
    /// Makes a chunk known whose data is not in memory: still in its file, or on another machine.
    ///
    /// Queries that would need it say so in `missing`. Nothing happens for a chunk that is known already.
    ///
    /// # Errors
    /// As [`Self::insert`], and where a range begins at the reserved time `i64::MIN`.
    pub fn insert_absent(&mut self, chunk: &AbsentChunk) -> Result<Vec<StoreEvent>, StoreError> {
        if self.slot_of.get(chunk.id).is_some() || chunk.num_rows == 0 {
            return Ok(Vec::new());
        }
        let entity_path = &chunk.entity_path;
        let num_rows = u32::try_from(chunk.num_rows).map_err(|_| ChunkError::TooManyRows {
            entity: entity_path.clone(),
            rows: chunk.num_rows,
        })?;
        let descriptors = chunk.components.iter().map(|column| &column.descriptor);
        self.check_columns(entity_path, chunk.timelines.len(), descriptors)?;
        let mut timelines: Vec<&(Timeline, TimeRange, bool)> = chunk.timelines.iter().collect();
        timelines.sort_by(|(a, ..), (b, ..)| a.name().cmp(b.name()));
        timelines.dedup_by(|(a, ..), (b, ..)| a.name() == b.name());
        if let Some((timeline, ..)) = timelines
            .iter()
            .find(|(_, range, _)| range.min == i64::MIN && !range.is_empty())
        {
            return Err(ChunkError::ReservedTime {
                entity: entity_path.clone(),
                timeline: timeline.name().to_string(),
            }
            .into());
        }
        let mut columns: Vec<_> = chunk.components.iter().collect();
        columns.sort_by(|a, b| a.descriptor.component.cmp(&b.descriptor.component));
        columns.dedup_by(|a, b| a.descriptor.component == b.descriptor.component);

        let mut components = SmallVec::with_capacity(columns.len());
        for column in columns {
            let mut ranges: SmallVec<[TimeRange; 2]> = timelines.iter().map(|(_, range, _)| *range).collect();
            for (name, own) in &column.ranges {
                let at = timelines.binary_search_by(|(timeline, ..)| timeline.name().cmp(name));
                if let Some(range) = at.ok().and_then(|at| ranges.get_mut(at)) {
                    *range = own.intersection(range);
                }
            }
            components.push(ComponentMeta {
                component: self.names.intern_component(&column.descriptor)?,
                num_valid: column.num_valid.map_or(num_rows, |valid| {
                    u32::try_from(valid).unwrap_or(num_rows).min(num_rows)
                }),
                ranges,
            });
        }
        self.retyped_timelines.clear();
        let meta = ChunkMeta {
            id: chunk.id,
            entity: self.intern_entity(entity_path)?,
            is_static: timelines.is_empty(),
            num_rows,
            num_bytes: chunk.num_bytes,
            row_ids: chunk
                .row_ids
                .unwrap_or((RowId::from_u128(0), RowId::from_u128(u128::MAX))),
            timelines: timelines
                .iter()
                .map(|(timeline, range, sorted)| TimelineMeta {
                    timeline: self.intern_timeline(timeline),
                    range: *range,
                    sorted: *sorted,
                })
                .collect(),
            components,
        };
        let mut events = Vec::new();
        self.add(
            Arc::new(meta),
            None,
            Origin::Source,
            ChangeReason::Request,
            &mut events,
        )?;
        Ok(events)
    }

    /// Gives a known chunk its data. Nothing happens where it is loaded already.
    ///
    /// The metadata is taken from the data, so that a footer that was wrong is corrected.
    ///
    /// # Errors
    /// Where the chunk is not known (it was dropped in the meantime, say), and as [`Self::insert`].
    pub fn load(&mut self, chunk: impl Into<Arc<Chunk>>) -> Result<Vec<StoreEvent>, StoreError> {
        profile_scope!("load_chunk");
        let chunk = chunk.into();
        let Some(slot) = self.slot_of.get(chunk.id()) else {
            return Err(StoreError::UnknownChunk(chunk.id()));
        };
        if self.loaded(slot).is_some() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        let meta = self.describe(&chunk)?;
        let entity = meta.entity;
        let is_static = meta.is_static;
        // The index entries of metadata that was exact stay as they are. Taking them out and in again is just as correct
        // for metadata that was not.
        let chunk_data = (chunk.num_rows() > 0).then(|| ChunkData::new(chunk));
        self.generation += 1;
        let mut news = self.news_of(&meta);
        let schema_version = self.schema_version;
        let old = self.unlink(slot);
        if let Some(chunk_data) = chunk_data
            && (!is_static || self.wins_something(&meta, &chunk_data))
        {
            let old_meta = old.as_ref().map(|old| Arc::clone(&old.meta));
            let slot = self.link(
                slot,
                meta,
                Some(chunk_data),
                old.map_or(Origin::Inserted, |old| old.origin),
            );
            self.push_event(
                ChunkChange::Loaded,
                ChangeReason::Request,
                slot,
                true,
                &mut events,
            );
            // What a footer left out is new, and what it made up is gone.
            let known = old_meta.iter().flat_map(|meta| &meta.components);
            let gone: SmallVec<[_; 4]> = known
                .map(|column| column.component)
                .filter(|component| !self.has_component(entity, *component))
                .collect();
            if !gone.is_empty() {
                news.get_or_insert_default().gone_components = gone;
            }
            if news.is_none() {
                self.schema_version = schema_version;
            }
            if let Some(event) = events.last_mut() {
                event.news = news;
            }
            if is_static {
                self.drop_overwritten(entity, slot, &mut events);
            }
        } else if let Some(old) = old {
            // Nothing to keep: it has no rows, or newer static data overwrote all of them while it was away.
            self.slot_of.remove(&[(old.meta.id, slot)]);
            self.free_slots.push(slot);
            let components = old.meta.components.iter().map(|column| column.component);
            let gone = News {
                entity_gone: !self.has_data(entity),
                gone_components: components
                    .filter(|component| !self.has_component(entity, *component))
                    .collect(),
                ..News::default()
            };
            let mut event = self.event(ChunkChange::Dropped, ChangeReason::Overwritten, old.meta, false);
            event.news = (gone != News::default()).then(|| Box::new(gone));
            events.push(event);
        }
        Ok(events)
    }

    /// Evicts a chunk's data and keeps its metadata. Nothing happens where there is no data.
    pub fn evict(&mut self, id: ChunkId) -> Vec<StoreEvent> {
        let mut events = Vec::new();
        if let Some(slot) = self.slot_of.get(id) {
            self.evict_slot(slot, ChangeReason::Request, &mut events);
        }
        events
    }

    pub(crate) fn evict_slot(&mut self, slot: u32, reason: ChangeReason, events: &mut Vec<StoreEvent>) {
        if self.loaded(slot).is_none() {
            return;
        }
        self.generation += 1;
        // The entity has the same components after it.
        let schema_version = self.schema_version;
        if let Some(Slot { meta, origin, .. }) = self.unlink(slot) {
            self.link(slot, meta, None, origin);
            self.schema_version = schema_version;
            self.push_event(ChunkChange::Evicted, reason, slot, true, events);
        }
    }
}
