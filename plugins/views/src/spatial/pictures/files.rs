//! Pixels from files. What a header says of the size is checked before anything is reserved for it.

use std::{fmt, io::Cursor, sync::Arc};

use chronoscope_types::{
    enums::{ChannelDatatype, ColorModel},
    read,
};
use image::{ColorType, ImageDecoder, codecs::png::PngDecoder};
use image_webp::WebPDecoder;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use super::{
    DecodeError, DecodeOptions, EncodedPixels, PixelDecoder, PixelKind, PixelLayout, PixelSource, Pixels,
    decoder::MAX_DECODED_BYTES,
    raw::{arrange, depth_range},
};

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FileFormat {
    Png,
    Jpeg,
    WebP,
}

impl FileFormat {
    /// The format that the first bytes tell.
    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::WebP)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
        }
    }

    /// How many pixels one byte can hold at most. Deflate repeats 258 bytes in 2 bits, and a pixel of PNG has at least one bit;
    /// a block of JPEG has at least one bit for 64 pixels. WebP has no bound.
    fn max_pixels_per_byte(self) -> u64 {
        match self {
            Self::Png => 1032 * 8,
            Self::Jpeg => 64 * 8,
            Self::WebP => u64::MAX,
        }
    }

    fn broken(self, reason: &dyn fmt::Display) -> DecodeError {
        DecodeError::Broken {
            format: self.name(),
            reason: Arc::from(reason.to_string()),
        }
    }
}

/// The format of a file and its size in pixels, from its header.
///
/// # Errors
/// Where it is no file of a known format, or claims more pixels than are decoded, or than its bytes can hold.
pub(super) fn probe(bytes: &[u8]) -> Result<(FileFormat, [u32; 2]), DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    let format = FileFormat::of(bytes).ok_or(DecodeError::UnknownFormat)?;
    let size @ [width, height] = match format {
        FileFormat::Png => {
            let (width, height) = png(bytes)?.dimensions();
            [width, height]
        }
        FileFormat::Jpeg => {
            let mut decoder = jpeg(bytes, ColorSpace::RGB);
            decoder.decode_headers().map_err(|error| format.broken(&error))?;
            let info = decoder.info().ok_or_else(|| format.broken(&"it has no header"))?;
            [u32::from(info.width), u32::from(info.height)]
        }
        FileFormat::WebP => {
            let (width, height) = webp(bytes)?.dimensions();
            [width, height]
        }
    };
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(DecodeError::Empty);
    }
    // PNGs have up to 8 bytes per pixel while they are decoded.
    let pixel_bytes = if format == FileFormat::Png { 8 } else { 4 };
    if pixels.saturating_mul(pixel_bytes) > MAX_DECODED_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    let found = bytes.len();
    if pixels / (found as u64) > format.max_pixels_per_byte() {
        return Err(DecodeError::Implausible { width, height, found });
    }
    Ok((format, size))
}

/// Decodes [`PixelSource::Encoded`]. Gray pictures, also of 16 bits, go to the GPU as they are.
pub(super) struct FileDecoder;

impl PixelDecoder for FileDecoder {
    fn decode(&self, source: &PixelSource, options: &DecodeOptions) -> Option<Result<Pixels, DecodeError>> {
        let PixelSource::Encoded(file) = source else {
            return None;
        };
        Some(decode(file, options.kind))
    }
}

fn decode(file: &EncodedPixels, kind: PixelKind) -> Result<Pixels, DecodeError> {
    let blobs = read::blobs(&file.blob)?;
    let bytes = blobs.first().ok_or(DecodeError::Empty)?;
    let decoded = match file.format {
        FileFormat::Png => decode_png(bytes)?,
        FileFormat::Jpeg => decode_jpeg(bytes, file.size)?,
        FileFormat::WebP => decode_webp(bytes)?,
    };
    let pixels = file.size[0] as usize * file.size[1] as usize;
    let (layout, bytes, range) = match decoded {
        Decoded::Gray8(bytes) => {
            let range = match kind {
                PixelKind::Depth => depth_range(range_of(&bytes), ChannelDatatype::U8),
                PixelKind::Color | PixelKind::Classes => [0.0, 255.0],
            };
            (PixelLayout::R8, bytes, range)
        }
        Decoded::Gray16(values) => {
            let range = match kind {
                PixelKind::Depth => depth_range(range_of(&values), ChannelDatatype::U16),
                PixelKind::Color | PixelKind::Classes => [0.0, 65_535.0],
            };
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (PixelLayout::R16, bytes, range)
        }
        Decoded::Color(_) if kind != PixelKind::Color => return Err(DecodeError::NotOneChannel),
        Decoded::Color(rgba) => (PixelLayout::Rgba8, rgba, [0.0, 1.0]),
    };
    if bytes.len() != pixels * layout.bytes() {
        return Err(file.format.broken(&"its size is another than its header says"));
    }
    Ok(Pixels {
        size: file.size,
        layout,
        bytes,
        range,
    })
}

