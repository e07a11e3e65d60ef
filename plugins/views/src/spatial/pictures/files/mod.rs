//! Pixels from files, a module for each format. What a header says of the size is checked before anything is reserved for it.
//!
//! Of animated files the first frame is shown. What cameras were turned by ([`orientation`]) is undone, so that the pixel at
//! the top left of the picture is the one at the origin, whichever comes first in the file.

mod bmp;
mod gif;
mod jpeg;
mod orientation;
mod png;
mod rvl;
mod thumbnail;
mod tiff;
mod webp;

use std::{fmt, sync::Arc};

use chronoscope_types::{
    enums::{ChannelDatatype, ColorModel},
    read,
    records::ImageFormat,
};
use image::metadata::Orientation;

use super::{
    DecodeError, DecodeOptions, EncodedPixels, PixelDecoder, PixelKind, PixelLayout, PixelSource, Pixels,
    decoder::MAX_DECODED_BYTES,
    raw::{self, arrange, depth_range},
};

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum FileFormat {
    Png,
    Jpeg,
    WebP,
    Tiff,
    Bmp,
    Gif,
    /// Distances in RVL. Nothing in its bytes tells that it is.
    Rvl,
    /// The same, where they were inverse ones.
    RvlInverse,
}

impl FileFormat {
    /// The format that the first bytes tell.
    fn of(bytes: &[u8]) -> Option<Self> {
        const BEGINNINGS: [(&[u8], FileFormat); 7] = [
            (b"\x89PNG\r\n\x1a\n", FileFormat::Png),
            (&[0xFF, 0xD8, 0xFF], FileFormat::Jpeg),
            (b"II*\0", FileFormat::Tiff),
            (b"MM\0*", FileFormat::Tiff),
            (b"BM", FileFormat::Bmp),
            (b"GIF87a", FileFormat::Gif),
            (b"GIF89a", FileFormat::Gif),
        ];
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Some(Self::WebP);
        }
        let known = BEGINNINGS.iter().find(|(begin, _)| bytes.starts_with(begin));
        known.map(|(_, format)| *format)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
            Self::Rvl | Self::RvlInverse => "RVL",
        }
    }

    /// How many pixels one byte can hold at most. Deflate repeats 258 bytes in 2 bits, and a pixel of PNG has at least one bit; a
    /// block of JPEG has at least one bit for 64 pixels; a code of GIF has at least three bits for 4096 pixels. A row that is all
    /// white has a bit in the densest TIFFs, of which pages are allowed for; a run of BMP has two bytes for 255 pixels, but may be skipped.
    /// WebP and RVL have no bound.
    fn max_pixels_per_byte(self) -> u64 {
        match self {
            Self::Png => 1032 * 8,
            Self::Jpeg => 64 * 8,
            Self::Gif => 4096 * 8 / 3,
            Self::Bmp => 1 << 14,
            Self::Tiff => 1 << 16,
            Self::WebP | Self::Rvl | Self::RvlInverse => u64::MAX,
        }
    }

    /// How many bytes a pixel has at most while it is decoded.
    fn max_pixel_bytes(self) -> u64 {
        match self {
            Self::Png | Self::Tiff => 8,
            Self::Jpeg | Self::WebP | Self::Bmp | Self::Gif | Self::Rvl | Self::RvlInverse => 4,
        }
    }

    fn header(self, bytes: &[u8]) -> Result<Header, DecodeError> {
        match self {
            Self::Png => png::header(bytes),
            Self::Jpeg => jpeg::header(bytes),
            Self::WebP => webp::header(bytes),
            Self::Tiff => tiff::header(bytes),
            Self::Bmp => bmp::header(bytes),
            Self::Gif => gif::header(bytes),
            Self::Rvl | Self::RvlInverse => rvl::header(bytes),
        }
    }

    fn decode(self, bytes: &[u8], size: [u32; 2]) -> Result<Decoded, DecodeError> {
        match self {
            Self::Png => png::decode(bytes),
            Self::Jpeg => jpeg::decode(bytes, size),
            Self::WebP => webp::decode(bytes),
            Self::Tiff => tiff::decode(bytes, size),
            Self::Bmp => bmp::decode(bytes),
            Self::Gif => gif::decode(bytes, size),
            Self::Rvl | Self::RvlInverse => rvl::decode(bytes, size),
        }
    }

    fn broken(self, reason: impl fmt::Display) -> DecodeError {
        DecodeError::Broken {
            format: self.name(),
            reason: Arc::from(reason.to_string()),
        }
    }
}

/// What the header of a file says.
struct Header {
    /// Width and height as the pixels are stored.
    size: [u32; 2],
    orientation: Orientation,
}

impl Header {
    /// Of a file that is stored upright.
    fn upright(size: [u32; 2]) -> Self {
        Self {
            size,
            orientation: Orientation::NoTransforms,
        }
    }

    /// Of a file that says in a block of EXIF which way is up, if anywhere.
    fn with_exif(size: [u32; 2], block: Option<&[u8]>) -> Self {
        Self {
            size,
            orientation: orientation::of_exif(block),
        }
    }
}

/// What is known of a file before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileInfo {
    format: FileFormat,
    /// Width and height as the pixels are stored.
    stored_size: [u32; 2],
    orientation: Orientation,
}

impl FileInfo {
    /// Width and height as it is shown.
    pub(super) fn size(self) -> [u32; 2] {
        orientation::upright_size(self.orientation, self.stored_size)
    }

    /// Whether its distances are in meters, whatever else is usual.
    pub(super) fn is_in_meters(self) -> bool {
        self.format == FileFormat::RvlInverse
    }
}

