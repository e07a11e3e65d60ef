//! The world as it was, and on from there.

use std::collections::BTreeMap;

use bevy_ecs::{entity_disabling::Disabled, prelude::*, query::Allow};
use bevy_reflect::Reflect;
use bevy_time::{Time, Virtual};
use bevy_transform::components::Transform;
use chronoscope_frame::Recordings;
use chronoscope_record::{
    AppRecordExt, EntityRewound, NotRestored, RecordComponent, Rewind, RewindPlugin, RewindState,
    WorldRecorder,
};
use chronoscope_store::{EntityPath, StoreId};
use proptest::prelude::*;

use crate::{
    Stage, entity_at,
    history::{Step, apply, entities, step},
    pose_at,
};

#[derive(Component, Reflect, Clone, Debug, PartialEq)]
struct Health(u32);

#[derive(Component, Reflect, Clone, Debug, PartialEq)]
#[component(map_entities)]
struct Hunts(#[entities] Entity);

impl bevy_ecs::entity::MapEntities for Hunts {
    fn map_entities<M: EntityMapper>(&mut self, mapper: &mut M) {
        self.0 = mapper.get_mapped(self.0);
    }
}

/// Something that nobody records.
#[derive(Component, Reflect)]
struct Sound;

fn stage() -> Stage {
    let mut stage = Stage::new(|settings| settings.frame_times = false);
    stage.app.add_plugins(RewindPlugin);
    stage.app.record::<Health>().record::<Hunts>();
    stage.app.finish();
    stage.app.cleanup();
    stage
}

impl Stage {
    /// Moves an entity, as the app would.
    pub(crate) fn put(&mut self, entity: Entity, x: f32) {
        self.world().get_mut::<Transform>(entity).unwrap().translation.x = x;
    }

    pub(crate) fn go_to_frame(&mut self, frame: i64) {
        self.world().resource_mut::<Rewind>().to_frame(frame);
        self.app.update();
    }

    pub(crate) fn frame(&mut self) -> i64 {
        self.world().resource::<WorldRecorder>().frame()
    }

    pub(crate) fn find(&mut self, name: &str) -> Option<Entity> {
        let mut query = self.world().query::<(Entity, &Name)>();
        query
            .iter(self.app.world())
            .find(|(_, of)| of.as_str() == name)
            .map(|(entity, _)| entity)
    }

    pub(crate) fn x(&mut self, entity: Entity) -> f32 {
        self.world().get::<Transform>(entity).unwrap().translation.x
    }
}

#[test]
fn values_come_back_and_the_present_too() {
    let mut stage = stage();
    let wolf = stage
        .world()
        .spawn((Name::new("wolf"), Transform::default(), Health(100)))
        .id();
    for frame in 0..10 {
        let mut wolf = stage.app.world_mut().entity_mut(wolf);
        wolf.get_mut::<Transform>().unwrap().translation.x = frame as f32;
        if frame == 5 {
            wolf.get_mut::<Health>().unwrap().0 = 50;
        }
        if frame == 7 {
            wolf.remove::<Health>();
        }
        stage.app.update();
    }
    stage.go_to_frame(3);
    assert_eq!(stage.x(wolf), 3.0);
    assert_eq!(stage.world().get::<Health>(wolf), Some(&Health(100)));
    assert!(stage.world().resource::<Time<Virtual>>().is_paused());
    assert_eq!(
        *stage.world().resource::<Rewind>().state(),
        RewindState::Past {
            timeline: "frame".to_owned(),
            time: 3
        }
    );
    stage.go_to_frame(8);
    assert_eq!(stage.x(wolf), 8.0);
    assert_eq!(stage.world().get::<Health>(wolf), None);
    stage.go_to_frame(5);
    assert_eq!(stage.world().get::<Health>(wolf), Some(&Health(50)));
    // 20 ms a frame, the first at the start.
    stage
        .world()
        .resource_mut::<Rewind>()
        .to_time("sim_time", 130_000_000);
    stage.app.update();
    assert_eq!(stage.x(wolf), 6.0);

    stage.world().resource_mut::<Rewind>().to_present();
    stage.app.update();
    assert_eq!(stage.x(wolf), 9.0);
    assert_eq!(stage.world().get::<Health>(wolf), None);
    assert!(!stage.world().resource::<Rewind>().is_past());
    assert!(!stage.world().resource::<Time<Virtual>>().is_paused());
    // Looking back was not recorded.
    stage.app.update();
    let recording = stage.recording();
    for frame in 0..10 {
        assert_eq!(
            pose_at(&recording, "/world/wolf", frame).unwrap().translation.x,
            frame as f32
        );
    }
}

#[test]
fn the_dead_come_back_and_the_unborn_go_with_references_between_them() {
    let mut stage = stage();
    let prey = stage
        .world()
        .spawn((Name::new("prey"), Transform::from_xyz(7.0, 0.0, 0.0), Sound))
        .id();
    let hunter = stage
        .world()
        .spawn((Name::new("hunter"), Transform::default(), Hunts(prey)))
        .id();
    let tail = stage
        .world()
        .spawn((Name::new("tail"), Transform::default(), ChildOf(prey)))
        .id();
    stage.app.update();
    stage.app.update();
    stage.world().despawn(prey);
    stage.app.update();
    let cub = stage.world().spawn((Name::new("cub"), Transform::default())).id();
    stage.app.update();

    stage.go_to_frame(1);
    let again = stage.find("prey").expect("it is there again");
    assert_ne!(again, prey);
    assert_eq!(stage.x(again), 7.0);
    let tail_again = stage.find("tail").expect("so is what was below it");
    assert_ne!(tail_again, tail);
    assert_eq!(
        stage.world().get::<ChildOf>(tail_again).map(ChildOf::parent),
        Some(again)
    );
    assert_eq!(stage.world().get::<Hunts>(hunter), Some(&Hunts(again)));
    assert!(stage.find("cub").is_none(), "it was not born yet");
    let told = stage.world().resource::<Messages<EntityRewound>>();
    let told: Vec<_> = told
        .iter_current_update_messages()
        .map(|told| (told.was, told.entity))
        .collect();
    assert_eq!(told, [(prey, again), (tail, tail_again)]);
    let not_restored: Vec<_> = stage
        .world()
        .resource::<Rewind>()
        .not_restored()
        .cloned()
        .collect();
    let missing = NotRestored::Missing {
        path: "/world/prey".to_owned(),
        component: std::any::type_name::<Sound>().to_owned(),
    };
    // What nobody registered has a name, or says that it has none.
    assert!(
        not_restored.contains(&missing)
            || not_restored
                .iter()
                .any(|not| matches!(not, NotRestored::Missing { .. })),
        "{not_restored:?}"
    );

    stage.world().resource_mut::<Rewind>().to_present();
    stage.app.update();
    assert_eq!(stage.find("cub"), Some(cub));
    assert!(stage.find("prey").is_none());
    let mut all = stage
        .world()
        .query_filtered::<Entity, (With<Transform>, Allow<Disabled>)>();
    assert_eq!(all.iter(stage.app.world()).count(), 2);
}

/// What was written in the last frame to set the world back.
fn num_written(stage: &mut Stage) -> usize {
    stage.world().resource::<Rewind>().num_written()
}

#[test]
fn only_what_has_other_rows_is_written() {
    let mut stage = stage();
    let mut rest = Vec::new();
    for at in 0..20 {
        let place = Transform::from_xyz(at as f32, 0.0, 0.0);
        rest.push(stage.world().spawn((place, Health(at))).id());
    }
    let ball = rest[3];
    for frame in 0..10 {
        if frame >= 5 {
            stage.put(ball, frame as f32 * 10.0);
        }
        if frame == 8 {
            stage.world().get_mut::<Health>(ball).unwrap().0 = 99;
        }
        stage.app.update();
    }
    stage.go_to_frame(2);
    assert_eq!(num_written(&mut stage), 40, "at first all is written");
    for (frame, written) in [
        (2, 0),
        (4, 0),
        (0, 0),
        (5, 1),
        (6, 1),
        (6, 0),
        (8, 2),
        (2, 2),
        (9, 2),
    ] {
        stage.go_to_frame(frame);
        assert_eq!(num_written(&mut stage), written, "at {frame}");
    }
    assert_eq!(stage.x(ball), 90.0);
    assert_eq!(stage.world().get::<Health>(ball), Some(&Health(99)));
    stage.go_to_frame(5);
    assert_eq!(stage.world().get::<Health>(ball), Some(&Health(3)));

    // Rows that come meanwhile change nothing of what was.
    let recorder = stage.world().resource::<WorldRecorder>();
    let note = chronoscope_types::TextLog::new("late");
    recorder.log().log("/world/note", &note).unwrap();
    WorldRecorder::flush(stage.world()).unwrap();
    stage.go_to_frame(5);
    assert_eq!(num_written(&mut stage), 0);
    stage.go_to_frame(6);
    assert_eq!(num_written(&mut stage), 1);
    assert_eq!(stage.x(ball), 60.0);
}

#[test]
fn a_reference_to_what_comes_back_later_leads_there() {
    let mut stage = stage();
    let prey = stage
        .world()
        .spawn((Name::new("prey"), Transform::default()))
        .id();
    let hunter = stage
        .world()
        .spawn((Name::new("hunter"), Transform::default(), Hunts(prey)))
        .id();
    stage.app.update();
    stage.world().despawn(prey);
    stage.app.update();
    stage.app.update();
    // First to a time at which it is gone: the hunter's row is the same there.
    stage.go_to_frame(1);
    assert!(stage.find("prey").is_none());
    stage.go_to_frame(0);
    let again = stage.find("prey").expect("it is there again");
    assert_eq!(stage.world().get::<Hunts>(hunter), Some(&Hunts(again)));
    // The app takes it away; it comes back under another number.
    stage.world().despawn(again);
    stage.go_to_frame(0);
    let third = stage.find("prey").expect("it is there once more");
    assert_ne!(third, again);
    assert_eq!(stage.world().get::<Hunts>(hunter), Some(&Hunts(third)));
}

#[test]
fn what_the_app_moves_elsewhere_meanwhile_is_put_back() {
    let mut stage = stage();
    let [left, right] = ["left", "right"].map(|name| {
        let spawned = stage.world().spawn((Name::new(name), Transform::default()));
        spawned.id()
    });
    let child = stage
        .world()
        .spawn((Name::new("child"), Transform::default(), ChildOf(left)))
        .id();
    stage.app.update();
    stage.app.update();
    stage.go_to_frame(0);
    stage.world().entity_mut(child).insert(ChildOf(right));
    stage.go_to_frame(1);
    let parent = |stage: &mut Stage| stage.world().get::<ChildOf>(child).map(ChildOf::parent);
    assert_eq!(parent(&mut stage), Some(left));
    stage.world().entity_mut(child).remove::<ChildOf>();
    stage.go_to_frame(0);
    assert_eq!(parent(&mut stage), Some(left));
}

#[test]
fn the_world_goes_on_from_what_is_shown() {
    let mut stage = stage();
    let ball = stage
        .world()
        .spawn((Name::new("ball"), Transform::default()))
        .id();
    for frame in 0..10 {
        stage.put(ball, frame as f32);
        if frame == 6 {
            stage.world().spawn((Name::new("late"), Transform::default()));
        }
        stage.app.update();
    }
    stage.go_to_frame(4);
    stage.world().resource_mut::<Rewind>().resume();
    stage.app.update();
    stage.put(ball, 40.0);
    stage.app.update();
    let recording = stage.recording();
    let x = |frame| pose_at(&recording, "/world/ball", frame).unwrap().translation.x;
    assert_eq!([x(4), x(9), x(10), x(11)], [4.0, 9.0, 4.0, 40.0]);
    assert!(entity_at(&recording, "/world/late", 9).is_some());
    assert_eq!(entity_at(&recording, "/world/late", 10), None);
}

#[test]
fn what_comes_back_a_second_time_stands_below_its_own_parent() {
    let mut stage = stage();
    let spawn = |stage: &mut Stage, name: &'static str, x: f32, parent: Option<Entity>| {
        let entity = stage.world().spawn(Transform::from_xyz(x, 0.0, 0.0)).id();
        if !name.is_empty() {
            stage.world().entity_mut(entity).insert(Name::new(name));
        }
        if let Some(parent) = parent {
            stage.world().entity_mut(entity).insert(ChildOf(parent));
        }
        entity
    };
    let left = spawn(&mut stage, "left", 100.0, None);
    let right = spawn(&mut stage, "right", 200.0, None);
    let twins = [1.0, 2.0].map(|x| spawn(&mut stage, "twin", x, Some(left)));
    let unnamed = spawn(&mut stage, "", 3.0, Some(right));
    stage.app.update();
    let (first, path) = (look(&mut stage), |stage: &mut Stage, x: f32| {
        let mut all = stage.world().query::<(Entity, &Transform)>();
        let found = all
            .iter(stage.app.world())
            .find(|(_, place)| place.translation.x == x);
        let (entity, _) = found.expect("it is there");
        stage.world().resource::<WorldRecorder>().path_of(entity).cloned()
    });
    // The twins change sides, and all that has children goes.
    for twin in twins {
        stage.world().entity_mut(twin).insert(ChildOf(right));
    }
    stage.app.update();
    stage.world().despawn(right);
    stage.app.update();
    for _ in 0..2 {
        stage.go_to_frame(0);
        assert_eq!(look(&mut stage), first);
        stage.world().resource_mut::<Rewind>().resume();
        stage.app.update();
        assert_eq!(look(&mut stage), first);
        let twin = EntityPath::from("/world/left").child("twin (2)");
        assert_eq!(path(&mut stage, 2.0), Some(twin));
        let again = path(&mut stage, 3.0);
        let unnamed = EntityPath::from("/world/right").child(&unnamed.to_string());
        assert_eq!(again, Some(unnamed), "a path says who it was");
        let frame = stage.frame();
        let right = stage.find("right").expect("it is there again");
        stage.world().despawn(right);
        stage.app.update();
        stage.go_to_frame(frame);
        assert_eq!(look(&mut stage), first);
        let mut names = stage.world().query::<&Name>();
        let mut names: Vec<_> = names.iter(stage.app.world()).map(Name::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["left", "right", "twin", "twin"],
            "names are no parts of paths"
        );
    }
}

