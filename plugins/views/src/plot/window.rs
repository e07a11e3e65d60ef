//! The stretch of time and the range of values that a plot shows.

use chronoscope_store::TimeRange;
use chronoscope_types::enums::AxisScale;

use super::pyramid::Extent;

/// A window closer than this shows nothing more: times are whole numbers.
const MIN_LENGTH: f64 = 2.0;
/// As long as all times there are, twice.
const MAX_LENGTH: f64 = 4e19;
/// What is left above and below values that fit, as a share of their range.
const MARGIN: f64 = 0.05;

/// The part of an axis that is shown. Positions in it are 0 at its start and 1 at its end.
pub(crate) trait AxisWindow: Copy + PartialEq {
    /// Moved by `shift` of its length, to later times or greater values.
    #[must_use]
    fn panned(self, shift: f64) -> Self;

    /// `factor` times as close. What lies at `anchor` stays where it is.
    #[must_use]
    fn zoomed(self, anchor: f64, factor: f64) -> Self;

    /// The part of it between two positions; of values itself where that would be nothing.
    #[must_use]
    fn part(self, from: f64, to: f64) -> Self;
}

/// A stretch of time, in the timeline's unit.
///
/// Times of nanoseconds since the epoch do not fit into a float, so the start is kept as a whole number with a fraction, and only
/// distances from it are floats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeWindow {
    start: i64,
    /// In [0, 1), to be added to `start`.
    fraction: f64,
    length: f64,
}

impl TimeWindow {
    /// The window from the first time of a range to its last; where these are the same, `least` long about it.
    pub(crate) fn of(range: TimeRange, least: f64) -> Self {
        if range.is_empty() {
            return Self {
                start: 0,
                fraction: 0.0,
                length: least.max(MIN_LENGTH),
            };
        }
        let length = range.length() as f64;
        if length > 0.0 {
            Self {
                start: range.min,
                fraction: 0.0,
                length: length.min(MAX_LENGTH),
            }
        } else {
            Self {
                start: range.min,
                fraction: 0.0,
                length: least.max(MIN_LENGTH),
            }
            .panned(-0.5)
        }
    }

    /// How long it is.
    pub(crate) fn length(&self) -> f64 {
        self.length
    }

    /// Where a time lies in the window: 0 at its start, 1 at its end.
    pub(crate) fn position(&self, time: i64) -> f64 {
        // Wide integers only where they are needed: a plot asks for thousands of positions a frame.
        let since_start = match time.checked_sub(self.start) {
            Some(since_start) => since_start as f64,
            None => (i128::from(time) - i128::from(self.start)) as f64,
        };
        (since_start - self.fraction) / self.length
    }

    /// The first time that lies at this position or after it.
    pub(crate) fn first_time_at(&self, position: f64) -> i64 {
        let offset = self.offset(position);
        if offset.abs() < 1e18 {
            // Rounded up, without a call of a function: a plot asks for thousands of these a frame.
            let whole = offset as i64;
            let whole = whole + i64::from((whole as f64) < offset);
            if let Some(time) = self.start.checked_add(whole) {
                return time.max(i64::MIN + 1);
            }
        }
        saturated(i128::from(self.start) + offset.ceil() as i128)
    }

    /// The time that is nearest to this position.
    pub(crate) fn nearest_time(&self, position: f64) -> i64 {
        saturated(i128::from(self.start) + self.offset(position).round() as i128)
    }

    fn offset(&self, position: f64) -> f64 {
        self.fraction + position * self.length
    }

    /// The whole times that it shows.
    pub(crate) fn range(&self) -> TimeRange {
        TimeRange::new(
            self.first_time_at(0.0),
            saturated(i128::from(self.start) + self.offset(1.0).floor() as i128),
        )
    }

    fn at_offset(self, offset: f64, length: f64) -> Self {
        let whole = offset.floor();
        Self {
            start: saturated(i128::from(self.start) + whole as i128),
            fraction: offset - whole,
            length,
        }
    }
}

impl AxisWindow for TimeWindow {
    fn panned(self, shift: f64) -> Self {
        self.at_offset(self.offset(shift), self.length)
    }

    fn zoomed(self, anchor: f64, factor: f64) -> Self {
        if !(factor.is_finite() && factor > 0.0) {
            return self;
        }
        let length = (self.length / factor).clamp(MIN_LENGTH, MAX_LENGTH);
        self.at_offset(self.fraction + anchor * (self.length - length), length)
    }

    fn part(self, from: f64, to: f64) -> Self {
        let length = ((to - from) * self.length).clamp(MIN_LENGTH, MAX_LENGTH);
        self.at_offset(self.offset(from), length)
    }
}

fn saturated(time: i128) -> i64 {
    // The least time is reserved.
    time.clamp(i128::from(i64::MIN) + 1, i128::from(i64::MAX)) as i64
}

/// A range of values, finite and not empty, on a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ValueWindow {
    min: f64,
    max: f64,
    /// Where it is logarithmic, both ends are positive.
    scale: AxisScale,
}

