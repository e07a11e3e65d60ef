//! Grids that heuristics made for a larger window: where their tiles would be too small to read, they are shown as tabs. The
//! blueprint keeps the grid, so that it is there again where there is room.

use std::collections::BTreeSet;

use chronoscope_blueprint::{ContainerBlueprint, ContainerId, ContainerKind, Contents, ViewportBlueprint};
use egui::{Vec2, vec2};

use crate::{arrange::is_visible, theme::size};

/// The least of a tile, with its title, in which a plot with axes can be read.
const MIN_TILE: Vec2 = vec2(25.0 * size::GRID, 18.0 * size::GRID);

/// The grids in a room of this size whose tiles would be too small. A layout that somebody made stays what it is.
pub(super) fn crowded_grids(
    viewport: &ViewportBlueprint,
    room: Vec2,
    elsewhere: &BTreeSet<Contents>,
) -> BTreeSet<ContainerId> {
    let mut crowded = BTreeSet::new();
    if !viewport.auto_layout {
        return crowded;
    }
    let mut rest: Vec<(ContainerId, Vec2)> = viewport.root.map(|root| (root, room)).into_iter().collect();
    while let Some((id, room)) = rest.pop() {
        let Some(container) = viewport.containers.get(&id) else {
            continue;
        };
        let shown = shown_items(viewport, container, elsewhere);
        let count = shown.len();
        let all: f32 = shown.iter().map(|(_, share)| share).sum();
        let in_tabs = room - vec2(0.0, size::ROW);
        let in_grid = grid_tile(container.grid_columns, count, room);
        if container.kind == ContainerKind::Grid && in_grid.is_none() {
            crowded.insert(id);
        }
        for (item, share) in shown {
            let part = share / all.max(f32::EPSILON);
            let tile = match container.kind {
                ContainerKind::Tabs => in_tabs,
                ContainerKind::Horizontal => vec2(room.x * part, room.y),
                ContainerKind::Vertical => vec2(room.x, room.y * part),
                ContainerKind::Grid => in_grid.unwrap_or(in_tabs),
            };
            if let Contents::Container(inner) = item {
                rest.push((inner, tile));
            }
        }
    }
    crowded
}

/// A blueprint with tabs in place of these containers.
pub(super) fn as_tabs(viewport: &ViewportBlueprint, crowded: &BTreeSet<ContainerId>) -> ViewportBlueprint {
    let mut shown = viewport.clone();
    for id in crowded {
        if let Some(container) = shown.containers.get_mut(id) {
            container.kind = ContainerKind::Tabs;
        }
    }
    shown
}

/// What can be seen of a container, with its shares.
fn shown_items(
    viewport: &ViewportBlueprint,
    container: &ContainerBlueprint,
    elsewhere: &BTreeSet<Contents>,
) -> Vec<(Contents, f32)> {
    let is_shown = |item: &Contents| is_visible(viewport, *item) && !elsewhere.contains(item);
    let items = container.contents.iter().copied().enumerate();
    items
        .filter(|(_, item)| is_shown(item))
        .map(|(at, item)| (item, container.share(at)))
        .collect()
}

/// The size of the tiles of a grid; `None` where they are too small, however many columns it has, unless that is said.
fn grid_tile(columns: Option<u32>, count: usize, room: Vec2) -> Option<Vec2> {
    let said = columns.and_then(|columns| usize::try_from(columns).ok());
    let candidates = match said.filter(|columns| *columns > 0) {
        Some(columns) => columns..=columns,
        None => 1..=count.max(1),
    };
    let tile = |columns: usize| {
        let rows = count.div_ceil(columns).max(1);
        vec2(room.x / columns as f32, room.y / rows as f32)
    };
    candidates
        .map(tile)
        .find(|tile| tile.x >= MIN_TILE.x && tile.y >= MIN_TILE.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_crowded_where_no_number_of_columns_leaves_readable_tiles() {
        let check = |columns: Option<u32>, count: usize, room: [f32; 2], fits: bool| {
            let tile = grid_tile(columns, count, room.into());
            assert_eq!(
                tile.is_some(),
                fits,
                "{count} in {room:?} with {columns:?} columns: {tile:?}"
            );
        };
        check(None, 10, [397.0, 551.0], true);
        check(None, 10, [260.0, 330.0], false);
        check(None, 4, [260.0, 330.0], true);
        check(Some(1), 4, [260.0, 230.0], false);
        check(Some(2), 4, [260.0, 230.0], true);
        check(None, 1, [10.0, 10.0], false);
    }
}
