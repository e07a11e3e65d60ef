//! Brings the visuals of a visualizer up to date in each frame: views say what they lack, which is made once
//! for all of them.

use std::sync::{Arc, Mutex, PoisonError};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ChunkStore, EntityId, EntityPath, QueryCache, TimeRange};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    QueryMode, Visual, Visualizer, VisualizerId, VisualizerInput, Visuals,
    chunks::SourceChunks,
    pool::{Made, Pool, VisualKey},
    resolve::{Resolver, VisualizerComponents},
    rows::{Joined, visualize_rows},
    selection::Selections,
    visuals::{Consumed, Entries, Entry, ViewVisuals},
};
use crate::{
    ActiveBlueprint, ContextReader, Cursor, DataResult, DataResults, EntityContexts, LatestAtResults,
    RecordingEntry, Recordings, ResolvedInstruction, ResultKey, ResultQuery, Transforms, View, ViewOverrides,
    ViewTile, Work, WorkCounters,
};

pub(super) fn visualize<V: Visualizer>(
    mut visuals: ResMut<Visuals<V>>,
    views: Query<(&View, &ViewTile, &DataResults, &ViewOverrides)>,
    active: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
    latest_at: Res<LatestAtResults>,
    contexts: Res<EntityContexts>,
    transforms: Res<Transforms>,
    cursor: Res<Cursor>,
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
    let entry = cursor.recording.and_then(|key| recordings.get(key));
    let components = entry.map(|entry| VisualizerComponents::new(&V::INFO, entry.store()));
    let frame = FrameInputs {
        visualizer: *id,
        components: &components.unwrap_or_default(),
        latest_at: &latest_at,
        contexts: &contexts,
        transforms: &transforms,
        cursor: *cursor,
        entry,
    };
    let mut work = Plan::<V>::default();
    for (view, tile, results, overrides) in &views {
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
        let inputs = ViewInputs {
            view: view.id,
            results,
            overrides,
            defaults: overrides.defaults_hash(&[V::INFO.required, V::INFO.optional]),
        };
        let of_view = known.entry(view.id).or_default();
        let checked = frame.plan(inputs, of_view, pool, &mut work);
        counters.add(Work::ResultsChecked, checked);
    }
    let made = frame.make(work, known, pool);
    counters.add(Work::VisualsMade, made);
}

/// What all views have in common.
struct FrameInputs<'a> {
    visualizer: VisualizerId,
    components: &'a VisualizerComponents,
    latest_at: &'a LatestAtResults,
    contexts: &'a EntityContexts,
    transforms: &'a Transforms,
    cursor: Cursor,
    entry: Option<&'a RecordingEntry>,
}

/// What decides about the visuals of a view.
#[derive(Clone, Copy)]
struct ViewInputs<'a> {
    view: ViewId,
    results: &'a DataResults,
    overrides: &'a ViewOverrides,
    /// A hash of the defaults that the visualizer reads.
    defaults: u64,
}

/// The visuals to be made, and who asks for them.
struct Plan<'a, V: Visualizer> {
    items: Vec<Item<'a, V::Visual>>,
    by_entity: FxHashMap<EntityId, SmallVec<[u32; 1]>>,
    uses: Vec<Use>,
}

impl<V: Visualizer> Default for Plan<'_, V> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            by_entity: FxHashMap::default(),
            uses: Vec::new(),
        }
    }
}

impl<'a, V: Visualizer> Plan<'a, V> {
    /// The item for a visual, with one more user. `released` is what that one had before, where nobody holds
    /// it any more.
    fn item(&mut self, key: VisualKey, asked: Asked<'a>, released: Option<Made<V::Visual>>) -> u32 {
        let items = &mut self.items;
        let of_entity = self.by_entity.entry(key.entity).or_default();
        let known = of_entity.iter().find(|at| items[**at as usize].key == key);
        let at = known.copied().unwrap_or_else(|| {
            items.push(Item {
                key,
                asked,
                previous: None,
                users: 0,
            });
            of_entity.push(items.len() as u32 - 1);
            items.len() as u32 - 1
        });
        let item = &mut items[at as usize];
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
    /// What was made before of the same, where nobody holds that any more.
    previous: Option<Made<T>>,
    /// The number of views that ask for it.
    users: u32,
}

/// What is asked for, as the first view says that asks for it: others say the same.
#[derive(Clone, Copy)]
struct Asked<'a> {
    path: &'a EntityPath,
    instruction: ResolvedInstruction<'a>,
    overrides: &'a ViewOverrides,
}

/// A view that asks for a visual.
struct Use {
    view: ViewId,
    result: ResultKey,
    item: u32,
}

