//! Values of components as text: Arrow arrays to RON and back, by their datatype.

use std::{cell::Cell, fmt, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, FixedSizeListArray, LargeBinaryArray,
    LargeStringArray, ListArray, NullArray, PrimitiveArray, StringArray, StructArray, UnionArray,
    cast::AsArray as _, types,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, UnionFields, UnionMode};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
    ser::{Error as _, SerializeMap as _, SerializeSeq as _},
};

/// The values that may stand in the arrays of a document for instances that are null. Lists of a fixed size
/// have them, and a few letters of text could ask for very many.
const MAX_PADDING: usize = 1 << 20;

thread_local! {
    /// How many of them are left to the document that is being read.
    static PADDING: Cell<usize> = const { Cell::new(MAX_PADDING) };
}

/// Reads a document, all of whose values together may take [`MAX_PADDING`].
pub(super) fn with_padding<T>(read: impl FnOnce() -> T) -> T {
    PADDING.set(MAX_PADDING);
    let document = read();
    PADDING.set(MAX_PADDING);
    document
}

/// The instances of an array, to be written.
pub(super) struct Instances<'a>(pub &'a dyn Array);

impl Serialize for Instances<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for at in 0..self.0.len() {
            list.serialize_element(&Instance { array: self.0, at })?;
        }
        list.end()
    }
}

struct Instance<'a> {
    array: &'a dyn Array,
    at: usize,
}

impl Instance<'_> {
    fn primitive<T: ArrowPrimitiveType>(&self) -> T::Native {
        self.array.as_primitive::<T>().value(self.at)
    }
}

impl Serialize for Instance<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let &Instance { array, at } = self;
        if *array.data_type() == DataType::Null {
            return to.serialize_unit();
        }
        if array.is_null(at) {
            return to.serialize_none();
        }
        match array.data_type() {
            DataType::Boolean => to.serialize_bool(array.as_boolean().value(at)),
            DataType::Int8 => to.serialize_i8(self.primitive::<types::Int8Type>()),
            DataType::Int16 => to.serialize_i16(self.primitive::<types::Int16Type>()),
            DataType::Int32 => to.serialize_i32(self.primitive::<types::Int32Type>()),
            DataType::Int64 => to.serialize_i64(self.primitive::<types::Int64Type>()),
            DataType::UInt8 => to.serialize_u8(self.primitive::<types::UInt8Type>()),
            DataType::UInt16 => to.serialize_u16(self.primitive::<types::UInt16Type>()),
            DataType::UInt32 => to.serialize_u32(self.primitive::<types::UInt32Type>()),
            DataType::UInt64 => to.serialize_u64(self.primitive::<types::UInt64Type>()),
            DataType::Float16 => to.serialize_f32(self.primitive::<types::Float16Type>().to_f32()),
            DataType::Float32 => to.serialize_f32(self.primitive::<types::Float32Type>()),
            DataType::Float64 => to.serialize_f64(self.primitive::<types::Float64Type>()),
            DataType::Utf8 => to.serialize_str(array.as_string::<i32>().value(at)),
            DataType::LargeUtf8 => to.serialize_str(array.as_string::<i64>().value(at)),
            DataType::Binary => to.serialize_bytes(array.as_binary::<i32>().value(at)),
            DataType::LargeBinary => to.serialize_bytes(array.as_binary::<i64>().value(at)),
            DataType::List(_) => Instances(&array.as_list::<i32>().value(at)).serialize(to),
            DataType::FixedSizeList(..) => Instances(&array.as_fixed_size_list().value(at)).serialize(to),
            DataType::Struct(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (field, column) in fields.iter().zip(array.as_struct().columns()) {
                    map.serialize_entry(field.name(), &Instance { array: column, at })?;
                }
                map.end()
            }
            DataType::Union(variants, _) => {
                let union = array
                    .as_any()
                    .downcast_ref::<UnionArray>()
                    .ok_or_else(|| S::Error::custom("a union is no union"))?;
                let id = union.type_id(at);
                let variant = variants.iter().find(|(other, _)| *other == id);
                let (_, field) = variant.ok_or_else(|| S::Error::custom("a union has an unknown variant"))?;
                let instance = Instance {
                    array: union.child(id),
                    at: union.value_offset(at),
                };
                let mut map = to.serialize_map(Some(1))?;
                map.serialize_entry(field.name(), &instance)?;
                map.end()
            }
            other => Err(S::Error::custom(format!("values of type {other} have no text"))),
        }
    }
}

/// Reads a list of instances of a datatype.
pub(super) struct ReadInstances<'a>(pub &'a DataType);

impl<'de> DeserializeSeed<'de> for ReadInstances<'_> {
    type Value = ArrayRef;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<ArrayRef, D::Error> {
        let field = Field::new("item", self.0.clone(), true);
        let values = from.deserialize_seq(ListOf {
            item: &field,
            length: None,
        })?;
        array(&field, values).map_err(D::Error::custom)
    }
}

