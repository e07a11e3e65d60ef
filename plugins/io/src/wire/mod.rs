//! Messages of the Rerun SDK as bytes, without files: what an `.rrd` file and a live stream have in common.
//!
//! [`Decoder`] turns messages into [`LogMessage`](chronoscope_types::LogMessage)s, [`encode`] turns them back. A stream is
//! never trusted: each length is checked before memory is taken for it.
//!
//! | module | from | to |
//! |---|---|---|
//! | `decode` | messages | facts about stores, activations, and payloads with their store |
//! | `payload` | compressed bytes | bytes, whose size is known to be true before memory is taken |
//! | `ipc`, `ipc_check` | bytes | Arrow record batches, whose every length is checked before Arrow sees it |
//! | `schemas` | what is said about columns | a schema, read once for all that say the same |
//! | `layout` | schemas | what a batch is about, and what each of its columns is |
//! | `migrate` | metadata of older SDKs | metadata as it is now |
//! | `chunk` | record batches | chunks, and back |
//! | `encode` | messages, chunks | their bytes |

mod decode;
mod encode;
mod error;

pub(crate) mod payload;

pub(crate) mod ipc;
mod ipc_check;

pub(crate) mod migrate;

pub(crate) mod layout;
pub(crate) mod schemas;

pub(crate) mod chunk;

pub use decode::{Decoder, MessageKind};
pub use encode::encode;
pub use error::WireError;
pub use re_protos::log_msg::v1alpha1::log_msg::Msg;

#[cfg(feature = "rrd")]
pub(crate) use encode::{encode_chunk, encode_store_id, encode_store_info};

/// The most bytes of Arrow data that one chunk may have.
pub const MAX_CHUNK_BYTES: u64 = 2 << 30;
/// The most bytes that a chunk's message may have: what a chunk may hold, which compression can make larger by one part in
/// 255, and its envelope.
pub const MAX_MESSAGE_BYTES: u64 = MAX_CHUNK_BYTES + MAX_CHUNK_BYTES / 128;
/// The most bytes that a message without rows may have.
pub const MAX_INFO_BYTES: u64 = 16 << 20;
