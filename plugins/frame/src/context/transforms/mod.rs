//! Where entities stand: the frame graph at the cursor, composed in f64.
//!
//! [`read`] reads rows, [`rows`] finds those that hold at the cursor, [`rows_by_frame`] those of entities
//! that place several frames, and [`graph`] puts them together, so that each entity has a [`placement`]. [`update`] brings all of that to
//! the cursor; [`any_time`] asks for other times. Only frames that rows speak of are kept; an entity without a frame of
//! its own stands in that of the nearest path above it that has one. At a moved cursor only the subtrees
//! below changed transforms are composed anew.
//!
//! The graph falls into trees: that of the world, one below each frame of which it is not known how it hangs
//! on its parent, and one for the picture of each camera. Two entities of one tree see each other; between
//! trees there is no transform.

mod any_time;
mod graph;
mod pinhole;
mod placement;
mod read;
mod rows;
mod rows_by_frame;
mod update;

use std::sync::Arc;

use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkId, ChunkMeta, ChunkStore, EntityId, EntityPath};
use chronoscope_types::CoordinateFrame;
use glam::{DAffine3, DVec3};
use rustc_hash::FxHashMap;

pub(crate) use any_time::{
    AnyTimePlacement, AnyTimeRoot, AnyTimeTransforms, ReadChunks, implicit_frame, named_frame,
};
pub(crate) use graph::FrameKey;
pub use pinhole::PinholeCamera;
pub use placement::{FrameId, NoTransform, Origin, OriginCamera, Placement, Tree};

use crate::{RecordingKey, Report};
use graph::FrameGraph;
use rows_by_frame::RowsByFrame;

/// The components that say where entities stand.
pub(super) const TRANSFORM_COMPONENTS: &[&str] = &[
    read::COMPONENTS[0],
    read::COMPONENTS[1],
    read::COMPONENTS[2],
    read::COMPONENTS[3],
    read::COMPONENTS[4],
    read::COMPONENTS[5],
    read::COMPONENTS[6],
    read::COMPONENTS[7],
    CoordinateFrame::FRAME.name,
];

pub(super) use graph::ContextFrame;
pub(super) use pinhole::PINHOLE_COMPONENTS;

/// What changed since a version of [`Transforms`].
#[derive(Clone, Copy, Debug, Default)]
pub struct TransformChanges<'a> {
    /// Frames that stand elsewhere, new ones among them. What stands in them moved with them. In no order.
    pub frames: &'a [FrameId],
    /// Entities that may stand in another frame than before, with all below them. In no order.
    pub entities: &'a [EntityId],
}

/// What an update of [`Transforms`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TransformWork {
    /// Frames that were composed.
    pub(crate) frames: usize,
    /// Rows that were read of entities that place several named frames.
    pub(crate) rows_read: usize,
}

/// The transforms at the cursor. Kept up to date only while a shown view looks there.
#[derive(Resource, Default)]
pub struct Transforms {
    recording: Option<RecordingKey>,
    /// The epoch of the latest-at results that these were made from.
    epoch: u64,
    graph: FrameGraph,
    rows: RowsByFrame,
    /// The frames of the cameras of entities, where those are not the frames of their paths.
    pinhole_frames: FxHashMap<EntityId, usize>,
    /// Entities that stand in a frame that is not that of their path.
    own_frames: FxHashMap<EntityId, OwnFrame>,
    changed_frames: Vec<FrameId>,
    changed_entities: Vec<EntityId>,
    version: u64,
    /// Grows where entities are in other frames than before.
    structure_version: u64,
    /// Whether something changed in the last update.
    is_changed: bool,
    /// The version before which changes are not known.
    reset_version: u64,
}

/// The frame that an entity stands in.
struct OwnFrame {
    /// The frame in the graph; `None` for that of the path. An error where it cannot be read.
    key: Result<Option<usize>, Report>,
    name: Option<Arc<str>>,
    /// The version at which it last changed.
    version: u64,
}

impl Transforms {
    /// Those of a query context whose versions begin here.
    pub(crate) fn beginning_at(version: u64) -> Self {
        Self {
            version,
            reset_version: version,
            ..Self::default()
        }
    }

