//! Reads the recordings of `tests/data` and checks them against what the Rerun SDK's own tool says of them.

use std::collections::{BTreeMap, BTreeSet};

use chronoscope_io::{LogMessage, StoreSource, read_file};
use chronoscope_store::{Chunk, StoreId, StoreKind, TimeRange, TimeType, arrow};

use crate::data;

/// An entity, its chunks, its rows, its components.
type Fact = (&'static str, usize, usize, &'static str);

const SCENE: &[Fact] = &[
    ("/", 1, 1, "AnnotationContext:context"),
    ("/__properties", 1, 1, "RecordingInfo:start_time"),
    ("/about", 1, 1, "TextDocument:media_type TextDocument:text"),
    (
        "/camera/ball",
        1,
        100,
        "Boxes2D:centers Boxes2D:class_ids Boxes2D:half_sizes",
    ),
    ("/camera/image", 3, 100, "Image:buffer Image:format"),
    (
        "/camera/mask",
        1,
        100,
        "SegmentationImage:buffer SegmentationImage:format",
    ),
    ("/logs", 1, 20, "TextLog:level TextLog:text"),
    ("/plots/cosine", 1, 100, "Scalars:scalars"),
    ("/plots/noise", 1, 100, "Scalars:scalars"),
    ("/plots/sine", 1, 100, "Scalars:scalars"),
    ("/world", 1, 1, "ViewCoordinates:xyz"),
    (
        "/world/floor",
        1,
        1,
        "Boxes3D:colors Boxes3D:fill_mode Boxes3D:half_sizes",
    ),
    (
        "/world/robot",
        1,
        100,
        "Transform3D:rotation_axis_angle Transform3D:translation",
    ),
    (
        "/world/robot/body",
        1,
        100,
        "Boxes3D:colors Boxes3D:half_sizes Boxes3D:labels",
    ),
    ("/world/robot/heading", 1, 100, "Arrows3D:colors Arrows3D:vectors"),
    (
        "/world/robot/lidar",
        1,
        100,
        "Points3D:colors Points3D:positions Points3D:radii",
    ),
    (
        "/world/trail",
        2,
        101,
        "Clear:is_recursive LineStrips3D:colors LineStrips3D:strips",
    ),
];

const ZOO: &[Fact] = &[
    (
        "/2d/arrows",
        1,
        1,
        "Arrows2D:colors Arrows2D:origins Arrows2D:vectors",
    ),
    (
        "/2d/boxes",
        1,
        1,
        "Boxes2D:centers Boxes2D:half_sizes Boxes2D:labels",
    ),
    ("/2d/ellipses", 1, 1, "Ellipses2D:centers Ellipses2D:half_sizes"),
    ("/2d/lines", 1, 1, "LineStrips2D:colors LineStrips2D:strips"),
    (
        "/2d/points",
        1,
        1,
        "Points2D:colors Points2D:positions Points2D:radii",
    ),
    (
        "/3d/arrows",
        1,
        1,
        "Arrows3D:colors Arrows3D:origins Arrows3D:vectors",
    ),
    (
        "/3d/axes",
        1,
        1,
        "Transform3D:translation TransformAxes3D:axis_length",
    ),
    (
        "/3d/boxes",
        1,
        1,
        "Boxes3D:centers Boxes3D:colors Boxes3D:half_sizes Boxes3D:labels",
    ),
    ("/3d/camera", 1, 1, "Transform3D:translation"),
    (
        "/3d/camera/lens",
        1,
        1,
        "Image:buffer Image:format Pinhole:image_from_camera Pinhole:image_plane_distance Pinhole:resolution",
    ),
    (
        "/3d/capsules",
        1,
        1,
        "Capsules3D:colors Capsules3D:lengths Capsules3D:radii Capsules3D:translations",
    ),
    (
        "/3d/cylinders",
        1,
        1,
        "Cylinders3D:centers Cylinders3D:colors Cylinders3D:lengths Cylinders3D:radii",
    ),
    ("/3d/depth_camera", 1, 1, "Transform3D:translation"),
    (
        "/3d/depth_camera/lens",
        1,
        1,
        "DepthImage:buffer DepthImage:format DepthImage:meter Pinhole:image_from_camera Pinhole:resolution",
    ),
    (
        "/3d/ellipsoids",
        1,
        1,
        "Ellipsoids3D:centers Ellipsoids3D:colors Ellipsoids3D:fill_mode Ellipsoids3D:half_sizes",
    ),
    (
        "/3d/instances",
        1,
        1,
        "Boxes3D:half_sizes InstancePoses3D:translations",
    ),
    (
        "/3d/lines",
        1,
        1,
        "LineStrips3D:colors LineStrips3D:radii LineStrips3D:strips",
    ),
    (
        "/3d/mesh",
        1,
        1,
        "Mesh3D:triangle_indices Mesh3D:vertex_colors Mesh3D:vertex_positions",
    ),
    (
        "/3d/points",
        1,
        1,
        "Points3D:colors Points3D:positions Points3D:radii",
    ),
    (
        "/3d/voxels",
        1,
        1,
        "VoxelGridMap:translation VoxelGridMap:voxel_indices VoxelGridMap:voxel_size",
    ),
    ("/__properties", 1, 1, "RecordingInfo:start_time"),
    ("/bars", 1, 1, "BarChart:values"),
    ("/document", 1, 1, "TextDocument:media_type TextDocument:text"),
    (
        "/graph",
        1,
        1,
        "GraphEdges:edges GraphEdges:graph_type GraphNodes:labels GraphNodes:node_ids",
    ),
    ("/images", 1, 1, "AnnotationContext:context"),
    (
        "/images/depth",
        1,
        1,
        "DepthImage:buffer DepthImage:format DepthImage:meter",
    ),
    (
        "/images/encoded",
        1,
        1,
        "EncodedImage:blob EncodedImage:media_type",
    ),
    ("/images/rgb", 1, 1, "Image:buffer Image:format"),
    (
        "/images/segmentation",
        1,
        1,
        "SegmentationImage:buffer SegmentationImage:format",
    ),
    ("/log", 1, 5, "TextLog:level TextLog:text"),
    (
        "/map/points",
        1,
        1,
        "GeoPoints:colors GeoPoints:positions GeoPoints:radii",
    ),
    (
        "/map/route",
        1,
        1,
        "GeoLineStrings:colors GeoLineStrings:line_strings",
    ),
    (
        "/series/line",
        2,
        101,
        "Scalars:scalars SeriesLines:colors SeriesLines:names SeriesLines:widths",
    ),
    (
        "/series/points",
        2,
        26,
        "Scalars:scalars SeriesPoints:colors SeriesPoints:marker_sizes SeriesPoints:markers SeriesPoints:names",
    ),
    ("/state", 1, 5, "StateChange:state"),
    ("/tensor", 1, 1, "Tensor:data"),
];

