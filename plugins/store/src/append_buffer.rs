//! An append buffer: rows that arrive one by one, put behind each other in arrays that grow.

use std::{
    hint::black_box,
    sync::{Arc, OnceLock},
};

use arrow_array::{Array as _, ListArray};
use arrow_schema::{DataType, Field};
use smallvec::SmallVec;

use crate::{
    Chunk, ChunkId, ChunkMeta, ComponentColumn, ComponentDescriptor, EntityPath, RowId, TimeColumn,
    TimeRange, Timeline,
    chunk::CountedBytes,
    growing_lists::{self, GrowingLists, NotAppended},
    meta::{ComponentMeta, TimelineMeta},
};

/// The greatest number of rows in an append buffer. What is copied for readers is never more.
pub(crate) const MAX_ROWS: usize = 32;

/// The greatest number of bytes in an append buffer, for the same reason.
pub(crate) const MAX_BYTES: u64 = 16 * 1024;

/// A chunk that more rows may be appended to.
#[derive(Debug)]
pub(crate) struct AppendBuffer {
    id: ChunkId,
    entity_path: EntityPath,
    row_ids: Vec<RowId>,
    timelines: SmallVec<[(Timeline, Vec<i64>); 2]>,
    columns: SmallVec<[(ComponentDescriptor, GrowingLists); 4]>,
    /// Where the series of its rows stand in the store: per timeline that of all rows, then those of the components.
    pub(crate) series: SmallVec<[u32; 4]>,
    row_bytes: u64,
    /// What the chunk takes beside its rows.
    own_bytes: u64,
    /// The rows as a reader sees them. Two readers who ask first at the same time wait for one copy.
    chunk: OnceLock<Arc<Chunk>>,
}

impl AppendBuffer {
    /// Of the rows of two chunks of one kind: with the same columns, of the same types. `None` where that cannot be.
    pub(crate) fn of(id: ChunkId, first: &Chunk, second: &Chunk, limits: AppendLimits) -> Option<Self> {
        let times = (limits.rows / first.num_rows().max(1))
            .min((limits.bytes / first.row_bytes().max(1)) as usize)
            .max(1);
        let rows = first.num_rows() * times;
        let column = |column: &ComponentColumn| {
            let lists = column.lists();
            let values = growing_lists::used(lists)?.len() * times;
            Some((
                column.descriptor().clone(),
                GrowingLists::new(lists.data_type(), rows, values)?,
            ))
        };
        let mut buffer = Self {
            id,
            entity_path: first.entity_path().clone(),
            row_ids: Vec::with_capacity(rows),
            timelines: first
                .timelines()
                .iter()
                .map(|times| (times.timeline().clone(), Vec::with_capacity(rows)))
                .collect(),
            columns: first.components().iter().map(column).collect::<Option<_>>()?,
            series: SmallVec::new(),
            row_bytes: 0,
            own_bytes: 0,
            chunk: OnceLock::new(),
        };
        for chunk in [first, second] {
            if !buffer.takes(chunk, limits) {
                return None;
            }
            buffer.append(chunk).ok()?;
        }
        // The chunk has the arrays that the first one has, and a buffer for each of their parts.
        buffer.own_bytes = first.slice(id, 0..0).num_bytes();
        Some(buffer)
    }

    /// Whether the rows of a chunk of the same kind are as plain as need be, and fit behind those that there are.
    pub(crate) fn takes(&self, chunk: &Chunk, limits: AppendLimits) -> bool {
        let rows = self.row_ids.len() + chunk.num_rows();
        rows <= limits.rows
            && self.row_bytes + chunk.row_bytes() <= limits.bytes
            && chunk.row_ids_sorted()
            && chunk
                .row_ids()
                .first()
                .is_some_and(|first| self.row_ids.last().is_none_or(|last| last < first))
            && self
                .timelines
                .iter()
                .zip(chunk.timelines())
                .all(|((_, own), times)| {
                    times.is_sorted() && own.last().is_none_or(|last| *last <= times.range().min)
                })
            && self
                .columns
                .iter()
                .zip(chunk.components())
                .all(|((_, lists), column)| lists.takes(column.lists()))
    }

    /// Puts rows that it [takes](Self::takes) behind the others.
    ///
    /// # Errors
    /// Where a column cannot be appended. The rows are as before then, and take no more.
    pub(crate) fn append(&mut self, chunk: &Chunk) -> Result<(), NotAppended> {
        let rows = self.row_ids.len();
        let mut columns = self.columns.iter_mut().zip(chunk.components());
        let appended = columns.try_for_each(|((_, own), column)| own.append(column.lists()));
        if let Err(error) = appended {
            debug_assert!(false, "a column that is taken can be appended");
            self.columns
                .iter_mut()
                .for_each(|(_, lists)| lists.truncate(rows));
            return Err(error);
        }
        self.chunk = OnceLock::new();
        self.row_bytes += chunk.row_bytes();
        self.row_ids.extend_from_slice(chunk.row_ids());
        for ((_, own), times) in self.timelines.iter_mut().zip(chunk.timelines()) {
            own.extend_from_slice(times.times());
        }
        Ok(())
    }

    /// The memory that its rows take as a chunk.
    pub(crate) fn num_bytes(&self) -> u64 {
        self.row_bytes + self.own_bytes
    }

    /// Reads a value of each line of memory that the next row is written to. See
    /// [`ChunkStore::prefetch_append`](crate::ChunkStore::prefetch_append).
    #[inline]
    pub(crate) fn prefetch(&self) {
        black_box((self.row_bytes, self.row_ids.last().copied()));
        for (_, times) in &self.timelines {
            black_box(times.last().copied());
        }
        self.columns.iter().for_each(|(_, lists)| lists.prefetch());
    }

