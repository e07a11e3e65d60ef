//! The tile of a time series view: from products to a plot, from what the user does to commands.

use bevy::ecs::prelude::*;
use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{
    Cursor, DataResults, MissingChunks, QueryContext, RecordingEntry, Selection, View, ViewerCommand,
    Visualizer, Visuals, visualizer::ViewVisuals,
};
use chronoscope_store::{ChunkStore, TimeRange, arrow::ArrayRef};
use chronoscope_types::{
    ComponentName,
    enums::{AxisScale, AxisSide},
    format_time_in,
};
use egui::Ui;

use super::{
    canvas::PlotWindow,
    entries::SeriesEntries,
    input::{PlotInput, PlotLine},
    lines::{NamedLine, PlotLines},
    measurements::Measurements,
    pen::PlotDrawing,
    plot::{self, PlotEvent},
    properties::{PlotProperties, set_value_range},
    series::EntitySeries,
    settings,
    visualizers::{SeriesLines, SeriesPoints},
};
use crate::{
    ViewAction, ViewStyle, ViewUi, ViewUiContext, empty,
    plot::{
        events,
        links::{Axis, LinkedTimes},
        looks,
        resets::WindowResets,
        table::values_text,
        window::ValueWindow,
    },
    properties::properties,
    view_action,
    view_ui::recording_of,
};

/// Draws time series views.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeSeriesUi;

/// What the user interface keeps of a plot from frame to frame.
#[derive(Clone, Debug, Default, PartialEq)]
struct PlotMemory {
    /// The recording and timeline that the window is of.
    shown: Option<Axis>,
    /// The values stay here only until the blueprint says them.
    window: PlotWindow,
    /// Two times that were set to measure between them.
    measured: Option<[i64; 2]>,
    /// How often all times were asked for until now.
    num_resets: u64,
}

