//! Time series: scalars over time.
//!
//! # From rows to series
//! [`visualizers`] and [`measurements`] take all scalars of an entity over as plain arrays ([`samples`]), with a pyramid of least and greatest values
//! over each, and looks that change over time as [`tracks`]; [`series`] says what of them is to be drawn in so many pixels, through
//! which [`points`], so that a frame costs pixels, not samples. What is appended is added to what is there.
//!
//! # From series to the screen
//! [`lines`] says which series a plot has and what they are called, [`canvas`] where they lie, [`draw`] turns them into shapes, with a
//! [`pen`] that lets the GPU draw the lines, or makes a [`strip`] of triangles of each where there is no renderer. [`hover`] says what is
//! at the pointer, [`measure`] what is between two times. [`plot`] draws it all, with the axes, the legend and the gestures that all plots
//! share ([`crate::plot`]), and says what the user does; [`ui`] is the tile, which turns that into commands, [`entries`] what it knows of
//! the series, and [`hidden`] which of them are hidden. [`missing`] says where rows are known and not loaded: there nothing is drawn or
//! told.

mod canvas;
mod draw;
mod entries;
mod hidden;
mod hover;
mod input;
mod lines;
mod measure;
mod measurements;
mod missing;
mod pen;
mod plot;
mod points;
mod properties;
mod samples;
mod series;
mod settings;
mod strip;
mod style;
#[cfg(test)]
mod tests;
mod tracks;
mod ui;
mod visualizers;

use bevy::{
    app::{App, Plugin},
    ecs::{schedule::IntoScheduleConfigs, world::World},
    render::RenderApp,
};
use bevy_egui::EguiPlugin;
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, ViewId, heuristics::rules};
use chronoscope_frame::{
    AppViewClassExt as _, AppVisualizerExt as _, Frame, FrameSystems, Report, ViewClass, Visualizer,
};
use chronoscope_render::ScreenLinesPlugin;

pub use hidden::{hides_series, show_series};
pub use lines::PlotLines;
pub use measurements::Measurements;
pub use pen::PlotDrawing;
pub use samples::Samples;
pub use series::EntitySeries;
pub use style::{Look, Mark, SeriesStyle};
pub use ui::TimeSeriesUi;
pub use visualizers::{SeriesLines, SeriesPoints};

use crate::{
    AppViewUiExt as _, SpatialSystems,
    plot::{links::LinkedTimes, resets::WindowResets},
    properties::AppPropertiesExt as _,
    view_ui::visual_warnings,
};
use properties::PlotProperties;

/// Plots of scalars over time.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeSeriesClass;

impl ViewClass for TimeSeriesClass {
    fn id(&self) -> ViewClassId {
        ViewClassId::TIME_SERIES.into()
    }

    fn display_name(&self) -> &'static str {
        "Time series"
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        rules::recommend_time_series(schema)
    }

    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        rules::affects_time_series(schema, delta, said)
    }
}

/// Adds time series views.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeSeriesPlugin;

impl Plugin for TimeSeriesPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<PlotLines>()
            .init_resource::<WindowResets>()
            .init_resource::<LinkedTimes>()
            .add_view_properties::<PlotProperties>()
            .add_systems(
                Frame,
                lines::name_lines
                    .in_set(FrameSystems::Present)
                    // The cameras of scenes take the whole world.
                    .before(SpatialSystems::Scenes),
            )
            .add_view_class(TimeSeriesClass)
            .add_visualizer::<SeriesLines>(&[ViewClassId::TIME_SERIES])
            .add_visualizer::<SeriesPoints>(&[ViewClassId::TIME_SERIES])
            .add_visualizer::<Measurements>(&[ViewClassId::TIME_SERIES])
            .add_view_reports(left_out::<SeriesLines>)
            .add_view_reports(left_out::<SeriesPoints>)
            .add_view_reports(left_out::<Measurements>)
            .add_view_ui(TimeSeriesUi);
        visualizers::add_fallbacks(app);
        measurements::add_fallbacks(app);
        app.add_plugins(ScreenLinesPlugin);
    }

    /// Here, since the renderer and `bevy_egui` may be added after this plugin.
    fn finish(&self, app: &mut App) {
        let is_drawn = app.get_sub_app(RenderApp).is_some() && app.is_plugin_added::<EguiPlugin>();
        if is_drawn && !app.world().contains_resource::<PlotDrawing>() {
            app.insert_resource(PlotDrawing::Renderer);
        }
    }
}

/// The entities of a view that have more series than are shown.
fn left_out<V: Visualizer<Visual = EntitySeries>>(world: &World, view: ViewId) -> Vec<Report> {
    visual_warnings::<V>(world, view, |series| {
        (series.left_out > 0).then(|| {
            format!(
                "a row has {} scalars; the first {} are plotted",
                series.left_out + samples::MAX_SERIES,
                samples::MAX_SERIES
            )
        })
    })
}
