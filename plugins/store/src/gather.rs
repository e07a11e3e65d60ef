//! Gathering: rows that arrive one by one are put behind each other as they come.
//!
//! The first small chunk of its kind stays as it came. With the second the two become one chunk that *gathers*: it has buffers with
//! room, and each row that follows is copied behind the others and its own chunk let go of, while it is still in the processor's
//! cache. The chunk's entries in the indices grow with it. That costs a fraction of an entry per row, which would be taken out again
//! when the rows are merged.
//!
//! To readers it is a chunk like any other: [`Gathering::chunk`] copies the rows that there are, once after each change, when somedata
//! asks. Rows keep their places, so that what is known of (chunk, row) stays true. At [`MOST_ROWS`], or where a row arrives that is not
//! later than all others, the chunk is finished: merged with its like from then on, as `compaction` does it.
//!
//! While a chunk gathers, its id stands for rows that become more. What is written down or handed to another store has ids of its own
//! therefore: see [`ChunkStore::export`].
//!
//! Only what is plain is gathered: rows in the order of their ids and times, no nulls, types that [`GrowingLists`] takes.

use std::sync::{Arc, OnceLock};

use arrow_array::{Array as _, ListArray};
use arrow_schema::{DataType, Field};
use smallvec::SmallVec;

use crate::{
    ChangeReason, Chunk, ChunkChange, ChunkId, ChunkMeta, ChunkStore, ComponentColumn, ComponentDescriptor,
    ComponentId, EntityPath, RowId, StoreEvent, TimeColumn, TimeRange, Timeline,
    append::{self, GrowingLists, NotAppended},
    meta::{ComponentMeta, TimelineMeta},
    store::{EntityData, Slot},
};

/// How many rows a chunk gathers. What is copied for readers is never more.
pub(crate) const MOST_ROWS: usize = 32;

/// How many bytes a chunk gathers, for the same reason.
const MOST_BYTES: u64 = 16 * 1024;

/// A chunk that gathers rows.
#[derive(Debug)]
pub(crate) struct Gathering {
    id: ChunkId,
    entity_path: EntityPath,
    row_ids: Vec<RowId>,
    timelines: SmallVec<[(Timeline, Vec<i64>); 2]>,
    columns: SmallVec<[(ComponentDescriptor, GrowingLists); 4]>,
    num_bytes: u64,
    /// The rows as a reader sees them. Two readers who ask first at the same time wait for one copy.
    chunk: OnceLock<Arc<Chunk>>,
}

impl Gathering {
    /// Of the rows of two chunks of one kind: with the same columns, of the same types. `None` where that cannot be.
    pub(crate) fn of(id: ChunkId, first: &Chunk, second: &Chunk, most: Most) -> Option<Self> {
        let times = (most.rows / first.num_rows().max(1))
            .min((most.bytes / row_bytes(first).max(1)) as usize)
            .max(1);
        let rows = first.num_rows() * times;
        let column = |column: &ComponentColumn| {
            let lists = column.lists();
            let values = append::used(lists)?.len() * times;
            Some((
                column.descriptor().clone(),
                GrowingLists::new(lists.data_type(), rows, values)?,
            ))
        };
        let mut gathering = Self {
            id,
            entity_path: first.entity_path().clone(),
            row_ids: Vec::with_capacity(rows),
            timelines: first
                .timelines()
                .iter()
                .map(|times| (times.timeline().clone(), Vec::with_capacity(rows)))
                .collect(),
            columns: first.components().iter().map(column).collect::<Option<_>>()?,
            num_bytes: 0,
            chunk: OnceLock::new(),
        };
        for chunk in [first, second] {
            if !gathering.takes(chunk, most) {
                return None;
            }
            gathering.append(chunk).ok()?;
        }
        Some(gathering)
    }

