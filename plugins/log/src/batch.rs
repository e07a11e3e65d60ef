//! Rows that wait to become a chunk.

use std::{any::Any, sync::Arc};

use arrow_array::{Array, ArrayRef, ListArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use chronoscope_store::{
    Chunk, ChunkError, ChunkId, ComponentColumn, ComponentDescriptor, EntityPath, RowId, TimeColumn, Timeline,
};
use chronoscope_types::Component;
use smallvec::SmallVec;

/// The times of a row.
pub(crate) type Times = SmallVec<[(Timeline, i64); 3]>;

/// Rows of one entity with the same components and timelines.
#[derive(Debug)]
pub(crate) struct Batch {
    row_ids: Vec<RowId>,
    timelines: SmallVec<[(Timeline, Vec<i64>); 3]>,
    columns: SmallVec<[Column; 2]>,
    /// What the rows take while they wait, roughly.
    bytes: u64,
}

/// A column that grows.
#[derive(Debug)]
struct Column {
    descriptor: ComponentDescriptor,
    data_type: DataType,
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    /// An array per row.
    Arrays(Vec<ArrayRef>),
    /// A value per row.
    Values(Box<dyn Values>),
}

/// Values of a component type that is known to a stream.
trait Values: Any + Send + std::fmt::Debug {
    /// The values as an array; none are left then.
    fn build(&mut self) -> ArrayRef;
}

struct TypedValues<C: Component>(Vec<C::Value>);

impl<C: Component> std::fmt::Debug for TypedValues<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.0.len(), C::TYPE)
    }
}

impl<C: Component<Value: Send> + 'static> Values for TypedValues<C> {
    fn build(&mut self) -> ArrayRef {
        C::build(std::mem::take(&mut self.0))
    }
}

impl Batch {
    /// An empty batch for rows of these times and cells.
    pub(crate) fn new(times: &Times, cells: &[(ComponentDescriptor, ArrayRef)]) -> Self {
        let column = |(descriptor, array): &(ComponentDescriptor, ArrayRef)| Column {
            descriptor: descriptor.clone(),
            data_type: array.data_type().clone(),
            cells: Cells::Arrays(Vec::new()),
        };
        Self::with_columns(times, cells.iter().map(column).collect())
    }

