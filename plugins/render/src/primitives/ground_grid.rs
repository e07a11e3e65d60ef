//! An endless plane of lines, to stand on.

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::visibility::{NoFrustumCulling, Visibility, VisibilityClass, add_visibility_class};
use bevy::core_pipeline::core_3d::Transparent3d;
use bevy::ecs::component::Component;
use bevy::ecs::entity::Entity;
use bevy::ecs::query::{ROQueryItem, With};
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::lifetimeless::Read;
use bevy::ecs::system::{Commands, Query, Res, ResMut, SystemParamItem};
use bevy::math::Vec3;
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
use bevy::render::sync_component::{SyncComponent, SyncComponentPlugin};
use bevy::render::sync_world::RenderEntity;
use bevy::render::view::{ExtractedView, Msaa, RenderVisibleEntities};
use bevy::render::{
    Extract, ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderStartup, RenderSystems,
};
use bevy::shader::Shader;
use bevy::transform::components::Transform;
use bytemuck::{Pod, Zeroable};

use crate::batch::Blending;
use crate::buffers::{Gpu, UniformBuffer, binding_size};
use crate::color::linear_rgba;
use crate::gpu::pipeline::{PipelineKey, describe};
use crate::gpu::queue::{BulkQueueSet, transparent_item};
use crate::stats::{BulkExtractSystems, RenderStats};
use crate::view::SetBulkViewBindGroup;

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d05");

/// Lines on a plane without end. Every tenth is stronger; where they would crowd they fade, and the tenfold spacing
/// remains, so that the grid reads at any distance. Drawn over everything opaque behind it and under everything
/// translucent.
///
/// The entity's `RenderLayers` decide which cameras see it; its `Transform` is not applied.
#[derive(Component, Debug, Clone, Copy, PartialEq)]
#[component(on_add = add_visibility_class::<GroundGrid>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling)]
pub struct GroundGrid {
    /// The plane's normal; need not be of length one. Zero draws nothing.
    pub normal: Vec3,
    /// The plane's distance from the origin along the normal, in scene units.
    pub offset: f32,
    /// Between neighbouring lines, in scene units.
    pub spacing: f32,
    /// The sRGB colour of the lines, with straight alpha.
    pub color: [u8; 4],
    /// The thickness of the lines, in UI points.
    pub thickness: f32,
}

impl Default for GroundGrid {
    fn default() -> Self {
        Self {
            normal: Vec3::Z,
            offset: 0.0,
            spacing: 1.0,
            color: [128, 128, 128, 90],
            thickness: 1.0,
        }
    }
}

/// Draws all [`GroundGrid`]s. Needs [`BulkViewPlugin`](crate::BulkViewPlugin) and
/// [`RenderStatsPlugin`](crate::RenderStatsPlugin).
#[derive(Debug, Default, Clone, Copy)]
pub struct GroundGridPlugin;

impl GroundGridPlugin {
    pub(crate) const NAME: &'static str = "ground_grids";
}

impl Plugin for GroundGridPlugin {
    fn build(&self, app: &mut App) {
        load_internal_asset!(app, SHADER, "ground_grid.wgsl", Shader::from_wgsl);
        app.add_plugins(SyncComponentPlugin::<GroundGrid>::default());
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<GroundGridPipeline>>()
            .insert_resource(GroundGridPipeline::new())
            .add_render_command::<Transparent3d, DrawGroundGrid>()
            .add_systems(RenderStartup, forget_grids)
            .add_systems(ExtractSchedule, upload_grids.in_set(BulkExtractSystems::Upload))
            .add_systems(
                Render,
                queue_grids
                    .in_set(RenderSystems::Queue)
                    .in_set(BulkQueueSet(Self::NAME)),
            );
    }
}

type DrawGroundGrid = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawGrid);

/// Behind everything else that is translucent.
const SORT_BIAS: f32 = -1e30;

/// Mirrors `Grid` in `ground_grid.wgsl`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct GridValues {
    color: [f32; 4],
    normal: [f32; 3],
    offset: f32,
    axis_u: [f32; 3],
    spacing: f32,
    axis_v: [f32; 3],
    thickness: f32,
}

/// A grid in the render world.
#[derive(Component)]
pub struct GpuGrid {
    uniform: UniformBuffer<GridValues>,
    bind_group: BindGroup,
    is_drawable: bool,
}

impl SyncComponent for GroundGrid {
    type Target = GpuGrid;
}

fn forget_grids(mut commands: Commands, grids: Query<Entity, With<GpuGrid>>) {
    for grid in &grids {
        commands.entity(grid).remove::<GpuGrid>();
    }
}

