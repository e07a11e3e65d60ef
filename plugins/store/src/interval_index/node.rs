//! The nodes of the tree: how entries are put in, taken out and found.

use std::cmp::Ordering;

use crate::{TimeRange, keys::in_order};

use super::entry::{Around, Entry, Key, NODE_CAPACITY, bucket_of};

#[derive(Debug)]
pub(super) struct Node {
    pub(super) first: Key,
    /// The latest end below.
    pub(super) max: i64,
    /// The latest end below of a chunk that is loaded; `i64::MIN` where none is.
    pub(super) loaded_max: i64,
    /// The number of rows below.
    pub(super) rows: u64,
    pub(super) kids: Kids,
}

#[derive(Debug)]
pub(super) enum Kids {
    Entries(Vec<Entry>),
    Nodes(Vec<Node>),
}

/// The one bucket that an interval lies in; `None` where it spans several, or sticks out of the range.
fn only_bucket(min: i64, max: i64, range: TimeRange, buckets: usize) -> Option<usize> {
    if min < range.min || max > range.max {
        return None;
    }
    let bucket = bucket_of(min, range, buckets);
    (bucket == bucket_of(max, range, buckets)).then_some(bucket)
}

pub(super) fn count_entries(
    entries: &[Entry],
    range: TimeRange,
    buckets: &mut [u32],
    spread: &mut impl FnMut(&Entry, &mut [u32]),
) {
    overlapping_entries(entries, range, &mut |entry| {
        let bucket =
            only_bucket(entry.min, entry.max, range, buckets.len()).and_then(|at| buckets.get_mut(at));
        match bucket {
            Some(bucket) => *bucket = bucket.saturating_add(entry.rows),
            None => spread(entry, buckets),
        }
        true
    });
}

pub(super) fn around_entries(entries: &[Entry], time: i64, around: &mut Around) {
    for entry in entries {
        if entry.min > time {
            around.after = Some(around.after.map_or(entry.min, |after| after.min(entry.min)));
            return;
        }
        if entry.max >= time {
            around.covering.push(*entry);
        } else {
            around.before = around.before.max(Some(entry.max));
            around.note_loaded(entry.loaded_max());
        }
    }
}

/// Whether to go on behind these entries.
pub(super) fn overlapping_entries(
    entries: &[Entry],
    range: TimeRange,
    visit: &mut impl FnMut(&Entry) -> bool,
) -> bool {
    for entry in entries {
        if entry.min > range.max {
            return false;
        }
        if entry.max >= range.min && !visit(entry) {
            return false;
        }
    }
    true
}

/// Whether to go on behind these entries.
pub(super) fn entries_after(
    entries: &[Entry],
    after: Option<Key>,
    visit: &mut impl FnMut(&Entry) -> bool,
) -> bool {
    let at = after.map_or(0, |key| entries.partition_point(|entry| entry.key() <= key));
    entries[at..].iter().all(visit)
}

/// Whether to go on before these entries.
pub(super) fn entries_before(
    entries: &[Entry],
    before: Option<Key>,
    visit: &mut impl FnMut(&Entry) -> bool,
) -> bool {
    let end = before.map_or(entries.len(), |key| {
        entries.partition_point(|entry| entry.key() < key)
    });
    entries[..end].iter().rev().all(visit)
}

/// A part of an index, ordered by where it ends.
pub(super) struct ByEnd<'a> {
    pub(super) max: i64,
    pub(super) place: Place<'a>,
}

pub(super) enum Place<'a> {
    Entry(&'a Entry),
    Node(&'a Node),
}

impl Ord for ByEnd<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.max.cmp(&other.max)
    }
}

impl PartialOrd for ByEnd<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByEnd<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.max == other.max
    }
}

impl Eq for ByEnd<'_> {}

/// How many nodes a tree has.
pub(super) struct Counts<'a> {
    pub(super) leaves: &'a mut u32,
    pub(super) inners: &'a mut u32,
}

impl Node {
    pub(super) fn over(kids: Kids) -> Self {
        let mut node = Self {
            first: (i64::MAX, u32::MAX),
            max: i64::MIN,
            loaded_max: i64::MIN,
            rows: 0,
            kids,
        };
        node.summarize();
        node
    }

    pub(super) fn is_empty(&self) -> bool {
        match &self.kids {
            Kids::Entries(entries) => entries.is_empty(),
            Kids::Nodes(nodes) => nodes.is_empty(),
        }
    }

