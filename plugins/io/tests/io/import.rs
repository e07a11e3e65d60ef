//! Files of several formats: which importer reads them, what comes of them, and what may not be read.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
    sync::Arc,
};

use chronoscope_io::{
    Candidate, Certainty, Events, FileInput, ImportContext, ImportOptions, ImportSettings, ImportTime,
    Importer, Importers, IoError, LoadEvent, LoadReport, LoadSettings, LogMessage, Messages, SideFiles,
    SourceKind, load_files, send_messages,
};
use chronoscope_store::{Chunk, EntityPath, StoreId, Timeline};
use chronoscope_types::{EncodedImage, TextDocument, TextLog, read};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and then what a picture is made of";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and then what a picture is made of";

/// All that comes of some files, opened together.
fn open(paths: &[PathBuf], import: ImportOptions) -> (Vec<Arc<Chunk>>, Vec<StoreId>, Vec<LoadReport>) {
    let settings = LoadSettings {
        threads: 1,
        import,
        ..LoadSettings::default()
    };
    let (mut chunks, mut stores, mut reports) = (Vec::new(), Vec::new(), Vec::new());
    for event in load_files(paths, &settings).events() {
        match event {
            LoadEvent::Message(message) => {
                stores.push(message.store().clone());
                chunks.extend(message.chunk().cloned());
            }
            LoadEvent::Report(report) => reports.push(report),
            _ => {}
        }
    }
    stores.dedup();
    (chunks, stores, reports)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn media_type(chunk: &Chunk, component: &str) -> String {
    let cell = chunk.cell(component, 0).unwrap();
    read::media_types(&cell).unwrap().first().unwrap().to_owned()
}

fn text_of(chunk: &Chunk) -> String {
    let cell = chunk.cell(&TextDocument::TEXT, 0).unwrap();
    read::texts(&cell).unwrap().first().unwrap().to_owned()
}

#[test]
fn a_picture_and_notes_open_together_as_one_recording() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [
        write(folder.path(), "photo.png", PNG),
        write(folder.path(), "scan.JPG", JPEG),
        write(folder.path(), "notes.md", b"\xef\xbb\xbf# Notes"),
        write(folder.path(), "log.txt", b"It works."),
    ];
    let (chunks, stores, reports) = open(&paths, ImportOptions::default());
    assert_eq!(reports, []);
    let entities: Vec<&str> = chunks.iter().map(|chunk| chunk.entity_path().as_str()).collect();
    assert_eq!(entities, ["/photo.png", "/scan.JPG", "/notes.md", "/log.txt"]);
    assert!(chunks.iter().all(|chunk| chunk.is_static()));
    assert_eq!(media_type(&chunks[0], &EncodedImage::MEDIA_TYPE), "image/png");
    assert_eq!(media_type(&chunks[1], &EncodedImage::MEDIA_TYPE), "image/jpeg");
    assert_eq!(media_type(&chunks[2], &TextDocument::MEDIA_TYPE), "text/markdown");
    assert_eq!(media_type(&chunks[3], &TextDocument::MEDIA_TYPE), "text/plain");
    assert_eq!(
        (text_of(&chunks[2]), text_of(&chunks[3])),
        ("# Notes".to_owned(), "It works.".to_owned())
    );
    assert_eq!(stores.len(), 1);
    assert_eq!(&*stores[0].application_id, "photo.png");
    let (_, others, _) = open(&paths, ImportOptions::default());
    assert_ne!(stores, others, "opened again it is another recording");
}

#[test]
fn the_context_says_where_and_when_a_timeless_file_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [
        write(folder.path(), "left/photo one.png", PNG),
        write(folder.path(), "right/photo one.png", JPEG),
    ];
    let store = StoreId::recording("app", "recording");
    let frame = Timeline::sequence("frame");
    let (chunks, stores, _) = open(
        &paths,
        ImportOptions {
            store: Some(store.clone()),
            entity_prefix: EntityPath::parse("/cameras"),
            time: ImportTime::At {
                timeline: frame,
                value: 7,
            },
            ..ImportOptions::default()
        },
    );
    assert_eq!(stores, [store]);
    let entities: Vec<&EntityPath> = chunks.iter().map(|chunk| chunk.entity_path()).collect();
    assert_eq!(
        entities,
        [
            &EntityPath::parse(r"/cameras/left/photo\ one.png"),
            &EntityPath::parse(r"/cameras/right/photo\ one.png"),
        ]
    );
    // What a name ends with is not believed where the content says something else.
    assert_eq!(media_type(&chunks[1], &EncodedImage::MEDIA_TYPE), "image/jpeg");
    assert_eq!(chunks[0].timeline("frame").unwrap().times()[..], [7]);
}

