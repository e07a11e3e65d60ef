//! The recorder: a Bevy world to a recording, by what changed, and back.
//!
//! # What is recorded
//! [`RecordPlugin`] makes the [`WorldRecorder`] and says when what runs: [`RecordSystems`]. [`RecordSettings`] say what of the
//! world is recorded and what that may cost. [`AppRecordExt`] adds components of the app,
//! [`AppRecordMoreExt`] resources, states and messages, [`AppRecordMaterialExt`] materials. [`RecordAssetsPlugin`] (meshes, cameras),
//! [`RecordLightsPlugin`], [`RecordGizmosPlugin`], [`RecordTextPlugin`], [`RecordDiagnosticsPlugin`] and [`log_layer`] are for what the engine has.
//! [`AppTimeSourceExt`] adds timelines, [`AppLogExt`] recordings of something else.
//!
//! # How
//! Each recorded entity has a slot, with a path by its name and those above it (`slots`). Systems look for what changed by the
//! engine's change ticks, and put a row into the track of the entity (`tracks`): 60 bytes for a transform, no allocation once the
//! tracks have room. At the end of the frame tracks become chunks, those first that wait longest, until the frame's budget is
//! used up. Chunks go to the store of the viewer in this app as they are, and to files and connections put together.
//!
//! # Back
//! [`RewindPlugin`] writes what was recorded back to the world: [`Rewind`] says which time is wanted, and what could not be written.
//!
//! # Asked
//! Who asks the recording does not wait for the frame's budget: [`RecordedRows`] has all rows of the paths that a system names; all rows
//! of everything are sent before a rewind, before something is saved, and in the last frame (`asked`).
//!
//! # Invariants
//! - What rests costs nothing but the engine's look at change ticks.
//! - Rows of a frame are in the order: gone, moved, values. So an entity that takes the name of one that is gone is not cleared.
//! - What is taken away is said to be: fields that an entity has no more are emptied (`fields`), and who is gone is cleared.
//! - The host never fails through the recorder: what cannot be recorded is reported, once.
//!
//! # Glossary
//! | term | meaning |
//! |---|---|
//! | slot | a recorded entity and its path |
//! | track | the rows of an entity, of one kind, that wait to become a chunk |
//! | identity | the row that says which entity is at a path, and which is its parent |
//! | fork | a recording that begins at a time of another |

mod settings;

mod ticks;
mod time_sources;

mod shown;
mod skipped;
mod slots;

mod columns;
mod fields;
mod reflect;
mod rows;
mod tracks;

mod component_rows;
mod recorder;

mod hierarchy;
mod plugin;

mod order;

mod components;

mod app;
#[cfg(feature = "assets")]
mod assets;
#[cfg(feature = "diagnostics")]
mod diagnostics;
#[cfg(feature = "gizmos")]
mod gizmos;
#[cfg(feature = "lights")]
mod lights;
#[cfg(feature = "logs")]
mod logs;
#[cfg(feature = "pbr")]
mod materials;
mod resources;
#[cfg(feature = "text")]
mod text;

mod rewind;

mod asked;

mod clicks;
mod log;

pub use app::AppRecordMoreExt;
pub use asked::RecordedRows;
#[cfg(feature = "assets")]
pub use assets::{AppRecordMaterialExt, MaterialLook, RecordAssetsPlugin};
pub use clicks::RecordedClick;
pub use components::{AppRecordExt, RecordComponent};
#[cfg(feature = "diagnostics")]
pub use diagnostics::RecordDiagnosticsPlugin;
#[cfg(feature = "gizmos")]
pub use gizmos::RecordGizmosPlugin;
#[cfg(feature = "lights")]
pub use lights::RecordLightsPlugin;
pub use log::AppLogExt;
#[cfg(feature = "logs")]
pub use logs::log_layer;
#[cfg(feature = "pbr")]
pub use materials::RecordMaterialsPlugin;
pub use plugin::{RecordPlugin, RecordSystems, is_recording};
pub use recorder::WorldRecorder;
pub use rewind::{EntityRewound, NotRestored, Rewind, RewindPlugin, RewindState};
pub use rows::{ENTITY_COMPONENT, PARENT_COMPONENT};
pub use settings::{NotRecorded, RecordSettings};
#[cfg(feature = "text")]
pub use text::RecordTextPlugin;
pub use ticks::{FIXED_TIMELINE, FRAME_TIMELINE, REAL_TIMELINE, RecordTimelines, SIM_TIMELINE};
pub use time_sources::{AppTimeSourceExt, SourceTime};
