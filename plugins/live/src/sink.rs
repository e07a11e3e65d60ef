//! A recorder's way to a service elsewhere.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    net::{TcpStream, ToSocketAddrs as _},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use chronoscope_io::Backoff;
use chronoscope_log::{Sink, SinkError, SinkNotice};
use chronoscope_store::{EntityPath, StoreId};
use chronoscope_types::LogMessage;
use parking_lot::{Condvar, Mutex, MutexGuard};
use re_protos::external::prost::bytes::Bytes;

use crate::{Code, Link, LiveError, LiveRuntime, envelope, send};

/// The pauses between tries to connect, the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// The time that a try to connect may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The time after which a service that takes nothing is not waited for, by those who rather lose something.
const STALL: Duration = Duration::from_secs(2);

/// What happens to messages while too much waits to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// Whoever logs waits.
    #[default]
    Wait,
    /// They are dropped and counted, for those who must not wait: see [`GrpcSink::dropped`]. What holds at all times is sent all the same,
    /// within the same limit, where losses are tolerated.
    Drop,
}

/// Sends what is logged to a viewer or another service, as SDKs do.
///
/// A thread of its own connects, again and again until somebody listens; what is logged until then waits. Once there is a
/// connection and it breaks, the sink has failed.
///
/// Where losses are tolerated ([`Sink::tolerate_losses`], as a recorder of a world does), what is too much is dropped, unless
/// [`Self::with_limit`] says otherwise, and a connection that broke is tried again: a viewer that is started again gets what holds at
/// all times, and what is logged from then on. Where the viewer says that it wants no more, that is the end of it.
pub struct GrpcSink {
    name: Arc<str>,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<Result<(), LiveError>>>,
    /// `None` where nothing was said.
    when_full: Option<WhenFull>,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<WaitingMessage>,
    bytes: usize,
    /// Messages that were handed to a connection.
    num_sent: u64,
    dropped: u64,
    /// Whether something was dropped since there was room.
    is_dropping: bool,
    /// Whether to lose something rather than to wait or to end.
    is_lossy: bool,
    /// What another service has to know first, where losses are tolerated.
    kept: BTreeMap<KeptKey, Bytes>,
    kept_bytes: usize,
    notices: Vec<SinkNotice>,
    /// No more messages come.
    is_closed: bool,
    is_connected: bool,
    /// Connections that broke.
    num_broken: u64,
    /// Why no more messages are taken.
    failed: Option<Arc<str>>,
}

#[derive(Debug)]
struct WaitingMessage {
    bytes: Bytes,
    /// Whether it is among what is kept, or was.
    is_kept: bool,
}

/// What replaces what was kept before: the description of a recording, or what holds at all times of some components of an entity.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct KeptKey {
    store: StoreId,
    /// `None` for the recording itself, which comes first.
    entity: Option<EntityPath>,
    components: Vec<Arc<str>>,
}

impl KeptKey {
    fn of(message: &LogMessage) -> Option<Self> {
        match message {
            LogMessage::StoreInfo(info) => Some(Self {
                store: info.id.clone(),
                entity: None,
                components: Vec::new(),
            }),
            LogMessage::Chunk { store, chunk } if chunk.is_static() => {
                let components = chunk.components().iter();
                Some(Self {
                    store: store.clone(),
                    entity: Some(chunk.entity_path().clone()),
                    components: components
                        .map(|column| Arc::clone(&column.descriptor().component))
                        .collect(),
                })
            }
            _ => None,
        }
    }
}

impl State {
    /// Keeps a message for services that come later, where it is one to keep and there is room. Returns whether it did.
    fn keep(&mut self, message: &LogMessage, bytes: &Bytes, max_bytes: usize) -> bool {
        if !self.is_lossy {
            return false;
        }
        let Some(key) = KeptKey::of(message) else {
            return false;
        };
        let before = self.kept.get(&key).map_or(0, Bytes::len);
        let after = self.kept_bytes - before + bytes.len();
        if after > max_bytes {
            return false;
        }
        self.kept_bytes = after;
        self.kept.insert(key, bytes.clone());
        true
    }

