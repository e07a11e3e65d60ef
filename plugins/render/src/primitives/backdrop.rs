//! What is behind everything: colors by the direction in which one looks.

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::visibility::{NoFrustumCulling, Visibility, VisibilityClass, add_visibility_class};
use bevy::core_pipeline::core_3d::Transparent3d;
use bevy::ecs::component::Component;
use bevy::ecs::query::ROQueryItem;
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::lifetimeless::Read;
use bevy::ecs::system::{Commands, Query, Res, ResMut, SystemParamItem};
use bevy::math::{DVec3, Vec3};
use bevy::render::render_phase::{
    AddRenderCommand, DrawFunctions, PhaseItem, RenderCommand, RenderCommandResult, SetItemPipeline,
    TrackedRenderPass, ViewSortedRenderPhases,
};
use bevy::render::render_resource::binding_types::uniform_buffer_sized;
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, PipelineCache,
    RenderPipelineDescriptor, ShaderStages, SpecializedRenderPipeline, SpecializedRenderPipelines,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::sync_world::{RenderEntity, SyncToRenderWorld};
use bevy::render::view::{ExtractedView, Msaa, RenderVisibleEntities};
use bevy::render::{
    Extract, ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderStartup, RenderSystems,
};
use bevy::shader::Shader;
use bevy::transform::components::Transform;
use bytemuck::{Pod, Zeroable};

use crate::buffers::{Gpu, UniformBuffer, binding_size};
use crate::drawing::pipeline::{PipelineKey, describe};
use crate::drawing::queue::{BulkQueueSet, TransparentItem, transparent_item};
use crate::drawing::upload::{forget, remove_with};
use crate::instances::{Blending, Sorting};
use crate::stats::{BulkExtractSystems, RenderStats};
use crate::view::{GpuBulkView, SetBulkViewBindGroup};

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d31");

/// A gradient behind everything that a camera sees: from what is straight below over the horizon to what is straight above.
///
/// The entity's `RenderLayers` decide which cameras see it; its `Transform` is not applied. Nothing picks it.
#[derive(Component, Debug, Clone, Copy, PartialEq)]
#[component(on_add = add_visibility_class::<Backdrop>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling, SyncToRenderWorld)]
pub struct Backdrop {
    /// What is up; need not be of length one. Zero is as the horizon everywhere.
    pub up: Vec3,
    /// The sRGB color straight below.
    pub nadir: [u8; 3],
    /// The sRGB color at the horizon.
    pub horizon: [u8; 3],
    /// The sRGB color straight above.
    pub zenith: [u8; 3],
}

/// Draws all [`Backdrop`]s. Needs [`BulkViewPlugin`](crate::BulkViewPlugin) and
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin).
///
/// Cost: a triangle, and some twenty operations for each pixel that nothing opaque covers.
#[derive(Debug, Default, Clone, Copy)]
pub struct BackdropPlugin;

impl BackdropPlugin {
    pub(crate) const NAME: &'static str = "backdrops";
}

impl Plugin for BackdropPlugin {
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_internal_asset!(app, SHADER, "backdrop.wgsl", Shader::from_wgsl);
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<BackdropPipeline>>()
            .insert_resource(BackdropPipeline::new())
            .add_render_command::<Transparent3d, DrawBackdrop>()
            .add_systems(RenderStartup, forget::<GpuBackdrop>)
            .add_systems(
                ExtractSchedule,
                (remove_with::<Backdrop, GpuBackdrop>, extract_backdrops)
                    .chain()
                    .in_set(BulkExtractSystems::Upload),
            )
            .add_systems(
                Render,
                queue_backdrops
                    .in_set(RenderSystems::Queue)
                    .in_set(BulkQueueSet(Self::NAME)),
            );
    }
}

type DrawBackdrop = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawTriangle);

/// Behind everything else that is translucent.
const SORT_BIAS: f32 = -2e30;

/// Mirrors `Backdrop` in `backdrop.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct BackdropValues {
    nadir: [f32; 4],
    horizon: [f32; 4],
    zenith: [f32; 4],
    up: [f32; 4],
}

