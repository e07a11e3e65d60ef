//! The plugin: what runs when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bevy_app::{App, AppExit, Last, Plugin};
use bevy_ecs::{
    change_detection::Tick as ChangeTick, entity_disabling::Disabled, prelude::*, query::Allow,
    resource::IsResource,
};
use bevy_time::{Real, Time};
use bevy_transform::components::Transform;
use chronoscope_frame::{
    AppViewerCacheExt as _, CacheSize, CompleteStores, DiffEntry, DiffLog, Frame, FrameDiagnostics,
    PlayState, PurgeOrder, RecordingEntry, RecordingKey, Recordings, Report, Reports, TimeControls,
    ViewerCache,
};
use chronoscope_log::{BatchSettings, Batched, FileSink, LogError, MemorySink, Recorder, Sink, SinkNotice};
use chronoscope_store::{Chunk, EntityPath, StoreId};
use chronoscope_types::{Scalars, StoreInfo, ViewCoordinates};
use parking_lot::Mutex;

use crate::{
    RecordSettings, WorldRecorder, asked,
    component_rows::RecordedComponents,
    hierarchy::{record_gone, record_moves},
    order::{self, Part},
    recorder::{RECORDER, Stores, deadline},
    rewind::LastComponents,
    rows::{Identity, Pose},
    shown::LookedAt,
    skipped::Skipped,
    slots::{Naming, SlotId},
    ticks::Ticks,
    time_sources::{self, TimeSources},
};

/// What the recorder does in a frame, in the schedule [`Last`], in this order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordSystems {
    /// A frame of the recording begins: rows are at its times from now on.
    Begin,
    /// Entities that are gone, and those that have another parent: in one go with the values.
    Entities,
    /// What changed: transforms and components.
    Values,
    /// Systems of the app that log with [`WorldRecorder::log`].
    Log,
    /// Rows become chunks and go where they belong.
    Flush,
}

/// Records this world: to the viewer in this app, to files, to viewers elsewhere.
///
/// Transforms, with the hierarchy as paths, are recorded where they change; components by
/// [`AppRecordExt`](crate::AppRecordExt). An entity is named by its `Name`, else by its number. One that gets another parent is
/// cleared where it was and goes on where it is; one that is despawned is cleared.
///
/// Of what the engine has, these plugins record more, each with the Cargo feature of its name, unless [`RecordSettings`] leave it
/// out; an app may add one of its own instead:
///
/// | plugin | what it records |
/// |---|---|
/// | `RecordAssetsPlugin` | meshes, once per asset, and cameras as pinholes |
/// | `RecordMaterialsPlugin`, with the feature `pbr` | base colors and textures of standard materials |
/// | `RecordLightsPlugin` | lights as points and arrows, and their strength |
/// | `RecordGizmosPlugin` | what is drawn with gizmos, as lines |
/// | `RecordTextPlugin` | texts in the world as labels, those of the user interface as values |
/// | `RecordDiagnosticsPlugin` | diagnostics as scalars |
///
/// ```
/// use bevy_app::App;
/// use bevy_ecs::prelude::*;
/// use bevy_transform::components::Transform;
/// use chronoscope_log::MemorySink;
/// use chronoscope_record::{RecordPlugin, WorldRecorder};
///
/// let memory = MemorySink::default();
/// let mut app = App::new();
/// app.add_plugins(RecordPlugin::new("doc").with_sink(memory.clone()));
/// app.world_mut().spawn((Name::new("cube"), Transform::from_xyz(1.0, 2.0, 3.0)));
/// app.update();
/// let recorder = app.world().resource::<WorldRecorder>();
/// recorder.log().flush().unwrap();
/// let recording = memory.to_recording(recorder.id()).unwrap();
/// assert!(recording.store.entity_id(&"/world/cube".into()).is_some());
/// ```
pub struct RecordPlugin {
    application_id: String,
    recording_id: Option<String>,
    settings: RecordSettings,
    batches: BatchSettings,
    to_viewer: bool,
    files: Vec<std::path::PathBuf>,
    sinks: Mutex<Vec<Box<dyn Sink>>>,
    /// Whether it is the one that records.
    is_first: AtomicBool,
}

