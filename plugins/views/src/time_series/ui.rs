//! The tile of a time series view: from products to a plot, from what the user does to commands.

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{BlueprintCommand, EntityOverrides, ViewClassId, ViewId};
use chronoscope_frame::{
    Cursor, DataResult, DataResults, Item, RecordingKey, Recordings, Selection, TimeCommand, View,
    ViewOverrides, ViewerCommand, Visualizer, Visualizers, Visuals,
};
use chronoscope_store::{ChunkStore, EntityId, TimeRange, TimelineId};
use chronoscope_types::{
    AsComponents, Component,
    blueprint::{PlotBackground, PlotLegend, ScalarAxis, TimeAxis},
    components,
    enums::Corner2D,
    read,
};
use egui::{Color32, Id, Ui};

use super::{
    names::{Naming, display_names},
    plot::{self, PlotEvent, PlotInput, PlotLine, PlotWindow},
    series::EntitySeries,
    settings,
    visualizers::{SeriesLines, SeriesPoints},
    window::{TimeWindow, ValueWindow},
};
use crate::{ViewStyle, ViewUi, ViewUiContext, empty, spatial::properties::property};

/// Draws time series views.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeSeriesUi;

/// What the user interface keeps of a plot from frame to frame.
#[derive(Clone, Debug, Default, PartialEq)]
struct PlotMemory {
    /// The recording and timeline that the window is of.
    shown: Option<(RecordingKey, TimelineId)>,
    /// The values stay here only until the blueprint says them.
    window: PlotWindow,
}

/// An entity's series with what is needed to name and to edit them.
struct Shown<'a> {
    result: &'a DataResult,
    visualizer: &'static str,
    series: &'a EntitySeries,
}

impl ViewUi for TimeSeriesUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::TIME_SERIES.into()
    }

    fn icon(&self) -> &'static str {
        egui_phosphor::regular::CHART_LINE
    }

    fn settings_ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        settings::show(ui, context);
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let world = context.world;
        let (Some(view), Some(results), Some(cursor)) = (
            context.get::<View>(),
            context.get::<DataResults>(),
            world.get_resource::<Cursor>(),
        ) else {
            return;
        };
        let default_style = ViewStyle::default();
        let style = world.get_resource::<ViewStyle>().unwrap_or(&default_style);
        let recording = cursor
            .recording
            .and_then(|key| world.get_resource::<Recordings>()?.get(key));
        let shown = shown_series(world, view.id, results);
        let Some(entry) = recording.filter(|_| !shown.is_empty()) else {
            let store = recording.map(chronoscope_frame::RecordingEntry::store);
            let (title, hint) = match empty::not_loaded(context) {
                Some((title, hint)) => (title.to_owned(), hint),
                None => why_empty(world, view, results, store, *cursor),
            };
            return empty::show(ui, style, self.icon(), &title, &hint);
        };
        let store = entry.store();

        let id = Id::new(("time series", view.id));
        let mut memory: PlotMemory = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        let before = memory.clone();
        let now = Some(entry.key()).zip(cursor.timeline);
        if memory.shown != now {
            memory.shown = now;
            memory.window.time = None;
        }
        let owners: Vec<&Shown<'_>> = shown
            .iter()
            .flat_map(|shown| (0..shown.series.len()).map(move |_| shown))
            .collect();
        let lines = plot_lines(world, view.id, &shown);
        let timeline = cursor.timeline.map(|timeline| store.timeline(timeline));
        let fixed = value_range(world, view.id);
        if memory.window.values == fixed {
            memory.window.values = None;
        }
        let all_times = cursor
            .timeline
            .map_or(TimeRange::EMPTY, |timeline| store.time_range(timeline));
        let input = PlotInput {
            id,
            lines: &lines,
            time_type: timeline.map_or(
                chronoscope_store::TimeType::Sequence,
                chronoscope_store::Timeline::time_type,
            ),
            timeline: timeline.map_or("", |timeline| timeline.name()),
            fallback_range: all_times,
            cursor: cursor.time,
            legend: legend_corner(world, view.id),
            grid: show_grid(world, view.id),
            background: background(world, view.id).unwrap_or(style.background),
            style,
        };
        let window = PlotWindow {
            time: memory
                .window
                .time
                .or_else(|| time_range(world, view.id, cursor.time, all_times)),
            values: memory.window.values.or(fixed),
        };
        let events = plot::show(ui, &input, window);
        let is_ours = |item: &Item| item.view() == Some(view.id);
        for event in events {
            let item = |at: usize| {
                owners.get(at).map(|shown| Item::DataResult {
                    view: view.id,
                    entity: shown.result.path.clone(),
                })
            };
            match event {
                PlotEvent::SetTime(time) => context.commands.time(TimeCommand::SetTime(time)),
                PlotEvent::SetWindow(moved) => {
                    memory.window = moved;
                    if moved.values != window.values {
                        context.commands.blueprint(set_value_range(view.id, moved.values));
                    }
                }
                PlotEvent::EndGesture => context.commands.push(ViewerCommand::EndGesture),
                PlotEvent::Hover(at) => context.commands.push(ViewerCommand::Hover(item(at))),
                PlotEvent::HoverNothing => {
                    if world
                        .get_resource::<Selection>()
                        .and_then(|selection| selection.hovered.as_ref())
                        .is_some_and(is_ours)
                    {
                        context.commands.push(ViewerCommand::Hover(None));
                    }
                }
                PlotEvent::Click(at, add) => {
                    let item = at.and_then(item).unwrap_or(Item::View(view.id));
                    context.commands.push(if add {
                        ViewerCommand::ToggleSelected(item)
                    } else {
                        ViewerCommand::Select(vec![item])
                    });
                }
                PlotEvent::Toggle(at) => {
                    if let (Some(shown), Some(line)) = (owners.get(at), lines.get(at)) {
                        let overrides = context
                            .get::<ViewOverrides>()
                            .and_then(|overrides| overrides.get(shown.result.entity));
                        let overrides = overrides
                            .map(|overrides| overrides.all().clone())
                            .unwrap_or_default();
                        context.commands.blueprint(toggle(
                            view.id,
                            shown,
                            &overrides,
                            world.get_resource::<Visualizers>(),
                            line.index,
                        ));
                        context.commands.push(ViewerCommand::EndGesture);
                    }
                }
            }
        }
        if memory != before {
            ui.ctx().request_repaint();
            ui.data_mut(|data| data.insert_temp(id, memory));
        }
    }
}