impl<'a> FrameInputs<'a> {
    /// Finds what has changed in a view. What is there already is taken, what is not is planned. Returns how
    /// many entities were checked.
    ///
    /// Cost: what changed, or one check per result where the view was hidden or edited.
    fn plan<V: Visualizer>(
        &self,
        inputs: ViewInputs<'a>,
        visuals: &mut ViewVisuals<V>,
        pool: &mut Pool<V::Visual>,
        plan: &mut Plan<'a, V>,
    ) -> usize {
        let ViewInputs {
            results, overrides, ..
        } = inputs;
        visuals.changed.clear();
        visuals.removed.clear();
        visuals.show(pool, true);
        if visuals.recording != self.cursor.recording {
            // Ids of one recording mean nothing in another.
            visuals.clear(pool);
            visuals.recording = self.cursor.recording;
        }
        let Some(entry) = self.entry else { return 0 };
        let candidates = self.candidates(inputs, entry, visuals);
        for entity in &candidates {
            let shown = visuals.entries.entry(*entity).or_default();
            let mut before = std::mem::take(shown);
            let mut now: Entries<V::Visual> = Entries::new();
            let result = results.get(*entity).filter(|_| overrides.is_visible(*entity));
            let instructions = result
                .map(|result| overrides.instructions(result, self.visualizer, V::INFO.name))
                .unwrap_or_default();
            for instruction in instructions {
                let Some(result) = result else { continue };
                let key = self.key_of::<V>(inputs, entry, result, instruction);
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
                        let chunks = self.chunks_of::<V>(inputs, entry, result, instruction);
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
                        let asked = Asked {
                            path: &result.path,
                            instruction,
                            overrides,
                        };
                        let item = plan.item(key, asked, released);
                        plan.uses.push(Use {
                            view: inputs.view,
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
                visuals.entries.remove(entity);
            }
        }
        candidates.len()
    }

    /// The entities whose visuals may be others than before.
    fn candidates<V: Visualizer>(
        &self,
        inputs: ViewInputs<'_>,
        entry: &RecordingEntry,
        visuals: &mut ViewVisuals<V>,
    ) -> Vec<EntityId> {
        let ViewInputs {
            results, overrides, ..
        } = inputs;
        let now = Consumed {
            results: results.version,
            overrides: overrides.version,
            contexts: self.contexts(entry).version(V::INFO.contexts),
            latest_at: self.latest_at.frame(),
            timeline: self.cursor.timeline,
            time: self.cursor.time,
        };
        let before = std::mem::replace(&mut visuals.consumed, now);
        let shown = results.shown_by(self.visualizer);
        let instructed = overrides.instructed(self.visualizer);
        let is_shown = |entity: &EntityId| {
            shown.is_some_and(|shown| shown.contains(entity))
                || instructed.is_some_and(|instructed| instructed.contains(entity))
        };
        let has_ranges = overrides.has_time_ranges() && takes_ranges::<V>();
        // Ranges relative to the cursor move with it.
        let is_moved = has_ranges && before.time != now.time;
        let only_rows_and_results = Consumed {
            latest_at: before.latest_at,
            results: before.results,
            contexts: before.contexts,
            time: before.time,
            ..now
        } == before;
        // Contexts tell what changed in this frame.
        let changed_contexts = if before.contexts == now.contexts {
            Some(Vec::new())
        } else {
            self.contexts(entry).changed(V::INFO.contexts)
        };
        // Where nothing changed that concerns all entities, those that changed are known.
        let changed_results = results
            .changed_since(before.results)
            .filter(|_| !is_moved && only_rows_and_results && before.latest_at + 1 == now.latest_at);
        let mut candidates: Vec<EntityId> = match changed_results.zip(changed_contexts) {
            Some((changed_results, changed_contexts)) => {
                let is_range = V::INFO.mode == QueryMode::Range;
                let rows = self.latest_at.rows_changed().iter();
                let rows = rows.filter(|entity| {
                    is_range || has_ranges || instructed.is_some_and(|instructed| instructed.contains(entity))
                });
                let data: &[EntityId] = if is_range {
                    &[]
                } else {
                    self.latest_at.data_changed()
                };
                // What is mapped is not among the latest-at results, which tell when the next row is reached.
                let mapped = instructed.into_iter().flatten().filter(|entity| {
                    before.time != now.time
                        && results
                            .get(**entity)
                            .is_some_and(|result| self.is_mapped::<V>(overrides, result))
                });
                rows.chain(data)
                    .chain(mapped)
                    .chain(changed_results)
                    .copied()
                    .chain(changed_contexts)
                    .filter(|entity| is_shown(entity) || visuals.entries.contains_key(entity))
                    .collect()
            }
            None => {
                // What is shown, and what was shown until now.
                let gone = visuals.entries.keys().filter(|entity| !is_shown(entity));
                let shown = shown.into_iter().chain(instructed).flatten();
                shown.chain(gone).copied().collect()
            }
        };
        // Rows and visualizers of an entity may have changed at once.
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    /// Whether some rows that an entity shows are not among the latest-at results.
    fn is_mapped<V: Visualizer>(&self, overrides: &ViewOverrides, result: &DataResult) -> bool {
        !result.visualizers.contains(&self.visualizer)
            || overrides
                .instructions(result, self.visualizer, V::INFO.name)
                .iter()
                .any(ResolvedInstruction::maps_components)
    }

    fn key_of<V: Visualizer>(
        &self,
        inputs: ViewInputs<'_>,
        entry: &RecordingEntry,
        result: &DataResult,
        instruction: ResolvedInstruction<'_>,
    ) -> VisualKey {
        let entity = result.entity;
        let store = entry.store();
        let range = takes_ranges::<V>()
            .then(|| inputs.overrides.time_range(store, self.cursor, entity))
            .flatten();
        let query = match (V::INFO.mode, range) {
            (_, Some(range)) => ResultQuery::Range(range),
            (QueryMode::Range, None) => ResultQuery::Range(TimeRange::EVERYTHING),
            (QueryMode::LatestAt, None) => ResultQuery::LatestAt,
        };
        let is_known = result.visualizers.contains(&self.visualizer);
        let rows = match query {
            ResultQuery::Range(_) => self.latest_at.rows_version_of(entity).into(),
            ResultQuery::LatestAt if is_known && !instruction.maps_components() => {
                self.latest_at.version_of(entity)
            }
            ResultQuery::LatestAt => {
                let asked = Asked {
                    path: &result.path,
                    instruction,
                    overrides: inputs.overrides,
                };
                let input = self.input::<V>(entry, entity, asked);
                input.rows_identity(&V::INFO)
            }
        };
        VisualKey {
            recording: entry.key(),
            entity,
            rows,
            overrides: [instruction.hash, inputs.defaults],
            contexts: self.contexts(entry).version_of(V::INFO.contexts, entity),
            query,
        }
    }

    /// The chunks that the rows of a visual's components are in.
    fn chunks_of<V: Visualizer>(
        &self,
        inputs: ViewInputs<'_>,
        entry: &RecordingEntry,
        result: &DataResult,
        instruction: ResolvedInstruction<'_>,
    ) -> SourceChunks {
        let asked = Asked {
            path: &result.path,
            instruction,
            overrides: inputs.overrides,
        };
        let chunks = Mutex::default();
        let mut input = self.input::<V>(entry, result.entity, asked);
        input.chunks = Some(&chunks);
        input.rows_identity(&V::INFO);
        let chunks: SourceChunks = chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
        chunks.without_repetition()
    }

    /// Makes what is planned and hands it to all views that ask for it. Returns how many visuals of rows were
    /// made.
    fn make<V: Visualizer>(
        &self,
        plan: Plan<'_, V>,
        views: &mut FxHashMap<ViewId, ViewVisuals<V>>,
        pool: &mut Pool<V::Visual>,
    ) -> usize {
        let Some(entry) = self.entry else { return 0 };
        let make = |item| self.make_one::<V>(entry, item);
        let made: Vec<_> = plan.items.into_par_iter().map(make).collect();
        let mut num_made = 0;
        for (made, users) in &made {
            num_made += made.num_made();
            pool.insert(made, *users);
        }
        for Use { view, result, item } in plan.uses {
            let Some(visuals) = views.get_mut(&view) else {
                continue;
            };
            let (made, _) = &made[item as usize];
            let entries = visuals.entries.get_mut(&result.entity).into_iter().flatten();
            for entry in entries.filter(|entry| entry.instruction == result.instruction) {
                entry.made = Some(Arc::clone(made));
            }
            visuals.chunks.set(result, &made.chunks);
            visuals.changed.push(result);
        }
        for visuals in views.values_mut().filter(|visuals| visuals.is_shown) {
            visuals.changed.sort_unstable();
        }
        num_made
    }

    fn make_one<V: Visualizer>(
        &self,
        entry: &RecordingEntry,
        item: Item<'_, V::Visual>,
    ) -> (Arc<Made<V::Visual>>, u32) {
        let Item {
            key,
            asked,
            mut previous,
            users,
        } = item;
        let chunks = (!entry.sources().is_empty()).then(Mutex::default);
        let columns = previous.as_mut().map(|made| std::mem::take(&mut made.columns));
        let selections = Selections::new(columns.unwrap_or_default());
        let mut input = self.input::<V>(entry, key.entity, asked);
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

    fn contexts<'i>(&'i self, entry: &'i RecordingEntry) -> ContextReader<'i> {
        ContextReader::new(self.contexts, self.transforms, entry.store())
    }

    fn input<'i, V: Visualizer>(
        &'i self,
        entry: &'i RecordingEntry,
        entity: EntityId,
        asked: Asked<'i>,
    ) -> VisualizerInput<'i> {
        let (store, cache): (&ChunkStore, &QueryCache) = (&entry.recording.store, &entry.recording.cache);
        VisualizerInput {
            entity,
            path: asked.path,
            cursor: self.cursor,
            store,
            visualizer: &V::INFO,
            contexts: self.contexts(entry),
            resolver: Resolver {
                store,
                components: self.components,
                cache,
                entity,
                cursor: self.cursor,
                instruction: asked.instruction,
                view: asked.overrides,
                latest_at: self.latest_at.get(entity),
                at: None,
                asks_store: true,
                selections: None,
            },
            time_range: TimeRange::EVERYTHING,
            cache,
            chunks: None,
        }
    }
}

/// Whether the blueprint can give a visualizer a range of times.
pub(super) fn takes_ranges<V: Visualizer>() -> bool {
    V::INFO.mode == QueryMode::Range || V::Visual::JOINS_ROWS
}
