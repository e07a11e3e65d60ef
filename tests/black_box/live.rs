//! What is sent to a running viewer, as it is shown.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
};

use bevy::prelude::*;
use chronoscope::{
    cli::Cli,
    frame::{Cursor, FramePlugins, IngestSources, Recordings},
    hand_over::{Listening, listen},
    inputs::Inputs,
    io::{LoadEvent, read_file, write_file},
    live::{self, Link, LiveRuntime, ServerSettings, envelope},
    sources::{FileSettings, FileSourcesPlugin},
    start::StartPlugin,
    store::{EntityPath, RowId, StoreId, Timeline},
    types::{AsComponents, LogMessage, Points3D, Scalars, SourceStatus, StoreInfo, Transform3D, log_chunk},
};
use clap::Parser as _;
use tempfile::TempDir;

use crate::program::{data, digest};

mod hand_over;

/// The frame's phases without drawing, listening on a port of its own.
fn viewer() -> (App, Link) {
    viewer_that(false)
}

/// Likewise; it opens files that are named, or is sent what is in them.
fn viewer_that(opens_files: bool) -> (App, Link) {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, FramePlugins, FileSourcesPlugin, live::LivePlugin));
    let settings = ServerSettings {
        address: ([127, 0, 0, 1], 0).into(),
        opens_files,
        ..ServerSettings::default()
    };
    let address = live::listen(app.world_mut(), &settings).unwrap();
    (app, Link::local(address.port()))
}

/// Sends messages, as an SDK does, on a thread of its own.
fn send(link: &Link, messages: Vec<LogMessage>) -> std::thread::JoinHandle<()> {
    let link = link.clone();
    std::thread::spawn(move || {
        let runtime = LiveRuntime::start().unwrap();
        let messages = messages.into_iter().map(|message| envelope(&message).unwrap());
        live::send(&runtime, &link, messages).unwrap();
    })
}

fn row(store: &StoreId, entity: &str, frame: i64) -> LogMessage {
    let times = [(Timeline::sequence("frame"), frame)];
    let chunk = log_chunk(entity, times, &Scalars::new([frame as f64])).unwrap();
    LogMessage::Chunk {
        store: store.clone(),
        chunk: Arc::new(chunk),
    }
}

fn messages_of(file: &str) -> Vec<LogMessage> {
    let (messages, reports) = read_file(data(file));
    assert!(reports.is_empty(), "{reports:?}");
    messages
}

#[test]
fn two_processes_with_one_id_are_one_recording() {
    let (mut app, link) = viewer();
    let store = StoreId::recording("app", "shared");
    let senders = ["/a", "/b"].map(|entity| {
        let info = LogMessage::StoreInfo(StoreInfo::new(store.clone()));
        let rows = (0..100).map(|frame| row(&store, entity, frame));
        send(&link, std::iter::once(info).chain(rows).collect())
    });
    live::take_one_sender(&mut app);
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    while app.world().resource::<live::Listener>().num_senders() < 2
        || app.world().resource::<IngestSources>().states().next().is_some()
    {
        app.update();
    }
    let recordings = app.world().resource::<Recordings>();
    let [entry] = recordings.recordings().collect::<Vec<_>>()[..] else {
        panic!("one recording")
    };
    assert_eq!(entry.id(), &store);
    for entity in ["/a", "/b"] {
        let entity = entry.store().entity_id(&EntityPath::parse(entity)).unwrap();
        assert!(entry.store().has_data(entity));
    }
    assert_eq!(entry.store().num_rows(), 200);
}

/// A sender that sends what it is given, until there is no more.
fn sender(link: &Link) -> (mpsc::Sender<LogMessage>, std::thread::JoinHandle<()>) {
    let (more, messages) = mpsc::channel();
    let link = link.clone();
    let sender = std::thread::spawn(move || {
        let runtime = LiveRuntime::start().unwrap();
        let messages = messages.into_iter().map(|message| envelope(&message).unwrap());
        live::send(&runtime, &link, messages).unwrap();
    });
    (more, sender)
}

