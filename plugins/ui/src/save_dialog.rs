//! The dialog for saving the blueprint to a file.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use chronoscope_frame::ViewerCommand;
use egui::{Align, Align2, Layout, RichText, Vec2};

use crate::{
    dialogs::path_field,
    fonts, overlay,
    pass::Pass,
    theme::{Theme, size},
};

/// The name of the dialog's layer.
pub(crate) const SAVE: &str = "save_dialog";

/// The dialog for saving the blueprint.
#[derive(Default)]
pub(crate) struct SaveDialogState {
    is_open: bool,
    just_opened: bool,
    path: String,
    target: Target,
}

/// What a path names, as a file to save a blueprint to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Target {
    /// Nothing yet.
    #[default]
    Empty,
    /// A file of another kind.
    OtherKind,
    /// A file that there is not yet.
    New,
    /// A file that will be replaced.
    Existing,
}

impl Target {
    fn of(path: &str) -> Self {
        let path = Path::new(path);
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        if path.as_os_str().is_empty() {
            Self::Empty
        } else if !["ron", "rbl"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
        {
            Self::OtherKind
        } else if path.exists() {
            Self::Existing
        } else {
            Self::New
        }
    }
}

impl SaveDialogState {
    /// Opens the dialog with a name for the blueprint of an application.
    pub(crate) fn open(&mut self, application: &str) {
        let name: String = application
            .chars()
            .map(|character| match character {
                '/' | '\\' | ':' => '_',
                other => other,
            })
            .collect();
        let path = format!("{name}.ron");
        *self = Self {
            is_open: true,
            just_opened: true,
            target: Target::of(&path),
            path,
        };
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }
}

/// Draws the dialog while it is open.
pub(crate) fn show(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut SaveDialogState) {
    if !state.is_open {
        return;
    }
    let place = pass.place;
    let mut wanted = false;
    let answer = overlay::show(ctx, &place, SAVE, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(place.width_for(120.0 * size::GRID));
        ui.label(RichText::new("Save blueprint as").font(fonts::medium(ui, size::TITLE)));
        let hint = "Path of a .ron or .rbl file";
        let field = path_field(ui, &mut state.path, hint, &mut state.just_opened);
        if field.is_changed {
            state.target = Target::of(state.path.trim());
        }
        wanted |= field.is_entered;
        let (text, color) = match state.target {
            Target::Empty | Target::New => (
                "A .ron file is text that can be edited by hand, an .rbl file is one of the Rerun SDK.",
                theme.secondary,
            ),
            Target::OtherKind => ("The name must end with .ron or .rbl.", theme.warning),
            Target::Existing => ("This file exists and will be replaced.", theme.warning),
        };
        ui.label(RichText::new(text).size(size::SMALL).color(color));
        ui.add_space(size::GRID);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let name = if state.target == Target::Existing {
                "Replace"
            } else {
                "Save"
            };
            wanted |= ui
                .add_enabled(can_save(state.target), egui::Button::new(name))
                .clicked();
            if ui.button("Cancel").clicked() {
                state.is_open = false;
            }
        });
    });
    if wanted && can_save(state.target) {
        pass.push(ViewerCommand::SaveBlueprint(PathBuf::from(state.path.trim())));
        state.is_open = false;
    } else if answer.should_close {
        state.is_open = false;
    }
}

fn can_save(target: Target) -> bool {
    matches!(target, Target::New | Target::Existing)
}
