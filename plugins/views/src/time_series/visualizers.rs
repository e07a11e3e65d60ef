//! From scalars in the store to series: lines, and points.

use std::sync::Arc;

use bevy::app::App;
use chronoscope_frame::{
    AppFallbackExt as _, Report, Source, Visualizer, VisualizerInfo, VisualizerInput, visualizer::QueryMode,
};
use chronoscope_store::{Cell, CellRef, arrow::ArrayRef};
use chronoscope_types::{
    Component, ComponentName, Scalars,
    components::{self, own},
    enums::{AggregationPolicy, InterpolationMode, MarkerShape},
    own::SeriesAxis,
    read,
};
use egui::Color32;

use super::{
    missing::MissingTimes,
    samples::{MAX_SERIES, Samples, clears_of},
    series::EntitySeries,
    style::{Mark, SeriesStyle},
    tracks::Track,
};

/// The width of a line that brings none, in points.
pub(super) const LINE_WIDTH: f32 = 1.5;
/// The radius of a marker that brings none, in points.
const MARKER_RADIUS: f32 = 3.0;
/// What a line's width and a marker's radius may be, in points.
const SIZES: std::ops::RangeInclusive<f32> = 0.25..=64.0;
/// Where series get their looks: at the end, so that these do not change while time moves.
pub(super) const LOOKS_AT: i64 = i64::MAX;

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
            SeriesAxis::SIDES.name,
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
            SeriesAxis::SIDES.name,
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

fn lines(input: &VisualizerInput<'_>, series: EntitySeries) -> Result<Option<EntitySeries>, Report> {
    use chronoscope_types::SeriesLines as Looks;

    // Who asks for points and not for lines gets points alone.
    if has_any(input, chronoscope_types::SeriesPoints::FIELDS) && !has_any(input, Looks::FIELDS) {
        return Ok(None);
    }
    let fields = LineFields {
        values: Scalars::SCALARS,
        units: None,
        looks: Components {
            colors: Looks::COLORS,
            names: Looks::NAMES,
            visible: Looks::VISIBLE_SERIES,
            sizes: Looks::WIDTHS,
            shapes: None,
            default_size: LINE_WIDTH,
        },
        interpolation: Looks::INTERPOLATION_MODE,
        aggregation: Looks::AGGREGATION_POLICY,
    };
    fields.series(input, series)
}

/// The components that values and the looks of lines are in.
pub(super) struct LineFields {
    pub(super) values: ComponentName,
    pub(super) units: Option<ComponentName>,
    pub(super) looks: Components,
    pub(super) interpolation: ComponentName,
    pub(super) aggregation: ComponentName,
}

impl LineFields {
    /// The series of an entity; `None` where it has no values.
    pub(super) fn series(
        &self,
        input: &VisualizerInput<'_>,
        mut series: EntitySeries,
    ) -> Result<Option<EntitySeries>, Report> {
        if !take_samples(input, self.values, &mut series)? {
            return Ok(None);
        }
        let interpolation = first(input, self.interpolation, |cell| {
            components::InterpolationMode::read(cell)
        })?;
        let interpolation = interpolation
            .and_then(|modes| modes.first().copied())
            .unwrap_or(InterpolationMode::Linear);
        let aggregation = first(input, self.aggregation, |cell| {
            components::AggregationPolicy::read(cell)
        })?;
        let aggregation = aggregation
            .and_then(|policies| policies.first().copied())
            .unwrap_or(AggregationPolicy::MinMax);
        series.styles = self
            .looks
            .styles(input, num_series(&series), |_, width| Mark::Line {
                width,
                interpolation,
                aggregation,
            })?;
        let units = self
            .units
            .map(|units| first(input, units, read_names))
            .transpose()?;
        let units = units.flatten().unwrap_or_default();
        for (at, style) in series.styles.iter_mut().enumerate() {
            style.unit = units.get(at).or(units.last()).cloned().flatten();
        }
        self.looks.follow(input, &mut series)?;
        Ok(Some(series))
    }
}

