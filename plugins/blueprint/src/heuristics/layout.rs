//! Where views go when nobody arranged them.

use std::collections::BTreeMap;

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
/// grid where there is nothing to look at first. The ids are hashed from what the containers hold.
pub fn auto_layout<'a>(views: impl IntoIterator<Item = &'a ViewBlueprint>) -> AutoLayout {
    let mut views: Vec<&ViewBlueprint> = views.into_iter().collect();
    views.sort_by(|a, b| (rank(a), &a.class, &a.origin, a.id).cmp(&(rank(b), &b.class, &b.origin, b.id)));
    let mut layout = AutoLayout::default();
    let all = |views: &[&ViewBlueprint]| {
        views
            .iter()
            .map(|view| Contents::View(view.id))
            .collect::<Vec<_>>()
    };
    let root = match views.len() {
        0 => return layout,
        1 => layout.add(ContainerKind::Tabs, all(&views), &[]),
        2 => layout.add(ContainerKind::Horizontal, all(&views), &[]),
        _ => {
            // Spaces are what one looks at first, else pictures.
            let foremost = views
                .iter()
                .map(|view| rank(view))
                .min()
                .filter(|rank| *rank <= RANK_2D);
            let split = views
                .iter()
                .position(|view| Some(rank(view)) != foremost)
                .unwrap_or(views.len());
            let (main, rest) = views.split_at(split);
            if main.is_empty() || rest.is_empty() {
                layout.grid(all(&views))
            } else {
                let main_item = layout.single_or_grid(all(main));
                let rest = layout.stack_texts(rest);
                let shares = if rest.len() <= 3 && main.len() == 1 {
                    [3.0, 2.0]
                } else {
                    [1.0, 1.0]
                };
                let rest_item = match rest.as_slice() {
                    [only] => *only,
                    few if few.len() <= 3 => {
                        let few = few.to_vec();
                        Contents::Container(layout.add(ContainerKind::Vertical, few, &[]))
                    }
                    _ => Contents::Container(layout.grid(rest)),
                };
                layout.add(ContainerKind::Horizontal, vec![main_item, rest_item], &shares)
            }
        }
    };
    layout.root = Some(root);
    layout
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

    /// Several texts share one tile.
    fn stack_texts(&mut self, views: &[&ViewBlueprint]) -> Vec<Contents> {
        let (texts, others): (Vec<&ViewBlueprint>, Vec<&ViewBlueprint>) =
            views.iter().copied().partition(|view| rank(view) == RANK_TEXT);
        let mut items: Vec<Contents> = others
            .iter()
            .map(|view: &&ViewBlueprint| Contents::View(view.id))
            .collect();
        let texts: Vec<Contents> = texts.iter().map(|view| Contents::View(view.id)).collect();
        match texts.as_slice() {
            [] => {}
            [only] => items.push(*only),
            _ => items.push(Contents::Container(self.add(ContainerKind::Tabs, texts, &[]))),
        }
        items
    }
}
