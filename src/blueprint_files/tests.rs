#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use chronoscope_blueprint::{BlueprintQuery, read_viewport};
use chronoscope_io::{Events, SourceKind, index_file};
use chronoscope_store::{Recording, StoreKind};

use super::*;
use crate::sources::FileSettings;

const TEXT: &str = r#"(
    version: 1,
    application: "robot",
    layout: Vertical(contents: [
        View(
            class: "3D",
            name: "World",
            origin: "/world",
            properties: {"Background:color": [4278190335]},
            defaults: {"Points3D:radii": [0.25]},
            overrides: {"/world/roads": (values: {"EntityBehavior:visible": [false]})},
        ),
        View(class: "TextLog"),
    ]),
    time: (timeline: "frame", loop_mode: All),
)"#;

fn certainty(source: &str, head: &[u8]) -> Certainty {
    RonImporter.certainty(&Candidate {
        source,
        kind: SourceKind::File,
        head,
    })
}

#[test]
fn texts_are_known_by_their_names_or_by_how_they_begin() {
    assert_eq!(certainty("x.ron", b"// mine\n(version: 1)"), Certainty::Likely);
    assert_eq!(
        certainty("X.RON", "ä".as_bytes().get(..1).unwrap()),
        Certainty::Likely
    );
    assert_eq!(certainty("x.ron", b"RRF2\0\0\0\0"), Certainty::No);
    for head in ["(version: 1)", " \n( version: 1,", "Blueprint(\n    version: 1"] {
        assert_eq!(
            certainty("/dev/fd/63", head.as_bytes()),
            Certainty::Possible,
            "{head}"
        );
    }
    assert_eq!(certainty("x.md", b"(a text)"), Certainty::No);
    let importers = FileSettings::default().0.importers;
    let source = "notes.txt";
    let found = importers.find(&Candidate {
        source,
        kind: SourceKind::File,
        head: b"(version: 1) is what I wrote",
    });
    assert_eq!(found.unwrap().name(), chronoscope_io::TextImporter.name());
}

fn events(path: &Path) -> Events {
    index_file(path, FileSettings::default().0.importers, u64::MAX)
}

/// What a file says, and the application that it is for.
fn read(path: &Path) -> (BlueprintDocument, Arc<str>) {
    let messages: Vec<LogMessage> = events(path)
        .filter_map(|event| match event {
            LoadEvent::Message(message) => Some(message),
            LoadEvent::Report(report) => panic!("{report}"),
            _ => None,
        })
        .collect();
    let id = messages[0].store().clone();
    assert_eq!(id.kind, StoreKind::Blueprint);
    assert!(messages.iter().all(|message| *message.store() == id));
    assert!(matches!(
        messages.last(),
        Some(LogMessage::ActivateBlueprint { .. })
    ));
    let mut recording = Recording::new(id.clone());
    for chunk in messages.iter().filter_map(LogMessage::chunk) {
        recording.insert(Arc::clone(chunk)).unwrap();
    }
    let (viewport, _) = read_viewport(&recording.store, &recording.cache, i64::MAX);
    let query = BlueprintQuery::new(&recording.store, &recording.cache, i64::MAX);
    (BlueprintDocument::new(&viewport, &query), id.application_id)
}

#[test]
fn what_is_saved_is_read_again_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let document = BlueprintDocument::from_ron(TEXT).unwrap();
    for name in ["a.ron", "b.rbl", "c.RON"] {
        let path = folder.path().join(name);
        save(&document, &path).unwrap();
        let (mut found, application) = read(&path);
        assert_eq!(&*application, "robot", "{name}");
        found.application = Some(application);
        assert_eq!(found, document, "{name}");
        assert_eq!(found.to_ron().unwrap(), document.to_ron().unwrap(), "{name}");
    }
    for name in ["a.txt", "ron"] {
        let error = save(&document, &folder.path().join(name)).unwrap_err();
        assert!(error.contains(".ron or .rbl"), "{error}");
    }
    let missing = save(&document, &folder.path().join("missing/a.ron")).unwrap_err();
    assert!(missing.contains("could not be written"), "{missing}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn a_text_without_an_application_is_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ron");
    write_text(&path, "\u{feff}(version: 1)").unwrap();
    assert_eq!(&*read(&path).1, "");
}

#[test]
fn what_is_wrong_with_a_text_is_said_with_its_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ron");
    let report = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let found = events(&path).find_map(|event| match event {
            LoadEvent::Report(report) => Some(report.to_string()),
            _ => None,
        });
        found.unwrap()
    };
    let said = report(b"(\n    version: 1,\n    layot: Tabs(contents: []),\n)");
    assert!(
        said.contains("x.ron: is not a blueprint: line 3, column") && said.contains("layot"),
        "{said}"
    );
    // Its first bytes are read to know it by.
    let said = report(b"\xff(version: 1)");
    assert!(said.contains("x.ron: is not a .ron blueprint"), "{said}");
    let later = [b"(version: 1)".as_slice(), &[b' '; 100], b"\xff"].concat();
    let said = report(&later);
    assert!(said.contains("x.ron: is not a text in UTF-8: byte 112"), "{said}");
}
