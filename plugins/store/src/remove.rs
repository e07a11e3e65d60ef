//! Chunks out: removed from the indices at the cost of what is removed, not of what is kept.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{
    ChangeReason, ChunkChange, ChunkId, ChunkMeta, ChunkStore, ComponentId, EntityId, StoreEvent, TimeRange,
    events::News,
    rows::ChunkData,
    series::{StaticRow, StaticSeries},
    store::Slot,
};

/// The greatest number of chunks that are taken out of the indices together. More would save little, and make the steps of a
/// collection long.
pub(crate) const MAX_RUN: usize = 32;

impl ChunkStore {
    /// Drops chunks with their metadata. Ids that are not known are passed over.
    pub fn drop_chunks(&mut self, ids: impl IntoIterator<Item = ChunkId>) -> Vec<StoreEvent> {
        let mut events = Vec::new();
        for id in ids {
            if let Some(slot) = self.slot_of.get(id) {
                self.drop_slot(slot, ChangeReason::Request, &mut events);
            }
        }
        events
    }

    /// Drops all data of an entity, static data included; not of the entities below it.
    pub fn drop_entity(&mut self, entity: EntityId) -> Vec<StoreEvent> {
        let mut events = Vec::new();
        for slot in self.slots_of(entity) {
            self.drop_slot(slot, ChangeReason::Request, &mut events);
        }
        events
    }

