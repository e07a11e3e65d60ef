//! What every component type can do, and the names of components in archetypes.

use std::{
    fmt,
    ops::{Deref, Range},
};

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use chronoscope_store::{CellRef, ComponentDescriptor};

use crate::{
    ReadError,
    vocabulary::{Presence, Vocabulary},
};

/// A component type, such as a position or a color: how its instances lie in Arrow arrays.
pub trait Component {
    /// The full name: `rerun.components.Position3D`.
    const TYPE: &'static str;

    /// One instance, to log.
    type Value;

    /// The instances of an array, as they are read.
    type Slice<'a>;

    /// The Arrow datatype of one instance.
    fn datatype() -> DataType;

    /// Reads the instances of one cell, or of an array, without copying where it has exactly the component's datatype.
    ///
    /// Arrays that are a little off (wider numbers, large lists) are converted.
    ///
    /// # Errors
    /// Where the array has a type that cannot be read as this component, or has nulls or values it cannot have.
    fn read<'a>(cell: impl Into<CellRef<'a>>) -> Result<Self::Slice<'a>, ReadError> {
        Self::read_cell(cell.into())
    }

    /// As [`Self::read`].
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_cell(cell: CellRef<'_>) -> Result<Self::Slice<'_>, ReadError> {
        Self::read_range(cell.values(), cell.range())
    }

    /// As [`Self::read`], the instances in a range, which must lie within the array.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_range(array: &dyn Array, range: Range<usize>) -> Result<Self::Slice<'_>, ReadError>;

    /// Makes an array of instances, of the component's datatype.
    fn build(values: Vec<Self::Value>) -> ArrayRef;
}

/// The name of a component in an archetype, with all that identifies its column.
///
/// It dereferences to the column's name, so that `&Points3D::POSITIONS` is the `&str` that stores are asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentName {
    /// The column's name: `Points3D:positions`.
    pub name: &'static str,
    /// The archetype's full name: `rerun.archetypes.Points3D`.
    pub archetype: &'static str,
    /// The component type's full name: `rerun.components.Position3D`.
    pub component_type: &'static str,
}

impl ComponentName {
    /// The column's name: `Points3D:positions`.
    pub const fn as_str(&self) -> &'static str {
        self.name
    }

    /// The field's name without the archetype: `positions`.
    pub fn field(&self) -> &'static str {
        self.name.rsplit(':').next().unwrap_or(self.name)
    }

    /// What a column of this component says of itself.
    pub fn descriptor(&self) -> ComponentDescriptor {
        ComponentDescriptor::partial(self.name)
            .with_archetype(self.archetype)
            .with_component_type(self.component_type)
    }

    /// How much the archetype needs the component.
    pub fn presence(&self) -> Presence {
        Vocabulary::get()
            .field(self.name)
            .map_or(Presence::Optional, |field| field.presence)
    }
}

impl Deref for ComponentName {
    type Target = str;

    fn deref(&self) -> &str {
        self.name
    }
}

impl AsRef<str> for ComponentName {
    fn as_ref(&self) -> &str {
        self.name
    }
}

impl fmt::Display for ComponentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