    pub(super) fn summarize(&mut self) {
        (self.max, self.loaded_max, self.rows) = (i64::MIN, i64::MIN, 0);
        let mut include = |max: i64, loaded_max: i64, rows: u64| {
            self.max = self.max.max(max);
            self.loaded_max = self.loaded_max.max(loaded_max);
            self.rows += rows;
        };
        match &self.kids {
            Kids::Entries(entries) => {
                entries
                    .iter()
                    .for_each(|entry| include(entry.max, entry.loaded_max(), u64::from(entry.rows)));
            }
            Kids::Nodes(nodes) => nodes
                .iter()
                .for_each(|node| include(node.max, node.loaded_max, node.rows)),
        }
        self.summarize_first();
    }

    pub(super) fn summarize_first(&mut self) {
        self.first = match &self.kids {
            Kids::Entries(entries) => entries.first().map_or((i64::MAX, u32::MAX), Entry::key),
            Kids::Nodes(nodes) => nodes.first().map_or((i64::MAX, u32::MAX), |node| node.first),
        };
    }

    /// Inserts below this node. Where it grew too large, it keeps the left part and answers the right one.
    pub(super) fn insert(&mut self, entry: Entry, counts: &mut Counts<'_>) -> Option<Self> {
        self.first = self.first.min(entry.key());
        self.max = self.max.max(entry.max);
        self.loaded_max = self.loaded_max.max(entry.loaded_max());
        self.rows += u64::from(entry.rows);
        let sibling = match &mut self.kids {
            Kids::Entries(entries) => {
                let at = place_of(entries, &entry);
                entries.insert(at, entry);
                let right = split_off(entries, at)?;
                *counts.leaves += 1;
                Self::over(Kids::Entries(right))
            }
            Kids::Nodes(nodes) => {
                let at = match nodes.last() {
                    Some(last) if last.first > entry.key() => nodes
                        .partition_point(|node| node.first <= entry.key())
                        .saturating_sub(1),
                    _ => nodes.len() - 1,
                };
                let sibling = nodes.get_mut(at)?.insert(entry, counts)?;
                nodes.insert(at + 1, sibling);
                let right = split_off(nodes, at + 1)?;
                *counts.inners += 1;
                Self::over(Kids::Nodes(right))
            }
        };
        self.summarize();
        Some(sibling)
    }

    /// An entry below this node has more rows and a later end now. Says whether there is one.
    pub(super) fn grow(&mut self, key: Key, max: i64, more_rows: u32) -> bool {
        let found = match &mut self.kids {
            Kids::Entries(entries) => grow_entry(entries, key, max, more_rows),
            Kids::Nodes(nodes) => {
                let at = nodes.partition_point(|node| node.first <= key).saturating_sub(1);
                nodes
                    .get_mut(at)
                    .is_some_and(|node| node.grow(key, max, more_rows))
            }
        };
        if found {
            self.max = self.max.max(max);
            // Rows come to what is in memory.
            self.loaded_max = self.loaded_max.max(max);
            self.rows += u64::from(more_rows);
        }
        found
    }

    /// Removes from below this node, and answers how many entries it had of those.
    pub(super) fn remove(&mut self, keys: &[Key], counts: &mut Counts<'_>) -> usize {
        let removed = match &mut self.kids {
            Kids::Entries(entries) => {
                let before = entries.len();
                let mut is_gone = in_order(keys);
                entries.retain(|entry| !is_gone(entry.key()));
                before - entries.len()
            }
            Kids::Nodes(nodes) => {
                let (mut removed, mut any_empty) = (0, false);
                let mut rest = keys;
                let mut at = rest.first().map_or(0, |key| {
                    nodes.partition_point(|node| node.first <= *key).saturating_sub(1)
                });
                while !rest.is_empty() {
                    let own = nodes
                        .get(at + 1)
                        .map_or(rest.len(), |next| rest.partition_point(|key| *key < next.first));
                    let Some(node) = nodes.get_mut(at) else { break };
                    if own > 0 {
                        removed += node.remove(&rest[..own], counts);
                        any_empty |= node.is_empty();
                    }
                    rest = &rest[own..];
                    at += 1;
                }
                if any_empty {
                    nodes.retain(|node| {
                        let count = match &node.kids {
                            Kids::Entries(_) => &mut *counts.leaves,
                            Kids::Nodes(_) => &mut *counts.inners,
                        };
                        *count -= u32::from(node.is_empty());
                        !node.is_empty()
                    });
                }
                removed
            }
        };
        if removed > 0 {
            self.summarize();
        }
        removed
    }

    pub(super) fn count_rows(
        &self,
        range: TimeRange,
        buckets: &mut [u32],
        spread: &mut impl FnMut(&Entry, &mut [u32]),
    ) {
        if self.first.0 > range.max || self.max < range.min {
            return;
        }
        if let Some(bucket) =
            only_bucket(self.first.0, self.max, range, buckets.len()).and_then(|at| buckets.get_mut(at))
        {
            *bucket = bucket.saturating_add(u32::try_from(self.rows).unwrap_or(u32::MAX));
            return;
        }
        match &self.kids {
            Kids::Entries(entries) => count_entries(entries, range, buckets, spread),
            Kids::Nodes(nodes) => nodes
                .iter()
                .for_each(|node| node.count_rows(range, buckets, spread)),
        }
    }

