//! Where entities are at any time: what framing needs, each entity at a time of its own.
//!
//! The same rows hold as at the cursor, found on demand from an entity up to the root of its tree. Entities
//! that place several frames are asked by the index of [`Transforms`], which has the rows of the shown
//! timeline, at whatever time.

mod cameras;

use std::cell::Cell;

use chronoscope_store::{ChunkId, ChunkStore, ComponentId, EntityId, Hit, LatestAt, QueryCache, TimelineId};
use chronoscope_types::{CoordinateFrame, Pinhole, read};
use glam::DAffine3;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{
    PinholeCamera, Transforms,
    graph::{FrameGraph, FrameKey, LoggedTransform, PATH_PREFIX, only},
    rows::{ShownRow, TransformComponents, newest},
    rows_by_frame::RowQuery,
};
use cameras::NamedCameras;

/// The transforms of a recording at any time of the shown timeline.
pub(crate) struct AnyTimeTransforms<'a> {
    store: &'a ChunkStore,
    cache: &'a QueryCache,
    timeline: Option<TimelineId>,
    transforms: &'a Transforms,
    components: TransformComponents,
    coordinate_frame: Option<ComponentId>,
    pinhole: Option<ComponentId>,
    /// The entities that place a frame beside that of their path, or among several.
    placing: FxHashMap<FrameKey, SmallVec<[Placing; 1]>>,
    named_cameras: NamedCameras<'a>,
    /// Until when it matters that the index lacks chunks that were never read.
    unread_until: Cell<Option<i64>>,
}

/// An entity that places a frame.
struct Placing {
    entity: EntityId,
    /// When it first does.
    first_time: i64,
    /// When it last is told to by a row; `None` where that is static.
    last_time: Option<i64>,
    rows: PlacingRows,
}

enum PlacingRows {
    /// The rows of a frame of the index.
    Indexed(usize),
    Static(Box<Hit>),
}

/// Where an entity is at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AnyTimePlacement {
    /// When all transforms above it have rows: the time that was asked for, or later.
    pub(crate) time: i64,
    /// The frame that it is seen from, and the transform there; `None` where a transform is broken.
    pub(crate) root_from_entity: Option<(AnyTimeRoot, DAffine3)>,
}

/// What frames are seen from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AnyTimeRoot {
    World,
    /// A frame without a parent.
    Frame(FrameKey),
    /// The picture of a camera.
    Image(FrameKey),
}

/// On which side of the picture of its own camera something stands, if there is one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Within,
    Outside,
}

/// The chunks that rows were read from, and those that lack.
#[derive(Default)]
pub(crate) struct ReadChunks {
    pub(crate) used: Vec<ChunkId>,
    pub(crate) missing: Vec<ChunkId>,
    /// The time of the last row that an answer at any later time could be read from; `None` where all are static.
    pub(crate) last_row: Option<i64>,
}

impl ReadChunks {
    fn note(&mut self, answer: &LatestAt) {
        self.used.extend(answer.hit.as_ref().map(|hit| hit.chunk().id()));
        self.missing.extend_from_slice(&answer.missing);
    }
}

/// The frames from an entity to its root are looked at no more often than this: rows that come later may lead
/// elsewhere.
const MAX_WALKS: usize = 16;

/// More frames than this from an entity to its root are a cycle.
const MAX_FRAMES: usize = 1_000;

