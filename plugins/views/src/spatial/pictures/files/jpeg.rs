//! JPEG.

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use super::{DecodeError, Decoded, FileFormat, Header, orientation, with_alpha};

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
    Ok(Header {
        size: [u32::from(info.width), u32::from(info.height)],
        orientation: orientation::of_exif(decoder.exif().map(Vec::as_slice)),
    })
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
    let pixels = open(bytes, to).decode().map_err(|error| FORMAT.broken(error))?;
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
