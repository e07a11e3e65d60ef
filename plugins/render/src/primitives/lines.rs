//! Thick line segments with round ends.

use bevy::asset::{Handle, uuid_handle};
use bevy::math::Vec3;
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bytemuck::{Pod, Zeroable};

use super::is_finite;
use crate::instances::Primitive;

pub(crate) const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d02");

/// A straight line with round ends, at least a pixel thick; a strip is one per pair of neighbors, and its joins are
/// round. 40 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct LineInstance {
    /// One end, in the space of the segment.
    pub start: [f32; 3],
    /// Half the thickness. Positive: scene units. Negative: UI points. [`DEFAULT_RADIUS`](crate::DEFAULT_RADIUS): the
    /// segment's.
    pub radius: f32,
    /// The other end, in the space of the segment.
    pub end: [f32; 3],
    /// As packed by [`pack_color`](crate::pack_color), or [`DEFAULT_COLOR`](crate::DEFAULT_COLOR) for the segment's.
    pub color: u32,
    /// [`Self::FLAT_START`], [`Self::FLAT_END`] or none.
    pub flags: u32,
    /// The logical instance: the index of the box or the strip that the line is one of.
    pub instance: u32,
}

impl LineInstance {
    /// Cuts the line off at its start instead of rounding it.
    pub const FLAT_START: u32 = 1;
    /// Cuts the line off at its end instead of rounding it.
    pub const FLAT_END: u32 = 2;

    /// A line from `start` to `end` with round ends, of the logical instance 0.
    #[inline]
    #[must_use]
    pub const fn new(start: Vec3, end: Vec3, radius: f32, color: u32) -> Self {
        Self {
            start: start.to_array(),
            radius,
            end: end.to_array(),
            color,
            flags: 0,
            instance: 0,
        }
    }

    /// The same line with other [`flags`](Self::flags).
    #[inline]
    #[must_use]
    pub const fn with_flags(self, flags: u32) -> Self {
        Self { flags, ..self }
    }

    /// The same line as a part of another [logical instance](Self::instance).
    #[inline]
    #[must_use]
    pub const fn with_instance(self, instance: u32) -> Self {
        Self { instance, ..self }
    }
}

impl Primitive for LineInstance {
    const NAME: &'static str = "lines";
    const VERTICES: u32 = 6;
    const FORMATS: &'static [VertexFormat] = &[
        VertexFormat::Float32x3,
        VertexFormat::Float32,
        VertexFormat::Float32x3,
        VertexFormat::Uint32,
        VertexFormat::Uint32,
        VertexFormat::Uint32,
    ];
    const CUTS_EDGES: bool = true;
    const HAS_WEIGHTS: bool = true;

    fn shader() -> Handle<Shader> {
        SHADER
    }

    fn is_drawable(&self) -> bool {
        is_finite(&self.start) && is_finite(&self.end) && self.radius.is_finite()
    }
}