impl ValueWindow {
    /// The range between two values, on a linear scale; `None` where they are not finite or the same.
    pub(crate) fn new(a: f64, b: f64) -> Option<Self> {
        let (min, max) = (a.min(b), a.max(b));
        (min.is_finite() && max.is_finite() && min < max).then_some(Self {
            min,
            max,
            scale: AxisScale::Linear,
        })
    }

    /// The same values on a scale; `None` where some have no place on it.
    pub(crate) fn on(self, scale: AxisScale) -> Option<Self> {
        (scale == AxisScale::Linear || self.min > 0.0).then_some(Self { scale, ..self })
    }

    /// A range that shows all these values with a margin above and below. On a logarithmic scale they are
    /// positive.
    pub(crate) fn fitted(extent: Extent, scale: AxisScale) -> Self {
        match scale {
            AxisScale::Linear => Self::fitted_linear(extent),
            AxisScale::Logarithmic => Self::fitted_logarithmic(extent),
        }
    }

    fn fitted_linear(extent: Extent) -> Self {
        let nothing = Self {
            min: -1.0,
            max: 1.0,
            scale: AxisScale::Linear,
        };
        if extent.is_empty() {
            return nothing;
        }
        let half = (extent.max / 2.0 - extent.min / 2.0).abs();
        // One value alone, or values that a float can hardly tell apart, stand in the middle of their own size.
        let magnitude = extent.min.abs().max(extent.max.abs());
        let margin = if half > magnitude * 1e-12 {
            half * 2.0 * MARGIN
        } else {
            (magnitude * 0.1).max(0.5 * f64::from(magnitude == 0.0))
        };
        let (min, max) = (
            (extent.min - margin).max(f64::MIN),
            (extent.max + margin).min(f64::MAX),
        );
        Self::new(min, max).unwrap_or(nothing)
    }

    fn fitted_logarithmic(extent: Extent) -> Self {
        let nothing = Self {
            min: 1.0,
            max: 10.0,
            scale: AxisScale::Logarithmic,
        };
        if extent.is_empty() || extent.min <= 0.0 {
            return nothing;
        }
        let length = extent.max.ln() - extent.min.ln();
        let factor = (length * MARGIN).max(0.1).exp();
        let (min, max) = (
            (extent.min / factor).max(f64::MIN_POSITIVE),
            (extent.max * factor).min(f64::MAX),
        );
        Self::new(min, max)
            .and_then(|window| window.on(AxisScale::Logarithmic))
            .unwrap_or(nothing)
    }

    /// The least value shown.
    pub(crate) fn min(&self) -> f64 {
        self.min
    }

    /// The greatest value shown.
    pub(crate) fn max(&self) -> f64 {
        self.max
    }

    /// The scale that it is on.
    pub(crate) fn scale(&self) -> AxisScale {
        self.scale
    }

    /// Where a value lies: 0 at the least, 1 at the greatest; not a number where it has no place on the
    /// scale.
    pub(crate) fn position(&self, value: f64) -> f64 {
        match self.scale {
            // Halved, since the distance between two finite values need not be finite.
            AxisScale::Linear => (value / 2.0 - self.min / 2.0) / (self.max / 2.0 - self.min / 2.0),
            AxisScale::Logarithmic if value <= 0.0 => f64::NAN,
            AxisScale::Logarithmic => (value.ln() - self.min.ln()) / (self.max.ln() - self.min.ln()),
        }
    }

    /// The value at a position.
    pub(crate) fn value(&self, position: f64) -> f64 {
        match self.scale {
            AxisScale::Linear => self.min * (1.0 - position) + self.max * position,
            AxisScale::Logarithmic => (self.min.ln() * (1.0 - position) + self.max.ln() * position).exp(),
        }
    }
}

impl AxisWindow for ValueWindow {
    fn panned(self, shift: f64) -> Self {
        self.part(shift, 1.0 + shift)
    }

    fn zoomed(self, anchor: f64, factor: f64) -> Self {
        if !(factor.is_finite() && factor > 0.0) {
            return self;
        }
        self.part(anchor - anchor / factor, anchor + (1.0 - anchor) / factor)
    }

