//! The frame graph: a forest of frames, composed in f64.
//!
//! A frame is the implicit one of an entity path, or has a name. The parent of an implicit frame is that of
//! the path above, unless a row gives another one; a frame with a name has no parent, unless a row gives one.
//! Whether the store has a path makes no difference: `tf#/a/b` may be named before anything is logged there.
//! Where the transform to the parent is not known, the graph is cut: what is below is in a tree of its own.

mod compose;
mod context_frames;
mod parents;

use std::{collections::BTreeMap, sync::Arc};

use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use glam::DAffine3;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{FrameId, PinholeCamera, Placement};
use crate::Report;
pub(in crate::context) use context_frames::ContextFrame;

/// What the names of the frames of paths begin with.
pub(super) const PATH_PREFIX: &str = "tf#";

/// So many frames are kept, whether rows speak of them or not.
const FEW_FRAMES: usize = 512;

#[derive(Default)]
pub(super) struct FrameGraph {
    pub(super) frames: Vec<Frame>,
    by_entity: FxHashMap<EntityId, usize>,
    by_name: FxHashMap<Arc<str>, usize>,
    /// Frames of paths that the store does not have.
    by_unknown_path: BTreeMap<EntityPath, usize>,
    /// The number of paths of the store that are not in `by_unknown_path`.
    num_known_paths: usize,
    /// The bytes of the names of frames.
    name_bytes: usize,
    /// Grows with each change of what is below what.
    structure_version: u64,
    /// Grows with each change of where the graph is cut for a reason that is reported, and of what camera looks from where.
    cuts_version: u64,
    /// Whether a row ever gave a parent, so that there may be cycles.
    has_named_parents: bool,
    /// Whether an entity ever said something about a camera.
    has_pinholes: bool,
    /// Frames whose parents form a cycle.
    cyclic: Vec<usize>,
    /// What is wrong with frames.
    problems: BTreeMap<usize, Report>,
    /// Frames whose composed transforms are not finite.
    overflows: BTreeMap<usize, Report>,
    /// What is new or says something else.
    touched: Vec<usize>,
    /// New frames of entities.
    new: Vec<usize>,
    /// What is composed anew.
    dirty: Vec<usize>,
    pass: u64,
    /// The number of frames when it was last counted which of them are idle.
    counted: usize,
}

/// How a frame is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FrameKey {
    Path(EntityId),
    /// A path that the store does not have.
    UnknownPath(EntityPath),
    Name(Arc<str>),
}

pub(super) struct Frame {
    pub(super) key: FrameKey,
    /// What rows say about it: one, unless they contradict each other.
    transforms: SmallVec<[LoggedTransform; 1]>,
    pinholes: SmallVec<[LoggedPinhole; 0]>,
    /// What follows from that.
    edge: Edge,
    pub(super) pinhole: Option<Arc<PinholeCamera>>,
    parent: Option<usize>,
    children: Vec<usize>,
    /// The number of entities that say by name that they stand in it.
    num_entities: usize,
    is_cyclic: bool,
    /// Where it stands, beneath its own pinhole; `None` where it has none, and stands where what is in it does.
    beneath: Option<Box<Placement>>,
    /// Where what is in it stands.
    pub(super) placement: Placement,
    /// The version at which that last changed.
    pub(super) version: u64,
    /// The version at which the tree of [`Self::placement`] last changed.
    pub(super) tree_version: u64,
    /// The version at which its pinhole last changed.
    pub(super) pinhole_version: u64,
    /// The passes in which it was last composed, looked at from below, to be composed, and came to stand elsewhere.
    composed: u64,
    visited: u64,
    dirtied: u64,
    moved: u64,
}

/// What one entity's row says about how a frame hangs on its parent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LoggedTransform {
    pub(super) entity: EntityId,
    pub(super) is_static: bool,
    pub(super) parent: Option<Arc<str>>,
    pub(super) parent_from_frame: Result<DAffine3, String>,
}

