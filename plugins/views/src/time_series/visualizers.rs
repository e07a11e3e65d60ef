//! From scalars in the store to series: lines, and points.

use std::sync::Arc;

use bevy::app::App;
use chronoscope_frame::{
    AppFallbackExt as _, Report, Visualizer, VisualizerInfo, VisualizerInput, visualizer::QueryMode,
};
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{
    Component, ComponentName, Scalars, components,
    enums::{AggregationPolicy, InterpolationMode, MarkerShape},
    read,
};
use egui::Color32;

use super::{
    samples::{MAX_SERIES, Samples, clears_of},
    series::{EntitySeries, Mark, SeriesStyle},
};

/// The width of a line that brings none, in points.
const LINE_WIDTH: f32 = 1.5;
/// The radius of a marker that brings none, in points.
const MARKER_RADIUS: f32 = 3.0;
/// What a line's width and a marker's radius may be, in points.
const SIZES: std::ops::RangeInclusive<f32> = 0.25..=64.0;
/// Where series get their looks: at the end, so that these do not change while time moves.
const LOOKS_AT: i64 = i64::MAX;

/// Registers what series look like where nobody says so.
pub(super) fn add_fallbacks(app: &mut App) {
    use chronoscope_types::{SeriesLines as Lines, SeriesPoints as Points};

    app.add_fallback(Lines::WIDTHS.name, |_| {
        components::StrokeWidth::build(vec![LINE_WIDTH])
    })
    .add_fallback(Lines::INTERPOLATION_MODE.name, |_| {
        components::InterpolationMode::build(vec![InterpolationMode::Linear])
    })
    .add_fallback(Lines::AGGREGATION_POLICY.name, |_| {
        components::AggregationPolicy::build(vec![AggregationPolicy::MinMax])
    })
    .add_fallback(Points::MARKER_SIZES.name, |_| {
        components::MarkerSize::build(vec![MARKER_RADIUS])
    })
    .add_fallback(Points::MARKERS.name, |_| {
        components::MarkerShape::build(vec![MarkerShape::Circle])
    });
}

/// Shows scalars as lines.
pub struct SeriesLines;

/// Shows scalars as points.
pub struct SeriesPoints;

impl Visualizer for SeriesLines {
    type Visual = EntitySeries;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "SeriesLines",
        required: &[Scalars::SCALARS.name],
        optional: &[
            chronoscope_types::SeriesLines::COLORS.name,
            chronoscope_types::SeriesLines::WIDTHS.name,
            chronoscope_types::SeriesLines::NAMES.name,
            chronoscope_types::SeriesLines::VISIBLE_SERIES.name,
            chronoscope_types::SeriesLines::INTERPOLATION_MODE.name,
            chronoscope_types::SeriesLines::AGGREGATION_POLICY.name,
        ],
        contexts: &[],
        mode: QueryMode::Range,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<EntitySeries>, Report> {
        lines(input, EntitySeries::default())
    }

    fn update(
        input: &VisualizerInput<'_>,
        previous: Arc<EntitySeries>,
    ) -> Result<Option<EntitySeries>, Report> {
        lines(input, Arc::into_inner(previous).unwrap_or_default())
    }
}

impl Visualizer for SeriesPoints {
    type Visual = EntitySeries;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "SeriesPoints",
        required: &[Scalars::SCALARS.name],
        optional: &[
            chronoscope_types::SeriesPoints::COLORS.name,
            chronoscope_types::SeriesPoints::MARKERS.name,
            chronoscope_types::SeriesPoints::NAMES.name,
            chronoscope_types::SeriesPoints::VISIBLE_SERIES.name,
            chronoscope_types::SeriesPoints::MARKER_SIZES.name,
        ],
        contexts: &[],
        mode: QueryMode::Range,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<EntitySeries>, Report> {
        points(input, EntitySeries::default())
    }

    fn update(
        input: &VisualizerInput<'_>,
        previous: Arc<EntitySeries>,
    ) -> Result<Option<EntitySeries>, Report> {
        points(input, Arc::into_inner(previous).unwrap_or_default())
    }
}

fn lines(input: &VisualizerInput<'_>, mut series: EntitySeries) -> Result<Option<EntitySeries>, Report> {
    use chronoscope_types::SeriesLines as Looks;

    // Who asks for points and not for lines gets points alone.
    if has_any(input, chronoscope_types::SeriesPoints::FIELDS) && !has_any(input, Looks::FIELDS) {
        return Ok(None);
    }
    if !take_samples(input, &mut series)? {
        return Ok(None);
    }
    let looks = Components {
        colors: Looks::COLORS,
        names: Looks::NAMES,
        visible: Looks::VISIBLE_SERIES,
        sizes: Looks::WIDTHS,
        default_size: LINE_WIDTH,
    };
    let interpolation = first(input, Looks::INTERPOLATION_MODE, |cell| {
        components::InterpolationMode::read(cell)
    })?;
    let interpolation = interpolation
        .and_then(|modes| modes.first().copied())
        .unwrap_or(InterpolationMode::Linear);
    let aggregation = first(input, Looks::AGGREGATION_POLICY, |cell| {
        components::AggregationPolicy::read(cell)
    })?;
    let aggregation = aggregation
        .and_then(|policies| policies.first().copied())
        .unwrap_or(AggregationPolicy::MinMax);
    series.styles = looks.styles(input, num_series(&series), |_, width| Mark::Line {
        width,
        interpolation,
        aggregation,
    })?;
    Ok(Some(series))
}

