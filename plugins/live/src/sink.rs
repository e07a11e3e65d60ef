//! A recorder's way to a service elsewhere.

use std::{
    collections::VecDeque,
    fmt,
    net::{TcpStream, ToSocketAddrs as _},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use chronoscope_io::Backoff;
use chronoscope_log::{Sink, SinkError};
use chronoscope_types::LogMessage;
use parking_lot::{Condvar, Mutex};
use re_protos::external::prost::bytes::Bytes;

use crate::{Link, LiveError, LiveRuntime, envelope, send};

/// The pauses between tries to connect, the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// The time that a try to connect may take.
const CONNECT: Duration = Duration::from_secs(5);

/// What happens to messages while too much waits to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// Whoever logs waits.
    #[default]
    Wait,
    /// They are dropped and counted, for those who must not wait: see [`GrpcSink::dropped`].
    Drop,
}

/// Sends what is logged to a viewer or another service, as SDKs do.
///
/// A thread of its own connects, again and again until somebody listens; what is logged until then waits. Once there is a
/// connection and it breaks, the sink has failed.
pub struct GrpcSink {
    name: Arc<str>,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<Result<(), LiveError>>>,
    when_full: WhenFull,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Bytes>,
    bytes: usize,
    dropped: u64,
    /// No more messages come.
    is_closed: bool,
    is_connected: bool,
    /// Why no more messages are taken.
    failed: Option<Arc<str>>,
}

impl GrpcSink {
    /// Bytes that may wait to be sent, where nothing else is said.
    pub const MAX_BYTES: usize = 64 << 20;

    /// A sink for the service at a link.
    ///
    /// # Errors
    /// If the thread that sends cannot be started.
    pub fn connect(runtime: &LiveRuntime, link: &Link) -> Result<Self, LiveError> {
        let queue = Arc::new(Queue::default());
        let (sending, runtime, to) = (Arc::clone(&queue), runtime.clone(), link.clone());
        let thread = thread::Builder::new()
            .name("grpc sink".to_owned())
            .spawn(move || {
                let ended = run(&runtime, &to, &sending);
                let mut state = sending.state.lock();
                let reason = ended.as_ref().err().map(|error| error.to_string().into());
                state.failed = Some(reason.unwrap_or_else(|| "it has ended".into()));
                drop(state);
                sending.changed.notify_all();
                ended
            })
            .map_err(|error| LiveError::Thread(Arc::new(error)))?;
        Ok(Self {
            name: link.to_string().into(),
            queue,
            thread: Some(thread),
            when_full: WhenFull::Wait,
            max_bytes: Self::MAX_BYTES,
        })
    }

    /// Says how many bytes may wait, and what happens to more.
    #[must_use]
    pub fn with_limit(mut self, max_bytes: usize, when_full: WhenFull) -> Self {
        (self.max_bytes, self.when_full) = (max_bytes, when_full);
        self
    }

    /// Messages that were dropped, because too much waited.
    pub fn dropped(&self) -> u64 {
        self.queue.state.lock().dropped
    }

    fn closed(&self, reason: Arc<str>) -> SinkError {
        SinkError::Closed {
            sink: Arc::clone(&self.name),
            reason,
        }
    }
}

impl Sink for GrpcSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn take(&mut self, message: &LogMessage) -> Result<(), SinkError> {
        let bytes = envelope(message).map_err(|error| SinkError::Encode {
            sink: Arc::clone(&self.name),
            error: Arc::new(error),
        })?;
        let mut state = self.queue.state.lock();
        while state.failed.is_none() && state.bytes > 0 && state.bytes + bytes.len() > self.max_bytes {
            if self.when_full == WhenFull::Drop {
                state.dropped += 1;
                return Ok(());
            }
            self.queue.changed.wait(&mut state);
        }
        if let Some(reason) = state.failed.clone() {
            drop(state);
            return Err(self.closed(reason));
        }
        state.bytes += bytes.len();
        state.messages.push_back(bytes);
        drop(state);
        self.queue.changed.notify_all();
        Ok(())
    }

    /// Waits until everything was handed to the connection, where there is one.
    fn flush(&mut self) -> Result<(), SinkError> {
        let mut state = self.queue.state.lock();
        while state.is_connected && state.failed.is_none() && !state.messages.is_empty() {
            self.queue.changed.wait(&mut state);
        }
        match state.failed.clone() {
            Some(reason) => {
                drop(state);
                Err(self.closed(reason))
            }
            None => Ok(()),
        }
    }

    /// Waits until the service has taken everything. Gives up if no service was ever reached.
    fn finish(&mut self) -> Result<(), SinkError> {
        self.queue.state.lock().is_closed = true;
        self.queue.changed.notify_all();
        let ended = self.thread.take().map(JoinHandle::join);
        match ended {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(self.closed(error.to_string().into())),
            Some(Err(_panic)) => Err(self.closed("its thread ended unexpectedly".into())),
        }
    }
}

impl Drop for GrpcSink {
    fn drop(&mut self) {
        self.queue.state.lock().is_closed = true;
        self.queue.changed.notify_all();
    }
}

impl fmt::Debug for GrpcSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcSink")
            .field("name", &self.name)
            .field("when_full", &self.when_full)
            .finish_non_exhaustive()
    }
}

/// Waits for somebody to listen, then sends until no more comes.
fn run(runtime: &LiveRuntime, link: &Link, queue: &Arc<Queue>) -> Result<(), LiveError> {
    let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
    loop {
        let error = match probe(link) {
            Ok(()) => break,
            Err(error) => error,
        };
        let mut state = queue.state.lock();
        if !state.is_closed {
            queue
                .changed
                .wait_while_for(&mut state, |state| !state.is_closed, backoff.after_failure());
        }
        if state.is_closed {
            return Err(LiveError::Connect {
                address: link.authority(),
                error: Arc::new(error),
            });
        }
    }
    queue.state.lock().is_connected = true;
    let taken = Arc::clone(queue);
    let messages = std::iter::from_fn(move || {
        let mut state = taken.state.lock();
        loop {
            if let Some(message) = state.messages.pop_front() {
                state.bytes -= message.len();
                drop(state);
                taken.changed.notify_all();
                return Some(message);
            }
            if state.is_closed || state.failed.is_some() {
                return None;
            }
            taken.changed.wait(&mut state);
        }
    });
    send(runtime, link, messages)
}

/// Whether somebody listens.
fn probe(link: &Link) -> std::io::Result<()> {
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for address in (link.host(), link.port()).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(_connection) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}
