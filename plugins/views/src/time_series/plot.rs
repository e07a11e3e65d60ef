//! A plot over time: what it is asked to show, what it says back. It knows nothing of worlds, views and blueprints.

use chronoscope_store::{TimeRange, TimeType};
use egui::{Color32, CursorIcon, FontId, PointerButton, Pos2, Rect, Response, Sense, Ui, pos2, vec2};

use super::{
    draw::{self, DrawnLine},
    input::{PlotInput, PlotWindow, x_of, y_of},
    legend,
    pyramid::Extent,
    ticks::{Ticks, time_ticks, value_ticks},
    window::{TimeWindow, ValueWindow},
};

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

/// The height of the axis of time, in points.
const TIME_AXIS_HEIGHT: f32 = 20.0;
/// Between a label and what is beside it, in points.
const GAP: f32 = 6.0;
/// How near to a line the pointer is on it, in points.
const NEAR: f32 = 10.0;
/// A smaller tile shows no axes.
const MIN_SIZE: f32 = 24.0;

/// Draws a plot into all of the space that is there, and says what the user does to it.
pub(crate) fn show(ui: &mut Ui, input: &PlotInput<'_>, window: PlotWindow) -> Vec<PlotEvent> {
    let mut events = Vec::new();
    let rect = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(rect);
    ui.painter().rect_filled(rect, 0.0, input.background);
    if !(rect.width() > MIN_SIZE && rect.height() > MIN_SIZE + TIME_AXIS_HEIGHT) {
        return events;
    }
    let font = egui::TextStyle::Small.resolve(ui.style());

    // The times come first, then the values that these need, then the labels, then the room that is left for data.
    let times = window.time.unwrap_or_else(|| all_times(input));
    let values = window.values.unwrap_or_else(|| fitted_values(input, &times));
    let bottom = rect.bottom() - TIME_AXIS_HEIGHT;
    let value_labels = value_ticks(&values, bottom - rect.top(), font.size * 2.5);
    let gutter = (label_width(ui, &font, &value_labels) + 2.0 * GAP).min(rect.width() / 3.0);
    let plot = Rect::from_min_max(pos2(rect.left() + gutter, rect.top()), pos2(rect.right(), bottom));
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
    let legend_layout = input
        .legend
        .map(|corner| legend::layout(ui, input, &plot, corner));

    // What the user does now is drawn now.
    let moved = navigate(
        ui,
        &background,
        &plot,
        PlotWindow {
            time: Some(times),
            values: Some(values),
        },
        window,
    );
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
            let times = moved.time.unwrap_or_else(|| all_times(input));
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
    draw_axes(ui, input, &plot, &font, &time_labels, &value_labels);

    let clipped = ui.painter().with_clip_rect(plot.intersect(ui.clip_rect()));
    let lines = draw::lines(&clipped, input.lines, &plot, &times, &values);
    draw_box(ui, &clipped, &background, input, &plot);
    draw_cursor(
        &clipped,
        input,
        &plot,
        x_of(&plot, times.position(cursor.unwrap_or(input.cursor))),
    );
    let legend = legend_layout
        .map(|layout| legend::show(ui, input, layout))
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
        tooltip(
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

fn position_of(plot: &Rect, x: f32) -> f64 {
    f64::from(x - plot.left()) / f64::from(plot.width().max(1.0))
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

fn text_width(ui: &Ui, font: &FontId, text: &str) -> f32 {
    ui.painter()
        .layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER)
        .size()
        .x
}

fn label_width(ui: &Ui, font: &FontId, ticks: &Ticks) -> f32 {
    ticks
        .ticks
        .iter()
        .map(|tick| text_width(ui, font, &tick.label))
        .fold(0.0, f32::max)
}

/// Pans by dragging, zooms by scrolling and by dragging a box with the secondary button, shows all at a double click.
///
/// `shown` is the window as it is, `asked` without what follows from the data.
fn navigate(
    ui: &Ui,
    response: &Response,
    plot: &Rect,
    shown: PlotWindow,
    asked: PlotWindow,
) -> Option<PlotWindow> {
    let (Some(times), Some(values)) = (shown.time, shown.values) else {
        return None;
    };
    if response.double_clicked() {
        return (asked != PlotWindow::default()).then(PlotWindow::default);
    }
    let mut window = asked;
    if response.dragged_by(PointerButton::Primary) {
        let delta = response.drag_delta();
        if delta.x != 0.0 {
            window.time = Some(times.panned(-f64::from(delta.x / plot.width())));
        }
        // Values that fit by themselves go on doing so.
        if delta.y != 0.0 {
            window.values = asked
                .values
                .map(|values| values.panned(f64::from(delta.y / plot.height())));
        }
    }
    // On release the pointer no longer knows where it was pressed.
    let box_id = response.id.with("box");
    if response.dragged_by(PointerButton::Secondary)
        && let Some(rect) = dragged_box(ui, response)
    {
        ui.data_mut(|data| data.insert_temp(box_id, [rect.min, rect.max]));
    }
    if response.drag_stopped_by(PointerButton::Secondary)
        && let Some(selected) = ui
            .data_mut(|data| data.remove_temp::<[Pos2; 2]>(box_id))
            .map(|[min, max]| Rect::from_min_max(min, max).intersect(*plot))
        && selected.width() > 4.0
        && selected.height() > 4.0
    {
        let y = |y: f32| f64::from(plot.bottom() - y) / f64::from(plot.height());
        window.time = Some(times.part(
            position_of(plot, selected.left()),
            position_of(plot, selected.right()),
        ));
        window.values = Some(values.part(y(selected.bottom()), y(selected.top())));
    }
    if let Some(pointer) = response.hover_pos() {
        let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
        let shift = ui.input(|input| input.modifiers.shift);
        let factor = |scroll: f32| f64::from((scroll / 200.0).exp());
        let anchor_y = f64::from(plot.bottom() - pointer.y) / f64::from(plot.height());
        // Plain scrolling goes along time; with control or shift it goes up and down.
        if scroll.y != 0.0 && !shift {
            window.time = Some(times.zoomed(position_of(plot, pointer.x), factor(scroll.y)));
        }
        let vertical = f64::from(zoom) * if shift { factor(scroll.x + scroll.y) } else { 1.0 };
        if vertical != 1.0 {
            window.values = Some(values.zoomed(anchor_y, vertical));
        }
        if scroll.x != 0.0 && !shift {
            window.time = Some(
                window
                    .time
                    .unwrap_or(times)
                    .panned(-f64::from(scroll.x / plot.width())),
            );
        }
    }
    (window != asked).then_some(window)
}

/// The box that is being dragged with the secondary button.
fn dragged_box(ui: &Ui, response: &Response) -> Option<Rect> {
    let to = response.interact_pointer_pos()?;
    let from = ui
        .input(|input| input.pointer.press_origin())
        .or_else(|| response.total_drag_delta().map(|delta| to - delta))?;
    Some(Rect::from_two_pos(from, to))
}

fn draw_box(ui: &Ui, painter: &egui::Painter, response: &Response, input: &PlotInput<'_>, plot: &Rect) {
    if response.dragged_by(PointerButton::Secondary)
        && let Some(rect) = dragged_box(ui, response)
    {
        let rect = rect.intersect(*plot);
        painter.rect_filled(rect, 0.0, input.style.selected.gamma_multiply(0.15));
        painter.rect_stroke(rect, 0.0, (1.0, input.style.selected), egui::StrokeKind::Inside);
    }
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

fn draw_axes(ui: &Ui, input: &PlotInput<'_>, plot: &Rect, font: &FontId, times: &Ticks, values: &Ticks) {
    let painter = ui.painter();
    let style = input.style;
    let hairline = egui::Stroke::new(1.0, style.grid);
    let mut right = plot.left();
    for tick in &times.ticks {
        let x = painter.round_to_pixel_center(x_of(plot, tick.position));
        if input.grid {
            painter.vline(x, plot.y_range(), hairline);
        }
        let galley = painter.layout_no_wrap(tick.label.clone(), font.clone(), style.secondary_text);
        // A label at the edge moves inwards rather than being cut.
        let left = (x - galley.size().x / 2.0)
            .min(plot.right() - galley.size().x - 2.0)
            .max(plot.left() - GAP);
        if left < right {
            continue;
        }
        right = left + galley.size().x + GAP;
        painter.galley(pos2(left, plot.bottom() + 3.0), galley, style.secondary_text);
    }
    // The unit stands once, where it is in nobody's way.
    if !times.unit.is_empty() {
        let galley = painter.layout_no_wrap(times.unit.clone(), font.clone(), style.secondary_text);
        let left = plot.right() - galley.size().x - 2.0;
        if left > right {
            painter.galley(pos2(left, plot.bottom() + 3.0), galley, style.secondary_text);
        }
    }
    for tick in &values.ticks {
        let y = painter.round_to_pixel_center(y_of(plot, tick.position));
        if input.grid {
            painter.hline(plot.x_range(), y, hairline);
        }
        let half = font.size * 0.6;
        let centre = y.clamp(plot.top() + half, plot.bottom() - half);
        painter.text(
            pos2(plot.left() - GAP, centre),
            egui::Align2::RIGHT_CENTER,
            &tick.label,
            font.clone(),
            style.secondary_text,
        );
    }
    painter.hline(
        plot.x_range(),
        painter.round_to_pixel_center(plot.bottom()),
        hairline,
    );
    painter.vline(
        painter.round_to_pixel_center(plot.left()),
        plot.y_range(),
        hairline,
    );
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

fn tooltip(
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
    egui::Tooltip::always_open(
        ui.ctx().clone(),
        ui.layer_id(),
        input.id.with("tooltip"),
        egui::PopupAnchor::Pointer,
    )
    .gap(12.0)
    .show(|ui| {
        ui.horizontal(|ui| {
            let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
            ui.painter().circle_filled(dot.center(), 4.0, line.color);
            ui.label(line.name);
        });
        let time = time.map_or_else(
            || "static".to_owned(),
            |time| chronoscope_types::format_time(input.time_type, time),
        );
        ui.label(
            egui::RichText::new(format!("{} {time}", input.timeline))
                .color(input.style.secondary_text)
                .small(),
        );
        ui.label(egui::RichText::new(value.to_string()).monospace());
    });
}
