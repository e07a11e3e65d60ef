//! What goes wrong with one sender is said, and hurts no other.

use std::io::{Read as _, Write as _};

use chronoscope_io::{LoadEvent, SourceLimits};
use chronoscope_live::{Link, LiveError, envelope, probe};
use chronoscope_types::{LogMessage, SourceStatus};
use http::StatusCode;
use re_protos::{
    common::v1alpha1 as common,
    external::prost::{Message as _, bytes::Bytes},
    log_msg::v1alpha1::{ArrowMsg, LogMsg, log_msg::Msg},
    sdk_comms::v1alpha1::WriteMessagesRequest,
};

use crate::{
    Stage, client, in_words, info, large_row, raw,
    raw::{Pieces, WRITE},
    received, recording, request, row, run, send,
};

/// A message with its length, as it lies on the wire.
fn framed(message: &[u8]) -> Bytes {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.into()
}

pub(crate) fn framed_message(message: &LogMessage) -> Bytes {
    framed(&envelope(message).unwrap())
}

fn lost(status: &SourceStatus) -> &str {
    match status {
        SourceStatus::Lost { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// A sender that does everything right is served.
fn check_still_serves(stage: &Stage) {
    send(
        stage.uri(),
        vec![info(&recording()), row(&recording(), "/good", 1)],
    )
    .unwrap();
    let (messages, reports, status) = received(&stage.sender());
    assert_eq!(messages, ["info run", "run /good [1]"]);
    assert_eq!((reports.len(), status), (0, SourceStatus::Finished));
}

#[test]
fn what_is_no_http2_is_turned_away() {
    let stage = Stage::new();
    for garbage in [
        &b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"[..],
        b"RRF2 not here",
        &[0xff; 4_096],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let mut stream = std::net::TcpStream::connect(stage.server.address()).unwrap();
        stream.write_all(garbage).unwrap();
        // It is closed, sooner or later, whatever is said before.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(stage.server.try_next().is_none());
    check_still_serves(&stage);
}

#[test]
fn messages_that_are_garbage_are_reported_and_the_next_are_read() {
    let stage = Stage::new();
    let lies = |payload: Vec<u8>, size: u64| {
        let message = ArrowMsg {
            store_id: match request(&info(&recording())).log_msg.unwrap().msg.unwrap() {
                Msg::SetStoreInfo(info) => info.info.unwrap().store_id,
                _ => None,
            },
            compression: common::Compression::Lz4 as i32,
            uncompressed_size: size,
            encoding: 1,
            payload: payload.into(),
            ..ArrowMsg::default()
        };
        WriteMessagesRequest {
            log_msg: Some(LogMsg {
                msg: Some(Msg::ArrowMsg(message)),
            }),
        }
        .encode_to_vec()
    };
    let pieces = [
        framed_message(&info(&recording())),
        framed(b"\xff\xff\xff"),
        framed(b""),
        framed(&lies(vec![0x10, b'x'], u64::MAX)),
        framed(&lies(Vec::new(), 1 << 40)),
        framed_message(&row(&recording(), "/good", 1)),
    ];
    let address = stage.server.address();
    let (code, _) = run(async move {
        let mut connection = raw::open(address).await;
        let request = raw::request(address, WRITE, Pieces::ending(pieces));
        raw::status(connection.requests.send_request(request).await.unwrap()).await
    });
    assert_eq!(code, 0);
    let (messages, reports, status) = received(&stage.sender());
    assert_eq!(messages, ["info run", "run /good [1]"]);
    assert_eq!(reports.len(), 4, "{reports:?}");
    assert!(reports[1].contains("unknown kind"), "{reports:?}");
    assert_eq!(status, SourceStatus::Finished);
}

#[test]
fn reports_about_one_sender_have_an_end() {
    let stage = Stage::new();
    // Gathered as senders do: see `a_flood_of_tiny_frames_ends_its_sender_alone`.
    let piece = framed(b"\xff").repeat(100);
    let pieces = (0..100).map(|_| piece.clone().into());
    let address = stage.server.address();
    let pieces = Pieces::ending(pieces);
    run(async move {
        let mut connection = raw::open(address).await;
        let request = raw::request(address, WRITE, pieces);
        raw::status(connection.requests.send_request(request).await.unwrap()).await
    });
    let (_, reports, _) = received(&stage.sender());
    assert_eq!(reports.len(), 100);
    assert!(
        reports[99].ends_with("more of this sender is not reported"),
        "{}",
        reports[99]
    );
}

/// Back-pressure is that HTTP/2 is not read, and what waits there costs h2 much more than its bytes where it comes in frames
/// of a few. So h2 lets some 8,000 of them wait (by the window of the connection), and then ends the connection. No SDK sends
/// such: a message of one number has 500 bytes, and those that are there at once share frames of 32 KiB.
#[test]
fn a_flood_of_tiny_frames_ends_its_sender_alone() {
    let stage = Stage::with(|settings| {
        settings.waiting = SourceLimits { events: 1, bytes: 1 };
    });
    let address = stage.server.address();
    let tiny = framed(b"\xff");
    let refused = run(async {
        let mut connection = raw::open(address).await;
        let pieces = Pieces::ending((0..40_000).map(|_| tiny.clone()));
        let answer = connection
            .requests
            .send_request(raw::request(address, WRITE, pieces))
            .await;
        answer.map(|_answer| ()).unwrap_err()
    });
    let handle = stage.sender();
    let (_, reports, status) = received(&handle);
    assert!(!reports.is_empty());
    assert!(lost(&status).contains("cut off"), "{status}, {refused}");
    check_still_serves(&stage);
}

#[test]
fn other_services_are_not_offered() {
    let stage = Stage::new();
    let address = stage.server.address();
    for (path, expected) in [
        (
            "/rerun.sdk_comms.v1alpha1.MessageProxyService/WriteTable",
            "tables",
        ),
        (
            "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages",
            "--serve",
        ),
        (
            "/rerun.sdk_comms.v9.MessageProxyService/WriteMessages",
            "nothing of this name",
        ),
        ("/grpc.health.v1.Health/Check", "nothing of this name"),
    ] {
        let (code, text) = run(async move {
            let mut connection = raw::open(address).await;
            let request = raw::request(address, path, Pieces::ending([framed(b"")]));
            raw::status(connection.requests.send_request(request).await.unwrap()).await
        });
        assert_eq!(code, 12, "{path}");
        assert!(text.contains(expected), "{path}: {text}");
    }
    assert!(stage.server.try_next().is_none());
    check_still_serves(&stage);
}

#[test]
fn pages_in_a_browser_are_not_let_in() {
    let stage = Stage::new();
    let address = stage.server.address();
    let answer = |change: fn(&mut http::request::Builder)| {
        run(async move {
            let mut connection = raw::open(address).await;
            let mut builder = http::Request::builder()
                .method("POST")
                .uri(format!("http://{address}{WRITE}"))
                .header("content-type", "application/grpc");
            change(&mut builder);
            let request = builder.body(Pieces::ending([])).unwrap();
            connection.requests.send_request(request).await.unwrap().status()
        })
    };
    assert_eq!(answer(|_| {}), StatusCode::OK);
    let from_page = answer(|builder| {
        *builder = std::mem::take(builder).header("origin", "http://127.0.0.1:9876");
    });
    assert_eq!(from_page, StatusCode::FORBIDDEN);
    let by_name = answer(|builder| {
        *builder = std::mem::take(builder).uri(format!("http://rebound.example{WRITE}"));
    });
    assert_eq!(by_name, StatusCode::FORBIDDEN);
    let as_web = answer(|builder| {
        let headers = builder.headers_mut().unwrap();
        headers.insert("content-type", "application/grpc-web+proto".parse().unwrap());
    });
    assert_eq!(as_web, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[test]
fn a_message_that_is_too_large_ends_its_sender() {
    let stage = Stage::with(|settings| settings.max_message_bytes = 10_000);
    let sent = vec![
        info(&recording()),
        row(&recording(), "/a", 1),
        large_row(&recording(), 20_000),
    ];
    let status = send(stage.uri(), sent).unwrap_err();
    assert_eq!(status.code(), tonic::Code::OutOfRange, "{status}");
    let (messages, _, status) = received(&stage.sender());
    assert_eq!(messages, ["info run", "run /a [1]"]);
    assert!(lost(&status).contains("more than the 10000"), "{status}");
    check_still_serves(&stage);
}

#[test]
fn a_sender_that_dies_at_any_byte_loses_only_what_was_not_sent() {
    let stage = Stage::new();
    let messages = [
        info(&recording()),
        row(&recording(), "/a", 1),
        row(&recording(), "/a", 2),
    ];
    let parts = messages.each_ref().map(framed_message);
    let ends: Vec<usize> = parts
        .iter()
        .scan(0, |end, part| {
            *end += part.len();
            Some(*end)
        })
        .collect();
    let stream: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
    let address = stage.server.address();
    let near_ends = |at: &usize| ends.iter().any(|end| end.abs_diff(*at) <= 6) || at.is_multiple_of(61);
    for cut in (0..=stream.len()).filter(near_ends) {
        let sent = Bytes::copy_from_slice(&stream[..cut]);
        let num_whole = ends.iter().filter(|end| **end <= cut).count();
        run(async {
            let mut connection = raw::open(address).await;
            let request = raw::request(address, WRITE, Pieces::stalling([sent]));
            let answer = tokio::spawn(connection.requests.send_request(request));
            let handle = loop {
                tokio::task::yield_now().await;
                if let Some(arrival) = stage.server.try_next() {
                    break arrival.source;
                }
            };
            // All that was sent has arrived before the connection is gone.
            let mut num_received = 0;
            while num_received < num_whole {
                tokio::task::yield_now().await;
                if let Some(LoadEvent::Message(message)) = handle.try_recv() {
                    // The rows may come in one chunk.
                    num_received += in_words(&message).len();
                }
            }
            connection.driver.abort();
            answer.abort();
            drop(connection.requests);
            while !handle.is_finished() {
                assert!(handle.try_recv().is_none(), "cut at {cut}");
                tokio::task::yield_now().await;
            }
            assert!(
                lost(&handle.status()).contains("cut off"),
                "cut at {cut}: {}",
                handle.status()
            );
        });
    }
    check_still_serves(&stage);
}

#[test]
fn what_came_whole_is_delivered_though_its_sender_is_gone() {
    const ROWS: usize = 40;
    // There is room for one message at a time, and the viewer takes none before the sender is gone.
    let stage = Stage::with(|settings| settings.waiting.events = 1);
    let address = stage.server.address();
    let rows = (0..ROWS).map(|at| row(&recording(), &format!("/entity/{at}"), at as i64));
    let messages = std::iter::once(info(&recording())).chain(rows);
    let stream: Vec<u8> = messages
        .flat_map(|message| framed_message(&message).to_vec())
        .collect();
    let handle = run(async {
        let mut connection = raw::open(address).await;
        let request = raw::request(address, WRITE, Pieces::stalling([Bytes::from(stream)]));
        let answer = tokio::spawn(connection.requests.send_request(request));
        let handle = loop {
            tokio::task::yield_now().await;
            if let Some(arrival) = stage.server.try_next() {
                break arrival.source;
            }
        };
        // It is little, and goes out with the request.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        connection.driver.abort();
        answer.abort();
        handle
    });
    let (words, reports, status) = received(&handle);
    assert_eq!((words.len(), reports.len()), (1 + ROWS, 0));
    assert!(lost(&status).contains("cut off"), "{status}");
}

#[test]
fn a_sender_that_stalls_in_a_message_keeps_nobody_waiting() {
    let stage = Stage::new();
    let address = stage.server.address();
    run(async {
        let mut connection = raw::open(address).await;
        let half = framed_message(&large_row(&recording(), 100_000)).slice(..50_000);
        let request = raw::request(address, WRITE, Pieces::stalling([half]));
        let answer = tokio::spawn(connection.requests.send_request(request));
        let stalled = loop {
            tokio::task::yield_now().await;
            if let Some(arrival) = stage.server.try_next() {
                break arrival.source;
            }
        };
        let uri = stage.uri();
        let good =
            [info(&recording()), row(&recording(), "/good", 1)].map(|message| crate::request(&message));
        client(uri)
            .await
            .write_messages(tokio_stream::iter(good))
            .await
            .unwrap();
        assert_eq!(stalled.status(), SourceStatus::Live);
        answer.abort();
    });
    let (messages, ..) = received(&stage.sender());
    assert_eq!(messages, ["info run", "run /good [1]"]);
}

#[test]
fn what_listens_and_is_no_viewer_is_told_from_one() {
    let stage = Stage::new();
    let local = |address: std::net::SocketAddr| Link::local(address.port());
    probe(&stage.runtime, &local(stage.server.address())).unwrap();
    // One that says nothing, and one that speaks otherwise.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let error = probe(&stage.runtime, &local(silent.local_addr().unwrap())).unwrap_err();
    assert!(matches!(error, LiveError::Timeout(_)), "{error}");
    let other = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = other.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut client, _) = other.accept().unwrap();
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let error = probe(&stage.runtime, &local(address)).unwrap_err();
    assert!(matches!(error, LiveError::Broken(_)), "{error}");
}

#[test]
fn connections_beyond_the_limit_are_closed_and_the_others_go_on() {
    let stage = Stage::with(|settings| settings.max_connections = 1);
    let address = stage.server.address();
    run(async {
        let mut connection = raw::open(address).await;
        let request = raw::request(address, WRITE, Pieces::stalling([]));
        let first = tokio::spawn(connection.requests.send_request(request));
        let wanted = loop {
            tokio::task::yield_now().await;
            if let Some(arrival) = stage.server.try_next() {
                break arrival.source;
            }
        };
        let mut second = std::net::TcpStream::connect(address).unwrap();
        // It is closed at once, with what was sent or without.
        let _ = second.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let _ = second.read_to_end(&mut Vec::new());
        assert_eq!(wanted.status(), SourceStatus::Live);
        first.abort();
    });
    // Its place is free once the service has noticed that it is gone.
    let good = envelope(&info(&recording())).unwrap();
    let link = Link::local(address.port());
    while chronoscope_live::send(&stage.runtime, &link, std::iter::once(good.clone())).is_err() {}
}

#[test]
fn streams_beyond_the_limit_are_refused_and_the_others_go_on() {
    let stage = Stage::with(|settings| settings.max_streams = 1);
    let address = stage.server.address();
    run(async {
        let mut connection = raw::open(address).await;
        let request = raw::request(address, WRITE, Pieces::stalling([]));
        let first = tokio::spawn(connection.requests.send_request(request));
        let _wanted = loop {
            tokio::task::yield_now().await;
            if let Some(arrival) = stage.server.try_next() {
                break arrival.source;
            }
        };
        let request = raw::request(address, WRITE, Pieces::ending([]));
        let second = connection.requests.send_request(request).await.unwrap();
        assert_eq!(raw::status(second).await.0, 8);
        first.abort();
        drop(connection);
        let uri = stage.uri();
        // The place is free again once the service has noticed.
        while client(uri.clone())
            .await
            .write_messages(tokio_stream::iter([crate::request(&info(&recording()))]))
            .await
            .is_err()
        {}
    });
}

#[test]
fn a_port_that_is_taken_is_an_error_that_says_so() {
    let stage = Stage::new();
    let settings = chronoscope_live::ServerSettings {
        address: stage.server.address(),
        ..Default::default()
    };
    let error = chronoscope_live::Server::start(&stage.runtime, &settings).unwrap_err();
    assert!(error.is_address_in_use(), "{error}");
    assert!(
        error.to_string().contains(&stage.server.address().to_string()),
        "{error}"
    );
}
