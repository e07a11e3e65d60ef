//! Rotations as they are logged: turns about axes, and quaternions.

use chronoscope_frame::{Report, VisualizerInput};
use chronoscope_types::{ComponentName, components, read, records::RotationAxisAngle};
use glam::{Quat, Vec3};

use super::images::read_first;
use crate::spatial::marks::read_cell;

/// A turn about an axis. No axis is no rotation.
pub(super) fn turn(RotationAxisAngle { axis, angle }: RotationAxisAngle) -> Quat {
    let axis = Vec3::from_array(axis).try_normalize();
    axis.map_or(Quat::IDENTITY, |axis| Quat::from_axis_angle(axis, angle))
}

/// A quaternion, normalized; `None` where it has no length.
pub(super) fn quaternion(xyzw: [f32; 4]) -> Option<Quat> {
    let quaternion = Quat::from_array(xyzw);
    let length = quaternion.length();
    (length.is_finite() && length > f32::EPSILON).then(|| quaternion / length)
}

/// The rotation of one thing: the quaternion, else the turn about an axis, else none.
///
/// # Errors
/// Where one of the components cannot be read as that.
pub(super) fn read_rotation(
    input: &VisualizerInput<'_>,
    quaternion_name: &ComponentName,
    turn_name: &ComponentName,
) -> Result<Quat, Report> {
    let logged = read_first::<components::RotationQuat>(input, quaternion_name)?;
    if let Some(rotation) = logged.and_then(quaternion) {
        return Ok(rotation);
    }
    let turns = input.get(turn_name);
    let turns = read_cell(input, &turns, read::rotations_axis_angle)?;
    let rotation = turns.first().copied().map(turn);
    Ok(rotation
        .filter(|rotation| rotation.is_finite())
        .unwrap_or_default())
}
