//! Messages of a sender: decoded, and inserted into stores.

use std::collections::BTreeMap;

use chronoscope_io::wire::Decoder;
use chronoscope_store::{Recording, StoreId};
use chronoscope_types::LogMessage;
use re_protos::{external::prost::Message as _, sdk_comms::v1alpha1::WriteMessagesRequest};

/// Messages as they lie on the wire, each with its length in four bytes before it: decoded, and inserted into stores. Returns
/// how many were.
pub(crate) fn run(mut bytes: &[u8]) -> usize {
    let mut decoder = Decoder::default();
    let mut recordings: BTreeMap<StoreId, Recording> = BTreeMap::new();
    let mut num_inserted = 0;
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
        if let Ok(LogMessage::Chunk { store, chunk }) = decoder.decode_message(message) {
            let recording = recordings
                .entry(store.clone())
                .or_insert_with(|| Recording::new(store));
            num_inserted += usize::from(recording.insert(chunk).is_ok());
        }
    }
    num_inserted
}
