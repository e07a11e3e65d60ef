//! What a view frames until somebody says where to look: each entity as it is when it first shows something, and at a few
//! times after that.
//!
//! Framing depends on the recording, the timeline, the blueprint and which chunks are loaded; not on the
//! cursor, so that it holds still while time plays, and not on what was on screen before. The content at the
//! first cursor would be history; the content at the cursor would move; all rows of all times would cost all
//! data, and need transforms at all of these times. What moves away from where it begins would be lost by first rows alone.
//! First rows and those at three sampled times cost as much as a few frames, once, and what they need is loaded and kept.
//! What stays where something is shown first is framed already: of the sampled times only that counts which is away from there, so
//! that a scene in which things move about is not seen from afar.
//!
//! In a recording that grows the sampled times follow its end in steps that grow with it, and what they show is looked at over
//! several frames.
//!
//! [`FirstLook`] says where entities stand then, and which are left out.

use bevy::ecs::prelude::*;
use chronoscope_frame::{
    Cursor, DataResult, DataResults, DiffEntry, DiffLog, InContexts, IngestSources, QueryContext,
    RecordingEntry, RecordingKey, Recordings, Transforms, View, ViewOverrides, Visualizer, Visualizers, Work,
    WorkCounters,
    visualizer::{FirstChunks, FirstLook, FirstLookChunks, FirstVisual, VisualizerId, sample_times},
};
use chronoscope_store::{
    CLEAR_COMPONENT, ChangeReason, ChunkChange, ChunkId, ChunkStore, EntityId, EntityPath, StoreEvent,
    TimelineId,
};
use chronoscope_types::Transform3D;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    Space, SpatialScenes, SpatialSources,
    bounds::Bounds,
    depth_clouds::sampled_bounds,
    target_frame::TargetFrame,
    visual::{SpatialVisual, Stand},
};

/// The bounds of what a view frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Framed {
    /// Bounds of everything.
    pub(crate) all: Bounds,
    /// Bounds of the pictures.
    pub(crate) pictures: Bounds,
}

impl Framed {
    fn union(self, other: Self) -> Self {
        Self {
            all: self.all.union(other.all),
            pictures: self.pictures.union(other.pictures),
        }
    }

    /// What of this is away from what is framed anyway.
    fn away_from(self, first: Self) -> Self {
        let away = |part: Bounds, first: Bounds| if part.meets(first) { Bounds::EMPTY } else { part };
        Self {
            all: away(self.all, first.all),
            pictures: away(self.pictures, first.pictures),
        }
    }
}

/// What a view frames, kept up to date.
#[derive(Default)]
pub(crate) struct Framing {
    made_of: Option<MadeOf>,
    results_version: u64,
    log_number: u64,
    /// Whether rows came or went that may change what all entities first show.
    is_stale: bool,
    /// Entities of which rows came or went that may be first ones.
    stale: FxHashSet<EntityId>,
    /// The times after the first at which entities are looked at, in order.
    samples: SmallVec<[i64; 3]>,
    /// Whether nothing was being loaded when that was last asked.
    was_loaded: bool,
    /// What got rows since then that the sampled times do not reach.
    grown: Grown,
    /// Entities that are still to be looked at, at other sampled times than before.
    behind: FxHashSet<EntityId>,
    entities: FxHashMap<EntityId, First>,
    /// Entities that no transform leads to, yet.
    unplaced: FxHashSet<EntityId>,
    /// Whether rows came that place frames, at whatever time.
    has_new_transforms: bool,
    /// Rows after this time are not the first ones of any entity.
    last_time: i64,
    /// What is shown first.
    first: Framed,
    /// That, and what is away from it at sampled times.
    framed: Framed,
}

/// What got rows after the last of the sampled times.
#[derive(Default)]
struct Grown {
    entities: FxHashSet<EntityId>,
    /// Those of which the rows place, or clear, what is below.
    above: FxHashSet<EntityId>,
    /// Whether there is one that places frames anywhere.
    anywhere: bool,
}

/// How many entities are looked at in a frame because a recording has grown.
const MAX_LOOKS_AT_GROWN: usize = 8;

/// What all entities are looked at anew for when it changes.
#[derive(Clone, PartialEq)]
struct MadeOf {
    recording: RecordingKey,
    timeline: Option<TimelineId>,
    origin: EntityPath,
    target_frame: TargetFrame,
    overrides: u64,
}

/// What an entity first shows, and at sampled times.
struct First {
    framed: Framed,
    /// At sampled times.
    sampled: Vec<Framed>,
    /// The time after which other rows change nothing, but at sampled times.
    time: i64,
    /// Whether there are rows after that.
    varies: bool,
    /// Whether a transform leads to it.
    is_placed: bool,
}

