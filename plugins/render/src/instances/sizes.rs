//! Visuals by their size, and how much of each is drawn where a view may draw only so many instances.

use std::ops::Range;

/// What is drawn of a visual with no more instances than two to this power is always all of it.
const WHOLE_LOG2: u8 = 10;

/// At least one in two to this power is drawn.
const MAX_STRIDE_LOG2: u8 = 6;

/// The greatest stride.
pub(crate) const MAX_STRIDE: u32 = 1 << MAX_STRIDE_LOG2;

/// With more ranges than this nothing is left out: that many calls cost more than instances.
const MAX_RANGES: usize = 1024;

/// How many instances a visual has: zero for few, else the logarithm to base two, rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SizeClass(u8);

impl SizeClass {
    fn of(num_instances: u32) -> Self {
        let log2 = u64::from(num_instances).next_power_of_two().trailing_zeros() as u8;
        Self(if log2 <= WHOLE_LOG2 { 0 } else { log2 })
    }

    fn is_small(self) -> bool {
        self.0 == 0
    }
}

/// A range of instances of visuals that are about as large as each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SizedRange {
    pub(crate) range: Range<u32>,
    /// The smallest and the largest visual in it.
    classes: [SizeClass; 2],
}

impl SizedRange {
    /// The size of the largest visual in it.
    pub(crate) fn class(&self) -> SizeClass {
        self.classes[1]
    }

    fn of(visual: Range<u32>) -> Self {
        Self {
            classes: [SizeClass::of(visual.len() as u32); 2],
            range: visual,
        }
    }

    /// Takes a visual in that follows after no more than a gap, unless it is of quite another size.
    fn takes(&mut self, visual: &Self, max_gap: u32) -> bool {
        let [low, high] = self.classes;
        let class = visual.class();
        let (low, high) = (low.min(class), high.max(class));
        let is_alike = low == high || (!low.is_small() && high.0 - low.0 <= 1);
        let follows = (self.range.end..=self.range.end.saturating_add(max_gap)).contains(&visual.range.start);
        let is_taken = is_alike && follows;
        if is_taken {
            self.range.end = visual.range.end;
            self.classes = [low, high];
        }
        is_taken
    }
}

/// Visuals by their size, in their order, where there is a large one among them; nothing otherwise. Gaps up to `max_gap` are
/// skipped over.
pub(crate) fn by_size(visuals: impl Iterator<Item = Range<u32>>, max_gap: u32) -> Vec<SizedRange> {
    let mut sized: Vec<SizedRange> = Vec::new();
    for visual in visuals.filter(|range| !range.is_empty()).map(SizedRange::of) {
        if !sized.last_mut().is_some_and(|last| last.takes(&visual, max_gap)) {
            sized.push(visual);
        }
        if sized.len() > MAX_RANGES {
            return Vec::new();
        }
    }
    if sized.iter().all(|sized| sized.class().is_small()) {
        return Vec::new();
    }
    sized
}

/// How many instances there are of visuals of each size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InstancesBySize([u64; 33]);

impl InstancesBySize {
    pub(crate) const NONE: Self = Self([0; 33]);

    /// Adds instances that are always drawn.
    pub(crate) fn add_whole(&mut self, num_instances: u64) {
        self.0[0] += num_instances;
    }

    pub(crate) fn add(&mut self, sized: &SizedRange) {
        self.0[usize::from(sized.class().0)] += sized.range.len() as u64;
    }

    /// The share of each visual with which no more instances are drawn in all than a budget, as far as that can be; `None` where
    /// nothing has to be left out.
    pub(crate) fn share(&self, budget: u64) -> Option<Share> {
        if self.0.iter().sum::<u64>() <= budget {
            return None;
        }
        let drawn = |share: Share| -> u64 {
            let classes = (0..).map(SizeClass).zip(self.0);
            classes
                .map(|(class, count)| count >> share.stride_log2(class))
                .sum()
        };
        let mut shares = (WHOLE_LOG2..32).rev().map(Share);
        Some(
            shares
                .find(|share| drawn(*share) <= budget)
                .unwrap_or(Share(WHOLE_LOG2)),
        )
    }
}

