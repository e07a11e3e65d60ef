//! Pictures, and pictures of classes. What pictures of all kinds have in common.

use std::sync::Arc;

use chronoscope_frame::{
    Annotations, Report, Resolved, Visualizer, VisualizerInput,
    visualizer::{QueryMode, StoredRow, VisualizerInfo},
};
use chronoscope_types::{
    Component, ComponentName, Image, SegmentationImage, TextSlices, components, enums::MagnificationFilter,
    read, records::ImageFormat,
};

use super::{draw_order, fail, read_draw_order};
use crate::spatial::{
    marks::class_color,
    parts::Part,
    pictures::{
        EncodedPixels, Palette, Picture, PictureKey, PixelKind, PixelMapping, PixelSource, RawPixels,
        check_length,
    },
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
        let Some(pixels) = read_raw(input, &Image::BUFFER, &Image::FORMAT, PixelKind::Color)? else {
            return Ok(None);
        };
        let picture = Picture {
            opacity: read_opacity(input, &Image::OPACITY)?,
            magnification: read_magnification(input, &Image::MAGNIFICATION_FILTER)?,
            ..pixels.into_picture(PixelMapping::Color)
        };
        let draw_order = read_draw_order(input, &Image::DRAW_ORDER, draw_order::IMAGE)?;
        Ok(Some(visual(picture, draw_order)))
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
        let (buffer, format) = (&SegmentationImage::BUFFER, &SegmentationImage::FORMAT);
        let Some(pixels) = read_raw(input, buffer, format, PixelKind::Classes)? else {
            return Ok(None);
        };
        let context = input.context::<Annotations>();
        let context = context.as_deref();
        let classes = context.into_iter().flat_map(|context| &context.classes);
        let palette =
            Palette::new(classes.map(|class| (class.info.id, class_color(context, class.info.id, None))));
        let picture = Picture {
            opacity: read_opacity(input, &SegmentationImage::OPACITY)?,
            is_overlay: true,
            ..pixels.into_picture(PixelMapping::Classes(Arc::new(palette)))
        };
        let order = &SegmentationImage::DRAW_ORDER;
        let draw_order = read_draw_order(input, order, draw_order::SEGMENTATION)?;
        Ok(Some(visual(picture, draw_order)))
    }
}

pub(super) fn visual(picture: Picture, draw_order: f32) -> SpatialVisual {
    SpatialVisual::new([Part::picture(picture)]).in_plane(draw_order)
}

/// The pixels of a picture, not yet decoded.
pub(super) struct PicturePixels {
    key: PictureKey,
    source: PixelSource,
    time: i64,
}

impl PicturePixels {
    /// The picture of these pixels, with what holds where nothing is said.
    ///
    /// Precondition: the mapping is of the kind for which the pixels were read.
    pub(super) fn into_picture(self, mapping: PixelMapping) -> Picture {
        Picture::new(self.key, self.source, mapping, self.time)
    }

    pub(super) fn source(&self) -> &PixelSource {
        &self.source
    }

    fn new(cell: Cell<'_>, source: PixelSource, kind: PixelKind) -> Self {
        Self {
            key: cell.row.map_or_else(
                || PictureKey::of_bytes(cell.bytes, &source, kind),
                |row| PictureKey::of_row(row.id, &source, kind),
            ),
            source,
            time: cell.row.and_then(|row| row.time).unwrap_or(i64::MIN),
        }
    }
}

/// The bytes of a picture, and the row of the recording that they come from, if one.
struct Cell<'a> {
    row: Option<StoredRow>,
    bytes: &'a [u8],
}

/// The pixels of a picture that was logged as they are, checked against the format.
pub(super) fn read_raw(
    input: &VisualizerInput<'_>,
    buffer: &ComponentName,
    format: &ComponentName,
    kind: PixelKind,
) -> Result<Option<PicturePixels>, Report> {
    let Some(Resolved { array, row, .. }) = input.resolve(buffer) else {
        return Ok(None);
    };
    let Some(formats) = input.get(format) else {
        return Ok(None);
    };
    let formats = read::image_formats(&formats).map_err(|error| fail(input, &error))?;
    let Some(format) = formats.first() else {
        return Ok(None);
    };
    let format = match kind {
        PixelKind::Color => *format,
        // Classes and distances are one number per pixel, whatever else is said.
        PixelKind::Classes | PixelKind::Depth => {
            ImageFormat::depth(format.width, format.height, format.channel_datatype())
        }
    };
    let buffers = read::image_buffers(&array).map_err(|error| fail(input, &error))?;
    let Some(bytes) = buffers.first() else {
        return Ok(None);
    };
    check_length(&format, bytes.len()).map_err(|error| input.report(error.to_string()))?;
    let source = PixelSource::Raw(RawPixels {
        buffer: array.clone(),
        format,
    });
    let pixels = PicturePixels::new(Cell { row, bytes }, source, kind);
    Ok(Some(pixels))
}

/// The pixels of a picture that was logged as a file. What its header says is checked. The media type, if one is given, is asked
/// only where the first bytes of the file tell nothing: these know better.
pub(super) fn read_encoded(
    input: &VisualizerInput<'_>,
    blob: &ComponentName,
    media_type: Option<&ComponentName>,
    kind: PixelKind,
) -> Result<Option<PicturePixels>, Report> {
    let Some(Resolved { array, row, .. }) = input.resolve(blob) else {
        return Ok(None);
    };
    let declared = media_type.and_then(|name| input.get(name));
    let declared = declared
        .as_ref()
        .map(read::media_types)
        .transpose()
        .map_err(|error| fail(input, &error))?;
    let declared = declared.as_ref().and_then(TextSlices::first);
    let encoded = EncodedPixels::declared(array.clone(), declared.map_or("", str::trim));
    let encoded = encoded.map_err(|error| input.report(error.to_string()))?;
    let Some(encoded) = encoded else {
        return Ok(None);
    };
    let blobs = read::blobs(&array).map_err(|error| fail(input, &error))?;
    let bytes = blobs.first().unwrap_or(&[]);
    let source = PixelSource::Encoded(encoded);
    let pixels = PicturePixels::new(Cell { row, bytes }, source, kind);
    Ok(Some(pixels))
}

pub(super) fn read_magnification(
    input: &VisualizerInput<'_>,
    name: &ComponentName,
) -> Result<MagnificationFilter, Report> {
    Ok(read_first::<components::MagnificationFilter>(input, name)?.unwrap_or(MagnificationFilter::Nearest))
}

/// The first instance of a component whose instances come as a list.
pub(super) fn read_first<C>(
    input: &VisualizerInput<'_>,
    name: &ComponentName,
) -> Result<Option<C::Value>, Report>
where
    C: Component,
    C::Value: Copy,
    for<'a> C::Slice<'a>: AsRef<[C::Value]>,
{
    let Some(array) = input.get(name) else {
        return Ok(None);
    };
    let values = C::read(&array).map_err(|error| fail(input, &error))?;
    Ok(values.as_ref().first().copied())
}

pub(super) fn read_opacity(input: &VisualizerInput<'_>, name: &ComponentName) -> Result<Option<f32>, Report> {
    let opacity = read_first::<components::Opacity>(input, name)?;
    Ok(opacity
        .filter(|opacity| opacity.is_finite())
        .map(|opacity| opacity.clamp(0.0, 1.0)))
}
