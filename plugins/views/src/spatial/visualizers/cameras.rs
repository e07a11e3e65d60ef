//! Cameras in space: what they see of it, up to where their picture is shown.

use chronoscope_frame::{
    PinholeCamera, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::{DEFAULT_COLOR, DEFAULT_RADIUS, LineInstance, pack_color};
use chronoscope_types::{Pinhole, components, read};
use glam::{DVec3, Vec3};

use super::images::read_first;
use crate::spatial::{
    marks::read_cell,
    parts::Part,
    visual::{SpatialVisual, Stand},
};

/// The height of the mark that says where up is, and half of its width, in parts of the picture's height.
const UP_MARK: f64 = 0.1;

/// Shows `Pinhole`.
pub struct CamerasVisualizer;

impl Visualizer for CamerasVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Cameras",
        required: &[Pinhole::IMAGE_FROM_CAMERA.as_str()],
        optional: &[
            Pinhole::RESOLUTION.as_str(),
            Pinhole::CAMERA_XYZ.as_str(),
            Pinhole::IMAGE_PLANE_DISTANCE.as_str(),
            Pinhole::COLOR.as_str(),
            Pinhole::LINE_WIDTH.as_str(),
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    /// Lines from the camera to the corners of its picture, the outline of that, and a mark at its upper edge.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let columns = read_first::<components::PinholeProjection>(input, &Pinhole::IMAGE_FROM_CAMERA)?;
        let Some(columns) = columns else {
            return Ok(None);
        };
        let resolution = read_first::<components::Resolution>(input, &Pinhole::RESOLUTION)?;
        let codes = read_first::<components::ViewCoordinates>(input, &Pinhole::CAMERA_XYZ)?;
        let distance = read_first::<components::ImagePlaneDistance>(input, &Pinhole::IMAGE_PLANE_DISTANCE)?;
        let camera = PinholeCamera::new(columns, resolution, codes, distance);
        // Where it is wrong, the transforms say so.
        let Ok(camera) = camera else {
            return Ok(None);
        };
        let [width, height] = camera.size();
        if !(width > 0.0 && height > 0.0 && width.is_finite() && height.is_finite()) {
            return Err(input.report("the camera's picture has no size"));
        }
        let frame_from_picture = camera.frame_from_picture();
        let place = |x: f64, y: f64| {
            frame_from_picture
                .transform_point3(DVec3::new(x, y, 0.0))
                .as_vec3()
        };
        let corners = [
            place(0.0, 0.0),
            place(width, 0.0),
            place(width, height),
            place(0.0, height),
        ];
        let up = UP_MARK * height;
        let mark = [
            place(0.5 * width - up, 0.0),
            place(0.5 * width, -up),
            place(0.5 * width + up, 0.0),
        ];
        let color = input.get(&Pinhole::COLOR);
        let color = read_cell(input, &color, read::colors)?.first().copied();
        let color = color.map_or(DEFAULT_COLOR, |color| pack_color(color.to_be_bytes()));
        let radius = read_first::<components::Radius>(input, &Pinhole::LINE_WIDTH)?;
        let radius = radius
            .filter(|radius| radius.is_finite())
            .unwrap_or(DEFAULT_RADIUS);
        let around = (0..4).map(|at| (corners[at], corners[(at + 1) % 4]));
        let rays = corners.map(|corner| (Vec3::ZERO, corner));
        let lines: Vec<LineInstance> = around
            .chain(rays)
            .chain([(mark[0], mark[1]), (mark[1], mark[2])])
            .map(|(start, end)| LineInstance::new(start, end, radius, color))
            .filter(|line| line.start.iter().chain(&line.end).all(|value| value.is_finite()))
            .collect();
        Ok((!lines.is_empty()).then(|| SpatialVisual {
            has_instances: false,
            stand: Stand::Camera,
            ..SpatialVisual::new([Part::new(lines)])
        }))
    }
}
