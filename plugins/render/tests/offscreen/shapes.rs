//! Points, lines, boxes: their place, size and color.

use bevy::camera::{Camera, CompositingSpace, Hdr, Viewport};
use bevy::math::{DAffine3, DQuat, DVec3, Quat, UVec2, Vec3};
use bevy::render::view::Msaa;
use chronoscope_render::{
    ArrowInstance, BoxEdgesInstance, BoxInstance, BulkView, DEFAULT_COLOR, DEFAULT_RADIUS, Highlight,
    LineInstance, PointInstance, SegmentUniform, pack_color,
};

use crate::stage::{BACKGROUND, Stage};

const RED: [u8; 4] = [200, 30, 60, 255];
const GREEN: [u8; 4] = [40, 180, 90, 255];

fn point(x: f32, y: f32, z: f32, radius: f32, color: [u8; 4]) -> PointInstance {
    PointInstance::new(Vec3::new(x, y, z), radius, pack_color(color))
}

fn line(from: [f32; 3], to: [f32; 3], radius: f32) -> LineInstance {
    LineInstance::new(from.into(), to.into(), radius, pack_color(RED))
}

#[test]
fn a_point_has_its_color_and_its_radius_in_ui_points() {
    let mut stage = Stage::flat();
    stage.draw(SegmentUniform::default(), &[point(32.5, 20.5, 0.0, -4.2, RED)]);
    let picture = stage.shoot();
    assert_eq!(picture.at(32, 20), RED, "the color survives to the byte");
    assert_eq!(picture.at(32 + 4, 20), RED);
    assert_eq!(picture.at(32, 20 - 4), RED);
    assert_eq!(picture.at(32 + 5, 20), BACKGROUND);
    assert_eq!(picture.at(32 + 4, 20 + 4), BACKGROUND, "it is round");
    assert_eq!(picture.at(0, 0), BACKGROUND);
}

#[test]
fn a_ui_point_is_as_many_pixels_as_the_view_says() {
    let mut stage = Stage::flat();
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(BulkView {
        ui_point_pixels: Some(2.0),
        ..Default::default()
    });
    stage.draw(SegmentUniform::default(), &[point(32.5, 20.5, 0.0, -4.2, RED)]);
    let picture = stage.shoot();
    assert_eq!(picture.at(32 + 8, 20), RED);
    assert_eq!(picture.at(32 + 9, 20), BACKGROUND);
}

#[test]
fn a_radius_in_scene_units_shrinks_with_distance() {
    // At a distance of 4, a view of 90 degrees is 8 units high: 8 pixels per unit.
    let mut stage = Stage::deep(Vec3::new(0.0, -4.0, 0.0), Vec3::ZERO);
    let drawn = stage.draw(SegmentUniform::default(), &[point(0.0, 0.0, 0.0, 1.0, RED)]);
    let near = stage.shoot().drawn().len() as f32;
    assert!((near - 64.0 * std::f32::consts::PI).abs() < 20.0, "{near}");
    let far = SegmentUniform {
        world_from_entity: DAffine3::from_translation(DVec3::Y * 4.0),
        ..Default::default()
    };
    stage.list::<PointInstance, _>(drawn, |list| list.set_uniform(drawn.slot, far));
    let far = stage.shoot().drawn().len() as f32;
    assert!((far - 16.0 * std::f32::consts::PI).abs() < 10.0, "{far}");
}

#[test]
fn defaults_come_from_the_segment() {
    let mut stage = Stage::flat();
    let uniform = SegmentUniform {
        default_color: GREEN,
        default_radius: -3.2,
        ..Default::default()
    };
    stage.draw(
        uniform,
        &[PointInstance::new(
            Vec3::new(32.5, 32.5, 0.0),
            DEFAULT_RADIUS,
            DEFAULT_COLOR,
        )],
    );
    let picture = stage.shoot();
    assert_eq!(picture.at(32 + 3, 32), GREEN);
    assert_eq!(picture.at(32 + 4, 32), BACKGROUND);
}

