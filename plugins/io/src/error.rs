//! Everything that can be wrong with a source.

use std::io;

use crate::HttpError;

/// Why a source, or a part of it, cannot be read or written. Displays as the end of a sentence that begins with the
/// source's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IoError {
    /// The file cannot be opened.
    #[error("could not be opened: {0}")]
    Open(#[source] io::Error),
    /// The file cannot be had from its web server.
    #[error("could not be opened: {0}")]
    Fetch(#[from] HttpError),
    /// The file cannot be read any further.
    #[error("could not be read beyond byte {offset}: {error}")]
    Read {
        /// How far it was read.
        offset: u64,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The file cannot be written.
    #[error("could not be written: {0}")]
    Write(#[source] io::Error),
    /// The path names a folder.
    #[error("is a folder, not a file")]
    Folder,
    /// There is not a byte.
    #[error("is empty")]
    Empty,
    /// The name promises a format that the content is not of.
    #[error("is not {expected}: it looks like {looks_like}")]
    OtherFormat {
        /// What the name promises, with its article.
        expected: &'static str,
        /// What the content looks like, with its article.
        looks_like: &'static str,
    },
    /// No importer knows the content.
    #[error(
        "has an unknown format: it looks like {looks_like}, and can be opened where it is one of: {tried}"
    )]
    UnknownFormat {
        /// What the content looks like, with its article.
        looks_like: &'static str,
        /// What was tried: the names of all importers.
        tried: String,
    },
    /// A file whose format is only read as a whole is too large for that.
    #[error("is too large to be read as a whole: {}, more than the {limit_bytes} bytes that it may have",
        .bytes.map_or_else(|| "its size is not known".to_owned(), |bytes| format!("it has {bytes} bytes")))]
    FileTooLarge {
        /// Its size, where it is known.
        bytes: Option<u64>,
        /// The limit.
        limit_bytes: u64,
    },
    /// A text is not in UTF-8.
    #[error("is not a text in UTF-8: byte {offset} is not part of a character")]
    NotText {
        /// The first byte that is wrong.
        offset: u64,
    },
    /// A file names another that lies outside of the folder that it may read.
    #[error("refers to {path:?}, which lies outside of its folder and is not read")]
    OutsideFolder {
        /// The path as it stands in the file.
        path: String,
    },
    /// A file names another that cannot be read.
    #[error("refers to {path:?}, which cannot be read: {error}")]
    SideFile {
        /// The path as it stands in the file.
        path: String,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// What was read cannot be logged.
    #[error("cannot be logged: {0}")]
    Log(#[source] Box<chronoscope_store::ChunkError>),
    /// Written before 0.23, in a format that no current tool reads.
    #[error("was written by a Rerun SDK older than 0.23, whose format is no longer read")]
    TooOld,
    /// The stream's header asks for something unknown.
    #[error("has a header with unknown options {0:?}")]
    UnknownOptions([u8; 4]),
    /// The data ends where a message belongs.
    #[error("ends without an end mark: it was cut off, or the program that wrote it did not close it")]
    NoEndMark,
    /// The data ends inside a header.
    #[error("is cut off inside the header at byte {offset}")]
    CutHeader {
        /// Where the header begins.
        offset: u64,
    },
    /// A message is longer than what is left of the source.
    #[error(
        "is damaged or cut off: the message at byte {offset} claims {claimed} bytes, but {left} are left"
    )]
    MessageLength {
        /// Where the message begins.
        offset: u64,
        /// Its length by its header.
        claimed: u64,
        /// The bytes that are left.
        left: u64,
    },
    /// A message is longer than one of its kind may be.
    #[error(
        "is damaged: the message at byte {offset} claims {claimed} bytes, more than the {limit} that it may have"
    )]
    MessageTooLarge {
        /// Where the message begins.
        offset: u64,
        /// Its length by its header.
        claimed: u64,
        /// The limit.
        limit: u64,
    },
    /// Something stands where the header of a message belongs.
    #[error("is damaged: no message at byte {offset}, where one was expected")]
    NoMessage {
        /// Where the header belongs.
        offset: u64,
    },
    /// Messages were found again behind damage.
    #[error("is readable again from byte {offset}, after {skipped} lost bytes")]
    Resumed {
        /// Where the next message begins.
        offset: u64,
        /// The bytes between.
        skipped: u64,
    },
    /// Something follows the end mark.
    #[error("has {bytes} bytes after its end that are not part of a recording")]
    Trailing {
        /// How many.
        bytes: u64,
    },
    /// A message cannot be decoded.
    #[error("is damaged: the message at byte {offset} cannot be decoded: {reason}")]
    Message {
        /// Where the message begins.
        offset: u64,
        /// Why.
        reason: MessageError,
    },
    /// A library failed in a way that it should not.
    #[error("is damaged: the message at byte {offset} made the decoder fail: {panic}")]
    Panic {
        /// Where the message begins.
        offset: u64,
        /// What the library says.
        panic: String,
    },
    /// Too many reports; the rest are counted only.
    #[error("has more damage: only the first {shown} reports are listed")]
    ManyReports {
        /// How many were listed.
        shown: u64,
    },
    /// Nothing but damage was found for very long, so that the rest is not read.
    #[error("has {reports} damaged places in a row: the rest is not read")]
    NothingReadable {
        /// The places.
        reports: u64,
    },
    /// What a file says of its own chunks cannot be believed.
    #[error("has a damaged index and is read in full: {reason}")]
    Index {
        /// What is wrong with it.
        reason: MessageError,
    },
    /// No thread could be started to read the file.
    #[error("could not be read: no thread could be started: {0}")]
    Thread(#[source] io::Error),
    /// A chunk cannot be written.
    #[error("chunk {chunk} cannot be encoded: {reason}")]
    Encode {
        /// The chunk.
        chunk: chronoscope_store::ChunkId,
        /// Why.
        reason: MessageError,
    },
    /// A message without rows cannot be written.
    #[error("cannot be written: a message cannot be encoded: {0}")]
    EncodeMessage(#[source] MessageError),
    /// Chunks without their rows were to be written.
    #[error("cannot be written: not all of its rows are loaded")]
    NotLoaded,
    /// Something was to be written behind the end mark.
    #[error("is already finished")]
    AlreadyFinished,
}

/// Why a single message cannot be decoded or encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The envelope is not valid.
    #[cfg(feature = "wire")]
    #[error("{0}")]
    Protobuf(#[from] re_protos::external::prost::DecodeError),
    /// A field that is needed is not there.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// The entity's path is deeper or longer than a path can be.
    #[error("its {0}")]
    EntityPath(#[from] chronoscope_store::path::EntityPathError),
    /// The store id names no application, and no earlier message does.
    #[error("its store {recording_id:?} has no application id")]
    NoApplicationId {
        /// The recording id.
        recording_id: String,
    },
    /// An enumeration has a value that is not known.
    #[error("its {what} has the unknown value {value}")]
    UnknownValue {
        /// What is enumerated.
        what: &'static str,
        /// The value.
        value: i32,
    },
    /// The index of a stream contradicts the file or itself.
    #[error("{0}")]
    Index(&'static str),
    /// A library failed in a way that it should not.
    #[error("it made the decoder fail: {0}")]
    Panic(String),
    /// The compressed data is not valid.
    #[error("its compressed data is damaged")]
    Lz4,
    /// The compressed data has another size than was said.
    #[error("it claims {claimed} bytes of data, but its compressed data holds {actual}")]
    UncompressedSize {
        /// The size by the message.
        claimed: u64,
        /// The size by the data.
        actual: u64,
    },
    /// The data is more than a chunk may have.
    #[error("it holds {bytes} bytes of data, more than the {limit} that it may have")]
    TooLarge {
        /// The size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The Arrow stream is not what it should be.
    #[error("its Arrow data is damaged: {0}")]
    Ipc(&'static str),
    /// The Arrow data claims more values that take no memory than are read.
    #[error("its Arrow data has {values} values without content, more than the {limit} that it may have")]
    TooManyEmptyValues {
        /// The values.
        values: u64,
        /// The limit.
        limit: u64,
    },
    /// The Arrow stream's metadata is not valid.
    #[error("its Arrow metadata is damaged")]
    Flatbuffer,
    /// The Arrow data is of a type that is not read.
    #[error("its Arrow data has an unsupported type: {0}")]
    UnsupportedType(&'static str),
    /// Arrow refuses the data.
    #[error("its Arrow data is damaged: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// A column has another type than its kind asks for.
    #[error("column {column} has the type {data_type}, where {expected} is needed")]
    ColumnType {
        /// The column's name.
        column: String,
        /// The type it has.
        data_type: String,
        /// The types it may have.
        expected: &'static str,
    },
    /// A row has no id, or no time.
    #[error("column {column} has rows without a value")]
    NullInIndex {
        /// The column's name.
        column: String,
    },
    /// A name or a path is longer than those may be.
    #[error("its {what} {text:?} is {bytes} bytes long, more than the {limit} that it may have")]
    TooLong {
        /// What is named.
        what: &'static str,
        /// How the name begins.
        text: String,
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A metadata entry is not valid.
    #[error("its metadata {key} is {value:?}, which is not valid")]
    Metadata {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// Chunks without their rows were to be encoded.
    #[error("not all of its rows are loaded")]
    NotLoaded,
    /// The columns do not make a chunk.
    #[error("{0}")]
    Chunk(#[source] Box<chronoscope_store::ChunkError>),
}

impl From<chronoscope_store::ChunkError> for MessageError {
    fn from(error: chronoscope_store::ChunkError) -> Self {
        Self::Chunk(Box::new(error))
    }
}
