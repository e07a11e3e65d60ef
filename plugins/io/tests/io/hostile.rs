//! Small files that ask for much: through the reader and into a store, with bounds on what either takes.

use std::{collections::HashMap, io::Cursor, sync::Arc};

use arrow_buffer::OffsetBuffer;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use chronoscope_io::{Events, FileInput, LoadEvent};
use chronoscope_store::{
    ChunkStore, EntityPath,
    arrow::{
        Array, ArrayRef, FixedSizeBinaryArray, FixedSizeListArray, Float64Array, Int64Array, ListArray,
        NullArray, RecordBatch, StringArray,
    },
};
use re_protos::{
    common::v1alpha1 as common,
    external::prost::Message as _,
    log_msg::v1alpha1::{ArrowMsg, Encoding},
};

use crate::{
    Loaded,
    allocations::{allocated_by_this_thread, assert_modest},
    load_bytes,
};

/// A column: its name, what it is (`index` or `data`), its array.
type Column = (String, &'static str, ArrayRef);

/// A chunk of so many rows on an entity, as the message of a file. No constructor checks it.
fn message(entity: &str, id: u128, rows: usize, columns: Vec<Column>) -> Vec<u8> {
    let ids = (0..rows as u128).map(|row| (id * 1_000_000 + row).to_be_bytes());
    let ids: ArrayRef = Arc::new(FixedSizeBinaryArray::try_from_iter(ids).unwrap());
    let all = [("rerun.controls.RowId".to_owned(), "control", ids)]
        .into_iter()
        .chain(columns);
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = all
        .map(|(name, kind, array)| {
            let field = Field::new(name, array.data_type().clone(), true);
            let metadata = HashMap::from([("rerun:kind".to_owned(), kind.to_owned())]);
            (field.with_metadata(metadata), array)
        })
        .unzip();
    let metadata = HashMap::from([
        ("rerun:id".to_owned(), format!("chunk_{id:032x}")),
        ("rerun:entity_path".to_owned(), entity.to_owned()),
    ]);
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &schema).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let message = ArrowMsg {
        store_id: Some(common::StoreId {
            kind: common::StoreKind::Recording as i32,
            recording_id: "hostile".to_owned(),
            application_id: Some(common::ApplicationId { id: "app".to_owned() }),
        }),
        chunk_id: None,
        compression: common::Compression::Lz4 as i32,
        uncompressed_size: bytes.len() as u64,
        encoding: Encoding::ArrowIpc as i32,
        payload: lz4_flex::block::compress(&bytes).into(),
        is_static: None,
    };
    framed(2, &message.encode_to_vec())
}

fn framed(kind: u64, payload: &[u8]) -> Vec<u8> {
    [
        &kind.to_le_bytes(),
        &(payload.len() as u64).to_le_bytes(),
        payload,
    ]
    .concat()
}

/// A component's column of one row with all of these values.
fn one_row(name: &str, values: ArrayRef) -> Column {
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    let lists = ListArray::try_new(field, offsets, values, None).unwrap();
    (name.to_owned(), "data", Arc::new(lists))
}

fn time(name: &str) -> Column {
    (name.to_owned(), "index", Arc::new(Int64Array::from(vec![7])))
}

fn number() -> ArrayRef {
    Arc::new(Float64Array::from(vec![0.5]))
}

/// A chunk that is as it should be.
fn sound() -> Vec<u8> {
    message("/near", 99, 1, vec![time("frame"), one_row("value", number())])
}

/// Reads a recording and puts all of it into a store. What the store refuses, it names.
fn load(messages: &[Vec<u8>]) -> (Loaded, ChunkStore) {
    let bytes = [b"RRF2\0\x29\0\0\x01\x02\0\0", &messages.concat()[..], &[0; 16]].concat();
    let loaded = load_bytes("hostile.rrd", &bytes, true);
    let mut store = ChunkStore::new(loaded.messages[0].store().clone());
    for message in &loaded.messages {
        let chunk = message.chunk().unwrap();
        if let Err(error) = store.insert(Arc::clone(chunk)) {
            let text = error.to_string();
            assert!(text.contains(chunk.entity_path().as_str()), "{text}");
        }
    }
    assert_modest(bytes.len());
    (loaded, store)
}

