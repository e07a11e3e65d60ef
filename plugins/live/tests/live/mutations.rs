//! Messages that were damaged at random, decoded and inserted: nothing panics, and what is whole is read.
//!
//! `MUTATIONS` in the environment is how many are tried, for longer runs than that of the suite.

#[path = "../../../../fuzz/bodies.rs"]
mod bodies;

use chronoscope_live::envelope;
use chronoscope_store::StoreId;
use chronoscope_types::LogMessage;

use crate::{info, large_row, recording, row};

/// A generator of numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn stream(messages: &[LogMessage]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        let message = envelope(message).unwrap();
        bytes.extend_from_slice(&(message.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&message);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
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

#[test]
fn damaged_messages_are_refused_and_never_more() {
    let blueprint = StoreId::blueprint("app", "layout");
    let messages = [
        info(&recording()),
        row(&recording(), "/plots/a", 1),
        row(&recording(), "/plots/a", 2),
        large_row(&recording(), 300),
        row(&blueprint, "/view", 0),
    ];
    let whole = stream(&messages);
    assert_eq!(bodies::wire(&whole), 4);
    let count = std::env::var("MUTATIONS")
        .ok()
        .and_then(|count| count.parse().ok());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut num_inserted = 0;
    for _ in 0..count.unwrap_or(5_000_u64) {
        let mut damaged = whole.clone();
        mutate(&mut damaged, &mut random);
        num_inserted += bodies::wire(&damaged);
    }
    assert!(num_inserted > 0, "some of it is still whole");
}
