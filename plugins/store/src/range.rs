//! Range: all rows of a component between two times, in order.
//!
//! The answer is a list of slices of chunks. Nothing is copied: a chunk that is sorted and dense is a span of its rows, one
//! that is not is a list of row numbers made once per chunk. Chunks whose times overlap are merged, by runs: of two
//! writers that log to one series in turn, each row is a slice, until their chunks are merged at insert into one. (Chunks of a
//! source are not merged; there a slice costs 64 bytes, and finding what changed since an older answer O(slices).)
//!
//! Clears are not applied: what draws a range fetches them apart, as rows of
//! [`CLEAR_COMPONENT`](crate::clear::CLEAR_COMPONENT), and draws gaps.

mod mapped;

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    ops::Range,
    sync::{Arc, atomic::AtomicU64},
};

use arrow_array::ArrayRef;
use smallvec::SmallVec;

pub use mapped::MappedColumns;

use crate::{
    Chunk, ChunkId, ChunkStore, ComponentColumn, ComponentId, EntityId, Hit, LatestAt, RowId, TimeRange,
    TimelineId,
    interval_index::Entry,
    rows::{ChunkData, Rows},
    series::Series,
};

/// The rows of a component between two times, ordered by (time, row id). Cloning is cheap.
#[derive(Clone, Debug)]
pub struct RangeResult {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    slices: Vec<RangeSlice>,
    static_hit: Option<Hit>,
    missing: SmallVec<[ChunkId; 1]>,
    range: TimeRange,
    num_rows: usize,
    version: u64,
}

/// Rows of one chunk, in order.
#[derive(Clone, Debug)]
pub struct RangeSlice {
    chunk: Arc<Chunk>,
    column: u16,
    time_column: u16,
    rows: SliceRows,
}

#[derive(Clone, Debug)]
enum SliceRows {
    Span(Range<u32>),
    Listed(Arc<[u32]>, Range<u32>),
}

/// A row of a range.
#[derive(Clone, Copy, Debug)]
pub struct RangeRow<'a> {
    /// The row's time.
    pub time: i64,
    /// The row's id.
    pub row_id: RowId,
    /// The chunk that holds it.
    pub chunk: &'a Arc<Chunk>,
    /// Its position in the chunk.
    pub row: usize,
    column: u16,
}

impl RangeRow<'_> {
    /// The instances: a slice that shares the chunk's memory.
    pub fn cell(&self) -> ArrayRef {
        self.chunk.components()[usize::from(self.column)]
            .lists()
            .value(self.row)
    }
}

impl RangeSlice {
    /// The chunk.
    pub fn chunk(&self) -> &Arc<Chunk> {
        &self.chunk
    }

    /// The component's column.
    pub fn column(&self) -> &ComponentColumn {
        &self.chunk.components()[usize::from(self.column)]
    }

    /// The number of rows.
    pub fn num_rows(&self) -> usize {
        let (SliceRows::Span(span) | SliceRows::Listed(_, span)) = &self.rows;
        span.len()
    }

    /// The rows, where they stand side by side in the chunk and every one of them is valid.
    pub fn span(&self) -> Option<Range<usize>> {
        match &self.rows {
            SliceRows::Span(span) => Some(span.start as usize..span.end as usize),
            SliceRows::Listed(..) => None,
        }
    }

    /// The position in the chunk of the slice's `at`-th row.
    pub fn row(&self, at: usize) -> usize {
        match &self.rows {
            SliceRows::Span(span) => span.start as usize + at,
            SliceRows::Listed(rows, span) => rows[span.start as usize + at] as usize,
        }
    }

