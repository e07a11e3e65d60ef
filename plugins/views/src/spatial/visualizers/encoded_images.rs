//! Pictures that were logged as files.

use chronoscope_frame::{
    Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_types::EncodedImage;

use super::{
    draw_order,
    images::{read_encoded, read_magnification, read_opacity, visual},
    read_draw_order,
};
use crate::spatial::{
    pictures::{Picture, PixelKind, PixelMapping},
    visual::SpatialVisual,
};

/// Shows `EncodedImage`.
pub struct EncodedImageVisualizer;

impl Visualizer for EncodedImageVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "EncodedImage",
        required: &[EncodedImage::BLOB.as_str()],
        optional: &[
            EncodedImage::OPACITY.as_str(),
            EncodedImage::DRAW_ORDER.as_str(),
            EncodedImage::MAGNIFICATION_FILTER.as_str(),
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(pixels) = read_encoded(input, &EncodedImage::BLOB, None, PixelKind::Color)? else {
            return Ok(None);
        };
        let picture = Picture {
            opacity: read_opacity(input, &EncodedImage::OPACITY)?,
            magnification: read_magnification(input, &EncodedImage::MAGNIFICATION_FILTER)?,
            ..pixels.into_picture(PixelMapping::Color)
        };
        let draw_order = read_draw_order(input, &EncodedImage::DRAW_ORDER, draw_order::IMAGE)?;
        Ok(Some(visual(picture, draw_order)))
    }
}
