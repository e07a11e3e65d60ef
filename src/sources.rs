//! Files that are being read, as sources of the frame.

use std::{path::PathBuf, sync::Arc};

use bevy::prelude::*;
use chronoscope_frame::{
    FileKind, FileKinds, Frame, FrameSystems, IngestMessage, IngestSource, IngestSources, OffersDemo,
    RecentFiles, Report, Reports, SourcePoll, commands::FileRequests, error::Severity,
};
use chronoscope_io::{Importer, Importers, LoadEvent, LoadReport, LoadSettings, SourceHandle};
use chronoscope_live::Link;
use chronoscope_store::{ChunkError, StoreKind, Waker};
use chronoscope_types::{LogMessage, SourceId, SourceStatus};

use crate::{
    blueprint_files::{RonImporter, save_requested},
    demo::demo_recording,
    exports::{PendingExports, gather_exports, save_exports},
    growing::GrowingFile,
    inputs::Inputs,
    live::FollowLink,
    look_at::WantedTimeOfSource,
};

/// Opens the files that are asked for, on background threads, and saves blueprints.
pub struct FileSourcesPlugin;

impl Plugin for FileSourcesPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<LoadOutcomes>()
            .init_resource::<FileSettings>()
            .init_resource::<FileKinds>()
            .init_resource::<PendingExports>()
            .insert_resource(OffersDemo(true));
        app.add_systems(
            Frame,
            (
                list_kinds.run_if(resource_changed::<FileSettings>),
                open_requested.run_if(|requests: Res<FileRequests>| {
                    !requests.open.is_empty() || !requests.open_blueprints.is_empty() || requests.open_demo
                }),
            )
                .chain()
                .after(FrameSystems::Begin)
                .before(FrameSystems::Ingest),
        );
        app.add_systems(
            Frame,
            (
                save_requested.run_if(|requests: Res<FileRequests>| !requests.save_blueprint.is_empty()),
                save_exports.run_if(|requests: Res<FileRequests>| !requests.exports.is_empty()),
                gather_exports.run_if(|pending: Res<PendingExports>| !pending.is_empty()),
            )
                .chain()
                .after(FrameSystems::ApplyCommands)
                .before(FrameSystems::BlueprintQuery),
        );
    }
}

/// Settings for reading files: the formats that are known, the number of threads, and the size from which on
/// chunks are loaded only when needed.
#[derive(Resource, Clone, Debug)]
pub struct FileSettings(pub LoadSettings);

impl Default for FileSettings {
    /// The formats of [`Importers::default`], and blueprints as RON text.
    fn default() -> Self {
        let mut importers = Importers::default();
        importers.register(RonImporter);
        Self(LoadSettings {
            importers: Arc::new(importers),
            ..LoadSettings::default()
        })
    }
}

impl FileSettings {
    /// The kinds of files that can be opened.
    pub fn kinds(&self) -> FileKinds {
        let kinds = self.0.importers.iter().map(|importer| FileKind {
            name: importer.name().to_owned(),
            extensions: importer.extensions().iter().map(ToString::to_string).collect(),
        });
        FileKinds(kinds.collect())
    }
}

/// Adds formats of files.
pub trait AppImporterExt {
    /// Adds a format of files: they can be opened, and are listed where files are chosen. One of the same name is replaced.
    ///
    /// ```
    /// # use bevy::prelude::*;
    /// use chronoscope::{io::TextImporter, prelude::*};
    ///
    /// App::new().add_importer(TextImporter);
    /// ```
    fn add_importer(&mut self, importer: impl Importer) -> &mut Self;
}

impl AppImporterExt for App {
    fn add_importer(&mut self, importer: impl Importer) -> &mut Self {
        self.init_resource::<FileSettings>();
        let mut settings = self.world_mut().resource_mut::<FileSettings>();
        Arc::make_mut(&mut settings.0.importers).register(importer);
        self
    }
}

/// Numbers of sources that ended, by outcome.
#[derive(Resource, Clone, Debug, Default)]
pub struct LoadOutcomes(Arc<std::sync::Mutex<Outcomes>>);

/// Numbers of sources that ended, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Sources that gave something, even if they were damaged.
    pub opened: usize,
    /// Sources that gave nothing.
    pub failed: usize,
}

