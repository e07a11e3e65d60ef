//! Which entities a view shows, and by which visualizers.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::{ResolvedContents, ViewClassId};
use chronoscope_store::{ChunkStore, ComponentId, EntityId, EntityPath, TimeRange};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::{
    EntityContexts, RecordingKey, View, Visualizers,
    visualizer::{QueryMode, VisualizerId},
};

/// The position of an instruction among those of an entity in a view: those that the blueprint gives, else
/// one for each visualizer of [`DataResult::visualizers`], in their order. Zero where there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstructionIndex(pub u16);

/// What a view shows: an entity, by one of its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultKey {
    /// The entity.
    pub entity: EntityId,
    /// The instruction.
    pub instruction: InstructionIndex,
}

/// Which rows a data result shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultQuery {
    /// The latest row at the cursor, per component.
    LatestAt,
    /// All rows in these times of the shown timeline, both ends inclusive.
    Range(TimeRange),
}

/// An entity as a view shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct DataResult {
    /// The entity.
    pub entity: EntityId,
    /// The entity's path.
    pub path: EntityPath,
    /// The visualizers of the view's class that can show it. Empty where there is none yet for what the
    /// entity holds.
    pub visualizers: SmallVec<[VisualizerId; 2]>,
}

/// The entities of a view, ordered by path.
#[derive(Component, Default, Debug)]
pub struct DataResults {
    results: FxHashMap<EntityId, DataResult>,
    order: BTreeMap<EntityPath, EntityId>,
    by_visualizer: FxHashMap<VisualizerId, FxHashSet<EntityId>>,
    recording: Option<RecordingKey>,
    contents: Option<ViewContents>,
    /// Grows with each change; never the same in two views.
    pub(crate) version: u64,
    /// The version before the last change, and what that change added, altered or removed; `None` where it
    /// was all.
    last_change: Option<(u64, Vec<EntityId>)>,
}

/// What decides which entities are in a view, and which visualizers show them.
#[derive(Clone, Debug)]
struct ViewContents {
    class: ViewClassId,
    resolved: Arc<ResolvedContents>,
    /// The camera that the view looks through.
    camera: Option<EntityPath>,
}

