//! What a host may do to the recorder, and what it costs nobody.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bevy_app::{App, Last, TaskPoolPlugin};
use bevy_ecs::{
    prelude::*,
    schedule::{LogLevel, ScheduleBuildSettings},
};
use bevy_reflect::Reflect;
use bevy_time::TimePlugin;
use bevy_transform::{TransformPlugin, components::Transform};
use chronoscope_frame::{
    Cursor, FrameDiagnostics, FramePlugins, IngestSources, Recordings, Reports, TimeCommand, ViewerCommand,
    ViewerCommands,
};
use chronoscope_log::{BatchSettings, MemorySink, Recorder, Sink, SinkError, SinkNotice};
use chronoscope_record::{
    AppLogExt, AppRecordExt, AppRecordMoreExt, AppTimeSourceExt, RecordComponent, RecordPlugin,
    RecordSystems, Rewind, RewindPlugin, WorldRecorder,
};
use chronoscope_types::{Boxes3D, LogMessage, TextLog};

use crate::Stage;

#[derive(Component, Reflect)]
struct Speed(f32);

#[derive(Component, Reflect)]
struct Size(f32);

#[derive(Resource, Debug)]
struct Mode;

#[derive(Resource, Reflect)]
struct Gear(u32);

#[derive(Message)]
struct Crash;

#[derive(Event)]
struct Horn;

#[test]
fn systems_of_a_host_are_ambiguous_with_none_of_the_recorder() {
    let mut stage = Stage::new(|_| {});
    let log = |recorder: Res<WorldRecorder>| {
        recorder.log().log("host", &TextLog::new("a frame")).unwrap();
    };
    stage
        .app
        .add_plugins((FramePlugins, RewindPlugin))
        .record_with(RecordComponent::<Speed>::new().with_fields(["0"]).with_rate(10.0))
        .record::<Size>()
        .record_as(|size: &Size| Boxes3D::from_half_sizes([[size.0; 3]]))
        .record_as(|speed: &Speed| TextLog::new(speed.0.to_string()))
        .insert_resource(Mode)
        .insert_resource(Gear(1))
        .record_state("mode", |mode: &Mode| format!("{mode:?}"))
        .record_resource::<Gear>()
        .record_messages("log/crashes", |_: &Crash| TextLog::new("crash"))
        .record_events("log/horn", |_: &Horn| TextLog::new("horn"))
        .add_time_source("speed", |speeds: Query<&Speed>| speeds.iter().count() as i64)
        .add_systems(
            Last,
            (
                log.in_set(RecordSystems::Log),
                (|_: Query<(&Transform, &Speed)>, _: Res<Recordings>| {}).before(RecordSystems::Begin),
                (|_: Query<&mut Size>| {}).after(RecordSystems::Flush),
            ),
        )
        .edit_schedule(Last, |schedule| {
            schedule.set_build_settings(ScheduleBuildSettings {
                ambiguity_detection: LogLevel::Error,
                ..ScheduleBuildSettings::default()
            });
        });
    stage.app.finish();
    stage.app.cleanup();
    stage.world().spawn((Transform::default(), Speed(1.0), Size(2.0)));
    for _ in 0..3 {
        stage.app.update();
    }
    let recording = stage.recording();
    let host = recording.store.entity_id(&"/host".into()).unwrap();
    assert_eq!(recording.store.entity_stats(host).num_rows, 3);
}

#[test]
fn a_host_that_goes_to_a_time_takes_the_cursor_of_the_viewer_along() {
    let mut stage = Stage::new(|_| {});
    stage.app.add_plugins((FramePlugins, RewindPlugin));
    stage.app.finish();
    stage.app.cleanup();
    let cube = stage.world().spawn(Transform::default()).id();
    for frame in 0..10 {
        stage.world().get_mut::<Transform>(cube).unwrap().translation.x = frame as f32;
        stage.app.update();
    }
    let x = |stage: &mut Stage| stage.world().get::<Transform>(cube).unwrap().translation.x;
    stage.world().resource_mut::<Rewind>().to_frame(4);
    for frame in 0..4 {
        stage.app.update();
        assert!(
            stage.world().resource::<Rewind>().is_past(),
            "after {frame} frames"
        );
        assert_eq!(x(&mut stage), 4.0);
    }
    assert_eq!(stage.world().resource::<Cursor>().time, 4);
    stage.world().resource_mut::<Rewind>().to_present();
    for _ in 0..4 {
        stage.app.update();
        assert!(!stage.world().resource::<Rewind>().is_past());
        assert_eq!(x(&mut stage), 9.0);
    }
    let newest = stage.world().resource::<WorldRecorder>().frame();
    assert!(
        stage.world().resource::<Cursor>().time >= newest - 1,
        "it follows the end again"
    );
}

