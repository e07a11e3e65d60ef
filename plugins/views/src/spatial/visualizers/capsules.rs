//! Capsules in space, as lines or solid.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::CapsuleInstance;
use chronoscope_types::Capsules3D;
use glam::Vec3;

use super::{
    poses::with_poses,
    solids::{Edges, EllipseArc, Pose, PoseNames, SolidShape, Stroke, around},
    tubes::{Tube, TubeNames, tubes},
};
use crate::spatial::visual::SpatialVisual;

const NAMES: TubeNames = TubeNames {
    lengths: Capsules3D::LENGTHS,
    radii: Capsules3D::RADII,
    poses: PoseNames {
        places: Capsules3D::TRANSLATIONS,
        axis_angles: Capsules3D::ROTATION_AXIS_ANGLES,
        quaternions: Capsules3D::QUATERNIONS,
        fill_mode: Capsules3D::FILL_MODE,
    },
};

/// Shows `Capsules3D`.
pub struct Capsules3DVisualizer;

impl Visualizer for Capsules3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Capsules3D",
        required: &[Capsules3D::LENGTHS.as_str(), Capsules3D::RADII.as_str()],
        optional: with_poses![
            Capsules3D::TRANSLATIONS.as_str(),
            Capsules3D::ROTATION_AXIS_ANGLES.as_str(),
            Capsules3D::QUATERNIONS.as_str(),
            Capsules3D::COLORS.as_str(),
            Capsules3D::LINE_RADII.as_str(),
            Capsules3D::FILL_MODE.as_str(),
            Capsules3D::LABELS.as_str(),
            Capsules3D::SHOW_LABELS.as_str(),
            Capsules3D::CLASS_IDS.as_str(),
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
        tubes::<Self, _>(input, spare, &NAMES, Capsule)
    }
}

/// A capsule, whose lower half sphere is around the origin of its pose.
struct Capsule(Tube);

impl Capsule {
    /// The same pose at the middle.
    fn middle(&self, pose: &Pose) -> Pose {
        Pose {
            center: self.center(pose),
            rotation: pose.rotation,
        }
    }
}

impl SolidShape for Capsule {
    type Face = CapsuleInstance;

    fn center(&self, pose: &Pose) -> Vec3 {
        pose.center + pose.rotation * Vec3::Z * (0.5 * self.0.length)
    }

    fn reach(&self, pose: &Pose) -> Vec3 {
        let Tube { radius, length } = self.0;
        (pose.rotation * Vec3::Z * (0.5 * length)).abs() + Vec3::splat(radius)
    }

    fn face(&self, pose: &Pose, color: u32, instance: u32) -> CapsuleInstance {
        let Tube { radius, length } = self.0;
        CapsuleInstance::new(self.center(pose), radius, length, pose.rotation, color).with_instance(instance)
    }

    /// The equators of both half spheres, and outlines over both poles; with many, more of them.
    fn edges(&self, pose: &Pose, stroke: Stroke, edges: &mut Edges) {
        let Tube { radius, length } = self.0;
        let pose = self.middle(pose);
        let (x, y, z) = (Vec3::X * radius, Vec3::Y * radius, Vec3::Z * radius);
        let end = Vec3::Z * (0.5 * length);
        for side in [-1.0, 1.0] {
            let latitudes: &[f32] = if stroke.is_dense {
                &[0.0, 30.0, 60.0]
            } else {
                &[0.0]
            };
            for latitude in latitudes {
                let (height, width) = latitude.to_radians().sin_cos();
                let center = (end + z * height) * side;
                edges.add_arc(&pose, EllipseArc::ellipse(center, x * width, y * width), stroke);
            }
        }
        let num_outlines = if stroke.is_dense { 12 } else { 4 };
        for direction in around(num_outlines) {
            let side = direction * radius;
            edges.add_line(&pose, [side - end, side + end], stroke);
        }
        for direction in around(num_outlines).take(usize::from(num_outlines / 2)) {
            let side = direction * radius;
            edges.add_arc(&pose, EllipseArc::ellipse(end, side, z).half(), stroke);
            edges.add_arc(&pose, EllipseArc::ellipse(-end, side, -z).half(), stroke);
        }
    }
}
