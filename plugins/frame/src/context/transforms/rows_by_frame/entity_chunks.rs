//! The chunks of one entity: which were read, which of those are loaded, and which were never read.

use std::collections::BTreeSet;

use chronoscope_store::{ChunkId, TimeRange};
use rustc_hash::FxHashMap;

/// The chunks of one entity. Those that were read have places, by which rows name them.
#[derive(Default)]
pub(super) struct EntityChunks {
    read: Vec<ReadChunk>,
    places: FxHashMap<ChunkId, u32>,
    /// Places of no chunk.
    free: Vec<u32>,
    /// How many of the chunks that were read are not loaded any more.
    num_evicted: usize,
    /// Those that are loaded, in the order in which they begin, where others are not.
    loaded: Vec<LoadedChunk>,
    /// Chunks that were never read, by the time at which they begin.
    unread: BTreeSet<(i64, ChunkId)>,
    unread_begins: FxHashMap<ChunkId, i64>,
}

#[derive(Clone, Copy)]
struct ReadChunk {
    id: ChunkId,
    num_rows: u32,
    is_loaded: bool,
    /// The times of the rows that place frames.
    times: TimeRange,
}

/// A chunk whose rows can be had at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoadedChunk {
    pub(super) place: u32,
    /// The times of its rows.
    pub(super) times: TimeRange,
    /// The latest time of its rows, and of those that begin before it.
    pub(super) latest: i64,
}

impl EntityChunks {
    /// Notes that a chunk was read and has so many rows by now. Tells its place, and how many rows it had
    /// when it was read before.
    pub(super) fn note_read(&mut self, id: ChunkId, num_rows: u32) -> (u32, u32) {
        let place = *self.places.entry(id).or_insert_with(|| {
            let new = ReadChunk {
                id,
                num_rows: 0,
                is_loaded: true,
                times: TimeRange::EMPTY,
            };
            match self.free.pop() {
                Some(place) => {
                    self.read[place as usize] = new;
                    place
                }
                None => {
                    self.read.push(new);
                    self.read.len() as u32 - 1
                }
            }
        });
        let chunk = &mut self.read[place as usize];
        self.num_evicted -= usize::from(!std::mem::replace(&mut chunk.is_loaded, true));
        (place, std::mem::replace(&mut chunk.num_rows, num_rows))
    }

    /// Notes that a row of a chunk that was read places a frame at a time.
    pub(super) fn note_row(&mut self, place: u32, time: i64) {
        let times = &mut self.read[place as usize].times;
        (times.min, times.max) = (times.min.min(time), times.max.max(time));
    }

    /// Notes that a chunk is known and not loaded. The time is that of its first row, as far as is known; the
    /// end of time where it has none.
    pub(super) fn note_absent(&mut self, id: ChunkId, begin: i64) {
        if let Some(place) = self.places.get(&id) {
            let chunk = &mut self.read[*place as usize];
            self.num_evicted += usize::from(std::mem::replace(&mut chunk.is_loaded, false));
            return;
        }
        self.forget_unread(id);
        if begin < i64::MAX {
            self.unread.insert((begin, id));
            self.unread_begins.insert(id, begin);
        }
    }

    /// Takes a chunk from those that were never read: what was known of it may have been wrong.
    pub(super) fn forget_unread(&mut self, id: ChunkId) {
        if let Some(begin) = self.unread_begins.remove(&id) {
            self.unread.remove(&(begin, id));
        }
    }

    /// Forgets a chunk. Tells its place, and the times of its rows, where it was read: [`Self::release`] the
    /// place when no row names it any more.
    pub(super) fn forget(&mut self, id: ChunkId) -> Option<(u32, TimeRange)> {
        self.forget_unread(id);
        let place = self.places.remove(&id)?;
        let chunk = &mut self.read[place as usize];
        self.num_evicted -= usize::from(!std::mem::replace(&mut chunk.is_loaded, false));
        Some((place, chunk.times))
    }

    /// Gives the place of a chunk that was forgotten to others.
    pub(super) fn release(&mut self, place: u32) {
        self.free.push(place);
    }

    /// Brings [`Self::loaded_until`] up to date. Call it when chunks came, went, were loaded or evicted.
    pub(super) fn order_loaded(&mut self) {
        self.loaded.clear();
        if self.num_evicted == 0 {
            self.loaded = Vec::new();
            return;
        }
        let loaded = self.places.values().filter_map(|place| {
            let chunk = &self.read[*place as usize];
            (chunk.is_loaded && !chunk.times.is_empty()).then_some(LoadedChunk {
                place: *place,
                times: chunk.times,
                latest: chunk.times.max,
            })
        });
        self.loaded.extend(loaded);
        self.loaded
            .sort_unstable_by_key(|chunk| (chunk.times.min, chunk.place));
        let mut latest = i64::MIN;
        for chunk in &mut self.loaded {
            latest = latest.max(chunk.latest);
            chunk.latest = latest;
        }
    }

    /// The chunks that are loaded and begin at or before a time, those first that begin last. None where all
    /// that were read are loaded.
    pub(super) fn loaded_until(&self, time: i64) -> impl Iterator<Item = &LoadedChunk> {
        let end = self.loaded.partition_point(|chunk| chunk.times.min <= time);
        self.loaded[..end].iter().rev()
    }

    /// The chunks that were never read and begin at or before a time.
    pub(super) fn unread_until(&self, time: i64) -> impl Iterator<Item = ChunkId> {
        let unread = self.unread.range(..=(time, ChunkId::MAX));
        unread.map(|(_, id)| *id)
    }

    /// The chunk of a place, and whether it is loaded.
    pub(super) fn get(&self, place: u32) -> (ChunkId, bool) {
        let chunk = &self.read[place as usize];
        (chunk.id, chunk.is_loaded)
    }

    /// Whether some chunks are not loaded.
    pub(super) fn lacks_any(&self) -> bool {
        !self.unread.is_empty() || self.num_evicted > 0
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.read.capacity() * size_of::<ReadChunk>()
            + self.places.capacity() * size_of::<(ChunkId, u32)>()
            + self.free.capacity() * size_of::<u32>()
            + self.loaded.capacity() * size_of::<LoadedChunk>()
            + self.unread.len() * size_of::<(i64, ChunkId)>()
            + self.unread_begins.capacity() * size_of::<(ChunkId, i64)>()
    }
}