    /// The positions in the chunk, in the order of the rows' times.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        (0..self.num_rows()).map(|at| self.row(at))
    }

    fn key(&self, at: usize) -> Key {
        let row = self.row(at);
        (self.chunk_times()[row], self.chunk.row_ids()[row])
    }

    /// Whether the rows from `start` on are those of another slice from `other_start` on, as can be told without looking at
    /// them.
    fn is_same_run(&self, start: usize, other: &Self, other_start: usize) -> bool {
        let same_rows = match (&self.rows, &other.rows) {
            (SliceRows::Span(a), SliceRows::Span(b)) => {
                a.start as usize + start == b.start as usize + other_start
            }
            (SliceRows::Listed(list, a), SliceRows::Listed(other_list, b)) => {
                Arc::ptr_eq(list, other_list) && a.start as usize + start == b.start as usize + other_start
            }
            _ => false,
        };
        same_rows && Arc::ptr_eq(&self.chunk, &other.chunk) && self.column == other.column
    }

    /// The rows' times, never decreasing.
    pub fn times(&self) -> impl Iterator<Item = i64> {
        let times = self.chunk_times();
        self.rows().map(|row| times[row])
    }

    /// The times of all rows of the chunk, also of those that are not in the slice.
    pub fn chunk_times(&self) -> &[i64] {
        self.chunk.timelines()[usize::from(self.time_column)].times()
    }
}

impl RangeResult {
    /// The rows as slices of chunks.
    pub fn slices(&self) -> &[RangeSlice] {
        &self.inner.slices
    }

    /// Each row.
    pub fn rows(&self) -> impl Iterator<Item = RangeRow<'_>> {
        self.inner.slices.iter().flat_map(|slice| {
            let times = slice.chunk_times();
            slice.rows().map(move |row| RangeRow {
                time: times[row],
                row_id: slice.chunk.row_ids()[row],
                chunk: &slice.chunk,
                row,
                column: slice.column,
            })
        })
    }

    /// The number of rows.
    pub fn num_rows(&self) -> usize {
        self.inner.num_rows
    }

    /// The static row, where the component is static. There are no slices then: static data wins over temporal data.
    pub fn static_hit(&self) -> Option<&Hit> {
        self.inner.static_hit.as_ref()
    }

    /// The chunks that would have to be loaded to be sure.
    pub fn missing(&self) -> &[ChunkId] {
        &self.inner.missing
    }

    /// The range that was asked for.
    pub fn range(&self) -> TimeRange {
        self.inner.range
    }

    /// The store's generation when rows of the series last came or went: answers to the same question with the same
    /// version are the same.
    pub fn version(&self) -> u64 {
        self.inner.version
    }

    /// Whether this is the very same answer.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// What enters and leaves at the edges from an older answer of the same series to this one: where the range moved, where
    /// rows were logged at the end, where the front was collected. What is drawn from the older answer is then extended.
    ///
    /// `None` where rows came or went in between, or where the answers have nothing in common: then everything has to be
    /// taken anew. Costs O(slices + log rows); where chunks were merged since, each of their rows' ids is looked at.
    pub fn delta_since(&self, older: &Self) -> Option<RangeDelta> {
        if self.version() == older.version() {
            return self.delta_by_range(older);
        }
        let (Some(ends), Some(old_ends)) = (self.ends(), older.ends()) else {
            let has_static = self.static_hit().is_some() || older.static_hit().is_some();
            // One of them is empty.
            let delta = RangeDelta {
                lost_front: older.num_rows(),
                gained_back: self.num_rows(),
                ..RangeDelta::default()
            };
            return (!has_static).then_some(delta);
        };
        let delta = RangeDelta {
            lost_front: older.count_while(|key| key < ends.0),
            gained_front: self.count_while(|key| key < old_ends.0),
            lost_back: older.num_rows() - older.count_while(|key| key <= ends.1),
            gained_back: self.num_rows() - self.count_while(|key| key <= old_ends.1),
        };
        let kept = older.num_rows().checked_sub(delta.lost_front + delta.lost_back)?;
        let same = self
            .num_rows()
            .checked_sub(delta.gained_front + delta.gained_back)?
            == kept;
        (same && kept > 0 && self.has_same_rows(delta.gained_front, older, delta.lost_front, kept))
            .then_some(delta)
    }

    /// [`Self::delta_since`] where no row came or went.
    fn delta_by_range(&self, older: &Self) -> Option<RangeDelta> {
        let (new, old) = (self.range(), older.range());
        new.intersects(&old).then(|| RangeDelta {
            lost_front: if old.min < new.min {
                older.count_while(|key| key.0 < new.min)
            } else {
                0
            },
            gained_front: if new.min < old.min {
                self.count_while(|key| key.0 < old.min)
            } else {
                0
            },
            lost_back: if old.max > new.max {
                older.num_rows() - older.count_while(|key| key.0 <= new.max)
            } else {
                0
            },
            gained_back: if new.max > old.max {
                self.num_rows() - self.count_while(|key| key.0 <= old.max)
            } else {
                0
            },
        })
    }

    /// The first and the last row.
    fn ends(&self) -> Option<(Key, Key)> {
        let (first, last) = (self.slices().first()?, self.slices().last()?);
        Some((first.key(0), last.key(last.num_rows().checked_sub(1)?)))
    }

    /// The number of rows at the front for which something holds that holds for no row behind them. O(slices + log rows).
    fn count_while(&self, holds: impl Fn(Key) -> bool) -> usize {
        let mut count = 0;
        for slice in self.slices() {
            let rows = slice.num_rows();
            if rows > 0 && !holds(slice.key(rows - 1)) {
                return count + partition(rows, |at| holds(slice.key(at)));
            }
            count += rows;
        }
        count
    }

    /// Whether `count` rows from `start` on are the same as those of another answer from `other_start` on.
    fn has_same_rows(&self, start: usize, other: &Self, other_start: usize, count: usize) -> bool {
        let (mut ours, mut theirs) = (self.slices_from(start), other.slices_from(other_start));
        let (mut our, mut their) = (ours.next(), theirs.next());
        let mut left = count;
        while left > 0 {
            let (Some((a, a_start)), Some((b, b_start))) = (our, their) else {
                return false;
            };
            let (a_rows, b_rows) = (a.num_rows() - a_start, b.num_rows() - b_start);
            let step = a_rows.min(b_rows).min(left);
            if !a.is_same_run(a_start, b, b_start)
                && (0..step).any(|at| a.key(a_start + at) != b.key(b_start + at))
            {
                return false;
            }
            left -= step;
            our = if step == a_rows {
                ours.next()
            } else {
                Some((a, a_start + step))
            };
            their = if step == b_rows {
                theirs.next()
            } else {
                Some((b, b_start + step))
            };
        }
        true
    }

    /// The slices from a row on, each with the row of it to begin at.
    fn slices_from(&self, start: usize) -> impl Iterator<Item = (&RangeSlice, usize)> {
        let mut skip = start;
        self.slices().iter().filter_map(move |slice| {
            let begin = skip.min(slice.num_rows());
            skip -= begin;
            (begin < slice.num_rows()).then_some((slice, begin))
        })
    }

    /// The memory of the answer beside the chunks.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Inner>() + self.inner.slices.capacity() * size_of::<RangeSlice>()
    }
}

