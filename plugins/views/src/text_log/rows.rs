//! Lines as items: which of them are lit up, and what clicks and keys select.

use chronoscope_frame::{Item, Selection, ViewerCommand};
use chronoscope_store::{EntityPath, RowId};
use egui::Modifiers;
use rustc_hash::FxHashSet;

use crate::ansi::plain_text;

use super::{
    copied::lines_text,
    filter::Filtered,
    missing::{ListRow, MissingLines},
    table::LineRef,
    ui::LogInput,
};
use crate::ViewAction;

/// The most lines that are selected at once.
pub(super) const MAX_SELECTED: usize = 5_000;

/// The lines that pass the filter, in their order.
pub(super) struct ShownRows<'a> {
    pub(super) input: &'a LogInput<'a>,
    /// Their positions in the table; all of it where none are given.
    shown: Option<&'a [u32]>,
    missing: &'a MissingLines,
    lit: LitRows<'a>,
}

/// What is selected and pointed at: lines by themselves, and entities with all of theirs.
#[derive(Default)]
struct LitRows<'a> {
    hovered: Option<RowId>,
    hovered_entity: Option<&'a EntityPath>,
    selected: FxHashSet<RowId>,
    selected_entities: Vec<&'a EntityPath>,
}

impl<'a> LitRows<'a> {
    fn of(selection: &'a Selection) -> Self {
        let entity_of = |item: &'a Item| {
            let is_whole = item.row().is_none();
            item.entity().filter(|entity| is_whole && !entity.is_root())
        };
        let (hovered, selected) = (selection.hovered.as_ref(), selection.selected.iter());
        Self {
            hovered: hovered.and_then(Item::row),
            hovered_entity: hovered.and_then(entity_of),
            selected: selected.clone().filter_map(Item::row).collect(),
            selected_entities: selected.filter_map(entity_of).collect(),
        }
    }
}

impl<'a> ShownRows<'a> {
    pub(super) fn new(input: &'a LogInput<'a>, filtered: Option<&'a Filtered>) -> Self {
        Self {
            input,
            shown: filtered.map(|filtered| filtered.lines.as_slice()),
            missing: filtered.map_or(input.table.missing(), |filtered| &filtered.missing),
            lit: input.selection.map(LitRows::of).unwrap_or_default(),
        }
    }

    /// The number of lines.
    pub(super) fn len(&self) -> usize {
        self.shown.map_or(self.input.table.lines().len(), <[u32]>::len)
    }

    /// The line at a position.
    pub(super) fn line(&self, at: usize) -> Option<LineRef> {
        let at = match self.shown {
            Some(shown) => *shown.get(at)? as usize,
            None => at,
        };
        self.input.table.lines().get(at).copied()
    }

    /// The position of the first line after the cursor.
    pub(super) fn first_after_cursor(&self) -> usize {
        let input = self.input;
        let after = input.table.first_after(input.logs, input.cursor.time);
        self.shown
            .map_or(after, |shown| shown.partition_point(|at| (*at as usize) < after))
    }

    /// The number of rows of the list: lines, and where some are missing.
    pub(super) fn num_rows(&self) -> usize {
        self.len() + self.missing.num_places()
    }

