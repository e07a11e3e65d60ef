//! Phase 2: what files and streams deliver goes into the stores, within a budget of time and bytes per frame.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::{AbsentChunk, StoreEvent, StoreId, Waker};
use chronoscope_types::{LogMessage, SourceId, SourceStatus};

use crate::{
    DiffEntry, DiffLog, Frame, FrameDiagnostics, FrameSystems, RecordingEntry, Recordings, Report, Reports,
    TimeControls,
    activate::activate_blueprint,
    commands::{FileKinds, FileRequests, ViewerCommands},
    held_blueprints::{HeldMessage, place},
};

/// Something that a source delivers.
#[derive(Clone, Debug)]
pub enum IngestMessage {
    /// A part of a recording or blueprint.
    Data(LogMessage),
    /// A part of a blueprint for the applications that are open once everything has loaded: for the one that
    /// it names, else for all of them.
    BlueprintForOpen(LogMessage),
    /// Something that the user should know.
    Report(Report),
}

impl From<LogMessage> for IngestMessage {
    fn from(message: LogMessage) -> Self {
        Self::Data(message)
    }
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
/// block. Dropping it ends it: what it has not given yet is not wanted any more.
pub trait IngestSource: Send + Sync + 'static {
    /// What the user calls it: a file's path, an address. Also the name of the stores that it gives.
    fn name(&self) -> &str;

    /// Takes the next message.
    fn poll(&mut self) -> SourcePoll;

    /// How it stands with it. [`SourceStatus::Live`] does not keep the viewer from settling; where it is
    /// [`SourceStatus::Lost`] at its end, that is listed until it is removed.
    fn status(&self) -> SourceStatus {
        SourceStatus::Loading
    }

    /// How far it is, from 0 to 1, where that is known.
    fn progress(&self) -> Option<f32> {
        None
    }

    /// Takes what wakes the viewer. Returns whether the source calls it whenever there is something to poll.
    /// One that is live must, since nobody polls while the viewer rests; where another does not, the viewer
    /// does not rest before it has finished.
    fn set_waker(&mut self, _waker: &Waker) -> bool {
        false
    }
}

/// The sources that are being drained, and those that were lost.
#[derive(Resource, Default)]
pub struct IngestSources {
    sources: Vec<ActiveSource>,
    lost: BTreeMap<SourceId, LostSource>,
    /// Parts of blueprints that wait until everything has loaded.
    held: Vec<HeldMessage>,
    next: usize,
    waker: Option<Waker>,
}

/// What is known of a source that is not simply finished.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceState<'a> {
    /// Its id.
    pub id: SourceId,
    /// A file's path, an address.
    pub name: &'a str,
    /// How it stands with it.
    pub status: SourceStatus,
    /// How far it is, from 0 to 1, where that is known.
    pub progress: Option<f32>,
}

impl SourceState<'_> {
    /// Whether data that has an end is still to come.
    pub fn is_loading(&self) -> bool {
        matches!(self.status, SourceStatus::Connecting | SourceStatus::Loading)
    }
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

#[derive(Debug)]
struct LostSource {
    name: Box<str>,
    reason: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreState {
    Open,
    Closed,
}

impl IngestSources {
    /// Adds a source. One of the same name that was lost is forgotten.
    pub fn add(&mut self, source: impl IngestSource) -> SourceId {
        let id = SourceId::new();
        let mut source: Box<dyn IngestSource> = Box::new(source);
        let mut wakes = false;
        if let Some(waker) = &self.waker {
            wakes = source.set_waker(waker);
            waker.wake();
        }
        self.lost.retain(|_, lost| *lost.name != *source.name());
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

    /// Removes a source: what it has not given yet is not taken, and that it was lost is forgotten. Returns
    /// whether it was there.
    pub fn remove(&mut self, id: SourceId) -> bool {
        let num_before = self.sources.len();
        self.sources.retain(|source| source.id != id);
        self.held.retain(|held| held.source != id);
        self.lost.remove(&id).is_some() || self.sources.len() < num_before
    }

    /// The sources that are not simply finished: those that are open, in the order in which they were added,
    /// then those that were lost.
    pub fn states(&self) -> impl Iterator<Item = SourceState<'_>> {
        let open = self.sources.iter().map(|active| SourceState {
            id: active.id,
            name: active.source.name(),
            status: active.source.status(),
            progress: active.source.progress(),
        });
        let lost = self.lost.iter().map(|(id, lost)| SourceState {
            id: *id,
            name: &lost.name,
            status: SourceStatus::Lost {
                reason: Arc::clone(&lost.reason),
            },
            progress: None,
        });
        open.chain(lost)
    }

    /// Whether all that had an end has reached it.
    pub fn is_idle(&self) -> bool {
        self.sources.iter().all(ActiveSource::is_live)
    }

