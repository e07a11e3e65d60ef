//! Shadows: what a light sees is drawn as depths alone, and surfaces that are farther from it are left out of its light. For cameras
//! that ask for it.
//!
//! What has faces and is opaque casts shadows: it is drawn from the same buffers, by the same vertex shaders, with a view that is the
//! light's. Faces of all kinds receive them. Points, lines, pictures and what is translucent cast none.
//!
//! Method: a shadow map (L. Williams, "Casting Curved Shadows on Curved Surfaces", 1978), compared in three by three places (percentage
//! closer filtering: Reeves and others, 1987), with surfaces moved along their normals.
//!
//! Cost: 16 MiB while the camera is awake, the vertices of what casts shadows once more for each picture, nine comparisons for each
//! pixel of a surface; nothing in views without shadows, whose pipelines and bindings are the same as if there were none.

mod light;

use bevy::app::{App, Plugin};
use bevy::camera::visibility::RenderLayers;
use bevy::camera::{Camera, Camera3d};
use bevy::core_pipeline::core_3d::CORE_3D_DEPTH_FORMAT;
use bevy::core_pipeline::{Core3d, Core3dSystems};
use bevy::ecs::component::Component;
use bevy::ecs::entity::{Entity, EntityHashSet};
use bevy::ecs::query::With;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::{Commands, Query, Res, ResMut};
use bevy::ecs::world::World;
use bevy::log::error_once;
use bevy::math::{DVec3, Vec3};
use bevy::render::render_phase::DrawFunctions;
use bevy::render::render_resource::binding_types::{sampler, texture_depth_2d, uniform_buffer_sized};
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, CompareFunction,
    DynamicUniformBuffer, Extent3d, FilterMode, LoadOp, Operations, PipelineCache,
    RenderPassDepthStencilAttachment, RenderPassDescriptor, SamplerBindingType, SamplerDescriptor,
    ShaderStages, SpecializedRenderPipelines, StoreOp, TextureDescriptor, TextureDimension, TextureUsages,
    TextureView, TextureViewDescriptor,
};
use bevy::render::renderer::{RenderContext, RenderDevice, RenderQueue, ViewQuery};
use bevy::render::sync_world::RenderEntity;
use bevy::render::view::{ViewUniform, ViewUniformOffset};
use bevy::render::{Extract, ExtractSchedule, RenderApp, RenderStartup};
use bevy::transform::components::GlobalTransform;

use self::light::{LightBox, ShadowValues};
use super::draw::DrawInstances;
use super::lists::GpuDrawList;
use super::pipeline::{InstancePipeline, PipelineKey};
use super::run_item::{RunItem, draw_items};
use super::upload::forget;
use crate::buffers::{Gpu, UniformBuffer, binding_size};
use crate::instances::{Blending, Primitive};
use crate::stats::{BulkExtractSystems, RenderStats};
use crate::view::{BulkView, EyeOrigin, GpuBulkView, IsBound, ViewEye, view_uniform, view_values};

/// Texels along a side of a map.
const MAP_SIZE: u32 = 2048;

/// The bind group of what shaders need of shadows.
pub(crate) const SHADOW_GROUP: usize = 2;

/// The light of a view that casts shadows, and what lies in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shadows {
    /// From the scene to the light, along the axes of the world. The light stands still there, infinitely far away.
    pub to_light: Vec3,
    /// The middle of what casts shadows and of what they fall on.
    pub center: DVec3,
    /// How far it reaches from there, in scene units. Where that is more than four times
    /// [`BulkView::focus_distance`], there are shadows so far around what the eye looks at alone.
    pub radius: f64,
}

impl Shadows {
    /// The bytes of the texture that a view with shadows needs while it renders.
    pub const MAP_BYTES: u64 = 4 * MAP_SIZE as u64 * MAP_SIZE as u64;
}

/// Draws shadows for cameras that ask for them with [`BulkView::shadows`]. Needs
/// [`BulkViewPlugin`](crate::BulkViewPlugin) and [`RenderStatsPlugin`](crate::RenderStatsPlugin).
#[derive(Debug, Default, Clone, Copy)]
pub struct ShadowPlugin;

impl Plugin for ShadowPlugin {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_resource::<DrawFunctions<ShadowItem>>()
            .add_systems(RenderStartup, forget::<ShadowedView>)
            .add_systems(
                ExtractSchedule,
                extract_shadows.in_set(BulkExtractSystems::Upload),
            )
            .add_systems(Core3d, draw_shadow_map.in_set(Core3dSystems::Prepass));
    }
}

