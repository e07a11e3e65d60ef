//! The times that loop: shown with their ends, which can be dragged, and a cross that removes them.

use std::sync::Arc;

use chronoscope_frame::{LoopMode, TimeCommand};
use chronoscope_store::TimeRange;
use chronoscope_types::format_time_in;
use egui::{
    Align2, CornerRadius, CursorIcon, Galley, Pos2, Rangef, Rect, Sense, Ui, Vec2, WidgetInfo, WidgetType,
};

use super::{places::Places, pointer::Scale};
use crate::{
    fonts, icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::elided_galley,
};

/// Room for the cross, and the gap before it.
const CROSS_WIDTH: f32 = size::SMALL + size::GRID;

/// The part of the ruler that the selected times take; `None` where it is not on the screen.
fn shown_range(selection: TimeRange, scale: &Scale<'_>, places: &Places) -> Option<Rangef> {
    let x = |time: i64| {
        let x = scale.axis.x(time);
        x.clamp(places.ruler.left(), places.ruler.right())
    };
    let range = Rangef::new(x(selection.min), x(selection.max));
    (range.max > range.min).then_some(range)
}

/// The part of the ruler that is written over by the selected times.
pub(super) fn covered(ui: &Ui, pass: &Pass<'_>, scale: &Scale<'_>, places: &Places) -> Option<Rangef> {
    let selection = pass.selected_times()?;
    let range = shown_range(selection, scale, places)?;
    let (ground, _) = label(ui, selection, scale, range.min, places);
    Some(ground.x_range())
}

/// Draws the selected times and answers the pointer.
pub(super) fn show(ui: &Ui, pass: &mut Pass<'_>, scale: &Scale<'_>, places: &Places) {
    let Some(selection) = pass.selected_times() else {
        return;
    };
    let selection = drag_ends(ui, pass, selection, scale, places);
    let Some(range) = shown_range(selection, scale, places) else {
        return;
    };
    let (left, right) = (range.min, range.max);
    let theme = Theme::of(ui);
    let all = Rect::from_x_y_ranges(left..=right, places.ruler.top()..=places.marks.bottom());
    ui.painter().rect_filled(all, 0.0, theme.highlight());
    let bottom = places.ruler.bottom();
    let head = Rect::from_x_y_ranges(left..=right, bottom - size::EMPHASIS..=bottom);
    ui.painter().rect_filled(head, 0.0, theme.accent);
    if show_label(ui, selection, scale, left, places) {
        remove_loop(pass);
    }
}

/// Selects no times any more, and repeats none.
pub(crate) fn remove_loop(pass: &mut Pass<'_>) {
    pass.time(TimeCommand::SetLoopSelection(None));
    let mode = pass.time_control().map(chronoscope_frame::TimeControl::loop_mode);
    if mode == Some(LoopMode::Selection) {
        pass.time(TimeCommand::SetLoop(LoopMode::Off));
    }
}

/// Moves an end that is dragged, and returns the selection as it is then.
fn drag_ends(
    ui: &Ui,
    pass: &mut Pass<'_>,
    selection: TimeRange,
    scale: &Scale<'_>,
    places: &Places,
) -> TimeRange {
    let mut dragged = selection;
    for is_begin in [true, false] {
        let time = if is_begin { selection.min } else { selection.max };
        let x = scale.axis.x(time);
        if !places.ruler.x_range().contains(x) {
            continue;
        }
        let grip = Rect::from_x_y_ranges(x - size::GRID..=x + size::GRID, places.ruler.y_range());
        let response = ui
            .interact(grip, ui.id().with(("loop end", is_begin)), Sense::DRAG)
            .on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
        let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) else {
            continue;
        };
        let to = scale.time(pointer.x);
        dragged = if is_begin {
            TimeRange::new(to.min(selection.max.saturating_sub(1)), selection.max)
        } else {
            TimeRange::new(selection.min, to.max(selection.min.saturating_add(1)))
        };
    }
    if dragged != selection {
        pass.time(TimeCommand::SetLoopSelection(Some(dragged)));
    }
    dragged
}

/// The times as they are written, and where, with room for a cross behind them.
fn label(
    ui: &Ui,
    selection: TimeRange,
    scale: &Scale<'_>,
    left: f32,
    places: &Places,
) -> (Rect, Arc<Galley>) {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let text = |time: i64| format_time_in(scale.time_type, scale.zone, time);
    let text = format!("{} – {}", text(selection.min), text(selection.max));
    let room = places.ruler.width() - CROSS_WIDTH;
    let galley = elided_galley(ui, &text, font, Theme::of(ui).text, room);
    let width = galley.size().x + size::GRID + CROSS_WIDTH;
    let at = Pos2::new(
        (left + size::GRID)
            .min(places.ruler.right() - width)
            .max(places.ruler.left()),
        places.ruler.top(),
    );
    (Rect::from_min_size(at, Vec2::new(width, galley.size().y)), galley)
}

/// Writes the times, with a cross behind them. Returns whether that was clicked.
fn show_label(ui: &Ui, selection: TimeRange, scale: &Scale<'_>, left: f32, places: &Places) -> bool {
    let theme = Theme::of(ui);
    let (ground, galley) = label(ui, selection, scale, left, places);
    ui.painter().rect_filled(
        ground.expand2(Vec2::new(size::GRID / 2.0, 0.0)),
        CornerRadius::same(2),
        theme.raised,
    );
    let cross = Rect::from_min_max(Pos2::new(ground.right() - CROSS_WIDTH, ground.top()), ground.max);
    ui.painter().galley(ground.min, galley, theme.text);
    // It takes drags, too: what is pressed on it would else move the cursor.
    let response = ui
        .interact(cross, ui.id().with("remove loop"), Sense::click_and_drag())
        .on_hover_text("Remove the selected times");
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, "Remove the selected times"));
    let color = if response.hovered() {
        theme.text
    } else {
        theme.secondary
    };
    let font = fonts::text(ui, size::SMALL);
    ui.painter()
        .text(cross.center(), Align2::CENTER_CENTER, icons::CLOSE, font, color);
    response.clicked()
}
