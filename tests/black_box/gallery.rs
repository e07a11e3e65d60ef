//! One picture of each archetype that views draw, held against stored ones, and what the pointer is over in each.
//!
//! `CHRONOSCOPE_UPDATE_GALLERY=1` stores the pictures anew. Look at them before they are kept.

mod others;

use std::{path::PathBuf, sync::Arc};

use bevy::prelude::*;
use chronoscope::{
    ChronoscopePlugins,
    frame::{IngestSources, Item, Selection},
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    render::RenderQuality,
    sources::{BlueprintTarget, ReadySource, open_files},
    store::{Chunk, EntityPath, StoreId},
    types::{
        AnnotationContext, Arrows2D, Arrows3D, AsComponents, Asset3D, Boxes2D, Boxes3D, Capsules3D,
        Cylinders3D, DepthImage, Ellipses2D, Ellipsoids3D, GridMap, Image, InstancePoses3D, LineStrips2D,
        LineStrips3D, LogMessage, Mesh3D, Pinhole, Points2D, Points3D, SegmentationImage, Transform3D,
        TransformAxes3D, VoxelGridMap,
        enums::{ChannelDatatype, Colormap, FillMode, PointShading},
        log_chunk,
        records::{AnnotationInfo, ClassDescription, ImageFormat},
    },
};
use egui::{Event, pos2};
use image::RgbImage;
use tempfile::TempDir;

use crate::{
    meshes::textured_glb,
    picture::{load, save},
    pointer::{click, picture, send},
};

const COLUMNS: usize = 6;
const TILE: usize = 150;
const COLOR: [u8; 4] = [255, 0, 255, 255];

/// An archetype in a view of its own.
struct Piece {
    class: &'static str,
    name: &'static str,
    chunks: Vec<Chunk>,
    /// Below the view's origin, where it is not the origin itself.
    entity: &'static str,
}

fn piece(class: &'static str, name: &'static str, components: &dyn AsComponents) -> Piece {
    Piece {
        class,
        name,
        chunks: vec![log_chunk(format!("/{name}"), [], components).unwrap()],
        entity: "",
    }
}

fn magenta(pixels: usize) -> Vec<u8> {
    [255, 0, 255].repeat(pixels)
}

