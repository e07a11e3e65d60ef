//! What is said where data is bad in spatial views, and that the rest is shown.

use std::sync::Arc;

use bevy::app::App;
use chronoscope::{
    ChronoscopePlugins,
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    report::report,
    sources::{BlueprintTarget, open_files},
    store::{
        ComponentDescriptor,
        arrow::{ArrayRef, StringArray, new_empty_array, new_null_array},
    },
    types::{
        Arrows2D, AsComponents, Boxes2D, Boxes3D, Capsules3D, Component as _, Cylinders3D, DepthImage,
        Ellipses2D, Ellipsoids3D, FieldInfo, Image, LineStrips2D, Points2D, Points3D, Transform3D,
        Vocabulary, components, enums::ChannelDatatype, log_chunk, records::ImageFormat,
    },
};
use tempfile::TempDir;

use crate::gallery::log;

const NAN: f32 = f32::NAN;
const INFINITE: f32 = f32::INFINITY;

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
                .with_colors([[255_u8, 0, 255, 255]; 2])
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
