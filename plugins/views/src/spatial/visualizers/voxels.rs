//! Voxels of a sparse grid, as solid boxes.

use chronoscope_frame::{
    Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::{BoxInstance, DEFAULT_COLOR, pack_color};
use chronoscope_types::{VoxelGridMap, clamped, components, enums::Colormap, read};
use glam::Vec3;

use super::{
    images::{read_first, read_opacity},
    num_instances,
    rotations::read_rotation,
};
use crate::spatial::{marks::read_cell, parts::Part, pictures::colormap, visual::SpatialVisual};

/// Shows `VoxelGridMap`.
pub struct VoxelGridMapVisualizer;

impl Visualizer for VoxelGridMapVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "VoxelGridMap",
        required: &[
            VoxelGridMap::VOXEL_INDICES.as_str(),
            VoxelGridMap::VOXEL_SIZE.as_str(),
        ],
        optional: &[
            VoxelGridMap::VALUES.as_str(),
            VoxelGridMap::COLORS.as_str(),
            VoxelGridMap::TRANSLATION.as_str(),
            VoxelGridMap::ROTATION_AXIS_ANGLE.as_str(),
            VoxelGridMap::QUATERNION.as_str(),
            VoxelGridMap::OPACITY.as_str(),
            VoxelGridMap::VALUE_RANGE.as_str(),
            VoxelGridMap::COLORMAP.as_str(),
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    /// A box per voxel: in its color, else in that of its value. The corner of voxel zero lies at the grid's origin.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let indices = input.get(&VoxelGridMap::VOXEL_INDICES);
        let indices = read_cell(input, &indices, read::voxel_indices)?;
        let size = read_first::<components::VoxelSize>(input, &VoxelGridMap::VOXEL_SIZE)?;
        let Some(size) = size.map(Vec3::from_array) else {
            return Ok(None);
        };
        if !(size.is_finite() && size.cmpgt(Vec3::ZERO).all()) {
            return Err(input.report(format!("the size of a voxel is {size}, which is not positive")));
        }
        let (values, colors) = (input.get(&VoxelGridMap::VALUES), input.get(&VoxelGridMap::COLORS));
        let values = read_cell(input, &values, read::voxel_values)?;
        let colors = read_cell(input, &colors, read::colors)?;
        let range = read_first::<components::ValueRange>(input, &VoxelGridMap::VALUE_RANGE)?;
        let [least, greatest] = range.map_or([0.0, 1.0], |range| range.map(|value| value as f32));
        let colors_of_values = read_first::<components::Colormap>(input, &VoxelGridMap::COLORMAP)?;
        let colors_of_values = colors_of_values.unwrap_or(Colormap::Turbo);
        let opacity = read_opacity(input, &VoxelGridMap::OPACITY)?.unwrap_or(1.0);
        let color_of = |instance: usize| {
            if let Some(color) = clamped(&colors, instance) {
                return pack_color(color.to_be_bytes());
            }
            clamped(&values, instance).map_or(DEFAULT_COLOR, |value| {
                let [r, g, b] = colormap::color(colors_of_values, (value - least) / (greatest - least));
                pack_color([r, g, b, 255])
            })
        };

        let origin = read_first::<components::Translation3D>(input, &VoxelGridMap::TRANSLATION)?;
        let origin = Vec3::from_array(origin.unwrap_or_default());
        let rotation = read_rotation(
            input,
            &VoxelGridMap::QUATERNION,
            &VoxelGridMap::ROTATION_AXIS_ANGLE,
        )?;
        let count = num_instances(
            VoxelGridMap::ARCHETYPE,
            &[
                (VoxelGridMap::VOXEL_INDICES, indices.len()),
                (VoxelGridMap::VOXEL_SIZE, 1),
            ],
        );
        let boxes: Vec<BoxInstance> = indices
            .iter()
            .take(count)
            .enumerate()
            .map(|(instance, index)| {
                let center = (Vec3::from_array(index.map(|at| at as f32)) + 0.5) * size;
                let center = origin + rotation * center;
                let voxel = BoxInstance::new(center, 0.5 * size, rotation, color_of(instance));
                voxel.with_instance(instance as u32)
            })
            .collect();
        if boxes.is_empty() {
            return Ok(None);
        }
        let has_alpha = colors.iter().any(|color| color & 0xFF != 0xFF);
        let part = Part::new(boxes).with_opacity((opacity * 255.0).round() as u8);
        Ok(Some(SpatialVisual::new([part.with_translucency(has_alpha)])))
    }
}
