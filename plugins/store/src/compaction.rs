//! Compaction: small chunks are merged as they arrive, large ones are split.
//!
//! A chunk per row is how most data is logged, and a few hundred bytes of index per row would be more than the row. So rows that
//! come one by one are gathered in one chunk as they come (see [`gather`](crate::gather)), and the chunks of an entity that have the
//! same columns wait in levels, of up to 32 rows, 1024 rows, and so on. 32 chunks of a level, or as many as make a chunk of the size
//! wanted, are merged into one of the next. Each row is so copied once per level, three times with the default settings, and one
//! insert causes at most one merge per level. (This is the tiered compaction of log-structured merge trees, without the trees.)
//!
//! Chunks that a source can give back are left alone: the source knows them by their ids. After a merge an id is forgotten.
//! A chunk that is inserted again, as when a file is opened twice, is recognised by its row ids: they are looked for in the
//! chunks that the store made, which costs nothing as long as row ids grow.

use std::sync::Arc;

use arrow_array::Array as _;
use smallvec::SmallVec;

use crate::{
    ChangeReason, Chunk, ChunkId, ChunkMeta, ChunkStore, ComponentId, RowId, StoreError, StoreEvent,
    TimeRange, TimelineId,
    append::GrowingLists,
    gather::{self, Gathering},
    meta::{ComponentMeta, TimelineMeta},
    names::Names,
    rows::ChunkData,
    store::{EntityData, Origin, Slot},
};

/// How many chunks of a level are merged at once.
const FAN_IN: usize = 32;

/// How many kinds of chunks of one entity wait at a time.
const MAX_TAILS: usize = 32;

/// Chunks of one entity with the same columns that wait to be merged.
#[derive(Debug)]
pub(crate) struct Tail {
    timelines: SmallVec<[TimelineId; 2]>,
    components: SmallVec<[ComponentId; 4]>,
    /// Numbers of the types of the components' values.
    types: SmallVec<[u32; 4]>,
    /// Whether chunks of this kind may be gathered at all.
    may_gather: bool,
    /// The chunk that gathers rows of this kind, or the first one of those that it will be made of.
    pub(crate) gathers: Option<Part>,
    levels: SmallVec<[Level; 1]>,
}

/// A chunk by its slot, and its id to tell whether it is still there.
pub(crate) type Part = (u32, ChunkId);

#[derive(Debug, Default)]
struct Level {
    waiting: Vec<Part>,
    rows: usize,
    bytes: u64,
}

impl Tail {
    fn new(meta: &ChunkMeta, types: SmallVec<[u32; 4]>, may_gather: bool) -> Self {
        Self {
            timelines: meta.timelines.iter().map(|column| column.timeline).collect(),
            components: meta.components.iter().map(|column| column.component).collect(),
            types,
            may_gather,
            gathers: None,
            levels: SmallVec::new(),
        }
    }

    fn takes(&self, meta: &ChunkMeta, types: &[u32]) -> bool {
        self.timelines
            .iter()
            .copied()
            .eq(meta.timelines.iter().map(|column| column.timeline))
            && self
                .components
                .iter()
                .copied()
                .eq(meta.components.iter().map(|column| column.component))
            && *self.types == *types
    }

    /// Notes a chunk among those that wait for others of its size. LatestAtResults the chunks to merge, once there are enough.
    fn wait(&mut self, part: Part, meta: &ChunkMeta, max_rows: usize, max_bytes: u64) -> Option<Vec<Part>> {
        let rows = meta.num_rows as usize;
        let level_at = level_of(rows);
        if self.levels.len() <= level_at {
            self.levels.resize_with(level_at + 1, Level::default);
        }
        let level = self.levels.get_mut(level_at)?;
        let overflows = level.rows + rows > max_rows || level.bytes + meta.num_bytes > max_bytes;
        if overflows {
            // What waits is as large as it may become; the newcomer begins anew.
            let full = std::mem::take(level);
            *level = Level {
                waiting: vec![part],
                rows,
                bytes: meta.num_bytes,
            };
            return Some(full.waiting);
        }
        level.waiting.push(part);
        level.rows += rows;
        level.bytes += meta.num_bytes;
        (level.waiting.len() >= FAN_IN).then(|| std::mem::take(level).waiting)
    }

