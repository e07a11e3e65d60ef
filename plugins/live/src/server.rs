//! The service that senders connect to.

use std::{
    collections::VecDeque,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chronoscope_io::{SourceGroup, SourceHandle, SourceLimits, wire::MAX_MESSAGE_BYTES};
use chronoscope_store::Waker;
use http::{HeaderMap, HeaderName, HeaderValue};
use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::{Condvar, Mutex};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::AbortHandle,
};

use crate::{
    LiveError, LiveRuntime, NamedFiles, Relay, connection,
    gate::Gate,
    grpc::{Budget, percent_decoded, percent_encoded},
    service::{Caller, Service},
};

/// How a service is offered.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The address to listen on; port 0 is any that is free.
    pub address: SocketAddr,
    /// What may wait for the viewer, all senders together.
    pub waiting: SourceLimits,
    /// The connections at the same time. More are closed at once.
    pub max_connections: usize,
    /// The streams at the same time, over all connections. More are refused.
    pub max_streams: usize,
    /// The bytes of one message.
    pub max_message_bytes: u64,
    /// The bytes of messages that have not arrived as a whole, all senders together.
    pub max_partial_bytes: u64,
    /// What readers are given. Without, nobody can read from this service.
    pub relay: Option<Relay>,
    /// Whether other starts of this program on this machine may name files to open: [`Server::try_next_files`].
    pub opens_files: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], crate::DEFAULT_PORT)),
            // A frame takes what is there and what comes meanwhile; there should be enough until the next.
            waiting: SourceLimits {
                events: 1 << 16,
                bytes: 64 << 20,
            },
            max_connections: 512,
            max_streams: 256,
            max_message_bytes: MAX_MESSAGE_BYTES,
            max_partial_bytes: 2 * MAX_MESSAGE_BYTES,
            relay: None,
            opens_files: false,
        }
    }
}

/// The time until a connection has to ask for something.
const FIRST_REQUEST: Duration = Duration::from_secs(30);
/// What a sender may send before it is read: of one stream, and of a connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
const MAX_HEADER_BYTES: u32 = 16 << 10;
/// The pause after the system could not give a connection, as where all file handles are taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A service that senders connect to. Dropping it closes its connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    arrivals: Arc<Arrivals>,
    /// Closes the connections when it is dropped.
    _open: watch::Sender<()>,
    accepting: AbortHandle,
    _runtime: LiveRuntime,
}

