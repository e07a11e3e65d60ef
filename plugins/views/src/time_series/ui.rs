//! The tile of a time series view: from products to a plot, from what the user does to commands.

use std::collections::BTreeMap;

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{
    Cursor, DataResults, Item, RecordingKey, Recordings, Selection, TimeCommand, View, ViewerCommand, Visualizer, Visuals,
};
use chronoscope_store::{ChunkStore, EntityId, EntityPath, TimelineId};
use chronoscope_types::{
    Component,
    blueprint::{PlotBackground, PlotLegend, ScalarAxis},
    components,
    enums::Corner2D,
    read,
};
use egui::{Color32, Id, Ui};

use super::{
    names::{Naming, display_names},
    plot::{self, PlotEvent, PlotInput, PlotLine, PlotWindow},
    series::EntitySeries,
    visualizers::{SeriesLines, SeriesPoints},
    window::ValueWindow,
};
use crate::{ViewStyle, ViewUi, ViewUiContext, empty, spatial::properties::property};

/// Draws time series views.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeSeriesUi;

/// What the user interface keeps of a plot from frame to frame.
#[derive(Clone, Debug, Default)]
struct PlotMemory {
    /// The recording and timeline that the window is of.
    shown: Option<(RecordingKey, TimelineId)>,
    window: PlotWindow,
    /// What the legend shows and hides, against what the data says.
    visible: BTreeMap<SeriesKey, bool>,
}

/// A series of a view: the entity, whether it is drawn as points, and which of the entity's it is.
type SeriesKey = (EntityPath, bool, usize);

/// An entity's series with what is needed to name them.
struct Shown<'a> {
    path: &'a EntityPath,
    as_points: bool,
    series: &'a EntitySeries,
}

impl ViewUi for TimeSeriesUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::TIME_SERIES.into()
    }

    fn icon(&self) -> &'static str {
        egui_phosphor::regular::CHART_LINE
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let world = context.world;
        let (Some(view), Some(results), Some(cursor)) =
            (context.get::<View>(), context.get::<DataResults>(), world.get_resource::<Cursor>())
        else {
            return;
        };
        let default_style = ViewStyle::default();
        let style = world.get_resource::<ViewStyle>().unwrap_or(&default_style);
        let recording = cursor.recording.and_then(|key| world.get_resource::<Recordings>()?.get(key));
        let shown = shown_series(world, view.id, results);
        let Some(entry) = recording.filter(|_| !shown.is_empty()) else {
            let store = recording.map(|entry| entry.store());
            let (title, hint) = why_empty(world, view, results, store, *cursor);
            return empty::show(ui, style, self.icon(), &title, &hint);
        };
        let store = entry.store();

        let id = Id::new(("time series", view.id));
        let mut memory: PlotMemory = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        let now = Some(entry.key()).zip(cursor.timeline);
        if memory.shown != now {
            memory.shown = now;
            memory.window.time = None;
        }
        let keys: Vec<SeriesKey> = shown
            .iter()
            .flat_map(|shown| (0..shown.series.len()).map(|at| (shown.path.clone(), shown.as_points, at)))
            .collect();
        let lines = plot_lines(world, view.id, &shown, &keys, &memory);
        let timeline = cursor.timeline.map(|timeline| store.timeline(timeline));
        let fixed = value_range(world, view.id);
        let input = PlotInput {
            id,
            lines: &lines,
            time_type: timeline.map_or(chronoscope_store::TimeType::Sequence, |timeline| timeline.time_type()),
            timeline: timeline.map_or("", |timeline| timeline.name()),
            fallback_range: cursor.timeline.map_or(chronoscope_store::TimeRange::EMPTY, |timeline| store.time_range(timeline)),
            cursor: cursor.time,
            legend: legend_corner(world, view.id),
            grid: show_grid(world, view.id),
            background: background(world, view.id).unwrap_or(style.background),
            style,
        };
        let window = PlotWindow { values: memory.window.values.or(fixed), ..memory.window };
        let events = plot::show(ui, &input, window);
        let before = memory.clone();
        let is_ours = |item: &Item| item.view() == Some(view.id);
        for event in events {
            let item = |at: usize| keys.get(at).map(|(entity, ..)| Item::DataResult { view: view.id, entity: entity.clone() });
            match event {
                PlotEvent::SetTime(time) => context.commands.time(TimeCommand::SetTime(time)),
                PlotEvent::SetWindow(window) => memory.window = window,
                PlotEvent::EndGesture => context.commands.push(ViewerCommand::EndGesture),
                PlotEvent::Hover(at) => context.commands.push(ViewerCommand::Hover(item(at))),
                PlotEvent::HoverNothing => {
                    if world.get_resource::<Selection>().and_then(|selection| selection.hovered.as_ref()).is_some_and(is_ours) {
                        context.commands.push(ViewerCommand::Hover(None));
                    }
                }
                PlotEvent::Click(at, add) => {
                    let item = at.and_then(item).unwrap_or(Item::View(view.id));
                    context.commands.push(if add { ViewerCommand::ToggleSelected(item) } else { ViewerCommand::Select(vec![item]) });
                }
                PlotEvent::Toggle(at) => {
                    if let (Some(key), Some(line)) = (keys.get(at), lines.get(at)) {
                        memory.visible.insert(key.clone(), !line.visible);
                    }
                }
            }
        }
        if memory.window != before.window || memory.visible != before.visible || memory.shown != before.shown {
            ui.ctx().request_repaint();
        }
        ui.data_mut(|data| data.insert_temp(id, memory));
    }
}

