//! The footer of a stream: which message lies where, without reading them all.
//!
//! A stream's end mark has the manifests as its payload, and 32 bytes follow that say where the payload lies, counted from
//! the stream's beginning, and its checksum. A file may consist of several streams, of which only the last ends where the
//! file does; each one's beginning is the end of the one before.
//!
//! A footer is believed only where what it says adds up: between the header and the end mark of its stream, the spans of
//! its chunks and a few small messages of other kinds lie without a gap. Otherwise the stream is scanned.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use re_log_encoding::{CrateVersion, StreamFooter};
use re_protos::{
    external::prost::{Message as _, bytes::Bytes},
    log_msg::v1alpha1::RrdFooter,
};

use super::{
    frames::{
        MAGIC, MESSAGE_HEADER_BYTES, Message, STREAM_FOOTER_BYTES, STREAM_HEADER_BYTES, message_header,
    },
    manifest_table::{IndexLimits, ManifestTable},
};
use crate::{
    MessageError, SharedFile, panic_text,
    wire::{MAX_CHUNK_BYTES, MessageKind},
};

const FOOTER: u64 = STREAM_FOOTER_BYTES as u64;
const HEADER: u64 = MESSAGE_HEADER_BYTES as u64;

/// The messages of other kinds in a stream are small and few; more than this is no such stream.
const MOST_OTHER_BYTES: u64 = 16 << 20;

/// An index may be larger than the rest of its stream up to this size. To read a larger one takes longer than to read the
/// rest.
const MAX_SMALL_INDEX_BYTES: u64 = 1 << 20;

/// A stream whose chunks are all known by its footer.
pub(super) struct IndexedStream {
    /// The stream's first byte in the file.
    pub base: u64,
    pub sdk_version: Arc<str>,
    /// The messages that are no chunks, in order.
    pub messages: Vec<Message>,
    /// The chunks of each store.
    pub manifests: Vec<ManifestTable>,
}

/// The stream that ends at this byte of the file; `None` where no footer stands there.
///
/// # Errors
/// Where there is a footer that cannot be used.
pub(super) fn stream_before(file: &SharedFile, end: u64) -> Result<Option<IndexedStream>, MessageError> {
    let Some(footer_at) = end.checked_sub(FOOTER) else {
        return Ok(None);
    };
    let footer = read(file, footer_at..end)?;
    if footer.get(20..28) != Some(b"RRF2FOOT") {
        return Ok(None);
    }
    let number = |at: usize| {
        footer
            .get(at..at + 8)
            .and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?)))
    };
    let short = |at: usize| {
        footer
            .get(at..at + 4)
            .and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)))
    };
    let (Some(start), Some(length), Some(checksum), Some(1)) = (number(0), number(8), short(16), short(28))
    else {
        return Err(MessageError::Index("it has an unknown number of parts"));
    };

    // The payload ends where the footer begins, and so tells where the stream begins.
    let misplaced = MessageError::Index("its position is outside of the file");
    let payload_at = footer_at
        .checked_sub(length)
        .filter(|_| length <= MAX_CHUNK_BYTES);
    let base = payload_at.and_then(|at| Some((at, at.checked_sub(HEADER)?, at.checked_sub(start)?)));
    let Some((payload_at, end_mark, base)) = base.filter(|(_, mark, base)| mark.saturating_sub(*base) >= 12)
    else {
        return Err(misplaced);
    };
    if length > end_mark - base + MAX_SMALL_INDEX_BYTES {
        return Err(MessageError::Index("it is larger than what it lists"));
    }
    let stream_header = read(file, base..base + STREAM_HEADER_BYTES as u64)?;
    let version = stream_header.get(4..8).and_then(|bytes| bytes.try_into().ok());
    let Some(version) = version.filter(|_| stream_header.starts_with(&MAGIC)) else {
        return Err(misplaced);
    };
    if message_header(&read(file, end_mark..payload_at)?) != Some((None, length)) {
        return Err(misplaced);
    }
    let payload = read(file, payload_at..footer_at)?;
    if StreamFooter::compute_crc(&payload) != checksum {
        return Err(MessageError::Index("its checksum is wrong"));
    }

    // Every length is checked before a library sees it; should one panic all the same, the stream is scanned.
    let manifests = catch_unwind(AssertUnwindSafe(|| {
        manifests(payload.into(), base, IndexLimits::of_stream(end_mark - base))
    }));
    let manifests = manifests.map_err(|panic| MessageError::Panic(panic_text(&*panic)))??;
    let messages = other_messages(file, &manifests, base + STREAM_HEADER_BYTES as u64..end_mark)?;
    let sdk_version = CrateVersion::from_bytes(version).to_string().into();
    Ok(Some(IndexedStream {
        base,
        sdk_version,
        messages,
        manifests,
    }))
}

fn manifests(payload: Bytes, base: u64, mut limits: IndexLimits) -> Result<Vec<ManifestTable>, MessageError> {
    let footer = RrdFooter::decode(payload)?;
    footer
        .manifests
        .into_iter()
        .map(|manifest| ManifestTable::new(manifest, base, &mut limits))
        .collect()
}

/// The messages between the chunks. The chunks are not read, nor are their headers.
fn other_messages(
    file: &SharedFile,
    manifests: &[ManifestTable],
    stream: Range<u64>,
) -> Result<Vec<Message>, MessageError> {
    let mut chunks: Vec<Range<u64>> = manifests.iter().flat_map(ManifestTable::spans).collect();
    chunks.sort_unstable_by_key(|span| span.start);
    let overlap = MessageError::Index("the chunks that it lists overlap each other or leave the file");

    let mut messages = Vec::new();
    let mut bytes_left = MOST_OTHER_BYTES;
    let (mut at, end) = (stream.start, stream.end);
    for chunk in chunks.iter().map(Some).chain([None]) {
        let gap = at..match chunk {
            Some(chunk) => match chunk.start.checked_sub(HEADER) {
                Some(header) if header >= at && chunk.end <= end => header,
                _ => return Err(overlap),
            },
            None => end,
        };
        read_gap(file, gap, &mut bytes_left, &mut messages)?;
        at = chunk.map_or(end, |chunk| chunk.end);
    }
    Ok(messages)
}

fn read_gap(
    file: &SharedFile,
    gap: Range<u64>,
    bytes_left: &mut u64,
    into: &mut Vec<Message>,
) -> Result<(), MessageError> {
    let unknown = MessageError::Index("it does not list all chunks");
    let mut at = gap.start;
    while at < gap.end {
        let Some(payload_at) = at.checked_add(HEADER).filter(|&payload| payload <= gap.end) else {
            return Err(unknown);
        };
        let header = message_header(&read(file, at..payload_at)?);
        let Some((Some(kind @ (MessageKind::StoreInfo | MessageKind::ActivateBlueprint)), length)) = header
        else {
            return Err(unknown);
        };
        let end = payload_at.checked_add(length).filter(|&end| end <= gap.end);
        let (Some(end), Some(left)) = (end, bytes_left.checked_sub(HEADER + length)) else {
            return Err(unknown);
        };
        *bytes_left = left;
        into.push(Message {
            kind,
            offset: at,
            payload: read(file, payload_at..end)?.into(),
        });
        at = end;
    }
    Ok(())
}

fn read(file: &SharedFile, bytes: Range<u64>) -> Result<Vec<u8>, MessageError> {
    file.read_range(bytes)
        .map_err(|_error| MessageError::Index("it cannot be read"))
}
