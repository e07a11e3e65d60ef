//! Selectors: which part of a component a visualizer takes, in a subset of the language of `jq`.
//!
//! | selector | means |
//! |---|---|
//! | `.` | the instance |
//! | `.field` | a field of a struct |
//! | `[2]` | an element of a list, counted from zero; null where the list is shorter |
//! | `[]` | all elements of a list, each an instance |
//! | `?` | no value where the part before it is not there, in place of an error |
//! | `!` | no value where all instances are null |
//! | `a \| b` | `b` of `a` |
//!
//! Parts follow each other without a bar, too: `.poses[].x`. A selector works on whole columns, and copies no
//! values unless it picks elements of lists.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, LargeListArray, ListArray, StructArray, UInt32Array,
    cast::AsArray as _,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field};
use arrow_select::{nullif::nullif, take::take};

/// Why a selector cannot be read, or selects nothing of an array.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// It cannot be read.
    #[error("the selector {selector:?} cannot be read at {rest:?}")]
    Syntax {
        /// The selector.
        selector: String,
        /// What cannot be read of it.
        rest: String,
    },
    /// A struct has no such field.
    #[error("there is no field {field:?} among {known}")]
    NoField {
        /// The field.
        field: String,
        /// The fields that there are, with commas in between.
        known: String,
    },
    /// A field is asked of something that is no struct.
    #[error("the field {field:?} is asked of {datatype}, which is no struct")]
    NoStruct {
        /// The field.
        field: String,
        /// What it is asked of.
        datatype: DataType,
    },
    /// An element is asked of something that is no list.
    #[error("an element is asked of {datatype}, which is no list")]
    NoList {
        /// What it is asked of.
        datatype: DataType,
    },
    /// The array is larger than offsets can tell.
    #[error("the selected values are too many")]
    TooMany,
    /// Arrow cannot select from such an array.
    #[error("nothing can be selected of such an array: {message}")]
    Unsupported {
        /// What Arrow says.
        message: String,
    },
}

impl SelectorError {
    /// Whether the part is not there, in contrast to what is there and cannot be taken.
    fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::NoField { .. } | Self::NoStruct { .. } | Self::NoList { .. }
        )
    }
}

impl From<ArrowError> for SelectorError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::OffsetOverflowError(_) => Self::TooMany,
            error => Self::Unsupported {
                message: error.to_string(),
            },
        }
    }
}

/// What to take of each instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selector {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Segment {
    kind: SegmentKind,
    /// Whether it is no error where it is not there.
    is_optional: bool,
    /// Whether rows of which all instances are null are null.
    is_non_null: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum SegmentKind {
    Field(String),
    Index(usize),
    Each,
}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// Where it is not of the form that this module describes.
    pub fn parse(selector: &str) -> Result<Self, SelectorError> {
        let fail = |rest: &str| SelectorError::Syntax {
            selector: selector.to_owned(),
            rest: rest.to_owned(),
        };
        let mut segments: Vec<Segment> = Vec::new();
        let mut rest = selector.trim();
        let add = |segments: &mut Vec<Segment>, kind| {
            segments.push(Segment {
                kind,
                is_optional: false,
                is_non_null: false,
            });
        };
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('[') {
                let (index, after) = after.split_once(']').ok_or_else(|| fail(rest))?;
                let kind = match index.trim() {
                    "" => SegmentKind::Each,
                    index => SegmentKind::Index(index.parse().map_err(|_| fail(rest))?),
                };
                add(&mut segments, kind);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('.') {
                let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
                let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
                let (name, after) = after.split_at(end);
                if !name.is_empty() {
                    add(&mut segments, SegmentKind::Field(name.to_owned()));
                } else if after.starts_with('.') {
                    return Err(fail(rest));
                }
                rest = after;
            } else if let Some(after) = rest.strip_prefix('?') {
                segments.last_mut().ok_or_else(|| fail(rest))?.is_optional = true;
                rest = after;
            } else if let Some(after) = rest.strip_prefix('!') {
                segments.last_mut().ok_or_else(|| fail(rest))?.is_non_null = true;
                rest = after;
            } else {
                // Blanks stand around bars.
                let after = rest.trim_start().strip_prefix('|').map(str::trim_start);
                rest = after
                    .filter(|after| after.starts_with(['.', '[']))
                    .ok_or_else(|| fail(rest))?;
            }
        }
        Ok(Self { segments })
    }

    /// Whether it takes instances as they are.
    pub fn is_identity(&self) -> bool {
        self.segments.is_empty()
    }

    /// What it takes of the instances of a cell; `None` where that is no value.
    ///
    /// # Errors
    /// Where the instances have no such part.
    pub fn select(&self, cell: &ArrayRef) -> Result<Option<ArrayRef>, SelectorError> {
        let field = Arc::new(Field::new_list_field(cell.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths([cell.len()]);
        let column = ListArray::try_new(field, offsets, Arc::clone(cell), None)?;
        let selected = self.select_column(&column)?;
        Ok(selected.is_valid(0).then(|| selected.value(0)))
    }

    /// What it takes of each row of a column, with as many rows. Rows that are null stay null; all are where
    /// the part is optional and not there.
    ///
    /// # Errors
    /// Where the instances have no such part.
    pub fn select_column(&self, column: &ListArray) -> Result<ListArray, SelectorError> {
        let mut column = column.clone();
        for segment in &self.segments {
            let selected = match &segment.kind {
                SegmentKind::Field(field) => map_values(&column, |values| struct_field(values, field)),
                SegmentKind::Index(index) => map_values(&column, |values| element(values, *index)),
                SegmentKind::Each => each(&column),
            };
            column = match selected {
                Ok(selected) => selected,
                Err(error) if segment.is_optional && error.is_absence() => {
                    let field = Arc::new(Field::new_list_field(DataType::Null, true));
                    return Ok(ListArray::new_null(field, column.len()));
                }
                Err(error) => return Err(error),
            };
            if segment.is_non_null {
                column = without_null_rows(&column)?;
            }
        }
        Ok(column)
    }
}

/// The column with other instances, as many as before.
fn map_values(
    column: &ListArray,
    map: impl FnOnce(&ArrayRef) -> Result<ArrayRef, SelectorError>,
) -> Result<ListArray, SelectorError> {
    let values = map(column.values())?;
    Ok(ListArray::try_new(
        Arc::new(Field::new_list_field(values.data_type().clone(), true)),
        column.offsets().clone(),
        values,
        column.nulls().cloned(),
    )?)
}

/// A field of each struct; null where the struct is.
fn struct_field(values: &ArrayRef, field: &str) -> Result<ArrayRef, SelectorError> {
    let no_struct = || SelectorError::NoStruct {
        field: field.to_owned(),
        datatype: values.data_type().clone(),
    };
    let structs: &StructArray = values.as_struct_opt().ok_or_else(no_struct)?;
    let column = structs
        .column_by_name(field)
        .ok_or_else(|| SelectorError::NoField {
            field: field.to_owned(),
            known: structs.column_names().join(", "),
        })?;
    match structs.nulls() {
        None => Ok(Arc::clone(column)),
        Some(nulls) => {
            let is_null = arrow_array::BooleanArray::new(!nulls.inner(), None);
            Ok(nullif(column, &is_null)?)
        }
    }
}

/// Lists of any kind.
struct Lists<'a> {
    values: &'a ArrayRef,
    nulls: Option<&'a NullBuffer>,
    ranges: Box<dyn Fn(usize) -> (usize, usize) + 'a>,
}