/// The format of a file, its size in pixels and which way up it is, from its header. The media type that it was declared as, if any,
/// counts where the first bytes tell nothing.
///
/// # Errors
/// Where it is no file of a known format, or claims more pixels than are decoded, or than its bytes can hold.
pub(super) fn probe(bytes: &[u8], media_type: &str) -> Result<FileInfo, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    let is_rvl = media_type.eq_ignore_ascii_case(rvl::MEDIA_TYPE);
    let format = FileFormat::of(bytes).or_else(|| is_rvl.then(|| rvl::format(bytes)));
    let format = format.ok_or(DecodeError::UnknownFormat)?;
    let Header { size, orientation } = format.header(bytes)?;
    let [width, height] = size;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(DecodeError::Empty);
    }
    if pixels.saturating_mul(format.max_pixel_bytes()) > MAX_DECODED_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    let found = bytes.len();
    if pixels / (found as u64) > format.max_pixels_per_byte() {
        return Err(DecodeError::Implausible { width, height, found });
    }
    Ok(FileInfo {
        format,
        stored_size: size,
        orientation,
    })
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

/// The small version of a picture in color that its file has beside it, in its shape. `None` where there is none that can be decoded,
/// or it has more pixels than these.
///
/// Cost: the headers of the file, and the pixels of the small one.
pub(super) fn thumbnail(file: &EncodedPixels, max_pixels: u64) -> Option<Pixels> {
    if file.info.format != FileFormat::Jpeg {
        return None;
    }
    let blobs = read::blobs(&file.blob).ok()?;
    let block = jpeg::exif(blobs.first()?)?;
    let bytes = thumbnail::of_exif(&block)?;
    let info = probe(bytes, "").ok()?;
    let [width, height] = info.stored_size.map(u64::from);
    if width * height > max_pixels {
        return None;
    }
    // It is stored as the picture is.
    let info = FileInfo {
        orientation: file.info.orientation,
        ..info
    };
    let pixels = decode_bytes(bytes, info, PixelKind::Color).ok()?;
    Some(thumbnail::without_bars(pixels, file.info.size()))
}

fn decode(file: &EncodedPixels, kind: PixelKind) -> Result<Pixels, DecodeError> {
    let blobs = read::blobs(&file.blob)?;
    decode_bytes(blobs.first().ok_or(DecodeError::Empty)?, file.info, kind)
}

fn decode_bytes(bytes: &[u8], info: FileInfo, kind: PixelKind) -> Result<Pixels, DecodeError> {
    let FileInfo {
        format,
        stored_size,
        orientation,
    } = info;
    let [width, height] = stored_size;
    let pixels = match format.decode(bytes, stored_size)? {
        Decoded::Gray8(bytes) => {
            let range = match kind {
                PixelKind::Depth => depth_range(range_of(&bytes), ChannelDatatype::U8),
                PixelKind::Color | PixelKind::Classes => [0.0, 255.0],
            };
            Pixels::new(stored_size, PixelLayout::R8, bytes, range)
        }
        Decoded::Gray16(values) => {
            let range = match kind {
                PixelKind::Depth => depth_range(range_of(&values), ChannelDatatype::U16),
                PixelKind::Color | PixelKind::Classes => [0.0, 65_535.0],
            };
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            Pixels::new(stored_size, PixelLayout::R16, bytes, range)
        }
        Decoded::Numbers { model, .. } if model != ColorModel::L && kind != PixelKind::Color => {
            return Err(DecodeError::NotOneChannel);
        }
        Decoded::Numbers {
            model,
            datatype,
            bytes,
        } => {
            let raw = ImageFormat::new(width, height, model, datatype);
            raw::check_length(&raw, bytes.len())
                .map_err(|_| format.broken("its size is another than its header says"))?;
            raw::decode_channels(&raw, &bytes, &DecodeOptions::new(kind, u32::MAX))
        }
        Decoded::Color(_) if kind != PixelKind::Color => return Err(DecodeError::NotOneChannel),
        Decoded::Color(rgba) => Pixels::new(stored_size, PixelLayout::Rgba8, rgba, [0.0, 1.0]),
    };
    let num_pixels = width as usize * height as usize;
    if pixels.bytes.len() != num_pixels * pixels.layout.bytes() {
        return Err(format.broken("its size is another than its header says"));
    }
    let pixel_bytes = pixels.layout.bytes();
    Ok(Pixels {
        size: orientation::upright_size(orientation, stored_size),
        bytes: orientation::upright(orientation, stored_size, pixel_bytes, pixels.bytes),
        ..pixels
    })
}

/// What a file holds.
enum Decoded {
    Gray8(Vec<u8>),
    Gray16(Vec<u16>),
    /// sRGB with straight alpha.
    Color(Vec<u8>),
    /// Numbers of another kind, little-endian, whose range the pixels tell.
    Numbers {
        model: ColorModel,
        datatype: ChannelDatatype,
        bytes: Vec<u8>,
    },
}

fn range_of<T: Copy + Ord + Into<f64>>(values: &[T]) -> Option<[f64; 2]> {
    let (low, high) = (values.iter().min()?, values.iter().max()?);
    Some([(*low).into(), (*high).into()])
}

fn with_alpha(rgb: &[u8]) -> Vec<u8> {
    let pixels = rgb.as_chunks::<3>().0.iter();
    pixels.flat_map(|pixel| arrange(ColorModel::RGB, pixel)).collect()
}

fn with_gray_alpha(pixels: &[u8]) -> Vec<u8> {
    let pixels = pixels.as_chunks::<2>().0.iter();
    pixels.flat_map(|&[l, a]| [l, l, l, a]).collect()
}

/// The upper halves of numbers of 16 bits.
fn narrow(values: impl IntoIterator<Item = u16>) -> Vec<u8> {
    values.into_iter().map(|value| (value >> 8) as u8).collect()
}