/// The pass that this file adds.
pub(crate) enum Shadowing {}

/// Something that casts shadows.
pub(crate) type ShadowItem = RunItem<Shadowing>;

/// The view of a light in the render world: what it sees is what casts shadows.
#[derive(Component)]
pub(crate) struct ShadowLight {
    /// The camera whose shadows these are.
    camera: Entity,
    shines_through: LightBox,
    layers: RenderLayers,
    items: Vec<ShadowItem>,
}

impl ShadowLight {
    /// Whether the light sees what is on these layers.
    pub(crate) fn sees(&self, is_visible: bool, layers: &RenderLayers) -> bool {
        is_visible && self.layers.intersects(layers)
    }

    /// Adds something to draw.
    pub(crate) fn push(&mut self, item: ShadowItem) {
        self.items.push(item);
    }
}

/// The shadows of a camera in the render world, while it is awake.
#[derive(Component)]
pub(crate) struct ShadowedView {
    light: Entity,
    uniform: UniformBuffer<ShadowValues>,
    map: TextureView,
    bind_group: BindGroup,
}

impl ShadowedView {
    /// What shaders need of the shadows.
    pub(crate) fn bind_group(&self) -> &BindGroup {
        &self.bind_group
    }

    fn new(gpu: &Gpu<'_>, pipeline_cache: &PipelineCache, light: Entity, values: ShadowValues) -> Self {
        let texture = gpu.device.create_texture(&TextureDescriptor {
            label: Some("shadow_map"),
            size: Extent3d {
                width: MAP_SIZE,
                height: MAP_SIZE,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: CORE_3D_DEPTH_FORMAT,
            usage: TextureUsages::RENDER_ATTACHMENT | TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        });
        let map = texture.create_view(&TextureViewDescriptor::default());
        // What is as near to the light as what it sees there is in the light.
        let compared = gpu.device.create_sampler(&SamplerDescriptor {
            label: Some("shadow_map"),
            mag_filter: FilterMode::Linear,
            min_filter: FilterMode::Linear,
            compare: Some(CompareFunction::GreaterEqual),
            ..Default::default()
        });
        let uniform = UniformBuffer::new(gpu, "shadow", values);
        let bind_group = gpu.device.create_bind_group(
            "shadows",
            &pipeline_cache.get_bind_group_layout(&shadow_layout()),
            &BindGroupEntries::sequential((uniform.buffer().as_entire_binding(), &map, &compared)),
        );
        Self {
            light,
            uniform,
            map,
            bind_group,
        }
    }
}

/// The layout of the bind group of shadows.
pub(super) fn shadow_layout() -> BindGroupLayoutDescriptor {
    BindGroupLayoutDescriptor::new(
        "shadow_layout",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::FRAGMENT,
            (
                uniform_buffer_sized(false, binding_size::<ShadowValues>())
                    .visibility(ShaderStages::VERTEX_FRAGMENT),
                texture_depth_2d(),
                sampler(SamplerBindingType::Comparison),
            ),
        ),
    )
}

