//! Clears: data that hides older data.
//!
//! A `Clear` is logged like anything else, as a row of the component [`CLEAR_COMPONENT`]. It hides what its own entity,
//! and where it is recursive every entity below, had at or before its own (time, row id). Rows are not touched: a query
//! looks up the row that the time gives, then asks whether a clear stands between. So that this costs nothing where there
//! are no clears, each entity knows whether one could reach it.
//!
//! Static data stands above all times. A clear on a timeline does not hide it; a static clear hides all temporal data of
//! its entity, and the static rows with smaller or equal row ids. A clear does not hide clears.
//!
//! # Where the same file must look the same in the Rerun Viewer
//! - Of each entity above, only the *latest* clear at the cursor counts, as latest-at finds it: a later flat clear shows the
//!   children again that an earlier recursive one hid, and a static clear masks all clears of its entity that have a time.
//!   On the entity itself any clear hides what is older, so that there it makes no difference.
//! - An empty list is a value: a clear without an instance is a flat one. A null is no clear.
//!
//! One thing is different, by design: while a clear is not loaded, the Rerun Viewer hides the data that the clear could
//! hide; here it is shown, and the answer is provisional. Clears are loaded before all else.

use std::{collections::BTreeSet, ops::Bound};

use arrow_array::{Array as _, cast::AsArray as _};
use arrow_schema::DataType;
use smallvec::SmallVec;

use crate::{
    Chunk, ChunkId, ChunkMeta, ChunkStore, ComponentId, EntityId, RowId, TimeRange, TimelineId,
    interval_index::{Entry, IntervalIndex},
    rows::ChunkData,
};

/// The component that clears: a bool per row, whether it reaches the entities below.
pub const CLEAR_COMPONENT: &str = "Clear:is_recursive";

/// A clear's place among rows. The slot tells apart copies of a row in several chunks.
type ClearKey = (i64, RowId, u32);

/// How many pairs of clears at the same time are looked past to find how long an answer holds. Behind more of them it is said to
/// hold for less long than it does.
const MAX_STEPS: usize = 16;

/// The clears logged to one entity.
#[derive(Debug, Default)]
pub(crate) struct EntityClears {
    timelines: SmallVec<[(TimelineId, TimelineClears); 1]>,
    /// Static clears by row id, and whether they are recursive.
    statics: BTreeSet<(RowId, u32, bool)>,
    /// The chunks with static clears that are not loaded, by their greatest row id.
    absent_statics: BTreeSet<(RowId, u32)>,
    /// Whether all entities below know that they might require clearing.
    reaches_below: bool,
}

#[derive(Debug, Default)]
struct TimelineClears {
    all: BTreeSet<ClearKey>,
    recursive: BTreeSet<ClearKey>,
    flat: BTreeSet<ClearKey>,
    /// The chunks with clears that are not loaded, by the times of the clears.
    absent: IntervalIndex,
}

impl TimelineClears {
    /// What the clears of an entity above do to a row, seen from a cursor at or after it. The latest clear decides.
    fn of_above(&self, row: (i64, RowId), cursor: i64) -> Clearing {
        let begin = (row.0, row.1, 0);
        let end = (cursor, RowId::MAX, u32::MAX);
        let latest = |set: &BTreeSet<ClearKey>| set.range(begin..=end).next_back().copied();
        let (recursive, flat) = (latest(&self.recursive), latest(&self.flat));
        let is_hidden = recursive > flat;
        let (same, other, last_other) = if is_hidden {
            (&self.recursive, &self.flat, flat)
        } else {
            (&self.flat, &self.recursive, recursive)
        };
        Clearing::at(
            is_hidden,
            TimeRange::new(
                Self::begin_of(same, other, last_other, begin, is_hidden),
                Self::end_of(same, other, end),
            ),
        )
    }

    /// Since when the latest clear was of the one kind and not of the other: from the first of that kind behind the last of the
    /// other. One that another follows at the same time was never the latest.
    fn begin_of(
        same: &BTreeSet<ClearKey>,
        other: &BTreeSet<ClearKey>,
        last_other: Option<ClearKey>,
        begin: ClearKey,
        is_hidden: bool,
    ) -> i64 {
        let (mut last_other, mut since) = (last_other, i64::MIN);
        for _ in 0..MAX_STEPS {
            let Some(last) = last_other else {
                let first = same.range(begin..).next().filter(|_| is_hidden);
                return first.map_or(i64::MIN, |key| key.0);
            };
            let first = same.range((Bound::Excluded(last), Bound::Unbounded)).next();
            since = first.map_or(since, |key| key.0);
            if since != last.0 {
                break;
            }
            last_other = other.range(..(last.0, RowId::MIN, 0)).next_back().copied();
            last_other = last_other.filter(|key| *key >= begin);
        }
        since
    }

