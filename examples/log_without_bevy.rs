//! Logs to a file, and to memory beside it, from a program that has never heard of Bevy: only `chronoscope_log` and
//! `chronoscope_types` are used.
//!
//! Run it with `cargo run --example log_without_bevy`, and open what it wrote with `chronoscope` or with `rerun`.

use std::{f64::consts::TAU, time::Duration};

use chronoscope_log::{FileSink, LogError, MemorySink, Recorder};
use chronoscope_types::{
    Boxes3D, Points3D, Scalars, TextLog, Transform3D, ViewCoordinates, components, enums::FillMode,
};

/// Steps of the simulation.
pub const STEPS: i64 = 600;

/// A drone that flies a circle over some posts.
///
/// # Errors
/// If something cannot be logged.
pub fn fly(recorder: &mut Recorder) -> Result<(), LogError> {
    // What holds at all times.
    recorder.log_static("world", &ViewCoordinates::right_hand_z_up())?;
    let posts = (0..12).map(|post| {
        let angle = f64::from(post) / 12.0 * TAU;
        [4.0 * angle.cos() as f32, 4.0 * angle.sin() as f32, 0.0]
    });
    let posts = Points3D::new(posts)
        .with_radii([0.1])
        .with_colors([[250, 160, 60]]);
    recorder.log_static("world/posts", &posts)?;
    let body = Boxes3D::from_half_sizes([[0.4, 0.4, 0.1]])
        .with_fill_mode(FillMode::Solid)
        .with_colors([[90, 160, 250]]);
    recorder.log_static("world/drone", &body)?;

    // A value per step goes through a stream: no allocation, no look-up.
    let height = recorder.stream::<components::Scalar>("plots/height", Scalars::SCALARS)?;
    for step in 0..STEPS {
        let time = step as f64 / 60.0;
        recorder.set_sequence("step", step);
        recorder.set_duration("sim_time", Duration::from_secs_f64(time));
        let angle = TAU * time / 10.0;
        let place = [3.0 * angle.cos(), 3.0 * angle.sin(), 2.0 + (2.0 * angle).sin()];
        recorder.log(
            "world/drone",
            &Transform3D::from_translation(place.map(|x| x as f32)),
        )?;
        recorder.push(&height, place[2])?;
        if step % 150 == 0 {
            let text = format!("a quarter of the circle, {:.1} m high", place[2]);
            recorder.log("log", &TextLog::new(text).with_level("INFO"))?;
        }
    }

    // Many rows at once.
    let times = (0..STEPS).collect();
    let turns = (0..STEPS).map(|step| step as f64 / STEPS as f64);
    let step = chronoscope_store::Timeline::sequence("step");
    recorder.log_columns("plots/turns", [(step, times)], &Scalars::new(turns))
}

fn main() -> Result<(), LogError> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "drone.rrd".to_owned());
    let memory = MemorySink::default();
    let mut recorder = Recorder::builder("drone")
        .name("A drone")
        .sink(FileSink::create(&path)?)
        .sink(memory.clone())
        .start()?;
    fly(&mut recorder)?;
    recorder.flush()?;
    let recording = memory.to_recording(recorder.id())?;
    recorder.finish()?;
    let rows = recording.store.store_stats().chunks.num_rows;
    let mut out = std::io::stdout().lock();
    // Nobody may be listening, and then nothing is to be said.
    let _ = std::io::Write::write_fmt(&mut out, format_args!("{path}: {rows} rows\n"));
    Ok(())
}
