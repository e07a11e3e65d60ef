//! Where the parts of the panel lie.

use egui::{Pos2, Rect, Sense, Ui};

use super::state::StreamsState;
use crate::theme::{Theme, size};

/// The places of the parts.
pub(super) struct Places {
    /// The names of the streams.
    pub(super) names: Rect,
    /// The labels of the axis, above the marks.
    pub(super) ruler: Rect,
    /// The marks, beside the names.
    pub(super) marks: Rect,
}

const MIN_COLUMN: f32 = 30.0 * size::GRID;

/// Divides the room, by a border that can be dragged.
pub(super) fn places(ui: &mut Ui, state: &mut StreamsState) -> Places {
    let theme = Theme::of(ui);
    let rect = ui.available_rect_before_wrap();
    let most = (rect.width() * 0.5).max(1.0);
    let least = MIN_COLUMN.min(most);
    let width = state
        .column_width
        .unwrap_or(rect.width() * 0.17)
        .clamp(least, most);
    let border = rect.left() + width;
    let grip = Rect::from_x_y_ranges(border - size::GRID..=border + size::GRID / 2.0, rect.y_range());
    let response = ui
        .interact(grip, ui.id().with("column"), Sense::DRAG)
        .on_hover_and_drag_cursor(egui::CursorIcon::ResizeHorizontal);
    if response.dragged() {
        state.column_width = Some((width + response.drag_delta().x).clamp(least, most));
    }
    let stroke = if response.hovered() || response.dragged() {
        theme.selection_edge()
    } else {
        theme.hairline_stroke()
    };
    ui.painter().vline(border, rect.y_range(), stroke);
    let top = (rect.top() + size::ROW).min(rect.bottom());
    let left = border + size::PADDING;
    let right = (rect.right() - 3.0 * size::GRID).max(left + 1.0);
    Places {
        names: Rect::from_min_max(
            Pos2::new(rect.left(), top),
            Pos2::new(border - size::HAIRLINE, rect.bottom()),
        ),
        ruler: Rect::from_min_max(Pos2::new(left, rect.top()), Pos2::new(right, top)),
        marks: Rect::from_min_max(Pos2::new(left, top), Pos2::new(right, rect.bottom())),
    }
}
