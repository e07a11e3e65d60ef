//! Pixels from the formats of cameras: luma and chroma, and mosaics.
//!
//! The matrices are those that the formats come with: BT.601 for NV12 and YUY2, BT.709 for separate planes. Chroma is not smoothed.

use chronoscope_types::enums::PixelFormat;

use super::{DecodeError, PixelLayout, Pixels, decoder::MAX_DECODED_BYTES};

/// Cost: O(pixels).
///
/// Precondition: the bytes are as many as the format says, and the picture is not empty.
pub(super) fn decode(format: PixelFormat, bytes: &[u8], size: [u32; 2]) -> Result<Pixels, DecodeError> {
    let [width, height] = size;
    let num_pixels = u64::from(width) * u64::from(height);
    if num_pixels.saturating_mul(4) > MAX_DECODED_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    let picture = Packed { bytes, size };
    let bytes = match format {
        PixelFormat::Y8FullRange => return Ok(picture.luma([0.0, 255.0])),
        PixelFormat::Y8LimitedRange => return Ok(picture.luma([16.0, 235.0])),
        PixelFormat::NV12 => picture.nv12(),
        PixelFormat::YUY2 => picture.yuy2(),
        PixelFormat::YUV12LimitedRange => picture.planar(&BT709_LIMITED, Chroma::HALF_BOTH),
        PixelFormat::YUV12FullRange => picture.planar(&BT709_FULL, Chroma::HALF_BOTH),
        PixelFormat::YUV16LimitedRange => picture.planar(&BT709_LIMITED, Chroma::HALF_WIDTH),
        PixelFormat::YUV16FullRange => picture.planar(&BT709_FULL, Chroma::HALF_WIDTH),
        PixelFormat::YUV24LimitedRange => picture.planar(&BT709_LIMITED, Chroma::FULL),
        PixelFormat::YUV24FullRange => picture.planar(&BT709_FULL, Chroma::FULL),
        PixelFormat::BayerRGGB8 => picture.mosaic([0, 0]),
        PixelFormat::BayerGRBG8 => picture.mosaic([1, 0]),
        PixelFormat::BayerGBRG8 => picture.mosaic([0, 1]),
        PixelFormat::BayerBGGR8 => picture.mosaic([1, 1]),
    };
    Ok(Pixels {
        size,
        layout: PixelLayout::Rgba8,
        bytes,
        range: [0.0, 1.0],
    })
}

/// From luma and chroma to red, green and blue, in 1 / 2^16.
struct Matrix {
    luma_offset: i32,
    luma: i32,
    red_from_v: i32,
    green_from_u: i32,
    green_from_v: i32,
    blue_from_u: i32,
}

const BT601_LIMITED: Matrix = Matrix::new(0.299, 0.114, true);
const BT709_LIMITED: Matrix = Matrix::new(0.2126, 0.0722, true);
const BT709_FULL: Matrix = Matrix::new(0.2126, 0.0722, false);

impl Matrix {
    /// The matrix for the shares that red and blue have in luma. With a limited range, luma goes from 16 to 235 and chroma from
    /// 16 to 240. Source: ITU-R BT.601-7, 2.5, and BT.709-6, 3.
    const fn new(red: f64, blue: f64, is_limited: bool) -> Self {
        const ONE: f64 = 65_536.0;
        let (offset, luma, chroma) = if is_limited {
            (16, 255.0 / 219.0, 255.0 / 224.0)
        } else {
            (0, 1.0, 1.0)
        };
        let green = 1.0 - red - blue;
        let (from_u, from_v) = (2.0 * (1.0 - blue) * chroma, 2.0 * (1.0 - red) * chroma);
        Self {
            luma_offset: offset,
            luma: (luma * ONE + 0.5) as i32,
            red_from_v: (from_v * ONE + 0.5) as i32,
            green_from_u: (from_u * blue / green * ONE + 0.5) as i32,
            green_from_v: (from_v * red / green * ONE + 0.5) as i32,
            blue_from_u: (from_u * ONE + 0.5) as i32,
        }
    }

    fn rgba(&self, y: u8, u: u8, v: u8) -> [u8; 4] {
        let byte = |sum: i32| ((sum + (1 << 15)) >> 16).clamp(0, 255) as u8;
        let y = (i32::from(y) - self.luma_offset) * self.luma;
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        [
            byte(y + self.red_from_v * v),
            byte(y - self.green_from_u * u - self.green_from_v * v),
            byte(y + self.blue_from_u * u),
            255,
        ]
    }
}

/// How many pixels have a chroma sample in common, across and down.
#[derive(Clone, Copy)]
struct Chroma {
    across: u32,
    down: u32,
}

impl Chroma {
    const HALF_BOTH: Self = Self { across: 2, down: 2 };
    const HALF_WIDTH: Self = Self { across: 2, down: 1 };
    const FULL: Self = Self { across: 1, down: 1 };
}

