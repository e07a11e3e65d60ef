//! Arrows in space and in the plane.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::ArrowInstance;
use chronoscope_types::{Arrows2D, Arrows3D, ComponentName, clamped, read};
use glam::Vec3;

use super::{
    draw_order, flat, num_instances,
    poses::{repeat, with_poses},
    read_draw_order,
};
use crate::spatial::{
    marks::{MarkCells, Marks, read_cell},
    parts::Part,
    visual::SpatialVisual,
};

/// Shows `Arrows3D`.
pub struct Arrows3DVisualizer;

impl Visualizer for Arrows3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Arrows3D",
        required: &[Arrows3D::VECTORS.as_str()],
        optional: with_poses![
            Arrows3D::ORIGINS.as_str(),
            Arrows3D::COLORS.as_str(),
            Arrows3D::RADII.as_str(),
            Arrows3D::LABELS.as_str(),
            Arrows3D::SHOW_LABELS.as_str(),
            Arrows3D::CLASS_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    /// One arrow per vector, from its origin or from zero. Its label lies at its middle.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let (vectors, origins) = (input.get(&Arrows3D::VECTORS), input.get(&Arrows3D::ORIGINS));
        let vectors = read_cell(input, &vectors, read::vectors3d)?;
        let origins = read_cell(input, &origins, read::positions3d)?;
        let cells = MarkCells::of::<Self>(input);
        let marks = cells.read(input)?;

        let visual = visual(Arrows3D::VECTORS, &vectors, &origins, |place| place, &marks);
        repeat(input, visual)
    }
}

/// Shows `Arrows2D`.
pub struct Arrows2DVisualizer;

impl Visualizer for Arrows2DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Arrows2D",
        required: &[Arrows2D::VECTORS.as_str()],
        optional: &[
            Arrows2D::ORIGINS.as_str(),
            Arrows2D::COLORS.as_str(),
            Arrows2D::RADII.as_str(),
            Arrows2D::LABELS.as_str(),
            Arrows2D::SHOW_LABELS.as_str(),
            Arrows2D::DRAW_ORDER.as_str(),
            Arrows2D::CLASS_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    /// As those in space.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let (vectors, origins) = (input.get(&Arrows2D::VECTORS), input.get(&Arrows2D::ORIGINS));
        let vectors = read_cell(input, &vectors, read::vectors2d)?;
        let origins = read_cell(input, &origins, read::positions2d)?;
        let draw_order = read_draw_order(input, &Arrows2D::DRAW_ORDER, draw_order::LINES)?;
        let cells = MarkCells::of::<Self>(input);
        let marks = cells.read(input)?;
        let visual = visual(Arrows2D::VECTORS, &vectors, &origins, flat, &marks);
        Ok(visual.map(|visual| visual.in_plane(draw_order)))
    }
}

/// `place` makes what is logged a place in space.
fn visual<T: Copy + Default>(
    required: ComponentName,
    vectors: &[T],
    origins: &[T],
    place: impl Fn(T) -> [f32; 3],
    marks: &Marks<'_>,
) -> Option<SpatialVisual> {
    let count = num_instances(required.archetype, &[(required, vectors.len())]);
    let vector = |at: usize| Some(Vec3::from_array(place(*vectors.get(at)?)));
    let origin = |at| Vec3::from_array(place(clamped(origins, at).unwrap_or_default()));
    let arrows: Vec<ArrowInstance> = (0..count)
        .filter_map(|at| {
            let (radius, color) = (marks.radius(at), marks.packed_color(at));
            Some(ArrowInstance::new(origin(at), vector(at)?, radius, color))
        })
        .collect();
    if arrows.is_empty() {
        return None;
    }
    let mut visual = SpatialVisual::new([Part::new(arrows).with_translucency(marks.has_alpha())]);
    visual.labels = marks.labels(count, visual.bounds.center(), |at| {
        Some((origin(at) + vector(at)? * 0.5).as_dvec3())
    });
    Some(visual)
}
