//! One picture of each archetype that spatial views draw, held against stored ones; what the pointer is over in each; and what
//! is said where the data is bad.
//!
//! `CHRONOSCOPE_UPDATE_GALLERY=1` stores the pictures anew. Look at them before they are kept.

mod pieces;

use std::{path::PathBuf, sync::Arc};

use bevy::prelude::*;
use chronoscope::{
    ChronoscopePlugins,
    frame::{IngestSources, Item, Selection},
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    render::RenderQuality,
    report::report,
    sources::{BlueprintTarget, ReadySource, open_files},
    store::{
        Chunk, ComponentDescriptor, EntityPath, StoreId,
        arrow::{ArrayRef, StringArray, new_empty_array, new_null_array},
    },
    types::{
        Arrows2D, AsComponents, Boxes2D, Boxes3D, Capsules3D, Component as _, Cylinders3D, DepthImage,
        Ellipses2D, Ellipsoids3D, FieldInfo, Image, LineStrips2D, LogMessage, Points2D, Points3D,
        Transform3D, Vocabulary, components, enums::ChannelDatatype, log_chunk, records::ImageFormat,
    },
};
use egui::{Event, pos2};
use image::RgbImage;
use tempfile::TempDir;

use self::pieces::{COLOR, pieces};
use crate::{
    picture::{load, save},
    pointer::{click, picture, send},
};

const COLUMNS: usize = 6;
const TILE: usize = 150;

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

fn log(app: &mut App, chunks: impl IntoIterator<Item = Chunk>) {
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
    }
}

