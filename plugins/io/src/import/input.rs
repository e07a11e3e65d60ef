//! The bytes of a source.

use std::{
    fmt,
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::Importers;
use crate::IoError;

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

    /// All of the bytes, if they are not more than this.
    ///
    /// # Errors
    /// Where there are more, or they cannot be read. A size that is known is compared before any byte is read.
    pub fn read_all(&mut self, limit_bytes: u64) -> Result<Vec<u8>, IoError> {
        let too_large = |bytes| IoError::FileTooLarge { bytes, limit_bytes };
        if let Some(bytes) = self.total_bytes.filter(|&bytes| bytes > limit_bytes) {
            return Err(too_large(Some(bytes)));
        }
        let mut bytes = Vec::new();
        self.take(limit_bytes.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| IoError::Read { offset: 0, error })?;
        if bytes.len() as u64 > limit_bytes {
            return Err(too_large(None));
        }
        Ok(bytes)
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
            .take(Importers::HEAD_BYTES as u64)
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
