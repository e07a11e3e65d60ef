//! What is said once per segment, and how the GPU reads it.

use bevy::math::Affine3A;
use bytemuck::{Pod, Zeroable};

use crate::color::pack_color;

/// What all instances of a segment share. 80 bytes on the GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SegmentUniform {
    /// From the segment's own space to the world, relative to the origin that the cameras are relative to.
    pub world_from_entity: Affine3A,
    /// Multiplies the colour of every instance, in sRGB; alpha is opacity.
    pub tint: [u8; 4],
    /// Whether the segment is pointed at or selected.
    pub highlight: Highlight,
    /// What a picking pass writes for the segment.
    pub picking_id: u32,
    /// The sRGB colour of instances that carry [`DEFAULT_COLOR`](crate::DEFAULT_COLOR).
    pub default_color: [u8; 4],
    /// The radius of instances that carry [`DEFAULT_RADIUS`](crate::DEFAULT_RADIUS): scene units, or negative UI points.
    pub default_radius: f32,
    /// Brings the segment nearer to (positive) or farther from the camera, in the depth test only. One step is about
    /// 1/65,000 of the distance, or of the depth range of an orthographic projection: enough to order coplanar things.
    pub depth_offset: f32,
}

impl Default for SegmentUniform {
    fn default() -> Self {
        Self {
            world_from_entity: Affine3A::IDENTITY,
            tint: [255; 4],
            highlight: Highlight::None,
            picking_id: 0,
            default_color: [255; 4],
            default_radius: -1.5,
            depth_offset: 0.0,
        }
    }
}

/// How a segment stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Highlight {
    /// Not at all.
    #[default]
    None,
    /// The pointer is on it, here or in another view.
    Hovered,
    /// It is selected.
    Selected,
}

/// [`SegmentUniform`] in the layout of the storage buffer. Mirrors `Segment` in `segments.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct GpuSegment {
    /// The rows of the affine matrix.
    rows: [[f32; 4]; 3],
    default_color: u32,
    default_radius: f32,
    tint: u32,
    picking_id: u32,
    highlight: u32,
    depth_offset: f32,
    /// By how much radii in scene units grow with the transform.
    radius_scale: f32,
    padding: u32,
}

impl From<SegmentUniform> for GpuSegment {
    fn from(uniform: SegmentUniform) -> Self {
        let matrix = uniform.world_from_entity.matrix3;
        let scale = matrix.determinant().abs().cbrt();
        Self {
            rows: affine_rows(&uniform.world_from_entity),
            default_color: pack_color(uniform.default_color),
            default_radius: uniform.default_radius,
            tint: u32::from_le_bytes(uniform.tint),
            picking_id: uniform.picking_id,
            highlight: uniform.highlight as u32,
            depth_offset: uniform.depth_offset,
            radius_scale: if scale.is_finite() { scale } else { 1.0 },
            padding: 0,
        }
    }
}

/// The three rows of an affine matrix, each with its share of the translation last.
pub(crate) fn affine_rows(affine: &Affine3A) -> [[f32; 4]; 3] {
    let rows = affine.matrix3.transpose();
    let translation = affine.translation;
    [
        rows.x_axis.extend(translation.x).to_array(),
        rows.y_axis.extend(translation.y).to_array(),
        rows.z_axis.extend(translation.z).to_array(),
    ]
}
