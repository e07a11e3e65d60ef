//! Where views go when nobody arranged them.

use std::{cmp::Ordering, collections::BTreeMap};

use crate::{ContainerBlueprint, ContainerId, ContainerKind, Contents, ViewBlueprint, ViewClassId};

/// A tree of containers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AutoLayout {
    /// The outermost container; `None` where there are no views.
    pub root: Option<ContainerId>,
    /// All containers.
    pub containers: BTreeMap<ContainerId, ContainerBlueprint>,
}

/// Arranges the views, whatever their order: spaces large on the left, then pictures, plots, and texts as tabs of one tile; a
/// grid where there is nothing to look at first. No tile is too small to be read: many views of a class share tiles. The ids are
/// hashed from what the containers hold.
pub fn auto_layout<'a>(views: impl IntoIterator<Item = &'a ViewBlueprint>) -> AutoLayout {
    let mut views: Vec<&ViewBlueprint> = views.into_iter().collect();
    views.sort_by(|a, b| {
        let natural = || natural_order(a.origin.as_str(), b.origin.as_str());
        (rank(a), &a.class)
            .cmp(&(rank(b), &b.class))
            .then_with(natural)
            .then_with(|| a.id.cmp(&b.id))
    });
    let mut layout = AutoLayout::default();
    let tiles = layout.tiles(&views);
    let root = match tiles.as_slice() {
        [] => return layout,
        [only] => match only.item {
            Contents::Container(root) => root,
            item @ Contents::View(_) => layout.add(ContainerKind::Tabs, vec![item], &[]),
        },
        [a, b] => layout.add(ContainerKind::Horizontal, vec![a.item, b.item], &[]),
        _ => {
            // Spaces are what one looks at first, else pictures.
            let foremost = tiles
                .iter()
                .map(|tile| tile.rank)
                .min()
                .filter(|rank| *rank <= RANK_2D);
            let split = tiles
                .iter()
                .position(|tile| Some(tile.rank) != foremost)
                .unwrap_or(tiles.len());
            let (main, rest) = tiles.split_at(split);
            let items = |tiles: &[Tile]| tiles.iter().map(|tile| tile.item).collect::<Vec<_>>();
            if main.is_empty() || rest.is_empty() {
                layout.grid(items(&tiles))
            } else {
                let main_item = layout.single_or_grid(items(main));
                let shares = if rest.len() <= 3 && main.len() == 1 {
                    [3.0, 2.0]
                } else {
                    [1.0, 1.0]
                };
                let rest_item = match items(rest).as_slice() {
                    [only] => *only,
                    few if few.len() <= 3 => {
                        let few = few.to_vec();
                        Contents::Container(layout.add(ContainerKind::Vertical, few, &[]))
                    }
                    many => Contents::Container(layout.grid(many.to_vec())),
                };
                layout.add(ContainerKind::Horizontal, vec![main_item, rest_item], &shares)
            }
        }
    };
    layout.root = Some(root);
    layout
}

/// How many tiles of one class the screen is divided into, so that each can be read. More views share tiles as tabs.
const MAX_TILES_OF_CLASS: usize = 9;

/// A part of the screen.
#[derive(Clone, Copy)]
struct Tile {
    rank: u8,
    item: Contents,
}

const RANK_2D: u8 = 1;
const RANK_TEXT: u8 = 4;

/// The order of the classes on the screen.
fn rank(view: &ViewBlueprint) -> u8 {
    match view.class.as_str() {
        ViewClassId::SPATIAL_3D => 0,
        ViewClassId::SPATIAL_2D => RANK_2D,
        ViewClassId::TIME_SERIES => 2,
        ViewClassId::TEXT_LOG | ViewClassId::TEXT_DOCUMENT => RANK_TEXT,
        _ => 3,
    }
}

impl AutoLayout {
    fn add(&mut self, kind: ContainerKind, contents: Vec<Contents>, shares: &[f32]) -> ContainerId {
        let words: Vec<String> = std::iter::once(format!("{kind:?}"))
            .chain(contents.iter().map(ToString::to_string))
            .collect();
        let id = ContainerId::hashed(words.iter().map(String::as_str));
        let container = ContainerBlueprint::new(id, kind, contents).with_shares(shares.iter().copied());
        self.containers.insert(id, container);
        id
    }

    fn grid(&mut self, contents: Vec<Contents>) -> ContainerId {
        self.add(ContainerKind::Grid, contents, &[])
    }

    fn single_or_grid(&mut self, contents: Vec<Contents>) -> Contents {
        match contents.as_slice() {
            [only] => *only,
            [_, _] => Contents::Container(self.add(ContainerKind::Vertical, contents, &[])),
            _ => Contents::Container(self.grid(contents)),
        }
    }

    /// The tiles of views that are sorted by rank and class: texts share one, and many views of a class share few.
    fn tiles(&mut self, views: &[&ViewBlueprint]) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for views in views.chunk_by(|a, b| rank(a) == rank(b) && (rank(a) == RANK_TEXT || a.class == b.class))
        {
            let Some(rank) = views.first().map(|view| rank(view)) else {
                continue;
            };
            let max_tiles = if rank == RANK_TEXT { 1 } else { MAX_TILES_OF_CLASS };
            let num_tiles = views.len().min(max_tiles);
            // As even as can be, the larger ones first.
            let mut rest = views;
            for at in 0..num_tiles {
                let (tile, after) = rest.split_at(rest.len().div_ceil(num_tiles - at));
                rest = after;
                let items: Vec<Contents> = tile.iter().map(|view| Contents::View(view.id)).collect();
                let item = match items.as_slice() {
                    [only] => *only,
                    _ => Contents::Container(self.add(ContainerKind::Tabs, items, &[])),
                };
                tiles.push(Tile { rank, item });
            }
        }
        tiles
    }
}

/// The order in which people read names: numbers in them by value, `arm_2` before `arm_10`. Names that differ in leading zeros
/// alone are ordered as text.
pub fn natural_order(a: &str, b: &str) -> Ordering {
    fn key(text: &str) -> impl Iterator<Item = (&str, &str)> {
        text.as_bytes()
            .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
            .scan(0, |from, run| {
                let run = text.get(*from..*from + run.len()).unwrap_or_default();
                *from += run.len();
                Some(match run.trim_start_matches('0') {
                    digits if run.starts_with(|c: char| c.is_ascii_digit()) => ("0", digits),
                    _ => (run, ""),
                })
            })
    }
    let (mut left, mut right) = (key(a), key(b));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some((text_a, digits_a)), Some((text_b, digits_b))) => text_a
                .cmp(text_b)
                .then(digits_a.len().cmp(&digits_b.len()))
                .then(digits_a.cmp(digits_b)),
        };
        if order.is_ne() {
            return order;
        }
    }
}
