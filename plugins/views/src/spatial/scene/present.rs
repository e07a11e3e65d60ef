//! Which scenes there are, and which of them have anything to do.
//!
//! 1. [`follow_views`]: one scene per spatial view.
//! 2. [`collect_changes`]: each visualizer hands over what it made.
//! 3. [`present_scenes`]: works out the differences, of several views in parallel where there are many, and applies them by one
//!    command.

use std::{collections::BTreeMap, sync::Arc};

use bevy::{camera::Camera, ecs::prelude::*, render::renderer::RenderDevice, tasks::ComputeTaskPool};
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{
    DataResults, InContexts, QueryContext, Recordings, Selection, Space, Transforms, View, ViewClasses,
    ViewTile, Visualizer, Visualizers, Visuals, Work, WorkCounters,
};
use chronoscope_render::AdapterClass;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::{
    SpatialScene, SpatialScenes, ViewLayers,
    diff::{Diff, Place, Situation},
};
use crate::{
    properties::PropertiesOf,
    spatial::{
        SpatialVisual,
        meshes::MeshModels,
        parts::PartKinds,
        sources::{ChangedVisuals, SourceChanges, SpatialSources},
        target_frame::TargetFrame,
        textures::PictureTextures,
    },
};

/// One scene per spatial view.
pub(crate) fn follow_views(
    mut commands: Commands,
    mut scenes: ResMut<SpatialScenes>,
    mut textures: ResMut<PictureTextures>,
    mut models: ResMut<MeshModels>,
    views: Query<(&View, &ViewTile, &QueryContext, &DataResults)>,
    classes: Res<ViewClasses>,
    visualizers: Res<Visualizers>,
    kinds: Res<PartKinds>,
    layers: Res<ViewLayers>,
    frames: Res<PropertiesOf<TargetFrame>>,
    device: Option<Res<RenderDevice>>,
    adapter: Option<Res<AdapterClass>>,
    cameras: Query<(), With<Camera>>,
) {
    let scenes = scenes.bypass_change_detection();
    let textures = textures.bypass_change_detection();
    textures.begin_frame(device.as_deref());
    let models = models.bypass_change_detection();
    models.begin_frame(device.as_deref(), adapter.as_deref().copied().unwrap_or_default());
    let space_of = |view: &View| classes.get(&view.class)?.space();
    let is_lost = |scene: &SpatialScene| {
        // A host may have despawned it.
        let camera = scene.camera.as_ref();
        camera.is_some_and(|camera| camera.is_lost(&cameras))
    };
    let mut num_views = 0;
    for (view, tile, context, results) in &views {
        let Some(space) = space_of(view) else {
            continue;
        };
        let known = scenes.by_view.get(&view.id);
        if known.is_some_and(|scene| scene.space != space || is_lost(scene)) {
            // The scene is removed below, and the next frame makes another.
            continue;
        }
        num_views += 1;
        if known.is_none() {
            let layer = scenes.free_layer(*layers);
            let scene = SpatialScene::new(view, space, layer, kinds.clone());
            scenes.by_view.insert(view.id, scene);
        }
        // A camera that nothing is seen through draws nothing.
        let mut projected = visualizers.projected(&view.class);
        let is_through_camera = projected.any(|id| results.has_shown_beside_camera(id));
        let layer = scenes.free_layer_for(view.id, is_through_camera, *layers);
        let Some(scene) = scenes.by_view.get_mut(&view.id) else {
            continue;
        };
        if let Some(layer) = layer {
            let mut before = SpatialScene::new(view, Space::Three, layer, kinds.clone());
            before.is_through_camera = true;
            scene.through_camera = Some(Box::new(before));
            // Some of what it shows may have been handed over already, and found no place in the plane.
            let view = view.id;
            commands.queue(move |world: &mut World| {
                let mut changed = world.resource_mut::<ChangedVisuals>();
                changed.bypass_change_detection().ask_for_all(view);
            });
        } else if !is_through_camera && let Some(mut gone) = scene.through_camera.take() {
            // What was seen is another than before.
            scene.version += gone.version + 1;
            scene.is_changed = true;
            commands.queue(move |world: &mut World| despawn(world, &mut gone));
        }
        let frame = frames.get(view.id).cloned().unwrap_or_default();
        let mut before = scene.through_camera.take();
        for scene in std::iter::once(&mut *scene).chain(before.as_deref_mut()) {
            if scene.tile.shown != tile.shown {
                // What is not shown need not be decoded, and what is shown again may be others by now.
                scene.cancel_decoding(textures);
                scene.meshes.cancel_decoding(models);
            }
            scene.tile = *tile;
            scene.context = context.id;
            if scene.target_frame != frame {
                scene.target_frame = frame.clone();
            }
            if !Arc::ptr_eq(&scene.blueprint, &view.blueprint) {
                scene.blueprint = view.blueprint.clone();
            }
        }
        scene.through_camera = before;
    }
    if scenes.by_view.len() == num_views {
        return;
    }
    let alive: FxHashSet<(ViewId, Space)> = views
        .iter()
        .filter_map(|(view, ..)| Some((view.id, space_of(view)?)))
        .collect();
    let is_gone = |scene: &SpatialScene| !alive.contains(&(scene.view, scene.space)) || is_lost(scene);
    let gone = scenes.by_view.extract_if(.., |_, scene| is_gone(scene));
    for (view, mut scene) in gone {
        let goes_on = alive.iter().any(|(id, _)| *id == view);
        commands.queue(move |world: &mut World| {
            despawn(world, &mut scene);
            if goes_on {
                // Another scene shows what this one did.
                let mut changed = world.resource_mut::<ChangedVisuals>();
                changed.bypass_change_detection().ask_for_all(view);
            }
        });
    }
}

