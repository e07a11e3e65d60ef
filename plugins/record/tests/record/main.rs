//! Worlds that are recorded, and what is found in the recording afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod asked;
mod assets;
mod components;
mod engine;
mod history;
mod host;
mod resources;
mod rewind;
mod shown;
mod text;
mod time_sources;
mod untouched;

use std::time::Duration;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_time::{Real, Time, TimePlugin, TimeUpdateStrategy};
use bevy_transform::{TransformPlugin, components::Transform};
use chronoscope_log::MemorySink;
use chronoscope_record::{
    AppRecordExt, ENTITY_COMPONENT, RecordPlugin, RecordSettings, RecordedClick, Rewind, RewindPlugin,
    WorldRecorder,
};
use chronoscope_store::Recording;
use chronoscope_types::{TextLog, Transform3D};

/// An app that records to memory, 20 ms a frame.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) memory: MemorySink,
}

impl Stage {
    pub(crate) fn new(change: impl FnOnce(&mut RecordSettings)) -> Self {
        let memory = MemorySink::default();
        let mut settings = RecordSettings::default();
        change(&mut settings);
        let mut app = App::new();
        app.add_plugins((TimePlugin, TransformPlugin))
            .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(20)))
            .add_plugins(
                RecordPlugin::new("test")
                    .with_recording_id("run")
                    .with_settings(settings)
                    .with_sink(memory.clone()),
            );
        Self { app, memory }
    }

    pub(crate) fn world(&mut self) -> &mut World {
        self.app.world_mut()
    }

    /// What was recorded until now.
    pub(crate) fn recording(&mut self) -> Recording {
        WorldRecorder::flush(self.world()).unwrap();
        let id = self.app.world().resource::<WorldRecorder>().id().clone();
        self.memory.to_recording(&id).unwrap()
    }
}

/// The row of a component at a frame.
pub(crate) fn hit(
    recording: &Recording,
    path: &str,
    component: &str,
    frame: i64,
) -> Option<chronoscope_store::latest_at::Hit> {
    let store = &recording.store;
    let entity = store.entity_id(&path.into())?;
    let timeline = store.timeline_id("frame")?;
    let component = store.component_id(component)?;
    recording.latest_at(entity, Some(timeline), frame, component).hit
}

/// The entity that was recorded at a path.
pub(crate) fn entity_at(recording: &Recording, path: &str, frame: i64) -> Option<Entity> {
    let cell = hit(recording, path, ENTITY_COMPONENT, frame)?.cell();
    let bits: &chronoscope_store::arrow::UInt64Array = cell.as_any().downcast_ref()?;
    Entity::try_from_bits(bits.value(0))
}

/// The first color of a component at a path.
pub(crate) fn color_at(recording: &Recording, path: &str, component: &str, frame: i64) -> Option<u32> {
    let cell = hit(recording, path, component, frame)?.cell();
    Some(chronoscope_types::read::colors(&cell).unwrap()[0])
}

/// Where something was recorded to be.
pub(crate) fn pose_at(recording: &Recording, path: &str, frame: i64) -> Option<Transform> {
    let hit = hit(recording, path, &Transform3D::TRANSLATION, frame)?;
    let cell = |name: &str| hit.chunk().cell(name, hit.row());
    let translation = cell(&Transform3D::TRANSLATION)?;
    let rotation = cell(&Transform3D::QUATERNION)?;
    let scale = cell(&Transform3D::SCALE)?;
    Some(Transform {
        translation: chronoscope_types::read::translations3d(&translation).ok()?[0].into(),
        rotation: glam::Quat::from_array(chronoscope_types::read::quaternions(&rotation).ok()?[0]),
        scale: chronoscope_types::read::scales3d(&scale).ok()?[0].into(),
    })
}

