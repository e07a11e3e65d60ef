//! A series: samples, how they look, and what of them is to be drawn in so many pixels.

#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

use chronoscope_frame::Visual;
use chronoscope_store::TimeRange;
use chronoscope_types::{
    clamped,
    enums::{AggregationPolicy, AxisScale, InterpolationMode, MarkerShape},
};

use super::{
    missing::{MissingTimes, between as times_between},
    points::{DrawPoint, between, clip, interpolated},
    samples::Samples,
    style::{Look, Mark, SeriesStyle},
    tracks::Tracks,
};
use crate::plot::{
    pyramid::Extent,
    window::{TimeWindow, ValueWindow},
};

/// All series of one entity, one per instance.
#[derive(Debug)]
pub struct EntitySeries {
    /// The values: those at the times that are shown, and the last one before and the first one after these.
    pub samples: Samples,
    /// The times that are shown.
    pub shown: TimeRange,
    /// How each instance looks at the end; as many as there are columns of samples, or the one that a
    /// constant needs.
    pub styles: Vec<SeriesStyle>,
    /// Where rows are known and not loaded.
    pub(super) missing: MissingTimes,
    /// Where looks change over time.
    pub(super) tracks: Tracks,
    /// How much the values may be off: their variances, where these are known.
    pub(super) variances: Option<Samples>,
    /// Variances that hold at all times, one per instance. There are no others then.
    pub(super) constant_variances: Vec<f64>,
    /// Static values, one per instance: they hold at all times. There are no samples then.
    pub constants: Vec<f64>,
    /// Instances beyond [`MAX_SERIES`](super::samples::MAX_SERIES), which are not shown.
    pub left_out: usize,
}

impl Default for EntitySeries {
    fn default() -> Self {
        Self {
            samples: Samples::default(),
            shown: TimeRange::EVERYTHING,
            styles: Vec::new(),
            missing: MissingTimes::default(),
            tracks: Tracks::default(),
            variances: None,
            constant_variances: Vec::new(),
            constants: Vec::new(),
            left_out: 0,
        }
    }
}

impl Visual for EntitySeries {
    fn heap_bytes(&self) -> u64 {
        let names: usize = self
            .styles
            .iter()
            .flat_map(|style| &style.name)
            .map(|name| name.len())
            .sum();
        let samples = self.samples.heap_bytes() + self.variances.as_ref().map_or(0, Samples::heap_bytes);
        let styles = self.styles.capacity() * size_of::<SeriesStyle>();
        let constants = (self.constants.capacity() + self.constant_variances.capacity()) * size_of::<f64>();
        (samples + self.missing.heap_bytes() + self.tracks.heap_bytes() + names + styles + constants) as u64
    }
}

impl EntitySeries {
    /// The number of series.
    pub fn len(&self) -> usize {
        self.styles.len()
    }

    /// Whether there is no series.
    pub fn is_empty(&self) -> bool {
        self.styles.is_empty()
    }

    /// How a series looks at a time.
    pub fn look_at(&self, series: usize, time: i64) -> Look {
        let style = self.styles.get(series);
        let (size, shape) = match style.map(|style| style.mark) {
            Some(Mark::Line { width, .. }) => (width, MarkerShape::Circle),
            Some(Mark::Marker { shape, radius }) => (radius, shape),
            None => (1.0, MarkerShape::Circle),
        };
        Look {
            color: self
                .tracks
                .color(series, time)
                .or(style.and_then(|style| style.color)),
            size: self.tracks.size(series, time).unwrap_or(size),
            shape: self.tracks.shape(series, time).unwrap_or(shape),
        }
    }

    /// What a series is called at a time, where that was logged.
    pub fn name_at(&self, series: usize, time: i64) -> Option<&Arc<str>> {
        let style = self.styles.get(series);
        self.tracks
            .name(series, time)
            .or(style.and_then(|style| style.name.as_ref()))
    }