/// The array of a list of instances, whose elements were read as [`ReadInstances`] does.
pub(super) fn read_seq<'de, A: SeqAccess<'de>>(datatype: &DataType, seq: A) -> Result<ArrayRef, A::Error> {
    let field = Field::new("item", datatype.clone(), true);
    let values = ListOf {
        item: &field,
        length: None,
    }
    .visit_seq(seq)?;
    array(&field, values).map_err(A::Error::custom)
}

/// A value that was read.
enum Value {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// The elements of a list, or the fields of a struct.
    List(Vec<Value>),
    Variant(i8, Box<Value>),
}

/// Reads a value of a field's datatype.
struct ValueOf<'a>(&'a Field);

impl<'de> DeserializeSeed<'de> for ValueOf<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        if self.0.is_nullable() && *self.0.data_type() != DataType::Null {
            from.deserialize_option(Nullable(self.0))
        } else {
            read_value(self.0.data_type(), from)
        }
    }
}

struct Nullable<'a>(&'a Field);

impl<'de> Visitor<'de> for Nullable<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value of type {}", self.0.data_type())
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        read_value(self.0.data_type(), from)
    }
}

fn read_value<'de, D: Deserializer<'de>>(datatype: &DataType, from: D) -> Result<Value, D::Error> {
    match datatype {
        DataType::Null => plain::<(), D>(from, datatype, |()| Value::Null),
        DataType::Boolean => plain(from, datatype, Value::Bool),
        DataType::Int8 => plain(from, datatype, |value: i8| Value::Int(value.into())),
        DataType::Int16 => plain(from, datatype, |value: i16| Value::Int(value.into())),
        DataType::Int32 => plain(from, datatype, |value: i32| Value::Int(value.into())),
        DataType::Int64 => plain(from, datatype, Value::Int),
        DataType::UInt8 => plain(from, datatype, |value: u8| Value::UInt(value.into())),
        DataType::UInt16 => plain(from, datatype, |value: u16| Value::UInt(value.into())),
        DataType::UInt32 => plain(from, datatype, |value: u32| Value::UInt(value.into())),
        DataType::UInt64 => plain(from, datatype, Value::UInt),
        DataType::Float16 | DataType::Float32 => {
            plain(from, datatype, |value: f32| Value::Float(value.into()))
        }
        DataType::Float64 => plain(from, datatype, Value::Float),
        DataType::Utf8 | DataType::LargeUtf8 => plain(from, datatype, Value::Text),
        DataType::Binary | DataType::LargeBinary => from.deserialize_byte_buf(BytesOf).map(Value::Bytes),
        DataType::List(item) => from
            .deserialize_seq(ListOf { item, length: None })
            .map(Value::List),
        DataType::FixedSizeList(item, length) => {
            let length = usize::try_from(*length).ok();
            from.deserialize_seq(ListOf { item, length }).map(Value::List)
        }
        DataType::Struct(fields) => from.deserialize_map(StructOf(fields)),
        DataType::Union(variants, UnionMode::Dense) => from.deserialize_map(UnionOf(variants)),
        other => Err(D::Error::custom(format!("values of type {other} have no text"))),
    }
}

/// A value that is one word, whose error says what was expected.
fn plain<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
    datatype: &DataType,
    value: impl FnOnce(T) -> Value,
) -> Result<Value, D::Error> {
    T::deserialize(from)
        .map(value)
        .map_err(|error| D::Error::custom(format!("{error}: expected a value of type {datatype}")))
}

struct BytesOf;

impl Visitor<'_> for BytesOf {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes, as in b\"...\"")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }
}

/// A list, of a length where that is given.
struct ListOf<'a> {
    item: &'a Field,
    length: Option<usize>,
}

impl<'de> Visitor<'de> for ListOf<'_> {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Some(length) => write!(f, "a list of {length} values of type {}", self.item.data_type()),
            None => write!(f, "a list of values of type {}", self.item.data_type()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Value>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(ValueOf(self.item))? {
            values.push(value);
            if self.length.is_some_and(|length| values.len() > length) {
                break;
            }
        }
        if self.length.is_some_and(|length| values.len() != length) {
            return Err(A::Error::invalid_length(values.len(), &self));
        }
        Ok(values)
    }
}

struct StructOf<'a>(&'a arrow_schema::Fields);

