//! What each spatial view shows, and where: the product of presenting.
//!
//! A scene follows the visuals of its view. [`present`] decides which scenes have anything to do, [`diff`] finds out what changed in
//! one: what was made anew, what moved with a transform, what [`lights`] up. [`write`] brings that into instance buffers, uniforms and
//! labels, and [`quads`] into pictures. A frame in which nothing changed touches nothing, and a view that is not shown catches up
//! when it is.

mod diff;
mod lights;
mod present;
mod quads;
mod write;

use std::{
    collections::{BTreeMap, btree_map},
    sync::Arc,
};

use bevy::{asset::Handle, ecs::prelude::*, image::Image};
use chronoscope_blueprint::{ViewBlueprint, ViewId};
use chronoscope_frame::{FrameId, NoTransform, Origin, RecordingKey, Report, Transforms, View, ViewTile};
use chronoscope_render::{Highlight, MemoryUse, SegmentUniform};
use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use glam::DAffine3;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

pub(crate) use present::{collect_changes, follow_views, present_scenes};

use super::{
    batches::{BatchKey, Batches},
    bounds::Bounds,
    camera::{Placement, SceneCamera, Shot},
    draw_order::DrawOrder,
    framing::Framing,
    labels::PlacedLabel,
    marks::MAX_LABELS,
    parts::{KindId, PartKinds},
    projection::Projector,
    sources::SourceId,
    textures::PictureTextures,
    visual::SpatialVisual,
};
use crate::ViewStyle;
use chronoscope_frame::Space;
use lights::Lights;
pub(crate) use quads::PictureQuads;

/// The first render layer that views use. Those below are left to the app.
const FIRST_LAYER: usize = 8;

/// Draw orders beyond are cut off, so that depths keep their precision.
pub(crate) const MAX_DRAW_ORDER: f32 = 1000.0;

/// An entity in a scene: the visualizer, and the data entity.
pub(crate) type SceneKey = (SourceId, EntityId);

/// What the entities of a scene are ordered by: the path, then the visualizer.
type OrderKey = (EntityPath, SourceId);

/// Where the parts of an entity stand, by their position; `None` where one is not drawn.
type Placed = SmallVec<[Option<BatchKey>; 2]>;

/// The scenes of all spatial views.
#[derive(Resource, Default)]
pub struct SpatialScenes {
    by_view: BTreeMap<ViewId, SpatialScene>,
    lights: Lights,
}

impl SpatialScenes {
    /// The scene of a view.
    pub fn get(&self, view: ViewId) -> Option<&SpatialScene> {
        self.by_view.get(&view)
    }

    /// The scene of a view.
    pub(crate) fn get_mut(&mut self, view: ViewId) -> Option<&mut SpatialScene> {
        self.by_view.get_mut(&view)
    }

    /// All scenes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SpatialScene> {
        self.by_view.values()
    }

    /// All scenes.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut SpatialScene> {
        self.by_view.values_mut()
    }

    fn free_layer(&self) -> usize {
        let used: FxHashSet<usize> = self.by_view.values().map(|scene| scene.layer).collect();
        (FIRST_LAYER..)
            .find(|layer| !used.contains(layer))
            .unwrap_or(FIRST_LAYER)
    }
}

/// What one view shows, and where.
pub struct SpatialScene {
    /// The view.
    pub(crate) view: ViewId,
    pub(crate) space: Space,
    pub(crate) blueprint: Arc<ViewBlueprint>,
    pub(crate) tile: ViewTile,
    pub(crate) layer: usize,
    recording: Option<RecordingKey>,
    origin: Option<Origin>,
    consumed: Consumed,
    entities: FxHashMap<SceneKey, Shown>,
    /// The entities in the order of their paths.
    order: BTreeMap<OrderKey, SceneKey>,
    /// What has no place in the view's space, because no transform leads there.
    hidden: FxHashMap<SceneKey, Hidden>,
    /// What stands in a frame.
    standing: FxHashMap<FrameId, FxHashSet<SceneKey>>,
    kinds: PartKinds,
    batches: Batches,
    draw_order: DrawOrder,
    quads: PictureQuads,
    is_decoding: bool,
    labels: BTreeMap<OrderKey, Vec<PlacedLabel>>,
    version: u64,
    /// Whether something was written since the camera last looked.
    pub(crate) is_changed: bool,
    pub(crate) framing: Framing,
    pub(crate) camera: Option<SceneCamera>,
    /// Entities of the class's own, such as a grid.
    pub(crate) extras: Vec<Entity>,
    pub(crate) projector: Projector,
}