    /// Until when the latest clear is of the one kind and not of the other.
    fn end_of(same: &BTreeSet<ClearKey>, other: &BTreeSet<ClearKey>, end: ClearKey) -> i64 {
        let mut end = end;
        for step in 0..MAX_STEPS {
            let Some(next) = other.range((Bound::Excluded(end), Bound::Unbounded)).next() else {
                return i64::MAX;
            };
            let last_at_once = (next.0, RowId::MAX, u32::MAX);
            let follows = (Bound::Excluded(*next), Bound::Included(last_at_once));
            let last = other.range(..=last_at_once).next_back();
            if step + 1 == MAX_STEPS || same.range(follows).next_back() < last {
                return next.0 - 1;
            }
            end = last_at_once;
        }
        i64::MAX
    }

    /// What the clears of the entity itself do to a row: the first one hides it for good.
    fn own(&self, row: (i64, RowId), cursor: i64) -> Clearing {
        match self.all.range((row.0, row.1, 0)..).next() {
            None => Clearing::none(),
            Some(&(time, ..)) if time <= cursor => Clearing::hidden_for_good(TimeRange::new(time, i64::MAX)),
            Some(&(time, ..)) => Clearing::at(false, TimeRange::new(i64::MIN, time - 1)),
        }
    }
}

/// What clears do to a row.
#[derive(Debug)]
pub(crate) struct Clearing {
    pub(crate) is_hidden: bool,
    /// The cursors for which that holds, as far as loaded clears tell.
    validity: TimeRange,
    /// Those for which the row is hidden for good, this one among them: no other clear could show it again.
    hidden_for_good: Option<TimeRange>,
    /// A chunk that is not loaded and could hide the row, or show it. There may be more.
    missing: Option<ChunkId>,
    /// The cursors for which `missing` is the same, as far as is known.
    missing_validity: TimeRange,
}

impl Clearing {
    fn none() -> Self {
        Self::at(false, TimeRange::EVERYTHING)
    }

    fn at(is_hidden: bool, validity: TimeRange) -> Self {
        Self {
            is_hidden,
            validity,
            hidden_for_good: None,
            missing: None,
            missing_validity: TimeRange::EVERYTHING,
        }
    }

    /// Adds what the loaded clears of another entity do.
    fn add(&mut self, other: &Self) {
        self.validity = match (self.is_hidden, other.is_hidden) {
            // Both hold at the cursor, so that there is no gap between them.
            (true, true) => self.validity.union(&other.validity),
            (false, false) => self.validity.intersection(&other.validity),
            (true, false) => self.validity,
            (false, true) => other.validity,
        };
        self.is_hidden |= other.is_hidden;
        self.hidden_for_good = self.hidden_for_good.or(other.hidden_for_good);
    }

    /// A chunk that has to be loaded to be sure, and the cursors for which all of this is so.
    pub(crate) fn missing(&self) -> (Option<ChunkId>, TimeRange) {
        let Some(for_good) = self.hidden_for_good else {
            return (self.missing, self.validity.intersection(&self.missing_validity));
        };
        // What is not loaded changes nothing there. Both ranges hold the cursor, so that there is no gap between them.
        let sure = match self.missing {
            Some(_) => for_good,
            None => for_good.union(&self.missing_validity),
        };
        (None, self.validity.intersection(&sure))
    }

    /// Hidden, whatever other clears there may be.
    fn hidden_for_good(validity: TimeRange) -> Self {
        Self {
            hidden_for_good: Some(validity),
            ..Self::at(true, validity)
        }
    }
}

impl EntityClears {
    /// Whether a recursive clear was ever among them, so that entities below are told.
    pub(crate) fn reach_below(&self) -> bool {
        self.reaches_below
    }

    fn timeline_mut(&mut self, timeline: TimelineId) -> &mut TimelineClears {
        let at = self
            .timelines
            .iter()
            .position(|(id, _)| *id == timeline)
            .unwrap_or_else(|| {
                self.timelines.push((timeline, TimelineClears::default()));
                self.timelines.len() - 1
            });
        &mut self.timelines[at].1
    }

    fn timeline(&self, timeline: TimelineId) -> Option<&TimelineClears> {
        self.timelines
            .iter()
            .find(|(id, _)| *id == timeline)
            .map(|(_, clears)| clears)
    }

    fn is_empty(&self) -> bool {
        self.statics.is_empty()
            && self.absent_statics.is_empty()
            && self
                .timelines
                .iter()
                .all(|(_, clears)| clears.all.is_empty() && clears.absent.is_empty())
    }

