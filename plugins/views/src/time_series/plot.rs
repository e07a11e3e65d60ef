//! A plot over time: what it is asked to show, what it says back. It knows nothing of worlds, views and blueprints.

use chronoscope_store::TimeType;
use chronoscope_types::enums::AxisSide;
use egui::{Align2, CursorIcon, FontId, PointerButton, Pos2, Rect, Response, Sense, Ui, pos2, vec2};

use super::{
    canvas::{Canvas, PlotWindow, shown},
    draw::{self, DrawnLine},
    hover,
    input::{PlotInput, PlotLine},
    measure::{self, MeasureEvent},
    missing,
};
use crate::plot::{
    axes::{self, Axes, GAP, label_width, plot_rect, text_width},
    events,
    gestures::{Shown, draw_box, moved_by, navigate},
    legend::{Legend, LegendEntry, LegendInput},
    ticks::{Ticks, time_ticks, value_ticks},
    window::{TimeWindow, ValueWindow},
};

/// What a user does to any plot.
pub(crate) type SharedEvent = events::PlotEvent<TimeWindow>;

/// What a user does to a plot over time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlotEvent {
    /// Moves the time cursor.
    SetTime(i64),
    /// Sets two times to measure between, or takes them back.
    SetMeasured(Option<[i64; 2]>),
    /// Puts a series to another axis of values.
    SetSide(usize, AxisSide),
    /// What is done to other plots too.
    Shared(SharedEvent),
}

/// How near to a line the pointer is on it, in points.
const NEAR: f32 = 10.0;

/// Draws a plot into all of the space that is there, and says what the user does to it.
pub(crate) fn show(ui: &mut Ui, input: &PlotInput<'_>, window: PlotWindow) -> Vec<PlotEvent> {
    let mut events = Vec::new();
    let Some(tile) = axes::plot_tile(ui, input.style, input.background) else {
        return events;
    };
    let font = egui::TextStyle::Small.resolve(ui.style());
    let entries: Vec<LegendEntry<'_>> = input
        .lines
        .iter()
        .map(|line| legend_entry(line, input.cursor))
        .collect();
    let legend_input = input.legend.map(|place| LegendInput {
        id: input.id,
        entries: &entries,
        place,
        has_values: true,
        style: input.style,
    });
    let legend = Legend::new(ui, legend_input, &tile);
    let area = legend.area();

    // What is shown comes first, then the labels that this needs, then the room that is left for data.
    let was_shown = shown(input, window);
    let height = area.height() - axes::AXIS_HEIGHT;
    let width_of =
        |values: &ValueWindow| label_width(ui, &font, &value_ticks(values, height, font.size * 2.5));
    let rect = plot_rect(
        &area,
        width_of(&was_shown.values),
        was_shown.right.as_ref().map(width_of),
    );
    let axis = Rect::from_min_max(rect.left_bottom(), pos2(rect.right(), area.bottom()));
    let was = Canvas {
        rect,
        shown: was_shown,
    };

    let background = ui.interact(rect, input.id.with("plot"), Sense::CLICK | Sense::DRAG);
    let axis_response = ui.interact(axis, input.id.with("axis"), Sense::CLICK | Sense::DRAG);
    let cursor_x = was.x(input.cursor);
    let handle =
        Rect::from_center_size(pos2(cursor_x, rect.center().y), vec2(8.0, rect.height())).intersect(rect);
    let handle_response = rect
        .x_range()
        .contains(cursor_x)
        .then(|| ui.interact(handle, input.id.with("cursor"), Sense::DRAG));
    let legend = legend.place(ui, &tile, &rect);

    // What the user does now is drawn now.
    let measuring = measure::gesture(ui, input, &background, &was);
    let moved = match measuring {
        Some(_) => None,
        None => navigate(ui, &background, &rect, &was_shown, window, input.locks)
            .or_else(|| moved_by(input.action?, &was_shown, window, input.locks)),
    };
    events.extend(moved.map(|moved| PlotEvent::Shared(SharedEvent::SetWindow(moved))));
    if background.drag_stopped() {
        events.push(PlotEvent::Shared(SharedEvent::EndGesture));
    }
    let responses = [Some(&axis_response), handle_response.as_ref()];
    let cursor = cursor_move(ui, &responses, input.time_type, &was);
    events.extend(cursor.map(PlotEvent::SetTime));
    let canvas = Canvas {
        rect,
        shown: moved.map_or(was_shown, |moved| shown(input, moved)),
    };

    draw_axes(ui, input, &area, &canvas, &font);
    let clipped = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    missing::mark(&clipped, input, &canvas);
    let lines = draw::lines(&clipped, input, &canvas);
    draw_notes(&clipped, input, &canvas, &lines, &font);
    draw_box(ui, &clipped, &background, input.style, &rect);

    let is_busy = background.dragged()
        || handle_response
            .as_ref()
            .is_some_and(|handle| handle.dragged() || handle.hovered());
    draw_cursor(&clipped, input, &rect, canvas.x(cursor.unwrap_or(input.cursor)));
    let measured = measure::show(ui, &clipped, input, &canvas, &font).or(measuring);
    if let Some(MeasureEvent::Set(times)) = measured {
        events.push(PlotEvent::SetMeasured(times));
    }
    let pointer = background.hover_pos().filter(|_| !is_busy && measured.is_none());
    let hit = pointer.and_then(|pointer| nearest(&lines, pointer));
    let samples = pointer.map(|pointer| hover::samples_at(input, &canvas, pointer.x));
    if let (Some(pointer), Some(samples)) = (pointer, &samples) {
        hover::draw_crosshair(ui.painter(), input, &canvas, &area, &font, pointer);
        hover::draw_samples(&clipped, input, samples, hit);
    }
    let values = legend_values(input, cursor.unwrap_or(input.cursor), samples.as_deref());
    let legend = legend.show(ui, &values);
    events.extend(legend.events().map(PlotEvent::Shared));
    events.extend(legend.moved.map(|(at, side)| PlotEvent::SetSide(at, side)));

    events.extend(legend.hover(&background, hit).map(PlotEvent::Shared));
    if background.clicked() && !ui.input(|input| input.modifiers.shift) {
        let add = ui.input(|input| input.modifiers.command);
        events.push(PlotEvent::Shared(SharedEvent::Click(hit, add)));
    }
    if let (Some(pointer), Some(samples)) = (pointer.filter(|_| !legend.contains_pointer), samples) {
        hover::show_tooltip(ui, input, &canvas, &samples, hit, pointer);
    }
    if handle_response.is_some_and(|handle| handle.hovered() || handle.dragged()) {
        ui.set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    events
}

fn legend_entry<'a>(line: &PlotLine<'a>, cursor: i64) -> LegendEntry<'a> {
    LegendEntry {
        name: line.name,
        color: line.color_at(cursor),
        visible: line.visible,
        highlight: line.highlight,
        side: Some(line.side),
    }
}

