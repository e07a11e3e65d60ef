//! The blueprint as rows: containers, views, and in each view its entities as a tree. A pure function of what
//! is expanded.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chronoscope_blueprint::{ContainerId, Contents, ViewId, ViewportBlueprint, natural_order};
use chronoscope_store::EntityPath;

/// Something that can be expanded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    Container(ContainerId),
    View(ViewId),
    Entity(ViewId, EntityPath),
}

/// An entity in a view, as the tree needs to know it.
#[derive(Clone, Debug)]
pub(super) struct EntityEntry {
    pub(super) path: EntityPath,
    /// Whether some visualizer shows it.
    pub(super) is_visualized: bool,
    /// Whether it is visible, as far as overrides say.
    pub(super) is_visible: bool,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) node: Node,
    pub(super) level: usize,
    /// Whether it is expanded; `None` if there is nothing below.
    pub(super) expanded: Option<bool>,
    /// For entities: the part of the path that the row stands for.
    pub(super) label: String,
    /// For entities: whether it is in the view, or only above something that is.
    pub(super) is_result: bool,
    /// For entities: whether some visualizer shows it, or something below.
    pub(super) is_visualized: bool,
    /// For entities: whether it is visible, or something below.
    pub(super) is_visible: bool,
}

/// Rows that the user expanded or collapsed.
#[derive(Clone, Debug, Default)]
pub(super) struct Expansion {
    pub(super) nodes: BTreeMap<Node, bool>,
    /// What holds for the others, where the user said so of all.
    pub(super) all: Option<bool>,
}

impl Expansion {
    fn of(&self, node: &Node, by_default: bool) -> bool {
        let is_shut = self.all == Some(false) && !matches!(node, Node::Container(_));
        let by_default = (by_default && !is_shut) || self.all == Some(true);
        self.nodes.get(node).copied().unwrap_or(by_default)
    }
}

/// Views with more entities than this begin collapsed, as do parts of paths with more below.
const MAX_EXPANDED: usize = 24;

/// Whether two blueprints have the same rows but for the entities in their views.
pub(super) fn is_same_tree(a: &ViewportBlueprint, b: &ViewportBlueprint) -> bool {
    let contents = |viewport: &ViewportBlueprint| -> Vec<(ContainerId, Vec<Contents>)> {
        let containers = viewport.containers.values();
        containers
            .map(|container| (container.id, container.contents.clone()))
            .collect()
    };
    a.root == b.root && a.views.keys().eq(b.views.keys()) && contents(a) == contents(b)
}

/// The rows of a blueprint. `entities` are a view's, ordered by path; asked for only where they are shown.
pub(super) fn rows(
    viewport: &ViewportBlueprint,
    expansion: &Expansion,
    num_entities: impl Fn(ViewId) -> usize,
    mut entities: impl FnMut(ViewId) -> Arc<[EntityEntry]>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    // A stack rather than recursion: its order is that of the rows.
    let mut stack: Vec<(Contents, usize)> = Vec::new();
    let placed: BTreeSet<Contents> = viewport
        .root
        .map(|root| viewport.subtree(Contents::Container(root)))
        .unwrap_or_default()
        .into_iter()
        .collect();
    let unplaced = viewport
        .views
        .keys()
        .copied()
        .map(Contents::View)
        .filter(|view| !placed.contains(view));
    stack.extend(
        unplaced
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .map(|view| (view, 0)),
    );
    stack.extend(viewport.root.map(|root| (Contents::Container(root), 0)));
    while let Some((item, level)) = stack.pop() {
        match item {
            Contents::Container(id) => {
                let Some(container) = viewport.containers.get(&id) else {
                    continue;
                };
                let node = Node::Container(id);
                let expanded = expansion.of(&node, true);
                let has_children = !container.contents.is_empty();
                rows.push(plain_row(node, level, has_children.then_some(expanded)));
                if expanded {
                    stack.extend(container.contents.iter().rev().map(|inner| (*inner, level + 1)));
                }
            }
            Contents::View(id) => {
                let num_entities = num_entities(id);
                let node = Node::View(id);
                let few = num_entities <= MAX_EXPANDED && viewport.views.len() <= MAX_EXPANDED;
                let expanded = expansion.of(&node, few);
                rows.push(plain_row(node, level, (num_entities > 0).then_some(expanded)));
                if expanded && num_entities > 0 {
                    push_entities(&mut rows, id, &entities(id), level + 1, expansion);
                }
            }
        }
    }
    rows
}

