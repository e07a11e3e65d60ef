//! Phase 8: what all views share that look at the same. Where entities stand, and what holds for an entity
//! and below it.
//!
//! A context is a value that holds for an entity because of what is logged at it or above it.
//! [`entity_context`] is how one is read, inherited and versioned; [`registry`] has all that are registered,
//! those of plugins among them. [`transforms`] are the frame graph, with a storage of their own; the cameras
//! that bound spaces are part of it.

mod along_frames;
pub mod annotations;
mod entity_context;
mod registry;
pub mod transforms;
pub mod view_coordinates;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;

use crate::{
    AppViewerCacheExt as _, AppVisualizerExt as _, CacheSize, DataResults, DiffLog, Frame, FrameSystems,
    InContext, LatestAtResults, PurgeOrder, QueryContexts, RecordingEntry, Recordings, Report, View,
    ViewClasses, ViewerCache, Work, WorkCounters,
};

pub use annotations::Annotations;
pub use entity_context::{ContextRows, EntityContext, Inherit};
pub use registry::{AppEntityContextExt, Camera, ContextReader, EntityContexts, Place, ReadContext};
pub use transforms::Transforms;
pub use view_coordinates::ViewAxes;

use entity_context::ContextInputs;

/// Keeps [`Transforms`] and [`EntityContexts`].
pub struct ContextPlugin;

impl Plugin for ContextPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<Transforms>()
            .init_resource::<EntityContexts>()
            .add_entity_context::<Annotations>()
            .add_entity_context::<ViewAxes>()
            .add_view_reports(context_reports);
        app.add_viewer_cache(ViewerCache {
            name: "Transforms",
            order: PurgeOrder::Derived,
            // All of it holds at the cursor, or would be read again as soon as the cursor moves.
            size: |world| {
                let others = world.get_resource().map_or(0, QueryContexts::transforms_bytes);
                CacheSize {
                    bytes: world.get_resource().map_or(0, Transforms::heap_bytes) + others,
                    idle_bytes: 0,
                }
            },
            purge: None,
        })
        .add_viewer_cache(ViewerCache {
            name: "Entity contexts",
            order: PurgeOrder::Derived,
            // All of it holds at the cursor.
            size: |world| {
                let others = world.get_resource().map_or(0, QueryContexts::contexts_bytes);
                CacheSize {
                    bytes: world.get_resource().map_or(0, EntityContexts::heap_bytes) + others,
                    idle_bytes: 0,
                }
            },
            purge: None,
        });
        app.add_systems(
            Frame,
            (update_transforms, update_contexts)
                .chain()
                .in_set(FrameSystems::ContextSystems),
        );
    }
}

fn update_transforms(
    mut transforms: ResMut<Transforms>,
    mut others: ResMut<QueryContexts>,
    counters: Res<WorkCounters>,
    recordings: Res<Recordings>,
    log: Res<DiffLog>,
    latest_at: Res<LatestAtResults>,
) {
    puffin::profile_scope!("context_systems", "transforms");
    let update = |transforms: &mut Transforms, latest_at: &LatestAtResults| {
        let recording = latest_at.cursor().recording;
        let entry = recording.and_then(|key| recordings.get(key));
        let store = entry.map(RecordingEntry::store);
        let composed = transforms.update(recording, store, &log, latest_at);
        counters.add(Work::TransformRowsRead, composed.rows_read);
        counters.add(Work::TransformsComposed, composed.frames);
    };
    update(transforms.bypass_change_detection(), &latest_at);
    for products in others.bypass_change_detection().others.values_mut() {
        update(&mut products.transforms, &products.latest_at);
    }
}

fn update_contexts(
    mut contexts: ResMut<EntityContexts>,
    mut others: ResMut<QueryContexts>,
    transforms: Res<Transforms>,
    recordings: Res<Recordings>,
    latest_at: Res<LatestAtResults>,
) {
    puffin::profile_scope!("context_systems", "contexts");
    let update = |contexts: &mut EntityContexts, transforms: &Transforms, latest_at: &LatestAtResults| {
        let recording = latest_at.cursor().recording;
        let entry = recording.and_then(|key| recordings.get(key));
        contexts.update(ContextInputs {
            recording,
            store: entry.map(RecordingEntry::store),
            transforms,
            latest_at,
        });
    };
    let contexts = contexts.bypass_change_detection();
    update(contexts, &transforms, &latest_at);
    for (id, products) in &mut others.bypass_change_detection().others {
        if products.contexts.registrations() != contexts.registrations() {
            products.contexts = contexts.emptied(id.first_version());
        }
        update(&mut products.contexts, &products.transforms, &products.latest_at);
    }
}

/// What is wrong with the contexts of entities that a view shows something at or below, with transforms where it shows space.
fn context_reports(world: &World, view: ViewId) -> Vec<Report> {
    let entity = world.resource::<crate::ActiveBlueprint>().entity(view);
    let Some(products) = entity.and_then(|entity| InContext::of_view(world, entity)) else {
        return Vec::new();
    };
    // What shows no space has nothing that a transform could move.
    let classes = world.get_resource::<ViewClasses>();
    let class = entity.and_then(|entity| classes?.get(&world.get::<View>(entity)?.class));
    let transforms = if class.is_some_and(|class| class.space().is_some()) {
        products.transforms.reports()
    } else {
        Vec::new()
    };
    let reports: Vec<&Report> = transforms
        .into_iter()
        .chain(products.contexts.reports())
        .collect();
    if reports.is_empty() {
        return Vec::new();
    }
    let Some(results) = entity.and_then(|entity| world.get::<DataResults>(entity)) else {
        return Vec::new();
    };
    let concerns = |report: &&Report| report.entity.as_ref().is_none_or(|path| results.has_below(path));
    reports.into_iter().filter(concerns).cloned().collect()
}
