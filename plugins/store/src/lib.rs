//! The chunk store: time-stamped data as it was logged, found again at any time in O(log n).
//!
//! The modules follow the data:
//!
//! # Names
//! [`path`] names streams of data, [`descriptor`] names what a column holds, [`ids`] are the unique ids that travel with
//! the data and the small ones that a store hands out for fast indices.
//!
//! # Data
//! [`time`] has timelines, times and ranges; [`chunk`] is the unit of storage: some rows of one entity.

pub mod chunk;
pub mod descriptor;
pub mod ids;
pub mod path;
pub mod time;

pub use arrow_array as arrow;

pub use chunk::{Chunk, ChunkBuilder, ChunkError, ComponentColumn, TimeColumn};
pub use descriptor::ComponentDescriptor;
pub use ids::{ChunkId, ComponentId, EntityId, RowId, StoreId, StoreKind, TimelineId};
pub use path::EntityPath;
pub use time::{TimeRange, TimeType, Timeline};
