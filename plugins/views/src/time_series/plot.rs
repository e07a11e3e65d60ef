//! A plot over time: what it is asked to show, what it says back. It knows nothing of worlds, views and blueprints.

use chronoscope_store::{TimeRange, TimeType};
use egui::{CursorIcon, PointerButton, Pos2, Rect, Response, Sense, Ui, pos2, vec2};

use super::{
    draw::{self, DrawnLine},
    input::{PlotInput, PlotLine},
};
use crate::plot::{
    axes::{self, Axes, GAP, label_width, plot_rect, position_of, text_width, x_of, y_of},
    gestures::{self, draw_box, navigate},
    legend::{self, LegendEntry, LegendInput},
    pyramid::Extent,
    ticks::{time_ticks, value_ticks},
    tooltip::{self, TooltipText},
    window::{TimeWindow, ValueWindow},
};

/// What of the data a plot shows: a stretch of time, and a range of values.
pub(crate) type PlotWindow = gestures::PlotWindow<TimeWindow>;

/// What a user does to a plot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlotEvent {
    /// Moves the time cursor.
    SetTime(i64),
    /// Shows another part of the data.
    SetWindow(PlotWindow),
    /// Ends a drag, so that the next one is another.
    EndGesture,
    /// Points at a series.
    Hover(usize),
    /// Points at the plot, and at no series.
    HoverNothing,
    /// Clicks on a series, or beside all; with the modifier that adds to what is selected.
    Click(Option<usize>, bool),
    /// Shows or hides a series.
    Toggle(usize),
}

/// How near to a line the pointer is on it, in points.
const NEAR: f32 = 10.0;

/// Draws a plot into all of the space that is there, and says what the user does to it.
pub(crate) fn show(ui: &mut Ui, input: &PlotInput<'_>, window: PlotWindow) -> Vec<PlotEvent> {
    let mut events = Vec::new();
    let rect = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(rect);
    ui.painter().rect_filled(rect, 0.0, input.background);
    if !axes::has_room(&rect) {
        return events;
    }
    let font = egui::TextStyle::Small.resolve(ui.style());

    // The times come first, then the values that these need, then the labels, then the room that is left for data.
    let times = window.x.unwrap_or_else(|| all_times(input));
    let values = window.values.unwrap_or_else(|| fitted_values(input, &times));
    let value_labels = value_ticks(&values, rect.height() - axes::AXIS_HEIGHT, font.size * 2.5);
    let plot = plot_rect(&rect, label_width(ui, &font, &value_labels));
    let axis = Rect::from_min_max(plot.left_bottom(), rect.right_bottom());

    let background = ui.interact(plot, input.id.with("plot"), Sense::click_and_drag());
    let axis_response = ui.interact(axis, input.id.with("axis"), Sense::click_and_drag());
    let cursor_x = x_of(&plot, times.position(input.cursor));
    let handle =
        Rect::from_center_size(pos2(cursor_x, plot.center().y), vec2(8.0, plot.height())).intersect(plot);
    let handle_response = plot
        .x_range()
        .contains(cursor_x)
        .then(|| ui.interact(handle, input.id.with("cursor"), Sense::drag()));
    let entries: Vec<LegendEntry<'_>> = input.lines.iter().map(legend_entry).collect();
    let legend_input = LegendInput {
        id: input.id,
        entries: &entries,
        style: input.style,
    };
    let legend_layout = input
        .legend
        .map(|corner| legend::layout(ui, &legend_input, &plot, corner));

    // What the user does now is drawn now.
    let moved = navigate(ui, &background, &plot, (times, values), window, input.locks);
    if let Some(moved) = moved {
        events.push(PlotEvent::SetWindow(moved));
    }
    if background.drag_stopped() {
        events.push(PlotEvent::EndGesture);
    }
    events.extend(cursor_moves(
        ui,
        &[Some(&axis_response), handle_response.as_ref()],
        &plot,
        &times,
    ));
    let (times, values) = match moved {
        Some(moved) => {
            let times = moved.x.unwrap_or_else(|| all_times(input));
            let values = moved.values.unwrap_or_else(|| fitted_values(input, &times));
            (times, values)
        }
        None => (times, values),
    };
    let cursor = events.iter().rev().find_map(|event| {
        if let PlotEvent::SetTime(time) = event {
            Some(*time)
        } else {
            None
        }
    });

    let value_labels = value_ticks(&values, plot.height(), font.size * 2.5);
    let time_labels = time_ticks(&times, input.time_type, plot.width(), 3.0 * GAP, |label| {
        text_width(ui, &font, label)
    });
    let labels = Axes {
        left: rect.left(),
        font: &font,
        grid: input.grid,
        x: &time_labels,
        values: &value_labels,
    };
    axes::draw_axes(ui, input.style, &plot, &labels);

    let clipped = ui.painter().with_clip_rect(plot.intersect(ui.clip_rect()));
    let lines = draw::lines(&clipped, input.lines, &plot, &times, &values);
    draw_box(ui, &clipped, &background, input.style, &plot);
    draw_cursor(
        &clipped,
        input,
        &plot,
        x_of(&plot, times.position(cursor.unwrap_or(input.cursor))),
    );
    let legend = legend_layout
        .map(|layout| legend::show(ui, &legend_input, layout))
        .unwrap_or_default();
    if let Some(toggled) = legend.toggled {
        events.push(PlotEvent::Toggle(toggled));
    }

    let busy = background.dragged()
        || handle_response
            .as_ref()
            .is_some_and(|handle| handle.dragged() || handle.hovered());
    let pointer = background
        .hover_pos()
        .filter(|_| !busy && legend.hovered.is_none());
    let hit = pointer.and_then(|pointer| nearest(&lines, pointer));
    if let Some(at) = legend.hovered.or(hit) {
        events.push(PlotEvent::Hover(at));
    } else if background.hovered() {
        events.push(PlotEvent::HoverNothing);
    }
    if background.clicked() {
        events.push(PlotEvent::Click(hit, ui.input(|input| input.modifiers.command)));
    }
    if let (Some(at), Some(pointer)) = (hit, pointer) {
        show_tooltip(
            ui,
            &clipped,
            input,
            at,
            times.nearest_time(position_of(&plot, pointer.x)),
            |time, value| {
                pos2(
                    x_of(&plot, times.position(time)),
                    y_of(&plot, values.position(value)),
                )
            },
        );
    }
    if handle_response.is_some_and(|handle| handle.hovered() || handle.dragged()) {
        ui.set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    events
}

fn legend_entry<'a>(line: &PlotLine<'a>) -> LegendEntry<'a> {
    LegendEntry {
        name: line.name,
        color: line.color,
        visible: line.visible,
        highlight: line.highlight,
    }
}