impl<'a> AnyTimeTransforms<'a> {
    pub(crate) fn new(
        store: &'a ChunkStore,
        cache: &'a QueryCache,
        timeline: Option<TimelineId>,
        transforms: &'a Transforms,
    ) -> Self {
        let components = TransformComponents::of(store);
        let mut placing: FxHashMap<FrameKey, SmallVec<[Placing; 1]>> = FxHashMap::default();
        let mut add = |key, new| placing.entry(key).or_default().push(new);
        for (entity, rows) in transforms.rows.iter().filter(|_| timeline.is_some()) {
            for (frame, key, times) in rows.times_of_frames(store, entity) {
                let rows = PlacingRows::Indexed(frame);
                add(
                    key,
                    Placing {
                        entity,
                        first_time: times.min,
                        last_time: Some(times.max),
                        rows,
                    },
                );
            }
        }
        for (entity, _) in transforms.rows.iter() {
            let statics = components.all.iter().filter_map(|component| {
                let is_static = store.has_static(entity, *component);
                let answer = is_static.then(|| cache.latest_at(store, entity, None, i64::MIN, *component));
                answer?.hit
            });
            let mut by_frame: FxHashMap<FrameKey, Hit> = FxHashMap::default();
            for hit in statics {
                let key = ShownRow::of_hit(&hit).child(store, entity);
                let newest = by_frame.entry(key).or_insert_with(|| hit.clone());
                if newest.row_id() < hit.row_id() {
                    *newest = hit;
                }
            }
            for (key, hit) in by_frame {
                add(
                    key,
                    Placing {
                        entity,
                        first_time: i64::MIN,
                        last_time: None,
                        rows: PlacingRows::Static(Box::new(hit)),
                    },
                );
            }
        }
        Self {
            store,
            cache,
            timeline,
            transforms,
            components,
            coordinate_frame: store.component_id(&CoordinateFrame::FRAME),
            pinhole: store.component_id(&Pinhole::IMAGE_FROM_CAMERA),
            placing,
            named_cameras: NamedCameras::new(store, cache, timeline),
            unread_until: Cell::new(None),
        }
    }

    /// The chunks that all answers until now were read from, beside those that each of them names, and those
    /// that lack. Some may be named more than once.
    pub(crate) fn take_shared(&self) -> ReadChunks {
        let mut read = self.named_cameras.take_read();
        if let Some(until) = self.unread_until.take() {
            let all = self.transforms.rows.iter();
            let unread = all.flat_map(|(_, rows)| rows.unread_until(until));
            read.missing.extend(unread);
        }
        read
    }

    /// Where an entity is at a time, or later, once all transforms above it have rows. Names the chunks that
    /// it was read from.
    ///
    /// Cost: the frames above, each with a look-up or two.
    pub(crate) fn of_entity(&self, entity: EntityId, time: i64, chunks: &mut ReadChunks) -> AnyTimePlacement {
        self.settle(time, chunks, Side::Within, |time, chunks| {
            let frame = self.coordinate_frame;
            let first = frame.and_then(|frame| self.first_time(entity, frame));
            let last = frame.and_then(|frame| self.last_time(entity, frame));
            chunks.last_row = chunks.last_row.max(last);
            let time = time.max(first.unwrap_or(i64::MIN));
            (self.frame_of(entity, time, chunks), time)
        })
    }

    /// The same for the camera of an entity, which stands outside of its picture.
    pub(crate) fn of_camera(&self, entity: EntityId, time: i64, chunks: &mut ReadChunks) -> AnyTimePlacement {
        self.settle(time, chunks, Side::Outside, |time, chunks| {
            // A camera that looks from a named frame is not where its entity is.
            let is_named = self.named_cameras.is_named(entity, time);
            let frame = if is_named {
                Err(())
            } else {
                self.frame_of(entity, time, chunks)
            };
            (frame, time)
        })
    }

    /// The camera in whose picture an entity is, and where that camera stands; `None` where it is in none, or in one that looks
    /// from a named frame.
    pub(crate) fn camera_of(
        &self,
        entity: EntityId,
        time: i64,
        chunks: &mut ReadChunks,
    ) -> Option<(PinholeCamera, AnyTimePlacement)> {
        let within = self.of_entity(entity, time, chunks);
        let Some((AnyTimeRoot::Image(FrameKey::Path(camera)), _)) = within.root_from_entity else {
            return None;
        };
        let mut placement = self.of_camera(camera, within.time, chunks);
        let first = self.first_time(camera, self.pinhole?)?;
        placement.time = placement.time.max(first);
        let pinhole = self.pinhole_of(camera, placement.time, chunks)?;
        Some((pinhole, placement))
    }

    fn pinhole_of(&self, entity: EntityId, time: i64, chunks: &mut ReadChunks) -> Option<PinholeCamera> {
        let projection = self.latest_at(entity, self.pinhole?, time, chunks).hit?;
        let projection = projection.cell();
        let columns = *read::pinhole_projections(&projection).ok()?.first()?;
        let axes = self.store.component_id(&Pinhole::CAMERA_XYZ);
        let axes = axes.and_then(|axes| self.latest_at(entity, axes, time, chunks).hit);
        let axes = axes.and_then(|axes| read::view_coordinates(&axes.cell()).ok()?.first().copied());
        PinholeCamera::new(columns, None, axes, None).ok()
    }

