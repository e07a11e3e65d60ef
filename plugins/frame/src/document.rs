//! The shown blueprint as a document: what it says to be saved or copied, and one that is pasted.

use std::sync::Arc;

use chronoscope_blueprint::{
    BlueprintDocument, BlueprintError, BlueprintQuery, TimePanelBlueprint, reset_blueprint,
};
use chronoscope_store::{Recording, StoreId};

use crate::{
    ActiveBlueprint, DiffEntry, DiffLog, PlayState, RecordingEntry, Recordings, Report, TimeControl,
    TimeControls, activate::apply_time_panel,
};

impl ActiveBlueprint {
    /// All that is shown as a document: the views and the layout that heuristics chose included, and the
    /// timeline, speed and loop as they were set. `None` where no recording is open.
    pub fn document(&self, recordings: &Recordings, times: &TimeControls) -> Option<BlueprintDocument> {
        let shown = recordings.active()?;
        let application = &shown.id().application_id;
        let mut document = match recordings.active_blueprint() {
            Some((entry, blueprints)) => {
                let viewport = self
                    .current(recordings)
                    .unwrap_or_else(|| self.read(entry, blueprints));
                let recording = &entry.recording;
                let at = blueprints.undo.query_time();
                BlueprintDocument::new(
                    &viewport,
                    &BlueprintQuery::new(&recording.store, &recording.cache, at),
                )
            }
            None => {
                let nothing = Recording::new(StoreId::blueprint(Arc::clone(application), ""));
                let query = BlueprintQuery::new(&nothing.store, &nothing.cache, i64::MAX);
                BlueprintDocument::new(self.viewport(), &query)
            }
        };
        document.application = Some(Arc::clone(application));
        document.viewport.time_panel = time_panel(shown, times.get(shown.key()));
        Some(document)
    }
}

/// What was set of the time of a recording, for a blueprint. Where the cursor is, and whether it moves, is no
/// part of that, unless it follows the newest data.
fn time_panel(shown: &RecordingEntry, control: &TimeControl) -> TimePanelBlueprint {
    let unset = TimeControl::default();
    let store = shown.store();
    let timeline = control
        .timeline(store)
        .map(|id| store.timeline(id).name().to_string());
    let time_selection = timeline.as_deref().and_then(|name| control.loop_selection(name));
    // A selection is one of a timeline, which is said with it.
    let said = if time_selection.is_some() {
        timeline.as_deref()
    } else {
        control.asked_timeline()
    };
    TimePanelBlueprint {
        timeline: said.map(Arc::from),
        playback_speed: (control.speed() != unset.speed()).then_some(control.speed()),
        fps: (control.fps() != unset.fps()).then_some(control.fps()),
        play_state: (control.play_state() == PlayState::Following).then_some(PlayState::Following),
        loop_mode: (control.loop_mode() != unset.loop_mode()).then_some(control.loop_mode()),
        time_selection,
    }
}

/// Replaces the shown blueprint by one that stands in a text, as one undo step.
pub(crate) fn paste(
    text: &str,
    recordings: &mut Recordings,
    log: &mut DiffLog,
    times: &mut TimeControls,
) -> Result<(), Report> {
    let failed = |error: BlueprintError| {
        Report::error(
            "clipboard",
            format!("The text cannot be pasted as a blueprint: {error}"),
        )
    };
    let Some(application) = recordings.active_application().cloned() else {
        return Ok(());
    };
    let document = BlueprintDocument::from_ron(text).map_err(failed)?;
    let mut pasted = Recording::new(StoreId::blueprint(Arc::clone(&application), "pasted"));
    for chunk in document.chunks(0).map_err(failed)? {
        pasted.insert(chunk).map_err(|error| failed(error.into()))?;
    }
    pasted.apply_pending();
    if recordings.active_blueprint().is_none() {
        let (key, events) = recordings.reset_active_blueprint(&application, None);
        log.push_events(key, events);
        log.push(DiffEntry::Recordings);
    }
    if let Some((entry, undo)) = recordings.active_blueprint_mut() {
        let key = entry.key();
        let events = reset_blueprint(&mut entry.recording, undo, Some(&pasted), "paste blueprint");
        log.push_events(key, events.map_err(failed)?);
    }
    apply_time_panel(recordings, times, &application, &document.viewport.time_panel);
    Ok(())
}