impl DataResults {
    /// The results, ordered by path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &DataResult> {
        // Every entity of the order has a result.
        self.order.values().map(|entity| &self.results[entity])
    }

    /// The result of an entity.
    pub fn get(&self, entity: EntityId) -> Option<&DataResult> {
        self.results.get(&entity)
    }

    /// The entity of the camera at or above the origin of the view, where its class shows what such a camera sees.
    pub fn camera(&self) -> Option<&EntityPath> {
        self.contents.as_ref()?.camera.as_ref()
    }

    /// The visualizers that show some entity, in no order.
    pub(crate) fn visualizers(&self) -> impl Iterator<Item = VisualizerId> {
        let shown = self
            .by_visualizer
            .iter()
            .filter(|(_, entities)| !entities.is_empty());
        shown.map(|(id, _)| *id)
    }

    /// Whether a visualizer shows some entity that is not below the camera that the view looks through.
    ///
    /// Cost: O(entities that it shows below the camera), until it finds one.
    pub fn has_shown_beside_camera(&self, id: VisualizerId) -> bool {
        let Some(camera) = self.camera() else {
            return false;
        };
        let is_beside = |entity: &EntityId| {
            self.results
                .get(entity)
                .is_some_and(|result| !result.path.starts_with(camera))
        };
        self.shown_by(id)
            .is_some_and(|entities| entities.iter().any(is_beside))
    }

    /// Whether an entity with this path, or one below it, is here. O(log n).
    pub(crate) fn has_below(&self, path: &EntityPath) -> bool {
        let from = (Bound::Included(path), Bound::Unbounded);
        self.order
            .range::<EntityPath, _>(from)
            .next()
            .is_some_and(|(found, _)| found.starts_with(path))
    }

    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.results.len()
    }

    /// Whether there is no entity.
    pub fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// Grows with each change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The entities that came, went, or got other visualizers since this version. `None` where all may have:
    /// read [`Self::iter`] then.
    pub fn changed_since(&self, version: u64) -> Option<&[EntityId]> {
        match &self.last_change {
            _ if version == self.version => Some(&[]),
            Some((before, changed)) if *before == version => Some(changed),
            _ => None,
        }
    }

    /// The entities that a visualizer shows, in no order.
    pub(crate) fn shown_by(&self, id: VisualizerId) -> Option<&FxHashSet<EntityId>> {
        self.by_visualizer.get(&id)
    }

    pub(super) fn clear(&mut self, recording: Option<RecordingKey>, version: &mut u64) {
        if !self.results.is_empty() || self.recording != recording {
            self.forget_all();
            self.recording = recording;
            self.contents = None;
            *version += 1;
            self.version = *version;
        }
    }

    fn forget_all(&mut self) {
        self.results.clear();
        self.order.clear();
        self.by_visualizer.clear();
        self.last_change = None;
    }

    /// Whether other entities may have come into the view than new ones.
    pub(super) fn must_walk(
        &self,
        view: &View,
        recording: Option<RecordingKey>,
        camera: Option<&EntityPath>,
    ) -> bool {
        self.recording != recording
            || self.contents.as_ref().is_none_or(|known| {
                known.class != view.class
                    || *known.resolved != *view.contents
                    || known.camera.as_ref() != camera
            })
    }

    pub(super) fn begin_walk(
        &mut self,
        view: &View,
        recording: Option<RecordingKey>,
        camera: Option<EntityPath>,
    ) {
        self.recording = recording;
        self.contents = Some(ViewContents {
            class: view.class.clone(),
            resolved: view.contents.clone(),
            camera,
        });
    }

    /// Takes new entities, known ones with other components, and lets go of those that have none any more.
    ///
    /// Cost: O(log n) for each of these entities.
    pub(super) fn extend(
        &mut self,
        store: &ChunkStore,
        capabilities: &Capabilities,
        visualizers: &Visualizers,
        entities: &FxHashSet<EntityId>,
        version: &mut u64,
    ) {
        let Some(contents) = self.contents.clone() else {
            return;
        };
        let mut changed = Vec::new();
        for entity in entities {
            let result = data_result(*entity, store, capabilities, visualizers, &contents);
            if self.results.get(entity) != result.as_ref() {
                changed.push(*entity);
                self.remove(*entity);
                if let Some(result) = result {
                    self.insert(result);
                }
            }
        }
        if !changed.is_empty() {
            *version += 1;
            let before = std::mem::replace(&mut self.version, *version);
            self.last_change = Some((before, changed));
        }
    }

    /// Takes results in the order of their paths. What is in order already is put together in one pass.
    fn fill(&mut self, results: Vec<DataResult>) {
        self.order = results
            .iter()
            .map(|result| (result.path.clone(), result.entity))
            .collect();
        for result in &results {
            for id in &result.visualizers {
                self.by_visualizer.entry(*id).or_default().insert(result.entity);
            }
        }
        self.results = results
            .into_iter()
            .map(|result| (result.entity, result))
            .collect();
    }

    fn insert(&mut self, result: DataResult) {
        for id in &result.visualizers {
            self.by_visualizer.entry(*id).or_default().insert(result.entity);
        }
        self.order.insert(result.path.clone(), result.entity);
        self.results.insert(result.entity, result);
    }

    fn remove(&mut self, entity: EntityId) {
        let Some(result) = self.results.remove(&entity) else {
            return;
        };
        self.order.remove(&result.path);
        for id in &result.visualizers {
            if let Some(entities) = self.by_visualizer.get_mut(id) {
                entities.remove(&entity);
            }
        }
    }
}

/// Walks the entities once for all these views.
pub(super) fn walk(
    views: &mut [&mut DataResults],
    store: &ChunkStore,
    capabilities: &Capabilities,
    visualizers: &Visualizers,
    version: &mut u64,
) {
    let contents: Vec<Option<ViewContents>> = views.iter().map(|view| view.contents.clone()).collect();
    // In the order of the tree, which is that of the paths.
    let entities: Vec<EntityId> = store.tree().descend(store.tree().root()).collect();
    let found: Vec<SmallVec<[Option<DataResult>; 4]>> = entities
        .par_iter()
        .with_min_len(64)
        .map(|entity| {
            contents
                .iter()
                .map(|contents| data_result(*entity, store, capabilities, visualizers, contents.as_ref()?))
                .collect()
        })
        .collect();
    let mut results: Vec<Vec<DataResult>> = views.iter().map(|_| Vec::new()).collect();
    for row in found {
        for (results, result) in results.iter_mut().zip(row) {
            results.extend(result);
        }
    }
    for (view, results) in views.iter_mut().zip(results) {
        view.forget_all();
        view.fill(results);
        *version += 1;
        view.version = *version;
    }
}

fn data_result(
    entity: EntityId,
    store: &ChunkStore,
    capabilities: &Capabilities,
    visualizers: &Visualizers,
    contents: &ViewContents,
) -> Option<DataResult> {
    let path = store.entity_path(entity);
    if !store.has_data(entity) || !contents.resolved.matches(path) {
        return None;
    }
    let able = capabilities
        .visualizers_of(entity)
        .iter()
        .copied()
        .filter(|id| visualizers.shows(*id, &contents.class, contents.camera.as_ref(), path))
        .collect();
    Some(DataResult {
        entity,
        path: path.clone(),
        visualizers: able,
    })
}