/// What changed at the edges of a range that moved, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RangeDelta {
    /// Rows at the front of the older answer that are not in the newer.
    pub lost_front: usize,
    /// Rows at the front of the newer answer that were not in the older.
    pub gained_front: usize,
    /// Rows at the back of the older answer that are not in the newer.
    pub lost_back: usize,
    /// Rows at the back of the newer answer that were not in the older.
    pub gained_back: usize,
}

impl ChunkStore {
    /// All rows of a component in a range of times, both ends inclusive, without any cache. Clears are not applied.
    ///
    /// Costs O(log n + k log r) for k chunks of r rows in the range, and a step per run where chunks overlap.
    pub fn range(
        &self,
        entity: EntityId,
        timeline: TimelineId,
        range: TimeRange,
        component: ComponentId,
    ) -> RangeResult {
        let mut inner = Inner {
            slices: Vec::new(),
            static_hit: None,
            missing: SmallVec::new(),
            range,
            num_rows: 0,
            version: 0,
        };
        if let Some(series) = self.static_series(entity, component) {
            let LatestAt { hit, missing, .. } = self.publish(self.find_static(series)).into_owned();
            inner.static_hit = hit;
            inner.missing = missing;
            inner.version = series.version;
        } else if let Some((_, series)) = self.series_of(entity, timeline, component) {
            self.range_in(series, range, &mut inner);
        }
        inner.num_rows = inner.slices.iter().map(RangeSlice::num_rows).sum();
        RangeResult {
            inner: Arc::new(inner),
        }
    }

