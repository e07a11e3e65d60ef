//! What solids in space have in common: places and rotations, faces and edges.

use std::{
    borrow::Cow,
    f32::consts::{PI, TAU},
};

use chronoscope_frame::{Report, Visualizer, VisualizerInput};
use chronoscope_render::{ArcInstance, BoxEdgesInstance, LineInstance};
use chronoscope_store::Cell;
use chronoscope_types::{
    ComponentName, clamped, enums::FillMode, num_solids, read, records::RotationAxisAngle,
};
use glam::{Quat, Vec3};
use smallvec::SmallVec;

use super::{fail, poses::repeat, rotations};
use crate::spatial::{
    SpatialPrimitive,
    bounds::Bounds,
    marks::{MarkCells, Marks, read_cell},
    parts::Part,
    visual::SpatialVisual,
};

/// How much is seen of faces that are to be seen through.
const TRANSPARENT_FACE_OPACITY: u8 = 64;

/// The components that say where the solids of an entity are and how they are drawn.
pub(super) struct PoseNames {
    pub(super) places: ComponentName,
    pub(super) axis_angles: ComponentName,
    pub(super) quaternions: ComponentName,
    pub(super) fill_mode: ComponentName,
}

/// Their cells. Owns what [`Poses`] refers to.
pub(super) struct PoseCells<'c> {
    places: Option<Cell<'c>>,
    axis_angles: Option<Cell<'c>>,
    quaternions: Option<Cell<'c>>,
    fill_mode: Option<Cell<'c>>,
}

impl<'c> PoseCells<'c> {
    pub(super) fn of(input: &VisualizerInput<'c>, names: &PoseNames) -> Self {
        Self {
            places: input.get(&names.places),
            axis_angles: input.get(&names.axis_angles),
            quaternions: input.get(&names.quaternions),
            fill_mode: input.get(&names.fill_mode),
        }
    }

    /// Reads the cells.
    ///
    /// # Errors
    /// Where one of them cannot be read as its component.
    pub(super) fn read<'a>(&'a self, input: &VisualizerInput<'_>) -> Result<Poses<'a>, Report> {
        let fill_modes = read_cell(input, &self.fill_mode, read::fill_modes)?;
        Ok(Poses {
            places: read_cell(input, &self.places, read::translations3d)?,
            axis_angles: read_cell(input, &self.axis_angles, read::rotations_axis_angle)?,
            quaternions: read_cell(input, &self.quaternions, read::quaternions)?,
            fill_mode: fill_modes.first().copied().unwrap_or_default(),
        })
    }
}

/// Where the solids of an entity are and how they are drawn. Where there are fewer values than solids, the last holds for
/// the rest.
pub(super) struct Poses<'a> {
    places: Cow<'a, [[f32; 3]]>,
    axis_angles: Vec<RotationAxisAngle>,
    quaternions: Cow<'a, [[f32; 4]]>,
    fill_mode: FillMode,
}

