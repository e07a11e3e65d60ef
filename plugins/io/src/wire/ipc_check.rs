//! Holds the metadata of an Arrow message against its body, so that Arrow never meets a length that lies.
//!
//! Arrow reports most damage, but some it answers with a panic: types that it does not know, buffers that leave the body,
//! validity that is shorter than its array. And arrays of types that take no memory may claim any length.

use arrow_buffer::Buffer;
use arrow_ipc::{
    DateUnit, Endianness, Field, IntervalUnit, MetadataVersion, Precision, RecordBatch, TimeUnit, Type,
    UnionMode,
};
use arrow_schema::DataType;

use crate::error::MessageError;

/// Whether Arrow knows all types of a schema.
pub(crate) fn check_schema(schema: arrow_ipc::Schema<'_>) -> Result<(), MessageError> {
    if schema.endianness() != Endianness::Little {
        return Err(MessageError::UnsupportedType("big-endian data"));
    }
    let fields = schema
        .fields()
        .ok_or(MessageError::Ipc("the schema has no fields"))?;
    fields.iter().try_for_each(check_field)
}

fn check_field(field: Field<'_>) -> Result<(), MessageError> {
    const MISSING: MessageError = MessageError::Ipc("a type is incomplete");
    let known = |known: bool, what: &'static str| {
        if known {
            Ok(())
        } else {
            Err(MessageError::UnsupportedType(what))
        }
    };
    if let Some(dictionary) = field.dictionary() {
        check_int(dictionary.indexType())?;
    }
    let children = field.children();
    let count = children.map_or(0, |children| children.len());
    match field.type_type() {
        Type::Null
        | Type::Bool
        | Type::Binary
        | Type::LargeBinary
        | Type::BinaryView
        | Type::Utf8
        | Type::LargeUtf8
        | Type::Utf8View
        | Type::Struct_ => {}
        Type::Int => check_int(field.type_as_int())?,
        Type::FloatingPoint => {
            let precision = field.type_as_floating_point().ok_or(MISSING)?.precision();
            known(
                matches!(precision, Precision::HALF | Precision::SINGLE | Precision::DOUBLE),
                "a float",
            )?;
        }
        Type::Date => {
            let unit = field.type_as_date().ok_or(MISSING)?.unit();
            known(matches!(unit, DateUnit::DAY | DateUnit::MILLISECOND), "a date")?;
        }
        Type::Time => {
            let time = field.type_as_time().ok_or(MISSING)?;
            let units = match time.bitWidth() {
                32 => [TimeUnit::SECOND, TimeUnit::MILLISECOND],
                64 => [TimeUnit::MICROSECOND, TimeUnit::NANOSECOND],
                _ => return Err(MessageError::UnsupportedType("a time")),
            };
            known(units.contains(&time.unit()), "a time")?;
        }
        Type::Timestamp => check_time_unit(field.type_as_timestamp().ok_or(MISSING)?.unit())?,
        Type::Duration => check_time_unit(field.type_as_duration().ok_or(MISSING)?.unit())?,
        Type::Interval => {
            let unit = field.type_as_interval().ok_or(MISSING)?.unit();
            let units = [
                IntervalUnit::YEAR_MONTH,
                IntervalUnit::DAY_TIME,
                IntervalUnit::MONTH_DAY_NANO,
            ];
            known(units.contains(&unit), "an interval")?;
        }
        Type::Decimal => {
            let decimal = field.type_as_decimal().ok_or(MISSING)?;
            let fits = matches!(decimal.bitWidth(), 32 | 64 | 128 | 256)
                && u8::try_from(decimal.precision()).is_ok()
                && i8::try_from(decimal.scale()).is_ok();
            known(fits, "a decimal")?;
        }
        Type::FixedSizeBinary => {
            let width = field.type_as_fixed_size_binary().ok_or(MISSING)?.byteWidth();
            known(width >= 0, "a negative size")?;
        }
        Type::List | Type::LargeList | Type::ListView | Type::LargeListView => {
            known(count == 1, "a list of no type")?;
        }
        Type::FixedSizeList => {
            let size = field.type_as_fixed_size_list().ok_or(MISSING)?.listSize();
            known(size >= 0 && count == 1, "a list of a negative size or no type")?;
        }
        Type::Map => {
            field.type_as_map().ok_or(MISSING)?;
            let entries = children
                .filter(|children| children.len() == 1)
                .map(|children| children.get(0));
            let pairs = entries.is_some_and(|entries| {
                entries.type_type() == Type::Struct_ && entries.children().is_some_and(|pair| pair.len() == 2)
            });
            known(pairs, "a map without keys and values")?;
        }
        Type::Union => {
            let union = field.type_as_union().ok_or(MISSING)?;
            known(
                matches!(union.mode(), UnionMode::Dense | UnionMode::Sparse),
                "a union",
            )?;
            known(count <= 127, "a union of too many types")?;
            if let Some(ids) = union.typeIds() {
                let mut seen = [false; 128];
                let mut fresh = |id: i32| {
                    usize::try_from(id)
                        .ok()
                        .and_then(|id| seen.get_mut(id))
                        .is_some_and(|seen| !std::mem::replace(seen, true))
                };
                known(
                    ids.len() == count && ids.iter().all(&mut fresh),
                    "a union with unclear type ids",
                )?;
            }
        }
        Type::RunEndEncoded => return Err(MessageError::UnsupportedType("run-end encoding")),
        _ => return Err(MessageError::UnsupportedType("an unknown one")),
    }
    children.into_iter().flatten().try_for_each(check_field)
}

