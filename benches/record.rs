//! What the viewer and its recorder cost a host: `cargo bench -p chronoscope_benches --bench record [CASE...]`.
//!
//! Prints lines separated by tabs: `case  mean_ms  p99_ms  base_ms`. That is CPU time of all threads per frame: the mean of an app
//! less that of the same app without the plugin, the 99th percentile less the median of that one, and its mean. Both apps take
//! turns, some frames each, so that what else the machine does meets both. What is sent to the store counts. Beside the recorder
//! stands the plain way: all of the world is logged in each frame.
//!
//! A line `case/frames_late  mean  max  -` says how many frames old the newest row in the store is of what moved in this frame: of
//! fifty entities, chosen anew in each frame, so that nobody has asked for most of them before; in `_looked_at` of those that are
//! selected. In `_asked` a system of the host looks fifty up by `RecordedRows` in each frame, which counts to its cost.
//! Then `case  million_rows_per_s  million_rows_per_cpu_s  -` for logging from one thread. Compare cases of one run.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot be set up fails by panicking"
)]

use std::time::Duration;

use bevy::{asset::AssetPlugin, prelude::*, time::TimeUpdateStrategy, transform::TransformPlugin};
use chronoscope::{
    ChronoscopePlugins,
    frame::{DiffLog, FrameDiagnostics, FramePlugins, Item, MemoryBudget, Recordings, Selection},
    log::{BatchSettings, FileSink, MemorySink, Recorder},
    record::{
        FRAME_TIMELINE, RecordPlugin, RecordSettings, RecordedRows, Rewind, RewindPlugin, WorldRecorder,
    },
    store::{EntityPath, Recording, StoreId, Timeline},
    types::{Scalars, Transform3D, components, log_chunk},
};
use chronoscope_benches::{
    measure::{Cost, quantile_ms},
    scenarios,
    stage::{FRAME_TIME, Stage, StageOptions},
};

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENTITIES: usize = 10_000;
const FRAMES: usize = 300;
/// Of what takes tens of milliseconds a frame.
const SLOW_FRAMES: usize = 60;
/// Frames before those that are measured: until then, all that rests is in the store.
const WARM_UP: usize = 200;
/// A budget of memory that is full after some seconds.
const FULL_BYTES: u64 = 300 << 20;
/// Frames that an app runs before it is the other one's turn.
const TURN: usize = 20;

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

/// A host: entities that move and that rest, and the stores that a viewer has.
fn world(moving: usize, resting: usize) -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, TransformPlugin, FramePlugins))
        .insert_resource(TimeUpdateStrategy::ManualDuration(FRAME_TIME))
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

fn start(app: &mut App, warm_up: usize) {
    app.finish();
    app.cleanup();
    for _ in 0..warm_up {
        app.update();
    }
}

fn cpu_of(app: &mut App) -> Duration {
    Cost::of(|| app.update()).0.cpu
}

fn mean_ms(durations: &[Duration]) -> f64 {
    durations.iter().sum::<Duration>().as_secs_f64() * 1e3 / durations.len().max(1) as f64
}

fn print_over(case: &str, costs: &[Duration], base: &[Duration]) {
    let mean = mean_ms(costs) - mean_ms(base);
    let p99 = quantile_ms(costs.iter().copied(), 0.99) - quantile_ms(base.iter().copied(), 0.5);
    println!("{case}\t{mean:.4}\t{p99:.4}\t{:.4}", mean_ms(base));
}

/// Measures frames of two apps in turns.
fn compare(case: &str, frames: usize, base: &mut App, mut frame: impl FnMut(usize) -> Duration) {
    let (mut costs, mut of_base) = (Vec::new(), Vec::new());
    while costs.len() < frames {
        of_base.extend((0..TURN).map(|_| cpu_of(base)));
        for _ in 0..TURN {
            costs.push(frame(costs.len()));
        }
    }
    print_over(case, &costs, &of_base);
}

fn recorded(moving: usize, resting: usize, settings: RecordSettings) -> App {
    let mut app = world(moving, resting);
    app.add_plugins(RecordPlugin::new("bench").with_settings(settings));
    app
}

