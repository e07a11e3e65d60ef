//! Statistics: counted when they change, read at no cost.

use crate::{ChunkMeta, ChunkStore, EntityId, store::Slot};

/// What an entity holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntityStats {
    /// Chunks, loaded or not.
    pub num_chunks: u64,
    /// Those of them that are static.
    pub num_static_chunks: u64,
    /// Rows, loaded or not, static ones included.
    pub num_rows: u64,
    /// The bytes of the bodies in memory.
    pub num_bytes: u64,
    /// Chunks whose bodies are not in memory.
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
}

impl Totals {
    pub(crate) fn add(&mut self, meta: &ChunkMeta, loaded: bool) {
        self.chunks.add(meta, loaded);
        self.meta_bytes += meta.heap_bytes() as u64;
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

    /// The bytes of the bodies in memory.
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

    /// What the store holds.
    pub fn store_stats(&self) -> StoreStats {
        StoreStats {
            chunks: self.totals.chunks,
            meta_bytes: self.totals.meta_bytes,
            index_bytes: self.walk_index_bytes(),
        }
    }

    /// The bytes of the indices, by a walk over all of them.
    pub(crate) fn walk_index_bytes(&self) -> u64 {
        let entities: usize = self
            .entities
            .iter()
            .map(|data| {
                data.series.heap_bytes()
                    + data.statics.capacity() * size_of::<crate::series::StaticSeries>()
                    + data.components.capacity() * size_of::<(crate::ComponentId, u32)>()
                    + data.clears.as_ref().map_or(0, |clears| clears.heap_bytes())
            })
            .sum();
        let bytes = entities
            + self.entities.capacity() * size_of::<crate::store::EntityData>()
            + self.names.heap_bytes()
            + self.tree.heap_bytes()
            + self.timelines.iter().map(|data| data.ranges.heap_bytes()).sum::<usize>()
            + self.series.capacity() * size_of::<crate::series::Series>()
            + self.series.iter().map(|series| series.index.heap_bytes()).sum::<usize>()
            + self.slots.capacity() * size_of::<Option<Slot>>()
            + self.slots.iter().flatten().filter_map(|slot| slot.body.as_ref()).map(crate::rows::Body::order_bytes).sum::<usize>()
            + self.free_slots.capacity() * size_of::<u32>()
            + self.slot_of.capacity() * (size_of::<(crate::ChunkId, u32)>() + 1)
            + self.by_row.len() * size_of::<(crate::RowId, u32)>() * 3 / 2;
        bytes as u64
    }
}
