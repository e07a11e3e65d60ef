//! glTF 2.0: JSON with buffers beside it (GLB) or in it (data URIs). Meshes with their materials and textures
//! are shown as they stand in the scene; skins, morph targets and animations are not applied.

mod accessors;
mod document;
mod materials;
mod textures;

use std::{borrow::Cow, sync::Arc};

use base64::Engine as _;
use chronoscope_render::MeshVertex;
use glam::{Affine2, Affine3A, DAffine3, DMat4, DQuat, DVec3, Vec2, Vec3};
use rustc_hash::FxHashMap;

use self::{
    document::{Document, Node, Primitive},
    textures::Textures,
};
use super::model::{Model, ModelError, Piece};
use crate::spatial::{
    bounds::Bounds,
    pictures::{DecodeOptions, PixelDecoders},
};

/// What a file may require beside the specification.
const EXTENSIONS: [&str; 5] = [
    "KHR_materials_unlit",
    "KHR_materials_pbrSpecularGlossiness",
    "KHR_mesh_quantization",
    "KHR_texture_transform",
    "EXT_texture_webp",
];

/// The most objects of the JSON: each takes much more memory than the two bytes that it may have.
const MAX_OBJECTS: usize = 1 << 20;

const MAGIC: &[u8] = b"glTF";

/// Whether the bytes are a GLB file.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

fn broken(reason: impl Into<Arc<str>>) -> ModelError {
    ModelError::Broken {
        format: "glTF",
        reason: reason.into(),
    }
}

/// A file whose JSON is read.
pub(super) struct Gltf<'a> {
    document: Document,
    /// The bytes of buffers, or why there are none.
    buffers: Vec<Result<Cow<'a, [u8]>, ModelError>>,
}

impl<'a> Gltf<'a> {
    /// Cost: that of the JSON.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let (json, binary) = if is_binary(bytes) {
            split(bytes)?
        } else {
            (bytes, None)
        };
        if json.iter().filter(|byte| **byte == b'{').count() > MAX_OBJECTS {
            return Err(ModelError::TooManyPieces);
        }
        let document: Document = serde_json::from_slice(json).map_err(|error| broken(error.to_string()))?;
        let is_unknown =
            |name: &&String| !EXTENSIONS.contains(&name.as_str()) && !name.starts_with("KHR_materials_");
        if let Some(name) = document.extensions_required.iter().find(is_unknown) {
            return Err(ModelError::Unsupported(name.as_str().into()));
        }
        let buffers = document
            .buffers
            .iter()
            .enumerate()
            .map(|(at, buffer)| match &buffer.uri {
                Some(uri) => data_of(uri).map(Cow::Owned),
                None if at == 0 => binary
                    .map(Cow::Borrowed)
                    .ok_or_else(|| broken("there are no bytes after the JSON")),
                None => Err(broken("a buffer has no bytes")),
            });
        Ok(Self {
            buffers: buffers.collect(),
            document,
        })
    }

    /// Bounds as the file says them; as its positions are where it says none. Cost: O(nodes) in most files.
    pub(super) fn bounds(&self) -> Bounds {
        let nodes = self.nodes_by_mesh();
        let mut bounds = Bounds::EMPTY;
        for (mesh, nodes) in self.document.meshes.iter().zip(&nodes) {
            let primitives = mesh
                .primitives
                .iter()
                .filter_map(|primitive| self.bounds_of(primitive));
            let local = primitives.fold(Bounds::EMPTY, Bounds::union);
            let placed = nodes.iter().map(|node| local.transformed(node));
            bounds = placed.fold(bounds, Bounds::union);
        }
        bounds
    }

    fn bounds_of(&self, primitive: &Primitive) -> Option<Bounds> {
        let positions = *primitive.attributes.get("POSITION")?;
        let accessor = self.document.accessors.get(positions)?;
        let corner = |values: &[f64]| Some(DVec3::from_array(values.try_into().ok()?));
        if let (Some(min), Some(max), false) =
            (corner(&accessor.min), corner(&accessor.max), accessor.normalized)
        {
            return Some(Bounds { min, max });
        }
        let positions = self.read::<3>(&Model::default(), positions, 0.0).ok()?;
        Some(Bounds::of_points(
            positions
                .into_iter()
                .map(|position| position.map(|value| value as f32)),
        ))
    }

    /// Where each mesh stands in the scene. Each node counts once: they are trees.
    fn nodes_by_mesh(&self) -> Vec<Vec<DAffine3>> {
        let Document {
            nodes,
            scenes,
            scene,
            meshes,
            ..
        } = &self.document;
        let roots: Vec<usize> = match scenes.get(scene.unwrap_or(0)) {
            Some(scene) => scene.nodes.clone(),
            None => {
                let mut is_child = vec![false; nodes.len()];
                for child in nodes.iter().flat_map(|node| &node.children) {
                    if let Some(is_child) = is_child.get_mut(*child) {
                        *is_child = true;
                    }
                }
                (0..nodes.len()).filter(|node| !is_child[*node]).collect()
            }
        };
        let mut by_mesh = vec![Vec::new(); meshes.len()];
        let mut is_seen = vec![false; nodes.len()];
        let mut left: Vec<(usize, DAffine3)> =
            roots.into_iter().map(|node| (node, DAffine3::IDENTITY)).collect();
        while let Some((at, model_from_parent)) = left.pop() {
            let Some(node) = nodes
                .get(at)
                .filter(|_| !std::mem::replace(&mut is_seen[at], true))
            else {
                continue;
            };
            let model_from_node = model_from_parent * affine_of(node);
            if let Some(standing) = node.mesh.and_then(|mesh| by_mesh.get_mut(mesh))
                && model_from_node.is_finite()
            {
                standing.push(model_from_node);
            }
            left.extend(node.children.iter().map(|child| (*child, model_from_node)));
        }
        by_mesh
    }

    /// With the textures that only light shows, or without. Cost: O(vertices, indices and texels).
    pub(super) fn decode(
        &self,
        decoders: &PixelDecoders,
        options: &DecodeOptions,
        is_lit: bool,
    ) -> Result<Model, ModelError> {
        let mut reader = Reader {
            file: self,
            decoders,
            options,
            is_lit,
            model: Model::default(),
            textures: FxHashMap::default(),
        };
        let nodes = self.nodes_by_mesh();
        for (mesh, nodes) in self.document.meshes.iter().zip(nodes) {
            if nodes.is_empty() {
                continue;
            }
            let nodes: Arc<[Affine3A]> = nodes.iter().map(single).collect();
            for primitive in &mesh.primitives {
                if options.is_cancelled() {
                    return Err(ModelError::Cancelled);
                }
                reader.read_primitive(primitive, &nodes)?;
            }
        }
        reader.model.finish()
    }
}