/// The series of a view, in the order of its entities.
fn shown_series<'a>(world: &'a World, view: ViewId, results: &'a DataResults) -> Vec<Shown<'a>> {
    let mut shown = Vec::new();
    for result in results.iter() {
        let mut take = |series: Option<&'a EntitySeries>, visualizer: &'static str| {
            shown.extend(series.filter(|series| !series.is_empty()).map(|series| Shown {
                result,
                visualizer,
                series,
            }));
        };
        take(
            visual::<SeriesLines>(world, view, result.entity),
            SeriesLines::INFO.name,
        );
        take(
            visual::<SeriesPoints>(world, view, result.entity),
            SeriesPoints::INFO.name,
        );
    }
    shown
}

/// Shows or hides one of an entity's series: an override, so that it can be undone and saved.
fn toggle(
    view: ViewId,
    shown: &Shown<'_>,
    overrides: &EntityOverrides,
    visualizers: Option<&Visualizers>,
    series: usize,
) -> BlueprintCommand {
    let shown_by: Vec<&str> = shown
        .result
        .visualizers
        .iter()
        .filter_map(|id| Some(visualizers?.info(*id)?.name))
        .collect();
    let visible: Vec<bool> = shown
        .series
        .styles
        .iter()
        .enumerate()
        .map(|(at, style)| style.visible != (at == series))
        .collect();
    let components = if shown.visualizer == SeriesPoints::INFO.name {
        chronoscope_types::SeriesPoints::default()
            .with_visible_series(visible)
            .components()
    } else {
        chronoscope_types::SeriesLines::default()
            .with_visible_series(visible)
            .components()
    };
    BlueprintCommand::SetOverride {
        view,
        entity: shown.result.path.clone(),
        target: overrides.target(view, &shown.result.path, shown.visualizer, &shown_by),
        components,
    }
}

/// Writes the range of values down, or takes it back.
pub(super) fn set_value_range(view: ViewId, values: Option<ValueWindow>) -> BlueprintCommand {
    let range: Vec<[f64; 2]> = values.iter().map(|values| [values.min(), values.max()]).collect();
    BlueprintCommand::SetProperty(
        view,
        vec![(ScalarAxis::RANGE.descriptor(), components::Range1D::build(range))],
    )
}

fn visual<V: Visualizer>(world: &World, view: ViewId, entity: EntityId) -> Option<&V::Visual> {
    world
        .get_resource::<Visuals<V>>()?
        .view(view)?
        .get(entity)
        .map(|visual| &**visual)
}

