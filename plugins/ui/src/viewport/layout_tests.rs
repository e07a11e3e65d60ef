#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use chronoscope_blueprint::{ViewBlueprint, ViewClassId};

use super::*;

fn view_id(number: usize) -> ViewId {
    ViewId::hashed(["view", &number.to_string()])
}

fn container_id(number: usize) -> ContainerId {
    ContainerId::hashed(["container", &number.to_string()])
}

/// A horizontal root with a view, a vertical container of two views, and tabs of two views.
fn example() -> ViewportBlueprint {
    let mut viewport = ViewportBlueprint {
        root: Some(container_id(0)),
        ..ViewportBlueprint::default()
    };
    for number in 0..5 {
        let view = ViewBlueprint::new(view_id(number), ViewClassId::SPATIAL_3D, "/world");
        viewport.views.insert(view.id, view);
    }
    let view = |number| Contents::View(view_id(number));
    let containers = [
        ContainerBlueprint::new(
            container_id(0),
            ContainerKind::Horizontal,
            [
                view(0),
                Contents::Container(container_id(1)),
                Contents::Container(container_id(2)),
            ],
        )
        .with_shares([2.0, 1.0, 0.5]),
        ContainerBlueprint::new(container_id(1), ContainerKind::Vertical, [view(1), view(2)])
            .with_shares([3.0, 1.0]),
        ContainerBlueprint {
            active_tab: Some(view(4)),
            name: Some("Logs".to_owned()),
            ..ContainerBlueprint::new(container_id(2), ContainerKind::Tabs, [view(3), view(4)])
        },
    ];
    viewport.containers = containers
        .into_iter()
        .map(|container| (container.id, container))
        .collect();
    viewport
}

fn read_back(layout: &Layout, before: &ViewportBlueprint) -> ViewportBlueprint {
    let (root, containers) = layout.read_back(before);
    let containers = containers
        .into_iter()
        .map(|container| (container.id, container))
        .collect();
    ViewportBlueprint {
        root: Some(root),
        containers,
        ..before.clone()
    }
}

#[test]
fn there_and_back_is_the_same() {
    let viewport = example();
    let layout = Layout::of_blueprint(egui::Id::new("test"), &viewport, &BTreeSet::new());
    assert!(is_same_layout(&read_back(&layout, &viewport), &viewport));
    assert!(layout.changed_shares(&viewport).is_empty());
}

#[test]
fn simplifying_what_is_simple_changes_nothing() {
    let viewport = example();
    let mut layout = Layout::of_blueprint(egui::Id::new("test"), &viewport, &BTreeSet::new());
    layout.simplify();
    assert!(is_same_layout(&read_back(&layout, &viewport), &viewport));
}

#[test]
fn a_moved_view_comes_out_where_it_was_put() {
    let viewport = example();
    let mut layout = Layout::of_blueprint(egui::Id::new("test"), &viewport, &BTreeSet::new());
    let tile =
        |layout: &Layout, wanted: ViewId| *layout.views.iter().find(|(_, view)| **view == wanted).unwrap().0;
    let tabs = *layout
        .containers
        .iter()
        .find(|(_, id)| **id == container_id(2))
        .unwrap()
        .0;
    let moved = TileId(tile(&layout, view_id(1)));
    layout.tree.move_tile_to_container(moved, TileId(tabs), 1, false);
    layout.simplify();
    let after = read_back(&layout, &viewport);
    let view = |number| Contents::View(view_id(number));
    assert_eq!(
        after.containers[&container_id(2)].contents,
        [view(3), view(1), view(4)]
    );
    // What the vertical container had left takes its place.
    assert_eq!(
        after.containers[&container_id(0)].contents,
        [view(0), view(2), Contents::Container(container_id(2))],
    );
    assert!(!after.containers.contains_key(&container_id(1)));
}

