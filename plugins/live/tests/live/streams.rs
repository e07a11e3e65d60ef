//! What arrives is what was sent.

use std::{net::SocketAddr, sync::mpsc};

use chronoscope_io::LoadEvent;
use chronoscope_live::{Link, LiveError, connect, envelope, send as send_ours};
use chronoscope_store::{StoreId, Waker};
use chronoscope_types::{LogMessage, SourceStatus};
use socket2::{Domain, Socket, Type};

use crate::{LONG, Stage, info, received, recording, row, send};

#[test]
fn data_and_blueprint_arrive_in_order() {
    let stage = Stage::new();
    let blueprint = StoreId::blueprint("app", "layout");
    let sent = vec![
        info(&blueprint),
        LogMessage::ActivateBlueprint {
            blueprint: blueprint.clone(),
            make_active: true,
            make_default: true,
        },
        info(&recording()),
        row(&recording(), "/plots/a", 1),
        row(&recording(), "/plots/a", 2),
    ];
    send(stage.uri(), sent).unwrap();
    let (messages, reports, status) = received(&stage.sender());
    assert_eq!(
        messages,
        [
            "info layout",
            "activate layout",
            "info run",
            "run /plots/a [1]",
            "run /plots/a [2]"
        ]
    );
    assert!(reports.is_empty(), "{reports:?}");
    assert_eq!(status, SourceStatus::Finished);
}

#[test]
fn what_a_sender_was_answered_for_is_there_or_on_its_way() {
    const ROWS: i64 = 2_000;
    let stage = Stage::new();
    let rows = (0..ROWS).map(|frame| row(&recording(), "/plots/a", frame));
    send(stage.uri(), rows.collect()).unwrap();
    let sender = stage.sender();
    let (woken, wakes) = mpsc::channel();
    stage.server.set_waker(&Waker::new(move || _ = woken.send(())));
    let mut num_rows = 0;
    loop {
        let is_delivering = stage.server.is_delivering();
        while let Some(event) = sender.try_recv() {
            let LoadEvent::Message(LogMessage::Chunk { chunk, .. }) = event else {
                panic!("{event:?}");
            };
            num_rows += chunk.num_rows();
        }
        if !is_delivering {
            break;
        }
        wakes.recv_timeout(LONG).unwrap();
    }
    assert_eq!(num_rows, ROWS as usize);
    assert!(sender.is_finished());
}

#[test]
fn two_senders_of_one_recording_are_two_sources() {
    let stage = Stage::new();
    for entity in ["/a", "/b"] {
        send(
            stage.uri(),
            vec![info(&recording()), row(&recording(), entity, 0)],
        )
        .unwrap();
    }
    for entity in ["/a", "/b"] {
        let (messages, ..) = received(&stage.sender());
        assert_eq!(messages, ["info run".to_owned(), format!("run {entity} [0]")]);
    }
}

#[test]
fn a_hundred_senders_at_once() {
    let stage = Stage::new();
    let senders: Vec<_> = (0..100)
        .map(|number| {
            let uri = stage.uri();
            std::thread::spawn(move || {
                let store = StoreId::recording("app", format!("run {number}"));
                let rows = (0..10).map(|frame| row(&store, "/a", frame));
                send(uri, std::iter::once(info(&store)).chain(rows).collect())
            })
        })
        .collect();
    for _ in 0..100 {
        let (messages, reports, status) = received(&stage.sender());
        assert_eq!(
            (messages.len(), reports.len(), status),
            (11, 0, SourceStatus::Finished)
        );
        let run = messages.first().unwrap().strip_prefix("info ").unwrap();
        let in_order = (0..10).all(|frame| messages[frame + 1] == format!("{run} /a [{frame}]"));
        assert!(in_order, "{messages:?}");
    }
    for sender in senders {
        sender.join().unwrap().unwrap();
    }
}

#[test]
fn our_own_client_sends_as_sdks_do() {
    let stage = Stage::new();
    let link = Link::local(stage.server.address().port());
    let messages =
        [info(&recording()), row(&recording(), "/a", 3)].map(|message| envelope(&message).unwrap());
    send_ours(&stage.runtime, &link, messages.into_iter()).unwrap();
    let (messages, _, status) = received(&stage.sender());
    assert_eq!(messages, ["info run", "run /a [3]"]);
    assert_eq!(status, SourceStatus::Finished);
}

#[test]
fn nobody_there_is_an_error_and_not_a_wait() {
    let stage = Stage::new();
    // It is bound, so that nobody else has its port, and does not listen.
    let deaf = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    deaf.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let port = deaf.local_addr().unwrap().as_socket().unwrap().port();
    let error = send_ours(&stage.runtime, &Link::local(port), std::iter::empty()).unwrap_err();
    assert!(matches!(error, LiveError::Connect { .. }), "{error}");
}

#[test]
fn a_viewer_that_does_not_pass_on_says_so() {
    let stage = Stage::new();
    let link = Link::local(stage.server.address().port());
    let handle = connect(&stage.runtime, &link, Default::default());
    assert_eq!(&**handle.name(), link.to_string());
    let (messages, _, status) = received(&handle);
    assert!(messages.is_empty());
    let SourceStatus::Lost { reason } = status else {
        panic!("{status:?}")
    };
    assert!(reason.contains("--serve"), "{reason}");
}
