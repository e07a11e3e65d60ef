//! Lines on a picture, given by their corners alone: those of plots.
//!
//! The rest of this crate draws scenes that persist. These lines are others in each frame, so they are sent in each frame, 16 bytes a
//! corner, and drawn into a pass of someone else. The vertex shader makes them wide, joins them and fades them at both sides.

mod gpu;

use bevy::ecs::world::World;
use bevy::render::render_phase::TrackedRenderPass;
use bevy::render::render_resource::TextureFormat;
use bytemuck::{Pod, Zeroable};

pub use gpu::ScreenLinesPlugin;

/// A corner of a line.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Corner {
    /// In points.
    place: [f32; 2],
    /// How wide the line is from here on, in points. Zero at its end.
    width: f32,
    /// The encoded color, premultiplied.
    color: [u8; 4],
}

/// Lines that are drawn in one call, later ones above earlier ones.
#[derive(Debug)]
pub struct ScreenLines {
    /// The corners of all lines, one line after the other. The first one begins nothing.
    corners: Vec<Corner>,
}

impl ScreenLines {
    /// No lines, with room for so many corners.
    #[must_use]
    pub fn with_capacity(corners: usize) -> Self {
        let mut all = Vec::with_capacity(corners + 1);
        all.push(Corner::zeroed());
        Self { corners: all }
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.corners.len() == 1
    }

    /// Adds a line through these places. All are in points, from the upper left corner of the picture; the color is encoded and
    /// premultiplied, as egui has it. A line fades over a pixel at both sides; one that is thinner than a pixel is a paler one. A corner
    /// sharper than a right angle is cut off at its point.
    ///
    /// Fewer than two places that differ are no line, and there is none without a width.
    pub fn add(&mut self, places: impl IntoIterator<Item = [f32; 2]>, width: f32, color: [u8; 4]) {
        let first = self.corners.len();
        if width <= 0.0 || width.is_nan() {
            return;
        }
        for place in places {
            let last = self.corners.get(first..).and_then(<[Corner]>::last);
            if last.is_none_or(|last| last.place != place) {
                self.corners.push(Corner { place, width, color });
            }
        }
        match self.corners.get_mut(first..) {
            Some([.., _, last]) => last.width = 0.0,
            _ => self.corners.truncate(first),
        }
    }

    /// What no other lines of a frame have: where their corners lie in memory.
    fn key(&self) -> usize {
        self.corners.as_ptr().addr()
    }

    /// Sends them to the GPU, to be drawn into targets of a format in this frame. Without [`ScreenLinesPlugin`] nothing happens.
    pub fn prepare(&self, render_world: &mut World, area: &ScreenArea, format: TextureFormat) {
        gpu::prepare(self, render_world, area, format);
    }

    /// Draws what was prepared in this frame. Sets the pipeline, the viewport, bind group 0 and vertex buffers 0 to 3.
    pub fn draw<'w>(&self, pass: &mut TrackedRenderPass<'w>, render_world: &'w World) {
        gpu::draw(self, pass, render_world);
    }
}

/// The part of a picture that lines are drawn into. What lies beyond is not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScreenArea {
    /// The upper left corner, in whole pixels.
    pub origin: [f32; 2],
    /// In whole pixels.
    pub size: [f32; 2],
    /// Pixels per point.
    pub pixels_per_point: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(lines: &ScreenLines) -> Vec<f32> {
        lines.corners.iter().map(|corner| corner.width).collect()
    }

    #[test]
    fn no_line_goes_on_to_the_next() {
        let mut lines = ScreenLines::with_capacity(0);
        assert!(lines.is_empty());
        lines.add([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]], 1.5, [255; 4]);
        lines.add([[5.0, 0.0], [6.0, 0.0]], 2.0, [255; 4]);
        assert_eq!(widths(&lines), [0.0, 1.5, 1.5, 0.0, 2.0, 0.0]);
        assert!(!lines.is_empty());
    }

    #[test]
    fn places_that_are_the_same_are_one_corner() {
        let mut lines = ScreenLines::with_capacity(8);
        lines.add([[1.0, 1.0], [1.0, 1.0], [2.0, 1.0], [2.0, 1.0]], 1.0, [255; 4]);
        assert_eq!(widths(&lines), [0.0, 1.0, 0.0]);
        let before = lines.corners.clone();
        // Where the line before ended.
        lines.add([[2.0, 1.0], [2.0, 1.0]], 1.0, [255; 4]);
        lines.add([[3.0, 1.0]], 1.0, [255; 4]);
        lines.add([], 1.0, [255; 4]);
        for width in [0.0, -1.0, f32::NAN] {
            lines.add([[3.0, 1.0], [4.0, 1.0]], width, [255; 4]);
        }
        assert_eq!(lines.corners, before);
        lines.add([[2.0, 1.0], [3.0, 1.0]], 1.0, [255; 4]);
        assert_eq!(widths(&lines), [0.0, 1.0, 0.0, 1.0, 0.0]);
    }
}