#[test]
fn the_nearer_point_wins_whatever_the_order() {
    let mut stage = Stage::flat();
    let points = [
        point(16.5, 32.5, -5.0, -4.0, RED),
        point(16.5, 32.5, 5.0, -4.0, GREEN),
    ];
    let flipped = [
        point(48.5, 32.5, 5.0, -4.0, GREEN),
        point(48.5, 32.5, -5.0, -4.0, RED),
    ];
    stage.draw(SegmentUniform::default(), &[points, flipped].concat());
    let picture = stage.shoot();
    assert_eq!(picture.at(16, 32), RED);
    assert_eq!(picture.at(48, 32), RED);
}

/// Two spheres that overlap, the second a little farther away: in light, each is seen where it is nearer.
#[test]
fn spheres_cut_each_other_where_surfaces_are_lit() {
    for is_lit in [false, true] {
        let mut stage = Stage::deep(Vec3::new(0.0, -4.0, 0.0), Vec3::ZERO);
        let camera = stage.camera;
        stage.app.world_mut().entity_mut(camera).insert(BulkView {
            is_lit,
            ..Default::default()
        });
        let round = SegmentUniform {
            has_round_points: true,
            picking_id: 5,
            ..Default::default()
        };
        let points = [point(-0.4, 0.0, 0.0, 1.0, RED), point(0.4, 0.1, 0.0, 1.0, GREEN)];
        stage.draw(round, &points);
        let picture = stage.shoot();
        let is_green = |x: u32| {
            let [r, g, ..] = picture.at(x, 32);
            g > r
        };
        // The left one alone, both in the middle of either, and the right one alone.
        let seen = [22, 29, 35, 42].map(is_green);
        assert_eq!(seen, [false, false, is_lit, true], "{is_lit}");
        let hits = [29, 35].map(|x| stage.pick([x, 32], 0).unwrap());
        let picked = hits.map(|hit| hit.instance);
        assert_eq!(
            picked,
            [Some(0), Some(u32::from(is_lit))],
            "what is seen is picked"
        );
        // On the surface of the first, which is a unit before its middle, or in the plane of the disc.
        let expected = if is_lit { -1.0 } else { 0.0 };
        let y = hits[0].position.y;
        assert!((y - expected).abs() < 0.05, "{y}, not {expected}");
    }
}

#[test]
fn a_depth_offset_orders_what_is_coplanar() {
    let mut stage = Stage::flat();
    let behind = SegmentUniform {
        depth_offset: -1.0,
        ..Default::default()
    };
    stage.draw(behind.clone(), &[point(32.5, 32.5, 0.0, -4.0, GREEN)]);
    stage.draw(SegmentUniform::default(), &[point(32.5, 32.5, 0.0, -2.0, RED)]);
    stage.draw(behind, &[point(32.5, 32.5, 0.0, -3.0, GREEN)]);
    let picture = stage.shoot();
    assert_eq!(picture.at(32, 32), RED);
    assert_eq!(picture.at(36, 32), GREEN);
}

#[test]
fn multisampling_keeps_colors_and_softens_edges() {
    let mut stage = Stage::flat();
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(Msaa::Sample4);
    stage.draw(SegmentUniform::default(), &[point(32.5, 32.5, 0.0, -10.0, RED)]);
    let picture = stage.shoot();
    assert_eq!(picture.at(32, 32), RED);
    assert!(
        picture.shades() > 1,
        "there are pixels between the point and the background"
    );
    assert!(
        picture.0.pixels().all(|pixel| pixel.0[3] == 255),
        "coverage does not leak into the target's alpha"
    );
}

