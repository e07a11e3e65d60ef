//! Chunks in: their names are interned, their ranges indexed, and what they overwrite is dropped.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{
    AbsentChunk, ChangeReason, Chunk, ChunkChange, ChunkError, ChunkId, ChunkMeta, ChunkStore, ComponentId,
    EntityId, RowId, StoreError, StoreEvent, TimeRange, Timeline,
    events::News,
    gather::Gathered,
    interval_index::{Entry, MOST_COLUMNS},
    meta::{ComponentMeta, TimelineMeta, valid_ranges},
    rows::Body,
    series::{Series, StaticRow, StaticSeries},
    store::{EntityData, Origin, Slot},
};

impl ChunkStore {
    /// Takes a chunk in, and answers what changed.
    ///
    /// Nothing happens for a chunk that is there already (also where its rows were merged with others), that has no rows, or
    /// whose rows are static and older than what is there. A chunk that was known and not loaded gets its body. Small chunks are
    /// merged and large ones split, as [`StoreSettings`](crate::StoreSettings) say: then the chunk's id is not known afterwards, and
    /// the events tell where its rows are. Costs O(log n) per column, and the copies of merging.
    ///
    /// # Errors
    /// Where a timeline's type differs from the one that the store knows, or where the store is full. Nothing is changed then.
    pub fn insert(&mut self, chunk: impl Into<Arc<Chunk>>) -> Result<Vec<StoreEvent>, StoreError> {
        let chunk = chunk.into();
        if let Some(slot) = self.slot_of.get(chunk.id()) {
            return if self.body(slot).is_some() {
                Ok(Vec::new())
            } else {
                self.load(chunk)
            };
        }
        let mut events = Vec::new();
        if chunk.num_rows() == 0 {
            return Ok(events);
        }
        let Some(pieces) = self.split(&chunk) else {
            match self.gather(&chunk, &mut events) {
                Gathered::No => self.insert_piece(chunk, Origin::Inserted, &mut events)?,
                Gathered::Yes => {}
                Gathered::Full(slot) => self.compact(slot, &mut events)?,
            }
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
        let body = Body::new(chunk);
        if meta.is_static && !self.wins_something(&meta, &body) {
            return Ok(());
        }
        let (is_static, entity) = (meta.is_static, meta.entity);
        let slot = self.add(meta, Some(body), origin, ChangeReason::Request, events)?;
        if is_static {
            self.drop_overwritten(entity, slot, events);
        } else if self.settings.compaction {
            self.compact(slot, events)?;
        }
        Ok(())
    }

    /// Makes a chunk known whose body is not in memory: still in its file, or on another machine.
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
        self.check_columns(
            entity_path,
            chunk.timelines.iter().map(|(timeline, ..)| timeline),
            chunk.components.len(),
        )?;
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
            let ranges = timelines
                .iter()
                .map(|(timeline, range, _)| {
                    let own = column.ranges.iter().find(|(name, _)| name == timeline.name());
                    own.map_or(*range, |(_, own)| own.intersection(range))
                })
                .collect();
            components.push(ComponentMeta {
                component: self.names.intern_component(&column.descriptor)?,
                num_valid: column.num_valid.map_or(num_rows, |valid| {
                    u32::try_from(valid).unwrap_or(num_rows).min(num_rows)
                }),
                ranges,
            });
        }
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

