//! Messages that were damaged at random, decoded and inserted: nothing panics, and what is whole is read.

#[path = "../../../../fuzz/mutations.rs"]
mod random;
#[path = "../../../../fuzz/bodies/wire.rs"]
mod wire;

use chronoscope_live::envelope;
use chronoscope_store::StoreId;
use chronoscope_types::LogMessage;

use self::random::{Random, count, mutate};
use crate::{info, large_row, recording, row};

fn stream(messages: &[LogMessage]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        let message = envelope(message).unwrap();
        bytes.extend_from_slice(&(message.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&message);
    }
    bytes
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
    assert_eq!(wire::run(&whole), 4);
    let mut random = Random::new();
    let mut num_inserted = 0;
    for _ in 0..count(5_000) {
        let mut damaged = whole.clone();
        mutate(&mut damaged, &mut random);
        num_inserted += wire::run(&damaged);
    }
    assert!(num_inserted > 0, "some of it is still whole");
}
