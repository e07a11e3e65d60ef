//! Batches over time: what is sent, what is seen, what is gone.

use bevy::camera::Camera;
use bevy::camera::visibility::{RenderLayers, Visibility};
use bevy::math::{Affine3A, Vec3};
use chronoscope_render::{
    AdapterClass, Blending, Highlight, InstanceBatch, PointInstance, SegmentUniform, pack_color,
};

use crate::stage::{BACKGROUND, Stage};

const RED: [u8; 4] = [255, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

fn disc(x: f32, y: f32, color: [u8; 4]) -> PointInstance {
    PointInstance::new(Vec3::new(x, y, 0.0), -4.0, pack_color(color))
}

fn moved(x: f32, y: f32) -> SegmentUniform {
    SegmentUniform {
        world_from_entity: Affine3A::from_translation(Vec3::new(x, y, 0.0)),
        ..Default::default()
    }
}

#[test]
fn moving_a_segment_sends_its_uniform_and_nothing_else() {
    let mut stage = Stage::flat();
    let entity = stage.spawn_batch(moved(10.5, 10.5), &vec![disc(0.0, 0.0, RED); 100]);
    assert_eq!(stage.shoot().at(10, 10), RED);
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 0, "nothing changed");

    stage.batch::<PointInstance>(entity, |batch| assert!(batch.set_uniform(1, moved(50.5, 40.5))));
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 80);
    let picture = stage.shoot();
    assert_eq!(picture.at(10, 10), BACKGROUND);
    assert_eq!(picture.at(50, 40), RED);
}

#[test]
fn replacing_sends_the_instances_of_one_segment() {
    let mut stage = Stage::flat();
    let entity = stage.spawn(InstanceBatch::<PointInstance>::default());
    stage.batch::<PointInstance>(entity, |batch| {
        for key in 0..4 {
            batch
                .insert(
                    key,
                    moved(0.0, 0.0),
                    &vec![disc(8.5 + 16.0 * key as f32, 32.5, RED); 100],
                )
                .unwrap();
        }
    });
    stage.shoot();
    stage.batch::<PointInstance>(entity, |batch| {
        batch.replace(2, &vec![disc(40.5, 32.5, BLUE); 100]).unwrap();
    });
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 100 * 24);
    let picture = stage.shoot();
    assert_eq!([8, 24, 40, 56].map(|x| picture.at(x, 32)), [RED, RED, BLUE, RED]);
}

