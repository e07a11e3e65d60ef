//! The visuals of each visualizer: one per thing to be drawn, and which of them each view shows.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{EntityId, TimelineId};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    Visual as _, VisualChunks, Visualizer, VisualizerId,
    chunks::SourceChunks,
    entity_map::EntityMap,
    inputs::ViewInputs,
    pool::{Made, Pool},
};
use crate::{ContextId, InstructionIndex, RecordingKey, Recordings, Report, ResultKey};

/// The visuals of one visualizer, for all views.
#[derive(Resource)]
pub struct Visuals<V: Visualizer> {
    pub(super) id: VisualizerId,
    pub(super) views: FxHashMap<ViewId, ViewVisuals<V>>,
    pub(super) pool: Pool<V::Visual>,
    /// What was shown until the last frame, and is shown no more.
    pub(super) spares: Vec<Arc<V::Visual>>,
    spare_bytes: u64,
}

impl<V: Visualizer> Visuals<V> {
    pub(super) fn new(id: VisualizerId) -> Self {
        Self {
            id,
            views: FxHashMap::default(),
            pool: Pool::default(),
            spares: Vec::new(),
            spare_bytes: 0,
        }
    }

    /// The visuals of a view.
    pub fn view(&self, view: ViewId) -> Option<&ViewVisuals<V>> {
        self.views.get(&view)
    }

    /// Whether it shows nothing in any view, and has nothing to take back of what it showed.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// The number of different visuals, whatever the number of views that show them.
    pub fn num_visuals(&self) -> usize {
        self.pool.len()
    }

    /// The bytes of all visuals; what views share counts once.
    pub fn bytes(&self) -> u64 {
        self.pool.bytes() + self.spare_bytes
    }

    /// The bytes of the visuals that no shown view holds: what a purge can free.
    pub fn idle_bytes(&self) -> u64 {
        self.pool.idle_bytes() + self.spare_bytes
    }

    /// Takes visuals back that no view holds any more. Those of the next frame are made
    /// [from their memory](Visualizer::visualize_from_spare), and what that does not need is freed then, or when memory is short. Those of
    /// visualizers that do [not use it](Visualizer::REUSES_MEMORY) are freed at once.
    pub fn recycle(&mut self, visuals: Vec<Arc<V::Visual>>) {
        if !V::REUSES_MEMORY {
            return;
        }
        let bytes = visuals
            .iter()
            .map(|visual| size_of::<V::Visual>() as u64 + visual.heap_bytes());
        self.spare_bytes += bytes.sum::<u64>();
        if self.spares.is_empty() {
            self.spares = visuals;
        } else {
            self.spares.extend(visuals);
        }
    }

    /// Takes out what was [given back](Self::recycle).
    pub(super) fn take_spares(&mut self) -> Vec<Arc<V::Visual>> {
        self.spare_bytes = 0;
        std::mem::take(&mut self.spares)
    }

    /// Gives up visuals that no shown view holds until so many bytes are free, or as many as there are. Returns how many are.
    ///
    /// Views whose visuals are given up make them anew when they are shown.
    pub fn purge(&mut self, bytes: u64) -> u64 {
        let spare_bytes = self.spare_bytes;
        drop(self.take_spares());
        let before = self.pool.bytes() + spare_bytes;
        let mut hidden: Vec<_> = self.views.iter_mut().filter(|(_, view)| !view.is_shown).collect();
        hidden.sort_unstable_by_key(|(id, _)| **id);
        for (_, view) in hidden {
            if self.pool.idle_bytes() == 0 || before - self.pool.bytes() >= bytes {
                break;
            }
            view.give_up(&mut self.pool);
        }
        before - self.pool.bytes()
    }
}