const LAYOUT: &[Fact] = &[
    (
        "/container/6be0c9d4-1f00-485f-a816-35dc79af07bb",
        1,
        1,
        "ContainerBlueprint:col_shares ContainerBlueprint:container_kind ContainerBlueprint:contents",
    ),
    (
        "/container/ac63cf96-8cfb-4e53-9a41-ac889fea1de5",
        1,
        1,
        "ContainerBlueprint:container_kind ContainerBlueprint:contents",
    ),
    (
        "/container/f8122e4f-84ab-4287-a8c7-943b7a966710",
        1,
        1,
        "ContainerBlueprint:container_kind ContainerBlueprint:contents",
    ),
    ("/time_panel", 1, 1, "TimePanelBlueprint:timeline"),
    (
        "/view/15d2565b-ce39-46ff-855b-a9f46b282390",
        1,
        1,
        "ViewBlueprint:class_identifier ViewBlueprint:display_name ViewBlueprint:space_origin",
    ),
    (
        "/view/15d2565b-ce39-46ff-855b-a9f46b282390/ViewContents",
        1,
        1,
        "ViewContents:query",
    ),
    (
        "/view/207c83db-f36d-4dc1-ab49-44918b08928c",
        1,
        1,
        "ViewBlueprint:class_identifier ViewBlueprint:display_name ViewBlueprint:space_origin",
    ),
    (
        "/view/207c83db-f36d-4dc1-ab49-44918b08928c/ViewContents",
        1,
        1,
        "ViewContents:query",
    ),
    (
        "/view/64f53408-3204-42f7-abf6-1c66ab9f1025",
        1,
        1,
        "ViewBlueprint:class_identifier ViewBlueprint:display_name ViewBlueprint:space_origin",
    ),
    (
        "/view/64f53408-3204-42f7-abf6-1c66ab9f1025/ViewContents",
        1,
        1,
        "ViewContents:query",
    ),
    (
        "/view/64f53408-3204-42f7-abf6-1c66ab9f1025/ViewContents/overrides/world/robot/lidar/visualizers",
        1,
        1,
        "ActiveVisualizers:instruction_ids",
    ),
    (
        "/view/64f53408-3204-42f7-abf6-1c66ab9f1025/ViewContents/overrides/world/robot/lidar/visualizers/e8e4f54b-4d62-4d5e-8bcb-1d8ba68d9cb7",
        2,
        2,
        "Points3D:colors Points3D:radii VisualizerInstruction:visualizer_type",
    ),
    (
        "/view/ed079ef0-5627-435c-a1b3-e4cf6ddb2048",
        1,
        1,
        "ViewBlueprint:class_identifier ViewBlueprint:display_name ViewBlueprint:space_origin",
    ),
    (
        "/view/ed079ef0-5627-435c-a1b3-e4cf6ddb2048/ViewContents",
        1,
        1,
        "ViewContents:query",
    ),
    ("/viewport", 1, 1, "ViewportBlueprint:root_container"),
];

