//! Every reader against arrays of every kind.

use super::*;

/// Arrays of every kind: of each component, and of types that no component has, with and without nulls.
fn zoo() -> Vec<ArrayRef> {
    let mut zoo: Vec<ArrayRef> = Vec::new();
    for (_, datatype, _) in all_components() {
        zoo.push(new_empty_array(&datatype));
        zoo.push(new_null_array(&datatype, 5));
    }
    let numbers = Int64Array::from(vec![1, 0, 3, 2, 1, 6]);
    for datatype in [
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal128(10, 2),
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Boolean,
    ] {
        let array = cast(&numbers, &datatype).unwrap();
        zoo.push(Arc::clone(&array));
        zoo.push(new_null_array(&datatype, 4));
        let item = Arc::new(Field::new("item", datatype, true));
        for lanes in [1, 2, 3, 6] {
            zoo.push(Arc::new(FixedSizeListArray::new(
                Arc::clone(&item),
                lanes,
                Arc::clone(&array),
                None,
            )));
        }
        let nulls = NullBuffer::from(vec![true, false, true]);
        let offsets = || OffsetBuffer::from_lengths([3, 0, 3]);
        let list: ArrayRef = Arc::new(ListArray::new(
            Arc::clone(&item),
            offsets(),
            Arc::clone(&array),
            Some(nulls),
        ));
        zoo.push(Arc::clone(&list));
        zoo.push(Arc::new(ListArray::new(
            Arc::clone(&item),
            offsets(),
            Arc::clone(&array),
            None,
        )));
        zoo.push(Arc::new(ListArray::new(
            Arc::new(Field::new("item", list.data_type().clone(), true)),
            OffsetBuffer::from_lengths([1, 2]),
            list,
            None,
        )));
        let groups = Arc::new(FixedSizeListArray::new(
            Arc::clone(&item),
            3,
            Arc::clone(&array),
            None,
        ));
        zoo.push(Arc::new(LargeListArray::new(
            Arc::new(Field::new("item", groups.data_type().clone(), true)),
            OffsetBuffer::from_lengths([0, 1, 1]),
            groups,
            None,
        )));
        zoo.push(Arc::new(StructArray::from(vec![
            (
                Arc::new(Field::new("axis", array.data_type().clone(), true)),
                Arc::clone(&array),
            ),
            (
                Arc::new(Field::new("width", array.data_type().clone(), true)),
                Arc::clone(&array),
            ),
            (
                Arc::new(Field::new("min", array.data_type().clone(), true)),
                Arc::clone(&array),
            ),
        ])));
    }
    zoo.extend([
        Arc::new(NullArray::new(0)) as ArrayRef,
        Arc::new(NullArray::new(6)),
        Arc::new(Int8Array::from(vec![Some(-1), None])),
        Arc::new(UInt64Array::from(vec![u64::MAX; 6])),
        Arc::new(UInt32Array::from(vec![u32::MAX; 6])),
        Arc::new(UInt16Array::from(vec![0; 6])),
        Arc::new(Float64Array::from(vec![
            f64::NAN,
            f64::INFINITY,
            -1.0,
            1e300,
            1e-300,
            0.0,
        ])),
        Arc::new(Float16Array::from(vec![half::f16::ONE; 6])),
        Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        Arc::new(StringArray::from(vec![Some("é\u{1F600}\n"), None, Some("")])),
        Arc::new(StringViewArray::from(vec![
            Some("a long enough text to lie outside"),
            None,
        ])),
        Arc::new(BinaryArray::from(vec![Some(b"ab".as_slice()), None])),
        Arc::new(FixedSizeBinaryArray::try_from_iter([[1_u8; 16], [2; 16]].iter()).unwrap()),
        Arc::new(
            vec!["a", "b", "a"]
                .into_iter()
                .collect::<DictionaryArray<Int32Type>>(),
        ),
        Arc::new(TimestampNanosecondArray::from(vec![
            Some(i64::MAX),
            None,
            Some(i64::MIN),
        ])),
    ]);
    let contexts = vec![
        records::AnnotationContext::default(),
        [AnnotationInfo::new(1, "a", 1)].into_iter().collect(),
    ];
    zoo.extend([
        components::LineStrip3D::build(vec![vec![[1.0; 3]], vec![], vec![[2.0; 3]; 4]]),
        components::ImageFormat::build(vec![ImageFormat::rgb8(1, 2); 3]),
        components::RotationAxisAngle::build(vec![RotationAxisAngle::new([1.0; 3], 1.0); 2]),
        components::AnnotationContext::build(contexts),
        components::blueprint::VisibleTimeRange::build(vec![
            VisibleTimeRange {
                timeline: "t".to_owned(),
                range: CursorTimeRange {
                    start: TimeBoundary::Absolute(1),
                    end: TimeBoundary::Infinite
                },
            };
            3
        ]),
    ]);
    zoo
}

#[test]
fn no_array_makes_a_reader_panic_and_a_range_reads_as_its_slice() {
    for array in zoo() {
        for offset in 0..=array.len() {
            for len in 0..=array.len() - offset {
                let slice = array.slice(offset, len);
                for (name, datatype, read) in all_components() {
                    let result = read(slice.as_ref(), 0..len);
                    let in_place = read(array.as_ref(), offset..offset + len);
                    assert_eq!(in_place, result, "{name}: {array:?}, {len} from {offset}");
                    if slice.is_empty() && *slice.data_type() == datatype {
                        assert!(result.is_ok(), "{name}: {result:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_array_can_be_shown() {
    for array in zoo() {
        for (name, ..) in all_components() {
            for max_chars in [0, 1, 10, 80] {
                let text = format_value(Some(name), &array, max_chars);
                assert!(
                    text.chars().count() <= max_chars.max(12),
                    "{name} {max_chars}: {text}"
                );
            }
        }
        assert!(!format_value(None, &array, 80).is_empty());
    }
}
