//! Settled: nothing is pending, so what is shown is what blueprint, recordings and cursor say.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;

use crate::{DiffLog, Frame, FrameSystems, IngestSources, ViewerCommands, commands::OpenRequests};

/// Whether anything is pending: data that arrives, commands, decoding, a tile's new size.
///
/// A frame is settled when nothing was pending and nothing changed. Some effects need a frame or two to reach the screen (a tile's
/// size, a texture), so what is to be kept, such as a screenshot, waits for some settled frames in a row.
#[derive(Resource, Debug, Default)]
pub struct Settled {
    frames: u32,
    log_number: u64,
    pending: Arc<AtomicUsize>,
    repaint_requested: bool,
}

impl Settled {
    /// The settled frames in a row until now.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// Says that something changed in this frame that will be seen only later.
    pub fn disturb(&mut self) {
        self.repaint_requested = true;
    }

    /// Announces work elsewhere (a decode, a load). Nothing is settled until the guard is dropped.
    pub fn pending_work(&self) -> PendingWork {
        self.pending.fetch_add(1, Ordering::Relaxed);
        PendingWork(self.pending.clone())
    }
}

/// Work that is pending for as long as this lives.
#[derive(Debug)]
pub struct PendingWork(Arc<AtomicUsize>);

impl Drop for PendingWork {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Keeps [`Settled`].
pub struct SettlePlugin;

impl Plugin for SettlePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Settled>();
        app.add_systems(Frame, settle.after(FrameSystems::Present));
    }
}

pub(crate) fn settle(
    mut settled: ResMut<Settled>,
    log: Res<DiffLog>,
    sources: Res<IngestSources>,
    commands: Res<ViewerCommands>,
    requests: Res<OpenRequests>,
) {
    let quiet = log.next_number() == settled.log_number
        && sources.is_idle()
        && commands.is_empty()
        && requests.0.is_empty()
        && settled.pending.load(Ordering::Relaxed) == 0
        && !settled.repaint_requested;
    settled.log_number = log.next_number();
    settled.repaint_requested = false;
    settled.frames = if quiet {
        settled.frames.saturating_add(1)
    } else {
        0
    };
}
