//! Structs, read field by field into values of their own.

use std::{marker::PhantomData, ops::Range, sync::Arc};

use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, StructArray, cast::AsArray, new_empty_array};
use arrow_schema::{DataType, Field};

use super::{Encoding, check_no_nulls, datatype_by_name};
use crate::ReadError;

/// A value that lies in Arrow as a struct.
pub trait Record: Sized {
    /// Reads all values of an array.
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError>;

    /// The arrays of the struct's fields, in their order.
    fn build(fields: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef>;
}

/// Components that are a [`Record`] per instance.
pub struct Records<R>(PhantomData<R>);

impl<R: Record> Encoding for Records<R> {
    type Value = R;
    type Slice<'a> = Vec<R>;

    fn datatype(component: &'static str) -> DataType {
        datatype_by_name(component)
    }

    fn read_range(
        component: &'static str,
        array: &dyn Array,
        range: Range<usize>,
    ) -> Result<Vec<R>, ReadError> {
        with_slice(array, range, |array| read_records(component, array))
    }

    fn build(component: &'static str, values: Vec<R>) -> ArrayRef {
        build_records(&datatype_by_name(component), &values)
    }
}

/// Reads the part of an array in a range.
pub(crate) fn with_slice<T>(array: &dyn Array, range: Range<usize>, read: impl FnOnce(&dyn Array) -> T) -> T {
    if range == (0..array.len()) {
        read(array)
    } else {
        read(array.slice(range.start, range.len()).as_ref())
    }
}

/// Reads an array of structs.
pub(crate) fn read_records<R: Record>(
    component: &'static str,
    array: &dyn Array,
) -> Result<Vec<R>, ReadError> {
    if array.is_empty() && array.data_type().is_null() {
        return Ok(Vec::new());
    }
    check_no_nulls(component, array, &(0..array.len()))?;
    let Some(array) = array.as_struct_opt() else {
        let (expected, found) = ("a struct".to_owned(), array.data_type().to_string());
        return Err(ReadError::Type {
            component,
            expected,
            found,
        });
    };
    let values = R::read(Columns { component, array })?;
    debug_assert_eq!(values.len(), array.len());
    Ok(values)
}

/// Builds an array of structs of this datatype.
pub(crate) fn build_records<R: Record>(datatype: &DataType, values: &[R]) -> ArrayRef {
    let built = match datatype {
        DataType::Struct(fields) if !values.is_empty() => {
            StructArray::try_new(fields.clone(), R::build(fields, values), None).ok()
        }
        _ => None,
    };
    // The tests hold every record against its datatype, so that only what is empty comes here.
    built.map_or_else(|| new_empty_array(datatype), |array| Arc::new(array) as ArrayRef)
}

/// The fields of an array of structs.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    pub(crate) component: &'static str,
    array: &'a StructArray,
}

impl<'a> Columns<'a> {
    /// The array of a field.
    pub(crate) fn get(&self, field: &'static str) -> Result<&'a dyn Array, ReadError> {
        match self.array.column_by_name(field) {
            Some(column) => Ok(column.as_ref()),
            None => Err(ReadError::MissingField {
                component: self.component,
                field,
            }),
        }
    }

    /// The numbers of a field that may be null.
    pub(crate) fn optional<P: ArrowPrimitiveType>(
        &self,
        field: &'static str,
    ) -> Result<Vec<Option<P::Native>>, ReadError> {
        let column = self.get(field)?;
        match column.as_primitive_opt::<P>() {
            Some(numbers) => Ok(numbers.iter().collect()),
            None if column.data_type().is_null() => Ok(vec![None; column.len()]),
            None => Err(ReadError::wrong_type(
                self.component,
                &P::DATA_TYPE,
                column.data_type(),
            )),
        }
    }
}