#[test]
fn a_fork_is_a_recording_that_says_where_it_branched_off() {
    let mut stage = stage();
    let ball = stage
        .world()
        .spawn((Name::new("ball"), Transform::default()))
        .id();
    stage
        .world()
        .spawn((Name::new("wall"), Transform::from_xyz(1.0, 1.0, 1.0)));
    for frame in 0..10 {
        stage.put(ball, frame as f32);
        stage.app.update();
    }
    stage.go_to_frame(4);
    stage
        .world()
        .resource_mut::<Rewind>()
        .fork(Some("other".to_owned()));
    stage.app.update();
    stage.put(ball, -1.0);
    stage.app.update();
    let fork = stage.recording();
    assert_eq!(fork.id(), &StoreId::recording("test", "other"));
    let x = |frame| Some(pose_at(&fork, "/world/ball", frame)?.translation.x);
    assert_eq!([x(3), x(4), x(5)], [None, Some(4.0), Some(-1.0)]);
    assert!(
        pose_at(&fork, "/world/wall", 4).is_some(),
        "what rests is there too"
    );
    let sim_time = fork.store.timeline_id("sim_time").unwrap();
    assert_eq!(fork.store.time_range(sim_time).min, 80_000_000);
    let entity = fork.store.entity_id(&"/__properties/forked_from".into()).unwrap();
    let text = fork.store.component_id("TextDocument:text").unwrap();
    let origin = fork.latest_at(entity, None, 0, text).cell().unwrap();
    let origin = chronoscope_types::read::texts(&origin).unwrap();
    let origin = origin.iter().next().flatten().unwrap();
    assert!(
        origin.contains("recording: run") && origin.contains("time: 4"),
        "{origin}"
    );
    // The first is as it was.
    let first = stage
        .memory
        .to_recording(&StoreId::recording("test", "run"))
        .unwrap();
    assert_eq!(pose_at(&first, "/world/ball", 9).unwrap().translation.x, 9.0);
    assert!(stage.world().resource::<Recordings>().find(fork.id()).is_some());
    // The fork can be rewound itself.
    stage.go_to_frame(4);
    assert_eq!(stage.x(ball), 4.0);
}

