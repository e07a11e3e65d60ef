//! What is known about a recording.

use chronoscope_frame::RecordingEntry;
use chronoscope_store::{StoreKind, TimeType};
use chronoscope_types::{TimeZone, format_time_in};
use egui::Ui;

use super::parts::{grouped, size_rows, text_row, title, value_row};
use crate::{
    icons,
    left_panel::{recording_name, started_nanos},
    widgets::section_header,
};

/// Draws all that is known, with times of day as they are in a zone.
pub(super) fn show(ui: &mut Ui, entry: &RecordingEntry, zone: TimeZone) {
    let store = entry.store();
    let id = entry.id();
    let (icon, kind) = match id.kind {
        StoreKind::Recording => (icons::RECORDING, "recording"),
        StoreKind::Blueprint => (icons::BLUEPRINT, "blueprint"),
    };
    title(ui, icon, &recording_name(entry), kind);
    text_row(ui, "Application", &id.application_id);
    value_row(ui, "Recording", &id.recording_id, "");
    if !entry.source_name.is_empty() {
        text_row(ui, "Source", &entry.source_name);
    }
    if let Some(logged_by) = entry.info.logged_by() {
        text_row(ui, "Logged by", &logged_by);
    }
    if let Some(started) = started_nanos(entry) {
        value_row(
            ui,
            "Started",
            &format_time_in(TimeType::TimestampNs, zone, started),
            "",
        );
    }

    section_header(ui, "Contents", |_| {});
    value_row(ui, "Entities", &grouped(store.num_entities()), "");
    value_row(ui, "Rows", &grouped(store.num_rows()), "");
    value_row(ui, "Chunks", &grouped(store.num_chunks()), "");
    size_rows(ui, &store.store_stats().chunks);

    section_header(ui, "Timelines", |_| {});
    let mut any = false;
    for timeline in store.timelines() {
        any = true;
        let (name, time_type) = (
            store.timeline(timeline).name(),
            store.timeline(timeline).time_type(),
        );
        let range = store.time_range(timeline);
        let text = format!(
            "{} – {}",
            format_time_in(time_type, zone, range.min),
            format_time_in(time_type, zone, range.max)
        );
        value_row(ui, name, &text, "");
    }
    if !any {
        text_row(ui, "None", "All data is static.");
    }
}
