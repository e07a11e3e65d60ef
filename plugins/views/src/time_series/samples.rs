//! The scalars of an entity as plain arrays: times and values for each instance.
//!
//! As long as every row has the same number of values, all instances share one array of times, and the samples follow a range that
//! slides: rows that leave at the front or the back are dropped, rows that enter are read, nothing else is touched. Where rows differ
//! in their number of values, or a clear interrupts them, each instance has times of its own, so that memory follows the values
//! that were logged and not rows times instances.

mod rows;
#[cfg(test)]
mod tests;

use std::ops::Range;

use chronoscope_frame::VisualizerInput;
use chronoscope_store::{CLEAR_COMPONENT, RangeDelta, RangeResult, RowId, TimeRange, TimelineId};
use chronoscope_types::{ReadError, read};

use crate::plot::pyramid::{Extent, Pyramid};
use rows::Reader;

/// The most series of an entity. More of them cannot be told apart.
pub(crate) const MAX_SERIES: usize = 1_000;

/// Fewer samples than this are not moved to give memory back.
const SMALL: usize = 1_024;

/// Where an entity was emptied: a time, and the row that did it.
pub(crate) type ClearKey = (i64, RowId);

/// All scalars of an entity in a range of a timeline, in the order of (time, row id).
///
/// A value that is not a number is a gap: nothing was logged for that instance, what was logged was not finite, or the entity was
/// cleared there.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    timeline: Option<TimelineId>,
    /// The rows that were taken over.
    answer: Option<RangeResult>,
    clears: Vec<ClearKey>,
    /// The clears before the last sample. Those after the first sample became gaps.
    clears_passed: usize,
    /// The times of all instances while rows are even: from `start` on, a time per row.
    times: Vec<i64>,
    /// The elements at the front of `times` and of each column's values that are no longer, or not yet, samples.
    start: usize,
    columns: Vec<Column>,
    /// The columns that do not end with a gap for want of a value. They are the first ones.
    open_columns: usize,
    is_uneven: bool,
    left_out: usize,
    rows_read: usize,
}

/// The values of one instance.
#[derive(Clone, Debug, Default)]
struct Column {
    /// A time per value, where rows are uneven.
    times: Vec<i64>,
    values: Vec<f64>,
    pyramid: Pyramid,
}

impl Samples {
    /// The times of an instance, never decreasing; empty where there is no such instance.
    pub fn times(&self, column: usize) -> &[i64] {
        match self.columns.get(column) {
            Some(column) if self.is_uneven => &column.times,
            Some(_) => self.times.get(self.start..).unwrap_or(&[]),
            None => &[],
        }
    }

    /// The values of an instance, one per time; empty where there is no such instance.
    pub fn values(&self, column: usize) -> &[f64] {
        self.columns
            .get(column)
            .and_then(|column| column.values.get(self.start..))
            .unwrap_or(&[])
    }

    /// The number of instances, at most [`MAX_SERIES`].
    pub fn num_columns(&self) -> usize {
        self.columns.len()
    }

    /// How many instances are left out, in the row that has most.
    pub fn num_left_out(&self) -> usize {
        self.left_out
    }

    /// When the entity was emptied after its last sample, if it was: from then on it has no value.
    pub fn ended_at(&self) -> Option<i64> {
        self.clears.get(self.clears_passed).map(|(time, _)| *time)
    }

    /// The rows that the last update read from the store.
    pub fn rows_read(&self) -> usize {
        self.rows_read
    }

    /// The least and greatest value of an instance in a range of its samples.
    pub fn extent(&self, column: usize, range: Range<usize>) -> Extent {
        self.columns.get(column).map_or(Extent::EMPTY, |column| {
            let range = range.start + self.start..range.end + self.start;
            column.pyramid.extent(&column.values, range)
        })
    }

    /// The least of the positive values of an instance in a range of its samples; infinite where there is
    /// none.
    pub(super) fn least_positive(&self, column: usize, range: Range<usize>) -> f64 {
        self.columns.get(column).map_or(f64::INFINITY, |column| {
            let range = range.start + self.start..range.end + self.start;
            column.pyramid.least_positive(&column.values, range)
        })
    }

    /// From the first sample to the last.
    pub fn time_range(&self) -> TimeRange {
        // Every row has a value of the first instance, but for empty ones.
        let times = self.times(0);
        match (times.first(), times.last()) {
            (Some(first), Some(last)) => TimeRange::new(*first, *last),
            _ => TimeRange::EMPTY,
        }
    }

    /// The samples of an instance whose times lie in a range.
    pub fn indices(&self, column: usize, range: TimeRange) -> Range<usize> {
        let times = self.times(column);
        let start = times.partition_point(|time| *time < range.min);
        let end = times.partition_point(|time| *time <= range.max);
        start..end.max(start)
    }

