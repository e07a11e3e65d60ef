//! What the README says of archetypes.

use std::collections::{BTreeMap, BTreeSet};

use bevy::prelude::App;
use chronoscope::{
    blueprint::ViewClassId,
    frame::Visualizers,
    offscreen::{OffscreenPlugin, OffscreenSize},
    prelude::*,
    types::Vocabulary,
};

/// The names in code marks of each row of the table, by where the row says that they are drawn.
fn rows() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let readme = include_str!("../../README.md");
    let (_, table) = readme.split_once("| where | archetypes |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let cells = rows.map(|row| row.trim_matches(['|', ' ']).split_once(" | ").unwrap());
    cells
        .map(|(place, names)| (place, names.split('`').skip(1).step_by(2).collect()))
        .collect()
}

#[test]
fn the_table_of_archetypes_says_what_visualizers_draw() {
    let rows = rows();
    let vocabulary = Vocabulary::get().archetypes();
    let logged = vocabulary.filter(|info| !info.is_blueprint && info.name.starts_with("rerun."));
    let all: BTreeSet<&str> = logged.map(|info| info.short_name).collect();
    let told: BTreeSet<&str> = rows.values().flatten().copied().collect();
    assert_eq!(told, all);

    let mut app = App::new();
    let size = OffscreenSize {
        width: 64,
        height: 64,
        scale: 1.0,
    };
    app.add_plugins((OffscreenPlugin { size }, ChronoscopePlugins));
    let visualizers = app.world().resource::<Visualizers>();
    let drawn_in = |is_wanted: &dyn Fn(&str) -> bool| -> BTreeSet<&str> {
        let of_class = visualizers
            .iter()
            .filter(|(_, _, classes)| classes.iter().any(|class| is_wanted(class.as_str())));
        let required = of_class.flat_map(|(_, info, _)| info.required);
        required
            .map(|component| component.split_once(':').unwrap().0)
            .collect()
    };
    let in_plane = drawn_in(&|class| class == ViewClassId::SPATIAL_2D);
    let in_space = drawn_in(&|class| class == ViewClassId::SPATIAL_3D);
    let elsewhere = drawn_in(&|class| ![ViewClassId::SPATIAL_2D, ViewClassId::SPATIAL_3D].contains(&class));
    assert_eq!(rows["in the plane"], in_plane);
    // What is flat is shown in the pictures of cameras.
    assert_eq!(&rows["in space"] | &in_plane, in_space);
    assert_eq!(rows["as plots and text"], elsewhere);
    for place in ["for others", "as values alone", "not yet"] {
        for drawn in [&in_plane, &in_space, &elsewhere] {
            let both: Vec<_> = rows[place].intersection(drawn).collect();
            assert!(both.is_empty(), "{place}: {both:?}");
        }
    }
}
