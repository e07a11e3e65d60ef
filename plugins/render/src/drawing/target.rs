//! Textures that passes of this crate's own draw into.

use bevy::color::LinearRgba;
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::query::{With, Without};
use bevy::ecs::system::{Commands, Query};
use bevy::math::UVec2;
use bevy::render::camera::ExtractedCamera;
use bevy::render::render_resource::{
    Extent3d, LoadOp, Operations, RenderPassColorAttachment, StoreOp, TextureDescriptor, TextureDimension,
    TextureFormat, TextureUsages, TextureView,
};
use bevy::render::renderer::RenderDevice;
use bevy::render::texture::{CachedTexture, TextureCache};

/// The size of what a view's items are drawn into; `None` where there is no room.
pub(super) fn target_size(camera: &ExtractedCamera) -> Option<UVec2> {
    camera.physical_target_size.filter(|size| size.min_element() > 0)
}

/// Lets go of the targets of views that sleep: they are not among the cameras of this frame.
pub(super) fn forget_asleep<T: Component>(
    mut commands: Commands,
    asleep: Query<Entity, (With<T>, Without<ExtractedCamera>)>,
) {
    for entity in &asleep {
        commands.entity(entity).remove::<T>();
    }
}

/// A texture of samples, and what they come to.
pub(super) struct Target {
    samples: Option<CachedTexture>,
    texture: CachedTexture,
}

impl Target {
    /// One for this frame, of so many pixels and samples a pixel.
    pub(super) fn new(
        device: &RenderDevice,
        textures: &mut TextureCache,
        label: &'static str,
        format: TextureFormat,
        size: UVec2,
        num_samples: u32,
    ) -> Self {
        let mut texture = |sample_count, usage| {
            textures.get(
                device,
                TextureDescriptor {
                    label: Some(label),
                    size: Extent3d {
                        width: size.x,
                        height: size.y,
                        depth_or_array_layers: 1,
                    },
                    mip_level_count: 1,
                    sample_count,
                    dimension: TextureDimension::D2,
                    format,
                    usage: TextureUsages::RENDER_ATTACHMENT | usage,
                    view_formats: &[],
                },
            )
        };
        Self {
            samples: (num_samples > 1).then(|| texture(num_samples, TextureUsages::empty())),
            texture: texture(1, TextureUsages::TEXTURE_BINDING),
        }
    }

    /// What the samples come to.
    pub(super) fn view(&self) -> &TextureView {
        &self.texture.default_view
    }

    /// As what a pass draws into that starts with one color.
    pub(super) fn attachment(&self, cleared_to: LinearRgba) -> RenderPassColorAttachment<'_> {
        let (view, resolve_target) = match &self.samples {
            Some(samples) => (&samples.default_view, Some(&*self.texture.default_view)),
            None => (&self.texture.default_view, None),
        };
        RenderPassColorAttachment {
            view,
            depth_slice: None,
            resolve_target,
            ops: Operations {
                load: LoadOp::Clear(cleared_to.into()),
                store: StoreOp::Store,
            },
        }
    }
}
