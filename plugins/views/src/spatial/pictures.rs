//! Pictures as they were logged, and how they become pixels.
//!
//! A visualizer makes a [`Picture`] that refers to the logged bytes; they are decoded only when the picture is presented and its
//! pixels are in no cache.

mod decode;
mod yuv;

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use chronoscope_store::{RowId, arrow::ArrayRef};
use chronoscope_types::{enums::MagnificationFilter, records::ImageFormat};
use rustc_hash::FxHasher;

pub(crate) use decode::check_length;
pub use decode::{DecodeError, Pixels, decode};

/// A picture in an entity's plane z = 0: the top left corner of its first pixel is the origin, and a pixel is one unit.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Names the pixels: pictures with the same key have the same.
    pub key: PictureKey,
    /// Where the pixels come from.
    pub source: PictureSource,
    /// The time that it was logged at; `i64::MIN` where it is on no timeline.
    pub time: i64,
    /// How much is seen of it, from 0 to 1. `None` leaves that to what it lies on.
    pub opacity: Option<f32>,
    /// How it is enlarged.
    pub magnification: MagnificationFilter,
    /// Whether it says something about a picture below, rather than being one itself.
    pub is_overlay: bool,
}

impl Picture {
    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        [self.source.format.width, self.source.format.height]
    }
}

/// Names the pixels of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PictureKey {
    row: u128,
    format: u64,
}

impl PictureKey {
    /// The key of a picture whose bytes stand in this row.
    pub fn of_row(row: RowId, source: &PictureSource) -> Self {
        Self {
            row: row.as_u128(),
            format: source.format_hash(),
        }
    }

    /// The key of a picture whose bytes stand in no row: made of the bytes.
    pub fn of_bytes(bytes: &[u8], source: &PictureSource) -> Self {
        let mut hasher = FxHasher::default();
        bytes.hash(&mut hasher);
        // Row ids begin with a time, which is never all ones.
        Self {
            row: (u128::from(u64::MAX) << 64) | u128::from(hasher.finish()),
            format: source.format_hash(),
        }
    }
}

/// The bytes of a picture, and how they are meant.
#[derive(Clone, Debug)]
pub struct PictureSource {
    /// The cell with the bytes.
    pub buffer: ArrayRef,
    /// The layout of the bytes.
    pub format: ImageFormat,
    /// The colours of classes, where the pixels are class ids.
    pub palette: Option<Arc<Palette>>,
}

impl PictureSource {
    fn format_hash(&self) -> u64 {
        let mut hasher = FxHasher::default();
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
        (width, height, codes).hash(&mut hasher);
        self.palette
            .as_ref()
            .map(|palette| &palette.known)
            .hash(&mut hasher);
        hasher.finish()
    }
}

/// The colours of classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Those that are known, ordered by class.
    known: Vec<(u16, [u8; 4])>,
}

impl Palette {
    /// The palette with these colours. Of two for one class the later holds.
    pub fn new(colors: impl IntoIterator<Item = (u16, [u8; 4])>) -> Self {
        let by_class: std::collections::BTreeMap<u16, [u8; 4]> = colors.into_iter().collect();
        Self {
            known: by_class.into_iter().collect(),
        }
    }

    /// The colour of a class in sRGB. A class without a description has one from the cycle, except class 0, which is then taken
    /// for what belongs to no class.
    pub fn color(&self, class: u16) -> [u8; 4] {
        match self.known.binary_search_by_key(&class, |(known, _)| *known) {
            Ok(at) => self.known.get(at).map_or([0; 4], |(_, color)| *color),
            Err(_) if class == 0 => [0; 4],
            Err(_) => crate::colors::cycle_color(u64::from(class)).to_array(),
        }
    }
}

/// The value of a pixel in words: its channels as they were logged, or its class. `None` outside of the picture, and for packed
/// formats.
pub fn pixel_text(source: &PictureSource, x: u32, y: u32) -> Option<String> {
    let format = &source.format;
    if x >= format.width || y >= format.height || format.pixel_format.is_some() {
        return None;
    }
    let buffers = chronoscope_types::read::image_buffers(&source.buffer).ok()?;
    let bytes = buffers.first()?;
    let pixel = (y as usize)
        .checked_mul(format.width as usize)?
        .checked_add(x as usize)?;
    let channels = if source.palette.is_some() {
        1
    } else {
        format.color_model().channels()
    };
    let values: Option<Vec<String>> = (0..channels)
        .map(|channel| {
            decode::channel(format.channel_datatype(), bytes, pixel * channels + channel)
                .map(|value| value.to_string())
        })
        .collect();
    let values = values?.join(", ");
    Some(match (&source.palette, format.color_model) {
        (Some(_), _) => format!("class {values}"),
        (None, Some(model)) => format!("{model:?} {values}"),
        (None, None) => values,
    })
}
