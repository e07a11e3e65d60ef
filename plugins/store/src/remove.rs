//! Chunks out: removed from the indices at the cost of what is removed, not of what is kept.

use crate::{
    ChangeReason, ChunkChange, ChunkId, ChunkStore, ComponentId, EntityId, StoreEvent, TimeRange,
    store::{EntityData, Slot},
};

impl ChunkStore {
    /// Drops chunks with their metadata. Ids that are not known are passed over.
    pub fn drop_chunks(&mut self, ids: impl IntoIterator<Item = ChunkId>) -> Vec<StoreEvent> {
        let mut events = Vec::new();
        for id in ids {
            if let Some(&slot) = self.slot_of.get(&id) {
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
        let Some(data) = self.entity(entity) else { return Vec::new() };
        let mut slots: Vec<u32> = data.statics.iter().flat_map(|series| series.slots.iter().copied()).collect();
        for series in data.series.iter().filter_map(|at| self.series.get(at as usize)) {
            series.index.for_each_overlapping(TimeRange::EVERYTHING, |entry| slots.push(entry.slot));
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    pub(crate) fn drop_slot(&mut self, slot: u32, reason: ChangeReason, events: &mut Vec<StoreEvent>) {
        self.generation += 1;
        if let Some(Slot { meta, body, .. }) = self.unlink(slot) {
            self.slot_of.remove(&meta.id);
            self.free_slots.push(slot);
            events.push(self.event(ChunkChange::Dropped, reason, meta, body.is_some()));
        }
    }

    /// Takes a chunk out of every index, and answers it. Its slot stays reserved.
    pub(crate) fn unlink(&mut self, slot: u32) -> Option<Slot> {
        let taken = self.slots.get_mut(slot as usize)?.take()?;
        let Slot { meta, body, .. } = &taken;
        let entity = meta.entity;
        self.by_row.remove(&(meta.row_ids.0, slot));
        self.totals.remove(meta, body.is_some());
        self.absent_first.remove(&slot);
        if let Some(body) = body {
            *self.order_bytes.get_mut() -= body.order_bytes() as u64;
        }
        let before = self.entities.get(entity.index()).map_or(0, EntityData::heap_bytes);
        for (at, timeline) in meta.timelines.iter().enumerate() {
            if !timeline.range.is_empty() {
                self.unindex(entity, timeline.timeline, ComponentId::ANY, timeline.range.min, slot);
            }
            for component in &meta.components {
                let range = component.ranges.get(at).copied().unwrap_or(TimeRange::EMPTY);
                if component.num_valid > 0 && !range.is_empty() {
                    self.unindex(entity, timeline.timeline, component.component, range.min, slot);
                }
            }
            let range = self.entity_time_range(entity, timeline.timeline);
            if let Some(data) = self.timelines.get_mut(timeline.timeline.index()) {
                data.num_chunks -= 1;
                data.ranges.set(entity, range);
            }
        }
        if let Some(component) = self.clear_component()
            && meta.has_component(component)
        {
            self.unlink_clears(slot, meta, body.as_ref());
        }
        if let Some(data) = self.entities.get_mut(entity.index()) {
            data.stats.remove(meta, body.is_some());
            for component in &meta.components {
                if let Some(at) = data.components.iter().position(|(other, _)| *other == component.component) {
                    data.components[at].1 -= 1;
                    if data.components[at].1 == 0 {
                        data.components.remove(at);
                    }
                }
            }
        }
        if meta.is_static {
            self.unlink_static(entity, slot);
        }
        let after = self.entities.get(entity.index()).map_or(0, EntityData::heap_bytes);
        self.totals.index_changed(before, after);
        Some(taken)
    }

    fn unindex(&mut self, entity: EntityId, timeline: crate::TimelineId, component: ComponentId, min: i64, slot: u32) {
        let position = self.entity(entity).and_then(|data| data.series.find(timeline, component));
        if let Some(series) = position.and_then(|at| self.series.get_mut(at as usize)) {
            let before = series.index.heap_bytes();
            series.index.remove(min, slot);
            self.totals.index_changed(before, series.index.heap_bytes());
            series.version = self.generation;
        }
    }

    /// Takes a chunk out of an entity's static data. What it had overwritten in part shows again.
    fn unlink_static(&mut self, entity: EntityId, slot: u32) {
        let generation = self.generation;
        let Some(data) = self.entities.get_mut(entity.index()) else { return };
        for series in data.statics.iter_mut().filter(|series| series.slots.contains(&slot)) {
            series.slots.retain(|other| *other != slot);
            series.version = generation;
            if series.winner.is_some_and(|winner| winner.slot == slot) {
                series.winner = series.slots.iter().fold(None, |winner, &other| {
                    let Some(Slot { meta, body: Some(body), .. }) = self.slots.get(other as usize).and_then(Option::as_ref)
                    else {
                        return winner;
                    };
                    let column = meta.components.iter().position(|c| c.component == series.component);
                    let newest = column.and_then(|column| Some((column, body.newest_row(column)?)));
                    match newest {
                        Some((column, (row_id, row)))
                            if winner.is_none_or(|winner: crate::series::StaticRow| row_id > winner.row_id) =>
                        {
                            Some(crate::series::StaticRow { row_id, slot: other, column: column as u16, row })
                        }
                        _ => winner,
                    }
                });
            }
        }
        data.statics.retain(|series| !series.slots.is_empty());
    }
}
