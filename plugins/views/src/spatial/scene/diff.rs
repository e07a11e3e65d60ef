//! What changed in a scene since its last frame.

use std::{collections::BTreeMap, sync::Arc};

use chronoscope_frame::{
    FrameId, NoTransform, Origin, Placement, RecordingEntry, TransformChanges, Transforms, Tree,
};
use chronoscope_render::SegmentTransform;
use chronoscope_store::{ChunkStore, EntityId};
use glam::DAffine3;

use super::{
    MAX_DRAW_ORDER, SceneKey, Shown, Space, SpatialScene,
    hidden::Hidden,
    lights::Lights,
    overwrites::{self, Overwrites},
    staged::{ByList, segment_of},
};
use crate::spatial::{
    depth_clouds::PictureEye,
    framing::Framed,
    sources::{SourceChanges, SpatialSource, source_id},
    visual::{SpatialVisual, Stand},
};

/// What is to be written.
#[derive(Default)]
pub(super) struct Diff {
    /// What is gone, with where it stood in the buffers.
    pub(super) removed: Vec<(SceneKey, Shown)>,
    /// What was made anew.
    pub(super) written: Vec<SceneKey>,
    /// What was made anew, and differs from what was shown before in its instances alone. None of it is among the written.
    pub(super) overwrites: Vec<Overwrites>,
    /// What stands elsewhere. May name an entity twice.
    pub(super) moved: Vec<SceneKey>,
    /// The segments of what stands elsewhere and is otherwise drawn as before, and of how many entities they are. None of these is
    /// named elsewhere.
    pub(super) carried: ByList<(u64, SegmentTransform)>,
    pub(super) num_carried: usize,
    /// What is lit up otherwise.
    pub(super) lit: Vec<SceneKey>,
    /// What had no place until now. It is lit up as it was when it had one.
    back: Vec<SceneKey>,
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
                // What is framed or lit up in the same frame goes the long way.
                let can_carry = !scene.framing.is_behind() && scene.consumed.lights == place.lights.version();
                diff.place(scene, place.entry, place.transforms, can_carry);
                if scene.framing.is_behind() {
                    diff.frame(scene);
                }
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
        self.removed.is_empty()
            && self.written.is_empty()
            && self.overwrites.is_empty()
            && self.moved.is_empty()
            && self.carried.is_empty()
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
            let Some(place) = situation.place else {
                // All goes.
                continue;
            };
            let found = overwrites::find(&scene.entities, at, &changes.changed);
            let mut changed = changes.changed.into_iter();
            for (overwrites, places) in found {
                for (known, (result, visual)) in places.into_iter().zip(changed.by_ref()) {
                    if let Some(shown) = known.and_then(|place| scene.entities.at_mut(place)) {
                        visual.into_iter().for_each(|visual| shown.replace(visual));
                        continue;
                    }
                    let key = (source_id(at, result.instruction), result.entity);
                    match visual.filter(|visual| !visual.is_empty()) {
                        Some(visual) => self.show_visual(scene, key, visual, sources.get(at), place),
                        None => self.remove(scene, key),
                    }
                }
                if !overwrites.keys.is_empty() {
                    self.overwrites.push(overwrites);
                }
            }
        }
    }

    /// Shows a visual of an entity, in the place of another one where there is one.
    fn show_visual(
        &mut self,
        scene: &mut SpatialScene,
        key: SceneKey,
        visual: Arc<SpatialVisual>,
        source: Option<&SpatialSource>,
        place: Place<'_>,
    ) {
        match scene.entities.get_mut(&key) {
            Some(shown) => {
                if scene.space == Space::Two && shown.visual.draw_order != visual.draw_order {
                    shown.view_from_entity = flattened(shown.view_from_entity, visual.draw_order);
                }
                // Of what is flat a camera may make a cloud.
                let is_cloud =
                    |visual: &SpatialVisual| visual.stand == Stand::Plane && visual.is_depth_cloud();
                let is_three = scene.space == Space::Three;
                let is_other = is_three && is_cloud(&shown.visual) != is_cloud(&visual);
                if shown.visual.stand != visual.stand || is_other {
                    self.moved.push(key);
                }
                shown.replace(visual);
            }
            None if scene.hidden.contains(key) => {
                if let Some(shown) = scene.hidden.get_mut(key) {
                    shown.visual = visual;
                }
                return;
            }
            None => {
                let store = place.entry.store();
                let default_radius = source.map_or(-1.5, |source| source.default_radius);
                let lit = place.lights.of(store, key.1);
                let path = store.entity_path(key.1).clone();
                scene.order.insert((path.clone(), key.0), key);
                let shown = Shown::new(visual, path, default_radius, lit);
                scene.entities.insert(key, shown);
                // Where it stands is found with the rest of what moved.
                self.moved.push(key);
            }
        }
        self.written.push(key);
    }

    /// Takes everything out, where no recording is shown.
    fn remove_all(&mut self, scene: &mut SpatialScene) {
        for key in scene.keys() {
            self.remove(scene, key);
        }
        scene.recording = None;
    }

    fn remove(&mut self, scene: &mut SpatialScene, key: SceneKey) {
        if scene.hidden.remove(key).is_some() {
            return;
        }
        let Some(shown) = scene.entities.remove(&key) else {
            return;
        };
        scene.order.remove(&(shown.path.clone(), key.0));
        scene.standing.remove(shown.frames, key);
        self.removed.push((key, shown));
    }

    /// Takes what has no place out of the scene, until it has one.
    fn hide(&mut self, scene: &mut SpatialScene, key: SceneKey, reason: NoTransform, tree: Tree) {
        if scene.hidden.set_reason(key, reason, tree) {
            return;
        }
        let Some(shown) = scene.entities.remove(&key) else {
            return;
        };
        scene.order.remove(&(shown.path.clone(), key.0));
        scene.standing.remove(shown.frames, key);
        scene.hidden.insert(
            key,
            Hidden {
                shown: shown.unplaced(),
                reason,
                tree,
            },
        );
        self.removed.push((key, shown));
    }

    /// Brings back what had no place.
    fn show(&mut self, scene: &mut SpatialScene, key: SceneKey) {
        if let Some(shown) = scene.hidden.remove(key) {
            scene.order.insert((shown.path.clone(), key.0), key);
            scene.standing.insert(shown.frames, key);
            scene.entities.insert(key, shown);
            self.written.push(key);
            self.back.push(key);
        }
    }

    /// Places what is new, and what stands by transforms that changed. `can_carry` tells that nothing more is to be done with what
    /// stands elsewhere.
    fn place(
        &mut self,
        scene: &mut SpatialScene,
        entry: &RecordingEntry,
        transforms: &Transforms,
        can_carry: bool,
    ) {
        let store = entry.store();
        let path = &scene.blueprint.origin;
        let said = scene.target_frame.origin(transforms, store, path);
        let is_in_space = scene.space == Space::Three && !scene.is_through_camera;
        let camera = transforms.camera_of_origin(store, said);
        let camera = camera.filter(|_| scene.is_through_camera || is_in_space);
        // In the picture of a camera there is no space: it is seen from where the camera stands.
        let origin = camera.as_ref().map_or(said, |camera| camera.outside);
        let picture = camera.map(|_| transforms.origin_placement(store, said));
        let beneath = picture.filter(|_| !is_in_space).map(|picture| picture.tree);
        let within = picture.filter(|_| is_in_space);
        let within = within.map(|placement| Within {
            origin: said,
            placement,
        });
        let before = std::mem::replace(&mut scene.consumed.transforms, transforms.version());
        let cuts = std::mem::replace(&mut scene.consumed.cuts, transforms.cuts_version());
        let said = if is_in_space { said } else { origin };
        let is_same_space = scene.origin == Some(said) && scene.recording == Some(entry.key());
        (scene.origin, scene.recording) = (Some(said), Some(entry.key()));

        let new = std::mem::take(&mut self.moved);
        let placer = Placer {
            store,
            transforms,
            origin,
            origin_placement: transforms.origin_placement(store, origin),
            beneath,
            within,
        };
        for key in new {
            // They are written whole.
            placer.place(self, scene, key);
        }
        let has_other_cuts = cuts != transforms.cuts_version();
        if is_same_space && before == transforms.version() && !has_other_cuts {
            return;
        }
        let is_flat = transforms.is_flat(store, origin);
        let was_flat = std::mem::replace(&mut scene.consumed.is_flat, is_flat);
        let changes = transforms.changes_since(before).filter(|_| is_same_space);
        let reach = changes.map_or(Reach::ALL, |changes| placer.reach(&changes));
        let mut candidates: Vec<SceneKey> = match changes.filter(|_| !reach.all_shown) {
            Some(changes) => {
                // What may stand in another frame now is placed once more.
                let can_carry = can_carry && changes.entities.is_empty();
                let mut candidates = self.move_with_frames(scene, &placer, changes.frames, can_carry);
                // What stood in a frame above may stand in another one now.
                let below = changes.entities.iter();
                candidates.extend(below.flat_map(|entity| scene.at_or_below(store.entity_path(*entity))));
                candidates
            }
            None => scene.entities.keys().collect(),
        };
        let all_hidden = reach.all_hidden || has_other_cuts || is_flat || was_flat;
        match changes.filter(|_| !all_hidden) {
            Some(changes) => {
                // Between two trees there is no way, wherever in them one stands.
                let frames = changes.frames.iter();
                let frames = frames.filter(|frame| transforms.has_other_tree(**frame));
                candidates.extend(frames.flat_map(|frame| scene.hidden.standing.in_frame(*frame)));
                for entity in changes.entities {
                    candidates.extend(scene.hidden.at_or_below(store.entity_path(*entity)));
                }
            }
            None => {
                scene.hidden.set_changed();
                candidates.extend(scene.hidden.keys());
            }
        }
        for key in candidates {
            if placer.place(self, scene, key) {
                self.moved.push(key);
            }
        }
    }

    /// Moves what stands in frames that moved. Returns of what there is more to find out.
    fn move_with_frames(
        &mut self,
        scene: &mut SpatialScene,
        placer: &Placer<'_>,
        frames: &[FrameId],
        can_carry: bool,
    ) -> Vec<SceneKey> {
        let SpatialScene {
            entities,
            standing,
            num_looked_up,
            space,
            ..
        } = scene;
        let mut others = Vec::new();
        if can_carry {
            self.carried = ByList::with_room(frames.len().min(entities.len()));
        }
        for key in frames.iter().flat_map(|frame| standing.in_frame(*frame)) {
            let moved = entities.get_mut(&key).and_then(|shown| {
                let has_moved = placer.move_with_frame(shown, *space)?;
                Some((shown, has_moved))
            });
            let Some((shown, has_moved)) = moved else {
                others.push(key);
                continue;
            };
            *num_looked_up += 1;
            if has_moved && can_carry && shown.moves_alone() {
                self.carry(key, shown);
            } else if has_moved {
                self.moved.push(key);
            }
        }
        others
    }

    /// Brings the segments of an entity to where it stands.
    fn carry(&mut self, key: SceneKey, shown: &Shown) {
        let transform = SegmentTransform::new(&shown.view_from_entity);
        for placed in shown.placed.iter().flatten() {
            self.carried
                .push(placed.list, (segment_of(key, placed), transform));
        }
        self.num_carried += 1;
    }

    /// Frames what is new or stands elsewhere.
    fn frame(&self, scene: &mut SpatialScene) {
        let overwritten = self.overwrites.iter().flat_map(|overwrites| &overwrites.keys);
        for key in self.written.iter().chain(overwritten).chain(&self.moved) {
            if let Some(shown) = scene.entities.get(key) {
                let framed = Framed::of(&shown.visual, &shown.view_from_entity, scene.space);
                scene.framing.follow(framed);
            }
        }
    }

    /// Lights up what the selection names.
    fn light(&mut self, scene: &mut SpatialScene, store: &ChunkStore, lights: &Lights) {
        for key in &self.back {
            let lit = lights.of(store, key.1);
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
        let mut candidates: Vec<SceneKey> = Vec::new();
        if before + 1 == lights.version() {
            for entity in lights.changed() {
                // Where nothing lies below, as below most of what is pointed at, no path is looked for.
                match store.tree().num_children(*entity) {
                    0 => candidates.extend(scene.entities.keys_of(*entity)),
                    _ => candidates.extend(scene.at_or_below(store.entity_path(*entity))),
                }
            }
            for entity in lights.changed_instances() {
                candidates.extend(scene.entities.keys_of(*entity));
            }
        } else {
            candidates.extend(scene.entities.keys());
        }
        for key in candidates {
            let lit = lights.of(store, key.1);
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
        self.entities.keys().chain(self.hidden.keys()).collect()
    }
}

/// What tells where an entity stands.
struct Placer<'a> {
    store: &'a ChunkStore,
    transforms: &'a Transforms,
    origin: Origin,
    origin_placement: Placement,
    /// The picture that what is seen through its camera is drawn over: what lies in it is drawn there.
    beneath: Option<Tree>,
    /// The origin of a view in space that is in the picture of a camera, while `origin` is where the camera stands. What is of space
    /// and in that picture is seen from there.
    within: Option<Within>,
}

