//! Each visible quad becomes an item of a render phase, per view: of the opaque one as a cloud, else of the
//! translucent one.

use bevy::ecs::entity::Entity;
use bevy::ecs::query::ROQueryItem;
use bevy::ecs::system::lifetimeless::Read;
use bevy::ecs::system::{Query, Res, ResMut, SystemParamItem};
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_phase::{
    DrawFunctions, PhaseItem, RenderCommand, RenderCommandResult, SetItemPipeline, TrackedRenderPass,
};
use bevy::render::render_resource::{PipelineCache, SpecializedRenderPipelines};
use bevy::render::texture::GpuImage;

use super::ImageQuad;
use super::pipeline::ImageQuadPipeline;
use super::upload::GpuQuad;
use crate::drawing::outlines::{OutlinedItem, OutlinedItems};
use crate::drawing::pipeline::PipelineKey;
use crate::drawing::queue::{BulkPhases, BulkViews, BulkViewsItem, Way};
use crate::instances::Sorting;
use crate::picking::{NewPickItem, PickItem, PickView};
use crate::stats::RenderStats;
use crate::view::SetBulkViewBindGroup;

pub(super) type DrawImageQuad = (SetItemPipeline, SetBulkViewBindGroup<0>, DrawQuad);

pub(super) fn queue_quads(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ImageQuadPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<ImageQuadPipeline>>,
    mut phases: BulkPhases<'_>,
    images: Res<RenderAssets<GpuImage>>,
    views: Query<BulkViews>,
    quads: Query<&GpuQuad>,
) {
    for view in &views {
        let Some(mut items) = phases.of_view::<DrawImageQuad>(&view) else {
            continue;
        };
        for item in view.visible_of::<ImageQuad>() {
            let Ok(quad) = quads.get(item.0) else { continue };
            let Some(image) = images.get(&quad.image) else {
                stats.count_draw(false);
                continue;
            };
            let Some(kind) = quad.kind(image) else {
                continue;
            };
            // A picture that nothing shines through keeps its place, and hides what is drawn by weight behind it.
            let way = view.way(kind.blending(), Some(quad.sorting).filter(|_| quad.is_faint()));
            let is_in_space = matches!(quad.sorting, Sorting::Distance { .. });
            let hides = way == Way::Sorted && is_in_space && view.is_order_independent();
            let key = if hides {
                view.key(way).hiding()
            } else {
                view.key(way)
            };
            let pipeline_id = pipelines.specialize(&pipeline_cache, &pipeline, (key, kind));
            let has_table = quad
                .texels
                .table()
                .is_none_or(|table| images.get(table).is_some());
            stats.count_draw(has_table && pipeline_cache.get_render_pipeline(pipeline_id).is_some());
            items.push(item, pipeline_id, way, [(0, quad.sorting)]);
        }
        items.sweep();
    }
}

/// Adds the clouds that stand out to the views that outline them. A picture on a plane has its outline within its edges.
pub(super) fn queue_outlined_clouds(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<ImageQuadPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<ImageQuadPipeline>>,
    functions: Res<DrawFunctions<OutlinedItem>>,
    mut items: ResMut<OutlinedItems>,
    images: Res<RenderAssets<GpuImage>>,
    views: Query<BulkViews>,
    quads: Query<&GpuQuad>,
) {
    for view in views.iter().filter(BulkViewsItem::is_outlined) {
        for (entity, _) in view.visible_of::<ImageQuad>() {
            let outlined = quads.get(entity).ok().filter(|quad| quad.has_highlight());
            let kind = outlined.and_then(|quad| quad.kind(images.get(&quad.image)?));
            let Some(kind) = kind.filter(|kind| kind.is_cloud()) else {
                continue;
            };
            let key = (PipelineKey::outlining(*view.msaa), kind);
            let id = pipelines.specialize(&pipeline_cache, &pipeline, key);
            stats.await_ready(pipeline_cache.get_render_pipeline(id).is_some());
            let draw_function = functions.read().id::<DrawImageQuad>();
            let item = OutlinedItem::new(entity, 0, id, draw_function);
            items.of_view_mut(view.view).push(item);
        }
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