struct Packed<'a> {
    bytes: &'a [u8],
    size: [u32; 2],
}

impl<'a> Packed<'a> {
    fn num_pixels(&self) -> usize {
        self.size[0] as usize * self.size[1] as usize
    }

    /// `len` bytes from `start` on.
    fn plane(&self, start: usize, len: usize) -> &'a [u8] {
        self.bytes.get(start..start + len).unwrap_or(&[])
    }

    /// The luma of each row.
    fn luma_rows(&self) -> impl Iterator<Item = &'a [u8]> {
        self.plane(0, self.num_pixels())
            .chunks_exact(self.size[0] as usize)
    }

    fn rgba(&self) -> Vec<u8> {
        Vec::with_capacity(self.num_pixels() * 4)
    }

    fn luma(&self, range: [f32; 2]) -> Pixels {
        Pixels {
            size: self.size,
            layout: PixelLayout::R8,
            bytes: self.plane(0, self.num_pixels()).to_vec(),
            range,
        }
    }

    /// A plane of luma, and one of chroma in pairs for 2 x 2 pixels.
    fn nv12(&self) -> Vec<u8> {
        let [width, height] = self.size.map(|side| side.div_ceil(2) as usize * 2);
        let chroma = self.plane(self.num_pixels(), width * height / 2);
        let mut rgba = self.rgba();
        let rows = chroma.chunks_exact(width).flat_map(|row| [row, row]);
        for (luma, chroma) in self.luma_rows().zip(rows) {
            for (luma, [u, v]) in luma.chunks(2).zip(chroma.as_chunks().0) {
                for y in luma {
                    rgba.extend_from_slice(&BT601_LIMITED.rgba(*y, *u, *v));
                }
            }
        }
        rgba
    }

    /// Luma, U, luma, V for two pixels each.
    fn yuy2(&self) -> Vec<u8> {
        let [width, height] = self.size.map(|side| side as usize);
        let row_bytes = width.div_ceil(2) * 4;
        let mut rgba = self.rgba();
        for row in self.plane(0, row_bytes * height).chunks_exact(row_bytes) {
            for (at, [first, u, second, v]) in row.as_chunks().0.iter().enumerate() {
                rgba.extend_from_slice(&BT601_LIMITED.rgba(*first, *u, *v));
                // The second pixel of the last pair is none where the width is odd.
                if at * 2 + 1 < width {
                    rgba.extend_from_slice(&BT601_LIMITED.rgba(*second, *u, *v));
                }
            }
        }
        rgba
    }

    /// Three planes.
    fn planar(&self, matrix: &Matrix, chroma: Chroma) -> Vec<u8> {
        let [width, height] = self.size;
        let row_bytes = width.div_ceil(chroma.across) as usize;
        let len = row_bytes * height.div_ceil(chroma.down) as usize;
        let rows_of = |start| {
            let rows = self.plane(start, len).chunks_exact(row_bytes);
            rows.flat_map(move |row| std::iter::repeat_n(row, chroma.down as usize))
        };
        let chroma_rows = rows_of(self.num_pixels()).zip(rows_of(self.num_pixels() + len));
        let mut rgba = self.rgba();
        for (luma, (u, v)) in self.luma_rows().zip(chroma_rows) {
            for ((luma, u), v) in luma.chunks(chroma.across as usize).zip(u).zip(v) {
                for y in luma {
                    rgba.extend_from_slice(&matrix.rgba(*y, *u, *v));
                }
            }
        }
        rgba
    }

    /// A mosaic of red, green, green and blue. A channel that a pixel lacks is the mean of its neighbors that have it.
    fn mosaic(&self, red: [usize; 2]) -> Vec<u8> {
        let [width, height] = self.size.map(|side| side as usize);
        let mut rgba = Vec::with_capacity(self.num_pixels() * 4);
        for y in 0..height {
            for x in 0..width {
                let own = channel_of(x, y, red);
                let mut sums = [(0u32, 0u32); 3];
                for near_y in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                    for near_x in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                        let channel = channel_of(near_x, near_y, red);
                        if channel == own && (near_x, near_y) != (x, y) {
                            continue;
                        }
                        let value = self.bytes.get(near_y * width + near_x).copied().unwrap_or(0);
                        sums[channel].0 += u32::from(value);
                        sums[channel].1 += 1;
                    }
                }
                let mean = |(sum, count): (u32, u32)| sum.checked_div(count).unwrap_or(0) as u8;
                rgba.extend_from_slice(&[mean(sums[0]), mean(sums[1]), mean(sums[2]), 255]);
            }
        }
        rgba
    }
}

/// The channel of a pixel in a mosaic whose first red pixel is at `red`.
fn channel_of(x: usize, y: usize, red: [usize; 2]) -> usize {
    match (x % 2 == red[0], y % 2 == red[1]) {
        (true, true) => 0,
        (false, false) => 2,
        _ => 1,
    }
}
