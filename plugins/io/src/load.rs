//! Reads several files at once, on threads of their own.

use std::{
    collections::VecDeque,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chronoscope_store::Waker;
use parking_lot::Mutex;

use crate::{
    Events, FileInput, ImportContext, ImportOptions, Importers, IoError, LoadEvent, LoadOutcome, LoadReport,
    Severity, SourceGroup, SourceHandle, SourceLimits, SourceSender,
    import::Contexts,
    panic_text,
    read::name_of,
    source::{Group, add_to, after},
};

/// How files are read.
#[derive(Clone, Debug)]
pub struct LoadSettings {
    /// The files that are read at the same time, a thread each. A pipe has one of its own beside them.
    pub threads: usize,
    /// The events that may wait for the receiver. More make bursts smoother, fewer make a cancelled load stop sooner.
    pub channel_events: usize,
    /// The memory that may wait for the receiver, in bytes. A single message may exceed it.
    pub channel_bytes: u64,
    /// Files of at least so many bytes, or that say that they take so many in memory, are indexed instead of read in full, where
    /// their format can do that: their chunks are known at once and read once they are wanted. `u64::MAX` never, 0 always. Files of web servers that give parts of
    /// them are indexed from smaller sizes on.
    pub index_from_bytes: u64,
    /// The formats that are known.
    pub importers: Arc<Importers>,
    /// Where the data of files goes that do not say it themselves.
    pub import: ImportOptions,
}

impl Default for LoadSettings {
    fn default() -> Self {
        let limits = SourceLimits::default();
        Self {
            threads: 4,
            channel_events: limits.events,
            channel_bytes: limits.bytes,
            index_from_bytes: 256 << 20,
            importers: Arc::default(),
            import: ImportOptions::default(),
        }
    }
}

/// Begins to read files on threads of their own, and returns at once: a source per file, in the order of the paths. A path may
/// be a link to a web server.
///
/// The readers wait while [`LoadSettings::channel_events`] or [`LoadSettings::channel_bytes`] wait for the receivers, all
/// sources together. A file that cannot be read gives a report and a [`LoadEvent::Finished`], as any other. Files without a
/// store of their own share a new recording, unless [`ImportOptions::store`] names one.
pub fn open_files<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    settings: &LoadSettings,
) -> Vec<SourceHandle> {
    open_in_group(paths, settings).1
}

/// Begins to read a stream of bytes, such as the standard input, on a thread of its own, and returns at once. What has
/// arrived can be received while the rest is still to come.
pub fn open_stream(
    name: impl Into<Arc<str>>,
    reader: impl Read + Send + 'static,
    settings: &LoadSettings,
) -> SourceHandle {
    let limits = SourceLimits {
        events: settings.channel_events,
        bytes: settings.channel_bytes,
    };
    let name = name.into();
    let (sender, handle) = SourceGroup::new(limits).add(Arc::clone(&name));
    let sender = Arc::new(sender);
    let input = FileInput::new(Arc::clone(&name), None, reader);
    let events = Events::new(name, Ok(input), Arc::clone(&settings.importers));
    let spawned = std::thread::Builder::new().name("load".to_owned()).spawn({
        let sender = Arc::clone(&sender);
        move || send_all(events, &sender)
    });
    if let Err(error) = spawned {
        sender.refuse(&IoError::Thread(error));
    }
    handle
}

/// Sends the events of a source until its end, or until nobody wants more.
fn send_all(mut events: Events, sender: &SourceSender) {
    events.end_when(sender.cancelled());
    let total_bytes = events.total_bytes().unwrap_or(0);
    sender.set_progress(0, total_bytes);
    while let Some(event) = events.next() {
        let bytes_read = events.bytes_read();
        // Most of a file that is indexed is not read at all.
        let is_last = matches!(event, LoadEvent::Finished { .. });
        sender.set_progress(bytes_read, if is_last { bytes_read } else { total_bytes });
        if sender.send(event).is_err() {
            return;
        }
    }
}

fn open_in_group<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    settings: &LoadSettings,
) -> (Arc<Group>, Vec<SourceHandle>) {
    let paths: Vec<PathBuf> = paths
        .into_iter()
        .map(|path| path.as_ref().to_path_buf())
        .collect();
    let contexts = Contexts::new(&settings.import, paths.iter().map(PathBuf::as_path));
    let group = Arc::new(Group::new(SourceLimits {
        events: settings.channel_events,
        bytes: settings.channel_bytes,
    }));
    let (mut jobs, mut slow) = (VecDeque::with_capacity(paths.len()), Vec::new());
    let mut handles = Vec::with_capacity(paths.len());
    for path in paths {
        let name = name_of(&path);
        let context = contexts.of(&path, &name);
        let (sender, handle) = add_to(&group, name);
        let may_wait = may_wait(&path);
        let job = Job {
            path,
            context,
            sender,
        };
        if may_wait {
            slow.push(VecDeque::from([job]));
        } else {
            jobs.push_back(job);
        }
        handles.push(handle);
    }
    let threads = settings.threads.max(1).min(jobs.len());
    start(jobs, threads, settings);
    for job in slow {
        start(job, 1, settings);
    }
    (group, handles)
}

