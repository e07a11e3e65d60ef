//! Chunks that are known and not loaded: whatever is read when, a frame at rest is the one of an app that has
//! everything in memory.

mod contexts;
mod frames;
mod framing;
mod limits;
mod retries;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use bevy_app::App;
use chronoscope_frame::{
    IngestSource, IngestSources, MemoryBudget, MissingChunks, Recordings, Reports, Settled, SourcePoll,
    TimeCommand, TimeControls, Transforms, ViewerCommand, ViewerCommands,
};
use chronoscope_store::{
    AbsentChunk, Chunk, ChunkId, ChunkSource, ChunkSourceError, ChunkStore, Recording, StoreSettings,
    Timeline,
};
use chronoscope_types::{
    Clear, CoordinateFrame, LogMessage, Points3D, Scalars, Transform3D, columns_chunk, log_chunk,
};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::{add, new_app, products, show_all, store_id};

/// A file in memory, that writes down what it is asked for.
#[derive(Debug, Default)]
struct Shelf {
    chunks: BTreeMap<ChunkId, Arc<Chunk>>,
    broken: BTreeSet<ChunkId>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    wanted: Vec<ChunkId>,
    /// All requests, and each chunk that was given.
    told: Vec<Vec<ChunkId>>,
    /// The chunks that cannot be read the first time.
    flaky: BTreeSet<ChunkId>,
    given: Vec<ChunkId>,
}

impl Shelf {
    fn of(chunks: impl IntoIterator<Item = Chunk>) -> Self {
        Self {
            chunks: chunks
                .into_iter()
                .map(|chunk| (chunk.id(), Arc::new(chunk)))
                .collect(),
            ..Self::default()
        }
    }

    fn given(&self) -> Vec<ChunkId> {
        self.state.lock().unwrap().given.clone()
    }
}

impl ChunkSource for Shelf {
    fn want(&self, chunks: &[ChunkId]) {
        let mut state = self.state.lock().unwrap();
        state.wanted = chunks
            .iter()
            .rev()
            .copied()
            .filter(|id| self.chunks.contains_key(id))
            .collect();
        state.told.push(chunks.to_vec());
    }

    fn try_next(&self) -> Option<Result<Arc<Chunk>, ChunkSourceError>> {
        let mut state = self.state.lock().unwrap();
        let id = state.wanted.pop()?;
        state.given.push(id);
        if self.broken.contains(&id) {
            return Some(Err(ChunkSourceError::Damaged {
                id,
                message: "it is torn".to_owned(),
            }));
        }
        if state.flaky.remove(&id) {
            return Some(Err(ChunkSourceError::Read {
                id,
                source: std::io::Error::other("it is lent out"),
            }));
        }
        Some(Ok(Arc::clone(&self.chunks[&id])))
    }

    fn has(&self, chunk: ChunkId) -> bool {
        self.chunks.contains_key(&chunk) && !self.broken.contains(&chunk)
    }
}

/// Says what is on a shelf.
struct Catalog(Vec<LogMessage>);

impl IngestSource for Catalog {
    fn name(&self) -> &'static str {
        "catalog"
    }

    fn poll(&mut self) -> SourcePoll {
        let next = self.0.pop();
        next.map_or(SourcePoll::Finished, |message| {
            SourcePoll::Message(message.into())
        })
    }
}

/// An app that knows what is on a shelf, and has read none of it.
fn app_with(shelf: &Arc<Shelf>) -> App {
    let chunks = shelf.chunks.values();
    let chunks = chunks.map(|chunk| AbsentChunk::of(chunk)).collect();
    app_told(Arc::clone(shelf) as _, chunks)
}

/// An app that was told this of the chunks of a source.
fn app_told(source: Arc<dyn ChunkSource>, chunks: Vec<AbsentChunk>) -> App {
    let mut app = new_app();
    let message = LogMessage::AbsentChunks {
        store: store_id(),
        chunks: chunks.into(),
        source,
    };
    app.world_mut()
        .resource_mut::<IngestSources>()
        .add(Catalog(vec![message]));
    app
}

