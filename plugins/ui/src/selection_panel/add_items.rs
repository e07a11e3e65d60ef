//! The menu that adds a view or a container to the container that is selected.

use egui::Ui;

use crate::{context_menu::add_rows, icons, pass::Pass, widgets::icon_button};

/// The button, and the menu behind it.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>) {
    let button = icon_button(ui, icons::ADD, "Add a view or a container", None);
    egui::Popup::menu(&button).show(|ui| add_rows(ui, pass));
}
