//! Messages to facts about stores, activations, and chunks with their store.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use chronoscope_store::{ChunkId, StoreId, StoreKind};
use chronoscope_types::{LogMessage, StoreInfo, StoreSource};
use re_log_encoding::CrateVersion;
use re_protos::{
    common::v1alpha1 as common,
    external::prost::{Message as _, bytes::Bytes},
    log_msg::v1alpha1 as log_msg,
};

use super::{
    MAX_CHUNK_BYTES, Msg, WireError,
    chunk::chunk_from_batch,
    ipc::read_batch,
    migrate::{Metadata, abbreviated, checked_name},
    payload,
    schemas::Schemas,
};
use crate::{MessageError, panic_text, profile::profile_scope};

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Facts about a store: `SetStoreInfo`.
    StoreInfo,
    /// A chunk: `ArrowMsg`.
    Chunk,
    /// The activation of a blueprint: `BlueprintActivationCommand`.
    ActivateBlueprint,
}

/// Decodes the messages of one stream, in order, and keeps what is known about its stores meanwhile.
#[derive(Debug, Default)]
pub struct Decoder {
    sdk_version: Option<Arc<str>>,
    /// The stores heard of, the latest last. Files have few.
    stores: Vec<StoreId>,
    schemas: Schemas,
}

impl Decoder {
    /// What is known where a single store was heard of.
    #[cfg(feature = "rrd")]
    pub(crate) fn knowing(store: StoreId) -> Self {
        Self {
            sdk_version: None,
            stores: vec![store],
            schemas: Schemas::default(),
        }
    }

    /// A stream begins, written by this version of the SDK.
    pub fn begin_stream(&mut self, sdk_version: Arc<str>) {
        self.sdk_version = Some(sdk_version);
    }

    /// Decodes a message by its kind and its bytes, as they lie in a file.
    ///
    /// # Errors
    /// Where the bytes are not what a message of the kind should be. The decoder can be used on.
    pub fn decode(&mut self, kind: MessageKind, payload: Bytes) -> Result<LogMessage, WireError> {
        profile_scope!("decode_message");
        caught(|| match kind {
            MessageKind::StoreInfo => self.store_info(log_msg::SetStoreInfo::decode(payload)?),
            MessageKind::Chunk => self.chunk(log_msg::ArrowMsg::decode(payload)?),
            MessageKind::ActivateBlueprint => {
                self.activate_blueprint(log_msg::BlueprintActivationCommand::decode(payload)?)
            }
        })
    }

    /// Decodes a message whose envelope is open already, as a gRPC service receives it.
    ///
    /// # Errors
    /// Where the message is not what it should be. The decoder can be used on.
    pub fn decode_message(&mut self, message: Msg) -> Result<LogMessage, WireError> {
        profile_scope!("decode_message");
        caught(|| match message {
            Msg::SetStoreInfo(info) => self.store_info(info),
            Msg::ArrowMsg(chunk) => self.chunk(chunk),
            Msg::BlueprintActivationCommand(command) => self.activate_blueprint(command),
        })
    }