#[test]
fn what_moves_is_recorded_and_what_rests_is_not() {
    let mut stage = Stage::new(|settings| settings.frame_times = false);
    let moving = stage
        .world()
        .spawn((Name::new("moving"), Transform::default()))
        .id();
    stage
        .world()
        .spawn((Name::new("resting"), Transform::from_xyz(5.0, 0.0, 0.0)));
    for frame in 0..10 {
        stage.world().get_mut::<Transform>(moving).unwrap().translation.x = frame as f32;
        stage.app.update();
    }
    let recording = stage.recording();
    let rows = |path: &str| {
        let entity = recording.store.entity_id(&path.into()).unwrap();
        recording.store.entity_stats(entity).num_rows
    };
    // Poses, and who it is.
    assert_eq!(rows("/world/moving"), 10 + 1);
    assert_eq!(rows("/world/resting"), 1 + 1);
    assert_eq!(
        pose_at(&recording, "/world/moving", 4).unwrap().translation.x,
        4.0
    );
    assert_eq!(
        pose_at(&recording, "/world/resting", 9).unwrap().translation.x,
        5.0
    );
    assert_eq!(entity_at(&recording, "/world/moving", 9), Some(moving));
    let timelines: Vec<&str> = recording
        .store
        .timelines()
        .map(|timeline| &**recording.store.timeline(timeline).name())
        .collect();
    assert_eq!(timelines, ["fixed_time", "frame", "real_time", "sim_time"]);
    let sim_time = recording.store.timeline_id("sim_time").unwrap();
    assert_eq!(recording.store.time_range(sim_time).max, 180_000_000);
}

#[test]
fn the_hierarchy_is_in_the_paths() {
    let mut stage = Stage::new(|_| {});
    let world = stage.world();
    let arm = world.spawn((Name::new("arm"), Transform::default())).id();
    let base = world.spawn((Name::new("base"), Transform::default())).id();
    let hand = world
        .spawn((
            Name::new("hand"),
            Transform::from_xyz(1.0, 0.0, 0.0),
            ChildOf(arm),
        ))
        .id();
    let finger = world
        .spawn((Name::new("finger"), Transform::default(), ChildOf(hand)))
        .id();
    stage.app.update();
    stage.world().entity_mut(hand).insert(ChildOf(base));
    stage.app.update();
    stage.world().entity_mut(hand).remove::<ChildOf>();
    stage.app.update();
    stage.world().entity_mut(base).despawn();
    stage.world().entity_mut(hand).despawn();
    stage.app.update();
    let recording = stage.recording();
    let alive = |path: &str| {
        (0..4)
            .map(|frame| entity_at(&recording, path, frame))
            .collect::<Vec<_>>()
    };
    assert_eq!(alive("/world/arm"), [Some(arm); 4]);
    assert_eq!(alive("/world/base"), [Some(base), Some(base), Some(base), None]);
    assert_eq!(alive("/world/arm/hand"), [Some(hand), None, None, None]);
    assert_eq!(alive("/world/arm/hand/finger"), [Some(finger), None, None, None]);
    assert_eq!(alive("/world/base/hand/finger"), [None, Some(finger), None, None]);
    assert_eq!(alive("/world/hand"), [None, None, Some(hand), None]);
    assert_eq!(alive("/world/hand/finger"), [None, None, Some(finger), None]);
    // It rests, and is where it was below its new parent.
    assert_eq!(pose_at(&recording, "/world/hand", 2).unwrap().translation.x, 1.0);
    assert!(pose_at(&recording, "/world/arm/hand", 2).is_none());
}

#[test]
fn a_name_that_is_taken_is_counted_and_free_again_later() {
    let mut stage = Stage::new(|_| {});
    let first = stage
        .world()
        .spawn((Name::new("bird"), Transform::default()))
        .id();
    let second = stage
        .world()
        .spawn((Name::new("bird"), Transform::default()))
        .id();
    let nameless = stage.world().spawn(Transform::default()).id();
    stage.app.update();
    stage.world().despawn(first);
    let third = stage
        .world()
        .spawn((Name::new("bird"), Transform::from_xyz(3.0, 0.0, 0.0)))
        .id();
    stage.app.update();
    let recording = stage.recording();
    assert_eq!(entity_at(&recording, "/world/bird", 0), Some(first));
    assert_eq!(entity_at(&recording, "/world/bird (2)", 1), Some(second));
    assert_eq!(
        entity_at(&recording, &format!("/world/{nameless}"), 1),
        Some(nameless)
    );
    // Gone and there again in the same frame.
    assert_eq!(entity_at(&recording, "/world/bird", 1), Some(third));
    assert_eq!(pose_at(&recording, "/world/bird", 1).unwrap().translation.x, 3.0);
    let recorder = stage.app.world().resource::<WorldRecorder>();
    assert_eq!(recorder.entity_at(&"/world/bird".into()), Some(third));
    assert_eq!(recorder.entity_of(&"/world/bird/Wing/angle".into()), Some(third));
    assert_eq!(recorder.path_of(second), Some(&"/world/bird (2)".into()));
}

