//! The latest rows at the cursor, once for all views.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use chronoscope_store::{ChunkId, ChunkStore, ComponentId, EntityId, Hit, LatestAt, QueryCache, TimeRange};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::Cursor;

use super::data_results::Capabilities;

/// The latest rows of one entity at the cursor.
#[derive(Debug)]
pub struct EntityResults {
    components: SmallVec<[(ComponentId, LatestAt); 4]>,
    validity: TimeRange,
    version: u64,
}

impl EntityResults {
    /// The latest row of a component.
    pub fn hit(&self, component: ComponentId) -> Option<&Hit> {
        self.components
            .iter()
            .find(|(id, _)| *id == component)?
            .1
            .hit
            .as_ref()
    }

    /// All components that were looked up, and what was found.
    pub fn iter(&self) -> impl Iterator<Item = (ComponentId, &LatestAt)> {
        self.components.iter().map(|(id, answer)| (*id, answer))
    }

    /// Whether a component was looked up.
    pub fn looks_at(&self, component: ComponentId) -> bool {
        self.components.iter().any(|(id, _)| *id == component)
    }

    /// The cursors for which all of this holds.
    pub fn validity(&self) -> TimeRange {
        self.validity
    }

    /// Whether chunks that may change the answer are not loaded.
    pub fn is_provisional(&self) -> bool {
        self.components
            .iter()
            .any(|(_, answer)| !answer.missing.is_empty())
    }

    /// The chunks that are not loaded, some of them more than once.
    pub fn missing(&self) -> impl Iterator<Item = ChunkId> {
        self.components
            .iter()
            .flat_map(|(_, answer)| answer.missing.iter().copied())
    }

    fn same_rows(&self, other: &[(ComponentId, LatestAt)]) -> bool {
        let row = |answer: &LatestAt| answer.hit.as_ref().map(|hit| (hit.row_id(), hit.data_time()));
        self.components.len() == other.len()
            && self
                .components
                .iter()
                .zip(other)
                .all(|((id, a), (other, b))| id == other && row(a) == row(b))
    }
}

/// The latest rows at the cursor, per entity that some shown view shows.
#[derive(Resource, Default)]
pub struct LatestAtResults {
    cursor: Cursor,
    frame: u64,
    wanted: FxHashSet<EntityId>,
    entities: FxHashMap<EntityId, EntityResults>,
    /// Entities by the end and by the beginning of their validity: what a moved cursor leaves behind is at the near end of one.
    by_end: BTreeSet<(i64, EntityId)>,
    by_begin: BTreeSet<(i64, EntityId)>,
    /// Entities whose answers may change when chunks arrive.
    provisional: BTreeSet<EntityId>,
    provisional_version: u64,
    stale: FxHashSet<EntityId>,
    changed: Vec<EntityId>,
    rows_changed: Vec<EntityId>,
    rows_versions: FxHashMap<EntityId, u64>,
    rows_version_floor: u64,
    looked_up: usize,
}

impl LatestAtResults {
    /// The rows of an entity; `None` where no shown view asks for them.
    pub fn get(&self, entity: EntityId) -> Option<&EntityResults> {
        self.entities.get(&entity)
    }

    /// The entities that have answers, in no order.
    pub fn entities(&self) -> impl Iterator<Item = EntityId> {
        self.entities.keys().copied()
    }

    /// The chunks that hold the rows at the cursor, some of them more than once.
    pub fn chunks(&self) -> impl Iterator<Item = ChunkId> {
        let hits = self.entities.values().flat_map(|latest_at| {
            latest_at
                .components
                .iter()
                .filter_map(|(_, answer)| answer.hit.as_ref())
        });
        hits.map(|hit| hit.chunk().id())
    }

    /// The entities whose answers may change when chunk data arrive.
    pub fn provisional(&self) -> impl Iterator<Item = (EntityId, &EntityResults)> {
        self.provisional
            .iter()
            .filter_map(|entity| Some((*entity, self.entities.get(entity)?)))
    }

    /// Grows with each change of what is missing.
    pub(crate) fn provisional_version(&self) -> u64 {
        self.provisional_version
    }

    /// The entities whose rows are others than in the frame before.
    pub fn changed(&self) -> &[EntityId] {
        &self.changed
    }

    /// The entities to which data was added, or from which it was taken, in this frame, at whatever time.
    pub fn rows_changed(&self) -> &[EntityId] {
        &self.rows_changed
    }

    /// The number of the frame in which an entity's rows last changed; zero where there are none.
    pub fn version_of(&self, entity: EntityId) -> u64 {
        self.entities
            .get(&entity)
            .map_or(0, |latest_at| latest_at.version)
    }

