//! Between the blueprint's layout and the tree of `egui_tiles`, both ways.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{Hash, Hasher},
};

use chronoscope_blueprint::{
    BlueprintCommand, ContainerBlueprint, ContainerId, ContainerKind, Contents, ViewId, ViewportBlueprint,
};
use egui_tiles::{
    Container, Grid, GridLayout, Linear, LinearDir, SimplificationOptions, Tabs, Tile, TileId, Tiles, Tree,
};
use rustc_hash::FxHashSet;

/// A layout as a tree of tiles.
///
/// The title bar of a view is that of a tab, so that a view that lies in no tabs is put into some of its own:
/// those have no container in the blueprint. One that is to have no bar is not, and tabs with nothing else are
/// a row of one tile.
pub(super) struct Layout {
    /// The tiles, as `egui_tiles` draws and changes them.
    pub(super) tree: Tree<ViewId>,
    /// The containers of the blueprint, by the number of their tile.
    pub(super) containers: BTreeMap<u64, ContainerId>,
    /// The views, by the number of their tile.
    pub(super) views: BTreeMap<u64, ViewId>,
    /// The containers that are shown as tabs for want of room, whatever they are in the blueprint.
    pub(super) crowded: BTreeSet<ContainerId>,
}

/// A place among the tabs of a tab bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TabPlace {
    /// The tile with the tab bar.
    pub(super) bar: TileId,
    /// The tabs before it, hidden ones included.
    pub(super) index: usize,
    /// Rectangle of the bar.
    pub(super) rect: egui::Rect,
}

/// Whether both blueprints arrange the same views in the same way.
pub(super) fn is_same_layout(a: &ViewportBlueprint, b: &ViewportBlueprint) -> bool {
    let views = |blueprint: &ViewportBlueprint| -> Vec<(ViewId, bool, bool)> {
        let views = blueprint.views.values();
        views
            .map(|view| (view.id, view.visible, view.title_bar))
            .collect()
    };
    a.root == b.root && a.maximized == b.maximized && a.containers == b.containers && views(a) == views(b)
}

/// The views that can be reached from the root of the layout.
pub(super) fn placed_views(viewport: &ViewportBlueprint) -> BTreeSet<ViewId> {
    let root = viewport.root.map(Contents::Container);
    root.into_iter()
        .flat_map(|root| viewport.subtree(root))
        .filter_map(|item| match item {
            Contents::View(id) => Some(id),
            Contents::Container(_) => None,
        })
        .collect()
}

impl Layout {
    /// The tiles that a blueprint asks for, without those that stand elsewhere.
    pub(super) fn of_blueprint(
        tree_id: egui::Id,
        viewport: &ViewportBlueprint,
        elsewhere: &BTreeSet<Contents>,
    ) -> Self {
        let mut builder = Builder {
            elsewhere: elsewhere.clone(),
            ..Builder::default()
        };
        let root = viewport
            .root
            .and_then(|root| builder.add_container(root, viewport));
        builder.finish(tree_id, root)
    }

    /// The tiles of one container.
    pub(super) fn of_container(
        tree_id: egui::Id,
        viewport: &ViewportBlueprint,
        container: ContainerId,
    ) -> Self {
        let mut builder = Builder::default();
        let root = builder.add_container(container, viewport);
        if let Some(root) = root {
            // Shown apart, also where it is hidden among the others.
            builder.tiles.set_visible(root, true);
        }
        builder.finish(tree_id, root)
    }

    /// One view that fills everything.
    pub(super) fn of_one_view(tree_id: egui::Id, view: ViewId) -> Self {
        let mut builder = Builder::default();
        let pane = builder.add_view(view, true);
        let root = builder.wrap(view, pane);
        builder.finish(tree_id, Some(root))
    }

    /// Removes what a move has left behind: containers that are empty or hold but one thing.
    pub(super) fn simplify(&mut self) {
        self.tree.simplify(&SimplificationOptions {
            prune_empty_tabs: true,
            prune_single_child_tabs: true,
            prune_empty_containers: true,
            prune_single_child_containers: true,
            all_panes_must_have_tabs: true,
            join_nested_linear_containers: true,
            // Tabs in place of a grid are none of the blueprint.
            flatten_tabs_in_tabs: self.crowded.is_empty(),
        });
    }