impl<'de> Visitor<'de> for StructOf<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|field| field.name().as_str()).collect();
        write!(f, "a map of the fields {}", names.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values: Vec<Option<Value>> = self.0.iter().map(|_| None).collect();
        while let Some(name) = map.next_key::<String>()? {
            let known = self
                .0
                .iter()
                .zip(&mut values)
                .find(|(field, _)| *field.name() == name);
            let Some((field, value)) = known else {
                return Err(A::Error::custom(format!(
                    "unknown field {name:?}: expected {}",
                    Expected(&self)
                )));
            };
            if value.is_some() {
                return Err(A::Error::custom(format!("{name:?} appears twice")));
            }
            *value = Some(map.next_value_seed(ValueOf(field))?);
        }
        let missing = |field: &Field| format!("{:?} is missing: expected {}", field.name(), Expected(&self));
        let values: Result<Vec<Value>, String> = values
            .into_iter()
            .zip(self.0)
            .map(|(value, field)| match value {
                None if !field.is_nullable() => Err(missing(field)),
                value => Ok(value.unwrap_or(Value::Null)),
            })
            .collect();
        values.map(Value::List).map_err(A::Error::custom)
    }
}

struct UnionOf<'a>(&'a UnionFields);

impl<'de> Visitor<'de> for UnionOf<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|(_, field)| field.name().as_str()).collect();
        write!(f, "a map of one of {}", names.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let wrong = |what: String| A::Error::custom(format!("{what}: expected {}", Expected(&self)));
        let name = map
            .next_key::<String>()?
            .ok_or_else(|| wrong("an empty map".to_owned()))?;
        let variant = self.0.iter().find(|(_, field)| *field.name() == name);
        let (id, field) = variant.ok_or_else(|| wrong(format!("unknown variant {name:?}")))?;
        let value = map.next_value_seed(ValueOf(field))?;
        match map.next_key::<String>()? {
            None => Ok(Value::Variant(id, Box::new(value))),
            Some(other) => Err(wrong(format!("two variants, {name:?} and {other:?}"))),
        }
    }
}

/// What a visitor expects, in a sentence.
struct Expected<'a, V>(&'a V);

impl<'de, V: Visitor<'de>> fmt::Display for Expected<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

/// The array of values that were read for a field.
fn array(field: &Field, values: Vec<Value>) -> Result<ArrayRef, String> {
    let mut padding = PADDING.get();
    let array = build(field, values, &mut padding);
    PADDING.set(padding);
    array
}

/// Values that are null where the field cannot be are padding, below a null.
fn build(field: &Field, values: Vec<Value>, padding: &mut usize) -> Result<ArrayRef, String> {
    let is_valid = |value: &Value| !matches!(value, Value::Null);
    let nulls = (field.is_nullable() && !values.iter().all(is_valid))
        .then(|| NullBuffer::new(BooleanBuffer::from_iter(values.iter().map(is_valid))));
    let failed = |error: arrow_schema::ArrowError| error.to_string();
    let int = |value: &Value| match value {
        Value::Int(value) => *value,
        _ => 0,
    };
    let uint = |value: &Value| match value {
        Value::UInt(value) => *value,
        _ => 0,
    };
    let float = |value: &Value| match value {
        Value::Float(value) => *value,
        _ => 0.0,
    };
    Ok(match field.data_type() {
        DataType::Null => Arc::new(NullArray::new(values.len())),
        DataType::Boolean => {
            let bits = values.iter().map(|value| matches!(value, Value::Bool(true)));
            Arc::new(BooleanArray::new(BooleanBuffer::from_iter(bits), nulls))
        }
        DataType::Int8 => numbers::<types::Int8Type>(&values, nulls, |value| int(value) as i8),
        DataType::Int16 => numbers::<types::Int16Type>(&values, nulls, |value| int(value) as i16),
        DataType::Int32 => numbers::<types::Int32Type>(&values, nulls, |value| int(value) as i32),
        DataType::Int64 => numbers::<types::Int64Type>(&values, nulls, int),
        DataType::UInt8 => numbers::<types::UInt8Type>(&values, nulls, |value| uint(value) as u8),
        DataType::UInt16 => numbers::<types::UInt16Type>(&values, nulls, |value| uint(value) as u16),
        DataType::UInt32 => numbers::<types::UInt32Type>(&values, nulls, |value| uint(value) as u32),
        DataType::UInt64 => numbers::<types::UInt64Type>(&values, nulls, uint),
        DataType::Float16 => numbers::<types::Float16Type>(&values, nulls, |value| {
            <<types::Float16Type as ArrowPrimitiveType>::Native>::from_f64(float(value))
        }),
        DataType::Float32 => numbers::<types::Float32Type>(&values, nulls, |value| float(value) as f32),
        DataType::Float64 => numbers::<types::Float64Type>(&values, nulls, float),
        DataType::Utf8 => Arc::new(StringArray::from_iter(
            values.iter().map(|value| text(value, nulls.is_some())),
        )),
        DataType::LargeUtf8 => Arc::new(LargeStringArray::from_iter(
            values.iter().map(|value| text(value, nulls.is_some())),
        )),
        DataType::Binary => Arc::new(BinaryArray::from_iter(
            values.iter().map(|value| bytes(value, nulls.is_some())),
        )),
        DataType::LargeBinary => Arc::new(LargeBinaryArray::from_iter(
            values.iter().map(|value| bytes(value, nulls.is_some())),
        )),
        DataType::List(item) => {
            let lists: Vec<Vec<Value>> = values.into_iter().map(elements).collect();
            let offsets = OffsetBuffer::from_lengths(lists.iter().map(Vec::len));
            let inner = build(item, lists.into_iter().flatten().collect(), padding)?;
            Arc::new(ListArray::try_new(Arc::clone(item), offsets, inner, nulls).map_err(failed)?)
        }
        DataType::FixedSizeList(item, length) => {
            let count = values.len();
            let size = usize::try_from(*length).map_err(|_error| "a list of a negative size".to_owned())?;
            let mut inner = Vec::new();
            for value in values {
                let mut elements = elements(value);
                pad(&mut elements, size, padding)?;
                inner.append(&mut elements);
            }
            let inner = build(item, inner, padding)?;
            // A list of no elements does not tell how many there are.
            let list =
                FixedSizeListArray::try_new_with_length(Arc::clone(item), *length, inner, nulls, count);
            Arc::new(list.map_err(failed)?)
        }
        DataType::Struct(fields) => {
            let count = values.len();
            let mut columns: Vec<Vec<Value>> = fields.iter().map(|_| Vec::with_capacity(count)).collect();
            for value in values {
                let mut elements = elements(value);
                pad(&mut elements, fields.len(), padding)?;
                for (column, element) in columns.iter_mut().zip(elements) {
                    column.push(element);
                }
            }
            let columns: Result<Vec<ArrayRef>, String> = fields
                .iter()
                .zip(columns)
                .map(|(field, column)| build(field, column, padding))
                .collect();
            let array = StructArray::try_new_with_length(fields.clone(), columns?, nulls, count);
            Arc::new(array.map_err(failed)?)
        }
        DataType::Union(variants, UnionMode::Dense) => union(variants, values, padding)?,
        other => return Err(format!("values of type {other} have no text")),
    })
}

