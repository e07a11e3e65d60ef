//! Phase 9: visualizers turn data results into visuals.
//!
//! Each visualizer is one system with its own [`Visuals`], so that Bevy runs them side by side; inside, changed results are worked
//! on in parallel. A visual is made in the entity's own space: where it stands is up to [`crate::Transforms`], so a cloud that
//! is moved is not made anew.

use std::sync::{Arc, Mutex, PoisonError};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_store::{
    ChunkId, ChunkStore, ComponentId, EntityId, EntityPath, Hit, LatestAt, QueryCache, RangeAnswer, TimeRange, TimelineId,
    arrow::ArrayRef,
};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Annotations, Answers, Cursor, DataResults, Frame, FrameSystems, RecordingEntry, RecordingKey, Recordings, Report, View,
    ViewOverrides, ViewTile, context::annotations::ResolvedAnnotations, overrides::ResolvedOverrides,
    query_results::EntityAnswers,
};

/// Which rows a visualizer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryMode {
    /// The latest row at the cursor, per component.
    LatestAt,
    /// All rows in the view's time range.
    Range,
}

/// What a visualizer is called and what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisualizerInfo {
    /// The visualizer's name, that of the archetype it shows: `Points3D`.
    pub name: &'static str,
    /// The components that an entity must have to be shown: `Points3D:positions`.
    pub required: &'static [&'static str],
    /// The components that change how it looks.
    pub optional: &'static [&'static str],
    /// Which rows it is given.
    pub mode: QueryMode,
}

/// Turns a data result into what is drawn.
pub trait Visualizer: Send + Sync + 'static {
    /// What is drawn for one entity in one view.
    type Visual: Send + Sync + 'static;

    /// What it is called and what it needs.
    const INFO: VisualizerInfo;

    /// Makes the visual of one data result. A pure function of its input; runs on any thread.
    ///
    /// `Ok(None)` where there is nothing to draw.
    ///
    /// # Errors
    /// Where the data can not be drawn; the report is shown on the entity, and the rest goes on.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report>;

    /// Makes the visual of a data result that had one before. The result must be that of [`Self::visualize`]; what the visual
    /// before may save is work. Nobody else holds it, unless a clone of it was kept: [`Arc::into_inner`] takes it apart.
    ///
    /// # Errors
    /// As [`Self::visualize`].
    fn update(input: &VisualizerInput<'_>, _previous: Arc<Self::Visual>) -> Result<Option<Self::Visual>, Report> {
        Self::visualize(input)
    }
}

/// Where a component's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The blueprint, for this entity in this view.
    Override,
    /// The recording.
    Store,
    /// The blueprint, for this view.
    ViewDefault,
}

/// What a visualizer works from: one entity in one view.
pub struct VisualizerInput<'a> {
    /// The view.
    pub view: &'a View,
    /// The entity.
    pub entity: EntityId,
    /// The entity's path.
    pub path: &'a EntityPath,
    /// Where the frame looks.
    pub cursor: Cursor,
    /// The recording.
    pub store: &'a ChunkStore,
    /// Labels and colours of classes, as they hold for this entity.
    pub annotations: &'a ResolvedAnnotations,
    answers: Option<&'a EntityAnswers>,
    overrides: Option<&'a ResolvedOverrides>,
    view_overrides: &'a ViewOverrides,
    visualizer: &'static str,
    cache: &'a QueryCache,
    /// What the queries found, for the store's sources; `None` where the store has none.
    bodies: Option<Mutex<Bodies>>,
}

/// The bodies that a visual was made from beside the [`Answers`], and those that it lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bodies {
    /// The chunks that were read.
    pub(crate) used: Vec<ChunkId>,
    /// The chunks that would have been read, and are not loaded.
    pub(crate) missing: Vec<ChunkId>,
}

/// What the visuals of a view were made from, where the recording has sources.
#[derive(Clone, Debug, Default)]
pub(crate) struct VisualBodies {
    /// What each was made from. Those made from the [`Answers`] alone are not here.
    pub(crate) by_entity: FxHashMap<EntityId, Bodies>,
    /// Grows with each change.
    pub(crate) version: u64,
}

impl VisualBodies {
    fn set(&mut self, entity: EntityId, bodies: Bodies) {
        if bodies.is_empty() {
            self.remove(entity);
        } else if self.by_entity.get(&entity) != Some(&bodies) {
            self.version += 1;
            self.by_entity.insert(entity, bodies);
        }
    }