fn points(input: &VisualizerInput<'_>, mut series: EntitySeries) -> Result<Option<EntitySeries>, Report> {
    use chronoscope_types::SeriesPoints as Looks;

    if !has_any(input, Looks::FIELDS) || !take_samples(input, &mut series)? {
        return Ok(None);
    }
    let looks = Components {
        colors: Looks::COLORS,
        names: Looks::NAMES,
        visible: Looks::VISIBLE_SERIES,
        sizes: Looks::MARKER_SIZES,
        default_size: MARKER_RADIUS,
    };
    let markers =
        first(input, Looks::MARKERS, |cell| components::MarkerShape::read(cell))?.unwrap_or_default();
    series.styles = looks.styles(input, num_series(&series), |at, radius| Mark::Marker {
        shape: chronoscope_types::clamped(&markers, at).unwrap_or(MarkerShape::Circle),
        radius,
    })?;
    Ok(Some(series))
}

fn num_series(series: &EntitySeries) -> usize {
    series.samples.num_columns().max(series.constants.len())
}

/// Whether an entity brings any of these components, or the blueprint gives it one.
fn has_any(input: &VisualizerInput<'_>, fields: &[ComponentName]) -> bool {
    fields.iter().any(|field| {
        let logged = input.store.component_id(field).is_some_and(|id| {
            input.store.has_static(input.entity, id)
                || input
                    .cursor
                    .timeline
                    .is_some_and(|timeline| input.store.has_component_on(input.entity, timeline, id))
        });
        logged || input.overridden(field).is_some()
    })
}

/// Brings samples and constants up to date; `false` where there are none.
fn take_samples(input: &VisualizerInput<'_>, series: &mut EntitySeries) -> Result<bool, Report> {
    series.constants.clear();
    let answer = input.range(&Scalars::SCALARS, input.time_range());
    // What is not taken from the recording may be given by the blueprint.
    let constant = match &answer {
        Some(answer) => answer.static_hit().map(chronoscope_store::Hit::cell),
        None => input.latest_at(&Scalars::SCALARS, LOOKS_AT),
    };
    if let Some(cell) = constant {
        series.samples = Samples::default();
        let values = read::values_or::<components::Scalar, f64>(&cell, f64::NAN)
            .map_err(|error| input.report(error.to_string()))?;
        series.left_out = values.len().saturating_sub(MAX_SERIES);
        series.constants = values
            .iter()
            .take(MAX_SERIES)
            .map(|value| if value.is_finite() { *value } else { f64::NAN })
            .collect();
        return Ok(!series.constants.is_empty());
    }
    let (Some(answer), Some(timeline)) = (answer, input.cursor.timeline) else {
        return Ok(false);
    };
    series
        .samples
        .update(timeline, &answer, clears_of(input))
        .map_err(|error| input.report(error.to_string()))?;
    series.left_out = series.samples.num_left_out();
    Ok(series.samples.num_columns() > 0)
}

/// The components that say how series look, by what they say.
struct Components {
    colors: ComponentName,
    names: ComponentName,
    visible: ComponentName,
    sizes: ComponentName,
    default_size: f32,
}

impl Components {
    fn styles(
        &self,
        input: &VisualizerInput<'_>,
        count: usize,
        mark: impl Fn(usize, f32) -> Mark,
    ) -> Result<Vec<SeriesStyle>, Report> {
        let colors = first(input, self.colors, |cell| {
            read::colors(cell).map(std::borrow::Cow::into_owned)
        })?
        .unwrap_or_default();
        let sizes = first(input, self.sizes, |cell| {
            components::StrokeWidth::read(cell).map(std::borrow::Cow::into_owned)
        })?
        .unwrap_or_default();
        let visible = first(input, self.visible, |cell| read::bools(cell))?.unwrap_or_default();
        let names = first(input, self.names, |cell| {
            read::names(cell).map(|names| {
                names
                    .iter()
                    .map(|name| name.filter(|name| !name.is_empty()).map(Arc::from))
                    .collect::<Vec<Option<Arc<str>>>>()
            })
        })?
        .unwrap_or_default();
        let styles = (0..count).map(|at| {
            let size = chronoscope_types::clamped(&sizes, at)
                .filter(|size| size.is_finite())
                .unwrap_or(self.default_size);
            SeriesStyle {
                name: names.get(at).cloned().flatten(),
                color: chronoscope_types::clamped(&colors, at).map(color),
                visible: chronoscope_types::clamped(&visible, at).unwrap_or(true),
                mark: mark(at, size.clamp(*SIZES.start(), *SIZES.end())),
            }
        });
        Ok(styles.collect())
    }
}

/// The value of a component that says how series look, as `read` makes it.
fn first<T>(
    input: &VisualizerInput<'_>,
    component: ComponentName,
    read: impl Fn(&ArrayRef) -> Result<T, chronoscope_types::ReadError>,
) -> Result<Option<T>, Report> {
    input
        .latest_at(&component, LOOKS_AT)
        .map(|cell| read(&cell))
        .transpose()
        .map_err(|error| input.report(error.to_string()))
}

fn color(rgba: u32) -> Color32 {
    let [r, g, b, a] = chronoscope_types::Rgba(rgba).to_array();
    Color32::from_rgba_unmultiplied(r, g, b, a)
}
