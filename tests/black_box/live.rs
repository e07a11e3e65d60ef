//! What is sent to a running viewer, as it is shown.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use bevy::prelude::*;
use chronoscope::{
    frame::{FramePlugins, IngestSources, Recordings},
    io::read_file,
    live::{self, Link, LiveRuntime, ServerSettings, envelope},
    store::{EntityPath, StoreId, Timeline},
    types::{LogMessage, Scalars, StoreInfo, log_chunk},
};

use crate::program::{data, digest};

/// The frame's phases without drawing, listening on a port of its own.
fn viewer() -> (App, Link) {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, FramePlugins, live::LivePlugin));
    let settings = ServerSettings {
        address: ([127, 0, 0, 1], 0).into(),
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

/// The program without a window, as it waits for a sender.
fn listening(arguments: &[&str]) -> (Child, Link) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chronoscope"))
        .args(arguments)
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
    let (mut program, link) = listening(&["--digest", "--threads", "2", time[0], time[1]]);
    let mut messages = messages_of("scene.rrd");
    messages.extend(messages_of("scene_layout.rbl"));
    send(&link, messages).join().unwrap();
    let mut sent = String::new();
    program.stdout.take().unwrap().read_to_string(&mut sent).unwrap();
    assert!(program.wait().unwrap().success());
    let (scene, layout) = (data("scene.rrd"), data("scene_layout.rbl"));
    let files = [scene.to_str().unwrap(), layout.to_str().unwrap()];
    assert_eq!(sent, digest(&files, "2", time[1]));
    assert!(sent.lines().count() > 10, "{sent}");
}