/// The visuals of one visualizer in one view.
pub struct ViewVisuals<V: Visualizer> {
    pub(super) entries: EntityMap<Entries<V::Visual>>,
    /// What the entries were made from, where that is to be known.
    pub(super) chunks: VisualChunks,
    pub(super) changed: Vec<ResultKey>,
    pub(super) removed: Vec<ResultKey>,
    /// What was given up since the view was last shown.
    pub(super) given_up: Vec<ResultKey>,
    pub(super) recording: Option<RecordingKey>,
    pub(super) consumed: Consumed,
    pub(super) is_shown: bool,
}

/// What an entity shows: by one instruction in most cases.
pub(super) type Entries<T> = SmallVec<[Entry<T>; 1]>;

pub(super) struct Entry<T> {
    pub(super) instruction: InstructionIndex,
    /// `None` only while it is being made.
    pub(super) made: Option<Arc<Made<T>>>,
}

/// The versions of everything that a view's visuals were last brought up to date with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Consumed {
    /// Where the view looks.
    pub(super) context: ContextId,
    pub(super) results: u64,
    pub(super) overrides: u64,
    pub(super) contexts: u64,
    pub(super) latest_at: u64,
    /// Ranges are those of the shown timeline.
    pub(super) timeline: Option<TimelineId>,
    pub(super) time: i64,
}

impl<V: Visualizer> Default for ViewVisuals<V> {
    fn default() -> Self {
        Self {
            entries: EntityMap::default(),
            chunks: VisualChunks::default(),
            changed: Vec::new(),
            removed: Vec::new(),
            given_up: Vec::new(),
            recording: None,
            consumed: Consumed::default(),
            is_shown: true,
        }
    }
}

impl<V: Visualizer> ViewVisuals<V> {
    /// The visual of a data result.
    pub fn get(&self, key: ResultKey) -> Option<&Arc<V::Visual>> {
        self.made(key)?.visual.as_ref()
    }

    /// What is wrong with a data result. The rest of it may be shown nevertheless.
    pub fn report(&self, key: ResultKey) -> Option<&Report> {
        self.made(key)?.report()
    }

    /// The visuals of an entity, in the order of its instructions.
    pub fn of_entity(&self, entity: EntityId) -> impl Iterator<Item = (ResultKey, &Arc<V::Visual>)> {
        self.all_of(entity)
            .filter_map(|(key, made)| Some((key, made.visual.as_ref()?)))
    }

    /// What is wrong with an entity, in the order of its instructions.
    pub fn reports_of(&self, entity: EntityId) -> impl Iterator<Item = &Report> {
        self.all_of(entity).filter_map(|(_, made)| made.report())
    }

