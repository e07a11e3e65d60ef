//! The latest rows of one entity, and how they are brought to another time.

use std::hash::Hash as _;

use chronoscope_store::{
    ChunkId, ChunkStore, ComponentId, EntityId, Hit, LatestAt, LatestAtCursor, QueryCache, RowId, TimeRange,
    TimelineId,
};
use smallvec::SmallVec;

use super::Capabilities;
use crate::identity::IdentityHasher;

/// The latest rows of one entity at the cursor.
#[derive(Debug)]
pub struct EntityResults {
    entity: EntityId,
    components: SmallVec<[ComponentResult; 2]>,
    validity: TimeRange,
    /// A hash of the rows that visualizers read: of all components but those that hold below the entity too. Zero before the first
    /// look-up.
    data_rows: u128,
}

#[derive(Debug)]
struct ComponentResult {
    component: ComponentId,
    /// Whether what it says holds below the entity too.
    is_context: bool,
    cursor: LatestAtCursor,
}

impl EntityResults {
    pub(super) fn new(entity: EntityId) -> Self {
        Self {
            entity,
            components: SmallVec::new(),
            validity: TimeRange::EMPTY,
            data_rows: 0,
        }
    }

    pub(super) fn entity(&self) -> EntityId {
        self.entity
    }

    pub(super) fn data_rows(&self) -> u128 {
        self.data_rows
    }

    /// The latest row of a component.
    #[inline]
    pub fn hit(&self, component: ComponentId) -> Option<&Hit> {
        self.cursor(component)?.answer().hit.as_ref()
    }

    /// What was found for a component; `None` where it was not looked up.
    #[inline]
    pub(crate) fn cursor(&self, component: ComponentId) -> Option<&LatestAtCursor> {
        let mut results = self.components.iter();
        let result = results.find(|result| result.component == component)?;
        Some(&result.cursor)
    }

    /// Reads what is asked of the rows first: see [`LatestAtCursor::prefetch`].
    #[inline]
    pub(crate) fn prefetch(&self) {
        for result in &self.components {
            result.cursor.prefetch();
        }
    }

    /// Reads where the values of the rows begin, likewise.
    #[inline]
    pub(crate) fn prefetch_cells(&self) {
        for result in &self.components {
            result.cursor.prefetch_cell();
        }
    }

    /// The heap bytes of what does not lie in this struct.
    pub(super) fn spilled_bytes(&self) -> usize {
        let components = usize::from(self.components.spilled())
            * self.components.capacity()
            * size_of::<ComponentResult>();
        let cursors = self.components.iter().map(|result| result.cursor.heap_bytes());
        components + cursors.sum::<usize>()
    }

    /// All components that were looked up, and what was found.
    pub fn iter(&self) -> impl Iterator<Item = (ComponentId, &LatestAt)> {
        self.components
            .iter()
            .map(|result| (result.component, result.cursor.answer()))
    }

    /// The cursors for which all of this holds.
    pub fn validity(&self) -> TimeRange {
        self.validity
    }

    /// Whether chunks that may change the answer are not loaded.
    pub fn is_provisional(&self) -> bool {
        self.iter().any(|(_, answer)| answer.is_provisional())
    }

    /// The chunks that are not loaded, some of them more than once.
    pub fn missing(&self) -> impl Iterator<Item = ChunkId> {
        self.iter().flat_map(|(_, answer)| answer.missing.iter().copied())
    }
}

/// An entity to be brought to the cursor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refresh {
    /// The place of its results.
    pub(super) at: usize,
    /// Whether more than the cursor changed.
    pub(super) is_touched: bool,
}

/// What bringing an entity to the cursor led to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refreshed {
    pub(super) entity: EntityId,
    pub(super) validity: TimeRange,
    pub(super) rows_changed: bool,
    pub(super) data_changed: bool,
    pub(super) was_provisional: bool,
    pub(super) is_provisional: bool,
    /// The components whose rows were found in the chunk at hand.
    pub(super) followed: usize,
    /// [`EntityResults::spilled_bytes`] before and after.
    pub(super) spilled_before: usize,
    pub(super) spilled_after: usize,
}

/// What is asked, and where.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) store: &'a ChunkStore,
    pub(super) cache: &'a QueryCache,
    pub(super) capabilities: &'a Capabilities,
    pub(super) timeline: Option<TimelineId>,
    pub(super) time: i64,
}

/// Below this it costs more to hand the work out than to do it: a look-up takes less than a microsecond, and a thread some fifty to
/// wake up.
const MIN_SHARE: usize = 128;

/// So many results, and visuals of them, go from step to step together: as many as the processor can wait for at once, about.
pub(crate) const AT_ONCE: usize = 16;

