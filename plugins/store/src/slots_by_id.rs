//! Slots of chunks, ordered by an id: found, walked through and taken out with little memory touched.

use std::{
    collections::BTreeMap,
    ops::{Bound, RangeBounds as _},
};

use crate::keys::in_order;

/// An id and a slot.
type Key<Id> = (Id, u32);

/// How many keys a block holds: few enough to move some of them, and many enough that there are few blocks.
const BLOCK: usize = 256;

/// A set of ids with slots, in order.
///
/// Blocks of keys under a tree of their beginnings. Ids begin with a time, so what comes later goes to the end and what goes first
/// goes from the front: of millions of keys, those that come or go side by side are in one block, and all others stay untouched. A
/// hash table would touch another page of memory for each, and would have to be made anew, as a whole, when it is full. A tree of
/// small nodes would touch nodes far apart when some run empty.
#[derive(Debug)]
pub(crate) struct SlotsById<Id> {
    /// By a lower bound of their keys.
    blocks: BTreeMap<Key<Id>, Vec<Key<Id>>>,
    /// The keys that the blocks have room for.
    capacity: usize,
    /// The greatest id that ever was in it.
    greatest: Option<Id>,
}

impl<Id> Default for SlotsById<Id> {
    fn default() -> Self {
        Self {
            blocks: BTreeMap::new(),
            capacity: 0,
            greatest: None,
        }
    }
}

impl<Id: Copy + Ord> SlotsById<Id> {
    /// The slot of an id; the first where it has several.
    pub(crate) fn get(&self, id: Id) -> Option<u32> {
        if self.greatest.is_none_or(|greatest| id > greatest) {
            // Whatever is new, mostly.
            return None;
        }
        self.range(Bound::Included((id, 0)))
            .next()
            .filter(|key| key.0 == id)
            .map(|key| key.1)
    }

    /// All slots, in the order of the ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.range(Bound::Unbounded).map(|key| key.1)
    }

    /// The keys from one on.
    pub(crate) fn range(&self, from: Bound<Key<Id>>) -> impl Iterator<Item = Key<Id>> {
        let begin = match from {
            Bound::Included(key) | Bound::Excluded(key) => {
                self.bound_of(key).map_or(Bound::Unbounded, Bound::Included)
            }
            Bound::Unbounded => Bound::Unbounded,
        };
        self.blocks
            .range((begin, Bound::Unbounded))
            .flat_map(move |(_, block)| {
                let skipped = block.partition_point(|key| !(from, Bound::Unbounded).contains(key));
                block.get(skipped..).unwrap_or_default().iter().copied()
            })
    }

    pub(crate) fn insert(&mut self, id: Id, slot: u32) {
        let key = (id, slot);
        self.greatest = self.greatest.max(Some(id));
        let Some(mut bound) = self.bound_of(key) else {
            self.add_block(vec![key]);
            return;
        };
        if key < bound {
            // Only of the first block.
            let first = self.blocks.remove(&bound).unwrap_or_default();
            if first.len() == BLOCK {
                self.blocks.insert(bound, first);
                self.add_block(block_of(key));
                return;
            }
            self.blocks.insert(key, first);
            bound = key;
        }
        let is_last = self
            .blocks
            .last_key_value()
            .is_some_and(|(last, _)| *last == bound);
        let Some(block) = self.blocks.get_mut(&bound) else {
            return;
        };
        let at = block.partition_point(|other| *other < key);
        if block.get(at) == Some(&key) {
            return;
        }
        let before = block.capacity();
        let mut upper = None;
        if block.len() < BLOCK {
            if block.len() == before {
                block.reserve_exact(before.max(4).min(BLOCK - before));
            }
            block.insert(at, key);
        } else if is_last && at == block.len() {
            upper = Some(block_of(key));
        } else {
            let mut half = Vec::with_capacity(BLOCK);
            half.extend(block.drain(BLOCK / 2..));
            let (into, at) = if at > BLOCK / 2 {
                (&mut half, at - BLOCK / 2)
            } else {
                (&mut *block, at)
            };
            into.insert(at, key);
            upper = Some(half);
        }
        self.capacity += block.capacity() - before;
        if let Some(upper) = upper {
            self.add_block(upper);
        }
    }

    /// Takes out keys, which are in order. Those that are not there are passed over.
    pub(crate) fn remove(&mut self, mut keys: &[Key<Id>]) {
        while let Some(&first) = keys.first()
            && let Some(bound) = self.bound_of(first)
            && let Some(block) = self.blocks.get_mut(&bound)
        {
            let end = block
                .last()
                .map_or(0, |last| keys.partition_point(|key| key <= last));
            let (here, later) = keys.split_at(end.max(1).min(keys.len()));
            let at = block.partition_point(|key| *key < first);
            if block.get(at..at + here.len()) == Some(here) {
                block.drain(at..at + here.len());
            } else {
                let mut is_gone = in_order(here);
                block.retain(|key| !is_gone(*key));
            }
            if block.len() < BLOCK / 4 {
                self.join(bound);
            }
            keys = later;
        }
    }

    /// Puts what is left of a block together with the one before or the next one, where there is room, or does away with it.
    fn join(&mut self, bound: Key<Id>) {
        let Some(len) = self.blocks.get(&bound).map(Vec::len) else {
            return;
        };
        if len == 0 {
            let block = self.blocks.remove(&bound);
            self.capacity -= block.map_or(0, |block| block.capacity());
            return;
        }
        let has_room =
            |(bound, other): (&Key<Id>, &Vec<_>)| (other.len() + len <= BLOCK / 2).then_some(*bound);
        let before = self.blocks.range(..bound).next_back().and_then(has_room);
        let after = || {
            self.blocks
                .range((Bound::Excluded(bound), Bound::Unbounded))
                .next()
                .and_then(has_room)
        };
        let pair = before
            .map(|before| (before, bound))
            .or_else(|| Some((bound, after()?)));
        if let Some((lower, upper)) = pair
            && let Some(upper) = self.blocks.remove(&upper)
            && let Some(lower) = self.blocks.get_mut(&lower)
        {
            let before = lower.capacity() + upper.capacity();
            lower.extend_from_slice(&upper);
            self.capacity = self.capacity + lower.capacity() - before;
        }
    }

    fn add_block(&mut self, block: Vec<Key<Id>>) {
        if let Some(&first) = block.first() {
            self.capacity += block.capacity();
            self.blocks.insert(first, block);
        }
    }

    /// By what the block is found in which a key is, or belongs.
    fn bound_of(&self, key: Key<Id>) -> Option<Key<Id>> {
        let at_most = self.blocks.range(..=key).next_back();
        at_most
            .or_else(|| self.blocks.first_key_value())
            .map(|(bound, _)| *bound)
    }

    /// The bytes of the blocks, and about those of the tree over them.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.capacity * size_of::<Key<Id>>()
            + self.blocks.len() * (size_of::<Key<Id>>() + size_of::<Vec<Key<Id>>>()) * 3 / 2
    }
}

