//! What is known of a source: a file that is read, a stream that is received.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Identifies a source for as long as the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u64);

impl SourceId {
    /// An id that no other source has.
    #[expect(
        clippy::new_without_default,
        reason = "each call gives another id, so that there is no default one"
    )]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// How it stands with a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceStatus {
    /// It waits for its turn, or for an answer. Nothing has arrived yet.
    #[default]
    Connecting,
    /// Data that has an end is arriving.
    Loading,
    /// It is open and has no end: data may arrive at any time, or never.
    Live,
    /// It was live and broke off. It is tried again, until somebody does not want it any more.
    Retrying {
        /// Why it broke off, or the last try failed, as the end of a sentence that begins with the source's name.
        reason: Arc<str>,
    },
    /// It came to its end, and all of it was received.
    Finished,
    /// It broke off, or could not be opened.
    Lost {
        /// Why, as the end of a sentence that begins with the source's name.
        reason: Arc<str>,
    },
}

impl SourceStatus {
    /// Whether something may still arrive.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Connecting | Self::Loading | Self::Live | Self::Retrying { .. } => true,
            Self::Finished | Self::Lost { .. } => false,
        }
    }
}

impl fmt::Display for SourceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Loading => f.write_str("loading"),
            Self::Live => f.write_str("live"),
            Self::Retrying { reason } => write!(f, "reconnecting: {reason}"),
            Self::Finished => f.write_str("finished"),
            Self::Lost { reason } => write!(f, "lost: {reason}"),
        }
    }
}
