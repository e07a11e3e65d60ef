//! Clouds of points, in space and in the plane.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::PointInstance;
use chronoscope_types::{Points2D, Points3D, components, enums::PointShading, read};
use glam::{DVec3, Vec3};
use smallvec::smallvec;

use super::{
    draw_order, fail, flat,
    images::read_first,
    num_instances,
    poses::{repeat, with_poses},
    read_draw_order,
};
use crate::spatial::{
    bounds::Bounds,
    marks::{MarkCells, Marks},
    parts::Part,
    skeletons::connections,
    visual::SpatialVisual,
};

/// Shows `Points3D`.
pub struct Points3DVisualizer;

impl Visualizer for Points3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Points3D",
        required: &[Points3D::POSITIONS.as_str()],
        optional: with_poses![
            Points3D::COLORS.as_str(),
            Points3D::RADII.as_str(),
            Points3D::LABELS.as_str(),
            Points3D::SHOW_LABELS.as_str(),
            Points3D::CLASS_IDS.as_str(),
            Points3D::KEYPOINT_IDS.as_str(),
            Points3D::POINT_SHADING.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(array) = input.get(&Points3D::POSITIONS) else {
            return Ok(None);
        };
        let positions = read::positions3d(&array).map_err(|error| fail(input, &error))?;
        let cells = MarkCells::of::<Self>(input);
        let shading = read_first::<components::PointShading>(input, &Points3D::POINT_SHADING)?;
        let visual = visual(
            num_instances(Points3D::ARCHETYPE, &[(Points3D::POSITIONS, positions.len())]),
            |at| positions.get(at).copied(),
            &cells.read(input)?,
        );
        let visual = visual.map(|visual| SpatialVisual {
            has_round_points: shading != Some(PointShading::Flat),
            ..visual
        });
        repeat(input, visual)
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
        let Some(array) = input.get(&Points2D::POSITIONS) else {
            return Ok(None);
        };
        let positions = read::positions2d(&array).map_err(|error| fail(input, &error))?;
        let draw_order = read_draw_order(input, &Points2D::DRAW_ORDER, draw_order::POINTS)?;
        let cells = MarkCells::of::<Self>(input);
        let visual = visual(
            num_instances(Points2D::ARCHETYPE, &[(Points2D::POSITIONS, positions.len())]),
            |at| positions.get(at).copied().map(flat),
            &cells.read(input)?,
        );
        Ok(visual.map(|visual| visual.in_plane(draw_order)))
    }
}

/// Points that are not finite keep their place among the instances, and nothing is drawn for them.
fn visual(
    count: usize,
    position: impl Fn(usize) -> Option<[f32; 3]>,
    marks: &Marks<'_>,
) -> Option<SpatialVisual> {
    if count == 0 {
        return None;
    }
    let bounds = Bounds::of_points((0..count).filter_map(&position));
    let points: Vec<PointInstance> = (0..count)
        .filter_map(|at| {
            Some(PointInstance::new(
                Vec3::from_array(position(at)?),
                marks.radius(at),
                marks.packed_color(at),
            ))
        })
        .collect();
    let mut labels = marks.labels(count, bounds.center(), |at| {
        Some(DVec3::from_array(position(at)?.map(f64::from)))
    });
    for label in &mut labels {
        // One text for all of them stands between them.
        label.clearance = label.instance.map_or(0.0, |at| marks.radius(at as usize));
    }
    let mut parts = smallvec![Part::new(points).with_translucency(marks.has_alpha())];
    let skeleton = connections(marks, count, &position);
    if !skeleton.is_empty() {
        // In a plane, points lie on their lines.
        parts.insert(0, Part::new(skeleton));
    }
    Some(SpatialVisual {
        parts,
        bounds: bounds.grown(marks.reach()),
        labels,
        ..SpatialVisual::default()
    })
}
