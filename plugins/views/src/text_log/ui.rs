//! The tile of a text log view.

use std::sync::Arc;

use chronoscope_blueprint::{ViewClassId, ViewId};
use chronoscope_frame::{
    Cursor, DataResults, Item, QueryContext, Recordings, Selection, View, ViewerCommand, ViewerCommands,
    Visuals,
    selection::Highlight,
    selection::{ClickSource, EntityClicked},
};
use chronoscope_store::{EntityId, EntityPath, TimeType};
use egui::{Align, Color32, Id, Label, RichText, Sense, Ui};
use egui_extras::{Column, TableBuilder};

use super::{
    LogProperties,
    ansi::stripped,
    entries::{LogEntries, STATIC, TextLog},
    excerpt::{excerpt, first_line},
    filter::{Filter, Filtered, filter, is_level_shown},
    level,
    table::{LineRef, LogTable, LogTables},
};
use crate::{ViewStyle, ViewUi, ViewUiContext, clicked_buttons, empty, properties::PropertiesOf};

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
    filter: Filter,
    filtered: Option<Arc<Filtered>>,
    following: Following,
}

/// How the list keeps the cursor in sight, until the user scrolls elsewhere.
#[derive(Clone, Copy, Debug, Default)]
struct Following {
    /// The cursor, and which columns there were, when it last scrolled to it. With other columns it is another list to egui.
    scrolled_to: Option<(Cursor, (bool, bool))>,
    /// The first line after the cursor then.
    first_after: usize,
    /// Where the list stood at last.
    offset: f32,
    /// Whether the user scrolled it since.
    is_left: bool,
}

impl Following {
    /// Whether to scroll to the cursor: because it moved, or because lines came or went before it.
    fn scrolls_to(&mut self, cursor: Cursor, columns: (bool, bool), first_after: usize) -> bool {
        let place = Some((cursor, columns));
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
    logs: &'a [(EntityId, &'a LogEntries)],
    paths: &'a [&'a EntityPath],
    table: &'a LogTable,
    time_type: TimeType,
    timeline: &'a str,
    cursor: Cursor,
    looks: &'a QueryContext,
    selection: Option<&'a Selection>,
    style: &'a ViewStyle,
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

    fn ui(&self, ui: &mut Ui, context: &mut ViewUiContext<'_>) {
        let world = context.world;
        let (Some(view), Some(results), Some(looks)) = (
            context.get::<View>(),
            context.get::<DataResults>(),
            context.get::<QueryContext>(),
        ) else {
            return;
        };
        let default_style = ViewStyle::default();
        let style = world.get_resource::<ViewStyle>().unwrap_or(&default_style);
        let visuals = world
            .get_resource::<Visuals<TextLog>>()
            .and_then(|visuals| visuals.view(view.id));
        let table = world
            .get_resource::<LogTables>()
            .and_then(|tables| tables.get(view.id));
        let cursor = looks.cursor;
        let store = cursor
            .recording
            .and_then(|key| world.get_resource::<Recordings>()?.get(key))
            .map(chronoscope_frame::RecordingEntry::store);
        let (Some(visuals), Some(table), Some(store)) =
            (visuals, table.filter(|table| !table.lines().is_empty()), store)
        else {
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
        let paths: Vec<&EntityPath> = logs
            .iter()
            .map(|(entity, _)| store.entity_path(*entity))
            .collect();
        let timeline = cursor.timeline.map(|timeline| store.timeline(timeline));
        let input = LogInput {
            id: ui.id().with(("text log", view.id)),
            view: view.id,
            logs: &logs,
            paths: &paths,
            table,
            time_type: timeline.map_or(TimeType::Sequence, chronoscope_store::Timeline::time_type),
            timeline: timeline.map_or("time", |timeline| timeline.name()),
            cursor,
            looks,
            selection: world.get_resource::<Selection>(),
            style,
        };
        let only_levels = world
            .get_resource::<PropertiesOf<LogProperties>>()
            .and_then(|properties| properties.get(view.id)?.only_levels.as_deref());
        show(ui, &input, only_levels, context.commands);
    }
}