/// Whether what is at a path may have to be waited for, however long: a pipe, a device. What else is to be read does not wait behind it.
fn may_wait(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Begins to read files, so many at the same time.
fn start(jobs: VecDeque<Job>, threads: usize, settings: &LoadSettings) {
    let jobs = Arc::new(Mutex::new(jobs));
    let (mut started, mut failure) = (0, None);
    for _ in 0..threads {
        let worker = Worker {
            jobs: Arc::clone(&jobs),
            importers: Arc::clone(&settings.importers),
            index_from_bytes: settings.index_from_bytes,
        };
        match std::thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || worker.run())
        {
            Ok(_detached) => started += 1,
            Err(error) => failure = Some(IoError::Thread(error)),
        }
    }
    // The workers share the files, so one is enough. Without any, each file tells why.
    if let Some(error) = failure.filter(|_| started == 0) {
        for job in std::mem::take(&mut *jobs.lock()) {
            job.sender.refuse(&error);
        }
    }
}

/// Begins to read files as [`open_files`] does, and joins their events.
pub fn load_files<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, settings: &LoadSettings) -> LoadHandle {
    let (group, sources) = open_in_group(paths, settings);
    LoadHandle { group, sources }
}

/// Sources that are read together, as one. Dropping it cancels the load.
///
/// Events of different files interleave without saying whose they are; those of one file are in order.
#[derive(Debug)]
pub struct LoadHandle {
    group: Arc<Group>,
    sources: Vec<SourceHandle>,
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

impl LoadHandle {
    /// The sources, in the order of the files.
    pub fn sources(&self) -> &[SourceHandle] {
        &self.sources
    }

    /// The next event if there is one; never waits.
    ///
    /// `None` while nothing has arrived and after the last event: see [`Self::is_finished`].
    pub fn try_recv(&self) -> Option<LoadEvent> {
        self.group.try_recv_any()
    }

    /// Waits for the next event. `None` after the last one.
    pub fn recv(&self) -> Option<LoadEvent> {
        self.group.recv_any(None)
    }

    /// Waits for the next event, but not longer than this. `None` where nothing arrived in time, and after the last one.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<LoadEvent> {
        self.group.recv_any(after(timeout))
    }

    /// All events that are still to come, waiting for each.
    pub fn events(&self) -> impl Iterator<Item = LoadEvent> {
        std::iter::from_fn(|| self.recv())
    }

    /// How far the load is.
    pub fn progress(&self) -> LoadProgress {
        let mut sum = LoadProgress {
            files: self.sources.len(),
            files_finished: self.group.num_ended(),
            ..LoadProgress::default()
        };
        for source in &self.sources {
            let progress = source.progress();
            sum.bytes_read += progress.bytes_read;
            sum.total_bytes += progress.total_bytes;
            sum.chunks += progress.chunks;
            sum.reports += progress.reports;
        }
        sum
    }

    /// Whether every event of every file has been received.
    pub fn is_finished(&self) -> bool {
        self.group.is_finished()
    }

    /// Calls `waker` from now on whenever there is something to receive, and when a file is finished.
    pub fn set_waker(&self, waker: &Waker) {
        for source in &self.sources {
            source.set_waker(waker);
        }
    }

    /// Stops reading. What has been read can still be received.
    pub fn cancel(&self) {
        for source in &self.sources {
            source.cancel();
        }
    }
}

/// A file that is to be read.
struct Job {
    path: PathBuf,
    context: ImportContext,
    sender: SourceSender,
}

struct Worker {
    jobs: Arc<Mutex<VecDeque<Job>>>,
    importers: Arc<Importers>,
    index_from_bytes: u64,
}

impl Worker {
    fn run(self) {
        loop {
            let Some(job) = self.jobs.lock().pop_front() else {
                return;
            };
            if job.sender.is_cancelled() {
                continue;
            }
            let Job {
                path,
                context,
                sender,
            } = job;
            // A reader catches what its libraries do. This is the last line of defense, so that a file always finishes.
            let loaded = catch_unwind(AssertUnwindSafe(|| self.load(&path, context, &sender)));
            if let Err(panic) = loaded {
                let source = sender.name();
                let error = IoError::Panic {
                    offset: 0,
                    panic: panic_text(&*panic),
                };
                let outcome = LoadOutcome {
                    reports: 1,
                    damaged: true,
                    ..LoadOutcome::default()
                };
                let events = [
                    LoadEvent::Report(LoadReport::new(source, Severity::Error, &error)),
                    LoadEvent::Finished {
                        source: Arc::clone(source),
                        outcome,
                    },
                ];
                // Where nobody wants to hear of it, the rest is not wanted either.
                let _ = events.into_iter().try_for_each(|event| sender.send(event));
            }
        }
    }

    fn load(&self, path: &Path, context: ImportContext, sender: &SourceSender) {
        let events = Events::of_file(path, Arc::clone(&self.importers), context, self.index_from_bytes);
        send_all(events, sender);
    }
}
