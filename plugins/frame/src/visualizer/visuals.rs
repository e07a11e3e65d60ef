//! The visuals of each visualizer, brought up to date in each frame.

use std::sync::{Arc, Mutex, PoisonError};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{EntityId, EntityPath, TimelineId};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{QueryMode, VisualChunks, Visualizer, VisualizerId, VisualizerInput};
use crate::{
    ActiveBlueprint, ContextReader, Cursor, DataResults, EntityContexts, LatestAtResults, RecordingEntry,
    RecordingKey, Recordings, Report, Transforms, View, ViewOverrides, ViewTile, Work, WorkCounters,
    budget::Purge,
};

/// The visuals of one visualizer, for all views.
#[derive(Resource)]
pub struct Visuals<V: Visualizer> {
    id: VisualizerId,
    views: FxHashMap<ViewId, ViewVisuals<V>>,
}

impl<V: Visualizer> Visuals<V> {
    pub(super) fn new(id: VisualizerId) -> Self {
        Self {
            id,
            views: FxHashMap::default(),
        }
    }

    /// The visuals of a view.
    pub fn view(&self, view: ViewId) -> Option<&ViewVisuals<V>> {
        self.views.get(&view)
    }
}

/// The visuals of one visualizer in one view.
pub struct ViewVisuals<V: Visualizer> {
    entries: FxHashMap<EntityId, Entry<V::Visual>>,
    /// What the entries were made from, where that is to be known.
    pub(super) chunks: VisualChunks,
    changed: Vec<EntityId>,
    removed: Vec<EntityId>,
    recording: Option<RecordingKey>,
    consumed: Consumed,
}

impl<V: Visualizer> Default for ViewVisuals<V> {
    fn default() -> Self {
        Self {
            entries: FxHashMap::default(),
            chunks: VisualChunks::default(),
            changed: Vec::new(),
            removed: Vec::new(),
            recording: None,
            consumed: Consumed::default(),
        }
    }
}

struct Entry<T> {
    visual: Result<Option<Arc<T>>, Report>,
    /// `None` where the visual was given up and is to be made anew.
    stamp: Option<Stamp>,
}

/// The versions of everything that one visual was made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamp {
    latest_at: u64,
    overrides: u64,
    /// The contexts that the visualizer reads.
    contexts: u64,
    /// The cursor, where the blueprint gives a range of times relative to it.
    time: i64,
}

/// The versions of everything that a view's visuals were last brought up to date with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Consumed {
    results: u64,
    overrides: u64,
    contexts: u64,
    latest_at: u64,
    /// Ranges are those of the shown timeline.
    timeline: Option<TimelineId>,
}

impl<V: Visualizer> ViewVisuals<V> {
    /// The visual of an entity.
    pub fn get(&self, entity: EntityId) -> Option<&Arc<V::Visual>> {
        self.entries.get(&entity)?.visual.as_ref().ok()?.as_ref()
    }

    /// What is wrong with an entity.
    pub fn report(&self, entity: EntityId) -> Option<&Report> {
        self.entries.get(&entity)?.visual.as_ref().err()
    }

