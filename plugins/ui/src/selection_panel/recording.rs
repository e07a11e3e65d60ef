//! What is known about a recording.

use chronoscope_frame::{DiffEntry, DiffLog, RecordingEntry, RecordingKey};
use chronoscope_store::{StoreKind, TimeType};
use chronoscope_types::format_time;
use egui::Ui;

use super::parts::{grouped, size_rows, text_row, title, value_row};
use crate::{icons, left_panel::recording_name, widgets::section_header};

/// Draws all that is known.
pub(super) fn show(ui: &mut Ui, entry: &RecordingEntry, log: &DiffLog) {
    let store = entry.store();
    let id = entry.id();
    let (icon, kind) = match id.kind {
        StoreKind::Recording => (icons::RECORDING, "recording"),
        StoreKind::Blueprint => (icons::BLUEPRINT, "blueprint"),
    };
    title(ui, icon, &recording_name(entry), kind);
    text_row(ui, "Application", &id.application_id);
    value_row(ui, "Recording", &id.recording_id, "");
    if !entry.info.source.is_empty() {
        text_row(ui, "Source", &entry.info.source);
    }
    if let Some(logged_by) = &entry.info.logged_by {
        text_row(ui, "Logged by", logged_by);
    }
    if let Some(started) = entry.info.started_nanos {
        value_row(ui, "Started", &format_time(TimeType::TimestampNs, started), "");
    }

    section_header(ui, "Contents", |_| {});
    value_row(ui, "Entities", &grouped(num_entities(ui, entry, log)), "");
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
            format_time(time_type, range.min),
            format_time(time_type, range.max)
        );
        value_row(ui, name, &text, "");
    }
    if !any {
        text_row(ui, "None", "All data is static.");
    }
}

/// The number of entities with data. A count is a walk over all of them, so that it is kept, and follows what came and
/// went since.
fn num_entities(ui: &Ui, entry: &RecordingEntry, log: &DiffLog) -> u64 {
    let (key, id) = (entry.key(), egui::Id::new("num_entities"));
    let known = ui.data(|data| data.get_temp::<KnownCount>(id));
    let count = known
        .filter(|known| known.recording == key)
        .and_then(|known| followed(&known, log))
        .unwrap_or_else(|| entry.store().entities().count() as u64);
    let known = KnownCount {
        recording: key,
        log_number: log.next_number(),
        count,
    };
    ui.data_mut(|data| data.insert_temp(id, known));
    count
}

#[derive(Clone, Copy)]
struct KnownCount {
    recording: RecordingKey,
    /// The changes that it has taken into account.
    log_number: u64,
    count: u64,
}

/// The count after what the log says; `None` where the log was cut.
fn followed(known: &KnownCount, log: &DiffLog) -> Option<u64> {
    let mut count = known.count;
    for change in log.since(known.log_number)? {
        if let DiffEntry::Store { recording, event } = change
            && *recording == known.recording
        {
            count = count.saturating_add(u64::from(event.is_new_entity()));
            count = count.saturating_sub(u64::from(event.is_entity_gone()));
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_frame::Recordings;
    use chronoscope_store::StoreId;
    use chronoscope_types::{Scalars, log_chunk};

    use super::*;

    #[test]
    fn the_number_of_entities_follows_what_comes_and_goes() {
        let (mut recordings, mut log) = (Recordings::default(), DiffLog::default());
        let entry = recordings.open(&StoreId::recording("app", "test"));
        let known = KnownCount {
            recording: entry.key(),
            log_number: log.next_number(),
            count: 0,
        };
        let mut chunks = Vec::new();
        for path in ["/a", "/a/b", "/a"] {
            let chunk = log_chunk(path, [], &Scalars::new([1.0])).unwrap();
            chunks.push(chunk.id());
            log.push_events(entry.key(), entry.recording.insert(chunk).unwrap());
        }
        assert_eq!(followed(&known, &log), Some(2));
        log.push_events(entry.key(), entry.recording.drop_chunks([chunks[1]]));
        assert_eq!(followed(&known, &log), Some(1));
        assert_eq!(
            followed(&known, &log),
            Some(entry.store().entities().count() as u64)
        );
    }
}
