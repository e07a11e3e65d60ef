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

/// What makes the rows of one system in a frame, in order.
#[derive(Debug)]
pub(crate) struct NewRows {
    tick: Tick,
    next_id: RowId,
    ids_left: u64,
}

impl NewRows {
    pub(crate) fn new(recorder: &Recorder, tick: Tick) -> Self {
        Self {
            tick,
            next_id: recorder.reserve_row_ids(ROW_IDS),
            ids_left: ROW_IDS,
        }
    }

    pub(crate) fn next<V>(&mut self, recorder: &Recorder, value: V) -> Row<V> {
        if self.ids_left == 0 {
            *self = Self::new(recorder, self.tick);
        }
        let id = self.next_id;
        self.next_id = id.incremented_by(1);
        self.ids_left -= 1;
        let tick = self.tick;
        Row { id, tick, value }
    }
}

/// A row that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<V> {
    pub(crate) id: RowId,
    pub(crate) tick: Tick,
    pub(crate) value: V,
}

/// Rows that lie together. What all entities have that move is most of the recorder's memory: a list per entity that doubles would have
/// room for twice as many, and copy all of them when it grows.
const BLOCK_ROWS: usize = 8;

/// Rows of one kind of all entities. Those that wait longest are sent first.
#[derive(Debug)]
pub(crate) struct Tracks<V> {
    /// By slot.
    tracks: Vec<Track<V>>,
    /// The tracks with rows that wait, in the order of their first rows, each with the tick of that row: it tells those whose rows
    /// were sent meanwhile.
    queue: VecDeque<(SlotId, Tick)>,
    /// Which of those that come first is next, counted on and on.
    next_first: usize,
    /// Blocks without rows, for any track.
    free: Vec<Vec<Row<V>>>,
    /// The rows of one track, while they become a chunk.
    gathered: Vec<Row<V>>,
    num_blocks: usize,
    /// The blocks that there is room for in the lists of all tracks.
    list_capacity: usize,
    /// The bytes of values that lie elsewhere.
    value_bytes: usize,
}

/// The rows of an entity that wait.
#[derive(Debug)]
struct Track<V> {
    /// The block that is being filled; of no capacity before the first row.
    latest: Vec<Row<V>>,
    /// The blocks before it.
    full: Vec<Vec<Row<V>>>,
}

impl<V> Default for Track<V> {
    fn default() -> Self {
        Self {
            latest: Vec::new(),
            full: Vec::new(),
        }
    }
}

impl<V> Track<V> {
    /// Whether it has no rows. Looks at nothing but the track itself: this is asked for each row of all that moves.
    fn is_empty(&self) -> bool {
        debug_assert!(
            self.full.is_empty() || !self.latest.is_empty(),
            "a row follows where a block is full"
        );
        self.latest.is_empty()
    }

    fn first(&self) -> Option<&Row<V>> {
        self.full.first().unwrap_or(&self.latest).first()
    }

    fn len(&self) -> usize {
        self.full.len() * BLOCK_ROWS + self.latest.len()
    }
}