/// A block that begins with one key, and has room for those that follow.
fn block_of<K>(key: K) -> Vec<K> {
    let mut block = Vec::with_capacity(BLOCK);
    block.push(key);
    block
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Insert(Vec<(u16, u32)>),
        /// Many that follow each other.
        Append(u16),
        Remove(Vec<(u16, u32)>),
        /// All from one on, so many.
        RemoveSome(u16, usize),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let keys = || prop::collection::vec((0..2000_u16, 0..3_u32), 0..200);
        let op = prop_oneof![
            keys().prop_map(Op::Insert),
            (0..2000_u16).prop_map(Op::Append),
            keys().prop_map(Op::Remove),
            (0..2000_u16, 0..600_usize).prop_map(|(from, count)| Op::RemoveSome(from, count)),
        ];
        prop::collection::vec(op, 1..40)
    }

    proptest! {
        #[test]
        fn is_a_set_in_order(ops in ops()) {
            let (mut ours, mut model) = (SlotsById::default(), BTreeSet::new());
            for op in ops {
                let (insert, mut keys): (bool, Vec<(u16, u32)>) = match op {
                    Op::Insert(keys) => (true, keys),
                    Op::Append(from) => (true, (from..from + 300).map(|id| (id, 1)).collect()),
                    Op::Remove(keys) => (false, keys),
                    Op::RemoveSome(from, count) => (false, model.range((from, 0)..).take(count).copied().collect()),
                };
                if insert {
                    for (id, slot) in keys {
                        ours.insert(id, slot);
                        model.insert((id, slot));
                    }
                } else {
                    keys.sort_unstable();
                    ours.remove(&keys);
                    keys.iter().for_each(|key| { model.remove(key); });
                }
                prop_assert!(ours.iter().eq(model.iter().map(|key| key.1)));
                for id in (0..2300).step_by(7) {
                    let first = model.range((id, 0)..=(id, u32::MAX)).next().map(|key| key.1);
                    prop_assert_eq!(ours.get(id), first);
                    for begin in [Bound::Included((id, 1)), Bound::Excluded((id, 1))] {
                        let next = model.range((begin, Bound::Unbounded)).next().copied();
                        prop_assert_eq!(ours.range(begin).next(), next);
                    }
                }
                prop_assert_eq!(ours.capacity, ours.blocks.values().map(Vec::capacity).sum::<usize>());
                prop_assert!(ours.blocks.values().all(|block| !block.is_empty() && block.capacity() <= BLOCK));
            }
        }
    }

    #[test]
    fn what_comes_in_order_fills_its_blocks() {
        let mut slots = SlotsById::default();
        (0..10_000_u32).for_each(|at| slots.insert(at, at));
        assert_eq!(slots.blocks.len(), 10_000_usize.div_ceil(BLOCK));
        // And most of them go without a trace.
        for at in 0..9_990 {
            slots.remove(&[(at, at)]);
        }
        assert!(slots.capacity <= 2 * BLOCK);
    }

    #[test]
    fn what_is_thinned_out_shrinks() {
        for backwards in [false, true] {
            let mut slots = SlotsById::default();
            (0..100_000_u32).for_each(|at| slots.insert(at, at));
            let mut ends: Vec<u32> = (0..100_000).step_by(32).collect();
            if backwards {
                ends.reverse();
            }
            for begin in ends {
                let keys: Vec<_> = (begin..begin + 32)
                    .filter(|at| at % 256 != 0)
                    .map(|at| (at, at))
                    .collect();
                slots.remove(&keys);
            }
            assert_eq!(slots.iter().count(), 391);
            assert!(slots.capacity < 391 * 16, "{}", slots.capacity);
        }
    }

    #[test]
    fn what_comes_backwards_leaves_little_room() {
        let mut slots = SlotsById::default();
        (0..10_000_u32).rev().for_each(|at| slots.insert(at, at));
        assert!(slots.iter().eq(0..10_000));
        assert!(slots.capacity <= 2 * 10_000 + BLOCK, "{}", slots.capacity);
    }
}
