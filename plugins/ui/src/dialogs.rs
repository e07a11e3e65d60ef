//! Dialogs: a file to open, and what this program is.

use std::path::PathBuf;

use chronoscope_frame::{FileKinds, ViewerCommand};
use egui::{Align, Align2, Layout, RichText, Vec2};

use crate::{
    fonts, overlay,
    pass::{Pass, Place},
    theme::{Theme, size},
};

/// The names of the dialogs' layers.
pub(crate) const OPEN: &str = "open_dialog";
pub(crate) const ABOUT: &str = "about";

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
    let (place, takes_drops) = (pass.place, pass.settings.take_drops);
    let kinds = pass.world.resource::<FileKinds>();
    let mut wanted = false;
    let answer = overlay::show(ctx, &place, OPEN, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(place.width_for(120.0 * size::GRID));
        ui.label(RichText::new("Open").font(fonts::medium(ui, size::TITLE)));
        let edit = egui::TextEdit::singleline(&mut state.path)
            .hint_text("Path of a file")
            .font(egui::TextStyle::Monospace)
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        if std::mem::take(&mut state.just_opened) {
            response.request_focus();
        }
        wanted |= response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let small = |text: &str| RichText::new(text).size(size::SMALL).color(theme.secondary);
        if !kinds.0.is_empty() {
            let text = format!("Opens {}", kinds.extensions());
            ui.add(egui::Label::new(small(&text)).wrap());
        }
        if takes_drops {
            ui.label(small("Files can also be dropped onto the window."));
        }
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
    } else if answer.should_close {
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
pub(crate) fn show_about(ctx: &egui::Context, place: &Place, state: &mut AboutState) {
    if !state.is_open {
        return;
    }
    let answer = overlay::show(ctx, place, ABOUT, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(place.width_for(80.0 * size::GRID));
        ui.label(RichText::new("Chronoscope").font(fonts::medium(ui, size::TITLE)));
        let version = format!("Version {}", env!("CARGO_PKG_VERSION"));
        ui.label(RichText::new(version).color(theme.secondary));
        ui.label("A viewer for time-stamped data. It reads what the Rerun SDKs write, and draws with Bevy and egui.");
        ui.label(
            RichText::new("Licensed under MIT or Apache-2.0.")
                .size(size::SMALL)
                .color(theme.secondary),
        );
        ui.add_space(size::GRID);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.button("Close").clicked()
        })
        .inner
    });
    if answer.inner || answer.should_close {
        state.is_open = false;
    }
}