/// The series of a view, in the order of its entities.
fn shown_series<'a>(world: &'a World, view: ViewId, results: &'a DataResults) -> Vec<Shown<'a>> {
    let mut shown = Vec::new();
    for result in results.iter() {
        let mut take = |series: Option<&'a EntitySeries>, as_points: bool| {
            shown.extend(series.filter(|series| !series.is_empty()).map(|series| Shown { path: &result.path, as_points, series }));
        };
        take(visual::<SeriesLines>(world, view, result.entity), false);
        take(visual::<SeriesPoints>(world, view, result.entity), true);
    }
    shown
}

fn visual<V: Visualizer>(world: &World, view: ViewId, entity: EntityId) -> Option<&V::Visual> {
    world.get_resource::<Visuals<V>>()?.view(view)?.get(entity).map(|visual| &**visual)
}

fn plot_lines<'a>(world: &World, view: ViewId, shown: &[Shown<'a>], keys: &[SeriesKey], memory: &PlotMemory) -> Vec<PlotLine<'a>> {
    let namings: Vec<Naming<'_>> = shown
        .iter()
        .flat_map(|shown| {
            shown.series.styles.iter().enumerate().map(|(at, style)| Naming {
                path: shown.path,
                logged: style.name.as_deref(),
                index: (shown.series.len() > 1).then_some(at),
            })
        })
        .collect();
    let selection = world.get_resource::<Selection>();
    let series = shown.iter().flat_map(|shown| shown.series.styles.iter().enumerate().map(move |(at, style)| (shown, at, style)));
    series
        .zip(display_names(&namings))
        .zip(keys)
        .map(|(((shown, index, style), name), key)| PlotLine {
            series: shown.series,
            index,
            style,
            name,
            visible: memory.visible.get(key).copied().unwrap_or(style.visible),
            highlight: selection.map(|selection| selection.entity_highlight(Some(view), shown.path)).unwrap_or_default(),
        })
        .collect()
}

/// Why there is nothing to plot, and what to do about it.
fn why_empty(world: &World, view: &View, results: &DataResults, store: Option<&ChunkStore>, cursor: Cursor) -> (String, String) {
    if let Some(report) = first_report::<SeriesLines>(world, view.id, results).or_else(|| first_report::<SeriesPoints>(world, view.id, results)) {
        return ("These scalars can not be plotted".to_owned(), report);
    }
    let plottable = results.iter().filter(|result| !result.visualizers.is_empty()).count();
    if plottable == 0 {
        return (
            "No scalars here yet".to_owned(),
            format!("Log Scalars at or below {}, or let the view show other entities.", view.blueprint.origin),
        );
    }
    match store.zip(cursor.timeline) {
        Some((store, timeline)) => (
            format!("Nothing on timeline {}", store.timeline(timeline).name()),
            "These series lie on other timelines, or are hidden. Choose another timeline below.".to_owned(),
        ),
        None => ("Nothing to plot".to_owned(), "This recording has no timeline yet.".to_owned()),
    }
}

fn first_report<V: Visualizer>(world: &World, view: ViewId, results: &DataResults) -> Option<String> {
    let visuals = world.get_resource::<Visuals<V>>()?.view(view)?;
    results.iter().find_map(|result| visuals.report(result.entity)).map(|report| {
        let entity = report.entity.as_ref().map(|entity| format!("{entity}: ")).unwrap_or_default();
        format!("{entity}{}", report.message)
    })
}

/// The range of values that the blueprint gives.
fn value_range(world: &World, view: ViewId) -> Option<ValueWindow> {
    let array = property(world, view, &ScalarAxis::RANGE)?;
    let [min, max] = *components::Range1D::read(&array).ok()?.first()?;
    ValueWindow::new(min, max)
}

fn legend_corner(world: &World, view: ViewId) -> Option<Corner2D> {
    if !flag(world, view, &PlotLegend::VISIBLE).unwrap_or(true) {
        return None;
    }
    let corner = property(world, view, &PlotLegend::CORNER)
        .and_then(|array| components::blueprint::Corner2D::read(&array).ok()?.first().copied());
    Some(corner.unwrap_or(Corner2D::LeftBottom))
}

fn show_grid(world: &World, view: ViewId) -> bool {
    flag(world, view, &PlotBackground::SHOW_GRID).unwrap_or(true)
}

fn background(world: &World, view: ViewId) -> Option<Color32> {
    let array = property(world, view, &PlotBackground::COLOR)?;
    let [r, g, b, a] = read::colors(&array).ok()?.first()?.to_be_bytes();
    Some(Color32::from_rgba_unmultiplied(r, g, b, a))
}

fn flag(world: &World, view: ViewId, component: &str) -> Option<bool> {
    read::bools(&property(world, view, component)?).ok()?.first().copied()
}
