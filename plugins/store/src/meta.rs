//! What is known of a chunk without its data: enough for every index.

use std::{hint::black_box, sync::Arc};

use arrow_array::Array as _;
use smallvec::SmallVec;

use crate::{
    Chunk, ChunkId, ComponentDescriptor, ComponentId, EntityId, EntityPath, RowId, TimeRange, Timeline,
    TimelineId,
};

/// A chunk's times on one timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineMeta {
    /// The timeline.
    pub timeline: TimelineId,
    /// From the earliest row to the latest.
    pub range: TimeRange,
    /// Whether the rows stand in the order of their times.
    pub sorted: bool,
}

/// A component of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentMeta {
    /// The component.
    pub component: ComponentId,
    /// The number of rows in which it was logged.
    pub num_valid: u32,
    /// Per timeline, in the order of [`ChunkMeta::timelines`]: from the earliest to the latest of those rows.
    pub ranges: SmallVec<[TimeRange; 2]>,
}

/// A chunk as the indices know it: no rows, but their ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct ChunkMeta {
    /// The chunk's id.
    pub id: ChunkId,
    /// The entity.
    pub entity: EntityId,
    /// Whether the rows lie on no timeline.
    pub is_static: bool,
    /// The number of rows.
    pub num_rows: u32,
    /// The memory that the data takes or would take.
    pub num_bytes: u64,
    /// The smallest and the greatest row id.
    pub row_ids: (RowId, RowId),
    /// The timelines, ordered by name as the data's columns are. Empty where the chunk is static.
    pub timelines: SmallVec<[TimelineMeta; 2]>,
    /// The components, ordered by name as the data's columns are.
    pub components: SmallVec<[ComponentMeta; 4]>,
}

impl ChunkMeta {
    /// The times of the rows on a timeline; empty where the chunk is not on it.
    pub fn time_range(&self, timeline: TimelineId) -> TimeRange {
        self.timelines
            .iter()
            .find(|column| column.timeline == timeline)
            .map_or(TimeRange::EMPTY, |column| column.range)
    }

    /// The times of the rows that have a component; empty where the chunk has none.
    pub fn component_range(&self, timeline: TimelineId, component: ComponentId) -> TimeRange {
        let at = self
            .timelines
            .iter()
            .position(|column| column.timeline == timeline);
        let column = self.component(component);
        at.zip(column)
            .and_then(|(at, column)| column.ranges.get(at).copied())
            .unwrap_or(TimeRange::EMPTY)
    }

    /// On each timeline the times of the rows that have a component, where there are any.
    pub(crate) fn ranges_of(&self, component: ComponentId) -> impl Iterator<Item = (TimelineId, TimeRange)> {
        let column = self.component(component).filter(|column| column.num_valid > 0);
        let ranges = column
            .into_iter()
            .flat_map(|column| column.ranges.iter().copied());
        let timelines = self.timelines.iter().map(|column| column.timeline);
        timelines.zip(ranges).filter(|(_, range)| !range.is_empty())
    }

    /// What the chunk has of a component.
    pub fn component(&self, component: ComponentId) -> Option<&ComponentMeta> {
        self.components
            .iter()
            .find(|column| column.component == component)
    }

    /// Whether some row has the component.
    pub fn has_component(&self, component: ComponentId) -> bool {
        self.component(component)
            .is_some_and(|column| column.num_valid > 0)
    }

    /// Whether a row could be among the chunk's, by its id.
    pub(crate) fn may_hold(&self, row_id: RowId) -> bool {
        self.row_ids.0 <= row_id && row_id <= self.row_ids.1
    }

    /// Reads a value of each line of memory that it lies in, so that they are fetched together.
    #[inline]
    pub(crate) fn prefetch(&self) {
        black_box((self.id, self.num_bytes, self.row_ids.1));
        for column in &self.timelines {
            black_box(column.range.max);
        }
        for column in &self.components {
            black_box((column.num_valid, column.ranges.last().map(|range| range.max)));
        }
    }

