//! Rows that wait, per recorded entity, until they become chunks.

use std::{borrow::Borrow, collections::VecDeque, time::Instant};

use chronoscope_log::Recorder;
use chronoscope_store::{Chunk, ChunkError, ChunkId, ComponentColumn, EntityPath, RowId};

use crate::{
    slots::{Slot, SlotId, Slots},
    ticks::{Tick, Ticks},
};

/// Ids that are reserved at once for the rows of a system.
const ROW_IDS: u64 = 1024;

/// Ids for rows that are made by one system, in order.
#[derive(Debug)]
pub(crate) struct RowIdBlock {
    next: RowId,
    left: u64,
}

impl RowIdBlock {
    pub(crate) fn new(recorder: &Recorder) -> Self {
        Self {
            next: recorder.reserve_row_ids(ROW_IDS),
            left: ROW_IDS,
        }
    }

    pub(crate) fn next(&mut self, recorder: &Recorder) -> RowId {
        if self.left == 0 {
            *self = Self::new(recorder);
        }
        let id = self.next;
        self.next = id.incremented_by(1);
        self.left -= 1;
        id
    }
}

/// A row that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<V> {
    pub(crate) id: RowId,
    pub(crate) tick: Tick,
    pub(crate) value: V,
}

/// Rows of one kind of all entities. Those that wait longest are sent first.
#[derive(Debug)]
pub(crate) struct Tracks<V> {
    /// By slot.
    tracks: Vec<Vec<Row<V>>>,
    /// The tracks with rows that wait, in the order of their first rows.
    queue: VecDeque<SlotId>,
    /// The rows that there is room for in all tracks.
    capacity: usize,
    /// The bytes of values that lie elsewhere.
    value_bytes: usize,
}

impl<V> Default for Tracks<V> {
    fn default() -> Self {
        Self {
            tracks: Vec::new(),
            queue: VecDeque::new(),
            capacity: 0,
            value_bytes: 0,
        }
    }
}

/// What rows become: columns with a row each.
pub(crate) trait RowColumns: Sized {
    /// The columns of these rows, in their order.
    fn columns(rows: &[Row<Self>]) -> Result<Vec<ComponentColumn>, ChunkError>;

    /// The bytes of a value that lie elsewhere.
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// A limit on the time that a frame spends on sending rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlushLimits {
    pub(crate) deadline: Option<Instant>,
    pub(crate) max_rows: usize,
}

impl<V: RowColumns> Tracks<V> {
    /// Adds a row.
    #[inline]
    pub(crate) fn push(&mut self, slot: SlotId, row: Row<V>) {
        let at = slot as usize;
        if self.tracks.len() <= at {
            self.tracks.resize_with(at + 1, Vec::new);
        }
        let track = &mut self.tracks[at];
        if track.is_empty() {
            self.queue.push_back(slot);
        }
        self.value_bytes += row.value.heap_bytes();
        let before = track.capacity();
        track.push(row);
        self.capacity += track.capacity() - before;
    }

    /// Whether rows wait.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The bytes that it takes. Cost: O(1).
    pub(crate) fn heap_bytes(&self) -> usize {
        self.capacity * size_of::<Row<V>>()
            + self.value_bytes
            + self.tracks.capacity() * size_of::<Vec<Row<V>>>()
            + self.queue.capacity() * size_of::<SlotId>()
    }

    /// The rows of one entity as a chunk, if some wait.
    pub(crate) fn take(
        &mut self,
        slot: SlotId,
        path: &EntityPath,
        ticks: &Ticks,
    ) -> Option<Result<Chunk, ChunkError>> {
        // It stays in the queue, where nothing is found of it then.
        let rows = self
            .tracks
            .get_mut(slot as usize)
            .filter(|rows| !rows.is_empty())?;
        self.value_bytes -= bytes_of(rows);
        Some(chunk_of(rows, path, ticks))
    }

    /// Sends rows as chunks, those first that wait longest, until none wait or the time is over. What waits too long, or has
    /// become a whole chunk, is sent in any case.
    pub(crate) fn flush<P: Borrow<EntityPath>>(
        &mut self,
        limits: FlushLimits,
        ticks: &Ticks,
        slots: &Slots,
        path_of: impl Fn(&Slot) -> P,
        mut send: impl FnMut(Result<Chunk, ChunkError>),
    ) {
        while let Some(&slot) = self.queue.front() {
            let place = slots.get(slot);
            let (Some(place), Some(rows)) = (place, self.tracks.get_mut(slot as usize)) else {
                debug_assert!(false, "rows belong to a recorded entity");
                self.queue.pop_front();
                continue;
            };
            if let Some(first) = rows.first() {
                let must =
                    rows.len() >= limits.max_rows || ticks.now().wrapping_sub(first.tick) >= Ticks::KEPT / 2;
                if !must && limits.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return;
                }
                self.value_bytes -= bytes_of(rows);
                send(chunk_of(rows, path_of(place).borrow(), ticks));
            }
            self.queue.pop_front();
            if !place.is_alive {
                // No more come.
                self.capacity -= rows.capacity();
                *rows = Vec::new();
            }
        }
    }
}

fn bytes_of<V: RowColumns>(rows: &[Row<V>]) -> usize {
    rows.iter().map(|row| row.value.heap_bytes()).sum()
}

/// A chunk of rows, which are none afterwards.
fn chunk_of<V: RowColumns>(
    rows: &mut Vec<Row<V>>,
    path: &EntityPath,
    ticks: &Ticks,
) -> Result<Chunk, ChunkError> {
    let row_ids: Vec<RowId> = rows.iter().map(|row| row.id).collect();
    let times = ticks.columns(rows.iter().map(|row| row.tick));
    let columns = V::columns(rows);
    rows.clear();
    Chunk::new(ChunkId::new(), path.clone(), row_ids, times, columns?)
}
