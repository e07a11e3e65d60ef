//! Which elements of a buffer changed, as few ranges.

use std::ops::Range;

/// Changed ranges, merged when they are taken.
#[derive(Debug, Default, Clone)]
pub(crate) struct DirtyRanges {
    ranges: Vec<Range<u32>>,
}

/// Ranges closer than this many elements are sent as one: a call costs more than the elements between.
const MERGE_GAP: u32 = 64;

/// With more ranges than this, they are merged early, so that they do not pile up where nobody extracts.
const MERGE_FROM: usize = 4096;

impl DirtyRanges {
    pub(crate) fn add(&mut self, range: Range<u32>) {
        if range.is_empty() {
            return;
        }
        if let Some(last) = self.ranges.last_mut()
            && range.start <= last.end
            && last.start <= range.end
        {
            *last = last.start.min(range.start)..last.end.max(range.end);
            return;
        }
        self.ranges.push(range);
        if self.ranges.len() >= MERGE_FROM {
            self.merge();
            if self.ranges.len() >= MERGE_FROM / 2 {
                // Scattered all over: one range costs less to keep and to send.
                let start = self.ranges.first().map_or(0, |range| range.start);
                let end = self.ranges.last().map_or(0, |range| range.end);
                self.ranges.clear();
                self.ranges.push(start..end);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The ranges below `len`, ascending and disjoint.
    pub(crate) fn into_merged(mut self, len: u32) -> impl Iterator<Item = Range<u32>> {
        self.merge();
        self.ranges
            .into_iter()
            .map(move |range| range.start.min(len)..range.end.min(len))
            .filter(|range| !range.is_empty())
    }

    fn merge(&mut self) {
        self.ranges.sort_unstable_by_key(|range| range.start);
        self.ranges.dedup_by(|next, kept| {
            let is_near = next.start <= kept.end.saturating_add(MERGE_GAP);
            if is_near {
                kept.end = kept.end.max(next.end);
            }
            is_near
        });
    }
}
