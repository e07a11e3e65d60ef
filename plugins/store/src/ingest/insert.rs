//! Chunks in: their columns are checked and their names interned, and what they overwrite is dropped.

use std::{ops::Range, sync::Arc};

use smallvec::SmallVec;

use crate::{
    ChangeReason, Chunk, ChunkId, ChunkMeta, ChunkStore, ComponentColumn, ComponentDescriptor, EntityId,
    EntityPath, RowId, StoreError, StoreEvent, Timeline, TimelineId,
    error::{MAX_ENTITY_COMPONENTS, MAX_SERIES_PER_CHUNK, MAX_TIMELINES},
    ingest::append::Appended,
    interval_index::MAX_COLUMNS,
    meta::{ComponentMeta, TimelineMeta, valid_ranges},
    profile::profile_scope,
    rows::ChunkData,
    series::StaticSeries,
    store::{EntityData, Origin},
};

impl ChunkStore {
    /// Takes a chunk in, and answers what changed.
    ///
    /// Nothing happens for a chunk that is there already (also where its rows were merged with others), that has no rows, or
    /// whose rows are static and older than what is there. Of one that was [combined](crate::ChunkGroup) on its way, only the rows are
    /// taken in that are not there. A chunk that was known and not loaded gets its data. Small chunks are
    /// merged and large ones split, as [`StoreSettings`](crate::StoreSettings) say: then the chunk's id is not known afterwards, and
    /// the events tell where its rows are. Costs O(log n) per column, and the copies of merging.
    ///
    /// # Errors
    /// Where the chunk has too many columns, or where the store is full. Nothing is changed then.
    pub fn insert(&mut self, chunk: impl Into<Arc<Chunk>>) -> Result<Vec<StoreEvent>, StoreError> {
        profile_scope!("insert_chunk");
        let chunk = chunk.into();
        if let Some(slot) = self.slot_of.get(chunk.id()) {
            return if self.loaded(slot).is_some() {
                Ok(Vec::new())
            } else {
                self.load(chunk)
            };
        }
        let mut events = Vec::new();
        if chunk.num_rows() == 0 {
            return Ok(events);
        }
        if chunk.is_combined() {
            self.insert_combined(chunk, &mut events)?;
            return Ok(events);
        }
        let Some(pieces) = self.split(&chunk) else {
            self.insert_rows(chunk, Origin::Inserted, &mut events)?;
            return Ok(events);
        };
        let id = chunk.id();
        for piece in pieces {
            let first = events.len();
            let origin = if piece.id() == id {
                Origin::Inserted
            } else {
                Origin::Made
            };
            self.insert_piece(Arc::new(piece), origin, &mut events)?;
            if let Some(event) = events.get_mut(first) {
                event.news.get_or_insert_default().split_from = Some(id);
            }
        }
        Ok(events)
    }

    /// Takes in the rows that are not here of a chunk that was combined on its way: it is as if it was merged here.
    fn insert_combined(&mut self, chunk: Arc<Chunk>, events: &mut Vec<StoreEvent>) -> Result<(), StoreError> {
        let unknown = self.unknown_rows(&chunk);
        let is_all = unknown.iter().map(Range::len).sum::<usize>() == chunk.num_rows();
        let unknown = if is_all {
            vec![chunk]
        } else {
            let rows = unknown
                .into_iter()
                .map(|rows| chunk.slice_owned(ChunkId::new(), rows));
            rows.map(Arc::new).collect()
        };
        for rows in unknown {
            // Many that are small may be large together.
            let Some(pieces) = self.split(&rows) else {
                self.insert_rows(rows, Origin::Made, events)?;
                continue;
            };
            for piece in pieces {
                self.insert_rows(Arc::new(piece), Origin::Made, events)?;
            }
        }
        Ok(())
    }

    /// Takes rows in: behind others where they can be appended, else as a chunk of this origin.
    fn insert_rows(
        &mut self,
        chunk: Arc<Chunk>,
        origin: Origin,
        events: &mut Vec<StoreEvent>,
    ) -> Result<(), StoreError> {
        match self.append_rows(&chunk, events) {
            Appended::No => self.insert_piece(chunk, origin, events),
            Appended::Yes => Ok(()),
            Appended::Full(slot) => self.compact(slot, events),
        }
    }

    fn insert_piece(
        &mut self,
        chunk: Arc<Chunk>,
        origin: Origin,
        events: &mut Vec<StoreEvent>,
    ) -> Result<(), StoreError> {
        let meta = self.describe(&chunk)?;
        if self.has_rows_of(&meta, &chunk) {
            return Ok(());
        }
        let chunk_data = ChunkData::new(chunk);
        if meta.is_static && !self.wins_something(&meta, &chunk_data) {
            return Ok(());
        }
        let (is_static, entity) = (meta.is_static, meta.entity);
        let slot = self.add(meta, Some(chunk_data), origin, ChangeReason::Request, events)?;
        if is_static {
            self.drop_overwritten(entity, slot, events);
        } else if self.settings.compaction {
            self.compact(slot, events)?;
        }
        Ok(())
    }