    /// [`Self::of_entity`] for the implicit frame of a path that the store does not have, seen from the nearest path that it has.
    pub(crate) fn of_path(&self, key: &FrameKey, time: i64, chunks: &mut ReadChunks) -> AnyTimePlacement {
        self.settle(time, chunks, Side::Within, |time, _| (Ok(key.clone()), time))
    }

    fn settle(
        &self,
        time: i64,
        chunks: &mut ReadChunks,
        side: Side,
        start: impl Fn(i64, &mut ReadChunks) -> (Result<FrameKey, ()>, i64),
    ) -> AnyTimePlacement {
        let mut placement = AnyTimePlacement {
            time,
            root_from_entity: None,
        };
        for _ in 0..MAX_WALKS {
            let (start, time) = start(placement.time, chunks);
            let before = placement.time;
            placement.time = time;
            placement.root_from_entity = match start {
                Ok(frame) => self.walk(frame, side, &mut placement.time, chunks),
                Err(()) => None,
            };
            if placement.time == before {
                break;
            }
        }
        placement
    }

    /// From a frame up to its root, at the time; later, where rows come later.
    fn walk(
        &self,
        start: FrameKey,
        mut side: Side,
        time: &mut i64,
        chunks: &mut ReadChunks,
    ) -> Option<(AnyTimeRoot, DAffine3)> {
        let mut root_from_entity = DAffine3::IDENTITY;
        let mut key = start;
        for _ in 0..MAX_FRAMES {
            let is_within = std::mem::replace(&mut side, Side::Within) == Side::Within;
            if is_within && self.has_camera(&key, *time) {
                return Some((AnyTimeRoot::Image(key), root_from_entity));
            }
            let logged = self.logged(&key, time, chunks);
            let logged = only(&logged, |logged| (logged.entity, logged.is_static)).ok()?;
            let parent = match (&key, logged) {
                (_, Some(logged)) => {
                    root_from_entity = logged.parent_from_frame.clone().ok()? * root_from_entity;
                    match &logged.parent {
                        Some(parent) => Some(FrameGraph::key_of(self.store, parent)),
                        None => match &key {
                            FrameKey::Path(entity) if *entity == logged.entity => self.above(*entity),
                            _ => Some(self.above(logged.entity).unwrap_or(FrameKey::Path(logged.entity))),
                        },
                    }
                }
                (FrameKey::Path(entity), None) => self.above(*entity),
                (FrameKey::UnknownPath(path), None) => path.parent().map(|above| {
                    let entity = self.store.entity_id(&above);
                    entity.map_or(FrameKey::UnknownPath(above), FrameKey::Path)
                }),
                (FrameKey::Name(_), None) => return Some((AnyTimeRoot::Frame(key), root_from_entity)),
            };
            match parent {
                Some(parent) => key = parent,
                None => return Some((AnyTimeRoot::World, root_from_entity)),
            }
        }
        None
    }

    fn above(&self, entity: EntityId) -> Option<FrameKey> {
        self.store.tree().parent(entity).map(FrameKey::Path)
    }

    /// The frame that an entity is in.
    fn frame_of(&self, entity: EntityId, time: i64, chunks: &mut ReadChunks) -> Result<FrameKey, ()> {
        let name = self.coordinate_frame.and_then(|frame| {
            let hit = self.latest_at(entity, frame, time, chunks).hit?;
            Some(read::texts(&hit.cell()).map(|names| names.first().map(std::sync::Arc::from)))
        });
        match name {
            Some(Err(_)) => Err(()),
            Some(Ok(Some(name))) if !str::is_empty(&name) => Ok(FrameGraph::key_of(self.store, &name)),
            Some(Ok(_)) | None => Ok(FrameKey::Path(entity)),
        }
    }

    fn has_camera(&self, key: &FrameKey, time: i64) -> bool {
        // A camera is one at whatever time, so that what is in its picture is framed the same before it is
        // there.
        let own = |pinhole, entity| {
            self.store.has_component(entity, pinhole) && !self.named_cameras.is_named(entity, time)
        };
        let is_own = match (key, self.pinhole) {
            (FrameKey::Path(entity), Some(pinhole)) => own(pinhole, *entity),
            _ => false,
        };
        is_own || self.named_cameras.look_from(key, time)
    }

