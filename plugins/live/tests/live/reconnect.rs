//! Connections that break: readers try again, and senders leave what is whole.

use chronoscope_io::{LoadEvent, SourceHandle};
use chronoscope_live::{
    Code, HandOver, Link, LiveError, NamedFile, NamedFiles, Relay, connect, envelope, hand_over, name_files,
    send as send_ours,
};
use chronoscope_types::{LogMessage, SourceStatus};

use crate::{
    LONG, Stage, in_words, info,
    proxy::{Cut, Proxy},
    received, recording, row, send,
};

/// A service that passes these messages on.
fn relay_of(messages: &[LogMessage]) -> Stage {
    let relay = Relay::new(1 << 20);
    messages.iter().for_each(|message| relay.push(message).unwrap());
    Stage::with(|settings| settings.relay = Some(relay))
}

/// The next rows, or another message. That a connection was lost is said before it.
fn next(reader: &SourceHandle) -> Vec<String> {
    loop {
        match reader.recv() {
            Some(LoadEvent::Message(message)) => return in_words(&message),
            Some(LoadEvent::Report(report)) => {
                assert!(report.message.contains("more tries follow"), "{report}");
            }
            other => panic!("{other:?}, {}", reader.status()),
        }
    }
}

#[test]
fn a_service_that_goes_away_is_tried_again() {
    let first = relay_of(&[info(&recording()), row(&recording(), "/a", 1)]);
    let proxy = Proxy::new(first.server.address(), Vec::new());
    let runtime = first.runtime.clone();
    let reader = connect(&runtime, &Link::local(proxy.address.port()), Default::default());
    assert_eq!([next(&reader), next(&reader)], [["info run"], ["run /a [1]"]]);
    assert_eq!(reader.status(), SourceStatus::Live);
    drop(first);
    let reason = loop {
        match reader.status() {
            SourceStatus::Retrying { reason } => break reason,
            status => assert_eq!(status, SourceStatus::Live),
        }
        std::thread::yield_now();
    };
    assert!(!reason.is_empty());
    let second = relay_of(&[info(&recording()), row(&recording(), "/a", 2)]);
    proxy.set_service(second.server.address());
    assert_eq!([next(&reader), next(&reader)], [["info run"], ["run /a [2]"]]);
    assert_eq!(reader.status(), SourceStatus::Live);
    reader.cancel();
    while reader.recv().is_some() {}
    assert!(!reader.status().is_open());
}

#[test]
fn a_service_that_was_never_there_says_why_once() {
    let stage = Stage::new();
    let nothing = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let link = Link::local(nothing.local_addr().unwrap().port());
    drop(nothing);
    let reader = connect(&stage.runtime, &link, Default::default());
    let Some(LoadEvent::Report(report)) = reader.recv() else {
        panic!("a report")
    };
    assert!(report.to_string().contains("cannot connect"), "{report}");
    assert_eq!(reader.status(), SourceStatus::Connecting);
}

#[test]
fn a_reader_behind_a_proxy_that_cuts_gets_everything() {
    let rows: Vec<LogMessage> = (0..50).map(|frame| row(&recording(), "/a", frame)).collect();
    let stage = relay_of(&rows);
    let cuts = [0, 40, 9_000].map(|to_client| Cut {
        to_client,
        ..Cut::NEVER
    });
    let proxy = Proxy::new(stage.server.address(), cuts.to_vec());
    let reader = connect(
        &stage.runtime,
        &Link::local(proxy.address.port()),
        Default::default(),
    );
    let mut received = Vec::new();
    while received.last().is_none_or(|last| last != "run /a [49]") {
        received.extend(next(&reader));
    }
    // It began anew with each connection that gave something, and each message was whole.
    let mut runs = received.split(|message| message == "run /a [0]").skip(1);
    let expected: Vec<String> = (1..50).map(|frame| format!("run /a [{frame}]")).collect();
    assert!(runs.all(|run| expected.starts_with(run)));
}

#[test]
fn a_sender_behind_a_proxy_that_cuts_leaves_whole_messages() {
    let stage = Stage::new();
    let sent = [
        info(&recording()),
        row(&recording(), "/a", 1),
        row(&recording(), "/a", 2),
        row(&recording(), "/a", 3),
    ];
    let messages = sent.each_ref().map(|message| envelope(message).unwrap());
    let whole: usize = messages.iter().map(chronoscope_live::Bytes::len).sum();
    let expected = ["info run", "run /a [1]", "run /a [2]", "run /a [3]"];
    let cuts: Vec<usize> = (0..whole).step_by(whole / 40).collect();
    let proxy = Proxy::new(
        stage.server.address(),
        cuts.iter()
            .map(|&to_service| Cut {
                to_service,
                ..Cut::NEVER
            })
            .collect(),
    );
    let link = Link::local(proxy.address.port());
    for cut in cuts {
        let sent = send_ours(&stage.runtime, &link, messages.clone().into_iter());
        assert!(sent.is_err(), "cut after {cut} bytes");
    }
    send_ours(&stage.runtime, &link, messages.into_iter()).unwrap();
    loop {
        let (messages, reports, status) = received(&stage.sender());
        assert!(reports.is_empty(), "{reports:?}");
        assert_eq!(messages, expected[..messages.len()]);
        if status == SourceStatus::Finished {
            assert_eq!(messages.len(), expected.len());
            return;
        }
    }
}

#[test]
fn what_is_handed_over_says_so() {
    let stage = Stage::new();
    let link = Link::local(stage.server.address().port());
    let said = HandOver {
        time: Some("zeit ü=50 %".to_owned()),
    };
    let message = envelope(&info(&recording())).unwrap();
    hand_over(&stage.runtime, &link, &said, std::iter::once(message)).unwrap();
    send(stage.uri(), vec![info(&recording())]).unwrap();
    for expected in [Some(said), None] {
        let arrival = stage.server.next_within(LONG).unwrap();
        assert_eq!(arrival.hand_over, expected);
        assert_eq!(received(&arrival.source).0, ["info run"]);
    }
}

#[test]
fn files_are_named_to_who_opens_them_and_finds_them_as_they_were() {
    let path = std::env::temp_dir().join(format!("named to a viewer {}.rrd", std::process::id()));
    std::fs::write(&path, "begin").unwrap();
    let named = NamedFiles {
        files: vec![NamedFile::of(&path).unwrap()],
        follow: true,
        ..NamedFiles::default()
    };
    let refusal_of = |stage: &Stage| {
        let link = Link::local(stage.server.address().port());
        match name_files(&stage.runtime, &link, &named) {
            Ok(()) => None,
            Err(LiveError::Refused(status)) => Some(status.code),
            Err(error) => panic!("{error}"),
        }
    };
    let viewer = Stage::with(|settings| settings.opens_files = true);
    assert_eq!(refusal_of(&viewer), None);
    assert_eq!(viewer.server.try_next_files(), Some(named.clone()));
    assert_eq!(viewer.server.try_next_files(), None);
    assert_eq!(refusal_of(&Stage::new()), Some(Code::Unimplemented));
    // As where another file system is seen.
    std::fs::write(&path, "other").unwrap();
    assert_eq!(refusal_of(&viewer), Some(Code::InvalidArgument));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(refusal_of(&viewer), Some(Code::InvalidArgument));
    assert_eq!(viewer.server.try_next_files(), None);
}
