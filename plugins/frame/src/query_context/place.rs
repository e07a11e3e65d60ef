//! Where each view looks, found in each frame.

use std::sync::Arc;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use chronoscope_blueprint::{BlueprintCommand, BlueprintQuery, ContextTime, QueryContextSettings, ViewId};

use super::{ContextId, ContextProblem, QueryContexts, resolve::Situation};
use crate::{
    ActiveBlueprint, AppVisualizerExt as _, Cursor, DiffEntry, DiffLog, Frame, FrameSystems, Recordings,
    Report, Reports, TimeCommand, TimeControls, View, ViewTile, ViewerCommand,
    viewport::{query_blueprint, report_ignored},
};

/// Where a view looks. Stands on the view's entity.
#[derive(Component, Clone, Debug, Default)]
pub struct QueryContext {
    /// The context.
    pub id: ContextId,
    /// Recording, timeline and time; nowhere where there is a problem.
    pub cursor: Cursor,
    /// What the blueprint says.
    pub settings: Arc<QueryContextSettings>,
    /// Why there is nothing where the view is to look.
    pub problem: Option<ContextProblem>,
    /// The version of the view's properties that the settings were read at.
    version: Option<u64>,
}

impl QueryContext {
    /// Moves the view to a time of its timeline: by the cursor that it follows, or by the blueprint where its
    /// time is fixed.
    pub fn seek(&self, view: ViewId, time: i64) -> ViewerCommand {
        let on_timeline = |time| match &self.settings.timeline {
            None => TimeCommand::SetTime(time),
            Some(timeline) => TimeCommand::SetTimeOf(timeline.to_string(), time),
        };
        match self.settings.time {
            ContextTime::AtCursor => ViewerCommand::Time(on_timeline(time)),
            ContextTime::Offset(offset) => ViewerCommand::Time(on_timeline(time.saturating_sub(offset))),
            ContextTime::Fixed(_) => {
                let settings = QueryContextSettings {
                    time: ContextTime::Fixed(time),
                    ..(*self.settings).clone()
                };
                ViewerCommand::Blueprint(BlueprintCommand::SetProperty(view, settings.properties()))
            }
        }
    }

    /// Takes where the view looks now. Returns whether that is elsewhere than before.
    fn place(&mut self, id: ContextId, place: Result<Cursor, ContextProblem>) -> bool {
        let (cursor, problem) = match place {
            Ok(cursor) => (cursor, None),
            Err(problem) => (Cursor::default(), Some(problem)),
        };
        let is_other = (self.id, self.cursor) != (id, cursor) || self.problem != problem;
        (self.id, self.cursor, self.problem) = (id, cursor, problem);
        is_other
    }
}

/// Keeps [`QueryContext`] of each view, and [`QueryContexts`].
pub struct QueryContextsPlugin;

impl Plugin for QueryContextsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<QueryContexts>()
            .init_resource::<Reports>()
            .add_view_reports(problem_of)
            .add_systems(
                Frame,
                (read_settings, place_contexts)
                    .chain()
                    .after(query_blueprint)
                    // Both may report.
                    .after(report_ignored)
                    .in_set(FrameSystems::BlueprintQuery),
            );
    }
}

/// Why a view shows nothing, if that is because of where it looks.
fn problem_of(world: &World, view: ViewId) -> Vec<Report> {
    let entity = world
        .get_resource::<ActiveBlueprint>()
        .and_then(|active| active.entity(view));
    let problem = entity.and_then(|entity| world.get::<QueryContext>(entity)?.problem.as_ref());
    let report = |problem: &ContextProblem| Report::warning("query context", problem.to_string());
    problem.map(report).into_iter().collect()
}

/// Reads what the blueprint says, of views of which a property changed.
fn read_settings(
    mut views: Query<(&View, &mut QueryContext)>,
    mut reports: ResMut<Reports>,
    mut generation: Local<Option<u64>>,
    active: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
) {
    let now = Some(active.generation());
    if std::mem::replace(&mut *generation, now) == now {
        return;
    }
    let query = recordings.active_blueprint().map(|(entry, blueprints)| {
        let time = blueprints.undo.query_time();
        BlueprintQuery::new(entry.store(), &entry.recording.cache, time)
    });
    for (view, mut context) in &mut views {
        let context = context.bypass_change_detection();
        let version = Some(active.properties_version(view.id));
        if context.version == version {
            continue;
        }
        context.version = version;
        let (settings, problems) = query
            .as_ref()
            .map(|query| QueryContextSettings::read(query, view.id))
            .unwrap_or_default();
        for problem in problems {
            reports.push(Report::warning("blueprint", problem.to_string()));
        }
        if *context.settings != settings {
            context.settings = Arc::new(settings);
        }
    }
}

/// Finds where each view looks. Cost: the views.
fn place_contexts(
    mut contexts: ResMut<QueryContexts>,
    mut views: Query<(&View, &ViewTile, &mut QueryContext)>,
    mut log: ResMut<DiffLog>,
    recordings: Res<Recordings>,
    times: Res<TimeControls>,
    cursor: Res<Cursor>,
) {
    let contexts = contexts.bypass_change_detection();
    let situation = Situation {
        recordings: &recordings,
        times: &times,
        cursor: *cursor,
    };
    let mut elsewhere = Vec::new();
    for (view, tile, mut context) in &mut views {
        let quiet = context.bypass_change_detection();
        if quiet.settings.is_default() {
            // That the cursor moved is in the log already.
            quiet.place(ContextId::CURSOR, Ok(*cursor));
        } else {
            elsewhere.push((view.id, tile, context));
        }
    }
    elsewhere.sort_by_key(|(view, ..)| *view);
    let mut has_moved = false;
    for (_, tile, mut context) in elsewhere {
        let context = context.bypass_change_detection();
        let place = situation.resolve(&context.settings);
        let id = match place {
            Ok(place) if tile.shown => {
                let follows_cursor = situation.follows_cursor(&context.settings);
                contexts.take(&context.settings, place, follows_cursor)
            }
            Ok(_) | Err(_) => ContextId::NOTHING,
        };
        has_moved |= context.place(id, place);
    }
    contexts.forget_unused();
    if has_moved {
        log.bypass_change_detection().push(DiffEntry::Cursor);
    }
}
