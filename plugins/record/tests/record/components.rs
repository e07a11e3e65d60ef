//! Components of an app: values, fields, archetypes.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_reflect::Reflect;
use bevy_time::TimePlugin;
use bevy_transform::{TransformPlugin, components::Transform};
use chronoscope_log::MemorySink;
use chronoscope_record::{
    AppRecordExt, AppRecordMoreExt, RecordComponent, RecordPlugin, Rewind, RewindPlugin,
};
use chronoscope_types::{Boxes3D, Scalars, TextLog, read};

use crate::{Stage, entity_at, hit, host::Elsewhere};

#[derive(Component, Reflect, Clone, Debug, Default, PartialEq)]
struct Motor {
    speed: f32,
    wheels: Vec<u8>,
    drives: Option<String>,
}

#[derive(Component, Reflect, Clone, Debug, PartialEq)]
struct Follows(Entity);

#[derive(Component)]
struct Crate(f32);

fn text(recording: &chronoscope_store::Recording, path: &str, component: &str, frame: i64) -> Option<String> {
    let cell = hit(recording, path, component, frame)?.cell();
    let texts = read::texts(&cell).unwrap();
    texts.iter().next().flatten().map(str::to_owned)
}

fn scalar(recording: &chronoscope_store::Recording, path: &str, frame: i64) -> Option<f64> {
    let cell = hit(recording, path, &Scalars::SCALARS, frame)?.cell();
    read::scalars(&cell).unwrap().first().copied()
}

#[test]
fn values_and_fields_are_recorded_where_they_change() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .record_with(RecordComponent::<Motor>::new().with_fields(["speed", "wheels[1]", "no.such"]));
    stage.app.record::<Follows>();
    let motor = Motor {
        speed: 1.5,
        wheels: vec![7, 8],
        drives: Some("left".to_owned()),
    };
    let robot = stage
        .world()
        .spawn((Name::new("robot"), motor, Transform::default()))
        .id();
    let dog = stage.world().spawn((Name::new("dog"), Follows(robot))).id();
    stage.app.update();
    stage.app.update();
    stage.world().get_mut::<Motor>(robot).unwrap().speed = 2.5;
    stage.app.update();
    stage.world().entity_mut(robot).remove::<Motor>();
    stage.app.update();
    stage.world().despawn(dog);
    stage.app.update();
    let recording = stage.recording();
    let motor = |frame| text(&recording, "/world/robot", "bevy.Component:Motor", frame);
    assert_eq!(
        motor(1).as_deref(),
        Some("(speed:1.5,wheels:[7,8],drives:Some(\"left\"))")
    );
    assert!(motor(2).unwrap().starts_with("(speed:2.5"));
    assert_eq!(motor(3), None, "it was taken away");
    assert_eq!(scalar(&recording, "/world/robot/Motor/speed", 1), Some(1.5));
    assert_eq!(scalar(&recording, "/world/robot/Motor/speed", 2), Some(2.5));
    assert_eq!(scalar(&recording, "/world/robot/Motor/wheels[1]", 2), Some(8.0));
    let rows = |path: &str| {
        let entity = recording.store.entity_id(&path.into()).unwrap();
        recording.store.entity_stats(entity).num_rows
    };
    assert_eq!(
        scalar(&recording, "/world/robot/Motor/speed", 3),
        None,
        "likewise"
    );
    assert_eq!(rows("/world/robot/Motor/speed"), 3);
    let no_such = recording.store.entity_id(&"/world/robot/Motor/no.such".into());
    assert!(no_such.is_none(), "nothing was there to empty");
    // An entity without a transform, and a reference to another entity.
    let follows = |frame| text(&recording, "/world/dog", "bevy.Component:Follows", frame);
    assert_eq!(follows(0), Some(format!("({})", robot.to_bits())));
    assert_eq!(follows(4), None);
}

#[test]
fn a_rate_a_filter_and_a_name_hold() {
    let mut stage = Stage::new(|_| {});
    stage.app.record_with(
        RecordComponent::<Motor>::new()
            .named("engine")
            // A frame takes 20 ms.
            .with_rate(10.0)
            .with_filter(|motor| motor.speed < 50.0)
            .with_fields(["speed"])
            .scalars_only(),
    );
    let robot = stage.world().spawn((Name::new("robot"), Motor::default())).id();
    for frame in 0..60 {
        stage.world().get_mut::<Motor>(robot).unwrap().speed = frame as f32;
        stage.app.update();
    }
    let recording = stage.recording();
    let entity = recording
        .store
        .entity_id(&"/world/robot/engine/speed".into())
        .unwrap();
    assert_eq!(recording.store.entity_stats(entity).num_rows, 10);
    assert!(hit(&recording, "/world/robot", "bevy.Component:engine", 59).is_none());
}

