//! Calls to a service elsewhere: what it passes on is read into a source, or it is given messages.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chronoscope_io::{
    Backoff, LoadEvent, LoadReport, MessageError, Severity, SourceGroup, SourceHandle, SourceLimits,
    SourceSender, Stopped, TrySendError,
    wire::{self, MAX_MESSAGE_BYTES},
};
use chronoscope_types::{LogMessage, SourceStatus};
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use re_protos::{
    external::prost::{Message as _, bytes::Bytes},
    log_msg::v1alpha1::LogMsg,
    sdk_comms::v1alpha1::{ReadMessagesRequest, WriteMessagesRequest},
};
use tokio::sync::{Notify, mpsc};

use crate::{
    Code, HandOver, Link, LiveError, LiveRuntime, NamedFiles, Status,
    connection::Connection,
    grpc::{Budget, Frames, Messages, framed},
    inbox::{self, Ended},
    service::{OPEN_FILES, READ_MESSAGES, WRITE_MESSAGES},
};

/// The pauses between tries to connect, the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// Reads what a service elsewhere passes on, into a source. It is asked again and again until it answers, and again after
/// the connection was lost: what it keeps for late readers then comes once more, which stores recognize. Only where it
/// answers that it does not pass anything on, that is the end of the source. Dropping the handle disconnects.
pub fn connect(runtime: &LiveRuntime, link: &Link, waiting: SourceLimits) -> SourceHandle {
    let (source, handle) = SourceGroup::new(waiting).add(link.to_string());
    runtime.handle().spawn(follow(link.clone(), source));
    handle
}

/// Reads a service until the source is removed or the service refuses, with pauses between the connections.
async fn follow(link: Link, mut source: SourceSender) {
    let removed = Arc::new(Notify::new());
    let mut pauses = Pauses::new();
    let (mut was_live, mut is_said) = (false, false);
    loop {
        source.set_cancel_waker(&inbox::waker_of(&removed));
        let opened = tokio::select! {
            opened = open_stream(&link) => opened,
            () = removed.notified() => return,
        };
        let reason: Arc<str> = match opened {
            Ok(stream) => {
                (was_live, is_said) = (true, false);
                pauses.connected();
                let Some((back, reason)) = read(stream, source).await else {
                    return;
                };
                source = back;
                reason
            }
            Err(error) if error.is_worth_another_try() => error.to_string().into(),
            Err(error) => {
                return source.finish(SourceStatus::Lost {
                    reason: error.to_string().into(),
                });
            }
        };
        if !std::mem::replace(&mut is_said, true) && say(&source, &reason).is_err() {
            return;
        }
        if was_live {
            source.set_status(SourceStatus::Retrying { reason });
        }
        source.set_cancel_waker(&inbox::waker_of(&removed));
        tokio::select! {
            () = tokio::time::sleep(pauses.next()) => {}
            () = removed.notified() => return,
        }
    }
}

/// Reports why the connection failed. If the queue of reports is full, the status alone tells.
fn say(source: &SourceSender, reason: &str) -> Result<(), Stopped> {
    let report = LoadReport {
        source: Arc::clone(source.name()),
        severity: Severity::Warning,
        entity: None,
        message: format!("{reason}; more tries follow"),
    };
    match source.try_send(LoadEvent::Report(report)) {
        Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
        Err(TrySendError::Stopped) => Err(Stopped),
    }
}

/// The pauses between tries to connect. They grow until a connection lasts, by a clock that no one can set.
#[derive(Debug)]
struct Pauses {
    backoff: Backoff,
    connected: Option<Instant>,
}

impl Pauses {
    fn new() -> Self {
        Self {
            backoff: Backoff::new(FIRST_PAUSE, LAST_PAUSE),
            connected: None,
        }
    }

    fn connected(&mut self) {
        self.connected = Some(Instant::now());
    }

    fn next(&mut self) -> Duration {
        // One that breaks at once, again and again, is no success.
        if self.connected.take().is_some_and(|at| at.elapsed() >= LAST_PAUSE) {
            self.backoff.succeeded();
        }
        self.backoff.after_failure()
    }
}

/// What a service passes on.
struct Stream {
    frames: Frames<Incoming>,
    _connection: Connection,
}

async fn open_stream(link: &Link) -> Result<Stream, LiveError> {
    let mut connection = Connection::open(link).await?;
    let body = Messages::one(framed(&ReadMessagesRequest {}.encode_to_vec()));
    // It begins to answer at once, also where it has nothing to pass on yet.
    let answer = connection.call(READ_MESSAGES, HeaderMap::new(), body);
    let within = Duration::from_secs(ANSWER_SECS);
    let response = match tokio::time::timeout(within, answer).await {
        Ok(answered) => answered?,
        Err(_) => return Err(LiveError::Timeout(ANSWER_SECS)),
    };
    if let Some(status) = Status::of_fields(response.headers())
        && status != Status::ok()
    {
        return Err(LiveError::Refused(status));
    }
    if response.status() != StatusCode::OK {
        return Err(LiveError::NoViewer {
            code: response.status().as_u16(),
            reason: response.status().canonical_reason().unwrap_or(""),
        });
    }
    let limit = MAX_MESSAGE_BYTES.min(u64::from(u32::MAX));
    Ok(Stream {
        frames: Frames::new(response.into_body(), limit, Budget::new(u64::MAX)),
        _connection: connection,
    })
}

