//! Phase 8: what all views share. Where entities stand, and what holds for an entity and below it.
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
    AppViewerCacheExt as _, AppVisualizerExt as _, CacheSize, Cursor, DataResults, DiffLog, Frame,
    FrameSystems, LatestAtResults, PurgeOrder, RecordingEntry, Recordings, Report, ViewerCache, Work,
    WorkCounters,
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
    fn build(&self, app: &mut App) {
        app.init_resource::<Transforms>()
            .init_resource::<EntityContexts>()
            .add_entity_context::<Annotations>()
            .add_entity_context::<ViewAxes>()
            .add_view_reports(context_reports);
        app.add_viewer_cache(ViewerCache {
            name: "Transforms",
            order: PurgeOrder::Derived,
            // All of it holds at the cursor, or would be read again as soon as the cursor moves.
            size: |world| CacheSize {
                bytes: world.get_resource().map_or(0, Transforms::heap_bytes),
                idle_bytes: 0,
            },
            purge: None,
        })
        .add_viewer_cache(ViewerCache {
            name: "Entity contexts",
            order: PurgeOrder::Derived,
            // All of it holds at the cursor.
            size: |world| CacheSize {
                bytes: world.get_resource().map_or(0, EntityContexts::heap_bytes),
                idle_bytes: 0,
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
    counters: Res<WorkCounters>,
    recordings: Res<Recordings>,
    log: Res<DiffLog>,
    latest_at: Res<LatestAtResults>,
    cursor: Res<Cursor>,
) {
    puffin::profile_scope!("context_systems", "transforms");
    let entry = cursor.recording.and_then(|key| recordings.get(key));
    let composed = transforms.bypass_change_detection().update(
        cursor.recording,
        entry.map(RecordingEntry::store),
        &log,
        &latest_at,
    );
    counters.add(Work::TransformRowsRead, composed.rows_read);
    counters.add(Work::TransformsComposed, composed.frames);
}

fn update_contexts(
    mut contexts: ResMut<EntityContexts>,
    transforms: Res<Transforms>,
    recordings: Res<Recordings>,
    latest_at: Res<LatestAtResults>,
    cursor: Res<Cursor>,
) {
    puffin::profile_scope!("context_systems", "contexts");
    let entry = cursor.recording.and_then(|key| recordings.get(key));
    contexts.bypass_change_detection().update(ContextInputs {
        recording: cursor.recording,
        store: entry.map(RecordingEntry::store),
        transforms: &transforms,
        latest_at: &latest_at,
    });
}

/// What is wrong with the contexts of entities that a view shows something at or below.
fn context_reports(world: &World, view: ViewId) -> Vec<Report> {
    let transforms = world.resource::<Transforms>().reports();
    let reports: Vec<&Report> = transforms
        .into_iter()
        .chain(world.resource::<EntityContexts>().reports())
        .collect();
    if reports.is_empty() {
        return Vec::new();
    }
    let Some(results) = world
        .resource::<crate::ActiveBlueprint>()
        .entity(view)
        .and_then(|entity| world.get::<DataResults>(entity))
    else {
        return Vec::new();
    };
    let concerns = |report: &&Report| report.entity.as_ref().is_none_or(|path| results.has_below(path));
    reports.into_iter().filter(concerns).cloned().collect()
}
