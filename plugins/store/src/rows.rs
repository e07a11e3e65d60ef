//! The rows of a column in the order of their times.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use arrow_array::Array as _;

use crate::{Chunk, RowId, append_buffer::AppendBuffer, interval_index::Entry};

/// A chunk in memory, with the orders of its rows as far as they were asked for.
#[derive(Debug)]
pub(crate) struct ChunkData {
    content: Content,
    /// Per (time column, component column), and made when the first of them is needed: most chunks are sorted and dense.
    orders: OnceLock<Box<[Order]>>,
}

#[derive(Debug)]
enum Content {
    Whole(Arc<Chunk>),
    /// More rows may come.
    AppendBuffer(Box<AppendBuffer>),
}

type Order = OnceLock<Arc<[u32]>>;

/// The valid rows of a column, ordered by (time, row id).
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// All rows, as they stand.
    All(u32),
    /// These rows.
    Listed(&'a Arc<[u32]>),
}

impl Rows<'_> {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::All(len) => *len as usize,
            Self::Listed(rows) => rows.len(),
        }
    }

    /// The row that stands at a position.
    #[inline]
    pub(crate) fn row(&self, at: usize) -> usize {
        match self {
            Self::All(_) => at,
            Self::Listed(rows) => rows[at] as usize,
        }
    }

    /// The position of the first row that is later than `time`.
    #[inline]
    pub(crate) fn first_after(&self, times: &[i64], entry: &Entry, time: i64) -> usize {
        // The last time is known without fetching it, and the end is where a cursor mostly is.
        if entry.max <= time {
            return self.len();
        }
        self.partition_point(times, |other| other <= time)
    }

    /// The position of the first row whose time is not one of the first ones.
    #[inline]
    pub(crate) fn partition_point(&self, times: &[i64], is_first: impl Fn(i64) -> bool) -> usize {
        match self {
            // The chunk may have got more rows meanwhile.
            Self::All(len) => times[..times.len().min(*len as usize)].partition_point(|time| is_first(*time)),
            Self::Listed(rows) => rows.partition_point(|row| is_first(times[*row as usize])),
        }
    }

    /// The order of the rows, where they do not stand in it.
    pub(crate) fn listed(&self) -> Option<&Arc<[u32]>> {
        match self {
            Self::All(_) => None,
            Self::Listed(rows) => Some(rows),
        }
    }

    /// The position of the first row that is at `time` or later.
    #[inline]
    pub(crate) fn first_at(&self, times: &[i64], entry: &Entry, time: i64) -> usize {
        if time <= entry.min {
            return 0;
        }
        self.partition_point(times, |other| other < time)
    }
}

impl ChunkData {
    pub(crate) fn new(chunk: Arc<Chunk>) -> Self {
        Self {
            content: Content::Whole(chunk),
            orders: OnceLock::new(),
        }
    }

    pub(crate) fn buffer(buffer: AppendBuffer) -> Self {
        Self {
            content: Content::AppendBuffer(Box::new(buffer)),
            orders: OnceLock::new(),
        }
    }

    /// The rows.
    #[inline]
    pub(crate) fn chunk(&self) -> &Arc<Chunk> {
        match &self.content {
            Content::Whole(chunk) => chunk,
            Content::AppendBuffer(buffer) => buffer.chunk(),
        }
    }

    /// The rows, where they become no more.
    pub(crate) fn whole(&self) -> Option<&Arc<Chunk>> {
        match &self.content {
            Content::Whole(chunk) => Some(chunk),
            Content::AppendBuffer(_) => None,
        }
    }

    /// Whether the rows stand in the order of their ids.
    pub(crate) fn row_ids_sorted(&self) -> bool {
        match &self.content {
            Content::Whole(chunk) => chunk.row_ids_sorted(),
            // No others are appended.
            Content::AppendBuffer(_) => true,
        }
    }

    /// The rows, where they are at hand as a chunk.
    pub(crate) fn into_chunk(self) -> Option<Arc<Chunk>> {
        match self.content {
            Content::Whole(chunk) => Some(chunk),
            Content::AppendBuffer(buffer) => buffer.into_chunk(),
        }
    }

    /// The buffers that more rows may be put to, where there are any.
    pub(crate) fn append_buffer(&self) -> Option<&AppendBuffer> {
        match &self.content {
            Content::Whole(_) => None,
            Content::AppendBuffer(buffer) => Some(buffer),
        }
    }

    /// As [`Self::append_buffer`], to put rows to.
    pub(crate) fn append_buffer_mut(&mut self) -> Option<&mut AppendBuffer> {
        match &mut self.content {
            Content::Whole(_) => None,
            Content::AppendBuffer(buffer) => Some(buffer),
        }
    }

