//! The times of rows that are known and not loaded: not yet read, or given back at the memory limit.

use chronoscope_store::{ChunkStore, ComponentId, RangeResult, TimeRange, TimelineId};

/// From the first row to the last of each chunk that an answer lacks, in the order of the first ones.
///
/// Cost: O(missing chunks x log missing chunks).
pub(crate) fn missing_ranges(
    answer: &RangeResult,
    store: &ChunkStore,
    timeline: TimelineId,
    component: Option<ComponentId>,
) -> Vec<TimeRange> {
    let chunks = answer.missing().iter().filter_map(|id| store.chunk_meta(*id));
    let ranges = chunks.map(|chunk| {
        let own = component.map_or(TimeRange::EMPTY, |component| {
            chunk.component_range(timeline, component)
        });
        // Where the blueprint maps another component, all rows of the chunk stand for those that have it.
        if own.is_empty() {
            chunk.time_range(timeline)
        } else {
            own
        }
    });
    let mut ranges: Vec<TimeRange> = ranges.filter(|range| !range.is_empty()).collect();
    ranges.sort_unstable_by_key(|range| range.min);
    ranges
}