impl BackdropValues {
    fn of(backdrop: &Backdrop) -> Self {
        let color = |[r, g, b]: [u8; 3]| [r, g, b, 255].map(|value| f32::from(value) / 255.0);
        Self {
            nadir: color(backdrop.nadir),
            horizon: color(backdrop.horizon),
            zenith: color(backdrop.zenith),
            up: backdrop.up.normalize_or_zero().extend(0.0).to_array(),
        }
    }
}

/// A backdrop in the render world.
#[derive(Component)]
pub(crate) struct GpuBackdrop {
    uniform: UniformBuffer<BackdropValues>,
    bind_group: BindGroup,
}

fn extract_backdrops(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    pipeline: Res<BackdropPipeline>,
    pipeline_cache: Res<PipelineCache>,
    backdrops: Extract<Query<(RenderEntity, &Backdrop)>>,
    mut known: Query<&mut GpuBackdrop>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for (entity, backdrop) in &backdrops {
        let values = BackdropValues::of(backdrop);
        if let Ok(mut known) = known.get_mut(entity) {
            known.uniform.set(&gpu, values);
            continue;
        }
        let uniform = UniformBuffer::new(&gpu, "backdrop", values);
        let bind_group = device.create_bind_group(
            "backdrop",
            &pipeline_cache.get_bind_group_layout(&pipeline.layout),
            &BindGroupEntries::single(uniform.buffer().as_entire_binding()),
        );
        commands
            .entity(entity)
            .insert(GpuBackdrop { uniform, bind_group });
    }
}

#[derive(Resource)]
struct BackdropPipeline {
    layout: BindGroupLayoutDescriptor,
}

impl BackdropPipeline {
    fn new() -> Self {
        Self {
            layout: BindGroupLayoutDescriptor::new(
                "backdrop_layout",
                &BindGroupLayoutEntries::single(
                    ShaderStages::VERTEX_FRAGMENT,
                    uniform_buffer_sized(false, binding_size::<BackdropValues>()),
                ),
            ),
        }
    }
}

impl SpecializedRenderPipeline for BackdropPipeline {
    type Key = PipelineKey;

    fn specialize(&self, key: Self::Key) -> RenderPipelineDescriptor {
        describe("backdrop", key, SHADER, self.layout.clone(), false)
    }
}

fn queue_backdrops(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<BackdropPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<BackdropPipeline>>,
    mut phases: ResMut<ViewSortedRenderPhases<Transparent3d>>,
    functions: Res<DrawFunctions<Transparent3d>>,
    views: Query<(&ExtractedView, &RenderVisibleEntities, &Msaa, &GpuBulkView)>,
    backdrops: Query<(), bevy::ecs::query::With<GpuBackdrop>>,
) {
    let draw_function = functions.read().id::<DrawBackdrop>();
    for (view, visible, msaa, bulk_view) in &views {
        let Some(phase) = phases.get_mut(&view.retained_view_entity) else {
            continue;
        };
        // After what is opaque, so that what that covers is not painted.
        let key = PipelineKey::new(view, *msaa, Blending::Translucent);
        let visible = visible.get::<Backdrop>().into_iter();
        for &item in visible.flat_map(|class| &class.entities_cpu_culling) {
            if !backdrops.contains(item.0) {
                continue;
            }
            let pipeline_id = pipelines.specialize(&pipeline_cache, &pipeline, key);
            stats.count_draw(pipeline_cache.get_render_pipeline(pipeline_id).is_some());
            phase.add_transient(transparent_item(TransparentItem {
                entity: item.0,
                run: 0,
                pipeline: pipeline_id,
                draw_function,
                sorting: Sorting::Distance {
                    center: DVec3::ZERO,
                    bias: SORT_BIAS,
                },
                view,
                bulk_view: Some(bulk_view),
            }));
        }
    }
}

struct DrawTriangle;

impl<I: PhaseItem> RenderCommand<I> for DrawTriangle {
    type Param = ();
    type ViewQuery = ();
    type ItemQuery = Read<GpuBackdrop>;

    fn render<'w>(
        _: &I,
        (): ROQueryItem<'w, '_, Self::ViewQuery>,
        backdrop: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        (): SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some(backdrop) = backdrop else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(1, &backdrop.bind_group, &[]);
        pass.draw(0..3, 0..1);
        RenderCommandResult::Success
    }
}
