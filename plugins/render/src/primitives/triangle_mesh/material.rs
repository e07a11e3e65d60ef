//! What the faces of a mesh look like.

use std::sync::Arc;

use bevy::asset::Handle;
use bevy::image::Image;
use bevy::math::{Affine3A, Vec3A};
use bevy::mesh::VertexBufferLayout;
use bevy::render::render_resource::{
    Face, TextureDimension, TextureSampleType, VertexFormat, VertexStepMode,
};
use bevy::render::texture::GpuImage;
use bytemuck::{Pod, Zeroable};

use super::maps::MeshMaps;
use super::samplers::TextureSampling;
use crate::instances::{Blending, Highlight, SegmentUniform};

/// What the faces of a mesh look like.
#[derive(Debug, Clone, PartialEq)]
pub struct MeshMaterial {
    /// Multiplies the colors of vertices and texture: linear, with straight alpha.
    pub base_color: [f32; 4],
    /// Multiplies the colors of vertices: a two-dimensional texture whose format can be filtered.
    pub texture: Option<Handle<Image>>,
    /// How the texture is read.
    pub sampling: TextureSampling,
    /// What alpha means.
    pub alpha: MeshAlpha,
    /// Which sides are seen.
    pub sides: MeshSides,
    /// Whether faces have their full color from all sides.
    pub is_unlit: bool,
    /// How much it is like a metal, from 0 to 1. This and what follows is seen where a view
    /// [is lit](crate::BulkView::is_lit), and means what it does in glTF.
    pub metallic: f32,
    /// How little it mirrors, from 0 to 1.
    pub roughness: f32,
    /// What it gives off by itself: linear.
    pub emissive: [f32; 3],
    /// Textures of these and other properties.
    pub maps: Option<Arc<MeshMaps>>,
}

impl Default for MeshMaterial {
    fn default() -> Self {
        Self {
            base_color: [1.0; 4],
            texture: None,
            sampling: TextureSampling::default(),
            alpha: MeshAlpha::Opaque,
            sides: MeshSides::Both,
            is_unlit: false,
            metallic: 0.0,
            roughness: 0.5,
            emissive: [0.0; 3],
            maps: None,
        }
    }
}

impl MeshMaterial {
    pub(super) fn blending(&self) -> Blending {
        match self.alpha {
            MeshAlpha::Opaque | MeshAlpha::Mask(_) => Blending::Opaque,
            MeshAlpha::Blend => Blending::Translucent,
        }
    }
}

/// What the alpha of a mesh means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MeshAlpha {
    /// Nothing.
    Opaque,
    /// What has less is not there.
    Mask(f32),
    /// It is blended over what is behind it, and neither hides nor sorts its own faces.
    Blend,
}

/// Which sides of faces are seen. The front is where the vertices go counterclockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MeshSides {
    /// Both.
    #[default]
    Both,
    /// The front.
    Front,
    /// The back.
    Back,
}

impl MeshSides {
    /// What is culled where the transform mirrors or does not.
    pub(super) fn culled(self, is_mirrored: bool) -> Option<Face> {
        match (self, is_mirrored) {
            (Self::Both, _) => None,
            (Self::Front, false) | (Self::Back, true) => Some(Face::Back),
            (Self::Back, false) | (Self::Front, true) => Some(Face::Front),
        }
    }
}

/// Whether a texture can be bound: to bind another would be a validation error, and the end of the app.
pub(super) fn is_bindable(image: &GpuImage) -> bool {
    let descriptor = &image.texture_descriptor;
    descriptor.dimension == TextureDimension::D2
        && descriptor.size.depth_or_array_layers == 1
        && descriptor.sample_count == 1
        && descriptor.format.sample_type(None, None) == Some(TextureSampleType::Float { filterable: true })
}

/// Where a mesh is drawn, once for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeshPose {
    /// From the vertices to the space that [`SegmentUniform::world_from_entity`] starts from.
    pub entity_from_mesh: Affine3A,
    /// The logical instance.
    pub instance: u32,
}

impl MeshPose {
    /// Where the vertices are.
    pub const IDENTITY: Self = Self {
        entity_from_mesh: Affine3A::IDENTITY,
        instance: 0,
    };

    pub(super) fn is_mirrored(&self) -> bool {
        self.entity_from_mesh.matrix3.determinant() < 0.0
    }
}

/// A pose as the GPU reads it.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct GpuPose {
    rows: [[f32; 4]; 3],
    instance: u32,
    highlight: u32,
}

/// Beside a highlight: that of the others of the segment.
const FAINT: u32 = 8;

impl GpuPose {
    pub(super) fn new(pose: &MeshPose, segment: &SegmentUniform) -> Self {
        let columns = pose.entity_from_mesh.matrix3.transpose();
        let translation: Vec3A = pose.entity_from_mesh.translation;
        let (hovered, selected) = (segment.hovered_instance, &segment.selected_instances);
        let highlight = if hovered == Some(pose.instance) {
            Highlight::Hovered as u32
        } else if segment.highlight != Highlight::Hovered && selected.contains(pose.instance) {
            Highlight::Selected as u32
        } else if segment.highlight == Highlight::None && hovered.is_some() {
            Highlight::Hovered as u32 | FAINT
        } else if segment.highlight == Highlight::None && !selected.is_empty() {
            Highlight::Selected as u32 | FAINT
        } else {
            segment.highlight as u32
        };
        Self {
            rows: [
                columns.x_axis.extend(translation.x).to_array(),
                columns.y_axis.extend(translation.y).to_array(),
                columns.z_axis.extend(translation.z).to_array(),
            ],
            instance: pose.instance,
            highlight,
        }
    }

    pub(super) fn layout() -> VertexBufferLayout {
        let formats = [
            VertexFormat::Float32x4,
            VertexFormat::Float32x4,
            VertexFormat::Float32x4,
            VertexFormat::Uint32,
            VertexFormat::Uint32,
        ];
        VertexBufferLayout::from_vertex_formats(VertexStepMode::Instance, formats).offset_locations_by(4)
    }
}