impl ViewUi for TimeSeriesUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::TIME_SERIES.into()
    }

    fn icon(&self) -> &'static str {
        egui_phosphor::regular::CHART_LINE
    }

    fn archetypes(&self) -> &'static [&'static str] {
        &["Measurements", "Scalars", "StateChange"]
    }

    fn drawn_properties(&self) -> &'static [ComponentName] {
        &settings::DRAWN
    }

    fn properties(&self, context: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        looks::properties(context)
    }

    fn settings_ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let has_right = has_right_axis(context);
        settings::show(ui, context, has_right);
    }

    fn frame_all(&self, context: &mut ViewUiContext<'_>) -> bool {
        let world = context.world;
        let Some((view, resets)) = context.get::<View>().zip(world.get_resource::<WindowResets>()) else {
            return false;
        };
        if world
            .get_resource::<PlotLines>()
            .is_none_or(|lines| lines.get(view.id).is_empty())
        {
            return false;
        }
        resets.reset(view.id);
        let said: PlotProperties = properties(world, view.id);
        let sides = [(AxisSide::Left, said.values), (AxisSide::Right, said.right)];
        for (side, _) in sides.into_iter().filter(|(_, range)| range.is_some()) {
            context.edit(set_value_range(view.id, side, None));
        }
        true
    }

    fn actions(&self) -> &'static [ViewAction] {
        &looks::ACTIONS
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let world = context.world;
        let (Some(view), Some(results), Some(looks)) = (
            context.get::<View>(),
            context.get::<DataResults>(),
            context.get::<QueryContext>(),
        ) else {
            return;
        };
        let style = &ViewStyle::of(world);
        let cursor = looks.cursor;
        let recording = recording_of(world, context.view);
        let named = world
            .get_resource::<PlotLines>()
            .map_or(&[][..], |lines| lines.get(view.id));
        let Some(entry) = recording.filter(|_| !named.is_empty()) else {
            let store = recording.map(RecordingEntry::store);
            let (title, hint) = match empty::not_there(context) {
                Some((title, hint)) => (title.to_owned(), hint),
                None => why_empty(world, view, results, store, cursor),
            };
            return empty::show(ui, style, self.icon(), &title, &hint);
        };
        let store = entry.store();
        let action = view_action::take(ui.ctx(), view.id);
        if action == Some(ViewAction::ResetLook) {
            self.frame_all(context);
        }

        let id = ui.id().with(("time series", view.id));
        let mut memory: PlotMemory = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        let before = memory.clone();
        let now = Some(entry.key()).zip(cursor.timeline);
        if memory.shown != now {
            memory.shown = now;
            memory.window.x = None;
            memory.measured = None;
        }
        let said: PlotProperties = properties(world, view.id);
        let style = said.looks.readable(style);
        let num_resets = world
            .get_resource::<WindowResets>()
            .map_or(0, |resets| resets.of(view.id));
        if memory.num_resets != num_resets {
            memory.num_resets = num_resets;
            memory.window = PlotWindow::default();
            if let Some((linked, axis)) = linked_times(world, now, &said) {
                linked.set(axis, None);
            }
        }
        let lines = plot_lines(world, view.id, store, cursor.time, named);
        if lines.len() != named.len() {
            // Made between two frames: the next one has both.
            return;
        }
        // A stretch of time that moves with the cursor is not held by other plots.
        let moves = || {
            let mut lines = lines.iter();
            lines.any(|line| line.series.shown != TimeRange::EVERYTHING)
        };
        let linked = linked_times(world, now, &said).filter(|_| said.is_said_to_be_linked() || !moves());
        if let Some((linked, axis)) = linked {
            memory.window.x = linked.get(axis);
        }
        let timeline = cursor.timeline.map(|timeline| store.timeline(timeline));
        // What the blueprint says by now needs not be kept.
        if memory.window.values == on_scale(said.values, said.scales.left) {
            memory.window.values = None;
        }
        if memory.window.right == on_scale(said.right, said.scales.right) {
            memory.window.right = None;
        }
        let all_times = cursor
            .timeline
            .map_or(TimeRange::EMPTY, |timeline| store.time_range(timeline));
        let is_over_limit = context
            .get::<MissingChunks>()
            .is_some_and(|missing| missing.is_over_limit);
        let input = PlotInput {
            id,
            lines: &lines,
            missing: Plotted::of(world, view.id).missing(),
            missing_note: if is_over_limit {
                "Not in memory"
            } else {
                "Not loaded yet"
            },
            time_type: timeline.map_or(
                chronoscope_store::TimeType::Sequence,
                chronoscope_store::Timeline::time_type,
            ),
            timeline: timeline.map_or("", |timeline| timeline.name()),
            all_times,
            cursor: cursor.time,
            measured: memory.measured,
            locks: said.locks,
            scales: said.scales,
            tooltip: said.tooltip,
            points: said.points,
            action,
            legend: said.looks.legend(),
            grid: said.looks.shows_grid(),
            drawing: world.get_resource::<PlotDrawing>().copied().unwrap_or_default(),
            background: style.background,
            style: &style,
        };
        let window = PlotWindow {
            x: memory
                .window
                .x
                .or_else(|| said.time_window(cursor.time, all_times)),
            values: memory.window.values.or(on_scale(said.values, said.scales.left)),
            right: memory.window.right.or(on_scale(said.right, said.scales.right)),
        };
        let events = plot::show(ui, &input, window);
        let Some(entries) = SeriesEntries::new(context, view.id, store, named, &lines) else {
            return;
        };
        match action {
            Some(ViewAction::ToggleLegend) => looks::toggle_legend(context, view.id, &said.looks),
            Some(ViewAction::CopyTable) => ui.copy_text(shown_values(&input)),
            Some(action) => events::act(action, view.id, &entries, context),
            None => {}
        }
        for event in events {
            match event {
                PlotEvent::SetTime(time) => context.commands.push(looks.seek(view.id, time)),
                PlotEvent::SetMeasured(times) => memory.measured = times,
                PlotEvent::SetSide(at, side) => {
                    for command in entries.set_side(at, side) {
                        context.commands.blueprint(command);
                    }
                    context.commands.push(ViewerCommand::EndGesture);
                }
                PlotEvent::Shared(event) => {
                    let Some(moved) = events::answer(event, view.id, &entries, context, ui.ctx()) else {
                        continue;
                    };
                    memory.window = PlotWindow {
                        x: memory.window.x,
                        ..moved
                    };
                    // A stretch of time that moves with the cursor goes on doing so while nobody moves it.
                    if moved.x != window.x {
                        memory.window.x = moved.x;
                        if let Some((linked, axis)) = linked {
                            linked.set(axis, moved.x);
                        }
                    }
                    let sides = [
                        (AxisSide::Left, moved.values, window.values),
                        (AxisSide::Right, moved.right, window.right),
                    ];
                    for (side, moved, before) in sides {
                        if moved != before {
                            context.commands.blueprint(set_value_range(view.id, side, moved));
                        }
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

/// The values of the series that are shown at the cursor, as text for other programs.
fn shown_values(input: &PlotInput<'_>) -> String {
    let time = format_time_in(input.time_type, input.style.time_zone, input.cursor);
    let values = input.visible().map(|(_, line)| {
        let value = line.series.value_at(line.index, input.cursor);
        (line.name, value.filter(|value| !value.is_nan()))
    });
    values_text(["series", &format!("{} {time}", input.timeline)], values)
}

/// The times that a plot of an axis shares with others, where it is linked.
fn linked_times<'a>(
    world: &'a World,
    axis: Option<Axis>,
    said: &PlotProperties,
) -> Option<(&'a LinkedTimes, Axis)> {
    let linked = world.get_resource::<LinkedTimes>()?;
    Some((linked, axis.filter(|_| said.is_linked())?))
}

/// Whether a series of a view is plotted by the second axis.
fn has_right_axis(context: &ViewUiContext<'_>) -> bool {
    let world = context.world;
    let (Some(view), Some(lines)) = (context.get::<View>(), world.get_resource::<PlotLines>()) else {
        return false;
    };
    let mut lines = lines.get(view.id).iter();
    lines.any(|line| line.side == AxisSide::Right)
}

/// A range that the blueprint gives, as it is on the scale of its axis.
fn on_scale(range: Option<ValueWindow>, scale: AxisScale) -> Option<ValueWindow> {
    range?.on(scale)
}

/// The visuals of a view's series.
pub(super) struct Plotted<'a> {
    lines: Option<&'a ViewVisuals<SeriesLines>>,
    points: Option<&'a ViewVisuals<SeriesPoints>>,
    measurements: Option<&'a ViewVisuals<Measurements>>,
}

impl<'a> Plotted<'a> {
    pub(super) fn of(world: &'a World, view: ViewId) -> Self {
        Self {
            lines: world
                .get_resource::<Visuals<SeriesLines>>()
                .and_then(|visuals| visuals.view(view)),
            points: world
                .get_resource::<Visuals<SeriesPoints>>()
                .and_then(|visuals| visuals.view(view)),
            measurements: world
                .get_resource::<Visuals<Measurements>>()
                .and_then(|visuals| visuals.view(view)),
        }
    }

    pub(super) fn get(&self, line: &NamedLine) -> Option<&'a EntitySeries> {
        let series = match line.visualizer {
            name if name == SeriesPoints::INFO.name => self.points?.get(line.result()),
            name if name == Measurements::INFO.name => self.measurements?.get(line.result()),
            _ => self.lines?.get(line.result()),
        };
        series.map(|series| &**series)
    }

    /// The series of which rows are known and not loaded, in no order. Hidden ones are left out.
    fn missing(&self) -> Vec<&'a EntitySeries> {
        fn of<V: Visualizer<Visual = EntitySeries>>(
            visuals: Option<&ViewVisuals<V>>,
        ) -> impl Iterator<Item = &EntitySeries> {
            let visuals = visuals.into_iter().flat_map(ViewVisuals::iter);
            visuals.map(|(_, series)| &**series).filter(|series| {
                let is_shown = series.is_empty() || series.styles.iter().any(|style| style.visible);
                is_shown && !series.missing.is_empty()
            })
        }
        let lines = of(self.lines).chain(of(self.points));
        lines.chain(of(self.measurements)).collect()
    }
}