    /// The heap bytes, with what a tree of the standard library takes per entry on average.
    pub(crate) fn heap_bytes(&self) -> usize {
        let keys: usize = self
            .timelines
            .iter()
            .map(|(_, clears)| 2 * clears.all.len())
            .sum();
        let absent = self
            .timelines
            .iter()
            .map(|(_, clears)| clears.absent.heap_bytes());
        size_of::<Self>()
            + keys * size_of::<ClearKey>() * 3 / 2
            + self.statics.len() * size_of::<(RowId, u32, bool)>() * 3 / 2
            + self.absent_statics.len() * size_of::<(RowId, u32)>() * 3 / 2
            + absent.sum::<usize>()
    }
}

impl ChunkStore {
    /// The id of [`CLEAR_COMPONENT`], if it was ever logged.
    pub(crate) fn clear_component(&self) -> Option<ComponentId> {
        self.names.clear
    }

    /// Whether some clear could hide data of this entity. A false alarm is possible, a miss is not.
    pub fn might_require_clearing(&self, entity: EntityId) -> bool {
        self.entity(entity)
            .is_some_and(|data| data.might_require_clearing)
    }

    /// Whether clears hide a row of an entity, seen from a cursor at or after the row. Only clears that are loaded count.
    ///
    /// Cost: O(log n) per entity above; constant where [`Self::might_require_clearing`] is false.
    pub fn is_cleared(
        &self,
        entity: EntityId,
        timeline: TimelineId,
        cursor: i64,
        row_time: i64,
        row_id: RowId,
    ) -> bool {
        self.might_require_clearing(entity)
            && self
                .clearing(entity, Some(timeline), cursor, Some(row_time), row_id)
                .is_hidden
    }

    /// Whether a clear of this entity ever reached the entities below it: then any change of its clears may show or hide them.
    pub fn clears_reach_below(&self, entity: EntityId) -> bool {
        self.entity(entity)
            .and_then(|data| data.clears.as_ref())
            .is_some_and(|clears| clears.reach_below())
    }

    /// Whether a chunk has clears.
    pub(crate) fn has_clears(&self, meta: &ChunkMeta) -> bool {
        self.clear_component()
            .is_some_and(|component| meta.has_component(component))
    }

    pub(crate) fn link_clears(&mut self, slot: u32, meta: &ChunkMeta, chunk_data: Option<&ChunkData>) {
        let Some(component) = self.clear_component() else {
            return;
        };
        let data = &mut self.entities[meta.entity.index()];
        data.might_require_clearing = true;
        let before = data.clears.as_ref().map_or(0, |clears| clears.heap_bytes());
        let clears = data.clears.get_or_insert_default();
        let mut reaches_below = false;
        match chunk_data {
            None => {
                reaches_below = true;
                if meta.is_static {
                    clears.absent_statics.insert((meta.row_ids.1, slot));
                }
                for (timeline, range) in meta.ranges_of(component) {
                    let entry = Entry::new(range, slot, meta.num_rows, (0, 0), false);
                    clears.timeline_mut(timeline).absent.insert(entry);
                }
            }
            Some(chunk_data) => {
                for (row, recursive) in clear_rows(chunk_data.chunk()) {
                    reaches_below |= recursive;
                    let row_id = chunk_data.chunk().row_ids()[row];
                    if meta.is_static {
                        clears.statics.insert((row_id, slot, recursive));
                    }
                    for (column, timeline) in chunk_data.chunk().timelines().iter().zip(&meta.timelines) {
                        let key = (column.times()[row], row_id, slot);
                        let clears = clears.timeline_mut(timeline.timeline);
                        clears.all.insert(key);
                        if recursive {
                            clears.recursive.insert(key);
                        } else {
                            clears.flat.insert(key);
                        }
                    }
                }
            }
        }
        self.totals.index_changed(before, clears.heap_bytes());
        if reaches_below && !clears.reaches_below {
            clears.reaches_below = true;
            for below in self.tree.descend(meta.entity) {
                if let Some(data) = self.entities.get_mut(below.index()) {
                    data.might_require_clearing = true;
                }
            }
        }
    }