/// Runs frames until nothing is pending; says how many it took.
fn settle(app: &mut App) -> usize {
    for frame in 0..1_000 {
        show_all(app, None);
        app.update();
        if app.world().resource::<Settled>().frames() >= 3 {
            return frame;
        }
    }
    panic!("the frame never comes to rest");
}

fn time(app: &mut App, command: TimeCommand) {
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::Time(command));
}

fn store(app: &App) -> &ChunkStore {
    app.world().resource::<Recordings>().active().unwrap().store()
}

/// What the views lack; there is at least one.
fn lacks(app: &mut App) -> Vec<MissingChunks> {
    let world = app.world_mut();
    let lacks: Vec<MissingChunks> = world.query::<&MissingChunks>().iter(world).copied().collect();
    assert!(!lacks.is_empty(), "there is no view");
    lacks
}

fn at(frame: i64) -> Vec<(Timeline, i64)> {
    vec![(Timeline::sequence("frame"), frame)]
}

fn points(entity: &str, frame: i64) -> Chunk {
    log_chunk(entity, at(frame), &Points3D::new([[frame as f32, 0.0, 0.0]])).unwrap()
}

/// A fresh app that has all of it in memory, at the same cursor.
fn loaded(app: &App, shelf: &Shelf) -> App {
    let mut loaded = new_app();
    // Merged chunks have the same rows; without merging they are also the same chunks.
    {
        let mut recordings = loaded.world_mut().resource_mut::<Recordings>();
        recordings.open(&store_id()).recording = Recording::from_store(ChunkStore::with_settings(
            store_id(),
            StoreSettings::without_compaction(),
        ));
    }
    for chunk in shelf.chunks.values() {
        add(&mut loaded, &store_id(), Chunk::clone(chunk));
    }
    let key = app.world().resource::<Recordings>().active().unwrap().key();
    let control = app.world().resource::<TimeControls>().get(key).clone();
    let key = loaded.world().resource::<Recordings>().active().unwrap().key();
    *loaded.world_mut().resource_mut::<TimeControls>().get_mut(key) = control;
    loaded
}

/// What is on screen, without how long it will stay so: the frame knows less of that while chunks are not
/// loaded.
fn on_screen(app: &mut App) -> BTreeMap<String, String> {
    let mut products = products(app);
    products.retain(|name, _| !name.ends_with(" validity"));
    products
}

#[derive(Clone, Debug)]
enum Step {
    Seek(i64),
    Timeline(bool),
    /// Shows another recording, or this one again.
    Elsewhere(bool),
    Evict(usize),
    Hide(Option<usize>),
    Limit(u64),
    Frame,
}

const ENTITIES: [&str; 4] = ["/world", "/world/a", "/world/b", "/plot"];

/// A chunk of a row, or of several at times that may lie in any order, on one timeline or on two.
fn chunk() -> impl Strategy<Value = Chunk> {
    let several = (
        0..ENTITIES.len(),
        prop::collection::vec((-5i64..25, -5i64..25), 2..6),
        any::<bool>(),
        any::<bool>(),
    );
    prop_oneof![2 => one_row(), 1 => several.prop_map(|(entity, times, on_both, are_points)| {
        let (frames, ticks): (Vec<i64>, Vec<i64>) = times.into_iter().unzip();
        let rows = frames.len();
        let mut timelines = vec![(Timeline::sequence("frame"), frames)];
        timelines.extend(on_both.then_some((Timeline::sequence("tick"), ticks)));
        if are_points {
            columns_chunk(ENTITIES[entity], timelines, &Points3D::new((0..rows).map(|row| [row as f32, 7.0, 0.0]))).unwrap()
        } else {
            columns_chunk(ENTITIES[entity], timelines, &Scalars::new((0..rows).map(|row| row as f64))).unwrap()
        }
    })]
}

