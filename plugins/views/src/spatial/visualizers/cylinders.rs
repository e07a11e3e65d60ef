//! Cylinders in space, as lines or solid.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::CylinderInstance;
use chronoscope_types::Cylinders3D;
use glam::Vec3;

use super::{
    poses::with_poses,
    solids::{Edges, EllipseArc, Pose, PoseNames, SolidShape, Stroke, around, reach_of_ellipsoid},
    tubes::{Tube, TubeNames, tubes},
};
use crate::spatial::visual::SpatialVisual;

const NAMES: TubeNames = TubeNames {
    lengths: Cylinders3D::LENGTHS,
    radii: Cylinders3D::RADII,
    poses: PoseNames {
        places: Cylinders3D::CENTERS,
        axis_angles: Cylinders3D::ROTATION_AXIS_ANGLES,
        quaternions: Cylinders3D::QUATERNIONS,
        fill_mode: Cylinders3D::FILL_MODE,
    },
};

/// Shows `Cylinders3D`.
pub struct Cylinders3DVisualizer;

impl Visualizer for Cylinders3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Cylinders3D",
        required: &[Cylinders3D::LENGTHS.as_str(), Cylinders3D::RADII.as_str()],
        optional: with_poses![
            Cylinders3D::CENTERS.as_str(),
            Cylinders3D::ROTATION_AXIS_ANGLES.as_str(),
            Cylinders3D::QUATERNIONS.as_str(),
            Cylinders3D::COLORS.as_str(),
            Cylinders3D::LINE_RADII.as_str(),
            Cylinders3D::FILL_MODE.as_str(),
            Cylinders3D::LABELS.as_str(),
            Cylinders3D::SHOW_LABELS.as_str(),
            Cylinders3D::CLASS_IDS.as_str(),
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
        tubes::<Self, _>(input, spare, &NAMES, Cylinder)
    }
}

/// A cylinder around the origin of its pose.
struct Cylinder(Tube);

impl SolidShape for Cylinder {
    type Face = CylinderInstance;

    fn reach(&self, pose: &Pose) -> Vec3 {
        let Tube { radius, length } = self.0;
        let axis = pose.rotation * Vec3::Z * (0.5 * length);
        axis.abs() + reach_of_ellipsoid(pose.rotation, Vec3::new(radius, radius, 0.0))
    }

    fn face(&self, pose: &Pose, color: u32, instance: u32) -> CylinderInstance {
        let Tube { radius, length } = self.0;
        CylinderInstance::new(pose.center, radius, length, pose.rotation, color).with_instance(instance)
    }

    /// The circles at the ends and lines between them; with many, circles between them, too.
    fn edges(&self, pose: &Pose, stroke: Stroke, edges: &mut Edges) {
        let Tube { radius, length } = self.0;
        let (x, y, end) = (Vec3::X * radius, Vec3::Y * radius, Vec3::Z * (0.5 * length));
        let heights: &[f32] = if stroke.is_dense {
            &[-1.0, -0.5, 0.0, 0.5, 1.0]
        } else {
            &[-1.0, 1.0]
        };
        for height in heights {
            edges.add_arc(pose, EllipseArc::ellipse(end * *height, x, y), stroke);
        }
        for direction in around(if stroke.is_dense { 12 } else { 4 }) {
            let side = direction * radius;
            edges.add_line(pose, [side - end, side + end], stroke);
        }
    }
}