    fn remove(&mut self, entity: EntityId) {
        self.version += u64::from(self.by_entity.remove(&entity).is_some());
    }

    fn clear(&mut self) {
        self.version += 1;
        self.by_entity.clear();
    }
}

impl Bodies {
    fn is_empty(&self) -> bool {
        self.used.is_empty() && self.missing.is_empty()
    }

    fn note(&mut self, used: impl IntoIterator<Item = ChunkId>, missing: &[ChunkId]) {
        self.used.extend(used);
        self.missing.extend_from_slice(missing);
    }

    fn without_repetition(mut self) -> Self {
        for ids in [&mut self.used, &mut self.missing] {
            let mut seen = FxHashSet::default();
            ids.retain(|id| seen.insert(*id));
        }
        self
    }
}

impl VisualizerInput<'_> {
    /// The value of a component: override, recording, view default, in this order.
    pub fn get(&self, component: &str) -> Option<ArrayRef> {
        self.get_with_source(component).map(|(array, _)| array)
    }

    /// The value of a component, and where it comes from.
    pub fn get_with_source(&self, component: &str) -> Option<(ArrayRef, Source)> {
        if let Some(array) = self.overridden(component) {
            return Some((array, Source::Override));
        }
        let id = self.store.component_id(component);
        if let Some(hit) = id.and_then(|id| self.answers?.hit(id)) {
            return Some((hit.cell(), Source::Store));
        }
        self.view_overrides.default_value(component).map(|array| (array, Source::ViewDefault))
    }

    fn overridden(&self, component: &str) -> Option<ArrayRef> {
        self.overrides.and_then(|overrides| overrides.value(self.visualizer, component))
    }

    /// The rows of a component in a range of the shown timeline, static data included. `None` where there are none.
    pub fn range(&self, component: &str, range: TimeRange) -> Option<RangeAnswer> {
        let id = self.store.component_id(component)?;
        Some(self.range_of(self.entity, self.cursor.timeline?, id, range))
    }

    /// The rows of a component of any entity in a range of a timeline, static data included.
    pub fn range_of(&self, entity: EntityId, timeline: TimelineId, component: ComponentId, range: TimeRange) -> RangeAnswer {
        let answer = self.cache.range(self.store, entity, timeline, range, component);
        self.note(|bodies| {
            let slices = answer.slices().iter().map(|slice| slice.chunk().id());
            bodies.note(slices.chain(answer.static_hit().map(|hit| hit.chunk().id())), answer.missing());
        });
        answer
    }

    /// The row of a component at the cursor; `None` where there is none, or the visualizer did not ask for the component.
    pub fn hit(&self, component: &str) -> Option<&Hit> {
        self.answers?.hit(self.store.component_id(component)?)
    }

    /// The latest row of a component at a time of a timeline; of static data alone where no timeline is given.
    pub fn latest_row(&self, component: ComponentId, timeline: Option<TimelineId>, time: i64) -> LatestAt {
        let answer = self.cache.latest_at(self.store, self.entity, timeline, time, component);
        self.note(|bodies| bodies.note(answer.hit.iter().map(|hit| hit.chunk().id()), &answer.missing));
        answer
    }

    fn note(&self, what: impl FnOnce(&mut Bodies)) {
        if let Some(bodies) = &self.bodies {
            what(&mut bodies.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The latest value of a component at a time, whatever the visualizer's mode: for what changes how a series looks.
    pub fn latest_at(&self, component: &str, time: i64) -> Option<ArrayRef> {
        if let Some(array) = self.overridden(component) {
            return Some(array);
        }
        let answer = self.store.component_id(component).map(|id| self.latest_row(id, self.cursor.timeline, time));
        answer.and_then(|answer| answer.hit).map(|hit| hit.cell()).or_else(|| self.view_overrides.default_value(component))
    }

    /// The times on the shown timeline that this entity shows in this view: those that the blueprint gives, else all.
    pub fn time_range(&self) -> TimeRange {
        let Some(timeline) = self.cursor.timeline else { return TimeRange::EVERYTHING };
        let name = self.store.timeline(timeline).name();
        let given =
            self.view_overrides.time_ranges(self.entity).and_then(|ranges| ranges.iter().find(|range| *range.timeline == **name));
        given.map_or(TimeRange::EVERYTHING, |range| range.range.resolve(self.cursor.time))
    }

    /// A report about this entity.
    pub fn report(&self, message: impl Into<String>) -> Report {
        Report::entity_warning(self.store.id().recording_id.clone(), self.path.clone(), message)
    }
}

/// The position of a visualizer in [`Visualizers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VisualizerId(u16);

/// The visualizers, in the order in which they were registered.
#[derive(Resource, Default, Debug)]
pub struct Visualizers {
    entries: Vec<RegisteredVisualizer>,
}

#[derive(Debug)]
struct RegisteredVisualizer {
    info: VisualizerInfo,
    classes: Vec<ViewClassId>,
    /// Reads the reports of a view out of the visualizer's own resource, whose type nobody else need know.
    reports: fn(&World, ViewId) -> Vec<(EntityId, Report)>,
    /// The same for what the visuals of a view were made from.
    bodies: fn(&World, ViewId) -> Option<&VisualBodies>,
}

impl Visualizers {
    /// All visualizers.
    pub fn iter(&self) -> impl Iterator<Item = (VisualizerId, &VisualizerInfo, &[ViewClassId])> {
        self.entries.iter().enumerate().map(|(at, entry)| (VisualizerId(at as u16), &entry.info, entry.classes.as_slice()))
    }

    /// The visualizer with this id.
    pub fn info(&self, id: VisualizerId) -> Option<&VisualizerInfo> {
        self.entries.get(usize::from(id.0)).map(|entry| &entry.info)
    }

    /// The view classes that a visualizer belongs to.
    pub fn classes(&self, id: VisualizerId) -> &[ViewClassId] {
        self.entries.get(usize::from(id.0)).map_or(&[], |entry| &entry.classes)
    }

    /// The visualizer with this name.
    pub fn find(&self, name: &str) -> Option<VisualizerId> {
        self.iter().find(|(_, info, _)| info.name == name).map(|(id, ..)| id)
    }

    /// What is wrong with the entities of a view, ordered by entity and visualizer.
    pub fn reports(&self, world: &World, view: ViewId) -> Vec<Report> {
        let mut reports: Vec<Report> =
            self.entries.iter().flat_map(|entry| (entry.reports)(world, view)).map(|(_, report)| report).collect();
        reports.sort_by(|a, b| a.entity.cmp(&b.entity));
        reports
    }

    /// What the visuals of a view were made from beside the [`Answers`], by the position of the visualizer.
    pub(crate) fn bodies<'w>(&self, world: &'w World, view: ViewId) -> impl Iterator<Item = (usize, &'w VisualBodies)> {
        self.entries.iter().enumerate().filter_map(move |(at, entry)| Some((at, (entry.bodies)(world, view)?)))
    }

    fn add<V: Visualizer>(&mut self, classes: &[&str]) -> bool {
        let info = V::INFO;
        let classes = classes.iter().map(|class| ViewClassId::from(*class));
        match self.entries.iter_mut().find(|known| known.info.name == info.name) {
            Some(known) => {
                known.classes.extend(classes);
                false
            }
            None => {
                self.entries.push(RegisteredVisualizer {
                    info,
                    classes: classes.collect(),
                    reports: reports_of::<V>,
                    bodies: bodies_of::<V>,
                });
                true
            }
        }
    }
}

/// The reports of one visualizer in one view, ordered by entity.
fn reports_of<V: Visualizer>(world: &World, view: ViewId) -> Vec<(EntityId, Report)> {
    let Some(visuals) = world.get_resource::<Visuals<V>>().and_then(|visuals| visuals.view(view)) else { return Vec::new() };
    let mut reports: Vec<_> = visuals.reports().map(|(entity, report)| (entity, report.clone())).collect();
    reports.sort_by_key(|(entity, _)| *entity);
    reports
}

fn bodies_of<V: Visualizer>(world: &World, view: ViewId) -> Option<&VisualBodies> {
    Some(&world.get_resource::<Visuals<V>>()?.view(view)?.bodies)
}

/// Registers visualizers.
pub trait AppVisualizerExt {
    /// Adds a visualizer to view classes: its [`Visuals`] and the system that keeps them.
    ///
    /// Added again, it is added to further classes.
    fn add_visualizer<V: Visualizer>(&mut self, classes: &[&str]) -> &mut Self;
}

impl AppVisualizerExt for App {
    fn add_visualizer<V: Visualizer>(&mut self, classes: &[&str]) -> &mut Self {
        self.init_resource::<Visualizers>();
        if self.world_mut().resource_mut::<Visualizers>().add::<V>(classes) {
            self.insert_resource(Visuals::<V>::default());
            self.add_systems(Frame, visualize::<V>.in_set(FrameSystems::Visualizers));
        }
        self
    }
}

/// Visualizers are added one by one; this has what they share.
pub struct VisualizersPlugin;

impl Plugin for VisualizersPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Visualizers>();
    }
}

