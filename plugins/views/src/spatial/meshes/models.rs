//! Decoded meshes on the GPU, for all views once.

use std::sync::Arc;

use bevy::{
    asset::{Assets, Handle, RenderAssetUsages},
    ecs::prelude::*,
    image::Image,
    render::{
        render_resource::{Extent3d, TextureDimension, TextureFormat},
        renderer::RenderDevice,
    },
    tasks::Task,
};
use chronoscope_frame::{Settled, settle::PendingWork};
use chronoscope_render::{AdapterClass, MeshGeometry, MeshMap, MeshMaps, MeshMaterial};
use glam::Affine3A;

use super::{
    Mesh, MeshKey,
    model::{Map, MapKind, Model, ModelError, Piece, Problems, Texture},
};
use crate::spatial::{
    held::HeldCache,
    pictures::{DecodeOptions, PixelDecoders, PixelKind, decoder::CancelGuard},
    textures::decode_pool,
};

/// How many bytes are decoded at once in a frame, over all meshes: that costs less than a frame of showing
/// the ones before.
const INLINE_BYTES: u64 = 1 << 20;

/// Bytes of idle meshes that are kept. More of them makes going back in time cheaper.
const MAX_IDLE_BYTES: u64 = 256 << 20;

/// The longest side of textures where there is no GPU to ask.
const MAX_TEXTURE_SIDE: u32 = 8192;

/// Decoded meshes, by what they are made from.
#[derive(Resource)]
pub struct MeshModels {
    held: HeldCache<MeshKey, State>,
    inline_bytes_left: u64,
    max_side: u32,
    /// Whether surfaces are seen in light, which does not change once the renderer has started.
    is_lit: bool,
}

impl Default for MeshModels {
    fn default() -> Self {
        Self {
            held: HeldCache::default(),
            inline_bytes_left: 0,
            max_side: MAX_TEXTURE_SIDE,
            is_lit: true,
        }
    }
}

enum State {
    Decoding {
        task: Task<Result<Model, ModelError>>,
        pending: PendingWork,
        _cancel: CancelGuard,
    },
    Ready(Arc<ReadyModel>),
    Failed(Arc<str>),
}

/// A mesh on the GPU.
#[derive(Debug)]
pub(crate) struct ReadyModel {
    pub(crate) pieces: Vec<ReadyPiece>,
    /// What of it is not shown.
    pub(crate) problems: Problems,
}

/// Triangles of one material on the GPU.
#[derive(Debug)]
pub(crate) struct ReadyPiece {
    pub(crate) geometry: Handle<MeshGeometry>,
    /// Where it stands in the model, once for each.
    pub(crate) nodes: Arc<[Affine3A]>,
    pub(crate) material: MeshMaterial,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) enum ModelRequest {
    /// Here it is.
    Ready(Arc<ReadyModel>),
    /// It is being decoded.
    Pending,
    /// It cannot be decoded, and why.
    Failed(Arc<str>),
}

/// Where decoded meshes go.
pub(crate) struct ModelAssets<'a> {
    pub(crate) geometries: &'a mut Assets<MeshGeometry>,
    pub(crate) images: &'a mut Assets<Image>,
}

impl MeshModels {
    /// Begins a frame, with a new budget for what is decoded at once.
    pub(crate) fn begin_frame(&mut self, device: Option<&RenderDevice>, adapter: AdapterClass) {
        self.inline_bytes_left = INLINE_BYTES;
        self.is_lit = !adapter.is_software();
        if let Some(device) = device {
            self.max_side = device.limits().max_texture_dimension_2d;
        }
    }

    /// Holds the triangles of a mesh until [`Self::release`]. All but small ones are decoded elsewhere;
    /// [`Self::poll`] in the frames that follow.
    pub(crate) fn request(
        &mut self,
        mesh: &Mesh,
        assets: &mut ModelAssets<'_>,
        decoders: &PixelDecoders,
        settled: &Settled,
    ) -> ModelRequest {
        if !self.held.contains(&mesh.key) {
            let num_bytes = mesh.source.num_bytes();
            let options = DecodeOptions::new(PixelKind::Color, self.max_side);
            let is_lit = self.is_lit;
            let left = self.inline_bytes_left.checked_sub(num_bytes);
            let (state, bytes) = match left.filter(|_| mesh.source.is_quick()) {
                Some(left) => {
                    self.inline_bytes_left = left;
                    finish(mesh.source.decode(decoders, &options, is_lit), assets)
                }
                None => {
                    let (source, decoders) = (mesh.source.clone(), decoders.clone());
                    let cancel = options.cancel_guard();
                    let task = decode_pool().spawn(async move { source.decode(&decoders, &options, is_lit) });
                    let decoding = State::Decoding {
                        task,
                        pending: settled.pending_work(),
                        _cancel: cancel,
                    };
                    (decoding, num_bytes)
                }
            };
            self.held.set(mesh.key.clone(), state, bytes);
        }
        self.held.hold(&mesh.key);
        self.poll(&mesh.key, assets)
    }