    /// Whether a chunk is of this kind.
    pub(crate) fn is_of(&self, chunk: &Chunk, names: &Names) -> bool {
        let (timelines, columns) = (chunk.timelines(), chunk.components());
        self.timelines.len() == timelines.len()
            && self.components.len() == columns.len()
            && self
                .timelines
                .iter()
                .zip(timelines)
                .all(|(id, times)| names.timeline(*id) == times.timeline())
            && self
                .components
                .iter()
                .zip(&self.types)
                .zip(columns)
                .all(|((id, number), column)| {
                    names.descriptor(*id).component == *column.name()
                        && names.is_type(*id, *number, column.lists().data_type())
                })
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        (if self.types.spilled() {
            self.types.capacity() * size_of::<u32>()
        } else {
            0
        }) + if self.timelines.spilled() {
            self.timelines.capacity() * size_of::<TimelineId>()
        } else {
            0
        } + if self.components.spilled() {
            self.components.capacity() * size_of::<ComponentId>()
        } else {
            0
        } + if self.levels.spilled() {
            self.levels.capacity() * size_of::<Level>()
        } else {
            0
        } + self
            .levels
            .iter()
            .map(|level| level.waiting.capacity() * size_of::<Part>())
            .sum::<usize>()
    }
}

/// The level of a chunk: [`FAN_IN`] times as many rows each.
fn level_of(rows: usize) -> usize {
    rows.max(1).ilog2() as usize / FAN_IN.ilog2() as usize
}

impl ChunkStore {
    /// The pieces of a chunk that is larger than the settings want, in the order of its rows. The first keeps the id, so
    /// that the chunk is recognised when it comes again.
    pub(crate) fn split(&self, chunk: &Arc<Chunk>) -> Option<Vec<Chunk>> {
        let rows = chunk.num_rows();
        let settings = &self.settings;
        let (max_rows, max_bytes) = (settings.max_rows.max(1), settings.max_bytes.max(1));
        if !settings.compaction || chunk.is_static() || rows < 2 {
            return None;
        }
        if rows <= max_rows.saturating_mul(2) && chunk.num_bytes() <= max_bytes.saturating_mul(2) {
            return None;
        }
        let by_bytes = usize::try_from(chunk.num_bytes().div_ceil(max_bytes)).unwrap_or(usize::MAX);
        let pieces = rows.div_ceil(max_rows).max(by_bytes).min(rows);
        let each = rows.div_ceil(pieces);
        let pieces = (0..rows.div_ceil(each)).map(|piece| {
            let id = if piece == 0 { chunk.id() } else { ChunkId::new() };
            chunk.slice(id, piece * each..((piece + 1) * each).min(rows))
        });
        Some(pieces.collect())
    }

    /// Lets a chunk that was just added gather others, or wait for others. Also one that gathered all it can.
    pub(crate) fn compact(&mut self, slot: u32, events: &mut Vec<StoreEvent>) -> Result<(), StoreError> {
        let Some(part) = self
            .slot(slot)
            .map(|place| (slot, place.meta.id))
            .filter(|part| self.is_small_part(*part))
        else {
            return Ok(());
        };
        let most = self.most_gathered();
        let begun = self.change_tail(part, |tail, meta| {
            let gathers = tail.may_gather && gather::may_gather(meta, most);
            (
                meta.entity,
                gathers,
                std::mem::replace(&mut tail.gathers, gathers.then_some(part)),
            )
        });
        let Some((entity, gathers, before)) = begun else {
            return Ok(());
        };
        if let Some(before) = before {
            let joined = if gathers && self.is_small_part(before) {
                self.join(before, part, events)?
            } else {
                None
            };
            if let Some(joined) = joined {
                let chunk_data = self
                    .slots
                    .get_mut(joined.0 as usize)
                    .and_then(|place| place.as_mut()?.chunk_data.as_mut());
                let is_full = chunk_data
                    .and_then(ChunkData::gathering_mut)
                    .is_none_or(|gathering| gathering.is_full(most));
                let mut tails = self
                    .entities
                    .get_mut(entity.index())
                    .into_iter()
                    .flat_map(|data| &mut data.tails);
                if let Some(tail) = tails.find(|tail| tail.gathers == Some(part)) {
                    tail.gathers = (!is_full).then_some(joined);
                }
                if is_full {
                    self.finish(joined);
                    self.wait(joined, events)?;
                }
                return Ok(());
            }
            // It gathers no more: its kind goes on with another, or with rows that are not gathered.
            self.finish(before);
            self.wait(before, events)?;
        }
        if !gathers {
            self.wait(part, events)?;
        }
        Ok(())
    }