fn show(ui: &mut Ui, input: &LogInput<'_>, only_levels: Option<&[String]>, commands: &mut ViewerCommands) {
    let rect = ui.available_rect_before_wrap();
    ui.painter().rect_filled(rect, 0.0, input.style.background);
    let mut memory: LogMemory = ui.data(|data| data.get_temp(input.id)).unwrap_or_default();
    filter_bar(ui, input, &mut memory.filter, only_levels);
    let filtered = filter(
        input.logs,
        input.table,
        &memory.filter,
        only_levels,
        memory.filtered.take(),
    );
    let shown = filtered.as_ref().map(|filtered| filtered.lines.as_slice());
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

/// The levels and the text to filter by.
fn filter_bar(ui: &mut Ui, input: &LogInput<'_>, filter: &mut Filter, only_levels: Option<&[String]>) {
    let mut levels: Vec<&Arc<str>> = input.logs.iter().flat_map(|(_, log)| log.levels()).collect();
    levels.sort_by(|a, b| level::order(a).cmp(&level::order(b)));
    levels.dedup();
    egui::Frame::new()
        .inner_margin(egui::Margin::symmetric(8, 4))
        .show(ui, |ui| {
            // In a narrow tile the levels go on in the next line.
            ui.horizontal_wrapped(|ui| {
                let width = (ui.available_width() * 0.4).clamp(60.0, 200.0);
                let edit = egui::TextEdit::singleline(&mut filter.text)
                    .hint_text("Filter")
                    .desired_width(width);
                ui.add(edit).on_hover_text("Show only lines that contain this");
                for name in levels.into_iter().take(12) {
                    let shown = is_level_shown(name, filter, only_levels);
                    let color = if shown {
                        level::color(name, input.style)
                    } else {
                        input.style.secondary_text.gamma_multiply(0.6)
                    };
                    let text = RichText::new(&**name).small().color(color);
                    if ui
                        .selectable_label(shown, text)
                        .on_hover_text(if shown {
                            "Hide these lines"
                        } else {
                            "Show these lines"
                        })
                        .clicked()
                    {
                        filter.levels.insert(Arc::clone(name), !shown);
                    }
                }
            });
        });
}

/// Widths of columns to begin with, in points.
const ENTITY_WIDTH: f32 = 90.0;
const LEVEL_WIDTH: f32 = 70.0;

/// What a text needs to be worth reading, in points.
const MIN_TEXT_WIDTH: f32 = 140.0;

/// The columns of a list beside the text.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Columns {
    time_width: f32,
    entity: bool,
    level: bool,
}

impl Columns {
    /// The columns that there is room for. The text comes first; color and tooltip tell the entity and the level too.
    fn fitting(input: &LogInput<'_>, width: f32, time_width: f32) -> Self {
        let has_levels = input.logs.iter().any(|(_, log)| !log.levels().is_empty());
        Self::of_widths(width, time_width, has_levels)
    }

    fn of_widths(width: f32, time_width: f32, has_levels: bool) -> Self {
        let mut left = width - time_width - MIN_TEXT_WIDTH;
        let mut take = |wanted: bool, width: f32| {
            let fits = wanted && left >= width;
            left -= if fits { width } else { 0.0 };
            fits
        };
        let (level, entity) = (take(has_levels, LEVEL_WIDTH), take(true, ENTITY_WIDTH));
        Self {
            time_width: time_width.min((width - MIN_TEXT_WIDTH).max(width * 0.4)),
            entity,
            level,
        }
    }
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
    let columns = Columns::fitting(input, table_rect.width(), time_width);

