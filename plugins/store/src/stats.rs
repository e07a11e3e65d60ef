//! Statistics: counted when they change, read at no cost.

use crate::ChunkMeta;

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
    pub(crate) chunks: EntityStats,
    /// Entities with data.
    pub(crate) num_entities: u64,
    pub(crate) meta_bytes: u64,
    /// The bytes of what hangs on entities and series.
    pub(crate) index_bytes: u64,
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
