//! What all views show, as text that can be compared: between two runs, two numbers of threads, two machines.

use std::{
    fmt::Write as _,
    hash::{Hash as _, Hasher as _},
};

use bevy::ecs::world::World;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{Cursor, DataResult, DataResults, View, ViewTile, Visualizer, Visuals};
use chronoscope_views::{
    spatial::{SpatialScenes, SpatialSources},
    time_series::{EntitySeries, Measurements, SeriesLines, SeriesPoints},
};

/// The cursor, and per view its entities with their visualizers, how it is looked at, and the parts and series that it draws, in order.
/// The last line is a hash of all others.
///
/// Two settled apps with the same recordings, blueprint, cursor, selection and sizes give the same text.
pub fn digest(world: &mut World) -> String {
    let mut text = String::new();
    let cursor = *world.resource::<Cursor>();
    line(&mut text, format_args!("time {}", cursor.time));
    let mut views = world.query::<(&View, &DataResults, Option<&ViewTile>)>();
    let world = &*world;
    let mut views: Vec<(ViewId, String)> = views
        .iter(world)
        .map(|(view, results, tile)| {
            let mut text = of_results(view, results);
            // What a view has that is not shown depends on when it was.
            if tile.is_some_and(|tile| tile.shown) {
                for result in results.iter() {
                    add_series::<SeriesLines>(&mut text, world, view.id, result);
                    add_series::<SeriesPoints>(&mut text, world, view.id, result);
                    add_series::<Measurements>(&mut text, world, view.id, result);
                }
            }
            (view.id, text)
        })
        .collect();
    views.sort_by_key(|(view, _)| *view);
    for (view, results) in views {
        text.push_str(&results);
        let scene = world.resource::<SpatialScenes>().get(view);
        let Some(scene) = scene else { continue };
        line(&mut text, format_args!("  seen by {:?}", scene.projector()));
        for part in scene.digest(world.resource::<SpatialSources>()) {
            line(&mut text, format_args!("  draws {part}"));
        }
    }
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(text.as_bytes());
    line(&mut text, format_args!("digest {:016x}", hasher.finish()));
    text
}

fn of_results(view: &View, results: &DataResults) -> String {
    let mut text = String::new();
    line(
        &mut text,
        format_args!("view {} at {}", view.class, view.blueprint.origin),
    );
    for result in results.iter().filter(|result| !result.visualizers.is_empty()) {
        let path = &result.path;
        line(
            &mut text,
            format_args!("  has {path} with {:?}", result.visualizers),
        );
    }
    text
}

/// The series that a visualizer makes of an entity: the samples at the times that are shown, and what holds at all times.
fn add_series<V: Visualizer<Visual = EntitySeries>>(
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

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{what}");
}
