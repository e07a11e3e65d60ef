//! Panels and commands of an app in the viewer: sliders, a plot and a button beside what the app records.
//!
//! Run it with `cargo run --example custom_panel`. Pressing G, or "Turn gravity around" in the palette, does that. With a path it
//! draws a picture there instead of opening a window.

use std::collections::VecDeque;

use bevy::prelude::*;
use chronoscope::{
    egui::{self, Key, KeyboardShortcut, Modifiers, Slider},
    prelude::*,
    types::{Points3D, Rgba},
};

/// What can be set while it runs.
#[derive(Resource)]
pub struct Fountain {
    /// Meters per second squared, downward.
    pub gravity: f32,
    /// Meters per second.
    pub speed: f32,
    heights: VecDeque<f32>,
}

/// A drop of water.
#[derive(Component)]
struct Droplet {
    velocity: Vec3,
    phase: f32,
}

/// How a drop looks. It never changes, and so is recorded once.
#[derive(Component)]
struct Shade(u8);

/// Drops in the air.
const DROPS: usize = 160;

fn fill(mut commands: Commands) {
    for at in 0..DROPS {
        let phase = at as f32 * 2.4;
        let drop = Droplet {
            velocity: Vec3::ZERO,
            phase,
        };
        // Each begins at another time: far below, it is thrown when it is due.
        let place = Transform::from_xyz(0.0, -0.05 * at as f32, 0.0);
        let shade = Shade(160 + (at % 6) as u8 * 15);
        commands.spawn((Name::new(format!("drop_{at}")), drop, shade, place));
    }
}

fn spray(time: Res<Time>, mut fountain: ResMut<Fountain>, mut drops: Query<(&mut Droplet, &mut Transform)>) {
    let step = time.delta_secs();
    let mut highest = 0.0_f32;
    for (mut drop, mut place) in &mut drops {
        drop.velocity.y -= fountain.gravity * step;
        place.translation += drop.velocity * step;
        highest = highest.max(place.translation.y);
        if place.translation.y.abs() > 12.0 || (place.translation.y < 0.0 && drop.velocity.y <= 0.0) {
            place.translation = Vec3::ZERO;
            let (side, up) = (0.25 * fountain.speed, fountain.speed);
            drop.phase += 0.7;
            drop.velocity = Vec3::new(side * drop.phase.cos(), up, side * drop.phase.sin());
        }
    }
    fountain.heights.push_back(highest);
    if fountain.heights.len() > 120 {
        fountain.heights.pop_front();
    }
}

/// Draws the panel: any widgets of egui, with whatever a system can ask for.
fn draw_panel(InMut(ui): InMut<egui::Ui>, mut fountain: ResMut<Fountain>, drops: Query<&Droplet>) {
    ui.add(Slider::new(&mut fountain.gravity, -20.0..=20.0).text("gravity"));
    ui.add(Slider::new(&mut fountain.speed, 1.0..=12.0).text("speed"));
    if ui.button("Reset").clicked() {
        *fountain = Fountain::default();
    }
    ui.label(format!("{} drops, the highest over time:", drops.iter().count()));
    let (room, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 80.0), egui::Sense::hover());
    let most = fountain
        .heights
        .iter()
        .fold(1.0_f32, |most, height| most.max(*height));
    let points = fountain.heights.iter().enumerate().map(|(at, height)| {
        let x = room.left() + room.width() * at as f32 / 120.0;
        egui::pos2(x, room.bottom() - room.height() * height / most)
    });
    let color = ui.visuals().hyperlink_color;
    ui.painter().line(points.collect(), egui::Stroke::new(1.5, color));
}

fn turn_gravity(mut fountain: ResMut<Fountain>) {
    fountain.gravity = -fountain.gravity;
}

impl Default for Fountain {
    fn default() -> Self {
        Self {
            gravity: 9.81,
            speed: 6.0,
            heights: VecDeque::new(),
        }
    }
}

/// The app, its panel and its command.
pub fn add_to(app: &mut App) {
    let keys = KeyboardShortcut::new(Modifiers::NONE, Key::G);
    app.init_resource::<Fountain>()
        .add_plugins(RecordPlugin::new("custom_panel"))
        .record_as(|shade: &Shade| {
            Points3D::new([[0.0; 3]])
                .with_radii([0.08])
                .with_colors([Rgba::from([90, shade.0, 255, 255])])
        })
        .add_systems(Startup, fill)
        .add_systems(Update, spray)
        .add_panel(NamedPanel::new("Fountain", draw_panel))
        .add_command(NamedCommand::new("Turn gravity around", turn_gravity).with_shortcut(keys));
}

fn main() -> Result<(), chronoscope::offscreen::OffscreenError> {
    chronoscope::offscreen::window_or_picture(add_to, 90, |_| {})
}
