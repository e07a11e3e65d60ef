//! What can be wrong with a row, and with a sink.

use std::{path::PathBuf, sync::Arc};

use chronoscope_io::{IoError, MessageError};
use chronoscope_store::{ChunkError, EntityPath, StoreError};

/// Why something was not logged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The columns do not fit together.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// The row has no time, and no automatic one. It would be static, and hold at all times.
    #[error("{entity}: the row has no time; set one, or use log_static")]
    NoTime {
        /// The entity.
        entity: EntityPath,
    },
    /// A cell has more instances than a chunk can hold.
    #[error("{entity}: {component} has {instances} instances, more than a chunk can hold")]
    TooLarge {
        /// The entity.
        entity: EntityPath,
        /// The component's name.
        component: String,
        /// The instances.
        instances: usize,
    },
    /// A stream is of another type than its component.
    #[error("{entity}: {component} is of type {expected}, not {actual}")]
    WrongType {
        /// The entity.
        entity: EntityPath,
        /// The component's name.
        component: &'static str,
        /// The component type that it has.
        expected: &'static str,
        /// The component type of the stream.
        actual: &'static str,
    },
    /// A stream belongs to another recorder.
    #[error("the stream belongs to another recorder")]
    OtherRecorder,
    /// The store of a recording does not take a chunk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sink cannot be had.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The thread that sends rows in time cannot be started.
    #[error("the thread that sends rows could not be started: {0}")]
    Thread(#[source] std::io::Error),
}

/// Why a sink takes no more. Displays as a sentence that names it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// A file cannot be written.
    #[error("{} {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: Arc<IoError>,
    },
    /// A chunk cannot be encoded.
    #[error("{sink}: a chunk cannot be encoded: {error}")]
    Encode {
        /// The sink's name.
        sink: Arc<str>,
        /// What is wrong.
        error: Arc<MessageError>,
    },
    /// Too much waits to be sent, and who logs does not wait.
    #[error("{sink}: it takes less than is logged; what is too much is dropped")]
    Dropping {
        /// The sink's name.
        sink: Arc<str>,
    },
    /// The connection broke, and is tried again.
    #[error("{sink}: {reason}; what was on its way may be lost, and more tries follow")]
    Broken {
        /// The sink's name.
        sink: Arc<str>,
        /// Why.
        reason: Arc<str>,
    },
    /// Nobody takes what is sent any more.
    #[error("{sink}: {reason}")]
    Closed {
        /// The sink's name.
        sink: Arc<str>,
        /// Why.
        reason: Arc<str>,
    },
}