    /// Gives a known chunk its body. Nothing happens where it is loaded already.
    ///
    /// The metadata is taken from the body, so that a footer that was wrong is corrected.
    ///
    /// # Errors
    /// Where the chunk is not known (it was dropped in the meantime, say), and as [`Self::insert`].
    pub fn load(&mut self, chunk: impl Into<Arc<Chunk>>) -> Result<Vec<StoreEvent>, StoreError> {
        let chunk = chunk.into();
        let Some(slot) = self.slot_of.get(chunk.id()) else {
            return Err(StoreError::UnknownChunk(chunk.id()));
        };
        if self.body(slot).is_some() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        let meta = self.describe(&chunk)?;
        let entity = meta.entity;
        let is_static = meta.is_static;
        // The index entries of metadata that was exact stay as they are. Taking them out and in again is just as correct
        // for metadata that was not.
        let body = (chunk.num_rows() > 0).then(|| Body::new(chunk));
        self.generation += 1;
        let news = self.news_of(&meta);
        let old = self.unlink(slot);
        if let Some(body) = body
            && (!is_static || self.wins_something(&meta, &body))
        {
            let slot = self.link(
                slot,
                meta,
                Some(body),
                old.map_or(Origin::Inserted, |old| old.origin),
            );
            self.push_event(
                ChunkChange::Loaded,
                ChangeReason::Request,
                slot,
                true,
                &mut events,
            );
            if let Some(event) = events.last_mut() {
                // What a footer left out is new.
                event.news = news;
            }
            if is_static {
                self.drop_overwritten(entity, slot, &mut events);
            }
        } else if let Some(old) = old {
            // Nothing to keep: it has no rows, or newer static data overwrote all of them while it was away.
            self.slot_of.remove(&[(old.meta.id, slot)]);
            self.free_slots.push(slot);
            events.push(self.event(ChunkChange::Dropped, ChangeReason::Overwritten, old.meta, false));
        }
        Ok(events)
    }

    /// Gives up a chunk's body and keeps its metadata. Nothing happens where there is no body.
    pub fn evict(&mut self, id: ChunkId) -> Vec<StoreEvent> {
        let mut events = Vec::new();
        if let Some(slot) = self.slot_of.get(id) {
            self.evict_slot(slot, ChangeReason::Request, &mut events);
        }
        events
    }

    /// What the indices need to know of a chunk. Interns its names.
    pub(crate) fn describe(&mut self, chunk: &Chunk) -> Result<Arc<ChunkMeta>, StoreError> {
        let entity_path = chunk.entity_path();
        self.check_columns(
            entity_path,
            chunk.timelines().iter().map(crate::TimeColumn::timeline),
            chunk.components().len(),
        )?;
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

    fn check_columns<'a>(
        &self,
        entity: &crate::EntityPath,
        timelines: impl Iterator<Item = &'a Timeline>,
        components: usize,
    ) -> Result<(), StoreError> {
        let mut columns = components;
        for timeline in timelines {
            columns += 1;
            if let Some(id) = self.names.timeline_id(timeline.name()) {
                let expected = self.names.timeline(id).time_type();
                if expected != timeline.time_type() {
                    return Err(StoreError::TimelineType {
                        entity: entity.clone(),
                        timeline: timeline.name().to_string(),
                        expected,
                        actual: timeline.time_type(),
                    });
                }
            }
        }
        if columns >= MOST_COLUMNS {
            return Err(StoreError::TooManyColumns {
                entity: entity.clone(),
                columns,
            });
        }
        Ok(())
    }

    fn intern_timeline(&mut self, timeline: &Timeline) -> crate::TimelineId {
        let id = self.names.intern_timeline(timeline);
        if self.timelines.len() <= id.index() {
            self.timelines.resize_with(id.index() + 1, Default::default);
        }
        id
    }