    /// No more rows come.
    pub(crate) fn finish(&mut self) {
        if let Content::AppendBuffer(buffer) = &mut self.content {
            self.content = Content::Whole(buffer.finish());
        }
    }

    /// The heap bytes of the buffers that more rows may be put to.
    pub(crate) fn append_bytes(&self) -> usize {
        match &self.content {
            Content::Whole(_) => 0,
            Content::AppendBuffer(buffer) => buffer.heap_bytes(),
        }
    }

    /// The times of a column.
    #[inline]
    pub(crate) fn times(&self, entry: &Entry) -> &[i64] {
        self.chunk()
            .timelines()
            .get(usize::from(entry.time_column()))
            .map_or(&[], |column| column.times())
    }

    /// The valid rows of a column of an index entry, in order. Sorts once, where it must.
    ///
    /// What the order takes is added to `order_bytes`.
    #[inline]
    pub(crate) fn rows(&self, entry: &Entry, order_bytes: &AtomicU64) -> Rows<'_> {
        // Rows in an append buffer are in order, and none is missing.
        let in_order = entry.is_in_order() || matches!(self.content, Content::AppendBuffer(_));
        if in_order {
            Rows::All(entry.rows)
        } else {
            self.listed_rows(entry, order_bytes)
        }
    }

    fn listed_rows(&self, entry: &Entry, order_bytes: &AtomicU64) -> Rows<'_> {
        let (Some(times), Some(column)) = (
            self.chunk().timelines().get(usize::from(entry.time_column())),
            self.chunk().components().get(usize::from(entry.column)),
        ) else {
            return Rows::All(0);
        };
        let width = self.chunk().components().len();
        let orders = self.orders.get_or_init(|| {
            let orders: Box<[Order]> = (0..width * self.chunk().timelines().len())
                .map(|_| OnceLock::new())
                .collect();
            order_bytes.fetch_add(size_of_val(&*orders) as u64, Ordering::Relaxed);
            orders
        });
        let Some(order) = orders.get(usize::from(entry.time_column()) * width + usize::from(entry.column))
        else {
            return Rows::All(0);
        };
        Rows::Listed(order.get_or_init(|| {
            let mut rows: Vec<u32> = match column.lists().nulls() {
                Some(nulls) => nulls.valid_indices().map(|row| row as u32).collect(),
                None => (0..self.chunk().num_rows() as u32).collect(),
            };
            if !(times.is_sorted() && self.chunk().row_ids_sorted()) {
                let (times, row_ids) = (times.times(), self.chunk().row_ids());
                // Stable, so that of two rows with the same id the later one wins, as it does where nothing is sorted.
                rows.sort_by_key(|&row| (times[row as usize], row_ids[row as usize]));
            }
            let rows: Arc<[u32]> = rows.into();
            order_bytes.fetch_add(list_bytes(&rows) as u64, Ordering::Relaxed);
            rows
        }))
    }

    /// Whether the rows stand in the order of a time column.
    pub(crate) fn is_sorted_by(&self, entry: &Entry) -> bool {
        self.chunk()
            .timelines()
            .get(usize::from(entry.time_column()))
            .is_some_and(crate::TimeColumn::is_sorted)
    }

    /// All rows as they stand.
    pub(crate) fn all_rows(&self) -> Rows<'_> {
        Rows::All(self.chunk().num_rows() as u32)
    }

    /// The newest valid row of a column of static data.
    pub(crate) fn newest_row(&self, column: usize) -> Option<(RowId, u32)> {
        let lists = self.chunk().components().get(column)?.lists();
        let newest = |newest: Option<(RowId, u32)>, row: usize| {
            let candidate = (self.chunk().row_ids()[row], row as u32);
            newest.max(Some(candidate))
        };
        match lists.nulls() {
            None => (0..lists.len()).fold(None, newest),
            Some(nulls) => nulls.valid_indices().fold(None, newest),
        }
    }

    /// The heap bytes of the orders that were made.
    pub(crate) fn order_bytes(&self) -> usize {
        self.orders.get().map_or(0, |orders| {
            size_of_val(&**orders)
                + orders
                    .iter()
                    .filter_map(OnceLock::get)
                    .map(list_bytes)
                    .sum::<usize>()
        })
    }
}

/// The heap bytes of a list of rows, with the counters of its `Arc`.
fn list_bytes(rows: &Arc<[u32]>) -> usize {
    2 * size_of::<usize>() + size_of_val(&**rows)
}
