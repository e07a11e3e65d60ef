//! What is played: how each scenario is set up, and what happens in each of its frames.

mod plots;
mod wholes;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chronoscope::{
    blueprint::{BlueprintCommand, Contents, ViewBlueprint, ViewClassId, ViewportBlueprint},
    frame::{
        FrameDiagnostics, IngestSource, IngestSources, Item, MemoryBudget, Recordings, SourcePoll,
        TimeCommand, ViewerCommand, time_control::PlayState,
    },
    io::{RrdWriter, combine},
    store::{Chunk, EntityPath, StoreSettings, Timeline},
    types::{LogMessage, Points3D, Scalars, SourceStatus, blueprint, enums::ContainerKind, log_chunk},
};

pub use plots::{pan_plots, plots, zoom_plots};
pub use wholes::{ROWS, RowsArchetype, depth_cloud, many_rows, rows_arrive, workbench};

use crate::{
    archetypes::{self, DrawnArchetype},
    scenes::{self, NUM_VIEWS, TIMELINE, view_id},
    stage::{Stage, recording_id},
};

/// A scenario: a scene, and what happens in each frame.
pub struct Scenario {
    /// Its name in tables.
    pub name: String,
    /// The frames that are measured.
    pub frames: usize,
    /// The time from one frame to the next, where frames have to wait for their turn as those of a window do.
    pub interval: Option<Duration>,
    prepare: Box<dyn Fn(&mut Stage)>,
    step: Box<dyn FnMut(&mut Stage, usize)>,
}

impl Scenario {
    fn new(
        name: impl Into<String>,
        prepare: impl Fn(&mut Stage) + 'static,
        step: impl FnMut(&mut Stage, usize) + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            frames: 120,
            interval: None,
            prepare: Box::new(prepare),
            step: Box::new(step),
        }
    }

    fn with_frames(mut self, frames: usize) -> Self {
        self.frames = frames;
        self
    }

    fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Sets the scene, runs until nothing is pending, and then plays some frames, so that what is made once is made.
    pub fn prepare(&mut self, stage: &mut Stage) {
        (self.prepare)(stage);
        stage.settle();
        for frame in 0..WARM_UP {
            self.step(stage, frame);
            stage.frame();
        }
    }

    /// Asks for what happens in a frame. Frames are numbered from the warm-up's end.
    pub fn step(&mut self, stage: &mut Stage, frame: usize) {
        (self.step)(stage, frame);
    }
}

/// Frames that are played before the first is measured.
pub const WARM_UP: usize = 5;

/// The frames that scenes have rows for.
const MOST_FRAMES: i64 = 400;

/// The scenarios of the table, by size: a scene of `entities` where the name ends in it.
pub fn of_size(entities: usize) -> Vec<Scenario> {
    vec![
        paused(entities),
        one_moves(entities),
        sparse(entities),
        orbit(entities),
        new_entity(entities),
        hover(entities),
        gc(entities),
    ]
}

/// The scenarios that have one size.
pub fn of_one_size() -> Vec<Scenario> {
    vec![
        tab_switch(1_000_000),
        moving(5_000),
        orbit_translucent(10_000),
        orbit_cloud(8_000_000),
        orbit_boxes(100_000),
        transform_tree(),
        plots(45, 50_000),
        pan_plots(45, 50_000),
        zoom_plots(45, 50_000),
        workbench(10_000, 45),
        ingest(),
        random_scrub(5_000),
        flood(60, FLOOD_ROWS),
        flood(20, FLOOD_ROWS),
        flood(10, FLOOD_ROWS),
    ]
}

/// The scenarios of each archetype: many entities of one instance, and one entity of many.
pub fn of_archetypes() -> Vec<Scenario> {
    let of_one = |drawn: &DrawnArchetype| [made_anew(*drawn, 1_000, 1), made_anew(*drawn, 1, 1_000_000)];
    let of_rows = |rows| [rows_arrive(rows, 1_000), many_rows(rows, 1_000_000)];
    let drawn = archetypes::ALL.iter().chain(&archetypes::PICTURES);
    let drawn = drawn.flat_map(of_one).chain([depth_cloud(1_000_000)]);
    drawn.chain(ROWS.into_iter().flat_map(of_rows)).collect()
}

