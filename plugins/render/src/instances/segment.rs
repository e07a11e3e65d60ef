//! What is said once per segment, and how the GPU reads it.

use bevy::math::{DAffine3, DVec3, Mat3};
use bytemuck::{Pod, Zeroable};

use super::selected::InstanceSet;
use crate::color::pack_color;

/// What all instances of a visual share in one view. 96 bytes on the GPU, and four more for each selected instance and for their
/// number.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentUniform {
    /// From the visual's own space to the world. The translation goes to the GPU as two `f32` per axis, and the eye's is
    /// subtracted before anything else, so nothing trembles far from the origin.
    pub world_from_entity: DAffine3,
    /// Multiplies the color of every instance, in sRGB; alpha is opacity.
    pub tint: [u8; 4],
    /// Whether the segment as a whole is pointed at or selected.
    pub highlight: Highlight,
    /// The one logical instance that is pointed at. It stands out by itself, and the others faintly.
    pub hovered_instance: Option<u32>,
    /// The logical instances that are selected. Each stands out by itself, and the others faintly.
    pub selected_instances: InstanceSet,
    /// What picking answers for the segment, less than 2^30. Zero is nothing: it hides what is behind and is not
    /// answered.
    pub picking_id: u32,
    /// Whether its instances are parts of one thing, such as the axes of a frame: picking answers none of them.
    pub is_whole: bool,
    /// Whether points look like spheres, not like discs: shaded as solids are, more gently, and less where they are small.
    pub has_round_points: bool,
    /// The sRGB color of instances that carry [`DEFAULT_COLOR`](crate::DEFAULT_COLOR).
    pub default_color: [u8; 4],
    /// The radius of instances that carry [`DEFAULT_RADIUS`](crate::DEFAULT_RADIUS): scene units, or negative UI points.
    pub default_radius: f32,
    /// Brings the segment nearer to (positive) or farther from the camera, in the depth test only. One step is about
    /// 1/65,000 of the distance, or of the depth range of an orthographic projection: enough to order coplanar things.
    pub depth_offset: f32,
    /// Decides which of two opaque segments at the same depth is seen: the greater. Meant to be a hash of what the
    /// segment is, so that the picture does not depend on what came first.
    ///
    /// One step is the smallest that a depth of 32 bits always tells apart, and all 255 together move a segment by less
    /// than 1/32,000 of its distance (0.3 mm at 10 m), or of the depth range of an orthographic projection.
    pub depth_tie: u8,
}

impl Default for SegmentUniform {
    fn default() -> Self {
        Self {
            world_from_entity: DAffine3::IDENTITY,
            tint: [255; 4],
            highlight: Highlight::None,
            hovered_instance: None,
            selected_instances: InstanceSet::EMPTY,
            picking_id: 0,
            is_whole: false,
            has_round_points: false,
            default_color: [255; 4],
            default_radius: -1.5,
            depth_offset: 0.0,
            depth_tie: 0,
        }
    }
}

impl SegmentUniform {
    /// Whether it, or one of its logical instances, stands out.
    pub(crate) fn has_highlight(&self) -> bool {
        self.highlight != Highlight::None
            || self.hovered_instance.is_some()
            || !self.selected_instances.is_empty()
    }

    /// The depth offset with what decides between two at the same depth.
    pub(crate) fn all_depth_steps(&self) -> f32 {
        self.depth_offset + f32::from(self.depth_tie) * STEPS_PER_TIE
    }
}

/// Where a segment is, packed as the GPU reads it: for what moves and stays otherwise as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SegmentTransform {
    /// The rows of the affine matrix, with the high part of the translation.
    rows: [[f32; 4]; 3],
    translation_low: [f32; 3],
    /// By how much radii in scene units grow with the transform.
    radius_scale: f32,
}

