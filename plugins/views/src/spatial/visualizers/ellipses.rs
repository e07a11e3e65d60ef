//! Ellipses in the plane.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::ArcInstance;
use chronoscope_types::{Ellipses2D, clamped, read};
use glam::{DVec3, Vec3};

use super::{draw_order, fail, flat, num_instances, read_draw_order};
use crate::spatial::{
    marks::{MarkCells, read_cell},
    parts::Part,
    visual::SpatialVisual,
};

/// Shows `Ellipses2D`.
pub struct Ellipses2DVisualizer;

impl Visualizer for Ellipses2DVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Ellipses2D",
        required: &[Ellipses2D::HALF_SIZES.as_str()],
        optional: &[
            Ellipses2D::CENTERS.as_str(),
            Ellipses2D::COLORS.as_str(),
            Ellipses2D::LINE_RADII.as_str(),
            Ellipses2D::LABELS.as_str(),
            Ellipses2D::SHOW_LABELS.as_str(),
            Ellipses2D::DRAW_ORDER.as_str(),
            Ellipses2D::CLASS_IDS.as_str(),
        ],
        contexts: &[Annotations::NAME],
        mode: QueryMode::LatestAt,
    };

    /// The outline of each ellipse. Its label lies below it, where it hides nothing of what the ellipse is about.
    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(half_sizes) = input.get(&Ellipses2D::HALF_SIZES) else {
            return Ok(None);
        };
        let half_sizes = read::half_sizes2d(&half_sizes).map_err(|error| fail(input, &error))?;
        let centers = input.get(&Ellipses2D::CENTERS);
        let centers = read_cell(input, &centers, read::positions2d)?;
        let draw_order = read_draw_order(input, &Ellipses2D::DRAW_ORDER, draw_order::BOXES)?;
        let cells = MarkCells::of::<Self>(input);
        let marks = cells.read(input)?;

        let count = num_instances(
            Ellipses2D::ARCHETYPE,
            &[(Ellipses2D::HALF_SIZES, half_sizes.len())],
        );
        let ellipse = |instance: usize| {
            let half_size = Vec3::from_array(flat(*half_sizes.get(instance)?)).abs();
            let center = Vec3::from_array(flat(clamped(&centers, instance).unwrap_or_default()));
            (half_size.is_finite() && center.is_finite()).then_some((center, half_size))
        };
        let arcs: Vec<ArcInstance> = (0..count)
            .filter_map(|instance| {
                let (center, half_size) = ellipse(instance)?;
                let (x, y) = (Vec3::X * half_size.x, Vec3::Y * half_size.y);
                let (radius, color) = (marks.radius(instance), marks.packed_color(instance));
                let arc = ArcInstance::ellipse(center, x, y, radius, color);
                Some(arc.with_instance(instance as u32))
            })
            .collect();
        if arcs.is_empty() {
            return Ok(None);
        }
        let parts = [Part::new(arcs).with_translucency(marks.has_alpha())];
        let mut visual = SpatialVisual::new(parts).in_plane(draw_order);
        let bounds = visual.bounds;
        let below = DVec3::new(bounds.center().x, bounds.max.y, 0.0);
        visual.labels = marks.labels(count, below, |at| {
            ellipse(at).map(|(center, half_size)| (center + half_size * Vec3::Y).as_dvec3())
        });
        Ok(Some(visual))
    }
}
