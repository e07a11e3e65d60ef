//! Each visible mesh becomes an item of a render phase, and of the views of requests.

use bevy::core_pipeline::core_3d::{Opaque3d, Transparent3d};
use bevy::ecs::entity::Entity;
use bevy::ecs::system::{Query, Res, ResMut};
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_phase::{DrawFunctions, ViewBinnedRenderPhases, ViewSortedRenderPhases};
use bevy::render::render_resource::{PipelineCache, SpecializedRenderPipelines};
use bevy::render::texture::GpuImage;
use bevy::render::view::{ExtractedView, Msaa, RenderVisibleEntities};

use super::geometry::GpuGeometry;
use super::{DrawTriangleMesh, GpuMesh, TriangleMesh, TriangleMeshPipeline};
use crate::drawing::pipeline::PipelineKey;
use crate::drawing::queue::{OpaqueItems, TransparentItem, transparent_item};
use crate::instances::Blending;
use crate::picking::{NewPickItem, PickItem, PickView};
use crate::stats::RenderStats;
use crate::view::GpuBulkView;

/// Adds the meshes to the phases of the views that see them.
pub(super) fn queue_meshes(
    stats: Res<RenderStats>,
    pipeline_cache: Res<PipelineCache>,
    pipeline: Res<TriangleMeshPipeline>,
    mut pipelines: ResMut<SpecializedRenderPipelines<TriangleMeshPipeline>>,
    mut opaque_phases: ResMut<ViewBinnedRenderPhases<Opaque3d>>,
    mut transparent_phases: ResMut<ViewSortedRenderPhases<Transparent3d>>,
    functions: (Res<DrawFunctions<Opaque3d>>, Res<DrawFunctions<Transparent3d>>),
    geometries: Res<RenderAssets<GpuGeometry>>,
    images: Res<RenderAssets<GpuImage>>,
    views: Query<(
        &ExtractedView,
        &RenderVisibleEntities,
        &Msaa,
        Option<&GpuBulkView>,
    )>,
    meshes: Query<&GpuMesh>,
) {
    let opaque_function = functions.0.read().id::<DrawTriangleMesh>();
    let draw_function = functions.1.read().id::<DrawTriangleMesh>();
    for (view, visible, msaa, bulk_view) in &views {
        let (Some(opaque_phase), Some(transparent_phase)) = (
            opaque_phases.get_mut(&view.retained_view_entity),
            transparent_phases.get_mut(&view.retained_view_entity),
        ) else {
            continue;
        };
        let mut opaque = OpaqueItems::new(opaque_phase, opaque_function);
        for &(entity, main_entity) in visible
            .get::<TriangleMesh>()
            .into_iter()
            .flat_map(|class| &class.entities_cpu_culling)
        {
            let Ok(mesh) = meshes.get(entity) else { continue };
            let Some(geometry) = mesh.geometry(&geometries) else {
                stats.count_draw(false);
                continue;
            };
            let blending = mesh.mesh.material.blending();
            let key = mesh.key(PipelineKey::new(view, *msaa, blending));
            let pipeline_id = pipelines.specialize(&pipeline_cache, &pipeline, key);
            let is_compiled = pipeline_cache.get_render_pipeline(pipeline_id).is_some();
            stats.count_draw(is_compiled && mesh.has_texture(&images));
            match blending {
                Blending::Opaque => opaque.keep(entity, main_entity, pipeline_id),
                Blending::Translucent => transparent_phase.add_transient(transparent_item(TransparentItem {
                    entity,
                    run: 0,
                    pipeline: pipeline_id,
                    draw_function,
                    sorting: mesh.sorting(geometry),
                    view,
                    bulk_view,
                })),
            }
        }
        opaque.sweep();
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
            let key = mesh.key(PipelineKey::picking(blending));
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