#[test]
fn the_time_that_was_asked_for_waits_for_the_timeline_of_a_sender() {
    let (mut app, link) = viewer();
    let cli = Cli::try_parse_from(["chronoscope", "--digest", "--time", "frame=7"]).unwrap();
    app.add_plugins(StartPlugin {
        inputs: Inputs::of(&cli).unwrap(),
        cli,
        runtime: LiveRuntime::start().unwrap(),
    });
    let store = StoreId::recording("app", "slow");
    let (more, sender) = sender(&link);
    more.send(LogMessage::StoreInfo(StoreInfo::new(store.clone())))
        .unwrap();
    while app.world().resource::<Recordings>().find(&store).is_none() {
        app.update();
    }
    // It has nothing to say for some frames.
    (0..10).for_each(|_| app.update());
    for time in 0..20 {
        more.send(row(&store, "/a", time)).unwrap();
    }
    drop(more);
    live::take_one_sender(&mut app);
    app.update();
    assert_eq!(app.world().resource::<Cursor>().time, 7);
    sender.join().unwrap();
}

#[test]
fn what_has_arrived_is_shown_within_two_frames() {
    let (mut app, link) = viewer();
    let store = StoreId::recording("app", "steady");
    let (more, sender) = sender(&link);
    more.send(LogMessage::StoreInfo(StoreInfo::new(store.clone())))
        .unwrap();
    more.send(row(&store, "/a", 0)).unwrap();
    let rows = |app: &App| {
        let entry = app.world().resource::<Recordings>().find(&store);
        entry.map_or(0, |entry| entry.store().num_rows())
    };
    while rows(&app) == 0 {
        app.update();
    }
    for time in 1..30 {
        more.send(row(&store, "/a", time)).unwrap();
        let waits = |app: &App| {
            let sources = app.world().resource::<IngestSources>();
            let mut flows = sources.states().filter_map(|source| source.flow);
            flows.any(|flow| flow.waiting_bytes > 0)
        };
        while !waits(&app) {
            std::thread::yield_now();
        }
        app.update();
        app.update();
        assert_eq!(rows(&app), time as u64 + 1);
        assert_eq!(app.world().resource::<Cursor>().time, time);
    }
    drop(more);
    sender.join().unwrap();
}

#[test]
fn a_clock_that_jumps_loses_no_row_and_the_cursor_stays_at_the_end() {
    let (mut app, link) = viewer();
    let store = StoreId::recording("app", "jumps");
    let times = [10, 11, i64::MAX - 1, 3, -5, i64::MIN + 1, 12];
    let info = LogMessage::StoreInfo(StoreInfo::new(store.clone()));
    let rows = times.iter().map(|time| row(&store, "/a", *time));
    send(&link, std::iter::once(info).chain(rows).collect())
        .join()
        .unwrap();
    live::take_one_sender(&mut app);
    app.update();
    let world = app.world();
    let entry = world.resource::<Recordings>().find(&store).unwrap();
    assert_eq!(entry.store().num_rows(), times.len() as u64);
    let frame = entry.store().timeline_id("frame");
    let cursor = world.resource::<Cursor>();
    assert_eq!((cursor.timeline, cursor.time), (frame, i64::MAX - 1));
}

