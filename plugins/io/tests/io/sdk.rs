//! Recordings of older SDKs are read under the names of now. `tests/data/sdk/README.md` says how they were written.

use std::collections::BTreeMap;

use chronoscope_io::{LogMessage, read_file};
use chronoscope_store::{Chunk, ChunkStore, arrow};
use chronoscope_types::{
    InstancePoses3D, Points3D, Scalars, SeriesLines, SeriesPoints, TextLog, Transform3D, Vocabulary, read,
};

use crate::data;

const VERSIONS: [&str; 4] = ["0.23.4", "0.24.1", "0.26.2", "0.30.0"];

/// The chunks of the recording that an SDK wrote.
fn chunks(version: &str) -> Vec<std::sync::Arc<Chunk>> {
    let (messages, reports) = read_file(data(&format!("sdk/sdk-{version}.rrd")));
    assert!(reports.is_empty(), "{version}: {reports:?}");
    assert!(
        messages.iter().any(|message| matches!(
            message,
            LogMessage::StoreInfo(info) if info.sdk_version.as_deref() == Some(version)
        )),
        "{version} says who it is"
    );
    let mut store = ChunkStore::new(messages[0].store().clone());
    let chunks: Vec<_> = messages
        .iter()
        .filter_map(|message| message.chunk().cloned())
        .collect();
    for chunk in &chunks {
        store.insert(std::sync::Arc::clone(chunk)).unwrap();
    }
    chunks
}

/// The cells of a component on an entity, in the order in which they were logged.
fn cells(chunks: &[std::sync::Arc<Chunk>], entity: &str, component: &str) -> Vec<arrow::ArrayRef> {
    let mut cells = BTreeMap::new();
    for chunk in chunks
        .iter()
        .filter(|chunk| chunk.entity_path().as_str() == entity)
    {
        for (row, id) in chunk.row_ids().iter().enumerate() {
            if let Some(cell) = chunk.cell(component, row) {
                cells.insert(*id, cell);
            }
        }
    }
    cells.into_values().collect()
}

#[test]
fn every_component_of_an_older_sdk_has_a_name_of_now() {
    for version in VERSIONS {
        for chunk in chunks(version) {
            for column in chunk.components() {
                let name = &**column.name();
                let field = Vocabulary::get().field(name);
                let field = field.unwrap_or_else(|| panic!("{version}: {name} is not known"));
                let descriptor = column.descriptor();
                assert_eq!(descriptor.component_type.as_deref(), Some(field.component_type));
                let archetype = name.split_once(':').unwrap().0;
                assert_eq!(
                    descriptor.archetype.as_deref(),
                    Some(format!("rerun.archetypes.{archetype}").as_str())
                );
            }
        }
    }
}

#[test]
fn values_of_an_older_sdk_are_those_that_were_logged() {
    for version in VERSIONS {
        let chunks = chunks(version);
        let cells = |entity, component| cells(&chunks, entity, component);
        let scalars = |entity| -> Vec<f64> {
            let cells = cells(entity, &Scalars::SCALARS);
            cells
                .iter()
                .flat_map(|cell| read::scalars(cell).unwrap().to_vec())
                .collect()
        };
        assert_eq!(scalars("/plot/line"), [0.0, 1.0, 2.0], "{version}");
        assert_eq!(scalars("/plot/dots"), [0.0, 2.0, 4.0], "{version}");
        let colors = |entity, component| read::colors(&cells(entity, component)[0]).unwrap().to_vec();
        assert_eq!(colors("/plot/line", &SeriesLines::COLORS), [0xff00_00ff]);
        assert_eq!(colors("/plot/dots", &SeriesPoints::COLORS), [0x00ff_00ff]);
        let text = |entity, component| {
            let cell = &cells(entity, component)[0];
            read::texts(cell).unwrap().get(0).unwrap().to_owned()
        };
        assert_eq!(text("/plot/line", &SeriesLines::NAMES), "red");
        assert_eq!(text("/plot/dots", &SeriesPoints::NAMES), "green");
        assert_eq!(text("/log", &TextLog::TEXT), "frame 0");
        for component in [&SeriesPoints::MARKERS, &SeriesPoints::MARKER_SIZES] {
            assert_eq!(cells("/plot/dots", component).len(), 1, "{version}: {component}");
        }
        assert_eq!(cells("/plot/line", &SeriesLines::WIDTHS).len(), 1);

        let positions = &cells("/world/points", &Points3D::POSITIONS)[2];
        assert_eq!(read::positions3d(positions).unwrap()[0], [2.0, 0.0, 0.0]);
        let translations = &cells("/world", &Transform3D::TRANSLATION)[1];
        assert_eq!(read::translations3d(translations).unwrap()[0], [1.0, 0.0, 0.0]);
        let poses = &cells("/poses", &InstancePoses3D::TRANSLATIONS)[0];
        assert_eq!(read::translations3d(poses).unwrap()[0], [1.0, 2.0, 3.0]);
    }
}
