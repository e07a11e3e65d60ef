//! The first frame of a GIF.

use std::{io::Cursor, num::NonZeroU64};

use ::gif::{ColorOutput, DecodeOptions, Decoder, MemoryLimit};

use super::{DecodeError, Decoded, FileFormat, Header, MAX_DECODED_BYTES};

const FORMAT: FileFormat = FileFormat::Gif;

fn open(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, DecodeError> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    // No frame is larger than the picture.
    options.check_frame_consistency(true);
    if let Some(limit) = NonZeroU64::new(MAX_DECODED_BYTES) {
        options.set_memory_limit(MemoryLimit::Bytes(limit));
    }
    options
        .read_info(Cursor::new(bytes))
        .map_err(|error| FORMAT.broken(error))
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, DecodeError> {
    let decoder = open(bytes)?;
    Ok(Header::upright(
        [decoder.width(), decoder.height()].map(u32::from),
    ))
}

pub(super) fn decode(bytes: &[u8], [width, height]: [u32; 2]) -> Result<Decoded, DecodeError> {
    let mut decoder = open(bytes)?;
    let frame = decoder.read_next_frame().map_err(|error| FORMAT.broken(error))?;
    let frame = frame.ok_or_else(|| FORMAT.broken("it has no frame"))?;
    let (width, height) = (width as usize, height as usize);
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let row_bytes = usize::from(frame.width) * 4;
    let is_within = left + usize::from(frame.width) <= width && top + usize::from(frame.height) <= height;
    if !is_within || row_bytes == 0 {
        return Err(FORMAT.broken("its first frame has no place in it"));
    }
    // What no frame covers is clear.
    let mut pixels = vec![0; width * height * 4];
    let rows = pixels.chunks_exact_mut(width * 4).skip(top);
    for (row, frame_row) in rows.zip(frame.buffer.chunks_exact(row_bytes)) {
        row[left * 4..][..row_bytes].copy_from_slice(frame_row);
    }
    Ok(Decoded::Color(pixels))
}
