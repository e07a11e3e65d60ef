//! PNG.

use std::io::Cursor;

use image::{ColorType, ImageDecoder, codecs::png::PngDecoder};

use super::{
    DecodeError, Decoded, FileFormat, Header, MAX_DECODED_BYTES, narrow, with_alpha, with_gray_alpha,
};

const FORMAT: FileFormat = FileFormat::Png;

fn open(bytes: &[u8]) -> Result<PngDecoder<Cursor<&[u8]>>, DecodeError> {
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(|error| FORMAT.broken(error))
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, DecodeError> {
    let mut decoder = open(bytes)?;
    // Only a block before the pixels is known here; one behind them is not searched for.
    let exif = decoder.exif_metadata().ok().flatten();
    Ok(Header::with_exif(decoder.dimensions().into(), exif.as_deref()))
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let decoder = open(bytes)?;
    let color = decoder.color_type();
    let num_bytes = decoder.total_bytes();
    if num_bytes > MAX_DECODED_BYTES {
        let (width, height) = decoder.dimensions();
        return Err(DecodeError::TooLarge { width, height });
    }
    let mut pixels = vec![0; num_bytes as usize];
    decoder
        .read_image(&mut pixels)
        .map_err(|error| FORMAT.broken(error))?;
    let wide = || {
        let values = pixels.as_chunks::<2>().0.iter();
        values.map(|bytes| u16::from_ne_bytes(*bytes))
    };
    Ok(match color {
        ColorType::L8 => Decoded::Gray8(pixels),
        ColorType::L16 => Decoded::Gray16(wide().collect()),
        ColorType::La8 => Decoded::Color(with_gray_alpha(&pixels)),
        ColorType::La16 => Decoded::Color(with_gray_alpha(&narrow(wide()))),
        ColorType::Rgb8 => Decoded::Color(with_alpha(&pixels)),
        ColorType::Rgb16 => Decoded::Color(with_alpha(&narrow(wide()))),
        ColorType::Rgba8 => Decoded::Color(pixels),
        ColorType::Rgba16 => Decoded::Color(narrow(wide())),
        other => return Err(FORMAT.broken(format_args!("{other:?} is not known"))),
    })
}
