//! Latest-at: what an entity's component was at a time.
//!
//! Rows order by (time, row id). The answer is the last row at or before the cursor, with the interval of cursors for which
//! it stays the answer, so that it need not be asked again while the cursor moves inside.

mod cursor;
mod run;

use std::{borrow::Borrow, sync::Arc};

use arrow_array::ArrayRef;
use smallvec::SmallVec;

use crate::{
    CellRef, Chunk, ChunkId, ChunkStore, ComponentColumn, ComponentId, EntityId, RowId, TimeRange,
    TimelineId,
    interval_index::Entry,
    series::{Series, StaticSeries},
};

pub use self::cursor::LatestAtCursor;
pub(crate) use self::run::Run;

/// What a component was at a time.
///
/// The chunk is shared, so that the answer may be kept; [`LatestAtRef`] borrows it instead.
#[derive(Clone, Debug)]
pub struct LatestAt<C = Arc<Chunk>> {
    /// The row; `None` where there is none, or where a clear hides it.
    pub hit: Option<Hit<C>>,
    /// The cursors for which the answer is the same: from the row's time to just before the next row or clear, both ends
    /// inclusive, and to the ends of `i64` where there is none.
    pub validity: TimeRange,
    /// The chunks that would have to be loaded to be sure. While there are any, the answer is provisional.
    pub missing: SmallVec<[ChunkId; 1]>,
}

/// What a component was at a time, borrowed from the store: as cheap as an answer can be, and gone before the store changes.
pub type LatestAtRef<'s> = LatestAt<&'s Arc<Chunk>>;

impl LatestAt {
    /// The answer that there is nothing, ever.
    pub fn nothing() -> Self {
        Self {
            hit: None,
            validity: TimeRange::EVERYTHING,
            missing: SmallVec::new(),
        }
    }
}

impl LatestAtRef<'_> {
    /// The answer that shares the chunk.
    pub fn into_owned(self) -> LatestAt {
        let Self {
            hit,
            validity,
            missing,
        } = self;
        LatestAt {
            hit: hit.map(Hit::into_owned),
            validity,
            missing,
        }
    }
}

impl<C: Borrow<Arc<Chunk>>> LatestAt<C> {
    /// Whether a chunk that is not loaded could change the answer.
    pub fn is_provisional(&self) -> bool {
        !self.missing.is_empty()
    }

    /// The instances; `None` where there is no row.
    pub fn cell(&self) -> Option<ArrayRef> {
        self.hit.as_ref().map(Hit::cell)
    }
}

/// One row of a component, in its chunk.
#[derive(Clone, Copy, Debug)]
pub struct Hit<C = Arc<Chunk>> {
    chunk: C,
    column: u32,
    row: u32,
    data_time: Option<i64>,
}

/// One row of a component, borrowed from the store.
pub type HitRef<'s> = Hit<&'s Arc<Chunk>>;

impl Hit {
    /// What a row of a chunk has of a component, with its time on a timeline; `None` where it has none of it.
    pub fn of_row(chunk: &Arc<Chunk>, row: usize, component: &str, timeline: Option<&str>) -> Option<Self> {
        let mut columns = chunk.components().iter();
        let column = columns.position(|column| &**column.name() == component)?;
        let is_there = row < chunk.num_rows() && chunk.components()[column].is_valid(row);
        let times = timeline.and_then(|timeline| chunk.timeline(timeline));
        is_there.then(|| Self {
            chunk: Arc::clone(chunk),
            column: column as u32,
            row: row as u32,
            data_time: times.and_then(|column| column.times().get(row).copied()),
        })
    }

    /// The same row of a chunk that has another column in place of the component's.
    pub(crate) fn in_chunk(&self, chunk: Arc<Chunk>) -> Self {
        Self { chunk, ..*self }
    }
}

impl HitRef<'_> {
    /// The row that shares the chunk.
    pub fn into_owned(self) -> Hit {
        let Self {
            chunk,
            column,
            row,
            data_time,
        } = self;
        Hit {
            chunk: Arc::clone(chunk),
            column,
            row,
            data_time,
        }
    }
}

impl<C: Borrow<Arc<Chunk>>> Hit<C> {
    /// The chunk that holds the row.
    pub fn chunk(&self) -> &Arc<Chunk> {
        self.chunk.borrow()
    }