    /// The memory that this metadata takes.
    pub fn heap_bytes(&self) -> usize {
        let spilled = |is_spilled: bool, bytes: usize| if is_spilled { bytes } else { 0 };
        // The counters of the `Arc` stand before the value.
        2 * size_of::<usize>()
            + size_of::<Self>()
            + spilled(
                self.timelines.spilled(),
                self.timelines.capacity() * size_of::<TimelineMeta>(),
            )
            + spilled(
                self.components.spilled(),
                self.components.capacity() * size_of::<ComponentMeta>(),
            )
            + self
                .components
                .iter()
                .map(|column| {
                    spilled(
                        column.ranges.spilled(),
                        column.ranges.capacity() * size_of::<TimeRange>(),
                    )
                })
                .sum::<usize>()
    }
}

/// A chunk that is known and not loaded, as a file's footer or a server describes it. See
/// [`ChunkStore::insert_absent`](crate::ChunkStore::insert_absent).
#[derive(Clone, Debug)]
pub struct AbsentChunk {
    /// The chunk's id.
    pub id: ChunkId,
    /// The entity.
    pub entity_path: EntityPath,
    /// The number of rows.
    pub num_rows: usize,
    /// The memory that the data would take, as well as is known.
    pub num_bytes: u64,
    /// The smallest and the greatest row id, where known.
    pub row_ids: Option<(RowId, RowId)>,
    /// Each timeline: the range of the rows' times, and whether the rows stand in that order.
    pub timelines: Vec<(Timeline, TimeRange, bool)>,
    /// The components that some row has.
    pub components: Vec<AbsentComponent>,
}

impl AbsentChunk {
    /// What is to be known of a chunk when its data is evicted. Everything is exact.
    pub fn of(chunk: &Chunk) -> Self {
        let ids = chunk.row_ids().iter().copied();
        let row_ids = ids.clone().min().zip(ids.max());
        let names = || {
            chunk
                .timelines()
                .iter()
                .map(|times| Arc::clone(times.timeline().name()))
        };
        let columns = chunk
            .components()
            .iter()
            .enumerate()
            .map(|(at, column)| AbsentComponent {
                descriptor: column.descriptor().clone(),
                num_valid: Some(column.num_valid()),
                ranges: names().zip(valid_ranges(chunk, at)).collect(),
            });
        Self {
            id: chunk.id(),
            entity_path: chunk.entity_path().clone(),
            num_rows: chunk.num_rows(),
            num_bytes: chunk.num_bytes(),
            row_ids,
            timelines: chunk
                .timelines()
                .iter()
                .map(|times| (times.timeline().clone(), times.range(), times.is_sorted()))
                .collect(),
            components: columns.collect(),
        }
    }
}

/// A component of an [`AbsentChunk`].
#[derive(Clone, Debug)]
pub struct AbsentComponent {
    /// What it is.
    pub descriptor: ComponentDescriptor,
    /// The number of rows that have it, where known.
    pub num_valid: Option<usize>,
    /// Per timeline name the range of the rows that have it. A timeline that is not here counts with the chunk's range.
    pub ranges: Vec<(Arc<str>, TimeRange)>,
}

/// Per timeline of a chunk, the range of the rows in which a column is valid.
pub(crate) fn valid_ranges(chunk: &Chunk, column: usize) -> SmallVec<[TimeRange; 2]> {
    let Some(column) = chunk.components().get(column) else {
        return SmallVec::new();
    };
    let nulls = column.lists().nulls().filter(|nulls| nulls.null_count() > 0);
    chunk
        .timelines()
        .iter()
        .map(|times| match nulls {
            None => times.range(),
            Some(nulls) if times.is_sorted() => {
                // Sorted: the first and the last valid row are the ends.
                let mut valid = nulls.valid_indices();
                let first = valid.next();
                let last = (0..nulls.len()).rev().find(|&row| nulls.is_valid(row));
                match first.zip(last) {
                    Some((first, last)) => TimeRange::new(times.times()[first], times.times()[last]),
                    None => TimeRange::EMPTY,
                }
            }
            Some(nulls) => nulls.valid_indices().fold(TimeRange::EMPTY, |range, row| {
                range.union(&TimeRange::point(times.times()[row]))
            }),
        })
        .collect()
}
