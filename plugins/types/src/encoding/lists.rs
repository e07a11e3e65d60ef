//! Lists of plain values, one list per instance: line strips, blobs.

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Range, sync::Arc};

use arrow_array::{Array, ArrayRef, LargeListArray, ListArray, cast::AsArray, new_empty_array};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field};

use super::{
    Encoding, check_no_nulls,
    plain::{PlainValue, build_plain, read_range},
};
use crate::ReadError;

/// Lists of values, one per instance, as slices of an array's memory.
#[derive(Clone)]
pub struct ListSlices<'a, T: PlainValue> {
    offsets: Offsets<'a>,
    /// The values from the first offset on.
    values: Cow<'a, [T]>,
}

#[derive(Clone, Copy)]
enum Offsets<'a> {
    None,
    Small(&'a [i32]),
    Large(&'a [i64]),
}

impl Offsets<'_> {
    fn get(&self, index: usize) -> Option<usize> {
        match self {
            Self::None => None,
            Self::Small(offsets) => offsets
                .get(index)
                .and_then(|&offset| usize::try_from(offset).ok()),
            Self::Large(offsets) => offsets
                .get(index)
                .and_then(|&offset| usize::try_from(offset).ok()),
        }
    }

    /// Those of the lists in a range.
    fn slice(self, range: &Range<usize>) -> Self {
        let offsets = range.start..range.end + 1;
        match self {
            Self::None => Self::None,
            Self::Small(all) => Self::Small(all.get(offsets).unwrap_or_default()),
            Self::Large(all) => Self::Large(all.get(offsets).unwrap_or_default()),
        }
    }

    fn lists(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Small(offsets) => offsets.len().saturating_sub(1),
            Self::Large(offsets) => offsets.len().saturating_sub(1),
        }
    }
}

impl<T: PlainValue> ListSlices<'_, T> {
    /// The number of lists.
    pub fn len(&self) -> usize {
        self.offsets.lists()
    }

    /// Whether there is no list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of a list.
    pub fn get(&self, index: usize) -> Option<&[T]> {
        let first = self.offsets.get(0)?;
        let start = self.offsets.get(index)?.checked_sub(first)?;
        let end = self.offsets.get(index.checked_add(1)?)?.checked_sub(first)?;
        self.values.get(start..end)
    }

    /// The values of the first list.
    pub fn first(&self) -> Option<&[T]> {
        self.get(0)
    }

    /// The lists in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[T]> + Clone {
        (0..self.len()).map(|index| self.get(index).unwrap_or(&[]))
    }

    /// The values of all lists, one after the other.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

impl<T: PlainValue> fmt::Debug for ListSlices<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Components that are a list of [`PlainValue`]s per instance.
pub struct Lists<T>(PhantomData<T>);

impl<T: PlainValue> Encoding for Lists<T> {
    type Value = Vec<T>;
    type Slice<'a> = ListSlices<'a, T>;

    fn datatype(_: &'static str) -> DataType {
        DataType::List(Arc::new(Field::new("item", T::datatype(), false)))
    }

    fn read_range<'a>(
        component: &'static str,
        array: &'a dyn Array,
        range: Range<usize>,
    ) -> Result<ListSlices<'a, T>, ReadError> {
        check_no_nulls(component, array, &range)?;
        if let Some(lists) = array.as_list_opt::<i32>() {
            let offsets = Offsets::Small(lists.value_offsets()).slice(&range);
            return slices(component, offsets, lists.values().as_ref());
        }
        if let Some(lists) = array.as_list_opt::<i64>() {
            let offsets = Offsets::Large(lists.value_offsets()).slice(&range);
            return slices(component, offsets, lists.values().as_ref());
        }
        let bytes = match array.data_type() {
            DataType::Null if range.is_empty() => {
                return Ok(ListSlices {
                    offsets: Offsets::None,
                    values: Cow::Borrowed(&[]),
                });
            }
            DataType::Binary => array
                .as_binary_opt::<i32>()
                .map(|a| (Offsets::Small(a.value_offsets()), a.value_data())),
            DataType::LargeBinary => array
                .as_binary_opt::<i64>()
                .map(|a| (Offsets::Large(a.value_offsets()), a.value_data())),
            _ => None,
        };
        if let (Some((offsets, bytes)), DataType::UInt8) = (bytes, T::datatype()) {
            let offsets = offsets.slice(&range);
            let (start, end) = ends(offsets);
            if let Ok(values) = bytemuck::try_cast_slice(bytes.get(start..end).unwrap_or(&[])) {
                return Ok(ListSlices {
                    offsets,
                    values: Cow::Borrowed(values),
                });
            }
        }
        Err(ReadError::wrong_type(
            component,
            &Self::datatype(component),
            array.data_type(),
        ))
    }

    fn build(component: &'static str, values: Vec<Vec<T>>) -> ArrayRef {
        let DataType::List(item) = Self::datatype(component) else {
            return new_empty_array(&Self::datatype(component));
        };
        let mut offsets = vec![0_i64];
        let mut total = 0_usize;
        for list in &values {
            total += list.len();
            offsets.push(total as i64);
        }
        let items = match values.as_slice() {
            [list] => build_plain(list),
            lists => build_plain(&lists.concat()),
        };
        // What is too long for a list's offsets becomes a large list, which all readers accept.
        let lists: Option<ArrayRef> = if i32::try_from(total).is_ok() {
            let offsets: ScalarBuffer<i32> = offsets.iter().map(|&offset| offset as i32).collect();
            ListArray::try_new(Arc::clone(&item), OffsetBuffer::new(offsets), items, None)
                .ok()
                .map(|lists| Arc::new(lists) as _)
        } else {
            LargeListArray::try_new(item, OffsetBuffer::new(offsets.into()), items, None)
                .ok()
                .map(|lists| Arc::new(lists) as _)
        };
        lists.unwrap_or_else(|| new_empty_array(&Self::datatype(component)))
    }
}

/// The first and the last offset.
fn ends(offsets: Offsets<'_>) -> (usize, usize) {
    (
        offsets.get(0).unwrap_or(0),
        offsets.get(offsets.lists()).unwrap_or(0),
    )
}

fn slices<'a, T: PlainValue>(
    component: &'static str,
    offsets: Offsets<'a>,
    values: &'a dyn Array,
) -> Result<ListSlices<'a, T>, ReadError> {
    let (start, end) = ends(offsets);
    Ok(ListSlices {
        offsets,
        values: read_range(component, values, start..end)?,
    })
}
