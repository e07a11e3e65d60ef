//! What is to be made of the entities of a block, each visual once for all views, and how.

use std::sync::{Arc, Mutex, PoisonError};

use chronoscope_store::EntityId;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    QueryMode, Visualizer, VisualizerInput,
    inputs::Asked,
    pool::{Made, VisualKey},
    rows::{Joined, visualize_rows},
    selection::Selections,
};
use crate::{
    ResultQuery,
    query_results::{AT_ONCE, EntityResults},
};

/// So many small visuals are made on one thread.
pub(super) const FEW_ITEMS: usize = 128;

/// Of visuals that take up less than this, together.
const FEW_BYTES: u64 = 128 << 10;

/// What a visual is taken for that was not there before.
const UNKNOWN_BYTES: u64 = 32 << 10;

/// The visuals to be made.
pub(super) struct Plan<'a, V: Visualizer> {
    pub(super) items: Vec<Item<'a, V::Visual>>,
    /// What is found here is asked for by several views. Of a single view the entities come in their order, and need no look-up.
    by_entity: Option<FxHashMap<EntityId, SmallVec<[u32; 1]>>>,
    num_views: usize,
}

impl<V: Visualizer> Default for Plan<'_, V> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            by_entity: None,
            num_views: 0,
        }
    }
}

impl<'a, V: Visualizer> Plan<'a, V> {
    /// Begins with what a view asks for, entity by entity, of so many at most.
    pub(super) fn begin_view(&mut self, num_candidates: usize) {
        self.num_views += 1;
        if self.num_views == 1 {
            // Most of it is made anew, and further views most often ask for the same.
            self.items.reserve(num_candidates);
        }
        if self.num_views == 2 {
            let mut by_entity: FxHashMap<EntityId, SmallVec<[u32; 1]>> = FxHashMap::default();
            for (at, item) in (0..).zip(&self.items) {
                by_entity.entry(item.key.entity).or_default().push(at);
            }
            self.by_entity = Some(by_entity);
        }
    }

    /// The position of the item for a visual, if some view asked for it.
    fn find(&self, key: &VisualKey) -> Option<u32> {
        let is_it = |at: &u32| self.items[*at as usize].key == *key;
        match &self.by_entity {
            Some(by_entity) => by_entity.get(&key.entity)?.iter().copied().find(is_it),
            None => {
                let items = (0..self.items.len() as u32).rev();
                let mut of_entity = items.take_while(|at| self.items[*at as usize].key.entity == key.entity);
                of_entity.find(is_it)
            }
        }
    }

    /// What is known of how long it takes to make all: by what was there before. What is new may be anything.
    pub(super) fn effort(&self) -> Effort {
        let bytes = self.items.iter().map(|item| {
            let previous = item.made.as_ref();
            previous.map_or(UNKNOWN_BYTES, |previous| previous.bytes())
        });
        Effort {
            num_items: self.items.len(),
            bytes: bytes.sum(),
        }
    }

    /// Makes all, from the memory of `spares` as far as that fits.
    pub(super) fn make(&mut self, spares: Vec<Arc<V::Visual>>) {
        let is_quick = self.effort().is_quick();
        // Both are in the order of the entities: what moves in each frame finds what it was made from two frames ago.
        for (item, spare) in self.items.iter_mut().zip(spares) {
            item.spare = Some(spare);
        }
        if is_quick {
            self.items.chunks_mut(AT_ONCE).for_each(make_some::<V>);
        } else {
            // Few visuals may be large ones, of which each is for a thread of its own.
            let share = self.items.len() / (16 * rayon::current_num_threads());
            let at_once = share.clamp(1, AT_ONCE);
            self.items.par_chunks_mut(at_once).for_each(make_some::<V>);
        }
    }

    /// The item for a visual, with one more user. `released` is what that one had before, where nobody holds
    /// it any more.
    pub(super) fn item(
        &mut self,
        key: VisualKey,
        asked: Asked<'a>,
        released: Option<Arc<Made<V::Visual>>>,
    ) -> u32 {
        let at = self.find(&key).unwrap_or_else(|| {
            let at = self.items.len() as u32;
            self.items.push(Item {
                key,
                asked,
                made: None,
                spare: None,
                users: 0,
            });
            if let Some(by_entity) = &mut self.by_entity {
                by_entity.entry(key.entity).or_default().push(at);
            }
            at
        });
        let item = &mut self.items[at as usize];
        item.users += 1;
        if let Some(released) = released.filter(|released| released.key.is_start_for(&key)) {
            item.made.get_or_insert(released);
        }
        at
    }
}

