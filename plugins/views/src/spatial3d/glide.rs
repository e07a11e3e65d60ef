//! How an eye that is sent somewhere gets there.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use bevy::ecs::prelude::*;
use chronoscope_blueprint::ViewId;

use super::eye::Eye;

/// How the eyes of 3D views move that are sent to another place: back to everything, or to what is selected. Drags, the wheel and
/// the keys for flying move an eye at once.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct EyeMotion {
    /// Seconds on the way. None by default, so that a picture shows where the eye is sent.
    pub glide_secs: f64,
}

/// The views whose eyes were sent somewhere in the last pass.
#[derive(Resource, Debug, Default)]
pub(crate) struct SentEyes(Mutex<BTreeSet<ViewId>>);

impl SentEyes {
    /// Has the next frame begin the way to what the blueprint says by then.
    pub(super) fn send(&self, view: ViewId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(view);
    }

    pub(super) fn take(&self, view: ViewId) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&view)
    }
}

/// An eye on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Glide {
    from: Eye,
    secs: f64,
}

impl Glide {
    pub(super) fn start(from: Eye) -> Self {
        Self { from, secs: 0.0 }
    }

    /// Where the eye is so much later on its way to another; `None` where it has arrived.
    pub(super) fn advance(&mut self, secs: f64, to: &Eye, motion: EyeMotion) -> Option<Eye> {
        self.secs += secs;
        let share = self.secs / motion.glide_secs;
        // It starts fast and comes to rest slowly.
        (share < 1.0).then(|| self.from.between(to, 1.0 - (1.0 - share).powi(3)))
    }
}
