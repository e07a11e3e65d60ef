//! The tile of a text log view.

use std::sync::Arc;

use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{
    Cursor, DataResults, Item, MissingChunks, QueryContext, RecordingEntry, Selection, View, ViewerCommand,
    ViewerCommands, Visuals,
};
use chronoscope_store::{EntityId, EntityPath, RowId, TimeType, arrow::ArrayRef};
use chronoscope_types::{
    Component as _, ComponentName, blueprint::TextLogFormat, components::blueprint::Enabled,
};
use egui::{Align, Color32, Id, Label, RichText, Sense, Ui};
use egui_extras::{Column as TableColumn, TableBuilder};

use super::{
    LogProperties,
    columns::{Column, Columns, ENTITY_WIDTH, LEVEL_WIDTH},
    copied::{header, lines_text},
    entries::{LogEntries, STATIC, TextLog},
    filter::{Filtered, filter, toggle_level},
    filter_bar, level,
    line::{self, ROW_HEIGHT},
    missing::ListRow,
    rows::{MAX_SELECTED, ShownRows},
    settings,
    table::{LineRef, LogTable, LogTables},
};
use crate::{
    ViewAction, ViewStyle, ViewUi, ViewUiContext, empty, properties::PropertiesOf, view_action,
    view_ui::recording_of,
};

/// Draws text log views.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextLogUi;

/// What the user interface keeps of a log from frame to frame.
#[derive(Clone, Debug, Default)]
struct LogMemory {
    /// What lines must contain, whatever the case.
    text: String,
    filtered: Option<Arc<Filtered>>,
    following: Following,
    /// The line that was brought into sight last because it was selected.
    revealed: Option<RowId>,
    /// Whether lines were selected by a click here in the pass before: what was clicked is in sight.
    is_clicked: bool,
}

/// How the list keeps the cursor in sight, until the user scrolls elsewhere.
#[derive(Clone, Debug, Default)]
struct Following {
    /// The cursor, and which columns there were, when it last scrolled to it. With other columns it is another list to egui.
    scrolled_to: Option<(Cursor, Vec<Column>)>,
    /// The first line after the cursor then.
    first_after: usize,
    /// Where the list stood at last.
    offset: f32,
    /// Whether the user scrolled it since.
    is_left: bool,
}

impl Following {
    /// Whether to scroll to the cursor: because it moved, or because lines came or went before it.
    fn scrolls_to(&mut self, cursor: Cursor, columns: &[Column], first_after: usize) -> bool {
        let place = Some((cursor, columns.to_vec()));
        let is_new = self.scrolled_to != place;
        let scrolls = is_new || first_after != self.first_after && !self.is_left;
        self.is_left &= !is_new;
        (self.scrolled_to, self.first_after) = (place, first_after);
        scrolls
    }

    /// The list shows what somebody selected, wherever the cursor is.
    fn leave(&mut self) {
        self.is_left = true;
    }

    /// Where the list stands now, and whether the user is at it with wheel or button.
    fn stands_at(&mut self, offset: f32, is_touched: bool) {
        self.is_left |= is_touched && offset != self.offset;
        self.offset = offset;
    }
}

/// What a list of lines is drawn from.
pub(super) struct LogInput<'a> {
    id: Id,
    pub(super) view: ViewId,
    pub(super) recording: &'a RecordingEntry,
    pub(super) logs: &'a [(EntityId, &'a LogEntries)],
    pub(super) paths: &'a [&'a EntityPath],
    pub(super) table: &'a LogTable,
    pub(super) time_type: TimeType,
    pub(super) timeline: &'a str,
    pub(super) cursor: Cursor,
    pub(super) looks: &'a QueryContext,
    pub(super) selection: Option<&'a Selection>,
    pub(super) style: &'a ViewStyle,
    pub(super) said: &'a LogProperties,
    /// Whether what is missing stays out, because the memory limit leaves no room for it.
    pub(super) is_over_limit: bool,
}

