//! What is no valid chunk, and what the store cannot take.

use crate::{ChunkId, EntityPath};

/// Why something is not a valid chunk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// A column has another number of rows than the chunk.
    #[error("{entity}: column {column} has {actual} rows where the chunk has {expected}")]
    RowCount {
        /// The chunk's entity.
        entity: EntityPath,
        /// The column's name.
        column: String,
        /// The rows it should have.
        expected: usize,
        /// The rows it has.
        actual: usize,
    },
    /// A timeline or a component stands in the chunk twice.
    #[error("{entity}: column {column} is there twice")]
    DuplicateColumn {
        /// The chunk's entity.
        entity: EntityPath,
        /// The column's name.
        column: String,
    },
    /// A row lies at `i64::MIN`, which is reserved.
    #[error("{entity}: a row lies at the reserved time i64::MIN on timeline {timeline}")]
    ReservedTime {
        /// The chunk's entity.
        entity: EntityPath,
        /// The timeline's name.
        timeline: String,
    },
    /// A component is not a column of lists.
    #[error("{entity}: component {component} has type {data_type}, but a list is needed")]
    NotAList {
        /// The chunk's entity.
        entity: EntityPath,
        /// The component's name.
        component: String,
        /// The type it has.
        data_type: String,
    },
    /// Arrays of one component have different types.
    #[error("{entity}: component {component} is logged with different types: {message}")]
    MixedTypes {
        /// The chunk's entity.
        entity: EntityPath,
        /// The component's name.
        component: String,
        /// What Arrow says.
        message: String,
    },
    /// Lists of several chunks have, together, more values than an offset can count.
    #[error("{entity}: component {component} has more values than a chunk can hold")]
    TooManyValues {
        /// The chunks' entity.
        entity: EntityPath,
        /// The component's name.
        component: String,
    },
    /// A chunk has more rows than an index can count.
    #[error("{entity}: {rows} rows are more than a chunk can hold")]
    TooManyRows {
        /// The chunk's entity.
        entity: EntityPath,
        /// The rows.
        rows: usize,
    },
}

/// The greatest number of timelines of a chunk.
pub const MAX_TIMELINES: usize = 128;

/// The greatest number of pairs of a timeline and a component of a chunk. Each is an entry in an index.
pub const MAX_SERIES_PER_CHUNK: usize = 1 << 17;

/// The greatest number of components of an entity.
pub const MAX_ENTITY_COMPONENTS: usize = 1 << 16;

/// Why the store could not take something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The chunk itself is not valid.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// More columns than an index can count.
    #[error("{entity}: {columns} columns are more than a chunk can have")]
    TooManyColumns {
        /// The chunk's entity.
        entity: EntityPath,
        /// The number of columns.
        columns: usize,
    },
    /// More timelines than a chunk can have.
    #[error("{entity}: {timelines} timelines are more than a chunk can have, which is {MAX_TIMELINES}")]
    TooManyTimelines {
        /// The chunk's entity.
        entity: EntityPath,
        /// The number of timelines.
        timelines: usize,
    },
    /// More pairs of a timeline and a component than a chunk can have: each is indexed.
    #[error(
        "{entity}: {timelines} timelines with {components} components each are more than a chunk can have, \
         which is {MAX_SERIES_PER_CHUNK} pairs"
    )]
    TooManySeries {
        /// The chunk's entity.
        entity: EntityPath,
        /// The number of timelines.
        timelines: usize,
        /// The number of components.
        components: usize,
    },
    /// More components than an entity can have.
    #[error(
        "{entity}: {components} components are more than an entity can have, which is {MAX_ENTITY_COMPONENTS}"
    )]
    TooManyComponents {
        /// The entity.
        entity: EntityPath,
        /// The components that it would have.
        components: usize,
    },
    /// The store has no room for another name or chunk: their numbers are 32 bits wide.
    #[error("the store holds as many {what} as it can")]
    Full {
        /// What there are too many of.
        what: &'static str,
    },
    /// Data arrived for a chunk that the store does not know.
    #[error("chunk {0} is not known")]
    UnknownChunk(ChunkId),
}
