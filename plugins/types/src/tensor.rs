//! Tensors: numbers of one type in as many dimensions as wanted.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, ListArray, NullArray, PrimitiveArray, StringArray, UnionArray,
    cast::AsArray,
    new_empty_array,
    types::{
        Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
        UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, UnionFields};

use crate::{
    ReadError,
    encoding::{
        Encoding, check_no_nulls,
        lists::Lists,
        records::{Columns, Record},
    },
};

const COMPONENT: &str = "rerun.components.TensorData";

/// A tensor: numbers of one type, the last dimension innermost.
///
/// Invariant: there are as many numbers as the lengths of the dimensions, multiplied, say.
#[derive(Clone, Debug)]
pub struct TensorData {
    shape: Vec<u64>,
    names: Vec<String>,
    /// An array of one of the ten integer and floating point types.
    values: ArrayRef,
}

impl TensorData {
    /// The length of each dimension, the outermost first.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The name of each dimension; empty where they have none.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers: a primitive array of the type that was logged.
    pub fn values(&self) -> &ArrayRef {
        &self.values
    }

    /// The same numbers in other dimensions; `None` where these take another number of them.
    pub fn with_shape(mut self, shape: impl Into<Vec<u64>>) -> Option<Self> {
        self.shape = shape.into();
        self.names.clear();
        (num_values(&self.shape) == Some(self.values.len())).then_some(self)
    }

    /// The numbers of a tensor of which one dimension at most is longer than 1. Not copied where they are `f64`.
    ///
    /// # Errors
    /// Where two dimensions are longer, or there are none.
    pub fn to_vector(&self) -> Result<ScalarBuffer<f64>, ReadError> {
        let is_vector =
            !self.shape.is_empty() && self.shape.iter().filter(|length| **length != 1).count() <= 1;
        if !is_vector {
            let lengths: Vec<String> = self.shape.iter().map(u64::to_string).collect();
            return Err(ReadError::Shape {
                component: COMPONENT,
                expected: "one dimension",
                found: match lengths.as_slice() {
                    [] => "none".to_owned(),
                    lengths => lengths.join(" × "),
                },
            });
        }
        let wrong_type = || ReadError::wrong_type(COMPONENT, &DataType::Float64, self.values.data_type());
        let numbers = arrow_cast::cast(&self.values, &DataType::Float64).map_err(|_error| wrong_type())?;
        let numbers = numbers.as_primitive_opt::<Float64Type>().ok_or_else(wrong_type)?;
        Ok(numbers.values().clone())
    }
}

macro_rules! numbers {
    ($($datatype:ident $($number:ident)?),*) => {
        $(
            /// A tensor of one dimension.
            impl From<PrimitiveArray<$datatype>> for TensorData {
                fn from(values: PrimitiveArray<$datatype>) -> Self {
                    Self {
                        shape: vec![values.len() as u64],
                        names: Vec::new(),
                        values: Arc::new(values),
                    }
                }
            }

            $(
                /// A tensor of one dimension.
                impl From<Vec<$number>> for TensorData {
                    fn from(values: Vec<$number>) -> Self {
                        PrimitiveArray::<$datatype>::from(values).into()
                    }
                }
            )?
        )*

        /// Whether tensors may be of such numbers.
        fn is_number(datatype: &DataType) -> bool {
            [$(<$datatype as ArrowPrimitiveType>::DATA_TYPE),*].contains(datatype)
        }
    };
}

// Half precision has no type in the standard library: such tensors are made from arrays.
numbers!(
    UInt8Type u8, UInt16Type u16, UInt32Type u32, UInt64Type u64, Int8Type i8, Int16Type i16, Int32Type i32,
    Int64Type i64, Float16Type, Float32Type f32, Float64Type f64
);

/// How many numbers a shape takes; `None` where no memory could hold them.
fn num_values(shape: &[u64]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |count, length| {
        count.checked_mul(usize::try_from(*length).ok()?)
    })
}

impl Record for TensorData {
    fn read(columns: Columns<'_>) -> Result<Vec<Self>, ReadError> {
        let component = columns.component;
        let shapes = Lists::<u64>::read(component, columns.get("shape")?)?;
        let buffers = columns.get("buffer")?;
        let Some(buffers) = buffers.as_any().downcast_ref::<UnionArray>() else {
            return Err(ReadError::Type {
                component,
                expected: "a union".to_owned(),
                found: buffers.data_type().to_string(),
            });
        };
        let names = columns.get("names").ok();
        let tensors = (0..buffers.len()).map(|at| {
            let values = buffer(component, buffers, at)?;
            let shape = shapes.get(at).unwrap_or(&[]).to_vec();
            let expected = num_values(&shape).unwrap_or(usize::MAX);
            if values.len() != expected {
                let found = values.len();
                return Err(ReadError::Length {
                    component,
                    expected,
                    found,
                });
            }
            let names = names.map(|names| names_of(names, at)).unwrap_or_default();
            Ok(Self { shape, names, values })
        });
        tensors.collect()
    }

