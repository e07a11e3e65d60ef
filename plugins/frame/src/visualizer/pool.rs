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

/// What was made from a key. Of small visuals there are many, and each line of memory counts: what few of them have lies elsewhere.
pub(super) struct Made<T> {
    pub(super) key: VisualKey,
    /// `None` where there is nothing to draw.
    pub(super) visual: Option<Arc<T>>,
    /// How many times a visualizer was called for it.
    num_made: usize,
    /// Its bytes, all in all.
    bytes: u64,
    extras: Option<Box<Extras<T>>>,
}

/// What most visuals have nothing of.
pub(super) struct Extras<T> {
    /// What is wrong.
    report: Option<Report>,
    /// The visuals of the single rows, where it was joined from them.
    pub(super) rows: RowVisuals<T>,
    /// The parts of components that it was made from, where the blueprint selects some of a range.
    pub(super) columns: SelectedColumns,
    /// The chunks it was made from, where that is to be known.
    chunks: SourceChunks,
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
            self.num_made,
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
        self.num_made
    }

    /// What is wrong.
    pub(super) fn report(&self) -> Option<&Report> {
        self.extras.as_ref()?.report.as_ref()
    }

    /// The chunks that it was made from, where that is to be known.
    pub(super) fn chunks(&self) -> &SourceChunks {
        static NONE: SourceChunks = SourceChunks {
            used: Vec::new(),
            missing: Vec::new(),
        };
        self.extras.as_ref().map_or(&NONE, |extras| &extras.chunks)
    }

    /// Takes out what most visuals have nothing of.
    pub(super) fn take_extras(&mut self) -> Option<Box<Extras<T>>> {
        self.extras.take()
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
        let num_made = rows.num_made;
        let is_plain = report.is_none() && rows.is_empty() && columns.is_empty() && chunks.is_empty();
        let extras = (!is_plain).then(|| {
            Box::new(Extras {
                report,
                rows,
                columns,
                chunks,
            })
        });
        let of_extras = extras.as_ref().map_or(0, |extras| {
            let Extras {
                rows,
                columns,
                chunks,
                ..
            } = &**extras;
            size_of::<Extras<T>>() as u64 + rows.bytes() + columns.heap_bytes() + chunks.heap_bytes()
        });
        Self {
            key,
            visual,
            num_made,
            bytes: size_of::<Self>() as u64 + of_visual + of_extras,
            extras,
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
    totals: Totals,
}

/// What all visuals of a pool are, or of a page of it what came and went.
#[derive(Clone, Copy, Default)]
struct Totals {
    len: i64,
    bytes: i64,
    idle_bytes: i64,
}

type Slots<T> = SmallVec<[Slot<T>; 1]>;

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            by_entity: EntityMap::default(),
            totals: Totals::default(),
        }
    }
}

impl<T: Visual> Pool<T> {
    pub(super) fn len(&self) -> usize {
        self.totals.len as usize
    }

    /// The bytes of all visuals.
    pub(super) fn bytes(&self) -> u64 {
        self.totals.bytes as u64
    }

    /// The bytes of the visuals that no shown view holds.
    pub(super) fn idle_bytes(&self) -> u64 {
        self.totals.idle_bytes as u64
    }

    /// Takes the visuals of a page of entities out, as a pool of its own: to be [put back](Self::put_back).
    pub(super) fn take_page(&mut self, page: usize) -> Self {
        Self {
            by_entity: self.by_entity.take_page(page),
            totals: Totals::default(),
        }
    }

    /// Puts back what was taken out, with what became of it.
    pub(super) fn put_back(&mut self, taken: Self) {
        let Totals {
            len,
            bytes,
            idle_bytes,
        } = taken.totals;
        self.by_entity.put_back(taken.by_entity);
        self.totals.len += len;
        self.totals.bytes += bytes;
        self.totals.idle_bytes += idle_bytes;
    }

    /// Hands a visual to a shown view.
    pub(super) fn take(&mut self, key: &VisualKey) -> Option<Arc<Made<T>>> {
        let slot = find(&mut self.by_entity, key)?;
        slot.users += 1;
        slot.shown += 1;
        if slot.shown == 1 {
            self.totals.idle_bytes -= slot.made.bytes as i64;
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
        self.totals.bytes += made.bytes as i64;
        self.totals.len += 1;
        slots.push(Slot {
            made: Arc::clone(made),
            users,
            shown: users,
        });
    }

    /// Takes a visual back from a view, and returns it if that was the last one: nobody else holds it then.
    pub(super) fn release(&mut self, made: Arc<Made<T>>, is_shown: bool) -> Option<Arc<Made<T>>> {
        let entity = made.key.entity;
        let released = self.exchange(made, is_shown);
        if self.by_entity.get(entity).is_some_and(SmallVec::is_empty) {
            self.by_entity.remove(entity);
        }
        released
    }

    /// As [`Self::release`], where another visual of the entity is [taken](Self::take) or [added](Self::insert) in its place: that
    /// finds the room.
    pub(super) fn exchange(&mut self, made: Arc<Made<T>>, is_shown: bool) -> Option<Arc<Made<T>>> {
        let bytes = made.bytes as i64;
        let slots = self.by_entity.get_mut(made.key.entity)?;
        let at = slots.iter().position(|slot| Arc::ptr_eq(&slot.made, &made))?;
        drop(made);
        let slot = &mut slots[at];
        slot.users -= 1;
        if is_shown {
            slot.shown -= 1;
            if slot.shown == 0 {
                self.totals.idle_bytes += bytes;
            }
        }
        if slot.users > 0 {
            return None;
        }
        let slot = slots.swap_remove(at);
        self.totals.len -= 1;
        self.totals.bytes -= bytes;
        self.totals.idle_bytes -= bytes;
        Some(slot.made)
    }

    /// Says that a view that holds a visual is shown from now on, or is not any more.
    pub(super) fn show(&mut self, key: &VisualKey, is_shown: bool) {
        let Some(slot) = find(&mut self.by_entity, key) else {
            return;
        };
        let bytes = slot.made.bytes as i64;
        if is_shown {
            slot.shown += 1;
            self.totals.idle_bytes -= if slot.shown == 1 { bytes } else { 0 };
        } else {
            slot.shown -= 1;
            self.totals.idle_bytes += if slot.shown == 0 { bytes } else { 0 };
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
