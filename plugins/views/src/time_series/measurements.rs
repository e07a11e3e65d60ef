//! Measurements: values with their variances and units, drawn as lines with a band around them.

use std::{borrow::Cow, sync::Arc};

use bevy::app::App;
use chronoscope_frame::{
    AppFallbackExt as _, Report, Visualizer, VisualizerInfo, VisualizerInput, visualizer::QueryMode,
};
use chronoscope_store::Cell;
use chronoscope_types::{
    Component as _, Measurements as Fields, components,
    enums::{AggregationPolicy, InterpolationMode},
    own::SeriesAxis,
    read,
};

use super::{
    samples::{Samples, clears_of},
    series::EntitySeries,
    visualizers::{Components, LINE_WIDTH, LOOKS_AT, LineFields},
};

/// Shows measurements as lines, with a band of one standard deviation on both sides.
pub struct Measurements;

/// Registers what measurements look like where nobody says so.
pub(super) fn add_fallbacks(app: &mut App) {
    app.add_fallback(Fields::WIDTHS.name, |_| {
        components::StrokeWidth::build(vec![LINE_WIDTH])
    })
    .add_fallback(Fields::INTERPOLATION_MODE.name, |_| {
        components::InterpolationMode::build(vec![InterpolationMode::Linear])
    })
    .add_fallback(Fields::AGGREGATION_POLICY.name, |_| {
        components::AggregationPolicy::build(vec![AggregationPolicy::MinMax])
    });
}

impl Visualizer for Measurements {
    type Visual = EntitySeries;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "MeasurementsSeries",
        required: &[Fields::VALUES.name],
        optional: &[
            Fields::VARIANCES.name,
            Fields::UNITS.name,
            Fields::COLORS.name,
            Fields::WIDTHS.name,
            Fields::NAMES.name,
            Fields::VISIBLE_SERIES.name,
            Fields::AGGREGATION_POLICY.name,
            Fields::INTERPOLATION_MODE.name,
            SeriesAxis::SIDES.name,
        ],
        contexts: &[],
        mode: QueryMode::Range,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<EntitySeries>, Report> {
        measurements(input, EntitySeries::default())
    }

    fn update(
        input: &VisualizerInput<'_>,
        previous: Arc<EntitySeries>,
    ) -> Result<Option<EntitySeries>, Report> {
        measurements(input, Arc::into_inner(previous).unwrap_or_default())
    }
}

fn measurements(
    input: &VisualizerInput<'_>,
    mut series: EntitySeries,
) -> Result<Option<EntitySeries>, Report> {
    let before = series.variances.take();
    let fields = LineFields {
        values: Fields::VALUES,
        units: Some(Fields::UNITS),
        looks: Components {
            colors: Fields::COLORS,
            names: Fields::NAMES,
            visible: Fields::VISIBLE_SERIES,
            sizes: Fields::WIDTHS,
            shapes: None,
            default_size: LINE_WIDTH,
        },
        interpolation: Fields::INTERPOLATION_MODE,
        aggregation: Fields::AGGREGATION_POLICY,
    };
    let Some(mut series) = fields.series(input, series)? else {
        return Ok(None);
    };
    let answer = input.range_with_neighbors(&Fields::VARIANCES, series.shown);
    // As of values: what is not taken from the recording may be given by the blueprint.
    let constant = match &answer {
        Some(answer) => answer.static_hit().map(|hit| Cell::Borrowed(hit.cell_ref())),
        None => input.latest_at(&Fields::VARIANCES, LOOKS_AT),
    };
    let constant = constant
        .map(|cell| read::values_or::<components::Variance, f64>(&cell, f64::NAN).map(Cow::into_owned))
        .transpose()
        .map_err(|error| input.report(format!("variances: {error}")))?;
    series.constant_variances = constant.unwrap_or_default();
    if let Some((answer, timeline)) = answer.zip(input.cursor.timeline)
        && answer.num_rows() > 0
    {
        let mut variances: Samples = before.unwrap_or_default();
        variances
            .update(timeline, &answer, clears_of(input))
            .map_err(|error| input.report(format!("variances: {error}")))?;
        series.variances = Some(variances);
    }
    Ok(Some(series))
}
