//! Rows that are inserted again, as when a file is opened twice or a viewer connects once more: where chunks were merged, here or on
//! their way, their ids tell nothing, and rows are recognized by their own ids. That costs nothing as long as row ids grow.

use std::ops::Range;

use crate::{
    Chunk, ChunkMeta, ChunkStore, ComponentId, EntityId, RowId, TimeRange,
    store::{Origin, Slot},
};

impl ChunkStore {
    /// Whether chunks that the store made, by appending, merging or splitting, have all rows of a chunk: then it was inserted before.
    ///
    /// Row ids that are greater than those of all such chunks need no search, and else the first row mostly decides. A row
    /// costs O(log n + k log r), for k chunks of r rows that cover its time.
    pub(crate) fn has_rows_of(&self, meta: &ChunkMeta, chunk: &Chunk) -> bool {
        self.entity(meta.entity)
            .is_some_and(|data| data.newest_made >= meta.row_ids.1)
            && (0..chunk.num_rows())
                .all(|row| self.has_row_of(meta.entity, chunk, row, |place| place.origin == Origin::Made))
    }

    /// The rows of a chunk that are not here, as stretches: of one that was combined on its way, since others that were
    /// combined may have had some of its rows. Rows that are greater than all of the entity need no search.
    pub(crate) fn unknown_rows(&self, chunk: &Chunk) -> Vec<Range<usize>> {
        let rows = chunk.num_rows();
        let Some(entity) = self.tree.find(chunk.entity_path()) else {
            return std::iter::once(0..rows).collect();
        };
        let newest = self.entity(entity).map_or(RowId::MIN, |data| data.newest);
        let mut unknown: Vec<Range<usize>> = Vec::new();
        for (row, row_id) in chunk.row_ids().iter().enumerate() {
            if *row_id <= newest && self.has_row_of(entity, chunk, row, |_| true) {
                continue;
            }
            match unknown.last_mut() {
                Some(last) if last.end == row => last.end = row + 1,
                _ => unknown.push(row..row + 1),
            }
        }
        unknown
    }

    /// Whether a row is in a loaded chunk, of those that are asked.
    fn has_row_of(
        &self,
        entity: EntityId,
        chunk: &Chunk,
        row: usize,
        is_asked: impl Fn(&Slot) -> bool,
    ) -> bool {
        let Some(times) = chunk.timelines().first() else {
            return false;
        };
        let (Some(&row_id), Some(&time)) = (chunk.row_ids().get(row), times.times().get(row)) else {
            return false;
        };
        let timeline = self.timeline_id(times.timeline().name());
        let Some((_, series)) =
            timeline.and_then(|timeline| self.series_of(entity, timeline, ComponentId::ANY))
        else {
            return false;
        };
        let mut found = false;
        series.index.visit_by_beginning(TimeRange::point(time), |entry| {
            let place = self
                .slot(entry.slot)
                .filter(|place| is_asked(place) && place.meta.may_hold(row_id));
            found = place
                .and_then(|place| place.chunk_data.as_ref())
                .is_some_and(|chunk_data| has_row(chunk_data.chunk(), row_id, chunk, row));
            !found
        });
        found
    }
}

/// Whether a chunk has a row, with the times and at least the components that the row has in another chunk.
fn has_row(chunk: &Chunk, row_id: RowId, other: &Chunk, other_row: usize) -> bool {
    let is_same = |row: usize| {
        chunk.row_ids().get(row) == Some(&row_id)
            && other.timelines().iter().all(|times| {
                let own = chunk.timeline(times.timeline().name());
                own.is_some_and(|own| own.times().get(row) == times.times().get(other_row))
            })
            && other
                .components()
                .iter()
                .filter(|column| column.is_valid(other_row))
                .all(|column| {
                    let own = chunk.component(column.name());
                    own.is_some_and(|own| own.is_valid(row))
                })
    };
    if chunk.row_ids_sorted() {
        let first = chunk.row_ids().partition_point(|id| *id < row_id);
        (first..)
            .take_while(|&row| chunk.row_ids().get(row) == Some(&row_id))
            .any(is_same)
    } else {
        (0..chunk.num_rows()).any(is_same)
    }
}
