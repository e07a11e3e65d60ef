//! The small parts that every panel is made of.

mod draft_edit;
mod filter_field;
mod list_row;

use std::sync::Arc;

use chronoscope_blueprint::{ContainerBlueprint, ContainerKind};
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, CornerRadius, FontId, Response, RichText, Sense, Ui, Vec2};
use egui::{WidgetInfo, WidgetType};

use crate::fonts;
use crate::theme::{Theme, size};

pub use self::draft_edit::DraftEdit;
pub(crate) use self::filter_field::FilterField;
pub use self::list_row::{ListRow, ListRowResponse};

/// A square button with an icon. The tooltip names the command and its shortcut.
pub fn icon_button(ui: &mut Ui, icon: &str, tooltip: &str, shortcut: Option<&str>) -> Response {
    icon_button_impl(ui, icon, None, tooltip, shortcut)
}

/// An [`icon_button`] that is on or off.
pub fn icon_toggle(ui: &mut Ui, icon: &str, on: bool, tooltip: &str, shortcut: Option<&str>) -> Response {
    icon_button_impl(ui, icon, Some(on), tooltip, shortcut)
}

/// The title of a section of a panel, as high as a row, with room for buttons at its right end, where the
/// layout runs from right to left.
pub fn section_header<R>(ui: &mut Ui, title: &str, actions: impl FnOnce(&mut Ui) -> R) -> R {
    noted_header(ui, title, "", actions)
}

/// A [`section_header`] with a word about what it heads, small and dimmed. Where there is no room for all of it, the tooltip of the title
/// has it.
pub(crate) fn noted_header<R>(ui: &mut Ui, title: &str, note: &str, actions: impl FnOnce(&mut Ui) -> R) -> R {
    let theme = Theme::of(ui);
    let row = Vec2::new(ui.available_width(), size::ROW);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    ui.allocate_ui_with_layout(row, layout, |ui| {
        ui.set_min_height(size::ROW);
        let answer = actions(ui);
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = size::GRID;
            let font = fonts::medium(ui, size::BODY);
            let title = elided(ui, title, font, theme.text);
            if note.is_empty() {
                return;
            }
            let font = egui::TextStyle::Small.resolve(ui.style());
            let room = ui.available_width();
            if elided_galley(ui, note, font, theme.secondary, room).elided {
                title.on_hover_text(note);
            } else {
                elided_small(ui, note);
            }
        });
        answer
    })
    .inner
}

/// The width of the title of a [`section_header`], in points.
pub(crate) fn title_width(ui: &Ui, title: &str) -> f32 {
    let (font, color) = (fonts::medium(ui, size::BODY), Theme::of(ui).text);
    elided_galley(ui, title, font, color, f32::INFINITY).size().x
}

/// The most lines of a value: they hold two times in a panel of its first width.
const MAX_LINES: usize = 4;

/// Text in one line, cut where it must be, with a tooltip that then holds all of it.
pub fn elided_label(ui: &mut Ui, text: &str) -> Response {
    let font = egui::TextStyle::Body.resolve(ui.style());
    elided(ui, text, font, Theme::of(ui).text)
}

/// Secondary text in one line, small and dimmed, cut as in [`elided_label`].
pub fn elided_small(ui: &mut Ui, text: &str) -> Response {
    let font = egui::TextStyle::Small.resolve(ui.style());
    elided(ui, text, font, Theme::of(ui).secondary)
}

/// A link to something else in the viewer, cut as in [`elided_label`].
pub fn link_label(ui: &mut Ui, text: &str) -> Response {
    let theme = Theme::of(ui);
    let font = egui::TextStyle::Monospace.resolve(ui.style());
    let galley = elided_galley(ui, text, font, theme.accent_text, ui.available_width());
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Link, ui.is_enabled(), text));
    let is_elided = galley.elided;
    if response.hovered() || response.has_focus() {
        ui.painter().hline(
            rect.x_range(),
            rect.bottom(),
            egui::Stroke::new(size::HAIRLINE, theme.accent_text),
        );
    }
    ui.painter().galley(rect.min, galley, theme.accent_text);
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    if is_elided {
        response.on_hover_text(capped(text))
    } else {
        response
    }
}

/// Text in one line, laid out and cut at `width`.
pub(crate) fn elided_galley(
    ui: &Ui,
    text: &str,
    font: FontId,
    color: Color32,
    width: f32,
) -> Arc<egui::Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color));
    job.wrap = TextWrapping::truncate_at_width(width.max(0.0));
    job.break_on_newline = false;
    ui.painter().layout_job(job)
}

/// Says to who does not see it what is in a part of the interface.
pub fn name_group(ui: &Ui, name: &str) {
    ui.ctx().accesskit_node_builder(ui.unique_id(), |node| {
        node.set_role(egui::accesskit::Role::Group);
        node.set_label(name);
    });
}

