//! Meshes and cameras of the engine.

use bevy_app::{App, Last, Plugin};
use bevy_asset::{AssetEvent, AssetId, Assets};
use bevy_camera::{Camera, Projection};
use bevy_ecs::{prelude::*, resource::IsResource};
use bevy_mesh::{Indices, Mesh, Mesh3d, PrimitiveTopology, VertexAttributeValues};
use chronoscope_frame::Report;
use chronoscope_types::{
    Mesh3D, Pinhole, Rgba,
    enums::{Enumeration as _, ViewDir},
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    RecordSystems, WorldRecorder, is_recording,
    plugin::{self, Skipped},
    recorder::RECORDER,
    slots::Naming,
};

/// Records the meshes of entities, and cameras as pinholes.
///
/// The columns of a mesh are made once and shared by all entities that have it. What is drawn on it is a matter of its material, which
/// the app knows: [`AppRecordExt::record_as`](crate::AppRecordExt::record_as) records its color, as `Mesh3D` with an albedo factor.
/// A camera is recorded below its entity, as `pinhole`, so that what is below the entity stays in space.
pub struct RecordAssetsPlugin;

impl Plugin for RecordAssetsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<RecordedMeshes>().add_systems(
            Last,
            (record_meshes, record_cameras)
                .chain()
                .in_set(RecordSystems::Values)
                .after(plugin::record_poses)
                .run_if(is_recording),
        );
    }
}

/// The meshes that were recorded.
#[derive(Resource, Default)]
struct RecordedMeshes {
    /// As they are logged; none where there is nothing to log.
    by_asset: FxHashMap<AssetId<Mesh>, Option<Mesh3D>>,
    /// Entities whose meshes are not there yet.
    waiting: FxHashSet<Entity>,
}

fn record_meshes(
    mut recorder: ResMut<WorldRecorder>,
    mut recorded: ResMut<RecordedMeshes>,
    meshes: Option<Res<Assets<Mesh>>>,
    mut events: Option<MessageReader<AssetEvent<Mesh>>>,
    changed: Query<Entity, (Changed<Mesh3d>, Without<IsResource>)>,
    all: Query<(Entity, &Mesh3d)>,
    naming: Naming,
    skipped: Skipped,
) {
    let (Some(meshes), recorder, recorded) = (meshes, &mut *recorder, &mut *recorded) else {
        return;
    };
    let mut again: FxHashSet<Entity> = std::mem::take(&mut recorded.waiting);
    for event in events.iter_mut().flat_map(MessageReader::read) {
        match event {
            AssetEvent::Modified { id } => {
                recorded.by_asset.remove(id);
                again.extend(
                    all.iter()
                        .filter(|(_, mesh)| mesh.0.id() == *id)
                        .map(|(entity, _)| entity),
                );
            }
            AssetEvent::Removed { id } => _ = recorded.by_asset.remove(id),
            _ => {}
        }
    }
    again.extend(&changed);
    again.extend(recorder.slots.moved_entities());
    if recorder.records_all {
        again.extend(all.iter().map(|(entity, _)| entity));
    }
    let mut again: Vec<Entity> = again.into_iter().collect();
    again.sort_unstable();
    for entity in again {
        let Ok((_, Mesh3d(handle))) = all.get(entity) else {
            continue;
        };
        if skipped.contains(entity, &naming, &recorder.settings) {
            continue;
        }
        let Some(mesh) = meshes.get(handle) else {
            recorded.waiting.insert(entity);
            continue;
        };
        let slot = recorder.slots.find_or_add(entity, &naming);
        let Some(path) = recorder.slots.path(slot).cloned() else {
            continue;
        };
        let columns = recorded
            .by_asset
            .entry(handle.id())
            .or_insert_with(|| match mesh_columns(mesh) {
                Ok(columns) => Some(columns),
                Err(reason) => {
                    let message = format!("its mesh is not recorded: {reason}");
                    recorder.report_once(Report::entity_warning(RECORDER, path.clone(), message));
                    None
                }
            });
        if let Some(columns) = columns {
            recorder.log_or_report(path, &*columns);
        }
    }
}