    /// Puts what was kept before what waits.
    fn begin_anew(&mut self) {
        self.messages.retain(|message| !message.is_kept);
        for bytes in self.kept.values().rev() {
            self.messages.push_front(WaitingMessage {
                bytes: bytes.clone(),
                is_kept: true,
            });
        }
        self.bytes = self.messages.iter().map(|message| message.bytes.len()).sum();
        self.notices.push(SinkNotice::Anew);
    }
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
            when_full: None,
            max_bytes: Self::MAX_BYTES,
        })
    }

    /// Says how many bytes may wait, and what happens to more.
    #[must_use]
    pub fn with_limit(mut self, max_bytes: usize, when_full: WhenFull) -> Self {
        (self.max_bytes, self.when_full) = (max_bytes, Some(when_full));
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

    /// Waits until something is so, as long as the service takes what is sent. Returns whether it is.
    fn wait_while_it_takes(&self, state: &mut MutexGuard<'_, State>, is_so: impl Fn(&State) -> bool) -> bool {
        loop {
            if is_so(state) {
                return true;
            }
            let before = state.num_sent;
            let waited = self.queue.changed.wait_for(state, STALL);
            if waited.timed_out() && state.num_sent == before && !is_so(state) {
                return false;
            }
        }
    }
}

impl Sink for GrpcSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn tolerate_losses(&mut self) {
        self.queue.state.lock().is_lossy = true;
    }

    fn take_notices(&mut self) -> Vec<SinkNotice> {
        std::mem::take(&mut self.queue.state.lock().notices)
    }

    fn waiting_bytes(&self) -> u64 {
        let state = self.queue.state.lock();
        (state.bytes + state.kept_bytes) as u64
    }

    fn take(&mut self, message: &LogMessage) -> Result<(), SinkError> {
        let bytes = envelope(message).map_err(|error| SinkError::Encode {
            sink: Arc::clone(&self.name),
            error: Arc::new(error),
        })?;
        let mut state = self.queue.state.lock();
        let is_kept = state.keep(message, &bytes, self.max_bytes);
        let drops = match self.when_full {
            Some(when_full) => when_full == WhenFull::Drop,
            None => state.is_lossy,
        };
        while state.failed.is_none() && state.bytes > 0 && state.bytes + bytes.len() > self.max_bytes {
            if drops && is_kept {
                break;
            }
            if drops {
                state.dropped += 1;
                if !std::mem::replace(&mut state.is_dropping, true) {
                    let sink = Arc::clone(&self.name);
                    state.notices.push(SinkNotice::Lost(SinkError::Dropping { sink }));
                }
                return Ok(());
            }
            self.queue.changed.wait(&mut state);
        }
        if state.bytes <= self.max_bytes / 2 {
            state.is_dropping = false;
        }
        if let Some(reason) = state.failed.clone() {
            drop(state);
            return Err(self.closed(reason));
        }
        state.bytes += bytes.len();
        state.messages.push_back(WaitingMessage { bytes, is_kept });
        drop(state);
        self.queue.changed.notify_all();
        Ok(())
    }

    /// Waits until everything was handed to the connection, where there is one; where losses are tolerated, not for a service that
    /// takes nothing.
    fn flush(&mut self) -> Result<(), SinkError> {
        let is_flushed =
            |state: &State| !state.is_connected || state.failed.is_some() || state.messages.is_empty();
        let mut state = self.queue.state.lock();
        if state.is_lossy {
            self.wait_while_it_takes(&mut state, is_flushed);
        } else {
            while !is_flushed(&state) {
                self.queue.changed.wait(&mut state);
            }
        }
        match state.failed.clone() {
            Some(reason) => {
                drop(state);
                Err(self.closed(reason))
            }
            None => Ok(()),
        }
    }

    /// Waits until the service has taken everything. Gives up if no service was ever reached, and where losses are tolerated, if it
    /// takes nothing.
    fn finish(&mut self) -> Result<(), SinkError> {
        let mut state = self.queue.state.lock();
        state.is_closed = true;
        self.queue.changed.notify_all();
        if state.is_lossy && !self.wait_while_it_takes(&mut state, |state| state.failed.is_some()) {
            drop(state);
            // The thread waits for it, and ends with the program.
            self.thread = None;
            return Err(self.closed("it takes nothing; what waits for it is lost".into()));
        }
        drop(state);
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

/// Sends until no more comes, over one connection after the other where losses are tolerated.
fn run(runtime: &LiveRuntime, link: &Link, queue: &Arc<Queue>) -> Result<(), LiveError> {
    let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
    loop {
        reach(link, queue, &mut backoff)?;
        let began = Instant::now();
        let ended = send(runtime, link, waiting_messages(queue));
        let mut state = queue.state.lock();
        state.is_connected = false;
        state.num_broken += 1;
        // Whoever takes messages for the connection that broke ends.
        queue.changed.notify_all();
        if !state.is_lossy {
            return ended;
        }
        let reason = match ended {
            Ok(()) if state.is_closed && state.messages.is_empty() => return Ok(()),
            Ok(()) => "it took no more".to_owned(),
            Err(error) if state.is_closed || !error.is_worth_another_try() => return Err(error),
            Err(error) => {
                // A viewer that is about to end says the same as one whose user wants no more of this.
                let is_refused =
                    matches!(&error, LiveError::Refused(status) if status.code == Code::Unavailable);
                drop(state);
                if is_refused && still_listens(link, queue) {
                    return Err(error);
                }
                state = queue.state.lock();
                error.to_string()
            }
        };
        state.notices.push(SinkNotice::Lost(SinkError::Broken {
            sink: link.to_string().into(),
            reason: reason.into(),
        }));
        // One that breaks at once, again and again, is no success.
        if began.elapsed() >= LAST_PAUSE {
            backoff.succeeded();
        }
        pause(queue, &mut state, backoff.after_failure());
    }
}

/// Waits for somebody to listen.
fn reach(link: &Link, queue: &Queue, backoff: &mut Backoff) -> Result<(), LiveError> {
    loop {
        let error = match probe(link) {
            Ok(()) => break,
            Err(error) => error,
        };
        let mut state = queue.state.lock();
        if !state.is_closed {
            pause(queue, &mut state, backoff.after_failure());
        }
        if state.is_closed {
            return Err(LiveError::Connect {
                address: link.authority(),
                error: Arc::new(error),
            });
        }
    }
    let mut state = queue.state.lock();
    state.is_connected = true;
    if state.num_broken > 0 {
        state.begin_anew();
    }
    Ok(())
}

/// Waits for so long, or until no more messages come.
fn pause(queue: &Queue, state: &mut MutexGuard<'_, State>, duration: Duration) {
    queue
        .changed
        .wait_while_for(state, |state| !state.is_closed, duration);
}

/// Whether somebody listens there for some time.
fn still_listens(link: &Link, queue: &Queue) -> bool {
    const TRIES: u32 = 8;
    (0..TRIES).all(|_| {
        let mut state = queue.state.lock();
        pause(queue, &mut state, STALL / TRIES);
        drop(state);
        probe(link).is_ok()
    })
}

/// The messages that wait and those that come, for the connection that there is now.
fn waiting_messages(queue: &Arc<Queue>) -> impl Iterator<Item = Bytes> + Send + 'static {
    let queue = Arc::clone(queue);
    let connection = queue.state.lock().num_broken;
    std::iter::from_fn(move || {
        let mut state = queue.state.lock();
        loop {
            if state.num_broken != connection {
                return None;
            }
            if let Some(WaitingMessage { bytes, .. }) = state.messages.pop_front() {
                state.bytes -= bytes.len();
                state.num_sent += 1;
                drop(state);
                queue.changed.notify_all();
                return Some(bytes);
            }
            if state.is_closed || state.failed.is_some() {
                return None;
            }
            queue.changed.wait(&mut state);
        }
    })
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
