//! Record batches to chunks, and chunks to record batches.
//!
//! A batch has the chunk's id and its entity in its metadata, and columns of three kinds: the row ids, a column per
//! timeline, a column of lists per component.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef, DurationNanosecondArray, FixedSizeBinaryArray, Int64Array, LargeListArray, ListArray,
    RecordBatch, StructArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema};
use chronoscope_store::{Chunk, ChunkId, ComponentColumn, RowId, RowIds, TimeColumn, TimeType, Timeline};

use super::{
    WireError,
    ipc::Batch,
    layout::{Column, Layout, column_type},
    migrate::{Metadata, abbreviated, parse_id},
    schemas::Schemas,
};
use crate::MessageError;

const ROW_ID_COLUMN: &str = "rerun.controls.RowId";
/// The version of the layout that is written.
const LAYOUT_VERSION: &str = "0.1.3";

/// The chunk of a batch. The id of the batch's metadata goes before the message's.
pub(crate) fn chunk_from_batch(
    batch: &Batch,
    message_id: Option<ChunkId>,
    schemas: &mut Schemas,
) -> Result<Chunk, WireError> {
    let schema = &*batch.schema.schema;
    let Layout { entity, columns } = batch.schema.layout(schemas)?;
    let fail = |reason: MessageError| WireError {
        entity: Some(entity.clone()),
        reason,
    };
    let written_id = || Metadata::new(schema.metadata()).get("id");
    let id = match (batch.id, written_id()) {
        (Some(id), _) => id,
        (None, Some(text)) => parse_id(text).ok_or_else(|| {
            fail(MessageError::Metadata {
                key: "id",
                value: abbreviated(text),
            })
        })?,
        (None, None) => message_id.ok_or_else(|| fail(MessageError::Missing("chunk id")))?,
    };
    let (mut row_ids, mut timelines, mut components) = (None, Vec::new(), Vec::new());
    for ((field, array), column) in schema.fields().iter().zip(batch.rows.columns()).zip(columns) {
        match column {
            Column::RowIds => row_ids = Some(read_row_ids(field, array).map_err(fail)?),
            Column::Times(timeline) => timelines.push(read_times(field, array, timeline).map_err(fail)?),
            Column::Component(descriptor) => {
                let lists = as_lists(array).map_err(fail)?;
                components.push(ComponentColumn::new(descriptor.clone(), lists));
            }
            Column::Nothing => {}
        }
    }
    let row_ids = row_ids.ok_or_else(|| fail(MessageError::Missing("column of row ids")))?;
    Chunk::new(id, entity.clone(), row_ids, timelines, components)
        .map(Chunk::without_waste)
        .map_err(|error| fail(error.into()))
}

/// The batch of a chunk, as the SDK writes it.
pub(crate) fn batch_from_chunk(chunk: &Chunk) -> Result<RecordBatch, MessageError> {
    let mut fields = Vec::with_capacity(1 + chunk.timelines().len() + chunk.components().len());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(fields.capacity());

    let row_ids: Vec<u8> = chunk.row_ids().iter().flat_map(|id| id.to_be_bytes()).collect();
    let mut metadata = column_metadata("control", chunk.row_ids_sorted());
    metadata.insert("ARROW:extension:name".to_owned(), "TUID".to_owned());
    metadata.insert(
        "ARROW:extension:metadata".to_owned(),
        r#"{"namespace":"row"}"#.to_owned(),
    );
    fields.push(Field::new(ROW_ID_COLUMN, DataType::FixedSizeBinary(16), false).with_metadata(metadata));
    columns.push(Arc::new(FixedSizeBinaryArray::try_new(
        16,
        Buffer::from_vec(row_ids),
        None,
    )?));

    for column in chunk.timelines() {
        let (timeline, times) = (column.timeline(), column.times().clone());
        let array: ArrayRef = match timeline.time_type() {
            TimeType::Sequence => Arc::new(Int64Array::new(times, None)),
            TimeType::DurationNs => Arc::new(DurationNanosecondArray::new(times, None)),
            TimeType::TimestampNs => Arc::new(TimestampNanosecondArray::new(times, None)),
        };
        let mut metadata = column_metadata("index", column.is_sorted());
        metadata.insert("rerun:index_name".to_owned(), timeline.name().to_string());
        fields.push(Field::new(&**timeline.name(), array.data_type().clone(), true).with_metadata(metadata));
        columns.push(array);
    }

    for column in chunk.components() {
        let descriptor = column.descriptor();
        let mut metadata = column_metadata("data", false);
        metadata.insert("rerun:component".to_owned(), descriptor.component.to_string());
        let optional = [
            ("rerun:archetype", &descriptor.archetype),
            ("rerun:component_type", &descriptor.component_type),
        ];
        metadata.extend(
            optional
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value.as_ref()?.to_string()))),
        );
        if chunk.is_static() {
            metadata.insert("rerun:is_static".to_owned(), "true".to_owned());
        }
        let lists = column.lists();
        fields.push(
            Field::new(&*descriptor.component, lists.data_type().clone(), true).with_metadata(metadata),
        );
        columns.push(Arc::new(lists.clone()));
    }

    let metadata = HashMap::from([
        ("sorbet:version".to_owned(), LAYOUT_VERSION.to_owned()),
        ("rerun:id".to_owned(), format!("chunk_{}", format_id(chunk.id()))),
        ("rerun:entity_path".to_owned(), chunk.entity_path().to_string()),
    ]);
    Ok(RecordBatch::try_new(
        Arc::new(Schema::new_with_metadata(fields, metadata)),
        columns,
    )?)
}

