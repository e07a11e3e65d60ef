//! One line of a log, as the list draws it.

use chronoscope_frame::{
    Item, ViewerCommand, ViewerCommands,
    selection::{ClickSource, EntityClicked},
};
use chronoscope_store::EntityPath;
use egui::{Color32, Label, Response, RichText, Sense, Ui, text_selection::LabelSelectionState};
use egui_extras::TableRow;

use crate::ansi::plain_text;

use super::{
    columns::{Column, Columns},
    entries::{LogEntries, STATIC},
    excerpt::{excerpt, first_line},
    level,
    rows::ShownRows,
    ui::LogInput,
};
use crate::{
    ViewAction, clicked_buttons,
    style::{MIN_CONTRAST, contrast},
    view_action,
};

/// The height of a line, in points.
pub(super) const ROW_HEIGHT: f32 = 20.0;
/// How much of a line after the cursor is left: the least with which it is still read.
const DIMMED: [f32; 3] = [0.55, 0.7, 0.85];

/// A line that was drawn.
pub(super) struct DrawnLine {
    /// Where its top is.
    pub(super) top: f32,
    /// Whether the pointer is over it.
    pub(super) is_hovered: bool,
    /// Whether a click on it selects lines.
    pub(super) is_clicked: bool,
}

/// Draws the line at a position, and has it selected and pointed at.
pub(super) fn show(
    row: &mut TableRow<'_, '_>,
    rows: &ShownRows<'_>,
    position: usize,
    columns: &Columns,
    is_later: bool,
    commands: &mut ViewerCommands,
) -> DrawnLine {
    let input = rows.input;
    let of_line = rows.line(position).and_then(|line| {
        let entity = line.entity as usize;
        Some((line, input.logs.get(entity)?.1, *input.paths.get(entity)?))
    });
    let Some((line, log, path)) = of_line else {
        return DrawnLine {
            top: row.col(|_| {}).1.rect.top(),
            is_hovered: false,
            is_clicked: false,
        };
    };
    let at = line.line as usize;
    let style = input.style;
    let tone = |color: Color32| {
        if is_later {
            later(color, style.background)
        } else {
            color
        }
    };
    let [is_selected, is_hovered] = rows.is_lit(line);
    row.set_selected(is_selected);
    row.set_hovered(is_hovered);

    let mut top = None;
    // Texts lie on the cells, and are clicked on in their place; the time leads elsewhere.
    let (mut texts, mut time): (Option<Response>, Option<Response>) = (None, None);
    let mut is_over_entity = false;
    for column in &columns.shown {
        let (_, cell) = row.col(|ui| {
            ui.add_space(8.0);
            match column {
                Column::Time(timeline) if **timeline == *input.timeline => {
                    let shown = show_time(ui, input, log.time(at), tone, commands);
                    let is_link = log.time(at) != STATIC;
                    join(if is_link { &mut time } else { &mut texts }, shown);
                }
                Column::Time(timeline) => {
                    let time = input.other_time_text(line, timeline).unwrap_or_default();
                    let text = RichText::new(time).monospace().color(tone(style.secondary_text));
                    join(&mut texts, ui.add(Label::new(text).truncate()));
                }
                Column::Entity => is_over_entity = show_entity(ui, input, path, tone, commands).hovered(),
                Column::Level => {
                    if let Some(level) = log.level(at) {
                        let text = RichText::new(&**level).small();
                        let label = Label::new(text.color(tone(level::color(level, style)))).truncate();
                        join(&mut texts, ui.add(label));
                    }
                }
                Column::Text => {
                    join(&mut texts, show_text(ui, input, columns, (log, path), at, tone));
                }
            }
        });
        top.get_or_insert(cell.rect.top());
    }
    let cells = row.response();
    let is_hovered = cells.contains_pointer();
    let own = match texts {
        Some(texts) => cells.union(texts),
        None => cells,
    };
    let mut is_clicked = false;
    if let Some(item) = rows.item(line) {
        if is_hovered && !is_over_entity {
            commands.push(ViewerCommand::Hover(Some(item.clone())));
        }
        is_clicked = select(&own, rows, position, &item, commands);
        let all = match time {
            Some(time) => own.union(time),
            None => own,
        };
        if all.secondary_clicked() && !is_selected {
            commands.push(ViewerCommand::Select(vec![item]));
            is_clicked = true;
        }
        all.context_menu(|ui| menu(ui, rows, log.text(at), is_selected));
    }
    DrawnLine {
        top: top.unwrap_or_default(),
        is_hovered,
        is_clicked,
    }
}

