//! Requests to show everything again.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use bevy::ecs::prelude::*;
use chronoscope_blueprint::ViewId;

/// How often each view was asked to show everything. A window is a matter of each instance of the interface,
/// which looks here whether it is to give it up.
#[derive(Resource, Debug, Default)]
pub(crate) struct WindowResets(Mutex<BTreeMap<ViewId, u64>>);

impl WindowResets {
    /// Asks a view to show everything.
    pub(crate) fn reset(&self, view: ViewId) {
        let mut resets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *resets.entry(view).or_default() += 1;
    }

    /// How often a view was asked until now.
    pub(crate) fn of(&self, view: ViewId) -> u64 {
        let resets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        resets.get(&view).copied().unwrap_or_default()
    }
}