/// A mesh as it is logged.
fn mesh_columns(mesh: &Mesh) -> Result<Mesh3D, &'static str> {
    if mesh.primitive_topology() != PrimitiveTopology::TriangleList {
        return Err("it is not a list of triangles");
    }
    // The vertices of a mesh for the renderer alone are gone once it has them.
    let attribute = |id| mesh.try_attribute_option(id).ok().flatten();
    let Some(VertexAttributeValues::Float32x3(positions)) = attribute(Mesh::ATTRIBUTE_POSITION) else {
        return Err("its positions cannot be read");
    };
    let mut columns = Mesh3D::new(positions.iter().copied());
    if let Some(VertexAttributeValues::Float32x3(normals)) = attribute(Mesh::ATTRIBUTE_NORMAL) {
        columns = columns.with_vertex_normals(normals.iter().copied());
    }
    if let Some(VertexAttributeValues::Float32x2(coordinates)) = attribute(Mesh::ATTRIBUTE_UV_0) {
        columns = columns.with_vertex_texcoords(coordinates.iter().copied());
    }
    if let Some(VertexAttributeValues::Float32x4(colors)) = attribute(Mesh::ATTRIBUTE_COLOR) {
        columns = columns.with_vertex_colors(colors.iter().map(|color| {
            let [r, g, b, a] = color.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
            Rgba::from([r, g, b, a])
        }));
    }
    match mesh.try_indices_option() {
        Ok(Some(Indices::U16(indices))) => {
            let triangles = indices.as_chunks::<3>().0;
            columns = columns.with_triangle_indices(triangles.iter().map(|corners| corners.map(u32::from)));
        }
        Ok(Some(Indices::U32(indices))) => {
            columns = columns.with_triangle_indices(indices.as_chunks::<3>().0.iter().copied());
        }
        Ok(None) | Err(_) => {}
    }
    Ok(columns)
}

fn record_cameras(
    mut recorder: ResMut<WorldRecorder>,
    changed: Query<Entity, (Or<(Changed<Projection>, Changed<Camera>)>, Without<IsResource>)>,
    all: Query<(Entity, &Projection, Option<&Camera>)>,
    mut last: Local<FxHashMap<Entity, [f32; 3]>>,
    naming: Naming,
    skipped: Skipped,
) {
    let recorder = &mut *recorder;
    let moved: FxHashSet<Entity> = if recorder.records_all {
        all.iter().map(|(entity, ..)| entity).collect()
    } else {
        recorder.slots.moved_entities().into_iter().collect()
    };
    let mut seen: Vec<Entity> = changed.iter().chain(moved.iter().copied()).collect();
    seen.sort_unstable();
    seen.dedup();
    for entity in seen {
        let Ok((_, Projection::Perspective(lens), camera)) = all.get(entity) else {
            continue;
        };
        if skipped.contains(entity, &naming, &recorder.settings) {
            continue;
        }
        let size = camera
            .and_then(Camera::physical_viewport_size)
            .map_or([720.0 * lens.aspect_ratio, 720.0], |size| {
                size.as_vec2().to_array()
            });
        let focal_length = 0.5 * size[1] / (0.5 * lens.fov).tan();
        // The camera changes each frame, and mostly nothing that is recorded.
        let now = [focal_length, size[0], size[1]];
        if last.insert(entity, now) == Some(now) && !moved.contains(&entity) {
            continue;
        }
        let axes = [ViewDir::Right, ViewDir::Up, ViewDir::Back].map(ViewDir::code);
        let pinhole =
            Pinhole::from_focal_length_and_resolution([focal_length; 2], size).with_camera_xyz(axes);
        let slot = recorder.slots.find_or_add(entity, &naming);
        if let Some(path) = recorder.slots.path(slot).map(|path| path.child("pinhole")) {
            recorder.log_or_report(path, &pinhole);
        }
    }
}