fn one_row() -> impl Strategy<Value = Chunk> {
    (
        0..ENTITIES.len(),
        prop::option::weighted(0.9, -5i64..25),
        0..7u8,
        any::<bool>(),
    )
        .prop_map(|(entity, frame, what, on_both)| {
            let (entity, mut times) = (ENTITIES[entity], frame.map(at).unwrap_or_default());
            if let Some(frame) = frame.filter(|_| on_both) {
                times.push((Timeline::sequence("tick"), 20 - frame));
            }
            let x = frame.unwrap_or(-99) as f32;
            match what {
                0 => log_chunk(
                    entity,
                    times,
                    &Transform3D::default().with_translation([x, 1.0, 0.0]),
                )
                .unwrap(),
                1 => log_chunk(entity, times, &Scalars::new([f64::from(x)])).unwrap(),
                2 if frame.is_some() => log_chunk(entity, times, &Clear::new(x as i64 % 2 == 0)).unwrap(),
                3 => {
                    let frame = if x as i64 % 3 == 0 { "a" } else { "b" };
                    log_chunk(entity, times, &placed(frame, x)).unwrap()
                }
                4 => {
                    let frame = CoordinateFrame::default().with_frame(if on_both { "a" } else { "b" });
                    log_chunk(entity, times, &frame).unwrap()
                }
                _ => log_chunk(entity, times, &Points3D::new([[x, 0.0, 0.0]])).unwrap(),
            }
        })
}

/// A named frame below the root.
fn placed(frame: &str, x: f32) -> Transform3D {
    Transform3D::from_translation([x, 0.0, 0.0])
        .with_child_frame(frame)
        .with_parent_frame("tf#/")
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (-8i64..30).prop_map(Step::Seek),
        1 => any::<bool>().prop_map(Step::Timeline),
        1 => any::<bool>().prop_map(Step::Elsewhere),
        2 => (0usize..40).prop_map(Step::Evict),
        1 => prop::option::of(0usize..2).prop_map(Step::Hide),
        1 => (0u64..20_000).prop_map(Step::Limit),
        4 => Just(Step::Frame),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(11), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_rest_it_looks_as_if_all_were_in_memory(
        chunks in prop::collection::vec(chunk(), 1..40),
        history in prop::collection::vec(step(), 0..40),
    ) {
        let shelf = Arc::new(Shelf::of(chunks));
        shelf.state.lock().unwrap().flaky.extend(shelf.chunks.keys().take(1).filter(|_| history.len() % 8 == 0));
        let mut app = app_with(&shelf);
        app.update();
        let other = chronoscope_store::StoreId::recording("app", "other");
        add(&mut app, &other, points("/world/a", 3));
        let activate = |app: &mut App, id: &chronoscope_store::StoreId| {
            app.world_mut().resource_mut::<ViewerCommands>().push(ViewerCommand::ActivateRecording(id.clone()));
        };
        for step in &history {
            match step {
                Step::Seek(to) => time(&mut app, TimeCommand::SetTime(*to)),
                Step::Timeline(other) => {
                    time(&mut app, TimeCommand::SetTimeline(if *other { "tick" } else { "frame" }.to_owned()));
                }
                Step::Elsewhere(there) => activate(&mut app, &if *there { other.clone() } else { store_id() }),
                Step::Evict(which) => {
                    if let Some(id) = shelf.chunks.keys().nth(*which) {
                        crate::change(&mut app, &store_id(), |recording| recording.evict(*id));
                    }
                }
                Step::Hide(view) => show_all(&mut app, *view),
                Step::Limit(bytes) => app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = Some(*bytes),
                Step::Frame => app.update(),
            }
        }
        app.world_mut().resource_mut::<MemoryBudget>().limit_bytes = None;
        activate(&mut app, &store_id());
        settle(&mut app);
        // What could not be read is tried again later: here, at once.
        for _ in 0..2 {
            app.world_mut().resource_mut::<chronoscope_frame::chunk_loading::ReadAhead>().retry_after = std::time::Duration::ZERO;
            settle(&mut app);
        }
        let theirs = on_screen(&mut loaded(&app, &shelf));
        let ours = on_screen(&mut app);
        for (name, value) in &theirs {
            prop_assert_eq!(ours.get(name), Some(value), "{}", name);
        }
        prop_assert_eq!(ours.len(), theirs.len());
        prop_assert!(lacks(&mut app).iter().all(|missing| *missing == MissingChunks::default()));
    }
}

