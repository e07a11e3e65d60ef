//! Phase 2: what files and streams deliver goes into the stores, within a budget of time and bytes per frame.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::{AbsentChunk, Chunk, ChunkSource, StoreId};

use crate::{
    DiffEntry, DiffLog, Frame, FrameDiagnostics, FrameSystems, RecordingEntry, Recordings, Report, StoreInfo,
    TimeControls, apply,
    commands::{OpenRequests, ViewerCommands},
};

/// Something that a source delivers.
#[derive(Clone, Debug)]
pub enum IngestMessage {
    /// A store begins, or more is known about it.
    StoreInfo {
        /// The store.
        store: StoreId,
        /// What is known.
        info: StoreInfo,
    },
    /// Data of a store.
    Chunk {
        /// The store.
        store: StoreId,
        /// The data.
        chunk: Arc<Chunk>,
    },
    /// Chunks of a store that are known and were not read.
    AbsentChunks {
        /// The store.
        store: StoreId,
        /// What is known of them.
        chunks: Arc<[AbsentChunk]>,
        /// Where their chunks come from.
        source: Arc<dyn ChunkSource>,
    },
    /// A blueprint that was sent in full is to be used.
    ActivateBlueprint {
        /// The blueprint.
        blueprint: StoreId,
        /// Show it now.
        make_active: bool,
        /// Reset to it from now on.
        make_default: bool,
    },
    /// Something that the user should know.
    Report(Report),
}

/// What a source has right now.
#[derive(Debug)]
pub enum SourcePoll {
    /// A message.
    Message(IngestMessage),
    /// Nothing yet, but more will come.
    Pending,
    /// Nothing, and never again.
    Finished,
}

/// Wakes a viewer that sleeps because nothing happens. Cheap; may be called from any thread, and once too often.
#[derive(Clone)]
pub struct Waker(Arc<dyn Fn() + Send + Sync>);

impl Waker {
    /// A waker that calls `wake`.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(wake))
    }

    /// Lets the viewer run a frame soon.
    pub fn wake(&self) {
        (self.0)();
    }
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waker")
    }
}

/// Where data comes from: a file that is read, a stream that is received. Polled in each frame; must never block.
pub trait IngestSource: Send + Sync + 'static {
    /// What the user calls it: a file's name, an address.
    fn name(&self) -> &str;

    /// Takes the next message.
    fn poll(&mut self) -> SourcePoll;

    /// How far it is, from 0 to 1, where that is known.
    fn progress(&self) -> Option<f32> {
        None
    }

    /// Whether it may stay quiet for ever, as a listening socket does; then it does not keep the viewer from settling.
    fn is_live(&self) -> bool {
        false
    }

    /// Takes what wakes the viewer. A live source calls it whenever there is something to poll: nobody polls a viewer's sources while
    /// it sleeps.
    fn set_waker(&mut self, _waker: &Waker) {}
}

/// The sources that are being drained.
#[derive(Resource, Default)]
pub struct IngestSources {
    sources: Vec<Box<dyn IngestSource>>,
    next: usize,
    waker: Option<Waker>,
}

impl IngestSources {
    /// Adds a source.
    pub fn add(&mut self, source: impl IngestSource) {
        let mut source: Box<dyn IngestSource> = Box::new(source);
        if let Some(waker) = &self.waker {
            source.set_waker(waker);
            waker.wake();
        }
        self.sources.push(source);
    }

    /// Says what wakes the viewer, to all sources that there are and will be.
    pub fn set_waker(&mut self, waker: Waker) {
        for source in &mut self.sources {
            source.set_waker(&waker);
        }
        self.waker = Some(waker);
    }

    /// The sources, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &dyn IngestSource> {
        self.sources.iter().map(|source| &**source)
    }

    /// Whether all that had an end has reached it.
    pub fn is_idle(&self) -> bool {
        self.sources.iter().all(|source| source.is_live())
    }
}

/// What a frame may spend on ingesting.
#[derive(Resource, Clone, Copy, Debug)]
pub struct IngestBudget {
    /// Time. What is begun is ended, so that a frame may take a chunk's insertion longer.
    pub time: Duration,
    /// Bytes of chunks.
    pub bytes: u64,
}

impl Default for IngestBudget {
    fn default() -> Self {
        Self {
            time: Duration::from_millis(8),
            bytes: 256 << 20,
        }
    }
}

/// What the user should know, newest last. Bounded: the oldest are forgotten, and counted.
#[derive(Resource, Debug, Default)]
pub struct Reports {
    reports: VecDeque<Report>,
    total: usize,
}