fn name_of(base: &str, count: usize) -> String {
    if count.is_multiple_of(1_000) {
        format!("{base}_{}k", count / 1_000)
    } else {
        format!("{base}_{count}")
    }
}

fn show(stage: &mut Stage, viewport: ViewportBlueprint) {
    stage.edit(BlueprintCommand::WriteAll(Box::new(viewport)));
    stage.frame();
}

fn set_world(stage: &mut Stage, entities: usize) {
    stage.log(scenes::world(entities));
    show(stage, scenes::views(ViewClassId::SPATIAL_3D, NUM_VIEWS));
    stage.seek(TIMELINE, 0);
}

/// The same plugins, and no data.
pub fn empty() -> Scenario {
    Scenario::new("empty", |_| {}, |_, _| {})
}

/// Nothing happens.
pub fn paused(entities: usize) -> Scenario {
    Scenario::new(
        name_of("paused", entities),
        move |stage| set_world(stage, entities),
        |_, _| {},
    )
}

/// One transform moves, in all views.
pub fn one_moves(entities: usize) -> Scenario {
    Scenario::new(
        name_of("one_moves", entities),
        move |stage| {
            set_world(stage, entities);
            // The transform stands above what it moves.
            stage.log([
                scenes::transform_rows("/mover", MOST_FRAMES),
                log_chunk("/mover/point", [], &Points3D::new([[0.0, 0.0, 0.0]])).unwrap(),
            ]);
        },
        |stage, frame| stage.seek(TIMELINE, frame as i64 + 1),
    )
}

/// A hundred entities get a new row each.
pub fn sparse(entities: usize) -> Scenario {
    Scenario::new(
        name_of("sparse", entities),
        move |stage| {
            set_world(stage, entities);
            let step = (entities / 100).max(1) / 10 * 10;
            stage.log((0..100).map(|at| scenes::point_rows(at * step.max(10), MOST_FRAMES)));
        },
        |stage, frame| stage.seek(TIMELINE, frame as i64 + 1),
    )
}

/// An eye is dragged.
pub fn orbit(entities: usize) -> Scenario {
    Scenario::new(
        name_of("orbit", entities),
        move |stage| set_world(stage, entities),
        |stage, frame| {
            let angle = frame as f32 * 0.05;
            let eye = blueprint::EyeControls3D::default()
                .with_position([40.0 * angle.cos(), 40.0 * angle.sin(), 20.0])
                .with_look_target([0.0, 0.0, 0.0]);
            stage.edit(BlueprintCommand::set_property(view_id(0), &eye));
        },
    )
}

/// An eye is dragged around translucent boxes.
pub fn orbit_translucent(boxes: usize) -> Scenario {
    let orbit = orbit(boxes);
    Scenario {
        name: format!("{}_translucent", orbit.name),
        prepare: Box::new(move |stage| {
            stage.log(scenes::translucent_boxes(boxes));
            show(stage, scenes::views(ViewClassId::SPATIAL_3D, 1));
            stage.seek(TIMELINE, 0);
        }),
        ..orbit
    }
}

/// Entities of one archetype, of which all show another row in each frame.
pub fn made_anew(drawn: DrawnArchetype, entities: usize, instances: usize) -> Scenario {
    /// Rows of each entity.
    const ROWS: i64 = 4;
    Scenario::new(
        format!("{}_{entities}x{instances}", drawn.name),
        move |stage| {
            let rows = (0..entities).flat_map(|at| (0..ROWS).map(move |time| (at, time)));
            stage.log(rows.map(|(at, time)| {
                let path = format!("/world/group{}/entity{at}", at % 50);
                drawn.chunk(&path, time, instances)
            }));
            show(stage, scenes::views(drawn.class, 1));
            stage.seek(TIMELINE, 0);
        },
        |stage, frame| stage.seek(TIMELINE, (frame as i64 + 1) % ROWS),
    )
    .with_frames(40)
}

