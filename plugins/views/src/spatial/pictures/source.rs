//! Where pixels come from.

use std::{
    any::Any,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use chronoscope_store::{RowId, arrow::ArrayRef};
use chronoscope_types::records::ImageFormat;
use rustc_hash::FxHasher;

use super::{
    DecodeError, PixelKind, Pixels,
    files::{self, FileInfo},
};

/// Where the pixels of a picture come from. Cheap to clone: bytes are shared with the recording.
#[derive(Clone, Debug)]
pub enum PixelSource {
    /// Bytes in a known layout.
    Raw(RawPixels),
    /// The contents of a file.
    Encoded(EncodedPixels),
    /// What only a registered decoder understands, such as the frame of a video.
    Custom(Arc<dyn CustomPixels>),
}

impl PixelSource {
    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        match self {
            Self::Raw(raw) => [raw.format.width, raw.format.height],
            Self::Encoded(file) => file.info.size(),
            Self::Custom(custom) => custom.size(),
        }
    }

    /// Whether small pictures are worth decoding at once, rather than a frame later.
    pub(crate) fn is_quick(&self) -> bool {
        !matches!(self, Self::Custom(_))
    }

    /// A small version in color of up to so many pixels, where there is one beside the pixels.
    pub(crate) fn thumbnail(&self, max_pixels: u64) -> Option<Pixels> {
        match self {
            Self::Encoded(file) => files::thumbnail(file, max_pixels),
            Self::Raw(_) | Self::Custom(_) => None,
        }
    }

    /// Whether a few of the pixels cost less than all of them. Files and packed formats are decoded whole.
    pub(crate) fn is_read_by_pixel(&self) -> bool {
        matches!(self, Self::Raw(raw) if raw.format.pixel_format.is_none())
    }

    fn hash(&self, hasher: &mut impl Hasher) {
        std::mem::discriminant(self).hash(hasher);
        match self {
            Self::Raw(raw) => raw.hash_format(hasher),
            Self::Encoded(file) => file.info.hash(hasher),
            Self::Custom(custom) => (custom.size(), custom.key()).hash(hasher),
        }
    }
}

/// Bytes in a known layout.
#[derive(Clone, Debug)]
pub struct RawPixels {
    /// The cell with the bytes.
    pub buffer: ArrayRef,
    /// The layout of the bytes.
    pub format: ImageFormat,
}

impl RawPixels {
    fn hash_format(&self, hasher: &mut impl Hasher) {
        let ImageFormat {
            width,
            height,
            pixel_format,
            color_model,
            channel_datatype,
        } = self.format;
        let codes = (
            pixel_format.map(|f| f as u8),
            color_model.map(|m| m as u8),
            channel_datatype.map(|t| t as u8),
        );
        (width, height, codes).hash(hasher);
    }
}

/// The contents of a file: PNG, JPEG, WebP, TIFF, BMP, the first frame of a GIF, or RVL.
#[derive(Clone, Debug)]
pub struct EncodedPixels {
    /// The cell with the bytes.
    pub(super) blob: ArrayRef,
    pub(super) info: FileInfo,
}

impl EncodedPixels {
    /// The file in a cell. Its header tells the format, whatever media type was declared, and how the camera was held (EXIF tag
    /// 0x0112): pixels are shown and counted as the picture stands upright. `None` where the cell has no instance.
    ///
    /// Cost: that of reading the header; no pixels are decoded.
    ///
    /// # Errors
    /// Where it is no such file, or says that it has more pixels than its bytes can hold or than are ever decoded.
    pub fn new(blob: ArrayRef) -> Result<Option<Self>, DecodeError> {
        Self::declared(blob, "")
    }

    /// As [`Self::new`], of a file that was declared as of a media type. It is asked only where the first bytes tell nothing, as those of
    /// `application/rvl`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn declared(blob: ArrayRef, media_type: &str) -> Result<Option<Self>, DecodeError> {
        let blobs = chronoscope_types::read::blobs(&blob)?;
        let Some(bytes) = blobs.first() else {
            return Ok(None);
        };
        let info = files::probe(bytes, media_type)?;
        Ok(Some(Self { blob, info }))
    }

    /// Whether it holds distances in meters, not in whole millimeters.
    pub(crate) fn is_in_meters(&self) -> bool {
        self.info.is_in_meters()
    }
}

/// Pixels that a registered [`PixelDecoder`](super::PixelDecoder) makes, for example of the frame of a video stream at a time. The
/// decoder finds its own type by downcasting and may keep state between pictures.
pub trait CustomPixels: Any + fmt::Debug + Send + Sync {
    /// Width and height in pixels.
    fn size(&self) -> [u32; 2];

    /// A number that tells these pixels apart from all others of this type.
    fn key(&self) -> u64;
}

/// Names the pixels of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PictureKey {
    row: u128,
    format: u64,
}

impl PictureKey {
    /// The key of a picture whose bytes stand in this row.
    pub fn of_row(row: RowId, source: &PixelSource, kind: PixelKind) -> Self {
        Self::new(row.as_u128(), source, kind)
    }

    /// The key of a picture whose bytes stand in no row: made of the bytes.
    pub fn of_bytes(bytes: &[u8], source: &PixelSource, kind: PixelKind) -> Self {
        let mut hasher = FxHasher::default();
        bytes.hash(&mut hasher);
        // Row ids begin with a time, which is never all ones.
        let row = (u128::from(u64::MAX) << 64) | u128::from(hasher.finish());
        Self::new(row, source, kind)
    }

    fn new(row: u128, source: &PixelSource, kind: PixelKind) -> Self {
        let mut hasher = FxHasher::default();
        source.hash(&mut hasher);
        kind.hash(&mut hasher);
        Self {
            row,
            format: hasher.finish(),
        }
    }
}
