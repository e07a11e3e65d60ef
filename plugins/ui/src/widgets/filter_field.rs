//! A field that filters rows: opened by a button or a command, closed by Escape or its cross.

use egui::{Key, Ui};

use super::icon_button;
use crate::{icons, theme::size};

/// What is typed in a field that may be closed.
#[derive(Clone, Debug, Default)]
pub(crate) struct FilterField {
    is_open: bool,
    just_opened: bool,
    text: String,
}

impl FilterField {
    /// Opens the field, or takes the focus back to it.
    pub(crate) fn open(&mut self) {
        self.is_open = true;
        self.just_opened = true;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// What is looked for; empty where nothing is.
    pub(crate) fn text(&self) -> &str {
        if self.is_open { &self.text } else { "" }
    }

    /// Draws the field over the width that is left, where it is open.
    pub(crate) fn show(&mut self, ui: &mut Ui, id: egui::Id, hint: &str) {
        if !self.is_open {
            return;
        }
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(ui.available_width(), size::ROW), layout, |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let close = icon_button(ui, icons::CLOSE, "Show all rows", Some("Escape"));
            let edit = egui::TextEdit::singleline(&mut self.text)
                .id(id)
                .hint_text(hint)
                .desired_width(ui.available_width());
            let response = ui.add(edit);
            if std::mem::take(&mut self.just_opened) {
                response.request_focus();
            }
            let is_left = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape));
            if close.clicked() || is_left {
                *self = Self::default();
            }
        });
    }
}