#[test]
fn an_unknown_timeline_is_reported_and_the_world_goes_on() {
    let mut stage = stage();
    stage.world().spawn(Transform::default());
    stage.app.update();
    stage.world().resource_mut::<Rewind>().to_time("no_such", 1);
    stage.app.update();
    assert!(!stage.world().resource::<Rewind>().is_past());
    let reports = stage.world().resource::<chronoscope_frame::Reports>();
    assert!(reports.iter().any(|report| report.message.contains("no_such")));
}

#[test]
fn what_is_recorded_as_scalars_alone_is_listed() {
    let mut stage = stage();
    stage.app.record_with(
        RecordComponent::<Level>::new()
            .with_fields(["[0]"])
            .scalars_only(),
    );
    stage.world().spawn((Transform::default(), Level(1.0)));
    stage.app.update();
    stage.app.update();
    stage.go_to_frame(0);
    let listed: Vec<_> = stage
        .world()
        .resource::<Rewind>()
        .not_restored()
        // Time goes on.
        .filter(|not| !matches!(not, NotRestored::Resource { .. }))
        .cloned()
        .collect();
    let level = NotRestored::Unrecorded {
        component: <Level as bevy_reflect::TypePath>::type_path().to_owned(),
    };
    assert_eq!(listed, [level]);
}

