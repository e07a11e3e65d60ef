//! Every declaration against the vocabulary's tables; what is built is read back.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod any_array;

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, FixedSizeListArray,
    Float16Array, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, LargeListArray,
    LargeStringArray, ListArray, NullArray, StringArray, StringViewArray, StructArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array, new_empty_array,
    new_null_array, types::Int32Type,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use chronoscope_store::{ComponentColumn, TimeRange, Timeline};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::{
    archetypes, blueprint, columns_chunk, columns_chunk_with_lengths, components,
    enums::{
        Colormap, ComponentSourceKind, Enumeration, FillMode, PixelFormat, TextLogColumnKind,
        TransformRelation,
    },
    format_bytes, format_value, log_chunk, read,
    records::{AnnotationInfo, ClassDescription, ImageFormat, RotationAxisAngle},
    *,
};

fn all_components() -> impl Iterator<Item = (&'static str, DataType, components::ReadRange)> {
    components::ALL
        .iter()
        .chain(components::blueprint::ALL)
        .chain(components::own::ALL)
        .map(|(name, datatype, read)| (*name, datatype(), *read))
}

#[test]
fn every_component_type_is_declared_with_its_datatype() {
    for (name, datatype, _) in all_components() {
        assert_eq!(Vocabulary::get().datatype(name), Some(&datatype), "{name}");
    }
    let declared: std::collections::BTreeSet<_> = all_components().map(|(name, ..)| name).collect();
    let listed: std::collections::BTreeSet<_> = Vocabulary::get()
        .component_types()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(declared, listed);
}

#[test]
fn every_declared_archetype_is_as_the_table_says() {
    for (name, fields) in archetypes::ALL.iter().chain(blueprint::ALL).chain(own::ALL) {
        let info = Vocabulary::get().archetype(name).expect(name);
        let declared: Vec<_> = fields
            .iter()
            .map(|field| (field.name, field.component_type, field.archetype))
            .collect();
        let listed: Vec<_> = info
            .fields
            .iter()
            .map(|field| (&*field.component, field.component_type, &*info.name))
            .collect();
        assert_eq!(declared, listed, "{name}");
    }
}

/// What is built must have the datatype of the table, empty or not.
fn check_built(archetype: &impl AsComponents, expected: usize) {
    let components = archetype.components();
    assert_eq!(components.len(), expected);
    for (descriptor, array) in components {
        let component_type = descriptor.component_type.as_deref().unwrap();
        assert_eq!(
            Some(array.data_type()),
            Vocabulary::get().datatype(component_type),
            "{descriptor:?}"
        );
        let (_, _, read) = all_components()
            .find(|(name, ..)| *name == component_type)
            .unwrap();
        read(array.as_ref(), 0..array.len()).unwrap();
    }
}

#[test]
fn builders_give_the_datatypes_of_the_table() {
    check_built(&Points3D::default(), 0);
    check_built(&Points3D::cleared(), Points3D::FIELDS.len());
    check_built(&Transform3D::cleared(), Transform3D::FIELDS.len());
    check_built(&AnnotationContext::cleared(), 1);
    check_built(&blueprint::VisibleTimeRanges::cleared(), 1);
    check_built(
        &Points3D::new([[1.0, 2.0, 3.0]])
            .with_colors([0xFF00_00FF])
            .with_radii([1.0])
            .with_labels(["a"])
            .with_class_ids([1_u16]),
        5,
    );
    check_built(
        &Boxes3D::from_half_sizes([[1.0; 3]]).with_fill_mode(enums::FillMode::Solid),
        2,
    );
    check_built(&LineStrips3D::new([vec![[0.0; 3], [1.0; 3]], vec![]]), 1);
    check_built(&Image::from_rgb8(1, 1, [1, 2, 3]), 2);
    check_built(
        &Transform3D::from_translation([1.0; 3]).with_relation(TransformRelation::ChildFromParent),
        8,
    );
    check_built(
        &blueprint::VisualBounds2D::default().with_range(VisualBounds2D {
            x_range: [0.0, 1.0],
            y_range: [2.0, 3.0],
        }),
        1,
    );
}

