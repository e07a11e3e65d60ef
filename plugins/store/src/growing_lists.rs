//! Arrays that grow: the rows of small chunks are put one behind the other.
//!
//! Arrow's own `concat` compares the types of all parts at all depths, which takes most of its time where the parts are small, and
//! wants to have all of them at once. Here the types are known to be alike.

use std::{hint::black_box, ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, FixedSizeListArray, ListArray,
    PrimitiveArray, StringArray, cast::AsArray as _, downcast_primitive, downcast_primitive_array,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, MutableBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, FieldRef};

/// A list array that grows. Of values without nulls whose types have a fixed width, are texts or bytes, or are lists of those.
#[derive(Debug)]
pub(crate) struct GrowingLists {
    field: FieldRef,
    offsets: Vec<i32>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Primitive {
        data_type: DataType,
        bytes: MutableBuffer,
    },
    Boolean(BooleanBufferBuilder),
    Bytes {
        is_text: bool,
        offsets: Vec<i32>,
        bytes: Vec<u8>,
    },
    FixedSizeList {
        field: FieldRef,
        size: usize,
        values: Box<Self>,
    },
    List(Box<GrowingLists>),
}

/// Why nothing was appended: there are nulls, or more values than an offset can count.
#[derive(Debug)]
pub(crate) struct NotAppended;

impl GrowingLists {
    /// No lists of a type, with room for so many, which hold so many values together. `None` where values of that type cannot be
    /// appended.
    pub(crate) fn new(data_type: &DataType, rows: usize, values: usize) -> Option<Self> {
        let DataType::List(field) = data_type else {
            return None;
        };
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Some(Self {
            field: Arc::clone(field),
            offsets,
            values: Values::new(field.data_type(), values)?,
        })
    }

    /// Whether [`Self::append`] takes these lists. They must be of the same type, which is not checked.
    pub(crate) fn takes(&self, lists: &ListArray) -> bool {
        lists.null_count() == 0
            && used(lists).is_some_and(|used| {
                let end = i64::from(self.offsets.last().copied().unwrap_or(0)) + used.len() as i64;
                i32::try_from(end).is_ok() && self.values.takes(lists.values().as_ref(), used)
            })
    }

    /// Puts lists behind those that are there. They must be of the same type, which is not checked.
    ///
    /// # Errors
    /// Where [`Self::takes`] says no. The lists are as before then, and take no more.
    pub(crate) fn append(&mut self, lists: &ListArray) -> Result<(), NotAppended> {
        self.append_range(lists, 0..lists.len())
    }

    fn append_range(&mut self, lists: &ListArray, rows: Range<usize>) -> Result<(), NotAppended> {
        if lists.null_count() > 0 {
            return Err(NotAppended);
        }
        let before = self.offsets.len();
        let used = append_offsets(&mut self.offsets, lists.value_offsets(), rows)?;
        let appended = self.values.append(lists.values().as_ref(), used);
        if appended.is_err() {
            self.offsets.truncate(before);
        }
        appended
    }

    /// Reads a value of each line of memory that the next list is written to, so that they are fetched together.
    #[inline]
    pub(crate) fn prefetch(&self) {
        black_box(self.offsets.last().copied());
        self.values.prefetch();
    }

    /// Takes lists off the end. The values stay, so that no more can be appended.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
    }

    /// The lists. `None` only where an append failed.
    pub(crate) fn finish(mut self) -> Option<ListArray> {
        self.offsets.shrink_to_fit();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        ListArray::try_new(self.field, offsets, self.values.finish()?, None).ok()
    }

    /// The lists as they are now, copied.
    pub(crate) fn snapshot(&self) -> Option<ListArray> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets.clone()));
        ListArray::try_new(Arc::clone(&self.field), offsets, self.values.snapshot()?, None).ok()
    }

    /// The bytes of the buffers, with the room that is left in them.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.offsets.capacity() * size_of::<i32>() + self.values.heap_bytes()
    }
}

