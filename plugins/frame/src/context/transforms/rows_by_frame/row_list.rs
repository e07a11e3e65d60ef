//! The rows that place one frame, in order.

use std::ops::Deref;

use chronoscope_store::{RowId, TimeRange};

/// Fewer rows than this are not moved to give memory back.
const SMALL: usize = 64;

/// A row by its place in its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowPlace {
    pub(super) time: i64,
    pub(super) row_id: RowId,
    /// The place of its chunk.
    pub(super) chunk: u32,
    pub(super) row: u32,
}

impl RowPlace {
    pub(super) fn key(&self) -> (i64, RowId) {
        (self.time, self.row_id)
    }
}

/// Rows in the order of (time, row id).
#[derive(Debug, Default)]
pub(super) struct RowList {
    rows: Vec<RowPlace>,
    /// The rows at the front that are no more.
    start: usize,
}

impl Deref for RowList {
    type Target = [RowPlace];

    fn deref(&self) -> &[RowPlace] {
        &self.rows[self.start..]
    }
}

impl RowList {
    /// Adds a row behind all others. Call [`Self::sort`] where it does not belong there.
    pub(super) fn push(&mut self, row: RowPlace) {
        self.rows.push(row);
    }

    /// Puts the rows that were added behind so many others into their places, the first of which has this
    /// key.
    pub(super) fn sort(&mut self, before: usize, first: (i64, RowId)) {
        let start = self[..before].partition_point(|row| row.key() < first);
        // Two runs, which the sort merges.
        self.rows[self.start + start..].sort_by_key(RowPlace::key);
    }

    /// Removes some of the rows in a range of times.
    ///
    /// Cost: the rows in the range, and those before or behind it, whichever are fewer.
    pub(super) fn remove(&mut self, times: TimeRange, is_gone: impl Fn(&RowPlace) -> bool) {
        let from = self.start + self.partition_point(|row| row.time < times.min);
        let to = self.start + self.partition_point(|row| row.time <= times.max);
        if from >= to {
            return;
        }
        let rows = &mut self.rows;
        if from - self.start <= rows.len() - to {
            let mut first_kept = to;
            for at in (from..to).rev() {
                if !is_gone(&rows[at]) {
                    first_kept -= 1;
                    rows[first_kept] = rows[at];
                }
            }
            let num_gone = first_kept - from;
            rows.copy_within(self.start..from, self.start + num_gone);
            self.start += num_gone;
        } else {
            let mut end_kept = from;
            for at in from..to {
                if !is_gone(&rows[at]) {
                    rows[end_kept] = rows[at];
                    end_kept += 1;
                }
            }
            rows.copy_within(to.., end_kept);
            rows.truncate(rows.len() - (to - end_kept));
        }
        self.give_back();
    }

    /// Gives memory back where most of it is not used: a constant cost per row that left.
    fn give_back(&mut self) {
        if self.start > self.len() {
            self.rows.drain(..self.start);
            self.start = 0;
        }
        if self.rows.capacity() > 4 * self.rows.len().max(SMALL) {
            self.rows.shrink_to(2 * self.rows.len());
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<RowPlace>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(time: i64, chunk: u32) -> RowPlace {
        RowPlace {
            time,
            row_id: RowId::from_u128(time as u128),
            chunk,
            row: 0,
        }
    }

    /// A list of the rows at times from zero on, four of each chunk.
    fn list(num_rows: i64) -> RowList {
        let mut list = RowList::default();
        (0..num_rows).for_each(|time| list.push(row(time, time as u32 / 4)));
        list
    }

    #[test]
    fn rows_leave_wherever_they_are() {
        for gone in [[0, 1], [0, 24], [12, 13], [23, 24], [2, 20]] {
            let mut list = list(100);
            let is_gone = |row: &RowPlace| gone.contains(&row.chunk);
            let expected: Vec<RowPlace> = list.iter().filter(|row| !is_gone(row)).copied().collect();
            let times = TimeRange::new(i64::from(gone[0]) * 4, i64::from(gone[1]) * 4 + 3);
            list.remove(times, is_gone);
            assert_eq!(*list, *expected, "{gone:?}");
            // What comes is put in its place.
            let before = list.len();
            list.push(row(200, 50));
            list.push(row(50, 50));
            list.sort(before, (50, RowId::from_u128(50)));
            assert!(list.is_sorted_by_key(RowPlace::key) && list.len() == before + 2);
        }
    }

    #[test]
    fn the_front_leaves_without_the_rest_being_moved() {
        let mut list = list(10_000);
        let last = std::ptr::from_ref(&list[9_999]);
        list.remove(TimeRange::new(0, 3), |row| row.chunk == 0);
        assert_eq!(list.len(), 9_996);
        assert!(std::ptr::eq(last, &raw const list[9_995]), "nothing moved");
    }

    #[test]
    fn a_list_that_shrinks_gives_its_memory_back() {
        let mut list = list(10_000);
        let full = list.heap_bytes();
        for chunk in 0..2_490 {
            let times = TimeRange::new(chunk * 4, chunk * 4 + 3);
            list.remove(times, |row| i64::from(row.chunk) == chunk);
        }
        assert_eq!(list.len(), 40);
        assert!(list.heap_bytes() < full / 20, "{} of {full}", list.heap_bytes());
        assert_eq!(list[0], row(9_960, 2_490));
    }
}
