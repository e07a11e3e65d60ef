//! Image quads and grids.

use bevy::asset::{Assets, Handle, RenderAssetUsages};
use bevy::image::Image;
use bevy::math::{DAffine3, DMat3, DVec3, Quat, Vec2, Vec3};
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use chronoscope_render::{
    BoxInstance, BulkView, DepthCloud, GroundGrid, Highlight, ImageQuad, Magnification, SegmentUniform,
    Texels, pack_color,
};

use crate::stage::{BACKGROUND, SIZE, Stage};

const CORNERS: [[u8; 4]; 4] = [
    [255, 0, 0, 255],
    [0, 200, 0, 255],
    [0, 0, 250, 255],
    [240, 240, 100, 255],
];

fn picture(stage: &mut Stage, width: u32, pixels: &[[u8; 4]]) -> Handle<Image> {
    let size = Extent3d {
        width,
        height: pixels.len() as u32 / width,
        depth_or_array_layers: 1,
    };
    let image = Image::new(
        size,
        TextureDimension::D2,
        pixels.concat(),
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    stage.app.world_mut().resource_mut::<Assets<Image>>().add(image)
}

fn quad(image: Handle<Image>) -> ImageQuad {
    ImageQuad {
        image,
        size: Vec2::splat(SIZE as f32),
        ..Default::default()
    }
}

#[test]
fn the_first_pixel_is_at_the_top_left() {
    let mut stage = Stage::flat();
    let image = picture(&mut stage, 2, &CORNERS);
    stage.spawn(quad(image));
    let seen = stage.shoot();
    let places = [(0, 0), (63, 0), (0, 63), (63, 63)];
    assert_eq!(places.map(|(x, y)| seen.at(x, y)), CORNERS);
    assert_eq!(seen.at(31, 31), CORNERS[0], "nearest: sharp up to the middle");
    assert_eq!(seen.at(32, 32), CORNERS[3]);
}

#[test]
fn linear_magnification_is_smooth() {
    let mut stage = Stage::flat();
    let image = picture(&mut stage, 2, &CORNERS);
    stage.spawn(ImageQuad {
        magnification: Magnification::Linear,
        ..quad(image)
    });
    let seen = stage.shoot();
    assert_eq!(seen.at(0, 0), CORNERS[0]);
    assert!(seen.shades() > 100);
}

#[test]
fn the_draw_order_decides_what_is_on_top() {
    let mut stage = Stage::flat();
    let red = picture(&mut stage, 1, &[[255, 0, 0, 255]]);
    let blue = picture(&mut stage, 1, &[[0, 0, 255, 255]]);
    let first = stage.spawn(ImageQuad {
        draw_order: 2.0,
        ..quad(red)
    });
    stage.spawn(ImageQuad {
        draw_order: 1.0,
        ..quad(blue)
    });
    assert_eq!(stage.shoot().at(32, 32), [255, 0, 0, 255]);
    stage
        .app
        .world_mut()
        .get_mut::<ImageQuad>(first)
        .unwrap()
        .draw_order = 0.0;
    assert_eq!(stage.shoot().at(32, 32), [0, 0, 255, 255]);
}

#[test]
fn opacity_lets_through_what_is_behind() {
    let mut stage = Stage::flat();
    let white = picture(&mut stage, 1, &[[255; 4]]);
    stage.spawn(ImageQuad {
        tint: [255, 255, 255, 0],
        ..quad(white.clone())
    });
    assert_eq!(stage.shoot().at(32, 32), BACKGROUND);
    stage.spawn(ImageQuad {
        tint: [255, 255, 255, 128],
        ..quad(white)
    });
    let seen = stage.shoot().at(32, 32);
    assert!(seen[0] > 150 && seen[0] < 220, "half of the light: {seen:?}");
}

#[test]
fn a_texture_that_cannot_be_filtered_is_left_out() {
    let mut stage = Stage::flat();
    let image = Image::new(
        Extent3d {
            width: 1,
            height: 1,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        1.0_f32.to_le_bytes().to_vec(),
        TextureFormat::R32Float,
        RenderAssetUsages::RENDER_WORLD,
    );
    let image = stage.app.world_mut().resource_mut::<Assets<Image>>().add(image);
    stage.spawn(quad(image));
    assert!(stage.shoot().drawn().is_empty());
}

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

fn row(stage: &mut Stage, format: TextureFormat, bytes: Vec<u8>, width: u32) -> Handle<Image> {
    let size = Extent3d {
        width,
        height: 1,
        depth_or_array_layers: 1,
    };
    let usage = RenderAssetUsages::RENDER_WORLD;
    let image = Image::new(size, TextureDimension::D2, bytes, format, usage);
    stage.app.world_mut().resource_mut::<Assets<Image>>().add(image)
}

/// What is seen of a texture with four columns, in the middle of each.
fn columns(stage: &mut Stage) -> [[u8; 4]; 4] {
    let seen = stage.shoot();
    [8, 24, 40, 56].map(|x| seen.at(x, 32))
}

#[test]
fn values_have_the_colors_of_their_range_whatever_their_format() {
    let values = [0.0_f32, 400.0, 800.0, 1200.0];
    let floats: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let shorts: Vec<u8> = values.iter().flat_map(|v| (*v as u16).to_le_bytes()).collect();
    for (format, bytes) in [
        (TextureFormat::R32Float, floats),
        (TextureFormat::R16Uint, shorts),
    ] {
        let mut stage = Stage::flat();
        let image = row(&mut stage, format, bytes, 4);
        let table = picture(&mut stage, 3, &[RED, GREEN, BLUE]);
        let texels = |range| Texels::Values {
            range,
            table: table.clone(),
        };
        let entity = stage.spawn(ImageQuad {
            texels: texels([400.0, 1200.0]),
            ..quad(image)
        });
        assert_eq!(columns(&mut stage), [RED, RED, GREEN, BLUE], "{format:?}");
        let mut set = |range| {
            stage.app.world_mut().get_mut::<ImageQuad>(entity).unwrap().texels = texels(range);
            columns(&mut stage)
        };
        assert_eq!(
            set([1200.0, 400.0]),
            [BLUE, BLUE, GREEN, RED],
            "the other way round"
        );
        assert_eq!(set([0.0, 800.0]), [RED, GREEN, BLUE, BLUE], "beyond the range");
        assert_eq!(set([400.0, 400.0]), [RED; 4], "no range at all");
    }
}

#[test]
fn values_that_are_no_numbers_are_holes() {
    let mut stage = Stage::flat();
    let values = [f32::NAN, f32::NEG_INFINITY, f32::INFINITY, 0.5];
    let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let image = row(&mut stage, TextureFormat::R32Float, bytes, 4);
    let table = picture(&mut stage, 3, &[RED, GREEN, BLUE]);
    stage.spawn(ImageQuad {
        texels: Texels::Values {
            range: [0.0, 1.0],
            table,
        },
        ..quad(image)
    });
    assert_eq!(columns(&mut stage), [BACKGROUND, RED, BLUE, GREEN]);
}

#[test]
fn classes_have_the_colors_of_their_table_and_are_never_mixed() {
    let mut stage = Stage::flat();
    let bytes = [0_u16, 3, 1, 9].into_iter().flat_map(u16::to_le_bytes).collect();
    let image = row(&mut stage, TextureFormat::R16Uint, bytes, 4);
    // Two rows of two colors.
    let table = picture(&mut stage, 2, &[[0; 4], RED, GREEN, BLUE]);
    stage.spawn(ImageQuad {
        texels: Texels::Classes { table },
        magnification: Magnification::Linear,
        ..quad(image)
    });
    let seen = columns(&mut stage);
    assert_eq!(
        seen,
        [BACKGROUND, BLUE, RED, BACKGROUND],
        "0 is clear, 9 is in no table"
    );
    assert!(stage.shoot().shades() <= 3);
}

/// The outline lies within the picture, as wide everywhere, and leaves the rest of it alone, also where nothing is drawn of it.
#[test]
fn a_highlighted_picture_has_an_outline() {
    let colors = BulkView {
        ui_point_pixels: Some(1.0),
        hovered_color: [0, 255, 0, 30],
        selected_color: [0, 0, 255, 200],
        ..Default::default()
    };
    let mut stage = Stage::flat();
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(colors);
    let red = picture(&mut stage, 1, &[RED]);
    let entity = stage.spawn(ImageQuad {
        size: Vec2::new(40.0, 20.0),
        ..quad(red)
    });
    let mut light = |highlight, tint| {
        let mut quad = stage.app.world_mut().get_mut::<ImageQuad>(entity).unwrap();
        (quad.highlight, quad.tint) = (highlight, [255, 255, 255, tint]);
        let seen = stage.shoot();
        [(20, 10), (20, 2), (20, 1), (39, 10), (38, 19), (0, 0), (40, 10)].map(|(x, y)| seen.at(x, y))
    };
    let inside_and = |color, inside| [inside, inside, color, color, color, color, BACKGROUND];
    assert_eq!(light(Highlight::None, 255), inside_and(RED, RED));
    assert_eq!(light(Highlight::Hovered, 255), inside_and(GREEN, RED));
    assert_eq!(light(Highlight::Selected, 255), inside_and(BLUE, RED));
    assert_eq!(light(Highlight::Selected, 0), inside_and(BLUE, BACKGROUND));
}

/// Seen from the side, the edges that are nearer are as wide as those that are farther away.
#[test]
fn the_outline_of_a_picture_in_space_is_as_wide_everywhere() {
    let mut stage = Stage::deep(Vec3::new(-1.5, 0.0, 1.5), Vec3::ZERO);
    let white = picture(&mut stage, 1, &[[255; 4]]);
    let colors = BulkView {
        ui_point_pixels: Some(1.0),
        selected_color: BLUE,
        ..Default::default()
    };
    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(colors);
    stage.spawn(ImageQuad {
        size: Vec2::ONE,
        world_from_quad: bevy::math::DAffine3::from_translation(bevy::math::DVec3::new(-0.5, -0.5, 0.0)),
        highlight: Highlight::Selected,
        ..quad(white)
    });
    let seen = stage.shoot();
    let is_blue = |x: u32, y: u32| {
        let [r, _, b, _] = seen.at(x, y);
        b > 150 && r < 128
    };
    let middle = (0..SIZE).filter(|x| is_blue(*x, SIZE / 2)).count();
    let height = (0..SIZE).filter(|y| is_blue(SIZE / 2, *y)).count();
    assert!((3..=6).contains(&middle), "{middle} columns of two edges");
    assert!((3..=6).contains(&height), "{height} rows of two edges");
}

#[test]
fn a_replaced_picture_is_shown() {
    let mut stage = Stage::flat();
    let red = picture(&mut stage, 1, &[[255, 0, 0, 255]]);
    let blue = picture(&mut stage, 1, &[[0, 0, 255, 255]]);
    let entity = stage.spawn(quad(red));
    assert_eq!(stage.shoot().at(32, 32), [255, 0, 0, 255]);
    stage.app.world_mut().get_mut::<ImageQuad>(entity).unwrap().image = blue;
    assert_eq!(stage.shoot().at(32, 32), [0, 0, 255, 255]);
}

#[test]
fn the_grid_lies_on_its_plane_and_behind_what_stands_on_it() {
    let mut stage = Stage::deep(Vec3::new(0.5, -4.0, 2.0), Vec3::new(0.5, 0.0, 2.0));
    let grid = stage.spawn(GroundGrid {
        color: [255, 255, 255, 255],
        ..Default::default()
    });
    let seen = stage.shoot();
    let drawn = seen.drawn();
    assert!(drawn.len() > 50, "{}", drawn.len());
    assert!(drawn.iter().all(|(_, y)| *y >= 31), "nothing above the horizon");

    let covered = |picture: &crate::stage::Picture| {
        (28..36).any(|x| (50..56).any(|y| picture.at(x, y) == [0, 128, 0, 255]))
    };
    assert!(!covered(&seen));
    let solid = BoxInstance::new(
        Vec3::new(0.5, 0.0, 0.0),
        Vec3::splat(1.0),
        Quat::IDENTITY,
        pack_color([0, 128, 0, 255]),
    );
    stage.draw(SegmentUniform::default(), &[solid]);
    let seen = stage.shoot();
    // The front face spans pixels that the grid had lines in; none shines through.
    assert!(
        (26..38).all(|x| (46..52).all(|y| seen.at(x, y) == seen.at(32, 48))),
        "the box hides the grid"
    );

    stage.app.world_mut().get_mut::<GroundGrid>(grid).unwrap().normal = Vec3::ZERO;
    let seen = stage.shoot();
    assert!(seen.shades() <= 3, "a plane that is none draws nothing");
}

#[test]
fn the_grid_of_an_orthographic_view_lies_on_whole_coordinates() {
    let mut stage = Stage::flat();
    stage.spawn(GroundGrid {
        spacing: 16.0,
        offset: -1.0,
        color: [255, 255, 255, 255],
        thickness: 2.0,
        ..Default::default()
    });
    let seen = stage.shoot();
    for at in [16, 32, 48] {
        assert_ne!(seen.at(at, 8), BACKGROUND, "a line at x = {at}");
        assert_ne!(seen.at(8, at), BACKGROUND, "a line at y = {at}");
    }
    assert_eq!(seen.at(8, 8), BACKGROUND);
    assert_eq!(seen.at(40, 24), BACKGROUND);
}

/// A picture of 4 by 1 pixels a unit before a camera at the origin that looks along Y; each pixel is half a unit wide.
fn cloud(image: Handle<Image>, table: Handle<Image>) -> ImageQuad {
    ImageQuad {
        texels: Texels::Values {
            range: [0.0, 4.0],
            table,
        },
        world_from_quad: DAffine3 {
            matrix3: DMat3::from_cols(DVec3::X * 0.5, DVec3::NEG_Z * 0.5, DVec3::Y * 0.5),
            translation: DVec3::new(-1.0, 1.0, 0.25),
        },
        size: Vec2::new(4.0, 1.0),
        cloud: Some(DepthCloud {
            camera: DVec3::ZERO,
            scale: 1.0,
            fill_ratio: 0.4,
            hovered: None,
            selected: None,
        }),
        ..quad(image)
    }
}

#[test]
fn distances_stand_as_points_before_their_camera() {
    let values = [2.0_f32, f32::NAN, 0.0, 4.0];
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    // From above, at a right angle: a unit on the ground is 6.4 pixels.
    let mut stage = Stage::deep(Vec3::new(0.0, 3.0, 5.0), Vec3::new(0.0, 3.001, 0.0));
    let image = row(&mut stage, TextureFormat::R32Float, bytes, 4);
    let table = picture(&mut stage, 3, &[RED, GREEN, BLUE]);
    let entity = stage.spawn(cloud(image, table));
    let seen = stage.shoot();
    // The first pixel's middle is 0.75 to the left, two units away: twice that, and two units ahead.
    let at = |x: f32, y: f32| {
        let pixel = |units: f32| (32.0 + units * 6.4).floor() as u32;
        (pixel(x), pixel(3.0 - y))
    };
    let (near, far) = (at(-1.5, 2.0), at(3.0, 4.0));
    assert_eq!(seen.at(near.0, near.1), GREEN, "half of the range, where it is");
    assert_eq!(seen.at(far.0, far.1), BLUE, "the end of the range");
    let (none, zero) = (at(-0.5, 2.0), at(0.0, 0.0));
    assert_eq!(
        [seen.at(none.0, none.1), seen.at(zero.0, zero.1)],
        [BACKGROUND; 2]
    );
    let area = seen.drawn().len();
    assert!((20..200).contains(&area), "two discs, not {area} pixels");

    let mut set = |change: &dyn Fn(&mut DepthCloud)| {
        let mut quad = stage.app.world_mut().get_mut::<ImageQuad>(entity).unwrap();
        change(quad.cloud.as_mut().unwrap());
        stage.shoot()
    };
    let twice = set(&|cloud| cloud.fill_ratio = 0.8).drawn().len();
    assert!(
        (3 * area..5 * area).contains(&twice),
        "twice as wide: {twice}, not {area}"
    );
    let lit = set(&|cloud| cloud.hovered = Some(0));
    assert_ne!(lit.at(near.0, near.1), GREEN, "the pixel under the pointer");
    assert_eq!(lit.at(far.0, far.1), BLUE, "and no other");

    let camera = stage.camera;
    stage.app.world_mut().entity_mut(camera).insert(BulkView {
        hovered_color: [255, 255, 255, 0],
        is_outlined: true,
        ..Default::default()
    });
    let outlined = stage.shoot();
    assert_eq!(outlined.at(near.0, near.1), GREEN, "it keeps its color");
    assert!(outlined.count([255; 4]) > 10, "and has a line around it");
    let [x, y] = [far.0, far.1].map(|along| along.saturating_sub(12)..along + 12);
    let is_white = |(x, y): (u32, u32)| outlined.at(x, y) == [255; 4];
    let around_far = x.flat_map(|x| y.clone().map(move |y| (x, y)));
    let mut around_far = around_far.filter(|(x, y)| *x < SIZE && *y < SIZE);
    assert!(!around_far.any(is_white), "the other has none");
}
