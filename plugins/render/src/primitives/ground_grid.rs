//! An endless plane of lines, to stand on.

use bevy::app::{App, Plugin};
use bevy::asset::{Handle, load_internal_asset, uuid_handle};
use bevy::camera::visibility::{NoFrustumCulling, Visibility, VisibilityClass, add_visibility_class};
use bevy::core_pipeline::core_3d::Transparent3d;
use bevy::ecs::component::Component;
use bevy::ecs::entity::{Entity, EntityHashMap};
use bevy::ecs::query::{ROQueryItem, With};
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::lifetimeless::Read;
use bevy::ecs::system::{Commands, Query, Res, ResMut, SystemParamItem};
use bevy::math::{DVec2, DVec3, Vec3};
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
use crate::color::linear_rgba;
use crate::drawing::pipeline::{PipelineKey, describe};
use crate::drawing::queue::{BulkQueueSet, TransparentItem, transparent_item};
use crate::drawing::upload::{forget, remove_with};
use crate::instances::{Blending, Sorting};
use crate::stats::{BulkExtractSystems, RenderStats};
use crate::view::{GpuBulkView, SetBulkViewBindGroup};

const SHADER: Handle<Shader> = uuid_handle!("5b8b4e6a-31c5-4d5e-9a0e-6b1f1c7a9d05");

/// Lines on a plane without end. Every tenth is stronger; where they would crowd they fade, and the tenfold spacing
/// remains, so that the grid reads at any distance. Drawn over everything opaque behind it and under everything
/// translucent.
///
/// The entity's `RenderLayers` decide which cameras see it; its `Transform` is not applied.
#[derive(Component, Debug, Clone, Copy, PartialEq)]
#[component(on_add = add_visibility_class::<GroundGrid>)]
#[require(Transform, Visibility, VisibilityClass, NoFrustumCulling, SyncToRenderWorld)]
pub struct GroundGrid {
    /// The plane's normal; need not be of length one. Zero draws nothing.
    pub normal: Vec3,
    /// The plane's distance from the origin along the normal, in scene units.
    pub offset: f64,
    /// Between neighboring lines, in scene units.
    pub spacing: f32,
    /// The sRGB color of the lines, with straight alpha.
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
    fn build(&self, _: &mut App) {}

