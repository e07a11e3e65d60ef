//! Phase 8: what all views share. Where entities stand, and what classes are called.

pub mod annotations;
pub mod transforms;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;

use crate::{Cursor, Frame, FrameSystems, LatestAtResults, RecordingEntry, Recordings, Work, WorkCounters};

pub use annotations::Annotations;
pub use transforms::Transforms;

/// Keeps [`Transforms`] and [`Annotations`].
pub struct ContextPlugin;

impl Plugin for ContextPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Transforms>().init_resource::<Annotations>();
        app.add_systems(
            Frame,
            (update_transforms, update_annotations).in_set(FrameSystems::ContextSystems),
        );
    }
}

fn update_transforms(
    mut transforms: ResMut<Transforms>,
    counters: Res<WorkCounters>,
    recordings: Res<Recordings>,
    latest_at: Res<LatestAtResults>,
    cursor: Res<Cursor>,
) {
    puffin::profile_scope!("context_systems", "transforms");
    let store = cursor
        .recording
        .and_then(|key| recordings.get(key))
        .map(RecordingEntry::store);
    let composed = transforms
        .bypass_change_detection()
        .update(cursor.recording, store, &latest_at);
    counters.add(Work::TransformsComposed, composed);
}

fn update_annotations(
    mut annotations: ResMut<Annotations>,
    recordings: Res<Recordings>,
    latest_at: Res<LatestAtResults>,
    cursor: Res<Cursor>,
) {
    puffin::profile_scope!("context_systems", "annotations");
    let store = cursor
        .recording
        .and_then(|key| recordings.get(key))
        .map(RecordingEntry::store);
    annotations
        .bypass_change_detection()
        .update(cursor.recording, store, &latest_at);
}
