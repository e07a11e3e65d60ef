//! A series: samples, how they look, and what of them is to be drawn in so many pixels.

use std::{ops::Range, sync::Arc};

use chronoscope_frame::Visual;
use chronoscope_types::enums::{AggregationPolicy, InterpolationMode, MarkerShape};
use egui::Color32;

use super::samples::Samples;
use crate::plot::{pyramid::Extent, window::TimeWindow};

/// All series of one entity, one per instance.
#[derive(Debug, Default)]
pub struct EntitySeries {
    /// The values.
    pub samples: Samples,
    /// How each instance looks; as many as there are columns of samples, or the one that a constant needs.
    pub styles: Vec<SeriesStyle>,
    /// Static values, one per instance: they hold at all times. There are no samples then.
    pub constants: Vec<f64>,
    /// Instances beyond [`MAX_SERIES`](super::samples::MAX_SERIES), which are not shown.
    pub left_out: usize,
}

/// How a series looks.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesStyle {
    /// The name that was logged for it.
    pub name: Option<Arc<str>>,
    /// The color that was logged for it. The plot chooses one where there is none.
    pub color: Option<Color32>,
    /// Whether it is shown at first.
    pub visible: bool,
    /// Line or points.
    pub mark: Mark,
}

/// What a sample is drawn as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    /// A point of a line.
    Line {
        /// The line's width in points.
        width: f32,
        /// How samples are joined.
        interpolation: InterpolationMode,
        /// What is drawn of many samples in a column of pixels.
        aggregation: AggregationPolicy,
    },
    /// A shape of its own.
    Marker {
        /// The shape.
        shape: MarkerShape,
        /// Its radius in points.
        radius: f32,
    },
}

/// A point to draw. A value that is not a number interrupts the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawPoint {
    /// Where it is in the window: 0 at its start, 1 at its end. Points just outside keep lines going to the edge.
    pub position: f64,
    /// The value.
    pub value: f64,
}

