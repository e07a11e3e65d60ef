//! The latest rows at the cursor, once for all views.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
    hash::{Hash as _, Hasher as _},
};

use bevy_ecs::prelude::*;
use chronoscope_store::{
    ChunkId, ChunkMeta, ChunkStore, ComponentId, EntityId, Hit, LatestAt, QueryCache, TimeRange,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use smallvec::SmallVec;

use crate::Cursor;

use super::data_results::Capabilities;

/// The latest rows of one entity at the cursor.
#[derive(Debug)]
pub struct EntityResults {
    components: SmallVec<[(ComponentId, LatestAt); 4]>,
    validity: TimeRange,
    /// A hash of the rows of all components.
    rows: u64,
    /// A hash of the rows that visualizers read: of all components but those that hold below the entity too.
    data_rows: u64,
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

    /// The bytes that do not lie in this struct.
    fn spilled_bytes(&self) -> usize {
        let components = usize::from(self.components.spilled())
            * self.components.capacity()
            * size_of::<(ComponentId, LatestAt)>();
        let missing = self.iter().map(|(_, answer)| {
            usize::from(answer.missing.spilled()) * answer.missing.capacity() * size_of::<ChunkId>()
        });
        components + missing.sum::<usize>()
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
}

/// What tells rows from others: where these are, they are the same for as long as they have this number, whatever came between.
fn hash_rows<'a>(components: impl Iterator<Item = &'a (ComponentId, LatestAt)>) -> u64 {
    let mut hasher = FxHasher::default();
    for (component, answer) in components {
        component.hash(&mut hasher);
        let row = answer.hit.as_ref().map(|hit| (hit.row_id(), hit.data_time()));
        row.hash(&mut hasher);
    }
    // Zero is no rows at all.
    hasher.finish().max(1)
}

/// The end of a validity, if a cursor that moves forward can leave it behind.
fn end_of((entity, validity): (EntityId, TimeRange)) -> Option<(Reverse<i64>, EntityId)> {
    (validity.max != i64::MAX).then_some((Reverse(validity.max), entity))
}

/// The beginning of a validity, if a cursor that moves back can leave it behind.
fn begin_of((entity, validity): (EntityId, TimeRange)) -> Option<(i64, EntityId)> {
    (validity.min > i64::MIN + 1).then_some((validity.min, entity))
}

/// The latest rows at the cursor, per entity that some shown view shows.
#[derive(Resource, Default)]
pub struct LatestAtResults {
    cursor: Cursor,
    frame: u64,
    epoch: u64,
    wanted: FxHashSet<EntityId>,
    entities: FxHashMap<EntityId, EntityResults>,
    /// Entities by the end and by the beginning of their validity: what a moved cursor leaves behind is at the top of one.
    by_end: BinaryHeap<(Reverse<i64>, EntityId)>,
    by_begin: BinaryHeap<(i64, EntityId)>,
    /// Entities whose answers may change when chunks arrive.
    provisional: BTreeSet<EntityId>,
    provisional_version: u64,
    stale: FxHashSet<EntityId>,
    changed: Vec<EntityId>,
    data_changed: Vec<EntityId>,
    rows_changed: Vec<EntityId>,
    rows_versions: FxHashMap<EntityId, u64>,
    rows_version_floor: u64,
    looked_up: usize,
    /// The bytes that the entities' results take beside the map.
    spilled_bytes: usize,
}

impl LatestAtResults {
    /// The heap bytes that it takes; the rows themselves lie in chunks of the store. Cost: constant.
    pub fn heap_bytes(&self) -> u64 {
        let bytes = self.entities.capacity() * (size_of::<(EntityId, EntityResults)>() + 1)
            + self.spilled_bytes
            + (self.wanted.capacity() + self.stale.capacity()) * (size_of::<EntityId>() + 1)
            + self.rows_versions.capacity() * (size_of::<(EntityId, u64)>() + 1)
            + (self.by_end.capacity() + self.by_begin.capacity()) * size_of::<(i64, EntityId)>()
            + (self.changed.capacity() + self.data_changed.capacity() + self.rows_changed.capacity())
                * size_of::<EntityId>()
            + self.provisional.len() * 2 * size_of::<EntityId>();
        bytes as u64
    }

    /// The rows of an entity; `None` where no shown view asks for them.
    pub fn get(&self, entity: EntityId) -> Option<&EntityResults> {
        self.entities.get(&entity)
    }

    /// The entities that have answers, in no order.
    pub fn entities(&self) -> impl Iterator<Item = EntityId> {
        self.entities.keys().copied()
    }

    /// Whether a chunk holds rows at the cursor.
    pub(crate) fn shows(&self, chunk: &ChunkMeta) -> bool {
        self.entities.get(&chunk.entity).is_some_and(|known| {
            let mut hits = known
                .components
                .iter()
                .filter_map(|(_, answer)| answer.hit.as_ref());
            hits.any(|hit| hit.chunk().id() == chunk.id)
        })
    }

    /// The entities whose answers may change when chunk data arrives.
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

    /// Those of [`Self::changed`] of which visualizers read other rows than before: not those whose transform moved, say.
    pub(crate) fn data_changed(&self) -> &[EntityId] {
        &self.data_changed
    }

    /// The entities to which data was added, or from which it was taken, in this frame, at whatever time.
    pub fn rows_changed(&self) -> &[EntityId] {
        &self.rows_changed
    }

    /// What tells the rows that visualizers read of an entity from others; zero where there are none. The same rows have the same
    /// number, even if the entity was not looked up in between.
    pub fn version_of(&self, entity: EntityId) -> u64 {
        self.entities
            .get(&entity)
            .map_or(0, |latest_at| latest_at.data_rows)
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

    /// Grows when all results are thrown away: what was derived from them is to be made anew from [`Self::entities`], since entities
    /// that went meanwhile are in no [`Self::changed`].
    pub fn epoch(&self) -> u64 {
        self.epoch
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
        self.data_changed.clear();
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
        // Moved forward, validities that ended before the cursor have ended; moved back, those that begin behind it. What an entity
        // had before its last look-up is passed over.
        while let Some((Reverse(end), entity)) =
            self.by_end.peek().copied().filter(|(end, _)| end.0 < cursor.time)
        {
            self.by_end.pop();
            if self
                .validity_of(entity)
                .is_some_and(|validity| validity.max == end)
            {
                self.stale.insert(entity);
            }
        }
        while let Some((begin, entity)) = self
            .by_begin
            .peek()
            .copied()
            .filter(|(begin, _)| *begin > cursor.time)
        {
            self.by_begin.pop();
            if self
                .validity_of(entity)
                .is_some_and(|validity| validity.min == begin)
            {
                self.stale.insert(entity);
            }
        }
    }

    fn validity_of(&self, entity: EntityId) -> Option<TimeRange> {
        Some(self.entities.get(&entity)?.validity)
    }

    /// Makes the heaps anew where most of them is out of date, so that they take no more than twice the room that they need.
    fn shrink_heaps(&mut self) {
        let most = 2 * self.entities.len() + 64;
        if self.by_end.len() <= most && self.by_begin.len() <= most {
            return;
        }
        let validities = || {
            self.entities
                .iter()
                .map(|(entity, known)| (*entity, known.validity))
        };
        self.by_end = validities().filter_map(end_of).collect();
        self.by_begin = validities().filter_map(begin_of).collect();
    }

    pub(super) fn reset(&mut self) {
        self.epoch += 1;
        self.entities.clear();
        self.spilled_bytes = 0;
        self.by_end.clear();
        self.by_begin.clear();
        self.provisional.clear();
        self.provisional_version += 1;
        self.stale.clear();
        self.wanted.clear();
        self.rows_versions.clear();
        self.rows_version_floor = self.frame;
    }

    /// Says whether some view shows an entity.
    pub(super) fn want_one(&mut self, entity: EntityId, is_wanted: bool) {
        if is_wanted {
            self.wanted.insert(entity);
            if !self.entities.contains_key(&entity) {
                self.stale.insert(entity);
            }
        } else if self.wanted.remove(&entity) && self.entities.contains_key(&entity) {
            self.forget(entity);
            self.changed.push(entity);
            self.data_changed.push(entity);
        }
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
            self.data_changed.push(entity);
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
            let rows = hash_rows(components.iter());
            let data_rows = hash_rows(
                components
                    .iter()
                    .filter(|(component, _)| !capabilities.is_context(*component)),
            );
            let known = self.entities.get(&entity);
            if known.is_none_or(|known| known.rows != rows) {
                self.changed.push(entity);
            }
            if known.is_none_or(|known| known.data_rows != data_rows) {
                self.data_changed.push(entity);
            }
            self.forget(entity);
            self.by_end.extend(end_of((entity, validity)));
            self.by_begin.extend(begin_of((entity, validity)));
            let latest_at = EntityResults {
                components,
                validity,
                rows,
                data_rows,
            };
            if latest_at.is_provisional() {
                self.provisional.insert(entity);
                self.provisional_version += 1;
            }
            self.spilled_bytes += latest_at.spilled_bytes();
            self.entities.insert(entity, latest_at);
        }
        self.shrink_heaps();
    }

    fn forget(&mut self, entity: EntityId) {
        if let Some(known) = self.entities.remove(&entity) {
            self.spilled_bytes -= known.spilled_bytes();
            self.provisional_version += u64::from(self.provisional.remove(&entity));
        }
    }
}
