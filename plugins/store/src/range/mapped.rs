//! Range answers with another column in place of the component's: a part of each instance, say.

use std::sync::{Arc, Weak};

use arrow_array::{Array as _, ListArray};
use rustc_hash::FxHashMap;

use super::{Inner, RangeResult, RangeSlice, SliceRows};
use crate::{Chunk, ComponentColumn, LatestAt, TimeRange, footprint::Footprint};

/// Columns made from those of chunks, by chunk: what one answer was mapped with, so that the next one of the
/// same component maps the chunks that came since.
///
/// It keeps none of the store's chunks, but the buffers that the new columns share with them.
#[derive(Debug)]
pub struct MappedColumns<E> {
    /// By the address of the chunk, which is no other chunk's while there is a weak reference to it.
    by_chunk: FxHashMap<usize, Mapped<E>>,
    /// Without the table.
    bytes: usize,
}

impl<E> Default for MappedColumns<E> {
    fn default() -> Self {
        Self {
            by_chunk: FxHashMap::default(),
            bytes: 0,
        }
    }
}

/// What became of a chunk.
#[derive(Debug)]
struct Mapped<E> {
    chunk: Result<Arc<Chunk>, E>,
    column: usize,
    /// Whether rows that had values are null.
    drops_rows: bool,
    /// The rows that have values, once they were asked for, where others are dropped.
    kept: Option<KeptRows>,
    /// What it takes beside the chunk that it was made from.
    added_bytes: usize,
    is_used: bool,
    _source: Weak<Chunk>,
}

/// Those rows of a chunk that have values.
#[derive(Debug)]
struct KeptRows {
    /// The list by which the slices of the chunk name their rows; `None` where these stand side by side.
    list: Option<Arc<[u32]>>,
    rows: Arc<[u32]>,
    /// Where they stand in the list, in the order of it.
    places: Arc<[u32]>,
}

impl KeptRows {
    fn new(rows: &SliceRows, column: &ComponentColumn) -> Self {
        let is_valid = |row: u32| column.is_valid(row as usize);
        match rows {
            SliceRows::Span(_) => {
                let rows: Arc<[u32]> = (0..column.lists().len() as u32)
                    .filter(|row| is_valid(*row))
                    .collect();
                Self {
                    list: None,
                    places: Arc::clone(&rows),
                    rows,
                }
            }
            SliceRows::Listed(list, _) => {
                let listed = (0u32..).zip(&**list).filter(|(_, row)| is_valid(**row));
                let (places, rows): (Vec<u32>, Vec<u32>) = listed.unzip();
                Self {
                    list: Some(Arc::clone(list)),
                    places: places.into(),
                    rows: rows.into(),
                }
            }
        }
    }

    /// Whether slices name their rows in the way of these.
    fn is_of(&self, rows: &SliceRows) -> bool {
        match (&self.list, rows) {
            (None, SliceRows::Span(_)) => true,
            (Some(known), SliceRows::Listed(list, _)) => Arc::ptr_eq(known, list),
            _ => false,
        }
    }
}

impl RangeResult {
    /// The answer for static data, in a recording without a timeline.
    pub fn of_static(answer: LatestAt, range: TimeRange) -> Self {
        Self {
            inner: Arc::new(Inner {
                slices: Vec::new(),
                static_hit: answer.hit,
                missing: answer.missing,
                range,
                num_rows: 0,
                version: 0,
            }),
        }
    }

