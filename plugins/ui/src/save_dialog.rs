//! The dialog for saving to a file: the desktop's, or one for typing a path.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use chronoscope_blueprint::ViewId;
use chronoscope_frame::{Export, ViewerCommand};
use chronoscope_store::TimeRange;
use egui::{Align, Align2, Layout, RichText, Vec2};

use crate::{
    arrange,
    desktop_dialog::{DesktopDialog, FileAnswer, FileQuestion, FileToSave},
    dialogs::path_field,
    fonts, overlay,
    pass::Pass,
    theme::{Theme, size},
};

/// The name of the dialog's layer.
pub(crate) const SAVE: &str = "save_dialog";

/// What is saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SaveKind {
    #[default]
    Blueprint,
    Screenshot,
    /// A picture of a view.
    View(ViewId),
    /// The scalars of what was selected.
    Series,
    /// What was logged in a range.
    Times(TimeRange),
}

impl SaveKind {
    /// A name for a file of an application.
    pub(crate) fn file_name(self, application: &str) -> String {
        let name: String = application
            .chars()
            .map(|character| match character {
                '/' | '\\' | ':' => '_',
                other => other,
            })
            .collect();
        format!("{name}.{}", self.extensions()[0])
    }

    /// The endings that its files may have. The first one is proposed.
    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Blueprint => &["ron", "rbl"],
            Self::Screenshot | Self::View(_) => &["png"],
            Self::Series => &["csv"],
            Self::Times(_) => &["rrd"],
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Blueprint => "Save blueprint as",
            Self::Screenshot => "Save screenshot as",
            Self::View(_) => "Save picture of the view as",
            Self::Series => "Save series as",
            Self::Times(_) => "Save times as",
        }
    }

    /// What the kinds of files are called together.
    fn kind(self) -> &'static str {
        match self {
            Self::Blueprint => "Blueprints",
            Self::Screenshot | Self::View(_) => "PNG pictures",
            Self::Series => "Tables",
            Self::Times(_) => "Recordings",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Blueprint => "Path of a .ron or .rbl file",
            Self::Screenshot | Self::View(_) => "Path of a .png file",
            Self::Series => "Path of a .csv file",
            Self::Times(_) => "Path of a .rrd file",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Blueprint => {
                "A .ron file is text that can be edited by hand, an .rbl file is one of the Rerun SDK."
            }
            Self::Screenshot => "The whole window is saved, without this dialog.",
            Self::View(_) => "The view is saved as it is on the screen.",
            Self::Series => "A row per time of the shown timeline, a column per series.",
            Self::Times(_) => {
                "The selected times of the shown timeline are saved, with what holds when they begin."
            }
        }
    }

    fn wrong_ending(self) -> &'static str {
        match self {
            Self::Blueprint => "The name must end with .ron or .rbl.",
            Self::Screenshot | Self::View(_) => "The name must end with .png.",
            Self::Series => "The name must end with .csv.",
            Self::Times(_) => "The name must end with .rrd.",
        }
    }

    fn command(self, pass: &Pass<'_>, path: PathBuf) -> ViewerCommand {
        match self {
            Self::Blueprint => ViewerCommand::SaveBlueprint(path),
            Self::Screenshot => ViewerCommand::Screenshot(path),
            Self::View(view) => ViewerCommand::ScreenshotOf(view, path),
            Self::Series => ViewerCommand::Export(Export::Series(arrange::selected_series(pass)), path),
            Self::Times(range) => ViewerCommand::Export(Export::Times(range), path),
        }
    }
}

/// The dialog for saving.
#[derive(Default)]
pub(crate) struct SaveDialogState {
    is_open: bool,
    just_opened: bool,
    kind: SaveKind,
    path: String,
    target: Target,
    question: FileQuestion,
    /// What the desktop is asked about, and the name that it was given.
    asked: (SaveKind, String),
}

/// What a path names, as a file to save to.
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
    fn of(path: &str, kind: SaveKind) -> Self {
        if path.is_empty() {
            Self::Empty
        } else if !has_extension(Path::new(path), kind) {
            Self::OtherKind
        } else if Path::new(path).exists() {
            Self::Existing
        } else {
            Self::New
        }
    }
}

fn has_extension(path: &Path, kind: SaveKind) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    kind.extensions()
        .iter()
        .any(|known| known.eq_ignore_ascii_case(extension))
}

