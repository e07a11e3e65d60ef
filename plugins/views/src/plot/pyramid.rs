//! The least and the greatest value of any stretch of a series, in logarithmic time.

use std::ops::Range;

/// How many values a bucket of the lowest level holds. Below that, looking at the values costs no more than looking them up.
const BUCKET: usize = 16;

/// Values that are compared side by side: one comparison need not wait for another.
const LANES: usize = 4;

/// The least and the greatest of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The least value; infinite where there is none.
    pub min: f64,
    /// The greatest value; minus infinite where there is none.
    pub max: f64,
}

impl Extent {
    /// Of no values; the neutral element of [`Self::union`].
    pub const EMPTY: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
    };

    /// Of these values. Those that are not a number do not count.
    pub fn of(values: &[f64]) -> Self {
        let mut lanes = [Self::EMPTY; LANES];
        let mut groups = values.chunks_exact(LANES);
        for group in &mut groups {
            for (lane, value) in lanes.iter_mut().zip(group) {
                lane.take(*value);
            }
        }
        for (lane, value) in lanes.iter_mut().zip(groups.remainder()) {
            lane.take(*value);
        }
        lanes.into_iter().fold(Self::EMPTY, Self::union)
    }

    /// Adds a value. A comparison with what is not a number is false, so that one does not count.
    fn take(&mut self, value: f64) {
        self.min = if value < self.min { value } else { self.min };
        self.max = if value > self.max { value } else { self.max };
    }

    /// Whether there was no value.
    pub fn is_empty(&self) -> bool {
        self.min > self.max
    }

    /// The extent of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        // `min` and `max` prefer numbers to what is not one.
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// The extents of buckets of values, level by level, each with half as many buckets as the one below.
///
/// It does not hold the values: they are handed in with each call, and must be those that it was last brought up to date with.
/// Takes an eighth of their memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pyramid {
    levels: Vec<Vec<Extent>>,
    len: usize,
}

impl Pyramid {
    /// The pyramid of these values.
    pub(crate) fn new(values: &[f64]) -> Self {
        let mut pyramid = Self::default();
        pyramid.update(values, 0);
        pyramid
    }

    /// Brings it up to date with values of which the first `unchanged` are what they were. Costs what comes after those.
    pub(crate) fn update(&mut self, values: &[f64], unchanged: usize) {
        let mut first = unchanged.min(self.len).min(values.len()) / BUCKET;
        self.len = values.len();
        let mut count = values.len().div_ceil(BUCKET);
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        let lowest = &mut self.levels[0];
        lowest.truncate(first);
        lowest.extend(
            values
                .get(first * BUCKET..)
                .unwrap_or(&[])
                .chunks(BUCKET)
                .map(Extent::of),
        );
        let mut level = 0;
        while count > 1 {
            level += 1;
            first /= 2;
            count = count.div_ceil(2);
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let (below, above) = self.levels.split_at_mut(level);
            let (below, above) = (&below[level - 1], &mut above[0]);
            above.truncate(first);
            above.extend(
                below[first * 2..]
                    .chunks(2)
                    .map(|pair| pair.iter().fold(Extent::EMPTY, |all, one| all.union(*one))),
            );
        }
        self.levels.truncate(level + 1);
    }

    /// Brings it up to date with values of which those in `changed` are others than before, and as many as before.
    pub(crate) fn refresh(&mut self, values: &[f64], changed: Range<usize>) {
        debug_assert_eq!(values.len(), self.len, "as many values as before");
        if changed.is_empty() {
            return;
        }
        let (mut first, mut last) = (changed.start / BUCKET, (changed.end - 1) / BUCKET);
        for level in 0..self.levels.len() {
            let (below, above) = self.levels.split_at_mut(level);
            for at in first..=last {
                let extent = match below.last() {
                    None => Extent::of(&values[at * BUCKET..((at + 1) * BUCKET).min(values.len())]),
                    Some(below) => below[at * 2..(at * 2 + 2).min(below.len())]
                        .iter()
                        .fold(Extent::EMPTY, |all, one| all.union(*one)),
                };
                above[0][at] = extent;
            }
            (first, last) = (first / 2, last / 2);
        }
    }

    /// The extent of a range of values. What lies beyond their end is left out.
    pub(crate) fn extent(&self, values: &[f64], range: Range<usize>) -> Extent {
        let end = range.end.min(values.len());
        let range = range.start.min(end)..end;
        let (mut low, mut high) = (range.start.div_ceil(BUCKET), range.end / BUCKET);
        if low >= high {
            return Extent::of(&values[range]);
        }
        let mut extent = Extent::of(&values[range.start..low * BUCKET])
            .union(Extent::of(&values[high * BUCKET..range.end]));
        // From both ends towards the middle, a level up with each step.
        for level in &self.levels {
            if low >= high {
                break;
            }
            let mut take = |at: usize| extent = extent.union(level.get(at).copied().unwrap_or(Extent::EMPTY));
            if low % 2 == 1 {
                take(low);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                take(high);
            }
            low /= 2;
            high /= 2;
        }
        extent
    }