impl Visual for EntitySeries {
    fn heap_bytes(&self) -> u64 {
        let names: usize = self
            .styles
            .iter()
            .flat_map(|style| &style.name)
            .map(|name| name.len())
            .sum();
        let styles = self.styles.capacity() * size_of::<SeriesStyle>();
        let constants = self.constants.capacity() * size_of::<f64>();
        (self.samples.heap_bytes() + names + styles + constants) as u64
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

    /// The least and greatest value of a series that lies in a window.
    pub fn extent(&self, series: usize, window: &TimeWindow) -> Extent {
        if let Some(constant) = self.constants.get(series) {
            return Extent::of(&[*constant]);
        }
        self.samples
            .extent(series, self.samples.indices(series, window.range()))
    }

    /// What is to be drawn of a series in a window of `width` columns of pixels.
    ///
    /// Where there are many samples to a column, these are the least and the greatest of the column, so that no peak is lost, unless the
    /// series asks for something else. Costs O(columns log n), or the samples in the window where they are fewer, or the series asks
    /// for averages or for all samples.
    pub fn visible_points(&self, series: usize, window: &TimeWindow, width: usize) -> Vec<DrawPoint> {
        if let Some(constant) = self.constants.get(series) {
            return [0.0, 1.0]
                .map(|position| DrawPoint {
                    position,
                    value: *constant,
                })
                .to_vec();
        }
        let times = self.samples.times(series);
        let values = self.samples.values(series);
        let inside = self.samples.indices(series, window.range());
        let point = |at: usize| DrawPoint {
            position: window.position(times[at]),
            value: values[at],
        };
        let mut points = Vec::new();
        if values.len() != times.len() {
            return points;
        }
        points.extend(inside.start.checked_sub(1).map(point));
        let policy = self.aggregation(series);
        if policy == AggregationPolicy::Off || inside.len() <= width.saturating_mul(2) {
            points.extend(inside.clone().map(point));
        } else {
            points.reserve(width * 2 + 2);
            let mut start = inside.start;
            for column in 0..width {
                let end = if column + 1 == width {
                    inside.end
                } else {
                    let limit = window.first_time_at((column + 1) as f64 / width as f64);
                    first_at(times, start..inside.end, limit)
                };
                let column = Column {
                    samples: start..end,
                    middle: (column as f64 + 0.5) / width as f64,
                };
                self.push_column(series, column, policy, &point, &mut points);
                start = end;
            }
        }
        if inside.end < times.len() {
            points.push(point(inside.end));
        }
        points
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
        policy: AggregationPolicy,
        point: &impl Fn(usize) -> DrawPoint,
        points: &mut Vec<DrawPoint>,
    ) {
        if samples.len() <= 2 {
            points.extend(samples.map(point));
            return;
        }
        let values = self.samples.values(series);
        let (start, end) = (samples.start, samples.end - 1);
        let (first, last) = (values[start], values[end]);
        let extent = self.samples.extent(series, samples.clone());
        // A gap at the edge of the column interrupts the line; one within it is narrower than a pixel.
        if first.is_nan() {
            points.push(point(start));
        }
        if !extent.is_empty() {
            let low = DrawPoint {
                position: middle,
                value: extent.min,
            };
            let high = DrawPoint {
                position: middle,
                value: extent.max,
            };
            // Whichever is nearer to where the line comes from and goes to stands at that end.
            let rising = first.is_nan() || last.is_nan() || first <= last;
            let at = |value: f64| DrawPoint {
                position: middle,
                value,
            };
            match policy {
                AggregationPolicy::Min => points.push(low),
                AggregationPolicy::Max => points.push(high),
                AggregationPolicy::MinMaxAverage => points.push(at(extent.min / 2.0 + extent.max / 2.0)),
                AggregationPolicy::Average => points.push(at(average(&values[samples]))),
                AggregationPolicy::MinMax | AggregationPolicy::Off => {
                    points.extend(if rising { [low, high] } else { [high, low] });
                }
            }
        }
        if last.is_nan() {
            points.push(point(end));
        }
    }

    /// The sample of a series that is nearest in time: its position in the samples.
    pub fn nearest_sample(&self, series: usize, time: i64) -> Option<usize> {
        let (times, values) = (self.samples.times(series), self.samples.values(series));
        let after = times.partition_point(|other| *other < time);
        let valid = |at: &usize| values.get(*at).is_some_and(|value| !value.is_nan());
        let next = (after..times.len()).take(64).find(valid);
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

/// The average of the values that are numbers.
fn average(values: &[f64]) -> f64 {
    let numbers = values.iter().filter(|value| !value.is_nan());
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// The position of the first time in a range of positions that is not before `limit`: the range's end where there is none. Looks near
/// the range's start first, in steps that double.
fn first_at(times: &[i64], range: Range<usize>, limit: i64) -> usize {
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

/// The corners of a line that goes through these points in steps, or straight. Interruptions stay where they are.
pub(crate) fn interpolated(points: Vec<DrawPoint>, mode: InterpolationMode) -> Vec<DrawPoint> {
    if mode == InterpolationMode::Linear {
        return points;
    }
    let mut corners = Vec::with_capacity(points.len() * 3);
    let mut previous: Option<DrawPoint> = None;
    for point in points {
        if let Some(before) = previous
            && !before.value.is_nan()
            && !point.value.is_nan()
        {
            let corner = |position: f64, value: f64| DrawPoint { position, value };
            match mode {
                InterpolationMode::Linear => {}
                InterpolationMode::StepAfter => corners.push(corner(point.position, before.value)),
                InterpolationMode::StepBefore => corners.push(corner(before.position, point.value)),
                InterpolationMode::StepMid => {
                    let middle = before.position / 2.0 + point.position / 2.0;
                    corners.extend([corner(middle, before.value), corner(middle, point.value)]);
                }
            }
        }
        corners.push(point);
        previous = Some(point);
    }
    corners
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use chronoscope_store::{ChunkStore, RangeResult, StoreId, TimeRange, Timeline};
    use chronoscope_types::{Scalars, columns_chunk};

    use super::*;
    use crate::plot::testing::Random;

    fn answer(times: &[i64], values: &[f64]) -> (ChunkStore, RangeResult) {
        let mut store = ChunkStore::new(StoreId::recording("test", "series"));
        let chunk = columns_chunk(
            "a",
            [(Timeline::sequence("t"), times.to_vec())],
            &Scalars::new(values.iter().copied()),
        )
        .unwrap();
        store.insert(chunk).unwrap();
        let entity = store.entity_id(&"/a".into()).unwrap();
        let timeline = store.timeline_id("t").unwrap();
        let component = store.component_id(&Scalars::SCALARS).unwrap();
        let answer = store.range(entity, timeline, TimeRange::EVERYTHING, component);
        (store, answer)
    }

    fn series(times: &[i64], values: &[f64]) -> EntitySeries {
        let (store, answer) = answer(times, values);
        let mut series = EntitySeries::default();
        series
            .samples
            .update(store.timeline_id("t").unwrap(), &answer, Vec::new())
            .unwrap();
        series
    }

    /// Every column of pixels shows exactly the least and the greatest value that it has, whatever the window.
    #[test]
    fn peaks_are_exact() {
        let mut random = Random::new(5);
        for _ in 0..200 {
            let len = random.below(3_000);
            let start = 1_700_000_000_000_000_000;
            let mut time = start;
            let times: Vec<i64> = (0..len)
                .map(|_| {
                    time += random.below(100) as i64;
                    time
                })
                .collect();
            let values: Vec<f64> = (0..len)
                .map(|_| {
                    if random.below(20) == 0 {
                        f64::NAN
                    } else {
                        random.unit() * 10.0
                    }
                })
                .collect();
            let series = series(&times, &values);
            let width = 1 + random.below(300);
            let window = TimeWindow::of(TimeRange::new(start, time), 1.0)
                .zoomed(random.unit(), 0.5 + random.unit() * 20.0)
                .panned(random.unit() - 0.5);
            let points = series.visible_points(0, &window, width);

            let limit = |column: usize| window.first_time_at(column as f64 / width as f64);
            let range = window.range();
            for column in 0..width {
                let inside = |time: i64| {
                    range.contains(time)
                        && (column == 0 || time >= limit(column))
                        && (column + 1 == width || time < limit(column + 1))
                };
                let expected = times
                    .iter()
                    .zip(&values)
                    .filter(|(time, _)| inside(**time))
                    .map(|(_, value)| *value);
                let expected = Extent::of(&expected.collect::<Vec<_>>());
                let drawn = points
                    .iter()
                    .filter(|point| inside(window.nearest_time(point.position)));
                let drawn = Extent::of(&drawn.map(|point| point.value).collect::<Vec<_>>());
                assert_eq!(drawn, expected, "column {column} of {width}, {len} samples");
            }
            assert!(
                points.len() <= 4 * width + 2,
                "{} points in {width} columns",
                points.len()
            );
        }
    }

    #[test]
    fn lines_reach_the_edges() {
        let series = series(&[0, 10, 20, 30], &[0.0, 1.0, 2.0, 3.0]);
        let window = TimeWindow::of(TimeRange::new(12, 18), 1.0);
        let values: Vec<f64> = series
            .visible_points(0, &window, 100)
            .iter()
            .map(|point| point.value)
            .collect();
        assert_eq!(values, [1.0, 2.0]);
    }

    #[test]
    fn steps_have_corners() {
        let point = |position: f64, value: f64| DrawPoint { position, value };
        let line = vec![
            point(0.0, 1.0),
            point(1.0, 2.0),
            point(2.0, f64::NAN),
            point(3.0, 4.0),
        ];
        let corners = |mode| {
            interpolated(line.clone(), mode)
                .iter()
                .map(|point| point.position)
                .collect::<Vec<_>>()
        };
        assert_eq!(corners(InterpolationMode::Linear), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(corners(InterpolationMode::StepAfter), [0.0, 1.0, 1.0, 2.0, 3.0]);
        assert_eq!(corners(InterpolationMode::StepBefore), [0.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(
            corners(InterpolationMode::StepMid),
            [0.0, 0.5, 0.5, 1.0, 2.0, 3.0]
        );
    }

    #[test]
    fn finds_the_nearest_sample() {
        let series = series(&[0, 10, 20], &[0.0, f64::NAN, 2.0]);
        let check = |time, expected| assert_eq!(series.nearest_sample(0, time), Some(expected), "{time}");
        check(-5, 0);
        check(9, 0);
        check(11, 2);
        check(i64::MAX, 2);
        assert_eq!(EntitySeries::default().nearest_sample(0, 0), None);
    }

    #[test]
    fn a_policy_says_what_is_drawn_of_a_column() {
        let times: Vec<i64> = (0..4_000).collect();
        let values: Vec<f64> = times
            .iter()
            .map(|time| match time % 100 {
                20 => 9.0,
                60 => -5.0,
                _ => 1.0,
            })
            .collect();
        let drawn = |aggregation: AggregationPolicy| {
            let mut series = series(&times, &values);
            series.styles = vec![SeriesStyle {
                name: None,
                color: None,
                visible: true,
                mark: Mark::Line {
                    width: 1.0,
                    interpolation: InterpolationMode::Linear,
                    aggregation,
                },
            }];
            let window = TimeWindow::of(TimeRange::new(0, 3_999), 1.0);
            let points = series.visible_points(0, &window, 40);
            points.iter().map(|point| point.value).collect::<Vec<_>>()
        };
        assert_eq!(drawn(AggregationPolicy::MinMax), [-5.0, 9.0].repeat(40));
        assert_eq!(drawn(AggregationPolicy::Min), [-5.0; 40]);
        assert_eq!(drawn(AggregationPolicy::Max), [9.0; 40]);
        assert_eq!(drawn(AggregationPolicy::MinMaxAverage), [2.0; 40]);
        assert_eq!(drawn(AggregationPolicy::Average), [1.02; 40]);
        assert_eq!(drawn(AggregationPolicy::Off), values);
    }
}