/// The visuals of one visualizer, for all views.
#[derive(Resource)]
pub struct Visuals<V: Visualizer> {
    views: FxHashMap<ViewId, ViewVisuals<V>>,
}

impl<V: Visualizer> Default for Visuals<V> {
    fn default() -> Self {
        Self { views: FxHashMap::default() }
    }
}

impl<V: Visualizer> Visuals<V> {
    /// The visuals of a view.
    pub fn view(&self, view: ViewId) -> Option<&ViewVisuals<V>> {
        self.views.get(&view)
    }
}

/// The visuals of one visualizer in one view.
pub struct ViewVisuals<V: Visualizer> {
    entries: FxHashMap<EntityId, Entry<V::Visual>>,
    /// What the entries were made from, where that is to be known.
    bodies: VisualBodies,
    changed: Vec<EntityId>,
    removed: Vec<EntityId>,
    recording: Option<RecordingKey>,
    consumed: Consumed,
}

impl<V: Visualizer> Default for ViewVisuals<V> {
    fn default() -> Self {
        Self {
            entries: FxHashMap::default(),
            bodies: VisualBodies::default(),
            changed: Vec::new(),
            removed: Vec::new(),
            recording: None,
            consumed: Consumed::default(),
        }
    }
}

struct Entry<T> {
    visual: Result<Option<Arc<T>>, Report>,
    stamp: Stamp,
}

