//! gRPC over HTTP/2, as much of it as streams of messages need: messages with their length before them, and a status
//! behind them.
//!
//! A library that is told the length of a message takes memory for it before a byte of it has arrived. [`Frames`] takes
//! memory for what is there.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::body::{Body, Frame};
use re_protos::external::prost::bytes::{Buf as _, Bytes, BytesMut};
use tokio::sync::mpsc;

/// The bytes before each message: a flag, and its length.
pub(crate) const PREFIX_BYTES: usize = 5;
/// Less than this is not worth counting against what all connections may have.
const COUNTED_BYTES: u64 = 64 << 10;

pub(crate) const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// What a response is made of.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, Broken>;

/// How a call ended, by the numbers of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Code {
    /// All is well.
    Ok = 0,
    /// The caller did not want it any more.
    Cancelled = 1,
    /// Something else.
    Unknown = 2,
    /// What was sent is not what it should be.
    InvalidArgument = 3,
    /// The caller may not.
    PermissionDenied = 7,
    /// More than there is room for.
    ResourceExhausted = 8,
    /// Longer than it may be.
    OutOfRange = 11,
    /// Nothing of this name is offered.
    Unimplemented = 12,
    /// The service is about to end.
    Unavailable = 14,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// By its number.
    pub code: Code,
    /// In words.
    pub message: String,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            write!(f, "the other side answered {:?}", self.code)
        } else {
            f.write_str(&self.message)
        }
    }
}

impl Status {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(crate) fn ok() -> Self {
        Self::new(Code::Ok, "")
    }

    /// The fields that say it, behind messages or in place of them.
    pub(crate) fn fields(&self) -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.insert(GRPC_STATUS, HeaderValue::from(self.code as u16));
        if let Ok(message) = HeaderValue::from_str(&percent_encoded(&self.message))
            && !message.is_empty()
        {
            fields.insert(GRPC_MESSAGE, message);
        }
        fields
    }

    /// What the fields say; `None` where they have no status.
    pub(crate) fn of_fields(fields: &HeaderMap) -> Option<Self> {
        let code = fields.get(GRPC_STATUS)?.to_str().ok()?;
        let code = match code {
            "0" => Code::Ok,
            "1" => Code::Cancelled,
            "3" => Code::InvalidArgument,
            "7" => Code::PermissionDenied,
            "8" => Code::ResourceExhausted,
            "11" => Code::OutOfRange,
            "12" => Code::Unimplemented,
            "14" => Code::Unavailable,
            _ => Code::Unknown,
        };
        let message = fields
            .get(GRPC_MESSAGE)
            .map(|message| percent_decoded(message.as_bytes()));
        Some(Self::new(code, message.unwrap_or_default()))
    }

    /// A response that is nothing but this.
    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        let mut response = Response::new(Full::default().map_err(|never| match never {}).boxed_unsync());
        *response.headers_mut() = self.fields();
        response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
        response
    }
}

/// A response with these messages and a status, as a stream of frames.
pub(crate) fn response(
    body: impl Body<Data = Bytes, Error = Broken> + Send + 'static,
) -> Response<ResponseBody> {
    let mut response = Response::new(body.boxed_unsync());
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

/// A response with one message, and all is well.
pub(crate) fn unary_response(message: &[u8]) -> Response<ResponseBody> {
    let fields = std::future::ready(Some(Ok(Status::ok().fields())));
    let body = Full::new(framed(message)).map_err(|never| match never {});
    response(body.with_trailers(fields))
}

/// A message with its length before it.
///
/// Precondition: it has less than 4 GiB.
pub(crate) fn framed(message: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    bytes.extend_from_slice(&prefix(message.len()));
    bytes.extend_from_slice(message);
    bytes.freeze()
}

/// What goes before a message of so many bytes.
pub(crate) fn prefix(len: usize) -> [u8; PREFIX_BYTES] {
    debug_assert!(u32::try_from(len).is_ok(), "messages of 4 GiB are not sent");
    let [a, b, c, d] = (len as u32).to_be_bytes();
    [0, a, b, c, d]
}

/// Messages with their lengths, as the body of a request or a response.
#[derive(Debug)]
pub(crate) enum Messages {
    /// One that is there.
    One(Option<Bytes>),
    /// Those that come.
    Coming(mpsc::Receiver<Bytes>),
}

impl Messages {
    /// A message with its length before it.
    pub(crate) fn one(message: Bytes) -> Self {
        Self::One(Some(message))
    }
}

impl Body for Messages {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let message = match &mut *self {
            Self::One(message) => Poll::Ready(message.take()),
            Self::Coming(messages) => messages.poll_recv(context),
        };
        message.map(|message| message.map(|message| Ok(Frame::data(message))))
    }
}

/// Why a body ends before its end: what carried it says so.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Broken(pub(crate) String);