    fn build(fields: &[Arc<Field>], values: &[Self]) -> Vec<ArrayRef> {
        let arrays = fields
            .iter()
            .map(|field| match (field.name().as_str(), field.data_type()) {
                ("shape", DataType::List(item)) => {
                    let lengths: Vec<u64> = values
                        .iter()
                        .flat_map(|value| value.shape.iter().copied())
                        .collect();
                    let lengths = Arc::new(PrimitiveArray::<UInt64Type>::from(lengths));
                    list(item, values.iter().map(|value| value.shape.len()), lengths)
                }
                ("names", DataType::List(item)) => {
                    let names = values.iter().flat_map(|value| &value.names).collect::<Vec<_>>();
                    let names = StringArray::from_iter_values(names);
                    list(
                        item,
                        values.iter().map(|value| value.names.len()),
                        Arc::new(names),
                    )
                }
                ("buffer", DataType::Union(variants, _)) => build_union(variants, values),
                _ => None,
            });
        arrays.collect::<Option<Vec<ArrayRef>>>().unwrap_or_default()
    }
}

/// The numbers of one tensor, of whatever type.
fn buffer(component: &'static str, buffers: &UnionArray, at: usize) -> Result<ArrayRef, ReadError> {
    let wrong_type = |found: &DataType| ReadError::Type {
        component,
        expected: "a list of numbers".to_owned(),
        found: found.to_string(),
    };
    let type_id = buffers.type_ids().get(at).copied();
    let is_known = |id: i8| {
        let DataType::Union(variants, _) = buffers.data_type() else {
            return false;
        };
        variants.iter().any(|(other, _)| other == id)
    };
    let Some(type_id) = type_id.filter(|id| is_known(*id)) else {
        return Err(wrong_type(buffers.data_type()));
    };
    let lists = buffers.child(type_id);
    // Sparse unions have no offsets.
    let offset = match buffers.offsets() {
        Some(offsets) => offsets.get(at).and_then(|offset| usize::try_from(*offset).ok()),
        None => Some(at),
    };
    let offset = offset
        .filter(|offset| *offset < lists.len() && lists.is_valid(*offset))
        .ok_or_else(|| wrong_type(&DataType::Null))?;
    let values = match (lists.as_list_opt::<i32>(), lists.as_list_opt::<i64>()) {
        (Some(lists), _) => lists.value(offset),
        (_, Some(lists)) => lists.value(offset),
        _ => return Err(wrong_type(lists.data_type())),
    };
    if !is_number(values.data_type()) {
        return Err(wrong_type(values.data_type()));
    }
    check_no_nulls(component, values.as_ref(), &(0..values.len()))?;
    Ok(values)
}

/// The names of a tensor's dimensions. They are for reading alone, so that what cannot be read is no name.
fn names_of(names: &dyn Array, at: usize) -> Vec<String> {
    let names = names
        .as_list_opt::<i32>()
        .filter(|names| names.is_valid(at))
        .map(|names| names.value(at));
    let names = names.as_ref().and_then(|names| names.as_string_opt::<i32>());
    names.map_or_else(Vec::new, |names| {
        names
            .iter()
            .map(|name| name.unwrap_or_default().to_owned())
            .collect()
    })
}

fn build_union(variants: &UnionFields, values: &[TensorData]) -> Option<ArrayRef> {
    let mut type_ids = vec![0_i8; values.len()];
    let mut offsets = vec![0_i32; values.len()];
    let children = variants.iter().map(|(id, field)| {
        let DataType::List(item) = field.data_type() else {
            return Some(Arc::new(NullArray::new(0)) as ArrayRef);
        };
        let own = values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.values.data_type() == item.data_type());
        let mut arrays: Vec<&dyn Array> = Vec::new();
        for (at, value) in own {
            type_ids[at] = id;
            offsets[at] = i32::try_from(arrays.len()).ok()?;
            arrays.push(value.values.as_ref());
        }
        if arrays.is_empty() {
            return Some(new_empty_array(field.data_type()));
        }
        let numbers = arrow_select::concat::concat(&arrays).ok()?;
        list(item, arrays.iter().map(|array| array.len()), numbers)
    });
    let children = children.collect::<Option<Vec<ArrayRef>>>()?;
    let union = UnionArray::try_new(variants.clone(), type_ids.into(), Some(offsets.into()), children);
    Some(Arc::new(union.ok()?))
}

