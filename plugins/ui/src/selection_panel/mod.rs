//! The right panel: all that is known about what is selected.

mod blueprint_items;
mod entity;
mod recording;
mod values;

use chronoscope_frame::Item;
use chronoscope_store::{EntityPath, EntityStats};
use chronoscope_types::format_bytes;
use egui::Ui;

use crate::{
    icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{elided_label, elided_small, link_label, property_row, section_header},
};

/// How many selected items are shown in full.
const MAX_ITEMS: usize = 16;

/// Draws the panel.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>) {
    let selected = &pass.selection().selected;
    padded(ui, |ui| {
        let title = match selected.len() {
            0 | 1 => "Selection".to_owned(),
            count => format!("Selection, {count} items"),
        };
        section_header(ui, &title, |_| {});
    });
    let theme = Theme::of(ui);
    ui.painter().hline(
        ui.max_rect().x_range(),
        ui.cursor().top(),
        theme.hairline_stroke(),
    );
    egui::ScrollArea::vertical()
        .id_salt("selection")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            padded(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                if selected.is_empty() {
                    // What is open is always worth a look.
                    ui.add_space(size::GRID);
                    elided_small(ui, "Nothing is selected. What is shown:");
                    if let Some(entry) = pass.active() {
                        recording::show(ui, pass, entry);
                    }
                    return;
                }
                for (at, item) in selected.iter().take(MAX_ITEMS).enumerate() {
                    if at > 0 {
                        ui.add_space(size::PADDING);
                        ui.separator();
                    }
                    ui.push_id(at, |ui| show_item(ui, pass, item));
                }
                if selected.len() > MAX_ITEMS {
                    ui.separator();
                    elided_small(ui, &format!("and {} more", selected.len() - MAX_ITEMS));
                }
            });
        });
}

fn show_item(ui: &mut Ui, pass: &mut Pass<'_>, item: &Item) {
    match item {
        Item::Store(id) => match pass.recordings().find(id) {
            Some(entry) => recording::show(ui, pass, entry),
            None => show_removed(ui, "This recording was closed."),
        },
        Item::Container(id) => blueprint_items::show_container(ui, pass, *id),
        Item::View(id) => blueprint_items::show_view(ui, pass, *id),
        Item::Entity(entity) => entity::show(ui, pass, entity, None),
        Item::DataResult { view, entity } => entity::show(ui, pass, entity, Some(*view)),
        Item::Component { entity, component } => entity::show_component(ui, pass, entity, component),
    }
}

/// What is selected is not there any more.
fn show_removed(ui: &mut Ui, text: &str) {
    title(ui, icons::INFO, text, "");
}

/// The heading of an item: icon, name, kind.
fn title(ui: &mut Ui, icon: &str, name: &str, kind: &str) {
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
fn entity_link(ui: &mut Ui, pass: &mut Pass<'_>, name: &str, entity: &EntityPath) {
    property_row(ui, name, |ui| {
        let link = link_label(ui, entity.as_str());
        pass.respond(&link, &Item::Entity(entity.clone()));
    });
}

/// A row that names something else and leads to it.
fn item_link(ui: &mut Ui, pass: &mut Pass<'_>, name: &str, text: &str, item: &Item) {
    property_row(ui, name, |ui| {
        let link = link_label(ui, text);
        pass.respond(&link, item);
    });
}

/// A row with a text.
fn text_row(ui: &mut Ui, name: &str, text: &str) {
    property_row(ui, name, |ui| elided_label(ui, text));
}

/// A row with a value.
fn value_row(ui: &mut Ui, name: &str, value: &str, unit: &str) {
    property_row(ui, name, |ui| crate::widgets::value_label(ui, value, unit));
}

/// How large data is, and how much of it is in memory where that is not all.
fn size_rows(ui: &mut Ui, stats: &EntityStats) {
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

fn padded<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    egui::Frame::new()
        .inner_margin(egui::Margin::symmetric(size::PADDING as i8, 0))
        .show(ui, content)
        .inner
}

/// A number with its digits in groups of three, by a narrow space: `12 345 678`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(12_345_678), "12\u{2009}345\u{2009}678");
    }
}