/// Reads a stream to its end, and gives the source back with the reason why it ended. `None` where the source was removed.
async fn read(mut stream: Stream, source: SourceSender) -> Option<(SourceSender, Arc<str>)> {
    let (deliveries, delivering) = inbox::start(source);
    let received = match inbox::receive(&mut stream.frames, &deliveries).await {
        Ended::Unwanted => return None,
        Ended::Received(received) => received,
    };
    let end = match (&received, stream.frames.status()) {
        (Ok(()), Some(status)) if status != Status::ok() => inbox::End::Lost(status.to_string().into()),
        _ => inbox::End::from(&received),
    };
    // This fails only if the source was removed, and then it is not given back.
    let _ = deliveries.send(inbox::Delivery::End(end)).await;
    let (source, end) = delivering.await.ok()??;
    let reason = match end {
        inbox::End::Finished => "ended its stream".into(),
        inbox::End::Lost(reason) => reason,
    };
    Some((source, reason))
}

/// A message as it is sent.
///
/// # Errors
/// Where a chunk cannot be encoded, or is known without its rows.
pub fn envelope(message: &LogMessage) -> Result<Bytes, MessageError> {
    let request = WriteMessagesRequest {
        log_msg: Some(LogMsg {
            msg: Some(wire::encode(message)?),
        }),
    };
    Ok(request.encode_to_vec().into())
}

/// Gives messages to a service elsewhere, as an SDK does, and waits until it has taken all of them. Each is what
/// [`envelope`] makes.
///
/// # Errors
/// If nothing listens there, the connection breaks, or the service refuses the messages.
pub fn send(
    runtime: &LiveRuntime,
    link: &Link,
    messages: impl Iterator<Item = Bytes> + Send + 'static,
) -> Result<(), LiveError> {
    send_as(runtime, link, HeaderMap::new(), messages)
}

/// Gives the messages of files to another start of this program, and waits until it has taken all of them.
///
/// # Errors
/// As [`send`].
pub fn hand_over(
    runtime: &LiveRuntime,
    link: &Link,
    hand_over: &HandOver,
    messages: impl Iterator<Item = Bytes> + Send + 'static,
) -> Result<(), LiveError> {
    let mut fields = HeaderMap::new();
    hand_over.add_to(&mut fields);
    send_as(runtime, link, fields, messages)
}

/// Has another start of this program, on this machine, open files itself.
///
/// # Errors
/// If nothing listens there, or what does takes no such names, or sees other files: they can be sent then.
pub fn name_files(runtime: &LiveRuntime, link: &Link, named: &NamedFiles) -> Result<(), LiveError> {
    let text = named.to_text().ok_or_else(|| {
        let text = "the path of a file is no text";
        LiveError::Refused(Status::new(Code::InvalidArgument, text))
    })?;
    let body = Messages::one(framed(text.as_bytes()));
    runtime
        .handle()
        .block_on(call(link, OPEN_FILES, HeaderMap::new(), body))
}

fn send_as(
    runtime: &LiveRuntime,
    link: &Link,
    fields: HeaderMap,
    messages: impl Iterator<Item = Bytes> + Send + 'static,
) -> Result<(), LiveError> {
    let link = link.clone();
    let (sender, receiver) = mpsc::channel(SEND_AHEAD);
    // Messages may be read from a file meanwhile, which is no work for the thread of the connections.
    let reading = runtime.handle().spawn_blocking(move || {
        for message in messages {
            if sender.blocking_send(framed(&message)).is_err() {
                return;
            }
        }
    });
    let written = write(&link, fields, receiver);
    let written = runtime.handle().block_on(written);
    drop(reading);
    written
}

/// Asks whether a viewer listens there. Something that listens and says nothing is none.
///
/// # Errors
/// As [`send`], and if there is no answer within some seconds.
pub fn probe(runtime: &LiveRuntime, link: &Link) -> Result<(), LiveError> {
    runtime.handle().block_on(async {
        // A call without messages, which a viewer answers at once.
        let (_, no_messages) = mpsc::channel(1);
        let asked = write(link, HeaderMap::new(), no_messages);
        let within = Duration::from_secs(PROBE_SECS);
        match tokio::time::timeout(within, asked).await {
            Ok(answered) => answered,
            Err(_) => Err(LiveError::Timeout(PROBE_SECS)),
        }
    })
}

/// Sends messages, with their lengths before them, until no more come, and waits for the answer.
async fn write(link: &Link, fields: HeaderMap, messages: mpsc::Receiver<Bytes>) -> Result<(), LiveError> {
    call(link, WRITE_MESSAGES, fields, Messages::Coming(messages)).await
}

/// Makes a call, and waits for an answer that says nothing but how it ended.
async fn call(link: &Link, path: &'static str, fields: HeaderMap, body: Messages) -> Result<(), LiveError> {
    let mut connection = Connection::open(link).await?;
    let response = connection.call(path, fields, body).await?;
    let status = Status::of_fields(response.headers());
    let mut frames = Frames::new(response.into_body(), ANSWER_BYTES, Budget::new(u64::MAX));
    while let Some(_answer) = frames
        .next()
        .await
        .map_err(|error| LiveError::Broken(error.to_string()))?
    {}
    match status.or_else(|| frames.status()) {
        Some(status) if status == Status::ok() => Ok(()),
        Some(status) => Err(LiveError::Refused(status)),
        None => Err(LiveError::Broken("it ended without a status".to_owned())),
    }
}

/// The time in which a service begins to answer, however busy it is.
const ANSWER_SECS: u64 = 30;
/// The time in which a viewer answers.
const PROBE_SECS: u64 = 5;

/// Messages that are encoded ahead of those that are sent.
const SEND_AHEAD: usize = 64;
/// The bytes of an answer that says nothing.
const ANSWER_BYTES: u64 = 1 << 10;
