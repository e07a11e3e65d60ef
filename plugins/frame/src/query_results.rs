//! Phase 6: each view's data results, and the rows that they show at the cursor.
//!
//! Two products. [`DataResults`] says which entities a view shows, and by which visualizers; it changes with
//! the schema and the blueprint, not with time. [`LatestAtResults`] has the latest row per (entity,
//! component) at the cursor, once for all views; at a cursor move only those are looked up anew whose
//! validity has ended, found by an ordered index.

mod data_results;
mod latest_at;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{CLEAR_COMPONENT, EntityId};
use rustc_hash::FxHashSet;

pub use data_results::{DataResult, DataResults, InstructionIndex, ResultKey, ResultQuery};
pub use latest_at::{EntityResults, LatestAtResults};

use data_results::Capabilities;

use crate::{
    Cursor, DiffEntry, DiffLog, EntityContexts, Frame, FrameDiagnostics, FrameSystems, RecordingEntry,
    RecordingKey, Recordings, View, ViewTile, Visualizers, Work, WorkCounters, diff::changes_schema,
    visualizer::QueryMode,
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

/// What the walk of the entity tree keeps from frame to frame.
#[derive(Resource, Default)]
struct WalkState {
    recording: Option<RecordingKey>,
    log_number: u64,
    capabilities: Capabilities,
    /// The contexts whose components the capabilities know.
    registrations: u64,
    version: u64,
    /// The views whose tiles can be seen.
    shown: Vec<ViewId>,
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
    mut views: Query<(&View, &ViewTile, &mut DataResults)>,
    visualizers: Res<Visualizers>,
    contexts: Res<EntityContexts>,
    recordings: Res<Recordings>,
    cursor: Res<Cursor>,
    log: Res<DiffLog>,
    diagnostics: Res<FrameDiagnostics>,
    counters: Res<WorkCounters>,
) {
    puffin::profile_scope!("query_results");
    let state = &mut *state;
    let mut changes = read_log(state, &log, *cursor, &recordings);
    if state.registrations != contexts.registrations() {
        // Other components are looked up.
        state.registrations = contexts.registrations();
        changes.reset = true;
    }
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
        state.capabilities.reset(&visualizers, &contexts, store);
    } else {
        state
            .capabilities
            .extend(&visualizers, &contexts, store, &changes.schema);
    }

    // One walk for all views that need a whole one; new entities are offered to each of the others.
    let mut walk_anew: Vec<Mut<DataResults>> = Vec::new();
    let mut shown: Vec<ViewId> = Vec::new();
    for (view, tile, mut results) in &mut views {
        if tile.shown {
            shown.push(view.id);
        }
        let quiet = results.bypass_change_detection();
        if changes.reset || quiet.must_walk(view, cursor.recording) {
            quiet.begin_walk(view, cursor.recording);
            walk_anew.push(results);
        } else if !changes.schema.is_empty() {
            let version = quiet.version();
            quiet.extend(
                store,
                &state.capabilities,
                &visualizers,
                &changes.schema,
                &mut state.version,
            );
            if quiet.version() != version {
                results.set_changed();
            }
        }
    }
    let walks = !walk_anew.is_empty();
    if walks {
        let mut walked: Vec<&mut DataResults> = walk_anew.iter_mut().map(|results| &mut **results).collect();
        data_results::walk(
            &mut walked,
            store,
            &state.capabilities,
            &visualizers,
            &mut state.version,
        );
        counters.add(Work::EntitiesWalked, store.tree().len());
    } else {
        counters.add(Work::EntitiesWalked, changes.schema.len());
    }
    shown.sort_unstable();
    let shown_changed = state.shown != shown;
    state.shown = shown;

    latest_at.begin(*cursor, diagnostics.frame);
    if changes.reset {
        latest_at.reset();
    }
    let needs_rows = |result: &DataResult| {
        result.visualizers.iter().any(|id| {
            visualizers
                .info(*id)
                .is_some_and(|info| info.mode == QueryMode::LatestAt)
        })
    };
    let context = state.capabilities.context_entities();
    let visible = || {
        views
            .iter()
            .filter(|(_, tile, _)| tile.shown)
            .map(|(.., results)| results)
    };
    if walks || shown_changed {
        let mut wanted = context.clone();
        for results in visible() {
            wanted.extend(
                results
                    .iter()
                    .filter(|result| needs_rows(result))
                    .map(|result| result.entity),
            );
        }
        latest_at.want(&wanted);
    } else {
        for entity in &changes.schema {
            let is_wanted = context.contains(entity)
                || visible().any(|results| results.get(*entity).is_some_and(needs_rows));
            latest_at.want_one(*entity, is_wanted);
        }
    }
    latest_at.touch(&changes.touched);
    latest_at.look_up(store, &entry.recording.cache, &state.capabilities);
    counters.add(Work::LookedUp, latest_at.looked_up());
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
                    // A recursive clear changes what is below it as well, and so does what shows that again.
                    if let Some(store) = store
                        && let Some(clear) = clear
                        && store.clears_reach_below(event.meta.entity)
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
