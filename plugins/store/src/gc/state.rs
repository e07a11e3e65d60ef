//! Where a collection that ran out of time goes on.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::options::{GcOptions, GcOrder};
use crate::{RowId, TimelineId, interval_index::Key};

/// Where a collection that ran out of time goes on.
#[derive(Debug, Default)]
pub(crate) struct GcState {
    /// What it looks for. With something else, it begins anew.
    pub(super) question: Question,
    /// The oldest rows up to here were looked at.
    pub(super) after: Option<(RowId, u32)>,
    pub(super) farthest: Farthest,
}

/// What decides about which chunks are passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Question {
    timeline: Option<TimelineId>,
    only_recoverable: bool,
    protect_latest: usize,
}

impl Question {
    pub(super) fn of(options: &GcOptions<'_>) -> Self {
        Self {
            timeline: match options.order {
                GcOrder::OldestRow => None,
                // The cursor moves between frames, and the chunks at the ends stay those at the ends.
                GcOrder::FarthestFrom { timeline, .. } => Some(timeline),
            },
            only_recoverable: options.only_recoverable,
            protect_latest: options.protect_latest,
        }
    }
}

impl GcState {
    pub(crate) fn heap_bytes(&self) -> usize {
        self.farthest.heap_bytes()
    }
}

/// Where the search for the farthest chunk goes on.
#[derive(Debug, Default)]
pub(super) struct Farthest {
    /// Of the timelines, those before this one were searched for chunks that are not on the cursor's.
    pub(super) elsewhere: usize,
    /// The last chunk that was looked at there.
    pub(super) elsewhere_after: Option<Key>,
    /// What was taken from the front, by where it ends, and its key.
    pub(super) waiting: BinaryHeap<Reverse<(i64, Key)>>,
    /// All chunks up to this one were taken from the front.
    pub(super) front: Option<Key>,
    /// All chunks from this one on were taken from the back.
    pub(super) back: Option<Key>,
    /// The last static chunk that was looked at.
    pub(super) static_after: Option<u32>,
}

impl Farthest {
    pub(super) fn heap_bytes(&self) -> usize {
        self.waiting.capacity() * size_of::<Reverse<(i64, Key)>>()
    }
}
