//! Clears: data that hides older data.
//!
//! A `Clear` is logged like anything else, as a row of the component [`CLEAR_COMPONENT`]. It hides what its own entity,
//! and where it is recursive every entity below, had at or before its own (time, row id). Rows are not touched: a query
//! looks up the row that the time gives, then asks whether a clear stands between. So that this costs nothing where there
//! are no clears, each entity knows whether one could reach it.
//!
//! Static data stands above all times. A clear on a timeline does not hide it; a static clear hides all temporal data of
//! its entity, and the static rows with smaller or equal row ids. Of several static clears of an entity only the newest
//! counts, as of any static data. A clear does not hide clears.

use std::collections::BTreeSet;

use arrow_array::{Array as _, cast::AsArray as _};
use arrow_schema::DataType;
use smallvec::SmallVec;

use crate::{
    Chunk, ChunkId, ChunkMeta, ChunkStore, ComponentId, EntityId, RowId, TimeRange, TimelineId, rows::Body,
};

/// The component that clears: a bool per row, whether it reaches the entities below.
pub const CLEAR_COMPONENT: &str = "Clear:is_recursive";

/// A clear's place among rows. The slot tells apart copies of a row in several chunks.
type ClearKey = (i64, RowId, u32);

/// The clears logged to one entity.
#[derive(Debug, Default)]
pub(crate) struct EntityClears {
    timelines: SmallVec<[(TimelineId, TimelineClears); 1]>,
    /// Static clears by row id, and whether they are recursive.
    statics: BTreeSet<(RowId, u32, bool)>,
    /// The chunks that have clears and no body, and so could hold any.
    absent: Vec<u32>,
    /// Whether all entities below know that they might require clearing.
    reaches_below: bool,
}

#[derive(Debug, Default)]
struct TimelineClears {
    all: BTreeSet<ClearKey>,
    recursive: BTreeSet<ClearKey>,
}

/// What clears do to a row.
pub(crate) struct Clearing {
    /// The earliest time at which a clear hides the row, where that is not after the cursor.
    pub(crate) hidden_since: Option<i64>,
    /// The earliest time after the cursor at which a clear hides the row.
    pub(crate) hidden_from: Option<i64>,
    /// Chunks that are not loaded and could hide the row.
    pub(crate) missing: SmallVec<[ChunkId; 1]>,
    /// The times at which `missing` is the same, as far as is known.
    pub(crate) missing_validity: TimeRange,
}

impl EntityClears {
    /// Whether a recursive clear was ever among them, so that entities below are told.
    pub(crate) fn reach_below(&self) -> bool {
        self.reaches_below
    }

    fn timeline_mut(&mut self, timeline: TimelineId) -> Option<&mut TimelineClears> {
        let at = self
            .timelines
            .iter()
            .position(|(id, _)| *id == timeline)
            .unwrap_or_else(|| {
                self.timelines.push((timeline, TimelineClears::default()));
                self.timelines.len() - 1
            });
        self.timelines.get_mut(at).map(|(_, clears)| clears)
    }

    fn timeline(&self, timeline: TimelineId) -> Option<&TimelineClears> {
        self.timelines
            .iter()
            .find(|(id, _)| *id == timeline)
            .map(|(_, clears)| clears)
    }

    /// The id of the static clear that reaches the entity itself, or the entities below.
    fn static_clear(&self, from_above: bool) -> Option<RowId> {
        self.statics
            .last()
            .filter(|(.., recursive)| *recursive || !from_above)
            .map(|(id, ..)| *id)
    }

    fn is_empty(&self) -> bool {
        self.statics.is_empty()
            && self.absent.is_empty()
            && self.timelines.iter().all(|(_, clears)| clears.all.is_empty())
    }

