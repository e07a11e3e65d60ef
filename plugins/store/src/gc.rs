//! Garbage collection.

/// Where a collection that ran out of time goes on.
#[derive(Debug, Default)]
pub(crate) struct GcState {}
