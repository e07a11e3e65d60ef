//! Boxes in space, as lines or solid, and rectangles in the plane.

use std::sync::Arc;

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::{BoxEdgesInstance, BoxInstance, LineInstance};
use chronoscope_types::{Boxes2D, Boxes3D, clamped, enums::FillMode, read};
use glam::{DVec3, Mat3, Quat, Vec3};
use smallvec::{SmallVec, smallvec};

use super::{draw_order, fail, flat, num_instances, read_draw_order};
use crate::spatial::{
    bounds::Bounds,
    marks::{MarkCells, Marks, read_cell},
    parts::Part,
    visual::SpatialVisual,
};

/// How much is seen of faces that are to be seen through.
const TRANSPARENT_FACE_OPACITY: u8 = 64;

/// Shows `Boxes3D`.
pub struct Boxes3DVisualizer;

impl Visualizer for Boxes3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Boxes3D",
        required: &[Boxes3D::HALF_SIZES.as_str()],
        optional: &[
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

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(half_sizes) = input.get(&Boxes3D::HALF_SIZES) else {
            return Ok(None);
        };
        let (centers, axis_angles) = (
            input.get(&Boxes3D::CENTERS),
            input.get(&Boxes3D::ROTATION_AXIS_ANGLES),
        );
        let (quaternions, fill_mode) = (input.get(&Boxes3D::QUATERNIONS), input.get(&Boxes3D::FILL_MODE));
        let half_sizes = read::half_sizes3d(&half_sizes).map_err(|error| fail(input, &error))?;
        let centers = read_cell(input, &centers, read::translations3d)?;
        let axis_angles = read_cell(input, &axis_angles, read::rotations_axis_angle)?;
        let quaternions = read_cell(input, &quaternions, read::quaternions)?;
        let fill_modes = read_cell(input, &fill_mode, read::fill_modes)?;
        let fill_mode = fill_modes.first().copied().unwrap_or(FillMode::MajorWireframe);

        let count = num_instances(
            Boxes3D::ARCHETYPE,
            &[
                (Boxes3D::HALF_SIZES, half_sizes.len()),
                (Boxes3D::CENTERS, centers.len()),
                (Boxes3D::ROTATION_AXIS_ANGLES, axis_angles.len()),
                (Boxes3D::QUATERNIONS, quaternions.len()),
            ],
        );
        let oriented: SmallVec<[OrientedBox; 1]> = (0..count)
            .filter_map(|instance| {
                let half_size = clamped(&half_sizes, instance)?;
                let mut rotation = Quat::IDENTITY;
                if let Some(turn) = clamped(&axis_angles, instance) {
                    // No axis is no rotation.
                    let axis = Vec3::from_array(turn.axis).try_normalize();
                    rotation *= axis.map_or(Quat::IDENTITY, |axis| Quat::from_axis_angle(axis, turn.angle));
                }
                if let Some(quaternion) = clamped(&quaternions, instance) {
                    let quaternion = Quat::from_array(quaternion);
                    let length = quaternion.length();
                    // A quaternion without length says that there is no box.
                    rotation *= (length.is_finite() && length > f32::EPSILON).then(|| quaternion / length)?;
                }
                let half_size = Vec3::from_array(half_size).abs();
                let center = Vec3::from_array(clamped(&centers, instance).unwrap_or_default());
                let is_sound = half_size.is_finite() && center.is_finite() && rotation.is_finite();
                is_sound.then_some(OrientedBox {
                    instance,
                    center,
                    half_size,
                    rotation,
                })
            })
            .collect();
        let cells = MarkCells::of::<Self>(input);
        Ok(visual_3d(&oriented, count, fill_mode, &cells.read(input)?))
    }
}

struct OrientedBox {
    instance: usize,
    center: Vec3,
    half_size: Vec3,
    rotation: Quat,
}

impl OrientedBox {
    /// The two corners of the smallest box along the axes that holds it.
    fn extremes(&self) -> [[f32; 3]; 2] {
        let axes = Mat3::from_quat(self.rotation);
        let reach = axes.x_axis.abs() * self.half_size.x
            + axes.y_axis.abs() * self.half_size.y
            + axes.z_axis.abs() * self.half_size.z;
        [self.center - reach, self.center + reach].map(|corner| corner.to_array())
    }
}

fn visual_3d(
    boxes: &[OrientedBox],
    count: usize,
    fill_mode: FillMode,
    marks: &Marks<'_>,
) -> Option<SpatialVisual> {
    if boxes.is_empty() {
        return None;
    }
    let has_lines = fill_mode != FillMode::Solid;
    let has_faces = matches!(
        fill_mode,
        FillMode::Solid | FillMode::TransparentFillMajorWireframe
    );
    let bounds = Bounds::of_points(boxes.iter().flat_map(OrientedBox::extremes));
    let labels = marks.labels(count, bounds.center(), |at| {
        let at = boxes
            .binary_search_by_key(&at, |oriented| oriented.instance)
            .ok()?;
        Some(boxes.get(at)?.center.as_dvec3())
    });
    let mut parts = SmallVec::new();
    if has_faces {
        let solid = |one: &OrientedBox| {
            let color = marks.packed_color(one.instance);
            BoxInstance::new(one.center, one.half_size, one.rotation, color)
                .with_instance(one.instance as u32)
        };
        let solids: Arc<[BoxInstance]> = boxes.iter().map(solid).collect();
        let opacity = if has_lines { TRANSPARENT_FACE_OPACITY } else { 255 };
        let solids = Part::new(solids).with_opacity(opacity);
        parts.push(solids.with_translucency(marks.has_alpha()));
    }
    if has_lines {
        let edges = |one: &OrientedBox| {
            let (radius, color) = (marks.radius(one.instance), marks.packed_color(one.instance));
            BoxEdgesInstance::new(one.center, one.half_size, one.rotation, radius, color)
                .with_instance(one.instance as u32)
        };
        let edges: Arc<[BoxEdgesInstance]> = boxes.iter().map(edges).collect();
        parts.push(Part::new(edges).with_translucency(marks.has_alpha()));
    }
    Some(SpatialVisual {
        parts,
        bounds,
        labels,
        draw_order: 0.0,
        ..SpatialVisual::default()
    })
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
        Ok((!lines.is_empty()).then(|| SpatialVisual {
            parts: smallvec![Part::new(lines).with_translucency(marks.has_alpha())],
            bounds,
            labels,
            draw_order,
            ..SpatialVisual::default()
        }))
    }
}
