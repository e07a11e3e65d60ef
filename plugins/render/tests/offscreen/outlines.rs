//! Outlines of what stands out: around what, how wide, over what, and where there are none.

use std::sync::Arc;

use bevy::asset::Assets;
use bevy::camera::{Camera, Viewport};
use bevy::math::{Affine3A, Quat, UVec2, Vec3};
use bevy::render::view::Msaa;
use chronoscope_render::{
    Blending, BoxInstance, BulkView, Highlight, MeshGeometry, MeshMaterial, MeshPose, MeshVertex,
    PointInstance, Primitive, SegmentUniform, TriangleMesh, pack_color,
};

use crate::stage::{BACKGROUND, Drawn, Picture, SIZE, Stage};

const RED: [u8; 4] = [200, 30, 60, 255];
const GRAY: [u8; 4] = [90, 90, 90, 255];
/// Of what is hovered.
const GREEN: [u8; 4] = [0, 255, 0, 255];
/// Of what is selected.
const BLUE: [u8; 4] = [0, 0, 255, 255];

/// Nothing but lines tells what stands out.
fn outlining() -> BulkView {
    BulkView {
        ui_point_pixels: Some(1.0),
        hovered_color: [0, 255, 0, 0],
        selected_color: [0, 0, 255, 0],
        highlight_points: 0.0,
        instance_highlight_points: 0.0,
        is_outlined: true,
        ..Default::default()
    }
}

fn set_view(stage: &mut Stage, view: BulkView) {
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(view);
}

fn outlined_stage() -> Stage {
    let mut stage = Stage::flat();
    set_view(&mut stage, outlining());
    stage
}

/// A box from one corner to the other, so far behind the plane of the picture.
fn block(from: [f32; 2], to: [f32; 2], z: f32, color: [u8; 4]) -> BoxInstance {
    let [from, to] = [from, to].map(|[x, y]| Vec3::new(x, y, 0.0));
    let center = (from + to) / 2.0 + Vec3::Z * z;
    let half_size = (to - from) / 2.0 + Vec3::Z;
    BoxInstance::new(center, half_size, Quat::IDENTITY, pack_color(color))
}

fn disc(x: f32) -> PointInstance {
    PointInstance::new(Vec3::new(x, 10.5, 0.0), -4.0, pack_color(RED))
}

fn lit(highlight: Highlight) -> SegmentUniform {
    SegmentUniform {
        highlight,
        ..Default::default()
    }
}

fn light<P: Primitive>(stage: &mut Stage, drawn: Drawn, uniform: SegmentUniform) -> Picture {
    stage.list::<P, _>(drawn, |list| list.set_uniform(drawn.slot, uniform));
    stage.shoot()
}

#[test]
fn what_stands_out_keeps_its_color_and_has_a_line_around_it() {
    let mut stage = outlined_stage();
    let drawn = stage.draw(
        lit(Highlight::None),
        &[block([20.0, 20.0], [40.0, 30.0], 0.0, RED)],
    );
    let plain = stage.shoot();
    for (highlight, color) in [(Highlight::Hovered, GREEN), (Highlight::Selected, BLUE)] {
        let seen = light::<BoxInstance>(&mut stage, drawn, lit(highlight));
        assert_eq!(seen.count(RED), 200, "{highlight:?}");
        let from_inside = [20, 19, 18, 17].map(|y| seen.at(30, y));
        assert_eq!(from_inside, [RED, color, color, BACKGROUND], "two pixels above");
        let from_inside = [39, 40, 41, 42].map(|x| seen.at(x, 25));
        assert_eq!(from_inside, [RED, color, color, BACKGROUND], "and to the right");
        assert_ne!(seen.at(41, 31), color, "its corners are round");
    }
    let dark = light::<BoxInstance>(&mut stage, drawn, lit(Highlight::None));
    assert_eq!(dark.0, plain.0, "nothing of it is left");
    light::<BoxInstance>(&mut stage, drawn, lit(Highlight::Hovered));
    let without = BulkView {
        is_outlined: false,
        ..outlining()
    };
    set_view(&mut stage, without);
    assert_eq!(stage.shoot().0, plain.0, "for those alone who ask for it");
}

