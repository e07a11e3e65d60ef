//! What data results show when they first show something: what a view frames before anybody says where to
//! look.
//!
//! The cursor is not asked, so that framing does not move while time plays, nor depend on where one came
//! from. Contexts are those at the cursor, so none are read: what is colored by them has no color here. The
//! chunks that are read are kept in memory as those on screen are, and requested where they are not loaded.
//!
//! Entities are where the frame graph puts them at that time, named frames included. What is in the picture
//! of another camera than the view's origin stands with that camera; what is in a frame that nothing connects with it is left out.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{EntityId, TimeRange, TimelineId};
use chronoscope_types::Pinhole;
use glam::DAffine3;

use super::{
    VisualChunks, Visualizer, VisualizerId, VisualizerInput,
    chunks::SourceChunks,
    resolve::{NO_COMPONENTS, Resolver, Source},
};
use crate::{
    ContextReader, Cursor, DataResult, EntityContexts, InstructionIndex, PinholeCamera, RecordingEntry,
    ResolvedInstruction, ResultKey, Transforms, View, ViewOverrides,
    context::transforms::{
        AnyTimePlacement, AnyTimeTransforms, FrameKey, ReadChunks, implicit_frame, named_frame,
    },
};

/// Makes visuals of first rows.
pub struct FirstLook<'a> {
    overrides: &'a ViewOverrides,
    recording: &'a RecordingEntry,
    timeline: Option<TimelineId>,
    origin: FrameKey,
    placements: AnyTimeTransforms<'a>,
    /// These hold nothing.
    contexts: EntityContexts,
    no_transforms: Transforms,
}

/// What a data result first shows by one instruction.
pub struct FirstVisual<T> {
    /// The time at which it first shows something, and has all transforms above it. `i64::MIN` where all of
    /// that is static.
    pub time: i64,
    /// The visual in the space of its entity; `None` where it is hidden, shows nothing, or cannot be drawn.
    pub visual: Option<T>,
    /// Where it stands then, seen from the origin of the view; `None` where no transform leads there.
    pub origin_from_entity: Option<DAffine3>,
    /// Where that is in the picture of a camera and the origin is not: that camera, and where it stands.
    pub camera: Option<(PinholeCamera, DAffine3)>,
}

impl<'a> FirstLook<'a> {
    /// For a view of a recording on the shown timeline, whose transforms these are. It looks from its origin, or from a frame of
    /// this name.
    pub fn new(
        view: &View,
        frame: Option<&Arc<str>>,
        overrides: &'a ViewOverrides,
        recording: &'a RecordingEntry,
        timeline: Option<TimelineId>,
        transforms: &'a Transforms,
    ) -> Self {
        let store = recording.store();
        let cache = &recording.recording.cache;
        Self {
            overrides,
            recording,
            timeline,
            origin: match frame {
                Some(name) => named_frame(store, name),
                None => implicit_frame(store, &view.blueprint.origin),
            },
            placements: AnyTimeTransforms::new(store, cache, timeline, transforms),
            contexts: EntityContexts::default(),
            no_transforms: Transforms::default(),
        }
    }

    /// What a data result first shows by a visualizer of the view's class: one for each instruction, without
    /// those that lack a required component at all times.
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

    /// Notes what all visuals until now were made from, beside what each of them names.
    pub fn finish(&self, view: ViewId, chunks: &mut FirstLookChunks) {
        let read = self.placements.take_shared();
        let mut shared = SourceChunks::default();
        shared.note(read.used, &read.missing);
        if !shared.is_empty() {
            chunks.by_view.entry(view).or_default().add_shared(shared);
        }
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
        // What shows cameras stands outside of their pictures.
        let is_camera = V::INFO.required.contains(&Pinhole::IMAGE_FROM_CAMERA.name);
        let (time, origin_from_entity) = self.place(entity, is_camera, time, chunks);
        let mut first = FirstVisual {
            time,
            visual: None,
            origin_from_entity,
            camera: None,
        };
        if origin_from_entity.is_none()
            && let Some((time, pinhole, origin_from_camera)) = self.place_camera(entity, time, chunks)
        {
            first.time = time;
            first.camera = Some((pinhole, origin_from_camera));
        }
        let is_placed = first.origin_from_entity.is_some() || first.camera.is_some();
        if !self.overrides.is_visible(entity) || !is_placed {
            return Some(first);
        }
        let time = first.time;
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
            contexts: ContextReader::new(&self.contexts, &self.no_transforms, store),
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
            selections: None,
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
                let stored = stored.and_then(|id| self.placements.first_time(resolver.entity, id));
                stored.or(written.map(|_| i64::MIN))
            })
            .collect();
        required?.into_iter().max()
    }

    /// Where an entity is, seen from the view's origin, at a time or as soon as both have all transforms; and
    /// that time.
    fn place(
        &self,
        entity: EntityId,
        is_camera: bool,
        time: i64,
        chunks: &mut FirstChunks,
    ) -> (i64, Option<DAffine3>) {
        let mut read = ReadChunks::default();
        let entity_at = |time, read: &mut ReadChunks| match is_camera {
            true => self.placements.of_camera(entity, time, read),
            false => self.placements.of_entity(entity, time, read),
        };
        let mut origin = self.origin_at(time, &mut read);
        let mut placement = entity_at(origin.time, &mut read);
        if placement.time > origin.time {
            origin = self.origin_at(placement.time, &mut read);
            if origin.time > placement.time {
                placement = entity_at(origin.time, &mut read);
            }
        }
        let mut all = SourceChunks::default();
        all.note(read.used, &read.missing);
        chunks.add(all);
        let origin_from_entity = relative(origin, &placement);
        (placement.time, origin_from_entity)
    }

    /// The same for the camera in whose picture an entity is.
    fn place_camera(
        &self,
        entity: EntityId,
        time: i64,
        chunks: &mut FirstChunks,
    ) -> Option<(i64, PinholeCamera, DAffine3)> {
        let mut read = ReadChunks::default();
        let placed = self.placements.camera_of(entity, time, &mut read);
        let placed = placed.and_then(|(pinhole, placement)| {
            let origin = self.origin_at(placement.time, &mut read);
            let time = origin.time.max(placement.time);
            Some((time, pinhole, relative(origin, &placement)?))
        });
        let mut all = SourceChunks::default();
        all.note(read.used, &read.missing);
        chunks.add(all);
        placed
    }

    fn origin_at(&self, time: i64, read: &mut ReadChunks) -> AnyTimePlacement {
        match &self.origin {
            FrameKey::Path(origin) => self.placements.of_entity(*origin, time, read),
            unknown => self.placements.of_path(unknown, time, read),
        }
    }
}

fn relative(origin: AnyTimePlacement, placement: &AnyTimePlacement) -> Option<DAffine3> {
    let (origin_root, root_from_origin) = origin.root_from_entity?;
    let (root, root_from_entity) = placement.root_from_entity.as_ref()?;
    let origin_from_entity = root_from_origin.inverse() * *root_from_entity;
    (origin_root == *root && origin_from_entity.is_finite()).then_some(origin_from_entity)
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

/// The chunks that the first visuals of all views were made from: kept in memory, and requested where they
/// are not.
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

    /// The heap bytes. Cost: the views.
    pub(super) fn heap_bytes(&self) -> u64 {
        self.by_view.values().map(VisualChunks::heap_bytes).sum()
    }
}