#[test]
fn a_port_that_is_taken_is_left_to_who_has_it() {
    let (app, link) = viewer();
    let runtime = LiveRuntime::start().unwrap();
    let start = |port: u16, more: &[&str]| {
        let port = format!("--port={port}");
        let arguments = ["chronoscope", &port].into_iter().chain(more.iter().copied());
        let cli = Cli::try_parse_from(arguments).unwrap();
        listen(&cli, &Inputs::of(&cli).unwrap(), &runtime)
    };
    let listens_elsewhere = |listening: Listening, port: u16| match listening {
        Listening::At(server) => assert_ne!(server.address().port(), port),
        other => panic!("{other:?}"),
    };
    // A viewer: another is not needed, unless it is asked for, or has something else to do.
    assert!(matches!(start(link.port(), &[]), Listening::HandedOver));
    listens_elsewhere(start(link.port(), &["--new"]), link.port());
    listens_elsewhere(start(link.port(), &["--digest"]), link.port());
    // Another program.
    let other = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = other.local_addr().unwrap().port();
    let accepting = other.try_clone().unwrap();
    std::thread::spawn(move || drop(accepting.accept()));
    listens_elsewhere(start(port, &[]), port);
    drop((app, other));
}

#[test]
fn whoever_listens_to_other_machines_is_told_what_that_means() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("saved.rrd");
    let mut program = Command::new(env!("CARGO_BIN_EXE_chronoscope"))
        .args(["--bind", "0.0.0.0", "--port", "auto", "--save"])
        .arg(path)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(program.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("nothing is encrypted")));
    program.kill().unwrap();
    program.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn a_second_program_on_a_port_replaces_no_file() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (first, link) = listening(&["--save", &path("first.rrd")]);
    std::fs::write(path("second.rrd"), "of yesterday").unwrap();
    let port = link.port().to_string();
    let output = crate::program::run(&["--save", &path("second.rrd"), "--port", &port]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(&port), "{said}");
    assert_eq!(std::fs::read(path("second.rrd")).unwrap(), b"of yesterday");
    let sent = messages_of("scene.rrd");
    send(&link, sent.clone()).join().unwrap();
    finish(first, Some("-TERM"));
    assert_eq!(rows_of(&read_file(path("first.rrd")).0), rows_of(&sent));
}

/// Waits for what the program prints, and asks it to end before, where that is said.
fn finish(mut program: Child, signal: Option<&str>) -> String {
    if let Some(signal) = signal {
        let id = program.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
    let mut said = String::new();
    program.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(program.wait().unwrap().success());
    said
}

#[cfg(unix)]
#[test]
fn what_arrives_is_saved_until_the_program_is_asked_to_end() {
    for signal in ["-TERM", "-INT"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("saved.rrd");
        let (program, link) = listening(&["--save", path.to_str().unwrap()]);
        let sent = messages_of("scene.rrd");
        send(&link, sent.clone()).join().unwrap();
        finish(program, Some(signal));
        let (saved, reports) = read_file(&path);
        assert!(reports.is_empty(), "{reports:?}");
        assert_eq!(rows_of(&saved), rows_of(&sent));
    }
}

/// The entity and the id of each row. Small chunks may have been combined on their way.
fn rows_of(messages: &[LogMessage]) -> BTreeSet<(String, RowId)> {
    let rows = messages.iter().filter_map(LogMessage::chunk).flat_map(|chunk| {
        let entity = chunk.entity_path().to_string();
        chunk
            .row_ids()
            .iter()
            .map(move |row_id| (entity.clone(), *row_id))
    });
    rows.collect()
}

/// Asserts that what was saved was sent, and is not nothing.
#[track_caller]
fn assert_part_of(saved: &[LogMessage], sent: &[LogMessage]) {
    let (saved, sent) = (rows_of(saved), rows_of(sent));
    assert!(!saved.is_empty());
    assert!(saved.is_subset(&sent));
}

#[cfg(unix)]
#[test]
fn a_program_that_is_killed_while_it_saves_leaves_whole_messages() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("saved.rrd");
    let (mut program, link) = listening(&["--save", path.to_str().unwrap()]);
    let sent = messages_of("scene.rrd");
    let messages: Vec<_> = sent.iter().map(|message| envelope(message).unwrap()).collect();
    let sender = std::thread::spawn(move || {
        let runtime = LiveRuntime::start().unwrap();
        // It may be done before the program is killed, or be cut off.
        let _ = live::send(&runtime, &link, messages.into_iter());
    });
    let num_bytes = || std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    while num_bytes() < 768 << 10 {
        std::thread::yield_now();
    }
    program.kill().unwrap();
    program.wait().unwrap();
    sender.join().unwrap();
    let (saved, reports) = read_file(&path);
    assert_part_of(&saved, &sent);
    assert!(!reports.is_empty(), "that it was cut off is said");
}

