//! Vertices and triangles, and what becomes of them on the GPU.

use bevy::asset::{Asset, AssetId, RenderAssetUsages};
use bevy::ecs::system::SystemParamItem;
use bevy::ecs::system::lifetimeless::SRes;
use bevy::math::{Vec2, Vec3};
use bevy::mesh::VertexBufferLayout;
use bevy::reflect::TypePath;
use bevy::render::render_asset::{AssetExtractionError, PrepareAssetError, RenderAsset};
use bevy::render::render_resource::{BufferUsages, VertexFormat, VertexStepMode};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bytemuck::{Pod, Zeroable};

use crate::buffers::{FixedBuffer, Gpu};
use crate::stats::RenderStats;

/// A corner of triangles. 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct MeshVertex {
    position: [f32; 3],
    /// sRGB with straight alpha.
    color: [u8; 4],
    /// As fractions of `i16::MAX`; zero for that of the face.
    normal: [i16; 4],
    texcoord: [f32; 2],
}

impl MeshVertex {
    /// A white vertex, shaded as its faces are.
    #[inline]
    #[must_use]
    pub const fn new(position: [f32; 3]) -> Self {
        Self {
            position,
            color: [255; 4],
            normal: [0; 4],
            texcoord: [0.0; 2],
        }
    }

    /// The same with a color in sRGB and straight alpha.
    #[inline]
    #[must_use]
    pub const fn with_color(self, color: [u8; 4]) -> Self {
        Self { color, ..self }
    }

    /// The same with a normal, of any length. One that has none leaves it to the faces.
    #[inline]
    #[must_use]
    pub fn with_normal(self, normal: Vec3) -> Self {
        let unit = normal.try_normalize().unwrap_or(Vec3::ZERO) * f32::from(i16::MAX);
        Self {
            normal: [unit.x as i16, unit.y as i16, unit.z as i16, 0],
            ..self
        }
    }

    /// The same with a place in the texture: (0, 0) is its top left corner, (1, 1) the bottom right one.
    #[inline]
    #[must_use]
    pub const fn with_texcoord(self, texcoord: Vec2) -> Self {
        Self {
            texcoord: [texcoord.x, texcoord.y],
            ..self
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn position(&self) -> [f32; 3] {
        self.position
    }

    /// Its color in sRGB.
    #[must_use]
    pub const fn color(&self) -> [u8; 4] {
        self.color
    }

    pub(super) fn layout() -> VertexBufferLayout {
        let formats = [
            VertexFormat::Float32x3,
            VertexFormat::Unorm8x4,
            VertexFormat::Snorm16x4,
            VertexFormat::Float32x2,
        ];
        VertexBufferLayout::from_vertex_formats(VertexStepMode::Vertex, formats)
    }
}

/// Triangles, uploaded once however many [`TriangleMesh`](super::TriangleMesh)es draw them. Their bytes go to
/// the GPU and are not kept in main memory.
#[derive(Asset, TypePath, Debug, Clone, Default)]
pub struct MeshGeometry {
    vertices: Vec<MeshVertex>,
    indices: Vec<u32>,
    /// One for each vertex, or none.
    second_texcoords: Vec<[f32; 2]>,
    center: Vec3,
}

/// Why triangles are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MeshError {
    /// A triangle names a vertex that is not there.
    #[error("a triangle names vertex {index} of {vertices}")]
    Index {
        /// The vertex that is named.
        index: u32,
        /// How many there are.
        vertices: usize,
    },
}

impl MeshGeometry {
    /// Triangles of which each three `indices` name the vertices, counterclockwise as seen from the front;
    /// one or two at the end that make no triangle are left out. Cost: O(indices).
    ///
    /// # Errors
    /// Where an index names no vertex.
    pub fn new(vertices: Vec<MeshVertex>, mut indices: Vec<u32>) -> Result<Self, MeshError> {
        indices.truncate(indices.len() / 3 * 3);
        if let Some(index) = indices.iter().find(|index| **index as usize >= vertices.len()) {
            return Err(MeshError::Index {
                index: *index,
                vertices: vertices.len(),
            });
        }
        let positions = || vertices.iter().map(|vertex| Vec3::from_array(vertex.position));
        let min = positions().reduce(Vec3::min).unwrap_or_default();
        let max = positions().reduce(Vec3::max).unwrap_or_default();
        Ok(Self {
            center: (min + max) / 2.0,
            vertices,
            indices,
            second_texcoords: Vec::new(),
        })
    }

    /// The same with other places in textures beside those of the vertices, for each of which there is one: where there are fewer,
    /// the rest is at (0, 0).
    #[must_use]
    pub fn with_second_texcoords(mut self, mut texcoords: Vec<[f32; 2]>) -> Self {
        texcoords.resize(self.vertices.len(), [0.0; 2]);
        self.second_texcoords = texcoords;
        self
    }

