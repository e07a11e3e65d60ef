//! The menu, and commands and choices as rows of it.

use chronoscope_frame::RecentFiles;
use egui::{Align2, Sense, Ui, Vec2};

use crate::{
    choices::Choice,
    commands::{CommandGroup, NamedCommands, RegisteredCommand, UiCommand},
    fonts, icons,
    names::short_name,
    pass::Pass,
    theme::{Theme, size},
    widgets::{elided_galley, icon_button, paint_focus, scrolled_list},
};

/// Draws the button and, while it is open, the menu: a part for each group of commands.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>) {
    let button = icon_button(ui, icons::MENU, "Menu", None);
    egui::Popup::menu(&button).show(|ui| {
        ui.set_width(pass.place.width_for(WIDTH / 2.0));
        let commands = pass.world.resource::<NamedCommands>();
        let is_used = |group: &CommandGroup| commands.iter().any(|(_, command)| command.group == *group);
        for group in CommandGroup::ALL.into_iter().filter(is_used) {
            ui.menu_button(group.name(), |ui| {
                ui.set_width(pass.place.width_for(WIDTH));
                ui.spacing_mut().item_spacing.y = 0.0;
                let room = pass.place.rect.height() - 2.0 * size::TOOLBAR;
                let list = scrolled_list(room);
                list.show(ui, |ui| show_group(ui, pass, group));
            });
        }
    });
}

const WIDTH: f32 = 96.0 * size::GRID;

fn show_group(ui: &mut Ui, pass: &mut Pass<'_>, group: CommandGroup) {
    let commands: &NamedCommands = pass.world.resource();
    let of_group = commands.iter().filter(|(_, command)| command.group == group);
    let mut before: Option<&RegisteredCommand> = None;
    for (at, command) in of_group {
        let built_in = command.built_in();
        let begins_app = built_in.is_none() && before.is_some_and(|before| before.built_in().is_some());
        let begins_part = matches!(
            built_in,
            Some(
                UiCommand::SaveBlueprint
                    | UiCommand::CloseRecording
                    | UiCommand::Settings
                    | UiCommand::CopyBlueprint
                    | UiCommand::Add
                    | UiCommand::ResetBlueprint
                    | UiCommand::ShowInView
                    | UiCommand::ItemMenu
                    | UiCommand::SelectBack
                    | UiCommand::FocusSelection
                    | UiCommand::PanLeft
                    | UiCommand::NextView
                    | UiCommand::FilterTrees
                    | UiCommand::ThemeDark
                    | UiCommand::SmallStepBack
                    | UiCommand::Slower
                    | UiCommand::ResetTimeZoom
            )
        );
        if before.replace(command).is_some() && (begins_part || begins_app) {
            ui.separator();
        }
        let row = CommandRow {
            enabled: command.is_enabled(pass),
            marked: false,
            on: command.is_on(pass),
        };
        let (label, shortcut) = (command.label(pass), command.shortcut_text().unwrap_or_default());
        let text = MenuText {
            icon: command.icon,
            label: &label,
            detail: &shortcut,
        };
        if menu_row(ui, text, row).clicked() {
            pass.choose(Choice::Named(at));
            ui.close();
        }
        if built_in == Some(UiCommand::OpenBlueprint) {
            show_recent(ui, pass);
        }
    }
}

/// The files that were opened last.
fn show_recent(ui: &mut Ui, pass: &mut Pass<'_>) {
    let recent = pass.world.resource::<RecentFiles>();
    ui.add_enabled_ui(!recent.0.is_empty(), |ui| {
        ui.menu_button("Open recent", |ui| {
            ui.set_width(pass.place.width_for(WIDTH));
            ui.spacing_mut().item_spacing.y = 0.0;
            for path in &recent.0 {
                let text = path.display().to_string();
                let choice = Choice::OpenFile(path.clone());
                choice_row(ui, pass, icons::RECORDING, short_name(&text), choice).on_hover_text(&text);
            }
        });
    });
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

/// A choice in a menu. It closes the menu.
pub(crate) fn choice_row(
    ui: &mut Ui,
    pass: &mut Pass<'_>,
    icon: &str,
    label: &str,
    choice: Choice,
) -> egui::Response {
    let row = CommandRow {
        enabled: true,
        marked: false,
        on: None,
    };
    let shortcut = choice.command().and_then(UiCommand::shortcut_text);
    let text = MenuText {
        icon,
        label,
        detail: &shortcut.unwrap_or_default(),
    };
    let response = menu_row(ui, text, row);
    if response.clicked() {
        pass.choose(choice);
        ui.close();
    }
    response
}

/// What stands in a row.
#[derive(Clone, Copy)]
pub(crate) struct MenuText<'a> {
    pub(crate) icon: &'a str,
    pub(crate) label: &'a str,
    /// At the right end, dimmed.
    pub(crate) detail: &'a str,
}

/// A row of a menu or the palette.
pub(crate) fn menu_row(ui: &mut Ui, text: MenuText<'_>, row: CommandRow) -> egui::Response {
    let theme = Theme::of(ui);
    let sense = if row.enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), sense);
    response.widget_info(|| match row.on {
        Some(on) => egui::WidgetInfo::selected(egui::WidgetType::Checkbox, row.enabled, on, text.label),
        None => egui::WidgetInfo::labeled(egui::WidgetType::Button, row.enabled, text.label),
    });
    let painter = ui.painter();
    if row.marked {
        painter.rect_filled(rect, f32::from(size::RADIUS), theme.pressed());
    } else if row.enabled && (response.hovered() || response.has_focus()) {
        painter.rect_filled(rect, f32::from(size::RADIUS), theme.hover());
    }
    paint_focus(ui, &response);
    let (icon_color, color) = if row.enabled {
        (theme.secondary, theme.text)
    } else {
        (theme.disabled, theme.disabled)
    };
    let left = rect.left() + size::PADDING;
    let middle = rect.center().y;
    let icon_font = fonts::icon(ui, size::ICON);
    let at = egui::pos2(left, middle);
    painter.text(at, Align2::LEFT_CENTER, text.icon, icon_font.clone(), icon_color);
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
    if !text.detail.is_empty() {
        let font = egui::TextStyle::Monospace.resolve(ui.style());
        let room = (right - left) * 0.5;
        let galley = elided_galley(ui, text.detail, font, icon_color, room);
        let at = egui::pos2(right - galley.size().x, middle - galley.size().y / 2.0);
        right = at.x - size::PADDING;
        ui.painter().galley(at, galley, icon_color);
    }
    let font = egui::TextStyle::Body.resolve(ui.style());
    let text_left = left + size::ICON + size::PADDING;
    let galley = elided_galley(ui, text.label, font, color, right - text_left);
    let at = egui::pos2(text_left, middle - galley.size().y / 2.0);
    let is_elided = galley.elided;
    ui.painter().galley(at, galley, color);
    if is_elided {
        response.on_hover_text(text.label)
    } else {
        response
    }
}
