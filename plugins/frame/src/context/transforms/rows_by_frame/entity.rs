//! The rows of one entity, by the frames that they place.

use std::{collections::BTreeSet, sync::Arc};

use chronoscope_store::{
    Chunk, ChunkId, ChunkMeta, ChunkStore, EntityId, EntityPath, Hit, RowId, TimeRange, TimelineId,
};
use chronoscope_types::Transform3D;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    RowInputs,
    entity_chunks::EntityChunks,
    row_list::{RowList, RowPlace},
};
use crate::{
    context::transforms::{
        graph::{FrameGraph, FrameKey, PATH_PREFIX},
        read::{COMPONENTS, LoggedRow, TransformPart, TransformRow as _, frame_name},
        rows::ShownRow,
    },
    query_results::EntityResults,
};

/// The rows of one entity on the shown timeline.
#[derive(Default)]
pub(in crate::context::transforms) struct EntityRows {
    /// Which of the components of transforms are static: their temporal rows do not count.
    statics: u8,
    chunks: EntityChunks,
    frames: Vec<FrameRows>,
    /// The frames by the names that rows give them. The first frame is that of the entity's path.
    names: FxHashMap<Arc<str>, u32>,
    /// The chunks of the rows that hold at the cursor.
    used: FxHashSet<ChunkId>,
    missing: Vec<ChunkId>,
}

/// The rows that place one frame.
struct FrameRows {
    name: Option<Arc<str>>,
    rows: RowList,
    /// The row that holds, and the frame in the graph that it places.
    shown: Option<(RowKey, usize)>,
}

/// What orders the rows of a frame: time, then row id; static rows first.
type RowKey = (Option<i64>, RowId);

/// Which rows of an entity are asked for.
#[derive(Clone, Copy)]
pub(in crate::context::transforms) struct RowQuery<'s> {
    pub(in crate::context::transforms) store: &'s ChunkStore,
    pub(in crate::context::transforms) timeline: TimelineId,
    pub(in crate::context::transforms) time: i64,
    pub(in crate::context::transforms) entity: EntityId,
}

/// The latest row of a frame.
#[derive(Default)]
struct Latest<'s> {
    row: Option<(RowPlace, &'s Arc<Chunk>)>,
    missing: Option<ChunkId>,
}

impl EntityRows {
    /// Reads all that is loaded of an entity. Tells how many rows were read.
    pub(super) fn read(
        inputs: RowInputs<'_>,
        timeline: Option<TimelineId>,
        entity: EntityId,
        statics: u8,
    ) -> (Self, usize) {
        let mut rows = Self {
            statics,
            frames: vec![FrameRows::new(None)],
            ..Self::default()
        };
        let Some(timeline) = timeline else {
            return (rows, 0);
        };
        let mut metas: BTreeSet<ChunkId> = BTreeSet::new();
        for component in rows.temporal_components() {
            let Some(component) = inputs.store.component_id(component) else {
                continue;
            };
            let all = inputs
                .store
                .range(entity, timeline, TimeRange::EVERYTHING, component);
            metas.extend(all.slices().iter().map(|slice| slice.chunk().id()));
            metas.extend(all.missing());
        }
        let metas = metas.iter().filter_map(|id| inputs.store.chunk_meta(*id));
        let metas: Vec<Arc<ChunkMeta>> = metas.map(Arc::clone).collect();
        let rows_read = rows.follow(inputs, Some(timeline), entity, &metas);
        (rows, rows_read)
    }

