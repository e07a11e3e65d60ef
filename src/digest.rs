//! What all views show, as text that can be compared: between two runs, two numbers of threads, two machines.

use std::{fmt::Write as _, hash::Hasher as _};

use bevy::ecs::world::World;
use chronoscope_blueprint::ViewId;
use chronoscope_frame::{Cursor, DataResults, View};
use chronoscope_views::spatial::{SpatialScenes, SpatialSources};

/// The cursor, and per view its entities with their visualizers, how it is looked at, and the parts that it draws, in order. The last
/// line is a hash of all others.
///
/// Two settled apps with the same recordings, blueprint, cursor, selection and sizes give the same text.
pub fn digest(world: &mut World) -> String {
    let mut text = String::new();
    let cursor = *world.resource::<Cursor>();
    line(&mut text, format_args!("time {}", cursor.time));
    let mut views: Vec<(ViewId, String)> = world
        .query::<(&View, &DataResults)>()
        .iter(world)
        .map(|(view, results)| (view.id, of_results(view, results)))
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

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{what}");
}