#[cfg(unix)]
#[test]
fn a_full_disk_ends_saving_and_what_was_written_is_whole() {
    // A device that has no room at all.
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let output = crate::program::run(&["--save", "/dev/full", "--port", "auto"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("/dev/full"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_leaves_whole_messages() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("saved.rrd");
    let (scene, saved) = (data("scene.rrd"), path.to_str().unwrap());
    // A file may have 1200 KiB here, of which the scene has more.
    let script = "trap '' XFSZ; ulimit -f 1200; exec \"$0\" \"$1\" --save \"$2\" --no-listen";
    let output = Command::new("bash")
        .args([
            "-c",
            script,
            env!("CARGO_BIN_EXE_chronoscope"),
            scene.to_str().unwrap(),
            saved,
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("is whole"), "{said}");
    let (messages, reports) = read_file(&path);
    assert!(messages.len() > 3, "{} messages", messages.len());
    let said: Vec<String> = reports.iter().map(ToString::to_string).collect();
    assert!(said.iter().all(|text| text.contains("end mark")), "{said:?}");
}

#[test]
fn the_standard_input_is_read() {
    let scene = std::fs::File::open(data("scene.rrd")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_chronoscope"))
        .args(["-", "--digest", "--threads", "2", "--time", "frame=18"])
        .env_remove("DISPLAY")
        .stdin(scene)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        read,
        digest(&[data("scene.rrd").to_str().unwrap()], "2", "frame=18")
    );
}

#[cfg(unix)]
#[test]
fn a_relay_gives_a_late_viewer_what_came_before() {
    let (program, link) = listening(&["--serve"]);
    let sent = messages_of("scene.rrd");
    send(&link, sent.clone()).join().unwrap();
    let runtime = LiveRuntime::start().unwrap();
    let late = live::connect(&runtime, &link, Default::default());
    let message = |event| match event {
        LoadEvent::Message(message) => message,
        other => panic!("{other:?}"),
    };
    let num_rows = |messages: &[LogMessage]| messages.iter().map(LogMessage::num_rows).sum::<u64>();
    let mut received: Vec<LogMessage> = Vec::new();
    while num_rows(&received) < num_rows(&sent) {
        received.extend(late.recv().map(message));
    }
    assert_eq!(num_rows(&received), num_rows(&sent));
    finish(program, Some("-TERM"));
    // It is tried again, until nobody wants it any more.
    while !matches!(late.status(), SourceStatus::Retrying { .. }) {
        match late.try_recv() {
            None | Some(LoadEvent::Report(_)) => {}
            Some(other) => panic!("nothing comes after that: {other:?}"),
        }
        std::thread::yield_now();
    }
    late.cancel();
    while late.recv().is_some() {}
    assert!(!late.status().is_open());
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_under_a_sender_leaves_whole_messages() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("saved.rrd");
    // As above: the scene has more than this.
    let script = "trap '' XFSZ; ulimit -f 1200; exec \"$0\" \"$@\"";
    let mut program = Command::new("bash");
    program
        .args(["-c", script, env!("CARGO_BIN_EXE_chronoscope"), "--save"])
        .arg(&path);
    let (mut program, link) = listening_as(program);
    let sent = messages_of("scene.rrd");
    let messages: Vec<_> = sent.iter().map(|message| envelope(message).unwrap()).collect();
    let runtime = LiveRuntime::start().unwrap();
    // All of it may be on its way before the disk is full.
    let _ = live::send(&runtime, &link, messages.into_iter());
    assert!(!program.wait().unwrap().success());
    let (saved, reports) = read_file(&path);
    assert_part_of(&saved, &sent);
    let said: Vec<String> = reports.iter().map(ToString::to_string).collect();
    assert!(said.iter().all(|text| text.contains("end mark")), "{said:?}");
}

/// The program without a window, as it waits for a sender.
fn listening(arguments: &[&str]) -> (Child, Link) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chronoscope"));
    program.args(arguments);
    listening_as(program)
}

/// Likewise, started by a command that takes its arguments.
fn listening_as(mut program: Command) -> (Child, Link) {
    let mut program = program
        .args(["--port", "auto"])
        .env_remove("DISPLAY")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(program.stderr.take().unwrap()).lines();
    let link = said.find_map(|line| {
        let line = line.unwrap();
        let (_, link) = line.split_once("SDKs can connect to ")?;
        Some(Link::parse(link).unwrap())
    });
    // What is said afterwards has to go somewhere.
    std::thread::spawn(move || said.for_each(drop));
    (program, link.unwrap())
}

#[test]
fn what_is_sent_is_shown_as_what_is_read() {
    let time = ["--time", "frame=18"];
    let (program, link) = listening(&["--digest", "--threads", "2", time[0], time[1]]);
    let mut messages = messages_of("scene.rrd");
    messages.extend(messages_of("scene_layout.rbl"));
    send(&link, messages).join().unwrap();
    let sent = finish(program, None);
    let (scene, layout) = (data("scene.rrd"), data("scene_layout.rbl"));
    let files = [scene.to_str().unwrap(), layout.to_str().unwrap()];
    assert_eq!(sent, digest(&files, "2", time[1]));
    assert!(sent.lines().count() > 10, "{sent}");
}

#[test]
fn transforms_that_are_sent_late_place_as_those_that_came_in_time() {
    let store = StoreId::recording("app", "late");
    let message = |entity: &str, frame: i64, archetype: &dyn AsComponents| {
        let times = [(Timeline::sequence("frame"), frame)];
        LogMessage::Chunk {
            store: store.clone(),
            chunk: Arc::new(log_chunk(entity, times, archetype).unwrap()),
        }
    };
    let point = |frame| message("/world/robot/arm", frame, &Points3D::new([[1.0_f32, 0.0, 0.0]]));
    let place = |frame: i64| {
        let translation = Transform3D::from_translation([frame as f32, 0.0, 0.0]);
        message("/world/robot", frame, &translation)
    };
    let info = LogMessage::StoreInfo(StoreInfo::new(store.clone()));
    let points: Vec<_> = (0..20).map(point).collect();
    let places: Vec<_> = (0..20).map(place).collect();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("in_time.rrd");
    let in_time = places
        .iter()
        .zip(&points)
        .flat_map(|(place, point)| [place, point]);
    write_file(&file, std::iter::once(&info).chain(in_time)).unwrap();
    let (program, link) = listening(&["--digest", "--threads", "2", "--time", "frame=7"]);
    send(&link, [vec![info], points, places].concat()).join().unwrap();
    let sent = finish(program, None);
    assert!(sent.contains("/world/robot/arm"), "{sent}");
    assert_eq!(sent, digest(&[file.to_str().unwrap()], "2", "frame=7"));
}

#[test]
fn a_test_of_receiving_ends_with_its_sender_and_says_whether_something_came() {
    let store = StoreId::recording("app", "received");
    let rows = vec![
        LogMessage::StoreInfo(StoreInfo::new(store.clone())),
        row(&store, "/a", 1),
    ];
    for (sent, expected) in [(rows, true), (Vec::new(), false)] {
        let (mut program, link) = listening(&["--test-receive"]);
        send(&link, sent).join().unwrap();
        assert_eq!(program.wait().unwrap().success(), expected);
    }
}
