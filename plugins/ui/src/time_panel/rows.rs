//! The streams as a list of rows: entities as a tree, each with its components below.

use std::collections::BTreeMap;

use chronoscope_blueprint::{PROPERTIES_PATH, natural_order};
use chronoscope_store::{ChunkStore, ComponentId, EntityId, EntityPath};
use rustc_hash::FxHashSet;

use crate::find::{EntityFilter, FilterPlace};

/// The entity or component of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// An entity, or a part of a path with entities only below.
    Entity(EntityId),
    /// A component of an entity.
    Component(EntityId, ComponentId),
}

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) stream: Stream,
    pub(super) level: usize,
    /// Whether it is expanded; `None` if there is nothing below.
    pub(super) expanded: Option<bool>,
}

/// Rows that the user expanded or collapsed, by path, so that it outlives the recording.
pub(super) type Expansion = BTreeMap<EntityPath, bool>;

/// Entities with more children than this begin collapsed.
const MAX_EXPANDED: usize = 32;

/// Levels that begin expanded, where there are few entities.
const EXPANDED_LEVELS: usize = 2;

/// The rows of a recording. Properties of the recording itself are no streams: they stand where it is selected, and are found by
/// a filter. Costs as much as there are rows.
pub(super) fn rows(store: &ChunkStore, expansion: &Expansion) -> Vec<Row> {
    let tree = store.tree();
    let mut rows = Vec::new();
    let mut stack: Vec<(EntityId, usize)> = Vec::new();
    // The root has a row only where something was logged to it.
    if store.has_data(tree.root()) {
        let components = store
            .components_of(tree.root())
            .map(|component| Stream::Component(tree.root(), component));
        let expanded = expansion.get(tree.path(tree.root())).copied().unwrap_or(false);
        rows.push(Row {
            stream: Stream::Entity(tree.root()),
            level: 0,
            expanded: Some(expanded),
        });
        if expanded {
            rows.extend(components.map(|stream| Row {
                stream,
                level: 1,
                expanded: None,
            }));
        }
    }
    let streams = children_in_reverse(store, tree.root()).filter(|child| !is_properties(tree.path(*child)));
    stack.extend(streams.map(|child| (child, 0)));
    while let Some((entity, level)) = stack.pop() {
        let num_children = tree.num_children(entity);
        let has_components = store.components_of(entity).next().is_some();
        let is_small = level < EXPANDED_LEVELS && num_children <= MAX_EXPANDED;
        // A leaf shows its components only when asked to.
        let by_default = num_children > 0 && is_small;
        let expanded = expansion.get(tree.path(entity)).copied().unwrap_or(by_default);
        let has_below = has_components || num_children > 0;
        rows.push(Row {
            stream: Stream::Entity(entity),
            level,
            expanded: has_below.then_some(expanded),
        });
        if expanded {
            let asked = expansion.contains_key(tree.path(entity)) || num_children == 0;
            if asked {
                let components = store
                    .components_of(entity)
                    .map(|component| Stream::Component(entity, component));
                rows.extend(components.map(|stream| Row {
                    stream,
                    level: level + 1,
                    expanded: None,
                }));
            }
            stack.extend(children_in_reverse(store, entity).map(|child| (child, level + 1)));
        }
    }
    rows
}

/// All entities with others below them expanded or collapsed. Cost: all entities.
pub(super) fn all(store: &ChunkStore, expanded: bool) -> Expansion {
    let tree = store.tree();
    let below = tree.descend(tree.root()).skip(1);
    let openable = below.filter(|entity| tree.num_children(*entity) > 0);
    openable
        .map(|entity| (tree.path(entity).clone(), expanded))
        .collect()
}

