//! Small chunks merged, large ones split.
//!
//! The chunks of an entity that have the same columns wait in levels, of up to 32 rows, 1024 rows, and so on. 32 chunks of a level,
//! or as many as make a chunk of the size wanted, are merged into one of the next. (This is the tiered compaction of log-structured
//! merge trees, without the trees.)
//!
//! Chunks that a source can give back are left alone: the source knows them by their ids. After a merge an id is forgotten,
//! and what is inserted again is recognized by its row ids.

use std::sync::Arc;

use arrow_array::Array as _;
use smallvec::SmallVec;

use crate::{
    ChangeReason, Chunk, ChunkId, ChunkMeta, ChunkStore, ComponentId, StoreError, StoreEvent, TimeRange,
    append_buffer::{self, AppendBuffer},
    growing_lists::GrowingLists,
    merge_queue::{Candidate, MAX_QUEUES, MergeQueue},
    meta::{ComponentMeta, TimelineMeta},
    rows::ChunkData,
    store::{EntityData, Origin, Slot},
};

impl ChunkStore {
    /// The pieces of a chunk that is larger than the settings want, in the order of its rows. The first keeps the id, so
    /// that the chunk is recognized when it comes again. Each has its rows copied, so that collecting it frees them: pieces that
    /// share the chunk's memory would free nothing until the last one goes.
    pub(crate) fn split(&self, chunk: &Arc<Chunk>) -> Option<Vec<Chunk>> {
        let rows = chunk.num_rows();
        let settings = &self.settings;
        let (max_rows, max_bytes) = (settings.max_rows.max(1), settings.max_bytes.max(1));
        if !settings.compaction || chunk.is_static() || rows < 2 {
            return None;
        }
        if rows <= max_rows.saturating_mul(2) && chunk.row_bytes() <= max_bytes.saturating_mul(2) {
            return None;
        }
        if !chunk.copies_as_it_is() {
            return None;
        }
        let by_bytes = usize::try_from(chunk.row_bytes().div_ceil(max_bytes)).unwrap_or(usize::MAX);
        let pieces = rows.div_ceil(max_rows).max(by_bytes).min(rows);
        let each = rows.div_ceil(pieces);
        let pieces = (0..rows.div_ceil(each)).map(|piece| {
            let id = if piece == 0 { chunk.id() } else { ChunkId::new() };
            chunk.slice_owned(id, piece * each..((piece + 1) * each).min(rows))
        });
        Some(pieces.collect())
    }

    /// Lets a chunk that was just added become an append buffer, or wait for others. Also one whose append buffer is full.
    pub(crate) fn compact(&mut self, slot: u32, events: &mut Vec<StoreEvent>) -> Result<(), StoreError> {
        let Some(candidate) = self
            .slot(slot)
            .map(|place| (slot, place.meta.id))
            .filter(|candidate| self.is_small(*candidate))
        else {
            return Ok(());
        };
        let limits = self.append_limits();
        let begun = self.change_queue(candidate, |queue, meta| {
            let appends_to = queue.may_append && append_buffer::may_append(meta, limits);
            (
                meta.entity,
                appends_to,
                std::mem::replace(&mut queue.appends_to, appends_to.then_some(candidate)),
            )
        });
        let Some((entity, appends_to, before)) = begun else {
            return Ok(());
        };
        if let Some(before) = before {
            let joined = if appends_to && self.is_small(before) {
                self.join(before, candidate, events)?
            } else {
                None
            };
            if let Some(joined) = joined {
                let chunk_data = self
                    .slots
                    .get_mut(joined.0 as usize)
                    .and_then(|place| place.as_mut()?.chunk_data.as_mut());
                let is_full = chunk_data
                    .and_then(ChunkData::append_buffer_mut)
                    .is_none_or(|buffer| buffer.is_full(limits));
                let mut queues = self
                    .entities
                    .get_mut(entity.index())
                    .into_iter()
                    .flat_map(|data| &mut data.queues);
                if let Some(queue) = queues.find(|queue| queue.appends_to == Some(candidate)) {
                    queue.appends_to = (!is_full).then_some(joined);
                }
                if is_full {
                    self.finish(joined);
                    self.wait(joined, events)?;
                }
                return Ok(());
            }
            // Nothing more is appended to it: its kind goes on with another, or with rows that cannot be appended.
            self.finish(before);
            self.wait(before, events)?;
        }
        if !appends_to {
            self.wait(candidate, events)?;
        }
        Ok(())
    }

    /// Whether a chunk is there, loaded, and small enough to be merged.
    fn is_small(&self, (slot, id): Candidate) -> bool {
        self.slot(slot).is_some_and(|place| {
            place.meta.id == id
                && place.chunk_data.is_some()
                && place.origin != Origin::Source
                && place.meta.num_rows as usize <= self.settings.max_rows / 2
                && place.meta.num_bytes <= self.settings.max_bytes / 2
        })
    }