fn despawn(world: &mut World, scene: &mut SpatialScene) {
    world.resource_scope(|world, mut textures: Mut<PictureTextures>| {
        scene.despawn(world, textures.bypass_change_detection());
    });
}

/// Hands over what one visualizer made and dropped in the views that are shown, as the one at this position.
pub(crate) type CollectChanges = fn(&World, &[ViewId], usize, &mut ChangedVisuals);

/// The [`CollectChanges`] of a visualizer. Most made nothing, and all that those cost is this question.
pub(crate) fn collect_changes_of<V: Visualizer<Visual = SpatialVisual>>(
    world: &World,
    shown: &[ViewId],
    position: usize,
    changed: &mut ChangedVisuals,
) {
    let visuals = world.get_resource::<Visuals<V>>();
    if let Some(visuals) = visuals.filter(|visuals| !visuals.is_empty()) {
        for view in shown {
            changed.push(*view, position, visuals.view(*view));
        }
    }
}

/// Hands over what all visualizers made and dropped in the views that are shown.
pub(crate) fn collect_changes(world: &mut World, views: &mut QueryState<(&View, &ViewTile)>) {
    let views = views.iter(world).filter(|(_, tile)| tile.shown);
    let shown: SmallVec<[ViewId; 8]> = views.map(|(view, _)| view.id).collect();
    world.resource_scope(|world, mut changed: Mut<ChangedVisuals>| {
        let sources = world.resource::<SpatialSources>();
        for (position, source) in sources.sources.iter().enumerate() {
            (source.collect)(world, &shown, position, changed.bypass_change_detection());
        }
    });
}

/// Brings all scenes that are shown up to date. Cost: what changed.
pub(crate) fn present_scenes(
    mut commands: Commands,
    mut scenes: ResMut<SpatialScenes>,
    mut changed: ResMut<ChangedVisuals>,
    sources: Res<SpatialSources>,
    recordings: Res<Recordings>,
    contexts: InContexts<'_>,
    selection: Res<Selection>,
) {
    puffin::profile_scope!("present", "spatial");
    let SpatialScenes { by_view, lights } = scenes.bypass_change_detection();
    let place_of = |scene: &SpatialScene| {
        let products = contexts.get(scene.context)?;
        Some((products.recording(&recordings)?, products.transforms))
    };
    lights.retain(|key, _| recordings.get(*key).is_some());
    for scene in by_view.values().filter(|scene| scene.tile.shown) {
        if let Some((entry, _)) = place_of(scene) {
            let lights = lights.entry(entry.key()).or_default();
            lights.update(&selection, entry.key(), entry.store());
        }
    }
    let handed_over = changed.bypass_change_detection();
    let mut changed = handed_over.take();
    for scene in by_view.values() {
        if scene.tile.shown {
            handed_over.set_up_to_date(scene.view);
        } else if scene.recording.is_some_and(|key| recordings.get(key).is_none()) {
            // The visuals of a recording that was closed are held by nobody else.
            let view = scene.view;
            commands.queue(move |world: &mut World| give_up_hidden(world, |scene| scene.view == view));
        }
    }
    let situation_of = |scene: &SpatialScene| Situation {
        sources: &sources.sources,
        place: place_of(scene).and_then(|(entry, transforms)| {
            Some(Place {
                entry,
                transforms,
                lights: lights.get(&entry.key())?,
            })
        }),
    };
    let shown: Vec<_> = by_view
        .values_mut()
        .filter(|scene| scene.tile.shown)
        .map(|scene| {
            let changes = changed.remove(&scene.view).unwrap_or_default();
            (scene, changes)
        })
        .collect();
    let expected: usize = shown
        .iter()
        .map(|(scene, changes)| {
            expected_changes(scene, changes, place_of(scene).map(|(_, transforms)| transforms))
        })
        .sum();
    let diffs: Vec<(ViewId, LayerDiffs)> = if shown.len() < 2 || expected < MANY_CHANGES {
        let diffs = shown.into_iter().map(|(scene, changes)| {
            let situation = situation_of(scene);
            (scene.view, LayerDiffs::of(scene, changes, &situation))
        });
        diffs.collect()
    } else {
        ComputeTaskPool::get().scope(|scope| {
            for (scene, changes) in shown {
                let situation = situation_of(scene);
                scope.spawn(async move { (scene.view, LayerDiffs::of(scene, changes, &situation)) });
            }
        })
    };
    let is_busy = |view: &ViewId| {
        by_view.get(view).is_some_and(|scene| {
            let mut layers = scene.layers();
            layers.any(|scene| scene.has_pending_pictures() || scene.meshes.has_pending())
        })
    };
    let has_work = |(view, diffs): &(ViewId, LayerDiffs)| !diffs.is_empty() || is_busy(view);
    let diffs: Vec<_> = diffs.into_iter().filter(has_work).collect();
    if !diffs.is_empty() {
        commands.queue(move |world: &mut World| apply(world, diffs));
    }
}