    /// Where an entity stands.
    pub fn placement(&self, store: &ChunkStore, entity: EntityId) -> Placement {
        match self.frame_in_graph(store, entity) {
            EntityFrame::Frame(at) => self.graph.frames[at].placement,
            EntityFrame::World => Placement::WORLD,
            EntityFrame::Unreadable => Placement {
                tree: Tree::Entity(entity),
                tree_from_frame: DAffine3::IDENTITY,
            },
        }
    }

    /// Where an entity is placed, and in which frame it stands: one look-up for both.
    pub fn place_of(&self, store: &ChunkStore, entity: EntityId) -> (Placement, Option<FrameId>) {
        match self.frame_in_graph(store, entity) {
            EntityFrame::Frame(at) => (self.graph.frames[at].placement, Some(FrameId(at as u32))),
            EntityFrame::World | EntityFrame::Unreadable => (self.placement(store, entity), None),
        }
    }

    /// Where a frame is placed.
    ///
    /// Precondition: the frame is one of the present version.
    pub fn placement_in(&self, frame: FrameId) -> Placement {
        let known = self.graph.frames.get(frame.0 as usize);
        debug_assert!(known.is_some(), "a frame stands for another one after a reset");
        known.map_or(Placement::WORLD, |frame| frame.placement)
    }

    /// From an entity's space to that of the root; `None` where no transform leads there.
    pub fn world_from_entity(&self, store: &ChunkStore, entity: EntityId) -> Option<DAffine3> {
        let placement = self.placement(store, entity);
        (placement.tree == Tree::World).then_some(placement.tree_from_frame)
    }

    /// What a view looks from whose origin is a path. The same path may be another origin after each update.
    ///
    /// A path that the store does not have is in its implicit frame, whatever frame the entities above it are
    /// in.
    pub fn origin(&self, store: &ChunkStore, path: &EntityPath) -> Origin {
        match store.entity_id(path) {
            Some(entity) => Origin::Entity(entity),
            None => self
                .graph
                .nearest_of_path(store, path)
                .map_or(Origin::World, |at| Origin::Frame(FrameId(at as u32))),
        }
    }

    /// What a view looks from that looks from a frame, by its name; `None` where no frame at the cursor is
    /// called so. It may be another origin after each update.
    pub fn origin_of_frame(&self, store: &ChunkStore, name: &Arc<str>) -> Option<Origin> {
        let at = match FrameGraph::key_of(store, name) {
            FrameKey::Path(entity) => self.graph.nearest(store, entity),
            FrameKey::UnknownPath(path) => self.graph.nearest_of_path(store, &path),
            FrameKey::Name(name) => return Some(Origin::Frame(FrameId(self.graph.find_name(&name)? as u32))),
        };
        Some(at.map_or(Origin::World, |at| Origin::Frame(FrameId(at as u32))))
    }

    /// Where an origin is placed.
    pub fn origin_placement(&self, store: &ChunkStore, origin: Origin) -> Placement {
        match origin {
            Origin::Entity(entity) => self.placement(store, entity),
            Origin::Frame(FrameId(at)) => self.graph.frames[at as usize].placement,
            Origin::Camera(FrameId(at)) => self.graph.frames[at as usize].outer(),
            Origin::World => Placement::WORLD,
        }
    }

    /// The frame of an origin; `None` at the root of the world.
    pub fn origin_frame(&self, store: &ChunkStore, origin: Origin) -> Option<FrameId> {
        match origin {
            Origin::Entity(entity) => self.frame_of(store, entity),
            Origin::Frame(frame) | Origin::Camera(frame) => Some(frame),
            Origin::World => None,
        }
    }