#[test]
fn a_line_is_as_wide_as_a_ui_point_says() {
    let mut stage = outlined_stage();
    set_view(
        &mut stage,
        BulkView {
            ui_point_pixels: Some(3.0),
            ..outlining()
        },
    );
    stage.draw(
        lit(Highlight::Hovered),
        &[block([20.0, 20.0], [40.0, 30.0], 0.0, RED)],
    );
    let seen = stage.shoot();
    let column: Vec<u32> = (0..SIZE).filter(|y| seen.at(30, *y) == GREEN).collect();
    assert_eq!(column, (14..20).chain(30..36).collect::<Vec<_>>());
}

/// Also with several samples a pixel.
#[test]
fn one_logical_instance_has_a_line_by_itself() {
    for msaa in [Msaa::Off, Msaa::Sample4] {
        let mut stage = outlined_stage();
        let camera = stage.camera;
        stage.app.world_mut().entity_mut(camera).insert(msaa);
        // One before them, so that its points do not start at the start of the buffer.
        let drawn = stage.draw(lit(Highlight::None), &[disc(10.5), disc(30.5)]);
        stage.list::<PointInstance, _>(drawn, |list| list.remove(drawn.slot));
        let uniform = SegmentUniform {
            hovered_instance: Some(1),
            selected_instances: [2].into_iter().collect(),
            ..Default::default()
        };
        stage.add(drawn, uniform, &[10.5, 30.5, 50.5].map(disc));
        let seen = stage.shoot();
        let middles = [10, 30, 50].map(|x| seen.at(x, 10));
        assert_eq!(middles, [RED; 3], "{msaa:?}: no color is another");
        let beside = [15, 35, 55].map(|x| seen.at(x, 10));
        assert_eq!(beside, [BACKGROUND, GREEN, BLUE], "{msaa:?}");
        // Two pixels around a disc of a radius of four, in the middle of the line.
        let mostly = |channel: usize| {
            let is_it = |color: [u8; 4]| color[channel] > 150 && color[0] < 160;
            seen.0.pixels().filter(|pixel| is_it(pixel.0)).count()
        };
        let counts = [mostly(1), mostly(2)];
        let range = 40..110;
        assert!(
            counts.iter().all(|count| range.contains(count)),
            "{msaa:?}: {counts:?} pixels"
        );
    }
}

#[test]
fn a_line_is_seen_whatever_hides_the_thing() {
    for blending in [Blending::Opaque, Blending::Translucent] {
        let mut stage = outlined_stage();
        stage.draw(
            lit(Highlight::None),
            &[block([5.0, 5.0], [60.0, 60.0], -20.0, GRAY)],
        );
        let hidden = block([20.0, 20.0], [40.0, 30.0], 0.0, RED);
        stage.draw_as(blending, lit(Highlight::Selected), &[hidden]);
        let seen = stage.shoot();
        assert_eq!(seen.at(30, 25), GRAY, "{blending:?}");
        assert_eq!([19, 18, 17].map(|y| seen.at(30, y)), [BLUE, BLUE, GRAY]);
    }
}

#[test]
fn the_line_of_what_is_hovered_lies_over_what_is_selected() {
    let mut stage = outlined_stage();
    let large = stage.draw(
        lit(Highlight::Selected),
        &[block([10.0, 10.0], [50.0, 50.0], 5.0, GRAY)],
    );
    let small = block([25.0, 25.0], [35.0, 35.0], -5.0, RED);
    stage.add(large, lit(Highlight::Hovered), &[small]);
    let seen = stage.shoot();
    let column = [8, 9, 10, 22, 23, 24, 25, 30].map(|y| seen.at(30, y));
    assert_eq!(column, [BLUE, BLUE, GRAY, GRAY, GREEN, GREEN, RED, RED]);
}

#[test]
fn lines_lie_where_things_are_in_a_part_of_the_target() {
    let mut stage = outlined_stage();
    let camera = stage.camera;
    stage.app.world_mut().get_mut::<Camera>(camera).unwrap().viewport = Some(Viewport {
        physical_position: UVec2::new(32, 32),
        physical_size: UVec2::splat(32),
        ..Default::default()
    });
    // Half as many pixels per unit, from (32, 32) on.
    stage.draw(
        lit(Highlight::Hovered),
        &[block([20.0, 20.0], [40.0, 30.0], 0.0, RED)],
    );
    let seen = stage.shoot();
    assert_eq!(
        [42, 41, 40, 39].map(|y| seen.at(47, y)),
        [RED, GREEN, GREEN, BACKGROUND]
    );
    assert_eq!(
        [42, 41, 40, 39].map(|x| seen.at(x, 44)),
        [RED, GREEN, GREEN, BACKGROUND]
    );
}

