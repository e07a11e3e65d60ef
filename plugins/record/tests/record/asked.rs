//! Rows that wait are there for who asks for them: a system of the host, something that is saved, the end of the app.

use std::{collections::BTreeMap, time::Duration};

use bevy_app::AppExit;
use bevy_ecs::{name::Name, prelude::*, system::RunSystemOnce as _};
use bevy_reflect::Reflect;
use bevy_transform::components::Transform;
use chronoscope_frame::{Export, FramePlugins, Recordings, ViewerCommand, ViewerCommands};
use chronoscope_record::{AppRecordExt, RecordComponent, RecordedRows, WorldRecorder};
use chronoscope_store::{EntityPath, Recording, TimeRange};
use chronoscope_types::{Scalars, TextLog, Transform3D};
use proptest::prelude::*;

use crate::{
    Stage, entity_at,
    history::{Step, apply, entities, step},
    hit, pose_at,
};

#[derive(Component, Reflect)]
struct Speed(f32);

/// An app with a viewer's stores, to which frames send nothing.
fn stage() -> Stage {
    stage_with(Duration::ZERO)
}

fn stage_with(flush_budget: Duration) -> Stage {
    let mut stage = Stage::new(|settings| settings.flush_budget = flush_budget);
    stage.app.add_plugins(FramePlugins);
    stage
        .app
        .record_with(RecordComponent::<Speed>::new().with_fields(["0"]));
    stage.app.finish();
    stage.app.cleanup();
    stage
}

fn move_all(stage: &mut Stage) {
    let mut poses = stage.world().query::<&mut Transform>();
    poses
        .iter_mut(stage.app.world_mut())
        .for_each(|mut pose| pose.translation.x += 1.0);
    let mut speeds = stage.world().query::<&mut Speed>();
    speeds
        .iter_mut(stage.app.world_mut())
        .for_each(|mut speed| speed.0 += 1.0);
    stage.app.update();
}

fn frame(stage: &Stage) -> i64 {
    stage.app.world().resource::<WorldRecorder>().frame()
}

/// The recording in the viewer, as it is for who asks no recorder.
fn in_store(stage: &Stage) -> &Recording {
    let world = stage.app.world();
    let recordings = world.resource::<Recordings>();
    let id = world.resource::<WorldRecorder>().id();
    &recordings.find(id).unwrap().recording
}

fn newest(recording: &Recording, path: &str, component: &str) -> Option<i64> {
    hit(recording, path, component, i64::MAX)?.data_time()
}

/// What a system of the host finds that asks for paths.
fn ask<T: 'static>(
    stage: &mut Stage,
    paths: &[&str],
    mut look: impl FnMut(&Recording) -> T + Send + Sync + 'static,
) -> T {
    let paths: Vec<EntityPath> = paths.iter().map(|path| (*path).into()).collect();
    let system = move |mut rows: RecordedRows| look(rows.at(&paths).unwrap());
    stage.world().run_system_once(system).unwrap()
}

