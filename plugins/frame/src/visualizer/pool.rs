//! Visuals under what they were made from, each shared by all views that ask for the same.

use std::sync::Arc;

use chronoscope_store::EntityId;
use rustc_hash::FxHashMap;

use super::{Visual, chunks::SourceChunks, rows::RowVisuals};
use crate::{RecordingKey, Report, ResultQuery};

/// All that a visual is made from. What is equal here is the same visual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct VisualKey {
    pub(super) recording: RecordingKey,
    pub(super) entity: EntityId,
    /// What tells the rows from others.
    pub(super) rows: u128,
    /// Hashes of the overrides and mappings, and of the view defaults that apply.
    pub(super) overrides: [u64; 2],
    /// What tells the values of the contexts from others.
    pub(super) contexts: u128,
    pub(super) query: ResultQuery,
}

impl VisualKey {
    /// Whether only rows came or went, or a range of times moved: then the visual is a good start for the other.
    pub(super) fn is_start_for(&self, other: &Self) -> bool {
        let is_range = |query| matches!(query, ResultQuery::Range(_));
        is_range(self.query) == is_range(other.query)
            && Self {
                rows: self.rows,
                query: self.query,
                ..*other
            } == *self
    }
}

/// What was made from a key.
pub(super) struct Made<T> {
    pub(super) key: VisualKey,
    /// `None` where there is nothing to draw.
    pub(super) visual: Option<Arc<T>>,
    /// What is wrong.
    pub(super) report: Option<Report>,
    /// The visuals of the single rows, where it was joined from them.
    pub(super) rows: RowVisuals<T>,
    /// The chunks it was made from, where that is to be known.
    pub(super) chunks: SourceChunks,
}

impl<T: Visual> Made<T> {
    /// How many times a visualizer was called for it.
    pub(super) fn num_made(&self) -> usize {
        self.rows.num_made
    }

    fn bytes(&self) -> u64 {
        let visual = self
            .visual
            .as_ref()
            .map_or(0, |visual| size_of::<T>() as u64 + visual.heap_bytes());
        size_of::<Self>() as u64 + visual + self.rows.bytes()
    }
}

struct Slot<T> {
    made: Arc<Made<T>>,
    bytes: u64,
    /// The views that hold it.
    users: u32,
    /// Those among them that are shown.
    shown: u32,
}

/// The visuals of one visualizer.
pub(super) struct Pool<T> {
    slots: FxHashMap<VisualKey, Slot<T>>,
    bytes: u64,
    idle_bytes: u64,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            slots: FxHashMap::default(),
            bytes: 0,
            idle_bytes: 0,
        }
    }
}

impl<T: Visual> Pool<T> {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The bytes of all visuals.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The bytes of the visuals that no shown view holds.
    pub(super) fn idle_bytes(&self) -> u64 {
        self.idle_bytes
    }

    /// Hands a visual to a shown view.
    pub(super) fn take(&mut self, key: &VisualKey) -> Option<Arc<Made<T>>> {
        let slot = self.slots.get_mut(key)?;
        slot.users += 1;
        slot.shown += 1;
        if slot.shown == 1 {
            self.idle_bytes -= slot.bytes;
        }
        Some(Arc::clone(&slot.made))
    }

    /// Adds a visual that so many shown views hold. It goes with the last that releases it.
    pub(super) fn insert(&mut self, made: Made<T>, users: u32) -> Arc<Made<T>> {
        let bytes = made.bytes();
        let made = Arc::new(made);
        let slot = Slot {
            made: Arc::clone(&made),
            bytes,
            users,
            shown: users,
        };
        self.bytes += bytes;
        let before = self.slots.insert(made.key, slot);
        debug_assert!(before.is_none(), "what is there is not made again");
        made
    }

    /// Takes a visual back from a view, and returns it if that was the last one.
    pub(super) fn release(&mut self, made: Arc<Made<T>>, is_shown: bool) -> Option<Made<T>> {
        let key = made.key;
        drop(made);
        let slot = self.slots.get_mut(&key)?;
        slot.users -= 1;
        if is_shown {
            slot.shown -= 1;
            if slot.shown == 0 {
                self.idle_bytes += slot.bytes;
            }
        }
        if slot.users > 0 {
            return None;
        }
        let slot = self.slots.remove(&key)?;
        self.bytes -= slot.bytes;
        self.idle_bytes -= slot.bytes;
        Arc::into_inner(slot.made)
    }

    /// Says that a view that holds a visual is shown from now on, or is not any more.
    pub(super) fn show(&mut self, key: &VisualKey, is_shown: bool) {
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        if is_shown {
            slot.shown += 1;
            self.idle_bytes -= if slot.shown == 1 { slot.bytes } else { 0 };
        } else {
            slot.shown -= 1;
            self.idle_bytes += if slot.shown == 0 { slot.bytes } else { 0 };
        }
    }

    /// Whether no shown view holds a visual.
    pub(super) fn is_idle(&self, key: &VisualKey) -> bool {
        self.slots.get(key).is_some_and(|slot| slot.shown == 0)
    }
}
