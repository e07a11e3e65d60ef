//! Copies of views and containers.

use chronoscope_blueprint::{ContainerBlueprint, Contents};

use super::*;

/// What a container looks like, with all in it, but for ids.
fn describe(viewport: &ViewportBlueprint, contents: Contents) -> String {
    match contents {
        Contents::View(id) => {
            let view = &viewport.views[&id];
            let name = view.title().replace(" (copy)", "");
            format!("{name}, visible {}", view.visible)
        }
        Contents::Container(id) => {
            let ContainerBlueprint {
                id: _,
                kind,
                name,
                contents,
                col_shares,
                row_shares,
                active_tab,
                grid_columns,
                visible,
            } = &viewport.containers[&id];
            let active = contents.iter().position(|inner| Some(*inner) == *active_tab);
            let inner: Vec<String> = contents.iter().map(|inner| describe(viewport, *inner)).collect();
            format!(
                "{kind:?} {name:?}, {col_shares:?} by {row_shares:?}, tab {active:?}, {grid_columns:?} columns, \
                 visible {visible}: {inner:#?}"
            )
        }
    }
}

#[test]
fn a_copy_of_a_container_is_like_it_in_all() {
    let mut stage = stage(&["/a"]);
    let text = r#"(version: 1, layout: Vertical(contents: [
        View(class: "TimeSeries", name: "Beside"),
        Grid(name: "Runs", visible: false, grid_columns: 2, columns: [2.0, 1.0], rows: [1.0, 3.0], contents: [
            View(class: "TimeSeries", name: "First"),
            View(class: "TimeSeries", name: "Second", visible: false),
            Tabs(active_tab: 1, contents: [
                View(class: "TimeSeries", name: "Third"),
                View(class: "TimeSeries", name: "Fourth"),
            ]),
        ]),
    ]))"#;
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::PasteBlueprint(text.to_owned()));
    stage.draw();
    let named = |container: &&ContainerBlueprint| container.name.as_deref() == Some("Runs");
    let original = viewport(&stage).containers.values().find(named).unwrap().id;
    let expected = describe(viewport(&stage), Contents::Container(original));
    assert!(
        expected.contains("tab Some(1)") && expected.contains("Some(2) columns"),
        "{expected}"
    );

    select(&mut stage, Item::Container(original));
    stage.press(Key::D, Modifiers::COMMAND);
    stage.draw();
    let [Item::Container(copy)] = selected(&stage)[..] else {
        panic!("the copy is selected, not {:?}", selected(&stage));
    };
    assert_ne!(copy, original);
    assert_eq!(describe(viewport(&stage), Contents::Container(copy)), expected);
    assert_eq!(
        describe(viewport(&stage), Contents::Container(original)),
        expected
    );
    let root = viewport(&stage).root.unwrap();
    assert_eq!(
        viewport(&stage).containers[&root].contents[1..3],
        [Contents::Container(original), Contents::Container(copy)],
        "the copy lies behind it"
    );
    undo(&mut stage);
    assert!(!viewport(&stage).containers.contains_key(&copy));
}
