//! Arrows: a shaft and a head, as one instance.

use bevy::asset::{Handle, uuid_handle};
use bevy::math::Vec3;
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bytemuck::{Pod, Zeroable};

use super::is_finite;
use crate::instances::Primitive;

pub(crate) const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d06");

/// An arrow: a round shaft, and a cone as head that is twice as wide as the shaft and as long as it is wide. An arrow that
/// is shorter than its head is drawn with a smaller radius, so that it keeps its shape. 32 bytes. Its logical instance
/// is its index in the visual.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct ArrowInstance {
    /// Where the shaft begins, in the space of the segment.
    pub origin: [f32; 3],
    /// Half the thickness of the shaft. Positive: scene units. Negative: UI points. [`DEFAULT_RADIUS`](crate::DEFAULT_RADIUS): the
    /// segment's.
    pub radius: f32,
    /// From the origin to the tip.
    pub vector: [f32; 3],
    /// As packed by [`pack_color`](crate::pack_color), or [`DEFAULT_COLOR`](crate::DEFAULT_COLOR) for the segment's.
    pub color: u32,
}

impl ArrowInstance {
    /// An arrow from `origin` to `origin + vector`.
    #[inline]
    #[must_use]
    pub const fn new(origin: Vec3, vector: Vec3, radius: f32, color: u32) -> Self {
        Self {
            origin: origin.to_array(),
            radius,
            vector: vector.to_array(),
            color,
        }
    }
}

impl Primitive for ArrowInstance {
    const NAME: &'static str = "arrows";
    const VERTICES: u32 = 6;
    const FORMATS: &'static [VertexFormat] = &[
        VertexFormat::Float32x3,
        VertexFormat::Float32,
        VertexFormat::Float32x3,
        VertexFormat::Uint32,
    ];
    const CUTS_EDGES: bool = true;
    const HAS_WEIGHTS: bool = true;

    fn shader() -> Handle<Shader> {
        SHADER
    }

    fn is_drawable(&self) -> bool {
        is_finite(&self.origin) && is_finite(&self.vector) && self.radius.is_finite()
    }
}
