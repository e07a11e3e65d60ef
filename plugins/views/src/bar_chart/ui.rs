//! The tile of a bar chart view: from products to a plot, from what the user does to commands.

use bevy::ecs::world::World;
use chronoscope_blueprint::{BlueprintCommand, ViewClassId, ViewId};
use chronoscope_frame::{
    DataResults, InstructionIndex, Item, RecordingKey, ResultKey, Selection, Source, View, ViewOverrides,
    Visualizer as _, Visualizers, Visuals,
    visualizer::{ViewVisuals, resolve},
};
use chronoscope_store::{ChunkStore, EntityId, arrow::ArrayRef};
use chronoscope_types::{ComponentName, blueprint::EntityBehavior};
use egui::{Color32, Ui};

use super::{
    plot::{self, PlotChart, PlotInput, PlotWindow},
    properties::BarChartProperties,
    visualizer::{BarChart, EntityBars, logged_color},
};
use crate::{
    ViewAction, ViewStyle, ViewUi, ViewUiContext,
    colors::DistinctColors,
    empty,
    plot::{
        events::{self, PlotEntries},
        looks,
        names::{Naming, display_names},
        resets::WindowResets,
        table::in_one_cell,
    },
    properties::properties,
    recording_of, view_action,
};

/// Draws bar chart views.
#[derive(Clone, Copy, Debug, Default)]
pub struct BarChartUi;

/// What the user interface keeps of a plot from frame to frame.
#[derive(Clone, Debug, Default, PartialEq)]
struct PlotMemory {
    /// The recording that the window is of.
    shown: Option<RecordingKey>,
    window: PlotWindow,
    /// How often all was asked for until now.
    num_resets: u64,
}

/// A chart of an entity; without bars while it is hidden.
struct Chart<'a> {
    entity: EntityId,
    visual: Option<&'a EntityBars>,
    /// The color that was logged for it.
    color: Option<Color32>,
}

impl ViewUi for BarChartUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::BAR_CHART.into()
    }

    fn icon(&self) -> &'static str {
        egui_phosphor::regular::CHART_BAR
    }

    fn archetypes(&self) -> &'static [&'static str] {
        &["BarChart"]
    }

    fn drawn_properties(&self) -> &'static [ComponentName] {
        &looks::DRAWN
    }

    fn properties(&self, context: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        looks::properties(context)
    }

    fn settings_ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        if let Some(view) = context.get::<View>().map(|view| view.id) {
            let said: BarChartProperties = properties(context.world, view);
            looks::show_settings(ui, context, view, &said.looks);
        }
    }

    fn frame_all(&self, context: &mut ViewUiContext<'_>) -> bool {
        let (Some(view), Some(resets)) = (
            context.get::<View>(),
            context.world.get_resource::<WindowResets>(),
        ) else {
            return false;
        };
        let is_there = charts(context).iter().any(|chart| chart.visual.is_some());
        if is_there {
            resets.reset(view.id);
        }
        is_there
    }

    fn actions(&self) -> &'static [ViewAction] {
        &looks::ACTIONS
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let world = context.world;
        let (Some(view), Some(results)) = (context.get::<View>(), context.get::<DataResults>()) else {
            return;
        };
        let style = &ViewStyle::of(world);
        let charts = charts(context);
        let Some(entry) = recording_of(world, context.view).filter(|_| !charts.is_empty()) else {
            let (title, hint) = match empty::not_there(context) {
                Some((title, hint)) => (title.to_owned(), hint),
                None => why_empty(world, view, results),
            };
            return empty::show(ui, style, self.icon(), &title, &hint);
        };
        let store = entry.store();
        let action = view_action::take(ui.ctx(), view.id);
        if action == Some(ViewAction::ResetLook) {
            self.frame_all(context);
        }

        let id = ui.id().with(("bar chart", view.id));
        let mut memory: PlotMemory = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        let before = memory.clone();
        let num_resets = world
            .get_resource::<WindowResets>()
            .map_or(0, |resets| resets.of(view.id));
        if memory.shown != Some(entry.key()) || memory.num_resets != num_resets {
            memory = PlotMemory {
                shown: Some(entry.key()),
                num_resets,
                ..PlotMemory::default()
            };
        }
        let said: BarChartProperties = properties(world, view.id);
        let style = said.looks.readable(style);
        let (names, colors) = names_and_colors(store, &charts);
        let selection = world.get_resource::<Selection>();
        let plotted: Vec<PlotChart<'_>> = charts
            .iter()
            .zip(names.iter().zip(colors))
            .map(|(chart, (name, color))| PlotChart {
                bars: chart.visual.map(|visual| &visual.bars),
                name,
                color,
                highlight: selection
                    .map(|selection| selection.entity_highlight(store.entity_path(chart.entity)))
                    .unwrap_or_default(),
            })
            .collect();
        let input = PlotInput {
            id,
            charts: &plotted,
            action,
            legend: said.looks.legend(),
            grid: said.looks.shows_grid(),
            background: style.background,
            style: &style,
        };
        let entries = ChartEntries {
            view: view.id,
            store,
            charts: &charts,
        };
        for event in plot::show(ui, &input, memory.window) {
            if let Some(moved) = events::answer(event, view.id, &entries, context, ui.ctx()) {
                memory.window = moved;
            }
        }
        match action {
            Some(ViewAction::ToggleLegend) => looks::toggle_legend(context, view.id, &said.looks),
            Some(ViewAction::CopyTable) => ui.copy_text(bars_text(&plotted)),
            Some(action) => events::act(action, view.id, &entries, context),
            None => {}
        }
        if memory != before {
            ui.ctx().request_repaint();
            ui.data_mut(|data| data.insert_temp(id, memory));
        }
    }
}

