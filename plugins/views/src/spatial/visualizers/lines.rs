//! Lines through many points, in space and in the plane.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::LineInstance;
use chronoscope_types::{LineStrips2D, LineStrips3D, ListSlices, PlainValue, read};
use glam::{DVec3, Vec3};
use smallvec::smallvec;

use super::{
    draw_order, fail, flat, num_instances,
    poses::{repeat, with_poses},
    read_draw_order,
};
use crate::spatial::{
    bounds::Bounds,
    marks::{MarkCells, Marks},
    parts::Part,
    visual::SpatialVisual,
};

/// Shows `LineStrips3D`.
pub struct LineStrips3DVisualizer;

impl Visualizer for LineStrips3DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Lines3D",
        required: &[LineStrips3D::STRIPS.as_str()],
        optional: with_poses![
            LineStrips3D::COLORS.as_str(),
            LineStrips3D::RADII.as_str(),
            LineStrips3D::LABELS.as_str(),
            LineStrips3D::SHOW_LABELS.as_str(),
            LineStrips3D::CLASS_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(array) = input.get(&LineStrips3D::STRIPS) else {
            return Ok(None);
        };
        let strips = read::strips3d(&array).map_err(|error| fail(input, &error))?;
        let cells = MarkCells::of::<Self>(input);
        let count = num_instances(LineStrips3D::ARCHETYPE, &[(LineStrips3D::STRIPS, strips.len())]);
        repeat(input, visual(&strips, count, |point| point, &cells.read(input)?))
    }
}

/// Shows `LineStrips2D`.
pub struct LineStrips2DVisualizer;

impl Visualizer for LineStrips2DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Lines2D",
        required: &[LineStrips2D::STRIPS.as_str()],
        optional: &[
            LineStrips2D::COLORS.as_str(),
            LineStrips2D::RADII.as_str(),
            LineStrips2D::LABELS.as_str(),
            LineStrips2D::SHOW_LABELS.as_str(),
            LineStrips2D::DRAW_ORDER.as_str(),
            LineStrips2D::CLASS_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(array) = input.get(&LineStrips2D::STRIPS) else {
            return Ok(None);
        };
        let strips = read::strips2d(&array).map_err(|error| fail(input, &error))?;
        let draw_order = read_draw_order(input, &LineStrips2D::DRAW_ORDER, draw_order::LINES)?;
        let cells = MarkCells::of::<Self>(input);
        let count = num_instances(LineStrips2D::ARCHETYPE, &[(LineStrips2D::STRIPS, strips.len())]);
        let visual = visual(&strips, count, flat, &cells.read(input)?);
        Ok(visual.map(|visual| visual.in_plane(draw_order)))
    }
}

/// A strip of fewer than two points is nothing to draw. A point that is not finite interrupts its strip.
fn visual<T: PlainValue>(
    strips: &ListSlices<'_, T>,
    count: usize,
    place: impl Fn(T) -> [f32; 3] + Copy,
    marks: &Marks<'_>,
) -> Option<SpatialVisual> {
    let bounds = Bounds::of_points(strips.values().iter().map(|point| place(*point)));
    let mut lines = Vec::with_capacity(strips.values().len());
    for (at, strip) in strips.iter().enumerate().take(count) {
        let (radius, color) = (marks.radius(at), marks.packed_color(at));
        lines.extend(strip.windows(2).filter_map(|pair| {
            let [a, b] = pair else { return None };
            let (a, b) = (Vec3::from_array(place(*a)), Vec3::from_array(place(*b)));
            let line = || LineInstance::new(a, b, radius, color).with_instance(at as u32);
            (a.is_finite() && b.is_finite()).then(line)
        }));
    }
    if lines.is_empty() {
        return None;
    }
    let labels = marks.labels(count, bounds.center(), |at| {
        let strip = strips.get(at)?;
        Some(DVec3::from_array(
            place(*strip.get(strip.len() / 2)?).map(f64::from),
        ))
    });
    Some(SpatialVisual {
        parts: smallvec![Part::new(lines).with_translucency(marks.has_alpha())],
        bounds: bounds.grown(marks.reach()),
        labels,
        ..SpatialVisual::default()
    })
}