/// Says to who does not see it what a widget is for that shows its value alone.
pub fn name_widget(response: &Response, name: &str) {
    response
        .ctx
        .accesskit_node_builder(response.id, |node| node.set_label(name));
}

/// A property and its value: the name at the left, dimmed, the value in the rest of the row.
pub fn property_row<R>(ui: &mut Ui, name: &str, value: impl FnOnce(&mut Ui) -> R) -> R {
    ui.allocate_ui_with_layout(
        Vec2::new(ui.available_width(), size::ROW),
        egui::Layout::left_to_right(egui::Align::Center),
        |ui| {
            ui.set_min_height(size::ROW);
            ui.spacing_mut().item_spacing.x = size::GRID;
            // Fields have no names of their own.
            name_group(ui, name);
            let name_width = (ui.available_width() * 0.36).clamp(12.0 * size::GRID, 30.0 * size::GRID);
            let name_size = Vec2::new(name_width, size::ROW);
            ui.allocate_ui_with_layout(
                name_size,
                egui::Layout::left_to_right(egui::Align::Center),
                |ui| {
                    ui.set_min_width(name_width);
                    let font = egui::TextStyle::Body.resolve(ui.style());
                    elided(ui, name, font, Theme::of(ui).secondary);
                },
            );
            value(ui)
        },
    )
    .inner
}

/// A list that scrolls where it would be higher than this. In a dialog it grows when its content does: a scroll area by itself would
/// keep to the height that the dialog had in the frame before.
pub(crate) fn scrolled_list(height: f32) -> egui::ScrollArea {
    egui::ScrollArea::vertical()
        .max_height(height)
        .min_scrolled_height(height)
}

/// Draws something with the padding of panels at its sides.
pub(crate) fn padded<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    egui::Frame::new()
        .inner_margin(egui::Margin::symmetric(size::PADDING as i8, 0))
        .show(ui, content)
        .inner
}

/// Name of a container, else its kind.
pub(crate) fn container_title(container: &ContainerBlueprint) -> String {
    container
        .name
        .clone()
        .unwrap_or_else(|| container_kind_title(container.kind).to_owned())
}

/// Name of a kind of container.
pub(crate) const fn container_kind_title(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::Tabs => "Tabs",
        ContainerKind::Horizontal => "Horizontal",
        ContainerKind::Vertical => "Vertical",
        ContainerKind::Grid => "Grid",
    }
}

/// A value in the monospaced face, cut as in [`elided_label`], with its unit dimmed behind.
pub fn value_label(ui: &mut Ui, value: &str, unit: &str) -> Response {
    value_in_lines(ui, value, unit, 1)
}

/// A [`value_label`] that goes on in further lines where one does not hold it.
pub(crate) fn wrapped_value(ui: &mut Ui, value: &str, unit: &str) -> Response {
    value_in_lines(ui, value, unit, MAX_LINES)
}

fn value_in_lines(ui: &mut Ui, value: &str, unit: &str, most_lines: usize) -> Response {
    let theme = Theme::of(ui);
    let font = egui::TextStyle::Monospace.resolve(ui.style());
    let mut job = LayoutJob::single_section(value.to_owned(), TextFormat::simple(font.clone(), theme.text));
    let mut full = value.to_owned();
    if !unit.is_empty() {
        job.append(unit, size::GRID, TextFormat::simple(font, theme.secondary));
        full = format!("{value} {unit}");
    }
    elided_job(ui, job, &full, most_lines)
}

/// An [`elided_label`] that goes on in further lines where one does not hold it.
pub(crate) fn wrapped_label(ui: &mut Ui, text: &str) -> Response {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let format = TextFormat::simple(font, Theme::of(ui).text);
    elided_job(
        ui,
        LayoutJob::single_section(text.to_owned(), format),
        text,
        MAX_LINES,
    )
}

/// Icon, title and hint in the middle of a place where there is nothing to show.
pub fn empty_state(ui: &mut Ui, icon: &str, title: &str, hint: &str) {
    let theme = Theme::of(ui);
    let rect = ui.available_rect_before_wrap();
    let mut column = ui.new_child(
        egui::UiBuilder::new()
            .max_rect(rect)
            .layout(egui::Layout::top_down(egui::Align::Center)),
    );
    let content = size::EMPTY_ICON + 2.0 * size::ROW;
    column.add_space(((rect.height() - content) / 2.0).max(0.0));
    column.label(RichText::new(icon).size(size::EMPTY_ICON).color(theme.disabled));
    column.label(RichText::new(title).color(theme.text));
    column.label(RichText::new(hint).size(size::SMALL).color(theme.secondary));
    ui.advance_cursor_after_rect(column.min_rect());
}

