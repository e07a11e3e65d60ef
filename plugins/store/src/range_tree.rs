//! The union of many ranges that change one at a time.

use rustc_hash::FxHashMap;

use crate::{EntityId, TimeRange};

/// A tournament: each inner node holds the union of its two children, so that a change costs O(log n) and the union of all
/// is read at the top.
#[derive(Debug, Default)]
pub(crate) struct RangeTree {
    position_of: FxHashMap<EntityId, u32>,
    /// A complete binary tree: the root at 1, the leaves in the last half.
    nodes: Vec<TimeRange>,
}

impl RangeTree {
    /// The union of all ranges.
    pub(crate) fn range(&self) -> TimeRange {
        self.nodes.get(1).copied().unwrap_or(TimeRange::EMPTY)
    }

    pub(crate) fn set(&mut self, entity: EntityId, range: TimeRange) {
        let next = self.position_of.len();
        let position = *self.position_of.entry(entity).or_insert(next as u32) as usize;
        let mut leaves = self.nodes.len() / 2;
        if position >= leaves {
            self.grow();
            leaves = self.nodes.len() / 2;
        }
        let mut at = leaves + position;
        self.nodes[at] = range;
        while at > 1 {
            at /= 2;
            let union = self.nodes[2 * at].union(&self.nodes[2 * at + 1]);
            if self.nodes[at] == union {
                return;
            }
            self.nodes[at] = union;
        }
    }

    fn grow(&mut self) {
        let old_leaves = self.nodes.len() / 2;
        let leaves = (2 * old_leaves).max(2);
        let mut nodes = vec![TimeRange::EMPTY; 2 * leaves];
        nodes[leaves..leaves + old_leaves].copy_from_slice(&self.nodes[old_leaves..]);
        for at in (1..leaves).rev() {
            nodes[at] = nodes[2 * at].union(&nodes[2 * at + 1]);
        }
        self.nodes = nodes;
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<TimeRange>() + self.position_of.capacity() * (size_of::<(EntityId, u32)>() + 1)
    }
}
