//! Statistics of a store: read at no cost, and counted anew to check them by.

use std::sync::atomic::Ordering;

use crate::{
    ChunkStore, EntityId, EntityStats, StoreStats, interval_index::IntervalIndex, rows::ChunkData,
    stats::Totals, store::TimelineData,
};

impl ChunkStore {
    /// The number of chunks, loaded or not.
    pub fn num_chunks(&self) -> u64 {
        self.totals.chunks.num_chunks
    }

    /// The number of entities with data: of [`Self::entities`], without a walk over them.
    pub fn num_entities(&self) -> u64 {
        self.totals.num_entities
    }

    /// The number of rows, loaded or not.
    pub fn num_rows(&self) -> u64 {
        self.totals.chunks.num_rows
    }

    /// The bytes of the data in memory.
    pub fn num_bytes(&self) -> u64 {
        self.totals.chunks.num_bytes
    }

    /// What an entity holds; not the entities below it.
    pub fn entity_stats(&self, entity: EntityId) -> &EntityStats {
        const NOTHING: &EntityStats = &EntityStats {
            num_chunks: 0,
            num_static_chunks: 0,
            num_rows: 0,
            num_bytes: 0,
            num_absent_chunks: 0,
            num_absent_bytes: 0,
        };
        self.entity(entity).map_or(NOTHING, |data| &data.stats)
    }

    /// What the store holds. Costs as much as there are timelines: all else was counted when it changed.
    pub fn store_stats(&self) -> StoreStats {
        StoreStats {
            chunks: self.totals.chunks,
            meta_bytes: self.totals.meta_bytes,
            index_bytes: self.totals.index_bytes + self.table_bytes(),
        }
    }

    /// What [`Self::store_stats`] says, by a walk over everything: to check the counts by.
    pub fn recount(&self) -> StoreStats {
        let mut totals = Totals::default();
        for slot in self.slots.iter().flatten() {
            totals.add(&slot.meta, slot.chunk_data.is_some());
        }
        let entities: usize = self
            .entities
            .iter()
            .map(|data| data.heap_bytes() + data.queue_bytes())
            .sum();
        let series: usize = self
            .series
            .iter()
            .map(|series| series.index.walk_heap_bytes())
            .sum();
        let chunks = || {
            self.slots
                .iter()
                .flatten()
                .filter_map(|slot| slot.chunk_data.as_ref())
        };
        let orders: usize = chunks().map(ChunkData::order_bytes).sum();
        let buffer: usize = chunks().map(ChunkData::append_bytes).sum();
        let by_time = |count: fn(&IntervalIndex) -> usize| {
            self.timelines
                .iter()
                .map(|data| count(&data.loaded) + count(&data.absent))
                .sum::<usize>()
        };
        let (counted_times, times) = (
            by_time(IntervalIndex::heap_bytes),
            by_time(IntervalIndex::walk_heap_bytes),
        );
        let counted_orders = self.order_bytes.load(Ordering::Relaxed);
        let index_bytes = self.table_bytes() - counted_orders - counted_times as u64
            + (entities + series + orders + buffer + times) as u64;
        StoreStats {
            chunks: totals.chunks,
            meta_bytes: totals.meta_bytes,
            index_bytes,
        }
    }

    /// The bytes of the tables, whose capacities are at hand.
    fn table_bytes(&self) -> u64 {
        let bytes = self.entities.heap_bytes()
            + self.names.heap_bytes()
            + self.tree.heap_bytes()
            + self.timelines.capacity() * size_of::<TimelineData>()
            + self
                .timelines
                .iter()
                .map(|data| data.loaded.heap_bytes() + data.absent.heap_bytes())
                .sum::<usize>()
            + self.series.heap_bytes()
            + self.slots.heap_bytes()
            + self.free_slots.capacity() * size_of::<u32>()
            + self.slot_of.heap_bytes()
            + self.by_row.heap_bytes()
            + self.absent_by_row.heap_bytes()
            + self.gc.heap_bytes();
        bytes as u64 + self.order_bytes.load(Ordering::Relaxed)
    }
}
