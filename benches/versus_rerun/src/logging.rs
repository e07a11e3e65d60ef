//! Scalars that are logged one by one from one thread, by Rerun's SDK and by `chronoscope_log`, each as it is set by default: to
//! memory and to a file, until all of them are there.
//!
//! Rates are millions of rows per second that all threads compute, so that a thread that makes chunks counts as well. A ratio
//! above one is in favor of this engine.

use std::{hint::black_box, path::Path, time::Duration};

use chronoscope_log::{FileSink, MemorySink, Recorder};
use chronoscope_types::{Scalars, components::Scalar};
use re_sdk::RecordingStreamBuilder;
use re_sdk_types::archetypes::Scalars as TheirScalars;

use crate::{Options, Outcome, Outcomes, median, memory::process_cpu_time};

/// Rows of a round.
const ROWS: usize = 200_000;

/// The rates of both, and that of this engine's streams, for which there is nothing on the other side.
pub(crate) fn log_scalars(options: &Options) -> Outcomes {
    let rows = ROWS * options.scale;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("scalars.rrd");
    let mut outcomes = Vec::new();
    for (file, names) in [
        (None, ["_memory_million_per_s", "_stream_memory_million_per_s"]),
        (
            Some(&*path),
            ["_file_million_per_s", "_stream_file_million_per_s"],
        ),
    ] {
        let (mut theirs, mut ours, mut streamed) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            theirs.push(log_theirs(rows, file)?);
            ours.push(log_ours(rows, file)?);
            streamed.push(stream_ours(rows, file)?);
        }
        let rate = |times| rows as f64 / median(times).as_secs_f64() / 1e6;
        let both = Outcome::Both {
            theirs: rate(theirs),
            ours: rate(ours),
        };
        outcomes.extend([(names[0], both), (names[1], Outcome::Ours(rate(streamed)))]);
    }
    Ok(outcomes)
}

fn log_theirs(rows: usize, file: Option<&Path>) -> anyhow::Result<Duration> {
    let builder = RecordingStreamBuilder::new("scalars");
    let (stream, kept) = match file {
        Some(path) => (builder.save(path)?, None),
        None => builder.memory().map(|(stream, kept)| (stream, Some(kept)))?,
    };
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

/// A recorder to a file, or to memory where none is given.
fn start(file: Option<&Path>) -> anyhow::Result<(Recorder, MemorySink)> {
    let (builder, kept) = (Recorder::builder("scalars"), MemorySink::default());
    let builder = match file {
        Some(path) => builder.sink(FileSink::create(path)?),
        None => builder.sink(kept.clone()),
    };
    Ok((builder.start()?, kept))
}