impl Values {
    fn new(data_type: &DataType, count: usize) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => Self::Boolean(BooleanBufferBuilder::new(count)),
            DataType::Utf8 | DataType::Binary => {
                let mut offsets = Vec::with_capacity(count + 1);
                offsets.push(0);
                Self::Bytes {
                    is_text: *data_type == DataType::Utf8,
                    offsets,
                    bytes: Vec::new(),
                }
            }
            DataType::FixedSizeList(field, size) => {
                // Of vectors without any numbers, nothing would say how many there are.
                let size = usize::try_from(*size).ok().filter(|size| *size > 0)?;
                let values = Box::new(Self::new(field.data_type(), count.checked_mul(size)?)?);
                Self::FixedSizeList {
                    field: Arc::clone(field),
                    size,
                    values,
                }
            }
            DataType::List(_) => Self::List(Box::new(GrowingLists::new(data_type, count, 0)?)),
            other => {
                let bytes = count.checked_mul(other.primitive_width()?)?;
                Self::Primitive {
                    data_type: other.clone(),
                    bytes: MutableBuffer::with_capacity(bytes),
                }
            }
        })
    }

    fn takes(&self, array: &dyn Array, used: Range<usize>) -> bool {
        let fits = |end: i32, more: usize| i32::try_from(end as usize + more).is_ok();
        array.null_count() == 0
            && match self {
                Self::Primitive { .. } | Self::Boolean(_) => true,
                Self::Bytes { is_text, offsets, .. } => {
                    let ends = bytes_of(array, *is_text)
                        .and_then(|(own, _)| own.get(used.start).zip(own.get(used.end)));
                    ends.is_some_and(|(begin, end)| {
                        fits(offsets.last().copied().unwrap_or(0), (end - begin) as usize)
                    })
                }
                Self::FixedSizeList { size, values, .. } => {
                    array.as_fixed_size_list_opt().is_some_and(|vectors| {
                        usize::try_from(vectors.value_length()) == Ok(*size)
                            && values.takes(vectors.values().as_ref(), used.start * size..used.end * size)
                    })
                }
                Self::List(lists) => array.as_list_opt().is_some_and(|array| lists.takes(array)),
            }
    }

    fn append(&mut self, array: &dyn Array, used: Range<usize>) -> Result<(), NotAppended> {
        if array.null_count() > 0 {
            return Err(NotAppended);
        }
        match self {
            Self::Primitive { bytes, .. } => {
                bytes.extend_from_slice(primitive_bytes(array, used).ok_or(NotAppended)?);
            }
            Self::Boolean(bits) => {
                let array = array.as_boolean_opt().ok_or(NotAppended)?;
                bits.append_buffer(&array.values().slice(used.start, used.len()));
            }
            Self::Bytes {
                is_text,
                offsets,
                bytes,
            } => {
                let (own, values) = bytes_of(array, *is_text).ok_or(NotAppended)?;
                let used = append_offsets(offsets, own, used)?;
                bytes.extend_from_slice(values.get(used).ok_or(NotAppended)?);
            }
            Self::FixedSizeList { size, values, .. } => {
                let vectors = array.as_fixed_size_list_opt().ok_or(NotAppended)?;
                values.append(vectors.values().as_ref(), used.start * *size..used.end * *size)?;
            }
            Self::List(lists) => lists.append_range(array.as_list_opt().ok_or(NotAppended)?, used)?,
        }
        Ok(())
    }

    #[inline]
    fn prefetch(&self) {
        match self {
            Self::Primitive { bytes, .. } => _ = black_box(bytes.last().copied()),
            Self::Boolean(bits) => _ = black_box(bits.as_slice().last().copied()),
            Self::Bytes { offsets, bytes, .. } => {
                black_box((offsets.last().copied(), bytes.last().copied()));
            }
            Self::FixedSizeList { values, .. } => values.prefetch(),
            Self::List(lists) => lists.prefetch(),
        }
    }

    fn finish(self) -> Option<ArrayRef> {
        match self {
            Self::Primitive { data_type, bytes } => primitive(&data_type, bytes.into()),
            Self::Boolean(mut bits) => Some(Arc::new(BooleanArray::new(bits.finish(), None))),
            Self::Bytes {
                is_text,
                mut offsets,
                mut bytes,
            } => {
                // How long the values are is not known beforehand.
                offsets.shrink_to_fit();
                bytes.shrink_to_fit();
                texts(is_text, offsets, bytes)
            }
            Self::FixedSizeList { field, size, values } => vectors(field, size, values.finish()?),
            Self::List(lists) => Some(Arc::new(lists.finish()?)),
        }
    }

    fn snapshot(&self) -> Option<ArrayRef> {
        match self {
            Self::Primitive { data_type, bytes } => {
                primitive(data_type, Buffer::from_slice_ref(bytes.as_slice()))
            }
            Self::Boolean(bits) => Some(Arc::new(BooleanArray::new(bits.finish_cloned(), None))),
            Self::Bytes {
                is_text,
                offsets,
                bytes,
            } => texts(*is_text, offsets.clone(), bytes.clone()),
            Self::FixedSizeList { field, size, values } => {
                vectors(Arc::clone(field), *size, values.snapshot()?)
            }
            Self::List(lists) => Some(Arc::new(lists.snapshot()?)),
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Primitive { bytes, .. } => bytes.capacity(),
            Self::Boolean(bits) => bits.capacity() / 8,
            Self::Bytes { offsets, bytes, .. } => offsets.capacity() * size_of::<i32>() + bytes.capacity(),
            Self::FixedSizeList { values, .. } => size_of::<Self>() + values.heap_bytes(),
            Self::List(lists) => size_of::<GrowingLists>() + lists.heap_bytes(),
        }
    }
}

