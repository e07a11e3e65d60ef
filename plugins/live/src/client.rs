//! Calls to a service elsewhere: what it passes on is read into a source, or it is given messages.

use std::{io, sync::Arc, time::Duration};

use chronoscope_io::{
    MessageError, SourceGroup, SourceHandle, SourceLimits, SourceSender,
    wire::{self, MAX_MESSAGE_BYTES},
};
use chronoscope_types::{LogMessage, SourceStatus};
use http::{Method, Request, Response, Version, header};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use re_protos::{
    external::prost::{Message as _, bytes::Bytes},
    log_msg::v1alpha1::LogMsg,
    sdk_comms::v1alpha1::{ReadMessagesRequest, WriteMessagesRequest},
};
use tokio::{net::TcpStream, sync::mpsc, task::AbortHandle};

use crate::{
    Link, LiveError, LiveRuntime, Status,
    grpc::{Budget, CONTENT_TYPE, Frames, Messages, framed},
    inbox::{self, Ended},
    service::{READ_MESSAGES, WRITE_MESSAGES},
};

/// The time that a connection may take to be there.
const CONNECT_SECS: u64 = 5;
/// The pauses between tries to connect double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// What may be on its way to us before it is read.
const WINDOW: u32 = 4 << 20;

/// Reads what a service elsewhere passes on, into a source. It is asked again and again until it answers; once it has, and
/// the connection ends, the source does, too. Dropping the handle disconnects.
pub fn connect(runtime: &LiveRuntime, link: &Link, waiting: SourceLimits) -> SourceHandle {
    let (source, handle) = SourceGroup::new(waiting).add(link.to_string());
    runtime.handle().spawn(read(link.clone(), source));
    handle
}

async fn read(link: Link, source: SourceSender) {
    let mut pause = FIRST_PAUSE;
    let mut connection = loop {
        if source.is_cancelled() {
            return;
        }
        match Connection::open(&link).await {
            Ok(connection) => break connection,
            Err(error) => tracing::debug!("{error}; another try follows"),
        }
        tokio::time::sleep(pause).await;
        pause = (2 * pause).min(LAST_PAUSE);
    };
    let body = Messages::one(framed(&ReadMessagesRequest {}.encode_to_vec()));
    let lost = |reason: String| SourceStatus::Lost {
        reason: reason.into(),
    };
    let response = match connection.call(READ_MESSAGES, body).await {
        Ok(response) => response,
        Err(error) => return source.finish(lost(error.to_string())),
    };
    if let Some(status) = Status::of_fields(response.headers())
        && status != Status::ok()
    {
        return source.finish(lost(status.to_string()));
    }
    let limit = MAX_MESSAGE_BYTES.min(u64::from(u32::MAX));
    let mut frames = Frames::new(response.into_body(), limit, Budget::new(u64::MAX));
    let deliveries = inbox::start(source);
    let received = match inbox::receive(&mut frames, &deliveries).await {
        Ended::Unwanted => return,
        Ended::Received(received) => received,
    };
    let end = match (&received, frames.status()) {
        (Ok(()), Some(status)) if status != Status::ok() => inbox::End::Lost(status.to_string().into()),
        _ => inbox::End::from(&received),
    };
    // This fails only if the source was removed, and then its end does not matter.
    let _ = deliveries.send(inbox::Delivery::End(end)).await;
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
    runtime.handle().block_on(async move {
        let mut connection = Connection::open(&link).await?;
        let response = connection
            .call(WRITE_MESSAGES, Messages::Coming(receiver))
            .await?;
        drop(reading);
        let mut status = Status::of_fields(response.headers());
        let mut frames = Frames::new(response.into_body(), ANSWER_BYTES, Budget::new(u64::MAX));
        while let Some(_answer) = frames
            .next()
            .await
            .map_err(|error| LiveError::Broken(error.to_string()))?
        {}
        status = status.or_else(|| frames.status());
        match status {
            Some(status) if status == Status::ok() => Ok(()),
            Some(status) => Err(LiveError::Refused(status)),
            None => Err(LiveError::Broken("it ended without a status".to_owned())),
        }
    })
}

/// Messages that are encoded ahead of those that are sent.
const SEND_AHEAD: usize = 64;
/// The bytes of an answer that says nothing.
const ANSWER_BYTES: u64 = 1 << 10;

/// A connection to a service. Dropping it closes it.
#[derive(Debug)]
struct Connection {
    authority: String,
    requests: http2::SendRequest<Messages>,
    driver: AbortHandle,
}

impl Connection {
    async fn open(link: &Link) -> Result<Self, LiveError> {
        let within = Duration::from_secs(CONNECT_SECS);
        match tokio::time::timeout(within, Self::try_open(link)).await {
            Ok(opened) => opened,
            Err(_) => Err(LiveError::Timeout(CONNECT_SECS)),
        }
    }

    async fn try_open(link: &Link) -> Result<Self, LiveError> {
        let failed = |error: io::Error| LiveError::Connect {
            address: link.authority(),
            error: Arc::new(error),
        };
        let stream = TcpStream::connect((link.host(), link.port()))
            .await
            .map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let (requests, driver) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| LiveError::Broken(error.to_string()))?;
        let driver = tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!("a connection ended: {error}");
            }
        });
        Ok(Self {
            authority: link.authority(),
            requests,
            driver: driver.abort_handle(),
        })
    }

    async fn call(&mut self, path: &'static str, body: Messages) -> Result<Response<Incoming>, LiveError> {
        let broken = |error: String| LiveError::Broken(error);
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://{}{path}", self.authority))
            .version(Version::HTTP_2)
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header(header::TE, "trailers")
            .body(body)
            .map_err(|error| broken(error.to_string()))?;
        self.requests
            .ready()
            .await
            .map_err(|error| broken(error.to_string()))?;
        self.requests
            .send_request(request)
            .await
            .map_err(|error| broken(error.to_string()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