#[test]
fn what_a_system_asks_for_is_there_with_what_it_hangs_on_and_nothing_else() {
    let mut stage = stage();
    for at in 0..20 {
        let name = Name::new(format!("arm{at}"));
        let arm = stage.world().spawn((name, Transform::default())).id();
        let hand = (Name::new("hand"), Transform::default(), ChildOf(arm), Speed(0.0));
        stage.world().spawn(hand);
    }
    for _ in 0..10 {
        move_all(&mut stage);
    }
    let hand = "/world/arm3/hand";
    let is_there = newest(in_store(&stage), hand, &Transform3D::TRANSLATION).is_some();
    assert!(!is_there, "it waits");

    let now = frame(&stage);
    let found = ask(&mut stage, &[hand], move |recording| {
        [
            "/world/arm3/hand",
            "/world/arm3",
            "/world/arm4",
            "/world/arm4/hand",
        ]
        .map(|path| newest(recording, path, &Transform3D::TRANSLATION))
    });
    assert_eq!(found, [Some(now), Some(now), None, None]);
    // All rows until then, of all that it has.
    let recording = in_store(&stage);
    for frame in 0..=now {
        let pose = pose_at(recording, hand, frame).unwrap();
        assert_eq!(pose.translation.x, frame as f32 + 1.0);
    }
    assert_eq!(newest(recording, hand, "bevy.Component:Speed"), Some(now));
    let field = "/world/arm3/hand/Speed/0";
    assert_eq!(newest(recording, field, &Scalars::SCALARS), Some(now));

    // A path below an entity is among what that has.
    move_all(&mut stage);
    let speed = "/world/arm7/hand/Speed/0";
    let found = ask(&mut stage, &[speed], move |recording| {
        newest(recording, speed, &Scalars::SCALARS)
    });
    assert_eq!(found, Some(now + 1));

    // Nothing comes twice, and what is asked for again is as new as can be.
    move_all(&mut stage);
    let found = ask(&mut stage, &[hand, "/world/arm3", hand], move |recording| {
        newest(recording, hand, &Transform3D::TRANSLATION)
    });
    assert_eq!(found, Some(now + 2));
    WorldRecorder::flush(stage.world()).unwrap();
    let rows = |recording: &Recording| {
        let store = &recording.store;
        let rows = |path: &str| {
            store
                .entity_stats(store.entity_id(&path.into()).unwrap())
                .num_rows
        };
        [hand, "/world/arm3", "/world/arm4", field].map(rows)
    };
    // A pose and a speed in each frame, and who it is.
    let all = 12;
    assert_eq!(rows(in_store(&stage)), [2 * all + 1, all + 1, all + 1, all]);
    assert_eq!(rows(&stage.recording()), rows(in_store(&stage)));
}

#[test]
fn who_is_gone_is_asked_for_under_the_path_of_the_next_one() {
    let mut stage = stage();
    let name = || Name::new("drop");
    let first = stage.world().spawn((name(), Transform::default())).id();
    for _ in 0..3 {
        move_all(&mut stage);
    }
    stage.world().despawn(first);
    stage.app.update();
    let at_once = ask(&mut stage, &["/world/drop"], |recording| {
        [2, 3].map(|frame| entity_at(recording, "/world/drop", frame))
    });
    assert_eq!(at_once, [Some(first), None]);

    let second = stage.world().spawn((name(), Transform::default())).id();
    move_all(&mut stage);
    stage.world().despawn(second);
    let third = stage.world().spawn((name(), Transform::default())).id();
    move_all(&mut stage);
    let then = ask(&mut stage, &["/world/drop"], |recording| {
        [2, 3, 4, 5].map(|frame| entity_at(recording, "/world/drop", frame))
    });
    assert_eq!(then, [Some(first), None, Some(second), Some(third)]);
}

#[test]
fn what_was_logged_in_this_very_frame_is_there() {
    let mut stage = stage();
    move_all(&mut stage);
    let recorder = stage.app.world().resource::<WorldRecorder>();
    recorder.log().log("note", &TextLog::new("now")).unwrap();
    let rows = ask(&mut stage, &["/note"], |recording| {
        let store = &recording.store;
        let note = store.entity_id(&"/note".into())?;
        Some(store.entity_stats(note).num_rows)
    });
    assert_eq!(rows, Some(1));
}

#[test]
fn without_a_viewer_there_is_nothing_to_ask() {
    let mut stage = Stage::new(|_| {});
    stage.app.finish();
    stage.app.cleanup();
    stage.world().spawn(Transform::default());
    stage.app.update();
    let has_recording = |mut rows: RecordedRows| rows.at([EntityPath::from("/world")]).is_some();
    assert!(!stage.world().run_system_once(has_recording).unwrap());
}

