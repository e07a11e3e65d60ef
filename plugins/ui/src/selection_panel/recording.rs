//! What is known about a recording.

use chronoscope_blueprint::{PROPERTIES_PATH, natural_order};
use chronoscope_frame::RecordingEntry;
use chronoscope_store::{EntityId, StoreKind, TimeType};
use chronoscope_types::format_time_in;
use egui::Ui;

use super::{
    parts::{grouped, size_rows, text_row, title, value_row},
    values::{self, EntityRef},
};
use crate::{
    icons,
    left_panel::{recording_name, started_nanos},
    pass::Pass,
    widgets::section_header,
};

/// Draws all that is known.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, entry: &RecordingEntry) {
    let zone = pass.time_zone();
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

    show_properties(ui, pass, entry);

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

/// The properties that were given to the recording, by name. What an SDK says of itself is above.
fn show_properties(ui: &mut Ui, pass: &mut Pass<'_>, entry: &RecordingEntry) {
    let store = entry.store();
    let Some(root) = store.entity_id(&PROPERTIES_PATH.into()) else {
        return;
    };
    let tree = store.tree();
    let mut properties: Vec<(String, EntityId)> = Vec::new();
    let mut stack: Vec<EntityId> = tree.children(root).collect();
    while let Some(entity) = stack.pop() {
        stack.extend(tree.children(entity));
        if store.has_data(entity) {
            let path = store.entity_path(entity).ui_path();
            let name = path.trim_start_matches(PROPERTIES_PATH).trim_start_matches('/');
            properties.push((name.to_owned(), entity));
        }
    }
    let cursor = pass
        .cursor()
        .filter(|cursor| cursor.recording == Some(entry.key()));
    properties.sort_by(|(a, _), (b, _)| natural_order(a, b));
    for (name, id) in properties {
        section_header(ui, &format!("Property {name}"), |_| {});
        let of = EntityRef {
            cursor,
            id,
            path: store.entity_path(id),
            instance: None,
            view: None,
            row: None,
        };
        for component in store.components_of(id).collect::<Vec<_>>() {
            values::show_component_row(ui, pass, entry, of, component);
        }
    }
}
