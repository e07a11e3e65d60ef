//! Messages and chunks to their bytes, as the Rerun SDK writes them.

use std::sync::Arc;

use arrow_ipc::writer::StreamWriter;
use chronoscope_store::{Chunk, ChunkId, RowId, StoreId, StoreKind};
use chronoscope_types::{LogMessage, StoreInfo, StoreSource};
use re_protos::{
    common::v1alpha1 as common,
    external::prost::{Message as _, bytes::Bytes},
    log_msg::v1alpha1 as log_msg,
};

use super::{Msg, chunk::batch_from_chunk};
use crate::MessageError;

/// The message as the Rerun SDK sends it.
///
/// # Errors
/// Where a chunk cannot be encoded, or is known without its rows.
pub fn encode(message: &LogMessage) -> Result<Msg, MessageError> {
    Ok(match message {
        LogMessage::StoreInfo(info) => encode_store_info(info),
        LogMessage::Chunk { store, chunk } => Msg::ArrowMsg(encode_chunk(store, chunk)?.message),
        LogMessage::AbsentChunks { .. } => return Err(MessageError::NotLoaded),
        LogMessage::ActivateBlueprint {
            blueprint,
            make_active,
            make_default,
        } => Msg::BlueprintActivationCommand(log_msg::BlueprintActivationCommand {
            blueprint_id: Some(encode_store_id(blueprint)),
            make_active: *make_active,
            make_default: *make_default,
        }),
    })
}

/// A chunk's message, and the batch that it holds, which the footer of a file describes.
pub(crate) struct EncodedChunk {
    pub message: log_msg::ArrowMsg,
    #[cfg(feature = "rrd")]
    pub batch: arrow_array::RecordBatch,
}

pub(crate) fn encode_chunk(store: &StoreId, chunk: &Chunk) -> Result<EncodedChunk, MessageError> {
    let batch = batch_from_chunk(chunk)?;
    let mut bytes = Vec::new();
    let mut stream = StreamWriter::try_new(&mut bytes, batch.schema_ref())?;
    stream.write(&batch)?;
    stream.finish()?;
    drop(stream);
    let message = log_msg::ArrowMsg {
        store_id: Some(encode_store_id(store)),
        chunk_id: Some(tuid(chunk.id())),
        compression: common::Compression::Lz4 as i32,
        uncompressed_size: bytes.len() as u64,
        encoding: log_msg::Encoding::ArrowIpc as i32,
        payload: lz4_flex::block::compress(&bytes).into(),
        is_static: Some(chunk.is_static()),
    };
    Ok(EncodedChunk {
        message,
        #[cfg(feature = "rrd")]
        batch,
    })
}

pub(crate) fn encode_store_info(info: &StoreInfo) -> Msg {
    let id = RowId::new().as_u128();
    let row_id = common::Tuid {
        time_ns: Some(info.started_at_nanos.unwrap_or((id >> 64) as u64)),
        inc: Some(id as u64),
    };
    let version = info.sdk_version.as_deref().and_then(parse_version);
    #[expect(deprecated, reason = "the field is there for older SDKs, and stays empty")]
    let proto = log_msg::StoreInfo {
        application_id: None,
        store_id: Some(encode_store_id(&info.id)),
        store_source: Some(store_source(&info.source)),
        store_version: version.map(|bytes| log_msg::StoreVersion {
            crate_version_bits: i32::from_le_bytes(bytes),
        }),
    };
    Msg::SetStoreInfo(log_msg::SetStoreInfo {
        row_id: Some(row_id),
        info: Some(proto),
    })
}

pub(crate) fn encode_store_id(id: &StoreId) -> common::StoreId {
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
