//! The latest rows at the cursor, once for all views that look there.
//!
//! What is known of an entity stands at its place in a list, with a cursor into the chunk per component.
//! Where the frame's cursor leaves rows behind, the next ones are mostly their neighbors: no index is
//! searched and nothing is allocated.

mod edges;
mod entity;

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ChunkMeta, ChunkStore, EntityId, QueryCache};
use rustc_hash::FxHashSet;

use crate::Cursor;

use super::data_results::Capabilities;

use edges::Edges;
pub(crate) use entity::AT_ONCE;
pub use entity::EntityResults;
use entity::{Refresh, Refreshed};

/// The latest rows at the cursor, or where views look that look elsewhere ([`crate::QueryContexts`]): per
/// entity that some of the shown ones show.
#[derive(Resource, Default)]
pub struct LatestAtResults {
    cursor: Cursor,
    frame: u64,
    epoch: u64,
    /// By the entity's id.
    states: Vec<EntityState>,
    /// Of each entity that some view shows and that was looked up. Those that came at once are in the order of the entities.
    results: Vec<EntityResults>,
    /// The ends and beginnings of their validities.
    edges: Edges,
    /// Entities whose answers may change when chunks arrive.
    provisional: BTreeSet<EntityId>,
    provisional_version: u64,
    /// The entities to be looked up.
    stale: Vec<EntityId>,
    changed: Vec<EntityId>,
    data_changed: Vec<EntityId>,
    rows_changed: Vec<EntityId>,
    /// The shown views that ask.
    asked_by: Vec<ViewId>,
    looked_up: usize,
    followed: usize,
    total_followed: u64,
    /// The heap bytes of the results beside their list.
    spilled_bytes: usize,
}

/// What is known of an entity, whether it is looked up or not.
#[derive(Clone, Copy, Debug, Default)]
struct EntityState {
    /// Whether data was ever added or taken.
    was_touched: bool,
    /// Where its results stand, from one; zero where there are none.
    place: u32,
    is_wanted: bool,
    /// Whether it is among the stale ones.
    is_stale: bool,
    /// Whether the store changed since its last look-up, or another timeline is shown.
    is_touched: bool,
}

impl EntityState {
    fn at(&self) -> Option<usize> {
        (self.place as usize).checked_sub(1)
    }
}

impl LatestAtResults {
    /// The heap bytes that it takes; the rows themselves lie in chunks of the store. Cost: constant.
    pub fn heap_bytes(&self) -> u64 {
        let lists = self.stale.capacity()
            + self.changed.capacity()
            + self.data_changed.capacity()
            + self.rows_changed.capacity()
            + 2 * self.provisional.len();
        let bytes = self.results.capacity() * size_of::<EntityResults>()
            + self.spilled_bytes
            + self.states.capacity() * size_of::<EntityState>()
            + self.edges.heap_bytes()
            + lists * size_of::<EntityId>();
        bytes as u64
    }

    /// The rows of an entity; `None` where no shown view asks for them.
    #[inline]
    pub fn get(&self, entity: EntityId) -> Option<&EntityResults> {
        let at = self.states.get(entity.index())?.at()?;
        self.results.get(at)
    }

    /// The entities that have answers, in no order.
    pub fn entities(&self) -> impl Iterator<Item = EntityId> {
        self.results.iter().map(EntityResults::entity)
    }

    /// Whether a chunk holds rows at the cursor.
    pub(crate) fn shows(&self, chunk: &ChunkMeta) -> bool {
        self.get(chunk.entity).is_some_and(|known| {
            let mut hits = known.iter().filter_map(|(_, answer)| answer.hit.as_ref());
            hits.any(|hit| hit.chunk().id() == chunk.id)
        })
    }

    /// The entities whose answers may change when chunk data arrives.
    pub fn provisional(&self) -> impl Iterator<Item = (EntityId, &EntityResults)> {
        self.provisional
            .iter()
            .filter_map(|entity| Some((*entity, self.get(*entity)?)))
    }

