//! What is answered to a request.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use chronoscope_io::{SourceGroup, SourceSender};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body, Frame, Incoming};
use re_protos::{
    external::prost::{Message as _, bytes::Bytes},
    sdk_comms::v1alpha1::WriteMessagesResponse,
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::{
    gate::{Gate, Refusal},
    grpc::{Broken, Budget, Code, Frames, Messages, ResponseBody, Status, response, unary_response},
    inbox::{self, Delivery, End, Ended},
    named_files::{self, NamedFiles},
    relay::Relay,
    server::{Arrival, Arrivals, HandOver},
};

pub(crate) const WRITE_MESSAGES: &str = "/rerun.sdk_comms.v1alpha1.MessageProxyService/WriteMessages";
pub(crate) const READ_MESSAGES: &str = "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages";
/// Of this program alone: see [`NamedFiles`].
pub(crate) const OPEN_FILES: &str = "/chronoscope.viewer.v1.Viewer/OpenFiles";
const READ_TABLES: &str = "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadTables";
const SERVICE: &str = "/rerun.sdk_comms.v1alpha1.MessageProxyService/";

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) gate: Gate,
    pub(crate) group: SourceGroup,
    pub(crate) arrivals: Arc<Arrivals>,
    /// The streams that may still be opened.
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) max_message_bytes: u64,
    pub(crate) budget: Arc<Budget>,
    /// What is passed on, if anything.
    pub(crate) relay: Option<Relay>,
    /// Whether programs of this machine may name files to open.
    pub(crate) opens_files: bool,
}

/// Who asks.
#[derive(Debug)]
pub(crate) struct Caller {
    peer: SocketAddr,
    asked: Notify,
}

impl Caller {
    pub(crate) fn new(peer: SocketAddr) -> Self {
        Self {
            peer,
            asked: Notify::new(),
        }
    }

    /// Waits for the first request.
    pub(crate) async fn has_asked(&self) {
        self.asked.notified().await;
    }
}

impl Service {
    /// Answers a request.
    pub(crate) async fn answer(
        self: Arc<Self>,
        caller: Arc<Caller>,
        request: Request<Incoming>,
    ) -> Result<Response<ResponseBody>, Infallible> {
        caller.asked.notify_one();
        let (parts, body) = request.into_parts();
        if let Err(refusal) = self.gate.check(&parts) {
            tracing::warn!("{}: refused ({refusal:?})", caller.peer);
            return Ok(forbidden(refusal));
        }
        let is_grpc = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.as_bytes();
            kind.starts_with(b"application/grpc") && !kind.starts_with(b"application/grpc-web")
        });
        if parts.method != Method::POST || !is_grpc {
            return Ok(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let Ok(permit) = Arc::clone(&self.streams).try_acquire_owned() else {
            let text = "the viewer has as many connections as it takes";
            return Ok(Status::new(Code::ResourceExhausted, text).into_response());
        };
        Ok(match (parts.uri.path(), &self.relay) {
            (WRITE_MESSAGES, _) => {
                let hand_over = HandOver::of_fields(&parts.headers);
                self.write_messages(&caller, hand_over, body, permit).await
            }
            (READ_MESSAGES, Some(relay)) => response(Reading {
                messages: Messages::Coming(relay.read()),
                _permit: permit,
            }),
            (OPEN_FILES, _) if self.opens_files => self.open_files(&caller, body).await,
            // Tables are not taken, so that there are none to pass on.
            (READ_TABLES, Some(_)) => Status::ok().into_response(),
            (path, _) => {
                tracing::warn!("{}: asked for {path}, which is not offered", caller.peer);
                unknown(path).into_response()
            }
        })
    }

    /// Takes the names of files, where they are files of this machine that the caller could read, too.
    async fn open_files(&self, caller: &Caller, body: Incoming) -> Response<ResponseBody> {
        if !caller.peer.ip().to_canonical().is_loopback() {
            tracing::warn!(
                "{}: named files, as only programs of this machine may",
                caller.peer
            );
            let text = "only programs of this machine may name files";
            return Status::new(Code::PermissionDenied, text).into_response();
        }
        let mut frames = Frames::new(body, named_files::MAX_BYTES, Arc::clone(&self.budget));
        let named = match frames.next().await {
            Ok(Some(message)) => std::str::from_utf8(&message).ok().and_then(NamedFiles::parse),
            Ok(None) => None,
            Err(error) => return error.status().into_response(),
        };
        // Files may lie on a slow disk, which nobody else is to wait for.
        let found = tokio::task::spawn_blocking(move || named.filter(NamedFiles::are_here));
        let Ok(Some(named)) = found.await else {
            let text = "the viewer does not see these files";
            return Status::new(Code::InvalidArgument, text).into_response();
        };
        self.arrivals.push_files(named);
        unary_response(&[])
    }

    /// Receives the messages of one sender until it says that these are all.
    async fn write_messages(
        &self,
        caller: &Caller,
        hand_over: Option<HandOver>,
        body: Incoming,
        permit: OwnedSemaphorePermit,
    ) -> Response<ResponseBody> {
        let (sender, source) = self.group.add(caller.peer.to_string());
        self.arrivals.push(Arrival { source, hand_over });
        let receiving = Receiving {
            frames: Frames::new(body, self.max_message_bytes, Arc::clone(&self.budget)),
            arrivals: Arc::clone(&self.arrivals),
            peer: caller.peer,
            _permit: permit,
        };
        // Where the sender is gone nobody waits for an answer, and this future is dropped; what has come whole is delivered all the same.
        let answer = tokio::spawn(receiving.run(sender));
        answer.await.unwrap_or_else(|_ended| unwanted())
    }
}

