//! Messages of a sender: decoded, and inserted into stores.

use std::collections::BTreeMap;

use chronoscope_io::{combine, wire::Decoder};
use chronoscope_store::{Recording, StoreId};
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
    let num_inserted = insert(messages.clone());
    insert(combine(messages));
    num_inserted
}

/// Inserts chunks into a store each for their recordings. Returns how many there was nothing against.
fn insert(messages: Vec<LogMessage>) -> usize {
    let mut recordings: BTreeMap<StoreId, Recording> = BTreeMap::new();
    let mut num_inserted = 0;
    for message in messages {
        if let LogMessage::Chunk { store, chunk } = message {
            let recording = recordings
                .entry(store.clone())
                .or_insert_with(|| Recording::new(store));
            num_inserted += usize::from(recording.insert(chunk).is_ok());
        }
    }
    num_inserted
}
