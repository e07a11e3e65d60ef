//! Any history of a world is found again at any frame.

use std::{collections::BTreeMap, time::Duration};

use bevy_ecs::prelude::*;
use bevy_transform::components::Transform;
use chronoscope_record::WorldRecorder;
use proptest::prelude::*;

use crate::{Stage, entity_at, pose_at};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Spawn { name: usize, parent: usize },
    Move { which: usize, to: i8 },
    Reparent { which: usize, parent: usize },
    Despawn { which: usize },
    Frame,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_usize, 0..12_usize).prop_map(|(name, parent)| Step::Spawn { name, parent }),
        4 => (0..9_usize, any::<i8>()).prop_map(|(which, to)| Step::Move { which, to }),
        2 => (0..9_usize, 0..12_usize).prop_map(|(which, parent)| Step::Reparent { which, parent }),
        1 => (0..9_usize).prop_map(|which| Step::Despawn { which }),
        4 => Just(Step::Frame),
    ]
}

/// The entities in the order in which they were spawned.
pub(crate) fn entities(world: &mut World) -> Vec<Entity> {
    let mut query = world.query_filtered::<Entity, With<Transform>>();
    let mut entities: Vec<Entity> = query.iter(world).collect();
    entities.sort();
    entities
}

/// Whether `entity` is `other` or below it.
fn is_below(world: &World, entity: Entity, other: Entity) -> bool {
    let mut at = Some(entity);
    while let Some(entity) = at {
        if entity == other {
            return true;
        }
        at = world.get::<ChildOf>(entity).map(ChildOf::parent);
    }
    false
}

pub(crate) fn apply(world: &mut World, step: &Step) {
    let there = entities(world);
    let pick = |at: usize| there.get(at % there.len().max(1)).copied();
    match *step {
        Step::Spawn { name, parent } => {
            let entity = world
                .spawn((Name::new(["a", "b", "c"][name]), Transform::default()))
                .id();
            if let Some(&parent) = there.get(parent) {
                world.entity_mut(entity).insert(ChildOf(parent));
            }
        }
        Step::Move { which, to } => {
            if let Some(entity) = pick(which) {
                world.get_mut::<Transform>(entity).unwrap().translation.x = to.into();
            }
        }
        Step::Reparent { which, parent } => {
            let Some(entity) = pick(which) else { return };
            match there.get(parent) {
                Some(&parent) if !is_below(world, parent, entity) => {
                    world.entity_mut(entity).insert(ChildOf(parent));
                }
                Some(_) => {}
                None => {
                    world.entity_mut(entity).remove::<ChildOf>();
                }
            }
        }
        Step::Despawn { which } => {
            if let Some(entity) = pick(which) {
                world.despawn(entity);
            }
        }
        Step::Frame => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_world_is_found_as_it_was(steps in prop::collection::vec(step(), 1..60), is_slow in any::<bool>()) {
        let mut stage = Stage::new(|settings| {
            settings.flush_budget = if is_slow { Duration::ZERO } else { Duration::MAX };
        });
        // Per frame: who is where, and its pose.
        let mut expected: Vec<BTreeMap<String, (Entity, Transform)>> = Vec::new();
        for step in steps.iter().chain([&Step::Frame]) {
            apply(stage.world(), step);
            if !matches!(step, Step::Frame) {
                continue;
            }
            stage.app.update();
            let there = entities(stage.world());
            let world = stage.app.world();
            let recorder = world.resource::<WorldRecorder>();
            let mut now = BTreeMap::new();
            for entity in there {
                let path = recorder.path_of(entity).expect("all are recorded");
                if let Some(parent) = world.get::<ChildOf>(entity) {
                    let above = recorder.path_of(parent.parent()).expect("parents, too");
                    let parent = path.parent();
                    prop_assert_eq!(parent.as_ref(), Some(above));
                }
                now.insert(path.to_string(), (entity, *world.get::<Transform>(entity).unwrap()));
            }
            expected.push(now);
        }
        let recording = stage.recording();
        let paths: Vec<String> = recording
            .store
            .entities()
            .map(|entity| recording.store.entity_path(entity).to_string())
            .filter(|path| path.starts_with("/world/"))
            .collect();
        for (frame, expected) in expected.iter().enumerate() {
            let frame = frame as i64;
            for path in &paths {
                let found = entity_at(&recording, path, frame)
                    .map(|entity| (entity, pose_at(&recording, path, frame).expect("a pose")));
                prop_assert_eq!(found, expected.get(path).copied(), "{} at {}", path, frame);
            }
        }
    }
}
