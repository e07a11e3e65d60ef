//! Dialogs: a file to open, and what this program is.

use std::path::PathBuf;

use chronoscope_frame::ViewerCommand;
use egui::{Align, Layout, RichText};

use crate::{
    fonts,
    pass::Pass,
    theme::{Theme, size},
};

/// The dialog for opening a file.
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

/// Draws the dialog while it is open.
pub(crate) fn show_open(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut OpenDialogState) {
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

/// The dialog with version and license.
#[derive(Default)]
pub(crate) struct AboutState {
    is_open: bool,
}

impl AboutState {
    pub(crate) fn open(&mut self) {
        self.is_open = true;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }
}

/// Draws the dialog while it is open.
pub(crate) fn show_about(ctx: &egui::Context, state: &mut AboutState) {
    if !state.is_open {
        return;
    }
    let answer = egui::Modal::new(egui::Id::new("about")).show(ctx, |ui| {
        let theme = Theme::of(ui);
        ui.set_width((80.0 * size::GRID).min(ui.ctx().content_rect().width() - 4.0 * size::PADDING));
        ui.label(RichText::new("Chronoscope").font(fonts::medium(ui.ctx(), size::TITLE)));
        let version = format!("Version {}", env!("CARGO_PKG_VERSION"));
        ui.label(RichText::new(version).color(theme.secondary));
        ui.label("A viewer for time-stamped data. It reads what the Rerun SDKs write, and draws with Bevy and egui.");
        ui.label(
            RichText::new("Licensed under MIT or Apache-2.0.")
                .size(size::SMALL)
                .color(theme.secondary),
        );
        ui.add_space(size::GRID);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.button("Close").clicked())
            .inner
    });
    if answer.inner || answer.should_close() {
        state.is_open = false;
    }
}
