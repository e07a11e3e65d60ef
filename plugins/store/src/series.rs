//! Series: the chunks that hold one component of one entity on one timeline, or as static data.

use smallvec::SmallVec;

use crate::{ComponentId, RowId, TimelineId, interval_index::IntervalIndex};

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
    /// The chunks that have the component in some row.
    pub(crate) slots: SmallVec<[u32; 2]>,
    /// The row with the greatest id among the loaded chunks.
    pub(crate) winner: Option<StaticRow>,
    /// The store's generation when rows last came or went.
    pub(crate) version: u64,
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
    keys: Vec<u64>,
    positions: Vec<u32>,
}

fn key(timeline: TimelineId, component: ComponentId) -> u64 {
    (u64::from(timeline.0) << 32) | u64::from(component.0)
}

impl EntitySeries {
    #[inline]
    pub(crate) fn find(&self, timeline: TimelineId, component: ComponentId) -> Option<u32> {
        let at = self.keys.binary_search(&key(timeline, component)).ok()?;
        self.positions.get(at).copied()
    }

    pub(crate) fn insert(&mut self, timeline: TimelineId, component: ComponentId, position: u32) {
        let key = key(timeline, component);
        let at = self.keys.partition_point(|other| *other < key);
        self.keys.insert(at, key);
        self.positions.insert(at, position);
    }

    /// The timelines that the entity has rows on, with the positions of the series of all its chunks there.
    pub(crate) fn all_rows(&self) -> impl Iterator<Item = (TimelineId, u32)> {
        let any = |key: u64| key as u32 == ComponentId::ANY.0;
        let both = self
            .keys
            .iter()
            .zip(&self.positions)
            .filter(move |(key, _)| any(**key));
        both.map(|(key, position)| (TimelineId((key >> 32) as u32), *position))
    }

    /// The positions of all series.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.positions.iter().copied()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.keys.capacity() * size_of::<u64>() + self.positions.capacity() * size_of::<u32>()
    }
}