#[test]
fn what_is_shown_is_read_and_no_more() {
    let chunks: Vec<Chunk> = (0..1_000).map(|frame| points("/world/a", frame * 10)).collect();
    let ids: Vec<ChunkId> = chunks.iter().map(Chunk::id).collect();
    let shelf = Arc::new(Shelf::of(chunks));
    let mut app = app_with(&shelf);
    app.update();
    // The whole timeline is known before anything is read.
    let timeline = store(&app).timeline_id("frame").unwrap();
    assert_eq!(store(&app).time_range(timeline).max, 9_990);
    assert_eq!(shelf.given(), []);
    app.update();
    show_all(&mut app, None);
    time(&mut app, TimeCommand::SetTime(5_005));
    app.update();
    assert_eq!(store(&app).store_stats().chunks.num_bytes, 0);
    assert!(
        lacks(&mut app)
            .iter()
            .all(|missing| missing.missing_chunks == 1 && !missing.is_over_limit),
        "the view is provisional"
    );
    settle(&mut app);
    assert!(lacks(&mut app).iter().all(|missing| missing.missing_chunks == 0));
    let given = shelf.given();
    assert_eq!(given[0], ids[500], "what is on screen comes first");
    // Then what lies within three seconds at 30 frames per second, nearest first.
    assert_eq!(given[1..], ids[501..510]);

    // Backwards, what lies before.
    time(&mut app, TimeCommand::SetTime(5_000));
    settle(&mut app);
    let mut before = ids[491..500].to_vec();
    before.reverse();
    assert_eq!(shelf.given()[10..], before);
    // Each chunk once.
    assert_eq!(
        shelf.given().iter().collect::<BTreeSet<_>>().len(),
        shelf.given().len()
    );
}

/// Where a point of an entity lies in the space of the root.
fn x_of(app: &App, path: &str) -> Option<f64> {
    let entity = store(app).entity_id(&path.into())?;
    let transforms = app.world().resource::<Transforms>();
    let world = transforms.world_from_entity(store(app), entity)?;
    Some(world.translation.x)
}

#[test]
fn the_frames_that_one_entity_places_are_read_like_what_is_on_screen() {
    let in_frame = |frame| CoordinateFrame::default().with_frame(frame);
    let tf = |frame: &str, time: i64| log_chunk("/tf", at(time), &placed(frame, time as f32)).unwrap();
    let chunks = [
        log_chunk("/world/a", Vec::new(), &in_frame("a")).unwrap(),
        log_chunk("/world/b", Vec::new(), &in_frame("b")).unwrap(),
        points("/world/a", 0),
        points("/world/b", 0),
        tf("a", 1_000),
        tf("b", 2_000),
        tf("b", 3_000),
        tf("a", 5_000),
    ];
    let ids: Vec<ChunkId> = chunks.iter().map(Chunk::id).collect();
    let shelf = Arc::new(Shelf::of(chunks));
    let mut app = app_with(&shelf);
    settle(&mut app);
    show_all(&mut app, None);
    time(
        &mut app,
        TimeCommand::SetTimelineAndTime("frame".to_owned(), 4_000),
    );
    app.update();
    // The latest row of the entity alone would be one.
    assert!(
        lacks(&mut app).iter().all(|missing| missing.missing_chunks == 3),
        "the views are provisional: {:?}",
        lacks(&mut app)
    );
    settle(&mut app);
    assert_eq!(
        (x_of(&app, "/world/a"), x_of(&app, "/world/b")),
        (Some(1e3), Some(3e3))
    );
    assert!(!shelf.given().contains(&ids[7]), "what comes later is not needed");
    assert!(lacks(&mut app).iter().all(|missing| missing.missing_chunks == 0));
    // What was read once is known: only what holds is read again.
    for id in &ids[4..7] {
        crate::change(&mut app, &store_id(), |recording| recording.evict(*id));
    }
    let before = shelf.given().len();
    settle(&mut app);
    assert_eq!(
        (x_of(&app, "/world/a"), x_of(&app, "/world/b")),
        (Some(1e3), Some(3e3))
    );
    let again: BTreeSet<ChunkId> = shelf.given()[before..].iter().copied().collect();
    assert_eq!(again, BTreeSet::from([ids[4], ids[6]]));
    time(&mut app, TimeCommand::SetTime(2_500));
    settle(&mut app);
    assert_eq!(
        (x_of(&app, "/world/a"), x_of(&app, "/world/b")),
        (Some(1e3), Some(2e3))
    );
    time(&mut app, TimeCommand::SetTime(500));
    settle(&mut app);
    assert_eq!(x_of(&app, "/world/a"), None);
}

