//! What a sender sends, on its way into a source.
//!
//! The thread of the connections only receives: messages gather to a batch while the batch before is decoded on a thread of
//! the pool, which waits for the viewer where that has enough. Then batches are full, nothing more is read from the
//! connection, and the sender waits in its turn. Small chunks that came in one batch are put together: the more arrives, the fewer
//! chunks the viewer has to take in for it.

use std::{fmt, sync::Arc};

use chronoscope_io::{
    LoadEvent, LoadReport, Severity, SourceSender, Stopped, combine,
    wire::{Decoder, Msg},
};
use chronoscope_store::Waker;
use chronoscope_types::{LogMessage, SourceStatus};
use hyper::body::Body;
use re_protos::{
    external::prost::{Message as _, bytes::Bytes},
    sdk_comms::v1alpha1::WriteMessagesRequest,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};

use crate::grpc::{FrameError, Frames};

/// A batch of so many messages is full.
const BATCH_MESSAGES: usize = 1 << 10;
/// A batch of so many bytes is full. A single message may exceed it.
const BATCH_BYTES: usize = 1 << 20;
/// More reports about one sender are only counted.
const MAX_REPORTS: u64 = 100;

/// How the stream of a sender ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The sender said that this is all.
    Finished,
    /// It broke off.
    Lost(Arc<str>),
}

impl From<&Result<(), FrameError>> for End {
    fn from(received: &Result<(), FrameError>) -> Self {
        match received {
            Ok(()) => Self::Finished,
            Err(error) => Self::Lost(error.to_string().into()),
        }
    }
}

impl From<End> for SourceStatus {
    fn from(end: End) -> Self {
        match end {
            End::Finished => Self::Finished,
            End::Lost(reason) => Self::Lost { reason },
        }
    }
}

/// Messages that are decoded together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    messages: Vec<Bytes>,
    bytes: usize,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    fn is_full(&self) -> bool {
        self.messages.len() >= BATCH_MESSAGES || self.bytes >= BATCH_BYTES
    }

    fn push(&mut self, message: Bytes) {
        self.bytes += message.len();
        self.messages.push(message);
    }
}

/// What goes to the source.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Messages.
    Batch(Batch),
    /// The stream has ended.
    End(End),
}

/// How receiving ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Nobody wants what comes.
    Unwanted,
    /// Nothing comes any more. What came is delivered, but not this.
    Received(Result<(), FrameError>),
}

/// Delivers the messages of a body, in batches, until it ends or nobody wants more of it.
pub(crate) async fn receive<B>(frames: &mut Frames<B>, deliveries: &mpsc::Sender<Delivery>) -> Ended
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    let mut batch = Batch::default();
    let received = loop {
        tokio::select! {
            biased;
            permit = deliveries.reserve(), if !batch.is_empty() => match permit {
                Ok(permit) => permit.send(Delivery::Batch(std::mem::take(&mut batch))),
                Err(_) => return Ended::Unwanted,
            },
            message = frames.next(), if !batch.is_full() => match message {
                Ok(Some(message)) => batch.push(message),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            },
            () = deliveries.closed() => return Ended::Unwanted,
        }
    };
    if !batch.is_empty() && deliveries.send(Delivery::Batch(batch)).await.is_err() {
        return Ended::Unwanted;
    }
    Ended::Received(received)
}

/// Starts to put what is sent here into a source, which is given back at the end; `None` where it was removed. It is lost
/// where the channel ends without an [`Delivery::End`].
///
/// Precondition: on the thread of the connections.
pub(crate) fn start(
    source: SourceSender,
) -> (mpsc::Sender<Delivery>, JoinHandle<Option<(SourceSender, End)>>) {
    let (sender, receiver) = mpsc::channel(1);
    source.set_status(SourceStatus::Live);
    let removed = Arc::new(Notify::new());
    source.set_cancel_waker(&waker_of(&removed));
    let worker = Worker {
        source,
        decoder: Decoder::default(),
        num_reports: 0,
    };
    let delivering = tokio::spawn(run(worker, receiver, removed));
    (sender, delivering)
}

