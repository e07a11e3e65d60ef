//! Ellipsoids in space, as lines or solid.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::EllipsoidInstance;
use chronoscope_types::Ellipsoids3D;
use glam::Vec3;

use super::{
    poses::with_poses,
    solids::{
        Edges, EllipseArc, Pose, PoseNames, SolidShape, Stroke, around, reach_of_ellipsoid, sized_solids,
    },
};
use crate::spatial::visual::SpatialVisual;

const POSES: PoseNames = PoseNames {
    places: Ellipsoids3D::CENTERS,
    axis_angles: Ellipsoids3D::ROTATION_AXIS_ANGLES,
    quaternions: Ellipsoids3D::QUATERNIONS,
    fill_mode: Ellipsoids3D::FILL_MODE,
};

/// Shows `Ellipsoids3D`.
pub struct Ellipsoids3DVisualizer;

impl Visualizer for Ellipsoids3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Ellipsoids3D",
        required: &[Ellipsoids3D::HALF_SIZES.as_str()],
        optional: with_poses![
            Ellipsoids3D::CENTERS.as_str(),
            Ellipsoids3D::ROTATION_AXIS_ANGLES.as_str(),
            Ellipsoids3D::QUATERNIONS.as_str(),
            Ellipsoids3D::COLORS.as_str(),
            Ellipsoids3D::LINE_RADII.as_str(),
            Ellipsoids3D::FILL_MODE.as_str(),
            Ellipsoids3D::LABELS.as_str(),
            Ellipsoids3D::SHOW_LABELS.as_str(),
            Ellipsoids3D::CLASS_IDS.as_str(),
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
        let shape_of = |half_size| Ellipsoid { half_size };
        sized_solids::<Self, _>(input, spare, Ellipsoids3D::HALF_SIZES, &POSES, shape_of)
    }
}

struct Ellipsoid {
    half_size: Vec3,
}

impl SolidShape for Ellipsoid {
    type Face = EllipsoidInstance;

    fn reach(&self, pose: &Pose) -> Vec3 {
        reach_of_ellipsoid(pose.rotation, self.half_size)
    }

    fn face(&self, pose: &Pose, color: u32, instance: u32) -> EllipsoidInstance {
        EllipsoidInstance::new(pose.center, self.half_size, pose.rotation, color).with_instance(instance)
    }

    /// The ellipses in the planes of the axes; with many, meridians and parallels.
    fn edges(&self, pose: &Pose, stroke: Stroke, edges: &mut Edges) {
        let size = self.half_size;
        let (x, y, z) = (Vec3::X * size.x, Vec3::Y * size.y, Vec3::Z * size.z);
        if !stroke.is_dense {
            for (from, to) in [(x, y), (y, z), (z, x)] {
                edges.add_arc(pose, EllipseArc::ellipse(Vec3::ZERO, from, to), stroke);
            }
            return;
        }
        for direction in around(12).take(6) {
            edges.add_arc(pose, EllipseArc::ellipse(Vec3::ZERO, direction * size, z), stroke);
        }
        for latitude in [-60.0_f32, -30.0, 0.0, 30.0, 60.0] {
            let (height, width) = latitude.to_radians().sin_cos();
            edges.add_arc(
                pose,
                EllipseArc::ellipse(z * height, x * width, y * width),
                stroke,
            );
        }
    }
}
