//! The visualizers whose visuals spatial views present. Views ask them all alike; which one made a visual does not matter then.

use std::{any::TypeId, sync::Arc};

use bevy::{app::App, ecs::prelude::*};
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{AppVisualizerExt, Report, ViewClasses, Visualizer, Visualizers, Visuals};
use chronoscope_store::EntityId;

use super::visual::SpatialVisual;

/// The position of a visualizer among those of spatial views.
pub(crate) type SourceId = u16;

/// Registers visualizers of spatial views.
pub trait AppSpatialExt {
    /// Adds a visualizer to spatial view classes, and presents what it makes.
    ///
    /// `default_radius` is that of marks that bring none: scene units, or negative points.
    fn add_spatial_visualizer<V: Visualizer<Visual = SpatialVisual>>(
        &mut self,
        classes: &[&str],
        default_radius: f32,
    ) -> &mut Self;
}

impl AppSpatialExt for App {
    fn add_spatial_visualizer<V: Visualizer<Visual = SpatialVisual>>(
        &mut self,
        classes: &[&str],
        default_radius: f32,
    ) -> &mut Self {
        self.add_visualizer::<V>(classes);
        self.init_resource::<SpatialSources>();
        let sources = &mut self.world_mut().resource_mut::<SpatialSources>().sources;
        let sources = Arc::make_mut(sources);
        let source = SpatialSource {
            name: V::INFO.name,
            default_radius,
            changes: changes::<V>,
            reports: reports::<V>,
        };
        // Another visualizer of a known name takes its place.
        match sources.iter_mut().find(|known| known.name == source.name) {
            Some(known) => *known = source,
            None => sources.push(source),
        }
        self
    }
}

/// The visualizers of spatial views, in the order in which they were registered.
#[derive(Resource, Default)]
pub(crate) struct SpatialSources {
    pub(crate) sources: Arc<Vec<SpatialSource>>,
}

impl SpatialSources {
    /// The visualizers of spatial view classes that make spatial visuals, but were not added with
    /// [`AppSpatialExt::add_spatial_visualizer`], so that nobody presents what they make.
    pub(crate) fn unpresented(&self, visualizers: &Visualizers, classes: &ViewClasses) -> Vec<&'static str> {
        let is_spatial =
            |class: &ViewClassId| classes.get(class).is_some_and(|class| class.space().is_some());
        visualizers
            .iter()
            .filter(|(id, _, classes)| {
                visualizers.visual_type(*id) == Some(TypeId::of::<SpatialVisual>())
                    && classes.iter().any(is_spatial)
            })
            .map(|(_, info, _)| info.name)
            .filter(|name| self.sources.iter().all(|source| source.name != *name))
            .collect()
    }
}

/// One visualizer of spatial views.
#[derive(Clone, Copy)]
pub(crate) struct SpatialSource {
    pub(crate) name: &'static str,
    pub(crate) default_radius: f32,
    pub(crate) changes: fn(&World, ViewId) -> SourceChanges,
    pub(crate) reports: fn(&World, ViewId) -> Vec<(EntityId, Report)>,
}

/// What changed in the visuals of one visualizer in one view.
#[derive(Default)]
pub(crate) struct SourceChanges {
    /// What is gone. To be carried out before what changed.
    pub(crate) removed: Vec<EntityId>,
    /// What was made anew; `None` where there is nothing to draw.
    pub(crate) changed: Vec<(EntityId, Option<Arc<SpatialVisual>>)>,
}

fn changes<V: Visualizer<Visual = SpatialVisual>>(world: &World, view: ViewId) -> SourceChanges {
    let Some(visuals) = world
        .get_resource::<Visuals<V>>()
        .and_then(|visuals| visuals.view(view))
    else {
        return SourceChanges::default();
    };
    let changed = visuals
        .changed()
        .iter()
        .map(|entity| (*entity, visuals.get(*entity).cloned()))
        .collect();
    SourceChanges {
        removed: visuals.removed().to_vec(),
        changed,
    }
}

fn reports<V: Visualizer<Visual = SpatialVisual>>(world: &World, view: ViewId) -> Vec<(EntityId, Report)> {
    let visuals = world
        .get_resource::<Visuals<V>>()
        .and_then(|visuals| visuals.view(view));
    visuals
        .into_iter()
        .flat_map(chronoscope_frame::visualizer::ViewVisuals::reports)
        .map(|(entity, report)| (entity, report.clone()))
        .collect()
}