/// The messages of one sender, on their way.
struct Receiving {
    frames: Frames<Incoming>,
    arrivals: Arc<Arrivals>,
    peer: SocketAddr,
    _permit: OwnedSemaphorePermit,
}

impl Receiving {
    /// Puts all of them into a source, and answers.
    async fn run(mut self, sender: SourceSender) -> Response<ResponseBody> {
        let (deliveries, delivered) = inbox::start_to_the_end(sender);
        let received = match inbox::receive(&mut self.frames, &deliveries).await {
            Ended::Unwanted => return unwanted(),
            Ended::Received(received) => received,
        };
        let end = Delivery::End(End::from(&received));
        // The sender is answered meanwhile.
        let delivering = Arrivals::delivering(&self.arrivals);
        tokio::spawn(async move {
            _ = delivered.await;
            drop(delivering);
        });
        if deliveries.send(end).await.is_err() {
            return unwanted();
        }
        match received {
            Ok(()) => unary_response(&WriteMessagesResponse {}.encode_to_vec()),
            Err(error) => {
                tracing::warn!("{}: {error}", self.peer);
                error.status().into_response()
            }
        }
    }
}

/// What a reader reads, as long as it does.
struct Reading {
    messages: Messages,
    _permit: OwnedSemaphorePermit,
}

impl Body for Reading {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Pin::new(&mut self.messages).poll_frame(context)
    }
}

/// What a sender is told whose data nobody wants any more.
fn unwanted() -> Response<ResponseBody> {
    Status::new(Code::Unavailable, "the viewer does not take more of this sender").into_response()
}

fn unknown(path: &str) -> Status {
    let text = match path.strip_prefix(SERVICE) {
        Some("ReadMessages" | "ReadTables") => {
            "this viewer does not pass on what it receives: one that is started with --serve does"
        }
        Some("WriteTable") => "this viewer does not show tables",
        _ => "this is a viewer that takes what SDKs log; it offers nothing of this name",
    };
    Status::new(Code::Unimplemented, text)
}

fn forbidden(refusal: Refusal) -> Response<ResponseBody> {
    let text = match refusal {
        Refusal::Browser => "pages in a browser are not let in",
        Refusal::Host => "only programs of this machine are let in, by the address that is listened on",
    };
    let mut response = Status::new(Code::PermissionDenied, text).into_response();
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

fn plain(status: StatusCode) -> Response<ResponseBody> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}
