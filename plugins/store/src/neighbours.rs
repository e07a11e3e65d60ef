//! Around a time: the next and the previous time at which anything was logged, and the chunks of a range.

use crate::{Chunk, ChunkMeta, ChunkStore, ComponentId, EntityId, TimeRange, TimelineId};
use std::sync::Arc;

impl ChunkStore {
    /// Calls `visit` with each chunk of an entity that has rows in a range of a timeline, and whether its body is in memory.
    ///
    /// Costs O(log n + k) for k such chunks.
    pub fn visit_chunks(
        &self,
        entity: EntityId,
        timeline: TimelineId,
        range: TimeRange,
        mut visit: impl FnMut(&Arc<ChunkMeta>, bool),
    ) {
        let Some((_, series)) = self.series_of(entity, timeline, ComponentId::ANY) else { return };
        series.index.for_each_overlapping(range, |entry| {
            if let Some(slot) = self.slot(entry.slot) {
                visit(&slot.meta, slot.body.is_some());
            }
        });
    }

    /// The first time after `time` at which some row lies on this timeline.
    ///
    /// Looks at the range of each chunk, and into those alone that may hold it. Of a chunk whose body is absent, the ends of
    /// its range are known.
    pub fn next_time(&self, timeline: TimelineId, time: i64) -> Option<i64> {
        let mut best: Option<i64> = None;
        for (meta, chunk) in self.chunks() {
            let range = meta.time_range(timeline);
            if range.is_empty() || range.max <= time || best.is_some_and(|best| best <= range.min.max(time.saturating_add(1))) {
                continue;
            }
            let candidate = if range.min > time {
                Some(range.min)
            } else {
                match self.sorted_times(meta, chunk, timeline) {
                    Some((times, true)) => times.get(times.partition_point(|t| *t <= time)).copied(),
                    Some((times, false)) => times.iter().copied().filter(|t| *t > time).min(),
                    None => Some(range.max),
                }
            };
            best = best.into_iter().chain(candidate).min();
        }
        best
    }

    /// The last time before `time` at which some row lies on this timeline. Costs as [`Self::next_time`].
    pub fn previous_time(&self, timeline: TimelineId, time: i64) -> Option<i64> {
        let mut best: Option<i64> = None;
        for (meta, chunk) in self.chunks() {
            let range = meta.time_range(timeline);
            if range.is_empty() || range.min >= time || best.is_some_and(|best| best >= range.max.min(time.saturating_sub(1))) {
                continue;
            }
            let candidate = if range.max < time {
                Some(range.max)
            } else {
                match self.sorted_times(meta, chunk, timeline) {
                    Some((times, true)) => times.get(times.partition_point(|t| *t < time).wrapping_sub(1)).copied(),
                    Some((times, false)) => times.iter().copied().filter(|t| *t < time).max(),
                    None => Some(range.min),
                }
            };
            best = best.into_iter().chain(candidate).max();
        }
        best
    }

    /// The times of a loaded chunk, and whether they are sorted.
    fn sorted_times<'a>(
        &self,
        meta: &ChunkMeta,
        chunk: Option<&'a Arc<Chunk>>,
        timeline: TimelineId,
    ) -> Option<(&'a [i64], bool)> {
        debug_assert!(meta.timelines.iter().any(|column| column.timeline == timeline), "asked for a timeline that it lies on");
        let column = chunk?.timeline(self.timeline(timeline).name())?;
        Some((column.times(), column.is_sorted()))
    }
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