    fn intern_entity(&mut self, path: &crate::EntityPath) -> Result<EntityId, StoreError> {
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

    /// Takes a chunk up under a new slot, and says so.
    pub(crate) fn add(
        &mut self,
        meta: Arc<ChunkMeta>,
        body: Option<Body>,
        origin: Origin,
        reason: ChangeReason,
        events: &mut Vec<StoreEvent>,
    ) -> Result<u32, StoreError> {
        let slot = match self.free_slots.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.slots.len())
                    .ok()
                    .filter(|slot| *slot != u32::MAX);
                let slot = slot.ok_or(StoreError::Full { what: "chunks" })?;
                self.slots.push(None);
                self.free_slots.grow();
                slot
            }
        };
        let has_body = body.is_some();
        self.generation += 1;
        self.slot_of.insert(meta.id, slot);
        let news = self.news_of(&meta);
        let slot = self.link(slot, meta, body, origin);
        self.push_event(ChunkChange::Added, reason, slot, has_body, events);
        if let Some(event) = events.last_mut() {
            event.news = news;
        }
        Ok(slot)
    }

    /// What a chunk has that was in none before.
    fn news_of(&self, meta: &ChunkMeta) -> Option<Box<News>> {
        let components = meta.components.iter().map(|column| column.component);
        let timelines = meta.timelines.iter().map(|column| column.timeline);
        let news = News {
            split_from: None,
            entity: !self.has_data(meta.entity),
            components: components
                .filter(|&component| !self.has_component(meta.entity, component))
                .collect(),
            timelines: timelines
                .filter(|id| {
                    self.timelines
                        .get(id.index())
                        .is_none_or(|data| data.num_chunks == 0)
                })
                .collect(),
        };
        (news != News::default()).then(|| Box::new(news))
    }

    /// Puts a chunk into every index. The inverse of [`Self::unlink`].
    pub(crate) fn link(
        &mut self,
        slot: u32,
        meta: Arc<ChunkMeta>,
        body: Option<Body>,
        origin: Origin,
    ) -> u32 {
        let entity = meta.entity;
        self.by_row.insert(meta.row_ids.0, slot);
        self.totals.add(&meta, body.is_some());
        self.totals
            .index_changed(0, body.as_ref().map_or(0, Body::gathering_bytes));
        let rows_in_order = body.as_ref().is_some_and(Body::row_ids_sorted);
        for (at, timeline) in meta.timelines.iter().enumerate() {
            if let Some(data) = self.timelines.get_mut(timeline.timeline.index()) {
                data.num_chunks += 1;
                data.ranges.include(entity, timeline.range);
                if body.is_none() && !timeline.range.is_empty() {
                    data.absent
                        .insert(Entry::new(timeline.range, slot, meta.num_rows, (0, at), false));
                }
            }
            let loaded = body.is_some();
            if !timeline.range.is_empty() {
                self.index(
                    entity,
                    timeline.timeline,
                    ComponentId::ANY,
                    Entry::new(timeline.range, slot, meta.num_rows, (0, at), loaded),
                );
            }
            for (column, component) in meta.components.iter().enumerate() {
                let range = component.ranges.get(at).copied().unwrap_or(TimeRange::EMPTY);
                if component.num_valid > 0 && !range.is_empty() {
                    let in_order = rows_in_order && timeline.sorted && component.num_valid == meta.num_rows;
                    let entry = Entry::new(range, slot, component.num_valid, (column, at), loaded)
                        .with_order(in_order);
                    self.index(entity, timeline.timeline, component.component, entry);
                }
            }
        }
        let names = &self.names;
        let clears = self
            .names
            .clear
            .is_some_and(|component| meta.has_component(component));
        if let Some(data) = self.entities.get_mut(entity.index()) {
            let capacity = data.components.capacity();
            self.schema_version += u64::from(data.stats.num_chunks == 0);
            data.stats.add(&meta, body.is_some());
            if origin == Origin::Made {
                data.newest_made = data.newest_made.max(meta.row_ids.1);
            }
            for component in &meta.components {
                let id = component.component;
                if let Some((_, count)) = data.components.iter_mut().find(|(other, _)| *other == id) {
                    *count += 1;
                } else {
                    let name = &names.descriptor(id).component;
                    let at = data
                        .components
                        .partition_point(|(other, _)| names.descriptor(*other).component < *name);
                    data.components.insert(at, (id, 1));
                    self.schema_version += 1;
                }
            }
            let grown = (data.components.capacity() - capacity) * size_of::<(ComponentId, u32)>();
            self.totals.index_changed(0, grown);
        }
        if clears || meta.is_static {
            let before = self
                .entities
                .get(entity.index())
                .map_or(0, EntityData::heap_bytes);
            if let Some(data) = self.entities.get_mut(entity.index()).filter(|_| meta.is_static) {
                link_static(data, &meta, body.as_ref(), slot, self.generation);
            }
            if clears {
                self.link_clears(slot, &meta, body.as_ref());
            }
            let after = self
                .entities
                .get(entity.index())
                .map_or(0, EntityData::heap_bytes);
            self.totals.index_changed(before, after);
        }
        if body.is_none() && self.is_fetched_first(&meta) {
            self.absent_first.insert(slot);
        }
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(Slot { meta, body, origin });
        }
        slot
    }

    fn index(&mut self, entity: EntityId, timeline: crate::TimelineId, component: ComponentId, entry: Entry) {
        let Some(data) = self.entities.get_mut(entity.index()) else {
            return;
        };
        let position = data.series.find(timeline, component).unwrap_or_else(|| {
            let position = self.series.len() as u32;
            self.series.push(Series {
                component,
                index: Default::default(),
                version: 0,
            });
            let before = data.series.heap_bytes();
            data.series.insert(timeline, component, position);
            self.totals.index_changed(before, data.series.heap_bytes());
            position
        });
        if let Some(series) = self.series.get_mut(position as usize) {
            let before = series.index.heap_bytes();
            series.index.insert(entry);
            self.totals.index_changed(before, series.index.heap_bytes());
            series.version = self.generation;
        }
    }

    /// Whether a chunk of static data has, for some component, a newer row than any that is there.
    fn wins_something(&self, meta: &ChunkMeta, body: &Body) -> bool {
        meta.components.iter().enumerate().any(|(column, component)| {
            let Some((row_id, _)) = body.newest_row(column) else {
                return false;
            };
            let winner = self
                .static_series(meta.entity, component.component)
                .and_then(|series| series.winner);
            winner.is_none_or(|winner| row_id > winner.row_id)
        })
    }

    /// Drops the static chunks of an entity that have no newest row of any component any more, after `newcomer` came.
    fn drop_overwritten(&mut self, entity: EntityId, newcomer: u32, events: &mut Vec<StoreEvent>) {
        let Some(data) = self.entity(entity) else { return };
        let Some(meta) = self.slot(newcomer).map(|slot| &slot.meta) else {
            return;
        };
        let mut losers: Vec<u32> = Vec::new();
        for component in &meta.components {
            let slots = data
                .statics
                .iter()
                .filter(|s| s.component == component.component)
                .flat_map(|s| s.slots.iter());
            losers.extend(slots.copied().filter(|&slot| slot != newcomer));
        }
        losers.sort_unstable();
        losers.dedup();
        losers.retain(|&slot| {
            let wins = data
                .statics
                .iter()
                .any(|series| series.winner.is_some_and(|winner| winner.slot == slot));
            self.body(slot).is_some() && !wins
        });
        for slot in losers {
            self.drop_slot(slot, ChangeReason::Overwritten, events);
        }
    }

    pub(crate) fn push_event(
        &mut self,
        change: ChunkChange,
        reason: ChangeReason,
        slot: u32,
        has_body: bool,
        events: &mut Vec<StoreEvent>,
    ) {
        if let Some(meta) = self.slot(slot).map(|slot| Arc::clone(&slot.meta)) {
            events.push(self.event(change, reason, meta, has_body));
        }
    }

    pub(crate) fn event(
        &self,
        change: ChunkChange,
        reason: ChangeReason,
        meta: Arc<ChunkMeta>,
        has_body: bool,
    ) -> StoreEvent {
        StoreEvent {
            generation: self.generation,
            change,
            reason,
            meta,
            has_body,
            news: None,
        }
    }
}

fn link_static(data: &mut EntityData, meta: &ChunkMeta, body: Option<&Body>, slot: u32, generation: u64) {
    for (column, component) in meta.components.iter().enumerate() {
        if component.num_valid == 0 {
            continue;
        }
        let at = data
            .statics
            .iter()
            .position(|series| series.component == component.component)
            .unwrap_or_else(|| {
                let component = component.component;
                data.statics.push(StaticSeries {
                    component,
                    slots: SmallVec::new(),
                    winner: None,
                    version: 0,
                });
                data.statics.len() - 1
            });
        let Some(series) = data.statics.get_mut(at) else {
            continue;
        };
        series.slots.push(slot);
        series.version = generation;
        if let Some((row_id, row)) = body.and_then(|body| body.newest_row(column))
            && series.winner.is_none_or(|winner| row_id > winner.row_id)
        {
            series.winner = Some(StaticRow {
                row_id,
                slot,
                column: column as u16,
                row,
            });
        }
    }
}