/// An eye is dragged around a cloud that is on the GPU already.
pub fn orbit_cloud(points: usize) -> Scenario {
    let orbit = orbit(points);
    Scenario {
        name: format!("{}_points", orbit.name),
        prepare: Box::new(move |stage| {
            stage.log([scenes::cloud(points)]);
            show(stage, scenes::views(ViewClassId::SPATIAL_3D, 1));
        }),
        ..orbit
    }
}

/// An eye is dragged around opaque boxes.
pub fn orbit_boxes(boxes: usize) -> Scenario {
    let orbit = orbit(boxes);
    Scenario {
        name: format!("{}_boxes", orbit.name),
        prepare: Box::new(move |stage| {
            stage.log(scenes::solid_boxes(boxes, 255));
            show(stage, scenes::views(ViewClassId::SPATIAL_3D, 1));
            stage.seek(TIMELINE, 0);
        }),
        ..orbit
    }
}

/// A new entity arrives.
pub fn new_entity(entities: usize) -> Scenario {
    Scenario::new(
        name_of("new_entity", entities),
        move |stage| set_world(stage, entities),
        |stage, frame| {
            let path = format!("/world/region{}/new{frame}", frame % 10);
            stage.log([scenes::point_row(path.as_str(), 0)]);
        },
    )
}

/// The pointer goes from one entity to another.
pub fn hover(entities: usize) -> Scenario {
    Scenario::new(
        name_of("hover", entities),
        move |stage| set_world(stage, entities),
        move |stage, frame| {
            let item = Item::Entity(scenes::entity(frame * 7 % entities));
            stage.command(ViewerCommand::Hover(Some(item)));
        },
    )
}

/// A collection is under way, over data of which the newest is on screen.
pub fn gc(entities: usize) -> Scenario {
    Scenario::new(
        name_of("gc", entities),
        move |stage| {
            // Many small chunks, each of which goes by itself.
            stage.start_recording(StoreSettings::without_compaction());
            stage.log(scenes::world(entities));
            stage.log(scenes::history(entities / 10, 40));
            show(stage, scenes::views(ViewClassId::SPATIAL_3D, NUM_VIEWS));
            stage.seek(TIMELINE, 640);
        },
        |stage, _| {
            let world = stage.app.world_mut();
            let held = world.resource::<Recordings>().num_bytes();
            world.resource_mut::<MemoryBudget>().limit_bytes = Some(held - held / 50);
        },
    )
}

/// Two tabs change places; the one has a cloud.
pub fn tab_switch(points: usize) -> Scenario {
    let tabs = || {
        let cloud = ViewBlueprint::new(view_id(0), ViewClassId::SPATIAL_3D, "/cloud");
        let other = ViewBlueprint::new(view_id(1), ViewClassId::SPATIAL_3D, "/other");
        scenes::layout([cloud, other], ContainerKind::Tabs)
    };
    Scenario::new(
        "tab_switch",
        move |stage| {
            stage.log([
                scenes::cloud(points),
                log_chunk("/other", [], &Points3D::new([[0.0, 0.0, 0.0]])).unwrap(),
            ]);
            show(stage, tabs());
            // Both have been on screen.
            for at in [1, 0] {
                let tab = Contents::View(view_id(at));
                stage.edit(BlueprintCommand::SetActiveTab(scenes::container(), tab));
                stage.settle();
            }
        },
        |stage, frame| {
            // Two frames each: the tile is known one frame after the tab.
            let tab = Contents::View(view_id(frame / 2 % 2));
            if frame % 2 == 0 {
                stage.edit(BlueprintCommand::SetActiveTab(scenes::container(), tab));
            }
        },
    )
    .with_frames(40)
}

/// A cloud in some views of the same kind, at rest: what is in memory per point. Returns who holds how many bytes.
pub fn cloud_bytes(stage: &mut Stage, points: usize, views: usize) -> Vec<(&'static str, u64)> {
    stage.log([scenes::cloud(points)]);
    show(stage, scenes::views(ViewClassId::SPATIAL_3D, views));
    stage.settle();
    let memory = &stage.app.world().resource::<FrameDiagnostics>().memory;
    let data = [
        ("Data", memory.data_bytes),
        ("Query caches", memory.query_cache_bytes),
    ];
    let caches = memory.caches.iter().map(|cache| (cache.name, cache.size.bytes));
    data.into_iter().chain(caches).collect()
}

