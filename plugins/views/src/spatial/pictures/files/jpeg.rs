//! JPEG.

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use super::{DecodeError, Decoded, FileFormat, Header, with_alpha};

const FORMAT: FileFormat = FileFormat::Jpeg;

fn open(bytes: &[u8], to: ColorSpace) -> JpegDecoder<ZCursor<&[u8]>> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(to)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    JpegDecoder::new_with_options(ZCursor::new(bytes), options)
}

fn headers(bytes: &[u8]) -> Result<JpegDecoder<ZCursor<&[u8]>>, DecodeError> {
    let mut decoder = open(bytes, ColorSpace::RGB);
    decoder.decode_headers().map_err(|error| FORMAT.broken(error))?;
    Ok(decoder)
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, DecodeError> {
    let decoder = headers(bytes)?;
    let info = decoder.info().ok_or_else(|| FORMAT.broken("it has no header"))?;
    let size = [info.width, info.height].map(u32::from);
    Ok(Header::with_exif(size, decoder.exif().map(Vec::as_slice)))
}

/// What the camera noted.
pub(super) fn exif(bytes: &[u8]) -> Option<Vec<u8>> {
    headers(bytes).ok()?.exif().cloned()
}

pub(super) fn decode(bytes: &[u8], [width, height]: [u32; 2]) -> Result<Decoded, DecodeError> {
    let is_gray = headers(bytes)?.input_colorspace() == Some(ColorSpace::Luma);
    let to = if is_gray {
        ColorSpace::Luma
    } else {
        ColorSpace::RGB
    };
    let mut decoder = open(bytes, to);
    if !has_end(bytes) {
        // The library would fill up what is missing with gray, and what goes wrong before that with colors.
        decoder.set_options((*decoder.options()).set_strict_mode(true));
    }
    let pixels = decoder.decode().map_err(|error| FORMAT.broken(error))?;
    // The library may leave pixels as they are that it cannot convert.
    let channels = if is_gray { 1 } else { 3 };
    if pixels.len() != width as usize * height as usize * channels {
        return Err(FORMAT.broken("its color space is not known"));
    }
    Ok(if is_gray {
        Decoded::Gray8(pixels)
    } else {
        Decoded::Color(with_alpha(&pixels))
    })
}

/// Whether there is a mark of the end behind where the pixels begin. Some cameras leave it out.
fn has_end(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        if *marker == 0xDA {
            break;
        }
        at += 2 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    let data = bytes.get(at..).unwrap_or_default();
    data.windows(2).rev().any(|pair| pair == [0xFF, 0xD9])
}
