//! What has no bounds: an entity of its own, drawn by a triangle over all pixels of a view, behind everything else that is translucent.

use std::marker::PhantomData;

use bevy::app::App;
use bevy::asset::Handle;
use bevy::core_pipeline::core_3d::Transparent3d;
use bevy::ecs::component::Component;
use bevy::ecs::entity::{Entity, EntityHashMap};
use bevy::ecs::query::{ROQueryItem, With};
use bevy::ecs::resource::Resource;
use bevy::ecs::schedule::IntoScheduleConfigs;
use bevy::ecs::system::lifetimeless::Read;
use bevy::ecs::system::{Commands, Query, Res, ResMut, SystemParamItem};
use bevy::math::DVec3;
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
use bevy::render::sync_world::RenderEntity;
use bevy::render::view::{ExtractedView, Msaa, RenderVisibleEntities};
use bevy::render::{
    Extract, ExtractSchedule, GpuResourceAppExt, Render, RenderApp, RenderStartup, RenderSystems,
};
use bevy::shader::Shader;
use bytemuck::Pod;

use crate::buffers::{Gpu, UniformBuffer, binding_size};
use crate::drawing::pipeline::{PipelineKey, describe};
use crate::drawing::queue::{BulkQueueSet, TransparentItem, transparent_item};
use crate::drawing::upload::{forget, remove_with};
use crate::instances::{Blending, Sorting};
use crate::stats::{BulkExtractSystems, RenderStats};
use crate::view::{GpuBulkView, SetBulkViewBindGroup};

/// Something without bounds.
pub(super) trait Unbounded: Component + Copy {
    /// What the shader reads, as group 1.
    type Values: Pod + PartialEq + Send + Sync;

    /// The name in labels.
    const NAME: &'static str;

    /// Its place among what is translucent: less is farther behind.
    const SORT_BIAS: f32;

    /// The shader with the entry points `vertex`, for three vertices, and `fragment`.
    fn shader() -> Handle<Shader>;

    /// As it is seen from an eye; `None` draws nothing.
    fn values(&self, eye: DVec3) -> Option<Self::Values>;
}

/// Draws all that is there of a kind, in a set of this name.
pub(super) fn add_to<T: Unbounded>(app: &mut App, queue_set: &'static str) {
    let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
        return;
    };
    render_app
        .init_gpu_resource::<SpecializedRenderPipelines<UnboundedPipeline<T>>>()
        .insert_resource(UnboundedPipeline::<T>::new())
        .add_render_command::<Transparent3d, DrawUnbounded<T>>()
        .add_systems(RenderStartup, forget::<GpuUnbounded<T>>)
        .add_systems(
            ExtractSchedule,
            (remove_with::<T, GpuUnbounded<T>>, extract::<T>)
                .chain()
                .in_set(BulkExtractSystems::Upload),
        )
        .add_systems(
            Render,
            (
                queue::<T>
                    .in_set(RenderSystems::Queue)
                    .in_set(BulkQueueSet(queue_set)),
                upload::<T>.in_set(RenderSystems::PrepareBindGroups),
            ),
        );
}

type DrawUnbounded<T> = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawTriangle<T>);

/// One of them in the render world.
#[derive(Component)]
struct GpuUnbounded<T: Unbounded> {
    of: T,
    /// By view: what it is as seen from its eye.
    by_view: EntityHashMap<(UniformBuffer<T::Values>, BindGroup)>,
}

fn extract<T: Unbounded>(
    mut commands: Commands,
    all: Extract<Query<(RenderEntity, &T)>>,
    mut known: Query<&mut GpuUnbounded<T>>,
) {
    for (entity, of) in &all {
        if let Ok(mut known) = known.get_mut(entity) {
            known.of = *of;
        } else {
            commands.entity(entity).insert(GpuUnbounded {
                of: *of,
                by_view: EntityHashMap::default(),
            });
        }
    }
}

