//! A file whose chunks become known at once, by the footers of its streams, or by reading it through once.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use chronoscope_store::{AbsentChunk, EntityPath, StoreId, StoreKind};
use chronoscope_types::{LogMessage, absent_chunk_bytes};

use super::{
    RrdMessages, decode_message,
    footer::{IndexedStream, stream_before},
    frames::Message,
    manifest_table::ManifestTable,
    source::{Place, RrdSource},
};
use crate::{
    IoError, LoadReport, Severity, SharedFile,
    wire::{Decoder, MessageKind},
};

/// The chunks that become known with one message, at most.
const BATCH_CHUNKS: usize = 1024;
/// The memory of what becomes known with one message, in bytes, unless a single chunk takes more.
const BATCH_BYTES: u64 = 1 << 20;
/// The streams of a file that are found by their footers. What lies before more than these is read through.
const MOST_STREAMS: usize = 4096;
/// While a file is read through, the chunks that are known so far are sent each time that so many bytes were read.
const SCAN_STEP_BYTES: u64 = 32 << 20;

type Item = Result<LogMessage, LoadReport>;

/// The messages of a file, its recordings' chunks without their rows.
///
/// The streams are found from the file's end, each by its footer. Where that ends, because one has no footer or one that
/// is not true, what lies before is read through: each chunk is decoded, described and dropped. Blueprints are small, and
/// are read in full.
pub(super) struct Indexed {
    file: SharedFile,
    stage: Stage,
    streams: VecDeque<IndexedStream>,
    sources: Vec<(StoreId, Arc<RrdSource>)>,
    decoder: Decoder,
    /// What comes next, in order.
    ready: VecDeque<Item>,
}

enum Stage {
    Begin,
    Scan(Box<Scan>),
    Streams,
    Stream(Stream),
    End,
}

/// A stream without a footer, and all before it.
struct Scan {
    messages: RrdMessages,
    known: Vec<(StoreId, Vec<AbsentChunk>)>,
    known_chunks: usize,
    known_bytes: u64,
    /// Where the last chunk ended when the known ones were last sent.
    sent_at_byte: u64,
}

/// A stream with a footer: its messages, then its chunks.
struct Stream {
    manifests: VecDeque<ManifestTable>,
    /// The rows of the first manifest that are still to be sent, and their store.
    rows: Option<(StoreId, VecDeque<u32>)>,
    /// The messages that are sent in full, as they lie in the file: where, or what.
    in_full: VecDeque<InFull>,
}

enum InFull {
    Message(Message),
    Chunk(Range<u64>),
}

impl Indexed {
    pub(super) fn new(file: SharedFile) -> Self {
        Self {
            file,
            stage: Stage::Begin,
            streams: VecDeque::new(),
            sources: Vec::new(),
            decoder: Decoder::default(),
            ready: VecDeque::new(),
        }
    }

    /// Whether all chunks are known by the footers of the file's streams.
    ///
    /// Precondition: nothing was asked for before.
    pub(super) fn is_known_by_footers(&mut self) -> bool {
        debug_assert!(matches!(self.stage, Stage::Begin), "footers are looked for once");
        self.stage = self.begin();
        matches!(self.stage, Stage::Streams)
    }

    /// The memory that all chunks take by the footers of the file's streams; `None` where one has none.
    ///
    /// Precondition: nothing was asked for before.
    pub(super) fn unpacked_bytes(&mut self) -> Option<u64> {
        let manifests = |stream: &IndexedStream| {
            stream
                .manifests
                .iter()
                .map(ManifestTable::unpacked_bytes)
                .fold(0, u64::saturating_add)
        };
        self.is_known_by_footers()
            .then(|| self.streams.iter().map(manifests).fold(0, u64::saturating_add))
    }

    /// Finds the streams that have footers.
    fn begin(&mut self) -> Stage {
        let mut end = self.file.total_bytes();
        while end > 0 && self.streams.len() < MOST_STREAMS {
            match stream_before(&self.file, end) {
                Ok(Some(stream)) => {
                    end = stream.base;
                    self.streams.push_front(stream);
                }
                Ok(None) => break,
                Err(reason) => {
                    let error = IoError::Index { reason };
                    self.ready
                        .push_back(Err(LoadReport::new(self.file.source(), Severity::Info, &error)));
                    break;
                }
            }
        }
        if end == 0 {
            return Stage::Streams;
        }
        let messages = RrdMessages::of_file(&self.file, end);
        Stage::Scan(Box::new(Scan {
            messages,
            known: Vec::new(),
            known_chunks: 0,
            known_bytes: 0,
            sent_at_byte: 0,
        }))
    }

    fn scan(&mut self, mut scan: Box<Scan>) -> Stage {
        let Some(item) = scan.messages.next_with_span() else {
            self.send_known(&mut scan);
            return Stage::Streams;
        };
        match item {
            Ok((LogMessage::Chunk { store, chunk }, span)) if store.kind == StoreKind::Recording => {
                let end = span.end;
                self.add_known(&mut scan, store, AbsentChunk::of(&chunk), span);
                if scan.known_chunks >= BATCH_CHUNKS
                    || scan.known_bytes >= BATCH_BYTES
                    || end.saturating_sub(scan.sent_at_byte) >= SCAN_STEP_BYTES
                {
                    scan.sent_at_byte = end;
                    self.send_known(&mut scan);
                }
            }
            Ok((message, _)) => {
                self.send_known(&mut scan);
                self.ready.push_back(Ok(message));
            }
            Err(report) => self.ready.push_back(Err(report)),
        }
        Stage::Scan(scan)
    }