fn single(affine: &DAffine3) -> Affine3A {
    Affine3A::from_mat3_translation(affine.matrix3.as_mat3(), affine.translation.as_vec3())
}

fn affine_of(node: &Node) -> DAffine3 {
    if let Some(matrix) = &node.matrix {
        return DAffine3::from_mat4(DMat4::from_cols_array(matrix));
    }
    let rotation = node.rotation.map_or(DQuat::IDENTITY, DQuat::from_array);
    let length = rotation.length();
    let rotation = if length > 0.0 {
        rotation / length
    } else {
        DQuat::IDENTITY
    };
    DAffine3::from_scale_rotation_translation(
        node.scale.map_or(DVec3::ONE, DVec3::from_array),
        rotation,
        node.translation.map_or(DVec3::ZERO, DVec3::from_array),
    )
}

/// The JSON and the bytes of a GLB file.
fn split(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), ModelError> {
    let word = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let cut_off = || broken("it is cut off");
    let version = word(4).ok_or_else(cut_off)?;
    if version != 2 {
        return Err(ModelError::Unsupported(format!("glTF {version}").into()));
    }
    let chunk = |at: usize| -> Option<(u32, &[u8], usize)> {
        let (length, kind) = (word(at)? as usize, word(at + 4)?);
        let end = (at + 8).checked_add(length)?;
        Some((kind, bytes.get(at + 8..end)?, end))
    };
    let (kind, json, end) = chunk(12).ok_or_else(cut_off)?;
    if kind != u32::from_le_bytes(*b"JSON") {
        return Err(broken("it does not begin with JSON"));
    }
    let binary = match chunk(end.next_multiple_of(4)) {
        Some((kind, binary, _)) if kind == u32::from_le_bytes(*b"BIN\0") => Some(binary),
        Some(_) => None,
        None if bytes.len() > end.next_multiple_of(4) => return Err(cut_off()),
        None => None,
    };
    Ok((json, binary))
}

/// The bytes in a data URI.
fn data_of(uri: &str) -> Result<Vec<u8>, ModelError> {
    let name = |uri: &str| uri.chars().take(80).collect::<String>();
    let data = uri
        .strip_prefix("data:")
        .ok_or_else(|| ModelError::External(name(uri).into()))?;
    let data = data.split_once(";base64,").map(|(_, data)| data);
    let data = data.ok_or_else(|| broken("a data URI is not in base64"))?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(data);
    decoded.map_err(|error| broken(format!("a data URI: {error}")))
}

/// Reads the primitives of a file one after the other.
struct Reader<'a> {
    file: &'a Gltf<'a>,
    decoders: &'a PixelDecoders,
    options: &'a DecodeOptions,
    is_lit: bool,
    model: Model,
    /// The textures that were decoded, by their images and whether these are linear; `None` where that failed.
    textures: FxHashMap<(usize, bool), Option<usize>>,
}