    /// The row's position in its chunk.
    pub fn row(&self) -> usize {
        self.row as usize
    }

    /// The row's id.
    pub fn row_id(&self) -> RowId {
        self.chunk().row_ids()[self.row()]
    }

    /// The row's time on the timeline of the query; `None` for static data.
    pub fn data_time(&self) -> Option<i64> {
        self.data_time
    }

    /// The component's column.
    pub fn column(&self) -> &ComponentColumn {
        &self.chunk().components()[self.column_index()]
    }

    /// The position of the component's column in the chunk.
    pub(crate) fn column_index(&self) -> usize {
        self.column as usize
    }

    /// The instances of the row, where they lie.
    pub fn cell_ref(&self) -> CellRef<'_> {
        let (lists, row) = (self.column().lists(), self.row());
        let offset = |at: usize| usize::try_from(lists.value_offsets()[at]).unwrap_or_default();
        CellRef::new(lists.values().as_ref(), offset(row)..offset(row + 1))
    }

    /// The instances of the row: a slice that shares the chunk's memory.
    pub fn cell(&self) -> ArrayRef {
        self.cell_ref().to_array()
    }
}

/// A row by its place in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) slot: u32,
    pub(crate) column: u32,
    pub(crate) row: u32,
    /// `i64::MIN` for static data.
    pub(crate) time: i64,
}

/// An answer by places in the store, before clears.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) found: Option<Found>,
    pub(crate) validity: TimeRange,
    pub(crate) missing: SmallVec<[ChunkId; 1]>,
    /// The rows around it that one chunk alone decides, where it has several.
    pub(crate) run: Option<Run>,
}

impl ChunkStore {
    /// What a component was at a time, clears applied, without any cache. Costs O(log n + k log n) for k chunks that cover
    /// the time.
    ///
    /// Without a timeline only static data is asked for.
    pub fn latest_at(
        &self,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        component: ComponentId,
    ) -> LatestAt {
        let answer = if let Some(series) = self.static_series(entity, component) {
            self.find_static(series)
        } else if let Some((_, series)) =
            timeline.and_then(|timeline| self.series_of(entity, timeline, component))
        {
            self.find_in(series, time)
        } else {
            return LatestAt::nothing();
        };
        self.resolve(entity, timeline, time, component, answer)
            .into_owned()
    }

    /// The newest static row of a component.
    pub(crate) fn find_static(&self, series: &StaticSeries) -> Answer {
        let found = series.winner.map(|winner| Found {
            slot: winner.slot,
            column: u32::from(winner.column),
            row: winner.row,
            time: i64::MIN,
        });
        let missing = series
            .absent
            .iter()
            .filter_map(|&slot| self.slot(slot))
            .filter(|slot| {
                series
                    .winner
                    .is_none_or(|winner| slot.meta.row_ids.1 > winner.row_id)
            })
            .map(|slot| slot.meta.id)
            .collect();
        Answer {
            found,
            validity: TimeRange::EVERYTHING,
            missing,
            run: None,
        }
    }

