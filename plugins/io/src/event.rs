//! The story of a load, event by event.

use std::{fmt, sync::Arc};

use chronoscope_store::EntityPath;
use chronoscope_types::LogMessage;

/// What happens while sources are read. Events of several files interleave; those of one file are in order.
#[derive(Clone, Debug)]
pub enum LoadEvent {
    /// A source was opened, or will be reported as not to be opened.
    Started {
        /// The file's path, or the name of a stream.
        source: Arc<str>,
        /// The source's size, where it is known.
        total_bytes: Option<u64>,
    },
    /// Data.
    Message(LogMessage),
    /// Something is wrong with the source.
    Report(LoadReport),
    /// How far a source has been read; not more often than each [`LoadEvent::PROGRESS_STEP_BYTES`].
    Progress {
        /// The file's path, or the name of a stream.
        source: Arc<str>,
        /// What has been read.
        bytes_read: u64,
        /// The source's size, where it is known.
        total_bytes: Option<u64>,
    },
    /// The source is at its end. The last event of each source.
    Finished {
        /// The file's path, or the name of a stream.
        source: Arc<str>,
        /// What came of it.
        outcome: LoadOutcome,
    },
}

impl LoadEvent {
    /// The bytes between two events of progress.
    pub const PROGRESS_STEP_BYTES: u64 = 1 << 20;

    /// The memory that the event keeps alive, in bytes.
    pub fn num_bytes(&self) -> u64 {
        match self {
            Self::Message(message) => message.num_bytes(),
            _ => size_of::<Self>() as u64,
        }
    }
}

/// What came of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOutcome {
    /// The messages that were read, chunks included.
    pub messages: u64,
    /// The chunks that were read, or became known.
    pub chunks: u64,
    /// The rows in them.
    pub rows: u64,
    /// The bytes that were read.
    pub bytes_read: u64,
    /// The reports that were made, those included that were held back because there were too many.
    pub reports: u64,
    /// Whether some of the source could not be read.
    pub damaged: bool,
    /// Whether the source is of a known format and gave something, or is whole and empty.
    pub opened: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is lost.
    Info,
    /// Some of the source is lost; the rest is there.
    Warning,
    /// The source could not be opened, or not be read further.
    Error,
}

/// Something that is wrong with a source. Displays as a sentence that names the source and the damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadReport {
    /// The file's path, or the name of a stream.
    pub source: Arc<str>,
    /// How bad it is.
    pub severity: Severity,
    /// The entity whose data is concerned, where it is known.
    pub entity: Option<EntityPath>,
    /// What is wrong, without the source and the entity.
    pub message: String,
}

impl LoadReport {
    /// A report of an error: an [`IoError`](crate::IoError), or one of a format from outside.
    pub fn new(source: &Arc<str>, severity: Severity, error: &(impl fmt::Display + ?Sized)) -> Self {
        Self {
            source: Arc::clone(source),
            severity,
            entity: None,
            message: error.to_string(),
        }
    }

    /// Names the entity whose data is concerned.
    #[must_use]
    pub fn with_entity(mut self, entity: Option<EntityPath>) -> Self {
        self.entity = entity;
        self
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entity {
            Some(entity) => write!(f, "{}: {entity}: {}", self.source, self.message),
            None => write!(f, "{}: {}", self.source, self.message),
        }
    }
}
