//! Large chunks split: by their rows as they come, by their bytes once a collection may take a part of them.
//!
//! What is found and drawn by its times wants chunks of few rows. Memory wants light ones: to collect one of several pieces frees
//! something only if each has memory of its own, which takes a copy. Most heavy chunks go as a whole, or stay, and were copied for nothing.
//! So a heavy chunk stays as it came until a [collection](crate::gc) meets it that may take some of its rows and not all, and copies it
//! then, piece by piece within its budget. Until all pieces are there the chunk is in memory twice; it is never heavier than
//! [`MAX_WHOLE`] times what the settings want, and a heavier one is copied as it comes.

use std::{ops::Range, sync::Arc};

use crate::{
    ChangeReason, Chunk, ChunkId, ChunkStore, StoreError, StoreEvent,
    rows::ChunkData,
    store::{Origin, Slot},
};

/// How many times the bytes that the settings want a chunk may have and stay as it came: 15 MB by default.
const MAX_WHOLE: u64 = 40;

impl ChunkStore {
    /// The pieces of a chunk that is too large to stay as it comes, in the order of its rows. The first keeps the id, so that the
    /// chunk is recognized when it comes again. Each has its rows copied.
    pub(crate) fn split(&self, chunk: &Chunk) -> Option<Vec<Chunk>> {
        let settings = &self.settings;
        if !settings.compaction || chunk.is_static() || chunk.num_rows() < 2 {
            return None;
        }
        if chunk.num_rows() <= settings.max_rows.saturating_mul(2)
            && chunk.row_bytes() <= settings.max_bytes.saturating_mul(MAX_WHOLE)
        {
            return None;
        }
        let pieces = self.pieces(chunk).map(|rows| {
            let id = if rows.start == 0 {
                chunk.id()
            } else {
                ChunkId::new()
            };
            chunk.slice_owned(id, rows)
        });
        Some(pieces.collect())
    }

    /// The rows of each piece that a chunk is split into.
    pub(crate) fn pieces(&self, chunk: &Chunk) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = chunk.num_rows();
        let (max_rows, max_bytes) = (self.settings.max_rows.max(1), self.settings.max_bytes.max(1));
        let by_bytes = usize::try_from(chunk.row_bytes().div_ceil(max_bytes)).unwrap_or(usize::MAX);
        let pieces = rows.div_ceil(max_rows).max(by_bytes).min(rows).max(1);
        let each = rows.div_ceil(pieces).max(1);
        (0..rows)
            .step_by(each)
            .map(move |first| first..(first + each).min(rows))
    }

    /// Whether a chunk is split before some of its rows go and not all.
    pub(crate) fn is_heavy(&self, place: &Slot) -> bool {
        let heavy = self.settings.max_bytes.saturating_mul(2);
        let chunk = || place.chunk_data.as_ref().and_then(ChunkData::whole);
        self.settings.compaction
            && place.origin != Origin::Source
            && !place.meta.is_static
            && place.meta.num_rows > 1
            && place.meta.num_bytes > heavy
            && chunk().is_some_and(|chunk| chunk.row_bytes() > heavy)
    }

    /// Puts all pieces of a chunk in its place, and hands its data to `take_data`.
    ///
    /// # Errors
    /// Where the store has no room for so many chunks. Nothing is changed then.
    pub(crate) fn replace_with_pieces(
        &mut self,
        slot: u32,
        pieces: Vec<Chunk>,
        events: &mut Vec<StoreEvent>,
        take_data: impl FnMut(ChunkData),
    ) -> Result<(), StoreError> {
        if u32::try_from(self.slots.len() + pieces.len()).is_err() {
            return Err(StoreError::Full { what: "chunks" });
        }
        let Some(id) = self.slot(slot).map(|place| place.meta.id) else {
            return Ok(());
        };
        let metas = pieces.iter().map(|piece| self.describe(piece));
        let metas = metas.collect::<Result<Vec<_>, _>>()?;
        for (piece, meta) in pieces.into_iter().zip(metas) {
            let chunk_data = Some(ChunkData::new(Arc::new(piece)));
            self.add(meta, chunk_data, Origin::Made, ChangeReason::Merged, events)?;
            if let Some(event) = events.last_mut() {
                event.news.get_or_insert_default().split_from = Some(id);
            }
        }
        self.drop_run(&[slot], ChangeReason::Merged, events, take_data);
        Ok(())
    }
}