/// An origin in a picture.
struct Within {
    origin: Origin,
    placement: Placement,
}

/// What changes of transforms concern beside what stands in the frames that moved.
#[derive(Clone, Copy)]
struct Reach {
    /// Whether all that is shown may stand elsewhere, seen from the origin.
    all_shown: bool,
    /// Whether all that has no place may have one.
    all_hidden: bool,
}

impl Reach {
    const ALL: Self = Self {
        all_shown: true,
        all_hidden: true,
    };
}

impl Placer<'_> {
    /// How far changes reach by what they say about the origin.
    fn reach(&self, changes: &TransformChanges<'_>) -> Reach {
        let said = self.within.as_ref().map_or(self.origin, |within| within.origin);
        let is_above = |entity: &EntityId| match said {
            Origin::Entity(origin) => self.store.tree().ancestors(origin).any(|above| above == *entity),
            Origin::Frame(_) | Origin::Camera(_) | Origin::World => false,
        };
        if changes.entities.iter().any(is_above) {
            return Reach::ALL;
        }
        let moved = |origin: Origin| {
            let frame = self.transforms.origin_frame(self.store, origin);
            frame.filter(|frame| changes.frames.contains(frame))
        };
        if self.within.is_some() && moved(said).is_some() {
            return Reach::ALL;
        }
        let moved = moved(self.origin);
        Reach {
            all_shown: moved.is_some(),
            all_hidden: moved.is_some_and(|frame| self.transforms.has_other_tree(frame)),
        }
    }

    /// As [`Self::place`], of what is shown and stands in the frame in which it stood, as most things do. `None` where there is more
    /// to find out.
    fn move_with_frame(&self, shown: &mut Shown, space: Space) -> Option<bool> {
        let [Some(frame), None] = shown.frames else {
            return None;
        };
        let placement = self.transforms.placement_in(frame);
        let is_in_space = shown.moves_alone() || shown.visual.stand == Stand::Space;
        if !is_in_space || placement.tree.camera_frame().is_some() {
            return None;
        }
        let mut view_from_entity = self.transforms.between(self.origin_placement, placement).ok()?;
        if space == Space::Two {
            view_from_entity = flattened(view_from_entity, shown.visual.draw_order);
        }
        let before = std::mem::replace(&mut shown.view_from_entity, view_from_entity);
        Some(before != view_from_entity)
    }

    /// Places an entity, and hides it where no transform leads to the view's origin. Returns whether it stands elsewhere than before.
    fn place(&self, diff: &mut Diff, scene: &mut SpatialScene, key: SceneKey) -> bool {
        scene.num_looked_up += 1;
        let (transforms, store, origin) = (self.transforms, self.store, self.origin);
        let is_three = scene.space == Space::Three;
        let stand = match scene.entities.get(&key) {
            Some(shown) => shown.visual.stand,
            None => scene
                .hidden
                .get_mut(key)
                .map_or(Stand::Space, |shown| shown.visual.stand),
        };
        let (placement, own) = transforms.place_of(store, key.1);
        let view_from_entity = match stand {
            Stand::Plane if self.beneath == Some(placement.tree) => Err(NoTransform::ThroughPinhole),
            Stand::Plane if is_three => transforms.origin_from_picture(store, origin, key.1),
            Stand::Camera => transforms.origin_from_camera(store, origin, key.1),
            _ => {
                let within = self.within.as_ref().map(|within| within.placement);
                let within = within.filter(|within| within.tree == placement.tree);
                transforms.between(within.unwrap_or(self.origin_placement), placement)
            }
        };
        match view_from_entity {
            Ok(_) if scene.hidden.is_empty() => {}
            Ok(_) => diff.show(scene, key),
            Err(reason) => diff.hide(scene, key, reason, placement.tree),
        }
        let (shown, standing) = match scene.entities.get_mut(&key) {
            Some(shown) => (shown, &mut scene.standing),
            None => match scene.hidden.get_with_standing(key) {
                Some(hidden) => hidden,
                None => return false,
            },
        };
        let camera = placement.tree.camera_frame().filter(|_| is_three);
        let frames = [own, camera.filter(|camera| own != Some(*camera))];
        if shown.frames != frames {
            standing.remove(shown.frames, key);
            standing.insert(frames, key);
            shown.frames = frames;
        }
        let Ok(view_from_entity) = view_from_entity else {
            return false;
        };
        let view_from_entity = if is_three {
            view_from_entity
        } else {
            flattened(view_from_entity, shown.visual.draw_order)
        };
        let is_cloud = stand == Stand::Plane && is_three && shown.visual.is_depth_cloud();
        let eye = is_cloud
            .then(|| transforms.picture_eye(store, origin, key.1))
            .flatten();
        let eye = eye.map(|(position, distance)| PictureEye { position, distance });
        let has_moved = shown.view_from_entity != view_from_entity || shown.eye.as_deref() != eye.as_ref();
        shown.view_from_entity = view_from_entity;
        shown.eye = eye.map(Box::new);
        has_moved
    }
}

/// Where an entity lies in a plane: its depth is its draw order, whatever its transform says.
fn flattened(mut transform: DAffine3, draw_order: f32) -> DAffine3 {
    transform.translation.z = -f64::from(draw_order.clamp(-MAX_DRAW_ORDER, MAX_DRAW_ORDER));
    transform.matrix3.x_axis.z = 0.0;
    transform.matrix3.y_axis.z = 0.0;
    transform
}
