//! What a chunk's metadata says, once its rows were read.

use std::sync::Arc;

use arrow_array::Array as _;
use chronoscope_store::{AbsentChunk, AbsentComponent, Chunk, ComponentColumn, RowId, TimeColumn, TimeRange};

/// What is to be known of a chunk when its rows are given up. Everything is exact.
pub(super) fn describe(chunk: &Chunk) -> AbsentChunk {
    let ids = chunk.row_ids().iter();
    let ids =
        ids.fold(None, |ids: Option<(RowId, RowId)>, &id| ids.map_or(Some((id, id)), |(a, b)| Some((a.min(id), b.max(id)))));
    AbsentChunk {
        id: chunk.id(),
        entity_path: chunk.entity_path().clone(),
        num_rows: chunk.num_rows(),
        num_bytes: chunk.num_bytes(),
        row_ids: ids,
        timelines: chunk.timelines().iter().map(|times| (times.timeline().clone(), times.range(), times.is_sorted())).collect(),
        components: chunk
            .components()
            .iter()
            .filter(|column| column.num_valid() > 0)
            .map(|column| AbsentComponent {
                descriptor: column.descriptor().clone(),
                num_valid: Some(column.num_valid()),
                ranges: ranges(column, chunk.timelines()),
            })
            .collect(),
    }
}

/// The times of the rows that have the component; none where all rows do, since their range is the chunk's.
fn ranges(column: &ComponentColumn, timelines: &[TimeColumn]) -> Vec<(Arc<str>, TimeRange)> {
    let Some(nulls) = column.lists().nulls().filter(|nulls| nulls.null_count() > 0) else { return Vec::new() };
    let range = |times: &TimeColumn| {
        let valid = nulls.valid_indices().filter_map(|row| times.times().get(row));
        valid.fold(TimeRange::EMPTY, |range, &time| range.union(&TimeRange::point(time)))
    };
    timelines.iter().map(|times| (Arc::clone(times.timeline().name()), range(times))).collect()
}
