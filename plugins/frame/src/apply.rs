//! Phase 4: the user's commands are carried out, time moves, and pending cache invalidations are applied,
//! once.

use std::{sync::Arc, time::Duration};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};
use chronoscope_blueprint::{BlueprintCommand, BlueprintError, UndoState, ViewportBlueprint, edit_blueprint};
use chronoscope_store::TimelineId;

use crate::{
    ActiveBlueprint, Cursor, DiffEntry, DiffLog, Frame, FrameSystems, IngestSources, Item, PlayState,
    RecordingKey, Recordings, Report, Reports, Selection, TimeControls, ViewerCommand, ViewerCommands,
    commands::{FileRequests, FrameAllRequest, FrameAllRequests, PictureTarget, ScreenshotRequests},
    document,
    requests::{CommandError, CommandFinished, Names, Requests, WaitingCommands, more_may_arrive},
    selection::{EntityClicked, SelectionChanged},
};

/// Systems that put into the stores what waits elsewhere, before something is saved of all that there is: where
/// [`FileRequests::exports`] has something. Once commands are carried out, and before anything is asked of the stores.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CompleteStores;

/// Carries commands out and keeps [`Cursor`] and [`Selection`].
pub struct ApplyCommandsPlugin;

impl Plugin for ApplyCommandsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<Cursor>()
            .init_resource::<Selection>()
            .init_resource::<WaitingCommands>()
            .init_resource::<FrameAllRequests>()
            .init_resource::<ScreenshotRequests>()
            .add_message::<CommandFinished>()
            .add_message::<EntityClicked>()
            .add_message::<SelectionChanged>();
        app.add_systems(
            Frame,
            (apply_commands, advance_time, apply_invalidations, place_cursor)
                .chain()
                .in_set(FrameSystems::ApplyCommands),
        )
        .configure_sets(
            Frame,
            CompleteStores
                .in_set(FrameSystems::ApplyCommands)
                .after(apply_commands)
                .before(advance_time),
        );
    }
}

