//! The bar above: menu, undo, what is open and what is being loaded, notifications, panels.

use std::path::PathBuf;

use chronoscope_blueprint::{Panel, PanelState};
use chronoscope_frame::{IngestSources, ViewerCommand};
use egui::{Align, Layout, RichText, Sense, Ui, Vec2};

use crate::{
    commands::UiCommand,
    fonts, icons, notifications,
    pass::Pass,
    shell,
    state::UiState,
    theme::{Theme, size},
    widgets::{elided_label, elided_small, icon_button, icon_toggle},
};

/// Draws the bar.
pub(crate) fn show(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut UiState) {
    let theme = Theme::of(ui);
    egui::Panel::top("top_bar")
        .exact_size(size::TOOLBAR + size::HAIRLINE)
        .frame(theme.toolbar_frame())
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = size::GRID;
            // From the right first: what is there stays, and the title takes the room that is left.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                show_panel_toggles(ui, pass, state);
                notifications::show_button(ui, pass, &mut state.notifications);
                show_progress(ui, pass);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    show_menu(ui, pass, state);
                    for command in [UiCommand::Undo, UiCommand::Redo] {
                        command_button(ui, pass, state, command);
                    }
                    ui.add_space(size::PADDING);
                    show_title(ui, pass);
                });
            });
        });
}

/// A button for a command, with its name and shortcut as the tooltip.
pub(crate) fn command_button(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut UiState, command: UiCommand) {
    let clicked = ui
        .add_enabled_ui(command.is_enabled(pass), |ui| {
            icon_button(
                ui,
                command.icon(),
                command.name(),
                command.shortcut_text().as_deref(),
            )
            .clicked()
        })
        .inner;
    if clicked {
        command.run(pass, state, &ui.ctx().clone());
    }
}

fn show_menu(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut UiState) {
    let button = icon_button(ui, icons::MENU, "Menu", None);
    egui::Popup::menu(&button).show(|ui| {
        ui.set_width(MENU_WIDTH);
        ui.spacing_mut().item_spacing.y = 0.0;
        for (at, command) in UiCommand::ALL.into_iter().enumerate() {
            // Times are moved by the time panel and by keys; in a menu they would only be noise.
            let is_of_time = matches!(
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
            );
            if is_of_time {
                continue;
            }
            let begins_group = matches!(
                command,
                UiCommand::Undo | UiCommand::ToggleLeftPanel | UiCommand::ThemeDark
            );
            if at > 0 && begins_group {
                ui.separator();
            }
            if command_row(ui, command, command.is_enabled(pass), false).clicked() {
                command.run(pass, state, &ui.ctx().clone());
                ui.close();
            }
        }
    });
}

const MENU_WIDTH: f32 = 70.0 * size::GRID;

/// A row for a command in a menu or the palette: icon, name, shortcut.
pub(crate) fn command_row(ui: &mut Ui, command: UiCommand, enabled: bool, marked: bool) -> egui::Response {
    let theme = Theme::of(ui);
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), sense);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, enabled, command.name()));
    let painter = ui.painter();
    if marked {
        painter.rect_filled(rect, f32::from(size::RADIUS), theme.pressed());
    } else if enabled && response.hovered() {
        painter.rect_filled(rect, f32::from(size::RADIUS), theme.hover());
    }
    let (icon_color, color) = if enabled {
        (theme.secondary, theme.text)
    } else {
        (theme.disabled, theme.disabled)
    };
    let left = rect.left() + size::PADDING;
    let middle = rect.center().y;
    let icon_font = egui::FontId::new(size::ICON, egui::FontFamily::Proportional);
    painter.text(
        egui::pos2(left, middle),
        egui::Align2::LEFT_CENTER,
        command.icon(),
        icon_font,
        icon_color,
    );
    let font = egui::TextStyle::Body.resolve(ui.style());
    let text_left = left + size::ICON + size::PADDING;
    painter.text(
        egui::pos2(text_left, middle),
        egui::Align2::LEFT_CENTER,
        command.name(),
        font,
        color,
    );
    if let Some(shortcut) = command.shortcut_text() {
        let font = egui::TextStyle::Monospace.resolve(ui.style());
        let right = egui::pos2(rect.right() - size::PADDING, middle);
        painter.text(right, egui::Align2::RIGHT_CENTER, shortcut, font, icon_color);
    }
    response
}

fn show_title(ui: &mut Ui, pass: &Pass<'_>) {
    let Some(entry) = pass.active() else {
        ui.label(RichText::new("Chronoscope").font(fonts::medium(ui.ctx(), size::BODY)));
        return;
    };
    let title = entry.id().application_id.to_string();
    let source = entry.info.source.to_string();
    elided_label(ui, &title);
    if !source.is_empty() && source != title && ui.available_width() > 10.0 * size::PADDING {
        elided_small(ui, &source);
    }
}

