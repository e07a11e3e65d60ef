//! Data that is saved by command: scalars as a table, a range of times as a recording.
//!
//! What is not in memory is read for it, some at a time ([`gather`]), and goes to a thread that writes, so that an export may be larger
//! than memory. It is among the sources meanwhile, where it can be cancelled.

mod gather;

use std::{
    collections::BTreeMap,
    io::{BufWriter, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};

use arrow_array::{Array, cast::AsArray as _, types::Float64Type};
use bevy::prelude::*;
use chronoscope_frame::{
    Cursor, Export, IngestSources, RecordingEntry, RecordingKey, Recordings, Settled,
    chunk_loading::UiChunkRequests, commands::FileRequests,
};
use chronoscope_io::{
    IoError, LoadEvent, LoadReport, RrdWriter, Severity, SourceLimits, SourceSender, replace_file,
    source_channel,
};
use chronoscope_store::{Chunk, TimeType, TimelineId};
use chronoscope_types::{Scalars, SourceStatus, StoreInfo, format_time};

use crate::sources::{FileSource, LoadOutcomes};
use gather::{Gathering, entities_of};

/// While so many bytes wait to be written, nothing is read.
const MAX_WAITING_BYTES: u64 = 64 << 20;

/// The exports of which rows are still to be had.
#[derive(Resource, Default)]
pub(crate) struct PendingExports(Vec<PendingExport>);

impl PendingExports {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct PendingExport {
    recording: RecordingKey,
    gathering: Gathering,
    parts: mpsc::Sender<Part>,
    waiting_bytes: Arc<AtomicU64>,
    source: Arc<SourceSender>,
}

/// What the thread that writes is sent.
enum Part {
    /// Rows, with their position in the table.
    Rows(usize, Arc<Chunk>),
    /// That is all, but for so many chunks that cannot be read.
    End { num_lost: usize },
}

/// What the thread that writes receives.
struct Parts {
    parts: mpsc::Receiver<Part>,
    waiting_bytes: Arc<AtomicU64>,
}

impl Parts {
    /// Hands all rows to `take`. Returns how many chunks are missing.
    ///
    /// # Errors
    /// Where no more comes, though that is not all, and those of `take`.
    fn take(self, mut take: impl FnMut(usize, Arc<Chunk>) -> Result<(), IoError>) -> Result<usize, IoError> {
        loop {
            match self.parts.recv() {
                Ok(Part::Rows(at, chunk)) => {
                    let bytes = chunk.num_bytes();
                    take(at, chunk)?;
                    self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
                }
                Ok(Part::End { num_lost }) => return Ok(num_lost),
                Err(mpsc::RecvError) => {
                    let closed = std::io::Error::other("the recording was closed meanwhile");
                    return Err(IoError::Write(closed));
                }
            }
        }
    }
}

/// Begins to save what was asked for, on threads of their own.
pub(crate) fn save_exports(
    mut requests: ResMut<FileRequests>,
    mut sources: ResMut<IngestSources>,
    mut pending: ResMut<PendingExports>,
    recordings: Res<Recordings>,
    cursor: Res<Cursor>,
    outcomes: Res<LoadOutcomes>,
) {
    let exports = std::mem::take(&mut requests.exports);
    let (Some(entry), Some(timeline)) = (recordings.active(), cursor.timeline) else {
        return;
    };
    for (export, path) in exports {
        let (job, gathering) = Job::new(entry, timeline, &export);
        let (source, handle) = source_channel(path.display().to_string(), SourceLimits::default());
        sources.add(FileSource::saving(handle, outcomes.clone()));
        let source = Arc::new(source);
        source.set_status(SourceStatus::Loading);
        let (sender, parts) = mpsc::channel();
        let waiting_bytes: Arc<AtomicU64> = Arc::default();
        let received = Parts {
            parts,
            waiting_bytes: Arc::clone(&waiting_bytes),
        };
        let in_thread = Arc::clone(&source);
        let started = std::thread::Builder::new()
            .name("export".to_owned())
            .spawn(move || tell(&in_thread, job.save(&path, received)));
        match started {
            Ok(_detached) => pending.0.push(PendingExport {
                recording: entry.key(),
                gathering,
                parts: sender,
                waiting_bytes,
                source,
            }),
            Err(error) => tell(&source, Err(IoError::Thread(error).to_string())),
        }
    }
}

/// Says what became of an export.
fn tell(source: &SourceSender, saved: Result<String, String>) {
    let (severity, message) = match saved {
        Ok(message) => (Severity::Info, message),
        Err(message) => (Severity::Error, message),
    };
    // Who removed the source does not want to hear of it.
    let _ = source.send(LoadEvent::Report(LoadReport {
        source: Arc::clone(source.name()),
        severity,
        entity: None,
        message,
    }));
    source.set_status(SourceStatus::Finished);
}

/// Sends what is in memory to the threads that write, and asks for the rest.
pub(crate) fn gather_exports(
    mut pending: ResMut<PendingExports>,
    mut settled: ResMut<Settled>,
    recordings: Res<Recordings>,
    requests: Res<UiChunkRequests>,
) {
    pending.0.retain_mut(|export| {
        // Where the recording is closed, nothing else comes, which the thread finds out.
        let Some(entry) = recordings
            .get(export.recording)
            .filter(|_| !export.source.is_cancelled())
        else {
            return false;
        };
        let is_busy = export.waiting_bytes.load(Ordering::Relaxed) >= MAX_WAITING_BYTES;
        is_busy || export.gather(entry, &requests)
    });
    if !pending.is_empty() {
        // What could not be read is asked for again.
        settled.disturb();
    }
}

impl PendingExport {
    /// Returns whether more is to come.
    fn gather(&mut self, entry: &RecordingEntry, requests: &UiChunkRequests) -> bool {
        let Self {
            gathering,
            parts,
            waiting_bytes,
            source,
            ..
        } = self;
        let mut has_ended = false;
        let lacking = gathering.take(entry, &mut |at, chunk| {
            waiting_bytes.fetch_add(chunk.num_bytes(), Ordering::Relaxed);
            // Where it cannot be written, the thread has ended.
            has_ended |= parts.send(Part::Rows(at, chunk)).is_err();
        });
        requests.note_chunks(lacking);
        let (taken, all) = gathering.progress();
        source.set_progress(taken as u64, all as u64);
        if gathering.is_done() {
            let num_lost = gathering.num_lost();
            has_ended |= parts.send(Part::End { num_lost }).is_err();
        }
        !has_ended && !gathering.is_done()
    }
}

/// What is saved, apart from the rows.
enum Job {
    Series {
        /// The name of each entity with scalars.
        names: Vec<String>,
        timeline: Arc<str>,
        time_type: TimeType,
    },
    Times(Box<StoreInfo>),
}

impl Job {
    fn new(entry: &RecordingEntry, timeline: TimelineId, export: &Export) -> (Self, Gathering) {
        let store = entry.store();
        match export {
            Export::Series(paths) => {
                let entities = entities_of(entry, paths);
                let names = entities.iter().map(|entity| store.entity_path(*entity).ui_path());
                let job = Self::Series {
                    names: names.collect(),
                    timeline: store.timeline(timeline).name().clone(),
                    time_type: store.timeline(timeline).time_type(),
                };
                (job, Gathering::series(entry, timeline, &entities))
            }
            Export::Times(range) => {
                let job = Self::Times(Box::new(entry.info.clone()));
                (job, Gathering::times(entry, timeline, *range))
            }
        }
    }

    /// Saves it. Returns what to tell.
    fn save(self, path: &Path, parts: Parts) -> Result<String, String> {
        let (text, num_lost) = match self {
            Self::Series { names, .. } if names.is_empty() => {
                return Err("was not saved: nothing that is selected has scalars".to_owned());
            }
            Self::Series {
                names,
                timeline,
                time_type,
            } => {
                let text = format!("Saved {} series", names.len());
                let mut entities: Vec<(String, Vec<Arc<Chunk>>)> =
                    names.into_iter().map(|name| (name, Vec::new())).collect();
                let taken = parts.take(|at, chunk| {
                    if let Some((_, chunks)) = entities.get_mut(at) {
                        chunks.push(chunk);
                    }
                    Ok(())
                });
                let num_lost = taken.map_err(|error| error.to_string())?;
                let written = replace_file(path, |file| {
                    let table = Table::new(&entities, &timeline);
                    let mut out = BufWriter::new(file);
                    table
                        .write(&mut out, &timeline, time_type)
                        .map_err(IoError::Write)?;
                    out.flush().map_err(IoError::Write)
                });
                written.map_err(|error| error.to_string())?;
                (text, num_lost)
            }
            Self::Times(info) => {
                let mut num_lost = 0;
                let written = replace_file(path, |file| {
                    let mut writer = RrdWriter::new(BufWriter::new(file))?;
                    writer.write_store_info(&info)?;
                    num_lost = parts.take(|_, chunk| writer.write_chunk(&info.id, &chunk))?;
                    writer.finish()?.flush().map_err(IoError::Write)
                });
                written.map_err(|error| error.to_string())?;
                ("Saved the selected times".to_owned(), num_lost)
            }
        };
        Ok(match num_lost {
            0 => text,
            count => format!("{text}, without {count} chunks that cannot be read"),
        })
    }
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
}
