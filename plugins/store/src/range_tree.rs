//! The union of many ranges that change one at a time.

use crate::{EntityId, TimeRange};

/// A tournament: each inner node holds the union of its two children, so that a change costs O(log n) and the union of all
/// is read at the top.
#[derive(Debug, Default)]
pub(crate) struct RangeTree {
    /// By the entity's number: its leaf, or [`NOWHERE`].
    position_of: Vec<u32>,
    /// The number of leaves that entities have.
    taken: u32,
    /// A complete binary tree: the root at 1, the leaves in the last half.
    nodes: Vec<TimeRange>,
}

const NOWHERE: u32 = u32::MAX;

impl RangeTree {
    /// The union of all ranges.
    pub(crate) fn range(&self) -> TimeRange {
        self.nodes.get(1).copied().unwrap_or(TimeRange::EMPTY)
    }

    /// An entity's range became this one.
    pub(crate) fn set(&mut self, entity: EntityId, range: TimeRange) {
        self.update(entity, |_| range);
    }

    /// An entity's range grew by this one.
    pub(crate) fn include(&mut self, entity: EntityId, range: TimeRange) {
        self.update(entity, |before| before.union(&range));
    }

    fn update(&mut self, entity: EntityId, change: impl FnOnce(TimeRange) -> TimeRange) {
        if self.position_of.len() <= entity.index() {
            self.position_of.resize(entity.index() + 1, NOWHERE);
        }
        let Some(position) = self.position_of.get_mut(entity.index()) else {
            return;
        };
        if *position == NOWHERE {
            *position = self.taken;
            self.taken += 1;
        }
        let position = *position as usize;
        let mut leaves = self.nodes.len() / 2;
        if position >= leaves {
            self.grow();
            leaves = self.nodes.len() / 2;
        }
        let mut at = leaves + position;
        let range = change(self.nodes[at]);
        if self.nodes[at] == range {
            return;
        }
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
        self.nodes.capacity() * size_of::<TimeRange>() + self.position_of.capacity() * size_of::<u32>()
    }
}