impl LoadOutcomes {
    /// The counts until now.
    pub fn get(&self) -> Outcomes {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn count(&self, opened: bool) {
        let mut outcomes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *(if opened {
            &mut outcomes.opened
        } else {
            &mut outcomes.failed
        }) += 1;
    }
}

/// The applications that blueprints among the files apply to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlueprintTarget {
    /// The application that they name, open or not. Those that name none apply to all that are open once
    /// everything has loaded.
    #[default]
    AsNamed,
    /// Those that are open once everything has loaded: the one that they name, else all.
    Open,
}

/// Begins to read files on background threads: a source each, in the order of the paths.
///
/// Needs [`FileSourcesPlugin`].
pub fn open_files(world: &mut World, paths: Vec<PathBuf>, target: BlueprintTarget) {
    open_files_at(world, paths, target, None);
}

/// As [`open_files`]; what is in them is shown at a time. Returns the sources.
pub(crate) fn open_files_at(
    world: &mut World,
    paths: Vec<PathBuf>,
    target: BlueprintTarget,
    time: Option<&WantedTimeOfSource>,
) -> Vec<SourceId> {
    let (settings, outcomes) = (world.resource::<FileSettings>(), world.resource::<LoadOutcomes>());
    let opened = open(paths, target, settings, outcomes);
    let mut sources = world.resource_mut::<IngestSources>();
    let add = |mut source: FileSource| {
        source.time = time.cloned();
        sources.add(source)
    };
    opened.into_iter().map(add).collect()
}

/// Begins to read files that grow, and goes on until nobody wants more. What is in them is shown at a time, if one is given. Returns the
/// sources.
pub(crate) fn follow_files(
    world: &mut World,
    paths: &[PathBuf],
    time: Option<&WantedTimeOfSource>,
) -> Vec<SourceId> {
    let settings = world.resource::<FileSettings>().0.clone();
    let outcomes = world.resource::<LoadOutcomes>().clone();
    let mut followed = Vec::new();
    for path in paths {
        match GrowingFile::open(path, &settings, outcomes.clone(), time.cloned()) {
            Ok(source) => followed.push(world.resource_mut::<IngestSources>().add(source)),
            Err(error) => {
                outcomes.count(false);
                let report = Report::error(path.display().to_string(), error.to_string());
                world.get_resource_or_init::<Reports>().push(report);
            }
        }
    }
    followed
}

/// Notes files that are opened by hand, those that are there.
pub(crate) fn remember(paths: &[PathBuf], recent: &mut RecentFiles) {
    for path in paths.iter().filter(|path| path.exists()) {
        if let Ok(path) = std::path::absolute(path) {
            recent.add(path);
        }
    }
}

/// Begins to read the standard input, where it is named.
pub(crate) fn open_stdin(world: &mut World, inputs: &Inputs) {
    let Some(handle) = inputs.open_stdin(&world.resource::<FileSettings>().0) else {
        return;
    };
    let outcomes = world.resource::<LoadOutcomes>().clone();
    let source = FileSource::new(handle, outcomes, BlueprintTarget::AsNamed);
    world.resource_mut::<IngestSources>().add(source);
}

fn open(
    paths: Vec<PathBuf>,
    target: BlueprintTarget,
    settings: &FileSettings,
    outcomes: &LoadOutcomes,
) -> Vec<FileSource> {
    let handles = chronoscope_io::open_files(paths, &settings.0).into_iter();
    let source = |handle| FileSource::new(handle, outcomes.clone(), target);
    handles.map(source).collect()
}

/// Tells the user interface which kinds of files there are.
fn list_kinds(settings: Res<FileSettings>, mut kinds: ResMut<FileKinds>) {
    kinds.set_if_neq(settings.kinds());
}

