//! How component types lie in Arrow arrays: one encoding for each kind of layout, shared by the components that have it.
//!
//! [`plain`] are numbers and fixed groups of numbers, read as slices; [`lists`] are lists of those, one list per instance;
//! [`text`] and [`bools`] are what they say; [`codes`] are enums stored as bytes; [`records`] are structs.

pub(crate) mod bools;
pub(crate) mod codes;
pub(crate) mod lists;
pub(crate) mod plain;
pub(crate) mod records;
pub(crate) mod text;

use std::ops::Range;

use arrow_array::{Array, ArrayRef, new_empty_array};
use arrow_schema::DataType;
use chronoscope_store::CellRef;

use crate::{ReadError, vocabulary::Vocabulary};

/// A layout. See [`crate::Component`], whose methods these are; `component` is the type's name.
pub trait Encoding {
    type Value;
    type Slice<'a>;
    fn datatype(component: &'static str) -> DataType;

    /// Reads the values in a range, which must lie within the array.
    fn read_range<'a>(
        component: &'static str,
        array: &'a dyn Array,
        range: Range<usize>,
    ) -> Result<Self::Slice<'a>, ReadError>;

    /// Reads the instances of a cell.
    fn read_cell<'a>(component: &'static str, cell: CellRef<'a>) -> Result<Self::Slice<'a>, ReadError> {
        Self::read_range(component, cell.values(), cell.range())
    }

    fn read<'a>(component: &'static str, array: &'a dyn Array) -> Result<Self::Slice<'a>, ReadError> {
        Self::read_range(component, array, 0..array.len())
    }

    fn build(component: &'static str, values: Vec<Self::Value>) -> ArrayRef;
}

/// Components that have no types of their own yet: they are read as they are, and not built.
pub enum Opaque {}

/// A value that does not exist: what a component without a builder is made from.
#[derive(Clone, Copy, Debug)]
pub struct NoValue(());

impl Encoding for Opaque {
    type Value = NoValue;
    type Slice<'a> = ArrayRef;

    fn datatype(component: &'static str) -> DataType {
        datatype_by_name(component)
    }

    fn read_range(
        component: &'static str,
        array: &dyn Array,
        range: Range<usize>,
    ) -> Result<ArrayRef, ReadError> {
        let expected = Self::datatype(component);
        if array.data_type().equals_datatype(&expected) {
            Ok(array.slice(range.start, range.len()))
        } else {
            Err(ReadError::wrong_type(component, &expected, array.data_type()))
        }
    }

    fn build(component: &'static str, _: Vec<NoValue>) -> ArrayRef {
        new_empty_array(&Self::datatype(component))
    }
}

/// The datatype that the vocabulary's table gives.
pub(crate) fn datatype_by_name(component: &str) -> DataType {
    Vocabulary::get()
        .datatype(component)
        .cloned()
        .unwrap_or(DataType::Null)
}

/// Fails where there are nulls within a range of an array.
pub(crate) fn check_no_nulls(
    component: &'static str,
    array: &dyn Array,
    range: &Range<usize>,
) -> Result<(), ReadError> {
    let Some(nulls) = array.nulls() else { return Ok(()) };
    if nulls.null_count() == 0 || range.is_empty() {
        return Ok(());
    }
    match nulls.slice(range.start, range.len()).null_count() {
        0 => Ok(()),
        nulls => Err(ReadError::Nulls {
            component,
            nulls,
            len: range.len(),
        }),
    }
}