impl Server {
    /// Listens on an address.
    ///
    /// # Errors
    /// Where another program listens there, or the address is not one of this machine.
    pub fn start(runtime: &LiveRuntime, settings: &ServerSettings) -> Result<Self, LiveError> {
        let failed = |error: io::Error| LiveError::Bind {
            address: settings.address,
            error: Arc::new(error),
        };
        let listener = StdListener::bind(settings.address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let _entered = runtime.handle().enter();
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let arrivals = Arc::new(Arrivals::default());
        let service = Arc::new(Service {
            gate: Gate::of(address.ip()),
            group: SourceGroup::new(settings.waiting),
            arrivals: Arc::clone(&arrivals),
            streams: Arc::new(Semaphore::new(settings.max_streams)),
            max_message_bytes: settings.max_message_bytes.min(u64::from(u32::MAX)),
            budget: Budget::new(settings.max_partial_bytes),
            relay: settings.relay.clone(),
            opens_files: settings.opens_files,
        });
        let (open, closed) = watch::channel(());
        let connections = Arc::new(Semaphore::new(settings.max_connections));
        let accepting = tokio::spawn(accept(listener, service, connections, closed)).abort_handle();
        Ok(Self {
            address,
            arrivals,
            _open: open,
            accepting,
            _runtime: runtime.clone(),
        })
    }

    /// The address that is listened on, with its port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next sender that has connected; never waits.
    pub fn try_next(&self) -> Option<Arrival> {
        self.arrivals.queue.lock().pop_front()
    }

    /// The next files that another start of this program wants to be opened; never waits.
    pub fn try_next_files(&self) -> Option<NamedFiles> {
        self.arrivals.files.lock().pop_front()
    }

    /// The next sender that connects, or `None` where none does in this time.
    pub fn next_within(&self, time: Duration) -> Option<Arrival> {
        let mut queue = self.arrivals.queue.lock();
        self.arrivals
            .changed
            .wait_while_for(&mut queue, |queue| queue.is_empty(), time);
        queue.pop_front()
    }

    /// Whether something that was received to its end, and the sender told so, is not there to be taken yet. Who ends waits for that: where
    /// it is so, the waker is called when it may be there.
    pub fn is_delivering(&self) -> bool {
        self.arrivals.is_delivery_awaited.store(true, Ordering::SeqCst);
        self.arrivals.num_delivering.load(Ordering::SeqCst) > 0
    }

    /// Calls `waker` from now on whenever a sender has connected.
    pub fn set_waker(&self, waker: &Waker) {
        *self.arrivals.waker.lock() = Some(waker.clone());
        waker.wake();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A sender that has connected.
#[derive(Debug)]
pub struct Arrival {
    /// What it sends.
    pub source: SourceHandle,
    /// What it says of that, where it is no SDK but another start of this program.
    pub hand_over: Option<HandOver>,
}

/// What a start of this program says of the files that it hands over to one that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandOver {
    /// Where to look, as the command line had it: a timeline and a time on it.
    pub time: Option<String>,
}

impl HandOver {
    /// The field of a request that says it.
    const FIELD: HeaderName = HeaderName::from_static("chronoscope-hand-over");

    /// Says it in a request.
    pub(crate) fn add_to(&self, fields: &mut HeaderMap) {
        let text = percent_encoded(self.time.as_deref().unwrap_or_default());
        // It has nothing but printable characters now.
        if let Ok(value) = HeaderValue::from_str(&text) {
            fields.insert(Self::FIELD, value);
        }
    }

    /// What a request says; `None` where it is that of an SDK.
    pub(crate) fn of_fields(fields: &HeaderMap) -> Option<Self> {
        let time = percent_decoded(fields.get(Self::FIELD)?.as_bytes());
        Some(Self {
            time: (!time.is_empty()).then_some(time),
        })
    }
}

/// Senders that have connected and were not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    queue: Mutex<VecDeque<Arrival>>,
    files: Mutex<VecDeque<NamedFiles>>,
    changed: Condvar,
    waker: Mutex<Option<Waker>>,
    num_delivering: AtomicUsize,
    /// Somebody asked whether something is on its way. Nobody else is woken when it is there.
    is_delivery_awaited: AtomicBool,
}

/// What a sender sent to its end is on its way into its source, for as long as this lives.
pub(crate) struct Delivering(Arc<Arrivals>);

impl Drop for Delivering {
    fn drop(&mut self) {
        self.0.num_delivering.fetch_sub(1, Ordering::SeqCst);
        if self.0.is_delivery_awaited.swap(false, Ordering::SeqCst) {
            self.0.tell();
        }
    }
}

impl Arrivals {
    pub(crate) fn delivering(arrivals: &Arc<Self>) -> Delivering {
        arrivals.num_delivering.fetch_add(1, Ordering::SeqCst);
        Delivering(Arc::clone(arrivals))
    }

    pub(crate) fn push(&self, arrival: Arrival) {
        self.queue.lock().push_back(arrival);
        self.tell();
    }

    pub(crate) fn push_files(&self, files: NamedFiles) {
        self.files.lock().push_back(files);
        self.tell();
    }

    fn tell(&self) {
        self.changed.notify_all();
        let waker = self.waker.lock().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

async fn accept(
    listener: TcpListener,
    service: Arc<Service>,
    connections: Arc<Semaphore>,
    closed: watch::Receiver<()>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
                    tracing::warn!("{peer}: closed, since there are too many connections");
                    continue;
                };
                let (service, mut closed) = (Arc::clone(&service), closed.clone());
                tokio::spawn(async move {
                    let _permit = permit;
                    tokio::select! {
                        // It never changes: it ends.
                        _ = closed.changed() => {}
                        result = serve(stream, peer, service) => if let Err(error) = result {
                            tracing::debug!("{peer}: {error}");
                        }
                    }
                });
            }
            Err(error) => {
                tracing::warn!("no connection could be taken: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers the requests of one connection until it is closed.
async fn serve(stream: TcpStream, peer: SocketAddr, service: Arc<Service>) -> hyper::Result<()> {
    connection::configure(&stream, peer);
    let caller = Arc::new(Caller::new(peer));
    let answer = {
        let caller = Arc::clone(&caller);
        service_fn(move |request| Arc::clone(&service).answer(Arc::clone(&caller), request))
    };
    let connection = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_HEADER_BYTES)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        result = &mut connection => return result,
        () = caller.has_asked() => {}
        () = tokio::time::sleep(FIRST_REQUEST) => {
            tracing::debug!("{peer}: closed, since it asked for nothing");
            return Ok(());
        }
    }
    connection.await
}