#[test]
fn what_is_recorded_anew_does_not_wait_for_its_rate() {
    let mut stage = Stage::new(|_| {});
    stage.app.add_plugins(RewindPlugin);
    // A frame takes 20 ms.
    stage
        .app
        .record_with(RecordComponent::<Motor>::new().with_rate(2.0));
    stage.app.finish();
    stage.app.cleanup();
    let shelf = stage.world().spawn(Name::new("shelf")).id();
    let robot = stage.world().spawn((Name::new("robot"), Motor::default())).id();
    for frame in 0..40 {
        if frame == 3 {
            stage.world().entity_mut(robot).insert(ChildOf(shelf));
        }
        // Between two times at which it is looked for.
        if frame == 2 {
            stage.world().get_mut::<Motor>(robot).unwrap().speed = 2.0;
        }
        if frame == 5 {
            stage.world().get_mut::<Motor>(robot).unwrap().speed = 5.0;
        }
        stage.app.update();
    }
    let recording = stage.recording();
    let motor = |frame| text(&recording, "/world/shelf/robot", "bevy.Component:Motor", frame);
    assert!(motor(3).unwrap().starts_with("(speed:2"));
    assert!(
        motor(39).unwrap().starts_with("(speed:5"),
        "changes are not lost by that"
    );
    // A fork of the present has it from its first frame on.
    let id = Some("other".to_owned());
    stage.world().resource_mut::<Rewind>().fork(id);
    stage.app.update();
    let fork = stage.recording();
    assert_eq!(&*fork.id().recording_id, "other");
    let first = text(&fork, "/world/shelf/robot", "bevy.Component:Motor", 1_000);
    assert!(first.unwrap().starts_with("(speed:5"));
}

#[test]
fn a_component_becomes_an_archetype() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .record_as(|part: &Crate| Boxes3D::from_half_sizes([[part.0; 3]]));
    let parent = stage
        .world()
        .spawn((Name::new("shelf"), Transform::default()))
        .id();
    let part = stage
        .world()
        .spawn((Name::new("part"), Crate(2.0), Transform::default()))
        .id();
    stage.app.update();
    stage.world().entity_mut(part).insert(ChildOf(parent));
    stage.app.update();
    let recording = stage.recording();
    let half_size = |path: &str, frame| {
        let cell = hit(&recording, path, &Boxes3D::HALF_SIZES, frame)?.cell();
        Some(read::half_sizes3d(&cell).unwrap()[0][0])
    };
    assert_eq!(half_size("/world/part", 0), Some(2.0));
    assert_eq!(half_size("/world/part", 1), None);
    assert_eq!(half_size("/world/shelf/part", 1), Some(2.0));
    // It stays, and is no crate any more.
    stage.world().entity_mut(part).remove::<Crate>();
    stage.app.update();
    let recording = stage.recording();
    let hit = hit(&recording, "/world/shelf/part", &Boxes3D::HALF_SIZES, 2);
    assert!(hit.is_none_or(|hit| hit.cell().is_empty()));
}

mod front {
    use super::*;

    #[derive(Component, Reflect, Clone, Debug, PartialEq)]
    pub(super) struct Axle(pub(super) u32);
}

mod rear {
    use super::*;

    #[derive(Component, Reflect, Clone, Debug, PartialEq)]
    pub(super) struct Axle(pub(super) u32);
}

#[test]
fn components_of_one_name_are_recorded_and_rewound_apart() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins(RewindPlugin)
        .record::<front::Axle>()
        .record::<rear::Axle>();
    stage.app.finish();
    stage.app.cleanup();
    let truck = (Transform::default(), front::Axle(1), rear::Axle(2));
    let truck = stage.world().spawn(truck).id();
    let cart = stage.world().spawn((Transform::default(), front::Axle(3))).id();
    stage.app.update();
    stage.app.update();
    stage.world().get_mut::<front::Axle>(truck).unwrap().0 = 10;
    stage.app.update();
    stage.go_to_frame(0);
    let axles = |stage: &mut Stage, of: Entity| {
        let of = stage.world().entity(of);
        (of.get::<front::Axle>().cloned(), of.get::<rear::Axle>().cloned())
    };
    assert_eq!(
        axles(&mut stage, truck),
        (Some(front::Axle(1)), Some(rear::Axle(2)))
    );
    assert_eq!(axles(&mut stage, cart), (Some(front::Axle(3)), None));
}