/// Boxes of which each has a new row in each frame.
pub fn moving(boxes: usize) -> Scenario {
    Scenario::new(
        name_of("moving", boxes),
        move |stage| {
            stage.log(scenes::moving_boxes(boxes, MOST_FRAMES));
            show(stage, scenes::views(ViewClassId::SPATIAL_3D, 1));
            stage.seek(TIMELINE, 0);
        },
        |stage, frame| stage.seek(TIMELINE, frame as i64 + 1),
    )
}

/// 1,364 transforms in six views, of which all change.
pub fn transform_tree() -> Scenario {
    Scenario::new(
        "transform_tree",
        |stage| {
            stage.log(scenes::transform_tree(MOST_FRAMES));
            show(stage, scenes::views(ViewClassId::SPATIAL_3D, NUM_VIEWS));
            stage.seek(TIMELINE, 0);
        },
        |stage, frame| stage.seek(TIMELINE, frame as i64 + 1),
    )
}

/// 167 rows arrive in each frame, which is 10,000 a second, while 1,000 entities play.
pub fn ingest() -> Scenario {
    const ROWS: usize = 167;
    const ENTITIES: usize = 1_000;
    let queue: Arc<Mutex<VecDeque<Chunk>>> = Arc::default();
    let rows = Arc::clone(&queue);
    Scenario::new(
        "ingest_10k_rows_per_s",
        move |stage| {
            let live = (0..ENTITIES).map(|at| scenes::point_row(live_entity(at), 0));
            stage.log(live);
            show(stage, scenes::views(ViewClassId::SPATIAL_3D, 1));
            let source = Live {
                queue: Arc::clone(&rows),
                is_followed: false,
            };
            stage.app.world_mut().resource_mut::<IngestSources>().add(source);
            stage.seek(TIMELINE, 0);
        },
        move |stage, frame| {
            let time = frame as i64 + 1;
            let first = frame * ROWS;
            let arrived = (first..first + ROWS).map(|at| scenes::point_row(live_entity(at % ENTITIES), time));
            queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(arrived);
            stage.seek(TIMELINE, time);
        },
    )
}

fn live_entity(at: usize) -> EntityPath {
    EntityPath::parse(&format!("/live/group{}/point{at}", at % 10))
}

/// The series of a flood.
pub const FLOOD_SERIES: i64 = 20;
/// The rows of the floods of the table.
pub const FLOOD_ROWS: i64 = 1_000_000;

/// The rows that arrive in a second: more than a core of today decodes.
const FLOOD_ROWS_PER_SEC: i64 = 250_000;
/// The rows that are decoded together.
const FLOOD_BATCH: usize = 1 << 10;

/// Messages of one row each, so many, from a sender that is as fast as can be, taken in at so many frames a second. They come as a
/// connection hands them over: those of a batch are combined. The plots follow their end, as those of a sender do.
pub fn flood(frames_per_sec: u32, num_rows: i64) -> Scenario {
    let queue: Arc<Mutex<VecDeque<Chunk>>> = Arc::default();
    let rows = Arc::clone(&queue);
    // What arrives in each frame. A sender is another program, and the time to make a row does not count as time of frames.
    let mut arrivals: Option<std::vec::IntoIter<Vec<Chunk>>> = None;
    Scenario::new(
        format!("flood_{frames_per_sec}_hz"),
        move |stage| {
            let mut queue = rows.lock().unwrap_or_else(PoisonError::into_inner);
            queue.extend((0..FLOOD_SERIES).map(flood_row));
            let source = Live {
                queue: Arc::clone(&rows),
                is_followed: true,
            };
            stage.app.world_mut().resource_mut::<IngestSources>().add(source);
        },
        move |_, _| {
            let arrivals = arrivals.get_or_insert_with(|| {
                let rows: Vec<i64> = (FLOOD_SERIES..num_rows).collect();
                let frames = rows.chunks((FLOOD_ROWS_PER_SEC / i64::from(frames_per_sec)) as usize);
                frames.map(flood_rows).collect::<Vec<_>>().into_iter()
            });
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.extend(arrivals.next().into_iter().flatten());
        },
    )
    .with_frames(10_000)
    .with_interval(Duration::from_secs(1) / frames_per_sec)
}