    /// Lets a chunk wait for others of its size, and merges them once they are enough.
    fn wait(&mut self, candidate: Candidate, events: &mut Vec<StoreEvent>) -> Result<(), StoreError> {
        let (max_rows, max_bytes) = (self.settings.max_rows, self.settings.max_bytes);
        let mut candidate = candidate;
        while self.is_small(candidate)
            && let Some(full) = self
                .change_queue(candidate, |queue, meta| {
                    queue.wait(candidate, meta, max_rows, max_bytes)
                })
                .flatten()
            && let Some(merged) = self.merge(&full, candidate.0, events)?
        {
            candidate = merged;
        }
        Ok(())
    }

    /// Changes the merge queue that a chunk belongs to, and answers what the change does. `None` where the chunk is not there, or is an
    /// append buffer.
    fn change_queue<R>(
        &mut self,
        (slot, id): Candidate,
        change: impl FnOnce(&mut MergeQueue, &ChunkMeta) -> R,
    ) -> Option<R> {
        let place = self.slot(slot).filter(|place| place.meta.id == id)?;
        let meta = Arc::clone(&place.meta);
        let chunk = Arc::clone(place.chunk_data.as_ref()?.whole()?);
        let types = || chunk.components().iter().map(|column| column.lists().data_type());
        let numbers: SmallVec<[u32; 4]> = meta
            .components
            .iter()
            .zip(types())
            .map(|(column, data_type)| self.names.type_number(column.component, data_type))
            .collect::<Option<_>>()?;
        let is_clear = self
            .names
            .clear
            .is_some_and(|clear| meta.component(clear).is_some());
        let data = self.entities.get_mut(meta.entity.index())?;
        let before = data.queue_bytes();
        let mut replaced = None;
        let at = data
            .queues
            .iter()
            .position(|queue| queue.takes(&meta, &numbers))
            .unwrap_or_else(|| {
                if data.queues.len() >= MAX_QUEUES {
                    // The kind that was used last the longest ago is the one least likely to go on.
                    replaced = data.queues.remove(0).appends_to;
                }
                let may_append =
                    !is_clear && types().all(|data_type| GrowingLists::new(data_type, 0, 0).is_some());
                data.queues
                    .push(MergeQueue::new(&meta, numbers.clone(), may_append));
                data.queues.len() - 1
            });
        let outcome = EntityData::used_queue(&mut data.queues, at).map(|queue| change(queue, &meta));
        let after = data.queue_bytes();
        self.totals.index_changed(before, after);
        if let Some(replaced) = replaced {
            self.finish(replaced);
        }
        outcome
    }

    /// No more rows are appended to a chunk.
    pub(crate) fn finish(&mut self, (slot, id): Candidate) {
        let place = self
            .slots
            .get_mut(slot as usize)
            .and_then(Option::as_mut)
            .filter(|place| place.meta.id == id);
        if let Some(chunk_data) = place.and_then(|place| place.chunk_data.as_mut()) {
            let before = chunk_data.append_bytes();
            chunk_data.finish();
            self.totals.index_changed(before, 0);
        }
    }

    /// Makes an append buffer of the first two chunks of a kind. `None` where their rows cannot be appended.
    fn join(
        &mut self,
        first: Candidate,
        second: Candidate,
        events: &mut Vec<StoreEvent>,
    ) -> Result<Option<Candidate>, StoreError> {
        let whole = |(slot, _): Candidate| {
            let place = self.slot(slot)?;
            Some((&*place.meta, place.chunk_data.as_ref()?.whole()?))
        };
        let (Some((meta, first_rows)), Some((other, second_rows))) = (whole(first), whole(second)) else {
            return Ok(None);
        };
        if !are_alike(meta, first_rows, other, second_rows) {
            // Another chunk came back under the id of the one that was noted.
            return Ok(None);
        }
        let id = ChunkId::new();
        let Some(mut buffer) = AppendBuffer::of(id, first_rows, second_rows, self.append_limits()) else {
            return Ok(None);
        };
        buffer.series = self.series_positions(meta);
        let mut meta = ChunkMeta { id, ..meta.clone() };
        if let Some(added) = append_buffer::added_meta(&meta, second_rows) {
            append_buffer::include(&mut meta, &added);
        }
        meta.num_bytes = buffer.num_bytes();
        let slot = self.add(
            Arc::new(meta),
            Some(ChunkData::buffer(buffer)),
            Origin::Made,
            ChangeReason::Merged,
            events,
        )?;
        self.drop_run(&[first.0, second.0], ChangeReason::Merged, events, drop);
        Ok(Some((slot, id)))
    }

