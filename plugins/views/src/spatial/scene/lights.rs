//! What is lit up: selection and hover by entity ids, and what of it changed.

use chronoscope_blueprint::ViewId;
use chronoscope_frame::{Item, RecordingKey, Selection};
use chronoscope_render::Highlight;
use chronoscope_store::{ChunkStore, EntityId};
use rustc_hash::FxHashSet;

/// An entity that is lit up with all below it: in one view, or in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Light {
    pub(super) view: Option<ViewId>,
    pub(super) entity: EntityId,
}

/// The entities that are lit up.
#[derive(Default)]
pub(super) struct Lights {
    selection: Selection,
    recording: Option<RecordingKey>,
    /// The size of the tree that the items were looked up in: those that it did not know may be there by now.
    num_entities: usize,
    hovered: Option<Light>,
    selected: FxHashSet<Light>,
    changed: Vec<Light>,
    version: u64,
}

impl Lights {
    /// Grows by one where [`Self::changed`] says all, by more where everything may be lit up otherwise.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// What was lit up, or no longer is, since the last version.
    pub(super) fn changed(&self) -> &[Light] {
        &self.changed
    }

    /// Follows the selection. Costs O(selected items) where it changed.
    pub(super) fn update(&mut self, selection: &Selection, recording: RecordingKey, store: &ChunkStore) {
        let num_entities = store.tree().len();
        let has_items = selection.hovered.is_some() || !selection.selected.is_empty();
        let is_same_tree = self.recording == Some(recording) && self.num_entities == num_entities;
        if self.selection == *selection && (is_same_tree || !has_items) {
            return;
        }
        let light = |item: &Item| {
            let entity = store.entity_id(item.entity()?)?;
            (entity != EntityId::ROOT).then_some(Light {
                view: item.view(),
                entity,
            })
        };
        let hovered = selection.hovered.as_ref().and_then(light);
        let selected: FxHashSet<Light> = selection.selected.iter().filter_map(light).collect();
        self.changed.clear();
        if hovered != self.hovered {
            self.changed.extend(hovered.into_iter().chain(self.hovered));
        }
        self.changed
            .extend(selected.symmetric_difference(&self.selected).copied());
        if self.recording != Some(recording) {
            self.version += 2;
        } else if !self.changed.is_empty() {
            self.version += 1;
        }
        (self.hovered, self.selected) = (hovered, selected);
        self.selection = selection.clone();
        (self.recording, self.num_entities) = (Some(recording), num_entities);
    }

    /// How an entity is lit up in a view: as it is itself, or as an entity above it is.
    pub(super) fn of(&self, store: &ChunkStore, view: ViewId, entity: EntityId) -> Highlight {
        if self.hovered.is_none() && self.selected.is_empty() {
            return Highlight::None;
        }
        let mut highlight = Highlight::None;
        for entity in store.tree().ancestors(entity) {
            let lights = [None, Some(view)].map(|view| Light { view, entity });
            if self.hovered.is_some_and(|hovered| lights.contains(&hovered)) {
                return Highlight::Hovered;
            }
            if lights.iter().any(|light| self.selected.contains(light)) {
                highlight = Highlight::Selected;
            }
        }
        highlight
    }
}
