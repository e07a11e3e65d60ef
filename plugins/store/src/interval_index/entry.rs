//! The entries of an index.

use smallvec::SmallVec;

use crate::TimeRange;

/// How many entries a node holds.
pub(super) const NODE_CAPACITY: usize = 32;

/// One chunk of a series: the time range of its valid rows, and where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) min: i64,
    pub(crate) max: i64,
    /// The chunk's slot in the store.
    pub(crate) slot: u32,
    /// The position of the component's column in the chunk.
    pub(crate) column: u16,
    /// The position of the timeline's column in the chunk, [`LOADED`] and [`IN_ORDER`].
    time_column: u16,
    /// The number of valid rows.
    pub(crate) rows: u32,
}

/// Set where the chunk's data is in memory.
const LOADED: u16 = 1 << 15;

/// Set where all rows are valid and stand in the order of (time, row id).
const IN_ORDER: u16 = 1 << 14;

/// Chunks must have fewer columns than this.
pub(crate) const MAX_COLUMNS: usize = IN_ORDER as usize;

/// What entries are ordered by: their beginnings, and slots.
pub(crate) type Key = (i64, u32);

impl Entry {
    pub(crate) fn new(
        range: TimeRange,
        slot: u32,
        rows: u32,
        (column, time_column): (usize, usize),
        loaded: bool,
    ) -> Self {
        debug_assert!(column < MAX_COLUMNS && time_column < MAX_COLUMNS);
        let loaded = if loaded { LOADED } else { 0 };
        let (column, time_column) = (column as u16, time_column as u16 | loaded);
        Self {
            min: range.min,
            max: range.max,
            slot,
            column,
            time_column,
            rows,
        }
    }

    /// Notes whether all rows of the chunk are valid and stand in order.
    pub(crate) fn with_order(mut self, in_order: bool) -> Self {
        self.time_column |= if in_order { IN_ORDER } else { 0 };
        self
    }

    /// Whether all rows of the chunk are valid and stand in order. `false` where that is not known.
    #[inline]
    pub(crate) fn is_in_order(&self) -> bool {
        self.time_column & IN_ORDER != 0
    }

    /// The position of the timeline's column in the chunk.
    #[inline]
    pub(crate) fn time_column(&self) -> u16 {
        self.time_column & !(LOADED | IN_ORDER)
    }

    /// Whether the chunk's data is in memory.
    #[inline]
    pub(crate) fn is_loaded(&self) -> bool {
        self.time_column & LOADED != 0
    }

    /// The end, as far as loaded chunks are concerned.
    pub(super) fn loaded_max(&self) -> i64 {
        if self.is_loaded() { self.max } else { i64::MIN }
    }

    pub(crate) fn key(&self) -> Key {
        (self.min, self.slot)
    }
}

/// What surrounds a time in an index.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// The entries that cover the time.
    pub(crate) covering: SmallVec<[Entry; 4]>,
    /// The latest end before the time.
    pub(crate) before: Option<i64>,
    /// The latest end before the time of a chunk that is loaded.
    pub(crate) loaded_before: Option<i64>,
    /// The earliest beginning after the time.
    pub(crate) after: Option<i64>,
}

impl Around {
    pub(super) fn note_loaded(&mut self, end: i64) {
        // No row lies at the reserved time.
        if end != i64::MIN {
            self.loaded_before = self.loaded_before.max(Some(end));
        }
    }
}

/// The bucket of `range` that a time lies in; times outside count with the first and the last.
pub(crate) fn bucket_of(time: i64, range: TimeRange, buckets: usize) -> usize {
    let time = time.clamp(range.min, range.max);
    let width = u128::from(range.length()) + 1;
    let at = u128::from(time.abs_diff(range.min)) * buckets as u128 / width;
    usize::try_from(at).unwrap_or(0).min(buckets.saturating_sub(1))
}
