//! Reading the rows of a range answer.

use std::{collections::hash_map::Entry, ops::Range};

use chronoscope_store::{ChunkId, RangeResult, RangeSlice, RowId};
use chronoscope_types::{
    ReadError, components,
    read::{self, ColumnSlices},
};
use rustc_hash::FxHashMap;

/// Reads scalars. Chunks that overlap come in many slices each, and are read once.
#[derive(Default)]
pub(super) struct Reader<'a> {
    chunks: FxHashMap<ChunkId, ColumnSlices<'a, f64>>,
}

/// Rows of one value each that stand side by side in their chunk.
pub(super) struct Dense<'r> {
    pub(super) times: &'r [i64],
    pub(super) values: &'r [f64],
}

impl<'a> Reader<'a> {
    /// Reads some rows of an answer, in order: their times, ids and values.
    pub(super) fn rows(
        &mut self,
        answer: &'a RangeResult,
        rows: Range<usize>,
        mut take: impl FnMut(i64, RowId, &[f64]),
    ) -> Result<(), ReadError> {
        for (slice, rows) in parts(answer, rows) {
            self.slice_rows(slice, rows, &mut take)?;
        }
        Ok(())
    }

    /// Reads some rows of a slice.
    pub(super) fn slice_rows(
        &mut self,
        slice: &'a RangeSlice,
        rows: Range<usize>,
        mut take: impl FnMut(i64, RowId, &[f64]),
    ) -> Result<(), ReadError> {
        let values = self.column(slice)?;
        let times = slice.chunk_times();
        let row_ids = slice.chunk().row_ids();
        for row in rows.map(|at| slice.row(at)) {
            if let (Some(time), Some(row_id)) = (times.get(row), row_ids.get(row)) {
                take(*time, *row_id, values.row(row).unwrap_or(&[]));
            }
        }
        Ok(())
    }

    /// Some rows of a slice in one go, where they are as plain as that.
    pub(super) fn dense(
        &mut self,
        slice: &'a RangeSlice,
        rows: Range<usize>,
    ) -> Result<Option<Dense<'_>>, ReadError> {
        let values = self.column(slice)?;
        let Some(span) = slice.span() else {
            return Ok(None);
        };
        let span = span.start + rows.start..span.start + rows.end;
        let offsets = slice.column().lists().value_offsets();
        let one_each = offsets
            .get(span.start..=span.end)
            .is_some_and(|offsets| offsets.windows(2).all(|pair| pair[1] - pair[0] == 1));
        if !one_each {
            return Ok(None);
        }
        let start = offsets
            .get(span.start)
            .zip(offsets.first())
            .and_then(|(at, first)| usize::try_from(at - first).ok());
        let dense = start.and_then(|start| {
            Some(Dense {
                values: values.values().get(start..start + span.len())?,
                times: slice.chunk_times().get(span)?,
            })
        });
        Ok(dense)
    }

    fn column(&mut self, slice: &'a RangeSlice) -> Result<&ColumnSlices<'a, f64>, ReadError> {
        Ok(match self.chunks.entry(slice.chunk().id()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                // A null is a gap, as what is no number.
                new.insert(read::column::<components::Scalar, f64>(slice.column(), f64::NAN)?)
            }
        })
    }
}

/// The slices that some rows of an answer lie in, each with the rows of it.
pub(super) fn parts(
    answer: &RangeResult,
    rows: Range<usize>,
) -> impl Iterator<Item = (&RangeSlice, Range<usize>)> {
    let mut before = 0;
    answer.slices().iter().filter_map(move |slice| {
        let of_slice = before..before + slice.num_rows();
        before = of_slice.end;
        let start = rows.start.max(of_slice.start);
        let end = rows.end.min(of_slice.end);
        (start < end).then(|| (slice, start - of_slice.start..end - of_slice.start))
    })
}