    fn store_info(&mut self, message: log_msg::SetStoreInfo) -> Result<LogMessage, WireError> {
        let info = message.info.ok_or(MessageError::Missing("store info"))?;
        let mut store_id = info.store_id.ok_or(MessageError::Missing("store id"))?;
        #[expect(
            deprecated,
            reason = "files of SDKs before 0.25 have the application id here only"
        )]
        let application_id = info.application_id;
        store_id.application_id = store_id.application_id.or(application_id);
        let id = self.store(Some(store_id))?;
        let version = info.store_version.map(|version| {
            CrateVersion::from_bytes(version.crate_version_bits.to_le_bytes())
                .to_string()
                .into()
        });
        Ok(LogMessage::StoreInfo(StoreInfo {
            id,
            source: info.store_source.map_or(StoreSource::Unknown, store_source),
            started_at_nanos: message.row_id.and_then(|id| id.time_ns),
            sdk_version: version.or_else(|| self.sdk_version.clone()),
        }))
    }

    fn chunk(&mut self, message: log_msg::ArrowMsg) -> Result<LogMessage, WireError> {
        let store = self.store(message.store_id)?;
        if message.encoding != log_msg::Encoding::ArrowIpc as i32 {
            return Err(MessageError::UnknownValue {
                what: "encoding",
                value: message.encoding,
            }
            .into());
        }
        let bytes = payload::arrow_bytes(
            message.compression,
            &message.payload,
            message.uncompressed_size,
            MAX_CHUNK_BYTES,
        )?;
        let batch = read_batch(&bytes, &mut self.schemas).map_err(|failure| WireError {
            // What is wrong with the data itself is no reason not to say whose it is.
            entity: failure
                .schema
                .and_then(|schema| Metadata::new(schema.schema.metadata()).entity_path().ok()),
            reason: failure.error,
        })?;
        let id = message.chunk_id.map(|id| {
            ChunkId::from_u128((u128::from(id.time_ns.unwrap_or(0)) << 64) | u128::from(id.inc.unwrap_or(0)))
        });
        let chunk = chunk_from_batch(&batch, id, &mut self.schemas)?;
        Ok(LogMessage::Chunk {
            store,
            chunk: Arc::new(chunk),
        })
    }

    fn activate_blueprint(
        &mut self,
        message: log_msg::BlueprintActivationCommand,
    ) -> Result<LogMessage, WireError> {
        let blueprint = self.store(message.blueprint_id)?;
        Ok(LogMessage::ActivateBlueprint {
            blueprint,
            make_active: message.make_active,
            make_default: message.make_default,
        })
    }

    /// The store that a manifest is about. The SDK changes application ids in manifests that could not be names of folders,
    /// so that one which was not heard of is that of the store of the same kind and recording id.
    #[cfg(feature = "rrd")]
    pub(crate) fn store_of_manifest(&mut self, id: &common::StoreId) -> Result<StoreId, MessageError> {
        let heard_of = self.stores.len();
        let store = self.store(Some(id.clone()))?;
        if self.stores.len() == heard_of {
            return Ok(store);
        }
        self.stores.truncate(heard_of);
        Ok(self
            .store(Some(common::StoreId {
                application_id: None,
                ..id.clone()
            }))
            .unwrap_or(store))
    }

    /// The store's id, sharing its texts with those before. An application id that is missing, as in files of SDKs before
    /// 0.25, is that of the store of the same kind and recording id.
    pub(crate) fn store(&mut self, id: Option<common::StoreId>) -> Result<StoreId, MessageError> {
        let id = id.ok_or(MessageError::Missing("store id"))?;
        let kind = match common::StoreKind::try_from(id.kind) {
            Ok(common::StoreKind::Recording | common::StoreKind::Unspecified) => StoreKind::Recording,
            Ok(common::StoreKind::Blueprint) => StoreKind::Blueprint,
            Err(_unknown) => {
                return Err(MessageError::UnknownValue {
                    what: "store kind",
                    value: id.kind,
                });
            }
        };
        let application_id = id.application_id.map(|application| application.id);
        checked_name("recording id", &id.recording_id)?;
        if let Some(application_id) = &application_id {
            checked_name("application id", application_id)?;
        }
        let known = self.stores.iter().rev().find(|store| {
            store.kind == kind
                && *store.recording_id == *id.recording_id
                && application_id
                    .as_ref()
                    .is_none_or(|application_id| *store.application_id == **application_id)
        });
        match (known, application_id) {
            (Some(known), _) => Ok(known.clone()),
            (None, Some(application_id)) => {
                let store = StoreId {
                    kind,
                    application_id: application_id.into(),
                    recording_id: id.recording_id.into(),
                };
                self.stores.push(store.clone());
                Ok(store)
            }
            (None, None) => Err(MessageError::NoApplicationId {
                recording_id: id.recording_id,
            }),
        }
    }
}

/// Every length is checked before a library sees it; should one panic all the same, only this message is lost. The decoder
/// is left with at most a store that it has heard of, so it can be used on.
fn caught(decode: impl FnOnce() -> Result<LogMessage, WireError>) -> Result<LogMessage, WireError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|panic| Err(MessageError::Panic(panic_text(&*panic)).into()))
}

fn store_source(source: log_msg::StoreSource) -> StoreSource {
    let extra = source.extra.map(|extra| extra.payload).unwrap_or_default();
    match log_msg::StoreSourceKind::try_from(source.kind) {
        Ok(log_msg::StoreSourceKind::CSdk) => StoreSource::CSdk,
        Ok(log_msg::StoreSourceKind::PythonSdk) => {
            let version = log_msg::PythonVersion::decode(extra).unwrap_or_default();
            let log_msg::PythonVersion {
                major,
                minor,
                patch,
                suffix,
            } = version;
            StoreSource::PythonSdk {
                python_version: format!("{major}.{minor}.{patch}{suffix}").into(),
            }
        }
        Ok(log_msg::StoreSourceKind::RustSdk) => {
            let info = log_msg::CrateInfo::decode(extra).unwrap_or_default();
            StoreSource::RustSdk {
                rustc_version: info.rustc_version.into(),
                llvm_version: info.llvm_version.into(),
            }
        }
        Ok(log_msg::StoreSourceKind::File) => StoreSource::File,
        Ok(log_msg::StoreSourceKind::Viewer) => StoreSource::Viewer,
        Ok(log_msg::StoreSourceKind::Other) => {
            StoreSource::Other(abbreviated(&String::from_utf8_lossy(&extra)).into())
        }
        // A newer SDK may know more kinds; what it logged is as good.
        Ok(log_msg::StoreSourceKind::Unspecified) | Err(_) => StoreSource::Unknown,
    }
}
