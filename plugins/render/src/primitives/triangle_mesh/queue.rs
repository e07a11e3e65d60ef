//! Each visible mesh becomes an item of a render phase, of the views of requests, and of what casts shadows.

use bevy::ecs::entity::Entity;
use bevy::ecs::system::{Query, Res, ResMut};
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_phase::DrawFunctions;
use bevy::render::render_resource::{PipelineCache, SpecializedRenderPipelines};
use bevy::render::texture::GpuImage;

use super::geometry::GpuGeometry;
use super::{DrawTriangleMesh, GpuMesh, TriangleMesh, TriangleMeshPipeline};
use crate::drawing::outlines::{OutlinedItem, OutlinedItems};
use crate::drawing::pipeline::PipelineKey;
use crate::drawing::queue::{BulkPhases, BulkViews, BulkViewsItem};
use crate::drawing::shadows::{ShadowItem, ShadowLight};
use crate::instances::Blending;
use crate::picking::{NewPickItem, PickItem, PickView};
use crate::stats::RenderStats;

/// Adds the meshes to the phases of the views that see them.
pub(super) fn queue_meshes(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<TriangleMeshPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<TriangleMeshPipeline>>,
    mut phases: BulkPhases<'_>,
    geometries: Res<RenderAssets<GpuGeometry>>,
    images: Res<RenderAssets<GpuImage>>,
    views: Query<BulkViews>,
    meshes: Query<&GpuMesh>,
) {
    for view in &views {
        let Some(mut items) = phases.of_view::<DrawTriangleMesh>(&view) else {
            continue;
        };
        for item in view.visible_of::<TriangleMesh>() {
            let Ok(mesh) = meshes.get(item.0) else { continue };
            let Some(geometry) = mesh.geometry(&geometries) else {
                stats.count_draw(false);
                continue;
            };
            let blending = mesh.mesh.material.blending();
            let sorting = mesh.sorting(geometry);
            let way = view.way(blending, Some(sorting));
            let key = mesh.key(view.key(way), geometry);
            let pipeline_id = pipelines.specialize(&pipeline_cache, &pipeline, key);
            let is_compiled = pipeline_cache.get_render_pipeline(pipeline_id).is_some();
            stats.count_draw(is_compiled && mesh.has_textures(&images));
            items.push(item, pipeline_id, way, [(0, sorting)]);
        }
        items.sweep();
    }
}

/// Adds the meshes that stand out to the views that outline them.
pub(super) fn queue_outlined_meshes(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<TriangleMeshPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<TriangleMeshPipeline>>,
    functions: Res<DrawFunctions<OutlinedItem>>,
    mut items: ResMut<OutlinedItems>,
    geometries: Res<RenderAssets<GpuGeometry>>,
    views: Query<BulkViews>,
    meshes: Query<&GpuMesh>,
) {
    for view in views.iter().filter(BulkViewsItem::is_outlined) {
        for (entity, _) in view.visible_of::<TriangleMesh>() {
            let outlined = meshes.get(entity).ok();
            let outlined = outlined.filter(|mesh| mesh.mesh.segment.has_highlight());
            // The camera waits for what is not there yet.
            let Some((mesh, geometry)) = outlined.and_then(|mesh| Some((mesh, mesh.geometry(&geometries)?)))
            else {
                continue;
            };
            let key = mesh.key(PipelineKey::outlining(*view.msaa), geometry);
            let id = pipelines.specialize(&pipeline_cache, &pipeline, key);
            stats.await_ready(pipeline_cache.get_render_pipeline(id).is_some());
            let draw_function = functions.read().id::<DrawTriangleMesh>();
            let item = OutlinedItem::new(entity, 0, id, draw_function);
            items.of_view_mut(view.view).push(item);
        }
    }
}

/// Adds the meshes to the views of all requests.
pub(super) fn queue_picked_meshes(
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<TriangleMeshPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<TriangleMeshPipeline>>,
    functions: Res<DrawFunctions<PickItem>>,
    geometries: Res<RenderAssets<GpuGeometry>>,
    mut views: Query<&mut PickView>,
    meshes: Query<(Entity, &GpuMesh)>,
) {
    for mut view in &mut views {
        for (entity, mesh) in &meshes {
            let geometry = mesh.geometry(&geometries);
            let Some(geometry) = geometry.filter(|_| view.sees(mesh.is_visible, &mesh.layers)) else {
                continue;
            };
            let blending = mesh.mesh.material.blending();
            let key = mesh.key(PipelineKey::picking(blending), geometry);
            view.push(NewPickItem {
                entity,
                run: 0,
                pipeline: pipelines.specialize(&pipeline_cache, &pipeline, key),
                draw_function: functions.read().id::<DrawTriangleMesh>(),
                blending,
                sorting: mesh.sorting(geometry),
            });
        }
    }
}

/// Adds the opaque meshes to what lights see.
pub(super) fn queue_casting_meshes(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<TriangleMeshPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<TriangleMeshPipeline>>,
    functions: Res<DrawFunctions<ShadowItem>>,
    geometries: Res<RenderAssets<GpuGeometry>>,
    mut lights: Query<&mut ShadowLight>,
    meshes: Query<(Entity, &GpuMesh)>,
) {
    if lights.is_empty() {
        return;
    }
    let draw_function = functions.read().id::<DrawTriangleMesh>();
    for mut light in &mut lights {
        for (entity, mesh) in &meshes {
            let is_casting = mesh.mesh.material.blending() == Blending::Opaque
                && light.sees(mesh.is_visible, &mesh.layers);
            // The camera waits for what is not there yet.
            let Some(geometry) = mesh.geometry(&geometries).filter(|_| is_casting) else {
                continue;
            };
            let key = mesh.key(PipelineKey::casting(), geometry);
            let id = pipelines.specialize(&pipeline_cache, &pipeline, key);
            stats.count_draw(pipeline_cache.get_render_pipeline(id).is_some());
            light.push(ShadowItem::new(entity, 0, id, draw_function));
        }
    }
}
