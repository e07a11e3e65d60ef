//! From a file into a store: many small chunks and few large ones, on one thread and on two, beside a control that only
//! reads, decompresses and checks the messages.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
    sync::mpsc::{Receiver, sync_channel},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use arrow_ipc::reader::StreamReader;
use chronoscope_io::{LoadEvent, LoadSettings, LogMessage, RrdWriter, load_files, open_file};
use chronoscope_store::StoreId;
use re_log_types::LogMsg;
use re_protos::{external::prost::Message as _, log_msg::v1alpha1::ArrowMsg};

use crate::{
    Options, Outcome, Outcomes,
    data::{Columns, Theirs, columns, new_ours},
    median,
};

/// What waits between two threads, in messages.
const CHANNEL: usize = 256;

/// A file, and what is in it.
struct Recording {
    path: tempfile::TempPath,
    bytes: u64,
    chunks: usize,
}

/// Names of what a kind of file gives on a number of threads.
struct Names {
    megabytes_per_sec: &'static str,
    chunks_per_sec: &'static str,
    over_control: &'static str,
}

macro_rules! names {
    ($prefix:literal) => {
        Names {
            megabytes_per_sec: concat!($prefix, "_mb_per_s"),
            chunks_per_sec: concat!($prefix, "_chunks_per_s"),
            over_control: concat!($prefix, "_over_control"),
        }
    };
}

/// The rates of both engines, and how many times as long as the control each takes.
pub(crate) fn load(options: &Options) -> Outcomes {
    let mut outcomes = Vec::new();
    // A robot that flushes after each row: 60 entities, a row per chunk.
    let small = (0..18_000 * options.scale as u64).map(|row| {
        let entity = format!("/points/{}", row % 60);
        Ok(columns(entity, row, vec![row as i64 / 60], 1)?.with_noise(row))
    });
    // A sensor that is logged in batches: 3 MB a chunk.
    let large = (0..40 * options.scale as u64).map(|chunk| {
        let times = (0..250).map(|row| chunk as i64 * 250 + row).collect();
        Ok(columns("/points".to_owned(), chunk * 250, times, 1000)?.with_noise(chunk))
    });
    let names = [names!("_small_1_thread"), names!("_small_2_threads")];
    measure(options, &write(small)?, &names, &mut outcomes)?;
    let names = [names!("_large_1_thread"), names!("_large_2_threads")];
    measure(options, &write(large)?, &names, &mut outcomes)?;
    Ok(outcomes)
}

fn write(data: impl Iterator<Item = anyhow::Result<Columns>>) -> anyhow::Result<Recording> {
    let file = tempfile::NamedTempFile::with_suffix(".rrd")?;
    let store = StoreId::recording("versus", "load");
    let mut writer = RrdWriter::new(std::io::BufWriter::new(file.reopen()?))?;
    writer.write_store_info(&chronoscope_io::StoreInfo::new(store.clone()))?;
    let mut chunks = 0;
    for columns in data {
        writer.write_chunk(&store, &*columns?.ours()?)?;
        chunks += 1;
    }
    writer.finish()?;
    let path = file.into_temp_path();
    let bytes = std::fs::metadata(&path)?.len();
    Ok(Recording { path, bytes, chunks })
}

