//! What data results show when they first show something: what a view frames before anybody says where to look.
//!
//! The cursor is not asked, so that framing does not move while time plays, nor depend on where one came from. Contexts are those
//! at the cursor, so none are read: what is colored by them has no color here. The chunks that are read are kept in memory as those
//! on screen are, and requested where they are not loaded.
//!
//! Entities stand where transforms along the entity tree put them: frames that have names are not followed, and what stands in one
//! is framed as if it stood in that of its path. What lies in the picture of another camera than the view's origin does is left out.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ComponentId, EntityId, Hit, LatestAt, TimeRange, TimelineId};
use glam::DAffine3;

use super::{
    VisualChunks, Visualizer, VisualizerId, VisualizerInput,
    chunks::SourceChunks,
    resolve::{NO_COMPONENTS, Resolver, Source},
};
use crate::{
    ContextReader, Cursor, DataResult, EntityContexts, InstructionIndex, RecordingEntry, ResolvedInstruction,
    ResultKey, Transforms, View, ViewOverrides, context::transforms::TreeTransforms,
};

/// Makes visuals of first rows.
pub struct FirstLook<'a> {
    overrides: &'a ViewOverrides,
    recording: &'a RecordingEntry,
    timeline: Option<TimelineId>,
    origin: Option<EntityId>,
    tree: TreeTransforms,
    /// These hold nothing.
    contexts: EntityContexts,
    transforms: Transforms,
}

/// What a data result first shows by one instruction.
pub struct FirstVisual<T> {
    /// The time at which it first shows something, and has all transforms above it. `i64::MIN` where all of that is static.
    pub time: i64,
    /// The visual in the space of its entity; `None` where it is hidden, shows nothing, or cannot be drawn.
    pub visual: Option<T>,
    /// Where it stands then, seen from the origin of the view; `None` where no transform leads there.
    pub origin_from_entity: Option<DAffine3>,
}

impl<'a> FirstLook<'a> {
    /// For a view of a recording on a timeline.
    pub fn new(
        view: &View,
        overrides: &'a ViewOverrides,
        recording: &'a RecordingEntry,
        timeline: Option<TimelineId>,
    ) -> Self {
        let store = recording.store();
        let paths = view.blueprint.origin.ancestors();
        Self {
            overrides,
            recording,
            timeline,
            origin: paths.into_iter().find_map(|path| store.entity_id(&path)),
            tree: TreeTransforms::of(store),
            contexts: EntityContexts::default(),
            transforms: Transforms::default(),
        }
    }

    /// What a data result first shows by a visualizer of the view's class: one for each instruction, without those that lack a
    /// required component at all times.
    pub fn visuals<V: Visualizer>(
        &self,
        visualizer: VisualizerId,
        result: &DataResult,
        chunks: &mut FirstChunks,
    ) -> Vec<FirstVisual<V::Visual>> {
        let instructions = self.overrides.instructions(result, visualizer, V::INFO.name);
        let visuals = instructions.into_iter();
        visuals
            .filter_map(|instruction| self.visual::<V>(result, instruction, chunks))
            .collect()
    }

    fn visual<V: Visualizer>(
        &self,
        result: &DataResult,
        instruction: ResolvedInstruction<'_>,
        chunks: &mut FirstChunks,
    ) -> Option<FirstVisual<V::Visual>> {
        let entity = result.entity;
        let resolver = self.resolver(entity, instruction);
        let time = self.time_of::<V>(&resolver)?;
        let mut first = FirstVisual {
            time,
            visual: None,
            origin_from_entity: self.origin_from_entity(entity, time, chunks),
        };
        if !self.overrides.is_visible(entity) || first.origin_from_entity.is_none() {
            return Some(first);
        }
        let store = self.recording.store();
        let cursor = Cursor {
            time,
            ..resolver.cursor
        };
        let read = Mutex::default();
        let input = VisualizerInput {
            entity,
            path: &result.path,
            cursor,
            store,
            visualizer: &V::INFO,
            contexts: ContextReader::new(&self.contexts, &self.transforms, store),
            resolver: Resolver { cursor, ..resolver },
            time_range: TimeRange::EVERYTHING,
            cache: resolver.cache,
            chunks: Some(&read),
        };
        first.visual = V::visualize(&input).ok().flatten();
        chunks.add(read.into_inner().unwrap_or_else(PoisonError::into_inner));
        Some(first)
    }

    fn resolver<'i>(&'i self, entity: EntityId, instruction: ResolvedInstruction<'i>) -> Resolver<'i> {
        Resolver {
            store: self.recording.store(),
            components: &NO_COMPONENTS,
            cache: &self.recording.recording.cache,
            entity,
            cursor: Cursor {
                recording: Some(self.recording.key()),
                timeline: self.timeline,
                time: i64::MIN,
            },
            instruction,
            view: self.overrides,
            latest_at: None,
            at: None,
            asks_store: true,
        }
    }

