//! What changed in a scene since its last frame.

use std::{collections::BTreeMap, sync::Arc};

use chronoscope_frame::{FrameId, NoTransform, Origin, RecordingEntry, Transforms};
use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use glam::DAffine3;

use super::{
    MAX_DRAW_ORDER, Placed, SceneKey, Shown, Space, SpatialScene,
    hidden::Hidden,
    lights::{Lights, Lit},
};
use crate::spatial::{
    draw_order::depth_tie,
    sources::{SourceChanges, SpatialSource, source_id},
    visual::SpatialVisual,
};

/// What is to be written.
#[derive(Default)]
pub(super) struct Diff {
    /// What is gone, with where it stood in the buffers.
    pub(super) removed: Vec<(SceneKey, Shown)>,
    /// What was made anew.
    pub(super) written: Vec<SceneKey>,
    /// What stands elsewhere. May name an entity twice.
    pub(super) moved: Vec<SceneKey>,
    /// What is lit up otherwise.
    pub(super) lit: Vec<SceneKey>,
}

/// What the scenes of a frame follow.
pub(super) struct Situation<'a> {
    pub(super) sources: &'a [SpatialSource],
    /// `None` where there is nothing where the view looks.
    pub(super) place: Option<Place<'a>>,
}

/// Where a scene's view looks.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) entry: &'a RecordingEntry,
    pub(super) transforms: &'a Transforms,
    /// What is lit up in the recording.
    pub(super) lights: &'a Lights,
}

impl Diff {
    /// Works out what changed in a scene since its last frame.
    pub(super) fn of(
        scene: &mut SpatialScene,
        changes: BTreeMap<usize, SourceChanges>,
        situation: &Situation<'_>,
    ) -> Self {
        let mut diff = Self::default();
        diff.take_changes(scene, changes, situation);
        match situation.place {
            Some(place) => {
                diff.place(scene, place.entry, place.transforms);
                diff.light(scene, place.entry.store(), place.lights);
            }
            None => diff.remove_all(scene),
        }
        diff
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes_nothing_but_light() && self.lit.is_empty()
    }

    /// Whether the same is shown in the same places.
    pub(super) fn changes_nothing_but_light(&self) -> bool {
        self.removed.is_empty() && self.written.is_empty() && self.moved.is_empty()
    }

    /// Takes what the visualizers made and dropped.
    fn take_changes(
        &mut self,
        scene: &mut SpatialScene,
        changes: BTreeMap<usize, SourceChanges>,
        situation: &Situation<'_>,
    ) {
        let sources = situation.sources;
        for (at, changes) in changes {
            for result in changes.removed {
                self.remove(scene, (source_id(at, result.instruction), result.entity));
            }
            for (result, visual) in changes.changed {
                let key = (source_id(at, result.instruction), result.entity);
                let (source, entity) = key;
                let visual = visual.filter(|visual| !visual.is_empty());
                let Some((visual, Place { entry, lights, .. })) = visual.zip(situation.place) else {
                    self.remove(scene, key);
                    continue;
                };
                let store = entry.store();
                match scene.entities.get_mut(&key) {
                    Some(shown) => {
                        if scene.space == Space::Two && shown.visual.draw_order != visual.draw_order {
                            shown.view_from_entity = flattened(shown.view_from_entity, visual.draw_order);
                        }
                        shown.replace(visual);
                    }
                    None if scene.hidden.contains(key) => {
                        if let Some(shown) = scene.hidden.get_mut(key) {
                            shown.visual = visual;
                        }
                        continue;
                    }
                    None => {
                        let default_radius = sources.get(at).map_or(-1.5, |source| source.default_radius);
                        let lit = lights.of(store, scene.view, entity);
                        let path = store.entity_path(entity).clone();
                        scene.order.insert((path.clone(), source), key);
                        scene
                            .entities
                            .insert(key, Shown::new(visual, path, default_radius, lit));
                        // Where it stands is found with the rest of what moved.
                        self.moved.push(key);
                    }
                }
                self.written.push(key);
            }
        }
    }

    /// Takes everything out, where no recording is shown.
    fn remove_all(&mut self, scene: &mut SpatialScene) {
        self.written.clear();
        self.moved.clear();
        for key in scene.keys() {
            self.remove(scene, key);
        }
        scene.recording = None;
    }

