//! What a view frames until somebody says where to look: each entity as it is when it first shows something.
//!
//! Framing depends on the recording, the timeline, the blueprint and which chunks are loaded; not on the
//! cursor, so that it holds still while time plays, and not on what was on screen before. The content at the
//! first cursor would be history; the content at the cursor would move; all rows of all times would cost all
//! data, and need transforms at all of these times. First rows cost as much as one frame, once, and what they
//! need is loaded and kept.
//!
//! [`FirstLook`] says where entities stand then, and which are left out.

use bevy::ecs::prelude::*;
use chronoscope_frame::{
    Cursor, DataResult, DataResults, DiffEntry, DiffLog, IngestSources, RecordingEntry, RecordingKey,
    Recordings, Transforms, View, ViewOverrides, Visualizer, Visualizers,
    visualizer::{FirstChunks, FirstLook, FirstLookChunks, VisualizerId},
};
use chronoscope_store::{EntityId, EntityPath, StoreEvent, TimelineId};
use chronoscope_types::Transform3D;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{SpatialScenes, SpatialSources, bounds::Bounds, visual::SpatialVisual};

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
}

/// What a view frames, kept up to date.
#[derive(Default)]
pub(crate) struct Framing {
    made_of: Option<MadeOf>,
    results_version: u64,
    log_number: u64,
    /// Whether rows came or went that may be first ones.
    is_stale: bool,
    entities: FxHashMap<EntityId, First>,
    /// Entities that no transform leads to, yet.
    unplaced: FxHashSet<EntityId>,
    /// Whether rows came that place frames, at whatever time.
    has_new_transforms: bool,
    /// Rows after this time are not the first ones of any entity.
    last_time: Option<i64>,
    framed: Framed,
}

/// What all entities are looked at anew for when it changes.
#[derive(Clone, PartialEq)]
struct MadeOf {
    recording: RecordingKey,
    timeline: Option<TimelineId>,
    origin: EntityPath,
    overrides: u64,
}

/// What an entity first shows.
struct First {
    framed: Framed,
    /// The time after which other rows change nothing.
    time: i64,
    /// Whether a transform leads to it.
    is_placed: bool,
}

impl Framing {
    /// What is framed.
    pub(crate) fn framed(&self) -> Framed {
        self.framed
    }

    /// Looks at entities that are new, or whose first rows may be others. Cost: these; an iteration over all
    /// where one is.
    fn update(&mut self, inputs: &Inputs<'_>, chunks: &mut FirstLookChunks) {
        let now = MadeOf {
            recording: inputs.recording.key(),
            timeline: inputs.cursor.timeline,
            origin: inputs.view.blueprint.origin.clone(),
            overrides: inputs.overrides.version(),
        };
        self.read_log(inputs);
        let is_same = self.made_of.as_ref() == Some(&now);
        let changed = inputs.results.changed_since(self.results_version);
        self.results_version = inputs.results.version();
        let look_at: Vec<EntityId> = match changed {
            Some(changed) if is_same && !(self.is_stale && inputs.is_loaded) => {
                let mut look_at = changed.to_vec();
                if std::mem::take(&mut self.has_new_transforms) {
                    look_at.extend(self.unplaced.iter().filter(|entity| !changed.contains(*entity)));
                }
                look_at
            }
            _ => {
                self.entities.clear();
                self.unplaced.clear();
                self.has_new_transforms = false;
                chunks.clear(inputs.view.id);
                self.is_stale = false;
                self.made_of = Some(now);
                inputs.results.iter().map(|result| result.entity).collect()
            }
        };
        if look_at.is_empty() && is_same {
            return;
        }
        let look = FirstLook::new(
            inputs.view,
            inputs.overrides,
            inputs.recording,
            inputs.cursor.timeline,
            inputs.transforms,
        );
        for entity in look_at {
            self.entities.remove(&entity);
            self.unplaced.remove(&entity);
            chunks.remove(inputs.view.id, entity);
            let Some(result) = inputs.results.get(entity) else {
                continue;
            };
            let mut read = FirstChunks::default();
            for (visualizer, first) in &inputs.lookers {
                for First {
                    framed,
                    time,
                    is_placed,
                } in first(&look, *visualizer, result, &mut read)
                {
                    if !is_placed {
                        self.unplaced.insert(entity);
                    }
                    let known = self.entities.entry(entity).or_insert(First {
                        framed,
                        time,
                        is_placed,
                    });
                    known.framed = known.framed.union(framed);
                    known.time = known.time.max(time);
                }
            }
            chunks.set(inputs.view.id, entity, read);
        }
        look.finish(inputs.view.id, chunks);
        let framed = self.entities.values().map(|first| first.framed);
        self.framed = framed.fold(Framed::default(), Framed::union);
        self.last_time = self.entities.values().map(|first| first.time).max();
    }