impl LogInput<'_> {
    pub(super) fn line_time(&self, line: LineRef) -> i64 {
        self.logs
            .get(line.entity as usize)
            .map_or(STATIC, |(_, log)| log.time(line.line as usize))
    }

    /// When a line was logged on another timeline than the cursor's, if it was.
    pub(super) fn other_time_text(&self, line: LineRef, timeline: &str) -> Option<String> {
        let (_, log) = self.logs.get(line.entity as usize)?;
        let (time_type, time) = log.time_on(line.line as usize, timeline)?;
        Some(chronoscope_types::format_time_in(
            time_type,
            self.style.time_zone,
            time,
        ))
    }

    pub(super) fn time_text(&self, time: i64) -> String {
        if time == STATIC {
            "static".to_owned()
        } else {
            chronoscope_types::format_time_in(self.time_type, self.style.time_zone, time)
        }
    }
}

impl ViewUi for TextLogUi {
    fn class(&self) -> ViewClassId {
        ViewClassId::TEXT_LOG.into()
    }

    fn icon(&self) -> &'static str {
        egui_phosphor::regular::LIST_DASHES
    }

    fn archetypes(&self) -> &'static [&'static str] {
        &["TextLog"]
    }

    fn actions(&self) -> &'static [ViewAction] {
        &[
            ViewAction::CopyTable,
            ViewAction::CopyRows,
            ViewAction::RowAbove,
            ViewAction::RowBelow,
            ViewAction::ExtendAbove,
            ViewAction::ExtendBelow,
        ]
    }

    fn drawn_properties(&self) -> &'static [ComponentName] {
        &settings::DRAWN
    }

    fn properties(&self, _: &ViewUiContext<'_>) -> Vec<(ComponentName, ArrayRef)> {
        let is_monospace = Enabled::build(vec![LogProperties::default().is_monospace]);
        vec![(TextLogFormat::MONOSPACE_BODY, is_monospace)]
    }

    fn settings_ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        settings::show(ui, context);
    }

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let world = context.world;
        let (Some(view), Some(results), Some(looks)) = (
            context.get::<View>(),
            context.get::<DataResults>(),
            context.get::<QueryContext>(),
        ) else {
            return;
        };
        let style = &ViewStyle::of(world);
        let visuals = world
            .get_resource::<Visuals<TextLog>>()
            .and_then(|visuals| visuals.view(view.id));
        let table = world
            .get_resource::<LogTables>()
            .and_then(|tables| tables.get(view.id));
        let cursor = looks.cursor;
        let recording = recording_of(world, context.view);
        let (Some(visuals), Some(table), Some(recording)) = (
            visuals,
            table.filter(|table| !table.lines().is_empty()),
            recording,
        ) else {
            let report = visuals.and_then(|visuals| {
                results
                    .iter()
                    .find_map(|result| visuals.reports_of(result.entity).next())
            });
            return match report {
                Some(report) => {
                    empty::show(ui, style, self.icon(), "This log cannot be read", &report.message);
                }
                None if let Some((title, hint)) = empty::not_there(context) => {
                    empty::show(ui, style, self.icon(), title, &hint);
                }
                None => empty::show(
                    ui,
                    style,
                    self.icon(),
                    "No log lines here yet",
                    &format!(
                        "Log a TextLog at or below {}, or choose another timeline.",
                        view.blueprint.origin
                    ),
                ),
            };
        };
        let logs: Vec<(EntityId, &LogEntries)> = table
            .entities()
            .filter_map(|entity| Some((entity, visuals.of_entity(entity).next()?.1.as_ref())))
            .collect();
        if logs.len() != table.num_entities() {
            // Made between two frames: the next one has both.
            return;
        }
        let store = recording.store();
        let nothing_said = LogProperties::default();
        let paths: Vec<&EntityPath> = logs
            .iter()
            .map(|(entity, _)| store.entity_path(*entity))
            .collect();
        let timeline = cursor.timeline.map(|timeline| store.timeline(timeline));
        let input = LogInput {
            id: ui.id().with(("text log", view.id)),
            view: view.id,
            recording,
            logs: &logs,
            paths: &paths,
            table,
            time_type: timeline.map_or(TimeType::Sequence, chronoscope_store::Timeline::time_type),
            timeline: timeline.map_or("time", |timeline| timeline.name()),
            cursor,
            looks,
            selection: world.get_resource::<Selection>(),
            style,
            said: world
                .get_resource::<PropertiesOf<LogProperties>>()
                .and_then(|properties| properties.get(view.id))
                .unwrap_or(&nothing_said),
            is_over_limit: context
                .get::<MissingChunks>()
                .is_some_and(|missing| missing.is_over_limit),
        };
        show(ui, &input, context.commands);
    }
}