impl RecordPlugin {
    /// Records to the viewer in this app, where there is one.
    pub fn new(application_id: impl Into<String>) -> Self {
        Self {
            application_id: application_id.into(),
            recording_id: None,
            settings: RecordSettings::default(),
            batches: BatchSettings::default(),
            to_viewer: true,
            files: Vec::new(),
            sinks: Mutex::default(),
            is_first: AtomicBool::new(false),
        }
    }

    /// Gives the recording an id. Without it, it is one that no other has.
    #[must_use]
    pub fn with_recording_id(mut self, id: impl Into<String>) -> Self {
        self.recording_id = Some(id.into());
        self
    }

    /// Says what is recorded.
    #[must_use]
    pub fn with_settings(mut self, settings: RecordSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Records to the viewer in this app, or not.
    #[must_use]
    pub fn with_viewer(mut self, to_viewer: bool) -> Self {
        self.to_viewer = to_viewer;
        self
    }

    /// Records to a file as well. Where it cannot be written, that is reported.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// Records to another sink as well, such as `chronoscope_live::GrpcSink`. It gets chunks that were put together as
    /// [`BatchSettings`] say, and rather loses something than keeps the app waiting
    /// ([`Sink::tolerate_losses`]): what is lost is reported.
    #[must_use]
    pub fn with_sink(self, mut sink: impl Sink) -> Self {
        sink.tolerate_losses();
        self.sinks
            .lock()
            .push(Box::new(Batched::new(sink, self.batches.clone())));
        self
    }

    /// Starts the recording. What is wrong with a file is among its reports.
    fn start(&self) -> Result<WorldRecorder, LogError> {
        let mut reports = Vec::new();
        let mut builder = Recorder::builder(self.application_id.clone())
            // Rows are sent each frame.
            .batches(BatchSettings {
                log_time: false,
                ..BatchSettings::without_timer()
            });
        if let Some(id) = &self.recording_id {
            builder = builder.recording_id(id.clone());
        }
        let viewer = self.to_viewer.then(MemorySink::default);
        if let Some(viewer) = &viewer {
            builder = builder.sink(viewer.clone());
        }
        for path in &self.files {
            match FileSink::create(path) {
                Ok(file) => builder = builder.sink(Batched::new(file, self.batches.clone())),
                Err(error) => reports.push(Report::error(RECORDER, error.to_string())),
            }
        }
        for sink in std::mem::take(&mut *self.sinks.lock()) {
            builder = builder.boxed_sink(sink);
        }
        let recorder = builder.start()?;
        // As the engine has it: to the right, up, and back.
        let axes = ViewCoordinates::right_hand_y_up();
        if let Err(error) = recorder.log_static(self.settings.root.clone(), &axes) {
            reports.push(Report::error(RECORDER, error.to_string()));
        }
        let mut recorder = WorldRecorder::new(recorder, viewer, self.settings.clone());
        recorder.reports = reports;
        Ok(recorder)
    }
}

impl Plugin for RecordPlugin {
    fn is_unique(&self) -> bool {
        // A second one is a report, no end of the app.
        false
    }

    fn build(&self, app: &mut App) {
        if app.world().contains_resource::<WorldRecorder>() {
            tracing::warn!("this world is recorded already; the second recorder is left out");
            return;
        }
        self.is_first.store(true, Ordering::Relaxed);
        let recorder = match self.start() {
            Ok(recorder) => recorder,
            Err(error) => {
                tracing::error!("nothing is recorded: {error}");
                return;
            }
        };
        #[cfg(feature = "assets")]
        if self.settings.assets {
            app.add_plugins(crate::RecordAssetsPlugin);
            #[cfg(feature = "pbr")]
            app.add_plugins(crate::RecordMaterialsPlugin);
        }
        #[cfg(feature = "diagnostics")]
        if self.settings.diagnostics {
            app.add_plugins(crate::RecordDiagnosticsPlugin);
        }
        #[cfg(feature = "gizmos")]
        if self.settings.gizmos {
            app.add_plugins(crate::RecordGizmosPlugin);
        }
        #[cfg(feature = "lights")]
        if self.settings.lights {
            app.add_plugins(crate::RecordLightsPlugin);
        }
        #[cfg(feature = "text")]
        if self.settings.text {
            app.add_plugins(crate::RecordTextPlugin);
        }
        time_sources::add_own(app, self.settings.timelines);
        app.insert_resource(recorder)
            .init_resource::<RecordedComponents>()
            .add_observer(crate::clicks::tell_entity)
            .configure_sets(
                Last,
                (
                    RecordSystems::Begin,
                    RecordSystems::Entities,
                    RecordSystems::Values,
                    RecordSystems::Log,
                    RecordSystems::Flush,
                )
                    .chain(),
            )
            .add_systems(
                Last,
                // It runs systems of the app, and would be ambiguous with all that stand in no order to it.
                begin
                    .in_set(RecordSystems::Begin)
                    .run_if(is_recording)
                    .ambiguous_with_all(),
            )
            .add_systems(
                Part::Record,
                (
                    (record_gone, record_moves)
                        .chain()
                        .in_set(RecordSystems::Entities),
                    record_poses
                        .in_set(RecordSystems::Values)
                        .run_if(|recorder: Res<WorldRecorder>| recorder.settings.transforms),
                    record_identities.after(RecordSystems::Values),
                ),
            )
            .add_systems(Part::Flush, flush);
        order::add_parts(app);
    }

