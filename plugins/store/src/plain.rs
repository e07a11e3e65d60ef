//! Columns that are nothing but numbers: read where they lie in memory, past the arrays around them.
//!
//! An array of groups of numbers is four objects deep, each in a place of its own. For an answer that follows a cursor, going there
//! took longer than all else about reading a value.

use arrow_array::{Array, ListArray, cast::AsArray as _, types as arrow};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::DataType;
use bytemuck::Pod;

macro_rules! numbers {
    ($($number:ty = $name:ident, $arrow:ident;)*) => {
        /// A type of numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum NumberType {
            $(
                #[doc = concat!("`", stringify!($number), "`")]
                $name,
            )*
        }

        $(
            impl Number for $number {
                const TYPE: NumberType = NumberType::$name;
            }
        )*

        /// The numbers of an array; `None` where it is of another type.
        fn numbers_of(array: &dyn Array) -> Option<(NumberType, &Buffer)> {
            Some(match array.data_type() {
                $(
                    DataType::$name => {
                        let numbers = array.as_primitive_opt::<arrow::$arrow>()?;
                        (NumberType::$name, numbers.values().inner())
                    }
                )*
                _ => return None,
            })
        }
    };
}

/// A number that lies in columns as it lies in Rust's memory.
pub trait Number: Pod {
    /// Which it is.
    const TYPE: NumberType;
}

numbers! {
    f32 = Float32, Float32Type;
    f64 = Float64, Float64Type;
    u8 = UInt8, UInt8Type;
    u16 = UInt16, UInt16Type;
    u32 = UInt32, UInt32Type;
    u64 = UInt64, UInt64Type;
    i32 = Int32, Int32Type;
    i64 = Int64, Int64Type;
}

/// The values of a column that are numbers, or groups of as many numbers, none of them null.
#[derive(Clone, Debug)]
pub(crate) struct PlainColumn {
    numbers: Buffer,
    /// Where the instances of each row begin, and where the last ones end.
    offsets: OffsetBuffer<i32>,
    layout: PlainLayout,
    even: EvenRows,
}

/// Some rows, one behind the other, that have as many instances each: where these are follows from where the first ones begin.
#[derive(Clone, Copy, Debug, Default)]
struct EvenRows {
    first: u32,
    num: u32,
    /// Where the instances of the first row begin.
    start: u32,
    each: u32,
}

impl EvenRows {
    /// Where the instances of a row begin and end, if it is one of these.
    fn instances_of(&self, row: usize) -> Option<(usize, usize)> {
        let at = row.checked_sub(self.first as usize)?;
        let (start, each) = (self.start as usize, self.each as usize);
        (at < self.num as usize).then(|| (start + at * each, start + (at + 1) * each))
    }
}

/// So many offsets lie in one line of the processor's cache, where the first of them begins one.
const OFFSETS_PER_LINE: usize = 16;

/// How instances are made of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainLayout {
    number: NumberType,
    /// The numbers that make an instance, where instances are groups.
    lanes: Option<u16>,
}

impl PlainLayout {
    /// The layout of groups of so many numbers, or of single ones.
    pub(crate) fn of<N: Number>(lanes: Option<usize>) -> Option<Self> {
        Some(Self {
            number: N::TYPE,
            lanes: lanes.map(u16::try_from).transpose().ok()?,
        })
    }
}

impl NumberType {
    fn bytes(self) -> usize {
        match self {
            Self::UInt8 => 1,
            Self::UInt16 => 2,
            Self::Float32 | Self::UInt32 | Self::Int32 => 4,
            Self::Float64 | Self::UInt64 | Self::Int64 => 8,
        }
    }
}

impl PlainColumn {
    /// The values of these lists; `None` where they are something else.
    pub(crate) fn of(lists: &ListArray) -> Option<Self> {
        let values = lists.values();
        if values.null_count() > 0 {
            return None;
        }
        let (numbers, lanes) = match values.as_fixed_size_list_opt() {
            Some(groups) => (groups.values(), Some(u16::try_from(groups.value_length()).ok()?)),
            None => (values, None),
        };
        if numbers.null_count() > 0 {
            return None;
        }
        let (number, numbers) = numbers_of(numbers.as_ref())?;
        Some(Self {
            numbers: numbers.clone(),
            offsets: lists.offsets().clone(),
            layout: PlainLayout { number, lanes },
            even: EvenRows::default(),
        })
    }

    pub(crate) fn layout(&self) -> PlainLayout {
        self.layout
    }

    /// The bytes of the numbers of all rows.
    pub(crate) fn num_bytes(&self) -> usize {
        self.numbers.len()
    }

    /// Finds out how many instances the rows around one have, so that nobody need look where those of its neighbors begin. What that
    /// takes from memory is what the row alone would.
    pub(crate) fn look_around(&mut self, row: usize) {
        if self.even.instances_of(row).is_some() {
            return;
        }
        let first = row - row % OFFSETS_PER_LINE;
        let offsets = self.offsets.get(first..).unwrap_or_default();
        let offsets = &offsets[..offsets.len().min(OFFSETS_PER_LINE)];
        let [start, next, ..] = *offsets else {
            return;
        };
        let each = next - start;
        if offsets.windows(2).all(|pair| pair[1] - pair[0] == each) {
            self.even = EvenRows {
                first: first as u32,
                num: offsets.len() as u32 - 1,
                start: start as u32,
                each: each as u32,
            };
        }
    }