/// Concatenates lists whose types are alike. `None` where they hold nulls, or values of a type that is left to Arrow.
pub(crate) fn concat_lists(lists: &[&ListArray]) -> Option<ListArray> {
    let values = lists
        .iter()
        .map(|part| used(part).map(|used| used.len()))
        .sum::<Option<usize>>()?;
    let mut all = GrowingLists::new(
        lists.first()?.data_type(),
        lists.iter().copied().map(Array::len).sum(),
        values,
    )?;
    for part in lists {
        all.append(part).ok()?;
    }
    all.finish()
}

/// The part of the values that lists really use.
pub(crate) fn used(lists: &ListArray) -> Option<Range<usize>> {
    let offsets = lists.value_offsets();
    Some(usize::try_from(*offsets.first()?).ok()?..usize::try_from(*offsets.last()?).ok()?)
}

/// Appends the offsets of some rows, and answers the part of the values that they use.
fn append_offsets(
    offsets: &mut Vec<i32>,
    own: &[i32],
    rows: Range<usize>,
) -> Result<Range<usize>, NotAppended> {
    let end = offsets.last().copied().unwrap_or(0);
    let own = own.get(rows.start..=rows.end).ok_or(NotAppended)?;
    let [begin, ends @ ..] = own else {
        return Err(NotAppended);
    };
    // Offsets never decrease, so that where the last one fits all do.
    let fits = |offset: &i32| end.checked_add(offset - begin).is_some();
    if !ends.last().is_none_or(fits) {
        return Err(NotAppended);
    }
    offsets.extend(ends.iter().map(|offset| end + (offset - begin)));
    let last = ends.last().unwrap_or(begin);
    let place = |offset: i32| usize::try_from(offset).map_err(|_| NotAppended);
    Ok(place(*begin)?..place(*last)?)
}

/// The offsets and the bytes of texts or blobs.
fn bytes_of(array: &dyn Array, is_text: bool) -> Option<(&[i32], &[u8])> {
    if is_text {
        array
            .as_string_opt::<i32>()
            .map(|array| (array.value_offsets(), array.value_data()))
    } else {
        array
            .as_binary_opt::<i32>()
            .map(|array| (array.value_offsets(), array.value_data()))
    }
}

fn primitive_bytes(array: &dyn Array, used: Range<usize>) -> Option<&[u8]> {
    fn part<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, used: Range<usize>) -> Option<&[u8]> {
        let width = size_of::<T::Native>();
        array
            .values()
            .inner()
            .as_slice()
            .get(used.start * width..used.end * width)
    }
    downcast_primitive_array!(
        array => part(array, used),
        _ => None
    )
}

fn primitive(data_type: &DataType, bytes: Buffer) -> Option<ArrayRef> {
    // With the type as it is: a timestamp has its time zone there.
    macro_rules! array {
        ($type:ty) => {
            Some(Arc::new(
                PrimitiveArray::<$type>::new(ScalarBuffer::from(bytes), None)
                    .with_data_type(data_type.clone()),
            ))
        };
    }
    downcast_primitive! {
        data_type => (array),
        _ => None,
    }
}

fn texts(is_text: bool, offsets: Vec<i32>, bytes: Vec<u8>) -> Option<ArrayRef> {
    let (offsets, bytes) = (
        OffsetBuffer::new(ScalarBuffer::from(offsets)),
        Buffer::from(bytes),
    );
    Some(if is_text {
        Arc::new(StringArray::try_new(offsets, bytes, None).ok()?)
    } else {
        Arc::new(BinaryArray::try_new(offsets, bytes, None).ok()?)
    })
}