impl Framing {
    /// What is framed.
    pub(crate) fn framed(&self) -> Framed {
        self.framed
    }

    /// The heap bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.entities.capacity() * size_of::<(EntityId, First)>()
            + [
                &self.stale,
                &self.unplaced,
                &self.behind,
                &self.grown.entities,
                &self.grown.above,
            ]
            .map(|entities| entities.capacity() * size_of::<EntityId>())
            .iter()
            .sum::<usize>()
    }

    /// Whether entities are still to be looked at.
    pub(crate) fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// Looks at entities that are new, or whose first or sampled rows may be others. Returns how many there were.
    ///
    /// Cost: these; an iteration over all where one goes that stood at the border, or the sampled times change.
    fn update(&mut self, inputs: &Inputs<'_>, chunks: &mut FirstLookChunks) -> usize {
        let now = MadeOf {
            recording: inputs.recording.key(),
            timeline: inputs.cursor.timeline,
            origin: inputs.view.blueprint.origin.clone(),
            target_frame: inputs.target_frame.clone(),
            overrides: inputs.overrides.version(),
        };
        let is_same = self.made_of.as_ref() == Some(&now);
        if !is_same {
            self.is_stale = true;
        }
        let was_loaded = std::mem::replace(&mut self.was_loaded, inputs.is_loaded);
        let timeline = inputs.cursor.timeline;
        let samples = match timeline {
            Some(timeline) if inputs.is_loaded => sample_times(inputs.recording.store().time_range(timeline)),
            // While files are read the end moves all the time.
            _ if is_same => self.samples.clone(),
            _ => SmallVec::new(),
        };
        let is_sampled_anew = self.samples != samples;
        self.samples = samples;
        self.read_log(inputs, chunks);
        if is_same && is_sampled_anew {
            self.sample_anew(inputs);
        }
        if !was_loaded && inputs.is_loaded {
            self.stale.extend(self.behind.drain());
        }
        let changed = inputs.results.changed_since(self.results_version);
        self.results_version = inputs.results.version();
        let look_at: FxHashSet<EntityId> = match changed {
            // While files are read, rows come all the time: what is new is looked at, the rest at the end.
            Some(changed) if is_same && !(self.is_stale && inputs.is_loaded) => {
                let mut look_at: FxHashSet<EntityId> = changed.iter().copied().collect();
                if inputs.is_loaded {
                    look_at.extend(self.stale.drain());
                    let room = MAX_LOOKS_AT_GROWN.saturating_sub(look_at.len());
                    look_at.extend(self.behind.iter().copied().take(room));
                }
                if std::mem::take(&mut self.has_new_transforms) {
                    look_at.extend(&self.unplaced);
                }
                look_at
            }
            _ => {
                chunks.clear(inputs.view.id);
                *self = Self {
                    made_of: Some(now),
                    results_version: self.results_version,
                    log_number: self.log_number,
                    samples: std::mem::take(&mut self.samples),
                    was_loaded: self.was_loaded,
                    last_time: i64::MIN,
                    ..Self::default()
                };
                inputs.results.iter().map(|result| result.entity).collect()
            }
        };
        if look_at.is_empty() {
            return 0;
        }
        let look = FirstLook::new(
            inputs.view,
            inputs.target_frame.0.as_ref(),
            inputs.overrides,
            inputs.recording,
            inputs.cursor.timeline,
            inputs.transforms,
        );
        let samples = self.samples.clone();
        let look = look.with_samples(&samples);
        let mut is_smaller = false;
        let num_looks = look_at.len();
        for entity in look_at {
            let before = self.entities.remove(&entity);
            self.unplaced.remove(&entity);
            self.behind.remove(&entity);
            chunks.remove(inputs.view.id, entity);
            if let Some(result) = inputs.results.get(entity) {
                self.look_at(&look, inputs, result, chunks);
            }
            let now = self.entities.get(&entity);
            is_smaller |= before.is_some_and(|before| self.is_at_border(&before, now));
            if let Some(now) = now {
                let first = self.first.union(now.framed);
                // What was away may be so no longer.
                is_smaller |= first != self.first && self.first != self.framed;
                self.first = first;
                let sampled = now.sampled.iter().map(|sampled| sampled.away_from(first));
                self.framed = sampled.fold(self.framed.union(now.framed), Framed::union);
                self.last_time = self.last_time.max(now.time);
            }
        }
        look.finish(inputs.view.id, chunks);
        if is_smaller {
            self.frame_anew();
        }
        num_looks
    }

    /// Finds out what is framed. Cost: all entities.
    fn frame_anew(&mut self) {
        let known = || self.entities.values();
        let first = known().fold(Framed::default(), |all, one| all.union(one.framed));
        let sampled = known().flat_map(|one| &one.sampled);
        self.framed = sampled.fold(first, |all, sampled| all.union(sampled.away_from(first)));
        self.last_time = known().map(|one| one.time).max().unwrap_or(i64::MIN);
        self.first = first;
    }

    fn look_at(
        &mut self,
        look: &FirstLook<'_>,
        inputs: &Inputs<'_>,
        result: &DataResult,
        chunks: &mut FirstLookChunks,
    ) {
        let entity = result.entity;
        let mut read = FirstChunks::default();
        for (visualizer, first) in &inputs.lookers {
            for First {
                framed,
                sampled,
                time,
                varies,
                is_placed,
            } in first(look, inputs.space, *visualizer, result, &mut read)
            {
                if !is_placed {
                    self.unplaced.insert(entity);
                }
                let known = self.entities.entry(entity).or_insert(First {
                    framed,
                    sampled: Vec::new(),
                    time,
                    varies,
                    is_placed,
                });
                known.framed = known.framed.union(framed);
                known.sampled.extend(sampled);
                known.time = known.time.max(time);
                known.varies |= varies;
            }
        }
        chunks.set(inputs.view.id, entity, read);
    }

    /// Whether what is framed may be smaller, or the last time earlier, without what an entity showed before.
    fn is_at_border(&self, before: &First, now: Option<&First>) -> bool {
        let is_same = now.is_some_and(|now| {
            (now.framed, now.time) == (before.framed, before.time) && now.sampled == before.sampled
        });
        let touches = |all: Bounds, part: Bounds| {
            !part.is_empty() && (part.min.cmpeq(all.min).any() || part.max.cmpeq(all.max).any())
        };
        !is_same
            && (before.time == self.last_time
                || before.sampled.iter().chain([&before.framed]).any(|part| {
                    touches(self.framed.all, part.all) || touches(self.framed.pictures, part.pictures)
                })
                || touches(self.first.all, before.framed.all)
                || touches(self.first.pictures, before.framed.pictures))
    }

    /// Finds out which entities may look different at other sampled times than before. Cost: all entities.
    fn sample_anew(&mut self, inputs: &Inputs<'_>) {
        let Grown {
            entities,
            above,
            anywhere,
        } = std::mem::take(&mut self.grown);
        if anywhere {
            self.behind
                .extend(inputs.results.iter().map(|result| result.entity));
            return;
        }
        let varying = self.entities.iter().filter(|(_, first)| first.varies);
        self.behind.extend(varying.map(|(entity, _)| *entity));
        let tree = inputs.recording.store().tree();
        let below = above.into_iter().flat_map(|entity| tree.descend(entity));
        let grown = entities.into_iter().chain(below);
        self.behind
            .extend(grown.filter(|entity| inputs.results.get(*entity).is_some()));
    }

    /// Finds out of which entities other rows may be shown now. Cost: the events; of those that place
    /// what is below their entity, this as well.
    fn read_log(&mut self, inputs: &Inputs<'_>, chunks: &FirstLookChunks) {
        let since = inputs.log.since(self.log_number);
        self.log_number = inputs.log.next_number();
        if self.is_stale {
            return;
        }
        let Some(entries) = since else {
            self.is_stale = true;
            return;
        };
        let store = inputs.recording.store();
        let child_frame = store.component_id(&Transform3D::CHILD_FRAME);
        for entry in entries {
            let DiffEntry::Store { recording, event } = entry else {
                continue;
            };
            // Merging leaves every row where it is.
            if *recording != inputs.recording.key() || event.reason == ChangeReason::Merged {
                continue;
            }
            let change = Change::of(event, inputs.cursor.timeline);
            let entity = event.meta.entity;
            let names_frames = child_frame.is_some_and(|id| event.meta.has_component(id));
            self.has_new_transforms |= names_frames;
            let is_above = changes_below(event, store);
            let origin = &inputs.view.blueprint.origin;
            let is_anywhere = is_above && (names_frames || origin.starts_with(store.entity_path(entity)));
            // Rows that come between the last of the sampled times and the end show nothing yet.
            let is_beyond = change.is_beyond(&self.samples);
            let concerns = |entity: EntityId, known: Option<&First>| {
                let is_named = |chunk| chunks.names(inputs.view.id, entity, chunk);
                inputs.results.get(entity).is_some() && change.concerns(known, !is_beyond, is_named)
            };
            if concerns(entity, self.entities.get(&entity)) {
                self.stale.insert(entity);
            } else if is_beyond {
                self.grown.entities.insert(entity);
            }
            if !is_above {
                continue;
            }
            if is_beyond {
                self.grown.above.insert(entity);
                self.grown.anywhere |= is_anywhere;
            }
            if is_beyond && !change.is_before(self.last_time) {
                continue;
            }
            if is_anywhere && change.may_be_seen(self.last_time) {
                // Named frames may be anywhere, and all is seen from the origin.
                self.is_stale = true;
                return;
            }
            for below in store.tree().descend(entity).skip(1) {
                if concerns(below, self.entities.get(&below)) {
                    self.stale.insert(below);
                }
            }
        }
    }
}