    fn remove(&mut self, scene: &mut SpatialScene, key: SceneKey) {
        if let Some(shown) = scene.hidden.remove(key) {
            stand(scene, key, shown.node, None);
            return;
        }
        let Some(shown) = scene.entities.remove(&key) else {
            return;
        };
        scene.order.remove(&(shown.path.clone(), key.0));
        stand(scene, key, shown.node, None);
        self.removed.push((key, shown));
    }

    /// Takes what has no place out of the scene, until it has one.
    fn hide(&mut self, scene: &mut SpatialScene, key: SceneKey, reason: NoTransform) {
        if scene.hidden.set_reason(key, reason) {
            return;
        }
        let Some(shown) = scene.entities.remove(&key) else {
            return;
        };
        scene.order.remove(&(shown.path.clone(), key.0));
        scene.hidden.insert(
            key,
            Hidden {
                shown: shown.unplaced(),
                reason,
            },
        );
        self.removed.push((key, shown));
    }

    /// Brings back what had no place.
    fn show(&mut self, scene: &mut SpatialScene, key: SceneKey) {
        if let Some(shown) = scene.hidden.remove(key) {
            scene.order.insert((shown.path.clone(), key.0), key);
            scene.entities.insert(key, shown);
            self.written.push(key);
        }
    }

    /// Places what is new, and what stands by transforms that changed.
    fn place(&mut self, scene: &mut SpatialScene, entry: &RecordingEntry, transforms: &Transforms) {
        let store = entry.store();
        let origin = transforms.origin(store, &scene.blueprint.origin);
        let before = std::mem::replace(&mut scene.consumed.transforms, transforms.version());
        let is_same_space = scene.origin == Some(origin) && scene.recording == Some(entry.key());
        (scene.origin, scene.recording) = (Some(origin), Some(entry.key()));

        let new = std::mem::take(&mut self.moved);
        let placer = Placer {
            store,
            transforms,
            origin,
        };
        for key in new {
            // They are written whole.
            placer.place(self, scene, key);
        }
        if is_same_space && before == transforms.version() {
            return;
        }
        scene.hidden.set_changed();
        let changes = transforms.changes_since(before).filter(|changes| {
            let is_above = |entity: &EntityId| match origin {
                Origin::Entity(origin) => store.tree().ancestors(origin).any(|above| above == *entity),
                Origin::Frame(_) | Origin::World => false,
            };
            let node = transforms.origin_frame(store, origin);
            let moves_origin = node.is_some_and(|node| changes.frames.contains(&node))
                || changes.entities.iter().any(is_above);
            is_same_space && !moves_origin
        });
        let candidates: Vec<SceneKey> = match changes {
            Some(changes) => {
                let mut candidates = Vec::new();
                for frame in changes.frames {
                    if let Some(standing) = scene.standing.get(frame) {
                        candidates.extend(standing.iter().copied());
                    }
                }
                for entity in changes.entities {
                    // What stood in a frame above may stand in another one now.
                    let path = store.entity_path(*entity);
                    candidates.extend(scene.at_or_below(path));
                    candidates.extend(scene.hidden.at_or_below(path));
                }
                candidates
            }
            None => scene.keys(),
        };
        for key in candidates {
            if placer.place(self, scene, key) {
                self.moved.push(key);
            }
        }
    }

    /// Lights up what the selection names.
    fn light(&mut self, scene: &mut SpatialScene, store: &ChunkStore, lights: &Lights) {
        // What was hidden is lit up as it was then.
        for key in &self.written {
            let lit = lights.of(store, scene.view, key.1);
            if let Some(shown) = scene.entities.get_mut(key)
                && shown.lit != lit
            {
                shown.lit = lit;
                self.moved.push(*key);
            }
        }
        let before = std::mem::replace(&mut scene.consumed.lights, lights.version());
        if before == lights.version() {
            return;
        }
        let candidates: Vec<SceneKey> = if before + 1 == lights.version() {
            let of_view = |view: Option<_>| view.is_none_or(|view| view == scene.view);
            let wholes = lights.changed().iter().filter(|light| of_view(light.view));
            let wholes = wholes.flat_map(|light| scene.at_or_below(store.entity_path(light.entity)));
            let instances = lights.changed_instances().iter();
            let instances = instances.filter(|light| light.view == scene.view);
            let instances = instances.flat_map(|light| scene.keys_on(store.entity_path(light.entity)));
            wholes.chain(instances).collect()
        } else {
            scene.entities.keys().copied().collect()
        };
        for key in candidates {
            let lit = lights.of(store, scene.view, key.1);
            if let Some(shown) = scene.entities.get_mut(&key)
                && shown.lit != lit
            {
                shown.lit = lit;
                self.lit.push(key);
            }
        }
    }
}

