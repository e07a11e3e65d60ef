//! Round points that face the camera.

use bevy::asset::{Handle, uuid_handle};
use bevy::math::Vec3;
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bytemuck::{Pod, Zeroable};

use super::is_finite;
use crate::instances::{MAX_STRIDE, Primitive};

pub(crate) const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d01");

/// A disc that faces the camera, at least a pixel wide. 20 bytes. Its logical instance is its index in the visual.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct PointInstance {
    /// The center, in the space of the segment.
    pub position: [f32; 3],
    /// Positive: scene units. Negative: UI points. [`DEFAULT_RADIUS`](crate::DEFAULT_RADIUS): the segment's.
    pub radius: f32,
    /// As packed by [`pack_color`](crate::pack_color), or [`DEFAULT_COLOR`](crate::DEFAULT_COLOR) for the segment's.
    pub color: u32,
}

impl PointInstance {
    /// A point at `position`, in the space of its segment.
    #[inline]
    #[must_use]
    pub const fn new(position: Vec3, radius: f32, color: u32) -> Self {
        Self {
            position: position.to_array(),
            radius,
            color,
        }
    }
}

/// Every GPU can step over as many bytes from one instance to the next.
const _: () = assert!(size_of::<PointInstance>() * MAX_STRIDE as usize <= 2048);

impl Primitive for PointInstance {
    const NAME: &'static str = "points";
    const VERTICES: u32 = 6;
    const FORMATS: &'static [VertexFormat] = &[
        VertexFormat::Float32x3,
        VertexFormat::Float32,
        VertexFormat::Uint32,
    ];
    const CUTS_EDGES: bool = true;
    const HAS_WEIGHTS: bool = true;
    const CAN_BE_THINNED: bool = true;
    const SHAPES_DEPTH: bool = true;

    fn shader() -> Handle<Shader> {
        SHADER
    }

    fn is_drawable(&self) -> bool {
        is_finite(&self.position) && self.radius.is_finite()
    }
}
