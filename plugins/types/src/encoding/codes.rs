//! Colors, and enums that are stored as bytes.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    marker::PhantomData,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use chronoscope_store::CellRef;

use super::{
    Encoding,
    plain::{Plain, build_plain},
};
use crate::{ReadError, Rgba, enums::Enumeration};

/// Components that are a color per instance, read as numbers `0xRRGGBBAA`.
pub enum Colors {}

impl Encoding for Colors {
    type Value = Rgba;
    type Slice<'a> = Cow<'a, [u32]>;

    fn datatype(_: &'static str) -> DataType {
        DataType::UInt32
    }

    fn read_range<'a>(
        component: &'static str,
        array: &'a dyn Array,
        range: Range<usize>,
    ) -> Result<Cow<'a, [u32]>, ReadError> {
        Plain::<u32>::read_range(component, array, range)
    }

    fn read_cell<'a>(component: &'static str, cell: CellRef<'a>) -> Result<Cow<'a, [u32]>, ReadError> {
        Plain::<u32>::read_cell(component, cell)
    }

    fn build(_: &'static str, values: Vec<Rgba>) -> ArrayRef {
        build_plain::<u32>(&values.into_iter().map(|color| color.0).collect::<Vec<_>>())
    }
}

/// Components that are a choice per instance.
///
/// A byte that stands for no choice, as newer SDKs may write it, is read as the default, so that the rest of the cell can
/// be used. The log says so once for each byte of a component.
pub struct Enums<E>(PhantomData<E>);

impl<E: Enumeration + Default> Encoding for Enums<E> {
    type Value = E;
    type Slice<'a> = Vec<E>;

    fn datatype(_: &'static str) -> DataType {
        DataType::UInt8
    }

    fn read_range(
        component: &'static str,
        array: &dyn Array,
        range: Range<usize>,
    ) -> Result<Vec<E>, ReadError> {
        let codes = Plain::<u8>::read_range(component, array, range)?;
        Ok(choices(component, &codes))
    }

    fn read_cell(component: &'static str, cell: CellRef<'_>) -> Result<Vec<E>, ReadError> {
        let codes = Plain::<u8>::read_cell(component, cell)?;
        Ok(choices(component, &codes))
    }

    fn build(_: &'static str, values: Vec<E>) -> ArrayRef {
        build_plain::<u8>(&values.into_iter().map(E::code).collect::<Vec<_>>())
    }
}

fn choices<E: Enumeration + Default>(component: &'static str, codes: &[u8]) -> Vec<E> {
    let choice = |&code: &u8| {
        E::from_code(code).unwrap_or_else(|| {
            warn_once(component, code, E::default().name());
            E::default()
        })
    };
    codes.iter().map(choice).collect()
}

/// Cost: a lock, for unknown choices alone.
#[cold]
fn warn_once(component: &'static str, code: u8, default: &'static str) {
    static WARNED: Mutex<BTreeSet<(&str, u8)>> = Mutex::new(BTreeSet::new());
    let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
    if warned.insert((component, code)) {
        tracing::warn!("{component}: {code} is not a known value; {default} is used instead");
    }
}
