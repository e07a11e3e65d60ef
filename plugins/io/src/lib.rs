//! Files and live streams to chunks, and chunks to files and streams, on background threads.
//!
//! The modules follow the bytes:
//!
//! # What comes in
//! [`LogMessage`] is what a recording is made of on its way: facts about a store, chunks, the activation of a blueprint.
//! [`event`] wraps messages into the story of a load: started, messages, reports of damage, progress, finished.
//!
//! # Where it comes from
//! [`import`] is the list of importers, chosen by what a file contains before what it is called, and open to more.
//! A file may lie on a web server: a path that is a link is opened by [`http`].
//! A [`source`](mod@source) is a queue of events that is bounded in events and in bytes, with an id and a status. [`read`]
//! reads a file on the thread that asks; [`load`] reads several on threads of its own, a source each. Large files are not read
//! but indexed where their format can do that: their chunks become known at once, and are read from the [`shared_file`] once
//! they are wanted. `backoff` has the pauses between tries where a source may answer later.
//!
//! # Formats
//! [`wire`] knows the messages of the Rerun SDK as bytes, and no files; live streams use it alone. [`rrd`] reads and writes
//! `.rrd` recordings and `.rbl` blueprints with it. `replace_file` writes a file as a whole, or not at all.
//!
//! # Invariants
//! - A file is never trusted: a length is compared with what the file holds, and with what a message may have, before
//!   memory is reserved for it and before it is handed to a library that does not check.
//! - Damage becomes a [`LoadReport`] that names the source, the entity where it is known, and what is wrong. The rest of
//!   the file is read.
//! - Reading costs time and memory in proportion to the file, whatever it claims, and can be cancelled at any moment.
//!
//! # Extensions
//! Each importer is a Cargo feature: `rrd`, `picture_files`, `text_files`. [`Importers`] takes more of them. Live streams send the same [`LoadEvent`]s through a [`SourceSender`].
//!
//! # Glossary
//! | term | meaning |
//! |---|---|
//! | source | a file or a stream that is read, by its path or name |
//! | link | the path of a file on a web server |
//! | importer | what reads files of a format |
//! | certainty | how sure an importer is that a file is of its format |
//! | side file | a file that belongs to another, such as a texture; it lies below the same folder |
//! | message | a part of a stream: a fact about a store, a chunk, or the activation of a blueprint |
//! | payload | the bytes of a message after its header |
//! | stream | header, messages, end mark and footer; a file is one or several |
//! | footer, manifest, index | what a stream says about its own chunks: where each lies and which times it has, per store |
//! | known (absent) chunk | a chunk of which only its metadata is in memory |
//! | chunk loading | reading the rows of known chunks on request |
//! | report | a sentence to the user about something that is wrong with a source |
//! | settled | every source has finished, and every event has been received |
//! | migration | giving data of an older SDK the names of today's |

mod backoff;
mod combine;
mod error;
pub mod event;
pub mod http;
pub mod import;
pub mod load;
mod profile;
pub mod read;
mod replace_file;
#[cfg(feature = "rrd")]
pub mod rrd;
pub mod shared_file;
pub mod source;
#[cfg(feature = "wire")]
pub mod wire;

pub use backoff::Backoff;
pub use chronoscope_types::{LogMessage, SourceId, SourceStatus, StoreInfo, StoreSource};
pub use combine::combine;
pub use error::{IoError, MessageError};
pub use event::{LoadEvent, LoadOutcome, LoadReport, Severity};
pub use http::{HttpError, HttpLink};
#[cfg(feature = "picture_files")]
pub use import::PictureImporter;
#[cfg(feature = "text_files")]
pub use import::TextImporter;
pub use import::{
    Candidate, Certainty, FileInput, ImportContext, ImportOptions, ImportSettings, ImportSink, ImportTime,
    Importer, Importers, Messages, SideFiles, SourceKind, Stopped, send_messages,
};
pub use load::{LoadHandle, LoadProgress, LoadSettings, load_files, open_files, open_stream};
pub use read::{Events, index_file, open_file, read_bytes, read_file};
pub use replace_file::{replace_file, write_text};
#[cfg(feature = "rrd")]
pub use rrd::{RrdImporter, RrdRecorder, RrdWriter, write_file};
pub use shared_file::SharedFile;
pub use source::{
    SourceGroup, SourceHandle, SourceLimits, SourceProgress, SourceSender, TrySendError, source_channel,
};

/// What a panic says, where it says it in words.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without words").to_owned()
}
