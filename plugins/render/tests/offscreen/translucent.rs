//! Translucent surfaces in no certain order, and what is behind everything.

use bevy::asset::{Assets, Handle, RenderAssetUsages};
use bevy::camera::Camera3d;
use bevy::image::Image;
use bevy::math::{DAffine3, DMat3, DVec3, Quat, Vec2, Vec3};
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat, TextureUsages};
use bevy::render::view::Msaa;
use chronoscope_render::{
    Backdrop, Blending, BoxInstance, BulkView, ImageQuad, PointInstance, SegmentUniform, pack_color,
};

use crate::stage::{Picture, SIZE, Stage};

const RED: [u8; 4] = [230, 20, 20, 128];
const GREEN: [u8; 4] = [20, 230, 20, 128];

fn deep(is_order_independent: bool) -> Stage {
    let mut stage = Stage::deep(Vec3::new(0.0, -4.0, 0.0), Vec3::ZERO);
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(BulkView {
        focus_distance: 4.0,
        is_order_independent,
        ..Default::default()
    });
    stage
}

/// A wall of a color, turned around Z.
fn wall(angle: f32, color: [u8; 4]) -> BoxInstance {
    let half_size = Vec3::new(2.0, 0.02, 1.5);
    BoxInstance::new(
        Vec3::ZERO,
        half_size,
        Quat::from_rotation_z(angle),
        pack_color(color),
    )
}

fn num_different(a: &Picture, b: &Picture, tolerance: u8) -> usize {
    let pixels = a.0.pixels().zip(b.0.pixels());
    let differs =
        |a: &[u8; 4], b: &[u8; 4]| (0..3).any(|channel| a[channel].abs_diff(b[channel]) > tolerance);
    pixels.filter(|(a, b)| differs(&a.0, &b.0)).count()
}

fn is_alike(a: &Picture, b: &Picture, tolerance: u8) -> bool {
    num_different(a, b, tolerance) == 0
}

#[test]
fn one_surface_looks_the_same_by_weight() {
    for msaa in [Msaa::Off, Msaa::Sample4] {
        let pictures = [false, true].map(|is_order_independent| {
            let mut stage = deep(is_order_independent);
            let camera = stage.camera;
            stage.app.world_mut().entity_mut(camera).insert(msaa);
            // What is opaque hides it, or is seen through it.
            let behind = BoxInstance::new(
                Vec3::new(1.0, 2.0, 0.0),
                Vec3::ONE,
                Quat::IDENTITY,
                pack_color([250, 250, 90, 255]),
            );
            let before = BoxInstance::new(
                Vec3::new(-1.0, -1.5, 0.0),
                Vec3::splat(0.3),
                Quat::IDENTITY,
                pack_color([90, 90, 250, 255]),
            );
            stage.draw(SegmentUniform::default(), &[behind, before]);
            let disc = PointInstance::new(Vec3::ZERO, 1.5, pack_color(RED));
            stage.draw_as(Blending::Translucent, SegmentUniform::default(), &[disc]);
            stage.shoot()
        });
        let [sorted, weighted] = &pictures;
        assert!(sorted.drawn().len() > 500);
        let (different, drawn) = (num_different(sorted, weighted, 3), sorted.drawn().len());
        // At edges the samples of a pixel are summed up in another order.
        let few = if msaa == Msaa::Off { 0 } else { drawn / 20 };
        assert!(different <= few, "{different} of {drawn}: {msaa:?}");
    }
}

#[test]
fn walls_that_cut_each_other_are_seen_each_where_it_is_nearer() {
    let shoot = |walls: [BoxInstance; 2]| {
        let mut stage = deep(true);
        stage.draw_as(Blending::Translucent, SegmentUniform::default(), &walls);
        stage.shoot()
    };
    let (red, green) = (wall(0.6, RED), wall(-0.6, GREEN));
    let (one, other) = (shoot([red, green]), shoot([green, red]));
    assert!(is_alike(&one, &other, 1), "whatever comes first");
    // The red one comes nearer at the left, the green one at the right.
    let [left, right] = [22, 41].map(|x| one.at(x, SIZE / 2));
    assert!(left[0] > left[1] + 20, "{left:?}");
    assert!(right[1] > right[0] + 20, "{right:?}");
}

