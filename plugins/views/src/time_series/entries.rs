//! What the tile of a plot knows of its series: the edits that show and hide them, and put them to another axis.

use chronoscope_blueprint::BlueprintCommand;
use chronoscope_frame::{DataResult, DataResults, Item, ViewOverrides, Visualizer as _, Visualizers};
use chronoscope_store::ChunkStore;
use chronoscope_types::{AsComponents, enums::AxisSide, own::SeriesAxis};

use super::{
    input::PlotLine,
    lines::NamedLine,
    series::{EntitySeries, SeriesStyle},
    visualizers::SeriesPoints,
};
use crate::{ViewUiContext, plot::events::PlotEntries};
use chronoscope_blueprint::ViewId;

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
        let value = |style: &SeriesStyle| style.visible;
        self.edit(changes, value, |is_points, visible| {
            if is_points {
                chronoscope_types::SeriesPoints::default()
                    .with_visible_series(visible)
                    .components()
            } else {
                chronoscope_types::SeriesLines::default()
                    .with_visible_series(visible)
                    .components()
            }
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
        let value = |style: &SeriesStyle| style.side;
        self.edit(&[(at, side)], value, |_, sides| {
            SeriesAxis::default().with_sides(sides).components()
        })
    }

    /// Edits of something that each series of an entity has. `value` is what it is now, `components` says it of all series of an entity.
    fn edit<T: Copy>(
        &self,
        changes: &[(usize, T)],
        value: impl Fn(&SeriesStyle) -> T,
        components: impl Fn(
            bool,
            Vec<T>,
        ) -> Vec<(
            chronoscope_store::ComponentDescriptor,
            chronoscope_store::arrow::ArrayRef,
        )>,
    ) -> Vec<BlueprintCommand> {
        let mut commands = Vec::new();
        let mut rest: Vec<(usize, T)> = changes.to_vec();
        rest.sort_by_key(|(at, _)| *at);
        while let Some((first, _)) = rest.first().copied() {
            let (Some(line), Some(plotted)) = (self.named.get(first), self.lines.get(first)) else {
                rest.remove(0);
                continue;
            };
            let is_same =
                |other: &NamedLine| other.result() == line.result() && other.visualizer == line.visualizer;
            let series: &EntitySeries = plotted.series;
            let mut values: Vec<T> = series.styles.iter().map(&value).collect();
            rest.retain(|(at, changed)| {
                let of_entity = self.named.get(*at).filter(|other| is_same(other));
                if let Some(value) = of_entity.and_then(|other| values.get_mut(other.index)) {
                    *value = *changed;
                }
                of_entity.is_none()
            });
            if let Some(result) = self.results.get(line.entity) {
                let is_points = line.visualizer == SeriesPoints::INFO.name;
                commands.push(self.set_override(result, line, components(is_points, values)));
            }
        }
        commands
    }

    fn set_override(
        &self,
        result: &DataResult,
        line: &NamedLine,
        components: Vec<(
            chronoscope_store::ComponentDescriptor,
            chronoscope_store::arrow::ArrayRef,
        )>,
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
