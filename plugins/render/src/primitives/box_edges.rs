//! The edges of boxes, as thick lines.

use bevy::asset::{Handle, uuid_handle};
use bevy::math::{Quat, Vec3};
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bytemuck::{Pod, Zeroable};

use super::{is_finite, unit};
use crate::instances::Primitive;

pub(crate) const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d08");

/// The twelve edges of a box, each a line with round ends, at least a pixel thick. 52 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct BoxEdgesInstance {
    /// The center, in the space of the segment.
    pub center: [f32; 3],
    /// As packed by [`pack_color`](crate::pack_color), or [`DEFAULT_COLOR`](crate::DEFAULT_COLOR) for the segment's.
    pub color: u32,
    /// Half the edges, along the box's own axes.
    pub half_size: [f32; 3],
    /// The logical instance.
    pub instance: u32,
    /// From the box's axes to the segment's: a unit quaternion, x, y, z, w.
    pub rotation: [f32; 4],
    /// Half the thickness of the lines. Positive: scene units. Negative: UI points.
    /// [`DEFAULT_RADIUS`](crate::DEFAULT_RADIUS): the segment's.
    pub radius: f32,
}

impl BoxEdgesInstance {
    /// The edges of a box around `center`. A rotation that is not normalized is; one that cannot be is ignored. The logical
    /// instance is 0.
    #[inline]
    #[must_use]
    pub fn new(center: Vec3, half_size: Vec3, rotation: Quat, radius: f32, color: u32) -> Self {
        Self {
            center: center.to_array(),
            color,
            half_size: half_size.to_array(),
            instance: 0,
            rotation: unit(rotation).to_array(),
            radius,
        }
    }

    /// The same box as another [logical instance](Self::instance).
    #[inline]
    #[must_use]
    pub const fn with_instance(self, instance: u32) -> Self {
        Self { instance, ..self }
    }
}

impl Primitive for BoxEdgesInstance {
    const NAME: &'static str = "box edges";
    const VERTICES: u32 = 72;
    const FORMATS: &'static [VertexFormat] = &[
        VertexFormat::Float32x3,
        VertexFormat::Uint32,
        VertexFormat::Float32x3,
        VertexFormat::Uint32,
        VertexFormat::Float32x4,
        VertexFormat::Float32,
    ];
    const CUTS_EDGES: bool = true;
    const HAS_WEIGHTS: bool = true;

    fn shader() -> Handle<Shader> {
        SHADER
    }

    fn is_drawable(&self) -> bool {
        is_finite(&self.center)
            && is_finite(&self.half_size)
            && is_finite(&self.rotation)
            && self.radius.is_finite()
    }
}
