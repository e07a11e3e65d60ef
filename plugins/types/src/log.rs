//! From archetypes to chunks.

use std::sync::Arc;

use arrow_array::{Array, ListArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::Field;
use chronoscope_store::{
    Chunk, ChunkBuilder, ChunkError, ChunkId, ComponentColumn, EntityPath, RowId, TimeColumn, Timeline,
};

use crate::AsComponents;

/// A chunk of one row: an archetype logged once, at these times; static where there are none.
///
/// # Errors
/// Where two components have one name, a timeline comes twice or a time is `i64::MIN`.
pub fn log_chunk(
    entity_path: impl Into<EntityPath>,
    times: impl IntoIterator<Item = (Timeline, i64)>,
    archetype: &(impl AsComponents + ?Sized),
) -> Result<Chunk, ChunkError> {
    ChunkBuilder::new(entity_path.into())
        .with_row(RowId::new(), times, archetype.components())
        .build()
}

/// A chunk with a row per instance: each component's first value is logged at the first time, and so on.
///
/// Copies no instances, which makes it the fast way to log a long series:
/// ```
/// # use chronoscope_types::{Scalars, columns_chunk};
/// # use chronoscope_store::Timeline;
/// let times = (0..1000).collect();
/// let values = (0..1000).map(|frame| f64::from(frame).sin());
/// let chunk = columns_chunk("plots/sine", [(Timeline::sequence("frame"), times)], &Scalars::new(values))?;
/// assert_eq!(chunk.num_rows(), 1000);
/// # Ok::<(), chronoscope_store::ChunkError>(())
/// ```
///
/// # Errors
/// Where components or timelines have different lengths, or a time is `i64::MIN`.
pub fn columns_chunk(
    entity_path: impl Into<EntityPath>,
    times: impl IntoIterator<Item = (Timeline, Vec<i64>)>,
    archetype: &(impl AsComponents + ?Sized),
) -> Result<Chunk, ChunkError> {
    build_columns(entity_path.into(), times, archetype, None)
}

/// A chunk with a row per length, and as many instances in each as its length says.
///
/// # Errors
/// Where a component has not as many instances as the lengths say in all, and as [`columns_chunk`].
pub fn columns_chunk_with_lengths(
    entity_path: impl Into<EntityPath>,
    times: impl IntoIterator<Item = (Timeline, Vec<i64>)>,
    archetype: &(impl AsComponents + ?Sized),
    lengths: &[usize],
) -> Result<Chunk, ChunkError> {
    build_columns(entity_path.into(), times, archetype, Some(lengths))
}

fn build_columns(
    entity: EntityPath,
    times: impl IntoIterator<Item = (Timeline, Vec<i64>)>,
    archetype: &(impl AsComponents + ?Sized),
    lengths: Option<&[usize]>,
) -> Result<Chunk, ChunkError> {
    let timelines: Vec<TimeColumn> = times
        .into_iter()
        .map(|(timeline, times)| TimeColumn::new(timeline, times))
        .collect();
    let mut columns = Vec::new();
    let mut rows = lengths.map(<[usize]>::len);
    for (descriptor, values) in archetype.components() {
        let expected = lengths.map_or(values.len(), |lengths| {
            lengths.iter().fold(0, |sum: usize, &n| sum.saturating_add(n))
        });
        // Offsets are 32 bits wide.
        if expected != values.len() || i32::try_from(expected).is_err() {
            let column = descriptor.component.to_string();
            return Err(ChunkError::RowCount {
                entity,
                column,
                expected,
                actual: values.len(),
            });
        }
        rows = rows.or(Some(values.len()));
        let offsets = match lengths {
            Some(lengths) => OffsetBuffer::from_lengths(lengths.iter().copied()),
            None => OffsetBuffer::from_repeated_length(1, values.len()),
        };
        let field = Arc::new(Field::new("item", values.data_type().clone(), true));
        let lists =
            ListArray::try_new(field, offsets, values, None).map_err(|error| ChunkError::MixedTypes {
                entity: entity.clone(),
                component: descriptor.component.to_string(),
                message: error.to_string(),
            })?;
        columns.push(ComponentColumn::new(descriptor, lists));
    }
    let rows = rows
        .or(timelines.first().map(|column| column.times().len()))
        .unwrap_or(0);
    let row_ids: Vec<RowId> = (0..rows).map(|_| RowId::new()).collect();
    Chunk::new(ChunkId::new(), entity, row_ids, timelines, columns)
}
