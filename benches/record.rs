//! What it costs to record a world, and to log without one: `cargo bench -p chronoscope_benches --bench record`.
//!
//! Prints lines `case  mean_ms  p99_ms` per frame: the CPU time of all threads of an app that records, less that of the same app
//! without the recorder. What is sent to the store counts. Beside it stands the plain way: all of the world is logged in each frame.
//! Then `case  million_rows_per_s` for logging from one thread. Compare cases of one run.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot be set up fails by panicking"
)]

use std::time::{Duration, Instant};

use bevy::{prelude::*, time::TimeUpdateStrategy, transform::TransformPlugin};
use chronoscope::{
    frame::{DiffLog, FramePlugins, Recordings},
    log::{BatchSettings, FileSink, MemorySink, Recorder},
    record::{RecordPlugin, RecordSettings, Rewind, RewindPlugin},
    store::{StoreId, Timeline},
    types::{Scalars, Transform3D, components, log_chunk},
};
use chronoscope_benches::measure::{Cost, quantile_ms};

const ENTITIES: usize = 10_000;
const FRAMES: usize = 300;
/// Frames before those that are measured.
const WARM_UP: usize = 60;

#[derive(Component)]
struct Moves;

fn fly(mut moving: Query<&mut Transform, With<Moves>>, mut frame: Local<f32>) {
    *frame += 1.0;
    for mut transform in &mut moving {
        transform.translation.x += 0.01;
        transform.rotation = Quat::from_rotation_y(0.01 * *frame);
    }
}

/// The plain way: everything, each frame.
fn log_all(
    all: Query<(Entity, &Transform)>,
    mut recordings: ResMut<Recordings>,
    mut log: ResMut<DiffLog>,
    mut frame: Local<i64>,
) {
    *frame += 1;
    let store = StoreId::recording("plain", "plain");
    for (entity, transform) in &all {
        let row = Transform3D::default()
            .with_translation(transform.translation.to_array())
            .with_quaternion(transform.rotation.to_array())
            .with_scale(transform.scale.to_array());
        let times = [(Timeline::sequence("frame"), *frame)];
        let chunk = log_chunk(format!("/world/{entity}"), times, &row).unwrap();
        recordings.insert(&mut log, &store, chunk).unwrap();
    }
}

fn app(moving: usize, resting: usize) -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, TransformPlugin))
        .add_plugins(FramePlugins)
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(16)))
        .add_systems(Update, fly);
    for at in 0..moving + resting {
        let place = Transform::from_xyz(at as f32, 0.0, 0.0);
        let mut entity = app.world_mut().spawn((Name::new(format!("e{at}")), place));
        if at < moving {
            entity.insert(Moves);
        }
    }
    app
}

/// CPU time of frames, from the first on.
fn frames(app: &mut App) -> Vec<Duration> {
    app.finish();
    app.cleanup();
    later_frames(app)
}

/// CPU time of frames of an app that runs.
fn later_frames(app: &mut App) -> Vec<Duration> {
    for _ in 0..WARM_UP {
        app.update();
    }
    (0..FRAMES).map(|_| Cost::of(|| app.update()).0.cpu).collect()
}

fn mean_ms(durations: &[Duration]) -> f64 {
    durations.iter().sum::<Duration>().as_secs_f64() * 1e3 / durations.len() as f64
}

fn print_over(case: &str, cost: &[Duration], base: &[Duration]) {
    let mean = mean_ms(cost) - mean_ms(base);
    let p99 = quantile_ms(cost.iter().copied(), 0.99) - quantile_ms(base.iter().copied(), 0.5);
    println!("{case}\t{mean:.3}\t{p99:.3}");
}

fn record(settings: RecordSettings) -> RecordPlugin {
    RecordPlugin::new("bench").with_settings(settings)
}

fn record_worlds() {
    println!("case\tmean_ms\tp99_ms");
    let moving = frames(&mut app(ENTITIES, 0));
    let resting = frames(&mut app(0, ENTITIES));

    let mut recorded = app(ENTITIES, 0);
    recorded.add_plugins(record(RecordSettings::default()));
    print_over("moving_10k", &frames(&mut recorded), &moving);

    let mut recorded = app(ENTITIES, 0);
    recorded.add_plugins(record(RecordSettings {
        flush_budget: Duration::MAX,
        ..RecordSettings::default()
    }));
    print_over("moving_10k_all_at_once", &frames(&mut recorded), &moving);

    let mut recorded = app(0, ENTITIES);
    recorded.add_plugins(record(RecordSettings::default()));
    // Until all of them are in the store.
    let _ = frames(&mut recorded);
    print_over("resting_10k", &later_frames(&mut recorded), &resting);

    let mut plain = app(ENTITIES, 0);
    plain.add_systems(Last, log_all);
    print_over("plain_moving_10k", &frames(&mut plain), &moving);
    let mut plain = app(0, ENTITIES);
    plain.add_systems(Last, log_all);
    print_over("plain_resting_10k", &frames(&mut plain), &resting);
}

fn rewind_worlds() {
    let mut app = app(ENTITIES, 0);
    app.add_plugins((record(RecordSettings::default()), RewindPlugin));
    let _ = frames(&mut app);
    let mut costs = Vec::new();
    let mut frame = 7;
    let paused = {
        app.world_mut().resource_mut::<Rewind>().to_frame(0);
        app.update();
        (0..60)
            .map(|_| Cost::of(|| app.update()).0.cpu)
            .collect::<Vec<_>>()
    };
    for _ in 0..200 {
        frame = (frame * 7919 + 13) % 300;
        app.world_mut().resource_mut::<Rewind>().to_frame(frame);
        costs.push(Cost::of(|| app.update()).0.cpu);
    }
    print_over("rewind_10k_random", &costs, &paused);
    let costs: Vec<_> = (0..200)
        .map(|frame| {
            app.world_mut().resource_mut::<Rewind>().to_frame(frame);
            Cost::of(|| app.update()).0.cpu
        })
        .collect();
    print_over("rewind_10k_scrub", &costs, &paused);
}

fn million_per_sec(rows: usize, start: Instant) -> f64 {
    rows as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn log_scalars() {
    println!("case\tmillion_rows_per_s");
    const ROWS: usize = 2_000_000;
    let start_recorder = |memory: bool, path: &std::path::Path| {
        let builder = Recorder::builder("bench").batches(BatchSettings::without_timer());
        let builder = if memory {
            builder.sink(MemorySink::default())
        } else {
            builder.sink(FileSink::create(path).unwrap())
        };
        builder.start().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    for (case, memory) in [("memory", true), ("file", false)] {
        let mut recorder = start_recorder(memory, &folder.path().join("rows.rrd"));
        let start = Instant::now();
        for step in 0..ROWS {
            recorder.set_sequence("step", step as i64);
            recorder.log("plot", &Scalars::new([step as f64])).unwrap();
        }
        recorder.finish().unwrap();
        println!("scalars_{case}\t{:.2}", million_per_sec(ROWS, start));

        let mut recorder = start_recorder(memory, &folder.path().join("stream.rrd"));
        let stream = recorder
            .stream::<components::Scalar>("plot", Scalars::SCALARS)
            .unwrap();
        let start = Instant::now();
        for step in 0..ROWS {
            recorder.set_sequence("step", step as i64);
            recorder.push(&stream, step as f64).unwrap();
        }
        drop(stream);
        recorder.finish().unwrap();
        println!("scalars_stream_{case}\t{:.2}", million_per_sec(ROWS, start));
    }
}

fn main() {
    log_scalars();
    record_worlds();
    rewind_worlds();
}
