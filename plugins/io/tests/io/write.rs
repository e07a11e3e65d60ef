//! What is written comes back the same.

use chronoscope_io::{LogMessage, RrdWriter, StoreInfo, StoreSource, read_file, write_file};
use chronoscope_store::{Chunk, ComponentDescriptor, RowId, StoreId, Timeline, arrow};

use re_log_encoding::{DecoderTransport, ToApplication as _};
use re_protos::log_msg::v1alpha1::log_msg::Msg;
use re_sorbet::ChunkBatch;

use crate::{data, load_bytes, same};

#[test]
fn recordings_and_blueprints_come_back() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["scene.rrd", "zoo.rrd", "scene_layout.rbl"] {
        let (messages, _) = read_file(data(name));
        let path = folder.path().join(name);
        write_file(&path, &messages).unwrap();
        let (again, reports) = read_file(&path);
        assert!(reports.is_empty(), "{reports:?}");
        assert_eq!(messages.len(), again.len());
        for (a, b) in messages.iter().zip(&again) {
            assert!(same(a, b), "{a:?}\n{b:?}");
        }
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(
            &bytes[bytes.len() - 12..bytes.len() - 4],
            b"RRF2FOOT",
            "others find chunks by the footer"
        );
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing half written stays"
        );
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_this_program_logs_comes_back() {
    let store = StoreId::recording("an app.with dots", "säge/1");
    let row = |index: i64| {
        let times = [
            (Timeline::sequence("frame"), index),
            (Timeline::duration("since start"), -index * 1_000),
            (Timeline::timestamp("log_time"), 1_700_000_000_000_000_000 + index),
        ];
        let cell: arrow::ArrayRef = std::sync::Arc::new(arrow::Float64Array::from(vec![0.5; index as usize]));
        (
            RowId::from_u128(index as u128 + 1),
            times,
            [(ComponentDescriptor::partial("Scalars:scalars"), cell)],
        )
    };
    let mut builder = Chunk::builder("/plots/a\\/b");
    for (id, times, cells) in (0..5).map(row) {
        builder = builder.with_row(id, times, cells);
    }
    let chunk = std::sync::Arc::new(builder.build().unwrap());
    let info = StoreInfo {
        id: store.clone(),
        source: StoreSource::Other("a test".into()),
        started_at_nanos: Some(5),
        sdk_version: Some("0.41.0".into()),
    };
    let messages = [
        LogMessage::StoreInfo(info),
        LogMessage::Chunk {
            store: store.clone(),
            chunk,
        },
        LogMessage::ActivateBlueprint {
            blueprint: store,
            make_active: true,
            make_default: false,
        },
    ];
    let mut writer = RrdWriter::new(Vec::new()).unwrap();
    for message in &messages {
        writer.write(message).unwrap();
    }
    let loaded = load_bytes("made.rrd", &writer.finish().unwrap(), true);
    assert!(loaded.reports.is_empty(), "{:?}", loaded.reports);
    assert_eq!(loaded.messages.len(), 3);
    for (a, b) in messages.iter().zip(&loaded.messages) {
        assert!(same(a, b), "{a:?}\n{b:?}");
    }
}

#[test]
fn the_decoder_of_the_sdk_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["scene.rrd", "zoo.rrd", "scene_layout.rbl"] {
        let (messages, _) = read_file(data(name));
        let path = folder.path().join(name);
        write_file(&path, &messages).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let decoded: Vec<Msg> = DecoderTransport::decode_lazy(&*bytes)
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(decoded.len(), messages.len());
        for (decoded, message) in decoded.iter().zip(&messages) {
            match (decoded, message) {
                (Msg::SetStoreInfo(info), LogMessage::StoreInfo(expected)) => {
                    let id = info.info.as_ref().unwrap().store_id.as_ref().unwrap();
                    assert_eq!(id.recording_id, *expected.id.recording_id);
                }
                (Msg::ArrowMsg(chunk), LogMessage::Chunk { chunk: expected, .. }) => {
                    let batch = &chunk.to_application(()).unwrap().batch;
                    let batch = ChunkBatch::try_from(batch).unwrap();
                    assert_eq!(batch.entity_path().to_string(), expected.entity_path().as_str());
                    assert_eq!(batch.num_rows(), expected.num_rows());
                    assert_eq!(batch.component_columns().count(), expected.components().len());
                    assert_eq!(batch.index_columns().count(), expected.timelines().len());
                    assert_eq!(batch.is_static(), expected.is_static());
                }
                (Msg::BlueprintActivationCommand(_), LogMessage::ActivateBlueprint { .. }) => {}
                (decoded, message) => panic!("{message:?} is decoded as {decoded:?}"),
            }
        }
    }
}
