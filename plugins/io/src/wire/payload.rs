//! Compressed payloads to bytes. A size is proved by the data before memory is taken for it.

use arrow_buffer::{Buffer, MutableBuffer};
use re_protos::common::v1alpha1::Compression;

use crate::error::MessageError;

/// The bytes of a payload, decompressed where it is compressed. There may be so many.
pub(crate) fn arrow_bytes(
    compression: i32,
    payload: &[u8],
    uncompressed_size: u64,
    limit: u64,
) -> Result<Buffer, MessageError> {
    match Compression::try_from(compression) {
        Ok(Compression::Unspecified | Compression::None) => copy(payload, limit),
        Ok(Compression::Lz4) => decompress_lz4(payload, uncompressed_size, limit),
        Err(_unknown) => Err(MessageError::UnknownValue {
            what: "compression",
            value: compression,
        }),
    }
}

/// The bytes of an uncompressed payload, copied to where Arrow's alignment holds.
fn copy(payload: &[u8], limit: u64) -> Result<Buffer, MessageError> {
    check_limit(payload.len() as u64, limit)?;
    let mut bytes = MutableBuffer::new(payload.len());
    bytes.extend_from_slice(payload);
    Ok(bytes.into())
}

/// Decompresses an LZ4 block of a claimed size.
fn decompress_lz4(payload: &[u8], claimed: u64, limit: u64) -> Result<Buffer, MessageError> {
    let actual = lz4_block_bytes(payload).ok_or(MessageError::Lz4)?;
    if actual != claimed {
        return Err(MessageError::UncompressedSize { claimed, actual });
    }
    check_limit(actual, limit)?;
    let mut bytes = MutableBuffer::from_len_zeroed(actual as usize);
    let count = lz4_flex::block::decompress_into(payload, bytes.as_slice_mut())
        .map_err(|_error| MessageError::Lz4)?;
    if count as u64 != actual {
        return Err(MessageError::Lz4);
    }
    Ok(bytes.into())
}

fn check_limit(bytes: u64, limit: u64) -> Result<(), MessageError> {
    if bytes > limit {
        return Err(MessageError::TooLarge { bytes, limit });
    }
    Ok(())
}

/// The bytes that an LZ4 block decompresses to, found by walking its sequences without decompressing them; `None` where
/// they do not fit the block.
///
/// Each sequence is a token (literals in the high half, match in the low), more bytes of literal length while they are
/// 255, the literals, two bytes of distance, more bytes of match length. The last sequence ends after its literals. Costs
/// one step per sequence and per byte of length.
fn lz4_block_bytes(block: &[u8]) -> Option<u64> {
    const MIN_MATCH: u64 = 4;
    let (mut at, mut total) = (0_usize, 0_u64);
    loop {
        let token = *block.get(at)?;
        at += 1;
        let literals = length(block, &mut at, token >> 4)?;
        at = at.checked_add(usize::try_from(literals).ok()?)?;
        total = total.checked_add(literals)?;
        if at >= block.len() {
            return (at == block.len()).then_some(total);
        }
        at += 2;
        let matched = length(block, &mut at, token & 0xf)?;
        total = total.checked_add(matched)?.checked_add(MIN_MATCH)?;
    }
}

fn length(block: &[u8], at: &mut usize, nibble: u8) -> Option<u64> {
    let mut length = u64::from(nibble);
    if nibble == 0xf {
        loop {
            let more = *block.get(*at)?;
            *at += 1;
            length += u64::from(more);
            if more != u8::MAX {
                break;
            }
        }
    }
    Some(length)
}
