//! The chunks of one kind that wait to be merged, in levels of their sizes.

use arrow_array::Array as _;
use smallvec::SmallVec;

use crate::{Chunk, ChunkId, ChunkMeta, ComponentId, TimelineId, names::Names};

/// How many chunks of a level are merged at once.
pub(crate) const FAN_IN: usize = 32;

/// How many kinds of chunks of one entity wait at a time.
pub(crate) const MAX_QUEUES: usize = 32;

/// Chunks of one entity with the same columns that wait to be merged.
#[derive(Debug)]
pub(crate) struct MergeQueue {
    timelines: SmallVec<[TimelineId; 2]>,
    components: SmallVec<[ComponentId; 4]>,
    /// Numbers of the types of the components' values.
    types: SmallVec<[u32; 4]>,
    /// Whether chunks of this kind may have an append buffer.
    pub(crate) may_append: bool,
    /// The chunk with the append buffer of this kind, or the first one of those that it will be made of.
    pub(crate) appends_to: Option<Candidate>,
    levels: SmallVec<[Level; 1]>,
}

/// A chunk by its slot, and its id to tell whether it is still there.
pub(crate) type Candidate = (u32, ChunkId);

#[derive(Debug, Default)]
struct Level {
    waiting: Vec<Candidate>,
    rows: usize,
    bytes: u64,
}

impl MergeQueue {
    pub(crate) fn new(meta: &ChunkMeta, types: SmallVec<[u32; 4]>, may_append: bool) -> Self {
        Self {
            timelines: meta.timelines.iter().map(|column| column.timeline).collect(),
            components: meta.components.iter().map(|column| column.component).collect(),
            types,
            may_append,
            appends_to: None,
            levels: SmallVec::new(),
        }
    }

    pub(crate) fn takes(&self, meta: &ChunkMeta, types: &[u32]) -> bool {
        self.timelines
            .iter()
            .copied()
            .eq(meta.timelines.iter().map(|column| column.timeline))
            && self
                .components
                .iter()
                .copied()
                .eq(meta.components.iter().map(|column| column.component))
            && *self.types == *types
    }

    /// Notes a chunk among those that wait for others of its size. Returns the chunks to merge, once there are enough.
    pub(crate) fn wait(
        &mut self,
        candidate: Candidate,
        meta: &ChunkMeta,
        max_rows: usize,
        max_bytes: u64,
    ) -> Option<Vec<Candidate>> {
        let rows = meta.num_rows as usize;
        // Smaller ones that wait came before it, and go with it. Passed over, they would lie among the rows of the chunk that those
        // before them and behind them become, and be collected without these: a series would have holes.
        let own = level_of(rows);
        let mut below = self.levels.iter().take(own);
        let level_at = below.position(|level| !level.waiting.is_empty()).unwrap_or(own);
        if self.levels.len() <= level_at {
            self.levels.resize_with(level_at + 1, Level::default);
        }
        let level = self.levels.get_mut(level_at)?;
        let overflows = level.rows + rows > max_rows || level.bytes + meta.num_bytes > max_bytes;
        if overflows {
            // What waits is as large as it may become; the newcomer begins anew.
            let full = std::mem::take(level);
            *level = Level {
                waiting: vec![candidate],
                rows,
                bytes: meta.num_bytes,
            };
            return Some(full.waiting);
        }
        level.waiting.push(candidate);
        level.rows += rows;
        level.bytes += meta.num_bytes;
        (level.waiting.len() >= FAN_IN).then(|| std::mem::take(level).waiting)
    }

    /// Whether a chunk is of this kind.
    pub(crate) fn is_of(&self, chunk: &Chunk, names: &Names) -> bool {
        let (timelines, columns) = (chunk.timelines(), chunk.components());
        self.timelines.len() == timelines.len()
            && self.components.len() == columns.len()
            && self
                .timelines
                .iter()
                .zip(timelines)
                .all(|(id, times)| names.timeline(*id) == times.timeline())
            && self
                .components
                .iter()
                .zip(&self.types)
                .zip(columns)
                .all(|((id, number), column)| {
                    names.descriptor(*id).component == *column.name()
                        && names.is_type(*id, *number, column.lists().data_type())
                })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        (if self.types.spilled() {
            self.types.capacity() * size_of::<u32>()
        } else {
            0
        }) + if self.timelines.spilled() {
            self.timelines.capacity() * size_of::<TimelineId>()
        } else {
            0
        } + if self.components.spilled() {
            self.components.capacity() * size_of::<ComponentId>()
        } else {
            0
        } + if self.levels.spilled() {
            self.levels.capacity() * size_of::<Level>()
        } else {
            0
        } + self
            .levels
            .iter()
            .map(|level| level.waiting.capacity() * size_of::<Candidate>())
            .sum::<usize>()
    }
}

/// The level of a chunk: [`FAN_IN`] times as many rows each.
fn level_of(rows: usize) -> usize {
    rows.max(1).ilog2() as usize / FAN_IN.ilog2() as usize
}