/// How many instances are drawn of a visual at most, as the logarithm to base two. Those with fewer are drawn whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share(u8);

impl Share {
    /// Of how many instances of a visual one is drawn, as the logarithm to base two.
    pub(crate) fn stride_log2(self, class: SizeClass) -> u8 {
        class.0.saturating_sub(self.0).min(MAX_STRIDE_LOG2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The strides of visuals that lie one after the other, by the ranges that they are drawn in.
    fn strides(lengths: &[u32], budget: u64) -> Vec<(Range<u32>, u32)> {
        let mut start = 0;
        let visuals = lengths.iter().map(|length| {
            let range = start..start + length;
            start = range.end;
            range
        });
        let sized = by_size(visuals, 0);
        let mut sizes = InstancesBySize::NONE;
        sized.iter().for_each(|sized| sizes.add(sized));
        let share = sizes.share(budget);
        let stride = |sized: &SizedRange| share.map_or(1, |share| 1 << share.stride_log2(sized.class()));
        sized
            .iter()
            .map(|sized| (sized.range.clone(), stride(sized)))
            .collect()
    }

    #[test]
    fn what_is_small_is_whole_whatever_the_budget() {
        assert!(strides(&[1, 1024, 7], 1).is_empty(), "nothing to leave out");
        assert_eq!(strides(&[1024, 1025], 1), [(0..1024, 1), (1024..2049, 2)]);
    }

    #[test]
    fn within_the_budget_all_is_whole() {
        assert_eq!(strides(&[100_000], 100_000), [(0..100_000, 1)]);
    }

    #[test]
    fn the_largest_is_thinned_first_and_no_more_than_needed() {
        let lengths = [20_000, 1_000_000, 500];
        let places = [0..20_000, 20_000..1_020_000, 1_020_000..1_020_500];
        let expect = |strides: [u32; 3]| places.iter().cloned().zip(strides).collect::<Vec<_>>();
        assert_eq!(strides(&lengths, 600_000), expect([1, 2, 1]));
        assert_eq!(strides(&lengths, 300_000), expect([1, 4, 1]));
        // One in sixty-four is the least, and then it is the next one's turn.
        assert_eq!(strides(&lengths, 20_000), expect([8, 64, 1]));
        assert_eq!(strides(&lengths, 0), expect([32, 64, 1]), "as far as that can be");
    }

    #[test]
    fn what_is_about_as_large_is_drawn_at_once() {
        let scans = [60_000, 70_000, 61_000, 69_000];
        assert_eq!(strides(&scans, 130_000), [(0..260_000, 2)]);
        // Not where one of them is much larger.
        assert_eq!(
            strides(&[60_000, 300_000], 200_000),
            [(0..60_000, 1), (60_000..360_000, 4)]
        );
    }

    #[test]
    fn the_greatest_sizes_have_a_class() {
        assert_eq!(SizeClass::of(u32::MAX), SizeClass(32));
        assert_eq!(SizeClass::of(1 << 31), SizeClass(31));
        assert_eq!(SizeClass::of(0), SizeClass(0));
    }

    #[test]
    fn far_gaps_are_not_drawn_over() {
        let visuals = [0..2000, 2100..4100, 9000..11_000];
        let ranges: Vec<Range<u32>> = by_size(visuals.into_iter(), 256)
            .into_iter()
            .map(|sized| sized.range)
            .collect();
        assert_eq!(ranges, [0..4100, 9000..11_000]);
    }

    #[test]
    fn many_ranges_of_unlike_sizes_are_left_whole() {
        let lengths: Vec<u32> = (0..2000).map(|at| if at % 2 == 0 { 10 } else { 5000 }).collect();
        assert!(strides(&lengths, 1).is_empty());
    }
}
