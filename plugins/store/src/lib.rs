//! The chunk store: time-stamped data as it was logged, found again at any time in O(log n).
//!
//! The modules follow the data:
//!
//! # Names
//! [`path`] names streams of data, [`descriptor`] names what a column holds, [`ids`] are the unique ids that travel with
//! the data and the small ones that a store hands out for fast indices.
//!
//! # Data
//! [`time`] has timelines, times and ranges; [`chunk`] is the unit of storage: some rows of one entity, in
//! [`columns`]. [`meta`] is what is known of a chunk without its data.
//!
//! # The store
//! [`store`] keeps chunks and what leads to them: the [`tree`] of entities, per entity, timeline and component an ordered index
//! over the chunks' time ranges, and per timeline one over all chunks. Chunks come in through `ingest`, which appends rows that
//! come one by one, merges small chunks and splits large ones. They go through `remove` and [`gc`]; each change is told as
//! [`events`]. A chunk may be known and not loaded: its data comes from a [`source`]. [`stats`] are counted as they change, and
//! `density` says where rows lie.
//!
//! # Queries
//! [`latest_at`] says what a component was at a time, and for which times that holds; [`clear`] hides older data in it.
//! [`range`] gives all rows between two times.
//!
//! # The cache
//! [`cache`] keeps answers by the interval for which they hold, for many readers at once, until an event meets them. A
//! [`recording`] is a store with its cache.
//!
//! # Glossary
//! - *Absent chunk*: known by its metadata, not loaded. *Load* and *evict* move between the two; *drop* forgets the metadata too.
//! - *Append buffer*: arrays that grow, to which rows that come one by one are copied.
//! - *Chunk data*: a loaded chunk, with the orders of its rows that queries made.
//! - *Clear*: a row that hides older rows, of its entity or of all below it.
//! - *Entry*: a chunk in an index: its time range, slot and columns.
//! - *Event*: one change of the store. *News* is what it brings for the first time, or takes for the last.
//! - *Fetch request*: a chunk that a source is asked to load.
//! - *Generation*: a number that grows with each change. *Version*: the generation at which a series last changed.
//! - *Level*, *merge queue*: chunks of about the same size and the same columns that wait to be merged.
//! - *Missing*: the chunks that an answer would need to be sure. With any, it is *provisional*.
//! - *Origin*: whether a chunk was inserted, made by the store, or made known by a source that can give it back.
//! - *Run*: rows of one chunk that no other chunk of the series comes between, so that the chunk alone says which is the latest.
//! - *Series*: the chunks of one (entity, timeline, component); a *static series* has no timeline.
//! - *Slot*: the place of a chunk in the store, used again when the chunk is gone.
//! - *Static*: on no timeline, so that it holds at all times.
//! - *Validity*: the cursors for which an answer is the same.

pub mod descriptor;
pub mod ids;
pub mod path;
pub mod time;

pub mod error;

pub mod cell;
pub mod chunk;
pub mod columns;

pub mod meta;

mod append_buffer;
mod footprint;
mod growing_lists;
mod interval_index;
mod keys;
mod merge_queue;
mod names;
mod pages;
mod plain;
mod rows;
mod series;
mod slots_by_id;
pub mod stats;
pub mod tree;

pub mod events;
pub mod store;

mod ingest;
mod remove;

pub mod gc;
pub mod source;

mod count;
mod density;

pub mod clear;
pub mod latest_at;
pub mod range;

pub mod cache;
mod neighbors;
mod profile;
pub mod recording;

pub use arrow_array as arrow;

pub use cache::{CacheStats, PurgeReport, QueryCache};
pub use cell::{Cell, CellRef};
pub use chunk::{Chunk, ChunkBuilder, ChunkGroup};
pub use clear::CLEAR_COMPONENT;
pub use columns::{ComponentColumn, RowIds, TimeColumn};
pub use descriptor::ComponentDescriptor;
pub use error::{ChunkError, StoreError};
pub use events::{ChangeReason, ChunkChange, StoreEvent};
pub use gc::{DEFAULT_GC_BUDGET, Garbage, GcBuffers, GcOptions, GcOrder, GcReport, MAX_ITEMS_BETWEEN_LOOKS};
pub use ids::{ChunkId, ComponentId, EntityId, RowId, StoreId, StoreKind, TimelineId};
pub use latest_at::{Hit, HitRef, LatestAt, LatestAtCursor, LatestAtRef};
pub use meta::{AbsentChunk, AbsentComponent, ChunkMeta, ComponentMeta, TimelineMeta};
pub use path::{EntityPath, EntityPathError};
pub use plain::{Number, NumberType};
pub use range::{MappedColumns, RangeDelta, RangeResult, RangeRow, RangeSlice};
pub use recording::Recording;
pub use source::{ChunkSource, ChunkSourceError, FetchOptions, Waker};
pub use stats::{EntityStats, StoreStats};
pub use store::{ChunkStore, StoreSettings};
pub use time::{TimeRange, TimeType, Timeline};
pub use tree::EntityTree;
