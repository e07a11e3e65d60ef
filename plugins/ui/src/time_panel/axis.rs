//! Times on the screen, and back; zoom and pan.
//!
//! Timestamps are nanoseconds since the epoch, which a float cannot tell apart. So the axis counts from an
//! origin, in integers, and floats only hold the distance from there. Where gaps are folded, it is linear in
//! folded times.

use std::sync::Arc;

use chronoscope_store::{TimeRange, TimelineId};
use chronoscope_views::time_steps::rounded_time;

use super::folds::Folds;

/// The part of a timeline that is shown: `span` units from `offset` units after `origin`, in folded times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AxisView {
    origin: i64,
    offset: f64,
    span: f64,
}

/// A view that is laid out between two places on the screen, in points.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    view: AxisView,
    left: f32,
    width: f32,
    folds: Arc<Folds>,
}

/// An axis and the timeline that it shows.
#[derive(Clone, Debug)]
pub(super) struct TimelineAxis {
    pub(super) timeline: TimelineId,
    pub(super) axis: Axis,
}

/// The share of the range that is left free at both ends, so that the first and last marks are seen in full.
const MARGIN: f64 = 0.02;

/// The least that is ever shown: below it, labels would have to say parts of a unit.
const MIN_SPAN: f64 = 2.0;

/// The most that is ever shown: all of i64, and as much room at each end.
const MAX_SPAN: f64 = 4.0e19;

impl AxisView {
    /// All of a range, with a little room at both ends.
    pub(super) fn of_range(range: TimeRange) -> Self {
        if range.is_empty() {
            return Self {
                origin: 0,
                offset: -1.0,
                span: MIN_SPAN,
            };
        }
        let length = (range.length() as f64).max(MIN_SPAN);
        Self {
            origin: range.min,
            offset: -length * MARGIN,
            span: length * (1.0 + 2.0 * MARGIN),
        }
        .centered_if_point(range)
    }

    /// A range of a single time lies in the middle.
    fn centered_if_point(self, range: TimeRange) -> Self {
        if range.length() == 0 {
            Self {
                offset: -self.span / 2.0,
                ..self
            }
        } else {
            self
        }
    }

    /// All of a range, with its gaps folded.
    pub(super) fn of_folded_range(range: TimeRange, folds: &Folds) -> Self {
        if range.is_empty() {
            return Self::of_range(range);
        }
        Self::of_range(TimeRange::new(folds.fold(range.min), folds.fold(range.max)))
    }

    /// The axis without folds.
    #[cfg(test)]
    pub(super) fn laid_out(self, left: f32, width: f32) -> Axis {
        self.laid_out_folded(left, width, Arc::default())
    }

    pub(super) fn laid_out_folded(self, left: f32, width: f32, folds: Arc<Folds>) -> Axis {
        Axis {
            view: self,
            left,
            width: width.max(1.0),
            folds,
        }
    }
}

impl Axis {
    /// Position of a time, in points. May be far outside.
    pub(super) fn x(&self, time: i64) -> f32 {
        let folded = self.folds.fold(time);
        let distance = (i128::from(folded) - i128::from(self.view.origin)) as f64;
        let share = (distance - self.view.offset) / self.view.span;
        // Bounded, because painting loses precision far outside the screen.
        self.left + (share * f64::from(self.width)).clamp(-1e6, 1e6) as f32
    }

    /// The time at a place, to the nearest unit.
    pub(super) fn time(&self, x: f32) -> i64 {
        let share = f64::from(x - self.left) / f64::from(self.width);
        let distance = (self.view.offset + share * self.view.span).round();
        // Wide integers: from the first time to the last it may be farther than either is from zero.
        let folded = i128::from(self.view.origin).saturating_add(distance as i128);
        let folded = folded.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        self.folds.unfold(folded)
    }

    /// The gaps that are folded.
    pub(super) fn folds(&self) -> &Folds {
        &self.folds
    }

    /// The parts of what is shown between the gaps, each with an axis of its own in its place. One, where nothing
    /// is folded.
    pub(super) fn parts(&self) -> Vec<Self> {
        let visible = self.visible();
        let parts = self.folds.parts_of(visible);
        if parts.len() == 1 && self.folds.parts_of(TimeRange::EVERYTHING).len() == 1 {
            return vec![self.clone()];
        }
        let of_part = |part: &TimeRange| {
            let left = self.x(part.min).max(self.left);
            let right = self.x(part.max).min(self.right());
            let width = (right - left).max(1.0);
            Self {
                view: AxisView {
                    origin: part.min,
                    offset: 0.0,
                    span: f64::from(width) / self.points_per_unit(),
                },
                left,
                width,
                folds: Arc::default(),
            }
        };
        parts.iter().map(of_part).collect()
    }

    /// The time at a place, rounded to the greatest power of ten of which a point has one at least.
    pub(super) fn rounded_time(&self, x: f32) -> i64 {
        rounded_time(self.time(x), 1.0 / self.points_per_unit())
    }

    /// The times that are shown.
    pub(super) fn visible(&self) -> TimeRange {
        TimeRange::new(self.time(self.left), self.time(self.left + self.width))
    }

    /// Points per unit of time.
    pub(super) fn points_per_unit(&self) -> f64 {
        f64::from(self.width) / self.view.span
    }

    pub(super) fn left(&self) -> f32 {
        self.left
    }

    pub(super) fn right(&self) -> f32 {
        self.left + self.width
    }

    /// The view after a zoom by `factor` (over 1: closer) with what is under `x` staying there.
    pub(super) fn zoomed(&self, x: f32, factor: f64) -> AxisView {
        if !(factor.is_finite() && factor > 0.0) {
            return self.view;
        }
        let share = f64::from(x - self.left) / f64::from(self.width);
        let fixed = self.view.offset + share * self.view.span;
        let span = (self.view.span / factor).clamp(MIN_SPAN, MAX_SPAN);
        AxisView {
            offset: fixed - share * span,
            span,
            ..self.view
        }
        .rebased()
    }