    /// Whether the rows of a chunk of the same kind are as plain as need be, and fit behind those that there are.
    fn takes(&self, chunk: &Chunk, most: Most) -> bool {
        let rows = self.row_ids.len() + chunk.num_rows();
        rows <= most.rows
            && self.num_bytes + row_bytes(chunk) <= most.bytes
            && chunk.row_ids_sorted()
            && chunk
                .row_ids()
                .first()
                .is_some_and(|first| self.row_ids.last().is_none_or(|last| last < first))
            && self
                .timelines
                .iter()
                .zip(chunk.timelines())
                .all(|((_, own), times)| {
                    times.is_sorted() && own.last().is_none_or(|last| *last <= times.range().min)
                })
            && self
                .columns
                .iter()
                .zip(chunk.components())
                .all(|((_, lists), column)| lists.takes(column.lists()))
    }

    /// Puts rows that it [takes](Self::takes) behind the others.
    ///
    /// # Errors
    /// Where a column cannot be appended. The rows are as before then, and take no more.
    fn append(&mut self, chunk: &Chunk) -> Result<(), NotAppended> {
        let rows = self.row_ids.len();
        let mut columns = self.columns.iter_mut().zip(chunk.components());
        let appended = columns.try_for_each(|((_, own), column)| own.append(column.lists()));
        if let Err(error) = appended {
            debug_assert!(false, "a column that is taken can be appended");
            self.columns
                .iter_mut()
                .for_each(|(_, lists)| lists.truncate(rows));
            return Err(error);
        }
        self.chunk = OnceLock::new();
        self.num_bytes += row_bytes(chunk);
        self.row_ids.extend_from_slice(chunk.row_ids());
        for ((_, own), times) in self.timelines.iter_mut().zip(chunk.timelines()) {
            own.extend_from_slice(times.times());
        }
        Ok(())
    }

    /// Whether there is no room for another row.
    pub(crate) fn is_full(&self, most: Most) -> bool {
        self.row_ids.len() >= most.rows || self.num_bytes >= most.bytes
    }

    /// The rows as they are now.
    pub(crate) fn chunk(&self) -> &Arc<Chunk> {
        self.chunk.get_or_init(|| {
            let timelines = self
                .timelines
                .iter()
                .map(|(timeline, times)| TimeColumn::new(timeline.clone(), times.clone()));
            let columns = self
                .columns
                .iter()
                .map(|(descriptor, lists)| (descriptor.clone(), lists.snapshot()));
            Arc::new(self.make(&self.row_ids, timelines.collect(), columns))
        })
    }

    /// The rows, if a reader asked for them since the last one came.
    pub(crate) fn into_chunk(self) -> Option<Arc<Chunk>> {
        self.chunk.into_inner()
    }

    /// The rows, which become no more.
    pub(crate) fn finish(&mut self) -> Arc<Chunk> {
        // Buffers that are mostly room are not kept.
        if self.row_ids.len() * 2 < self.row_ids.capacity() {
            self.chunk();
        }
        if let Some(chunk) = self.chunk.take() {
            return chunk;
        }
        let timelines = std::mem::take(&mut self.timelines);
        let timelines = timelines
            .into_iter()
            .map(|(timeline, times)| TimeColumn::new(timeline, times))
            .collect();
        let columns = std::mem::take(&mut self.columns)
            .into_iter()
            .map(|(descriptor, lists)| (descriptor, lists.finish()));
        Arc::new(self.make(&self.row_ids, timelines, columns))
    }

    fn make(
        &self,
        row_ids: &[RowId],
        timelines: SmallVec<[TimeColumn; 2]>,
        columns: impl Iterator<Item = (ComponentDescriptor, Option<ListArray>)>,
    ) -> Chunk {
        let rows = row_ids.len();
        let columns: Vec<ComponentColumn> = columns
            .map(|(descriptor, lists)| {
                debug_assert!(
                    lists.as_ref().is_some_and(|lists| lists.len() == rows),
                    "what was appended fits together"
                );
                let nothing =
                    || ListArray::new_null(Arc::new(Field::new("item", DataType::Null, true)), rows);
                ComponentColumn::new(descriptor, lists.unwrap_or_else(nothing))
            })
            .collect();
        let num_bytes = self.num_bytes + own_bytes(timelines.len(), columns.len());
        Chunk::from_counted(
            self.id,
            self.entity_path.clone(),
            row_ids.into(),
            timelines,
            columns,
            num_bytes,
        )
    }

