//! What cylinders and capsules have in common: a length and a radius.

use std::borrow::Cow;

use chronoscope_frame::{Report, VisualizerInput};
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{ComponentName, clamped, read};

use crate::spatial::marks::read_cell;

/// The cells of lengths and radii. Owns what [`Tubes`] refers to.
pub(super) struct TubeCells {
    lengths: Option<ArrayRef>,
    radii: Option<ArrayRef>,
}

impl TubeCells {
    pub(super) fn of(input: &VisualizerInput<'_>, lengths: &ComponentName, radii: &ComponentName) -> Self {
        Self {
            lengths: input.get(lengths),
            radii: input.get(radii),
        }
    }

    /// Reads the cells.
    ///
    /// # Errors
    /// Where one of them cannot be read as its component.
    pub(super) fn read(&self, input: &VisualizerInput<'_>) -> Result<Tubes<'_>, Report> {
        Ok(Tubes {
            lengths: read_cell(input, &self.lengths, read::lengths)?,
            radii: read_cell(input, &self.radii, read::radii)?,
        })
    }
}

/// Lengths and radii, in scene units. The last holds for the rest.
pub(super) struct Tubes<'a> {
    pub(super) lengths: Cow<'a, [f32]>,
    pub(super) radii: Cow<'a, [f32]>,
}

impl Tubes<'_> {
    /// The sizes of one; `None` where they are not finite.
    pub(super) fn get(&self, instance: usize) -> Option<Tube> {
        let (length, radius) = (clamped(&self.lengths, instance)?, clamped(&self.radii, instance)?);
        let is_sound = length.is_finite() && radius.is_finite();
        is_sound.then(|| Tube {
            length: length.abs(),
            radius: radius.abs(),
        })
    }
}

/// The sizes of a cylinder or capsule.
#[derive(Clone, Copy)]
pub(super) struct Tube {
    pub(super) length: f32,
    pub(super) radius: f32,
}