impl<'a> Lists<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self, SelectorError> {
        if let Some(lists) = array.as_list_opt::<i32>() {
            let lists: &ListArray = lists;
            let offsets = lists.value_offsets();
            return Ok(Self {
                values: lists.values(),
                nulls: lists.nulls(),
                ranges: Box::new(move |at| (offsets[at] as usize, offsets[at + 1] as usize)),
            });
        }
        if let Some(lists) = array.as_list_opt::<i64>() {
            let lists: &LargeListArray = lists;
            let offsets = lists.value_offsets();
            return Ok(Self {
                values: lists.values(),
                nulls: lists.nulls(),
                ranges: Box::new(move |at| (offsets[at] as usize, offsets[at + 1] as usize)),
            });
        }
        if let Some(lists) = array.as_fixed_size_list_opt() {
            let lists: &FixedSizeListArray = lists;
            let len = lists.value_length() as usize;
            return Ok(Self {
                values: lists.values(),
                nulls: lists.nulls(),
                ranges: Box::new(move |at| {
                    let start = lists.value_offset(at) as usize;
                    (start, start + len)
                }),
            });
        }
        Err(SelectorError::NoList {
            datatype: array.data_type().clone(),
        })
    }

    /// The values of a list: from where to where. Empty where the list is null.
    fn range(&self, at: usize) -> std::ops::Range<usize> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(at)) {
            return 0..0;
        }
        let (start, end) = (self.ranges)(at);
        start..end
    }
}

/// An element of each list; null where the list is shorter.
fn element(values: &ArrayRef, index: usize) -> Result<ArrayRef, SelectorError> {
    let lists = Lists::of(values)?;
    let picked = (0..values.len()).map(|at| {
        let range = lists.range(at);
        (index < range.len()).then(|| (range.start + index) as u32)
    });
    Ok(take(lists.values, &picked.collect::<UInt32Array>(), None)?)
}

/// All elements of the lists of each row.
fn each(column: &ListArray) -> Result<ListArray, SelectorError> {
    let lists = Lists::of(column.values())?;
    let mut picked: Vec<u32> = Vec::new();
    let mut lengths = Vec::with_capacity(column.len());
    for (row, ends) in column.value_offsets().windows(2).enumerate() {
        let before = picked.len();
        if column.is_valid(row) {
            for at in ends[0] as usize..ends[1] as usize {
                picked.extend(lists.range(at).map(|at| at as u32));
            }
        }
        lengths.push(picked.len() - before);
    }
    if i32::try_from(picked.len()).is_err() {
        return Err(SelectorError::TooMany);
    }
    let values = take(lists.values, &UInt32Array::from(picked), None)?;
    Ok(ListArray::try_new(
        Arc::new(Field::new_list_field(values.data_type().clone(), true)),
        OffsetBuffer::from_lengths(lengths),
        values,
        column.nulls().cloned(),
    )?)
}

