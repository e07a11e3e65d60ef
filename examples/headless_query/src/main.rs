//! Asks a recording without a window, a renderer and an interface, none of which is even compiled: see `Cargo.toml` beside.
//!
//! Run it with `cargo run -p headless_query`. It prints which drone is how high at some times.

use std::io::Write as _;

use bevy_app::App;
use bevy_ecs::world::Mut;
use chronoscope::{
    frame::{Cursor, DiffLog, FramePlugins, Recordings, TimeCommand, ViewerCommands},
    log::{LogError, MemorySink, Recorder},
    store::EntityPath,
    types::{LogMessage, Scalars, read},
};

/// Drones that rise, each at its own speed.
///
/// # Errors
/// If something cannot be logged.
pub fn log_drones() -> Result<Vec<LogMessage>, LogError> {
    let memory = MemorySink::default();
    let mut recorder = Recorder::builder("headless_query").sink(memory.clone()).start()?;
    for step in 0..100_i16 {
        recorder.set_sequence("step", step.into());
        for (name, speed) in [("anna", 0.5), ("bert", 0.8), ("cleo", 0.3)] {
            let height = Scalars::new([f64::from(step) * speed]);
            recorder.log(format!("drones/{name}/height"), &height)?;
        }
    }
    recorder.flush()?;
    Ok(memory.take())
}

/// An app with the phases of the frame alone, that has taken in what was logged.
pub fn app(messages: Vec<LogMessage>) -> App {
    let mut app = App::new();
    app.add_plugins((
        bevy_app::TaskPoolPlugin::default(),
        bevy_time::TimePlugin,
        FramePlugins,
    ));
    let world = app.world_mut();
    world.resource_scope(|world, mut recordings: Mut<Recordings>| {
        for message in messages {
            if let LogMessage::Chunk { store, chunk } = message {
                let mut log = world.resource_mut::<DiffLog>();
                // What cannot be inserted is an error of its chunk alone.
                _ = recordings.insert(&mut log, &store, chunk);
            }
        }
    });
    app
}

/// The heights at a step, the greatest first.
pub fn heights(app: &mut App, step: i64) -> Vec<(EntityPath, f64)> {
    let at = TimeCommand::SetTimelineAndTime("step".to_owned(), step);
    app.world_mut().resource_mut::<ViewerCommands>().time(at);
    app.update();
    let (cursor, recordings) = (
        app.world().resource::<Cursor>(),
        app.world().resource::<Recordings>(),
    );
    let Some(entry) = recordings.active() else {
        return Vec::new();
    };
    let store = entry.store();
    let mut heights: Vec<(EntityPath, f64)> = store
        .entities()
        .filter_map(|entity| {
            let component = store.component_id(&Scalars::SCALARS)?;
            let answer = entry
                .recording
                .latest_at(entity, cursor.timeline, cursor.time, component);
            let cell = answer.hit?.cell();
            let height = *read::scalars(&cell).ok()?.first()?;
            Some((store.entity_path(entity).clone(), height))
        })
        .collect();
    heights.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    heights
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = app(log_drones()?);
    let mut out = std::io::stdout().lock();
    for step in [10, 50, 99] {
        for (path, height) in heights(&mut app, step) {
            writeln!(out, "step {step}: {path} is {height:.1} m high")?;
        }
    }
    Ok(())
}
