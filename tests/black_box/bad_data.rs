//! What is said where data is bad, and that the rest is shown.

use std::sync::Arc;

use bevy::app::App;
use chronoscope::{
    ChronoscopePlugins,
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    report::report,
    sources::{BlueprintTarget, open_files},
    store::{
        ComponentDescriptor, Timeline,
        arrow::{Array as _, ArrayRef, Int32Array, StringArray, new_empty_array, new_null_array},
    },
    types::{
        Arrows2D, Arrows3D, AsComponents, Asset3D, BarChart, Boxes2D, Boxes3D, Capsules3D, Component as _,
        Cylinders3D, DepthImage, Ellipses2D, Ellipsoids3D, FieldInfo, GridMap, Image, LineStrips2D,
        LineStrips3D, Mesh3D, Pinhole, Points2D, Points3D, Scalars, TextDocument, TextLog, Transform3D,
        TransformAxes3D, Vocabulary, VoxelGridMap, components, enums::ChannelDatatype, log_chunk,
        records::ImageFormat, tensor::TensorData,
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

/// Words where numbers are expected, and numbers where words are.
fn wrong_type(field: &FieldInfo) -> ArrayRef {
    let is_text = new_empty_array(&field.datatype).as_any().is::<StringArray>();
    match is_text {
        true => Arc::new(Int32Array::from(vec![1, 2])),
        false => Arc::new(StringArray::from(vec!["no", "numbers"])),
    }
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
    let at = [(Timeline::sequence("frame"), 0)];
    let mut chunks = vec![
        log_chunk(format!("{root}/sound"), [], sound).unwrap(),
        log_chunk(format!("{root}/timed"), at, sound).unwrap(),
    ];
    for archetype in archetypes {
        let wrong = columns(archetype, wrong_type);
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
        assert!(text.contains(&path), "{name}: {text}");
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
    let colors = [[255_u8, 0, 255, 255]; 2];
    let labels = ["a", "b", "c", "d"];
    let centers = [[0.0; 3], [1.0; 3], [2.0; 3]];
    let cells = ImageFormat::depth(4, 4, ChannelDatatype::U8);
    let odd: [(&str, &dyn AsComponents); 18] = [
        (
            "lines",
            &LineStrips3D::new([vec![], vec![[0.0; 3]], vec![[0.0; 3], [NAN, 1.0, 0.0], [2.0; 3]]])
                .with_radii([NAN, -INFINITE]),
        ),
        (
            "arrows",
            &Arrows3D::new([[INFINITE, 0.0, 0.0], [0.0; 3], [1.0; 3]]).with_origins([[NAN; 3], [0.0; 3]]),
        ),
        ("axes", &TransformAxes3D::default().with_axis_length(NAN)),
        (
            "voxels",
            &VoxelGridMap::default()
                .with_voxel_indices([[i32::MAX; 3], [i32::MIN; 3], [0; 3]])
                .with_voxel_size([NAN, 0.0, -1.0])
                .with_values([NAN]),
        ),
        (
            "too_few_cells",
            &GridMap::default()
                .with_data(vec![0_u8; 5])
                .with_format(cells)
                .with_cell_size(NAN),
        ),
        (
            "camera",
            &Pinhole::from_focal_length_and_resolution([NAN, 0.0], [INFINITE, -1.0]),
        ),
        (
            "mesh",
            &Mesh3D::new([[NAN; 3], [1.0, 0.0, 0.0], [0.0, INFINITE, 1.0], [0.0; 3]])
                .with_triangle_indices([[0_u32, 1, 2], [1, 2, u32::MAX]])
                .with_vertex_normals([[NAN; 3]])
                .with_vertex_texcoords([[NAN; 2]]),
        ),
        ("no_model", &Asset3D::new(*b"glTF")),
        (
            "fewer_points",
            &Points3D::new(centers)
                .with_colors(colors)
                .with_radii([0.1, 0.2])
                .with_labels(labels),
        ),
        (
            "fewer_lines",
            &LineStrips3D::new(centers.map(|center| vec![center, [3.0; 3]]))
                .with_colors(colors)
                .with_radii([0.1, 0.2])
                .with_labels(labels),
        ),
        (
            "fewer_boxes",
            &Boxes3D::from_half_sizes([[0.5; 3]])
                .with_centers(centers)
                .with_colors(colors)
                .with_labels(labels),
        ),
        (
            "fewer_ellipsoids",
            &Ellipsoids3D::default()
                .with_half_sizes([[0.5; 3], [1.0; 3]])
                .with_centers(centers)
                .with_colors(colors),
        ),
        (
            "fewer_cylinders",
            &Cylinders3D::default()
                .with_lengths([1.0, 2.0, 3.0])
                .with_radii([0.5])
                .with_colors(colors),
        ),
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
    for (path, visualizer) in [
        ("sound", "Points3D"),
        ("odd/fewer_points", "Points3D"),
        ("odd/fewer_lines", "Lines3D"),
        ("odd/fewer_boxes", "Boxes3D"),
        ("odd/fewer_ellipsoids", "Ellipsoids3D"),
        ("odd/fewer_cylinders", "Cylinders3D"),
    ] {
        let line = format!("\t/space/{path}\t{visualizer}\t\n");
        assert!(text.contains(&line), "{path}: {text}");
    }
    for name in ["too_few_cells", "no_model"] {
        let path = format!("\t/space/odd/{name}\t");
        let mut said = text.lines().filter(|line| line.contains(&path));
        assert!(said.any(|line| line.contains("\twarning: ")), "{name}: {text}");
    }
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

#[test]
fn bad_data_in_plots_and_texts_is_reported_and_the_rest_is_shown() {
    let scalars: [(&str, &dyn AsComponents); 3] = [
        ("nan", &Scalars::new([f64::NAN])),
        ("beyond", &Scalars::new([f64::INFINITY, f64::MAX, f64::MIN])),
        ("many", &Scalars::new((0..1_000_000).map(f64::from))),
    ];
    let sound = Scalars::new([1.0]);
    let text = report_of_bad_data("TimeSeries", "/plots", &["Scalars"], &sound, &scalars);
    for path in ["sound", "timed", "odd/nan"] {
        let line = format!("\t/plots/{path}\tSeriesLines\t\n");
        assert!(text.contains(&line), "{path}: {text}");
    }

    let matrix = TensorData::from(vec![1.0_f32; 6]).with_shape([2, 3]).unwrap();
    let charts: [(&str, &dyn AsComponents); 4] = [
        ("nan", &BarChart::default().with_values(vec![NAN, INFINITE, 1.0])),
        (
            "fewer_places",
            &BarChart::default()
                .with_values(vec![1.0_f32, 2.0, 3.0])
                .with_abscissa(vec![0.0_f32, NAN])
                .with_widths([NAN, -1.0]),
        ),
        ("matrix", &BarChart::default().with_values(matrix)),
        ("many", &BarChart::default().with_values(vec![1.0_f32; 1_000_000])),
    ];
    let sound = BarChart::default().with_values(vec![1.0_f32, 2.0]);
    let text = report_of_bad_data("BarChart", "/bars", &["BarChart"], &sound, &charts);
    for path in ["sound", "odd/many"] {
        let line = format!("\t/bars/{path}\tBarChart\t\n");
        assert!(text.contains(&line), "{path}: {text}");
    }
    assert!(
        text.contains("\t/bars/odd/matrix\tBarChart\twarning: values"),
        "{text}"
    );

    let lines: [(&str, &dyn AsComponents); 3] = [
        ("no_text", &TextLog::new("")),
        (
            "odd_level",
            &TextLog::new("\u{202e}\0text\r\n").with_level("\u{7}NO LEVEL\n"),
        ),
        ("long", &TextLog::new("long ".repeat(1_000_000))),
    ];
    let sound = TextLog::new("a line").with_level("INFO");
    let text = report_of_bad_data("TextLog", "/logs", &["TextLog"], &sound, &lines);
    for path in ["sound", "odd/odd_level", "odd/long"] {
        let line = format!("\t/logs/{path}\tTextLog\t\n");
        assert!(text.contains(&line), "{path}: {text}");
    }

    let documents: [(&str, &dyn AsComponents); 4] = [
        ("no_text", &TextDocument::new("")),
        (
            "other_kind",
            &TextDocument::new("<b>text").with_media_type("text/html"),
        ),
        (
            "odd_signs",
            &TextDocument::from_markdown("\u{7}\u{202e}# a\n|a|\n|-|\n[](\0"),
        ),
        ("long", &TextDocument::new("a word\n".repeat(200_000))),
    ];
    let sound = TextDocument::new("a text");
    let text = report_of_bad_data("TextDocument", "/texts", &["TextDocument"], &sound, &documents);
    for path in ["sound", "odd/other_kind", "odd/odd_signs", "odd/long"] {
        let line = format!("\t/texts/{path}\tTextDocument\t\n");
        assert!(text.contains(&line), "{path}: {text}");
    }
}