#[test]
fn what_has_no_transform_is_cleared_where_it_is_gone() {
    let mut stage = Stage::new(|_| {});
    let world = stage.world();
    let group = world.spawn(Name::new("group")).id();
    let member = world
        .spawn((Name::new("member"), Transform::default(), ChildOf(group)))
        .id();
    let ghost = world.spawn((Name::new("ghost"), Transform::default())).id();
    stage.app.update();
    stage.world().entity_mut(member).remove::<ChildOf>();
    stage.world().entity_mut(ghost).remove::<Transform>();
    stage.app.update();
    stage.app.update();
    for entity in [group, ghost] {
        stage.world().despawn(entity);
    }
    stage.app.update();
    let recording = stage.recording();
    let there = |path: &str| [0, 2, 3].map(|frame| entity_at(&recording, path, frame));
    assert_eq!(there("/world/group"), [Some(group), Some(group), None]);
    assert_eq!(there("/world/ghost"), [Some(ghost), Some(ghost), None]);
    assert!(pose_at(&recording, "/world/ghost", 0).is_some());
    let translation = hit(&recording, "/world/ghost", &Transform3D::TRANSLATION, 2);
    assert!(
        translation.is_none_or(|hit| hit.cell().is_empty()),
        "it is nowhere"
    );
}

#[test]
fn a_name_is_one_part_of_a_path_whatever_is_in_it() {
    let mut stage = Stage::new(|_| {});
    let names = ["robot", "robot/arm", "/", "a\\/b", "..", ""];
    let named = names.map(|name| {
        let spawned = stage.world().spawn((Name::new(name), Transform::default()));
        spawned.id()
    });
    let long = Name::new("\u{262e}".repeat(30_000));
    let long = stage.world().spawn((long, Transform::default())).id();
    // Deeper than a path can be.
    let mut chain = vec![long];
    for _ in 0..600 {
        let parent = ChildOf(chain[chain.len() - 1]);
        let spawned = stage
            .world()
            .spawn((Name::new("link"), Transform::default(), parent));
        chain.push(spawned.id());
    }
    stage.app.update();
    let recording = stage.recording();
    let recorder = stage.app.world().resource::<WorldRecorder>();
    let mut paths = std::collections::BTreeSet::new();
    for entity in named.iter().chain(&chain) {
        let path = recorder.path_of(*entity).expect("it is recorded");
        assert!(paths.insert(path.clone()), "{path} is that of two");
        assert_eq!(entity_at(&recording, path.as_str(), 0), Some(*entity));
    }
    for entity in named {
        assert_eq!(
            recorder.path_of(entity).map(chronoscope_store::EntityPath::depth),
            Some(2)
        );
    }
}

#[test]
fn what_is_marked_is_left_out_with_all_below_it() {
    let mut stage = Stage::new(|_| {});
    let hidden = stage
        .world()
        .spawn((
            Name::new("hidden"),
            Transform::default(),
            chronoscope_record::NotRecorded,
        ))
        .id();
    stage
        .world()
        .spawn((Name::new("below"), Transform::default(), ChildOf(hidden)));
    stage.world().spawn((Name::new("seen"), Transform::default()));
    stage.app.update();
    let recording = stage.recording();
    let paths: Vec<&str> = recording
        .store
        .entities()
        .map(|entity| recording.store.entity_path(entity).as_str())
        .filter(|path| path.starts_with("/world/"))
        .collect();
    assert_eq!(paths, ["/world/seen"]);
}

#[test]
fn over_its_budget_a_frame_sends_nothing_more_and_nothing_is_lost() {
    let mut stage = Stage::new(|settings| settings.flush_budget = Duration::ZERO);
    let entities: Vec<Entity> = (0..50)
        .map(|at| {
            stage
                .world()
                .spawn((Name::new(format!("e{at}")), Transform::default()))
                .id()
        })
        .collect();
    for frame in 0..20 {
        for &entity in &entities {
            stage.world().get_mut::<Transform>(entity).unwrap().translation.y = frame as f32;
        }
        stage.app.update();
    }
    assert!(stage.app.world().resource::<WorldRecorder>().is_waiting());
    let recording = stage.recording();
    for at in 0..50 {
        for frame in 0..20 {
            let pose = pose_at(&recording, &format!("/world/e{at}"), frame).unwrap();
            assert_eq!(pose.translation.y, frame as f32);
        }
    }
}

