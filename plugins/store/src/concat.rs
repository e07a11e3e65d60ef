//! Lists of numbers one behind the other: what merging chunks spends most of its time on.
//!
//! Arrow's own concatenation compares the types of all arrays first. Of small arrays that is most of the work, and goes over
//! memory that nothing else touches. Here the types are known to be alike.

use std::{ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, FixedSizeListArray, ListArray, PrimitiveArray, cast::AsArray as _, downcast_primitive,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

/// A part of an array.
type Part<'a> = (&'a dyn Array, Range<usize>);

/// Concatenates lists whose types are alike, where they hold plain numbers (or vectors of them) and no nulls. `None` where they do
/// not: that is left to Arrow.
pub(crate) fn concat_lists(lists: &[&ListArray]) -> Option<ListArray> {
    let first = lists.first()?;
    let DataType::List(field) = first.data_type() else { return None };
    let rows: usize = lists.iter().copied().map(Array::len).sum();
    let mut offsets: Vec<i32> = Vec::with_capacity(rows + 1);
    offsets.push(0);
    let mut parts: Vec<Part<'_>> = Vec::with_capacity(lists.len());
    let mut end = 0_i32;
    for list in lists {
        if list.null_count() > 0 {
            return None;
        }
        let own = list.value_offsets();
        let (begin, last) = (*own.first()?, *own.last()?);
        for offset in own.get(1..)? {
            offsets.push(end.checked_add(offset - begin)?);
        }
        end = end.checked_add(last - begin)?;
        parts.push((list.values().as_ref(), usize::try_from(begin).ok()?..usize::try_from(last).ok()?));
    }
    let values = concat_values(&parts)?;
    ListArray::try_new(Arc::clone(field), OffsetBuffer::new(ScalarBuffer::from(offsets)), values, None).ok()
}

fn concat_values(parts: &[Part<'_>]) -> Option<ArrayRef> {
    macro_rules! primitive {
        ($type:ty, $parts:ident) => {
            concat_primitives::<$type>($parts)
        };
    }
    let (first, _) = parts.first()?;
    downcast_primitive! {
        first.data_type() => (primitive, parts),
        DataType::FixedSizeList(field, size) => {
            let length = usize::try_from(*size).ok()?;
            let mut children: Vec<Part<'_>> = Vec::with_capacity(parts.len());
            for (array, range) in parts {
                let vectors = array.as_fixed_size_list_opt().filter(|v| v.null_count() == 0 && v.value_length() == *size)?;
                children.push((vectors.values().as_ref(), range.start * length..range.end * length));
            }
            let values = concat_values(&children)?;
            Some(Arc::new(FixedSizeListArray::try_new(Arc::clone(field), *size, values, None).ok()?))
        }
        _ => None,
    }
}

fn concat_primitives<T: ArrowPrimitiveType>(parts: &[Part<'_>]) -> Option<ArrayRef> {
    let mut values: Vec<T::Native> = Vec::with_capacity(parts.iter().map(|(_, range)| range.len()).sum());
    for (array, range) in parts {
        let array = array.as_primitive_opt::<T>().filter(|array| array.null_count() == 0)?;
        values.extend_from_slice(array.values().get(range.clone())?);
    }
    let (first, _) = parts.first()?;
    // With the type as it is: a timestamp has its time zone there.
    Some(Arc::new(PrimitiveArray::<T>::new(values.into(), None).with_data_type(first.data_type().clone())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use arrow_array::{
        builder::{FixedSizeListBuilder, Float32Builder, ListBuilder, StringBuilder},
        types::Float32Type,
    };

    use super::*;

    fn as_arrow_does(lists: &[&ListArray]) -> ListArray {
        let lists: Vec<&dyn Array> = lists.iter().map(|list| *list as &dyn Array).collect();
        arrow_select::concat::concat(&lists).unwrap().as_list::<i32>().clone()
    }

    #[test]
    fn numbers_of_slices() {
        let a = ListArray::from_iter_primitive::<Float32Type, _, _>([
            Some(vec![Some(1.0)]),
            Some(vec![Some(2.0), Some(3.0)]),
            Some(vec![]),
            Some(vec![Some(4.0)]),
        ]);
        let (front, back) = (a.slice(0, 2), a.slice(1, 3));
        let lists = [&back, &front, &a.slice(2, 1), &a];
        assert_eq!(concat_lists(&lists), Some(as_arrow_does(&lists)));
        assert_eq!(concat_lists(&[&a.slice(0, 0)]), Some(as_arrow_does(&[&a.slice(0, 0)])));
        assert_eq!(concat_lists(&[]), None);
    }

    #[test]
    fn vectors_of_slices() {
        let mut builder = ListBuilder::new(FixedSizeListBuilder::new(Float32Builder::new(), 3));
        for row in 0..5_u8 {
            for point in 0..row {
                builder.values().values().append_slice(&[f32::from(row), f32::from(point), 0.0]);
                builder.values().append(true);
            }
            builder.append(true);
        }
        let lists = builder.finish();
        let parts = [&lists.slice(3, 2), &lists.slice(0, 4), &lists];
        assert_eq!(concat_lists(&parts), Some(as_arrow_does(&parts)));
    }

    #[test]
    fn the_rest_is_left_to_arrow() {
        let with_nulls = ListArray::from_iter_primitive::<Float32Type, _, _>([Some(vec![Some(1.0)]), None]);
        assert_eq!(concat_lists(&[&with_nulls]), None);
        let null_inside = ListArray::from_iter_primitive::<Float32Type, _, _>([Some(vec![Some(1.0), None])]);
        assert_eq!(concat_lists(&[&null_inside]), None);
        let mut texts = ListBuilder::new(StringBuilder::new());
        texts.values().append_value("text");
        texts.append(true);
        assert_eq!(concat_lists(&[&texts.finish()]), None);
    }
}
