//! Phase 2: what files and streams deliver goes into the stores, within a budget of time and bytes per frame.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::{AbsentChunk, Chunk, ChunkSource, StoreEvent, StoreId, Waker};

use crate::{
    DiffEntry, DiffLog, Frame, FrameDiagnostics, FrameSystems, RecordingEntry, Recordings, Report, Reports,
    StoreInfo, TimeControls,
    activate::activate_blueprint,
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

/// Where data comes from: a file that is read, a stream that is received. Polled in each frame; must never
/// block.
pub trait IngestSource: Send + Sync + 'static {
    /// What the user calls it: a file's name, an address.
    fn name(&self) -> &str;

    /// Takes the next message.
    fn poll(&mut self) -> SourcePoll;

    /// How far it is, from 0 to 1, where that is known.
    fn progress(&self) -> Option<f32> {
        None
    }

    /// Whether it may stay quiet for ever, as a listening socket does; then it does not keep the viewer from
    /// settling.
    fn is_live(&self) -> bool {
        false
    }

    /// Takes what wakes the viewer. Returns whether the source calls it whenever there is something to poll.
    /// One that is live must, since nobody polls while the viewer rests; where another does not, the viewer
    /// does not rest before it has finished.
    fn set_waker(&mut self, _waker: &Waker) -> bool {
        false
    }
}

/// Identifies a source for as long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u64);

/// The sources that are being drained.
#[derive(Resource, Default)]
pub struct IngestSources {
    sources: Vec<ActiveSource>,
    next: usize,
    next_id: u64,
    waker: Option<Waker>,
}

struct ActiveSource {
    id: SourceId,
    source: Box<dyn IngestSource>,
    /// It says when there is something to poll.
    wakes: bool,
    /// The stores that it gave data for, and those of them that were closed since: what still comes for these
    /// is passed over.
    stores: BTreeMap<StoreId, StoreState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreState {
    Open,
    Closed,
}

impl IngestSources {
    /// Adds a source.
    pub fn add(&mut self, source: impl IngestSource) -> SourceId {
        let id = SourceId(self.next_id);
        self.next_id += 1;
        let mut source: Box<dyn IngestSource> = Box::new(source);
        let mut wakes = false;
        if let Some(waker) = &self.waker {
            wakes = source.set_waker(waker);
            waker.wake();
        }
        self.sources.push(ActiveSource {
            id,
            source,
            wakes,
            stores: BTreeMap::new(),
        });
        id
    }

    /// Says what wakes the viewer, to all sources that there are and will be.
    pub fn set_waker(&mut self, waker: Waker) {
        for active in &mut self.sources {
            active.wakes = active.source.set_waker(&waker);
        }
        self.waker = Some(waker);
    }

    /// Removes a source: what it has not given yet is not taken. Nothing happens where it came to its end
    /// before.
    pub fn remove(&mut self, id: SourceId) {
        self.sources.retain(|source| source.id != id);
    }

    /// The sources, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &dyn IngestSource> {
        self.sources.iter().map(|active| &*active.source)
    }

    /// Whether all that had an end has reached it.
    pub fn is_idle(&self) -> bool {
        self.iter().all(IngestSource::is_live)
    }

    /// Whether some source has to be asked in each frame: it has not ended, and does not say when it has
    /// something.
    pub fn needs_polling(&self) -> bool {
        self.sources
            .iter()
            .any(|active| !active.wakes && !active.source.is_live())
    }

    /// Passes over what the sources of today still give for a store that was closed. A source that is added
    /// later opens it again.
    pub(crate) fn close(&mut self, store: &StoreId) {
        for state in self
            .sources
            .iter_mut()
            .filter_map(|source| source.stores.get_mut(store))
        {
            *state = StoreState::Closed;
        }
    }
}

impl ActiveSource {
    /// Whether a message is for a store that was closed while this source was giving it.
    fn is_for_closed(&mut self, message: &IngestMessage) -> bool {
        let Some(store) = message.store() else {
            return false;
        };
        match self.stores.get(store) {
            Some(state) => *state == StoreState::Closed,
            None => {
                self.stores.insert(store.clone(), StoreState::Open);
                false
            }
        }
    }
}

