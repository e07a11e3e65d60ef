//! Text fields whose text is applied when they are left.

use egui::Ui;

use crate::theme::{Theme, size};

/// A text field that is applied when it is left, or at Enter. Escape takes back what was typed.
///
/// ```text
/// let typed = DraftEdit::new("origin", view.origin.as_str()).hint("/").show(ui);
/// if let Some(typed) = typed { /* apply it */ }
/// ```
#[must_use = "a field is drawn by `show`"]
pub struct DraftEdit<'a> {
    salt: egui::Id,
    current: &'a str,
    hint: &'a str,
    rows: usize,
    is_valid: &'a dyn Fn(&str) -> bool,
    explain: &'a dyn Fn(&str) -> Option<String>,
    suggest: Option<&'a dyn Fn(&str) -> Vec<String>>,
}

/// The typed text and the text that it replaces.
#[derive(Clone)]
struct Draft {
    base: String,
    text: String,
}

impl<'a> DraftEdit<'a> {
    /// A field for a text that is `current` now. `salt` tells fields apart whose places may show another
    /// thing in the next pass.
    pub fn new(salt: impl std::hash::Hash + std::fmt::Debug, current: &'a str) -> Self {
        Self {
            salt: egui::Id::new(salt),
            current,
            hint: "",
            rows: 1,
            is_valid: &|_| true,
            explain: &|_| None,
            suggest: None,
        }
    }

    /// Dimmed text where the field is empty.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// The height, in lines of text. With more than one, Enter begins a line, and is applied with the command
    /// key.
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// Condition for a text to be applied. Other text has the color of errors while it is typed, and is
    /// reverted when the field loses the focus.
    pub fn valid_if(mut self, is_valid: &'a dyn Fn(&str) -> bool) -> Self {
        self.is_valid = is_valid;
        self
    }

    /// What to say below the field about the text that is being typed: why it cannot be applied, or what it
    /// will do.
    pub fn explain(mut self, explain: &'a dyn Fn(&str) -> Option<String>) -> Self {
        self.explain = explain;
        self
    }

    /// What the word that is being typed may become. Arrows and Tab choose among these, or a click.
    pub fn suggest(mut self, suggest: &'a dyn Fn(&str) -> Vec<String>) -> Self {
        self.suggest = Some(suggest);
        self
    }

    /// Draws the field. Returns what was typed where it is to be applied and differs from the current text.
    pub fn show(self, ui: &mut Ui) -> Option<String> {
        let id = ui.make_persistent_id(("draft", self.salt));
        let draft_id = id.with("text");
        // While nothing was typed, a value that moves on by itself is not put back: so the base is kept too.
        let draft = ui.data(|data| data.get_temp::<Draft>(draft_id));
        let Draft { base, mut text } = draft.unwrap_or_else(|| Draft {
            base: self.current.to_owned(),
            text: self.current.to_owned(),
        });
        let mut list = Suggestions::load(ui, id);
        let accepted = list.take_keys(ui, id);
        let is_valid = text == base || (self.is_valid)(&text);
        let edit = if self.rows > 1 {
            egui::TextEdit::multiline(&mut text).desired_rows(self.rows)
        } else {
            egui::TextEdit::singleline(&mut text)
        };
        let mut edit = edit
            .id(id)
            .hint_text(self.hint.to_owned())
            .font(egui::TextStyle::Monospace)
            .desired_width(ui.available_width());
        if !is_valid {
            edit = edit.text_color(Theme::of(ui).error);
        }
        let output = edit.show(ui);
        let response: egui::Response = output.response.response.clone();
        let is_entered = || ui.input(|input| input.key_pressed(egui::Key::Enter));
        if response.lost_focus() && text != base && !(self.is_valid)(&text) && is_entered() {
            // Who enters what makes no sense is told so, rather than left with the old text.
            response.request_focus();
            ui.data_mut(|data| data.insert_temp(draft_id, Draft { base, text }));
            return None;
        }
        if response.has_focus() {
            let at = output.cursor_range.map_or(0, |range| range.primary.index.into());
            if let Some(suggest) = self.suggest {
                let word = word_before(&text, at);
                list.refresh(text.get(word.clone()).unwrap_or_default(), text != base, suggest);
                let clicked = list.show(ui, id, &response);
                if let Some(chosen) = accepted.or(clicked) {
                    let end = word.start + chosen.len();
                    text.replace_range(word, &chosen);
                    let mut state = output.state;
                    let at = text.get(..end).map_or(0, |before| before.chars().count());
                    let cursor = egui::text::CCursorRange::one(egui::text::CCursor::new(at));
                    state.cursor.set_char_range(Some(cursor));
                    state.store(ui.ctx(), id);
                    response.request_focus();
                    list = Suggestions::default();
                }
                if !list.items.is_empty() {
                    // Tab takes what is marked; else it would lead on, and the field be left.
                    let filter = egui::EventFilter {
                        tab: true,
                        horizontal_arrows: true,
                        vertical_arrows: true,
                        ..egui::EventFilter::default()
                    };
                    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
                }
                list.clone().store(ui, id);
            }
            if list.items.is_empty()
                && let Some(explanation) = (self.explain)(&text).filter(|_| text != base)
            {
                below(id.with("explanation"), &response).show(|ui| {
                    ui.set_max_width(80.0 * size::GRID);
                    ui.label(explanation);
                });
            }
            let leave = ui.input(|input| input.modifiers.command && input.key_pressed(egui::Key::Enter));
            if leave {
                response.surrender_focus();
            } else {
                ui.data_mut(|data| data.insert_temp(draft_id, Draft { base, text }));
                return None;
            }
        }
        ui.data_mut(|data| data.remove::<Draft>(draft_id));
        Suggestions::default().store(ui, id);
        let given_up = ui.input(|input| input.key_pressed(egui::Key::Escape));
        let is_new = text != base && text != self.current;
        (is_new && !given_up && (self.is_valid)(&text)).then_some(text)
    }
}

