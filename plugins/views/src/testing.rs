//! What tests of several views share.

#![allow(clippy::unwrap_used, reason = "tests")]

use bevy::app::App;
use chronoscope_frame::{DiffLog, Recordings};
use chronoscope_store::{Chunk, StoreId};

/// Puts a chunk into the recording of a test.
pub(crate) fn log(app: &mut App, chunk: Chunk) {
    let world = app.world_mut();
    let mut recordings = world.resource_mut::<Recordings>();
    let entry = recordings.open(&StoreId::recording("app", "recording"));
    let (key, events) = (entry.key(), entry.recording.insert(chunk).unwrap());
    world.resource_mut::<DiffLog>().push_events(key, events);
}
