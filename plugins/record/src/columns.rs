//! Columns with a value per row, without a copy in between.

use std::sync::{Arc, LazyLock};

use arrow_array::{
    ArrayRef, FixedSizeListArray, Float32Array, Float64Array, ListArray, StringArray, UInt64Array,
    types::ArrowPrimitiveType,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, FieldRef};
use chronoscope_store::{ChunkError, ComponentColumn, ComponentDescriptor, EntityPath};

/// A column of one value per row.
pub(crate) fn single(
    descriptor: &ComponentDescriptor,
    values: ArrayRef,
) -> Result<ComponentColumn, ChunkError> {
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    of_lists(descriptor, field, each_of(values.len()), values)
}

/// Where the values of rows begin that have one each. Columns of the same rows share them.
pub(crate) fn each_of(rows: usize) -> OffsetBuffer<i32> {
    OffsetBuffer::from_repeated_length(1, rows)
}

/// A column of one group of `N` numbers per row, of as many rows as there are groups.
pub(crate) fn groups<const N: usize>(
    descriptor: &ComponentDescriptor,
    offsets: &OffsetBuffer<i32>,
    values: impl Iterator<Item = [f32; N]>,
) -> Result<ComponentColumn, ChunkError> {
    static NUMBER: LazyLock<FieldRef> =
        LazyLock::new(|| Arc::new(Field::new("item", DataType::Float32, false)));
    /// By the numbers of a group.
    static GROUPS: LazyLock<[FieldRef; 5]> = LazyLock::new(|| {
        [0, 1, 2, 3, 4].map(|lanes| {
            let group = DataType::FixedSizeList(Arc::clone(&NUMBER), lanes);
            Arc::new(Field::new("item", group, true))
        })
    });
    const { assert!(N <= 4, "a group is a vector or a rotation") }
    let groups: Vec<[f32; N]> = values.collect();
    let numbers = Float32Array::new(ScalarBuffer::from(groups.into_flattened()), None);
    let lanes = i32::try_from(N).unwrap_or(i32::MAX);
    let array = FixedSizeListArray::try_new(Arc::clone(&NUMBER), lanes, Arc::new(numbers), None)
        .map_err(|error| mixed(descriptor, &error.to_string()))?;
    of_lists(
        descriptor,
        Arc::clone(&GROUPS[N]),
        offsets.clone(),
        Arc::new(array),
    )
}

fn of_lists(
    descriptor: &ComponentDescriptor,
    field: FieldRef,
    offsets: OffsetBuffer<i32>,
    values: ArrayRef,
) -> Result<ComponentColumn, ChunkError> {
    let lists = ListArray::try_new(field, offsets, values, None)
        .map_err(|error| mixed(descriptor, &error.to_string()))?;
    Ok(ComponentColumn::new(descriptor.clone(), lists))
}

/// A column of one number per row.
pub(crate) fn numbers(
    descriptor: &ComponentDescriptor,
    values: impl Iterator<Item = u64>,
) -> Result<ComponentColumn, ChunkError> {
    single(descriptor, Arc::new(values.collect::<UInt64Array>()))
}

/// A column of one text per row; an empty list where there is none.
pub(crate) fn texts<'a>(
    descriptor: &ComponentDescriptor,
    values: impl Iterator<Item = Option<&'a str>> + Clone,
) -> Result<ComponentColumn, ChunkError> {
    let lengths = values.clone().map(|value| usize::from(value.is_some()));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let array: StringArray = values.flatten().map(Some).collect();
    let field = Arc::new(Field::new("item", DataType::Utf8, true));
    of_lists(descriptor, field, offsets, Arc::new(array))
}

/// A column of one scalar per row; an empty list where there is none.
pub(crate) fn scalars(
    descriptor: &ComponentDescriptor,
    values: impl Iterator<Item = Option<f64>> + Clone,
) -> Result<ComponentColumn, ChunkError> {
    let lengths = values.clone().map(|value| usize::from(value.is_some()));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let array = Float64Array::from_iter_values(values.flatten());
    let field = Arc::new(Field::new("item", DataType::Float64, true));
    of_lists(descriptor, field, offsets, Arc::new(array))
}

/// The value of a primitive column in a row with one value.
pub(crate) fn value_at<T: ArrowPrimitiveType>(column: &ComponentColumn, row: usize) -> Option<T::Native> {
    use arrow_array::cast::AsArray as _;
    let lists = column.lists();
    let [from, to] = *lists.value_offsets().get(row..row + 2)? else {
        return None;
    };
    let values = lists.values().as_primitive_opt::<T>()?;
    (from < to && column.is_valid(row))
        .then(|| values.values().get(usize::try_from(from).ok()?).copied())
        .flatten()
}

/// The text of a column in a row, where it has one.
pub(crate) fn text_at(column: &ComponentColumn, row: usize) -> Option<&str> {
    use arrow_array::cast::AsArray as _;
    let lists = column.lists();
    let [from, to] = *lists.value_offsets().get(row..row + 2)? else {
        return None;
    };
    let texts = lists.values().as_string_opt::<i32>()?;
    (from < to && column.is_valid(row)).then(|| texts.value(usize::try_from(from).unwrap_or_default()))
}

/// The group of numbers of a column in a row with one group.
pub(crate) fn group_at<const N: usize>(column: &ComponentColumn, row: usize) -> Option<[f32; N]> {
    use arrow_array::{cast::AsArray as _, types::Float32Type};
    let lists = column.lists();
    let [from, to] = *lists.value_offsets().get(row..row + 2)? else {
        return None;
    };
    if from >= to || !column.is_valid(row) {
        return None;
    }
    let groups = lists.values().as_fixed_size_list_opt()?;
    if usize::try_from(groups.value_length()).ok()? != N {
        return None;
    }
    let numbers = groups.values().as_primitive_opt::<Float32Type>()?.values();
    let at = usize::try_from(from).ok()? * N;
    numbers.get(at..at + N)?.try_into().ok()
}

/// The numbers of a column with one group of `N` of them in each row, one row after the other. `None` where a row has none, or several.
pub(crate) fn groups_of<const N: usize>(column: &ComponentColumn) -> Option<ScalarBuffer<f32>> {
    use arrow_array::{Array as _, cast::AsArray as _, types::Float32Type};
    let lists = column.lists();
    let offsets = lists.value_offsets();
    let has_one_each =
        column.num_valid() == lists.len() && offsets.windows(2).all(|pair| pair[1] - pair[0] == 1);
    let groups = lists.values().as_fixed_size_list_opt()?;
    if !has_one_each || usize::try_from(groups.value_length()).ok()? != N {
        return None;
    }
    let numbers = groups.values().as_primitive_opt::<Float32Type>()?.values();
    let first = usize::try_from(*offsets.first()?).ok()? * N;
    let len = lists.len() * N;
    (first + len <= numbers.len()).then(|| numbers.slice(first, len))
}

fn mixed(descriptor: &ComponentDescriptor, message: &str) -> ChunkError {
    ChunkError::MixedTypes {
        entity: EntityPath::root(),
        component: descriptor.component.to_string(),
        message: message.to_owned(),
    }
}
