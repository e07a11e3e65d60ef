//! Where times and values lie on the screen.

use chronoscope_store::{TimeRange, TimeType};
use chronoscope_types::enums::AxisSide;
use egui::{Pos2, Rect, pos2};

use super::input::{PlotInput, PlotLine};
use crate::{
    plot::{
        axes::{position_of, x_of, y_of},
        gestures::{self, Shown},
        pyramid::Extent,
        window::{TimeWindow, ValueWindow},
    },
    time_steps::rounded_time,
};

/// What of the data a plot shows: a stretch of time, and a range of values.
pub(crate) type PlotWindow = gestures::PlotWindow<TimeWindow>;

/// The part of the screen that data is drawn in, and what of the data.
#[derive(Clone, Copy)]
pub(super) struct Canvas {
    pub(super) rect: Rect,
    pub(super) shown: Shown<TimeWindow>,
}

impl Canvas {
    /// The range of values of an axis.
    pub(super) fn values(&self, side: AxisSide) -> &ValueWindow {
        match (side, &self.shown.right) {
            (AxisSide::Right, Some(right)) => right,
            _ => &self.shown.values,
        }
    }

    pub(super) fn x(&self, time: i64) -> f32 {
        x_of(&self.rect, self.shown.x.position(time))
    }

    /// Where a value lies; `None` where it has no place on the scale.
    pub(super) fn y(&self, side: AxisSide, value: f64) -> Option<f32> {
        let position = self.values(side).position(value);
        (!position.is_nan()).then(|| y_of(&self.rect, position))
    }

    pub(super) fn place(&self, side: AxisSide, time: i64, value: f64) -> Option<Pos2> {
        Some(pos2(self.x(time), self.y(side, value)?))
    }

    /// The time that is nearest to a place.
    pub(super) fn time_at(&self, x: f32) -> i64 {
        self.shown.x.nearest_time(position_of(&self.rect, x))
    }

    /// The time at a place, with the digits that can be seen there. All numbers of a sequence count.
    pub(super) fn readable_time_at(&self, time_type: TimeType, x: f32) -> i64 {
        let time = self.time_at(x);
        match time_type {
            TimeType::Sequence => time,
            TimeType::DurationNs | TimeType::TimestampNs => {
                let points = f64::from(self.rect.width().max(1.0));
                rounded_time(time, self.shown.x.length() / points)
            }
        }
    }

    /// The value at a place.
    pub(super) fn value_at(&self, side: AxisSide, y: f32) -> f64 {
        let position = f64::from(self.rect.bottom() - y) / f64::from(self.rect.height().max(1.0));
        self.values(side).value(position)
    }
}

/// What a plot shows. The times come first, then the values that these need.
pub(super) fn shown(input: &PlotInput<'_>, window: PlotWindow) -> Shown<TimeWindow> {
    let x = window.x.unwrap_or_else(|| all_times(input));
    let values = |side: AxisSide, asked: Option<ValueWindow>| {
        asked
            .and_then(|asked| asked.on(input.scales.of(side)))
            .unwrap_or_else(|| fitted_values(input, &x, side))
    };
    Shown {
        x,
        values: values(AxisSide::Left, window.values),
        right: input.has_right().then(|| values(AxisSide::Right, window.right)),
    }
}

/// The stretch of time that all visible series take. Where the blueprint gives a stretch, that is it,
/// whatever samples lie in it, so that it moves with the cursor and never leaps; of one that is longer than
/// the recording, the part that has a recording.
fn all_times(input: &PlotInput<'_>) -> TimeWindow {
    let times_of = |line: &PlotLine<'_>| match line.series.shown {
        TimeRange::EVERYTHING => line
            .series
            .samples
            .time_range()
            .union(&line.series.missing.time_range()),
        shown if shown.length() > input.all_times.length() => shown.intersection(&input.all_times),
        shown => shown,
    };
    let range = input
        .visible()
        .fold(TimeRange::EMPTY, |range, (_, line)| range.union(&times_of(line)));
    let least = match input.time_type {
        TimeType::Sequence => 2.0,
        TimeType::DurationNs | TimeType::TimestampNs => 1e9,
    };
    TimeWindow::of(if range.is_empty() { input.all_times } else { range }, least)
}

/// The range of values that all visible series of an axis take in a stretch of time. Where none has any
/// there, the values near by, so that the axis stays where it was.
fn fitted_values(input: &PlotInput<'_>, times: &TimeWindow, side: AxisSide) -> ValueWindow {
    let scale = input.scales.of(side);
    let lines = || {
        input
            .visible()
            .map(|(_, line)| line)
            .filter(|line| line.side == side)
    };
    let mut extent = lines().fold(Extent::EMPTY, |extent, line| {
        extent.union(line.series.extent(line.index, times, scale))
    });
    if extent.is_empty() {
        let near = lines().filter_map(|line| line.series.value_near(line.index, times));
        extent = Extent::of(&near.collect::<Vec<f64>>());
    }
    ValueWindow::fitted(extent, scale)
}
