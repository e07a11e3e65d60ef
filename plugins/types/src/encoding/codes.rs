//! Colours, and enums that are stored as bytes.

use std::{borrow::Cow, marker::PhantomData};

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::{
    Encoding,
    plain::{Plain, build_plain},
};
use crate::{ReadError, Rgba, enums::Enumeration};

/// Components that are a colour per instance, read as numbers `0xRRGGBBAA`.
pub enum Colors {}

impl Encoding for Colors {
    type Value = Rgba;
    type Slice<'a> = Cow<'a, [u32]>;

    fn datatype(_: &'static str) -> DataType {
        DataType::UInt32
    }

    fn read<'a>(component: &'static str, array: &'a dyn Array) -> Result<Cow<'a, [u32]>, ReadError> {
        Plain::<u32>::read(component, array)
    }

    fn build(_: &'static str, values: Vec<Rgba>) -> ArrayRef {
        build_plain::<u32>(&values.into_iter().map(|color| color.0).collect::<Vec<_>>())
    }
}

/// Components that are a choice per instance.
pub struct Enums<E>(PhantomData<E>);

impl<E: Enumeration> Encoding for Enums<E> {
    type Value = E;
    type Slice<'a> = Vec<E>;

    fn datatype(_: &'static str) -> DataType {
        DataType::UInt8
    }

    fn read(component: &'static str, array: &dyn Array) -> Result<Vec<E>, ReadError> {
        Plain::<u8>::read(component, array)?
            .iter()
            .map(|&code| {
                E::from_code(code).ok_or(ReadError::UnknownValue {
                    component,
                    value: i64::from(code),
                })
            })
            .collect()
    }

    fn build(_: &'static str, values: Vec<E>) -> ArrayRef {
        build_plain::<u8>(&values.into_iter().map(E::code).collect::<Vec<_>>())
    }
}