/// Why no more messages come of a body. Displays as the end of a sentence about the sender.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("was cut off in the middle of a message")]
    CutOff,
    #[error("was cut off: {0}")]
    Broken(String),
    #[error("sent a message of {claimed} bytes, more than the {limit} that one may have")]
    TooLarge { claimed: u64, limit: u64 },
    #[error("sent a message while others had taken the {limit} bytes that messages under way may have")]
    NoRoom { limit: u64 },
    #[error("sent something that is no message")]
    NoMessage,
    #[error("sent a compressed message, which was not asked for")]
    Compressed,
}

impl FrameError {
    /// What the sender is told.
    pub(crate) fn status(&self) -> Status {
        let code = match self {
            Self::CutOff | Self::Broken(_) => Code::Cancelled,
            Self::TooLarge { .. } => Code::OutOfRange,
            Self::NoRoom { .. } => Code::ResourceExhausted,
            Self::NoMessage | Self::Compressed => Code::InvalidArgument,
        };
        Status::new(code, format!("the sender {self}"))
    }
}

/// The memory of messages that are under way, over all connections.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            used: AtomicU64::new(0),
        })
    }
}

/// The messages of a body, as they arrive. Memory is taken for what has arrived, whatever is claimed.
#[derive(Debug)]
pub(crate) struct Frames<B> {
    body: B,
    arrived: BytesMut,
    limit: u64,
    budget: Arc<Budget>,
    /// What is taken of the budget.
    counted: u64,
    /// The fields behind the messages.
    trailers: Option<HeaderMap>,
}

impl<B: Body<Data = Bytes> + Unpin> Frames<B>
where
    B::Error: fmt::Display,
{
    /// Messages of at most so many bytes.
    pub(crate) fn new(body: B, limit: u64, budget: Arc<Budget>) -> Self {
        Self {
            body,
            arrived: BytesMut::new(),
            limit,
            budget,
            counted: 0,
            trailers: None,
        }
    }

    /// The status behind the messages. `None` before their end, and where there is none.
    pub(crate) fn status(&self) -> Option<Status> {
        Status::of_fields(self.trailers.as_ref()?)
    }

    /// The next message; `None` after the last. Loses nothing where it is dropped before it is done.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            let Some(frame) = self.next_frame().await else {
                return if self.arrived.is_empty() {
                    Ok(None)
                } else {
                    Err(FrameError::CutOff)
                };
            };
            match frame {
                Ok(frame) => self.add(frame)?,
                Err(_) if !self.arrived.is_empty() => return Err(FrameError::CutOff),
                Err(error) => return Err(FrameError::Broken(error.to_string())),
            }
        }
    }

    async fn next_frame(&mut self) -> Option<Result<Frame<Bytes>, B::Error>> {
        let body = &mut self.body;
        std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
    }

    fn add(&mut self, frame: Frame<Bytes>) -> Result<(), FrameError> {
        match frame.into_data() {
            Ok(data) => {
                self.arrived.extend_from_slice(&data);
                self.count(self.arrived.len() as u64)
            }
            Err(frame) => {
                self.trailers = frame.into_trailers().ok();
                Ok(())
            }
        }
    }

    /// Takes of the budget what has arrived, or gives it back.
    fn count(&mut self, bytes: u64) -> Result<(), FrameError> {
        let bytes = if bytes < COUNTED_BYTES { 0 } else { bytes };
        let used = &self.budget.used;
        if bytes > self.counted {
            let more = bytes - self.counted;
            let before = used.fetch_add(more, Ordering::Relaxed);
            self.counted = bytes;
            if before + more > self.budget.limit {
                return Err(FrameError::NoRoom {
                    limit: self.budget.limit,
                });
            }
        } else {
            used.fetch_sub(self.counted - bytes, Ordering::Relaxed);
            self.counted = bytes;
        }
        Ok(())
    }

    /// Takes a message that is there as a whole.
    fn take(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some((prefix, rest)) = self.arrived.split_first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let [flag, a, b, c, d] = *prefix;
        match flag {
            0 => {}
            1 => return Err(FrameError::Compressed),
            _ => return Err(FrameError::NoMessage),
        }
        let claimed = u64::from(u32::from_be_bytes([a, b, c, d]));
        if claimed > self.limit {
            return Err(FrameError::TooLarge {
                claimed,
                limit: self.limit,
            });
        }
        if claimed > rest.len() as u64 {
            return Ok(None);
        }
        self.arrived.advance(PREFIX_BYTES);
        let message = self.arrived.split_to(claimed as usize).freeze();
        if self.arrived.is_empty() {
            // What was a large message goes with it.
            self.arrived = BytesMut::new();
        }
        self.count(self.arrived.len() as u64)?;
        Ok(Some(message))
    }
}

impl<B> Drop for Frames<B> {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

/// A text as it stands in a field.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if (0x20..0x7f).contains(&byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The text that stands in a field.
pub(crate) fn percent_decoded(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, more @ ..] = rest {
        let digits = more.first_chunk::<2>().filter(|_| *first == b'%');
        let value = digits.and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        out.push(value.unwrap_or(*first));
        rest = if value.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;