impl Reader<'_> {
    fn read_primitive(&mut self, primitive: &Primitive, nodes: &Arc<[Affine3A]>) -> Result<(), ModelError> {
        let mode = primitive.mode.unwrap_or(4);
        if !(4..=6).contains(&mode) {
            let kind = if mode == 0 { "points" } else { "lines" };
            self.model.problems.warn(format!("{kind} are not shown"));
            return Ok(());
        }
        let attribute = |name: &str| primitive.attributes.get(name).copied();
        let Some(positions) = attribute("POSITION") else {
            return Ok(());
        };
        let file = self.file;
        let material = primitive
            .material
            .and_then(|material| file.document.materials.get(material));
        let textures = match material {
            Some(material) => self.textures(material, primitive)?,
            None => Textures::default(),
        };
        let model = &mut self.model;
        let num_corners = match primitive.indices {
            Some(indices) => file.count(indices)?,
            None => file.count(positions)?,
        };
        model.reserve(file.count(positions)?, num_corners.saturating_mul(3))?;
        let positions = file.read::<3>(model, positions, 0.0)?;
        let normals = attribute("NORMAL")
            .map(|at| file.read::<3>(model, at, 0.0))
            .transpose()?;
        let colors = attribute("COLOR_0")
            .map(|at| file.read::<4>(model, at, 1.0))
            .transpose()?;
        let coordinates = textures.coordinates;
        let texcoords = coordinates
            .and_then(|coordinates| attribute(&coordinates.attribute()))
            .map(|at| file.read::<2>(model, at, 0.0))
            .transpose()?;
        let second_texcoords = textures
            .second
            .and_then(|coordinates| attribute(&coordinates.attribute()))
            .map(|at| file.read::<2>(model, at, 0.0))
            .transpose()?
            .unwrap_or_default();
        model.reserve_bytes((second_texcoords.len() * size_of::<[f32; 2]>()) as u64)?;
        let texture_from_set =
            coordinates.map_or(Affine2::IDENTITY, |coordinates| coordinates.texture_from_set);
        let vertices = positions.iter().enumerate().map(|(at, position)| {
            let mut vertex = MeshVertex::new(position.map(|value| value as f32));
            if let Some(normal) = normals.as_ref().and_then(|normals| normals.get(at)) {
                vertex = vertex.with_normal(Vec3::from_array(normal.map(|value| value as f32)));
            }
            if let Some(color) = colors.as_ref().and_then(|colors| colors.get(at)) {
                vertex = vertex.with_color(srgb(*color));
            }
            if let Some([u, v]) = texcoords.as_ref().and_then(|texcoords| texcoords.get(at)) {
                let texcoord = Vec2::new(*u as f32, *v as f32);
                vertex = vertex.with_texcoord(texture_from_set.transform_point2(texcoord));
            }
            vertex
        });
        let vertices: Vec<MeshVertex> = vertices.collect();
        let corners: Vec<u32> = match primitive.indices {
            Some(indices) => {
                let indices = file.read::<1>(model, indices, 0.0)?;
                indices.into_iter().map(|[index]| index as u32).collect()
            }
            None => (0..vertices.len() as u32).collect(),
        };
        let mut material = material
            .map(|material| materials::material_of(material, &textures.maps))
            .unwrap_or_default();
        material.sampling = textures.sampling;
        let piece = Piece {
            vertices,
            indices: Vec::new(),
            nodes: nodes.clone(),
            material,
            texture: textures.color,
            maps: textures.maps,
            second_texcoords: second_texcoords
                .iter()
                .map(|place| place.map(|value| value as f32))
                .collect(),
        };
        match mode {
            4 => self.model.push(piece, corners.as_chunks::<3>().0.iter().copied()),
            5 => {
                let strip = corners
                    .windows(3)
                    .enumerate()
                    .map(|(at, corners)| match *corners {
                        [a, b, c] if at % 2 == 0 => [a, b, c],
                        [a, b, c] => [b, a, c],
                        _ => [u32::MAX; 3],
                    });
                self.model.push(piece, strip)
            }
            _ => {
                let first = corners.first().copied().unwrap_or(u32::MAX);
                let fan = corners.get(1..).unwrap_or(&[]).windows(2);
                let fan = fan.map(|corners| match *corners {
                    [b, c] => [first, b, c],
                    _ => [u32::MAX; 3],
                });
                self.model.push(piece, fan)
            }
        }
    }
}

/// Linear colors as bytes, by the curve of IEC 61966-2-1; alpha is linear.
fn srgb([r, g, b, a]: [f64; 4]) -> [u8; 4] {
    let byte = |value: f64| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let encode = |value: f64| {
        let encoded = if value <= 0.003_130_8 {
            value * 12.92
        } else {
            1.055 * value.powf(1.0 / 2.4) - 0.055
        };
        byte(encoded)
    };
    [encode(r), encode(g), encode(b), byte(a)]
}