#[test]
fn every_kind_of_target_shows_the_same_colors() {
    let close = |a: [u8; 4], b: [u8; 4]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 1);
    for kind in ["hdr", "srgb compositing"] {
        let mut stage = Stage::flat();
        let camera = stage.camera;
        let mut camera = stage.app.world_mut().entity_mut(camera);
        match kind {
            "hdr" => camera.insert(Hdr),
            _ => camera.insert(CompositingSpace::Srgb),
        };
        stage.draw(SegmentUniform::default(), &[point(20.5, 32.5, 0.0, -4.0, RED)]);
        let solid = BoxInstance::new(
            Vec3::new(44.0, 32.0, 0.0),
            Vec3::splat(5.0),
            Quat::IDENTITY,
            pack_color(GREEN),
        );
        stage.draw(SegmentUniform::default(), &[solid]);
        let picture = stage.shoot();
        assert!(close(picture.at(20, 32), RED), "{kind}: {:?}", picture.at(20, 32));
        assert!(
            close(picture.at(44, 32), GREEN),
            "{kind}: {:?}",
            picture.at(44, 32)
        );
    }
}

#[test]
fn a_viewport_shifts_what_is_drawn() {
    let mut stage = Stage::flat();
    let camera = stage.camera;
    stage.app.world_mut().get_mut::<Camera>(camera).unwrap().viewport = Some(Viewport {
        physical_position: UVec2::new(32, 32),
        physical_size: UVec2::splat(32),
        ..Default::default()
    });
    stage.draw(
        SegmentUniform::default(),
        &[line([8.0, 33.0, 0.0], [56.0, 33.0, 0.0], -2.2)],
    );
    stage.draw(SegmentUniform::default(), &[point(33.0, 9.0, 0.0, -2.2, GREEN)]);
    let picture = stage.shoot();
    // Half as many pixels per unit, from (32, 32) on; UI points stay what they are.
    assert_eq!([46, 50].map(|y| picture.at(48, y)), [RED; 2]);
    assert_eq!([44, 52].map(|y| picture.at(48, y)), [BACKGROUND; 2]);
    assert_eq!(picture.at(48, 36), GREEN);
    assert_eq!(
        picture.count(RED) + picture.count(GREEN),
        picture.drawn_within(32..64, 32..64)
    );
    assert_eq!([picture.at(36, 48), picture.at(33, 48)], [RED, BACKGROUND]);
}

#[test]
fn transforms_carry_size_and_mirrors() {
    let mut stage = Stage::flat();
    let scale = |factors: DVec3, to: DVec3| SegmentUniform {
        world_from_entity: DAffine3::from_scale_rotation_translation(factors, DQuat::IDENTITY, to),
        ..Default::default()
    };
    stage.draw(
        scale(DVec3::splat(3.0), DVec3::new(16.5, 16.5, 0.0)),
        &[point(0.0, 0.0, 0.0, 2.1, RED)],
    );
    let solid = BoxInstance::new(Vec3::ZERO, Vec3::splat(4.0), Quat::IDENTITY, pack_color(GREEN));
    stage.draw(
        scale(DVec3::new(-1.0, 2.0, 1.0), DVec3::new(44.0, 44.0, 0.0)),
        &[solid],
    );
    let picture = stage.shoot();
    assert_eq!(
        [picture.at(16 + 6, 16), picture.at(16 + 7, 16)],
        [RED, BACKGROUND]
    );
    assert_eq!(
        picture.count(GREEN),
        8 * 16,
        "a mirrored box is still lit from outside"
    );
}

#[test]
fn a_face_that_is_pointed_at_is_lit_up_less_than_a_point() {
    let lit = SegmentUniform {
        highlight: Highlight::Hovered,
        ..Default::default()
    };
    let mut stage = Stage::flat();
    stage.draw(lit.clone(), &[point(20.5, 32.5, 0.0, -4.0, GREEN)]);
    let place = Vec3::new(44.0, 32.0, 0.0);
    let solid = BoxInstance::new(place, Vec3::splat(5.0), Quat::IDENTITY, pack_color(GREEN));
    stage.draw(lit, &[solid]);
    let picture = stage.shoot();
    let [point, face] = [20, 44].map(|x| picture.at(x, 32)[0]);
    assert!(face > GREEN[0] + 30, "{face}");
    assert!(point > face + 30, "{point} {face}");
}

