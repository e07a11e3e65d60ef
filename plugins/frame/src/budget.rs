//! The one memory budget, what counts against it beside the stores, and a purge that is under way.

use std::time::Duration;

use bevy_ecs::prelude::*;
use chronoscope_store::GcBuffers;

use crate::Cursor;

/// How much memory the viewer may hold, and how long a frame may spend on keeping to it.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct MemoryBudget {
    /// Bytes of data, caches and GPU copies together; `None` for as much as there is.
    pub limit_bytes: Option<u64>,
    /// The longest pause that collecting may make in a frame.
    pub gc_time: Duration,
    /// Rows per entity, timeline and component that are always kept.
    pub protect_latest: usize,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self {
            limit_bytes: None,
            gc_time: Duration::from_micros(3_500),
            protect_latest: 1,
        }
    }
}

/// What is made of the data and held outside the stores: decoded pictures, copies on the GPU. What of it is not shown is purged
/// before anything else. Whoever holds it keeps the count and obeys the request.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViewerCaches {
    /// The bytes that all of it takes now.
    pub bytes: u64,
    /// The bytes of those that are not shown, and are kept to be there at once when they are.
    pub idle_bytes: u64,
    /// How many of the idle bytes are to be given up in this frame.
    pub purge_bytes: u64,
}

/// A purge under way.
#[derive(Resource, Debug, Default)]
pub(crate) struct Purge {
    /// The bytes to be reached, fixed when it began.
    pub(crate) target_bytes: Option<u64>,
    /// Whether it only makes room for what lies ahead of the cursor.
    pub(crate) is_for_ahead: bool,
    /// What the steps of collections write to.
    pub(crate) buffers: GcBuffers,
    /// Whether something was to be given up in this frame.
    pub(crate) evicts: bool,
    /// When all that was left was protected: until something changes, looking again is of no use.
    pub(crate) futile: Option<PurgeSituation>,
}

/// What decides about what may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PurgeSituation {
    /// The sum of the generations of all stores.
    pub(crate) generations: u64,
    pub(crate) cursor: Cursor,
    pub(crate) limit: u64,
    pub(crate) caches: u64,
}

impl Purge {
    /// Whether memory is short in this frame: what nobody sees is not to be held on to.
    pub(crate) fn evicts(&self) -> bool {
        self.evicts
    }

    /// Whether more will be freed in the next frame.
    pub(crate) fn is_under_way(&self) -> bool {
        self.target_bytes.is_some()
    }
}
