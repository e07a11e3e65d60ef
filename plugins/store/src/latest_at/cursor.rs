//! An answer that follows a cursor: the next row is mostly the neighbor of the last one, in the same chunk.

use std::{hint::black_box, sync::Arc};

use arrow_buffer::ScalarBuffer;

use super::{Answer, Hit, LatestAt, Run};
use crate::{
    CellRef, ChunkStore, ComponentId, EntityId, RowId, RowIds, TimeRange, TimelineId, plain::PlainColumn,
};

/// What a component is at a time, and where to go on when that time moves.
///
/// As with the answer itself, it holds until a change of the store meets the entity, or a clear above it.
#[derive(Clone, Debug)]
pub struct LatestAtCursor {
    answer: LatestAt,
    /// The rows that the cursor moves among; `None` where those are not known. What does not move takes no room for it.
    run: Option<Box<RunAtHand>>,
}

/// The rows of a run, with all that is asked of them: the chunk around them lies elsewhere.
#[derive(Clone, Debug)]
struct RunAtHand {
    /// The times at which the chunk of the answer alone decides.
    range: TimeRange,
    /// The chunk's rows in the order of their times, where they do not stand in it.
    order: Option<Arc<[u32]>>,
    /// The number of rows in that order, and where the answer's stands.
    len: u32,
    at: u32,
    times: ScalarBuffer<i64>,
    even: EvenTimes,
    row_ids: RowIds,
    /// The column, where it is nothing but numbers.
    plain: Option<PlainColumn>,
}

/// The times of some rows, one behind the other, that come evenly: each follows from the first one.
#[derive(Clone, Copy, Debug, Default)]
struct EvenTimes {
    first: u32,
    num: u32,
    start: i64,
    step: i64,
}

/// So many times lie in one line of the processor's cache, where the first of them begins one.
const TIMES_PER_LINE: usize = 8;

impl EvenTimes {
    /// The times around a row, as far as they lie in one line of memory; none where they do not come evenly.
    fn around(times: &[i64], row: usize) -> Self {
        let first = row - row % TIMES_PER_LINE;
        let times = times.get(first..).unwrap_or_default();
        let times = &times[..times.len().min(TIMES_PER_LINE)];
        let [start, next, ..] = *times else {
            return Self::default();
        };
        let Some(step) = next.checked_sub(start) else {
            return Self::default();
        };
        if !times
            .windows(2)
            .all(|pair| pair[1].checked_sub(pair[0]) == Some(step))
        {
            return Self::default();
        }
        Self {
            first: first as u32,
            num: times.len() as u32,
            start,
            step,
        }
    }

    fn time_of(&self, row: usize) -> Option<i64> {
        let at = row.checked_sub(self.first as usize)?;
        // What lies between two times may be more than a time can be.
        let time = || self.start.wrapping_add(self.step.wrapping_mul(at as i64));
        (at < self.num as usize).then(time)
    }
}

impl LatestAtCursor {
    /// The answer that there is nothing, ever.
    pub fn nothing() -> Self {
        Self::fixed(LatestAt::nothing())
    }

    /// What the component is.
    #[inline]
    pub fn answer(&self) -> &LatestAt {
        &self.answer
    }

    /// The times to which it [follows](Self::follow); none where the rows around the answer's are not known.
    #[inline]
    pub fn range(&self) -> TimeRange {
        self.run.as_ref().map_or(TimeRange::EMPTY, |run| run.range)
    }

    fn fixed(answer: LatestAt) -> Self {
        Self { answer, run: None }
    }

    /// The id of the row; `None` where there is no row.
    #[inline]
    pub fn row_id(&self) -> Option<RowId> {
        let hit = self.answer.hit.as_ref()?;
        match &self.run {
            Some(run) => run.row_ids.as_slice().get(hit.row()).copied(),
            None => Some(hit.row_id()),
        }
    }