#[test]
fn clears_and_static_data_come_first() {
    let chunks = [
        points("/world/a", 0),
        points("/world/a", 100),
        log_chunk("/world/b", at(500), &Clear::new(false)).unwrap(),
        log_chunk("/world/b", Vec::new(), &Points3D::new([[0.0; 3]])).unwrap(),
    ];
    let [_, _, clear, fixed] = [0, 1, 2, 3].map(|at: usize| chunks[at].id());
    let shelf = Arc::new(Shelf::of(chunks));
    let mut app = app_with(&shelf);
    settle(&mut app);
    let given = shelf.given();
    assert_eq!(
        given[..2].iter().collect::<BTreeSet<_>>(),
        BTreeSet::from([&clear, &fixed]),
        "{given:?}"
    );
}

#[test]
fn what_no_view_shows_is_not_read() {
    // The views show points and scalars.
    let other = log_chunk("/world/c", at(0), &chronoscope_types::TextLog::new("text")).unwrap();
    let id = other.id();
    let shelf = Arc::new(Shelf::of([points("/world/a", 0), other]));
    let mut app = app_with(&shelf);
    settle(&mut app);
    assert!(!shelf.given().contains(&id));
    assert_eq!(shelf.given().len(), 1);
}

#[test]
fn a_chunk_that_cannot_be_read_costs_only_itself() {
    let chunks = [points("/world/a", 0), points("/world/b", 0)];
    let (good, bad) = (chunks[0].id(), chunks[1].id());
    let shelf = Arc::new(Shelf {
        broken: BTreeSet::from([bad]),
        ..Shelf::of(chunks)
    });
    let mut app = app_with(&shelf);
    settle(&mut app);
    assert!(store(&app).chunk(good).is_some());
    assert!(store(&app).chunk_meta(bad).is_none());
    let reports: Vec<String> = app
        .world()
        .resource::<Reports>()
        .iter()
        .map(|report| format!("{report:?}"))
        .collect();
    assert_eq!(reports.len(), 1);
    assert!(
        reports[0].contains("/world/b") && reports[0].contains("it is torn"),
        "{reports:?}"
    );
}

#[test]
fn a_recording_that_is_left_asks_for_nothing() {
    let shelf = Arc::new(Shelf::of([points("/world/a", 0)]));
    let mut app = app_with(&shelf);
    settle(&mut app);
    let other = chronoscope_store::StoreId::recording("app", "other");
    add(&mut app, &other, points("/world/a", 3));
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::ActivateRecording(other));
    settle(&mut app);
    assert_eq!(shelf.state.lock().unwrap().told.last(), Some(&Vec::new()));
    let weak = Arc::downgrade(&shelf);
    drop(shelf);
    assert!(weak.upgrade().is_some());
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::CloseRecording(store_id()));
    settle(&mut app);
    assert!(weak.upgrade().is_none(), "the source goes with the recording");
}

#[test]
fn a_chunk_that_is_damaged_here_may_be_whole_there() {
    let chunk = points("/world/a", 0);
    let id = chunk.id();
    let whole = Arc::new(Shelf::of([chunk.clone()]));
    let torn = Arc::new(Shelf {
        broken: BTreeSet::from([id]),
        ..Shelf::of([chunk, points("/world/b", 0)])
    });
    let mut app = app_with(&torn);
    app.update();
    {
        // The second file was opened for a chunk of its own, and has this one too.
        let mut recordings = app.world_mut().resource_mut::<Recordings>();
        recordings
            .open(&store_id())
            .add_source(&(Arc::clone(&whole) as Arc<dyn ChunkSource>));
    }
    settle(&mut app);
    assert!(store(&app).chunk(id).is_some());
    // Nothing is read from both.
    assert_eq!(
        whole
            .given()
            .iter()
            .chain(&torn.given())
            .filter(|given| **given == id)
            .count(),
        1
    );
}
