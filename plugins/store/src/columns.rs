//! The columns of a chunk: times, row ids, components.

use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, FixedSizeBinaryArray, ListArray};
use arrow_buffer::{Buffer, ScalarBuffer};

use crate::{CellRef, ComponentDescriptor, RowId, TimeRange, Timeline};

/// The times of a chunk's rows on one timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeColumn {
    pub(crate) timeline: Timeline,
    pub(crate) times: ScalarBuffer<i64>,
    pub(crate) range: TimeRange,
    pub(crate) sorted: bool,
}

impl TimeColumn {
    /// The column of these times, one per row. Finds their range and whether they are sorted, in one pass.
    pub fn new(timeline: Timeline, times: impl Into<ScalarBuffer<i64>>) -> Self {
        let times = times.into();
        let (mut range, mut sorted, mut previous) = (TimeRange::EMPTY, true, i64::MIN);
        for &time in &*times {
            range.min = range.min.min(time);
            range.max = range.max.max(time);
            sorted &= previous <= time;
            previous = time;
        }
        Self {
            timeline,
            times,
            range,
            sorted,
        }
    }

    /// The timeline.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// A time per row, in the timeline's unit.
    pub fn times(&self) -> &ScalarBuffer<i64> {
        &self.times
    }

    /// From the earliest row to the latest; empty where there is no row.
    pub fn range(&self) -> TimeRange {
        self.range
    }

    /// Whether the times never decrease.
    pub fn is_sorted(&self) -> bool {
        self.sorted
    }
}

/// A column of row ids. Cheap to clone and to slice; a column that comes as an Arrow array is read where it lies.
#[derive(Clone, Debug)]
pub struct RowIds {
    /// 16 bytes per row.
    bytes: Buffer,
}

impl RowIds {
    /// The ids.
    pub fn as_slice(&self) -> &[RowId] {
        // Bytes have no alignment, and there are 16 of them per id: this does not fail.
        bytemuck::try_cast_slice(self.bytes.as_slice()).unwrap_or_default()
    }

    /// The bytes of the ids.
    pub(crate) fn buffer(&self) -> &Buffer {
        &self.bytes
    }

    /// The number of ids.
    pub fn len(&self) -> usize {
        self.bytes.len() / size_of::<RowId>()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the ids, sharing the memory.
    #[must_use]
    pub(crate) fn slice(&self, start: usize, len: usize) -> Self {
        Self {
            bytes: self
                .bytes
                .slice_with_length(start * size_of::<RowId>(), len * size_of::<RowId>()),
        }
    }
}

impl From<&[RowId]> for RowIds {
    fn from(ids: &[RowId]) -> Self {
        Self {
            bytes: Buffer::from_slice_ref(bytemuck::cast_slice::<RowId, u8>(ids)),
        }
    }
}

impl From<Vec<RowId>> for RowIds {
    fn from(ids: Vec<RowId>) -> Self {
        Self::from(ids.as_slice())
    }
}

impl<const N: usize> From<[RowId; N]> for RowIds {
    fn from(ids: [RowId; N]) -> Self {
        Self::from(ids.as_slice())
    }
}

impl TryFrom<&FixedSizeBinaryArray> for RowIds {
    /// The length that a value has.
    type Error = i32;

    /// The ids of an array of 16 bytes per value, without a copy. Nulls count with the bytes that stand there.
    fn try_from(array: &FixedSizeBinaryArray) -> Result<Self, i32> {
        if usize::try_from(array.value_length()) != Ok(size_of::<RowId>()) {
            return Err(array.value_length());
        }
        // Of an array that is a slice, the values are sliced as well.
        Ok(Self {
            bytes: array
                .values()
                .slice_with_length(0, array.len() * size_of::<RowId>()),
        })
    }
}

/// One component of a chunk: a list of instances per row.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentColumn {
    pub(crate) descriptor: ComponentDescriptor,
    pub(crate) lists: ListArray,
}

impl ComponentColumn {
    /// The column of these lists, one per row. A null list means that nothing was logged in that row.
    pub fn new(descriptor: ComponentDescriptor, lists: ListArray) -> Self {
        Self { descriptor, lists }
    }

    /// What the column holds.
    pub fn descriptor(&self) -> &ComponentDescriptor {
        &self.descriptor
    }

    /// The column's name, `Points3D:positions`.
    pub fn name(&self) -> &Arc<str> {
        &self.descriptor.component
    }

    /// A list per row.
    pub fn lists(&self) -> &ListArray {
        &self.lists
    }

    /// Whether something was logged in this row; `false` for rows that do not exist.
    pub fn is_valid(&self, row: usize) -> bool {
        row < self.lists.len() && self.lists.is_valid(row)
    }

    /// The instances of a row, as a slice that shares the column's memory; `None` where nothing was logged.
    pub fn cell(&self, row: usize) -> Option<ArrayRef> {
        self.is_valid(row).then(|| self.lists.value(row))
    }

    /// The instances of a row, where they lie; `None` where nothing was logged.
    pub fn cell_ref(&self, row: usize) -> Option<CellRef<'_>> {
        let offset = |at: usize| usize::try_from(*self.lists.value_offsets().get(at)?).ok();
        let range = offset(row)?..offset(row + 1)?;
        let values = self.lists.values().as_ref();
        self.is_valid(row).then(|| CellRef::new(values, range))
    }

    /// The number of rows in which something was logged.
    pub fn num_valid(&self) -> usize {
        self.lists.len() - self.lists.null_count()
    }
}
