//! What a recorder logs arrives at a service.

use std::sync::Arc;

use chronoscope_io::LoadEvent;
use chronoscope_live::{GrpcSink, Link, LiveRuntime, WhenFull};
use chronoscope_log::{LogError, Recorder, Sink as _};
use chronoscope_types::{LogMessage, Scalars, StoreInfo};

use crate::{Stage, recording};

fn link(stage: &Stage) -> Link {
    Link::local(stage.server.address().port())
}

#[test]
fn what_is_logged_arrives_in_order_and_whole() {
    let stage = Stage::new();
    let sink = GrpcSink::connect(&stage.runtime, &link(&stage)).unwrap();
    let mut recorder = Recorder::builder("app")
        .recording_id("run")
        .sink(sink)
        .start()
        .unwrap();
    for frame in 0..5000 {
        recorder.set_sequence("frame", frame);
        recorder.log("plot", &Scalars::new([frame as f64])).unwrap();
    }
    let sender = stage.sender();
    let finishing = std::thread::spawn(move || recorder.finish());
    let mut rows = 0;
    let mut first = None;
    for event in sender.events() {
        if let LoadEvent::Message(message) = event {
            assert_eq!(*message.store(), recording());
            first.get_or_insert(matches!(message, LogMessage::StoreInfo(_)));
            rows += message.num_rows();
        }
    }
    finishing.join().unwrap().unwrap();
    assert_eq!(first, Some(true));
    // With what the recording says of itself.
    assert_eq!(rows, 5001);
}

#[test]
fn where_nobody_listens_the_end_says_so() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let runtime = LiveRuntime::start().unwrap();
    let sink = GrpcSink::connect(&runtime, &Link::local(port)).unwrap();
    let recorder = Recorder::builder("app").sink(sink).start().unwrap();
    recorder.log("plot", &Scalars::new([1.0])).unwrap();
    let error = recorder.finish().unwrap_err();
    assert!(matches!(error, LogError::Sink(_)), "{error}");
    assert!(error.to_string().contains("cannot connect"), "{error}");
}

#[test]
fn those_who_must_not_wait_drop_and_count() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let runtime = LiveRuntime::start().unwrap();
    let sink = GrpcSink::connect(&runtime, &Link::local(port)).unwrap();
    let mut sink = sink.with_limit(1000, WhenFull::Drop);
    let message = LogMessage::StoreInfo(StoreInfo::new(recording()));
    for _ in 0..1000 {
        sink.take(&message).unwrap();
    }
    assert!(sink.dropped() > 900, "{} were dropped", sink.dropped());
    assert!(Arc::new(sink).dropped() < 1000, "some wait");
}
