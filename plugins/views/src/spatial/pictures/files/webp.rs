//! WebP.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::{DecodeError, Decoded, FileFormat, Header, MAX_DECODED_BYTES, with_alpha};

const FORMAT: FileFormat = FileFormat::WebP;

fn open(bytes: &[u8]) -> Result<WebPDecoder<Cursor<&[u8]>>, DecodeError> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|error| FORMAT.broken(error))?;
    decoder.set_memory_limit(MAX_DECODED_BYTES as usize);
    Ok(decoder)
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, DecodeError> {
    let mut decoder = open(bytes)?;
    let exif = decoder.exif_metadata().ok().flatten();
    Ok(Header::with_exif(decoder.dimensions().into(), exif.as_deref()))
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut decoder = open(bytes)?;
    let (width, height) = decoder.dimensions();
    let num_bytes = decoder
        .output_buffer_size()
        .filter(|bytes| *bytes as u64 <= MAX_DECODED_BYTES)
        .ok_or(DecodeError::TooLarge { width, height })?;
    let mut pixels = vec![0; num_bytes];
    decoder
        .read_image(&mut pixels)
        .map_err(|error| FORMAT.broken(error))?;
    Ok(Decoded::Color(if decoder.has_alpha() {
        pixels
    } else {
        with_alpha(&pixels)
    }))
}