#[test]
fn a_line_is_as_thick_as_it_says() {
    for (radius, thickness) in [(-0.5, 1), (-1.0, 2), (-2.5, 5), (4.0, 8)] {
        let mut stage = Stage::flat();
        stage.draw(
            SegmentUniform::default(),
            &[line([10.0, 32.5, 0.0], [54.0, 32.5, 0.0], radius)],
        );
        let picture = stage.shoot();
        let rows = (0..64).filter(|y| picture.at(32, *y) == RED).count() as i32;
        assert!(
            (rows - thickness).abs() <= 1,
            "{rows} rows for a radius of {radius}"
        );
        assert_eq!(picture.at(32, 32), RED);
        assert_eq!(picture.at(2, 32), BACKGROUND);
    }
}

#[test]
fn ends_are_round_or_flat() {
    let mut stage = Stage::flat();
    let flat = line([20.0, 48.5, 0.0], [44.0, 48.5, 0.0], -6.0)
        .with_flags(LineInstance::FLAT_START | LineInstance::FLAT_END);
    stage.draw(
        SegmentUniform::default(),
        &[line([20.0, 16.5, 0.0], [44.0, 16.5, 0.0], -6.0), flat],
    );
    let picture = stage.shoot();
    assert_eq!(picture.at(16, 16), RED, "the round end reaches beyond");
    assert_eq!(picture.at(15, 11), BACKGROUND, "and is round");
    assert_eq!(picture.at(16, 48), BACKGROUND, "the flat end does not");
    assert_eq!(picture.at(21, 44), RED);
}

#[test]
fn a_line_from_behind_the_eye_leaves_no_garbage() {
    let mut stage = Stage::deep(Vec3::ZERO, Vec3::Y);
    // Below and to the left of the eye, from far ahead to far behind.
    stage.draw(
        SegmentUniform::default(),
        &[line([-1.0, 10.0, -1.0], [-1.0, -20.0, -1.0], -1.0)],
    );
    let drawn = stage.shoot().drawn();
    assert!(drawn.len() > 20, "the part ahead is there: {}", drawn.len());
    assert!(
        drawn.iter().all(|(x, y)| *x <= 32 && *y >= 31),
        "and nothing is above or to the right of where it starts"
    );
    // It projects onto the diagonal from the middle to the lower left corner.
    assert!(
        drawn.iter().all(|(x, y)| (63 - *x as i32 - *y as i32).abs() <= 3),
        "and it is straight"
    );

    let mut stage = Stage::deep(Vec3::ZERO, Vec3::Y);
    stage.draw(
        SegmentUniform::default(),
        &[line([-1.0, -1.0, -1.0], [1.0, -20.0, 3.0], -1.0)],
    );
    assert!(
        stage.shoot().drawn().is_empty(),
        "what is behind the eye is not drawn"
    );
}

#[test]
fn a_box_is_lit_by_its_faces() {
    let mut stage = Stage::flat();
    let solid = BoxInstance::new(
        Vec3::new(32.0, 32.0, 0.0),
        Vec3::new(10.0, 5.0, 3.0),
        Quat::IDENTITY,
        pack_color(RED),
    );
    stage.draw(SegmentUniform::default(), &[solid]);
    let picture = stage.shoot();
    assert_eq!(
        picture.count(RED),
        20 * 10,
        "a face that looks at the camera has the full color"
    );
    assert_eq!(picture.drawn().len(), 20 * 10);

    let mut stage = Stage::deep(Vec3::new(3.0, -4.0, 2.5), Vec3::ZERO);
    stage.draw(
        SegmentUniform::default(),
        &[BoxInstance::new(
            Vec3::ZERO,
            Vec3::ONE,
            Quat::IDENTITY,
            pack_color(RED),
        )],
    );
    assert_eq!(stage.shoot().shades(), 3, "three faces are seen, and told apart");
}

