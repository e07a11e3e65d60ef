//! Messages to facts about stores, activations, and chunks with their store.

use std::sync::Arc;

use chronoscope_store::{ChunkId, StoreId, StoreKind};
use re_log_encoding::CrateVersion;
use re_protos::{
    common::v1alpha1 as common,
    external::prost::{Message as _, bytes::Bytes},
    log_msg::v1alpha1 as log_msg,
};

use super::{
    chunk::chunk_from_batch,
    frames::Kind,
    ipc::read_batch,
    migrate::{Metadata, SharedNames, abbreviated, checked_name},
    payload,
};
use crate::{
    LogMessage, StoreInfo, StoreSource,
    error::{Failure, MessageError},
};

/// What is known about the stores of a source while it is read.
#[derive(Debug, Default)]
pub(super) struct Transport {
    sdk_version: Option<Arc<str>>,
    /// The stores heard of, the latest last. Files have few.
    stores: Vec<StoreId>,
    names: SharedNames,
}

impl Transport {
    /// What is known where a single store was heard of.
    pub(super) fn knowing(store: StoreId) -> Self {
        Self {
            sdk_version: None,
            stores: vec![store],
            names: SharedNames::default(),
        }
    }

    /// A stream begins, written by this version of the SDK.
    pub(super) fn begin_stream(&mut self, sdk_version: Arc<str>) {
        self.sdk_version = Some(sdk_version);
    }

    pub(super) fn decode(&mut self, kind: Kind, payload: Bytes) -> Result<LogMessage, Failure> {
        match kind {
            Kind::StoreInfo => self.store_info(payload),
            Kind::Arrow => self.chunk(payload),
            Kind::ActivateBlueprint => self.activate_blueprint(payload),
        }
    }

    fn store_info(&mut self, payload: Bytes) -> Result<LogMessage, Failure> {
        let message = log_msg::SetStoreInfo::decode(payload)?;
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

    fn chunk(&mut self, payload: Bytes) -> Result<LogMessage, Failure> {
        let message = log_msg::ArrowMsg::decode(payload)?;
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
            payload::MAX_CHUNK_BYTES,
        )?;
        let batch = read_batch(&bytes, &mut self.names).map_err(|failure| Failure {
            // What is wrong with the data itself is no reason not to say whose it is.
            entity: failure
                .schema
                .and_then(|schema| Metadata::new(schema.metadata()).entity_path().ok()),
            error: failure.error,
        })?;
        let id = message.chunk_id.map(|id| {
            ChunkId::from_u128((u128::from(id.time_ns.unwrap_or(0)) << 64) | u128::from(id.inc.unwrap_or(0)))
        });
        let chunk = chunk_from_batch(&batch, id, &mut self.names)?;
        Ok(LogMessage::Chunk {
            store,
            chunk: Arc::new(chunk),
        })
    }

    fn activate_blueprint(&mut self, payload: Bytes) -> Result<LogMessage, Failure> {
        let message = log_msg::BlueprintActivationCommand::decode(payload)?;
        let blueprint = self.store(message.blueprint_id)?;
        Ok(LogMessage::ActivateBlueprint {
            blueprint,
            make_active: message.make_active,
            make_default: message.make_default,
        })
    }

    /// The store that a manifest is about. The SDK changes application ids in manifests that could not be names of folders,
    /// so that one which was not heard of is that of the store of the same kind and recording id.
    pub(super) fn store_of_manifest(&mut self, id: &common::StoreId) -> Result<StoreId, MessageError> {
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
    pub(super) fn store(&mut self, id: Option<common::StoreId>) -> Result<StoreId, MessageError> {
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
