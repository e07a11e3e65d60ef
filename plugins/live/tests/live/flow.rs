//! Back-pressure: what waits is bounded, and the sender waits instead.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    thread::JoinHandle,
    time::Instant,
};

use chronoscope_io::{LoadEvent, SourceLimits};
use chronoscope_live::{Link, envelope, send as send_ours};
use chronoscope_store::Waker;
use chronoscope_types::{LogMessage, SourceStatus};
use hyper::body::{Body, Frame};
use re_protos::external::prost::bytes::Bytes;

use crate::{
    LONG, Stage, client,
    faults::framed_message,
    info, large_row, raw,
    raw::{Pieces, WRITE},
    recording, request, row, run, send,
};

/// Messages with their lengths, and how many of them were taken to be sent.
struct Flood {
    messages: std::vec::IntoIter<Bytes>,
    taken: Arc<AtomicU64>,
}

impl Body for Flood {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let message = self.messages.next();
        self.taken
            .fetch_add(u64::from(message.is_some()), Ordering::Relaxed);
        Poll::Ready(message.map(|message| Ok(Frame::data(message))))
    }
}

/// Sends messages with their lengths on a thread of its own. Returns how many of them it has taken to send, and the thread, which
/// ends with the status of the answer.
fn flood(stage: &Stage, messages: Vec<Bytes>) -> (Arc<AtomicU64>, JoinHandle<(u16, String)>) {
    let taken = Arc::new(AtomicU64::new(0));
    let flood = Flood {
        messages: messages.into_iter(),
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
    (taken, sender)
}

#[test]
fn small_rows_that_wait_come_as_few_chunks_and_in_order() {
    const ROWS: i64 = 3_000;
    let stage = Stage::with(|settings| {
        settings.waiting = SourceLimits {
            events: 1,
            bytes: 1 << 20,
        };
    });
    let rows = (0..ROWS).map(|frame| row(&recording(), if frame % 2 == 0 { "/even" } else { "/odd" }, frame));
    let messages = rows.map(|row| framed_message(&row)).collect();
    let (taken, sender) = flood(&stage, messages);
    let handle = stage.sender();
    // Nothing is taken from the source until much of it is on its way.
    while taken.load(Ordering::Relaxed) < 1_000 {
        std::thread::yield_now();
    }
    let mut received: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut num_chunks = 0;
    for event in handle.events() {
        let LoadEvent::Message(LogMessage::Chunk { chunk, .. }) = event else {
            panic!("{event:?}")
        };
        num_chunks += 1;
        let times = chunk.timelines()[0].times();
        received
            .entry(chunk.entity_path().to_string())
            .or_default()
            .extend(times.iter());
    }
    assert_eq!(received["/even"], (0..ROWS).step_by(2).collect::<Vec<_>>());
    assert_eq!(received["/odd"], (1..ROWS).step_by(2).collect::<Vec<_>>());
    assert!(num_chunks < ROWS / 2, "{num_chunks} chunks of {ROWS} rows");
    assert_eq!(sender.join().unwrap().0, 0);
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
    let message = framed_message(&large_row(&recording(), 100_000));
    let size = message.len() as u64;
    let (taken, sender) = flood(&stage, vec![message; MESSAGES as usize]);
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

/// A waker, and how often it was called.
fn counted_wakes() -> (Waker, Arc<AtomicU64>) {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let waker = Waker::new(move || _ = counted.fetch_add(1, Ordering::Relaxed));
    (waker, count)
}

#[test]
fn a_connection_over_which_nothing_comes_wakes_nobody() {
    let stage = Stage::new();
    let (of_arrivals, num_arrivals) = counted_wakes();
    stage.server.set_waker(&of_arrivals);
    let (more, messages) = std::sync::mpsc::channel::<LogMessage>();
    let (runtime, link) = (stage.runtime.clone(), Link::local(stage.server.address().port()));
    let idle = std::thread::spawn(move || {
        let messages = messages.into_iter().map(|message| envelope(&message).unwrap());
        send_ours(&runtime, &link, messages).unwrap();
    });
    more.send(info(&recording())).unwrap();
    let source = stage.sender();
    let (of_source, num_wakes) = counted_wakes();
    source.set_waker(&of_source);
    assert!(matches!(source.recv(), Some(LoadEvent::Message(_))));
    // Others have much to say meanwhile. What this one said has woken by the time that the first of them is done.
    let talk = |frame| {
        let rows = vec![info(&recording()), row(&recording(), "/a", frame)];
        send(stage.uri(), rows).unwrap();
        let other = stage.sender();
        while other.recv().is_some() {}
    };
    talk(0);
    let before = num_wakes.load(Ordering::Relaxed);
    let arrivals_before = num_arrivals.load(Ordering::Relaxed);
    (1..50).for_each(talk);
    assert!(source.try_recv().is_none());
    assert_eq!(num_wakes.load(Ordering::Relaxed), before);
    let num_come = num_arrivals.load(Ordering::Relaxed) - arrivals_before;
    assert_eq!(num_come, 49, "one for each that comes");
    more.send(row(&recording(), "/a", 0)).unwrap();
    // Whoever sends wakes after it has put down what it brings, so that the wake is waited for, and not the message.
    let deadline = Instant::now() + LONG;
    while num_wakes.load(Ordering::Relaxed) == before {
        assert!(Instant::now() < deadline, "what comes wakes");
        std::thread::yield_now();
    }
    assert!(source.try_recv().is_some());
    drop(more);
    idle.join().unwrap();
}
