//! What a recorder logs arrives at a service.

use std::sync::Arc;

use chronoscope_io::{LoadEvent, SourceHandle};
use chronoscope_live::{GrpcSink, Link, LiveRuntime, WhenFull};
use chronoscope_log::{LogError, Recorder, Sink as _, SinkError, SinkNotice};
use chronoscope_types::{LogMessage, Scalars, StoreInfo, log_chunk};

use crate::{Stage, in_words, info, large_row, proxy::Proxy, recording, row};

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

/// A sink to a port where nobody listens.
fn sink_to_nobody(runtime: &LiveRuntime) -> GrpcSink {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    GrpcSink::connect(runtime, &Link::local(port)).unwrap()
}

#[test]
fn where_nobody_listens_the_end_says_so() {
    let runtime = LiveRuntime::start().unwrap();
    let sink = sink_to_nobody(&runtime);
    let recorder = Recorder::builder("app").sink(sink).start().unwrap();
    recorder.log("plot", &Scalars::new([1.0])).unwrap();
    let error = recorder.finish().unwrap_err();
    assert!(matches!(error, LogError::Sink(_)), "{error}");
    assert!(error.to_string().contains("cannot connect"), "{error}");
}

#[test]
fn those_who_must_not_wait_drop_and_count() {
    let runtime = LiveRuntime::start().unwrap();
    let sink = sink_to_nobody(&runtime);
    let mut sink = sink.with_limit(1000, WhenFull::Drop);
    let message = LogMessage::StoreInfo(StoreInfo::new(recording()));
    for _ in 0..1000 {
        sink.take(&message).unwrap();
    }
    assert!(sink.dropped() > 900, "{} were dropped", sink.dropped());
    assert!(Arc::new(sink).dropped() < 1000, "some wait");
}

/// What holds at all times.
fn fixed(entity: &str, value: f64) -> LogMessage {
    LogMessage::Chunk {
        store: recording(),
        chunk: Arc::new(log_chunk(entity, [], &Scalars::new([value])).unwrap()),
    }
}

/// The next message in words, whatever else a source says.
fn next(source: &SourceHandle) -> Option<Vec<String>> {
    loop {
        match source.recv()? {
            LoadEvent::Message(message) => return Some(in_words(&message)),
            LoadEvent::Report(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A viewer that accepts connections and reads nothing.
#[test]
fn a_viewer_that_stalls_stops_nobody_who_tolerates_losses() {
    let stalled = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = LiveRuntime::start().unwrap();
    let link = Link::local(stalled.local_addr().unwrap().port());
    let limit = 1 << 20;
    let sink = GrpcSink::connect(&runtime, &link).unwrap();
    let mut sink = sink.with_limit(limit, WhenFull::Drop);
    sink.tolerate_losses();
    sink.take(&info(&recording())).unwrap();
    let message = large_row(&recording(), 100_000);
    for _ in 0..200 {
        sink.take(&message).unwrap();
    }
    let fixed = fixed("fixed", 1.0);
    let dropped = sink.dropped();
    sink.take(&fixed).unwrap();
    assert!(dropped > 50, "{dropped} were dropped");
    assert_eq!(sink.dropped(), dropped, "what holds at all times is not dropped");
    assert!(sink.waiting_bytes() < 2 * limit as u64);
    let notices = sink.take_notices();
    let dropping = notices
        .iter()
        .filter(|notice| matches!(notice, SinkNotice::Lost(SinkError::Dropping { .. })));
    // Once each time that it begins: what the system takes for the socket makes room in between.
    let said = dropping.count() as u64;
    assert!(said >= 1 && said < dropped / 2, "{dropped}: {notices:?}");
    // Neither does the end wait for it.
    sink.flush().unwrap();
    let error = sink.finish().unwrap_err();
    assert!(matches!(error, SinkError::Closed { .. }), "{error}");
}

#[test]
fn a_viewer_that_is_started_again_gets_what_it_must_know_and_what_comes() {
    let first = Stage::new();
    let proxy = Proxy::new(first.server.address(), Vec::new());
    let runtime = LiveRuntime::start().unwrap();
    let mut sink = GrpcSink::connect(&runtime, &Link::local(proxy.address.port())).unwrap();
    sink.tolerate_losses();
    let sent = [
        info(&recording()),
        fixed("/fixed", 1.0),
        fixed("/fixed", 2.0),
        fixed("/other", 3.0),
        row(&recording(), "/a", 1),
    ];
    for message in &sent {
        sink.take(message).unwrap();
    }
    let of_first = first.sender();
    while next(&of_first).unwrap() != ["run /a [1]"] {}
    assert!(sink.take_notices().is_empty());

    let second = Stage::new();
    proxy.set_service(second.server.address());
    drop(first);
    let source = second.sender();
    let sending = std::thread::spawn(move || {
        for frame in 2..20 {
            sink.take(&row(&recording(), "/a", frame)).unwrap();
        }
        sink.finish().unwrap();
        sink.take_notices()
    });
    let received: Vec<String> = std::iter::from_fn(|| next(&source)).flatten().collect();
    let expected = ["info run", "run /fixed ", "run /other "];
    assert_eq!(received[..3], expected, "the newest of what holds at all times");
    let rows: Vec<String> = (2..20).map(|frame| format!("run /a [{frame}]")).collect();
    assert_eq!(received[3..], rows);
    let notices = sending.join().unwrap();
    let [SinkNotice::Lost(SinkError::Broken { .. }), .., SinkNotice::Anew] = &notices[..] else {
        panic!("{notices:?}");
    };
}

#[test]
fn a_connection_that_breaks_is_the_end_for_those_who_lose_nothing() {
    let stage = Stage::new();
    let runtime = LiveRuntime::start().unwrap();
    let mut sink = GrpcSink::connect(&runtime, &link(&stage)).unwrap();
    sink.take(&info(&recording())).unwrap();
    let source = stage.sender();
    assert_eq!(next(&source).unwrap(), ["info run"]);
    drop((source, stage));
    let error = loop {
        match sink.take(&row(&recording(), "/a", 1)) {
            Ok(()) => std::thread::yield_now(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SinkError::Closed { .. }), "{error}");
    assert!(sink.finish().is_err());
}

/// The viewer is there, and its user does not want more of this.
#[test]
fn a_sender_that_is_disconnected_in_the_viewer_does_not_come_again() {
    let stage = Stage::new();
    let runtime = LiveRuntime::start().unwrap();
    let mut sink = GrpcSink::connect(&runtime, &link(&stage)).unwrap();
    sink.tolerate_losses();
    sink.take(&info(&recording())).unwrap();
    let source = stage.sender();
    assert_eq!(next(&source).unwrap(), ["info run"]);
    drop(source);
    let error = loop {
        match sink.take(&row(&recording(), "/a", 1)) {
            Ok(()) => std::thread::yield_now(),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("does not take more"), "{error}");
}