/// A popup below a field, or above where there is no room.
fn below(id: egui::Id, field: &egui::Response) -> egui::Popup<'static> {
    egui::Popup::from_response(field)
        .id(id)
        .open(true)
        .close_behavior(egui::PopupCloseBehavior::IgnoreClicks)
}

/// The bytes of the word that ends at a cursor, counted in characters.
fn word_before(text: &str, at: usize) -> std::ops::Range<usize> {
    let end = text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    let before = text.get(..end).unwrap_or_default();
    let start = before.rfind(char::is_whitespace).map_or(0, |space| {
        space
            + before
                .get(space..)
                .and_then(|rest| rest.chars().next())
                .map_or(1, char::len_utf8)
    });
    start..end
}

/// Suggestions that are shown.
const MAX_SUGGESTIONS: usize = 8;

/// What the word that is typed may become.
#[derive(Clone, Default)]
struct Suggestions {
    of: String,
    items: Vec<String>,
    marked: usize,
}

impl Suggestions {
    fn load(ui: &Ui, id: egui::Id) -> Self {
        ui.data(|data| data.get_temp(id.with("suggestions")))
            .unwrap_or_default()
    }

    fn store(self, ui: &Ui, id: egui::Id) {
        ui.data_mut(|data| {
            if self.items.is_empty() && self.of.is_empty() {
                data.remove::<Self>(id.with("suggestions"));
            } else {
                data.insert_temp(id.with("suggestions"), self);
            }
        });
    }

    /// Arrows mark another one, Tab takes it: before the field sees the keys.
    fn take_keys(&mut self, ui: &Ui, id: egui::Id) -> Option<String> {
        if self.items.is_empty() || !ui.memory(|memory| memory.has_focus(id)) {
            return None;
        }
        let press = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
        let count = self.items.len();
        if press(egui::Key::ArrowDown) {
            self.marked = (self.marked + 1) % count;
        }
        if press(egui::Key::ArrowUp) {
            self.marked = (self.marked + count - 1) % count;
        }
        press(egui::Key::Tab).then(|| self.items.get(self.marked).cloned())?
    }

    fn refresh(&mut self, word: &str, is_typed: bool, suggest: &dyn Fn(&str) -> Vec<String>) {
        if !is_typed || word.is_empty() {
            *self = Self::default();
        } else if self.of != word {
            let mut items = suggest(word);
            items.retain(|item| item != word);
            items.truncate(MAX_SUGGESTIONS);
            *self = Self {
                of: word.to_owned(),
                items,
                marked: 0,
            };
        }
    }

    /// Draws the list. Returns the one that was clicked.
    fn show(&self, ui: &Ui, id: egui::Id, field: &egui::Response) -> Option<String> {
        if self.items.is_empty() {
            return None;
        }
        let mut clicked = None;
        let width = field.rect.width().max(60.0 * size::GRID);
        let _ = ui;
        below(id.with("suggestion list"), field).show(|ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = 0.0;
            for (at, item) in self.items.iter().enumerate() {
                let row = super::ListRow::new(item).highlighted(at == self.marked);
                if row.show(ui, |_| {}).response.clicked() {
                    clicked = Some(item.clone());
                }
            }
        });
        clicked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_before_the_cursor_is_found() {
        let check = |text: &str, at: usize, word: &str| {
            assert_eq!(text.get(word_before(text, at)), Some(word), "{text} at {at}");
        };
        check("+ /world/ro", 11, "/world/ro");
        check("+ /world/ro", 4, "/w");
        check("/a\n- /ä/b", 9, "/ä/b");
        check("", 0, "");
        check("a ", 2, "");
    }
}
