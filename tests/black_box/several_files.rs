//! Several files at once, and several in one: those of one recording join, those of another application stand apart.

use std::path::PathBuf;

use bevy::prelude::*;
use chronoscope::{
    ChronoscopePlugins,
    frame::Recordings,
    io::RrdWriter,
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    sources::{BlueprintTarget, open_files},
    store::{StoreId, Timeline},
    types::{Points3D, Scalars, columns_chunk, log_chunk},
};
use tempfile::TempDir;

/// The rows of a file of [`write`].
const ROWS: u64 = 4;

/// Writes a file of the recording that is called the same in each application, with an entity of this name.
fn write(folder: &TempDir, application: &str, name: &str) -> PathBuf {
    let recording = StoreId::recording(application, "same");
    let path = folder.path().join(format!("{name}.rrd"));
    let mut writer = RrdWriter::new(std::fs::File::create(&path).unwrap()).unwrap();
    let points = log_chunk(format!("/space/{name}"), [], &Points3D::new([[0.0; 3]])).unwrap();
    let frames = [(Timeline::sequence("frame"), vec![0, 1, 2])];
    let scalars = Scalars::new([0.0, 1.0, 2.0]);
    let scalars = columns_chunk(format!("/scalar/{name}"), frames, &scalars).unwrap();
    for chunk in [points, scalars] {
        writer.write_chunk(&recording, &chunk).unwrap();
    }
    writer.finish().unwrap();
    path
}

/// The bytes of files one after the other, as `cat` writes them.
fn append(folder: &TempDir, name: &str, files: &[&PathBuf]) -> PathBuf {
    let bytes: Vec<u8> = files
        .iter()
        .flat_map(|file| std::fs::read(file).unwrap())
        .collect();
    let path = folder.path().join(format!("{name}.rrd"));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Opens files, and says of each application how many rows its recording has, and which of the points.
fn opened(files: &[&PathBuf]) -> [(u64, Vec<&'static str>); 2] {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin {
        size: OffscreenSize {
            width: 200,
            height: 100,
            scale: 1.0,
        },
    })
    .add_plugins(ChronoscopePlugins);
    offscreen::finish(&mut app);
    let paths = files.iter().map(|path| (*path).clone()).collect();
    open_files(app.world_mut(), paths, BlueprintTarget::AsNamed);
    offscreen::settle(&mut app, None).unwrap();
    let recordings = app.world().resource::<Recordings>();
    ["first app", "second app"].map(|application| {
        let Some(entry) = recordings.find(&StoreId::recording(application, "same")) else {
            return (0, Vec::new());
        };
        let store = entry.store();
        let has = |name: &&str| {
            store
                .entity_id(&format!("/space/{name}").as_str().into())
                .is_some()
        };
        let names = ["a", "b", "d"].into_iter().filter(has).collect();
        (store.num_rows(), names)
    })
}

#[test]
fn files_of_one_recording_join_and_another_application_has_its_own() {
    let folder = TempDir::new().unwrap();
    let a = write(&folder, "first app", "a");
    let b = write(&folder, "first app", "b");
    let d = write(&folder, "second app", "d");
    let expected = [(2 * ROWS, vec!["a", "b"]), (ROWS, vec!["d"])];
    for order in [[&a, &b, &d], [&d, &b, &a], [&b, &d, &a]] {
        assert_eq!(opened(&order), expected, "{order:?}");
    }
    let all = append(&folder, "all", &[&d, &a, &b]);
    assert_eq!(opened(&[&all]), expected, "in one file");
}

#[test]
fn what_is_read_twice_is_there_once() {
    let folder = TempDir::new().unwrap();
    let a = write(&folder, "first app", "a");
    let twice = append(&folder, "twice", &[&a, &a]);
    let expected = [(ROWS, vec!["a"]), (0, vec![])];
    assert_eq!(opened(&[&twice]), expected);
    assert_eq!(opened(&[&a, &twice]), expected);
}
