//! The stretch of time that plots show together.

use std::sync::{Mutex, PoisonError};

use bevy::ecs::prelude::*;
use chronoscope_frame::RecordingKey;
use chronoscope_store::TimelineId;
use rustc_hash::FxHashMap;

use super::window::TimeWindow;

/// The recording and the timeline that a plot shows.
pub(crate) type Axis = (RecordingKey, TimelineId);

/// The stretches of time that linked plots show, once somebody moved or zoomed one of them. The plots of all windows
/// share them.
#[derive(Resource, Debug, Default)]
pub(crate) struct LinkedTimes(Mutex<FxHashMap<Axis, TimeWindow>>);

impl LinkedTimes {
    /// What linked plots of an axis show; `None` where nobody moved them.
    pub(crate) fn get(&self, axis: Axis) -> Option<TimeWindow> {
        let windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.get(&axis).copied()
    }

    /// Has linked plots of an axis show this, or what they show by themselves.
    pub(crate) fn set(&self, axis: Axis, window: Option<TimeWindow>) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match window {
            Some(window) => _ = windows.insert(axis, window),
            None => _ = windows.remove(&axis),
        }
    }
}