    fn temporal_components(&self) -> impl Iterator<Item = &'static str> + use<> {
        let statics = self.statics;
        let all = COMPONENTS.iter().enumerate();
        all.filter(move |(at, _)| statics & (1 << at) == 0)
            .map(|(_, component)| *component)
    }

    /// Brings the rows of some chunks up to date with the store. The metadata may be of chunks that are gone.
    /// Tells how many rows were read.
    ///
    /// Cost: the rows of these chunks; the rows after the first of them where they come out of order; where
    /// chunks are gone, a look-up per frame, and of each frame the rows before or after theirs, whichever are
    /// fewer. While some chunks are evicted, a step for each that is loaded.
    pub(super) fn follow(
        &mut self,
        inputs: RowInputs<'_>,
        timeline: Option<TimelineId>,
        entity: EntityId,
        metas: &[Arc<ChunkMeta>],
    ) -> usize {
        let (Some(timeline), store) = (timeline, inputs.store) else {
            return 0;
        };
        let mut rows_read = 0;
        // The length of each frame's list before, and the first row that is new.
        let mut added: FxHashMap<u32, (usize, (i64, RowId))> = FxHashMap::default();
        let mut dropped: FxHashSet<u32> = FxHashSet::default();
        let mut dropped_times = TimeRange::EMPTY;
        for meta in metas {
            match (store.chunk(meta.id), store.chunk_meta(meta.id)) {
                (Some(chunk), _) => {
                    self.chunks.forget_unread(meta.id);
                    rows_read += self.read_chunk(store, timeline, entity, chunk, &mut added);
                }
                (None, Some(meta)) => {
                    let begin = self.begin_of(store, timeline, meta);
                    self.chunks.note_absent(meta.id, begin);
                }
                (None, None) => {
                    if let Some((place, times)) = self.chunks.forget(meta.id) {
                        dropped.insert(place);
                        dropped_times.min = dropped_times.min.min(times.min);
                        dropped_times.max = dropped_times.max.max(times.max);
                    }
                }
            }
        }
        for (frame, (len, first)) in added {
            self.frames[frame as usize].rows.sort(len, first);
        }
        if !dropped.is_empty() {
            for frame in &mut self.frames {
                frame
                    .rows
                    .remove(dropped_times, |row| dropped.contains(&row.chunk));
            }
            dropped.into_iter().for_each(|place| self.chunks.release(place));
        }
        self.chunks.order_loaded();
        rows_read
    }

    /// The time of the first row that counts; the end of time where there is none.
    fn begin_of(&self, store: &ChunkStore, timeline: TimelineId, meta: &ChunkMeta) -> i64 {
        let ranges = self.temporal_components().filter_map(|component| {
            let range = meta.component_range(timeline, store.component_id(component)?);
            (!range.is_empty()).then_some(range.min)
        });
        ranges.min().unwrap_or(i64::MAX)
    }

    /// Reads those rows of a chunk that were not read before. Tells how many.
    fn read_chunk(
        &mut self,
        store: &ChunkStore,
        timeline: TimelineId,
        entity: EntityId,
        chunk: &Chunk,
        added: &mut FxHashMap<u32, (usize, (i64, RowId))>,
    ) -> usize {
        let columns: Vec<_> = self
            .temporal_components()
            .filter_map(|component| chunk.component(component))
            .collect();
        let Some(times) = chunk
            .timeline(store.timeline(timeline).name())
            .filter(|_| !columns.is_empty())
        else {
            return 0;
        };
        let (place, first) = self.chunks.note_read(chunk.id(), chunk.num_rows() as u32);
        let child = chunk.component(&Transform3D::CHILD_FRAME);
        for row in first..chunk.num_rows() as u32 {
            let at = row as usize;
            if !columns.iter().any(|column| column.is_valid(at)) {
                continue;
            }
            // A row whose frame cannot be read is reported with the frame of the path.
            let name = child.and_then(|child| frame_name(child.cell_ref(at)?).ok().flatten());
            let frame = name.map_or(0, |name| self.frame_of(store, entity, &name));
            let new = RowPlace {
                time: times.times()[at],
                row_id: chunk.row_ids()[at],
                chunk: place,
                row,
            };
            self.chunks.note_row(place, new.time);
            let rows = &mut self.frames[frame as usize].rows;
            let first = added.entry(frame).or_insert((rows.len(), new.key()));
            first.1 = first.1.min(new.key());
            rows.push(new);
        }
        chunk.num_rows() - first as usize
    }

    /// The frame of a name. Two names of one path are one frame.
    fn frame_of(&mut self, store: &ChunkStore, entity: EntityId, name: &str) -> u32 {
        if let Some(frame) = self.names.get(name) {
            return *frame;
        }
        let path = name.strip_prefix(PATH_PREFIX).map(EntityPath::parse);
        let frame = match path {
            Some(path) if path == *store.entity_path(entity) => 0,
            Some(path) => {
                let canonical = format!("{PATH_PREFIX}{path}");
                if canonical == name {
                    self.add_frame(name)
                } else {
                    self.frame_of(store, entity, &canonical)
                }
            }
            None => self.add_frame(name),
        };
        self.names.insert(name.into(), frame);
        frame
    }

    fn add_frame(&mut self, name: &str) -> u32 {
        self.frames.push(FrameRows::new(Some(name.into())));
        self.frames.len() as u32 - 1
    }

    /// Which components of transforms are static, as [`statics_of`] tells.
    pub(super) fn statics(&self) -> u8 {
        self.statics
    }

    /// The chunks that are not loaded and could place frames elsewhere.
    pub(super) fn missing(&self) -> &[ChunkId] {
        &self.missing
    }

    /// Whether some chunks are not loaded, so that what is missing depends on the cursor.
    pub(super) fn lacks_chunks(&self) -> bool {
        self.chunks.lacks_any()
    }

    /// Whether a chunk holds rows that hold at the cursor.
    pub(super) fn shows(&self, chunk: ChunkId) -> bool {
        self.used.contains(&chunk)
    }

    /// The frames in the graph that are placed.
    pub(super) fn placed(&self) -> impl Iterator<Item = usize> {
        self.frames.iter().filter_map(|frame| Some(frame.shown?.1))
    }

    /// Places the frames whose rows at the cursor are others than before. Tells whether other chunks are
    /// missing.
    pub(super) fn place(
        &mut self,
        inputs: RowInputs<'_>,
        entity: EntityId,
        results: &EntityResults,
        graph: &mut FrameGraph,
    ) -> bool {
        let RowInputs {
            store,
            latest_at,
            components,
        } = inputs;
        let cursor = latest_at.cursor();
        let missing_before = std::mem::take(&mut self.missing);
        self.used.clear();
        self.missing = self.chunks.unread_until(cursor.time).collect();
        // Static rows are few, and among the latest-at results.
        let mut statics: FxHashMap<u32, &Hit> = FxHashMap::default();
        let hits = components.all.iter().filter_map(|id| results.hit(*id));
        for hit in hits.filter(|hit| hit.data_time().is_none()) {
            let name = ShownRow::of_hit(hit).row.frame(TransformPart::ChildFrame);
            let frame = name
                .ok()
                .flatten()
                .map_or(0, |name| self.frame_of(store, entity, &name));
            let newest = statics.entry(frame).or_insert(hit);
            if newest.row_id() < hit.row_id() {
                *newest = hit;
            }
        }
        for at in 0..self.frames.len() {
            let latest = cursor.timeline.map(|timeline| {
                let query = RowQuery {
                    store,
                    timeline,
                    time: cursor.time,
                    entity,
                };
                self.latest_of(query, at)
            });
            let Latest { row, missing } = latest.unwrap_or_default();
            self.missing.extend(missing);
            let frame = &mut self.frames[at];
            let (key, shown) = match (row, statics.get(&(at as u32))) {
                (Some((place, chunk)), _) => {
                    self.used.insert(chunk.id());
                    let key = (Some(place.time), place.row_id);
                    let row = LoggedRow {
                        chunk: Arc::clone(chunk),
                        row: place.row as usize,
                    };
                    let is_static = false;
                    (key, ShownRow { row, is_static })
                }
                (None, Some(hit)) => ((None, hit.row_id()), ShownRow::of_hit(hit)),
                (None, None) => {
                    if let Some((_, at)) = frame.shown.take() {
                        graph.set_transform(at, entity, None);
                    }
                    continue;
                }
            };
            if frame.shown.is_some_and(|(shown, _)| shown == key) {
                continue;
            }
            let in_graph = match frame.shown {
                Some((_, in_graph)) => in_graph,
                None => graph.frame(frame.key(store, entity)),
            };
            frame.shown = Some((key, in_graph));
            graph.set_transform(in_graph, entity, Some(shown.read(entity)));
        }
        self.forget_empty_frames();
        self.missing.sort_unstable();
        self.missing.dedup();
        self.missing != missing_before
    }

    /// Forgets the frames without rows, where these are many. That of the entity's path stays.
    fn forget_empty_frames(&mut self) {
        let is_empty = |frame: &FrameRows| frame.rows.is_empty() && frame.shown.is_none();
        let num_empty = self.frames[1..].iter().filter(|frame| is_empty(frame)).count();
        if num_empty * 4 < self.frames.len() {
            return;
        }
        let mut next = 0;
        let places: Vec<Option<u32>> = self
            .frames
            .iter()
            .enumerate()
            .map(|(at, frame)| {
                let place = (at == 0 || !is_empty(frame)).then_some(next);
                next += u32::from(place.is_some());
                place
            })
            .collect();
        let mut kept = places.iter().map(Option::is_some);
        self.frames.retain(|_| kept.next().unwrap_or(true));
        self.names.retain(|_, frame| match places[*frame as usize] {
            Some(place) => {
                *frame = place;
                true
            }
            None => false,
        });
        self.frames.shrink_to(2 * self.frames.len());
        self.names.shrink_to(2 * self.names.len());
    }

    /// Forgets where frames are in the graph: it is another one from now on.
    pub(super) fn forget_graph(&mut self) {
        self.frames.iter_mut().for_each(|frame| frame.shown = None);
    }

    /// The latest row of a frame that is loaded and not cleared, and the chunk that is missing to be sure.
    ///
    /// Cost: O(log rows), and where that row is not loaded, a step for each chunk that is and begins before
    /// it, until one has a row of the frame.
    fn latest_of<'s>(&self, at: RowQuery<'s>, frame: usize) -> Latest<'s> {
        let RowQuery {
            store,
            timeline,
            time,
            entity,
        } = at;
        let rows = &*self.frames[frame].rows;
        let rows = &rows[..rows.partition_point(|row| row.time <= time)];
        let is_cleared = |row: &RowPlace| store.is_cleared(entity, timeline, time, row.time, row.row_id);
        // What hides a row hides all that are older.
        let Some(newest) = rows.last().filter(|row| !is_cleared(row)) else {
            return Latest::default();
        };
        let (id, is_loaded) = self.chunks.get(newest.chunk);
        if let Some(chunk) = store.chunk(id).filter(|_| is_loaded) {
            return Latest {
                row: Some((*newest, chunk)),
                missing: None,
            };
        }
        // Until it is loaded, the newest that is loaded holds.
        let loaded = self.newest_loaded(rows).filter(|row| !is_cleared(row));
        Latest {
            row: loaded.and_then(|row| Some((row, store.chunk(self.chunks.get(row.chunk).0)?))),
            missing: Some(id),
        }
    }

    /// The last one among the first rows of a frame whose chunk is loaded.
    fn newest_loaded(&self, rows: &[RowPlace]) -> Option<RowPlace> {
        let mut newest: Option<RowPlace> = None;
        for chunk in self.chunks.loaded_until(rows.last()?.time) {
            let since = newest.map_or(i64::MIN, |row| row.time);
            if chunk.latest < since {
                break;
            }
            let end = rows.partition_point(|row| row.time <= chunk.times.max);
            // Where chunks do not overlap, there are no rows of others between these times.
            let from = chunk.times.min.max(since);
            let mut own = rows[..end].iter().rev().take_while(|row| row.time >= from);
            let found = own.find(|row| row.chunk == chunk.place);
            newest = newest.into_iter().chain(found.copied()).max_by_key(RowPlace::key);
        }
        newest
    }

    /// The frames, and the times of their first rows.
    pub(in crate::context::transforms) fn first_times(
        &self,
        store: &ChunkStore,
        entity: EntityId,
    ) -> impl Iterator<Item = (usize, FrameKey, i64)> {
        let frames = self.frames.iter().enumerate();
        frames.filter_map(move |(at, frame)| {
            let first = frame.rows.first()?;
            Some((at, frame.key(store, entity), first.time))
        })
    }

    /// The row of a frame at any time, with its chunk, as far as chunks are loaded, and the chunk that is
    /// missing to be sure.
    pub(in crate::context::transforms) fn row_at(
        &self,
        at: RowQuery<'_>,
        frame: usize,
    ) -> (Option<ShownRow>, Option<ChunkId>) {
        let Latest { row, missing } = self.latest_of(at, frame);
        let row = row.map(|(place, chunk)| ShownRow {
            row: LoggedRow {
                chunk: Arc::clone(chunk),
                row: place.row as usize,
            },
            is_static: false,
        });
        (row, missing)
    }

    /// The chunks that were never read and begin at or before a time.
    pub(in crate::context::transforms) fn unread_until(&self, time: i64) -> impl Iterator<Item = ChunkId> {
        self.chunks.unread_until(time)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let rows: usize = self.frames.iter().map(|frame| frame.rows.heap_bytes()).sum();
        let names: usize = self.names.keys().map(|name| name.len()).sum();
        rows + self.frames.capacity() * size_of::<FrameRows>()
            + names
            + self.names.capacity() * size_of::<(Arc<str>, u32)>()
            + self.chunks.heap_bytes()
            + (self.used.capacity() + self.missing.capacity()) * size_of::<ChunkId>()
    }
}

impl FrameRows {
    fn new(name: Option<Arc<str>>) -> Self {
        Self {
            name,
            rows: RowList::default(),
            shown: None,
        }
    }

    fn key(&self, store: &ChunkStore, entity: EntityId) -> FrameKey {
        match &self.name {
            None => FrameKey::Path(entity),
            Some(name) => FrameGraph::key_of(store, name),
        }
    }
}

/// Which of [`COMPONENTS`] an entity has as static data, one bit each.
pub(super) fn statics_of(store: &ChunkStore, entity: EntityId) -> u8 {
    let is_static = |component: &&str| {
        let id = store.component_id(component);
        id.is_some_and(|id| store.has_static(entity, id))
    };
    let bits = COMPONENTS.iter().enumerate();
    bits.filter(|(_, component)| is_static(component))
        .fold(0, |bits, (at, _)| bits | 1 << at)
}
