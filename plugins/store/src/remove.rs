//! Chunks out: removed from the indices at the cost of what is removed, not of what is kept.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::{
    ChangeReason, ChunkChange, ChunkId, ChunkMeta, ChunkStore, ComponentId, EntityId, StoreEvent, TimeRange,
    rows::Body,
    store::{EntityData, Slot},
};

/// How many chunks are taken out of the indices at once, where many go. More would save little, and make the steps of a
/// collection long.
pub(crate) const MOST_AT_ONCE: usize = 32;

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
        let mut slots: Vec<u32> = data
            .statics
            .iter()
            .flat_map(|series| series.slots.iter().copied())
            .collect();
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

    /// Drops chunks that are alike, and hands their bodies to `take_body`. See [`Self::are_alike`].
    pub(crate) fn drop_run(
        &mut self,
        run: &[u32],
        reason: ChangeReason,
        events: &mut Vec<StoreEvent>,
        mut take_body: impl FnMut(Body),
    ) {
        self.unindex(run, self.generation + run.len() as u64);
        let ids = self.keys_of(run, |meta| meta.id);
        self.slot_of.remove(&ids);
        for &slot in run {
            self.generation += 1;
            let Some(Slot { meta, body, .. }) = self.take_out(slot) else {
                continue;
            };
            self.free_slots.push(slot);
            events.push(self.event(ChunkChange::Dropped, reason, meta, body.is_some()));
            if let Some(body) = body {
                take_body(body);
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
    ) -> SmallVec<[(Id, u32); MOST_AT_ONCE]> {
        let mut keys: SmallVec<_> = run
            .iter()
            .filter_map(|&slot| Some((id_of(&self.slot(slot)?.meta), slot)))
            .collect();
        keys.sort_unstable();
        keys
    }

    /// Takes chunks that are alike out of the order of the rows, and out of the indices of their series.
    fn unindex(&mut self, run: &[u32], version: u64) {
        let rows = self.keys_of(run, |meta| meta.row_ids.0);
        self.by_row.remove(&rows);
        let Some(first) = run
            .first()
            .and_then(|&slot| self.slot(slot))
            .map(|slot| Arc::clone(&slot.meta))
        else {
            return;
        };
        let Some(data) = self.entities.get_mut(first.entity.index()) else {
            return;
        };
        let mut keys: SmallVec<[(i64, u32); MOST_AT_ONCE]> = SmallVec::new();
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
                if column.is_none()
                    && let Some(data) = self.timelines.get_mut(timeline.timeline.index())
                {
                    data.ranges.set(first.entity, series.index.range());
                }
            }
            if let Some(data) = self.timelines.get_mut(timeline.timeline.index()) {
                data.num_chunks -= run.len();
            }
        }
        for component in &first.components {
            if let Some(at) = data
                .components
                .iter()
                .position(|(other, _)| *other == component.component)
            {
                data.components[at].1 -= run.len() as u32;
                if data.components[at].1 == 0 {
                    data.components.remove(at);
                    self.schema_version += 1;
                }
            }
        }
    }

    /// Takes a chunk out of everything but the indices of its series.
    fn take_out(&mut self, slot: u32) -> Option<Slot> {
        let taken = self.slots.get_mut(slot as usize)?.take()?;
        let Slot { meta, body, .. } = &taken;
        let entity = meta.entity;
        self.totals.remove(meta, body.is_some());
        if body.is_none() {
            self.absent_first.remove(&slot);
            for timeline in &meta.timelines {
                if let Some(data) = self.timelines.get_mut(timeline.timeline.index()) {
                    data.absent.remove(&[(timeline.range.min, slot)]);
                }
            }
        }
        if let Some(body) = body {
            *self.order_bytes.get_mut() -= body.order_bytes() as u64;
            self.totals.index_changed(body.gathering_bytes(), 0);
        }
        if let Some(data) = self.entities.get_mut(entity.index()) {
            data.stats.remove(meta, body.is_some());
            self.schema_version += u64::from(data.stats.num_chunks == 0);
        }
        let clears = self
            .clear_component()
            .is_some_and(|component| meta.has_component(component));
        if clears || meta.is_static {
            let before = self
                .entities
                .get(entity.index())
                .map_or(0, EntityData::heap_bytes);
            if clears {
                self.unlink_clears(slot, meta, body.as_ref());
            }
            if meta.is_static {
                self.unlink_static(entity, slot);
            }
            let after = self
                .entities
                .get(entity.index())
                .map_or(0, EntityData::heap_bytes);
            self.totals.index_changed(before, after);
        }
        Some(taken)
    }

    /// Takes a chunk out of an entity's static data. What it had overwritten in part shows again.
    fn unlink_static(&mut self, entity: EntityId, slot: u32) {
        let generation = self.generation;
        let Some(data) = self.entities.get_mut(entity.index()) else {
            return;
        };
        for series in data
            .statics
            .iter_mut()
            .filter(|series| series.slots.contains(&slot))
        {
            series.slots.retain(|other| *other != slot);
            series.version = generation;
            if series.winner.is_some_and(|winner| winner.slot == slot) {
                series.winner = series.slots.iter().fold(None, |winner, &other| {
                    let Some(Slot {
                        meta,
                        body: Some(body),
                        ..
                    }) = self.slots.get(other as usize).and_then(Option::as_ref)
                    else {
                        return winner;
                    };
                    let column = meta
                        .components
                        .iter()
                        .position(|c| c.component == series.component);
                    let newest = column.and_then(|column| Some((column, body.newest_row(column)?)));
                    match newest {
                        Some((column, (row_id, row)))
                            if winner
                                .is_none_or(|winner: crate::series::StaticRow| row_id > winner.row_id) =>
                        {
                            Some(crate::series::StaticRow {
                                row_id,
                                slot: other,
                                column: column as u16,
                                row,
                            })
                        }
                        _ => winner,
                    }
                });
            }
        }
        data.statics.retain(|series| !series.slots.is_empty());
    }
}

/// Whether each of some keys is among others, where both come in order.
pub(crate) fn in_order<K: Ord>(keys: &[K]) -> impl FnMut(K) -> bool {
    let mut rest = keys;
    move |key| {
        while let [first, others @ ..] = rest
            && *first < key
        {
            rest = others;
        }
        rest.first() == Some(&key)
    }
}