    fn read_log(&mut self, inputs: &Inputs<'_>) {
        let since = inputs.log.since(self.log_number);
        self.log_number = inputs.log.next_number();
        if self.is_stale {
            return;
        }
        let Some(entries) = since else {
            self.is_stale = true;
            return;
        };
        let (timeline, last_time) = (inputs.cursor.timeline, self.last_time);
        let child_frame = inputs.recording.store().component_id(&Transform3D::CHILD_FRAME);
        for entry in entries {
            let DiffEntry::Store { recording, event } = entry else {
                continue;
            };
            if *recording != inputs.recording.key() {
                continue;
            }
            self.is_stale |= may_be_first(event, timeline, last_time);
            self.has_new_transforms |= child_frame.is_some_and(|id| event.meta.has_component(id));
        }
    }
}

/// Whether an event may bring or take rows that some entity shows first.
fn may_be_first(event: &StoreEvent, timeline: Option<TimelineId>, last_time: Option<i64>) -> bool {
    let begin = timeline
        .map(|timeline| event.meta.time_range(timeline))
        .filter(|range| !range.is_empty())
        .map(|range| range.min);
    let is_early = |begin: i64| last_time.is_none_or(|last_time| begin <= last_time);
    event.meta.is_static || !event.new_components().is_empty() || begin.is_some_and(is_early)
}

/// What the framing of a view is worked out from.
struct Inputs<'a> {
    view: &'a View,
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
type Look = fn(&FirstLook<'_>, VisualizerId, &DataResult, &mut FirstChunks) -> Vec<First>;

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
    visualizer: VisualizerId,
    result: &DataResult,
    chunks: &mut FirstChunks,
) -> Vec<First> {
    let first = look.visuals::<V>(visualizer, result, chunks).into_iter();
    first
        .map(|first| {
            let (Some(visual), Some(origin_from_entity)) = (first.visual, first.origin_from_entity) else {
                let framed = Framed::default();
                return First {
                    framed,
                    time: first.time,
                    is_placed: first.origin_from_entity.is_some(),
                };
            };
            let all = visual.bounds.transformed(&origin_from_entity);
            let pictures = visual.picture().map_or(Bounds::EMPTY, |_| all);
            First {
                framed: Framed { all, pictures },
                time: first.time,
                is_placed: true,
            }
        })
        .collect()
}

/// Keeps what each view that is shown frames.
pub(crate) fn update_framing(
    mut scenes: ResMut<SpatialScenes>,
    mut chunks: ResMut<FirstLookChunks>,
    views: Query<(&View, &DataResults, &ViewOverrides)>,
    sources: Res<SpatialSources>,
    visualizers: Res<Visualizers>,
    recordings: Res<Recordings>,
    transforms: Res<Transforms>,
    cursor: Res<Cursor>,
    log: Res<DiffLog>,
    ingest: Option<Res<IngestSources>>,
) {
    let Some(recording) = cursor.recording.and_then(|key| recordings.get(key)) else {
        return;
    };
    let is_loaded = ingest.is_none_or(|sources| sources.is_idle());
    let scenes = scenes.bypass_change_detection();
    chunks.retain(|view| scenes.get(view).is_some());
    for (view, results, overrides) in &views {
        let Some(scene) = scenes.get_mut(view.id).filter(|scene| scene.tile.shown) else {
            continue;
        };
        let lookers = sources.sources.iter().filter_map(|source| {
            let visualizer = visualizers.find(source.name)?;
            let is_of_class = visualizers.classes(visualizer).contains(&view.class);
            is_of_class.then_some((visualizer, source.looker.0))
        });
        let lookers = lookers.collect();
        let inputs = Inputs {
            view,
            results,
            overrides,
            recording,
            transforms: &transforms,
            cursor: *cursor,
            log: &log,
            is_loaded,
            lookers,
        };
        scene.framing.update(&inputs, &mut chunks);
    }
}
