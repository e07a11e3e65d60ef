//! Numbers, and groups of a fixed number of numbers, read as slices of the array's memory.

use std::{borrow::Cow, marker::PhantomData, ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, FixedSizeListArray, PrimitiveArray,
    cast::AsArray,
    new_empty_array,
    types::{Float32Type, Float64Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type},
};
use arrow_buffer::ScalarBuffer;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field};
use bytemuck::Pod;
use chronoscope_store::{CellRef, Number};

use super::{Encoding, check_no_nulls};
use crate::ReadError;

/// A number, or a group of numbers, that lies in Arrow arrays as it lies in Rust's memory.
pub trait PlainValue: Pod + PartialEq + std::fmt::Debug {
    /// The numbers' type.
    type Primitive: ArrowPrimitiveType<Native: Number>;

    /// How many numbers make a group, or `None` for a number by itself.
    const LANES: Option<i32>;

    /// The Arrow datatype of one value.
    fn datatype() -> DataType {
        match Self::LANES {
            None => Self::Primitive::DATA_TYPE,
            Some(lanes) => DataType::FixedSizeList(
                Arc::new(Field::new("item", Self::Primitive::DATA_TYPE, false)),
                lanes,
            ),
        }
    }
}

macro_rules! plain_values {
    ($($number:ty = $primitive:ty: $($lanes:literal)*;)*) => {
        $(
            impl PlainValue for $number {
                type Primitive = $primitive;
                const LANES: Option<i32> = None;
            }
            $(
                impl PlainValue for [$number; $lanes] {
                    type Primitive = $primitive;
                    const LANES: Option<i32> = Some($lanes);
                }
            )*
        )*
    };
}

plain_values! {
    f32 = Float32Type: 2 3 4 9;
    f64 = Float64Type: 2;
    u8 = UInt8Type: 3 16;
    u16 = UInt16Type: ;
    u32 = UInt32Type: 3;
    u64 = UInt64Type: ;
    i32 = Int32Type: 3;
    i64 = Int64Type: ;
}

/// Components that are one [`PlainValue`] per instance.
pub struct Plain<T>(PhantomData<T>);

impl<T: PlainValue> Encoding for Plain<T> {
    type Value = T;
    type Slice<'a> = Cow<'a, [T]>;

    fn datatype(_: &'static str) -> DataType {
        T::datatype()
    }

    fn read_range<'a>(
        component: &'static str,
        array: &'a dyn Array,
        range: Range<usize>,
    ) -> Result<Cow<'a, [T]>, ReadError> {
        read_range(component, array, range)
    }

    fn read_cell<'a>(component: &'static str, cell: CellRef<'a>) -> Result<Cow<'a, [T]>, ReadError> {
        let lanes = T::LANES.and_then(|lanes| usize::try_from(lanes).ok());
        match cell.numbers::<<T::Primitive as ArrowPrimitiveType>::Native>(lanes) {
            Some(numbers) => group(component, numbers).map(Cow::Borrowed),
            None => read_range(component, cell.values(), cell.range()),
        }
    }

    fn build(_: &'static str, values: Vec<T>) -> ArrayRef {
        build_plain(&values)
    }
}

/// The values in a range of an array; the range must lie within the array.
pub(crate) fn read_range<'a, T: PlainValue>(
    component: &'static str,
    array: &'a dyn Array,
    range: Range<usize>,
) -> Result<Cow<'a, [T]>, ReadError> {
    if range.is_empty() && array.data_type().is_null() {
        return Ok(Cow::Borrowed(&[]));
    }
    check_no_nulls(component, array, &range)?;
    let Some(lanes) = T::LANES else {
        return read_numbers(component, array, range);
    };
    let expected = usize::try_from(lanes).unwrap_or(0);
    if let Some(list) = array.as_fixed_size_list_opt() {
        if list.value_length() != lanes {
            let found = usize::try_from(list.value_length()).unwrap_or(0);
            return Err(ReadError::Length {
                component,
                expected,
                found,
            });
        }
        return read_numbers(
            component,
            list.values().as_ref(),
            range.start * expected..range.end * expected,
        );
    }
    // Lists whose lengths happen to be right.
    let (inner, values) = if let Some(list) = array.as_list_opt::<i32>() {
        (
            list_range(component, list.value_offsets(), &range, expected)?,
            list.values(),
        )
    } else if let Some(list) = array.as_list_opt::<i64>() {
        (
            list_range(component, list.value_offsets(), &range, expected)?,
            list.values(),
        )
    } else {
        return Err(ReadError::wrong_type(
            component,
            &T::datatype(),
            array.data_type(),
        ));
    };
    read_numbers(component, values.as_ref(), inner)
}

