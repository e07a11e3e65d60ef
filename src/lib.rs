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
//! [`guide`] goes from `println!` to rewinding, [`extend`] has a page for everything that can be added.
//!
//! | Chronoscope | Bevy | egui | `bevy_egui` |
//! |---|---|---|---|
//! | 0.1 | 0.19 | 0.36 | 0.42 |
//!
//! # What is compiled
//! All of the viewer, unless an app takes `default-features = false` and names what it needs. What belongs to the viewer brings
//! `viewer_base` with it: the interface, and the program `chronoscope` for what is named.
//!
//! | feature | what it brings |
//! |---|---|
//! | `viewer` | all below but `pbr` and those of the last two lines; on by default, as are `http`, `file_dialog` and `mimalloc` |
//! | `spatial3d`, `spatial2d`, `time_series`, `bar_chart`, `text_log`, `text_document` | a view class each, with its visualizers |
//! | `spatial` | what 3D and 2D views share, for view classes of others: `render`, primitives, pictures and meshes |
//! | `component_editors`, `performance_panel` | editors of values, and the panel that says what frames cost |
//! | `picture_files`, `text_files` | kinds of files beside recordings and blueprints; no viewer is needed |
//! | `assets`, `diagnostics`, `gizmos`, `lights`, `logs`, `text`, `pbr` | what [`record`] takes of the engine; no viewer is needed |
//! | `live` | what is logged goes to viewers elsewhere; no viewer is needed |
//! | `http` | files on web servers, and encrypted connections; no viewer is needed |
//! | `file_dialog`, `mimalloc`, `trace_tracy` | dialogs of the desktop, the program's allocator, spans for Tracy |
//!
//! So `features = ["assets", "gizmos", "live"]` records an app without a viewer and sends it to one elsewhere, and
//! `features = ["spatial3d", "text_log"]` shows scenes and logs alone.
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
//! [`ui::show`] with any [`egui::Ui`] in the pass of its context: in a part of its window (`examples/embed_panel.rs`), in a
//! window of the viewer's own (`examples/embed_window.rs`), or only after a key (`examples/embed_hidden.rs`).
//! ```no_run
//! use bevy::prelude::*;
//! use chronoscope::{
//!     bevy_egui::{EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext},
//!     egui,
//!     prelude::*,
//!     ui::{context_of, show},
//! };
//!
//! fn draw_ui(world: &mut World, mut viewer: Local<UiState>) {
//!     if let Some(ctx) = context_of::<With<PrimaryEguiContext>>(world) {
//!         egui::Window::new("Viewer").show(&ctx, |ui| show(world, ui, &mut viewer));
//!     }
//! }
//!
//! App::new()
//!     .add_plugins((DefaultPlugins, EguiPlugin::default()))
//!     .add_plugins(ChronoscopePlugins::embedded())
//!     .add_systems(Startup, |mut commands: Commands| _ = commands.spawn(Camera2d))
//!     .add_systems(EguiPrimaryContextPass, draw_ui)
//!     .run();
//! ```

#[cfg(feature = "viewer_base")]
pub mod accessibility;
#[cfg(feature = "viewer_base")]
pub mod blueprint_files;
#[cfg(feature = "viewer_base")]
pub mod cli;
#[cfg(feature = "viewer_base")]
pub mod demo;
#[cfg(feature = "viewer_base")]
pub mod digest;
#[cfg(feature = "viewer_base")]
mod executors;
#[cfg(feature = "viewer_base")]
mod exports;
#[cfg(feature = "viewer")]
pub mod extend;
#[cfg(feature = "viewer_base")]
mod growing;
#[cfg(feature = "viewer_base")]
pub mod hand_over;
#[cfg(feature = "viewer_base")]
pub mod headless;
#[cfg(feature = "viewer_base")]
pub mod inputs;
#[cfg(feature = "viewer_base")]
pub mod keep;
#[cfg(feature = "viewer_base")]
pub mod limits;
#[cfg(feature = "viewer_base")]
pub mod live;
#[cfg(feature = "viewer_base")]
mod look_at;
#[cfg(feature = "viewer_base")]
mod named_files;
#[cfg(feature = "viewer_base")]
pub mod offscreen;
#[cfg(feature = "viewer_base")]
mod own_windows;
#[cfg(feature = "viewer_base")]
pub mod report;
#[cfg(feature = "viewer_base")]
pub mod screenshots;
#[cfg(feature = "viewer_base")]
pub mod sources;
#[cfg(feature = "viewer_base")]
pub mod start;
#[cfg(feature = "viewer_base")]
pub mod window;

pub use chronoscope_blueprint as blueprint;
pub use chronoscope_frame as frame;
pub use chronoscope_io as io;
/// Live streams. In a viewer, what it takes in of them is here, too.
#[cfg(all(feature = "live", not(feature = "viewer_base")))]
pub use chronoscope_live as live;
pub use chronoscope_log as log;
pub use chronoscope_record as record;
#[cfg(feature = "spatial")]
pub use chronoscope_render as render;
pub use chronoscope_store as store;
pub use chronoscope_types as types;
#[cfg(feature = "viewer_base")]
pub use chronoscope_ui as ui;
#[cfg(feature = "viewer_base")]
pub use chronoscope_views as views;