fn union(variants: &UnionFields, values: Vec<Value>, padding: &mut usize) -> Result<ArrayRef, String> {
    let (first, _) = variants.iter().next().ok_or("a union without variants")?;
    let mut children: Vec<(i8, &Field, Vec<Value>)> = variants
        .iter()
        .map(|(id, field)| (id, field.as_ref(), Vec::new()))
        .collect();
    let (mut ids, mut offsets) = (Vec::with_capacity(values.len()), Vec::with_capacity(values.len()));
    for value in values {
        // A union has no nulls of its own: its first variant stands for them.
        let (id, value) = match value {
            Value::Variant(id, value) => (id, *value),
            _ => (first, Value::Null),
        };
        if let Some((_, _, child)) = children.iter_mut().find(|(other, ..)| *other == id) {
            ids.push(id);
            offsets.push(i32::try_from(child.len()).map_err(|_error| "too many values")?);
            child.push(value);
        }
    }
    let children: Result<Vec<ArrayRef>, String> = children
        .into_iter()
        .map(|(_, field, child)| build(field, child, padding))
        .collect();
    let union = UnionArray::try_new(
        variants.clone(),
        ScalarBuffer::from(ids),
        Some(ScalarBuffer::from(offsets)),
        children?,
    );
    Ok(Arc::new(union.map_err(|error| error.to_string())?))
}

fn numbers<T: ArrowPrimitiveType>(
    values: &[Value],
    nulls: Option<NullBuffer>,
    number: impl Fn(&Value) -> T::Native,
) -> ArrayRef {
    let numbers: Vec<T::Native> = values.iter().map(number).collect();
    Arc::new(PrimitiveArray::<T>::new(numbers.into(), nulls))
}

/// A null, or an empty text where that only pads.
fn text(value: &Value, has_nulls: bool) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => (!has_nulls).then_some(""),
    }
}

fn bytes(value: &Value, has_nulls: bool) -> Option<&[u8]> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => (!has_nulls).then_some(&[]),
    }
}

fn elements(value: Value) -> Vec<Value> {
    match value {
        Value::List(elements) => elements,
        _ => Vec::new(),
    }
}

fn pad(elements: &mut Vec<Value>, length: usize, padding: &mut usize) -> Result<(), String> {
    let missing = length.saturating_sub(elements.len());
    *padding = padding
        .checked_sub(missing)
        .ok_or_else(|| format!("nulls that take more than {MAX_PADDING} values"))?;
    elements.extend(std::iter::repeat_with(|| Value::Null).take(missing));
    Ok(())
}