    /// The last row of a series at or before a time, and how long it stays that. Clears are not applied.
    pub(crate) fn find_in(&self, series: &Series, time: i64) -> Answer {
        let around = series.index.around(time);
        let mut next = around.after;
        let mut best: Option<Best> = None;
        // The answer is no older than this, since a chunk's range begins and ends with a row.
        let mut at_least = around.before;
        let mut absent_until = i64::MAX;
        let mut missing = SmallVec::new();

        for entry in &around.covering {
            at_least = at_least.max(Some(if entry.max == time { time } else { entry.min }));
            let Some(slot) = self.indexed(entry.slot) else {
                continue;
            };
            let Some(chunk_data) = &slot.chunk_data else {
                missing.push(slot.meta.id);
                if entry.max > time {
                    // At its end it has a row for sure, which may make others needless.
                    absent_until = absent_until.min(entry.max - 1);
                }
                continue;
            };
            let (rows, times) = (chunk_data.rows(entry, &self.order_bytes), chunk_data.times(entry));
            let after = rows.first_after(times, entry, time);
            if after > 0 {
                consider(&mut best, entry, rows.row(after - 1), times, chunk_data.chunk());
            }
            if after < rows.len() {
                let time = times[rows.row(after)];
                next = Some(next.map_or(time, |next| next.min(time)));
            }
        }
        if let Some(before) = around.before
            && best.as_ref().is_none_or(|(time, ..)| before >= *time)
            // Covering chunks that are absent have a row at their beginning.
            && at_least == Some(before)
        {
            self.consider_ending_at(series, before, &mut best, Some(&mut missing));
        }
        if !missing.is_empty()
            && let Some(before) = around.loaded_before
            && best.as_ref().is_none_or(|(time, ..)| before >= *time)
        {
            // The newest row that is loaded is shown, provisionally, though a row that is not loaded is newer.
            self.consider_ending_at(series, before, &mut best, None);
        }
        let run = best
            .as_ref()
            .filter(|_| missing.is_empty())
            .and_then(|(time, ..)| self.run_around(&around, *time));
        let max = next.map_or(i64::MAX, |next| next - 1);
        let validity = if missing.is_empty() {
            TimeRange::new(best.as_ref().map_or(i64::MIN, |(time, ..)| *time), max)
        } else {
            let min = at_least.max(best.as_ref().map(|(time, ..)| *time));
            TimeRange::new(min.unwrap_or(i64::MIN), max.min(absent_until))
        };
        Answer {
            found: best.map(|(.., found)| found),
            validity,
            missing,
            run,
        }
    }

    /// Considers the last rows of the chunks that end at a time, and notes those that are not loaded.
    fn consider_ending_at(
        &self,
        series: &Series,
        end: i64,
        best: &mut Option<Best>,
        mut missing: Option<&mut SmallVec<[ChunkId; 1]>>,
    ) {
        series.index.for_each_ending_at(end, |entry| {
            let Some(slot) = self.indexed(entry.slot) else {
                return;
            };
            if let Some(chunk_data) = &slot.chunk_data {
                let (rows, times) = (chunk_data.rows(entry, &self.order_bytes), chunk_data.times(entry));
                if rows.len() > 0 {
                    consider(best, entry, rows.row(rows.len() - 1), times, chunk_data.chunk());
                }
            } else if let Some(missing) = &mut missing {
                missing.push(slot.meta.id);
            }
        });
    }

    /// Applies the clears of an entity and of those above it to an answer.
    pub(crate) fn resolve(
        &self,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        component: ComponentId,
        mut answer: Answer,
    ) -> LatestAtRef<'_> {
        if let Some(found) = answer.found
            && self.might_require_clearing(entity)
            && Some(component) != self.clear_component()
            && let Some(chunk_data) = self.loaded(found.slot)
            && let Some(&row_id) = chunk_data.chunk().row_ids().get(found.row as usize)
        {
            let row_time = (found.time != i64::MIN).then_some(found.time);
            let clearing = self.clearing(entity, timeline, time, row_time, row_id);
            let (missing, validity) = clearing.missing();
            answer.validity = answer.validity.intersection(&validity);
            answer.missing.extend(missing);
            if clearing.is_hidden {
                answer.found = None;
            }
        }
        self.publish(answer)
    }

    /// The answer with its chunk.
    pub(crate) fn publish(&self, answer: Answer) -> LatestAtRef<'_> {
        let Answer {
            found,
            validity,
            missing,
            ..
        } = answer;
        let hit = found.and_then(|found| {
            let chunk = self.loaded(found.slot)?.chunk();
            let data_time = (found.time != i64::MIN).then_some(found.time);
            Some(Hit {
                chunk,
                column: found.column,
                row: found.row,
                data_time,
            })
        });
        LatestAt {
            hit,
            validity,
            missing,
        }
    }
}

type Best = (i64, RowId, Found);

fn consider(best: &mut Option<Best>, entry: &Entry, row: usize, times: &[i64], chunk: &Chunk) {
    let (time, row_id) = (times[row], chunk.row_ids()[row]);
    if best
        .as_ref()
        .is_none_or(|(best_time, best_id, _)| (time, row_id) > (*best_time, *best_id))
    {
        let found = Found {
            slot: entry.slot,
            column: u32::from(entry.column),
            row: row as u32,
            time,
        };
        *best = Some((time, row_id, found));
    }
}