/// Puts what is sent here into a source until its end, which is the source's. The task ends when all is there.
///
/// Precondition: on the thread of the connections.
pub(crate) fn start_to_the_end(source: SourceSender) -> (mpsc::Sender<Delivery>, JoinHandle<()>) {
    let (sender, delivering) = start(source);
    let delivered = tokio::spawn(async move {
        if let Ok(Some((source, end))) = delivering.await {
            source.finish(end.into());
        }
    });
    (sender, delivered)
}

/// What tells a task that waits for it.
pub(crate) fn waker_of(notify: &Arc<Notify>) -> Waker {
    let notify = Arc::clone(notify);
    Waker::new(move || notify.notify_one())
}

async fn run(
    mut worker: Worker,
    mut deliveries: mpsc::Receiver<Delivery>,
    removed: Arc<Notify>,
) -> Option<(SourceSender, End)> {
    let mut end = End::Lost("was cut off: the sender is gone".into());
    loop {
        let delivery = tokio::select! {
            delivery = deliveries.recv() => delivery,
            () = removed.notified() => return None,
        };
        let Some(delivery) = delivery else { break };
        match delivery {
            Delivery::Batch(batch) => {
                let decode = move || {
                    let outcome = worker.decode(batch);
                    (worker, outcome)
                };
                // Only at the end of the program is the worker not given back.
                let Ok((back, outcome)) = tokio::task::spawn_blocking(decode).await else {
                    return None;
                };
                worker = back;
                if outcome.is_err() {
                    // Nobody wants more. The sender learns it by the closed channel.
                    return None;
                }
            }
            Delivery::End(how) => {
                end = how;
                break;
            }
        }
    }
    Some((worker.source, end))
}

/// What decodes the messages of a sender, in order.
struct Worker {
    source: SourceSender,
    decoder: Decoder,
    num_reports: u64,
}

impl Worker {
    /// Decodes messages, and waits until there is room for each.
    fn decode(&mut self, batch: Batch) -> Result<(), Stopped> {
        let mut messages = Vec::with_capacity(batch.messages.len());
        for bytes in batch.messages {
            match self.message(bytes) {
                Ok(message) => messages.push(message),
                Err(report) => {
                    self.send(std::mem::take(&mut messages))?;
                    self.report(report)?;
                }
            }
        }
        self.send(messages)
    }

    fn send(&self, messages: Vec<LogMessage>) -> Result<(), Stopped> {
        let mut messages = combine(messages).into_iter();
        messages.try_for_each(|message| self.source.send(LoadEvent::Message(message)))
    }

    fn message(&mut self, bytes: Bytes) -> Result<LogMessage, LoadReport> {
        let warn = |message: String| LoadReport {
            source: Arc::clone(self.source.name()),
            severity: Severity::Warning,
            entity: None,
            message,
        };
        let request = WriteMessagesRequest::decode(bytes)
            .map_err(|error| warn(format!("sent a message that cannot be read: {error}")))?;
        let message: Msg = request
            .log_msg
            .and_then(|message| message.msg)
            // A newer SDK may send kinds of messages that are not known here.
            .ok_or_else(|| warn("sent a message of an unknown kind".to_owned()))?;
        self.decoder.decode_message(message).map_err(|error| {
            let text = format!("sent a message that cannot be decoded: {}", error.reason);
            LoadReport {
                source: Arc::clone(self.source.name()),
                severity: Severity::Warning,
                entity: error.entity,
                message: text,
            }
        })
    }

    fn report(&mut self, mut report: LoadReport) -> Result<(), Stopped> {
        self.num_reports += 1;
        if self.num_reports > MAX_REPORTS {
            return Ok(());
        }
        if self.num_reports == MAX_REPORTS {
            report.message.push_str("; more of this sender is not reported");
        }
        self.source.send(LoadEvent::Report(report))
    }
}
