//! What a recording is made of on its way into a store.

use std::{fmt, sync::Arc};

use chronoscope_store::{AbsentChunk, Chunk, ChunkSource, StoreId};

/// One message of a recording or blueprint, in the order in which it was logged.
#[derive(Clone, Debug)]
pub enum LogMessage {
    /// A store begins, or what is known about it changed. May come several times for one store.
    StoreInfo(StoreInfo),
    /// Rows of one entity.
    Chunk {
        /// The store that the rows belong to.
        store: StoreId,
        /// The rows.
        chunk: Arc<Chunk>,
    },
    /// Chunks that are known and were not read.
    AbsentChunks {
        /// The store that they belong to.
        store: StoreId,
        /// What is known of them.
        chunks: Arc<[AbsentChunk]>,
        /// Where their rows come from once they are wanted. The same one for all messages of a file about a store.
        source: Arc<dyn ChunkSource>,
    },
    /// All of a blueprint has been sent, and this is what to do with it.
    ActivateBlueprint {
        /// The blueprint's store.
        blueprint: StoreId,
        /// Show it now.
        make_active: bool,
        /// Make it the one that a reset returns to.
        make_default: bool,
    },
}

impl LogMessage {
    /// The store that the message is about.
    pub fn store(&self) -> &StoreId {
        match self {
            Self::StoreInfo(info) => &info.id,
            Self::Chunk { store, .. } | Self::AbsentChunks { store, .. } => store,
            Self::ActivateBlueprint { blueprint, .. } => blueprint,
        }
    }

    /// The same message about another store.
    #[must_use]
    pub fn with_store(self, store: StoreId) -> Self {
        match self {
            Self::StoreInfo(info) => Self::StoreInfo(StoreInfo { id: store, ..info }),
            Self::Chunk { chunk, .. } => Self::Chunk { store, chunk },
            Self::AbsentChunks { chunks, source, .. } => Self::AbsentChunks {
                store,
                chunks,
                source,
            },
            Self::ActivateBlueprint {
                make_active,
                make_default,
                ..
            } => Self::ActivateBlueprint {
                blueprint: store,
                make_active,
                make_default,
            },
        }
    }

    /// The chunk, where the message is one.
    pub fn chunk(&self) -> Option<&Arc<Chunk>> {
        match self {
            Self::Chunk { chunk, .. } => Some(chunk),
            _ => None,
        }
    }

    /// The chunks that the message makes known.
    pub fn num_chunks(&self) -> u64 {
        match self {
            Self::Chunk { .. } => 1,
            Self::AbsentChunks { chunks, .. } => chunks.len() as u64,
            Self::StoreInfo(_) | Self::ActivateBlueprint { .. } => 0,
        }
    }

    /// The rows in those chunks.
    pub fn num_rows(&self) -> u64 {
        match self {
            Self::Chunk { chunk, .. } => chunk.num_rows() as u64,
            Self::AbsentChunks { chunks, .. } => chunks.iter().map(|chunk| chunk.num_rows as u64).sum(),
            Self::StoreInfo(_) | Self::ActivateBlueprint { .. } => 0,
        }
    }

    /// The memory that the message keeps alive, in bytes.
    pub fn num_bytes(&self) -> u64 {
        let behind = match self {
            Self::Chunk { chunk, .. } => chunk.num_bytes(),
            Self::AbsentChunks { chunks, .. } => chunks.iter().map(absent_chunk_bytes).sum(),
            Self::StoreInfo(_) | Self::ActivateBlueprint { .. } => 0,
        };
        size_of::<Self>() as u64 + behind
    }
}

/// The memory that is taken by what is known of a chunk, in bytes, names aside, which are shared.
pub fn absent_chunk_bytes(chunk: &AbsentChunk) -> u64 {
    let ranges: usize = chunk
        .components
        .iter()
        .map(|component| size_of_val(component.ranges.as_slice()))
        .sum();
    let bytes = size_of::<AbsentChunk>()
        + size_of_val(chunk.timelines.as_slice())
        + size_of_val(chunk.components.as_slice());
    (bytes + ranges) as u64
}

/// What is known about a store besides its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreInfo {
    /// The store.
    pub id: StoreId,
    /// What logged it.
    pub source: StoreSource,
    /// When the store was begun, in nanoseconds since the epoch (UTC); `None` where the message does not say.
    pub started_at_nanos: Option<u64>,
    /// The version of the SDK that wrote the file or stream, such as `0.41.0`.
    pub sdk_version: Option<Arc<str>>,
}

impl StoreInfo {
    /// A store that this program began, now known by nothing but its id.
    pub fn new(id: StoreId) -> Self {
        Self {
            id,
            source: StoreSource::Unknown,
            started_at_nanos: None,
            sdk_version: None,
        }
    }

    /// What logged it, with its version, in a few words; `None` where nothing is said.
    pub fn logged_by(&self) -> Option<String> {
        match (&self.source, &self.sdk_version) {
            (StoreSource::Unknown, None) => None,
            (StoreSource::Unknown, Some(version)) => Some(format!("SDK {version}")),
            (source, None) => Some(source.to_string()),
            (source, Some(version)) => Some(format!("{source} {version}")),
        }
    }
}

/// What logged a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreSource {
    /// Nothing is said.
    #[default]
    Unknown,
    /// The C or C++ SDK.
    CSdk,
    /// The Python SDK.
    PythonSdk {
        /// The version of Python, such as `3.11.7`.
        python_version: Arc<str>,
    },
    /// The Rust SDK.
    RustSdk {
        /// The version of the compiler.
        rustc_version: Arc<str>,
        /// The version of LLVM.
        llvm_version: Arc<str>,
    },
    /// A file of another format that was imported.
    File,
    /// A viewer.
    Viewer,
    /// Something else, in its own words.
    Other(Arc<str>),
}

impl fmt::Display for StoreSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::CSdk => f.write_str("C++ SDK"),
            Self::PythonSdk { python_version } => write!(f, "Python SDK, Python {python_version}"),
            Self::RustSdk { rustc_version, .. } => write!(f, "Rust SDK, rustc {rustc_version}"),
            Self::File => f.write_str("file"),
            Self::Viewer => f.write_str("viewer"),
            Self::Other(other) => f.write_str(other),
        }
    }
}
