//! The settings of a text log: which levels it shows, and which columns it has. All are properties in the blueprint.

use std::sync::Arc;

use chronoscope_blueprint::{BlueprintCommand, ViewId};
use chronoscope_frame::{RecordingEntry, View, Visuals, visualizer::ViewVisuals};
use chronoscope_types::{
    ComponentName, TextLogColumn, TimelineColumn,
    blueprint::{TextLogColumns, TextLogRows},
    enums::TextLogColumnKind,
};
use egui::Ui;

use super::{
    LogProperties,
    entries::TextLog,
    filter::{is_level_shown, toggle_level},
    ui::levels_of,
};
use crate::{ViewUiContext, properties::properties, settings_row::settings_row, view_ui::recording_of};

/// The properties that [`show`] draws.
pub(super) const DRAWN: [ComponentName; 3] = [
    TextLogColumns::TEXT_LOG_COLUMNS,
    TextLogColumns::TIMELINE_COLUMNS,
    TextLogRows::FILTER_BY_LOG_LEVEL,
];

/// Draws the settings.
pub(super) fn show(ui: &mut Ui, context: &mut ViewUiContext<'_>) {
    let Some(view) = context.get::<View>().map(|view| view.id) else {
        return;
    };
    let said: LogProperties = properties(context.world, view);
    show_levels(ui, context, view, &said);
    show_columns(ui, context, view, &said);
    show_timelines(ui, context, view, &said);
}

fn show_levels(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: &LogProperties) {
    let visuals = context.world.get_resource::<Visuals<TextLog>>();
    let visuals = visuals.and_then(|visuals| visuals.view(view));
    let logs = visuals.into_iter().flat_map(ViewVisuals::iter);
    let known: Vec<&Arc<str>> = levels_of(logs.map(|(_, log)| log.as_ref()));
    let only = said.only_levels.as_deref();
    let name = |ui: &mut Ui| {
        ui.label("Levels");
    };
    let toggled = choices(ui, context, view, TextLogRows::FILTER_BY_LOG_LEVEL, name, |at| {
        let level = known.get(at)?;
        Some((level.to_string(), is_level_shown(level, only)))
    });
    if let Some(level) = toggled.and_then(|at| known.get(at)) {
        context.edit(toggle_level(view, &known, only, level));
    }
}

fn show_columns(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: &LogProperties) {
    use TextLogColumnKind::{Body, EntityPath, LogLevel};
    let as_there_is_room = || {
        [EntityPath, LogLevel, Body]
            .map(|kind| TextLogColumn { kind, visible: true })
            .to_vec()
    };
    let mut columns = said.columns.texts.clone().unwrap_or_else(as_there_is_room);
    for kind in [EntityPath, LogLevel, Body] {
        if columns.iter().all(|column| column.kind != kind) {
            columns.push(TextLogColumn { kind, visible: false });
        }
    }
    let is_said = said.columns.texts.is_some();
    let name = |ui: &mut Ui| {
        ui.label("Columns");
        if !is_said {
            ui.weak("as there is room");
        }
    };
    let toggled = choices(ui, context, view, TextLogColumns::TEXT_LOG_COLUMNS, name, |at| {
        let column = columns.get(at)?;
        let text = match column.kind {
            EntityPath => "Entity",
            LogLevel => "Level",
            Body => "Text",
        };
        Some((text.to_owned(), column.visible))
    });
    if let Some(column) = toggled.and_then(|at| columns.get_mut(at)) {
        column.visible = !column.visible;
        let columns = TextLogColumns::default().with_text_log_columns(columns);
        context.edit(BlueprintCommand::set_property(view, &columns));
    }
}

fn show_timelines(ui: &mut Ui, context: &mut ViewUiContext<'_>, view: ViewId, said: &LogProperties) {
    let Some(store) = recording_of(context.world, context.view).map(RecordingEntry::store) else {
        return;
    };
    let names = store.timelines().map(|id| store.timeline(id).name().to_string());
    let names: Vec<String> = names.collect();
    let at_cursor = context.cursor().timeline;
    let at_cursor = at_cursor.map(|id| store.timeline(id).name().to_string());
    let mut columns = said.columns.timelines.clone().unwrap_or_else(|| {
        let visible = at_cursor.into_iter();
        visible
            .map(|timeline| TimelineColumn {
                timeline,
                visible: true,
            })
            .collect()
    });
    for timeline in names {
        if columns.iter().all(|column| column.timeline != timeline) {
            columns.push(TimelineColumn {
                timeline,
                visible: false,
            });
        }
    }
    let name = |ui: &mut Ui| {
        ui.label("Times");
    };
    let toggled = choices(ui, context, view, TextLogColumns::TIMELINE_COLUMNS, name, |at| {
        let column = columns.get(at)?;
        Some((column.timeline.clone(), column.visible))
    });
    if let Some(column) = toggled.and_then(|at| columns.get_mut(at)) {
        column.visible = !column.visible;
        let columns = TextLogColumns::default().with_timeline_columns(columns);
        context.edit(BlueprintCommand::set_property(view, &columns));
    }
}

/// Draws a row with a name and the way back, and below it a box to check for each choice until there is none. Returns the one that was
/// clicked.
fn choices(
    ui: &mut Ui,
    context: &mut ViewUiContext<'_>,
    view: ViewId,
    property: ComponentName,
    name: impl FnOnce(&mut Ui),
    choice: impl Fn(usize) -> Option<(String, bool)>,
) -> Option<usize> {
    let mut clicked = None;
    settings_row(ui, context, view, &[property], |ui, _| name(ui));
    ui.horizontal_wrapped(|ui| {
        for (at, (text, mut is_on)) in (0..).map_while(|at| Some((at, choice(at)?))) {
            if ui.checkbox(&mut is_on, text).changed() {
                clicked = Some(at);
            }
        }
    });
    clicked
}
