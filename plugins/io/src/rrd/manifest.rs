//! The footer of a file that is written: which chunk lies where and what times it has, a manifest per store.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use re_log_encoding::{RrdManifestBuilder, ToTransport as _};
use re_protos::{common::v1alpha1::StoreId, external::prost::Message as _, log_msg::v1alpha1::RrdFooter};
use re_sorbet::ChunkBatch;
use re_span::Span;

/// The manifests of a stream while it is written.
///
/// A footer only makes a file faster to open, so that one that cannot be made is left out, and the file is read in order.
#[derive(Default)]
pub(super) struct Manifests {
    stores: Vec<(StoreId, RrdManifestBuilder)>,
    incomplete: bool,
}

impl Manifests {
    /// Notes a chunk whose message, without its header, lies in these bytes of the stream.
    pub(super) fn append(
        &mut self,
        store: &StoreId,
        batch: &RecordBatch,
        message: Span<u64>,
        uncompressed_bytes: u64,
    ) {
        let at = self
            .stores
            .iter()
            .position(|(other, _)| other == store)
            .unwrap_or_else(|| {
                self.stores.push((store.clone(), RrdManifestBuilder::default()));
                self.stores.len() - 1
            });
        let Some((_, builder)) = self.stores.get_mut(at) else {
            return;
        };
        self.incomplete |= survives(|| {
            let batch = ChunkBatch::try_from(batch).ok()?;
            builder.append(&batch, message, uncompressed_bytes).ok()
        })
        .is_none();
    }

    /// The payload of the end mark; empty where there is nothing to find, or no manifest could be made.
    pub(super) fn finish(self) -> Vec<u8> {
        if self.incomplete {
            return Vec::new();
        }
        let manifests: Option<Vec<_>> = self
            .stores
            .into_iter()
            .map(|(store, builder)| {
                survives(|| {
                    let manifest = builder.build(store.clone().try_into().ok()?).ok()?;
                    let mut manifest = manifest.to_transport(()).ok()?;
                    // The library changes application ids that could not be folders; the messages keep them.
                    manifest.store_id = Some(store);
                    Some(manifest)
                })
            })
            .collect();
        manifests
            .map(|manifests| RrdFooter { manifests }.encode_to_vec())
            .unwrap_or_default()
    }
}

/// What the library says, `None` where it panics: it asserts what it expects of names.
fn survives<T>(ask: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok().flatten()
}
