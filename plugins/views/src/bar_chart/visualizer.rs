//! From a tensor in the store to bars.

use chronoscope_frame::{Report, Visual, Visualizer, VisualizerInfo, VisualizerInput, visualizer::QueryMode};
use chronoscope_store::{Cell, CellRef};
use chronoscope_types::{
    BarChart as Archetype, Component as _, ReadError, Rgba, components, read, tensor::TensorData,
};
use egui::Color32;

use super::bars::Bars;

/// Shows numbers as bars.
pub struct BarChart;

/// The bars of an entity.
#[derive(Clone, Debug, Default)]
pub struct EntityBars {
    /// The bars.
    pub bars: Bars,
    /// The color that was logged for them. The view chooses one where there is none.
    pub color: Option<Color32>,
    /// The values at the end for which the abscissa has no place.
    pub without_place: usize,
}

impl Visual for EntityBars {
    fn heap_bytes(&self) -> u64 {
        self.bars.heap_bytes() as u64
    }
}

impl Visualizer for BarChart {
    type Visual = EntityBars;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "BarChart",
        required: &[Archetype::VALUES.name],
        optional: &[
            Archetype::COLOR.name,
            Archetype::ABSCISSA.name,
            Archetype::WIDTHS.name,
        ],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<EntityBars>, Report> {
        let report = |what: &str, error: ReadError| input.report(format!("{what}: {error}"));
        let vector = |component: &str, what: &str| {
            let Some(cell) = input.get(component) else {
                return Ok(None);
            };
            vector(&cell).map_err(|error| report(what, error))
        };
        let Some(values) = vector(&Archetype::VALUES, "values")? else {
            return Ok(None);
        };
        let abscissa = vector(&Archetype::ABSCISSA, "abscissa")?;
        let widths = input.get(&Archetype::WIDTHS);
        let widths = widths
            .as_ref()
            .map(components::Length::read)
            .transpose()
            .map_err(|error| report("widths", error))?
            .unwrap_or_default();
        let color = input.get(&Archetype::COLOR);
        let color = color
            .as_ref()
            .map(logged_color)
            .transpose()
            .map_err(|error| report("color", error))?;
        let without_place = abscissa
            .as_ref()
            .map_or(0, |abscissa| values.len().saturating_sub(abscissa.len()));
        Ok(Some(EntityBars {
            bars: Bars::new(&values, abscissa.as_deref(), &widths),
            color: color.flatten(),
            without_place,
        }))
    }
}

/// The first color of a cell.
pub(super) fn logged_color<'a>(cell: impl Into<CellRef<'a>>) -> Result<Option<Color32>, ReadError> {
    let color = read::colors(cell)?.first().copied();
    Ok(color.map(|color| {
        let [r, g, b, a] = Rgba(color).to_array();
        Color32::from_rgba_unmultiplied(r, g, b, a)
    }))
}

/// The numbers of the first tensor of a cell.
fn vector(cell: &Cell<'_>) -> Result<Option<Vec<f64>>, ReadError> {
    let tensors = components::TensorData::read(cell)?;
    let vector = tensors.first().map(TensorData::to_vector).transpose()?;
    Ok(vector.map(|vector| vector.to_vec()))
}