/// Who wants to see some of those that move.
#[derive(Clone, Copy, PartialEq)]
enum Audience {
    Nobody,
    /// They are selected in the viewer.
    Viewer,
    /// A system of the host looks them up.
    Host,
}

/// How many of those that move it is asked how late their rows are.
const ASKED: usize = 50;

/// What a system of the host looks up, and how many frames old the newest rows were.
#[derive(Resource)]
struct Asked {
    paths: Vec<EntityPath>,
    frame: usize,
    late: Vec<i64>,
}

impl Asked {
    fn new(moving: usize) -> Self {
        Self {
            paths: (0..moving).map(path).collect(),
            frame: 0,
            late: Vec::new(),
        }
    }
}

fn path(at: usize) -> EntityPath {
    format!("/world/e{at}").into()
}

/// Others in each frame.
fn some_in(frame: usize, moving: usize) -> impl Iterator<Item = usize> {
    (0..ASKED).map(move |at| (frame * ASKED + at + 1) * 7919 % moving)
}

/// The same in each frame.
fn some_of(moving: usize) -> impl Iterator<Item = usize> {
    (0..moving).step_by((moving / ASKED).max(1))
}

/// The frame of the newest row of a path; -1 where there is none yet.
fn newest(recording: &Recording, path: &EntityPath) -> i64 {
    let store = &recording.store;
    let newest = || {
        let translation = store.component_id(&Transform3D::TRANSLATION)?;
        let frame = store.timeline_id(FRAME_TIMELINE);
        let newest = recording.latest_at(store.entity_id(path)?, frame, i64::MAX, translation);
        newest.hit?.data_time()
    };
    newest().unwrap_or(-1)
}

/// As a system of the host does it that wants to know where things were.
fn ask(mut rows: RecordedRows, mut asked: ResMut<Asked>) {
    let asked = &mut *asked;
    asked.frame += 1;
    let frame = rows.recorder().map_or(-1, WorldRecorder::frame);
    let paths: Vec<&EntityPath> = some_in(asked.frame, asked.paths.len())
        .map(|at| &asked.paths[at])
        .collect();
    if let Some(recording) = rows.at(paths.iter().copied()) {
        asked
            .late
            .extend(paths.iter().map(|path| frame - newest(recording, path)));
    }
}

/// How many frames old the newest rows are in the store, for who looks no further.
fn frames_late(app: &App, which: impl Iterator<Item = usize>) -> Vec<i64> {
    let recorder = app.world().resource::<WorldRecorder>();
    let recordings = app.world().resource::<Recordings>();
    let recording = recordings.find(recorder.id()).map(|entry| &entry.recording);
    let newest = |at: usize| recording.map_or(-1, |recording| newest(recording, &path(at)));
    which.map(|at| recorder.frame() - newest(at)).collect()
}

/// Selects those of which it is asked how late their rows are.
fn look_at_some(app: &mut App, moving: usize) {
    let items = some_of(moving).map(|at| Item::Entity(path(at)));
    app.world_mut().resource_mut::<Selection>().selected = items.collect();
}

fn record_moving(case: &str, moving: usize, frames: usize, settings: RecordSettings, audience: Audience) {
    let mut base = world(moving, 0);
    start(&mut base, WARM_UP);
    let mut app = recorded(moving, 0, settings);
    if audience == Audience::Viewer {
        look_at_some(&mut app, moving);
    }
    app.add_systems(Update, ask.run_if(resource_exists::<Asked>));
    start(&mut app, if frames == SLOW_FRAMES { TURN } else { WARM_UP });
    if audience == Audience::Host {
        // Until now nobody has asked.
        app.insert_resource(Asked::new(moving));
    }
    let mut late = Vec::new();
    compare(case, frames, &mut base, |frame| {
        let cost = cpu_of(&mut app);
        late.extend(match audience {
            Audience::Nobody => frames_late(&app, some_in(frame, moving)),
            Audience::Viewer => frames_late(&app, some_of(moving)),
            Audience::Host => std::mem::take(&mut app.world_mut().resource_mut::<Asked>().late),
        });
        cost
    });
    let mean = late.iter().sum::<i64>() as f64 / late.len().max(1) as f64;
    println!("{case}/frames_late\t{mean:.2}\t{}\t-", late.iter().max().unwrap());
}

