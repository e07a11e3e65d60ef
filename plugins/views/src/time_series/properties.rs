//! What the blueprint says of a plot.

use chronoscope_blueprint::{BlueprintCommand, ViewClassId, ViewId};
use chronoscope_store::TimeRange;
use chronoscope_types::{
    Component, CursorTimeRange,
    blueprint::{ScalarAxis, TimeAxis},
    components,
    enums::{Corner2D, LinkAxis},
};

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
    times: Option<CursorTimeRange>,
    /// Whether all plots that are linked show the same stretch of time.
    pub(super) is_linked: bool,
    /// The axes that zooming leaves alone.
    pub(super) locks: ZoomLocks,
    /// Legend, grid and background.
    pub(super) looks: PlotLooks,
}

impl Default for PlotProperties {
    fn default() -> Self {
        Self {
            values: None,
            times: None,
            is_linked: false,
            locks: ZoomLocks::default(),
            looks: PlotLooks::with_corner(LEGEND_CORNER),
        }
    }
}

impl ViewProperties for PlotProperties {
    const CLASS: &'static str = ViewClassId::TIME_SERIES;

    fn read(reader: &PropertyReader<'_>) -> Self {
        let values = reader.value(&ScalarAxis::RANGE).and_then(|array| {
            let [min, max] = *components::Range1D::read(&array).ok()?.first()?;
            ValueWindow::new(min, max)
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
            values,
            times,
            is_linked: link == Some(LinkAxis::LinkToGlobal),
            locks: ZoomLocks {
                x: reader.boolean(&TimeAxis::ZOOM_LOCK) == Some(true),
                values: reader.boolean(&ScalarAxis::ZOOM_LOCK) == Some(true),
            },
            looks: PlotLooks::read(reader, LEGEND_CORNER),
        }
    }
}

impl PlotProperties {
    /// The stretch of time. An end that the blueprint leaves open is that of the data. Linked plots show all times of the timeline, so
    /// that all show the same.
    pub(super) fn time_window(&self, cursor: i64, all: TimeRange) -> Option<TimeWindow> {
        const LEAST: f64 = 2.0;
        if self.is_linked {
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

/// Writes the range of values down, or takes it back.
pub(super) fn set_value_range(view: ViewId, values: Option<ValueWindow>) -> BlueprintCommand {
    let range: Vec<[f64; 2]> = values.iter().map(|values| [values.min(), values.max()]).collect();
    BlueprintCommand::SetProperty(
        view,
        vec![(ScalarAxis::RANGE.descriptor(), components::Range1D::build(range))],
    )
}
