//! Textures on planes.

mod texels;

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::visibility::{
    InheritedVisibility, NoFrustumCulling, RenderLayers, Visibility, VisibilityClass, add_visibility_class,
};
use bevy::core_pipeline::core_3d::Transparent3d;
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::query::ROQueryItem;
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::lifetimeless::Read;
use bevy::ecs::system::{Commands, Query, Res, ResMut, SystemParamItem};
use bevy::image::Image;
use bevy::math::{DAffine3, Vec2};
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_phase::{
    AddRenderCommand, DrawFunctions, PhaseItem, RenderCommand, RenderCommandResult, SetItemPipeline,
    TrackedRenderPass, ViewSortedRenderPhases,
};
use bevy::render::render_resource::binding_types::{sampler, texture_2d, uniform_buffer_sized};
use bevy::render::render_resource::{
    AddressMode, BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, FilterMode,
    MipmapFilterMode, PipelineCache, RenderPipelineDescriptor, Sampler, SamplerBindingType,
    SamplerDescriptor, ShaderStages, SpecializedRenderPipeline, SpecializedRenderPipelines,
    TextureSampleType, TextureViewId,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_world::{RenderEntity, SyncToRenderWorld};
use bevy::render::texture::GpuImage;
use bevy::render::view::{ExtractedView, Msaa, RenderVisibleEntities};
use bevy::render::{
    Extract, ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderStartup, RenderSystems,
};
use bevy::shader::Shader;
use bevy::transform::components::Transform;
use bytemuck::{Pod, Zeroable};

use self::texels::TexelKind;
pub use self::texels::Texels;
use crate::buffers::{Gpu, UniformBuffer, binding_size};
use crate::color::linear_rgba;
use crate::drawing::pipeline::{PipelineKey, describe};
use crate::drawing::queue::{BulkQueueSet, TransparentItem, transparent_item};
use crate::drawing::upload::{forget, remove_with};
use crate::instances::{Blending, Highlight, Sorting, affine_rows};
use crate::picking::{NewPickItem, PickItem, PickView};
use crate::stats::{BulkExtractSystems, RenderStats};
use crate::view::{GpuBulkView, SetBulkViewBindGroup};

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d04");

/// A picture on a plane, blended over what is behind it. It tests depth and does not write it.
///
/// The entity's `RenderLayers` decide which cameras see it; its `Transform` is not applied.
#[derive(Component, Debug, Clone, PartialEq)]
#[component(on_add = add_visibility_class::<ImageQuad>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling, SyncToRenderWorld)]
pub struct ImageQuad {
    /// A two-dimensional texture. For [`Texels::Colors`] its format must be one that can be filtered (8 or 16 bit colors, not 32 bit
    /// floats), for [`Texels::Values`] floats or unsigned integers, for [`Texels::Classes`] unsigned integers.
    pub image: Handle<Image>,
    /// What its texels mean.
    pub texels: Texels,
    /// From the quad to the world: the top-left corner of pixel (0, 0) is the origin, rows run along x, columns along y.
    /// With [`image_plane_camera`](crate::image_plane_camera), that is upright.
    pub world_from_quad: DAffine3,
    /// Width and height in scene units.
    pub size: Vec2,
    /// Multiplies the picture, in sRGB; alpha is opacity.
    pub tint: [u8; 4],
    /// What a texel looks like that covers many pixels.
    pub magnification: Magnification,
    /// Among translucent things at the same distance, greater is drawn later, on top. In scene units: it is added to the
    /// distance of the quad's center.
    pub draw_order: f32,
    /// Where the quad is drawn among all that is translucent in the view, as [`Sorting::Index`] says. `None` goes by distance.
    pub sort_index: Option<u32>,
    /// As [`SegmentUniform::depth_offset`](crate::SegmentUniform::depth_offset).
    pub depth_offset: f32,
    /// Whether the picture is pointed at or selected: it gets an outline in the color that [`BulkView`](crate::BulkView) says,
    /// 2 UI points wide, within its edges.
    pub highlight: Highlight,
    /// As [`SegmentUniform::picking_id`](crate::SegmentUniform::picking_id). The logical instance is 0.
    pub picking_id: u32,
}

impl Default for ImageQuad {
    fn default() -> Self {
        Self {
            image: Handle::default(),
            texels: Texels::Colors,
            world_from_quad: DAffine3::IDENTITY,
            size: Vec2::ONE,
            tint: [255; 4],
            magnification: Magnification::default(),
            draw_order: 0.0,
            sort_index: None,
            depth_offset: 0.0,
            highlight: Highlight::None,
            picking_id: 0,
        }
    }
}

/// How a picture is enlarged. Reduced, it is always filtered, except for classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Magnification {
    /// Sharp squares: a pixel is a datum.
    #[default]
    Nearest,
    /// Smooth.
    Linear,
}

