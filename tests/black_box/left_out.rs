//! Each plugin of the viewer may be left out: what it would bring is missing, and nothing fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bevy::{app::PluginGroupBuilder, prelude::*};
use chronoscope::{
    ChronoscopePlugins,
    frame::{self, DiffLog, FrameDiagnostics, Recordings, ViewerCommand, ViewerCommands},
    limits, live, offscreen, render, screenshots, sources,
    store::{Chunk, StoreId, Timeline},
    types::{BarChart, Boxes3D, Points2D, Scalars, TextDocument, TextLog, log_chunk},
    ui::{self, UiState},
    views,
};

/// Something for each kind of view, at two times.
fn chunks() -> Vec<Chunk> {
    let mut chunks = Vec::new();
    for at in [0, 10] {
        let times = || [(Timeline::sequence("frame"), at)];
        let boxes = Boxes3D::from_half_sizes([[1.0, 2.0, at as f32 + 1.0]]);
        chunks.extend([
            log_chunk("world/box", times(), &boxes).unwrap(),
            log_chunk("image/points", times(), &Points2D::new([[1.0, at as f32]])).unwrap(),
            log_chunk("plots/a", times(), &Scalars::new([at as f64])).unwrap(),
            log_chunk("bars", times(), &BarChart::new(vec![1_i64, 2, at])).unwrap(),
            log_chunk("log", times(), &TextLog::new("a line")).unwrap(),
            log_chunk("text", times(), &TextDocument::new("# A title")).unwrap(),
        ]);
    }
    chunks
}

/// Runs an app with these plugins, takes data in, asks for something and draws it.
fn run(plugins: PluginGroupBuilder) -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, AssetPlugin::default()))
        .init_asset::<Image>()
        .add_plugins(plugins);
    offscreen::finish(&mut app);
    let (mut state, ctx) = (UiState::default(), egui::Context::default());
    for number in 0..12 {
        let world = app.world_mut();
        if number == 2 {
            world.resource_scope(|world, mut log: Mut<DiffLog>| {
                let mut recordings = world.resource_mut::<Recordings>();
                for chunk in chunks() {
                    let id = StoreId::recording("app", "run");
                    recordings.insert(&mut log, &id, chunk).unwrap();
                }
            });
        }
        if number == 6 {
            let mut commands = world.resource_mut::<ViewerCommands>();
            commands.push(ViewerCommand::Select(vec![frame::Item::Entity(
                "/world/box".into(),
            )]));
            commands.push(ViewerCommand::Screenshot("never.png".into()));
            commands.push(ViewerCommand::OpenFiles(vec!["not there.rrd".into()]));
        }
        app.update();
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(
                egui::Pos2::ZERO,
                egui::vec2(1200.0, 800.0),
            )),
            ..egui::RawInput::default()
        };
        let world = app.world_mut();
        let mut output = ctx.run_ui(input, |ui| ui::show(world, ui, &mut state));
        output.textures_delta.clear();
    }
    app
}

macro_rules! each_left_out {
    ($($plugin:ty),* $(,)?) => {
        vec![$((stringify!($plugin), ChronoscopePlugins.build().disable::<$plugin>())),*]
    };
}

#[test]
fn each_plugin_may_be_left_out() {
    let mut groups = each_left_out![
        limits::MemoryLimitPlugin,
        frame::products::ProductsPlugin,
        frame::schedule::FrameSchedulePlugin,
        frame::diagnostics::DiagnosticsPlugin,
        frame::ingest::IngestPlugin,
        frame::chunk_loading::ChunkLoadingPlugin,
        frame::memory::MemoryPlugin,
        frame::apply::ApplyCommandsPlugin,
        frame::viewport::BlueprintQueryPlugin,
        frame::query_context::QueryContextsPlugin,
        frame::query_results::QueryResultsPlugin,
        frame::overrides::OverridesPlugin,
        frame::context::ContextPlugin,
        frame::visualizer::VisualizersPlugin,
        frame::settle::SettlePlugin,
        frame::HostEventsPlugin,
        render::BulkRenderPlugin,
        views::Spatial3DPlugin,
        views::Spatial2DPlugin,
        views::TimeSeriesPlugin,
        views::BarChartPlugin,
        views::TextLogPlugin,
        views::TextDocumentPlugin,
        ui::UiPlugin,
        ui::PrimaryUiPlugin,
        sources::FileSourcesPlugin,
        live::LivePlugin,
        screenshots::ScreenshotPlugin,
    ];
    // As the Cargo features leave them out, together with what they share.
    let without_space = || {
        ChronoscopePlugins
            .build()
            .disable::<render::BulkRenderPlugin>()
            .disable::<views::Spatial3DPlugin>()
            .disable::<views::Spatial2DPlugin>()
    };
    let without_views = without_space()
        .disable::<views::TimeSeriesPlugin>()
        .disable::<views::BarChartPlugin>()
        .disable::<views::TextLogPlugin>()
        .disable::<views::TextDocumentPlugin>();
    groups.extend([
        ("what is in space", without_space()),
        ("all views", without_views),
    ]);
    let mut failed = Vec::new();
    for (name, group) in groups {
        let frames = catch_unwind(AssertUnwindSafe(|| {
            run(group).world().resource::<FrameDiagnostics>().frame
        }));
        let has_none = ["FrameSchedulePlugin", "DiagnosticsPlugin"];
        let counts = !has_none.iter().any(|plugin| name.ends_with(plugin));
        match frames {
            Ok(frames) if frames >= 12 || !counts => {}
            Ok(frames) => failed.push((name, format!("{frames} frames"))),
            Err(_) => failed.push((name, "it panicked".to_owned())),
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
