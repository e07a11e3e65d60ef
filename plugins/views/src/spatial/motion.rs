//! Whether something moves in a view: while it does, a view need not draw all of its points.

use bevy::ecs::prelude::*;
use chronoscope_frame::{Cursor, commands::ScreenshotRequests};
use chronoscope_render::AdapterClass;

use super::lists::SharedBuffers;

/// The most points that a 3D or 2D view draws in a frame while something moves: its eye, what it shows, or the cursor. What
/// exceeds that is thinned evenly, the largest clouds first, and none with 1024 points or fewer; as soon as all is at rest
/// the view draws one more frame with all points. Pictures that are taken have all points.
///
/// More points look better in motion, and make it less smooth. A usual GPU draws its share in about 8 ms; a processor takes a
/// microsecond and more for a point, so that the default is a few frames a second on few cores.
/// `u32::MAX` never leaves any out.
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
        let buffers = world.get_resource::<SharedBuffers>()?;
        (buffers.num_points(world) > u64::from(budget)).then_some(budget)
    }
}
