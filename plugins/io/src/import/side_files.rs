//! Files that belong to a file: textures of a mesh, meshes of a robot.

use std::{
    fs::File,
    path::{Component, Path, PathBuf},
};

use super::FileInput;
use crate::IoError;

/// The files below a folder. Nothing outside of it can be read, whatever a file asks for.
#[derive(Clone, Debug)]
pub struct SideFiles {
    root: Option<PathBuf>,
}

impl SideFiles {
    /// No files at all: what is imported does not lie in a folder.
    pub fn none() -> Self {
        Self { root: None }
    }

    /// The files below this folder.
    pub fn below(root: impl Into<PathBuf>) -> Self {
        Self {
            root: Some(root.into()),
        }
    }

    /// The folder.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Opens the file at a path relative to the folder.
    ///
    /// # Errors
    /// Where the path is absolute or leads out of the folder, by `..` or by a symbolic link, and where it names no regular
    /// file that can be read.
    pub fn open(&self, relative: impl AsRef<Path>) -> Result<FileInput, IoError> {
        let path = self.resolve(relative.as_ref())?;
        let failed = |error| IoError::SideFile {
            path: shown(relative.as_ref()),
            error,
        };
        // Opening a pipe would wait for whoever writes to it.
        let metadata = std::fs::metadata(&path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(std::io::ErrorKind::InvalidInput.into()));
        }
        let file = File::open(&path).map_err(failed)?;
        Ok(FileInput::new(
            path.display().to_string(),
            Some(metadata.len()),
            std::io::BufReader::new(file),
        ))
    }

    /// All bytes of the file at a path relative to the folder, if they are not more than this.
    ///
    /// # Errors
    /// As [`Self::open`], and where the file is larger.
    pub fn read(&self, relative: impl AsRef<Path>, limit_bytes: u64) -> Result<Vec<u8>, IoError> {
        self.open(relative)?.read_all(limit_bytes)
    }

    /// The names of what lies in a folder below the folder, sorted; `""` for the folder itself.
    ///
    /// # Errors
    /// As [`Self::open`], and where the path names no folder that can be read.
    pub fn list(&self, relative: impl AsRef<Path>) -> Result<Vec<String>, IoError> {
        let path = self.resolve(relative.as_ref())?;
        let failed = |error| IoError::SideFile {
            path: shown(relative.as_ref()),
            error,
        };
        let entries = std::fs::read_dir(path).map_err(failed)?;
        let names: Result<Vec<String>, _> = entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect();
        let mut names = names.map_err(failed)?;
        names.sort();
        Ok(names)
    }

    /// The real path of what lies at a path relative to the folder.
    fn resolve(&self, relative: &Path) -> Result<PathBuf, IoError> {
        let outside = || IoError::OutsideFolder {
            path: shown(relative),
        };
        let root = self.root.as_deref().ok_or_else(outside)?;
        let stays_below = relative
            .components()
            .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
        if !stays_below {
            return Err(outside());
        }
        let failed = |error| IoError::SideFile {
            path: shown(relative),
            error,
        };
        let real_root = root.canonicalize().map_err(failed)?;
        let real = real_root.join(relative).canonicalize().map_err(failed)?;
        if !real.starts_with(&real_root) {
            return Err(outside());
        }
        Ok(real)
    }
}

/// A path as a file names it, which may be very long, for a report.
fn shown(path: &Path) -> String {
    const CHARACTERS: usize = 200;
    path.display().to_string().chars().take(CHARACTERS).collect()
}