/// What each entity could be shown by, whatever the view: found once per entity, and again when it gets a new
/// component.
#[derive(Default)]
pub(crate) struct Capabilities {
    by_entity: Vec<Capability>,
    context_entities: FxHashSet<EntityId>,
    /// The components of contexts, as the store calls them.
    context: FxHashSet<ComponentId>,
    /// The components that visualizers read at the cursor.
    read: FxHashSet<ComponentId>,
}

#[derive(Default, Clone)]
struct Capability {
    visualizers: SmallVec<[VisualizerId; 2]>,
    /// The components to look up at the cursor.
    components: SmallVec<[ComponentId; 8]>,
    is_context: bool,
}

impl Capabilities {
    pub(super) fn reset(&mut self, visualizers: &Visualizers, contexts: &EntityContexts, store: &ChunkStore) {
        self.by_entity.clear();
        self.context_entities.clear();
        let entities: Vec<EntityId> = store.entities().collect();
        self.take(visualizers, contexts, store, &entities);
    }

    pub(super) fn extend(
        &mut self,
        visualizers: &Visualizers,
        contexts: &EntityContexts,
        store: &ChunkStore,
        entities: &FxHashSet<EntityId>,
    ) {
        if !entities.is_empty() {
            let entities: Vec<EntityId> = entities.iter().copied().collect();
            self.take(visualizers, contexts, store, &entities);
        }
    }

    fn take(
        &mut self,
        visualizers: &Visualizers,
        contexts: &EntityContexts,
        store: &ChunkStore,
        entities: &[EntityId],
    ) {
        self.context = contexts
            .components()
            .filter_map(|name| store.component_id(name))
            .collect();
        // Each visualizer's components as this store calls them. One that lacks a required component shows
        // nothing.
        let able: Vec<(VisualizerId, SmallVec<[ComponentId; 2]>, FxHashSet<ComponentId>)> = visualizers
            .iter()
            .filter_map(|(id, info, _)| {
                let required: Option<SmallVec<_>> = info
                    .required
                    .iter()
                    .map(|name| store.component_id(name))
                    .collect();
                let looked_up = if info.mode == QueryMode::LatestAt {
                    info.required
                        .iter()
                        .chain(info.optional)
                        .filter_map(|name| store.component_id(name))
                        .collect()
                } else {
                    FxHashSet::default()
                };
                Some((id, required?, looked_up))
            })
            .collect();
        self.read.clear();
        for (_, _, looked_up) in &able {
            self.read.extend(looked_up);
        }
        let context = &self.context;
        for entity in entities {
            let has: SmallVec<[ComponentId; 16]> = store.components_of(*entity).collect();
            let mut capability = Capability::default();
            let mut wanted: FxHashSet<ComponentId> = FxHashSet::default();
            for (id, required, looked_up) in &able {
                if required.iter().all(|component| has.contains(component)) {
                    capability.visualizers.push(*id);
                    wanted.extend(looked_up);
                }
            }
            capability.is_context = has.iter().any(|component| context.contains(component));
            capability.components = has
                .into_iter()
                .filter(|id| wanted.contains(id) || context.contains(id))
                .collect();
            if self.by_entity.len() <= entity.index() {
                self.by_entity.resize(entity.index() + 1, Capability::default());
            }
            let known = &mut self.by_entity[entity.index()];
            if capability.is_context {
                self.context_entities.insert(*entity);
            } else if known.is_context {
                self.context_entities.remove(entity);
            }
            *known = capability;
        }
    }

    /// The entities that say something that holds below them too.
    pub(super) fn context_entities(&self) -> &FxHashSet<EntityId> {
        &self.context_entities
    }

    /// Whether what a component says holds below its entity too, and no visualizer reads it of the entity
    /// itself.
    pub(super) fn is_context(&self, component: ComponentId) -> bool {
        self.context.contains(&component) && !self.read.contains(&component)
    }

    /// The components of an entity that are looked up at the cursor.
    pub(super) fn components_of(&self, entity: EntityId) -> &[ComponentId] {
        self.by_entity
            .get(entity.index())
            .map_or(&[], |capability| &capability.components)
    }

    fn visualizers_of(&self, entity: EntityId) -> &[VisualizerId] {
        self.by_entity
            .get(entity.index())
            .map_or(&[], |capability| &capability.visualizers)
    }
}
