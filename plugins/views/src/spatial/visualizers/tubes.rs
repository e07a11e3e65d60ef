//! What cylinders and capsules have in common: a length and a radius.

use std::borrow::Cow;

use chronoscope_frame::{Report, Visualizer, VisualizerInput};
use chronoscope_store::Cell;
use chronoscope_types::{ComponentName, clamped, read};

use super::{
    poses::repeat,
    solids::{PoseCells, PoseNames, SolidShape},
};
use crate::spatial::{
    marks::{MarkCells, read_cell},
    visual::SpatialVisual,
};

/// The cells of lengths and radii. Owns what [`Tubes`] refers to.
struct TubeCells<'c> {
    lengths: Option<Cell<'c>>,
    radii: Option<Cell<'c>>,
}

impl<'c> TubeCells<'c> {
    fn of(input: &VisualizerInput<'c>, lengths: &ComponentName, radii: &ComponentName) -> Self {
        Self {
            lengths: input.get(lengths),
            radii: input.get(radii),
        }
    }

    /// Reads the cells.
    ///
    /// # Errors
    /// Where one of them cannot be read as its component.
    fn read(&self, input: &VisualizerInput<'_>) -> Result<Tubes<'_>, Report> {
        Ok(Tubes {
            lengths: read_cell(input, &self.lengths, read::lengths)?,
            radii: read_cell(input, &self.radii, read::radii)?,
        })
    }
}

/// Lengths and radii, in scene units. The last holds for the rest.
struct Tubes<'a> {
    lengths: Cow<'a, [f32]>,
    radii: Cow<'a, [f32]>,
}

impl Tubes<'_> {
    /// The sizes of one; `None` where they are not finite.
    fn get(&self, instance: usize) -> Option<Tube> {
        let (length, radius) = (clamped(&self.lengths, instance)?, clamped(&self.radii, instance)?);
        let is_sound = length.is_finite() && radius.is_finite();
        is_sound.then(|| Tube {
            length: length.abs(),
            radius: radius.abs(),
        })
    }
}

/// The components that give the sizes and the places of tubes.
pub(super) struct TubeNames {
    pub(super) lengths: ComponentName,
    pub(super) radii: ComponentName,
    pub(super) poses: PoseNames,
}

/// The visual of tubes, made from the memory of `spare`, as far as that fits.
///
/// # Errors
/// Where a component cannot be read as that.
pub(super) fn tubes<V: Visualizer, S: SolidShape>(
    input: &VisualizerInput<'_>,
    spare: &mut SpatialVisual,
    names: &TubeNames,
    shape_of: fn(Tube) -> S,
) -> Result<Option<SpatialVisual>, Report> {
    let cells = TubeCells::of(input, &names.lengths, &names.radii);
    let tubes = cells.read(input)?;
    let cells = PoseCells::of(input, &names.poses);
    let poses = cells.read(input)?;
    let count = poses.num_solids(&[tubes.lengths.len(), tubes.radii.len()]);
    let marks = MarkCells::of::<V>(input);
    let visual = poses.visual(count, &marks.read(input)?, spare, |instance| {
        tubes.get(instance).map(shape_of)
    });
    repeat(input, visual)
}

/// The sizes of a cylinder or capsule.
#[derive(Clone, Copy)]
pub(super) struct Tube {
    pub(super) length: f32,
    pub(super) radius: f32,
}
