//! Buffers and lists over time: what is sent, what is seen, what is gone.

use std::sync::Arc;

use bevy::camera::visibility::{RenderLayers, Visibility};
use bevy::camera::{Camera, RenderTarget};
use bevy::math::{DAffine3, DVec3, Vec3};
use chronoscope_render::{
    AdapterClass, Blending, DrawList, DrawRun, Highlight, InstanceBuffer, InstanceSet, LineInstance,
    PointInstance, SegmentUniform, Sorting, pack_color,
};

use crate::stage::{BACKGROUND, Picture, Stage};

const RED: [u8; 4] = [255, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const GREEN: [u8; 4] = [0, 200, 0, 255];

fn disc(x: f32, y: f32, color: [u8; 4]) -> PointInstance {
    PointInstance::new(Vec3::new(x, y, 0.0), -4.0, pack_color(color))
}

fn moved(x: f64, y: f64) -> SegmentUniform {
    SegmentUniform {
        world_from_entity: DAffine3::from_translation(DVec3::new(x, y, 0.0)),
        ..Default::default()
    }
}

#[test]
fn moving_a_segment_sends_its_uniform_and_nothing_else() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(10.5, 10.5), &vec![disc(0.0, 0.0, RED); 100]);
    assert_eq!(stage.shoot().at(10, 10), RED);
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 0, "nothing changed");

    stage.list::<PointInstance, _>(drawn, |list| {
        assert!(list.set_uniform(drawn.slot, moved(50.5, 40.5)));
    });
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 96);
    let picture = stage.shoot();
    assert_eq!(picture.at(10, 10), BACKGROUND);
    assert_eq!(picture.at(50, 40), RED);
}

#[test]
fn replacing_sends_the_instances_of_one_visual() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(0.0, 0.0), &vec![disc(8.5, 32.5, RED); 100]);
    let slots: Vec<_> = (1..4_u8)
        .map(|i| {
            let discs = vec![disc(8.5 + 16.0 * f32::from(i), 32.5, RED); 100];
            stage.add(drawn, moved(0.0, 0.0), &discs)
        })
        .collect();
    stage.shoot();
    stage.buffer::<PointInstance, _>(drawn, |buffer| {
        let slot = buffer
            .replace(slots[1], vec![disc(40.5, 32.5, BLUE); 100])
            .unwrap();
        assert_eq!(slot, slots[1]);
    });
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 100 * 20);
    let picture = stage.shoot();
    assert_eq!([8, 24, 40, 56].map(|x| picture.at(x, 32)), [RED, RED, BLUE, RED]);
}

#[test]
fn a_visual_in_six_views_is_stored_and_sent_once() {
    const COUNT: usize = 10_000;
    let mut stage = Stage::flat();
    stage.shoot();
    let before = stage.stats().gpu_bytes();
    let cloud: Arc<[PointInstance]> = vec![disc(32.5, 32.5, RED); COUNT].into();
    let buffer = stage.spawn(InstanceBuffer::<PointInstance>::default());
    for layer in 1..7 {
        let target = stage.new_target();
        stage.spawn_camera(RenderTarget::from(target), RenderLayers::layer(layer));
        let world = stage.app.world_mut();
        let mut stored = world.get_mut::<InstanceBuffer<PointInstance>>(buffer).unwrap();
        let slot = stored.insert(cloud.clone()).unwrap();
        let blending = if layer % 2 == 0 {
            Blending::Opaque
        } else {
            Blending::Translucent
        };
        let mut list = DrawList::<PointInstance>::new(buffer, blending);
        list.insert(slot, moved(0.0, 0.0));
        stage.spawn((list, RenderLayers::layer(layer)));
    }
    stage.app.update();
    // Per point its bytes and its slot; per view a table entry, a segment and what a camera says; one start.
    let per_point = (COUNT * (20 + 4)) as u64;
    let per_view = 6 * (4 + 96 + 80);
    assert_eq!(
        stage.stats().uploaded_bytes_last_frame(),
        per_point + per_view + 4
    );
    assert_eq!(Arc::strong_count(&cloud), 2, "the buffer keeps the one copy");

    let world = stage.app.world_mut();
    let stored = world
        .get::<InstanceBuffer<PointInstance>>(buffer)
        .unwrap()
        .memory_use();
    assert_eq!(stored.shared_bytes, (COUNT * 20) as u64);
    assert_eq!(stored.gpu_bytes, per_point + 64 * 4);
    let lists: u64 = world
        .query::<&DrawList<PointInstance>>()
        .iter(world)
        .map(|list| list.memory_use().gpu_bytes)
        .sum();
    let cameras = 6 * 80;
    assert_eq!(
        stage.stats().gpu_bytes() - before,
        stored.gpu_bytes + lists + cameras
    );
    for _ in 0..2 {
        stage.app.update();
    }
    assert_eq!(stage.stats().queued_draws(), 6, "every view draws it");
}