#[test]
fn what_is_built_reads_back() {
    fn round<C: Component>(values: Vec<C::Value>) -> ArrayRef {
        let array = C::build(values);
        assert_eq!(array.data_type(), &C::datatype());
        array
    }
    let array = round::<components::Position3D>(vec![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!(
        read::positions3d(&array).unwrap(),
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].as_slice()
    );
    assert_eq!(
        read::positions3d(&array.slice(1, 1)).unwrap(),
        [[4.0, 5.0, 6.0]].as_slice()
    );

    let array =
        round::<components::LineStrip2D>(vec![vec![[0.0, 1.0]], vec![], vec![[2.0, 3.0], [4.0, 5.0]]]);
    let strips = read::strips2d(&array).unwrap();
    assert_eq!(strips.iter().map(<[_]>::len).collect::<Vec<_>>(), [1, 0, 2]);
    let sliced = array.slice(2, 1);
    let strips = read::strips2d(&sliced).unwrap();
    assert_eq!(
        (strips.len(), strips.get(0), strips.get(1)),
        (1, Some([[2.0, 3.0], [4.0, 5.0]].as_slice()), None)
    );

    let array = round::<components::Text>(vec!["a".to_owned(), String::new()]);
    assert_eq!(
        read::texts(&array).unwrap().iter().collect::<Vec<_>>(),
        [Some("a"), Some("")]
    );

    let rotation = RotationAxisAngle::new([0.0, 0.0, 1.0], 0.5);
    assert_eq!(
        read::rotations_axis_angle(&round::<components::RotationAxisAngle>(vec![rotation])).unwrap(),
        [rotation]
    );

    let formats = vec![
        ImageFormat::rgb8(4, 3),
        ImageFormat {
            pixel_format: Some(PixelFormat::NV12),
            ..ImageFormat::rgb8(5, 3)
        },
        ImageFormat {
            pixel_format: Some(PixelFormat::YUY2),
            ..ImageFormat::rgb8(5, 3)
        },
    ];
    assert_eq!(
        read::image_formats(&round::<components::ImageFormat>(formats.clone())).unwrap(),
        formats
    );
    assert_eq!(formats[0].num_bytes(), Some(36));
    assert_eq!(formats[1].num_bytes(), Some(15 + 2 * 3 * 2));
    assert_eq!(formats[2].num_bytes(), Some(3 * 3 * 4), "pairs are never split");

    let person = ClassDescription {
        info: AnnotationInfo::new(7, "person", [1, 2, 3]),
        keypoints: vec![
            AnnotationInfo {
                id: 0,
                ..AnnotationInfo::default()
            },
            AnnotationInfo::new(1, "hand", 0xFF),
        ],
        connections: vec![[0, 1]],
    };
    let contexts: Vec<records::AnnotationContext> = vec![
        [person.clone(), AnnotationInfo::new(8, "car", 0).into()]
            .into_iter()
            .collect(),
        records::AnnotationContext::default(),
    ];
    let array = round::<components::AnnotationContext>(contexts.clone());
    assert_eq!(read::annotation_contexts(&array).unwrap(), contexts);
    assert_eq!(
        read::annotation_contexts(&array.slice(1, 1)).unwrap(),
        contexts[1..]
    );
    assert_eq!(contexts[0].class(7), Some(&person));

    let ranges = vec![
        VisibleTimeRange {
            timeline: "frame".to_owned(),
            range: CursorTimeRange {
                start: TimeBoundary::CursorRelative(-5),
                end: TimeBoundary::Absolute(9),
            },
        },
        VisibleTimeRange {
            timeline: "time".to_owned(),
            range: CursorTimeRange::EVERYTHING,
        },
    ];
    let array = round::<components::blueprint::VisibleTimeRange>(ranges.clone());
    assert_eq!(
        components::blueprint::VisibleTimeRange::read(&array).unwrap(),
        ranges
    );
    assert_eq!(
        components::blueprint::VisibleTimeRange::read(&array.slice(1, 1)).unwrap(),
        ranges[1..]
    );
    assert_eq!(ranges[0].range.resolve(2), TimeRange::new(-3, 9));
    assert_eq!(ranges[1].range.resolve(2), TimeRange::EVERYTHING);

    let array = round::<components::blueprint::AbsoluteTimeRange>(vec![TimeRange::new(1, 2)]);
    assert_eq!(
        components::blueprint::AbsoluteTimeRange::read(&array).unwrap(),
        [TimeRange::new(1, 2)]
    );

    let columns = [
        (TextLogColumnKind::Body, true),
        (TextLogColumnKind::LogLevel, false),
    ]
    .map(|(kind, visible)| TextLogColumn { kind, visible });
    let array = round::<components::blueprint::TextLogColumn>(columns.to_vec());
    assert_eq!(
        components::blueprint::TextLogColumn::read(&array.slice(1, 1)).unwrap(),
        columns[1..]
    );
    let columns = [("frame", false), ("log_time", true)].map(|(timeline, visible)| TimelineColumn {
        timeline: timeline.to_owned(),
        visible,
    });
    let array = round::<components::blueprint::TimelineColumn>(columns.to_vec());
    assert_eq!(
        components::blueprint::TimelineColumn::read(&array).unwrap(),
        columns
    );

    let mapping = ComponentMapping {
        target: "Points3D:colors".to_owned(),
        source_kind: ComponentSourceKind::Override,
        source_component: None,
        selector: Some(".x".to_owned()),
    };
    let array = round::<components::blueprint::VisualizerComponentMapping>(vec![mapping.clone()]);
    assert_eq!(
        components::blueprint::VisualizerComponentMapping::read(&array).unwrap(),
        [mapping]
    );
}

#[test]
fn reading_copies_nothing_that_fits() {
    let array = components::Position3D::build(vec![[1.0; 3]; 10]);
    assert!(matches!(
        read::positions3d(&array).unwrap(),
        std::borrow::Cow::Borrowed(_)
    ));
    assert!(matches!(
        read::positions3d(&array.slice(3, 4)).unwrap(),
        std::borrow::Cow::Borrowed(_)
    ));
}

#[test]
fn what_is_a_little_off_is_converted() {
    let doubles: ArrayRef = Arc::new(FixedSizeListArray::new(
        Arc::new(Field::new("item", DataType::Float64, true)),
        3,
        Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
        None,
    ));
    assert_eq!(
        read::positions3d(&doubles.slice(1, 1)).unwrap(),
        [[4.0, 5.0, 6.0]].as_slice()
    );
    let lists = ListArray::new(
        Arc::new(Field::new("item", DataType::Float32, true)),
        OffsetBuffer::from_lengths([3, 3]),
        Arc::new(Float32Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
        None,
    );
    assert_eq!(read::positions3d(&lists).unwrap().len(), 2);
    assert_eq!(
        read::positions3d(&lists.slice(1, 1)).unwrap(),
        [[4.0, 5.0, 6.0]].as_slice()
    );
    assert_eq!(
        read::scalars(&Int32Array::from(vec![1, 2])).unwrap(),
        [1.0, 2.0].as_slice()
    );
    assert_eq!(
        read::blobs(&BinaryArray::from(vec![b"ab".as_slice(), b"c"]).slice(1, 1))
            .unwrap()
            .first(),
        Some(b"c".as_slice())
    );
    assert_eq!(
        read::texts(&LargeStringArray::from(vec!["a"])).unwrap().first(),
        Some("a")
    );
    assert_eq!(
        read::texts(&StringViewArray::from(vec!["a"])).unwrap().first(),
        Some("a")
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let check = |error: ReadError, expected: &str| assert_eq!(error.to_string(), expected);
    let error = read::positions3d(&StringArray::from(vec!["a"])).unwrap_err();
    let positions = components::Position3D::datatype();
    check(
        error,
        &format!("rerun.components.Position3D: expected {positions}, found Utf8"),
    );
    let error = read::radii(&Float32Array::from(vec![Some(1.0), None])).unwrap_err();
    check(error, "rerun.components.Radius: 1 of 2 values are null");
    let error = read::positions3d(&components::Position2D::build(vec![[0.0; 2]])).unwrap_err();
    check(
        error,
        "rerun.components.Position3D: expected 3 values per instance, found 2",
    );
    assert!(matches!(
        read::class_ids(&Int32Array::from(vec![-1])),
        Err(ReadError::OutOfRange { .. })
    ));
    assert!(matches!(
        read::positions3d(&NullArray::new(1)),
        Err(ReadError::Type { .. })
    ));
}

#[test]
fn choices_that_are_not_known_are_read_as_the_default() {
    assert_eq!(
        read::fill_modes(&UInt8Array::from(vec![3, 9, 1])).unwrap(),
        [FillMode::Solid, FillMode::default(), FillMode::MajorWireframe]
    );
    let colormap = components::Colormap::read(&UInt8Array::from(vec![200])).unwrap();
    assert_eq!(colormap, [Colormap::Turbo]);
}

#[test]
fn nulls_outside_a_slice_do_no_harm() {
    let radii = Float32Array::from(vec![None, Some(1.0), Some(2.0), None]);
    assert_eq!(read::radii(&radii.slice(1, 2)).unwrap(), [1.0, 2.0].as_slice());
    let lists = ListArray::new(
        Arc::new(Field::new("item", DataType::UInt8, true)),
        OffsetBuffer::from_lengths([1, 2, 1]),
        Arc::new(UInt8Array::from(vec![None, Some(1), Some(2), None])),
        None,
    );
    assert!(read::blobs(&lists).is_err());
    assert_eq!(
        read::blobs(&lists.slice(1, 1)).unwrap().first(),
        Some([1, 2].as_slice())
    );
}

#[test]
fn chunks_from_archetypes() {
    let points = Points3D::new([[1.0; 3], [2.0; 3]]).with_colors([[255, 0, 0]]);
    let chunk = log_chunk("a/b", [(Timeline::sequence("frame"), 3)], &points).unwrap();
    assert_eq!(
        (chunk.num_rows(), chunk.is_static(), chunk.components().len()),
        (1, false, 2)
    );
    let column = chunk.component(&Points3D::POSITIONS).unwrap();
    assert_eq!(column.descriptor(), &Points3D::POSITIONS.descriptor());
    assert_eq!(
        read::colors(&chunk.cell(&Points3D::COLORS, 0).unwrap()).unwrap(),
        [0xFF00_00FF].as_slice()
    );

    let chunk = columns_chunk(
        "plot",
        [(Timeline::sequence("frame"), vec![1, 2, 3])],
        &Scalars::new([1.0, 2.0, 3.0]),
    )
    .unwrap();
    let column = chunk.component(&Scalars::SCALARS).unwrap();
    let scalars = read::column::<components::Scalar, f64>(column, f64::NAN).unwrap();
    assert_eq!(
        scalars.rows().map(|row| row.unwrap()[0]).collect::<Vec<_>>(),
        [1.0, 2.0, 3.0]
    );
    assert_eq!(scalars.row(3), None);
    assert!(
        columns_chunk(
            "plot",
            [(Timeline::sequence("frame"), vec![1])],
            &Scalars::new([1.0, 2.0])
        )
        .is_err()
    );

    let times = || [(Timeline::sequence("frame"), vec![1, 2])];
    let chunk = columns_chunk_with_lengths("p", times(), &Points2D::new([[0.0; 2]; 3]), &[1, 2]).unwrap();
    let column = chunk.component(&Points2D::POSITIONS).unwrap();
    let column = read::column::<components::Position2D, [f32; 2]>(column, [0.0; 2]).unwrap();
    assert_eq!(
        column.rows().map(|row| row.unwrap().len()).collect::<Vec<_>>(),
        [1, 2]
    );
    assert!(
        columns_chunk_with_lengths("p", times(), &Points2D::new([[0.0; 2]; 3]), &[1, usize::MAX]).is_err()
    );
    assert!(columns_chunk_with_lengths("p", times(), &Points2D::new([[0.0; 2]; 3]), &[1]).is_err());
}

#[test]
fn nulls_in_a_column_are_what_the_reader_wants_them_to_be() {
    // Rows of [1, null], of nothing that hides a null, and of [null, 4].
    let values = Float32Array::from(vec![Some(1.0), None, None, None, Some(4.0)]);
    let lists = ListArray::new(
        Arc::new(Field::new_list_field(DataType::Float32, true)),
        OffsetBuffer::from_lengths([2, 1, 2]),
        Arc::new(values.clone()),
        Some(NullBuffer::from(vec![true, false, true])),
    );
    let column = ComponentColumn::new(Scalars::SCALARS.descriptor(), lists);
    let read = read::column::<components::Scalar, f64>(&column, -1.0).unwrap();
    let rows: Vec<_> = read.rows().collect();
    assert_eq!(rows, [Some(&[1.0, -1.0][..]), None, Some(&[-1.0, 4.0])]);
    let read = read::values_or::<components::Scalar, f64>(&values, 7.0).unwrap();
    assert_eq!(*read, [1.0, 7.0, 7.0, 7.0, 4.0]);
    let texts = StringArray::from(vec![Some("a"), None]);
    assert!(read::values_or::<components::Scalar, f64>(&texts, 0.0).is_err());
}

#[test]
fn the_last_value_holds_for_all_further_instances() {
    assert_eq!(clamped_iter(&[1, 2], 4, 0).collect::<Vec<_>>(), [1, 2, 2, 2]);
    assert_eq!(clamped_iter(&[1, 2, 3], 2, 0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(clamped_iter(&[], 2, 9).collect::<Vec<_>>(), [9, 9]);
    assert_eq!(clamped_options::<u8>(&[], 2).collect::<Vec<_>>(), [None, None]);
}

#[test]
fn values_for_the_eye() {
    fn check<C: Component>(values: Vec<C::Value>, expected: &str) {
        assert_eq!(format_value(Some(C::TYPE), &C::build(values), 48), expected);
    }
    check::<components::Color>(vec![Rgba(0xE678_28FF)], "#E67828");
    check::<components::Color>(vec![Rgba(0xE678_2880), Rgba(0xFF)], "#E6782880, #000000");
    check::<components::Position3D>(vec![[0.3, 1.0, -2.5]], "[0.3, 1, -2.5]");
    check::<components::Position3D>(
        vec![[0.3, 1.0, -2.5]; 500],
        "[0.3, 1, -2.5], [0.3, 1, -2.5] … (500)",
    );
    check::<components::Text>(vec!["a \"b\"\n".to_owned()], r#""a \"b\"\n""#);
    check::<components::Text>(vec!["x".repeat(1_000)], &format!("\"{}…", "x".repeat(46)));
    check::<components::Blob>(vec![vec![0; 12_595]], "12.3 KiB");
    check::<components::Scalar>(vec![0.1 + 0.2], "0.30000000000000004");
    check::<components::Scalar>(vec![1e-300, f64::NAN, 0.0], "1e-300, NaN, 0");
    check::<components::Timestamp>(vec![1_500_000_000], "1970-01-01T00:00:01.5Z");
    check::<components::FillMode>(vec![enums::FillMode::Solid], "Solid");
    check::<components::ViewCoordinates>(vec![[3, 5, 1]], "Right, Forward, Up");
    check::<components::ImageFormat>(vec![ImageFormat::rgb8(160, 120)], "160×120 RGB U8");
    check::<components::RotationAxisAngle>(
        vec![RotationAxisAngle::new([0.0, 0.0, 1.0], 1.5)],
        "{axis: [0, 0, 1], angle: 1.5}",
    );
    check::<components::blueprint::RootContainer>(vec![[0xAB; 16]], "abababab-abab-abab-abab-abababababab");
    check::<components::Visible>(vec![true], "true");
    check::<components::Visible>(vec![], "(empty)");
    let times = TimestampNanosecondArray::from(vec![0]);
    assert_eq!(format_value(None, &times, 40), "1970-01-01T00:00:00Z");
    assert_eq!(
        format_value(
            Some("rerun.components.Color"),
            &StringArray::from(vec!["odd"]),
            40
        ),
        "\"odd\""
    );
    assert_eq!(format_value(None, &NullArray::new(2), 40), "null, null");
    for (bytes, expected) in [
        (0, "0 B"),
        (1_023, "1023 B"),
        (1_024, "1.0 KiB"),
        (1_048_575, "1.0 MiB"),
        (u64::MAX, "16.0 EiB"),
    ] {
        assert_eq!(format_bytes(bytes), expected);
    }
}

#[test]
fn codes_and_names_of_choices() {
    assert_eq!(
        TransformRelation::from_code(2),
        Some(TransformRelation::ChildFromParent)
    );
    assert_eq!(TransformRelation::from_code(0), None);
    for &format in PixelFormat::ALL {
        assert_eq!(PixelFormat::from_code(format.code()), Some(format));
    }
    assert_eq!(PixelFormat::NV12.name(), "NV12");
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn slices_of_positions(values in proptest::collection::vec(any::<[f32; 3]>(), 0..20), at in any::<(u8, u8)>()) {
        let array = components::Position3D::build(values.clone());
        let start = usize::from(at.0) % (values.len() + 1);
        let len = usize::from(at.1) % (values.len() - start + 1);
        let slice = array.slice(start, len);
        let bits = |values: &[[f32; 3]]| values.iter().map(|value| value.map(f32::to_bits)).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read::positions3d(&slice).unwrap()), bits(&values[start..start + len]));
    }

    #[test]
    fn slices_of_strips(strips in proptest::collection::vec(proptest::collection::vec(any::<[i16; 3]>(), 0..5), 0..10), at in any::<(u8, u8)>()) {
        let strips: Vec<Vec<[f32; 3]>> =
            strips.into_iter().map(|strip| strip.into_iter().map(|point| point.map(f32::from)).collect()).collect();
        let array = components::LineStrip3D::build(strips.clone());
        let start = usize::from(at.0) % (strips.len() + 1);
        let len = usize::from(at.1) % (strips.len() - start + 1);
        let slice = array.slice(start, len);
        let read = read::strips3d(&slice).unwrap();
        prop_assert_eq!(read.iter().map(<[_]>::to_vec).collect::<Vec<_>>(), strips[start..start + len].to_vec());
    }
}
