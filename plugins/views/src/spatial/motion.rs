//! Whether something moves in a view: while it does, a view need not draw all of its points.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bevy::{
    ecs::prelude::*,
    time::{Real, Time},
};
use chronoscope_frame::{Cursor, commands::ScreenshotRequests};
use chronoscope_render::AdapterClass;

use super::lists::SharedBuffers;

/// The most points that a 3D or 2D view draws in a frame while something moves: its eye, what it shows, or the cursor. What
/// exceeds that is thinned evenly, the largest clouds first, and none with 1024 points or fewer; as soon as all is at rest
/// the view draws one more frame with all points. Pictures that are taken have all points.
///
/// More points look better in motion, and make it less smooth. A usual GPU draws its share in about 8 ms; a processor takes a
/// microsecond and more for a point, so that the default is a few frames a second on few cores.
/// `u32::MAX` never leaves any out. Where there is a [`FramePace`], these are the numbers that measuring begins with.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointBudget {
    /// On a GPU: 30 million by default.
    pub hardware: u32,
    /// Where a processor draws, and with [`RenderQuality::Cheap`](chronoscope_render::RenderQuality): 250,000 by default.
    pub software: u32,
}

impl Default for PointBudget {
    fn default() -> Self {
        Self {
            hardware: 30_000_000,
            software: 250_000,
        }
    }
}

impl PointBudget {
    /// All points, always.
    pub const UNLIMITED: Self = Self {
        hardware: u32::MAX,
        software: u32::MAX,
    };

    fn of(self, adapter: AdapterClass) -> u32 {
        match adapter {
            AdapterClass::Hardware => self.hardware,
            AdapterClass::Software => self.software,
        }
    }
}

/// How long frames may take while something moves. Where it is there, as in a window of the program, the points that views draw then
/// follow what was measured: fewer than the [`PointBudget`] where frames take longer, more where they do not.
///
/// A shorter time makes motion smoother, with fewer points. What else a frame does counts as well.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramePace {
    /// On a GPU: 20 ms by default, at which a screen of 60 Hz shows each frame.
    pub hardware: Duration,
    /// Where a processor draws: 100 ms by default.
    pub software: Duration,
}

impl Default for FramePace {
    fn default() -> Self {
        Self {
            hardware: Duration::from_millis(20),
            software: Duration::from_millis(100),
        }
    }
}

/// Which part of the [`PointBudget`] is drawn, after what frames took in which something moved.
#[derive(Resource, Debug)]
pub(crate) struct MeasuredBudget {
    share: f32,
    /// Whether in this frame something moves in a view with points that could be left out.
    moves: AtomicBool,
    /// Whether that was so in the frame before.
    moved: bool,
}

impl Default for MeasuredBudget {
    fn default() -> Self {
        Self {
            share: 1.0,
            moves: AtomicBool::new(false),
            moved: false,
        }
    }
}

impl MeasuredBudget {
    const SHARES: std::ops::RangeInclusive<f32> = 1.0 / 32.0..=4.0;

    /// The points that are drawn where so many are meant to be.
    fn of(&self, budget: u32) -> u32 {
        // A float beyond u32 saturates.
        (f64::from(budget) * f64::from(self.share)) as u32
    }

    /// Notes that something moves in a view of so many points.
    fn note_motion(&self, num_points: u64, budget: u32) {
        if num_points as f64 > f64::from(budget) * f64::from(*Self::SHARES.start()) {
            self.moves.store(true, Ordering::Relaxed);
        }
    }

    /// Takes into account how long the last frame took. It tells something if that was one of motion, and the one before it, too: what
    /// a frame takes after a rest is the rest.
    fn measure(&mut self, interval: Duration, pace: Duration) {
        /// A little longer is not yet too long: else it would go up and down all the time.
        const SLACK: f32 = 1.25;
        /// More is tried out slowly.
        const GROWTH: f32 = 1.05;
        let moves = std::mem::take(self.moves.get_mut());
        let moved = std::mem::replace(&mut self.moved, moves);
        let is_known = moves && moved && !interval.is_zero();
        if !is_known {
            return;
        }
        let ratio = pace.as_secs_f32() / interval.as_secs_f32();
        if ratio * SLACK < 1.0 {
            self.share *= ratio.max(0.5);
        } else if ratio > 1.0 {
            self.share *= GROWTH;
        }
        self.share = self.share.clamp(*Self::SHARES.start(), *Self::SHARES.end());
    }
}