/// The value of each line at the pointer, or at the cursor while that is elsewhere.
fn legend_values(input: &PlotInput<'_>, cursor: i64, samples: Option<&[hover::Sample]>) -> Vec<Option<f64>> {
    let Some(samples) = samples else {
        let lines = input.lines.iter();
        return lines
            .map(|line| line.series.value_at(line.index, cursor))
            .collect();
    };
    let mut values = vec![None; input.lines.len()];
    for sample in samples {
        if let Some(value) = values.get_mut(sample.line) {
            *value = Some(sample.value);
        }
    }
    values
}

fn draw_axes(ui: &Ui, input: &PlotInput<'_>, area: &Rect, canvas: &Canvas, font: &FontId) {
    let Shown { x, values, right } = &canvas.shown;
    let rect = &canvas.rect;
    let zone = input.style.time_zone;
    let time_labels = time_ticks(x, input.time_type, zone, rect.width(), 3.0 * GAP, |label| {
        text_width(ui, font, label)
    });
    let labels = |values: &ValueWindow| -> Ticks { value_ticks(values, rect.height(), font.size * 2.5) };
    let right = right.as_ref().map(labels);
    let labels = Axes {
        area: *area,
        font,
        grid: input.grid,
        x: &time_labels,
        values: &labels(values),
        right: right.as_ref(),
    };
    axes::draw_axes(ui, input.style, rect, &labels);
}

/// Says what is not to be seen, and why.
fn draw_notes(
    painter: &egui::Painter,
    input: &PlotInput<'_>,
    canvas: &Canvas,
    lines: &[DrawnLine],
    font: &FontId,
) {
    let rect = canvas.rect;
    if !lines.iter().any(|line| line.is_within(&rect)) {
        let what = if lines.is_empty() {
            "All series are hidden"
        } else if missing::is_missing(input, canvas.shown.x.range()) {
            input.missing_note
        } else {
            "No samples in this stretch of time"
        };
        let color = input.style.secondary_text;
        painter.text(rect.center(), Align2::CENTER_CENTER, what, font.clone(), color);
    }
    let has_gaps = |line: &PlotLine<'_>| {
        canvas.values(line.side).scale() == chronoscope_types::enums::AxisScale::Logarithmic
            && line.series.has_nonpositive(line.index, &canvas.shown.x)
    };
    let count = input.visible().filter(|(_, line)| has_gaps(line)).count();
    if count > 0 {
        let who = if count == 1 {
            "1 series has".to_owned()
        } else {
            format!("{count} series have")
        };
        let note = format!("{who} values that are not positive: gaps on the logarithmic scale");
        let at = rect.center_top() + vec2(0.0, GAP);
        painter.text(at, Align2::CENTER_TOP, note, font.clone(), input.style.warning);
    }
}

/// Where dragging the axis or the cursor puts the cursor.
fn cursor_move(
    ui: &Ui,
    responses: &[Option<&Response>],
    time_type: TimeType,
    canvas: &Canvas,
) -> Option<i64> {
    let response = responses
        .iter()
        .flatten()
        .find(|response| response.dragged_by(PointerButton::Primary) || response.clicked())?;
    let pointer = response
        .interact_pointer_pos()
        .or_else(|| ui.input(|input| input.pointer.interact_pos()))?;
    let x = pointer.x.clamp(canvas.rect.left(), canvas.rect.right());
    Some(canvas.readable_time_at(time_type, x))
}

/// Draws the time cursor; where it lies outside, an arrow at the edge points to it.
fn draw_cursor(painter: &egui::Painter, input: &PlotInput<'_>, plot: &Rect, x: f32) {
    let color = input.style.cursor;
    let outside = if x < plot.left() {
        Some((plot.left() + 1.0, 1.0))
    } else if x > plot.right() {
        Some((plot.right() - 1.0, -1.0))
    } else {
        None
    };
    if let Some((edge, inwards)) = outside {
        let (top, base) = (plot.top() + 1.0, edge + inwards * 7.0);
        let arrow = vec![pos2(edge, top + 5.0), pos2(base, top), pos2(base, top + 10.0)];
        painter.add(egui::Shape::convex_polygon(arrow, color, egui::Stroke::NONE));
        return;
    }
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
