//! Phase 6: each view's data results, and the rows that they show where the view looks.
//!
//! Two products. [`DataResults`] says which entities a view shows, and by which visualizers; it changes with
//! the schema and the blueprint, not with time. [`LatestAtResults`] has the latest row per (entity,
//! component) at the cursor, once for all views that look there; at a cursor move only those are looked up
//! anew whose validity has ended, found by an ordered index. Views that look elsewhere have others
//! ([`QueryContexts`]).
//!
//! The entities are walked per recording ([`walk`]), whatever the number of times at which it is looked at.

mod data_results;
mod latest_at;
mod walk;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::ViewId;
use chronoscope_store::{ChunkStore, EntityId, EntityPath};
use chronoscope_types::Pinhole;
use rustc_hash::FxHashSet;

pub use data_results::{DataResult, DataResults, InstructionIndex, ResultKey, ResultQuery};
pub(crate) use latest_at::AT_ONCE;
pub use latest_at::{EntityResults, LatestAtResults};
pub(crate) use walk::Walks;

use walk::Walk;

use crate::{
    ContextId, Cursor, DiffLog, EntityContexts, Frame, FrameDiagnostics, FrameSystems, QueryContext,
    QueryContexts, RecordingEntry, Recordings, View, ViewTile, Visualizers, Work, WorkCounters,
    visualizer::QueryMode,
};

/// Keeps [`DataResults`] and [`LatestAtResults`].
pub struct QueryResultsPlugin;

impl Plugin for QueryResultsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<LatestAtResults>().init_resource::<Walks>();
        app.add_systems(Frame, query_results.in_set(FrameSystems::QueryResults));
    }
}

/// The views, and what of them is worked on.
type Views<'w, 's> = Query<
    'w,
    's,
    (
        &'static View,
        &'static ViewTile,
        &'static QueryContext,
        &'static mut DataResults,
    ),
>;

fn query_results(
    mut walks: ResMut<Walks>,
    mut latest_at: ResMut<LatestAtResults>,
    mut contexts: ResMut<QueryContexts>,
    mut views: Views<'_, '_>,
    visualizers: Res<Visualizers>,
    entity_contexts: Res<EntityContexts>,
    recordings: Res<Recordings>,
    cursor: Res<Cursor>,
    log: Res<DiffLog>,
    diagnostics: Res<FrameDiagnostics>,
    counters: Res<WorkCounters>,
) {
    puffin::profile_scope!("query_results");
    let walks = walks.bypass_change_detection();
    let version = &mut walks.version;
    for (_, _, context, mut results) in &mut views {
        if context
            .cursor
            .recording
            .is_none_or(|key| recordings.get(key).is_none())
        {
            let results = results.bypass_change_detection();
            results.clear(context.cursor.recording, version);
        }
    }
    let looked_at = cursor.recording.into_iter().chain(
        views
            .iter()
            .filter_map(|(_, _, context, _)| context.cursor.recording),
    );
    walks.keep(looked_at);
    for walk in &mut walks.walks {
        let Some(entry) = recordings.get(walk.recording()) else {
            continue;
        };
        walk.read_log(
            &log,
            entry.store(),
            entity_contexts.registrations(),
            diagnostics.frame,
        );
        walk.learn(&visualizers, &entity_contexts, entry.store());
        walk_views(
            walk,
            &mut walks.version,
            &mut views,
            entry,
            &visualizers,
            &counters,
        );
    }

    let follow = |id: ContextId, cursor: Cursor, latest_at: &mut LatestAtResults| {
        let entry = cursor.recording.and_then(|key| recordings.get(key));
        let walk = entry.and_then(|entry| walks.of(entry.key()));
        let mut is_reset = latest_at.begin(cursor, diagnostics.frame);
        let Some((entry, walk)) = entry.zip(walk) else {
            return;
        };
        if walk.walked.is_reset && !is_reset {
            latest_at.reset();
            is_reset = true;
        }
        let is_asked = |(_, tile, context, _): &(&View, &ViewTile, &QueryContext, &DataResults)| {
            tile.shown && context.id == id
        };
        let asking = || views.iter().filter(is_asked);
        let mut shown: Vec<ViewId> = asking().map(|(view, ..)| view.id).collect();
        shown.sort_unstable();
        let is_seen = !shown.is_empty();
        let is_same = latest_at.is_asked_by(shown) && !is_reset && !walk.walked.any_view;
        let results = || asking().map(|(.., results)| results);
        // Contexts hold below the entities that have them, so they are looked up for all, but only where a view is shown.
        let context = is_seen.then(|| walk.capabilities().context_entities());
        let new = is_same.then_some(&walk.walked.schema);
        want(latest_at, context, new, &visualizers, results);
        latest_at.touch(&walk.walked.touched);
        latest_at.look_up(entry.store(), &entry.recording.cache, walk.capabilities());
        counters.add(Work::LookedUp, latest_at.looked_up());
    };
    follow(ContextId::CURSOR, *cursor, latest_at.bypass_change_detection());
    for (id, products) in &mut contexts.bypass_change_detection().others {
        follow(*id, products.cursor, &mut products.latest_at);
    }
}