/// Rows as a connection hands them over.
fn flood_rows(numbers: &[i64]) -> Vec<Chunk> {
    let message = |number: &i64| LogMessage::Chunk {
        store: recording_id(),
        chunk: Arc::new(flood_row(*number)),
    };
    let batches = numbers.chunks(FLOOD_BATCH);
    let messages = batches.flat_map(|batch| combine(batch.iter().map(message).collect()));
    messages
        .filter_map(|message| message.chunk().map(|chunk| Chunk::clone(chunk)))
        .collect()
}

/// A row of a flood.
pub(crate) fn flood_row(number: i64) -> Chunk {
    let times = [(Timeline::sequence(TIMELINE), number / FLOOD_SERIES)];
    let path = format!("/plots/{}", number % FLOOD_SERIES);
    log_chunk(path, times, &Scalars::new([(number % 1_000) as f64])).unwrap()
}

/// A connection that is never closed.
struct Live {
    queue: Arc<Mutex<VecDeque<Chunk>>>,
    is_followed: bool,
}

impl IngestSource for Live {
    fn name(&self) -> &str {
        "live"
    }

    fn poll(&mut self) -> SourcePoll {
        let next = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        next.map_or(SourcePoll::Pending, |chunk| {
            let store = recording_id();
            let chunk = Arc::new(chunk);
            SourcePoll::Message(LogMessage::Chunk { store, chunk }.into())
        })
    }

    fn status(&self) -> SourceStatus {
        SourceStatus::Live
    }

    fn is_followed(&self) -> bool {
        self.is_followed
    }
}

/// A random time in each frame, over boxes with a transform of their own each.
pub fn random_scrub(boxes: usize) -> Scenario {
    let mut state = 7_u64;
    Scenario::new(
        name_of("random_scrub", boxes),
        move |stage| {
            stage.log(scenes::drifting_boxes(boxes, 40));
            show(stage, scenes::views(ViewClassId::SPATIAL_3D, 1));
            stage.seek(TIMELINE, 0);
        },
        move |stage, _| {
            // A generator of Knuth's, seeded: the same times in each run.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            stage.seek(TIMELINE, (state >> 33) as i64 % 1_000);
        },
    )
}

/// Files, played from their beginning to their end.
pub fn file(files: Vec<std::path::PathBuf>, frames: usize) -> Scenario {
    let name = files
        .first()
        .and_then(|file| file.file_stem())
        .map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
    Scenario::new(
        name,
        move |stage| {
            let files: Vec<&std::path::Path> = files.iter().map(std::path::PathBuf::as_path).collect();
            stage.open(&files);
        },
        move |stage, frame| {
            let world = stage.app.world();
            let Some(entry) = world.resource::<Recordings>().active() else {
                return;
            };
            let control = world
                .resource::<chronoscope::frame::TimeControls>()
                .get(entry.key());
            let Some(timeline) = control.timeline(entry.store()) else {
                return;
            };
            debug_assert_eq!(control.play_state(), PlayState::Paused);
            let range = entry.store().time_range(timeline);
            let part = i128::from(range.max) - i128::from(range.min);
            let at = i128::from(range.min) + part * (frame.min(frames) as i128) / (frames.max(1) as i128);
            let time = i64::try_from(at).unwrap_or(range.max);
            stage.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        },
    )
    .with_frames(frames)
}

/// Writes a recording of many static entities of one row each.
pub fn write_many(path: &std::path::Path, count: usize) {
    let recording = recording_id();
    let file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut writer = RrdWriter::new(file).unwrap();
    for at in 0..count {
        let point = Points3D::new([[(at % 200) as f32, (at / 200) as f32, 0.0]]);
        let path = format!("/e/{at}");
        let chunk = log_chunk(path.as_str(), [], &point).unwrap();
        writer.write_chunk(&recording, &chunk).unwrap();
    }
    writer.finish().unwrap().into_inner().unwrap();
}
