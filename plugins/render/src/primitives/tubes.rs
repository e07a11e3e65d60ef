//! Solid cylinders and capsules.

use bevy::asset::{Handle, uuid_handle};
use bevy::math::{Quat, Vec3};
use bevy::render::render_resource::VertexFormat;
use bevy::shader::Shader;
use bytemuck::{Pod, Zeroable};

use super::{is_finite, unit};
use crate::instances::Primitive;

pub(crate) const CYLINDER_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d0b");
pub(crate) const CAPSULE_SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d0c");

macro_rules! tube {
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
            /// From its own axes to the segment's: a unit quaternion, x, y, z, w.
            pub rotation: [f32; 4],
            /// The radius, in scene units.
            pub radius: f32,
            /// The length along its own Z.
            pub length: f32,
            /// The logical instance.
            pub instance: u32,
        }

        impl $name {
            /// One around `center`. A rotation that is not normalized is; one that cannot be is ignored. The
            /// logical instance is 0.
            #[inline]
            #[must_use]
            pub fn new(center: Vec3, radius: f32, length: f32, rotation: Quat, color: u32) -> Self {
                Self {
                    center: center.to_array(),
                    color,
                    rotation: unit(rotation).to_array(),
                    radius,
                    length,
                    instance: 0,
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
                VertexFormat::Float32x4,
                VertexFormat::Float32,
                VertexFormat::Float32,
                VertexFormat::Uint32,
            ];
            const CUTS_EDGES: bool = false;
            const HAS_WEIGHTS: bool = true;

            fn shader() -> Handle<Shader> {
                $shader
            }

            fn is_drawable(&self) -> bool {
                let sizes = is_finite(&[self.radius, self.length]);
                sizes && is_finite(&self.center) && is_finite(&self.rotation)
            }
        }
    };
}

tube! {
    /// A solid cylinder around its own Z, shaded by its normals as a [`BoxInstance`](crate::BoxInstance) is. Drawn as 24
    /// slices. 44 bytes.
    CylinderInstance: CYLINDER_SHADER, "cylinders", 24 * 3 * 6
}

tube! {
    /// A solid capsule around its own Z: a cylinder of its length between two half spheres. Shaded by its normals as a
    /// [`BoxInstance`](crate::BoxInstance) is. Drawn as 24 slices of 13 quads. 44 bytes.
    CapsuleInstance: CAPSULE_SHADER, "capsules", 24 * 13 * 6
}
