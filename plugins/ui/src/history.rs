//! The edits of the blueprint as a list, to go back to any of them.

use egui::{Align2, RichText, Vec2};

use crate::{
    choices::Choice,
    commands::undo_state,
    fonts, icons, overlay,
    pass::Pass,
    theme::{Theme, size},
    widgets::{ListRow, scrolled_list},
};

/// The name of the list's layer.
pub(crate) const HISTORY: &str = "history";

/// Whether the list is open.
#[derive(Default)]
pub(crate) struct HistoryState {
    is_open: bool,
}

impl HistoryState {
    pub(crate) fn toggle(&mut self) {
        self.is_open = !self.is_open;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }
}

/// Draws the list while it is open: the newest edit first, those that are undone dimmed.
pub(crate) fn show(ctx: &egui::Context, pass: &mut Pass<'_>, state: &mut HistoryState) {
    if !state.is_open {
        return;
    }
    let Some(undo) = undo_state(pass) else {
        state.is_open = false;
        return;
    };
    let names: Vec<&str> = undo.step_names().collect();
    let shown = undo.undo_steps();
    let place = pass.place;
    let mut chosen = None;
    let answer = overlay::show(ctx, &place, HISTORY, Align2::CENTER_CENTER, Vec2::ZERO, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(place.width_for(80.0 * size::GRID));
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.label(RichText::new("History of edits").font(fonts::medium(ui, size::TITLE)));
        let text = "A click goes to where the blueprint was after that edit.";
        ui.label(RichText::new(text).size(size::SMALL).color(theme.secondary));
        ui.add_space(size::GRID);
        let room = (place.rect.height() - 6.0 * size::TOOLBAR).max(4.0 * size::ROW);
        let list = scrolled_list(room).auto_shrink([false, true]);
        list.show_rows(ui, size::ROW, names.len() + 1, |ui, range| {
            for at in range {
                let step = names.len() - at;
                let before = step.checked_sub(1).and_then(|at| names.get(at));
                let name = before.map_or_else(|| "As it was opened".to_owned(), |name| in_sentence(name));
                let row = ListRow::new(&name)
                    .icon(if step == shown {
                        icons::SUCCESS
                    } else {
                        icons::HISTORY
                    })
                    .selected(step == shown)
                    .dimmed(step > shown);
                if ui
                    .push_id(step, |ui| row.show(ui, |_| {}))
                    .inner
                    .response
                    .clicked()
                {
                    chosen = Some(step);
                }
            }
        });
    });
    if let Some(step) = chosen {
        pass.choose(Choice::GoToStep(step));
    }
    if answer.should_close {
        state.is_open = false;
    }
}

/// "Hide view", of "hide view".
fn in_sentence(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