    /// The answer with another column in place of the component's, which `map` makes for each chunk. Rows
    /// that are null there are left out, and so are those of chunks whose column cannot be mapped: then the
    /// first such error is returned, too.
    ///
    /// Precondition: `map` keeps the number of rows and the rows that are null, and makes always the same of
    /// the same; `known` was only used for other answers about the component, with that `map`.
    ///
    /// Cost: a call of `map` for each chunk that the answer before did not have, and a step per slice. Rows
    /// are not copied.
    pub fn map_columns<E: Clone>(
        &self,
        known: &mut MappedColumns<E>,
        mut map: impl FnMut(&ListArray) -> Result<ListArray, E>,
    ) -> (Self, Option<E>) {
        let mut error = None;
        let mut slices = Vec::with_capacity(self.slices().len());
        for slice in self.slices() {
            let mapped = known.get(&slice.chunk, usize::from(slice.column), &mut map);
            match &mapped.chunk {
                Ok(chunk) => {
                    let chunk = Arc::clone(chunk);
                    let rows = mapped.rows(&slice.rows);
                    let slice = RangeSlice {
                        chunk,
                        rows,
                        ..*slice
                    };
                    slices.extend((slice.num_rows() > 0).then_some(slice));
                }
                Err(failed) => {
                    error.get_or_insert_with(|| failed.clone());
                }
            }
        }
        let static_hit = self.static_hit().and_then(|hit| {
            match &known.get(hit.chunk(), hit.column_index(), &mut map).chunk {
                Ok(chunk) => {
                    let hit = hit.in_chunk(Arc::clone(chunk));
                    hit.column().is_valid(hit.row()).then_some(hit)
                }
                Err(failed) => {
                    error.get_or_insert_with(|| failed.clone());
                    None
                }
            }
        });
        known.forget_unused();
        let inner = Inner {
            num_rows: slices.iter().map(RangeSlice::num_rows).sum(),
            slices,
            static_hit,
            missing: self.inner.missing.clone(),
            ..*self.inner
        };
        (
            Self {
                inner: Arc::new(inner),
            },
            error,
        )
    }
}

impl<E> MappedColumns<E> {
    /// The bytes that it takes beside the chunks of the store.
    pub fn heap_bytes(&self) -> usize {
        self.by_chunk.capacity() * size_of::<(usize, Mapped<E>)>() + self.bytes
    }

    fn get(
        &mut self,
        chunk: &Arc<Chunk>,
        column: usize,
        map: impl FnOnce(&ListArray) -> Result<ListArray, E>,
    ) -> &mut Mapped<E> {
        let known = self.by_chunk.entry(Arc::as_ptr(chunk) as usize);
        let mapped = known.or_insert_with(|| Mapped::new(chunk, column, map));
        mapped.is_used = true;
        mapped
    }

    /// Forgets the chunks that the answer does not have.
    fn forget_unused(&mut self) {
        self.by_chunk
            .retain(|_, mapped| std::mem::take(&mut mapped.is_used));
        if self.by_chunk.len() < self.by_chunk.capacity() / 4 {
            self.by_chunk.shrink_to_fit();
        }
        self.bytes = self.by_chunk.values().map(Mapped::bytes).sum();
    }
}

impl<E> Mapped<E> {
    fn new(source: &Arc<Chunk>, column: usize, map: impl FnOnce(&ListArray) -> Result<ListArray, E>) -> Self {
        let before = &source.components()[column];
        let lists = map(before.lists());
        let added_bytes = |lists| size_of::<Chunk>() + Footprint::added_bytes(before.lists(), lists);
        Self {
            column,
            drops_rows: lists
                .as_ref()
                .is_ok_and(|lists| lists.null_count() > before.lists().null_count()),
            kept: None,
            added_bytes: lists.as_ref().map_or(0, added_bytes),
            chunk: lists.map(|lists| {
                let mapped = ComponentColumn::new(before.descriptor().clone(), lists);
                Arc::new(source.with_column(column, mapped))
            }),
            is_used: true,
            _source: Arc::downgrade(source),
        }
    }

    /// Those among some rows of the chunk that have values. Cost: the rows of the chunk, once, where some
    /// have none; else O(log rows).
    fn rows(&mut self, rows: &SliceRows) -> SliceRows {
        let (true, Ok(chunk)) = (self.drops_rows, &self.chunk) else {
            return rows.clone();
        };
        let kept = match self.kept.take_if(|kept| kept.is_of(rows)) {
            Some(kept) => self.kept.insert(kept),
            None => self
                .kept
                .insert(KeptRows::new(rows, &chunk.components()[self.column])),
        };
        let (SliceRows::Span(span) | SliceRows::Listed(_, span)) = rows;
        let at = |end: u32| kept.places.partition_point(|place| *place < end) as u32;
        SliceRows::Listed(Arc::clone(&kept.rows), at(span.start)..at(span.end))
    }

    fn bytes(&self) -> usize {
        let kept = self.kept.as_ref().map_or(0, |kept| {
            let rows = size_of_val(&*kept.rows);
            if kept.list.is_some() { 2 * rows } else { rows }
        });
        self.added_bytes + kept
    }
}
