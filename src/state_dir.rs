//! Where the program keeps what outlives a run.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The folder for logs and reports of crashes; `None` where the system names none.
pub(crate) fn state_dir() -> Option<PathBuf> {
    state_dir_by(|name| env::var_os(name).map(PathBuf::from))
}

/// The folder for settings and arranged views; `None` where the system names none.
pub(crate) fn kept_dir() -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        let home = env::var_os("HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute());
        return Some(home?.join("Library/Application Support/Chronoscope"));
    }
    state_dir()
}

fn state_dir_by(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        absolute("LOCALAPPDATA")?.join("Chronoscope")
    } else if cfg!(target_os = "macos") {
        absolute("HOME")?.join("Library/Logs/Chronoscope")
    } else {
        // As the XDG base directories say.
        let state = absolute("XDG_STATE_HOME");
        state
            .or_else(|| Some(absolute("HOME")?.join(".local/state")))?
            .join("chronoscope")
    };
    Some(folder)
}

/// Writes a new file into a folder that may not be there yet.
pub(crate) fn write_new(folder: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}

#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn the_folder_follows_the_base_directories() {
        let variables = |pairs: &'static [(&str, &str)]| {
            state_dir_by(|name| {
                let value = pairs.iter().find(|(known, _)| *known == name);
                value.map(|(_, value)| PathBuf::from(value))
            })
        };
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(
            variables(&[("XDG_STATE_HOME", "/state"), ("HOME", "/home/me")]),
            path("/state/chronoscope")
        );
        assert_eq!(
            variables(&[("XDG_STATE_HOME", "relative"), ("HOME", "/home/me")]),
            path("/home/me/.local/state/chronoscope")
        );
        assert_eq!(variables(&[]), None);
    }
}
