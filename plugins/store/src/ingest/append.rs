//! Rows that arrive one by one, appended to those before them.
//!
//! The first small chunk of its kind stays as it came. With the second the two become one chunk with an *append buffer*, and each
//! row that follows is copied behind the others and its own chunk let go of, while it is still in the processor's cache. The
//! chunk's entries in the indices grow with it. That costs a fraction of an entry per row, which would be taken out again when the
//! rows are merged.
//!
//! To readers it is a chunk like any other: [`AppendBuffer::chunk`] copies the rows that there are, once after each change, when
//! somebody asks. Rows keep their places, so that what is known of (chunk, row) stays true. At the limits, or where a row arrives
//! that is not later than all others, the chunk is finished: merged with its like from then on, as [`merge`](super::merge) does it.
//!
//! While rows are appended, the chunk's id stands for rows that become more. What is written down or handed to another store has
//! ids of its own therefore: see [`ChunkStore::export`].
//!
//! Only what is plain is appended: rows in the order of their ids and times, no nulls, types that
//! [`GrowingLists`](crate::growing_lists::GrowingLists) takes.

use std::{hint::black_box, sync::Arc};

use crate::{
    ChangeReason, Chunk, ChunkChange, ChunkId, ChunkStore, EntityId, StoreEvent,
    append_buffer::{AppendLimits, MAX_BYTES, MAX_ROWS, added_meta, include},
    rows::ChunkData,
    store::{EntityData, Slot},
};

/// What became of a chunk whose rows might be appended to others.
pub(crate) enum Appended {
    /// Nothing: there is no append buffer of its kind, or not for those rows.
    No,
    /// Its rows are behind those of another one.
    Yes,
    /// Likewise, and that one, in this slot, takes no more.
    Full(u32),
}

impl ChunkStore {
    /// The loaded chunks, ordered by their oldest row, as they may be written down or handed to another store.
    ///
    /// A chunk with an append buffer comes under a new id: what an id stands for elsewhere must never become more.
    pub fn export(&self) -> impl Iterator<Item = Arc<Chunk>> {
        self.by_row.iter().filter_map(|slot| {
            let chunk_data = self.loaded(slot)?;
            Some(match chunk_data.whole() {
                Some(chunk) => Arc::clone(chunk),
                None => Arc::new(
                    chunk_data
                        .chunk()
                        .slice(ChunkId::new(), 0..chunk_data.chunk().num_rows()),
                ),
            })
        })
    }

    /// How much an append buffer of this store takes.
    pub(crate) fn append_limits(&self) -> AppendLimits {
        AppendLimits {
            rows: MAX_ROWS.min(self.settings.max_rows),
            bytes: MAX_BYTES.min(self.settings.max_bytes),
        }
    }

    /// Appends a chunk's rows to the append buffer of its kind, where there is one and it takes them.
    pub(crate) fn append_rows(&mut self, chunk: &Chunk, events: &mut Vec<StoreEvent>) -> Appended {
        self.try_append(chunk, events).unwrap_or(Appended::No)
    }

    fn try_append(&mut self, chunk: &Chunk, events: &mut Vec<StoreEvent>) -> Option<Appended> {
        let limits = self.append_limits();
        if chunk.num_rows() * 2 > limits.rows || !self.settings.compaction {
            return None;
        }
        chunk.prefetch();
        let entity = self.tree.find(chunk.entity_path())?;
        self.prefetch_append(entity);
        let data = self.entities.get_mut(entity.index())?;
        let (first, last) = (*chunk.row_ids().first()?, *chunk.row_ids().last()?);
        if data.newest_made >= first {
            // Perhaps it was here before.
            return None;
        }
        let at = data
            .queues
            .iter()
            .rposition(|queue| queue.is_of(chunk, &self.names))?;
        let queue = EntityData::used_queue(&mut data.queues, at)?;
        let (slot, id) = queue.appends_to?;
        let Slot { meta, chunk_data, .. } = self
            .slots
            .get_mut(slot as usize)?
            .as_mut()
            .filter(|place| place.meta.id == id)?;
        let buffer = chunk_data
            .as_mut()?
            .append_buffer_mut()
            .filter(|buffer| buffer.takes(chunk, limits))?;

        let added = Arc::new(added_meta(meta, chunk)?);
        let before = buffer.heap_bytes();
        if buffer.append(chunk).is_err() {
            // The rows before it are as they were, and no more come to them.
            queue.appends_to = None;
            self.finish((slot, id));
            return None;
        }
        let is_full = buffer.is_full(limits);
        if is_full {
            queue.appends_to = None;
        }
        self.totals.index_changed(before, buffer.heap_bytes());
        let before = meta.heap_bytes();
        let whole = Arc::make_mut(meta);
        include(whole, &added);
        self.totals.meta_changed(before, whole.heap_bytes());
        self.totals.grow(&added);
        data.stats.grow(&added);
        data.newest = data.newest.max(last);
        data.newest_made = last;

        self.generation += 1;
        let width = 1 + whole.components.len();
        debug_assert_eq!(buffer.series.len(), width * whole.timelines.len());
        let series_by_timeline = buffer.series.chunks_exact(width);
        for (at, (times, positions)) in whole.timelines.iter().zip(series_by_timeline).enumerate() {
            let components = whole.components.iter().map(|column| column.ranges.get(at));
            let ranges = std::iter::once(Some(&times.range)).chain(components);
            for (range, position) in ranges.zip(positions) {
                if let Some((range, series)) = range.zip(self.series.get_mut(*position as usize)) {
                    series.index.grow((range.min, slot), range.max, added.num_rows);
                    series.version = self.generation;
                }
            }
            let by_time = &mut self.timelines[times.timeline.index()].loaded;
            by_time.grow((times.range.min, slot), times.range.max, added.num_rows);
        }
        events.push(self.event(ChunkChange::Grown, ChangeReason::Request, added, true));
        if !is_full {
            return Some(Appended::Yes);
        }
        self.finish((slot, id));
        Some(Appended::Full(slot))
    }

    /// Reads a value of each line of memory that appending to an entity's last used buffer reads or writes.
    ///
    /// Rows of another entity came before, so that each line lies far away. Read one after the other as they are needed, each is waited
    /// for; here those that do not lead to one another are fetched together. Nobody uses the values: `black_box` keeps the compiler from
    /// leaving the reads out, and changes nothing where it does not.
    #[inline]
    fn prefetch_append(&self, entity: EntityId) {
        let Some(data) = self.entity(entity) else { return };
        black_box((data.newest_made, data.stats.num_rows));
        let place = data
            .queues
            .last()
            .and_then(|queue| queue.appends_to)
            .and_then(|(slot, _)| self.slot(slot));
        let Some(Slot { meta, chunk_data, .. }) = place else {
            return;
        };
        meta.prefetch();
        let Some(buffer) = chunk_data.as_ref().and_then(ChunkData::append_buffer) else {
            return;
        };
        for position in &buffer.series {
            if let Some(series) = self.series.get(*position as usize) {
                black_box(series.version);
                series.index.prefetch();
            }
        }
        buffer.prefetch();
    }
}
