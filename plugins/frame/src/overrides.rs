//! Phase 7: which source of each component wins, and what is hidden.
//!
//! Overrides stand in the blueprint, per view and entity. They are looked up for the entities that have any, when the blueprint or
//! the view's entities change; a moving cursor costs nothing here.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{
    BlueprintQuery, EntityOverrides, OwnBehavior, overridden_entities, overrides_for, own_behavior,
    view_defaults, visible_time_ranges,
};
use chronoscope_store::{EntityId, EntityPath, Hit, arrow::ArrayRef};
use chronoscope_types::VisibleTimeRange;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{ActiveBlueprint, DataResults, Frame, FrameSystems, Recordings, View, ViewTile};

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
    /// The version at which something changed that holds for all entities, or ceased to hold for one.
    common_version: u64,
    consumed: (u64, u64),
    /// Grows with each change.
    pub(crate) version: u64,
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

    /// Whether the blueprint gives times to show, be it for the view or for one of its entities.
    pub(crate) fn has_time_ranges(&self) -> bool {
        self.time_ranges.is_some()
            || self
                .entities
                .values()
                .any(|overrides| overrides.time_ranges.is_some())
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
    mut views: Query<(&View, &ViewTile, &DataResults, &mut ViewOverrides)>,
    active: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
) {
    puffin::profile_scope!("updating_overrides");
    let mut outdated: Vec<_> = views
        .iter_mut()
        .filter(|(_, tile, results, overrides)| {
            tile.shown && overrides.consumed != (active.generation(), results.version())
        })
        .collect();
    let query = recordings.active_blueprint().map(|(entry, blueprints)| {
        BlueprintQuery::new(
            entry.store(),
            &entry.recording.cache,
            blueprints.undo.query_time(),
        )
    });
    // In parallel, since each view asks for itself alone.
    outdated.par_iter_mut().for_each(|(view, _, results, overrides)| {
        overrides
            .bypass_change_detection()
            .update(query.as_ref(), view, results, active.generation());
    });
}

impl ViewOverrides {
    fn update(
        &mut self,
        query: Option<&BlueprintQuery<'_>>,
        view: &View,
        results: &DataResults,
        generation: u64,
    ) {
        self.consumed = (generation, results.version());
        let version = self.version + 1;
        let overridden = query
            .map(|query| overridden_entities(query, view.id))
            .unwrap_or_default();

        // What holds for the view as a whole.
        let defaults = query
            .map(|query| view_defaults(query, view.id))
            .unwrap_or_default();
        let rows = |hits: &[Hit]| {
            hits.iter()
                .map(|hit| (hit.column().name().clone(), hit.row_id()))
                .collect::<Vec<_>>()
        };
        let time_ranges = query.and_then(|query| visible_time_ranges(query, view.id, &EntityPath::root()));
        let mut common_changed = rows(&defaults) != rows(&self.defaults) || time_ranges != self.time_ranges;
        self.defaults = defaults;
        self.time_ranges = time_ranges;

        // Components hold for one entity; what is hidden hides all below it.
        let mut entities = FxHashMap::default();
        let mut hidden = FxHashSet::default();
        if let Some(query) = query.filter(|_| !overridden.is_empty()) {
            let behavior: FxHashMap<&EntityPath, OwnBehavior> = overridden
                .iter()
                .map(|path| (path, own_behavior(query, view.id, path)))
                .collect();
            let overridden: FxHashSet<&EntityPath> = overridden.iter().collect();
            for result in results.iter() {
                let visible = result
                    .path
                    .ancestors()
                    .find_map(|ancestor| behavior.get(&ancestor)?.visible);
                if visible == Some(false) {
                    hidden.insert(result.entity);
                }
                if overridden.contains(&result.path) {
                    let mut resolved = ResolvedOverrides {
                        overrides: overrides_for(query, view.id, &result.path),
                        time_ranges: visible_time_ranges(query, view.id, &result.path),
                        version,
                    };
                    if let Some(known) = self
                        .entities
                        .get(&result.entity)
                        .filter(|known| known.same_values(&resolved))
                    {
                        resolved.version = known.version;
                    }
                    entities.insert(result.entity, resolved);
                }
            }
        }
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
        self.entities = entities;
        self.hidden = hidden;
    }
}
