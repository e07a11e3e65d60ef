//! What decoders make: vertices and triangles with their materials, ready for the GPU.

use std::sync::Arc;

use chronoscope_frame::error::Severity;
use chronoscope_render::{MeshMaterial, MeshVertex, TextureSampling};
use chronoscope_types::ReadError;
use glam::{Affine2, Affine3A};

use crate::spatial::pictures::{DecodeError, PixelLayout, Pixels, decoder::MAX_DECODED_BYTES};

/// The most pieces of a model: each is drawn by itself.
const MAX_PIECES: usize = 1 << 16;

/// A decoded mesh.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) pieces: Vec<Piece>,
    pub(super) textures: Vec<Texture>,
    /// What was left out.
    pub(super) problems: Problems,
    num_bytes: u64,
}

/// What of a mesh is not shown, and why.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems(Vec<(Severity, String)>);

/// The most problems that are told of one mesh.
const MAX_PROBLEMS: usize = 8;

impl Problems {
    /// Something is not shown that should be.
    pub(super) fn warn(&mut self, text: String) {
        self.push(Severity::Warning, text);
    }

    /// Something is not shown, as is to be expected.
    pub(super) fn inform(&mut self, text: String) {
        self.push(Severity::Info, text);
    }

    fn push(&mut self, severity: Severity, text: String) {
        let problem = (severity, text);
        if self.0.len() < MAX_PROBLEMS && !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Those of a severity in one sentence, if there are any.
    pub(crate) fn of(&self, severity: Severity) -> Option<Arc<str>> {
        let texts = self.0.iter().filter(|(of, _)| *of == severity);
        let texts: Vec<&str> = texts.map(|(_, text)| text.as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("; ").into())
    }
}

/// Triangles of one material.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) vertices: Vec<MeshVertex>,
    pub(super) indices: Vec<u32>,
    /// Where it stands in the model, once for each.
    pub(super) nodes: Arc<[Affine3A]>,
    /// Without its texture.
    pub(super) material: MeshMaterial,
    /// The position of its texture in the model.
    pub(super) texture: Option<usize>,
    /// Its other textures.
    pub(super) maps: Vec<Map>,
    /// Other coordinates of the vertices in textures, where some are read by these.
    pub(super) second_texcoords: Vec<[f32; 2]>,
}

impl Piece {
    /// Vertices that stand where they are, and look as the entity says.
    pub(super) fn plain(vertices: Vec<MeshVertex>) -> Self {
        Self {
            vertices,
            indices: Vec::new(),
            nodes: Arc::new([Affine3A::IDENTITY]),
            material: MeshMaterial::default(),
            texture: None,
            maps: Vec::new(),
            second_texcoords: Vec::new(),
        }
    }
}

/// A texture of a piece beside that of its color.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Map {
    pub(super) kind: MapKind,
    /// Its position in the model.
    pub(super) texture: usize,
    pub(super) sampling: TextureSampling,
    /// Whether it lies by the second coordinates.
    pub(super) is_by_second: bool,
    /// From the texture coordinates of the vertices.
    pub(super) texture_from_vertex: Affine2,
    pub(super) strength: f32,
}

/// What a texture says of a surface beside its color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MapKind {
    MetallicRoughness,
    Emissive,
    Normal,
    Occlusion,
}

impl MapKind {
    /// Whether its values are linear, and no colors.
    pub(super) fn is_linear(self) -> bool {
        self != Self::Emissive
    }
}

/// A picture with straight alpha.
#[derive(Clone, Debug)]
pub(super) struct Texture {
    pub(super) size: [u32; 2],
    pub(super) rgba: Vec<u8>,
    /// Whether its values are linear, and not in sRGB.
    pub(super) is_linear: bool,
    /// With it, how many pictures `rgba` has, each of half the size of the one before.
    pub(super) num_levels: u32,
}