/// The versions that the viewer is made with: a context of another cannot show it.
#[cfg(feature = "viewer_base")]
pub use bevy_egui;
#[cfg(feature = "viewer_base")]
pub use egui;

#[cfg(feature = "viewer_base")]
use bevy::app::{PluginGroup, PluginGroupBuilder};

/// The viewer, without a window, a camera or a logger of its own.
///
/// | plugins | what they bring |
/// |---|---|
/// | [`limits::MemoryLimitPlugin`] | a memory limit, where the app has none |
/// | [`frame::FramePlugins`] | the phases of the frame |
/// | [`render::BulkRenderPlugin`] | GPU primitives for bulk data, with the Cargo feature `spatial` |
/// | [`views::ViewsPlugins`] | the view classes, each with a Cargo feature of its own |
/// | [`ui::UiPlugin`] | what [`ui::show`] needs: tiles, panels, theme |
/// | [`ui::PrimaryUiPlugin`] | the viewer over all of the primary egui context |
/// | [`sources::FileSourcesPlugin`] | files that are opened, and blueprints that are saved, by command |
/// | [`live::LivePlugin`] | what SDKs send, once [`live::listen`] is called |
/// | [`screenshots::ScreenshotPlugin`] | screenshots of the window or the offscreen image, by command |
#[cfg(feature = "viewer_base")]
pub struct ChronoscopePlugins;

#[cfg(feature = "viewer_base")]
impl ChronoscopePlugins {
    /// The viewer for an app of another kind: the same without [`ui::PrimaryUiPlugin`]. The app shows it by [`ui::show`], where and
    /// when it likes.
    pub fn embedded() -> PluginGroupBuilder {
        Self.build().disable::<ui::PrimaryUiPlugin>()
    }
}

#[cfg(feature = "viewer_base")]
impl PluginGroup for ChronoscopePlugins {
    fn build(self) -> PluginGroupBuilder {
        let plugins = PluginGroupBuilder::start::<Self>()
            .add(limits::MemoryLimitPlugin)
            .add_group(frame::FramePlugins);
        #[cfg(feature = "spatial")]
        let plugins = plugins.add(render::BulkRenderPlugin);
        plugins
            .add_group(views::ViewsPlugins)
            .add(ui::UiPlugin::default())
            .add(ui::PrimaryUiPlugin)
            .add(sources::FileSourcesPlugin)
            .add(live::LivePlugin)
            .add(screenshots::ScreenshotPlugin)
    }
}

#[cfg(feature = "viewer")]
#[doc = include_str!("../GUIDE.md")]
pub mod guide {}

/// What it shows is compiled.
#[cfg(all(doctest, feature = "viewer"))]
#[doc = include_str!("../README.md")]
mod readme {}

/// The items that most users of the plugins need.
pub mod prelude {
    #[cfg(feature = "viewer_base")]
    pub use crate::{ChronoscopePlugins, sources::AppImporterExt};
    pub use chronoscope_blueprint::ViewClassId;
    pub use chronoscope_frame::{
        Annotations, AppEntityContextExt, AppViewClassExt, AppVisualizerExt, CommandError, CommandFinished,
        CommandId, ContextRows, EntityContext, Frame, FramePlugins, FrameSystems, Report, ViewClass,
        ViewerClick, ViewerCommand, ViewerCommands, ViewerCursorMoved, ViewerHandle, ViewerHoverChanged,
        ViewerRecordingOpened, ViewerSelectionChanged, Visual, Visualizer, VisualizerInfo, VisualizerInput,
        Visuals,
        selection::{ClickButton, ClickSource, EntityClicked, SelectionChanged},
        visualizer::QueryMode,
    };
    pub use chronoscope_record::{
        AppLogExt, AppRecordExt, AppRecordMoreExt, AppTimeSourceExt, EntityRewound, NotRecorded, NotRestored,
        RecordComponent, RecordPlugin, RecordSettings, RecordSystems, RecordedClick, RecordedRows, Rewind,
        RewindPlugin, WorldRecorder,
    };
    #[cfg(feature = "assets")]
    pub use chronoscope_record::{AppRecordMaterialExt, MaterialLook};
    pub use chronoscope_store::{Chunk, EntityPath, StoreId, Timeline};
    pub use chronoscope_types::{AsComponents, log_chunk};
    #[cfg(feature = "viewer_base")]
    pub use chronoscope_ui::{
        AppCommandExt, AppComponentEditorExt, AppPanelExt, NamedCommand, NamedPanel, PanelSide, UiState,
    };
    #[cfg(feature = "spatial")]
    pub use chronoscope_views::spatial::{
        AppPartsExt, AppSpatialExt, AutoFraming, FramePace, MarkCells, Marks, Part, PointBudget,
        SpatialPrimitive, SpatialVisual, read_cell,
    };
    #[cfg(feature = "viewer_base")]
    pub use chronoscope_views::{AppViewUiExt, ViewUi, ViewUiContext};
}