#[test]
fn an_opaque_picture_hides_what_is_behind_and_lies_behind_what_is_in_front() {
    let white = |stage: &mut Stage| -> Handle<Image> {
        let size = Extent3d {
            width: 1,
            height: 1,
            depth_or_array_layers: 1,
        };
        let image = Image::new(
            size,
            TextureDimension::D2,
            vec![255; 4],
            TextureFormat::Rgba8UnormSrgb,
            RenderAssetUsages::RENDER_WORLD,
        );
        stage.app.world_mut().resource_mut::<Assets<Image>>().add(image)
    };
    let shoot = |y: f32| {
        let mut stage = deep(true);
        let image = white(&mut stage);
        // It stands upright in the middle.
        let axes = DMat3::from_cols(DVec3::X, DVec3::NEG_Z, DVec3::Y);
        stage.spawn(ImageQuad {
            image,
            size: Vec2::splat(2.0),
            world_from_quad: DAffine3::from_mat3_translation(axes, DVec3::new(-1.0, 0.0, 1.0)),
            ..Default::default()
        });
        let plate = BoxInstance::new(
            Vec3::new(0.0, y, 0.0),
            Vec3::new(0.5, 0.01, 0.5),
            Quat::IDENTITY,
            pack_color(RED),
        );
        stage.draw_as(Blending::Translucent, SegmentUniform::default(), &[plate]);
        stage.shoot().at(SIZE / 2, SIZE / 2)
    };
    assert_eq!(shoot(1.0), [255; 4], "behind it");
    let [r, g, ..] = shoot(-1.0);
    assert!(r > 200 && g < 200, "before it: {r} {g}");
}

#[test]
fn a_backdrop_is_behind_everything_and_goes_by_the_direction() {
    let mut stage = deep(false);
    stage.spawn(Backdrop {
        up: Vec3::Z,
        nadir: [200, 0, 0],
        horizon: [0, 200, 0],
        zenith: [0, 0, 200],
    });
    let color = [10, 60, 120, 255];
    stage.draw(
        SegmentUniform::default(),
        &[BoxInstance::new(
            Vec3::ZERO,
            Vec3::splat(0.5),
            Quat::IDENTITY,
            pack_color(color),
        )],
    );
    let seen = stage.shoot();
    let [up, down, beside] = [(2, 1), (2, SIZE - 2), (2, SIZE / 2)].map(|(x, y)| seen.at(x, y));
    assert!(up[2] > 60 && up[0] < 5, "{up:?}");
    assert!(down[0] > 60 && down[2] < 5, "{down:?}");
    assert!(beside[1] > 190, "{beside:?}");
    let middle = seen.at(SIZE / 2, SIZE / 2);
    assert!(middle[2] > middle[1], "the box lies before it: {middle:?}");
}

#[test]
fn a_strip_that_would_fall_between_pixels_is_seen() {
    let mut stage = Stage::flat();
    let size = Extent3d {
        width: 4,
        height: 1,
        depth_or_array_layers: 1,
    };
    let pixels = [[255, 0, 0, 255], [0, 200, 0, 255], [0, 0, 250, 255], [255; 4]];
    let image = Image::new(
        size,
        TextureDimension::D2,
        pixels.concat(),
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    let image = stage.app.world_mut().resource_mut::<Assets<Image>>().add(image);
    stage.spawn(ImageQuad {
        image,
        size: Vec2::new(SIZE as f32, 0.2),
        world_from_quad: DAffine3::from_translation(DVec3::new(0.0, 31.9, 0.0)),
        ..Default::default()
    });
    let seen = stage.shoot();
    let rows = [31, 32].map(|y| [8, 24, 40, 56].map(|x| seen.at(x, y)));
    assert_eq!(rows, [pixels, pixels], "two rows, each as long as it is");
    assert_eq!(seen.drawn().len(), 2 * SIZE as usize);
}

#[test]
fn what_lies_behind_its_neighbors_is_darker_where_it_is_asked_for() {
    let shoot = |depth_shading: f32, msaa: Msaa| {
        let mut stage = deep(false);
        let camera = stage.camera;
        let view = BulkView {
            focus_distance: 4.0,
            depth_shading,
            ..Default::default()
        };
        stage.app.world_mut().entity_mut(camera).insert((
            view,
            msaa,
            Camera3d {
                depth_texture_usages: (TextureUsages::RENDER_ATTACHMENT | TextureUsages::TEXTURE_BINDING)
                    .into(),
                ..Default::default()
            },
        ));
        // A wall, and a plate before its middle, both of one color and seen from the front.
        let color = pack_color([200, 200, 200, 255]);
        let wall = BoxInstance::new(Vec3::ZERO, Vec3::new(3.0, 0.1, 3.0), Quat::IDENTITY, color);
        let plate = BoxInstance::new(
            Vec3::new(0.0, -1.0, 0.0),
            Vec3::new(0.75, 0.1, 0.75),
            Quat::IDENTITY,
            color,
        );
        stage.draw(SegmentUniform::default(), &[wall, plate]);
        let seen = stage.shoot();
        let row: Vec<u8> = (0..SIZE).map(|x| seen.at(x, SIZE / 2)[1]).collect();
        row
    };
    for msaa in [Msaa::Off, Msaa::Sample4] {
        let (plain, shaded) = (shoot(0.0, msaa), shoot(1.0, msaa));
        let darker = (0..SIZE as usize).filter(|x| shaded[*x] + 30 < plain[*x]).count();
        assert!((2..=8).contains(&darker), "beside the plate: {darker} {shaded:?}");
        let middle = SIZE as usize / 2;
        assert_eq!(
            (shaded[middle], shaded[2]),
            (plain[middle], plain[2]),
            "where all is as far"
        );
    }
}
