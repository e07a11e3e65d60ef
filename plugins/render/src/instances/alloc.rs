//! Ranges in a buffer that grows at its end: best fit among the gaps, gaps merged as they arise.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Hands out disjoint ranges of `0..end`. All operations are O(log gaps).
#[derive(Debug, Default, Clone)]
pub(crate) struct RangeAllocator {
    end: u32,
    free: u32,
    /// Gap start to gap length. No two gaps touch, and none touches `end`.
    gaps: BTreeMap<u32, u32>,
    /// The same gaps as (length, start), to find the best fit.
    by_length: BTreeSet<(u32, u32)>,
}

impl RangeAllocator {
    /// The end of the last range handed out.
    pub(crate) fn end(&self) -> u32 {
        self.end
    }

    /// How much is handed out.
    pub(crate) fn used(&self) -> u32 {
        self.end - self.free
    }

    /// A range of `count`: the smallest gap that holds it, or new room at the end. The caller has checked that
    /// `end + count` fits.
    pub(crate) fn allocate(&mut self, count: u32) -> Range<u32> {
        if count == 0 {
            return 0..0;
        }
        if let Some(&(length, start)) = self.by_length.range((count, 0)..).next() {
            self.remove_gap(start, length);
            if length > count {
                self.insert_gap(start + count, length - count);
            }
            return start..start + count;
        }
        let start = self.end;
        self.end = start.saturating_add(count);
        start..self.end
    }

    /// Takes back a range that [`Self::allocate`] handed out.
    pub(crate) fn free(&mut self, range: Range<u32>) {
        if range.is_empty() {
            return;
        }
        let Range { mut start, mut end } = range;
        if let Some((&before, &length)) = self.gaps.range(..start).next_back()
            && before + length == start
        {
            self.remove_gap(before, length);
            start = before;
        }
        if let Some(&length) = self.gaps.get(&end) {
            self.remove_gap(end, length);
            end += length;
        }
        if end == self.end {
            self.end = start;
        } else {
            self.insert_gap(start, end - start);
        }
    }

    fn insert_gap(&mut self, start: u32, length: u32) {
        self.gaps.insert(start, length);
        self.by_length.insert((length, start));
        self.free += length;
    }

    fn remove_gap(&mut self, start: u32, length: u32) {
        self.gaps.remove(&start);
        self.by_length.remove(&(length, start));
        self.free -= length;
    }
}
