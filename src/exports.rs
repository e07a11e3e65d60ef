//! Data that is saved by command: scalars as a table, a range of times as a recording.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufWriter, Write},
    path::Path,
    sync::Arc,
};

use arrow_array::{Array, cast::AsArray as _, types::Float64Type};
use bevy::prelude::*;
use chronoscope_frame::{Cursor, Export, IngestSources, RecordingEntry, Recordings, commands::FileRequests};
use chronoscope_io::{
    IoError, LoadEvent, LoadReport, Severity, SourceLimits, replace_file, source_channel, write_file,
};
use chronoscope_store::{Chunk, ChunkId, ComponentId, EntityId, RowId, TimeRange, TimeType, TimelineId};
use chronoscope_types::{LogMessage, Scalars, SourceStatus, StoreInfo, format_time};

use crate::sources::{FileSource, LoadOutcomes};

/// Begins to save what was asked for, on threads of their own.
pub(crate) fn save_exports(
    mut requests: ResMut<FileRequests>,
    mut sources: ResMut<IngestSources>,
    recordings: Res<Recordings>,
    cursor: Res<Cursor>,
    outcomes: Res<LoadOutcomes>,
) {
    let exports = std::mem::take(&mut requests.exports);
    let (Some(entry), Some(timeline)) = (recordings.active(), cursor.timeline) else {
        return;
    };
    for (export, path) in exports {
        let job = Job::new(entry, timeline, &export);
        let (sender, handle) = source_channel(path.display().to_string(), SourceLimits::default());
        sources.add(FileSource::saving(handle, outcomes.clone()));
        let sender = Arc::new(sender);
        let in_thread = Arc::clone(&sender);
        let tell = |sender: &chronoscope_io::SourceSender, saved: Result<String, String>| {
            let (severity, message) = match saved {
                Ok(message) => (Severity::Info, message),
                Err(message) => (Severity::Error, message),
            };
            // Who removed the source does not want to hear of it.
            let _ = sender.send(LoadEvent::Report(LoadReport {
                source: Arc::clone(sender.name()),
                severity,
                entity: None,
                message,
            }));
            sender.set_status(SourceStatus::Finished);
        };
        let started = std::thread::Builder::new()
            .name("export".to_owned())
            .spawn(move || tell(&in_thread, job.save(&path)));
        if let Err(error) = started {
            tell(&sender, Err(IoError::Thread(error).to_string()));
        }
    }
}

/// What is saved, apart from the recording that it is of.
enum Job {
    Series {
        /// The name and the chunks of each entity with scalars.
        entities: Vec<(String, Vec<Arc<Chunk>>)>,
        timeline: Arc<str>,
        time_type: TimeType,
        num_absent: usize,
    },
    Times {
        info: Box<StoreInfo>,
        chunks: Vec<Chunk>,
        num_absent: usize,
    },
}

impl Job {
    fn new(entry: &RecordingEntry, timeline: TimelineId, export: &Export) -> Self {
        let store = entry.store();
        match export {
            Export::Series(paths) => {
                let mut wanted: BTreeSet<EntityId> = BTreeSet::new();
                let mut stack: Vec<EntityId> =
                    paths.iter().filter_map(|path| store.entity_id(path)).collect();
                while let Some(entity) = stack.pop() {
                    if wanted.insert(entity) {
                        stack.extend(store.tree().children(entity));
                    }
                }
                let scalars = store.component_id(&Scalars::SCALARS);
                let has_scalars =
                    |entity: &EntityId| scalars.is_some_and(|scalars| store.has_component(*entity, scalars));
                let mut entities: Vec<EntityId> = wanted.into_iter().filter(has_scalars).collect();
                entities.sort_by_key(|entity| store.entity_path(*entity).clone());
                let mut num_absent = 0;
                for entity in &entities {
                    store.visit_chunks(*entity, timeline, TimeRange::EVERYTHING, |_, is_loaded| {
                        num_absent += usize::from(!is_loaded);
                    });
                }
                Self::Series {
                    entities: entities
                        .into_iter()
                        .map(|entity| {
                            let name = store.entity_path(entity).ui_path();
                            (name, store.chunks_of(entity).cloned().collect())
                        })
                        .collect(),
                    timeline: store.timeline(timeline).name().clone(),
                    time_type: store.timeline(timeline).time_type(),
                    num_absent,
                }
            }
            Export::Times(range) => Self::times(entry, timeline, *range),
        }
    }

