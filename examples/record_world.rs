//! A simulation that records itself: flocks of birds, with their hierarchy, births and deaths. The viewer shows the recording
//! while it is made.
//!
//! Run it with `cargo run --example record_world`. With a path it draws a picture there instead of opening a window.

use bevy::prelude::*;
use chronoscope::{
    record::{AppRecordExt, RecordComponent, RecordPlugin},
    types::{Boxes3D, Rgba, enums::FillMode},
};

/// Flocks, and birds in each.
pub const FLOCKS: usize = 20;
/// Birds in each flock.
pub const BIRDS: usize = 100;

/// A bird flies around the middle of its flock.
#[derive(Component, Reflect, Clone, Copy, Debug)]
pub struct Bird {
    /// The distance from the middle.
    radius: f32,
    /// Radians per second.
    speed: f32,
    phase: f32,
    /// Seconds that it lives.
    age: f32,
}

/// A flock wanders.
#[derive(Component, Reflect)]
struct Flock {
    number: usize,
    heading: f32,
}

/// The simulation. Knows nothing of being recorded.
pub struct FlocksPlugin;

impl Plugin for FlocksPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Startup, hatch)
            .add_systems(Update, (wander, fly, die_and_hatch).chain());
    }
}

/// A number between 0 and 1 that depends on nothing else.
fn noise(seed: usize) -> f32 {
    let mixed = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)) >> 40) as f32 / (1 << 24) as f32
}

fn bird(seed: usize) -> impl Bundle {
    let bird = Bird {
        radius: 0.5 + 2.0 * noise(seed),
        speed: 0.6 + 1.2 * noise(seed + 1),
        phase: std::f32::consts::TAU * noise(seed + 2),
        age: 3.0 + 20.0 * noise(seed + 3),
    };
    (Name::new(format!("bird_{seed}")), bird, Transform::default())
}

fn hatch(mut commands: Commands) {
    for number in 0..FLOCKS {
        let angle = number as f32 / FLOCKS as f32 * std::f32::consts::TAU;
        let place = Transform::from_xyz(12.0 * angle.cos(), 3.0 * noise(number), 12.0 * angle.sin());
        let flock = (
            Name::new(format!("flock_{number}")),
            place,
            Flock {
                number,
                heading: angle,
            },
        );
        commands.spawn(flock).with_children(|birds| {
            for at in 0..BIRDS {
                birds.spawn(bird(number * BIRDS + at));
            }
        });
    }
}

fn wander(time: Res<Time>, mut flocks: Query<(&mut Transform, &mut Flock)>) {
    for (mut transform, mut flock) in &mut flocks {
        flock.heading += (0.2 + 0.3 * noise(flock.number)) * time.delta_secs();
        let step = 2.0 * time.delta_secs() * Vec3::new(flock.heading.cos(), 0.0, flock.heading.sin());
        transform.translation += step;
    }
}

fn fly(time: Res<Time>, mut birds: Query<(&mut Transform, &Bird)>) {
    let now = time.elapsed_secs();
    for (mut transform, bird) in &mut birds {
        let angle = bird.phase + bird.speed * now;
        transform.translation = bird.radius * Vec3::new(angle.cos(), (1.7 * angle).sin() * 0.4, angle.sin());
        transform.rotation = Quat::from_rotation_y(-angle);
    }
}

fn die_and_hatch(
    mut commands: Commands,
    time: Res<Time>,
    birds: Query<(Entity, &Bird, &ChildOf)>,
    mut hatched: Local<usize>,
) {
    for (entity, bird, flock) in &birds {
        if bird.age < time.elapsed_secs() && bird.age + 1.0 > time.elapsed_secs() {
            commands.entity(entity).despawn();
            *hatched += 1;
            commands.spawn((bird_after(*hatched), ChildOf(flock.parent())));
        }
    }
}

fn bird_after(number: usize) -> impl Bundle {
    bird(FLOCKS * BIRDS + number)
}

/// The simulation, and what is recorded of it: three lines.
pub fn add_to(app: &mut App) {
    app.add_plugins(FlocksPlugin)
        .add_plugins(RecordPlugin::new("record_world"))
        .record_with(RecordComponent::<Bird>::new().with_rate(1.0))
        .record_as(|bird: &Bird| {
            let shade = (60.0 + 190.0 * bird.speed / 1.8) as u8;
            Boxes3D::from_half_sizes([[0.08, 0.03, 0.16]])
                .with_fill_mode(FillMode::Solid)
                .with_colors([Rgba::from([shade, 140, 255 - shade, 255])])
        });
}

fn main() -> Result<(), chronoscope::offscreen::OffscreenError> {
    chronoscope::offscreen::window_or_picture(add_to, 60, |_| {})
}
