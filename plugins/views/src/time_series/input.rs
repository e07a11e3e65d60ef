//! What a plot is drawn from.

use chronoscope_frame::selection::Highlight;
use chronoscope_store::{TimeRange, TimeType};
use chronoscope_types::enums::Corner2D;
use egui::{Color32, Id};

use super::series::{EntitySeries, SeriesStyle};
use crate::{
    ViewStyle,
    plot::{gestures::ZoomLocks, pyramid::Extent, window::TimeWindow},
};

/// A series as the plot shows it.
pub(crate) struct PlotLine<'a> {
    /// The series of its entity.
    pub series: &'a EntitySeries,
    /// Which of these it is.
    pub index: usize,
    /// How it looks.
    pub style: &'a SeriesStyle,
    /// What it is called in the legend.
    pub name: &'a str,
    /// Its color.
    pub color: Color32,
    /// Whether it is shown.
    pub visible: bool,
    /// How it is lit up.
    pub highlight: Highlight,
}

impl PlotLine<'_> {
    pub(super) fn extent(&self, window: &TimeWindow) -> Extent {
        self.series.extent(self.index, window)
    }
}

/// What a plot shows.
pub(crate) struct PlotInput<'a> {
    /// The plot's id in the user interface.
    pub id: Id,
    /// The series, in the order of the legend.
    pub lines: &'a [PlotLine<'a>],
    /// What the numbers of the timeline mean.
    pub time_type: TimeType,
    /// The timeline's name.
    pub timeline: &'a str,
    /// Times to show where no series has any.
    pub fallback_range: TimeRange,
    /// The time cursor.
    pub cursor: i64,
    /// The axes that zooming leaves alone.
    pub locks: ZoomLocks,
    /// Where the legend stands, if it is shown.
    pub legend: Option<Corner2D>,
    /// Whether lines of a grid are drawn.
    pub grid: bool,
    /// Behind everything.
    pub background: Color32,
    /// The view's colors.
    pub style: &'a ViewStyle,
}