/// The versions of everything that one visual was made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamp {
    answers: u64,
    overrides: u64,
    annotations: u64,
    /// The cursor, where the blueprint gives a range of times relative to it.
    time: i64,
}

/// The versions of everything that a view's visuals were last brought up to date with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Consumed {
    results: u64,
    overrides: u64,
    annotations: u64,
    answers: u64,
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
        self.entries.iter().filter_map(|(entity, entry)| Some((*entity, entry.visual.as_ref().ok()?.as_ref()?)))
    }

    /// All reports, in no order.
    pub fn reports(&self) -> impl Iterator<Item = (EntityId, &Report)> {
        self.entries.iter().filter_map(|(entity, entry)| Some((*entity, entry.visual.as_ref().err()?)))
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
}

fn visualize<V: Visualizer>(
    mut visuals: ResMut<Visuals<V>>,
    views: Query<(&View, &ViewTile, &DataResults, &ViewOverrides)>,
    visualizers: Res<Visualizers>,
    recordings: Res<Recordings>,
    answers: Res<Answers>,
    annotations: Res<Annotations>,
    cursor: Res<Cursor>,
) {
    puffin::profile_scope!("execute_systems_for_all_views", V::INFO.name);
    let visuals = &mut visuals.bypass_change_detection().views;
    visuals.retain(|id, _| views.iter().any(|(view, ..)| view.id == *id));
    let Some(id) = visualizers.find(V::INFO.name) else { return };
    for (view, tile, results, overrides) in &views {
        if !tile.shown {
            // A hidden view costs nothing. Its visuals stay as they are, and are checked one by one when it is shown again.
            if let Some(visuals) = visuals.get_mut(&view.id) {
                visuals.changed.clear();
                visuals.removed.clear();
                visuals.consumed = Consumed::default();
            }
            continue;
        }
        if !visuals.contains_key(&view.id) && !results.has_visualizer(id) {
            continue;
        }
        let inputs = ViewInputs { view, results, overrides, answers: &answers, annotations: &annotations, cursor: *cursor };
        let recording = cursor.recording.and_then(|key| recordings.get(key));
        update_view(visuals.entry(view.id).or_default(), id, &inputs, recording);
    }
}

struct ViewInputs<'a> {
    view: &'a View,
    results: &'a DataResults,
    overrides: &'a ViewOverrides,
    answers: &'a Answers,
    annotations: &'a Annotations,
    cursor: Cursor,
}