    /// The camera in whose picture an origin lies, if it lies in one.
    pub fn camera_of_origin(&self, store: &ChunkStore, origin: Origin) -> Option<OriginCamera<'_>> {
        let Placement {
            tree: Tree::Image(frame),
            tree_from_frame,
        } = self.origin_placement(store, origin)
        else {
            return None;
        };
        Some(OriginCamera {
            pinhole: self.graph.frames.get(frame.0 as usize)?.pinhole.as_deref()?,
            outside: Origin::Camera(frame),
            picture_from_origin: tree_from_frame,
        })
    }

    /// From an entity's space to that of an origin.
    ///
    /// # Errors
    /// Where no transform leads from one to the other.
    pub fn origin_from_entity(
        &self,
        store: &ChunkStore,
        origin: Origin,
        entity: EntityId,
    ) -> Result<DAffine3, NoTransform> {
        self.origin_from(store, origin, self.placement(store, entity))
    }

    /// From the space in which the camera of an entity stands to that of an origin.
    ///
    /// # Errors
    /// Where the entity has no camera, or no transform leads from it to the origin.
    pub fn origin_from_camera(
        &self,
        store: &ChunkStore,
        origin: Origin,
        entity: EntityId,
    ) -> Result<DAffine3, NoTransform> {
        let at = match self.pinhole_frames.get(&entity) {
            Some(at) => Some(*at),
            None => self.camera_frame(store, entity).map(|FrameId(at)| at as usize),
        };
        let frame = at.and_then(|at| self.graph.frames.get(at));
        let frame = frame.ok_or(NoTransform::NoCamera)?;
        self.origin_from(store, origin, frame.outer())
    }

    /// From an entity's space, where that is in the picture of a camera, to that of an origin outside of it: to
    /// where the picture is shown.
    ///
    /// # Errors
    /// Where the entity is in no picture, or no transform leads from its camera to the origin.
    pub fn origin_from_picture(
        &self,
        store: &ChunkStore,
        origin: Origin,
        entity: EntityId,
    ) -> Result<DAffine3, NoTransform> {
        let placement = self.placement(store, entity);
        if placement.tree == self.origin_placement(store, origin).tree {
            // The view is in the picture, too, or neither is.
            return match placement.tree {
                Tree::Image(_) => self.origin_from(store, origin, placement),
                _ => Err(NoTransform::NoCamera),
            };
        }
        let Tree::Image(FrameId(at)) = placement.tree else {
            return Err(NoTransform::NoCamera);
        };
        let frame = &self.graph.frames[at as usize];
        let pinhole = frame.pinhole.as_ref().ok_or(NoTransform::NoCamera)?;
        let origin_from_frame = self.origin_from(store, origin, frame.outer())?;
        Ok(origin_from_frame * pinhole.frame_from_picture() * placement.tree_from_frame)
    }

    /// Where the camera is in whose picture an entity lies, seen from an origin, and how far from it the picture is shown, in the
    /// units of the camera's frame; `None` where [`Self::origin_from_picture`] is an error or the view is in the picture, too.
    pub fn picture_eye(&self, store: &ChunkStore, origin: Origin, entity: EntityId) -> Option<(DVec3, f64)> {
        let placement = self.pinhole_placement(store, entity)?;
        let origin_from_frame = self.origin_from(store, origin, placement).ok()?;
        let distance = self.pinhole(store, entity)?.picture_distance();
        Some((origin_from_frame.translation, distance))
    }

    /// The frame of the camera in whose picture an entity lies.
    pub fn camera_frame(&self, store: &ChunkStore, entity: EntityId) -> Option<FrameId> {
        self.placement(store, entity).tree.camera_frame()
    }

    fn origin_from(
        &self,
        store: &ChunkStore,
        origin: Origin,
        placement: Placement,
    ) -> Result<DAffine3, NoTransform> {
        self.between(self.origin_placement(store, origin), placement)
    }

    /// From the space of what is placed in one way to that of what is placed in another, the origin.
    ///
    /// # Errors
    /// Where no transform leads from one to the other.
    pub fn between(&self, origin: Placement, placement: Placement) -> Result<DAffine3, NoTransform> {
        if placement.tree != origin.tree {
            let is_image = |tree| matches!(tree, Tree::Image(_));
            let is_through = self.outermost(placement.tree) == self.outermost(origin.tree);
            return Err(
                if is_through && (is_image(placement.tree) || is_image(origin.tree)) {
                    NoTransform::ThroughPinhole
                } else {
                    NoTransform::Unconnected
                },
            );
        }
        if origin.tree_from_frame == DAffine3::IDENTITY {
            return Ok(placement.tree_from_frame);
        }
        let inverse = origin.tree_from_frame.inverse();
        if inverse.is_finite() {
            Ok(inverse * placement.tree_from_frame)
        } else {
            Err(NoTransform::FlatOrigin)
        }
    }

    /// The tree outside of all cameras.
    fn outermost(&self, mut tree: Tree) -> Tree {
        while let Tree::Image(FrameId(at)) = tree {
            tree = self.graph.frames[at as usize].outer().tree;
        }
        tree
    }

    /// The frame that an entity stands in: its own, or the nearest at or above it. `None` at the root of the
    /// world.
    pub fn frame_of(&self, store: &ChunkStore, entity: EntityId) -> Option<FrameId> {
        match self.frame_in_graph(store, entity) {
            EntityFrame::Frame(at) => Some(FrameId(at as u32)),
            EntityFrame::World | EntityFrame::Unreadable => None,
        }
    }

    /// The name of the frame that an entity stands in: `tf#/` and its path, unless it has one of its own.
    /// `None` where that cannot be read.
    pub fn frame_name(&self, store: &ChunkStore, entity: EntityId) -> Option<String> {
        let key = self.own_frames.get(&entity).map(|own| own.key.as_ref());
        Some(match key {
            None | Some(Ok(None)) => graph::name_of(store, &FrameKey::Path(entity)),
            Some(Ok(Some(at))) => graph::name_of(store, &self.graph.frames[*at].key),
            Some(Err(_)) => return None,
        })
    }

    /// The camera in whose picture an entity lies: that of the nearest frame at or above it.
    pub fn pinhole(&self, store: &ChunkStore, entity: EntityId) -> Option<&Arc<PinholeCamera>> {
        let FrameId(at) = self.camera_frame(store, entity)?;
        self.graph.frames[at as usize].pinhole.as_ref()
    }

    /// Where the camera stands in whose picture an entity lies: what looks along its axis, above the picture.
    pub fn pinhole_placement(&self, store: &ChunkStore, entity: EntityId) -> Option<Placement> {
        let FrameId(at) = self.camera_frame(store, entity)?;
        Some(self.graph.frames[at as usize].outer())
    }

    /// The version at which the placement of an entity last changed; zero where no transform is at or above
    /// it.
    pub fn version_of(&self, store: &ChunkStore, entity: EntityId) -> u64 {
        let own = self.own_frames.get(&entity).map_or(0, |own| own.version);
        match self.frame_in_graph(store, entity) {
            EntityFrame::Frame(at) => self.graph.frames[at].version.max(own),
            EntityFrame::World | EntityFrame::Unreadable => own,
        }
    }

    /// Whether what stands in a frame may have come into another tree with the latest version, so that there may be a transform
    /// where there was none, or none where there was one.
    ///
    /// Precondition: the frame is one of the present version.
    pub fn has_other_tree(&self, frame: FrameId) -> bool {
        let frame = self.graph.frames.get(frame.0 as usize);
        debug_assert!(frame.is_some(), "a frame stands for another one after a reset");
        frame.is_none_or(|frame| frame.tree_version == self.version)
    }

    /// Another number whenever trees are cut off for other reasons: [`Self::is_reported`] may say something else of them, or
    /// [`Self::origin_from_entity`] give another reason, though nothing moved.
    pub fn cuts_version(&self) -> u64 {
        self.graph.cuts_version()
    }

    /// Whether there is no way into the space of an origin, whatever leads to it.
    pub fn is_flat(&self, store: &ChunkStore, origin: Origin) -> bool {
        let transform = self.origin_placement(store, origin).tree_from_frame;
        transform != DAffine3::IDENTITY && !transform.inverse().is_finite()
    }

    /// The version at which the camera of an entity last changed.
    pub fn pinhole_version_of(&self, store: &ChunkStore, entity: EntityId) -> u64 {
        let own = self.own_frames.get(&entity).map_or(0, |own| own.version);
        let EntityFrame::Frame(at) = self.frame_in_graph(store, entity) else {
            return own;
        };
        let frame = &self.graph.frames[at];
        let pinhole = match frame.placement.tree {
            Tree::Image(FrameId(at)) => self.graph.frames[at as usize].pinhole_version,
            _ => 0,
        };
        pinhole.max(frame.tree_version).max(own)
    }

    /// Whether something changed in the last update.
    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Grows with each change of any transform.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What changed since a version. `None` where all may have.
    pub fn changes_since(&self, version: u64) -> Option<TransformChanges<'_>> {
        if version == self.version {
            return Some(TransformChanges::default());
        }
        (version + 1 == self.version && version >= self.reset_version).then_some(TransformChanges {
            frames: &self.changed_frames,
            entities: &self.changed_entities,
        })
    }

    /// What is wrong with transforms, ordered by entity.
    pub fn reports(&self) -> Vec<&Report> {
        let own = self.own_frames.values().filter_map(|own| own.key.as_ref().err());
        let mut reports: Vec<&Report> = self.graph.problems().chain(own).collect();
        reports.sort_by(|a, b| (&a.entity, &a.message).cmp(&(&b.entity, &b.message)));
        reports
    }

    /// The frame that an entity is in; `None` where its name cannot be read.
    pub(super) fn context_frame(&self, store: &ChunkStore, entity: EntityId) -> Option<ContextFrame> {
        match self.frame_in_graph(store, entity) {
            EntityFrame::Unreadable => None,
            EntityFrame::Frame(_) | EntityFrame::World => Some(match self.own_frames.get(&entity) {
                Some(OwnFrame {
                    key: Ok(Some(at)), ..
                }) => self.graph.context_frame(*at),
                _ => ContextFrame::Path(entity),
            }),
        }
    }

    /// A frame and all above it, up to its root: implicit frames that are not in the graph, too.
    pub(super) fn context_frames(
        &self,
        store: &ChunkStore,
        frame: ContextFrame,
    ) -> impl Iterator<Item = ContextFrame> {
        std::iter::successors(Some(frame), |frame| self.graph.above(store, *frame))
    }

    /// Grows with each change of what frames are below which, and of which entity is in which.
    pub(super) fn structure_version(&self) -> u64 {
        self.structure_version + self.graph.structure_version()
    }

    /// Grows with each change of what frames are below which.
    pub(super) fn frames_version(&self) -> u64 {
        self.graph.structure_version()
    }

    /// Whether one of [`Self::reports`] says why a tree is cut off.
    pub fn is_reported(&self, tree: Tree) -> bool {
        match self.outermost(tree) {
            Tree::World | Tree::Image(_) => false,
            Tree::Frame(FrameId(at)) => self.graph.is_reported(at as usize),
            Tree::Entity(_) => true,
        }
    }

    fn frame_in_graph(&self, store: &ChunkStore, entity: EntityId) -> EntityFrame {
        match self.own_frames.get(&entity).map(|own| &own.key) {
            None | Some(Ok(None)) => self
                .graph
                .nearest(store, entity)
                .map_or(EntityFrame::World, EntityFrame::Frame),
            Some(Ok(Some(at))) => EntityFrame::Frame(*at),
            Some(Err(_)) => EntityFrame::Unreadable,
        }
    }

    /// The heap bytes that they take. Cost: constant.
    pub fn heap_bytes(&self) -> u64 {
        let bytes = self.graph.heap_bytes()
            + self.rows.heap_bytes()
            + self.own_frames.capacity() * size_of::<(EntityId, OwnFrame)>()
            + self.pinhole_frames.capacity() * size_of::<(EntityId, usize)>()
            + self.changed_frames.capacity() * size_of::<FrameId>()
            + self.changed_entities.capacity() * size_of::<EntityId>();
        bytes as u64
    }

    /// The chunks that are not loaded and could place frames elsewhere, beside those that latest-at results
    /// lack.
    pub(crate) fn missing(&self) -> impl Iterator<Item = ChunkId> {
        self.rows.missing()
    }

    /// Grows with each change of what is missing.
    pub(crate) fn missing_version(&self) -> u64 {
        self.rows.missing_version()
    }

    /// Whether a chunk holds rows that place frames at the cursor.
    pub(crate) fn shows(&self, chunk: &ChunkMeta) -> bool {
        self.rows.shows(chunk)
    }
}

/// What an entity stands in.
enum EntityFrame {
    World,
    Frame(usize),
    Unreadable,
}