pub(crate) fn open_requested(
    mut commands: Commands,
    mut requests: ResMut<FileRequests>,
    mut sources: ResMut<IngestSources>,
    mut reports: ResMut<Reports>,
    mut recent: ResMut<RecentFiles>,
    settings: Res<FileSettings>,
    outcomes: Res<LoadOutcomes>,
) {
    let is_link = |path: &PathBuf| path.to_str().is_some_and(Link::is_link);
    let (links, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        std::mem::take(&mut requests.open).into_iter().partition(is_link);
    remember(&paths, &mut recent);
    let blueprints = std::mem::take(&mut requests.open_blueprints);
    let opened = open(paths, BlueprintTarget::AsNamed, &settings, &outcomes).into_iter();
    let opened = opened.map(|source| sources.add(source)).collect();
    sources.show_first(opened);
    for source in open(blueprints, BlueprintTarget::Open, &settings, &outcomes) {
        sources.add(source);
    }
    for link in links {
        let text = link.display().to_string();
        match Link::parse(&text) {
            Ok(link) => commands.queue(FollowLink(link)),
            Err(error) => reports.push(Report::error(text, error.to_string())),
        }
    }
    if std::mem::take(&mut requests.open_demo) {
        match open_demo(&mut sources) {
            Ok(id) => sources.show_first(vec![id]),
            Err(error) => reports.push(Report::error("built-in demo", error.to_string())),
        }
    }
}

/// Opens the built-in demo.
///
/// # Errors
/// Never, unless the builders are at odds with the store.
pub(crate) fn open_demo(sources: &mut IngestSources) -> Result<SourceId, ChunkError> {
    Ok(sources.add(ReadySource::new("built-in demo", demo_recording()?)))
}

/// A file that is being read, or written.
pub(crate) struct FileSource {
    handle: SourceHandle,
    outcomes: LoadOutcomes,
    target: BlueprintTarget,
    /// Whether the file is written: what is said then is that it is done.
    is_saving: bool,
    /// When its recordings are to be shown, where that is said.
    pub(crate) time: Option<WantedTimeOfSource>,
}

impl FileSource {
    pub(crate) fn new(handle: SourceHandle, outcomes: LoadOutcomes, target: BlueprintTarget) -> Self {
        Self {
            handle,
            outcomes,
            target,
            is_saving: false,
            time: None,
        }
    }

    /// A file that is being written.
    pub(crate) fn saving(handle: SourceHandle, outcomes: LoadOutcomes) -> Self {
        Self {
            is_saving: true,
            ..Self::new(handle, outcomes, BlueprintTarget::AsNamed)
        }
    }

    fn convert(&mut self, event: LoadEvent) -> Option<IngestMessage> {
        match event {
            LoadEvent::Message(message) => {
                let store = message.store();
                if let Some(time) = &mut self.time {
                    time.note(store, self.handle.name());
                }
                let is_for_open = store.kind == StoreKind::Blueprint
                    && (self.target == BlueprintTarget::Open || store.application_id.is_empty());
                Some(if is_for_open {
                    IngestMessage::BlueprintForOpen(message)
                } else {
                    IngestMessage::Data(message)
                })
            }
            LoadEvent::Report(report) => {
                let mut report = report_of(report);
                if self.is_saving && report.severity == Severity::Info {
                    report.severity = Severity::Success;
                }
                Some(IngestMessage::Report(report))
            }
            LoadEvent::Finished { outcome, .. } => {
                self.outcomes.count(outcome.opened);
                None
            }
            LoadEvent::Started { .. } | LoadEvent::Progress { .. } => None,
        }
    }
}

impl IngestSource for FileSource {
    fn name(&self) -> &str {
        self.handle.name()
    }

    fn poll(&mut self) -> SourcePoll {
        loop {
            // Asked before the queue is looked into: what is sent in between is found.
            let finished = self.handle.is_finished();
            match self.handle.try_recv() {
                Some(event) => {
                    if let Some(message) = self.convert(event) {
                        return SourcePoll::Message(message);
                    }
                }
                None if finished => return SourcePoll::Finished,
                None => return SourcePoll::Pending,
            }
        }
    }

    fn status(&self) -> SourceStatus {
        self.handle.status()
    }

    fn progress(&self) -> Option<f32> {
        let progress = self.handle.progress();
        let share = progress.bytes_read as f32 / progress.total_bytes as f32;
        (progress.total_bytes > 0).then_some(share)
    }

    fn set_waker(&mut self, waker: &Waker) -> bool {
        self.handle.set_waker(waker);
        true
    }
}

pub(crate) fn report_of(report: LoadReport) -> Report {
    let severity = match report.severity {
        chronoscope_io::Severity::Info => Severity::Info,
        chronoscope_io::Severity::Warning => Severity::Warning,
        chronoscope_io::Severity::Error => Severity::Error,
    };
    Report {
        severity,
        source: report.source,
        entity: report.entity,
        message: report.message,
    }
}

/// Messages that are there already, as a source.
pub struct ReadySource {
    name: String,
    messages: std::vec::IntoIter<LogMessage>,
}

impl ReadySource {
    /// A source that delivers these messages.
    pub fn new(name: impl Into<String>, messages: Vec<LogMessage>) -> Self {
        Self {
            name: name.into(),
            messages: messages.into_iter(),
        }
    }
}

impl IngestSource for ReadySource {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&mut self) -> SourcePoll {
        let next = self.messages.next();
        next.map_or(SourcePoll::Finished, |message| {
            SourcePoll::Message(IngestMessage::Data(message))
        })
    }
}
