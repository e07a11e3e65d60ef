//! Reads one source on the thread that asks for it.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use chronoscope_types::LogMessage;

use crate::{
    Candidate, FileInput, HttpLink, ImportContext, ImportOptions, Importers, IoError, LoadEvent, LoadOutcome,
    LoadReport, Messages, Severity, SharedFile, SideFiles, SourceKind, http::without_query, import::Contexts,
};

/// The events of one source: [`LoadEvent::Started`] first, [`LoadEvent::Finished`] last.
pub struct Events {
    source: Arc<str>,
    total_bytes: Option<u64>,
    bytes_read: Arc<AtomicU64>,
    cancelled: Arc<AtomicBool>,
    progress_bytes: u64,
    /// The reports since the last message.
    reports_in_a_row: u64,
    outcome: LoadOutcome,
    stage: Stage,
}

enum Stage {
    Start(Result<Input, IoError>, Arc<Importers>, Box<ImportContext>),
    Messages(Messages),
    Refused(IoError),
    End,
    Done,
}

enum Input {
    /// To be read in full.
    Full(FileInput),
    /// To be indexed where its format can do that.
    Index(SharedFile),
    /// A file that is indexed where all of it takes at least so many bytes of memory and its format can do that.
    Packed(FileInput, SharedFile, u64),
    /// A file of a web server whose beginning is on its way, and the same file to be indexed, where that can be.
    #[cfg(feature = "http")]
    Download(FileInput, Option<SharedFile>),
    /// A folder, of which there are no bytes.
    Folder,
}

/// Smaller files are read in full: nothing in them is large.
const MIN_PACKED_BYTES: u64 = 1 << 20;

/// Smaller files of a web server are not indexed: they are there as soon as they are indexed and asked for in parts.
#[cfg(feature = "http")]
const INDEX_REMOTE_FROM_BYTES: u64 = 8 << 20;

impl Events {
    /// The most reports that are listed for one source; more are only counted.
    pub const MAX_REPORTS: u64 = 100;
    /// After so many reports without a message between them the rest of the source is not read.
    pub const MAX_REPORTS_IN_A_ROW: u64 = 1 << 20;

    /// Begins to read a source, or to tell why it cannot be.
    pub fn new(source: Arc<str>, input: Result<FileInput, IoError>, importers: Arc<Importers>) -> Self {
        let path = Path::new(&*source);
        let mut context = Contexts::new(&ImportOptions::default(), [path]).of(path, &source);
        // The name of bytes says nothing about a folder.
        context.side_files = SideFiles::none();
        Self::begin(input.map(Input::Full), importers, context)
    }

    /// The events of a file of a load. Files of at least so many bytes are indexed where their format can do that.
    pub(crate) fn of_file(
        path: &Path,
        importers: Arc<Importers>,
        context: ImportContext,
        index_from_bytes: u64,
    ) -> Self {
        let input = open_path(path, &context.source, index_from_bytes);
        Self::begin(input, importers, context)
    }

    fn begin(input: Result<Input, IoError>, importers: Arc<Importers>, context: ImportContext) -> Self {
        let (total_bytes, bytes_read) = match &input {
            Ok(Input::Full(input) | Input::Packed(input, ..)) => (input.total_bytes(), input.bytes_read()),
            #[cfg(feature = "http")]
            Ok(Input::Download(input, _)) => (input.total_bytes(), input.bytes_read()),
            Ok(Input::Index(file)) => (Some(file.total_bytes()), file.bytes_read()),
            Ok(Input::Folder) | Err(_) => (None, Arc::default()),
        };
        Self {
            source: Arc::clone(&context.source),
            total_bytes,
            bytes_read,
            cancelled: Arc::default(),
            progress_bytes: 0,
            reports_in_a_row: 0,
            outcome: LoadOutcome::default(),
            stage: Stage::Start(input, importers, Box::new(context)),
        }
    }