/// The lines of a view, in the order of its entities.
pub(super) fn plot_lines<'a>(
    world: &'a World,
    view: ViewId,
    store: &ChunkStore,
    cursor: i64,
    named: &'a [NamedLine],
) -> Vec<PlotLine<'a>> {
    let plotted = Plotted::of(world, view);
    let selection = world
        .get_resource::<Selection>()
        .filter(|selection| selection.hovered.is_some() || !selection.selected.is_empty());
    let lines = named.iter().filter_map(|line| {
        let series = plotted.get(line)?;
        let style = series.styles.get(line.index)?;
        let highlight = selection.map(|selection| selection.entity_highlight(store.entity_path(line.entity)));
        // What changes its name over time is called as it is at the cursor. The plot has made one of that at the
        // end, which tells it from others of the same name.
        let now = series.tracks.name(line.index, cursor);
        let other_name = now.filter(|name| style.name.as_ref() != Some(*name));
        Some(PlotLine {
            series,
            index: line.index,
            name: other_name.unwrap_or(&line.name),
            color: line.color,
            visible: style.visible,
            side: line.side,
            highlight: highlight.unwrap_or_default(),
        })
    });
    lines.collect()
}

/// Why there is nothing to plot, and what to do about it.
fn why_empty(
    world: &World,
    view: &View,
    results: &DataResults,
    store: Option<&ChunkStore>,
    cursor: Cursor,
) -> (String, String) {
    if let Some(report) = empty::first_report::<SeriesLines>(world, view.id, results)
        .or_else(|| empty::first_report::<SeriesPoints>(world, view.id, results))
        .or_else(|| empty::first_report::<Measurements>(world, view.id, results))
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
