//! Range: all rows of a component between two times, in order.
//!
//! The answer is a list of slices of chunks. Nothing is copied: a chunk that is sorted and dense is a span of its rows, one
//! that is not is a list of row numbers made once per chunk. Chunks whose times overlap are woven together, by runs.
//!
//! Clears are not applied: what draws a range fetches them apart, as rows of
//! [`CLEAR_COMPONENT`](crate::clear::CLEAR_COMPONENT), and draws gaps.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    ops::Range,
    sync::{Arc, atomic::AtomicU64},
};

use arrow_array::ArrayRef;
use smallvec::SmallVec;

use crate::{
    Chunk, ChunkId, ChunkStore, ComponentColumn, ComponentId, EntityId, Hit, LatestAt, RowId, TimeRange, TimelineId,
    interval_index::Entry,
    rows::{Body, Rows},
    series::Series,
};

/// The rows of a component between two times, ordered by (time, row id). Cloning is cheap.
#[derive(Clone, Debug)]
pub struct RangeAnswer {
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
        self.chunk.components()[usize::from(self.column)].lists().value(self.row)
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

impl RangeAnswer {
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

    /// The store's generation when a chunk of the series last came or went: answers to the same question with the same
    /// version are the same.
    pub fn version(&self) -> u64 {
        self.inner.version
    }

    /// Whether this is the very same answer.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// What enters and leaves at the edges from an older answer of the same series to this one. `None` where chunks came or
    /// went in between, or where the ranges have nothing in common: then everything has to be taken anew.
    pub fn delta_since(&self, older: &Self) -> Option<RangeDelta> {
        if self.version() != older.version() || !self.range().intersects(&older.range()) {
            return None;
        }
        let (new, old) = (self.range(), older.range());
        Some(RangeDelta {
            lost_front: if old.min < new.min { older.count_before(new.min) } else { 0 },
            gained_front: if new.min < old.min { self.count_before(old.min) } else { 0 },
            lost_back: if old.max > new.max { older.count_after(new.max) } else { 0 },
            gained_back: if new.max > old.max { self.count_after(old.max) } else { 0 },
        })
    }

    /// The number of rows before a time. O(slices + log rows).
    fn count_before(&self, time: i64) -> usize {
        let mut count = 0;
        for slice in self.slices() {
            let times = slice.chunk_times();
            let within = partition(slice.num_rows(), |at| times[slice.row(at)] < time);
            count += within;
            if within < slice.num_rows() {
                break;
            }
        }
        count
    }

    /// The number of rows after a time.
    fn count_after(&self, time: i64) -> usize {
        self.num_rows() - time.checked_add(1).map_or(self.num_rows(), |next| self.count_before(next))
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
    pub fn range(&self, entity: EntityId, timeline: TimelineId, range: TimeRange, component: ComponentId) -> RangeAnswer {
        let mut inner = Inner { slices: Vec::new(), static_hit: None, missing: SmallVec::new(), range, num_rows: 0, version: 0 };
        if let Some(series) = self.static_series(entity, component) {
            let LatestAt { hit, missing, .. } = self.publish(self.find_static(series)).into_owned();
            inner.static_hit = hit;
            inner.missing = missing;
            inner.version = series.version;
        } else if let Some((_, series)) = self.series_of(entity, timeline, component) {
            self.range_in(series, range, &mut inner);
        }
        inner.num_rows = inner.slices.iter().map(RangeSlice::num_rows).sum();
        RangeAnswer { inner: Arc::new(inner) }
    }

    fn range_in(&self, series: &Series, range: TimeRange, answer: &mut Inner) {
        answer.version = series.version;
        let mut parts: Vec<Part<'_>> = Vec::new();
        series.index.for_each_overlapping(range, |entry| {
            let Some(slot) = self.slot(entry.slot) else { return };
            match &slot.body {
                Some(body) => parts.extend(Part::new(body, entry, range, &self.order_bytes)),
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
            // Parts that overlap, one way or through others, are woven together.
            let mut last = first.last;
            let mut group = 1;
            while let Some(part) = rest.get(group).filter(|part| part.first < last) {
                last = last.max(part.last);
                group += 1;
            }
            let (woven, others) = std::mem::take(&mut rest).split_at_mut(group);
            if let [part] = woven {
                answer.slices.push(part.slice(part.span.clone()));
            } else {
                weave(woven, &mut answer.slices);
            }
            rest = others;
        }
    }
}

type Key = (i64, RowId);

/// The rows of one chunk in a range.
struct Part<'a> {
    body: &'a Body,
    entry: Entry,
    rows: Rows<'a>,
    times: &'a [i64],
    span: Range<usize>,
    first: Key,
    last: Key,
}

impl<'a> Part<'a> {
    fn new(body: &'a Body, entry: &Entry, range: TimeRange, order_bytes: &AtomicU64) -> Option<Self> {
        let (rows, times) = (body.rows(entry, order_bytes), body.times(entry));
        let start = if range.min <= entry.min { 0 } else { rows.first_at(times, entry, range.min) };
        let end = if range.max >= entry.max { rows.len() } else { rows.first_after(times, entry, range.max) };
        if start >= end {
            return None;
        }
        let mut part = Self { body, entry: *entry, rows, times, span: start..end, first: (0, RowId::MIN), last: (0, RowId::MIN) };
        part.first = part.key(start);
        part.last = part.key(end - 1);
        Some(part)
    }

    fn key(&self, at: usize) -> Key {
        let row = self.rows.row(at);
        (self.times[row], self.body.chunk.row_ids()[row])
    }

    fn slice(&self, span: Range<usize>) -> RangeSlice {
        let span = span.start as u32..span.end as u32;
        RangeSlice {
            chunk: Arc::clone(&self.body.chunk),
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
fn weave(parts: &mut [Part<'_>], slices: &mut Vec<RangeSlice>) {
    let mut heap: BinaryHeap<Reverse<(Key, usize)>> =
        parts.iter().enumerate().map(|(at, part)| Reverse((part.first, at))).collect();
    while let Some(Reverse((_, at))) = heap.pop() {
        let Some(part) = parts.get_mut(at) else { continue };
        let start = part.span.start;
        let end = match heap.peek() {
            None => part.span.end,
            Some(Reverse((other, other_at))) => {
                // Of two copies of a row, the one of the earlier part comes first.
                let run = partition(part.span.len(), |offset| (part.key(start + offset), at) < (*other, *other_at));
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
