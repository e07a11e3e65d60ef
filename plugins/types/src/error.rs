//! What can be wrong with an array.

use arrow_schema::DataType;

/// Why an array is not what its component should be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The array has a type that cannot be read as this component.
    #[error("{component}: expected {expected}, found {found}")]
    Type {
        /// The component type, or the part of it.
        component: &'static str,
        /// The type it should have.
        expected: String,
        /// The type it has.
        found: String,
    },
    /// There are nulls where every instance needs a value.
    #[error("{component}: {nulls} of {len} values are null")]
    Nulls {
        /// The component type, or the part of it.
        component: &'static str,
        /// The number of nulls.
        nulls: usize,
        /// The number of values.
        len: usize,
    },
    /// An instance has another number of values than it should.
    #[error("{component}: expected {expected} values per instance, found {found}")]
    Length {
        /// The component type, or the part of it.
        component: &'static str,
        /// The values it should have.
        expected: usize,
        /// The values it has.
        found: usize,
    },
    /// A tensor has other dimensions than it should.
    #[error("{component}: expected a tensor of {expected}, found {found}")]
    Shape {
        /// The component type, or the part of it.
        component: &'static str,
        /// The dimensions it should have.
        expected: &'static str,
        /// The lengths of those it has.
        found: String,
    },
    /// A number that stands for nothing.
    #[error("{component}: {value} is not a known value")]
    UnknownValue {
        /// The component type, or the part of it.
        component: &'static str,
        /// The number.
        value: i64,
    },
    /// A struct lacks a field.
    #[error("{component}: the field {field} is missing")]
    MissingField {
        /// The component type, or the part of it.
        component: &'static str,
        /// The field's name.
        field: &'static str,
    },
    /// A value does not fit into the component's type.
    #[error("{component}: a value does not fit: {message}")]
    OutOfRange {
        /// The component type, or the part of it.
        component: &'static str,
        /// What Arrow says.
        message: String,
    },
}

impl ReadError {
    pub(crate) fn wrong_type(component: &'static str, expected: &DataType, found: &DataType) -> Self {
        Self::Type {
            component,
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