fn pieces() -> Vec<Piece> {
    let colors = [COLOR];
    let solid = FillMode::Solid;
    let boxes = || Boxes3D::from_half_sizes([[1.0, 0.7, 0.5]]).with_colors(colors);
    let ellipsoids = || {
        Ellipsoids3D::default()
            .with_half_sizes([[1.0, 0.7, 0.5]])
            .with_colors(colors)
    };
    let cylinders = || {
        let sized = Cylinders3D::default().with_lengths([1.5]).with_radii([0.5]);
        sized.with_colors(colors)
    };
    let capsules = || {
        let sized = Capsules3D::default().with_lengths([1.0]).with_radii([0.5]);
        sized.with_colors(colors)
    };
    let strip = vec![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]];
    let flat_strip = vec![[0.0, 0.0], [8.0, 2.0], [3.0, 9.0]];
    let grid_format = ImageFormat::depth(8, 8, ChannelDatatype::U8);
    let grid: Vec<u8> = (0..64).map(|cell| if cell % 9 == 0 { 100 } else { 0 }).collect();
    let mut pieces = vec![
        piece(
            "3D",
            "points",
            &Points3D::new([[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
                .with_colors(colors)
                .with_radii([0.2]),
        ),
        piece(
            "3D",
            "lines",
            &LineStrips3D::new([strip]).with_colors(colors).with_radii([0.1]),
        ),
        piece(
            "3D",
            "arrows",
            &Arrows3D::new([[1.0, 0.5, 1.0]])
                .with_colors(colors)
                .with_radii([0.15]),
        ),
        piece("3D", "boxes", &boxes()),
        piece("3D", "boxes_solid", &boxes().with_fill_mode(solid)),
        piece(
            "3D",
            "boxes_lines",
            &boxes().with_fill_mode(FillMode::MajorWireframe).with_radii([0.1]),
        ),
        piece("3D", "ellipsoids", &ellipsoids()),
        piece("3D", "ellipsoids_solid", &ellipsoids().with_fill_mode(solid)),
        piece(
            "3D",
            "ellipsoids_dense",
            &ellipsoids()
                .with_fill_mode(FillMode::DenseWireframe)
                .with_line_radii([0.05]),
        ),
        piece("3D", "cylinders", &cylinders()),
        piece("3D", "cylinders_solid", &cylinders().with_fill_mode(solid)),
        piece(
            "3D",
            "cylinders_dense",
            &cylinders()
                .with_fill_mode(FillMode::DenseWireframe)
                .with_line_radii([0.05]),
        ),
        piece("3D", "capsules", &capsules()),
        piece("3D", "capsules_solid", &capsules().with_fill_mode(solid)),
        piece(
            "3D",
            "capsules_dense",
            &capsules()
                .with_fill_mode(FillMode::DenseWireframe)
                .with_line_radii([0.05]),
        ),
        piece("3D", "axes", &TransformAxes3D::default().with_axis_length(1.0)),
        piece(
            "3D",
            "voxels",
            &VoxelGridMap::default()
                .with_voxel_indices([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]])
                .with_voxel_size([0.5; 3])
                .with_colors(colors),
        ),
        piece(
            "3D",
            "grid_map",
            &GridMap::default()
                .with_data(grid)
                .with_format(grid_format)
                .with_cell_size(0.5)
                // Raised towards the eye.
                .with_quaternion([0.5, 0.0, 0.0, 0.866])
                .with_colormap(Colormap::RvizCostmap),
        ),
        piece(
            "2D",
            "points_2d",
            &Points2D::new([[2.0, 2.0], [5.0, 5.0], [8.0, 2.0]])
                .with_colors(colors)
                .with_radii([-6.0]),
        ),
        piece(
            "2D",
            "lines_2d",
            &LineStrips2D::new([flat_strip])
                .with_colors(colors)
                .with_radii([-4.0]),
        ),
        piece(
            "2D",
            "arrows_2d",
            &Arrows2D::new([[8.0, 5.0]]).with_colors(colors).with_radii([-5.0]),
        ),
        piece(
            "2D",
            "boxes_2d",
            &Boxes2D::from_half_sizes([[4.0, 3.0]])
                .with_colors(colors)
                .with_radii([-5.0]),
        ),
        piece(
            "2D",
            "ellipses_2d",
            &Ellipses2D::default()
                .with_half_sizes([[4.0, 3.0]])
                .with_colors(colors)
                .with_line_radii([-5.0]),
        ),
        piece("2D", "image", &Image::from_rgb8(4, 3, magenta(12))),
        piece(
            "2D",
            "segmentation",
            &SegmentationImage::from_u8(4, 3, vec![0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]),
        ),
        piece(
            "2D",
            "depth",
            &DepthImage::new(
                (0..12).collect::<Vec<u8>>(),
                ImageFormat::depth(4, 3, ChannelDatatype::U8),
            ),
        ),
    ];
    let forward_left_up = [5, 4, 1];
    let pinhole = Pinhole::from_focal_length_and_resolution([60.0, 40.0], [60.0, 40.0])
        .with_camera_xyz(forward_left_up)
        .with_image_plane_distance(2.0)
        .with_color([0, 255, 0, 255]);
    pieces.push(Piece {
        class: "3D",
        name: "camera",
        chunks: vec![
            log_chunk("/camera", [], &Transform3D::from_translation([0.0, 0.0, 1.0])).unwrap(),
            log_chunk(
                "/camera/lens",
                [],
                &pinhole
                    .with_image_plane_distance(2.0)
                    .with_color([0, 255, 0, 255]),
            )
            .unwrap(),
            log_chunk(
                "/camera/lens/image",
                [],
                &Image::from_rgb8(60, 40, magenta(2_400)),
            )
            .unwrap(),
        ],
        entity: "/lens/image",
    });
    let log = |path: &str, components: &dyn AsComponents| log_chunk(path, [], components).unwrap();
    let mut several = |name, chunks: Vec<Chunk>, entity| {
        pieces.push(Piece {
            class: "3D",
            name,
            chunks,
            entity,
        });
    };
    let poses = InstancePoses3D::default()
        .with_translations([[0.0; 3], [2.0, 0.0, 0.5]])
        .with_scales([[1.0, 1.0, 1.0], [0.5, 1.0, 1.5]]);
    several(
        "poses",
        vec![
            log("/poses", &boxes().with_fill_mode(solid)),
            log("/poses", &poses),
        ],
        "",
    );
    let joints = [
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0],
        [0.7, 0.0, 1.4],
        [-0.7, 0.0, 1.4],
    ];
    let person = ClassDescription {
        connections: vec![[0, 1], [1, 2], [1, 7]],
        ..AnnotationInfo::new(1, "person", [0, 200, 255, 255]).into()
    };
    let skeleton = Points3D::new(joints)
        .with_colors(colors)
        .with_radii([0.15])
        .with_show_labels(false)
        .with_class_ids([1u16])
        .with_keypoint_ids([0u16, 1, 2, 7]);
    let context = AnnotationContext::new([person]);
    several(
        "skeleton",
        vec![log("/skeleton", &skeleton), log("/skeleton", &context)],
        "",
    );
    let flat = Points3D::new([[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
        .with_colors(colors)
        .with_radii([0.2])
        .with_point_shading(PointShading::Flat);
    several("points_flat", vec![log("/points_flat", &flat)], "");
    let mesh = Mesh3D::new([[0.0; 3], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).with_albedo_factor(COLOR);
    several("mesh", vec![log("/mesh", &mesh)], "");
    let distances = (0..2_400u16).map(|at| 1_000 + at % 60 * 10 + at / 60 * 5);
    let distances: Vec<u8> = distances.flat_map(u16::to_le_bytes).collect();
    let depth = DepthImage::new(distances, ImageFormat::depth(60, 40, ChannelDatatype::U16));
    let pinhole = Pinhole::from_focal_length_and_resolution([60.0; 2], [60.0, 40.0])
        .with_camera_xyz(forward_left_up)
        .with_color([0, 255, 0, 255]);
    several(
        "depth_cloud",
        vec![
            log("/depth_cloud", &Transform3D::from_translation([0.0; 3])),
            log("/depth_cloud/lens", &pinhole),
            log("/depth_cloud/lens/depth", &depth),
        ],
        "/lens/depth",
    );
    let spheres = Points3D::new([[-0.5, 0.0, 0.0], [0.5, 0.1, 0.0], [0.0, 0.2, 0.8]])
        .with_colors(colors)
        .with_radii([0.7]);
    pieces.push(piece("3D", "spheres", &spheres));
    let model = Asset3D::new(textured_glb([1.0, 0.0, 1.0], [0.3, 0.2, 0.3]));
    pieces.push(piece("3D", "model", &model));
    pieces.extend(others::pieces());
    pieces
}

fn gallery(quality: RenderQuality) -> (App, Vec<(&'static str, String)>, TempDir) {
    let pieces = pieces();
    let rows = pieces.len().div_ceil(COLUMNS);
    let mut app = App::new();
    app.insert_resource(quality).add_plugins(OffscreenPlugin {
        size: OffscreenSize {
            width: (COLUMNS * TILE) as u32,
            height: (rows * TILE) as u32,
            scale: 1.0,
        },
    });
    app.add_plugins(ChronoscopePlugins);
    offscreen::finish(&mut app);
    let views: Vec<String> = pieces
        .iter()
        .map(|piece| format!(r#"View(class: "{}", origin: "/{}")"#, piece.class, piece.name))
        .collect();
    let text = format!(
        "(version: 1, layout: Grid(grid_columns: {COLUMNS}, contents: [{}]), \
         panels: (top: Hidden, blueprint: Hidden, selection: Hidden, time: Hidden))",
        views.join(", ")
    );
    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("gallery.ron");
    std::fs::write(&layout, text).unwrap();
    let entities = pieces
        .iter()
        .map(|piece| (piece.name, format!("/{}{}", piece.name, piece.entity)))
        .collect();
    log(&mut app, pieces.into_iter().flat_map(|piece| piece.chunks));
    offscreen::settle(&mut app, None).unwrap();
    open_files(app.world_mut(), vec![layout], BlueprintTarget::Open);
    app.update();
    offscreen::settle(&mut app, None).unwrap();
    (app, entities, folder)
}

pub(crate) fn log(app: &mut App, chunks: impl IntoIterator<Item = Chunk>) {
    let messages = chunks.into_iter().map(|chunk| LogMessage::Chunk {
        store: StoreId::recording("gallery", "one"),
        chunk: Arc::new(chunk),
    });
    let source = ReadySource::new("gallery", messages.collect());
    app.world_mut().resource_mut::<IngestSources>().add(source);
}

/// The pixels of a tile, and where it begins.
fn tile(picture: &RgbImage, at: usize) -> (RgbImage, [u32; 2]) {
    let side = TILE as u32;
    let place = [(at % COLUMNS) as u32 * side, (at / COLUMNS) as u32 * side];
    (
        image::imageops::crop_imm(picture, place[0], place[1], side, side).to_image(),
        place,
    )
}

/// What a tile shows, without its title and its edges.
fn content(picture: &RgbImage, num_pieces: usize, at: usize) -> RgbImage {
    const TOP_BAR: u32 = 32;
    const TITLE: u32 = 30;
    const EDGE: u32 = 4;
    let height = (picture.height() - TOP_BAR) as f32 / num_pieces.div_ceil(COLUMNS) as f32;
    let top = TOP_BAR as f32 + height * (at / COLUMNS) as f32;
    let left = (at % COLUMNS * TILE) as u32;
    image::imageops::crop_imm(
        picture,
        left + EDGE,
        top.round() as u32 + TITLE + EDGE,
        TILE as u32 - 2 * EDGE,
        height as u32 - TITLE - 2 * EDGE,
    )
    .to_image()
}

/// How much two pictures differ where each pixel is the mean of its surroundings: the mean over all pixels and channels, of 255.
fn blurred_difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let [a, b] = [a, b].map(|picture| image::imageops::blur(picture, 1.5));
    let sum: u64 = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}

fn stored(quality: &str) -> PathBuf {
    let name = format!("tests/data/gallery_{quality}.png");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn each_archetype_looks_as_it_did() {
    for (quality, name) in [(RenderQuality::Cheap, "cheap"), (RenderQuality::Full, "full")] {
        let (mut app, entities, _folder) = gallery(quality);
        let now = picture(&mut app);
        save(&now, &format!("gallery_{name}.png"));
        if std::env::var_os("CHRONOSCOPE_UPDATE_GALLERY").is_some() {
            now.save(stored(name)).unwrap();
        }
        let before = load(&stored(name));
        for (at, (piece, _)) in entities.iter().enumerate() {
            let ((now, _), (before, _)) = (tile(&now, at), tile(&before, at));
            let difference = blurred_difference(&now, &before);
            assert!(difference < 1.5, "{piece} ({name}) differs by {difference}");
        }
        let [png, rvl] = others::SAME_DISTANCES.map(|wanted| {
            let at = entities.iter().position(|(piece, _)| *piece == wanted);
            content(&now, entities.len(), at.unwrap())
        });
        // Tiles begin at fractions of a pixel, so that edges may lie a pixel beside those of the other.
        let difference = blurred_difference(&png, &rvl);
        assert!(
            difference < 4.0,
            "the same distances differ by {difference} ({name})"
        );
    }
}

/// Archetypes whose instances are told apart.
const OF_INSTANCES: [&str; 10] = [
    "points",
    "lines",
    "arrows",
    "boxes",
    "ellipsoids",
    "ellipses",
    "cylinders",
    "capsules",
    "voxels",
    "spheres",
];

#[test]
fn what_the_pointer_is_over_is_hovered_and_selected() {
    for quality in [RenderQuality::Cheap, RenderQuality::Full] {
        point_at_each(quality);
    }
}

fn point_at_each(quality: RenderQuality) {
    let (mut app, entities, _folder) = gallery(quality);
    let shown = picture(&mut app);
    for (at, (name, entity)) in entities.iter().enumerate() {
        // These are drawn in other colors, which the picture shows.
        let others = [
            "axes",
            "grid_map",
            "segmentation",
            "depth",
            "depth_cloud",
            "depth_png",
            "depth_rvl",
            "text_log",
            "document",
        ];
        if others.contains(name) {
            continue;
        }
        let (tile, [left, top]) = tile(&shown, at);
        let is_marked = |[r, g, b]: [u8; 3]| r > 60 && b > 60 && g < r / 3 && r.abs_diff(b) < 40;
        let middle = TILE as i64 / 2;
        // Lines are hit from some pixels away, so a place within what is marked is better than one at its edge.
        let is_within = |x: u32, y: u32| {
            let around = (0..17).flat_map(|dy| (0..17).map(move |dx| (x + dx, y + dy)));
            around
                .map(|(x, y)| (x.checked_sub(8), y.checked_sub(8)))
                .all(|place| match place {
                    (Some(x), Some(y)) if x < TILE as u32 && y < TILE as u32 => {
                        is_marked(tile.get_pixel(x, y).0)
                    }
                    _ => false,
                })
        };
        let distance = |x: u32, y: u32| (i64::from(x) - middle).pow(2) + (i64::from(y) - middle).pow(2);
        let nearest = tile
            .enumerate_pixels()
            .filter(|(_, y, pixel)| *y > 30 && is_marked(pixel.0))
            .min_by_key(|(x, y, _)| (!is_within(*x, *y), distance(*x, *y)));
        let (x, y, _) = nearest.unwrap_or_else(|| panic!("{name} is not there"));
        let place = pos2((left + x) as f32 + 0.5, (top + y) as f32 + 0.5);
        let path = EntityPath::parse(entity);
        let is_it =
            |item: Option<&Item>| matches!(item, Some(Item::DataResult { entity, .. }) if *entity == path);
        send(&mut app, [Event::PointerMoved(place)]);
        let hovered = app.world().resource::<Selection>().hovered.clone();
        assert!(is_it(hovered.as_ref()), "{name} ({quality:?}): {hovered:?}");
        let instance = hovered.as_ref().and_then(Item::instance);
        let is_told = OF_INSTANCES.iter().any(|known| name.starts_with(known));
        assert!(
            instance.is_some() || !is_told,
            "{name} ({quality:?}): {hovered:?}"
        );
        click(&mut app, place);
        let selected = app.world().resource::<Selection>().selected.clone();
        assert!(is_it(selected.first()), "{name} ({quality:?}): {selected:?}");
        let selected = selected.first().and_then(Item::instance);
        assert_eq!(selected, instance, "{name} ({quality:?})");
    }
}