    /// The file's path, or the name of the stream.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// The source's size, where it is known.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    /// The bytes that have been read by now.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Ends early once this is set: from then on the source has no more bytes, and the next event is the last.
    ///
    /// Precondition: no event was asked for.
    pub(crate) fn end_when(&mut self, cancelled: &Arc<AtomicBool>) {
        debug_assert!(
            matches!(self.stage, Stage::Start(..)),
            "nothing is being read yet"
        );
        self.cancelled = Arc::clone(cancelled);
        match &mut self.stage {
            Stage::Start(Ok(Input::Full(input)), ..) => input.end_when(cancelled),
            Stage::Start(Ok(Input::Index(file)), ..) => file.end_when(cancelled),
            Stage::Start(Ok(Input::Packed(input, file, _)), ..) => {
                input.end_when(cancelled);
                file.end_when(cancelled);
            }
            #[cfg(feature = "http")]
            Stage::Start(Ok(Input::Download(input, _)), ..) => input.end_when(cancelled),
            _ => {}
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// The event that a message or a report makes; none for a report that is held back.
    fn event(&mut self, item: Result<LogMessage, LoadReport>) -> Option<LoadEvent> {
        match item {
            Ok(message) => {
                self.reports_in_a_row = 0;
                self.outcome.messages += 1;
                self.outcome.chunks += message.num_chunks();
                self.outcome.rows += message.num_rows();
                Some(LoadEvent::Message(message))
            }
            Err(report) => {
                self.reports_in_a_row += 1;
                self.outcome.damaged |= report.severity > Severity::Info;
                self.outcome.reports += 1;
                match self.outcome.reports.cmp(&Self::MAX_REPORTS) {
                    std::cmp::Ordering::Less => Some(LoadEvent::Report(report)),
                    std::cmp::Ordering::Equal => Some(self.warning(&IoError::ManyReports {
                        shown: Self::MAX_REPORTS - 1,
                    })),
                    std::cmp::Ordering::Greater => None,
                }
            }
        }
    }

    fn warning(&self, error: &IoError) -> LoadEvent {
        LoadEvent::Report(LoadReport::new(&self.source, Severity::Warning, error))
    }
}

impl Iterator for Events {
    type Item = LoadEvent;

    fn next(&mut self) -> Option<LoadEvent> {
        loop {
            if self.is_cancelled() && matches!(self.stage, Stage::Messages(_) | Stage::Refused(_)) {
                self.stage = Stage::End;
            }
            match std::mem::replace(&mut self.stage, Stage::Done) {
                Stage::Start(input, importers, context) => {
                    self.stage = match input.and_then(|input| open(&importers, input, &context)) {
                        Ok(messages) => Stage::Messages(messages),
                        Err(error) => Stage::Refused(error),
                    };
                    return Some(LoadEvent::Started {
                        source: Arc::clone(&self.source),
                        total_bytes: self.total_bytes,
                    });
                }
                Stage::Refused(error) => {
                    self.stage = Stage::End;
                    let report = LoadReport::new(&self.source, Severity::Error, &error);
                    return self.event(Err(report));
                }
                Stage::Messages(mut messages) => {
                    let bytes_read = self.bytes_read();
                    if bytes_read - self.progress_bytes >= LoadEvent::PROGRESS_STEP_BYTES {
                        self.progress_bytes = bytes_read;
                        self.stage = Stage::Messages(messages);
                        let (source, total_bytes) = (Arc::clone(&self.source), self.total_bytes);
                        return Some(LoadEvent::Progress {
                            source,
                            bytes_read,
                            total_bytes,
                        });
                    }
                    let item = messages.next();
                    if self.is_cancelled() {
                        // What the format says of a source that ends early is not true of the source.
                        self.stage = Stage::End;
                        continue;
                    }
                    let Some(item) = item else {
                        self.stage = Stage::End;
                        continue;
                    };
                    let event = self.event(item);
                    if self.reports_in_a_row >= Self::MAX_REPORTS_IN_A_ROW {
                        self.stage = Stage::End;
                        self.outcome.reports += 1;
                        return Some(self.warning(&IoError::NothingReadable {
                            reports: self.reports_in_a_row,
                        }));
                    }
                    self.stage = Stage::Messages(messages);
                    if event.is_some() {
                        return event;
                    }
                }
                Stage::End => {
                    let mut outcome = self.outcome;
                    outcome.bytes_read = self.bytes_read();
                    outcome.opened = outcome.messages > 0 || !outcome.damaged;
                    return Some(LoadEvent::Finished {
                        source: Arc::clone(&self.source),
                        outcome,
                    });
                }
                Stage::Done => return None,
            }
        }
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("source", &self.source)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// The events of a file, read as the iterator is asked.
///
/// A path that is a link to a web server is asked for there. A file that is missing, a folder, empty, or of no known format
/// gives a report, not an error.
pub fn open_file(path: impl AsRef<Path>, importers: Arc<Importers>) -> Events {
    index_file(path, importers, u64::MAX)
}

/// As [`open_file`], but files of at least so many bytes are indexed where their format can do that: what is known of their
/// chunks comes as [`LogMessage::AbsentChunks`].
pub fn index_file(path: impl AsRef<Path>, importers: Arc<Importers>, from_bytes: u64) -> Events {
    let path = path.as_ref();
    let source = name_of(path);
    let context = Contexts::new(&ImportOptions::default(), [path]).of(path, &source);
    Events::of_file(path, importers, context, from_bytes)
}

/// What a file is called: its path, or its link without a password.
pub(crate) fn name_of(path: &Path) -> Arc<str> {
    match HttpLink::of_path(path) {
        Some(link) => link.to_string().into(),
        None => path.display().to_string().into(),
    }
}

/// The events of bytes that come from elsewhere: a slice in memory, a pipe. Lengths are checked as far as the bytes go.
pub fn read_bytes(source: impl Into<Arc<str>>, reader: impl Read + Send + 'static) -> Events {
    let source = source.into();
    Events::new(
        Arc::clone(&source),
        Ok(FileInput::new(source, None, reader)),
        Arc::default(),
    )
}

/// Reads a whole file: the messages and the reports, each in order.
pub fn read_file(path: impl AsRef<Path>) -> (Vec<LogMessage>, Vec<LoadReport>) {
    let (mut messages, mut reports) = (Vec::new(), Vec::new());
    for event in open_file(path, Arc::default()) {
        match event {
            LoadEvent::Message(message) => messages.push(message),
            LoadEvent::Report(report) => reports.push(report),
            LoadEvent::Started { .. } | LoadEvent::Progress { .. } | LoadEvent::Finished { .. } => {}
        }
    }
    (messages, reports)
}

fn open_path(path: &Path, source: &Arc<str>, index_from_bytes: u64) -> Result<Input, IoError> {
    if let Some(link) = HttpLink::of_path(path) {
        return open_link(&link, source, index_from_bytes);
    }
    let metadata = std::fs::metadata(path).map_err(IoError::Open)?;
    if metadata.is_dir() {
        return Ok(Input::Folder);
    }
    let file = File::open(path).map_err(IoError::Open)?;
    if metadata.is_file() && metadata.len() >= index_from_bytes && index_from_bytes < u64::MAX {
        return Ok(Input::Index(
            SharedFile::new(Arc::clone(source), file).map_err(IoError::Open)?,
        ));
    }
    // A pipe or a device has no size of its own.
    let total_bytes = metadata.is_file().then_some(metadata.len());
    let may_be_packed = total_bytes.is_some_and(|bytes| bytes >= MIN_PACKED_BYTES);
    if may_be_packed && index_from_bytes < u64::MAX {
        let file = SharedFile::new(Arc::clone(source), file).map_err(IoError::Open)?;
        let whole = file.counted_apart();
        // To its end, wherever that is by then: it may grow.
        let input = FileInput::new(Arc::clone(source), total_bytes, whole.buffered(u64::MAX));
        return Ok(Input::Packed(input, file, index_from_bytes));
    }
    let reader = io::BufReader::with_capacity(1 << 17, file);
    Ok(Input::Full(FileInput::new(
        Arc::clone(source),
        total_bytes,
        reader,
    )))
}

#[cfg(feature = "http")]
fn open_link(link: &HttpLink, source: &Arc<str>, index_from_bytes: u64) -> Result<Input, IoError> {
    let opened = crate::http::open(link)?;
    let input = FileInput::new(Arc::clone(source), opened.total_bytes, opened.reader);
    let from_bytes = match index_from_bytes {
        u64::MAX => u64::MAX,
        bytes => bytes.min(INDEX_REMOTE_FROM_BYTES),
    };
    let parts = opened.parts.filter(|file| file.total_bytes() >= from_bytes);
    let file = parts.map(|file| SharedFile::of_server(Arc::clone(source), file, input.bytes_read()));
    Ok(Input::Download(input, file))
}

#[cfg(not(feature = "http"))]
fn open_link(_link: &HttpLink, _source: &Arc<str>, _index_from_bytes: u64) -> Result<Input, IoError> {
    Err(crate::HttpError::NotBuilt.into())
}

fn open(importers: &Importers, input: Input, context: &ImportContext) -> Result<Messages, IoError> {
    let failed = |error| IoError::Read { offset: 0, error };
    let find = |kind, head: &[u8]| {
        let source = without_query(&context.source);
        importers.find(&Candidate { source, kind, head })
    };
    match input {
        Input::Full(mut input) => {
            let head = input.head().map_err(failed)?;
            let kind = match input.total_bytes() {
                Some(_) => SourceKind::File,
                None => SourceKind::Stream,
            };
            Ok(find(kind, &head)?.import(input, context))
        }
        Input::Index(file) => {
            let head_bytes = file.total_bytes().min(Importers::HEAD_BYTES as u64);
            let head = file.counted_apart().read_range(0..head_bytes).map_err(failed)?;
            let importer = find(SourceKind::File, &head)?;
            if let Some(messages) = importer.index(&file, context) {
                return Ok(messages);
            }
            let total_bytes = Some(file.total_bytes());
            let reader = file.buffered(file.total_bytes());
            let input = FileInput::new(Arc::clone(file.source()), total_bytes, reader);
            Ok(importer.import(input, context))
        }
        Input::Packed(mut input, file, index_from_bytes) => {
            let head = input.head().map_err(failed)?;
            let importer = find(SourceKind::File, &head)?;
            let unpacked_bytes = importer.unpacked_bytes(&file.counted_apart());
            let is_large = unpacked_bytes.is_some_and(|bytes| bytes >= index_from_bytes);
            let indexed = is_large.then(|| importer.index(&file, context)).flatten();
            Ok(indexed.unwrap_or_else(|| importer.import(input, context)))
        }
        #[cfg(feature = "http")]
        Input::Download(mut input, file) => {
            let head = input.head().map_err(failed)?;
            let kind = match input.total_bytes() {
                Some(_) => SourceKind::File,
                None => SourceKind::Stream,
            };
            let importer = find(kind, &head)?;
            let indexed = file.and_then(|file| importer.index(&file, context));
            Ok(indexed.unwrap_or_else(|| importer.import(input, context)))
        }
        Input::Folder => {
            let input = FileInput::new(Arc::clone(&context.source), None, io::empty());
            Ok(find(SourceKind::Folder, &[])?.import(input, context))
        }
    }
}