    /// The instances of the row, where they lie; `None` where there is no row.
    pub fn cell(&self) -> Option<CellRef<'_>> {
        let hit = self.answer.hit.as_ref()?;
        let plain = self.run.as_ref().and_then(|run| {
            let column = run.plain.as_ref()?;
            let (numbers, start, len) = column.row(hit.row())?;
            Some(CellRef::plain(hit, numbers, column.layout(), start, len))
        });
        plain.or_else(|| Some(hit.cell_ref()))
    }

    /// Reads what is asked of it first, so that it is at hand. Each answer lies elsewhere in memory: who is about to
    /// [follow](Self::follow) or to read several, and fetches all of them before, waits for memory about once. Nobody uses the values:
    /// `black_box` keeps the compiler from leaving the reads out, and changes nothing where it does not.
    #[inline]
    pub fn prefetch(&self) {
        if let Some(run) = &self.run {
            // One value of each line of memory that it lies in.
            let plain = run.plain.as_ref().map_or(0, PlainColumn::num_bytes);
            black_box([
                run.range.min as usize,
                run.at as usize,
                run.even.num as usize,
                run.times.len(),
                run.row_ids.len(),
                plain,
            ]);
        }
    }

    /// Reads the times of the next rows, likewise, where these are not known. Best done of several once each was
    /// [prefetched](Self::prefetch).
    #[inline]
    pub fn prefetch_next(&self) {
        if let Some(run) = &self.run
            && run.order.is_none()
        {
            let next = run.at as usize + 1;
            if run.even.time_of(next + 1).is_none() {
                black_box([next, next + 1].map(|row| run.times.get(row).copied()));
            }
        }
    }

    /// Reads the id of the row, likewise. Best done of several once each was [prefetched](Self::prefetch) and has followed.
    #[inline]
    pub fn prefetch_row_id(&self) {
        black_box(self.row_id());
    }

    /// Reads the first number of the row, likewise, where it is numbers.
    #[inline]
    pub fn prefetch_cell(&self) {
        let row = self.answer.hit.as_ref().map(Hit::row);
        let column = self.run.as_ref().and_then(|run| run.plain.as_ref());
        if let Some((numbers, ..)) = row.zip(column).and_then(|(row, column)| column.row(row)) {
            black_box(numbers.first().copied());
        }
    }

    /// The bytes on the heap. What is shared with the chunk is not among them.
    pub fn heap_bytes(&self) -> usize {
        let run = usize::from(self.run.is_some()) * size_of::<RunAtHand>();
        let missing = &self.answer.missing;
        run + usize::from(missing.spilled()) * missing.capacity() * size_of::<crate::ChunkId>()
    }

    /// Moves to another time. Where that lies among rows of which the chunk at hand decides alone, the answer becomes what the
    /// store would say, and it is told whether that is another row; elsewhere it stays as it is, and `None` tells to ask the store.
    ///
    /// Cost: O(1) to a neighbor and among rows that come evenly, O(log n) among n rows of the chunk. No index is searched, nothing is counted or locked.
    pub fn follow(&mut self, time: i64) -> Option<bool> {
        if self.answer.validity.contains(time) {
            return Some(false);
        }
        let run = self.run.as_deref_mut().filter(|run| run.range.contains(time))?;
        let hit = self.answer.hit.as_mut()?;
        let times = &*run.times;
        let len = run.len as usize;
        let order = run.order.as_deref();
        let row_at = |at: usize| order.map_or(at, |order| order[at] as usize);
        let even = run.even;
        let time_at = |at: usize| even.time_of(at).unwrap_or_else(|| times[row_at(at)]);
        let mut at = run.at as usize;
        let guess = row_by_step(at, self.answer.validity, time).filter(|&guess| {
            guess < len && time_at(guess) <= time && (guess + 1 == len || time_at(guess + 1) > time)
        });
        if let Some(guess) = guess {
            at = guess;
        } else if time < self.answer.validity.min {
            if at > 0 && time_at(at - 1) <= time {
                at -= 1;
            } else if let Some(before) = last_at_or_before(0, at, time, time_at) {
                at = before;
            } else {
                return None;
            }
        } else {
            // Of the rows with one time the last one counts.
            let near = len.min(at + 1 + MAX_STEPS);
            while at + 1 < near && time_at(at + 1) <= time {
                at += 1;
            }
            if at + 1 == near && near < len {
                at = last_at_or_before(at, len, time, time_at).unwrap_or(at);
            }
        }
        let found = time_at(at);
        let next = (at + 1 < len).then(|| time_at(at + 1) - 1);
        let is_neighbor = at.abs_diff(run.at as usize) == 1;
        run.at = at as u32;
        self.answer.validity =
            TimeRange::new(found, next.map_or(run.range.max, |next| next.min(run.range.max)));
        let row = row_at(at) as u32;
        let is_other = (hit.row, hit.data_time) != (row, Some(found));
        (hit.row, hit.data_time) = (row, Some(found));
        // Time plays, and the next rows will be asked for.
        if is_neighbor && let Some(column) = &mut run.plain {
            column.look_around(row as usize);
        }
        if is_neighbor && order.is_none() && even.time_of(at).is_none() {
            run.even = EvenTimes::around(times, at);
        }
        Some(is_other)
    }
}