    /// All visuals, in no order. What reaches the screen goes through [`crate::DataResults`], which are ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = (ResultKey, &Arc<V::Visual>)> {
        self.entries.keys().flat_map(|entity| self.of_entity(entity))
    }

    /// All reports, in no order.
    pub fn reports(&self) -> impl Iterator<Item = (ResultKey, &Report)> {
        self.entries
            .keys()
            .flat_map(|entity| self.all_of(entity))
            .filter_map(|(key, made)| Some((key, made.report()?)))
    }

    /// The data results whose visuals are others than in the frame before, in the order of
    /// entities and instructions.
    pub fn changed(&self) -> &[ResultKey] {
        &self.changed
    }

    /// The data results that had visuals until this frame, and have none now. Where one is among the changed ones too, its visual was
    /// given up in between.
    pub fn removed(&self) -> &[ResultKey] {
        &self.removed
    }

    /// Whether nothing changed in this frame.
    pub fn is_unchanged(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }

    fn made(&self, key: ResultKey) -> Option<&Made<V::Visual>> {
        made_of(&self.entries, key)
    }

    fn all_of(&self, entity: EntityId) -> impl Iterator<Item = (ResultKey, &Made<V::Visual>)> {
        let entries = self.entries.get(entity).into_iter().flatten();
        entries.filter_map(move |entry| {
            let instruction = entry.instruction;
            Some((ResultKey { entity, instruction }, entry.made.as_deref()?))
        })
    }

    /// A view whose tile cannot be seen costs nothing. Its visuals stay as they are, and are checked one by one when it is shown
    /// again; not those of a recording that was closed.
    pub(super) fn hide(&mut self, pool: &mut Pool<V::Visual>, recordings: &Recordings) {
        self.changed.clear();
        self.removed.clear();
        self.consumed = Consumed::default();
        self.show(pool, false);
        if self.recording.is_some_and(|key| recordings.get(key).is_none()) {
            self.clear(pool);
        }
    }

    /// Begins a frame in which the view is shown, and looks at a recording.
    pub(super) fn begin(&mut self, pool: &mut Pool<V::Visual>, recording: Option<RecordingKey>) {
        self.changed.clear();
        self.removed.clear();
        self.show(pool, true);
        if self.recording != recording {
            // Ids of one recording mean nothing in another.
            self.clear(pool);
            self.recording = recording;
        }
    }

    /// Says whether the view is shown from now on.
    pub(super) fn show(&mut self, pool: &mut Pool<V::Visual>, is_shown: bool) {
        if std::mem::replace(&mut self.is_shown, is_shown) == is_shown {
            return;
        }
        for made in self
            .entries
            .values()
            .flatten()
            .filter_map(|entry| entry.made.as_ref())
        {
            pool.show(&made.key, is_shown);
        }
        if is_shown {
            self.removed.append(&mut self.given_up);
        }
    }

    /// Whether it is kept account of what the visuals were made from.
    pub(super) fn keeps_chunks(&self, inputs: &ViewInputs<'_>) -> bool {
        !inputs.context.entry.sources().is_empty() || !self.chunks.is_empty()
    }

    /// Keeps account of what visuals were made from: of those that are others, of those that are gone, and of those whose rows are in
    /// other chunks than before.
    pub(super) fn follow_chunks(
        &mut self,
        changed: &[ResultKey],
        removed: &[ResultKey],
        elsewhere: &[(ResultKey, SourceChunks)],
    ) {
        let Self { entries, chunks, .. } = self;
        for key in changed {
            if let Some(made) = made_of(entries, *key) {
                chunks.set(*key, made.chunks());
            }
        }
        for (key, of_key) in elsewhere {
            chunks.set(*key, of_key);
        }
        for key in removed {
            chunks.remove(*key);
        }
    }

    /// Takes everything out. Of a hidden view, what is gone is said once it is shown again: nobody asks before.
    pub(super) fn clear(&mut self, pool: &mut Pool<V::Visual>) {
        let Self {
            entries,
            removed,
            given_up,
            chunks,
            is_shown,
            ..
        } = self;
        if *is_shown {
            removed.append(given_up);
        }
        let gone = if *is_shown { removed } else { given_up };
        for (entity, entries) in entries.drain() {
            for Entry { instruction, made } in entries {
                gone.push(ResultKey { entity, instruction });
                if let Some(made) = made {
                    pool.release(made, *is_shown);
                }
            }
        }
        chunks.clear();
    }

    /// Lets go of what no shown view shows.
    fn give_up(&mut self, pool: &mut Pool<V::Visual>) {
        let Self {
            entries,
            given_up,
            chunks,
            is_shown,
            ..
        } = self;
        entries.retain(|entity, entries| {
            entries.retain(|entry| {
                let Some(made) = entry.made.take_if(|made| pool.is_idle(&made.key)) else {
                    return true;
                };
                let key = ResultKey {
                    entity,
                    instruction: entry.instruction,
                };
                pool.release(made, *is_shown);
                given_up.push(key);
                chunks.remove(key);
                false
            });
            !entries.is_empty()
        });
    }
}

fn made_of<T>(entries: &EntityMap<Entries<T>>, key: ResultKey) -> Option<&Made<T>> {
    let mut entries = entries.get(key.entity)?.iter();
    entries
        .find(|entry| entry.instruction == key.instruction)?
        .made
        .as_deref()
}
