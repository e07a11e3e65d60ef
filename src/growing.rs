//! Files that are read while they are being written: what is at their end is waited for.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use chronoscope_frame::{IngestSource, SourcePoll};
use chronoscope_io::{IoError, LoadSettings, open_stream};
use chronoscope_store::Waker;
use chronoscope_types::SourceStatus;

use crate::{
    look_at::WantedTimeOfSource,
    sources::{BlueprintTarget, FileSource, LoadOutcomes},
};

/// How often the end of a file is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// A file that grows, as a source that is live.
pub(crate) struct GrowingFile {
    source: FileSource,
    stopped: Arc<AtomicBool>,
    /// All that there was has been read once.
    reached_end: Arc<AtomicBool>,
}

impl GrowingFile {
    /// Begins to read a file, and goes on as it grows.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub(crate) fn open(
        path: &Path,
        settings: &LoadSettings,
        outcomes: LoadOutcomes,
        time: Option<WantedTimeOfSource>,
    ) -> Result<Self, IoError> {
        let file = File::open(path).map_err(IoError::Open)?;
        let (stopped, reached_end) = (Arc::default(), Arc::default());
        let reader = Growing {
            file,
            stopped: Arc::clone(&stopped),
            reached_end: Arc::clone(&reached_end),
        };
        let handle = open_stream(path.display().to_string(), reader, settings);
        let mut source = FileSource::new(handle, outcomes, BlueprintTarget::AsNamed);
        source.time = time;
        Ok(Self {
            source,
            stopped,
            reached_end,
        })
    }
}

impl Drop for GrowingFile {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
    }
}

impl IngestSource for GrowingFile {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn poll(&mut self) -> SourcePoll {
        self.source.poll()
    }

    fn status(&self) -> SourceStatus {
        match self.source.status() {
            SourceStatus::Loading | SourceStatus::Connecting if self.reached_end.load(Ordering::Acquire) => {
                SourceStatus::Live
            }
            other => other,
        }
    }

    fn is_followed(&self) -> bool {
        true
    }

    fn set_waker(&mut self, waker: &Waker) -> bool {
        self.source.set_waker(waker)
    }
}

/// Reads a file, and waits at its end.
struct Growing {
    file: File,
    stopped: Arc<AtomicBool>,
    reached_end: Arc<AtomicBool>,
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.stopped.load(Ordering::Acquire) {
            let count = self.file.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.reached_end.store(true, Ordering::Release);
            thread::sleep(PAUSE);
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_is_written_later_is_read_until_nobody_wants_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("growing.txt");
        let mut written = File::create(&path).unwrap();
        written.write_all(b"one").unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let mut reader = Growing {
            file: File::open(&path).unwrap(),
            stopped: Arc::clone(&stopped),
            reached_end: Arc::default(),
        };
        let mut buffer = [0; 16];
        assert_eq!(reader.read(&mut buffer).unwrap(), 3);
        let later = thread::spawn(move || written.write_all(b"more").unwrap());
        assert_eq!(reader.read(&mut buffer).unwrap(), 4);
        later.join().unwrap();
        assert!(reader.reached_end.load(Ordering::Acquire) || reader.file.metadata().unwrap().len() == 7);
        stopped.store(true, Ordering::Release);
        assert_eq!(reader.read(&mut buffer).unwrap(), 0);
    }
}
