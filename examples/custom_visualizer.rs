//! A visualizer for an archetype of one's own: the echoes of a sonar become rays in space.
//!
//! Run it with `cargo run --example custom_visualizer`. With a path it draws a picture there instead of opening a window.

use bevy::{math::Vec3, prelude::*};
use chronoscope::{
    log::{LogError, Recorder},
    prelude::*,
    render::LineInstance,
    types::{Component as _, ComponentName, Rgba, components, read},
};

/// What is logged: the distances of echoes, in meters, over an angle of 120 degrees.
pub struct Sonar;

impl Sonar {
    const RANGES: ComponentName = ComponentName {
        name: "Sonar:ranges",
        archetype: "example.Sonar",
        component_type: components::Scalar::TYPE,
    };
    const COLORS: ComponentName = ComponentName {
        name: "Sonar:colors",
        archetype: "example.Sonar",
        component_type: components::Color::TYPE,
    };
}

/// The components at the cursor become lines. Runs for what changed.
struct Rays;

impl Visualizer for Rays {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "SonarRays",
        required: &[Sonar::RANGES.as_str()],
        // Of these, colors and radii are read as those of any archetype.
        optional: &[Sonar::COLORS.as_str()],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let ranges = input.get(&Sonar::RANGES);
        let ranges = read_cell(input, &ranges, read::scalars)?;
        let cells = MarkCells::of::<Self>(input);
        let marks = cells.read(input)?;
        let rays: Vec<LineInstance> = ranges
            .iter()
            .enumerate()
            .map(|(at, range)| {
                let angle = (at as f32 / ranges.len() as f32 - 0.5) * 120.0_f32.to_radians();
                let end = Vec3::new(angle.cos(), angle.sin(), 0.0) * *range as f32;
                // The instance is what is selected when somebody points at the ray.
                LineInstance::new(end * 0.1, end, marks.radius(at), marks.packed_color(at))
                    .with_instance(at as u32)
            })
            .collect();
        Ok(Some(SpatialVisual::new([Part::new(rays)])))
    }
}

/// A sonar that turns toward a wall and away.
///
/// # Errors
/// If something cannot be logged.
pub fn log_echoes(recorder: &mut Recorder) -> Result<(), LogError> {
    for ping in 0..100_i16 {
        recorder.set_sequence("ping", ping.into());
        let ranges = (0..64_i16).map(|at| 3.0 + (f64::from(at) * 0.2 + f64::from(ping) * 0.1).sin());
        let shades = (0..64_u8).map(|at| Rgba::from([60 + at * 3, 220 - at * 2, 240, 255]));
        let row = vec![
            (
                Sonar::RANGES.descriptor(),
                components::Scalar::build(ranges.collect()),
            ),
            (
                Sonar::COLORS.descriptor(),
                components::Color::build(shades.collect()),
            ),
        ];
        recorder.log("boat/sonar", &row)?;
    }
    recorder.flush()
}

/// The visualizer, and something for it to show.
///
/// # Errors
/// If something cannot be logged.
pub fn add_to(app: &mut App) -> Result<(), LogError> {
    app.add_spatial_visualizer::<Rays>(&[ViewClassId::SPATIAL_3D], -1.5);
    log_echoes(&mut app.start_recorder(Recorder::builder("custom_visualizer"))?)
}

fn main() -> Result<(), BevyError> {
    let mut added = Ok(());
    chronoscope::offscreen::window_or_picture(|app| added = add_to(app), 1, |_| {})?;
    Ok(added?)
}