/// Measures what frames take while something moves.
pub(crate) fn measure_budget(
    mut measured: ResMut<MeasuredBudget>,
    pace: Option<Res<FramePace>>,
    adapter: Option<Res<AdapterClass>>,
    time: Res<Time<Real>>,
) {
    let Some(pace) = pace else {
        return;
    };
    let pace = match adapter.as_deref().copied().unwrap_or_default() {
        AdapterClass::Hardware => pace.hardware,
        AdapterClass::Software => pace.software,
    };
    measured.bypass_change_detection().measure(time.delta(), pace);
}

/// How many frames nothing moves before all is at rest: a hand that moves a pointer rests for some frames in between.
const QUIET_FRAMES: u8 = 6;

/// How long nothing has moved in a view.
#[derive(Debug, Default)]
pub(crate) struct Motion {
    cursor: Option<Cursor>,
    quiet_frames: u8,
}

impl Motion {
    /// The most points to draw in this frame, given whether the view itself shows something else than in the last one; `None`
    /// where all are to be drawn.
    pub(crate) fn point_budget(&mut self, world: &World, is_changed: bool) -> Option<u32> {
        let cursor = world.get_resource::<Cursor>().copied();
        let moves = std::mem::replace(&mut self.cursor, cursor) != cursor || is_changed;
        self.quiet_frames = if moves {
            0
        } else {
            self.quiet_frames.saturating_add(1)
        };
        // Time may go on while a picture is taken.
        let requests = world.get_resource::<ScreenshotRequests>();
        if self.quiet_frames >= QUIET_FRAMES || requests.is_some_and(|requests| !requests.0.is_empty()) {
            return None;
        }
        let budget = world.get_resource::<PointBudget>().copied().unwrap_or_default();
        let adapter = world.get_resource::<AdapterClass>().copied().unwrap_or_default();
        let budget = budget.of(adapter);
        if budget == u32::MAX {
            return None;
        }
        let num_points = world.get_resource::<SharedBuffers>()?.num_points(world);
        let measured = world.get_resource::<MeasuredBudget>();
        let budget = measured.map_or(budget, |measured| {
            measured.note_motion(num_points, budget);
            measured.of(budget)
        });
        (num_points > u64::from(budget)).then_some(budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Duration = Duration::from_millis(20);

    /// The share after frames of so many milliseconds in which something moves.
    fn share_after(intervals: impl IntoIterator<Item = u64>) -> f32 {
        let mut measured = MeasuredBudget::default();
        for interval in intervals {
            measured.note_motion(1_000, 1_000);
            measured.measure(Duration::from_millis(interval), PACE);
        }
        measured.share
    }

    #[test]
    fn frames_that_take_too_long_have_fewer_points_and_quick_ones_more() {
        let is = |share: f32, expected: f32| (share - expected).abs() < 1e-4;
        assert!(is(share_after([40]), 1.0), "the first says nothing");
        assert!(is(share_after([40, 40]), 0.5));
        assert!(is(share_after([40, 40, 40]), 0.25));
        assert!(is(share_after([22, 22, 22]), 1.0), "a little too long");
        assert!(is(share_after([16, 16, 16]), 1.05 * 1.05));
        assert!(is(share_after([500; 100]), 1.0 / 32.0));
        assert!(is(share_after([10; 100]), 4.0));
    }

    #[test]
    fn rests_and_few_points_say_nothing() {
        let mut measured = MeasuredBudget::default();
        for _ in 0..4 {
            measured.note_motion(1_000, 1_000);
            measured.measure(Duration::from_secs(9), PACE);
            // Nothing moves.
            measured.measure(Duration::from_secs(9), PACE);
        }
        for _ in 0..4 {
            measured.note_motion(10, 1_000);
            measured.measure(Duration::from_secs(9), PACE);
        }
        assert!((measured.share - 1.0).abs() < 1e-6);
        assert_eq!(measured.of(1_000), 1_000);
    }
}