    /// The vertices; none once they are on the GPU.
    #[must_use]
    pub fn vertices(&self) -> &[MeshVertex] {
        &self.vertices
    }

    /// The vertices of the triangles; none once they are on the GPU.
    #[must_use]
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// The bytes that it takes, here or on the GPU.
    #[must_use]
    pub fn num_bytes(&self) -> u64 {
        let texcoords = size_of_val(self.second_texcoords.as_slice());
        (size_of_val(self.vertices.as_slice()) + size_of_val(self.indices.as_slice()) + texcoords) as u64
    }
}

/// Triangles on the GPU; `None` where they exceed what it takes.
pub(super) struct GpuGeometry {
    pub(super) buffers: Option<GeometryBuffers>,
    pub(super) center: Vec3,
}

pub(super) struct GeometryBuffers {
    pub(super) vertices: FixedBuffer,
    pub(super) indices: FixedBuffer,
    pub(super) num_indices: u32,
    pub(super) second_texcoords: Option<FixedBuffer>,
}

impl GpuGeometry {
    pub(super) fn has_second_texcoords(&self) -> bool {
        let buffers = self.buffers.as_ref();
        buffers.is_some_and(|buffers| buffers.second_texcoords.is_some())
    }

    pub(super) fn second_texcoords_layout() -> VertexBufferLayout {
        let formats = [VertexFormat::Float32x2];
        VertexBufferLayout::from_vertex_formats(VertexStepMode::Vertex, formats).offset_locations_by(9)
    }
}

impl RenderAsset for GpuGeometry {
    type SourceAsset = MeshGeometry;
    type Param = (SRes<RenderDevice>, SRes<RenderQueue>, SRes<RenderStats>);

    fn asset_usage(_: &MeshGeometry) -> RenderAssetUsages {
        RenderAssetUsages::RENDER_WORLD
    }

    fn byte_len(source: &MeshGeometry) -> Option<usize> {
        usize::try_from(source.num_bytes()).ok()
    }

    fn prepare_asset(
        source: MeshGeometry,
        _: AssetId<MeshGeometry>,
        (device, queue, stats): &mut SystemParamItem<Self::Param>,
        _: Option<&Self>,
    ) -> Result<Self, PrepareAssetError<MeshGeometry>> {
        let gpu = Gpu { device, queue, stats };
        let buffer = |usage, bytes| FixedBuffer::new(&gpu, "triangle_mesh", usage, bytes);
        let buffers =
            buffer(BufferUsages::VERTEX, bytemuck::cast_slice(&source.vertices)).and_then(|vertices| {
                Some(GeometryBuffers {
                    vertices,
                    indices: buffer(BufferUsages::INDEX, bytemuck::cast_slice(&source.indices))?,
                    num_indices: u32::try_from(source.indices.len()).ok()?,
                    second_texcoords: match &source.second_texcoords[..] {
                        [] => None,
                        texcoords => Some(buffer(BufferUsages::VERTEX, bytemuck::cast_slice(texcoords))?),
                    },
                })
            });
        Ok(Self {
            buffers,
            center: source.center,
        })
    }

    fn take_gpu_data(
        source: &mut MeshGeometry,
        _: Option<&Self>,
    ) -> Result<MeshGeometry, AssetExtractionError> {
        Ok(MeshGeometry {
            vertices: std::mem::take(&mut source.vertices),
            indices: std::mem::take(&mut source.indices),
            second_texcoords: std::mem::take(&mut source.second_texcoords),
            center: source.center,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triangles_of_vertices_that_are_not_there_are_refused() {
        let vertices = vec![MeshVertex::new([0.0; 3]), MeshVertex::new([2.0, 4.0, 6.0])];
        let error = MeshGeometry::new(vertices.clone(), vec![0, 1, 2]).err();
        let expected = MeshError::Index {
            index: 2,
            vertices: 2,
        };
        assert_eq!(error, Some(expected));
        let whole = MeshGeometry::new(vertices, vec![0, 1, 0, 1]).unwrap_or_default();
        assert_eq!(
            (whole.indices(), whole.center),
            (&[0, 1, 0][..], Vec3::new(1.0, 2.0, 3.0))
        );
    }

    #[test]
    fn a_normal_without_a_length_is_left_to_the_faces() {
        let vertex = MeshVertex::new([0.0; 3]);
        assert_eq!(vertex.with_normal(Vec3::ZERO).normal, [0; 4]);
        assert_eq!(vertex.with_normal(Vec3::NAN).normal, [0; 4]);
        assert_eq!(vertex.with_normal(Vec3::Y * 5.0).normal, [0, i16::MAX, 0, 0]);
    }
}
