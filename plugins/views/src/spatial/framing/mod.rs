//! What a view frames until somebody says where to look: each entity as it is when it first shows something, and at a few
//! times after that.
//!
//! Framing depends on the recording, the timeline, the blueprint and which chunks are loaded; not on the
//! cursor, so that it holds still while time plays, and not on what was on screen before. The content at the
//! first cursor would be history; the content at the cursor would move; all rows of all times would cost all
//! data, and need transforms at all of these times. What moves away from where it begins would be lost by first rows alone.
//! First rows and those at three sampled times cost as much as a few frames, once, and what they need is loaded and kept.
//! What stays where something is shown first is framed already: of the sampled times only that counts which is away from there, or has
//! become much larger, so that a scene in which things move about is not seen from afar.
//!
//! While a recording grows, nothing is looked at again: the sampled times stay what they were, and what is presented elsewhere than
//! before is framed, too, where it is presented ([`Framing::follow`]). Once no rows came for a few frames, entities are looked at at
//! the times of then, some in each frame, and what was followed is forgotten: what is framed then depends on no history.
//!
//! [`FirstLook`] says where entities stand then, and which are left out ([`look`]). [`changes`] tells whom rows concern that come
//! or go.

mod changes;
mod look;

use std::collections::hash_map::Entry;

use bevy::ecs::prelude::*;
use chronoscope_frame::{
    Cursor, DataResults, DiffLog, InContexts, IngestSources, QueryContext, RecordingEntry, RecordingKey,
    Recordings, Transforms, View, ViewOverrides, Visualizers, Work, WorkCounters,
    visualizer::{FirstChunks, FirstLook, FirstLookChunks, VisualizerId, sample_times},
};
use chronoscope_store::{EntityId, EntityPath, TimelineId};
use glam::DAffine3;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    Space, SpatialScenes, SpatialSources,
    bounds::Bounds,
    target_frame::TargetFrame,
    visual::{SpatialVisual, Stand},
};
use look::Look;

pub(crate) use look::Looker;

/// The bounds of what a view frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Framed {
    /// Bounds of everything.
    pub(crate) all: Bounds,
    /// Bounds of the pictures.
    pub(crate) pictures: Bounds,
}

impl Framed {
    /// What is framed of a visual that stands there.
    pub(crate) fn of(visual: &SpatialVisual, view_from_entity: &DAffine3, space: Space) -> Self {
        // What is flat is shown in space in pictures of cameras, which are framed themselves.
        if space == Space::Three && visual.stand == Stand::Plane {
            return Self::default();
        }
        let all = visual.bounds.transformed(view_from_entity);
        let pictures = visual.picture().map_or(Bounds::EMPTY, |_| all);
        Self { all, pictures }
    }

    fn union(self, other: Self) -> Self {
        Self {
            all: self.all.union(other.all),
            pictures: self.pictures.union(other.pictures),
        }
    }

    /// What of this is away from what is framed anyway, or reaches far beyond it.
    fn away_from(self, first: Self) -> Self {
        let away = |part: Bounds, first: Bounds| {
            if part.meets(first) && !part.outgrows(first) {
                Bounds::EMPTY
            } else {
                part
            }
        };
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
    /// Entities that are to be looked at once the recording does not grow.
    behind: FxHashSet<EntityId>,
    /// Whether all of them are.
    are_all_behind: bool,
    /// Whether rows came since that was last asked.
    has_grown: bool,
    /// The frames in a row in which none came.
    resting_frames: u32,
    /// Whether entities are still to be looked at, or will be, at other times than before.
    is_behind: bool,
    /// What was presented elsewhere than before while that is so.
    followed: Framed,
    entities: FxHashMap<EntityId, First>,
    /// Entities that no transform leads to, yet.
    unplaced: FxHashSet<EntityId>,
    /// Rows after this time are not the first ones of any entity.
    last_time: i64,
    /// What is shown first.
    first: Framed,
    /// That, and what is away from it at sampled times.
    framed: Framed,
    /// Whether that is more than there is.
    may_be_smaller: bool,
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
const MAX_LOOKS_AT_GROWN: usize = 32;

/// A recording has stopped growing when no rows came in so many frames.
const FRAMES_AT_REST: u32 = 6;

/// What all entities are looked at anew for when it changes.
struct MadeOf {
    recording: RecordingKey,
    timeline: Option<TimelineId>,
    origin: EntityPath,
    target_frame: TargetFrame,
    overrides: u64,
}

impl MadeOf {
    fn new(inputs: &Inputs<'_>) -> Self {
        Self {
            recording: inputs.recording.key(),
            timeline: inputs.cursor.timeline,
            origin: inputs.view.blueprint.origin.clone(),
            target_frame: inputs.target_frame.clone(),
            overrides: inputs.overrides.version(),
        }
    }

    fn is_of(&self, inputs: &Inputs<'_>) -> bool {
        self.recording == inputs.recording.key()
            && self.timeline == inputs.cursor.timeline
            && self.origin == inputs.view.blueprint.origin
            && self.target_frame == inputs.target_frame
            && self.overrides == inputs.overrides.version()
    }
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
        self.framed.union(self.followed)
    }

    /// Frames what stands elsewhere than before in this frame, as long as [`Self::is_behind`].
    pub(crate) fn follow(&mut self, shown: Framed) {
        self.followed = self.followed.union(shown);
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

    /// Whether entities are still to be looked at, or will be once the recording does not grow.
    pub(crate) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Looks at entities that are new, or whose first or sampled rows may be others. Returns how many there were.
    ///
    /// Cost: these; once nothing is behind, an iteration over all where one went that stood at the border, or the sampled times
    /// changed.
    fn update(&mut self, inputs: &Inputs<'_>, chunks: &mut FirstLookChunks) -> usize {
        let is_same = self.made_of.as_ref().is_some_and(|made| made.is_of(inputs));
        if is_same && self.is_at_rest(inputs) {
            return 0;
        }
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
        self.read_log(inputs, chunks);
        self.resting_frames = match std::mem::take(&mut self.has_grown) {
            true => 0,
            false => self.resting_frames.saturating_add(1),
        };
        let is_read = !was_loaded && inputs.is_loaded;
        let rests = is_read || self.resting_frames >= FRAMES_AT_REST;
        if rests && inputs.is_loaded {
            self.sample_anew(inputs, &samples);
        }
        if is_read {
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
                }
                if rests && inputs.is_loaded {
                    let room = MAX_LOOKS_AT_GROWN.saturating_sub(look_at.len());
                    look_at.extend(self.behind.iter().copied().take(room));
                }
                look_at
            }
            _ => {
                chunks.clear(inputs.view.id);
                *self = Self {
                    made_of: Some(MadeOf::new(inputs)),
                    results_version: self.results_version,
                    log_number: self.log_number,
                    samples: samples.clone(),
                    was_loaded: self.was_loaded,
                    resting_frames: self.resting_frames,
                    followed: if is_same { self.followed } else { Framed::default() },
                    last_time: i64::MIN,
                    ..Self::default()
                };
                inputs.results.iter().map(|result| result.entity).collect()
            }
        };
        let num_looks = look_at.len();
        if num_looks > 0 {
            self.look_at_all(inputs, look_at, chunks);
        }
        // Until all is loaded, nobody waits for framing.
        self.is_behind =
            inputs.is_loaded && (self.samples != samples || self.are_all_behind || !self.behind.is_empty());
        if !self.is_behind {
            self.followed = Framed::default();
            if std::mem::take(&mut self.may_be_smaller) {
                self.frame_anew();
            }
        }
        num_looks
    }