fn check_int(int: Option<arrow_ipc::Int<'_>>) -> Result<(), MessageError> {
    match int.map(|int| int.bitWidth()) {
        Some(8 | 16 | 32 | 64) => Ok(()),
        _ => Err(MessageError::UnsupportedType("an integer")),
    }
}

fn check_time_unit(unit: TimeUnit) -> Result<(), MessageError> {
    match unit {
        TimeUnit::SECOND | TimeUnit::MILLISECOND | TimeUnit::MICROSECOND | TimeUnit::NANOSECOND => Ok(()),
        _ => Err(MessageError::UnsupportedType("a unit of time")),
    }
}

/// Whether all arrays of a batch lie inside its body.
pub(crate) fn check_batch(
    types: &[&DataType],
    batch: RecordBatch<'_>,
    version: MetadataVersion,
    body: &Buffer,
) -> Result<(), MessageError> {
    if batch.compression().is_some() {
        return Err(MessageError::UnsupportedType("compression inside of Arrow"));
    }
    // No array can be longer than one element per bit of the body, unless its elements take no memory.
    let max_length = body.len() as u64 * 8;
    length(batch.length(), max_length.max(MAX_EMPTY_VALUES))?;
    let mut check = BatchCheck {
        nodes: batch
            .nodes()
            .into_iter()
            .flatten()
            .map(|node| (node.length(), node.null_count())),
        buffers: batch
            .buffers()
            .into_iter()
            .flatten()
            .map(|buffer| (buffer.offset(), buffer.length())),
        variadic: batch.variadicBufferCounts().into_iter().flatten(),
        unions_have_validity: version < MetadataVersion::V5,
        body_bytes: body.len() as u64,
        used_bytes: 0,
        max_length,
    };
    types.iter().try_for_each(|data_type| check.array(data_type))?;
    if check.variadic.next().is_some() {
        return Err(MessageError::Ipc("it has buffers that belong to no column"));
    }
    // Whatever is not used stays in memory as long as the rest.
    if check.body_bytes > check.used_bytes.saturating_mul(2) + 4096 {
        return Err(MessageError::Ipc("most of its body belongs to no column"));
    }
    Ok(())
}

/// The most elements that an array may have whose elements take no memory, such as nulls of no type. Nothing else bounds
/// what it may claim, and whoever copies or prints the array pays for each of them.
const MAX_EMPTY_VALUES: u64 = 1 << 16;

struct BatchCheck<N, B, V> {
    nodes: N,
    buffers: B,
    variadic: V,
    unions_have_validity: bool,
    body_bytes: u64,
    /// The bytes of buffers, each with what it may be padded by.
    used_bytes: u64,
    max_length: u64,
}

