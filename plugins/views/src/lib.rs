//! The view classes, a folder each, with their user interface and visualizers.
//!
//! # What every view has
//! [`view_ui`] is how a view draws its tile: it reads products and emits commands. [`view_action`] is what can be done in a view
//! by name and with keys. [`style`] has the colors that the theme
//! gives to views, [`colors`] those that data gets. `frame_all` has views frame what is in them, by command. [`drag`] is what can be
//! dragged from one view to another. `settings_row` is what their settings are made of. [`time_steps`] are the distances between the
//! labels of a time axis, [`calendar`] where months and years begin.
//!
//! # The views
//! [`spatial3d`] and [`spatial2d`] share [`spatial`]. [`time_series`] and [`bar_chart`] are plots and share `plot`,
//! [`text_log`] lists log lines, [`text_document`] shows a text.

mod frame_all;
mod plot;
mod properties;
mod settings_row;

pub mod bar_chart;
pub mod calendar;
pub mod colors;
pub mod drag;
pub mod empty;
pub mod spatial;
pub mod spatial2d;
pub mod spatial3d;
pub mod style;
pub mod text_document;
pub mod text_log;
pub mod time_series;
pub mod time_steps;
pub mod view_action;
pub mod view_ui;

#[cfg(test)]
mod sdk_names;
#[cfg(test)]
mod selector_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tile_tests;

pub use bar_chart::BarChartPlugin;
pub use drag::DraggedEntities;
pub use spatial2d::Spatial2DPlugin;
pub use spatial3d::Spatial3DPlugin;
pub use style::ViewStyle;
pub use text_document::TextDocumentPlugin;
pub use text_log::TextLogPlugin;
pub use time_series::TimeSeriesPlugin;
pub use view_action::ViewAction;
pub use view_ui::{
    AppViewUiExt, ViewUi, ViewUiContext, ViewUis, clicked_buttons, recording_of, undrawn_archetypes,
    without_visualizer,
};

use bevy::app::{PluginGroup, PluginGroupBuilder};

/// All view classes of this crate. Each can be left out or replaced.
///
/// | plugin | view class |
/// |---|---|
/// | [`Spatial3DPlugin`] | `3D` |
/// | [`Spatial2DPlugin`] | `2D` |
/// | [`TimeSeriesPlugin`] | `TimeSeries` |
/// | [`BarChartPlugin`] | `BarChart` |
/// | [`TextLogPlugin`] | `TextLog` |
/// | [`TextDocumentPlugin`] | `TextDocument` |
pub struct ViewsPlugins;

impl PluginGroup for ViewsPlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(Spatial3DPlugin)
            .add(Spatial2DPlugin)
            .add(TimeSeriesPlugin)
            .add(BarChartPlugin)
            .add(TextLogPlugin)
            .add(TextDocumentPlugin)
    }
}