#[derive(Component, Reflect)]
struct Level(f64);

/// How a world goes on from a frame that it was set back to.
#[derive(Clone, Copy, Debug)]
enum GoOn {
    Present,
    Resume,
    Fork,
}

/// What happens until the world is set back, the frames that are looked at then, and how it goes on from the last of them.
#[derive(Clone, Debug)]
struct Era {
    steps: Vec<Step>,
    visits: Vec<prop::sample::Index>,
    then: GoOn,
}

fn era() -> impl Strategy<Value = Era> {
    (
        prop::collection::vec(step(), 1..40),
        prop::collection::vec(any::<prop::sample::Index>(), 1..5),
        prop_oneof![
            1 => Just(GoOn::Present),
            3 => Just(GoOn::Resume),
            1 => Just(GoOn::Fork),
        ],
    )
        .prop_map(|(steps, visits, then)| Era { steps, visits, then })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Over several eras, so that what was despawned comes back a second time, and a third.
    #[test]
    fn any_frame_is_as_it_was(eras in prop::collection::vec(era(), 1..5)) {
        let mut stage = stage();
        // Per frame, what is where, below what: names count for nothing, poses and places for all.
        let mut expected = BTreeMap::new();
        for Era { steps, visits, then } in &eras {
            for step in steps.iter().chain([&Step::Frame]) {
                apply(stage.world(), step);
                if matches!(step, Step::Frame) {
                    stage.app.update();
                    let now = look(&mut stage);
                    expected.insert(stage.frame(), now);
                }
            }
            let frames: Vec<i64> = expected.keys().copied().collect();
            for visit in visits {
                let frame = *visit.get(&frames);
                stage.go_to_frame(frame);
                prop_assert_eq!(&look(&mut stage), &expected[&frame], "at {} of {:?}", frame, frames);
            }
            let mut rewind = stage.world().resource_mut::<Rewind>();
            match then {
                GoOn::Present => rewind.to_present(),
                GoOn::Resume => rewind.resume(),
                GoOn::Fork => rewind.fork(None),
            }
            let shown = *visits.last().unwrap().get(&frames);
            let shown = if matches!(then, GoOn::Present) { frames[frames.len() - 1] } else { shown };
            stage.app.update();
            let now = look(&mut stage);
            prop_assert_eq!(&now, &expected[&shown], "on from {}", shown);
            if matches!(then, GoOn::Fork) {
                // What was before is in the other recording.
                expected.clear();
            }
            expected.insert(stage.frame(), now);
        }
        for (frame, expected) in &expected {
            stage.go_to_frame(*frame);
            prop_assert_eq!(&look(&mut stage), expected, "at {} in the end", frame);
        }
    }
}

/// What a user sees: how many are at each place, in world space and below which.
fn look(stage: &mut Stage) -> BTreeMap<(i64, usize), usize> {
    let mut seen = BTreeMap::new();
    for entity in entities(stage.world()) {
        let world = stage.app.world();
        let (mut x, mut depth, mut at) = (0.0, 0, Some(entity));
        while let Some(entity) = at {
            x += world.get::<Transform>(entity).unwrap().translation.x;
            depth += 1;
            at = world.get::<ChildOf>(entity).map(ChildOf::parent);
        }
        *seen.entry((x as i64, depth)).or_default() += 1;
    }
    seen
}