/// Takes out the views that are not kept and have no entities, and the containers that are left with nothing.
pub(super) fn retain_found(rows: &mut Vec<Row>, is_kept: impl Fn(&Node) -> bool) {
    // From the last on, what lies below a row comes before it.
    let mut below: Option<usize> = None;
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows.drain(..).rev() {
        let has_children = below.is_some_and(|level| level > row.level);
        if has_children || matches!(row.node, Node::Entity(..)) || is_kept(&row.node) {
            below = Some(row.level);
            kept.push(row);
        }
    }
    kept.reverse();
    *rows = kept;
}

fn plain_row(node: Node, level: usize, expanded: Option<bool>) -> Row {
    Row {
        node,
        level,
        expanded,
        label: String::new(),
        is_result: true,
        is_visualized: true,
        is_visible: true,
    }
}

/// A part of a path with all entities below it, which lie side by side, since they are ordered by path.
struct Group<'a> {
    entries: &'a [EntityEntry],
    depth: usize,
    level: usize,
}

fn push_entities(
    rows: &mut Vec<Row>,
    view: ViewId,
    entities: &[EntityEntry],
    level: usize,
    expansion: &Expansion,
) {
    let mut stack: Vec<Group<'_>> = groups(entities, 0, level);
    while let Some(group) = stack.pop() {
        let Some(first) = group.entries.first() else {
            continue;
        };
        let Some(path) = ancestor_at(&first.path, group.depth) else {
            continue;
        };
        let itself = (first.path == path).then_some(first);
        let below = if itself.is_some() {
            group.entries.get(1..).unwrap_or(&[])
        } else {
            group.entries
        };
        let node = Node::Entity(view, path.clone());
        let expanded = expansion.of(&node, below.len() <= MAX_EXPANDED);
        rows.push(Row {
            label: path.ui_name(),
            level: group.level,
            expanded: (!below.is_empty()).then_some(expanded),
            is_result: itself.is_some(),
            is_visualized: group.entries.iter().any(|entry| entry.is_visualized),
            is_visible: group.entries.iter().any(|entry| entry.is_visible),
            node,
        });
        if expanded {
            stack.extend(groups(below, group.depth, group.level + 1));
        }
    }
}

/// The groups of entities that share the part of their path after `depth`, in the natural order of that part,
/// last first.
fn groups(entities: &[EntityEntry], depth: usize, level: usize) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = entities
        .chunk_by(|a, b| a.path.parts().nth(depth) == b.path.parts().nth(depth))
        .map(|entries| Group {
            entries,
            depth: depth + 1,
            level,
        })
        .collect();
    // The root itself has no part, and a row of its own.
    if depth == 0
        && let Some(group) = groups.first_mut()
        && group.entries.first().is_some_and(|entry| entry.path.is_root())
    {
        group.depth = 0;
    }
    let mut named: Vec<_> = groups
        .into_iter()
        .map(|group| (name_of(&group, depth), group))
        .collect();
    named.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => natural_order(b, a),
        (a, b) => b.cmp(a),
    });
    named.into_iter().map(|(_, group)| group).collect()
}

/// The part of the path after `depth` that the entities of a group share, as it is shown.
fn name_of<'a>(group: &Group<'a>, depth: usize) -> Option<Cow<'a, str>> {
    let part = group.entries.first()?.path.parts().nth(depth)?;
    Some(if part.contains('\\') {
        EntityPath::parse(part).ui_name().into()
    } else {
        part.into()
    })
}

