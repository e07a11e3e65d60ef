//! How textures of meshes are read.

use bevy::ecs::resource::Resource;
use bevy::platform::collections::HashMap;
use bevy::render::render_resource::{AddressMode, FilterMode, MipmapFilterMode, Sampler, SamplerDescriptor};
use bevy::render::renderer::RenderDevice;

/// How the texture of a mesh is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TextureSampling {
    /// Beyond the left and right edges.
    pub wrap_u: TextureWrap,
    /// Beyond the upper and lower edges.
    pub wrap_v: TextureWrap,
    /// Whether texels that cover many pixels are sharp squares.
    pub is_nearest: bool,
}

/// What lies beyond the edges of a texture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TextureWrap {
    /// The texture again.
    #[default]
    Repeat,
    /// The texture again, every other time as in a mirror.
    Mirror,
    /// What is at the edge.
    Clamp,
}

impl TextureWrap {
    fn mode(self) -> AddressMode {
        match self {
            Self::Repeat => AddressMode::Repeat,
            Self::Mirror => AddressMode::MirrorRepeat,
            Self::Clamp => AddressMode::ClampToEdge,
        }
    }
}

/// Samplers, made when they are first asked for.
#[derive(Resource, Default)]
pub(super) struct MeshSamplers(HashMap<TextureSampling, Sampler>);

impl MeshSamplers {
    pub(super) fn get(&mut self, device: &RenderDevice, sampling: TextureSampling) -> &Sampler {
        self.0.entry(sampling).or_insert_with(|| {
            device.create_sampler(&SamplerDescriptor {
                label: Some("triangle_mesh"),
                address_mode_u: sampling.wrap_u.mode(),
                address_mode_v: sampling.wrap_v.mode(),
                mag_filter: if sampling.is_nearest {
                    FilterMode::Nearest
                } else {
                    FilterMode::Linear
                },
                min_filter: FilterMode::Linear,
                mipmap_filter: MipmapFilterMode::Linear,
                ..Default::default()
            })
        })
    }
}