/// With a budget of memory that is full: as much as comes has to go.
fn record_full(case: &str) {
    let mut base = world(ENTITIES, 0);
    start(&mut base, WARM_UP);
    let mut app = recorded(ENTITIES, 0, RecordSettings::default());
    app.insert_resource(MemoryBudget {
        limit_bytes: Some(FULL_BYTES),
        ..MemoryBudget::default()
    });
    start(&mut app, 1);
    let held = |app: &App| app.world().resource::<FrameDiagnostics>().memory.total_bytes();
    let mut greatest = 0;
    while held(&app) >= greatest || greatest < FULL_BYTES / 2 {
        greatest = held(&app).max(greatest);
        for _ in 0..TURN {
            app.update();
        }
    }
    compare(case, FRAMES, &mut base, |_| cpu_of(&mut app));
}

fn record_resting() {
    let mut base = world(0, ENTITIES);
    start(&mut base, WARM_UP);
    let mut app = recorded(0, ENTITIES, RecordSettings::default());
    start(&mut app, WARM_UP);
    WorldRecorder::flush(app.world_mut()).unwrap();
    // The viewer takes in what was flushed.
    for _ in 0..TURN {
        app.update();
    }
    compare("resting_10k", FRAMES, &mut base, |_| cpu_of(&mut app));
}

fn record_plainly(case: &str, moving: usize, resting: usize) {
    let mut base = world(moving, resting);
    start(&mut base, WARM_UP);
    let mut app = world(moving, resting);
    app.add_systems(Last, log_all);
    start(&mut app, TURN);
    compare(case, SLOW_FRAMES, &mut base, |_| cpu_of(&mut app));
}

/// The viewer in a host that does not show it, with a recording at rest.
fn embed_hidden() {
    let host = || {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, TransformPlugin))
            .insert_resource(TimeUpdateStrategy::ManualDuration(FRAME_TIME));
        app
    };
    let mut base = host();
    start(&mut base, WARM_UP);
    let mut app = host();
    app.add_plugins(ChronoscopePlugins::embedded());
    start(&mut app, 1);
    let store = StoreId::recording("bench", "hidden");
    app.world_mut().resource_scope(|world, mut log: Mut<DiffLog>| {
        let mut recordings = world.resource_mut::<Recordings>();
        for at in 0..ENTITIES {
            let place = Transform3D::from_translation([at as f32, 0.0, 0.0]);
            let times = [(Timeline::sequence("frame"), 0)];
            let chunk = log_chunk(format!("/world/e{at}"), times, &place).unwrap();
            recordings.insert(&mut log, &store, chunk).unwrap();
        }
    });
    for _ in 0..WARM_UP {
        app.update();
    }
    compare("embedded_hidden", FRAMES, &mut base, |_| cpu_of(&mut app));
}

/// The viewer in a host that shows it, paused, with entities in six views. The egui pass is not counted.
fn embed_shown() {
    let mut base = App::new();
    base.add_plugins((MinimalPlugins, AssetPlugin::default()))
        .init_asset::<Image>()
        .insert_resource(TimeUpdateStrategy::ManualDuration(FRAME_TIME));
    start(&mut base, WARM_UP);
    let mut stage = Stage::new(StageOptions::default());
    scenarios::paused(ENTITIES).prepare(&mut stage);
    stage.settle();
    compare("embedded_shown_paused", FRAMES, &mut base, |_| {
        stage.frame().app.cpu
    });
}

/// The world is set back to times of its recording, over frames in which it stands at one. The viewer's cursor follows; it shows nothing.
fn rewind(case: &str, frame_at: impl Fn(usize) -> i64) {
    let app = || {
        let mut app = recorded(ENTITIES, 0, RecordSettings::default());
        app.add_plugins(RewindPlugin);
        start(&mut app, FRAMES);
        app.world_mut().resource_mut::<Rewind>().to_frame(0);
        for _ in 0..TURN {
            app.update();
        }
        assert!(
            app.world().resource::<Rewind>().is_past(),
            "it stands at that time"
        );
        app
    };
    let (mut base, mut app) = (app(), app());
    compare(case, FRAMES, &mut base, |at| {
        app.world_mut().resource_mut::<Rewind>().to_frame(frame_at(at));
        cpu_of(&mut app)
    });
}

