//! From logged bytes to sRGB pixels.

use chronoscope_types::{
    ReadError,
    enums::{ChannelDatatype, ColorModel, PixelFormat},
    read,
    records::ImageFormat,
};

use super::{Palette, PictureSource, yuv};

/// The pixels of a picture: sRGB with straight alpha, 4 bytes each, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Width and height.
    pub size: [u32; 2],
    /// The bytes, `4 * width * height` of them.
    pub rgba: Vec<u8>,
}

/// Why a picture has no pixels.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// The cell holds no bytes.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The cell is empty.
    #[error("the picture has no bytes")]
    Empty,
    /// The format asks for another number of bytes.
    #[error(
        "a picture of {width} x {height} pixels in this format needs {expected} bytes, but there are {found}"
    )]
    Length {
        /// Pixels per row.
        width: u32,
        /// Rows.
        height: u32,
        /// The bytes that are needed.
        expected: usize,
        /// The bytes that are there.
        found: usize,
    },
    /// More pixels than can be counted.
    #[error("a picture of {width} x {height} pixels is too large")]
    TooLarge {
        /// Pixels per row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

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

/// Decodes a picture. One with a side longer than `max_side` comes out smaller: every n-th pixel of it.
///
/// Costs O(pixels that come out), for pictures of floats O(all pixels).
///
/// # Errors
/// Where the bytes are not what the format says.
pub fn decode(source: &PictureSource, max_side: u32) -> Result<Pixels, DecodeError> {
    let buffers = read::image_buffers(&source.buffer)?;
    let bytes = buffers.first().ok_or(DecodeError::Empty)?;
    let format = &source.format;
    check_length(format, bytes.len())?;
    let sampling = Sampling::new(format, max_side);
    let width = format.width as usize;
    if let Some(palette) = &source.palette {
        let datatype = format.channel_datatype();
        return Ok(sampling.fill(|x, y| class_pixel(palette, datatype, bytes, y * width + x)));
    }
    Ok(match format.pixel_format {
        Some(packed) => sampling.fill(packed_pixel(packed, bytes, width, format.height as usize)),
        None => match format.channel_datatype() {
            ChannelDatatype::U8 => {
                let model = format.color_model();
                let channels = model.channels();
                sampling.fill(|x, y| {
                    let at = (y * width + x) * channels;
                    bytes
                        .get(at..at + channels)
                        .map_or([0; 4], |pixel| arrange(model, pixel))
                })
            }
            datatype => wide_picture(&sampling, format, datatype, bytes),
        },
    })
}

/// Which pixels come out.
struct Sampling {
    size: [u32; 2],
    step: usize,
}

impl Sampling {
    fn new(format: &ImageFormat, max_side: u32) -> Self {
        let step = format.width.max(format.height).div_ceil(max_side.max(1)).max(1);
        Self {
            size: [format.width.div_ceil(step), format.height.div_ceil(step)],
            step: step as usize,
        }
    }

    fn fill(&self, mut pixel: impl FnMut(usize, usize) -> [u8; 4]) -> Pixels {
        let [width, height] = self.size.map(|side| side as usize);
        let mut rgba = Vec::with_capacity(width * height * 4);
        for y in 0..height {
            for x in 0..width {
                rgba.extend_from_slice(&pixel(x * self.step, y * self.step));
            }
        }
        Pixels {
            size: self.size,
            rgba,
        }
    }
}

fn arrange(model: ColorModel, pixel: &[u8]) -> [u8; 4] {
    match (model, pixel) {
        (ColorModel::L, &[l]) => [l, l, l, 255],
        (ColorModel::RGB, &[r, g, b]) | (ColorModel::BGR, &[b, g, r]) => [r, g, b, 255],
        (ColorModel::RGBA, &[r, g, b, a]) | (ColorModel::BGRA, &[b, g, r, a]) => [r, g, b, a],
        _ => [0; 4],
    }
}

/// A picture whose channels are no bytes: they are brought to bytes by a range guessed from the picture.
fn wide_picture(
    sampling: &Sampling,
    format: &ImageFormat,
    datatype: ChannelDatatype,
    bytes: &[u8],
) -> Pixels {
    let model = format.color_model();
    let (channels, width) = (model.channels(), format.width as usize);
    let count = width * format.height as usize * channels;
    let (low, high) = value_range((0..count).filter_map(|at| channel(datatype, bytes, at)));
    let scale = if high > low { 255.0 / (high - low) } else { 0.0 };
    let byte = |at: usize| {
        let value = channel(datatype, bytes, at).unwrap_or(f64::NAN);
        // NaN becomes black.
        ((value - low) * scale).round().clamp(0.0, 255.0) as u8
    };
    sampling.fill(|x, y| {
        let at = (y * width + x) * channels;
        let mut pixel = [0; 4];
        for (offset, place) in pixel.iter_mut().enumerate().take(channels) {
            *place = byte(at + offset);
        }
        arrange(model, &pixel[..channels])
    })
}

/// The range that is shown as black to white: one of the usual ones where the values fit it, else their own.
fn value_range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|value| value.is_finite()) {
        low = low.min(value);
        high = high.max(value);
    }
    let usual = [1.0, 255.0, 65_535.0];
    match usual.into_iter().find(|white| low >= 0.0 && high <= *white) {
        Some(white) => (0.0, white),
        None if low <= high => (low, high),
        None => (0.0, 1.0),
    }
}

