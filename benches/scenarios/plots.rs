//! Plots of series.

use chronoscope::{
    blueprint::{BlueprintCommand, ViewBlueprint, ViewClassId},
    types::{
        Component as _, CursorTimeRange, TimeBoundary, VisibleTimeRange, blueprint, components,
        enums::ContainerKind,
    },
};

use super::{Scenario, name_of, show};
use crate::{
    scenes::{self, TIMELINE, view_id},
    stage::Stage,
};

/// The series of a plot.
const SERIES_PER_PLOT: usize = 5;

fn name_of_plots(base: &str, count: usize, samples: i64) -> String {
    let samples = name_of("", samples as usize);
    format!("{base}_{count}x{}", samples.trim_start_matches('_'))
}

/// Views of so many series, plots of five each.
pub(super) fn plot_views(count: usize) -> impl ExactSizeIterator<Item = ViewBlueprint> {
    (0..count.div_ceil(SERIES_PER_PLOT)).map(|at| {
        let origin = format!("/plot{at}");
        ViewBlueprint::new(view_id(at), ViewClassId::TIME_SERIES, origin.as_str())
    })
}

fn set_plots(stage: &mut Stage, count: usize, samples: i64) {
    stage.log(scenes::series(count, samples));
    show(stage, scenes::layout(plot_views(count), ContainerKind::Grid));
}

/// Plots with all of their samples, of which each frame shows another stretch: it begins and ends at these shares of all.
fn plots_looked_at(
    base: &str,
    count: usize,
    samples: i64,
    stretch: impl Fn(usize) -> [f64; 2] + 'static,
) -> Scenario {
    Scenario::new(
        name_of_plots(base, count, samples),
        move |stage| {
            set_plots(stage, count, samples);
            stage.seek(TIMELINE, samples / 2);
        },
        move |stage, frame| {
            let [start, end] = stretch(frame).map(|share| (share * samples as f64) as i64);
            let range = CursorTimeRange {
                start: TimeBoundary::Absolute(start),
                end: TimeBoundary::Absolute(end),
            };
            let axis = blueprint::TimeAxis::default().with_view_range(range);
            let plots = 0..count.div_ceil(SERIES_PER_PLOT);
            let edits = plots.map(|at| BlueprintCommand::set_property(view_id(at), &axis));
            stage.edit(BlueprintCommand::group("look around", edits));
        },
    )
}

/// Plots are dragged: half of all times is seen.
pub fn pan_plots(count: usize, samples: i64) -> Scenario {
    plots_looked_at("pan_plots", count, samples, |frame| {
        let start = 0.25 + 0.25 * (frame as f64 * 0.05).sin();
        [start, start + 0.5]
    })
}

/// Plots are zoomed from all times to a hundredth of them, and back.
pub fn zoom_plots(count: usize, samples: i64) -> Scenario {
    plots_looked_at("zoom_plots", count, samples, |frame| {
        let half = 0.5 * 10_f64.powf((frame as f64 * 0.05).cos() - 1.0);
        [0.5 - half, 0.5 + half]
    })
}

/// Plots of five series each, which show the ten seconds before the cursor: 17 samples go and come in each frame.
pub fn plots(count: usize, samples: i64) -> Scenario {
    Scenario::new(
        name_of_plots("plots", count, samples),
        move |stage| {
            set_plots(stage, count, samples);
            for at in 0..count.div_ceil(SERIES_PER_PLOT) {
                let range = VisibleTimeRange {
                    timeline: TIMELINE.to_owned(),
                    range: CursorTimeRange {
                        start: TimeBoundary::CursorRelative(-10_000),
                        end: TimeBoundary::CursorRelative(0),
                    },
                };
                let ranges = components::blueprint::VisibleTimeRange::build(vec![range]);
                let name = blueprint::VisibleTimeRanges::RANGES.descriptor();
                stage.edit(BlueprintCommand::SetProperty(view_id(at), vec![(name, ranges)]));
            }
            stage.seek(TIMELINE, samples / 2);
        },
        move |stage, frame| stage.seek(TIMELINE, samples / 2 + 17 * (frame as i64 + 1)),
    )
}
