//! Poses at which everything on an entity is repeated.

use std::sync::Arc;

use chronoscope_frame::{Report, VisualizerInput};
use chronoscope_render::MeshPose;
use chronoscope_types::{InstancePoses3D, clamped, read};
use glam::{Affine3A, DAffine3, Mat3, Vec3};

use super::{num_instances, rotations};
use crate::spatial::{marks::read_cell, visual::SpatialVisual};

/// What is repeated draws no more instances than this.
const MAX_REPEATED: usize = 4_000_000;

/// The names of components, and those of the poses that [`repeat`] reads.
macro_rules! with_poses {
    ($($name:expr),* $(,)?) => {
        &[
            $($name,)*
            chronoscope_types::InstancePoses3D::TRANSLATIONS.as_str(),
            chronoscope_types::InstancePoses3D::ROTATION_AXIS_ANGLES.as_str(),
            chronoscope_types::InstancePoses3D::QUATERNIONS.as_str(),
            chronoscope_types::InstancePoses3D::SCALES.as_str(),
            chronoscope_types::InstancePoses3D::MAT3X3.as_str(),
        ]
    };
}
pub(super) use with_poses;

/// Everything that a visual shows, at each pose of its entity, if there are any.
///
/// # Errors
/// Where a component of the poses cannot be read as that, or there would be too many instances.
pub(super) fn repeat(
    input: &VisualizerInput<'_>,
    visual: Option<SpatialVisual>,
) -> Result<Option<SpatialVisual>, Report> {
    let Some(visual) = visual else {
        return Ok(None);
    };
    let Some(poses) = read_poses(input)? else {
        return Ok(Some(visual));
    };
    let count = visual.num_instances().saturating_mul(poses.len());
    if count > MAX_REPEATED && poses.len() > 1 {
        let (instances, poses) = (visual.num_instances(), poses.len());
        return Err(input.report(format!(
            "{instances} instances at {poses} poses are more than can be drawn ({MAX_REPEATED})"
        )));
    }
    let poses: Vec<DAffine3> = poses
        .iter()
        .map(|MeshPose { entity_from_mesh, .. }| DAffine3 {
            matrix3: entity_from_mesh.matrix3.as_dmat3(),
            translation: entity_from_mesh.translation.as_dvec3(),
        })
        .collect();
    Ok(Some(visual.repeated(&poses)))
}

/// The poses of an entity; `None` where it has none and stands as it is. A pose that is none, as with a
/// rotation about nothing, is left out; the others keep their numbers.
///
/// # Errors
/// Where a component cannot be read as that.
pub(super) fn read_poses(input: &VisualizerInput<'_>) -> Result<Option<Arc<[MeshPose]>>, Report> {
    let cell = |name: &chronoscope_types::ComponentName| input.get(name);
    let (translations, axis_angles, quaternions, scales, matrices) = (
        cell(&InstancePoses3D::TRANSLATIONS),
        cell(&InstancePoses3D::ROTATION_AXIS_ANGLES),
        cell(&InstancePoses3D::QUATERNIONS),
        cell(&InstancePoses3D::SCALES),
        cell(&InstancePoses3D::MAT3X3),
    );
    let cells = [&translations, &axis_angles, &quaternions, &scales, &matrices];
    if cells.iter().all(|cell| cell.is_none()) {
        return Ok(None);
    }
    let translations = read_cell(input, &translations, read::translations3d)?;
    let axis_angles = read_cell(input, &axis_angles, read::rotations_axis_angle)?;
    let quaternions = read_cell(input, &quaternions, read::quaternions)?;
    let scales = read_cell(input, &scales, read::scales3d)?;
    let matrices = read_cell(input, &matrices, read::mat3x3s)?;
    let count = num_instances(
        InstancePoses3D::ARCHETYPE,
        &[
            (InstancePoses3D::TRANSLATIONS, translations.len()),
            (InstancePoses3D::ROTATION_AXIS_ANGLES, axis_angles.len()),
            (InstancePoses3D::QUATERNIONS, quaternions.len()),
            (InstancePoses3D::SCALES, scales.len()),
            (InstancePoses3D::MAT3X3, matrices.len()),
        ],
    );
    let pose = |at: usize| {
        let mut pose = Affine3A::IDENTITY;
        if let Some(translation) = clamped(&translations, at) {
            pose.translation = Vec3::from_array(translation).into();
        }
        if let Some(turn) = clamped(&axis_angles, at) {
            pose *= Affine3A::from_quat(rotations::turn(turn));
        }
        if let Some(quaternion) = clamped(&quaternions, at) {
            pose *= Affine3A::from_quat(rotations::quaternion(quaternion)?);
        }
        if let Some(scale) = clamped(&scales, at) {
            pose *= Affine3A::from_scale(Vec3::from_array(scale));
        }
        if let Some(matrix) = clamped(&matrices, at) {
            pose *= Affine3A::from_mat3(Mat3::from_cols_array(&matrix));
        }
        pose.is_finite().then_some(MeshPose {
            entity_from_mesh: pose,
            instance: at as u32,
        })
    };
    Ok((count > 0).then(|| (0..count).filter_map(pose).collect()))
}
