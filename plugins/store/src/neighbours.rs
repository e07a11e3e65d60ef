//! Around a time: the next and the previous time at which anything was logged, and the chunks of a range.

use std::sync::Arc;

use crate::{ChunkMeta, ChunkStore, ComponentId, EntityId, TimeRange, TimelineId, interval_index::Entry};

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
            if let Some(slot) = self.slot(entry.slot) {
                visit(&slot.meta, slot.chunk_data.is_some());
            }
        });
    }

    /// The first time after `time` at which some row lies on this timeline.
    ///
    /// Costs O(log n + k) per entity, for k chunks that cover the time, and looks into those alone. Of a chunk whose data is absent,
    /// the ends of its range are known.
    pub fn next_time(&self, timeline: TimelineId, time: i64) -> Option<i64> {
        self.nearest_time(timeline, time.checked_add(1)?, Side::After)
    }

    /// The last time before `time` at which some row lies on this timeline. Costs as [`Self::next_time`].
    pub fn previous_time(&self, timeline: TimelineId, time: i64) -> Option<i64> {
        self.nearest_time(timeline, time.checked_sub(1)?, Side::Before)
    }

    /// This time, if some row lies there, or else the nearest on one side.
    fn nearest_time(&self, timeline: TimelineId, time: i64, side: Side) -> Option<i64> {
        let series = self
            .entities()
            .filter_map(|entity| self.series_of(entity, timeline, ComponentId::ANY));
        let times = series.flat_map(|(_, series)| {
            let around = series.index.around(time);
            let beyond = match side {
                Side::Before => around.before,
                Side::After => around.after,
            };
            around
                .covering
                .into_iter()
                .filter_map(move |entry| self.row_beside(&entry, time, side))
                .chain(beyond)
        });
        match side {
            Side::Before => times.max(),
            Side::After => times.min(),
        }
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