/// The path of the first `depth` parts.
fn ancestor_at(path: &EntityPath, depth: usize) -> Option<EntityPath> {
    let up = path.depth().checked_sub(depth)?;
    path.ancestors().nth(up)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_blueprint::{ContainerBlueprint, ContainerKind, ViewBlueprint};

    use super::*;

    fn viewport() -> (ViewportBlueprint, ViewId, ViewId) {
        let (a, b) = (ViewId::hashed(["a"]), ViewId::hashed(["b"]));
        let root = ContainerId::hashed(["root"]);
        let mut viewport = ViewportBlueprint {
            root: Some(root),
            ..ViewportBlueprint::default()
        };
        for id in [a, b] {
            viewport.views.insert(id, ViewBlueprint::new(id, "3D", "/"));
        }
        // The other view has no place.
        viewport.containers.insert(
            root,
            ContainerBlueprint::new(root, ContainerKind::Horizontal, [Contents::View(a)]),
        );
        (viewport, a, b)
    }

    fn entries(paths: &[&str]) -> Arc<[EntityEntry]> {
        paths
            .iter()
            .map(|path| EntityEntry {
                path: (*path).into(),
                is_visualized: true,
                is_visible: true,
            })
            .collect()
    }

    fn expansion<const N: usize>(nodes: [(Node, bool); N]) -> Expansion {
        Expansion {
            nodes: nodes.into(),
            ..Expansion::default()
        }
    }

    fn rows_of(
        viewport: &ViewportBlueprint,
        expansion: &Expansion,
        view: ViewId,
        entities: &Arc<[EntityEntry]>,
    ) -> Vec<Row> {
        rows(
            viewport,
            expansion,
            |id| if id == view { entities.len() } else { 0 },
            |id| {
                assert_eq!(id, view, "nobody sees the entities of the other one");
                Arc::clone(entities)
            },
        )
    }

    fn check(paths: &[&str], expansion: &Expansion, expected: &[(usize, &str)]) {
        let (viewport, a, _) = viewport();
        let rows = rows_of(&viewport, expansion, a, &entries(paths));
        let found: Vec<(usize, String)> = rows
            .iter()
            .map(|row| {
                let name = match &row.node {
                    Node::Container(_) => "container".to_owned(),
                    Node::View(_) => "view".to_owned(),
                    Node::Entity(..) => row.label.clone(),
                };
                (row.level, name)
            })
            .collect();
        let expected: Vec<(usize, String)> = expected
            .iter()
            .map(|(level, name)| (*level, (*name).to_owned()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn entities_lie_below_their_parents() {
        check(
            &["/camera", "/world/robot", "/world/robot/lidar", "/world/trail"],
            &Expansion::default(),
            &[
                (0, "container"),
                (1, "view"),
                (2, "camera"),
                (2, "world"),
                (3, "robot"),
                (4, "lidar"),
                (3, "trail"),
                (0, "view"),
            ],
        );
    }

    #[test]
    fn what_is_collapsed_hides_what_is_below() {
        let (_, a, _) = viewport();
        let collapsed = expansion([(Node::Entity(a, "/world/robot".into()), false)]);
        check(
            &["/world/robot", "/world/robot/lidar", "/world/trail"],
            &collapsed,
            &[
                (0, "container"),
                (1, "view"),
                (2, "world"),
                (3, "robot"),
                (3, "trail"),
                (0, "view"),
            ],
        );
        let collapsed = expansion([(Node::View(a), false)]);
        check(
            &["/world/robot"],
            &collapsed,
            &[(0, "container"), (1, "view"), (0, "view")],
        );
    }

    #[test]
    fn numbers_in_names_are_in_order() {
        check(
            &["/arm_1", "/arm_10", "/arm_2"],
            &Expansion::default(),
            &[
                (0, "container"),
                (1, "view"),
                (2, "arm_1"),
                (2, "arm_2"),
                (2, "arm_10"),
                (0, "view"),
            ],
        );
    }

    #[test]
    fn escapes_do_not_change_the_order() {
        check(
            &["/-minus", "/Zebra", r"/\ leading", r"/\$origin", r"/a\/b", "/a/c"],
            &Expansion::default(),
            &[
                (0, "container"),
                (1, "view"),
                (2, " leading"),
                (2, "$origin"),
                (2, "-minus"),
                (2, "Zebra"),
                (2, "a"),
                (3, "c"),
                (2, "a/b"),
                (0, "view"),
            ],
        );
    }

    #[test]
    fn what_is_found_keeps_what_it_lies_in() {
        let (viewport, a, b) = viewport();
        let all = Expansion {
            all: Some(true),
            ..Expansion::default()
        };
        let names = |entities: &[&str], wanted: Option<ViewId>| {
            let mut rows = rows_of(&viewport, &all, a, &entries(entities));
            retain_found(
                &mut rows,
                |node| matches!(node, Node::View(id) if Some(*id) == wanted),
            );
            rows.iter()
                .map(|row| (row.level, row.label.clone()))
                .collect::<Vec<_>>()
        };
        let row = |level: usize, label: &str| (level, label.to_owned());
        assert_eq!(names(&["/x"], None), [row(0, ""), row(1, ""), row(2, "x")]);
        assert_eq!(names(&[], Some(a)), [row(0, ""), row(1, "")]);
        assert_eq!(names(&[], Some(b)), [row(0, "")]);
        assert_eq!(names(&[], None), []);
    }

    #[test]
    fn the_root_is_an_entity_too() {
        check(
            &["/", "/a"],
            &Expansion::default(),
            &[(0, "container"), (1, "view"), (2, "/"), (2, "a"), (0, "view")],
        );
    }

    #[test]
    fn many_entities_begin_collapsed() {
        let names: Vec<String> = (0..10_000).map(|number| format!("/points/{number:05}")).collect();
        let (viewport, a, _) = viewport();
        let entities = entries(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let num_rows = |expansion: &Expansion| rows_of(&viewport, expansion, a, &entities).len();
        assert_eq!(num_rows(&Expansion::default()), 3);
        let all = expansion([(Node::View(a), true), (Node::Entity(a, "/points".into()), true)]);
        assert_eq!(num_rows(&all), 10_004);
    }
}
