//! What data results will show once the cursor moves on: for what takes long to be made ready, so that it is there in time.
//!
//! Nothing depends on it but how soon something is seen. So nothing is requested or kept in memory for it: rows that are not there
//! are left out, and are there when they are asked for again.

use chronoscope_store::{ChunkStore, TimeRange, TimelineId};

use super::{Visualizer, VisualizerInput, resolve::Resolver};
use crate::{DataResult, InContext, InstructionIndex, LoopMode, RecordingEntry, TimeControl, ViewOverrides};

/// A stretch of time that the cursor will go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its times, both ends inclusive.
    pub range: TimeRange,
    /// Whether the cursor jumps to its beginning, so that what is shown there is still to come.
    pub is_jumped_to: bool,
}

/// Where playing takes the cursor from a time, in this order: to the end, and where it loops from the beginning again. Nowhere, where
/// nothing plays.
pub fn ways_ahead(control: &TimeControl, store: &ChunkStore, timeline: TimelineId, time: i64) -> Vec<Way> {
    let bounds = control.play_bounds(store, timeline);
    if !control.is_moving() || bounds.is_empty() {
        return Vec::new();
    }
    let rest = (time < bounds.max).then(|| Way {
        range: TimeRange::new(time.max(bounds.min), bounds.max),
        is_jumped_to: time < bounds.min,
    });
    let again = (control.loop_mode() != LoopMode::Off).then_some(Way {
        range: bounds,
        is_jumped_to: true,
    });
    rest.into_iter().chain(again).collect()
}

/// Makes visuals of rows that the cursor will come to.
pub struct ComingVisuals<'a> {
    overrides: &'a ViewOverrides,
    recording: &'a RecordingEntry,
    products: InContext<'a>,
}

impl<'a> ComingVisuals<'a> {
    /// Those of a view of a recording that looks where these products are.
    pub fn new(overrides: &'a ViewOverrides, recording: &'a RecordingEntry, products: InContext<'a>) -> Self {
        Self {
            overrides,
            recording,
            products,
        }
    }

    /// What an entity will show by an instruction along a way, each with its time: what its next rows show, of which at most `max` are
    /// looked at.
    ///
    /// Cost: O(log n) for each of them, and that of making it.
    pub fn along<V: Visualizer>(
        &self,
        result: &DataResult,
        instruction: InstructionIndex,
        way: &Way,
        max: usize,
    ) -> Vec<(i64, V::Visual)> {
        let recording = &self.recording.recording;
        let instruction = self.overrides.instruction(result, instruction);
        let cursor = self.products.cursor;
        let resolver = Resolver::new(recording, self.overrides, result.entity, cursor, instruction);
        let input = VisualizerInput {
            entity: result.entity,
            path: &result.path,
            cursor,
            store: &recording.store,
            visualizer: &V::INFO,
            contexts: self.products.reader(&recording.store),
            resolver,
            time_range: TimeRange::EVERYTHING,
            cache: &recording.cache,
            chunks: None,
        };
        let mut visuals = Vec::new();
        let mut next = match way.is_jumped_to {
            true => Some(way.range.min),
            false => next_rows::<V>(&resolver, way.range.min),
        };
        for _ in 0..max {
            let Some(time) = next.filter(|time| *time <= way.range.max) else {
                break;
            };
            let visual = V::visualize(&input.at_time(time)).ok().flatten();
            visuals.extend(visual.map(|visual| (time, visual)));
            next = next_rows::<V>(&resolver, time);
        }
        visuals
    }
}

/// The first time after another at which the rows are others that a visualizer needs of an entity.
fn next_rows<V: Visualizer>(resolver: &Resolver<'_>, time: i64) -> Option<i64> {
    let ids = V::INFO
        .required
        .iter()
        .filter_map(|name| resolver.mapped_id(name));
    let last_times = ids.map(|id| {
        let timeline = resolver.cursor.timeline;
        let answer = resolver
            .cache
            .latest_at_ref(resolver.store, resolver.entity, timeline, time, id);
        answer.validity.max
    });
    last_times.min()?.checked_add(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::{StoreId, Timeline};
    use chronoscope_types::{Scalars, log_chunk};

    use super::*;
    use crate::PlayState;

    #[test]
    fn playing_goes_to_the_end_and_round_where_it_loops() {
        let mut store = ChunkStore::new(StoreId::recording("app", "recording"));
        for frame in [0, 100] {
            let scalar = Scalars::new([1.0]);
            let chunk = log_chunk("/a", [(Timeline::sequence("frame"), frame)], &scalar).unwrap();
            store.insert(chunk).unwrap();
        }
        let timeline = store.timeline_id("frame").unwrap();
        let mut control = TimeControl::default();
        let ways = |control: &TimeControl, time| -> Vec<(i64, i64, bool)> {
            let ways = ways_ahead(control, &store, timeline, time).into_iter();
            ways.map(|way| (way.range.min, way.range.max, way.is_jumped_to))
                .collect()
        };
        assert!(ways(&control, 20).is_empty(), "nothing plays");
        control.set_play_state(PlayState::Playing);
        assert_eq!(ways(&control, 20), [(20, 100, false)]);
        assert!(ways(&control, 100).is_empty());
        control.set_loop_mode(LoopMode::All);
        assert_eq!(ways(&control, 20), [(20, 100, false), (0, 100, true)]);
        assert_eq!(ways(&control, 100), [(0, 100, true)]);
        control.set_loop_mode(LoopMode::Selection);
        control.set_loop_selection("frame", Some(TimeRange::new(40, 60)));
        assert_eq!(ways(&control, 20), [(40, 60, true), (40, 60, true)]);
        assert_eq!(ways(&control, 50), [(50, 60, false), (40, 60, true)]);
        assert_eq!(ways(&control, 70), [(40, 60, true)]);
    }
}
