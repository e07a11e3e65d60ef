//! The textures of materials, each decoded when it is first asked for, and where they lie on a primitive.

use chronoscope_render::TextureSampling;
use chronoscope_types::{Component as _, components};
use glam::{Affine2, Vec2};

use super::{
    Reader, broken, data_of,
    document::{Material, Primitive, TextureRef},
    materials,
};
use crate::spatial::{
    meshes::model::{Map, MapKind, ModelError, Texture},
    pictures::{EncodedPixels, PixelSource},
};

/// The textures of a primitive.
#[derive(Default)]
pub(super) struct Textures {
    /// The position in the model of that of the color.
    pub(super) color: Option<usize>,
    /// How that one is read.
    pub(super) sampling: TextureSampling,
    /// The others.
    pub(super) maps: Vec<Map>,
    /// The coordinates of the vertices; `None` where there is no texture.
    pub(super) coordinates: Option<Coordinates>,
    /// Those that some lie by for which these do not tell.
    pub(super) second: Option<Coordinates>,
}

/// Where a texture lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coordinates {
    set: u32,
    pub(super) texture_from_set: Affine2,
}

impl Coordinates {
    fn of(texture: &TextureRef) -> Self {
        let transform = texture.extensions.transform.as_ref();
        let set = transform.and_then(|transform| transform.tex_coord);
        Self {
            set: set.unwrap_or(texture.tex_coord),
            texture_from_set: transform.map_or(Affine2::IDENTITY, |transform| {
                Affine2::from_scale_angle_translation(
                    Vec2::from(transform.scale),
                    -transform.rotation,
                    Vec2::from(transform.offset),
                )
            }),
        }
    }

    /// The attribute of the vertices with these coordinates.
    pub(super) fn attribute(&self) -> String {
        format!("TEXCOORD_{}", self.set)
    }

    /// From the coordinates of vertices that lie in a texture as `shared` says, to this one; `None` where those do not tell.
    fn relative_to(&self, shared: &Self) -> Option<Affine2> {
        if self == shared {
            return Some(Affine2::IDENTITY);
        }
        let is_told = self.set == shared.set && shared.texture_from_set.matrix2.determinant() != 0.0;
        is_told.then(|| self.texture_from_set * shared.texture_from_set.inverse())
    }
}

impl Reader<'_> {
    /// The textures of a material on a primitive.
    pub(super) fn textures(
        &mut self,
        material: &Material,
        primitive: &Primitive,
    ) -> Result<Textures, ModelError> {
        let lies_on = |texture: &&TextureRef| {
            let attribute = Coordinates::of(texture).attribute();
            primitive.attributes.contains_key(&attribute)
        };
        let file = self.file;
        let document = &file.document;
        let mut textures = Textures::default();
        if let Some(texture) = materials::base_color_texture(material).filter(lies_on) {
            textures.color = self.texture(texture, false)?;
            textures.sampling = materials::sampling(document, texture);
            textures.coordinates = textures.color.map(|_| Coordinates::of(texture));
        }
        if !self.is_lit || material.extensions.unlit.is_some() {
            return Ok(textures);
        }
        for (kind, texture) in materials::maps(material) {
            if !lies_on(&texture) {
                continue;
            }
            let own = Coordinates::of(texture);
            let shared = textures.coordinates.unwrap_or(own);
            let second = textures.second.unwrap_or(own);
            let (texture_from_vertex, is_by_second) = match own.relative_to(&shared) {
                Some(texture_from_vertex) => (texture_from_vertex, false),
                None if second.set == own.set => (own.texture_from_set, true),
                None => {
                    let text = "a texture that lies by a third set of coordinates is not shown";
                    self.model.problems.inform(text.to_owned());
                    continue;
                }
            };
            let position = match self.texture(texture, kind.is_linear()) {
                // The colors alone are better than nothing.
                Err(error @ ModelError::TooLarge { .. }) => {
                    self.model
                        .problems
                        .inform(format!("a texture is not shown: {error}"));
                    None
                }
                position => position?,
            };
            let Some(position) = position else {
                continue;
            };
            textures.coordinates = Some(shared);
            if is_by_second {
                textures.second = Some(second);
            }
            textures.maps.push(Map {
                kind,
                texture: position,
                sampling: materials::sampling(document, texture),
                is_by_second,
                texture_from_vertex,
                strength: match kind {
                    MapKind::Normal => texture.scale.unwrap_or(1.0),
                    MapKind::Occlusion => texture.strength.unwrap_or(1.0).clamp(0.0, 1.0),
                    MapKind::MetallicRoughness | MapKind::Emissive => 1.0,
                },
            });
        }
        Ok(textures)
    }

    /// The position of a texture in the model, decoded when it is first asked for. One that cannot be shown
    /// is noted.
    fn texture(&mut self, texture: &TextureRef, is_linear: bool) -> Result<Option<usize>, ModelError> {
        let texture = self.file.document.textures.get(texture.index);
        let webp = texture.and_then(|texture| texture.extensions.webp.as_ref()?.source);
        let Some(image) = webp.or(texture.and_then(|texture| texture.source)) else {
            return Ok(None);
        };
        if let Some(known) = self.textures.get(&(image, is_linear)) {
            return Ok(*known);
        }
        let decoded = match self.decode_image(image) {
            Ok(texture) => {
                if let Err(error) = self.model.reserve_bytes(texture.rgba.len() as u64) {
                    self.textures.insert((image, is_linear), None);
                    return Err(error);
                }
                self.model.textures.push(Texture { is_linear, ..texture });
                Some(self.model.textures.len() - 1)
            }
            Err(error) => {
                self.model
                    .problems
                    .warn(format!("a texture is not shown: {error}"));
                None
            }
        };
        self.textures.insert((image, is_linear), decoded);
        Ok(decoded)
    }

    fn decode_image(&self, image: usize) -> Result<Texture, ModelError> {
        let image = self.file.document.images.get(image);
        let image = image.ok_or_else(|| broken("it names an image that is not there"))?;
        let bytes = match (&image.uri, image.buffer_view) {
            (Some(uri), _) => data_of(uri)?,
            (None, Some(view)) => self.file.view(view)?.to_vec(),
            (None, None) => return Err(broken("an image has no bytes")),
        };
        let blob = components::Blob::build(vec![bytes]);
        let encoded = EncodedPixels::new(blob)?.ok_or(ModelError::Empty)?;
        let pixels = self
            .decoders
            .decode(&PixelSource::Encoded(encoded), self.options)?;
        Ok(Texture::new(pixels))
    }
}