/// Uploads them as each view sees them.
fn upload<T: Unbounded>(
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    stats: Res<RenderStats>,
    pipeline: Res<UnboundedPipeline<T>>,
    pipeline_cache: Res<PipelineCache>,
    views: Query<(Entity, &RenderVisibleEntities, &GpuBulkView), With<ExtractedView>>,
    all_views: Query<(), With<GpuBulkView>>,
    mut all: Query<&mut GpuUnbounded<T>>,
) {
    let gpu = Gpu {
        device: &device,
        queue: &queue,
        stats: &stats,
    };
    for mut known in &mut all {
        known.by_view.retain(|view, _| all_views.contains(*view));
    }
    for (view, visible, bulk_view) in &views {
        let visible = visible.get::<T>().into_iter();
        for &(entity, _) in visible.flat_map(|class| &class.entities_cpu_culling) {
            let Ok(mut known) = all.get_mut(entity) else {
                continue;
            };
            let GpuUnbounded { of, by_view } = &mut *known;
            let Some(values) = of.values(bulk_view.eye()) else {
                continue;
            };
            if let Some((uniform, _)) = by_view.get_mut(&view) {
                uniform.set(&gpu, values);
                continue;
            }
            let uniform = UniformBuffer::new(&gpu, T::NAME, values);
            let bind_group = device.create_bind_group(
                T::NAME,
                &pipeline_cache.get_bind_group_layout(&pipeline.layout),
                &BindGroupEntries::single(uniform.buffer().as_entire_binding()),
            );
            by_view.insert(view, (uniform, bind_group));
        }
    }
}

#[derive(Resource)]
struct UnboundedPipeline<T> {
    layout: BindGroupLayoutDescriptor,
    unbounded: PhantomData<fn() -> T>,
}

impl<T: Unbounded> UnboundedPipeline<T> {
    fn new() -> Self {
        Self {
            layout: BindGroupLayoutDescriptor::new(
                T::NAME,
                &BindGroupLayoutEntries::single(
                    ShaderStages::VERTEX_FRAGMENT,
                    uniform_buffer_sized(false, binding_size::<T::Values>()),
                ),
            ),
            unbounded: PhantomData,
        }
    }
}

impl<T: Unbounded> SpecializedRenderPipeline for UnboundedPipeline<T> {
    type Key = PipelineKey;

    fn specialize(&self, key: Self::Key) -> RenderPipelineDescriptor {
        describe(T::NAME, key, T::shader(), self.layout.clone(), false)
    }
}

fn queue<T: Unbounded>(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<UnboundedPipeline<T>>,
    mut pipelines: ResMut<SpecializedRenderPipelines<UnboundedPipeline<T>>>,
    mut phases: ResMut<ViewSortedRenderPhases<Transparent3d>>,
    functions: Res<DrawFunctions<Transparent3d>>,
    views: Query<(&ExtractedView, &RenderVisibleEntities, &Msaa, &GpuBulkView)>,
    all: Query<&GpuUnbounded<T>>,
) {
    let draw_function = functions.read().id::<DrawUnbounded<T>>();
    for (view, visible, msaa, bulk_view) in &views {
        let Some(phase) = phases.get_mut(&view.retained_view_entity) else {
            continue;
        };
        // After what is opaque, so that what that covers is not painted.
        let key = PipelineKey::new(view, *msaa, Blending::Translucent);
        let visible = visible.get::<T>().into_iter();
        for &(entity, _) in visible.flat_map(|class| &class.entities_cpu_culling) {
            let is_drawn = |known: &GpuUnbounded<T>| known.of.values(bulk_view.eye()).is_some();
            if !all.get(entity).is_ok_and(is_drawn) {
                continue;
            }
            let pipeline_id = pipelines.specialize(&pipeline_cache, &pipeline, key);
            stats.count_draw(pipeline_cache.get_render_pipeline(pipeline_id).is_some());
            phase.add_transient(transparent_item(TransparentItem {
                entity,
                run: 0,
                pipeline: pipeline_id,
                draw_function,
                sorting: Sorting::Distance {
                    center: DVec3::ZERO,
                    bias: T::SORT_BIAS,
                },
                view,
                bulk_view: Some(bulk_view),
            }));
        }
    }
}

struct DrawTriangle<T>(PhantomData<fn() -> T>);

impl<I: PhaseItem, T: Unbounded> RenderCommand<I> for DrawTriangle<T> {
    type Param = ();
    type ViewQuery = Entity;
    type ItemQuery = Read<GpuUnbounded<T>>;

    fn render<'w>(
        _: &I,
        view: ROQueryItem<'w, '_, Self::ViewQuery>,
        known: Option<ROQueryItem<'w, '_, Self::ItemQuery>>,
        (): SystemParamItem<'w, '_, Self::Param>,
        pass: &mut TrackedRenderPass<'w>,
    ) -> RenderCommandResult {
        let Some((_, bind_group)) = known.and_then(|known| known.by_view.get(&view)) else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(1, bind_group, &[]);
        pass.draw(0..3, 0..1);
        RenderCommandResult::Success
    }
}
