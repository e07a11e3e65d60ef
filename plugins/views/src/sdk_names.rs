//! The names under which the SDK asks for visualizers are the names under which they are registered.

use bevy::{
    app::{App, TaskPoolPlugin},
    asset::{AssetApp, AssetPlugin},
    image::Image,
    time::TimePlugin,
};
use chronoscope_frame::{FramePlugins, Visualizers};

use crate::ViewsPlugins;

/// Archetypes, and the visualizers that the SDK names for them.
const TABLE: &str = include_str!("sdk_visualizers.tsv");

#[test]
fn visualizers_have_the_names_that_the_sdk_gives_them() {
    let table: Vec<(&str, &str)> = TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .collect();
    assert_eq!(table.len(), 40);

    let mut app = App::new();
    app.add_plugins((TaskPoolPlugin::default(), TimePlugin, AssetPlugin::default()))
        .init_asset::<Image>()
        .add_plugins((FramePlugins, ViewsPlugins));
    let mut checked = 0;
    for (_, info, _) in app.world().resource::<Visualizers>().iter() {
        // The SDK draws maps, and has no name for what draws them.
        let is_unnamed = info.name == "GridMap";
        assert!(
            is_unnamed || table.iter().any(|(_, name)| *name == info.name),
            "the SDK does not know {}",
            info.name
        );
        for component in info.required {
            let (archetype, _) = component.split_once(':').unwrap_or((component, ""));
            let expected = table.iter().find(|(other, _)| *other == archetype);
            // Scalars are shown by several, and have none of their own.
            if let Some((_, expected)) = expected {
                assert_eq!(info.name, *expected, "{archetype}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 10, "{checked}");
}
