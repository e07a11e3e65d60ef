//! Blueprints that outlive a run: what a user made of the views of an application, to be kept, and restored when
//! a recording of the application is opened again.
//!
//! Kept is what the active blueprint says, not the steps that led to it. A blueprint that comes with a recording
//! wins over what is kept unless it is the one that was edited.

use std::sync::Arc;

use chronoscope_blueprint::{
    BlueprintError, BlueprintQuery, UndoState, fingerprint, newest_blueprint_time, snapshot,
};
use chronoscope_store::{Chunk, StoreId};

use crate::{
    DiffEntry, DiffLog, Recordings, TimeControls, activate::apply_active_time_panel, recordings::RESET,
};

/// What is kept of the blueprint of an application.
#[derive(Clone, Debug, Default)]
pub struct KeptBlueprint {
    /// All that it says.
    pub chunks: Vec<Chunk>,
    /// The fingerprint of the blueprint that had been sent; `None` where there was none.
    pub over: Option<u64>,
}

/// What is to be done about the blueprint that is kept of an application.
#[derive(Clone, Debug)]
pub enum ToKeep {
    /// It stays as it is: nothing was edited.
    Unchanged,
    /// It goes: all edits were taken back.
    Nothing,
    /// This one takes its place.
    Blueprint(KeptBlueprint),
}

impl Recordings {
    /// What is to be kept of the blueprint of an application.
    ///
    /// # Errors
    /// Where its rows make no chunks.
    pub fn blueprint_to_keep(&self, application: &str) -> Result<ToKeep, BlueprintError> {
        let Some(blueprints) = self.blueprints(application) else {
            return Ok(ToKeep::Unchanged);
        };
        if blueprints.undo.undo_name() == Some(RESET) {
            return Ok(ToKeep::Nothing);
        }
        let is_edited = self.is_blueprint_edited(application);
        let active = blueprints.active.as_ref().and_then(|id| self.find(id));
        let Some(active) = active.filter(|_| is_edited || blueprints.undo.can_redo()) else {
            return Ok(ToKeep::Unchanged);
        };
        let at = blueprints.undo.query_time();
        let query = BlueprintQuery::new(active.store(), &active.recording.cache, at);
        let default = blueprints.default.as_ref();
        let over = default.and_then(|id| self.fingerprint_of(id));
        Ok(ToKeep::Blueprint(KeptBlueprint {
            chunks: snapshot(&query, 0)?,
            over: over.or_else(|| blueprints.restored_over.flatten()),
        }))
    }

    /// Whether the blueprint of an application that is shown was edited, in this run or in an earlier one. One that was
    /// reset is none.
    pub fn is_blueprint_edited(&self, application: &str) -> bool {
        self.blueprints(application).is_some_and(|blueprints| {
            let is_restored = blueprints.restored_over.is_some();
            blueprints.undo.undo_name() != Some(RESET) && (is_restored || blueprints.undo.can_undo())
        })
    }

    /// Shows what was kept of the blueprint of an application, and plays time as that says. Returns whether it does:
    /// another blueprint that was sent stays.
    pub fn restore_blueprint(
        &mut self,
        log: &mut DiffLog,
        times: &mut TimeControls,
        application: &Arc<str>,
        kept: KeptBlueprint,
    ) -> bool {
        let known = self.blueprints(application);
        let sent = known.and_then(|known| known.default.clone().or_else(|| known.active.clone()));
        if let Some(sent) = sent
            && self.fingerprint_of(&sent) != kept.over
        {
            return false;
        }
        let (key, mut events) = self.reset_active_blueprint(application, None);
        if let Some(entry) = self.get_mut(key) {
            for chunk in kept.chunks {
                // A row that the store does not take says nothing.
                if let Ok(new) = entry.recording.insert(chunk) {
                    events.extend(new);
                }
            }
            entry.recording.apply_pending();
            let newest = newest_blueprint_time(entry.store());
            let blueprints = self.blueprints_mut(application);
            blueprints.undo = UndoState::new(newest);
            blueprints.restored_over = Some(kept.over);
        }
        apply_active_time_panel(self, times, application);
        log.push_events(key, events);
        log.push(DiffEntry::Recordings);
        true
    }

    /// Whether the active blueprint was restored, and is an edit of this one that was sent.
    pub(crate) fn is_restored_over(&self, blueprint: &StoreId) -> bool {
        let known = self.blueprints(&blueprint.application_id);
        let over = known.and_then(|known| known.restored_over);
        over.is_some_and(|over| over.is_some() && over == self.fingerprint_of(blueprint))
    }

    /// Has the next blueprint of an application win over what was restored: a user asked for it.
    pub(crate) fn forget_restored(&mut self, application: &Arc<str>) {
        self.blueprints_mut(application).restored_over = None;
    }

    fn fingerprint_of(&self, blueprint: &StoreId) -> Option<u64> {
        let entry = self.find(blueprint)?;
        let query = BlueprintQuery::new(entry.store(), &entry.recording.cache, i64::MAX);
        Some(fingerprint(&query))
    }
}
