//! The scalars of an entity as plain arrays: times, and a column of values for each instance.

use std::ops::Range;

use chronoscope_frame::VisualizerInput;
use chronoscope_store::{CLEAR_COMPONENT, ChunkId, RangeResult, RangeSlice, RowId, TimeRange, TimelineId};
use chronoscope_types::{
    ReadError, components,
    read::{self, ColumnSlices},
};
use rustc_hash::FxHashMap;

use super::pyramid::{Extent, Pyramid};

/// Where an entity was emptied: a time, and the row that did it.
pub type ClearKey = (i64, RowId);

/// All scalars of an entity in a range of a timeline, in the order of (time, row id).
///
/// Columns are as long as the times. A value that is not a number is a gap: nothing was logged for that instance, what was logged
/// was not finite, or the entity was cleared there.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    timeline: Option<TimelineId>,
    times: Vec<i64>,
    columns: Vec<Column>,
    clears: Vec<ClearKey>,
    /// The clears that lie before the last sample, and became gaps.
    clears_passed: usize,
    taken: Vec<Taken>,
}

/// The values of one instance.
#[derive(Clone, Debug, Default, PartialEq)]
struct Column {
    values: Vec<f64>,
    pyramid: Pyramid,
}

/// A slice of the store's answer that was taken over, and how far that went.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Taken {
    chunk: ChunkId,
    first_row: usize,
    num_rows: usize,
    /// What there was when it was taken: times, columns, and clears that were passed.
    times: usize,
    columns: usize,
    clears_passed: usize,
}

impl Samples {
    /// A time per sample, never decreasing.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// The number of instances.
    pub fn num_columns(&self) -> usize {
        self.columns.len()
    }

    /// The values of an instance, one per time; empty where there is no such instance.
    pub fn values(&self, column: usize) -> &[f64] {
        self.columns.get(column).map_or(&[], |column| &column.values)
    }

    /// The least and greatest value of an instance in a range of samples.
    pub fn extent(&self, column: usize, range: Range<usize>) -> Extent {
        self.columns.get(column).map_or(Extent::EMPTY, |column| {
            column.pyramid.extent(&column.values, range)
        })
    }

    /// From the first sample to the last.
    pub fn time_range(&self) -> TimeRange {
        match (self.times.first(), self.times.last()) {
            (Some(first), Some(last)) => TimeRange::new(*first, *last),
            _ => TimeRange::EMPTY,
        }
    }

    /// The samples whose times lie in a range.
    pub fn indices(&self, range: TimeRange) -> Range<usize> {
        let start = self.times.partition_point(|time| *time < range.min);
        let end = self.times.partition_point(|time| *time <= range.max);
        start..end.max(start)
    }