    /// Where the series of a chunk stand: per timeline that of all rows, then those of the components.
    fn series_positions(&self, meta: &ChunkMeta) -> SmallVec<[u32; 4]> {
        let components = || meta.components.iter().map(|column| column.component);
        let names = meta.timelines.iter().flat_map(|times| {
            let all = std::iter::once(ComponentId::ANY).chain(components());
            all.map(|component| (times.timeline, component))
        });
        let data = self.entity(meta.entity);
        names
            .filter_map(|(timeline, component)| data?.series.find(timeline, component))
            .collect()
    }

    /// Puts one chunk in the place of several, of the kind of the one in this slot.
    fn merge(
        &mut self,
        candidates: &[Candidate],
        like: u32,
        events: &mut Vec<StoreEvent>,
    ) -> Result<Option<Candidate>, StoreError> {
        // Some may be gone by now.
        let mut candidates: Vec<(&ChunkMeta, &ChunkData, u32)> = candidates
            .iter()
            .filter_map(|&(slot, id)| {
                let place = self
                    .slot(slot)
                    .filter(|place| place.meta.id == id && place.origin != Origin::Source)?;
                Some((&*place.meta, place.chunk_data.as_ref()?, slot))
            })
            .collect();
        // A chunk that was replaced under the same id may have other columns now.
        if let Some(Slot {
            meta,
            chunk_data: Some(chunk_data),
            ..
        }) = self.slot(like)
        {
            candidates.retain(|(own, rows, _)| are_alike(own, rows.chunk(), meta, chunk_data.chunk()));
        }
        // A chunk that was dropped and came again, into the same place, waits twice.
        candidates.sort_by_key(|(.., slot)| *slot);
        candidates.dedup_by_key(|(.., slot)| *slot);
        if candidates.len() < 2 {
            return Ok(None);
        }
        // Chunks that arrived out of order become sorted.
        candidates.sort_by_key(|(meta, ..)| {
            (
                meta.timelines.first().map(|column| column.range.min),
                meta.row_ids.0,
            )
        });
        let chunks: Vec<&Chunk> = candidates
            .iter()
            .map(|(_, chunk_data, _)| &**chunk_data.chunk())
            .collect();
        let id = ChunkId::new();
        let Ok(merged) = Chunk::concat_alike(id, &chunks) else {
            return Ok(None);
        };
        let metas: Vec<&ChunkMeta> = candidates.iter().map(|(meta, ..)| *meta).collect();
        let Some(meta) = merged_meta(&merged, &metas) else {
            return Ok(None);
        };
        let slots: Vec<u32> = candidates.iter().map(|(.., slot)| *slot).collect();
        let merged = self.add(
            Arc::new(meta),
            Some(ChunkData::new(Arc::new(merged))),
            Origin::Made,
            ChangeReason::Merged,
            events,
        )?;
        self.drop_run(&slots, ChangeReason::Merged, events, drop);
        Ok(Some((merged, id)))
    }
}

/// Whether two chunks have the same columns, of the same types.
fn are_alike(a: &ChunkMeta, a_rows: &Chunk, b: &ChunkMeta, b_rows: &Chunk) -> bool {
    let columns = a_rows.components().iter().zip(b_rows.components());
    ChunkStore::are_alike(a, b)
        && columns
            .into_iter()
            .all(|(a, b)| a.lists().data_type() == b.lists().data_type())
}

/// What is known of a merged chunk, without looking at its rows again.
fn merged_meta(merged: &Chunk, candidates: &[&ChunkMeta]) -> Option<ChunkMeta> {
    let first = candidates.first()?;
    let components = first
        .components
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let columns = || {
                candidates
                    .iter()
                    .filter_map(|candidate| candidate.components.get(at))
            };
            ComponentMeta {
                component: column.component,
                num_valid: columns().map(|column| column.num_valid).sum(),
                ranges: (0..first.timelines.len())
                    .map(|timeline| {
                        columns()
                            .filter_map(|column| column.ranges.get(timeline))
                            .fold(TimeRange::EMPTY, |union, range| union.union(range))
                    })
                    .collect(),
            }
        })
        .collect();
    let timelines = first
        .timelines
        .iter()
        .zip(merged.timelines())
        .map(|(known, column)| TimelineMeta {
            timeline: known.timeline,
            range: column.range(),
            sorted: column.is_sorted(),
        })
        .collect();
    Some(ChunkMeta {
        id: merged.id(),
        entity: first.entity,
        is_static: false,
        num_rows: merged.num_rows() as u32,
        num_bytes: merged.num_bytes(),
        row_ids: (
            candidates.iter().map(|candidate| candidate.row_ids.0).min()?,
            candidates.iter().map(|candidate| candidate.row_ids.1).max()?,
        ),
        timelines,
        components,
    })
}
