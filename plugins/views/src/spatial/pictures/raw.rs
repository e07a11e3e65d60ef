//! Pixels from bytes that were logged as they are.

use chronoscope_types::{
    enums::{ChannelDatatype, ColorModel},
    read,
    records::ImageFormat,
};
use smallvec::SmallVec;

use super::{
    DecodeError, DecodeOptions, PixelDecoder, PixelKind, PixelLayout, PixelSource, Pixels, RawPixels,
    decoder::thinning, packed,
};

/// Checks that there are as many bytes as the format says.
///
/// # Errors
/// Where there are fewer, or no pixels at all.
pub(crate) fn check_length(format: &ImageFormat, found: usize) -> Result<(), DecodeError> {
    let &ImageFormat { width, height, .. } = format;
    let expected = format
        .num_bytes()
        .ok_or(DecodeError::TooLarge { width, height })?;
    if width == 0 || height == 0 {
        return Err(DecodeError::Empty);
    }
    if found < expected {
        Err(DecodeError::Length {
            width,
            height,
            expected,
            found,
        })
    } else {
        Ok(())
    }
}

/// Decodes [`PixelSource::Raw`]. A single channel of bytes, `u16`, `u32`, `f16` or `f32` goes to the GPU as it is.
pub(super) struct RawDecoder;

impl PixelDecoder for RawDecoder {
    fn decode(&self, source: &PixelSource, options: &DecodeOptions) -> Option<Result<Pixels, DecodeError>> {
        let PixelSource::Raw(raw) = source else {
            return None;
        };
        Some(decode(raw, options))
    }
}

/// Cost: O(pixels of the picture).
fn decode(raw: &RawPixels, options: &DecodeOptions) -> Result<Pixels, DecodeError> {
    let buffers = read::image_buffers(&raw.buffer)?;
    let bytes = buffers.first().ok_or(DecodeError::Empty)?;
    let format = &raw.format;
    check_length(format, bytes.len())?;
    if let Some(packing) = format.pixel_format {
        return packed::decode(packing, bytes, [format.width, format.height]);
    }
    Ok(decode_channels(format, bytes, options))
}

/// Pixels from one channel after the other.
///
/// Precondition: the bytes are as many as the format says, which is not packed, and the picture is not empty.
pub(super) fn decode_channels(format: &ImageFormat, bytes: &[u8], options: &DecodeOptions) -> Pixels {
    let (model, datatype) = (format.color_model(), format.channel_datatype());
    let rows = Rows::new(format, bytes, options.max_side);
    if model.channels() == 1 {
        return one_channel(&rows, datatype, options.kind);
    }
    let (bytes, range) = colors(&rows, model, datatype);
    Pixels::new(rows.size, PixelLayout::Rgba8, bytes, range)
}

/// The pixels that come out of a picture, all of them or every n-th.
struct Rows<'a> {
    bytes: &'a [u8],
    row_bytes: usize,
    pixel_bytes: usize,
    step: usize,
    size: [u32; 2],
}

impl<'a> Rows<'a> {
    /// Precondition: the bytes are as many as the format says, and the picture is not empty.
    fn new(format: &ImageFormat, bytes: &'a [u8], max_side: u32) -> Self {
        let step = thinning([format.width, format.height], max_side);
        let pixel_bytes = format.color_model().channels() * format.channel_datatype().bytes();
        let row_bytes = format.width as usize * pixel_bytes;
        Self {
            bytes: bytes.get(..row_bytes * format.height as usize).unwrap_or(&[]),
            row_bytes,
            pixel_bytes,
            step: step as usize,
            size: [format.width.div_ceil(step), format.height.div_ceil(step)],
        }
    }

    fn pixels(&self) -> impl Iterator<Item = &'a [u8]> {
        let (pixel_bytes, step) = (self.pixel_bytes, self.step);
        let rows = self.bytes.chunks_exact(self.row_bytes).step_by(step);
        rows.flat_map(move |row| row.chunks_exact(pixel_bytes).step_by(step))
    }

    fn len(&self) -> usize {
        self.size[0] as usize * self.size[1] as usize
    }

    /// The bytes as they are.
    fn copied(&self) -> Vec<u8> {
        if self.step == 1 {
            return self.bytes.to_vec();
        }
        let mut bytes = Vec::with_capacity(self.len() * self.pixel_bytes);
        self.pixels().for_each(|pixel| bytes.extend_from_slice(pixel));
        bytes
    }

    /// One number of 4 bytes for each pixel.
    fn mapped(&self, map: impl Fn(&[u8]) -> [u8; 4]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len() * 4);
        self.pixels()
            .for_each(|pixel| bytes.extend_from_slice(&map(pixel)));
        bytes
    }
}