/// Draws all [`ImageQuad`]s. Needs [`BulkViewPlugin`](crate::BulkViewPlugin) and
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin).
#[derive(Debug, Default, Clone, Copy)]
pub struct ImageQuadPlugin;

impl ImageQuadPlugin {
    pub(crate) const NAME: &'static str = "image_quads";
}

impl Plugin for ImageQuadPlugin {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_internal_asset!(app, SHADER, "image_quad.wgsl", Shader::from_wgsl);
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<ImageQuadPipeline>>()
            .insert_resource(ImageQuadPipeline::new())
            .init_gpu_resource::<Samplers>()
            .add_render_command::<Transparent3d, DrawImageQuad>()
            .init_resource::<DrawFunctions<PickItem>>()
            .add_render_command::<PickItem, DrawImageQuad>()
            .add_systems(RenderStartup, forget::<GpuQuad>)
            .add_systems(
                ExtractSchedule,
                (remove_with::<ImageQuad, GpuQuad>, upload_quads)
                    .chain()
                    .in_set(BulkExtractSystems::Upload),
            )
            .add_systems(
                Render,
                (
                    queue_quads
                        .in_set(RenderSystems::Queue)
                        .in_set(BulkQueueSet(Self::NAME)),
                    queue_picked_quads.in_set(RenderSystems::Queue),
                    prepare_bind_groups.in_set(RenderSystems::PrepareBindGroups),
                ),
            );
    }
}

type DrawImageQuad = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawQuad);

/// Mirrors `Quad` in `image_quad.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct QuadValues {
    rows: [[f32; 4]; 3],
    tint: [f32; 4],
    size: [f32; 2],
    depth_offset: f32,
    is_smooth: u32,
    translation_low: [f32; 3],
    picking_id: u32,
    offset_and_scale: [f32; 2],
    highlight: u32,
    padding: f32,
}

/// A quad in the render world.
#[derive(Component)]
pub(crate) struct GpuQuad {
    uniform: UniformBuffer<QuadValues>,
    image: Handle<Image>,
    texels: Texels,
    magnification: Magnification,
    sorting: Sorting,
    layers: RenderLayers,
    is_visible: bool,
    bound: Option<(Bound, BindGroup)>,
}

/// What a bind group is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Bound {
    image: TextureViewId,
    table: TextureViewId,
    magnification: Magnification,
    kind: TexelKind,
}

fn upload_quads(
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
        let (rows, translation_low) = affine_rows(&quad.world_from_quad);
        let values = QuadValues {
            rows,
            tint: linear_rgba(quad.tint),
            size: quad.size.to_array(),
            depth_offset: quad.depth_offset,
            is_smooth: u32::from(quad.magnification == Magnification::Linear),
            translation_low,
            picking_id: quad.picking_id,
            offset_and_scale: quad.texels.offset_and_scale(),
            highlight: quad.highlight as u32,
            padding: 0.0,
        };
        let by_distance = || Sorting::Distance {
            center: quad
                .world_from_quad
                .transform_point3((quad.size / 2.0).extend(0.0).as_dvec3()),
            bias: quad.draw_order,
        };
        let sorting = quad.sort_index.map_or_else(by_distance, Sorting::Index);
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
            known.magnification = quad.magnification;
            (known.sorting, known.layers, known.is_visible) = (sorting, layers, is_visible);
        } else {
            commands.entity(entity).insert(GpuQuad {
                uniform: UniformBuffer::new(&gpu, "image_quad", values),
                image: quad.image.clone(),
                texels: quad.texels.clone(),
                magnification: quad.magnification,
                sorting,
                layers,
                is_visible,
                bound: None,
            });
        }
    }
}

#[derive(Resource)]
struct ImageQuadPipeline {
    colors: BindGroupLayoutDescriptor,
    floats: BindGroupLayoutDescriptor,
    uints: BindGroupLayoutDescriptor,
}

impl ImageQuadPipeline {
    fn new() -> Self {
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

    fn layout(&self, kind: TexelKind) -> &BindGroupLayoutDescriptor {
        match kind {
            TexelKind::Colors => &self.colors,
            TexelKind::FloatValues => &self.floats,
            TexelKind::UintValues | TexelKind::Classes => &self.uints,
        }
    }
}

impl SpecializedRenderPipeline for ImageQuadPipeline {
    type Key = (PipelineKey, TexelKind);