fn join(all: &mut Option<Response>, one: Response) {
    *all = Some(match all.take() {
        Some(all) => all.union(one),
        None => one,
    });
}

/// Selects a line that was clicked on, and tells of the click. Returns whether there is another selection then.
fn select(
    own: &Response,
    rows: &ShownRows<'_>,
    position: usize,
    item: &Item,
    commands: &mut ViewerCommands,
) -> bool {
    for button in clicked_buttons(own) {
        let click = EntityClicked::on(item, Some(rows.input.recording), button, ClickSource::View);
        if let Some(click) = click {
            commands.push(ViewerCommand::Click(click));
        }
    }
    if !own.clicked() {
        return false;
    }
    let modifiers = own.ctx.input(|input| input.modifiers);
    if modifiers.shift {
        // It also marks all text up to there, which is not meant.
        own.ctx.with_plugin(LabelSelectionState::clear_selection);
    }
    let selects = rows.clicked(position, modifiers);
    selects.map(|selects| commands.push(selects)).is_some()
}

/// What can be done with a line.
fn menu(ui: &mut Ui, rows: &ShownRows<'_>, text: &str, is_selected: bool) {
    let num_selected = rows.num_selected();
    if is_selected && num_selected > 1 && ui.button(format!("Copy {num_selected} lines")).clicked() {
        if let Some(text) = rows.selected_text() {
            ui.copy_text(text);
        }
        ui.close();
    }
    if ui.button("Copy line").clicked() {
        ui.copy_text(plain_text(text).into_owned());
        ui.close();
    }
    if ui.button("Copy all lines that are shown").clicked() {
        view_action::ask(ui.ctx(), rows.input.view, ViewAction::CopyTable);
        ui.ctx().request_repaint();
        ui.close();
    }
}

fn show_time(
    ui: &mut Ui,
    input: &LogInput<'_>,
    time: i64,
    tone: impl Fn(Color32) -> Color32,
    commands: &mut ViewerCommands,
) -> Response {
    let text = RichText::new(input.time_text(time)).monospace();
    if time == STATIC {
        let label = Label::new(text.color(tone(input.style.secondary_text))).truncate();
        return ui.add(label).on_hover_text("Holds at all times");
    }
    let label = Label::new(text.color(tone(input.style.text))).truncate();
    let response = ui
        .add(label.sense(Sense::click()))
        .on_hover_text("Move the cursor here");
    if response.clicked() {
        commands.push(input.looks.seek(input.view, time));
    }
    response
}

fn show_entity(
    ui: &mut Ui,
    input: &LogInput<'_>,
    path: &EntityPath,
    tone: impl Fn(Color32) -> Color32,
    commands: &mut ViewerCommands,
) -> Response {
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
    response
}

fn show_text(
    ui: &mut Ui,
    input: &LogInput<'_>,
    columns: &Columns,
    (log, path): (&LogEntries, &EntityPath),
    at: usize,
    tone: impl Fn(Color32) -> Color32,
) -> Response {
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
    if !tells_all {
        let level = log
            .level(at)
            .map(|level| format!(", {level}"))
            .unwrap_or_default();
        response.on_hover_text(format!("{}{level}\n{}", path.ui_path(), excerpt(text)))
    } else if is_cut {
        response.on_hover_text(excerpt(text))
    } else {
        response
    }
}

/// The color of a line after the cursor: fainter, as far as it is read.
pub(super) fn later(color: Color32, background: Color32) -> Color32 {
    let dimmed = DIMMED.map(|share| background.lerp_to_gamma(color, share));
    let mut read = dimmed
        .into_iter()
        .filter(|color| contrast(*color, background) >= MIN_CONTRAST);
    read.next().unwrap_or(color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_after_the_cursor_is_fainter_and_still_read() {
        for (color, background) in [
            (Color32::BLACK, Color32::WHITE),
            (Color32::from_gray(24), Color32::from_gray(250)),
            (Color32::WHITE, Color32::BLACK),
            (Color32::from_gray(230), Color32::from_gray(12)),
        ] {
            let later = contrast(later(color, background), background);
            assert!(later >= MIN_CONTRAST, "{color:?} on {background:?}: {later}");
            assert!(later < contrast(color, background));
        }
        let faint = Color32::from_gray(110);
        assert_eq!(later(faint, Color32::WHITE), faint, "it has nothing to give");
    }
}
