//! Phase 7: which source of each component wins, and what is hidden.
//!
//! Overrides stand in the blueprint, per view and entity. They are looked up for the entities that have any, when the blueprint or
//! the view's entities change; a moving cursor costs nothing here.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{
    BlueprintQuery, EntityOverrides, ViewId, overridden_entities, overrides_for, own_behavior, view_defaults,
    visible_time_ranges,
};
use chronoscope_store::{ChunkStore, EntityId, EntityPath, Hit, arrow::ArrayRef};
use chronoscope_types::VisibleTimeRange;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    ActiveBlueprint, Cursor, DataResults, Frame, FrameSystems, RecordingEntry, RecordingKey, Recordings,
    View, Work, WorkCounters,
};

/// What the blueprint says of an entity in a view.
#[derive(Clone, Debug, Default)]
pub struct ResolvedOverrides {
    overrides: EntityOverrides,
    time_ranges: Option<Vec<VisibleTimeRange>>,
    version: u64,
}

impl ResolvedOverrides {
    /// The value that a visualizer takes for a component instead of the data's.
    pub fn value(&self, visualizer: &str, component: &str) -> Option<ArrayRef> {
        self.overrides.value(visualizer, component).map(Hit::cell)
    }

    /// All that is overridden.
    pub fn all(&self) -> &EntityOverrides {
        &self.overrides
    }

    /// Whether the blueprint lets this visualizer show the entity: it does unless it names others.
    pub fn allows(&self, visualizer: &str) -> bool {
        self.overrides.visualizers.as_ref().is_none_or(|instructions| {
            instructions
                .iter()
                .any(|instruction| &*instruction.visualizer == visualizer)
        })
    }

    /// The times that the entity shows; `None` for the latest value at the cursor.
    pub fn time_ranges(&self) -> Option<&[VisibleTimeRange]> {
        self.time_ranges.as_deref()
    }

    fn same_values(&self, other: &Self) -> bool {
        let rows = |overrides: &EntityOverrides| -> Vec<_> {
            let own = overrides
                .entity
                .iter()
                .map(|hit| (None, hit.column().name().clone(), hit.row_id()));
            let of_visualizers = overrides.visualizers.iter().flatten().flat_map(|instruction| {
                let values = instruction.values.iter();
                values.map(|hit| {
                    (
                        Some(instruction.visualizer.clone()),
                        hit.column().name().clone(),
                        hit.row_id(),
                    )
                })
            });
            own.chain(of_visualizers).collect()
        };
        let names = |overrides: &EntityOverrides| -> Option<Vec<_>> {
            Some(
                overrides
                    .visualizers
                    .as_ref()?
                    .iter()
                    .map(|instruction| instruction.visualizer.clone())
                    .collect(),
            )
        };
        self.time_ranges == other.time_ranges
            && rows(&self.overrides) == rows(&other.overrides)
            && names(&self.overrides) == names(&other.overrides)
    }
}

/// What the blueprint says of a view's entities.
#[derive(Component, Default, Debug)]
pub struct ViewOverrides {
    entities: FxHashMap<EntityId, ResolvedOverrides>,
    hidden: FxHashSet<EntityId>,
    defaults: Vec<Hit>,
    time_ranges: Option<Vec<VisibleTimeRange>>,
    /// Whether the view or one of its entities has time ranges.
    has_time_ranges: bool,
    /// The version at which something changed that holds for all entities, or ceased to hold for one.
    common_version: u64,
    consumed: Consumed,
    /// Whether the blueprint overrides something of some entity.
    overrides_any: bool,
    /// Grows with each change.
    pub(crate) version: u64,
}

/// What the overrides of a view were last worked out from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Consumed {
    recording: Option<RecordingKey>,
    /// The version of the view's overrides in the blueprint.
    blueprint: u64,
    results: u64,
}

impl ViewOverrides {
    /// What is overridden on an entity.
    pub fn get(&self, entity: EntityId) -> Option<&ResolvedOverrides> {
        self.entities.get(&entity)
    }

    /// Whether an entity is shown: it is not where it, or an entity above it, is hidden in this view.
    pub fn is_visible(&self, entity: EntityId) -> bool {
        !self.hidden.contains(&entity)
    }

    /// The value of a component that the view takes where nothing else says anything.
    pub fn default_value(&self, component: &str) -> Option<ArrayRef> {
        self.defaults
            .iter()
            .find(|hit| &**hit.column().name() == component)
            .map(Hit::cell)
    }

    /// The times that an entity shows: its own, or the view's; `None` for the latest value at the cursor.
    pub fn time_ranges(&self, entity: EntityId) -> Option<&[VisibleTimeRange]> {
        let own = self
            .entities
            .get(&entity)
            .and_then(ResolvedOverrides::time_ranges);
        own.or(self.time_ranges.as_deref())
    }

    /// Whether the blueprint gives times to show, for the view or for one of its entities.
    pub(crate) fn has_time_ranges(&self) -> bool {
        self.has_time_ranges
    }

    /// Grows with each change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Grows with each change of what holds for an entity.
    pub fn version_of(&self, entity: EntityId) -> u64 {
        self.entities
            .get(&entity)
            .map_or(0, |overrides| overrides.version)
            .max(self.common_version)
    }
}

/// Keeps [`ViewOverrides`].
pub struct OverridesPlugin;

impl Plugin for OverridesPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Frame, update_overrides.in_set(FrameSystems::Overrides));
    }
}