    /// What the indices need to know of a chunk. Interns its names.
    pub(crate) fn describe(&mut self, chunk: &Chunk) -> Result<Arc<ChunkMeta>, StoreError> {
        let entity_path = chunk.entity_path();
        self.check_columns(
            entity_path,
            chunk.timelines().len(),
            chunk.components().iter().map(ComponentColumn::descriptor),
        )?;
        self.retyped_timelines.clear();
        let mut components = SmallVec::with_capacity(chunk.components().len());
        for (at, column) in chunk.components().iter().enumerate() {
            components.push(ComponentMeta {
                component: self.names.intern_component(column.descriptor())?,
                num_valid: column.num_valid() as u32,
                ranges: valid_ranges(chunk, at),
            });
        }
        let row_ids = chunk.row_ids();
        let row_ids = match (row_ids.first(), row_ids.last()) {
            (Some(first), Some(last)) if chunk.row_ids_sorted() => (*first, *last),
            _ => row_ids.iter().fold(
                (RowId::from_u128(u128::MAX), RowId::from_u128(0)),
                |(min, max), &id| (min.min(id), max.max(id)),
            ),
        };
        Ok(Arc::new(ChunkMeta {
            id: chunk.id(),
            entity: self.intern_entity(entity_path)?,
            is_static: chunk.is_static(),
            num_rows: chunk.num_rows() as u32,
            num_bytes: chunk.num_bytes(),
            row_ids,
            timelines: chunk
                .timelines()
                .iter()
                .map(|column| TimelineMeta {
                    timeline: self.intern_timeline(column.timeline()),
                    range: column.range(),
                    sorted: column.is_sorted(),
                })
                .collect(),
            components,
        }))
    }

    /// Checks how many columns a chunk has: all alone, times each other, and together with what the entity has.
    pub(crate) fn check_columns<'a>(
        &self,
        entity: &EntityPath,
        timelines: usize,
        components: impl ExactSizeIterator<Item = &'a ComponentDescriptor>,
    ) -> Result<(), StoreError> {
        let columns = timelines + components.len();
        let entity = || entity.clone();
        if columns >= MAX_COLUMNS {
            return Err(StoreError::TooManyColumns {
                entity: entity(),
                columns,
            });
        }
        if timelines > MAX_TIMELINES {
            return Err(StoreError::TooManyTimelines {
                entity: entity(),
                timelines,
            });
        }
        let components_of_chunk = components.len();
        if timelines * components_of_chunk > MAX_SERIES_PER_CHUNK {
            return Err(StoreError::TooManySeries {
                entity: entity(),
                timelines,
                components: components_of_chunk,
            });
        }
        let data = self.tree.find(&entity()).and_then(|id| self.entity(id));
        if let Some(known) = data.map(|data| &data.components)
            && known.len() + components_of_chunk > MAX_ENTITY_COMPONENTS
        {
            let is_new = |descriptor: &&ComponentDescriptor| {
                let id = self.names.component_id(&descriptor.component);
                id.is_none_or(|id| !known.contains(id, &self.names))
            };
            let components = known.len() + components.filter(is_new).count();
            if components > MAX_ENTITY_COMPONENTS {
                return Err(StoreError::TooManyComponents {
                    entity: entity(),
                    components,
                });
            }
        }
        Ok(())
    }

    /// The id of a timeline. The type that it was first seen with stays; another one is noted, to be told once.
    pub(crate) fn intern_timeline(&mut self, timeline: &Timeline) -> TimelineId {
        let id = self.names.intern_timeline(timeline);
        if self.timelines.len() <= id.index() {
            self.timelines.resize_with(id.index() + 1, Default::default);
        }
        if self.names.timeline(id).time_type() != timeline.time_type()
            && !self.timelines[id.index()].has_other_type
        {
            self.retyped_timelines.push(id);
        }
        id
    }

    pub(crate) fn intern_entity(&mut self, path: &EntityPath) -> Result<EntityId, StoreError> {
        let id = self.tree.intern(path)?;
        while self.entities.len() < self.tree.len() {
            let new = EntityId::from_index(self.entities.len());
            let might_require_clearing = self.tree.ancestors(new).skip(1).any(|above| {
                self.entity(above)
                    .is_some_and(|data| data.clears.as_ref().is_some_and(|c| c.reach_below()))
            });
            self.entities.push(EntityData {
                might_require_clearing,
                ..EntityData::default()
            });
        }
        Ok(id)
    }

    /// Whether a chunk of static data has, for some component, a newer row than any that is there.
    pub(crate) fn wins_something(&self, meta: &ChunkMeta, chunk_data: &ChunkData) -> bool {
        meta.components.iter().enumerate().any(|(column, component)| {
            let Some((row_id, _)) = chunk_data.newest_row(column) else {
                return false;
            };
            let winner = self
                .static_series(meta.entity, component.component)
                .and_then(|series| series.winner);
            winner.is_none_or(|winner| row_id > winner.row_id)
        })
    }

    /// Drops the static chunks of an entity that have no newest row of any component any more, after `newcomer` came.
    pub(crate) fn drop_overwritten(&mut self, entity: EntityId, newcomer: u32, events: &mut Vec<StoreEvent>) {
        let Some(data) = self.entity(entity) else { return };
        let Some(meta) = self.slot(newcomer).map(|slot| &slot.meta) else {
            return;
        };
        let series_of = |meta: &ChunkMeta| {
            let ids: SmallVec<[_; 4]> = meta.components.iter().map(|column| column.component).collect();
            ids.into_iter().filter_map(|id| data.static_series(id))
        };
        let mut losers: Vec<u32> = series_of(meta)
            .flat_map(|series| series.loaded.iter().copied())
            .filter(|&slot| slot != newcomer)
            .collect();
        losers.sort_unstable();
        losers.dedup();
        losers.retain(|&slot| {
            self.slot(slot).is_some_and(|place| {
                let wins = |series: &StaticSeries| series.winner.is_some_and(|winner| winner.slot == slot);
                !series_of(&place.meta).any(wins)
            })
        });
        for slot in losers {
            self.drop_slot(slot, ChangeReason::Overwritten, events);
        }
    }
}
