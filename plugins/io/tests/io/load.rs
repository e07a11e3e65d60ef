//! Several files at once, on threads.

use std::{io::Write as _, path::PathBuf, sync::Arc};

use chronoscope_io::{
    Candidate, Certainty, Events, FileInput, ImportContext, Importer, Importers, IoError, LoadEvent,
    LoadReport, LoadSettings, Messages, Severity, SourceHandle, load_files, open_files, read_file,
};

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

#[cfg(unix)]
#[test]
fn what_waits_for_its_writer_keeps_no_other_file_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.rrd");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let settings = LoadSettings {
        threads: 1,
        ..LoadSettings::default()
    };
    let scene = data("scene.rrd");
    let handles = open_files([&pipe, &scene], &settings);
    let [of_pipe, of_file] = &handles[..] else {
        panic!("a source for each")
    };
    let count = |handle: &SourceHandle| {
        let messages = std::iter::from_fn(|| handle.recv());
        messages
            .filter(|event| matches!(event, LoadEvent::Message(_)))
            .count()
    };
    let num_messages = count(of_file);
    assert!(num_messages > 0 && of_file.is_finished());
    assert!(!of_pipe.is_finished());
    // The pipe is read as the file is, once there is somebody who writes.
    std::fs::write(&pipe, std::fs::read(&scene).unwrap()).unwrap();
    assert_eq!(count(of_pipe), num_messages);
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

/// A format that finds nothing but damage, for ever.
struct Hopeless;

impl Importer for Hopeless {
    fn name(&self) -> &'static str {
        "a hopeless file"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn certainty(&self, _candidate: &Candidate<'_>) -> Certainty {
        Certainty::Possible
    }

    fn import(&self, input: FileInput, _context: &ImportContext) -> Messages {
        let report = LoadReport::new(input.source(), Severity::Warning, &IoError::NoEndMark);
        Box::new(std::iter::repeat_with(move || Err(report.clone())))
    }
}

fn hopeless() -> LoadSettings {
    let mut importers = Importers::empty();
    importers.register(Hopeless);
    LoadSettings {
        importers: Arc::new(importers),
        ..LoadSettings::default()
    }
}

#[test]
fn a_source_that_reports_for_ever_can_be_cancelled() {
    let handle = load_files([data("scene.rrd")], &hopeless());
    // The last report that is listed: from here on the reader is silent.
    let listed = handle.events().find(
        |event| matches!(event, LoadEvent::Report(report) if report.message.contains("has more damage")),
    );
    assert!(listed.is_some());
    handle.cancel();
    assert!(handle.events().count() <= 2);
    assert!(handle.is_finished());
}

#[test]
fn a_source_that_reports_for_ever_is_given_up() {
    let handle = load_files([data("scene.rrd")], &hopeless());
    let events: Vec<_> = handle.events().collect();
    assert!(handle.is_finished());
    let [.., LoadEvent::Report(report), LoadEvent::Finished { outcome, .. }] = &events[..] else {
        panic!("{:?} end it", events.last());
    };
    assert!(report.message.contains("the rest is not read"), "{report}");
    assert_eq!(outcome.reports, Events::MAX_REPORTS_IN_A_ROW + 1);
    assert_eq!(events.len() as u64, 1 + Events::MAX_REPORTS + 2);
}

#[test]
fn a_load_that_finds_nothing_in_a_very_large_file_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hole.rrd");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"RRF2\0\x29\0\0\x01\x02\0\0broken header")
        .unwrap();
    // Nothing but a hole: more bytes than are read in a day.
    file.set_len(1 << 43).unwrap();
    drop(file);
    for index_from_bytes in [u64::MAX, 0] {
        let settings = LoadSettings {
            index_from_bytes,
            ..LoadSettings::default()
        };
        let handle = load_files([&path], &settings);
        assert!(handle.events().any(|event| matches!(event, LoadEvent::Report(_))));
        handle.cancel();
        assert!(handle.events().count() <= 2);
        assert!(handle.is_finished());
    }
}
