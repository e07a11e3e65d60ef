//! What is recorded, and at what cost.

use std::time::Duration;

use bevy_ecs::prelude::*;
use chronoscope_store::EntityPath;

use crate::RecordTimelines;

/// What is recorded of a world, and at what cost.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// The path below which entities are recorded.
    pub root: EntityPath,
    /// Whether all entities with a `Transform` are recorded. Without it only those with a component of
    /// [`record`](crate::AppRecordExt::record) and its like are.
    pub transforms: bool,
    /// The timelines. Each costs memory and time per entity.
    pub timelines: RecordTimelines,
    /// The time of a frame of a sixtieth of a second for making chunks and putting them into the store of the viewer; longer frames
    /// have as much more, and those that collect memory less. What does not fit waits, longest first: 10,000 entities that all move are in
    /// the store some two seconds later, and cost a frame no more than that. What is looked at in the viewer comes first; what a system asks for by
    /// [`RecordedRows`](crate::RecordedRows), what is rewound or saved, and the last frame of the app wait for nothing.
    pub flush_budget: Duration,
    /// Rows of an entity that are sent at once whatever it costs. Stores merge chunks up to as many.
    pub max_rows: usize,
    /// Whether the frame time is recorded, in milliseconds.
    pub frame_times: bool,
    /// Whether the viewer follows the end of the recording.
    pub follow: bool,
    /// Whether meshes and cameras are recorded, with the Cargo feature `assets`.
    pub assets: bool,
    /// Whether the engine's diagnostics are recorded, with the Cargo feature `diagnostics`.
    pub diagnostics: bool,
    /// Whether what is drawn with gizmos is recorded, with the Cargo feature `gizmos`.
    pub gizmos: bool,
    /// Whether lights are recorded, with the Cargo feature `lights`.
    pub lights: bool,
    /// Whether texts of the engine are recorded, with the Cargo feature `text`.
    pub text: bool,
}

impl Default for RecordSettings {
    fn default() -> Self {
        Self {
            root: EntityPath::from("world"),
            transforms: true,
            timelines: RecordTimelines::default(),
            flush_budget: Duration::from_millis(1),
            max_rows: 4096,
            frame_times: true,
            follow: true,
            assets: true,
            diagnostics: true,
            gizmos: true,
            lights: true,
            text: true,
        }
    }
}

/// The entity and those below it are not recorded. Looked for when an entity is seen for the first time.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct NotRecorded;