#[test]
fn what_the_pointer_is_over_is_hovered_and_selected() {
    let (mut app, entities, _folder) = gallery(RenderQuality::Cheap);
    let shown = picture(&mut app);
    for (at, (name, entity)) in entities.iter().enumerate() {
        // These are drawn in other colors, which the picture shows.
        if ["axes", "grid_map", "segmentation", "depth", "depth_cloud"].contains(name) {
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
        assert!(is_it(hovered.as_ref()), "{name}: {hovered:?}");
        click(&mut app, place);
        let selected = app.world().resource::<Selection>().selected.clone();
        assert!(is_it(selected.first()), "{name}: {selected:?}");
    }
}

/// The columns of an archetype, each with the array that is made for its field.
fn columns(
    archetype: &str,
    array_of: impl Fn(&FieldInfo) -> ArrayRef,
) -> Vec<(ComponentDescriptor, ArrayRef)> {
    let archetype = Vocabulary::get().archetype(archetype).unwrap();
    let column = |field: &FieldInfo| {
        let descriptor = ComponentDescriptor {
            archetype: Some(archetype.name.clone()),
            component: field.component.clone(),
            component_type: Some(field.component_type.into()),
        };
        (descriptor, array_of(field))
    };
    archetype.fields.iter().map(column).collect()
}

/// Logs what is wrong in each way below a path that one view shows, and says what the program reports of that.
fn report_of_bad_data(
    class: &str,
    root: &str,
    archetypes: &[&str],
    sound: &dyn AsComponents,
    odd: &[(&str, &dyn AsComponents)],
) -> String {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin {
        size: OffscreenSize {
            width: 400,
            height: 300,
            scale: 1.0,
        },
    });
    app.add_plugins(ChronoscopePlugins);
    offscreen::finish(&mut app);
    let mut chunks = vec![log_chunk(format!("{root}/sound"), [], sound).unwrap()];
    for archetype in archetypes {
        let words: ArrayRef = Arc::new(StringArray::from(vec!["no", "numbers"]));
        let wrong = columns(archetype, |_| words.clone());
        chunks.push(log_chunk(format!("{root}/wrong/{archetype}"), [], &wrong).unwrap());
        let empty = columns(archetype, |field| new_empty_array(&field.datatype));
        chunks.push(log_chunk(format!("{root}/empty/{archetype}"), [], &empty).unwrap());
        let null = columns(archetype, |field| new_null_array(&field.datatype, 3));
        chunks.push(log_chunk(format!("{root}/null/{archetype}"), [], &null).unwrap());
    }
    for (name, components) in odd {
        chunks.push(log_chunk(format!("{root}/odd/{name}"), [], *components).unwrap());
    }
    let translation = components::Translation3D::build(vec![[0.0; 3]]);
    let moved = vec![(Transform3D::TRANSLATION.descriptor(), translation)];
    chunks.push(log_chunk(root, [], &moved).unwrap());
    log(&mut app, chunks);
    offscreen::settle(&mut app, None).unwrap();
    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("layout.ron");
    let text = format!(r#"(version: 1, layout: Grid(contents: [View(class: "{class}", origin: "{root}")]))"#);
    std::fs::write(&layout, text).unwrap();
    open_files(app.world_mut(), vec![layout], BlueprintTarget::Open);
    app.update();
    offscreen::settle(&mut app, None).unwrap();
    let text = report(app.world_mut()).text;
    for archetype in archetypes {
        let of = |what: &str| format!("\t{root}/{what}/{archetype}\t");
        let said = |what: &str| -> Vec<&str> { text.lines().filter(|line| line.contains(what)).collect() };
        assert!(
            said(&of("wrong")).iter().any(|line| line.contains("warning: ")),
            "nothing is said of {archetype}: {text}"
        );
        assert!(
            said(&of("empty")).iter().all(|line| !line.contains(": ")),
            "{archetype} without data is nothing to complain about: {text}"
        );
        // A camera is a context beside what is drawn of it.
        assert!(!said(&of("null")).is_empty(), "{archetype}: {text}");
    }
    for (name, _) in odd {
        let path = format!("\t{root}/odd/{name}\t");
        assert_eq!(
            text.lines().filter(|line| line.contains(&path)).count(),
            1,
            "{text}"
        );
    }
    text
}

const NAN: f32 = f32::NAN;
const INFINITE: f32 = f32::INFINITY;

#[test]
fn bad_data_in_space_is_reported_and_the_rest_is_shown() {
    let archetypes = [
        "Points3D",
        "LineStrips3D",
        "Arrows3D",
        "Boxes3D",
        "Ellipsoids3D",
        "Cylinders3D",
        "Capsules3D",
        "TransformAxes3D",
        "VoxelGridMap",
        "GridMap",
        "Pinhole",
        "Mesh3D",
        "Asset3D",
    ];
    let odd: [(&str, &dyn AsComponents); 5] = [
        (
            "points",
            &Points3D::new([[NAN; 3], [INFINITE; 3], [1.0; 3]]).with_radii([NAN]),
        ),
        (
            "boxes",
            &Boxes3D::from_half_sizes([[NAN; 3], [1.0; 3]]).with_centers([
                [0.0; 3],
                [f32::NEG_INFINITY; 3],
                [2.0; 3],
            ]),
        ),
        (
            "ellipsoids",
            &Ellipsoids3D::default()
                .with_half_sizes([[0.0; 3], [1.0, NAN, 1.0]])
                .with_quaternions([[0.0; 4]]),
        ),
        (
            "capsules",
            &Capsules3D::default().with_lengths([NAN, 1.0]).with_radii([-1.0]),
        ),
        (
            "cylinders",
            &Cylinders3D::default()
                .with_lengths([0.0, f32::MAX])
                .with_radii([f32::MAX]),
        ),
    ];
    let sound = Points3D::new([[0.0; 3]]);
    let text = report_of_bad_data("3D", "/space", &archetypes, &sound, &odd);
    assert!(text.contains("\t/space/sound\tPoints3D\t\n"), "{text}");
}

#[test]
fn bad_data_in_a_plane_is_reported_and_the_rest_is_shown() {
    let archetypes = [
        "Points2D",
        "LineStrips2D",
        "Arrows2D",
        "Boxes2D",
        "Ellipses2D",
        "Image",
        "EncodedImage",
        "DepthImage",
        "EncodedDepthImage",
        "SegmentationImage",
    ];
    let depth = ImageFormat::depth(2, 2, ChannelDatatype::F32);
    let values = |values: [f32; 4]| values.map(f32::to_le_bytes).concat();
    let many = || (0..1_000_000).map(|at| [(at % 1000) as f32, (at / 1000) as f32]);
    let odd: [(&str, &dyn AsComponents); 12] = [
        (
            "points",
            &Points2D::new([[NAN; 2], [INFINITE; 2], [1.0; 2]]).with_radii([NAN, -INFINITE, 1.0]),
        ),
        (
            "fewer_colors",
            &Points2D::new([[0.0; 2], [1.0; 2], [2.0; 2]])
                .with_colors([COLOR, COLOR])
                .with_labels(["a", "b", "c", "d"]),
        ),
        (
            "lines",
            &LineStrips2D::new([vec![], vec![[0.0; 2]], vec![[0.0; 2], [NAN, 1.0], [2.0; 2]]]),
        ),
        (
            "arrows",
            &Arrows2D::new([[INFINITE, 0.0], [0.0; 2], [1.0; 2]]).with_origins([[NAN; 2], [0.0; 2]]),
        ),
        (
            "boxes",
            &Boxes2D::from_half_sizes([[NAN; 2], [-1.0, 2.0], [f32::MAX; 2]]).with_centers([[0.0; 2]]),
        ),
        (
            "ellipses",
            &Ellipses2D::default().with_half_sizes([[0.0; 2], [1.0, NAN], [1.0, 2.0]]),
        ),
        ("too_few_pixels", &Image::from_rgb8(4, 3, vec![0; 5])),
        ("huge", &Image::from_rgb8(u32::MAX, u32::MAX, vec![0; 5])),
        (
            "depth",
            &DepthImage::new(values([NAN, INFINITE, f32::NEG_INFINITY, 1.0]), depth),
        ),
        ("no_depth", &DepthImage::new(values([NAN; 4]), depth)),
        ("many_points", &Points2D::new(many())),
        (
            "many_boxes",
            &Boxes2D::from_half_sizes(std::iter::repeat_n([0.4; 2], 20_000))
                .with_centers(many().take(20_000)),
        ),
    ];
    let sound = Points2D::new([[0.0; 2]]);
    let text = report_of_bad_data("2D", "/plane", &archetypes, &sound, &odd);
    assert!(text.contains("\t/plane/sound\tPoints2D\t\n"), "{text}");
    for (name, visualizer) in [
        ("many_points", "Points2D"),
        ("many_boxes", "Boxes2D"),
        ("fewer_colors", "Points2D"),
    ] {
        let line = format!("\t/plane/odd/{name}\t{visualizer}\t\n");
        assert!(text.contains(&line), "{name}: {text}");
    }
    for name in ["too_few_pixels", "huge"] {
        let line = format!("\t/plane/odd/{name}\tImage\twarning: ");
        assert!(text.contains(&line), "{name}: {text}");
    }
}
