//! Around a time: the next and the previous time at which anything was logged, and the chunks of a range. And a row by its id.

use std::sync::Arc;

use crate::{
    Chunk, ChunkMeta, ChunkStore, ComponentId, EntityId, RowId, TimeRange, TimelineId,
    interval_index::{Entry, IntervalIndex},
    rows::ChunkData,
};

impl ChunkStore {
    /// Calls `visit` with each chunk of an entity that has rows in a range of a timeline, and whether its data is in memory.
    ///
    /// Costs O(log n + k) for k such chunks.
    pub fn visit_chunks(
        &self,
        entity: EntityId,
        timeline: TimelineId,
        range: TimeRange,
        mut visit: impl FnMut(&Arc<ChunkMeta>, bool),
    ) {
        let Some((_, series)) = self.series_of(entity, timeline, ComponentId::ANY) else {
            return;
        };
        series.index.for_each_overlapping(range, |entry| {
            if let Some(slot) = self.indexed(entry.slot) {
                visit(&slot.meta, slot.chunk_data.is_some());
            }
        });
    }

    /// The chunks of an entity that are in memory, static ones included.
    ///
    /// Costs O(k) for k chunks of the entity.
    pub fn chunks_of(&self, entity: EntityId) -> impl Iterator<Item = &Arc<Chunk>> {
        self.slots_of(entity)
            .into_iter()
            .filter_map(|slot| self.loaded(slot).map(ChunkData::chunk))
    }

    /// A row of an entity by its id: its chunk, and its position there. `None` where it is not in memory.
    ///
    /// Costs O(k) for k chunks of the entity, and looks into those whose ids lie around it.
    pub fn row_by_id(&self, entity: EntityId, row_id: RowId) -> Option<(&Arc<Chunk>, usize)> {
        self.slots_of(entity).into_iter().find_map(|slot| {
            let slot = self.slot(slot).filter(|slot| slot.meta.may_hold(row_id))?;
            let chunk = slot.chunk_data.as_ref()?.chunk();
            Some((chunk, chunk.position_of(row_id)?))
        })
    }

    /// The first time after `time` at which some row lies on this timeline.
    ///
    /// Costs O(log n + k) for the k chunks that cover the time, and looks into those alone, until one has a row right there. Of a chunk
    /// that is not loaded, the ends of its range are known.
    pub fn next_time(&self, timeline: TimelineId, time: i64) -> Option<i64> {
        let time = time.checked_add(1)?;
        let mut nearest: Option<i64> = None;
        for index in self.time_indices(timeline) {
            // Those that cover the time come first, then the one that begins next.
            index.visit_by_beginning(TimeRange::new(time, i64::MAX), |entry| {
                let found = if entry.min >= time {
                    Some(entry.min)
                } else {
                    self.row_beside(entry, time, Side::After)
                };
                nearest = nearest.into_iter().chain(found).min();
                entry.min < time && nearest != Some(time)
            });
        }
        nearest
    }

    /// The last time before `time` at which some row lies on this timeline. Costs as [`Self::next_time`].
    pub fn previous_time(&self, timeline: TimelineId, time: i64) -> Option<i64> {
        let time = time.checked_sub(1)?;
        let mut nearest: Option<i64> = None;
        for index in self.time_indices(timeline) {
            // Those that cover the time come first, then the one that ended last.
            index.visit_by_end(TimeRange::new(i64::MIN, time), |entry| {
                let found = if entry.max <= time {
                    Some(entry.max)
                } else {
                    self.row_beside(entry, time, Side::Before)
                };
                nearest = nearest.max(found);
                entry.max > time && nearest != Some(time)
            });
        }
        nearest
    }

    /// The chunks of a timeline, loaded or not.
    fn time_indices(&self, timeline: TimelineId) -> impl Iterator<Item = &IntervalIndex> {
        let times = self.timelines.get(timeline.index());
        times.into_iter().flat_map(|times| [&times.loaded, &times.absent])
    }

    /// Of a chunk that covers a time, the row at that time, or the nearest on one side.
    fn row_beside(&self, entry: &Entry, time: i64, side: Side) -> Option<i64> {
        let Some(chunk_data) = self.loaded(entry.slot) else {
            return Some(match side {
                Side::Before if entry.max == time => time,
                Side::Before => entry.min,
                Side::After if entry.min == time => time,
                Side::After => entry.max,
            });
        };
        let times = chunk_data.times(entry);
        match (side, chunk_data.is_sorted_by(entry)) {
            (Side::Before, true) => times
                .get(times.partition_point(|other| *other <= time).checked_sub(1)?)
                .copied(),
            (Side::After, true) => times.get(times.partition_point(|other| *other < time)).copied(),
            (Side::Before, false) => times.iter().copied().filter(|other| *other <= time).max(),
            (Side::After, false) => times.iter().copied().filter(|other| *other >= time).min(),
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use crate::{Chunk, ChunkStore, RowId, StoreId, Timeline};

    #[test]
    fn a_row_is_found_by_its_id() {
        let mut store = ChunkStore::new(StoreId::recording("app", "rec"));
        let frame = Timeline::sequence("frame");
        let ids: Vec<RowId> = (0..6).map(|_| RowId::new()).collect();
        // Some alone, some in a chunk in which they are in no order.
        for rows in [&[0][..], &[4, 2, 5], &[3], &[1]] {
            let mut chunk = Chunk::builder("/a");
            for row in rows {
                chunk = chunk.with_row(ids[*row], [(frame.clone(), *row as i64)], []);
            }
            store.insert(chunk.build().unwrap()).unwrap();
        }
        let a = store.entity_id(&"/a".into()).unwrap();
        for (time, id) in (0..).zip(&ids) {
            let (chunk, row) = store.row_by_id(a, *id).unwrap();
            assert_eq!(chunk.row_ids()[row], *id);
            assert_eq!(chunk.timeline("frame").unwrap().times()[row], time);
        }
        assert!(store.row_by_id(a, RowId::new()).is_none());
        let root = store.entity_id(&"/".into()).unwrap();
        assert!(store.row_by_id(root, ids[0]).is_none(), "of another entity");
    }

    #[test]
    fn steps_over_all_entities() {
        let mut store = ChunkStore::new(StoreId::recording("app", "rec"));
        let frame = Timeline::sequence("frame");
        for (entity, times) in [("/a", vec![0, 10, 20]), ("/b", vec![15, 5]), ("/c", vec![7])] {
            let mut chunk = Chunk::builder(entity);
            for time in times {
                chunk = chunk.with_row(RowId::new(), [(frame.clone(), time)], []);
            }
            store.insert(chunk.build().unwrap()).unwrap();
        }
        let id = store.timeline_id("frame").unwrap();
        let mut forward = vec![];
        let mut time = i64::MIN;
        while let Some(next) = store.next_time(id, time) {
            forward.push(next);
            time = next;
        }
        assert_eq!(forward, [0, 5, 7, 10, 15, 20]);
        let mut back = vec![];
        let mut time = i64::MAX;
        while let Some(previous) = store.previous_time(id, time) {
            back.push(previous);
            time = previous;
        }
        assert_eq!(back, [20, 15, 10, 7, 5, 0]);
    }
}