fn apply_commands(
    mut commands: ResMut<ViewerCommands>,
    mut requests: Requests<'_>,
    mut recordings: ResMut<Recordings>,
    mut times: ResMut<TimeControls>,
    mut selection: ResMut<Selection>,
    mut files: ResMut<FileRequests>,
    mut sources: ResMut<IngestSources>,
    mut reports: ResMut<Reports>,
    mut log: ResMut<DiffLog>,
    mut clicks: MessageWriter<EntityClicked>,
    mut selection_changes: MessageWriter<SelectionChanged>,
    active: Res<ActiveBlueprint>,
) {
    times.bypass_change_detection().begin_new(&recordings);
    if commands.is_empty() && requests.is_empty() {
        return;
    }
    puffin::profile_scope!("apply_commands");
    let mut hover = None;
    let mut selected_before = None;
    let mut editing = Editing::default();
    for due in requests.due(commands.take()) {
        let request = due.queued.request.as_ref();
        let (id, of) = (
            request.map(|request| request.id),
            request.and_then(|request| request.recording.clone()),
        );
        if request.is_some() {
            let names = Names {
                recordings: &recordings,
                times: &times,
                active: &active,
            };
            if let Err(missing) = names.find(&due.queued.command, of.as_ref()) {
                let may_arrive = more_may_arrive(&sources, &files);
                requests.wait(due, missing, may_arrive, &mut reports);
                continue;
            }
        }
        let mut result = Ok(());
        match &due.queued.command {
            ViewerCommand::Time(command) => {
                let entry = match &of {
                    Some(id) => recordings.find(id),
                    None => recordings.active(),
                };
                if let Some(entry) = entry {
                    times.get_mut(entry.key()).apply(command, entry.store());
                }
            }
            ViewerCommand::Blueprint(command) => {
                match editing.edit(&mut recordings, &mut log, &active, command) {
                    Ok(()) => {}
                    Err(error) if request.is_some() && is_of_missing(&error) => {
                        let may_arrive = more_may_arrive(&sources, &files);
                        requests.wait(due, failed(&error), may_arrive, &mut reports);
                        continue;
                    }
                    Err(error) => result = Err(failed(&error)),
                }
            }
            ViewerCommand::EndGesture => {
                if let Some((_, undo)) = recordings.active_blueprint_mut() {
                    undo.end_gesture();
                }
            }
            ViewerCommand::Undo => editing.undo(&mut recordings, |undo| _ = undo.undo()),
            ViewerCommand::Redo => editing.undo(&mut recordings, |undo| _ = undo.redo()),
            ViewerCommand::GoToStep(step) => editing.undo(&mut recordings, |undo| undo.go_to(*step)),
            command @ (ViewerCommand::ResetBlueprint | ViewerCommand::ResetToHeuristics) => {
                let keep_default = matches!(command, ViewerCommand::ResetBlueprint);
                let done = editing.reset(&mut recordings, &mut log, keep_default);
                result = done.map_err(|error| failed(&error));
            }
            ViewerCommand::Select(items) => {
                selected_before.get_or_insert_with(|| selection.selected.clone());
                selection.selected.clone_from(items);
            }
            ViewerCommand::ToggleSelected(item) => {
                selected_before.get_or_insert_with(|| selection.selected.clone());
                toggle(&mut selection, item.clone());
            }
            ViewerCommand::Click(click) => _ = clicks.write(click.clone()),
            ViewerCommand::Hover(item) => hover = Some(item.clone()),
            ViewerCommand::ActivateRecording(id) => {
                editing = Editing::default();
                if recordings.activate(id) {
                    log.push(DiffEntry::Recordings);
                }
            }
            ViewerCommand::CloseRecording(id) => {
                editing = Editing::default();
                sources.close(id);
                if recordings.close(id) {
                    times.retain(|key| recordings.get(key).is_some());
                    times.retain_panels(|application| recordings.blueprints(application).is_some());
                    log.push(DiffEntry::Recordings);
                }
            }
            ViewerCommand::OpenFiles(paths) => files.open.extend_from_slice(paths),
            ViewerCommand::OpenDemo => files.open_demo = true,
            ViewerCommand::OpenBlueprints(paths) => files.open_blueprints.extend_from_slice(paths),
            ViewerCommand::SaveBlueprint(path) => files.save_blueprint.push(path.clone()),
            ViewerCommand::Export(export, path) => files.exports.push((export.clone(), path.clone())),
            ViewerCommand::RemoveSource(id) => {
                if sources.remove(*id) {
                    log.push(DiffEntry::Recordings);
                }
            }
            ViewerCommand::PasteBlueprint(text) => {
                editing = Editing::default();
                let done = document::paste(text, &mut recordings, &mut log, &mut times);
                result = done.map_err(CommandError::Failed);
            }
            // Answered by those who carry them out.
            ViewerCommand::FrameAll(view) => {
                let (view, frames) = (*view, 0);
                requests.frame_all.0.push(FrameAllRequest { view, id, frames });
                continue;
            }
            ViewerCommand::Screenshot(path) => {
                requests.ask_for_picture(id, None, PictureTarget::File(path.clone()));
                continue;
            }
            ViewerCommand::ScreenshotOf(view, path) => {
                requests.ask_for_picture(id, Some(*view), PictureTarget::File(path.clone()));
                continue;
            }
            ViewerCommand::CopyPicture(view) => {
                requests.ask_for_picture(id, Some(*view), PictureTarget::Clipboard);
                continue;
            }
        }
        requests.answer(id, result, &mut reports);
    }
    if let Some(before) = selected_before.filter(|before| *before != selection.selected) {
        let now = selection.selected.clone();
        selection_changes.write(SelectionChanged { before, now });
    }
    if let Some(hover) = hover.filter(|hover| *hover != selection.hovered) {
        selection.hovered = hover;
    }
}

