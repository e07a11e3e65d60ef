//! Values that hold for a frame and for the frames below it.

use std::collections::BTreeMap;

use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    ContextRows, EntityContext, Transforms,
    entity_context::{AnyContext, ContextInputs, has_rows},
    transforms::ContextFrame,
};
use crate::{RecordingKey, Report};

/// The values of one context at the cursor, by the frames that entities with rows are in.
pub(super) struct FrameValues<T: EntityContext> {
    recording: Option<RecordingKey>,
    epoch: u64,
    /// The versions of which entity is in which frame, and of the structure of the frame graph.
    structure: u64,
    frames: u64,
    /// The version of the transforms.
    transforms: u64,
    /// Entities with rows of the context.
    entities: BTreeMap<EntityPath, EntityId>,
    nodes: FxHashMap<ContextFrame, Node<T::Value>>,
    version: u64,
    /// Each change of a value has a number of its own, so that two frames with other values have other
    /// numbers.
    next_value: u64,
    reports: BTreeMap<EntityPath, Report>,
    /// What changed in the last update.
    changed: Changed,
}

/// For which entities other values hold.
#[derive(Default)]
enum Changed {
    #[default]
    Nothing,
    /// For these at most.
    Entities(Vec<EntityId>),
    /// What is in which frame is not kept.
    Unknown,
}

/// What holds in a frame that entities with rows are in.
struct Node<V> {
    entities: SmallVec<[EntityId; 1]>,
    value: Option<V>,
    /// The number of the value.
    version: u64,
    /// That of the value above, which it was read with.
    above: u64,
}

impl<T: EntityContext> Default for FrameValues<T> {
    fn default() -> Self {
        Self {
            recording: None,
            epoch: 0,
            structure: 0,
            frames: 0,
            transforms: 0,
            entities: BTreeMap::new(),
            nodes: FxHashMap::default(),
            version: 0,
            next_value: 0,
            reports: BTreeMap::new(),
            changed: Changed::Nothing,
        }
    }
}

impl<T: EntityContext> FrameValues<T> {
    /// What holds for an entity. Cost: the frames above it.
    pub(super) fn value(
        &self,
        store: &ChunkStore,
        transforms: &Transforms,
        entity: EntityId,
    ) -> Option<&T::Value> {
        self.nearest(store, transforms, entity)?.value.as_ref()
    }

    fn nearest(
        &self,
        store: &ChunkStore,
        transforms: &Transforms,
        entity: EntityId,
    ) -> Option<&Node<T::Value>> {
        if self.nodes.is_empty() {
            return None;
        }
        let frame = transforms.context_frame(store, entity)?;
        transforms
            .context_frames(store, frame)
            .find_map(|frame| self.nodes.get(&frame))
    }

    /// Takes the entities whose rows changed. Returns those, and whether there may be others.
    fn take_rows(&mut self, store: &ChunkStore, inputs: ContextInputs<'_>) -> FxHashSet<EntityId> {
        let latest_at = inputs.latest_at;
        let has_rows = has_rows::<T>(store, latest_at);
        let is_reset = self.epoch != latest_at.epoch();
        self.epoch = latest_at.epoch();
        let mut dirty: FxHashSet<EntityId> = FxHashSet::default();
        let known: Vec<EntityId> = if is_reset {
            self.entities.values().copied().collect()
        } else {
            Vec::new()
        };
        let take = |entity: EntityId| {
            let path = store.entity_path(entity);
            if has_rows(entity) {
                self.entities.insert(path.clone(), entity);
                dirty.insert(entity);
            } else if self.entities.remove(path).is_some() {
                dirty.insert(entity);
            }
        };
        if is_reset {
            latest_at.entities().chain(known).for_each(take);
        } else {
            latest_at.changed().iter().copied().for_each(take);
        }
        dirty
    }

    /// What holds in a frame, given what holds above it.
    fn read(
        &mut self,
        store: &ChunkStore,
        inputs: ContextInputs<'_>,
        entities: &[EntityId],
        above: Option<&T::Value>,
    ) -> Option<T::Value> {
        let &[entity] = entities else {
            let mut paths: Vec<&EntityPath> =
                entities.iter().map(|entity| store.entity_path(*entity)).collect();
            paths.sort();
            let names: Vec<&str> = paths.iter().map(|path| path.as_str()).collect();
            let message = format!(
                "{} entities of one frame have one: {}",
                names.len(),
                names.join(", ")
            );
            if let Some(first) = paths.first() {
                let report = Report::entity_warning(T::NAME, (*first).clone(), message);
                self.reports.insert((*first).clone(), report);
            }
            return above.cloned();
        };
        let path = store.entity_path(entity);
        let rows = ContextRows::new(T::NAME, path, store, inputs.latest_at.get(entity));
        match T::read(&rows, above) {
            Ok(value) => value,
            Err(report) => {
                self.reports.insert(path.clone(), report);
                above.cloned()
            }
        }
    }

