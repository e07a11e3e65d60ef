//! The text and the levels to filter a log by, in one row.

use std::sync::Arc;

use egui::{RichText, Ui, WidgetInfo, WidgetType};

use super::{filter::is_level_shown, level};
use crate::ViewStyle;

/// The most levels that are offered.
const MAX_LEVELS: usize = 12;
/// The least and the most width of the text to type, in points.
const FIELD_WIDTH: [f32; 2] = [60.0, 200.0];
/// What stands around that text.
const FIELD_MARGIN: f32 = 8.0;

/// Draws the field and a button for each level. Where their names have no room beside the field, the buttons have the first letters;
/// where not even these do, they go on in the next line. Returns the level whose button was clicked.
pub(super) fn show<'a>(
    ui: &mut Ui,
    style: &ViewStyle,
    levels: &[&'a Arc<str>],
    text: &mut String,
    only_levels: Option<&[String]>,
) -> Option<&'a Arc<str>> {
    let mut clicked = None;
    let levels = levels.get(..MAX_LEVELS).unwrap_or(levels);
    egui::Frame::new()
        .inner_margin(egui::Margin::symmetric(8, 4))
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let [least, most] = FIELD_WIDTH;
                let room = ui.available_width() - FIELD_MARGIN - ui.spacing().item_spacing.x;
                let mut buttons = buttons_width(ui, levels, false);
                let is_short = buttons > room - least;
                if is_short {
                    buttons = buttons_width(ui, levels, true);
                }
                let width = (ui.available_width() * 0.4)
                    .min(room - buttons)
                    .clamp(least, most);
                let edit = egui::TextEdit::singleline(text)
                    .hint_text("Filter")
                    .desired_width(width);
                ui.add(edit).on_hover_text("Show only lines that contain this");
                for name in levels.iter().copied() {
                    let shown = is_level_shown(name, only_levels);
                    if level_button(ui, style, name, shown, is_short) {
                        clicked = Some(name);
                    }
                }
            });
        });
    clicked
}

/// Draws the button of a level. Returns whether it was clicked.
fn level_button(ui: &mut Ui, style: &ViewStyle, name: &str, shown: bool, is_short: bool) -> bool {
    let color = if shown {
        level::color(name, style)
    } else {
        style.secondary_text.gamma_multiply(0.6)
    };
    let text = RichText::new(written(name, is_short)).small().color(color);
    let what = if shown { "Hide" } else { "Show" };
    let response = ui
        .selectable_label(shown, text)
        .on_hover_text(format!("{what} lines of level {name}"));
    response.widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, true, shown, name));
    response.clicked()
}

/// How a level is written on its button.
fn written(name: &str, is_short: bool) -> &str {
    let first = name.chars().next().map_or(0, char::len_utf8);
    if is_short {
        name.get(..first).unwrap_or(name)
    } else {
        name
    }
}

/// How wide the buttons are, side by side.
fn buttons_width(ui: &Ui, levels: &[&Arc<str>], is_short: bool) -> f32 {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let width_of = |name: &str| {
        let text = written(name, is_short).to_owned();
        let galley = ui
            .painter()
            .layout_no_wrap(text, font.clone(), egui::Color32::PLACEHOLDER);
        galley.size().x + 2.0 * ui.spacing().button_padding.x
    };
    let gaps = levels.len().saturating_sub(1) as f32 * ui.spacing().item_spacing.x;
    gaps + levels.iter().map(|name| width_of(name)).sum::<f32>()
}
