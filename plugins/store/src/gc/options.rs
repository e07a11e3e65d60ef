//! What a collection is asked for, and what it answers.

use std::{fmt, sync::Arc, time::Duration};

use crate::{Chunk, ChunkMeta, StoreEvent, TimeRange, TimelineId};

/// The time that a collection takes of a frame: a fifth of a frame at 60 Hz.
pub const DEFAULT_GC_BUDGET: Duration = Duration::from_micros(3500);

/// In which order chunks go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GcOrder {
    /// The chunk with the oldest row first: good for data that streams in.
    #[default]
    OldestRow,
    /// The chunk farthest from a cursor first: good for data that is browsed. Chunks on other timelines go first of all,
    /// static ones last.
    FarthestFrom {
        /// The timeline of the cursor.
        timeline: TimelineId,
        /// The cursor.
        time: i64,
    },
}

/// What a collection may take, how much, and for how long.
#[derive(Clone)]
pub struct GcOptions<'a> {
    /// How many bytes to free. A collection that takes several calls subtracts what [`GcReport::freed_bytes`] says.
    /// `u64::MAX` takes all that is not protected.
    pub target_bytes: u64,
    /// How long one call may take. Longer frees more at once, shorter keeps frames even.
    pub time_budget: Duration,
    /// Keeps this many of the latest rows of each (entity, timeline, component), and with them their chunks. With 1, what is
    /// shown at the end of a timeline stays.
    pub protect_latest: usize,
    /// Keeps chunks with rows in these ranges.
    pub protected_time_ranges: Vec<(TimelineId, TimeRange)>,
    /// Keeps the chunks of which it says so, such as those on screen. Asked of one candidate at a time, so that what is protected need
    /// not be listed in each step.
    pub is_protected: &'a dyn Fn(&ChunkMeta) -> bool,
    /// Whether only what a source can give back may go: to make room, and not because there is too much.
    pub only_recoverable: bool,
    /// In which order chunks go.
    pub order: GcOrder,
}

impl Default for GcOptions<'_> {
    fn default() -> Self {
        Self {
            target_bytes: u64::MAX,
            time_budget: DEFAULT_GC_BUDGET,
            protect_latest: 1,
            protected_time_ranges: Vec::new(),
            is_protected: &|_| false,
            only_recoverable: false,
            order: GcOrder::default(),
        }
    }
}

impl fmt::Debug for GcOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GcOptions")
            .field("target_bytes", &self.target_bytes)
            .field("time_budget", &self.time_budget)
            .field("protect_latest", &self.protect_latest)
            .field("protected_time_ranges", &self.protected_time_ranges)
            .field("only_recoverable", &self.only_recoverable)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

/// Chunks that the store no longer holds. Dropping it frees their memory, which takes about as long as collecting them: it
/// may be sent to another thread for that. (Append buffers are small, and are freed at once.)
#[derive(Debug, Default)]
pub struct Garbage {
    pub(super) chunks: Vec<Arc<Chunk>>,
}

impl Garbage {
    /// The number of chunks.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Moves the chunks out.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// What a step of a collection writes to.
#[derive(Debug, Default)]
pub struct GcBuffers {
    /// What changed. Taken out, or cleared, before the next step.
    pub events: Vec<StoreEvent>,
    /// What the store no longer holds. Likewise.
    pub garbage: Garbage,
}

/// What one call of a collection did.
#[derive(Debug, Default)]
pub struct GcReport {
    /// The bytes of the data that went.
    pub freed_bytes: u64,
    /// The chunks that were dropped with their metadata.
    pub dropped_chunks: usize,
    /// The chunks that were evicted and can be loaded again.
    pub evicted_chunks: usize,
    /// Whether the target is reached, or there is nothing left that may go. Otherwise another call does more.
    pub done: bool,
    /// The greatest number of items that were worked on between two looks at the clock: chunks that were looked at, and index
    /// entries that were asked or removed. At most twice [`MAX_ITEMS_BETWEEN_LOOKS`](crate::MAX_ITEMS_BETWEEN_LOOKS), and what one more chunk takes.
    pub max_items_between_looks: usize,
    /// The time of the whole call.
    pub total_time: Duration,
}
