//! The tree of entity paths.

use rustc_hash::FxHashMap;

use crate::{EntityId, EntityPath, StoreError};

#[derive(Debug)]
struct TreeNode {
    path: EntityPath,
    parent: Option<EntityId>,
    /// Ordered by the last part of their paths.
    children: Vec<EntityId>,
}

/// Every path that data was ever logged to, and every path above those, down from the root.
///
/// Intermediate paths have ids as well, and so has the root: [`EntityId::ROOT`]. An entity whose data is dropped keeps its
/// place.
#[derive(Debug)]
pub struct EntityTree {
    nodes: Vec<TreeNode>,
    ids: FxHashMap<EntityPath, EntityId>,
    /// The bytes of the paths and of the lists of children.
    node_bytes: usize,
}

impl Default for EntityTree {
    fn default() -> Self {
        let root = TreeNode {
            path: EntityPath::root(),
            parent: None,
            children: Vec::new(),
        };
        Self {
            nodes: vec![root],
            ids: std::iter::once((EntityPath::root(), EntityId::ROOT)).collect(),
            node_bytes: 0,
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
    pub fn children(&self, id: EntityId) -> &[EntityId] {
        &self.node(id).children
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
            stack.extend(self.children(next).iter().rev());
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
        // From the deepest path that is known, down. Not recursive, since a path may be deeper than the stack.
        let mut unknown = vec![path.clone()];
        let mut parent = EntityId::ROOT;
        for ancestor in path.ancestors().skip(1) {
            if let Some(id) = self.find(&ancestor) {
                parent = id;
                break;
            }
            unknown.push(ancestor);
        }
        for path in unknown.into_iter().rev() {
            if self.nodes.len() >= u32::MAX as usize {
                return Err(StoreError::Full { what: "entities" });
            }
            let id = EntityId::from_index(self.nodes.len());
            let siblings = &self.nodes[parent.index()].children;
            let at = siblings
                .partition_point(|other| self.nodes[other.index()].path.last_part() < path.last_part());
            let siblings = &mut self.nodes[parent.index()].children;
            let before = siblings.capacity();
            siblings.insert(at, id);
            self.node_bytes += (siblings.capacity() - before) * size_of::<EntityId>() + path.heap_bytes();
            self.ids.insert(path.clone(), id);
            self.nodes.push(TreeNode {
                path,
                parent: Some(parent),
                children: Vec::new(),
            });
            parent = id;
        }
        Ok(parent)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<TreeNode>()
            + self.node_bytes
            + self.ids.capacity() * (size_of::<(EntityPath, EntityId)>() + 1)
    }
}