    /// The layout as a blueprint says it. What was not changed keeps its id and name, as `before` has them.
    pub(super) fn read_back(&self, before: &ViewportBlueprint) -> (ContainerId, Vec<ContainerBlueprint>) {
        let mut reader = Reader {
            layout: self,
            before,
            containers: Vec::new(),
            taken: BTreeSet::new(),
        };
        let root = self.tree.root().and_then(|root| reader.read(root));
        let root = match root {
            Some(Contents::Container(root)) => root,
            other => {
                // A blueprint's root is a container, also where only one view, or none, is left.
                let id = before.root.unwrap_or_else(ContainerId::unique);
                reader
                    .containers
                    .push(ContainerBlueprint::new(id, ContainerKind::Tabs, other));
                id
            }
        };
        (root, reader.containers)
    }

    /// The edit that writes the layout down, or `None` where the blueprint could not hold all of its views,
    /// as where containers would be nested too deeply.
    pub(super) fn layout_edit(&self, before: &ViewportBlueprint) -> Option<BlueprintCommand> {
        let (root, containers) = self.read_back(before);
        let edit = BlueprintCommand::SetLayout { root, containers };
        let mut after = before.clone();
        edit.apply(&mut after).ok()?;
        placed_views(before)
            .is_subset(&placed_views(&after))
            .then_some(edit)
    }

    /// Moves a tile to a tab of another, as a drop on a tab bar means it.
    pub(super) fn move_to_tab(&mut self, moved: TileId, tab: TabPlace) {
        self.tree.move_tile_to_container(moved, tab.bar, tab.index, false);
    }

    /// A tile and all that lie in it.
    pub(super) fn tiles_in(&self, tile: TileId) -> FxHashSet<TileId> {
        let mut found = FxHashSet::from_iter([tile]);
        let mut stack = vec![tile];
        while let Some(container) = stack.pop().and_then(|at| self.tree.tiles.get_container(at)) {
            stack.extend(container.children().copied().filter(|child| found.insert(*child)));
        }
        found
    }

    /// The edits that write down the shares that differ from those of the blueprint.
    pub(super) fn changed_shares(&self, before: &ViewportBlueprint) -> Vec<BlueprintCommand> {
        self.containers
            .iter()
            .filter_map(|(tile, id)| {
                let container = self.tree.tiles.get_container(TileId(*tile))?;
                let before = before.containers.get(id)?;
                if self.crowded.contains(id) {
                    return None;
                }
                let (columns, rows) = shares_of(container, |tile| self.contents_in(tile), before);
                let differs = !is_same_shares(&columns, &before.col_shares)
                    || !is_same_shares(&rows, &before.row_shares);
                differs.then_some(BlueprintCommand::SetShares {
                    id: *id,
                    columns,
                    rows,
                })
            })
            .collect()
    }

    /// The edit that brings a tab to the front, where the blueprint does not have it there.
    pub(super) fn active_tab_edit(
        &self,
        tab: TileId,
        before: &ViewportBlueprint,
    ) -> Option<BlueprintCommand> {
        let item = self.contents_in(tab)?;
        let (container, _) = before.parent_of(item)?;
        let known = before.containers.get(&container)?;
        let in_front = known.active_tab.or_else(|| known.contents.first().copied());
        (known.kind == ContainerKind::Tabs && in_front != Some(item))
            .then_some(BlueprintCommand::SetActiveTab(container, item))
    }

    /// The item of the blueprint that a tile stands for. Tabs that only give a view its title bar stand for
    /// that view.
    fn contents_in(&self, tile: TileId) -> Option<Contents> {
        if let Some(id) = self.containers.get(&tile.0) {
            return Some(Contents::Container(*id));
        }
        match self.tree.tiles.get(tile)? {
            Tile::Pane(view) => Some(Contents::View(*view)),
            Tile::Container(container) => self.contents_in(container.only_child()?),
        }
    }
}

#[derive(Default)]
struct Builder {
    /// What is not shown here.
    elsewhere: BTreeSet<Contents>,
    tiles: Tiles<ViewId>,
    containers: BTreeMap<u64, ContainerId>,
    views: BTreeMap<u64, ViewId>,
}

impl Builder {
    fn finish(self, tree_id: egui::Id, root: Option<TileId>) -> Layout {
        let Self {
            mut tiles,
            containers,
            views,
            ..
        } = self;
        // The numbers are hashes; what egui_tiles adds must not meet them.
        tiles.recompute_next_tile_id();
        let tree = match root {
            Some(root) => Tree::new(tree_id, root, tiles),
            None => Tree::empty(tree_id),
        };
        Layout {
            tree,
            containers,
            views,
            crowded: BTreeSet::new(),
        }
    }