    /// The bytes of the buffers. They count beside the rows, of which there mostly is a reader's copy as well.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + self.row_ids.capacity() * size_of::<RowId>()
            + self
                .timelines
                .iter()
                .map(|(_, times)| times.capacity() * size_of::<i64>())
                .sum::<usize>()
            + self
                .columns
                .iter()
                .map(|(_, lists)| lists.heap_bytes())
                .sum::<usize>()
    }
}

/// What a chunk takes for itself, without its rows.
fn own_bytes(timelines: usize, components: usize) -> u64 {
    // Of the offsets there is one more than there are rows.
    let columns =
        timelines * size_of::<TimeColumn>() + components * (size_of::<ComponentColumn>() + size_of::<i32>());
    (size_of::<Chunk>() + columns) as u64
}

/// The bytes of a chunk's rows, without what each chunk takes for itself.
fn row_bytes(chunk: &Chunk) -> u64 {
    chunk
        .num_bytes()
        .saturating_sub(own_bytes(chunk.timelines().len(), chunk.components().len()))
}

/// How much a chunk gathers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    rows: usize,
    bytes: u64,
}

/// Whether the rows of a chunk are so few that others may be put behind them, and in order, and none is missing.
pub(crate) fn may_gather(meta: &ChunkMeta, most: Most) -> bool {
    meta.num_rows as usize * 2 <= most.rows
        && meta.num_bytes * 2 <= most.bytes
        && meta.timelines.iter().all(|times| times.sorted)
        && meta
            .components
            .iter()
            .all(|column| column.num_valid == meta.num_rows)
}

/// What is known of the rows of a chunk, under the id of the one that they were added to. Both have the same columns in the same
/// order, and rows that may be [gathered](may_gather).
pub(crate) fn added_meta(whole: &ChunkMeta, chunk: &Chunk) -> Option<ChunkMeta> {
    let num_rows = chunk.num_rows() as u32;
    let ranges: SmallVec<[TimeRange; 2]> = chunk.timelines().iter().map(TimeColumn::range).collect();
    let timelines = whole.timelines.iter().zip(&ranges);
    Some(ChunkMeta {
        id: whole.id,
        entity: whole.entity,
        is_static: false,
        num_rows,
        num_bytes: row_bytes(chunk),
        row_ids: (*chunk.row_ids().first()?, *chunk.row_ids().last()?),
        timelines: timelines
            .map(|(times, range)| TimelineMeta {
                timeline: times.timeline,
                range: *range,
                sorted: true,
            })
            .collect(),
        components: whole
            .components
            .iter()
            .map(|column| ComponentMeta {
                component: column.component,
                num_valid: num_rows,
                ranges: ranges.clone(),
            })
            .collect(),
    })
}

/// Adds what is known of some rows to what is known of those before them, of the same columns in the same order.
pub(crate) fn include(whole: &mut ChunkMeta, added: &ChunkMeta) {
    whole.num_rows += added.num_rows;
    whole.num_bytes += added.num_bytes;
    whole.row_ids.1 = added.row_ids.1;
    for (times, more) in whole.timelines.iter_mut().zip(&added.timelines) {
        times.range = times.range.union(&more.range);
    }
    for (column, more) in whole.components.iter_mut().zip(&added.components) {
        column.num_valid += more.num_valid;
        for (range, more) in column.ranges.iter_mut().zip(&more.ranges) {
            *range = range.union(more);
        }
    }
}

/// What became of a chunk that might be gathered.
pub(crate) enum Gathered {
    /// Nothing: no chunk gathers its kind, or not those rows.
    No,
    /// Its rows are behind those of another one.
    Yes,
    /// Likewise, and that one, in this slot, takes no more.
    Full(u32),
}

