//! Decoders, and what they make.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bevy::{app::App, ecs::prelude::*, render::render_resource::TextureFormat};
use chronoscope_types::ReadError;

use super::{PixelKind, PixelSource, files::FileDecoder, raw::RawDecoder};

/// Decoded pictures with more bytes are refused.
pub(in crate::spatial) const MAX_DECODED_BYTES: u64 = 512 << 20;

/// Makes pixels of the sources that it knows.
///
/// It is called on threads of its own, by several at once; state, such as that of a video stream, lies behind a lock.
pub trait PixelDecoder: Send + Sync + 'static {
    /// Decodes a source; `None` leaves it to another decoder.
    fn decode(&self, source: &PixelSource, options: &DecodeOptions) -> Option<Result<Pixels, DecodeError>>;
}

/// What is to be decoded, and how far.
#[derive(Clone, Debug)]
pub struct DecodeOptions {
    /// What the pixels are for.
    pub kind: PixelKind,
    /// The longest side of what comes out. Longer pictures are thinned.
    pub max_side: u32,
    cancelled: Arc<AtomicBool>,
}

impl DecodeOptions {
    /// Options of a decode that nobody cancels yet.
    pub fn new(kind: PixelKind, max_side: u32) -> Self {
        Self {
            kind,
            max_side,
            cancelled: Arc::default(),
        }
    }

    /// Whether nobody waits for the pixels any more. A decoder that takes long asks now and then, and returns
    /// [`DecodeError::Cancelled`].
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn cancel_guard(&self) -> CancelGuard {
        CancelGuard(self.cancelled.clone())
    }
}

/// Cancels a decode when it is dropped.
pub(crate) struct CancelGuard(Arc<AtomicBool>);

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The pixels of a picture, as the GPU takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Width and height. Less than the picture's where it was thinned.
    pub size: [u32; 2],
    /// The layout of the bytes.
    pub layout: PixelLayout,
    /// The bytes, row by row from the top.
    pub bytes: Vec<u8>,
    /// The values with the first and the last color, where nothing else says so. Of colors that were numbers of another kind, those that
    /// became black and white. Without a meaning for other colors and for classes.
    pub range: [f32; 2],
}

/// The layout of decoded pixels. All numbers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelLayout {
    /// sRGB with straight alpha.
    Rgba8,
    /// One `u8`.
    R8,
    /// One `u16`.
    R16,
    /// One `u32`.
    R32,
    /// One `f16`.
    R16Float,
    /// One `f32`.
    R32Float,
}

impl PixelLayout {
    /// Bytes of one pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::R8 => 1,
            Self::R16 | Self::R16Float => 2,
            Self::Rgba8 | Self::R32 | Self::R32Float => 4,
        }
    }

    /// How many classes the pixels can tell apart; ids beyond are of no class.
    pub(crate) fn num_classes(self) -> u32 {
        if self == Self::R8 { 1 << 8 } else { 1 << 16 }
    }

    pub(crate) fn texture_format(self) -> TextureFormat {
        match self {
            Self::Rgba8 => TextureFormat::Rgba8UnormSrgb,
            Self::R8 => TextureFormat::R8Uint,
            Self::R16 => TextureFormat::R16Uint,
            Self::R32 => TextureFormat::R32Uint,
            Self::R16Float => TextureFormat::R16Float,
            Self::R32Float => TextureFormat::R32Float,
        }
    }
}

impl Pixels {
    pub(super) fn new(size: [u32; 2], layout: PixelLayout, bytes: Vec<u8>, range: [f32; 2]) -> Self {
        Self {
            size,
            layout,
            bytes,
            range,
        }
    }