impl Query<'_> {
    /// Brings some results to the cursor, in parallel, and says what became of each. Precondition: the work is ordered by place, with none
    /// there twice.
    pub(super) fn refresh(&self, results: &mut [EntityResults], work: &[Refresh]) -> Vec<Refreshed> {
        let mut out = vec![None; work.len()];
        self.share(results, 0, work, &mut out);
        out.into_iter().flatten().collect()
    }

    /// Refreshes results of which the first has the place `first`.
    fn share(
        &self,
        results: &mut [EntityResults],
        first: usize,
        work: &[Refresh],
        out: &mut [Option<Refreshed>],
    ) {
        if work.len() < 2 * MIN_SHARE {
            for (work, out) in work.chunks(AT_ONCE).zip(out.chunks_mut(AT_ONCE)) {
                self.refresh_some(results, first, work, out);
            }
            return;
        }
        let (work, other_work) = work.split_at(work.len() / 2);
        let (out, other_out) = out.split_at_mut(work.len());
        let split = other_work.first().map_or(first, |refresh| refresh.at);
        let (results, other_results) = results.split_at_mut(split - first);
        rayon::join(
            || self.share(results, first, work, out),
            || self.share(other_results, split, other_work, other_out),
        );
    }

    /// Refreshes few results. What is read lies elsewhere in memory for each of them, and is fetched for all of them before the first
    /// needs it.
    fn refresh_some(
        &self,
        results: &mut [EntityResults],
        first: usize,
        work: &[Refresh],
        out: &mut [Option<Refreshed>],
    ) {
        let known = || work.iter().filter_map(|refresh| results.get(refresh.at - first));
        for known in known() {
            known.prefetch();
        }
        for result in known().flat_map(|known| &known.components) {
            result.cursor.prefetch_next();
        }
        for (refresh, out) in work.iter().zip(&mut *out) {
            *out = results
                .get_mut(refresh.at - first)
                .map(|known| self.refresh_one(known, refresh.is_touched));
        }
        let others = || {
            let work = work.iter().zip(&*out);
            let others = work.filter(|(_, out)| out.is_some_and(|out| out.data_changed));
            others.map(|(refresh, _)| refresh.at - first)
        };
        for known in others().filter_map(|at| results.get(at)) {
            for result in known.components.iter().filter(|result| !result.is_context) {
                result.cursor.prefetch_row_id();
            }
        }
        for at in others() {
            if let Some(known) = results.get_mut(at) {
                known.data_rows = hash_data_rows(&known.components);
            }
        }
    }

    /// Brings a result to the cursor, but for the number of its rows.
    fn refresh_one(&self, known: &mut EntityResults, is_touched: bool) -> Refreshed {
        let &Self {
            store,
            cache,
            capabilities,
            timeline,
            time,
        } = self;
        let entity = known.entity;
        let was_provisional = known.is_provisional();
        let spilled_before = known.spilled_bytes();
        let is_new = known.data_rows == 0;
        let (mut rows_changed, mut data_changed) = (is_new, is_new);
        let mut followed = 0;
        if is_touched || is_new {
            let asked = capabilities.components_of(entity);
            let answers = cache.latest_at_cursors(store, entity, timeline, time, asked);
            let components = answers.map(|(component, cursor)| ComponentResult {
                component,
                is_context: capabilities.is_context(component),
                cursor,
            });
            let before = std::mem::replace(&mut known.components, components.collect());
            let has_same = |is_asked: fn(&ComponentResult) -> bool| {
                let now = known.components.iter().filter(|result| is_asked(result));
                now.map(ComponentResult::row).eq(before
                    .iter()
                    .filter(|result| is_asked(result))
                    .map(ComponentResult::row))
            };
            rows_changed |= !has_same(|_| true);
            data_changed |= rows_changed && !has_same(|result| !result.is_context);
        } else {
            for result in &mut known.components {
                let has_moved = match result.cursor.follow(time) {
                    Some(has_moved) => {
                        followed += 1;
                        has_moved
                    }
                    None => {
                        let before = result.row();
                        let asked = [result.component];
                        let answers = cache.latest_at_cursors(store, entity, timeline, time, &asked);
                        for (_, cursor) in answers {
                            result.cursor = cursor;
                        }
                        result.row() != before
                    }
                };
                rows_changed |= has_moved;
                data_changed |= has_moved && !result.is_context;
            }
        }
        known.validity = known.iter().fold(TimeRange::EVERYTHING, |all, (_, answer)| {
            all.intersection(&answer.validity)
        });
        Refreshed {
            entity,
            validity: known.validity,
            rows_changed,
            data_changed,
            was_provisional,
            is_provisional: known.is_provisional(),
            followed,
            spilled_before,
            spilled_after: known.spilled_bytes(),
        }
    }
}

impl ComponentResult {
    /// What tells its row from others: the row's id, and its time.
    fn row(&self) -> (ComponentId, Option<(RowId, Option<i64>)>) {
        let data_time = self.cursor.answer().hit.as_ref().map(Hit::data_time);
        (self.component, self.cursor.row_id().zip(data_time))
    }
}

/// What tells the rows of the entity alone from others: where these are, they are the same for as long as they have this number,
/// whatever came between. Never zero.
fn hash_data_rows(components: &[ComponentResult]) -> u128 {
    let mut hasher = IdentityHasher::default();
    for result in components.iter().filter(|result| !result.is_context) {
        result.row().hash(&mut hasher);
    }
    hasher.identity()
}
