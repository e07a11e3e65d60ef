//! A Bevy app that has the viewer in it and shows it only while somebody wants it.
//!
//! Run it with `cargo run --example embed_hidden`, and press F12. While it is hidden the viewer takes in what the app records, and
//! does nothing else. With a path it draws a picture there, once the viewer is shown, instead of opening a window.

use bevy::{
    camera::{ClearColorConfig, RenderTarget},
    prelude::*,
};
use chronoscope::{
    bevy_egui::{EguiGlobalSettings, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext},
    egui,
    prelude::*,
    types::Boxes3D,
    ui::{context_of, show},
};

/// The color of the app's window.
pub const BACKGROUND: [u8; 3] = [82, 46, 30];

/// Whether the viewer is shown.
#[derive(Resource, Default)]
pub struct ViewerIsShown(pub bool);

/// A pendulum swings.
#[derive(Component, Default)]
pub struct Pendulum {
    angle: f32,
    speed: f32,
}

/// How a pendulum looks. It never changes, and so is recorded once.
#[derive(Component, Default)]
struct Shape;

fn hang_up(mut commands: Commands) {
    for at in 0_i16..5 {
        let pendulum = Pendulum {
            angle: 0.3 * f32::from(at + 1),
            speed: 0.0,
        };
        commands.spawn((
            Name::new(format!("pendulum_{at}")),
            pendulum,
            Transform::from_xyz(f32::from(at), 0.0, 0.0),
        ));
    }
}

fn swing(time: Res<Time>, mut pendulums: Query<(&mut Pendulum, &mut Transform)>) {
    for (mut pendulum, mut place) in &mut pendulums {
        pendulum.speed -= 9.81 * pendulum.angle.sin() * time.delta_secs();
        pendulum.angle += pendulum.speed * time.delta_secs();
        place.rotation = Quat::from_rotation_x(pendulum.angle);
    }
}

fn toggle(keys: Option<Res<ButtonInput<KeyCode>>>, mut is_shown: ResMut<ViewerIsShown>) {
    if keys.is_some_and(|keys| keys.just_pressed(KeyCode::F12)) {
        is_shown.0 = !is_shown.0;
    }
}

fn draw_ui(world: &mut World, mut viewer: Local<UiState>) {
    let Some(ctx) = context_of::<With<PrimaryEguiContext>>(world) else {
        return;
    };
    if world.resource::<ViewerIsShown>().0 {
        let size = ctx.viewport_rect().size() - egui::vec2(60.0, 60.0);
        egui::Window::new("Viewer")
            .default_size(size)
            .default_pos([30.0, 16.0])
            .show(&ctx, |ui| show(world, ui, &mut viewer));
    } else {
        egui::Area::new(egui::Id::new("hint"))
            .fixed_pos([12.0, 12.0])
            .show(&ctx, |ui| ui.label("F12 shows what happened"));
    }
}

/// The app with the viewer in it.
pub fn add_to(app: &mut App, target: RenderTarget) {
    app.add_plugins((EguiPlugin::default(), ChronoscopePlugins::embedded()))
        .add_plugins(RecordPlugin::new("embed_hidden"))
        .register_required_components::<Pendulum, Shape>()
        .record_as(|_: &Shape| {
            // Below the place where it hangs.
            Boxes3D::from_half_sizes([[0.05, 0.8, 0.05], [0.2, 0.2, 0.2]])
                .with_centers([[0.0, -0.8, 0.0], [0.0, -1.8, 0.0]])
                .with_colors([[230, 190, 120]])
        })
        .insert_resource(EguiGlobalSettings {
            auto_create_primary_context: false,
            ..default()
        })
        .init_resource::<ViewerIsShown>()
        .add_systems(Startup, hang_up)
        .add_systems(Update, (toggle, swing))
        .add_systems(EguiPrimaryContextPass, draw_ui);
    let [r, g, b] = BACKGROUND;
    app.world_mut().spawn((
        Camera2d,
        Camera {
            clear_color: ClearColorConfig::Custom(Color::srgb_u8(r, g, b)),
            ..default()
        },
        target,
        PrimaryEguiContext,
    ));
}

fn main() -> Result<(), chronoscope::offscreen::OffscreenError> {
    chronoscope::offscreen::host_window_or_picture(add_to, 60, |app| {
        app.world_mut().resource_mut::<ViewerIsShown>().0 = true;
    })
}
