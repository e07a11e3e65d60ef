//! Chunks: the unit of storage. Some rows of one entity, immutable and shared.

mod builder;
mod combined;

use std::{hint::black_box, ops::Range};

use arrow_array::{Array, ArrayRef, ListArray, cast::AsArray as _};
use arrow_data::{ArrayData, transform::MutableArrayData};
use arrow_schema::{DataType, FieldRef, UnionMode};
use smallvec::SmallVec;

pub use self::{builder::ChunkBuilder, combined::ChunkGroup};

use crate::{
    ChunkError, ChunkId, ComponentColumn, EntityPath, RowId, RowIds, TimeColumn, footprint::Footprint,
    growing_lists::concat_lists,
};

/// Some rows of one entity: a row id per row, a time per row and timeline, a list of instances per row and component.
///
/// Immutable; shared by `Arc`. Reading never copies Arrow buffers.
#[derive(Clone, Debug)]
pub struct Chunk {
    id: ChunkId,
    entity_path: EntityPath,
    row_ids: RowIds,
    row_ids_sorted: bool,
    is_combined: bool,
    timelines: SmallVec<[TimeColumn; 2]>,
    components: Vec<ComponentColumn>,
    num_bytes: u64,
    row_bytes: u64,
}

impl Chunk {
    /// Checks the columns against each other and puts them in order (by name).
    ///
    /// A chunk without timelines is static.
    ///
    /// # Errors
    /// Where a column's length differs, a column is there twice, or a time is `i64::MIN`.
    pub fn new(
        id: ChunkId,
        entity_path: EntityPath,
        row_ids: impl Into<RowIds>,
        timelines: impl IntoIterator<Item = TimeColumn>,
        components: impl IntoIterator<Item = ComponentColumn>,
    ) -> Result<Self, ChunkError> {
        let row_ids = row_ids.into();
        let rows = row_ids.len();
        if u32::try_from(rows).is_err() {
            return Err(ChunkError::TooManyRows {
                entity: entity_path,
                rows,
            });
        }
        let mut timelines: SmallVec<[TimeColumn; 2]> = timelines.into_iter().collect();
        timelines.sort_by(|a, b| a.timeline.name().cmp(b.timeline.name()));
        let mut components: Vec<ComponentColumn> = components.into_iter().collect();
        components.sort_by(|a, b| a.name().cmp(b.name()));
        components.shrink_to_fit();

        let lengths = timelines
            .iter()
            .map(|column| (column.timeline.name(), column.times.len()))
            .chain(
                components
                    .iter()
                    .map(|column| (column.name(), column.lists.len())),
            );
        for (column, actual) in lengths {
            if actual != rows {
                return Err(ChunkError::RowCount {
                    entity: entity_path,
                    column: column.to_string(),
                    expected: rows,
                    actual,
                });
            }
        }
        let twice = timelines
            .windows(2)
            .find(|pair| pair[0].timeline.name() == pair[1].timeline.name())
            .map(|pair| pair[0].timeline.name())
            .or_else(|| {
                components
                    .windows(2)
                    .find(|pair| pair[0].name() == pair[1].name())
                    .map(|pair| pair[0].name())
            });
        if let Some(column) = twice {
            return Err(ChunkError::DuplicateColumn {
                entity: entity_path,
                column: column.to_string(),
            });
        }
        if let Some(column) = timelines
            .iter()
            .find(|column| rows > 0 && column.range.min == i64::MIN)
        {
            return Err(ChunkError::ReservedTime {
                entity: entity_path,
                timeline: column.timeline.name().to_string(),
            });
        }

        Ok(Self::from_checked(
            id,
            entity_path,
            row_ids,
            timelines,
            components,
        ))
    }