#[test]
fn a_world_that_does_not_follow_the_cursor_goes_where_the_host_says_alone() {
    let mut stage = Stage::new(|_| {});
    stage.app.add_plugins((FramePlugins, RewindPlugin));
    stage.app.finish();
    stage.app.cleanup();
    stage.world().resource_mut::<Rewind>().set_follows_cursor(false);
    let cube = stage.world().spawn(Transform::default()).id();
    for frame in 0..10 {
        stage.world().get_mut::<Transform>(cube).unwrap().translation.x = frame as f32;
        stage.app.update();
    }
    let x = |stage: &mut Stage| stage.world().get::<Transform>(cube).unwrap().translation.x;
    let command = TimeCommand::SetTimelineAndTime("frame".to_owned(), 7);
    let mut commands = stage.world().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Time(command));
    for _ in 0..3 {
        stage.app.update();
        assert!(!stage.world().resource::<Rewind>().is_past());
        assert_eq!(x(&mut stage), 9.0);
    }
    stage.world().resource_mut::<Rewind>().to_frame(4);
    for _ in 0..3 {
        stage.app.update();
        assert!(stage.world().resource::<Rewind>().is_past());
        assert_eq!(x(&mut stage), 4.0);
    }
    assert_eq!(stage.world().resource::<Cursor>().time, 7, "it stays");
}

#[test]
fn a_recording_that_is_not_for_the_viewer_goes_elsewhere_alone() {
    let memory = MemorySink::default();
    let mut app = App::new();
    app.add_plugins((TimePlugin, TransformPlugin, FramePlugins))
        .add_plugins(
            RecordPlugin::new("aside")
                .with_viewer(false)
                .with_sink(memory.clone()),
        );
    app.finish();
    app.cleanup();
    app.world_mut().spawn((Name::new("cube"), Transform::default()));
    for _ in 0..3 {
        app.update();
    }
    WorldRecorder::flush(app.world_mut()).unwrap();
    let id = app.world().resource::<WorldRecorder>().id().clone();
    assert!(app.world().resource::<Recordings>().find(&id).is_none());
    let recording = memory.to_recording(&id).unwrap();
    assert!(recording.store.entity_id(&"/world/cube".into()).is_some());
}

/// A type that is reflected, and of which nothing is known.
#[derive(Clone, Reflect)]
#[reflect(opaque)]
struct Handle;

#[derive(Component, Reflect)]
struct Odd {
    handle: Handle,
}

#[test]
fn a_reflected_type_without_data_is_reported_once_and_costs_nothing_else() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins(RewindPlugin)
        .record::<Odd>()
        .record::<Speed>();
    for _ in 0..3 {
        stage
            .world()
            .spawn((Transform::default(), Odd { handle: Handle }, Speed(1.0)));
        stage.app.update();
    }
    let reports = stage.world().resource::<Reports>();
    let told: Vec<&str> = reports.iter().map(|report| &*report.message).collect();
    let told: Vec<&&str> = told.iter().filter(|text| text.contains("Odd")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let recording = stage.recording();
    assert!(recording.store.component_id("bevy.Component:Speed").is_some());
    assert!(recording.store.component_id("bevy.Component:Odd").is_none());
}

#[test]
fn a_state_that_is_not_there_and_a_recorder_that_is_gone_cost_the_host_nothing() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins((FramePlugins, RewindPlugin))
        .record::<Speed>()
        .record_resource::<Gear>()
        .record_state("mode", |mode: &Mode| format!("{mode:?}"));
    stage.app.finish();
    stage.app.cleanup();
    stage.world().spawn((Transform::default(), Speed(1.0)));
    stage.app.update();
    stage.world().insert_resource(Mode);
    stage.app.update();
    stage.world().remove_resource::<Mode>();
    stage.app.update();
    let recording = stage.recording();
    let mode = recording.store.entity_id(&"/mode".into()).unwrap();
    assert_eq!(recording.store.entity_stats(mode).num_rows, 1);
    stage.world().remove_resource::<WorldRecorder>();
    stage.app.update();
    stage.app.update();
}

#[test]
fn what_waits_counts_against_the_one_budget() {
    let mut stage = Stage::new(|settings| settings.flush_budget = Duration::ZERO);
    stage.app.add_plugins(FramePlugins).record::<Speed>();
    stage.app.finish();
    stage.app.cleanup();
    let cars: Vec<Entity> = (0..500)
        .map(|_| stage.world().spawn((Transform::default(), Speed(0.0))).id())
        .collect();
    let bytes = |stage: &mut Stage| {
        stage.app.update();
        let memory = &stage.world().resource::<FrameDiagnostics>().memory;
        let cache = memory
            .caches
            .iter()
            .find(|cache| cache.name == "Recorder")
            .unwrap();
        cache.size.bytes
    };
    let before = bytes(&mut stage);
    for frame in 0..40 {
        for car in &cars {
            stage.world().get_mut::<Transform>(*car).unwrap().translation.x = frame as f32;
            stage.world().get_mut::<Speed>(*car).unwrap().0 = frame as f32;
        }
        stage.app.update();
    }
    let full = bytes(&mut stage);
    // A pose and a text with their ids: more than 60 bytes each.
    assert!(full > before + 500 * 40 * 60, "{before} and {full} bytes");
    for car in &cars {
        stage.world().despawn(*car);
    }
    stage.app.update();
    WorldRecorder::flush(stage.world()).unwrap();
    let after = bytes(&mut stage);
    assert!(after < full / 5, "{after} of {full} bytes");
}