fn arrow(from: [f32; 3], vector: [f32; 3], radius: f32) -> ArrowInstance {
    ArrowInstance::new(from.into(), vector.into(), radius, pack_color(RED))
}

#[test]
fn an_arrow_has_a_head_twice_as_wide_as_its_shaft() {
    let mut stage = Stage::flat();
    stage.draw(
        SegmentUniform::default(),
        &[arrow([10.0, 30.0, 0.0], [40.0, 0.0, 0.0], -3.0)],
    );
    let picture = stage.shoot();
    let width_at = |x: u32| picture.drawn().iter().filter(|(at, _)| *at == x).count();
    assert_eq!(width_at(20), 6, "the shaft");
    assert!((10..=12).contains(&width_at(39)), "the head: {}", width_at(39));
    assert!((5..=7).contains(&width_at(44)), "its middle: {}", width_at(44));
    assert_eq!((width_at(51), width_at(8)), (0, 0), "nothing is beyond its ends");
}

#[test]
fn a_short_arrow_keeps_its_shape_and_one_towards_the_eye_is_round() {
    let mut stage = Stage::flat();
    stage.draw(
        SegmentUniform::default(),
        &[arrow([20.0, 30.0, 0.0], [8.0, 0.0, 0.0], -8.0)],
    );
    let picture = stage.shoot();
    let height = picture.drawn().iter().map(|(_, y)| *y).max().unwrap()
        - picture.drawn().iter().map(|(_, y)| *y).min().unwrap();
    assert!(height <= 9, "{height}");

    let mut stage = Stage::flat();
    stage.draw(
        SegmentUniform::default(),
        &[arrow([30.0, 30.0, 0.0], [0.0, 0.0, 20.0], -4.0)],
    );
    let arrow = stage.shoot().drawn().len();
    let mut stage = Stage::flat();
    stage.draw(SegmentUniform::default(), &[point(30.0, 30.0, 0.0, -8.0, RED)]);
    let disc = stage.shoot().drawn().len();
    assert!(
        arrow.abs_diff(disc) <= 8,
        "{arrow} pixels, as a disc of radius 8: {disc}"
    );
}

#[test]
fn the_edges_of_a_box_are_its_twelve_lines() {
    let (center, half_size) = (Vec3::new(0.3, 0.2, -0.1), Vec3::new(1.4, 1.0, 0.7));
    let rotation = Quat::from_euler(bevy::math::EulerRot::XYZ, 0.4, 0.3, 0.9);
    let corner = |signs: Vec3| center + rotation * (signs * half_size);
    let mut lines = Vec::new();
    for axis in 0..3 {
        let (along, one, other) = (
            Vec3::AXES[axis],
            Vec3::AXES[(axis + 1) % 3],
            Vec3::AXES[(axis + 2) % 3],
        );
        for (a, b) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
            let side = one * a + other * b;
            let (from, to) = (corner(side - along), corner(side + along));
            lines.push(line(from.to_array(), to.to_array(), -1.5));
        }
    }
    let eye = Vec3::new(2.0, -4.0, 2.0);
    let mut stage = Stage::deep(eye, Vec3::ZERO);
    stage.draw(SegmentUniform::default(), &lines);
    let expected = stage.shoot();
    assert!(expected.drawn().len() > 200, "there is something to compare");

    let mut stage = Stage::deep(eye, Vec3::ZERO);
    let edges = BoxEdgesInstance::new(center, half_size, rotation, -1.5, pack_color(RED));
    stage.draw(SegmentUniform::default(), &[edges]);
    let drawn = stage.shoot();
    let pixels = drawn.0.pixels().zip(expected.0.pixels());
    // Positions are computed elsewhere, so that a pixel at an edge may differ.
    let different = pixels.filter(|(a, b)| a != b).count();
    assert!(different < 8, "{different} pixels differ");
}
