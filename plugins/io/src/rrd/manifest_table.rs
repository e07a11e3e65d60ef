//! What a manifest says of the chunks of a store: one row per chunk, and columns by name.
//!
//! Beside columns that every chunk has (id, entity, place), there is a pair of columns for the range of each timeline, three
//! for each component on each timeline, and one for each component without time. Most cells are empty, so that the cells
//! which are not are listed by chunk once.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    ops::Range,
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, RecordBatch, StringArray, UInt64Array,
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::Field;
use chronoscope_store::{
    AbsentChunk, AbsentComponent, CLEAR_COMPONENT, ChunkId, ComponentDescriptor, EntityPath, TimeRange,
    Timeline,
};
use re_protos::{
    common::v1alpha1::{StoreId, StoreKind},
    log_msg::v1alpha1::RrdManifest,
};

use crate::{
    MessageError,
    wire::{
        Decoder, MAX_CHUNK_BYTES,
        chunk::time_values,
        ipc::read_batch,
        layout::time_type,
        migrate::{ComponentNames, SharedNames, checked_name, component_names, entity_path},
        payload,
        schemas::Schemas,
    },
};

/// The chunks of one store in one stream, as its manifest lists them.
pub(super) struct ManifestTable {
    pub store: StoreId,
    ids: FixedSizeBinaryArray,
    num_rows: UInt64Array,
    num_bytes: UInt64Array,
    /// An entity per row, as an index.
    entities: Vec<u32>,
    entity_paths: Vec<EntityPath>,
    /// Where each chunk's message lies in the file, without its header.
    spans: Vec<Range<u64>>,
    columns: Vec<Column>,
    /// The columns that have a value in a row: those of row `n` are `cells[first_cells[n]..first_cells[n + 1]]`, timelines
    /// first, then components by name.
    cells: Vec<u32>,
    first_cells: Vec<usize>,
}

/// A column, or several that belong together.
struct Column {
    what: What,
    range: Option<(ScalarBuffer<i64>, ScalarBuffer<i64>)>,
    num_valid: Option<UInt64Array>,
    /// The rows that have a value; `None` where all do.
    valid: Option<NullBuffer>,
}

enum What {
    /// The range of a chunk on a timeline.
    Timeline(Timeline),
    /// The range of a component on a timeline of that name.
    Component(ComponentDescriptor, Arc<str>),
    /// That a component is there, without time.
    Static(ComponentDescriptor),
}

impl ManifestTable {
    /// Reads the manifest of a stream that begins at byte `base` of its file, and takes its cells from those that the
    /// stream may have.
    pub(super) fn new(
        manifest: RrdManifest,
        base: u64,
        left: &mut IndexLimits,
    ) -> Result<Self, MessageError> {
        let store = manifest.store_id.ok_or(MessageError::Missing("store id"))?;
        Decoder::default().store(Some(store.clone()))?;
        let part = manifest.data.ok_or(MessageError::Missing("list of chunks"))?;
        let bytes = part.payload.ok_or(MessageError::Missing("list of chunks"))?;
        let bytes = payload::arrow_bytes(part.compression, &bytes, part.uncompressed_size, left.bytes)?;
        left.bytes -= bytes.len() as u64;
        let batch = read_batch(&bytes, &mut Schemas::default())?.rows;

        let ids = column::<FixedSizeBinaryArray>(&batch, "chunk_id")?;
        if ids.value_length() != 16 {
            return Err(MessageError::Index("its ids are of an unknown kind"));
        }
        let starts = column::<UInt64Array>(&batch, "chunk_byte_offset")?;
        let lengths = column::<UInt64Array>(&batch, "chunk_byte_size")?;
        let span = |(start, length): (&u64, &u64)| {
            let start = base.checked_add(*start)?;
            (*length <= MAX_CHUNK_BYTES).then_some(start..start.checked_add(*length)?)
        };
        let spans: Option<Vec<_>> = starts.values().iter().zip(lengths.values()).map(span).collect();
        let (entities, entity_paths) = entities(&column::<StringArray>(&batch, "chunk_entity_path")?)?;
        let columns = index_columns(&batch)?;
        let (cells, first_cells) = cells(&columns, batch.num_rows(), &mut left.cells)?;
        let table = Self {
            store,
            ids,
            num_rows: column(&batch, "chunk_num_rows")?,
            num_bytes: column(&batch, "chunk_byte_size_uncompressed").unwrap_or(lengths),
            entities,
            entity_paths,
            spans: spans.ok_or(MessageError::Index(
                "a chunk that it lists is larger than chunks may be",
            ))?,
            columns,
            cells,
            first_cells,
        };
        table.check(&column::<BooleanArray>(&batch, "chunk_is_static")?)?;
        Ok(table)
    }