    /// The number of the frame in which data was last added to an entity or taken from it, at whatever time.
    pub fn rows_version_of(&self, entity: EntityId) -> u64 {
        self.rows_versions
            .get(&entity)
            .copied()
            .unwrap_or(0)
            .max(self.rows_version_floor)
    }

    /// The number of the frame.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Where the frame looks.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// How many entities were looked up in this frame.
    pub fn looked_up(&self) -> usize {
        self.looked_up
    }

    pub(super) fn begin(&mut self, cursor: Cursor, frame: u64) {
        let before = std::mem::replace(&mut self.cursor, cursor);
        self.frame = frame;
        self.changed.clear();
        self.rows_changed.clear();
        self.looked_up = 0;
        if before.recording != cursor.recording {
            self.reset();
            return;
        }
        if before.timeline != cursor.timeline {
            self.stale.extend(self.wanted.iter().copied());
            // Ranges are asked for on the shown timeline.
            self.rows_version_floor = frame;
            self.rows_changed.extend(self.rows_versions.keys().copied());
            return;
        }
        // Moved forward, validities that ended before the cursor have ended; moved back, those that begin behind it.
        while let Some((end, entity)) = self.by_end.first().copied().filter(|(end, _)| *end < cursor.time) {
            self.by_end.remove(&(end, entity));
            self.stale.insert(entity);
        }
        while let Some((begin, entity)) = self
            .by_begin
            .last()
            .copied()
            .filter(|(begin, _)| *begin > cursor.time)
        {
            self.by_begin.remove(&(begin, entity));
            self.stale.insert(entity);
        }
    }

    pub(super) fn reset(&mut self) {
        self.entities.clear();
        self.by_end.clear();
        self.by_begin.clear();
        self.provisional.clear();
        self.provisional_version += 1;
        self.stale.clear();
        self.wanted.clear();
        self.rows_versions.clear();
        self.rows_version_floor = self.frame;
    }

    /// Says which entities some view shows.
    pub(super) fn want(&mut self, wanted: FxHashSet<EntityId>) {
        let gone: Vec<EntityId> = self
            .entities
            .keys()
            .filter(|entity| !wanted.contains(entity))
            .copied()
            .collect();
        for entity in gone {
            self.forget(entity);
            self.changed.push(entity);
        }
        self.stale
            .extend(wanted.iter().filter(|entity| !self.entities.contains_key(entity)));
        self.wanted = wanted;
    }

    /// Says which entities have other rows than in the frame before.
    pub(super) fn touch(&mut self, touched: &FxHashSet<EntityId>) {
        for entity in touched {
            self.rows_versions.insert(*entity, self.frame);
            self.rows_changed.push(*entity);
            if self.wanted.contains(entity) {
                self.stale.insert(*entity);
            }
        }
    }

    /// Looks up what is stale.
    pub(super) fn look_up(&mut self, store: &ChunkStore, cache: &QueryCache, capabilities: &Capabilities) {
        let stale: Vec<EntityId> = self
            .stale
            .drain()
            .filter(|entity| self.wanted.contains(entity))
            .collect();
        self.looked_up = stale.len();
        let Cursor { timeline, time, .. } = self.cursor;
        let ask = |entity: EntityId| {
            let components: SmallVec<[(ComponentId, LatestAt); 4]> = capabilities
                .components_of(entity)
                .iter()
                .map(|component| {
                    (
                        *component,
                        cache.latest_at(store, entity, timeline, time, *component),
                    )
                })
                .collect();
            let validity = components.iter().fold(TimeRange::EVERYTHING, |all, (_, answer)| {
                all.intersection(&answer.validity)
            });
            (entity, components, validity)
        };
        // Below this it costs more to hand the work out than to do it.
        let answered: Vec<_> = if stale.len() < 32 {
            stale.into_iter().map(ask).collect()
        } else {
            stale.into_par_iter().with_min_len(16).map(ask).collect()
        };
        for (entity, components, validity) in answered {
            let known = self.entities.get(&entity);
            let version = match known {
                Some(known) if known.same_rows(&components) => known.version,
                _ => {
                    self.changed.push(entity);
                    self.frame
                }
            };
            self.forget(entity);
            self.by_end.insert((validity.max, entity));
            self.by_begin.insert((validity.min, entity));
            let latest_at = EntityResults {
                components,
                validity,
                version,
            };
            if latest_at.is_provisional() {
                self.provisional.insert(entity);
                self.provisional_version += 1;
            }
            self.entities.insert(entity, latest_at);
        }
    }

    fn forget(&mut self, entity: EntityId) {
        if let Some(known) = self.entities.remove(&entity) {
            self.by_end.remove(&(known.validity.max, entity));
            self.by_begin.remove(&(known.validity.min, entity));
            self.provisional_version += u64::from(self.provisional.remove(&entity));
        }
    }
}
