//! The palette: commands, entities, views, recordings and files, found by a few letters of their names.

mod entries;

use egui::{Key, Modifiers, RichText};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

use self::entries::{Entry, entries};
use crate::{
    arrange::ShowIn,
    choices::Choice,
    commands::{NamedCommands, UiCommand},
    find::{EntityFilter, FilterPlace},
    menu::{CommandRow, MenuText, menu_row},
    overlay,
    pass::Pass,
    theme::{Theme, size},
    widgets::scrolled_list,
};

/// What the palette offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PaletteMode {
    /// All that there is.
    #[default]
    Everything,
    /// What can be added to the blueprint.
    Add,
    /// The classes that the selected view could have.
    ChangeClass,
}

/// The query and what it finds.
#[derive(Default)]
pub(crate) struct PaletteState {
    is_open: bool,
    just_opened: bool,
    mode: PaletteMode,
    query: String,
    /// The place of the marked one among those that were found.
    marked: usize,
    /// All that can be found, as it was when the palette was opened.
    entries: Vec<Entry>,
    /// Of these, the ones that the query finds, best first; `None` where that is to be looked up.
    found: Option<Vec<usize>>,
}

impl PaletteState {
    pub(crate) fn toggle(&mut self, mode: PaletteMode) {
        *self = Self {
            is_open: !self.is_open,
            just_opened: !self.is_open,
            mode,
            ..Self::default()
        };
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    fn close(&mut self) {
        *self = Self::default();
    }
}

/// The name of the palette's layer.
pub(crate) const PALETTE: &str = "palette";

const WIDTH: f32 = 130.0 * size::GRID;

/// Rows that are shown without scrolling.
const MAX_ROWS: f32 = 14.0;

/// Rows that are found. Who wants more types more.
const MAX_FOUND: usize = 500;

/// Draws the palette while it is open. Returns what was chosen.
pub(crate) fn show(ctx: &egui::Context, pass: &Pass<'_>, palette: &mut PaletteState) -> Option<Choice> {
    if !palette.is_open {
        return None;
    }
    if palette.just_opened {
        palette.entries = entries(pass, palette.mode);
    }
    let found = match palette.found.take() {
        Some(found) => found,
        None => find(pass, &palette.query, &palette.entries),
    };
    palette.marked = palette.marked.min(found.len().saturating_sub(1));
    // Before the text field sees them: it would take them for its own.
    let field = pass.place.id.with("palette query");
    let has_focus = palette.just_opened || ctx.memory(|memory| memory.has_focus(field));
    let press = |modifiers, key| has_focus && ctx.input_mut(|input| input.consume_key(modifiers, key));
    // A key with fewer modifiers would take this one, too.
    let show = press(Modifiers::COMMAND, Key::Enter);
    let (up, down) = (
        press(Modifiers::NONE, Key::ArrowUp),
        press(Modifiers::NONE, Key::ArrowDown),
    );
    let enter = press(Modifiers::NONE, Key::Enter);
    let count = found.len().max(1);
    if up {
        palette.marked = (palette.marked + count - 1) % count;
    }
    if down {
        palette.marked = (palette.marked + 1) % count;
    }
    let entry_at = |at: usize| palette.entries.get(*found.get(at)?);
    let marked = entry_at(palette.marked).map(|entry| &entry.choice);
    let mut chosen = match marked {
        Some(choice) if enter => Some(choice.clone()),
        Some(choice) if show => shown_by(choice).or_else(|| Some(choice.clone())),
        _ => None,
    };
    let hint = hint_for(marked);
    let mut is_changed = false;

    let place = &pass.place;
    let below_bar = egui::vec2(0.0, 2.0 * size::TOOLBAR);
    let answer = overlay::show(ctx, place, PALETTE, egui::Align2::CENTER_TOP, below_bar, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        let edit = egui::TextEdit::singleline(&mut palette.query)
            .id(field)
            .hint_text(question(palette.mode))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        if std::mem::take(&mut palette.just_opened) {
            response.request_focus();
        }
        if response.changed() {
            palette.marked = 0;
            is_changed = true;
        }
        ui.add_space(size::GRID);
        if found.is_empty() {
            ui.label(RichText::new("Nothing has such a name").color(theme.secondary));
            return;
        }
        let rows = (place.rect.height() - 4.0 * size::TOOLBAR) / size::ROW;
        let room = rows.clamp(3.0, MAX_ROWS) * size::ROW;
        let mut list = scrolled_list(room).auto_shrink([false, true]);
        if up || down {
            let top = palette.marked as f32 * size::ROW;
            list = list.vertical_scroll_offset((top - 5.0 * size::ROW).max(0.0));
        }
        list.show_rows(ui, size::ROW, found.len(), |ui, range| {
            for at in range {
                let Some(entry) = found.get(at).and_then(|at| palette.entries.get(*at)) else {
                    continue;
                };
                let text = MenuText {
                    icon: entry.icon,
                    label: &entry.label,
                    detail: &entry.detail,
                };
                let row = CommandRow {
                    enabled: entry.is_enabled,
                    marked: at == palette.marked,
                    on: None,
                };
                let response = menu_row(ui, text, row);
                if response.clicked() {
                    let adds = ui.input(|input| input.modifiers.command);
                    chosen = shown_by(&entry.choice)
                        .filter(|_| adds)
                        .or_else(|| Some(entry.choice.clone()));
                }
            }
        });
        if let Some(hint) = hint {
            ui.add_space(size::GRID);
            ui.label(RichText::new(hint).size(size::SMALL).color(theme.secondary));
        }
    });
    if !is_changed {
        palette.found = Some(found);
    }
    if answer.should_close {
        palette.close();
    }
    let commands = pass.world.resource::<NamedCommands>();
    let command_of = |choice: &Choice| match choice {
        Choice::Named(at) => commands.get(*at),
        _ => None,
    };
    let chosen = chosen.filter(|choice| command_of(choice).is_none_or(|command| command.is_enabled(pass)))?;
    palette.close();
    // The palette itself is among the commands; chosen from itself it is just closed.
    let is_palette =
        command_of(&chosen).is_some_and(|command| command.built_in() == Some(UiCommand::Palette));
    (!is_palette).then_some(chosen)
}