impl Reports {
    const CAPACITY: usize = 1_000;

    /// Adds a report.
    pub fn push(&mut self, report: Report) {
        if self.reports.len() == Self::CAPACITY {
            self.reports.pop_front();
        }
        self.reports.push_back(report);
        self.total += 1;
    }

    /// The reports that are kept, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Report> {
        self.reports.iter()
    }

    /// How many reports there ever were.
    pub fn total(&self) -> usize {
        self.total
    }
}

/// Drains the sources into [`Recordings`].
pub struct IngestPlugin;

impl Plugin for IngestPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Recordings>()
            .init_resource::<DiffLog>()
            .init_resource::<IngestSources>()
            .init_resource::<IngestBudget>()
            .init_resource::<Reports>()
            .init_resource::<OpenRequests>()
            .init_resource::<TimeControls>()
            .init_resource::<ViewerCommands>()
            .add_systems(Frame, receive_messages.in_set(FrameSystems::Ingest));
    }
}

pub(crate) fn receive_messages(
    mut sources: ResMut<IngestSources>,
    mut recordings: ResMut<Recordings>,
    mut log: ResMut<DiffLog>,
    mut reports: ResMut<Reports>,
    mut times: ResMut<TimeControls>,
    mut diagnostics: ResMut<FrameDiagnostics>,
    budget: Res<IngestBudget>,
) {
    if sources.sources.is_empty() {
        return;
    }
    puffin::profile_scope!("receive_messages");
    let start = Instant::now();
    let mut bytes = 0;
    let mut quiet = 0;
    // Round robin, so that a source that never ends does not starve the others.
    while quiet < sources.sources.len() && start.elapsed() < budget.time && bytes < budget.bytes {
        let at = sources.next % sources.sources.len();
        sources.next = at + 1;
        match sources.sources[at].poll() {
            SourcePoll::Message(message) => {
                quiet = 0;
                diagnostics.ingested_messages += 1;
                if let IngestMessage::Chunk { chunk, .. } = &message {
                    bytes += chunk.num_bytes();
                }
                ingest(message, &mut recordings, &mut log, &mut reports, &mut times);
            }
            SourcePoll::Pending => quiet += 1,
            SourcePoll::Finished => {
                sources.sources.remove(at);
                sources.next = at;
                log.push(DiffEntry::Recordings);
                if sources.sources.is_empty() {
                    break;
                }
            }
        }
    }
    diagnostics.ingested_bytes = bytes;
}

/// A store, opened where it is not there yet.
fn open<'a>(recordings: &'a mut Recordings, log: &mut DiffLog, store: &StoreId) -> &'a mut RecordingEntry {
    if recordings.find(store).is_none() {
        log.push(DiffEntry::Recordings);
    }
    recordings.open(store)
}

/// Puts one message where it belongs.
pub(crate) fn ingest(
    message: IngestMessage,
    recordings: &mut Recordings,
    log: &mut DiffLog,
    reports: &mut Reports,
    times: &mut TimeControls,
) {
    match message {
        IngestMessage::StoreInfo { store, info } => {
            recordings.open(&store).info = info;
            log.push(DiffEntry::Recordings);
        }
        IngestMessage::Chunk { store, chunk } => {
            let entity = chunk.entity_path().clone();
            let entry = open(recordings, log, &store);
            match entry.recording.insert(chunk) {
                Ok(events) => log.push_events(entry.key(), events),
                Err(error) => reports.push(Report::entity_warning(
                    entry.info.source.clone(),
                    entity,
                    error.to_string(),
                )),
            }
        }
        IngestMessage::AbsentChunks {
            store,
            chunks,
            source,
        } => {
            let entry = open(recordings, log, &store);
            let key = entry.key();
            for chunk in chunks.iter() {
                match entry.recording.insert_absent(chunk) {
                    Ok(events) => {
                        // What another source gives already needs no second one.
                        if !events.is_empty() {
                            entry.add_source(&source);
                        }
                        log.push_events(key, events);
                    }
                    Err(error) => {
                        let source = entry.info.source.clone();
                        reports.push(Report::entity_warning(
                            source,
                            chunk.entity_path.clone(),
                            error.to_string(),
                        ));
                    }
                }
            }
        }
        IngestMessage::ActivateBlueprint {
            blueprint,
            make_active,
            make_default,
        } => {
            apply::activate_blueprint(recordings, log, times, &blueprint, make_active, make_default);
        }
        IngestMessage::Report(report) => {
            reports.push(report);
            log.push(DiffEntry::Recordings);
        }
    }
}