    /// Whether there is no room for another row.
    pub(crate) fn is_full(&self, limits: AppendLimits) -> bool {
        self.row_ids.len() >= limits.rows || self.row_bytes >= limits.bytes
    }

    /// The rows as they are now.
    pub(crate) fn chunk(&self) -> &Arc<Chunk> {
        self.chunk.get_or_init(|| {
            let timelines = self
                .timelines
                .iter()
                .map(|(timeline, times)| TimeColumn::new(timeline.clone(), times.clone()));
            let columns = self
                .columns
                .iter()
                .map(|(descriptor, lists)| (descriptor.clone(), lists.snapshot()));
            Arc::new(self.make(&self.row_ids, timelines.collect(), columns))
        })
    }

    /// The rows, if a reader asked for them since the last one came.
    pub(crate) fn into_chunk(self) -> Option<Arc<Chunk>> {
        self.chunk.into_inner()
    }

    /// The rows, which become no more.
    pub(crate) fn finish(&mut self) -> Arc<Chunk> {
        // Room that is not needed any more is not kept.
        if self.row_ids.len() * 8 < self.row_ids.capacity() * 7 {
            self.chunk();
        }
        if let Some(chunk) = self.chunk.take() {
            return chunk;
        }
        let timelines = std::mem::take(&mut self.timelines);
        let timelines = timelines
            .into_iter()
            .map(|(timeline, times)| TimeColumn::new(timeline, times))
            .collect();
        let columns = std::mem::take(&mut self.columns)
            .into_iter()
            .map(|(descriptor, lists)| (descriptor, lists.finish()));
        Arc::new(self.make(&self.row_ids, timelines, columns))
    }

    fn make(
        &self,
        row_ids: &[RowId],
        timelines: SmallVec<[TimeColumn; 2]>,
        columns: impl Iterator<Item = (ComponentDescriptor, Option<ListArray>)>,
    ) -> Chunk {
        let rows = row_ids.len();
        let columns: Vec<ComponentColumn> = columns
            .map(|(descriptor, lists)| {
                debug_assert!(
                    lists.as_ref().is_some_and(|lists| lists.len() == rows),
                    "what was appended fits together"
                );
                let nothing =
                    || ListArray::new_null(Arc::new(Field::new("item", DataType::Null, true)), rows);
                ComponentColumn::new(descriptor, lists.unwrap_or_else(nothing))
            })
            .collect();
        let counted = CountedBytes {
            all: self.num_bytes(),
            rows: self.row_bytes,
        };
        Chunk::from_counted(
            self.id,
            self.entity_path.clone(),
            row_ids.into(),
            timelines,
            columns,
            counted,
        )
    }

    /// The bytes of the buffers. They count beside the rows, of which there mostly is a reader's copy as well.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + self.row_ids.capacity() * size_of::<RowId>()
            + self
                .timelines
                .iter()
                .map(|(_, times)| times.capacity() * size_of::<i64>())
                .sum::<usize>()
            + self
                .columns
                .iter()
                .map(|(_, lists)| lists.heap_bytes())
                .sum::<usize>()
            + if self.series.spilled() {
                self.series.capacity() * size_of::<u32>()
            } else {
                0
            }
    }
}

/// How much an append buffer takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendLimits {
    pub(crate) rows: usize,
    pub(crate) bytes: u64,
}

/// Whether the rows of a chunk are so few that others may be put behind them, and in order, and none is missing.
pub(crate) fn may_append(meta: &ChunkMeta, limits: AppendLimits) -> bool {
    meta.num_rows as usize * 2 <= limits.rows
        && meta.num_bytes * 2 <= limits.bytes
        && meta.timelines.iter().all(|times| times.sorted)
        && meta
            .components
            .iter()
            .all(|column| column.num_valid == meta.num_rows)
}

/// What is known of the rows of a chunk, under the id of the one that they were added to. Both have the same columns in the same
/// order, and rows that may be [appended](may_append).
pub(crate) fn added_meta(whole: &ChunkMeta, chunk: &Chunk) -> Option<ChunkMeta> {
    let num_rows = chunk.num_rows() as u32;
    let ranges: SmallVec<[TimeRange; 2]> = chunk.timelines().iter().map(TimeColumn::range).collect();
    let timelines = whole.timelines.iter().zip(&ranges);
    Some(ChunkMeta {
        id: whole.id,
        entity: whole.entity,
        is_static: false,
        num_rows,
        num_bytes: chunk.row_bytes(),
        row_ids: (*chunk.row_ids().first()?, *chunk.row_ids().last()?),
        timelines: timelines
            .map(|(times, range)| TimelineMeta {
                timeline: times.timeline,
                range: *range,
                sorted: true,
            })
            .collect(),
        components: whole
            .components
            .iter()
            .map(|column| ComponentMeta {
                component: column.component,
                num_valid: num_rows,
                ranges: ranges.clone(),
            })
            .collect(),
    })
}

/// Adds what is known of some rows to what is known of those before them, of the same columns in the same order.
pub(crate) fn include(whole: &mut ChunkMeta, added: &ChunkMeta) {
    whole.num_rows += added.num_rows;
    whole.num_bytes += added.num_bytes;
    whole.row_ids.1 = added.row_ids.1;
    for (times, more) in whole.timelines.iter_mut().zip(&added.timelines) {
        times.range = times.range.union(&more.range);
    }
    for (column, more) in whole.components.iter_mut().zip(&added.components) {
        column.num_valid += more.num_valid;
        for (range, more) in column.ranges.iter_mut().zip(&more.ranges) {
            *range = range.union(more);
        }
    }
}
