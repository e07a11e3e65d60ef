//! Two times that are set in a plot, and what lies between them.
//!
//! Dragging with shift sets both, each can be dragged on its own, the cross takes them back.

use std::sync::Arc;

use chronoscope_store::TimeType;
use chronoscope_types::format_time;
use egui::{
    Align2, Color32, CursorIcon, FontId, Galley, Painter, PointerButton, Rect, Response, Sense, Ui,
    WidgetInfo, WidgetType, pos2,
    text::{LayoutJob, TextWrapping},
    vec2,
};

use super::{canvas::Canvas, input::PlotInput};
use crate::plot::{axes::GAP, legend::compact};

/// The most series of which differences are listed.
const MAX_ROWS: usize = 8;
const ROW: f32 = 16.0;
/// The most that a name takes, in points. The legend has all of it.
const MAX_NAME: f32 = 140.0;
/// How near to a line the pointer takes it, in points.
const GRAB: f32 = 8.0;

/// What a user does to the two times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MeasureEvent {
    /// Sets them, or takes them back.
    Set(Option<[i64; 2]>),
    /// Points at them, or drags them: the plot below is not meant.
    Busy,
}

/// Whether the pointer is about to set the two times, and what it sets.
pub(super) fn gesture(
    ui: &Ui,
    input: &PlotInput<'_>,
    background: &Response,
    canvas: &Canvas,
) -> Option<MeasureEvent> {
    let id = input.id.with("measuring");
    let shift = ui.input(|input| input.modifiers.shift);
    if background.drag_started_by(PointerButton::Primary) && shift {
        let from = ui
            .input(|input| input.pointer.press_origin())
            .or_else(|| background.interact_pointer_pos())?;
        ui.data_mut(|data| data.insert_temp(id, canvas.readable_time_at(input.time_type, from.x)));
    }
    let from: i64 = ui.data(|data| data.get_temp(id))?;
    if background.drag_stopped() || !background.dragged() {
        ui.data_mut(|data| data.remove::<i64>(id));
        return Some(MeasureEvent::Busy);
    }
    let to = background.interact_pointer_pos()?;
    let x = to.x.clamp(canvas.rect.left(), canvas.rect.right());
    Some(MeasureEvent::Set(Some([
        from,
        canvas.readable_time_at(input.time_type, x),
    ])))
}

/// Draws the two times with what lies between them, and says what the user does to them.
pub(super) fn show(
    ui: &Ui,
    painter: &Painter,
    input: &PlotInput<'_>,
    canvas: &Canvas,
    font: &FontId,
) -> Option<MeasureEvent> {
    let times = input.measured?;
    let rect = canvas.rect;
    let color = input.style.selected;
    let [from, to] = times.map(|time| canvas.x(time));
    let band = Rect::from_x_y_ranges(from.min(to)..=from.max(to), rect.y_range()).intersect(rect);
    painter.rect_filled(band, 0.0, color.gamma_multiply(0.08));
    let mut event = None;
    for (at, (time, name)) in times.into_iter().zip(["A", "B"]).enumerate() {
        let x = painter.round_to_pixel_center(canvas.x(time));
        painter.vline(x, rect.y_range(), (1.0, color));
        let align = if (at == 0) == (from <= to) {
            Align2::RIGHT_BOTTOM
        } else {
            Align2::LEFT_BOTTOM
        };
        let side = if align == Align2::RIGHT_BOTTOM { -3.0 } else { 3.0 };
        painter.text(
            pos2(x + side, rect.bottom() - 2.0),
            align,
            name,
            font.clone(),
            color,
        );
        let grab =
            Rect::from_center_size(pos2(x, rect.center().y), vec2(GRAB, rect.height())).intersect(rect);
        if !rect.x_range().contains(x) {
            continue;
        }
        let handle = ui.interact(grab, input.id.with(("measured", at)), Sense::DRAG);
        if handle.hovered() || handle.dragged() {
            ui.set_cursor_icon(CursorIcon::ResizeHorizontal);
            event = Some(MeasureEvent::Busy);
        }
        if let Some(pointer) = handle.interact_pointer_pos().filter(|_| handle.dragged()) {
            let mut moved = times;
            let x = pointer.x.clamp(rect.left(), rect.right());
            moved[at] = canvas.readable_time_at(input.time_type, x);
            event = Some(MeasureEvent::Set(Some(moved)));
        }
    }
    let said = panel(ui, painter, input, &rect, band, font);
    said.or(event)
}

