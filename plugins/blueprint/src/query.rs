//! A blueprint store at a time: what a component of one of its entities says there.

use chronoscope_store::{CLEAR_COMPONENT, ChunkStore, EntityPath, Hit, QueryCache, TimelineId};

/// The name of the one timeline of a blueprint.
pub const BLUEPRINT_TIMELINE: &str = "blueprint";

/// A blueprint store at a time of the blueprint's timeline.
#[derive(Clone, Copy, Debug)]
pub struct BlueprintQuery<'a> {
    store: &'a ChunkStore,
    cache: &'a QueryCache,
    timeline: Option<TimelineId>,
    at: i64,
}

impl<'a> BlueprintQuery<'a> {
    /// The blueprint as it was at this blueprint time; `i64::MAX` for the newest.
    pub fn new(store: &'a ChunkStore, cache: &'a QueryCache, at: i64) -> Self {
        Self {
            store,
            cache,
            timeline: store.timeline_id(BLUEPRINT_TIMELINE),
            at,
        }
    }

    /// The store.
    pub fn store(&self) -> &'a ChunkStore {
        self.store
    }

    /// The row of a component; `None` where there is none, or it was cleared. The row may be empty: a value that was unset.
    pub fn hit(&self, entity: &EntityPath, component: &str) -> Option<Hit> {
        let entity = self.store.entity_id(entity)?;
        let component = self.store.component_id(component)?;
        self.cache
            .latest_at(self.store, entity, self.timeline, self.at, component)
            .hit
    }

    /// The row of a component that has any instance.
    pub fn value(&self, entity: &EntityPath, component: &str) -> Option<Hit> {
        self.hit(entity, component).filter(|hit| !hit.cell().is_empty())
    }

    /// The rows of all components of an entity that have any instance, ordered by the components' names.
    pub fn values(&self, entity: &EntityPath) -> Vec<Hit> {
        let Some(id) = self.store.entity_id(entity) else {
            return Vec::new();
        };
        self.store
            .components_of(id)
            .filter(|component| &*self.store.descriptor(*component).component != CLEAR_COMPONENT)
            .filter_map(|component| {
                self.cache
                    .latest_at(self.store, id, self.timeline, self.at, component)
                    .hit
            })
            .filter(|hit| !hit.cell().is_empty())
            .collect()
    }
}

/// The newest blueprint time with any row; `-1` where there is none.
pub fn newest_blueprint_time(store: &ChunkStore) -> i64 {
    let range = store
        .timeline_id(BLUEPRINT_TIMELINE)
        .map(|timeline| store.time_range(timeline));
    range
        .filter(|range| !range.is_empty())
        .map_or(-1, |range| range.max)
}
