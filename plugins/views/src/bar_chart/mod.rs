//! Bar charts: numbers as bars, at the cursor.
//!
//! [`visualizer`] turns tensors of one dimension into [`bars`], which say what of them is to be drawn in so many pixels. [`plot`] draws
//! them with the axes, the legend and the gestures that all plots share ([`crate::plot`]), and says what the user does; [`ui`] is the
//! tile, which turns that into commands.

mod bars;
mod plot;
mod properties;
#[cfg(test)]
mod tests;
mod ui;
mod visualizer;

use bevy::{
    app::{App, Plugin},
    ecs::world::World,
};
use chronoscope_blueprint::{RecommendedView, Schema, SchemaDelta, ViewClassId, ViewId, heuristics::rules};
use chronoscope_frame::{AppViewClassExt as _, AppVisualizerExt as _, Report, ViewClass};

pub use bars::{Bar, Bars};
pub use ui::BarChartUi;
pub use visualizer::{BarChart, EntityBars};

use crate::{
    AppViewUiExt as _, plot::resets::WindowResets, properties::AppPropertiesExt as _,
    view_ui::visual_warnings,
};
use properties::BarChartProperties;

/// Bar charts.
#[derive(Clone, Copy, Debug, Default)]
pub struct BarChartClass;

impl ViewClass for BarChartClass {
    fn id(&self) -> ViewClassId {
        ViewClassId::BAR_CHART.into()
    }

    fn display_name(&self) -> &'static str {
        "Bar chart"
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        rules::recommend_bar_charts(schema)
    }

    fn is_affected(&self, schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
        rules::affects_bar_charts(schema, delta, said)
    }
}

/// Adds bar chart views.
#[derive(Clone, Copy, Debug, Default)]
pub struct BarChartPlugin;

impl Plugin for BarChartPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        app.init_resource::<WindowResets>()
            .add_view_properties::<BarChartProperties>()
            .add_view_class(BarChartClass)
            .add_visualizer::<BarChart>(&[ViewClassId::BAR_CHART])
            .add_view_reports(without_place)
            .add_view_ui(BarChartUi);
    }
}

/// The entities of a view of whose values some have no place on the abscissa.
fn without_place(world: &World, view: ViewId) -> Vec<Report> {
    visual_warnings::<BarChart>(world, view, |chart| {
        (chart.without_place > 0).then(|| {
            format!(
                "{} values have no place on the abscissa, which is shorter, and are not drawn",
                chart.without_place
            )
        })
    })
}
