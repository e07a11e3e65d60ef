//! The axes of frames.

use chronoscope_frame::{
    Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::{ArrowInstance, pack_color};
use chronoscope_types::{CoordinateFrame, TextSlices, TransformAxes3D, components, read};
use glam::{DVec3, Vec3};

use super::images::read_first;
use crate::spatial::{
    marks::read_cell,
    parts::Part,
    visual::{Label, SpatialVisual},
};

/// The length of axes that say nothing about it, in scene units: that of the Rerun Viewer where a scene has no size yet.
pub(crate) const AXIS_LENGTH: f32 = 0.3;

/// The radius of the shafts, in points of the screen.
const RADIUS: f32 = -1.0;

/// The axes and their colors in sRGB.
const AXES: [(Vec3, [u8; 4]); 3] = [
    (Vec3::X, [255, 105, 129, 255]),
    (Vec3::Y, [0, 178, 102, 255]),
    (Vec3::Z, [122, 149, 255, 255]),
];

/// Shows `TransformAxes3D`: the frame that the entity stands in.
pub struct TransformAxes3DVisualizer;

impl Visualizer for TransformAxes3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "TransformAxes3D",
        required: &[TransformAxes3D::AXIS_LENGTH.as_str()],
        optional: &[
            TransformAxes3D::SHOW_FRAME.as_str(),
            CoordinateFrame::FRAME.as_str(),
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    /// Three arrows from the origin of the frame, and its name where that is asked for.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let length = read_first::<components::AxisLength>(input, &TransformAxes3D::AXIS_LENGTH)?;
        let length = length.unwrap_or(AXIS_LENGTH);
        if !length.is_finite() || length == 0.0 {
            return Ok(None);
        }
        let arrows = AXES
            .map(|(axis, color)| ArrowInstance::new(Vec3::ZERO, axis * length, RADIUS, pack_color(color)));
        let mut visual = SpatialVisual::new([Part::new(arrows.to_vec())]);
        visual.has_instances = false;
        let shows_frame = input.get(&TransformAxes3D::SHOW_FRAME);
        if read_cell(input, &shows_frame, read::bools)?.first() == Some(&true) {
            let frame = input.get(&CoordinateFrame::FRAME);
            let name = frame.as_ref().map(read::texts).transpose();
            let name = name.map_err(|error| input.report(error.to_string()))?;
            let name = name.as_ref().and_then(TextSlices::first);
            let text = match name {
                Some(name) => name.into(),
                // The frame that every entity has unless it says otherwise.
                None => format!("tf#{}", input.path).into(),
            };
            visual.labels = vec![Label {
                clearance: 0.0,
                instance: None,
                row: None,
                position: DVec3::ZERO,
                text,
                is_wanted: true,
                color: None,
            }];
        }
        Ok(Some(visual))
    }
}