/// Whether what an edit names is not there, or not yet.
fn is_of_missing(error: &BlueprintError) -> bool {
    matches!(
        error,
        BlueprintError::NoSuchView(_) | BlueprintError::NoSuchContainer(_)
    )
}

fn failed(error: &BlueprintError) -> CommandError {
    CommandError::Failed(Report::warning("blueprint", error.to_string()))
}

fn toggle(selection: &mut Selection, item: Item) {
    match selection.selected.iter().position(|other| *other == item) {
        Some(at) => {
            selection.selected.remove(at);
        }
        None => selection.selected.push(item),
    }
}

/// The active blueprint while commands are carried out: what is shown after those of this frame so far.
#[derive(Default)]
struct Editing {
    shown: Option<Arc<ViewportBlueprint>>,
}

impl Editing {
    /// Carries an edit out on the active blueprint, which is made where there is none.
    fn edit(
        &mut self,
        recordings: &mut Recordings,
        log: &mut DiffLog,
        active: &ActiveBlueprint,
        command: &BlueprintCommand,
    ) -> Result<(), BlueprintError> {
        let Some(application) = recordings.active_application().cloned() else {
            return Ok(());
        };
        if recordings.active_blueprint().is_none() {
            let (key, events) = recordings.reset_active_blueprint(&application, None);
            log.push_events(key, events);
            log.push(DiffEntry::Recordings);
        }
        let Some((entry, blueprints)) = recordings.active_blueprint() else {
            return Ok(());
        };
        // What is shown now, heuristic views included, so that editing one writes it down.
        let known = self.shown.take().or_else(|| active.current(recordings));
        let current = known.unwrap_or_else(|| active.read(entry, blueprints));
        let Some((entry, undo)) = recordings.active_blueprint_mut() else {
            return Ok(());
        };
        let key = entry.key();
        let change = edit_blueprint(&mut entry.recording, undo, &current, command)?;
        log.push_events(key, change.events);
        self.shown = Some(match change.stored {
            Some(stored) => Arc::new(active.with_stored(&stored)),
            None => current,
        });
        Ok(())
    }

    /// Takes all edits back, as one step: to the default blueprint, or to what heuristics choose.
    fn reset(
        &mut self,
        recordings: &mut Recordings,
        log: &mut DiffLog,
        keep_default: bool,
    ) -> Result<(), BlueprintError> {
        self.shown = None;
        let Some(application) = recordings.active_application().cloned() else {
            return Ok(());
        };
        let default = recordings
            .blueprints(&application)
            .and_then(|blueprints| blueprints.default.clone())
            .filter(|_| keep_default);
        if let Some(events) = recordings.rewrite_active_blueprint(&application, default.as_ref())? {
            let (key, events) = events;
            log.push_events(key, events);
        }
        Ok(())
    }

    fn undo(&mut self, recordings: &mut Recordings, change: impl FnOnce(&mut UndoState)) {
        self.shown = None;
        if let Some(application) = recordings.active_application().cloned() {
            change(&mut recordings.blueprints_mut(&application).undo);
        }
    }
}

fn advance_time(
    mut times: ResMut<TimeControls>,
    recordings: Res<Recordings>,
    sources: Res<IngestSources>,
    clock: Res<Time<Real>>,
    mut played: Local<Option<RecordingKey>>,
) {
    let played_before = played.take();
    let Some(entry) = recordings.active() else { return };
    let plays = times.get(entry.key()).play_state() == PlayState::Playing;
    *played = plays.then(|| entry.key());
    // What begins to play in this frame did not play since the one before, which may be long ago: a viewer at rest sleeps.
    let elapsed = if times.clock_frozen || *played != played_before {
        Duration::ZERO
    } else {
        clock.delta()
    };
    if times.get(entry.key()).play_state() != PlayState::Paused {
        let grows = sources.feeds(entry.id());
        times.get_mut(entry.key()).advance(elapsed, entry.store(), grows);
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