fn points(input: &VisualizerInput<'_>, mut series: EntitySeries) -> Result<Option<EntitySeries>, Report> {
    use chronoscope_types::SeriesPoints as Looks;

    if !has_any(input, Looks::FIELDS) || !take_samples(input, Scalars::SCALARS, &mut series)? {
        return Ok(None);
    }
    let looks = Components {
        colors: Looks::COLORS,
        names: Looks::NAMES,
        visible: Looks::VISIBLE_SERIES,
        sizes: Looks::MARKER_SIZES,
        shapes: Some(Looks::MARKERS),
        default_size: MARKER_RADIUS,
    };
    let markers =
        first(input, Looks::MARKERS, |cell| components::MarkerShape::read(cell))?.unwrap_or_default();
    series.styles = looks.styles(input, num_series(&series), |at, radius| Mark::Marker {
        shape: chronoscope_types::clamped(&markers, at).unwrap_or(MarkerShape::Circle),
        radius,
    })?;
    looks.follow(input, &mut series)?;
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

/// Brings samples and constants up to date; `false` where there are none, and none to come.
fn take_samples(
    input: &VisualizerInput<'_>,
    values: ComponentName,
    series: &mut EntitySeries,
) -> Result<bool, Report> {
    series.constants.clear();
    series.missing = MissingTimes::default();
    series.shown = input.time_range();
    let answer = input.range_with_neighbors(&values, series.shown);
    // What is not taken from the recording may be given by the blueprint.
    let constant = match &answer {
        Some(answer) => answer.static_hit().map(|hit| Cell::Borrowed(hit.cell_ref())),
        None => input.latest_at(&values, LOOKS_AT),
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
    let component = input.store.component_id(&values);
    series.missing = MissingTimes::of(&answer, input.store, timeline, component, &series.samples);
    Ok(series.samples.num_columns() > 0 || !series.missing.is_empty())
}

/// The components that say how series look, by what they say.
pub(super) struct Components {
    pub(super) colors: ComponentName,
    pub(super) names: ComponentName,
    pub(super) visible: ComponentName,
    pub(super) sizes: ComponentName,
    pub(super) shapes: Option<ComponentName>,
    pub(super) default_size: f32,
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
        let sizes = first(input, self.sizes, read_sizes)?.unwrap_or_default();
        let visible = first(input, self.visible, |cell| read::bools(cell))?.unwrap_or_default();
        let names = first(input, self.names, read_names)?.unwrap_or_default();
        let sides = first(input, SeriesAxis::SIDES, |cell| own::AxisSide::read(cell))?.unwrap_or_default();
        let styles = (0..count).map(|at| SeriesStyle {
            name: names.get(at).cloned().flatten(),
            color: chronoscope_types::clamped(&colors, at).map(color),
            visible: chronoscope_types::clamped(&visible, at).unwrap_or(true),
            side: chronoscope_types::clamped(&sides, at),
            unit: None,
            mark: mark(
                at,
                chronoscope_types::clamped(&sizes, at)
                    .flatten()
                    .unwrap_or(self.default_size),
            ),
        });
        Ok(styles.collect())
    }

    /// Brings what changes over time up to date.
    fn follow(&self, input: &VisualizerInput<'_>, series: &mut EntitySeries) -> Result<(), Report> {
        let count = series.len();
        let tracks = &mut series.tracks;
        tracks.colors = track(input, self.colors, count, tracks.colors.take(), |cell| {
            Ok(read::colors(cell)?
                .iter()
                .map(|rgba| Some(color(*rgba)))
                .collect())
        })?;
        tracks.sizes = track(input, self.sizes, count, tracks.sizes.take(), read_sizes)?;
        tracks.names = track(input, self.names, count, tracks.names.take(), |cell| {
            let mut names = read_names(cell)?;
            // A name is of one series alone.
            names.push(None);
            Ok(names)
        })?;
        tracks.shapes = match self.shapes {
            Some(shapes) => track(input, shapes, count, tracks.shapes.take(), |cell| {
                Ok(components::MarkerShape::read(cell)?
                    .into_iter()
                    .map(Some)
                    .collect())
            })?,
            None => None,
        };
        Ok(())
    }
}

/// The value of a component that says how series look, as `read` makes it.
fn first<T>(
    input: &VisualizerInput<'_>,
    component: ComponentName,
    read: impl Fn(CellRef<'_>) -> Result<T, chronoscope_types::ReadError>,
) -> Result<Option<T>, Report> {
    look(input, component)
        .map(|look| read((&look.array).into()))
        .transpose()
        .map_err(|error| input.report(error.to_string()))
}

/// What a component says of how series look.
struct Look {
    array: ArrayRef,
    /// Whether a row at a time of the recording says it.
    is_temporal: bool,
}

/// What a component says of how series look at the end. Where it is cleared there, the last row among the shown times says it: a clear
/// ends a series, and leaves what was drawn of it as it is.
fn look(input: &VisualizerInput<'_>, component: ComponentName) -> Option<Look> {
    let said = input.resolve_at(&component, LOOKS_AT);
    let is_own = said
        .as_ref()
        .is_some_and(|said| matches!(said.source, Source::Override | Source::Store));
    let cleared = (!is_own).then(|| last_row(input, component)).flatten();
    match cleared {
        Some(array) => Some(Look {
            array,
            is_temporal: true,
        }),
        None => said.map(|said| Look {
            is_temporal: said.row.is_some_and(|row| row.time.is_some()),
            array: said.array,
        }),
    }
}

/// The last row of a component among the shown times, whether or not it is cleared.
fn last_row(input: &VisualizerInput<'_>, component: ComponentName) -> Option<ArrayRef> {
    let answer = input.range_with_neighbors(&component, input.time_range())?;
    let slice = answer.slices().last()?;
    let row = slice.row(slice.num_rows().checked_sub(1)?);
    Some(slice.column().lists().value(row))
}

/// The rows of a component that says how series look, where the recording has several of them over time.
fn track<T: Clone + PartialEq>(
    input: &VisualizerInput<'_>,
    component: ComponentName,
    count: usize,
    before: Option<Track<T>>,
    read: impl Fn(CellRef<'_>) -> Result<Vec<Option<T>>, chronoscope_types::ReadError>,
) -> Result<Option<Track<T>>, Report> {
    let is_temporal = look(input, component).is_some_and(|look| look.is_temporal);
    let answer = is_temporal.then(|| input.range_with_neighbors(&component, input.time_range()));
    // One row alone says how all of the series looks.
    let Some(answer) = answer.flatten().filter(|answer| answer.num_rows() > 1) else {
        return Ok(None);
    };
    Track::of(answer, count, before, read)
        .map(Some)
        .map_err(|error| input.report(error.to_string()))
}

/// Widths or radii, in points; `None` where one is no number.
fn read_sizes(cell: CellRef<'_>) -> Result<Vec<Option<f32>>, chronoscope_types::ReadError> {
    let sizes = components::StrokeWidth::read(cell)?;
    let clamped = sizes
        .iter()
        .map(|size| size.is_finite().then(|| size.clamp(*SIZES.start(), *SIZES.end())));
    Ok(clamped.collect())
}

fn read_names(cell: CellRef<'_>) -> Result<Vec<Option<Arc<str>>>, chronoscope_types::ReadError> {
    let names = read::names(cell)?;
    let names = names.iter();
    Ok(names
        .map(|name| name.filter(|name| !name.is_empty()).map(Arc::from))
        .collect())
}

fn color(rgba: u32) -> Color32 {
    let [r, g, b, a] = chronoscope_types::Rgba(rgba).to_array();
    Color32::from_rgba_unmultiplied(r, g, b, a)
}