fn update_overrides(
    mut views: Query<(&View, &DataResults, &mut ViewOverrides)>,
    active: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
    cursor: Res<Cursor>,
    counters: Res<WorkCounters>,
) {
    puffin::profile_scope!("updating_overrides");
    let now = |view: &View, results: &DataResults| Consumed {
        recording: cursor.recording,
        blueprint: active.overrides_version(view.id),
        results: results.version(),
    };
    // Hidden views too: the trees show what is hidden in them.
    let mut outdated: Vec<_> = views
        .iter_mut()
        .filter_map(|(view, results, mut overrides)| {
            let is_outdated = overrides
                .bypass_change_detection()
                .must_update(now(view, results));
            is_outdated.then_some((view, results, overrides))
        })
        .collect();
    if outdated.is_empty() {
        return;
    }
    let query = recordings.active_blueprint().map(|(entry, blueprints)| {
        BlueprintQuery::new(
            entry.store(),
            &entry.recording.cache,
            blueprints.undo.query_time(),
        )
    });
    let store = cursor
        .recording
        .and_then(|key| recordings.get(key))
        .map(RecordingEntry::store);
    let resolved: usize = outdated
        .par_iter_mut()
        // In parallel, since each view asks for itself alone.
        .map(|(view, results, overrides)| {
            let consumed = now(view, results);
            let overrides = overrides.bypass_change_detection();
            let Some((query, store)) = query.as_ref().zip(store) else {
                return overrides.clear(consumed);
            };
            overrides.update(query, store, view.id, results, consumed)
        })
        .sum();
    counters.add(Work::OverridesResolved, resolved);
}

impl ViewOverrides {
    /// Where there is no blueprint or no recording, nothing is overridden.
    fn clear(&mut self, consumed: Consumed) -> usize {
        let version = self.version + 1;
        let had_any = !self.entities.is_empty()
            || !self.hidden.is_empty()
            || !self.defaults.is_empty()
            || self.time_ranges.is_some();
        *self = Self {
            consumed,
            common_version: if had_any { version } else { self.common_version },
            version: if had_any { version } else { self.version },
            ..Self::default()
        };
        0
    }

    /// Whether it is out of date. New entities change nothing where nothing is overridden.
    fn must_update(&mut self, now: Consumed) -> bool {
        let results = Consumed {
            results: now.results,
            ..self.consumed
        };
        if results == now && !self.overrides_any {
            self.consumed = now;
        }
        self.consumed != now
    }

    /// Brings it up to date, and returns how many entities were resolved.
    ///
    /// Cost: what the view overrides, and the entities below what it hides.
    fn update(
        &mut self,
        query: &BlueprintQuery<'_>,
        store: &ChunkStore,
        view: ViewId,
        results: &DataResults,
        consumed: Consumed,
    ) -> usize {
        self.consumed = consumed;
        let version = self.version + 1;
        let overridden = overridden_entities(query, view);
        self.overrides_any = !overridden.is_empty();
        let overridden: Vec<EntityId> = overridden
            .iter()
            .filter_map(|path| store.entity_id(path))
            .collect();

        // What holds for the view as a whole.
        let defaults = view_defaults(query, view);
        let time_ranges = visible_time_ranges(query, view, &EntityPath::root());
        let rows = |hits: &[Hit]| {
            hits.iter()
                .map(|hit| (hit.column().name().clone(), hit.row_id()))
                .collect::<Vec<_>>()
        };
        let mut common_changed = rows(&defaults) != rows(&self.defaults) || time_ranges != self.time_ranges;
        self.defaults = defaults;
        self.time_ranges = time_ranges;

        // Components hold for one entity; what is hidden hides all below it that does not say otherwise.
        let mut entities = FxHashMap::default();
        let mut behavior: FxHashMap<EntityId, bool> = FxHashMap::default();
        for entity in &overridden {
            let path = store.entity_path(*entity);
            if let Some(visible) = own_behavior(query, view, path).visible {
                behavior.insert(*entity, visible);
            }
            if results.get(*entity).is_none() {
                continue;
            }
            let mut resolved = ResolvedOverrides {
                overrides: overrides_for(query, view, path),
                time_ranges: visible_time_ranges(query, view, path),
                version,
            };
            if let Some(known) = self
                .entities
                .get(entity)
                .filter(|known| known.same_values(&resolved))
            {
                resolved.version = known.version;
            }
            entities.insert(*entity, resolved);
        }
        let hidden = hidden_entities(store, &behavior);
        let num_resolved = overridden.len() + hidden.len();

        // What is no longer overridden has no version of its own to tell so by.
        common_changed |= self.entities.keys().any(|entity| !entities.contains_key(entity));
        if common_changed {
            self.common_version = version;
        }
        if common_changed
            || self.hidden != hidden
            || entities.values().any(|overrides| overrides.version == version)
        {
            self.version = version;
        }
        self.has_time_ranges = self.time_ranges.is_some()
            || entities
                .values()
                .any(|overrides: &ResolvedOverrides| overrides.time_ranges.is_some());
        self.entities = entities;
        self.hidden = hidden;
        num_resolved
    }
}

/// The entities that are hidden, or below one that is with nothing in between that says otherwise.
fn hidden_entities(store: &ChunkStore, visible: &FxHashMap<EntityId, bool>) -> FxHashSet<EntityId> {
    let tree = store.tree();
    let mut hidden = FxHashSet::default();
    let mut stack: Vec<EntityId> = visible
        .iter()
        .filter(|(_, visible)| !**visible)
        .map(|(entity, _)| *entity)
        .collect();
    while let Some(entity) = stack.pop() {
        if hidden.insert(entity) {
            stack.extend(
                tree.children(entity)
                    .filter(|entity| !visible.contains_key(entity)),
            );
        }
    }
    hidden
}
