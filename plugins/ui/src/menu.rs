//! The menu, and commands as rows of it.

use egui::{Align2, Sense, Ui, Vec2};

use crate::{
    commands::UiCommand,
    fonts, icons,
    pass::Pass,
    theme::{Theme, size},
    widgets::{elided_galley, icon_button},
};

/// Draws the button and, while it is open, the menu. Returns the command that was chosen.
pub(crate) fn show(ui: &mut Ui, pass: &Pass<'_>) -> Option<UiCommand> {
    let mut chosen = None;
    let button = icon_button(ui, icons::MENU, "Menu", None);
    egui::Popup::menu(&button).show(|ui| {
        ui.set_width(pass.place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        let room = pass.place.rect.height() - 2.0 * size::TOOLBAR;
        let list = egui::ScrollArea::vertical()
            .max_height(room)
            .min_scrolled_height(room);
        list.show(ui, |ui| {
            for (at, command) in UiCommand::ALL.into_iter().enumerate() {
                // The time panel and keys move times; in a menu they would only be noise.
                if is_of_time(command) {
                    continue;
                }
                let begins_group = matches!(
                    command,
                    UiCommand::Undo
                        | UiCommand::CopyBlueprint
                        | UiCommand::ToggleLeftPanel
                        | UiCommand::ThemeDark
                        | UiCommand::About
                );
                if at > 0 && begins_group {
                    ui.separator();
                }
                let row = CommandRow {
                    enabled: command.is_enabled(pass),
                    marked: false,
                    on: command.is_on(pass),
                };
                let label = command.label(pass);
                if command_row(ui, command, &label, row).clicked() {
                    chosen = Some(command);
                    ui.close();
                }
            }
        });
    });
    chosen
}

const WIDTH: f32 = 96.0 * size::GRID;

fn is_of_time(command: UiCommand) -> bool {
    matches!(
        command,
        UiCommand::TogglePlay
            | UiCommand::Follow
            | UiCommand::StepBack
            | UiCommand::StepForward
            | UiCommand::Begin
            | UiCommand::End
            | UiCommand::CycleLoop
            | UiCommand::NextTimeline
            | UiCommand::ResetTimeZoom
    )
}

/// State of a command in a row.
#[derive(Clone, Copy)]
pub(crate) struct CommandRow {
    /// Whether the command has an effect now.
    pub(crate) enabled: bool,
    /// Whether Enter runs it.
    pub(crate) marked: bool,
    /// State of the switch that it turns; `None` for other commands.
    pub(crate) on: Option<bool>,
}

/// A command in a menu or the palette: icon, name, shortcut.
pub(crate) fn command_row(ui: &mut Ui, command: UiCommand, label: &str, row: CommandRow) -> egui::Response {
    let theme = Theme::of(ui);
    let sense = if row.enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), sense);
    response.widget_info(|| match row.on {
        Some(on) => egui::WidgetInfo::selected(egui::WidgetType::Checkbox, row.enabled, on, label),
        None => egui::WidgetInfo::labeled(egui::WidgetType::Button, row.enabled, label),
    });
    let painter = ui.painter();
    if row.marked {
        painter.rect_filled(rect, f32::from(size::RADIUS), theme.pressed());
    } else if row.enabled && response.hovered() {
        painter.rect_filled(rect, f32::from(size::RADIUS), theme.hover());
    }
    let (icon_color, color) = if row.enabled {
        (theme.secondary, theme.text)
    } else {
        (theme.disabled, theme.disabled)
    };
    let left = rect.left() + size::PADDING;
    let middle = rect.center().y;
    let icon_font = fonts::icon(ui, size::ICON);
    let at = egui::pos2(left, middle);
    painter.text(
        at,
        Align2::LEFT_CENTER,
        command.icon(),
        icon_font.clone(),
        icon_color,
    );
    let mut right = rect.right() - size::PADDING;
    if row.on == Some(true) {
        let at = egui::pos2(right, middle);
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            icons::SUCCESS,
            icon_font,
            theme.accent_text,
        );
    }
    if row.on.is_some() {
        right -= size::ICON + size::GRID;
    }
    if let Some(shortcut) = command.shortcut_text() {
        let font = egui::TextStyle::Monospace.resolve(ui.style());
        let at = egui::pos2(right, middle);
        let written = painter.text(at, Align2::RIGHT_CENTER, shortcut, font, icon_color);
        right = written.left() - size::PADDING;
    }
    let font = egui::TextStyle::Body.resolve(ui.style());
    let text_left = left + size::ICON + size::PADDING;
    let galley = elided_galley(ui, label, font, color, right - text_left);
    let at = egui::pos2(text_left, middle - galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
    response
}
