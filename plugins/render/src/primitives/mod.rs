//! What there is to draw. Each file holds the data of one primitive, or of two that are alike, beside the shaders that draw them.
//!
//! Most are instanced and share the code in [`drawing`](crate::drawing): [`points`], [`lines`], [`arcs`], [`box_edges`],
//! [`oriented`] (boxes, ellipsoids), [`tubes`] (cylinders, capsules), [`arrows`]. Four are entities of their own, with a small uniform
//! each: [`image_quad`], [`triangle_mesh`], [`ground_grid`] and [`backdrop`]; the last two share [`unbounded`].
//!
//! # Radii
//!
//! A radius is one number with three meanings: positive is scene units, scaled with the transform; negative is UI points,
//! which the view turns into pixels; [`DEFAULT_RADIUS`] is whatever the segment says. Zero draws nothing.

mod arcs;
mod arrows;
mod backdrop;
mod box_edges;
mod ground_grid;
mod image_quad;
mod lines;
mod oriented;
mod points;
mod triangle_mesh;
mod tubes;
mod unbounded;

use bevy::math::Quat;

pub use arcs::ArcInstance;
pub use arrows::ArrowInstance;
pub use backdrop::{Backdrop, BackdropPlugin};
pub use box_edges::BoxEdgesInstance;
pub use ground_grid::{GroundGrid, GroundGridPlugin};
pub use image_quad::{DepthCloud, ImageQuad, ImageQuadPlugin, Magnification, QuadPart, Texels};
pub use lines::LineInstance;
pub use oriented::{BoxInstance, EllipsoidInstance};
pub use points::PointInstance;
pub use triangle_mesh::{
    MeshAlpha, MeshError, MeshGeometry, MeshMap, MeshMaps, MeshMaterial, MeshPose, MeshSides, MeshVertex,
    TextureSampling, TextureWrap, TriangleMesh, TriangleMeshPlugin,
};
pub use tubes::{CapsuleInstance, CylinderInstance};

/// The radius that stands for 'the segment's default radius'.
pub const DEFAULT_RADIUS: f32 = f32::MAX;

/// The rotation, normalized; none where it cannot be.
fn unit(rotation: Quat) -> Quat {
    let length = rotation.length();
    if length.is_finite() && length > f32::EPSILON {
        rotation / length
    } else {
        Quat::IDENTITY
    }
}

fn is_finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}