fn log_scalars() {
    const ROWS: usize = 2_000_000;
    let folder = tempfile::tempdir().unwrap();
    let start_recorder = |to_memory: bool, name: &str| {
        let builder = Recorder::builder("bench").batches(BatchSettings::without_timer());
        let builder = if to_memory {
            builder.sink(MemorySink::default())
        } else {
            builder.sink(FileSink::create(folder.path().join(name)).unwrap())
        };
        builder.start().unwrap()
    };
    let print = |case: &str, cost: Cost| {
        let per_sec = |time: Duration| ROWS as f64 / time.as_secs_f64() / 1e6;
        println!("{case}\t{:.2}\t{:.2}\t-", per_sec(cost.wall), per_sec(cost.cpu));
    };
    for (sink, to_memory) in [("memory", true), ("file", false)] {
        let mut recorder = start_recorder(to_memory, "rows.rrd");
        let (cost, ()) = Cost::of(|| {
            for step in 0..ROWS {
                recorder.set_sequence("step", step as i64);
                recorder.log("plot", &Scalars::new([step as f64])).unwrap();
            }
            recorder.finish().unwrap();
        });
        print(&format!("scalars_{sink}"), cost);

        let mut recorder = start_recorder(to_memory, "stream.rrd");
        let stream = recorder
            .stream::<components::Scalar>("plot", Scalars::SCALARS)
            .unwrap();
        let (cost, ()) = Cost::of(|| {
            for step in 0..ROWS {
                recorder.set_sequence("step", step as i64);
                recorder.push(&stream, step as f64).unwrap();
            }
            drop(stream);
            recorder.finish().unwrap();
        });
        print(&format!("scalars_stream_{sink}"), cost);
    }
}

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| !name.starts_with("--"))
        .collect();
    let is_chosen = |case: &str| chosen.is_empty() || chosen.iter().any(|name| case.starts_with(&**name));
    let at_once = || RecordSettings {
        flush_budget: Duration::MAX,
        ..RecordSettings::default()
    };
    let cases: [(&str, &dyn Fn(&str)); 14] = [
        ("moving_10k", &|case| {
            record_moving(
                case,
                ENTITIES,
                FRAMES,
                RecordSettings::default(),
                Audience::Nobody,
            );
        }),
        ("moving_10k_looked_at", &|case| {
            record_moving(
                case,
                ENTITIES,
                FRAMES,
                RecordSettings::default(),
                Audience::Viewer,
            );
        }),
        ("moving_10k_asked", &|case| {
            record_moving(case, ENTITIES, FRAMES, RecordSettings::default(), Audience::Host);
        }),
        ("moving_200", &|case| {
            record_moving(case, 200, FRAMES, RecordSettings::default(), Audience::Nobody);
        }),
        ("moving_10k_full", &record_full),
        ("moving_10k_at_once", &|case| {
            record_moving(case, ENTITIES, SLOW_FRAMES, at_once(), Audience::Nobody);
        }),
        ("resting_10k", &|_| record_resting()),
        ("plain_moving_10k", &|case| record_plainly(case, ENTITIES, 0)),
        ("plain_resting_10k", &|case| record_plainly(case, 0, ENTITIES)),
        ("embedded_hidden", &|_| embed_hidden()),
        ("embedded_shown_paused", &|_| embed_shown()),
        ("rewind_10k_random", &|case| {
            rewind(case, |at| (at as i64 * 7919 + 13) % FRAMES as i64);
        }),
        ("rewind_10k_scrub", &|case| rewind(case, |at| at as i64)),
        ("scalars", &|_| log_scalars()),
    ];
    println!("case\tmean_ms\tp99_ms\tbase_ms");
    for (name, run) in cases.into_iter().filter(|(name, _)| is_chosen(name)) {
        run(name);
    }
}