    /// Whether some source has to be asked in each frame: it has not ended, and does not say when it has
    /// something.
    pub fn needs_polling(&self) -> bool {
        self.sources
            .iter()
            .any(|active| !active.wakes && !active.is_live())
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

    /// Takes a source out that has come to its end.
    fn end(&mut self, at: usize) {
        let ActiveSource { id, source, .. } = self.sources.remove(at);
        if let SourceStatus::Lost { reason } = source.status() {
            let name = source.name().into();
            self.lost.insert(id, LostSource { name, reason });
        }
    }
}

impl ActiveSource {
    fn is_live(&self) -> bool {
        self.source.status() == SourceStatus::Live
    }

    /// Whether a message is for a store that was closed while this source was giving it.
    fn is_for_closed(&mut self, message: &IngestMessage) -> bool {
        let IngestMessage::Data(message) = message else {
            return false;
        };
        let store = message.store();
        match self.stores.get(store) {
            Some(state) => *state == StoreState::Closed,
            None => {
                self.stores.insert(store.clone(), StoreState::Open);
                false
            }
        }
    }
}

/// The bytes of data that a message brings, chunks that are known by their metadata alone included.
fn num_bytes(message: &IngestMessage) -> u64 {
    match message {
        IngestMessage::Data(LogMessage::Chunk { chunk, .. }) => chunk.num_bytes(),
        IngestMessage::Data(LogMessage::AbsentChunks { chunks, .. }) => {
            (size_of::<AbsentChunk>() * chunks.len()) as u64
        }
        _ => 0,
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
            .init_resource::<FileKinds>()
            .init_resource::<FileRequests>()
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
    if sources.sources.is_empty() && sources.held.is_empty() {
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
                bytes += num_bytes(&message);
                match message {
                    IngestMessage::Data(message) => {
                        let name = active.source.name();
                        ingest(name, message, &mut recordings, &mut log, &mut reports, &mut times);
                    }
                    IngestMessage::BlueprintForOpen(message) => sources.held.push(HeldMessage {
                        source: active.id,
                        source_name: active.source.name().into(),
                        message,
                    }),
                    IngestMessage::Report(report) => {
                        reports.push(report);
                        log.push(DiffEntry::Recordings);
                    }
                }
            }
            SourcePoll::Pending => quiet += 1,
            SourcePoll::Finished => {
                sources.end(at);
                sources.next = at;
                log.push(DiffEntry::Recordings);
                if sources.sources.is_empty() {
                    break;
                }
            }
        }
    }
    diagnostics.ingested_bytes = bytes;
    if !sources.held.is_empty() && sources.is_idle() {
        for (name, message) in place(std::mem::take(&mut sources.held), &recordings, &mut reports) {
            ingest(
                &name,
                message,
                &mut recordings,
                &mut log,
                &mut reports,
                &mut times,
            );
        }
    }
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
                entry.source_name.clone(),
                store.entity_path(event.meta.entity).clone(),
                format!(
                    "timeline {} has another type here than elsewhere; its numbers are kept",
                    store.timeline(*timeline).name()
                ),
            )
        })
    })
}

/// Puts one message of a source where it belongs.
fn ingest(
    source_name: &str,
    message: LogMessage,
    recordings: &mut Recordings,
    log: &mut DiffLog,
    reports: &mut Reports,
    times: &mut TimeControls,
) {
    match message {
        LogMessage::StoreInfo(info) => {
            let entry = recordings.open(&info.id);
            entry.name_source(source_name);
            entry.info = info;
            log.push(DiffEntry::Recordings);
        }
        LogMessage::Chunk { store, chunk } => {
            let entity = chunk.entity_path().clone();
            let entry = recordings.open_and_log(log, &store);
            entry.name_source(source_name);
            match entry.recording.insert(chunk) {
                Ok(events) => {
                    reports_of_retyped(entry, &events).for_each(|report| reports.push(report));
                    log.push_events(entry.key(), events);
                }
                Err(error) => reports.push(Report::entity_warning(
                    entry.source_name.clone(),
                    entity,
                    error.to_string(),
                )),
            }
        }
        LogMessage::AbsentChunks {
            store,
            chunks,
            source,
        } => {
            let entry = recordings.open_and_log(log, &store);
            entry.name_source(source_name);
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
                        let source = entry.source_name.clone();
                        reports.push(Report::entity_warning(
                            source,
                            chunk.entity_path.clone(),
                            error.to_string(),
                        ));
                    }
                }
            }
        }
        LogMessage::ActivateBlueprint {
            blueprint,
            make_active,
            make_default,
        } => {
            activate_blueprint(recordings, log, times, &blueprint, make_active, make_default);
        }
    }
}
