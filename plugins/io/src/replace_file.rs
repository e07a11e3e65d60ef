//! Files that are replaced as a whole, or not at all.

use std::{fs::File, io, path::Path};

use crate::IoError;

/// Writes a file under another name beside its own, and moves it there once all is written: a file of that name that there
/// was is then replaced.
///
/// # Errors
/// Where it cannot be written; the old file is still there then.
pub fn replace_file(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut File) -> Result<(), IoError>,
) -> Result<(), IoError> {
    let path = path.as_ref();
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let written = File::create(part).map_err(IoError::Write).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all().map_err(IoError::Write)
    });
    let moved = written.and_then(|()| std::fs::rename(part, path).map_err(IoError::Write));
    if moved.is_err() {
        // What is half written is of no use; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(part);
    }
    moved
}

/// Writes a file of text, as [`replace_file`] does.
///
/// # Errors
/// As [`replace_file`].
pub fn write_text(path: impl AsRef<Path>, text: &str) -> Result<(), IoError> {
    replace_file(path, |file| {
        io::Write::write_all(file, text.as_bytes()).map_err(IoError::Write)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.ron");
        write_text(&path, "one").unwrap();
        write_text(&path, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        let failed = replace_file(&path, |file| {
            io::Write::write_all(file, b"half").map_err(IoError::Write)?;
            Err(IoError::NotLoaded)
        });
        assert!(matches!(failed, Err(IoError::NotLoaded)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("missing").join("text.ron");
        assert!(matches!(write_text(nowhere, ""), Err(IoError::Write(_))));
    }
}