    /// The heap bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        let columns: usize = self
            .columns
            .iter()
            .map(|column| column.values.capacity() * size_of::<f64>() + column.pyramid.heap_bytes())
            .sum();
        columns + self.times.capacity() * size_of::<i64>() + self.taken.capacity() * size_of::<Taken>()
    }

    /// Brings it up to date. The result is that of starting anew; what is at the front of both, old and new, is not read again, so
    /// that appending costs what is appended.
    ///
    /// # Errors
    /// Where a column cannot be read as scalars. What was read until then remains.
    pub fn update(
        &mut self,
        timeline: TimelineId,
        answer: &RangeResult,
        clears: Vec<ClearKey>,
    ) -> Result<(), ReadError> {
        if self.timeline != Some(timeline) || self.clears != clears {
            *self = Self {
                timeline: Some(timeline),
                clears,
                ..Self::default()
            };
        }
        let kept = self
            .taken
            .iter()
            .zip(answer.slices())
            .take_while(|(taken, slice)| taken.is(slice))
            .count();
        self.taken.truncate(kept);
        let unchanged = self.taken.last().map_or(0, |taken| taken.times);
        self.times.truncate(unchanged);
        self.columns
            .truncate(self.taken.last().map_or(0, |taken| taken.columns));
        self.clears_passed = self.taken.last().map_or(0, |taken| taken.clears_passed);
        for column in &mut self.columns {
            column.values.truncate(unchanged);
        }

        let mut read: FxHashMap<ChunkId, ColumnSlices<'_, f64>> = FxHashMap::default();
        let mut outcome = Ok(());
        for slice in answer.slices().iter().skip(kept) {
            // Chunks that overlap come in many slices each, and are read once.
            let values = match read.entry(slice.chunk().id()) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => {
                    match read::column::<components::Scalar, f64>(slice.column()) {
                        Ok(values) => new.insert(values),
                        Err(error) => {
                            outcome = Err(error);
                            break;
                        }
                    }
                }
            };
            self.take(slice, values);
        }
        let len = self.times.len();
        for column in &mut self.columns {
            column.values.resize(len, f64::NAN);
            column.pyramid.update(&column.values, unchanged);
        }
        outcome
    }

    fn take(&mut self, slice: &RangeSlice, values: &ColumnSlices<'_, f64>) {
        if !self.take_dense(slice, values) {
            self.take_rows(slice, values);
        }
        self.taken.push(Taken {
            chunk: slice.chunk().id(),
            first_row: if slice.num_rows() == 0 { 0 } else { slice.row(0) },
            num_rows: slice.num_rows(),
            times: self.times.len(),
            columns: self.columns.len(),
            clears_passed: self.clears_passed,
        });
    }

    /// Takes one value per row in one go; `false` where the rows are not as plain as that.
    fn take_dense(&mut self, slice: &RangeSlice, values: &ColumnSlices<'_, f64>) -> bool {
        let Some(span) = slice.span() else { return false };
        let Some(times) = slice.chunk_times().get(span.clone()) else {
            return false;
        };
        let clear_within = times.last().is_some_and(|last| {
            self.clears
                .get(self.clears_passed)
                .is_some_and(|clear| clear.0 <= *last)
        });
        let offsets = slice.column().lists().value_offsets();
        let one_each = offsets
            .get(span.start..=span.end)
            .is_some_and(|offsets| offsets.windows(2).all(|pair| pair[1] - pair[0] == 1));
        if clear_within || !one_each || self.columns.len() > 1 {
            return false;
        }
        let start = offsets
            .get(span.start)
            .zip(offsets.first())
            .and_then(|(at, first)| usize::try_from(at - first).ok());
        let Some(values) = start.and_then(|start| values.values().get(start..start + span.len())) else {
            return false;
        };
        if self.columns.is_empty() {
            self.columns.push(Column {
                values: vec![f64::NAN; self.times.len()],
                ..Column::default()
            });
        }
        self.times.extend_from_slice(times);
        self.columns[0]
            .values
            .extend(values.iter().map(|value| finite(*value)));
        true
    }

    fn take_rows(&mut self, slice: &RangeSlice, values: &ColumnSlices<'_, f64>) {
        let times = slice.chunk_times();
        let row_ids = slice.chunk().row_ids();
        for row in slice.rows() {
            let (Some(time), Some(row_id)) = (times.get(row), row_ids.get(row)) else {
                continue;
            };
            while let Some(clear) = self
                .clears
                .get(self.clears_passed)
                .filter(|clear| **clear < (*time, *row_id))
            {
                let cleared_at = clear.0;
                self.clears_passed += 1;
                if !self.times.is_empty() {
                    self.push(cleared_at, &[]);
                }
            }
            self.push(*time, values.row(row).unwrap_or(&[]));
        }
    }

    fn push(&mut self, time: i64, instances: &[f64]) {
        while self.columns.len() < instances.len() {
            self.columns.push(Column {
                values: vec![f64::NAN; self.times.len()],
                ..Column::default()
            });
        }
        self.times.push(time);
        for (at, column) in self.columns.iter_mut().enumerate() {
            column
                .values
                .push(instances.get(at).map_or(f64::NAN, |value| finite(*value)));
        }
    }
}

impl Taken {
    fn is(&self, slice: &RangeSlice) -> bool {
        self.chunk == slice.chunk().id()
            && self.num_rows == slice.num_rows()
            && self.first_row == if self.num_rows == 0 { 0 } else { slice.row(0) }
    }
}

