//! Resources that are recorded, as they were, and those that are told not to be.

use bevy_ecs::{entity::MapEntities, prelude::*};
use bevy_reflect::{Reflect, TypePath};
use bevy_transform::components::Transform;
use chronoscope_record::{AppRecordMoreExt, NotRestored, Rewind, RewindPlugin, WorldRecorder};
use chronoscope_store::{ComponentDescriptor, Recording};
use chronoscope_types::{Component as _, components};

use crate::{Stage, hit};

#[derive(Resource, Reflect, Clone, Debug, PartialEq)]
struct Wind {
    speed: f32,
    gusts: Vec<u32>,
}

impl Wind {
    fn of(speed: f32) -> Self {
        Self {
            speed,
            gusts: vec![1, 2],
        }
    }
}

/// Resources that nobody records: one changes, one does not.
#[derive(Resource, Reflect)]
struct Score(u32);

#[derive(Resource, Reflect)]
struct Rules(u32);

#[derive(Resource, Reflect, Clone, Debug, PartialEq)]
#[component(map_entities)]
struct Target(Entity);

impl MapEntities for Target {
    fn map_entities<M: EntityMapper>(&mut self, mapper: &mut M) {
        self.0 = mapper.get_mapped(self.0);
    }
}

fn stage() -> Stage {
    let mut stage = Stage::new(|settings| settings.frame_times = false);
    stage.app.add_plugins(RewindPlugin);
    stage.app.record_resource::<Wind>();
    stage.app.finish();
    stage.app.cleanup();
    stage
}

fn go_to_frame(stage: &mut Stage, frame: i64) {
    stage.world().resource_mut::<Rewind>().to_frame(frame);
    stage.app.update();
}

fn go_on(stage: &mut Stage, how: impl FnOnce(&mut Rewind)) {
    how(&mut stage.world().resource_mut::<Rewind>());
    stage.app.update();
}

fn speed(stage: &mut Stage) -> Option<f32> {
    stage.world().get_resource::<Wind>().map(|wind| wind.speed)
}

/// Ten frames, in which something is done before each.
fn run(stage: &mut Stage, mut before: impl FnMut(&mut World, i64)) {
    for frame in 0..10 {
        before(stage.world(), frame);
        stage.app.update();
    }
}

fn listed(stage: &mut Stage) -> Vec<String> {
    let rewind = stage.world().resource::<Rewind>();
    let resources = rewind.not_restored().filter_map(|not| match not {
        NotRestored::Resource { resource } => Some(resource.clone()),
        _ => None,
    });
    resources.collect()
}

fn is_listed<R: TypePath>(stage: &mut Stage) -> bool {
    listed(stage).contains(&R::type_path().to_owned())
}

fn num_rows(recording: &Recording) -> u64 {
    let entity = recording.store.entity_id(&"/resources/Wind".into()).unwrap();
    recording.store.entity_stats(entity).num_rows
}

#[test]
fn a_recorded_resource_comes_back_and_the_present_too() {
    let mut stage = stage();
    stage.world().insert_resource(Wind::of(1.0));
    run(&mut stage, |world, frame| {
        if frame == 5 {
            *world.resource_mut::<Wind>() = Wind::of(5.0);
        }
    });
    go_to_frame(&mut stage, 3);
    assert_eq!(stage.world().resource::<Wind>(), &Wind::of(1.0));
    assert!(!is_listed::<Wind>(&mut stage));
    go_to_frame(&mut stage, 7);
    assert_eq!(stage.world().resource::<Wind>(), &Wind::of(5.0));
    go_to_frame(&mut stage, 4);
    go_on(&mut stage, Rewind::to_present);
    assert_eq!(speed(&mut stage), Some(5.0));

    // On from the past, which is recorded.
    go_to_frame(&mut stage, 4);
    go_on(&mut stage, Rewind::resume);
    let now = stage.world().resource::<WorldRecorder>().frame();
    assert_eq!(speed(&mut stage), Some(1.0));
    stage.app.update();
    go_to_frame(&mut stage, 9);
    assert_eq!(speed(&mut stage), Some(5.0));
    go_to_frame(&mut stage, now);
    assert_eq!(speed(&mut stage), Some(1.0));
    // And in a recording of its own, though it did not change.
    go_to_frame(&mut stage, 9);
    go_on(&mut stage, |rewind| rewind.fork(Some("other".to_owned())));
    stage.app.update();
    let fork = stage.recording();
    assert!(hit(&fork, "/resources/Wind", "bevy.Resource:Wind", 9).is_some());
}

#[test]
fn a_resource_is_recorded_where_it_is_another() {
    let mut stage = stage();
    stage.world().insert_resource(Wind::of(1.0));
    run(&mut stage, |world, frame| {
        // The engine says that it changed.
        let mut wind = world.resource_mut::<Wind>();
        wind.speed = if frame < 6 { 1.0 } else { 6.0 };
    });
    assert_eq!(num_rows(&stage.recording()), 2);
}

