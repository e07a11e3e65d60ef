//! Pipelines: one per meaning of texels, on a plane and as a cloud.

use bevy::ecs::resource::Resource;
use bevy::ecs::world::{FromWorld, World};
use bevy::render::render_resource::binding_types::{sampler, texture_2d, uniform_buffer_sized};
use bevy::render::render_resource::{
    AddressMode, BindGroupLayoutDescriptor, BindGroupLayoutEntries, FilterMode, MipmapFilterMode,
    RenderPipelineDescriptor, Sampler, SamplerBindingType, SamplerDescriptor, ShaderStages,
    SpecializedRenderPipeline, TextureSampleType,
};
use bevy::render::renderer::RenderDevice;
use bevy::render::texture::GpuImage;

use super::texels::TexelKind;
use super::upload::QuadValues;
use super::{CLOUD_SHADER, QUAD_SHADER};
use crate::buffers::binding_size;
use crate::drawing::pipeline::{PipelineKey, describe};
use crate::instances::Blending;

/// How a quad is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct QuadKind {
    texels: TexelKind,
    is_cloud: bool,
}

impl QuadKind {
    pub(super) fn new(texels: TexelKind, has_cloud: bool) -> Self {
        Self {
            texels,
            is_cloud: has_cloud && matches!(texels, TexelKind::FloatValues | TexelKind::UintValues),
        }
    }

    pub(super) fn is_cloud(self) -> bool {
        self.is_cloud
    }

    /// A cloud is no plane that others shine through.
    pub(super) fn blending(self) -> Blending {
        if self.is_cloud {
            Blending::Opaque
        } else {
            Blending::Translucent
        }
    }

    /// Two triangles for the plane, or for each texel.
    pub(super) fn num_vertices(self, image: &GpuImage) -> u32 {
        let size = image.texture_descriptor.size;
        if self.is_cloud {
            size.width.saturating_mul(size.height).saturating_mul(6)
        } else {
            6
        }
    }
}

#[derive(Resource)]
pub(super) struct ImageQuadPipeline {
    colors: BindGroupLayoutDescriptor,
    floats: BindGroupLayoutDescriptor,
    uints: BindGroupLayoutDescriptor,
}

impl ImageQuadPipeline {
    pub(super) fn new() -> Self {
        let layout = |label, kind: TexelKind| {
            BindGroupLayoutDescriptor::new(
                label,
                &BindGroupLayoutEntries::sequential(
                    ShaderStages::VERTEX_FRAGMENT,
                    (
                        uniform_buffer_sized(false, binding_size::<QuadValues>()),
                        texture_2d(kind.sample_type()),
                        sampler(SamplerBindingType::Filtering),
                        texture_2d(TextureSampleType::Float { filterable: true }),
                    ),
                ),
            )
        };
        Self {
            colors: layout("image_quad_colors", TexelKind::Colors),
            floats: layout("image_quad_floats", TexelKind::FloatValues),
            uints: layout("image_quad_uints", TexelKind::UintValues),
        }
    }

    pub(super) fn layout(&self, kind: QuadKind) -> &BindGroupLayoutDescriptor {
        match kind.texels {
            TexelKind::Colors => &self.colors,
            TexelKind::FloatValues => &self.floats,
            TexelKind::UintValues | TexelKind::Classes => &self.uints,
        }
    }
}

impl SpecializedRenderPipeline for ImageQuadPipeline {
    type Key = (PipelineKey, QuadKind);

    fn specialize(&self, (key, kind): Self::Key) -> RenderPipelineDescriptor {
        let layout = self.layout(kind).clone();
        let mut descriptor = if kind.is_cloud {
            describe("depth_cloud", key, CLOUD_SHADER, layout, true)
        } else {
            describe("image_quad", key, QUAD_SHADER, layout, false)
        };
        for def in kind.texels.shader_defs() {
            descriptor.vertex.shader_defs.push((*def).into());
            if let Some(fragment) = &mut descriptor.fragment {
                fragment.shader_defs.push((*def).into());
            }
        }
        descriptor
    }
}

#[derive(Resource)]
pub(super) struct Samplers {
    pub(super) nearest: Sampler,
    pub(super) linear: Sampler,
}

impl FromWorld for Samplers {
    fn from_world(world: &mut World) -> Self {
        let device = world.resource::<RenderDevice>();
        let sampler = |label, mag_filter| {
            device.create_sampler(&SamplerDescriptor {
                label: Some(label),
                address_mode_u: AddressMode::ClampToEdge,
                address_mode_v: AddressMode::ClampToEdge,
                mag_filter,
                min_filter: FilterMode::Linear,
                mipmap_filter: MipmapFilterMode::Linear,
                ..Default::default()
            })
        };
        Self {
            nearest: sampler("image_quad_nearest", FilterMode::Nearest),
            linear: sampler("image_quad_linear", FilterMode::Linear),
        }
    }
}
