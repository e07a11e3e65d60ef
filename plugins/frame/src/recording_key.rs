//! Names of open stores.

/// A short name for an open store, never used again after it is closed. Products are keyed by (recording,
/// entity).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingKey(pub(crate) u32);