    /// Whether a chunk is there, loaded, and small enough to be merged.
    fn is_small_part(&self, (slot, id): Part) -> bool {
        self.slot(slot).is_some_and(|place| {
            place.meta.id == id
                && place.chunk_data.is_some()
                && place.origin != Origin::Source
                && place.meta.num_rows as usize <= self.settings.max_rows / 2
                && place.meta.num_bytes <= self.settings.max_bytes / 2
        })
    }

    /// Lets a chunk wait for others of its size, and merges them once they are enough.
    fn wait(&mut self, part: Part, events: &mut Vec<StoreEvent>) -> Result<(), StoreError> {
        let (max_rows, max_bytes) = (self.settings.max_rows, self.settings.max_bytes);
        let mut part = part;
        while self.is_small_part(part)
            && let Some(full) = self
                .change_tail(part, |tail, meta| tail.wait(part, meta, max_rows, max_bytes))
                .flatten()
            && let Some(merged) = self.merge(&full, part.0, events)?
        {
            part = merged;
        }
        Ok(())
    }

    /// Changes the tail that a chunk belongs to, and answers what the change does. `None` where the chunk is not there, or gathers.
    fn change_tail<R>(
        &mut self,
        (slot, id): Part,
        change: impl FnOnce(&mut Tail, &ChunkMeta) -> R,
    ) -> Option<R> {
        let place = self.slot(slot).filter(|place| place.meta.id == id)?;
        let meta = Arc::clone(&place.meta);
        let chunk = Arc::clone(place.chunk_data.as_ref()?.whole()?);
        let types = || chunk.components().iter().map(|column| column.lists().data_type());
        let numbers: SmallVec<[u32; 4]> = meta
            .components
            .iter()
            .zip(types())
            .map(|(column, data_type)| self.names.type_number(column.component, data_type))
            .collect::<Option<_>>()?;
        let is_clear = self
            .names
            .clear
            .is_some_and(|clear| meta.component(clear).is_some());
        let data = self.entities.get_mut(meta.entity.index())?;
        let before = data.tail_bytes();
        let mut given_up = None;
        let at = data
            .tails
            .iter()
            .position(|tail| tail.takes(&meta, &numbers))
            .unwrap_or_else(|| {
                if data.tails.len() >= MAX_TAILS {
                    // The kind that was used last the longest ago is the one least likely to go on.
                    given_up = data.tails.remove(0).gathers;
                }
                let may_gather =
                    !is_clear && types().all(|data_type| GrowingLists::new(data_type, 0, 0).is_some());
                data.tails.push(Tail::new(&meta, numbers.clone(), may_gather));
                data.tails.len() - 1
            });
        let outcome = EntityData::used_tail(&mut data.tails, at).map(|tail| change(tail, &meta));
        let after = data.tail_bytes();
        self.totals.index_changed(before, after);
        if let Some(given_up) = given_up {
            self.finish(given_up);
        }
        outcome
    }

    /// A chunk gathers no more rows.
    pub(crate) fn finish(&mut self, (slot, id): Part) {
        let place = self
            .slots
            .get_mut(slot as usize)
            .and_then(Option::as_mut)
            .filter(|place| place.meta.id == id);
        if let Some(chunk_data) = place.and_then(|place| place.chunk_data.as_mut()) {
            let before = chunk_data.append_bytes();
            chunk_data.finish();
            self.totals.index_changed(before, 0);
        }
    }

