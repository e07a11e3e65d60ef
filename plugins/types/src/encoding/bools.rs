//! Booleans.

use std::{ops::Range, sync::Arc};

use arrow_array::{Array, ArrayRef, BooleanArray, cast::AsArray};
use arrow_schema::DataType;

use super::{Encoding, check_no_nulls};
use crate::ReadError;

/// Components that are a boolean per instance. Arrow packs them in bits, so that reading copies.
pub enum Bools {}

impl Encoding for Bools {
    type Value = bool;
    type Slice<'a> = Vec<bool>;

    fn datatype(_: &'static str) -> DataType {
        DataType::Boolean
    }

    fn read_range(
        component: &'static str,
        array: &dyn Array,
        range: Range<usize>,
    ) -> Result<Vec<bool>, ReadError> {
        check_no_nulls(component, array, &range)?;
        match array.as_boolean_opt() {
            Some(bools) => Ok(range.map(|at| bools.value(at)).collect()),
            None if array.data_type().is_null() && range.is_empty() => Ok(Vec::new()),
            None => Err(ReadError::wrong_type(
                component,
                &DataType::Boolean,
                array.data_type(),
            )),
        }
    }

    fn build(_: &'static str, values: Vec<bool>) -> ArrayRef {
        Arc::new(BooleanArray::from(values))
    }
}