#[test]
fn dragged_borders_become_shares() {
    let viewport = example();
    let mut layout = Layout::of_blueprint(egui::Id::new("test"), &viewport, &BTreeSet::new());
    let vertical = *layout
        .containers
        .iter()
        .find(|(_, id)| **id == container_id(1))
        .unwrap()
        .0;
    let Some(Tile::Container(Container::Linear(linear))) = layout.tree.tiles.get_mut(TileId(vertical)) else {
        panic!("a vertical container is linear")
    };
    let first = linear.children[0];
    linear.shares.set_share(first, 1.5);
    let edits = layout.changed_shares(&viewport);
    assert!(
        matches!(&edits[..], [BlueprintCommand::SetShares { id, columns, rows }]
            if *id == container_id(1) && columns.is_empty() && *rows == [1.5, 1.0]),
        "{edits:?}"
    );
}

#[test]
fn a_chosen_tab_comes_to_the_front_once() {
    let viewport = example();
    let layout = Layout::of_blueprint(egui::Id::new("test"), &viewport, &BTreeSet::new());
    let tile = |wanted: usize| {
        TileId(
            *layout
                .views
                .iter()
                .find(|(_, view)| **view == view_id(wanted))
                .unwrap()
                .0,
        )
    };
    assert!(
        matches!(layout.active_tab_edit(tile(3), &viewport), Some(BlueprintCommand::SetActiveTab(id, _)) if id == container_id(2))
    );
    assert!(
        layout.active_tab_edit(tile(4), &viewport).is_none(),
        "it is there"
    );
    assert!(
        layout.active_tab_edit(tile(0), &viewport).is_none(),
        "a title bar is no choice"
    );
}

#[test]
fn senseless_numbers_are_laid_out_all_the_same() {
    let mut viewport = example();
    if let Some(root) = viewport.containers.get_mut(&container_id(0)) {
        root.col_shares = vec![f32::NAN, -1.0, f32::INFINITY];
    }
    if let Some(grid) = viewport.containers.get_mut(&container_id(1)) {
        grid.kind = ContainerKind::Grid;
        grid.grid_columns = Some(u32::MAX);
        grid.col_shares = vec![0.0; 100];
    }
    let layout = Layout::of_blueprint(egui::Id::new("test"), &viewport, &BTreeSet::new());
    let (_, containers) = layout.read_back(&viewport);
    assert!(
        containers
            .iter()
            .flat_map(|c| c.col_shares.iter().chain(&c.row_shares))
            .all(|share| share.is_finite() && *share > 0.0)
    );
}

#[test]
fn a_view_without_a_title_bar_lies_in_no_tabs_of_its_own() {
    let mut viewport = example();
    for number in [0, 3] {
        viewport.views.get_mut(&view_id(number)).unwrap().title_bar = false;
    }
    let layout_of = |viewport: &ViewportBlueprint| {
        Layout::of_blueprint(egui::Id::new("test"), viewport, &BTreeSet::new())
    };
    let is_in_tabs = |layout: &Layout, number| {
        let mut views = layout.views.iter();
        let (tile, _) = views.find(|(_, view)| **view == view_id(number)).unwrap();
        let parent = layout.tree.tiles.parent_of(TileId(*tile)).unwrap();
        matches!(layout.tree.tiles.get_container(parent), Some(Container::Tabs(_)))
    };
    let layout = layout_of(&viewport);
    let in_tabs = [0, 1, 3, 4].map(|number| is_in_tabs(&layout, number));
    assert_eq!(in_tabs, [false, true, true, true], "among tabs it has one");
    assert!(is_same_layout(&read_back(&layout, &viewport), &viewport));
    assert!(layout.changed_shares(&viewport).is_empty());

    let tabs = viewport.containers.get_mut(&container_id(2)).unwrap();
    tabs.contents.truncate(1);
    tabs.active_tab = None;
    let layout = layout_of(&viewport);
    assert!(!is_in_tabs(&layout, 3), "the only one of its tabs has none");
    assert!(layout.changed_shares(&viewport).is_empty());
    assert!(!is_same_layout(&viewport, &example()));
}

#[test]
fn nothing_to_arrange_is_an_empty_tree() {
    let viewport = ViewportBlueprint::default();
    let layout = Layout::of_blueprint(egui::Id::new("test"), &viewport, &BTreeSet::new());
    assert!(layout.tree.is_empty());
    let (_, containers) = layout.read_back(&viewport);
    assert_eq!(containers.len(), 1);
}