    /// Makes a chunk that gathers of the first two of its kind. `None` where their rows cannot be gathered.
    fn join(
        &mut self,
        first: Part,
        second: Part,
        events: &mut Vec<StoreEvent>,
    ) -> Result<Option<Part>, StoreError> {
        let whole = |(slot, _): Part| {
            let place = self.slot(slot)?;
            Some((&*place.meta, place.chunk_data.as_ref()?.whole()?))
        };
        let (Some((meta, first_rows)), Some((other, second_rows))) = (whole(first), whole(second)) else {
            return Ok(None);
        };
        if !are_alike(meta, first_rows, other, second_rows) {
            // Another chunk came back under the id of the one that was noted.
            return Ok(None);
        }
        let id = ChunkId::new();
        let Some(gathering) = Gathering::of(id, first_rows, second_rows, self.most_gathered()) else {
            return Ok(None);
        };
        let mut meta = ChunkMeta { id, ..meta.clone() };
        if let Some(added) = gather::added_meta(&meta, second_rows) {
            gather::include(&mut meta, &added);
        }
        let slot = self.add(
            Arc::new(meta),
            Some(ChunkData::gathering(gathering)),
            Origin::Made,
            ChangeReason::Merged,
            events,
        )?;
        self.drop_run(&[first.0, second.0], ChangeReason::Merged, events, drop);
        Ok(Some((slot, id)))
    }

    /// Whether chunks that the store made, by gathering, merging or splitting, have all rows of a chunk: then it was inserted before.
    ///
    /// Row ids that are greater than those of all such chunks need no search, and else the first row mostly decides. A row
    /// costs O(log n + k log r), for k chunks of r rows that cover its time.
    pub(crate) fn has_rows_of(&self, meta: &ChunkMeta, chunk: &Chunk) -> bool {
        let (Some(data), Some(timeline), Some(times)) = (
            self.entity(meta.entity),
            meta.timelines.first(),
            chunk.timelines().first(),
        ) else {
            return false;
        };
        if data.newest_made < meta.row_ids.1 {
            return false;
        }
        let Some((_, series)) = self.series_of(meta.entity, timeline.timeline, ComponentId::ANY) else {
            return false;
        };
        chunk
            .row_ids()
            .iter()
            .zip(times.times().iter())
            .enumerate()
            .all(|(row, (&row_id, &time))| {
                let mut found = false;
                series.index.visit_by_beginning(TimeRange::point(time), |entry| {
                    let place = self
                        .slot(entry.slot)
                        .filter(|place| place.origin == Origin::Made && place.meta.may_hold(row_id));
                    found = place
                        .and_then(|place| place.chunk_data.as_ref())
                        .is_some_and(|chunk_data| has_row(chunk_data.chunk(), row_id, chunk, row));
                    !found
                });
                found
            })
    }