    fn range_in(&self, series: &Series, range: TimeRange, answer: &mut Inner) {
        answer.version = series.version;
        let mut parts: Vec<ChunkRows<'_>> = Vec::new();
        series.index.for_each_overlapping(range, |entry| {
            let Some(slot) = self.indexed(entry.slot) else {
                return;
            };
            match &slot.chunk_data {
                Some(chunk_data) => parts.extend(ChunkRows::new(chunk_data, entry, range, &self.order_bytes)),
                None => answer.missing.push(slot.meta.id),
            }
        });
        // Ordered by where their chunks begin; a part begins later where the range cuts its chunk.
        if !parts.is_sorted_by_key(|part| part.first) {
            parts.sort_by_key(|part| part.first);
        }
        answer.slices.reserve(parts.len());
        let mut rest = parts.as_mut_slice();
        while let Some(first) = rest.first() {
            // Parts that overlap, one way or through others, are merged.
            let mut last = first.last;
            let mut group = 1;
            while let Some(part) = rest.get(group).filter(|part| part.first < last) {
                last = last.max(part.last);
                group += 1;
            }
            let (overlapping, others) = std::mem::take(&mut rest).split_at_mut(group);
            if let [part] = overlapping {
                answer.slices.push(part.slice(part.span.clone()));
            } else {
                merge_overlapping(overlapping, &mut answer.slices);
            }
            rest = others;
        }
    }
}

type Key = (i64, RowId);

/// The rows of one chunk in a range.
struct ChunkRows<'a> {
    chunk_data: &'a ChunkData,
    entry: Entry,
    rows: Rows<'a>,
    times: &'a [i64],
    span: Range<usize>,
    first: Key,
    last: Key,
}

impl<'a> ChunkRows<'a> {
    fn new(
        chunk_data: &'a ChunkData,
        entry: &Entry,
        range: TimeRange,
        order_bytes: &AtomicU64,
    ) -> Option<Self> {
        let (rows, times) = (chunk_data.rows(entry, order_bytes), chunk_data.times(entry));
        let start = if range.min <= entry.min {
            0
        } else {
            rows.first_at(times, entry, range.min)
        };
        let end = if range.max >= entry.max {
            rows.len()
        } else {
            rows.first_after(times, entry, range.max)
        };
        if start >= end {
            return None;
        }
        let mut part = Self {
            chunk_data,
            entry: *entry,
            rows,
            times,
            span: start..end,
            first: (0, RowId::MIN),
            last: (0, RowId::MIN),
        };
        part.first = part.key(start);
        part.last = part.key(end - 1);
        Some(part)
    }

    fn key(&self, at: usize) -> Key {
        let row = self.rows.row(at);
        (self.times[row], self.chunk_data.chunk().row_ids()[row])
    }

    fn slice(&self, span: Range<usize>) -> RangeSlice {
        let span = span.start as u32..span.end as u32;
        RangeSlice {
            chunk: Arc::clone(self.chunk_data.chunk()),
            column: self.entry.column,
            time_column: self.entry.time_column(),
            rows: match self.rows {
                Rows::All(_) => SliceRows::Span(span),
                Rows::Listed(rows) => SliceRows::Listed(Arc::clone(rows), span),
            },
        }
    }
}

/// Merges parts that overlap into runs: of the part whose next row comes first, as many rows as come before the others'.
fn merge_overlapping(parts: &mut [ChunkRows<'_>], slices: &mut Vec<RangeSlice>) {
    let mut heap: BinaryHeap<Reverse<(Key, usize)>> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| Reverse((part.first, at)))
        .collect();
    while let Some(Reverse((_, at))) = heap.pop() {
        let Some(part) = parts.get_mut(at) else { continue };
        let start = part.span.start;
        let end = match heap.peek() {
            None => part.span.end,
            Some(Reverse((other, other_at))) => {
                // Of two copies of a row, the one of the earlier part comes first.
                let run = partition(part.span.len(), |offset| {
                    (part.key(start + offset), at) < (*other, *other_at)
                });
                start + run.max(1)
            }
        };
        slices.push(part.slice(start..end));
        part.span.start = end;
        if end < part.span.end {
            heap.push(Reverse((part.key(end), at)));
        }
    }
}

/// The first position at which `before` is false, found by halving.
fn partition(len: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
