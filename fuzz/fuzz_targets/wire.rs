#![no_main]

#[path = "../seeds.rs"]
mod seeds;
#[path = "../bodies/wire.rs"]
mod wire;

use std::sync::Arc;

use chronoscope_store::{StoreId, Timeline};
use chronoscope_types::{LogMessage, Scalars, log_chunk};
use re_protos::{
    external::prost::Message as _, log_msg::v1alpha1::LogMsg, sdk_comms::v1alpha1::WriteMessagesRequest,
};

/// Messages as a sender sends them: a few of each of some recordings.
fn streams() -> impl Iterator<Item = Vec<u8>> {
    ["zoo.rrd", "scene_layout.rbl", "sdk/sdk-0.23.4.rrd"]
        .into_iter()
        .flat_map(|name| {
            let (messages, _) = chronoscope_io::read_file(seeds::file("tests/data").join(name));
            let small = messages.into_iter().filter(|message| message.num_bytes() < 4_096);
            let some: Vec<LogMessage> = small.take(60).collect();
            some.chunks(5).map(stream).collect::<Vec<_>>()
        })
}

/// Rows of one entity that come by themselves, some of them twice.
fn single_rows() -> Vec<u8> {
    let store = StoreId::recording("app", "run");
    let row = |frame: i64| {
        let times = [(Timeline::sequence("frame"), frame)];
        let chunk = log_chunk("/a", times, &Scalars::new([frame as f64])).expect("it is a row");
        LogMessage::Chunk {
            store: store.clone(),
            chunk: Arc::new(chunk),
        }
    };
    let mut messages: Vec<_> = (0..8).map(row).collect();
    messages.extend_from_within(2..6);
    stream(&messages)
}

fn stream(messages: &[LogMessage]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        let message = chronoscope_io::wire::encode(message).expect("what was read can be written");
        let request = WriteMessagesRequest {
            log_msg: Some(LogMsg { msg: Some(message) }),
        };
        let request = request.encode_to_vec();
        bytes.extend_from_slice(&(request.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&request);
    }
    bytes
}

libfuzzer_sys::fuzz_target!(
    init: seeds::plant("wire", streams().chain([single_rows()])),
    |input: &[u8]| {
        wire::run(input);
    }
);
