//! The dialog in which a view or a container is named.

use chronoscope_blueprint::Contents;
use egui::{Align, Align2, Layout, RichText, Vec2};

use crate::{edits, fonts, overlay, pass::Pass, theme::size, widgets::container_kind_title};

/// The name of the dialog's layer.
pub(crate) const RENAME: &str = "rename";

/// What is being named.
#[derive(Default)]
pub(crate) struct RenameState {
    of: Option<Contents>,
    text: String,
    /// What it is called without a name.
    fallback: String,
    just_opened: bool,
}

impl RenameState {
    /// Asks for the name of a view or a container.
    pub(crate) fn open(&mut self, pass: &Pass<'_>, contents: Contents) {
        let viewport = pass.viewport();
        let (name, fallback) = match contents {
            Contents::View(id) => match viewport.views.get(&id) {
                Some(view) => (view.name.clone(), view.title()),
                None => return,
            },
            Contents::Container(id) => match viewport.containers.get(&id) {
                Some(container) => {
                    let fallback = container_kind_title(container.kind).to_owned();
                    (container.name.clone(), fallback)
                }
                None => return,
            },
        };
        *self = Self {
            of: Some(contents),
            text: name.unwrap_or_default(),
            fallback,
            just_opened: true,
        };
    }

    pub(crate) fn is_open(&self) -> bool {
        self.of.is_some()
    }
}

/// Draws the dialog while it is open.
pub(crate) fn show(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut RenameState) {
    let Some(contents) = state.of else { return };
    let place = pass.place;
    let (mut wanted, mut is_closed) = (false, false);
    let answer = overlay::show(ctx, &place, RENAME, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        ui.set_width(place.width_for(80.0 * size::GRID));
        let title = match contents {
            Contents::View(_) => "Rename view",
            Contents::Container(_) => "Rename container",
        };
        ui.label(RichText::new(title).font(fonts::medium(ui, size::TITLE)));
        let id = place.id.with("rename field");
        let edit = egui::TextEdit::singleline(&mut state.text)
            .id(id)
            .hint_text(state.fallback.as_str())
            .desired_width(f32::INFINITY);
        let output = edit.show(ui);
        if std::mem::take(&mut state.just_opened) {
            output.response.request_focus();
            // The old name is replaced by what is typed.
            let mut field = output.state;
            let all = egui::text::CCursorRange::two(
                egui::text::CCursor::new(0),
                egui::text::CCursor::new(state.text.chars().count()),
            );
            field.cursor.set_char_range(Some(all));
            field.store(ui.ctx(), id);
        }
        wanted |= output.response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        ui.add_space(size::GRID);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            wanted |= ui.button("Rename").clicked();
            is_closed |= ui.button("Cancel").clicked();
        });
    });
    if wanted {
        pass.edit_as_step(edits::name(contents, &state.text));
    }
    if wanted || is_closed || answer.should_close {
        *state = RenameState::default();
    }
}
