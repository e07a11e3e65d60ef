//! What is built here against what the Rerun SDK wrote for the same values.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, cast::AsArray};
use arrow_ipc::reader::StreamReader;

use crate::{
    enums::{FillMode, MarkerShape, TransformRelation},
    records::{AnnotationInfo, ClassDescription, RotationAxisAngle},
    *,
};

/// The cells that the SDK wrote: by the number of the archetype and the component's name.
fn sdk_cells() -> BTreeMap<(usize, String), (ArrayRef, String, String)> {
    let bytes: &[u8] = include_bytes!("../tests/data/archetypes.arrow");
    let batch = StreamReader::try_new(bytes, None)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let schema = batch.schema();
    let cells = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| {
            let (index, component) = field.name().split_once('#').unwrap();
            let metadata = |key: &str| field.metadata().get(key).cloned().unwrap_or_default();
            let cell = column.as_list::<i32>().value(0);
            (
                (index.parse().unwrap(), component.to_owned()),
                (cell, metadata("archetype"), metadata("type")),
            )
        });
    cells.collect()
}

#[test]
fn builders_write_what_the_sdk_writes() {
    let person = ClassDescription {
        info: AnnotationInfo::new(7, "person", [1, 2, 3]),
        keypoints: vec![AnnotationInfo {
            id: 0,
            label: Some("head".to_owned()),
            color: None,
        }],
        connections: vec![[0, 1]],
    };
    let archetypes: Vec<Box<dyn AsComponents>> = vec![
        Box::new(
            Points3D::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
                .with_colors([[255, 0, 0, 255], [0, 255, 0, 128]])
                .with_radii([0.5])
                .with_labels(["a", "b"])
                .with_class_ids([1_u16, 2])
                .with_keypoint_ids([3_u16])
                .with_show_labels(true),
        ),
        Box::new(
            Boxes3D::from_centers_and_half_sizes([[4.0, 5.0, 6.0]], [[1.0, 2.0, 3.0]])
                .with_quaternions([[0.0, 0.0, 0.0, 1.0]])
                .with_fill_mode(FillMode::Solid),
        ),
        Box::new(Boxes2D::from_centers_and_half_sizes([[4.0, 5.0]], [[1.0, 2.0]]).with_draw_order(3.0)),
        Box::new(LineStrips3D::new([vec![[0.0; 3], [1.0; 3]], vec![[2.0; 3]]])),
        Box::new(LineStrips2D::new([vec![[0.0; 2], [1.0; 2]]])),
        Box::new(
            Transform3D::default()
                .with_translation([1.0, 2.0, 3.0])
                .with_rotation_axis_angle(RotationAxisAngle::new([0.0, 0.0, 1.0], 0.5))
                .with_scale([2.0; 3])
                .with_relation(TransformRelation::ChildFromParent)
                .with_child_frame("c"),
        ),
        // The SDK takes the matrix row by row, and stores it column by column.
        Box::new(Transform3D::default().with_mat3x3([1.0, 4.0, 7.0, 2.0, 5.0, 8.0, 3.0, 6.0, 9.0])),
        Box::new(
            InstancePoses3D::default()
                .with_translations([[1.0, 2.0, 3.0]])
                .with_scales([[1.0; 3]]),
        ),
        Box::new(Image::from_rgb8(2, 1, [1, 2, 3, 4, 5, 6])),
        Box::new(Pinhole::from_focal_length_and_resolution(
            [100.0; 2],
            [160.0, 120.0],
        )),
        Box::new(ViewCoordinates::right_hand_z_up()),
        Box::new(AnnotationContext::new([person])),
        Box::new(Scalars::new([1.5, 2.5])),
        Box::new(
            SeriesLines::default()
                .with_colors([[1, 2, 3]])
                .with_names(["n"])
                .with_widths([2.0]),
        ),
        Box::new(
            SeriesPoints::default()
                .with_markers([MarkerShape::Diamond])
                .with_marker_sizes([4.0]),
        ),
        Box::new(TextLog::new("hi").with_level("WARN")),
        Box::new(TextDocument::from_markdown("# x")),
        Box::new(Clear::new(true)),
    ];
    let mut sdk = sdk_cells();
    for (index, archetype) in archetypes.iter().enumerate() {
        for (descriptor, array) in archetype.components() {
            let key = (index, descriptor.component.to_string());
            let (cell, archetype, component_type) = sdk
                .remove(&key)
                .unwrap_or_else(|| panic!("the SDK has no {key:?}"));
            assert_eq!(cell.data_type(), array.data_type(), "{key:?}");
            assert_eq!(cell.to_data(), array.to_data(), "{key:?}");
            assert_eq!(Some(&*archetype), descriptor.archetype.as_deref(), "{key:?}");
            assert_eq!(
                Some(&*component_type),
                descriptor.component_type.as_deref(),
                "{key:?}"
            );
        }
    }
    // What is left the SDK wrote as defaults that builders leave out.
    let left: Vec<_> = sdk
        .into_iter()
        .filter(|(_, (cell, ..))| !cell.is_empty())
        .map(|(key, _)| key)
        .collect();
    assert_eq!(left, []);
}