/// What one entity's row says about the camera that looks from a frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LoggedPinhole {
    pub(super) entity: EntityId,
    pub(super) is_static: bool,
    pub(super) parent: Option<Arc<str>>,
    pub(super) pinhole: Result<Arc<PinholeCamera>, String>,
}

/// How a frame hangs on its parent.
#[derive(Clone, Debug, PartialEq)]
enum Edge {
    /// It hangs on nothing.
    Root,
    /// It hangs on the frame of the path above.
    Above(DAffine3),
    /// It hangs on this frame.
    Named(usize, DAffine3),
    /// How it hangs is not known.
    Broken,
}

impl Frame {
    /// Where it stands, beneath its own pinhole.
    pub(super) fn outer(&self) -> Placement {
        self.beneath.as_deref().copied().unwrap_or(self.placement)
    }

    /// Whether no row names it, and nothing hangs on it.
    fn is_idle(&self) -> bool {
        self.transforms.is_empty()
            && self.pinholes.is_empty()
            && self.children.is_empty()
            && self.num_entities == 0
    }
}

impl Edge {
    fn parent_from_frame(&self) -> DAffine3 {
        match self {
            Self::Root | Self::Broken => DAffine3::IDENTITY,
            Self::Above(transform) | Self::Named(_, transform) => *transform,
        }
    }
}

/// What changed in a pass.
#[derive(Default)]
pub(super) struct Composed {
    pub(super) frames: usize,
    pub(super) moved: Vec<FrameId>,
    /// Entities at or below which another frame may be the nearest.
    pub(super) new: Vec<EntityId>,
}

impl FrameGraph {
    /// Finds the frames whose paths the store has now, and had not when they were named. Call it before new
    /// rows are taken.
    ///
    /// Cost: the new paths.
    pub(super) fn adopt_paths(&mut self, store: &ChunkStore) {
        let known = std::mem::replace(&mut self.num_known_paths, store.tree().len());
        if self.by_unknown_path.is_empty() {
            return;
        }
        for entity in (known..store.tree().len()).map(EntityId::from_index) {
            if let Some(at) = self.by_unknown_path.remove(store.entity_path(entity)) {
                self.structure_version += 1;
                self.frames[at].key = FrameKey::Path(entity);
                self.by_entity.insert(entity, at);
            }
        }
    }

    /// Whether most frames are idle: no row speaks of them any more, nor is anything in them. Then it is
    /// cheaper to begin anew than to keep them.
    ///
    /// Cost: constant per frame that was added.
    pub(super) fn is_mostly_idle(&mut self) -> bool {
        if self.frames.len() < 2 * self.counted.max(FEW_FRAMES) {
            return false;
        }
        self.counted = self.frames.len();
        let idle = self.frames.iter().filter(|frame| frame.is_idle());
        idle.count() * 2 > self.counted
    }

    /// The nearest frame of a path at or above an entity.
    pub(super) fn nearest(&self, store: &ChunkStore, entity: EntityId) -> Option<usize> {
        if self.by_entity.is_empty() {
            return None;
        }
        let mut ancestors = store.tree().ancestors(entity);
        ancestors.find_map(|entity| self.by_entity.get(&entity).copied())
    }

    /// The nearest frame of a path at or above a path, which the store need not have.
    pub(super) fn nearest_of_path(&self, store: &ChunkStore, path: &EntityPath) -> Option<usize> {
        for path in path.ancestors() {
            if let Some(entity) = store.entity_id(&path) {
                return self.nearest(store, entity);
            }
            if let Some(at) = self.by_unknown_path.get(&path) {
                return Some(*at);
            }
        }
        None
    }

    /// The frame of this name that is no path's; `None` where no row at the cursor names it, whether one did before or not.
    pub(super) fn find_name(&self, name: &str) -> Option<usize> {
        let at = self.by_name.get(name).copied();
        at.filter(|at| !self.frames[*at].is_idle())
    }

    /// Takes note that an entity stands in another frame than before, of those that it names.
    pub(super) fn move_entity(&mut self, before: Option<usize>, now: Option<usize>) {
        if let Some(at) = before {
            debug_assert!(self.frames[at].num_entities > 0, "what leaves a frame was in it");
            self.frames[at].num_entities -= 1;
        }
        if let Some(at) = now {
            self.frames[at].num_entities += 1;
        }
    }

