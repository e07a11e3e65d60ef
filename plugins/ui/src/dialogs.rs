//! Dialogs: a file to open, and what this program is.

use std::path::{Path, PathBuf};

use chronoscope_frame::{FileKind, FileKinds, ViewerCommand};
use egui::{Align, Align2, Layout, RichText, Vec2};

use crate::{
    desktop_dialog::{DesktopDialog, FileAnswer, FileQuestion},
    fonts, overlay,
    pass::{Pass, Place},
    theme::{Theme, size},
};

/// The names of the dialogs' layers.
pub(crate) const OPEN: &str = "open_dialog";
pub(crate) const ABOUT: &str = "about";

/// What is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OpenKind {
    /// Whatever can be opened.
    #[default]
    Files,
    /// Blueprints, to be used for the recordings that are open.
    Blueprints,
}

impl OpenKind {
    /// The kinds of files that are offered.
    pub(crate) fn kinds(self, all: &FileKinds) -> FileKinds {
        let is_blueprint = |extension: &String| matches!(extension.as_str(), "rbl" | "ron");
        let kinds = all.0.iter().filter_map(|kind| match self {
            Self::Files => Some(kind.clone()),
            Self::Blueprints => {
                let extensions = kind.extensions.iter().filter(|end| is_blueprint(end));
                let extensions: Vec<String> = extensions.cloned().collect();
                let name = kind.name.clone();
                (!extensions.is_empty()).then_some(FileKind { name, extensions })
            }
        });
        FileKinds(kinds.collect())
    }

    fn command(self, paths: Vec<PathBuf>) -> ViewerCommand {
        match self {
            Self::Files => ViewerCommand::OpenFiles(paths),
            Self::Blueprints => ViewerCommand::OpenBlueprints(paths),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Files => "Open",
            Self::Blueprints => "Open blueprint",
        }
    }
}

/// The dialog for opening files: the desktop's, or one for typing a path.
#[derive(Default)]
pub(crate) struct OpenDialogState {
    kind: OpenKind,
    is_open: bool,
    just_opened: bool,
    path: String,
    /// Whether nothing is where the path leads. It can be typed again then.
    is_missing: bool,
    question: FileQuestion,
}

impl OpenDialogState {
    /// Asks the desktop, where it is to be asked and is not yet; else for a path.
    pub(crate) fn open(&mut self, kind: OpenKind, desktop: impl FnOnce() -> Option<DesktopDialog>) {
        self.kind = kind;
        if !self.question.ask(desktop) {
            self.ask_for_path();
        }
    }

    fn ask_for_path(&mut self) {
        self.is_open = true;
        self.just_opened = true;
        self.path = String::new();
        self.is_missing = false;
    }

    /// Whether a path is asked for.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Sees what the desktop says. Where that is nothing, a path is asked for.
    fn look_at_desktop(&mut self, ctx: &egui::Context, pass: &mut Pass<'_>) {
        match self.question.poll(ctx, self.is_open) {
            FileAnswer::None => {}
            FileAnswer::AskHere => self.ask_for_path(),
            FileAnswer::Chosen(paths) if paths.is_empty() => {}
            FileAnswer::Chosen(paths) => {
                pass.push(self.kind.command(paths));
                self.is_open = false;
            }
        }
    }
}

/// What happened in a field for a path.
pub(crate) struct PathField {
    /// Whether something was typed.
    pub(crate) is_changed: bool,
    /// Whether it was left by Enter.
    pub(crate) is_entered: bool,
}

/// A field for a path, as wide as the dialog. It has the focus in the first pass.
pub(crate) fn path_field(
    ui: &mut egui::Ui,
    path: &mut String,
    hint: &str,
    just_opened: &mut bool,
) -> PathField {
    let edit = egui::TextEdit::singleline(path)
        .hint_text(hint)
        .font(egui::TextStyle::Monospace)
        .desired_width(f32::INFINITY);
    let response = ui.add(edit);
    if std::mem::take(just_opened) {
        response.request_focus();
    }
    PathField {
        is_changed: response.changed(),
        is_entered: response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)),
    }
}