fn measure(
    options: &Options,
    recording: &Recording,
    names: &[Names; 2],
    outcomes: &mut Vec<(&'static str, Outcome)>,
) -> anyhow::Result<()> {
    for (names, two_threads) in names.iter().zip([false, true]) {
        let (mut control, mut theirs, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        // The first round warms up, and does not count.
        for round in 0..=options.rounds {
            let times = [
                control_time(recording, two_threads)?,
                their_time(recording, two_threads)?,
                our_time(recording, two_threads)?,
            ];
            if round > 0 {
                control.push(times[0]);
                theirs.push(times[1]);
                ours.push(times[2]);
            }
        }
        let seconds = |times| median(times).as_secs_f64();
        let (control, theirs, ours) = (seconds(control), seconds(theirs), seconds(ours));
        let rate = |amount: f64| Outcome::Both {
            theirs: amount / theirs,
            ours: amount / ours,
        };
        outcomes.push((names.megabytes_per_sec, rate(recording.bytes as f64 / 1e6)));
        outcomes.push((names.chunks_per_sec, rate(recording.chunks as f64)));
        let over_control = Outcome::Both {
            theirs: theirs / control,
            ours: ours / control,
        };
        outcomes.push((names.over_control, over_control));
    }
    Ok(())
}

/// Runs `produce` and `consume` one in the other, or on a thread each.
fn pipeline<T: Send>(
    two_threads: bool,
    produce: impl FnOnce(&mut dyn FnMut(T) -> anyhow::Result<()>) -> anyhow::Result<()> + Send,
    mut consume: impl FnMut(T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if !two_threads {
        return produce(&mut consume);
    }
    let (sender, receiver) = sync_channel(CHANNEL);
    std::thread::scope(|scope| {
        let producer =
            scope.spawn(move || produce(&mut |item| sender.send(item).ok().context("the receiver is gone")));
        let consumed = drain(receiver, consume);
        producer
            .join()
            .unwrap_or_else(|_panic| bail!("the producer failed"))?;
        consumed
    })
}

fn drain<T>(receiver: Receiver<T>, consume: impl FnMut(T) -> anyhow::Result<()>) -> anyhow::Result<()> {
    receiver.into_iter().try_for_each(consume)
}

/// Reads the file, decompresses each message, and has Arrow check it.
fn control_time(recording: &Recording, two_threads: bool) -> anyhow::Result<Duration> {
    let mut chunks = 0;
    let start = Instant::now();
    pipeline(
        two_threads,
        |sink| read_messages(&recording.path, sink),
        |batch: arrow_array::RecordBatch| {
            chunks += usize::from(batch.num_rows() > 0);
            Ok(())
        },
    )?;
    let time = start.elapsed();
    check(chunks, recording)?;
    Ok(time)
}

fn read_messages(
    path: &Path,
    sink: &mut dyn FnMut(arrow_array::RecordBatch) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut file = BufReader::with_capacity(1 << 17, File::open(path)?);
    file.read_exact(&mut [0; 12])?;
    loop {
        let mut header = [0; 16];
        file.read_exact(&mut header)?;
        let [kind, length] = [0, 8].map(|at| {
            let bytes = header.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
            u64::from_le_bytes(bytes.unwrap_or_default())
        });
        if kind == 0 {
            return Ok(());
        }
        let mut payload = vec![0; usize::try_from(length)?];
        file.read_exact(&mut payload)?;
        if kind != 2 {
            continue;
        }
        let message = ArrowMsg::decode(&*payload)?;
        let size = usize::try_from(message.uncompressed_size)?;
        let bytes = lz4_flex::block::decompress(&message.payload, size)?;
        for batch in StreamReader::try_new(&*bytes, None)? {
            sink(batch?)?;
        }
    }
}

fn their_time(recording: &Recording, two_threads: bool) -> anyhow::Result<Duration> {
    let theirs = Theirs::new(true);
    let mut chunks = 0;
    let start = Instant::now();
    {
        let mut store = theirs.store.write();
        pipeline(
            two_threads,
            |sink| {
                let file = BufReader::with_capacity(1 << 17, File::open(&recording.path)?);
                for message in re_log_encoding::DecoderApp::decode_lazy(file) {
                    if let LogMsg::ArrowMsg(_, message) = message? {
                        sink(re_chunk::Chunk::from_arrow_msg(&message)?)?;
                    }
                }
                Ok(())
            },
            |chunk| {
                store.insert_chunk(&std::sync::Arc::new(chunk))?;
                chunks += 1;
                Ok(())
            },
        )?;
    }
    let time = start.elapsed();
    check(chunks, recording)?;
    Ok(time)
}

fn our_time(recording: &Recording, two_threads: bool) -> anyhow::Result<Duration> {
    let mut ours = new_ours(true);
    let mut chunks = 0;
    let mut insert = |event| -> anyhow::Result<()> {
        match event {
            LoadEvent::Message(LogMessage::Chunk { chunk, .. }) => {
                ours.insert(chunk)?;
                chunks += 1;
            }
            LoadEvent::Report(report) => bail!("{report}"),
            _ => {}
        }
        Ok(())
    };
    let start = Instant::now();
    if two_threads {
        let settings = LoadSettings {
            threads: 1,
            channel_events: CHANNEL,
            index_from_bytes: u64::MAX,
            ..LoadSettings::default()
        };
        load_files([&*recording.path], &settings)
            .events()
            .try_for_each(&mut insert)?;
    } else {
        open_file(&recording.path, std::sync::Arc::default()).try_for_each(&mut insert)?;
    }
    let time = start.elapsed();
    check(chunks, recording)?;
    Ok(time)
}

fn check(chunks: usize, recording: &Recording) -> anyhow::Result<()> {
    if chunks != recording.chunks {
        bail!("{chunks} of {} chunks arrived", recording.chunks);
    }
    Ok(())
}
