//! What a frame costs and does: `cargo bench -p chronoscope_benches --bench frame [SCENARIO...]`.
//!
//! Prints a line per scenario and phase, separated by tabs: `scenario phase median_ms p95_ms`, CPU time of all threads as a phase
//! `NAME:cpu` beside it, and then `scenario phase/counter value -`, the greatest value of all frames. `total` is the sum of the
//! phases, `ui` the egui pass with tessellation (lines of plots are handed to the renderer as corners, which is not there to take
//! them), `engine` extracting and preparing, `app` all of the engine's frame. Time is moved by hand, and no frame is idle. Compare
//! scenarios of one run.
//!
//! Beside them stands where the latest rows came from: `query_results/served_share`, the part of the results in all frames for which no
//! index was searched; `query_results/invalidations`, the most cached answers that a frame dropped; and
//! `query_results/cache_share`, the bytes of the query cache as a part of the recording's.
//!
//! With `--render`, `engine/draws`, `engine/instances` and `engine/bytes_uploaded` are what all views together gave to the GPU.
//!
//! Frames of `flood_60_hz` and its like are idle but for the time that they take, so that their rate is the one in the name, and end
//! when all has arrived; beside them stand the rows a second, and `total+ui:cpu`. Rows of `sent_flood_60_hz` and its like come over a
//! socket from another process; there CPU time is that of the thread that runs the frames.
//!
//! `bytes_per_point_1` and `_6` say who holds how much of a cloud in one view, and in six.
//!
//! `--threads N` gives Bevy's pools and rayon's N threads each; without it they have all of the machine's. The pools are made once per
//! process, so each number of threads is a run of its own: `--threads 1` and `--threads 2` show what is gained by the second.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up fails by panicking"
)]

use std::{path::PathBuf, process::Command, time::Instant};

use chronoscope::{
    frame::{FrameSystems, Work},
    live::Link,
};
use chronoscope_benches::{
    measure::{Cost, quantile_ms},
    scenarios::{self, FLOOD_ROWS, Scenario},
    scenes::NUM_VIEWS,
    sent_flood,
    stage::{FrameCost, QueryCost, Stage, StageOptions},
};
use clap::Parser as _;

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Plays scenarios and prints what their frames cost.
#[derive(clap::Parser, Debug)]
struct Options {
    /// Only scenarios whose names begin with one of these.
    scenarios: Vec<String>,
    /// Play a recording instead. May be given several times: files are opened together.
    #[arg(long)]
    file: Vec<PathBuf>,
    /// A blueprint for the recording.
    #[arg(long)]
    blueprint: Option<PathBuf>,
    /// The frames to measure.
    #[arg(long)]
    frames: Option<usize>,
    /// The threads of Bevy's pools, and of rayon's. All of the machine's where it is not given.
    #[arg(long)]
    threads: Option<usize>,
    /// Draw too, to an image.
    #[arg(long)]
    render: bool,
    /// Sizes of the scenes, in entities.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    sizes: Vec<usize>,
    /// Send a flood there, and nothing else.
    #[arg(long, hide = true)]
    send_flood: Option<String>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let options = Options::parse();
    if let Some(link) = &options.send_flood {
        sent_flood::send_to(&Link::parse(link).expect("a link"), FLOOD_ROWS as u64);
        return;
    }
    let stage = StageOptions {
        threads: options.threads,
        renders: options.render,
        ..StageOptions::default()
    };
    println!("scenario\tphase\tmedian_ms\tp95_ms");
    if !options.file.is_empty() {
        let files = options.file.iter().chain(&options.blueprint).cloned().collect();
        let scenario = scenarios::file(files, options.frames.unwrap_or(120));
        open_and_play(scenario, stage);
        return;
    }
    let is_chosen = |name: &str| {
        options.scenarios.is_empty() || options.scenarios.iter().any(|chosen| name.starts_with(chosen))
    };
    let mut all = vec![scenarios::empty()];
    all.extend(options.sizes.iter().flat_map(|size| scenarios::of_size(*size)));
    all.extend(scenarios::of_one_size());
    all.extend(scenarios::of_archetypes());
    for mut scenario in all.into_iter().filter(|scenario| is_chosen(&scenario.name)) {
        if let Some(frames) = options.frames {
            scenario.frames = frames;
        }
        play(scenario, &mut Stage::new(stage));
    }
    for frames_per_sec in [60, 20, 10] {
        if is_chosen(&format!("sent_flood_{frames_per_sec}_hz")) {
            play_sent_flood(frames_per_sec, &mut Stage::new(stage));
        }
    }
    for views in [1, NUM_VIEWS]
        .into_iter()
        .filter(|_| is_chosen("bytes_per_point"))
    {
        print_bytes_per_point(views, stage);
    }
    for count in [30_000, 90_000].into_iter().filter(|_| is_chosen("open")) {
        open(count, stage);
    }
}