/// Loads one chunk beside a sound one, which arrives, and expects a report that has these words.
fn check_refused(hostile: Vec<u8>, entity: Option<&str>, words: &[&str]) {
    let (loaded, store) = load(&[hostile, sound()]);
    assert_eq!(loaded.reports.len(), 1, "{:?}", loaded.reports);
    let report = &loaded.reports[0];
    assert_eq!(report.entity.as_ref().map(EntityPath::as_str), entity);
    let text = report.to_string();
    assert!(text.len() < 400, "{text}");
    for word in words {
        assert!(text.contains(word), "{text} says {word}");
    }
    assert_eq!(loaded.messages.len(), 1);
    assert_eq!(store.chunks().count(), 1);
}

#[test]
fn a_path_of_twenty_thousand_parts_is_refused_by_name() {
    let path = ["a"; 20_000].join("/");
    let chunk = message(&path, 1, 1, vec![one_row("value", number())]);
    check_refused(chunk, None, &["a/a/a/a", "256 parts"]);
}

#[test]
fn a_path_of_a_megabyte_is_refused_by_name() {
    let chunk = message(&"z".repeat(1_000_000), 1, 1, vec![one_row("value", number())]);
    check_refused(chunk, None, &["zzzz", "1000000 bytes"]);
}

#[test]
fn names_of_columns_that_are_too_long_are_refused_by_name() {
    let name = "n".repeat(100_000);
    check_refused(
        message("/here", 1, 1, vec![one_row(&name, number())]),
        Some("/here"),
        &["/here", "nnnn", "100000 bytes"],
    );
    check_refused(
        message("/here", 1, 1, vec![time(&name), one_row("value", number())]),
        Some("/here"),
        &["/here", "timeline", "nnnn"],
    );
}

#[test]
fn a_list_of_ten_million_nulls_is_refused_by_name() {
    let nulls = |count| -> ArrayRef { Arc::new(NullArray::new(count)) };
    let chunk = message("/nothing", 1, 1, vec![one_row("nothing", nulls(10_000_000))]);
    check_refused(
        chunk,
        Some("/nothing"),
        &["/nothing", "10000000 values without content"],
    );

    // The same through a type that multiplies nulls, and through a body that is large enough to have a bit for each.
    let field = Arc::new(Field::new("item", DataType::Null, true));
    let many = FixedSizeListArray::try_new(field, 1000, nulls(10_000_000), None);
    let chunk = message(
        "/nothing",
        1,
        1,
        vec![one_row("nothing", Arc::new(many.unwrap()))],
    );
    check_refused(chunk, Some("/nothing"), &["10000000 values without content"]);
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(2_000_000)]));
    let columns = vec![one_row("nothing", nulls(10_000_000)), one_row("text", text)];
    check_refused(
        message("/nothing", 1, 1, columns),
        Some("/nothing"),
        &["without content"],
    );
}

#[test]
fn few_rows_keep_no_more_than_themselves_in_memory() {
    // What is said about the columns takes a hundred times what is in them.
    let columns = (0..100).map(|index| one_row(&format!("component {index}"), number()));
    let (loaded, _) = load(&[message("/wide", 1, 1, columns.collect())]);
    let chunk = loaded.messages[0].chunk().unwrap();
    let values = chunk.component("component 0").unwrap().lists().values().to_data();
    let kept = values.buffers()[0].capacity();
    assert!(kept <= 100 * 64 * 3 + 1024, "{kept} bytes");
}

#[test]
fn lists_of_some_nulls_are_read_and_merged() {
    let nulls = |index| {
        let nulls: ArrayRef = Arc::new(NullArray::new(50_000));
        message(
            "/nothing",
            index,
            1,
            vec![time("frame"), one_row("nothing", nulls)],
        )
    };
    let (loaded, store) = load(&(0..64).map(nulls).collect::<Vec<_>>());
    assert!(loaded.reports.is_empty(), "{:?}", loaded.reports);
    let rows: u32 = store.chunks().map(|(meta, _)| meta.num_rows).sum();
    assert_eq!(rows, 64);
}

#[test]
fn long_values_are_data_and_load_whole() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(1_000_000)]));
    let (loaded, store) = load(&[message("/label", 1, 1, vec![one_row("text", text)]), sound()]);
    assert!(loaded.reports.is_empty(), "{:?}", loaded.reports);
    assert_eq!(store.chunks().count(), 2);
}