#[test]
fn who_has_lost_all_that_is_recorded_is_cleared_where_it_is_gone() {
    let mut stage = Stage::new(|_| {});
    stage.app.add_plugins(RewindPlugin);
    stage
        .app
        .record::<Motor>()
        .record_as(|part: &Crate| Boxes3D::from_half_sizes([[part.0; 3]]));
    stage.app.finish();
    stage.app.cleanup();
    let idea = stage.world().spawn((Name::new("idea"), Motor::default())).id();
    let part = stage.world().spawn((Name::new("part"), Crate(2.0))).id();
    stage.app.update();
    stage.world().entity_mut(idea).remove::<Motor>();
    stage.world().entity_mut(part).remove::<Crate>();
    stage.app.update();
    stage.app.update();
    stage.world().despawn(idea);
    stage.world().despawn(part);
    stage.app.update();
    let recording = stage.recording();
    let there = |path: &str| [2, 3].map(|frame| entity_at(&recording, path, frame));
    assert_eq!(there("/world/idea"), [Some(idea), None]);
    assert_eq!(there("/world/part"), [Some(part), None]);
    // A look back brings none of them to the present.
    stage.go_to_frame(0);
    assert!(stage.find("idea").is_some());
    stage.world().resource_mut::<Rewind>().to_present();
    stage.app.update();
    assert!(stage.find("idea").is_none() && stage.find("part").is_none());
}

#[derive(Component)]
struct Calm;

#[derive(Component)]
struct Alarmed;

#[test]
fn a_component_takes_the_place_of_another_that_is_recorded_alike() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .record_as(|_: &Calm| Boxes3D::from_half_sizes([[1.0; 3]]))
        .record_as(|_: &Alarmed| Boxes3D::from_half_sizes([[2.0; 3]]));
    let guard = (Name::new("guard"), Transform::default(), Calm);
    let guard = stage.world().spawn(guard).id();
    stage.app.update();
    stage.world().entity_mut(guard).remove::<Calm>().insert(Alarmed);
    stage.app.update();
    stage.world().entity_mut(guard).remove::<Alarmed>().insert(Calm);
    stage.app.update();
    stage.world().entity_mut(guard).remove::<Calm>();
    stage.app.update();
    let recording = stage.recording();
    let sizes = [0, 1, 2, 3].map(|frame| {
        let cell = hit(&recording, "/world/guard", &Boxes3D::HALF_SIZES, frame)
            .unwrap()
            .cell();
        let sizes = read::half_sizes3d(&cell).unwrap();
        sizes.first().map(|size| size[0])
    });
    assert_eq!(sizes, [Some(1.0), Some(2.0), Some(1.0), None]);
}

#[derive(Component, Reflect)]
struct Load(f32);

#[test]
fn what_a_rewind_takes_away_is_recorded_as_nothing_once_the_world_goes_on() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins(RewindPlugin)
        .record::<Load>()
        .record_as(|load: &Load| Boxes3D::from_half_sizes([[load.0; 3]]));
    stage.app.finish();
    stage.app.cleanup();
    let cart = (Name::new("cart"), Transform::default());
    let cart = stage.world().spawn(cart).id();
    stage.app.update();
    stage.app.update();
    stage.world().entity_mut(cart).insert(Load(2.0));
    stage.app.update();
    // Longer than the engine tells of what was removed.
    for _ in 0..4 {
        stage.go_to_frame(1);
        assert!(stage.world().get::<Load>(cart).is_none());
    }
    stage.world().resource_mut::<Rewind>().resume();
    stage.app.update();
    let frame = stage.frame();
    let recording = stage.recording();
    let num_boxes = |frame| {
        let cell = hit(&recording, "/world/cart", &Boxes3D::HALF_SIZES, frame);
        read::half_sizes3d(&cell.unwrap().cell()).unwrap().len()
    };
    assert_eq!([num_boxes(2), num_boxes(frame)], [1, 0]);
}

#[derive(Resource, Debug, PartialEq)]
enum Mode {
    Idle,
    Drives,
}

#[derive(Message)]
struct Crash(f32);

#[test]
fn states_and_messages_are_rows() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .insert_resource(Mode::Idle)
        .record_state("state/mode", |mode: &Mode| format!("{mode:?}"))
        .record_messages("log/crashes", |crash: &Crash| {
            TextLog::new(format!("{} N", crash.0))
        });
    for frame in 0..6 {
        if frame == 2 {
            stage.world().write_message(Crash(7.0));
            stage.world().write_message(Crash(8.0));
        }
        if frame >= 3 {
            // Set again and again, and the same.
            stage.world().insert_resource(Mode::Drives);
        }
        stage.app.update();
    }
    let recording = stage.recording();
    let mode = |frame| text(&recording, "state/mode", "StateChange:state", frame);
    assert_eq!(
        [mode(2).as_deref(), mode(3).as_deref()],
        [Some("Idle"), Some("Drives")]
    );
    let rows = |path: &str| {
        let entity = recording.store.entity_id(&path.into()).unwrap();
        recording.store.entity_stats(entity).num_rows
    };
    assert_eq!([rows("state/mode"), rows("log/crashes")], [2, 2]);
    assert_eq!(
        text(&recording, "log/crashes", "TextLog:text", 2).as_deref(),
        Some("8 N")
    );
}

