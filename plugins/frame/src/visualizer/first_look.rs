//! What data results show when they first show something: what a view frames before anybody says where to look.
//!
//! The cursor is not asked, so that framing does not move while time plays, nor depend on where one came from. The chunks that are
//! read are kept in memory as those on screen are, and requested where they are not loaded.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ComponentId, EntityId, LatestAt, TimelineId};
use glam::DAffine3;

use super::{VisualChunks, Visualizer, VisualizerInput, chunks::SourceChunks};
use crate::{
    Cursor, DataResult, RecordingEntry, View, ViewOverrides,
    context::{annotations::ResolvedAnnotations, transforms},
    query_results::EntityResults,
};

/// Makes visuals of first rows. Colors of classes are left out of them.
pub struct FirstLook<'a> {
    view: &'a View,
    overrides: &'a ViewOverrides,
    recording: &'a RecordingEntry,
    timeline: Option<TimelineId>,
    origin: Option<EntityId>,
}

/// What a data result first shows.
pub struct FirstVisual<T> {
    /// The visual, in the space of its entity.
    pub visual: T,
    /// Where it stands then, seen from the origin of the view.
    pub origin_from_entity: DAffine3,
}

impl<'a> FirstLook<'a> {
    /// For a view of a recording on a timeline.
    pub fn new(
        view: &'a View,
        overrides: &'a ViewOverrides,
        recording: &'a RecordingEntry,
        timeline: Option<TimelineId>,
    ) -> Self {
        let store = recording.store();
        let paths = view.blueprint.origin.ancestors();
        let origin = paths.into_iter().find_map(|path| store.entity_id(&path));
        Self {
            view,
            overrides,
            recording,
            timeline,
            origin,
        }
    }

    /// The time at which an entity first shows something by a visualizer, and has all transforms above it. `i64::MIN` where all of
    /// that is static; `None` where a required component is nowhere.
    pub fn time_of<V: Visualizer>(&self, entity: EntityId) -> Option<i64> {
        let store = self.recording.store();
        let required = V::INFO.required.iter();
        let required: Option<Vec<i64>> = required
            .map(|name| self.first_time(entity, store.component_id(name)?))
            .collect();
        let transforms = self
            .above(entity)
            .chain(self.origin.into_iter().flat_map(|origin| self.above(origin)))
            .flat_map(|above| {
                transforms::components(store)
                    .into_iter()
                    .filter_map(move |component| self.first_time(above, component))
            });
        required?.into_iter().chain(transforms).max()
    }

    /// The visual of a data result at its first time. `None` where it is hidden, shows nothing, or cannot be drawn.
    pub fn visual<V: Visualizer>(
        &self,
        result: &DataResult,
        chunks: &mut FirstChunks,
    ) -> Option<FirstVisual<V::Visual>> {
        let entity = result.entity;
        let allows = |overrides: &crate::ResolvedOverrides| overrides.allows(V::INFO.name);
        if !self.overrides.is_visible(entity) || !self.overrides.get(entity).is_none_or(allows) {
            return None;
        }
        let time = self.time_of::<V>(entity)?;
        let store = self.recording.store();
        let names = V::INFO.required.iter().chain(V::INFO.optional);
        let components = names.filter_map(|name| store.component_id(name));
        let latest_at = self.look_up(entity, components, time, chunks);
        let annotations = ResolvedAnnotations::default();
        let input = VisualizerInput {
            view: self.view,
            entity,
            path: &result.path,
            cursor: Cursor {
                recording: Some(self.recording.key()),
                timeline: self.timeline,
                time,
            },
            store,
            annotations: &annotations,
            latest_at: Some(&latest_at),
            overrides: self.overrides.get(entity),
            view_overrides: self.overrides,
            visualizer: V::INFO.name,
            cache: &self.recording.recording.cache,
            chunks: Some(Mutex::default()),
        };
        let visual = V::visualize(&input);
        if let Some(read) = input.chunks {
            chunks.add(read.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        let world_from_entity = self.world_from_entity(entity, time, chunks);
        let origin_from_entity = match self.origin {
            Some(origin) => self.world_from_entity(origin, time, chunks).inverse() * world_from_entity,
            None => world_from_entity,
        };
        Some(FirstVisual {
            visual: visual.ok()??,
            origin_from_entity: Some(origin_from_entity).filter(DAffine3::is_finite)?,
        })
    }

    fn world_from_entity(&self, entity: EntityId, time: i64, chunks: &mut FirstChunks) -> DAffine3 {
        let store = self.recording.store();
        let transforms = self.above(entity).map(|above| {
            let rows = self.look_up(above, transforms::components(store).into_iter(), time, chunks);
            transforms::parent_from_entity(store, &rows).unwrap_or(DAffine3::IDENTITY)
        });
        transforms.fold(DAffine3::IDENTITY, |all, parent_from_entity| {
            parent_from_entity * all
        })
    }

    /// The entity and those above it, as far as there is a transform.
    fn above(&self, entity: EntityId) -> impl Iterator<Item = EntityId> + use<'_> {
        let store = self.recording.store();
        let components = transforms::components(store);
        let has_transform = move |entity: &EntityId| {
            components
                .iter()
                .any(|component| store.has_component(*entity, *component))
        };
        store.tree().ancestors(entity).filter(has_transform)
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

    fn look_up(
        &self,
        entity: EntityId,
        components: impl Iterator<Item = ComponentId>,
        time: i64,
        chunks: &mut FirstChunks,
    ) -> EntityResults {
        let store = self.recording.store();
        let cache = &self.recording.recording.cache;
        let rows: Vec<(ComponentId, LatestAt)> = components
            .filter(|component| store.has_component(entity, *component))
            .map(|component| {
                let row = cache.latest_at(store, entity, self.timeline, time, component);
                (component, row)
            })
            .collect();
        let mut read = SourceChunks::default();
        for (_, row) in &rows {
            read.note(row.hit.iter().map(|hit| hit.chunk().id()), &row.missing);
        }
        chunks.add(read);
        EntityResults::of_rows(rows)
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

/// The chunks that the first visuals of all views were made from: kept in memory, and requested where they are not.
#[derive(Resource, Default)]
pub struct FirstLookChunks {
    by_view: BTreeMap<ViewId, VisualChunks>,
}

impl FirstLookChunks {
    /// Notes what the first visuals of an entity were made from.
    pub fn set(&mut self, view: ViewId, entity: EntityId, chunks: FirstChunks) {
        let chunks = chunks.0.without_repetition();
        self.by_view.entry(view).or_default().set(entity, chunks);
    }

    /// Forgets an entity.
    pub fn remove(&mut self, view: ViewId, entity: EntityId) {
        if let Some(chunks) = self.by_view.get_mut(&view) {
            chunks.remove(entity);
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