    let mut builder = TableBuilder::new(ui)
        // Widths that were dragged are kept for each choice of columns.
        .id_salt((input.id, columns.entity, columns.level))
        .striped(false)
        .resizable(true)
        .auto_shrink(false)
        .animate_scrolling(false)
        .cell_layout(egui::Layout::left_to_right(Align::Center))
        .min_scrolled_height(0.0)
        .column(Column::initial(columns.time_width).at_least(40.0).clip(true));
    if columns.entity {
        builder = builder.column(Column::initial(ENTITY_WIDTH).at_least(40.0).clip(true));
    }
    if columns.level {
        builder = builder.column(Column::initial(LEVEL_WIDTH).at_least(40.0).clip(true));
    }
    builder = builder.column(Column::remainder().at_least(80.0).clip(true));
    let scrolls = count > 0 && following.scrolls_to(input.cursor, (columns.entity, columns.level), after);
    if scrolls {
        builder = builder.scroll_to_row(after.saturating_sub(1).min(count - 1), Some(Align::Center));
    }
    let mut mark: Option<f32> = None;
    let header = |ui: &mut Ui, text: &str| {
        ui.add(Label::new(RichText::new(text).small().color(input.style.secondary_text)).truncate());
    };
    let table = builder.header(ROW_HEIGHT, |mut row| {
        let titles = [
            (true, input.timeline),
            (columns.entity, "entity"),
            (columns.level, "level"),
            (true, "text"),
        ];
        for (_, title) in titles.into_iter().filter(|(is_shown, _)| *is_shown) {
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
    let item = || Item::DataResult {
        view: input.view,
        entity: (*path).clone(),
        instance: None,
    };
    let highlight = input
        .selection
        .map(|selection| selection.entity_highlight(Some(input.view), path))
        .unwrap_or_default();
    row.set_selected(highlight == Highlight::Selected);
    row.set_hovered(highlight == Highlight::Hovered);

    let time = log.time(at);
    let (_, cell) = row.col(|ui| {
        ui.add_space(8.0);
        let text = RichText::new(time_text(input, time))
            .monospace()
            .color(tone(style.text));
        if time == STATIC {
            ui.add(Label::new(text.color(tone(style.secondary_text))).truncate())
                .on_hover_text("Holds at all times");
        } else if ui
            .add(Label::new(text).truncate().sense(Sense::click()))
            .on_hover_text("Move the cursor here")
            .clicked()
        {
            commands.push(input.looks.seek(input.view, time));
        }
    });
    if columns.entity {
        row.col(|ui| {
            ui.add_space(8.0);
            let label = Label::new(RichText::new(path.ui_name()).color(tone(style.text)))
                .truncate()
                .sense(Sense::click());
            let response = ui.add(label).on_hover_text(path.ui_path());
            if response.hovered() {
                commands.push(ViewerCommand::Hover(Some(item())));
            }
            for button in clicked_buttons(&response) {
                let click = EntityClicked::on(&item(), button, ClickSource::View);
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
        });
    }
    if columns.level {
        row.col(|ui| {
            ui.add_space(8.0);
            if let Some(level) = log.level(at) {
                ui.add(
                    Label::new(
                        RichText::new(&**level)
                            .small()
                            .color(tone(level::color(level, style))),
                    )
                    .truncate(),
                );
            }
        });
    }
    row.col(|ui| {
        ui.add_space(8.0);
        let text = log.text(at);
        let color = log.color(at).map_or(style.text, |[r, g, b, a]| {
            Color32::from_rgba_unmultiplied(r, g, b, a)
        });
        if !columns.level
            && let Some(level) = log.level(at)
        {
            let (mark, _) = ui.allocate_exact_size(egui::vec2(3.0, ROW_HEIGHT - 8.0), Sense::hover());
            ui.painter()
                .rect_filled(mark, 1.0, tone(level::color(level, style)));
        }
        let (cell, is_cut) = first_line(text);
        let label = Label::new(RichText::new(cell).color(tone(color)))
            .truncate()
            .selectable(true)
            .show_tooltip_when_elided(!is_cut && columns.entity && columns.level);
        let response = ui.add(label);
        response.context_menu(|ui| {
            if ui.button("Copy line").clicked() {
                ui.copy_text(stripped(text).into_owned());
                ui.close();
            }
        });
        if !columns.entity || !columns.level {
            let level = log
                .level(at)
                .map(|level| format!(", {level}"))
                .unwrap_or_default();
            response.on_hover_text(format!("{path}{level}\n{}", excerpt(text)));
        } else if is_cut {
            response.on_hover_text(excerpt(text));
        }
    });
    cell.rect.top()
}

fn line_time(input: &LogInput<'_>, line: LineRef) -> i64 {
    input
        .logs
        .get(line.entity as usize)
        .map_or(STATIC, |(_, log)| log.time(line.line as usize))
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