    fn specialize(&self, (key, kind): Self::Key) -> RenderPipelineDescriptor {
        let layout = self.layout(kind).clone();
        let mut descriptor = describe("image_quad", key, SHADER, layout, false);
        for def in kind.shader_defs() {
            descriptor.vertex.shader_defs.push((*def).into());
            if let Some(fragment) = &mut descriptor.fragment {
                fragment.shader_defs.push((*def).into());
            }
        }
        descriptor
    }
}

#[derive(Resource)]
struct Samplers {
    nearest: Sampler,
    linear: Sampler,
}

impl bevy::ecs::world::FromWorld for Samplers {
    fn from_world(world: &mut bevy::ecs::world::World) -> Self {
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

fn queue_quads(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ImageQuadPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<ImageQuadPipeline>>,
    mut phases: ResMut<ViewSortedRenderPhases<Transparent3d>>,
    functions: Res<DrawFunctions<Transparent3d>>,
    images: Res<RenderAssets<GpuImage>>,
    views: Query<(
        &ExtractedView,
        &RenderVisibleEntities,
        &Msaa,
        Option<&GpuBulkView>,
    )>,
    quads: Query<&GpuQuad>,
) {
    let draw_function = functions.read().id::<DrawImageQuad>();
    for (view, visible, msaa, bulk_view) in &views {
        let Some(phase) = phases.get_mut(&view.retained_view_entity) else {
            continue;
        };
        let key = PipelineKey::new(view, *msaa, Blending::Translucent);
        for &item in visible
            .get::<ImageQuad>()
            .into_iter()
            .flat_map(|class| &class.entities_cpu_culling)
        {
            let Ok(quad) = quads.get(item.0) else { continue };
            let Some(image) = images.get(&quad.image) else {
                stats.count_draw(false);
                continue;
            };
            let Some(kind) = TexelKind::of(image, &quad.texels) else {
                continue;
            };
            let pipeline_id = pipelines.specialize(&pipeline_cache, &pipeline, (key, kind));
            let has_table = quad
                .texels
                .table()
                .is_none_or(|table| images.get(table).is_some());
            stats.count_draw(has_table && pipeline_cache.get_render_pipeline(pipeline_id).is_some());
            phase.add_transient(transparent_item(TransparentItem {
                entity: item.0,
                run: 0,
                pipeline: pipeline_id,
                draw_function,
                sorting: quad.sorting,
                view,
                bulk_view,
            }));
        }
    }
}

/// Adds the quads to the views of all requests.
fn queue_picked_quads(
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ImageQuadPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<ImageQuadPipeline>>,
    functions: Res<DrawFunctions<PickItem>>,
    images: Res<RenderAssets<GpuImage>>,
    mut views: Query<&mut PickView>,
    quads: Query<(Entity, &GpuQuad)>,
) {
    let key = PipelineKey::picking(Blending::Translucent);
    for mut view in &mut views {
        for (entity, quad) in &quads {
            let image = images
                .get(&quad.image)
                .filter(|_| view.sees(quad.is_visible, &quad.layers));
            if let Some(kind) = image.and_then(|image| TexelKind::of(image, &quad.texels)) {
                view.push(NewPickItem {
                    entity,
                    run: 0,
                    pipeline: pipelines.specialize(&pipeline_cache, &pipeline, (key, kind)),
                    draw_function: functions.read().id::<DrawImageQuad>(),
                    blending: Blending::Translucent,
                    sorting: quad.sorting,
                });
            }
        }
    }
}

fn prepare_bind_groups(
    device: Res<RenderDevice>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ImageQuadPipeline>,
    samplers: Res<Samplers>,
    images: Res<RenderAssets<GpuImage>>,
    mut quads: Query<&mut GpuQuad>,
) {
    for mut quad in &mut quads {
        let image = images.get(&quad.image);
        let kind = image.and_then(|image| TexelKind::of(image, &quad.texels));
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

struct DrawQuad;

impl<I: PhaseItem> RenderCommand<I> for DrawQuad {
    type Param = ();
    type ViewQuery = ();
    type ItemQuery = Read<GpuQuad>;

    fn render<'w>(
        _: &I,
        (): ROQueryItem<'w, '_, Self::ViewQuery>,
        quad: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        (): SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some((_, bind_group)) = quad.and_then(|quad| quad.bound.as_ref()) else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(1, bind_group, &[]);
        pass.draw(0..6, 0..1);
        RenderCommandResult::Success
    }
}