    /// All visuals, in no order. What reaches the screen goes through [`DataResults`], which are ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = (EntityId, &Arc<V::Visual>)> {
        self.entries
            .iter()
            .filter_map(|(entity, entry)| Some((*entity, entry.visual.as_ref().ok()?.as_ref()?)))
    }

    /// All reports, in no order.
    pub fn reports(&self) -> impl Iterator<Item = (EntityId, &Report)> {
        self.entries
            .iter()
            .filter_map(|(entity, entry)| Some((*entity, entry.visual.as_ref().err()?)))
    }

    /// The entities whose visuals were made anew in this frame, in path order.
    pub fn changed(&self) -> &[EntityId] {
        &self.changed
    }

    /// The entities that had visuals until this frame, and have none now.
    pub fn removed(&self) -> &[EntityId] {
        &self.removed
    }

    /// Whether nothing changed in this frame.
    pub fn is_unchanged(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }

    /// A view whose tile cannot be seen costs nothing. Its visuals stay as they are, and are checked one by one when it is shown
    /// again; not those of a recording that was closed, nor, where memory is short, those of ranges, which may hold any number
    /// of rows.
    fn hide(&mut self, is_memory_short: bool, recordings: &Recordings) {
        self.changed.clear();
        self.removed.clear();
        self.consumed = Consumed::default();
        if self.recording.is_some_and(|key| recordings.get(key).is_none()) {
            self.removed
                .extend(self.entries.drain().map(|(entity, _)| entity));
            self.chunks.clear();
        } else if is_memory_short && V::INFO.mode == QueryMode::Range {
            self.evict();
        }
    }

    /// Lets go of all visuals, and of the rows that they hold. Which entities had one is not forgotten, nor what is wrong with some.
    fn evict(&mut self) {
        for entry in self
            .entries
            .values_mut()
            .filter(|entry| matches!(entry.visual, Ok(Some(_))))
        {
            (entry.visual, entry.stamp) = (Ok(None), None);
        }
    }
}

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
    purge: Option<Res<Purge>>,
) {
    puffin::profile_scope!("execute_systems_for_all_views", V::INFO.name);
    let Visuals { id, views: visuals } = visuals.bypass_change_detection();
    let id = *id;
    visuals.retain(|view, _| active.entity(*view).is_some());
    for (view, tile, results, overrides) in &views {
        if !tile.shown {
            if let Some(visuals) = visuals.get_mut(&view.id) {
                let is_short = purge.as_ref().is_some_and(|purge| purge.evicts());
                visuals.hide(is_short, &recordings);
            }
            continue;
        }
        if !visuals.contains_key(&view.id) && results.shown_by(id).is_none_or(FxHashSet::is_empty) {
            continue;
        }
        let inputs = ViewInputs {
            view,
            results,
            overrides,
            latest_at: &latest_at,
            contexts: &contexts,
            transforms: &transforms,
            cursor: *cursor,
        };
        let recording = cursor.recording.and_then(|key| recordings.get(key));
        update_view(
            visuals.entry(view.id).or_default(),
            id,
            &inputs,
            recording,
            &counters,
        );
    }
}

struct ViewInputs<'a> {
    view: &'a View,
    results: &'a DataResults,
    overrides: &'a ViewOverrides,
    latest_at: &'a LatestAtResults,
    contexts: &'a EntityContexts,
    transforms: &'a Transforms,
    cursor: Cursor,
}