    fn part(self, from: f64, to: f64) -> Self {
        let part = Self::new(self.value(from), self.value(to)).and_then(|part| part.on(self.scale));
        // Closer than this, neighboring pixels would have the same value.
        part.filter(|part| part.max / 2.0 - part.min / 2.0 > (part.min.abs().max(part.max.abs())) * 1e-12)
            .unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::plot::testing::Random;

    #[test]
    fn nanoseconds_of_today_keep_their_precision() {
        let now = 1_700_000_000_123_456_789;
        let window = TimeWindow::of(TimeRange::new(now, now + 1_000), 1e9);
        for time in now..=now + 1_000 {
            assert!((window.position(time) - (time - now) as f64 / 1_000.0).abs() < 1e-12);
            assert_eq!(window.nearest_time(window.position(time)), time);
        }
        assert_eq!(window.range(), TimeRange::new(now, now + 1_000));
    }

    #[test]
    fn the_first_time_at_a_position_is_not_before_it() {
        let window = TimeWindow::of(TimeRange::new(100, 110), 1.0);
        let first = |position| window.first_time_at(position);
        assert_eq!(
            [0.0, 0.01, 0.1, 0.15, 1.0, 1.01].map(first),
            [100, 101, 101, 102, 110, 111]
        );
        assert_eq!([-0.01, -0.1, -0.15].map(first), [100, 99, 99]);
        assert_eq!([1e30, -1e30].map(first), [i64::MAX, i64::MIN + 1]);
    }

    #[test]
    fn zooming_keeps_the_anchor() {
        let mut random = Random::new(3);
        let mut window = TimeWindow::of(
            TimeRange::new(1_700_000_000_000_000_000, 1_700_000_100_000_000_000),
            1e9,
        );
        for _ in 0..1_000 {
            let anchor = random.unit();
            let time = window.nearest_time(anchor);
            let before = window.position(time);
            window = window.zoomed(anchor, 0.5 + random.unit() * 1.5);
            assert!((window.position(time) - before).abs() < 2.0 / window.length() + 1e-6);
            assert!(window.length() >= MIN_LENGTH && (0.0..1.0).contains(&window.fraction));
        }
    }

    #[test]
    fn extreme_windows_stay_finite() {
        let everything = TimeWindow::of(TimeRange::EVERYTHING, 1.0);
        assert!((everything.position(i64::MAX) - 1.0).abs() < 1e-9);
        assert_eq!(everything.nearest_time(2.0), i64::MAX);
        assert_eq!(everything.nearest_time(-2.0), i64::MIN + 1);
        let far = (0..200).fold(everything, |window, _| window.zoomed(0.5, 0.1).panned(3.0));
        assert!(far.position(0).is_finite());
        assert_eq!(TimeWindow::of(TimeRange::point(5), 1.0).nearest_time(0.5), 5);
        assert_eq!(
            TimeWindow::of(TimeRange::EMPTY, 1.0).range(),
            TimeRange::new(0, 2)
        );
        let odd = everything
            .zoomed(0.5, f64::NAN)
            .zoomed(0.5, 0.0)
            .zoomed(0.5, f64::INFINITY);
        assert_eq!(odd, everything);
    }

    #[test]
    fn values_fit_with_a_margin() {
        let check = |min: f64, max: f64| {
            let window = ValueWindow::fitted(Extent { min, max }, AxisScale::Linear);
            assert!(window.min() < window.max(), "{min} {max}");
            assert!((0.0..=1.0).contains(&window.position(min)), "{min} {max}");
            assert!((0.0..=1.0).contains(&window.position(max)), "{min} {max}");
        };
        check(-1.0, 1.0);
        check(0.0, 0.0);
        check(5.0, 5.0);
        check(1e300, 1e300);
        check(f64::MIN, f64::MAX);
        check(f64::MAX, f64::MAX);
        check(1e15, 1e15 + 1.0);
        check(5e-324, 5e-324);
        let window = ValueWindow::fitted(Extent::EMPTY, AxisScale::Linear);
        assert_eq!(Some(window), ValueWindow::new(-1.0, 1.0));
        let window = ValueWindow::fitted(Extent { min: 0.0, max: 10.0 }, AxisScale::Linear);
        assert!((window.value(window.position(3.0)) - 3.0).abs() < 1e-12);
        let zoomed = window.zoomed(window.position(3.0), 4.0);
        assert!((zoomed.position(3.0) - window.position(3.0)).abs() < 1e-12);
    }

    #[test]
    fn on_a_logarithmic_scale_ratios_are_distances() {
        let log = |min: f64, max: f64| ValueWindow::new(min, max)?.on(AxisScale::Logarithmic);
        let window = log(1.0, 100.0).unwrap();
        assert!((window.position(10.0) - 0.5).abs() < 1e-12);
        assert!((window.value(0.5) - 10.0).abs() < 1e-9);
        assert!(window.position(0.0).is_nan() && window.position(-3.0).is_nan());
        assert_eq!(log(0.0, 1.0), None);
        let moved = window.panned(0.5);
        assert!((moved.min() - 10.0).abs() < 1e-9 && (moved.max() - 1_000.0).abs() < 1e-6);
        assert!((window.zoomed(0.5, 2.0).max() / window.zoomed(0.5, 2.0).min() - 10.0).abs() < 1e-9);
        for (min, max) in [(1.0, 1.0), (5e-324, 1e300), (f64::MAX, f64::MAX), (1e-3, 1e9)] {
            let fitted = ValueWindow::fitted(Extent { min, max }, AxisScale::Logarithmic);
            assert!(fitted.min() > 0.0 && fitted.min() < fitted.max(), "{fitted:?}");
            assert!((-1e-9..=1.0 + 1e-9).contains(&fitted.position(max)), "{fitted:?}");
        }
        // However far it is moved, it stays one.
        let far = (0..100).fold(window, |window, _| window.panned(5.0).zoomed(0.3, 0.2));
        assert!(far.min() > 0.0 && far.max().is_finite(), "{far:?}");
        assert_eq!(
            ValueWindow::fitted(Extent::EMPTY, AxisScale::Logarithmic),
            log(1.0, 10.0).unwrap()
        );
    }
}
