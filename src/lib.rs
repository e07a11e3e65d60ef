//! Chronoscope: a viewer for multimodal, time-stamped data, made of Bevy plugins.
//!
//! It shows point clouds, transforms, boxes, lines, images, plots and logs as they were at any time. It reads
//! what the Rerun SDKs write. It is used in three ways: as the program `chronoscope`, extended with Bevy
//! plugins, or embedded in a Bevy app.
//!
//! # The house
//! Packages stand in one line, each leaning on those before it: [`store`], [`types`], [`blueprint`],
//! [`frame`], then [`render`] and [`views`], [`ui`], and this one. [`io`] leans on [`types`], [`log`] on [`io`], and what
//! [`live`] is made of on [`log`]. [`record`] leans on [`frame`] and [`log`].
//!
//! # In an app that is a viewer
//! [`window`] and [`offscreen`] bring the engine with a window or an image and with what egui needs;
//! [`ChronoscopePlugins`] draws over all of it.
//! ```no_run
//! use bevy::prelude::*;
//! use chronoscope::prelude::*;
//!
//! App::new()
//!     .add_plugins(chronoscope::window::WindowedPlugin { size: (1280, 800) })
//!     .add_plugins(ChronoscopePlugins)
//!     .run();
//! ```
//!
//! # In an app of another kind
//! A host brings the engine, windows, cameras, logger and `bevy_egui` itself, leaves out the shell and calls
//! [`ui::show`] with any [`egui::Ui`] in the pass of its context. `examples/embed_panel.rs` is the whole of
//! it.
//! ```no_run
//! use bevy::{ecs::query::QueryState, prelude::*};
//! use chronoscope::{
//!     bevy_egui::{EguiContext, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext},
//!     egui,
//!     prelude::*,
//!     ui::{PrimaryUiPlugin, UiState},
//! };
//!
//! fn draw_ui(
//!     world: &mut World,
//!     contexts: &mut QueryState<&mut EguiContext, With<PrimaryEguiContext>>,
//!     mut viewer: Local<UiState>,
//! ) {
//!     let Some(ctx) = contexts.iter_mut(world).next().map(|mut context| context.get_mut().clone()) else {
//!         return;
//!     };
//!     egui::Window::new("Viewer").show(&ctx, |ui| chronoscope::ui::show(world, ui, &mut viewer));
//! }
//!
//! App::new()
//!     .add_plugins((DefaultPlugins, EguiPlugin::default()))
//!     .add_plugins(ChronoscopePlugins.build().disable::<PrimaryUiPlugin>())
//!     .add_systems(Startup, |mut commands: Commands| _ = commands.spawn(Camera2d))
//!     .add_systems(EguiPrimaryContextPass, draw_ui)
//!     .run();
//! ```

pub mod blueprint_files;
pub mod cli;
pub mod demo;
pub mod digest;
mod exports;
mod growing;
pub mod hand_over;
pub mod headless;
pub mod inputs;
pub mod keep;
pub mod limits;
pub mod live;
mod look_at;
pub mod offscreen;
mod own_windows;
pub mod report;
pub mod screenshots;
pub mod sources;
pub mod start;
pub mod window;

pub use chronoscope_blueprint as blueprint;
pub use chronoscope_frame as frame;
pub use chronoscope_io as io;
pub use chronoscope_log as log;
pub use chronoscope_record as record;
pub use chronoscope_render as render;
pub use chronoscope_store as store;
pub use chronoscope_types as types;
pub use chronoscope_ui as ui;
pub use chronoscope_views as views;

/// The versions that the viewer is made with: a context of another cannot show it.
pub use bevy_egui;
pub use egui;

use bevy::app::{PluginGroup, PluginGroupBuilder};

/// The viewer, without a window, a camera or a logger of its own.
///
/// | plugins | what they bring |
/// |---|---|
/// | [`limits::MemoryLimitPlugin`] | a memory limit, where the app has none |
/// | [`frame::FramePlugins`] | the phases of the frame |
/// | [`render::BulkRenderPlugin`] | GPU primitives for bulk data |
/// | [`views::ViewsPlugins`] | the view classes |
/// | [`ui::UiPlugin`] | what [`ui::show`] needs: tiles, panels, theme |
/// | [`ui::PrimaryUiPlugin`] | the viewer over all of the primary egui context |
/// | [`sources::FileSourcesPlugin`] | files that are opened, and blueprints that are saved, by command |
/// | [`live::LivePlugin`] | what SDKs send, once [`live::listen`] is called |
/// | [`screenshots::ScreenshotPlugin`] | screenshots of the window or the offscreen image, by command |
pub struct ChronoscopePlugins;

impl PluginGroup for ChronoscopePlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(limits::MemoryLimitPlugin)
            .add_group(frame::FramePlugins)
            .add(render::BulkRenderPlugin)
            .add_group(views::ViewsPlugins)
            .add(ui::UiPlugin::default())
            .add(ui::PrimaryUiPlugin)
            .add(sources::FileSourcesPlugin)
            .add(live::LivePlugin)
            .add(screenshots::ScreenshotPlugin)
    }
}

/// The items that most users of the plugins need.
pub mod prelude {
    pub use crate::ChronoscopePlugins;
    pub use chronoscope_frame::{
        AppViewClassExt, AppVisualizerExt, CommandError, CommandFinished, CommandId, Frame, FramePlugins,
        FrameSystems, ViewClass, ViewerClick, ViewerCommand, ViewerCommands, ViewerCursorMoved, ViewerHandle,
        ViewerRecordingOpened, ViewerSelectionChanged, Visual, Visualizer, VisualizerInfo, VisualizerInput,
        Visuals,
        selection::{EntityClicked, SelectionChanged},
    };
    pub use chronoscope_record::{
        AppRecordExt, AppRecordMoreExt, RecordComponent, RecordPlugin, RecordSettings, Rewind, RewindPlugin,
        WorldRecorder,
    };
    pub use chronoscope_store::{Chunk, EntityPath, StoreId, Timeline};
    pub use chronoscope_types::{AsComponents, log_chunk};
    pub use chronoscope_views::{
        AppViewUiExt, ViewUi, ViewUiContext,
        spatial::{
            AppPartsExt, AppSpatialExt, AutoFraming, MarkCells, Marks, Part, SpatialPrimitive, SpatialVisual,
        },
    };
}
