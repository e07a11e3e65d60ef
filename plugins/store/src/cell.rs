//! The instances of one row of a component, where they lie.

use std::{fmt, ops::Range};

use arrow_array::{Array, ArrayRef};

use crate::{
    Hit,
    plain::{Number, PlainLayout},
};

/// The instances of one row: some of the values of a column. No array is made for them until somebody asks for one.
#[derive(Clone, Copy)]
pub struct CellRef<'a> {
    source: CellSource<'a>,
    start: usize,
    len: usize,
}

#[derive(Clone, Copy)]
enum CellSource<'a> {
    Array(&'a dyn Array),
    /// The numbers of the instances, and whose column they are of.
    Plain(&'a Hit, &'a [u8], PlainLayout),
}

impl<'a> CellRef<'a> {
    /// The values in a range, or as far as there are such.
    pub fn new(values: &'a dyn Array, range: Range<usize>) -> Self {
        let end = range.end.min(values.len());
        let start = range.start.min(end);
        Self {
            source: CellSource::Array(values),
            start,
            len: end - start,
        }
    }

    /// The row of a hit, whose instances are these numbers: so many of the column's values, from `start` on.
    pub(crate) fn plain(
        hit: &'a Hit,
        numbers: &'a [u8],
        layout: PlainLayout,
        start: usize,
        len: usize,
    ) -> Self {
        Self {
            source: CellSource::Plain(hit, numbers, layout),
            start,
            len,
        }
    }

    /// The instances as numbers, one after the other, where they are at hand as such: groups of `lanes` numbers each, or single ones.
    /// `None` says nothing about what they are: [`Self::values`] has them.
    #[inline]
    pub fn numbers<N: Number>(&self, lanes: Option<usize>) -> Option<&'a [N]> {
        match self.source {
            CellSource::Plain(_, numbers, layout) if PlainLayout::of::<N>(lanes) == Some(layout) => {
                bytemuck::try_cast_slice(numbers).ok()
            }
            _ => None,
        }
    }

    /// The values of the column, or as many as there are with this cell's among them.
    pub fn values(&self) -> &'a dyn Array {
        match self.source {
            CellSource::Array(values) => values,
            CellSource::Plain(hit, ..) => hit.column().lists().values().as_ref(),
        }
    }

    /// Which of the values are the instances.
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.len
    }

    /// The number of instances.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no instance.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The instances as an array of their own, which shares the memory.
    pub fn to_array(&self) -> ArrayRef {
        self.values().slice(self.start, self.len)
    }
}

impl fmt::Debug for CellRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_array(), f)
    }
}

impl<'a> From<&'a dyn Array> for CellRef<'a> {
    fn from(values: &'a dyn Array) -> Self {
        Self::new(values, 0..values.len())
    }
}

impl<'a, A: Array> From<&'a A> for CellRef<'a> {
    fn from(values: &'a A) -> Self {
        Self::from(values as &dyn Array)
    }
}

/// The instances of one row, where they lie or as an array of their own.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// Where they lie.
    Borrowed(CellRef<'a>),
    /// As an array of their own.
    Owned(ArrayRef),
}

impl Cell<'_> {
    /// The number of instances.
    pub fn len(&self) -> usize {
        CellRef::from(self).len()
    }

    /// Whether there is no instance.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The instances as an array of their own, which shares the memory.
    pub fn into_array(self) -> ArrayRef {
        match self {
            Self::Borrowed(cell) => cell.to_array(),
            Self::Owned(array) => array,
        }
    }
}

impl<'a> From<&'a Cell<'_>> for CellRef<'a> {
    fn from(cell: &'a Cell<'_>) -> Self {
        match cell {
            Cell::Borrowed(cell) => *cell,
            Cell::Owned(array) => array.as_ref().into(),
        }
    }
}
