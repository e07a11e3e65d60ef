//! The tile of a text log view.

use std::sync::Arc;

use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{
    Cursor, DataResults, Item, QueryContext, RecordingEntry, Selection, View, ViewerCommand, ViewerCommands,
    Visuals,
    selection::Highlight,
    selection::{ClickSource, EntityClicked},
};
use chronoscope_store::{EntityId, EntityPath, TimeType, arrow::ArrayRef};
use chronoscope_types::{
    Component as _, ComponentName, blueprint::TextLogFormat, components::blueprint::Enabled,
};
use egui::{Align, Color32, Id, Label, RichText, Sense, Ui};
use egui_extras::{Column as TableColumn, TableBuilder};

use super::{
    LogProperties,
    ansi::stripped,
    columns::{Column, Columns, ENTITY_WIDTH, LEVEL_WIDTH},
    copied::lines_text,
    entries::{LogEntries, STATIC, TextLog},
    excerpt::{excerpt, first_line},
    filter::{Filtered, filter, toggle_level},
    filter_bar, level, settings,
    table::{LineRef, LogTable, LogTables},
};
use crate::{
    ViewAction, ViewStyle, ViewUi, ViewUiContext, clicked_buttons, empty, properties::PropertiesOf,
    view_action, view_ui::recording_of,
};

/// The height of a line, in points.
const ROW_HEIGHT: f32 = 20.0;
/// How much of a line after the cursor is left.
const DIMMED: f32 = 0.55;

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

    /// Where the list stands now, and whether the user is at it with wheel or button.
    fn stands_at(&mut self, offset: f32, is_touched: bool) {
        self.is_left |= is_touched && offset != self.offset;
        self.offset = offset;
    }
}

/// What a list of lines is drawn from.
struct LogInput<'a> {
    id: Id,
    view: ViewId,
    recording: &'a RecordingEntry,
    logs: &'a [(EntityId, &'a LogEntries)],
    paths: &'a [&'a EntityPath],
    table: &'a LogTable,
    time_type: TimeType,
    timeline: &'a str,
    cursor: Cursor,
    looks: &'a QueryContext,
    selection: Option<&'a Selection>,
    style: &'a ViewStyle,
    said: &'a LogProperties,
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
        &[ViewAction::CopyTable]
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
    let shown = filtered.as_ref().map(|filtered| filtered.lines.as_slice());
    if view_action::take(ui.ctx(), input.view) == Some(ViewAction::CopyTable) {
        ui.copy_text(shown_text(input, shown));
    }
    if shown.is_some_and(<[u32]>::is_empty) {
        ui.centered_and_justified(|ui| {
            ui.label(
                RichText::new("No line passes the filter. Clear the text or show more levels.")
                    .color(input.style.secondary_text),
            );
        });
    } else {
        lines(ui, input, shown, &mut memory.following, commands);
    }
    memory.filtered = filtered;
    ui.data_mut(|data| data.insert_temp(input.id, memory));
}

/// The lines that pass the filter, as text for other programs.
fn shown_text(input: &LogInput<'_>, shown: Option<&[u32]>) -> String {
    let all = input.table.lines();
    let passing: Option<Vec<LineRef>> = shown.map(|shown| {
        let lines = shown.iter().filter_map(|at| all.get(*at as usize));
        lines.copied().collect()
    });
    lines_text(
        passing.as_deref().unwrap_or(all),
        input.logs,
        input.paths,
        input.timeline,
        |line| time_text(input, line_time(input, line)),
    )
}

/// The levels of all lines, the most serious first.
pub(super) fn levels_of<'a>(logs: impl Iterator<Item = &'a LogEntries>) -> Vec<&'a Arc<str>> {
    let mut levels: Vec<&Arc<str>> = logs.flat_map(LogEntries::levels).collect();
    levels.sort_by(|a, b| level::order(a).cmp(&level::order(b)));
    levels.dedup();
    levels
}