fn one_channel(rows: &Rows<'_>, datatype: ChannelDatatype, kind: PixelKind) -> Pixels {
    let plain = match datatype {
        ChannelDatatype::U8 => Some(PixelLayout::R8),
        ChannelDatatype::U16 => Some(PixelLayout::R16),
        ChannelDatatype::U32 => Some(PixelLayout::R32),
        ChannelDatatype::F16 if kind != PixelKind::Classes => Some(PixelLayout::R16Float),
        ChannelDatatype::F32 if kind != PixelKind::Classes => Some(PixelLayout::R32Float),
        _ => None,
    };
    let (layout, bytes) = match plain {
        Some(layout) => (layout, rows.copied()),
        None if kind == PixelKind::Classes => {
            let class = |pixel: &[u8]| class_of(channel(datatype, pixel, 0)).to_le_bytes();
            (PixelLayout::R32, rows.mapped(class))
        }
        None => {
            let number =
                |pixel: &[u8]| (channel(datatype, pixel, 0).unwrap_or(f64::NAN) as f32).to_le_bytes();
            (PixelLayout::R32Float, rows.mapped(number))
        }
    };
    Pixels {
        size: rows.size,
        layout,
        bytes,
        range: range_of(rows, datatype, kind),
    }
}

/// Class ids have 16 bits; what does not fit is no class.
fn class_of(value: Option<f64>) -> u32 {
    match value {
        Some(class) if class >= 0.0 && class <= f64::from(u16::MAX) => class as u32,
        _ => u32::MAX,
    }
}

fn range_of(rows: &Rows<'_>, datatype: ChannelDatatype, kind: PixelKind) -> [f32; 2] {
    match (kind, datatype) {
        (PixelKind::Classes, _) => [0.0, 1.0],
        (PixelKind::Color, ChannelDatatype::U8) => [0.0, 255.0],
        (PixelKind::Color, _) => color_range(finite_range(rows, datatype)),
        (PixelKind::Depth, _) => depth_range(finite_range(rows, datatype), datatype),
    }
}

/// The least and the greatest finite value of all channels that come out.
fn finite_range(rows: &Rows<'_>, datatype: ChannelDatatype) -> Option<[f64; 2]> {
    /// The order of floats is not total, so that a loop over them is their own.
    fn range<T: Copy + PartialOrd, const N: usize>(
        rows: &Rows<'_>,
        read: impl Fn([u8; N]) -> T,
        [least, greatest]: [T; 2],
        to_f64: impl Fn(T) -> f64,
    ) -> Option<[f64; 2]> {
        let (mut low, mut high) = (greatest, least);
        for pixel in rows.pixels() {
            for channel in pixel.as_chunks::<N>().0 {
                let value = read(*channel);
                if value >= least && value <= greatest {
                    low = if value < low { value } else { low };
                    high = if value > high { value } else { high };
                }
            }
        }
        (low <= high).then(|| [to_f64(low), to_f64(high)])
    }
    macro_rules! range_of {
        ($type:ty, $to_f64:expr) => {
            range(
                rows,
                <$type>::from_le_bytes,
                [<$type>::MIN, <$type>::MAX],
                $to_f64,
            )
        };
    }
    match datatype {
        ChannelDatatype::U8 => range_of!(u8, f64::from),
        ChannelDatatype::I8 => range_of!(i8, f64::from),
        ChannelDatatype::U16 => range_of!(u16, f64::from),
        ChannelDatatype::I16 => range_of!(i16, f64::from),
        ChannelDatatype::U32 => range_of!(u32, f64::from),
        ChannelDatatype::I32 => range_of!(i32, f64::from),
        ChannelDatatype::U64 => range_of!(u64, |value| value as f64),
        ChannelDatatype::I64 => range_of!(i64, |value| value as f64),
        ChannelDatatype::F16 => range_of!(half::f16, half::f16::to_f64),
        ChannelDatatype::F32 => range_of!(f32, f64::from),
        ChannelDatatype::F64 => range_of!(f64, |value| value),
    }
}

/// The range that is shown as black to white: one of the usual ones where the values fit it, else their own.
fn color_range(range: Option<[f64; 2]>) -> [f32; 2] {
    let Some([low, high]) = range else {
        return [0.0, 1.0];
    };
    let usual = [1.0, 255.0, 65_535.0];
    match usual.into_iter().find(|white| low >= 0.0 && high <= *white) {
        Some(white) => [0.0, white as f32],
        None => [low as f32, high as f32],
    }
}