    /// Some of the chunk's rows as a chunk of its own, which shares the columns' memory, and of which only the used part counts. Rows
    /// that do not exist are passed over.
    #[must_use]
    pub fn slice(&self, id: ChunkId, rows: Range<usize>) -> Self {
        let end = rows.end.min(self.num_rows());
        let (start, len) = (rows.start.min(end), end - rows.start.min(end));
        let row_ids = self.row_ids.slice(start, len);
        let timelines = self
            .timelines
            .iter()
            .map(|column| TimeColumn::new(column.timeline.clone(), column.times.slice(start, len)))
            .collect();
        let components = self
            .components
            .iter()
            .map(|column| ComponentColumn {
                descriptor: column.descriptor.clone(),
                lists: column.lists.slice(start, len),
            })
            .collect();
        Self::from_parts(
            id,
            self.entity_path.clone(),
            row_ids,
            timelines,
            components,
            Ownership::Shared,
        )
    }

    /// The chunk with memory of its own, where it keeps alive far more than it uses: more than twice what a copy would take. That
    /// is so for some columns of a message whose others were left out, and for lists that use few of their values.
    #[must_use]
    pub fn without_waste(self) -> Self {
        let footprint = self.footprint();
        let copied = footprint.copied_bytes();
        if footprint.held_bytes() > copied.saturating_mul(2) && self.copies_as_it_is() {
            self.slice_owned(self.id, 0..self.num_rows())
        } else {
            self
        }
    }

    /// As [`Self::slice`], with memory of its own. Copies the rows.
    #[must_use]
    pub(crate) fn slice_owned(&self, id: ChunkId, rows: Range<usize>) -> Self {
        let shared = self.slice(id, rows);
        let own_column = |column: &ComponentColumn| ComponentColumn {
            descriptor: column.descriptor.clone(),
            lists: concat_lists(&[&column.lists]).unwrap_or_else(|| copied(&column.lists)),
        };
        let timelines = shared.timelines.iter().map(|column| TimeColumn {
            timeline: column.timeline.clone(),
            times: column.times.to_vec().into(),
            ..*column
        });
        Self::from_checked(
            id,
            shared.entity_path.clone(),
            shared.row_ids().into(),
            timelines.collect(),
            shared.components.iter().map(own_column).collect(),
        )
    }

    /// The rows of several chunks of one entity, one after the other. Copies them.
    ///
    /// # Errors
    /// Where the chunks have different columns, or columns of different types, or together too many rows.
    pub fn concat(id: ChunkId, chunks: &[&Self]) -> Result<Self, ChunkError> {
        let entity_path = chunks
            .first()
            .map_or_else(EntityPath::root, |chunk| chunk.entity_path.clone());
        let mixed = |column: &str, message: String| ChunkError::MixedTypes {
            entity: entity_path.clone(),
            component: column.to_owned(),
            message,
        };
        let Some(first) = chunks.first() else {
            return Self::new(id, entity_path, Vec::new(), [], []);
        };
        let same = |chunk: &&Self| {
            let timelines = chunk.timelines.iter().map(TimeColumn::timeline);
            timelines.eq(first.timelines.iter().map(TimeColumn::timeline))
                && chunk
                    .components
                    .iter()
                    .map(ComponentColumn::name)
                    .eq(first.components.iter().map(ComponentColumn::name))
        };
        if !chunks.iter().all(same) {
            return Err(mixed("", "the chunks have different columns".to_owned()));
        }
        for (at, column) in first.components.iter().enumerate() {
            let mut others = chunks.iter().filter_map(|chunk| chunk.components.get(at));
            if let Some(other) = others.find(|other| other.lists.data_type() != column.lists.data_type()) {
                let (a, b) = (column.lists.data_type(), other.lists.data_type());
                return Err(mixed(column.name(), format!("it is {a} and {b}")));
            }
        }
        Self::concat_alike(id, chunks)
    }

    /// Whether another chunk has the same timelines, and the same components of the same types.
    pub fn has_same_columns(&self, other: &Self) -> bool {
        let is_same = |(a, b): (&ComponentColumn, &ComponentColumn)| {
            a.descriptor == b.descriptor && a.lists.data_type() == b.lists.data_type()
        };
        self.timelines.len() == other.timelines.len()
            && self.components.len() == other.components.len()
            && self
                .timelines
                .iter()
                .zip(&other.timelines)
                .all(|(a, b)| a.timeline == b.timeline)
            && self.components.iter().zip(&other.components).all(is_same)
    }

