//! A file whose bytes are read in any order, by several threads: of this machine, or of a web server.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

#[cfg(feature = "http")]
use crate::http::HttpFile;

/// An open file. Clones share it, and no read moves the others.
#[derive(Clone, Debug)]
pub struct SharedFile {
    source: Arc<str>,
    file: Arc<Place>,
    total_bytes: u64,
    bytes_read: Arc<AtomicU64>,
    cancelled: Arc<AtomicBool>,
}

/// Where a file lies.
#[derive(Debug)]
enum Place {
    Disk(File),
    #[cfg(feature = "http")]
    Server(HttpFile),
}

impl SharedFile {
    /// A file as it is now, and its path.
    ///
    /// # Errors
    /// Where the file's size cannot be found out.
    pub fn new(source: impl Into<Arc<str>>, file: File) -> io::Result<Self> {
        let total_bytes = file.metadata()?.len();
        Ok(Self {
            source: source.into(),
            file: Arc::new(Place::Disk(file)),
            total_bytes,
            bytes_read: Arc::default(),
            cancelled: Arc::default(),
        })
    }

    /// A file of a web server, and the count of the bytes that were read of it.
    #[cfg(feature = "http")]
    pub(crate) fn of_server(source: Arc<str>, file: HttpFile, bytes_read: Arc<AtomicU64>) -> Self {
        Self {
            source,
            total_bytes: file.total_bytes(),
            file: Arc::new(Place::Server(file)),
            bytes_read,
            cancelled: Arc::default(),
        }
    }

    /// Whether each read takes a way over a network.
    pub fn is_remote(&self) -> bool {
        match &*self.file {
            Place::Disk(_) => false,
            #[cfg(feature = "http")]
            Place::Server(_) => true,
        }
    }

    /// The file's path.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// The file's size when it was opened.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Reads these bytes. Memory is taken only for bytes that the file has at this moment.
    ///
    /// # Errors
    /// Where the file has fewer bytes, or the system cannot read them.
    pub fn read_range(&self, bytes: Range<u64>) -> io::Result<Vec<u8>> {
        let length = bytes
            .end
            .checked_sub(bytes.start)
            .and_then(|length| usize::try_from(length).ok());
        let length = length.ok_or(io::ErrorKind::InvalidInput)?;
        if bytes.end > self.file.len()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        #[cfg(feature = "http")]
        if let Place::Server(file) = &*self.file {
            let read = file.read_range(bytes)?;
            self.bytes_read.fetch_add(length as u64, Ordering::Relaxed);
            return Ok(read);
        }
        let mut buffer = vec![0; length];
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, bytes.start + filled as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(buffer)
    }

    /// Reads the file in order, from its beginning to this byte.
    pub fn buffered(&self, end: u64) -> impl Read + Send + 'static {
        BufReader::with_capacity(
            1 << 17,
            Reader {
                file: self.clone(),
                at: 0,
                end,
            },
        )
    }

    /// The number of bytes that were read through this one and its clones.
    pub(crate) fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }

    /// Ends what is read in order, as if the file were no longer, from when this is set.
    pub(crate) fn end_when(&mut self, cancelled: &Arc<AtomicBool>) {
        self.cancelled = Arc::clone(cancelled);
    }

    /// The same file, but what is read through it counts by itself and does not end with the load.
    pub(crate) fn counted_apart(&self) -> Self {
        Self {
            bytes_read: Arc::default(),
            cancelled: Arc::default(),
            ..self.clone()
        }
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let count = self.file.read_at(buffer, offset)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Place {
    /// The bytes that the file has at this moment, as far as that can be known.
    fn len(&self) -> io::Result<u64> {
        match self {
            Self::Disk(file) => Ok(file.metadata()?.len()),
            #[cfg(feature = "http")]
            Self::Server(file) => Ok(file.total_bytes()),
        }
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Disk(file) => read_at(file, buffer, offset),
            #[cfg(feature = "http")]
            Self::Server(file) => {
                let left = file.total_bytes().saturating_sub(offset);
                let end = offset + left.min(buffer.len() as u64);
                let read = file.read_range(offset.min(end)..end)?;
                let count = read.len().min(buffer.len());
                buffer.iter_mut().zip(&read).for_each(|(to, from)| *to = *from);
                Ok(count)
            }
        }
    }
}

struct Reader {
    file: SharedFile,
    at: u64,
    end: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.file.cancelled.load(Ordering::Acquire) {
            return Ok(0);
        }
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let count = self
            .file
            .read_at(buffer.get_mut(..length).unwrap_or_default(), self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(not(any(unix, windows)))]
fn read_at(_file: &File, _buffer: &mut [u8], _offset: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
