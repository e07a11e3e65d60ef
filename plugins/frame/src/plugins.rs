//! All plugins of the frame, as one group.

use bevy_app::{PluginGroup, PluginGroupBuilder};

use crate::{
    apply::ApplyCommandsPlugin, chunk_loading::ChunkLoadingPlugin, context::ContextPlugin,
    diagnostics::DiagnosticsPlugin, host::HostEventsPlugin, ingest::IngestPlugin, memory::MemoryPlugin,
    overrides::OverridesPlugin, products::ProductsPlugin, query_context::QueryContextsPlugin,
    query_results::QueryResultsPlugin, schedule::FrameSchedulePlugin, settle::SettlePlugin,
    viewport::BlueprintQueryPlugin, visualizer::VisualizersPlugin,
};

/// The frame without views, renderer and user interface. Each plugin can be left out: its product is empty then.
///
/// | plugin | phase | product |
/// |---|---|---|
/// | [`ProductsPlugin`] | | all of them, empty |
/// | [`FrameSchedulePlugin`] | | the schedule [`crate::Frame`] |
/// | [`DiagnosticsPlugin`] | `Begin` | [`crate::FrameDiagnostics`] |
/// | [`IngestPlugin`] | `Ingest` | [`crate::Recordings`], [`crate::DiffLog`] |
/// | [`ChunkLoadingPlugin`] | `Ingest`, `End` | [`crate::Recordings`], [`crate::MissingChunks`] |
/// | [`MemoryPlugin`] | `Gc` | [`crate::MemoryBudget`] is kept |
/// | [`ApplyCommandsPlugin`] | `ApplyCommands` | [`crate::Cursor`], [`crate::Selection`] |
/// | [`BlueprintQueryPlugin`] | `BlueprintQuery` | [`crate::ActiveBlueprint`], an entity per [`crate::View`] |
/// | [`QueryContextsPlugin`] | `BlueprintQuery` | [`crate::QueryContext`] per view, [`crate::QueryContexts`] |
/// | [`QueryResultsPlugin`] | `QueryResults` | [`crate::DataResults`], [`crate::LatestAtResults`] |
/// | [`OverridesPlugin`] | `Overrides` | [`crate::ViewOverrides`] |
/// | [`ContextPlugin`] | `ContextSystems` | [`crate::Transforms`], [`crate::EntityContexts`] |
/// | [`VisualizersPlugin`] | `Visualizers` | [`crate::Visuals`] per visualizer |
/// | [`SettlePlugin`] | `End` | [`crate::Settled`] |
/// | [`HostEventsPlugin`] | `End` | events to observe: [`crate::ViewerClick`] and its like |
pub struct FramePlugins;

impl PluginGroup for FramePlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(ProductsPlugin)
            .add(FrameSchedulePlugin)
            .add(DiagnosticsPlugin)
            .add(IngestPlugin)
            .add(ChunkLoadingPlugin)
            .add(MemoryPlugin)
            .add(ApplyCommandsPlugin)
            .add(BlueprintQueryPlugin)
            .add(QueryContextsPlugin)
            .add(QueryResultsPlugin)
            .add(OverridesPlugin)
            .add(ContextPlugin)
            .add(VisualizersPlugin)
            .add(SettlePlugin)
            .add(HostEventsPlugin)
    }
}