impl ChunkStore {
    /// The loaded chunks, ordered by their oldest row, as they may be written down or handed to another store.
    ///
    /// A chunk that still gathers rows comes under a new id: what an id stands for elsewhere must never become more.
    pub fn export(&self) -> impl Iterator<Item = Arc<Chunk>> {
        self.by_row.iter().filter_map(|slot| {
            let chunk_data = self.loaded(slot)?;
            Some(match chunk_data.whole() {
                Some(chunk) => Arc::clone(chunk),
                None => Arc::new(
                    chunk_data
                        .chunk()
                        .slice(ChunkId::new(), 0..chunk_data.chunk().num_rows()),
                ),
            })
        })
    }

    /// How much a chunk of this store gathers.
    pub(crate) fn most_gathered(&self) -> Most {
        Most {
            rows: MOST_ROWS.min(self.settings.max_rows),
            bytes: MOST_BYTES.min(self.settings.max_bytes),
        }
    }

    /// Puts a chunk's rows behind those of the chunk that gathers its kind, where there is one and it takes them.
    pub(crate) fn gather(&mut self, chunk: &Chunk, events: &mut Vec<StoreEvent>) -> Gathered {
        self.try_gather(chunk, events).unwrap_or(Gathered::No)
    }

    fn try_gather(&mut self, chunk: &Chunk, events: &mut Vec<StoreEvent>) -> Option<Gathered> {
        let most = self.most_gathered();
        if chunk.num_rows() * 2 > most.rows || !self.settings.compaction {
            return None;
        }
        let entity = self.tree.find(chunk.entity_path())?;
        let data = self.entities.get_mut(entity.index())?;
        let (first, last) = (*chunk.row_ids().first()?, *chunk.row_ids().last()?);
        if data.newest_made >= first {
            // Perhaps it was here before.
            return None;
        }
        let at = data
            .tails
            .iter()
            .rposition(|tail| tail.is_of(chunk, &self.names))?;
        let tail = EntityData::used_tail(&mut data.tails, at)?;
        let (slot, id) = tail.gathers?;
        let Slot { meta, chunk_data, .. } = self
            .slots
            .get_mut(slot as usize)?
            .as_mut()
            .filter(|place| place.meta.id == id)?;
        let gathering = chunk_data
            .as_mut()?
            .gathering_mut()
            .filter(|gathering| gathering.takes(chunk, most))?;

        let added = Arc::new(added_meta(meta, chunk)?);
        let before = gathering.heap_bytes();
        if gathering.append(chunk).is_err() {
            // The rows before it are as they were, and no more come to them.
            tail.gathers = None;
            self.finish((slot, id));
            return None;
        }
        let is_full = gathering.is_full(most);
        if is_full {
            tail.gathers = None;
        }
        self.totals.index_changed(before, gathering.heap_bytes());
        let before = meta.heap_bytes();
        let whole = Arc::make_mut(meta);
        include(whole, &added);
        self.totals.meta_changed(before, whole.heap_bytes());
        self.totals.grow(&added);
        data.stats.grow(&added);
        data.newest_made = last;

        self.generation += 1;
        for (at, (column, times)) in added.timelines.iter().zip(&whole.timelines).enumerate() {
            let components = whole
                .components
                .iter()
                .map(|column| (column.component, column.ranges.get(at)));
            let all = std::iter::once((ComponentId::ANY, Some(&times.range)));
            for (component, range) in all.chain(components) {
                let Some(range) = range else { continue };
                let position = data.series.find(column.timeline, component);
                if let Some(series) = position.and_then(|at| self.series.get_mut(at as usize)) {
                    series.index.grow((range.min, slot), range.max, added.num_rows);
                    series.version = self.generation;
                }
            }
            let by_time = &mut self.timelines[column.timeline.index()].loaded;
            by_time.grow((times.range.min, slot), times.range.max, added.num_rows);
        }
        events.push(self.event(ChunkChange::Grown, ChangeReason::Request, added, true));
        if !is_full {
            return Some(Gathered::Yes);
        }
        self.finish((slot, id));
        Some(Gathered::Full(slot))
    }
}
