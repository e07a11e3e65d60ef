//! The times of rows that are known and not loaded: not yet read, or given back at the memory limit.

use chronoscope_store::{ChunkStore, ComponentId, RangeResult, TimeRange, TimelineId};
use egui::{Mesh, Painter, Rangef, Rect, Shape, pos2};

use super::{
    canvas::Canvas,
    input::PlotInput,
    samples::Samples,
    strip::{self, Profile},
};
use crate::missing_ranges::missing_ranges;

/// The height of the mark along the axis, in points.
const MARK: f32 = 8.0;
/// From one line of the mark to the next, in points.
const HATCH: f32 = 6.0;
/// How near to a stretch the pointer is in it, in points.
const NEAR: f32 = 2.0;

/// Stretches of time in which rows of a series are missing. Nothing is known of the values there, so that no line goes through them,
/// and no value holds beyond their beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct MissingTimes {
    /// In order, and apart: there is a sample between each and the next.
    stretches: Vec<TimeRange>,
}

impl MissingTimes {
    /// Where an answer lacks rows beside the samples that were taken from it.
    ///
    /// Cost: O(missing chunks x log missing chunks), and for each a search among the samples.
    pub(super) fn of(
        answer: &RangeResult,
        store: &ChunkStore,
        timeline: TimelineId,
        component: Option<ComponentId>,
        samples: &Samples,
    ) -> Self {
        let mut stretches: Vec<TimeRange> = Vec::new();
        for range in missing_ranges(answer, store, timeline, component) {
            match stretches.last_mut() {
                Some(last) if samples.indices(0, between(last.max, range.min)).is_empty() => {
                    *last = last.union(&range);
                }
                _ => stretches.push(range),
            }
        }
        Self { stretches }
    }

    /// Whether no rows are missing.
    pub(super) fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// From the first missing row to the last.
    pub(super) fn time_range(&self) -> TimeRange {
        match (self.stretches.first(), self.stretches.last()) {
            (Some(first), Some(last)) => first.union(last),
            _ => TimeRange::EMPTY,
        }
    }

    /// Whether rows may be missing at one of some times.
    pub(super) fn intersects(&self, times: TimeRange) -> bool {
        let first = self.stretches.partition_point(|stretch| stretch.max < times.min);
        !times.is_empty()
            && self
                .stretches
                .get(first)
                .is_some_and(|stretch| stretch.min <= times.max)
    }

    /// The heap bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.stretches.capacity() * size_of::<TimeRange>()
    }
}

/// The times between two others, both left out.
pub(super) fn between(before: i64, after: i64) -> TimeRange {
    TimeRange::new(before.saturating_add(1), after.saturating_sub(1))
}

/// Whether rows of what is plotted are missing at some times.
pub(super) fn is_missing(input: &PlotInput<'_>, times: TimeRange) -> bool {
    let mut missing = input.missing.iter();
    missing.any(|series| series.missing.intersects(times.intersection(&series.shown)))
}

/// Whether rows of what is plotted are missing at a place on the screen.
pub(super) fn is_missing_at(input: &PlotInput<'_>, canvas: &Canvas, x: f32) -> bool {
    let [from, to] = [x - NEAR, x + NEAR].map(|x| canvas.time_at(x));
    !input.missing.is_empty() && is_missing(input, TimeRange::new(from, to))
}

/// Marks where rows of what is plotted are missing: the stretch is paler, and hatched along the axis.
pub(super) fn mark(painter: &Painter, input: &PlotInput<'_>, canvas: &Canvas) {
    let rect = canvas.rect;
    let color = input.style.secondary_text;
    let profile = Profile::new(1.0, 1.0 / painter.pixels_per_point(), color.gamma_multiply(0.4));
    let mut hatching = Mesh::default();
    for stretch in stretches(input, canvas) {
        let whole = Rect::from_x_y_ranges(stretch, rect.y_range());
        painter.rect_filled(whole, 0.0, color.gamma_multiply(0.06));
        let first = ((stretch.min - MARK - rect.left()) / HATCH).floor();
        let mut foot = rect.left() + first * HATCH;
        while foot < stretch.max {
            let ends = [foot.max(stretch.min), (foot + MARK).min(stretch.max)];
            if ends[0] < ends[1] {
                let ends = ends.map(|x| pos2(x, rect.bottom() - (x - foot)));
                strip::add_line(&mut hatching, &ends, &profile);
            }
            foot += HATCH;
        }
    }
    if !hatching.is_empty() {
        painter.add(Shape::mesh(hatching));
    }
}

/// The stretches of a plot in which rows are missing, each at least a point wide, from left to right.
fn stretches(input: &PlotInput<'_>, canvas: &Canvas) -> Vec<Rangef> {
    let mut found: Vec<Rangef> = Vec::new();
    if input.missing.is_empty() {
        return found;
    }
    let width = canvas.rect.width().max(1.0);
    // How many more stretches cover a column than the one before it: of a thousand series none is gone through twice.
    let last = width.ceil() as usize - 1;
    let mut steps = vec![0_i32; last + 2];
    for series in &input.missing {
        for stretch in &series.missing.stretches {
            let stretch = stretch.intersection(&series.shown);
            let [from, to] = [stretch.min, stretch.max].map(|time| canvas.x(time) - canvas.rect.left());
            if stretch.is_empty() || to < 0.0 || from > width {
                continue;
            }
            let [from, to] = [from.max(0.0), to.min(width)].map(|x| (x as usize).min(last));
            steps[from] += 1;
            steps[to + 1] -= 1;
        }
    }
    let mut depth = 0;
    for (column, step) in steps.into_iter().enumerate() {
        let x = canvas.rect.left() + column as f32;
        if depth == 0 && step > 0 {
            found.push(Rangef::point(x));
        }
        depth += step;
        if let Some(last) = found.last_mut().filter(|_| step < 0 && depth == 0) {
            last.max = x;
        }
    }
    found
}