impl Poses<'_> {
    /// The number of solids that have so many of each of their sizes.
    pub(super) fn num_solids(&self, sizes: &[usize]) -> usize {
        let poses = [self.places.len(), self.axis_angles.len(), self.quaternions.len()];
        num_solids(sizes, &poses)
    }

    /// The pose of a solid; `None` where it is said that there is none, by a quaternion without length or a place
    /// that is not finite.
    fn get(&self, instance: usize) -> Option<Pose> {
        let mut rotation = Quat::IDENTITY;
        if let Some(turn) = clamped(&self.axis_angles, instance) {
            rotation *= rotations::turn(turn);
        }
        if let Some(quaternion) = clamped(&self.quaternions, instance) {
            rotation *= rotations::quaternion(quaternion)?;
        }
        let center = Vec3::from_array(clamped(&self.places, instance).unwrap_or_default());
        (center.is_finite() && rotation.is_finite()).then_some(Pose { center, rotation })
    }

    /// The visual of `count` solids, whose shapes `shape_of` gives: `None` for those that are not drawn. `marks` has the
    /// radii of their edges. It is made from the memory of `spare`, as far as that fits.
    pub(super) fn visual<S: SolidShape>(
        &self,
        count: usize,
        marks: &Marks<'_>,
        spare: &mut SpatialVisual,
        shape_of: impl Fn(usize) -> Option<S>,
    ) -> Option<SpatialVisual> {
        let solids: SmallVec<[Solid<S>; 1]> = (0..count)
            .filter_map(|instance| {
                Some(Solid {
                    instance,
                    shape: shape_of(instance)?,
                    pose: self.get(instance)?,
                })
            })
            .collect();
        if solids.is_empty() {
            return None;
        }
        let bounds = Bounds::of_points(solids.iter().flat_map(|solid| {
            let reach = solid.shape.reach(&solid.pose);
            let center = solid.shape.center(&solid.pose);
            [center - reach, center + reach].map(|corner| corner.to_array())
        }));
        let labels = marks.labels(count, bounds.center(), |at| {
            let at = solids.binary_search_by_key(&at, |solid| solid.instance).ok()?;
            let solid = solids.get(at)?;
            Some(solid.shape.center(&solid.pose).as_dvec3())
        });
        let fill = self.fill_mode;
        let has_alpha = marks.has_alpha();
        let spares = &mut spare.parts;
        let mut parts = SmallVec::new();
        let has_lines = fill != FillMode::Solid;
        if matches!(fill, FillMode::Solid | FillMode::TransparentFillMajorWireframe) {
            let faces = solids.iter().map(|solid| {
                let (instance, color) = (solid.instance as u32, marks.packed_color(solid.instance));
                solid.shape.face(&solid.pose, color, instance)
            });
            let opacity = if has_lines { TRANSPARENT_FACE_OPACITY } else { 255 };
            let faces = Part::from_spares(faces, spares).with_opacity(opacity);
            parts.push(faces.with_translucency(has_alpha));
        }
        if has_lines {
            let mut edges = Edges::default();
            for solid in &solids {
                let stroke = Stroke {
                    radius: marks.radius(solid.instance),
                    color: marks.packed_color(solid.instance),
                    instance: solid.instance as u32,
                    is_dense: fill == FillMode::DenseWireframe,
                };
                solid.shape.edges(&solid.pose, stroke, &mut edges);
            }
            let add = |part: Part| parts.push(part.with_translucency(has_alpha));
            edges.into_parts(spares, add);
        }
        Some(SpatialVisual {
            parts,
            bounds,
            labels,
            ..SpatialVisual::default()
        })
    }
}

/// The visual of solids that are given by half of their sizes, made from the memory of `spare`, as far as that fits.
///
/// # Errors
/// Where a component cannot be read as that.
pub(super) fn sized_solids<V: Visualizer, S: SolidShape>(
    input: &VisualizerInput<'_>,
    spare: &mut SpatialVisual,
    half_sizes_name: ComponentName,
    names: &PoseNames,
    shape_of: fn(Vec3) -> S,
) -> Result<Option<SpatialVisual>, Report> {
    let Some(half_sizes) = input.get(&half_sizes_name) else {
        return Ok(None);
    };
    let half_sizes = read::half_sizes3d(&half_sizes).map_err(|error| fail(input, &error))?;
    let cells = PoseCells::of(input, names);
    let poses = cells.read(input)?;
    let count = poses.num_solids(&[half_sizes.len()]);
    let marks = MarkCells::of::<V>(input);
    let visual = poses.visual(count, &marks.read(input)?, spare, |instance| {
        let half_size = Vec3::from_array(clamped(&half_sizes, instance)?).abs();
        half_size.is_finite().then(|| shape_of(half_size))
    });
    repeat(input, visual)
}

struct Solid<S> {
    instance: usize,
    shape: S,
    pose: Pose,
}

/// Where a solid is.
pub(super) struct Pose {
    pub(super) center: Vec3,
    pub(super) rotation: Quat,
}

/// How the edges of a solid are drawn.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub(super) radius: f32,
    pub(super) color: u32,
    pub(super) instance: u32,
    /// Whether there are to be many edges.
    pub(super) is_dense: bool,
}

/// The shape of a solid.
pub(super) trait SolidShape {
    /// The primitive that draws its surface.
    type Face: SpatialPrimitive;

    /// Its middle.
    fn center(&self, pose: &Pose) -> Vec3 {
        pose.center
    }

