//! Arcs of ellipses, as thick lines.

use bevy::asset::{Handle, uuid_handle};
use bevy::math::Vec3;
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bytemuck::{Pod, Zeroable};

use super::is_finite;
use crate::instances::Primitive;

pub(crate) const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d09");

/// A part of an ellipse: the points `center + cos(angle) * x_axis + sin(angle) * y_axis`, as a line with round ends that is at
/// least a pixel thick. Drawn as 48 straight pieces. 56 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct ArcInstance {
    /// The center, in the space of the segment.
    pub center: [f32; 3],
    /// Half the thickness. Positive: scene units. Negative: UI points. [`DEFAULT_RADIUS`](crate::DEFAULT_RADIUS): the
    /// segment's.
    pub radius: f32,
    /// From the center to the point at angle zero.
    pub x_axis: [f32; 3],
    /// As packed by [`pack_color`](crate::pack_color), or [`DEFAULT_COLOR`](crate::DEFAULT_COLOR) for the segment's.
    pub color: u32,
    /// From the center to the point a quarter of the ellipse further.
    pub y_axis: [f32; 3],
    /// The logical instance.
    pub instance: u32,
    /// The angle at which it begins, in radians.
    pub start: f32,
    /// The angle that it spans, in radians.
    pub sweep: f32,
}

impl ArcInstance {
    /// A whole ellipse of the logical instance 0.
    #[inline]
    #[must_use]
    pub const fn ellipse(center: Vec3, x_axis: Vec3, y_axis: Vec3, radius: f32, color: u32) -> Self {
        Self {
            center: center.to_array(),
            radius,
            x_axis: x_axis.to_array(),
            color,
            y_axis: y_axis.to_array(),
            instance: 0,
            start: 0.0,
            sweep: std::f32::consts::TAU,
        }
    }

    /// The part of the same ellipse that begins at an angle and spans another, in radians.
    #[inline]
    #[must_use]
    pub const fn with_angles(self, start: f32, sweep: f32) -> Self {
        Self { start, sweep, ..self }
    }

    /// The same arc as a part of another [logical instance](Self::instance).
    #[inline]
    #[must_use]
    pub const fn with_instance(self, instance: u32) -> Self {
        Self { instance, ..self }
    }
}

impl Primitive for ArcInstance {
    const NAME: &'static str = "arcs";
    // Six for each of the pieces, whose number the shader has, too.
    const VERTICES: u32 = 48 * 6;
    const FORMATS: &'static [VertexFormat] = &[
        VertexFormat::Float32x3,
        VertexFormat::Float32,
        VertexFormat::Float32x3,
        VertexFormat::Uint32,
        VertexFormat::Float32x3,
        VertexFormat::Uint32,
        VertexFormat::Float32,
        VertexFormat::Float32,
    ];
    const CUTS_EDGES: bool = true;
    const HAS_WEIGHTS: bool = true;

    fn shader() -> Handle<Shader> {
        SHADER
    }

    fn is_drawable(&self) -> bool {
        let axes = is_finite(&self.x_axis) && is_finite(&self.y_axis);
        axes && is_finite(&self.center) && is_finite(&[self.radius, self.start, self.sweep])
    }
}
