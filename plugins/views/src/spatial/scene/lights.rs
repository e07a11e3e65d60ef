//! What is lit up: selection and hover by entity ids, and what of it changed. What one view or a panel names is lit up in all views.

use std::sync::Arc;

use chronoscope_frame::{Item, RecordingKey, Selection};
use chronoscope_render::{Highlight, InstanceSet};
use chronoscope_store::{ChunkStore, EntityId, RowId};
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
    /// The row under the pointer, where it is one of several that a view shows.
    hovered_rows: Option<Arc<LitRows>>,
    /// The rows that are selected.
    selected_rows: Option<Arc<LitRows>>,
}

/// Rows of an entity that are lit up by themselves.
type LitRows = FxHashMap<RowId, LitRow>;

/// A row that is lit up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LitRow {
    /// With all of its instances.
    is_whole: bool,
    instances: InstanceSet,
}

/// How a part is lit up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LitPart {
    /// As a whole.
    pub(super) highlight: Highlight,
    /// The instance under the pointer.
    pub(super) hovered_instance: Option<u32>,
    /// The instances that are selected.
    pub(super) selected_instances: InstanceSet,
}

impl Lit {
    /// How a row of the entity is lit up; what shows it at the cursor, where none is given: a row of it that another view names
    /// lights up all of that. Where instances are parts of one thing, one of a row stands for all.
    pub(super) fn of_row(&self, row: Option<RowId>, has_instances: bool) -> LitPart {
        let named = |rows: &Option<Arc<LitRows>>| -> (bool, InstanceSet) {
            match (rows, row) {
                (None, _) => (false, InstanceSet::EMPTY),
                (Some(_), None) => (true, InstanceSet::EMPTY),
                (Some(rows), Some(row)) => match rows.get(&row) {
                    Some(of_row) => (of_row.is_whole || !has_instances, of_row.instances.clone()),
                    None => (false, InstanceSet::EMPTY),
                },
            }
        };
        let (is_hovered, hovered) = named(&self.hovered_rows);
        let (is_selected, selected) = named(&self.selected_rows);
        let highlight = if is_hovered || self.whole == Highlight::Hovered {
            Highlight::Hovered
        } else if is_selected || self.whole == Highlight::Selected {
            Highlight::Selected
        } else {
            Highlight::None
        };
        if !has_instances {
            return LitPart {
                highlight,
                hovered_instance: None,
                selected_instances: InstanceSet::EMPTY,
            };
        }
        let hovered = hovered.as_slice().first().copied();
        LitPart {
            highlight,
            hovered_instance: hovered.or(self.hovered_instance),
            selected_instances: match (selected.is_empty(), self.selected_instances.is_empty()) {
                (true, _) => self.selected_instances.clone(),
                (false, true) => selected,
                (false, false) => {
                    let both = selected
                        .as_slice()
                        .iter()
                        .chain(self.selected_instances.as_slice());
                    both.copied().collect()
                }
            },
        }
    }
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
    /// Those of which some rows are, or some instances in these.
    rows: FxHashMap<EntityId, Arc<LitRows>>,
}

impl Items {
    fn of<'a>(items: impl IntoIterator<Item = &'a Item>, store: &ChunkStore) -> Self {
        let mut wholes = FxHashSet::default();
        let mut instances: FxHashMap<EntityId, Vec<u32>> = FxHashMap::default();
        let mut rows: FxHashMap<EntityId, FxHashMap<RowId, Vec<Option<u32>>>> = FxHashMap::default();
        for item in items {
            let entity = item.entity().and_then(|path| store.entity_id(path));
            let Some(entity) = entity.filter(|entity| *entity != EntityId::ROOT) else {
                continue;
            };
            if let Some(row) = item.row() {
                let of_row = rows.entry(entity).or_default().entry(row).or_default();
                of_row.push(item.instance());
                continue;
            }
            match item.instance() {
                Some(instance) => instances.entry(entity).or_default().push(instance),
                None => _ = wholes.insert(entity),
            }
        }
        let instances = instances.into_iter();
        let lit_row = |(row, named): (RowId, Vec<Option<u32>>)| {
            let is_whole = named.contains(&None);
            let instances = named.into_iter().flatten().collect();
            (row, LitRow { is_whole, instances })
        };
        let rows = rows.into_iter();
        Self {
            wholes,
            rows: rows
                .map(|(entity, rows)| (entity, Arc::new(rows.into_iter().map(lit_row).collect())))
                .collect(),
            instances: instances
                .map(|(entity, of_it)| (entity, of_it.into_iter().collect()))
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.wholes.is_empty() && self.instances.is_empty() && self.rows.is_empty()
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
            let instances = now.instances.keys().chain(before.instances.keys());
            let entities = instances.chain(now.rows.keys()).chain(before.rows.keys());
            let is_changed = |entity: &&EntityId| {
                now.instances.get(*entity) != before.instances.get(*entity)
                    || now.rows.get(*entity) != before.rows.get(*entity)
            };
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
            hovered_rows: self.hovered.rows.get(&entity).cloned(),
            selected_rows: self.selected.rows.get(&entity).cloned(),
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
