//! Each visible quad becomes an item of a render phase, per view: of the opaque one as a cloud, else of the
//! translucent one.

use bevy::core_pipeline::core_3d::{Opaque3d, Transparent3d};
use bevy::ecs::entity::Entity;
use bevy::ecs::query::ROQueryItem;
use bevy::ecs::system::lifetimeless::Read;
use bevy::ecs::system::{Query, Res, ResMut, SystemParamItem};
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_phase::{
    DrawFunctions, PhaseItem, RenderCommand, RenderCommandResult, SetItemPipeline, TrackedRenderPass,
    ViewBinnedRenderPhases, ViewSortedRenderPhases,
};
use bevy::render::render_resource::{PipelineCache, SpecializedRenderPipelines};
use bevy::render::texture::GpuImage;
use bevy::render::view::{ExtractedView, Msaa, RenderVisibleEntities};

use super::ImageQuad;
use super::pipeline::ImageQuadPipeline;
use super::upload::GpuQuad;
use crate::drawing::pipeline::PipelineKey;
use crate::drawing::queue::{OpaqueItems, TransparentItem, transparent_item};
use crate::instances::Blending;
use crate::picking::{NewPickItem, PickItem, PickView};
use crate::stats::RenderStats;
use crate::view::{GpuBulkView, SetBulkViewBindGroup};

pub(super) type DrawImageQuad = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawQuad);

pub(super) fn queue_quads(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ImageQuadPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<ImageQuadPipeline>>,
    mut opaque_phases: ResMut<ViewBinnedRenderPhases<Opaque3d>>,
    mut transparent_phases: ResMut<ViewSortedRenderPhases<Transparent3d>>,
    opaque_functions: Res<DrawFunctions<Opaque3d>>,
    transparent_functions: Res<DrawFunctions<Transparent3d>>,
    images: Res<RenderAssets<GpuImage>>,
    views: Query<(
        &ExtractedView,
        &RenderVisibleEntities,
        &Msaa,
        Option<&GpuBulkView>,
    )>,
    quads: Query<&GpuQuad>,
) {
    let opaque_function = opaque_functions.read().id::<DrawImageQuad>();
    let draw_function = transparent_functions.read().id::<DrawImageQuad>();
    for (view, visible, msaa, bulk_view) in &views {
        let (Some(opaque_phase), Some(phase)) = (
            opaque_phases.get_mut(&view.retained_view_entity),
            transparent_phases.get_mut(&view.retained_view_entity),
        ) else {
            continue;
        };
        let mut opaque = OpaqueItems::new(opaque_phase, opaque_function);
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
            let Some(kind) = quad.kind(image) else {
                continue;
            };
            let key = PipelineKey::new(view, *msaa, kind.blending());
            let pipeline_id = pipelines.specialize(&pipeline_cache, &pipeline, (key, kind));
            let has_table = quad
                .texels
                .table()
                .is_none_or(|table| images.get(table).is_some());
            stats.count_draw(has_table && pipeline_cache.get_render_pipeline(pipeline_id).is_some());
            match kind.blending() {
                Blending::Opaque => opaque.keep(item.0, item.1, pipeline_id),
                Blending::Translucent => phase.add_transient(transparent_item(TransparentItem {
                    entity: item.0,
                    run: 0,
                    pipeline: pipeline_id,
                    draw_function,
                    sorting: quad.sorting,
                    view,
                    bulk_view,
                })),
            }
        }
        opaque.sweep();
    }
}

/// Adds the quads to the views of all requests.
pub(super) fn queue_picked_quads(
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ImageQuadPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<ImageQuadPipeline>>,
    functions: Res<DrawFunctions<PickItem>>,
    images: Res<RenderAssets<GpuImage>>,
    mut views: Query<&mut PickView>,
    quads: Query<(Entity, &GpuQuad)>,
) {
    for mut view in &mut views {
        for (entity, quad) in &quads {
            let image = images
                .get(&quad.image)
                .filter(|_| view.sees(quad.is_visible, &quad.layers));
            if let Some(kind) = image.and_then(|image| quad.kind(image)) {
                let key = PipelineKey::picking(kind.blending());
                view.push(NewPickItem {
                    entity,
                    run: 0,
                    pipeline: pipelines.specialize(&pipeline_cache, &pipeline, (key, kind)),
                    draw_function: functions.read().id::<DrawImageQuad>(),
                    blending: kind.blending(),
                    sorting: quad.sorting,
                });
            }
        }
    }
}

pub(super) struct DrawQuad;

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
        let Some((bound, bind_group)) = quad.and_then(|quad| quad.bound.as_ref()) else {
            return RenderCommandResult::Skip;
        };
        pass.set_bind_group(1, bind_group, &[]);
        pass.draw(0..bound.num_vertices, 0..1);
        RenderCommandResult::Success
    }
}
