//! Inputs that are damaged at random, for the suite: the same in each run.
//!
//! `MUTATIONS` in the environment is how many are tried, for longer runs than that of the suite.

/// A generator of numbers that are the same in each run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// How many are tried: what the environment says, or this.
pub(crate) fn count(by_default: u64) -> u64 {
    let count = std::env::var("MUTATIONS").ok();
    count.and_then(|count| count.parse().ok()).unwrap_or(by_default)
}

/// Damages bytes in a few places.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            bytes.push(random.next() as u8);
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes.truncate(at.max(1)),
            3 => {
                let end = (at + random.below(64)).min(bytes.len());
                bytes.drain(at..end);
                bytes.push(0);
            }
            4 => {
                let copied: Vec<u8> = bytes[at..].iter().copied().take(random.below(64)).collect();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copied);
            }
            _ => {
                // Lengths are where it hurts.
                let large = [u8::MAX, u8::MAX, u8::MAX, 0x7f];
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&large[..end - at]);
            }
        }
    }
}
