//! Where lines are known and not loaded: not yet read, or given back at the memory limit. The list says so in a row of its own, which
//! is no line.

use chronoscope_frame::ViewerCommands;
use chronoscope_store::{EntityId, TimeRange};
use egui::{Align, Color32, Label, Layout, Rangef, Rect, RichText, Sense, UiBuilder, vec2};
use egui_extras::TableRow;

use super::{
    entries::LogEntries,
    line::later,
    table::{LineRef, time_of},
    ui::LogInput,
};

/// The most entities that the tooltip of a row names.
const MAX_NAMED: usize = 8;

/// A place in a list of lines where some are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MissingPlace {
    /// How many lines stand before it: those that are earlier than the first that is missing.
    before: usize,
    /// Its position among lines and places.
    row: usize,
    /// From the first line that is missing to the last.
    pub(super) times: TimeRange,
    /// The positions in [`LogTable::entities`](super::LogTable::entities) of those whose lines they are, in order.
    pub(super) entities: Vec<u32>,
}

/// The places in a list of lines where some are missing, in order. There is a line between each and the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MissingLines {
    places: Vec<MissingPlace>,
}

/// What stands in a row of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListRow<'a> {
    /// The line at a position among the lines.
    Line(usize),
    /// Lines are missing.
    Missing(&'a MissingPlace),
}

impl MissingLines {
    /// Where lines of some logs are missing among those that are there.
    ///
    /// Cost: the missing chunks, and a search among the lines for each that stands at another place than the one before.
    pub(super) fn of(logs: &[(EntityId, &LogEntries)], lines: &[LineRef]) -> Self {
        let of_log = |(entity, (_, log)): (u32, &(EntityId, &LogEntries))| -> Vec<(TimeRange, u32)> {
            log.missing().iter().map(|times| (*times, entity)).collect()
        };
        let mut ranges: Vec<(TimeRange, u32)> = (0..).zip(logs).flat_map(of_log).collect();
        // A run for each log that is in order already.
        ranges.sort_by_key(|(times, _)| times.min);
        let mut missing = Self::default();
        let mut before = 0;
        for (times, entity) in ranges {
            let is_earlier = |line: &LineRef| time_of(logs, *line) < times.min;
            if lines.get(before).is_some_and(is_earlier) {
                before += lines[before..].partition_point(is_earlier);
            }
            missing.add(before, times, &[entity]);
        }
        missing
    }

    /// The same among some of the lines, of which these are the positions.
    pub(super) fn among(&self, shown: &[u32]) -> Self {
        let mut missing = Self::default();
        for place in &self.places {
            let before = shown.partition_point(|at| (*at as usize) < place.before);
            missing.add(before, place.times, &place.entities);
        }
        missing
    }

    /// Adds what is missing behind all the rest.
    fn add(&mut self, before: usize, times: TimeRange, entities: &[u32]) {
        match self.places.last_mut().filter(|last| last.before == before) {
            Some(last) => {
                last.times = last.times.union(&times);
                for entity in entities {
                    if let Err(at) = last.entities.binary_search(entity) {
                        last.entities.insert(at, *entity);
                    }
                }
            }
            None => self.places.push(MissingPlace {
                before,
                row: before + self.places.len(),
                times,
                entities: entities.to_vec(),
            }),
        }
    }

    /// The number of places.
    pub(super) fn num_places(&self) -> usize {
        self.places.len()
    }

    /// What stands in a row.
    pub(super) fn row(&self, row: usize) -> ListRow<'_> {
        match self.places.binary_search_by_key(&row, |place| place.row) {
            Ok(at) => ListRow::Missing(&self.places[at]),
            Err(num_before) => ListRow::Line(row - num_before),
        }
    }

    /// The row of a line.
    pub(super) fn row_of(&self, line: usize) -> usize {
        line + self.places.partition_point(|place| place.before <= line)
    }

    /// The number of places that begin until a time.
    pub(super) fn num_until(&self, time: i64) -> usize {
        self.places.partition_point(|place| place.times.min <= time)
    }

    /// The heap bytes that it takes.
    pub(super) fn heap_bytes(&self) -> usize {
        let entities = self.places.iter().map(|place| place.entities.capacity());
        self.places.capacity() * size_of::<MissingPlace>() + entities.sum::<usize>() * size_of::<u32>()
    }
}

impl MissingPlace {
    /// What is missing, in a sentence.
    fn text(&self, input: &LogInput<'_>) -> String {
        let whose = match self.entities.as_slice() {
            [entity] => input.paths.get(*entity as usize).map(|path| path.ui_path()),
            _ => None,
        };
        let whose = whose.unwrap_or_else(|| format!("{} entities", self.entities.len()));
        let [from, to] = [self.times.min, self.times.max].map(|time| input.time_text(time));
        if from == to {
            format!("Lines of {whose} at {from} are not loaded")
        } else {
            format!("Lines of {whose} from {from} to {to} are not loaded")
        }
    }

    /// What the row says, whose lines they are, and what a click does.
    fn tooltip(&self, text: &str, input: &LogInput<'_>) -> String {
        let mut lines = vec![text.to_owned()];
        if self.entities.len() > 1 {
            let paths = self
                .entities
                .iter()
                .filter_map(|at| input.paths.get(*at as usize));
            lines.extend(paths.take(MAX_NAMED).map(|path| path.ui_path()));
            let num_others = self.entities.len().saturating_sub(MAX_NAMED);
            if num_others > 0 {
                lines.push(format!("and {num_others} more"));
            }
        }
        let hint = if input.is_over_limit {
            "Not in memory. Move the cursor here to load them"
        } else {
            "Not loaded yet. Move the cursor here"
        };
        lines.push(hint.to_owned());
        lines.join("\n")
    }

    /// Draws its row across all columns, which lie between these sides. A click moves the cursor there: what lies around it is loaded
    /// first. Returns where the top is.
    pub(super) fn show(
        &self,
        row: &mut TableRow<'_, '_>,
        input: &LogInput<'_>,
        x_range: Rangef,
        is_later: bool,
        commands: &mut ViewerCommands,
    ) -> f32 {
        let style = input.style;
        let color: Color32 = if is_later {
            later(style.secondary_text, style.background)
        } else {
            style.secondary_text
        };
        row.set_hovered(false);
        let (_, cell) = row.col(|ui| {
            let rect = Rect::from_x_y_ranges(x_range, ui.max_rect().y_range());
            let mut whole = ui.new_child(
                UiBuilder::new()
                    .max_rect(rect.shrink2(vec2(8.0, 0.0)))
                    .layout(Layout::left_to_right(Align::Center)),
            );
            whole.set_clip_rect(Rect::from_x_y_ranges(x_range, ui.clip_rect().y_range()));
            whole
                .painter()
                .rect_filled(rect, 0.0, style.secondary_text.gamma_multiply(0.06));
            let own = whole.interact(rect, whole.id().with("missing"), Sense::CLICK);
            let text = self.text(input);
            let label = Label::new(RichText::new(&text).color(color)).truncate();
            // Keys reach the text, as they reach the times of lines.
            let label = label.selectable(false).sense(Sense::click());
            let label = whole.add(label.show_tooltip_when_elided(false));
            let both = own.union(label).on_hover_text(self.tooltip(&text, input));
            if both.clicked() {
                commands.push(input.looks.seek(input.view, self.times.min));
            }
        });
        cell.rect.top()
    }
}