#[test]
fn buffers_grow_and_keep_what_they_held() {
    let mut stage = Stage::flat();
    let entity = stage.spawn_batch(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    stage.shoot();
    let before = stage.stats().gpu_bytes();
    stage.batch::<PointInstance>(entity, |batch| {
        for key in 2..3000 {
            batch
                .insert(key, moved(0.0, 0.0), &[disc(40.5, 40.5, BLUE)])
                .unwrap();
        }
    });
    let picture = stage.shoot();
    assert_eq!((picture.at(10, 10), picture.at(40, 40)), (RED, BLUE));
    assert!(stage.stats().gpu_bytes() > before);

    stage.app.world_mut().despawn(entity);
    assert!(stage.shoot().drawn().is_empty());
    assert!(stage.stats().gpu_bytes() < before, "what is despawned is freed");
}

#[test]
fn what_is_removed_vanishes() {
    let mut stage = Stage::flat();
    let entity = stage.spawn_batch(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    stage.batch::<PointInstance>(entity, |batch| {
        batch
            .insert(2, moved(0.0, 0.0), &[disc(30.5, 30.5, BLUE)])
            .unwrap();
    });
    stage.shoot();
    // The first, which leaves a gap, then the last, which empties the batch.
    stage.batch::<PointInstance>(entity, |batch| assert!(batch.remove(1)));
    let picture = stage.shoot();
    assert_eq!((picture.at(10, 10), picture.at(30, 30)), (BACKGROUND, BLUE));
    stage.batch::<PointInstance>(entity, |batch| assert!(batch.remove(2)));
    assert!(stage.shoot().drawn().is_empty());
}

#[test]
fn a_replaced_component_starts_over() {
    let mut stage = Stage::flat();
    let entity = stage.spawn_batch(moved(0.0, 0.0), &[disc(10.5, 10.5, RED), disc(30.5, 10.5, RED)]);
    stage.shoot();
    let mut other = InstanceBatch::<PointInstance>::default();
    other
        .insert(1, moved(0.0, 0.0), &[disc(50.5, 50.5, BLUE)])
        .unwrap();
    stage.app.world_mut().entity_mut(entity).insert(other);
    let picture = stage.shoot();
    assert_eq!(
        (picture.at(10, 10), picture.at(30, 10), picture.at(50, 50)),
        (BACKGROUND, BACKGROUND, BLUE)
    );
    stage
        .app
        .world_mut()
        .entity_mut(entity)
        .remove::<InstanceBatch<PointInstance>>();
    assert!(stage.shoot().drawn().is_empty());
}

#[test]
fn layers_and_visibility_are_respected() {
    let mut stage = Stage::flat();
    let entity = stage.spawn_batch(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    assert_eq!(stage.shoot().at(10, 10), RED);
    stage
        .app
        .world_mut()
        .entity_mut(entity)
        .insert(RenderLayers::layer(5));
    assert!(stage.shoot().drawn().is_empty());
    let camera = stage.camera;
    stage
        .app
        .world_mut()
        .entity_mut(camera)
        .insert(RenderLayers::layer(5));
    assert_eq!(stage.shoot().at(10, 10), RED);
    stage
        .app
        .world_mut()
        .entity_mut(entity)
        .insert(Visibility::Hidden);
    assert!(stage.shoot().drawn().is_empty());
}

#[test]
fn a_camera_that_slept_draws_again() {
    let mut stage = Stage::flat();
    let entity = stage.spawn_batch(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    stage.shoot();
    let camera = stage.camera;
    let set_active = |stage: &mut Stage, is_active| {
        stage.app.world_mut().get_mut::<Camera>(camera).unwrap().is_active = is_active;
    };
    set_active(&mut stage, false);
    stage.batch::<PointInstance>(entity, |batch| {
        batch.replace(1, &[disc(40.5, 40.5, BLUE)]).unwrap();
    });
    // No picture is taken here: a screenshot of a target into which nobody draws is empty.
    for _ in 0..3 {
        stage.app.update();
    }
    assert_eq!(stage.stats().queued_draws(), 0);
    set_active(&mut stage, true);
    let picture = stage.shoot();
    assert_eq!((picture.at(10, 10), picture.at(40, 40)), (BACKGROUND, BLUE));
}

#[test]
fn translucent_batches_blend() {
    let mut stage = Stage::flat();
    stage.spawn_batch(moved(0.0, 0.0), &[disc(32.5, 32.5, RED)]);
    let mut batch = InstanceBatch::<PointInstance>::new(Blending::Translucent);
    let glass = SegmentUniform {
        tint: [255, 255, 255, 128],
        depth_offset: 1.0,
        ..Default::default()
    };
    batch.insert(1, glass, &[disc(32.5, 32.5, BLUE)]).unwrap();
    stage.spawn(batch);
    let [r, g, b, a] = stage.shoot().at(32, 32);
    assert!(r > 150 && g == 0 && b > 150 && a == 255, "{:?}", [r, g, b, a]);
}

#[test]
fn highlights_stand_out() {
    let mut stage = Stage::flat();
    let entity = stage.spawn_batch(moved(0.0, 0.0), &[disc(32.5, 32.5, RED)]);
    let plain = stage.shoot().at(32, 32);
    let mut colors = vec![plain];
    for highlight in [Highlight::Hovered, Highlight::Selected] {
        stage.batch::<PointInstance>(entity, |batch| {
            batch.set_uniform(
                1,
                SegmentUniform {
                    highlight,
                    ..Default::default()
                },
            );
        });
        colors.push(stage.shoot().at(32, 32));
    }
    colors.dedup();
    assert_eq!(colors.len(), 3, "{colors:?}");
}

#[test]
fn the_adapter_has_a_class() {
    let stage = Stage::flat();
    let class = *stage.app.world().resource::<AdapterClass>();
    let info = stage
        .app
        .world()
        .resource::<bevy::render::renderer::RenderAdapterInfo>();
    assert_eq!(class, AdapterClass::of(info));
}
