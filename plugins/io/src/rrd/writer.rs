//! Chunks to `.rrd` and `.rbl` files.

use std::{
    fmt,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

use arrow_ipc::writer::StreamWriter;
use chronoscope_store::{Chunk, ChunkId, RowId, StoreId, StoreKind};
use re_log_encoding::{
    CrateVersion, Encodable as _, EncodingOptions, MessageHeader, MessageKind, StreamFooter, StreamHeader,
};
use re_protos::{
    common::v1alpha1 as common,
    external::prost::{Message as _, bytes::Bytes},
    log_msg::v1alpha1 as log_msg,
};
use re_span::Span;

use super::{chunk::batch_from_chunk, frames::MAGIC, manifest::Manifests};
use crate::{IoError, LogMessage, StoreInfo, StoreSource, error::MessageError};

/// Writes messages as a stream that the Rerun SDK reads too. Ends the stream when it is finished or dropped.
pub struct RrdWriter<W: Write> {
    output: Option<W>,
    scratch: Vec<u8>,
    written_bytes: u64,
    manifests: Manifests,
}

impl<W: Write> RrdWriter<W> {
    /// Begins a stream.
    ///
    /// # Errors
    /// Where the output does not take it.
    pub fn new(mut output: W) -> Result<Self, IoError> {
        let header = StreamHeader {
            fourcc: MAGIC,
            version: CrateVersion::LOCAL.to_bytes(),
            options: EncodingOptions::PROTOBUF_COMPRESSED,
        };
        let mut scratch = Vec::new();
        header.to_rrd_bytes(&mut scratch).map_err(encode_error)?;
        output.write_all(&scratch).map_err(IoError::Write)?;
        let written_bytes = scratch.len() as u64;
        Ok(Self {
            output: Some(output),
            scratch,
            written_bytes,
            manifests: Manifests::default(),
        })
    }

    /// Writes a message.
    ///
    /// # Errors
    /// Where a chunk cannot be encoded, or the output does not take it. Nothing is written of a message that fails to be
    /// encoded.
    pub fn write(&mut self, message: &LogMessage) -> Result<(), IoError> {
        match message {
            LogMessage::StoreInfo(info) => self.write_store_info(info),
            LogMessage::Chunk { store, chunk } => self.write_chunk(store, chunk),
            LogMessage::AbsentChunks { .. } => Err(IoError::NotLoaded),
            LogMessage::ActivateBlueprint {
                blueprint,
                make_active,
                make_default,
            } => self.message(&log_msg::log_msg::Msg::BlueprintActivationCommand(
                log_msg::BlueprintActivationCommand {
                    blueprint_id: Some(store_id(blueprint)),
                    make_active: *make_active,
                    make_default: *make_default,
                },
            )),
        }
    }

    /// Writes what is known about a store. Comes before the store's chunks.
    ///
    /// # Errors
    /// Where the output does not take it.
    pub fn write_store_info(&mut self, info: &StoreInfo) -> Result<(), IoError> {
        let id = RowId::new().as_u128();
        let row_id = common::Tuid {
            time_ns: Some(info.started_at_nanos.unwrap_or((id >> 64) as u64)),
            inc: Some(id as u64),
        };
        let version = info.sdk_version.as_deref().and_then(parse_version);
        #[expect(deprecated, reason = "the field is there for older SDKs, and stays empty")]
        let proto = log_msg::StoreInfo {
            application_id: None,
            store_id: Some(store_id(&info.id)),
            store_source: Some(store_source(&info.source)),
            store_version: version.map(|bytes| log_msg::StoreVersion {
                crate_version_bits: i32::from_le_bytes(bytes),
            }),
        };
        self.message(&log_msg::log_msg::Msg::SetStoreInfo(log_msg::SetStoreInfo {
            row_id: Some(row_id),
            info: Some(proto),
        }))
    }

    /// Writes rows of a store.
    ///
    /// # Errors
    /// Where the chunk cannot be encoded, or the output does not take it.
    pub fn write_chunk(&mut self, store: &StoreId, chunk: &Chunk) -> Result<(), IoError> {
        let fail = |reason: MessageError| IoError::Encode {
            chunk: chunk.id(),
            reason,
        };
        let batch = batch_from_chunk(chunk).map_err(fail)?;
        let mut bytes = Vec::new();
        let arrow = |error| fail(MessageError::Arrow(error));
        let mut stream = StreamWriter::try_new(&mut bytes, batch.schema_ref()).map_err(arrow)?;
        stream
            .write(&batch)
            .and_then(|()| stream.finish())
            .map_err(arrow)?;
        drop(stream);
        let uncompressed_size = bytes.len() as u64;
        let store = store_id(store);
        let begin = self.written_bytes + MessageHeader::ENCODED_SIZE_BYTES as u64;
        self.message(&log_msg::log_msg::Msg::ArrowMsg(log_msg::ArrowMsg {
            store_id: Some(store.clone()),
            chunk_id: Some(tuid(chunk.id())),
            compression: common::Compression::Lz4 as i32,
            uncompressed_size,
            encoding: log_msg::Encoding::ArrowIpc as i32,
            payload: lz4_flex::block::compress(&bytes).into(),
            is_static: Some(chunk.is_static()),
        }))?;
        let span = Span {
            start: begin,
            len: self.written_bytes - begin,
        };
        self.manifests.append(&store, &batch, span, uncompressed_size);
        Ok(())
    }

    /// Ends the stream and gives the output back.
    ///
    /// # Errors
    /// Where the output does not take it.
    pub fn finish(mut self) -> Result<W, IoError> {
        self.end()?;
        self.output.take().ok_or(IoError::AlreadyFinished)
    }

    fn message(&mut self, message: &log_msg::log_msg::Msg) -> Result<(), IoError> {
        self.scratch.clear();
        message.to_rrd_bytes(&mut self.scratch).map_err(encode_error)?;
        let output = self.output.as_mut().ok_or(IoError::AlreadyFinished)?;
        output.write_all(&self.scratch).map_err(IoError::Write)?;
        self.written_bytes += self.scratch.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> Result<(), IoError> {
        let Some(output) = &mut self.output else {
            return Ok(());
        };
        let footer = std::mem::take(&mut self.manifests).finish();
        self.scratch.clear();
        let header = MessageHeader {
            kind: MessageKind::End,
            len: footer.len() as u64,
        };
        header.to_rrd_bytes(&mut self.scratch).map_err(encode_error)?;
        if !footer.is_empty() {
            let begin = self.written_bytes + self.scratch.len() as u64;
            self.scratch.extend_from_slice(&footer);
            StreamFooter::from_rrd_footer_bytes(begin, &footer)
                .to_rrd_bytes(&mut self.scratch)
                .map_err(encode_error)?;
        }
        output
            .write_all(&self.scratch)
            .and_then(|()| output.flush())
            .map_err(IoError::Write)
    }
}

impl<W: Write> fmt::Debug for RrdWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RrdWriter")
            .field("written_bytes", &self.written_bytes)
            .finish_non_exhaustive()
    }
}