    /// Where the chunks lie in the file, in the order of the rows.
    pub(super) fn spans(&self) -> impl Iterator<Item = Range<u64>> {
        self.spans.iter().cloned()
    }

    /// The memory that all chunks take together, in bytes.
    pub(super) fn unpacked_bytes(&self) -> u64 {
        let rows = (0..self.spans.len()).map(|row| self.num_bytes(row));
        rows.fold(0, u64::saturating_add)
    }

    /// The memory that a chunk takes, in bytes.
    fn num_bytes(&self, row: usize) -> u64 {
        let claimed = self.num_bytes.values().get(row).copied().unwrap_or_default();
        // No chunk is smaller than what it takes in the file, whatever is claimed.
        let in_file = self.spans.get(row).map_or(0, |span| span.end - span.start);
        claimed.max(in_file).min(MAX_CHUNK_BYTES)
    }

    /// Whether the chunks are those of a blueprint.
    pub(super) fn is_blueprint(&self) -> bool {
        self.store.kind == StoreKind::Blueprint as i32
    }

    /// The rows in the order in which their chunks should be known: what changes the meaning of others first, then as they
    /// lie in the file.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut rows: Vec<(bool, u64, u32)> = self
            .spans
            .iter()
            .zip(0..)
            .map(|(span, row)| (!self.comes_first(row as usize), span.start, row))
            .collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, _, row)| row).collect()
    }

    /// Where a chunk's message lies in the file.
    pub(super) fn span(&self, row: u32) -> Option<Range<u64>> {
        self.spans.get(row as usize).cloned()
    }

    /// What is known of a chunk.
    pub(super) fn chunk(&self, row: u32) -> Option<AbsentChunk> {
        let row = row as usize;
        let entity_path = self.entity_paths.get(*self.entities.get(row)? as usize)?.clone();
        let (mut timelines, mut components) = (Vec::new(), Vec::<AbsentComponent>::new());
        for column in self.columns_of(row) {
            let range = column.range_at(row);
            let descriptor = match &column.what {
                What::Timeline(timeline) => {
                    let range = range.unwrap_or(TimeRange::EMPTY);
                    // That the rows stand in order is not said, but rows of one time do.
                    timelines.push((timeline.clone(), range, range.min == range.max));
                    continue;
                }
                What::Component(descriptor, _) | What::Static(descriptor) => descriptor,
            };
            if components
                .last()
                .is_none_or(|last| last.descriptor.component != descriptor.component)
            {
                components.push(AbsentComponent {
                    descriptor: descriptor.clone(),
                    num_valid: None,
                    ranges: Vec::new(),
                });
            }
            if let (Some(component), What::Component(_, timeline)) = (components.last_mut(), &column.what) {
                let num_valid = column
                    .num_valid
                    .as_ref()
                    .filter(|counts| counts.is_valid(row))
                    .map(|counts| counts.value(row));
                component.num_valid = component
                    .num_valid
                    .max(num_valid.and_then(|count| usize::try_from(count).ok()));
                component
                    .ranges
                    .extend(range.map(|range| (Arc::clone(timeline), range)));
            }
        }
        Some(AbsentChunk {
            id: ChunkId::from_be_bytes(self.ids.value(row).try_into().ok()?),
            entity_path,
            num_rows: usize::try_from(self.num_rows.value(row)).ok()?,
            num_bytes: self.num_bytes(row),
            row_ids: None,
            timelines,
            components,
        })
    }

    /// Whether a chunk should be known before others: it has no times, or it is a clear.
    fn comes_first(&self, row: usize) -> bool {
        let is_clear = |column: &Column| column.what.component() == Some(CLEAR_COMPONENT);
        !self.columns_of(row).any(Column::is_timeline) || self.columns_of(row).any(is_clear)
    }

    /// The columns that have a value in a row.
    fn columns_of(&self, row: usize) -> impl Iterator<Item = &Column> {
        let cells = self.first_cells.get(row).zip(self.first_cells.get(row + 1));
        let cells = cells
            .and_then(|(&first, &end)| self.cells.get(first..end))
            .unwrap_or_default();
        cells.iter().filter_map(|&cell| self.columns.get(cell as usize))
    }

    /// The timelines and the components of a row.
    fn num_columns(&self, row: usize) -> (usize, usize) {
        let (mut timelines, mut components, mut last) = (0, 0, None);
        for column in self.columns_of(row) {
            match column.what.component() {
                None => timelines += 1,
                Some(name) if last != Some(name) => {
                    components += 1;
                    last = Some(name);
                }
                Some(_) => {}
            }
        }
        (timelines, components)
    }

    /// Whether a store could take what the rows say.
    fn check(&self, is_static: &BooleanArray) -> Result<(), MessageError> {
        let is_range = |range: TimeRange| !range.is_empty() && range.min > i64::MIN;
        for row in 0..self.spans.len() {
            if !self
                .columns_of(row)
                .filter_map(|column| column.range_at(row))
                .all(is_range)
            {
                return Err(MessageError::Index("it lists a range of times that is none"));
            }
            // A row takes 16 bytes of its chunk at least, its id.
            let num_rows = self.num_rows.value(row);
            if num_rows.saturating_mul(16) > MAX_CHUNK_BYTES {
                return Err(MessageError::Index(
                    "a chunk that it lists has more rows than fit into its bytes",
                ));
            }
            let (timelines, components) = self.num_columns(row);
            if timelines.saturating_mul(components) > MAX_PAIRS {
                return Err(MessageError::Index(
                    "a chunk that it lists has more columns than are plausible",
                ));
            }
            if num_rows > 0 && (timelines > 0) == is_static.value(row) {
                return Err(MessageError::Index(
                    "it contradicts itself on whether a chunk has times",
                ));
            }
        }
        Ok(())
    }
}