    pub(super) fn around(&self, time: i64, around: &mut Around) {
        match &self.kids {
            Kids::Entries(entries) => around_entries(entries, time, around),
            Kids::Nodes(nodes) => {
                for node in nodes {
                    if node.first.0 > time {
                        around.after =
                            Some(around.after.map_or(node.first.0, |after| after.min(node.first.0)));
                        return;
                    }
                    if node.max < time {
                        around.before = around.before.max(Some(node.max));
                        around.note_loaded(node.loaded_max);
                    } else {
                        node.around(time, around);
                    }
                }
            }
        }
    }

    /// Whether to go on behind this node.
    pub(super) fn visit_by_beginning(
        &self,
        range: TimeRange,
        visit: &mut impl FnMut(&Entry) -> bool,
    ) -> bool {
        match &self.kids {
            Kids::Entries(entries) => overlapping_entries(entries, range, visit),
            Kids::Nodes(nodes) => nodes.iter().all(|node| {
                node.first.0 <= range.max && (node.max < range.min || node.visit_by_beginning(range, visit))
            }),
        }
    }

    /// Whether to go on behind this node.
    pub(super) fn visit_after(&self, after: Option<Key>, visit: &mut impl FnMut(&Entry) -> bool) -> bool {
        match &self.kids {
            Kids::Entries(entries) => entries_after(entries, after, visit),
            Kids::Nodes(nodes) => {
                let at = after.map_or(0, |key| {
                    nodes.partition_point(|node| node.first <= key).saturating_sub(1)
                });
                nodes[at..].iter().all(|node| node.visit_after(after, visit))
            }
        }
    }

    /// Whether to go on before this node.
    pub(super) fn visit_before(&self, before: Option<Key>, visit: &mut impl FnMut(&Entry) -> bool) -> bool {
        match &self.kids {
            Kids::Entries(entries) => entries_before(entries, before, visit),
            Kids::Nodes(nodes) => {
                let end = before.map_or(nodes.len(), |key| nodes.partition_point(|node| node.first < key));
                nodes[..end]
                    .iter()
                    .rev()
                    .all(|node| node.visit_before(before, visit))
            }
        }
    }

    pub(super) fn count_ending_after(&self, time: i64, limit: usize, count: &mut usize) {
        match &self.kids {
            Kids::Entries(entries) => *count += entries.iter().filter(|entry| entry.max > time).count(),
            Kids::Nodes(nodes) => {
                for node in nodes.iter().rev() {
                    if *count >= limit {
                        return;
                    }
                    if node.max > time {
                        node.count_ending_after(time, limit, count);
                    }
                }
            }
        }
    }

    pub(super) fn walk_heap_bytes(&self) -> usize {
        match &self.kids {
            Kids::Entries(entries) => entries.capacity() * size_of::<Entry>(),
            Kids::Nodes(nodes) => {
                nodes.capacity() * size_of::<Self>() + nodes.iter().map(Self::walk_heap_bytes).sum::<usize>()
            }
        }
    }
}

/// Where an entry belongs. Most come in order, and then the end is all that is looked at.
pub(super) fn place_of(entries: &[Entry], entry: &Entry) -> usize {
    match entries.last() {
        Some(last) if last.key() > entry.key() => entries.partition_point(|other| other.key() < entry.key()),
        _ => entries.len(),
    }
}

/// An entry has more rows and a later end now. Says whether it is there. Mostly it is near the end.
pub(super) fn grow_entry(entries: &mut [Entry], key: Key, max: i64, more_rows: u32) -> bool {
    let entry = entries
        .iter_mut()
        .rev()
        .take_while(|entry| entry.key() >= key)
        .find(|entry| entry.key() == key);
    if let Some(entry) = entry {
        entry.max = entry.max.max(max);
        entry.rows += more_rows;
        return true;
    }
    false
}

/// The right part of a node that grew too large. Where it grew at its end, as it does when data arrives in order, the
/// left part stays full.
fn split_off<T>(kids: &mut Vec<T>, grown_at: usize) -> Option<Vec<T>> {
    if kids.len() <= NODE_CAPACITY {
        return None;
    }
    let at = if grown_at + 1 == kids.len() {
        kids.len() - 1
    } else {
        kids.len() / 2
    };
    let mut right = Vec::with_capacity(NODE_CAPACITY + 1);
    right.extend(kids.drain(at..));
    Some(right)
}