fn show(ui: &mut Ui, input: &LogInput<'_>, commands: &mut ViewerCommands) {
    let only_levels = input.said.only_levels.as_deref();
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, input.style.background);
    let mut memory: LogMemory = ui.data(|data| data.get_temp(input.id)).unwrap_or_default();
    let levels = levels_of(input.logs.iter().map(|(_, log)| *log));
    let clicked = filter_bar::show(ui, input.style, &levels, &mut memory.text, only_levels);
    if let Some(level) = clicked {
        commands.blueprint(toggle_level(input.view, &levels, only_levels, level));
        commands.push(ViewerCommand::EndGesture);
    }
    let filtered = filter(
        input.logs,
        input.table,
        &memory.text,
        only_levels,
        memory.filtered.take(),
    );
    let rows = ShownRows::new(input, filtered.as_deref());
    match view_action::take(ui.ctx(), input.view) {
        Some(ViewAction::CopyTable) => ui.copy_text(shown_text(&rows)),
        Some(ViewAction::CopyRows) => {
            if let Some(text) = rows.selected_text() {
                ui.copy_text(text);
            }
        }
        Some(action) => {
            if let Some(selects) = rows.stepped(action) {
                commands.push(selects);
            }
        }
        None => {}
    }
    if rows.is_full() {
        let text = format!(
            "{MAX_SELECTED} lines are selected, the most at once. The menu of a line copies all that are shown."
        );
        let text = RichText::new(text).small().color(input.style.warning);
        egui::Frame::new()
            .inner_margin(egui::Margin::symmetric(8, 2))
            .show(ui, |ui| ui.add(Label::new(text).wrap()));
    }
    let is_over_line = if rows.num_rows() == 0 {
        ui.centered_and_justified(|ui| {
            ui.label(
                RichText::new("No line passes the filter. Clear the text or show more levels.")
                    .color(input.style.secondary_text),
            );
        });
        false
    } else {
        lines(ui, &rows, &mut memory, commands)
    };
    let hovered = input.selection.and_then(|selection| selection.hovered.as_ref());
    if !is_over_line && hovered.and_then(Item::view) == Some(input.view) && ui.rect_contains_pointer(rect) {
        commands.push(ViewerCommand::Hover(None));
    }
    memory.filtered = filtered;
    ui.data_mut(|data| data.insert_temp(input.id, memory));
}

/// The lines that pass the filter, as text for other programs, below the names of their parts.
fn shown_text(rows: &ShownRows<'_>) -> String {
    let lines: Vec<LineRef> = (0..rows.len()).filter_map(|at| rows.line(at)).collect();
    header(rows.input) + &lines_text(&lines, rows.input)
}

/// The levels of all lines, the most serious first.
pub(super) fn levels_of<'a>(logs: impl Iterator<Item = &'a LogEntries>) -> Vec<&'a Arc<str>> {
    let mut levels: Vec<&Arc<str>> = logs.flat_map(LogEntries::levels).collect();
    levels.sort_by(|a, b| level::order(a).cmp(&level::order(b)));
    levels.dedup();
    levels
}

