//! Brings the visuals of a visualizer up to date in each frame: views say what they lack, which is made once
//! for all of them.

use std::{
    hint::black_box,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::EntityId;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    QueryMode, Visualizer, Visuals,
    inputs::{Asked, ContextInputs, ViewInputs},
    pool::{Made, Pool, VisualKey},
    resolve::VisualizerComponents,
    rows::{Joined, visualize_rows},
    selection::Selections,
    visuals::{Entry, ViewVisuals},
};
use crate::{
    ActiveBlueprint, ContextId, DataResults, InContexts, QueryContext, RecordingKey, Recordings, ResultKey,
    ResultQuery, View, ViewOverrides, ViewTile, Work, WorkCounters,
    query_results::{AT_ONCE, EntityResults, Walks},
};

pub(super) fn visualize<V: Visualizer>(
    mut visuals: ResMut<Visuals<V>>,
    views: Query<(&View, &ViewTile, &QueryContext, &DataResults, &ViewOverrides)>,
    active: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
    contexts: InContexts<'_>,
    walks: Res<Walks>,
    counters: Res<WorkCounters>,
) {
    puffin::profile_scope!("execute_systems_for_all_views", V::INFO.name);
    let visuals = visuals.bypass_change_detection();
    let Visuals {
        id,
        views: known,
        pool,
    } = visuals;
    known.retain(|view, visuals| {
        let is_alive = active.entity(*view).is_some();
        if !is_alive {
            visuals.clear(pool);
        }
        is_alive
    });
    let components = components_by_recording(&contexts, &recordings);
    let inputs_in = |id: ContextId| {
        let products = contexts.get(id)?;
        let entry = products.recording(&recordings)?;
        let (_, components) = components.iter().find(|(key, _)| *key == entry.key())?;
        Some(ContextInputs {
            id,
            entry,
            components,
            products,
            walks: &walks,
        })
    };
    let mut inputs = Vec::new();
    for (view, tile, context, results, overrides) in &views {
        if !tile.shown {
            if let Some(visuals) = known.get_mut(&view.id) {
                visuals.hide(pool, &recordings);
            }
            continue;
        }
        let has_none = |entities: Option<&FxHashSet<EntityId>>| entities.is_none_or(FxHashSet::is_empty);
        if !known.contains_key(&view.id)
            && has_none(results.shown_by(*id))
            && has_none(overrides.instructed(*id))
        {
            continue;
        }
        let of_view = known.entry(view.id).or_default();
        of_view.begin(pool, context.cursor.recording);
        inputs.extend(inputs_in(context.id).map(|context| ViewInputs {
            visualizer: *id,
            view: view.id,
            context,
            results,
            overrides,
            defaults: overrides.defaults_hash(&[V::INFO.required, V::INFO.optional]),
        }));
    }
    let mut work = Plan::<V>::default();
    for inputs in &inputs {
        if let Some(visuals) = known.get_mut(&inputs.view) {
            let checked = inputs.plan(visuals, pool, &mut work);
            counters.add(Work::ResultsChecked, checked);
        }
    }
    let made = make(work, known, pool);
    counters.add(Work::VisualsMade, made);
}

/// The components of a visualizer in a recording, once somebody asked for them.
type ComponentsByRecording = SmallVec<[(RecordingKey, OnceLock<VisualizerComponents>); 1]>;

/// Each recording that some shown view looks at.
fn components_by_recording(contexts: &InContexts<'_>, recordings: &Recordings) -> ComponentsByRecording {
    let mut components = ComponentsByRecording::new();
    for entry in contexts
        .iter()
        .filter_map(|(_, products)| products.recording(recordings))
    {
        if components.iter().all(|(key, _)| *key != entry.key()) {
            components.push((entry.key(), OnceLock::new()));
        }
    }
    components
}

/// So many small visuals are made on one thread.
const FEW_ITEMS: usize = 128;

/// Of visuals that take up less than this, together.
const FEW_BYTES: u64 = 128 << 10;

/// What a visual is taken for that was not there before.
const UNKNOWN_BYTES: u64 = 32 << 10;

/// The visuals to be made, and who asks for them.
struct Plan<'a, V: Visualizer> {
    items: Vec<Item<'a, V::Visual>>,
    /// What is found here is asked for by several views. Of a single view the entities come in their order, and need no look-up.
    by_entity: Option<FxHashMap<EntityId, SmallVec<[u32; 1]>>>,
    num_views: usize,
    uses: Vec<Use>,
}

impl<V: Visualizer> Default for Plan<'_, V> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            by_entity: None,
            num_views: 0,
            uses: Vec::new(),
        }
    }
}

