//! The cameras that look from other frames than those of their paths, at any time.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

use chronoscope_store::{ChunkStore, ComponentId, EntityId, QueryCache, TimeRange, TimelineId};
use chronoscope_types::{Pinhole, read};
use rustc_hash::{FxHashMap, FxHashSet};

use super::ReadChunks;
use crate::context::transforms::graph::{FrameGraph, FrameKey};

/// The frames that named cameras look from. What is read once is kept for as long as it holds.
pub(super) struct NamedCameras<'a> {
    store: &'a ChunkStore,
    cache: &'a QueryCache,
    timeline: Option<TimelineId>,
    child: Option<ComponentId>,
    /// The entities whose cameras may look from other frames than those of their paths.
    entities: Vec<EntityId>,
    /// By the first time at which they hold.
    known: RefCell<BTreeMap<i64, Rc<Names>>>,
    read: RefCell<ReadChunks>,
}

/// What cameras are called between two times.
struct Names {
    validity: TimeRange,
    by_camera: FxHashMap<EntityId, FrameKey>,
    frames: FxHashSet<FrameKey>,
}

impl<'a> NamedCameras<'a> {
    /// Cost: the entities.
    pub(super) fn new(store: &'a ChunkStore, cache: &'a QueryCache, timeline: Option<TimelineId>) -> Self {
        let child = store.component_id(&Pinhole::CHILD_FRAME);
        let has_child = |entity: &EntityId| child.is_some_and(|id| store.has_component(*entity, id));
        let entities = child.map(|_| store.entities().filter(has_child));
        Self {
            store,
            cache,
            timeline,
            child,
            entities: entities.into_iter().flatten().collect(),
            known: RefCell::default(),
            read: RefCell::default(),
        }
    }

    /// Whether the camera of an entity looks from another frame at a time.
    pub(super) fn is_named(&self, entity: EntityId, time: i64) -> bool {
        self.at(time)
            .is_some_and(|names| names.by_camera.contains_key(&entity))
    }

    /// Whether a camera of another path looks from a frame at a time.
    pub(super) fn look_from(&self, frame: &FrameKey, time: i64) -> bool {
        self.at(time).is_some_and(|names| names.frames.contains(frame))
    }

    /// The chunks that were read until now, and those that lack, some of them more than once.
    pub(super) fn take_read(&self) -> ReadChunks {
        self.read.take()
    }

    /// Cost: a look-up, or one per camera where none of them was asked for at that time.
    fn at(&self, time: i64) -> Option<Rc<Names>> {
        let child = self.child.filter(|_| !self.entities.is_empty())?;
        if let Some((_, names)) = self.known.borrow().range(..=time).next_back()
            && names.validity.contains(time)
        {
            return Some(Rc::clone(names));
        }
        let mut names = Names {
            validity: TimeRange::EVERYTHING,
            by_camera: FxHashMap::default(),
            frames: FxHashSet::default(),
        };
        let mut read = self.read.borrow_mut();
        for camera in &self.entities {
            let answer = self
                .cache
                .latest_at(self.store, *camera, self.timeline, time, child);
            read.note(&answer);
            names.validity = names.validity.intersection(&answer.validity);
            let name = answer.cell().and_then(|cell| {
                let names = read::texts(&cell).ok()?;
                let name = names.first().filter(|name| !name.is_empty());
                name.map(Arc::<str>::from)
            });
            if let Some(name) = name {
                let frame = FrameGraph::key_of(self.store, &name);
                names.frames.insert(frame.clone());
                names.by_camera.insert(*camera, frame);
            }
        }
        let names = Rc::new(names);
        let begin = names.validity.min.min(time);
        self.known.borrow_mut().insert(begin, Rc::clone(&names));
        Some(names)
    }
}
