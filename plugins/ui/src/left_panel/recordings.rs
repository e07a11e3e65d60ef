//! The recordings that are open, by application.

use std::{collections::BTreeMap, sync::Arc};

use chronoscope_frame::{IngestSources, Item, RecordingEntry, ViewerCommand};
use chronoscope_store::TimeType;
use chronoscope_types::format_time;
use egui::{RichText, Ui};

use crate::{
    icons,
    notifications::{Problems, SourceProblem, severity_color, severity_icon},
    pass::Pass,
    theme::{Theme, size},
    widgets::{ListRow, icon_button, padded, section_header},
};

/// The share of the panel's height that recordings may take before they scroll.
const MAX_SHARE: f32 = 0.3;

/// Draws the list.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, problems: &Problems) {
    padded(ui, |ui| section_header(ui, "Recordings", |_| {}));
    let mut by_application: BTreeMap<Arc<str>, Vec<&RecordingEntry>> = BTreeMap::new();
    for entry in pass.recordings().recordings() {
        by_application
            .entry(entry.id().application_id.clone())
            .or_default()
            .push(entry);
    }
    if by_application.is_empty() {
        let is_loading = !pass.world.resource::<IngestSources>().is_idle();
        let text = match (is_loading, pass.settings.take_drops) {
            (true, _) => "Loading…",
            (false, true) => "No recording is open. Drop a file here.",
            (false, false) => "No recording is open.",
        };
        let text = RichText::new(text)
            .size(size::SMALL)
            .color(Theme::of(ui).secondary);
        padded(ui, |ui| ui.add(egui::Label::new(text).wrap()));
        return;
    }
    let height = ui.available_height() * MAX_SHARE;
    let list = egui::ScrollArea::vertical()
        .id_salt("recordings")
        .max_height(height.max(3.0 * size::ROW))
        .auto_shrink([false, true]);
    list.show(ui, |ui| {
        for (application, entries) in &by_application {
            ListRow::new(application)
                .icon(icons::APPLICATION)
                .show(ui, |_| {});
            for entry in entries {
                show_recording(ui, pass, entry, problems.of(&entry.source_name));
            }
        }
    });
    ui.add_space(size::GRID);
}

fn show_recording(ui: &mut Ui, pass: &mut Pass<'_>, entry: &RecordingEntry, problem: Option<&SourceProblem>) {
    let item = Item::Store(entry.id().clone());
    let is_active = pass.active().is_some_and(|active| active.key() == entry.key());
    let label = recording_name(entry);
    let mut close = false;
    let theme = Theme::of(ui);
    let icon = problem.map_or(icons::RECORDING, |problem| severity_icon(problem.severity));
    let mut row = ListRow::new(&label);
    if let Some(problem) = problem {
        row = row.icon_color(severity_color(&theme, problem.severity));
    }
    let row = row
        .icon(icon)
        .level(1)
        .detail(if is_active { "" } else { &entry.source_name })
        .selected(pass.is_selected(&item))
        .highlighted(is_active || pass.is_highlighted(&item))
        .dimmed(!is_active && problem.is_none())
        .show(ui, |ui| {
            close = icon_button(ui, icons::CLOSE, "Close the recording", None).clicked();
        });
    if close {
        pass.push(ViewerCommand::CloseRecording(entry.id().clone()));
        return;
    }
    if row.response.clicked() && !is_active {
        pass.push(ViewerCommand::ActivateRecording(entry.id().clone()));
    }
    pass.respond(&row.response, &item);
    if let Some(problem) = problem {
        row.response.on_hover_text(&problem.message);
    }
}

/// When a recording was begun, in nanoseconds since the epoch.
pub(crate) fn started_nanos(entry: &RecordingEntry) -> Option<i64> {
    i64::try_from(entry.info.started_at_nanos?).ok()
}

/// Name of a recording: when it was started, else its id.
pub(crate) fn recording_name(entry: &RecordingEntry) -> String {
    match started_nanos(entry) {
        Some(nanos) => format_time(
            TimeType::TimestampNs,
            nanos.saturating_sub(nanos.rem_euclid(1_000_000_000)),
        )
        .replace(['T', 'Z'], " ")
        .trim()
        .to_owned(),
        None => entry.id().recording_id.to_string(),
    }
}
