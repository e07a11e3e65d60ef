//! What would have been, had things gone otherwise: a world is set back to the same moment several times, and goes on differently.
//!
//! Run it with `cargo run --example fork`. It prints where each future ended, and writes all of them to `futures.rrd`: a recording
//! each, of which each says where it branched off.

use std::time::Duration;

use bevy::{
    ecs::error::BevyError,
    prelude::*,
    time::{TimePlugin, TimeUpdateStrategy},
    transform::TransformPlugin,
};
use chronoscope::record::{AppRecordExt, RecordPlugin, Rewind, RewindPlugin, WorldRecorder};

/// A stone that was thrown.
#[derive(Component, Reflect)]
pub struct Stone {
    /// Meters per second.
    pub velocity: Vec3,
}

fn fly(time: Res<Time>, mut stones: Query<(&mut Transform, &mut Stone)>) {
    let step = time.delta_secs();
    for (mut transform, mut stone) in &mut stones {
        if transform.translation.y > 0.0 {
            stone.velocity.y -= 9.81 * step;
            transform.translation += stone.velocity * step;
        }
    }
}

/// Plays the first future, then others from its twentieth frame on: with these winds. Returns where the stone fell in each.
///
/// # Errors
/// If the stone is gone, or the recording cannot be written.
pub fn futures(app: &mut App, winds: &[f32]) -> Result<Vec<f32>, BevyError> {
    let stone = Stone {
        velocity: Vec3::new(6.0, 8.0, 0.0),
    };
    let stone = (Name::new("stone"), Transform::from_xyz(0.0, 1.0, 0.0), stone);
    let stone = app.world_mut().spawn(stone).id();
    let play = |app: &mut App| {
        for _ in 0..120 {
            app.update();
        }
        let end = app.world().get::<Transform>(stone).ok_or("the stone is gone")?;
        Ok::<f32, BevyError>(end.translation.x)
    };
    let mut ends = vec![play(app)?];
    for (number, wind) in winds.iter().enumerate() {
        // Each branches off the one before, at the moment that all of them share.
        let mut rewind = app.world_mut().resource_mut::<Rewind>();
        rewind.to_frame(20);
        app.update();
        let mut rewind = app.world_mut().resource_mut::<Rewind>();
        rewind.fork(Some(format!("future {}", number + 1)));
        app.update();
        let mut stone = app
            .world_mut()
            .get_mut::<Stone>(stone)
            .ok_or("the stone is gone")?;
        stone.velocity.x += wind;
        ends.push(play(app)?);
    }
    WorldRecorder::flush(app.world_mut())?;
    Ok(ends)
}

/// The simulation, without a window, 20 ms a frame.
pub fn app(recording: RecordPlugin) -> App {
    let mut app = App::new();
    app.add_plugins((TimePlugin, TransformPlugin, recording, RewindPlugin))
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_millis(20)))
        .record::<Stone>()
        .add_systems(Update, fly);
    app.finish();
    app.cleanup();
    app
}

fn main() -> Result<(), BevyError> {
    let file = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "futures.rrd".to_owned());
    let mut app = app(RecordPlugin::new("fork")
        .with_recording_id("the first")
        .with_file(file));
    let winds = [-2.0, 0.0, 2.0];
    let ends = futures(&mut app, &winds)?;
    let mut out = std::io::stdout().lock();
    for (number, end) in ends.iter().enumerate() {
        std::io::Write::write_fmt(&mut out, format_args!("future {number}: {end:.2} m\n"))?;
    }
    Ok(())
}