#[test]
fn what_cannot_be_imported_says_what_it_looks_like_and_what_was_tried() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], expected: &[&str]| {
        let path = write(folder.path(), name, bytes);
        let (chunks, stores, reports) = open(std::slice::from_ref(&path), ImportOptions::default());
        assert!(chunks.is_empty() && stores.is_empty(), "{name}");
        let [report] = &reports[..] else {
            panic!("{name}: {reports:?}")
        };
        let text = report.to_string();
        assert!(text.starts_with(&path.display().to_string()), "{text}");
        assert!(expected.iter().all(|part| text.contains(part)), "{text}");
    };
    check(
        "archive.zip",
        b"PK\x03\x04 and more",
        &["a ZIP archive", "PNG", ".rrd", "Markdown"],
    );
    check(
        "photo.png",
        b"PK\x03\x04 and more",
        &["is not a PNG", "a ZIP archive"],
    );
    check(
        "notes.md",
        b"\xff\xfe\0\0 and more",
        &["is not a text or Markdown document"],
    );
    check(
        "late.txt",
        &[b"x".repeat(100), vec![0xff; 4]].concat(),
        &["byte 100", "UTF-8"],
    );
    check("empty.md", b"", &["is empty"]);
    check("cut.png", b"\x89PN", &["is not a PNG"]);
    check(
        "scene.rrd",
        b"# Notes, or so it seems",
        &["is not an .rrd recording"],
    );
}

#[test]
fn a_file_that_is_only_read_as_a_whole_may_not_be_larger_than_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "huge.png", PNG);
    // A hole of a terabyte: there is no memory for it, and no time to read it.
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let (chunks, _, reports) = open(&[path], ImportOptions::default());
    assert!(chunks.is_empty());
    assert!(reports[0].message.contains("too large"), "{}", reports[0]);
    let text = write(folder.path(), "long.txt", &[b'x'; (16 << 20) + 1]);
    let (chunks, _, reports) = open(&[text], ImportOptions::default());
    assert!(chunks.is_empty() && reports[0].message.contains("too large"));

    // A stream does not say how long it is.
    let mut input = FileInput::new("endless.txt", None, std::io::repeat(b'x'));
    let error = input.read_all(1000).unwrap_err();
    assert!(error.to_string().contains("size is not known"), "{error}");
    let settings = ImportSettings {
        max_whole_file_bytes: 3,
        ..ImportSettings::default()
    };
    let paths = [
        write(folder.path(), "a.txt", b"abc"),
        write(folder.path(), "b.txt", b"abcd"),
    ];
    let (chunks, _, reports) = open(
        &paths,
        ImportOptions {
            settings,
            ..ImportOptions::default()
        },
    );
    assert_eq!((chunks.len(), reports.len()), (1, 1));
}

/// An importer of files that begin with `TEST`, with a certainty of its own.
struct Fake {
    name: &'static str,
    certainty: Certainty,
}

impl Importer for Fake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["test"]
    }

    fn certainty(&self, candidate: &Candidate<'_>) -> Certainty {
        if candidate.kind == SourceKind::Folder || candidate.head.starts_with(b"TEST") {
            self.certainty
        } else {
            Certainty::No
        }
    }

    fn import(&self, _input: FileInput, context: &ImportContext) -> Messages {
        let (name, logged) = (self.name, context.clone());
        send_messages(context, move |sink| {
            sink.send(logged.store_info())?;
            for row in 0.. {
                match logged.log_timeless(&logged.entity, &TextLog::new(format!("{name} {row}"))) {
                    Ok(message) => sink.send(message)?,
                    Err(report) => sink.report(report)?,
                }
                assert!(row < 4, "the importer broke");
            }
            Ok(())
        })
    }
}

