//! What the program logs: to stderr what a user can do something about, and to a file what helps to find out
//! afterwards what happened.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bevy::{
    log::{
        BoxedFmtLayer, Level, LogPlugin,
        tracing_subscriber::{EnvFilter, Layer as _, fmt},
    },
    prelude::*,
};

/// A user reads what they can do something about. The engine warns of what only its users, developers, can:
/// drivers and shaders (`wgpu`, `naga`, `bevy_render`), systems without an order (`bevy_ecs::schedule`),
/// desktops without XSETTINGS (`winit`), windows that are closed already (`bevy_winit`) or a dialog for files (`rfd`). `--log` and `RUST_LOG` show all of it.
const STDERR_FILTER: &str = "warn,wgpu=error,naga=error,bevy_render=error,bevy_egui=error,\
    bevy_ecs::schedule=error,winit=error,bevy_winit=error,rfd=off";

/// The file says in addition what runs where.
const FILE_FILTER: &str = "info,wgpu=warn,naga=warn,winit=warn,bevy_ecs::schedule=error";

/// A log file that is larger than this when a program starts is put aside.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// What to log.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Logging {
    /// Directives in addition to those that hold for stderr, such as `chronoscope_frame=debug`.
    pub(crate) directives: Option<String>,
    /// The file that is appended to.
    pub(crate) file: Option<PathBuf>,
}

impl Logging {
    /// The logger, to be added before all plugins that log.
    pub(crate) fn plugin(self, app: &mut App) -> LogPlugin {
        app.insert_resource(self);
        LogPlugin {
            // Each layer has a filter of its own.
            level: Level::TRACE,
            filter: String::new(),
            custom_layer: |app| {
                let logging = app.world().resource::<Logging>();
                let file = logging.file.clone()?;
                match open(&file) {
                    Ok(opened) => {
                        let layer = fmt::layer()
                            .with_ansi(false)
                            .with_writer(Arc::new(opened))
                            .with_filter(logging.filter(FILE_FILTER));
                        Some(Box::new(layer))
                    }
                    Err(error) => {
                        eprintln!("warning: {} is not written: {error}", file.display());
                        None
                    }
                }
            },
            fmt_layer: |app| {
                let filter = app.world().resource::<Logging>().filter(STDERR_FILTER);
                let layer = fmt::layer().with_writer(io::stderr).with_filter(filter);
                Some(Box::new(layer) as BoxedFmtLayer)
            },
        }
    }

    /// What is logged where this is logged by default.
    fn filter(&self, default: &str) -> EnvFilter {
        let given = self.directives.as_deref().unwrap_or_default();
        let environment = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
        // The last directive for a target holds. What the environment says may be meant for others.
        EnvFilter::builder().parse_lossy([default, &environment, given].join(","))
    }
}

/// The file that is logged to unless told otherwise.
pub(crate) fn default_file() -> Option<PathBuf> {
    Some(crate::state_dir::state_dir()?.join("chronoscope.log"))
}

/// Opens a log file to append to, and begins anew where it has grown large: what was there is kept once, under
/// the name with `.old`.
fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if path
        .metadata()
        .is_ok_and(|known| known.is_file() && known.len() > MAX_FILE_BYTES)
    {
        std::fs::rename(path, path.with_added_extension("old"))?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_put_aside_once() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("logs").join("chronoscope.log");
        open(&path)?.set_len(MAX_FILE_BYTES + 1)?;
        assert_eq!(open(&path)?.metadata()?.len(), 0);
        let old = path.with_file_name("chronoscope.log.old");
        assert_eq!(old.metadata()?.len(), MAX_FILE_BYTES + 1);
        open(&path)?.set_len(10)?;
        assert_eq!(open(&path)?.metadata()?.len(), 10, "what is small goes on");
        Ok(())
    }
}
