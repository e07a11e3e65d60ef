//! Worlds that are recorded and looked at in the same app, as the examples do it.

use std::time::Duration;

use bevy::{prelude::*, time::TimeUpdateStrategy};
use chronoscope::{
    ChronoscopePlugins,
    frame::{FramePlugins, Recordings, TimeCommand, ViewerCommands},
    io::{LoadEvent, read_file},
    live::{GrpcSink, Link, LiveRuntime, Server, ServerSettings},
    log::{MemorySink, Recorder},
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    record::{RecordPlugin, Rewind, WorldRecorder},
    store::{ChunkStore, Recording, StoreId},
    types::{LogMessage, Transform3D, read},
};

#[path = "../../examples/record_world.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "an example, whose main is not called here"
)]
mod record_world;

#[path = "../../examples/rewind.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "an example, whose main is not called here"
)]
mod rewind;

#[path = "../../examples/fork.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "an example, whose main is not called here"
)]
mod fork;

#[path = "../../examples/log_without_bevy.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "an example, whose main is not called here"
)]
mod log_without_bevy;

fn viewer() -> App {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin {
        size: OffscreenSize {
            width: 1280,
            height: 800,
            scale: 1.0,
        },
    })
    .add_plugins(ChronoscopePlugins)
    .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(50)));
    app
}

fn picture(app: &mut App, name: &str) -> image::RgbImage {
    let image = offscreen::capture(app).unwrap();
    let picture = image.try_into_dynamic().unwrap().to_rgb8();
    crate::picture::save(&picture, name);
    picture
}

#[test]
fn a_world_of_thousands_records_itself_and_shows_it() {
    let mut app = viewer();
    record_world::add_to(&mut app);
    offscreen::finish(&mut app);
    for _ in 0..40 {
        app.update();
    }
    let picture = picture(&mut app, "record_world.png");
    // Birds are of shades from blue to red; nothing of the interface is red.
    let is_red = |pixel: &&image::Rgb<u8>| {
        let [r, g, b] = pixel.0;
        r > 90 && r > g.saturating_add(20) && g > b.saturating_add(10)
    };
    let red = picture.pixels().filter(is_red).count();
    assert!(red > 100, "{red} pixels of birds");
    WorldRecorder::flush(app.world_mut()).unwrap();
    let world = app.world();
    let recorder = world.resource::<WorldRecorder>();
    let entry = world.resource::<Recordings>().find(recorder.id()).unwrap();
    let transform = entry.store().component_id("Transform3D:translation").unwrap();
    let moving = entry
        .store()
        .entities()
        .filter(|entity| entry.store().has_component(*entity, transform))
        .count();
    let birds = record_world::FLOCKS * (record_world::BIRDS + 1);
    assert!(moving > birds, "{moving}: some were hatched later");
    // The viewer's own cameras and lists are no part of the world.
    let paths = entry
        .store()
        .entities()
        .map(|entity| entry.store().entity_path(entity));
    let others: Vec<_> = paths
        .filter(|path| path.as_str().starts_with("/world/") && !path.as_str().starts_with("/world/flock_"))
        .filter(|path| path.depth() == 2)
        .collect();
    assert!(
        others.len() <= 1,
        "{others:?}: the camera of the interface at most"
    );
}

#[test]
fn the_world_follows_the_cursor_of_the_viewer() {
    let mut app = viewer();
    rewind::add_to(&mut app);
    offscreen::finish(&mut app);
    for _ in 0..100 {
        app.update();
    }
    let heights = |app: &mut App| {
        let mut balls = app.world_mut().query::<(&Name, &Transform, &rewind::Ball)>();
        let mut heights: Vec<(String, f32, f32)> = balls
            .iter(app.world())
            .map(|(name, place, ball)| (name.to_string(), place.translation.y, ball.velocity))
            .collect();
        heights.sort_by(|a, b| a.0.cmp(&b.0));
        heights
    };
    let at_100 = heights(&mut app);
    for _ in 0..100 {
        app.update();
    }
    // Frames are counted from zero.
    let frame = TimeCommand::SetTimelineAndTime("frame".to_owned(), 99);
    app.world_mut().resource_mut::<ViewerCommands>().time(frame);
    offscreen::settle(&mut app, Some(600)).expect("the world stands while it shows the past");
    assert_eq!(heights(&mut app), at_100);
    picture(&mut app, "rewind.png");
    assert!(app.world().resource::<Rewind>().is_past());
    // And on from there, when the user asks for the end.
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .time(TimeCommand::Follow);
    app.update();
    app.update();
    assert!(!app.world().resource::<Rewind>().is_past());
    assert_ne!(heights(&mut app), at_100);
}