/// The row of a time, if rows came everywhere as far apart as the one at hand and the next. Mostly they do, and a search would look at
/// several places in memory that nobody looked at before.
fn row_by_step(at: usize, validity: TimeRange, time: i64) -> Option<usize> {
    let step = validity.max.checked_sub(validity.min)?.checked_add(1)?;
    let rows = time.checked_sub(validity.min)?.div_euclid(step);
    at.checked_add_signed(isize::try_from(rows).ok()?)
}

/// Up to this many rows a cursor goes one by one.
const MAX_STEPS: usize = 8;

/// The last position from `from` to before `to` whose time is at or before `time`.
fn last_at_or_before(from: usize, to: usize, time: i64, time_at: impl Fn(usize) -> i64) -> Option<usize> {
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        if time_at(middle) <= time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low.checked_sub(1).filter(|at| *at >= from)
}

impl ChunkStore {
    /// Applies clears to an answer, and gives it what it needs to follow a cursor.
    pub(crate) fn resolve_cursor(
        &self,
        entity: EntityId,
        timeline: Option<TimelineId>,
        time: i64,
        component: ComponentId,
        answer: Answer,
    ) -> LatestAtCursor {
        // A clear may lie between any two rows.
        let run = answer.run.filter(|_| !self.might_require_clearing(entity));
        let found = answer.found;
        let answer = self.resolve(entity, timeline, time, component, answer);
        let mut cursor = LatestAtCursor::fixed(answer.into_owned());
        if let (Some(run), Some(found)) = (run, found) {
            cursor.run = self.run_at_hand(run, found.time, &cursor.answer).map(Box::new);
        }
        cursor
    }

    /// The rows of a run as they lie in the chunk of an answer, which is among them and has this time.
    fn run_at_hand(&self, run: Run, found_time: i64, answer: &LatestAt) -> Option<RunAtHand> {
        let hit = answer.hit.as_ref()?;
        let chunk_data = self.loaded(run.entry.slot)?;
        let rows = chunk_data.rows(&run.entry, &self.order_bytes);
        let times = chunk_data.times(&run.entry);
        let after = |_: &Arc<[u32]>| rows.partition_point(times, |other| other <= found_time);
        let at = rows
            .listed()
            .map_or(hit.row(), |listed| after(listed).saturating_sub(1));
        debug_assert_eq!(rows.row(at), hit.row(), "the answer's row is in the order");
        let chunk = hit.chunk();
        let time_column = chunk.timelines().get(usize::from(run.entry.time_column()))?;
        Some(RunAtHand {
            range: run.range,
            order: rows.listed().cloned(),
            len: rows.len() as u32,
            at: at as u32,
            times: time_column.times().clone(),
            even: EvenTimes::default(),
            row_ids: chunk.row_id_column().clone(),
            plain: PlainColumn::of(hit.column().lists()),
        })
    }
}