    fn finish(&self, app: &mut App) {
        let has_viewer = app.world().contains_resource::<Recordings>();
        // What waits here and what is in the store already share one budget.
        if has_viewer && self.is_first.load(Ordering::Relaxed) {
            app.add_viewer_cache(ViewerCache {
                name: "Recorder",
                order: PurgeOrder::Derived,
                size: |world| {
                    let recorder = world.get_resource::<WorldRecorder>();
                    let rows = recorder.map_or(0, WorldRecorder::heap_bytes);
                    let in_sinks = recorder.map_or(0, |recorder| recorder.log().waiting_bytes());
                    let of_components = world.get_resource().map_or(0, RecordedComponents::heap_bytes);
                    let of_the_gone = world.get_resource().map_or(0, LastComponents::heap_bytes);
                    CacheSize {
                        bytes: (rows + of_components + of_the_gone) as u64 + in_sinks,
                        idle_bytes: 0,
                    }
                },
                purge: None,
            });
            // It has the whole world, and would be ambiguous with all that stand in no order to it.
            app.add_systems(
                Frame,
                asked::complete_store
                    .run_if(asked::is_saving)
                    .in_set(CompleteStores)
                    .ambiguous_with_all(),
            );
        }
        let Some(mut recorder) = app.world_mut().get_resource_mut::<WorldRecorder>() else {
            return;
        };
        if !has_viewer {
            // Nobody would take what is kept for it.
            if let Some(viewer) = recorder.viewer.take() {
                viewer.close();
            }
            if recorder.log().num_sinks() == 0 {
                tracing::warn!(
                    "the world is recorded to nowhere: there is no viewer, no file and no other sink"
                );
            }
        }
    }
}

/// Whether the world is recorded now: not while it shows a time that is past.
pub fn is_recording(recorder: Option<Res<WorldRecorder>>) -> bool {
    recorder.is_some_and(|recorder| recorder.is_recording())
}

/// Exclusive, as time sources are systems that may ask for anything. They are few and short.
fn begin(world: &mut World) {
    if world.resource::<WorldRecorder>().frame < 0 {
        let sources = world.get_resource::<TimeSources>();
        let timelines = sources.iter().flat_map(|sources| sources.timelines()).cloned();
        let ticks = Ticks::new(timelines.collect());
        world.resource_mut::<WorldRecorder>().ticks = ticks;
    }
    let times = time_sources::read(world);
    let frame_time = world.get_resource::<Time<Real>>().map(Time::delta_secs_f64);
    // What runs later has this tick at least.
    let changes = ChangeTick::new(world.change_tick().get().wrapping_sub(1));
    let exits = world.get_resource::<Messages<AppExit>>();
    let is_last_frame = exits.is_some_and(|exits| !exits.is_empty());
    let mut recorder = world.resource_mut::<WorldRecorder>();
    recorder.is_last_frame = is_last_frame;
    recorder.begin(&times, changes);
    if let Some(secs) = frame_time.filter(|_| recorder.settings.frame_times) {
        recorder.log_or_report("app/frame_time_ms".into(), &Scalars::new([secs * 1e3]));
    }
}

pub(crate) fn record_poses(
    mut recorder: ResMut<WorldRecorder>,
    changed: Query<(Entity, &Transform), (Changed<Transform>, Without<IsResource>)>,
    all: Query<(Entity, &Transform), Without<IsResource>>,
    naming: Naming,
    skipped: Skipped,
) {
    let recorder = &mut *recorder;
    let mut new_rows = None;
    let mut push = |recorder: &mut WorldRecorder, slot: SlotId, transform: &Transform| {
        let rows = new_rows.get_or_insert_with(|| recorder.new_rows());
        let row = rows.next(&recorder.recorder, Pose::from(transform));
        recorder.poses.push(slot, row);
    };
    for (entity, transform) in &changed {
        let slot = match recorder.slots.find(entity) {
            Some(slot) => slot,
            None if skipped.contains(entity, &naming) => continue,
            None => recorder.slots.find_or_add(entity, &naming),
        };
        push(recorder, slot, transform);
    }
    // What was moved and did not change is not where it was, and changes of what was disabled were not seen.
    let also: Vec<Entity> = if recorder.records_all {
        all.iter().map(|(entity, _)| entity).collect()
    } else {
        recorder.slots.moved_entities()
    };
    for entity in also {
        let Some((_, transform)) = all.get(entity).ok().filter(|_| !changed.contains(entity)) else {
            continue;
        };
        let Some(slot) = recorder.slots.find(entity).or_else(|| {
            let is_new = !skipped.contains(entity, &naming);
            is_new.then(|| recorder.slots.find_or_add(entity, &naming))
        }) else {
            continue;
        };
        push(recorder, slot, transform);
    }
}

/// Says who is at the paths that are new.
fn record_identities(mut recorder: ResMut<WorldRecorder>, names: Query<&Name, Allow<Disabled>>) {
    let recorder = &mut *recorder;
    if recorder.slots.fresh.is_empty() {
        return;
    }
    let mut new_rows = recorder.new_rows();
    for slot in std::mem::take(&mut recorder.slots.fresh) {
        if let Some(place) = recorder.slots.get(slot).filter(|place| place.is_alive) {
            let value = Identity {
                entity: place.entity,
                parent: place.parent,
                name: names.get(place.entity).ok().map(|name| name.as_str().into()),
            };
            let row = new_rows.next(&recorder.recorder, value);
            recorder.identities.push(slot, row);
        }
    }
}

/// What may be spent after a frame that took so long: as much for each sixtieth of a second, of one second at most. Else what there is to
/// send would grow for ever where frames are slow.
///
/// Where memory is full, as much has to go as comes, which costs the host too: what this frame has `collected` for is taken off, down to
/// a quarter. Fewer chunks of more rows are made then, and fewer have to go.
fn budget_after(frame: Duration, collected: Duration, budget: Duration) -> Duration {
    let sixtieths = (frame.as_secs_f64() * 60.0).round().clamp(1.0, 60.0);
    let budget = budget.saturating_mul(sixtieths as u32);
    budget.saturating_sub(collected).max(budget / 4)
}

fn flush(
    mut recorder: ResMut<WorldRecorder>,
    mut components: ResMut<RecordedComponents>,
    recordings: Option<ResMut<Recordings>>,
    log: Option<ResMut<DiffLog>>,
    reports: Option<ResMut<Reports>>,
    times: Option<ResMut<TimeControls>>,
    real_time: Option<Res<Time<Real>>>,
    diagnostics: Option<Res<FrameDiagnostics>>,
    looked_at: LookedAt<'_, '_>,
    mut begun: Local<Option<Begun>>,
) {
    let (recorder, components) = (&mut *recorder, &mut *components);
    // In the past, nothing is recorded: it is to be done yet.
    recorder.records_all &= !recorder.is_recording();
    recorder.resumes &= !recorder.is_recording();
    let last_frame = real_time.map_or(Duration::ZERO, |time| time.delta());
    let collected = diagnostics.map_or(Duration::ZERO, |diagnostics| diagnostics.gc_pause);
    let budget = budget_after(last_frame, collected, recorder.settings.flush_budget);
    recorder.deadline = deadline(budget).filter(|_| !recorder.is_last_frame);
    if let Err(error) = recorder.recorder.send_waiting() {
        recorder.report_once(Report::error(RECORDER, error.to_string()));
    }
    for failed in recorder.recorder.take_failures() {
        recorder.report_once(Report::error(RECORDER, failed.to_string()));
    }
    for notice in recorder.recorder.take_notices() {
        match notice {
            SinkNotice::Lost(error) => recorder.report_once(Report::warning(RECORDER, error.to_string())),
            // Who was not there before sees all of the world, too, and not only what changes.
            SinkNotice::Anew => recorder.records_all = true,
            _ => {}
        }
    }
    let (Some(mut recordings), Some(mut log), Some(mut reports)) = (recordings, log, reports) else {
        for report in recorder.reports.drain(..) {
            tracing::warn!("{}", report.message);
        }
        recorder.send_rows(components, None);
        return;
    };
    for report in recorder.reports.drain(..) {
        reports.push(report);
    }
    // Where nothing waits, nothing is told to have changed.
    let is_waiting = recorder.is_waiting()
        || components.is_waiting()
        || recorder.viewer.as_ref().is_some_and(|viewer| !viewer.is_empty());
    if is_waiting {
        let entry = recordings.find(recorder.recorder.id());
        if let Some(key) = entry.map(RecordingEntry::key) {
            let now = recorder.tick();
            recorder.shown.update(&looked_at, key, &recorder.slots, now);
        }
        let mut stores = Stores {
            recordings: &mut recordings,
            log: &mut log,
            reports: &mut reports,
        };
        recorder.send_rows(components, Some(&mut stores));
    }
    let Some(key) = recordings.find(recorder.id()).map(RecordingEntry::key) else {
        return;
    };
    let before = begun.as_ref().filter(|begun| begun.id == *recorder.id());
    let before = before.map(|begun| begun.key);
    // In the past, nothing is recorded and the cursor is somebody's.
    if before == Some(key) || !recorder.is_recording() {
        return;
    }
    match begun.take().filter(|begun| begun.id == *recorder.id()) {
        Some(mut before) => {
            recorder.begin_anew();
            before.key = key;
            before.put_into(&mut recordings, &mut log, recorder);
            *begun = Some(before);
        }
        None => *begun = recordings.find(recorder.id()).map(Begun::new),
    }
    // The cursor is at the end from the beginning on, until somebody moves it.
    if let Some(mut times) = times.filter(|_| recorder.settings.follow) {
        times.get_mut(key).set_play_state(PlayState::Following);
    }
}

/// A recording that was begun, and its store in the viewer. It has another one once it was closed there.
struct Begun {
    id: StoreId,
    key: RecordingKey,
    /// What is known of it beside its data, and what it says of itself: its name, when it was begun, where it branched off.
    info: StoreInfo,
    source_name: Arc<str>,
    properties: Vec<Arc<Chunk>>,
}

impl Begun {
    fn new(entry: &RecordingEntry) -> Self {
        let of_itself = EntityPath::from("__properties");
        let chunks = entry.store().export();
        Self {
            id: entry.id().clone(),
            key: entry.key(),
            info: entry.info.clone(),
            source_name: Arc::clone(&entry.source_name),
            properties: chunks
                .filter(|chunk| chunk.entity_path().starts_with(&of_itself))
                .collect(),
        }
    }

