//! Timelines of the app's own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bevy_ecs::prelude::*;
use bevy_transform::components::Transform;
use chronoscope_frame::Reports;
use chronoscope_record::{AppTimeSourceExt as _, Rewind, RewindPlugin, WorldRecorder};
use chronoscope_store::{Recording, TimeType};

use crate::{Stage, pose_at};

/// Messages that came until now.
#[derive(Resource, Default)]
struct Bus(i64);

/// A world in which a cube moves for ten frames, and three messages come in each of them.
fn play(stage: &mut Stage) -> Entity {
    stage.world().init_resource::<Bus>();
    let cube = stage
        .world()
        .spawn((Name::new("cube"), Transform::default()))
        .id();
    for frame in 0..10 {
        stage.world().resource_mut::<Bus>().0 = 3 * frame;
        stage.world().get_mut::<Transform>(cube).unwrap().translation.x = frame as f32;
        stage.app.update();
    }
    cube
}

fn x_at(recording: &Recording, timeline: &str, time: i64) -> Option<f32> {
    let store = &recording.store;
    let cube = store.entity_id(&"/world/cube".into())?;
    let translation = store.component_id("Transform3D:translation")?;
    let timeline = store.timeline_id(timeline)?;
    let cell = recording
        .latest_at(cube, Some(timeline), time, translation)
        .cell()?;
    Some(chronoscope_types::read::translations3d(&cell).ok()?[0][0])
}

#[test]
fn a_time_source_is_a_timeline_of_the_type_that_it_says() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_time_source("message", |bus: Res<Bus>| bus.0)
        .add_time_source("bus_time", |bus: Res<Bus>| {
            Duration::from_millis(bus.0.unsigned_abs())
        })
        .add_time_source("wall", |bus: Res<Bus>| -> SystemTime {
            UNIX_EPOCH + Duration::from_secs(bus.0.unsigned_abs())
        });
    play(&mut stage);
    let recording = stage.recording();
    let type_of = |name: &str| {
        let timeline = recording.store.timeline_id(name).unwrap();
        recording.store.timeline(timeline).time_type()
    };
    assert_eq!(type_of("message"), TimeType::Sequence);
    assert_eq!(type_of("bus_time"), TimeType::DurationNs);
    assert_eq!(type_of("wall"), TimeType::TimestampNs);
    assert_eq!(x_at(&recording, "message", 14), Some(4.0));
    assert_eq!(x_at(&recording, "bus_time", 14_999_999), Some(4.0));
    assert_eq!(x_at(&recording, "wall", 15_000_000_000), Some(5.0));
    assert_eq!(
        pose_at(&recording, "/world/cube", 5).unwrap().translation.x,
        5.0,
        "those of the recorder are there too"
    );
}

#[test]
fn a_source_of_a_known_name_takes_its_place_before_and_after_the_recorder() {
    let counted_by_three = |bus: Res<Bus>| bus.0;
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_time_source("sim_time", |_: Res<Bus>| Duration::from_secs(1))
        .add_time_source("sim_time", counted_by_three);
    play(&mut stage);
    let recording = stage.recording();
    let timelines = |recording: &Recording| recording.store.timelines().count();
    assert_eq!(timelines(&recording), 4);
    assert_eq!(x_at(&recording, "sim_time", 14), Some(4.0));

    let mut app = bevy_app::App::new();
    let memory = chronoscope_log::MemorySink::default();
    app.add_time_source("frame", counted_by_three)
        .add_plugins(chronoscope_record::RecordPlugin::new("test").with_sink(memory.clone()));
    let mut stage = Stage { app, memory };
    play(&mut stage);
    let recording = stage.recording();
    assert_eq!(timelines(&recording), 4);
    assert_eq!(x_at(&recording, "frame", 14), Some(4.0));
}

#[test]
fn a_source_that_comes_late_or_fails_is_reported_and_the_rest_goes_on() {
    #[derive(Resource)]
    struct Nowhere;
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins(RewindPlugin)
        .add_time_source("broken", |_: Res<Nowhere>| 7_i64);
    play(&mut stage);
    stage.app.add_time_source("late", || 7_i64);
    stage.app.update();
    let recording = stage.recording();
    assert!(recording.store.timeline_id("late").is_none());
    assert_eq!(x_at(&recording, "frame", 9), Some(9.0));
    assert_eq!(x_at(&recording, "broken", 0), Some(9.0), "all lie at zero");
    let reports = stage.world().resource::<Reports>();
    for text in ["no timeline \"late\"", "time source broken failed"] {
        let told = reports.iter().filter(|report| report.message.contains(text));
        assert_eq!(told.count(), 1, "{text}");
    }
}

#[test]
fn the_world_goes_back_by_it_and_a_fork_begins_there() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins(RewindPlugin)
        .add_time_source("message", |bus: Res<Bus>| bus.0);
    let cube = play(&mut stage);
    stage.world().resource_mut::<Rewind>().to_time("message", 13);
    stage.app.update();
    assert_eq!(stage.world().get::<Transform>(cube).unwrap().translation.x, 4.0);
    stage
        .world()
        .resource_mut::<Rewind>()
        .fork(Some("fork".to_owned()));
    stage.app.update();
    stage.world().resource_mut::<Bus>().0 += 3;
    stage.world().get_mut::<Transform>(cube).unwrap().translation.x = -1.0;
    stage.app.update();
    assert_eq!(stage.world().resource::<WorldRecorder>().frame(), 5);
    let fork = stage.recording();
    let begin = |name: &str| {
        let timeline = fork.store.timeline_id(name).unwrap();
        fork.store.time_range(timeline).min
    };
    assert_eq!(
        [begin("message"), begin("frame"), begin("sim_time")],
        [13, 4, 80_000_000]
    );
    assert_eq!(x_at(&fork, "message", 15), Some(4.0));
    assert_eq!(x_at(&fork, "message", 16), Some(-1.0));
}