impl Texture {
    /// The colors of pixels. Brightness becomes gray: from black to white over the range of the pixels.
    pub(super) fn new(pixels: Pixels) -> Self {
        let Pixels {
            size,
            layout,
            bytes,
            range: [low, high],
        } = pixels;
        let gray = |value: f32| {
            let level = ((value - low) / (high - low).max(f32::MIN_POSITIVE) * 255.0).round() as u8;
            [level, level, level, 255]
        };
        let rgba = match layout {
            PixelLayout::Rgba8 => bytes,
            PixelLayout::R8 => bytes.iter().flat_map(|byte| gray(f32::from(*byte))).collect(),
            PixelLayout::R16 => {
                let values = bytes.as_chunks().0.iter().map(|value| u16::from_le_bytes(*value));
                values.flat_map(|value| gray(f32::from(value))).collect()
            }
            PixelLayout::R16Float => {
                let values = bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|value| half::f16::from_le_bytes(*value));
                values.flat_map(|value| gray(value.to_f32())).collect()
            }
            PixelLayout::R32 => {
                let values = bytes.as_chunks().0.iter().map(|value| u32::from_le_bytes(*value));
                values.flat_map(|value| gray(value as f32)).collect()
            }
            PixelLayout::R32Float => {
                let values = bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value));
                values.flat_map(gray).collect()
            }
        };
        Self {
            size,
            rgba,
            is_linear: false,
            num_levels: 1,
        }
    }

    /// Adds the same picture at half the size, at a quarter, and so on down to one texel, so that it does not shimmer from afar.
    /// Cost: O(texels).
    fn add_levels(&mut self) {
        let mut size = self.size.map(|side| side as usize);
        let num_texels = size[0] * size[1];
        if num_texels == 0 || self.rgba.len() != 4 * num_texels {
            return;
        }
        let mut start = 0;
        while size.iter().any(|side| *side > 1) {
            let half = size.map(|side| (side / 2).max(1));
            let texels = self.rgba[start..].as_chunks::<4>().0;
            let mut smaller = Vec::with_capacity(4 * half[0] * half[1]);
            for y in 0..half[1] {
                for x in 0..half[0] {
                    let at = |dx: usize, dy: usize| {
                        let [x, y] = [(2 * x + dx).min(size[0] - 1), (2 * y + dy).min(size[1] - 1)];
                        texels[y * size[0] + x]
                    };
                    let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
                    smaller.extend(mean(four, self.is_linear));
                }
            }
            start = self.rgba.len();
            self.rgba.extend(smaller);
            self.num_levels += 1;
            size = half;
        }
    }

    /// Whether something shines through.
    pub(super) fn has_alpha(&self) -> bool {
        self.rgba
            .as_chunks::<4>()
            .0
            .iter()
            .any(|[.., alpha]| *alpha != 255)
    }
}

/// What four texels are together: by their light, for which the square of a value in sRGB stands.
fn mean(texels: [[u8; 4]; 4], is_linear: bool) -> [u8; 4] {
    std::array::from_fn(|channel| {
        let values = texels.map(|texel| u32::from(texel[channel]));
        if is_linear || channel == 3 {
            ((values.iter().sum::<u32>() + 2) / 4) as u8
        } else {
            let squares: u32 = values.iter().map(|value| value * value).sum();
            (squares as f32 / 4.0).sqrt().round() as u8
        }
    })
}

impl Model {
    /// Has textures seen from afar as they are from near, as [`Texture::add_levels`] does.
    pub(super) fn add_levels(&mut self) {
        self.textures.iter_mut().for_each(Texture::add_levels);
    }

    /// Makes room for what is to be read next.
    ///
    /// # Errors
    /// Where that is more than is ever decoded.
    pub(super) fn reserve(&mut self, vertices: usize, indices: usize) -> Result<(), ModelError> {
        let vertices = (vertices as u64).saturating_mul(size_of::<MeshVertex>() as u64);
        let indices = (indices as u64).saturating_mul(size_of::<u32>() as u64);
        self.reserve_bytes(vertices.saturating_add(indices))
    }

