//! The store: names, the entity tree, chunks and their indices.

use std::{
    collections::BTreeSet,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use smallvec::SmallVec;

use crate::{
    Chunk, ChunkId, ChunkMeta, ComponentDescriptor, ComponentId, EntityId, EntityPath, RowId, StoreId,
    TimeRange, Timeline, TimelineId,
    clear::EntityClears,
    gc::state::GcState,
    interval_index::IntervalIndex,
    merge_queue::MergeQueue,
    names::Names,
    pages::Pages,
    rows::ChunkData,
    series::{EntityComponents, EntitySeries, Series, StaticSeries},
    slots_by_id::SlotsById,
    stats::EntityStats,
    tree::EntityTree,
};

/// When chunks are merged and split as they arrive.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreSettings {
    /// Whether chunks are merged and split at all.
    pub compaction: bool,
    /// Chunks are merged up to this many rows, and split above twice as many.
    pub max_rows: usize,
    /// Chunks are merged up to this many bytes, and split above twice as many.
    pub max_bytes: u64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            compaction: true,
            max_rows: 4096,
            max_bytes: 384 * 1024,
        }
    }
}

impl StoreSettings {
    /// Chunks stay as they come.
    pub fn without_compaction() -> Self {
        Self {
            compaction: false,
            ..Self::default()
        }
    }
}

/// A chunk in the store.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) meta: Arc<ChunkMeta>,
    /// `None` where the chunk is known and not loaded.
    pub(crate) chunk_data: Option<ChunkData>,
    pub(crate) origin: Origin,
}

/// Where a chunk comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Somebody inserted it.
    Inserted,
    /// A source made it known, and can give its data back.
    Source,
    /// The store made it, by appending, merging or splitting: if its rows are inserted again, they come under another id.
    Made,
}

/// What the store knows of an entity.
#[derive(Debug)]
pub(crate) struct EntityData {
    pub(crate) series: EntitySeries,
    /// Ordered by component.
    pub(crate) statics: Vec<StaticSeries>,
    pub(crate) clears: Option<Box<EntityClears>>,
    /// Whether some clear could reach this entity, its own or one above it. Never unset, so it may be a false alarm.
    pub(crate) might_require_clearing: bool,
    pub(crate) components: EntityComponents,
    pub(crate) stats: EntityStats,
    /// The greatest row id that there ever was.
    pub(crate) newest: RowId,
    /// The greatest row id in chunks that the store made. Not taken back when they go.
    pub(crate) newest_made: RowId,
    /// The chunks that wait to be merged, by kind. The last used one is the last.
    pub(crate) queues: Vec<MergeQueue>,
}

impl Default for EntityData {
    fn default() -> Self {
        Self {
            series: EntitySeries::default(),
            statics: Vec::new(),
            clears: None,
            might_require_clearing: false,
            components: EntityComponents::default(),
            stats: EntityStats::default(),
            newest: RowId::MIN,
            newest_made: RowId::MIN,
            queues: Vec::new(),
        }
    }
}

impl EntityData {
    /// Where the static rows of a component stand, or belong.
    #[inline]
    pub(crate) fn static_position(&self, component: ComponentId) -> Result<usize, usize> {
        self.statics
            .binary_search_by_key(&component.0, |series| series.component.0)
    }

    /// The static rows of a component.
    #[inline]
    pub(crate) fn static_series(&self, component: ComponentId) -> Option<&StaticSeries> {
        self.statics.get(self.static_position(component).ok()?)
    }

    /// The heap bytes of the static series that a chunk has a part in, and of their list.
    pub(crate) fn static_bytes(&self, meta: &ChunkMeta) -> usize {
        let series = meta
            .components
            .iter()
            .filter_map(|column| self.static_series(column.component));
        self.statics.capacity() * size_of::<StaticSeries>()
            + series.map(StaticSeries::heap_bytes).sum::<usize>()
    }

