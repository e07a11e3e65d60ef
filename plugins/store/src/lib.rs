//! The chunk store: time-stamped data as it was logged, found again at any time in O(log n).
//!
//! The modules follow the data:
//!
//! # Names
//! [`path`] names streams of data, [`descriptor`] names what a column holds, [`ids`] are the unique ids that travel with
//! the data and the small ones that a store hands out for fast indices.
//!
//! # Data
//! [`time`] has timelines, times and ranges; [`chunk`] is the unit of storage: some rows of one entity. [`meta`] is what is
//! known of a chunk without its data.
//!
//! # The store
//! [`store`] keeps chunks and what leads to them: the [`tree`] of entities, and per entity, timeline and component an
//! ordered index over the chunks' time ranges. Chunks come in through `insert`, where `gather` puts rows that come one by one
//! behind each other, with arrays that grow by `append`, and `compaction` merges small chunks and splits large ones. They go
//! through `remove` and [`gc`]; each change is told as [`events`]. A chunk may be known and not loaded: its data comes from a
//! [`source`]. [`stats`] are counted as they change, and `density` says where rows lie.
//!
//! # Queries
//! [`latest_at`] says what a component was at a time, and for which times that holds; [`clear`] hides older data in it.
//! [`range`] gives all rows between two times.
//!
//! # The cache
//! [`cache`] keeps answers by the interval for which they hold, for many readers at once, until an event meets them. A
//! [`recording`] is a store with its cache.

pub mod chunk;
pub mod descriptor;
pub mod ids;
pub mod path;
pub mod time;

pub mod meta;

mod interval_index;
mod names;
mod rows;
mod series;
mod slots_by_id;
pub mod tree;

pub mod events;
pub mod store;

mod append;
mod compaction;
mod gather;

mod insert;
mod link;
mod load;
mod remove;

pub mod gc;
pub mod source;

mod density;
pub mod stats;

pub mod clear;
pub mod latest_at;
pub mod range;

pub mod cache;
mod neighbours;
pub mod recording;

pub use arrow_array as arrow;

pub use cache::{CacheStats, PurgeReport, QueryCache};
pub use chunk::{Chunk, ChunkBuilder, ChunkError, ComponentColumn, RowIds, TimeColumn};
pub use clear::CLEAR_COMPONENT;
pub use descriptor::ComponentDescriptor;
pub use events::{ChangeReason, ChunkChange, StoreEvent};
pub use gc::{DEFAULT_GC_BUDGET, Garbage, GcBuffers, GcOptions, GcOrder, GcReport, MAX_ITEMS_BETWEEN_LOOKS};
pub use ids::{ChunkId, ComponentId, EntityId, RowId, StoreId, StoreKind, TimelineId};
pub use latest_at::{Hit, HitRef, LatestAt, LatestAtRef};
pub use meta::{AbsentChunk, AbsentComponent, ChunkMeta, ComponentMeta, TimelineMeta};
pub use path::{EntityPath, EntityPathError};
pub use range::{RangeDelta, RangeResult, RangeRow, RangeSlice};
pub use recording::Recording;
pub use source::{ChunkSource, ChunkSourceError, FetchOptions};
pub use stats::{EntityStats, StoreStats};
pub use store::{ChunkStore, StoreError, StoreSettings};
pub use time::{TimeRange, TimeType, Timeline};
pub use tree::EntityTree;
