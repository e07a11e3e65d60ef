//! Chunks that are filled row by row.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, ListArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use smallvec::SmallVec;

use super::Chunk;
use crate::{
    ChunkError, ChunkId, ComponentColumn, ComponentDescriptor, EntityPath, RowId, TimeColumn, Timeline,
};

/// Fills a chunk row by row. See [`Chunk::builder`].
#[derive(Clone, Debug)]
pub struct ChunkBuilder {
    id: ChunkId,
    entity_path: EntityPath,
    rows: Vec<BuilderRow>,
}

#[derive(Clone, Debug)]
struct BuilderRow {
    id: RowId,
    times: SmallVec<[(Timeline, i64); 2]>,
    cells: Vec<(ComponentDescriptor, ArrayRef)>,
}

impl ChunkBuilder {
    /// Begins a chunk with a new id.
    pub fn new(entity_path: EntityPath) -> Self {
        Self {
            id: ChunkId::new(),
            entity_path,
            rows: Vec::new(),
        }
    }

    /// Sets the chunk's id.
    #[must_use]
    pub fn with_id(mut self, id: ChunkId) -> Self {
        self.id = id;
        self
    }

    /// Adds a row: its times (none for static data) and the instances of each component that is logged in it.
    #[must_use]
    pub fn with_row(
        mut self,
        row_id: RowId,
        times: impl IntoIterator<Item = (Timeline, i64)>,
        cells: impl IntoIterator<Item = (ComponentDescriptor, ArrayRef)>,
    ) -> Self {
        self.rows.push(BuilderRow {
            id: row_id,
            times: times.into_iter().collect(),
            cells: cells.into_iter().collect(),
        });
        self
    }

    /// Puts the rows together. Each component that some row lacks is null there.
    ///
    /// # Errors
    /// Where rows lie on different timelines, or a component has different types in different rows, and where
    /// [`Chunk::new`] fails.
    pub fn build(self) -> Result<Chunk, ChunkError> {
        let Self {
            id,
            entity_path,
            rows,
        } = self;
        let mut timelines: Vec<Timeline> = rows
            .iter()
            .flat_map(|row| row.times.iter().map(|(t, _)| t.clone()))
            .collect();
        timelines.sort();
        timelines.dedup();
        let mut time_columns = Vec::with_capacity(timelines.len());
        for timeline in timelines {
            let times: Vec<i64> = rows
                .iter()
                .filter_map(|row| {
                    row.times
                        .iter()
                        .find(|(t, _)| *t == timeline)
                        .map(|(_, time)| *time)
                })
                .collect();
            time_columns.push(TimeColumn::new(timeline, times));
        }

        let mut descriptors: Vec<ComponentDescriptor> = rows
            .iter()
            .flat_map(|row| row.cells.iter().map(|(descriptor, _)| descriptor.clone()))
            .collect();
        descriptors.sort();
        descriptors.dedup_by(|a, b| a.component == b.component);
        let mut components = Vec::with_capacity(descriptors.len());
        for descriptor in descriptors {
            let cells: Vec<Option<&ArrayRef>> = rows
                .iter()
                .map(|row| {
                    row.cells
                        .iter()
                        .find(|(d, _)| d.component == descriptor.component)
                        .map(|(_, cell)| cell)
                })
                .collect();
            let lists = lists_from_cells(&cells).map_err(|message| ChunkError::MixedTypes {
                entity: entity_path.clone(),
                component: descriptor.component.to_string(),
                message,
            })?;
            components.push(ComponentColumn::new(descriptor, lists));
        }
        let row_ids: Vec<RowId> = rows.iter().map(|row| row.id).collect();
        Chunk::new(id, entity_path, row_ids, time_columns, components)
    }
}

/// A list array with a list per cell, null where there is none. Copies the instances once.
fn lists_from_cells(cells: &[Option<&ArrayRef>]) -> Result<ListArray, String> {
    let parts: Vec<&dyn Array> = cells.iter().flatten().map(AsRef::as_ref).collect();
    let data_type = parts
        .first()
        .map_or(DataType::Null, |part| part.data_type().clone());
    let values = match parts.as_slice() {
        [] => arrow_array::new_empty_array(&data_type),
        [_] => cells.iter().flatten().next().map_or_else(
            || arrow_array::new_empty_array(&data_type),
            |cell| Arc::clone(cell),
        ),
        parts => arrow_select::concat::concat(parts).map_err(|error| error.to_string())?,
    };
    let offsets = OffsetBuffer::from_lengths(cells.iter().map(|cell| cell.map_or(0, Array::len)));
    let nulls = cells
        .iter()
        .any(Option::is_none)
        .then(|| cells.iter().map(Option::is_some).collect::<Vec<bool>>().into());
    ListArray::try_new(
        Arc::new(Field::new("item", data_type, true)),
        offsets,
        values,
        nulls,
    )
    .map_err(|error| error.to_string())
}
