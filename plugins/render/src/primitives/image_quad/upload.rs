//! Quads on the GPU: their uniforms and bind groups.

use bevy::asset::Handle;
use bevy::camera::visibility::{InheritedVisibility, RenderLayers};
use bevy::ecs::component::Component;
use bevy::ecs::system::{Commands, Query, Res};
use bevy::image::Image;
use bevy::math::DVec3;
use bevy::render::Extract;
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_resource::{BindGroup, BindGroupEntries, PipelineCache, TextureViewId};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_world::RenderEntity;
use bevy::render::texture::GpuImage;
use bytemuck::{Pod, Zeroable};

use super::pipeline::{ImageQuadPipeline, QuadKind, Samplers};
use super::texels::{TexelKind, Texels};
use super::{ImageQuad, Magnification};
use crate::buffers::{Gpu, UniformBuffer};
use crate::color::linear_rgba;
use crate::instances::{Highlight, NO_INSTANCE, Sorting, affine_rows, split};
use crate::stats::RenderStats;

/// Mirrors `Quad` in `picture.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct QuadValues {
    rows: [[f32; 4]; 3],
    tint: [f32; 4],
    size: [f32; 2],
    depth_offset: f32,
    is_smooth: u32,
    translation_low: [f32; 3],
    picking_id: u32,
    offset_and_scale: [f32; 2],
    highlight: u32,
    /// Where a value of one lies on its ray.
    cloud_scale: f32,
    /// From the camera to the corner of the quad.
    ray: [f32; 3],
    fill_ratio: f32,
    camera_high: [f32; 3],
    hovered: u32,
    camera_low: [f32; 3],
    selected: u32,
    part_offset: [f32; 2],
    part_size: [f32; 2],
}

impl QuadValues {
    fn new(quad: &ImageQuad) -> Self {
        let (rows, translation_low) = affine_rows(&quad.world_from_quad);
        let corner = quad.world_from_quad.translation;
        let camera = quad.cloud.map_or(DVec3::ZERO, |cloud| cloud.camera);
        let (camera_high, camera_low) = split(camera);
        let instance = |instance: Option<u32>| instance.unwrap_or(NO_INSTANCE);
        Self {
            rows,
            tint: linear_rgba(quad.tint),
            size: quad.size.to_array(),
            depth_offset: quad.depth_offset,
            is_smooth: u32::from(quad.magnification == Magnification::Linear),
            translation_low,
            picking_id: quad.picking_id,
            offset_and_scale: quad.texels.offset_and_scale(),
            highlight: quad.highlight as u32,
            cloud_scale: quad.cloud.map_or(0.0, |cloud| cloud.scale),
            ray: (corner - camera).as_vec3().to_array(),
            fill_ratio: quad.cloud.map_or(0.0, |cloud| cloud.fill_ratio),
            camera_high,
            hovered: instance(quad.cloud.and_then(|cloud| cloud.hovered)),
            camera_low,
            selected: instance(quad.cloud.and_then(|cloud| cloud.selected)),
            part_offset: quad.part.offset.to_array(),
            part_size: quad.part.size.to_array(),
        }
    }
}

/// A quad in the render world.
#[derive(Component)]
pub(crate) struct GpuQuad {
    uniform: UniformBuffer<QuadValues>,
    pub(super) image: Handle<Image>,
    pub(super) texels: Texels,
    magnification: Magnification,
    has_cloud: bool,
    is_faint: bool,
    pub(super) sorting: Sorting,
    pub(super) layers: RenderLayers,
    pub(super) is_visible: bool,
    pub(super) bound: Option<(Bound, BindGroup)>,
}

impl GpuQuad {
    /// Whether all of it lets shine through what is behind.
    pub(super) fn is_faint(&self) -> bool {
        self.is_faint
    }

    /// Whether it, or one of the discs of its cloud, stands out.
    pub(super) fn has_highlight(&self) -> bool {
        let values = self.uniform.values();
        values.highlight != Highlight::None as u32
            || values.hovered != NO_INSTANCE
            || values.selected != NO_INSTANCE
    }

