//! File formats, chosen by what a file contains.

use std::{
    fmt,
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::{IoError, LoadReport, LogMessage, SharedFile};

/// What a file gives, message by message. Damage is an `Err`, after which the iterator goes on if it can.
pub type Messages = Box<dyn Iterator<Item = Result<LogMessage, LoadReport>> + Send>;

/// A format of files that can be read as messages.
pub trait FileFormat: Send + Sync + 'static {
    /// What a file of the format is called in a sentence, with its article: `an .rrd recording`.
    fn name(&self) -> &'static str;

    /// The extensions of its files, in lower case, without the dot.
    fn extensions(&self) -> &'static [&'static str];

    /// Whether a file that begins with these bytes is of the format. `head` is at most [`FormatRegistry::HEAD_BYTES`]
    /// long, and shorter where the file is.
    fn sniff(&self, head: &[u8]) -> bool;

    /// Reads all of the file.
    fn read(&self, input: FileInput) -> Messages;

    /// Reads what a large file says about its chunks: they become [`LogMessage::AbsentChunks`], whose rows are read from
    /// the file once they are wanted. `None` where the format, or this file, is only read in full.
    fn index(&self, file: &SharedFile) -> Option<Messages> {
        let _ = file;
        None
    }
}

/// The bytes of a source, counted as they are read.
pub struct FileInput {
    source: Arc<str>,
    total_bytes: Option<u64>,
    bytes_read: Arc<AtomicU64>,
    cancelled: Arc<AtomicBool>,
    reader: Box<dyn Read + Send>,
}

impl FileInput {
    /// A source of a name and a size, where that is known.
    pub fn new(
        source: impl Into<Arc<str>>,
        total_bytes: Option<u64>,
        reader: impl Read + Send + 'static,
    ) -> Self {
        Self {
            source: source.into(),
            total_bytes,
            bytes_read: Arc::default(),
            cancelled: Arc::default(),
            reader: Box::new(reader),
        }
    }

    /// The file's path, or the name of a stream.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// The source's size, where it is known. No length in the source can be greater.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    /// The number of bytes that were read, kept current while they are.
    pub(crate) fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }

    /// Ends, as if there were no more bytes, from when this is set.
    pub(crate) fn end_when(&mut self, cancelled: &Arc<AtomicBool>) {
        self.cancelled = Arc::clone(cancelled);
    }

    /// Reads the first bytes and puts them back.
    pub(crate) fn head(&mut self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        (&mut self.reader)
            .take(FormatRegistry::HEAD_BYTES as u64)
            .read_to_end(&mut head)?;
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.reader = Box::new(io::Cursor::new(head.clone()).chain(rest));
        Ok(head)
    }
}

impl Read for FileInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancelled.load(Ordering::Acquire) {
            return Ok(0);
        }
        let count = self.reader.read(buffer)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl fmt::Debug for FileInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileInput")
            .field("source", &self.source)
            .field("total_bytes", &self.total_bytes)
            .finish_non_exhaustive()
    }
}

/// The formats that are known, asked in order.
pub struct FormatRegistry {
    formats: Vec<Box<dyn FileFormat>>,
}

impl FormatRegistry {
    /// The bytes of a file's beginning by which its format is found.
    pub const HEAD_BYTES: usize = 64;

    /// A registry without formats.
    pub fn empty() -> Self {
        Self { formats: Vec::new() }
    }

    /// Adds a format, to be asked after those that are there.
    pub fn register(&mut self, format: impl FileFormat) -> &mut Self {
        self.formats.push(Box::new(format));
        self
    }

    /// All formats, in the order in which they are asked.
    pub fn formats(&self) -> impl Iterator<Item = &dyn FileFormat> {
        self.formats.iter().map(|format| &**format)
    }

    /// The format of a file by its first bytes. The name only helps to say what is wrong.
    ///
    /// # Errors
    /// Where the file is empty, or no format knows the content.
    pub fn find(&self, source: &str, head: &[u8]) -> Result<&dyn FileFormat, IoError> {
        if head.is_empty() {
            return Err(IoError::Empty);
        }
        if let Some(format) = self.formats().find(|format| format.sniff(head)) {
            return Ok(format);
        }
        let looks_like = looks_like(head);
        let extension = source
            .rsplit_once('.')
            .map(|(_, extension)| extension.to_ascii_lowercase())
            .unwrap_or_default();
        match self
            .formats()
            .find(|format| format.extensions().contains(&extension.as_str()))
        {
            Some(format) => Err(IoError::OtherFormat {
                expected: format.name(),
                looks_like,
            }),
            None => Err(IoError::UnknownFormat { looks_like }),
        }
    }
}

impl Default for FormatRegistry {
    /// All formats that this build reads.
    fn default() -> Self {
        #[cfg_attr(not(feature = "rrd"), expect(unused_mut, reason = "no format is built in"))]
        let mut registry = Self::empty();
        #[cfg(feature = "rrd")]
        registry.register(crate::rrd::RrdFormat);
        registry
    }
}

impl fmt::Debug for FormatRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.formats().map(FileFormat::name))
            .finish()
    }
}

/// What a file that no format knows looks like, by its first bytes.
fn looks_like(head: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"BM", "a BMP picture"),
        (b"II*\0", "a TIFF picture"),
        (b"MM\0*", "a TIFF picture"),
        (b"\x89MCAP", "an MCAP recording"),
        (b"#ROSBAG", "a ROS bag"),
        (b"glTF", "a glTF scene"),
        (b"ply\n", "a PLY mesh"),
        (b"ply\r", "a PLY mesh"),
        (b"PAR1", "a Parquet table"),
        (b"ARROW1", "an Arrow table"),
        (b"\x89HDF", "an HDF5 file"),
        (b"SQLite format 3", "an SQLite database"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
        (b"\x04\x22\x4d\x18", "an LZ4 archive"),
        (b"7z\xbc\xaf", "a 7z archive"),
        (b"%PDF", "a PDF document"),
        (b"\x7fELF", "a program"),
        (b"MZ", "a program"),
        (b"<?xml", "an XML document"),
        (b"<!DOCTYPE", "a web page"),
        (b"<html", "a web page"),
        (
            b"version https://git-lfs",
            "a Git LFS pointer, not the file itself",
        ),
    ];
    if let Some((_, name)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return name;
    }
    if head.get(..4) == Some(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return "a WebP picture";
    }
    if head.get(4..8) == Some(b"ftyp") {
        return "an MP4 video";
    }
    if head.iter().all(|&byte| byte == 0) {
        return "zeros only";
    }
    let text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e);
    if head.iter().all(text) {
        "text"
    } else {
        "unknown data"
    }
}