#[test]
fn a_chunk_with_every_pair_of_many_columns_costs_little_and_others_load() {
    let wide = |timelines: usize, components: usize| {
        let times = (0..timelines).map(|index| time(&format!("t{index}")));
        let values = (0..components).map(|index| one_row(&format!("c{index}"), number()));
        message("/wide", 1, 1, times.chain(values).collect())
    };
    let (loaded, store) = load(&[wide(300, 300), sound()]);
    assert!(loaded.reports.is_empty() && store.chunks().count() >= 1);
    // Wide is not hostile by itself.
    let (loaded, store) = load(&[wide(10, 4000), sound()]);
    assert!(loaded.reports.is_empty());
    assert_eq!(store.chunks().count(), 2);
}

#[test]
fn headers_inside_of_each_other_cost_linear_time() {
    // Each claims all that follows it and cannot be decoded.
    let count = 40_000_usize;
    let mut bytes = b"RRF2\0\x29\0\0\x01\x02\0\0".to_vec();
    for index in 0..count {
        let left = (count - index) * 17 - 16;
        bytes.extend(2_u64.to_le_bytes());
        bytes.extend((left as u64).to_le_bytes());
        bytes.push(0x0a);
    }
    bytes.extend(sound());
    bytes.extend([0; 16]);
    for known_size in [true, false] {
        let before = allocated_by_this_thread();
        let loaded = load_bytes("nested.rrd", &bytes, known_size);
        let allocated = allocated_by_this_thread() - before;
        assert!(loaded.outcome.damaged);
        // Each header alone costs a report; to read the rest again for each of them would take 13 GB.
        let limit = bytes.len() as u64 * 200;
        assert!(allocated <= limit, "{allocated} bytes for {}", bytes.len());
    }
}

#[test]
fn a_length_beyond_what_a_chunk_may_have_is_not_read() {
    let claim = |kind: u64, claimed: u64| {
        let header = [kind.to_le_bytes(), claimed.to_le_bytes()].concat();
        let bytes = [b"RRF2\0\x29\0\0\x01\x02\0\0", &header[..], &[0; 1 << 16]].concat();
        // As a file of which a hole makes up the most, or a stream that goes on for ever.
        for total in [Some(1 << 50), None] {
            let input = FileInput::new("long.rrd", total, Cursor::new(bytes.clone()));
            let events = Events::new("long.rrd".into(), Ok(input), Arc::default());
            let first = events.into_iter().find_map(|event| match event {
                LoadEvent::Report(report) => Some(report.to_string()),
                _ => None,
            });
            let text = first.unwrap();
            let expected = format!("the message at byte 12 claims {claimed} bytes, more than the ");
            assert!(text.contains(&expected), "{text}");
        }
    };
    claim(2, 1 << 40);
    claim(2, 3 << 30);
    claim(0, 3 << 30);
    claim(1, 1 << 30);
    claim(3, 1 << 30);
    assert_modest(1 << 16);
}

#[test]
fn the_index_at_the_end_takes_no_memory_where_all_is_read() {
    let mut bytes = [b"RRF2\0\x29\0\0\x01\x02\0\0", &sound()[..], &[0; 8]].concat();
    let index_bytes = 16_u64 << 20;
    bytes.extend(index_bytes.to_le_bytes());
    let sound_bytes = bytes.len() as u64;
    let index = std::io::Read::take(std::io::repeat(0), index_bytes);
    let reader = std::io::Read::chain(Cursor::new(bytes), index);
    let input = FileInput::new("index.rrd", Some(sound_bytes + index_bytes), reader);
    let before = allocated_by_this_thread();
    let events: Vec<_> = Events::new("index.rrd".into(), Ok(input), Arc::default()).collect();
    assert!(allocated_by_this_thread() - before < 4 << 20);
    let Some(LoadEvent::Finished { outcome, .. }) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!((outcome.messages, outcome.reports), (1, 0));
}

#[test]
fn memory_for_a_length_that_may_be_true_comes_with_the_bytes() {
    let header = [2_u64.to_le_bytes(), (2_u64 << 30).to_le_bytes()].concat();
    let bytes = [b"RRF2\0\x29\0\0\x01\x02\0\0", &header[..], &[0; 1 << 16]].concat();
    let input = FileInput::new("hole.rrd", Some(3 << 30), Cursor::new(bytes));
    let events = Events::new("hole.rrd".into(), Ok(input), Arc::default());
    assert!(matches!(events.last(), Some(LoadEvent::Finished { .. })));
    assert_modest(1 << 16);
}
