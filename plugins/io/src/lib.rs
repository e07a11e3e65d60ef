//! Files and live streams to chunks, and chunks to files and streams, on background threads.
//!
//! The modules follow the bytes:
//!
//! # What comes in
//! [`message`] is what a recording is made of on its way: facts about a store, chunks, the activation of a blueprint.
//! [`event`] wraps messages into the story of a load: started, messages, reports of damage, progress, finished.
//!
//! # Where it comes from
//! [`format`](mod@format) is the registry of file formats, chosen by what a file contains rather than by what it is called.
//! [`read`] reads one source on the thread that asks; [`load`] reads several files on threads of its own, through a
//! channel that is bounded in messages and in bytes. Large files are not read but indexed where their format can do that:
//! their chunks become known at once, and are read from the [`shared_file`] once they are wanted.
//!
//! # Formats
//! [`rrd`] reads and writes the `.rrd` recordings and `.rbl` blueprints of the Rerun SDK.
//!
//! # Invariants
//! - A file is never trusted: a length is compared with what the file holds, and with what a message may have, before
//!   memory is reserved for it and before it is handed to a library that does not check.
//! - Damage becomes a [`LoadReport`] that names the source, the entity where it is known, and what is wrong. The rest of
//!   the file is read.
//! - Reading costs time and memory in proportion to the file, whatever it claims, and can be cancelled at any moment.
//!
//! # Extensions
//! Live streams will send the same [`LoadEvent`]s through the same kind of handle.
//!
//! # Glossary
//! | term | meaning |
//! |---|---|
//! | source | a file or a stream that is read, by its path or name |
//! | message | a part of a stream: a fact about a store, a chunk, or the activation of a blueprint |
//! | payload | the bytes of a message after its header |
//! | stream | header, messages, end mark and footer; a file is one or several |
//! | footer, manifest, index | what a stream says about its own chunks: where each lies and which times it has, per store |
//! | known (absent) chunk | a chunk of which only its metadata is in memory |
//! | chunk loading | reading the rows of known chunks on request |
//! | report | a sentence to the user about something that is wrong with a source |
//! | settled | every source has finished, and every event has been received |
//! | migration | giving data of an older SDK the names of today's |

mod error;
pub mod event;
pub mod format;
pub mod load;
pub mod message;
pub mod read;
#[cfg(feature = "rrd")]
pub mod rrd;
pub mod shared_file;

pub use error::{IoError, MessageError};
pub use event::{LoadEvent, LoadOutcome, LoadReport, Severity};
pub use format::{FileFormat, FileInput, FormatRegistry, Messages};
pub use load::{LoadHandle, LoadProgress, LoadSettings, load_files};
pub use message::{LogMessage, StoreInfo, StoreSource};
pub use read::{Events, index_file, open_file, read_bytes, read_file};
#[cfg(feature = "rrd")]
pub use rrd::{RrdFormat, RrdWriter, write_file};
pub use shared_file::SharedFile;