impl<'a, V: Visualizer> Plan<'a, V> {
    /// Begins with what a view asks for, entity by entity, of so many at most.
    fn begin_view(&mut self, num_candidates: usize) {
        self.num_views += 1;
        self.uses.reserve(num_candidates);
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

    /// Whether all is made in less time than it takes to wake another thread: by what was there before. What is new may be anything.
    fn is_quickly_made(&self) -> bool {
        let bytes = self.items.iter().map(|item| {
            let previous = item.made.as_ref();
            previous.map_or(UNKNOWN_BYTES, |previous| previous.bytes())
        });
        self.items.len() < 2 || (self.items.len() <= FEW_ITEMS && bytes.sum::<u64>() <= FEW_BYTES)
    }

    /// The item for a visual, with one more user. `released` is what that one had before, where nobody holds
    /// it any more.
    fn item(&mut self, key: VisualKey, asked: Asked<'a>, released: Option<Arc<Made<V::Visual>>>) -> u32 {
        let at = self.find(&key).unwrap_or_else(|| {
            let at = self.items.len() as u32;
            self.items.push(Item {
                key,
                asked,
                made: None,
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

/// A visual to be made.
struct Item<'a, T> {
    key: VisualKey,
    asked: Asked<'a>,
    /// First the visual before, if nobody else holds it. Then the new one, in its place.
    made: Option<Arc<Made<T>>>,
    /// The number of views that ask for it.
    users: u32,
}

impl<'a, T> Item<'a, T> {
    /// The rows at the cursor that it is made from, where they were looked up.
    fn rows(&self) -> Option<&'a EntityResults> {
        let latest_at = self.asked.inputs.context.products.latest_at;
        latest_at.get(self.key.entity)
    }

    /// What was made. Precondition: that it was.
    fn made(&self) -> Option<&Arc<Made<T>>> {
        debug_assert!(self.made.is_some(), "what is planned is made");
        self.made.as_ref()
    }
}

/// A view that asks for a visual.
struct Use {
    view: ViewId,
    result: ResultKey,
    item: u32,
}

impl<'a> ViewInputs<'a> {
    /// Finds what has changed in a view. What is there already is taken, what is not is planned. Returns how
    /// many entities were checked.
    ///
    /// Cost: what changed, or one check per result where the view was hidden or edited.
    fn plan<V: Visualizer>(
        &'a self,
        visuals: &mut ViewVisuals<V>,
        pool: &mut Pool<V::Visual>,
        plan: &mut Plan<'a, V>,
    ) -> usize {
        let candidates = self.candidates(visuals);
        plan.begin_view(candidates.len());
        for some in candidates.chunks(AT_ONCE) {
            self.prefetch(visuals, some);
            for entity in some {
                self.plan_entity(*entity, visuals, pool, plan);
            }
        }
        candidates.len()
    }

    /// Reads what is asked first of each of some entities, which lies elsewhere in memory for each.
    fn prefetch<V: Visualizer>(&self, visuals: &ViewVisuals<V>, entities: &[EntityId]) {
        let latest_at = self.context.products.latest_at;
        for entity in entities {
            let result = self.results.get(*entity).map(|result| result.entity);
            black_box((result, latest_at.version_of(*entity)));
        }
        let shown = entities.iter().filter_map(|entity| visuals.entries.get(*entity));
        for made in shown.flatten().filter_map(|entry| entry.made.as_ref()) {
            made.prefetch();
        }
    }

    /// As [`Self::plan`], of one entity.
    fn plan_entity<V: Visualizer>(
        &'a self,
        entity: EntityId,
        visuals: &mut ViewVisuals<V>,
        pool: &mut Pool<V::Visual>,
        plan: &mut Plan<'a, V>,
    ) {
        let Self {
            results,
            overrides,
            context: ContextInputs { entry, .. },
            ..
        } = *self;
        let shown = visuals.entries.get_or_default(entity);
        let result = results.get(entity).filter(|_| overrides.is_visible(entity));
        let instructions = result
            .map(|result| overrides.instructions(result, self.visualizer, V::INFO.name))
            .unwrap_or_default();
        // In the order of the instructions. What is shown by none any more moves behind.
        let mut num_shown = 0;
        for instruction in instructions {
            let Some(result) = result else { continue };
            let key = self.key_of::<V>(result, instruction);
            let result_key = ResultKey {
                entity,
                instruction: instruction.index,
            };
            let mut others = shown[num_shown..].iter();
            match others.position(|known| known.instruction == instruction.index) {
                Some(known) => shown.swap(num_shown, num_shown + known),
                None => shown.insert(
                    num_shown,
                    Entry {
                        instruction: instruction.index,
                        made: None,
                    },
                ),
            }
            let made = &mut shown[num_shown].made;
            num_shown += 1;
            if made.as_ref().is_some_and(|made| made.key == key) {
                let may_be_elsewhere = instruction.maps_components() && key.query == ResultQuery::LatestAt;
                if may_be_elsewhere && !entry.sources().is_empty() {
                    // The same rows may be in other chunks now, of which nobody else keeps account.
                    let chunks = self.chunks_of::<V>(result, instruction);
                    visuals.chunks.set(result_key, &chunks);
                }
                continue;
            }
            let released = made.take().and_then(|made| pool.release(made, true));
            *made = pool.take(&key);
            match made {
                Some(made) => {
                    visuals.chunks.set(result_key, &made.chunks);
                    visuals.changed.push(result_key);
                }
                None => {
                    let item = plan.item(key, self.asked(result, instruction), released);
                    plan.uses.push(Use {
                        view: self.view,
                        result: result_key,
                        item,
                    });
                }
            }
        }
        for Entry { instruction, made } in shown.drain(num_shown..) {
            let key = ResultKey { entity, instruction };
            visuals.chunks.remove(key);
            visuals.removed.push(key);
            if let Some(made) = made {
                pool.release(made, true);
            }
        }
        if shown.is_empty() {
            visuals.entries.remove(entity);
        }
    }
}

/// Makes what is planned and hands it to all views that ask for it. Returns how many visuals of rows were
/// made.
fn make<V: Visualizer>(
    plan: Plan<'_, V>,
    views: &mut FxHashMap<ViewId, ViewVisuals<V>>,
    pool: &mut Pool<V::Visual>,
) -> usize {
    let is_quickly_made = plan.is_quickly_made();
    let Plan { mut items, uses, .. } = plan;
    // Few visuals may be large ones, of which each is for a thread of its own.
    let share = items.len() / (16 * rayon::current_num_threads());
    let at_once = share.clamp(1, AT_ONCE);
    if is_quickly_made {
        items.chunks_mut(AT_ONCE).for_each(make_some::<V>);
    } else {
        items.par_chunks_mut(at_once).for_each(make_some::<V>);
    }
    let (mut num_made, mut num_pooled) = (0, 0);
    for uses in uses.chunk_by(|a, b| a.view == b.view) {
        let Some(visuals) = uses.first().and_then(|first| views.get_mut(&first.view)) else {
            continue;
        };
        for some in uses.chunks(AT_ONCE) {
            for made in some.iter().filter_map(|used| items[used.item as usize].made()) {
                made.prefetch();
            }
            for Use { result, item: at, .. } in some {
                let item = &items[*at as usize];
                let Some(made) = item.made() else { continue };
                // Who asked for it first comes first.
                if *at == num_pooled {
                    num_pooled += 1;
                    num_made += made.num_made();
                    pool.insert(made, item.users);
                }
                let entries = visuals.entries.get_mut(result.entity).into_iter().flatten();
                for entry in entries.filter(|entry| entry.instruction == result.instruction) {
                    entry.made = Some(Arc::clone(made));
                }
                visuals.chunks.set(*result, &made.chunks);
                visuals.changed.push(*result);
            }
        }
    }
    debug_assert_eq!(num_pooled as usize, items.len(), "what is made was asked for");
    for visuals in views.values_mut().filter(|visuals| visuals.is_shown) {
        visuals.changed.sort_unstable();
    }
    num_made
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
    let columns = previous.as_mut().map(|made| std::mem::take(&mut made.columns));
    let selections = Selections::new(columns.unwrap_or_default());
    let mut input = asked.input::<V>();
    input.resolver.selections = Some(&selections);
    input.chunks = chunks.as_ref();
    if let ResultQuery::Range(range) = key.query {
        input.time_range = range;
    }
    let visual = previous.as_mut().and_then(|made| made.visual.take());
    let mut joined = match (V::INFO.mode, key.query) {
        (QueryMode::LatestAt, ResultQuery::Range(range)) => {
            drop(visual);
            let is_same_data = previous.as_ref().is_some_and(|made| made.key.rows == key.rows);
            let rows = previous.as_mut().map(|made| std::mem::take(&mut made.rows));
            visualize_rows::<V>(&input, range, rows.unwrap_or_default(), is_same_data)
        }
        _ => Joined::one(match visual {
            Some(previous) => V::update(&input, previous),
            None => V::visualize(&input),
        }),
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