    /// Every n-th pixel, so that no side is longer than `max_side`.
    #[must_use]
    pub fn thinned(self, max_side: u32) -> Self {
        let step = thinning(self.size, max_side);
        if step == 1 {
            return self;
        }
        let pixel = self.layout.bytes();
        let row_bytes = self.size[0] as usize * pixel;
        let rows = self.bytes.chunks_exact(row_bytes).step_by(step as usize);
        let bytes = rows.flat_map(|row| row.chunks_exact(pixel).step_by(step as usize).flatten());
        Self {
            bytes: bytes.copied().collect(),
            size: self.size.map(|side| side.div_ceil(step)),
            ..self
        }
    }
}

/// The distance of the pixels that are left where no side may be longer than `max_side`.
pub(in crate::spatial) fn thinning([width, height]: [u32; 2], max_side: u32) -> u32 {
    width.max(height).div_ceil(max_side.max(1)).max(1)
}

/// The decoders, in the order in which they are asked.
#[derive(Resource, Clone)]
pub struct PixelDecoders(Arc<Vec<Arc<dyn PixelDecoder>>>);

impl Default for PixelDecoders {
    fn default() -> Self {
        Self(Arc::new(vec![Arc::new(RawDecoder), Arc::new(FileDecoder)]))
    }
}

impl PixelDecoders {
    /// Decodes a source.
    ///
    /// # Errors
    /// Where no decoder knows the source, or the one that does cannot decode it.
    pub fn decode(&self, source: &PixelSource, options: &DecodeOptions) -> Result<Pixels, DecodeError> {
        if options.is_cancelled() {
            return Err(DecodeError::Cancelled);
        }
        let decoded = self.0.iter().find_map(|decoder| decoder.decode(source, options));
        let pixels = decoded.unwrap_or(Err(DecodeError::NoDecoder))?;
        let [width, height] = pixels.size;
        let expected = u64::from(width) * u64::from(height) * pixels.layout.bytes() as u64;
        if expected == 0 {
            return Err(DecodeError::Empty);
        }
        if pixels.bytes.len() as u64 != expected {
            return Err(DecodeError::Length {
                width,
                height,
                expected: usize::try_from(expected).unwrap_or(usize::MAX),
                found: pixels.bytes.len(),
            });
        }
        Ok(pixels.thinned(options.max_side))
    }
}

/// Registers decoders.
pub trait AppPicturesExt {
    /// Adds a decoder, which is asked before those that are there.
    fn add_pixel_decoder(&mut self, decoder: impl PixelDecoder) -> &mut Self;
}

impl AppPicturesExt for App {
    fn add_pixel_decoder(&mut self, decoder: impl PixelDecoder) -> &mut Self {
        self.init_resource::<PixelDecoders>();
        let mut decoders = self.world_mut().resource_mut::<PixelDecoders>();
        Arc::make_mut(&mut decoders.0).insert(0, Arc::new(decoder));
        self
    }
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
    /// More pixels than can be counted, or than are ever decoded.
    #[error("a picture of {width} x {height} pixels is too large")]
    TooLarge {
        /// Pixels per row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A file of few bytes that says that it has many pixels.
    #[error("the file says {width} x {height} pixels, which its {found} bytes cannot hold")]
    Implausible {
        /// Pixels per row.
        width: u32,
        /// Rows.
        height: u32,
        /// The bytes that are there.
        found: usize,
    },
    /// The bytes are no file of a known format.
    #[error(
        "not a picture in a known format (PNG, JPEG, WebP, TIFF, BMP and GIF are known, and RVL by its media type)"
    )]
    UnknownFormat,
    /// The file is broken.
    #[error("the {format} file cannot be decoded: {reason}")]
    Broken {
        /// The file's format.
        format: &'static str,
        /// What the library says.
        reason: Arc<str>,
    },
    /// Colors where one number per pixel is wanted.
    #[error("distances need one channel, but the picture is in color")]
    NotOneChannel,
    /// No decoder is registered for this source.
    #[error("no decoder knows this kind of picture")]
    NoDecoder,
    /// Nobody waits for it any more.
    #[error("decoding was cancelled")]
    Cancelled,
}
