//! Chunks into the indices, and the events that say so.

use std::{collections::BTreeSet, sync::Arc};

use smallvec::SmallVec;

use crate::{
    ChangeReason, ChunkChange, ChunkMeta, ChunkStore, ComponentId, StoreError, StoreEvent, TimeRange,
    events::News,
    interval_index::{Entry, IntervalIndex},
    rows::ChunkData,
    series::{self, Series, SeriesKey, StaticRow, StaticSeries},
    store::{EntityData, Origin, Slot},
};

impl ChunkStore {
    /// Takes a chunk up under a new slot, and says so.
    pub(crate) fn add(
        &mut self,
        meta: Arc<ChunkMeta>,
        chunk_data: Option<ChunkData>,
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
                slot
            }
        };
        let is_loaded = chunk_data.is_some();
        self.generation += 1;
        self.slot_of.insert(meta.id, slot);
        let news = self.news_of(&meta);
        let slot = self.link(slot, meta, chunk_data, origin);
        self.push_event(ChunkChange::Added, reason, slot, is_loaded, events);
        if let Some(event) = events.last_mut() {
            event.news = news;
        }
        Ok(slot)
    }

    /// What a chunk has that was in none before.
    pub(crate) fn news_of(&mut self, meta: &ChunkMeta) -> Option<Box<News>> {
        let retyped_timelines = std::mem::take(&mut self.retyped_timelines);
        for timeline in &retyped_timelines {
            self.timelines[timeline.index()].has_other_type = true;
        }
        let components = meta.components.iter().map(|column| column.component);
        let timelines = meta.timelines.iter().map(|column| column.timeline);
        let news = News {
            split_from: None,
            entity: !self.has_data(meta.entity),
            components: components
                .filter(|&component| !self.has_component(meta.entity, component))
                .collect(),
            timelines: timelines
                .filter(|id| self.timelines[id.index()].num_chunks == 0)
                .collect(),
            retyped_timelines,
            ..News::default()
        };
        (news != News::default()).then(|| Box::new(news))
    }

    /// Puts a chunk into every index. The inverse of [`Self::unlink`].
    pub(crate) fn link(
        &mut self,
        slot: u32,
        meta: Arc<ChunkMeta>,
        chunk_data: Option<ChunkData>,
        origin: Origin,
    ) -> u32 {
        let append_bytes = chunk_data.as_ref().map_or(0, ChunkData::append_bytes);
        let is_loaded = chunk_data.is_some();
        let by_row = if is_loaded {
            &mut self.by_row
        } else {
            &mut self.absent_by_row
        };
        by_row.insert(meta.row_ids.0, slot);
        self.loaded_temporal += usize::from(is_loaded && !meta.is_static);
        self.totals.add(&meta, is_loaded);
        self.totals.index_changed(0, append_bytes);
        let rows_in_order = chunk_data.as_ref().is_some_and(ChunkData::row_ids_sorted);
        self.link_times(slot, &meta, is_loaded, rows_in_order);

        let names = &self.names;
        let data = &mut self.entities[meta.entity.index()];
        let before = data.components.heap_bytes();
        let is_first = u64::from(data.stats.num_chunks == 0);
        self.totals.num_entities += is_first;
        self.schema_version += is_first;
        data.stats.add(&meta, is_loaded);
        data.newest = data.newest.max(meta.row_ids.1);
        if origin == Origin::Made {
            data.newest_made = data.newest_made.max(meta.row_ids.1);
        }
        for column in &meta.components {
            self.schema_version += u64::from(data.components.add(column.component, names));
        }
        self.totals.index_changed(before, data.components.heap_bytes());
        if meta.is_static {
            let before = data.static_bytes(&meta);
            link_static(data, &meta, chunk_data.as_ref(), slot, self.generation);
            self.totals.index_changed(before, data.static_bytes(&meta));
        }
        if self.has_clears(&meta) {
            self.link_clears(slot, &meta, chunk_data.as_ref());
        }
        if !is_loaded && self.is_fetched_first(&meta) {
            self.absent_first.insert(slot);
        }
        if is_loaded && self.is_evictable_static(&meta, origin) {
            self.evictable_statics.insert(slot);
        }
        self.slots[slot as usize] = Some(Slot {
            meta,
            chunk_data,
            origin,
        });
        slot
    }

    /// Puts a chunk into the indices of its timelines, and of its series. New series of a chunk are added together.
    fn link_times(&mut self, slot: u32, meta: &ChunkMeta, is_loaded: bool, rows_in_order: bool) {
        let data = &mut self.entities[meta.entity.index()];
        let mut added: SmallVec<[(SeriesKey, ComponentId, Entry); 4]> = SmallVec::new();
        for (at, timeline) in meta.timelines.iter().enumerate() {
            let times = &mut self.timelines[timeline.timeline.index()];
            times.num_chunks += 1;
            let any = Entry::new(timeline.range, slot, meta.num_rows, (0, at), is_loaded);
            if !timeline.range.is_empty() {
                let index = if is_loaded {
                    &mut times.loaded
                } else {
                    &mut times.absent
                };
                index.insert(any);
            }
            let columns = meta
                .components
                .iter()
                .enumerate()
                .filter_map(|(column, component)| {
                    let range = component.ranges.get(at).copied().unwrap_or(TimeRange::EMPTY);
                    let in_order = rows_in_order && timeline.sorted && component.num_valid == meta.num_rows;
                    let entry = Entry::new(range, slot, component.num_valid, (column, at), is_loaded);
                    (component.num_valid > 0).then_some((component.component, entry.with_order(in_order)))
                });
            for (component, entry) in std::iter::once((ComponentId::ANY, any)).chain(columns) {
                if entry.min > entry.max {
                    continue;
                }
                let Some(position) = data.series.find(timeline.timeline, component) else {
                    added.push((series::key(timeline.timeline, component), component, entry));
                    continue;
                };
                let series = &mut self.series[position as usize];
                let before = series.index.heap_bytes();
                series.index.insert(entry);
                self.totals.index_changed(before, series.index.heap_bytes());
                series.version = self.generation;
            }
        }
        if added.is_empty() {
            return;
        }
        added.sort_unstable_by_key(|(key, ..)| *key);
        let mut keys: SmallVec<[(SeriesKey, u32); 8]> = SmallVec::with_capacity(added.len());
        for (key, component, entry) in added {
            let mut index = IntervalIndex::default();
            index.insert(entry);
            keys.push((key, self.series.len() as u32));
            self.totals.index_changed(0, index.heap_bytes());
            self.series.push(Series {
                component,
                index,
                version: self.generation,
            });
        }
        let before = data.series.heap_bytes();
        data.series.insert_all(&keys);
        self.totals.index_changed(before, data.series.heap_bytes());
    }

    pub(crate) fn push_event(
        &mut self,
        change: ChunkChange,
        reason: ChangeReason,
        slot: u32,
        is_loaded: bool,
        events: &mut Vec<StoreEvent>,
    ) {
        if let Some(meta) = self.slot(slot).map(|slot| Arc::clone(&slot.meta)) {
            events.push(self.event(change, reason, meta, is_loaded));
        }
    }

    pub(crate) fn event(
        &self,
        change: ChunkChange,
        reason: ChangeReason,
        meta: Arc<ChunkMeta>,
        is_loaded: bool,
    ) -> StoreEvent {
        StoreEvent {
            generation: self.generation,
            change,
            reason,
            meta,
            is_loaded,
            news: None,
        }
    }
}

fn link_static(
    data: &mut EntityData,
    meta: &ChunkMeta,
    chunk_data: Option<&ChunkData>,
    slot: u32,
    generation: u64,
) {
    for (column, component) in meta.components.iter().enumerate() {
        if component.num_valid == 0 {
            continue;
        }
        let component = component.component;
        let at = data.static_position(component).unwrap_or_else(|at| {
            data.statics.insert(
                at,
                StaticSeries {
                    component,
                    loaded: SmallVec::new(),
                    absent: BTreeSet::new(),
                    winner: None,
                    version: 0,
                },
            );
            at
        });
        let series = &mut data.statics[at];
        if chunk_data.is_some() {
            series.loaded.push(slot);
        } else {
            series.absent.insert(slot);
        }
        series.version = generation;
        if let Some((row_id, row)) = chunk_data.and_then(|data| data.newest_row(column))
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
