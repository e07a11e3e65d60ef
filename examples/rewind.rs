//! A simulation that is looked at again, and goes on from where it was.
//!
//! Run it with `cargo run --example rewind`: the viewer shows the recording, and the world follows the cursor of the time panel.
//! Pressing R goes on from there. With a path it draws a picture instead, of a world that was set back to its tenth second.

use bevy::prelude::*;
use chronoscope::{
    frame::TimeCommand,
    prelude::*,
    record::{AppRecordExt, RecordComponent, RecordPlugin, Rewind, RewindPlugin},
    types::{Ellipsoids3D, enums::FillMode},
};

/// Balls that are dropped.
pub const BALLS: usize = 24;

/// A ball falls and bounces.
#[derive(Component, Reflect, Default)]
pub struct Ball {
    /// Meters per second, upward.
    pub velocity: f32,
    /// How often it hit the ground.
    pub bounces: u32,
}

/// The simulation. It goes by virtual time, which stands while the world shows the past.
pub struct BallsPlugin;

impl Plugin for BallsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Startup, drop_balls)
            .add_systems(Update, (fall, go_on));
    }
}

fn drop_balls(mut commands: Commands) {
    for at in 0..BALLS {
        let angle = at as f32 / BALLS as f32 * std::f32::consts::TAU;
        let place = Transform::from_xyz(4.0 * angle.cos(), 3.0 + 0.1 * at as f32, 4.0 * angle.sin());
        commands.spawn((Name::new(format!("ball_{at}")), Ball::default(), place));
    }
}

fn fall(time: Res<Time>, mut balls: Query<(&mut Transform, &mut Ball)>) {
    let step = time.delta_secs();
    if step == 0.0 {
        return;
    }
    for (mut transform, mut ball) in &mut balls {
        ball.velocity -= 9.81 * step;
        transform.translation.y += ball.velocity * step;
        if transform.translation.y < 0.25 && ball.velocity < 0.0 {
            transform.translation.y = 0.25;
            ball.velocity *= -0.9;
            ball.bounces += 1;
        }
    }
}

fn go_on(keys: Option<Res<ButtonInput<KeyCode>>>, mut rewind: ResMut<Rewind>) {
    if keys.is_some_and(|keys| keys.just_pressed(KeyCode::KeyR)) && rewind.is_past() {
        rewind.resume();
    }
}

/// The simulation, what is recorded of it, and the way back.
pub fn add_to(app: &mut App) {
    app.add_plugins((BallsPlugin, RecordPlugin::new("rewind"), RewindPlugin))
        .record_with(RecordComponent::<Ball>::new().with_fields(["velocity"]))
        .record_as(|_: &Shape| {
            Ellipsoids3D::default()
                .with_half_sizes([[0.25; 3]])
                .with_fill_mode(FillMode::Solid)
                .with_colors([[120, 200, 90]])
        })
        .register_required_components::<Ball, Shape>();
}

/// How a ball looks. It never changes, and so is recorded once.
#[derive(Component, Default)]
pub struct Shape;

fn main() -> Result<(), chronoscope::offscreen::OffscreenError> {
    // Twenty seconds, and back to the tenth, as a user would by the time panel.
    chronoscope::offscreen::window_or_picture(add_to, 1_000, |app| {
        let tenth = TimeCommand::SetTimelineAndTime("sim_time".to_owned(), 10_000_000_000);
        app.world_mut().resource_mut::<ViewerCommands>().time(tenth);
    })
}
