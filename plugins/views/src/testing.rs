//! What tests of several views share.

#![allow(clippy::unwrap_used, reason = "tests")]

use bevy::{app::App, ecs::world::Mut};
use chronoscope_frame::{DiffLog, Recordings};
use chronoscope_store::{Chunk, StoreId};

/// Puts a chunk into the recording of a test.
pub(crate) fn log(app: &mut App, chunk: Chunk) {
    let world = app.world_mut();
    world.resource_scope(|world, mut log: Mut<DiffLog>| {
        let mut recordings = world.resource_mut::<Recordings>();
        let id = StoreId::recording("app", "recording");
        recordings.insert(&mut log, &id, chunk).unwrap();
    });
}