/// The number of a channel, the `at`-th of the picture.
pub(super) fn channel(datatype: ChannelDatatype, bytes: &[u8], at: usize) -> Option<f64> {
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

fn class_pixel(palette: &Palette, datatype: ChannelDatatype, bytes: &[u8], at: usize) -> [u8; 4] {
    match channel(datatype, bytes, at) {
        // Class ids have 16 bits; what does not fit is no class.
        Some(class) if class >= 0.0 && class <= f64::from(u16::MAX) => palette.color(class as u16),
        _ => [0; 4],
    }
}

fn packed_pixel(
    format: PixelFormat,
    bytes: &[u8],
    width: usize,
    height: usize,
) -> Box<dyn Fn(usize, usize) -> [u8; 4] + '_> {
    let at = move |index: usize| bytes.get(index).copied().unwrap_or(0);
    let gray = |value: u8| [value, value, value, 255];
    match format {
        PixelFormat::Y8FullRange => Box::new(move |x, y| gray(at(y * width + x))),
        PixelFormat::Y8LimitedRange => Box::new(move |x, y| yuv::limited(at(y * width + x), 128, 128)),
        PixelFormat::NV12 => Box::new(move |x, y| {
            let pairs = width.div_ceil(2);
            let chroma = width * height + ((y / 2) * pairs + x / 2) * 2;
            yuv::limited(at(y * width + x), at(chroma), at(chroma + 1))
        }),
        PixelFormat::YUY2 => Box::new(move |x, y| {
            let pair = (y * width.div_ceil(2) + x / 2) * 4;
            yuv::limited(at(pair + (x % 2) * 2), at(pair + 1), at(pair + 3))
        }),
        PixelFormat::YUV12LimitedRange | PixelFormat::YUV12FullRange => {
            planar(format, bytes, [width, height], [2, 2])
        }
        PixelFormat::YUV16LimitedRange | PixelFormat::YUV16FullRange => {
            planar(format, bytes, [width, height], [2, 1])
        }
        PixelFormat::YUV24LimitedRange | PixelFormat::YUV24FullRange => {
            planar(format, bytes, [width, height], [1, 1])
        }
        PixelFormat::BayerRGGB8 => mosaic(bytes, [width, height], [0, 0]),
        PixelFormat::BayerBGGR8 => mosaic(bytes, [width, height], [1, 1]),
        PixelFormat::BayerGBRG8 => mosaic(bytes, [width, height], [0, 1]),
        PixelFormat::BayerGRBG8 => mosaic(bytes, [width, height], [1, 0]),
    }
}

/// Planes of Y, U and V, the latter two smaller by `subsampling`.
fn planar(
    format: PixelFormat,
    bytes: &[u8],
    [width, height]: [usize; 2],
    [across, down]: [usize; 2],
) -> Box<dyn Fn(usize, usize) -> [u8; 4] + '_> {
    let at = move |index: usize| bytes.get(index).copied().unwrap_or(0);
    let full = matches!(
        format,
        PixelFormat::YUV12FullRange | PixelFormat::YUV16FullRange | PixelFormat::YUV24FullRange
    );
    let to_rgb = if full { yuv::full } else { yuv::limited };
    let (chroma_width, chroma_height) = (width.div_ceil(across), height.div_ceil(down));
    Box::new(move |x, y| {
        let chroma = width * height + (y / down) * chroma_width + x / across;
        to_rgb(
            at(y * width + x),
            at(chroma),
            at(chroma + chroma_width * chroma_height),
        )
    })
}

/// A mosaic of red, green, green and blue. A channel that a pixel lacks is the mean of its neighbours that have it.
fn mosaic(
    bytes: &[u8],
    [width, height]: [usize; 2],
    [red_x, red_y]: [usize; 2],
) -> Box<dyn Fn(usize, usize) -> [u8; 4] + '_> {
    Box::new(move |x, y| {
        let mut sums = [(0u32, 0u32); 3];
        let own = channel_of(x, y, red_x, red_y);
        for near_y in y.saturating_sub(1)..=(y + 1).min(height - 1) {
            for near_x in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                let channel = channel_of(near_x, near_y, red_x, red_y);
                if channel == own && (near_x, near_y) != (x, y) {
                    continue;
                }
                let value = bytes.get(near_y * width + near_x).copied().unwrap_or(0);
                sums[channel].0 += u32::from(value);
                sums[channel].1 += 1;
            }
        }
        let mean = |(sum, count): (u32, u32)| sum.checked_div(count).unwrap_or(0) as u8;
        [mean(sums[0]), mean(sums[1]), mean(sums[2]), 255]
    })
}

fn channel_of(x: usize, y: usize, red_x: usize, red_y: usize) -> usize {
    match (x % 2 == red_x, y % 2 == red_y) {
        (true, true) => 0,
        (false, false) => 2,
        _ => 1,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