    /// What stands in a row of the list.
    pub(super) fn row(&self, row: usize) -> ListRow<'a> {
        self.missing.row(row)
    }

    /// The row of the line at a position.
    pub(super) fn row_of(&self, at: usize) -> usize {
        self.missing.row_of(at)
    }

    /// The first row after the cursor.
    pub(super) fn first_row_after_cursor(&self) -> usize {
        self.first_after_cursor() + self.missing.num_until(self.input.cursor.time)
    }

    /// The item that a line is.
    pub(super) fn item(&self, line: LineRef) -> Option<Item> {
        let entity = self.input.paths.get(line.entity as usize)?;
        Some(Item::Row {
            view: self.input.view,
            entity: (*entity).clone(),
            row: self.row_id(line)?,
            instance: None,
        })
    }

    fn row_id(&self, line: LineRef) -> Option<RowId> {
        let (_, log) = self.input.logs.get(line.entity as usize)?;
        Some(log.row_id(line.line as usize))
    }

    /// Whether a line is selected, and whether the pointer is over it here or elsewhere.
    pub(super) fn is_lit(&self, line: LineRef) -> [bool; 2] {
        let path = self.input.paths.get(line.entity as usize);
        let (Some(row), Some(path)) = (self.row_id(line), path) else {
            return [false; 2];
        };
        let lit = &self.lit;
        let is_below = |entity: &&EntityPath| path.starts_with(entity);
        [
            lit.selected.contains(&row) || lit.selected_entities.iter().any(is_below),
            lit.hovered == Some(row) || lit.hovered_entity.iter().any(is_below),
        ]
    }

    /// How many lines are selected here.
    pub(super) fn num_selected(&self) -> usize {
        self.selected().count()
    }

    /// Whether as many lines are selected here as can be, so that some may have been left out.
    pub(super) fn is_full(&self) -> bool {
        self.selected().nth(MAX_SELECTED - 1).is_some()
    }

    /// The selected lines of this view, in the order of selection.
    fn selected(&self) -> impl DoubleEndedIterator<Item = &'a Item> {
        let view = self.input.view;
        let selected = self
            .input
            .selection
            .map_or(&[][..], |selection| &selection.selected);
        let is_here = move |item: &&Item| item.row().is_some() && item.view() == Some(view);
        selected.iter().filter(is_here)
    }

    /// The line that was selected last: keys go on from there.
    pub(super) fn lead(&self) -> Option<&'a Item> {
        self.selected().next_back()
    }

    /// The position of a line, if it is shown. Cost: the lines of its entity.
    pub(super) fn place_of(&self, item: &Item) -> Option<usize> {
        let input = self.input;
        let (row, path) = (item.row()?, item.entity()?);
        let entity = input.paths.iter().position(|other| *other == path)?;
        let (_, log) = input.logs.get(entity)?;
        let line = (0..log.len()).find(|line| log.row_id(*line) == row)?;
        let line = LineRef {
            entity: entity as u32,
            line: line as u32,
        };
        let at = input.table.position_of(input.logs, line)?;
        match self.shown {
            Some(shown) => shown.binary_search(&(at as u32)).ok(),
            None => Some(at),
        }
    }

    /// What a click on a line selects: it alone, with the command key it too or no longer, with shift all from the one that was
    /// selected first.
    pub(super) fn clicked(&self, at: usize, modifiers: Modifiers) -> Option<ViewerCommand> {
        if modifiers.shift {
            let first = self.selected().next();
            let from = first.and_then(|item| self.place_of(item)).unwrap_or(at);
            return Some(ViewerCommand::Select(self.between(from, at)));
        }
        let item = self.item(self.line(at)?)?;
        Some(if modifiers.command {
            ViewerCommand::ToggleSelected(item)
        } else {
            ViewerCommand::Select(vec![item])
        })
    }

    /// What a key selects: the line above or below the last that was selected, or all lines up to there. Where that one is not shown, it
    /// is the line at the cursor.
    pub(super) fn stepped(&self, action: ViewAction) -> Option<ViewerCommand> {
        let (is_up, extends) = match action {
            ViewAction::RowAbove => (true, false),
            ViewAction::RowBelow => (false, false),
            ViewAction::ExtendAbove => (true, true),
            ViewAction::ExtendBelow => (false, true),
            _ => return None,
        };
        let last = self.len().checked_sub(1)?;
        let to = match self.place_of(self.lead()?) {
            Some(at) if is_up => at.saturating_sub(1),
            Some(at) => (at + 1).min(last),
            None => self.first_after_cursor().saturating_sub(1).min(last),
        };
        let first = self.selected().next().filter(|_| extends);
        let from = first.and_then(|item| self.place_of(item)).unwrap_or(to);
        Some(ViewerCommand::Select(self.between(from, to)))
    }

    /// The lines from one position to another, in this order.
    fn between(&self, from: usize, to: usize) -> Vec<Item> {
        let item = |at: usize| self.item(self.line(at)?);
        if from <= to {
            (from..=to).take(MAX_SELECTED).filter_map(item).collect()
        } else {
            (to..=from).rev().take(MAX_SELECTED).filter_map(item).collect()
        }
    }

    /// The selected lines for other programs: one alone as it was logged, several as a line each, in the order of the list. Lines that do
    /// not pass the filter are selected all the same.
    pub(super) fn selected_text(&self) -> Option<String> {
        let input = self.input;
        let lines = input.table.lines().iter().copied();
        let is_selected = |line: &LineRef| {
            self.row_id(*line)
                .is_some_and(|row| self.lit.selected.contains(&row))
        };
        let lines: Vec<LineRef> = lines.filter(is_selected).collect();
        match lines.as_slice() {
            [] => None,
            [line] => {
                let (_, log) = input.logs.get(line.entity as usize)?;
                Some(plain_text(log.text(line.line as usize)).into_owned())
            }
            lines => Some(lines_text(lines, input)),
        }
    }
}