fn question(mode: PaletteMode) -> &'static str {
    match mode {
        PaletteMode::Everything => "Find a command, entity, view, recording or file",
        PaletteMode::Add => "Add a view or a container",
        PaletteMode::ChangeClass => "Show it as",
    }
}

/// The choice of showing an entity rather than selecting it.
fn shown_by(choice: &Choice) -> Option<Choice> {
    match choice {
        Choice::Select(item) => {
            let entity = item.entity()?.clone();
            Some(Choice::Show(vec![entity], ShowIn::Selected))
        }
        _ => None,
    }
}

fn hint_for(choice: Option<&Choice>) -> Option<&'static str> {
    let keys = if cfg!(target_os = "macos") {
        "Enter selects it, Cmd+Enter shows it in a view. Also type:points, at:cursor"
    } else {
        "Enter selects it, Ctrl+Enter shows it in a view. Also type:points, at:cursor"
    };
    choice.and_then(shown_by).map(|_| keys)
}

/// How good something is that was found: whether the words stand in it as they are, whether it can be done now, and how close
/// together their letters are.
type Rank = (bool, bool, u32);

/// What matches, best first; without a query all but entities, in their order.
fn find(pass: &Pass<'_>, query: &str, entries: &[Entry]) -> Vec<usize> {
    let filter = EntityFilter::parse(query);
    if filter.is_empty() {
        let all = entries.iter().enumerate();
        return all
            .filter(|(_, entry)| entry.entity.is_none())
            .map(|(at, _)| at)
            .collect();
    }
    let place = FilterPlace::shown(pass).filter(|_| filter.has_conditions());
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let pattern = Pattern::parse(&filter.words(), CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut found: Vec<(Rank, usize)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(place) = &place {
            let meets = entry
                .entity
                .is_some_and(|entity| filter.matches_data(place, entity));
            if !meets {
                continue;
            }
        }
        if let Some(score) = pattern.score(Utf32Str::new(&entry.label, &mut buffer), &mut matcher) {
            // Commands are few and meant more often than an entity of a similar name.
            let bonus = if entry.entity.is_none() { 16 } else { 0 };
            let has_words = filter.matches_name(&entry.label);
            found.push(((has_words, entry.is_enabled, score + bonus), at));
        }
    }
    // Stable, so that equally good ones keep their order.
    found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    found.truncate(MAX_FOUND);
    found.into_iter().map(|(_, at)| at).collect()
}