/// The column in which a row of nulls alone is null.
fn without_null_rows(column: &ListArray) -> Result<ListArray, SelectorError> {
    let values = column.values();
    let has_value = |ends: &[i32]| (ends[0]..ends[1]).any(|at| values.is_valid(at as usize));
    let is_valid: Vec<bool> = column
        .value_offsets()
        .windows(2)
        .enumerate()
        .map(|(row, ends)| column.is_valid(row) && (ends[0] == ends[1] || has_value(ends)))
        .collect();
    Ok(ListArray::try_new(
        Arc::new(Field::new_list_field(values.data_type().clone(), true)),
        column.offsets().clone(),
        Arc::clone(values),
        Some(NullBuffer::from(is_valid)),
    )?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use arrow_array::{
        Float32Array,
        builder::{Float32Builder, ListBuilder},
    };
    use arrow_schema::Fields;

    use super::*;

    /// Two poses, each with a number and a list: (1, [10, 11]), (2, [20]).
    fn poses() -> ArrayRef {
        let mut lists = ListBuilder::new(Float32Builder::new());
        lists.append_value([Some(10.0), Some(11.0)]);
        lists.append_value([Some(20.0)]);
        let columns: [(&str, ArrayRef); 2] = [
            ("x", Arc::new(Float32Array::from(vec![1.0, 2.0]))),
            ("list", Arc::new(lists.finish())),
        ];
        let fields: Fields = columns
            .iter()
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
            .collect();
        let columns = columns.map(|(_, array)| array).to_vec();
        Arc::new(StructArray::new(fields, columns, None))
    }

    fn numbers(selector: &str) -> Result<Option<Vec<Option<f32>>>, SelectorError> {
        let selected = Selector::parse(selector)?.select(&poses())?;
        Ok(selected.map(|array| {
            array
                .as_primitive::<arrow_array::types::Float32Type>()
                .iter()
                .collect()
        }))
    }

    #[test]
    fn selectors_take_fields_elements_and_all_elements() {
        let some = |values: &[f32]| Ok(Some(values.iter().copied().map(Some).collect::<Vec<_>>()));
        for (selector, expected) in [
            (".x", some(&[1.0, 2.0])),
            (". | .x", some(&[1.0, 2.0])),
            (".list[0]", some(&[10.0, 20.0])),
            (".list | .[0]", some(&[10.0, 20.0])),
            (".list[1]", Ok(Some(vec![Some(11.0), None]))),
            (".list[]", some(&[10.0, 11.0, 20.0])),
            (".list[7]!", Ok(None)),
            (".none?", Ok(None)),
            (".x.y?", Ok(None)),
        ] {
            assert_eq!(numbers(selector), expected, "{selector}");
        }
        assert!(Selector::parse(".").unwrap().is_identity());
        // Not all that Arrow refuses is too many values.
        let other = ArrowError::ComputeError("no such kernel".to_owned());
        let told = SelectorError::from(other).to_string();
        assert!(told.contains("no such kernel"), "{told}");
        let excess = SelectorError::from(ArrowError::OffsetOverflowError(1));
        assert_eq!(excess, SelectorError::TooMany);
    }

    #[test]
    fn a_selector_that_cannot_be_followed_says_why() {
        for (selector, why) in [
            (".none", "there is no field \"none\" among x, list"),
            (".x.y", "the field \"y\" is asked of Float32, which is no struct"),
            (".x[0]", "an element is asked of Float32, which is no list"),
            ("x", "the selector \"x\" cannot be read at \"x\""),
            (".x[a]", "the selector \".x[a]\" cannot be read at \"[a]\""),
            (".x |", "the selector \".x |\" cannot be read at \" |\""),
            ("..x", "the selector \"..x\" cannot be read at \"..x\""),
            ("?", "the selector \"?\" cannot be read at \"?\""),
            (
                "pack(.x)",
                "the selector \"pack(.x)\" cannot be read at \"pack(.x)\"",
            ),
        ] {
            assert_eq!(numbers(selector).unwrap_err().to_string(), why, "{selector}");
        }
    }

    #[test]
    fn a_column_keeps_its_rows_and_nulls() {
        let field = Arc::new(Field::new_list_field(poses().data_type().clone(), true));
        let nulls = NullBuffer::from(vec![true, false, true]);
        let offsets = OffsetBuffer::from_lengths([1, 0, 1]);
        let column = ListArray::new(field, offsets, poses(), Some(nulls));
        let rows = |selector: &str| {
            let column = Selector::parse(selector).unwrap().select_column(&column).unwrap();
            column
                .iter()
                .map(|row| row.map(|row| row.len()))
                .collect::<Vec<_>>()
        };
        assert_eq!(rows(".x"), [Some(1), None, Some(1)]);
        assert_eq!(rows(".list[]"), [Some(2), None, Some(1)]);
        assert_eq!(rows(".list[1]!"), [Some(1), None, None]);
        assert_eq!(rows(".none?"), [None, None, None]);
    }
}
