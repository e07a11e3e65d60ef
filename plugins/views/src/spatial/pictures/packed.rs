//! Pixels from the formats of cameras: luma and chroma, and mosaics.
//!
//! The matrices are those that the formats come with: BT.601 for NV12 and YUY2, BT.709 for separate planes. Chroma is not smoothed.

use std::sync::Arc;

use chronoscope_types::enums::PixelFormat;
use yuv::{
    YuvBiPlanarImage, YuvConversionMode, YuvError, YuvPackedImage, YuvPlanarImage, YuvRange,
    YuvStandardMatrix, yuv_nv12_to_rgba, yuv420_to_rgba, yuv422_to_rgba, yuv444_to_rgba, yuyv422_to_rgba,
};

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
    let rgba = match format {
        PixelFormat::Y8FullRange => return Ok(picture.luma([0.0, 255.0])),
        PixelFormat::Y8LimitedRange => return Ok(picture.luma([16.0, 235.0])),
        PixelFormat::NV12 => picture.nv12(),
        PixelFormat::YUY2 => picture.yuy2(),
        PixelFormat::YUV12LimitedRange => picture.planar(YuvRange::Limited, Chroma::HALF_BOTH),
        PixelFormat::YUV12FullRange => picture.planar(YuvRange::Full, Chroma::HALF_BOTH),
        PixelFormat::YUV16LimitedRange => picture.planar(YuvRange::Limited, Chroma::HALF_WIDTH),
        PixelFormat::YUV16FullRange => picture.planar(YuvRange::Full, Chroma::HALF_WIDTH),
        PixelFormat::YUV24LimitedRange => picture.planar(YuvRange::Limited, Chroma::FULL),
        PixelFormat::YUV24FullRange => picture.planar(YuvRange::Full, Chroma::FULL),
        PixelFormat::BayerRGGB8 => Ok(picture.mosaic([0, 0])),
        PixelFormat::BayerGRBG8 => Ok(picture.mosaic([1, 0])),
        PixelFormat::BayerGBRG8 => Ok(picture.mosaic([0, 1])),
        PixelFormat::BayerBGGR8 => Ok(picture.mosaic([1, 1])),
    };
    let bytes = rgba.map_err(|error| DecodeError::Packed(Arc::from(error.to_string())))?;
    Ok(Pixels {
        size,
        layout: PixelLayout::Rgba8,
        bytes,
        range: [0.0, 1.0],
    })
}

/// How many pixels have a chroma sample in common, across and down.
#[derive(Clone, Copy, PartialEq, Eq)]
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

    /// `len` bytes from `start` on; empty where there are not so many, which the library refuses.
    fn plane(&self, start: usize, len: usize) -> &'a [u8] {
        self.bytes.get(start..start + len).unwrap_or(&[])
    }

    fn luma(&self, range: [f32; 2]) -> Pixels {
        Pixels {
            size: self.size,
            layout: PixelLayout::R8,
            bytes: self.plane(0, self.num_pixels()).to_vec(),
            range,
        }
    }

    fn nv12(&self) -> Result<Vec<u8>, YuvError> {
        let [width, height] = self.size;
        let uv_stride = width.div_ceil(2) * 2;
        let picture = YuvBiPlanarImage {
            y_plane: self.plane(0, self.num_pixels()),
            y_stride: width,
            uv_plane: self.plane(
                self.num_pixels(),
                uv_stride as usize * height.div_ceil(2) as usize,
            ),
            uv_stride,
            width,
            height,
        };
        self.convert(|rgba, stride| {
            let (range, mode) = (YuvRange::Limited, YuvConversionMode::Balanced);
            yuv_nv12_to_rgba(&picture, rgba, stride, range, YuvStandardMatrix::Bt601, mode)
        })
    }

    fn yuy2(&self) -> Result<Vec<u8>, YuvError> {
        let [width, height] = self.size;
        let stride = width.div_ceil(2) * 4;
        let picture = YuvPackedImage {
            yuy: self.plane(0, stride as usize * height as usize),
            yuy_stride: stride,
            width,
            height,
        };
        self.convert(|rgba, stride| {
            yuyv422_to_rgba(
                &picture,
                rgba,
                stride,
                YuvRange::Limited,
                YuvStandardMatrix::Bt601,
            )
        })
    }

    fn planar(&self, range: YuvRange, chroma: Chroma) -> Result<Vec<u8>, YuvError> {
        let [width, height] = self.size;
        let stride = width.div_ceil(chroma.across);
        let len = stride as usize * height.div_ceil(chroma.down) as usize;
        let picture = YuvPlanarImage {
            y_plane: self.plane(0, self.num_pixels()),
            y_stride: width,
            u_plane: self.plane(self.num_pixels(), len),
            u_stride: stride,
            v_plane: self.plane(self.num_pixels() + len, len),
            v_stride: stride,
            width,
            height,
        };
        let to_rgba = match chroma {
            Chroma::HALF_BOTH => yuv420_to_rgba,
            Chroma::HALF_WIDTH => yuv422_to_rgba,
            _ => yuv444_to_rgba,
        };
        self.convert(|rgba, stride| to_rgba(&picture, rgba, stride, range, YuvStandardMatrix::Bt709))
    }

    fn convert(
        &self,
        convert: impl FnOnce(&mut [u8], u32) -> Result<(), YuvError>,
    ) -> Result<Vec<u8>, YuvError> {
        let mut rgba = vec![0; self.num_pixels() * 4];
        convert(&mut rgba, self.size[0] * 4)?;
        Ok(rgba)
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