    /// How a texture is drawn on it; `None` where the texture does not fit.
    pub(super) fn kind(&self, image: &GpuImage) -> Option<QuadKind> {
        TexelKind::of(image, &self.texels).map(|texels| QuadKind::new(texels, self.has_cloud))
    }
}

/// What a bind group is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    image: TextureViewId,
    table: TextureViewId,
    magnification: Magnification,
    kind: QuadKind,
    /// Number of vertices.
    pub(super) num_vertices: u32,
}

pub(super) fn upload_quads(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    quads: Extract<
        Query<(
            RenderEntity,
            &ImageQuad,
            Option<&RenderLayers>,
            Option<&InheritedVisibility>,
        )>,
    >,
    mut gpu_quads: Query<&mut GpuQuad>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for (entity, quad, layers, visibility) in &quads {
        let values = QuadValues::new(quad);
        let by_distance = || Sorting::Distance {
            center: quad
                .world_from_quad
                .transform_point3((quad.size / 2.0).extend(0.0).as_dvec3()),
            bias: quad.draw_order,
        };
        let sorting = quad.sort_index.map_or_else(by_distance, Sorting::Index);
        let is_faint = quad.tint[3] < 255;
        let layers = layers.cloned().unwrap_or_default();
        let is_visible = visibility.is_none_or(|visibility| visibility.get());
        if let Ok(mut known) = gpu_quads.get_mut(entity) {
            known.uniform.set(&gpu, values);
            if known.image != quad.image {
                known.image = quad.image.clone();
            }
            if known.texels != quad.texels {
                known.texels = quad.texels.clone();
            }
            (known.magnification, known.has_cloud) = (quad.magnification, quad.cloud.is_some());
            (known.sorting, known.layers, known.is_visible) = (sorting, layers, is_visible);
            known.is_faint = is_faint;
        } else {
            commands.entity(entity).insert(GpuQuad {
                uniform: UniformBuffer::new(&gpu, "image_quad", values),
                image: quad.image.clone(),
                texels: quad.texels.clone(),
                magnification: quad.magnification,
                has_cloud: quad.cloud.is_some(),
                is_faint,
                sorting,
                layers,
                is_visible,
                bound: None,
            });
        }
    }
}

pub(super) fn prepare_bind_groups(
    device: Res<RenderDevice>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ImageQuadPipeline>,
    samplers: Res<Samplers>,
    images: Res<RenderAssets<GpuImage>>,
    mut quads: Query<&mut GpuQuad>,
) {
    for mut quad in &mut quads {
        let image = images.get(&quad.image);
        let kind = image.and_then(|image| quad.kind(image));
        let table = match quad.texels.table() {
            Some(table) => images.get(table).filter(|table| is_table(table)),
            // Colors need no table, but their layout has a place for one.
            None => image,
        };
        let (Some(image), Some(kind), Some(table)) = (image, kind, table) else {
            if quad.bound.is_some() {
                quad.bound = None;
            }
            continue;
        };
        let bound = Bound {
            image: image.texture_view.id(),
            table: table.texture_view.id(),
            magnification: quad.magnification,
            kind,
            num_vertices: kind.num_vertices(image),
        };
        if quad.bound.as_ref().is_some_and(|(known, _)| *known == bound) {
            continue;
        }
        let sampler = match quad.magnification {
            Magnification::Nearest => &samplers.nearest,
            Magnification::Linear => &samplers.linear,
        };
        let bind_group = device.create_bind_group(
            "image_quad",
            &pipeline_cache.get_bind_group_layout(pipeline.layout(kind)),
            &BindGroupEntries::sequential((
                quad.uniform.buffer().as_entire_binding(),
                &image.texture_view,
                sampler,
                &table.texture_view,
            )),
        );
        quad.bound = Some((bound, bind_group));
    }
}

/// Whether a texture can be bound as a table.
fn is_table(image: &GpuImage) -> bool {
    TexelKind::of(image, &Texels::Colors).is_some()
}
