//! Series: the chunks that hold one component of one entity on one timeline, or as static data.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use crate::{ComponentId, RowId, TimelineId, interval_index::IntervalIndex, names::Names};

/// The chunks of one (entity, timeline, component).
///
/// With [`ComponentId::ANY`] for the component it holds all chunks of the entity on the timeline.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) component: ComponentId,
    pub(crate) index: IntervalIndex,
    /// The store's generation when rows last came or went.
    pub(crate) version: u64,
}

/// The static rows of one (entity, component). There only while some chunk has them.
#[derive(Debug)]
pub(crate) struct StaticSeries {
    pub(crate) component: ComponentId,
    /// The chunks that have the component in some row and are loaded. They are few: what is overwritten goes.
    pub(crate) loaded: SmallVec<[u32; 2]>,
    /// Those that are known, of which there may be many.
    pub(crate) absent: BTreeSet<u32>,
    /// The row with the greatest id among the loaded chunks.
    pub(crate) winner: Option<StaticRow>,
    /// The store's generation when rows last came or went.
    pub(crate) version: u64,
}

impl StaticSeries {
    pub(crate) fn heap_bytes(&self) -> usize {
        let loaded = if self.loaded.spilled() {
            self.loaded.capacity()
        } else {
            0
        };
        // The nodes of a tree are at least half full.
        (loaded + 2 * self.absent.len()) * size_of::<u32>()
    }

    /// All of its chunks.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> {
        self.loaded.iter().chain(&self.absent).copied()
    }
}

/// A static row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StaticRow {
    pub(crate) row_id: RowId,
    pub(crate) slot: u32,
    pub(crate) column: u16,
    pub(crate) row: u32,
}

/// Where an entity's series stand in the store's list, found by timeline and component.
///
/// An entity has few series, so a sorted array is smaller and faster than a map.
#[derive(Debug, Default)]
pub(crate) struct EntitySeries {
    keys: Vec<SeriesKey>,
    positions: Vec<u32>,
}

/// What an entity's series are ordered by: timeline, then component.
pub(crate) type SeriesKey = u64;

/// The key of a series.
pub(crate) fn key(timeline: TimelineId, component: ComponentId) -> SeriesKey {
    (u64::from(timeline.0) << 32) | u64::from(component.0)
}

impl EntitySeries {
    #[inline]
    pub(crate) fn find(&self, timeline: TimelineId, component: ComponentId) -> Option<u32> {
        let at = self.keys.binary_search(&key(timeline, component)).ok()?;
        self.positions.get(at).copied()
    }

    /// Adds series that are not there, ordered by their keys. Cost: O(all series of the entity), however many are added.
    pub(crate) fn insert_all(&mut self, added: &[(SeriesKey, u32)]) {
        debug_assert!(added.is_sorted_by(|a, b| a.0 < b.0));
        let old = self.keys.len();
        self.keys.resize(old + added.len(), 0);
        self.positions.resize(old + added.len(), 0);
        let (mut from, mut to) = (old, old + added.len());
        for &(key, position) in added.iter().rev() {
            while from > 0 && self.keys[from - 1] > key {
                (from, to) = (from - 1, to - 1);
                self.keys[to] = self.keys[from];
                self.positions[to] = self.positions[from];
            }
            to -= 1;
            self.keys[to] = key;
            self.positions[to] = position;
        }
    }

    /// The positions of all series.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.positions.iter().copied()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.keys.capacity() * size_of::<u64>() + self.positions.capacity() * size_of::<u32>()
    }
}

/// The components that chunks of an entity have, ordered by name, and how many chunks have each.
#[derive(Debug, Default)]
pub(crate) struct EntityComponents {
    counts: Vec<(ComponentId, u32)>,
}

/// Up to this many components are looked through; more are searched by name.
const FEW_COMPONENTS: usize = 16;

impl EntityComponents {
    /// The components, ordered by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ComponentId> {
        self.counts.iter().map(|(component, _)| *component)
    }

    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Where a component stands, or belongs.
    fn position(&self, component: ComponentId, names: &Names) -> Result<usize, usize> {
        if self.counts.len() <= FEW_COMPONENTS
            && let Some(at) = self.counts.iter().position(|(other, _)| *other == component)
        {
            return Ok(at);
        }
        let Some(name) = names.component_name(component) else {
            return Err(self.counts.len());
        };
        self.counts
            .binary_search_by(|(other, _)| names.component_name(*other).cmp(&Some(name)))
    }

    pub(crate) fn contains(&self, component: ComponentId, names: &Names) -> bool {
        self.position(component, names).is_ok()
    }

    /// Counts a chunk with the component. Says whether it is the first.
    pub(crate) fn add(&mut self, component: ComponentId, names: &Names) -> bool {
        match self.position(component, names) {
            Ok(at) => {
                self.counts[at].1 += 1;
                false
            }
            Err(at) => {
                self.counts.insert(at, (component, 1));
                true
            }
        }
    }

    /// Takes off chunks with the component. Says whether these were the last.
    pub(crate) fn remove(&mut self, component: ComponentId, chunks: u32, names: &Names) -> bool {
        let found = self.position(component, names);
        debug_assert!(found.is_ok(), "a component that was counted is there");
        let Ok(at) = found else { return false };
        self.counts[at].1 -= chunks;
        let is_last = self.counts[at].1 == 0;
        if is_last {
            self.counts.remove(at);
        }
        is_last
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<(ComponentId, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_that_come_together_are_found_like_those_that_come_one_by_one() {
        let all: Vec<(SeriesKey, u32)> = (0..1_000).map(|at| (at * 3 % 1_009, at as u32)).collect();
        let (mut together, mut single) = (EntitySeries::default(), EntitySeries::default());
        for some in all.chunks(97) {
            let mut sorted = some.to_vec();
            sorted.sort_unstable();
            together.insert_all(&sorted);
            some.iter().for_each(|one| single.insert_all(&[*one]));
            assert_eq!(
                (&together.keys, &together.positions),
                (&single.keys, &single.positions)
            );
        }
        assert!(together.keys.is_sorted() && together.keys.len() == 1_000);
    }
}
