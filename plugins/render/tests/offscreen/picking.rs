//! What is picked is what is seen.

use bevy::asset::{Assets, RenderAssetUsages};
use bevy::camera::Camera;
use bevy::camera::visibility::RenderLayers;
use bevy::ecs::entity::Entity;
use bevy::image::Image;
use bevy::math::{DAffine3, DVec3, IVec2, Quat, UVec2, Vec2, Vec3};
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use chronoscope_render::{
    Blending, BoxInstance, DrawList, EyeOrigin, ImageQuad, LineInstance, PickHit, PickRequest, PointInstance,
    SegmentUniform, pack_color,
};

use crate::stage::{SIZE, Stage};

const RED: [u8; 4] = [255, 0, 0, 255];

fn ids(hit: Option<PickHit>) -> Option<(u32, Option<u32>)> {
    hit.map(|hit| (hit.picking_id, hit.instance))
}

fn segment(picking_id: u32) -> SegmentUniform {
    SegmentUniform {
        picking_id,
        ..Default::default()
    }
}

fn disc(x: f32, y: f32, z: f32) -> PointInstance {
    PointInstance::new(Vec3::new(x, y, z), -3.2, pack_color(RED))
}

#[test]
fn points_lines_boxes_and_pictures_are_picked() {
    let mut stage = Stage::flat();
    stage.draw(segment(7), &[disc(10.5, 10.5, 0.0), disc(50.5, 10.5, 0.0)]);
    let line = |y: f32, instance| {
        LineInstance::new(
            Vec3::new(10.0, y, 0.0),
            Vec3::new(20.0, y, 0.0),
            -2.0,
            pack_color(RED),
        )
        .with_instance(instance)
    };
    stage.draw(segment(8), &[line(28.5, 4), line(36.5, 4), line(44.5, 5)]);
    let solid = BoxInstance::new(
        Vec3::new(50.0, 40.0, 0.0),
        Vec3::splat(5.0),
        Quat::IDENTITY,
        pack_color(RED),
    );
    stage.draw(segment(9), &[solid.with_instance(3)]);
    let whole = SegmentUniform {
        is_whole: true,
        ..segment(11)
    };
    stage.draw(whole, &[disc(40.5, 10.5, 0.0)]);
    let image = Image::new(
        Extent3d {
            width: 1,
            height: 1,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        vec![255; 4],
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    let image = stage.app.world_mut().resource_mut::<Assets<Image>>().add(image);
    stage.spawn(ImageQuad {
        image,
        world_from_quad: DAffine3::from_translation(DVec3::new(28.0, 56.0, 0.0)),
        size: Vec2::splat(6.0),
        picking_id: 10,
        ..Default::default()
    });
    stage.shoot();
    let found = [
        [10, 10],
        [50, 10],
        [15, 28],
        [15, 36],
        [15, 44],
        [50, 40],
        [30, 58],
        [40, 10],
        [32, 20],
    ]
    .map(|pixel| ids(stage.pick(pixel, 0)));
    let expected = [
        Some((7, Some(0))),
        Some((7, Some(1))),
        Some((8, Some(4))),
        Some((8, Some(4))),
        Some((8, Some(5))),
        Some((9, Some(3))),
        Some((10, None)),
        Some((11, None)),
        None,
    ];
    assert_eq!(found, expected);
}

/// Numbers that look like chance, the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }
}

#[test]
fn among_thousands_of_points_the_one_that_is_seen_is_picked() {
    let mut random = Random(5);
    // Each lies in the middle of a pixel and covers that one only, so that the answer can be known.
    let points: Vec<PointInstance> = (0..6000)
        .map(|_| {
            let pixel = |random: &mut Random| (random.next() * SIZE as f32).floor() + 0.5;
            let place = Vec3::new(
                pixel(&mut random),
                pixel(&mut random),
                random.next() * 40.0 - 20.0,
            );
            PointInstance::new(place, -0.5, pack_color(RED))
        })
        .collect();
    let (front, back) = points.split_at(2500);
    let mut stage = Stage::flat();
    stage.draw(segment(1), front);
    stage.draw(segment(2), back);
    stage.shoot();
    let seen_at = |x: u32, y: u32| {
        let is_there =
            |point: &&PointInstance| point.position[0] as u32 == x && point.position[1] as u32 == y;
        // Smaller z is nearer.
        let nearest = points
            .iter()
            .enumerate()
            .filter(|(_, point)| is_there(point))
            .min_by(|a, b| a.1.position[2].total_cmp(&b.1.position[2]))?;
        let (index, point) = (nearest.0 as u32, nearest.1);
        let ids = if index < 2500 {
            (1, Some(index))
        } else {
            (2, Some(index - 2500))
        };
        Some((ids, f64::from(point.position[2])))
    };
    for _ in 0..12 {
        let (x, y) = ((random.next() * 64.0) as u32, (random.next() * 64.0) as u32);
        let hit = stage.pick([x, y], 0);
        let expected = seen_at(x, y);
        assert_eq!(ids(hit), expected.map(|(ids, _)| ids), "at {x}, {y}");
        if let (Some(hit), Some((_, z))) = (hit, expected) {
            let place = DVec3::new(f64::from(x) + 0.5, f64::from(y) + 0.5, z);
            assert!(
                (hit.position - place).length() < 0.01,
                "{} is not {place}",
                hit.position
            );
        }
    }
}

#[test]
fn the_nearest_pixel_within_the_radius_is_the_answer() {
    let mut stage = Stage::flat();
    stage.draw(segment(1), &[disc(20.5, 32.5, 0.0)]);
    stage.draw(segment(2), &[disc(40.5, 32.5, 0.0)]);
    stage.shoot();
    assert_eq!(stage.pick([29, 32], 3), None);
    let hit = stage.pick([29, 32], 10);
    assert_eq!(ids(hit), Some((1, Some(0))));
    assert_eq!(hit.unwrap().offset, IVec2::new(-6, 0));
    assert_eq!(ids(stage.pick([32, 32], 10)), Some((2, Some(0))));
}

/// A thin line on a picture is found near it; a picture is found where it is, and not beside.
#[test]
fn marks_are_picked_from_near_and_faces_where_they_are() {
    let mut stage = Stage::flat();
    let solid = |x: f32, z: f32| {
        let center = Vec3::new(x, 30.0, z);
        BoxInstance::new(
            center,
            Vec3::new(10.0, 20.0, 1.0),
            Quat::IDENTITY,
            pack_color(RED),
        )
    };
    stage.draw(segment(1), &[solid(20.0, 5.0)]);
    // Before the box, and seen beside it.
    stage.draw(segment(2), &[disc(20.5, 30.5, 0.0)]);
    // Behind the box, and seen beside it.
    stage.draw(segment(3), &[disc(33.5, 30.5, 20.0)]);
    stage.shoot();
    for (x, radius, expected) in [
        (20, 0, Some(2)),
        (13, 0, Some(1)),
        (13, 8, Some(2)),
        (8, 4, None),
        (28, 4, Some(1)),
        (36, 6, Some(3)),
        (31, 0, Some(3)),
    ] {
        let hit = stage.pick([x, 30], radius);
        assert_eq!(hit.map(|hit| hit.picking_id), expected, "at {x} within {radius}");
        if let Some(hit) = hit {
            assert_eq!(hit.is_face, hit.picking_id == 1);
        }
    }
}

#[test]
fn what_is_on_top_is_picked() {
    let mut stage = Stage::flat();
    let lists: Vec<_> = (1..4)
        .map(|id| stage.draw_as(Blending::Translucent, segment(id), &[disc(32.5, 32.5, 0.0)]))
        .collect();
    let sort = |stage: &mut Stage, order: [u32; 3]| {
        for (list, index) in lists.iter().zip(order) {
            stage.order::<PointInstance>(*list, index);
        }
    };
    stage.shoot();
    for (order, on_top) in [([0, 1, 2], 3), ([5, 1, 2], 1), ([0, 9, 2], 2)] {
        sort(&mut stage, order);
        assert_eq!(ids(stage.pick([32, 32], 0)), Some((on_top, Some(0))));
    }
    // Nearer, opaque, and without an id: it hides what is behind.
    stage.draw(segment(0), &[disc(32.5, 32.5, -10.0)]);
    assert_eq!(stage.pick([32, 32], 0), None);
}

#[test]
fn a_camera_that_sleeps_answers_and_sees_its_layers_only() {
    let mut stage = Stage::flat();
    stage.draw(segment(1), &[disc(32.5, 32.5, 0.0)]);
    let hidden = stage.draw(segment(2), &[disc(32.5, 32.5, -10.0)]);
    stage
        .app
        .world_mut()
        .entity_mut(hidden.list)
        .insert(RenderLayers::layer(3));
    stage.shoot();
    let camera = stage.camera;
    stage.app.world_mut().get_mut::<Camera>(camera).unwrap().is_active = false;
    stage.app.update();
    assert_eq!(ids(stage.pick([32, 32], 0)), Some((1, Some(0))));
}

#[test]
fn a_request_is_answered_once_and_asked_again_when_it_is_replaced() {
    let mut stage = Stage::flat();
    stage.draw(segment(1), &[disc(10.5, 10.5, 0.0)]);
    stage.shoot();
    let request = |pixel| PickRequest {
        camera: stage.camera,
        pixel,
        radius: 2,
    };
    let (first, second) = (request(UVec2::new(10, 10)), request(UVec2::new(40, 40)));
    let entity = stage.spawn(first);
    assert_eq!(ids(stage.answer(entity).hit), Some((1, Some(0))));
    stage.app.update();
    assert_eq!(
        stage.stats().uploaded_bytes_last_frame(),
        0,
        "who is answered costs nothing"
    );
    stage.app.world_mut().entity_mut(entity).insert(second);
    let second_answer = stage.answer(entity);
    assert_eq!((second_answer.request, second_answer.hit), (second, None));
    // Nobody is there to ask: that is an answer too.
    let lost = PickRequest {
        camera: Entity::PLACEHOLDER,
        ..first
    };
    let entity = stage.spawn(lost);
    assert_eq!(stage.answer(entity).hit, None);
}

#[test]
fn a_hit_has_its_place_in_the_world_however_far() {
    let far = DVec3::new(500_123.25, 5_412_345.5, 120.125);
    let mut stage = Stage::deep(Vec3::new(0.0, -4.0, 0.0), Vec3::ZERO);
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(EyeOrigin(far));
    let uniform = SegmentUniform {
        world_from_entity: DAffine3::from_translation(far),
        ..segment(4)
    };
    let drawn = stage.draw(uniform, &[disc(0.0, 0.0, 0.0)]);
    stage.shoot();
    let hit = stage.pick([32, 32], 0).unwrap();
    assert!((hit.position - far).length() < 0.1, "{}", hit.position - far);
    assert!(hit.depth > 0.0);
    stage
        .app
        .world_mut()
        .entity_mut(drawn.list)
        .remove::<DrawList<PointInstance>>();
    assert_eq!(stage.pick([32, 32], 0), None);
}