    /// Adds a tile under a number that is always the same for the same thing, so that what egui remembers of
    /// it stays.
    fn insert(&mut self, key: (&str, [u8; 16]), tile: Tile<ViewId>) -> TileId {
        let mut hasher = rustc_hash::FxHasher::default();
        key.hash(&mut hasher);
        // The topmost numbers are left to the tiles that egui_tiles makes.
        let mut number = hasher.finish() >> 8;
        while self.tiles.get(TileId(number)).is_some() {
            number = number.wrapping_add(1);
        }
        self.tiles.insert(TileId(number), tile);
        TileId(number)
    }

    fn add_view(&mut self, view: ViewId, visible: bool) -> TileId {
        let tile = self.insert(("view", view.to_bytes()), Tile::Pane(view));
        self.tiles.set_visible(tile, visible);
        self.views.insert(tile.0, view);
        tile
    }

    /// Gives a view a title bar of its own.
    fn wrap(&mut self, view: ViewId, pane: TileId) -> TileId {
        self.insert(
            ("title", view.to_bytes()),
            Tile::Container(Container::new_tabs(vec![pane])),
        )
    }

    /// Adds a container with all in it. The blueprint's containers form a tree of limited depth, so that this
    /// ends.
    fn add_container(&mut self, id: ContainerId, viewport: &ViewportBlueprint) -> Option<TileId> {
        let blueprint = viewport.containers.get(&id)?;
        let is_tabs = blueprint.kind == ContainerKind::Tabs;
        let mut children: Vec<(Contents, TileId)> = Vec::with_capacity(blueprint.contents.len());
        for item in &blueprint.contents {
            let tile = match item {
                Contents::Container(inner) => self.add_container(*inner, viewport),
                Contents::View(view) => viewport.views.get(view).map(|view| {
                    let is_here = !self.elsewhere.contains(item);
                    let pane = self.add_view(view.id, view.visible && is_here);
                    if is_tabs || !view.title_bar {
                        pane
                    } else {
                        self.wrap(view.id, pane)
                    }
                }),
            };
            children.extend(tile.map(|tile| (*item, tile)));
        }
        let tiles: Vec<TileId> = children.iter().map(|(_, tile)| *tile).collect();
        let container = match blueprint.kind {
            ContainerKind::Tabs if is_without_bar(blueprint, viewport) => {
                Container::Linear(Linear::new(LinearDir::Horizontal, tiles))
            }
            ContainerKind::Tabs => {
                let mut tabs = Tabs::new(tiles);
                if let Some((_, active)) = children
                    .iter()
                    .find(|(item, _)| Some(*item) == blueprint.active_tab)
                {
                    tabs.set_active(*active);
                }
                Container::Tabs(tabs)
            }
            ContainerKind::Horizontal | ContainerKind::Vertical => {
                let dir = if blueprint.kind == ContainerKind::Horizontal {
                    LinearDir::Horizontal
                } else {
                    LinearDir::Vertical
                };
                let mut linear = Linear::new(dir, tiles);
                for (item, tile) in &children {
                    let at = blueprint
                        .contents
                        .iter()
                        .position(|other| other == item)
                        .unwrap_or(usize::MAX);
                    linear.shares.set_share(*tile, usable_share(blueprint.share(at)));
                }
                Container::Linear(linear)
            }
            ContainerKind::Grid => {
                let mut grid = Grid::new(tiles);
                let columns = blueprint
                    .grid_columns
                    .and_then(|columns| usize::try_from(columns).ok())
                    .filter(|columns| *columns > 0);
                // More columns than children would only be empty room, and memory.
                let most = children.len().max(1);
                grid.layout =
                    columns.map_or(GridLayout::Auto, |columns| GridLayout::Columns(columns.min(most)));
                grid.col_shares = blueprint
                    .col_shares
                    .iter()
                    .take(most)
                    .copied()
                    .map(usable_share)
                    .collect();
                grid.row_shares = blueprint
                    .row_shares
                    .iter()
                    .take(most)
                    .copied()
                    .map(usable_share)
                    .collect();
                Container::Grid(grid)
            }
        };
        let tile = self.insert(("container", id.to_bytes()), Tile::Container(container));
        let is_here = !self.elsewhere.contains(&Contents::Container(id));
        self.tiles.set_visible(tile, blueprint.visible && is_here);
        self.containers.insert(tile.0, id);
        Some(tile)
    }
}

/// Whether a container holds but one view, which is to have no title bar.
fn is_without_bar(container: &ContainerBlueprint, viewport: &ViewportBlueprint) -> bool {
    match container.contents.as_slice() {
        [Contents::View(only)] => viewport.views.get(only).is_some_and(|view| !view.title_bar),
        _ => false,
    }
}

