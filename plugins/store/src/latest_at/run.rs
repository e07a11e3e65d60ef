//! Runs: the rows of a series that one chunk alone decides, so that a cursor that moves among them needs no index.

use smallvec::SmallVec;

use super::{Answer, Found};
use crate::{
    ChunkStore, TimeRange,
    interval_index::{Around, Entry},
};

/// Rows of one loaded chunk that no other chunk of the series comes between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The cursors at which the latest row is the chunk's: from the time of the first of these rows to just before the next
    /// chunk.
    pub(crate) range: TimeRange,
    /// The chunk. Its range is not to be relied on.
    pub(crate) entry: Entry,
}

impl ChunkStore {
    /// The run that an answer belongs to, by what surrounds the time of the query. Precondition: nothing is missing.
    pub(super) fn run_around(&self, around: &Around, found_time: i64) -> Option<Run> {
        let [entry] = around.covering.as_slice() else {
            return None;
        };
        if entry.rows < 2 || around.before.is_some_and(|before| found_time <= before) {
            return None;
        }
        // Where a chunk ends among the rows, the run begins behind that.
        let min = match around.before.filter(|before| *before >= entry.min) {
            None => entry.min,
            Some(before) => {
                let chunk_data = self.loaded(entry.slot)?;
                let (rows, times) = (chunk_data.rows(entry, &self.order_bytes), chunk_data.times(entry));
                times[rows.row(rows.first_after(times, entry, before))]
            }
        };
        Some(Run {
            range: TimeRange::new(min, around.after.map_or(i64::MAX, |after| after - 1)),
            entry: *entry,
        })
    }

    /// The last row of a run at or before a time of its range.
    pub(crate) fn find_in_run(&self, run: Run, time: i64) -> Option<Answer> {
        debug_assert!(run.range.contains(time), "a run is asked for times of its range");
        let chunk_data = self.loaded(run.entry.slot)?;
        let rows = chunk_data.rows(&run.entry, &self.order_bytes);
        let times = chunk_data.times(&run.entry);
        let after = rows.partition_point(times, |other| other <= time);
        let row = rows.row(after.checked_sub(1)?);
        let next = (after < rows.len()).then(|| times[rows.row(after)] - 1);
        Some(Answer {
            found: Some(Found {
                slot: run.entry.slot,
                column: u32::from(run.entry.column),
                row: row as u32,
                time: times[row],
            }),
            validity: TimeRange::new(
                times[row],
                next.map_or(run.range.max, |next| next.min(run.range.max)),
            ),
            missing: SmallVec::new(),
            run: Some(run),
        })
    }
}
