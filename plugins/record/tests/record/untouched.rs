//! What a rewind leaves alone.

use bevy_ecs::{entity_disabling::Disabled, prelude::*};
use bevy_reflect::{Reflect, TypePath};
use bevy_transform::components::Transform;
use chronoscope_frame::{FramePlugins, Recordings, TimeCommand, ViewerCommand, ViewerCommands};
use chronoscope_record::{
    AppRecordExt, ENTITY_COMPONENT, NotRestored, RecordComponent, Rewind, RewindPlugin, WorldRecorder,
};
use chronoscope_types::{StoreInfo, read};

use crate::{Stage, entity_at, hit, pose_at};

#[derive(Component, Reflect, Clone, Debug, PartialEq)]
struct Health(u32);

fn is_listed<T: TypePath>(stage: &mut Stage) -> bool {
    let unrecorded = NotRestored::Unrecorded {
        component: T::type_path().to_owned(),
    };
    let rewind = stage.world().resource::<Rewind>();
    rewind.not_restored().any(|not| *not == unrecorded)
}

#[test]
fn a_component_without_rows_stays_and_is_listed() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins(RewindPlugin)
        .record_with(RecordComponent::<Health>::new().with_filter(|health| health.0 < 50));
    stage.app.finish();
    stage.app.cleanup();
    let healthy = (Name::new("wolf"), Transform::default(), Health(100));
    let wolf = stage.world().spawn(healthy).id();
    let lamb = stage
        .world()
        .spawn((Name::new("lamb"), Transform::default()))
        .id();
    for frame in 0..6 {
        if frame == 3 {
            stage.world().entity_mut(lamb).insert(Health(10));
        }
        stage.app.update();
    }
    let health = |stage: &mut Stage| [wolf, lamb].map(|of| stage.world().get::<Health>(of).cloned());
    stage.go_to_frame(1);
    // That of the lamb was not there yet, and is recorded later.
    assert_eq!(health(&mut stage), [Some(Health(100)), None]);
    assert!(is_listed::<Health>(&mut stage));
    stage.go_to_frame(4);
    assert_eq!(health(&mut stage), [Some(Health(100)), Some(Health(10))]);
    stage.go_to_frame(0);
    assert_eq!(health(&mut stage), [Some(Health(100)), None]);
    stage.world().resource_mut::<Rewind>().to_present();
    stage.app.update();
    assert_eq!(health(&mut stage), [Some(Health(100)), Some(Health(10))]);
}

#[test]
fn who_had_no_transform_has_none_again() {
    let mut stage = Stage::new(|_| {});
    stage.app.add_plugins(RewindPlugin);
    stage.app.finish();
    stage.app.cleanup();
    let ghost = stage
        .world()
        .spawn((Name::new("ghost"), Transform::from_xyz(1.0, 0.0, 0.0)))
        .id();
    let place = |stage: &mut Stage| stage.world().get::<Transform>(ghost).map(|at| at.translation.x);
    stage.app.update();
    stage.world().entity_mut(ghost).remove::<Transform>();
    stage.app.update();
    stage.app.update();
    stage.go_to_frame(0);
    assert_eq!(place(&mut stage), Some(1.0));
    stage.world().resource_mut::<Rewind>().to_present();
    stage.app.update();
    assert_eq!(place(&mut stage), None, "looking back changes nothing");

    stage
        .world()
        .entity_mut(ghost)
        .insert(Transform::from_xyz(2.0, 0.0, 0.0));
    stage.app.update();
    let with_transform = stage.frame();
    // Longer than the engine tells of what was removed.
    for _ in 0..4 {
        stage.go_to_frame(1);
        assert_eq!(place(&mut stage), None);
    }
    stage.go_to_frame(0);
    assert_eq!(place(&mut stage), Some(1.0));
    stage.go_to_frame(2);
    stage.world().resource_mut::<Rewind>().resume();
    stage.app.update();
    let without = stage.frame();
    stage.app.update();
    assert_eq!(place(&mut stage), None);
    stage.go_to_frame(with_transform);
    assert_eq!(place(&mut stage), Some(2.0));
    stage.go_to_frame(without);
    assert_eq!(place(&mut stage), None, "it was recorded that it went on without");
    stage.world().resource_mut::<Rewind>().to_present();
    stage.app.update();
    stage.world().despawn(ghost);
    stage.app.update();
    let frame = stage.frame();
    let recording = stage.recording();
    assert_eq!(entity_at(&recording, "/world/ghost", frame - 1), Some(ghost));
    assert_eq!(entity_at(&recording, "/world/ghost", frame), None);
}

fn stage_with_viewer(follow: bool) -> Stage {
    let mut stage = Stage::new(|settings| settings.follow = follow);
    stage.app.add_plugins((FramePlugins, RewindPlugin));
    stage.app.finish();
    stage.app.cleanup();
    stage
}

fn command(stage: &mut Stage, command: ViewerCommand) {
    stage.world().resource_mut::<ViewerCommands>().push(command);
}

fn close_recording(stage: &mut Stage) {
    let id = stage.world().resource::<WorldRecorder>().id().clone();
    command(stage, ViewerCommand::CloseRecording(id));
}

/// What is known of the recording beside its data, where it comes from, and how many rows of its own properties it has.
fn what_is_said(stage: &Stage) -> (StoreInfo, String, u64) {
    let world = stage.app.world();
    let recordings = world.resource::<Recordings>();
    let entry = recordings.find(world.resource::<WorldRecorder>().id()).unwrap();
    let properties = entry.store().entity_id(&"/__properties".into());
    let num_rows = properties.map_or(0, |properties| entry.store().entity_stats(properties).num_rows);
    (entry.info.clone(), entry.source_name.to_string(), num_rows)
}

