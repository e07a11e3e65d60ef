//! A recording that is written while it comes in.

use std::{
    fs::File,
    io::{self, Seek as _, Write},
    path::{Path, PathBuf},
};

use chronoscope_types::LogMessage;

use super::RrdWriter;
use crate::IoError;

/// Writes messages to a file as they come. Whatever happens, what is in the file is whole: a message that cannot be written to
/// its end, as on a full disk, is taken back.
#[derive(Debug)]
pub struct RrdRecorder {
    path: PathBuf,
    writer: RrdWriter<WholeParts>,
}

impl RrdRecorder {
    /// Begins a file. One that is there is replaced.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, IoError> {
        let path = path.into();
        let file = File::create(&path).map_err(IoError::Write)?;
        let writer = RrdWriter::new(WholeParts { file, len: 0 })?;
        Ok(Self { path, writer })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a message.
    ///
    /// # Errors
    /// Where a chunk cannot be encoded, or the file does not take it. Nothing of it is in the file then.
    pub fn write(&mut self, message: &LogMessage) -> Result<(), IoError> {
        self.writer.write(message)
    }

    /// Ends the file, with an index of what it holds, and waits until it is on the disk.
    ///
    /// # Errors
    /// Where the file does not take it.
    pub fn finish(self) -> Result<(), IoError> {
        let parts = self.writer.finish()?;
        parts.file.sync_all().map_err(IoError::Write)
    }
}

/// A file that has each part that is written to it, or nothing of it.
#[derive(Debug)]
struct WholeParts {
    file: File,
    len: u64,
}

impl Write for WholeParts {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.write_all(part)?;
        Ok(part.len())
    }

    fn write_all(&mut self, part: &[u8]) -> io::Result<()> {
        match self.file.write_all(part) {
            Ok(()) => {
                self.len += part.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.file.set_len(self.len)?;
                self.file.seek(io::SeekFrom::Start(self.len))?;
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
