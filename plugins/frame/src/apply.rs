//! Phase 4: the user's commands are carried out, time moves, and pending cache invalidations are applied, once.

use std::{sync::Arc, time::Duration};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};
use chronoscope_blueprint::{BlueprintCommand, BlueprintError, UndoState, read_viewport};
use chronoscope_store::{Recording, StoreId, TimelineId};

use crate::{
    ActiveBlueprint, Cursor, DiffEntry, DiffLog, Frame, FrameSystems, Item, PlayState, RecordingEntry,
    Recordings, Report, Selection, TimeControl, TimeControls, ViewerCommand, ViewerCommands,
    commands::OpenRequests, ingest::Reports,
};

/// Carries commands out and keeps [`Cursor`] and [`Selection`].
pub struct ApplyCommandsPlugin;

impl Plugin for ApplyCommandsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Cursor>().init_resource::<Selection>();
        app.add_systems(
            Frame,
            (apply_commands, advance_time, apply_invalidations, place_cursor)
                .chain()
                .in_set(FrameSystems::ApplyCommands),
        );
    }
}

fn apply_commands(
    mut commands: ResMut<ViewerCommands>,
    mut recordings: ResMut<Recordings>,
    mut times: ResMut<TimeControls>,
    mut selection: ResMut<Selection>,
    mut requests: ResMut<OpenRequests>,
    mut reports: ResMut<Reports>,
    mut log: ResMut<DiffLog>,
    active: Res<ActiveBlueprint>,
) {
    if commands.is_empty() {
        return;
    }
    puffin::profile_scope!("apply_commands");
    let mut hover = None;
    for command in commands.take() {
        match command {
            ViewerCommand::Time(command) => {
                if let Some(entry) = recordings.active() {
                    times.get_mut(entry.key()).apply(&command, entry.store());
                }
            }
            ViewerCommand::Blueprint(command) => {
                if let Err(report) = edit_blueprint(&mut recordings, &mut log, &active, &command) {
                    reports.push(report);
                }
            }
            ViewerCommand::EndGesture => with_undo(&mut recordings, UndoState::end_gesture),
            ViewerCommand::Undo => with_undo(&mut recordings, |undo| _ = undo.undo()),
            ViewerCommand::Redo => with_undo(&mut recordings, |undo| _ = undo.redo()),
            ViewerCommand::ResetBlueprint | ViewerCommand::ResetToHeuristics => {
                let keep_default = matches!(command, ViewerCommand::ResetBlueprint);
                if let Err(report) = reset_blueprint(&mut recordings, &mut log, keep_default) {
                    reports.push(report);
                }
            }
            ViewerCommand::Select(items) => selection.selected = items,
            ViewerCommand::ToggleSelected(item) => toggle(&mut selection, item),
            ViewerCommand::Hover(item) => hover = Some(item),
            ViewerCommand::ActivateRecording(id) => {
                if recordings.activate(&id) {
                    log.push(DiffEntry::Recordings);
                }
            }
            ViewerCommand::CloseRecording(id) => {
                if recordings.close(&id) {
                    times.retain(|key| recordings.get(key).is_some());
                    log.push(DiffEntry::Recordings);
                }
            }
            ViewerCommand::OpenFiles(paths) => requests.0.extend(paths),
        }
    }
    if let Some(hover) = hover.filter(|hover| *hover != selection.hovered) {
        selection.hovered = hover;
    }
}

fn toggle(selection: &mut Selection, item: Item) {
    match selection.selected.iter().position(|other| *other == item) {
        Some(at) => {
            selection.selected.remove(at);
        }
        None => selection.selected.push(item),
    }
}

fn with_undo(recordings: &mut Recordings, change: impl FnOnce(&mut UndoState)) {
    if let Some(application) = recordings.active_application().cloned() {
        change(&mut recordings.blueprints_mut(&application).undo);
    }
}

/// Goes back to the default blueprint, or to the heuristics, as one undo step.
fn reset_blueprint(recordings: &mut Recordings, log: &mut DiffLog, keep_default: bool) -> Result<(), Report> {
    let Some(application) = recordings.active_application().cloned() else {
        return Ok(());
    };
    let default = recordings
        .blueprints(&application)
        .and_then(|blueprints| blueprints.default.clone())
        .filter(|_| keep_default);
    let Some((active, mut undo)) = recordings
        .active_blueprint()
        .map(|(entry, blueprints)| (entry.id().clone(), blueprints.undo.clone()))
    else {
        let (key, events) = recordings.reset_active_blueprint(&application, default.as_ref());
        log.push_events(key, events);
        log.push(DiffEntry::Recordings);
        return Ok(());
    };
    // A copy that shares the chunks, since the active one is written meanwhile.
    let source = default.and_then(|id| recordings.find(&id)).map(|entry| {
        let mut copy = Recording::new(entry.id().clone());
        for chunk in entry.store().export() {
            // What was accepted once is accepted again, under the same rules.
            _ = copy.insert(chunk);
        }
        copy.apply_pending();
        copy
    });
    let entry = recordings.open(&active);
    let key = entry.key();
    let events = chronoscope_blueprint::reset_blueprint(&mut entry.recording, &mut undo, source.as_ref())
        .map_err(|error| Report::warning("blueprint", error.to_string()))?;
    recordings.blueprints_mut(&application).undo = undo;
    log.push_events(key, events);
    Ok(())
}

