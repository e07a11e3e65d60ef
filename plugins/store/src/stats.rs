//! Statistics: counted when they change, read at no cost.

use std::sync::atomic::Ordering;

use crate::{
    ChunkMeta, ChunkStore, EntityId,
    interval_index::IntervalIndex,
    rows::ChunkData,
    series::Series,
    store::{EntityData, Slot, TimelineData},
};

/// What an entity holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntityStats {
    /// Chunks, loaded or not.
    pub num_chunks: u64,
    /// Those of them that are static.
    pub num_static_chunks: u64,
    /// Rows, loaded or not, static ones included.
    pub num_rows: u64,
    /// The bytes of the data in memory.
    pub num_bytes: u64,
    /// Chunks whose data are not in memory.
    pub num_absent_chunks: u64,
    /// The bytes that those would take.
    pub num_absent_bytes: u64,
}

impl EntityStats {
    pub(crate) fn add(&mut self, meta: &ChunkMeta, loaded: bool) {
        self.num_chunks += 1;
        self.num_static_chunks += u64::from(meta.is_static);
        self.num_rows += u64::from(meta.num_rows);
        if loaded {
            self.num_bytes += meta.num_bytes;
        } else {
            self.num_absent_chunks += 1;
            self.num_absent_bytes += meta.num_bytes;
        }
    }

    /// Rows came to a chunk that is there.
    pub(crate) fn grow(&mut self, added: &ChunkMeta) {
        self.num_rows += u64::from(added.num_rows);
        self.num_bytes += added.num_bytes;
    }

    pub(crate) fn remove(&mut self, meta: &ChunkMeta, loaded: bool) {
        self.num_chunks -= 1;
        self.num_static_chunks -= u64::from(meta.is_static);
        self.num_rows -= u64::from(meta.num_rows);
        if loaded {
            self.num_bytes -= meta.num_bytes;
        } else {
            self.num_absent_chunks -= 1;
            self.num_absent_bytes -= meta.num_bytes;
        }
    }
}

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Everything of all entities.
    pub chunks: EntityStats,
    /// The bytes of the metadata of all chunks.
    pub meta_bytes: u64,
    /// The bytes of names, tree and indices.
    pub index_bytes: u64,
}

impl StoreStats {
    /// All bytes in memory.
    pub fn total_bytes(&self) -> u64 {
        self.chunks.num_bytes + self.meta_bytes + self.index_bytes
    }
}

/// What is counted as it changes.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    chunks: EntityStats,
    meta_bytes: u64,
    /// The bytes of what hangs on entities and series.
    index_bytes: u64,
}

impl Totals {
    /// Something that an index holds took `before` bytes and takes `after`.
    #[inline]
    pub(crate) fn index_changed(&mut self, before: usize, after: usize) {
        self.index_bytes = self.index_bytes + after as u64 - before as u64;
    }

    pub(crate) fn add(&mut self, meta: &ChunkMeta, loaded: bool) {
        self.chunks.add(meta, loaded);
        self.meta_bytes += meta.heap_bytes() as u64;
    }

    /// Rows came to a chunk that is there.
    pub(crate) fn grow(&mut self, added: &ChunkMeta) {
        self.chunks.grow(added);
    }

    /// The metadata of a chunk took `before` bytes and takes `after`.
    pub(crate) fn meta_changed(&mut self, before: usize, after: usize) {
        self.meta_bytes = self.meta_bytes + after as u64 - before as u64;
    }

    pub(crate) fn remove(&mut self, meta: &ChunkMeta, loaded: bool) {
        self.chunks.remove(meta, loaded);
        self.meta_bytes -= meta.heap_bytes() as u64;
    }
}

impl ChunkStore {
    /// The number of chunks, loaded or not.
    pub fn num_chunks(&self) -> u64 {
        self.totals.chunks.num_chunks
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
            .map(|data| data.heap_bytes() + data.tail_bytes())
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
        let gathering: usize = chunks().map(ChunkData::append_bytes).sum();
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
            + (entities + series + orders + gathering + times) as u64;
        StoreStats {
            chunks: totals.chunks,
            meta_bytes: totals.meta_bytes,
            index_bytes,
        }
    }

    /// The bytes of the tables, whose capacities are at hand.
    fn table_bytes(&self) -> u64 {
        let bytes = self.entities.capacity() * size_of::<EntityData>()
            + self.names.heap_bytes()
            + self.tree.heap_bytes()
            + self.timelines.capacity() * size_of::<TimelineData>()
            + self
                .timelines
                .iter()
                .map(|data| data.loaded.heap_bytes() + data.absent.heap_bytes())
                .sum::<usize>()
            + self.series.capacity() * size_of::<Series>()
            + self.slots.capacity() * size_of::<Option<Slot>>()
            + self.free_slots.capacity() * size_of::<u32>()
            + self.slot_of.heap_bytes()
            + self.by_row.heap_bytes()
            + self.absent_by_row.heap_bytes()
            + self.gc.heap_bytes();
        bytes as u64 + self.order_bytes.load(Ordering::Relaxed)
    }
}