/// The entities that are looked for, with what they lie in.
///
/// Cost: all entities of the recording.
pub(super) fn found_rows(place: &FilterPlace<'_>, filter: &EntityFilter) -> Vec<Row> {
    let (store, tree) = (place.store, place.store.tree());
    let mut found: FxHashSet<EntityId> = FxHashSet::default();
    for entity in store.entities() {
        let path = store.entity_path(entity);
        if store.has_data(entity)
            && filter.matches_name(&path.ui_path())
            && filter.matches_data(place, entity)
        {
            // What lies above was taken with another.
            tree.ancestors(entity)
                .take_while(|above| found.insert(*above))
                .for_each(drop);
        }
    }
    let mut rows = Vec::new();
    let root = tree.root();
    let mut stack: Vec<(EntityId, usize)> = Vec::new();
    let below = |entity: EntityId, level: usize| {
        let children = children_in_reverse(store, entity).filter(|child| found.contains(child));
        children.map(|child| (child, level)).collect::<Vec<_>>()
    };
    stack.extend(below(root, 0));
    while let Some((entity, level)) = stack.pop() {
        let inner = below(entity, level + 1);
        rows.push(Row {
            stream: Stream::Entity(entity),
            level,
            expanded: (!inner.is_empty()).then_some(true),
        });
        stack.extend(inner);
    }
    rows
}

/// The entities directly below one, in the natural order of their names, last first.
fn children_in_reverse(store: &ChunkStore, entity: EntityId) -> impl Iterator<Item = EntityId> {
    let tree = store.tree();
    let mut children: Vec<(String, EntityId)> = tree
        .children(entity)
        .map(|child| (tree.path(child).ui_name(), child))
        .collect();
    children.sort_by(|(a, _), (b, _)| natural_order(b, a));
    children.into_iter().map(|(_, child)| child)
}

/// Whether SDKs store properties of the recording itself under a path.
fn is_properties(path: &EntityPath) -> bool {
    path.as_str() == PROPERTIES_PATH
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::testing::recording_of;

    fn names(store: &ChunkStore, rows: &[Row]) -> Vec<(usize, String)> {
        rows.iter()
            .map(|row| {
                let name = match row.stream {
                    Stream::Entity(entity) => store.entity_path(entity).to_string(),
                    Stream::Component(_, component) => store.descriptor(component).field_name().to_owned(),
                };
                (row.level, name)
            })
            .collect()
    }

    #[test]
    fn entities_come_in_the_order_of_their_paths() {
        let recording = recording_of(&["/world/b", "/world/a", "/plots"]);
        let rows = rows(&recording.store, &Expansion::new());
        assert_eq!(
            names(&recording.store, &rows),
            [
                (0, "/plots".to_owned()),
                (0, "/world".to_owned()),
                (1, "/world/a".to_owned()),
                (1, "/world/b".to_owned())
            ]
        );
        assert_eq!(rows[0].expanded, Some(false));
    }

    #[test]
    fn properties_of_the_recording_are_no_streams() {
        let recording = recording_of(&["/plots", "/__properties", "/__properties/weather"]);
        let all = rows(&recording.store, &Expansion::new());
        assert_eq!(names(&recording.store, &all), [(0, "/plots".to_owned())]);
        let place = FilterPlace::new(&recording.store, None);
        let found = found_rows(&place, &EntityFilter::parse("weather"));
        assert_eq!(found.len(), 2, "with what it lies in");
    }

    #[test]
    fn numbers_in_names_are_in_order() {
        let recording = recording_of(&["/arm_10", "/arm_2", "/arm_1"]);
        let names = names(&recording.store, &rows(&recording.store, &Expansion::new()));
        let names: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["/arm_1", "/arm_2", "/arm_10"]);
    }

    #[test]
    fn a_leaf_has_its_components_below_when_asked() {
        let recording = recording_of(&["/plots"]);
        let expanded = Expansion::from([("/plots".into(), true)]);
        let rows = rows(&recording.store, &expanded);
        assert_eq!(
            names(&recording.store, &rows),
            [(0, "/plots".to_owned()), (1, "scalars".to_owned())]
        );
    }

    #[test]
    fn ten_thousand_entities_begin_as_one_row() {
        let paths: Vec<String> = (0..10_000).map(|number| format!("/points/{number:05}")).collect();
        let recording = recording_of(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(rows(&recording.store, &Expansion::new()).len(), 1);
        let expanded = Expansion::from([("/points".into(), true)]);
        assert_eq!(rows(&recording.store, &expanded).len(), 10_001);
    }
}