/// Plays a scenario and prints what its frames cost.
fn play(mut scenario: Scenario, stage: &mut Stage) {
    scenario.prepare(stage);
    let mut costs: Vec<FrameCost> = Vec::new();
    for frame in 0..scenario.frames {
        let begin = Instant::now();
        scenario.step(stage, scenarios::WARM_UP + frame);
        let cost = stage.frame();
        if let Some(interval) = scenario.interval {
            if cost.rows == 0 {
                break;
            }
            std::thread::sleep(interval.saturating_sub(begin.elapsed()));
        }
        costs.push(cost);
    }
    print(&scenario.name, &costs);
    if let Some(interval) = scenario.interval {
        let secs: f64 = costs
            .iter()
            .map(|cost| cost.drawn().wall.max(interval).as_secs_f64())
            .sum();
        print_flood(&scenario.name, &costs, secs);
    }
}

/// Takes in what another process sends, and prints what its frames cost.
fn play_sent_flood(frames_per_sec: u32, stage: &mut Stage) {
    let name = format!("sent_flood_{frames_per_sec}_hz");
    let flood = sent_flood::receive(stage, frames_per_sec, FLOOD_ROWS as u64, |link| {
        std::thread::spawn(move || {
            let program = std::env::current_exe().expect("this program has a path");
            let sender = Command::new(program)
                .args(["--send-flood", &link.to_string()])
                .status();
            assert!(sender.is_ok_and(|status| status.success()), "the sender failed");
        })
    });
    print(&name, &flood.frames);
    print_flood(&name, &flood.frames, flood.time.as_secs_f64());
}

fn print_flood(name: &str, costs: &[FrameCost], secs: f64) {
    let rows: u64 = costs.iter().map(|cost| cost.rows).sum();
    let per_sec = rows as f64 / secs;
    println!("{name}\treceive_messages/rows\t{rows}\t-");
    println!("{name}\treceive_messages/rows_per_s\t{per_sec:.0}\t-");
    let cpus = || costs.iter().map(|cost| cost.drawn().cpu);
    println!(
        "{name}\ttotal+ui:cpu\t{:.4}\t{:.4}",
        quantile_ms(cpus(), 0.5),
        quantile_ms(cpus(), 0.95)
    );
}

/// From a recording's file to the settled viewer, and then played.
fn open_and_play(mut scenario: Scenario, stage: StageOptions) {
    let mut stage = Stage::new(stage);
    let start = Instant::now();
    scenario.prepare(&mut stage);
    println!(
        "{}\tsettled\t{:.1}\t-",
        scenario.name,
        start.elapsed().as_secs_f64() * 1e3
    );
    let costs: Vec<FrameCost> = (0..scenario.frames)
        .map(|frame| {
            scenario.step(&mut stage, frame);
            stage.frame()
        })
        .collect();
    print(&scenario.name, &costs);
}

/// Who holds how much of a cloud of a million points, in bytes a point. What lies on the GPU is there with `--render`.
fn print_bytes_per_point(views: usize, options: StageOptions) {
    const POINTS: usize = 1_000_000;
    let name = format!("bytes_per_point_{views}");
    let mut all = 0.0;
    for (holder, bytes) in scenarios::cloud_bytes(&mut Stage::new(options), POINTS, views) {
        let per_point = bytes as f64 / POINTS as f64;
        all += per_point;
        // What does not grow with the points is nothing beside them.
        if per_point >= 0.05 {
            println!("{name}\tmemory/{holder}\t{per_point:.2}\t-");
        }
    }
    println!("{name}\tmemory/all\t{all:.2}\t-");
}

