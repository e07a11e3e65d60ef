//! Blueprints as files: RON text is read, and what is shown is saved as RON text or as `.rbl`.

use std::{ffi::OsStr, iter, path::Path, sync::Arc};

use bevy::prelude::*;
use chronoscope_blueprint::{BlueprintDocument, BlueprintError, MAX_DOCUMENT_BYTES};
use chronoscope_frame::{ActiveBlueprint, IngestSources, Recordings, TimeControls, commands::FileRequests};
use chronoscope_io::{
    Candidate, Certainty, FileInput, ImportContext, Importer, IoError, LoadEvent, LoadReport, Messages,
    Severity, SourceLimits, SourceSender, source_channel, write_file, write_text,
};
use chronoscope_store::{RowId, StoreId};
use chronoscope_types::{LogMessage, SourceStatus, StoreInfo, StoreSource};

use crate::sources::{FileSource, LoadOutcomes};

/// Blueprints as RON text, for the application that they name. Those that name none have a store with an empty
/// application id.
#[derive(Clone, Copy, Debug, Default)]
pub struct RonImporter;

impl Importer for RonImporter {
    fn name(&self) -> &'static str {
        "a .ron blueprint"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["ron"]
    }

    fn certainty(&self, candidate: &Candidate<'_>) -> Certainty {
        // The head may end inside of a character.
        let is_text = match std::str::from_utf8(candidate.head) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        if !is_text || candidate.head.contains(&0) {
            Certainty::No
        } else if candidate.has_extension(self.extensions()) {
            Certainty::Likely
        } else if begins_as_blueprint(candidate.head) {
            Certainty::Possible
        } else {
            Certainty::No
        }
    }

    fn import(&self, mut input: FileInput, context: &ImportContext) -> Messages {
        let context = context.clone();
        let read = iter::once_with(move || match read_ron(&mut input, &context) {
            Ok(messages) => messages.into_iter().map(Ok).collect(),
            Err(report) => vec![Err(report)],
        });
        Box::new(read.flatten())
    }
}

/// Whether a text begins with the version of a blueprint, as one that comes through a pipe has no name.
fn begins_as_blueprint(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = text.strip_prefix("Blueprint").unwrap_or(text).trim_start();
    text.strip_prefix('(')
        .is_some_and(|fields| fields.trim_start().starts_with("version"))
}

fn read_ron(input: &mut FileInput, context: &ImportContext) -> Result<Vec<LogMessage>, LoadReport> {
    let failed = |error: IoError| context.report(Severity::Error, &error);
    let bytes = input.read_all(MAX_DOCUMENT_BYTES as u64).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        failed(IoError::NotText {
            offset: error.utf8_error().valid_up_to() as u64,
        })
    })?;
    let is_none = |error: BlueprintError| LoadReport {
        source: Arc::clone(&context.source),
        severity: Severity::Error,
        entity: None,
        message: format!("is not a blueprint: {error}"),
    };
    // Some editors begin a text with a mark of its byte order.
    let document = BlueprintDocument::from_ron(text.trim_start_matches('\u{feff}')).map_err(is_none)?;
    let application = document.application.clone().unwrap_or_default();
    document
        .messages(new_store(application, StoreSource::File))
        .map_err(is_none)
}

/// A blueprint store of its own, so that a file that was edited and is opened again has nothing of what it
/// said before.
fn new_store(application: Arc<str>, source: StoreSource) -> StoreInfo {
    StoreInfo {
        source,
        ..StoreInfo::new(StoreId::blueprint(application, RowId::new().to_string()))
    }
}

/// Begins to save the shown blueprint to the files that were asked for, on threads of their own.
pub(crate) fn save_requested(
    mut requests: ResMut<FileRequests>,
    mut sources: ResMut<IngestSources>,
    recordings: Res<Recordings>,
    active: Res<ActiveBlueprint>,
    times: Res<TimeControls>,
    outcomes: Res<LoadOutcomes>,
) {
    let paths = std::mem::take(&mut requests.save_blueprint);
    let Some(document) = active.document(&recordings, &times) else {
        return;
    };
    for path in paths {
        let (sender, handle) = source_channel(path.display().to_string(), SourceLimits::default());
        let source = FileSource::saving(handle, outcomes.clone());
        sources.add(source);
        let document = document.clone();
        let sender = Arc::new(sender);
        let in_thread = Arc::clone(&sender);
        let started = std::thread::Builder::new()
            .name("save".to_owned())
            .spawn(move || tell(&in_thread, &save(&document, &path)));
        if let Err(error) = started {
            tell(&sender, &Err(IoError::Thread(error).to_string()));
        }
    }
}

/// Reports what came of it, and that this was all.
fn tell(sender: &SourceSender, saved: &Result<(), String>) {
    let (severity, message) = match saved {
        Ok(()) => (Severity::Info, "Blueprint saved"),
        Err(message) => (Severity::Error, &**message),
    };
    let report = LoadReport {
        source: Arc::clone(sender.name()),
        severity,
        entity: None,
        message: message.to_owned(),
    };
    // Who removed the source does not want to hear of it.
    let _ = sender.send(LoadEvent::Report(report));
    sender.set_status(SourceStatus::Finished);
}

/// Saves a blueprint in the format of the file's extension.
fn save(document: &BlueprintDocument, path: &Path) -> Result<(), String> {
    let text = |error: BlueprintError| format!("was not saved: {error}");
    match extension(path).as_deref() {
        Some("ron") => write_text(path, &document.to_ron().map_err(text)?),
        Some("rbl") => {
            let application = document.application.clone().unwrap_or_default();
            let store = new_store(application, StoreSource::Viewer);
            write_file(path, &document.messages(store).map_err(text)?)
        }
        _ => return Err("was not saved: its name must end with .ron or .rbl".to_owned()),
    }
    .map_err(|error| error.to_string())
}

fn extension(path: &Path) -> Option<String> {
    let extension = path.extension().and_then(OsStr::to_str)?;
    Some(extension.to_ascii_lowercase())
}

#[cfg(all(test, feature = "text_files"))]
mod tests;