    /// The bytes of the instances of a row, and which of the column's values these are.
    pub(crate) fn row(&self, row: usize) -> Option<(&[u8], usize, usize)> {
        let offset = |at: usize| usize::try_from(*self.offsets.get(at)?).ok();
        let (start, end) = match self.even.instances_of(row) {
            Some(instances) => instances,
            None => (offset(row)?, offset(row + 1)?),
        };
        let bytes = self.layout.number.bytes() * usize::from(self.layout.lanes.unwrap_or(1));
        let numbers = self.numbers.as_slice().get(start * bytes..end * bytes)?;
        Some((numbers, start, end - start))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, FixedSizeListArray, Float32Array, StringArray, UInt8Array};
    use arrow_schema::Field;

    use super::*;

    fn lists(values: ArrayRef, lengths: [usize; 3]) -> ListArray {
        let field = Field::new("item", values.data_type().clone(), true);
        ListArray::new(field.into(), OffsetBuffer::from_lengths(lengths), values, None)
    }

    fn row_of<N: Number>(lists: &ListArray, lanes: Option<usize>, row: usize) -> Option<Vec<N>> {
        let column =
            PlainColumn::of(lists).filter(|column| Some(column.layout()) == PlainLayout::of::<N>(lanes))?;
        let (numbers, start, len) = column.row(row)?;
        let numbers: &[N] = bytemuck::cast_slice(numbers);
        assert_eq!(numbers.len(), len * lanes.unwrap_or(1));
        assert_eq!(start, lists.value_offsets()[row] as usize);
        Some(numbers.to_vec())
    }

    fn groups(numbers: Float32Array, lanes: i32) -> ArrayRef {
        let field = Field::new("item", DataType::Float32, true);
        Arc::new(FixedSizeListArray::new(
            field.into(),
            lanes,
            Arc::new(numbers),
            None,
        ))
    }

    #[test]
    fn numbers_and_groups_of_them_are_read_where_they_lie() {
        let bytes = lists(Arc::new(UInt8Array::from(vec![1, 2, 3, 4])), [1, 0, 3]);
        assert_eq!(row_of::<u8>(&bytes, None, 0), Some(vec![1]));
        assert_eq!(row_of::<u8>(&bytes, None, 1), Some(vec![]));
        assert_eq!(row_of::<u8>(&bytes, None, 2), Some(vec![2, 3, 4]));
        assert_eq!(row_of::<u8>(&bytes, None, 3), None);
        assert_eq!(row_of::<u16>(&bytes, None, 0), None);
        assert_eq!(row_of::<u8>(&bytes, Some(1), 0), None);

        let pairs = groups(Float32Array::from(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), 2);
        let pairs = lists(pairs, [1, 1, 1]);
        assert_eq!(row_of::<f32>(&pairs, Some(2), 1), Some(vec![2.0, 3.0]));
        assert_eq!(row_of::<f32>(&pairs, None, 1), None);
        // A slice of a column begins elsewhere in the same memory.
        let part = pairs.slice(1, 2);
        assert_eq!(row_of::<f32>(&part, Some(2), 0), Some(vec![2.0, 3.0]));
        let values = pairs.values().slice(1, 2);
        let part = lists(values, [1, 1, 0]);
        assert_eq!(row_of::<f32>(&part, Some(2), 1), Some(vec![4.0, 5.0]));
    }

    #[test]
    fn rows_are_the_same_wherever_one_looked_around() {
        let cases: [Vec<usize>; 4] = [
            vec![1; 50],
            vec![2; 50],
            (0..50).map(|row| row % 3).collect(),
            (0..50).map(|row| if row < 20 { 1 } else { row % 2 }).collect(),
        ];
        let mut num_even = 0;
        for lengths in cases {
            let count: usize = lengths.iter().sum();
            let values: Vec<u8> = (0..count).map(|at| at as u8).collect();
            let field = Field::new("item", DataType::UInt8, true);
            let offsets = OffsetBuffer::from_lengths(lengths);
            let lists = ListArray::new(field.into(), offsets, Arc::new(UInt8Array::from(values)), None);
            for lists in [lists.slice(0, 50), lists.slice(7, 30)] {
                let (Some(expected), Some(mut column)) = (PlainColumn::of(&lists), PlainColumn::of(&lists))
                else {
                    panic!("these are numbers");
                };
                for row in (0..lists.len()).chain((0..lists.len()).rev()) {
                    column.look_around(row);
                    num_even += usize::from(column.even.instances_of(row).is_some());
                    for near in row.saturating_sub(18)..row + 18 {
                        assert_eq!(column.row(near), expected.row(near), "row {near} around {row}");
                    }
                }
            }
        }
        assert!(num_even > 200, "even rows are found to be: {num_even}");
    }

    #[test]
    fn what_has_nulls_or_no_numbers_is_left_to_its_array() {
        let null = lists(
            Arc::new(Float32Array::from(vec![Some(1.0), None, Some(2.0)])),
            [1, 1, 1],
        );
        assert!(PlainColumn::of(&null).is_none());
        let inner = groups(Float32Array::from(vec![Some(1.0), None, Some(2.0)]), 1);
        assert!(PlainColumn::of(&lists(inner, [1, 1, 1])).is_none());
        let texts = lists(Arc::new(StringArray::from(vec!["a", "b", "c"])), [1, 1, 1]);
        assert!(PlainColumn::of(&texts).is_none());
    }
}