/// The versions that a scene was last brought up to date with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Consumed {
    transforms: u64,
    lights: u64,
}

/// An entity as it is shown.
pub(crate) struct Shown {
    pub(crate) visual: Arc<SpatialVisual>,
    pub(crate) path: EntityPath,
    pub(crate) view_from_entity: DAffine3,
    pub(crate) default_radius: f32,
    /// The frame that it stands in.
    node: Option<FrameId>,
    highlight: Highlight,
    placed: Placed,
    /// The draw order that it was last written with.
    drawn_order: f32,
}

/// An entity that has no place in the view's space.
struct Hidden {
    shown: Shown,
    reason: NoTransform,
}

impl Shown {
    /// Around what is shown, in the view's space.
    fn bounds(&self) -> Bounds {
        self.visual.bounds.transformed(&self.view_from_entity)
    }
}

impl SpatialScene {
    fn new(view: &View, space: Space, layer: usize, kinds: PartKinds) -> Self {
        Self {
            kinds,
            view: view.id,
            space,
            blueprint: view.blueprint.clone(),
            tile: ViewTile::default(),
            layer,
            recording: None,
            origin: None,
            consumed: Consumed::default(),
            entities: FxHashMap::default(),
            order: BTreeMap::new(),
            hidden: FxHashMap::default(),
            standing: FxHashMap::default(),
            batches: Batches::new(layer),
            draw_order: DrawOrder::new(space),
            quads: PictureQuads::default(),
            is_decoding: false,
            labels: BTreeMap::new(),
            version: 0,
            is_changed: true,
            framing: Framing::default(),
            camera: None,
            extras: Vec::new(),
            projector: Projector::default(),
        }
    }

    /// How the view's space comes to its tile.
    pub fn projector(&self) -> &Projector {
        &self.projector
    }

    /// The texture that the view is rendered to, once there is one.
    pub fn texture(&self) -> Option<egui::TextureId> {
        self.camera.as_ref()?.texture
    }

    /// The image that the view is rendered to, once there is one.
    pub fn image(&self) -> Option<&Handle<Image>> {
        self.camera.as_ref().map(SceneCamera::image)
    }

    /// Whether the view's camera renders in this frame.
    pub fn is_rendering(&self) -> bool {
        self.camera.as_ref().is_some_and(SceneCamera::is_rendering)
    }

    /// The memory of its draw lists.
    pub(crate) fn list_memory(&self, world: &World) -> MemoryUse {
        self.batches.memory_use(world)
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Grows with each change of what is shown, where it stands, or how it is lit up.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Bounds of everything that is shown, in the view's space. Cost: O(entities).
    pub fn bounds(&self) -> Bounds {
        let shown = self.entities.values();
        shown.fold(Bounds::EMPTY, |all, shown| all.union(shown.bounds()))
    }

    /// Bounds of the pictures that are shown.
    pub(crate) fn picture_bounds(&self) -> Bounds {
        self.quads
            .values()
            .filter(|quad| quad.is_shown())
            .filter_map(|quad| self.entities.get(&quad.key))
            .fold(Bounds::EMPTY, |all, shown| all.union(shown.bounds()))
    }

    /// Around one entity and all below it.
    pub(crate) fn bounds_of(&self, path: &EntityPath) -> Bounds {
        self.at_or_below(path)
            .filter_map(|key| self.entities.get(&key))
            .fold(Bounds::EMPTY, |all, shown| all.union(shown.bounds()))
    }

    /// The texts over the view, in the order of their entities' paths.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &PlacedLabel> {
        self.labels.values().flatten().take(MAX_LABELS)
    }