    /// Grows with each change of what is missing.
    pub(crate) fn provisional_version(&self) -> u64 {
        self.provisional_version
    }

    /// The entities whose rows are others than in the frame before.
    pub fn changed(&self) -> &[EntityId] {
        &self.changed
    }

    /// Those of [`Self::changed`] of which visualizers read other rows than before: not those whose transform
    /// moved, say.
    pub(crate) fn data_changed(&self) -> &[EntityId] {
        &self.data_changed
    }

    /// The entities to which data was added, or from which it was taken, in this frame, at whatever time.
    pub fn rows_changed(&self) -> &[EntityId] {
        &self.rows_changed
    }

    /// What tells the rows that visualizers read of an entity from others; zero where there are none. The
    /// same rows have the same number, even if the entity was not looked up in between.
    pub fn version_of(&self, entity: EntityId) -> u128 {
        self.get(entity).map_or(0, EntityResults::data_rows)
    }

    /// The number of the frame.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Grows when all results are thrown away: what was derived from them is to be made anew from
    /// [`Self::entities`], since entities that went meanwhile are in no [`Self::changed`].
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

    /// How many components of these were found in the chunk at hand, so that neither the store nor its cache
    /// was asked.
    pub fn followed(&self) -> usize {
        self.followed
    }

    /// As [`Self::followed`], of all frames.
    pub fn total_followed(&self) -> u64 {
        self.total_followed
    }

    /// Moves to a cursor. Returns whether all results were thrown away, since they are of another recording.
    pub(super) fn begin(&mut self, cursor: Cursor, frame: u64) -> bool {
        let before = std::mem::replace(&mut self.cursor, cursor);
        self.frame = frame;
        self.changed.clear();
        self.data_changed.clear();
        self.rows_changed.clear();
        (self.looked_up, self.followed) = (0, 0);
        if before.recording != cursor.recording {
            self.reset();
            return true;
        }
        if before.timeline != cursor.timeline {
            for (at, state) in self.states.iter_mut().enumerate() {
                let entity = EntityId::from_index(at);
                if state.is_wanted {
                    state.is_touched = true;
                    mark_stale(&mut self.stale, state, entity);
                }
                if state.was_touched || state.is_wanted {
                    self.rows_changed.push(entity);
                }
            }
            return false;
        }
        let Self {
            edges,
            states,
            results,
            stale,
            ..
        } = self;
        edges.pass(cursor.time, |entity, is_edge| {
            let Some(state) = states.get_mut(entity.index()) else {
                return;
            };
            // What an entity had before its last look-up is passed over.
            let known = state.at().and_then(|at| results.get(at));
            if known.is_some_and(|known| is_edge(known.validity())) {
                mark_stale(stale, state, entity);
            }
        });
        false
    }

    pub(super) fn reset(&mut self) {
        self.epoch += 1;
        self.states.clear();
        self.results.clear();
        self.spilled_bytes = 0;
        self.edges.clear();
        self.provisional.clear();
        self.provisional_version += 1;
        self.stale.clear();
    }

    /// Takes the shown views that ask, in the order of their ids. Returns whether they are those of before.
    pub(super) fn is_asked_by(&mut self, views: Vec<ViewId>) -> bool {
        let is_same = self.asked_by == views;
        self.asked_by = views;
        is_same
    }

    fn state_mut(&mut self, entity: EntityId) -> &mut EntityState {
        if self.states.len() <= entity.index() {
            self.states.resize(entity.index() + 1, EntityState::default());
        }
        &mut self.states[entity.index()]
    }

    /// Says whether some view shows an entity.
    pub(super) fn want_one(&mut self, entity: EntityId, is_wanted: bool) {
        let state = self.state_mut(entity);
        state.is_wanted = is_wanted;
        if is_wanted && state.place == 0 {
            let state = &mut self.states[entity.index()];
            mark_stale(&mut self.stale, state, entity);
        } else if !is_wanted && self.forget(entity) {
            self.changed.push(entity);
            self.data_changed.push(entity);
        }
    }