    /// The heap bytes, without the merge queues.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.series.heap_bytes()
            + self.statics.capacity() * size_of::<StaticSeries>()
            + self.statics.iter().map(StaticSeries::heap_bytes).sum::<usize>()
            + self.components.heap_bytes()
            + self.clears.as_ref().map_or(0, |clears| clears.heap_bytes())
    }

    /// One of the merge queues, which is the last used one from now on.
    pub(crate) fn used_queue(queues: &mut [MergeQueue], at: usize) -> Option<&mut MergeQueue> {
        queues.get_mut(at..)?.rotate_left(1);
        queues.last_mut()
    }

    /// The heap bytes of the merge queues.
    pub(crate) fn queue_bytes(&self) -> usize {
        self.queues.capacity() * size_of::<MergeQueue>()
            + self.queues.iter().map(MergeQueue::heap_bytes).sum::<usize>()
    }
}

/// What the store knows of a timeline.
#[derive(Debug, Default)]
pub(crate) struct TimelineData {
    /// The number of chunks on the timeline.
    pub(crate) num_chunks: usize,
    /// The loaded chunks of all entities.
    pub(crate) loaded: IntervalIndex,
    /// The chunks of all entities that are not loaded.
    pub(crate) absent: IntervalIndex,
    /// Whether some chunk gave the timeline another type than the first one.
    pub(crate) has_other_type: bool,
}

/// A recording or a blueprint: chunks, found again by entity, component and time.
///
/// Queries take `&self` and never lock; see [`QueryCache`](crate::QueryCache) for the cached ones.
#[derive(Debug)]
pub struct ChunkStore {
    pub(crate) id: StoreId,
    /// Unique in this process, so that a cache can tell stores apart.
    pub(crate) instance: u64,
    pub(crate) settings: StoreSettings,
    pub(crate) generation: u64,
    /// Grows where an entity has a component, or data at all, that it had not, or no longer.
    pub(crate) schema_version: u64,
    pub(crate) names: Names,
    pub(crate) tree: EntityTree,
    pub(crate) entities: Pages<EntityData>,
    pub(crate) timelines: Vec<TimelineData>,
    pub(crate) series: Pages<Series>,
    pub(crate) slots: Pages<Option<Slot>>,
    /// The slots that may be used again.
    pub(crate) free_slots: Vec<u32>,
    pub(crate) slot_of: SlotsById<ChunkId>,
    /// Loaded chunks by their oldest row.
    pub(crate) by_row: SlotsById<RowId>,
    /// Likewise, those that are not loaded.
    pub(crate) absent_by_row: SlotsById<RowId>,
    /// The number of loaded chunks that are on some timeline.
    pub(crate) loaded_temporal: usize,
    /// The loaded static chunks that a source can give back, and that are worth evicting.
    pub(crate) evictable_statics: BTreeSet<u32>,
    /// The timelines to which the chunk that is being inserted gives another type for the first time.
    pub(crate) retyped_timelines: SmallVec<[TimelineId; 2]>,
    pub(crate) totals: crate::stats::Totals,
    pub(crate) gc: GcState,
    /// The chunks without data that should be loaded before all others.
    pub(crate) absent_first: BTreeSet<u32>,
    /// The bytes of the orders of rows that queries made.
    pub(crate) order_bytes: AtomicU64,
}

impl ChunkStore {
    /// An empty store with the default settings.
    pub fn new(id: StoreId) -> Self {
        Self::with_settings(id, StoreSettings::default())
    }

    /// An empty store.
    pub fn with_settings(id: StoreId, settings: StoreSettings) -> Self {
        static INSTANCES: AtomicU64 = AtomicU64::new(1);
        let mut entities = Pages::default();
        entities.push(EntityData::default());
        Self {
            id,
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
            settings,
            generation: 0,
            schema_version: 0,
            names: Names::default(),
            tree: EntityTree::default(),
            entities,
            timelines: Vec::new(),
            series: Pages::default(),
            slots: Pages::default(),
            free_slots: Vec::new(),
            slot_of: SlotsById::default(),
            by_row: SlotsById::default(),
            absent_by_row: SlotsById::default(),
            loaded_temporal: 0,
            evictable_statics: BTreeSet::new(),
            retyped_timelines: SmallVec::new(),
            totals: crate::stats::Totals::default(),
            gc: GcState::default(),
            absent_first: BTreeSet::new(),
            order_bytes: AtomicU64::new(0),
        }
    }