/// What is between the two times: how long it is, and by how much each series changes.
fn panel(
    ui: &Ui,
    painter: &Painter,
    input: &PlotInput<'_>,
    rect: &Rect,
    band: Rect,
    font: &FontId,
) -> Option<MeasureEvent> {
    let [from, to] = input.measured?;
    let style = input.style;
    let lay_out = |text: String, color: Color32| painter.layout_no_wrap(text, font.clone(), color);
    let title = lay_out(
        format!("\u{394} {}", duration(input.time_type, from, to)),
        style.text,
    );
    let rows: Vec<[Arc<Galley>; 2]> = input
        .visible()
        .map(|(_, line)| {
            let values = [from, to].map(|time| line.series.value_at(line.index, time));
            let text = match values {
                [Some(a), Some(b)] => format!("{} ({} \u{2192} {})", signed(b - a), compact(a), compact(b)),
                _ => "no value at one of them".to_owned(),
            };
            let name = line.name.to_owned();
            let mut name = LayoutJob::simple_singleline(name, font.clone(), line.color_at(to));
            name.wrap = TextWrapping::truncate_at_width(MAX_NAME);
            [painter.layout_job(name), lay_out(text, style.secondary_text)]
        })
        .take(MAX_ROWS)
        .collect();
    let left_out = input.visible().count().saturating_sub(MAX_ROWS);
    let more = (left_out > 0).then(|| lay_out(format!("{left_out} more"), style.secondary_text));

    let widest = |at: usize| rows.iter().map(|row| row[at].size().x).fold(0.0, f32::max);
    let (names, values) = (widest(0), widest(1));
    let cross = ROW;
    let wide = (names + values + 3.0 * GAP).max(title.size().x + cross + 2.0 * GAP);
    let count = rows.len() + 1 + usize::from(more.is_some());
    let whole = vec2(wide, count as f32 * ROW + GAP);
    let title_only = vec2(title.size().x + cross + 2.0 * GAP, ROW + GAP);
    // In a small plot the length is what matters.
    let has_rows = whole.x + 2.0 * GAP <= rect.width() && whole.y + 2.0 * GAP <= rect.height() * 0.7;
    let size = if has_rows { whole } else { title_only };
    let left = (band.center().x - size.x / 2.0)
        .min(rect.right() - size.x - GAP)
        .max(rect.left() + GAP);
    let panel = Rect::from_min_size(pos2(left, rect.top() + GAP), size);
    let behind = ui.interact(panel, input.id.with("measured panel"), Sense::hover());
    let fill = style
        .background
        .lerp_to_gamma(style.label_background, 0.5)
        .to_opaque();
    painter.rect(panel, 4.0, fill, (1.0, style.grid), egui::StrokeKind::Inside);
    let mut y = panel.top() + GAP / 2.0;
    painter.galley(pos2(panel.left() + GAP, y), title, style.text);
    let cross_rect = Rect::from_min_size(
        pos2(panel.right() - cross - 2.0, panel.top() + 2.0),
        vec2(cross, cross),
    );
    let close = ui.interact(cross_rect, input.id.with("measured close"), Sense::click());
    close.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, "Remove the measurement"));
    let color = if close.hovered() {
        style.text
    } else {
        style.secondary_text
    };
    let icon = egui_phosphor::regular::X;
    painter.text(
        cross_rect.center(),
        Align2::CENTER_CENTER,
        icon,
        font.clone(),
        color,
    );
    if has_rows {
        for [name, value] in rows {
            y += ROW;
            painter.galley(pos2(panel.left() + GAP, y), name, style.text);
            let right = panel.right() - GAP - value.size().x;
            painter.galley(pos2(right, y), value, style.text);
        }
        if let Some(more) = more {
            painter.galley(pos2(panel.left() + GAP, y + ROW), more, style.text);
        }
    }
    if close.on_hover_text("Measure no longer").clicked() {
        return Some(MeasureEvent::Set(None));
    }
    behind.contains_pointer().then_some(MeasureEvent::Busy)
}

/// How far it is from one time to another, with its sign.
fn duration(time_type: TimeType, from: i64, to: i64) -> String {
    let length = i128::from(to) - i128::from(from);
    match (time_type, i64::try_from(length)) {
        (TimeType::Sequence, _) => format!("{length:+}"),
        (_, Ok(length)) => format_time(TimeType::DurationNs, length),
        (_, Err(_)) => format!("{:+.3e} s", length as f64 / 1e9),
    }
}

fn signed(value: f64) -> String {
    let text = compact(value);
    if value > 0.0 { format!("+{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_signs_and_units() {
        let check = |time_type, from, to, expected: &str| {
            assert_eq!(duration(time_type, from, to), expected);
        };
        check(TimeType::Sequence, 10, 25, "+15");
        check(TimeType::Sequence, 25, 10, "-15");
        check(
            TimeType::TimestampNs,
            1_700_000_000_000_000_000,
            1_700_000_001_250_000_000,
            "+1.250s",
        );
        check(TimeType::DurationNs, i64::MIN + 1, i64::MAX, "+1.845e10 s");
        assert_eq!([signed(0.5), signed(-0.5), signed(0.0)], ["+0.5", "-0.5", "0"]);
    }
}