/// Which rows an event brings or takes.
#[derive(Clone, Copy)]
enum Change {
    /// Rows of components that there were none of, or that hold at all times.
    All,
    /// New rows, from this time on.
    New(i64),
    /// Rows that can or cannot be read now, from this time on, all in this chunk.
    Known(i64, ChunkId),
    /// None on the shown timeline.
    None,
}

impl Change {
    fn of(event: &StoreEvent, timeline: Option<TimelineId>) -> Self {
        if event.meta.is_static || !event.new_components().is_empty() {
            return Self::All;
        }
        let range = timeline.map(|timeline| event.meta.time_range(timeline));
        match range.filter(|range| !range.is_empty()) {
            Some(range) => match event.change {
                ChunkChange::Added | ChunkChange::Grown => Self::New(range.min),
                ChunkChange::Dropped | ChunkChange::Loaded | ChunkChange::Evicted => {
                    Self::Known(range.min, event.meta.id)
                }
            },
            None => Self::None,
        }
    }

    fn is_before(self, time: i64) -> bool {
        match self {
            Self::All => true,
            Self::New(begin) | Self::Known(begin, _) => begin <= time,
            Self::None => false,
        }
    }

    /// Whether all rows are new and come after the sampled times.
    fn is_beyond(self, samples: &[i64]) -> bool {
        let last = samples.last().copied();
        matches!(self, Self::New(begin) if Some(begin) > last)
    }