/// What is being loaded, and how far.
fn show_progress(ui: &mut Ui, pass: &Pass<'_>) {
    let sources = pass.world.resource::<IngestSources>();
    let theme = Theme::of(ui);
    let loading: Vec<_> = sources.iter().filter(|source| !source.is_live()).collect();
    let Some(first) = loading.first() else { return };
    let name = if loading.len() == 1 {
        short_name(first.name()).to_owned()
    } else {
        format!("{} sources", loading.len())
    };
    let known: Vec<f32> = loading.iter().filter_map(|source| source.progress()).collect();
    let progress = (known.len() == loading.len()).then(|| known.iter().sum::<f32>() / known.len() as f32);
    let text = match progress {
        Some(progress) => format!("Loading {name}, {:.0} %", progress.clamp(0.0, 1.0) * 100.0),
        None => format!("Loading {name}"),
    };
    let tooltip: Vec<String> = loading.iter().map(|source| source.name().to_owned()).collect();

    let width = (28.0 * size::GRID).min(ui.available_width());
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, size::GRID), Sense::hover());
    ui.painter()
        .rect_filled(rect, f32::from(size::RADIUS), theme.raised);
    if let Some(progress) = progress {
        let done = egui::Rect::from_min_size(
            rect.min,
            Vec2::new(rect.width() * progress.clamp(0.0, 1.0), rect.height()),
        );
        ui.painter()
            .rect_filled(done, f32::from(size::RADIUS), theme.accent);
    }
    response.on_hover_text(tooltip.join("\n"));
    ui.label(RichText::new(text).size(size::SMALL).color(theme.secondary));
    ui.label(RichText::new(icons::LOADING).color(theme.secondary));
}

fn show_panel_toggles(ui: &mut Ui, pass: &mut Pass<'_>, state: &mut UiState) {
    let panels = [
        (Panel::Selection, UiCommand::ToggleSelectionPanel),
        (Panel::Time, UiCommand::ToggleTimePanel),
        (Panel::Blueprint, UiCommand::ToggleLeftPanel),
    ];
    for (panel, command) in panels {
        let open = shell::panel_state(pass, panel) == PanelState::Expanded;
        let clicked = ui
            .add_enabled_ui(command.is_enabled(pass) && pass.active().is_some(), |ui| {
                icon_toggle(
                    ui,
                    command.icon(),
                    open,
                    command.name(),
                    command.shortcut_text().as_deref(),
                )
                .clicked()
            })
            .inner;
        if clicked {
            command.run(pass, state, &ui.ctx().clone());
        }
    }
}

/// The last part of a path or an address.
fn short_name(name: &str) -> &str {
    name.trim_end_matches('/')
        .rsplit(['/', '\\'])
        .next()
        .filter(|part| !part.is_empty())
        .unwrap_or(name)
}

/// The dialog that asks for a file.
#[derive(Default)]
pub(crate) struct OpenDialogState {
    is_open: bool,
    just_opened: bool,
    path: String,
}

impl OpenDialogState {
    pub(crate) fn open(&mut self) {
        *self = Self {
            is_open: true,
            just_opened: true,
            path: String::new(),
        };
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }
}

/// Asks for the path of a file, while that was asked for.
pub(crate) fn show_open_dialog(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut OpenDialogState) {
    if !state.is_open {
        return;
    }
    let mut wanted = false;
    let answer = egui::Modal::new(egui::Id::new("open_dialog")).show(ctx, |ui| {
        let theme = Theme::of(ui);
        ui.set_width((120.0 * size::GRID).min(ui.ctx().content_rect().width() - 4.0 * size::PADDING));
        ui.label(RichText::new("Open").font(fonts::medium(ui.ctx(), size::TITLE)));
        let edit = egui::TextEdit::singleline(&mut state.path)
            .hint_text("Path of an .rrd or .rbl file")
            .font(egui::TextStyle::Monospace)
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        if std::mem::take(&mut state.just_opened) {
            response.request_focus();
        }
        wanted |= response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        ui.label(
            RichText::new("Files can also be dropped onto the window.")
                .size(size::SMALL)
                .color(theme.secondary),
        );
        ui.add_space(size::GRID);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            wanted |= ui
                .add_enabled(!state.path.trim().is_empty(), egui::Button::new("Open"))
                .clicked();
            if ui.button("Cancel").clicked() {
                state.is_open = false;
            }
        });
    });
    if wanted && !state.path.trim().is_empty() {
        pass.push(ViewerCommand::OpenFiles(vec![PathBuf::from(state.path.trim())]));
        state.is_open = false;
    } else if answer.should_close() {
        state.is_open = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short() {
        assert_eq!(short_name("/data/run/scene.rrd"), "scene.rrd");
        assert_eq!(short_name("scene.rrd"), "scene.rrd");
        assert_eq!(short_name("rerun+http://host:9876/proxy/"), "proxy");
        assert_eq!(short_name(""), "");
    }
}
