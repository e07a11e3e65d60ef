//! What is saved from the palette: scalars as a table, times as a recording, also of a file of which next to nothing is in memory.

use std::{path::Path, sync::Arc};

use bevy::prelude::*;
use bevy_egui::EguiInput;
use chronoscope::{
    ChronoscopePlugins,
    frame::{Item, Recordings, Reports, TimeCommand, error::Severity},
    io::write_file,
    offscreen::{self, OffscreenPlugin, OffscreenSize},
    prelude::*,
    sources::{BlueprintTarget, FileSettings, open_files},
    store::{ChunkStore, TimeRange},
    types::{LogMessage, Points3D, Scalars, StoreInfo},
};
use egui::{Event, Key, Modifiers};

const FRAMES: i64 = 600;

/// A point and a scalar at each frame, in chunks of one row, with a layout that shows the point alone.
fn log(folder: &Path) -> [std::path::PathBuf; 2] {
    let store = StoreId::recording("exports", "one");
    let mut messages = vec![LogMessage::StoreInfo(StoreInfo::new(store.clone()))];
    let mut add = |chunk| {
        messages.push(LogMessage::Chunk {
            store: store.clone(),
            chunk: Arc::new(chunk),
        });
    };
    for frame in 0..FRAMES {
        let time = || [(Timeline::sequence("frame"), frame)];
        let point = Points3D::new([[frame as f32, 0.0, 0.0]]);
        add(log_chunk("/world/point", time(), &point).unwrap());
        let half = Scalars::new([frame as f64 / 2.0]);
        add(log_chunk("/plots/half", time(), &half).unwrap());
    }
    let paths = [folder.join("log.rrd"), folder.join("layout.ron")];
    write_file(&paths[0], &messages).unwrap();
    let layout = "(version: 1, layout: View(class: \"3D\", origin: \"/world\"))";
    std::fs::write(&paths[1], layout).unwrap();
    paths
}

/// An app that has opened files, and reads rows only as they are needed.
fn app_with(files: &[std::path::PathBuf]) -> App {
    let mut app = App::new();
    app.add_plugins(OffscreenPlugin {
        size: OffscreenSize {
            width: 800,
            height: 500,
            scale: 1.0,
        },
    })
    .add_plugins(ChronoscopePlugins);
    let mut settings = FileSettings::default();
    settings.0.index_from_bytes = 0;
    app.insert_resource(settings);
    offscreen::finish(&mut app);
    open_files(app.world_mut(), files.to_vec(), BlueprintTarget::AsNamed);
    offscreen::settle(&mut app, None).unwrap();
    app
}

fn store(app: &App) -> &ChunkStore {
    app.world().resource::<Recordings>().active().unwrap().store()
}

/// Hands events to the interface, and waits until nothing is pending.
fn send(app: &mut App, events: Vec<Event>) {
    let world = app.world_mut();
    for mut input in world.query::<&mut EguiInput>().iter_mut(world) {
        input.events.extend(events.iter().cloned());
    }
    for _ in 0..6 {
        app.update();
    }
    offscreen::settle(app, None).unwrap();
}

fn press(app: &mut App, key: Key, modifiers: Modifiers) {
    let event = |pressed| Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers,
    };
    send(app, vec![event(true), event(false)]);
}

/// Finds a command in the palette, and types the path that it asks for.
fn save(app: &mut App, command: &str, path: &Path) {
    press(app, Key::P, Modifiers::COMMAND);
    send(app, vec![Event::Text(command.to_owned())]);
    press(app, Key::Enter, Modifiers::NONE);
    press(app, Key::A, Modifiers::COMMAND);
    send(app, vec![Event::Text(path.display().to_string())]);
    press(app, Key::Enter, Modifiers::NONE);
}

fn command(app: &mut App, command: ViewerCommand) {
    app.world_mut().resource_mut::<ViewerCommands>().push(command);
    offscreen::settle(app, None).unwrap();
}

fn reported(app: &App) -> Vec<(Severity, String)> {
    let reports = app.world().resource::<Reports>().iter();
    reports
        .filter(|report| matches!(report.severity, Severity::Success | Severity::Error))
        .map(|report| (report.severity, report.message.clone()))
        .collect()
}

#[test]
fn series_and_times_are_saved_with_the_rows_that_are_not_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = app_with(&log(folder.path()));
    let absent = |app: &App| store(app).store_stats().chunks.num_absent_chunks;
    assert!(absent(&app) > FRAMES as u64, "{} are not in memory", absent(&app));

    let table = folder.path().join("half.csv");
    command(
        &mut app,
        ViewerCommand::Select(vec![Item::Entity("/plots".into())]),
    );
    save(&mut app, "Save selected series", &table);
    let text = std::fs::read_to_string(&table).unwrap();
    let expected: Vec<String> = (0..FRAMES)
        .map(|frame| format!("{frame},{}", frame as f64 / 2.0))
        .collect();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "frame,/plots/half");
    assert_eq!(lines[1..], expected);

    let times = folder.path().join("times.rrd");
    let range = TimeCommand::SetLoopSelection(Some(TimeRange::new(300, 400)));
    command(&mut app, ViewerCommand::Time(range));
    save(&mut app, "Save selected times", &times);
    assert_eq!(
        reported(&app),
        [
            (Severity::Success, "Saved 1 series".to_owned()),
            (Severity::Success, "Saved the selected times".to_owned())
        ]
    );

    let saved = app_with(&[times]);
    for entity in ["/plots/half", "/world/point"] {
        let id = store(&saved).entity_id(&entity.into()).unwrap();
        let chunks = store(&saved).chunks().filter(|(meta, _)| meta.entity == id);
        let num_rows: u32 = chunks.map(|(meta, _)| meta.num_rows).sum();
        assert_eq!(num_rows, 102, "{entity}: the range, and what held when it began");
    }
    let frame = store(&saved).timeline_id("frame").unwrap();
    assert_eq!(store(&saved).time_range(frame), TimeRange::new(299, 400));
}