    /// How far it reaches from its middle along the axes of the space.
    fn reach(&self, pose: &Pose) -> Vec3;

    /// Its surface.
    fn face(&self, pose: &Pose, color: u32, instance: u32) -> Self::Face;

    /// Adds its edges.
    fn edges(&self, pose: &Pose, stroke: Stroke, edges: &mut Edges);
}

/// The edges of solids, by primitive.
#[derive(Default)]
pub(super) struct Edges {
    /// Mostly one.
    boxes: SmallVec<[BoxEdgesInstance; 1]>,
    arcs: Vec<ArcInstance>,
    lines: Vec<LineInstance>,
}

impl Edges {
    /// Hands on a part for each primitive that there is, made from the memory of `spares` as far as that fits.
    fn into_parts(self, spares: &mut SmallVec<[Part; 2]>, mut add: impl FnMut(Part)) {
        let Self { boxes, arcs, lines } = self;
        if !boxes.is_empty() {
            add(Part::from_spares(boxes.into_iter(), spares));
        }
        if !arcs.is_empty() {
            add(Part::from_spares(arcs.into_iter(), spares));
        }
        if !lines.is_empty() {
            add(Part::from_spares(lines.into_iter(), spares));
        }
    }

    /// The edges of a box.
    pub(super) fn add_box(&mut self, pose: &Pose, half_size: Vec3, stroke: Stroke) {
        let Stroke { radius, color, .. } = stroke;
        let edges = BoxEdgesInstance::new(pose.center, half_size, pose.rotation, radius, color);
        self.boxes.push(edges.with_instance(stroke.instance));
    }

    /// An ellipse, or the part of one that spans these angles, in the axes of a pose.
    pub(super) fn add_arc(&mut self, pose: &Pose, arc: EllipseArc, stroke: Stroke) {
        let Pose { center, rotation } = pose;
        let ellipse = ArcInstance::ellipse(
            *center + *rotation * arc.center,
            *rotation * arc.x_axis,
            *rotation * arc.y_axis,
            stroke.radius,
            stroke.color,
        );
        let arc = ellipse.with_angles(arc.start, arc.sweep);
        self.arcs.push(arc.with_instance(stroke.instance));
    }

    /// A line, in the axes of a pose.
    pub(super) fn add_line(&mut self, pose: &Pose, ends: [Vec3; 2], stroke: Stroke) {
        let [start, end] = ends.map(|end| pose.center + pose.rotation * end);
        let line = LineInstance::new(start, end, stroke.radius, stroke.color);
        self.lines.push(line.with_instance(stroke.instance));
    }
}

/// A part of an ellipse around a center.
#[derive(Clone, Copy)]
pub(super) struct EllipseArc {
    pub(super) center: Vec3,
    pub(super) x_axis: Vec3,
    pub(super) y_axis: Vec3,
    /// In radians.
    pub(super) start: f32,
    /// In radians.
    pub(super) sweep: f32,
}

impl EllipseArc {
    pub(super) const fn ellipse(center: Vec3, x_axis: Vec3, y_axis: Vec3) -> Self {
        Self {
            center,
            x_axis,
            y_axis,
            start: 0.0,
            sweep: TAU,
        }
    }

    /// The half of the ellipse from its X axis over its Y axis.
    pub(super) const fn half(self) -> Self {
        Self { sweep: PI, ..self }
    }
}

/// Directions around Z at equal angles over a turn.
pub(super) fn around(count: u16) -> impl Iterator<Item = Vec3> {
    (0..count).map(move |at| {
        let angle = f32::from(at) / f32::from(count) * TAU;
        Vec3::new(angle.cos(), angle.sin(), 0.0)
    })
}

/// How far an ellipsoid, or a circle where one half size is zero, reaches along the axes of the space.
pub(super) fn reach_of_ellipsoid(rotation: Quat, half_size: Vec3) -> Vec3 {
    let axes = glam::Mat3::from_quat(rotation);
    let squares = [
        axes.x_axis * half_size.x,
        axes.y_axis * half_size.y,
        axes.z_axis * half_size.z,
    ]
    .map(|axis| axis * axis);
    let [x, y, z] = (squares[0] + squares[1] + squares[2]).to_array();
    Vec3::new(x.sqrt(), y.sqrt(), z.sqrt())
}