/// What a file holds.
enum Decoded {
    Gray8(Vec<u8>),
    Gray16(Vec<u16>),
    /// sRGB with straight alpha.
    Color(Vec<u8>),
}

fn range_of<T: Copy + Ord + Into<f64>>(values: &[T]) -> Option<[f64; 2]> {
    let (low, high) = (values.iter().min()?, values.iter().max()?);
    Some([(*low).into(), (*high).into()])
}

fn png(bytes: &[u8]) -> Result<PngDecoder<Cursor<&[u8]>>, DecodeError> {
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(|error| FileFormat::Png.broken(&error))
}

fn decode_png(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let decoder = png(bytes)?;
    let color = decoder.color_type();
    let num_bytes = decoder.total_bytes();
    if num_bytes > MAX_DECODED_BYTES {
        let (width, height) = decoder.dimensions();
        return Err(DecodeError::TooLarge { width, height });
    }
    let mut pixels = vec![0; num_bytes as usize];
    decoder
        .read_image(&mut pixels)
        .map_err(|error| FileFormat::Png.broken(&error))?;
    let wide = || -> Vec<u16> {
        let values = pixels.as_chunks::<2>().0.iter();
        values.map(|bytes| u16::from_ne_bytes(*bytes)).collect()
    };
    let narrow = || -> Vec<u8> { wide().into_iter().map(|value| (value >> 8) as u8).collect() };
    Ok(match color {
        ColorType::L8 => Decoded::Gray8(pixels),
        ColorType::L16 => Decoded::Gray16(wide()),
        ColorType::La8 => Decoded::Color(with_gray_alpha(&pixels)),
        ColorType::La16 => Decoded::Color(with_gray_alpha(&narrow())),
        ColorType::Rgb8 => Decoded::Color(with_alpha(&pixels)),
        ColorType::Rgb16 => Decoded::Color(with_alpha(&narrow())),
        ColorType::Rgba8 => Decoded::Color(pixels),
        ColorType::Rgba16 => Decoded::Color(narrow()),
        other => return Err(FileFormat::Png.broken(&format_args!("{other:?} is not known"))),
    })
}

fn jpeg(bytes: &[u8], to: ColorSpace) -> JpegDecoder<ZCursor<&[u8]>> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(to)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    JpegDecoder::new_with_options(ZCursor::new(bytes), options)
}

fn decode_jpeg(bytes: &[u8], [width, height]: [u32; 2]) -> Result<Decoded, DecodeError> {
    let broken = |error: &dyn fmt::Display| FileFormat::Jpeg.broken(error);
    let mut headers = jpeg(bytes, ColorSpace::RGB);
    headers.decode_headers().map_err(|error| broken(&error))?;
    let is_gray = headers.input_colorspace() == Some(ColorSpace::Luma);
    let to = if is_gray {
        ColorSpace::Luma
    } else {
        ColorSpace::RGB
    };
    let pixels = jpeg(bytes, to).decode().map_err(|error| broken(&error))?;
    // The library may leave pixels as they are that it cannot convert.
    let channels = if is_gray { 1 } else { 3 };
    if pixels.len() != width as usize * height as usize * channels {
        return Err(broken(&"its color space is not known"));
    }
    Ok(if is_gray {
        Decoded::Gray8(pixels)
    } else {
        Decoded::Color(with_alpha(&pixels))
    })
}

fn webp(bytes: &[u8]) -> Result<WebPDecoder<Cursor<&[u8]>>, DecodeError> {
    let broken = |error| FileFormat::WebP.broken(&error);
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    decoder.set_memory_limit(MAX_DECODED_BYTES as usize);
    Ok(decoder)
}

fn decode_webp(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut decoder = webp(bytes)?;
    let (width, height) = decoder.dimensions();
    let num_bytes = decoder
        .output_buffer_size()
        .filter(|bytes| *bytes as u64 <= MAX_DECODED_BYTES)
        .ok_or(DecodeError::TooLarge { width, height })?;
    let mut pixels = vec![0; num_bytes];
    decoder
        .read_image(&mut pixels)
        .map_err(|error| FileFormat::WebP.broken(&error))?;
    Ok(Decoded::Color(if decoder.has_alpha() {
        pixels
    } else {
        with_alpha(&pixels)
    }))
}

fn with_alpha(rgb: &[u8]) -> Vec<u8> {
    let pixels = rgb.as_chunks::<3>().0.iter();
    pixels.flat_map(|pixel| arrange(ColorModel::RGB, pixel)).collect()
}

fn with_gray_alpha(pixels: &[u8]) -> Vec<u8> {
    let pixels = pixels.as_chunks::<2>().0.iter();
    pixels.flat_map(|&[l, a]| [l, l, l, a]).collect()
}
