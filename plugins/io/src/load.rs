//! Reads several files at once, on threads of their own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chronoscope_store::Waker;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use parking_lot::{Condvar, Mutex};

use crate::{FormatRegistry, IoError, LoadEvent, LoadOutcome, LoadReport, Severity, index_file};

/// How files are read.
#[derive(Clone, Debug)]
pub struct LoadSettings {
    /// The files that are read at the same time, a thread each.
    pub threads: usize,
    /// The events that may wait for the receiver. More make bursts smoother, fewer make a cancelled load stop sooner.
    pub channel_events: usize,
    /// The memory that may wait for the receiver, in bytes. A single message may exceed it.
    pub channel_bytes: u64,
    /// Files of at least so many bytes are indexed instead of read in full, where their format can do that: their chunks
    /// are known at once and read once they are wanted. `u64::MAX` never, 0 always.
    pub index_from_bytes: u64,
    /// The formats that are known.
    pub formats: Arc<FormatRegistry>,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self {
            threads: 4,
            channel_events: 256,
            channel_bytes: 64 << 20,
            index_from_bytes: 256 << 20,
            formats: Arc::default(),
        }
    }
}

/// How far a load is, over all of its files. A snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadProgress {
    /// The files to read.
    pub files: usize,
    /// The files that are done.
    pub files_finished: usize,
    /// The bytes that have been read.
    pub bytes_read: u64,
    /// The bytes of all files that have been started and whose size is known. Of a file that is done, those that were read.
    pub total_bytes: u64,
    /// The chunks that have been read, or became known.
    pub chunks: u64,
    /// The reports that have been made.
    pub reports: u64,
}

/// A load that is under way. Dropping it cancels the load.
#[derive(Debug)]
pub struct LoadHandle {
    receiver: Receiver<LoadEvent>,
    shared: Arc<Shared>,
}

impl LoadHandle {
    /// The next event if there is one; never waits.
    ///
    /// `None` while nothing has arrived and after the last event: see [`Self::is_finished`].
    pub fn try_recv(&self) -> Option<LoadEvent> {
        self.receiver
            .try_recv()
            .ok()
            .inspect(|event| self.shared.release(event))
    }

    /// Waits for the next event. `None` after the last one.
    pub fn recv(&self) -> Option<LoadEvent> {
        self.receiver
            .recv()
            .ok()
            .inspect(|event| self.shared.release(event))
    }

    /// Waits for the next event, but not longer than this. `None` where nothing arrived in time, and after the last one.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<LoadEvent> {
        match self.receiver.recv_timeout(timeout) {
            Ok(event) => {
                self.shared.release(&event);
                Some(event)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// All events that are still to come, waiting for each.
    pub fn events(&self) -> impl Iterator<Item = LoadEvent> {
        std::iter::from_fn(|| self.recv())
    }

    /// How far the load is.
    pub fn progress(&self) -> LoadProgress {
        let shared = &self.shared;
        LoadProgress {
            files: shared.files,
            files_finished: shared.files_finished.load(Ordering::Acquire),
            bytes_read: shared.bytes_read.load(Ordering::Relaxed),
            total_bytes: shared.total_bytes.load(Ordering::Relaxed),
            chunks: shared.chunks.load(Ordering::Relaxed),
            reports: shared.reports.load(Ordering::Relaxed),
        }
    }

    /// Whether every event of every file has been received.
    pub fn is_finished(&self) -> bool {
        self.shared.files_finished.load(Ordering::Acquire) == self.shared.files && self.receiver.is_empty()
    }

    /// Calls `waker` from now on whenever there is something to receive, and when the load is finished.
    pub fn set_waker(&self, waker: &Waker) {
        *self.shared.waker.lock() = Some(waker.clone());
        // What was sent before counts too.
        waker.wake();
    }

    /// Stops reading. What has been read can still be received.
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Release);
        self.shared.room.notify_all();
    }
}

impl Drop for LoadHandle {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Begins to read files on threads of their own, and returns at once.
///
/// The reader waits while [`LoadSettings::channel_events`] or [`LoadSettings::channel_bytes`] wait for the receiver. A
/// file that cannot be read gives a report and a [`LoadEvent::Finished`], as any other.
pub fn load_files<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, settings: &LoadSettings) -> LoadHandle {
    let paths: Arc<[PathBuf]> = paths
        .into_iter()
        .map(|path| path.as_ref().to_path_buf())
        .collect();
    let shared = Arc::new(Shared {
        files: paths.len(),
        channel_bytes: settings.channel_bytes,
        ..Shared::default()
    });
    let (sender, receiver) = crossbeam_channel::bounded(settings.channel_events.max(1));
    let next = Arc::new(AtomicUsize::new(0));

    let threads = settings.threads.clamp(1, paths.len().max(1));
    let mut failure = None;
    for _ in 0..threads {
        let worker = Worker {
            paths: Arc::clone(&paths),
            next: Arc::clone(&next),
            formats: Arc::clone(&settings.formats),
            index_from_bytes: settings.index_from_bytes,
            output: Output {
                sender: sender.clone(),
                shared: Arc::clone(&shared),
            },
        };
        if let Err(error) = std::thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || worker.run())
        {
            failure = Some(error);
        }
    }
    drop(sender);

    // The workers share the files, so one is enough. Without any, the first file tells why, for all.
    match failure {
        Some(error) if next.load(Ordering::Acquire) == 0 && Arc::strong_count(&next) == 1 => {
            refused(&paths, shared, &IoError::Thread(error))
        }
        _ => LoadHandle { receiver, shared },
    }
}

