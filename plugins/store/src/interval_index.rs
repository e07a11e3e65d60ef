//! An ordered index over intervals: which chunks cover a time, in O(log n + k log n) for k that do.
//!
//! A B+ tree ordered by the intervals' beginnings, where each node also knows the latest end below it (an augmented
//! interval tree, as in Cormen et al., *Introduction to Algorithms*, chapter 14.3, on wide nodes). A search enters only
//! nodes that begin early enough and end late enough, so that one interval over everything costs one path and not a scan.
//! Series with few chunks, which are most, are a short sorted list without any tree.

mod entry;
mod node;
#[cfg(test)]
mod tests;

use std::{collections::BinaryHeap, hint::black_box};

use smallvec::SmallVec;

pub(crate) use self::entry::{Around, Entry, Key, MAX_COLUMNS, bucket_of};
use self::{
    entry::NODE_CAPACITY,
    node::{
        ByEnd, Counts, Kids, Node, Place, around_entries, count_entries, entries_after, entries_before,
        grow_entry, overlapping_entries, place_of,
    },
};
use crate::{TimeRange, keys::in_order};

/// How many entries stand in a list before there is a tree: as many as an entity has whose rows come one by one, some merged
/// and some waiting for it, so that a row touches little memory on its way in.
const LIST_CAPACITY: usize = 64;

/// The chunks of one series, ordered by their earliest row.
#[derive(Debug)]
pub(crate) struct IntervalIndex {
    len: u32,
    /// The nodes of the tree by kind, so that their bytes are known without a walk.
    leaves: u32,
    inners: u32,
    root: Root,
}

#[derive(Debug)]
enum Root {
    Few(SmallVec<[Entry; 1]>),
    Tree(Box<Node>),
}

impl Default for IntervalIndex {
    fn default() -> Self {
        Self {
            len: 0,
            leaves: 0,
            inners: 0,
            root: Root::Few(SmallVec::new()),
        }
    }
}

impl IntervalIndex {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// From the earliest beginning to the latest end.
    pub(crate) fn range(&self) -> TimeRange {
        match &self.root {
            Root::Few(entries) => entries.first().map_or(TimeRange::EMPTY, |first| {
                TimeRange::new(
                    first.min,
                    entries.iter().map(|entry| entry.max).max().unwrap_or(i64::MIN),
                )
            }),
            Root::Tree(node) => TimeRange::new(node.first.0, node.max),
        }
    }

    pub(crate) fn insert(&mut self, entry: Entry) {
        self.len += 1;
        match &mut self.root {
            Root::Few(entries) if entries.len() < LIST_CAPACITY => {
                let at = place_of(entries, &entry);
                entries.insert(at, entry);
            }
            Root::Few(entries) => {
                let leaf = |entries: &[Entry]| {
                    let mut kids = Vec::with_capacity(NODE_CAPACITY + 1);
                    kids.extend_from_slice(entries);
                    Node::over(Kids::Entries(kids))
                };
                let mut nodes = Vec::with_capacity(NODE_CAPACITY + 1);
                nodes.extend(entries.chunks(NODE_CAPACITY).map(leaf));
                (self.leaves, self.inners) = (nodes.len() as u32, 1);
                self.root = Root::Tree(Box::new(Node::over(Kids::Nodes(nodes))));
                self.insert_in_tree(entry);
            }
            Root::Tree(_) => self.insert_in_tree(entry),
        }
    }

    fn insert_in_tree(&mut self, entry: Entry) {
        let Root::Tree(root) = &mut self.root else { return };
        let mut counts = Counts {
            leaves: &mut self.leaves,
            inners: &mut self.inners,
        };
        if let Some(sibling) = root.insert(entry, &mut counts) {
            *counts.inners += 1;
            let mut nodes = Vec::with_capacity(NODE_CAPACITY + 1);
            let old = std::mem::replace(&mut **root, Node::over(Kids::Entries(Vec::new())));
            nodes.push(old);
            nodes.push(sibling);
            **root = Node::over(Kids::Nodes(nodes));
        }
    }

