//! Back-pressure: what waits is bounded, and the sender waits instead.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use chronoscope_io::{LoadEvent, SourceLimits};
use chronoscope_live::envelope;
use chronoscope_store::Waker;
use chronoscope_types::SourceStatus;
use hyper::body::{Body, Frame};
use re_protos::external::prost::bytes::Bytes;

use crate::{
    LONG, Stage, client, info, large_row, raw,
    raw::{Pieces, WRITE},
    recording, request, run, send,
};

/// The same message again and again, and how often it was taken to be sent.
struct Flood {
    message: Bytes,
    left: u64,
    taken: Arc<AtomicU64>,
}

impl Body for Flood {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.taken.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(self.message.clone()))))
    }
}

#[test]
fn a_flood_waits_at_the_sender() {
    const MESSAGES: u64 = 2_000;
    let stage = Stage::with(|settings| {
        settings.waiting = SourceLimits {
            events: 4,
            bytes: 1 << 20,
        };
    });
    let message = envelope(&large_row(&recording(), 100_000)).unwrap();
    let mut framed = vec![0];
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(&message);
    let size = framed.len() as u64;
    let taken = Arc::new(AtomicU64::new(0));
    let flood = Flood {
        message: framed.into(),
        left: MESSAGES,
        taken: Arc::clone(&taken),
    };
    let address = stage.server.address();
    let sender = std::thread::spawn(move || {
        run(async move {
            let mut connection = raw::open(address).await;
            let request = raw::request(address, WRITE, flood);
            raw::status(connection.requests.send_request(request).await.unwrap()).await
        })
    });
    let handle = stage.sender();
    // Four that wait for the viewer, three batches of a mebibyte, what HTTP/2 has on its way, and what the system keeps
    // for a socket.
    let bound = 4 * size + 3 * (1 << 20) + (4 << 20) + (16 << 20);
    for received in 0..MESSAGES {
        let event = handle.recv().expect("each arrives");
        assert!(matches!(event, LoadEvent::Message(_)), "{event:?}");
        let under_way = (taken.load(Ordering::Relaxed) - received) * size;
        assert!(
            under_way <= bound,
            "{under_way} bytes under way after {received} messages"
        );
    }
    assert!(handle.recv().is_none());
    assert_eq!(sender.join().unwrap().0, 0);
}

#[test]
fn a_source_that_is_removed_ends_its_sender() {
    let stage = Stage::new();
    let address = stage.server.address();
    run(async {
        let mut connection = raw::open(address).await;
        let request = raw::request(address, WRITE, Pieces::stalling([]));
        let answer = tokio::spawn(connection.requests.send_request(request));
        let handle = loop {
            tokio::task::yield_now().await;
            if let Some(arrival) = stage.server.try_next() {
                break arrival.source;
            }
        };
        drop(handle);
        let (code, text) = raw::status(answer.await.unwrap().unwrap()).await;
        assert_eq!(
            (code, &*text),
            (14, "the viewer does not take more of this sender")
        );
    });
}

#[test]
fn a_viewer_that_ends_keeps_no_sender_waiting() {
    let stage = Stage::with(|settings| {
        settings.waiting = SourceLimits { events: 1, bytes: 1 };
    });
    let (uri, store) = (stage.uri(), recording());
    // More than is read before somebody takes it.
    let messages = (0..400).map(|_| large_row(&store, 100_000)).collect();
    let sender = std::thread::spawn(move || send(uri, messages));
    let handle = stage.server.next_within(LONG);
    assert!(handle.is_some());
    drop(stage);
    drop(handle);
    assert!(
        sender.join().unwrap().is_err(),
        "it is told that not all was taken"
    );
}

#[test]
fn a_viewer_at_rest_is_woken() {
    let stage = Stage::new();
    let woken = Arc::new(AtomicBool::new(false));
    let waker = Waker::new({
        let woken = Arc::clone(&woken);
        move || woken.store(true, Ordering::SeqCst)
    });
    stage.server.set_waker(&waker);
    let wait = || {
        while !woken.swap(false, Ordering::SeqCst) {
            std::thread::yield_now();
        }
    };
    wait();
    let (more, stream) = tokio::sync::mpsc::channel(1);
    let uri = stage.uri();
    let sender = std::thread::spawn(move || {
        run(async move {
            let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
            client(uri).await.write_messages(stream).await.map(|_| ())
        })
    });
    wait();
    let handle = stage.sender();
    handle.set_waker(&waker);
    wait();
    more.blocking_send(request(&info(&recording()))).unwrap();
    while handle.try_recv().is_none() {
        wait();
    }
    drop(more);
    while !handle.is_finished() {
        wait();
    }
    assert_eq!(handle.status(), SourceStatus::Finished);
    sender.join().unwrap().unwrap();
}
