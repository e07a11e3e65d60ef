//! Rows that the panel is made of.

use chronoscope_frame::Item;
use chronoscope_store::{EntityPath, EntityStats};
use chronoscope_types::format_bytes;
use egui::{AsIdSalt, ScrollArea, Ui, WidgetInfo, WidgetType};

pub(super) use crate::widgets::grouped;
use crate::{
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{elided_label, elided_small, link_label, property_row, wrapped_label, wrapped_value},
};

/// A notice in place of an item that is gone.
pub(super) fn show_removed(ui: &mut Ui, text: &str) {
    title(ui, icons::INFO, text, "");
}

/// The heading of an item: icon, name, kind.
pub(super) fn title(ui: &mut Ui, icon: &str, name: &str, kind: &str) {
    let theme = Theme::of(ui);
    ui.add_space(size::GRID);
    ui.horizontal(|ui| {
        ui.set_min_height(size::ROW);
        ui.spacing_mut().item_spacing.x = size::GRID;
        ui.label(
            egui::RichText::new(icon)
                .size(size::ICON)
                .color(theme.accent_text),
        );
        elided_label(ui, name);
        if !kind.is_empty() {
            elided_small(ui, kind);
        }
    });
}

/// A row that names an entity and leads to it.
pub(super) fn entity_link(ui: &mut Ui, pass: &mut Pass<'_>, name: &str, entity: &EntityPath) {
    property_row(ui, name, |ui| {
        let link = link_label(ui, &entity.ui_path());
        pass.respond(&link, &Item::Entity(entity.clone()));
    });
}

/// A row that names something else and leads to it.
pub(super) fn item_link(ui: &mut Ui, pass: &mut Pass<'_>, name: &str, text: &str, item: &Item) {
    property_row(ui, name, |ui| {
        let link = link_label(ui, text);
        pass.respond(&link, item);
    });
}

/// A row with a text, of two lines where it needs them.
pub(super) fn text_row(ui: &mut Ui, name: &str, text: &str) {
    property_row(ui, name, |ui| wrapped_label(ui, text));
}

/// A row with a value, of two lines where it needs them.
pub(super) fn value_row(ui: &mut Ui, name: &str, value: &str, unit: &str) {
    property_row(ui, name, |ui| wrapped_value(ui, value, unit));
}

/// A box to check. Returns what it was changed to.
pub(super) fn switch_row(ui: &mut Ui, name: &str, is_on: bool) -> Option<bool> {
    property_row(ui, name, |ui| {
        let mut checked = is_on;
        let switch = ui.checkbox(&mut checked, "");
        switch.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, true, checked, name));
        switch.changed().then_some(checked)
    })
}

/// The rows of a list, which scrolls where there are many.
pub(super) fn list_rows(
    ui: &mut Ui,
    salt: impl AsIdSalt,
    count: usize,
    mut show_row: impl FnMut(&mut Ui, usize),
) {
    /// Rows that are shown without scrolling.
    const MAX_ROWS: usize = 12;
    if count <= MAX_ROWS {
        (0..count).for_each(|at| show_row(ui, at));
        return;
    }
    ScrollArea::vertical()
        .id_salt(salt)
        .max_height(MAX_ROWS as f32 * size::ROW)
        .auto_shrink([false, true])
        .show_rows(ui, size::ROW, count, |ui, range| {
            range.for_each(|at| show_row(ui, at));
        });
}

/// Size of the data, and the part of it in memory unless that is all.
pub(super) fn size_rows(ui: &mut Ui, stats: &EntityStats) {
    let mut row = |name: &str, bytes: u64| {
        let (number, unit) = split_unit(&format_bytes(bytes));
        value_row(ui, name, &number, &unit);
    };
    row("Size", stats.num_bytes.saturating_add(stats.num_absent_bytes));
    if stats.num_absent_chunks > 0 {
        row("In memory", stats.num_bytes);
    }
}

/// Value and unit of a text such as `1.5 MiB`.
fn split_unit(text: &str) -> (String, String) {
    text.rsplit_once(' ').map_or_else(
        || (text.to_owned(), String::new()),
        |(value, unit)| (value.to_owned(), unit.to_owned()),
    )
}
