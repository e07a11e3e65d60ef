//! What a plot is drawn from.

use chronoscope_frame::selection::Highlight;
use chronoscope_store::{TimeRange, TimeType};
use chronoscope_types::enums::{AxisScale, AxisSide, PointsDisplay, TooltipMode};
use egui::{Color32, Id};

use super::{pen::PlotDrawing, series::EntitySeries};
use crate::{
    ViewAction, ViewStyle,
    plot::{gestures::ZoomLocks, legend::LegendPlace},
};

/// A series as the plot shows it.
pub(crate) struct PlotLine<'a> {
    /// The series of its entity.
    pub series: &'a EntitySeries,
    /// Which of these it is.
    pub index: usize,
    /// What it is called in the legend.
    pub name: &'a str,
    /// Its color where none was logged.
    pub color: Color32,
    /// Whether it is shown.
    pub visible: bool,
    /// By which axis it is plotted.
    pub side: AxisSide,
    /// How it is lit up.
    pub highlight: Highlight,
}

impl PlotLine<'_> {
    /// Its color at a time.
    pub(super) fn color_at(&self, time: i64) -> Color32 {
        self.series.look_at(self.index, time).color.unwrap_or(self.color)
    }
}

/// The scales of both axes of values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Scales {
    /// Of the first one.
    pub left: AxisScale,
    /// Of the second one.
    pub right: AxisScale,
}

impl Scales {
    /// The scale of an axis.
    pub(super) fn of(&self, side: AxisSide) -> AxisScale {
        match side {
            AxisSide::Left => self.left,
            AxisSide::Right => self.right,
        }
    }
}

/// What a plot shows.
pub(crate) struct PlotInput<'a> {
    /// The plot's id in the user interface.
    pub id: Id,
    /// The series, in the order of the legend.
    pub lines: &'a [PlotLine<'a>],
    /// The series of which rows are known and not loaded, some of which may have no line yet.
    pub missing: Vec<&'a EntitySeries>,
    /// What is said of these rows.
    pub missing_note: &'a str,
    /// What the numbers of the timeline mean.
    pub time_type: TimeType,
    /// The timeline's name.
    pub timeline: &'a str,
    /// All times of the timeline.
    pub all_times: TimeRange,
    /// The time cursor.
    pub cursor: i64,
    /// Two times that were set to measure between them.
    pub measured: Option<[i64; 2]>,
    /// The axes that zooming leaves alone.
    pub locks: ZoomLocks,
    /// The scales of the axes of values.
    pub scales: Scales,
    /// What the tooltip lists; the series near the pointer where nothing is said.
    pub tooltip: Option<TooltipMode>,
    /// Where the samples of lines have dots.
    pub points: PointsDisplay,
    /// What is done by name.
    pub action: Option<ViewAction>,
    /// Where the legend stands, if it is shown.
    pub legend: Option<LegendPlace>,
    /// Whether lines of a grid are drawn.
    pub grid: bool,
    /// Who draws the lines.
    pub drawing: PlotDrawing,
    /// Behind everything.
    pub background: Color32,
    /// The view's colors.
    pub style: &'a ViewStyle,
}

impl PlotInput<'_> {
    /// The lines that are shown, with their positions.
    pub(super) fn visible(&self) -> impl Iterator<Item = (usize, &PlotLine<'_>)> {
        self.lines.iter().enumerate().filter(|(_, line)| line.visible)
    }

    /// Whether a line is shown by the second axis.
    pub(super) fn has_right(&self) -> bool {
        self.visible().any(|(_, line)| line.side == AxisSide::Right)
    }
}