    /// An empty batch for the values of a stream.
    pub(crate) fn of_values<C: Component<Value: Send> + 'static>(
        times: &Times,
        descriptor: ComponentDescriptor,
    ) -> Self {
        let column = Column {
            descriptor,
            data_type: C::datatype(),
            cells: Cells::Values(Box::new(TypedValues::<C>(Vec::new()))),
        };
        Self::with_columns(times, [column].into_iter().collect())
    }

    fn with_columns(times: &Times, columns: SmallVec<[Column; 2]>) -> Self {
        Self {
            row_ids: Vec::new(),
            timelines: times
                .iter()
                .map(|(timeline, _)| (timeline.clone(), Vec::new()))
                .collect(),
            columns,
            bytes: 0,
        }
    }

    pub(crate) fn num_rows(&self) -> usize {
        self.row_ids.len()
    }

    pub(crate) fn num_bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether rows of these times may follow.
    pub(crate) fn has_timelines(&self, times: &Times) -> bool {
        self.timelines.len() == times.len() && self.timelines.iter().zip(times).all(|((a, _), (b, _))| a == b)
    }

    /// Whether a row of these times and cells may follow.
    pub(crate) fn takes(&self, times: &Times, cells: &[(ComponentDescriptor, ArrayRef)]) -> bool {
        self.columns.len() == cells.len()
            && self.has_timelines(times)
            && self
                .columns
                .iter()
                .zip(cells)
                .all(|(column, (descriptor, array))| {
                    column.descriptor == *descriptor
                        && column.data_type == *array.data_type()
                        && matches!(column.cells, Cells::Arrays(_))
                })
    }

    /// Adds a row. Precondition: [`Self::takes`] it. Returns the bytes that it takes.
    pub(crate) fn push(
        &mut self,
        row_id: RowId,
        times: &Times,
        cells: Vec<(ComponentDescriptor, ArrayRef)>,
    ) -> u64 {
        debug_assert!(self.takes(times, &cells));
        let mut bytes = self.push_times(row_id, times);
        for (column, (_, array)) in self.columns.iter_mut().zip(cells) {
            bytes += array.get_array_memory_size() as u64;
            if let Cells::Arrays(arrays) = &mut column.cells {
                arrays.push(array);
            }
        }
        self.bytes += bytes;
        bytes
    }

    /// Adds a row of one value. Precondition: the batch is one [of such values](Self::of_values) and
    /// [has](Self::has_timelines) the row's timelines. Returns the bytes that it takes.
    pub(crate) fn push_value<C: Component<Value: Send> + 'static>(
        &mut self,
        row_id: RowId,
        times: &Times,
        value: C::Value,
    ) -> u64 {
        debug_assert!(self.has_timelines(times));
        let bytes = self.push_times(row_id, times) + size_of::<C::Value>() as u64;
        let values = self
            .columns
            .first_mut()
            .and_then(|column| match &mut column.cells {
                Cells::Values(values) => (&mut **values as &mut dyn Any).downcast_mut::<TypedValues<C>>(),
                Cells::Arrays(_) => None,
            });
        debug_assert!(values.is_some(), "a stream has a type");
        if let Some(values) = values {
            values.0.push(value);
        }
        self.bytes += bytes;
        bytes
    }

    fn push_times(&mut self, row_id: RowId, times: &Times) -> u64 {
        self.row_ids.push(row_id);
        for ((_, column), (_, time)) in self.timelines.iter_mut().zip(times) {
            column.push(*time);
        }
        (size_of::<RowId>() + times.len() * size_of::<i64>()) as u64
    }

    /// The rows as a chunk; the batch is empty then and takes more of their kind.
    pub(crate) fn take_chunk(&mut self, entity: &EntityPath) -> Result<Chunk, ChunkError> {
        self.bytes = 0;
        let row_ids = std::mem::take(&mut self.row_ids);
        let rows = row_ids.len();
        let timelines: SmallVec<[TimeColumn; 3]> = self
            .timelines
            .iter_mut()
            .map(|(timeline, times)| TimeColumn::new(timeline.clone(), std::mem::take(times)))
            .collect();
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            let mixed = |message: String| ChunkError::MixedTypes {
                entity: entity.clone(),
                component: column.descriptor.component.to_string(),
                message,
            };
            let (offsets, values) = match &mut column.cells {
                Cells::Values(values) => (OffsetBuffer::from_repeated_length(1, rows), values.build()),
                Cells::Arrays(arrays) => {
                    let arrays = std::mem::take(arrays);
                    let offsets = OffsetBuffer::from_lengths(arrays.iter().map(Array::len));
                    (
                        offsets,
                        concat(arrays, &column.data_type).map_err(|error| mixed(error.to_string()))?,
                    )
                }
            };
            let field = Arc::new(Field::new("item", values.data_type().clone(), true));
            let lists =
                ListArray::try_new(field, offsets, values, None).map_err(|error| mixed(error.to_string()))?;
            columns.push(ComponentColumn::new(column.descriptor.clone(), lists));
        }
        Chunk::new(ChunkId::new(), entity.clone(), row_ids, timelines, columns)
    }
}

fn concat(mut arrays: Vec<ArrayRef>, data_type: &DataType) -> Result<ArrayRef, arrow_schema::ArrowError> {
    if arrays.len() <= 1 {
        return Ok(arrays
            .pop()
            .unwrap_or_else(|| arrow_array::new_empty_array(data_type)));
    }
    let parts: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    arrow_select::concat::concat(&parts)
}