impl<V> Default for Tracks<V> {
    fn default() -> Self {
        Self {
            tracks: Vec::new(),
            queue: VecDeque::new(),
            next_first: 0,
            free: Vec::new(),
            gathered: Vec::new(),
            num_blocks: 0,
            list_capacity: 0,
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

/// A limit on the time that a frame spends on sending rows, and whose come first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlushLimits<'a> {
    pub(crate) deadline: Option<Instant>,
    pub(crate) max_rows: usize,
    /// Those that are looked at, each once. They may take half of the time.
    pub(crate) first: &'a [SlotId],
}

impl FlushLimits<'_> {
    /// With half of the time that is left.
    pub(crate) fn half(self) -> Self {
        self.share_of(2)
    }

    /// With the share of the time that is left which one of so many has, of one at least.
    pub(crate) fn share_of(self, num: u32) -> Self {
        let part_way = |deadline: Instant| {
            let now = Instant::now();
            now + deadline.saturating_duration_since(now) / num.max(1)
        };
        Self {
            deadline: self.deadline.map(part_way),
            ..self
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

impl<V: RowColumns> Tracks<V> {
    /// Adds a row.
    #[inline]
    pub(crate) fn push(&mut self, slot: SlotId, row: Row<V>) {
        let at = slot as usize;
        if self.tracks.len() <= at {
            self.tracks.resize_with(at + 1, Track::default);
        }
        let track = &mut self.tracks[at];
        if track.is_empty() {
            self.queue.push_back((slot, row.tick));
        }
        self.value_bytes += row.value.heap_bytes();
        if track.latest.len() == track.latest.capacity() {
            let block = self.free.pop().unwrap_or_else(|| {
                self.num_blocks += 1;
                Vec::with_capacity(BLOCK_ROWS)
            });
            let before = std::mem::replace(&mut track.latest, block);
            if !before.is_empty() {
                let capacity = track.full.capacity();
                track.full.push(before);
                self.list_capacity += track.full.capacity() - capacity;
            }
        }
        track.latest.push(row);
    }

    /// Whether rows wait.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether rows of an entity wait.
    pub(crate) fn has_rows_of(&self, slot: SlotId) -> bool {
        self.tracks
            .get(slot as usize)
            .is_some_and(|track| !track.is_empty())
    }

    /// The bytes that it takes. Cost: O(1).
    pub(crate) fn heap_bytes(&self) -> usize {
        let rows = self.num_blocks * BLOCK_ROWS + self.gathered.capacity();
        let lists = self.list_capacity + self.free.capacity();
        rows * size_of::<Row<V>>()
            + self.value_bytes
            + self.tracks.capacity() * size_of::<Track<V>>()
            + lists * size_of::<Vec<Row<V>>>()
            + self.queue.capacity() * size_of::<(SlotId, Tick)>()
    }

    /// The rows of one entity as a chunk, if some wait.
    pub(crate) fn take(
        &mut self,
        slot: SlotId,
        path: &EntityPath,
        ticks: &Ticks,
    ) -> Option<Result<Chunk, ChunkError>> {
        // It stays in the queue, where nothing is found of it then.
        self.gather(slot);
        (!self.gathered.is_empty()).then(|| chunk_of(&mut self.gathered, path, ticks))
    }

    /// Sends rows as chunks, those that are looked at and then those that wait longest, until none wait or the time is over. What
    /// waits too long, or has become a whole chunk, is sent in any case.
    pub(crate) fn flush<P: Borrow<EntityPath>>(
        &mut self,
        limits: FlushLimits<'_>,
        ticks: &Ticks,
        slots: &Slots,
        path_of: impl Fn(&Slot) -> P,
        mut send: impl FnMut(Result<Chunk, ChunkError>),
    ) {
        if self.is_empty() {
            return;
        }
        self.flush_first(limits.half(), ticks, slots, &path_of, &mut send);
        if self.queue.len() > 2 * self.tracks.len() {
            let tracks = &self.tracks;
            let first = |slot: SlotId| tracks.get(slot as usize).and_then(Track::first);
            self.queue
                .retain(|&(slot, since)| first(slot).is_some_and(|first| first.tick == since));
        }
        while let Some(&(slot, since)) = self.queue.front() {
            let place = slots.get(slot);
            let (Some(place), Some(track)) = (place, self.tracks.get(slot as usize)) else {
                debug_assert!(false, "rows belong to a recorded entity");
                self.queue.pop_front();
                continue;
            };
            if let Some(first) = track.first().filter(|first| first.tick == since) {
                let must =
                    track.len() >= limits.max_rows || ticks.now().wrapping_sub(first.tick) >= Ticks::KEPT / 2;
                if !must && limits.is_over() {
                    return;
                }
                self.gather(slot);
                send(chunk_of(&mut self.gathered, path_of(place).borrow(), ticks));
            }
            self.queue.pop_front();
            if !place.is_alive
                && let Some(track) = self.tracks.get_mut(slot as usize)
                && track.first().is_none()
            {
                // No more come.
                self.list_capacity -= track.full.capacity();
                *track = Track::default();
            }
        }
        // Nothing waits: the next rows may be few, or none.
        self.num_blocks -= self.free.len();
        self.free = Vec::new();
    }

    /// Sends rows of those that are looked at, of one at least. The next time goes on behind the last of them.
    fn flush_first<P: Borrow<EntityPath>>(
        &mut self,
        limits: FlushLimits<'_>,
        ticks: &Ticks,
        slots: &Slots,
        path_of: &impl Fn(&Slot) -> P,
        send: &mut impl FnMut(Result<Chunk, ChunkError>),
    ) {
        for _ in limits.first {
            let slot = limits.first[self.next_first % limits.first.len()];
            self.next_first = self.next_first.wrapping_add(1);
            let Some(place) = slots.get(slot) else { continue };
            // It stays in the queue, too.
            self.gather(slot);
            if !self.gathered.is_empty() {
                send(chunk_of(&mut self.gathered, path_of(place).borrow(), ticks));
                if limits.is_over() {
                    return;
                }
            }
        }
    }

    /// Takes the rows of one entity together, for a chunk.
    fn gather(&mut self, slot: SlotId) {
        let Some(track) = self.tracks.get_mut(slot as usize) else {
            return;
        };
        let latest = std::mem::take(&mut track.latest);
        for mut block in track.full.drain(..).chain([latest]) {
            self.gathered.append(&mut block);
            if block.capacity() > 0 {
                self.free.push(block);
            }
        }
        self.value_bytes -= self
            .gathered
            .iter()
            .map(|row| row.value.heap_bytes())
            .sum::<usize>();
    }
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
