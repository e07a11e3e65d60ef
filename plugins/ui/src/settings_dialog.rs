//! The page of settings: what holds for all recordings, and is kept.

use egui::{Align, Align2, Layout, RichText, ThemePreference, Vec2};

use crate::{
    fonts, overlay,
    pass::Pass,
    settings::Look,
    theme::{Theme, size},
    widgets::property_row,
};

/// The name of the dialog's layer.
pub(crate) const SETTINGS: &str = "settings";

/// Whether the page is open.
#[derive(Default)]
pub(crate) struct SettingsState {
    is_open: bool,
}

impl SettingsState {
    pub(crate) fn toggle(&mut self) {
        self.is_open = !self.is_open;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }
}

/// Draws the page while it is open. What is chosen is written after the pass.
pub(crate) fn show(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut SettingsState) {
    if !state.is_open {
        return;
    }
    let place = pass.place;
    let settings = &mut pass.settings;
    let answer = overlay::show(ctx, &place, SETTINGS, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        ui.set_width(place.width_for(110.0 * size::GRID));
        ui.label(RichText::new("Settings").font(fonts::medium(ui, size::TITLE)));
        ui.add_space(size::GRID);
        if settings.style == Look::Own {
            property_row(ui, "Theme", |ui| {
                for (theme, name) in [
                    (ThemePreference::System, "System"),
                    (ThemePreference::Dark, "Dark"),
                    (ThemePreference::Light, "Light"),
                ] {
                    ui.selectable_value(&mut settings.theme, theme, name);
                }
            });
        }
        property_row(ui, "Times of day", |ui| {
            ui.selectable_value(&mut settings.local_time, false, "UTC");
            ui.selectable_value(&mut settings.local_time, true, "This time zone");
        });
        property_row(ui, "Time panel", |ui| {
            ui.checkbox(&mut settings.fold_gaps, "Fold long gaps without data");
        });
        property_row(ui, "Hidden views", |ui| {
            ui.checkbox(
                &mut settings.keep_hidden_views,
                "Keep views in other tabs up to date",
            );
        });
        property_row(ui, "Text", |ui| {
            ui.checkbox(
                &mut settings.system_fonts,
                "Use fonts of the system where others lack letters",
            );
        });
        property_row(ui, "File dialogs", |ui| {
            ui.checkbox(&mut settings.desktop_dialogs, "Those of the desktop");
        });
        ui.add_space(size::GRID);
        let text =
            "All of this is kept for the next run, and so are the panels and the arrangement of views.";
        let color = Theme::of(ui).secondary;
        ui.add(egui::Label::new(RichText::new(text).size(size::SMALL).color(color)).wrap());
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