    /// # Errors
    /// As [`Self::reserve`].
    pub(super) fn reserve_bytes(&mut self, bytes: u64) -> Result<(), ModelError> {
        self.check_room(bytes)?;
        self.num_bytes += bytes;
        Ok(())
    }

    /// Checks that there is room for what is not kept.
    ///
    /// # Errors
    /// As [`Self::reserve`].
    pub(super) fn check_room(&self, bytes: u64) -> Result<(), ModelError> {
        let all = self.num_bytes.saturating_add(bytes);
        if all > MAX_DECODED_BYTES {
            let megabytes = all >> 20;
            return Err(ModelError::TooLarge { megabytes });
        }
        Ok(())
    }

    /// Adds triangles; those with vertices that are not there, or not finite, are left out and noted.
    ///
    /// # Errors
    /// Where there are too many pieces.
    pub(super) fn push(
        &mut self,
        piece: Piece,
        triangles: impl IntoIterator<Item = [u32; 3]>,
    ) -> Result<(), ModelError> {
        let is_sound = |index: &u32| {
            let vertex = piece.vertices.get(*index as usize);
            vertex.is_some_and(|vertex| vertex.position().iter().all(|value| value.is_finite()))
        };
        let (mut indices, mut left_out) = (Vec::new(), 0);
        for triangle in triangles {
            if triangle.iter().all(is_sound) {
                indices.extend(triangle);
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            self.problems.warn(format!(
                "triangles whose vertices are not there or not finite are not shown: {left_out}"
            ));
        }
        if !indices.is_empty() {
            if self.pieces.len() >= MAX_PIECES {
                return Err(ModelError::TooManyPieces);
            }
            self.pieces.push(Piece { indices, ..piece });
        }
        Ok(())
    }

    /// The model, if there is anything to see.
    ///
    /// # Errors
    /// Where there is nothing; for the reasons that are known.
    pub(super) fn finish(self) -> Result<Self, ModelError> {
        if self.pieces.is_empty() {
            let reason = self.problems.of(Severity::Warning);
            return Err(reason.map_or(ModelError::NoTriangles, ModelError::Nothing));
        }
        Ok(self)
    }

    /// The bytes of what goes to the GPU.
    pub(super) fn num_bytes(&self) -> u64 {
        let pieces = self.pieces.iter().map(|piece| {
            size_of_val(piece.vertices.as_slice())
                + size_of_val(piece.indices.as_slice())
                + size_of_val(piece.second_texcoords.as_slice())
                + size_of_val(&*piece.nodes)
        });
        let textures = self.textures.iter().map(|texture| texture.rgba.len());
        pieces.chain(textures).sum::<usize>() as u64
    }
}

/// Why a mesh has no triangles.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A component is another than is said.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A texture cannot be decoded.
    #[error("the texture cannot be shown: {0}")]
    Texture(#[from] DecodeError),
    /// The cell is empty.
    #[error("the model has no bytes")]
    Empty,
    /// More than is ever decoded.
    #[error("the model is too large: it takes more than {megabytes} MB")]
    TooLarge {
        /// What it takes at least.
        megabytes: u64,
    },
    /// More pieces than are ever drawn.
    #[error("the model has too many parts")]
    TooManyPieces,
    /// The bytes are no file of a known format.
    #[error("not a model in a known format (glTF, GLB, OBJ and STL are known)")]
    UnknownFormat,
    /// The file needs something that is not supported.
    #[error("the model needs {0}, which is not supported")]
    Unsupported(Arc<str>),
    /// What it refers to lies in another file.
    #[error("the model refers to another file, {0}")]
    External(Arc<str>),
    /// The file is broken.
    #[error("the {format} file cannot be read: {reason}")]
    Broken {
        /// The file's format.
        format: &'static str,
        /// What is wrong.
        reason: Arc<str>,
    },
    /// There is no triangle.
    #[error("the model has no triangles")]
    NoTriangles,
    /// All was left out.
    #[error("nothing is left of the model: {0}")]
    Nothing(Arc<str>),
    /// Nobody waits for it any more.
    #[error("decoding was cancelled")]
    Cancelled,
}