    /// The entities in the order of their paths.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (SceneKey, &Shown)> {
        self.order
            .values()
            .filter_map(|key| Some((*key, self.entities.get(key)?)))
    }

    /// The parts in the order in which they are drawn.
    pub(crate) fn draw_order(&self) -> &DrawOrder {
        &self.draw_order
    }

    /// The entity at a path that a visualizer shows, and its uniform.
    pub(crate) fn shown_at(&self, path: &EntityPath, source: SourceId) -> Option<(SegmentUniform, &Shown)> {
        let key = *self.order.get(&(path.clone(), source))?;
        let shown = self.entities.get(&key)?;
        Some((write::uniform_of(key, shown), shown))
    }

    /// The name of a kind of parts.
    pub(crate) fn kind_name(&self, kind: KindId) -> Option<&'static str> {
        Some(self.kinds.get(kind)?.name)
    }

    /// An entity.
    pub(crate) fn get(&self, key: SceneKey) -> Option<&Shown> {
        self.entities.get(&key)
    }

    /// The pictures that could not be decoded.
    pub(crate) fn failures(&self) -> impl Iterator<Item = Report> {
        self.quads.values().filter_map(|quad| {
            let (path, message) = (&self.entities.get(&quad.key)?.path, quad.failure()?);
            Some(Report::entity_warning("image", path.clone(), message))
        })
    }

    /// Why something has no place in the view's space: one report per part of the frame graph that is cut off, with the first entity
    /// in it. What a camera keeps out is not missed, and what [`Transforms::reports`] explains is not told twice.
    pub(crate) fn unplaced(&self, transforms: &Transforms, store: &ChunkStore) -> Vec<Report> {
        let origin = self
            .origin
            .map(|origin| transforms.origin_placement(store, origin).tree);
        if self.hidden.is_empty() || origin.is_some_and(|tree| transforms.is_reported(tree)) {
            return Vec::new();
        }
        let by_path: BTreeMap<&EntityPath, (EntityId, NoTransform)> = self
            .hidden
            .iter()
            .filter(|(_, hidden)| hidden.reason != NoTransform::ThroughPinhole)
            .map(|(key, hidden)| (&hidden.shown.path, (key.1, hidden.reason)))
            .collect();
        let mut trees = FxHashSet::default();
        let mut reports = Vec::new();
        for (path, (entity, reason)) in by_path {
            let tree = transforms.placement(store, entity).tree;
            if !transforms.is_reported(tree) && trees.insert(tree) {
                let frame = transforms.frame_name(store, entity).unwrap_or_default();
                let message = format!("{reason}, from the frame {frame}");
                reports.push(Report::entity_warning("transform", path.clone(), message));
            }
        }
        reports
    }

    /// An entity and all below it, in the order of their paths.
    fn at_or_below<'a>(&'a self, path: &'a EntityPath) -> impl Iterator<Item = SceneKey> + use<'a> {
        let range: btree_map::Range<'a, OrderKey, SceneKey> = self.order.range((path.clone(), 0)..);
        range
            .take_while(|((other, _), _)| other.starts_with(path))
            .map(|(_, key)| *key)
    }

    /// Whether nothing changed since the camera last looked, and the camera has nothing left to render.
    pub(crate) fn is_at_rest(&self) -> bool {
        !self.is_changed && self.camera.as_ref().is_some_and(SceneCamera::is_asleep)
    }

    /// Places the camera, and decides whether it renders in this frame.
    pub(crate) fn look(
        &mut self,
        world: &mut World,
        placement: Placement,
        background: egui::Color32,
        style: &ViewStyle,
    ) {
        let shot = Shot {
            tile: self.tile,
            placement,
            background,
            style,
            is_changed: std::mem::take(&mut self.is_changed),
        };
        SceneCamera::update(&mut self.camera, world, self.layer, &shot);
    }

    /// Lets the camera sleep. When it wakes up it renders.
    pub(crate) fn put_to_sleep(&mut self, world: &mut World) {
        if let Some(camera) = &mut self.camera {
            camera.put_to_sleep(world);
        }
    }

    fn despawn(&mut self, world: &mut World, textures: &mut PictureTextures) {
        self.batches.despawn(world);
        self.quads.despawn(world, textures);
        for entity in self.extras.drain(..) {
            world.despawn(entity);
        }
        if let Some(camera) = self.camera.take() {
            camera.despawn(world);
        }
    }
}
