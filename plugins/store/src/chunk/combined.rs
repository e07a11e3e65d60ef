//! Small chunks put together on their way into a store, by whoever receives them: to take in many rows costs a store what it costs to
//! take in one.

use std::sync::Arc;

use crate::{Chunk, ChunkError, ChunkId};

/// A combined chunk has at most so many rows; larger ones the store makes by merging.
const MAX_ROWS: usize = 1024;
/// Chunks of at most so many bytes are combined. To take in larger ones costs little beside copying them.
const MAX_BYTES: u64 = 8 << 10;

/// Small chunks of one entity and one kind, to become one chunk.
#[derive(Clone, Debug)]
pub struct ChunkGroup {
    /// At least one.
    chunks: Vec<Arc<Chunk>>,
    num_rows: usize,
}

impl ChunkGroup {
    /// Begins a group.
    pub fn new(first: Arc<Chunk>) -> Self {
        Self {
            num_rows: first.num_rows(),
            chunks: vec![first],
        }
    }

    /// Adds a chunk, or gives it back where it does not belong here: it is of another entity or has other columns, is not small, or its
    /// row ids are not later than all so far. Static rows do not either, since they overwrite each other.
    ///
    /// # Errors
    /// With the chunk.
    pub fn push(&mut self, chunk: Arc<Chunk>) -> Result<(), Arc<Chunk>> {
        let takes = self.num_rows + chunk.num_rows() <= MAX_ROWS
            && self.chunks.last().is_some_and(|last| last.combines_with(&chunk));
        if !takes {
            return Err(chunk);
        }
        self.num_rows += chunk.num_rows();
        self.chunks.push(chunk);
        Ok(())
    }

    /// The chunk of all rows, which are copied; the one that was added, where it is the only one.
    ///
    /// A store does not learn the ids of the chunks that it was made of; it knows their rows again by their row ids.
    pub fn finish(self) -> Vec<Arc<Chunk>> {
        if self.chunks.len() == 1 {
            return self.chunks;
        }
        match Chunk::combined(&self.chunks) {
            Ok(combined) => vec![Arc::new(combined)],
            // They have more values than fit.
            Err(_) => self.chunks,
        }
    }
}

impl Chunk {
    /// Whether it was made of several by a [`ChunkGroup`], so that its rows may have been sent before under other ids.
    pub fn is_combined(&self) -> bool {
        self.is_combined
    }

    fn combines_with(&self, next: &Self) -> bool {
        let (last, first) = (self.row_ids().last(), next.row_ids().first());
        self.entity_path == next.entity_path
            && !self.is_static()
            && self.row_bytes.max(next.row_bytes) <= MAX_BYTES
            && self.row_ids_sorted
            && next.row_ids_sorted
            && last.zip(first).is_some_and(|(last, first)| last < first)
            && self.has_same_columns(next)
    }

    fn combined(chunks: &[Arc<Self>]) -> Result<Self, ChunkError> {
        let parts: Vec<&Self> = chunks.iter().map(|chunk| &**chunk).collect();
        let mut combined = Self::concat_alike(ChunkId::new(), &parts)?;
        combined.is_combined = true;
        Ok(combined)
    }
}
