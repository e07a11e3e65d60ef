//! What textures say of a surface beside its color.

use bevy::asset::Handle;
use bevy::image::Image;
use bevy::math::Affine2;

use super::samplers::TextureSampling;

/// Textures of a surface beside that of its color, as in glTF. Seen where a view [is lit](crate::BulkView::is_lit), on what is not
/// unlit; where there is none, the factors of the material hold everywhere.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeshMaps {
    /// Multiplies roughness by the green channel and metalness by the blue one. Of a linear format, as all but the emission.
    pub metallic_roughness: Option<MeshMap>,
    /// Multiplies what is given off. In sRGB.
    pub emissive: Option<MeshMap>,
    /// Normals in the space of the texture: red to its right, green to its top, blue out of the surface.
    pub normal: Option<MeshMap>,
    /// In the red channel, how much of the light from all around arrives.
    pub occlusion: Option<MeshMap>,
}

/// A texture of a property of a surface.
#[derive(Debug, Clone, PartialEq)]
pub struct MeshMap {
    /// A two-dimensional texture whose format can be filtered.
    pub image: Handle<Image>,
    /// How it is read.
    pub sampling: TextureSampling,
    /// Whether it lies by the [second coordinates](super::MeshGeometry::with_second_texcoords) of vertices. Without these it lies by
    /// the first.
    pub is_by_second: bool,
    /// From the texture coordinates of vertices to places in this texture.
    pub texture_from_vertex: Affine2,
    /// How much of it there is: how steep normals are, and how dark what is occluded. Without a meaning for others.
    pub strength: f32,
}

impl MeshMap {
    /// A texture that lies where that of the color does.
    #[must_use]
    pub fn new(image: Handle<Image>) -> Self {
        Self {
            image,
            sampling: TextureSampling::default(),
            is_by_second: false,
            texture_from_vertex: Affine2::IDENTITY,
            strength: 1.0,
        }
    }
}

/// How many textures there are beside that of the color.
pub(super) const NUM_MAPS: usize = 4;

impl MeshMaps {
    /// All, in the order of their bindings.
    pub(super) const fn all(&self) -> [Option<&MeshMap>; NUM_MAPS] {
        [
            self.metallic_roughness.as_ref(),
            self.emissive.as_ref(),
            self.normal.as_ref(),
            self.occlusion.as_ref(),
        ]
    }

    /// Two rows for each texture: from the coordinates of vertices to those of the texture. The first ends with whether these are the
    /// second ones.
    pub(super) fn rows(&self) -> [[f32; 4]; 2 * NUM_MAPS] {
        let mut rows = [[0.0; 4]; 2 * NUM_MAPS];
        for (map, rows) in self.all().into_iter().zip(rows.as_chunks_mut::<2>().0) {
            let Affine2 { matrix2, translation } =
                map.map_or(Affine2::IDENTITY, |map| map.texture_from_vertex);
            let (x, y) = (matrix2.x_axis, matrix2.y_axis);
            let is_by_second = f32::from(u8::from(map.is_some_and(|map| map.is_by_second)));
            *rows = [
                [x.x, y.x, translation.x, is_by_second],
                [x.y, y.y, translation.y, 0.0],
            ];
        }
        rows
    }

    /// How steep normals are: not at all without a texture of them.
    pub(super) fn normal_strength(&self) -> f32 {
        self.normal.as_ref().map_or(0.0, |map| map.strength)
    }

    /// How dark what is occluded is.
    pub(super) fn occlusion_strength(&self) -> f32 {
        self.occlusion.as_ref().map_or(0.0, |map| map.strength)
    }
}
