//! Footers that lie: whatever they say, no wrong rows come of it, no panic, and no memory that the file is not worth.

use std::{collections::HashMap, sync::Arc};

use arrow_ipc::{reader::StreamReader, writer::StreamWriter};
use chronoscope_io::{LogMessage, Severity, read_file};
use chronoscope_store::{
    Chunk, ChunkId, ChunkSourceError, ChunkStore,
    arrow::{Array, ArrayRef, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray, UInt64Array},
};
use proptest::prelude::*;
use re_log_encoding::{Encodable as _, StreamFooter};
use re_protos::{external::prost::Message as _, log_msg::v1alpha1::RrdFooter};

use crate::{
    data,
    index::{Indexed, ids, index_bytes, read_all},
    same,
};

/// A file, its messages without the end mark, its footer, and its chunks.
struct Footed {
    bytes: Vec<u8>,
    end_mark: usize,
    footer: Vec<u8>,
    chunks: HashMap<ChunkId, LogMessage>,
}

fn footed(name: &str) -> Footed {
    let bytes = std::fs::read(data(name)).unwrap();
    let number =
        |at: usize| usize::try_from(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())).unwrap();
    let (start, length) = (number(bytes.len() - 32), number(bytes.len() - 24));
    let footer = bytes[start..start + length].to_vec();
    let messages = read_file(data(name)).0.into_iter();
    let chunks = messages
        .filter_map(|message| Some((message.chunk()?.id(), message)))
        .collect();
    Footed {
        end_mark: start - 16,
        bytes,
        footer,
        chunks,
    }
}

impl Footed {
    /// The file with another footer, whose checksum is right.
    fn with(&self, footer: &[u8]) -> Vec<u8> {
        let mut end = Vec::new();
        StreamFooter::from_rrd_footer_bytes(self.end_mark as u64 + 16, footer)
            .to_rrd_bytes(&mut end)
            .unwrap();
        let length = (footer.len() as u64).to_le_bytes();
        [&self.bytes[..self.end_mark], &[0; 8], &length, footer, &end].concat()
    }