fn list(item: &Arc<Field>, lengths: impl Iterator<Item = usize>, values: ArrayRef) -> Option<ArrayRef> {
    let offsets = OffsetBuffer::from_lengths(lengths);
    Some(Arc::new(
        ListArray::try_new(Arc::clone(item), offsets, values, None).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use arrow_array::StructArray;
    use half::f16;

    use super::*;
    use crate::{Component as _, components};

    fn vector(array: &ArrayRef) -> Result<Vec<f64>, ReadError> {
        Ok(components::TensorData::read(array)?[0].to_vector()?.to_vec())
    }

    #[test]
    fn numbers_of_all_types_come_back() {
        let tensors: [TensorData; 11] = [
            vec![1_u8, 2].into(),
            vec![1_u16, 2].into(),
            vec![1_u32, 2].into(),
            vec![1_u64, 2].into(),
            vec![1_i8, 2].into(),
            vec![1_i16, 2].into(),
            vec![1_i32, 2].into(),
            vec![1_i64, 2].into(),
            PrimitiveArray::<Float16Type>::from(vec![f16::from_f32(1.0), f16::from_f32(2.0)]).into(),
            vec![1_f32, 2.0].into(),
            vec![1_f64, 2.0].into(),
        ];
        for tensor in &tensors {
            let array = components::TensorData::build(vec![tensor.clone()]);
            assert_eq!(array.data_type(), &components::TensorData::datatype());
            assert_eq!(vector(&array).unwrap(), [1.0, 2.0], "{tensor:?}");
        }
        // Several in one array, of several types.
        let array = components::TensorData::build(tensors.to_vec());
        let read = components::TensorData::read(&array).unwrap();
        assert_eq!(read.len(), 11);
        for (read, tensor) in read.iter().zip(&tensors) {
            assert_eq!(read.values(), tensor.values());
        }
        assert_eq!(
            components::TensorData::read(&array.slice(3, 2)).unwrap()[1].values(),
            tensors[4].values()
        );
    }

    #[test]
    fn a_vector_has_one_dimension() {
        let tensor = |shape: &[u64]| TensorData::from(vec![1_u8; 12]).with_shape(shape);
        for shape in [&[12][..], &[1, 12], &[12, 1, 1]] {
            assert_eq!(tensor(shape).unwrap().to_vector().unwrap().len(), 12);
        }
        assert_eq!(TensorData::from(Vec::<f32>::new()).to_vector().unwrap().len(), 0);
        let error = tensor(&[3, 4]).unwrap().to_vector().unwrap_err();
        assert_eq!(
            error.to_string(),
            "rerun.components.TensorData: expected a tensor of one dimension, found 3 × 4"
        );
        assert!(tensor(&[3, 5]).is_none());
        assert!(tensor(&[u64::MAX, u64::MAX]).is_none());
    }

    #[test]
    fn what_is_no_tensor_says_so() {
        let good = components::TensorData::build(vec![vec![1_u8, 2].into()]);
        let good = good.as_struct();
        let with = |name: &str, array: ArrayRef| {
            let (fields, mut arrays, _) = good.clone().into_parts();
            let at = fields.iter().position(|field| field.name() == name).unwrap();
            let mut fields: Vec<Field> = fields.iter().map(|field| field.as_ref().clone()).collect();
            fields[at] = Field::new(name, array.data_type().clone(), true);
            arrays[at] = array;
            Arc::new(StructArray::new(fields.into(), arrays, None)) as ArrayRef
        };
        let check = |array: &ArrayRef, wanted: &str| {
            let error = vector(array).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error:?} instead of {wanted:?}");
        };
        let wrong_shape = components::TensorData::build(vec![vec![1_u8, 2, 3].into()]);
        let wrong_shape = Arc::clone(wrong_shape.as_struct().column_by_name("shape").unwrap());
        check(
            &with("shape", wrong_shape),
            "expected 3 values per instance, found 2",
        );
        let numbers: ArrayRef = Arc::new(PrimitiveArray::<UInt64Type>::from(vec![1]));
        check(&with("buffer", Arc::clone(&numbers)), "expected a union");
        check(&numbers, "expected a struct");
        let DataType::Union(variants, _) = good.column_by_name("buffer").unwrap().data_type() else {
            unreachable!("the datatype of tensors");
        };
        let children = variants.iter().map(|(_, field)| match field.data_type() {
            DataType::Null => Arc::new(NullArray::new(1)) as ArrayRef,
            datatype => new_empty_array(datatype),
        });
        let children = children.collect();
        let null = UnionArray::try_new(variants.clone(), vec![0].into(), Some(vec![0].into()), children);
        check(
            &with("buffer", Arc::new(null.unwrap())),
            "expected a list of numbers",
        );
    }
}