#[test]
fn futures_branch_off_the_same_moment() {
    let memory = MemorySink::default();
    let recording = RecordPlugin::new("fork").with_sink(memory.clone());
    let mut app = fork::app(recording.with_recording_id("the first"));
    let ends = fork::futures(&mut app, &[-2.0, 0.0, 2.0]).unwrap();
    assert!(
        (ends[0] - ends[2]).abs() < 1e-4,
        "{ends:?}: without wind it is the same"
    );
    assert!(ends[1] + 1.0 < ends[0] && ends[0] + 1.0 < ends[3], "{ends:?}");
    for recording in ["the first", "future 1", "future 2", "future 3"] {
        let recording = memory
            .to_recording(&StoreId::recording("fork", recording))
            .unwrap();
        let frame = recording.store.timeline_id("frame").unwrap();
        let begin = recording.store.time_range(frame).min;
        let is_first = &*recording.id().recording_id == "the first";
        assert_eq!(begin, if is_first { 0 } else { 20 });
    }
}

#[test]
fn a_program_without_an_engine_logs() {
    let memory = MemorySink::default();
    let mut recorder = Recorder::builder("drone").sink(memory.clone()).start().unwrap();
    log_without_bevy::fly(&mut recorder).unwrap();
    recorder.flush().unwrap();
    let recording = memory.to_recording(recorder.id()).unwrap();
    let rows = |path: &str| {
        let entity = recording.store.entity_id(&path.into()).unwrap();
        recording.store.entity_stats(entity).num_rows
    };
    let steps = log_without_bevy::STEPS.unsigned_abs();
    // With its body, which is static.
    assert_eq!(rows("/world/drone"), steps + 1);
    assert_eq!(
        [rows("/plots/height"), rows("/plots/turns"), rows("/log")],
        [steps, steps, 4]
    );
}

/// To the viewer in the app, to a file and to a viewer elsewhere, in one run.
#[test]
fn the_viewer_here_a_file_and_a_viewer_elsewhere_get_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.rrd");
    let runtime = LiveRuntime::start().unwrap();
    let settings = ServerSettings {
        address: ([127, 0, 0, 1], 0).into(),
        ..ServerSettings::default()
    };
    let server = Server::start(&runtime, &settings).unwrap();
    let sink = GrpcSink::connect(&runtime, &Link::local(server.address().port())).unwrap();
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, TransformPlugin, FramePlugins))
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(50)))
        .add_plugins(
            RecordPlugin::new("host")
                .with_recording_id("run")
                .with_file(&path)
                .with_sink(sink),
        );
    offscreen::finish(&mut app);
    let car = app
        .world_mut()
        .spawn((Name::new("car"), Transform::default()))
        .id();
    for frame in 0..50_i16 {
        app.world_mut().get_mut::<Transform>(car).unwrap().translation.x = f32::from(frame);
        app.update();
    }
    WorldRecorder::flush(app.world_mut()).unwrap();
    let id = StoreId::recording("host", "run");
    // The frame and the place of each row.
    let rows = |store: &ChunkStore| {
        let car = store.entity_id(&"/world/car".into()).unwrap();
        let frame = store.timeline_id("frame").unwrap();
        let mut rows = Vec::new();
        for (_, chunk) in store.chunks() {
            let chunk = chunk.unwrap();
            if store.entity_id(chunk.entity_path()) != Some(car) {
                continue;
            }
            let timeline = store.timeline(frame);
            let column = chunk
                .timelines()
                .iter()
                .find(|column| column.timeline() == timeline);
            let times = column.unwrap().times();
            for row in 0..chunk.num_rows() {
                if let Some(cell) = chunk.cell(&Transform3D::TRANSLATION, row) {
                    let place = read::translations3d(&cell).unwrap()[0];
                    rows.push((times[row], place[0] as i64));
                }
            }
        }
        rows.sort_unstable();
        rows
    };
    let recordings = app.world().resource::<Recordings>();
    let here = rows(recordings.find(&id).unwrap().store());
    let expected: Vec<(i64, i64)> = (0..50).map(|frame| (frame, frame)).collect();
    assert_eq!(here, expected);

    let sender = server.next_within(Duration::from_secs(60)).unwrap().source;
    // Ends the file and the connection.
    drop(app);
    let store_of = |messages: Vec<LogMessage>| {
        let mut recording = Recording::new(id.clone());
        for message in messages {
            if let LogMessage::Chunk { store, chunk } = message {
                assert_eq!(store, id);
                recording.insert(chunk).unwrap();
            }
        }
        recording
    };
    let (messages, reports) = read_file(&path);
    assert!(reports.is_empty(), "{reports:?}");
    assert_eq!(rows(&store_of(messages).store), here, "in the file");
    let messages = sender.events().filter_map(|event| match event {
        LoadEvent::Message(message) => Some(message),
        _ => None,
    });
    assert_eq!(rows(&store_of(messages.collect()).store), here, "elsewhere");
}
