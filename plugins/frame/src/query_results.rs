//! Phase 6: each view's data results, and the rows that they show at the cursor.
//!
//! Two products. [`DataResults`] says which entities a view shows, and by which visualizers; it changes with the schema and the
//! blueprint, not with time. [`LatestAtResults`] has the latest row per (entity, component) at the cursor, once for all views; at a cursor
//! move only those are looked up anew whose validity has ended, found by an ordered index.

mod data_results;
mod latest_at;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_store::{CLEAR_COMPONENT, EntityId};
use rustc_hash::FxHashSet;

pub use data_results::{DataResult, DataResults};
pub use latest_at::{EntityResults, LatestAtResults};

use data_results::Capabilities;

use crate::{
    Cursor, DiffEntry, DiffLog, Frame, FrameDiagnostics, FrameSystems, RecordingEntry, RecordingKey,
    Recordings, View, ViewTile, Visualizers, diff::changes_schema, visualizer::QueryMode,
};

/// Keeps [`DataResults`] and [`LatestAtResults`].
pub struct QueryResultsPlugin;

impl Plugin for QueryResultsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<LatestAtResults>()
            .init_resource::<WalkState>();
        app.add_systems(Frame, query_results.in_set(FrameSystems::QueryResults));
    }
}

/// Components that are looked up on every entity that has them, because what they say holds below it too.
pub const CONTEXT_COMPONENTS: &[&str] = &[
    super::context::annotations::CONTEXT,
    "Transform3D:translation",
    "Transform3D:rotation_axis_angle",
    "Transform3D:quaternion",
    "Transform3D:scale",
    "Transform3D:mat3x3",
    "Transform3D:relation",
    "ViewCoordinates:xyz",
    "Pinhole:image_from_camera",
    "Pinhole:resolution",
];

/// What the walk of the entity tree keeps from frame to frame.
#[derive(Resource, Default)]
struct WalkState {
    recording: Option<RecordingKey>,
    log_number: u64,
    capabilities: Capabilities,
    version: u64,
}

/// What the diff log says about the shown recording since the last frame.
#[derive(Default)]
struct Changes {
    reset: bool,
    schema: FxHashSet<EntityId>,
    touched: FxHashSet<EntityId>,
}

fn query_results(
    mut state: ResMut<WalkState>,
    mut latest_at: ResMut<LatestAtResults>,
    mut views: Query<(&View, Ref<ViewTile>, &mut DataResults)>,
    visualizers: Res<Visualizers>,
    recordings: Res<Recordings>,
    cursor: Res<Cursor>,
    log: Res<DiffLog>,
    mut diagnostics: ResMut<FrameDiagnostics>,
) {
    puffin::profile_scope!("query_results");
    let state = &mut *state;
    let changes = read_log(state, &log, *cursor, &recordings);
    let latest_at = latest_at.bypass_change_detection();
    let Some(entry) = cursor.recording.and_then(|key| recordings.get(key)) else {
        latest_at.begin(*cursor, diagnostics.frame);
        for (_, _, mut results) in &mut views {
            results
                .bypass_change_detection()
                .clear(cursor.recording, &mut state.version);
        }
        return;
    };
    let store = entry.store();

    if changes.reset {
        state.capabilities.reset(&visualizers, store);
    } else {
        state.capabilities.extend(&visualizers, store, &changes.schema);
    }

    // One walk for all views that need a whole one; new entities are offered to each of the others.
    let mut walk_anew: Vec<Mut<DataResults>> = Vec::new();
    let mut requests_changed = changes.reset || !changes.schema.is_empty();
    for (view, tile, mut results) in &mut views {
        requests_changed |= tile.is_changed();
        let quiet = results.bypass_change_detection();
        if changes.reset || quiet.must_walk(view, cursor.recording) {
            quiet.begin_walk(view, cursor.recording);
            walk_anew.push(results);
            requests_changed = true;
        } else if !changes.schema.is_empty() {
            quiet.extend(
                store,
                &state.capabilities,
                &visualizers,
                &changes.schema,
                &mut state.version,
            );
        }
    }
    if !walk_anew.is_empty() {
        let mut walked: Vec<&mut DataResults> = walk_anew
            .iter_mut()
            .map(DetectChangesMut::bypass_change_detection)
            .collect();
        data_results::walk(
            &mut walked,
            store,
            &state.capabilities,
            &visualizers,
            &mut state.version,
        );
    }

    latest_at.begin(*cursor, diagnostics.frame);
    if changes.reset {
        latest_at.reset();
    }
    if requests_changed {
        let needs_rows = |result: &DataResult| {
            result.visualizers.iter().any(|id| {
                visualizers
                    .info(*id)
                    .is_some_and(|info| info.mode == QueryMode::LatestAt)
            })
        };
        let mut wanted: FxHashSet<EntityId> = state.capabilities.context_entities().iter().copied().collect();
        for (_, tile, results) in &views {
            if tile.shown {
                wanted.extend(
                    results
                        .iter()
                        .filter(|result| needs_rows(result))
                        .map(|result| result.entity),
                );
            }
        }
        latest_at.want(wanted);
    }
    latest_at.touch(&changes.touched);
    latest_at.look_up(store, &entry.recording.cache, &state.capabilities);
    diagnostics.requeried_entities = latest_at.looked_up();
}

fn read_log(state: &mut WalkState, log: &DiffLog, cursor: Cursor, recordings: &Recordings) -> Changes {
    let store = cursor
        .recording
        .and_then(|key| recordings.get(key))
        .map(RecordingEntry::store);
    let clear = store.and_then(|store| store.component_id(CLEAR_COMPONENT));
    let mut changes = Changes {
        reset: state.recording != cursor.recording,
        ..Changes::default()
    };
    state.recording = cursor.recording;
    match log.since(state.log_number) {
        None => changes.reset = true,
        Some(entries) => {
            for entry in entries {
                if let DiffEntry::Store { recording, event } = entry
                    && Some(*recording) == cursor.recording
                {
                    changes.touched.insert(event.meta.entity);
                    // A recursive clear changes what is below it as well. Whether this one is, is not worth a look: clears are rare.
                    if let Some(store) = store
                        && let Some(clear) = clear
                        && event
                            .meta
                            .components
                            .iter()
                            .any(|component| component.component == clear)
                    {
                        changes.touched.extend(store.tree().descend(event.meta.entity));
                    }
                    if store.is_some_and(|store| changes_schema(event, store)) {
                        changes.schema.insert(event.meta.entity);
                    }
                }
            }
        }
    }
    state.log_number = log.next_number();
    changes
}
