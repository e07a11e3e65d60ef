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
    pub(crate) by_result: FxHashMap<ResultKey, SourceChunks>,
    /// Grows with each change.
    pub(crate) version: u64,
}

impl VisualChunks {
    pub(super) fn set(&mut self, key: ResultKey, chunks: &SourceChunks) {
        if chunks.is_empty() {
            self.remove(key);
        } else if self.by_result.get(&key) != Some(chunks) {
            self.version += 1;
            self.by_result.insert(key, chunks.clone());
        }
    }

    pub(super) fn remove(&mut self, key: ResultKey) {
        if self.by_result.is_empty() {
            return;
        }
        self.version += u64::from(self.by_result.remove(&key).is_some());
    }

    pub(super) fn clear(&mut self) {
        self.version += 1;
        self.by_result.clear();
    }
}

impl SourceChunks {
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
        }
        self
    }
}
