//! The rows of a column in the order of their times.

use std::sync::{Arc, OnceLock};

use arrow_array::Array as _;

use crate::{Chunk, RowId, interval_index::Entry};

/// A chunk in memory, with the orders of its rows as far as they were asked for.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) chunk: Arc<Chunk>,
    /// Per (time column, component column), and made when the first of them is needed: most chunks are sorted and dense.
    orders: OnceLock<Box<[OnceLock<Arc<[u32]>>]>>,
}

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
    pub(crate) fn first_after(&self, times: &[i64], time: i64) -> usize {
        match self {
            Self::All(_) => times.partition_point(|&other| other <= time),
            Self::Listed(rows) => rows.partition_point(|&row| times[row as usize] <= time),
        }
    }

    /// The position of the first row that is at `time` or later.
    #[inline]
    pub(crate) fn first_at(&self, times: &[i64], time: i64) -> usize {
        match self {
            Self::All(_) => times.partition_point(|&other| other < time),
            Self::Listed(rows) => rows.partition_point(|&row| times[row as usize] < time),
        }
    }
}

impl Body {
    pub(crate) fn new(chunk: Arc<Chunk>) -> Self {
        Self { chunk, orders: OnceLock::new() }
    }

    /// The times of a column.
    #[inline]
    pub(crate) fn times(&self, entry: &Entry) -> &[i64] {
        self.chunk.timelines().get(usize::from(entry.time_column())).map_or(&[], |column| column.times())
    }

    /// The valid rows of a column of an index entry, in order. Sorts once, where it must.
    pub(crate) fn rows(&self, entry: &Entry) -> Rows<'_> {
        let (Some(times), Some(column)) = (
            self.chunk.timelines().get(usize::from(entry.time_column())),
            self.chunk.components().get(usize::from(entry.column)),
        ) else {
            return Rows::All(0);
        };
        let dense = column.lists().null_count() == 0;
        if dense && times.is_sorted() && self.chunk.row_ids_sorted() {
            return Rows::All(self.chunk.num_rows() as u32);
        }
        let width = self.chunk.components().len();
        let orders = self.orders.get_or_init(|| (0..width * self.chunk.timelines().len()).map(|_| OnceLock::new()).collect());
        let Some(order) = orders.get(usize::from(entry.time_column()) * width + usize::from(entry.column)) else { return Rows::All(0) };
        Rows::Listed(order.get_or_init(|| {
            let mut rows: Vec<u32> = match column.lists().nulls() {
                Some(nulls) => nulls.valid_indices().map(|row| row as u32).collect(),
                None => (0..self.chunk.num_rows() as u32).collect(),
            };
            if !(times.is_sorted() && self.chunk.row_ids_sorted()) {
                let (times, row_ids) = (times.times(), self.chunk.row_ids());
                // Stable, so that of two rows with the same id the later one wins, as it does where nothing is sorted.
                rows.sort_by_key(|&row| (times[row as usize], row_ids[row as usize]));
            }
            rows.into()
        }))
    }

    /// The newest valid row of a column of static data.
    pub(crate) fn newest_row(&self, column: usize) -> Option<(RowId, u32)> {
        let lists = self.chunk.components().get(column)?.lists();
        let newest = |newest: Option<(RowId, u32)>, row: usize| {
            let candidate = (self.chunk.row_ids()[row], row as u32);
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
            orders.len() * size_of::<OnceLock<Arc<[u32]>>>()
                + orders.iter().filter_map(OnceLock::get).map(|rows| 16 + size_of_val(&**rows)).sum::<usize>()
        })
    }
}