    /// The least and greatest value that a series takes in a window, of those that have a place on a scale.
    /// What a line comes from and goes to outside of the window counts as far as it reaches in, so that the
    /// extent follows a window that moves without leaps. Between markers there is nothing.
    pub(super) fn extent(&self, series: usize, window: &TimeWindow, scale: AxisScale) -> Extent {
        let placed = |value: f64| {
            if is_gap(value, scale) {
                Extent::EMPTY
            } else {
                Extent::of(&[value])
            }
        };
        if let Some(constant) = self.constants.get(series) {
            let deviation = self.greatest_deviation(series, window.range());
            let band = placed(constant - deviation).union(placed(constant + deviation));
            return placed(*constant).union(band);
        }
        let range = window.range().intersection(&self.shown);
        let inside = self.samples.indices(series, range);
        let extent = self.extent_of(series, inside.clone(), scale);
        let is_line = !matches!(
            self.styles.get(series).map(|style| style.mark),
            Some(Mark::Marker { .. })
        );
        if range.is_empty() {
            return extent;
        }
        let mode = self.interpolation(series);
        let edges = [
            (inside.start, window.position(self.shown.min).max(0.0)),
            (inside.end, window.position(self.shown.max).min(1.0)),
        ];
        let edges = edges.into_iter().filter(|_| is_line);
        let extent = edges.fold(extent, |extent, (after, position)| {
            let before = after.checked_sub(1).and_then(|at| self.point(series, window, at));
            let neighbors = before.zip(self.point(series, window, after));
            let neighbors = neighbors.filter(|_| !self.is_missing_before(series, after));
            let value = neighbors.and_then(|(before, after)| between(&before, &after, mode, position));
            value.map_or(extent, |value| extent.union(placed(value)))
        });
        let deviation = self.greatest_deviation(series, range);
        let with_band = placed(extent.min - deviation).union(placed(extent.max + deviation));
        if extent.is_empty() {
            extent
        } else {
            extent.union(with_band)
        }
    }

    /// The extent of some samples of a series that have a place on a scale.
    fn extent_of(&self, series: usize, samples: Range<usize>, scale: AxisScale) -> Extent {
        let extent = self.samples.extent(series, samples.clone());
        match scale {
            AxisScale::Logarithmic if extent.max <= 0.0 => Extent::EMPTY,
            AxisScale::Logarithmic if extent.min <= 0.0 => Extent {
                min: self.samples.least_positive(series, samples),
                ..extent
            },
            _ => extent,
        }
    }

    /// Whether a series has values in a window that are not positive.
    pub(super) fn has_nonpositive(&self, series: usize, window: &TimeWindow) -> bool {
        if let Some(constant) = self.constants.get(series) {
            return *constant <= 0.0;
        }
        let inside = self
            .samples
            .indices(series, window.range().intersection(&self.shown));
        self.samples.extent(series, inside).min <= 0.0
    }

    /// The value of a series at a time: that of its last sample until then. `None` where there is none, or a
    /// gap, once the entity was cleared, and where rows may be missing since that sample.
    pub fn value_at(&self, series: usize, time: i64) -> Option<f64> {
        if let Some(constant) = self.constants.get(series) {
            return (!constant.is_nan()).then_some(*constant);
        }
        let times = self.samples.times(series);
        let sample = *times.get(times.partition_point(|other| *other <= time).checked_sub(1)?)?;
        let since = TimeRange::new(sample.saturating_add(1), time);
        if self.missing.intersects(since) {
            return None;
        }
        latest(&self.samples, series, time)
    }

    /// Whether a series had values before a time, and has none there, or its rows are missing there.
    pub(super) fn is_interrupted_at(&self, series: usize, time: i64) -> bool {
        let first = self.samples.times(series).first();
        let has_begun = first.is_some_and(|first| *first <= time);
        has_begun && self.value_at(series, time).is_none() || self.missing.intersects(TimeRange::point(time))
    }

    /// Whether rows may be missing between a sample and the one before it.
    fn is_missing_before(&self, series: usize, at: usize) -> bool {
        if self.missing.is_empty() {
            return false;
        }
        let times = self.samples.times(series);
        let before = at.checked_sub(1).and_then(|before| times.get(before));
        before
            .zip(times.get(at))
            .is_some_and(|(before, after)| self.missing.intersects(times_between(*before, *after)))
    }

