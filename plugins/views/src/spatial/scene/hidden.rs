//! What has no place in the space of a view, because no transform leads there, until it has one.

use std::{
    collections::BTreeMap,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use chronoscope_frame::{NoTransform, Report, Transforms, Tree};
use chronoscope_store::{ChunkStore, EntityPath};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{OrderKey, SceneKey, Shown, SpatialScene, Standing, at_or_below};

/// An entity that has no place in the view's space.
pub(super) struct Hidden {
    pub(super) shown: Shown,
    pub(super) reason: NoTransform,
    /// The tree that it stands in.
    pub(super) tree: Tree,
}

/// The entities that have no place.
#[derive(Default)]
pub(super) struct HiddenEntities {
    entities: FxHashMap<SceneKey, Hidden>,
    /// The entities in the order of their paths.
    order: BTreeMap<OrderKey, SceneKey>,
    /// Why they are not shown: worked out when somebody asks, and kept until something changes.
    reports: OnceLock<Vec<Report>>,
    /// The entities by the frames that they stand in.
    pub(super) standing: Standing,
    /// How often an entity was looked at for a report.
    num_reported: AtomicUsize,
}

impl HiddenEntities {
    /// Notes that the reports may be others from now on.
    pub(super) fn set_changed(&mut self) {
        self.reports = OnceLock::new();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    pub(super) fn contains(&self, key: SceneKey) -> bool {
        self.entities.contains_key(&key)
    }

    /// What would be shown of an entity.
    pub(super) fn get_mut(&mut self, key: SceneKey) -> Option<&mut Shown> {
        Some(&mut self.entities.get_mut(&key)?.shown)
    }

    /// What would be shown of an entity, and which frames hidden entities stand in. Whoever changes one changes the other.
    pub(super) fn get_with_standing(&mut self, key: SceneKey) -> Option<(&mut Shown, &mut Standing)> {
        Some((&mut self.entities.get_mut(&key)?.shown, &mut self.standing))
    }

    /// Says why an entity that is hidden already has no place, and where it stands instead. Returns whether it is hidden.
    pub(super) fn set_reason(&mut self, key: SceneKey, reason: NoTransform, tree: Tree) -> bool {
        let Some(hidden) = self.entities.get_mut(&key) else {
            return false;
        };
        if (hidden.reason, hidden.tree) != (reason, tree) {
            (hidden.reason, hidden.tree) = (reason, tree);
            self.set_changed();
        }
        true
    }

    pub(super) fn insert(&mut self, key: SceneKey, hidden: Hidden) {
        self.set_changed();
        self.order.insert((hidden.shown.path.clone(), key.0), key);
        self.standing.insert(hidden.shown.frames, key);
        self.entities.insert(key, hidden);
    }

    pub(super) fn remove(&mut self, key: SceneKey) -> Option<Shown> {
        let Hidden { shown, .. } = self.entities.remove(&key)?;
        self.set_changed();
        self.order.remove(&(shown.path.clone(), key.0));
        self.standing.remove(shown.frames, key);
        Some(shown)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = SceneKey> {
        self.entities.keys().copied()
    }

    /// An entity and all below it, in the order of their paths. Cost: O(log entities), and what is found.
    pub(super) fn at_or_below<'a>(
        &'a self,
        path: &'a EntityPath,
    ) -> impl Iterator<Item = SceneKey> + use<'a> {
        at_or_below(&self.order, path)
    }

    #[cfg(test)]
    pub(super) fn num_reported(&self) -> usize {
        self.num_reported.load(Ordering::Relaxed)
    }

    pub(super) fn bytes(&self) -> usize {
        self.entities.capacity() * size_of::<(SceneKey, Hidden)>()
            + self.order.len() * size_of::<(OrderKey, SceneKey)>()
            + self.standing.bytes()
    }
}

impl SpatialScene {
    /// Why something has no place in the view's space: one report per part of the frame graph that is cut off, with the first entity
    /// in it. What a camera keeps out is not missed, and what [`Transforms::reports`] explains is not told twice.
    ///
    /// Cost: O(hidden entities) once after each change of why or where something is hidden, else O(1).
    pub(crate) fn unplaced(&self, transforms: &Transforms, store: &ChunkStore) -> &[Report] {
        self.hidden
            .reports
            .get_or_init(|| self.find_unplaced(transforms, store))
    }

    fn find_unplaced(&self, transforms: &Transforms, store: &ChunkStore) -> Vec<Report> {
        let origin = self
            .origin
            .map(|origin| transforms.origin_placement(store, origin).tree);
        if self.hidden.order.is_empty() || origin.is_some_and(|tree| transforms.is_reported(tree)) {
            return Vec::new();
        }
        let mut trees = FxHashSet::default();
        let mut reports = Vec::new();
        for ((path, _), key) in &self.hidden.order {
            let Some(Hidden { reason, tree, .. }) = self.hidden.entities.get(key) else {
                continue;
            };
            self.hidden.num_reported.fetch_add(1, Ordering::Relaxed);
            if *reason == NoTransform::ThroughPinhole {
                continue;
            }
            if *reason == NoTransform::NoCamera {
                let message = reason.to_string();
                reports.push(Report::info("transform", Some(path.clone()), message));
                continue;
            }
            let entity = key.1;
            if !transforms.is_reported(*tree) && trees.insert(*tree) {
                let frame = transforms.frame_name(store, entity).unwrap_or_default();
                let message = format!("{reason}, from the frame {frame}");
                reports.push(Report::entity_warning("transform", path.clone(), message));
            }
        }
        reports
    }
}