    /// An entry, by its beginning and slot, has more rows and a later end now.
    pub(crate) fn grow(&mut self, key: Key, max: i64, more_rows: u32) {
        let found = match &mut self.root {
            Root::Few(entries) => grow_entry(entries, key, max, more_rows),
            Root::Tree(root) => root.grow(key, max, more_rows),
        };
        debug_assert!(found, "an entry that is not there cannot grow");
    }

    /// Reads the last entry, which mostly is the one that [grows](Self::grow), so that it is at hand.
    #[inline]
    pub(crate) fn prefetch(&self) {
        match &self.root {
            Root::Few(entries) => _ = black_box(entries.last().map(|entry| entry.rows)),
            Root::Tree(node) => _ = black_box(node.rows),
        }
    }

    /// Removes entries by their beginnings and slots, which are in order, and answers how many of them were there.
    ///
    /// Entries that stand side by side leave at the cost of one.
    pub(crate) fn remove(&mut self, keys: &[Key]) -> usize {
        let removed = match &mut self.root {
            Root::Few(entries) => {
                let before = entries.len();
                let mut is_gone = in_order(keys);
                entries.retain(|entry| !is_gone(entry.key()));
                before - entries.len()
            }
            Root::Tree(root) => {
                let mut counts = Counts {
                    leaves: &mut self.leaves,
                    inners: &mut self.inners,
                };
                let removed = root.remove(keys, &mut counts);
                // A root with a single child is not needed.
                while let Kids::Nodes(nodes) = &mut root.kids
                    && nodes.len() == 1
                    && let Some(only) = nodes.pop()
                {
                    *counts.inners -= 1;
                    **root = only;
                }
                if root.is_empty() {
                    self.root = Root::Few(SmallVec::new());
                    (self.leaves, self.inners) = (0, 0);
                }
                removed
            }
        };
        self.len -= removed as u32;
        removed
    }

    /// The entries that cover `time`, the latest end before it and the earliest beginning after it.
    pub(crate) fn around(&self, time: i64) -> Around {
        let mut around = Around::default();
        match &self.root {
            Root::Few(entries) => around_entries(entries, time, &mut around),
            Root::Tree(node) => node.around(time, &mut around),
        }
        around
    }

    /// Calls `visit` with each entry that ends exactly at `end`.
    pub(crate) fn for_each_ending_at(&self, end: i64, mut visit: impl FnMut(&Entry)) {
        self.for_each_overlapping(TimeRange::point(end), |entry| {
            if entry.max == end {
                visit(entry);
            }
        });
    }

    /// Calls `visit` with each entry that has a time in common with `range`, in the order of their beginnings.
    pub(crate) fn for_each_overlapping(&self, range: TimeRange, mut visit: impl FnMut(&Entry)) {
        self.visit_by_beginning(range, |entry| {
            visit(entry);
            true
        });
    }

    /// As [`Self::for_each_overlapping`], for as long as `visit` says to go on.
    pub(crate) fn visit_by_beginning(&self, range: TimeRange, mut visit: impl FnMut(&Entry) -> bool) {
        if range.is_empty() {
            return;
        }
        match &self.root {
            Root::Few(entries) => overlapping_entries(entries, range, &mut visit),
            Root::Tree(node) => node.visit_by_beginning(range, &mut visit),
        };
    }

    /// Calls `visit` with the entries behind a beginning and slot, in that order, for as long as it says to go on. Says whether it did
    /// to the end.
    pub(crate) fn visit_after(&self, after: Option<Key>, mut visit: impl FnMut(&Entry) -> bool) -> bool {
        match &self.root {
            Root::Few(entries) => entries_after(entries, after, &mut visit),
            Root::Tree(node) => node.visit_after(after, &mut visit),
        }
    }

