//! Which scenes there are, and which of them have anything to do.

use std::sync::Arc;

use bevy::ecs::{prelude::*, query::QueryState};
use bevy::render::renderer::RenderDevice;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{
    Cursor, DataResults, RecordingEntry, Recordings, Selection, Space, Transforms, View, ViewClasses,
    ViewTile, Work, WorkCounters,
};
use rustc_hash::FxHashSet;

use super::{SpatialScene, SpatialScenes, diff::Diff};
use crate::spatial::{parts::PartKinds, sources::SpatialSources, textures::PictureTextures};

/// Brings all scenes that are shown up to date.
pub(crate) fn present_scenes(world: &mut World, views: &mut QueryState<(&View, &ViewTile, &DataResults)>) {
    puffin::profile_scope!("present", "spatial");
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        world.resource_scope(|world, mut textures: Mut<PictureTextures>| {
            let scenes = scenes.bypass_change_detection();
            let textures = textures.bypass_change_detection();
            textures.begin_frame(world.get_resource::<RenderDevice>());
            follow_views(world, views, scenes, textures);
            let sources = world.resource::<SpatialSources>().sources.clone();
            let recording = world.resource::<Cursor>().recording;
            let entry = recording.and_then(|key| world.resource::<Recordings>().get(key));
            if let Some(entry) = entry {
                scenes
                    .lights
                    .update(world.resource::<Selection>(), entry.key(), entry.store());
            }
            for scene in scenes.by_view.values_mut().filter(|scene| scene.tile.shown) {
                let diff = {
                    let entry = recording.and_then(|key| world.resource::<Recordings>().get(key));
                    let view = scene.view;
                    let changes = sources.iter().map(|source| (source.changes)(world, view));
                    let mut diff = Diff::default();
                    diff.take_changes(
                        scene,
                        &sources,
                        changes,
                        entry.map(RecordingEntry::store),
                        &scenes.lights,
                    );
                    if let Some(entry) = entry {
                        diff.place(scene, entry, world.resource::<Transforms>());
                        diff.light(scene, entry.store(), &scenes.lights);
                    } else {
                        diff.remove_all(scene);
                    }
                    diff
                };
                if !diff.is_empty() {
                    let written = scene.write(world, textures, diff);
                    if let Some(counters) = world.get_resource::<WorkCounters>() {
                        counters.add(Work::InstancesWritten, written.instances);
                        counters.add(Work::SegmentsPlaced, written.segments);
                        counters.add(Work::LabelsLaidOut, written.labels);
                    }
                }
                scene.present_pictures(world, textures);
            }
        });
    });
}

/// One scene per spatial view.
fn follow_views(
    world: &mut World,
    views: &mut QueryState<(&View, &ViewTile, &DataResults)>,
    scenes: &mut SpatialScenes,
    textures: &mut PictureTextures,
) {
    let space_of = |world: &World, view: &View| world.resource::<ViewClasses>().get(&view.class)?.space();
    let mut num_views = 0;
    for (view, tile, results) in views.iter(world) {
        let Some(space) = space_of(world, view) else {
            continue;
        };
        let known = scenes.by_view.get(&view.id);
        if known.is_some_and(|scene| scene.space != space) {
            // The scene is removed below, and the next frame makes another.
            continue;
        }
        num_views += 1;
        if known.is_none() {
            let layer = scenes.free_layer();
            scenes.by_view.insert(
                view.id,
                SpatialScene::new(view, space, layer, world.resource::<PartKinds>().clone()),
            );
        }
        let Some(scene) = scenes.by_view.get_mut(&view.id) else {
            continue;
        };
        if scene.tile.shown != tile.shown {
            // Pictures that are not shown need not be decoded, and those that are shown again may be others by now.
            scene.cancel_decoding(textures);
        }
        scene.tile = *tile;
        scene.results_version = results.version();
        if !Arc::ptr_eq(&scene.blueprint, &view.blueprint) {
            scene.blueprint = view.blueprint.clone();
        }
    }
    if scenes.by_view.len() == num_views {
        return;
    }
    let alive: FxHashSet<(ViewId, Space)> = views
        .iter(world)
        .filter_map(|(view, ..)| Some((view.id, space_of(world, view)?)))
        .collect();
    let is_gone = |scene: &SpatialScene| !alive.contains(&(scene.view, scene.space));
    let gone: Vec<ViewId> = scenes
        .by_view
        .values()
        .filter(|scene| is_gone(scene))
        .map(|scene| scene.view)
        .collect();
    for id in gone {
        if let Some(mut scene) = scenes.by_view.remove(&id) {
            scene.despawn(world, textures);
        }
    }
}