impl<W: Write> Drop for RrdWriter<W> {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!("a recording {error}");
        }
    }
}

/// Writes a file of messages. An existing file is replaced once all is written.
///
/// # Errors
/// Where a chunk cannot be encoded, or the file not be written.
pub fn write_file<'a>(
    path: impl AsRef<Path>,
    messages: impl IntoIterator<Item = &'a LogMessage>,
) -> Result<(), IoError> {
    let path = path.as_ref();
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let written = write_all(part, messages);
    let moved = written.and_then(|()| std::fs::rename(part, path).map_err(IoError::Write));
    if moved.is_err() {
        // What is half written is of no use; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(part);
    }
    moved
}

fn write_all<'a>(path: &Path, messages: impl IntoIterator<Item = &'a LogMessage>) -> Result<(), IoError> {
    let file = File::create(path).map_err(IoError::Write)?;
    let mut writer = RrdWriter::new(BufWriter::new(file))?;
    for message in messages {
        writer.write(message)?;
    }
    let file = writer
        .finish()?
        .into_inner()
        .map_err(|error| IoError::Write(error.into_error()))?;
    file.sync_all().map_err(IoError::Write)
}

fn encode_error(error: re_log_encoding::CodecError) -> IoError {
    // Headers and envelopes go into a vector in memory, which only fails for want of it.
    IoError::Write(io::Error::other(error))
}

fn store_id(id: &StoreId) -> common::StoreId {
    let kind = match id.kind {
        StoreKind::Recording => common::StoreKind::Recording,
        StoreKind::Blueprint => common::StoreKind::Blueprint,
    };
    common::StoreId {
        kind: kind as i32,
        recording_id: id.recording_id.to_string(),
        application_id: Some(common::ApplicationId {
            id: id.application_id.to_string(),
        }),
    }
}

fn tuid(id: ChunkId) -> common::Tuid {
    common::Tuid {
        time_ns: Some((id.as_u128() >> 64) as u64),
        inc: Some(id.as_u128() as u64),
    }
}

fn store_source(source: &StoreSource) -> log_msg::StoreSource {
    use log_msg::StoreSourceKind as Kind;
    let (kind, payload): (Kind, Bytes) = match source {
        StoreSource::Unknown => (Kind::Unspecified, Bytes::new()),
        StoreSource::CSdk => (Kind::CSdk, Bytes::new()),
        StoreSource::PythonSdk { python_version } => {
            (Kind::PythonSdk, python(python_version).encode_to_vec().into())
        }
        StoreSource::RustSdk {
            rustc_version,
            llvm_version,
        } => {
            let info = log_msg::CrateInfo {
                rustc_version: rustc_version.to_string(),
                llvm_version: llvm_version.to_string(),
            };
            (Kind::RustSdk, info.encode_to_vec().into())
        }
        StoreSource::File => {
            let file = log_msg::FileSource {
                kind: log_msg::FileSourceKind::Cli as i32,
            };
            (Kind::File, file.encode_to_vec().into())
        }
        StoreSource::Viewer => (Kind::Viewer, Bytes::new()),
        StoreSource::Other(other) => (Kind::Other, other.as_bytes().to_vec().into()),
    };
    log_msg::StoreSource {
        kind: kind as i32,
        extra: Some(log_msg::StoreSourceExtra { payload }),
    }
}

/// `3.11.7rc1` by its parts; what is not a number counts as zero.
fn python(version: &Arc<str>) -> log_msg::PythonVersion {
    let mut parts = version.splitn(3, '.');
    let mut number = || parts.next().unwrap_or_default();
    let (major, minor, patch) = (number(), number(), number());
    let digits = patch.len() - patch.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (patch, suffix) = patch.split_at(digits);
    let parse = |text: &str| text.parse().unwrap_or(0);
    log_msg::PythonVersion {
        major: parse(major),
        minor: parse(minor),
        patch: parse(patch),
        suffix: suffix.to_owned(),
    }
}

/// The four bytes of a version such as `0.41.0` or `0.42.0-rc.1`; `None` for one that is none.
fn parse_version(version: &str) -> Option<[u8; 4]> {
    let release = version.split('-').next()?;
    let mut parts = release.split('.').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??, 0])
}
