//! The command palette: commands found by a few letters of their names.

use egui::{Key, Modifiers, RichText};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

use crate::{
    commands::UiCommand,
    menu::{CommandRow, command_row},
    overlay,
    pass::Pass,
    theme::{Theme, size},
};

/// The query and the marked command.
#[derive(Default)]
pub(crate) struct PaletteState {
    is_open: bool,
    just_opened: bool,
    query: String,
    marked: usize,
}

impl PaletteState {
    pub(crate) fn toggle(&mut self) {
        *self = Self {
            is_open: !self.is_open,
            just_opened: !self.is_open,
            ..Self::default()
        };
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }
}

/// The name of the palette's layer.
pub(crate) const PALETTE: &str = "palette";

const WIDTH: f32 = 110.0 * size::GRID;

/// Rows that are shown without scrolling.
const MAX_ROWS: f32 = 12.0;

/// Draws the palette while it is open. Returns the command that was chosen.
pub(crate) fn show(ctx: &egui::Context, pass: &Pass<'_>, palette: &mut PaletteState) -> Option<UiCommand> {
    if !palette.is_open {
        return None;
    }
    let found = find(&palette.query);
    palette.marked = palette.marked.min(found.len().saturating_sub(1));
    // Before the text field sees them: it would take them for its own.
    let field = pass.place.id.with("palette query");
    let has_focus = palette.just_opened || ctx.memory(|memory| memory.has_focus(field));
    let press = |key| has_focus && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let (up, down, enter) = (press(Key::ArrowUp), press(Key::ArrowDown), press(Key::Enter));
    let count = found.len().max(1);
    if up {
        palette.marked = (palette.marked + count - 1) % count;
    }
    if down {
        palette.marked = (palette.marked + 1) % count;
    }
    let mut chosen = if enter {
        found.get(palette.marked).copied()
    } else {
        None
    };

    let place = &pass.place;
    let below_bar = egui::vec2(0.0, 2.0 * size::TOOLBAR);
    let answer = overlay::show(ctx, place, PALETTE, egui::Align2::CENTER_TOP, below_bar, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        let edit = egui::TextEdit::singleline(&mut palette.query)
            .id(field)
            .hint_text("Find a command")
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        if std::mem::take(&mut palette.just_opened) {
            response.request_focus();
        }
        if response.changed() {
            palette.marked = 0;
        }
        ui.add_space(size::GRID);
        if found.is_empty() {
            ui.label(RichText::new("Unknown command").color(theme.secondary));
            return;
        }
        egui::ScrollArea::vertical()
            .max_height(MAX_ROWS * size::ROW)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                for (at, command) in found.iter().enumerate() {
                    let enabled = command.is_enabled(pass);
                    let row = CommandRow {
                        enabled,
                        marked: at == palette.marked,
                        on: None,
                    };
                    let row = command_row(ui, *command, &command.label(pass), row);
                    if (up || down) && at == palette.marked {
                        row.scroll_to_me(None);
                    }
                    if row.clicked() {
                        chosen = Some(*command);
                    }
                }
            });
    });
    if answer.should_close {
        palette.is_open = false;
    }
    let chosen = chosen.filter(|command| command.is_enabled(pass))?;
    palette.is_open = false;
    // The palette itself is among the commands; chosen from itself it is just closed.
    (chosen != UiCommand::Palette).then_some(chosen)
}

/// The commands whose names match, best first; all in their order where nothing is typed.
fn find(query: &str) -> Vec<UiCommand> {
    if query.trim().is_empty() {
        return UiCommand::ALL.to_vec();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, UiCommand)> = UiCommand::ALL
        .into_iter()
        .filter_map(|command| {
            let score = pattern.score(Utf32Str::new(command.name(), &mut buffer), &mut matcher)?;
            Some((score, command))
        })
        .collect();
    // Stable, so that equally good ones keep their order.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, command)| command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_a_few_letters() {
        assert_eq!(find("undo").first(), Some(&UiCommand::Undo));
        assert_eq!(find("selpan").first(), Some(&UiCommand::ToggleSelectionPanel));
        assert_eq!(find("dark").first(), Some(&UiCommand::ThemeDark));
        assert_eq!(find("xyzzy"), Vec::new());
        assert_eq!(find(" ").len(), UiCommand::ALL.len());
    }
}