    /// The heap bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        let columns: usize = self
            .columns
            .iter()
            .map(|column| {
                column.times.capacity() * size_of::<i64>()
                    + column.values.capacity() * size_of::<f64>()
                    + column.pyramid.heap_bytes()
            })
            .sum();
        columns + self.columns.capacity() * size_of::<Column>() + self.times.capacity() * size_of::<i64>()
    }

    /// Brings it up to date. What is drawn is what starting anew would give.
    ///
    /// Cost: the rows that entered and left, as long as rows are even or only appended; else all rows.
    ///
    /// # Errors
    /// Where a column cannot be read as scalars.
    pub fn update(
        &mut self,
        timeline: TimelineId,
        answer: &RangeResult,
        clears: Vec<ClearKey>,
    ) -> Result<(), ReadError> {
        self.rows_read = 0;
        let is_same_question = self.timeline == Some(timeline) && self.clears == clears;
        let delta = self
            .answer
            .take()
            .filter(|_| is_same_question)
            .and_then(|before| Some((answer.delta_since(&before)?, before.num_rows())));
        let is_followed = match delta {
            Some((delta, rows_before)) => self.follow(answer, delta, rows_before)?,
            None => false,
        };
        if !is_followed {
            *self = Self {
                timeline: Some(timeline),
                clears,
                ..Self::default()
            };
            self.append(answer, 0)?;
        }
        self.answer = Some(answer.clone());
        Ok(())
    }

    /// Drops the rows that left and reads those that entered. `false` where everything has to be read anew.
    fn follow(
        &mut self,
        answer: &RangeResult,
        delta: RangeDelta,
        rows_before: usize,
    ) -> Result<bool, ReadError> {
        let only_appends = delta.lost_front + delta.lost_back + delta.gained_front == 0;
        if !only_appends {
            let kept = rows_before.saturating_sub(delta.lost_front + delta.lost_back);
            // A clear before the first row is no gap, and becomes one when rows enter before it.
            let clears_matter = delta.gained_front > 0 && !self.clears.is_empty();
            if self.is_uneven || self.left_out > 0 || kept == 0 || clears_matter {
                return Ok(false);
            }
            debug_assert_eq!(
                self.times.len() - self.start,
                rows_before,
                "even rows are samples, one to one"
            );
            self.drop_back(delta.lost_back);
            self.start += delta.lost_front;
            self.give_back();
            if delta.gained_front > 0 && !self.prepend(answer, delta.gained_front)? {
                return Ok(false);
            }
        }
        self.append(answer, answer.num_rows().saturating_sub(delta.gained_back))?;
        Ok(true)
    }

    fn drop_back(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let len = self.times.len().saturating_sub(count).max(self.start);
        self.times.truncate(len);
        for column in &mut self.columns {
            column.values.truncate(len);
            column.pyramid.update(&column.values, len);
        }
    }

    /// Closes the space at the front once it is larger than what it stands before: a constant cost per row that left.
    fn give_back(&mut self) {
        let start = self.start;
        if start < SMALL.max(self.times.len() - start) {
            return;
        }
        self.start = 0;
        self.times.drain(..start);
        for column in &mut self.columns {
            column.values.drain(..start);
            column.pyramid = Pyramid::new(&column.values);
        }
    }

    /// Reads the rows at the front of an answer. `false` where they are not even with what is there.
    fn prepend(&mut self, answer: &RangeResult, count: usize) -> Result<bool, ReadError> {
        let width = self.columns.len();
        let mut times = Vec::with_capacity(count);
        let mut values: Vec<f64> = Vec::with_capacity(count.saturating_mul(width));
        let mut is_even = true;
        Reader::default().rows(answer, 0..count, |time, _, row| {
            is_even &= row.len() == width;
            times.push(time);
            values.extend(row);
        })?;
        self.rows_read += count;
        if !is_even || times.len() != count || values.len() != count * width {
            return Ok(false);
        }
        if self.start < count {
            // As much space as there are samples, so that a range that slides on backwards rarely comes here.
            let room = count.max(self.times.len() - self.start).max(SMALL);
            let old = self.start;
            drop(self.times.splice(..old, std::iter::repeat_n(i64::MIN, room)));
            for column in &mut self.columns {
                drop(column.values.splice(..old, std::iter::repeat_n(f64::NAN, room)));
                column.pyramid = Pyramid::new(&column.values);
            }
            self.start = room;
        }
        let place = self.start - count..self.start;
        self.times[place.clone()].copy_from_slice(&times);
        for (at, column) in self.columns.iter_mut().enumerate() {
            let from = values.iter().skip(at).step_by(width.max(1));
            for (to, value) in column.values[place.clone()].iter_mut().zip(from) {
                *to = finite(*value);
            }
            column.pyramid.refresh(&column.values, place.clone());
        }
        self.start -= count;
        Ok(true)
    }

    /// Reads the rows of an answer from one on.
    fn append(&mut self, answer: &RangeResult, first: usize) -> Result<(), ReadError> {
        let end = answer.num_rows();
        if first >= end {
            return Ok(());
        }
        self.rows_read += end - first;
        let start = self.start;
        let unchanged: Vec<usize> = self.columns.iter().map(|column| column.values.len()).collect();
        let mut reader = Reader::default();
        for (slice, rows) in rows::parts(answer, first..end) {
            if let Some(dense) = reader.dense(slice, rows.clone())?
                && self.takes_dense(dense.times)
            {
                self.times.extend_from_slice(dense.times);
                let column = &mut self.columns[0];
                column
                    .values
                    .extend(dense.values.iter().map(|value| finite(*value)));
            } else {
                reader.slice_rows(slice, rows, |time, row_id, row| self.push(time, row_id, row))?;
            }
        }
        // What stood before the samples is gone where a row made them uneven.
        let drained = start - self.start;
        for (at, column) in self.columns.iter_mut().enumerate() {
            let unchanged = unchanged.get(at).map_or(0, |len| len - drained);
            if column.values.len() != unchanged {
                column.pyramid.update(&column.values, unchanged);
            }
        }
        Ok(())
    }

    /// Whether rows of one value each can be taken in one go.
    fn takes_dense(&mut self, times: &[i64]) -> bool {
        let is_cleared = times.last().is_some_and(|last| {
            self.clears
                .get(self.clears_passed)
                .is_some_and(|clear| clear.0 <= *last)
        });
        if is_cleared || self.is_uneven {
            return false;
        }
        if self.columns.is_empty() {
            self.columns.push(Column::default());
            self.open_columns = 1;
        }
        self.columns.len() == 1
    }

    /// Appends a row, and before it a gap for each clear that comes first.
    fn push(&mut self, time: i64, row_id: RowId, values: &[f64]) {
        while let Some(clear) = self
            .clears
            .get(self.clears_passed)
            .filter(|clear| **clear < (time, row_id))
        {
            let cleared_at = clear.0;
            self.clears_passed += 1;
            if !self.columns.is_empty() {
                self.push_values(cleared_at, &[]);
            }
        }
        self.left_out = self.left_out.max(values.len().saturating_sub(MAX_SERIES));
        self.push_values(time, &values[..values.len().min(MAX_SERIES)]);
    }

    fn push_values(&mut self, time: i64, values: &[f64]) {
        let is_first = self.columns.is_empty() && !self.is_uneven;
        if is_first && !values.is_empty() {
            self.columns.resize_with(values.len(), Column::default);
        } else if !self.is_uneven && (values.is_empty() || values.len() != self.columns.len()) {
            self.make_uneven();
        }
        if values.len() > self.columns.len() {
            self.columns.resize_with(values.len(), Column::default);
        }
        if self.is_uneven {
            for (column, value) in self.columns.iter_mut().zip(values) {
                column.times.push(time);
                column.values.push(finite(*value));
            }
            // One gap is as good as many.
            for column in &mut self.columns[..self.open_columns.max(values.len())][values.len()..] {
                column.times.push(time);
                column.values.push(f64::NAN);
            }
        } else {
            self.times.push(time);
            for (column, value) in self.columns.iter_mut().zip(values) {
                column.values.push(finite(*value));
            }
        }
        self.open_columns = values.len();
    }

    fn make_uneven(&mut self) {
        self.is_uneven = true;
        let times = std::mem::take(&mut self.times);
        let start = std::mem::take(&mut self.start);
        for column in &mut self.columns {
            column.times = times[start..].to_vec();
            if start > 0 {
                column.values.drain(..start);
                column.pyramid = Pyramid::new(&column.values);
            }
        }
    }
}

/// Where an entity was emptied on the shown timeline, in order: by itself, or from above.
pub(crate) fn clears_of(input: &VisualizerInput<'_>) -> Vec<ClearKey> {
    let mut clears = Vec::new();
    let (Some(component), Some(timeline)) =
        (input.store.component_id(CLEAR_COMPONENT), input.cursor.timeline)
    else {
        return clears;
    };
    for entity in input.store.tree().ancestors(input.entity) {
        if !input.store.has_component_on(entity, timeline, component) {
            continue;
        }
        let answer = input.range_of(entity, timeline, component, TimeRange::EVERYTHING);
        clears.extend(answer.rows().filter_map(|row| {
            // A clear that cannot be read clears nothing; the entity that it lies on says so.
            let is_recursive = read::bools(&row.cell()).ok()?.first().copied()?;
            (is_recursive || entity == input.entity).then_some((row.time, row.row_id))
        }));
    }
    clears.sort_unstable();
    clears
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}