/// From so many changes on it pays to wake other threads for them.
const MANY_CHANGES: usize = 512;

/// How much there may be to find out in a scene: what was made anew, and the frames that moved; all of it, where all may have moved.
fn expected_changes(
    scene: &SpatialScene,
    changes: &BTreeMap<usize, SourceChanges>,
    transforms: Option<&Transforms>,
) -> usize {
    let made: usize = changes
        .values()
        .map(|changes| changes.changed.len() + changes.removed.len())
        .sum();
    let moved = transforms.map_or(0, |transforms| {
        let changes = transforms.changes_since(scene.consumed.transforms);
        changes.map_or(scene.entities.len(), |changes| {
            changes.frames.len() + changes.entities.len()
        })
    });
    made + moved
}

/// What changed in the scene of a view.
struct LayerDiffs {
    own: Diff,
    /// In what is seen through a camera before it.
    through_camera: Diff,
}

impl LayerDiffs {
    fn of(
        scene: &mut SpatialScene,
        mut changes: BTreeMap<usize, SourceChanges>,
        situation: &Situation<'_>,
    ) -> Self {
        let mut of_space = BTreeMap::new();
        if scene.space == Space::Two {
            let source_of = |at: usize| situation.sources.get(at);
            let is_projected = |at: usize| source_of(at).is_some_and(|source| source.is_projected);
            let is_flat = |at: usize| source_of(at).is_some_and(|source| source.is_flat);
            // What may be in the plane or in space, transforms tell.
            let both = changes
                .iter()
                .filter(|(at, _)| is_projected(**at) && is_flat(**at));
            of_space.extend(both.map(|(at, changes)| (*at, changes.clone())));
            of_space.extend(changes.extract_if(.., |at, _| is_projected(*at) && !is_flat(*at)));
        }
        Self {
            through_camera: match &mut scene.through_camera {
                Some(scene) => Diff::of(scene, of_space, situation),
                None => Diff::default(),
            },
            own: Diff::of(scene, changes, situation),
        }
    }

    fn is_empty(&self) -> bool {
        self.own.is_empty() && self.through_camera.is_empty()
    }
}

/// Writes the differences of the views.
fn apply(world: &mut World, diffs: Vec<(ViewId, LayerDiffs)>) {
    puffin::profile_scope!("present", "apply");
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        world.resource_scope(|world, mut textures: Mut<PictureTextures>| {
            let textures = textures.bypass_change_detection();
            let by_view = &mut scenes.bypass_change_detection().by_view;
            for (view, diffs) in diffs {
                let Some(scene) = by_view.get_mut(&view) else {
                    continue;
                };
                scene.apply(world, textures, diffs.own);
                if let Some(scene) = &mut scene.through_camera {
                    scene.apply(world, textures, diffs.through_camera);
                }
            }
        });
    });
}

impl SpatialScene {
    fn apply(&mut self, world: &mut World, textures: &mut PictureTextures, diff: Diff) {
        if !diff.is_empty() {
            let written = self.write(world, textures, diff);
            if let Some(counters) = world.get_resource::<WorkCounters>() {
                counters.add(Work::InstancesWritten, written.instances);
                counters.add(Work::SegmentsPlaced, written.segments);
                counters.add(Work::LabelsLaidOut, written.labels);
            }
            written.spares.give_back(world);
        }
        self.present_pictures(world, textures);
        self.present_meshes(world);
    }
}

/// Lets go of what hidden views hold, in the order of their ids, as long as `is_wanted` says so of one. They make it again when they
/// are shown.
pub(crate) fn give_up_hidden(world: &mut World, mut is_wanted: impl FnMut(&SpatialScene) -> bool) {
    if !world.contains_resource::<SpatialScenes>() {
        return;
    }
    world.resource_scope(|world, mut scenes: Mut<SpatialScenes>| {
        world.resource_scope(|world, mut textures: Mut<PictureTextures>| {
            let textures = textures.bypass_change_detection();
            let scenes = scenes.bypass_change_detection().by_view.values_mut();
            for scene in scenes.filter(|scene| !scene.tile.shown) {
                if is_wanted(scene) {
                    scene.give_up(world, textures);
                    let mut changed = world.resource_mut::<ChangedVisuals>();
                    changed.bypass_change_detection().ask_for_all(scene.view);
                }
            }
        });
    });
}