    /// As [`Self::concat`], for chunks that are known to have the same timelines, components and types.
    pub(crate) fn concat_alike(id: ChunkId, chunks: &[&Self]) -> Result<Self, ChunkError> {
        let Some(first) = chunks.first() else {
            return Self::new(id, EntityPath::root(), Vec::new(), [], []);
        };
        let entity_path = first.entity_path.clone();
        let rows: usize = chunks.iter().map(|chunk| chunk.num_rows()).sum();
        if u32::try_from(rows).is_err() {
            return Err(ChunkError::TooManyRows {
                entity: entity_path,
                rows,
            });
        }
        let mut timelines = SmallVec::with_capacity(first.timelines.len());
        for (at, column) in first.timelines.iter().enumerate() {
            let mut times: Vec<i64> = Vec::with_capacity(rows);
            for other in chunks.iter().filter_map(|chunk| chunk.timelines.get(at)) {
                times.extend_from_slice(&other.times);
            }
            timelines.push(TimeColumn::new(column.timeline.clone(), times));
        }
        let mut components = Vec::with_capacity(first.components.len());
        for (at, column) in first.components.iter().enumerate() {
            let mixed = |message: String| ChunkError::MixedTypes {
                entity: entity_path.clone(),
                component: column.name().to_string(),
                message,
            };
            let lists: Vec<&ListArray> = chunks
                .iter()
                .filter_map(|chunk| chunk.components.get(at))
                .map(|other| &other.lists)
                .collect();
            let lists = match concat_lists(&lists) {
                Some(lists) => lists,
                None if !fits_together(&lists) => {
                    return Err(ChunkError::TooManyValues {
                        entity: entity_path.clone(),
                        component: column.name().to_string(),
                    });
                }
                None => {
                    let lists: Vec<&dyn Array> = lists.into_iter().map(|lists| lists as &dyn Array).collect();
                    let lists =
                        arrow_select::concat::concat(&lists).map_err(|error| mixed(error.to_string()))?;
                    lists
                        .as_list_opt::<i32>()
                        .ok_or_else(|| mixed("no list".to_owned()))?
                        .clone()
                }
            };
            components.push(ComponentColumn {
                descriptor: column.descriptor.clone(),
                lists,
            });
        }
        let mut row_ids: Vec<RowId> = Vec::with_capacity(rows);
        chunks
            .iter()
            .for_each(|chunk| row_ids.extend_from_slice(chunk.row_ids()));
        Ok(Self::from_checked(
            id,
            entity_path,
            row_ids.into(),
            timelines,
            components,
        ))
    }

    /// The chunk of columns that fit each other and are in order, of rows that are in the order of their ids and have been counted.
    pub(crate) fn from_counted(
        id: ChunkId,
        entity_path: EntityPath,
        row_ids: RowIds,
        timelines: SmallVec<[TimeColumn; 2]>,
        components: Vec<ComponentColumn>,
        counted: CountedBytes,
    ) -> Self {
        Self {
            id,
            entity_path,
            row_ids,
            row_ids_sorted: true,
            is_combined: false,
            timelines,
            components,
            num_bytes: counted.all,
            row_bytes: counted.rows,
        }
    }

    /// The chunk with another column in place of one of the same name, with as many rows. Its id and its
    /// bytes are the same: it is for those who read it, not for the store. Cost: the columns, not the rows.
    pub(crate) fn with_column(&self, at: usize, column: ComponentColumn) -> Self {
        debug_assert_eq!(column.lists.len(), self.num_rows(), "a column has all rows");
        debug_assert_eq!(column.name(), self.components[at].name(), "names are in order");
        let mut chunk = self.clone();
        chunk.components[at] = column;
        chunk
    }

    /// The chunk of columns that fit each other and are in order.
    fn from_checked(
        id: ChunkId,
        entity_path: EntityPath,
        row_ids: RowIds,
        timelines: SmallVec<[TimeColumn; 2]>,
        components: Vec<ComponentColumn>,
    ) -> Self {
        Self::from_parts(id, entity_path, row_ids, timelines, components, Ownership::Whole)
    }