impl IngestMessage {
    /// The store that it is for, if one.
    pub fn store(&self) -> Option<&StoreId> {
        match self {
            Self::StoreInfo { store, .. }
            | Self::Chunk { store, .. }
            | Self::AbsentChunks { store, .. }
            | Self::ActivateBlueprint { blueprint: store, .. } => Some(store),
            Self::Report(_) => None,
        }
    }

    /// The bytes of data that it brings, chunks that are known by their metadata alone included.
    fn num_bytes(&self) -> u64 {
        match self {
            Self::Chunk { chunk, .. } => chunk.num_bytes(),
            Self::AbsentChunks { chunks, .. } => (size_of::<AbsentChunk>() * chunks.len()) as u64,
            Self::StoreInfo { .. } | Self::ActivateBlueprint { .. } | Self::Report(_) => 0,
        }
    }
}

/// What a frame may spend on ingesting.
#[derive(Resource, Clone, Copy, Debug)]
pub struct IngestBudget {
    /// Time. What is begun is ended, so that a frame may take a chunk's insertion longer.
    pub time: Duration,
    /// Time while something is loading or more arrives than fits: half of what the last frame took, at most
    /// this. Throughput does not hang on how long frames take, then, and the picture is still drawn a few
    /// times a second.
    pub loading_time: Duration,
    /// Bytes of chunks.
    pub bytes: u64,
}

impl Default for IngestBudget {
    fn default() -> Self {
        Self {
            time: Duration::from_millis(8),
            loading_time: Duration::from_millis(150),
            bytes: 256 << 20,
        }
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
    mut pace: Local<Pace>,
) {
    let start = Instant::now();
    let time_budget = pace.begin(start, &budget);
    if sources.sources.is_empty() {
        return;
    }
    puffin::profile_scope!("receive_messages");
    let sources = &mut *sources;
    let mut bytes = 0;
    let mut quiet = 0;
    // Round robin, so that a source that never ends does not starve the others.
    while quiet < sources.sources.len() {
        pace.was_cut = start.elapsed() >= time_budget || bytes >= budget.bytes;
        if pace.was_cut {
            break;
        }
        let at = sources.next % sources.sources.len();
        sources.next = at + 1;
        let active = &mut sources.sources[at];
        match active.source.poll() {
            SourcePoll::Message(message) => {
                quiet = 0;
                if active.is_for_closed(&message) {
                    continue;
                }
                diagnostics.ingested_messages += 1;
                bytes += message.num_bytes();
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

/// How long frames take, and whether ingesting was cut short by its budget in the last.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last_start: Option<Instant>,
    was_cut: bool,
}

impl Pace {
    /// The time that this frame may spend.
    fn begin(&mut self, start: Instant, budget: &IngestBudget) -> Duration {
        let last_start = self.last_start.replace(start);
        let last_frame = last_start.map_or(Duration::ZERO, |last| start.duration_since(last));
        if std::mem::take(&mut self.was_cut) {
            (last_frame / 2).clamp(budget.time, budget.loading_time.max(budget.time))
        } else {
            budget.time
        }
    }
}

/// What to say where a chunk gives a timeline another type than it has: the numbers are kept.
fn reports_of_retyped(entry: &RecordingEntry, events: &[StoreEvent]) -> impl Iterator<Item = Report> {
    let store = entry.store();
    events.iter().flat_map(move |event| {
        event.retyped_timelines().iter().map(move |timeline| {
            Report::entity_warning(
                entry.info.source.clone(),
                store.entity_path(event.meta.entity).clone(),
                format!(
                    "timeline {} has another type here than elsewhere; its numbers are kept",
                    store.timeline(*timeline).name()
                ),
            )
        })
    })
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
            let entry = recordings.open_and_log(log, &store);
            match entry.recording.insert(chunk) {
                Ok(events) => {
                    reports_of_retyped(entry, &events).for_each(|report| reports.push(report));
                    log.push_events(entry.key(), events);
                }
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
            let entry = recordings.open_and_log(log, &store);
            let key = entry.key();
            for chunk in chunks.iter() {
                match entry.recording.insert_absent(chunk) {
                    Ok(events) => {
                        // What another source gives already needs no second one.
                        if !events.is_empty() {
                            entry.add_source(&source);
                        }
                        reports_of_retyped(entry, &events).for_each(|report| reports.push(report));
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
            activate_blueprint(recordings, log, times, &blueprint, make_active, make_default);
        }
        IngestMessage::Report(report) => {
            reports.push(report);
            log.push(DiffEntry::Recordings);
        }
    }
}