/// How long it takes to make some visuals.
#[derive(Clone, Copy, Default)]
pub(super) struct Effort {
    num_items: usize,
    bytes: u64,
}

impl Effort {
    /// That of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            num_items: self.num_items + other.num_items,
            bytes: self.bytes + other.bytes,
        }
    }

    /// Whether it takes less time than to wake another thread.
    pub(super) fn is_quick(self) -> bool {
        self.num_items < 2 || (self.num_items <= FEW_ITEMS && self.bytes <= FEW_BYTES)
    }
}

/// A visual to be made.
pub(super) struct Item<'a, T> {
    key: VisualKey,
    asked: Asked<'a>,
    /// First the visual before, if nobody else holds it. Then the new one, in its place.
    made: Option<Arc<Made<T>>>,
    /// A visual that nobody shows any more, to be made from its memory.
    spare: Option<Arc<T>>,
    /// The number of views that ask for it.
    pub(super) users: u32,
}

impl<'a, T> Item<'a, T> {
    /// The rows at the cursor that it is made from, where they were looked up.
    fn rows(&self) -> Option<&'a EntityResults> {
        let latest_at = self.asked.inputs.context.products.latest_at;
        latest_at.get(self.key.entity)
    }

    /// What was made. Precondition: that it was.
    pub(super) fn made(&self) -> Option<&Arc<Made<T>>> {
        debug_assert!(self.made.is_some(), "what is planned is made");
        self.made.as_ref()
    }
}

/// Makes few visuals. What each is made from lies elsewhere in memory, and is fetched for all of them before the first needs it.
fn make_some<V: Visualizer>(items: &mut [Item<'_, V::Visual>]) {
    if items.len() > 1 {
        for item in &*items {
            if let Some(previous) = &item.made {
                previous.prefetch();
            }
            if let Some(rows) = item.rows() {
                rows.prefetch();
            }
        }
        for item in &*items {
            if let Some(previous) = &item.made {
                previous.prefetch_visual();
            }
            if let Some(rows) = item.rows() {
                rows.prefetch_cells();
            }
        }
    }
    for item in items {
        make_one::<V>(item);
    }
}

/// Makes a visual, where the one before was.
fn make_one<V: Visualizer>(item: &mut Item<'_, V::Visual>) {
    let (key, asked) = (item.key, item.asked);
    let mut previous = item.made.as_mut().and_then(Arc::get_mut);
    let chunks = (!asked.inputs.context.entry.sources().is_empty()).then(Mutex::default);
    let before = previous.as_mut().and_then(|made| made.take_extras());
    let (rows, columns) = before.map_or_else(Default::default, |before| (before.rows, before.columns));
    let selections = Selections::new(columns);
    let mut input = asked.input::<V>();
    input.resolver.selections = Some(&selections);
    input.chunks = chunks.as_ref();
    if let ResultQuery::Range(range) = key.query {
        input.time_range = range;
    }
    let visual = previous.as_mut().and_then(|made| made.visual.take());
    let spare = item.spare.take();
    let mut joined = match (V::INFO.mode, key.query) {
        (QueryMode::LatestAt, ResultQuery::Range(range)) => {
            drop(visual);
            let is_same_data = previous.as_ref().is_some_and(|made| made.key.rows == key.rows);
            visualize_rows::<V>(&input, range, rows, is_same_data)
        }
        _ => make_from::<V>(&input, visual, spare),
    };
    joined.report = joined.report.or_else(|| input.selection_report());
    let columns = selections.into_columns();
    let chunks = chunks.map(|chunks| chunks.into_inner().unwrap_or_else(PoisonError::into_inner));
    let chunks = chunks.unwrap_or_default().without_repetition();
    let made = Made::new(key, joined, columns, chunks);
    match previous {
        Some(previous) => *previous = made,
        None => item.made = Some(Arc::new(made)),
    }
}

/// Makes a visual from the memory of one that nobody shows any more, or else from the one before.
fn make_from<V: Visualizer>(
    input: &VisualizerInput<'_>,
    before: Option<Arc<V::Visual>>,
    spare: Option<Arc<V::Visual>>,
) -> Joined<V::Visual> {
    if let Some(mut spare) = spare
        && let Some(memory) = Arc::get_mut(&mut spare)
    {
        let visual = V::visualize_from_spare(input, memory);
        return Joined::in_place_of(spare, visual);
    }
    Joined::one(match before {
        Some(before) => V::update(input, before),
        None => V::visualize(input),
    })
}