    /// Puts one chunk in the place of several, of the kind of the one in this slot.
    fn merge(
        &mut self,
        parts: &[Part],
        like: u32,
        events: &mut Vec<StoreEvent>,
    ) -> Result<Option<Part>, StoreError> {
        // Some may be gone by now.
        let mut parts: Vec<(&ChunkMeta, &ChunkData, u32)> = parts
            .iter()
            .filter_map(|&(slot, id)| {
                let place = self
                    .slot(slot)
                    .filter(|place| place.meta.id == id && place.origin != Origin::Source)?;
                Some((&*place.meta, place.chunk_data.as_ref()?, slot))
            })
            .collect();
        // One that came back as something else is no longer of the kind.
        if let Some(Slot {
            meta,
            chunk_data: Some(chunk_data),
            ..
        }) = self.slot(like)
        {
            parts.retain(|(own, rows, _)| are_alike(own, rows.chunk(), meta, chunk_data.chunk()));
        }
        // A chunk that was dropped and came again, into the same place, waits twice.
        parts.sort_by_key(|(.., slot)| *slot);
        parts.dedup_by_key(|(.., slot)| *slot);
        if parts.len() < 2 {
            return Ok(None);
        }
        // Chunks that arrived out of order become sorted.
        parts.sort_by_key(|(meta, ..)| {
            (
                meta.timelines.first().map(|column| column.range.min),
                meta.row_ids.0,
            )
        });
        let chunks: Vec<&Chunk> = parts
            .iter()
            .map(|(_, chunk_data, _)| &**chunk_data.chunk())
            .collect();
        let id = ChunkId::new();
        let Ok(merged) = Chunk::concat_alike(id, &chunks) else {
            return Ok(None);
        };
        let metas: Vec<&ChunkMeta> = parts.iter().map(|(meta, ..)| *meta).collect();
        let Some(meta) = merged_meta(&merged, &metas) else {
            return Ok(None);
        };
        let slots: Vec<u32> = parts.iter().map(|(.., slot)| *slot).collect();
        let merged = self.add(
            Arc::new(meta),
            Some(ChunkData::new(Arc::new(merged))),
            Origin::Made,
            ChangeReason::Merged,
            events,
        )?;
        self.drop_run(&slots, ChangeReason::Merged, events, drop);
        Ok(Some((merged, id)))
    }
}

/// Whether two chunks have the same columns, of the same types.
fn are_alike(a: &ChunkMeta, a_rows: &Chunk, b: &ChunkMeta, b_rows: &Chunk) -> bool {
    let columns = a_rows.components().iter().zip(b_rows.components());
    ChunkStore::are_alike(a, b)
        && columns
            .into_iter()
            .all(|(a, b)| a.lists().data_type() == b.lists().data_type())
}

/// Whether a chunk has a row, with the times and at least the components that the row has in another chunk.
fn has_row(chunk: &Chunk, row_id: RowId, other: &Chunk, other_row: usize) -> bool {
    let is_same = |row: usize| {
        chunk.row_ids().get(row) == Some(&row_id)
            && other.timelines().iter().all(|times| {
                let own = chunk.timeline(times.timeline().name());
                own.is_some_and(|own| own.times().get(row) == times.times().get(other_row))
            })
            && other
                .components()
                .iter()
                .filter(|column| column.is_valid(other_row))
                .all(|column| {
                    let own = chunk.component(column.name());
                    own.is_some_and(|own| own.is_valid(row))
                })
    };
    if chunk.row_ids_sorted() {
        let first = chunk.row_ids().partition_point(|id| *id < row_id);
        (first..)
            .take_while(|&row| chunk.row_ids().get(row) == Some(&row_id))
            .any(is_same)
    } else {
        (0..chunk.num_rows()).any(is_same)
    }
}

/// What is known of a merged chunk, without looking at its rows again.
fn merged_meta(merged: &Chunk, parts: &[&ChunkMeta]) -> Option<ChunkMeta> {
    let first = parts.first()?;
    let components = first
        .components
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let columns = || parts.iter().filter_map(|part| part.components.get(at));
            ComponentMeta {
                component: column.component,
                num_valid: columns().map(|column| column.num_valid).sum(),
                ranges: (0..first.timelines.len())
                    .map(|timeline| {
                        columns()
                            .filter_map(|column| column.ranges.get(timeline))
                            .fold(TimeRange::EMPTY, |union, range| union.union(range))
                    })
                    .collect(),
            }
        })
        .collect();
    let timelines = first
        .timelines
        .iter()
        .zip(merged.timelines())
        .map(|(known, column)| TimelineMeta {
            timeline: known.timeline,
            range: column.range(),
            sorted: column.is_sorted(),
        })
        .collect();
    Some(ChunkMeta {
        id: merged.id(),
        entity: first.entity,
        is_static: false,
        num_rows: merged.num_rows() as u32,
        num_bytes: merged.num_bytes(),
        row_ids: (
            parts.iter().map(|part| part.row_ids.0).min()?,
            parts.iter().map(|part| part.row_ids.1).max()?,
        ),
        timelines,
        components,
    })
}
