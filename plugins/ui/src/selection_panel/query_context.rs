//! Where a view looks: recording, timeline and time, each by itself.

use std::sync::Arc;

use chronoscope_blueprint::{ContextTime, QueryContextSettings, RecordingName, ViewId};
use chronoscope_frame::{QueryContext, RecordingEntry};
use chronoscope_store::{TimeType, Timeline};
use chronoscope_types::{format_time_in, parse_time_in};
use egui::{ComboBox, Ui};

use crate::{
    edits, icons,
    left_panel::recording_name,
    looks::{format_offset, name_of, parse_offset, timeline_of},
    pass::Pass,
    widgets::{DraftEdit, icon_button, property_row, section_header},
};

/// Draws the section.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, view: ViewId) {
    let Some(context) = pass.of_view::<QueryContext>(view) else {
        return;
    };
    section_header(ui, "Query context", |_| {});
    let before = &*context.settings;
    let mut settings = before.clone();
    show_recording(ui, pass, view, &mut settings);
    show_timeline(ui, pass, view, &mut settings);
    show_time(ui, pass, view, context, &mut settings);
    if settings != *before {
        pass.edit_as_step(edits::query_context(view, &settings));
    }
}

fn show_recording(ui: &mut Ui, pass: &Pass<'_>, view: ViewId, settings: &mut QueryContextSettings) {
    property_row(ui, "Recording", |ui| {
        if reset_button(ui, settings.recording.is_some()) {
            settings.recording = None;
        }
        let text = match &settings.recording {
            Some(name) => name_of(pass.recording_of(view), name),
            None => "Active recording".to_owned(),
        };
        let chosen = settings.recording.clone();
        ComboBox::from_id_salt("recording")
            .width(ui.available_width())
            .truncate()
            .selected_text(text)
            .show_ui(ui, |ui| {
                if ui
                    .selectable_label(chosen.is_none(), "Active recording")
                    .clicked()
                {
                    settings.recording = None;
                }
                let front = pass.recordings().active_application();
                for entry in pass.recordings().recordings() {
                    let id = entry.id();
                    let is_front = front == Some(&id.application_id);
                    let name = RecordingName {
                        application: (!is_front).then(|| id.application_id.clone()),
                        recording: id.recording_id.clone(),
                    };
                    let is_chosen = chosen.as_ref() == Some(&name);
                    let label = ui.selectable_label(is_chosen, recording_name(entry));
                    let label = label.on_hover_text(format!("{}, {}", id.application_id, id.recording_id));
                    if label.clicked() {
                        settings.recording = Some(name);
                    }
                }
            });
    });
}

fn show_timeline(ui: &mut Ui, pass: &Pass<'_>, view: ViewId, settings: &mut QueryContextSettings) {
    property_row(ui, "Timeline", |ui| {
        if reset_button(ui, settings.timeline.is_some()) {
            settings.timeline = None;
        }
        let chosen = settings.timeline.clone();
        ComboBox::from_id_salt("timeline")
            .width(ui.available_width())
            .truncate()
            .selected_text(chosen.as_deref().unwrap_or("As the cursor"))
            .show_ui(ui, |ui| {
                if ui.selectable_label(chosen.is_none(), "As the cursor").clicked() {
                    settings.timeline = None;
                }
                // Where the recording is not open, those of the active one.
                let entry = pass.recording_of(view).or_else(|| pass.active());
                for name in entry.map(timeline_names).unwrap_or_default() {
                    let is_chosen = chosen.as_ref() == Some(&name);
                    if ui.selectable_label(is_chosen, &*name).clicked() {
                        settings.timeline = Some(name);
                    }
                }
            });
    });
}

fn show_time(
    ui: &mut Ui,
    pass: &Pass<'_>,
    view: ViewId,
    context: &QueryContext,
    settings: &mut QueryContextSettings,
) {
    const AT_CURSOR: &str = "At the cursor";
    const OFFSET: &str = "Offset to the cursor";
    const FIXED: &str = "Fixed";
    let timeline = timeline_of(context, pass.recording_of(view));
    let time_type = timeline.map_or(TimeType::Sequence, Timeline::time_type);
    let before = settings.time;
    property_row(ui, "Time", |ui| {
        if reset_button(ui, before != ContextTime::AtCursor) {
            settings.time = ContextTime::AtCursor;
        }
        let text = match before {
            ContextTime::AtCursor => AT_CURSOR,
            ContextTime::Offset(_) => OFFSET,
            ContextTime::Fixed(_) => FIXED,
        };
        ComboBox::from_id_salt("time")
            .width(ui.available_width())
            .truncate()
            .selected_text(text)
            .show_ui(ui, |ui| {
                let choices = [
                    (AT_CURSOR, ContextTime::AtCursor),
                    (OFFSET, ContextTime::Offset(0)),
                    (FIXED, ContextTime::Fixed(context.cursor.time)),
                ];
                for (name, time) in choices {
                    if ui.selectable_label(name == text, name).clicked() && name != text {
                        settings.time = time;
                    }
                }
            });
    });
    match before {
        ContextTime::AtCursor => {}
        ContextTime::Offset(offset) => property_row(ui, "Offset", |ui| {
            let text = format_offset(time_type, offset);
            let field = DraftEdit::new(("offset", view.to_bytes()), &text);
            let is_valid = |typed: &str| parse_offset(time_type, typed).is_some();
            let typed = field.valid_if(&is_valid).show(ui);
            if let Some(offset) = typed.and_then(|typed| parse_offset(time_type, &typed)) {
                settings.time = ContextTime::Offset(offset);
            }
        }),
        ContextTime::Fixed(time) => property_row(ui, "Fixed at", |ui| {
            let zone = pass.time_zone();
            let text = format_time_in(time_type, zone, time);
            let parse = |typed: &str| parse_time_in(time_type, zone, time, typed);
            let field = DraftEdit::new(("fixed time", view.to_bytes()), &text);
            let is_valid = |typed: &str| parse(typed).is_some();
            let typed = field.valid_if(&is_valid).show(ui);
            if let Some(time) = typed.and_then(|typed| parse(&typed)) {
                settings.time = ContextTime::Fixed(time);
            }
        }),
    }
}

/// A button that takes a choice back, where there is one. Returns whether it was clicked.
fn reset_button(ui: &mut Ui, is_chosen: bool) -> bool {
    is_chosen && icon_button(ui, icons::RESET, "As the cursor again", None).clicked()
}

/// The timelines of a recording that have data, ordered by name.
fn timeline_names(entry: &RecordingEntry) -> Vec<Arc<str>> {
    let store = entry.store();
    let with_data = store.timelines().filter(|id| !store.time_range(*id).is_empty());
    let mut names: Vec<Arc<str>> = with_data.map(|id| store.timeline(id).name().clone()).collect();
    names.sort();
    names
}
