//! What the blueprint says of a plot.

use chronoscope_blueprint::{BlueprintCommand, ViewClassId, ViewId};
use chronoscope_store::{ComponentDescriptor, TimeRange, arrow::ArrayRef};
use chronoscope_types::{
    Component, CursorTimeRange,
    blueprint::{PlotInteraction, ScalarAxis, TimeAxis},
    components::{self, own},
    enums::{AxisSide, Corner2D, LinkAxis, PointsDisplay, TooltipMode},
    own::{ScalarAxisScale, SecondScalarAxis},
};

use super::input::Scales;
use crate::{
    plot::{
        gestures::ZoomLocks,
        looks::PlotLooks,
        window::{TimeWindow, ValueWindow},
    },
    properties::{PropertyReader, ViewProperties},
};

/// Where the legend stands, where the blueprint does not say.
const LEGEND_CORNER: Corner2D = Corner2D::LeftBottom;

/// The properties of a time series view, where the blueprint gives them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlotProperties {
    /// The range of values.
    pub(super) values: Option<ValueWindow>,
    /// The range of values of the second axis.
    pub(super) right: Option<ValueWindow>,
    /// The scales of the axes of values.
    pub(super) scales: Scales,
    /// What the tooltip lists.
    pub(super) tooltip: Option<TooltipMode>,
    /// Where the samples of lines have dots.
    pub(super) points: PointsDisplay,
    times: Option<CursorTimeRange>,
    link: Option<LinkAxis>,
    /// The axes that zooming leaves alone.
    pub(super) locks: ZoomLocks,
    /// Legend, grid and background.
    pub(super) looks: PlotLooks,
}

impl Default for PlotProperties {
    fn default() -> Self {
        Self {
            values: None,
            right: None,
            scales: Scales::default(),
            tooltip: None,
            points: PointsDisplay::default(),
            times: None,
            link: None,
            locks: ZoomLocks::default(),
            looks: PlotLooks::with_corner(LEGEND_CORNER),
        }
    }
}

impl ViewProperties for PlotProperties {
    const CLASS: &'static str = ViewClassId::TIME_SERIES;

    fn read(reader: &PropertyReader<'_>) -> Self {
        let range = |component: &str| {
            let array = reader.value(component)?;
            let [min, max] = *components::Range1D::read(&array).ok()?.first()?;
            ValueWindow::new(min, max)
        };
        let scale = |component: &str| {
            let array = reader.value(component)?;
            own::AxisScale::read(&array).ok()?.first().copied()
        };
        let tooltip = reader.value(&PlotInteraction::TOOLTIP_MODE).and_then(|array| {
            components::blueprint::TooltipMode::read(&array)
                .ok()?
                .first()
                .copied()
        });
        let points = reader.value(&PlotInteraction::POINTS_DISPLAY).and_then(|array| {
            components::blueprint::PointsDisplay::read(&array)
                .ok()?
                .first()
                .copied()
        });
        let times = reader.value(&TimeAxis::VIEW_RANGE).and_then(|array| {
            components::blueprint::TimeRange::read(&array)
                .ok()?
                .first()
                .copied()
        });
        let link = reader.value(&TimeAxis::LINK).and_then(|array| {
            components::blueprint::LinkAxis::read(&array)
                .ok()?
                .first()
                .copied()
        });
        Self {
            values: range(&ScalarAxis::RANGE),
            right: range(&SecondScalarAxis::RANGE),
            scales: Scales {
                left: scale(&ScalarAxisScale::SCALE).unwrap_or_default(),
                right: scale(&SecondScalarAxis::SCALE).unwrap_or_default(),
            },
            tooltip,
            points: points.unwrap_or_default(),
            times,
            link,
            locks: ZoomLocks {
                x: reader.boolean(&TimeAxis::ZOOM_LOCK) == Some(true),
                values: reader.boolean(&ScalarAxis::ZOOM_LOCK) == Some(true),
            },
            looks: PlotLooks::read(reader, LEGEND_CORNER),
        }
    }
}

impl PlotProperties {
    /// Whether the plot is moved and zoomed together with others. So it is where nobody says otherwise, unless it is to show
    /// a stretch of time of its own.
    pub(super) fn is_linked(&self) -> bool {
        match self.link {
            Some(link) => link == LinkAxis::LinkToGlobal,
            None => self.times.is_none(),
        }
    }

    /// Whether that is said.
    pub(super) fn is_said_to_be_linked(&self) -> bool {
        self.link == Some(LinkAxis::LinkToGlobal)
    }

    /// The stretch of time. An end that the blueprint leaves open is that of the data. Plots that are said to be linked show all
    /// times of the timeline, so that all show the same.
    pub(super) fn time_window(&self, cursor: i64, all: TimeRange) -> Option<TimeWindow> {
        const LEAST: f64 = 2.0;
        if self.is_said_to_be_linked() {
            return (!all.is_empty()).then(|| TimeWindow::of(all, LEAST));
        }
        let given = self.times?.resolve(cursor);
        if given == TimeRange::EVERYTHING {
            return None;
        }
        let end = |time: i64, open: i64, instead: i64| if time == open { instead } else { time };
        let range = TimeRange::new(
            end(given.min, i64::MIN, all.min),
            end(given.max, i64::MAX, all.max),
        );
        (!range.is_empty()).then(|| TimeWindow::of(range, LEAST))
    }
}

/// Writes the range of values of an axis down, or takes it back, as looking around in the plot does.
pub(super) fn set_value_range(view: ViewId, side: AxisSide, values: Option<ValueWindow>) -> BlueprintCommand {
    BlueprintCommand::SetProperty(view, value_range(side, values))
}

/// The same as a step to undo.
pub(super) fn edit_value_range(
    view: ViewId,
    side: AxisSide,
    values: Option<ValueWindow>,
) -> BlueprintCommand {
    BlueprintCommand::edit_property(view, value_range(side, values))
}

fn value_range(side: AxisSide, values: Option<ValueWindow>) -> Vec<(ComponentDescriptor, ArrayRef)> {
    let range: Vec<[f64; 2]> = values.iter().map(|values| [values.min(), values.max()]).collect();
    let component = match side {
        AxisSide::Left => ScalarAxis::RANGE,
        AxisSide::Right => SecondScalarAxis::RANGE,
    };
    vec![(component.descriptor(), components::Range1D::build(range))]
}