/// From the file of many entities to the settled viewer.
fn open(count: usize, options: StageOptions) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("many.rrd");
    scenarios::write_many(&path, count);
    let mut stage = Stage::new(options);
    let (cost, frames) = Cost::of(|| {
        stage.open(&[&path]);
        stage.settle()
    });
    let name = format!("open_{}k", count / 1_000);
    println!("{name}\tsettled\t{:.1}\t-", cost.wall.as_secs_f64() * 1e3);
    println!("{name}\tsettled:cpu\t{:.1}\t-", cost.cpu.as_secs_f64() * 1e3);
    println!("{name}\tsettled/frames\t{frames}\t-");
}

fn print(name: &str, costs: &[FrameCost]) {
    let line = |phase: &str, costs: Vec<Cost>| {
        if costs.is_empty() {
            return;
        }
        let walls = || costs.iter().map(|cost| cost.wall);
        let cpus = || costs.iter().map(|cost| cost.cpu);
        println!(
            "{name}\t{phase}\t{:.4}\t{:.4}",
            quantile_ms(walls(), 0.5),
            quantile_ms(walls(), 0.95)
        );
        println!(
            "{name}\t{phase}:cpu\t{:.4}\t{:.4}",
            quantile_ms(cpus(), 0.5),
            quantile_ms(cpus(), 0.95)
        );
    };
    for (at, phase) in FrameSystems::ALL.into_iter().enumerate() {
        line(
            phase.scope_name(),
            costs.iter().map(|cost| cost.phases[at]).collect(),
        );
    }
    line("total", costs.iter().map(FrameCost::total).collect());
    line("ui", costs.iter().filter_map(|cost| cost.ui).collect());
    line("engine", costs.iter().filter_map(|cost| cost.engine).collect());
    line("app", costs.iter().map(|cost| cost.app).collect());
    for work in Work::ALL {
        let most = costs.iter().map(|cost| cost.work(work)).max().unwrap_or(0);
        println!("{name}\t{}/{}\t{most}\t-", work.phase().scope_name(), work.name());
    }
    print_queries(name, costs);
    let uploaded = costs.iter().map(|cost| cost.uploaded_bytes).max().unwrap_or(0);
    println!("{name}\tengine/bytes_uploaded\t{uploaded}\t-");
    let draws = costs.iter().map(|cost| cost.draws).max().unwrap_or(0);
    println!("{name}\tengine/draws\t{draws}\t-");
    let instances = costs.iter().map(|cost| cost.instances).max().unwrap_or(0);
    println!("{name}\tengine/instances\t{instances}\t-");
    if costs.iter().any(|cost| !cost.gc_pause.is_zero()) {
        let at = FrameSystems::ALL
            .iter()
            .position(|phase| *phase == FrameSystems::Gc)
            .unwrap_or(0);
        let pauses = costs
            .iter()
            .filter(|cost| !cost.gc_pause.is_zero())
            .map(|cost| cost.phases[at].cpu);
        let most = costs
            .iter()
            .map(|cost| cost.gc_items_between_looks)
            .max()
            .unwrap_or(0);
        println!("{name}\tgc/items_between_looks\t{most}\t-");
        println!("{name}\tgc/p999_cpu_ms\t{:.4}\t-", quantile_ms(pauses, 0.999));
    }
}

fn print_queries(name: &str, costs: &[FrameCost]) {
    let sum = |count: fn(&QueryCost) -> u64| costs.iter().map(|cost| count(&cost.queries)).sum::<u64>();
    let (served, searched) = (sum(|queries| queries.served), sum(|queries| queries.searched));
    if served + searched > 0 {
        let share = served as f64 / (served + searched) as f64;
        println!("{name}\tquery_results/served_share\t{share:.4}\t-");
    }
    let invalidations = costs.iter().map(|cost| cost.queries.invalidations).max();
    println!(
        "{name}\tquery_results/invalidations\t{}\t-",
        invalidations.unwrap_or(0)
    );
    if let Some(last) = costs.last().filter(|last| last.queries.recording_bytes > 0) {
        let share = last.queries.cache_bytes as f64 / last.queries.recording_bytes as f64;
        println!("{name}\tquery_results/cache_share\t{share:.4}\t-");
    }
}