/// Places the light of each camera that is awake and asks for shadows. Uploads what changed.
fn extract_shadows(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    cameras: Extract<
        Query<
            (
                RenderEntity,
                &Camera,
                &GlobalTransform,
                &BulkView,
                Option<&RenderLayers>,
                Option<&EyeOrigin>,
            ),
            With<Camera3d>,
        >,
    >,
    mut views: Query<(Entity, &mut ShadowedView)>,
    mut lights: Query<(Entity, &mut ShadowLight)>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    let mut shadowed = EntityHashSet::default();
    for (camera_entity, camera, transform, settings, layers, origin) in &cameras {
        let Some(shadows) = settings.shadows.filter(|_| camera.is_active && settings.is_lit) else {
            continue;
        };
        let eye = ViewEye::new(origin, transform).position;
        let focus_distance = f64::from(settings.focus_distance);
        let focus = eye + transform.forward().as_dvec3() * focus_distance;
        let Some(light_box) = LightBox::fit(&shadows, focus, focus_distance) else {
            continue;
        };
        let layers = layers.cloned().unwrap_or_default();
        let values = light_box.values(eye);
        if let Ok((_, mut view)) = views.get_mut(camera_entity)
            && let Ok((light_entity, mut light)) = lights.get_mut(view.light)
        {
            view.uniform.set(&gpu, values);
            light.items.clear();
            light.layers = layers;
            if light.shines_through != light_box {
                light.shines_through = light_box;
                let Some(gpu_view) = view_of(&gpu, &pipeline_cache, &light_box) else {
                    continue;
                };
                commands.entity(light_entity).insert(gpu_view);
            }
        } else {
            let Some(gpu_view) = view_of(&gpu, &pipeline_cache, &light_box) else {
                continue;
            };
            let light = ShadowLight {
                camera: camera_entity,
                shines_through: light_box,
                layers,
                items: Vec::new(),
            };
            let offset = ViewUniformOffset { offset: 0 };
            let light = commands.spawn((light, gpu_view, IsBound, offset)).id();
            let view = ShadowedView::new(&gpu, &pipeline_cache, light, values);
            commands.entity(camera_entity).insert(view);
        }
        shadowed.insert(camera_entity);
    }
    for (entity, _) in &views {
        if !shadowed.contains(&entity) {
            commands.entity(entity).remove::<ShadowedView>();
        }
    }
    for (entity, light) in &lights {
        // After the device was lost, the camera has none, or another.
        let is_its_light = |(_, view): (Entity, &ShadowedView)| view.light == entity;
        if !shadowed.contains(&light.camera) || !views.get(light.camera).is_ok_and(is_its_light) {
            commands.entity(entity).despawn();
        }
    }
}

/// What vertex shaders take for the view of a light.
fn view_of(gpu: &Gpu<'_>, pipeline_cache: &PipelineCache, light_box: &LightBox) -> Option<GpuBulkView> {
    let eye = ViewEye {
        origin: DVec3::ZERO,
        position: light_box.eye(),
    };
    let uniform = view_uniform(
        light_box.clip_from_view(),
        light_box.world_from_view(),
        MAP_SIZE as f32,
    );
    let mut uniforms = DynamicUniformBuffer::<ViewUniform>::default();
    uniforms.push(&uniform);
    uniforms.write_buffer(gpu.device, gpu.queue);
    let values = view_values(BulkView::default(), None, eye);
    GpuBulkView::bound(gpu, pipeline_cache, values, eye, &uniforms)
}

/// Adds the opaque lists of one primitive to what lights see.
pub(super) fn queue_casting_lists<P: Primitive>(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<InstancePipeline<P>>,
    mut pipelines: ResMut<SpecializedRenderPipelines<InstancePipeline<P>>>,
    functions: Res<DrawFunctions<ShadowItem>>,
    mut lights: Query<&mut ShadowLight>,
    lists: Query<(Entity, &GpuDrawList<P>)>,
) {
    if lights.is_empty() {
        return;
    }
    let draw_function = functions.read().id::<DrawInstances<P>>();
    for mut light in &mut lights {
        for (entity, list) in &lists {
            if list.blending != Blending::Opaque || !light.sees(list.is_visible, &list.layers) {
                continue;
            }
            let runs = list.runs.iter().enumerate();
            let mut runs = runs.filter(|(_, run)| !run.ranges.is_empty()).peekable();
            if runs.peek().is_none() {
                continue;
            }
            let id = pipelines.specialize(&pipeline_cache, &pipeline, PipelineKey::casting());
            let is_compiled = pipeline_cache.get_render_pipeline(id).is_some();
            for (run, _) in runs {
                stats.count_draw(is_compiled);
                light.push(ShadowItem::new(entity, run as u32, id, draw_function));
            }
        }
    }
}

/// Draws what the light of a camera sees, before the camera itself draws.
fn draw_shadow_map(
    world: &World,
    view: ViewQuery<Option<&ShadowedView>>,
    lights: Query<&ShadowLight>,
    mut context: RenderContext,
) {
    let Some(shadowed) = view.into_inner() else {
        return;
    };
    let Ok(light) = lights.get(shadowed.light) else {
        return;
    };
    let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("shadow_map"),
        color_attachments: &[],
        depth_stencil_attachment: Some(RenderPassDepthStencilAttachment {
            view: &shadowed.map,
            depth_ops: Some(Operations {
                // Reversed: zero is the farthest.
                load: LoadOp::Clear(0.0),
                store: StoreOp::Store,
            }),
            stencil_ops: None,
        }),
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    });
    if let Err(error) = draw_items(world, &mut pass, shadowed.light, &light.items) {
        error_once!("something casts no shadow: {error}");
    }
}
