//! Files that are being read, as sources of the frame.

use std::{path::PathBuf, sync::Arc};

use bevy::prelude::*;
use chronoscope_frame::{
    Frame, FrameSystems, IngestMessage, IngestSource, IngestSources, Report, SourcePoll, StoreInfo,
    commands::OpenRequests, error::Severity,
};
use chronoscope_io::{LoadEvent, LoadHandle, LoadSettings, LogMessage, load_files};
use chronoscope_store::{StoreId, Waker};

/// Opens the files that are asked for, on background threads.
pub struct FileSourcesPlugin;

impl Plugin for FileSourcesPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<LoadOutcomes>()
            .init_resource::<FileSettings>();
        app.add_systems(
            Frame,
            open_files.before(FrameSystems::Ingest).after(FrameSystems::Begin),
        );
    }
}

/// Settings for reading files: the number of threads, and the size from which on chunks are loaded only when
/// needed.
#[derive(Resource, Clone, Debug, Default)]
pub struct FileSettings(pub LoadSettings);

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

fn open_files(
    mut requests: ResMut<OpenRequests>,
    mut sources: ResMut<IngestSources>,
    outcomes: Res<LoadOutcomes>,
    settings: Res<FileSettings>,
) {
    if requests.0.is_empty() {
        return;
    }
    let paths = std::mem::take(&mut requests.0);
    sources.add(FileSource::open(
        paths,
        &settings,
        outcomes.clone(),
        BlueprintTarget::AsSent,
    ));
}

/// The application that blueprints among the files apply to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlueprintTarget {
    /// The application that they name.
    AsSent,
    /// This application, whatever they name.
    Application(Arc<str>),
}

/// Some files that are read together.
pub struct FileSource {
    name: String,
    handle: LoadHandle,
    outcomes: LoadOutcomes,
    target: BlueprintTarget,
    /// The file whose events are coming, as a name for reports.
    source: Arc<str>,
}

impl FileSource {
    /// Begins to read files on background threads.
    pub fn open(
        paths: Vec<PathBuf>,
        settings: &FileSettings,
        outcomes: LoadOutcomes,
        target: BlueprintTarget,
    ) -> Self {
        let name = match paths.as_slice() {
            [path] => path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            paths => format!("{} files", paths.len()),
        };
        let handle = load_files(paths, &settings.0);
        Self {
            source: name.as_str().into(),
            name,
            handle,
            outcomes,
            target,
        }
    }

    fn retarget(&self, id: StoreId) -> StoreId {
        match &self.target {
            BlueprintTarget::Application(application)
                if id.kind == chronoscope_store::StoreKind::Blueprint =>
            {
                StoreId {
                    application_id: application.clone(),
                    ..id
                }
            }
            _ => id,
        }
    }

    fn convert(&mut self, event: LoadEvent) -> Option<IngestMessage> {
        match event {
            LoadEvent::Started { source, .. } => {
                self.source = source;
                None
            }
            LoadEvent::Message(LogMessage::StoreInfo(info)) => Some(IngestMessage::StoreInfo {
                store: self.retarget(info.id),
                info: StoreInfo {
                    source: self.source.clone(),
                    logged_by: match &info.sdk_version {
                        Some(version) => Some(format!("{} {version}", info.source).into()),
                        None => Some(info.source.to_string().into()),
                    },
                    started_nanos: info.started_at_nanos.and_then(|nanos| i64::try_from(nanos).ok()),
                },
            }),
            LoadEvent::Message(LogMessage::Chunk { store, chunk }) => Some(IngestMessage::Chunk {
                store: self.retarget(store),
                chunk,
            }),
            LoadEvent::Message(LogMessage::AbsentChunks {
                store,
                chunks,
                source,
            }) => Some(IngestMessage::AbsentChunks {
                store: self.retarget(store),
                chunks,
                source,
            }),
            LoadEvent::Message(LogMessage::ActivateBlueprint {
                blueprint,
                make_active,
                make_default,
            }) => Some(IngestMessage::ActivateBlueprint {
                blueprint: self.retarget(blueprint),
                make_active,
                make_default,
            }),
            LoadEvent::Report(report) => {
                let severity = match report.severity {
                    chronoscope_io::Severity::Info => Severity::Info,
                    chronoscope_io::Severity::Warning => Severity::Warning,
                    chronoscope_io::Severity::Error => Severity::Error,
                };
                Some(IngestMessage::Report(Report {
                    severity,
                    source: report.source,
                    entity: report.entity,
                    message: report.message,
                }))
            }
            LoadEvent::Progress { .. } => None,
            LoadEvent::Finished { outcome, .. } => {
                self.outcomes.count(outcome.opened);
                None
            }
        }
    }
}

impl IngestSource for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&mut self) -> SourcePoll {
        loop {
            // Asked before the channel is looked into: what is sent in between is found.
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

    fn progress(&self) -> Option<f32> {
        let progress = self.handle.progress();
        (progress.total_bytes > 0).then(|| progress.bytes_read as f32 / progress.total_bytes as f32)
    }

    fn set_waker(&mut self, waker: &Waker) -> bool {
        self.handle.set_waker(waker);
        true
    }
}

/// Messages that are there already, as a source.
pub struct ReadySource {
    name: String,
    messages: std::vec::IntoIter<IngestMessage>,
}

impl ReadySource {
    /// A source that delivers these messages.
    pub fn new(name: impl Into<String>, messages: Vec<IngestMessage>) -> Self {
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
        self.messages
            .next()
            .map_or(SourcePoll::Finished, SourcePoll::Message)
    }
}
