//! What an export is of, gathered from a recording: what is in memory at once, the rest as it is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chronoscope_frame::RecordingEntry;
use chronoscope_store::{
    Chunk, ChunkId, ChunkMeta, ComponentId, EntityId, EntityPath, RowId, TimeRange, TimelineId,
};
use chronoscope_types::Scalars;

/// How many bytes of chunks are asked for at once.
const MAX_LACKING_BYTES: u64 = 32 << 20;

/// What is still to be had of a recording.
pub(super) struct Gathering {
    timeline: TimelineId,
    what: What,
    /// The chunks that were not taken yet.
    chunks: Vec<ChunkId>,
    /// The components of which the row is not known yet that held when the times begin.
    held: Vec<(EntityId, ComponentId)>,
    /// The rows among those that were taken: several components may share one.
    held_rows: BTreeSet<RowId>,
    /// How many chunks there were, and how many of them are gone.
    num_chunks: usize,
    num_lost: usize,
}

enum What {
    /// The scalars of entities, by their position in the table.
    Series(BTreeMap<EntityId, usize>),
    /// The rows of a range, and those that held when it began.
    Times(TimeRange),
}

impl Gathering {
    /// Of scalars. The entities stand in the order of the table.
    pub(super) fn series(entry: &RecordingEntry, timeline: TimelineId, entities: &[EntityId]) -> Self {
        let store = entry.store();
        let mut chunks: Vec<ChunkId> = Vec::new();
        for entity in entities {
            store.visit_chunks(*entity, timeline, TimeRange::EVERYTHING, |meta, _| {
                chunks.push(meta.id);
            });
        }
        let positions = entities.iter().enumerate().map(|(at, entity)| (*entity, at));
        Self::of(timeline, What::Series(positions.collect()), chunks, Vec::new())
    }

    /// Of the rows of a range, and those that held when it began.
    pub(super) fn times(entry: &RecordingEntry, timeline: TimelineId, range: TimeRange) -> Self {
        let store = entry.store();
        let is_wanted = |meta: &ChunkMeta| meta.is_static || meta.time_range(timeline).intersects(&range);
        let chunks = store.chunks().filter(|(meta, _)| is_wanted(meta));
        let held = store.entities().flat_map(|entity| {
            let components = store.components_of(entity);
            components.map(move |component| (entity, component))
        });
        Self::of(
            timeline,
            What::Times(range),
            chunks.map(|(meta, _)| meta.id).collect(),
            held.collect(),
        )
    }

    fn of(
        timeline: TimelineId,
        what: What,
        chunks: Vec<ChunkId>,
        held: Vec<(EntityId, ComponentId)>,
    ) -> Self {
        Self {
            timeline,
            what,
            num_chunks: chunks.len(),
            chunks,
            held,
            held_rows: BTreeSet::new(),
            num_lost: 0,
        }
    }

    /// Whether nothing is left to be had.
    pub(super) fn is_done(&self) -> bool {
        self.chunks.is_empty() && self.held.is_empty()
    }

    /// How many chunks could not be had: they cannot be read.
    pub(super) fn num_lost(&self) -> usize {
        self.num_lost
    }

    /// How many chunks were taken, of how many.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.num_chunks - self.chunks.len(), self.num_chunks)
    }

    /// Takes what is in memory, each with its position in the table. Returns chunks that are to be read for what is next.
    ///
    /// Cost: what is left.
    pub(super) fn take(
        &mut self,
        entry: &RecordingEntry,
        emit: &mut dyn FnMut(usize, Arc<Chunk>),
    ) -> BTreeSet<ChunkId> {
        let store = entry.store();
        let mut lacking: BTreeSet<ChunkId> = BTreeSet::new();
        let mut lacking_bytes = 0_u64;
        let mut lack = |meta: &ChunkMeta| {
            if lacking_bytes < MAX_LACKING_BYTES && lacking.insert(meta.id) {
                lacking_bytes = lacking_bytes.saturating_add(meta.num_bytes);
            }
        };
        let (timeline, what, num_lost) = (self.timeline, &self.what, &mut self.num_lost);
        self.chunks.retain(|id| {
            let Some(meta) = store.chunk_meta(*id) else {
                *num_lost += 1;
                return false;
            };
            let Some(chunk) = store.chunk(*id) else {
                lack(meta);
                return true;
            };
            what.take(entry, timeline, meta, chunk, emit);
            false
        });
        let What::Times(range) = self.what else {
            return lacking;
        };
        let Some(before) = range.min.checked_sub(1) else {
            self.held.clear();
            return lacking;
        };
        let held_rows = &mut self.held_rows;
        self.held.retain(|(entity, component)| {
            let answer = entry
                .recording
                .latest_at(*entity, Some(timeline), before, *component);
            if !answer.missing.is_empty() {
                for meta in answer.missing.iter().filter_map(|id| store.chunk_meta(*id)) {
                    lack(meta);
                }
                return true;
            }
            if let Some(hit) = answer.hit
                && hit.data_time().is_some()
                && held_rows.insert(hit.row_id())
            {
                let row = hit.chunk().slice(ChunkId::new(), hit.row()..hit.row() + 1);
                emit(0, Arc::new(row));
            }
            false
        });
        lacking
    }
}

impl What {
    /// Takes the rows of a chunk that are wanted.
    fn take(
        &self,
        entry: &RecordingEntry,
        timeline: TimelineId,
        meta: &ChunkMeta,
        chunk: &Arc<Chunk>,
        emit: &mut dyn FnMut(usize, Arc<Chunk>),
    ) {
        match self {
            Self::Series(positions) => {
                if let Some(at) = positions.get(&meta.entity) {
                    emit(*at, Arc::clone(chunk));
                }
            }
            Self::Times(_) if meta.is_static => emit(0, Arc::clone(chunk)),
            Self::Times(range) => {
                let column = chunk.timeline(entry.store().timeline(timeline).name());
                let runs = column.map(|column| runs_within(column.times(), *range));
                for rows in runs.unwrap_or_default() {
                    emit(0, Arc::new(chunk.slice(ChunkId::new(), rows)));
                }
            }
        }
    }
}

/// The entities with scalars that are asked for, and those below them, in the order of their paths.
pub(super) fn entities_of(entry: &RecordingEntry, paths: &[EntityPath]) -> Vec<EntityId> {
    let store = entry.store();
    let mut wanted: BTreeSet<EntityId> = BTreeSet::new();
    let mut stack: Vec<EntityId> = paths.iter().filter_map(|path| store.entity_id(path)).collect();
    while let Some(entity) = stack.pop() {
        if wanted.insert(entity) {
            stack.extend(store.tree().children(entity));
        }
    }
    let scalars = store.component_id(&Scalars::SCALARS);
    let has_scalars =
        |entity: &EntityId| scalars.is_some_and(|scalars| store.has_component(*entity, scalars));
    let mut entities: Vec<EntityId> = wanted.into_iter().filter(has_scalars).collect();
    entities.sort_by_key(|entity| store.entity_path(*entity).clone());
    entities
}

/// The runs of rows whose times lie in a range.
fn runs_within(times: &[i64], range: TimeRange) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in times
        .iter()
        .enumerate()
        .filter(|(_, time)| range.contains(**time))
    {
        match runs.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_range_are_found_in_runs() {
        let range = TimeRange::new(2, 4);
        assert_eq!(runs_within(&[0, 2, 3, 9, 4, 5], range), [1..3, 4..5]);
        assert_eq!(runs_within(&[], range), Vec::<std::ops::Range<usize>>::new());
    }
}