    fn add_known(&mut self, scan: &mut Scan, store: StoreId, chunk: AbsentChunk, span: Range<u64>) {
        let place = Place {
            span,
            entity: chunk.entity_path.clone(),
        };
        if !self.source(&store).add(chunk.id, place) {
            return;
        }
        scan.known_chunks += 1;
        scan.known_bytes += absent_chunk_bytes(&chunk);
        match scan.known.iter_mut().find(|(other, _)| *other == store) {
            Some((_, chunks)) => chunks.push(chunk),
            None => scan.known.push((store, vec![chunk])),
        }
    }

    fn send_known(&mut self, scan: &mut Scan) {
        (scan.known_chunks, scan.known_bytes) = (0, 0);
        for (store, chunks) in scan.known.drain(..) {
            let source = self.source(&store);
            self.ready.push_back(Ok(LogMessage::AbsentChunks {
                store,
                chunks: chunks.into(),
                source,
            }));
        }
    }

    /// The source of a store's chunks, the same for all streams of the file.
    fn source(&mut self, store: &StoreId) -> Arc<RrdSource> {
        if let Some((_, source)) = self.sources.iter().find(|(other, _)| other == store) {
            return Arc::clone(source);
        }
        let source = Arc::new(RrdSource::new(&self.file, store.clone()));
        self.sources.push((store.clone(), Arc::clone(&source)));
        source
    }

    fn next_stream(&mut self) -> Stage {
        let Some(stream) = self.streams.pop_front() else {
            return Stage::End;
        };
        self.decoder.begin_stream(stream.sdk_version);
        let (blueprints, manifests): (VecDeque<_>, VecDeque<_>) = stream
            .manifests
            .into_iter()
            .partition(ManifestTable::is_blueprint);
        let chunks = blueprints
            .iter()
            .flat_map(ManifestTable::spans)
            .map(|span| (span.start, InFull::Chunk(span)));
        let messages = stream
            .messages
            .into_iter()
            .map(|message| (message.offset, InFull::Message(message)));
        let mut in_full: Vec<(u64, InFull)> = chunks.chain(messages).collect();
        in_full.sort_by_key(|(offset, _)| *offset);
        let in_full = in_full.into_iter().map(|(_, item)| item).collect();
        Stage::Stream(Stream {
            manifests,
            rows: None,
            in_full,
        })
    }

    fn stream(&mut self, mut stream: Stream) -> Stage {
        if let Some(item) = stream.in_full.pop_front() {
            let message = match item {
                InFull::Message(message) => Ok(message),
                InFull::Chunk(span) => self
                    .file
                    .read_range(span.clone())
                    .map_err(|error| (span.start, error))
                    .map(|payload| Message {
                        kind: MessageKind::Chunk,
                        offset: span.start,
                        payload: payload.into(),
                    }),
            };
            let message = message.map_err(|(offset, error)| (None, IoError::Read { offset, error }));
            let message = message.and_then(|message| decode_message(&mut self.decoder, &message));
            self.ready
                .push_back(message.map_err(|failure| self.report(failure)));
            return Stage::Stream(stream);
        }
        let Some(manifest) = stream.manifests.front() else {
            return Stage::Streams;
        };
        let (store, mut rows) = match stream.rows.take() {
            Some(rows) => rows,
            None => match self.decoder.store_of_manifest(&manifest.store) {
                Ok(store) => (store, manifest.order().into()),
                Err(reason) => {
                    let report = self.report((None, IoError::Index { reason }));
                    self.ready.push_back(Err(report));
                    stream.manifests.pop_front();
                    return Stage::Stream(stream);
                }
            },
        };
        let source = self.source(&store);
        let (mut chunks, mut bytes) = (Vec::new(), 0);
        while chunks.len() < BATCH_CHUNKS
            && bytes < BATCH_BYTES
            && let Some(row) = rows.pop_front()
        {
            if let (Some(chunk), Some(span)) = (manifest.chunk(row), manifest.span(row))
                && source.add(
                    chunk.id,
                    Place {
                        span,
                        entity: chunk.entity_path.clone(),
                    },
                )
            {
                bytes += absent_chunk_bytes(&chunk);
                chunks.push(chunk);
            }
        }
        if rows.is_empty() {
            stream.manifests.pop_front();
        } else {
            stream.rows = Some((store.clone(), rows));
        }
        if !chunks.is_empty() {
            self.ready.push_back(Ok(LogMessage::AbsentChunks {
                store,
                chunks: chunks.into(),
                source,
            }));
        }
        Stage::Stream(stream)
    }

    fn report(&self, (entity, error): (Option<EntityPath>, IoError)) -> LoadReport {
        LoadReport::new(self.file.source(), Severity::Warning, &error).with_entity(entity)
    }
}

impl Iterator for Indexed {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            self.stage = match std::mem::replace(&mut self.stage, Stage::End) {
                Stage::Begin => self.begin(),
                Stage::Scan(scan) => self.scan(scan),
                Stage::Streams => self.next_stream(),
                Stage::Stream(stream) => self.stream(stream),
                Stage::End => return None,
            };
        }
    }
}