    /// The value that a series had last before a window in which it has none, or comes to have after it. It holds until the window
    /// reaches another.
    pub(super) fn value_near(&self, series: usize, window: &TimeWindow) -> Option<f64> {
        let before = self.value_at(series, window.range().min);
        before.or_else(|| {
            let sample = self.nearest_sample(series, window.nearest_time(0.5))?;
            self.samples.values(series).get(sample).copied()
        })
    }

    /// Whether it is known how much the values may be off.
    pub(super) fn has_variances(&self) -> bool {
        self.variances.is_some() || !self.constant_variances.is_empty()
    }

    /// One standard deviation of a series at a time, where its variance is known.
    pub fn deviation_at(&self, series: usize, time: i64) -> Option<f64> {
        if let Some(variance) = clamped(&self.constant_variances, series) {
            return deviation(variance);
        }
        let variances = self.variances.as_ref()?;
        deviation(latest(variances, self.variance_column(series)?, time)?)
    }

    /// The greatest standard deviation of a series in a range; zero where none is known.
    fn greatest_deviation(&self, series: usize, range: TimeRange) -> f64 {
        if let Some(variance) = clamped(&self.constant_variances, series) {
            return deviation(variance).unwrap_or(0.0);
        }
        let greatest = self.variance_column(series).and_then(|column| {
            let variances = self.variances.as_ref()?;
            deviation(variances.extent(column, variances.indices(column, range)).max)
        });
        greatest.unwrap_or(0.0)
    }

    /// The column of variances that holds for a series: the last one holds for all further ones.
    fn variance_column(&self, series: usize) -> Option<usize> {
        let last = self.variances.as_ref()?.num_columns().checked_sub(1)?;
        Some(series.min(last))
    }

    /// What is drawn of a series in a window of `width` columns of pixels: the corners of a line, cut off
    /// where the times end that are shown, or the places of markers. Heights are positions in the window of
    /// values; what has none there is a gap.
    ///
    /// Cost: as of [`Self::visible_points`].
    pub(super) fn drawn_points(
        &self,
        series: usize,
        window: &TimeWindow,
        values: &ValueWindow,
        width: usize,
    ) -> Vec<DrawPoint> {
        let mut points = self.visible_points(series, window, values.scale(), width);
        for point in &mut points {
            point.value = values.position(point.value);
        }
        let is_cut = self.shown != TimeRange::EVERYTHING && self.constants.is_empty();
        if self.is_line(series) {
            points = interpolated(points, self.interpolation(series));
            if is_cut {
                let ends = [self.shown.min, self.shown.max].map(|time| window.position(time));
                clip(&mut points, ends);
            }
        } else if is_cut {
            points.retain(|point| self.shown.contains(point.time));
        }
        points
    }

    /// The samples of a series in a window, where there are so few that each is drawn: their times and
    /// values.
    pub(super) fn single_samples(
        &self,
        series: usize,
        window: &TimeWindow,
        width: usize,
    ) -> impl Iterator<Item = (i64, f64)> {
        let inside = self
            .samples
            .indices(series, window.range().intersection(&self.shown));
        let few = if inside.len() <= width.saturating_mul(2) {
            inside
        } else {
            0..0
        };
        let times = self.samples.times(series).get(few.clone()).unwrap_or(&[]);
        let values = self.samples.values(series).get(few).unwrap_or(&[]);
        times.iter().copied().zip(values.iter().copied())
    }