fn fakes(certainties: &[(&'static str, Certainty)]) -> Importers {
    let mut importers = Importers::empty();
    for &(name, certainty) in certainties {
        importers.register(Fake { name, certainty });
    }
    importers
}

#[test]
fn the_most_certain_importer_reads_a_file_and_the_first_of_equals() {
    let found = |certainties: &[(&'static str, Certainty)]| {
        let candidate = Candidate {
            source: "a.test",
            kind: SourceKind::File,
            head: b"TEST",
        };
        fakes(certainties).find(&candidate).map(Importer::name).ok()
    };
    use Certainty::{Certain, Likely, No, Possible};
    assert_eq!(
        found(&[("a", Possible), ("b", Certain), ("c", Likely)]),
        Some("b")
    );
    assert_eq!(found(&[("a", No), ("b", Likely), ("c", Likely)]), Some("b"));
    assert_eq!(found(&[("a", No)]), None);
    assert_eq!(found(&[]), None);
}

#[test]
fn an_importer_that_sends_is_stopped_when_nobody_asks_any_more_and_its_panic_is_a_report() {
    let events = |take: usize| {
        let input = FileInput::new("a.test", None, Cursor::new(b"TEST".to_vec()));
        let importers = fakes(&[("fake", Certainty::Certain)]);
        let events = Events::new("a.test".into(), Ok(input), Arc::new(importers));
        events.take(take).collect::<Vec<_>>()
    };
    let messages = |events: &[LoadEvent]| {
        events
            .iter()
            .filter(|event| matches!(event, LoadEvent::Message(_)))
            .count()
    };
    assert_eq!(messages(&events(3)), 2);
    let all = events(100);
    // What is known about the store, five rows, and the panic.
    assert_eq!(messages(&all), 6);
    assert!(all.iter().any(
        |event| matches!(event, LoadEvent::Report(report) if report.message.contains("the importer broke"))
    ));
    assert!(
        matches!(all.last(), Some(LoadEvent::Finished { outcome, .. }) if outcome.damaged && outcome.opened)
    );
}

#[test]
fn a_folder_is_imported_where_an_importer_knows_folders() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "set/a.txt", b"a");
    let path = folder.path().join("set");
    let (_, _, reports) = open(std::slice::from_ref(&path), ImportOptions::default());
    assert!(reports[0].message.contains("is a folder"));
    let settings = LoadSettings {
        importers: Arc::new(fakes(&[("fake", Certainty::Likely)])),
        ..LoadSettings::default()
    };
    let chunks: Vec<LogMessage> = load_files([&path], &settings)
        .events()
        .filter_map(|event| match event {
            LoadEvent::Message(message) => Some(message),
            _ => None,
        })
        .collect();
    assert_eq!(chunks[1].chunk().unwrap().entity_path().as_str(), "/set");
}

#[test]
fn side_files_are_read_below_their_folder_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "robot/meshes/arm.stl", b"solid");
    write(folder.path(), "secret.txt", b"secret");
    let side = SideFiles::below(folder.path().join("robot"));
    assert_eq!(side.read("meshes/arm.stl", 100).unwrap(), b"solid");
    assert_eq!(side.read("./meshes/arm.stl", 100).unwrap(), b"solid");
    assert_eq!(side.list("").unwrap(), ["meshes"]);
    let outside = |path: &str| {
        let error = side.read(path, 100).unwrap_err();
        assert!(matches!(error, IoError::OutsideFolder { .. }), "{path}: {error}");
    };
    outside("../secret.txt");
    outside("meshes/../../secret.txt");
    // Even where it would come back: what is written is what is judged.
    outside("meshes/../meshes/arm.stl");
    outside(&folder.path().join("secret.txt").display().to_string());
    outside("/etc/hostname");
    for missing in ["meshes", "meshes/leg.stl", "meshes/arm.stl/x", ""] {
        let error = side.read(missing, 100).unwrap_err();
        assert!(matches!(error, IoError::SideFile { .. }), "{missing}: {error}");
    }
    assert!(matches!(
        side.read("meshes/arm.stl", 4),
        Err(IoError::FileTooLarge { .. })
    ));
    assert!(matches!(
        SideFiles::none().read("meshes/arm.stl", 4),
        Err(IoError::OutsideFolder { .. })
    ));
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_not_followed_and_a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "secret.txt", b"secret");
    write(folder.path(), "robot/arm.stl", b"solid");
    let robot = folder.path().join("robot");
    std::os::unix::fs::symlink(folder.path().join("secret.txt"), robot.join("link.txt")).unwrap();
    std::os::unix::fs::symlink(robot.join("arm.stl"), robot.join("inside.stl")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(robot.join("socket")).unwrap();
    let side = SideFiles::below(&robot);
    assert!(matches!(
        side.read("link.txt", 100),
        Err(IoError::OutsideFolder { .. })
    ));
    assert_eq!(side.read("inside.stl", 100).unwrap(), b"solid");
    assert!(matches!(side.read("socket", 100), Err(IoError::SideFile { .. })));
    drop(socket);
}
