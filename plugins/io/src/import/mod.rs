//! Importers: files of any format to messages.
//!
//! [`Importers`] is the list of what can be read, open to whoever adds to it. Each [`Importer`] looks at a [`Candidate`]
//! (its first bytes, its name, its kind) and says with what [`Certainty`] the file is of its format; the most certain one
//! reads it, the first registered one of several that are equally certain.
//!
//! An importer gets the bytes ([`FileInput`]) and an [`ImportContext`]: the store, entity and time at which to log what the
//! file does not say itself, settings, and [`SideFiles`], which are the only other files that it may read. It gives
//! [`Messages`], one whenever it is asked, so that it never runs ahead of the receiver, and it is dropped where a load is
//! cancelled. An importer that would rather send than be asked uses [`send_messages`].
//!
//! `.rrd` and `.rbl` files are read by [`RrdImporter`](crate::RrdImporter), pictures by [`PictureImporter`], texts by
//! [`TextImporter`].

mod context;
mod input;
#[cfg(feature = "picture_files")]
mod picture;
mod registry;
mod send;
mod side_files;
#[cfg(feature = "text_files")]
mod text;
#[cfg(any(feature = "picture_files", feature = "text_files"))]
mod whole;

use std::path::Path;

pub(crate) use context::Contexts;
pub use context::{ImportContext, ImportOptions, ImportSettings, ImportTime};
pub use input::FileInput;
#[cfg(feature = "picture_files")]
pub use picture::PictureImporter;
pub use registry::Importers;
pub use send::{ImportSink, Stopped, send_messages};
pub use side_files::SideFiles;
#[cfg(feature = "text_files")]
pub use text::TextImporter;

use chronoscope_types::LogMessage;

use crate::{LoadReport, SharedFile};

/// What a file gives, message by message. Damage is an `Err`, after which the iterator goes on if it can.
pub type Messages = Box<dyn Iterator<Item = Result<LogMessage, LoadReport>> + Send>;

/// A format of files that can be read as messages.
pub trait Importer: Send + Sync + 'static {
    /// What a file of the format is called in a sentence, with its article: `an .rrd recording`.
    fn name(&self) -> &'static str;

    /// The extensions of its files, in lower case, without the dot.
    fn extensions(&self) -> &'static [&'static str];

    /// How certain it is that the file is of the format.
    fn certainty(&self, candidate: &Candidate<'_>) -> Certainty;

    /// Reads all of the file. What the iterator does is done on the thread that asks it.
    ///
    /// Lengths in the file are not to be trusted: none may be reserved before it is compared with
    /// [`FileInput::total_bytes`] or with the bytes that really come.
    fn import(&self, input: FileInput, context: &ImportContext) -> Messages;

    /// Reads what a large file says about its chunks: they become [`LogMessage::AbsentChunks`], whose rows are read from
    /// the file once they are wanted. `None` where the format, or this file, is only read in full.
    fn index(&self, file: &SharedFile, context: &ImportContext) -> Option<Messages> {
        let _ = (file, context);
        None
    }

    /// The memory that all of a file takes once it is read, in bytes, where the file says so in a few places: what is packed
    /// well may be small and large at once. `None` where only reading it would tell.
    fn unpacked_bytes(&self, file: &SharedFile) -> Option<u64> {
        let _ = file;
        None
    }
}

/// How certain an importer is that a file is of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// It is not.
    No,
    /// Nothing contradicts it: one of many formats that are text, or JSON.
    Possible,
    /// The name says so, and the content does not contradict it.
    Likely,
    /// The content begins with a mark that only this format has.
    Certain,
}

/// What a source is, apart from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// A file, whose size is known.
    File,
    /// A folder. It has no bytes of its own; what lies in it is found through [`SideFiles`].
    Folder,
    /// A pipe, a device, or bytes in memory.
    Stream,
}

/// A source whose format is to be found.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The file's path, or the name of a stream.
    pub source: &'a str,
    /// What it is.
    pub kind: SourceKind,
    /// Its first bytes, at most [`Importers::HEAD_BYTES`] of them; fewer only where it has no more. Empty for a folder.
    pub head: &'a [u8],
}

impl Candidate<'_> {
    /// The extension of its name, in lower case, without the dot; empty where there is none.
    pub fn extension(&self) -> String {
        let extension = Path::new(self.source).extension();
        extension.map_or_else(String::new, |extension| {
            extension.to_string_lossy().to_ascii_lowercase()
        })
    }

    /// Whether its name ends with one of these extensions, given in lower case and without the dot.
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        extensions.contains(&self.extension().as_str())
    }
}
