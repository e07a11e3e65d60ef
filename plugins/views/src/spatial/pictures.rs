//! Pictures as they were logged, and how they become colors.
//!
//! A visualizer makes a [`Picture`]: where its pixels come from ([`source`]) and what they mean ([`PixelMapping`]). The pixels are
//! decoded only when the picture is presented and they are in no cache, by the first [`decoder`] that knows the source: [`raw`]
//! and [`packed`] bytes, [`files`], or one that a plugin registers. What pixels mean is applied by the GPU, so that another value
//! range, [`colormap`] or [`palette`] decodes and uploads nothing. The pointer asks for the [`values`] of pixels.

pub mod colormap;
pub mod decoder;
pub mod palette;
pub mod source;
pub mod values;

mod files;
mod packed;
mod raw;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chronoscope_types::enums::{Colormap, MagnificationFilter};
use glam::DAffine3;

pub use decoder::{
    AppPicturesExt, DecodeError, DecodeOptions, PixelDecoder, PixelDecoders, PixelLayout, Pixels,
};
pub use palette::Palette;
pub(crate) use raw::check_length;
pub use source::{CustomPixels, EncodedPixels, PictureKey, PixelSource, RawPixels};
pub use values::PixelValues;

/// A picture in an entity's plane z = 0: the top left corner of its first pixel is the origin, and a pixel is one unit.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Names the pixels: pictures with the same key have the same.
    pub key: PictureKey,
    /// Where the pixels come from.
    pub source: PixelSource,
    /// What the pixels mean.
    pub mapping: PixelMapping,
    /// The time that it was logged at; `i64::MIN` where it is on no timeline.
    pub time: i64,
    /// How much is seen of it, from 0 to 1. `None` leaves that to what it lies on.
    pub opacity: Option<f32>,
    /// How it is enlarged.
    pub magnification: MagnificationFilter,
    /// Whether it says something about a picture below, rather than being one itself.
    pub is_overlay: bool,
    /// The radius of the points that distances are shown as in space, as a multiple of the distance to a neighbor that is as far
    /// from the camera. `None` where the picture is one there, too.
    pub point_fill_ratio: Option<f32>,
    /// From the plane of its pixels to the space of its entity, where that is another.
    pub pose: Option<Box<DAffine3>>,
}

impl Picture {
    /// A picture in the plane of its entity, with what holds where nothing is said.
    ///
    /// Precondition: the mapping is of the kind that the key was made for.
    pub fn new(key: PictureKey, source: PixelSource, mapping: PixelMapping, time: i64) -> Self {
        Self {
            key,
            source,
            mapping,
            time,
            opacity: None,
            magnification: MagnificationFilter::Nearest,
            is_overlay: false,
            point_fill_ratio: None,
            pose: None,
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        self.source.size()
    }

    /// From the plane of its pixels to the space of its entity.
    pub(crate) fn entity_from_picture(&self) -> DAffine3 {
        self.pose.as_deref().copied().unwrap_or(DAffine3::IDENTITY)
    }
}

/// What pixels mean.
#[derive(Clone, Debug, PartialEq)]
pub enum PixelMapping {
    /// Colors, or brightness where there is one channel.
    Color,
    /// Distances.
    Depth {
        /// The colors of distances.
        colormap: Colormap,
        /// The distances with the first and the last color, in the unit of the pixels. `None` for the least and the greatest
        /// finite one of the picture.
        range: Option<[f32; 2]>,
        /// How many units make a meter.
        meter: f32,
    },
    /// Class ids.
    Classes(Arc<Palette>),
}

impl PixelMapping {
    /// What the pixels are decoded for.
    pub fn kind(&self) -> PixelKind {
        match self {
            Self::Color => PixelKind::Color,
            Self::Depth { .. } => PixelKind::Depth,
            Self::Classes(_) => PixelKind::Classes,
        }
    }
}

/// What pixels are decoded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PixelKind {
    /// Colors.
    Color,
    /// One distance per pixel.
    Depth,
    /// One class id per pixel.
    Classes,
}
