//! Where a collection that ran out of time goes on.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    cut::Cut,
    options::{GcOptions, GcOrder},
};
use crate::{ChunkMeta, RowId, TimelineId, interval_index::Key};

/// Where a collection that ran out of time goes on.
#[derive(Debug, Default)]
pub(crate) struct GcState {
    /// What it looks for. With something else, it begins anew.
    pub(super) question: Question,
    /// The oldest rows up to here were looked at.
    pub(super) after: Option<(RowId, u32)>,
    pub(super) farthest: Farthest,
    /// The chunk that is being split.
    pub(super) cut: Option<Cut>,
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
    /// Goes back to where the pieces of a chunk begin that was split.
    pub(super) fn look_again_at(&mut self, meta: &ChunkMeta) {
        let before = meta.row_ids.0.as_u128().checked_sub(1);
        self.after = before.map(|before| (RowId::from_u128(before), u32::MAX));
        let range = |timeline| meta.time_range(timeline);
        if let Some(range) = self
            .question
            .timeline
            .map(range)
            .filter(|range| !range.is_empty())
        {
            // To take others twice that lie there costs a look at each.
            let (front, back) = (&mut self.farthest.front, &mut self.farthest.back);
            *front = front.map(|front| front.min((range.min.saturating_sub(1), u32::MAX)));
            *back = back.map(|back| back.max((range.max, u32::MAX)));
        } else {
            self.farthest.elsewhere_after = None;
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.farthest.heap_bytes() + self.cut.as_ref().map_or(0, Cut::heap_bytes)
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