#[test]
fn what_waits_takes_little_more_than_its_rows() {
    let mut stage = Stage::new(|settings| settings.flush_budget = Duration::ZERO);
    let spawned: Vec<Entity> = (0..100)
        .map(|_| stage.world().spawn(Transform::default()).id())
        .collect();
    let frames = 520;
    for frame in 0..frames {
        for entity in &spawned {
            stage.world().get_mut::<Transform>(*entity).unwrap().translation.y = frame as f32;
        }
        stage.app.update();
    }
    // An id, a frame, and ten numbers each.
    let rows = 100 * frames * 60;
    let bytes = stage.app.world().resource::<WorldRecorder>().heap_bytes();
    assert!((rows..rows * 5 / 4).contains(&bytes), "{bytes} bytes for {rows}");
    WorldRecorder::flush(stage.world()).unwrap();
    let bytes = stage.app.world().resource::<WorldRecorder>().heap_bytes();
    assert!(bytes < rows / 10, "{bytes} bytes for nothing that waits");
}

#[test]
fn a_file_that_cannot_be_written_costs_the_host_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = App::new();
    app.add_plugins(TimePlugin)
        .add_plugins(RecordPlugin::new("test").with_file(folder.path().join("no/such/run.rrd")));
    app.world_mut().spawn(Transform::default());
    app.update();
    app.update();
    assert_eq!(app.world().resource::<WorldRecorder>().frame(), 1);
    assert!(app.world().resource::<Time<Real>>().elapsed() < Duration::from_secs(3600));
}

#[test]
fn a_recorder_too_many_and_none_at_all_cost_the_host_nothing() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins((RecordPlugin::new("second"), RewindPlugin, RewindPlugin));
    stage.world().spawn((Name::new("cube"), Transform::default()));
    stage.app.update();
    let recording = stage.recording();
    assert_eq!(&*recording.id().application_id, "test");
    assert!(pose_at(&recording, "/world/cube", 0).is_some());

    let mut app = App::new();
    app.add_plugins((TimePlugin, RewindPlugin))
        .record_as(|_: &Name| TextLog::new("never"));
    app.world_mut().spawn((Name::new("cube"), Transform::default()));
    app.world_mut().resource_mut::<Rewind>().to_frame(3);
    app.update();
    app.update();
    assert!(!app.world().resource::<Rewind>().is_past());
}

#[test]
fn a_file_holds_the_world() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.rrd");
    {
        let mut app = App::new();
        app.add_plugins(TimePlugin)
            .add_plugins(RecordPlugin::new("test").with_file(&path));
        let cube = app
            .world_mut()
            .spawn((Name::new("cube"), Transform::default()))
            .id();
        for frame in 0..30 {
            app.world_mut().get_mut::<Transform>(cube).unwrap().translation.x = frame as f32;
            app.update();
        }
    }
    let (messages, reports) = chronoscope_io::read_file(&path);
    assert_eq!(reports, []);
    let chunks: Vec<_> = messages.iter().filter_map(|message| message.chunk()).collect();
    let poses = chunks
        .iter()
        .filter(|chunk| chunk.component(&Transform3D::TRANSLATION).is_some())
        .map(|chunk| chunk.num_rows());
    assert_eq!(
        poses.collect::<Vec<_>>(),
        [30],
        "many small chunks are put together"
    );
}

#[test]
fn a_click_in_the_viewer_is_an_event_at_the_entity() {
    use chronoscope_frame::{
        ViewerClick,
        selection::{ClickButton, ClickSource},
    };
    #[derive(Resource, Default)]
    struct Clicked(Vec<(Entity, String, ClickButton)>);
    let mut stage = Stage::new(|_| {});
    stage.world().init_resource::<Clicked>();
    let robot = stage
        .world()
        .spawn((Name::new("robot"), Transform::default()))
        .observe(|click: On<RecordedClick>, mut clicked: ResMut<Clicked>| {
            clicked
                .0
                .push((click.entity, click.path.to_string(), click.button));
        })
        .id();
    stage.app.update();
    let own = stage.world().resource::<WorldRecorder>().id().clone();
    let other = chronoscope_store::StoreId::recording("other", "other");
    for (recording, path) in [
        (Some(own.clone()), "/world/robot/Motor/speed"),
        (Some(other), "/world/robot"),
        (Some(own), "/world"),
    ] {
        stage.world().trigger(ViewerClick {
            recording,
            entity: path.into(),
            instance: None,
            position: None,
            view: None,
            button: ClickButton::Secondary,
            source: ClickSource::View,
        });
        stage.world().flush();
    }
    let clicked = &stage.world().resource::<Clicked>().0;
    let path = "/world/robot/Motor/speed".to_owned();
    assert_eq!(*clicked, [(robot, path, ClickButton::Secondary)]);
}