/// The range of the values of those lists, all of which must have the expected length.
fn list_range<O: Copy + TryInto<usize>>(
    component: &'static str,
    offsets: &[O],
    range: &Range<usize>,
    expected: usize,
) -> Result<Range<usize>, ReadError> {
    let mut ends = offsets
        .iter()
        .skip(range.start)
        .take(range.len() + 1)
        .map(|&offset| offset.try_into().unwrap_or(0));
    let start = ends.next().unwrap_or(0);
    let mut previous = start;
    for end in ends {
        let found = end.saturating_sub(previous);
        if found != expected {
            return Err(ReadError::Length {
                component,
                expected,
                found,
            });
        }
        previous = end;
    }
    Ok(start..previous)
}

/// The values in a range of an array of numbers.
fn read_numbers<'a, T: PlainValue>(
    component: &'static str,
    numbers: &'a dyn Array,
    range: Range<usize>,
) -> Result<Cow<'a, [T]>, ReadError> {
    check_no_nulls(component, numbers, &range)?;
    if let Some(numbers) = numbers.as_primitive_opt::<T::Primitive>() {
        return group(component, numbers.values().get(range).unwrap_or(&[])).map(Cow::Borrowed);
    }
    let (found, wanted) = (numbers.data_type(), T::Primitive::DATA_TYPE);
    let is_time =
        matches!(found, DataType::Timestamp(..) | DataType::Duration(_)) && wanted == DataType::Int64;
    if !found.is_numeric() && !is_time {
        return Err(ReadError::wrong_type(component, &T::datatype(), found));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let numbers =
        cast_with_options(&numbers.slice(range.start, range.len()), &wanted, &options).map_err(|error| {
            ReadError::OutOfRange {
                component,
                message: error.to_string(),
            }
        })?;
    match numbers.as_primitive_opt::<T::Primitive>() {
        Some(numbers) => Ok(Cow::Owned(group(component, numbers.values())?.to_vec())),
        None => Err(ReadError::wrong_type(
            component,
            &T::datatype(),
            numbers.data_type(),
        )),
    }
}

/// Numbers as groups of numbers, in place.
fn group<'a, T: PlainValue>(
    component: &'static str,
    numbers: &'a [<T::Primitive as ArrowPrimitiveType>::Native],
) -> Result<&'a [T], ReadError> {
    bytemuck::try_cast_slice(numbers).map_err(|_| ReadError::Length {
        component,
        expected: T::LANES
            .and_then(|lanes| usize::try_from(lanes).ok())
            .unwrap_or(1),
        found: numbers.len(),
    })
}

/// An array of these values. Copies them once.
pub(crate) fn build_plain<T: PlainValue>(values: &[T]) -> ArrayRef {
    let numbers: Vec<<T::Primitive as ArrowPrimitiveType>::Native> = bytemuck::cast_slice(values).to_vec();
    let numbers: ArrayRef = Arc::new(PrimitiveArray::<T::Primitive>::new(
        ScalarBuffer::from(numbers),
        None,
    ));
    let DataType::FixedSizeList(field, lanes) = T::datatype() else {
        return numbers;
    };
    match FixedSizeListArray::try_new(field, lanes, numbers, None) {
        Ok(groups) => Arc::new(groups),
        // The numbers are whole groups, as `values` has them.
        Err(_) => new_empty_array(&T::datatype()),
    }
}