/// Brings the visuals of one view up to date. Costs what changed, or one check per result where the view was hidden or edited.
fn update_view<V: Visualizer>(
    visuals: &mut ViewVisuals<V>,
    id: VisualizerId,
    inputs: &ViewInputs<'_>,
    recording: Option<&RecordingEntry>,
) {
    let &ViewInputs { view, results, overrides, answers, annotations, cursor } = inputs;
    visuals.changed.clear();
    visuals.removed.clear();
    if visuals.recording != cursor.recording {
        // Ids of one recording mean nothing in another.
        visuals.removed.extend(visuals.entries.drain().map(|(entity, _)| entity));
        visuals.bodies.clear();
        visuals.recording = cursor.recording;
    }
    let now = Consumed {
        results: results.version,
        overrides: overrides.version,
        annotations: annotations.version(),
        answers: answers.frame(),
        timeline: cursor.timeline,
    };
    let before = std::mem::replace(&mut visuals.consumed, now);
    // Ranges relative to the cursor move with it.
    let follows_cursor = V::INFO.mode == QueryMode::Range && overrides.has_time_ranges();
    let only_answers =
        !follows_cursor && Consumed { answers: before.answers, ..now } == before && before.answers + 1 == now.answers;
    let Some(recording) = recording else { return };
    let (store, cache) = (&recording.recording.store, &recording.recording.cache);
    let has_sources = !recording.sources().is_empty();

    let stamp_of = |entity: EntityId, path: &EntityPath| Stamp {
        answers: match V::INFO.mode {
            QueryMode::LatestAt => answers.version_of(entity),
            QueryMode::Range => answers.rows_version_of(entity),
        },
        overrides: overrides.version_of(entity),
        annotations: annotations.version_of(path),
        time: if follows_cursor { cursor.time } else { 0 },
    };
    let allowed = |entity: EntityId| {
        overrides.is_visible(entity) && overrides.get(entity).is_none_or(|overrides| overrides.allows(V::INFO.name))
    };
    let wanted = |entity: &EntityId| results.get(*entity).filter(|result| result.visualizers.contains(&id) && allowed(*entity));

    let candidates: Vec<EntityId> = if only_answers {
        let touched = match V::INFO.mode {
            QueryMode::LatestAt => answers.changed(),
            QueryMode::Range => answers.rows_changed(),
        };
        touched.to_vec()
    } else {
        // What is shown, and what was shown until now.
        let gone = visuals.entries.keys().copied().filter(|entity| results.get(*entity).is_none());
        results.iter().map(|result| result.entity).chain(gone).collect()
    };
    let mut work: Vec<(EntityId, &EntityPath, Stamp, Option<Arc<V::Visual>>)> = Vec::new();
    for entity in candidates {
        match wanted(&entity) {
            Some(result) => {
                let stamp = stamp_of(entity, &result.path);
                if visuals.entries.get(&entity).is_some_and(|entry| entry.stamp == stamp) {
                    continue;
                }
                // Where only rows came or went, what was made before is a good start.
                let previous = visuals
                    .entries
                    .remove(&entity)
                    .filter(|entry| Stamp { answers: entry.stamp.answers, ..stamp } == entry.stamp)
                    .and_then(|entry| entry.visual.ok().flatten());
                work.push((entity, &result.path, stamp, previous));
            }
            None => {
                if visuals.entries.remove(&entity).is_some() {
                    visuals.bodies.remove(entity);
                    visuals.removed.push(entity);
                }
            }
        }
    }

    let made: Vec<_> = work
        .into_par_iter()
        .map(|(entity, path, stamp, previous)| {
            let annotations = annotations.resolve(path);
            let input = VisualizerInput {
                view,
                entity,
                path,
                cursor,
                store,
                annotations: &annotations,
                answers: answers.get(entity),
                overrides: overrides.get(entity),
                view_overrides: overrides,
                visualizer: V::INFO.name,
                cache,
                bodies: has_sources.then(Mutex::default),
            };
            let visual = match previous {
                Some(previous) => V::update(&input, previous),
                None => V::visualize(&input),
            };
            let bodies = input.bodies.map(|bodies| bodies.into_inner().unwrap_or_else(PoisonError::into_inner));
            let bodies = bodies.unwrap_or_default().without_repetition();
            (entity, Entry { visual: visual.map(|visual| visual.map(Arc::new)), stamp }, bodies)
        })
        .collect();
    for (entity, entry, bodies) in made {
        visuals.entries.insert(entity, entry);
        visuals.bodies.set(entity, bodies);
        visuals.changed.push(entity);
    }
    visuals.changed.sort_by(|a, b| store.entity_path(*a).cmp(store.entity_path(*b)));
}