impl SegmentTransform {
    /// Packs [`SegmentUniform::world_from_entity`].
    #[must_use]
    pub fn new(world_from_entity: &DAffine3) -> Self {
        let scale = mean_scale(world_from_entity) as f32;
        let (rows, translation_low) = affine_rows(world_from_entity);
        Self {
            rows,
            translation_low,
            radius_scale: if scale.is_finite() { scale } else { 1.0 },
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

/// Depth steps of one step of `depth_tie`: a step of depth is 2^-16, one of a tie 2^-23.
const STEPS_PER_TIE: f32 = 1.0 / 128.0;

/// Stands for no logical instance.
pub(crate) const NO_INSTANCE: u32 = u32::MAX;

/// Says beside the id for picking that a segment's instances are parts of one thing.
const WHOLE: u32 = 1 << 31;

/// Says beside the id for picking that a segment's points look like spheres.
const ROUND: u32 = 1 << 30;

/// [`SegmentUniform`] in the layout of the storage buffer. Mirrors `Segment` in `segments.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct GpuSegment {
    /// The rows of the affine matrix, with the high part of the translation.
    rows: [[f32; 4]; 3],
    translation_low: [f32; 3],
    default_color: u32,
    default_radius: f32,
    tint: u32,
    picking_id: u32,
    highlight: u32,
    depth_offset: f32,
    /// By how much radii in scene units grow with the transform.
    radius_scale: f32,
    hovered_instance: u32,
    /// Where the set of selected instances starts plus one, or zero.
    selected: u32,
}

impl GpuSegment {
    /// Packs a uniform whose selected instances lie at a place, as
    /// [`SelectedInstances::set`](super::selected::SelectedInstances::set) returns it.
    pub(crate) fn new(uniform: &SegmentUniform, selected: u32) -> Self {
        let SegmentTransform {
            rows,
            translation_low,
            radius_scale,
        } = SegmentTransform::new(&uniform.world_from_entity);
        Self {
            rows,
            translation_low,
            default_color: pack_color(uniform.default_color),
            default_radius: uniform.default_radius,
            tint: u32::from_le_bytes(uniform.tint),
            picking_id: (uniform.picking_id & !(WHOLE | ROUND))
                | if uniform.is_whole { WHOLE } else { 0 }
                | if uniform.has_round_points { ROUND } else { 0 },
            highlight: uniform.highlight as u32,
            depth_offset: uniform.all_depth_steps(),
            radius_scale,
            hovered_instance: uniform.hovered_instance.unwrap_or(NO_INSTANCE),
            selected,
        }
    }

    #[cfg(test)]
    pub(crate) fn selected(&self) -> u32 {
        self.selected
    }

    /// Where it is.
    pub(crate) fn transform(&self) -> SegmentTransform {
        SegmentTransform {
            rows: self.rows,
            translation_low: self.translation_low,
            radius_scale: self.radius_scale,
        }
    }

    /// Moves it. Returns whether that changed anything.
    pub(crate) fn set_transform(&mut self, transform: &SegmentTransform) -> bool {
        let is_other = self.transform() != *transform;
        let SegmentTransform {
            rows,
            translation_low,
            radius_scale,
        } = *transform;
        (self.rows, self.translation_low, self.radius_scale) = (rows, translation_low, radius_scale);
        is_other
    }

    /// The same, with the selected instances at another place.
    pub(crate) fn with_selected(self, selected: u32) -> Self {
        Self { selected, ..self }
    }
}

/// By how much lengths grow with a transform: the mean of its three axes.
#[must_use]
pub fn mean_scale(transform: &DAffine3) -> f64 {
    let volume = transform.matrix3.determinant().abs();
    // Most transforms turn and move, and a root takes its time.
    if (volume - 1.0).abs() < 1e-9 {
        1.0
    } else {
        volume.cbrt()
    }
}

/// The three rows of an affine matrix, each with the high part of its share of the translation last; and the low parts.
pub(crate) fn affine_rows(affine: &DAffine3) -> ([[f32; 4]; 3], [f32; 3]) {
    let rows: Mat3 = affine.matrix3.transpose().as_mat3();
    let (high, low) = split(affine.translation);
    let rows = [
        rows.x_axis.extend(high[0]).to_array(),
        rows.y_axis.extend(high[1]).to_array(),
        rows.z_axis.extend(high[2]).to_array(),
    ];
    (rows, low)
}

/// A position as two `f32` per axis, whose sum is exact to 48 bits.
pub(crate) fn split(position: DVec3) -> ([f32; 3], [f32; 3]) {
    let high = position.as_vec3();
    let low = (position - high.as_dvec3()).as_vec3();
    (high.to_array(), low.to_array())
}
