//! Which chunks may go, in which order.

use std::{ops::Bound, time::Instant};

use super::{Clock, FARTHEST, FarMark, GcOptions, GcOrder, GcState, MOST_MARKED, Walk, Walks, tag_of};
use crate::{ChunkStore, ComponentId, EntityId, TimelineId, interval_index::Entry};

impl GcState {
    /// Keeps a chunk in mind that may go.
    fn meet(&mut self, mark: FarMark) {
        self.met.push(mark);
        if self.met.len() >= FARTHEST.1 {
            let (_, nearest, _) = self.met.select_nth_unstable_by(FARTHEST.0 - 1, |a, b| b.cmp(a));
            self.nearest = nearest.distance;
            self.met.truncate(FARTHEST.0);
            self.met_more = true;
        }
    }
}

impl ChunkStore {
    /// Looks for chunks that may go, and notes them in the order in which they should.
    pub(super) fn mark(&self, state: &mut GcState, options: &GcOptions, until: Instant, clock: &mut Clock) {
        if state.marked_all {
            return;
        }
        match options.order {
            GcOrder::OldestRow => {
                state
                    .marked
                    .reserve(MOST_MARKED.saturating_sub(state.marked.len()));
                let (mut marked_bytes, mut looked_at) = (0_u64, 0);
                let from = state.after.map_or(Bound::Unbounded, Bound::Excluded);
                for (row_id, slot) in self.by_row.range(from) {
                    if let Some(chunk) = self.slot(slot)
                        && self.may_go(chunk, options)
                    {
                        state.marked.push_back((slot, chunk.meta.id));
                        marked_bytes = marked_bytes.saturating_add(chunk.meta.num_bytes);
                    }
                    state.after = Some((row_id, slot));
                    looked_at += 1;
                    if marked_bytes >= options.target_bytes || state.marked.len() >= MOST_MARKED {
                        return;
                    }
                    if looked_at >= clock.most(16) {
                        looked_at = 0;
                        if clock.look_after_work() >= until {
                            return;
                        }
                    }
                }
                state.marked_all = true;
            }
            GcOrder::FarthestFrom { timeline, time } => {
                let (only_recoverable, protect_latest) = (options.only_recoverable, options.protect_latest);
                let now = Walks {
                    time,
                    only_recoverable,
                    protect_latest,
                    series: self.series.len(),
                };
                let walks = *state.walks.get_or_insert(now);
                if !self.walk(state, options, (timeline, walks.time), until, clock) {
                    return;
                }
                (state.walk, state.walks) = (Walk::default(), None);
                state.met_more |= walks != now;
                state.nearest = 0;
                state.farthest = std::mem::take(&mut state.met).into();
                state.marked_all = true;
            }
        }
    }

    /// Goes through the indices in search of the chunks that are farthest from a cursor. Says whether it got to the end.
    ///
    /// Of each entity the chunks come from both ends towards the cursor, for as long as the next may be far enough. So where all chunks
    /// are on the timeline of the cursor, and loaded, the whole walk costs O(log n) per entity, and what is done with those that are
    /// met. Chunks that are not loaded are passed over one by one, and where some are on other timelines alone, all are looked at.
    fn walk(
        &self,
        state: &mut GcState,
        options: &GcOptions,
        (timeline, time): (TimelineId, i64),
        until: Instant,
        clock: &mut Clock,
    ) -> bool {
        // What was done since the last look at the clock, in entries.
        let mut work = 0;
        let mut is_late = |work: &mut usize| {
            let looks = *work >= clock.most(64);
            *work = if looks { 0 } else { *work };
            looks && clock.look_after_work() >= until
        };
        while let Some(data) = self.entities.get(state.walk.entity) {
            let own = self.series_of(
                EntityId::from_index(state.walk.entity),
                timeline,
                ComponentId::ANY,
            );
            let temporal = data.stats.num_chunks - data.stats.num_static_chunks;
            let all_on_timeline = own.is_some_and(|(_, series)| series.index.len() as u64 == temporal);
            loop {
                work += 1;
                let (mut is_late_now, at) = (false, state.walk.at);
                let (number, side) = (
                    state.walk.step.wrapping_sub(1) / 2,
                    state.walk.step.wrapping_sub(1) % 2,
                );
                if state.walk.step == 0 {
                    for &slot in data.statics.iter().flat_map(|series| &series.slots) {
                        work += self.offer(state, options, slot, u64::MAX);
                    }
                } else if let Some((other, position)) = data.series.all_rows().nth(number) {
                    let index = self.series.get(position as usize).map(|series| &series.index);
                    // Goes on for as long as it returns `true`.
                    let mut meet = |state: &mut GcState, entry: &Entry, distance: Option<u64>| {
                        state.walk.at = Some(entry.key());
                        let distance = distance.filter(|_| entry.is_loaded());
                        work += 1 + distance
                            .map_or(0, |distance| self.offer(state, options, entry.slot, distance));
                        is_late_now = is_late(&mut work);
                        !is_late_now
                    };
                    match (index, side) {
                        (Some(index), 0) if other == timeline => {
                            index.visit_before(at, |entry| {
                                let distance = entry.min.abs_diff(time);
                                entry.min > time
                                    && distance >= state.nearest
                                    && meet(state, entry, Some(distance))
                            });
                        }
                        (Some(index), 1) if other == timeline => {
                            index.visit_after(at, |entry| {
                                let end = if entry.max < time {
                                    entry.max.abs_diff(time)
                                } else {
                                    0
                                };
                                entry.min <= time
                                    && entry.min.abs_diff(time) >= state.nearest
                                    && meet(state, entry, Some(end))
                            });
                        }
                        (Some(index), 0) if !all_on_timeline => {
                            index.visit_after(at, |entry| {
                                // Met on the first of its timelines, where it is not on that of the cursor.
                                let timelines = self
                                    .slot(entry.slot)
                                    .map(|chunk| &*chunk.meta.timelines)
                                    .unwrap_or_default();
                                let is_elsewhere = timelines.iter().all(|column| column.timeline != timeline);
                                let is_first =
                                    timelines.first().is_some_and(|column| column.timeline == other);
                                meet(state, entry, (is_elsewhere && is_first).then_some(u64::MAX))
                            });
                        }
                        _ => {}
                    }
                } else {
                    break;
                }
                if is_late_now {
                    return false;
                }
                state.walk.step += 1;
                state.walk.at = None;
            }
            state.walk = Walk {
                entity: state.walk.entity + 1,
                ..Walk::default()
            };
            work += 1;
            if is_late(&mut work) {
                return false;
            }
        }
        true
    }

    /// Keeps a chunk in mind if it is far enough and may go. LatestAtResults how much work that was, in entries.
    fn offer(&self, state: &mut GcState, options: &GcOptions, slot: u32, distance: u64) -> usize {
        if distance < state.nearest {
            return 0;
        }
        if let Some(chunk) = self.slot(slot).filter(|chunk| self.may_go(chunk, options)) {
            state.meet(FarMark {
                distance,
                slot,
                tag: tag_of(chunk.meta.id),
            });
        }
        8
    }
}