fn plot_lines<'a>(world: &World, view: ViewId, shown: &[Shown<'a>]) -> Vec<PlotLine<'a>> {
    let namings: Vec<Naming<'_>> = shown
        .iter()
        .flat_map(|shown| {
            shown.series.styles.iter().enumerate().map(|(at, style)| Naming {
                path: &shown.result.path,
                logged: style.name.as_deref(),
                index: (shown.series.len() > 1).then_some(at),
            })
        })
        .collect();
    let selection = world.get_resource::<Selection>();
    let series = shown.iter().flat_map(|shown| {
        shown
            .series
            .styles
            .iter()
            .enumerate()
            .map(move |(at, style)| (shown, at, style))
    });
    series
        .zip(display_names(&namings))
        .map(|((shown, index, style), name)| PlotLine {
            series: shown.series,
            index,
            style,
            name,
            visible: style.visible,
            highlight: selection
                .map(|selection| selection.entity_highlight(Some(view), &shown.result.path))
                .unwrap_or_default(),
        })
        .collect()
}

/// Why there is nothing to plot, and what to do about it.
fn why_empty(
    world: &World,
    view: &View,
    results: &DataResults,
    store: Option<&ChunkStore>,
    cursor: Cursor,
) -> (String, String) {
    if let Some(report) = first_report::<SeriesLines>(world, view.id, results)
        .or_else(|| first_report::<SeriesPoints>(world, view.id, results))
    {
        return ("These scalars cannot be plotted".to_owned(), report);
    }
    let plottable = results
        .iter()
        .filter(|result| !result.visualizers.is_empty())
        .count();
    if plottable == 0 {
        return (
            "No scalars here yet".to_owned(),
            format!(
                "Log Scalars at or below {}, or let the view show other entities.",
                view.blueprint.origin
            ),
        );
    }
    match store.zip(cursor.timeline) {
        Some((store, timeline)) => (
            format!("Nothing on timeline {}", store.timeline(timeline).name()),
            "These series lie on other timelines, or are hidden. Choose another timeline below.".to_owned(),
        ),
        None => (
            "Nothing to plot".to_owned(),
            "This recording has no timeline yet.".to_owned(),
        ),
    }
}

fn first_report<V: Visualizer>(world: &World, view: ViewId, results: &DataResults) -> Option<String> {
    let visuals = world.get_resource::<Visuals<V>>()?.view(view)?;
    results
        .iter()
        .find_map(|result| visuals.report(result.entity))
        .map(|report| {
            let entity = report
                .entity
                .as_ref()
                .map(|entity| format!("{entity}: "))
                .unwrap_or_default();
            format!("{entity}{}", report.message)
        })
}

/// The range of values that the blueprint gives.
pub(super) fn value_range(world: &World, view: ViewId) -> Option<ValueWindow> {
    let array = property(world, view, &ScalarAxis::RANGE)?;
    let [min, max] = *components::Range1D::read(&array).ok()?.first()?;
    ValueWindow::new(min, max)
}

/// The stretch of time that the blueprint gives. An end that it leaves open is that of the data.
fn time_range(world: &World, view: ViewId, cursor: i64, all: TimeRange) -> Option<TimeWindow> {
    let array = property(world, view, &TimeAxis::VIEW_RANGE)?;
    let given = components::blueprint::TimeRange::read(&array)
        .ok()?
        .first()?
        .resolve(cursor);
    if given == TimeRange::EVERYTHING {
        return None;
    }
    let end = |time: i64, open: i64, instead: i64| if time == open { instead } else { time };
    let range = TimeRange::new(
        end(given.min, i64::MIN, all.min),
        end(given.max, i64::MAX, all.max),
    );
    (!range.is_empty()).then(|| TimeWindow::of(range, 2.0))
}

pub(super) fn legend_corner(world: &World, view: ViewId) -> Option<Corner2D> {
    if !flag(world, view, &PlotLegend::VISIBLE).unwrap_or(true) {
        return None;
    }
    let corner = property(world, view, &PlotLegend::CORNER).and_then(|array| {
        components::blueprint::Corner2D::read(&array)
            .ok()?
            .first()
            .copied()
    });
    Some(corner.unwrap_or(Corner2D::LeftBottom))
}

pub(super) fn show_grid(world: &World, view: ViewId) -> bool {
    flag(world, view, &PlotBackground::SHOW_GRID).unwrap_or(true)
}

fn background(world: &World, view: ViewId) -> Option<Color32> {
    let array = property(world, view, &PlotBackground::COLOR)?;
    let [r, g, b, a] = read::colors(&array).ok()?.first()?.to_be_bytes();
    Some(Color32::from_rgba_unmultiplied(r, g, b, a))
}

fn flag(world: &World, view: ViewId, component: &str) -> Option<bool> {
    read::bools(&property(world, view, component)?)
        .ok()?
        .first()
        .copied()
}
