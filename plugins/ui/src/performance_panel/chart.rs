//! The frames of the last seconds, a bar each: phases below, the user interface above, and a line at the goal.

use chronoscope_frame::{FrameDiagnostics, FrameSample};
use egui::{Align2, Pos2, Rect, Sense, TextStyle, Ui, Vec2};

use super::summary::{FRAME_GOAL_MS, Times};
use crate::theme::{Theme, size};

const HEIGHT: f32 = 16.0 * size::GRID;

/// Draws the bars, the newest at the right.
pub(super) fn show(ui: &mut Ui, diagnostics: &FrameDiagnostics) {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEIGHT), Sense::hover());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, f32::from(size::RADIUS), theme.viewport);
    // A few frames that took very long, as while a file is opened, are cut: the others are to be seen.
    let p95 = Times::of(diagnostics, FrameSample::total_ms).p95;
    let top_ms = (1.5 * p95).max(2.0 * FRAME_GOAL_MS);
    let y = |ms: f32| rect.bottom() - rect.height() * (ms / top_ms).clamp(0.0, 1.0);
    let width = size::EMPHASIS;
    let mut right = rect.right();
    for sample in diagnostics.history().rev() {
        if right <= rect.left() {
            break;
        }
        let bar = |from: f32, to: f32| {
            Rect::from_min_max(Pos2::new(right - width, y(to)), Pos2::new(right, y(from)))
        };
        let phases = sample.phases_ms();
        painter.rect_filled(bar(0.0, phases), 0.0, theme.accent);
        painter.rect_filled(bar(phases, sample.total_ms()), 0.0, theme.secondary);
        right -= width;
    }
    painter.hline(rect.x_range(), y(FRAME_GOAL_MS), theme.cursor_stroke());
    let at = Pos2::new(rect.left() + size::GRID, y(FRAME_GOAL_MS) - 1.0);
    let font = TextStyle::Small.resolve(ui.style());
    let text = format!("{FRAME_GOAL_MS} ms");
    let galley = ui.painter().layout_no_wrap(text, font, theme.text);
    let label = Align2::LEFT_BOTTOM.anchor_size(at, galley.size());
    painter.rect_filled(label, 0.0, theme.label_background());
    painter.galley(label.min, galley, theme.text);
    response.on_hover_text(
        "Phases in blue, the user interface in gray above them. A viewer at rest draws no frames.",
    );
}
