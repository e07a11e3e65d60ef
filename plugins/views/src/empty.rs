//! What stands in a tile that has nothing to show: what is the matter, and what to do next.

use egui::{Align, Layout, RichText, Ui, UiBuilder};

use crate::ViewStyle;

const ICON: f32 = 32.0;

/// Fills the tile with an icon, what is the matter, and what to do about it.
pub fn show(ui: &mut Ui, style: &ViewStyle, icon: &str, title: &str, hint: &str) {
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, style.background);
    let column = rect.shrink(12.0);
    let mut column = ui.new_child(UiBuilder::new().max_rect(column).layout(Layout::top_down(Align::Center)));
    column.set_clip_rect(rect.intersect(ui.clip_rect()));
    column.add_space(((rect.height() - 24.0 - ICON - 48.0) / 2.0).max(0.0));
    column.label(RichText::new(icon).size(ICON).color(style.secondary_text.gamma_multiply(0.6)));
    column.label(RichText::new(title).color(style.text));
    column.label(RichText::new(hint).small().color(style.secondary_text));
    ui.advance_cursor_after_rect(rect);
}