    /// What is to be drawn of a series in a window of `width` columns of pixels, before its samples are
    /// joined.
    ///
    /// Where there are many samples to a column, these are the least and the greatest of the column, so that no peak is lost, unless the
    /// series asks for something else. Costs O(columns log n), or the samples in the window where they are fewer, or the series asks
    /// for averages or for all samples.
    fn visible_points(
        &self,
        series: usize,
        window: &TimeWindow,
        scale: AxisScale,
        width: usize,
    ) -> Vec<DrawPoint> {
        if let Some(constant) = self.constants.get(series) {
            return [0.0, 1.0]
                .map(|position| DrawPoint {
                    position,
                    value: *constant,
                    time: window.nearest_time(position),
                })
                .to_vec();
        }
        let times = self.samples.times(series);
        let inside = self
            .samples
            .indices(series, window.range().intersection(&self.shown));
        let point = |at: usize| self.point(series, window, at);
        let mut points = Vec::new();
        if self.samples.values(series).len() != times.len() {
            return points;
        }
        points.extend(inside.start.checked_sub(1).and_then(point));
        // Nothing goes on from the point before over rows that are missing.
        let interrupt = |points: &mut Vec<DrawPoint>, at: usize| {
            if let Some(last) = points.last().copied()
                && self.is_missing_before(series, at)
            {
                points.push(DrawPoint {
                    value: f64::NAN,
                    ..last
                });
            }
        };
        let policy = self.aggregation(series);
        if policy == AggregationPolicy::Off || inside.len() <= width.saturating_mul(2) {
            for at in inside.clone() {
                interrupt(&mut points, at);
                points.extend(point(at));
            }
        } else {
            points.reserve(width * 2 + 2);
            let ends = [times[inside.start], times[inside.end - 1]].map(|time| window.position(time));
            let (mut start, mut len) = (inside.start, 0);
            for column in 0..width {
                let end = if column + 1 == width {
                    inside.end
                } else {
                    let limit = window.first_time_at((column + 1) as f64 / width as f64);
                    first_at(times, start..inside.end, limit, len)
                };
                len = end - start;
                if start < end {
                    interrupt(&mut points, start);
                }
                let middle = (column as f64 + 0.5) / width as f64;
                let column = Column {
                    samples: start..end,
                    middle: middle.clamp(ends[0], ends[1]),
                };
                self.push_column(series, column, (policy, scale), window, &mut points);
                start = end;
            }
        }
        interrupt(&mut points, inside.end);
        points.extend(point(inside.end));
        points
    }

    /// The sample of a series at a position, in a window.
    fn point(&self, series: usize, window: &TimeWindow, at: usize) -> Option<DrawPoint> {
        let time = *self.samples.times(series).get(at)?;
        Some(DrawPoint {
            position: window.position(time),
            value: *self.samples.values(series).get(at)?,
            time,
        })
    }

    /// Whether the samples of a series are joined.
    pub fn is_line(&self, series: usize) -> bool {
        let mark = self.styles.get(series).map(|style| style.mark);
        matches!(mark, Some(Mark::Line { .. }))
    }

    /// How the samples of a series are joined.
    fn interpolation(&self, series: usize) -> InterpolationMode {
        match self.styles.get(series).map(|style| style.mark) {
            Some(Mark::Line { interpolation, .. }) => interpolation,
            Some(Mark::Marker { .. }) | None => InterpolationMode::Linear,
        }
    }

    /// What is drawn of many samples of a series. Of points it is the least and the greatest.
    fn aggregation(&self, series: usize) -> AggregationPolicy {
        match self.styles.get(series).map(|style| style.mark) {
            Some(Mark::Line { aggregation, .. }) => aggregation,
            Some(Mark::Marker { .. }) | None => AggregationPolicy::MinMax,
        }
    }

    fn push_column(
        &self,
        series: usize,
        Column { samples, middle }: Column,
        (policy, scale): (AggregationPolicy, AxisScale),
        window: &TimeWindow,
        points: &mut Vec<DrawPoint>,
    ) {
        let point = |at: usize| self.point(series, window, at);
        if samples.len() <= 2 {
            points.extend(samples.filter_map(point));
            return;
        }
        let values = self.samples.values(series);
        let (start, end) = (samples.start, samples.end - 1);
        let (first, last) = (values[start], values[end]);
        let extent = self.extent_of(series, samples.clone(), scale);
        let (is_first_gap, is_last_gap) = (is_gap(first, scale), is_gap(last, scale));
        // A gap at the edge of the column interrupts the line; one within it is narrower than a pixel.
        if is_first_gap {
            points.extend(point(start));
        }
        if !extent.is_empty() {
            let time = self.samples.times(series)[start];
            let at = |value: f64| DrawPoint {
                position: middle,
                value,
                time,
            };
            let (low, high) = (at(extent.min), at(extent.max));
            // Whichever is nearer to where the line comes from and goes to stands at that end.
            let rising = is_first_gap || is_last_gap || first <= last;
            match policy {
                AggregationPolicy::Min => points.push(low),
                AggregationPolicy::Max => points.push(high),
                AggregationPolicy::MinMaxAverage => points.push(at(extent.min / 2.0 + extent.max / 2.0)),
                AggregationPolicy::Average => points.push(at(average(&values[samples], scale))),
                AggregationPolicy::MinMax | AggregationPolicy::Off => {
                    points.extend(if rising { [low, high] } else { [high, low] });
                }
            }
        }
        if is_last_gap {
            points.extend(point(end));
        }
    }