fn refused(paths: &[PathBuf], shared: Arc<Shared>, error: &IoError) -> LoadHandle {
    let (sender, receiver) = crossbeam_channel::unbounded();
    for path in paths {
        let source: Arc<str> = path.display().to_string().into();
        let outcome = LoadOutcome {
            reports: 1,
            damaged: true,
            ..LoadOutcome::default()
        };
        let report = LoadReport::new(&source, Severity::Error, error);
        let events = [
            LoadEvent::Started {
                source: Arc::clone(&source),
                total_bytes: None,
            },
            LoadEvent::Report(report),
            LoadEvent::Finished { source, outcome },
        ];
        for event in events {
            // The receiver is in this function's hands, so the channel is open.
            let _ = sender.send(event);
        }
    }
    shared.files_finished.store(shared.files, Ordering::Release);
    LoadHandle { receiver, shared }
}

/// What the handle and the threads share.
#[derive(Debug, Default)]
struct Shared {
    files: usize,
    files_finished: AtomicUsize,
    bytes_read: AtomicU64,
    total_bytes: AtomicU64,
    chunks: AtomicU64,
    reports: AtomicU64,
    /// Shared with what is being read, which ends once it is set.
    cancelled: Arc<AtomicBool>,
    channel_bytes: u64,
    waiting_bytes: Mutex<u64>,
    room: Condvar,
    waker: Mutex<Option<Waker>>,
}

impl Shared {
    /// Waits until the event's memory fits into the channel; `false` if the load was cancelled meanwhile.
    fn reserve(&self, event: &LoadEvent) -> bool {
        let bytes = event.num_bytes();
        let mut waiting = self.waiting_bytes.lock();
        while *waiting > 0 && waiting.saturating_add(bytes) > self.channel_bytes && !self.is_cancelled() {
            // The timeout covers a cancellation between the check and the wait.
            self.room.wait_for(&mut waiting, Duration::from_millis(50));
        }
        *waiting += bytes;
        !self.is_cancelled()
    }

    fn release(&self, event: &LoadEvent) {
        let mut waiting = self.waiting_bytes.lock();
        *waiting = waiting.saturating_sub(event.num_bytes());
        drop(waiting);
        self.room.notify_all();
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.lock() {
            waker.wake();
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}

struct Output {
    sender: Sender<LoadEvent>,
    shared: Arc<Shared>,
}

impl Output {
    /// Sends an event as soon as there is room; `false` where nobody wants it any more.
    fn send(&self, event: LoadEvent) -> bool {
        match &event {
            LoadEvent::Message(message) => {
                self.shared
                    .chunks
                    .fetch_add(message.num_chunks(), Ordering::Relaxed);
            }
            LoadEvent::Report(_) => {
                self.shared.reports.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        let is_sent = self.shared.reserve(&event) && self.sender.send(event).is_ok();
        self.shared.wake();
        is_sent
    }
}

struct Worker {
    paths: Arc<[PathBuf]>,
    next: Arc<AtomicUsize>,
    formats: Arc<FormatRegistry>,
    index_from_bytes: u64,
    output: Output,
}

impl Worker {
    fn run(self) {
        while let Some(path) = self.paths.get(self.next.fetch_add(1, Ordering::AcqRel)) {
            // A reader catches what its libraries do. This is the last line of defence, so that a file always finishes.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.load(path))) {
                let source: Arc<str> = path.display().to_string().into();
                let error = IoError::Panic {
                    offset: 0,
                    panic: panic_text(&*panic),
                };
                let outcome = LoadOutcome {
                    reports: 1,
                    damaged: true,
                    ..LoadOutcome::default()
                };
                self.output.send(LoadEvent::Report(LoadReport::new(
                    &source,
                    Severity::Error,
                    &error,
                )));
                self.output.send(LoadEvent::Finished { source, outcome });
            }
            self.output.shared.files_finished.fetch_add(1, Ordering::AcqRel);
            self.output.shared.wake();
        }
    }

    fn load(&self, path: &Path) {
        let shared = &self.output.shared;
        let mut events = index_file(path, Arc::clone(&self.formats), self.index_from_bytes);
        events.end_when(&shared.cancelled);
        let total_bytes = events.total_bytes().unwrap_or(0);
        shared.total_bytes.fetch_add(total_bytes, Ordering::Relaxed);
        let mut counted = 0;
        while let Some(event) = events.next() {
            let bytes_read = events.bytes_read();
            shared
                .bytes_read
                .fetch_add(bytes_read - counted, Ordering::Relaxed);
            counted = bytes_read;
            if matches!(event, LoadEvent::Finished { .. }) {
                // Most of a file that is indexed is not read at all.
                shared
                    .total_bytes
                    .fetch_sub(total_bytes.saturating_sub(counted), Ordering::Relaxed);
            }
            if !self.output.send(event) && !shared.is_cancelled() {
                return;
            }
        }
    }
}

/// What a panic says, where it says it in words.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without words").to_owned()
}
