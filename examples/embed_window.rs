//! The viewer in a window of its own, beside that of a Bevy app.
//!
//! Run it with `cargo run --example embed_window`: the app's window has a color and nothing else, a ring of lights waves unseen; the
//! second window shows what is recorded of it. Closing that one leaves the app as it is. With a path it draws the second one to a
//! picture there, and opens none.

use bevy::{
    camera::{ClearColorConfig, RenderTarget, visibility::RenderLayers},
    ecs::schedule::ScheduleLabel,
    prelude::*,
    window::{WindowRef, WindowResolution},
};
use chronoscope::{
    bevy_egui::{EguiGlobalSettings, EguiPlugin, EguiSchedule},
    prelude::*,
    types::{Points3D, Rgba},
    ui::{context_of, show_over_context},
};

/// The color of the app's window.
pub const BACKGROUND: [u8; 3] = [24, 64, 58];

/// Lights in the ring.
const LIGHTS: usize = 48;

/// The pass of the viewer's window.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct ViewerPass;

/// The camera of the viewer's window.
#[derive(Component)]
struct ViewerCamera;

/// A light of the ring.
#[derive(Component)]
pub struct Light {
    phase: f32,
}

fn light_the_ring(mut commands: Commands) {
    for at in 0..LIGHTS {
        let phase = at as f32 / LIGHTS as f32 * std::f32::consts::TAU;
        let place = Transform::from_xyz(3.0 * phase.cos(), 0.0, 3.0 * phase.sin());
        commands.spawn((Name::new(format!("light_{at}")), Light { phase }, place));
    }
}

fn wave(time: Res<Time>, mut lights: Query<(&mut Transform, &Light)>) {
    for (mut place, light) in &mut lights {
        place.translation.y = 0.6 * (3.0 * light.phase + 2.0 * time.elapsed_secs()).sin();
    }
}

/// Draws the viewer over all of its window.
fn draw_viewer(world: &mut World, mut viewer: Local<UiState>) {
    if let Some(ctx) = context_of::<With<ViewerCamera>>(world) {
        show_over_context(world, &ctx, &mut viewer);
    }
}

/// The app and the viewer, each with what it is drawn to.
pub fn add_to(app: &mut App, of_app: RenderTarget, of_viewer: RenderTarget) {
    app.add_plugins((EguiPlugin::default(), ChronoscopePlugins::embedded()))
        .add_plugins(RecordPlugin::new("embed_window"))
        .record_as(|light: &Light| {
            let shade = (127.0 + 127.0 * light.phase.cos()) as u8;
            Points3D::new([[0.0; 3]])
                .with_radii([0.12])
                .with_colors([Rgba::from([255, shade, 80, 255])])
        })
        // The cameras below say which of them have an interface.
        .insert_resource(EguiGlobalSettings {
            auto_create_primary_context: false,
            ..default()
        })
        .add_systems(Startup, light_the_ring)
        .add_systems(Update, wave)
        .add_systems(ViewerPass, draw_viewer);
    let [r, g, b] = BACKGROUND;
    app.world_mut().spawn((
        Camera2d,
        Camera {
            clear_color: ClearColorConfig::Custom(Color::srgb_u8(r, g, b)),
            ..default()
        },
        of_app,
    ));
    app.world_mut().spawn((
        ViewerCamera,
        Camera2d,
        Msaa::Off,
        RenderLayers::none(),
        of_viewer,
        EguiSchedule::new(ViewerPass),
    ));
}

/// The app in its window and the viewer in another, or the viewer alone in a picture.
fn add_with_windows(app: &mut App, target: RenderTarget) {
    let RenderTarget::Window(_) = target else {
        return add_to(app, RenderTarget::default(), target);
    };
    let window = Window {
        title: "Viewer".to_owned(),
        resolution: WindowResolution::new(1280, 800),
        ..default()
    };
    let window = app.world_mut().spawn(window).id();
    add_to(app, target, RenderTarget::Window(WindowRef::Entity(window)));
}

fn main() -> Result<(), chronoscope::offscreen::OffscreenError> {
    chronoscope::offscreen::host_window_or_picture(add_with_windows, 60, |_| {})
}