impl Column {
    fn is_timeline(&self) -> bool {
        matches!(self.what, What::Timeline(_))
    }

    fn range_at(&self, row: usize) -> Option<TimeRange> {
        let (starts, ends) = self.range.as_ref()?;
        Some(TimeRange::new(*starts.get(row)?, *ends.get(row)?))
    }
}

/// A column that has a value in every row.
fn column<A: Array + Clone + 'static>(batch: &RecordBatch, name: &'static str) -> Result<A, MessageError> {
    let array = batch
        .column_by_name(name)
        .and_then(|array| array.as_any().downcast_ref::<A>());
    array
        .filter(|array| array.null_count() == 0)
        .cloned()
        .ok_or(MessageError::Missing(name))
}

/// The entity of each row. Few entities have many chunks, so each path is parsed once.
fn entities(paths: &StringArray) -> Result<(Vec<u32>, Vec<EntityPath>), MessageError> {
    let mut known = HashMap::new();
    let mut entity_paths = Vec::new();
    let mut rows = Vec::with_capacity(paths.len());
    for row in 0..paths.len() {
        let text = paths.value(row);
        rows.push(match known.entry(text) {
            Entry::Occupied(index) => *index.get(),
            Entry::Vacant(vacant) => {
                entity_paths.push(entity_path(text)?);
                *vacant.insert(entity_paths.len() as u32 - 1)
            }
        });
    }
    Ok((rows, entity_paths))
}