/// Brings the visuals of one view up to date. Costs what changed, or one check per result where the view was hidden or edited.
fn update_view<V: Visualizer>(
    visuals: &mut ViewVisuals<V>,
    id: VisualizerId,
    inputs: &ViewInputs<'_>,
    recording: Option<&RecordingEntry>,
    counters: &WorkCounters,
) {
    let &ViewInputs {
        view,
        results,
        overrides,
        latest_at,
        contexts,
        transforms,
        cursor,
    } = inputs;
    visuals.changed.clear();
    visuals.removed.clear();
    if visuals.recording != cursor.recording {
        // Ids of one recording mean nothing in another.
        visuals
            .removed
            .extend(visuals.entries.drain().map(|(entity, _)| entity));
        visuals.chunks.clear();
        visuals.recording = cursor.recording;
    }
    let Some(recording) = recording else {
        visuals.consumed = Consumed::default();
        return;
    };
    let (store, cache) = (&recording.recording.store, &recording.recording.cache);
    let contexts = ContextReader::new(contexts, transforms, store);
    let now = Consumed {
        results: results.version,
        overrides: overrides.version,
        contexts: contexts.version(V::INFO.contexts),
        latest_at: latest_at.frame(),
        timeline: cursor.timeline,
    };
    let before = std::mem::replace(&mut visuals.consumed, now);
    // Ranges relative to the cursor move with it.
    let follows_cursor = V::INFO.mode == QueryMode::Range && overrides.has_time_ranges();
    // Where nothing changed that concerns all entities, those that changed are known.
    let changed_results = results.changed_since(before.results).filter(|_| {
        let only_rows_and_results = Consumed {
            latest_at: before.latest_at,
            results: before.results,
            ..now
        } == before;
        !follows_cursor && only_rows_and_results && before.latest_at + 1 == now.latest_at
    });
    let has_sources = !recording.sources().is_empty();

    let stamp_of = |entity: EntityId| Stamp {
        latest_at: match V::INFO.mode {
            QueryMode::LatestAt => latest_at.version_of(entity),
            QueryMode::Range => latest_at.rows_version_of(entity),
        },
        overrides: overrides.version_of(entity),
        contexts: contexts.version_of(V::INFO.contexts, entity),
        time: if follows_cursor { cursor.time } else { 0 },
    };
    let allowed = |entity: EntityId| {
        overrides.is_visible(entity)
            && overrides
                .get(entity)
                .is_none_or(|overrides| overrides.allows(V::INFO.name))
    };
    let shown = results.shown_by(id);
    let is_shown = |entity: &EntityId| shown.is_some_and(|shown| shown.contains(entity));
    let wanted = |entity: &EntityId| {
        results
            .get(*entity)
            .filter(|result| is_shown(&result.entity) && allowed(*entity))
    };
    let mut candidates: Vec<EntityId> = match changed_results {
        Some(changed_results) => {
            let touched = match V::INFO.mode {
                QueryMode::LatestAt => latest_at.data_changed(),
                QueryMode::Range => latest_at.rows_changed(),
            };
            touched
                .iter()
                .chain(changed_results)
                .copied()
                .filter(|entity| is_shown(entity) || visuals.entries.contains_key(entity))
                .collect()
        }
        None => {
            // What is shown, and what was shown until now.
            let gone = visuals.entries.keys().filter(|entity| !is_shown(entity));
            shown.into_iter().flatten().chain(gone).copied().collect()
        }
    };
    // Rows and visualizers of an entity may have changed at once.
    candidates.sort_unstable();
    candidates.dedup();
    counters.add(Work::ResultsChecked, candidates.len());
    let mut work: Vec<(EntityId, &EntityPath, Stamp, Option<Arc<V::Visual>>)> = Vec::new();
    for entity in candidates {
        match wanted(&entity) {
            Some(result) => {
                let stamp = stamp_of(entity);
                if visuals
                    .entries
                    .get(&entity)
                    .is_some_and(|entry| entry.stamp == Some(stamp))
                {
                    continue;
                }
                // Where only rows came or went, or a range of times moved, what was made before is a good start.
                let previous = visuals
                    .entries
                    .remove(&entity)
                    .filter(|entry| {
                        entry.stamp.is_some_and(|before| {
                            Stamp {
                                latest_at: before.latest_at,
                                time: before.time,
                                ..stamp
                            } == before
                        })
                    })
                    .and_then(|entry| entry.visual.ok().flatten());
                work.push((entity, &result.path, stamp, previous));
            }
            None => {
                if visuals.entries.remove(&entity).is_some() {
                    visuals.chunks.remove(entity);
                    visuals.removed.push(entity);
                }
            }
        }
    }

    counters.add(Work::VisualsMade, work.len());
    let made: Vec<_> = work
        .into_par_iter()
        .map(|(entity, path, stamp, previous)| {
            let input = VisualizerInput {
                view,
                entity,
                path,
                cursor,
                store,
                latest_at: latest_at.get(entity),
                overrides: overrides.get(entity),
                view_overrides: overrides,
                visualizer: &V::INFO,
                contexts,
                cache,
                chunks: has_sources.then(Mutex::default),
            };
            let visual = match previous {
                Some(previous) => V::update(&input, previous),
                None => V::visualize(&input),
            };
            let chunks = input
                .chunks
                .map(|chunks| chunks.into_inner().unwrap_or_else(PoisonError::into_inner));
            let chunks = chunks.unwrap_or_default().without_repetition();
            (
                entity,
                Entry {
                    visual: visual.map(|visual| visual.map(Arc::new)),
                    stamp: Some(stamp),
                },
                chunks,
            )
        })
        .collect();
    for (entity, entry, chunks) in made {
        visuals.entries.insert(entity, entry);
        visuals.chunks.set(entity, chunks);
        visuals.changed.push(entity);
    }
    visuals
        .changed
        .sort_by(|a, b| store.entity_path(*a).cmp(store.entity_path(*b)));
}