#[test]
fn buffers_grow_and_keep_what_they_held() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    stage.shoot();
    let before = stage.stats().gpu_bytes();
    for _ in 2..3000 {
        stage.add(drawn, moved(0.0, 0.0), &[disc(40.5, 40.5, BLUE)]);
    }
    let picture = stage.shoot();
    assert_eq!((picture.at(10, 10), picture.at(40, 40)), (RED, BLUE));
    assert!(stage.stats().gpu_bytes() > before);

    stage.app.world_mut().despawn(drawn.list);
    stage.app.world_mut().despawn(drawn.buffer);
    assert!(stage.shoot().drawn().is_empty());
    assert!(stage.stats().gpu_bytes() < before, "what is despawned is freed");
}

#[test]
fn a_buffer_that_grows_sends_what_is_new() {
    let mut stage = Stage::flat();
    let held = vec![disc(10.5, 10.5, RED); 1000];
    let drawn = stage.draw(moved(0.0, 0.0), &held);
    stage.shoot();
    let before = stage.stats().gpu_bytes();
    stage.add(drawn, moved(0.0, 0.0), &vec![disc(40.5, 40.5, BLUE); 100]);
    stage.app.update();
    // Each instance with its slot, where they start, and the entry and the segment of the list.
    let new = 100 * (20 + 4) + 4 + 4 + 96;
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), new);
    assert!(stage.stats().gpu_bytes() >= before + 100 * 24, "another buffer");
    let picture = stage.shoot();
    assert_eq!((picture.at(10, 10), picture.at(40, 40)), (RED, BLUE));

    // A buffer that shrinks keeps what is left, too.
    let many = stage.add(drawn, moved(0.0, 0.0), &vec![disc(50.5, 50.5, BLUE); 100_000]);
    stage.shoot();
    stage.buffer::<PointInstance, _>(drawn, |buffer| buffer.remove(many));
    stage.list::<PointInstance, _>(drawn, |list| list.remove(many));
    let picture = stage.shoot();
    assert_eq!((picture.at(10, 10), picture.at(40, 40)), (RED, BLUE));
    assert_eq!(picture.at(50, 50), BACKGROUND);
    assert!(stage.stats().gpu_bytes() < 4 * before);
}

#[test]
fn what_is_removed_vanishes() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    let second = stage.add(drawn, moved(0.0, 0.0), &[disc(30.5, 30.5, BLUE)]);
    stage.shoot();
    // The first, which leaves a gap, then the last, which empties the buffer.
    for (slot, expected) in [
        (drawn.slot, (BACKGROUND, BLUE)),
        (second, (BACKGROUND, BACKGROUND)),
    ] {
        stage.list::<PointInstance, _>(drawn, |list| assert!(list.remove(slot)));
        stage.buffer::<PointInstance, _>(drawn, |buffer| assert!(buffer.remove(slot)));
        let picture = stage.shoot();
        assert_eq!((picture.at(10, 10), picture.at(30, 30)), expected);
    }
}

#[test]
fn what_a_list_does_not_hold_is_not_drawn() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    for at in [20.5, 30.5, 40.5] {
        stage.buffer::<PointInstance, _>(drawn, |buffer| buffer.insert(vec![disc(at, at, BLUE)]).unwrap());
    }
    let picture = stage.shoot();
    assert_eq!(picture.at(10, 10), RED);
    assert_eq!(picture.count(BLUE), 0);
}

#[test]
fn a_replaced_component_starts_over() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(0.0, 0.0), &[disc(10.5, 10.5, RED), disc(30.5, 10.5, RED)]);
    stage.shoot();
    let mut other = InstanceBuffer::<PointInstance>::default();
    other.insert(vec![disc(50.5, 50.5, BLUE)]).unwrap();
    stage.app.world_mut().entity_mut(drawn.buffer).insert(other);
    let picture = stage.shoot();
    assert_eq!(
        (picture.at(10, 10), picture.at(30, 10), picture.at(50, 50)),
        (BACKGROUND, BACKGROUND, BLUE)
    );
    stage
        .app
        .world_mut()
        .entity_mut(drawn.list)
        .remove::<DrawList<PointInstance>>();
    assert!(stage.shoot().drawn().is_empty());
}

