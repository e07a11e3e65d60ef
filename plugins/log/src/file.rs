//! To a file.

use std::{path::PathBuf, sync::Arc};

use chronoscope_io::{IoError, RrdRecorder};
use chronoscope_types::LogMessage;

use crate::{Sink, SinkError};

/// Writes an `.rrd` recording. What is in the file is whole at any time, also on a full disk; its index is written when the
/// recorder ends.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    name: String,
    recorder: Option<RrdRecorder>,
}

impl FileSink {
    /// Begins a file. One that is there is replaced.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, SinkError> {
        let path = path.into();
        let recorder = RrdRecorder::create(&path).map_err(|error| file_error(&path, error))?;
        Ok(Self {
            name: path.display().to_string(),
            path,
            recorder: Some(recorder),
        })
    }
}

impl Sink for FileSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn take(&mut self, message: &LogMessage) -> Result<(), SinkError> {
        let Some(recorder) = &mut self.recorder else {
            return Err(file_error(&self.path, IoError::AlreadyFinished));
        };
        recorder
            .write(message)
            .map_err(|error| file_error(&self.path, error))
    }

    fn finish(&mut self) -> Result<(), SinkError> {
        match self.recorder.take() {
            Some(recorder) => recorder.finish().map_err(|error| file_error(&self.path, error)),
            None => Ok(()),
        }
    }
}

fn file_error(path: &std::path::Path, error: IoError) -> SinkError {
    SinkError::File {
        path: path.to_owned(),
        error: Arc::new(error),
    }
}