    /// As [`Self::visit_after`], with the entries before a beginning and slot, in the opposite order.
    pub(crate) fn visit_before(&self, before: Option<Key>, mut visit: impl FnMut(&Entry) -> bool) -> bool {
        match &self.root {
            Root::Few(entries) => entries_before(entries, before, &mut visit),
            Root::Tree(node) => node.visit_before(before, &mut visit),
        }
    }

    /// Calls `visit` with each entry that has a time in common with `range`, for as long as it says to go on: first those
    /// that end at or after the range's end, then by their ends, from the latest back.
    ///
    /// Costs O(log n) per entry that is visited: of all that is left, the node or entry that ends last is looked into.
    pub(crate) fn visit_by_end<'a>(&'a self, range: TimeRange, mut visit: impl FnMut(&Entry) -> bool) {
        if range.is_empty() {
            return;
        }
        let candidate = |first: Key, max: i64, place| {
            (first.0 <= range.max && max >= range.min).then(|| ByEnd {
                max: max.min(range.max),
                place,
            })
        };
        let entry = |entry: &'a Entry| candidate(entry.key(), entry.max, Place::Entry(entry));
        let node = |node: &'a Node| candidate(node.first, node.max, Place::Node(node));
        let mut heap: BinaryHeap<ByEnd<'a>> = match &self.root {
            Root::Few(entries) => entries.iter().filter_map(entry).collect(),
            Root::Tree(root) => node(root).into_iter().collect(),
        };
        while let Some(ByEnd { place, .. }) = heap.pop() {
            match place {
                Place::Entry(entry) => {
                    if !visit(entry) {
                        return;
                    }
                }
                Place::Node(Node {
                    kids: Kids::Entries(entries),
                    ..
                }) => heap.extend(entries.iter().filter_map(entry)),
                Place::Node(Node {
                    kids: Kids::Nodes(nodes),
                    ..
                }) => heap.extend(nodes.iter().filter_map(node)),
            }
        }
    }

    /// The number of entries that end after `time`; stops counting at `limit`.
    pub(crate) fn count_ending_after(&self, time: i64, limit: usize) -> usize {
        let mut count = 0;
        match &self.root {
            Root::Few(entries) => count = entries.iter().filter(|entry| entry.max > time).count(),
            Root::Tree(node) => node.count_ending_after(time, limit, &mut count),
        }
        count.min(limit)
    }

    /// The number of rows per bucket of `range`, added to `buckets`. An entry that lies in one bucket counts there, and so
    /// does a whole node; entries that span several are handed to `spread`, to be looked at more closely.
    pub(crate) fn count_rows(
        &self,
        range: TimeRange,
        buckets: &mut [u32],
        mut spread: impl FnMut(&Entry, &mut [u32]),
    ) {
        if range.is_empty() || buckets.is_empty() {
            return;
        }
        match &self.root {
            Root::Few(entries) => count_entries(entries, range, buckets, &mut spread),
            Root::Tree(node) => node.count_rows(range, buckets, &mut spread),
        }
    }

    /// The heap bytes of the index. Counted as nodes come and go.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.root {
            Root::Few(entries) if entries.spilled() => entries.capacity() * size_of::<Entry>(),
            Root::Few(_) => 0,
            Root::Tree(_) => {
                let (leaf, inner) = (
                    (NODE_CAPACITY + 1) * size_of::<Entry>(),
                    (NODE_CAPACITY + 1) * size_of::<Node>(),
                );
                size_of::<Node>() + self.leaves as usize * leaf + self.inners as usize * inner
            }
        }
    }

    /// The heap bytes of the index, by a walk over all nodes.
    pub(crate) fn walk_heap_bytes(&self) -> usize {
        match &self.root {
            Root::Few(entries) if entries.spilled() => entries.capacity() * size_of::<Entry>(),
            Root::Few(_) => 0,
            Root::Tree(node) => size_of::<Node>() + node.walk_heap_bytes(),
        }
    }
}
