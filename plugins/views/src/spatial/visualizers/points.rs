//! Clouds of points, in space and in the plane.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::PointInstance;
use chronoscope_types::{Points2D, Points3D, read};
use glam::{DVec3, Vec3};

use super::{draw_order, fail, flat, num_instances, read_draw_order};
use crate::spatial::{
    attributes::{MarkCells, MarkNames, Marks},
    bounds::Bounds,
    visual::{Label, SpatialVisual},
};

/// Shows `Points3D`.
pub struct Points3DVisualizer;

impl Visualizer for Points3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Points3D",
        required: &[Points3D::POSITIONS.as_str()],
        optional: &[
            Points3D::COLORS.as_str(),
            Points3D::RADII.as_str(),
            Points3D::LABELS.as_str(),
            Points3D::SHOW_LABELS.as_str(),
            Points3D::CLASS_IDS.as_str(),
            Points3D::KEYPOINT_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        const NAMES: MarkNames = MarkNames {
            colors: Points3D::COLORS,
            radii: Points3D::RADII,
            labels: Points3D::LABELS,
            show_labels: Points3D::SHOW_LABELS,
            class_ids: Points3D::CLASS_IDS,
            keypoint_ids: Some(Points3D::KEYPOINT_IDS),
        };
        let Some(array) = input.get(&Points3D::POSITIONS) else {
            return Ok(None);
        };
        let positions = read::positions3d(&array).map_err(|error| fail(input, &error))?;
        let cells = MarkCells::of(input, &NAMES);
        Ok(visual(
            num_instances(Points3D::ARCHETYPE, &[(Points3D::POSITIONS, positions.len())]),
            |at| positions.get(at).copied(),
            &cells.read(input)?,
            0.0,
        ))
    }
}

/// Shows `Points2D`.
pub struct Points2DVisualizer;

impl Visualizer for Points2DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Points2D",
        required: &[Points2D::POSITIONS.as_str()],
        optional: &[
            Points2D::COLORS.as_str(),
            Points2D::RADII.as_str(),
            Points2D::LABELS.as_str(),
            Points2D::SHOW_LABELS.as_str(),
            Points2D::DRAW_ORDER.as_str(),
            Points2D::CLASS_IDS.as_str(),
            Points2D::KEYPOINT_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        const NAMES: MarkNames = MarkNames {
            colors: Points2D::COLORS,
            radii: Points2D::RADII,
            labels: Points2D::LABELS,
            show_labels: Points2D::SHOW_LABELS,
            class_ids: Points2D::CLASS_IDS,
            keypoint_ids: Some(Points2D::KEYPOINT_IDS),
        };
        let Some(array) = input.get(&Points2D::POSITIONS) else {
            return Ok(None);
        };
        let positions = read::positions2d(&array).map_err(|error| fail(input, &error))?;
        let draw_order = read_draw_order(input, &Points2D::DRAW_ORDER, draw_order::POINTS)?;
        let cells = MarkCells::of(input, &NAMES);
        Ok(visual(
            num_instances(Points2D::ARCHETYPE, &[(Points2D::POSITIONS, positions.len())]),
            |at| positions.get(at).copied().map(flat),
            &cells.read(input)?,
            draw_order,
        ))
    }
}

/// Points that are not finite keep their place among the instances, and the batch draws nothing for them.
fn visual(
    count: usize,
    position: impl Fn(usize) -> Option<[f32; 3]>,
    marks: &Marks<'_>,
    draw_order: f32,
) -> Option<SpatialVisual> {
    if count == 0 {
        return None;
    }
    let bounds = Bounds::of_points((0..count).filter_map(&position));
    let points = (0..count)
        .filter_map(|at| {
            Some(PointInstance::new(
                Vec3::from_array(position(at)?),
                marks.radius(at),
                marks.packed_color(at),
            ))
        })
        .collect();
    let labels = marks
        .labels(count)
        .into_iter()
        .filter_map(|(instance, text)| {
            let position = match instance {
                Some(at) => DVec3::from_array(position(at)?.map(f64::from)),
                None => bounds.center(),
            };
            position.is_finite().then(|| Label {
                position,
                text,
                color: marks.color(instance.unwrap_or(0)),
            })
        })
        .collect();
    Some(SpatialVisual {
        points,
        has_alpha: marks.has_alpha(),
        bounds,
        labels,
        draw_order,
        ..Default::default()
    })
}