#[test]
fn before_times_are_saved_all_rows_are_in_the_store() {
    let mut stage = stage();
    let name = Name::new("car");
    stage.world().spawn((name, Transform::default()));
    for _ in 0..5 {
        move_all(&mut stage);
    }
    let car = |stage: &Stage| newest(in_store(stage), "/world/car", &Transform3D::TRANSLATION);
    assert_eq!(car(&stage), None, "it waits");
    let now = frame(&stage);
    let save = ViewerCommand::Export(Export::Times(TimeRange::EVERYTHING), "times.rrd".into());
    stage.world().resource_mut::<ViewerCommands>().push(save);
    stage.app.update();
    assert_eq!(car(&stage), Some(now), "it is there before anything is saved");
}

#[test]
fn components_come_while_more_moves_than_frames_can_send() {
    let mut stage = stage_with(Duration::from_millis(4));
    for at in 0..3_000 {
        let name = Name::new(format!("rock{at}"));
        stage.world().spawn((name, Transform::default()));
    }
    let name = Name::new("car");
    stage.world().spawn((name, Transform::default(), Speed(0.0)));
    for _ in 0..40 {
        move_all(&mut stage);
    }
    assert!(stage.app.world().resource::<WorldRecorder>().is_waiting());
    let recording = in_store(&stage);
    assert!(newest(recording, "/world/car", "bevy.Component:Speed").is_some());
    assert!(newest(recording, "/world/car/Speed/0", &Scalars::SCALARS).is_some());
}

#[test]
fn the_last_frame_of_an_app_sends_all() {
    let mut stage = stage();
    let name = Name::new("car");
    stage.world().spawn((name, Transform::default(), Speed(0.0)));
    for _ in 0..5 {
        move_all(&mut stage);
    }
    stage.world().write_message(AppExit::Success);
    move_all(&mut stage);
    let id = stage.app.world().resource::<WorldRecorder>().id().clone();
    let Stage { app, memory } = stage;
    drop(app);
    let recording = memory.to_recording(&id).unwrap();
    for frame in 0..6 {
        let pose = pose_at(&recording, "/world/car", frame).unwrap();
        assert_eq!(pose.translation.x, frame as f32 + 1.0);
    }
    assert_eq!(
        newest(&recording, "/world/car/Speed/0", &Scalars::SCALARS),
        Some(5)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whoever_is_asked_for_is_found_as_it_was_though_nothing_is_sent(
        steps in prop::collection::vec((step(), any::<prop::sample::Index>()), 1..60),
    ) {
        let mut stage = stage();
        // Per frame: who is where, and its pose.
        let mut expected: Vec<BTreeMap<String, (Entity, Transform)>> = Vec::new();
        for (step, which) in steps {
            apply(stage.world(), &step);
            if !matches!(step, Step::Frame) {
                continue;
            }
            stage.app.update();
            let there = entities(stage.world());
            let world = stage.app.world();
            let recorder = world.resource::<WorldRecorder>();
            let now = there.into_iter().map(|entity| {
                let path = recorder.path_of(entity).expect("all are recorded").to_string();
                (path, (entity, *world.get::<Transform>(entity).unwrap()))
            });
            expected.push(now.collect());
            let paths: Vec<String> = expected.iter().flat_map(BTreeMap::keys).cloned().collect();
            if paths.is_empty() {
                continue;
            }
            let path = which.get(&paths).clone();
            let frames = expected.len() as i64;
            let asked = path.clone();
            let found = ask(&mut stage, &[path.as_str()], move |recording| {
                let at = |frame| Some((entity_at(recording, &asked, frame)?, pose_at(recording, &asked, frame)?));
                (0..frames).map(at).collect::<Vec<_>>()
            });
            for (frame, (found, expected)) in found.into_iter().zip(&expected).enumerate() {
                prop_assert_eq!(found, expected.get(&path).copied(), "{} at {}", path, frame);
            }
        }
    }
}
