//! From components to instances: one visualizer per archetype, pure functions of the data.

mod arrows;
mod axes;
mod boxes;
mod cameras;
mod capsules;
mod cylinders;
mod depth_images;
mod ellipses;
mod ellipsoids;
mod encoded_images;
mod grid_maps;
mod images;
mod lines;
mod meshes;
mod points;
mod poses;
mod rotations;
mod solids;
mod tubes;
mod voxels;

pub use arrows::{Arrows2DVisualizer, Arrows3DVisualizer};
pub(crate) use axes::AXIS_LENGTH;
pub use axes::TransformAxes3DVisualizer;
pub use boxes::{Boxes2DVisualizer, Boxes3DVisualizer};
pub use cameras::CamerasVisualizer;
pub use capsules::Capsules3DVisualizer;
pub use cylinders::Cylinders3DVisualizer;
pub use depth_images::{DepthImageVisualizer, EncodedDepthImageVisualizer};
pub use ellipses::Ellipses2DVisualizer;
pub use ellipsoids::Ellipsoids3DVisualizer;
pub use encoded_images::EncodedImageVisualizer;
pub use grid_maps::GridMapVisualizer;
pub use images::{ImageVisualizer, SegmentationImageVisualizer};
pub use lines::{LineStrips2DVisualizer, LineStrips3DVisualizer};
pub use meshes::{Asset3DVisualizer, Mesh3DVisualizer};
pub use points::{Points2DVisualizer, Points3DVisualizer};
pub use voxels::VoxelGridMapVisualizer;

use chronoscope_frame::{Report, VisualizerInput};
use chronoscope_types::{ComponentName, ReadError, read};

/// Where things lie in 2D that do not say so, from the back to the front.
pub(crate) mod draw_order {
    pub(crate) const DEPTH: f32 = -20.0;
    pub(crate) const IMAGE: f32 = -10.0;
    pub(crate) const SEGMENTATION: f32 = 0.0;
    pub(crate) const BOXES: f32 = 10.0;
    pub(crate) const LINES: f32 = 20.0;
    pub(crate) const POINTS: f32 = 30.0;
}

/// The draw order of an entity in 2D: what is greater lies in front.
///
/// # Errors
/// Where the component cannot be read as that.
pub fn read_draw_order(
    input: &VisualizerInput<'_>,
    name: &ComponentName,
    default: f32,
) -> Result<f32, Report> {
    let Some(array) = input.get(name) else {
        return Ok(default);
    };
    let orders = read::draw_orders(&array).map_err(|error| fail(input, &error))?;
    Ok(orders
        .first()
        .copied()
        .filter(|order| order.is_finite())
        .unwrap_or(default))
}

/// The number of instances that the SDK means where components are so long.
fn num_instances(archetype: &str, lengths: &[(ComponentName, usize)]) -> usize {
    chronoscope_types::num_instances(archetype, |component| {
        let known = lengths.iter().find(|(name, _)| name.as_str() == component);
        known.map_or(0, |(_, len)| *len)
    })
}

fn fail(input: &VisualizerInput<'_>, error: &ReadError) -> Report {
    input.report(error.to_string())
}

/// A place in a plane as one in space.
fn flat([x, y]: [f32; 2]) -> [f32; 3] {
    [x, y, 0.0]
}
