//! Pictures, and pictures of classes.

use std::sync::Arc;

use chronoscope_frame::{
    Annotations, Report, Source, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_types::{
    Component, ComponentName, Image, SegmentationImage, components, enums::MagnificationFilter, read,
    records::ImageFormat,
};
use glam::DVec3;

use super::{draw_order, fail, read_draw_order};
use crate::spatial::{
    attributes::class_color,
    bounds::Bounds,
    pictures::{Palette, Picture, PictureKey, PictureSource, check_length},
    visual::SpatialVisual,
};

/// Shows `Image`.
pub struct ImageVisualizer;

impl Visualizer for ImageVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Image",
        required: &[Image::BUFFER.as_str(), Image::FORMAT.as_str()],
        optional: &[
            Image::OPACITY.as_str(),
            Image::DRAW_ORDER.as_str(),
            Image::MAGNIFICATION_FILTER.as_str(),
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some((key, source, time)) = read_picture(input, &Image::BUFFER, &Image::FORMAT, None)? else {
            return Ok(None);
        };
        let filter = input.get(&Image::MAGNIFICATION_FILTER);
        let filters = filter
            .as_ref()
            .map(|array| components::MagnificationFilter::read(array))
            .transpose();
        let filters = filters.map_err(|error| fail(input, &error))?.unwrap_or_default();
        let picture = Picture {
            key,
            source,
            time,
            opacity: read_opacity(input, &Image::OPACITY)?,
            magnification: filters.first().copied().unwrap_or(MagnificationFilter::Nearest),
            is_overlay: false,
        };
        Ok(Some(visual(
            picture,
            read_draw_order(input, &Image::DRAW_ORDER, draw_order::IMAGE)?,
        )))
    }
}

/// Shows `SegmentationImage`.
pub struct SegmentationImageVisualizer;

impl Visualizer for SegmentationImageVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "SegmentationImage",
        required: &[
            SegmentationImage::BUFFER.as_str(),
            SegmentationImage::FORMAT.as_str(),
        ],
        optional: &[
            SegmentationImage::OPACITY.as_str(),
            SegmentationImage::DRAW_ORDER.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let context = input.context::<Annotations>();
        let context = context.as_deref();
        let classes = context.into_iter().flat_map(|context| &context.classes);
        let palette =
            Palette::new(classes.map(|class| (class.info.id, class_color(context, class.info.id, None))));
        let names = (&SegmentationImage::BUFFER, &SegmentationImage::FORMAT);
        let Some((key, source, time)) = read_picture(input, names.0, names.1, Some(palette))? else {
            return Ok(None);
        };
        let picture = Picture {
            key,
            source,
            time,
            opacity: read_opacity(input, &SegmentationImage::OPACITY)?,
            magnification: MagnificationFilter::Nearest,
            is_overlay: true,
        };
        Ok(Some(visual(
            picture,
            read_draw_order(input, &SegmentationImage::DRAW_ORDER, draw_order::SEGMENTATION)?,
        )))
    }
}

fn visual(picture: Picture, draw_order: f32) -> SpatialVisual {
    let [width, height] = picture.size();
    let bounds = Bounds::between(DVec3::ZERO, DVec3::new(f64::from(width), f64::from(height), 0.0));
    SpatialVisual {
        picture: Some(Arc::new(picture)),
        bounds,
        draw_order,
        ..Default::default()
    }
}

/// The bytes of a picture under the name of their row, checked against the format, and the time of the row. They are not decoded
/// here.
fn read_picture(
    input: &VisualizerInput<'_>,
    buffer: &ComponentName,
    format: &ComponentName,
    palette: Option<Palette>,
) -> Result<Option<(PictureKey, PictureSource, i64)>, Report> {
    let Some((array, from)) = input.get_with_source(buffer) else {
        return Ok(None);
    };
    let Some(formats) = input.get(format) else {
        return Ok(None);
    };
    let formats = read::image_formats(&formats).map_err(|error| fail(input, &error))?;
    let Some(format) = formats.first() else {
        return Ok(None);
    };
    let format = match palette {
        // Class ids are one number per pixel, whatever else is said.
        Some(_) => ImageFormat::depth(format.width, format.height, format.channel_datatype()),
        None => *format,
    };
    let source = PictureSource {
        buffer: array.clone(),
        format,
        palette: palette.map(Arc::new),
    };
    let buffers = read::image_buffers(&array).map_err(|error| fail(input, &error))?;
    let Some(bytes) = buffers.first() else {
        return Ok(None);
    };
    check_length(&format, bytes.len()).map_err(|error| input.report(error.to_string()))?;
    let hit = match from {
        Source::Store => input.hit(buffer),
        Source::Override | Source::ViewDefault => None,
    };
    let key = hit.map_or_else(
        || PictureKey::of_bytes(bytes, &source),
        |hit| PictureKey::of_row(hit.row_id(), &source),
    );
    let time = hit
        .and_then(chronoscope_store::Hit::data_time)
        .unwrap_or(i64::MIN);
    Ok(Some((key, source, time)))
}

fn read_opacity(input: &VisualizerInput<'_>, name: &ComponentName) -> Result<Option<f32>, Report> {
    let Some(array) = input.get(name) else {
        return Ok(None);
    };
    let values = components::Opacity::read(&array).map_err(|error| fail(input, &error))?;
    Ok(values
        .first()
        .copied()
        .filter(|opacity| opacity.is_finite())
        .map(|opacity| opacity.clamp(0.0, 1.0)))
}
