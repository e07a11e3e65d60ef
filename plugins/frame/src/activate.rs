//! Blueprints that were sent become the ones that are shown.

use std::sync::Arc;

use chronoscope_blueprint::{TimePanelBlueprint, read_viewport};
use chronoscope_store::StoreId;

use crate::{DiffEntry, DiffLog, RecordingEntry, Recordings, TimeControls};

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
    let mut replaced = None;
    if make_default {
        let default = &mut recordings.blueprints_mut(&application).default;
        replaced = default.replace(blueprint.clone());
    }
    let shows_none = recordings
        .blueprints(&application)
        .is_none_or(|blueprints| blueprints.active.is_none());
    // What a user made of the very same blueprint in an earlier run is more than it.
    let is_known = make_default && recordings.is_restored_over(blueprint);
    if (make_active || (make_default && shows_none)) && !is_known {
        let (key, events) = recordings.reset_active_blueprint(&application, Some(blueprint));
        log.push_events(key, events);
        apply_active_time_panel(recordings, times, &application);
    }
    // Nothing returns to the one that it replaces.
    if let Some(replaced) = replaced.filter(|replaced| replaced != blueprint) {
        recordings.close(&replaced);
    }
    // What is shown is a copy.
    let is_kept = recordings.blueprints(&application).is_some_and(|known| {
        let mut kept = known.default.iter().chain(&known.active);
        kept.any(|kept| kept == blueprint)
    });
    if make_active && !is_kept {
        recordings.close(blueprint);
    }
    log.push(DiffEntry::Recordings);
}

/// Takes timeline, speed and loop from a blueprint that has just become the active one.
pub(crate) fn apply_active_time_panel(
    recordings: &mut Recordings,
    times: &mut TimeControls,
    application: &Arc<str>,
) {
    let Some(id) = recordings
        .blueprints(application)
        .and_then(|blueprints| blueprints.active.clone())
    else {
        return;
    };
    let entry = recordings.open(&id);
    entry.recording.apply_pending();
    let (viewport, _) = read_viewport(entry.store(), &entry.recording.cache, i64::MAX);
    let mut panel = viewport.time_panel;
    if times.timeline_is_given {
        panel.timeline = None;
    }
    apply_time_panel(recordings, times, application, &panel);
}

/// Takes timeline, speed and loop from what a blueprint says of them, for all recordings of an application,
/// those that are still to come included.
pub(crate) fn apply_time_panel(
    recordings: &Recordings,
    times: &mut TimeControls,
    application: &Arc<str>,
    panel: &TimePanelBlueprint,
) {
    let of_application = recordings
        .recordings()
        .filter(|entry| entry.id().application_id == *application);
    for key in of_application.map(RecordingEntry::key) {
        times.get_mut(key).apply_panel(panel);
    }
    times.set_panel(application, panel.clone());
}

#[cfg(test)]
mod tests {
    use chronoscope_store::StoreKind;

    use super::*;

    #[test]
    fn of_blueprints_that_were_sent_the_default_one_is_kept() {
        let mut recordings = Recordings::default();
        let mut log = DiffLog::default();
        let mut times = TimeControls::default();
        recordings.open(&StoreId::recording("app", "recording"));
        let mut stores_after = |sent: &str, make_default| {
            let sent = StoreId::blueprint("app", sent);
            recordings.open(&sent);
            activate_blueprint(&mut recordings, &mut log, &mut times, &sent, true, make_default);
            let stores = recordings.iter();
            stores
                .filter(|entry| entry.id().kind == StoreKind::Blueprint)
                .count()
        };
        assert_eq!(stores_after("1", false), 1, "the one that is shown");
        assert_eq!(stores_after("2", false), 1);
        assert_eq!(stores_after("3", true), 2);
        assert_eq!(stores_after("4", false), 2);
        assert_eq!(stores_after("5", true), 2);
    }
}