    /// What rows say about a frame. Moves the time to when each of them is there.
    fn logged(
        &self,
        key: &FrameKey,
        time: &mut i64,
        chunks: &mut ReadChunks,
    ) -> SmallVec<[LoggedTransform; 1]> {
        let mut all: SmallVec<[LoggedTransform; 1]> = SmallVec::new();
        if let FrameKey::Path(entity) = key
            && !self.components.name_frames(self.store, *entity)
        {
            let has = |component: &&ComponentId| self.store.has_component(*entity, **component);
            let components = self.components.all.iter().filter(has);
            let first = components
                .clone()
                .filter_map(|component| self.first_time(*entity, *component));
            *time = first.fold(*time, i64::max);
            let last = components
                .clone()
                .map(|component| self.last_time(*entity, *component));
            chunks.last_row = last.fold(chunks.last_row, Ord::max);
            let rows: SmallVec<[LatestAt; 8]> = components
                .map(|component| self.latest_at(*entity, *component, *time, chunks))
                .collect();
            let newest = newest(rows.iter().filter_map(|row| row.hit.as_ref()));
            all.extend(newest.map(|hit| ShownRow::of_hit(hit).read(*entity)));
        }
        let placing = self
            .placing
            .get(key)
            .map_or(&[][..], |placing| placing.as_slice());
        if let Some(first) = placing.iter().map(|placing| placing.first_time).min() {
            *time = (*time).max(first);
        }
        let last = placing.iter().map(|placing| placing.last_time);
        chunks.last_row = last.fold(chunks.last_row, Ord::max);
        for Placing { entity, rows, .. } in placing {
            match rows {
                PlacingRows::Static(hit) => {
                    chunks.used.push(hit.chunk().id());
                    // Temporal rows of the entity win.
                    if !all.iter().any(|logged| logged.entity == *entity) {
                        all.push(ShownRow::of_hit(hit).read(*entity));
                    }
                }
                PlacingRows::Indexed(frame) => {
                    let query = self.timeline.map(|timeline| RowQuery {
                        store: self.store,
                        timeline,
                        time: *time,
                        entity: *entity,
                    });
                    let rows = query.zip(self.transforms.rows.get(*entity));
                    let Some((query, rows)) = rows else { continue };
                    let (row, missing) = rows.row_at(query, *frame);
                    chunks.missing.extend(missing);
                    if let Some(row) = row {
                        chunks.used.push(row.row.chunk.id());
                        all.push(row.read(*entity));
                    }
                }
            }
        }
        let is_named = match key {
            FrameKey::Name(_) | FrameKey::UnknownPath(_) => true,
            FrameKey::Path(entity) => self.components.name_frames(self.store, *entity),
        };
        if is_named {
            // It is not known what chunks place that were never read.
            let until = if all.is_empty() { i64::MAX } else { *time };
            self.unread_until.set(self.unread_until.get().max(Some(until)));
        }
        all
    }

    /// When an entity first has a component; the beginning of time where it is static.
    pub(crate) fn first_time(&self, entity: EntityId, component: ComponentId) -> Option<i64> {
        if self.store.has_static(entity, component) {
            return Some(i64::MIN);
        }
        let range = self.store.component_time_range(entity, self.timeline?, component);
        (!range.is_empty()).then_some(range.min)
    }

    /// When an entity last gets a row of a component; `None` where it has none, or one that is static.
    pub(crate) fn last_time(&self, entity: EntityId, component: ComponentId) -> Option<i64> {
        if self.store.has_static(entity, component) {
            return None;
        }
        let range = self.store.component_time_range(entity, self.timeline?, component);
        (!range.is_empty()).then_some(range.max)
    }

    fn latest_at(
        &self,
        entity: EntityId,
        component: ComponentId,
        time: i64,
        chunks: &mut ReadChunks,
    ) -> LatestAt {
        let answer = self
            .cache
            .latest_at(self.store, entity, self.timeline, time, component);
        chunks.note(&answer);
        answer
    }
}

/// The frame of a name, whether the store has it or not.
pub(crate) fn named_frame(store: &ChunkStore, name: &std::sync::Arc<str>) -> FrameKey {
    FrameGraph::key_of(store, name)
}

/// The implicit frame of a path, whether the store has it or not.
pub(crate) fn implicit_frame(store: &ChunkStore, path: &chronoscope_store::EntityPath) -> FrameKey {
    FrameGraph::key_of(store, &format!("{PATH_PREFIX}{path}").into())
}
