//! Boxes in space, as lines or solid, and rectangles in the plane.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::{BoxInstance, LineInstance};
use chronoscope_types::{Boxes2D, Boxes3D, clamped, read};
use glam::{DVec3, Mat3, Vec3};
use smallvec::smallvec;

use super::{
    draw_order, fail, flat, num_instances,
    poses::with_poses,
    read_draw_order,
    solids::{Edges, Pose, PoseNames, SolidShape, Stroke, sized_solids},
};
use crate::spatial::{
    bounds::Bounds,
    marks::{MarkCells, read_cell},
    parts::Part,
    visual::SpatialVisual,
};

const POSES: PoseNames = PoseNames {
    places: Boxes3D::CENTERS,
    axis_angles: Boxes3D::ROTATION_AXIS_ANGLES,
    quaternions: Boxes3D::QUATERNIONS,
    fill_mode: Boxes3D::FILL_MODE,
};

/// Shows `Boxes3D`.
pub struct Boxes3DVisualizer;

impl Visualizer for Boxes3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Boxes3D",
        required: &[Boxes3D::HALF_SIZES.as_str()],
        optional: with_poses![
            Boxes3D::CENTERS.as_str(),
            Boxes3D::ROTATION_AXIS_ANGLES.as_str(),
            Boxes3D::QUATERNIONS.as_str(),
            Boxes3D::COLORS.as_str(),
            Boxes3D::RADII.as_str(),
            Boxes3D::FILL_MODE.as_str(),
            Boxes3D::LABELS.as_str(),
            Boxes3D::SHOW_LABELS.as_str(),
            Boxes3D::CLASS_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    const REUSES_MEMORY: bool = true;

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        Self::visualize_from_spare(input, &mut SpatialVisual::default())
    }

    fn visualize_from_spare(
        input: &VisualizerInput<'_>,
        spare: &mut SpatialVisual,
    ) -> Result<Option<SpatialVisual>, Report> {
        let shape_of = |half_size| OrientedBox { half_size };
        sized_solids::<Self, _>(input, spare, Boxes3D::HALF_SIZES, &POSES, shape_of)
    }
}

struct OrientedBox {
    half_size: Vec3,
}

impl SolidShape for OrientedBox {
    type Face = BoxInstance;

    fn reach(&self, pose: &Pose) -> Vec3 {
        let axes = Mat3::from_quat(pose.rotation);
        axes.x_axis.abs() * self.half_size.x
            + axes.y_axis.abs() * self.half_size.y
            + axes.z_axis.abs() * self.half_size.z
    }

    fn face(&self, pose: &Pose, color: u32, instance: u32) -> BoxInstance {
        BoxInstance::new(pose.center, self.half_size, pose.rotation, color).with_instance(instance)
    }

    /// The same twelve, however many there are to be.
    fn edges(&self, pose: &Pose, stroke: Stroke, edges: &mut Edges) {
        edges.add_box(pose, self.half_size, stroke);
    }
}

/// Shows `Boxes2D`.
pub struct Boxes2DVisualizer;

impl Visualizer for Boxes2DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Boxes2D",
        required: &[Boxes2D::HALF_SIZES.as_str()],
        optional: &[
            Boxes2D::CENTERS.as_str(),
            Boxes2D::COLORS.as_str(),
            Boxes2D::RADII.as_str(),
            Boxes2D::LABELS.as_str(),
            Boxes2D::SHOW_LABELS.as_str(),
            Boxes2D::DRAW_ORDER.as_str(),
            Boxes2D::CLASS_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(half_sizes) = input.get(&Boxes2D::HALF_SIZES) else {
            return Ok(None);
        };
        let half_sizes = read::half_sizes2d(&half_sizes).map_err(|error| fail(input, &error))?;
        let centers = input.get(&Boxes2D::CENTERS);
        let centers = read_cell(input, &centers, read::positions2d)?;
        let draw_order = read_draw_order(input, &Boxes2D::DRAW_ORDER, draw_order::BOXES)?;
        let cells = MarkCells::of::<Self>(input);
        let marks = cells.read(input)?;

        let count = num_instances(Boxes2D::ARCHETYPE, &[(Boxes2D::HALF_SIZES, half_sizes.len())]);
        let rectangle = |instance: usize| {
            let half_size = Vec3::from_array(flat(*half_sizes.get(instance)?)).abs();
            let center = Vec3::from_array(flat(clamped(&centers, instance).unwrap_or_default()));
            (half_size.is_finite() && center.is_finite()).then_some((center, half_size))
        };
        let mut bounds = Bounds::EMPTY;
        let mut lines = Vec::new();
        for instance in 0..count {
            let Some((center, half_size)) = rectangle(instance) else {
                continue;
            };
            let corner = |x: f32, y: f32| center + half_size * Vec3::new(x, y, 0.0);
            let corners = [
                corner(-1.0, -1.0),
                corner(1.0, -1.0),
                corner(1.0, 1.0),
                corner(-1.0, 1.0),
            ];
            bounds = bounds.union(Bounds::of_points(corners.map(|corner| corner.to_array())));
            let (radius, color) = (marks.radius(instance), marks.packed_color(instance));
            let [a, b, c, d] = corners;
            let line = |(from, to)| LineInstance::new(from, to, radius, color).with_instance(instance as u32);
            lines.extend([(a, b), (b, c), (c, d), (d, a)].map(line));
        }
        // Below the box, where it hides nothing of what the box is about.
        let below = DVec3::new(bounds.center().x, bounds.max.y, 0.0);
        let labels = marks.labels(count, below, |at| {
            rectangle(at).map(|(center, half_size)| (center + half_size * Vec3::Y).as_dvec3())
        });
        let visual = (!lines.is_empty()).then(|| SpatialVisual {
            parts: smallvec![Part::new(lines).with_translucency(marks.has_alpha())],
            bounds,
            labels,
            ..SpatialVisual::default()
        });
        Ok(visual.map(|visual| visual.in_plane(draw_order)))
    }
}