    fn from_parts(
        id: ChunkId,
        entity_path: EntityPath,
        row_ids: RowIds,
        timelines: SmallVec<[TimeColumn; 2]>,
        components: Vec<ComponentColumn>,
        ownership: Ownership,
    ) -> Self {
        let mut chunk = Self {
            id,
            entity_path,
            row_ids_sorted: row_ids.as_slice().is_sorted(),
            is_combined: false,
            row_ids,
            timelines,
            components,
            num_bytes: 0,
            row_bytes: 0,
        };
        let footprint = chunk.footprint();
        // Of the offsets there is one more than there are rows.
        let ends = chunk.components.len() * size_of::<i32>();
        chunk.row_bytes = footprint.used_bytes().saturating_sub(ends) as u64;
        let columns = match ownership {
            Ownership::Whole => footprint.held_bytes(),
            Ownership::Shared => footprint.copied_bytes(),
        };
        chunk.num_bytes = (own_bytes(chunk.timelines.len(), chunk.components.len()) + columns) as u64;
        chunk
    }

    fn footprint(&self) -> Footprint {
        let mut footprint = Footprint::default();
        footprint.add_buffer(self.row_ids.buffer());
        for column in &self.timelines {
            footprint.add_buffer(column.times.inner());
        }
        for column in &self.components {
            footprint.add_lists(&column.lists);
        }
        footprint
    }

    /// Begins a chunk to be filled row by row.
    pub fn builder(entity_path: impl Into<EntityPath>) -> ChunkBuilder {
        ChunkBuilder::new(entity_path.into())
    }

    /// Reads a value of each line of memory that comparing and copying the rows reads. See
    /// [`ChunkStore::prefetch_append`](crate::ChunkStore::prefetch_append).
    #[inline]
    pub(crate) fn prefetch(&self) {
        let first_byte = |text: &str| text.as_bytes().first().copied();
        black_box((
            first_byte(self.entity_path.as_str()),
            self.row_ids().last().copied(),
        ));
        for column in &self.timelines {
            black_box((first_byte(column.timeline.name()), column.times.last().copied()));
        }
        for ComponentColumn { descriptor, lists } in &self.components {
            black_box((
                first_byte(&descriptor.component),
                lists.value_offsets().last().copied(),
                lists.values().len(),
            ));
            if let DataType::List(field) = lists.data_type() {
                black_box((first_byte(field.name()), field.is_nullable()));
            }
        }
    }

    /// The chunk's id.
    pub fn id(&self) -> ChunkId {
        self.id
    }

    /// The entity whose rows these are.
    pub fn entity_path(&self) -> &EntityPath {
        &self.entity_path
    }

    /// The number of rows.
    pub fn num_rows(&self) -> usize {
        self.row_ids.len()
    }

    /// Whether the rows lie on no timeline, and so hold at all times.
    pub fn is_static(&self) -> bool {
        self.timelines.is_empty()
    }

    /// An id per row.
    pub fn row_ids(&self) -> &[RowId] {
        self.row_ids.as_slice()
    }

    pub(crate) fn row_id_column(&self) -> &RowIds {
        &self.row_ids
    }

    /// Whether the row ids never decrease.
    pub fn row_ids_sorted(&self) -> bool {
        self.row_ids_sorted
    }

    /// The position of a row by its id.
    pub fn position_of(&self, row_id: RowId) -> Option<usize> {
        let ids = self.row_ids();
        if self.row_ids_sorted {
            ids.binary_search(&row_id).ok()
        } else {
            ids.iter().position(|id| *id == row_id)
        }
    }

    /// The time columns, ordered by the timeline's name.
    pub fn timelines(&self) -> &[TimeColumn] {
        &self.timelines
    }