/// Walks the entities of a recording: once for all views of it that need a whole walk; new entities are
/// offered to each of the others.
fn walk_views(
    walk: &mut Walk,
    version: &mut u64,
    views: &mut Views<'_, '_>,
    entry: &RecordingEntry,
    visualizers: &Visualizers,
    counters: &WorkCounters,
) {
    let (key, store) = (entry.key(), entry.store());
    let mut walk_anew: Vec<Mut<'_, DataResults>> = Vec::new();
    for (view, _, context, mut results) in views {
        if context.cursor.recording != Some(key) {
            continue;
        }
        let quiet = results.bypass_change_detection();
        let camera = camera_of(view, visualizers, store);
        if walk.walked.is_reset || quiet.must_walk(view, Some(key), camera) {
            quiet.begin_walk(view, Some(key), camera.cloned());
            walk_anew.push(results);
        } else if !walk.walked.schema.is_empty() {
            let before = quiet.version();
            quiet.extend(
                store,
                walk.capabilities(),
                visualizers,
                &walk.walked.schema,
                version,
            );
            if quiet.version() != before {
                results.set_changed();
            }
        }
    }
    walk.walked.any_view = !walk_anew.is_empty();
    if walk.walked.any_view {
        let mut walked: Vec<&mut DataResults> = walk_anew.iter_mut().map(|results| &mut **results).collect();
        data_results::walk(&mut walked, store, walk.capabilities(), visualizers, version);
        counters.add(Work::EntitiesWalked, store.tree().len());
    } else {
        counters.add(Work::EntitiesWalked, walk.walked.schema.len());
    }
}

/// The entity at or above the origin of a view that has a camera, where the view's class shows what a camera sees.
///
/// Whether there is one at the cursor, transforms tell: this holds for all times.
fn camera_of<'s>(view: &View, visualizers: &Visualizers, store: &'s ChunkStore) -> Option<&'s EntityPath> {
    if !visualizers.has_projected(&view.class) {
        return None;
    }
    let camera = store.component_id(&Pinhole::IMAGE_FROM_CAMERA)?;
    let mut above = view.blueprint.origin.ancestors();
    // The store need not have all of the path.
    let nearest = above.find_map(|path| store.entity_id(&path))?;
    let mut above = store.tree().ancestors(nearest);
    let entity = above.find(|entity| store.has_component(*entity, camera))?;
    Some(store.entity_path(entity))
}

/// Says which entities are looked up in a context: those that its shown views show, and those that say what
/// holds below them too. Where it has the same views with the same entities as before, only what is `new`.
fn want<'v, I: Iterator<Item = &'v DataResults>>(
    latest_at: &mut LatestAtResults,
    context: Option<&FxHashSet<EntityId>>,
    new: Option<&FxHashSet<EntityId>>,
    visualizers: &Visualizers,
    results: impl Fn() -> I,
) {
    let needs_rows = |result: &DataResult| {
        result.visualizers.iter().any(|id| {
            visualizers
                .info(*id)
                .is_some_and(|info| info.mode == QueryMode::LatestAt)
        })
    };
    if let Some(new) = new {
        for entity in new {
            let is_wanted = context.is_some_and(|context| context.contains(entity))
                || results().any(|results| results.get(*entity).is_some_and(needs_rows));
            latest_at.want_one(*entity, is_wanted);
        }
        return;
    }
    let mut wanted: FxHashSet<EntityId> = context.cloned().unwrap_or_default();
    for results in results() {
        let needed = results.iter().filter(|result| needs_rows(result));
        wanted.extend(needed.map(|result| result.entity));
    }
    latest_at.want(&wanted);
}
