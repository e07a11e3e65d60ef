//! Pictures of distances in space: where their points are, seen from the camera.

use chronoscope_frame::PinholeCamera;
use glam::{DAffine3, DVec3};

use super::{
    bounds::Bounds,
    pictures::{
        DecodeOptions, Picture, PixelDecoders, PixelKind, PixelMapping, PixelSource, values::values_of,
    },
};

/// The longest side of what is looked at of a picture to find out where its points are.
const MAX_SAMPLE_SIDE: u32 = 64;

/// Files with more pixels than this are not decoded to find that out.
const MAX_SAMPLED_PIXELS: u64 = 2 << 20;

/// Of a hundred points, so many at either end may be anywhere: sensors err.
const OUTLIERS_PERCENT: usize = 2;

/// The camera of a picture that is shown in space, as the view sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PictureEye {
    /// Where it is.
    pub(crate) position: DVec3,
    /// How far from it the picture is shown, in the units of its frame.
    pub(crate) distance: f64,
}

/// Number of units of the pixels that make a meter.
fn meter_of(picture: &Picture) -> f64 {
    match picture.mapping {
        PixelMapping::Depth { meter, .. } => f64::from(meter),
        PixelMapping::Color | PixelMapping::Classes(_) => 1.0,
    }
}

/// Where a value of one lies on its ray, as a multiple of how far the picture is.
pub(crate) fn scale_of(picture: &Picture, eye: PictureEye) -> f64 {
    1.0 / (meter_of(picture) * eye.distance)
}

/// Around all points whose values are in a range, where the picture is shown.
pub(crate) fn bounds_between(
    picture: &Picture,
    eye: PictureEye,
    view_from_picture: &DAffine3,
    range: [f32; 2],
) -> Bounds {
    let [width, height] = picture.size().map(f64::from);
    let scale = scale_of(picture, eye);
    let corners = [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]];
    let rays = corners.map(|[x, y]| view_from_picture.transform_point3(DVec3::new(x, y, 0.0)) - eye.position);
    let places = range.map(|value| f64::from(value.max(0.0)) * scale);
    let points = rays
        .iter()
        .flat_map(|ray| places.map(|place| eye.position + *ray * place));
    points.fold(Bounds::EMPTY, Bounds::with_point)
}

/// Around the points of a picture in the frame of its camera, outliers aside; empty where that would cost too much to know.
///
/// Cost: O(pixels of a file), else of some thousand pixels.
pub(crate) fn sampled_bounds(picture: &Picture, camera: &PinholeCamera) -> Bounds {
    let size = picture.size();
    let [width, height] = size.map(u64::from);
    let is_sampled = match picture.source {
        PixelSource::Raw(_) => true,
        PixelSource::Encoded(_) => width * height <= MAX_SAMPLED_PIXELS,
        PixelSource::Custom(_) => false,
    };
    let options = DecodeOptions::new(PixelKind::Depth, MAX_SAMPLE_SIDE);
    let decoded = is_sampled.then(|| PixelDecoders::default().decode(&picture.source, &options));
    let Some(Ok(pixels)) = decoded else {
        return Bounds::EMPTY;
    };
    let meter = meter_of(picture);
    let camera_from_image = camera.image_from_camera.inverse();
    let frame_from_camera = camera.frame_from_camera();
    let [columns, rows] = pixels.size;
    let step = [
        f64::from(size[0]) / f64::from(columns),
        f64::from(size[1]) / f64::from(rows),
    ];
    let mut points: Vec<(f64, DVec3)> = values_of(&pixels)
        .enumerate()
        .filter(|(_, value)| value.is_finite() && *value > 0.0)
        .map(|(index, value)| {
            let (x, y) = (index as u32 % columns, index as u32 / columns);
            let pixel = DVec3::new(
                (f64::from(x) + 0.5) * step[0],
                (f64::from(y) + 0.5) * step[1],
                1.0,
            );
            let distance = value / meter;
            (
                distance,
                frame_from_camera * (camera_from_image * pixel) * distance,
            )
        })
        .collect();
    points.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let outliers = points.len() * OUTLIERS_PERCENT / 100;
    let usual = &points[outliers..points.len() - outliers];
    usual
        .iter()
        .fold(Bounds::EMPTY, |all, (_, point)| all.with_point(*point))
}
