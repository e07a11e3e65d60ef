//! The frame: what is shown, as a pure function of (blueprint, recordings, cursor), made anew from what
//! changed.
//!
//! The phases run in a schedule of their own, [`Frame`], between `Update` and `PostUpdate`. Each phase is one
//! plugin with one set of [`FrameSystems`]; it writes its own product and reads the products before it. The
//! modules follow the frame:
//!
//! # 1. The data and who asks for it
//! [`recordings`] holds the stores that are open; [`commands`] is what a user asks for, [`requests`] those that
//! wait for what they name and are answered; [`diff`] numbers what changed.
//!
//! # 2. Ingest, GC, commands
//! [`ingest`] drains what files and streams deliver, within a budget; [`chunk_loading`] has chunks read that
//! are known and not loaded, and says what waits for them. [`memory`] keeps within the one memory budget.
//! [`apply`] carries out commands: the cursor ([`time_control`]), the blueprint, the selection
//! ([`selection`]). `document` is the shown blueprint as text, to be saved, copied and pasted.
//!
//! # 3. What is to be shown
//! [`viewport`] reads the blueprint and keeps one ECS entity per view; [`view_class`] is what may be shown,
//! and how it is recommended. [`query_context`] finds where each view looks: the cursor, unless the blueprint
//! says otherwise. [`query_results`] finds each view's data results and asks the stores for their
//! components; [`overrides`] says which source of a component wins.
//!
//! # 4. What it looks like
//! [`context`] has what all views share: transforms, and values that hold for an entity and below it.
//! [`visualizer`] turns data results into visuals. Presenting them is up to the views.
//!
//! # 5. What it cost
//! [`diagnostics`] measures each phase; [`settle`] says when nothing is pending, [`idle`] when there is nothing to do at all.
//!
//! # For hosts
//! [`host`] has what happens as events to observe, and what can be asked for as one system parameter.

mod activate;
pub mod apply;
mod budget;
pub mod chunk_loading;
pub mod commands;
pub mod context;
pub mod diagnostics;
pub mod diff;
mod document;
pub mod error;
pub mod host;
mod identity;
pub mod idle;
pub mod ingest;
pub mod kept;
pub mod memory;
pub mod overrides;
mod plugins;
pub mod products;
pub mod query_context;
pub mod query_results;
mod recording_key;
pub mod recordings;
pub mod requests;
pub mod schedule;
pub mod selection;
pub mod settle;
pub mod time_control;
pub mod view_class;
pub mod viewport;
pub mod visualizer;

pub use apply::CompleteStores;
pub use budget::{
    AppViewerCacheExt, CacheSize, CacheUse, MemoryBudget, MemoryUse, PurgeOrder, ViewerCache, ViewerCaches,
};
pub use chunk_loading::{MissingChunks, ReadAhead};
pub use commands::{
    CommandId, Export, FileKind, FileKinds, OffersDemo, RecentFiles, TimeCommand, ViewerCommand,
    ViewerCommands,
};
pub use context::{
    Annotations, AppEntityContextExt, Camera, ContextReader, ContextRows, EntityContext, EntityContexts,
    Inherit, Place, ReadContext, Transforms, ViewAxes,
    transforms::{
        FrameId, NoTransform, Origin, OriginCamera, PinholeCamera, Placement, TransformChanges, Tree,
    },
};
pub use diagnostics::{FrameDiagnostics, FrameSample, PhaseTime, QueryUse, Work, WorkCounters};
pub use diff::{DiffEntry, DiffLog};
pub use error::{Report, Reports};
pub use host::{
    HostEventsPlugin, ViewerClick, ViewerCursorMoved, ViewerHandle, ViewerHoverChanged,
    ViewerRecordingOpened, ViewerSelectionChanged,
};
pub use idle::has_work;
pub use ingest::{
    IngestMessage, IngestSource, IngestSources, ListenLink, SourceFlow, SourcePoll, SourceState,
};
pub use overrides::{ResolvedInstruction, ResolvedOverrides, ViewOverrides};
pub use plugins::FramePlugins;
pub use query_context::{ContextId, ContextProblem, InContext, InContexts, QueryContext, QueryContexts};
pub use query_results::{DataResult, DataResults, InstructionIndex, LatestAtResults, ResultKey, ResultQuery};
pub use recording_key::RecordingKey;
pub use recordings::{RecordingEntry, Recordings};
pub use requests::{CommandError, CommandFinished, answer_command};
pub use schedule::{Frame, FrameSystems};
pub use selection::{Item, Selection};
pub use settle::Settled;
pub use time_control::{Cursor, LoopMode, PlayState, TimeControl, TimeControls};
pub use view_class::{AppViewClassExt, Space, ViewClass, ViewClasses, ViewLayers};
pub use viewport::{ActiveBlueprint, View, ViewTile};
pub use visualizer::{
    AppFallbackExt, AppVisualizerExt, FallbackInput, Resolved, Source, Visual, Visualizer, VisualizerInfo,
    VisualizerInput, Visualizers, Visuals, resolve,
};
