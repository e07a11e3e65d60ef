//! Arrows in space.

use chronoscope_frame::{
    Annotations, Report, Visualizer, VisualizerInput,
    visualizer::{QueryMode, VisualizerInfo},
};
use chronoscope_render::ArrowInstance;
use chronoscope_types::{Arrows3D, clamped, read};
use glam::Vec3;

use super::num_instances;
use crate::spatial::{
    marks::{MarkCells, read_cell},
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
        optional: &[
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

        let count = num_instances(Arrows3D::ARCHETYPE, &[(Arrows3D::VECTORS, vectors.len())]);
        let origin = |at| Vec3::from_array(clamped(&origins, at).unwrap_or_default());
        let arrows: Vec<ArrowInstance> = vectors
            .iter()
            .take(count)
            .enumerate()
            .map(|(at, vector)| {
                let vector = Vec3::from_array(*vector);
                ArrowInstance::new(origin(at), vector, marks.radius(at), marks.packed_color(at))
            })
            .collect();
        if arrows.is_empty() {
            return Ok(None);
        }
        let mut visual = SpatialVisual::new([Part::new(arrows).with_translucency(marks.has_alpha())]);
        visual.labels = marks.labels(count, visual.bounds.center(), |at| {
            let vector = Vec3::from_array(*vectors.get(at)?);
            Some((origin(at) + vector * 0.5).as_dvec3())
        });
        Ok(Some(visual))
    }
}
