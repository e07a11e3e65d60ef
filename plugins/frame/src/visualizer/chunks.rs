//! Which chunks visuals were made from, for the sources that could give them back.

use chronoscope_store::ChunkId;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ResultKey;

/// The chunks that a visual was made from beside the [`LatestAtResults`], and those that it lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourceChunks {
    /// The chunks that were read.
    pub(crate) used: Vec<ChunkId>,
    /// The chunks that would have been read, and are not loaded.
    pub(crate) missing: Vec<ChunkId>,
}

/// What the visuals of a view were made from, where the recording has sources.
#[derive(Clone, Debug, Default)]
pub(crate) struct VisualChunks {
    /// What each was made from. Those made from the [`LatestAtResults`] alone are not here.
    by_result: FxHashMap<ResultKey, SourceChunks>,
    /// What all of them were made from.
    shared: SourceChunks,
    /// The bytes of the lists.
    list_bytes: u64,
    /// Grows with each change.
    pub(crate) version: u64,
}

impl VisualChunks {
    /// The chunks of all results. Some are there more than once.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SourceChunks> {
        self.by_result.values().chain([&self.shared])
    }

    /// Whether it has nothing of any result.
    pub(super) fn is_empty(&self) -> bool {
        self.by_result.is_empty()
    }

    /// Whether a result, or all of them, were made from a chunk, or lack it.
    pub(super) fn names(&self, key: ResultKey, chunk: ChunkId) -> bool {
        let own = self.by_result.get(&key).into_iter().chain([&self.shared]);
        own.flat_map(|chunks| chunks.used.iter().chain(&chunks.missing))
            .any(|id| *id == chunk)
    }

    /// Adds chunks that all results were made from.
    pub(super) fn add_shared(&mut self, chunks: SourceChunks) {
        let mut all = self.shared.clone();
        all.note(chunks.used, &chunks.missing);
        let all = all.without_repetition();
        if self.shared != all {
            self.version += 1;
            self.list_bytes = self.list_bytes + all.heap_bytes() - self.shared.heap_bytes();
            self.shared = all;
        }
    }

    /// The heap bytes. Cost: constant.
    pub(super) fn heap_bytes(&self) -> u64 {
        let table = self.by_result.capacity() * size_of::<(ResultKey, SourceChunks)>();
        self.list_bytes + table as u64
    }

    pub(super) fn set(&mut self, key: ResultKey, chunks: &SourceChunks) {
        if chunks.is_empty() {
            self.remove(key);
        } else if self.by_result.get(&key) != Some(chunks) {
            self.version += 1;
            let chunks = chunks.clone();
            self.list_bytes += chunks.heap_bytes();
            let before = self.by_result.insert(key, chunks);
            self.list_bytes -= before.map_or(0, |before| before.heap_bytes());
        }
    }

    pub(super) fn remove(&mut self, key: ResultKey) {
        if self.by_result.is_empty() {
            return;
        }
        if let Some(before) = self.by_result.remove(&key) {
            self.version += 1;
            self.list_bytes -= before.heap_bytes();
        }
    }

    pub(super) fn clear(&mut self) {
        self.version += 1;
        self.by_result.clear();
        self.shared = SourceChunks::default();
        self.list_bytes = 0;
    }
}

impl SourceChunks {
    pub(super) fn heap_bytes(&self) -> u64 {
        ((self.used.capacity() + self.missing.capacity()) * size_of::<ChunkId>()) as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used.is_empty() && self.missing.is_empty()
    }

    pub(super) fn note(&mut self, used: impl IntoIterator<Item = ChunkId>, missing: &[ChunkId]) {
        self.used.extend(used);
        self.missing.extend_from_slice(missing);
    }

    pub(super) fn without_repetition(mut self) -> Self {
        for ids in [&mut self.used, &mut self.missing]
            .into_iter()
            .filter(|ids| ids.len() > 1)
        {
            let mut seen = FxHashSet::default();
            ids.retain(|id| seen.insert(*id));
            ids.shrink_to_fit();
        }
        self
    }
}
