//! Scalars that are logged from one thread, one by one and as columns, by Rerun's SDK and by `chronoscope_log`, each as it is set
//! by default: to memory and to a file, until all of them are there.
//!
//! Rates are millions of rows per second that all threads compute, so that a thread that makes chunks counts as well. A ratio
//! above one is in favor of this engine.

use std::{hint::black_box, ops::Range, path::Path, time::Duration};

use chronoscope_log::{FileSink, MemorySink, Recorder};
use chronoscope_store::Timeline;
use chronoscope_types::{Scalars, components::Scalar};
use re_sdk::{RecordingStream, RecordingStreamBuilder, log::TimeColumn, sink::MemorySinkStorage};
use re_sdk_types::archetypes::Scalars as TheirScalars;

use crate::{Options, Outcome, Outcomes, median, memory::process_cpu_time};

/// Rows of a round.
const ROWS: usize = 200_000;

/// Rows that are logged at once as columns.
const ROWS_AT_ONCE: usize = 1_000;

/// Logs so many rows to a file, or to memory where none is given, and says what that took.
type Log = fn(usize, Option<&Path>) -> anyhow::Result<Duration>;

/// The rates of both by rows and by columns, and that of this engine's streams, for which there is nothing on the other side.
pub(crate) fn log_scalars(options: &Options) -> Outcomes {
    const ALL: [Log; 5] = [
        log_theirs,
        log_ours,
        log_their_columns,
        log_our_columns,
        stream_ours,
    ];
    let rows = ROWS * options.scale;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("scalars.rrd");
    let mut outcomes = Vec::new();
    for (file, [by_rows, by_columns, by_stream]) in [
        (
            None,
            [
                "_memory_million_per_s",
                "_columns_memory_million_per_s",
                "_stream_memory_million_per_s",
            ],
        ),
        (
            Some(&*path),
            [
                "_file_million_per_s",
                "_columns_file_million_per_s",
                "_stream_file_million_per_s",
            ],
        ),
    ] {
        let mut taken = ALL.map(|_| Vec::new());
        for _ in 0..options.rounds {
            for (log, taken) in ALL.iter().zip(&mut taken) {
                taken.push(log(rows, file)?);
            }
        }
        let [theirs, ours, their_columns, our_columns, streamed] =
            taken.map(|times| rows as f64 / median(times).as_secs_f64() / 1e6);
        outcomes.extend([
            (by_rows, Outcome::Both { theirs, ours }),
            (
                by_columns,
                Outcome::Both {
                    theirs: their_columns,
                    ours: our_columns,
                },
            ),
            (by_stream, Outcome::Ours(streamed)),
        ]);
    }
    Ok(outcomes)
}

fn log_theirs(rows: usize, file: Option<&Path>) -> anyhow::Result<Duration> {
    let (stream, kept) = start_theirs(file)?;
    let before = process_cpu_time();
    for step in 0..rows {
        stream.set_time_sequence("step", step as i64);
        stream.log("plot", &TheirScalars::single(step as f64))?;
    }
    stream.flush_blocking()?;
    let taken = process_cpu_time().saturating_sub(before);
    black_box(kept.map(|kept| kept.take()));
    Ok(taken)
}

fn log_their_columns(rows: usize, file: Option<&Path>) -> anyhow::Result<Duration> {
    let (stream, kept) = start_theirs(file)?;
    let before = process_cpu_time();
    for steps in columns_of(rows) {
        let times = TimeColumn::new_sequence("step", steps.clone().map(|step| step as i64));
        let values = TheirScalars::new(steps.map(|step| step as f64)).columns_of_unit_batches()?;
        stream.send_columns("plot", [times], values)?;
    }
    stream.flush_blocking()?;
    let taken = process_cpu_time().saturating_sub(before);
    black_box(kept.map(|kept| kept.take()));
    Ok(taken)
}

fn log_ours(rows: usize, file: Option<&Path>) -> anyhow::Result<Duration> {
    let (mut recorder, kept) = start(file)?;
    let before = process_cpu_time();
    for step in 0..rows {
        recorder.set_sequence("step", step as i64);
        recorder.log("plot", &Scalars::new([step as f64]))?;
    }
    recorder.flush()?;
    let taken = process_cpu_time().saturating_sub(before);
    black_box(kept.take());
    Ok(taken)
}

fn log_our_columns(rows: usize, file: Option<&Path>) -> anyhow::Result<Duration> {
    let (recorder, kept) = start(file)?;
    let step = Timeline::sequence("step");
    let before = process_cpu_time();
    for steps in columns_of(rows) {
        let times = steps.clone().map(|step| step as i64).collect();
        let values = Scalars::new(steps.map(|step| step as f64));
        recorder.log_columns("plot", [(step.clone(), times)], &values)?;
    }
    recorder.flush()?;
    let taken = process_cpu_time().saturating_sub(before);
    black_box(kept.take());
    Ok(taken)
}

fn stream_ours(rows: usize, file: Option<&Path>) -> anyhow::Result<Duration> {
    let (mut recorder, kept) = start(file)?;
    let stream = recorder.stream::<Scalar>("plot", Scalars::SCALARS)?;
    let before = process_cpu_time();
    for step in 0..rows {
        recorder.set_sequence("step", step as i64);
        recorder.push(&stream, step as f64)?;
    }
    recorder.flush()?;
    let taken = process_cpu_time().saturating_sub(before);
    black_box(kept.take());
    Ok(taken)
}

/// The steps of each call that logs columns.
fn columns_of(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let first = (0..rows).step_by(ROWS_AT_ONCE);
    first.map(move |first| first..rows.min(first + ROWS_AT_ONCE))
}

/// Rerun's SDK to a file, or to memory where none is given.
fn start_theirs(file: Option<&Path>) -> anyhow::Result<(RecordingStream, Option<MemorySinkStorage>)> {
    let builder = RecordingStreamBuilder::new("scalars");
    Ok(match file {
        Some(path) => (builder.save(path)?, None),
        None => {
            let (stream, kept) = builder.memory()?;
            (stream, Some(kept))
        }
    })
}

/// A recorder to a file, or to memory where none is given.
fn start(file: Option<&Path>) -> anyhow::Result<(Recorder, MemorySink)> {
    let (builder, kept) = (Recorder::builder("scalars"), MemorySink::default());
    let builder = match file {
        Some(path) => builder.sink(FileSink::create(path)?),
        None => builder.sink(kept.clone()),
    };
    Ok((builder.start()?, kept))
}