    fn time_of<V: Visualizer>(&self, resolver: &Resolver<'_>) -> Option<i64> {
        let required = V::INFO.required.iter();
        let required: Option<Vec<i64>> = required
            .map(|name| {
                // What the blueprint says has no time.
                let written = resolver.without_store().resolve(name, &|_| ());
                let is_override = |source| source == Source::Override;
                if written
                    .as_ref()
                    .is_some_and(|written| is_override(written.source))
                {
                    return Some(i64::MIN);
                }
                let stored = resolver.mapped_id(name);
                let stored = stored.and_then(|id| self.first_time(resolver.entity, id));
                stored.or(written.map(|_| i64::MIN))
            })
            .collect();
        let origin = self.origin.into_iter().flat_map(|origin| self.above(origin));
        let transforms = self.above(resolver.entity).chain(origin).flat_map(|above| {
            let components = self.tree.components();
            components.filter_map(move |component| self.first_time(above, component))
        });
        required?.into_iter().chain(transforms).max()
    }

    fn origin_from_entity(&self, entity: EntityId, time: i64, chunks: &mut FirstChunks) -> Option<DAffine3> {
        let store = self.recording.store();
        let camera = |entity| self.tree.camera(store, entity);
        if camera(entity) != self.origin.and_then(camera) {
            return None;
        }
        let root_from_entity = self.root_from_entity(entity, time, chunks)?;
        let root_from_origin = match self.origin {
            Some(origin) => self.root_from_entity(origin, time, chunks)?,
            None => DAffine3::IDENTITY,
        };
        Some(root_from_origin.inverse() * root_from_entity).filter(DAffine3::is_finite)
    }

    /// To the root of the world, or to the picture that the entity lies in. `None` where a transform is broken.
    fn root_from_entity(&self, entity: EntityId, time: i64, chunks: &mut FirstChunks) -> Option<DAffine3> {
        let mut all = DAffine3::IDENTITY;
        for above in self.above(entity) {
            let rows = self.latest_at(above, time, chunks);
            let hits = rows.iter().filter_map(|row| row.hit.as_ref());
            all = TreeTransforms::parent_from_entity(hits).ok()? * all;
        }
        Some(all)
    }

    /// The entity and those above it that may have a transform, below the camera in whose picture it lies.
    fn above(&self, entity: EntityId) -> impl Iterator<Item = EntityId> + use<'_> {
        let store = self.recording.store();
        let camera = self.tree.camera(store, entity);
        let has = |entity, component| store.has_component(entity, component);
        store
            .tree()
            .ancestors(entity)
            .take_while(move |above| Some(*above) != camera)
            .filter(move |above| self.tree.components().any(|component| has(*above, component)))
    }

    fn first_time(&self, entity: EntityId, component: ComponentId) -> Option<i64> {
        let store = self.recording.store();
        let range = self
            .timeline
            .map(|timeline| store.component_time_range(entity, timeline, component))
            .filter(|range| !range.is_empty());
        match range {
            // Static data hides what has a time.
            _ if store.has_static(entity, component) => Some(i64::MIN),
            Some(range) => Some(range.min),
            None => None,
        }
    }

    /// The latest rows of the components of transforms.
    fn latest_at(&self, entity: EntityId, time: i64, chunks: &mut FirstChunks) -> Vec<LatestAt> {
        let store = self.recording.store();
        let cache = &self.recording.recording.cache;
        let rows: Vec<LatestAt> = self
            .tree
            .components()
            .filter(|component| store.has_component(entity, *component))
            .map(|component| cache.latest_at(store, entity, self.timeline, time, component))
            .collect();
        let mut read = SourceChunks::default();
        for row in &rows {
            read.note(row.hit.as_ref().map(|hit: &Hit| hit.chunk().id()), &row.missing);
        }
        chunks.add(read);
        rows
    }
}

/// The chunks that the first visual of an entity was made from, and those that it lacks.
#[derive(Clone, Debug, Default)]
pub struct FirstChunks(SourceChunks);

impl FirstChunks {
    fn add(&mut self, SourceChunks { used, missing }: SourceChunks) {
        self.0.note(used, &missing);
    }
}

/// The key of what all instructions of an entity read.
fn key_of(entity: EntityId) -> ResultKey {
    ResultKey {
        entity,
        instruction: InstructionIndex::default(),
    }
}

/// The chunks that the first visuals of all views were made from: kept in memory, and requested where they are not.
#[derive(Resource, Default)]
pub struct FirstLookChunks {
    by_view: BTreeMap<ViewId, VisualChunks>,
}

impl FirstLookChunks {
    /// Notes what the first visuals of an entity were made from.
    pub fn set(&mut self, view: ViewId, entity: EntityId, chunks: FirstChunks) {
        let chunks = chunks.0.without_repetition();
        self.by_view.entry(view).or_default().set(key_of(entity), &chunks);
    }

    /// Forgets an entity.
    pub fn remove(&mut self, view: ViewId, entity: EntityId) {
        if let Some(chunks) = self.by_view.get_mut(&view) {
            chunks.remove(key_of(entity));
        }
    }

    /// Forgets all entities of a view.
    pub fn clear(&mut self, view: ViewId) {
        self.by_view.remove(&view);
    }

    /// Forgets the views that are not kept.
    pub fn retain(&mut self, is_kept: impl Fn(ViewId) -> bool) {
        self.by_view.retain(|view, _| is_kept(*view));
    }

    pub(super) fn get(&self, view: ViewId) -> Option<&VisualChunks> {
        self.by_view.get(&view)
    }
}
