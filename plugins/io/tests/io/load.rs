//! Several files at once, on threads.

use std::path::PathBuf;

use chronoscope_io::{LoadEvent, LoadSettings, Severity, load_files, read_file};

use crate::{data, same};

#[test]
fn files_load_together_and_each_in_order() {
    let paths = [
        data("scene.rrd"),
        data("scene_layout.rbl"),
        data("zoo.rrd"),
        PathBuf::from("missing.rrd"),
    ];
    // Channels that are nearly always full.
    let settings = LoadSettings {
        threads: 2,
        channel_events: 1,
        channel_bytes: 1,
        ..LoadSettings::default()
    };
    let handle = load_files(&paths, &settings);
    let (mut messages, mut reports, mut finished, mut bytes) = (Vec::new(), Vec::new(), 0, 0);
    for event in handle.events() {
        match event {
            LoadEvent::Message(message) => messages.push(message),
            LoadEvent::Report(report) => reports.push(report),
            LoadEvent::Finished { outcome, .. } => {
                finished += 1;
                bytes += outcome.bytes_read;
                assert!(outcome.opened || outcome.messages == 0);
            }
            LoadEvent::Started { .. } | LoadEvent::Progress { .. } => {}
        }
    }
    assert_eq!(finished, 4);
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].severity, Severity::Error);
    for path in &paths[..3] {
        let (expected, _) = read_file(path);
        let store = expected[0].store();
        let of_store: Vec<_> = messages
            .iter()
            .filter(|message| message.store() == store)
            .collect();
        assert_eq!(of_store.len(), expected.len());
        assert!(of_store.iter().zip(&expected).all(|(a, b)| same(a, b)));
    }
    let total: u64 = paths[..3]
        .iter()
        .map(|path| std::fs::metadata(path).unwrap().len())
        .sum();
    assert_eq!(bytes, total);
    assert!(handle.is_finished());
    let progress = handle.progress();
    assert_eq!((progress.files, progress.files_finished), (4, 4));
    assert_eq!((progress.bytes_read, progress.total_bytes), (total, total));
    assert!(handle.try_recv().is_none());
}

#[test]
fn a_cancelled_load_ends() {
    let settings = LoadSettings {
        channel_events: 1,
        ..LoadSettings::default()
    };
    let handle = load_files(vec![data("scene.rrd"); 8], &settings);
    assert!(handle.recv().is_some());
    handle.cancel();
    // Whatever was on its way comes, and then the end.
    assert!(handle.events().count() < 8 * 22);
    drop(load_files([data("scene.rrd")], &settings));
}

#[test]
fn no_files_are_finished_at_once() {
    let handle = load_files(Vec::<PathBuf>::new(), &LoadSettings::default());
    assert!(handle.recv().is_none() && handle.is_finished());
}