fn is_there(stage: &mut Stage, entity: Entity) -> bool {
    let entity = stage.world().get_entity(entity);
    entity.is_ok_and(|entity| !entity.contains::<Disabled>())
}

#[test]
fn a_recording_that_is_closed_in_the_viewer_begins_anew_and_the_world_stays() {
    let mut stage = stage_with_viewer(true);
    let cube = stage
        .world()
        .spawn((Name::new("cube"), Transform::default()))
        .id();
    for _ in 0..5 {
        stage.app.update();
    }
    let said = what_is_said(&stage);
    assert!(said.0.started_at_nanos.is_some() && said.2 > 0);
    close_recording(&mut stage);
    for _ in 0..4 {
        stage.app.update();
        assert!(!stage.world().resource::<Rewind>().is_past());
        assert!(is_there(&mut stage, cube));
    }
    assert_eq!(what_is_said(&stage), said);
    WorldRecorder::flush(stage.world()).unwrap();
    let id = stage.world().resource::<WorldRecorder>().id().clone();
    let store = stage.world().resource::<Recordings>().find(&id).unwrap().store();
    let entity = store.entity_id(&"/world/cube".into()).unwrap();
    let who = store.component_id(ENTITY_COMPONENT).unwrap();
    assert!(store.has_component(entity, who), "what rests is there, too");
    // The new store can be rewound.
    let frame = stage.frame();
    stage.go_to_frame(frame);
    assert!(stage.world().resource::<Rewind>().is_past());
    assert!(is_there(&mut stage, cube));
    stage.world().resource_mut::<Rewind>().to_present();
    stage.app.update();
    assert!(is_there(&mut stage, cube));
}

#[test]
fn the_present_is_there_though_the_recording_is_closed_in_the_past() {
    let mut stage = stage_with_viewer(true);
    let dead = stage.world().spawn(Transform::default()).id();
    stage.app.update();
    stage.app.update();
    stage.world().despawn(dead);
    let late = stage.world().spawn(Transform::default()).id();
    for _ in 0..3 {
        stage.app.update();
    }
    stage.go_to_frame(1);
    assert!(!is_there(&mut stage, late));
    close_recording(&mut stage);
    stage.app.update();
    stage.app.update();
    stage.world().resource_mut::<Rewind>().to_present();
    for _ in 0..3 {
        stage.app.update();
        assert!(!stage.world().resource::<Rewind>().is_past());
        let mut all = stage.world().query_filtered::<Entity, With<Transform>>();
        let there: Vec<Entity> = all.iter(stage.app.world()).collect();
        assert_eq!(there, [late]);
    }
}

#[test]
fn a_viewer_that_does_not_follow_sets_no_world_back_by_itself() {
    let mut stage = stage_with_viewer(false);
    stage.world().spawn(Transform::default());
    for _ in 0..6 {
        stage.app.update();
        assert!(!stage.world().resource::<Rewind>().is_past());
    }
    let time = TimeCommand::SetTimelineAndTime("frame".to_owned(), 2);
    command(&mut stage, ViewerCommand::Time(time));
    stage.app.update();
    stage.app.update();
    assert!(stage.world().resource::<Rewind>().is_past());
    // It stays where it was put, and the world goes on.
    stage.world().resource_mut::<Rewind>().resume();
    for _ in 0..3 {
        stage.app.update();
        assert!(!stage.world().resource::<Rewind>().is_past());
    }
}

#[test]
fn what_the_host_disables_is_recorded_anew_and_stays_disabled() {
    let mut stage = Stage::new(|_| {});
    stage.app.add_plugins(RewindPlugin).record::<Health>();
    stage.app.finish();
    stage.app.cleanup();
    let nest = stage
        .world()
        .spawn((Name::new("nest"), Transform::default()))
        .id();
    stage.app.update();
    let bird = (Name::new("bird"), Transform::default(), Health(1));
    let bird = stage.world().spawn(bird).id();
    // Never seen before it is enabled.
    let egg = (Name::new("egg"), Transform::default(), Health(3), Disabled);
    let egg = stage.world().spawn(egg).id();
    stage.app.update();
    stage.world().entity_mut(bird).insert(Disabled);
    stage.app.update();
    stage.go_to_frame(0);
    assert!(!is_there(&mut stage, bird));
    stage.world().resource_mut::<Rewind>().to_present();
    stage.app.update();
    assert!(
        stage.world().entity(bird).contains::<Disabled>(),
        "as the host left it"
    );

    let mut disabled = stage.world().entity_mut(bird);
    disabled.insert((Health(2), Transform::from_xyz(2.0, 0.0, 0.0), ChildOf(nest)));
    stage.app.update();
    stage.app.update();
    for entity in [bird, egg] {
        stage.world().entity_mut(entity).remove::<Disabled>();
    }
    stage.app.update();
    let frame = stage.frame();
    let recording = stage.recording();
    let x = |path| Some(pose_at(&recording, path, frame)?.translation.x);
    assert_eq!([x("/world/nest/bird"), x("/world/egg")], [Some(2.0), Some(0.0)]);
    let health = |path| {
        let cell = hit(&recording, path, "bevy.Component:Health", frame)?.cell();
        let texts = read::texts(&cell).ok()?;
        texts.iter().next().flatten().map(str::to_owned)
    };
    assert_eq!(health("/world/nest/bird").as_deref(), Some("(2)"));
    assert_eq!(health("/world/egg").as_deref(), Some("(3)"));
}
