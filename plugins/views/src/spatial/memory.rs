//! What spatial views hold beside the stores, for the memory budget.

use bevy::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{AppViewerCacheExt as _, CacheSize, PurgeOrder, ViewerCache};
use chronoscope_render::RenderStats;
use rustc_hash::FxHashMap;

use super::{
    SpatialScenes, camera::SceneCamera, lists::SharedBuffers, meshes::MeshModels, pictures::PixelValues,
    scene, textures::PictureTextures,
};

/// Registers the caches of spatial views.
pub(super) fn add_caches(app: &mut App) {
    app.add_viewer_cache(ViewerCache {
        name: "Render targets",
        order: PurgeOrder::Copies,
        size: target_size,
        purge: Some(|world, _| despawn_hidden_cameras(world)),
    })
    .add_viewer_cache(ViewerCache {
        name: "Instances on the GPU",
        order: PurgeOrder::Copies,
        size: |world| CacheSize {
            bytes: world.get_resource().map_or(0, RenderStats::gpu_bytes),
            idle_bytes: 0,
        },
        purge: None,
    })
    .add_viewer_cache(ViewerCache {
        name: "Draw lists",
        order: PurgeOrder::Copies,
        size: draw_list_size,
        purge: Some(purge_hidden_scenes),
    })
    .add_viewer_cache(ViewerCache {
        name: "Pictures",
        order: PurgeOrder::Decoded,
        size: picture_size,
        purge: Some(|world, bytes| {
            // What was decoded for the pointer is decoded again where it rests.
            let mut freed = 0;
            if let Some(mut values) = world.get_resource_mut::<PixelValues>() {
                freed = values.num_bytes();
                values.purge();
            }
            if let Some(mut textures) = world.get_resource_mut::<PictureTextures>() {
                textures.purge(bytes.saturating_sub(freed));
            }
        }),
    })
    .add_viewer_cache(ViewerCache {
        name: "Meshes",
        order: PurgeOrder::Decoded,
        size: |world| {
            let models = world.get_resource::<MeshModels>();
            CacheSize {
                bytes: models.map_or(0, MeshModels::num_bytes),
                idle_bytes: models.map_or(0, MeshModels::num_idle_bytes),
            }
        },
        purge: Some(|world, bytes| {
            if let Some(mut models) = world.get_resource_mut::<MeshModels>() {
                models.purge(bytes);
            }
        }),
    });
}

fn picture_size(world: &World) -> CacheSize {
    let values = world.get_resource().map_or(0, PixelValues::num_bytes);
    let textures = world.get_resource::<PictureTextures>();
    CacheSize {
        bytes: textures.map_or(0, PictureTextures::num_bytes) + values,
        idle_bytes: textures.map_or(0, PictureTextures::num_idle_bytes) + values,
    }
}

/// Cost: the number of spatial views.
fn target_size(world: &World) -> CacheSize {
    let cameras = world
        .get_resource::<SpatialScenes>()
        .into_iter()
        .flat_map(SpatialScenes::iter)
        .filter_map(|scene| scene.camera.as_ref());
    cameras.fold(CacheSize::default(), |all, camera| {
        let bytes = camera.target_bytes();
        CacheSize {
            bytes: all.bytes + bytes,
            idle_bytes: all.idle_bytes + if camera.is_hidden() { bytes } else { 0 },
        }
    })
}

/// What is known of instances and of how views draw them, without the instances: those belong to the visuals. Cost: the number of
/// lists.
fn draw_list_size(world: &World) -> CacheSize {
    let buffers = world
        .get_resource::<SharedBuffers>()
        .map_or(0, |buffers| buffers.memory_use(world).own_bytes);
    let scenes = world
        .get_resource::<SpatialScenes>()
        .into_iter()
        .flat_map(SpatialScenes::iter);
    let size = CacheSize {
        bytes: buffers,
        idle_bytes: 0,
    };
    scenes.fold(size, |all, scene| {
        let bytes = scene.own_bytes(world);
        CacheSize {
            bytes: all.bytes + bytes,
            idle_bytes: all.idle_bytes + if scene.tile.shown { 0 } else { bytes },
        }
    })
}

/// Hidden views let go of all that they hold, so that what they held last is free once visuals and pictures are purged, too: these
/// come after, and only where all hidden views have let go.
fn purge_hidden_scenes(world: &mut World, bytes: u64) {
    let sizes: FxHashMap<ViewId, u64> = world
        .get_resource::<SpatialScenes>()
        .into_iter()
        .flat_map(SpatialScenes::iter)
        .map(|scene| (scene.view, scene.own_bytes(world)))
        .collect();
    let mut freed = 0;
    scene::give_up_hidden(world, |scene| {
        let is_wanted = freed < bytes;
        freed += sizes.get(&scene.view).copied().unwrap_or_default();
        is_wanted
    });
}

/// The camera and the image of a view that cannot be seen are made anew when it is shown.
fn despawn_hidden_cameras(world: &mut World) {
    if !world.contains_resource::<SpatialScenes>() {
        return;
    }
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        for scene in scenes.iter_mut() {
            if let Some(camera) = scene.camera.take_if(|camera| camera.is_hidden()) {
                SceneCamera::despawn(camera, world);
            }
        }
    });
}