    /// The file with another manifest.
    fn with_manifest(&self, edit: impl FnOnce(&RecordBatch, &mut Vec<ArrayRef>)) -> Vec<u8> {
        let (mut footer, batch) = self.manifest();
        let mut columns = batch.columns().to_vec();
        edit(&batch, &mut columns);
        let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = StreamWriter::try_new(&mut bytes, batch.schema_ref()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        let part = footer.manifests[0].data.as_mut().unwrap();
        (part.payload, part.compression) = (Some(bytes.into()), 1);
        self.with(&footer.encode_to_vec())
    }

    fn manifest(&self) -> (RrdFooter, RecordBatch) {
        let footer = RrdFooter::decode(&*self.footer).unwrap();
        let part = footer.manifests[0].data.clone().unwrap();
        let payload = part.payload.unwrap();
        let bytes = if part.compression == 2 {
            lz4_flex::block::decompress(&payload, part.uncompressed_size as usize).unwrap()
        } else {
            payload.to_vec()
        };
        let batch = StreamReader::try_new(&*bytes, None)
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        (footer, batch)
    }

    /// Indexes the bytes and wants everything: each answer is the chunk that it says, or an error.
    fn check(&self, bytes: &[u8]) -> (Indexed, Vec<Result<Arc<Chunk>, ChunkSourceError>>) {
        let indexed = index_bytes(bytes);
        let mut bodies = Vec::new();
        for (store, known, source) in &indexed.known {
            for (id, body) in read_all(&**source, &ids(known)) {
                if let Ok(chunk) = &body {
                    let read = LogMessage::Chunk {
                        store: store.clone(),
                        chunk: Arc::clone(chunk),
                    };
                    assert!(same(&self.chunks[&id], &read), "another chunk came");
                }
                bodies.push(body);
            }
            // A store takes, or refuses, what is said.
            let mut into = ChunkStore::new(store.clone());
            for chunk in known {
                let _ = into.insert_absent(chunk);
            }
        }
        assert!(
            indexed
                .reports
                .iter()
                .all(|report| !report.message.contains("made the decoder fail")),
            "{:?}",
            indexed.reports
        );
        (indexed, bodies)
    }

    /// A footer that is seen to be wrong: the file is read through.
    fn is_seen(&self, bytes: &[u8], reason: &str) {
        let (indexed, bodies) = self.check(bytes);
        assert_eq!(indexed.reports.len(), 1, "{:?}", indexed.reports);
        let text = indexed.reports[0].to_string();
        assert!(
            text.contains("has a damaged index") && text.contains(reason),
            "{text}"
        );
        assert!(
            indexed.reports[0].severity == Severity::Info && !indexed.outcome.damaged,
            "nothing is lost"
        );
        assert_eq!(
            bodies.iter().filter(|body| body.is_ok()).count(),
            self.chunks.len()
        );
    }
}

/// Replaces a column by its name.
fn replace(
    batch: &RecordBatch,
    columns: &mut [ArrayRef],
    name: &str,
    edit: impl FnOnce(&ArrayRef) -> ArrayRef,
) {
    let at = batch.schema_ref().index_of(name).unwrap();
    columns[at] = edit(&columns[at]);
}

/// Changes a number in a row of a column.
fn set(batch: &RecordBatch, columns: &mut [ArrayRef], name: &str, row: usize, value: u64) {
    replace(batch, columns, name, |array| {
        let mut values = array
            .as_any()
            .downcast_ref::<UInt64Array>()
            .unwrap()
            .values()
            .to_vec();
        values[row] = value;
        Arc::new(UInt64Array::from(values))
    });
}

#[test]
fn the_footer_that_is_there_is_written_again_as_it_was() {
    let file = footed("scene.rrd");
    let (indexed, bodies) = file.check(&file.with_manifest(|_, _| {}));
    assert!(indexed.reports.is_empty(), "{:?}", indexed.reports);
    assert!(bodies.iter().all(Result::is_ok) && bodies.len() == file.chunks.len());
}

#[test]
fn places() {
    let file = footed("scene.rrd");
    let overlap = "overlap each other or leave the file";
    for row in [0, 7, 19] {
        let offset =
            |value| file.with_manifest(|batch, columns| set(batch, columns, "chunk_byte_offset", row, value));
        let size =
            |value| file.with_manifest(|batch, columns| set(batch, columns, "chunk_byte_size", row, value));
        for bytes in [0, 15, file.bytes.len() as u64, 1 << 40] {
            // Its own place is a gap then, which may be seen first.
            file.is_seen(&offset(bytes), "");
        }
        file.is_seen(&offset(u64::MAX), "larger than chunks may be");
        file.is_seen(&size(u64::MAX), "larger than chunks may be");
        file.is_seen(&size(1 << 30), overlap);
        file.is_seen(&size(3), "it does not list all chunks");
    }
}

#[test]
fn ids_and_entities() {
    let file = footed("scene.rrd");
    // The ids of two chunks are exchanged.
    let bytes = file.with_manifest(|batch, columns| {
        replace(batch, columns, "chunk_id", |array| {
            let ids = array.as_any().downcast_ref::<FixedSizeBinaryArray>().unwrap();
            let order = [1, 0].into_iter().chain(2..ids.len());
            Arc::new(FixedSizeBinaryArray::try_from_iter(order.map(|row| ids.value(row).to_vec())).unwrap())
        });
    });
    let (_, bodies) = file.check(&bytes);
    let wrong: Vec<_> = bodies.iter().filter_map(|body| body.as_ref().err()).collect();
    assert_eq!(wrong.len(), 2);
    assert!(
        wrong
            .iter()
            .all(|error| error.to_string().contains("stands in its place")),
        "{wrong:?}"
    );

    let bytes = file.with_manifest(|batch, columns| {
        replace(batch, columns, "chunk_entity_path", |array| {
            Arc::new(StringArray::from(vec!["/elsewhere"; array.len()]))
        });
    });
    let (_, bodies) = file.check(&bytes);
    assert!(bodies.iter().all(
        |body| matches!(body, Err(ChunkSourceError::Damaged { message, .. }) if message.contains("not of"))
    ));
}

#[test]
fn stores() {
    let file = footed("scene.rrd");
    let (mut footer, _) = file.manifest();
    // The SDK changes application ids in manifests, which the messages tell better.
    footer.manifests[0]
        .store_id
        .as_mut()
        .unwrap()
        .application_id
        .as_mut()
        .unwrap()
        .id = "other".to_owned();
    let (indexed, bodies) = file.check(&file.with(&footer.encode_to_vec()));
    assert!(bodies.iter().all(Result::is_ok) && bodies.len() == file.chunks.len());
    assert_eq!(&indexed.known[0].0, file.chunks.values().next().unwrap().store());

    footer.manifests[0].store_id.as_mut().unwrap().recording_id = "other".to_owned();
    let (_, bodies) = file.check(&file.with(&footer.encode_to_vec()));
    assert!(
        bodies
            .iter()
            .all(|body| matches!(body, Err(ChunkSourceError::Damaged { .. })))
    );
}

#[test]
fn numbers_of_rows() {
    let file = footed("scene.rrd");
    let bytes = file.with_manifest(|batch, columns| set(batch, columns, "chunk_num_rows", 3, u64::MAX / 16));
    file.is_seen(&bytes, "more rows than fit into its bytes");
}

#[test]
fn ranges_are_corrected_by_the_rows() {
    let file = footed("scene.rrd");
    let moved = |by: i64, ends_too: bool| {
        file.with_manifest(|batch, columns| {
            for name in ["frame:start", "frame:end"]
                .into_iter()
                .take(1 + usize::from(ends_too))
            {
                replace(batch, columns, name, |array| {
                    let frames = array.as_any().downcast_ref::<Int64Array>().unwrap();
                    Arc::new(
                        frames
                            .iter()
                            .map(|frame| frame.map(|frame| frame.saturating_add(by)))
                            .collect::<Int64Array>(),
                    )
                });
            }
        })
    };
    let (indexed, bodies) = file.check(&moved(1000, true));
    let (store, known, _) = &indexed.known[0];
    let mut into = ChunkStore::new(store.clone());
    for chunk in known {
        into.insert_absent(chunk).unwrap();
    }
    let frame = into.timeline_id("frame").unwrap();
    assert_eq!(into.time_range(frame).min, 1000);
    for body in bodies {
        into.load(body.unwrap()).unwrap();
    }
    assert_eq!((into.time_range(frame).min, into.time_range(frame).max), (0, 99));

    file.is_seen(&moved(1000, false), "a range of times that is none");
    file.is_seen(&moved(i64::MIN, true), "a range of times that is none");
}

#[test]
fn what_the_footer_says_of_itself() {
    let file = footed("scene.rrd");
    let end = file.bytes.len();
    let edited = |at: usize, with: &[u8]| {
        let mut bytes = file.bytes.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    file.is_seen(&edited(end - 16, &[0; 4]), "its checksum is wrong");
    file.is_seen(&edited(end - 40, &[0xff; 8]), "its checksum is wrong");
    file.is_seen(&edited(end - 4, &[2, 0, 0, 0]), "an unknown number of parts");
    for number in [0, 1, 1 << 40, u64::MAX] {
        file.is_seen(
            &edited(end - 24, &u64::to_le_bytes(number)),
            "its position is outside of the file",
        );
    }
    for number in [13, end as u64, u64::MAX] {
        file.is_seen(
            &edited(end - 32, &u64::to_le_bytes(number)),
            "its position is outside of the file",
        );
    }
    // A footer that is not there is none.
    let (indexed, bodies) = file.check(&edited(end - 12, b"RRF2FOOD"));
    assert!(
        bodies.len() == file.chunks.len()
            && indexed
                .reports
                .iter()
                .all(|report| !report.message.contains("index"))
    );
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(13),
        ..Default::default()
    }
}

#[test]
fn flipped_bits_with_a_right_checksum() {
    for (name, cases) in [("scene.rrd", 32), ("zoo.rrd", 128)] {
        let file = footed(name);
        proptest!(config(cases), |(flips in prop::collection::vec(0..file.footer.len() * 8, 1..6))| {
            let mut footer = file.footer.clone();
            for flip in flips {
                footer[flip / 8] ^= 1 << (flip % 8);
            }
            file.check(&file.with(&footer));
        });
    }
}

/// Damage inside of the manifest's Arrow data, where most of what can lie is.
#[test]
fn arrow_data_of_the_manifest() {
    let file = footed("zoo.rrd");
    let bytes = file.with_manifest(|_, _| {});
    let footer = RrdFooter::decode(&bytes[file.end_mark + 16..bytes.len() - 32]).unwrap();
    let payload = footer.manifests[0]
        .data
        .as_ref()
        .unwrap()
        .payload
        .clone()
        .unwrap();
    let edits = prop::collection::vec((0..payload.len(), any::<u8>(), any::<bool>()), 1..5);
    proptest!(config(256), |(edits in edits)| {
        let mut payload = payload.to_vec();
        for (at, value, extreme) in edits {
            payload[at] = if extreme { if value % 2 == 0 { 0x7f } else { 0xff } } else { value };
        }
        let mut footer = footer.clone();
        footer.manifests[0].data.as_mut().unwrap().payload = Some(payload.into());
        file.check(&file.with(&footer.encode_to_vec()));
    });
}

#[test]
fn an_index_that_is_larger_than_what_it_lists_is_not_read() {
    let whole = footed("scene.rrd");
    let bytes = whole.with(&vec![0; whole.end_mark + (2 << 20)]);
    let (indexed, bodies) = whole.check(&bytes);
    assert_eq!(indexed.reports.len(), 1);
    assert_eq!(indexed.reports[0].severity, Severity::Info);
    assert!(indexed.reports[0].message.contains("larger than what it lists"));
    assert!(bodies.iter().all(Result::is_ok) && !bodies.is_empty());
}

/// A bit says that a chunk has a component, so that a small index can claim any number of them.
#[test]
fn an_index_of_more_values_than_its_chunks_have_room_for_is_not_read() {
    let whole = footed("scene.rrd");
    let (mut footer, batch) = whole.manifest();
    let rows = batch.num_rows();
    let flags: ArrayRef = Arc::new(chronoscope_store::arrow::BooleanArray::from(vec![true; rows]));
    let (mut fields, mut columns) = (batch.schema().fields().to_vec(), batch.columns().to_vec());
    for index in 0..12_000 {
        let name = format!("C{index}:field");
        let metadata = HashMap::from([
            ("rerun:index".to_owned(), "rerun:static".to_owned()),
            ("rerun:component".to_owned(), name.clone()),
        ]);
        let field =
            arrow_schema::Field::new(format!("{name}:has_static_data"), flags.data_type().clone(), true);
        fields.push(Arc::new(field.with_metadata(metadata)));
        columns.push(Arc::clone(&flags));
    }
    let batch = RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, batch.schema_ref()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let part = footer.manifests[0].data.as_mut().unwrap();
    part.uncompressed_size = bytes.len() as u64;
    (part.payload, part.compression) = (Some(lz4_flex::block::compress(&bytes).into()), 2);
    let (indexed, bodies) = whole.check(&whole.with(&footer.encode_to_vec()));
    assert_eq!(indexed.reports.len(), 1);
    let text = &indexed.reports[0].message;
    assert!(text.contains("more values than are plausible"), "{text}");
    assert!(bodies.iter().all(Result::is_ok) && !bodies.is_empty());
}
