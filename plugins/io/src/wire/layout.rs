//! What the columns of a batch are, by its schema alone.

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use chronoscope_store::{ComponentDescriptor, EntityPath, TimeType, Timeline};

use super::{
    WireError,
    migrate::{Metadata, SharedNames, abbreviated, checked_name, component_names},
};
use crate::MessageError;

/// What a batch is about, and what each of its columns is.
#[derive(Debug)]
pub(crate) struct Layout {
    pub entity: EntityPath,
    pub columns: Box<[Column]>,
}

/// What a column of a batch is.
#[derive(Debug)]
pub(crate) enum Column {
    RowIds,
    Times(Timeline),
    Component(ComponentDescriptor),
    /// It holds nothing, as indicators of SDKs before 0.25.
    Nothing,
}

impl Layout {
    /// The layout of the batches of a schema.
    ///
    /// # Errors
    /// Where the schema names no entity, or a column is of no kind that a chunk has.
    pub(crate) fn new(schema: &Schema, names: &mut SharedNames) -> Result<Self, WireError> {
        let entity = names.entity_path(&Metadata::new(schema.metadata()))?;
        let columns: Result<_, MessageError> = schema
            .fields()
            .iter()
            .map(|field| Column::new(field, names))
            .collect();
        match columns {
            Ok(columns) => Ok(Self { entity, columns }),
            Err(reason) => Err(WireError {
                entity: Some(entity),
                reason,
            }),
        }
    }
}

impl Column {
    fn new(field: &Field, names: &mut SharedNames) -> Result<Self, MessageError> {
        let metadata = Metadata::new(field.metadata());
        Ok(match metadata.get("kind") {
            Some("control" | "row_id") => Self::RowIds,
            Some("index" | "time") => {
                let name = metadata.get("index_name").unwrap_or_else(|| field.name());
                let name = checked_name("timeline", name)?;
                Self::Times(Timeline::new(names.get(name), time_type(field)?))
            }
            Some("data" | "component") | None => match component_names(field)? {
                Some(component) => Self::Component(component.descriptor(names)),
                None => Self::Nothing,
            },
            Some(other) => {
                return Err(MessageError::Metadata {
                    key: "kind",
                    value: abbreviated(other),
                });
            }
        })
    }
}

/// What the times of a column are.
pub(crate) fn time_type(field: &Field) -> Result<TimeType, MessageError> {
    match field.data_type() {
        DataType::Int64 => Ok(TimeType::Sequence),
        DataType::Duration(TimeUnit::Nanosecond) => Ok(TimeType::DurationNs),
        // Whatever the time zone, the values are in UTC.
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Ok(TimeType::TimestampNs),
        _ => Err(column_type(field, "Int64, Duration(ns) or Timestamp(ns)")),
    }
}

/// A column has another type than it should.
pub(crate) fn column_type(field: &Field, expected: &'static str) -> MessageError {
    MessageError::ColumnType {
        column: abbreviated(field.name()),
        data_type: abbreviated(&field.data_type().to_string()),
        expected,
    }
}
