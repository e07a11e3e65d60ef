//! What an importer is told besides the bytes.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use chronoscope_store::{EntityPath, RowId, StoreId, Timeline, path::escape_part};
use chronoscope_types::{AsComponents, LogMessage, StoreInfo, StoreSource, log_chunk};

use super::SideFiles;
use crate::{HttpLink, IoError, LoadReport, Severity, http::without_query};

/// Where the data of files goes that do not say it themselves.
///
/// Recordings and blueprints of the Rerun SDK name their own stores, entities and times; they ignore all of this.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The store. `None` for a new recording, which all files that are opened together share.
    pub store: Option<StoreId>,
    /// The entity below which files are logged, each under its name.
    pub entity_prefix: EntityPath,
    /// When what has no time of its own is logged.
    pub time: ImportTime,
    /// Settings of importers.
    pub settings: ImportSettings,
    /// The folder that side files may lie in. `None` for the folder of each file.
    pub side_files_root: Option<PathBuf>,
}

/// When what has no time of its own is logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ImportTime {
    /// At no time: it holds always.
    #[default]
    Static,
    /// At a time of a timeline.
    At {
        /// The timeline.
        timeline: Timeline,
        /// The time, in the timeline's unit.
        value: i64,
    },
}

/// Settings of importers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSettings {
    /// The most bytes that a file may have whose format is only read as a whole, such as a picture or a text.
    pub max_whole_file_bytes: u64,
    /// Settings of single importers by name, as a command line gives them: `mcap.topics`.
    pub options: BTreeMap<String, String>,
}

impl Default for ImportSettings {
    fn default() -> Self {
        Self {
            max_whole_file_bytes: 256 << 20,
            options: BTreeMap::new(),
        }
    }
}

/// What an importer is told besides the bytes.
#[derive(Clone, Debug)]
pub struct ImportContext {
    /// The file's path, or the name of a stream, for reports.
    pub source: Arc<str>,
    /// The store to log to, where the file names none.
    pub store: StoreId,
    /// The entity to log to, or below, where the file names none: a name for the file, below the prefix that was asked for.
    pub entity: EntityPath,
    /// When what has no time of its own is logged.
    pub time: ImportTime,
    /// Settings of importers.
    pub settings: Arc<ImportSettings>,
    /// The only other files that may be read.
    pub side_files: SideFiles,
}

impl ImportContext {
    /// That the store exists. An importer that logs to [`Self::store`] sends this first.
    pub fn store_info(&self) -> LogMessage {
        LogMessage::StoreInfo(StoreInfo {
            source: StoreSource::File,
            ..StoreInfo::new(self.store.clone())
        })
    }

    /// An archetype that has no time of its own, logged to an entity at [`Self::time`].
    ///
    /// # Errors
    /// Where the archetype cannot be logged, or the time is `i64::MIN`.
    pub fn log_timeless(
        &self,
        entity: &EntityPath,
        archetype: &(impl AsComponents + ?Sized),
    ) -> Result<LogMessage, LoadReport> {
        let time = match &self.time {
            ImportTime::Static => None,
            ImportTime::At { timeline, value } => Some((timeline.clone(), *value)),
        };
        let chunk = log_chunk(entity.clone(), time, archetype).map_err(|error| {
            self.report(Severity::Error, &IoError::Log(Box::new(error)))
                .with_entity(Some(entity.clone()))
        })?;
        Ok(LogMessage::Chunk {
            store: self.store.clone(),
            chunk: Arc::new(chunk),
        })
    }

    /// A report that names the source.
    pub fn report(&self, severity: Severity, error: &(impl fmt::Display + ?Sized)) -> LoadReport {
        LoadReport::new(&self.source, severity, error)
    }
}

/// The contexts of files that are opened together.
#[derive(Debug)]
pub(crate) struct Contexts {
    options: ImportOptions,
    settings: Arc<ImportSettings>,
    store: StoreId,
    /// The folder that all of the files lie in. Entities are named relative to it, so that no two files share one.
    folder: PathBuf,
}