/// Reads a file, compares its chunks, and returns all of its messages.
fn check(name: &str, facts: &[Fact]) -> Vec<LogMessage> {
    let (messages, reports) = read_file(data(name));
    assert!(reports.is_empty(), "{reports:?}");
    let mut found: BTreeMap<String, (usize, usize, BTreeSet<String>)> = BTreeMap::new();
    for chunk in messages.iter().filter_map(LogMessage::chunk) {
        let entity = found.entry(chunk.entity_path().to_string()).or_default();
        entity.0 += 1;
        entity.1 += chunk.num_rows();
        entity
            .2
            .extend(chunk.components().iter().map(|column| column.name().to_string()));
    }
    let found: Vec<_> = found
        .into_iter()
        .map(|(entity, (chunks, rows, components))| {
            (
                entity,
                chunks,
                rows,
                components.into_iter().collect::<Vec<_>>().join(" "),
            )
        })
        .collect();
    let expected: Vec<_> = facts
        .iter()
        .map(|&(entity, chunks, rows, components)| (entity.to_owned(), chunks, rows, components.to_owned()))
        .collect();
    assert_eq!(found, expected);
    messages
}

fn chunk<'a>(messages: &'a [LogMessage], entity: &str, component: &str) -> &'a Chunk {
    let chunks = messages.iter().filter_map(LogMessage::chunk);
    chunks
        .into_iter()
        .find(|chunk| chunk.entity_path() == &entity.into() && chunk.component(component).is_some())
        .unwrap()
}

#[test]
fn the_scene() {
    let messages = check("scene.rrd", SCENE);
    let store = StoreId::recording("shared_scene", "shared-scene");
    assert!(messages.iter().all(|message| message.store() == &store));
    let LogMessage::StoreInfo(info) = &messages[0] else {
        panic!("a store begins with what is known about it")
    };
    assert_eq!(
        info.source,
        StoreSource::PythonSdk {
            python_version: "3.11.7".into()
        }
    );
    assert_eq!(info.sdk_version.as_deref(), Some("0.41.0"));
    assert!(
        info.started_at_nanos
            .is_some_and(|nanos| nanos > 1_700_000_000_000_000_000)
    );

    let lidar = chunk(&messages, "/world/robot/lidar", "Points3D:positions");
    let timelines: Vec<_> = lidar
        .timelines()
        .iter()
        .map(chronoscope_store::TimeColumn::timeline)
        .collect();
    let names: Vec<_> = timelines
        .iter()
        .map(|timeline| (&**timeline.name(), timeline.time_type()))
        .collect();
    let expected = [
        ("frame", TimeType::Sequence),
        ("log_time", TimeType::TimestampNs),
        ("sim_time", TimeType::DurationNs),
    ];
    assert_eq!(names, expected);
    assert_eq!(lidar.timeline("frame").unwrap().range(), TimeRange::new(0, 99));
    assert_eq!(
        lidar.timeline("sim_time").unwrap().range(),
        TimeRange::new(0, 4_950_000_000)
    );
    assert!(lidar.row_ids_sorted() && !lidar.is_static());
    let positions = lidar.component("Points3D:positions").unwrap().descriptor();
    assert_eq!(positions.archetype.as_deref(), Some("rerun.archetypes.Points3D"));
    assert_eq!(
        positions.component_type.as_deref(),
        Some("rerun.components.Position3D")
    );

    assert!(chunk(&messages, "/world", "ViewCoordinates:xyz").is_static());
    assert_eq!(
        messages
            .iter()
            .filter_map(LogMessage::chunk)
            .filter(|chunk| chunk.is_static())
            .count(),
        5
    );
}

#[test]
fn the_zoo() {
    check("zoo.rrd", ZOO);
}

#[test]
fn the_layout() {
    let messages = check("scene_layout.rbl", LAYOUT);
    let store = messages[0].store();
    assert_eq!(
        (store.kind, &*store.application_id),
        (StoreKind::Blueprint, "shared_scene")
    );
    assert!(messages.iter().all(|message| message.store() == store));
    let LogMessage::ActivateBlueprint {
        make_active,
        make_default,
        ..
    } = messages.last().unwrap()
    else {
        panic!("a blueprint ends with its activation")
    };
    assert!(*make_active && *make_default);

    let panel = chunk(&messages, "/time_panel", "TimePanelBlueprint:timeline");
    let timeline = panel.cell("TimePanelBlueprint:timeline", 0).unwrap();
    let timeline = timeline.as_any().downcast_ref::<arrow::StringArray>().unwrap();
    assert_eq!(timeline.value(0), "frame");
    assert!(panel.timeline("blueprint").is_some());
}
