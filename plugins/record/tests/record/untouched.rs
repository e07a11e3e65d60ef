//! What a rewind leaves alone.

use bevy_ecs::prelude::*;
use bevy_reflect::{Reflect, TypePath};
use bevy_transform::components::Transform;
use chronoscope_record::{AppRecordExt, NotRestored, RecordComponent, Rewind, RewindPlugin};

use crate::Stage;

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