    /// Whether something may be seen otherwise, of which all that is seen first is seen by a time.
    fn may_be_seen(self, last_time: i64) -> bool {
        match self {
            Self::Known(..) => self.is_before(last_time),
            Self::All | Self::New(_) => true,
            Self::None => false,
        }
    }

    /// Whether an entity may show something else than it was known to. New rows may be sampled; of others it matters whether
    /// the entity was read from their chunk, or lacks it.
    fn concerns(self, known: Option<&First>, is_sampled: bool, is_named: impl Fn(ChunkId) -> bool) -> bool {
        let Some(first) = known else {
            return !matches!(self, Self::None);
        };
        self.is_before(first.time)
            || match self {
                Self::New(_) => is_sampled,
                Self::Known(_, chunk) => is_named(chunk),
                Self::All | Self::None => false,
            }
    }
}

/// Whether what is below the entity of an event may stand elsewhere, or be cleared.
fn changes_below(event: &StoreEvent, store: &ChunkStore) -> bool {
    event.meta.components.iter().any(|column| {
        let name = &store.descriptor(column.component).component;
        name.starts_with("Transform3D:") || name.starts_with("Pinhole:") || &**name == CLEAR_COMPONENT
    })
}

/// What the framing of a view is worked out from.
struct Inputs<'a> {
    space: Space,
    view: &'a View,
    target_frame: TargetFrame,
    results: &'a DataResults,
    overrides: &'a ViewOverrides,
    recording: &'a RecordingEntry,
    transforms: &'a Transforms,
    cursor: Cursor,
    log: &'a DiffLog,
    /// Whether nothing is being loaded: until then rows come all the time.
    is_loaded: bool,
    /// The visualizers of the view's class.
    lookers: Vec<(VisualizerId, Look)>,
}