    /// Says which entities some view shows.
    pub(super) fn want(&mut self, wanted: &FxHashSet<EntityId>) {
        for at in 0..self.states.len() {
            let entity = EntityId::from_index(at);
            if self.states[at].is_wanted && !wanted.contains(&entity) {
                self.want_one(entity, false);
            }
        }
        for entity in wanted {
            self.want_one(*entity, true);
        }
    }

    /// Says which entities have other rows than in the frame before.
    pub(super) fn touch(&mut self, touched: &FxHashSet<EntityId>) {
        for entity in touched {
            let state = self.state_mut(*entity);
            state.was_touched = true;
            state.is_touched = true;
            if state.is_wanted {
                let state = &mut self.states[entity.index()];
                mark_stale(&mut self.stale, state, *entity);
            }
            self.rows_changed.push(*entity);
        }
    }

    /// Looks up what is stale.
    pub(super) fn look_up(&mut self, store: &ChunkStore, cache: &QueryCache, capabilities: &Capabilities) {
        let mut stale = std::mem::take(&mut self.stale);
        let has_no_place = |entity: &EntityId| {
            let state = self.states.get(entity.index());
            state.is_some_and(|state| state.place == 0)
        };
        if stale.iter().any(has_no_place) {
            // Those that are new stay beside each other, in the order in which visualizers go through them.
            stale.sort_unstable();
        }
        let mut work = Vec::with_capacity(stale.len());
        for entity in stale {
            let Some(state) = self.states.get_mut(entity.index()) else {
                continue;
            };
            state.is_stale = false;
            if !state.is_wanted {
                continue;
            }
            let is_touched = std::mem::take(&mut state.is_touched);
            let at = state.at().unwrap_or_else(|| {
                self.results.push(EntityResults::new(entity));
                state.place = self.results.len() as u32;
                self.results.len() - 1
            });
            work.push(Refresh { at, is_touched });
        }
        // Neighbors in the list are neighbors in memory.
        work.sort_unstable_by_key(|refresh| refresh.at);
        self.looked_up = work.len();
        let query = entity::Query {
            store,
            cache,
            capabilities,
            timeline: self.cursor.timeline,
            time: self.cursor.time,
        };
        let refreshed = query.refresh(&mut self.results, &work);
        self.edges
            .extend(refreshed.iter().map(|done| (done.entity, done.validity)));
        for done in &refreshed {
            let Refreshed { entity, .. } = *done;
            self.followed += done.followed;
            self.total_followed += done.followed as u64;
            self.spilled_bytes = self.spilled_bytes + done.spilled_after - done.spilled_before;
            if done.rows_changed {
                self.changed.push(entity);
            }
            if done.data_changed {
                self.data_changed.push(entity);
            }
            let was_provisional = done.was_provisional && self.provisional.remove(&entity);
            if done.is_provisional {
                self.provisional.insert(entity);
            }
            self.provisional_version += u64::from(was_provisional) + u64::from(done.is_provisional);
        }
        self.edges.shrink(self.results.len(), || {
            self.results
                .iter()
                .map(|known| (known.entity(), known.validity()))
        });
    }

    /// Throws the results of an entity away. Says whether there were any.
    fn forget(&mut self, entity: EntityId) -> bool {
        let state = &mut self.states[entity.index()];
        let Some(at) = state.at() else { return false };
        state.place = 0;
        self.spilled_bytes -= self.results.swap_remove(at).spilled_bytes();
        if let Some(moved) = self.results.get(at) {
            self.states[moved.entity().index()].place = at as u32 + 1;
        }
        self.provisional_version += u64::from(self.provisional.remove(&entity));
        true
    }
}

fn mark_stale(stale: &mut Vec<EntityId>, state: &mut EntityState, entity: EntityId) {
    if !std::mem::replace(&mut state.is_stale, true) {
        stale.push(entity);
    }
}
