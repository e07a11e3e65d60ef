//! The blueprint as a store: what is shown, where and how, as rows that are read, edited, undone and saved like all data.
//!
//! Everything is pure functions: from a store to a [`ViewportBlueprint`], from a command to rows.
//!
//! # What a blueprint says
//! [`ids`] name views, containers and view classes, [`contents`] says which entities a view shows, [`viewport`] is all that
//! a blueprint says of the viewer's surface.
//!
//! # Reading
//! [`query`] is a blueprint store at a time, [`read`] makes a [`ViewportBlueprint`] of it, whatever the rows say,
//! [`overrides`] looks up what is said of single entities in a view, and of the view's properties. [`parts`] says which of
//! these a row concerns, [`ignored`](mod@ignored) what is said in vain.
//!
//! # Where nothing is said
//! [`heuristics`] recommend views for the data that is there, and a layout for them.
//!
//! # Editing
//! [`command`] changes a blueprint, [`write`](mod@write) makes rows of the change, [`edit`] writes them into the store of the active
//! blueprint and drops what nothing can read any more, [`undo`] moves between what was.
//!
//! # Files
//! [`document`] is a blueprint as text, to read and write by hand.

pub mod contents;
pub mod error;
pub mod ids;
pub mod viewport;

pub mod query;
pub mod read;

pub mod overrides;

mod vocabulary;

pub mod ignored;
pub mod parts;

pub mod heuristics;

pub mod command;
pub mod write;

pub mod document;

pub mod edit;
mod rows;
pub mod undo;

pub use command::{BlueprintCommand, BlueprintEdit};
pub use contents::{ContentsFilter, ContentsRule, ResolvedContents, RuleEffect, SubtreeMatch};
pub use document::{from_ron, to_ron};
pub use edit::{BlueprintChange, edit_blueprint, reset_blueprint};
pub use error::{BlueprintError, BlueprintProblem, BlueprintReport};
pub use heuristics::{
    EntityDelta, EntitySchema, Matching, Recommendations, RecommendedView, Schema, SchemaDelta,
    SchemaVisualizer, ViewHeuristic, auto_layout, recommended_views, with_heuristics,
};
pub use ids::{ContainerId, Contents, InstructionId, Panel, ViewClassId, ViewId};
pub use ignored::{IgnoredKind, IgnoredSetting, ignored};
pub use overrides::{
    EntityOverrides, Instruction, OverrideTarget, OwnBehavior, VisualizerInstruction, inherited_behavior,
    overridden_entities, overrides_for, own_behavior, view_default, view_defaults, view_property,
    visible_time_ranges,
};
pub use parts::BlueprintPart;
pub use query::{BLUEPRINT_TIMELINE, BlueprintQuery, newest_blueprint_time};
pub use read::read_viewport;
pub use rows::drop_rows_after;
pub use undo::{Edit, Gesture, UndoState};
pub use viewport::{
    ContainerBlueprint, Derived, MAX_CONTAINER_DEPTH, PanelStates, TimePanelBlueprint, ViewBlueprint,
    ViewportBlueprint,
};

pub use chronoscope_types::enums::{ContainerKind, LoopMode, PanelState, PlayState};