    /// Puts the values together again. Tells whether other values hold in some frames than before.
    ///
    /// Cost: the frames above each entity with rows; what is read is what changed, and what is below.
    fn compose(
        &mut self,
        store: &ChunkStore,
        inputs: ContextInputs<'_>,
        dirty: &FxHashSet<EntityId>,
    ) -> bool {
        let transforms = inputs.transforms;
        let mut by_frame: FxHashMap<ContextFrame, SmallVec<[EntityId; 1]>> = FxHashMap::default();
        for entity in self.entities.values() {
            if let Some(frame) = transforms.context_frame(store, *entity) {
                by_frame.entry(frame).or_default().push(*entity);
            }
        }
        let mut before = std::mem::take(&mut self.nodes);
        let mut is_other = false;
        let reports = std::mem::take(&mut self.reports);
        for start in by_frame.keys() {
            // From above to below, so that nothing is read twice.
            let above = transforms.context_frames(store, *start);
            let mut chain: Vec<ContextFrame> = Vec::new();
            for frame in above {
                if self.nodes.contains_key(&frame) {
                    break;
                }
                if by_frame.contains_key(&frame) {
                    chain.push(frame);
                }
            }
            while let Some(frame) = chain.pop() {
                let mut higher = transforms.context_frames(store, frame).skip(1);
                let above = higher.find_map(|frame| self.nodes.get(&frame));
                let above_version = above.map_or(0, |node| node.version);
                let above = above.and_then(|node| node.value.clone());
                let entities = by_frame[&frame].clone();
                let known = before.remove(&frame);
                let version_before = known.as_ref().map(|node| node.version);
                let is_same = |node: &Node<T::Value>| {
                    node.above == above_version
                        && node.entities == entities
                        && !entities.iter().any(|entity| dirty.contains(entity))
                };
                let node = match known {
                    Some(node) if is_same(&node) => {
                        let paths = entities.iter().map(|entity| store.entity_path(*entity));
                        for path in paths {
                            if let Some(report) = reports.get(path) {
                                self.reports.insert(path.clone(), report.clone());
                            }
                        }
                        node
                    }
                    known => {
                        let value = self.read(store, inputs, &entities, above.as_ref());
                        let known = known.filter(|node| node.value == value);
                        let version = known.map_or_else(
                            || {
                                self.next_value += 1;
                                self.next_value
                            },
                            |node| node.version,
                        );
                        Node {
                            entities,
                            value,
                            version,
                            above: above_version,
                        }
                    }
                };
                is_other |= version_before != Some(node.version);
                self.nodes.insert(frame, node);
            }
        }
        is_other || !before.is_empty()
    }
}

impl<T: EntityContext> AnyContext for FrameValues<T> {
    fn update(&mut self, inputs: ContextInputs<'_>) {
        self.changed = Changed::Nothing;
        if self.recording != inputs.recording {
            *self = Self {
                changed: Changed::Unknown,
                recording: inputs.recording,
                version: self.version + 1,
                // Numbers of one recording are not those of another.
                next_value: self.next_value,
                ..Self::default()
            };
        }
        let Some(store) = inputs.store else { return };
        let dirty = self.take_rows(store, inputs);
        let structure = inputs.transforms.structure_version();
        let is_moved = std::mem::replace(&mut self.structure, structure) != structure;
        let frames = inputs.transforms.frames_version();
        let has_other_frames = std::mem::replace(&mut self.frames, frames) != frames;
        let transforms = std::mem::replace(&mut self.transforms, inputs.transforms.version());
        if dirty.is_empty() && (!is_moved || self.entities.is_empty()) {
            return;
        }
        let has_other_values = self.compose(store, inputs, &dirty);
        let is_reset = matches!(self.changed, Changed::Unknown);
        let entities = inputs.transforms.changes_since(transforms);
        self.changed = match entities {
            _ if has_other_values || is_reset || has_other_frames => Changed::Unknown,
            _ if !is_moved => return,
            // These stand in other frames.
            Some(changes) => Changed::Entities(changes.entities.to_vec()),
            None => Changed::Unknown,
        };
        self.version += 1;
    }

    fn emptied(&self, version: u64) -> Box<dyn AnyContext> {
        Box::new(Self {
            version,
            next_value: version,
            ..Self::default()
        })
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn version_of(&self, store: &ChunkStore, transforms: &Transforms, entity: EntityId) -> u64 {
        // Nothing is the same wherever one looks.
        let nearest = self.nearest(store, transforms, entity);
        let nearest = nearest.filter(|node| node.value.is_some());
        nearest.map_or(0, |node| node.version)
    }

    fn add_changed(&self, _store: &ChunkStore, changed: &mut Vec<EntityId>) -> bool {
        match &self.changed {
            Changed::Nothing => true,
            Changed::Entities(entities) => {
                changed.extend_from_slice(entities);
                true
            }
            Changed::Unknown => false,
        }
    }

    fn reports(&self) -> Vec<&Report> {
        self.reports.values().collect()
    }

    fn heap_bytes(&self) -> u64 {
        let values = self.nodes.values().filter_map(|node| node.value.as_ref());
        let nodes = self.nodes.capacity() * size_of::<(ContextFrame, Node<T::Value>)>()
            + self.entities.len() * size_of::<(EntityPath, EntityId)>();
        nodes as u64 + values.map(T::heap_bytes).sum::<u64>()
    }
}