    /// The slots of all chunks of an entity, in order.
    pub(crate) fn slots_of(&self, entity: EntityId) -> Vec<u32> {
        let Some(data) = self.entity(entity) else {
            return Vec::new();
        };
        let mut slots: Vec<u32> = data.statics.iter().flat_map(StaticSeries::slots).collect();
        for series in data.series.iter().filter_map(|at| self.series.get(at as usize)) {
            series
                .index
                .for_each_overlapping(TimeRange::EVERYTHING, |entry| slots.push(entry.slot));
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    pub(crate) fn drop_slot(&mut self, slot: u32, reason: ChangeReason, events: &mut Vec<StoreEvent>) {
        self.drop_run(&[slot], reason, events, drop);
    }

    /// Drops chunks that are alike, and hands their data to `take_data`. See [`Self::are_alike`].
    pub(crate) fn drop_run(
        &mut self,
        run: &[u32],
        reason: ChangeReason,
        events: &mut Vec<StoreEvent>,
        mut take_data: impl FnMut(ChunkData),
    ) {
        let mut gone = self.unindex(run, self.generation + run.len() as u64);
        let ids = self.keys_of(run, |meta| meta.id);
        self.slot_of.remove(&ids);
        for (at, &slot) in run.iter().enumerate() {
            self.generation += 1;
            let Some(Slot { meta, chunk_data, .. }) = self.take_out(slot) else {
                continue;
            };
            self.free_slots.push(slot);
            let entity_gone = !self.has_data(meta.entity);
            let mut event = self.event(ChunkChange::Dropped, reason, meta, chunk_data.is_some());
            if at + 1 == run.len() {
                // What the run takes along is gone with its last chunk.
                event.news = gone.take();
            }
            if entity_gone {
                event.news.get_or_insert_default().entity_gone = true;
            }
            events.push(event);
            if let Some(chunk_data) = chunk_data {
                take_data(chunk_data);
            }
        }
    }

    /// Takes a chunk out of every index, and answers it. Its slot stays reserved.
    pub(crate) fn unlink(&mut self, slot: u32) -> Option<Slot> {
        self.unindex(&[slot], self.generation);
        self.take_out(slot)
    }

    /// Whether two chunks stand in the indices of the same series, so that they can be taken out together.
    pub(crate) fn are_alike(a: &ChunkMeta, b: &ChunkMeta) -> bool {
        a.entity == b.entity
            && a.timelines
                .iter()
                .map(|column| column.timeline)
                .eq(b.timelines.iter().map(|column| column.timeline))
            && a.components
                .iter()
                .map(|column| column.component)
                .eq(b.components.iter().map(|column| column.component))
    }

    /// An id of each of some chunks, with their slots, in order.
    fn keys_of<Id: Ord>(
        &self,
        run: &[u32],
        id_of: impl Fn(&ChunkMeta) -> Id,
    ) -> SmallVec<[(Id, u32); MAX_RUN]> {
        let mut keys: SmallVec<_> = run
            .iter()
            .filter_map(|&slot| Some((id_of(&self.slot(slot)?.meta), slot)))
            .collect();
        keys.sort_unstable();
        keys
    }

    /// Takes chunks that are alike out of the order of the rows, and out of the indices of their series.
    ///
    /// Tells the components that the entity has no longer.
    fn unindex(&mut self, run: &[u32], version: u64) -> Option<Box<News>> {
        let place = run.first().and_then(|&slot| self.slot(slot))?;
        let (first, is_loaded) = (Arc::clone(&place.meta), place.chunk_data.is_some());
        debug_assert!(
            run.iter().all(|&slot| self.loaded(slot).is_some() == is_loaded),
            "chunks of a run are all loaded, or none is"
        );
        let rows = self.keys_of(run, |meta| meta.row_ids.0);
        let by_row = if is_loaded {
            &mut self.by_row
        } else {
            &mut self.absent_by_row
        };
        by_row.remove(&rows);
        let data = &mut self.entities[first.entity.index()];
        let mut keys: SmallVec<[(i64, u32); MAX_RUN]> = SmallVec::new();
        for (at, timeline) in first.timelines.iter().enumerate() {
            let columns = std::iter::once(None).chain((0..first.components.len()).map(Some));
            for column in columns {
                keys.clear();
                for &slot in run {
                    let Some(Some(Slot { meta, .. })) = self.slots.get(slot as usize) else {
                        continue;
                    };
                    let range = match column {
                        None => meta.timelines.get(at).map(|timeline| timeline.range),
                        Some(column) => meta
                            .components
                            .get(column)
                            .filter(|c| c.num_valid > 0)
                            .and_then(|c| c.ranges.get(at).copied()),
                    };
                    keys.extend(
                        range
                            .filter(|range| !range.is_empty())
                            .map(|range| (range.min, slot)),
                    );
                }
                keys.sort_unstable();
                let component = column
                    .and_then(|at| first.components.get(at))
                    .map_or(ComponentId::ANY, |c| c.component);
                let position = data.series.find(timeline.timeline, component);
                let Some(series) = position
                    .and_then(|at| self.series.get_mut(at as usize))
                    .filter(|_| !keys.is_empty())
                else {
                    continue;
                };
                let before = series.index.heap_bytes();
                series.index.remove(&keys);
                self.totals.index_changed(before, series.index.heap_bytes());
                series.version = version;
                if column.is_none() {
                    let times = &mut self.timelines[timeline.timeline.index()];
                    let index = if is_loaded {
                        &mut times.loaded
                    } else {
                        &mut times.absent
                    };
                    index.remove(&keys);
                }
            }
            if let Some(data) = self.timelines.get_mut(timeline.timeline.index()) {
                data.num_chunks -= run.len();
            }
        }
        let mut gone = News::default();
        for component in &first.components {
            let component = component.component;
            if data.components.remove(component, run.len() as u32, &self.names) {
                gone.gone_components.push(component);
                self.schema_version += 1;
            }
        }
        (!gone.gone_components.is_empty()).then(|| Box::new(gone))
    }

    /// Takes a chunk out of everything but the indices of its series.
    fn take_out(&mut self, slot: u32) -> Option<Slot> {
        let taken = self.slots.get_mut(slot as usize)?.take()?;
        let Slot { meta, chunk_data, .. } = &taken;
        let entity = meta.entity;
        self.totals.remove(meta, chunk_data.is_some());
        self.loaded_temporal -= usize::from(chunk_data.is_some() && !meta.is_static);
        if chunk_data.is_none() {
            self.absent_first.remove(&slot);
        } else if meta.is_static {
            self.evictable_statics.remove(&slot);
        }
        if let Some(chunk_data) = chunk_data {
            *self.order_bytes.get_mut() -= chunk_data.order_bytes() as u64;
            self.totals.index_changed(chunk_data.append_bytes(), 0);
        }
        let data = &mut self.entities[entity.index()];
        data.stats.remove(meta, chunk_data.is_some());
        let was_last = u64::from(data.stats.num_chunks == 0);
        self.totals.num_entities -= was_last;
        self.schema_version += was_last;
        if self.has_clears(meta) {
            self.unlink_clears(slot, meta, chunk_data.as_ref());
        }
        if meta.is_static {
            let before = self.entities[entity.index()].static_bytes(meta);
            self.unlink_static(meta, slot);
            // The series that are gone took their part of the list with them.
            self.totals
                .index_changed(before, self.entities[entity.index()].static_bytes(meta));
        }
        Some(taken)
    }

    /// Takes a chunk out of an entity's static data. What it had overwritten in part shows again.
    fn unlink_static(&mut self, meta: &ChunkMeta, slot: u32) {
        let data = &mut self.entities[meta.entity.index()];
        for component in &meta.components {
            let Ok(at) = data.static_position(component.component) else {
                continue;
            };
            let series = &mut data.statics[at];
            if !series.absent.remove(&slot) {
                series.loaded.retain(|other| *other != slot);
            }
            series.version = self.generation;
            if series.slots().next().is_none() {
                data.statics.remove(at);
                continue;
            }
            if series.winner.is_none_or(|winner| winner.slot != slot) {
                continue;
            }
            let newest = |&slot: &u32| {
                let place = self.slots.get(slot as usize)?.as_ref()?;
                let column = place
                    .meta
                    .components
                    .iter()
                    .position(|column| column.component == series.component)?;
                let (row_id, row) = place.chunk_data.as_ref()?.newest_row(column)?;
                Some(StaticRow {
                    row_id,
                    slot,
                    column: column as u16,
                    row,
                })
            };
            series.winner = series
                .loaded
                .iter()
                .filter_map(newest)
                .max_by_key(|row| row.row_id);
        }
    }
}
