//! What all views show, as text that can be compared: between two runs, two numbers of threads, two machines.

use std::{fmt::Write as _, hash::Hasher as _};

use bevy::ecs::world::World;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{Cursor, DataResults, View, ViewTile};
#[cfg(feature = "spatial")]
use chronoscope_views::spatial::{SpatialScenes, SpatialSources};

#[cfg(feature = "time_series")]
use self::series::add_series;

#[cfg(feature = "time_series")]
mod series;

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
                add_series(&mut text, world, view.id, results);
            }
            (view.id, text)
        })
        .collect();
    views.sort_by_key(|(view, _)| *view);
    for (view, results) in views {
        text.push_str(&results);
        add_scene(&mut text, world, view);
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

/// What a spatial view draws, and for which eye.
#[cfg(feature = "spatial")]
fn add_scene(text: &mut String, world: &World, view: ViewId) {
    let scene = world
        .get_resource::<SpatialScenes>()
        .and_then(|scenes| scenes.get(view));
    let Some(scene) = scene else { return };
    line(text, format_args!("  seen by {:?}", scene.projector()));
    for part in scene.digest(world.resource::<SpatialSources>()) {
        line(text, format_args!("  draws {part}"));
    }
}

#[cfg(not(feature = "spatial"))]
fn add_scene(_: &mut String, _: &World, _: ViewId) {}

#[cfg(not(feature = "time_series"))]
fn add_series(_: &mut String, _: &World, _: ViewId, _: &DataResults) {}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{what}");
}