    pub(crate) fn unlink_clears(&mut self, slot: u32, meta: &ChunkMeta, chunk_data: Option<&ChunkData>) {
        let component = self.clear_component();
        let data = &mut self.entities[meta.entity.index()];
        let Some(clears) = &mut data.clears else { return };
        let before = clears.heap_bytes();
        match chunk_data {
            None => {
                clears.absent_statics.remove(&(meta.row_ids.1, slot));
                for (timeline, range) in component
                    .into_iter()
                    .flat_map(|component| meta.ranges_of(component))
                {
                    clears.timeline_mut(timeline).absent.remove(&[(range.min, slot)]);
                }
            }
            Some(chunk_data) => {
                for (row, recursive) in clear_rows(chunk_data.chunk()) {
                    let row_id = chunk_data.chunk().row_ids()[row];
                    clears.statics.remove(&(row_id, slot, recursive));
                    for (column, timeline) in chunk_data.chunk().timelines().iter().zip(&meta.timelines) {
                        let key = (column.times()[row], row_id, slot);
                        let clears = clears.timeline_mut(timeline.timeline);
                        clears.all.remove(&key);
                        clears.recursive.remove(&key);
                        clears.flat.remove(&key);
                    }
                }
            }
        }
        let mut after = clears.heap_bytes();
        if clears.is_empty() && !clears.reaches_below {
            data.clears = None;
            after = 0;
        }
        self.totals.index_changed(before, after);
    }

    /// What clears do to a row of an entity, seen from a cursor at or after the row. `row_time` is `None` for static rows.
    ///
    /// Cost: O(log n) per entity above.
    pub(crate) fn clearing(
        &self,
        entity: EntityId,
        timeline: Option<TimelineId>,
        cursor: i64,
        row_time: Option<i64>,
        row_id: RowId,
    ) -> Clearing {
        let mut clearing = Clearing::none();
        let timed_row = timeline.zip(row_time);
        for ancestor in self.tree.ancestors(entity) {
            let Some(clears) = self.entity(ancestor).and_then(|data| data.clears.as_deref()) else {
                continue;
            };
            let from_above = ancestor != entity;
            if let Some(&(clear, _, is_recursive)) = clears.statics.last() {
                // It masks those that have a time.
                if (is_recursive || !from_above) && (row_time.is_some() || clear >= row_id) {
                    clearing.add(&if from_above {
                        Clearing::at(true, TimeRange::EVERYTHING)
                    } else {
                        Clearing::hidden_for_good(TimeRange::EVERYTHING)
                    });
                }
            } else if let Some((timeline, row_time)) = timed_row
                && let Some(clears) = clears.timeline(timeline)
            {
                let row = (row_time, row_id);
                clearing.add(&if from_above {
                    clears.of_above(row, cursor)
                } else {
                    clears.own(row, cursor)
                });
            }
            self.find_missing_clear(clears, timed_row, cursor, row_id, &mut clearing);
        }
        clearing
    }

    /// Looks for a chunk with clears that is not loaded and could hide a row. The first is enough: all of them are loaded before
    /// other chunks.
    fn find_missing_clear(
        &self,
        clears: &EntityClears,
        timed_row: Option<(TimelineId, i64)>,
        cursor: i64,
        row_id: RowId,
        clearing: &mut Clearing,
    ) {
        if clearing.missing.is_some() {
            return;
        }
        let id_of = |slot: u32| self.slot(slot).map(|slot| slot.meta.id);
        if let Some(&(newest, slot)) = clears.absent_statics.last()
            && (timed_row.is_some() || newest >= row_id)
        {
            clearing.missing = id_of(slot);
            return;
        }
        let Some((row_time, clears)) =
            timed_row.and_then(|(timeline, time)| Some((time, clears.timeline(timeline)?)))
        else {
            return;
        };
        let mut first = None;
        clears
            .absent
            .visit_by_beginning(TimeRange::new(row_time, i64::MAX), |entry| {
                first = Some(*entry);
                false
            });
        match first {
            Some(entry) if entry.min <= cursor => {
                clearing.missing = id_of(entry.slot);
                let validity = &mut clearing.missing_validity;
                validity.min = validity.min.max(entry.min);
            }
            Some(entry) => {
                let validity = &mut clearing.missing_validity;
                validity.max = validity.max.min(entry.min - 1);
            }
            None => {}
        }
    }
}

/// The rows of a chunk that clear, and whether they reach below.
fn clear_rows(chunk: &Chunk) -> Vec<(usize, bool)> {
    let Some(column) = chunk.component(CLEAR_COMPONENT) else {
        return Vec::new();
    };
    let lists = column.lists();
    if lists.value_type() != DataType::Boolean {
        return Vec::new();
    }
    let values = lists.values().as_boolean();
    let is_recursive = |row: usize| {
        let at = usize::try_from(lists.value_offsets()[row]).unwrap_or(usize::MAX);
        lists.value_length(row) > 0 && values.is_valid(at) && values.value(at)
    };
    (0..lists.len())
        .filter(|&row| lists.is_valid(row))
        .map(|row| (row, is_recursive(row)))
        .collect()
}