#[test]
fn a_pose_of_a_mesh_has_a_line_by_itself() {
    let mut stage = outlined_stage();
    let corners = [[0.0, 0.0], [0.0, 10.0], [10.0, 10.0], [10.0, 0.0]];
    let vertices = corners.map(|[x, y]| MeshVertex::new([x, y, 0.0]).with_color(RED));
    let geometry = MeshGeometry::new(vertices.to_vec(), vec![0, 1, 2, 0, 2, 3]).unwrap();
    let mut geometries = stage.app.world_mut().resource_mut::<Assets<MeshGeometry>>();
    let geometry = geometries.add(geometry);
    let pose = |x: f32, instance| MeshPose {
        entity_from_mesh: Affine3A::from_translation(Vec3::new(x, 20.0, 0.0)),
        instance,
    };
    let mesh = |segment| TriangleMesh {
        geometry: geometry.clone(),
        material: MeshMaterial {
            is_unlit: true,
            ..MeshMaterial::default()
        },
        poses: Arc::new([pose(10.0, 3), pose(40.0, 4)]),
        segment,
    };
    let entity = stage.spawn(mesh(lit(Highlight::None)));
    let mut above = |segment| {
        stage.app.world_mut().entity_mut(entity).insert(mesh(segment));
        let seen = stage.shoot();
        assert_eq!([15, 45].map(|x| seen.at(x, 25)), [RED; 2]);
        [15, 45].map(|x| seen.at(x, 19))
    };
    assert_eq!(above(lit(Highlight::None)), [BACKGROUND; 2]);
    assert_eq!(above(lit(Highlight::Selected)), [BLUE; 2]);
    let hovered = SegmentUniform {
        hovered_instance: Some(4),
        ..Default::default()
    };
    assert_eq!(above(hovered), [BACKGROUND, GREEN]);
}

/// What is written and what is drawn is what it is without: the segment that lights up, and the same instances.
#[test]
fn an_outline_costs_no_more_uploads_and_picks_the_same() {
    let mut stage = outlined_stage();
    let plain = SegmentUniform {
        picking_id: 5,
        ..Default::default()
    };
    let drawn = stage.draw(plain.clone(), &[disc(10.5), disc(30.5)]);
    stage.shoot();
    let counts = |stage: &Stage| {
        let stats = stage.stats();
        (stats.queued_draws(), stats.queued_instances(), stats.gpu_bytes())
    };
    let before = counts(&stage);
    let hovered = SegmentUniform {
        hovered_instance: Some(1),
        ..plain
    };
    stage.list::<PointInstance, _>(drawn, |list| list.set_uniform(drawn.slot, hovered));
    stage.app.update();
    assert_eq!(stage.stats().uploaded_bytes_last_frame(), 96);
    assert_eq!(stage.shoot().at(35, 10), GREEN);
    assert_eq!(counts(&stage), before);
    let hit = stage.pick([30, 10], 0).unwrap();
    assert_eq!((hit.picking_id, hit.instance), (5, Some(1)));
    assert_eq!(stage.pick([35, 10], 0), None, "a line is nothing by itself");
}

/// A cloud of which points are left out has a line around those that are left.
#[test]
fn a_thinned_cloud_has_the_outline_of_the_whole_one() {
    let points: Vec<PointInstance> = (0..128 * 128)
        .map(|at: u16| {
            // One in four is a column in four.
            let [x, y] = [at % 128, at / 128].map(|along| 16.0 + f32::from(along) / 4.0);
            PointInstance::new(Vec3::new(x, y, 0.0), -1.0, pack_color(RED))
        })
        .collect();
    let mut stage = outlined_stage();
    stage.draw(lit(Highlight::Selected), &points);
    let whole = stage.shoot().count(BLUE);
    let expected = 4 * 2 * 32..4 * 2 * 40;
    assert!(expected.contains(&whole), "{whole} pixels");
    set_view(
        &mut stage,
        BulkView {
            point_budget: Some(4096),
            ..outlining()
        },
    );
    let thinned = stage.shoot().count(BLUE);
    assert_eq!(stage.stats().queued_instances(), 4096);
    assert!(
        (whole / 2..whole * 2).contains(&thinned),
        "{thinned} pixels, {whole} of all"
    );
}