fn column_metadata(kind: &str, sorted: bool) -> HashMap<String, String> {
    let mut metadata = HashMap::from([("rerun:kind".to_owned(), kind.to_owned())]);
    if sorted {
        metadata.insert("rerun:is_sorted".to_owned(), "true".to_owned());
    }
    metadata
}

fn format_id(id: ChunkId) -> String {
    format!("{:032x}", id.as_u128())
}

/// The ids of the rows, where they lie.
fn read_row_ids(field: &Field, column: &ArrayRef) -> Result<RowIds, MessageError> {
    if column.null_count() > 0 {
        return Err(MessageError::NullInIndex {
            column: abbreviated(field.name()),
        });
    }
    if let Some(ids) = column.as_any().downcast_ref::<FixedSizeBinaryArray>() {
        return RowIds::try_from(ids).map_err(|_width| column_type(field, "FixedSizeBinary(16)"));
    }
    // Before 0.23 an id was a struct of its two halves.
    let half = |name: &str| {
        let halves = column.as_any().downcast_ref::<StructArray>()?;
        halves
            .column_by_name(name)?
            .as_any()
            .downcast_ref::<UInt64Array>()
            .cloned()
    };
    if let (Some(high), Some(low)) = (half("time_ns"), half("inc")) {
        let halves = high.values().iter().zip(low.values());
        return Ok(halves
            .map(|(&high, &low)| RowId::from_u128((u128::from(high) << 64) | u128::from(low)))
            .collect::<Vec<_>>()
            .into());
    }
    Err(column_type(field, "FixedSizeBinary(16)"))
}

fn read_times(field: &Field, column: &ArrayRef, timeline: &Timeline) -> Result<TimeColumn, MessageError> {
    if column.null_count() > 0 {
        return Err(MessageError::NullInIndex {
            column: abbreviated(field.name()),
        });
    }
    Ok(TimeColumn::new(timeline.clone(), time_values(field, column)?))
}

/// The times of a column whose type was found to be one of times. What stands for a null is undefined.
pub(crate) fn time_values(field: &Field, column: &ArrayRef) -> Result<ScalarBuffer<i64>, MessageError> {
    let data = column.to_data();
    let values = data
        .buffers()
        .first()
        .ok_or_else(|| column_type(field, "an array of times"))?;
    Ok(ScalarBuffer::new(values.clone(), data.offset(), data.len()))
}

/// The column as a list per row. What is not a list is one instance per row; a null is a row without a value.
fn as_lists(column: &ArrayRef) -> Result<ListArray, MessageError> {
    if let Some(lists) = column.as_any().downcast_ref::<ListArray>() {
        return Ok(lists.clone());
    }
    if let Some(lists) = column.as_any().downcast_ref::<LargeListArray>() {
        let DataType::LargeList(field) = lists.data_type() else {
            return Err(MessageError::UnsupportedType("a long list of no type"));
        };
        let offsets: Result<Vec<i32>, _> = lists
            .offsets()
            .iter()
            .map(|&offset| i32::try_from(offset))
            .collect();
        let offsets =
            offsets.map_err(|_error| MessageError::UnsupportedType("a list of more than 2^31 instances"))?;
        let offsets = OffsetBuffer::new(offsets.into());
        let lists = ListArray::try_new(
            Arc::clone(field),
            offsets,
            Arc::clone(lists.values()),
            lists.nulls().cloned(),
        )?;
        return Ok(lists);
    }
    let nulls = column.logical_nulls();
    let rows =
        i32::try_from(column.len()).map_err(|_error| MessageError::UnsupportedType("more than 2^31 rows"))?;
    let offsets = OffsetBuffer::new((0..=rows).collect());
    let field = Arc::new(Field::new("item", column.data_type().clone(), true));
    Ok(ListArray::try_new(field, offsets, Arc::clone(column), nulls)?)
}