    /// The heap bytes, with what a tree of the standard library takes per entry on average.
    pub(crate) fn heap_bytes(&self) -> usize {
        let keys: usize = self
            .timelines
            .iter()
            .map(|(_, clears)| clears.all.len() + clears.recursive.len())
            .sum();
        size_of::<Self>()
            + keys * size_of::<ClearKey>() * 3 / 2
            + self.statics.len() * size_of::<(RowId, u32, bool)>() * 3 / 2
            + self.absent.capacity() * size_of::<u32>()
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

    pub(crate) fn link_clears(&mut self, slot: u32, meta: &ChunkMeta, body: Option<&Body>) {
        let Some(data) = self.entities.get_mut(meta.entity.index()) else {
            return;
        };
        data.might_require_clearing = true;
        let clears = data.clears.get_or_insert_default();
        let mut reaches_below = false;
        match body {
            None => {
                clears.absent.push(slot);
                reaches_below = true;
            }
            Some(body) => {
                for (row, recursive) in clear_rows(body.chunk()) {
                    reaches_below |= recursive;
                    let row_id = body.chunk().row_ids()[row];
                    if meta.is_static {
                        clears.statics.insert((row_id, slot, recursive));
                    }
                    for (column, timeline) in body.chunk().timelines().iter().zip(&meta.timelines) {
                        let key = (column.times()[row], row_id, slot);
                        if let Some(clears) = clears.timeline_mut(timeline.timeline) {
                            clears.all.insert(key);
                            if recursive {
                                clears.recursive.insert(key);
                            }
                        }
                    }
                }
            }
        }
        if reaches_below && !clears.reaches_below {
            clears.reaches_below = true;
            for below in self.tree.descend(meta.entity) {
                if let Some(data) = self.entities.get_mut(below.index()) {
                    data.might_require_clearing = true;
                }
            }
        }
    }

    pub(crate) fn unlink_clears(&mut self, slot: u32, meta: &ChunkMeta, body: Option<&Body>) {
        let Some(data) = self.entities.get_mut(meta.entity.index()) else {
            return;
        };
        let Some(clears) = &mut data.clears else { return };
        match body {
            None => clears.absent.retain(|other| *other != slot),
            Some(body) => {
                for (row, recursive) in clear_rows(body.chunk()) {
                    let row_id = body.chunk().row_ids()[row];
                    clears.statics.remove(&(row_id, slot, recursive));
                    for (column, timeline) in body.chunk().timelines().iter().zip(&meta.timelines) {
                        let key = (column.times()[row], row_id, slot);
                        if let Some(clears) = clears.timeline_mut(timeline.timeline) {
                            clears.all.remove(&key);
                            clears.recursive.remove(&key);
                        }
                    }
                }
            }
        }
        if clears.is_empty() && !clears.reaches_below {
            data.clears = None;
        }
    }

    /// What clears do to a row of an entity, seen from a cursor at or after the row. `row_time` is `None` for static rows.
    pub(crate) fn clearing(
        &self,
        entity: EntityId,
        timeline: Option<TimelineId>,
        cursor: i64,
        row_time: Option<i64>,
        row_id: RowId,
    ) -> Clearing {
        let mut clearing = Clearing {
            hidden_since: None,
            hidden_from: None,
            missing: SmallVec::new(),
            missing_validity: TimeRange::EVERYTHING,
        };
        let mut hide = |time: i64| {
            if time <= cursor {
                clearing.hidden_since = Some(clearing.hidden_since.map_or(time, |other| other.min(time)));
            } else {
                clearing.hidden_from = Some(clearing.hidden_from.map_or(time, |other| other.min(time)));
            }
        };
        for ancestor in self.tree.ancestors(entity) {
            let Some(clears) = self.entity(ancestor).and_then(|data| data.clears.as_deref()) else {
                continue;
            };
            let from_above = ancestor != entity;
            if clears
                .static_clear(from_above)
                .is_some_and(|clear| row_time.is_some() || clear >= row_id)
            {
                hide(i64::MIN);
            }
            if let Some((timeline, row_time)) = timeline.zip(row_time)
                && let Some(clears) = clears.timeline(timeline)
            {
                let set = if from_above {
                    &clears.recursive
                } else {
                    &clears.all
                };
                if let Some((time, ..)) = set.range((row_time, row_id, 0)..).next() {
                    hide(*time);
                }
            }
            for slot in clears.absent.iter().filter_map(|&slot| self.slot(slot)) {
                let Some(component) = self.clear_component() else {
                    continue;
                };
                let meta = &slot.meta;
                if meta.is_static {
                    if row_time.is_some() || meta.row_ids.1 >= row_id {
                        clearing.missing.push(meta.id);
                    }
                } else if let Some((timeline, row_time)) = timeline.zip(row_time) {
                    let range = meta.component_range(timeline, component);
                    if range.is_empty() || range.max < row_time {
                        continue;
                    }
                    if range.min <= cursor {
                        clearing.missing.push(meta.id);
                        clearing.missing_validity.min = clearing.missing_validity.min.max(range.min);
                    } else {
                        clearing.missing_validity.max = clearing.missing_validity.max.min(range.min - 1);
                    }
                }
            }
        }
        clearing
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
    let first_of = |row: usize| usize::try_from(lists.value_offsets()[row]).ok();
    (0..lists.len())
        .filter(|&row| lists.is_valid(row) && lists.value_length(row) > 0)
        .filter_map(|row| Some((row, first_of(row)?)))
        .map(|(row, at)| (row, values.is_valid(at) && values.value(at)))
        .collect()
}
