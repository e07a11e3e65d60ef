//! The series of plots, as text.

use std::hash::{Hash as _, Hasher as _};

use bevy::ecs::world::World;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{DataResult, DataResults, Visualizer, Visuals};
use chronoscope_views::time_series::{EntitySeries, Measurements, SeriesLines, SeriesPoints};

use super::line;

/// The series that all visualizers make of the entities of a view.
pub(super) fn add_series(text: &mut String, world: &World, view: ViewId, results: &DataResults) {
    for result in results.iter() {
        add_series_of::<SeriesLines>(text, world, view, result);
        add_series_of::<SeriesPoints>(text, world, view, result);
        add_series_of::<Measurements>(text, world, view, result);
    }
}

/// The series that a visualizer makes of an entity: the samples at the times that are shown, and what holds at all times.
fn add_series_of<V: Visualizer<Visual = EntitySeries>>(
    text: &mut String,
    world: &World,
    view: ViewId,
    result: &DataResult,
) {
    let visuals = world.get_resource::<Visuals<V>>();
    let Some(visuals) = visuals.and_then(|visuals| visuals.view(view)) else {
        return;
    };
    let (path, name) = (&result.path, V::INFO.name);
    for (_, series) in visuals.of_entity(result.entity) {
        for column in 0..series.samples.num_columns() {
            let shown = series.samples.indices(column, series.shown);
            let times = series.samples.times(column).get(shown.clone());
            let values = series.samples.values(column).get(shown);
            let (times, values) = (times.unwrap_or_default(), values.unwrap_or_default());
            let mut hasher = std::hash::DefaultHasher::new();
            times.hash(&mut hasher);
            for value in values {
                value.to_bits().hash(&mut hasher);
            }
            let (count, content) = (times.len(), hasher.finish());
            line(
                text,
                format_args!("  plots {path} {name}[{column}] {count} samples {content:016x}"),
            );
        }
        if !series.constants.is_empty() {
            line(text, format_args!("  plots {path} {name} {:?}", series.constants));
        }
    }
}
