//! A field that filters rows: opened by a button or a command, closed by Escape or its cross.

use egui::{Key, Ui};

use super::{icon_button, icon_toggle, scrolled_list};
use crate::{
    find::{AT_CURSOR, has_word, set_word, type_word},
    icons,
    theme::size,
};

/// The least width of what is typed beside the buttons for conditions.
const MIN_TEXT: f32 = 4.0 * size::ROW;

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

    /// Draws the field over the width that is left, where it is open, with buttons for conditions: on data at the cursor, and
    /// on one of the archetypes.
    pub(crate) fn show(
        &mut self,
        ui: &mut Ui,
        id: egui::Id,
        hint: &str,
        archetypes: impl FnOnce() -> Vec<String>,
    ) {
        if !self.is_open {
            return;
        }
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(ui.available_width(), size::ROW), layout, |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let close = icon_button(ui, icons::CLOSE, "Show all rows", Some("Escape"));
            if ui.available_width() >= 2.0 * size::ROW + MIN_TEXT {
                self.show_conditions(ui, archetypes);
            }
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

    fn show_conditions(&mut self, ui: &mut Ui, archetypes: impl FnOnce() -> Vec<String>) {
        let is_at_cursor = has_word(&self.text, AT_CURSOR);
        let tooltip = "Only what is there at the cursor";
        if icon_toggle(ui, icons::TIMELINE, is_at_cursor, tooltip, None).clicked() {
            set_word(&mut self.text, AT_CURSOR, !is_at_cursor);
        }
        let types = icon_button(ui, icons::ENTITY, "Only entities of a type", None);
        egui::Popup::menu(&types).show(|ui| {
            let most = 12.0 * size::ROW;
            let list = scrolled_list(most);
            list.show(ui, |ui| {
                for archetype in archetypes() {
                    let word = type_word(&archetype);
                    let is_wanted = has_word(&self.text, &word);
                    if ui.selectable_label(is_wanted, archetype).clicked() {
                        set_word(&mut self.text, &word, !is_wanted);
                    }
                }
            });
        });
    }
}
