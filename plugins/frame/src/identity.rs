//! Numbers of 128 bits that stand for values: where the numbers are the same, so are the values. Two values have
//! the same one by chance only, and that chance is too small to happen: it would be wrong data on screen.

use std::hash::Hasher;

/// Two lanes of multiplications whose high and low halves are folded, each with a constant of its own. What it tells
/// holds within one run of one program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdentityHasher {
    lanes: [u64; 2],
}

/// Digits of pi, odd.
const FACTORS: [u64; 2] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345];

impl Default for IdentityHasher {
    fn default() -> Self {
        Self {
            lanes: [0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89],
        }
    }
}

impl IdentityHasher {
    /// The number for all that was written. Never zero, which stands for nothing.
    pub(crate) fn identity(&self) -> u128 {
        let [high, low] = self.lanes.map(|lane| fold(lane, FACTORS[0] ^ FACTORS[1] | 1));
        (u128::from(high) << 64 | u128::from(low)).max(1)
    }
}

fn fold(value: u64, factor: u64) -> u64 {
    let product = u128::from(value) * u128::from(factor);
    (product >> 64) as u64 ^ product as u64
}

impl Hasher for IdentityHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
            self.write_u64(rest.len() as u64);
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        let [first, second] = self.lanes;
        // A lane that reaches zero goes on, since what was written is added after the multiplication, too.
        self.lanes = [
            fold(first ^ value, FACTORS[0])
                .wrapping_add(value)
                .rotate_left(23),
            fold(second ^ value.rotate_left(32), FACTORS[1])
                .wrapping_add(first)
                .rotate_left(41),
        ];
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.identity() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, hash::Hash};

    use super::*;

    fn identity(value: &impl Hash) -> u128 {
        let mut hasher = IdentityHasher::default();
        value.hash(&mut hasher);
        hasher.identity()
    }

    #[test]
    fn values_that_differ_little_have_numbers_that_share_no_half() {
        let mut halves = [HashSet::new(), HashSet::new()];
        let mut count = 0;
        for id in 0..200_u128 {
            for time in -50..50_i64 {
                for component in 0..4_u32 {
                    let number = identity(&(component, Some((id.to_be_bytes(), Some(time)))));
                    halves[0].insert((number >> 64) as u64);
                    halves[1].insert(number as u64);
                    count += 1;
                }
            }
        }
        assert_eq!(halves.map(|half| half.len()), [count; 2]);
        assert_ne!(identity(&[1_u64, 2]), identity(&[2_u64, 1]));
        assert_ne!(identity(&[0_u8; 3].as_slice()), identity(&[0_u8; 4].as_slice()));
        assert_ne!(identity(&0_u64), 0);
    }
}
