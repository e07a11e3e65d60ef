//! Clouds of more points than a view may draw: fewer and larger points, and the same picture.

use bevy::math::Vec3;
use chronoscope_render::{Blending, BulkView, PointInstance, SegmentUniform, pack_color};

use crate::stage::{Picture, SIZE, Stage};

/// So many points, spread evenly over a square around the middle of the picture, colored by their place.
fn cloud(num_points: u32, side: f32, radius: f32) -> Vec<PointInstance> {
    // The generalized golden ratio: every n-th point is spread as evenly as all are.
    let steps = [0.754_877_67_f64, 0.569_840_3];
    let point = |index: u32| {
        let [x, y] = steps.map(|step| (0.5 + f64::from(index + 1) * step).fract() as f32);
        let middle = SIZE as f32 / 2.0;
        let [x, y] = [x, y].map(|along| middle + (along - 0.5) * side);
        let level = |along: f32| (40.0 + 200.0 * (along / SIZE as f32).clamp(0.0, 1.0)) as u8;
        let color = pack_color([level(x), level(y), 120, 255]);
        PointInstance::new(Vec3::new(x, y, 0.0), radius, color)
    };
    (0..num_points).map(point).collect()
}

fn set_budget(stage: &mut Stage, point_budget: Option<u32>) {
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(BulkView {
        point_budget,
        ..Default::default()
    });
}

/// The picture with a budget, and how many instances it takes. Nothing may be uploaded for it.
fn shoot_with(stage: &mut Stage, point_budget: Option<u32>) -> (Picture, u64) {
    set_budget(stage, point_budget);
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 0, "{point_budget:?}");
    let picture = stage.shoot();
    (picture, stage.stats().queued_instances())
}

fn mean_difference(a: &Picture, b: &Picture) -> f64 {
    let channels = a.0.as_raw().iter().zip(b.0.as_raw());
    let sum: u64 = channels.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.0.as_raw().len() as f64
}

#[test]
fn a_dense_cloud_looks_the_same_with_an_eighth_of_its_points() {
    for blending in [Blending::Opaque, Blending::Translucent] {
        let mut stage = Stage::flat();
        stage.draw_as(blending, SegmentUniform::default(), &cloud(65_536, 64.0, -1.0));
        stage.shoot();
        let (whole, all) = shoot_with(&mut stage, None);
        let (thinned, few) = shoot_with(&mut stage, Some(10_000));
        assert_eq!((all, few), (65_536, 8192), "{blending:?}");
        let difference = mean_difference(&whole, &thinned);
        assert!(difference > 0.1, "another picture: {difference}");
        assert!(difference < 6.0, "{blending:?}: {difference}");
        let (rested, count) = shoot_with(&mut stage, None);
        assert_eq!((mean_difference(&whole, &rested), count), (0.0, 65_536));
    }
}

#[test]
fn fewer_points_cover_as_much_of_the_picture() {
    let mut stage = Stage::flat();
    stage.draw(SegmentUniform::default(), &cloud(8192, 320.0, -1.5));
    stage.shoot();
    let (whole, _) = shoot_with(&mut stage, None);
    let (thinned, count) = shoot_with(&mut stage, Some(2048));
    assert_eq!(count, 2048);
    let [all, some] = [whole, thinned].map(|picture| picture.drawn().len() as f64);
    assert!(
        all > 1000.0 && all < 3500.0,
        "neither nothing nor everything: {all}"
    );
    assert!((all / some - 1.0).abs() < 0.15, "{all} and {some} pixels");
}

#[test]
fn what_is_small_and_what_is_within_its_share_stays_whole() {
    let mut stage = Stage::flat();
    // Far outside of the picture, and about it.
    let far = cloud(65_536, 1.0, -1.0).into_iter().map(|mut point| {
        point.position[0] += 1000.0;
        point
    });
    let drawn = stage.draw(SegmentUniform::default(), &far.collect::<Vec<_>>());
    stage.add(drawn, SegmentUniform::default(), &cloud(300, 60.0, -1.0));
    stage.add(drawn, SegmentUniform::default(), &cloud(1500, 200.0, -1.0));
    stage.shoot();
    let (whole, all) = shoot_with(&mut stage, None);
    let (thinned, some) = shoot_with(&mut stage, Some(6000));
    assert_eq!((all, some), (65_536 + 1800, 65_536 / 16 + 1800));
    assert_eq!(mean_difference(&whole, &thinned), 0.0);
    // Less than there is in small clouds: the rest is thinned as far as it can be, and they are not.
    let (_, fewest) = shoot_with(&mut stage, Some(1));
    assert_eq!(fewest, 65_536 / 64 + 1500 / 2 + 300);
}

#[test]
fn all_lists_of_a_view_share_its_budget_and_other_views_do_not() {
    let mut stage = Stage::flat();
    for _ in 0..2 {
        stage.draw(SegmentUniform::default(), &cloud(4096, 64.0, -1.0));
    }
    let target = stage.new_target();
    stage.spawn_camera(target.into(), BulkView::default());
    stage.shoot();
    let (_, all) = shoot_with(&mut stage, None);
    let (_, some) = shoot_with(&mut stage, Some(4096));
    assert_eq!((all, some), (2 * 8192, 8192 + 4096));
}

#[test]
fn what_is_picked_of_a_thinned_cloud_is_the_point_that_is_seen() {
    let mut stage = Stage::flat();
    let segment = |picking_id| SegmentUniform {
        picking_id,
        ..Default::default()
    };
    // The cloud does not begin at a multiple of the stride.
    let before = 1501;
    let drawn = stage.draw(segment(1), &cloud(before, 1.0, 0.0));
    let points = cloud(20_000, 160.0, -1.0);
    stage.add(drawn, segment(2), &points);
    stage.shoot();
    for (budget, stride) in [(None, 1), (Some(7000), 4)] {
        let (picture, _) = shoot_with(&mut stage, budget);
        // Its pipelines are compiled with the first one.
        stage.pick([0, 0], 0);
        let seen = picture.drawn();
        assert!(seen.len() > 500);
        for (x, y) in seen.into_iter().step_by(97) {
            let hit = stage.pick([x, y], 0).expect("something is seen there");
            let instance = hit.instance.expect("a point");
            assert_eq!((hit.picking_id, (before + instance) % stride), (2, 0));
            let [px, py, _] = points[instance as usize].position;
            let away = (px - x as f32 - 0.5).hypot(py - y as f32 - 0.5);
            assert!(away <= (stride as f32).sqrt() * 1.5, "{away} pixels: {budget:?}");
        }
    }
}
