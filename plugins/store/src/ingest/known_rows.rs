//! Rows that are inserted again, as when a file is opened twice or a viewer connects once more: where chunks were merged, here or on
//! their way, their ids tell nothing, and rows are recognized by their own ids. That costs nothing as long as row ids grow.

use std::ops::Range;

use crate::{
    Chunk, ChunkMeta, ChunkStore, ComponentId, EntityId, RowId, TimeColumn, TimeRange,
    series::Series,
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
            && self.rows_there(meta.entity, chunk).is_some_and(|there| {
                (0..chunk.num_rows()).all(|row| there.has(row, |place| place.origin == Origin::Made))
            })
    }

    /// The rows of a chunk that are not here, as stretches: of one that was combined on its way, since others that were
    /// combined may have had some of its rows. Rows that are greater than all of the entity need no search.
    pub(crate) fn unknown_rows(&self, chunk: &Chunk) -> Vec<Range<usize>> {
        let rows = chunk.num_rows();
        let all = || std::iter::once(0..rows).collect();
        let Some(entity) = self.tree.find(chunk.entity_path()) else {
            return all();
        };
        let newest = self.entity(entity).map_or(RowId::MIN, |data| data.newest);
        let Some(there) = self.rows_there(entity, chunk) else {
            return all();
        };
        let mut unknown: Vec<Range<usize>> = Vec::new();
        for (row, row_id) in chunk.row_ids().iter().enumerate() {
            if *row_id <= newest && there.has(row, |_| true) {
                continue;
            }
            match unknown.last_mut() {
                Some(last) if last.end == row => last.end = row + 1,
                _ => unknown.push(row..row + 1),
            }
        }
        unknown
    }

    /// What the rows of a chunk are looked for in; `None` where the entity has nothing on the chunk's timeline.
    fn rows_there<'a>(&'a self, entity: EntityId, chunk: &'a Chunk) -> Option<RowsThere<'a>> {
        let times = chunk.timelines().first()?;
        let timeline = self.timeline_id(times.timeline().name())?;
        let (_, series) = self.series_of(entity, timeline, ComponentId::ANY)?;
        Some(RowsThere {
            store: self,
            series,
            chunk,
            times,
        })
    }
}

/// Where the rows of a chunk are looked for.
struct RowsThere<'a> {
    store: &'a ChunkStore,
    series: &'a Series,
    chunk: &'a Chunk,
    times: &'a TimeColumn,
}

impl RowsThere<'_> {
    /// Whether a row is in a loaded chunk, of those that are asked.
    fn has(&self, row: usize, is_asked: impl Fn(&Slot) -> bool) -> bool {
        let row_id = self.chunk.row_ids().get(row);
        let Some((&row_id, &time)) = row_id.zip(self.times.times().get(row)) else {
            return false;
        };
        let mut found = false;
        self.series
            .index
            .visit_by_beginning(TimeRange::point(time), |entry| {
                let place = self
                    .store
                    .slot(entry.slot)
                    .filter(|place| is_asked(place) && place.meta.may_hold(row_id));
                found = place
                    .and_then(|place| place.chunk_data.as_ref())
                    .is_some_and(|chunk_data| has_row(chunk_data.chunk(), row_id, self.chunk, row));
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