/// The stretch of time that all visible series take.
fn all_times(input: &PlotInput<'_>) -> TimeWindow {
    let visible = input.lines.iter().filter(|line| line.visible);
    let range = visible.fold(TimeRange::EMPTY, |range, line| {
        range.union(&line.series.samples.time_range())
    });
    let least = match input.time_type {
        TimeType::Sequence => 2.0,
        TimeType::DurationNs | TimeType::TimestampNs => 1e9,
    };
    TimeWindow::of(
        if range.is_empty() {
            input.fallback_range
        } else {
            range
        },
        least,
    )
}

/// The range of values that all visible series take in a stretch of time.
fn fitted_values(input: &PlotInput<'_>, times: &TimeWindow) -> ValueWindow {
    let visible = input.lines.iter().filter(|line| line.visible);
    ValueWindow::fitted(visible.fold(Extent::EMPTY, |extent, line| extent.union(line.extent(times))))
}

/// Where dragging the axis or the cursor puts the cursor.
fn cursor_moves(
    ui: &Ui,
    responses: &[Option<&Response>],
    plot: &Rect,
    times: &TimeWindow,
) -> Option<PlotEvent> {
    let response = responses
        .iter()
        .flatten()
        .find(|response| response.dragged_by(PointerButton::Primary) || response.clicked())?;
    let pointer = response
        .interact_pointer_pos()
        .or_else(|| ui.input(|input| input.pointer.interact_pos()))?;
    let position = position_of(plot, pointer.x.clamp(plot.left(), plot.right()));
    Some(PlotEvent::SetTime(times.nearest_time(position)))
}

fn draw_cursor(painter: &egui::Painter, input: &PlotInput<'_>, plot: &Rect, x: f32) {
    let color = input.style.cursor;
    painter.vline(painter.round_to_pixel_center(x), plot.y_range(), (1.0, color));
    let top = plot.top();
    let triangle = vec![pos2(x - 5.0, top), pos2(x + 5.0, top), pos2(x, top + 7.0)];
    painter.add(egui::Shape::convex_polygon(triangle, color, egui::Stroke::NONE));
}

/// The line that the pointer is on.
fn nearest(lines: &[DrawnLine], pointer: Pos2) -> Option<usize> {
    let mut best: Option<(f32, usize)> = None;
    for line in lines {
        let distance = line.distance(pointer, NEAR);
        if distance < best.map_or(NEAR, |(distance, _)| distance) {
            best = Some((distance, line.line));
        }
    }
    best.map(|(_, line)| line)
}

fn show_tooltip(
    ui: &Ui,
    painter: &egui::Painter,
    input: &PlotInput<'_>,
    at: usize,
    time: i64,
    place: impl Fn(i64, f64) -> Pos2,
) {
    let Some(line) = input.lines.get(at) else { return };
    let sample = match line.series.constants.get(line.index) {
        Some(constant) => Some((None, *constant)),
        None => line.series.nearest_sample(line.index, time).and_then(|sample| {
            Some((
                Some(*line.series.samples.times(line.index).get(sample)?),
                *line.series.samples.values(line.index).get(sample)?,
            ))
        }),
    };
    let Some((time, value)) = sample else { return };
    if let Some(time) = time {
        painter.circle(place(time, value), 4.0, line.color, (1.5, input.style.hovered));
    }
    let time = time.map_or_else(
        || "static".to_owned(),
        |time| chronoscope_types::format_time(input.time_type, time),
    );
    let text = TooltipText {
        name: line.name,
        color: line.color,
        place: &format!("{} {time}", input.timeline),
        value,
    };
    tooltip::show(ui, input.id.with("tooltip"), input.style, text);
}