/// Where an entity was emptied on the shown timeline, in order: by itself, or from above.
pub fn clears_of(input: &VisualizerInput<'_>) -> Vec<ClearKey> {
    let mut clears = Vec::new();
    let (Some(component), Some(timeline)) =
        (input.store.component_id(CLEAR_COMPONENT), input.cursor.timeline)
    else {
        return clears;
    };
    for path in input.path.ancestors() {
        let Some(entity) = input.store.entity_id(&path) else {
            continue;
        };
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use chronoscope_store::{ChunkStore, StoreId, StoreSettings, Timeline};
    use chronoscope_types::{Scalars, columns_chunk, columns_chunk_with_lengths};

    use super::*;
    use crate::time_series::testing::Random;

    fn ask(store: &ChunkStore, range: TimeRange) -> (TimelineId, RangeResult) {
        let entity = store.entity_id(&"/a".into()).unwrap();
        let timeline = store.timeline_id("t").unwrap();
        (
            timeline,
            store.range(
                entity,
                timeline,
                range,
                store.component_id(&Scalars::SCALARS).unwrap(),
            ),
        )
    }

    fn assert_same(a: &Samples, b: &Samples) {
        assert_eq!(a.times, b.times);
        assert_eq!(a.columns.len(), b.columns.len());
        for (a, b) in a.columns.iter().zip(&b.columns) {
            // Bits, since gaps are not equal to themselves.
            assert_eq!(
                a.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
                b.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            );
            assert_eq!(a.pyramid, b.pyramid);
        }
    }

    /// Whatever arrives, in whatever order: an update gives what starting anew gives.
    #[test]
    fn updated_equals_new() {
        let mut random = Random::new(6);
        for round in 0..60 {
            let settings = StoreSettings::default();
            let mut store = ChunkStore::with_settings(StoreId::recording("test", "samples"), settings);
            let mut kept = Samples::default();
            let mut clears: Vec<ClearKey> = Vec::new();
            let mut latest = 0;
            for _ in 0..12 {
                let len = 1 + random.below(60);
                let start = if random.below(4) == 0 {
                    random.below(latest as usize + 1) as i64
                } else {
                    latest
                };
                let times: Vec<i64> = (0..len as i64).map(|at| start + at * 3).collect();
                latest = latest.max(start + len as i64 * 3);
                let timeline = Timeline::sequence("t");
                let value = |random: &mut Random| {
                    if random.below(9) == 0 {
                        f64::INFINITY
                    } else {
                        random.unit()
                    }
                };
                let chunk = if round % 2 == 0 {
                    let values: Vec<f64> = (0..len).map(|_| value(&mut random)).collect();
                    columns_chunk("a", [(timeline, times)], &Scalars::new(values)).unwrap()
                } else {
                    let lengths: Vec<usize> = (0..len).map(|_| random.below(4)).collect();
                    let values: Vec<f64> = (0..lengths.iter().sum::<usize>())
                        .map(|_| value(&mut random))
                        .collect();
                    columns_chunk_with_lengths("a", [(timeline, times)], &Scalars::new(values), &lengths)
                        .unwrap()
                };
                store.insert(chunk).unwrap();
                if random.below(5) == 0 {
                    clears.push((random.below(latest as usize + 1) as i64, RowId::new()));
                    clears.sort_unstable();
                }
                let range = if random.below(3) == 0 {
                    TimeRange::new(random.below(50) as i64, latest - 20)
                } else {
                    TimeRange::EVERYTHING
                };
                let (timeline, answer) = ask(&store, range);
                kept.update(timeline, &answer, clears.clone()).unwrap();
                let mut new = Samples::default();
                new.update(timeline, &answer, clears.clone()).unwrap();
                assert_same(&kept, &new);
                assert!(new.times.is_sorted());
            }
        }
    }

    #[test]
    fn dense_and_ragged_rows_read_alike() {
        let build = |lengths: &[usize], values: &[f64]| {
            let mut store = ChunkStore::new(StoreId::recording("test", "samples"));
            let times = (0..lengths.len() as i64).collect();
            let scalars = Scalars::new(values.iter().copied());
            store
                .insert(
                    columns_chunk_with_lengths("a", [(Timeline::sequence("t"), times)], &scalars, lengths)
                        .unwrap(),
                )
                .unwrap();
            let (timeline, answer) = ask(&store, TimeRange::new(1, 3));
            let mut samples = Samples::default();
            samples.update(timeline, &answer, Vec::new()).unwrap();
            samples
        };
        let dense = build(&[1, 1, 1, 1, 1], &[0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(
            (dense.times(), dense.values(0), dense.num_columns()),
            (&[1, 2, 3][..], &[1.0, 2.0, 3.0][..], 1)
        );
        let ragged = build(&[1, 2, 0, 1, 1], &[0.0, 1.0, 1.5, 3.0, 4.0]);
        assert_eq!(ragged.num_columns(), 2);
        assert_eq!(ragged.values(1)[0], 1.5);
        assert!(ragged.values(0)[1].is_nan() && ragged.values(1)[2].is_nan());
        assert_eq!(ragged.values(0)[2], 3.0);
    }

    #[test]
    fn a_clear_is_a_gap() {
        let mut store = ChunkStore::new(StoreId::recording("test", "samples"));
        store
            .insert(
                columns_chunk(
                    "a",
                    [(Timeline::sequence("t"), vec![0, 1, 5, 6])],
                    &Scalars::new([1.0, 2.0, 3.0, 4.0]),
                )
                .unwrap(),
            )
            .unwrap();
        let (timeline, answer) = ask(&store, TimeRange::EVERYTHING);
        let mut samples = Samples::default();
        samples
            .update(timeline, &answer, vec![(2, RowId::new()), (9, RowId::new())])
            .unwrap();
        assert_eq!(samples.times(), [0, 1, 2, 5, 6]);
        assert!(samples.values(0)[2].is_nan());
        // At the same time as a row, what was logged later wins.
        samples
            .update(timeline, &answer, vec![(5, RowId::from_u128(0))])
            .unwrap();
        assert_eq!(samples.times(), [0, 1, 5, 5, 6]);
        assert!(samples.values(0)[2].is_nan() && !samples.values(0)[3].is_nan());
        samples
            .update(timeline, &answer, vec![(5, RowId::new())])
            .unwrap();
        assert!(!samples.values(0)[2].is_nan() && samples.values(0)[3].is_nan());
    }
}