#[test]
fn what_a_host_logs_from_a_thread_is_taken_in_until_it_ends() {
    let mut stage = Stage::new(|_| {});
    stage.app.add_plugins(FramePlugins);
    let lidar = Recorder::builder("lidar").batches(BatchSettings::without_timer());
    let mut lidar = stage.app.start_recorder(lidar).unwrap();
    stage.app.finish();
    stage.app.cleanup();
    let id = lidar.id().clone();
    let rows = |stage: &mut Stage| {
        stage.app.update();
        stage.app.update();
        let recordings = stage.world().resource::<Recordings>();
        let store = recordings.find(&id)?.store();
        let points = store.entity_id(&"points".into())?;
        Some(store.entity_stats(points).num_rows)
    };
    lidar.set_sequence("scan", 0);
    lidar.log("points", &TextLog::new("first")).unwrap();
    assert_eq!(rows(&mut stage), None, "it waits for more");
    lidar.flush().unwrap();
    assert_eq!(rows(&mut stage), Some(1));
    let thread = std::thread::spawn(move || {
        for scan in 1..100 {
            lidar.set_sequence("scan", scan);
            lidar.log("points", &TextLog::new("more")).unwrap();
        }
        lidar.finish().unwrap();
    });
    thread.join().unwrap();
    assert_eq!(rows(&mut stage), Some(100));
    let sources = stage.world().resource::<IngestSources>();
    assert_eq!(sources.states().count(), 0, "it has ended");
}

/// A viewer elsewhere, as far as it is seen from here.
#[derive(Clone, Default)]
pub(crate) struct Elsewhere(Arc<Mutex<ElsewhereState>>);

#[derive(Default)]
struct ElsewhereState {
    tolerates: bool,
    notices: Vec<SinkNotice>,
    bytes: u64,
    rows: u64,
}

impl Elsewhere {
    /// It knows nothing any more.
    pub(crate) fn begin_anew(&self) {
        self.state().notices.push(SinkNotice::Anew);
    }

    fn state(&self) -> MutexGuard<'_, ElsewhereState> {
        self.0.lock().unwrap()
    }
}

impl Sink for Elsewhere {
    fn name(&self) -> &str {
        "elsewhere"
    }

    fn tolerate_losses(&mut self) {
        self.state().tolerates = true;
    }

    fn take_notices(&mut self) -> Vec<SinkNotice> {
        std::mem::take(&mut self.state().notices)
    }

    fn waiting_bytes(&self) -> u64 {
        self.state().bytes
    }

    fn take(&mut self, message: &LogMessage) -> Result<(), SinkError> {
        if let LogMessage::Chunk { chunk, .. } = message
            && *chunk.entity_path() == "/world/cube".into()
        {
            self.state().rows += chunk.num_rows() as u64;
        }
        Ok(())
    }
}

#[test]
fn a_sink_that_loses_something_is_reported_and_one_that_begins_anew_gets_the_world() {
    let elsewhere = Elsewhere::default();
    let mut app = App::new();
    app.add_plugins((
        TaskPoolPlugin::default(),
        TimePlugin,
        TransformPlugin,
        FramePlugins,
    ))
    .add_plugins(RecordPlugin::new("test").with_sink(elsewhere.clone()));
    let mut stage = Stage {
        app,
        memory: MemorySink::default(),
    };
    stage.app.finish();
    stage.app.cleanup();
    assert!(elsewhere.state().tolerates, "the app waits for nobody");
    let cube = stage
        .world()
        .spawn((Name::new("cube"), Transform::default()))
        .id();
    let frames = |stage: &mut Stage| {
        for _ in 0..3 {
            stage.app.update();
        }
        WorldRecorder::flush(stage.world()).unwrap();
        elsewhere.state().rows
    };
    let begun = frames(&mut stage);
    assert_eq!(frames(&mut stage), begun, "it rests");

    let told = |stage: &Stage| {
        let reports = stage.app.world().resource::<Reports>().iter();
        reports
            .filter(|report| report.message.contains("elsewhere"))
            .count()
    };
    for _ in 0..2 {
        let sink = "elsewhere".into();
        let lost = SinkNotice::Lost(SinkError::Dropping { sink });
        elsewhere.state().notices.push(lost);
        assert_eq!(frames(&mut stage), begun);
        assert_eq!(told(&stage), 1);
    }
    elsewhere.begin_anew();
    assert_eq!(
        frames(&mut stage),
        begun + 1,
        "where the cube rests is said again"
    );
    assert_eq!(frames(&mut stage), begun + 1);
    assert!(stage.world().get_entity(cube).is_ok());

    let bytes = |stage: &mut Stage| {
        stage.app.update();
        let memory = &stage.world().resource::<FrameDiagnostics>().memory;
        let cache = memory.caches.iter().find(|cache| cache.name == "Recorder");
        cache.unwrap().size.bytes
    };
    let before = bytes(&mut stage);
    elsewhere.state().bytes = 1_000_000;
    assert!(bytes(&mut stage) >= before + 900_000);
}
