//! Pictures of distances: in the plane, and in space as clouds before their cameras.

use chronoscope_frame::{
    Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_types::{
    ComponentName, DepthImage, EncodedDepthImage, components,
    enums::{ChannelDatatype, Colormap},
};

use super::{
    draw_order,
    images::{PicturePixels, read_encoded, read_first, read_magnification, read_raw, visual},
    read_draw_order,
};
use crate::spatial::{
    pictures::{Picture, PixelKind, PixelMapping, PixelSource},
    visual::SpatialVisual,
};

/// Shows `DepthImage`.
pub struct DepthImageVisualizer;

impl Visualizer for DepthImageVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "DepthImage",
        required: &[DepthImage::BUFFER.as_str(), DepthImage::FORMAT.as_str()],
        optional: &[
            DepthImage::METER.as_str(),
            DepthImage::COLORMAP.as_str(),
            DepthImage::DEPTH_RANGE.as_str(),
            DepthImage::POINT_FILL_RATIO.as_str(),
            DepthImage::DRAW_ORDER.as_str(),
            DepthImage::MAGNIFICATION_FILTER.as_str(),
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let (buffer, format) = (&DepthImage::BUFFER, &DepthImage::FORMAT);
        let Some(pixels) = read_raw(input, buffer, format, PixelKind::Depth)? else {
            return Ok(None);
        };
        let names = Names {
            meter: &DepthImage::METER,
            colormap: &DepthImage::COLORMAP,
            depth_range: &DepthImage::DEPTH_RANGE,
            point_fill_ratio: &DepthImage::POINT_FILL_RATIO,
            draw_order: &DepthImage::DRAW_ORDER,
            magnification_filter: &DepthImage::MAGNIFICATION_FILTER,
        };
        depth_visual(input, pixels, &names).map(Some)
    }
}

/// Shows `EncodedDepthImage`.
pub struct EncodedDepthImageVisualizer;

impl Visualizer for EncodedDepthImageVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "EncodedDepthImage",
        required: &[EncodedDepthImage::BLOB.as_str()],
        optional: &[
            EncodedDepthImage::MEDIA_TYPE.as_str(),
            EncodedDepthImage::METER.as_str(),
            EncodedDepthImage::COLORMAP.as_str(),
            EncodedDepthImage::DEPTH_RANGE.as_str(),
            EncodedDepthImage::POINT_FILL_RATIO.as_str(),
            EncodedDepthImage::DRAW_ORDER.as_str(),
            EncodedDepthImage::MAGNIFICATION_FILTER.as_str(),
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let (blob, media_type) = (&EncodedDepthImage::BLOB, &EncodedDepthImage::MEDIA_TYPE);
        let Some(pixels) = read_encoded(input, blob, Some(media_type), PixelKind::Depth)? else {
            return Ok(None);
        };
        let names = Names {
            meter: &EncodedDepthImage::METER,
            colormap: &EncodedDepthImage::COLORMAP,
            depth_range: &EncodedDepthImage::DEPTH_RANGE,
            point_fill_ratio: &EncodedDepthImage::POINT_FILL_RATIO,
            draw_order: &EncodedDepthImage::DRAW_ORDER,
            magnification_filter: &EncodedDepthImage::MAGNIFICATION_FILTER,
        };
        depth_visual(input, pixels, &names).map(Some)
    }
}

/// The components of distances besides the pixels.
struct Names<'a> {
    meter: &'a ComponentName,
    colormap: &'a ComponentName,
    depth_range: &'a ComponentName,
    point_fill_ratio: &'a ComponentName,
    draw_order: &'a ComponentName,
    magnification_filter: &'a ComponentName,
}

fn depth_visual(
    input: &VisualizerInput<'_>,
    pixels: PicturePixels,
    names: &Names<'_>,
) -> Result<SpatialVisual, Report> {
    let range = read_first::<components::ValueRange>(input, names.depth_range)?;
    let meter = read_first::<components::DepthMeter>(input, names.meter)?;
    let mapping = PixelMapping::Depth {
        colormap: read_first::<components::Colormap>(input, names.colormap)?.unwrap_or(Colormap::Turbo),
        range: range
            .map(|range| range.map(|value| value as f32))
            .filter(|range| range.iter().all(|value| value.is_finite())),
        meter: meter
            .filter(|meter| meter.is_finite() && *meter > 0.0)
            .unwrap_or_else(|| default_meter(pixels.source())),
    };
    let fill_ratio = read_first::<components::FillRatio>(input, names.point_fill_ratio)?;
    let fill_ratio = fill_ratio.filter(|ratio| ratio.is_finite() && *ratio > 0.0);
    let picture = Picture {
        // Without gaps.
        point_fill_ratio: Some(fill_ratio.unwrap_or(1.0)),
        magnification: read_magnification(input, names.magnification_filter)?,
        ..pixels.into_picture(mapping)
    };
    let draw_order = read_draw_order(input, names.draw_order, draw_order::DEPTH)?;
    Ok(visual(picture, draw_order))
}

/// Integers are millimeters, floats are meters.
fn default_meter(source: &PixelSource) -> f32 {
    match source {
        PixelSource::Raw(raw)
            if matches!(
                raw.format.channel_datatype(),
                ChannelDatatype::F16 | ChannelDatatype::F32 | ChannelDatatype::F64
            ) =>
        {
            1.0
        }
        PixelSource::Encoded(file) if file.is_in_meters() => 1.0,
        _ => 1000.0,
    }
}
