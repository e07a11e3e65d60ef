//! The rows of entities that place several named frames, as ROS does with `/tf`: an index by frame, in which
//! each frame finds its own latest row.
//!
//! The index follows the store's events: a new row costs a row, a moved cursor a look-up per frame. It holds
//! places of rows and no chunks, and outlives the data of chunks that are evicted: once a chunk was read, it
//! is loaded again only where one of its rows is the latest of a frame. Of a chunk that was never read it is
//! not known which frames its rows place: all of those that begin at or before the cursor are missing until
//! they were read.

mod entity;
mod entity_chunks;
mod row_list;

use std::sync::Arc;

use chronoscope_store::{ChunkId, ChunkMeta, ChunkStore, EntityId, TimelineId};
use rustc_hash::FxHashMap;

use super::{graph::FrameGraph, rows::TransformComponents};
use crate::{DiffEntry, DiffLog, LatestAtResults, RecordingKey, query_results::EntityResults};
use entity::statics_of;
pub(super) use entity::{EntityRows, RowQuery};

/// The rows of all entities that name child frames.
#[derive(Default)]
pub(super) struct RowsByFrame {
    by_entity: FxHashMap<EntityId, EntityRows>,
    timeline: Option<TimelineId>,
    time: i64,
    log_number: u64,
    missing_version: u64,
    heap_bytes: usize,
    rows_read: usize,
}

/// What the index is read from.
#[derive(Clone, Copy)]
pub(super) struct RowInputs<'a> {
    pub(super) store: &'a ChunkStore,
    pub(super) latest_at: &'a LatestAtResults,
    pub(super) components: &'a TransformComponents,
}

impl RowsByFrame {
    /// An index that begins with what the log tells from now on.
    pub(super) fn emptied(&self, log: &DiffLog) -> Self {
        Self {
            log_number: log.next_number(),
            missing_version: self.missing_version + 1,
            ..Self::default()
        }
    }

    /// The chunks that are not loaded and could place frames elsewhere, some of them more than once.
    pub(super) fn missing(&self) -> impl Iterator<Item = ChunkId> {
        self.by_entity
            .values()
            .flat_map(|rows| rows.missing().iter().copied())
    }

    /// Grows with each change of what is missing.
    pub(super) fn missing_version(&self) -> u64 {
        self.missing_version
    }

    /// Whether a chunk holds rows that place frames at the cursor.
    pub(super) fn shows(&self, chunk: &ChunkMeta) -> bool {
        let rows = self.by_entity.get(&chunk.entity);
        rows.is_some_and(|rows| rows.shows(chunk.id))
    }

    /// The heap bytes. Cost: constant.
    pub(super) fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    /// Follows the store's events, then tells the entities that may place frames elsewhere for another reason
    /// than that their rows changed.
    ///
    /// Cost: the events, and the rows of the chunks that they name.
    pub(super) fn follow(
        &mut self,
        inputs: RowInputs<'_>,
        recording: Option<RecordingKey>,
        log: &DiffLog,
        graph: &mut FrameGraph,
    ) -> Vec<EntityId> {
        let cursor = inputs.latest_at.cursor();
        let since = log.since(self.log_number);
        self.log_number = log.next_number();
        if since.is_none() || self.timeline != cursor.timeline {
            for entity in self.by_entity.keys().copied().collect::<Vec<_>>() {
                self.remove(entity, graph);
            }
        }
        self.timeline = cursor.timeline;
        let has_moved = std::mem::replace(&mut self.time, cursor.time) != cursor.time;
        if self.by_entity.is_empty() {
            return Vec::new();
        }
        let mut touched: FxHashMap<EntityId, Vec<Arc<ChunkMeta>>> = FxHashMap::default();
        for entry in since.into_iter().flatten() {
            if let DiffEntry::Store { recording: of, event } = entry
                && Some(*of) == recording
                && self.by_entity.contains_key(&event.meta.entity)
            {
                touched
                    .entry(event.meta.entity)
                    .or_default()
                    .push(Arc::clone(&event.meta));
            }
        }
        for (entity, metas) in touched {
            if let Some(rows) = self.by_entity.get_mut(&entity) {
                let before = rows.heap_bytes();
                self.rows_read += rows.follow(inputs, cursor.timeline, entity, &metas);
                self.heap_bytes = self.heap_bytes + rows.heap_bytes() - before;
            }
        }
        let may_change = |(entity, rows): (&EntityId, &EntityRows)| {
            let may_change = rows.lacks_chunks() || inputs.store.might_require_clearing(*entity);
            may_change.then_some(*entity)
        };
        let moved = has_moved.then(|| self.by_entity.iter().filter_map(may_change));
        moved.into_iter().flatten().collect()
    }

    /// Places the frames of an entity by the rows that hold at the cursor.
    ///
    /// Cost: O(log rows) per frame, and the rows that hold and did not before. The first time, the whole
    /// history of the entity.
    pub(super) fn update(
        &mut self,
        inputs: RowInputs<'_>,
        entity: EntityId,
        results: &EntityResults,
        graph: &mut FrameGraph,
    ) {
        let statics = statics_of(inputs.store, entity);
        if self
            .by_entity
            .get(&entity)
            .is_some_and(|rows| rows.statics() != statics)
        {
            self.remove(entity, graph);
        }
        let cursor = inputs.latest_at.cursor();
        let rows = self.by_entity.entry(entity).or_insert_with(|| {
            let (rows, rows_read) = EntityRows::read(inputs, cursor.timeline, entity, statics);
            self.rows_read += rows_read;
            self.heap_bytes += rows.heap_bytes();
            rows
        });
        let before = rows.heap_bytes();
        let is_other = rows.place(inputs, entity, results, graph);
        self.missing_version += u64::from(is_other);
        self.heap_bytes = self.heap_bytes + rows.heap_bytes() - before;
    }

    /// Forgets the rows of an entity, and places none of its frames any more.
    pub(super) fn remove(&mut self, entity: EntityId, graph: &mut FrameGraph) {
        let Some(rows) = self.by_entity.remove(&entity) else {
            return;
        };
        self.heap_bytes -= rows.heap_bytes();
        self.missing_version += u64::from(!rows.missing().is_empty());
        for at in rows.placed() {
            graph.set_transform(at, entity, None);
        }
    }

    /// Forgets where frames are in the graph: it is another one from now on, in which none is placed.
    pub(super) fn forget_graph(&mut self) {
        self.by_entity.values_mut().for_each(EntityRows::forget_graph);
    }

    /// The rows that were read since the last call.
    pub(super) fn take_rows_read(&mut self) -> usize {
        std::mem::take(&mut self.rows_read)
    }

    /// The rows of an entity that names child frames.
    pub(super) fn get(&self, entity: EntityId) -> Option<&EntityRows> {
        self.by_entity.get(&entity)
    }

    /// The rows of all entities that name child frames, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (EntityId, &EntityRows)> {
        self.by_entity.iter().map(|(entity, rows)| (*entity, rows))
    }

    pub(super) fn contains(&self, entity: EntityId) -> bool {
        self.by_entity.contains_key(&entity)
    }
}