/// Draws the dialog while it is open.
pub(crate) fn show_open(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut OpenDialogState) {
    state.look_at_desktop(ctx, pass);
    if !state.is_open {
        return;
    }
    let (place, takes_drops) = (pass.place, pass.settings.take_drops);
    let kinds = state.kind.kinds(pass.world.resource::<FileKinds>());
    let mut wanted = false;
    let answer = overlay::show(ctx, &place, OPEN, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(place.width_for(120.0 * size::GRID));
        ui.label(RichText::new(state.kind.title()).font(fonts::medium(ui, size::TITLE)));
        let field = path_field(ui, &mut state.path, "Path of a file", &mut state.just_opened);
        wanted |= field.is_entered;
        state.is_missing &= !field.is_changed;
        if state.is_missing {
            ui.label(RichText::new("There is no such file.").color(theme.error));
        }
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
    let path = state.path.trim();
    if wanted && !path.is_empty() {
        let is_link = path.contains("://");
        if is_link || Path::new(path).exists() {
            pass.push(state.kind.command(vec![PathBuf::from(path)]));
            state.is_open = false;
        } else {
            state.is_missing = true;
            // Enter took the focus away.
            state.just_opened = true;
            ctx.request_repaint();
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chronoscope_frame::commands::FileRequests;
    use std::future::{pending, ready};

    use super::*;
    use crate::{UiState, testing::Stage};

    /// What the dialog for a path says.
    const HINT: &str = "Path of a file";

    /// Asks a desktop that answers this.
    fn open(stage: &mut Stage, answer: impl Future<Output = Option<Vec<PathBuf>>> + Send + 'static) {
        let dialog = DesktopDialog::new(&stage.ctx, Box::pin(answer));
        let mut state = stage.app.world_mut().resource_mut::<UiState>();
        state.open_dialog.open(OpenKind::Files, || Some(dialog));
    }

    fn asks_for_path(stage: &mut Stage) -> bool {
        stage.draw().iter().any(|text| text == HINT)
    }

    #[test]
    fn files_chosen_on_the_desktop_are_opened() {
        let mut stage = Stage::empty(800.0, 600.0);
        stage.draw();
        let files = vec![PathBuf::from("a.rrd"), PathBuf::from("b.rrd")];
        open(&mut stage, ready(Some(files.clone())));
        assert!(!asks_for_path(&mut stage));
        assert_eq!(stage.app.world().resource::<FileRequests>().open, files);
    }

    #[test]
    fn where_the_desktop_has_no_dialog_a_path_is_typed() {
        let mut stage = Stage::empty(800.0, 600.0);
        stage.draw();
        open(&mut stage, ready(Some(Vec::new())));
        assert!(!asks_for_path(&mut stage), "it was canceled");
        open(&mut stage, ready(None));
        assert!(asks_for_path(&mut stage));
        // Where nothing is, it is said, and typed on. Tests run in the folder of the package.
        stage.draw_with(vec![egui::Event::Text("Cargo".to_owned())]);
        stage.press(egui::Key::Enter, egui::Modifiers::NONE);
        assert!(stage.draw().iter().any(|text| text == "There is no such file."));
        assert!(stage.app.world().resource::<FileRequests>().open.is_empty());
        stage.draw_with(vec![egui::Event::Text(".toml".to_owned())]);
        stage.press(egui::Key::Enter, egui::Modifiers::NONE);
        let wanted = &stage.app.world().resource::<FileRequests>().open;
        assert_eq!(*wanted, [PathBuf::from("Cargo.toml")]);
        assert!(!asks_for_path(&mut stage));
    }

    #[test]
    fn a_desktop_that_says_nothing_holds_nobody_up() {
        let mut stage = Stage::empty(800.0, 600.0);
        stage.draw();
        open(&mut stage, pending());
        assert!(!asks_for_path(&mut stage));
        for _ in 0..120 {
            stage.draw_with(Vec::new());
        }
        assert!(asks_for_path(&mut stage));
        stage.press(egui::Key::Escape, egui::Modifiers::NONE);
        assert!(!asks_for_path(&mut stage), "once is enough");
        // Who asks again, does so in vain: the desktop was asked already.
        open(&mut stage, ready(Some(vec![PathBuf::from("a.rrd")])));
        assert!(asks_for_path(&mut stage));
    }
}
