//! Brings the visuals of a visualizer up to date in each frame: views say what they lack, which is made once
//! for all of them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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
    visuals::{Entries, Entry, ViewVisuals},
};
use crate::{
    ActiveBlueprint, ContextId, DataResults, InContexts, QueryContext, RecordingKey, Recordings, ResultKey,
    ResultQuery, View, ViewOverrides, ViewTile, Work, WorkCounters, query_results::Walks,
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
            let previous = item.previous.as_ref();
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
                previous: None,
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
            item.previous.get_or_insert(released);
        }
        at
    }
}

/// A visual to be made.
struct Item<'a, T> {
    key: VisualKey,
    asked: Asked<'a>,
    /// What was made before of the same, where nobody else holds that any more.
    previous: Option<Arc<Made<T>>>,
    /// The number of views that ask for it.
    users: u32,
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
        let Self {
            results,
            overrides,
            context: ContextInputs { entry, .. },
            ..
        } = *self;
        let candidates = self.candidates(visuals);
        plan.begin_view(candidates.len());
        for entity in &candidates {
            let shown = visuals.entries.get_or_default(*entity);
            let mut before = std::mem::take(shown);
            let mut now: Entries<V::Visual> = Entries::new();
            let result = results.get(*entity).filter(|_| overrides.is_visible(*entity));
            let instructions = result
                .map(|result| overrides.instructions(result, self.visualizer, V::INFO.name))
                .unwrap_or_default();
            for instruction in instructions {
                let Some(result) = result else { continue };
                let key = self.key_of::<V>(result, instruction);
                let mut known = before
                    .iter()
                    .position(|entry| entry.instruction == instruction.index)
                    .map(|at| before.swap_remove(at));
                let result_key = ResultKey {
                    entity: *entity,
                    instruction: instruction.index,
                };
                if let Some(same) =
                    known.take_if(|entry| entry.made.as_ref().is_some_and(|made| made.key == key))
                {
                    let may_be_elsewhere =
                        instruction.maps_components() && key.query == ResultQuery::LatestAt;
                    if may_be_elsewhere && !entry.sources().is_empty() {
                        // The same rows may be in other chunks now, of which nobody else keeps account.
                        let chunks = self.chunks_of::<V>(result, instruction);
                        visuals.chunks.set(result_key, &chunks);
                    }
                    now.push(same);
                    continue;
                }
                let released = known.and_then(|entry| pool.release(entry.made?, true));
                let made = pool.take(&key);
                match &made {
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
                now.push(Entry {
                    instruction: instruction.index,
                    made,
                });
            }
            for Entry { instruction, made } in before {
                let key = ResultKey {
                    entity: *entity,
                    instruction,
                };
                visuals.chunks.remove(key);
                visuals.removed.push(key);
                if let Some(made) = made {
                    pool.release(made, true);
                }
            }
            *shown = now;
            if shown.is_empty() {
                visuals.entries.remove(*entity);
            }
        }
        candidates.len()
    }
}

/// Makes what is planned and hands it to all views that ask for it. Returns how many visuals of rows were
/// made.
fn make<V: Visualizer>(
    plan: Plan<'_, V>,
    views: &mut FxHashMap<ViewId, ViewVisuals<V>>,
    pool: &mut Pool<V::Visual>,
) -> usize {
    let made: Vec<_> = if plan.is_quickly_made() {
        plan.items.into_iter().map(make_one::<V>).collect()
    } else {
        plan.items.into_par_iter().map(make_one::<V>).collect()
    };
    let mut num_made = 0;
    for (made, users) in &made {
        num_made += made.num_made();
        pool.insert(made, *users);
    }
    for uses in plan.uses.chunk_by(|a, b| a.view == b.view) {
        let Some(visuals) = uses.first().and_then(|first| views.get_mut(&first.view)) else {
            continue;
        };
        for Use { result, item, .. } in uses {
            let (made, _) = &made[*item as usize];
            let entries = visuals.entries.get_mut(result.entity).into_iter().flatten();
            for entry in entries.filter(|entry| entry.instruction == result.instruction) {
                entry.made = Some(Arc::clone(made));
            }
            visuals.chunks.set(*result, &made.chunks);
            visuals.changed.push(*result);
        }
    }
    for visuals in views.values_mut().filter(|visuals| visuals.is_shown) {
        visuals.changed.sort_unstable();
    }
    num_made
}

fn make_one<V: Visualizer>(item: Item<'_, V::Visual>) -> (Arc<Made<V::Visual>>, u32) {
    let Item {
        key,
        asked,
        previous,
        users,
    } = item;
    let mut previous = previous.and_then(Arc::into_inner);
    let chunks = (!asked.inputs.context.entry.sources().is_empty()).then(Mutex::default);
    let columns = previous.as_mut().map(|made| std::mem::take(&mut made.columns));
    let selections = Selections::new(columns.unwrap_or_default());
    let mut input = asked.input::<V>();
    input.resolver.selections = Some(&selections);
    input.chunks = chunks.as_ref();
    if let ResultQuery::Range(range) = key.query {
        input.time_range = range;
    }
    let mut joined = match (V::INFO.mode, key.query) {
        (QueryMode::LatestAt, ResultQuery::Range(range)) => {
            let is_same_data = previous.as_ref().is_some_and(|made| made.key.rows == key.rows);
            let rows = previous.map(|made| made.rows).unwrap_or_default();
            visualize_rows::<V>(&input, range, rows, is_same_data)
        }
        _ => Joined::one(match previous.and_then(|made| made.visual) {
            Some(previous) => V::update(&input, previous),
            None => V::visualize(&input),
        }),
    };
    joined.report = joined.report.or_else(|| input.selection_report());
    let columns = selections.into_columns();
    let chunks = chunks.map(|chunks| chunks.into_inner().unwrap_or_else(PoisonError::into_inner));
    let chunks = chunks.unwrap_or_default().without_repetition();
    (Arc::new(Made::new(key, joined, columns, chunks)), users)
}