#[test]
fn what_was_taken_away_is_there_again_until_the_present() {
    let mut stage = stage();
    stage.world().insert_resource(Wind::of(1.0));
    run(&mut stage, |world, frame| {
        if frame == 5 {
            world.remove_resource::<Wind>();
        }
    });
    assert_eq!(
        num_rows(&stage.recording()),
        2,
        "the value, and that there is none"
    );
    go_to_frame(&mut stage, 2);
    assert_eq!(speed(&mut stage), Some(1.0));
    go_to_frame(&mut stage, 6);
    assert_eq!(speed(&mut stage), None);
    go_to_frame(&mut stage, 2);
    go_on(&mut stage, Rewind::to_present);
    assert_eq!(speed(&mut stage), None);
}

/// Systems of the app may ask for it.
#[test]
fn what_was_not_there_yet_stays_and_is_listed() {
    let mut stage = stage();
    run(&mut stage, |world, frame| {
        if frame == 5 {
            world.insert_resource(Wind::of(5.0));
        }
    });
    go_to_frame(&mut stage, 2);
    assert_eq!(speed(&mut stage), Some(5.0));
    assert!(is_listed::<Wind>(&mut stage));
    go_to_frame(&mut stage, 7);
    assert!(!is_listed::<Wind>(&mut stage));
}

#[test]
fn resources_that_changed_since_are_listed() {
    let mut stage = stage();
    stage.app.register_type::<Score>().register_type::<Rules>();
    stage.world().insert_resource(Score(0));
    stage.world().insert_resource(Rules(0));
    run(&mut stage, |world, frame| {
        if frame == 6 {
            world.resource_mut::<Score>().0 = 6;
        }
    });
    for (frame, is_other) in [(8, false), (4, true), (5, true), (6, false), (0, true)] {
        go_to_frame(&mut stage, frame);
        assert_eq!(is_listed::<Score>(&mut stage), is_other, "at {frame}");
        assert!(!is_listed::<Rules>(&mut stage), "at {frame}");
        let listed = listed(&mut stage);
        assert!(
            listed.iter().all(|resource| !resource.contains("chronoscope_")),
            "{listed:?}"
        );
    }
    // Changed while the past is shown.
    go_to_frame(&mut stage, 8);
    stage.world().resource_mut::<Rules>().0 = 1;
    go_to_frame(&mut stage, 9);
    assert!(is_listed::<Rules>(&mut stage));
    stage
        .world()
        .resource_mut::<Rewind>()
        .to_time("sim_time", 80_000_000);
    stage.app.update();
    assert!(is_listed::<Score>(&mut stage), "on any timeline");
    go_on(&mut stage, Rewind::to_present);
    assert_eq!(listed(&mut stage), [""; 0]);
}

#[test]
fn a_reference_in_a_resource_leads_to_what_came_back() {
    let mut stage = stage();
    stage.app.record_resource::<Target>();
    let prey = stage
        .world()
        .spawn((Name::new("prey"), Transform::default()))
        .id();
    stage.world().insert_resource(Target(prey));
    run(&mut stage, |world, frame| {
        if frame == 5 {
            world.despawn(prey);
        }
    });
    // First to where it is gone: the row of the resource is the same there.
    go_to_frame(&mut stage, 8);
    go_to_frame(&mut stage, 2);
    let mut named = stage.world().query::<(Entity, &Name)>();
    let (again, _) = named.single(stage.app.world()).unwrap();
    assert_ne!(again, prey);
    assert_eq!(stage.world().resource::<Target>(), &Target(again));
}

#[test]
fn a_value_that_cannot_be_read_is_listed() {
    let mut stage = stage();
    stage.world().insert_resource(Wind::of(1.0));
    run(&mut stage, |world, frame| {
        if frame == 5 {
            let descriptor = ComponentDescriptor::partial("bevy.Resource:Wind")
                .with_archetype("bevy.Resource")
                .with_component_type(components::Text::TYPE);
            let row = vec![(descriptor, components::Text::build(vec!["(speed:".to_owned()]))];
            let recorder = world.resource::<WorldRecorder>();
            recorder.log().log("/resources/Wind", &row).unwrap();
        }
    });
    go_to_frame(&mut stage, 7);
    assert_eq!(speed(&mut stage), Some(1.0));
    let rewind = stage.world().resource::<Rewind>();
    let is_told = rewind.not_restored().any(
        |not| matches!(not, NotRestored::Unreadable { component, .. } if component == Wind::type_path()),
    );
    assert!(is_told);
    go_to_frame(&mut stage, 2);
    assert_eq!(
        stage
            .world()
            .resource::<Rewind>()
            .not_restored()
            .filter(|not| matches!(not, NotRestored::Unreadable { .. }))
            .count(),
        0
    );
}

#[test]
fn a_resource_that_is_recorded_twice_is_recorded_once() {
    let mut stage = stage();
    stage.app.record_resource::<Wind>();
    stage.world().insert_resource(Wind::of(1.0));
    stage.app.update();
    assert_eq!(num_rows(&stage.recording()), 1);
}