    /// The least of the positive values in a range; infinite where there is none.
    ///
    /// Cost: O(log n) where the values of a stretch are all positive or none is, and up to all values in the
    /// range where both come by turns.
    pub(crate) fn least_positive(&self, values: &[f64], range: Range<usize>) -> f64 {
        let end = range.end.min(values.len());
        let range = range.start.min(end)..end;
        let (low, high) = (range.start.div_ceil(BUCKET), range.end / BUCKET);
        if low >= high {
            return least_positive(&values[range]);
        }
        let edges = least_positive(&values[range.start..low * BUCKET])
            .min(least_positive(&values[high * BUCKET..range.end]));
        // Whole buckets, in the largest groups that lie in the range.
        let (mut at, mut least) = (low, edges);
        while at < high {
            let level = at.trailing_zeros().min((high - at).ilog2()) as usize;
            let level = level.min(self.levels.len().saturating_sub(1));
            least = least.min(self.least_positive_of(values, level, at >> level));
            at += 1 << level;
        }
        least
    }

    fn least_positive_of(&self, values: &[f64], level: usize, at: usize) -> f64 {
        let extent = self.levels.get(level).and_then(|level| level.get(at)).copied();
        let extent = extent.unwrap_or(Extent::EMPTY);
        match level.checked_sub(1) {
            _ if extent.max.is_nan() || extent.max <= 0.0 => f64::INFINITY,
            _ if extent.min > 0.0 => extent.min,
            Some(below) => self
                .least_positive_of(values, below, at * 2)
                .min(self.least_positive_of(values, below, at * 2 + 1)),
            None => least_positive(&values[at * BUCKET..((at + 1) * BUCKET).min(values.len())]),
        }
    }

    /// The bytes that it takes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.levels
            .iter()
            .map(|level| level.capacity() * size_of::<Extent>())
            .sum()
    }
}

fn least_positive(values: &[f64]) -> f64 {
    values
        .iter()
        .filter(|value| **value > 0.0)
        .fold(f64::INFINITY, |least, value| least.min(*value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::plot::testing::Random;

    fn random_values(random: &mut Random, len: usize) -> Vec<f64> {
        (0..len)
            .map(|_| {
                if random.below(10) == 0 {
                    f64::NAN
                } else {
                    random.unit() * 100.0 - 50.0
                }
            })
            .collect()
    }

    #[test]
    fn equals_brute_force() {
        let mut random = Random::new(1);
        for len in [0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 257, 1000, 4097] {
            let values = random_values(&mut random, len);
            let pyramid = Pyramid::new(&values);
            for _ in 0..200 {
                let (a, b) = (random.below(len + 2), random.below(len + 2));
                let range = a.min(b)..a.max(b);
                let clipped = range.start.min(len)..range.end.min(len);
                assert_eq!(
                    pyramid.extent(&values, range),
                    Extent::of(&values[clipped]),
                    "{len} values"
                );
                assert_eq!(
                    pyramid.least_positive(&values, a.min(b)..a.max(b)).to_bits(),
                    least_positive(&values[a.min(b).min(len)..a.max(b).min(len)]).to_bits()
                );
            }
        }
    }

    #[test]
    fn updated_equals_new() {
        let mut random = Random::new(2);
        for _ in 0..50 {
            let mut values = Vec::new();
            let mut pyramid = Pyramid::default();
            for _ in 0..20 {
                let keep = values.len() - random.below(values.len().min(40) + 1);
                values.truncate(keep);
                let more = random.below(70);
                values.extend(random_values(&mut random, more));
                pyramid.update(&values, keep);
                assert_eq!(pyramid, Pyramid::new(&values));
            }
        }
    }

    #[test]
    fn refreshed_equals_new() {
        let mut random = Random::new(3);
        for len in [1, 16, 17, 300, 2_000] {
            let mut values = random_values(&mut random, len);
            let mut pyramid = Pyramid::new(&values);
            for _ in 0..20 {
                let start = random.below(len);
                let end = start + random.below(len - start + 1);
                let fresh = random_values(&mut random, end - start);
                values[start..end].copy_from_slice(&fresh);
                pyramid.refresh(&values, start..end);
                assert_eq!(pyramid, Pyramid::new(&values));
            }
        }
    }

    #[test]
    fn nothing_but_gaps_is_empty() {
        let values = [f64::NAN; 100];
        assert!(Pyramid::new(&values).extent(&values, 0..100).is_empty());
        assert!(Pyramid::default().extent(&[], 0..7).is_empty());
    }
}