    /// The sample of a series that is nearest in time: its position in the samples. Of several at one time it is the last one that is a
    /// number, as everywhere.
    pub fn nearest_sample(&self, series: usize, time: i64) -> Option<usize> {
        let (times, values) = (self.samples.times(series), self.samples.values(series));
        let after = times.partition_point(|other| *other < time);
        let valid = |at: &usize| values.get(*at).is_some_and(|value| !value.is_nan());
        let next = (after..times.len()).take(64).find(valid).map(|next| {
            let end = next + times[next..].partition_point(|other| *other == times[next]);
            (next..end).rev().take(64).find(valid).unwrap_or(next)
        });
        let previous = (0..after).rev().take(64).find(valid);
        match (previous, next) {
            (Some(previous), Some(next)) => {
                Some(if time.abs_diff(times[previous]) < times[next].abs_diff(time) {
                    previous
                } else {
                    next
                })
            }
            (previous, next) => previous.or(next),
        }
    }
}

/// The samples in a column of pixels, and the position of its middle.
struct Column {
    samples: Range<usize>,
    middle: f64,
}

/// The value of a column at a time: that of its last sample until then.
fn latest(samples: &Samples, column: usize, time: i64) -> Option<f64> {
    let times = samples.times(column);
    let after = times.partition_point(|other| *other <= time);
    if after == times.len() && samples.ended_at().is_some_and(|end| end <= time) {
        return None;
    }
    let value = samples.values(column).get(after.checked_sub(1)?)?;
    (!value.is_nan()).then_some(*value)
}

/// The standard deviation of a variance; `None` where that is none.
fn deviation(variance: f64) -> Option<f64> {
    (variance.is_finite() && variance >= 0.0).then(|| variance.sqrt())
}

/// Whether a value interrupts a line on a scale.
fn is_gap(value: f64, scale: AxisScale) -> bool {
    value.is_nan() || (scale == AxisScale::Logarithmic && value <= 0.0)
}

/// The average of the values that have a place on a scale.
fn average(values: &[f64], scale: AxisScale) -> f64 {
    let numbers = values.iter().filter(|value| !is_gap(**value, scale));
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// The position of the first time in a range of positions that is not before `limit`: the range's end where there is none. Looks
/// `guess` behind the range's start first, and one beside that: columns of samples at even times have as many each, or one more or
/// less. Then it goes from the start in steps that double.
fn first_at(times: &[i64], range: Range<usize>, limit: i64, guess: usize) -> usize {
    let is_first = |at: usize| {
        let is_after = |at: usize| times.get(at).is_some_and(|time| *time >= limit);
        (at == range.start || !is_after(at - 1)) && (at == range.end || is_after(at))
    };
    let guess = (range.start + guess).min(range.end);
    let nearby = [guess, guess + 1, guess.saturating_sub(1)];
    let mut nearby = nearby
        .into_iter()
        .filter(|at| (range.start..=range.end).contains(at));
    if let Some(at) = nearby.find(|at| is_first(*at)) {
        return at;
    }
    let (mut low, mut step) = (range.start, 8);
    while let Some(time) = times.get(low + step).filter(|_| low + step < range.end)
        && *time < limit
    {
        low += step;
        step *= 2;
    }
    let high = (low + step).min(range.end);
    low + times[low..high].partition_point(|time| *time < limit)
}