    /// Says the same of a store that was opened anew by its rows.
    fn put_into(&self, recordings: &mut Recordings, log: &mut DiffLog, recorder: &mut WorldRecorder) {
        let entry = recordings.open(&self.id);
        entry.info = self.info.clone();
        entry.source_name = Arc::clone(&self.source_name);
        for chunk in &self.properties {
            if let Err(error) = recordings.insert(log, &self.id, Arc::clone(chunk)) {
                recorder.report_once(Report::error(RECORDER, error.to_string()));
            }
        }
        log.push(DiffEntry::Recordings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_frames_send_as_much_in_a_second_as_fast_ones() {
        let ms = Duration::from_millis;
        let after = |millis| budget_after(ms(millis), Duration::ZERO, ms(1));
        assert_eq!(after(0), ms(1));
        assert_eq!(after(16), ms(1));
        assert_eq!(after(500), ms(30));
        assert_eq!(after(60_000), ms(60));
        let unlimited = budget_after(ms(1_000), Duration::ZERO, Duration::MAX);
        assert_eq!(unlimited, Duration::MAX);
    }

    #[test]
    fn what_a_frame_collects_for_is_taken_off() {
        let us = Duration::from_micros;
        let after = |collected| budget_after(us(16_000), us(collected), us(1_000));
        assert_eq!(after(0), us(1_000));
        assert_eq!(after(300), us(700));
        assert_eq!(after(3_500), us(250));
    }
}
