//! Heavy chunks split, where a collection may take some of their rows and not all.

use std::sync::Arc;

use super::{
    MAX_ITEMS_BETWEEN_LOOKS,
    clock::Clock,
    options::{GcBuffers, GcOptions},
    state::GcState,
};
use crate::{Chunk, ChunkId, ChunkStore, rows::ChunkData, store::Slot};

/// A chunk that is being split. Its rows are copied over several steps, where one has not the time.
#[derive(Debug)]
pub(super) struct Cut {
    slot: u32,
    id: ChunkId,
    pieces: Vec<Chunk>,
}

impl Cut {
    pub(super) fn of(slot: u32, place: &Slot) -> Self {
        Self {
            slot,
            id: place.meta.id,
            pieces: Vec::new(),
        }
    }

    /// The bytes of the pieces that are copied.
    pub(super) fn heap_bytes(&self) -> usize {
        self.pieces.capacity() * size_of::<Chunk>()
            + self
                .pieces
                .iter()
                .map(|piece| piece.num_bytes() as usize)
                .sum::<usize>()
    }
}

impl ChunkStore {
    /// Whether a chunk that may go is split first: it holds more than is left to free, or what is protected.
    pub(super) fn is_cut_first(
        &self,
        slot: u32,
        place: &Slot,
        left_bytes: u64,
        options: &GcOptions<'_>,
        clock: &mut Clock,
    ) -> bool {
        self.is_heavy(place)
            && (place.meta.num_bytes > left_bytes || self.is_protected(slot, &place.meta, options, clock))
    }

    /// Copies the next piece of the chunk that is being split. Once all are there they take its place, and the step ends: whoever protects
    /// chunks by their ids has to learn of the new ones before these may go.
    pub(super) fn go_on_cutting(&mut self, state: &mut GcState, clock: &mut Clock, buffers: &mut GcBuffers) {
        let Some(mut cut) = state.cut.take() else { return };
        let place = self.slot(cut.slot).filter(|place| place.meta.id == cut.id);
        let chunk_data = place.and_then(|place| place.chunk_data.as_ref());
        let (Some(place), Some(chunk)) = (place, chunk_data.and_then(ChunkData::whole)) else {
            // It went in the meantime.
            return;
        };
        if let Some(rows) = self.pieces(chunk).nth(cut.pieces.len()) {
            cut.pieces.push(chunk.slice_owned(ChunkId::new(), rows));
            state.cut = Some(cut);
            // As much as a piece takes, there is a look at the clock after each.
            clock.did(MAX_ITEMS_BETWEEN_LOOKS);
            return;
        }
        let meta = Arc::clone(&place.meta);
        let GcBuffers { events, garbage } = buffers;
        let replaced = self.replace_with_pieces(cut.slot, cut.pieces, events, |data| {
            garbage.chunks.extend(data.into_chunk());
        });
        // A store without room for the pieces keeps the chunk, which is passed over.
        if replaced.is_ok() {
            state.look_again_at(&meta);
            clock.end();
        }
    }
}
