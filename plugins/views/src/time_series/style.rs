//! How series look.

use std::sync::Arc;

use chronoscope_types::enums::{AggregationPolicy, AxisSide, InterpolationMode, MarkerShape};
use egui::Color32;

/// How a series looks.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesStyle {
    /// The name that was logged for it.
    pub name: Option<Arc<str>>,
    /// The color that was logged for it. The plot chooses one where there is none.
    pub color: Option<Color32>,
    /// Whether it is shown at first.
    pub visible: bool,
    /// The unit of its values.
    pub unit: Option<Arc<str>>,
    /// By which axis it is to be plotted. The plot chooses one where that is not said.
    pub side: Option<AxisSide>,
    /// Line or points.
    pub mark: Mark,
}

/// What a sample is drawn as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    /// A point of a line.
    Line {
        /// The line's width in points.
        width: f32,
        /// How samples are joined.
        interpolation: InterpolationMode,
        /// What is drawn of many samples in a column of pixels.
        aggregation: AggregationPolicy,
    },
    /// A shape of its own.
    Marker {
        /// The shape.
        shape: MarkerShape,
        /// Its radius in points.
        radius: f32,
    },
}

/// How a series looks at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// The color that was logged. The plot chooses one where there is none.
    pub color: Option<Color32>,
    /// The width of a line, or the radius of a marker, in points.
    pub size: f32,
    /// The shape of a marker.
    pub shape: MarkerShape,
}
