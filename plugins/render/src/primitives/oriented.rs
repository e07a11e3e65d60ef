//! Solid oriented boxes and ellipsoids.

use bevy::asset::{Handle, uuid_handle};
use bevy::math::{Quat, Vec3};
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bytemuck::{Pod, Zeroable};

use super::{is_finite, unit};
use crate::instances::Primitive;

const BOX_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d03");
const ELLIPSOID_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d0a");

macro_rules! oriented {
    ($(#[$doc:meta])* $name:ident: $shader:ident, $label:literal, $vertices:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
        #[repr(C)]
        pub struct $name {
            /// The center, in the space of the segment.
            pub center: [f32; 3],
            /// As packed by [`pack_color`](crate::pack_color), or [`DEFAULT_COLOR`](crate::DEFAULT_COLOR) for the
            /// segment's.
            pub color: u32,
            /// Half the size (of an ellipsoid, the radii) along its own axes.
            pub half_size: [f32; 3],
            /// The logical instance.
            pub instance: u32,
            /// From its own axes to the segment's: a unit quaternion, x, y, z, w.
            pub rotation: [f32; 4],
        }

        impl $name {
            /// One around `center`. A rotation that is not normalized is; one that cannot be is ignored. The
            /// logical instance is 0.
            #[inline]
            #[must_use]
            pub fn new(center: Vec3, half_size: Vec3, rotation: Quat, color: u32) -> Self {
                Self {
                    center: center.to_array(),
                    color,
                    half_size: half_size.to_array(),
                    instance: 0,
                    rotation: unit(rotation).to_array(),
                }
            }

            /// The same as another [logical instance](Self::instance).
            #[inline]
            #[must_use]
            pub const fn with_instance(self, instance: u32) -> Self {
                Self { instance, ..self }
            }
        }

        impl Primitive for $name {
            const NAME: &'static str = $label;
            const VERTICES: u32 = $vertices;
            const FORMATS: &'static [VertexFormat] = &[
                VertexFormat::Float32x3,
                VertexFormat::Uint32,
                VertexFormat::Float32x3,
                VertexFormat::Uint32,
                VertexFormat::Float32x4,
            ];
            const CUTS_EDGES: bool = false;
            const HAS_WEIGHTS: bool = true;

            fn shader() -> Handle<Shader> {
                $shader
            }

            fn is_drawable(&self) -> bool {
                is_finite(&self.center) && is_finite(&self.half_size) && is_finite(&self.rotation)
            }
        }
    };
}

oriented! {
    /// A solid box. A face that looks at the camera has the box's color, and the others are darker by their angle; there
    /// are no lights. 48 bytes.
    BoxInstance: BOX_SHADER, "boxes", 36
}

oriented! {
    /// A solid ellipsoid, shaded by its normals as a [`BoxInstance`](crate::BoxInstance) is. Drawn as 24 slices of 12
    /// quads, whose numbers the shader has, too. 48 bytes.
    EllipsoidInstance: ELLIPSOID_SHADER, "ellipsoids", 24 * 12 * 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_that_is_none_is_ignored() {
        let zero = Quat::from_xyzw(0.0, 0.0, 0.0, 0.0);
        assert_eq!(
            BoxInstance::new(Vec3::ZERO, Vec3::ONE, zero, 1).rotation,
            [0.0, 0.0, 0.0, 1.0]
        );
    }
}
