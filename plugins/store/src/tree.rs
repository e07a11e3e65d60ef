//! The tree of entity paths.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{EntityId, EntityPath, StoreError, footprint::table_bytes, pages::Pages};

#[derive(Debug)]
struct TreeNode {
    /// Shares its text with the path that was interned.
    path: EntityPath,
    parent: Option<EntityId>,
    children: Siblings,
}

/// The greatest number of siblings in a block.
const BLOCK: usize = 512;

/// The children of a node, ordered by the last part of their paths: in blocks, so that a new one moves few others.
#[derive(Debug, Default)]
struct Siblings {
    blocks: Vec<Vec<EntityId>>,
    len: usize,
}

impl Siblings {
    /// Puts a child behind those for which `is_before` holds.
    fn insert(&mut self, id: EntityId, is_before: impl Fn(EntityId) -> bool) {
        self.len += 1;
        let later = self
            .blocks
            .partition_point(|block| block.first().is_some_and(|first| is_before(*first)));
        let at_block = later.saturating_sub(1);
        let Some(block) = self.blocks.get_mut(at_block) else {
            self.blocks.push(vec![id]);
            return;
        };
        let at = block.partition_point(|other| is_before(*other));
        if block.len() < BLOCK {
            block.insert(at, id);
            return;
        }
        // What comes in order fills its blocks.
        let mut upper = block.split_off(if at == BLOCK { BLOCK } else { BLOCK / 2 });
        match at.checked_sub(block.len()) {
            Some(at) => upper.insert(at, id),
            None => block.insert(at, id),
        }
        self.blocks.insert(at_block + 1, upper);
    }
}

/// Every path that data was ever logged to, and every path above those, down from the root.
///
/// Intermediate paths have ids as well, and so has the root: [`EntityId::ROOT`]. An entity whose data is dropped keeps its
/// place.
#[derive(Debug)]
pub struct EntityTree {
    nodes: Pages<TreeNode>,
    ids: FxHashMap<EntityPath, EntityId>,
    /// The bytes of the paths' texts.
    text_bytes: usize,
}

impl Default for EntityTree {
    fn default() -> Self {
        let mut nodes = Pages::default();
        nodes.push(TreeNode {
            path: EntityPath::root(),
            parent: None,
            children: Siblings::default(),
        });
        Self {
            nodes,
            ids: std::iter::once((EntityPath::root(), EntityId::ROOT)).collect(),
            text_bytes: 0,
        }
    }
}

impl EntityTree {
    /// The root, `/`.
    pub fn root(&self) -> EntityId {
        EntityId::ROOT
    }

    /// The id of a path.
    pub fn find(&self, path: &EntityPath) -> Option<EntityId> {
        self.ids.get(path).copied()
    }

    /// The path of a node; the root for an id that is not of this tree.
    pub fn path(&self, id: EntityId) -> &EntityPath {
        &self.node(id).path
    }

    /// The node above; `None` for the root.
    pub fn parent(&self, id: EntityId) -> Option<EntityId> {
        self.node(id).parent
    }

    /// The nodes directly below, in the order of their paths.
    pub fn children(&self, id: EntityId) -> impl DoubleEndedIterator<Item = EntityId> {
        self.node(id).children.blocks.iter().flatten().copied()
    }

    /// The number of nodes directly below.
    pub fn num_children(&self, id: EntityId) -> usize {
        self.node(id).children.len
    }

    /// A node and all above it, up to the root.
    pub fn ancestors(&self, id: EntityId) -> impl Iterator<Item = EntityId> {
        std::iter::successors(Some(id), |&id| self.parent(id))
    }

    /// A node and all below it, in the order of their paths.
    pub fn descend(&self, id: EntityId) -> impl Iterator<Item = EntityId> {
        let mut stack = vec![id];
        std::iter::from_fn(move || {
            let next = stack.pop()?;
            stack.extend(self.children(next).rev());
            Some(next)
        })
    }

    /// The number of nodes. Ids are smaller.
    #[expect(clippy::len_without_is_empty, reason = "the root is always there")]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    fn node(&self, id: EntityId) -> &TreeNode {
        self.nodes.get(id.index()).unwrap_or(&self.nodes[0])
    }

    /// The id of a path, which is added with all above it where it is not there.
    pub(crate) fn intern(&mut self, path: &EntityPath) -> Result<EntityId, StoreError> {
        if let Some(id) = self.find(path) {
            return Ok(id);
        }
        // From the deepest path that is known, down.
        let mut unknown: SmallVec<[EntityPath; 8]> = SmallVec::new();
        let mut parent = EntityId::ROOT;
        for ancestor in path.ancestors() {
            if let Some(id) = self.find(&ancestor) {
                parent = id;
                break;
            }
            unknown.push(ancestor);
        }
        self.text_bytes += path.heap_bytes();
        for path in unknown.into_iter().rev() {
            if self.nodes.len() >= u32::MAX as usize {
                return Err(StoreError::Full { what: "entities" });
            }
            let id = EntityId::from_index(self.nodes.len());
            let mut siblings = std::mem::take(&mut self.nodes[parent.index()].children);
            siblings.insert(id, |other| {
                self.nodes[other.index()].path.last_part() < path.last_part()
            });
            self.nodes[parent.index()].children = siblings;
            self.ids.insert(path.clone(), id);
            self.nodes.push(TreeNode {
                path,
                parent: Some(parent),
                children: Siblings::default(),
            });
            parent = id;
        }
        Ok(parent)
    }

    /// The heap bytes. What the lists of children take is estimated: each node is in one of them.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.nodes.heap_bytes()
            + self.nodes.len() * 4 * size_of::<EntityId>()
            + self.text_bytes
            + table_bytes::<(EntityPath, EntityId)>(self.ids.capacity())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn siblings_stand_in_order_however_they_came() {
        let mut tree = EntityTree::default();
        // Multiplied by a number without common factors, each number comes once, in no order.
        let names: Vec<String> = (0..5_000_u32)
            .map(|at| format!("p/{:04}", at * 1_237 % 5_000))
            .collect();
        for name in &names {
            tree.intern(&EntityPath::parse(name)).unwrap();
        }
        let parent = tree.find(&"/p".into()).unwrap();
        assert_eq!(tree.num_children(parent), names.len());
        let parts = || tree.children(parent).map(|child| tree.path(child).as_str());
        assert!(parts().is_sorted() && parts().count() == names.len());
        let blocks = &tree.node(parent).children.blocks;
        assert!(
            blocks
                .iter()
                .all(|block| !block.is_empty() && block.len() <= BLOCK)
        );
    }

    #[test]
    fn a_deep_path_costs_its_text_once() {
        let mut tree = EntityTree::default();
        let path = EntityPath::parse(&format!("{}/", "a".repeat(200)).repeat(256));
        tree.intern(&path).unwrap();
        assert_eq!(tree.len(), 257);
        assert!(tree.heap_bytes() < 150_000, "{}", tree.heap_bytes());
    }
}
