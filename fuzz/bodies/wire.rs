//! Messages of a sender: decoded, and inserted into stores.

use std::collections::BTreeMap;

use chronoscope_io::{combine, wire::Decoder};
use chronoscope_store::{Chunk, ComponentColumn, EntityPath, Recording, RowId, StoreId};
use chronoscope_types::LogMessage;
use re_protos::{external::prost::Message as _, sdk_comms::v1alpha1::WriteMessagesRequest};

/// Messages as they lie on the wire, each with its length in four bytes before it: decoded, and inserted into stores, one by one and
/// as those that arrive together. Returns how many were inserted one by one.
pub(crate) fn run(mut bytes: &[u8]) -> usize {
    let mut decoder = Decoder::default();
    let mut messages = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = (u32::from_le_bytes(*length) as usize).min(rest.len());
        let (message, rest) = rest.split_at(length);
        bytes = rest;
        let Ok(request) = WriteMessagesRequest::decode(message) else {
            continue;
        };
        let Some(message) = request.log_msg.and_then(|message| message.msg) else {
            continue;
        };
        messages.extend(decoder.decode_message(message));
    }
    let (one_by_one, num_inserted) = insert(messages.clone());
    let (together, _) = insert(combine(messages));
    assert_nothing_is_lost(&one_by_one, &together);
    num_inserted
}

/// What was inserted into a store, and whether there was nothing against all of it.
struct Inserted {
    recording: Recording,
    is_all: bool,
}

/// Inserts chunks into a store each for their recordings. Also returns how many there was nothing against.
fn insert(messages: Vec<LogMessage>) -> (BTreeMap<StoreId, Inserted>, usize) {
    let mut stores: BTreeMap<StoreId, Inserted> = BTreeMap::new();
    let mut num_inserted = 0;
    for message in messages {
        if let LogMessage::Chunk { store, chunk } = message {
            let inserted = stores.entry(store.clone()).or_insert_with(|| Inserted {
                recording: Recording::new(store),
                is_all: true,
            });
            let is_ok = inserted.recording.insert(chunk).is_ok();
            inserted.is_all &= is_ok;
            num_inserted += usize::from(is_ok);
        }
    }
    (stores, num_inserted)
}

/// Rows of more are not compared: a small message may stand for millions that are empty.
const MAX_ROWS: u64 = 1 << 10;

/// Each row that is there where chunks come one by one is there where they come together, with its times and its components. There may be
/// more: of two chunks with one id, the second is taken for the first, unless it was put together with others.
fn assert_nothing_is_lost(one_by_one: &BTreeMap<StoreId, Inserted>, together: &BTreeMap<StoreId, Inserted>) {
    for (store, expected) in one_by_one {
        let found = &together[store];
        // Where a store has enough, the order says of what.
        let is_compared = expected.is_all && found.is_all && found.recording.store.num_rows() <= MAX_ROWS;
        if !is_compared {
            continue;
        }
        let there = rows_of(&found.recording);
        for (row, places) in rows_of(&expected.recording) {
            let others = there.get(&row).map_or(&[][..], Vec::as_slice);
            for place in places {
                let is_there = others.iter().any(|other| other.has(&place));
                assert!(is_there, "{row:?} of {store:?} is lost");
            }
        }
    }
}

/// Where the rows that have times are. Static ones overwrite each other.
fn rows_of(recording: &Recording) -> BTreeMap<(&EntityPath, RowId), Vec<Place<'_>>> {
    let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let loaded = recording.store.chunks().filter_map(|(_, chunk)| chunk);
    for chunk in loaded.filter(|chunk| !chunk.is_static()) {
        for (row, row_id) in chunk.row_ids().iter().enumerate() {
            let places = rows.entry((chunk.entity_path(), *row_id)).or_default();
            places.push(Place { chunk, row });
        }
    }
    rows
}

/// A row in a chunk.
struct Place<'a> {
    chunk: &'a Chunk,
    row: usize,
}

impl Place<'_> {
    /// Whether this row is at the times of another, and has values of all components that the other has some of.
    fn has(&self, other: &Place<'_>) -> bool {
        let is_timed = other.chunk.timelines().iter().all(|times| {
            let own = self.chunk.timeline(times.timeline().name());
            own.is_some_and(|own| own.times().get(self.row) == times.times().get(other.row))
        });
        let mut valued = other
            .chunk
            .components()
            .iter()
            .filter(|column| column.is_valid(other.row));
        let has_values = |column: &ComponentColumn| {
            let own = self.chunk.component(column.name());
            own.is_some_and(|own| own.is_valid(self.row))
        };
        is_timed && valued.all(has_values)
    }
}