impl<N, B, V> BatchCheck<N, B, V>
where
    N: Iterator<Item = (i64, i64)>,
    B: Iterator<Item = (i64, i64)>,
    V: Iterator<Item = i64>,
{
    fn array(&mut self, data_type: &DataType) -> Result<(), MessageError> {
        let (rows, nulls) = self
            .nodes
            .next()
            .ok_or(MessageError::Ipc("an array is missing"))?;
        let rows = if takes_no_memory(data_type) {
            length(rows, i64::MAX as u64).and_then(|rows| match rows {
                0..=MAX_EMPTY_VALUES => Ok(rows),
                rows => Err(MessageError::TooManyEmptyValues {
                    values: rows,
                    limit: MAX_EMPTY_VALUES,
                }),
            })?
        } else {
            length(rows, self.max_length)?
        };
        let nulls = length(nulls, rows)?;
        let validity = if nulls > 0 { rows.div_ceil(8) } else { 0 };
        // An empty array may leave its offsets out.
        let offsets = |bytes: u64| if rows == 0 { 0 } else { (rows + 1) * bytes };
        match data_type {
            DataType::Null => return Ok(()),
            DataType::Union(fields, mode) => {
                if self.unions_have_validity {
                    self.buffer(0, 1)?;
                }
                self.buffer(rows, 1)?;
                if *mode == arrow_schema::UnionMode::Dense {
                    self.buffer(rows * 4, 4)?;
                }
                return fields
                    .iter()
                    .try_for_each(|(_, field)| self.array(field.data_type()));
            }
            _ => self.buffer(validity, 1)?,
        }
        match data_type {
            DataType::Boolean => self.buffer(rows.div_ceil(8), 1),
            DataType::Utf8 | DataType::Binary => self.buffer(offsets(4), 4).and_then(|()| self.buffer(0, 1)),
            DataType::LargeUtf8 | DataType::LargeBinary => {
                self.buffer(offsets(8), 8).and_then(|()| self.buffer(0, 1))
            }
            DataType::Utf8View | DataType::BinaryView => {
                self.buffer(rows * 16, 16)?;
                let count = self
                    .variadic
                    .next()
                    .ok_or(MessageError::Ipc("a count of buffers is missing"))?;
                (0..length(count, self.body_bytes)?).try_for_each(|_| self.buffer(0, 1))
            }
            DataType::List(field) | DataType::Map(field, _) => {
                self.buffer(offsets(4), 4)?;
                self.array(field.data_type())
            }
            DataType::LargeList(field) => {
                self.buffer(offsets(8), 8)?;
                self.array(field.data_type())
            }
            DataType::ListView(field) => {
                (0..2).try_for_each(|_| self.buffer(rows * 4, 4))?;
                self.array(field.data_type())
            }
            DataType::LargeListView(field) => {
                (0..2).try_for_each(|_| self.buffer(rows * 8, 8))?;
                self.array(field.data_type())
            }
            DataType::FixedSizeList(field, _) => self.array(field.data_type()),
            DataType::Struct(fields) => fields.iter().try_for_each(|field| self.array(field.data_type())),
            DataType::Dictionary(keys, _) => self.primitive(keys, rows),
            DataType::FixedSizeBinary(width) => {
                self.buffer(rows.saturating_mul(u64::try_from(*width).unwrap_or(0)), 1)
            }
            primitive => self.primitive(primitive, rows),
        }
    }

    fn primitive(&mut self, data_type: &DataType, rows: u64) -> Result<(), MessageError> {
        let width = data_type.primitive_width().unwrap_or(1) as u64;
        self.buffer(rows * width, width)
    }

    /// Whether the next buffer lies in the body, has the bytes that its array needs, and is made of whole elements of such
    /// a width.
    fn buffer(&mut self, needed: u64, width: u64) -> Result<(), MessageError> {
        let (offset, bytes) = self
            .buffers
            .next()
            .ok_or(MessageError::Ipc("a buffer is missing"))?;
        let offset = length(offset, self.body_bytes)?;
        let bytes = length(bytes, self.body_bytes - offset)?;
        self.used_bytes += bytes + 64;
        if bytes < needed {
            return Err(MessageError::Ipc("a buffer is shorter than its array"));
        }
        // Arrow asks for an alignment of eight bytes, whatever the width.
        if offset % width.min(8) != 0 || bytes % width != 0 {
            return Err(MessageError::Ipc("a buffer is not made of whole elements"));
        }
        Ok(())
    }
}

/// Whether an array of this type may have any length without a buffer that proves it.
fn takes_no_memory(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null | DataType::FixedSizeBinary(0) | DataType::FixedSizeList(_, 0) => true,
        DataType::FixedSizeList(field, _) => takes_no_memory(field.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| takes_no_memory(field.data_type())),
        _ => false,
    }
}

/// A length that is neither negative nor greater than it can be.
fn length(length: i64, max: u64) -> Result<u64, MessageError> {
    u64::try_from(length)
        .ok()
        .filter(|&length| length <= max)
        .ok_or(MessageError::Ipc("a length is not possible"))
}