/// The list itself. Only lines that can be seen are laid out.
fn lines(
    ui: &mut Ui,
    input: &LogInput<'_>,
    shown: Option<&[u32]>,
    following: &mut Following,
    commands: &mut ViewerCommands,
) {
    let count = shown.map_or(input.table.lines().len(), <[u32]>::len);
    // The first line after the cursor: before it stands the cursor's mark.
    let after_all = input.table.first_after(input.logs, input.cursor.time);
    let after = shown.map_or(after_all, |shown| {
        shown.partition_point(|at| (*at as usize) < after_all)
    });
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
        .map_or(STATIC, |line| line_time(input, *line));
    let time_width = width_of(&time_text(input, latest)).max(width_of(input.timeline)) + 16.0;
    let table_rect = ui.available_rect_before_wrap();
    let has_levels = input.logs.iter().any(|(_, log)| !log.levels().is_empty());
    let said = &input.said.columns;
    let columns = Columns::fitting(said, table_rect.width(), input.timeline, time_width, has_levels);
    let widths = columns.shown.iter().map(|column| match column {
        Column::Time(timeline) if **timeline == *input.timeline => columns.time_width,
        Column::Time(timeline) => {
            let latest = input.table.lines().last();
            let time = latest.and_then(|line| other_time_text(input, *line, timeline));
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
    let scrolls = count > 0 && following.scrolls_to(input.cursor, &columns.shown, after);
    if scrolls {
        builder = builder.scroll_to_row(after.saturating_sub(1).min(count - 1), Some(Align::Center));
    }
    let mut mark: Option<f32> = None;
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
            let line = match shown {
                Some(shown) => shown.get(at).and_then(|at| input.table.lines().get(*at as usize)),
                None => input.table.lines().get(at),
            };
            let top = match line {
                Some(line) => show_line(&mut row, input, &columns, *line, at >= after, commands),
                None => row.col(|_| {}).1.rect.top(),
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
        let painter = ui.painter().with_clip_rect(table_rect.intersect(ui.clip_rect()));
        if y >= table_rect.top() + ROW_HEIGHT {
            painter.hline(
                table_rect.x_range(),
                painter.round_to_pixel_center(y),
                (1.0, input.style.cursor),
            );
        }
    }
}

/// Draws a line and returns where its top is.
fn show_line(
    row: &mut egui_extras::TableRow<'_, '_>,
    input: &LogInput<'_>,
    columns: &Columns,
    line: LineRef,
    is_later: bool,
    commands: &mut ViewerCommands,
) -> f32 {
    let Some((_, log)) = input.logs.get(line.entity as usize) else {
        return 0.0;
    };
    let Some(path) = input.paths.get(line.entity as usize) else {
        return 0.0;
    };
    let at = line.line as usize;
    let style = input.style;
    let tone = |color: Color32| {
        if is_later {
            color.gamma_multiply(DIMMED)
        } else {
            color
        }
    };
    let highlight = input
        .selection
        .map(|selection| selection.entity_highlight(path))
        .unwrap_or_default();
    row.set_selected(highlight == Highlight::Selected);
    row.set_hovered(highlight == Highlight::Hovered);

    let mut top = None;
    for column in &columns.shown {
        let (_, cell) = row.col(|ui| {
            ui.add_space(8.0);
            match column {
                Column::Time(timeline) if **timeline == *input.timeline => {
                    show_time(ui, input, log.time(at), tone, commands);
                }
                Column::Time(timeline) => {
                    let time = other_time_text(input, line, timeline).unwrap_or_default();
                    let text = RichText::new(time).monospace().color(tone(style.secondary_text));
                    ui.add(Label::new(text).truncate());
                }
                Column::Entity => show_entity(ui, input, path, tone, commands),
                Column::Level => {
                    if let Some(level) = log.level(at) {
                        let text = RichText::new(&**level).small();
                        ui.add(Label::new(text.color(tone(level::color(level, style)))).truncate());
                    }
                }
                Column::Text => show_text(ui, input, columns, line, tone),
            }
        });
        top.get_or_insert(cell.rect.top());
    }
    top.unwrap_or_default()
}

fn show_time(
    ui: &mut Ui,
    input: &LogInput<'_>,
    time: i64,
    tone: impl Fn(Color32) -> Color32,
    commands: &mut ViewerCommands,
) {
    let text = RichText::new(time_text(input, time)).monospace();
    if time == STATIC {
        ui.add(Label::new(text.color(tone(input.style.secondary_text))).truncate())
            .on_hover_text("Holds at all times");
    } else if ui
        .add(
            Label::new(text.color(tone(input.style.text)))
                .truncate()
                .sense(Sense::click()),
        )
        .on_hover_text("Move the cursor here")
        .clicked()
    {
        commands.push(input.looks.seek(input.view, time));
    }
}

fn show_entity(
    ui: &mut Ui,
    input: &LogInput<'_>,
    path: &EntityPath,
    tone: impl Fn(Color32) -> Color32,
    commands: &mut ViewerCommands,
) {
    let item = || Item::DataResult {
        view: input.view,
        entity: path.clone(),
        instance: None,
    };
    let label = Label::new(RichText::new(path.ui_name()).color(tone(input.style.text)))
        .truncate()
        .sense(Sense::click());
    let response = ui.add(label).on_hover_text(path.ui_path());
    if response.hovered() {
        commands.push(ViewerCommand::Hover(Some(item())));
    }
    for button in clicked_buttons(&response) {
        let click = EntityClicked::on(&item(), Some(input.recording), button, ClickSource::View);
        click
            .into_iter()
            .for_each(|click| commands.push(ViewerCommand::Click(click)));
    }
    if response.clicked() {
        let add = ui.input(|input| input.modifiers.command);
        commands.push(if add {
            ViewerCommand::ToggleSelected(item())
        } else {
            ViewerCommand::Select(vec![item()])
        });
    }
}

fn show_text(
    ui: &mut Ui,
    input: &LogInput<'_>,
    columns: &Columns,
    line: LineRef,
    tone: impl Fn(Color32) -> Color32,
) {
    let at = line.line as usize;
    let Some(((_, log), path)) = input
        .logs
        .get(line.entity as usize)
        .zip(input.paths.get(line.entity as usize))
    else {
        return;
    };
    let style = input.style;
    let text = log.text(at);
    let color = log.color(at).map_or(style.text, |[r, g, b, a]| {
        Color32::from_rgba_unmultiplied(r, g, b, a)
    });
    let has_level = columns.has(&Column::Level);
    if !has_level && let Some(level) = log.level(at) {
        let (mark, _) = ui.allocate_exact_size(egui::vec2(3.0, ROW_HEIGHT - 8.0), Sense::hover());
        ui.painter()
            .rect_filled(mark, 1.0, tone(level::color(level, style)));
    }
    // What has no column of its own is told by the tooltip.
    let tells_all = columns.has(&Column::Entity) && has_level;
    let (cell, is_cut) = first_line(text);
    let mut rich = RichText::new(cell).color(tone(color));
    if input.said.is_monospace {
        rich = rich.monospace();
    }
    let label = Label::new(rich)
        .truncate()
        .selectable(true)
        .show_tooltip_when_elided(!is_cut && tells_all);
    let response = ui.add(label);
    response.context_menu(|ui| {
        if ui.button("Copy line").clicked() {
            ui.copy_text(stripped(text).into_owned());
            ui.close();
        }
        if ui.button("Copy all lines that are shown").clicked() {
            view_action::ask(ui.ctx(), input.view, ViewAction::CopyTable);
            ui.ctx().request_repaint();
            ui.close();
        }
    });
    if !tells_all {
        let level = log
            .level(at)
            .map(|level| format!(", {level}"))
            .unwrap_or_default();
        response.on_hover_text(format!("{}{level}\n{}", path.ui_path(), excerpt(text)));
    } else if is_cut {
        response.on_hover_text(excerpt(text));
    }
}

fn line_time(input: &LogInput<'_>, line: LineRef) -> i64 {
    input
        .logs
        .get(line.entity as usize)
        .map_or(STATIC, |(_, log)| log.time(line.line as usize))
}

/// When a line was logged on another timeline than the cursor's, if it was.
fn other_time_text(input: &LogInput<'_>, line: LineRef, timeline: &str) -> Option<String> {
    let (_, log) = input.logs.get(line.entity as usize)?;
    let (time_type, time) = log.time_on(line.line as usize, timeline)?;
    Some(chronoscope_types::format_time_in(
        time_type,
        input.style.time_zone,
        time,
    ))
}

fn time_text(input: &LogInput<'_>, time: i64) -> String {
    if time == STATIC {
        "static".to_owned()
    } else {
        chronoscope_types::format_time_in(input.time_type, input.style.time_zone, time)
    }
}

#[cfg(test)]
mod tests;