    /// The rows of a range, and those that held when it began.
    fn times(entry: &RecordingEntry, timeline: TimelineId, range: TimeRange) -> Self {
        let store = entry.store();
        let name = store.timeline(timeline).name();
        let (mut chunks, mut num_absent) = (Vec::new(), 0);
        let mut saved: BTreeSet<RowId> = BTreeSet::new();
        for (meta, chunk) in store.chunks() {
            let is_static = meta.timelines.is_empty();
            let times = meta.time_range(timeline);
            if !is_static && !times.intersects(&range) {
                continue;
            }
            let Some(chunk) = chunk else {
                num_absent += 1;
                continue;
            };
            match chunk.timeline(name) {
                _ if is_static => chunks.push(Chunk::clone(chunk)),
                Some(column) => {
                    for rows in runs_within(column.times(), range) {
                        saved.extend(chunk.row_ids().get(rows.clone()).unwrap_or_default());
                        chunks.push(chunk.slice(ChunkId::new(), rows));
                    }
                }
                None => {}
            }
        }
        if let Some(before) = range.min.checked_sub(1) {
            for entity in store.entities() {
                let components: Vec<ComponentId> = store.components_of(entity).collect();
                for component in components {
                    let answer = entry
                        .recording
                        .latest_at(entity, Some(timeline), before, component);
                    if let Some(hit) = answer.hit
                        && hit.data_time().is_some()
                        && saved.insert(hit.row_id())
                    {
                        chunks.push(hit.chunk().slice(ChunkId::new(), hit.row()..hit.row() + 1));
                    }
                }
            }
        }
        Self::Times {
            info: Box::new(entry.info.clone()),
            chunks,
            num_absent,
        }
    }

    /// Saves it. Returns what to tell.
    fn save(self, path: &Path) -> Result<String, String> {
        match self {
            Self::Series {
                entities,
                timeline,
                time_type,
                num_absent,
            } => {
                if entities.is_empty() {
                    return Err("was not saved: nothing that is selected has scalars".to_owned());
                }
                let count = entities.len();
                replace_file(path, |file| {
                    let table = Table::new(&entities, &timeline);
                    let mut out = BufWriter::new(file);
                    table
                        .write(&mut out, &timeline, time_type)
                        .map_err(IoError::Write)?;
                    out.flush().map_err(IoError::Write)
                })
                .map_err(|error| error.to_string())?;
                let text = format!("Saved {count} series");
                Ok(with_absent(text, num_absent))
            }
            Self::Times {
                info,
                chunks,
                num_absent,
            } => {
                let store = info.id.clone();
                let mut messages = vec![LogMessage::StoreInfo(*info)];
                messages.extend(chunks.into_iter().map(|chunk| LogMessage::Chunk {
                    store: store.clone(),
                    chunk: Arc::new(chunk),
                }));
                write_file(path, &messages).map_err(|error| error.to_string())?;
                Ok(with_absent("Saved the selected times".to_owned(), num_absent))
            }
        }
    }
}

fn with_absent(text: String, num_absent: usize) -> String {
    match num_absent {
        0 => text,
        count => format!("{text}, without {count} chunks that are not in memory"),
    }
}

