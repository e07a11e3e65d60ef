//! What is drawn of series, and what is known of their samples.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use chronoscope_store::{ChunkStore, RangeResult, StoreId, StoreSettings, TimeRange, Timeline};
use chronoscope_types::{Scalars, columns_chunk};

use super::*;
use crate::plot::{testing::Random, window::AxisWindow as _};

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

#[test]
fn columns_begin_where_searching_finds_them_whatever_was_guessed() {
    let mut random = Random::new(11);
    for _ in 0..2_000 {
        let len = random.below(60);
        let mut times: Vec<i64> = (0..len).map(|_| random.below(40) as i64).collect();
        times.sort_unstable();
        let start = random.below(len + 1);
        let end = start + random.below(len - start + 1);
        let (limit, guess) = (random.below(42) as i64, random.below(70));
        let found = first_at(&times, start..end, limit, guess);
        let expected = start + times[start..end].partition_point(|time| *time < limit);
        assert_eq!(
            found, expected,
            "{limit} in {start}..{end} of {times:?}, guessed {guess}"
        );
    }
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
        let points = series.visible_points(0, &window, AxisScale::Linear, width);

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
        .visible_points(0, &window, AxisScale::Linear, 100)
        .iter()
        .map(|point| point.value)
        .collect();
    assert_eq!(values, [1.0, 2.0]);
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
fn of_samples_at_one_time_the_last_one_counts() {
    let series = series(&[0, 10, 10, 10, 20], &[0.0, 1.0, 2.0, f64::NAN, 3.0]);
    let check = |time, expected| assert_eq!(series.nearest_sample(0, time), Some(expected), "{time}");
    // Whether it is pointed at, or before or behind it.
    check(9, 2);
    check(10, 2);
    check(11, 2);
    check(16, 4);
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
        let mark = Mark::Line {
            width: 1.0,
            interpolation: InterpolationMode::Linear,
            aggregation,
        };
        series.styles = vec![SeriesStyle { mark, ..linear() }];
        let window = TimeWindow::of(TimeRange::new(0, 3_999), 1.0);
        let points = series.visible_points(0, &window, AxisScale::Linear, 40);
        points.iter().map(|point| point.value).collect::<Vec<_>>()
    };
    assert_eq!(drawn(AggregationPolicy::MinMax), [-5.0, 9.0].repeat(40));
    assert_eq!(drawn(AggregationPolicy::Min), [-5.0; 40]);
    assert_eq!(drawn(AggregationPolicy::Max), [9.0; 40]);
    assert_eq!(drawn(AggregationPolicy::MinMaxAverage), [2.0; 40]);
    assert_eq!(drawn(AggregationPolicy::Average), [1.02; 40]);
    assert_eq!(drawn(AggregationPolicy::Off), values);
}

fn linear() -> SeriesStyle {
    SeriesStyle {
        name: None,
        color: None,
        visible: true,
        unit: None,
        side: None,
        mark: Mark::Line {
            width: 1.0,
            interpolation: InterpolationMode::Linear,
            aggregation: AggregationPolicy::MinMax,
        },
    }
}

/// What is shown of seven samples, five units of time at a time.
fn sparse(shown: TimeRange, mark: Mark) -> EntitySeries {
    let times = [0, 30, 110, 120, 300, 470, 550];
    let mut series = series(&times, &[0.0, 5.0, 1.0, 9.0, 3.0, 7.0, 2.0]);
    series.shown = shown;
    series.styles = vec![SeriesStyle { mark, ..linear() }];
    series
}

#[test]
fn a_line_that_crosses_the_window_is_cut_at_its_edges_and_markers_stay_outside() {
    let shown = TimeRange::new(150, 200);
    let window = TimeWindow::of(TimeRange::new(100, 300), 1.0);
    let values = ValueWindow::new(0.0, 10.0).unwrap();
    let drawn = |mark| {
        let points = sparse(shown, mark).drawn_points(0, &window, &values, 100);
        let rounded = |x: f64| (x * 1e6).round() / 1e6;
        points
            .iter()
            .map(|point| [point.position, point.value].map(rounded))
            .collect::<Vec<_>>()
    };
    assert_eq!(drawn(linear().mark), [[0.25, 0.8], [0.5, 0.633_333]]);
    let marker = Mark::Marker {
        shape: MarkerShape::Circle,
        radius: 3.0,
    };
    assert_eq!(drawn(marker), [] as [[f64; 2]; 0]);
    let all = sparse(TimeRange::EVERYTHING, linear().mark).drawn_points(0, &window, &values, 100);
    assert_eq!(all.len(), 5, "a sample on each side, three within");
}

