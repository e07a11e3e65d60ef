//! A connection to a service elsewhere, over which calls are made.

use std::{fmt, io, sync::Arc, time::Duration};

use http::{HeaderMap, Method, Request, Response, Version, header};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::AbortHandle,
};

#[cfg(feature = "tls")]
use crate::tls::encrypted;
use crate::{
    Link, LiveError,
    grpc::{CONTENT_TYPE, Messages},
};

/// The time that a connection may take to be there.
const CONNECT_SECS: u64 = 5;
/// The time until the system asks whether a silent peer is still there, and between its questions.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// What may be on its way to us before it is read.
const WINDOW: u32 = 4 << 20;

/// A connection to a service. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What goes before each path.
    base: String,
    requests: http2::SendRequest<Messages>,
    driver: AbortHandle,
}

impl Connection {
    pub(crate) async fn open(link: &Link) -> Result<Self, LiveError> {
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
        configure(&stream, link);
        #[cfg(feature = "tls")]
        if link.is_encrypted() {
            let stream = encrypted(stream, link.host()).await;
            let stream = stream.map_err(|error| LiveError::Encryption {
                address: link.authority(),
                error: Arc::new(error),
            })?;
            return Self::over(stream, link).await;
        }
        Self::over(stream, link).await
    }

    async fn over<S>(stream: S, link: &Link) -> Result<Self, LiveError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
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
            base: format!(
                "{}://{}",
                if link.is_encrypted() { "https" } else { "http" },
                link.authority()
            ),
            requests,
            driver: driver.abort_handle(),
        })
    }

    pub(crate) async fn call(
        &mut self,
        path: &'static str,
        fields: HeaderMap,
        body: Messages,
    ) -> Result<Response<Incoming>, LiveError> {
        let broken = |error: String| LiveError::Broken(error);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.base))
            .version(Version::HTTP_2)
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header(header::TE, "trailers")
            .body(body)
            .map_err(|error| broken(error.to_string()))?;
        request.headers_mut().extend(fields);
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

/// Has the system notice where a peer is gone without a word. It costs nothing here.
pub(crate) fn configure(stream: &TcpStream, peer: impl fmt::Display) {
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    let socket = SockRef::from(stream);
    let configured = stream
        .set_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive));
    if let Err(error) = configured {
        tracing::debug!("{peer}: the connection could not be configured: {error}");
    }
}