impl SaveDialogState {
    /// Asks the desktop, where it is to be asked and is not yet; else for a path. `name` is proposed.
    pub(crate) fn open(
        &mut self,
        kind: SaveKind,
        name: String,
        desktop: impl FnOnce(&FileToSave<'_>) -> Option<DesktopDialog>,
    ) {
        let file = FileToSave {
            title: kind.title(),
            kind: kind.kind(),
            extensions: kind.extensions(),
            name: &name,
        };
        if self.question.ask(|| desktop(&file)) {
            self.asked = (kind, name);
        } else {
            self.ask_for_path(kind, name);
        }
    }

    fn ask_for_path(&mut self, kind: SaveKind, path: String) {
        self.is_open = true;
        self.just_opened = true;
        self.kind = kind;
        self.target = Target::of(&path, kind);
        self.path = path;
    }

    /// Whether a path is asked for.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Sees what the desktop says. Where that is nothing, or no name for such a file, a path is asked for.
    fn look_at_desktop(&mut self, ctx: &egui::Context, pass: &mut Pass<'_>) {
        let kind = self.asked.0;
        match self.question.poll(ctx, self.is_open) {
            FileAnswer::None => {}
            FileAnswer::AskHere => {
                let name = std::mem::take(&mut self.asked.1);
                self.ask_for_path(kind, name);
            }
            FileAnswer::Chosen(paths) => {
                let Some(mut path) = paths.into_iter().next() else {
                    return;
                };
                let is_as_chosen = path.extension().is_some();
                if !is_as_chosen {
                    path.set_extension(kind.extensions()[0]);
                }
                // The desktop has asked whether to replace what was chosen, and nothing else.
                if has_extension(&path, kind) && (is_as_chosen || !path.exists()) {
                    pass.push(kind.command(pass, path));
                    self.is_open = false;
                } else {
                    self.ask_for_path(kind, path.display().to_string());
                }
            }
        }
    }
}

/// Draws the dialog while it is open.
pub(crate) fn show(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut SaveDialogState) {
    state.look_at_desktop(ctx, pass);
    if !state.is_open {
        return;
    }
    let (place, kind) = (pass.place, state.kind);
    let mut wanted = false;
    let answer = overlay::show(ctx, &place, SAVE, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(place.width_for(120.0 * size::GRID));
        ui.label(RichText::new(kind.title()).font(fonts::medium(ui, size::TITLE)));
        let field = path_field(ui, &mut state.path, kind.hint(), &mut state.just_opened);
        if field.is_changed {
            state.target = Target::of(state.path.trim(), kind);
        }
        wanted |= field.is_entered;
        let (text, color) = match state.target {
            Target::Empty | Target::New => (kind.about(), theme.secondary),
            Target::OtherKind => (kind.wrong_ending(), theme.warning),
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
        pass.push(kind.command(pass, PathBuf::from(state.path.trim())));
        state.is_open = false;
    } else if answer.should_close {
        state.is_open = false;
    }
}

fn can_save(target: Target) -> bool {
    matches!(target, Target::New | Target::Existing)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::future::{pending, ready};

    use chronoscope_frame::commands::{FileRequests, PictureTarget, ScreenshotRequests};

    use super::*;
    use crate::{UiState, testing::Stage};

    /// Asks a desktop that answers this.
    fn save(
        stage: &mut Stage,
        kind: SaveKind,
        answer: impl Future<Output = Option<Vec<PathBuf>>> + Send + 'static,
    ) {
        let dialog = DesktopDialog::for_saving(&stage.ctx, Box::pin(answer));
        let mut state = stage.app.world_mut().resource_mut::<UiState>();
        state
            .save_dialog
            .open(kind, kind.file_name("app"), |_| Some(dialog));
    }

    /// The path that is asked for, if one is.
    fn asked_path(stage: &mut Stage) -> Option<String> {
        stage.draw();
        let state = &stage.app.world().resource::<UiState>().save_dialog;
        state.is_open().then(|| state.path.clone())
    }

    fn saved(stage: &mut Stage) -> Vec<PathBuf> {
        let world = stage.app.world_mut();
        let screenshots = std::mem::take(&mut world.resource_mut::<ScreenshotRequests>().0);
        let blueprints = std::mem::take(&mut world.resource_mut::<FileRequests>().save_blueprint);
        let screenshots = screenshots.into_iter().filter_map(|request| match request.to {
            PictureTarget::File(path) => Some(path),
            PictureTarget::Clipboard => None,
        });
        blueprints.into_iter().chain(screenshots).collect()
    }

    #[test]
    fn a_file_is_saved_where_the_desktop_says() {
        let folder = std::env::temp_dir().join(format!("chronoscope_save_{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = |name: &str| folder.join(name);
        std::fs::write(path("there.ron"), "").unwrap();
        let mut stage = Stage::empty(800.0, 600.0);
        stage.draw();
        for (kind, chosen, expected) in [
            (SaveKind::Blueprint, "a.rbl", Ok("a.rbl")),
            (SaveKind::Screenshot, "a.PNG", Ok("a.PNG")),
            // The ending that a user leaves out is added.
            (SaveKind::Blueprint, "mine", Ok("mine.ron")),
            (SaveKind::Screenshot, "mine", Ok("mine.png")),
            // The desktop has asked whether to replace this one, and not that one.
            (SaveKind::Blueprint, "there.ron", Ok("there.ron")),
            (SaveKind::Blueprint, "there", Err("there.ron")),
            (SaveKind::Screenshot, "a.ron", Err("a.ron")),
        ] {
            save(&mut stage, kind, ready(Some(vec![path(chosen)])));
            let asked = asked_path(&mut stage);
            stage.draw();
            match expected {
                Ok(name) => assert_eq!((saved(&mut stage), asked), (vec![path(name)], None)),
                Err(name) => {
                    assert_eq!(saved(&mut stage), Vec::<PathBuf>::new());
                    assert_eq!(asked, Some(path(name).display().to_string()));
                    stage.press(egui::Key::Escape, egui::Modifiers::NONE);
                }
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn where_the_desktop_has_no_dialog_a_path_is_typed() {
        let mut stage = Stage::empty(800.0, 600.0);
        stage.draw();
        save(&mut stage, SaveKind::Screenshot, ready(Some(Vec::new())));
        assert_eq!(asked_path(&mut stage), None, "it was canceled");
        save(&mut stage, SaveKind::Screenshot, ready(None));
        assert_eq!(asked_path(&mut stage).as_deref(), Some("app.png"));
        stage.press(egui::Key::Enter, egui::Modifiers::NONE);
        stage.draw();
        assert_eq!(saved(&mut stage), [PathBuf::from("app.png")]);
        assert_eq!(asked_path(&mut stage), None);
        // A second question, while the desktop is asked the first, is one about what it is about.
        save(&mut stage, SaveKind::Screenshot, pending());
        assert_eq!(asked_path(&mut stage), None);
        save(&mut stage, SaveKind::Blueprint, pending());
        assert_eq!(asked_path(&mut stage).as_deref(), Some("app.ron"));
    }
}