    /// The time column of the timeline with this name.
    pub fn timeline(&self, name: &str) -> Option<&TimeColumn> {
        let at = self
            .timelines
            .binary_search_by(|column| (**column.timeline.name()).cmp(name));
        self.timelines.get(at.ok()?)
    }

    /// The component columns, ordered by name.
    pub fn components(&self) -> &[ComponentColumn] {
        &self.components
    }

    /// The component column with this name.
    pub fn component(&self, name: &str) -> Option<&ComponentColumn> {
        let at = self
            .components
            .binary_search_by(|column| (**column.name()).cmp(name))
            .ok()?;
        self.components.get(at)
    }

    /// The instances of a component in a row; `None` where nothing was logged.
    pub fn cell(&self, component: &str, row: usize) -> Option<ArrayRef> {
        self.component(component)?.cell(row)
    }

    /// The memory that the chunk takes, in bytes: itself, its arrays, and all of each allocation that they keep alive. Names and types,
    /// which many chunks share, do not count, and of a [slice](Self::slice) only the part that is used.
    pub fn num_bytes(&self) -> u64 {
        self.num_bytes
    }

    /// Whether a copy of some rows takes no more than they do: not where a type lets values be referred to several times.
    pub(crate) fn copies_as_it_is(&self) -> bool {
        let mut lists = self.components.iter().map(|column| &column.lists);
        lists.all(|lists| !may_repeat(lists.data_type()))
    }

    /// The bytes of the rows' values: what appending them elsewhere takes.
    pub(crate) fn row_bytes(&self) -> u64 {
        self.row_bytes
    }
}

/// Whether a chunk has its memory alone.
#[derive(Clone, Copy)]
enum Ownership {
    Whole,
    Shared,
}

/// The bytes of a chunk that were counted as it grew.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountedBytes {
    /// See [`Chunk::num_bytes`].
    pub(crate) all: u64,
    /// See [`Chunk::row_bytes`].
    pub(crate) rows: u64,
}

/// What a chunk takes beside what its columns hold.
pub(crate) fn own_bytes(timelines: usize, components: usize) -> usize {
    // The counters of the `Arc` stand before the value, and more than two time columns beside it.
    let spilled = if timelines > 2 { timelines } else { 0 };
    2 * size_of::<usize>()
        + size_of::<Chunk>()
        + spilled * size_of::<TimeColumn>()
        + components * size_of::<ComponentColumn>()
}

/// Whether values of a type may be referred to several times, each of which a copy has by itself: it may be larger than any memory.
fn may_repeat(data_type: &DataType) -> bool {
    let of_field = |field: &FieldRef| may_repeat(field.data_type());
    match data_type {
        DataType::ListView(_) | DataType::LargeListView(_) | DataType::Union(_, UnionMode::Dense) => true,
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _)
        | DataType::RunEndEncoded(_, field) => of_field(field),
        DataType::Struct(fields) => fields.iter().any(of_field),
        DataType::Union(fields, UnionMode::Sparse) => fields.iter().any(|(_, field)| of_field(field)),
        DataType::Dictionary(_, values) => may_repeat(values),
        _ => false,
    }
}

/// A copy of lists of whatever type, but for one whose values [may repeat](may_repeat).
fn copied(lists: &ListArray) -> ListArray {
    let data = lists.to_data();
    let mut copy = MutableArrayData::new(vec![&data], false, data.len());
    copy.extend(0, 0, data.len());
    let mut lists = ListArray::from(copy.freeze());
    lists.shrink_to_fit();
    lists
}

/// Whether arrays are short enough, at each level, to be concatenated: offsets are 32 bits wide, and values may take no memory. What
/// [may repeat](may_repeat) is of any length then.
fn fits_together(lists: &[&ListArray]) -> bool {
    if lists.iter().any(|lists| may_repeat(lists.data_type())) {
        return false;
    }
    fn max_len(data: &ArrayData) -> usize {
        data.child_data().iter().map(max_len).fold(data.len(), usize::max)
    }
    let lengths = lists.iter().map(|lists| max_len(&lists.to_data()));
    i32::try_from(lengths.fold(0, usize::saturating_add)).is_ok()
}
