//! The blueprint as a store: what is shown, where and how, as rows that are read, edited, undone and saved like all data.
//!
//! Everything is pure functions: from a store to a [`ViewportBlueprint`], from a command to rows.
//!
//! # The content of a blueprint
//! [`ids`] name views, containers and view classes, [`contents`] are rules for the entities that a view shows, [`viewport`] is the
//! model of the viewer's surface.
//!
//! # Reading
//! [`query`] is a blueprint store at a time, [`read`] turns it into a [`ViewportBlueprint`] and reports what makes no sense,
//! [`overrides`] looks up overrides of single entities and properties of views, [`query_context`] where a view looks. [`parts`] names the part of a blueprint that a row
//! belongs to, [`ignored`](mod@ignored) lists settings that are not supported yet.
//!
//! # Defaults
//! [`heuristics`] recommend views for the data of a recording, and a layout for them.
//!
//! # Editing
//! [`command`] lists the edits, [`plan`] carries one out on the model, [`write`](mod@write) turns the difference into rows, [`edit`]
//! puts them into the store of the active blueprint and drops rows that cannot be read again, [`undo`] is the history.
//!
//! # Files
//! [`document`] is a blueprint as text, to read and write by hand.
//!
//! # Glossary
//! - *Active blueprint*: the one that is shown and edited. *Default blueprint*: the one that was sent, to reset to.
//! - *Blueprint time*: a time of the one timeline of a blueprint. Each edit writes its rows at a later one.
//! - *Derived*: added by heuristics and not in the store. An edit writes it down.
//! - *Instruction*: the use of a visualizer for an entity in a view, with overrides of its own.
//! - *Navigation*: moving an eye or the part of a plot that is shown. No undo step.
//! - *Property*: a setting of a view. *Override*: a setting of an entity in a view. *Default*: a value that a view uses for
//!   components that the data does not have.
//! - *Query context*: the recording, the timeline and the time that a view shows.
//! - *Schema*: which entities have which components at any time. *Signature*: a set of components that entities share.
//! - *Undo point*: a blueprint time at which undo and redo stop. *Ground*: the earliest.

pub mod contents;
pub mod error;
pub mod ids;
pub mod viewport;

pub mod query;
pub mod read;

mod content_hash;
pub mod overrides;
pub mod query_context;

mod vocabulary;

pub mod ignored;
pub mod parts;

pub mod heuristics;

pub mod command;
pub mod plan;
pub mod write;

pub mod document;

pub mod edit;
mod rows;
mod snapshot;
pub mod undo;

pub use command::BlueprintCommand;
pub use content_hash::content_hash;
pub use contents::{
    ContentsFilter, ContentsRule, PROPERTIES_PATH, ResolvedContents, RuleEffect, SubtreeMatch,
};
pub use document::{BlueprintDocument, EntitySettings, MAX_DOCUMENT_BYTES, ViewSettings, VisualizerSettings};
pub use edit::{BlueprintChange, edit_blueprint, reset_blueprint};
pub use error::{BlueprintError, BlueprintProblem, BlueprintReport};
pub use heuristics::{
    EntityDelta, EntitySchema, Matching, Recommendations, RecommendedView, Schema, SchemaDelta,
    SchemaVisualizer, ViewHeuristic, auto_layout, natural_order, with_heuristics,
};
pub use ids::{ContainerId, Contents, InstructionId, Panel, ViewClassId, ViewId};
pub use ignored::{IgnoredKind, IgnoredSetting, honored_properties, ignored};
pub use overrides::{
    EntityOverrides, Instruction, OverrideTarget, OwnBehavior, VisualizerInstruction, inherited_behavior,
    overridden_entities, overrides_for, own_behavior, view_default, view_defaults, view_properties,
    view_property, view_time_ranges, visible_time_ranges,
};
pub use parts::BlueprintPart;
pub use plan::BlueprintEdit;
pub use query::{BLUEPRINT_TIMELINE, BlueprintQuery, newest_blueprint_time};
pub use query_context::{ContextTime, QueryContextSettings, RecordingName};
pub use read::read_viewport;
pub use rows::drop_rows_after;
pub use snapshot::{fingerprint, snapshot};
pub use undo::{Edit, Gesture, UndoState};
pub use viewport::{
    ContainerBlueprint, Derived, MAX_CONTAINER_DEPTH, PanelStates, TimePanelBlueprint, ViewBlueprint,
    ViewportBlueprint,
};
pub use vocabulary::{EYE_POSITION_REST, EYE_TARGET_REST};

pub use chronoscope_types::enums::{ContainerKind, LoopMode, PanelState, PlayState};
