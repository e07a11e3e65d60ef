//! Triangles from components.

use std::sync::Arc;

use chronoscope_render::{MeshAlpha, MeshMaterial, MeshVertex, TextureSampling, TextureWrap};
use chronoscope_store::arrow::{Array, ArrayRef};
use chronoscope_types::{Component as _, ReadError, clamped, components, read};
use glam::{Vec2, Vec3};

use super::model::{Model, ModelError, Piece, Texture};
use crate::spatial::pictures::{DecodeOptions, PixelDecoders, PixelSource, RawPixels};

/// The cells of a mesh.
#[derive(Clone, Debug)]
pub struct MeshArrays {
    /// The positions of vertices.
    pub positions: ArrayRef,
    /// The vertices of triangles; without, every three are one.
    pub indices: Option<ArrayRef>,
    /// A normal for each vertex; without, faces are flat.
    pub normals: Option<ArrayRef>,
    /// The colors of vertices, of which the last holds for the rest.
    pub colors: Option<ArrayRef>,
    /// The colors of vertices where no others are given, as `0xRRGGBBAA`.
    pub class_colors: Arc<[u32]>,
    /// A place in the texture for each vertex.
    pub texcoords: Option<ArrayRef>,
    /// What is seen there.
    pub texture: Option<RawPixels>,
}

impl MeshArrays {
    /// The bytes of the cells.
    pub(super) fn num_bytes(&self) -> u64 {
        let optional = [&self.indices, &self.normals, &self.colors, &self.texcoords];
        let cells = optional.into_iter().flatten().chain([&self.positions]);
        // A slice of a chunk's column counts as what it is.
        let cells = cells.map(|cell| (cell.len() as u64).saturating_mul(12));
        let texture = self.texture.as_ref();
        let texture = texture
            .and_then(|texture| texture.format.num_bytes())
            .unwrap_or(0);
        cells.sum::<u64>().saturating_add(texture as u64)
    }

    /// Cost: O(vertices, indices and texels).
    pub(super) fn decode(
        &self,
        decoders: &PixelDecoders,
        options: &DecodeOptions,
    ) -> Result<Model, ModelError> {
        let positions = read::positions3d(&self.positions)?;
        let count = positions.len();
        let mut model = Model::default();
        let num_triangles = self.indices.as_ref().map_or(count / 3, Array::len);
        model.reserve(count, num_triangles.saturating_mul(3))?;

        let normals = read_all(&self.normals, read::vectors3d)?;
        let texcoords = read_all(&self.texcoords, components::Texcoord2D::read)?;
        let normals = of_vertices(&mut model, "normals", normals.as_deref(), count);
        let texcoords = of_vertices(&mut model, "texture coordinates", texcoords.as_deref(), count);
        let colors = read_all(&self.colors, read::colors)?;
        let colors = colors.as_deref().filter(|colors| !colors.is_empty());
        let colors = colors.unwrap_or(&self.class_colors);

        let texture = match &self.texture {
            Some(texture) if texcoords.is_none() => {
                let [width, height] = [texture.format.width, texture.format.height];
                model.problems.warn(format!(
                    "the texture of {width} x {height} is not shown: there are no texture coordinates"
                ));
                None
            }
            Some(texture) => {
                let pixels = decoders.decode(&PixelSource::Raw(texture.clone()), options)?;
                model.reserve_bytes(pixels.bytes.len() as u64)?;
                Some(Texture::new(pixels))
            }
            None => None,
        };

        let vertices = positions.iter().enumerate().map(|(at, position)| {
            let mut vertex = MeshVertex::new(*position);
            if let Some(color) = clamped(colors, at) {
                vertex = vertex.with_color(color.to_be_bytes());
            }
            if let Some(normal) = normals.and_then(|normals| normals.get(at)) {
                vertex = vertex.with_normal(Vec3::from_array(*normal));
            }
            if let Some(texcoord) = texcoords.and_then(|texcoords| texcoords.get(at)) {
                vertex = vertex.with_texcoord(Vec2::from_array(*texcoord));
            }
            vertex
        });
        let vertices: Vec<MeshVertex> = vertices.collect();
        let has_alpha = vertices.iter().any(|vertex| vertex.color()[3] != 255)
            || texture.as_ref().is_some_and(Texture::has_alpha);
        let alpha = if has_alpha {
            MeshAlpha::Blend
        } else {
            MeshAlpha::Opaque
        };
        let piece = Piece {
            material: MeshMaterial {
                alpha,
                sampling: TextureSampling {
                    wrap_u: TextureWrap::Repeat,
                    wrap_v: TextureWrap::Repeat,
                    is_nearest: false,
                },
                ..MeshMaterial::default()
            },
            texture: texture.is_some().then_some(0),
            ..Piece::plain(vertices)
        };
        model.textures.extend(texture);
        match &self.indices {
            Some(indices) => {
                let indices = read::triangle_indices(indices)?;
                model.push(piece, indices.iter().copied())?;
            }
            None => {
                let whole = (count / 3) as u32;
                if !count.is_multiple_of(3) {
                    model.problems.warn(format!(
                        "{count} vertices without indices: those after the last three make no triangle"
                    ));
                }
                model.push(piece, (0..whole).map(|at| [3 * at, 3 * at + 1, 3 * at + 2]))?;
            }
        }
        model.finish()
    }
}

fn read_all<'a, T>(
    cell: &'a Option<ArrayRef>,
    read: impl FnOnce(&'a dyn Array) -> Result<T, ReadError>,
) -> Result<Option<T>, ReadError> {
    cell.as_ref().map(|array| read(array)).transpose()
}

/// Values of vertices, if there is one for each. Where there are others, that is noted.
fn of_vertices<'a, T>(
    model: &mut Model,
    what: &str,
    values: Option<&'a [T]>,
    count: usize,
) -> Option<&'a [T]> {
    let values = values.filter(|values| !values.is_empty())?;
    if values.len() == count {
        return Some(values);
    }
    model.problems.warn(format!(
        "{} {what} are not used: there are {count} vertices",
        values.len()
    ));
    None
}