/// Writes the rows of an edit into the active blueprint, which is made where there is none.
fn edit_blueprint(
    recordings: &mut Recordings,
    log: &mut DiffLog,
    active: &ActiveBlueprint,
    command: &BlueprintCommand,
) -> Result<(), Report> {
    let Some(application) = recordings.active_application().cloned() else {
        return Ok(());
    };
    if recordings.active_blueprint().is_none() {
        let (key, events) = recordings.reset_active_blueprint(&application, None);
        log.push_events(key, events);
    }
    let failed = |error: BlueprintError| Report::warning("blueprint", error.to_string());
    // What is shown now, heuristic views included, so that editing one writes it down.
    let (id, viewport, mut undo) = match recordings.active_blueprint() {
        Some((entry, blueprints)) => {
            let (stored, _) = read_viewport(
                entry.store(),
                &entry.recording.cache,
                blueprints.undo.query_time(),
            );
            (
                entry.id().clone(),
                active.with_stored(&stored),
                blueprints.undo.clone(),
            )
        }
        None => return Ok(()),
    };
    let entry = recordings.open(&id);
    let key = entry.key();
    let change = chronoscope_blueprint::edit_blueprint(&mut entry.recording, &mut undo, &viewport, command)
        .map_err(failed)?;
    recordings.blueprints_mut(&application).undo = undo;
    log.push_events(key, change.events);
    Ok(())
}

/// Uses a blueprint that was sent: shows it, or resets to it from now on, or both.
pub(crate) fn activate_blueprint(
    recordings: &mut Recordings,
    log: &mut DiffLog,
    times: &mut TimeControls,
    blueprint: &StoreId,
    make_active: bool,
    make_default: bool,
) {
    let application = blueprint.application_id.clone();
    if make_default {
        recordings.blueprints_mut(&application).default = Some(blueprint.clone());
    }
    let shows_none = recordings
        .blueprints(&application)
        .is_none_or(|blueprints| blueprints.active.is_none());
    if make_active || (make_default && shows_none) {
        let (key, events) = recordings.reset_active_blueprint(&application, Some(blueprint));
        log.push_events(key, events);
        apply_time_panel(recordings, times, &application);
    }
    log.push(DiffEntry::Recordings);
}

/// Takes timeline, speed and loop from a blueprint that has just become the active one.
fn apply_time_panel(recordings: &mut Recordings, times: &mut TimeControls, application: &Arc<str>) {
    let Some(id) = recordings
        .blueprints(application)
        .and_then(|blueprints| blueprints.active.clone())
    else {
        return;
    };
    let entry = recordings.open(&id);
    entry.recording.apply_pending();
    let (viewport, _) = read_viewport(entry.store(), &entry.recording.cache, i64::MAX);
    let panel = viewport.time_panel;
    let keep_timeline = times.timeline_is_given;
    let apply = |control: &mut TimeControl| {
        if let Some(timeline) = panel.timeline.as_deref().filter(|_| !keep_timeline) {
            control.set_timeline(timeline);
        }
        if let Some(speed) = panel.playback_speed {
            control.set_speed(speed);
        }
        if let Some(fps) = panel.fps {
            control.set_fps(fps);
        }
        if let Some(mode) = panel.loop_mode {
            control.set_loop_mode(mode);
        }
        if let Some(state) = panel.play_state {
            control.set_play_state(state);
        }
    };
    apply(&mut times.initial);
    let keys: Vec<_> = recordings
        .recordings()
        .filter(|entry| entry.id().application_id == *application)
        .map(RecordingEntry::key)
        .collect();
    for key in keys {
        apply(times.get_mut(key));
    }
}

fn advance_time(mut times: ResMut<TimeControls>, recordings: Res<Recordings>, clock: Res<Time<Real>>) {
    let Some(entry) = recordings.active() else { return };
    let elapsed = if times.clock_frozen {
        Duration::ZERO
    } else {
        clock.delta()
    };
    if times.get(entry.key()).play_state() != PlayState::Paused {
        times.get_mut(entry.key()).advance(elapsed, entry.store());
    }
}

fn apply_invalidations(mut recordings: ResMut<Recordings>) {
    for entry in recordings.bypass_change_detection().iter_mut() {
        entry.recording.apply_pending();
    }
}

fn place_cursor(
    mut cursor: ResMut<Cursor>,
    mut log: ResMut<DiffLog>,
    recordings: Res<Recordings>,
    times: Res<TimeControls>,
) {
    let next = match recordings.active() {
        None => Cursor::default(),
        Some(entry) => {
            let control = times.get(entry.key());
            let timeline: Option<TimelineId> = control.timeline(entry.store());
            let time = timeline.map_or(0, |timeline| control.time(entry.store(), timeline));
            Cursor {
                recording: Some(entry.key()),
                timeline,
                time,
            }
        }
    };
    if cursor.set_if_neq(next) {
        log.push(DiffEntry::Cursor);
    }
}