#[test]
fn layers_and_visibility_are_respected() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    assert_eq!(stage.shoot().at(10, 10), RED);
    stage
        .app
        .world_mut()
        .entity_mut(drawn.list)
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
        .entity_mut(drawn.list)
        .insert(Visibility::Hidden);
    assert!(stage.shoot().drawn().is_empty());
}

#[test]
fn a_camera_that_slept_draws_again() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(0.0, 0.0), &[disc(10.5, 10.5, RED)]);
    stage.shoot();
    let camera = stage.camera;
    let set_active = |stage: &mut Stage, is_active| {
        stage.app.world_mut().get_mut::<Camera>(camera).unwrap().is_active = is_active;
    };
    set_active(&mut stage, false);
    stage.buffer::<PointInstance, _>(drawn, |buffer| {
        buffer.replace(drawn.slot, vec![disc(40.5, 40.5, BLUE)]).unwrap();
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
fn translucent_lists_blend() {
    let mut stage = Stage::flat();
    stage.draw(moved(0.0, 0.0), &[disc(32.5, 32.5, RED)]);
    let glass = SegmentUniform {
        tint: [255, 255, 255, 128],
        depth_offset: 1.0,
        ..Default::default()
    };
    stage.draw_as(Blending::Translucent, glass, &[disc(32.5, 32.5, BLUE)]);
    let [r, g, b, a] = stage.shoot().at(32, 32);
    assert!(r > 150 && g == 0 && b > 150 && a == 255, "{:?}", [r, g, b, a]);
}

/// What is seen at the middle, where points of three colors and a line lie on each other in runs of these indices.
fn top_of(order: [usize; 3], indices: [u32; 2], line_index: u32) -> [u8; 4] {
    let mut stage = Stage::flat();
    let mut buffer = InstanceBuffer::<PointInstance>::default();
    let slots = [RED, GREEN, BLUE].map(|color| buffer.insert(vec![disc(32.5, 32.5, color)]).unwrap());
    let buffer = stage.spawn(buffer);
    let mut list = DrawList::<PointInstance>::new(buffer, Blending::Translucent);
    for slot in slots {
        list.insert(slot, moved(0.0, 0.0));
    }
    list.set_runs(Some(&[
        DrawRun {
            sorting: Sorting::Index(indices[0]),
            slots: vec![slots[order[0]], slots[order[1]]],
        },
        DrawRun {
            sorting: Sorting::Index(indices[1]),
            slots: vec![slots[order[2]]],
        },
    ]));
    stage.spawn(list);
    let white = LineInstance::new(
        Vec3::new(20.0, 32.5, 0.0),
        Vec3::new(44.0, 32.5, 0.0),
        -4.0,
        pack_color([255; 4]),
    );
    let line = stage.draw_as(Blending::Translucent, moved(0.0, 0.0), &[white]);
    stage.order::<LineInstance>(line, line_index);
    stage.shoot().at(32, 32)
}

#[test]
fn runs_of_several_primitives_interleave() {
    assert_eq!(top_of([0, 1, 2], [1, 3], 0), BLUE);
    assert_eq!(top_of([0, 1, 2], [1, 3], 2), BLUE);
    assert_eq!(top_of([0, 1, 2], [1, 3], 4), [255; 4]);
    assert_eq!(top_of([0, 1, 2], [3, 1], 2), GREEN);
    assert_eq!(top_of([2, 0, 1], [3, 1], 2), RED);
}

#[test]
fn ties_of_depth_are_broken_by_the_segment_not_by_what_came_first() {
    let tie = |depth_tie| SegmentUniform {
        depth_tie,
        ..Default::default()
    };
    for deep in [false, true] {
        for is_flipped in [false, true] {
            let mut stage = if deep {
                Stage::deep(Vec3::new(0.0, -4.0, 0.0), Vec3::ZERO)
            } else {
                Stage::flat()
            };
            let at = if deep {
                Vec3::ZERO
            } else {
                Vec3::new(32.5, 32.5, 0.0)
            };
            let disc = |color| PointInstance::new(at, -4.0, pack_color(color));
            let mut discs = [(RED, 7), (BLUE, 8)];
            if is_flipped {
                discs.reverse();
            }
            let drawn = stage.draw(tie(discs[0].1), &[disc(discs[0].0)]);
            stage.add(drawn, tie(discs[1].1), &[disc(discs[1].0)]);
            assert_eq!(stage.shoot().at(32, 32), BLUE, "{deep} {is_flipped}");
        }
    }
}

#[test]
fn highlights_stand_out() {
    let mut stage = Stage::flat();
    let drawn = stage.draw(moved(0.0, 0.0), &[disc(32.5, 32.5, RED)]);
    let plain = stage.shoot().at(32, 32);
    let mut colors = vec![plain];
    for highlight in [Highlight::Hovered, Highlight::Selected] {
        let lit = SegmentUniform {
            highlight,
            ..Default::default()
        };
        stage.list::<PointInstance, _>(drawn, |list| list.set_uniform(drawn.slot, lit));
        colors.push(stage.shoot().at(32, 32));
    }
    colors.dedup();
    assert_eq!(colors.len(), 3, "{colors:?}");
}

#[test]
fn one_logical_instance_stands_out_from_its_segment() {
    let lit = SegmentUniform {
        selected_instances: InstanceSet::from_iter([1]),
        ..Default::default()
    };
    let mut stage = Stage::flat();
    // Two before it, so that its points do not start at the start of the buffer.
    let drawn = stage.draw(moved(0.0, 0.0), &[disc(10.5, 50.5, RED), disc(30.5, 50.5, RED)]);
    let points = [10.5, 30.5, 50.5].map(|x| disc(x, 10.5, RED));
    let slot = stage.add(drawn, lit.clone(), &points);
    let line = |y: f32, instance| {
        LineInstance::new(
            Vec3::new(10.0, y, 0.0),
            Vec3::new(50.0, y, 0.0),
            -2.0,
            pack_color(RED),
        )
        .with_instance(instance)
    };
    stage.draw(lit.clone(), &[line(20.5, 0), line(28.5, 1), line(36.5, 1)]);
    let picture = stage.shoot();
    assert_eq!([10, 30].map(|x| picture.at(x, 50)), [RED; 2], "another segment");
    let [faint, strong, _] = [10, 30, 50].map(|x| picture.at(x, 10));
    let blue = |color: [u8; 4]| color[2];
    assert!(
        blue(strong) > blue(faint) + 30 && blue(faint) > 30,
        "{strong:?} {faint:?}"
    );
    let [on_line, of_two, other_of_two] = [20, 28, 36].map(|y| picture.at(30, y));
    assert_eq!((on_line, of_two), (faint, strong));
    assert_eq!(of_two, other_of_two, "both lines of the instance");
    let area = |picture: &Picture, x: u32| picture.drawn_within(x - 9..x + 9, 0..20);
    assert!(area(&picture, 30) > area(&picture, 10), "it is larger too");

    let both = SegmentUniform {
        hovered_instance: Some(2),
        ..lit
    };
    stage.list::<PointInstance, _>(drawn, |list| list.set_uniform(slot, both));
    let picture = stage.shoot();
    let colors = [10, 30, 50].map(|x| picture.at(x, 10));
    assert_eq!(colors[1], strong, "what is selected stays so");
    assert!(
        colors[2][1] > 60 && colors[0] != colors[2] && colors[1] != colors[2],
        "{colors:?}"
    );
}

/// Each of several, also of so many that their place on the GPU moves, and none once they are let go of.
#[test]
fn all_selected_instances_stand_out_from_their_segment() {
    let mut stage = Stage::flat();
    let rows = |y: f32| [4.5, 16.5, 28.5, 40.5, 52.5].map(|x| disc(x, y, RED));
    let drawn = stage.draw(moved(0.0, 0.0), &rows(10.5));
    let other = stage.add(drawn, moved(0.0, 0.0), &rows(40.5));
    let select = |stage: &mut Stage, slot, instances: Vec<u32>| {
        let uniform = SegmentUniform {
            selected_instances: instances.into_iter().collect(),
            ..Default::default()
        };
        stage.list::<PointInstance, _>(drawn, |list| list.set_uniform(slot, uniform));
    };
    // Which stand out in both rows: blue is what is mixed in, more of it into what is named.
    let named = |stage: &mut Stage| {
        let picture = stage.shoot();
        [10, 40].map(|y| {
            let blue = [4, 16, 28, 40, 52].map(|x| picture.at(x, y)[2]);
            (0..5).filter(|at| blue[*at] > 150).collect::<Vec<_>>()
        })
    };
    select(&mut stage, drawn.slot, vec![3, 0, 3]);
    assert_eq!(named(&mut stage), [vec![0, 3], vec![]]);
    select(&mut stage, other, vec![4, 2, 1, 1_000_000]);
    assert_eq!(named(&mut stage), [vec![0, 3], vec![1, 2, 4]]);
    for at in 0..200 {
        select(&mut stage, drawn.slot, vec![at % 5, 4, 100 + at]);
    }
    assert_eq!(named(&mut stage), [vec![4], vec![1, 2, 4]]);
    select(&mut stage, other, vec![0]);
    select(&mut stage, drawn.slot, vec![]);
    assert_eq!(named(&mut stage), [vec![], vec![0]]);
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
