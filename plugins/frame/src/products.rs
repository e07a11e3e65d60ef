//! Empty products, so that each phase finds those of the others, also of one that an app leaves out.

use bevy_app::{App, Plugin};

use crate::{
    ActiveBlueprint, CommandFinished, Cursor, DiffLog, EntityContexts, FileKinds, FrameDiagnostics,
    IngestSources, LatestAtResults, MemoryBudget, OffersDemo, QueryContexts, ReadAhead, RecentFiles,
    Recordings, Reports, Selection, Settled, TimeControls, Transforms, ViewClasses, ViewerCaches,
    ViewerCommands, Visualizers, WorkCounters,
    budget::Purge,
    chunk_loading::OnScreen,
    commands::{FileRequests, FrameAllRequests, ScreenshotRequests},
    ingest::IngestBudget,
    query_results::Walks,
    selection::{EntityClicked, SelectionChanged},
    visualizer::ConcernedVisualizers,
};

/// Begins the products of all phases, empty. The plugin of a phase fills its own; where that is left out, they stay so.
pub struct ProductsPlugin;

impl Plugin for ProductsPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        // What is taken in.
        app.init_resource::<Recordings>()
            .init_resource::<DiffLog>()
            .init_resource::<IngestSources>()
            .init_resource::<IngestBudget>()
            .init_resource::<Reports>()
            .init_resource::<OnScreen>()
            .init_resource::<ReadAhead>()
            .init_resource::<MemoryBudget>()
            .init_resource::<ViewerCaches>()
            .init_resource::<Purge>();
        // What is asked for, and where that leads.
        app.init_resource::<ViewerCommands>()
            .init_resource::<FileKinds>()
            .init_resource::<FileRequests>()
            .init_resource::<FrameAllRequests>()
            .init_resource::<ScreenshotRequests>()
            .init_resource::<OffersDemo>()
            .init_resource::<RecentFiles>()
            .init_resource::<TimeControls>()
            .init_resource::<Cursor>()
            .init_resource::<Selection>()
            .add_message::<CommandFinished>()
            .add_message::<EntityClicked>()
            .add_message::<SelectionChanged>();
        // What is shown of it.
        app.init_resource::<ActiveBlueprint>()
            .init_resource::<ViewClasses>()
            .init_resource::<QueryContexts>()
            .init_resource::<LatestAtResults>()
            .init_resource::<Walks>()
            .init_resource::<Transforms>()
            .init_resource::<EntityContexts>()
            .init_resource::<Visualizers>()
            .init_resource::<ConcernedVisualizers>();
        app.init_resource::<Settled>()
            .init_resource::<FrameDiagnostics>()
            .init_resource::<WorkCounters>();
    }
}