/// The runs of rows whose times lie in a range.
fn runs_within(times: &[i64], range: TimeRange) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in times
        .iter()
        .enumerate()
        .filter(|(_, time)| range.contains(**time))
    {
        match runs.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// Scalars by time.
struct Table {
    columns: Vec<String>,
    /// The values of a time, as many as there are columns; the last of several at one time.
    rows: BTreeMap<i64, Vec<Option<f64>>>,
}

impl Table {
    fn new(entities: &[(String, Vec<Arc<Chunk>>)], timeline: &str) -> Self {
        let widths: Vec<usize> = entities.iter().map(|(_, chunks)| width(chunks)).collect();
        let mut columns = Vec::new();
        for ((name, _), width) in entities.iter().zip(&widths) {
            match width {
                1 => columns.push(name.clone()),
                width => columns.extend((0..*width).map(|at| format!("{name}[{at}]"))),
            }
        }
        let mut rows: BTreeMap<i64, Vec<Option<f64>>> = BTreeMap::new();
        let mut first = 0;
        for ((_, chunks), width) in entities.iter().zip(&widths) {
            // The newest row of several at one time is the one that holds.
            let mut chunks: Vec<&Arc<Chunk>> = chunks.iter().collect();
            chunks.sort_by_key(|chunk| chunk.row_ids().first().copied());
            for chunk in chunks {
                let (Some(times), Some(column)) =
                    (chunk.timeline(timeline), chunk.component(&Scalars::SCALARS))
                else {
                    continue;
                };
                for (row, time) in times.times().iter().enumerate() {
                    let Some(cell) = column.cell(row) else { continue };
                    let values = rows.entry(*time).or_insert_with(|| vec![None; columns.len()]);
                    for at in 0..*width {
                        if let Some(value) = values.get_mut(first + at) {
                            *value = scalar(cell.as_ref(), at);
                        }
                    }
                }
            }
            first += width;
        }
        Self { columns, rows }
    }

    fn write(&self, out: &mut impl Write, timeline: &str, time_type: TimeType) -> std::io::Result<()> {
        write!(out, "{}", quoted(timeline))?;
        for column in &self.columns {
            write!(out, ",{}", quoted(column))?;
        }
        writeln!(out)?;
        for (time, values) in &self.rows {
            match time_type {
                TimeType::Sequence => write!(out, "{time}")?,
                TimeType::DurationNs => write!(out, "{}", *time as f64 / 1e9)?,
                TimeType::TimestampNs => write!(out, "{}", format_time(time_type, *time))?,
            }
            for value in values {
                match value {
                    Some(value) => write!(out, ",{value}")?,
                    None => write!(out, ",")?,
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// The most scalars that a row of an entity has; one at least.
fn width(chunks: &[Arc<Chunk>]) -> usize {
    let lists = chunks
        .iter()
        .filter_map(|chunk| chunk.component(&Scalars::SCALARS));
    let longest = lists.flat_map(|column| {
        let offsets = column.lists().value_offsets();
        offsets
            .windows(2)
            .filter_map(|ends| usize::try_from(ends.get(1)? - ends.first()?).ok())
            .collect::<Vec<_>>()
    });
    longest.max().unwrap_or(1).max(1)
}

fn scalar(cell: &dyn Array, at: usize) -> Option<f64> {
    let values = cell.as_primitive_opt::<Float64Type>()?;
    (at < values.len() && values.is_valid(at)).then(|| values.value(at))
}

/// A cell of a table, in quotes where it has commas or quotes itself.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use chronoscope_store::Timeline;
    use chronoscope_types::columns_chunk;

    use super::*;

    #[test]
    fn series_become_a_table_with_a_row_per_time() {
        let chunk = |times: Vec<i64>, values: Vec<f64>| {
            let times = [(Timeline::sequence("frame"), times)];
            Arc::new(columns_chunk("/a", times, &Scalars::new(values)).unwrap())
        };
        let entities = [
            ("/a".to_owned(), vec![chunk(vec![0, 2], vec![1.0, 2.5])]),
            ("/b, c".to_owned(), vec![chunk(vec![2, 3], vec![7.0, f64::NAN])]),
        ];
        let mut text = Vec::new();
        let table = Table::new(&entities, "frame");
        table.write(&mut text, "frame", TimeType::Sequence).unwrap();
        let expected = "frame,/a,\"/b, c\"\n0,1,\n2,2.5,7\n3,,NaN\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn rows_of_a_range_are_found_in_runs() {
        let range = TimeRange::new(2, 4);
        assert_eq!(runs_within(&[0, 2, 3, 9, 4, 5], range), [1..3, 4..5]);
        assert_eq!(runs_within(&[], range), Vec::<std::ops::Range<usize>>::new());
    }
}