    pub(super) fn find_entity(&self, entity: EntityId) -> Option<usize> {
        self.by_entity.get(&entity).copied()
    }

    fn add(&mut self, key: FrameKey) -> usize {
        let at = self.frames.len();
        match &key {
            FrameKey::Path(entity) => {
                self.by_entity.insert(*entity, at);
                self.new.push(at);
            }
            FrameKey::UnknownPath(path) => {
                self.name_bytes += path.heap_bytes();
                self.by_unknown_path.insert(path.clone(), at);
                self.new.push(at);
            }
            FrameKey::Name(name) => {
                self.name_bytes += name.len();
                self.by_name.insert(Arc::clone(name), at);
            }
        }
        self.frames.push(Frame {
            key,
            transforms: SmallVec::new(),
            pinholes: SmallVec::new(),
            edge: Edge::Root,
            pinhole: None,
            parent: None,
            children: Vec::new(),
            num_entities: 0,
            is_cyclic: false,
            beneath: None,
            placement: Placement::WORLD,
            version: 0,
            tree_version: 0,
            pinhole_version: 0,
            composed: 0,
            visited: 0,
            dirtied: 0,
            moved: 0,
        });
        self.touched.push(at);
        at
    }

    /// The frame of an entity's path.
    pub(super) fn frame_of_entity(&mut self, entity: EntityId) -> usize {
        match self.by_entity.get(&entity) {
            Some(at) => *at,
            None => self.add(FrameKey::Path(entity)),
        }
    }

    /// What a name stands for: the implicit frame of a path, or a frame of its own.
    pub(super) fn key_of(store: &ChunkStore, name: &Arc<str>) -> FrameKey {
        let Some(path) = name.strip_prefix(PATH_PREFIX) else {
            return FrameKey::Name(Arc::clone(name));
        };
        let path = EntityPath::parse(path);
        match store.entity_id(&path) {
            Some(entity) => FrameKey::Path(entity),
            None => FrameKey::UnknownPath(path),
        }
    }

    /// The frame that is called so, added where it is new.
    pub(super) fn frame(&mut self, key: FrameKey) -> usize {
        match key {
            FrameKey::Path(entity) => self.frame_of_entity(entity),
            FrameKey::UnknownPath(path) => match self.by_unknown_path.get(&path) {
                Some(at) => *at,
                None => self.add(FrameKey::UnknownPath(path)),
            },
            FrameKey::Name(name) => match self.by_name.get(&name) {
                Some(at) => *at,
                None => self.add(FrameKey::Name(name)),
            },
        }
    }

    /// Replaces what an entity says about where a frame stands.
    pub(super) fn set_transform(&mut self, at: usize, entity: EntityId, logged: Option<LoggedTransform>) {
        if set_logged(&mut self.frames[at].transforms, logged, |known| {
            known.entity == entity
        }) {
            self.touched.push(at);
        }
    }

    /// Whether some entity ever said something about a camera.
    pub(super) fn has_pinholes(&self) -> bool {
        self.has_pinholes
    }

    /// Replaces what an entity says about the camera of a frame.
    pub(super) fn set_pinhole(&mut self, at: usize, entity: EntityId, logged: Option<LoggedPinhole>) {
        self.has_pinholes |= logged.is_some();
        if set_logged(&mut self.frames[at].pinholes, logged, |known| {
            known.entity == entity
        }) {
            self.touched.push(at);
        }
    }

    /// Composes what changed, as of a version that is greater than all before.
    ///
    /// Cost: what was touched, the frames above it, and those below that moved.
    pub(super) fn update(&mut self, store: &ChunkStore, version: u64) -> Composed {
        let mut relink = Vec::new();
        // Resolving may add frames that are named as parents.
        while let Some(at) = self.touched.pop() {
            self.resolve(store, at, version, &mut relink);
        }
        let new = std::mem::take(&mut self.new);
        self.relink(store, &new, relink);
        let mut composed = self.compose(store, version);
        composed.new = new
            .into_iter()
            .filter_map(|at| match self.frames[at].key {
                FrameKey::Path(entity) => Some(entity),
                FrameKey::UnknownPath(_) | FrameKey::Name(_) => None,
            })
            .collect();
        composed
    }