    /// The store's id.
    pub fn id(&self) -> &StoreId {
        &self.id
    }

    /// Grows with each change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Grows whenever there is another entity, or an entity has data or a component for the first time or no longer. Until then,
    /// what was made of [`Self::tree`], [`Self::has_data`] and [`Self::components_of`] holds, however many rows came.
    pub fn schema_version(&self) -> u64 {
        self.schema_version + self.tree.len() as u64
    }

    /// When chunks are merged and split.
    pub fn settings(&self) -> &StoreSettings {
        &self.settings
    }

    /// The id of an entity: of every path that has data, and of all above those.
    pub fn entity_id(&self, path: &EntityPath) -> Option<EntityId> {
        self.tree.find(path)
    }

    /// The path of an entity of this store; the root for an id of another store.
    pub fn entity_path(&self, id: EntityId) -> &EntityPath {
        self.tree.path(id)
    }

    /// The id of the timeline with this name.
    pub fn timeline_id(&self, name: &str) -> Option<TimelineId> {
        self.names.timeline_id(name)
    }

    /// A timeline of this store.
    ///
    /// # Panics
    /// For an id that another, larger store handed out.
    pub fn timeline(&self, id: TimelineId) -> &Timeline {
        self.names.timeline(id)
    }

    /// The id of the component with this name.
    #[inline]
    pub fn component_id(&self, name: &str) -> Option<ComponentId> {
        self.names.component_id(name)
    }

    /// The descriptor of a component, as it was first logged.
    ///
    /// # Panics
    /// For an id that another, larger store handed out.
    pub fn descriptor(&self, id: ComponentId) -> &ComponentDescriptor {
        self.names.descriptor(id)
    }

    /// The tree of entity paths, with intermediate ones that have no data.
    pub fn tree(&self) -> &EntityTree {
        &self.tree
    }

    /// Every entity with data, ordered by path.
    pub fn entities(&self) -> impl Iterator<Item = EntityId> {
        self.tree
            .descend(EntityId::ROOT)
            .filter(|&entity| self.has_data(entity))
    }

    /// Whether some chunk holds data of this very entity.
    pub fn has_data(&self, entity: EntityId) -> bool {
        self.entity(entity).is_some_and(|data| data.stats.num_chunks > 0)
    }

    /// Every timeline with data, ordered by name.
    pub fn timelines(&self) -> impl Iterator<Item = TimelineId> {
        self.names.timelines_by_name().iter().copied().filter(|id| {
            self.timelines
                .get(id.index())
                .is_some_and(|timeline| timeline.num_chunks > 0)
        })
    }

    /// The components that some row of an entity has, on any timeline or static, ordered by name.
    pub fn components_of(&self, entity: EntityId) -> impl Iterator<Item = ComponentId> {
        self.entity(entity)
            .into_iter()
            .flat_map(|data| data.components.iter())
    }

    /// The timelines that an entity has rows on, ordered by name.
    pub fn timelines_of(&self, entity: EntityId) -> impl Iterator<Item = TimelineId> {
        self.names
            .timelines_by_name()
            .iter()
            .copied()
            .filter(move |&timeline| !self.entity_time_range(entity, timeline).is_empty())
    }

    /// Whether an entity has a component at all.
    pub fn has_component(&self, entity: EntityId, component: ComponentId) -> bool {
        self.entity(entity)
            .is_some_and(|data| data.components.contains(component, &self.names))
    }

    /// Whether a query of the component on this timeline can find something: static data counts.
    pub fn has_component_on(&self, entity: EntityId, timeline: TimelineId, component: ComponentId) -> bool {
        self.series_of(entity, timeline, component)
            .is_some_and(|(_, series)| !series.index.is_empty())
            || self.has_static(entity, component)
    }