    /// What became of a mesh that is held.
    pub(crate) fn poll(&mut self, key: &MeshKey, assets: &mut ModelAssets<'_>) -> ModelRequest {
        if let Some(State::Decoding { task, pending, .. }) = self.held.get_mut(key)
            && let Some(result) = pending.poll(task)
        {
            let (state, bytes) = finish(result, assets);
            self.held.set(key.clone(), state, bytes);
        }
        match self.held.get(key) {
            Some(State::Ready(model)) => ModelRequest::Ready(model.clone()),
            Some(State::Failed(message)) => ModelRequest::Failed(message.clone()),
            Some(State::Decoding { .. }) => ModelRequest::Pending,
            None => {
                debug_assert!(false, "a mesh that is held is known");
                ModelRequest::Pending
            }
        }
    }

    /// Holds a mesh, if it is decoded.
    pub(crate) fn hold_ready(&mut self, key: &MeshKey) -> Option<Arc<ReadyModel>> {
        let Some(State::Ready(model)) = self.held.get(key) else {
            return None;
        };
        let model = model.clone();
        self.held.hold(key);
        Some(model)
    }

    /// Lets go of a mesh. Without another holder it becomes idle, or is cancelled if it is still being
    /// decoded.
    pub(crate) fn release(&mut self, key: &MeshKey) {
        self.held.release(key, |state| matches!(state, State::Ready(_)));
        self.held.drop_idle(MAX_IDLE_BYTES);
    }

    /// The bytes of all meshes on the GPU, and about those of what is being decoded.
    pub fn num_bytes(&self) -> u64 {
        self.held.num_bytes()
    }

    /// The bytes of the meshes that are not shown.
    pub fn num_idle_bytes(&self) -> u64 {
        self.held.num_idle_bytes()
    }

    /// Drops so many bytes of what is not shown, what is longest idle first.
    pub fn purge(&mut self, bytes: u64) {
        let idle = self.held.num_idle_bytes();
        self.held.drop_idle(idle.saturating_sub(bytes));
    }

    /// Waits until all that is being decoded is done.
    #[cfg(test)]
    pub(crate) fn finish_decoding(&mut self, assets: &mut ModelAssets<'_>) {
        let keys: Vec<MeshKey> = self.held.keys().cloned().collect();
        for key in keys {
            if let Some(State::Decoding { task, .. }) = self.held.get_mut(&key) {
                let (state, bytes) = finish(bevy::tasks::block_on(task), assets);
                self.held.set(key, state, bytes);
            }
        }
    }

    /// How many meshes are being decoded.
    pub fn num_decoding(&self) -> usize {
        let is_decoding = |state: &&State| matches!(state, State::Decoding { .. });
        self.held.values().filter(is_decoding).count()
    }
}

/// What became of a mesh, and the bytes that it takes.
fn finish(result: Result<Model, ModelError>, assets: &mut ModelAssets<'_>) -> (State, u64) {
    let model = match result {
        Ok(model) => model,
        Err(error) => return (State::Failed(error.to_string().into()), 0),
    };
    let bytes = model.num_bytes();
    let textures: Vec<Handle<Image>> = model
        .textures
        .into_iter()
        .map(|texture| assets.images.add(upload(texture)))
        .collect();
    let mut pieces = Vec::with_capacity(model.pieces.len());
    for piece in model.pieces {
        let Piece {
            vertices,
            indices,
            nodes,
            material,
            texture,
            maps,
            second_texcoords,
        } = piece;
        match MeshGeometry::new(vertices, indices) {
            Ok(geometry) => pieces.push(ReadyPiece {
                geometry: assets.geometries.add(if second_texcoords.is_empty() {
                    geometry
                } else {
                    geometry.with_second_texcoords(second_texcoords)
                }),
                nodes,
                material: MeshMaterial {
                    texture: texture.and_then(|texture| textures.get(texture).cloned()),
                    maps: (!maps.is_empty()).then(|| Arc::new(maps_of(&maps, &textures))),
                    ..material
                },
            }),
            Err(error) => return (State::Failed(error.to_string().into()), 0),
        }
    }
    (
        State::Ready(Arc::new(ReadyModel {
            pieces,
            problems: model.problems,
        })),
        bytes,
    )
}

/// The textures of a piece beside that of its color.
fn maps_of(maps: &[Map], textures: &[Handle<Image>]) -> MeshMaps {
    let mut all = MeshMaps::default();
    for map in maps {
        let of_kind = match map.kind {
            MapKind::MetallicRoughness => &mut all.metallic_roughness,
            MapKind::Emissive => &mut all.emissive,
            MapKind::Normal => &mut all.normal,
            MapKind::Occlusion => &mut all.occlusion,
        };
        *of_kind = textures.get(map.texture).map(|image| MeshMap {
            image: image.clone(),
            sampling: map.sampling,
            is_by_second: map.is_by_second,
            texture_from_vertex: map.texture_from_vertex,
            strength: map.strength,
        });
    }
    all
}

/// An image whose bytes go to the GPU and are not kept beside it.
fn upload(texture: Texture) -> Image {
    let [width, height] = texture.size;
    let size = Extent3d {
        width,
        height,
        depth_or_array_layers: 1,
    };
    let usage = RenderAssetUsages::RENDER_WORLD;
    let format = if texture.is_linear {
        TextureFormat::Rgba8Unorm
    } else {
        TextureFormat::Rgba8UnormSrgb
    };
    let mut image = Image::new_uninit(size, TextureDimension::D2, format, usage);
    image.texture_descriptor.mip_level_count = texture.num_levels;
    image.data = Some(texture.rgba);
    image
}