/// Looks at the first visual of a data result.
type Look = fn(&FirstLook<'_>, Space, VisualizerId, &DataResult, &mut FirstChunks) -> Vec<First>;

/// The bounds of what a data result first shows, in the view's space.
pub(crate) struct Looker(Look);

impl Looker {
    pub(crate) fn of<V: Visualizer<Visual = SpatialVisual>>() -> Self {
        Self(look::<V>)
    }
}

impl Clone for Looker {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Looker {}

fn look<V: Visualizer<Visual = SpatialVisual>>(
    look: &FirstLook<'_>,
    space: Space,
    visualizer: VisualizerId,
    result: &DataResult,
    chunks: &mut FirstChunks,
) -> Vec<First> {
    let visuals = look.visuals::<V>(visualizer, result, chunks).into_iter();
    visuals
        .map(|visual| {
            let framed = framed_of(&visual, space);
            let (framed, sampled) = if visual.is_sample {
                (Framed::default(), vec![framed])
            } else {
                (framed, Vec::new())
            };
            First {
                framed,
                sampled,
                // At sampled times other rows are known to matter.
                time: if visual.is_sample { i64::MIN } else { visual.time },
                varies: visual.last_row > Some(visual.time),
                is_placed: visual.origin_from_entity.is_some() || visual.camera.is_some(),
            }
        })
        .collect()
}

fn framed_of(first: &FirstVisual<SpatialVisual>, space: Space) -> Framed {
    let nothing = Framed::default();
    let Some(visual) = &first.visual else {
        return nothing;
    };
    if let Some((camera, origin_from_camera)) = &first.camera
        && let Some(picture) = visual.picture().filter(|_| visual.is_depth_cloud())
        && space == Space::Three
    {
        let all = sampled_bounds(picture, camera).transformed(origin_from_camera);
        return Framed { all, ..nothing };
    }
    // What is flat is shown in space in pictures of cameras, which are framed themselves.
    let is_shown = space == Space::Two || visual.stand != Stand::Plane;
    let Some(origin_from_entity) = first.origin_from_entity.filter(|_| is_shown) else {
        return nothing;
    };
    let all = visual.bounds.transformed(&origin_from_entity);
    let pictures = visual.picture().map_or(Bounds::EMPTY, |_| all);
    Framed { all, pictures }
}

/// Whether 3D and 2D views frame their content by themselves: what entities show, first and at a few later times, as long as
/// nobody said where to look. On by default.
///
/// Where a host has turned it off, a 3D view of which the blueprint says no eye looks at the origin from a few
/// units away, and a 2D view shows the unit square; whatever is logged. The host then says where to look by
/// [`EyeControls3D`](chronoscope_types::blueprint::EyeControls3D) and
/// [`VisualBounds2D`](chronoscope_types::blueprint::VisualBounds2D), or has content framed once by
/// [`ViewerCommand::FrameAll`](chronoscope_frame::ViewerCommand::FrameAll). It may be switched at any time.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoFraming(pub bool);

impl Default for AutoFraming {
    fn default() -> Self {
        Self(true)
    }
}

/// Keeps what each view that is shown frames.
pub(crate) fn update_framing(
    mut scenes: ResMut<SpatialScenes>,
    mut chunks: ResMut<FirstLookChunks>,
    views: Query<(&View, &QueryContext, &DataResults, &ViewOverrides)>,
    sources: Res<SpatialSources>,
    visualizers: Res<Visualizers>,
    recordings: Res<Recordings>,
    contexts: InContexts<'_>,
    log: Res<DiffLog>,
    ingest: Option<Res<IngestSources>>,
    counters: Res<WorkCounters>,
    automatic: Res<AutoFraming>,
) {
    let is_loaded = ingest.is_none_or(|sources| sources.is_idle());
    let scenes = scenes.bypass_change_detection();
    chunks.retain(|view| scenes.get(view).is_some());
    for (view, context, results, overrides) in &views {
        let Some(scene) = scenes.get_mut(view.id).filter(|scene| scene.tile.shown) else {
            continue;
        };
        if !automatic.0 {
            if scene.framing.made_of.is_some() {
                scene.framing = Framing::default();
                chunks.clear(view.id);
            }
            continue;
        }
        let products = contexts.get(context.id);
        let recording = products.and_then(|products| products.recording(&recordings));
        let Some((products, recording)) = products.zip(recording) else {
            continue;
        };
        let lookers = sources.sources.iter().filter_map(|source| {
            let visualizer = visualizers.find(source.name)?;
            let is_of_class = visualizers.classes(visualizer).contains(&view.class);
            is_of_class.then_some((visualizer, source.looker.0))
        });
        let lookers = lookers.collect();
        let inputs = Inputs {
            space: scene.space,
            view,
            target_frame: scene.target_frame.clone(),
            results,
            overrides,
            recording,
            transforms: products.transforms,
            cursor: products.cursor,
            log: &log,
            is_loaded,
            lookers,
        };
        let num_looks = scene.framing.update(&inputs, &mut chunks);
        counters.add(Work::FirstLooks, num_looks);
    }
}
