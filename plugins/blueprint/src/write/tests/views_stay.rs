//! No edit of the layout loses a view.

use super::*;

#[test]
fn a_container_goes_with_the_last_of_its_items() {
    let mut app = App::new(&["/a", "/b"], false);
    let views = app.shown().views_in_order();
    let root = app.shown().root.unwrap();
    let inner = ContainerId::hashed(["inner"]);
    let (parent, position) = (inner, 0);
    for command in [
        BlueprintCommand::AddContainer {
            id: inner,
            kind: ContainerKind::Tabs,
            parent: Some(root),
            position,
        },
        BlueprintCommand::MoveContents {
            item: Contents::View(views[0]),
            parent,
            position,
        },
    ] {
        app.run(&command).unwrap();
    }
    assert!(app.shown().containers.contains_key(&inner));
    app.run(&BlueprintCommand::MoveContents {
        item: Contents::View(views[0]),
        parent: root,
        position,
    })
    .unwrap();
    assert!(!app.shown().containers.contains_key(&inner));
    assert_eq!(app.shown().views_in_order(), views);
}

#[test]
fn a_layout_that_leaves_a_view_out_keeps_it_below_the_root() {
    let mut app = App::new(&["/a", "/b", "/c"], false);
    let views: Vec<ViewId> = app.shown().views_in_order();
    let root = ContainerId::hashed(["dropped on"]);
    let layout = ContainerBlueprint::new(root, ContainerKind::Tabs, [Contents::View(views[1])]);
    app.run(&BlueprintCommand::SetLayout {
        root,
        containers: vec![layout],
    })
    .unwrap();
    let shown = app.shown();
    assert_eq!(shown.views_in_order().len(), 3);
    assert_eq!(shown.containers[&root].contents.len(), 3);
    assert_eq!(shown.containers[&root].contents[0], Contents::View(views[1]));
}

/// A layout that leaves views out, names some twice, and some that are not there.
pub(super) fn random_layout(shown: &ViewportBlueprint, a: usize, b: usize) -> BlueprintCommand {
    let ids: Vec<ContainerId> = (0..1 + a % 4)
        .map(|at| ContainerId::hashed(["layout", &*at.to_string()]))
        .collect();
    let mut items: Vec<Contents> = shown.views.keys().copied().map(Contents::View).collect();
    items.extend(ids.iter().copied().map(Contents::Container));
    items.extend(shown.containers.keys().copied().map(Contents::Container));
    items.push(Contents::View(ViewId::hashed(["nowhere"])));
    let containers = ids.iter().enumerate().map(|(at, id)| {
        let contents =
            (0..(a + at) % 5).filter_map(|i| items.get((b + i * (at + 2) * 7 + at) % items.len()).copied());
        ContainerBlueprint::new(*id, ContainerKind::Horizontal, contents)
    });
    BlueprintCommand::SetLayout {
        root: ids[b % ids.len()],
        containers: containers.collect(),
    }
}

/// In how many places a view lies that can be reached from the root.
fn num_places(viewport: &ViewportBlueprint, view: ViewId) -> usize {
    let root = viewport.root.map(Contents::Container);
    let reached = root.map(|root| viewport.subtree(root)).unwrap_or_default();
    let containers = viewport
        .containers
        .values()
        .filter(|container| reached.contains(&Contents::Container(container.id)));
    let places = containers.flat_map(|container| &container.contents);
    places.filter(|item| **item == Contents::View(view)).count()
}

/// Checks that a command let all views be, each in one place.
pub(super) fn check_views_stay(
    command: &BlueprintCommand,
    before: &ViewportBlueprint,
    after: &ViewportBlueprint,
) {
    use BlueprintCommand as C;
    if matches!(
        command,
        C::RemoveView(_) | C::RemoveContainer(_) | C::WriteAll(_) | C::SetAutoViews(_)
    ) {
        return;
    }
    for view in before.views.keys() {
        assert!(after.views.contains_key(view), "{command:?} removed {view:?}");
        if num_places(before, *view) == 1 || matches!(command, C::SetLayout { .. } | C::MoveContents { .. }) {
            assert_eq!(num_places(after, *view), 1, "{command:?} misplaced {view:?}");
        }
    }
}