fn upload_grids(
    mut commands: Commands,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    pipeline: Res<GroundGridPipeline>,
    pipeline_cache: Res<PipelineCache>,
    grids: Extract<Query<(RenderEntity, &GroundGrid)>>,
    mut gpu_grids: Query<&mut GpuGrid>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for (entity, grid) in &grids {
        let values = grid_values(grid);
        let is_drawable = values.is_some();
        let values = values.unwrap_or(GridValues::zeroed());
        if let Ok(mut known) = gpu_grids.get_mut(entity) {
            known.uniform.set(&gpu, values);
            known.is_drawable = is_drawable;
        } else {
            let uniform = UniformBuffer::new(&gpu, "ground_grid", values);
            let bind_group = device.create_bind_group(
                "ground_grid",
                &pipeline_cache.get_bind_group_layout(&pipeline.layout),
                &BindGroupEntries::single(uniform.buffer().as_entire_binding()),
            );
            commands.entity(entity).insert(GpuGrid {
                uniform,
                bind_group,
                is_drawable,
            });
        }
    }
}

/// The grid with a basis of its plane, or nothing for a plane that is none.
fn grid_values(grid: &GroundGrid) -> Option<GridValues> {
    let normal = grid.normal.try_normalize()?;
    let is_sound =
        grid.spacing.is_finite() && grid.spacing > 0.0 && grid.offset.is_finite() && grid.thickness > 0.0;
    if !is_sound {
        return None;
    }
    // Along the world's axes if the plane is one of theirs, so that lines lie on whole coordinates.
    let axis_u = if normal.x.abs() < 0.9 { Vec3::X } else { Vec3::Y }
        .reject_from_normalized(normal)
        .try_normalize()?;
    Some(GridValues {
        color: linear_rgba(grid.color),
        normal: normal.to_array(),
        offset: grid.offset,
        axis_u: axis_u.to_array(),
        spacing: grid.spacing,
        axis_v: normal.cross(axis_u).to_array(),
        thickness: grid.thickness,
    })
}

#[derive(Resource)]
struct GroundGridPipeline {
    layout: BindGroupLayoutDescriptor,
}

impl GroundGridPipeline {
    fn new() -> Self {
        Self {
            layout: BindGroupLayoutDescriptor::new(
                "ground_grid_layout",
                &BindGroupLayoutEntries::single(
                    ShaderStages::VERTEX_FRAGMENT,
                    uniform_buffer_sized(false, binding_size::<GridValues>()),
                ),
            ),
        }
    }
}

impl SpecializedRenderPipeline for GroundGridPipeline {
    type Key = PipelineKey;

    fn specialize(&self, key: Self::Key) -> RenderPipelineDescriptor {
        describe("ground_grid", key, SHADER, self.layout.clone(), false)
    }
}

fn queue_grids(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<GroundGridPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<GroundGridPipeline>>,
    mut phases: ResMut<ViewSortedRenderPhases<Transparent3d>>,
    functions: Res<DrawFunctions<Transparent3d>>,
    views: Query<(&ExtractedView, &RenderVisibleEntities, &Msaa)>,
    grids: Query<&GpuGrid>,
) {
    let draw_function = functions.read().id::<DrawGroundGrid>();
    for (view, visible, msaa) in &views {
        let Some(phase) = phases.get_mut(&view.retained_view_entity) else {
            continue;
        };
        let key = PipelineKey::new(view, *msaa, Blending::Translucent);
        for &item in visible
            .get::<GroundGrid>()
            .into_iter()
            .flat_map(|class| &class.entities_cpu_culling)
        {
            if !grids.get(item.0).is_ok_and(|grid| grid.is_drawable) {
                continue;
            }
            let pipeline_id = pipelines.specialize(&pipeline_cache, &pipeline, key);
            stats.count_draw(pipeline_cache.get_render_pipeline(pipeline_id).is_some());
            phase.add_transient(transparent_item(
                item,
                pipeline_id,
                draw_function,
                Vec3::ZERO,
                SORT_BIAS,
            ));
        }
    }
}

struct DrawGrid;

impl<I: PhaseItem> RenderCommand<I> for DrawGrid {
    type Param = ();
    type ViewQuery = ();
    type ItemQuery = Read<GpuGrid>;

    fn render<'w>(
        _: &I,
        (): ROQueryItem<'w, '_, Self::ViewQuery>,
        grid: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        (): SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some(grid) = grid else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(1, &grid.bind_group, &[]);
        pass.draw(0..3, 0..1);
        RenderCommandResult::Success
    }
}