    /// The entity whose row holds for a frame, or whose frame it is.
    fn source_entity(&self, at: usize) -> Option<EntityId> {
        let frame = &self.frames[at];
        let transform = only(&frame.transforms, |logged| (logged.entity, logged.is_static));
        let pinhole = only(&frame.pinholes, |logged| (logged.entity, logged.is_static));
        let own = match &frame.key {
            FrameKey::Path(entity) => Some(*entity),
            FrameKey::UnknownPath(_) | FrameKey::Name(_) => None,
        };
        let transform = transform.ok().flatten().map(|logged| logged.entity);
        let pinhole = pinhole.ok().flatten().map(|logged| logged.entity);
        transform.or(pinhole).or(own)
    }

    /// The heap bytes; an estimate of names, and of what entities that contradict each other say. Cost:
    /// constant.
    pub(super) fn heap_bytes(&self) -> usize {
        // Each frame is the child of one other, and in one of the maps by name.
        let per_frame = size_of::<Frame>() + size_of::<usize>() + size_of::<(Arc<str>, usize)>();
        let lists = self.touched.capacity() + self.new.capacity() + self.dirty.capacity();
        self.frames.capacity() * per_frame + lists * size_of::<usize>() + self.name_bytes
    }

    pub(super) fn structure_version(&self) -> u64 {
        self.structure_version
    }

    pub(super) fn cuts_version(&self) -> u64 {
        self.cuts_version
    }

    /// Whether a report says why the graph is cut at a frame.
    pub(super) fn is_reported(&self, at: usize) -> bool {
        self.frames[at].is_cyclic || self.problems.contains_key(&at) || self.overflows.contains_key(&at)
    }

    /// What is wrong with frames, in no order.
    pub(super) fn problems(&self) -> impl Iterator<Item = &Report> {
        self.problems.values().chain(self.overflows.values())
    }
}

/// The name of a frame.
pub(super) fn name_of(store: &ChunkStore, key: &FrameKey) -> String {
    match key {
        FrameKey::Path(entity) => format!("{PATH_PREFIX}{}", store.entity_path(*entity)),
        FrameKey::UnknownPath(path) => format!("{PATH_PREFIX}{path}"),
        FrameKey::Name(name) => name.to_string(),
    }
}

/// Puts, replaces or removes what an entity logged. Returns whether something changed.
fn set_logged<T: PartialEq, const N: usize>(
    all: &mut SmallVec<[T; N]>,
    logged: Option<T>,
    is_of_entity: impl Fn(&T) -> bool,
) -> bool
where
    [T; N]: smallvec::Array<Item = T>,
{
    let known = all.iter().position(is_of_entity);
    match (known, logged) {
        (Some(at), Some(logged)) => {
            let changed = all[at] != logged;
            all[at] = logged;
            changed
        }
        (Some(at), None) => {
            all.remove(at);
            true
        }
        (None, Some(logged)) => {
            all.push(logged);
            true
        }
        (None, None) => false,
    }
}

/// What holds of the things that were logged: what was logged over time wins over what is static. An error
/// where there are several, with their entities.
pub(super) fn only<T>(all: &[T], of: impl Fn(&T) -> (EntityId, bool)) -> Result<Option<&T>, Vec<EntityId>> {
    if all.len() <= 1 {
        return Ok(all.first());
    }
    let temporal: Vec<&T> = all.iter().filter(|logged| !of(logged).1).collect();
    let holding = if temporal.is_empty() {
        all.iter().collect()
    } else {
        temporal
    };
    match holding.as_slice() {
        [one] => Ok(Some(one)),
        _ => Err(holding.iter().map(|logged| of(logged).0).collect()),
    }
}