#[test]
fn messages_of_the_past_are_not_recorded_once_the_world_goes_on() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .add_plugins(RewindPlugin)
        .record_messages("log/crashes", |crash: &Crash| {
            TextLog::new(format!("{} N", crash.0))
        });
    stage.app.finish();
    stage.app.cleanup();
    stage.world().spawn(Transform::default());
    stage.app.update();
    stage.app.update();
    stage.go_to_frame(0);
    for _ in 0..3 {
        stage.world().write_message(Crash(1.0));
        stage.app.update();
    }
    stage.world().resource_mut::<Rewind>().resume();
    stage.app.update();
    stage.world().write_message(Crash(2.0));
    stage.app.update();
    let recording = stage.recording();
    let crashes = recording.store.entity_id(&"log/crashes".into()).unwrap();
    assert_eq!(recording.store.entity_stats(crashes).num_rows, 1);
    let frame = stage.frame();
    let said = text(&recording, "log/crashes", "TextLog:text", frame);
    assert_eq!(said.as_deref(), Some("2 N"));
}

#[derive(Event)]
struct Horn(u32);

#[derive(EntityEvent)]
struct Hit {
    entity: Entity,
}

#[test]
fn events_are_rows_of_the_frame_in_which_they_are_triggered() {
    let mut stage = Stage::new(|_| {});
    stage
        .app
        .record_events("log/horn", |horn: &Horn| TextLog::new(horn.0.to_string()))
        .record_events("log/hits", |hit: &Hit| TextLog::new(hit.entity.to_string()));
    let target = stage.world().spawn_empty().id();
    for frame in 0..4 {
        if frame == 2 {
            stage.world().trigger(Horn(1));
            stage.world().trigger(Horn(2));
            stage.world().trigger(Hit { entity: target });
        }
        stage.app.update();
    }
    let recording = stage.recording();
    let said = |path: &str, frame| text(&recording, path, "TextLog:text", frame);
    assert_eq!(said("log/horn", 1), None);
    assert_eq!(said("log/horn", 2), Some("2".to_owned()));
    assert_eq!(said("log/hits", 2), Some(target.to_string()));
    let horn = recording.store.entity_id(&"log/horn".into()).unwrap();
    assert_eq!(recording.store.entity_stats(horn).num_rows, 2);
}

/// To the engine a resource is a component of an entity of its own.
#[derive(Resource, Reflect)]
struct Weather {
    rain: f32,
}

#[test]
fn a_resource_is_no_entity_to_record() {
    let elsewhere = MemorySink::default();
    let again = Elsewhere::default();
    let mut app = App::new();
    app.add_plugins((TimePlugin, TransformPlugin)).add_plugins(
        RecordPlugin::new("test")
            .with_sink(elsewhere.clone())
            .with_sink(again.clone()),
    );
    let mut stage = Stage {
        app,
        memory: elsewhere,
    };
    stage
        .app
        .insert_resource(Weather { rain: 0.5 })
        .record_with(RecordComponent::<Weather>::new().with_fields(["rain"]))
        .record_as(|weather: &Weather| TextLog::new(weather.rain.to_string()));
    let car = (Name::new("car"), Transform::default());
    stage.world().spawn(car);
    // Whatever else is put onto it.
    let mut resources = stage.world().query_filtered::<Entity, With<Weather>>();
    let entities: Vec<Entity> = resources.iter(stage.app.world()).collect();
    assert_eq!(entities.len(), 1, "it is a component of an entity");
    let more = (Name::new("weather"), Transform::default());
    stage.world().entity_mut(entities[0]).insert(more);
    let entities = |stage: &mut Stage| {
        stage.world().resource_mut::<Weather>().rain += 1.0;
        stage.app.update();
        let recording = stage.recording();
        let store = &recording.store;
        assert!(store.component_id("bevy.Component:Weather").is_none());
        assert!(store.entity_id(&"/world/weather".into()).is_none());
        let car = store.entity_id(&"/world/car".into()).unwrap();
        store.entity_stats(car).num_rows
    };
    let first = entities(&mut stage);
    assert_eq!(entities(&mut stage), first);
    // Neither where all of the world is recorded again.
    again.begin_anew();
    stage.app.update();
    assert!(entities(&mut stage) > first);
}
