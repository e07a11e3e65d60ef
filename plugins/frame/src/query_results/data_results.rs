//! Which entities a view shows, and by which visualizers.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use chronoscope_blueprint::{ResolvedContents, ViewClassId};
use chronoscope_store::{ChunkStore, ComponentId, EntityId, EntityPath};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::{
    RecordingKey, View, Visualizers,
    visualizer::{QueryMode, VisualizerId},
};

use super::CONTEXT_COMPONENTS;

/// An entity as a view shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct DataResult {
    /// The entity.
    pub entity: EntityId,
    /// The entity's path.
    pub path: EntityPath,
    /// The visualizers of the view's class that can show it. Empty where there is none yet for what the entity holds.
    pub visualizers: SmallVec<[VisualizerId; 2]>,
}

/// The entities of a view, ordered by path.
#[derive(Component, Default, Debug)]
pub struct DataResults {
    results: Vec<DataResult>,
    positions: FxHashMap<EntityId, u32>,
    /// Every visualizer that shows some entity.
    visualizers: FxHashSet<VisualizerId>,
    recording: Option<RecordingKey>,
    contents: Option<ViewContents>,
    /// Grows with each change; never the same in two views.
    pub(crate) version: u64,
}

/// What decides which entities are in a view, and which visualizers show them.
#[derive(Clone, Debug)]
struct ViewContents {
    class: ViewClassId,
    resolved: Arc<ResolvedContents>,
}

impl DataResults {
    /// The results, ordered by path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &DataResult> {
        self.results.iter()
    }

    /// The result of an entity.
    pub fn get(&self, entity: EntityId) -> Option<&DataResult> {
        self.results.get(*self.positions.get(&entity)? as usize)
    }

    /// Whether an entity with this path, or one below it, is here. O(log n).
    pub(crate) fn has_below(&self, path: &EntityPath) -> bool {
        let at = self.results.partition_point(|result| result.path < *path);
        self.results
            .get(at)
            .is_some_and(|result| result.path.starts_with(path))
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

    /// Whether some entity is shown by this visualizer.
    pub(crate) fn has_visualizer(&self, id: VisualizerId) -> bool {
        self.visualizers.contains(&id)
    }

    pub(super) fn clear(&mut self, recording: Option<RecordingKey>, version: &mut u64) {
        if !self.results.is_empty() || self.recording != recording {
            self.results.clear();
            self.positions.clear();
            self.visualizers.clear();
            self.recording = recording;
            self.contents = None;
            *version += 1;
            self.version = *version;
        }
    }

    /// Whether other entities may have come into the view than new ones.
    pub(super) fn must_walk(&self, view: &View, recording: Option<RecordingKey>) -> bool {
        self.recording != recording
            || self
                .contents
                .as_ref()
                .is_none_or(|known| known.class != view.class || *known.resolved != *view.contents)
    }

    pub(super) fn begin_walk(&mut self, view: &View, recording: Option<RecordingKey>) {
        self.recording = recording;
        self.contents = Some(ViewContents {
            class: view.class.clone(),
            resolved: view.contents.clone(),
        });
    }

    /// Takes new entities, known ones with other components, and lets go of those that have none any more.
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
        let mut changed = false;
        let mut gone: FxHashSet<EntityId> = FxHashSet::default();
        for entity in entities {
            let Some(result) = data_result(*entity, store, capabilities, visualizers, &contents) else {
                if self.positions.contains_key(entity) {
                    gone.insert(*entity);
                }
                continue;
            };
            match self.positions.get(entity) {
                Some(at) => {
                    if let Some(known) = self.results.get_mut(*at as usize)
                        && *known != result
                    {
                        *known = result;
                        changed = true;
                    }
                }
                None => {
                    self.results.push(result);
                    // Positions are made anew below; until then this one keeps the entity from coming twice.
                    self.positions.insert(*entity, self.results.len() as u32 - 1);
                    changed = true;
                }
            }
        }
        if changed || !gone.is_empty() {
            self.results.retain(|result| !gone.contains(&result.entity));
            self.finish(version);
        }
    }

    fn finish(&mut self, version: &mut u64) {
        // What is already in order costs one pass.
        self.results.sort_by(|a, b| a.path.cmp(&b.path));
        self.positions = self
            .results
            .iter()
            .enumerate()
            .map(|(at, result)| (result.entity, at as u32))
            .collect();
        self.visualizers = self
            .results
            .iter()
            .flat_map(|result| result.visualizers.iter().copied())
            .collect();
        *version += 1;
        self.version = *version;
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
    let entities: Vec<EntityId> = store.entities().collect();
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
    for view in views.iter_mut() {
        view.results.clear();
    }
    for row in found {
        for (view, result) in views.iter_mut().zip(row) {
            view.results.extend(result);
        }
    }
    for view in views {
        view.finish(version);
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
        .filter(|id| visualizers.classes(*id).contains(&contents.class))
        .collect();
    Some(DataResult {
        entity,
        path: path.clone(),
        visualizers: able,
    })
}

/// What each entity could be shown by, whatever the view: found once per entity, and again when it gets a new component.
#[derive(Default)]
pub(crate) struct Capabilities {
    by_entity: Vec<Capability>,
    context_entities: Vec<EntityId>,
}

#[derive(Default, Clone)]
struct Capability {
    visualizers: SmallVec<[VisualizerId; 2]>,
    /// The components to look up at the cursor.
    components: SmallVec<[ComponentId; 8]>,
    is_context: bool,
}

impl Capabilities {
    pub(super) fn reset(&mut self, visualizers: &Visualizers, store: &ChunkStore) {
        self.by_entity.clear();
        self.context_entities.clear();
        let entities: Vec<EntityId> = store.entities().collect();
        self.take(visualizers, store, &entities);
    }

    pub(super) fn extend(
        &mut self,
        visualizers: &Visualizers,
        store: &ChunkStore,
        entities: &FxHashSet<EntityId>,
    ) {
        if !entities.is_empty() {
            let mut entities: Vec<EntityId> = entities.iter().copied().collect();
            entities.sort_unstable();
            self.take(visualizers, store, &entities);
        }
    }

    fn take(&mut self, visualizers: &Visualizers, store: &ChunkStore, entities: &[EntityId]) {
        let context: FxHashSet<ComponentId> = CONTEXT_COMPONENTS
            .iter()
            .filter_map(|name| store.component_id(name))
            .collect();
        // Each visualizer's components as this store calls them. One that lacks a required component shows nothing.
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
            if capability.is_context && !known.is_context {
                self.context_entities.push(*entity);
            } else if known.is_context && !capability.is_context {
                self.context_entities.retain(|other| other != entity);
            }
            *known = capability;
        }
    }

    pub(super) fn context_entities(&self) -> &[EntityId] {
        &self.context_entities
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
