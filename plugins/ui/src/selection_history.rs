//! What was selected before, to go back to.

use chronoscope_frame::{Item, ViewerCommand};

use crate::pass::Pass;

/// Selections that are remembered.
const MAX: usize = 100;

/// The selections until now, and which of them is shown.
#[derive(Default)]
pub(crate) struct SelectionHistory {
    selections: Vec<Vec<Item>>,
    at: usize,
}

/// Whether there is a selection before the one that is shown, and after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SelectionSteps {
    pub(crate) can_go_back: bool,
    pub(crate) can_go_forward: bool,
}

impl SelectionHistory {
    /// Takes down what is selected now. What could be gone forward to is forgotten where it is something new.
    pub(crate) fn note(&mut self, selected: &[Item]) -> SelectionSteps {
        let is_shown = self
            .selections
            .get(self.at)
            .is_some_and(|known| known == selected);
        if !selected.is_empty() && !is_shown {
            self.selections.truncate(self.at + 1);
            self.selections.push(selected.to_vec());
            if self.selections.len() > MAX {
                self.selections.remove(0);
            }
            self.at = self.selections.len() - 1;
        }
        SelectionSteps {
            // Where nothing is selected, going back is to the last that was.
            can_go_back: self.at > 0 || (selected.is_empty() && !self.selections.is_empty()),
            can_go_forward: self.at + 1 < self.selections.len(),
        }
    }

    /// Selects what was selected before, or after.
    pub(crate) fn go(&mut self, pass: &mut Pass<'_>, back: bool) {
        let is_empty = pass.selection().selected.is_empty();
        let to = match (back, is_empty) {
            (true, true) => Some(self.at),
            (true, false) => self.at.checked_sub(1),
            (false, _) => Some(self.at + 1),
        };
        if let Some((to, items)) = to.and_then(|to| Some((to, self.selections.get(to)?))) {
            pass.push(ViewerCommand::Select(items.clone()));
            self.at = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_selected_is_remembered_once() {
        let item = |path: &str| vec![Item::Entity(path.into())];
        let mut history = SelectionHistory::default();
        assert_eq!(history.note(&[]), SelectionSteps::default());
        history.note(&item("/a"));
        let steps = history.note(&item("/a"));
        assert!(!steps.can_go_back && !steps.can_go_forward);
        assert!(history.note(&item("/b")).can_go_back);
        // As where one goes back: it is the same history, elsewhere.
        history.at = 0;
        let steps = history.note(&item("/a"));
        assert!(!steps.can_go_back && steps.can_go_forward);
        // What is new has nothing after it.
        let steps = history.note(&item("/c"));
        assert!(steps.can_go_back && !steps.can_go_forward);
        assert!(history.note(&[]).can_go_back);
    }
}
