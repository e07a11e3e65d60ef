//! Senders that do what no SDK does: bodies by hand, over HTTP/2.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::{
    body::{Body, Frame, Incoming},
    client::conn::http2,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use re_protos::external::prost::bytes::Bytes;
use tokio::{net::TcpStream, task::JoinHandle};

pub(crate) const WRITE: &str = "/rerun.sdk_comms.v1alpha1.MessageProxyService/WriteMessages";

/// Pieces, and then an end, or a wait without one.
pub(crate) struct Pieces {
    pieces: VecDeque<Bytes>,
    ends: bool,
}

impl Pieces {
    pub(crate) fn ending(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self {
            pieces: pieces.into_iter().collect(),
            ends: true,
        }
    }

    pub(crate) fn stalling(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self {
            ends: false,
            ..Self::ending(pieces)
        }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

/// A connection, and what drives it: aborted, it is gone without a word.
pub(crate) struct Connection<B> {
    pub(crate) requests: http2::SendRequest<B>,
    pub(crate) driver: JoinHandle<hyper::Result<()>>,
}

pub(crate) async fn open<B>(address: std::net::SocketAddr) -> Connection<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TcpStream::connect(address).await.unwrap();
    let (requests, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    Connection {
        requests,
        driver: tokio::spawn(driver),
    }
}

/// A request as an SDK would make it, which may be changed.
pub(crate) fn request<B>(address: std::net::SocketAddr, path: &str, body: B) -> Request<B> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("http://{address}{path}"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .body(body)
        .unwrap()
}

/// The number of the status of a response, and what it says.
pub(crate) async fn status(response: Response<Incoming>) -> (u16, String) {
    let of = |fields: &HeaderMap| {
        let code = fields.get("grpc-status")?.to_str().ok()?.parse().ok()?;
        let text = fields
            .get("grpc-message")
            .map(|text| text.to_str().unwrap().to_owned());
        Some((code, text.unwrap_or_default()))
    };
    if let Some(status) = of(response.headers()) {
        return status;
    }
    let body = response.into_body().collect().await.unwrap();
    of(body.trailers().unwrap()).unwrap()
}