    /// Whether nothing came, and nothing waits, since it was last brought up to date.
    fn is_at_rest(&self, inputs: &Inputs<'_>) -> bool {
        self.was_loaded == inputs.is_loaded
            && self.results_version == inputs.results.version()
            && self.log_number == inputs.log.next_number()
            && !(self.is_stale || self.is_behind || self.may_be_smaller)
            && self.stale.is_empty()
            && self.resting_frames >= FRAMES_AT_REST
    }

    fn look_at_all(
        &mut self,
        inputs: &Inputs<'_>,
        entities: FxHashSet<EntityId>,
        chunks: &mut FirstLookChunks,
    ) {
        let lookers = inputs.lookers();
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
        let look = match inputs.space {
            Space::Three => look.in_space(),
            Space::Two => look,
        };
        for entity in entities {
            let before = self.entities.remove(&entity);
            self.unplaced.remove(&entity);
            self.behind.remove(&entity);
            chunks.remove(inputs.view.id, entity);
            if let Some(result) = inputs.results.get(entity) {
                let mut read = FirstChunks::default();
                for (visualizer, first) in &lookers {
                    for seen in first(&look, inputs.space, *visualizer, result, &mut read) {
                        self.note(entity, seen);
                    }
                }
                chunks.set(inputs.view.id, entity, read);
            }
            let now = self.entities.get(&entity);
            self.may_be_smaller |= before.is_some_and(|before| self.is_at_border(&before, now));
            if let Some(now) = now {
                let first = self.first.union(now.framed);
                // What was away may be so no longer.
                self.may_be_smaller |= first != self.first && self.first != self.framed;
                self.first = first;
                let sampled = now.sampled.iter().map(|sampled| sampled.away_from(first));
                self.framed = sampled.fold(self.framed.union(now.framed), Framed::union);
                self.last_time = self.last_time.max(now.time);
            }
        }
        look.finish(inputs.view.id, chunks);
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

    /// Adds what an entity shows by one visualizer.
    fn note(&mut self, entity: EntityId, seen: First) {
        if !seen.is_placed {
            self.unplaced.insert(entity);
        }
        match self.entities.entry(entity) {
            Entry::Vacant(place) => {
                place.insert(seen);
            }
            Entry::Occupied(mut place) => {
                let known = place.get_mut();
                known.framed = known.framed.union(seen.framed);
                known.sampled.extend(seen.sampled);
                known.time = known.time.max(seen.time);
                known.varies |= seen.varies;
            }
        }
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

    /// Finds out which entities may look different at other sampled times than before. Cost: all entities, where the times are others.
    fn sample_anew(&mut self, inputs: &Inputs<'_>, samples: &[i64]) {
        let has_other_times = self.samples.as_slice() != samples;
        if !has_other_times && !self.are_all_behind {
            return;
        }
        self.samples = SmallVec::from_slice(samples);
        let Grown {
            entities,
            above,
            anywhere,
        } = std::mem::take(&mut self.grown);
        if std::mem::take(&mut self.are_all_behind) || anywhere {
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
    sources: &'a SpatialSources,
    visualizers: &'a Visualizers,
}

impl Inputs<'_> {
    /// The visualizers of the view's class.
    fn lookers(&self) -> Vec<(VisualizerId, Look)> {
        let of_class = self.sources.sources.iter().filter_map(|source| {
            let visualizer = self.visualizers.find(source.name)?;
            let is_of_class = self.visualizers.classes(visualizer).contains(&self.view.class);
            is_of_class.then_some((visualizer, source.looker.0))
        });
        of_class.collect()
    }
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
            sources: &sources,
            visualizers: &visualizers,
        };
        let num_looks = scene.framing.update(&inputs, &mut chunks);
        counters.add(Work::FirstLooks, num_looks);
    }
}