fn icon_button_impl(
    ui: &mut Ui,
    icon: &str,
    on: Option<bool>,
    tooltip: &str,
    shortcut: Option<&str>,
) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size::ROW), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| match on {
        Some(on) => WidgetInfo::selected(WidgetType::Button, enabled, on, tooltip),
        None => WidgetInfo::labeled(WidgetType::Button, enabled, tooltip),
    });

    let is_on = on.unwrap_or(false);
    let radius = CornerRadius::same(size::RADIUS);
    let painter = ui.painter();
    if response.is_pointer_button_down_on() {
        painter.rect_filled(rect, radius, theme.pressed());
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, radius, theme.hover());
    }
    paint_focus(ui, &response);
    let color = match (enabled, is_on, response.hovered()) {
        (false, ..) => theme.disabled,
        (true, true, _) => theme.accent_text,
        (true, false, true) => theme.text,
        (true, false, false) => theme.secondary,
    };
    let font = fonts::icon(ui, size::ICON);
    painter.text(rect.center(), Align2::CENTER_CENTER, icon, font, color);

    let add_tooltip = |ui: &mut Ui| {
        ui.horizontal(|ui| {
            ui.label(tooltip);
            if let Some(shortcut) = shortcut {
                ui.label(RichText::new(shortcut).monospace().color(Theme::of(ui).secondary));
            }
        });
    };
    response
        .on_hover_ui(add_tooltip)
        .on_disabled_hover_ui(add_tooltip)
}

/// Draws a ring around what has the focus of the keyboard.
pub(crate) fn paint_focus(ui: &Ui, response: &Response) {
    if response.has_focus() {
        ui.painter().rect_stroke(
            response.rect,
            CornerRadius::same(size::RADIUS),
            Theme::of(ui).focus_ring(),
            egui::StrokeKind::Inside,
        );
    }
}

fn elided(ui: &mut Ui, text: &str, font: FontId, color: Color32) -> Response {
    elided_job(
        ui,
        LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color)),
        text,
        1,
    )
}

/// Draws `job` in so many lines at most, cut at the room there is, with `full` as the tooltip of what was cut.
fn elided_job(ui: &mut Ui, mut job: LayoutJob, full: &str, most_lines: usize) -> Response {
    job.wrap = TextWrapping {
        max_width: ui.available_width(),
        max_rows: most_lines,
        break_anywhere: most_lines == 1,
        ..TextWrapping::default()
    };
    job.break_on_newline = false;
    let in_words = (most_lines > 1).then(|| job.clone());
    let mut galley = ui.painter().layout_job(job);
    if let Some(mut job) = in_words.filter(|_| galley.elided) {
        // Broken within words it may fit.
        job.wrap.break_anywhere = true;
        galley = ui.painter().layout_job(job);
    }
    let lines = galley.rows.len().max(1);
    // The first of several lines stands where the only one would.
    let above = match lines {
        1 => 0.0,
        _ => (size::ROW - galley.size().y / lines as f32).max(0.0) / 2.0,
    };
    let taken = galley.size() + Vec2::new(0.0, 2.0 * above);
    let (rect, response) = ui.allocate_exact_size(taken, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, ui.is_enabled(), full));
    let elided = galley.elided;
    let place = rect.min + Vec2::new(0.0, above);
    ui.painter().galley(place, galley, Theme::of(ui).text);
    if elided {
        response.on_hover_text(capped(full))
    } else {
        response
    }
}

/// Characters of a text that a tooltip shows. More would cover what it is about.
const MAX_TOOLTIP: usize = 1_000;

/// As much of a text as a tooltip shows.
fn capped(text: &str) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(MAX_TOOLTIP) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
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

    #[test]
    fn a_long_value_is_broken_within_words_where_it_fits_only_so() {
        let context = egui::Context::default();
        fonts::add_fonts(&context);
        let text = "2026-11-22T14:16:02.340064 – 2026-11-22T14:16:07.340064";
        let mut output = context.run_ui(egui::RawInput::default(), |ui| {
            let font = egui::TextStyle::Monospace.resolve(ui.style());
            let digit = ui
                .painter()
                .layout_no_wrap("0".to_owned(), font, Color32::PLACEHOLDER);
            ui.set_max_width(20.5 * digit.size().x);
            wrapped_value(ui, text, "");
        });
        output.textures_delta.clear();
        let texts = output.shapes.iter().filter_map(|clipped| match &clipped.shape {
            egui::Shape::Text(text) => Some((text.galley.rows.len(), text.galley.elided)),
            _ => None,
        });
        assert_eq!(texts.collect::<Vec<_>>(), [(3, false)]);
    }
}