/// The charts of a view, in the order of the legend.
struct ChartEntries<'a> {
    view: ViewId,
    store: &'a ChunkStore,
    charts: &'a [Chart<'a>],
}

impl PlotEntries for ChartEntries<'_> {
    fn item(&self, at: usize) -> Option<Item> {
        self.charts.get(at).map(|chart| Item::DataResult {
            view: self.view,
            entity: self.store.entity_path(chart.entity).clone(),
            instance: None,
        })
    }

    fn visible(&self) -> Vec<bool> {
        self.charts.iter().map(|chart| chart.visual.is_some()).collect()
    }

    fn set_visible(&self, changes: &[(usize, bool)]) -> Vec<BlueprintCommand> {
        let changes = changes
            .iter()
            .filter_map(|(at, is_visible)| Some((self.charts.get(*at)?, *is_visible)));
        changes
            .map(|(chart, is_visible)| {
                let behavior = EntityBehavior::default().with_visible(is_visible);
                let entity = self.store.entity_path(chart.entity).clone();
                BlueprintCommand::override_entity(self.view, entity, &behavior)
            })
            .collect()
    }
}

/// The bars that are shown as text for other programs: a line each, with tabs between its parts.
fn bars_text(charts: &[PlotChart<'_>]) -> String {
    let mut text = "chart\tindex\tfrom\tto\tvalue\n".to_owned();
    for chart in charts {
        let Some(bars) = chart.bars else { continue };
        let name = in_one_cell(chart.name);
        for bar in bars.iter() {
            let (index, start, end, value) = (bar.index, bar.start, bar.end, bar.value);
            text.push_str(&format!("{name}\t{index}\t{start}\t{end}\t{value}\n"));
        }
    }
    text
}

/// The charts of a view, in the order of its entities. Those that are hidden are among them, so that they can be shown again.
fn charts<'a>(context: &ViewUiContext<'a>) -> Vec<Chart<'a>> {
    let world = context.world;
    let (Some(view), Some(results)) = (context.get::<View>(), context.get::<DataResults>()) else {
        return Vec::new();
    };
    let visuals: Option<&ViewVisuals<BarChart>> = world
        .get_resource::<Visuals<BarChart>>()
        .and_then(|visuals| visuals.view(view.id));
    let overrides = context.get::<ViewOverrides>();
    let visualizers = world.get_resource::<Visualizers>();
    let mut charts = Vec::new();
    for result in results.iter() {
        let entity = result.entity;
        let of_entity = visuals.into_iter().flat_map(|visuals| visuals.of_entity(entity));
        let before = charts.len();
        charts.extend(of_entity.map(|(_, visual)| Chart {
            entity,
            visual: Some(&**visual),
            color: visual.color,
        }));
        let is_hidden = overrides.is_some_and(|overrides| !overrides.is_visible(entity));
        let is_chart = || {
            result.visualizers.iter().any(|id| {
                visualizers
                    .and_then(|visualizers| visualizers.info(*id))
                    .is_some_and(|info| info.name == BarChart::INFO.name)
            })
        };
        if charts.len() == before && is_hidden && is_chart() {
            charts.push(Chart {
                entity,
                visual: None,
                color: hidden_color(world, view.id, entity),
            });
        }
    }
    charts
}

/// The color that was logged for a chart of which nothing is made while it is hidden.
fn hidden_color(world: &World, view: ViewId, entity: EntityId) -> Option<Color32> {
    let key = ResultKey {
        entity,
        instruction: InstructionIndex::default(),
    };
    let color = resolve(world, view, key, &chronoscope_types::BarChart::COLOR)?;
    let is_given = color.source != Source::Fallback;
    logged_color(&color.array).ok()?.filter(|_| is_given)
}

/// What charts are called and which colors they have.
fn names_and_colors(store: &ChunkStore, charts: &[Chart<'_>]) -> (Vec<String>, Vec<Color32>) {
    let namings: Vec<Naming<'_>> = charts
        .iter()
        .map(|chart| Naming {
            path: store.entity_path(chart.entity),
            logged: None,
            index: None,
        })
        .collect();
    let mut distinct = DistinctColors::default();
    for color in charts.iter().filter_map(|chart| chart.color) {
        distinct.take(color);
    }
    let colors = charts
        .iter()
        .map(|chart| {
            let chosen = || distinct.color_of(store.entity_path(chart.entity), 0);
            chart.color.unwrap_or_else(chosen)
        })
        .collect();
    (display_names(&namings), colors)
}

/// Why there is nothing to draw, and what to do about it.
fn why_empty(world: &World, view: &View, results: &DataResults) -> (String, String) {
    if let Some(report) = empty::first_report::<BarChart>(world, view.id, results) {
        return ("These bars cannot be drawn".to_owned(), report);
    }
    if results.iter().any(|result| !result.visualizers.is_empty()) {
        return (
            "No bars at this time".to_owned(),
            "Bars were logged at other times. Move the cursor to them.".to_owned(),
        );
    }
    (
        "No bars here yet".to_owned(),
        format!(
            "Log BarChart at or below {}, or let the view show other entities.",
            view.blueprint.origin
        ),
    )
}
