//! Far from the origin the picture is the same.

use bevy::math::{DAffine3, DQuat, DVec3, Quat, Vec3};
use chronoscope_render::{
    BoxInstance, EyeOrigin, GroundGrid, LineInstance, PointInstance, SegmentUniform, pack_color,
};

use crate::stage::{Picture, Stage};

/// Places of the kind that maps have, and one with a fraction that no `f32` holds there. Multiples of the grid's widest
/// spacing in x and y, so that its lines are where they were.
const FAR: [DVec3; 2] = [
    DVec3::new(500_100.0, 5_412_300.0, 0.0),
    DVec3::new(-4_000_000.0, 5_000_000.0, 0.0),
];

fn scene(origin: DVec3, offset: DVec3) -> Picture {
    let mut stage = Stage::deep(Vec3::new(3.0, -4.0, 2.5), Vec3::ZERO);
    let camera = stage.camera;
    stage
        .app
        .world_mut()
        .entity_mut(camera)
        .insert(EyeOrigin(origin + offset));
    let place = |at: DVec3, turn: f64| SegmentUniform {
        world_from_entity: DAffine3::from_rotation_translation(
            DQuat::from_rotation_z(turn),
            origin + offset + at,
        ),
        ..Default::default()
    };
    let points: Vec<PointInstance> = (0..40_u8)
        .map(|i| {
            let (sin, cos) = (f32::from(i) * 0.4).sin_cos();
            PointInstance::new(
                Vec3::new(cos, sin, f32::from(i) * 0.04),
                -1.5,
                pack_color([255, 80, 20, 255]),
            )
        })
        .collect();
    stage.draw(place(DVec3::new(0.25, 0.5, 0.0), 0.0), &points);
    let line = LineInstance::new(Vec3::NEG_X, Vec3::X, 0.05, pack_color([20, 255, 80, 255]));
    stage.draw(place(DVec3::new(0.0, -1.0, 0.5), 0.3), &[line]);
    let solid = BoxInstance::new(
        Vec3::ZERO,
        Vec3::splat(0.5),
        Quat::IDENTITY,
        pack_color([40, 80, 255, 255]),
    );
    stage.draw(place(DVec3::new(-0.5, 0.0, 0.5), 0.7), &[solid]);
    stage.spawn(GroundGrid {
        normal: Vec3::Z,
        offset: offset.z,
        color: [255, 255, 255, 255],
        ..Default::default()
    });
    stage.shoot()
}

fn differing(a: &Picture, b: &Picture) -> usize {
    let is_other =
        |(a, b): &(&image::Rgba<u8>, &image::Rgba<u8>)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 2);
    a.0.pixels().zip(b.0.pixels()).filter(is_other).count()
}

#[test]
fn five_thousand_kilometers_away_the_picture_is_the_same() {
    let near = scene(DVec3::ZERO, DVec3::ZERO);
    assert!(near.drawn().len() > 500 && near.shades() > 5);
    for far in FAR {
        assert_eq!(differing(&near, &scene(far, DVec3::ZERO)), 0, "{far}");
    }
}

#[test]
fn a_millimeter_counts_wherever_it_is() {
    // A fraction that an `f32` of that size would round to half a meter.
    let offset = DVec3::new(0.0, 0.0, 0.123);
    let near = scene(DVec3::ZERO, offset);
    for far in FAR {
        let differ = differing(&near, &scene(far, offset));
        assert!(differ <= 2, "{differ} pixels at {far}");
    }
}

#[test]
fn a_host_camera_far_away_needs_no_origin() {
    // Where an `f32` is exact to half a unit, a transform of whole units serves.
    let shoot = |place: Vec3| {
        let mut stage = Stage::deep(place + Vec3::new(0.0, -4.0, 0.0), place);
        let uniform = SegmentUniform {
            world_from_entity: DAffine3::from_translation(place.as_dvec3()),
            ..Default::default()
        };
        let points = [
            PointInstance::new(Vec3::ZERO, -3.0, pack_color([255, 0, 0, 255])),
            PointInstance::new(Vec3::new(0.3, 0.0, 0.2), -3.0, pack_color([0, 255, 0, 255])),
        ];
        stage.draw(uniform, &points);
        stage.shoot()
    };
    let (near, far) = (
        shoot(Vec3::ZERO),
        shoot(Vec3::new(5_000_000.0, -4_000_000.0, 0.0)),
    );
    assert!(near.drawn().len() > 20);
    assert_eq!(differing(&near, &far), 0);
}