/// Reads a tree back.
struct Reader<'a> {
    layout: &'a Layout,
    before: &'a ViewportBlueprint,
    containers: Vec<ContainerBlueprint>,
    taken: BTreeSet<ContainerId>,
}

impl Reader<'_> {
    fn read(&mut self, tile: TileId) -> Option<Contents> {
        let container = match self.layout.tree.tiles.get(tile)? {
            Tile::Pane(view) => return Some(Contents::View(*view)),
            Tile::Container(container) => container,
        };
        let children: Vec<(TileId, Contents)> = container
            .children()
            .filter_map(|child| Some((*child, self.read(*child)?)))
            .collect();
        let is_root = self.layout.tree.is_root(tile);
        match children.as_slice() {
            [] if !is_root => return None,
            // A title bar, or tabs of which only one is left.
            [(_, only @ Contents::View(_))] if !is_root && matches!(container, Container::Tabs(_)) => {
                return Some(*only);
            }
            _ => {}
        }
        let known = self
            .layout
            .containers
            .get(&tile.0)
            .copied()
            .filter(|id| !self.taken.contains(id));
        // A drop beside the root puts the old root into a new one: the old one keeps its id, the new one
        // needs another.
        let free_root = self
            .before
            .root
            .filter(|root| is_root && !self.taken.contains(root));
        let id = known.or(free_root).unwrap_or_else(ContainerId::unique);
        self.taken.insert(id);
        let of = |tile: TileId| {
            children
                .iter()
                .find(|(child, _)| *child == tile)
                .map(|(_, item)| *item)
        };
        let mut blueprint =
            ContainerBlueprint::new(id, kind_of(container), children.iter().map(|(_, item)| *item));
        if let Some(before) = self.before.containers.get(&id) {
            blueprint.name.clone_from(&before.name);
            blueprint.visible = before.visible;
        }
        (blueprint.col_shares, blueprint.row_shares) = shares_of(container, of, &blueprint);
        match container {
            Container::Tabs(tabs) => blueprint.active_tab = tabs.active.and_then(of),
            Container::Grid(grid) => {
                blueprint.grid_columns = match grid.layout {
                    GridLayout::Auto => None,
                    GridLayout::Columns(columns) => u32::try_from(columns).ok(),
                };
            }
            Container::Linear(_) => {}
        }
        if let Some(before) = self.before.containers.get(&id)
            && self.layout.crowded.contains(&id)
        {
            blueprint = ContainerBlueprint {
                contents: blueprint.contents,
                ..before.clone()
            };
        }
        self.containers.push(blueprint);
        Some(Contents::Container(id))
    }
}

/// The shares of a container's columns and rows, in the order of the blueprint's contents.
fn shares_of(
    container: &Container,
    contents: impl Fn(TileId) -> Option<Contents>,
    blueprint: &ContainerBlueprint,
) -> (Vec<f32>, Vec<f32>) {
    match container {
        Container::Tabs(_) => (Vec::new(), Vec::new()),
        Container::Linear(linear) => {
            let share = |item: &Contents| {
                let tile = linear
                    .children
                    .iter()
                    .find(|tile| contents(**tile) == Some(*item));
                tile.map_or(1.0, |tile| usable_share(linear.shares[*tile]))
            };
            let shares: Vec<f32> = blueprint.contents.iter().map(share).collect();
            match linear.dir {
                LinearDir::Horizontal => (shares, Vec::new()),
                LinearDir::Vertical => (Vec::new(), shares),
            }
        }
        Container::Grid(grid) => {
            let usable = |shares: &[f32]| shares.iter().copied().map(usable_share).collect();
            (usable(&grid.col_shares), usable(&grid.row_shares))
        }
    }
}

fn kind_of(container: &Container) -> ContainerKind {
    match container {
        Container::Tabs(_) => ContainerKind::Tabs,
        Container::Linear(linear) if linear.dir == LinearDir::Horizontal => ContainerKind::Horizontal,
        Container::Linear(_) => ContainerKind::Vertical,
        Container::Grid(_) => ContainerKind::Grid,
    }
}

/// A share that can be laid out, whatever a blueprint says.
fn usable_share(share: f32) -> f32 {
    if share.is_finite() && share > 0.0 {
        share.clamp(1e-3, 1e3)
    } else {
        1.0
    }
}

/// Missing shares are 1.
fn is_same_shares(a: &[f32], b: &[f32]) -> bool {
    let at = |shares: &[f32], at: usize| shares.get(at).copied().map_or(1.0, usable_share);
    (0..a.len().max(b.len())).all(|index| (at(a, index) - at(b, index)).abs() < 1e-4)
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