    /// Here and not earlier, so that the renderer may be added after this plugin.
    fn finish(&self, app: &mut App) {
        if app.get_sub_app(RenderApp).is_none() {
            return;
        }
        load_internal_asset!(app, SHADER, "ground_grid.wgsl", Shader::from_wgsl);
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render_app
            .init_gpu_resource::<SpecializedRenderPipelines<GroundGridPipeline>>()
            .insert_resource(GroundGridPipeline::new())
            .add_render_command::<Transparent3d, DrawGroundGrid>()
            .add_systems(RenderStartup, forget::<GpuGrid>)
            .add_systems(
                ExtractSchedule,
                (remove_with::<GroundGrid, GpuGrid>, extract_grids)
                    .chain()
                    .in_set(BulkExtractSystems::Upload),
            )
            .add_systems(
                Render,
                (
                    queue_grids
                        .in_set(RenderSystems::Queue)
                        .in_set(BulkQueueSet(Self::NAME)),
                    upload_grids.in_set(RenderSystems::PrepareBindGroups),
                ),
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
    height: f32,
    axis_u: [f32; 3],
    spacing: f32,
    axis_v: [f32; 3],
    thickness: f32,
    base: [f32; 2],
    padding: [f32; 2],
}

/// A grid in the render world.
#[derive(Component)]
pub(crate) struct GpuGrid {
    grid: GroundGrid,
    /// By view: what the grid is as seen from its eye.
    by_view: EntityHashMap<(UniformBuffer<GridValues>, BindGroup)>,
}

fn extract_grids(
    mut commands: Commands,
    grids: Extract<Query<(RenderEntity, &GroundGrid)>>,
    mut known: Query<&mut GpuGrid>,
) {
    for (entity, grid) in &grids {
        if let Ok(mut known) = known.get_mut(entity) {
            known.grid = *grid;
        } else {
            commands.entity(entity).insert(GpuGrid {
                grid: *grid,
                by_view: EntityHashMap::default(),
            });
        }
    }
}

/// Uploads the grids as each view sees them.
fn upload_grids(
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    pipeline: Res<GroundGridPipeline>,
    pipeline_cache: Res<PipelineCache>,
    views: Query<(Entity, &GpuBulkView), With<ExtractedView>>,
    all_views: Query<(), With<GpuBulkView>>,
    mut grids: Query<&mut GpuGrid>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for mut grid in &mut grids {
        let GpuGrid { grid, by_view } = &mut *grid;
        by_view.retain(|view, _| all_views.contains(*view));
        for (view, bulk_view) in &views {
            let Some(values) = grid_values(grid, bulk_view.eye()) else {
                continue;
            };
            if let Some((uniform, _)) = by_view.get_mut(&view) {
                uniform.set(&gpu, values);
                continue;
            }
            let uniform = UniformBuffer::new(&gpu, "ground_grid", values);
            let bind_group = device.create_bind_group(
                "ground_grid",
                &pipeline_cache.get_bind_group_layout(&pipeline.layout),
                &BindGroupEntries::single(uniform.buffer().as_entire_binding()),
            );
            by_view.insert(view, (uniform, bind_group));
        }
    }
}

/// The widest spacing of lines, times the grid's own: the strongest lines are so far apart.
const WIDEST: f64 = 100.0;

/// The grid as it is seen from an eye, or nothing for a plane that is none.
fn grid_values(grid: &GroundGrid, eye: DVec3) -> Option<GridValues> {
    let normal = grid.normal.as_dvec3().try_normalize()?;
    let is_sound =
        grid.spacing.is_finite() && grid.spacing > 0.0 && grid.offset.is_finite() && grid.thickness > 0.0;
    if !is_sound {
        return None;
    }
    // Along the world's axes if the plane is one of theirs, so that lines lie on whole coordinates.
    let axis_u = if normal.x.abs() < 0.9 { DVec3::X } else { DVec3::Y }
        .reject_from_normalized(normal)
        .try_normalize()?;
    let axis_v = normal.cross(axis_u);
    let widest = f64::from(grid.spacing) * WIDEST;
    let base = DVec2::new(eye.dot(axis_u), eye.dot(axis_v)).rem_euclid(DVec2::splat(widest));
    Some(GridValues {
        color: linear_rgba(grid.color),
        normal: normal.as_vec3().to_array(),
        height: (grid.offset - eye.dot(normal)) as f32,
        axis_u: axis_u.as_vec3().to_array(),
        spacing: grid.spacing,
        axis_v: axis_v.as_vec3().to_array(),
        thickness: grid.thickness,
        base: base.as_vec2().to_array(),
        padding: [0.0; 2],
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
    views: Query<(&ExtractedView, &RenderVisibleEntities, &Msaa, &GpuBulkView)>,
    grids: Query<&GpuGrid>,
) {
    let draw_function = functions.read().id::<DrawGroundGrid>();
    for (view, visible, msaa, bulk_view) in &views {
        let Some(phase) = phases.get_mut(&view.retained_view_entity) else {
            continue;
        };
        let key = PipelineKey::new(view, *msaa, Blending::Translucent);
        for &item in visible
            .get::<GroundGrid>()
            .into_iter()
            .flat_map(|class| &class.entities_cpu_culling)
        {
            let is_drawable = |grid: &GpuGrid| grid_values(&grid.grid, bulk_view.eye()).is_some();
            if !grids.get(item.0).is_ok_and(is_drawable) {
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

struct DrawGrid;

impl<I: PhaseItem> RenderCommand<I> for DrawGrid {
    type Param = ();
    type ViewQuery = Entity;
    type ItemQuery = Read<GpuGrid>;

    fn render<'w>(
        _: &I,
        view: ROQueryItem<'w, '_, Self::ViewQuery>,
        grid: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        (): SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some((_, bind_group)) = grid.and_then(|grid| grid.by_view.get(&view)) else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(1, bind_group, &[]);
        pass.draw(0..3, 0..1);
        RenderCommandResult::Success
    }
}