    /// Whether an entity has the component as static data.
    pub fn has_static(&self, entity: EntityId, component: ComponentId) -> bool {
        self.static_series(entity, component).is_some()
    }

    /// A chunk whose data is in memory.
    pub fn chunk(&self, id: ChunkId) -> Option<&Arc<Chunk>> {
        let slot = self.slot_of.get(id)?;
        self.loaded(slot).map(ChunkData::chunk)
    }

    /// What is known of a chunk, loaded or not.
    pub fn chunk_meta(&self, id: ChunkId) -> Option<&Arc<ChunkMeta>> {
        let slot = self.slot_of.get(id)?;
        self.slot(slot).map(|slot| &slot.meta)
    }

    /// Every chunk, loaded or not, ordered by its oldest row.
    pub fn chunks(&self) -> impl Iterator<Item = (&Arc<ChunkMeta>, Option<&Arc<Chunk>>)> {
        let mut loaded = self.by_row.range(Bound::Unbounded).peekable();
        let mut absent = self.absent_by_row.range(Bound::Unbounded).peekable();
        let slots = std::iter::from_fn(move || match (loaded.peek(), absent.peek()) {
            (Some(first), Some(other)) if other < first => absent.next(),
            (Some(_), _) => loaded.next(),
            (None, _) => absent.next(),
        });
        slots
            .filter_map(|(_, slot)| self.slot(slot))
            .map(|slot| (&slot.meta, slot.chunk_data.as_ref().map(ChunkData::chunk)))
    }

    /// From the earliest row of the store to the latest; empty where there is none.
    pub fn time_range(&self, timeline: TimelineId) -> TimeRange {
        self.timelines
            .get(timeline.index())
            .map_or(TimeRange::EMPTY, |data| {
                data.loaded.range().union(&data.absent.range())
            })
    }

    /// From the earliest row of an entity to the latest, whatever components it has.
    pub fn entity_time_range(&self, entity: EntityId, timeline: TimelineId) -> TimeRange {
        self.component_time_range(entity, timeline, ComponentId::ANY)
    }

    /// From the earliest row of an entity that has a component to the latest.
    pub fn component_time_range(
        &self,
        entity: EntityId,
        timeline: TimelineId,
        component: ComponentId,
    ) -> TimeRange {
        self.series_of(entity, timeline, component)
            .map_or(TimeRange::EMPTY, |(_, series)| series.index.range())
    }

    pub(crate) fn entity(&self, entity: EntityId) -> Option<&EntityData> {
        self.entities.get(entity.index())
    }

    pub(crate) fn slot(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The chunk of an index entry. Invariant: what stands in an index is in the store.
    pub(crate) fn indexed(&self, slot: u32) -> Option<&Slot> {
        let place = self.slot(slot);
        debug_assert!(place.is_some(), "a chunk in an index is in the store");
        place
    }

    pub(crate) fn loaded(&self, slot: u32) -> Option<&ChunkData> {
        self.slot(slot)?.chunk_data.as_ref()
    }

    /// What a row of a chunk takes, on average.
    pub(crate) fn row_bytes(&self, slot: u32) -> u32 {
        self.slot(slot).map_or(0, |slot| {
            u32::try_from(slot.meta.num_bytes / u64::from(slot.meta.num_rows.max(1))).unwrap_or(u32::MAX)
        })
    }

    /// The chunks of a component on a timeline, and the position in the list of all series.
    #[inline]
    pub(crate) fn series_of(
        &self,
        entity: EntityId,
        timeline: TimelineId,
        component: ComponentId,
    ) -> Option<(u32, &Series)> {
        let at = self.entity(entity)?.series.find(timeline, component)?;
        Some((at, self.series.get(at as usize)?))
    }

    #[inline]
    pub(crate) fn static_series(&self, entity: EntityId, component: ComponentId) -> Option<&StaticSeries> {
        self.entity(entity)?.static_series(component)
    }
}
