//! What the blueprint says of a bar chart.

use chronoscope_blueprint::ViewClassId;
use chronoscope_types::enums::Corner2D;

use crate::{
    plot::looks::PlotLooks,
    properties::{PropertyReader, ViewProperties},
};

/// Where the legend stands, where the blueprint does not say.
const LEGEND_CORNER: Corner2D = Corner2D::RightTop;

/// The properties of a bar chart view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BarChartProperties {
    /// Legend, grid and background.
    pub(super) looks: PlotLooks,
}

impl Default for BarChartProperties {
    fn default() -> Self {
        Self {
            looks: PlotLooks::with_corner(LEGEND_CORNER),
        }
    }
}

impl ViewProperties for BarChartProperties {
    const CLASS: &'static str = ViewClassId::BAR_CHART;

    fn read(reader: &PropertyReader<'_>) -> Self {
        Self {
            looks: PlotLooks::read(reader, LEGEND_CORNER),
        }
    }
}
