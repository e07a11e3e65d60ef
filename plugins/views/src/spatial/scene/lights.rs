//! What is lit up: selection and hover by entity ids, and what of it changed. What one view or a panel names is lit up in all views.

use chronoscope_frame::{Item, RecordingKey, Selection};
use chronoscope_render::{Highlight, InstanceSet};
use chronoscope_store::{ChunkStore, EntityId};
use rustc_hash::{FxHashMap, FxHashSet};

/// How an entity is lit up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lit {
    /// As a whole: as it is itself, or as an entity above it is.
    pub(super) whole: Highlight,
    /// The instance under the pointer.
    pub(super) hovered_instance: Option<u32>,
    /// The instances that are selected.
    pub(super) selected_instances: InstanceSet,
}

/// The entities that are lit up.
#[derive(Default)]
pub(super) struct Lights {
    selection: Selection,
    recording: Option<RecordingKey>,
    /// The size of the tree that the items were looked up in: those that it did not know may be there by now.
    num_entities: usize,
    hovered: Items,
    selected: Items,
    changed: Vec<EntityId>,
    changed_instances: Vec<EntityId>,
    version: u64,
}

/// Items by entity ids.
#[derive(Default)]
struct Items {
    /// Those that are lit up with all below them.
    wholes: FxHashSet<EntityId>,
    /// Those of which some instances are lit up by themselves.
    instances: FxHashMap<EntityId, InstanceSet>,
}

impl Items {
    fn of<'a>(items: impl IntoIterator<Item = &'a Item>, store: &ChunkStore) -> Self {
        let mut wholes = FxHashSet::default();
        let mut instances: FxHashMap<EntityId, Vec<u32>> = FxHashMap::default();
        for item in items {
            let entity = item.entity().and_then(|path| store.entity_id(path));
            let Some(entity) = entity.filter(|entity| *entity != EntityId::ROOT) else {
                continue;
            };
            match item.instance() {
                Some(instance) => instances.entry(entity).or_default().push(instance),
                None => _ = wholes.insert(entity),
            }
        }
        let instances = instances.into_iter();
        Self {
            wholes,
            instances: instances
                .map(|(entity, of_it)| (entity, of_it.into_iter().collect()))
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.wholes.is_empty() && self.instances.is_empty()
    }
}

impl Lights {
    /// Grows by one where [`Self::changed`] and [`Self::changed_instances`] say all, by more where everything
    /// may be lit up otherwise.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// What was lit up with all below it, or no longer is, since the last version.
    pub(super) fn changed(&self) -> &[EntityId] {
        &self.changed
    }

    /// Of which other instances are lit up than in the last version.
    pub(super) fn changed_instances(&self) -> &[EntityId] {
        &self.changed_instances
    }

    /// Follows the selection. Costs O(selected items) where it changed.
    pub(super) fn update(&mut self, selection: &Selection, recording: RecordingKey, store: &ChunkStore) {
        let num_entities = store.tree().len();
        let has_items = selection.hovered.is_some() || !selection.selected.is_empty();
        let is_same_tree = self.recording == Some(recording) && self.num_entities == num_entities;
        if self.selection == *selection && (is_same_tree || !has_items) {
            return;
        }
        let hovered = Items::of(&selection.hovered, store);
        let selected = Items::of(&selection.selected, store);
        self.changed.clear();
        self.changed_instances.clear();
        for (now, before) in [(&hovered, &self.hovered), (&selected, &self.selected)] {
            self.changed
                .extend(now.wholes.symmetric_difference(&before.wholes).copied());
            let entities = now.instances.keys().chain(before.instances.keys());
            let is_changed = |entity: &&EntityId| now.instances.get(entity) != before.instances.get(entity);
            self.changed_instances.extend(entities.filter(is_changed));
        }
        if self.recording != Some(recording) {
            self.version += 2;
        } else if !self.changed.is_empty() || !self.changed_instances.is_empty() {
            self.version += 1;
        }
        (self.hovered, self.selected) = (hovered, selected);
        self.selection = selection.clone();
        (self.recording, self.num_entities) = (Some(recording), num_entities);
    }

    /// How an entity is lit up.
    pub(super) fn of(&self, store: &ChunkStore, entity: EntityId) -> Lit {
        if self.hovered.is_empty() && self.selected.is_empty() {
            return Lit::default();
        }
        Lit {
            whole: self.whole(store, entity),
            hovered_instance: self
                .hovered
                .instances
                .get(&entity)
                .and_then(|instances| instances.as_slice().first().copied()),
            selected_instances: self.selected.instances.get(&entity).cloned().unwrap_or_default(),
        }
    }

    fn whole(&self, store: &ChunkStore, entity: EntityId) -> Highlight {
        let mut highlight = Highlight::None;
        for entity in store.tree().ancestors(entity) {
            if self.hovered.wholes.contains(&entity) {
                return Highlight::Hovered;
            }
            if self.selected.wholes.contains(&entity) {
                highlight = Highlight::Selected;
            }
        }
        highlight
    }
}
