//! Messages without files, as a live stream brings them.

use chronoscope_io::{
    LogMessage, MessageError, read_file,
    wire::{Decoder, MessageKind, Msg, encode},
};
use re_protos::{external::prost::Message as _, log_msg::v1alpha1::ArrowMsg};

use crate::{allocations::assert_modest, data, same};

fn messages() -> Vec<LogMessage> {
    let (messages, reports) = read_file(data("scene.rrd"));
    assert_eq!(reports, []);
    messages
}

/// The first chunk of the scene, as it is sent.
fn sent_chunk() -> ArrowMsg {
    let chunk = messages().into_iter().find(|message| message.chunk().is_some());
    match encode(&chunk.unwrap()) {
        Ok(Msg::ArrowMsg(chunk)) => chunk,
        other => panic!("a chunk, not {other:?}"),
    }
}

#[test]
fn messages_go_over_the_wire_and_come_back_the_same() {
    let (mut opened, mut as_bytes) = (Decoder::default(), Decoder::default());
    let (mut messages, _) = read_file(data("scene_layout.rbl"));
    messages.extend(self::messages());
    for message in messages {
        let sent = encode(&message).unwrap();
        let (kind, bytes) = match &sent {
            Msg::SetStoreInfo(info) => (MessageKind::StoreInfo, info.encode_to_vec()),
            Msg::ArrowMsg(chunk) => (MessageKind::Chunk, chunk.encode_to_vec()),
            Msg::BlueprintActivationCommand(command) => {
                (MessageKind::ActivateBlueprint, command.encode_to_vec())
            }
        };
        assert!(same(&opened.decode_message(sent).unwrap(), &message));
        assert!(same(&as_bytes.decode(kind, bytes.into()).unwrap(), &message));
    }
}

#[test]
fn a_hostile_message_is_an_error_and_the_next_one_is_read() {
    let mut decoder = Decoder::default();
    let mut refused = |what: &str, change: &dyn Fn(&mut ArrowMsg)| {
        let mut message = sent_chunk();
        change(&mut message);
        let error = decoder.decode_message(Msg::ArrowMsg(message)).unwrap_err();
        assert!(
            !matches!(error.reason, MessageError::Panic(_)),
            "{what}: {error}, found out only by a panic"
        );
        assert!(
            decoder.decode_message(Msg::ArrowMsg(sent_chunk())).is_ok(),
            "{what}"
        );
    };
    refused("a size that cannot be true", &|message| {
        message.uncompressed_size = 1 << 60;
    });
    refused("a size that is too small", &|message| {
        message.uncompressed_size -= 1;
    });
    refused("an unknown compression", &|message| message.compression = 77);
    refused("the wrong compression", &|message| message.compression = 1);
    refused("an unknown encoding", &|message| message.encoding = 77);
    refused("no store", &|message| message.store_id = None);
    refused("an unknown kind of store", &|message| {
        message.store_id.as_mut().unwrap().kind = 77;
    });
    refused("a name of megabytes", &|message| {
        message.store_id.as_mut().unwrap().recording_id = "x".repeat(4 << 20);
    });
    refused("no data", &|message| message.payload = Vec::new().into());
    let length = sent_chunk().payload.len();
    for part in 1..16 {
        refused("truncated data", &|message| {
            message.payload = message.payload.slice(..length * part / 16);
        });
    }
    assert_modest(length);
}

#[test]
fn bytes_of_another_kind_of_message_are_no_chunk() {
    let mut decoder = Decoder::default();
    let chunk = sent_chunk().encode_to_vec();
    assert!(
        decoder
            .decode(MessageKind::StoreInfo, chunk.clone().into())
            .is_err()
    );
    let Msg::SetStoreInfo(info) = encode(&messages()[0]).unwrap() else {
        panic!("a recording begins with what is known about it")
    };
    assert!(
        decoder
            .decode(MessageKind::Chunk, info.encode_to_vec().into())
            .is_err()
    );
    assert!(
        decoder
            .decode(MessageKind::Chunk, vec![0xff; 100].into())
            .is_err()
    );
    assert!(decoder.decode(MessageKind::Chunk, chunk.into()).is_ok());
}