impl SpatialScene {
    /// All entities, with those that have no place, in no order.
    fn keys(&self) -> Vec<SceneKey> {
        self.entities.keys().copied().chain(self.hidden.keys()).collect()
    }
}

/// What tells where an entity stands.
struct Placer<'a> {
    store: &'a ChunkStore,
    transforms: &'a Transforms,
    origin: Origin,
}

impl Placer<'_> {
    /// Places an entity, and hides it where no transform leads to the view's origin. Returns whether it stands elsewhere than before.
    fn place(&self, diff: &mut Diff, scene: &mut SpatialScene, key: SceneKey) -> bool {
        let view_from_entity = self.transforms.origin_from_entity(self.store, self.origin, key.1);
        match view_from_entity {
            Ok(_) => diff.show(scene, key),
            Err(reason) => diff.hide(scene, key, reason),
        }
        let is_three = scene.space == Space::Three;
        let shown = match scene.hidden.get_mut(key) {
            Some(shown) => Some(shown),
            None => scene.entities.get_mut(&key),
        };
        let Some(shown) = shown else {
            return false;
        };
        let node = self.transforms.frame_of(self.store, key.1);
        let node_before = std::mem::replace(&mut shown.node, node);
        let mut has_moved = false;
        if let Ok(view_from_entity) = view_from_entity {
            let view_from_entity = if is_three {
                view_from_entity
            } else {
                flattened(view_from_entity, shown.visual.draw_order)
            };
            has_moved = shown.view_from_entity != view_from_entity;
            shown.view_from_entity = view_from_entity;
        }
        stand(scene, key, node_before, node);
        has_moved
    }
}

/// Notes that an entity stands by another node's transform.
fn stand(scene: &mut SpatialScene, key: SceneKey, before: Option<FrameId>, now: Option<FrameId>) {
    if before == now {
        return;
    }
    if let Some(node) = before
        && let Some(standing) = scene.standing.get_mut(&node)
    {
        standing.remove(&key);
        if standing.is_empty() {
            scene.standing.remove(&node);
        }
    }
    if let Some(node) = now {
        scene.standing.entry(node).or_default().insert(key);
    }
}

impl Shown {
    fn new(visual: Arc<SpatialVisual>, path: EntityPath, default_radius: f32, lit: Lit) -> Self {
        Self {
            visual,
            depth_tie: depth_tie(&path),
            path,
            view_from_entity: DAffine3::IDENTITY,
            default_radius,
            node: None,
            lit,
            placed: Placed::new(),
            previous: None,
            drawn_order: 0.0,
        }
    }

    /// Shows another visual from the next write on. The parts of the one before are held until then.
    fn replace(&mut self, visual: Arc<SpatialVisual>) {
        let before = std::mem::replace(&mut self.visual, visual);
        self.previous.get_or_insert(before);
    }

    /// The same, as it was before it was written anywhere.
    fn unplaced(&self) -> Self {
        Self {
            node: self.node,
            ..Self::new(
                Arc::clone(&self.visual),
                self.path.clone(),
                self.default_radius,
                self.lit.clone(),
            )
        }
    }
}

/// Where an entity lies in a plane: its depth is its draw order, whatever its transform says.
fn flattened(mut transform: DAffine3, draw_order: f32) -> DAffine3 {
    transform.translation.z = -f64::from(draw_order.clamp(-MAX_DRAW_ORDER, MAX_DRAW_ORDER));
    transform.matrix3.x_axis.z = 0.0;
    transform.matrix3.y_axis.z = 0.0;
    transform
}