/// A window that slides over sparse samples never leaps: its values follow the line.
#[test]
fn the_extent_follows_a_window_that_slides() {
    let mut before: Option<Extent> = None;
    for end in 0..=600 {
        let shown = TimeRange::new(end - 50, end);
        let series = sparse(shown, linear().mark);
        let extent = series.extent(0, &TimeWindow::of(shown, 1.0), AxisScale::Linear);
        if let Some(before) = before.filter(|_| !extent.is_empty()) {
            // The steepest stretch of the line changes by 0.8 in a unit of time.
            let leap = (extent.min - before.min)
                .abs()
                .max((extent.max - before.max).abs());
            assert!(before.is_empty() || leap <= 0.81, "{leap} at {end}");
        }
        before = Some(extent);
    }
    // Where there is nothing on one side, the last sample is what is near.
    let window = TimeWindow::of(TimeRange::new(700, 750), 1.0);
    let series = sparse(TimeRange::new(700, 750), linear().mark);
    assert!(series.extent(0, &window, AxisScale::Linear).is_empty());
    assert_eq!(series.value_near(0, &window), Some(2.0));
}

/// Between two markers the values stay at the first of them, whichever is nearer.
#[test]
fn nothing_crosses_a_window_between_markers() {
    let marker = Mark::Marker {
        shape: MarkerShape::Circle,
        radius: 3.0,
    };
    for end in [180, 200, 250, 290] {
        let shown = TimeRange::new(end - 50, end);
        let series = sparse(shown, marker);
        let window = TimeWindow::of(shown, 1.0);
        assert!(series.extent(0, &window, AxisScale::Linear).is_empty(), "{end}");
        assert_eq!(series.value_near(0, &window), Some(9.0), "{end}");
    }
    let shown = TimeRange::new(100, 125);
    let extent = sparse(shown, marker).extent(0, &TimeWindow::of(shown, 1.0), AxisScale::Linear);
    assert_eq!((extent.min, extent.max), (1.0, 9.0));
}

/// On a logarithmic scale what is not positive is a gap, whether each sample is drawn or thousands are a
/// pixel.
#[test]
fn what_is_not_positive_is_a_gap_on_a_logarithmic_scale() {
    let values: Vec<f64> = (0..4_000)
        .map(|at| match at {
            1_000..2_000 => -1.0,
            // By turns, within each column of pixels.
            2_000..3_000 => [0.0, 0.5][at % 2],
            _ => 100.0,
        })
        .collect();
    let mut series = series(&(0..4_000).collect::<Vec<i64>>(), &values);
    series.styles = vec![linear()];
    let window = TimeWindow::of(TimeRange::new(0, 3_999), 1.0);
    let extent = series.extent(0, &window, AxisScale::Logarithmic);
    assert_eq!([extent.min, extent.max], [0.5, 100.0]);
    assert!(series.has_nonpositive(0, &window));
    let scale = ValueWindow::fitted(extent, AxisScale::Logarithmic);
    for width in [40, 4_000] {
        let points = series.drawn_points(0, &window, &scale, width);
        let of = |from: f64, to: f64| {
            let part = points.iter().filter(|point| (from..to).contains(&point.position));
            Extent::of(&part.map(|point| point.value).collect::<Vec<_>>())
        };
        assert!(of(0.251, 0.499).is_empty(), "{width}");
        let (low, high) = (scale.position(0.5), scale.position(100.0));
        assert_eq!(of(0.501, 0.749), Extent { min: low, max: low }, "{width}");
        assert_eq!(of(0.751, 0.999), Extent { min: high, max: high }, "{width}");
        assert!(points.iter().any(|point| point.value.is_nan()), "{width}");
    }
}

#[test]
fn a_value_holds_until_the_next_sample() {
    let series = series(&[0, 10, 20], &[1.0, f64::NAN, 2.0]);
    assert_eq!(
        [-1, 0, 9, 10, 20, 99].map(|time| series.value_at(0, time)),
        [None, Some(1.0), Some(1.0), None, Some(2.0), Some(2.0)]
    );
}

#[test]
fn a_band_is_as_wide_as_the_variance_says() {
    let mut series = series(&[0, 10, 20], &[1.0, 2.0, 3.0]);
    series.styles = vec![linear()];
    let window = TimeWindow::of(TimeRange::new(0, 20), 1.0);
    let extent = |series: &EntitySeries| {
        let extent = series.extent(0, &window, AxisScale::Linear);
        [extent.min, extent.max]
    };
    assert_eq!((extent(&series), series.deviation_at(0, 5)), ([1.0, 3.0], None));
    let (store, answer) = answer(&[0, 10, 20], &[4.0, -1.0, 0.25]);
    let mut variances = Samples::default();
    let timeline = store.timeline_id("t").unwrap();
    variances.update(timeline, &answer, Vec::new()).unwrap();
    series.variances = Some(variances);
    // A negative variance is none, and one variance alone holds for all series.
    let deviations = [0, 5, 10, 20].map(|time| series.deviation_at(7, time));
    assert_eq!(deviations, [Some(2.0), Some(2.0), None, Some(0.5)]);
    assert_eq!(extent(&series), [-1.0, 5.0]);
}