/// The columns of timelines and components, in the order that [`ManifestTable::cells`] has.
fn index_columns(batch: &RecordBatch) -> Result<Vec<Column>, MessageError> {
    #[derive(Default)]
    struct Parts<'a> {
        start: Option<(&'a Field, &'a ArrayRef)>,
        end: Option<(&'a Field, &'a ArrayRef)>,
        num_rows: Option<&'a ArrayRef>,
    }
    let mut ranges: BTreeMap<(Option<ComponentNames>, &str), Parts<'_>> = BTreeMap::new();
    let mut statics: BTreeMap<ComponentNames, &BooleanArray> = BTreeMap::new();
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let Some(timeline) = field.metadata().get("rerun:index") else {
            continue;
        };
        let component = if field.metadata().contains_key("rerun:component") {
            // What is nothing as a column of a chunk is nothing here.
            let Some(names) = component_names(field)? else {
                continue;
            };
            Some(names)
        } else {
            None
        };
        let timeline = checked_name("timeline", timeline)?;
        let marker = field.name().rsplit(':').next().unwrap_or_default();
        if let ("has_static_data", Some(names)) = (marker, &component) {
            let flags = array
                .as_any()
                .downcast_ref()
                .ok_or(MessageError::Missing("flags of components without time"))?;
            statics.insert(names.clone(), flags);
            continue;
        }
        let parts = ranges.entry((component, timeline)).or_default();
        match marker {
            "start" => parts.start = Some((field, array)),
            "end" => parts.end = Some((field, array)),
            "num_rows" => parts.num_rows = Some(array),
            _ => {}
        }
    }

    let mut columns = Vec::with_capacity(ranges.len() + statics.len());
    let mut shared = SharedNames::default();
    for ((names, timeline), Parts { start, end, num_rows }) in ranges {
        let (Some((field, start)), Some((_, end))) = (start, end) else {
            return Err(MessageError::Missing("begin or end of a range"));
        };
        if start.data_type() != end.data_type() {
            return Err(MessageError::Index("a range begins and ends in different units"));
        }
        let what = match names {
            None => What::Timeline(Timeline::new(shared.get(timeline), time_type(field)?)),
            Some(names) => What::Component(names.descriptor(&mut shared), shared.get(timeline)),
        };
        let valid = NullBuffer::union(start.nulls(), end.nulls());
        let range = (time_values(field, start)?, time_values(field, end)?);
        let num_valid = num_rows.and_then(|array| array.as_any().downcast_ref().cloned());
        columns.push(Column {
            what,
            range: Some(range),
            num_valid,
            valid,
        });
    }
    // Both maps are in the order of names; where a component is in both, its columns have to be neighbors.
    for (names, flags) in statics {
        let set = NullBuffer::new(flags.values().clone());
        let valid = NullBuffer::union(Some(&set), flags.nulls());
        columns.push(Column {
            what: What::Static(names.descriptor(&mut shared)),
            range: None,
            num_valid: None,
            valid,
        });
    }
    columns.sort_by(|a, b| a.what.component().cmp(&b.what.component()));
    Ok(columns)
}

impl What {
    /// `None` comes first.
    fn component(&self) -> Option<&str> {
        match self {
            Self::Timeline(_) => None,
            Self::Component(descriptor, _) | Self::Static(descriptor) => Some(&descriptor.component),
        }
    }
}

/// The columns that a manifest may have.
const MAX_COLUMNS: usize = 1 << 16;
/// The pairs of a timeline and a component that a chunk may have. A store has an entry for each.
const MAX_PAIRS: usize = 1 << 16;

/// What the manifests of a stream may still ask for, all together.
pub(super) struct IndexLimits {
    /// Bytes of their tables.
    pub bytes: u64,
    /// Values. A bit says that one is there, so that a small manifest can claim any number, but each chunk takes bytes of
    /// the stream for each of its columns.
    pub cells: usize,
}

impl IndexLimits {
    /// The limits for a stream of so many bytes, the index not counted.
    pub(super) fn of_stream(bytes: u64) -> Self {
        Self {
            bytes: bytes.saturating_mul(8).clamp(16 << 20, MAX_CHUNK_BYTES),
            cells: usize::try_from(bytes / 8 + 4096).unwrap_or(usize::MAX),
        }
    }
}

/// The columns with a value in each row, and where each row's begin. Cost: the values that there are.
fn cells(
    columns: &[Column],
    rows: usize,
    cells_left: &mut usize,
) -> Result<(Vec<u32>, Vec<usize>), MessageError> {
    if columns.len() > MAX_COLUMNS {
        return Err(MessageError::Index("it has more columns than are plausible"));
    }
    let values = columns.iter().map(|column| {
        column
            .valid
            .as_ref()
            .map_or(rows, |valid| valid.len() - valid.null_count())
    });
    *cells_left = cells_left
        .checked_sub(values.fold(0, usize::saturating_add))
        .ok_or(MessageError::Index("it claims more values than are plausible"))?;
    let for_each = |column: &Column, visit: &mut dyn FnMut(usize)| match &column.valid {
        Some(valid) => valid.valid_indices().for_each(visit),
        None => (0..rows).for_each(visit),
    };
    let mut first_cells = vec![0_usize; rows + 1];
    for column in columns {
        for_each(column, &mut |row| {
            if let Some(count) = first_cells.get_mut(row + 1) {
                *count += 1;
            }
        });
    }
    let mut total = 0;
    for count in &mut first_cells {
        total += *count;
        *count = total;
    }
    let mut cells = vec![0; total];
    let mut next = first_cells.clone();
    for (column, index) in columns.iter().zip(0..) {
        for_each(column, &mut |row| {
            if let Some(at) = next.get_mut(row) {
                if let Some(cell) = cells.get_mut(*at) {
                    *cell = index;
                }
                *at += 1;
            }
        });
    }
    Ok((cells, first_cells))
}