fn vectors(field: FieldRef, size: usize, values: ArrayRef) -> Option<ArrayRef> {
    Some(Arc::new(
        FixedSizeListArray::try_new(field, i32::try_from(size).ok()?, values, None).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use arrow_array::{
        builder::{
            BooleanBuilder, FixedSizeListBuilder, Float32Builder, ListBuilder, StringBuilder, StructBuilder,
            UInt8Builder,
        },
        types::{Float32Type, TimestampNanosecondType},
    };
    use arrow_schema::{Field, Fields};

    use super::*;

    fn as_arrow_does(lists: &[&ListArray]) -> ListArray {
        let lists: Vec<&dyn Array> = lists.iter().map(|list| *list as &dyn Array).collect();
        arrow_select::concat::concat(&lists)
            .unwrap()
            .as_list::<i32>()
            .clone()
    }

    /// Slices in some order: at once, and one by one with a look in between.
    fn check(lists: &ListArray) {
        let len = lists.len();
        let parts = [
            &lists.slice(len / 2, len - len / 2),
            &lists.slice(0, len / 2),
            &lists.slice(len / 3, 0),
            lists,
        ];
        assert_eq!(concat_lists(&parts), Some(as_arrow_does(&parts)));
        let mut growing = GrowingLists::new(lists.data_type(), 2, 3).unwrap();
        for count in 1..=parts.len() {
            let part = parts[count - 1];
            assert!(growing.takes(part));
            growing.append(part).unwrap();
            assert_eq!(growing.snapshot(), Some(as_arrow_does(&parts[..count])));
        }
        assert!(growing.heap_bytes() > 0);
        assert_eq!(growing.finish(), Some(as_arrow_does(&parts)));
    }

    #[test]
    fn numbers() {
        check(&ListArray::from_iter_primitive::<Float32Type, _, _>([
            Some(vec![Some(1.0)]),
            Some(vec![Some(2.0), Some(3.0)]),
            Some(vec![]),
            Some(vec![Some(4.0)]),
        ]));
        assert_eq!(concat_lists(&[]), None);
    }

    #[test]
    fn times_keep_their_zone() {
        let times = PrimitiveArray::<TimestampNanosecondType>::from(vec![1, 2, 3]).with_timezone("+01:00");
        let field = Arc::new(Field::new("item", times.data_type().clone(), true));
        check(&ListArray::new(
            field,
            OffsetBuffer::from_lengths([2, 0, 1]),
            Arc::new(times),
            None,
        ));
    }

    #[test]
    fn vectors_of_slices() {
        let mut builder = ListBuilder::new(FixedSizeListBuilder::new(Float32Builder::new(), 3));
        for row in 0..5_u8 {
            for point in 0..row {
                builder
                    .values()
                    .values()
                    .append_slice(&[f32::from(row), f32::from(point), 0.0]);
                builder.values().append(true);
            }
            builder.append(true);
        }
        check(&builder.finish());
    }

    #[test]
    fn texts_and_bits_and_blobs() {
        let mut texts = ListBuilder::new(StringBuilder::new());
        let mut bits = ListBuilder::new(BooleanBuilder::new());
        let mut blobs = ListBuilder::new(ListBuilder::new(UInt8Builder::new()));
        for row in 0..9_u8 {
            for at in 0..row % 4 {
                texts.values().append_value("grüße".repeat(usize::from(at)));
                bits.values().append_value((row + at) % 3 == 0);
                blobs.values().values().append_slice(&vec![at; usize::from(row)]);
                blobs.values().append(true);
            }
            texts.append(true);
            bits.append(true);
            blobs.append(true);
        }
        check(&texts.finish());
        check(&bits.finish());
        check(&blobs.finish());
    }

    #[test]
    fn the_rest_is_left_to_arrow() {
        let with_nulls = ListArray::from_iter_primitive::<Float32Type, _, _>([Some(vec![Some(1.0)]), None]);
        let null_inside = ListArray::from_iter_primitive::<Float32Type, _, _>([Some(vec![Some(1.0), None])]);
        let plain = ListArray::from_iter_primitive::<Float32Type, _, _>([Some(vec![Some(1.0)])]);
        let growing = GrowingLists::new(plain.data_type(), 1, 1).unwrap();
        for lists in [&with_nulls, &null_inside] {
            assert!(!growing.takes(lists));
            assert_eq!(concat_lists(&[lists]), None);
        }
        let fields = Fields::from(vec![Field::new("a", DataType::Float32, true)]);
        let mut records = ListBuilder::new(StructBuilder::from_fields(fields, 1));
        records.append(true);
        assert_eq!(concat_lists(&[&records.finish()]), None);
    }
}
