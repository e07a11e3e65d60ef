//! Time series: scalars over time.
//!
//! # From rows to series
//! [`visualizers`] take all scalars of an entity over as plain arrays ([`samples`]), with a [`pyramid`] of least and greatest values
//! over each; [`series`] says what of them is to be drawn in so many pixels, so that a frame costs pixels, not points. What is
//! appended is added to what is there.
//!
//! # From series to the screen
//! [`window`] is the stretch of time and the range of values that a plot shows, [`ticks`] are the lines of its grid, [`names`] what
//! its series are called. [`plot`] draws it all and says what the user does; [`ui`] is the tile, which turns that into commands.

pub mod names;
pub mod plot;
pub mod pyramid;
pub mod samples;
pub mod series;
pub mod ticks;
pub mod ui;
pub mod visualizers;
pub mod window;

mod draw;
mod legend;
mod settings;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use bevy::app::{App, Plugin};
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, heuristics::rules};
use chronoscope_frame::{AppViewClassExt as _, AppVisualizerExt as _, ViewClass};

pub use ui::TimeSeriesUi;
pub use visualizers::{SeriesLines, SeriesPoints};

use crate::AppViewUiExt as _;

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
    fn build(&self, app: &mut App) {
        app.add_view_class(TimeSeriesClass)
            .add_visualizer::<SeriesLines>(&[ViewClassId::TIME_SERIES])
            .add_visualizer::<SeriesPoints>(&[ViewClassId::TIME_SERIES])
            .add_view_ui(TimeSeriesUi);
    }
}