impl Contexts {
    pub(crate) fn new<'a>(
        options: &ImportOptions,
        paths: impl IntoIterator<Item = &'a Path> + Clone,
    ) -> Self {
        let store = options.store.clone().unwrap_or_else(|| {
            let first = paths.clone().into_iter().next().map(normalized);
            let application = first.as_deref().and_then(Path::file_name);
            let application = application.map_or_else(|| "files".into(), |name| name.to_string_lossy());
            StoreId::recording(&*application, RowId::new().to_string())
        });
        Self {
            settings: Arc::new(options.settings.clone()),
            store,
            folder: common_folder(paths),
            options: options.clone(),
        }
    }

    pub(crate) fn of(&self, path: &Path, source: &Arc<str>) -> ImportContext {
        let whole = normalized(path);
        let named = whole
            .strip_prefix(&self.folder)
            .ok()
            .filter(|relative| relative.file_name().is_some())
            .unwrap_or(&whole);
        let entity = named
            .components()
            .filter_map(|component| match component {
                Component::Normal(name) => Some(escape_part(&name.to_string_lossy())),
                _ => None,
            })
            .fold(self.options.entity_prefix.clone(), |entity, part| {
                entity.child(&part)
            });
        let root = self.options.side_files_root.clone();
        let root = root.or_else(|| {
            if HttpLink::of_path(path).is_some() {
                return None;
            }
            if path.is_dir() {
                return Some(path.to_path_buf());
            }
            let folder = path.parent()?;
            // A name alone lies in the current folder.
            Some(if folder.as_os_str().is_empty() {
                ".".into()
            } else {
                folder.into()
            })
        });
        ImportContext {
            source: Arc::clone(source),
            store: self.store.clone(),
            entity,
            time: self.options.time.clone(),
            settings: Arc::clone(&self.settings),
            side_files: root.map_or_else(SideFiles::none, SideFiles::below),
        }
    }
}

/// The deepest folder that all of the paths lie in.
fn common_folder<'a>(paths: impl IntoIterator<Item = &'a Path>) -> PathBuf {
    let mut folders = paths.into_iter().map(|path| {
        let mut folder = normalized(path);
        folder.pop();
        folder
    });
    let Some(first) = folders.next() else {
        return PathBuf::new();
    };
    folders.fold(first, |common, folder| {
        let common = common.ancestors().find(|ancestor| folder.starts_with(ancestor));
        common.map_or_else(PathBuf::new, Path::to_path_buf)
    })
}

/// A path from the root on, without `.` and `..`, so that each file has one. No link is followed.
fn normalized(path: &Path) -> PathBuf {
    let path = path.to_str().map_or(path, |text| Path::new(without_query(text)));
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut parts = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::ParentDir => _ = parts.pop(),
            Component::CurDir => {}
            other => parts.push(other),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entities(paths: &[&str]) -> Vec<String> {
        let all: Vec<&Path> = paths.iter().map(Path::new).collect();
        let contexts = Contexts::new(&ImportOptions::default(), all.iter().copied());
        let entity = |path: &&Path| contexts.of(path, &"source".into()).entity.to_string();
        all.iter().map(entity).collect()
    }

    #[test]
    fn files_of_the_same_name_have_entities_of_their_own() {
        assert_eq!(entities(&["x.png"]), ["/x.png"]);
        assert_eq!(entities(&["a/x.png", "a/b/x.png"]), ["/x.png", "/b/x.png"]);
        assert_eq!(entities(&["./x.png", "b/../y.png"]), ["/x.png", "/y.png"]);
        assert_eq!(entities(&["https://host/a/x.png?size=1"]), ["/x.png"]);
        for pair in [["../x.png", "x.png"], ["/x.png", "x.png"]] {
            let named = entities(&pair);
            assert_ne!(named[0], named[1], "{pair:?}");
        }
    }
}