/// The range that distances are shown in: their own, or that of their type where they are all the same.
pub(super) fn depth_range(range: Option<[f64; 2]>, datatype: ChannelDatatype) -> [f32; 2] {
    match range {
        Some([low, high]) if low < high => [low as f32, high as f32],
        _ => [
            0.0,
            match datatype {
                ChannelDatatype::U8 => f32::from(u8::MAX),
                ChannelDatatype::I8 => f32::from(i8::MAX),
                ChannelDatatype::U16 => f32::from(u16::MAX),
                ChannelDatatype::I16 => f32::from(i16::MAX),
                ChannelDatatype::U32 => u32::MAX as f32,
                ChannelDatatype::I32 => i32::MAX as f32,
                ChannelDatatype::U64 => u64::MAX as f32,
                ChannelDatatype::I64 => i64::MAX as f32,
                ChannelDatatype::F16 | ChannelDatatype::F32 | ChannelDatatype::F64 => 1.0,
            },
        ],
    }
}

/// Several channels: sRGB bytes, to which wider numbers are brought by a range guessed from the picture, and that range.
fn colors(rows: &Rows<'_>, model: ColorModel, datatype: ChannelDatatype) -> (Vec<u8>, [f32; 2]) {
    if datatype == ChannelDatatype::U8 {
        return (rows.mapped(|pixel| arrange(model, pixel)), [0.0, 255.0]);
    }
    let range = color_range(finite_range(rows, datatype));
    let [low, high] = range.map(f64::from);
    let scale = if high > low { 255.0 / (high - low) } else { 0.0 };
    let bytes = rows.mapped(|pixel| {
        let mut bytes = [0; 4];
        for (at, byte) in bytes.iter_mut().enumerate().take(model.channels()) {
            let value = channel(datatype, pixel, at).unwrap_or(f64::NAN);
            // NaN becomes black.
            *byte = ((value - low) * scale).round().clamp(0.0, 255.0) as u8;
        }
        arrange(model, bytes.get(..model.channels()).unwrap_or(&[]))
    });
    (bytes, range)
}

/// A pixel of bytes as red, green, blue and alpha.
pub(super) fn arrange(model: ColorModel, pixel: &[u8]) -> [u8; 4] {
    match (model, pixel) {
        (ColorModel::L, &[l]) => [l, l, l, 255],
        (ColorModel::RGB, &[r, g, b]) | (ColorModel::BGR, &[b, g, r]) => [r, g, b, 255],
        (ColorModel::RGBA, &[r, g, b, a]) | (ColorModel::BGRA, &[b, g, r, a]) => [r, g, b, a],
        _ => [0; 4],
    }
}

/// The channels of a pixel as they were logged. `None` outside of the picture, and for packed formats.
pub(super) fn channels_at(raw: &RawPixels, kind: PixelKind, x: u32, y: u32) -> Option<SmallVec<[f64; 4]>> {
    let format = &raw.format;
    if x >= format.width || y >= format.height || format.pixel_format.is_some() {
        return None;
    }
    let buffers = read::image_buffers(&raw.buffer).ok()?;
    let bytes = buffers.first()?;
    let pixel = (y as usize)
        .checked_mul(format.width as usize)?
        .checked_add(x as usize)?;
    let channels = match kind {
        PixelKind::Color => format.color_model().channels(),
        PixelKind::Depth | PixelKind::Classes => 1,
    };
    (0..channels)
        .map(|at| channel(format.channel_datatype(), bytes, pixel * channels + at))
        .collect()
}

/// The number of a channel, the `at`-th of the bytes.
fn channel(datatype: ChannelDatatype, bytes: &[u8], at: usize) -> Option<f64> {
    fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
        let start = at.checked_mul(N)?;
        bytes.get(start..start.checked_add(N)?)?.try_into().ok()
    }
    Some(match datatype {
        ChannelDatatype::U8 => f64::from(*bytes.get(at)?),
        ChannelDatatype::I8 => f64::from(i8::from_le_bytes(take(bytes, at)?)),
        ChannelDatatype::U16 => f64::from(u16::from_le_bytes(take(bytes, at)?)),
        ChannelDatatype::I16 => f64::from(i16::from_le_bytes(take(bytes, at)?)),
        ChannelDatatype::U32 => f64::from(u32::from_le_bytes(take(bytes, at)?)),
        ChannelDatatype::I32 => f64::from(i32::from_le_bytes(take(bytes, at)?)),
        ChannelDatatype::U64 => u64::from_le_bytes(take(bytes, at)?) as f64,
        ChannelDatatype::I64 => i64::from_le_bytes(take(bytes, at)?) as f64,
        ChannelDatatype::F16 => half::f16::from_le_bytes(take(bytes, at)?).to_f64(),
        ChannelDatatype::F32 => f64::from(f32::from_le_bytes(take(bytes, at)?)),
        ChannelDatatype::F64 => f64::from_le_bytes(take(bytes, at)?),
    })
}
