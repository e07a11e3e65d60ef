//! Phase 2: what files and streams deliver goes into the stores, within a budget of time and bytes per frame.
//!
//! `sources` is where it comes from; `held_blueprints` are for whatever is open, and wait until that is known.

mod held_blueprints;
mod sources;

use std::time::{Duration, Instant};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::{StoreEvent, StoreId, StoreKind};
use chronoscope_types::LogMessage;

pub use self::sources::{
    IngestMessage, IngestSource, IngestSources, ListenLink, SourceFlow, SourcePoll, SourceState,
};
use self::{
    held_blueprints::{HeldMessage, place},
    sources::{MessagePlace, num_bytes, num_rows},
};

use crate::{
    DiffEntry, DiffLog, Frame, FrameDiagnostics, FrameSystems, PlayState, RecordingEntry, Recordings, Report,
    Reports, TimeControls,
    activate::activate_blueprint,
    commands::{FileKinds, FileRequests, OffersDemo, RecentFiles, ViewerCommands},
};

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
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<Recordings>()
            .init_resource::<DiffLog>()
            .init_resource::<IngestSources>()
            .init_resource::<IngestBudget>()
            .init_resource::<Reports>()
            .init_resource::<FileKinds>()
            .init_resource::<FileRequests>()
            .init_resource::<OffersDemo>()
            .init_resource::<RecentFiles>()
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
                let place = active.place(&message);
                if place == MessagePlace::Closed {
                    continue;
                }
                let begun = begun_recording(place, &message);
                let is_new = begun.is_some_and(|store| recordings.find(store).is_none());
                let is_followed = is_new && active.source.is_followed();
                let followed = begun.filter(|_| is_followed).cloned();
                let id = active.id;
                let shown = begun.filter(|_| sources.shows(id, is_new)).cloned();
                let active = &mut sources.sources[at];
                diagnostics.ingested_messages += 1;
                diagnostics.ingested_rows += num_rows(&message);
                bytes += num_bytes(&message);
                match message {
                    IngestMessage::Data(message) => {
                        let name = active.source.name();
                        ingest(name, message, &mut recordings, &mut log, &mut reports, &mut times);
                        if let Some(entry) = followed.and_then(|store| recordings.find(&store))
                            && !times.timeline_is_given
                        {
                            times.get_mut(entry.key()).set_play_state(PlayState::Following);
                        }
                        if let Some(store) = shown
                            && recordings.active().is_none_or(|entry| *entry.id() != store)
                            && recordings.activate(&store)
                        {
                            log.push(DiffEntry::Recordings);
                        }
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
            if let LogMessage::ActivateBlueprint { blueprint, .. } = &message {
                recordings.forget_restored(&blueprint.application_id);
            }
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

/// The recording that a source begins to give with a message.
fn begun_recording(place: MessagePlace, message: &IngestMessage) -> Option<&StoreId> {
    let IngestMessage::Data(message) = message else {
        return None;
    };
    let store = message.store();
    (place == MessagePlace::New && store.kind == StoreKind::Recording).then_some(store)
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
            if info.id.kind == StoreKind::Recording {
                times.begin(entry.key(), &info.id.application_id);
            }
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
