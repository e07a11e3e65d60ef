//! What the tile of a plot knows of its series: the edits that show and hide them, and put them to another
//! axis.

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{DataResult, DataResults, Item, ViewOverrides, Visualizer as _, Visualizers};
use chronoscope_store::{ChunkStore, ComponentDescriptor, arrow::ArrayRef};
use chronoscope_types::{AsComponents, enums::AxisSide, own::SeriesAxis};

use super::{input::PlotLine, lines::NamedLine, measurements::Measurements, visualizers::SeriesPoints};
use crate::{ViewUiContext, plot::events::PlotEntries};

/// The series of a view, in the order of the legend.
pub(super) struct SeriesEntries<'a> {
    pub(super) view: ViewId,
    pub(super) store: &'a ChunkStore,
    pub(super) named: &'a [NamedLine],
    /// As many as are named.
    pub(super) lines: &'a [PlotLine<'a>],
    pub(super) results: &'a DataResults,
    pub(super) overrides: Option<&'a ViewOverrides>,
    pub(super) visualizers: Option<&'a Visualizers>,
}

impl PlotEntries for SeriesEntries<'_> {
    fn item(&self, at: usize) -> Option<Item> {
        self.named.get(at).map(|line| Item::DataResult {
            view: self.view,
            entity: self.store.entity_path(line.entity).clone(),
            instance: u32::try_from(line.index)
                .ok()
                .filter(|_| self.lines.get(at).is_some_and(|line| line.series.len() > 1)),
        })
    }

    fn visible(&self) -> Vec<bool> {
        self.lines.iter().map(|line| line.visible).collect()
    }

    /// Overrides, so that they can be undone and saved: one per entity and visualizer.
    fn set_visible(&self, changes: &[(usize, bool)]) -> Vec<BlueprintCommand> {
        use chronoscope_types::{Measurements as OfMeasurements, SeriesLines, SeriesPoints as OfPoints};

        let now = |line: &PlotLine<'_>| line.visible;
        self.edit(changes, now, |visualizer, visible| match visualizer {
            name if name == SeriesPoints::INFO.name => {
                OfPoints::default().with_visible_series(visible).components()
            }
            name if name == Measurements::INFO.name => OfMeasurements::default()
                .with_visible_series(visible)
                .components(),
            _ => SeriesLines::default().with_visible_series(visible).components(),
        })
    }
}

impl<'a> SeriesEntries<'a> {
    /// The series of a view; `None` where the view shows nothing.
    pub(super) fn new(
        context: &ViewUiContext<'a>,
        view: ViewId,
        store: &'a ChunkStore,
        named: &'a [NamedLine],
        lines: &'a [PlotLine<'a>],
    ) -> Option<Self> {
        debug_assert_eq!(named.len(), lines.len(), "a line per name");
        Some(Self {
            view,
            store,
            named,
            lines,
            results: context.get::<DataResults>()?,
            overrides: context.get::<ViewOverrides>(),
            visualizers: context.world.get_resource::<Visualizers>(),
        })
    }

    /// The edits that put a series to an axis.
    pub(super) fn set_side(&self, at: usize, side: AxisSide) -> Vec<BlueprintCommand> {
        let now = |line: &PlotLine<'_>| line.side;
        self.edit(&[(at, side)], now, |_, sides| {
            SeriesAxis::default().with_sides(sides).components()
        })
    }

    /// Edits of something that each series of an entity has. `now` is what it is, `components` says what it
    /// is to be of all series of an entity by a visualizer.
    fn edit<T: Copy>(
        &self,
        changes: &[(usize, T)],
        now: impl Fn(&PlotLine<'_>) -> T,
        components: impl Fn(&str, Vec<T>) -> Vec<(ComponentDescriptor, ArrayRef)>,
    ) -> Vec<BlueprintCommand> {
        let mut commands = Vec::new();
        let mut rest: Vec<(usize, T)> = changes.to_vec();
        while let Some((first, _)) = rest.first().copied() {
            let Some(line) = self.named.get(first) else {
                rest.remove(0);
                continue;
            };
            let is_same = |at: usize| {
                self.named.get(at).is_some_and(|other| {
                    other.result() == line.result() && other.visualizer == line.visualizer
                })
            };
            let mut of_entity: Vec<(usize, T)> = (0..self.named.len())
                .filter(|at| is_same(*at))
                .filter_map(|at| {
                    let changed = rest.iter().find(|(other, _)| *other == at);
                    let value =
                        changed.map_or_else(|| self.lines.get(at).map(&now), |(_, value)| Some(*value));
                    Some((self.named.get(at)?.index, value?))
                })
                .collect();
            of_entity.sort_by_key(|(index, _)| *index);
            rest.retain(|(at, _)| !is_same(*at));
            if let Some(result) = self.results.get(line.entity) {
                let values = of_entity.into_iter().map(|(_, value)| value).collect();
                commands.push(self.set_override(result, line, components(line.visualizer, values)));
            }
        }
        commands
    }

    fn set_override(
        &self,
        result: &DataResult,
        line: &NamedLine,
        components: Vec<(ComponentDescriptor, ArrayRef)>,
    ) -> BlueprintCommand {
        let shown_by: Vec<&str> = result
            .visualizers
            .iter()
            .filter_map(|id| Some(self.visualizers?.info(*id)?.name))
            .collect();
        let overrides = self
            .overrides
            .and_then(|overrides| overrides.get(line.entity))
            .map(|overrides| overrides.all().clone())
            .unwrap_or_default();
        BlueprintCommand::SetOverride {
            view: self.view,
            entity: result.path.clone(),
            target: overrides.target(self.view, &result.path, line.visualizer, &shown_by),
            components,
        }
    }
}