/// A series of chunks that end where the next one begins, of which some are known and not loaded.
fn series_of_chunks(chunks: &[(&[i64], bool)], mark: Mark) -> EntitySeries {
    let id = StoreId::recording("test", "series");
    let mut store = ChunkStore::with_settings(id, StoreSettings::without_compaction());
    for (times, is_loaded) in chunks {
        let values = Scalars::new(times.iter().map(|time| *time as f64));
        let chunk = columns_chunk("a", [(Timeline::sequence("t"), times.to_vec())], &values).unwrap();
        let id = chunk.id();
        store.insert(chunk).unwrap();
        if !is_loaded {
            store.evict(id);
        }
    }
    let entity = store.entity_id(&"/a".into()).unwrap();
    let timeline = store.timeline_id("t").unwrap();
    let component = store.component_id(&Scalars::SCALARS).unwrap();
    let answer = store.range(entity, timeline, TimeRange::EVERYTHING, component);
    let mut series = EntitySeries::default();
    series.samples.update(timeline, &answer, Vec::new()).unwrap();
    series.missing = MissingTimes::of(&answer, &store, timeline, Some(component), &series.samples);
    series.styles = vec![SeriesStyle {
        name: None,
        color: None,
        visible: true,
        side: None,
        unit: None,
        mark,
    }];
    series
}

#[test]
fn a_line_is_interrupted_where_rows_are_missing() {
    let all: Vec<i64> = (0..3_000).collect();
    let chunks = [
        (&all[..1_000], true),
        (&all[1_000..1_500], false),
        (&all[1_500..2_000], false),
        (&all[2_000..], true),
    ];
    let window = TimeWindow::of(TimeRange::new(0, 2_999), 1.0);
    let values = ValueWindow::new(0.0, 3_000.0).unwrap();
    let middle = window.position(1_500);
    for interpolation in [
        InterpolationMode::Linear,
        InterpolationMode::StepAfter,
        InterpolationMode::StepBefore,
        InterpolationMode::StepMid,
    ] {
        for aggregation in [AggregationPolicy::MinMax, AggregationPolicy::Off] {
            let mark = Mark::Line {
                width: 1.0,
                interpolation,
                aggregation,
            };
            let series = series_of_chunks(&chunks, mark);
            // Many samples to a column of pixels, and fewer than there are columns.
            for width in [10, 100, 2_000] {
                let points = series.drawn_points(0, &window, &values, width);
                let known = |point: &DrawPoint| !point.value.is_nan();
                assert!(points.iter().any(|point| known(point) && point.position < middle));
                assert!(points.iter().any(|point| known(point) && point.position > middle));
                let is_crossed = points.windows(2).any(|pair| {
                    pair.iter().all(known) && (pair[0].position..=pair[1].position).contains(&middle)
                });
                assert!(!is_crossed, "{interpolation:?} {aggregation:?} {width}");
                let positions = points.iter().map(|point| point.position);
                assert!(positions.is_sorted());
            }
            let hole = TimeWindow::of(TimeRange::new(1_200, 1_800), 1.0);
            assert!(series.extent(0, &hole, AxisScale::Linear).is_empty());
        }
    }
}

#[test]
fn a_value_holds_until_rows_may_be_missing() {
    let mark = Mark::Marker {
        shape: MarkerShape::Circle,
        radius: 1.0,
    };
    // Of the chunk in the middle nobody knows where its rows are between the first and the last.
    let series = series_of_chunks(&[(&[0, 20, 40], true), (&[10, 30], false), (&[60], true)], mark);
    let values = [0, 9, 10, 19, 20, 21, 30, 40, 59, 60].map(|time| series.value_at(0, time));
    let holding = [
        Some(0.0),
        Some(0.0),
        None,
        None,
        Some(20.0),
        None,
        None,
        Some(40.0),
        Some(40.0),
        Some(60.0),
    ];
    assert_eq!(values, holding);
    let interrupted = [5, 15, 25, 45].map(|time| series.is_interrupted_at(0, time));
    assert_eq!(interrupted, [false, true, true, false]);
}
