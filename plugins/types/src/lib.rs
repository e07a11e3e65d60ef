//! The vocabulary of recordings: what archetypes and components there are, how to read them and how to log them.
//!
//! # Names
//! [`archetypes`], [`blueprint`] and [`own`] declare what belongs together, one declaration each, with the names of the columns
//! (`Points3D::POSITIONS`) and the builders to log with. [`Vocabulary`] lists every archetype there is, typed here or not.
//!
//! # Types
//! [`components`] says how the instances of a component lie in Arrow arrays. [`enums`], [`records`] and [`tensor`] are the values that are
//! more than numbers and texts.
//!
//! # Reading
//! [`read`] turns the array of a cell into a slice of the same memory, after checking it. [`num_instances`] says how many
//! instances a row has, and [`clamped`] and its like give each one its values where a component has fewer.
//!
//! # Showing
//! [`format_value`], [`format_time`] and [`format_calendar`] turn values and times into short texts; [`parse_time`] goes back.
//!
//! # Logging
//! [`log_chunk`] and [`columns_chunk`] make chunks from archetypes:
//! ```
//! use chronoscope_types::{Points3D, log_chunk, read};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let points = Points3D::new([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]).with_colors([[255, 0, 0]]).with_radii([0.1]);
//! let chunk = log_chunk("world/points", [], &points)?;
//! let cell = chunk.cell(&Points3D::POSITIONS, 0).ok_or("nothing logged")?;
//! assert_eq!(read::positions3d(&cell)?[1], [1.0, 0.0, 0.0]);
//! # Ok(())
//! # }
//! ```
//!
//! # On its way
//! [`LogMessage`] is what a recording is made of on its way from a file, a stream or a recorder into a store,
//! [`SourceStatus`] says how it stands with where it comes from.
//!
//! # Glossary
//! | term | meaning |
//! |---|---|
//! | archetype | components that belong together: `Points3D` |
//! | component | a field of an archetype, and the column that holds it: `Points3D:positions` |
//! | component type | what the instances of a component are: `rerun.components.Position3D` |
//! | descriptor | archetype, component and component type of a column |
//! | cell | the value of a component in a row: a list of instances |
//! | instance | one of the things that a row shows, such as a point; see [`num_instances`] |
//! | required component | one without which an archetype shows nothing |
//! | choice | an enumeration that is stored as a byte |
//! | record | a component type that is a struct |
//! | vocabulary | all archetypes and component types, from the tables in `vocabulary/` |

mod vocabulary;

mod datatype;

mod component;

mod archetype;

pub mod archetypes;

pub mod blueprint;

pub mod own;

mod constructors;

pub mod components;

mod encoding;

mod color;

pub mod enums;

pub mod records;

pub mod tensor;

mod blueprint_records;

mod error;

pub mod read;

mod join;

mod instances;

mod time_format;

mod value_format;

mod log;

mod message;

pub mod selector;

mod source;

/// What the datatypes of components are named with.
pub use arrow_schema::DataType;

pub use archetype::AsComponents;
pub use archetypes::{
    AnnotationContext, Arrows2D, Arrows3D, Asset3D, BarChart, Boxes2D, Boxes3D, Capsules3D, Clear,
    CoordinateFrame, Cylinders3D, DepthImage, Ellipses2D, Ellipsoids3D, EncodedDepthImage, EncodedImage,
    GridMap, Image, InstancePoses3D, LineStrips2D, LineStrips3D, Measurements, Mesh3D, Pinhole, Points2D,
    Points3D, RecordingInfo, Scalars, SegmentationImage, SeriesLines, SeriesPoints, TextDocument, TextLog,
    Transform3D, TransformAxes3D, ViewCoordinates, VoxelGridMap,
};
pub use blueprint_records::{
    ComponentMapping, CursorTimeRange, TextLogColumn, TimeBoundary, TimelineColumn, VisibleTimeRange,
    VisualBounds2D,
};
pub use color::Rgba;
pub use component::{Component, ComponentName};
pub use datatype::{format_datatype, parse_datatype};
pub use encoding::{NoValue, lists::ListSlices, plain::PlainValue, text::TextSlices};
pub use error::ReadError;
pub use instances::{num_instances, num_solids};
pub use join::{clamped, clamped_iter, clamped_options};
pub use log::{columns_chunk, columns_chunk_with_lengths, log_chunk};
pub use message::{LogMessage, StoreInfo, StoreSource, absent_chunk_bytes};
pub use selector::{Selector, SelectorError};
pub use source::{SourceId, SourceStatus};
pub use time_format::{
    TimeZone, format_calendar, format_calendar_in, format_time, format_time_in, offset_of, parse_time,
    parse_time_in,
};
pub use value_format::{format_bytes, format_value};
pub use vocabulary::{ArchetypeInfo, FieldInfo, Presence, Vocabulary};

#[cfg(test)]
mod tests;

#[cfg(test)]
mod tests_sdk;
