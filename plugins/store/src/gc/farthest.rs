//! The chunks that are farthest from a cursor, farthest first.
//!
//! First come the chunks that are not on the cursor's timeline; most recordings have none. Then the loaded chunks of the
//! timeline, from both ends inwards. In the order of their beginnings, all that were not looked at yet lie between two keys,
//! wherever the cursor is: a cursor that moves between two steps changes from which end the next one comes, and nothing
//! else. Static chunks that are worth evicting come last.
//!
//! Before the cursor it is the end of a chunk that counts, and not its beginning. So what is taken from the front waits in a
//! heap, by its end, until nothing behind it can be farther. Where chunks are short that is at once; of chunks that overlap, as
//! many wait as cover one time. The order is exact while the cursor rests.
//!
//! Cost: O(log n) per chunk that is looked at.

use std::cmp::Reverse;

use super::{clock::Clock, options::GcOptions, state::Farthest};
use crate::{ChunkStore, TimeRange, TimelineId, interval_index::Entry};

/// Where the farthest chunk is.
enum Side {
    Front(Entry),
    Back(Entry),
    Waiting,
}

impl ChunkStore {
    /// The next chunk that may go. `None` where there is none, or no more time.
    pub(super) fn next_farthest(
        &self,
        state: &mut Farthest,
        timeline: TimelineId,
        time: i64,
        options: &GcOptions<'_>,
        clock: &mut Clock,
    ) -> Option<u32> {
        let found = self.next_elsewhere(state, timeline, options, clock);
        if found.is_some() || !clock.has_time() {
            return found;
        }
        while let Some(slot) = self.next_on_timeline(state, timeline, time, clock) {
            if self.may_go(slot, options, clock) {
                return Some(slot);
            }
            if !clock.has_time() {
                return None;
            }
        }
        if !clock.has_time() {
            return None;
        }
        let after = state.static_after.map_or(0, |slot| slot.saturating_add(1));
        for &slot in self.evictable_statics.range(after..) {
            state.static_after = Some(slot);
            if self.may_go(slot, options, clock) {
                return Some(slot);
            }
            if !clock.has_time() {
                return None;
            }
        }
        None
    }

    /// The next chunk that is not on the cursor's timeline.
    fn next_elsewhere(
        &self,
        state: &mut Farthest,
        timeline: TimelineId,
        options: &GcOptions<'_>,
        clock: &mut Clock,
    ) -> Option<u32> {
        let on_timeline = self
            .timelines
            .get(timeline.index())
            .map_or(0, |times| times.loaded.len());
        while self.loaded_temporal > on_timeline
            && let Some(times) = self.timelines.get(state.elsewhere)
        {
            let other = TimelineId::from_index(state.elsewhere);
            let mut found = None;
            let is_through = other == timeline
                || times.loaded.visit_after(state.elsewhere_after, |entry| {
                    state.elsewhere_after = Some(entry.key());
                    // Looked at on the first of its timelines.
                    let timelines = self
                        .slot(entry.slot)
                        .map(|chunk| &*chunk.meta.timelines)
                        .unwrap_or_default();
                    let is_first = timelines.first().is_some_and(|column| column.timeline == other);
                    let is_elsewhere = is_first && timelines.iter().all(|column| column.timeline != timeline);
                    clock.did(1);
                    if is_elsewhere && self.may_go(entry.slot, options, clock) {
                        found = Some(entry.slot);
                    }
                    found.is_none() && clock.has_time()
                });
            if found.is_some() || !is_through {
                return found;
            }
            (state.elsewhere, state.elsewhere_after) = (state.elsewhere + 1, None);
        }
        None
    }

    /// The farthest chunk of the cursor's timeline that was not looked at yet. `None` also where there is no more time.
    fn next_on_timeline(
        &self,
        state: &mut Farthest,
        timeline: TimelineId,
        time: i64,
        clock: &mut Clock,
    ) -> Option<u32> {
        let index = &self.timelines.get(timeline.index())?.loaded;
        while clock.has_time() {
            let (mut front, mut back) = (None, None);
            index.visit_after(state.front, |entry| {
                front = Some(*entry);
                false
            });
            index.visit_before(state.back, |entry| {
                back = Some(*entry);
                false
            });
            // The two ends meet where nothing is left between them.
            let is_between = |entry: &Entry| {
                state.front.is_none_or(|front| front < entry.key())
                    && state.back.is_none_or(|back| entry.key() < back)
            };
            let (front, back) = (front.filter(is_between), back.filter(is_between));
            match farthest_side(state, front, back, time)? {
                Side::Back(entry) => {
                    state.back = Some(entry.key());
                    return Some(entry.slot);
                }
                Side::Front(entry) => {
                    state.front = Some(entry.key());
                    state.waiting.push(Reverse((entry.max, entry.key())));
                    clock.did(1);
                }
                Side::Waiting => {
                    let Reverse((end, (begin, slot))) = state.waiting.pop()?;
                    // It may have gone since, and its place be that of another, which is met where that lies.
                    let range = TimeRange::new(begin, end);
                    if self
                        .slot(slot)
                        .is_some_and(|place| place.meta.time_range(timeline) == range)
                    {
                        return Some(slot);
                    }
                    clock.did(1);
                }
            }
        }
        None
    }
}

/// From where the next chunk comes.
fn farthest_side(state: &Farthest, front: Option<Entry>, back: Option<Entry>, time: i64) -> Option<Side> {
    // Those that begin behind the cursor; any other may wait for those with an earlier end.
    let back = back
        .filter(|entry| entry.min > time)
        .map(|entry| (entry.min.abs_diff(time), entry));
    let waiting = state
        .waiting
        .peek()
        .map(|Reverse((end, _))| time.abs_diff((*end).min(time)));
    // None that was not looked at can be farther than this.
    let front = front
        .filter(|entry| entry.min <= time)
        .map(|entry| (time.abs_diff(entry.min), entry));
    let reach = |side: &Option<(u64, Entry)>| side.map(|(distance, _)| distance);
    if waiting.is_some() && waiting >= reach(&front) && waiting >= reach(&back) {
        return Some(Side::Waiting);
    }
    match (front, back) {
        (Some((a, front)), Some((b, _))) if a > b => Some(Side::Front(front)),
        (_, Some((_, back))) => Some(Side::Back(back)),
        (Some((_, front)), None) => Some(Side::Front(front)),
        (None, None) => None,
    }
}
