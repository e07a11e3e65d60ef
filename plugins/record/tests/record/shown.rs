//! Whose rows come first where not all can be sent in a frame.

use std::time::Duration;

use bevy_ecs::{name::Name, prelude::*};
use bevy_transform::components::Transform;
use chronoscope_frame::{FramePlugins, Item, Recordings, Selection};
use chronoscope_record::WorldRecorder;
use chronoscope_types::Transform3D;

use crate::{Stage, hit};

/// The frame of the newest pose in the viewer's store.
fn newest(stage: &Stage, path: &str) -> Option<i64> {
    let world = stage.app.world();
    let recordings = world.resource::<Recordings>();
    let recording = &recordings.find(world.resource::<WorldRecorder>().id())?.recording;
    hit(recording, path, &Transform3D::TRANSLATION, i64::MAX)?.data_time()
}

#[test]
fn what_is_selected_is_there_in_each_frame_and_so_is_what_it_hangs_on() {
    let mut stage = Stage::new(|settings| settings.flush_budget = Duration::ZERO);
    stage.app.add_plugins(FramePlugins);
    stage.app.finish();
    stage.app.cleanup();
    for at in 0..20 {
        let arm = stage
            .world()
            .spawn((Name::new(format!("arm{at}")), Transform::default()))
            .id();
        stage
            .world()
            .spawn((Name::new("hand"), Transform::default(), ChildOf(arm)));
    }
    let hand = "/world/arm17/hand";
    let move_all = |stage: &mut Stage| {
        let mut poses = stage.world().query::<&mut Transform>();
        poses
            .iter_mut(stage.app.world_mut())
            .for_each(|mut pose| pose.translation.x += 1.0);
        stage.app.update();
        stage.app.world().resource::<WorldRecorder>().frame()
    };

    for _ in 0..4 {
        move_all(&mut stage);
    }
    assert_eq!(newest(&stage, hand), None, "without any time, nothing is sent");

    stage.world().resource_mut::<Selection>().selected = vec![Item::Entity(hand.into())];
    let mut sent = Vec::new();
    for _ in 0..6 {
        let frame = move_all(&mut stage);
        let late = |path: &str| newest(&stage, path).map(|newest| frame - newest);
        sent.push((late(hand), late("/world/arm17")));
        assert_eq!(newest(&stage, "/world/arm3/hand"), None);
    }
    // One of the two is sent in each frame, in turns.
    for (hand, arm) in &sent[2..] {
        let mut late = [hand.unwrap(), arm.unwrap()];
        late.sort_unstable();
        assert_eq!(late, [0, 1], "{sent:?}");
    }
    // The rows that were sent early are there once, those between them too.
    let recording = stage.recording();
    let entity = recording.store.entity_id(&hand.into()).unwrap();
    let poses = recording.store.entity_stats(entity).num_rows;
    assert_eq!(poses, 10 + 1, "ten poses and an identity");
}

#[test]
fn what_nobody_looks_at_waits_only_so_long_beside_much_that_is_looked_at() {
    let mut stage = Stage::new(|settings| {
        settings.flush_budget = Duration::ZERO;
        settings.max_rows = 100;
    });
    stage.app.add_plugins(FramePlugins);
    stage.app.finish();
    stage.app.cleanup();
    for at in 0..40 {
        let name = Name::new(format!("arm{at}"));
        stage.world().spawn((name, Transform::default()));
    }
    let looked_at = (0..39).map(|at| Item::Entity(format!("/world/arm{at}").as_str().into()));
    stage.world().resource_mut::<Selection>().selected = looked_at.collect();
    for frame in 0..500 {
        let mut poses = stage.world().query::<&mut Transform>();
        poses
            .iter_mut(stage.app.world_mut())
            .for_each(|mut pose| pose.translation.x += 1.0);
        stage.app.update();
        // Each of those that are looked at has its turn, once in so many frames.
        if frame > 200 {
            let late = frame - newest(&stage, "/world/arm39").unwrap_or(-1);
            assert!(late <= 110, "{late} frames late at {frame}");
        }
    }
}
