//! Visuals under what they were made from, each shared by all views that ask for the same.

use std::{hint::black_box, sync::Arc};

use chronoscope_store::{EntityId, TimelineId};
use smallvec::SmallVec;

use super::{
    Visual,
    chunks::SourceChunks,
    entity_map::EntityMap,
    rows::{Joined, RowVisuals},
    selection::SelectedColumns,
};
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
    /// The timeline that ranges are of; `None` for the latest rows, which are the same on whichever.
    pub(super) timeline: Option<TimelineId>,
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
    /// The parts of components that it was made from, where the blueprint selects some of a range.
    pub(super) columns: SelectedColumns,
    /// The chunks it was made from, where that is to be known.
    pub(super) chunks: SourceChunks,
    /// Its bytes, all in all.
    bytes: u64,
}

impl<T: Visual> Made<T> {
    /// Its bytes, all in all.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads a value of each line of memory that it lies in, so that these are at hand. Each visual lies elsewhere: who is about to work on
    /// several, and fetches all of them before, waits for memory about once. Nobody uses the values: `black_box` keeps the reads.
    #[inline]
    pub(super) fn prefetch(self: &Arc<Self>) {
        black_box([
            Arc::strong_count(self),
            self.key.entity.index(),
            self.key.rows as usize,
            self.key.contexts as usize,
            self.num_made(),
            self.chunks.used.len(),
            self.bytes as usize,
            usize::from(self.report.is_some()),
            usize::from(self.visual.is_some()),
        ]);
    }

    /// Reads where the visual begins, likewise.
    #[inline]
    pub(super) fn prefetch_visual(&self) {
        black_box(self.visual.as_ref().map(Arc::strong_count));
    }

    /// How many times a visualizer was called for it.
    pub(super) fn num_made(&self) -> usize {
        self.rows.num_made
    }

    /// What came of a key.
    pub(super) fn new(
        key: VisualKey,
        joined: Joined<T>,
        columns: SelectedColumns,
        chunks: SourceChunks,
    ) -> Self {
        let Joined { visual, report, rows } = joined;
        let of_visual = visual
            .as_ref()
            .map_or(0, |visual| size_of::<T>() as u64 + visual.heap_bytes());
        Self {
            bytes: size_of::<Self>() as u64
                + of_visual
                + rows.bytes()
                + columns.heap_bytes()
                + chunks.heap_bytes(),
            key,
            visual,
            report,
            rows,
            columns,
            chunks,
        }
    }
}

struct Slot<T> {
    made: Arc<Made<T>>,
    /// The views that hold it.
    users: u32,
    /// Those among them that are shown.
    shown: u32,
}

/// The visuals of one visualizer.
pub(super) struct Pool<T> {
    /// Few of one entity differ: most often there is one.
    by_entity: EntityMap<Slots<T>>,
    len: usize,
    bytes: u64,
    idle_bytes: u64,
}

type Slots<T> = SmallVec<[Slot<T>; 1]>;

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            by_entity: EntityMap::default(),
            len: 0,
            bytes: 0,
            idle_bytes: 0,
        }
    }
}

impl<T: Visual> Pool<T> {
    pub(super) fn len(&self) -> usize {
        self.len
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
        let slot = find(&mut self.by_entity, key)?;
        slot.users += 1;
        slot.shown += 1;
        if slot.shown == 1 {
            self.idle_bytes -= slot.made.bytes;
        }
        Some(Arc::clone(&slot.made))
    }

    /// Adds a visual that so many shown views hold. It goes with the last that releases it.
    pub(super) fn insert(&mut self, made: &Arc<Made<T>>, users: u32) {
        let slots = self.by_entity.get_or_default(made.key.entity);
        debug_assert!(
            slots.iter().all(|slot| slot.made.key != made.key),
            "what is there is not made again"
        );
        self.bytes += made.bytes;
        self.len += 1;
        slots.push(Slot {
            made: Arc::clone(made),
            users,
            shown: users,
        });
    }

    /// Takes a visual back from a view, and returns it if that was the last one: nobody else holds it then.
    pub(super) fn release(&mut self, made: Arc<Made<T>>, is_shown: bool) -> Option<Arc<Made<T>>> {
        let (entity, bytes) = (made.key.entity, made.bytes);
        let slots = self.by_entity.get_mut(entity)?;
        let at = slots.iter().position(|slot| Arc::ptr_eq(&slot.made, &made))?;
        drop(made);
        let slot = &mut slots[at];
        slot.users -= 1;
        if is_shown {
            slot.shown -= 1;
            if slot.shown == 0 {
                self.idle_bytes += bytes;
            }
        }
        if slot.users > 0 {
            return None;
        }
        let slot = slots.swap_remove(at);
        if slots.is_empty() {
            self.by_entity.remove(entity);
        }
        self.len -= 1;
        self.bytes -= bytes;
        self.idle_bytes -= bytes;
        Some(slot.made)
    }

    /// Says that a view that holds a visual is shown from now on, or is not any more.
    pub(super) fn show(&mut self, key: &VisualKey, is_shown: bool) {
        let Some(slot) = find(&mut self.by_entity, key) else {
            return;
        };
        let bytes = slot.made.bytes;
        if is_shown {
            slot.shown += 1;
            self.idle_bytes -= if slot.shown == 1 { bytes } else { 0 };
        } else {
            slot.shown -= 1;
            self.idle_bytes += if slot.shown == 0 { bytes } else { 0 };
        }
    }

    /// Whether no shown view holds a visual.
    pub(super) fn is_idle(&self, key: &VisualKey) -> bool {
        let mut slots = self.by_entity.get(key.entity).into_iter().flatten();
        slots.any(|slot| slot.made.key == *key && slot.shown == 0)
    }
}

fn find<'p, T>(by_entity: &'p mut EntityMap<Slots<T>>, key: &VisualKey) -> Option<&'p mut Slot<T>> {
    let slots = by_entity.get_mut(key.entity)?;
    slots.iter_mut().find(|slot| slot.made.key == *key)
}
