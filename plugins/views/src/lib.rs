//! The view classes, a folder each, with their user interface and visualizers.
//!
//! # What every view has
//! [`view_ui`] is how a view draws its tile: it reads products and emits commands. [`view_action`] is what can be done in a view
//! by name and with keys. [`style`] has the colors that the theme
//! gives to views, [`colors`] those that data gets. `frame_all` has views frame what is in them, by command. [`drag`] is what can be
//! dragged from one view to another. `settings_row` is what their settings are made of, [`number_field`] the numbers in
//! them. [`time_steps`] are the distances between the labels of a time axis, [`calendar`] where months and years begin.
//! `missing_ranges` are the times of what is not loaded.
//!
//! # The views
//! [`spatial3d`] and [`spatial2d`] share [`spatial`]. [`time_series`] and [`bar_chart`] are plots and share `plot`,
//! [`text_log`] lists log lines, [`text_document`] shows a text. Each is compiled with the Cargo feature of its name, which brings
//! what it depends on. All are ordered by [`SpatialSystems`].

// What several views share is compiled for any of them.
#![cfg_attr(
    not(all(
        feature = "bar_chart",
        feature = "spatial2d",
        feature = "spatial3d",
        feature = "text_document",
        feature = "text_log",
        feature = "time_series"
    )),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        unused_mut,
        reason = "what only a view uses that is left out"
    )
)]

mod ansi;
mod frame_all;
mod missing_ranges;
mod plot;
mod properties;
mod settings_row;
mod spatial_systems;

#[cfg(feature = "bar_chart")]
pub mod bar_chart;
pub mod calendar;
pub mod colors;
pub mod drag;
pub mod empty;
pub mod number_field;
#[cfg(feature = "spatial")]
pub mod spatial;
#[cfg(feature = "spatial2d")]
pub mod spatial2d;
#[cfg(feature = "spatial3d")]
pub mod spatial3d;
pub mod style;
#[cfg(feature = "text_document")]
pub mod text_document;
#[cfg(feature = "text_log")]
pub mod text_log;
#[cfg(feature = "time_series")]
pub mod time_series;
pub mod time_steps;
pub mod view_action;
pub mod view_ui;

#[cfg(all(test, feature = "spatial2d", feature = "spatial3d"))]
mod sdk_names;
#[cfg(all(test, feature = "text_log", feature = "time_series"))]
mod selector_tests;
#[cfg(test)]
mod testing;
#[cfg(all(
    test,
    feature = "bar_chart",
    feature = "text_document",
    feature = "text_log",
    feature = "time_series"
))]
mod tile_tests;

pub use ansi::plain_text;
#[cfg(feature = "bar_chart")]
pub use bar_chart::BarChartPlugin;
pub use drag::DraggedEntities;
pub use spatial_systems::SpatialSystems;
#[cfg(feature = "spatial2d")]
pub use spatial2d::Spatial2DPlugin;
#[cfg(feature = "spatial3d")]
pub use spatial3d::Spatial3DPlugin;
pub use style::ViewStyle;
#[cfg(feature = "text_document")]
pub use text_document::TextDocumentPlugin;
#[cfg(feature = "text_log")]
pub use text_log::TextLogPlugin;
#[cfg(feature = "time_series")]
pub use time_series::TimeSeriesPlugin;
pub use view_action::ViewAction;
pub use view_ui::{
    AppViewUiExt, ViewUi, ViewUiContext, ViewUis, clicked_buttons, recording_of, undrawn_archetypes,
    without_visualizer,
};

use bevy::app::{PluginGroup, PluginGroupBuilder};

/// All view classes of this crate. Each can be left out or replaced, and each is compiled with a Cargo feature of its own.
///
/// | plugin | view class | feature |
/// |---|---|---|
/// | [`Spatial3DPlugin`] | `3D` | `spatial3d` |
/// | [`Spatial2DPlugin`] | `2D` | `spatial2d` |
/// | [`TimeSeriesPlugin`] | `TimeSeries` | `time_series` |
/// | [`BarChartPlugin`] | `BarChart` | `bar_chart` |
/// | [`TextLogPlugin`] | `TextLog` | `text_log` |
/// | [`TextDocumentPlugin`] | `TextDocument` | `text_document` |
pub struct ViewsPlugins;

impl PluginGroup for ViewsPlugins {
    fn build(self) -> PluginGroupBuilder {
        let mut plugins = PluginGroupBuilder::start::<Self>();
        #[cfg(feature = "spatial3d")]
        {
            plugins = plugins.add(Spatial3DPlugin);
        }
        #[cfg(feature = "spatial2d")]
        {
            plugins = plugins.add(Spatial2DPlugin);
        }
        #[cfg(feature = "time_series")]
        {
            plugins = plugins.add(TimeSeriesPlugin);
        }
        #[cfg(feature = "bar_chart")]
        {
            plugins = plugins.add(BarChartPlugin);
        }
        #[cfg(feature = "text_log")]
        {
            plugins = plugins.add(TextLogPlugin);
        }
        #[cfg(feature = "text_document")]
        {
            plugins = plugins.add(TextDocumentPlugin);
        }
        plugins
    }
}