    /// The view after its content was moved by so many points to the right.
    pub(super) fn panned(&self, points: f32) -> AxisView {
        let distance = f64::from(points) / f64::from(self.width) * self.view.span;
        AxisView {
            offset: self.view.offset - distance,
            ..self.view
        }
        .rebased()
    }
}

impl AxisView {
    /// The same view, counted from an origin near by: zoomed in far from the old one, floats would be too
    /// coarse.
    fn rebased(self) -> Self {
        let whole = self.offset.trunc();
        if whole.abs() < 1e9 || whole.abs() > 9e18 {
            return self;
        }
        match self.origin.checked_add(whole as i64) {
            Some(origin) => Self {
                origin,
                offset: self.offset - whole,
                ..self
            },
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: f32 = 200.0;
    const WIDTH: f32 = 1000.0;

    /// A deterministic walk over many numbers; no two runs differ.
    fn numbers(seed: u64) -> impl Iterator<Item = u64> {
        std::iter::successors(Some(seed), |state| {
            Some(
                state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407),
            )
        })
        .skip(1)
        .map(|state| state >> 11)
    }

    #[test]
    fn there_and_back() {
        let epoch = 1_700_000_000_000_000_000_i64;
        for range in [
            TimeRange::new(0, 100),
            TimeRange::new(-5, 5),
            TimeRange::new(epoch, epoch + 1_000),
        ] {
            let axis = AxisView::of_range(range).laid_out(LEFT, WIDTH);
            for time in range.min..=range.max.min(range.min + 1_000) {
                assert_eq!(axis.time(axis.x(time)), time, "{range:?}");
            }
            assert!(axis.visible().contains_range(&range));
        }
    }

    #[test]
    fn the_ends_of_time_are_both_in_sight() {
        let range = TimeRange::new(i64::MIN + 2, i64::MAX - 1);
        let axis = AxisView::of_range(range).laid_out(LEFT, WIDTH);
        assert!(axis.visible().contains_range(&range), "{:?}", axis.visible());
        for time in [range.min, range.min / 2, 0, range.max / 2, range.max] {
            let there_and_back = axis.time(axis.x(time));
            let points_off = there_and_back.abs_diff(time) as f64 * axis.points_per_unit();
            assert!(points_off < 0.1, "{time}: {there_and_back}");
        }
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let start = 1_700_000_000_000_000_000_i64;
        let mut axis =
            AxisView::of_range(TimeRange::new(start, start + 3_600_000_000_000)).laid_out(LEFT, WIDTH);
        for (step, number) in numbers(7).take(200).enumerate() {
            let x = LEFT + (number % 1_000) as f32;
            let factor = [0.7, 0.9, 1.1, 1.3, 2.0][number as usize % 5];
            let before = axis.time(x);
            axis = axis.zoomed(x, factor).laid_out(LEFT, WIDTH);
            let points_off = (axis.time(x).abs_diff(before)) as f64 * axis.points_per_unit();
            // To the nearest unit, which may be wide when zoomed in.
            assert!(
                points_off <= axis.points_per_unit().max(1.0),
                "step {step}: off by {points_off} points"
            );
        }
    }

    #[test]
    fn panning_there_and_back_is_the_same() {
        let mut axis = AxisView::of_range(TimeRange::new(0, 1_000)).laid_out(LEFT, WIDTH);
        let before = axis.visible();
        for number in numbers(3).take(50) {
            let by = (number % 500) as f32 - 250.0;
            axis = axis.panned(by).laid_out(LEFT, WIDTH);
            axis = axis.panned(-by).laid_out(LEFT, WIDTH);
        }
        assert_eq!(axis.visible(), before);
    }

    #[test]
    fn all_of_time_can_be_shown() {
        for range in [
            TimeRange::EVERYTHING,
            TimeRange::EMPTY,
            TimeRange::point(i64::MAX),
            TimeRange::point(i64::MIN + 1),
        ] {
            let mut axis = AxisView::of_range(range).laid_out(LEFT, WIDTH);
            for factor in [0.1, 1e-9, 1e30, f64::NAN, 0.0, 10.0] {
                axis = axis.zoomed(LEFT + 1.0, factor).laid_out(LEFT, WIDTH);
                axis = axis.panned(1e6).laid_out(LEFT, WIDTH);
                assert!(!axis.visible().is_empty());
                assert!(axis.x(i64::MAX).is_finite() && axis.x(i64::MIN).is_finite());
            }
        }
    }

    #[test]
    fn rounded_times_have_few_digits_and_lie_under_the_pointer() {
        let second = 1_000_000_000_i64;
        let axis = AxisView::of_range(TimeRange::new(0, 10 * second)).laid_out(LEFT, WIDTH);
        for x in [LEFT, LEFT + 333.0, LEFT + 777.7, LEFT + WIDTH] {
            let time = axis.rounded_time(x);
            assert_eq!(time % 10_000_000, 0, "{time}");
            assert!((axis.x(time) - x).abs() <= 1.0, "{time}");
        }
        let close = AxisView::of_range(TimeRange::new(0, 10)).laid_out(LEFT, WIDTH);
        assert_eq!(close.rounded_time(close.x(7)), 7);
    }

    #[test]
    fn a_single_time_lies_in_the_middle() {
        let axis = AxisView::of_range(TimeRange::point(42)).laid_out(LEFT, WIDTH);
        assert!((axis.x(42) - (LEFT + WIDTH / 2.0)).abs() < 1.0);
    }
}
