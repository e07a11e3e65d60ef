//! Counted bytes are true: what a store says that it takes is what the allocator says.
//!
//! `MEMORY_FILES=a.rrd:b.rrd` checks other files as well.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it measured"
)]

mod counting;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chronoscope_io::{LoadEvent, LogMessage, open_file, write_file};
use chronoscope_store::{
    Chunk, ChunkId, EntityPath, GcBuffers, GcOptions, GcOrder, Recording, RowId, StoreId, StoreKind,
    TimeColumn, Timeline,
};
use chronoscope_types::{Points3D, Scalars, log_chunk};
use counting::{allocated, peak, reset_peak};

/// What a store takes beside what grows with its data: empty tables, the first blocks of trees.
const FIXED_BYTES: usize = 2 << 10;

/// The stores of a file, as the viewer fills them, and the bytes of the largest chunk.
fn load(path: &Path) -> (Vec<Recording>, usize) {
    let mut recordings: Vec<Recording> = Vec::new();
    let mut greatest = 0;
    for event in open_file(path, Arc::default()) {
        if let LoadEvent::Message(LogMessage::Chunk { store, chunk }) = event {
            let known = recordings
                .iter()
                .position(|recording| *recording.store.id() == store);
            let at = known.unwrap_or_else(|| {
                recordings.push(Recording::new(store));
                recordings.len() - 1
            });
            greatest = greatest.max(chunk.num_bytes() as usize);
            drop(recordings[at].insert(chunk).unwrap());
        }
    }
    recordings.shrink_to_fit();
    (recordings, greatest)
}

fn counted(recordings: &[Recording]) -> usize {
    let bytes: u64 = recordings
        .iter()
        .map(|recording| recording.store.store_stats().total_bytes() + recording.cache.stats().bytes_actual)
        .sum();
    size_of_val(recordings) + bytes as usize
}

/// Frees half of what each store holds.
fn collect_half(recordings: &mut [Recording]) {
    for recording in recordings {
        let options = GcOptions {
            target_bytes: recording.store.num_bytes() / 2,
            time_budget: Duration::from_secs(60),
            protect_latest: 0,
            is_protected: &|_| false,
            only_recoverable: false,
            protected_time_ranges: Vec::new(),
            order: GcOrder::OldestRow,
        };
        let mut buffers = GcBuffers::default();
        while !recording.gc(&options, &mut buffers).done {}
        drop(buffers.garbage.take());
    }
}

/// Fails where counted and allocated bytes differ by more than 15 %.
fn check(what: &str, path: &Path, recordings: &[Recording], before: usize) {
    let counted = counted(recordings);
    let held = allocated() - before;
    let name = path.file_name().unwrap().display().to_string();
    let percent = (counted as f64 / held as f64 - 1.0) * 100.0;
    eprintln!("{name} {what}: {counted} bytes counted, {held} allocated, {percent:+.1} %");
    let fixed = FIXED_BYTES * recordings.len();
    assert!(
        counted.abs_diff(held) <= held * 15 / 100 + fixed,
        "{name} {what}: {counted} bytes counted, {held} allocated"
    );
}

/// A file that is loaded and half collected.
fn check_file(path: &Path) {
    let before = reset_peak();
    let (mut recordings, greatest) = load(path);
    let (peak, held) = (peak() - before, allocated() - before);
    eprintln!("{}: at most {peak} bytes while loading", path.display());
    // Beside what stays: a message as it lies in the file, the chunk that is made of it, and what is read ahead.
    assert!(
        peak <= held + 2 * greatest + (1 << 20),
        "{}: {peak} bytes while loading what takes {held}, {greatest} at once",
        path.display()
    );
    check("loaded", path, &recordings, before);
    collect_half(&mut recordings);
    check("half collected", path, &recordings, before);
    drop(recordings);
    // Libraries keep a little for themselves when they are first used.
    assert!(allocated() <= before + FIXED_BYTES, "nothing is left");
}

fn sdk_files() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<PathBuf> = ["tests/data", "tests/data/sdk"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "rrd" || end == "rbl"))
        .collect();
    files.sort();
    let others = std::env::var("MEMORY_FILES").unwrap_or_default();
    files.extend(
        others
            .split(':')
            .filter(|path| !path.is_empty())
            .map(PathBuf::from),
    );
    files
}

fn store_id() -> StoreId {
    StoreId {
        kind: StoreKind::Recording,
        application_id: "memory".into(),
        recording_id: "memory".into(),
    }
}

/// A file of chunks that are larger than a store wants them: they are split.
fn write_long_plot(path: &Path) {
    let frame = Timeline::sequence("frame");
    let row = log_chunk("/plot", [(frame.clone(), 0)], &Scalars::new([1.0])).unwrap();
    let rows = 100_000_u64;
    let columns: Vec<&Chunk> = vec![&row; rows as usize];
    let wide = Chunk::concat(ChunkId::new(), &columns).unwrap();
    let chunk = Chunk::new(
        ChunkId::new(),
        EntityPath::parse("/plot"),
        (0..rows)
            .map(|row| RowId::from_u128(u128::from(row) + 1))
            .collect::<Vec<_>>(),
        [TimeColumn::new(frame, (0..rows as i64).collect::<Vec<_>>())],
        wide.components().to_vec(),
    )
    .unwrap();
    write_file(
        path,
        &[LogMessage::Chunk {
            store: store_id(),
            chunk: Arc::new(chunk),
        }],
    )
    .unwrap();
}

/// A cloud of a million points: what the store counts per point, beside what the system says that the process takes.
fn report_bytes_per_point() {
    const POINTS: usize = 1_000_000;
    let frame = Timeline::sequence("frame");
    let (before, resident_before) = (allocated(), resident_bytes());
    let mut recording = Recording::new(store_id());
    let points = Points3D::new((0..POINTS).map(|at| [at as f32, 0.5, -0.5]))
        .with_colors((0..POINTS).map(|at| [at as u8, 0, 0, 255]));
    drop(
        recording
            .insert(log_chunk("/cloud", [(frame, 0)], &points).unwrap())
            .unwrap(),
    );
    drop(points);
    let held = allocated() - before;
    let counted = recording.store.store_stats().total_bytes() as usize;
    let per_point = |bytes: usize| bytes as f64 / POINTS as f64;
    eprintln!(
        "bytes_per_point: {:.2} counted, {:.2} allocated, {:.2} resident",
        per_point(counted),
        per_point(held),
        per_point(resident_bytes().saturating_sub(resident_before)),
    );
    // A position of twelve bytes and a color of four.
    assert!(
        per_point(counted) >= 16.0 && per_point(held) < 17.0,
        "{counted}, {held}"
    );
}

/// Zero where the system does not say it.
fn resident_bytes() -> usize {
    const PAGE_BYTES: usize = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}

/// One test, since the allocator counts the whole process.
#[test]
fn counted_bytes_are_what_the_allocator_counts() {
    for path in sdk_files() {
        check_file(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.rrd");
    write_long_plot(&long);
    check_file(&long);
    report_bytes_per_point();
}