/// The list itself. Only lines that can be seen are laid out. Returns whether the pointer is over one.
fn lines(ui: &mut Ui, rows: &ShownRows<'_>, memory: &mut LogMemory, commands: &mut ViewerCommands) -> bool {
    let input = rows.input;
    let count = rows.num_rows();
    // Before it stands the cursor's mark.
    let after = rows.first_row_after_cursor();
    let mono = egui::TextStyle::Monospace.resolve(ui.style());
    let width_of = |text: &str| {
        ui.painter()
            .layout_no_wrap(text.to_owned(), mono.clone(), Color32::PLACEHOLDER)
            .size()
            .x
    };
    let latest = input
        .table
        .lines()
        .last()
        .map_or(STATIC, |line| input.line_time(*line));
    let time_width = width_of(&input.time_text(latest)).max(width_of(input.timeline)) + 16.0;
    let table_rect = ui.available_rect_before_wrap();
    let shown_rect = table_rect.intersect(ui.clip_rect());
    let has_levels = input.logs.iter().any(|(_, log)| !log.levels().is_empty());
    let said = &input.said.columns;
    let columns = Columns::fitting(said, table_rect.width(), input.timeline, time_width, has_levels);
    let widths = columns.shown.iter().map(|column| match column {
        Column::Time(timeline) if **timeline == *input.timeline => columns.time_width,
        Column::Time(timeline) => {
            let latest = input.table.lines().last();
            let time = latest.and_then(|line| input.other_time_text(*line, timeline));
            width_of(time.as_deref().unwrap_or_default()).max(width_of(timeline)) + 16.0
        }
        Column::Entity => ENTITY_WIDTH,
        Column::Level | Column::Text => LEVEL_WIDTH,
    });
    let widths: Vec<f32> = widths.collect();

    let mut builder = TableBuilder::new(ui)
        // Widths that were dragged are kept for each choice of columns.
        .id_salt((input.id, &columns.shown))
        .striped(false)
        .resizable(true)
        .auto_shrink(false)
        .animate_scrolling(false)
        // What is clicked on need not be gone through with the keys that move the focus.
        .sense(Sense::CLICK)
        .cell_layout(egui::Layout::left_to_right(Align::Center))
        .min_scrolled_height(0.0);
    let has_text = columns.has(&Column::Text);
    for (at, (column, width)) in columns.shown.iter().zip(widths).enumerate() {
        // Without texts the last one has what is left.
        let takes_rest = *column == Column::Text || (!has_text && at + 1 == columns.shown.len());
        builder = builder.column(if takes_rest {
            TableColumn::remainder().at_least(80.0).clip(true)
        } else {
            TableColumn::initial(width).at_least(40.0).clip(true)
        });
    }
    let following = &mut memory.following;
    let scrolls = count > 0 && following.scrolls_to(input.cursor, &columns.shown, after);
    if scrolls {
        builder = builder.scroll_to_row(after.saturating_sub(1).min(count - 1), Some(Align::Center));
    }
    let is_clicked = std::mem::take(&mut memory.is_clicked);
    let lead = rows.lead().and_then(Item::row);
    if std::mem::replace(&mut memory.revealed, lead) != lead
        && let Some(at) = rows.lead().and_then(|item| rows.place_of(item))
    {
        if !is_clicked {
            builder = builder.scroll_to_row(rows.row_of(at), None);
        }
        following.leave();
    }
    let (mut mark, mut is_over_line): (Option<f32>, bool) = (None, false);
    let header = |ui: &mut Ui, text: &str| {
        ui.add(Label::new(RichText::new(text).small().color(input.style.secondary_text)).truncate());
    };
    let table = builder.header(ROW_HEIGHT, |mut row| {
        for column in &columns.shown {
            let title = match column {
                Column::Time(timeline) => timeline,
                Column::Entity => "entity",
                Column::Level => "level",
                Column::Text => "text",
            };
            row.col(|ui| {
                ui.add_space(8.0);
                header(ui, title);
            });
        }
    });
    let output = table.body(|body| {
        body.rows(ROW_HEIGHT, count, |mut row| {
            let at = row.index();
            let is_later = at >= after;
            let top = match rows.row(at) {
                ListRow::Line(position) => {
                    let drawn = line::show(&mut row, rows, position, &columns, is_later, commands);
                    is_over_line |= drawn.is_hovered;
                    memory.is_clicked |= drawn.is_clicked;
                    drawn.top
                }
                ListRow::Missing(place) => {
                    place.show(&mut row, input, shown_rect.x_range(), is_later, commands)
                }
            };
            if at == after {
                mark = Some(top);
            } else if at + 1 == count && after == count {
                mark = Some(top + ROW_HEIGHT);
            }
        });
    });
    let is_touched = ui.rect_contains_pointer(table_rect)
        && ui.input(|input| input.smooth_scroll_delta.y != 0.0 || input.pointer.primary_down());
    following.stands_at(output.state.offset.y, is_touched);
    if let Some(y) = mark {
        let painter = ui.painter().with_clip_rect(shown_rect);
        if y >= table_rect.top() + ROW_HEIGHT {
            painter.hline(
                table_rect.x_range(),
                painter.round_to_pixel_center(y),
                (1.0, input.style.cursor),
            );
        }
    }
    is_over_line
}

#[cfg(test)]
mod tests;
